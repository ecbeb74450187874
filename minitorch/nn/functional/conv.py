"""Convolutions, transposed convolutions, windows as columns. Arguments are checked here; ops/conv.py computes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from minitorch.backend.kernels.windows import conv_output_size, conv_transpose_output_size
from minitorch.errors import explain, type_error
from minitorch.nn.functional.spatial import LETTERS, batched, is_int, need_tensor, sizes, unbatched
from minitorch.ops import conv as ops
from minitorch.ops.indexing import embed
from minitorch.ops.kinds import scalar_name
from minitorch.tensor.dims import refuse_dtype

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

    IntOr = int | tuple[int, ...]

__all__ = [
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "fold", "unfold",
]  # fmt: skip


def conv1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: IntOr = 1, padding: str | IntOr = 0,
    dilation: IntOr = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """Cross-correlation along one dimension.

    y[n, o, l] = b[o] + sum over c, k of x[n, c, l stride + k dilation - padding] w[o, c, k].

    Shape: input (N, C_in, L) or (C_in, L), weight (C_out, C_in/groups, k) -> (N, C_out, L_out) or (C_out, L_out).

    >>> import minitorch as mt
    >>> mt.nn.functional.conv1d(mt.tensor([[1.0, 2.0, 4.0]]), mt.tensor([[[-1.0, 1.0]]]))
    tensor([[1., 2.]])
    """
    return _conv("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: IntOr = 1, padding: str | IntOr = 0,
    dilation: IntOr = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """Cross-correlation over images: the windows of the input, each multiplied by the weight and summed, plus the bias.

    padding: zeros on either side; "same" keeps the size (stride 1 only), "valid" is 0.
    Shape: input (N, C_in, H, W) or (C_in, H, W), weight (C_out, C_in/groups, kH, kW) -> (N, C_out, H_out, W_out) with
    H_out = floor((H + 2 padding - dilation (kH - 1) - 1) / stride) + 1.

    >>> import minitorch as mt
    >>> mt.nn.functional.conv2d(mt.ones(1, 1, 3, 4), mt.ones(1, 1, 3, 3))
    tensor([[[[9., 9.]]]])
    """
    return _conv("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: IntOr = 1, padding: str | IntOr = 0,
    dilation: IntOr = 1, groups: int = 1,
) -> Tensor:  # fmt: skip
    """Cross-correlation over volumes; as `conv2d` with one more dimension.

    Shape: input (N, C_in, D, H, W) or (C_in, D, H, W), weight (C_out, C_in/groups, kD, kH, kW).

    >>> import minitorch as mt
    >>> mt.nn.functional.conv3d(mt.ones(1, 1, 2, 2, 3), mt.ones(1, 1, 2, 2, 2))
    tensor([[[[[8., 8.]]]]])
    """
    return _conv("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def conv_transpose1d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: IntOr = 1, padding: IntOr = 0,
    output_padding: IntOr = 0, groups: int = 1, dilation: IntOr = 1,
) -> Tensor:  # fmt: skip
    """The adjoint of `conv1d`: every input place adds its multiple of the weight to the output.

    Shape: input (N, C_in, L) or (C_in, L), weight (C_in, C_out/groups, k) -> (N, C_out, L_out),
    L_out = (L - 1) stride - 2 padding + dilation (k - 1) + output_padding + 1.

    >>> import minitorch as mt
    >>> mt.nn.functional.conv_transpose1d(mt.tensor([[1.0, 2.0]]), mt.tensor([[[1.0, 10.0]]]))
    tensor([[ 1., 12., 20.]])
    """
    return _conv_transpose(
        "conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose2d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: IntOr = 1, padding: IntOr = 0,
    output_padding: IntOr = 0, groups: int = 1, dilation: IntOr = 1,
) -> Tensor:  # fmt: skip
    """The adjoint of `conv2d`, also called deconvolution: see `conv_transpose1d`.

    Shape: input (N, C_in, H, W) or (C_in, H, W), weight (C_in, C_out/groups, kH, kW) -> (N, C_out, H_out, W_out).

    >>> import minitorch as mt
    >>> mt.nn.functional.conv_transpose2d(mt.ones(1, 1, 1, 2), mt.ones(1, 1, 2, 2), stride=2)
    tensor([[[[1., 1., 1., 1.],
              [1., 1., 1., 1.]]]])
    """
    return _conv_transpose(
        "conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_transpose3d(
    input: Tensor, weight: Tensor, bias: Tensor | None = None, stride: IntOr = 1, padding: IntOr = 0,
    output_padding: IntOr = 0, groups: int = 1, dilation: IntOr = 1,
) -> Tensor:  # fmt: skip
    """The adjoint of `conv3d`: see `conv_transpose1d`.

    Shape: input (N, C_in, D, H, W) or (C_in, D, H, W), weight (C_in, C_out/groups, kD, kH, kW).

    >>> import minitorch as mt
    >>> mt.nn.functional.conv_transpose3d(mt.ones(1, 1, 1, 1, 1), mt.ones(1, 1, 1, 1, 2))
    tensor([[[[[1., 1.]]]]])
    """
    return _conv_transpose(
        "conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups, dilation
    )


# -- checks ------------------------------------------------------------------------------------------------------------


def _conv(
    op: str, n: int, input: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: Any
) -> Tensor:
    _check_tensors(op, n, input, weight, bias, groups)
    stride, dilation = sizes(op, "stride", stride, n, 4), sizes(op, "dilation", dilation, n, 6)
    x, was = batched(op, input, n)
    if isinstance(padding, str):
        x, padding = _padding_by_name(op, x, weight._array.shape[2:], stride, padding, dilation)
    padding = sizes(op, "padding", padding, n, 5)
    _check_positive(op, stride, padding, dilation)
    x_shape, w_shape = x._array.shape, weight._array.shape
    rows = _rows(n, input, weight, bias)
    _check_groups(op, w_shape, groups, rows)
    if x_shape[1] != w_shape[1] * groups:
        want, have = w_shape[1] * groups, x_shape[1]
        torch = (
            f"Given groups={groups}, weight of size {list(w_shape)}, expected input{list(x_shape)} "
            f"to have {want} channels"
        )
        hint = f"Conv{n}d(in_channels={have}, ...), or permute the input if it is N, {LETTERS[n]}, C"
        what = (
            f"weight expects {want} input channels, but the input has {have}: {torch}, but got {have} channels instead"
        )
        raise RuntimeError(explain(f"{op}: {what}", rows, hint))
    _check_bias(op, bias, w_shape[0], w_shape, rows, "")
    out = [conv_output_size(*s) for s in zip(x_shape[2:], w_shape[2:], stride, padding, dilation, strict=True)]
    if any(o < 1 for o in out):
        padded = " x ".join(str(s + 2 * p) for s, p in zip(x_shape[2:], padding, strict=True))
        spread = " x ".join(str(d * (k - 1) + 1) for d, k in zip(dilation, w_shape[2:], strict=True))
        what = (
            f"Calculated padded input size per channel: ({padded}). Kernel size: ({spread}). Kernel "
            "size can't be greater than actual input size"
        )
        raise RuntimeError(explain(f"{op}: {what}", rows, "a larger input, more padding, or a smaller kernel"))
    y = ops.convolution(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups)
    return unbatched(y, was)


def _conv_transpose(
    op: str, n: int, input: Any, weight: Any, bias: Any, stride: Any, padding: Any, output_padding: Any, groups: Any,
    dilation: Any,
) -> Tensor:  # fmt: skip
    _check_tensors(op, n, input, weight, bias, groups)
    stride, padding = sizes(op, "stride", stride, n, 4), sizes(op, "padding", padding, n, 5)
    extra, dilation = sizes(op, "output_padding", output_padding, n, 6), sizes(op, "dilation", dilation, n, 8)
    x, was = batched(op, input, n)
    _check_positive(op, stride, padding, dilation)
    x_shape, w_shape = x._array.shape, weight._array.shape
    rows = _rows(n, input, weight, bias, "C_in, C_out/groups")
    if any(e < 0 for e in extra):
        raise RuntimeError(f"{op}: negative output_padding is not supported, got output_padding={extra}")
    _check_groups(op, w_shape, groups, rows)
    if x_shape[1] != w_shape[0]:
        torch = (
            f"Given transposed=1, weight of size {list(w_shape)}, expected input{list(x_shape)} "
            f"to have {w_shape[0]} channels"
        )
        what = (
            f"weight expects {w_shape[0]} input channels, but the input has {x_shape[1]}: {torch}, "
            f"but got {x_shape[1]} channels instead"
        )
        raise RuntimeError(explain(f"{op}: {what}", rows, f"ConvTranspose{n}d(in_channels={x_shape[1]}, ...)"))
    _check_bias(op, bias, w_shape[1] * groups, w_shape, rows, "transposed=1, ")
    if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
        what = (
            f"output padding must be smaller than either stride or dilation, but got output_padding={extra}, "
            f"stride={stride}, dilation={dilation}"
        )
        raise RuntimeError(explain(f"{op}: {what}", rows))
    terms = zip(x_shape[2:], w_shape[2:], stride, padding, extra, dilation, strict=True)
    spatial = tuple(conv_transpose_output_size(*s) for s in terms)
    if any(s < 1 for s in spatial):
        what = (
            f"Given input size per channel: {x_shape[2:]}, calculated output size per channel: {spatial}. "
            "Output size is too small"
        )
        raise RuntimeError(explain(f"{op}: {what}", rows, "less padding, or a larger input"))
    y = ops.convolution_transpose(
        x, weight, bias, spatial=spatial, stride=stride, padding=padding, dilation=dilation, groups=groups
    )
    return unbatched(y, was)


def _rows(n: int, x: Any, w: Any, b: Any, letters: str = "C_out, C_in/groups") -> list:
    """The shapes of a message, with their letters."""
    shape = x._array.shape
    kernel = ", ".join("k" + c for c in LETTERS[n].split(", "))
    lead = "N, C, " if len(shape) == n + 2 else "C, "
    rows = [("input", shape, lead + LETTERS[n]), ("weight", w._array.shape, f"{letters}, {kernel}")]
    return rows if b is None else [*rows, ("bias", b._array.shape, "C_out")]


def _check_tensors(op: str, n: int, input: Any, weight: Any, bias: Any, groups: Any) -> None:
    need_tensor(op, "input", 1, input)
    need_tensor(op, "weight", 2, weight)
    if bias is not None:
        need_tensor(op, "bias", 3, bias)
    if not is_int(groups):
        raise type_error(op, "groups", 7, "int", groups)
    if weight._array.ndim != n + 2:
        what = f"expected a weight of {n + 2} dimensions, but got one of {weight._array.ndim}"
        raise RuntimeError(
            explain(f"{op}: {what}", [("input", input._array.shape, ""), ("weight", weight._array.shape, "")])
        )
    dtype = input._array.dtype
    if weight._array.dtype != dtype:
        what = f"expected scalar type {scalar_name(input._array)} but found {scalar_name(weight._array)} in the weight"
        raise RuntimeError(explain(f"{op}: {what}", _rows(n, input, weight, bias), "input.to(weight.dtype)"))
    if bias is not None and bias._array.dtype != dtype:
        what = f"Input type ({scalar_name(input._array)}) and bias type ({scalar_name(bias._array)}) should be the same"
        raise RuntimeError(explain(f"{op}: {what}", _rows(n, input, weight, bias), "input.to(bias.dtype)"))
    if dtype.char == "?":
        raise NotImplementedError(f"{op}: not implemented for 'Bool'\n    hint  input.float()")


def _check_positive(op: str, stride: tuple, padding: tuple, dilation: tuple) -> None:
    if any(p < 0 for p in padding):
        raise RuntimeError(
            f"{op}: negative padding is not supported, got padding={padding}\n    hint  F.pad takes negative sizes"
        )
    for name, value in (("stride", stride), ("dilation", dilation)):
        if any(v <= 0 for v in value):
            raise RuntimeError(f"{op}: non-positive {name} is not supported, got {name}={value}")


def _check_groups(op: str, w_shape: tuple, groups: int, rows: list) -> None:
    given = f"Given groups={groups}, expected weight to be"
    if groups <= 0:
        raise RuntimeError(f"{op}: non-positive groups is not supported, got groups={groups}")
    if w_shape[0] < groups:
        raise RuntimeError(
            explain(
                f"{op}: {given} at least {groups} at dimension 0, but got weight of size {list(w_shape)} instead", rows
            )
        )
    if w_shape[0] % groups:
        raise RuntimeError(
            explain(
                f"{op}: {given} divisible by {groups} at dimension 0, but got weight of size {list(w_shape)} instead",
                rows,
            )
        )


def _check_bias(op: str, bias: Any, channels: int, w_shape: tuple, rows: list, kind: str) -> None:
    if bias is not None and bias._array.shape != (channels,):
        what = f"Given {kind}weight of size {list(w_shape)}, expected bias to be 1-dimensional with {channels} elements"
        raise RuntimeError(explain(f"{op}: {what}, but got bias of size {list(bias._array.shape)} instead", rows))


def _padding_by_name(op: str, x: Any, kernel: tuple, stride: tuple, padding: str, dilation: tuple) -> tuple[Any, tuple]:
    """(input, padding) for "same" or "valid"; where "same" needs one place more on the right, the input gets it."""
    if padding not in ("same", "valid"):
        raise RuntimeError(f"{op}: Invalid padding string: '{padding}'; expected 'same' or 'valid', or numbers")
    if padding == "valid":
        return x, (0,) * len(kernel)
    if any(s != 1 for s in stride):
        raise RuntimeError(f"{op}: padding='same' is not supported for strided convolutions, got stride={stride}")
    total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
    if any(t % 2 for t in total):
        shape = x._array.shape
        index = (slice(None), slice(None), *(slice(0, s) for s in shape[2:]))
        x = embed(x, shape=shape[:2] + tuple(s + t % 2 for s, t in zip(shape[2:], total, strict=True)), index=index)
    return x, tuple(t // 2 for t in total)


# -- windows as columns ------------------------------------------------------------------------------------------------


def unfold(input: Tensor, kernel_size: IntOr, dilation: IntOr = 1, padding: IntOr = 0, stride: IntOr = 1) -> Tensor:
    """All windows of an image as columns.

    Shape: input (N, C, H, W) or (C, H, W) -> (N, C kH kW, L) or (C kH kW, L) with one column for each of L windows.

    >>> import minitorch as mt
    >>> mt.nn.functional.unfold(mt.tensor([[[1.0, 2.0, 3.0]]]), (1, 2))
    tensor([[1., 2.],
            [2., 3.]])
    """
    need_tensor("unfold", "input", 1, input)
    refuse_dtype(input, "iu", "im2col_out_cpu")
    settings = _window_settings("unfold", kernel_size, dilation, padding, stride)
    kernel, dilation, padding, stride = settings
    shape = input._array.shape
    if len(shape) not in (3, 4) or 0 in shape[-3:]:
        what = (
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input"
        )
        raise RuntimeError(explain(f"unfold: {what}, but got: {list(shape)}", [("input", shape, "")]))
    x, was = batched("unfold", input, 2)
    blocks = _block_counts(shape[-2:], kernel, dilation, padding, stride)
    if any(b < 1 for b in blocks):
        what = (
            f"Given input with spatial size {shape[-2:]}, kernel_size={kernel}, dilation={dilation}, padding={padding}"
        )
        raise RuntimeError(
            f"unfold: {what}, calculated shape of the array of sliding blocks as {tuple(blocks)}, "
            "but its components must be at least one."
        )
    return unbatched(ops.unfold_columns(x, kernel=kernel, dilation=dilation, padding=padding, stride=stride), was)


def fold(
    input: Tensor, output_size: IntOr, kernel_size: IntOr, dilation: IntOr = 1, padding: IntOr = 0, stride: IntOr = 1
) -> Tensor:
    """Columns added back into an image, each where `unfold` takes it from.

    Shape: input (N, C kH kW, L) or (C kH kW, L) -> (N, C, *output_size) or (C, *output_size).

    >>> import minitorch as mt
    >>> mt.nn.functional.fold(mt.tensor([[1.0, 2.0], [2.0, 3.0]]), (1, 3), (1, 2))
    tensor([[[1., 4., 3.]]])
    """
    need_tensor("fold", "input", 1, input)
    spatial = sizes("fold", "output_size", output_size, 2, 2)
    kernel, dilation, padding, stride = _window_settings("fold", kernel_size, dilation, padding, stride)
    shape = input._array.shape
    rows = [("input", shape, "N, C kH kW, L" if len(shape) == 3 else "C kH kW, L")]
    if len(shape) not in (2, 3) or 0 in shape[-2:]:
        what = (
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero "
            "dimensions for input"
        )
        raise RuntimeError(explain(f"fold: {what}, but got: {list(shape)}", [("input", shape, "")]))
    if shape[-2] % math.prod(kernel):
        what = (
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, "
            f"but got input.size(1)={shape[-2]} and kernel_size={kernel}"
        )
        raise RuntimeError(explain(f"fold: {what}", rows))
    blocks = _block_counts(spatial, kernel, dilation, padding, stride)
    given = (
        f"Given output_size={spatial}, kernel_size={kernel}, dilation={dilation}, padding={padding}, stride={stride}"
    )
    if any(b < 1 for b in blocks):
        what = (
            f"{given}, calculated shape of the array of sliding blocks as {tuple(blocks)}, which "
            "is too small (non-positive)"
        )
        raise RuntimeError(explain(f"fold: {what}", rows))
    if shape[-1] != math.prod(blocks):
        what = (
            f"{given}, expected size of input's dimension 2 to match the calculated number of sliding "
            f"blocks {math.prod(blocks)}, but got input.size(2)={shape[-1]}"
        )
        raise RuntimeError(explain(f"fold: {what}", rows))
    x, was = (input, True) if len(shape) == 3 else (input.unsqueeze(0), False)
    y = ops.fold_columns(x, spatial=spatial, kernel=kernel, dilation=dilation, padding=padding, stride=stride)
    return unbatched(y, was)


def _block_counts(spatial: Any, kernel: Any, dilation: Any, padding: Any, stride: Any) -> list[int]:
    """How many windows fit along each dimension."""
    return [conv_output_size(*s) for s in zip(spatial, kernel, stride, padding, dilation, strict=True)]


def _window_settings(op: str, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> tuple:
    named = (("kernel_size", kernel_size), ("dilation", dilation), ("padding", padding), ("stride", stride))
    found = tuple(sizes(op, name, value, 2, k) for k, (name, value) in enumerate(named, 2))
    for (name, _), value in zip(named, found, strict=True):
        if any(v < (0 if name == "padding" else 1) for v in value):
            least = "non-negative" if name == "padding" else "greater than zero"
            raise RuntimeError(f"{op}: {name} should be {least}, but got {name}={value}")
    return found
