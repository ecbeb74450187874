"""Activation functions: arguments are checked and formulas composed here; derivatives are in minitorch/ops."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase, wrap
from minitorch.backend import device_of, dtypes, to_device, xp_of
from minitorch.backend.random import default_generator
from minitorch.errors import explain, wrap_dim
from minitorch.ops import activation as ops
from minitorch.ops import activation_smooth as smooth
from minitorch.ops.along import place
from minitorch.ops.kinds import FLOAT, only
from minitorch.tensor import activation as tensor_level
from minitorch.tensor.activation import apply, celu_, check_tensor, rrelu_, selu_, threshold_

if TYPE_CHECKING:
    from minitorch.backend.dtypes import dtype as DType
    from minitorch.tensor import Tensor

__all__ = [
    "celu", "celu_", "elu", "elu_", "gelu", "glu", "gumbel_softmax", "hardshrink", "hardsigmoid", "hardswish",
    "hardtanh", "hardtanh_", "leaky_relu", "leaky_relu_", "log_softmax", "logsigmoid", "mish", "prelu", "relu", "relu6",
    "relu_", "rrelu", "rrelu_", "selu", "selu_", "sigmoid", "silu", "softmax", "softmin", "softplus", "softshrink",
    "softsign", "tanh", "tanhshrink", "threshold", "threshold_",
]  # fmt: skip

relu_ = tensor_level.FUNCTIONS["relu_"]
prelu = tensor_level.FUNCTIONS["prelu"]
hardshrink = tensor_level.FUNCTIONS["hardshrink"]

# -- rectified linear units and their kin ----------------------------------------------------------------------------


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0), elementwise; the derivative at 0 is 0, and nan stays nan.

    >>> import minitorch as mt
    >>> mt.nn.functional.relu(mt.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    if inplace or not isinstance(input, TensorBase):
        return apply("relu", ops.relu, input, inplace)
    return ops.relu(input)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where x > threshold, else value.

    >>> import minitorch as mt
    >>> mt.nn.functional.threshold(mt.tensor([-1.0, 2.0]), 0.5, 9.0)
    tensor([9., 2.])
    """
    return apply("threshold", ops.threshold, input, inplace, threshold=threshold, value=value)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x where x > 0, else negative_slope x; the derivative at 0 is negative_slope.

    >>> import minitorch as mt
    >>> mt.nn.functional.leaky_relu(mt.tensor([-1.0, 2.0]), 0.1)
    tensor([-0.1000,  2.0000])
    """
    return apply("leaky_relu", ops.leaky_relu, input, inplace, negative_slope=negative_slope)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """In-place version of `leaky_relu`."""
    return leaky_relu(input, negative_slope, True)


def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """x where x > 0, else a x, with slopes a drawn from [lower, upper) in training, else their mean.

    >>> import minitorch as mt
    >>> mt.nn.functional.rrelu(mt.tensor([-1.0, 2.0]), 0.25, 0.75)
    tensor([-0.5000,  2.0000])
    """
    return (rrelu_ if inplace else tensor_level.rrelu)(input, lower, upper, training)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """x, limited to [min_val, max_val]; the derivative at the ends is 0.

    >>> import minitorch as mt
    >>> mt.nn.functional.hardtanh(mt.tensor([-3.0, 0.5, 3.0]))
    tensor([-1.0000,  0.5000,  1.0000])
    """
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val cannot be greater than max_val, got {min_val} and {max_val}")
    return _hardtanh(input, min_val, max_val, inplace)


def _hardtanh(input: Any, min_val: float, max_val: float, in_place: bool) -> Tensor:
    check_tensor("hardtanh", input)
    kind = input._array.dtype.kind
    if kind == "b":
        raise RuntimeError("hardtanh: Bool inputs not supported for hardtanh")
    if kind == "c":
        raise NotImplementedError("hardtanh: clamp is not supported for complex types")
    if kind == "u" and min_val < 0:
        raise RuntimeError("hardtanh: cannot do hardtanh on an unsigned type with negative limits")
    return apply("hardtanh", ops.hardtanh, input, in_place, min_val=min_val, max_val=max_val)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """In-place version of `hardtanh`."""
    return _hardtanh(input, min_val, max_val, True)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x, 0), 6).

    >>> import minitorch as mt
    >>> mt.nn.functional.relu6(mt.tensor([-1.0, 2.0, 8.0]))
    tensor([0., 2., 6.])
    """
    return hardtanh(input, 0.0, 6.0, inplace)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x + 3, 0), 6) / 6, a sigmoid of straight lines.

    >>> import minitorch as mt
    >>> mt.nn.functional.hardsigmoid(mt.tensor([-4.0, 0.0, 4.0]))
    tensor([0.0000, 0.5000, 1.0000])
    """
    return apply("hardsigmoid", ops.hardsigmoid, input, inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x min(max(x + 3, 0), 6) / 6.

    >>> import minitorch as mt
    >>> mt.nn.functional.hardswish(mt.tensor([-4.0, 1.5, 4.0]))
    tensor([-0.0000, 1.1250, 4.0000])
    """
    return apply("hardswish", ops.hardswish, input, inplace)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x moved towards 0 by lambd: 0 where |x| <= lambd.

    >>> import minitorch as mt
    >>> mt.nn.functional.softshrink(mt.tensor([-1.0, 0.25, 2.0]))
    tensor([-0.5000,  0.0000,  1.5000])
    """
    if lambd < 0:
        raise RuntimeError(f"softshrink: lambda must be greater or equal to 0, but found to be {lambd}.")
    return apply("softshrink", ops.softshrink, input, False, lambd=lambd)


# -- exponential linear units ----------------------------------------------------------------------------------------


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where x > 0, else alpha (e**x - 1); the derivative at 0 is alpha.

    >>> import minitorch as mt
    >>> mt.nn.functional.elu(mt.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    return apply("elu", smooth.elu, input, inplace, alpha=alpha)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """In-place version of `elu`."""
    return elu(input, alpha, True)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """scale (max(x, 0) + min(alpha (e**x - 1), 0)), which keeps mean 0 and variance 1 through deep nets.

    >>> import minitorch as mt
    >>> mt.nn.functional.selu(mt.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """
    return (selu_ if inplace else tensor_level.selu)(input)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """max(x, 0) + min(alpha (e**(x / alpha) - 1), 0).

    >>> import minitorch as mt
    >>> mt.nn.functional.celu(mt.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.0000])
    """
    return (celu_ if inplace else tensor_level.celu)(input, alpha)


# -- smooth ----------------------------------------------------------------------------------------------------------


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """x P(x), with P the normal distribution function.

    approximate: "tanh" takes 1/2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x**3))) for P.

    >>> import minitorch as mt
    >>> mt.nn.functional.gelu(mt.tensor([-1.0, 2.0]))
    tensor([-0.1587,  1.9545])
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError(f"gelu: approximate argument must be either none or tanh, got {approximate!r}.")
    return apply("gelu", smooth.gelu, input, False, approximate=approximate)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x sigmoid(x), also known as swish.

    >>> import minitorch as mt
    >>> mt.nn.functional.silu(mt.tensor([-1.0, 2.0]))
    tensor([-0.2689,  1.7616])
    """
    check_tensor("silu", input)
    if input.is_complex() and not inplace:
        return input * input.sigmoid()
    return apply("silu", smooth.silu, input, inplace)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x tanh(softplus(x)).

    >>> import minitorch as mt
    >>> mt.nn.functional.mish(mt.tensor([-1.0, 2.0]))
    tensor([-0.3034,  1.9440])
    """
    return apply("mish", smooth.mish, input, inplace)


