"""Pooling functions. Arguments are checked here, with torch's rules; ops/pool.py computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.backend.kernels.windows import pool_output_size
from minitorch.errors import explain
from minitorch.nn.functional.spatial import LETTERS, batched, need_tensor, sizes, unbatched
from minitorch.ops import pool as ops
from minitorch.ops.kinds import scalar_name

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

    IntOr = int | tuple[int, ...]

__all__ = ["max_pool1d", "max_pool2d", "max_pool3d"]


def max_pool1d(
    input: Tensor, kernel_size: IntOr, stride: IntOr | None = None, padding: IntOr = 0, dilation: IntOr = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest value of each window of length kernel_size; of equal ones the first gets the gradient.

    stride: kernel_size if not given. ceil_mode: a last window that hangs over the edge counts. return_indices: also
    the places of the winners, (values, indices).
    Shape: input (N, C, L) or (C, L).

    >>> import minitorch as mt
    >>> mt.nn.functional.max_pool1d(mt.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    tensor([[3., 2.]])
    """
    return _max_pool("max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool2d(
    input: Tensor, kernel_size: IntOr, stride: IntOr | None = None, padding: IntOr = 0, dilation: IntOr = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest value of each window of an image; of equal ones the first (in row-major order) gets the gradient.

    Shape: input (N, C, H, W) or (C, H, W); indices count within one flattened H x W plane.

    >>> import minitorch as mt
    >>> mt.nn.functional.max_pool2d(mt.tensor([[[1.0, 3.0], [2.0, 0.0]]]), 2, return_indices=True)
    (tensor([[[3.]]]), tensor([[[1]]]))
    """
    return _max_pool("max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool3d(
    input: Tensor, kernel_size: IntOr, stride: IntOr | None = None, padding: IntOr = 0, dilation: IntOr = 1,
    ceil_mode: bool = False, return_indices: bool = False,
) -> Any:  # fmt: skip
    """The largest value of each window of a volume; as `max_pool2d` with one more dimension.

    Shape: input (N, C, D, H, W) or (C, D, H, W).

    >>> import minitorch as mt
    >>> mt.nn.functional.max_pool3d(mt.arange(8.0).reshape(1, 2, 2, 2), 2)
    tensor([[[[7.]]]])
    """
    return _max_pool("max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def _max_pool(
    op: str, n: int, input: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool, indices: bool
) -> Any:
    x, was, kernel, stride, padding = _window_arguments(op, n, input, kernel, stride, padding)
    dilation = _sizes(op, "dilation", dilation, n, 5)
    if any(d <= 0 for d in dilation):
        raise RuntimeError(f"{op}: dilation should be greater than zero, but got dilation={dilation}")
    if x._array.dtype.kind in "bc":
        raise NotImplementedError(f"{op}: \"max_pool{n}d\" not implemented for '{scalar_name(x._array)}'")
    _check_output(op, x._array.shape[2:], kernel, stride, padding, dilation, ceil_mode, input)
    values, places = ops.max_pool(
        x, kernel=kernel, stride=stride, padding=padding, dilation=dilation, ceil_mode=bool(ceil_mode)
    )
    return (unbatched(values, was), unbatched(places, was)) if indices else unbatched(values, was)


# -- checks ------------------------------------------------------------------------------------------------------------


def _sizes(op: str, name: str, value: Any, n: int, position: int) -> tuple:
    words = {1: "one int", 2: "two ints", 3: "three ints"}[n]
    omitted = "be omitted, " if name == "stride" else ""
    return sizes(op, name, value, n, position, f"{name} must either {omitted}be a single int, or a tuple of {words}, but got {value}")


def _window_arguments(op: str, n: int, input: Any, kernel: Any, stride: Any, padding: Any) -> tuple:
    """(input with a batch, whether it had one, kernel, stride, padding), checked."""
    need_tensor(op, "input", 1, input)
    kernel = _sizes(op, "kernel_size", kernel, n, 2)
    empty = stride is None or (isinstance(stride, (tuple, list)) and not stride)
    stride = kernel if empty else _sizes(op, "stride", stride, n, 3)
    padding = _sizes(op, "padding", padding, n, 4)
    for name, value in (("kernel_size", kernel), ("stride", stride)):
        if any(v <= 0 for v in value):
            what = "stride should not be zero" if name == "stride" else "kernel_size should be greater than zero"
            raise RuntimeError(f"{op}: {what}, but got {name}={value}; it must be greater than zero")
    if any(p < 0 for p in padding):
        raise RuntimeError(f"{op}: pad must be non-negative, but got padding={padding}")
    if any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        raise RuntimeError(
            f"{op}: pad should be at most half of kernel size, but got padding={padding} and kernel_size={kernel}\n"
            "    hint  a window in the padding alone has no maximum; F.pad gives the input a wider border"
        )
    x, was = with_batch(op, n, input)
    return x, was, kernel, stride, padding


def with_batch(op: str, n: int, input: Any) -> tuple[Any, bool]:
    """(input with a batch dimension, whether it had one); only the batch may be empty."""
    shape = input._array.shape
    what = f"Expected {n + 1}D or {n + 2}D (batch mode) tensor with optional 0 dim batch size for input, but got:{list(shape)}"
    if 0 in shape[-(n + 1) :] and len(shape) in (n + 1, n + 2):
        raise RuntimeError(explain(f"{op}: {what}", [("input", shape, f"N, C, {LETTERS[n]}" if len(shape) > n + 1 else "")]))
    return batched(op, input, n, f"non-empty {n + 1}D or {n + 2}D (batch mode) tensor expected for input: {what}")


def _check_output(
    op: str, spatial: tuple, kernel: tuple, stride: tuple, padding: tuple, dilation: tuple, ceil_mode: bool, input: Any
) -> None:
    terms = zip(spatial, kernel, stride, padding, dilation, strict=True)
    out = tuple(pool_output_size(*s, bool(ceil_mode)) for s in terms)
    if any(o < 1 for o in out):
        what = f"Given input size: {spatial}. Calculated output size: {out}. Output size is too small"
        shape = input._array.shape
        letters = ("N, C, " if len(shape) == len(spatial) + 2 else "C, ") + LETTERS[len(spatial)]
        raise RuntimeError(explain(f"{op}: {what}", [("input", shape, letters), ("kernel_size", kernel, "")]))
