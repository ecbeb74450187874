"""Activations as layers: settings and one call of the functional of the same name, which has the details."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from minitorch.nn import functional as F
from minitorch.nn import init as init_
from minitorch.nn.modules.module import Module
from minitorch.nn.parameter import Parameter
from minitorch.tensor.creation import empty

__all__ = [
    "CELU", "ELU", "GELU", "GLU", "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "LogSigmoid",
    "LogSoftmax", "Mish", "PReLU", "RReLU", "ReLU", "ReLU6", "SELU", "SiLU", "Sigmoid", "Softmax", "Softmax2d",
    "Softmin", "Softplus", "Softshrink", "Softsign", "Tanh", "Tanhshrink", "Threshold",
]  # fmt: skip


class _Activation(Module):
    """function(input, *settings): a subclass gives the function, and the settings by name, in the function's order."""

    function: Callable
    settings: tuple[str, ...] = ()

    def __init__(self, *values: Any) -> None:
        super().__init__()
        for name, value in zip(self.settings, values, strict=True):
            setattr(self, name, value)

    def forward(self, input: Any) -> Any:
        return type(self).function(input, *[getattr(self, name) for name in self.settings])

    def extra_repr(self) -> str:
        shown = [name for name in self.settings if name != "inplace" or self.inplace]
        return ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)


class _InPlace(_Activation):
    """An activation whose only setting is `inplace`."""

    settings = ("inplace",)

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(inplace)


class _Plain(Module):
    """A function without settings."""

    function: Callable

    def forward(self, input: Any) -> Any:
        return type(self).function(input)


class _AlongDim(Module):
    """A function along one dimension; without `dim` it is guessed, with a warning at the caller's line."""

    function: Callable

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        return type(self).function(input, self.dim, _stacklevel=5)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


# -- rectified linear units and their kin ------------------------------------------------------------------------------


class ReLU(_InPlace):
    """max(0, x), elementwise; any shape.

    >>> from minitorch import nn, tensor
    >>> nn.ReLU()(tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def forward(self, input: Any) -> Any:  # as the base class has it, but this one is called often
        return F.relu(input, inplace=self.inplace)


class LeakyReLU(_Activation):
    """x where x > 0, else negative_slope x."""

    function, settings = staticmethod(F.leaky_relu), ("negative_slope", "inplace")

    def __init__(self, negative_slope: float = 1e-2, inplace: bool = False) -> None:
        super().__init__(negative_slope, inplace)


class PReLU(Module):
    """x where x > 0, else weight x, with a learned weight for all channels or for each.

    Shape: input (N, C, *), or any shape with num_parameters=1; weight (num_parameters), which starts at `init`.
    Paper: He et al. 2015, Delving Deep into Rectifiers.
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        init_.constant_(self.weight, self.init)

    def forward(self, input: Any) -> Any:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class RReLU(_Activation):
    """x where x > 0, else a x: in training each a is drawn from [lower, upper), in evaluation it is their mean."""

    settings = ("lower", "upper", "inplace")

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__(lower, upper, inplace)

    def forward(self, input: Any) -> Any:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class Threshold(_Activation):
    """x where x > threshold, else value."""

    function, settings = staticmethod(F.threshold), ("threshold", "value", "inplace")

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__(threshold, value, inplace)