def softplus(input: Tensor, beta: float = 1, threshold: float = 20) -> Tensor:
    """log(1 + e**(beta x)) / beta, and x itself where beta x > threshold.

    >>> import minitorch as mt
    >>> mt.nn.functional.softplus(mt.tensor([-1.0, 2.0]))
    tensor([0.3133, 2.1269])
    """
    return apply("softplus", smooth.softplus, input, False, beta=beta, threshold=threshold)


def logsigmoid(input: Tensor) -> Tensor:
    """log(1 / (1 + e**-x)), without overflow.

    >>> import minitorch as mt
    >>> mt.nn.functional.logsigmoid(mt.tensor([-1.0, 2.0]))
    tensor([-1.3133, -0.1269])
    """
    return apply("logsigmoid", smooth.logsigmoid, input, False)


def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + e**-x).

    >>> import minitorch as mt
    >>> mt.nn.functional.sigmoid(mt.tensor([0.0, 2.0]))
    tensor([0.5000, 0.8808])
    """
    return input.sigmoid()


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent.

    >>> import minitorch as mt
    >>> mt.nn.functional.tanh(mt.tensor([0.0, 2.0]))
    tensor([0.0000, 0.9640])
    """
    return input.tanh()


def tanhshrink(input: Tensor) -> Tensor:
    """x - tanh(x).

    >>> import minitorch as mt
    >>> mt.nn.functional.tanhshrink(mt.tensor([0.0, 2.0]))
    tensor([0.0000, 1.0360])
    """
    return input - input.tanh()


