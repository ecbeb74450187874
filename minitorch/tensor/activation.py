"""The activations that torch also has as Tensor methods or top-level functions; nn.functional has all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase, wrap
from minitorch.autograd.views import inplace
from minitorch.backend import device_of, dtypes, to_device, xp_of
from minitorch.backend.random import Generator, default_generator
from minitorch.errors import explain, type_error
from minitorch.ops import activation as ops
from minitorch.ops import activation_smooth as smooth
from minitorch.tensor.binding import function

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946


class ActivationMixin(TensorBase):
    __slots__ = ()

    def relu(self) -> Tensor:
        """max(self, 0), elementwise; the derivative at 0 is 0.

        >>> import minitorch as mt
        >>> mt.tensor([-1.0, 2.0]).relu()
        tensor([0., 2.])
        """
        return ops.relu(self)

    def relu_(self) -> Tensor:
        """In-place version of `relu`."""
        return inplace(ops.relu, self)

    def prelu(self, weight: Tensor) -> Tensor:
        """self where self > 0, else weight * self.

        weight: one number, or one for each channel (dimension 1 of self).

        >>> import minitorch as mt
        >>> mt.tensor([-1.0, 2.0]).prelu(mt.tensor([0.25]))
        tensor([-0.2500,  2.0000])
        """
        return ops.prelu(self, _prelu_weight(self, weight))

    def hardshrink(self, lambd: float = 0.5) -> Tensor:
        """self, but 0 where -lambd <= self <= lambd.

        >>> import minitorch as mt
        >>> mt.tensor([-1.0, 0.25, 2.0]).hardshrink()
        tensor([-1.,  0.,  2.])
        """
        return ops.hardshrink(self, lambd=lambd)


def _prelu_weight(x: Any, weight: Any) -> Any:
    """The weight shaped so that it broadcasts: one per channel lies along dimension 1."""
    if not isinstance(weight, TensorBase):
        raise type_error("prelu", "weight", 2, "Tensor", weight)
    rows = [("input", x._array.shape, ""), ("weight", weight._array.shape, "")]
    if x._array.dtype != weight._array.dtype:
        have, want = dtypes.from_numpy(weight._array.dtype), dtypes.from_numpy(x._array.dtype)
        raise RuntimeError(explain(f"prelu: Type promoting not supported. Got {want!r} and {have!r}", rows))
    ndim, n = x._array.ndim, weight._array.size
    if n != 1:
        if ndim == 0:
            raise RuntimeError(explain("prelu: Not allow zero-dim input tensor.", rows))
        channels = x._array.shape[1] if ndim > 1 else 1
        if channels != n:
            message = f"prelu: Mismatch of parameter numbers and input channel size. Found parameter numbers = {n} "
            raise RuntimeError(explain(message + f"and channel size = {channels}.", rows))
    if weight._array.ndim > 1:
        message = f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight._array.ndim}"
        raise RuntimeError(explain(message, rows))
    lead = min(ndim, 1) if n != 1 else ndim - 1
    return weight.reshape(() if ndim == 0 else (1,) * lead + (n,) + (1,) * (ndim - lead - 1))


def check_tensor(name: str, input: Any) -> None:
    """Raise torch's TypeError for an input that is no tensor."""
    if not isinstance(input, TensorBase):
        raise type_error(name, "input", 1, "Tensor", input)


def apply(name: str, call: Callable, input: Any, in_place: bool, **settings: Any) -> Tensor:
    """`call(input, **settings)` of an op, or the same into the input's memory."""
    check_tensor(name, input)
    return inplace(call, input, **settings) if in_place else call(input, **settings)


def selu(input: Tensor) -> Tensor:
    """scale (max(x, 0) + min(alpha (e**x - 1), 0)), which keeps mean 0 and variance 1 through deep nets.

    >>> import minitorch as mt
    >>> mt.selu(mt.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """
    return apply("selu", smooth.elu, input, False, alpha=SELU_ALPHA, scale=SELU_SCALE)


def selu_(input: Tensor) -> Tensor:
    """In-place version of `selu`."""
    return apply("selu", smooth.elu, input, True, alpha=SELU_ALPHA, scale=SELU_SCALE)


def _celu(input: Any, alpha: float, in_place: bool) -> Tensor:
    if alpha == 0:
        raise RuntimeError("celu: ZeroDivisionError: alpha cannot be 0 for CELU")
    return apply("celu", smooth.celu, input, in_place, alpha=alpha)


def celu(input: Tensor, alpha: float = 1.0) -> Tensor:
    """max(x, 0) + min(alpha (e**(x / alpha) - 1), 0).

    >>> import minitorch as mt
    >>> mt.celu(mt.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    return _celu(input, alpha, False)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """In-place version of `celu`."""
    return _celu(input, alpha, True)


def threshold(input: Tensor, threshold: float, value: float) -> Tensor:
    """x where x > threshold, else value.

    >>> import minitorch as mt
    >>> mt.threshold(mt.tensor([-1.0, 2.0]), 0.5, 9.0)
    tensor([9., 2.])
    """
    return apply("threshold", ops.threshold, input, False, threshold=threshold, value=value)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """In-place version of `threshold`."""
    return apply("threshold", ops.threshold, input, True, threshold=threshold, value=value)


def rrelu(
    input: Tensor,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """x where x > 0, else a x, with slopes a drawn from [lower, upper) in training, else their mean.

    >>> import minitorch as mt
    >>> mt.rrelu(mt.tensor([-1.0, 2.0]), 0.25, 0.75)
    tensor([-0.5000,  2.0000])
    """
    return _rrelu(input, lower, upper, training, generator, False)


def rrelu_(
    input: Tensor,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """In-place version of `rrelu`."""
    return _rrelu(input, lower, upper, training, generator, True)


def _rrelu(input: Any, lower: float, upper: float, training: bool, generator: Any, in_place: bool) -> Tensor:
    check_tensor("rrelu", input)
    if not lower <= upper:
        raise RuntimeError(
            f"rrelu: Lower bound should be less than or equal to the upper bound, got {lower} and {upper}"
        )
    if not training:
        return apply("rrelu", ops.leaky_relu, input, in_place, negative_slope=(lower + upper) / 2)
    noise = wrap(_slopes(input._array, lower, upper, generator or default_generator))
    return inplace(ops.rrelu_with_noise, input, noise) if in_place else ops.rrelu_with_noise(input, noise)


def _slopes(x: Any, lower: float, upper: float, generator: Generator) -> Any:
    """1 where x > 0, else a number from [lower, upper): one is drawn, in double precision, for each such element."""
    xp = xp_of(x)
    falling = x <= 0
    low, high = float(x.dtype.type(lower)), float(x.dtype.type(upper))  # torch rounds the bounds first
    drawn = generator.uniform((int(falling.sum()),), "float64", low, high)
    noise = xp.ones(x.shape, dtype=x.dtype)
    noise[falling] = to_device(drawn, device_of(x)).astype(x.dtype)
    return noise


FUNCTIONS: dict[str, Callable] = {
    "relu": function(ActivationMixin.relu),
    "relu_": function(ActivationMixin.relu_),
    "prelu": function(ActivationMixin.prelu),
    "hardshrink": function(ActivationMixin.hardshrink, out=True),
    "selu": selu,
    "selu_": selu_,
    "celu": celu,
    "celu_": celu_,
    "threshold": threshold,
    "threshold_": threshold_,
    "rrelu": rrelu,
    "rrelu_": rrelu_,
}