class Hardtanh(_Activation):
    """x, limited to [min_val, max_val]. min_value and max_value are deprecated names of the two."""

    function, settings = staticmethod(F.hardtanh), ("min_val", "max_val", "inplace")

    def __init__(
        self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False, min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:  # fmt: skip
        for old, value in (("min", min_value), ("max", max_value)):
            if value is not None:
                text = f"keyword argument `{old}_value` is deprecated and renamed to `{old}_val`"
                warnings.warn(text, FutureWarning, stacklevel=2)
        min_val = min_val if min_value is None else min_value
        max_val = max_val if max_value is None else max_value
        super().__init__(min_val, max_val, inplace)
        if max_val <= min_val:
            raise AssertionError(f"max_val ({max_val}) must be greater than min_val ({min_val})")


class ReLU6(Hardtanh):
    """min(max(x, 0), 6)."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Hardsigmoid(_InPlace):
    """min(max(x + 3, 0), 6) / 6."""

    function = staticmethod(F.hardsigmoid)

    def extra_repr(self) -> str:
        return ""  # `inplace` does not show, as in torch


class Hardswish(_InPlace):
    """x min(max(x + 3, 0), 6) / 6 (Howard et al. 2019, Searching for MobileNetV3)."""

    function = staticmethod(F.hardswish)

    def extra_repr(self) -> str:
        return ""


class _Shrink(_Activation):
    settings = ("lambd",)

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__(lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class Hardshrink(_Shrink):
    """x where |x| > lambd, else 0."""

    function = staticmethod(F.hardshrink)


class Softshrink(_Shrink):
    """x moved towards 0 by lambd; 0 where |x| <= lambd."""

    function = staticmethod(F.softshrink)


# -- exponential linear units ------------------------------------------------------------------------------------------


class _Alpha(_Activation):
    settings = ("alpha", "inplace")

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(alpha, inplace)


class ELU(_Alpha):
    """x where x > 0, else alpha (e**x - 1) (Clevert et al. 2015)."""

    function = staticmethod(F.elu)


class CELU(_Alpha):
    """max(x, 0) + min(alpha (e**(x / alpha) - 1), 0) (Barron 2017)."""

    function = staticmethod(F.celu)


class SELU(_InPlace):
    """scale (max(x, 0) + min(alpha (e**x - 1), 0)) (Klambauer et al. 2017, Self-Normalizing Neural Networks)."""

    function = staticmethod(F.selu)


# -- smooth ------------------------------------------------------------------------------------------------------------


class GELU(_Activation):
    """x P(X <= x) for a standard normal X; approximate="tanh" takes a formula with tanh (Hendrycks and Gimpel 2016).

    >>> from minitorch import nn, tensor
    >>> nn.GELU("tanh"), nn.GELU()(tensor([-1.0, 2.0]))
    (GELU(approximate='tanh'), tensor([-0.1587,  1.9545]))
    """

    settings = ("approximate",)

    def __init__(self, approximate: str = "none") -> None:
        super().__init__(approximate)

    def forward(self, input: Any) -> Any:
        return F.gelu(input, approximate=self.approximate)


class SiLU(_InPlace):
    """x sigmoid(x), also known as swish."""

    function = staticmethod(F.silu)


class Mish(_InPlace):
    """x tanh(softplus(x)) (Misra 2019)."""

    function = staticmethod(F.mish)


class Softplus(_Activation):
    """log(1 + e**(beta x)) / beta, and x itself where beta x > threshold."""

    function, settings = staticmethod(F.softplus), ("beta", "threshold")

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__(beta, threshold)


class Sigmoid(_Plain):
    """1 / (1 + e**-x)."""

    function = staticmethod(F.sigmoid)


class LogSigmoid(_Plain):
    """log(1 / (1 + e**-x)), without overflow."""

    function = staticmethod(F.logsigmoid)


class Tanh(_Plain):
    """The hyperbolic tangent."""

    function = staticmethod(F.tanh)


class Tanhshrink(_Plain):
    """x - tanh(x)."""

    function = staticmethod(F.tanhshrink)


class Softsign(_Plain):
    """x / (1 + |x|)."""

    function = staticmethod(F.softsign)


class GLU(_Activation):
    """a sigmoid(b), with a and b the two halves of the input along `dim` (Dauphin et al. 2016)."""

    function, settings = staticmethod(F.glu), ("dim",)

    def __init__(self, dim: int = -1) -> None:
        super().__init__(dim)


# -- normalized along a dimension --------------------------------------------------------------------------------------


class Softmax(_AlongDim):
    """e**x_i / sum_j e**x_j along `dim`.

    >>> from minitorch import nn, tensor
    >>> nn.Softmax(dim=0)(tensor([0.0, 0.0]))
    tensor([0.5000, 0.5000])
    """

    function = staticmethod(F.softmax)


class Softmin(_AlongDim):
    """softmax(-x) along `dim`."""

    function = staticmethod(F.softmin)


class LogSoftmax(_AlongDim):
    """log(softmax(x)) along `dim`."""

    function = staticmethod(F.log_softmax)


class Softmax2d(Module):
    """softmax over the channels of (N, C, H, W) or (C, H, W)."""

    def forward(self, input: Any) -> Any:
        if input.dim() not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead")
        return F.softmax(input, -3)
