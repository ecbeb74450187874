"""Pooling functions. Arguments are checked here, with torch's rules; ops/pool.py computes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from minitorch.backend.kernels.windows import pool_output_size
from minitorch.errors import explain
from minitorch.nn.functional.spatial import LETTERS, batched, need_tensor, sizes, unbatched
from minitorch.ops import pool as ops
from minitorch.ops.kinds import scalar_name
from minitorch.tensor.dims import refuse_dtype
from minitorch.tensor.random import rand

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

    IntOr = int | tuple[int, ...]

__all__ = [
    "adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d", "fractional_max_pool2d",
    "fractional_max_pool3d", "max_pool1d", "max_pool2d", "max_pool3d", "max_unpool1d", "max_unpool2d", "max_unpool3d",
]  # fmt: skip


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
    x, was, kernel, stride, padding = window_arguments(op, n, input, kernel, stride, padding)
    dilation = _sizes(op, "dilation", dilation, n, 5)
    if any(d <= 0 for d in dilation):
        raise RuntimeError(f"{op}: dilation should be greater than zero, but got dilation={dilation}")
    if x._array.dtype.kind in ("bciu" if n == 1 and not indices else "bc"):
        raise NotImplementedError(f"{op}: \"max_pool{n}d\" not implemented for '{scalar_name(x._array)}'")
    check_output(op, x._array.shape[2:], kernel, stride, padding, dilation, ceil_mode, input)
    values, places = ops.max_pool(
        x, kernel=kernel, stride=stride, padding=padding, dilation=dilation, ceil_mode=bool(ceil_mode)
    )
    return (unbatched(values, was), unbatched(places, was)) if indices else unbatched(values, was)


# -- adaptive ----------------------------------------------------------------------------------------------------------


def adaptive_max_pool1d(input: Tensor, output_size: IntOr, return_indices: bool = False) -> Any:
    """The maxima of output_size windows, floor(i L / out) up to ceil((i + 1) L / out).

    >>> import minitorch as mt
    >>> mt.nn.functional.adaptive_max_pool1d(mt.tensor([[1.0, 3.0, 2.0]]), 2)
    tensor([[3., 3.]])
    """
    return _adaptive_max_pool("adaptive_max_pool1d", 1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The maxima of windows that divide an image into output_size parts; None in it keeps the input's size.

    >>> import minitorch as mt
    >>> mt.nn.functional.adaptive_max_pool2d(mt.tensor([[[1.0, 3.0], [2.0, 0.0]]]), (1, None))
    tensor([[[2., 3.]]])
    """
    return _adaptive_max_pool("adaptive_max_pool2d", 2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """The maxima of windows that divide a volume into output_size parts.

    >>> import minitorch as mt
    >>> mt.nn.functional.adaptive_max_pool3d(mt.arange(8.0).reshape(1, 2, 2, 2), 1)
    tensor([[[[7.]]]])
    """
    return _adaptive_max_pool("adaptive_max_pool3d", 3, input, output_size, return_indices)


def _adaptive_max_pool(op: str, n: int, input: Any, output_size: Any, indices: bool) -> Any:
    x, was, spatial = adaptive_arguments(op, n, input, output_size)
    if x._array.dtype.kind not in "fV":
        raise NotImplementedError(f"{op}: \"adaptive_max_pool{n}d\" not implemented for '{scalar_name(x._array)}'")
    values, places = ops.adaptive_max_pool(x, spatial=spatial)
    return (unbatched(values, was), unbatched(places, was)) if indices else unbatched(values, was)


def adaptive_arguments(op: str, n: int, input: Any, output_size: Any) -> tuple:
    """(input with a batch, whether it had one, the output's places), checked."""
    need_tensor(op, "input", 1, input)
    if n > 1 and isinstance(output_size, (tuple, list)) and input._array.ndim <= len(output_size):
        what = f"Input dimension should be at least {len(output_size) + 1}"
        raise ValueError(f"{op}: {what} for an output_size of {len(output_size)}")
    x, was = with_batch(op, n, input)
    have = x._array.shape[2:]
    wanted = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * n
    if len(wanted) == n:
        wanted = tuple(h if w is None else w for w, h in zip(wanted, have, strict=True))
    spatial = sizes(
        op, "output_size", wanted, n, 2, f"output_size must be a single int or a tuple of {n}, but got {output_size}"
    )
    if any(s < 0 for s in spatial):
        raise RuntimeError(f"{op}: elements of output_size must be greater than or equal to 0, but got {spatial}")
    return x, was, spatial


# -- fractional --------------------------------------------------------------------------------------------------------


def fractional_max_pool2d(
    input: Tensor, kernel_size: IntOr, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """Maxima of windows at pseudo-random steps (Graham 2014); give output_size, or output_ratio of the input's size.

    >>> import minitorch as mt
    >>> mt.nn.functional.fractional_max_pool2d(mt.arange(9.0).reshape(1, 3, 3), 2, (2, 2))
    tensor([[[4., 5.],
             [7., 8.]]])
    """
    return _fractional(
        "fractional_max_pool2d", 2, input, kernel_size, output_size, output_ratio, return_indices, _random_samples
    )


def fractional_max_pool3d(
    input: Tensor, kernel_size: IntOr, output_size: Any = None, output_ratio: Any = None, return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:  # fmt: skip
    """Maxima of windows of a volume at pseudo-random steps; see `fractional_max_pool2d`.

    >>> import minitorch as mt
    >>> mt.nn.functional.fractional_max_pool3d(mt.arange(27.0).reshape(1, 3, 3, 3), 2, 1)
    tensor([[[[26.]]]])
    """
    return _fractional(
        "fractional_max_pool3d", 3, input, kernel_size, output_size, output_ratio, return_indices, _random_samples
    )


def _fractional(
    op: str, n: int, input: Any, kernel: Any, output_size: Any, ratio: Any, indices: bool, samples: Any
) -> Any:
    need_tensor(op, "input", 1, input)
    if output_size is None and ratio is None:
        raise ValueError(f"{op} requires specifying either an output_size or an output_ratio")
    kernel = sizes(op, "kernel_size", kernel, n, 2)
    refuse_dtype(input, "biuc", f"{op}_out_frame")
    x, was = with_batch(op, n, input)
    have = x._array.shape[2:]
    if output_size is None:
        ratios = ratio if isinstance(ratio, (tuple, list)) else (ratio,) * n
        if any(not 0 < r < 1 for r in ratios):
            raise ValueError(f"{op}: output_ratio must be between 0 and 1 (got {ratio})")
        output_size = tuple(int(h * r) for h, r in zip(have, ratios, strict=True))
    spatial = sizes(op, "output_size", output_size, n, 3)
    for k, o, h in zip(kernel, spatial, have, strict=True):
        if o + k - 1 > h - (n == 3):  # torch's 3-d version leaves one place free
            raise RuntimeError(f"{op}: pool size ({k}) too large relative to input size ({h}) for an output of {o}")
    if samples is None:
        samples = rand(*x._array.shape[:2], n, dtype=x.dtype, device=x.device)
    else:
        samples = _checked_samples(op, x, samples, n)
    values, places = ops.fractional_max_pool(x, samples, kernel=kernel, spatial=spatial)
    return (unbatched(values, was), unbatched(places, was)) if indices else unbatched(values, was)


def _checked_samples(op: str, x: Tensor, samples: Tensor, n: int) -> Tensor:
    """The samples of the batch's own elements: as in torch there may be more of them."""
    (batch, channels), have = x._array.shape[:2], samples._array.shape
    rows = [("input", x._array.shape, "N, C, *"), ("_random_samples", have, f"N, C, {n}")]
    if samples.dtype != x.dtype:
        what = f"Expect _random_samples to have the same dtype as input, {x.dtype}, but got {samples.dtype}"
    elif len(have) != 3:
        what = f"Expect _random_samples to have 3 dimensions, got {len(have)}"
    elif have[0] < batch:
        what = "Expect _random_samples.size(0) no less then input batch size."
    elif have[1] != channels:
        what = "Expect _random_samples.size(1) equals to input channel size."
    elif have[2] != n:
        what = f"Expect _random_samples.size(2) equals to {n}; got {have[2]}."
    else:
        return samples[:batch]
    raise RuntimeError(explain(f"{op}: {what}", rows))


# -- unpooling ---------------------------------------------------------------------------------------------------------


def max_unpool1d(
    input: Tensor, indices: Tensor, kernel_size: IntOr, stride: IntOr | None = None, padding: IntOr = 0,
    output_size: Any = None,
) -> Tensor:  # fmt: skip
    """Zeros with each maximum put back where `max_pool1d` (with return_indices) found it.

    >>> import minitorch as mt
    >>> mt.nn.functional.max_unpool1d(mt.tensor([[3.0, 2.0]]), mt.tensor([[1, 2]]), 2)
    tensor([[0., 3., 2., 0.]])
    """
    return _max_unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Tensor, indices: Tensor, kernel_size: IntOr, stride: IntOr | None = None, padding: IntOr = 0,
    output_size: Any = None,
) -> Tensor:  # fmt: skip
    """Zeros with each maximum put back where `max_pool2d` (with return_indices) found it.

    output_size: which of the sizes that pool to the input's is meant; by default (S - 1) stride - 2 padding + kernel.

    >>> import minitorch as mt
    >>> mt.nn.functional.max_unpool2d(mt.tensor([[[3.0]]]), mt.tensor([[[1]]]), 2)
    tensor([[[0., 3.],
             [0., 0.]]])
    """
    return _max_unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Tensor, indices: Tensor, kernel_size: IntOr, stride: IntOr | None = None, padding: IntOr = 0,
    output_size: Any = None,
) -> Tensor:  # fmt: skip
    """Zeros with each maximum put back where `max_pool3d` (with return_indices) found it.

    >>> import minitorch as mt
    >>> mt.nn.functional.max_unpool3d(mt.tensor([[[[3.0]]]]), mt.tensor([[[[5]]]]), 2).argmax()
    tensor(5)
    """
    return _max_unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)


