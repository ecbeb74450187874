"""Weight normalization by a hook: the weight is g v / |v|, computed anew before each forward.

The older of two forms, with parameters `weight_g` and `weight_v`; `parametrizations.weight_norm` is the newer.
"""

from __future__ import annotations

import warnings
from typing import Any

from minitorch.nn.parameter import Parameter, UninitializedParameter

__all__ = ["WeightNorm", "remove_weight_norm", "weight_norm"]


def norm_except_dim(v: Any, dim: int) -> Any:
    """The 2-norm over all dimensions but `dim`, which are kept with size 1; over all of them, 0-d, if dim is -1."""
    if dim == -1:
        return v.norm(2)
    front = v.transpose(0, dim)
    shape = [1] * v.dim()
    shape[0] = front.shape[0]
    return front.reshape(front.shape[0], -1).norm(2, 1).view(shape).transpose(0, dim)


def weight_of(v: Any, g: Any, dim: int) -> Any:
    """g v / |v|."""
    return v * (g / norm_except_dim(v, dim))


class WeightNorm:
    """The hook that computes module.name from module.name_g and module.name_v (Salimans and Kingma 2016)."""

    def __init__(self, name: str, dim: int | None) -> None:
        self.name, self.dim = name, -1 if dim is None else dim

    def compute_weight(self, module: Any) -> Any:
        return weight_of(getattr(module, self.name + "_v"), getattr(module, self.name + "_g"), self.dim)

    @staticmethod
    def apply(module: Any, name: str, dim: int | None) -> WeightNorm:
        warnings.warn(
            "`torch.nn.utils.weight_norm` is deprecated in favor of `torch.nn.utils.parametrizations.weight_norm`.",
            FutureWarning,
            stacklevel=3,
        )
        if find_hook(module, WeightNorm, name) is not None:
            raise RuntimeError(f"Cannot register two weight_norm hooks on the same parameter {name}")
        hook = WeightNorm(name, dim)
        weight = getattr(module, name)
        if isinstance(weight, UninitializedParameter):
            raise ValueError(
                "The module passed to `WeightNorm` can't have uninitialized parameters. Make sure to run the dummy "
                "forward before applying weight normalization"
            )
        del module._parameters[name]
        module.register_parameter(name + "_g", Parameter(norm_except_dim(weight, hook.dim).data))
        module.register_parameter(name + "_v", Parameter(weight.data))
        setattr(module, name, hook.compute_weight(module))
        module.register_forward_pre_hook(hook)
        return hook

    def remove(self, module: Any) -> None:
        weight = self.compute_weight(module)
        delattr(module, self.name)
        del module._parameters[self.name + "_g"], module._parameters[self.name + "_v"]
        setattr(module, self.name, Parameter(weight.data))

    def __call__(self, module: Any, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def find_hook(module: Any, kind: type, name: str) -> Any:
    """The key of the module's forward pre-hook of a kind for the tensor `name`, or None."""
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, kind) and hook.name == name:  # type: ignore[attr-defined]
            return key
    return None


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """Replace module.name by g v / |v| with parameters name_g (the norms) and name_v (the direction).

    `dim` is the dimension with a norm for each index; None takes one norm over all. Deprecated as in torch.
    """
    WeightNorm.apply(module, name, dim)
    return module


def remove_weight_norm(module: Any, name: str = "weight") -> Any:
    """Make module.name an ordinary parameter again, with the value it has now."""
    key = find_hook(module, WeightNorm, name)
    if key is None:
        raise ValueError(f"weight_norm of '{name}' not found in {module}")
    module._forward_pre_hooks[key].remove(module)
    del module._forward_pre_hooks[key]
    return module
