"""`Optimizer`: parameter groups, per-parameter state, and state_dicts that torch can read and that read torch's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.modes import enable_grad, no_grad
from minitorch.autograd.views import bump


class Optimizer:
    """Base of all optimizers: a subclass names its defaults and says how a group of parameters is updated.

    params   parameters, (name, parameter) pairs, or dicts of a group's parameters and its own settings
    defaults settings of groups that don't bring their own
    """

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        if isinstance(params, TensorBase):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got torch.Tensor"
            )
        self.defaults = defaults
        self.state: dict[Any, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with settings of their own."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        group = dict(param_group)
        params = group["params"]
        if isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the "
                "ordering of tensors in sets will change between runs. Please use a list instead."
            )
        params = [params] if isinstance(params, TensorBase) else list(params)
        if params and isinstance(params[0], tuple):
            group["param_names"], params = [n for n, _ in params], [p for _, p in params]
        taken = {id(p) for g in self.param_groups for p in g["params"]}
        for p in params:
            if not isinstance(p, TensorBase):
                raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}")
            if p._edge is not None and not p.retains_grad:  # type: ignore[attr-defined]
                raise ValueError("can't optimize a non-leaf Tensor")
            if id(p) in taken:
                raise ValueError("some parameters appear in more than one parameter group")
        group["params"] = params
        for name, default in self.defaults.items():
            group.setdefault(name, default)
        self.param_groups.append(group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients, or set them to zero."""
        for group in self.param_groups:
            for p in group["params"]:
                if p._grad is None:
                    continue
                if set_to_none:
                    p._grad = None
                else:
                    if p._grad._edge is not None:
                        p._grad.detach_()
                    p._grad.requires_grad_(False).zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update all parameters; a closure recomputes the loss first and gives it back."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad():
            for group in self.param_groups:
                self.update(group, [p for p in group["params"] if p._grad is not None])
        return loss

    def update(self, group: dict[str, Any], params: list) -> None:
        """Update the parameters of one group that have a gradient."""
        raise NotImplementedError(type(self).__name__)

    def state_dict(self) -> dict[str, Any]:
        """{'state': {number: {...}}, 'param_groups': [{..., 'params': [numbers]}]}, as torch's."""
        numbers: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            for p in group["params"]:
                numbers.setdefault(id(p), len(numbers))
            packed = {k: v for k, v in group.items() if k != "params"}
            packed["params"] = [numbers[id(p)] for p in group["params"]]
            groups.append(packed)
        state = {(numbers[id(k)] if isinstance(k, TensorBase) else k): v for k, v in self.state.items()}
        return {"state": state, "param_groups": groups}

    @no_grad()
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a saved state; the groups must have as many parameters as the saved ones."""
        saved = state_dict["param_groups"]
        if len(self.param_groups) != len(saved):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(g["params"]) != len(s["params"]) for g, s in zip(self.param_groups, saved, strict=True)):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        by_number = {
            n: p
            for g, s in zip(self.param_groups, saved, strict=True)
            for n, p in zip(s["params"], g["params"], strict=True)
        }
        self.state = defaultdict(dict)
        for key, value in state_dict["state"].items():
            p = by_number.get(key)
            self.state[key if p is None else p] = (
                {k: _fitted(p, k, v) for k, v in value.items()} if p is not None else value
            )
        for group, new in zip(self.param_groups, saved, strict=True):
            params = group["params"]
            group.clear()
            group.update({k: deepcopy(v) for k, v in new.items() if k != "params"}, params=params)

    def __repr__(self) -> str:
        lines = [type(self).__name__ + " ("]
        for k, group in enumerate(self.param_groups):
            lines += ["", f"Parameter Group {k}"] if k else [f"Parameter Group {k}"]
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])


def _fitted(p: Any, key: str, value: Any) -> Any:
    """A saved state value with the parameter's dtype and device; step counts stay as they are."""
    if not isinstance(value, TensorBase):
        return deepcopy(value)
    if key == "step":
        return value.clone()  # type: ignore[attr-defined]
    floating = p.is_floating_point()
    return value.to(device=p.device, dtype=p.dtype if floating else None).clone()  # type: ignore[attr-defined]


def arrays(params: Iterable[Any]) -> list[tuple[Any, Any]]:
    """(parameter's array, gradient's array) of each, after noting that the parameter is about to change."""
    found = []
    for p in params:
        bump(p)
        found.append((p._array, p._grad._array))
    return found


def check_number(name: str, value: Any, low: float = 0.0) -> None:
    """torch's error for a setting out of range."""
    if not low <= (value.item() if isinstance(value, TensorBase) else value):
        raise ValueError(f"Invalid {name}: {value}")