def _max_unpool(
    op: str, n: int, input: Any, indices: Any, kernel: Any, stride: Any, padding: Any, output_size: Any
) -> Tensor:
    need_tensor(op, "input", 1, input)
    need_tensor(op, "indices", 2, indices)
    kernel = sizes(op, "kernel_size", kernel, n, 3)
    stride = kernel if stride is None else sizes(op, "stride", stride, n, 4)
    padding = sizes(op, "padding", padding, n, 5)
    rows = [("input", input._array.shape, ""), ("indices", indices._array.shape, "")]
    if indices._array.dtype.name != "int64":
        raise RuntimeError(explain(f"{op}: elements in indices should be type int64 but got: {indices.dtype}", rows))
    if indices._array.shape != input._array.shape:
        raise RuntimeError(explain(f"{op}: Expected shape of indices to be the same as that of the input tensor", rows))
    refuse_dtype(input, "biu", op)
    x, was = with_batch(op, n, input)
    have = x._array.shape[2:]
    default = tuple((h - 1) * s - 2 * p + k for h, s, p, k in zip(have, stride, padding, kernel, strict=True))
    spatial = _unpooled_size(op, n, default, stride, output_size)
    places = indices if was else indices.unsqueeze(0)
    limit = math.prod(spatial)
    if places._array.size and not (0 <= int(places._array.min()) and int(places._array.max()) < limit):
        raise RuntimeError(
            explain(f"{op}: Found an invalid max index: it should be in [0, {limit}), an output of {spatial}", rows)
        )
    return unbatched(ops.max_unpool(x, places, spatial=spatial), was)