def softsign(input: Tensor) -> Tensor:
    """x / (1 + |x|).

    >>> import minitorch as mt
    >>> mt.nn.functional.softsign(mt.tensor([-1.0, 3.0]))
    tensor([-0.5000,  0.7500])
    """
    return input / (input.abs() + 1)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a sigmoid(b), with a and b the two halves of the input along `dim`.

    >>> import minitorch as mt
    >>> mt.nn.functional.glu(mt.tensor([2.0, 4.0, 0.0, 0.0]))
    tensor([1., 2.])
    """
    check_tensor("glu", input)
    if input.dim() == 0:
        raise RuntimeError("glu: glu does not support scalars because halving size must be even")
    only("glu", input._array, FLOAT)
    dim = wrap_dim(dim, input.dim(), "glu")
    size = input._array.shape[dim]
    if size % 2:
        raise RuntimeError(
            explain(
                f"glu: Halving dimension must be even, but dimension {dim} is size {size}",
                [("input", input._array.shape, "")],
            )
        )
    return input.narrow(dim, 0, size // 2) * input.narrow(dim, size // 2, size // 2).sigmoid()


# -- normalized along a dimension ------------------------------------------------------------------------------------


def _implicit_dim(name: str, ndim: int, stacklevel: int) -> int:
    """The dimension that old programs meant when they gave none."""
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=stacklevel,
    )
    return 0 if ndim in (0, 1, 3) else 1


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None) -> Tensor:
    """e**x_i / sum_j e**x_j along `dim`: positive numbers that add up to 1.

    >>> import minitorch as mt
    >>> mt.nn.functional.softmax(mt.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    dim = _implicit_dim("softmax", input.dim(), _stacklevel) if dim is None else dim
    return input.softmax(dim, dtype=dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None) -> Tensor:
    """softmax(-x).

    >>> import minitorch as mt
    >>> mt.nn.functional.softmin(mt.tensor([0.0, 2.0]), dim=0)
    tensor([0.8808, 0.1192])
    """
    dim = _implicit_dim("softmin", input.dim(), _stacklevel) if dim is None else dim
    return (-input).softmax(dim, dtype=dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: DType | None = None) -> Tensor:
    """log(softmax(x)), computed as x - logsumexp(x).

    >>> import minitorch as mt
    >>> mt.nn.functional.log_softmax(mt.tensor([0.0, 0.0]), dim=0)
    tensor([-0.6931, -0.6931])
    """
    dim = _implicit_dim("log_softmax", input.dim(), _stacklevel) if dim is None else dim
    return input.log_softmax(dim, dtype=dtype)


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """softmax((logits + noise) / tau) with Gumbel noise: a differentiable sample from the categorical distribution.

    hard: give the one-hot vector of the largest, with the gradient of the soft sample.

    >>> import minitorch as mt
    >>> _ = mt.manual_seed(0)
    >>> mt.nn.functional.gumbel_softmax(mt.tensor([0.0, 1.0, 2.0]), hard=True)
    tensor([0., 0., 1.])
    """
    check_tensor("gumbel_softmax", logits)
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    array = logits._array
    kind = dtypes.from_numpy(array.dtype)
    if not kind.is_floating_point:
        raise RuntimeError(
            "gumbel_softmax: Exponential distribution is a continuous probability distribution. dtype must be a "
            f"floating point but you specified {dtypes.SCALAR_NAME[kind]}"
        )
    drawn = to_device(default_generator.exponential(array.shape, array.dtype), device_of(array))
    soft = ((logits - wrap(drawn).log()) / tau).softmax(dim)
    if not hard:
        return soft
    return _one_hot_of_largest(soft, dim) - soft.detach() + soft


def _one_hot_of_largest(soft: Tensor, dim: int) -> Tensor:
    """1 where `soft` is largest along `dim` (the first such place), 0 elsewhere."""
    array = soft.detach()._array
    index = soft.argmax(dim, keepdim=True)._array
    ones = xp_of(array).ones(index.shape, dtype=array.dtype)
    return wrap(place(ones, index, dim=dim % max(array.ndim, 1), size=array.shape[dim] if array.ndim else 1))
