"""`Optimizer`: parameter groups, per-parameter state, hooks, and state_dicts that torch can read and that read torch's.

It knows nothing of any update rule: subclasses bring `step`. Rules that treat every element alike build on
elementwise.py, which runs them in place and block by block.
"""

from __future__ import annotations

import functools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from itertools import chain
from typing import Any, TypeAlias

from minitorch.autograd.base import TensorBase
from minitorch.autograd.modes import no_grad
from minitorch.autograd.node import RemovableHandle
from minitorch.backend import dtypes

_global_pre_hooks: OrderedDict[int, Callable] = OrderedDict()
_global_post_hooks: OrderedDict[int, Callable] = OrderedDict()
_HOOKS = (
    "_optimizer_step_pre_hooks", "_optimizer_step_post_hooks", "_optimizer_state_dict_pre_hooks",
    "_optimizer_state_dict_post_hooks", "_optimizer_load_state_dict_pre_hooks", "_optimizer_load_state_dict_post_hooks",
)  # fmt: skip


# what an optimizer is made of, for annotations: tensors, groups, or tensors with their names
ParamsT: TypeAlias = Iterable[TensorBase] | Iterable[dict[str, Any]] | Iterable[tuple[str, TensorBase]]


class _Required:
    def __repr__(self) -> str:
        return "<required parameter>"


required: Any = _Required()  # as a default: every group must bring this setting itself