def _unpooled_size(op: str, n: int, default: tuple, stride: tuple, output_size: Any) -> tuple:
    if output_size is None:
        return default
    wanted = tuple(output_size)[-n:] if len(output_size) in (n, n + 1, n + 2) else None
    if wanted is None:
        raise ValueError(
            f"{op}: output_size should be a sequence containing {n} or {n + 2} elements, but "
            f"it has a length of '{len(output_size)}'"
        )
    for d, (w, size, s) in enumerate(zip(wanted, default, stride, strict=True)):
        if not size - s < w < size + s:
            raise ValueError(
                f'{op}: invalid output_size "{list(wanted)}" (dim {d} must be between {size - s} and {size + s})'
            )
    return wanted


# -- checks ------------------------------------------------------------------------------------------------------------


def _sizes(op: str, name: str, value: Any, n: int, position: int) -> tuple:
    words = {1: "one int", 2: "two ints", 3: "three ints"}[n]
    omitted = "be omitted, " if name == "stride" else ""
    return sizes(
        op,
        name,
        value,
        n,
        position,
        f"{name} must either {omitted}be a single int, or a tuple of {words}, but got {value}",
    )


def window_arguments(op: str, n: int, input: Any, kernel: Any, stride: Any, padding: Any) -> tuple:
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
    what = (
        f"Expected {n + 1}D or {n + 2}D (batch mode) tensor with optional 0 dim batch size for input, "
        f"but got:{list(shape)}"
    )
    if 0 in shape[-(n + 1) :] and len(shape) in (n + 1, n + 2):
        raise RuntimeError(
            explain(f"{op}: {what}", [("input", shape, f"N, C, {LETTERS[n]}" if len(shape) > n + 1 else "")])
        )
    return batched(op, input, n, f"non-empty {n + 1}D or {n + 2}D (batch mode) tensor expected for input: {what}")


def check_output(
    op: str, spatial: tuple, kernel: tuple, stride: tuple, padding: tuple, dilation: tuple, ceil_mode: bool, input: Any
) -> None:
    terms = zip(spatial, kernel, stride, padding, dilation, strict=True)
    out = tuple(pool_output_size(*s, bool(ceil_mode)) for s in terms)
    if any(o < 1 for o in out):
        what = f"Given input size: {spatial}. Calculated output size: {out}. Output size is too small"
        shape = input._array.shape
        letters = ("N, C, " if len(shape) == len(spatial) + 2 else "C, ") + LETTERS[len(spatial)]
        raise RuntimeError(explain(f"{op}: {what}", [("input", shape, letters), ("kernel_size", kernel, "")]))
