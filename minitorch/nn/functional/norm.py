"""Normalization over batches, layers, groups, channels. ops/norm.py computes; running statistics are kept here."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from minitorch.autograd.views import bump
from minitorch.backend import dtypes
from minitorch.errors import explain, type_error
from minitorch.nn.functional.pool_average import avg_pool2d
from minitorch.nn.functional.spatial import need_tensor
from minitorch.nn.functional.vision_pad import pad
from minitorch.ops import norm as ops
from minitorch.ops.kinds import scalar_name

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

__all__ = ["batch_norm", "group_norm", "instance_norm", "layer_norm", "local_response_norm", "normalize", "rms_norm"]


def batch_norm(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
    bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """(x - mean) / sqrt(var + eps) weight + bias for each channel, over the batch and all places.

    training: use the batch's mean and biased variance, and move running_mean and running_var (unbiased) towards them in
    place by `momentum`; otherwise use the running ones.
    Shape: input (N, C, *); the others (C).

    >>> import minitorch as mt
    >>> mt.nn.functional.batch_norm(mt.tensor([[1.0], [3.0]]), None, None, training=True, eps=3.0)
    tensor([[-0.5000],
            [ 0.5000]])
    """
    need_tensor("batch_norm", "input", 1, input)
    shape = input._array.shape
    rows = [("input", shape, "N, C, *" if len(shape) > 1 else "")]
    if len(shape) < 2:
        raise RuntimeError(
            explain(f"batch_norm: expected an input of at least 2 dimensions, but got {len(shape)}", rows)
        )
    if training and math.prod(shape) == shape[1]:
        what = f"Expected more than 1 value per channel when training, got input size {list(shape)}"
        raise ValueError(explain(f"batch_norm: {what}", rows, "a larger batch, or .eval()"))
    given = (("running_mean", running_mean), ("running_var", running_var), ("weight", weight), ("bias", bias))
    _check_parameters("batch_norm", input, given, shape[1], rows)
    if not (eps > 0 if training else eps >= 0):
        wanted = "positive during training" if training else "non-negative"
        raise ValueError(f"batch_norm eps must be {wanted}, but got {eps}")
    if not training:
        _need_statistics("batch_norm", running_mean, running_var)
        return ops.normalize_by(input, running_mean, running_var, weight, bias, eps=eps)
    n, c = shape[:2]
    places = math.prod(shape[2:])
    y, mean, var = ops.standardize(
        input, weight, bias, shape=(n, c, places), axes=(0, 2), affine=(1, c, 1), eps=eps, kind="NativeBatchNorm"
    )
    count = n * places
    if count:  # a batch of nothing says nothing of the statistics
        _move(running_mean, mean._array.reshape(c), momentum)
        _move(running_var, var._array.reshape(c), momentum, count)
    return y


def instance_norm(
    input: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None, weight: Tensor | None = None,
    bias: Tensor | None = None, use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """(x - mean) / sqrt(var + eps) weight + bias for each channel of each element of the batch.

    use_input_stats: normalize by the input's own statistics (and move the running ones, if given), or by the running.
    Shape: input (N, C, *) with at least one place dimension; the others (C).

    >>> import minitorch as mt
    >>> mt.nn.functional.instance_norm(mt.tensor([[[1.0, 3.0]]]), eps=0.0)
    tensor([[[-1.,  1.]]])
    """
    need_tensor("instance_norm", "input", 1, input)
    shape = input._array.shape
    rows = [("input", shape, "N, C, *" if len(shape) > 2 else "")]
    if len(shape) < 2:
        raise RuntimeError(
            explain(f"instance_norm: expected an input (N, C, *), but got {len(shape)} dimensions", rows)
        )
    if use_input_stats and math.prod(shape[2:]) == 1:
        what = f"Expected more than 1 spatial element when training, got input size {list(shape)}"
        raise ValueError(explain(f"instance_norm: {what}", rows))
    given = (("running_mean", running_mean), ("running_var", running_var), ("weight", weight), ("bias", bias))
    _check_parameters("instance_norm", input, given, shape[1], rows)
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise RuntimeError(
                "instance_norm: Expected running_mean and running_var to be defined when use_input_stats is false"
            )
        return ops.normalize_by(input, running_mean, running_var, weight, bias, eps=eps)
    n, c = shape[:2]
    places = math.prod(shape[2:])
    y, mean, var = ops.standardize(
        input, weight, bias, shape=(n, c, places), axes=(2,), affine=(1, c, 1), eps=eps, kind="View"
    )
    _move(running_mean, mean._array.reshape(n, c), momentum, over_batch=True)
    _move(running_var, var._array.reshape(n, c), momentum, places, over_batch=True)
    return y


def layer_norm(
    input: Tensor, normalized_shape: tuple[int, ...], weight: Tensor | None = None, bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:  # fmt: skip
    """(x - mean) / sqrt(var + eps) weight + bias over the last dimensions, those of normalized_shape.

    Shape: input (*, *normalized_shape); weight and bias normalized_shape.

    >>> import minitorch as mt
    >>> mt.nn.functional.layer_norm(mt.tensor([[1.0, 3.0]]), (2,), eps=0.0)
    tensor([[-1.,  1.]])
    """
    need_tensor("layer_norm", "input", 1, input)
    lead, size, wanted = _normalized("layer_norm", input, normalized_shape, (("weight", weight), ("bias", bias)))
    return ops.standardize(
        input, weight, bias, shape=(lead, size), axes=(1,), affine=(1, size), eps=eps, kind="NativeLayerNorm"
    )[0]


def rms_norm(
    input: Tensor, normalized_shape: tuple[int, ...], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """x / sqrt(mean(x^2) + eps) weight over the last dimensions; eps is the dtype's machine epsilon if not given,
    for the halves that of float32.

    >>> import minitorch as mt
    >>> mt.nn.functional.rms_norm(mt.tensor([[3.0, 4.0, 0.0, 0.0]]), (4,))
    tensor([[1.2000, 1.6000, 0.0000, 0.0000]])
    """
    need_tensor("rms_norm", "input", 1, input)
    lead, size, _ = _normalized("rms_norm", input, normalized_shape, (("weight", weight),))
    if eps is None:
        kind = dtypes.from_numpy(input._array.dtype)
        eps = float(dtypes.finfo(dtypes.float32 if kind.itemsize == 2 else kind).eps)
    return ops.rms_norm(input, weight, shape=(lead, size), eps=eps)


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """(x - mean) / sqrt(var + eps) weight + bias, over groups of channels of each element of the batch.

    Shape: input (N, C, *), C divisible by num_groups; weight and bias (C).

    >>> import minitorch as mt
    >>> mt.nn.functional.group_norm(mt.tensor([[1.0, 3.0, 2.0, 6.0]]), 2, eps=0.0)
    tensor([[-1.,  1., -1.,  1.]])
    """
    need_tensor("group_norm", "input", 1, input)
    shape = input._array.shape
    rows = [("input", shape, "N, C, *" if len(shape) > 1 else "")]
    if len(shape) < 2:
        raise RuntimeError(
            explain(f"group_norm: Expected at least 2 dimensions for input tensor but received {len(shape)}", rows)
        )
    n, c = shape[:2]
    if num_groups <= 0:
        raise RuntimeError(explain(f"group_norm: Expected num groups to be greater than 0, got {num_groups}", rows))
    if c % num_groups:
        what = (
            f"Expected number of channels in input to be divisible by num_groups, but got input of shape {list(shape)}"
        )
        raise RuntimeError(explain(f"group_norm: {what} and num_groups={num_groups}", rows))
    if math.prod(shape) // max(c, 1) * (c // num_groups) == 1 and n == 1:
        what = f"Expected more than 1 value per channel when training, got input size {list(shape)}"
        raise ValueError(explain(f"group_norm: {what}", rows))
    for name, t in (("weight", weight), ("bias", bias)):
        if t is not None and t._array.shape != (c,):
            what = f"Expected {name} to be a vector of size equal to the number of channels in input, but got {name}"
            raise RuntimeError(
                explain(f"group_norm: {what} of shape {list(t._array.shape)} and input of shape {list(shape)}", rows)
            )
    _same_dtype("group_norm", input, (("weight", weight), ("bias", bias)))
    split = (n, num_groups, c // num_groups, math.prod(shape[2:]))
    return ops.standardize(
        input, weight, bias, shape=split, axes=(2, 3), affine=(1, *split[1:3], 1), eps=eps, kind="NativeGroupNorm"
    )[0]


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """x / (k + alpha mean of x^2 over `size` neighboring channels)^beta.

    Shape: input (N, C, *) with at least one place dimension.

    >>> import minitorch as mt
    >>> mt.nn.functional.local_response_norm(mt.ones(1, 2, 1), 2, alpha=2.0, beta=1.0)
    tensor([[[0.5000],
             [0.3333]]])
    """
    need_tensor("local_response_norm", "input", 1, input)
    shape = input._array.shape
    if len(shape) < 3:
        what = f"Expected 3D or higher dimensionality input (got {len(shape)} dimensions)"
        raise ValueError(explain(f"local_response_norm: {what}", [("input", shape, "")], "the input is (N, C, *)"))
    if input._array.size == 0:
        return input
    squares = (input * input).reshape(shape[0], 1, shape[1], math.prod(shape[2:]))
    squares = pad(squares, (0, 0, size // 2, (size - 1) // 2))
    means = avg_pool2d(squares, (size, 1), stride=1).reshape(shape)
    return input / (means * alpha + k) ** beta


def normalize(input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """x / max(|x|_p, eps), the norms taken along dim.

    >>> import minitorch as mt
    >>> mt.nn.functional.normalize(mt.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    need_tensor("normalize", "input", 1, input)
    lengths = input.norm(p, dim, keepdim=True).clamp_min(eps).expand_as(input)
    if out is None:
        return input / lengths
    from minitorch.tensor import FUNCTIONS

    return FUNCTIONS["div"](input, lengths, out=out)


# -- checks and statistics ---------------------------------------------------------------------------------------------


def _move(running: Any, batch: Any, momentum: float, count: int | None = None, over_batch: bool = False) -> None:
    """running = (1 - momentum) running + momentum batch, in place; `count`: unbias a variance of so many values."""
    if running is None:
        return
    if count is not None:
        batch = batch * (count / (count - 1) if count > 1 else math.nan)
    if over_batch:
        batch = batch.mean(axis=0)
    array = running._array
    array *= array.dtype.type(1 - momentum)
    array += (batch * momentum).astype(array.dtype)
    bump(running)


def _need_statistics(op: str, mean: Any, var: Any) -> None:
    for name, t in (("running_mean", mean), ("running_var", var)):
        if t is None:
            raise RuntimeError(
                f"{op}: {name} must be defined in evaluation mode\n    hint  training=True uses the batch's own"
            )


def _check_parameters(op: str, input: Any, given: tuple, channels: int, rows: list) -> None:
    for position, (name, t) in enumerate(given, 2):
        if t is not None:
            need_tensor(op, name, position, t)
        if t is not None and t._array.size != channels:
            what = f"{name} should contain {channels} elements not {t._array.size}"
            raise RuntimeError(explain(f"{op}: {what}", [*rows, (name, t._array.shape, "C")]))
    _same_dtype(op, input, given)


def _same_dtype(op: str, input: Any, given: tuple) -> None:
    """Parameters have the input's dtype, or float32 for an input of halves."""
    have = input._array.dtype
    if have.kind in "biu" or (have.kind == "c" and op != "rms_norm"):
        hint = "" if have.kind == "c" else "\n    hint  input.float()"
        raise NotImplementedError(f"{op}: not implemented for '{scalar_name(input._array)}'{hint}")
    for name, t in given:
        if t is not None and t._array.dtype != have and not (have.char in "eE" and t._array.dtype.char == "f"):
            what = f"expected scalar type {scalar_name(input._array)} but found {scalar_name(t._array)} in {name}"
            raise RuntimeError(f"{op}: mixed dtype: {what}")


def _normalized(op: str, input: Any, normalized_shape: Any, given: tuple) -> tuple[int, int, tuple]:
    """(how many rows, their size, normalized_shape as a tuple), checked against input and parameters."""
    if not isinstance(normalized_shape, (tuple, list)):
        raise type_error(op, "normalized_shape", 2, "tuple of ints", normalized_shape)
    wanted = tuple(normalized_shape)
    shape = input._array.shape
    rows = [("input", shape, ""), ("normalized_shape", wanted, "")]
    if not wanted:
        what = "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element"
        raise RuntimeError(explain(f"{op}: {what}", rows))
    for position, (name, t) in enumerate(given, 3):
        if t is not None:
            need_tensor(op, name, position, t)
        if t is not None and t._array.shape != wanted:
            what = (
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape "
                f"{list(t._array.shape)}"
            )
            raise RuntimeError(explain(f"{op}: {what} and normalized_shape = {list(wanted)}", rows))
    if shape[len(shape) - len(wanted) :] != wanted or len(shape) < len(wanted):
        inner = "".join(f", {n}" for n in wanted)
        what = (
            f"Given normalized_shape={list(wanted)}, expected input with shape [*{inner}], but got "
            f"input of size{list(shape)}"
        )
        raise RuntimeError(explain(f"{op}: {what}", rows))
    _same_dtype(op, input, given)
    return math.prod(shape[: len(shape) - len(wanted)]), math.prod(wanted), wanted