def register_optimizer_step_pre_hook(hook: Callable) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` before every step of every optimizer."""
    return RemovableHandle.add(_global_pre_hooks, hook)


def register_optimizer_step_post_hook(hook: Callable) -> RemovableHandle:
    """Call `hook(optimizer, args, kwargs)` after every step of every optimizer."""
    return RemovableHandle.add(_global_post_hooks, hook)


class Optimizer:
    """Base of all optimizers.

    params      tensors, (name, tensor) pairs, or dicts: {"params": tensors, and settings for these alone}
    defaults    settings of the groups that don't bring their own
    state       parameter -> {name: value}, filled by `step`
    param_groups    list of dicts; settings may be changed between steps (`group["lr"] *= 0.1`)

    A subclass calls `super().__init__(params, defaults)` and defines `step`.
    """

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self._prepare_hooks()
        if isinstance(params, TensorBase):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                + params.type()
            )
        self.state: dict[Any, dict[str, Any]] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    # -- parameters and gradients --------------------------------------------------------------------------------------

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters, with settings of their own where the dict has them (it becomes the group)."""
        group = param_group
        if not isinstance(group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(group)}")
        group["params"], names = _split_names(group["params"])
        if names:
            group["param_names"] = names
        for p in group["params"]:
            self._check_parameter(p)
        for name, default in self.defaults.items():
            if default is required and name not in group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            group.setdefault(name, default)
        self._check_against_others(group)
        self.param_groups.append(group)

    def _check_parameter(self, p: Any) -> None:
        if not isinstance(p, TensorBase):
            name = f"{type(p).__module__}.{type(p).__qualname__}".removeprefix("builtins.")
            raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {name}")
        if not self.defaults.get("differentiable") and p._edge is not None and not p.retains_grad:
            raise ValueError("can't optimize a non-leaf Tensor")

    def _check_against_others(self, group: dict[str, Any]) -> None:
        own = {id(p) for p in group["params"]}
        if len(own) < len(group["params"]):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters: each is updated once per mention",
                stacklevel=4,
            )
        named = "param_names" in group
        for other in self.param_groups:
            if named != ("param_names" in other):
                raise ValueError(
                    "all optimizer param groups should be with/without names. cannot add param group "
                    f"{'with' if named else 'without'} names to the optimizer"
                )
        if any(id(p) in own for other in self.param_groups for p in other["params"]):
            raise ValueError("some parameters appear in more than one parameter group")

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients; with `set_to_none=False` fill them with zeros (such parameters are still updated)."""
        for group in self.param_groups:
            for p in group["params"]:
                if p._grad is None:
                    continue
                if set_to_none:
                    p._grad = None
                    continue
                if p._grad._edge is not None:
                    p._grad.detach_()
                p._grad.requires_grad_(False).zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update all parameters; a closure recomputes the loss first and its result is returned."""
        raise NotImplementedError

    # -- hooks ---------------------------------------------------------------------------------------------------------

    def _prepare_hooks(self) -> None:
        """Give this optimizer its tables of hooks, and its class a `step` that calls them."""
        for name in _HOOKS:
            self.__dict__.setdefault(name, OrderedDict())
        cls: Any = type(self)
        if not getattr(cls.step, "hooked", False):
            cls.step = _calling_hooks(cls.step)

    def register_step_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` before each step; a returned (args, kwargs) replaces its own."""
        return self._register("step_pre", hook)

    def register_step_post_hook(self, hook: Callable) -> RemovableHandle:
        """Call `hook(optimizer, args, kwargs)` after each step."""
        return self._register("step_post", hook)

    def register_state_dict_pre_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` before `state_dict()`; `prepend`: before the hooks that are there already."""
        return self._register("state_dict_pre", hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` after `state_dict()`; what it returns, if not None, is the result."""
        return self._register("state_dict_post", hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer, state_dict)` before loading; what it returns, if not None, is loaded instead."""
        return self._register("load_state_dict_pre", hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call `hook(optimizer)` after loading."""
        return self._register("load_state_dict_post", hook, prepend)

    def _register(self, when: str, hook: Callable, prepend: bool = False) -> RemovableHandle:
        hooks = getattr(self, f"_optimizer_{when}_hooks")
        handle = RemovableHandle.add(hooks, hook)
        if prepend:
            hooks.move_to_end(handle.id, last=False)
        return handle

    # -- saving and loading --------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """{'state': {number: {...}}, 'param_groups': [{..., 'params': [numbers]}]}, as torch's.

        Parameters are numbered in the order of the groups. The state's tensors are the live ones, not copies.
        """
        for hook in self._hooks("state_dict_pre"):
            hook(self)
        numbers: dict[int, int] = {}
        groups = []
        start = 0
        for group in self.param_groups:
            numbers.update({id(p): k for k, p in enumerate(group["params"], start) if id(p) not in numbers})
            start += len(group["params"])
            packed = {k: v for k, v in group.items() if k != "params"}
            packed["params"] = [numbers[id(p)] for p in group["params"]]
            groups.append(packed)
        state = {(numbers[id(k)] if isinstance(k, TensorBase) else k): v for k, v in self.state.items()}
        result = {"state": state, "param_groups": groups}
        for hook in self._hooks("state_dict_post"):
            changed = hook(self, result)
            result = result if changed is None else changed
        return result

    @no_grad()
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a saved state; the groups must have as many parameters as the saved ones.

        Parameters are matched by position. Tensors are copied (torch keeps the given ones where dtype and device fit),
        in the parameter's dtype and device, except step counts.
        """
        state_dict = state_dict.copy()
        for hook in self._hooks("load_state_dict_pre"):
            changed = hook(self, state_dict)
            state_dict = state_dict if changed is None else changed
        saved = deepcopy(state_dict["param_groups"])
        owners = self._matched(saved)
        state: dict[Any, Any] = defaultdict(dict)
        for key, values in state_dict["state"].items():
            p, group = owners.get(key, (None, {}))
            state[key if p is None else p] = values if p is None else _fitted(values, p, group)
        for group, new in zip(self.param_groups, saved, strict=True):
            new["params"] = group["params"]
            if "param_names" in group:
                new.setdefault("param_names", group["param_names"])
        self.__setstate__({"state": state, "param_groups": saved})
        for hook in self._hooks("load_state_dict_post"):
            hook(self)

    def _matched(self, saved: list[dict[str, Any]]) -> dict[int, tuple[Any, dict]]:
        """Saved parameter number -> (the parameter here, its saved group)."""
        if len(self.param_groups) != len(saved):
            raise ValueError("loaded state dict has a different number of parameter groups")
        pairs = list(zip(self.param_groups, saved, strict=True))
        if any(len(g["params"]) != len(s["params"]) for g, s in pairs):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        return {n: (p, s) for g, s in pairs for n, p in zip(s["params"], g["params"], strict=True)}

    def _hooks(self, when: str) -> list[Callable]:
        return list(getattr(self, f"_optimizer_{when}_hooks").values())

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over loaded or unpickled attributes. Subclasses add the settings that older files lack."""
        self.__dict__.update(state)
        self._prepare_hooks()
        self.defaults.setdefault("differentiable", False)

    def __repr__(self) -> str:
        lines = [type(self).__name__ + " ("]
        for k, group in enumerate(self.param_groups):
            lines += ["", f"Parameter Group {k}"] if k else [f"Parameter Group {k}"]
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])


def _calling_hooks(step: Callable) -> Callable:
    """`step` with the hooks before and after it; their `args` begin with the optimizer, as torch's do."""

    @functools.wraps(step)
    def run(*args: Any, **kwargs: Any) -> Any:
        self = args[0]
        for hook in list(chain(_global_pre_hooks.values(), self._optimizer_step_pre_hooks.values())):
            new = hook(self, args, kwargs)
            if new is not None:
                if not (isinstance(new, tuple) and len(new) == 2):
                    raise RuntimeError(
                        f"{step.__qualname__}: a pre-hook must return None or a tuple of (new_args, new_kwargs), "
                        f"but got {new}."
                    )
                args, kwargs = new
        result = step(*args, **kwargs)
        for hook in list(chain(self._optimizer_step_post_hooks.values(), _global_post_hooks.values())):
            hook(self, args, kwargs)
        return result

    run.hooked = True  # type: ignore[attr-defined]
    return run


def _split_names(params: Any) -> tuple[list[Any], list[str]]:
    """(parameters, their names) of tensors or of (name, tensor) pairs."""
    if isinstance(params, TensorBase):
        return [params], []
    if isinstance(params, set):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but the "
            "ordering of tensors in sets will change between runs. Please use a list instead."
        )
    params = list(params)
    names = [p[0] for p in params if isinstance(p, tuple)]
    if names and len(names) < len(params):
        raise ValueError("all optimizer params should be with/without names. Some param names are missing")
    return [p[1] if isinstance(p, tuple) else p for p in params], names


def _fitted(value: Any, p: Any, group: dict[str, Any], key: Any = None) -> Any:
    """A copy of a saved value that fits parameter `p`: its device, and its dtype if that is real."""
    if isinstance(value, TensorBase):
        if key == "step":
            if group.get("capturable") or group.get("fused"):
                return value.to(device=p.device, dtype=dtypes.float32, copy=True)
            return value.clone()
        return value.to(device=p.device, dtype=p.dtype if p.is_floating_point() else value.dtype, copy=True)
    if isinstance(value, dict):
        return {k: _fitted(v, p, group, k) for k, v in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return type(value)(_fitted(v, p, group) for v in value)  # type: ignore[call-arg]
    return value
