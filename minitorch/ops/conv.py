"""Convolution and its two adjoints. Each is bilinear, and

    <g, convolution(x, w)> = <convolution_input_grad(g, w), x> = <convolution_weight_grad(g, x), w>,

so the derivatives of each are the other two, and any order of derivative is there without a further kernel.
Settings are tuples with one entry for each spatial dimension; shapes were checked by the functional layer.
"""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import kernels_of
from minitorch.ops.elementwise import conj
from minitorch.ops.formats import in_format
from minitorch.ops.reduce import sum

Ints = tuple[int, ...]


def _bias_grad(g: Any) -> Any:
    """The sum over everything but the channels: (N, O, *L) -> (O,)."""
    return sum(g, dim=(0, *range(2, g.ndim)))


@op(node="ConvolutionBackward0")
def convolution(
    x: Any,
    w: Any,
    b: Any = None,
    *,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    groups: int = 1,
    out_spatial: Any = None,
) -> Any:
    """x (N, C, *S), w (O, C/groups, *K), b (O,) -> (N, O, *L); `out_spatial` keeps only the first places."""
    return in_format(kernels_of(x).conv_forward(x, w, stride, padding, dilation, groups, b, out_spatial), x, w)


@convolution.vjp("x")
def _(g: Any, w: Any, x_shape: tuple, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Any:
    return convolution_input_grad(
        g, conj(w), spatial=x_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    )


@convolution.vjp("w")
def _(g: Any, x: Any, w_shape: tuple, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Any:
    return convolution_weight_grad(
        g, conj(x), spatial=w_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    )


convolution.vjp("b")(_bias_grad)


@op(node="ConvolutionBackwardBackward0")
def convolution_input_grad(
    g: Any, w: Any, *, spatial: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int = 1
) -> Any:
    """g (N, O, *L), w (O, C/groups, *K) -> (N, C, *spatial)."""
    return kernels_of(g).conv_input_grad(g, w, spatial, stride, padding, dilation, groups)


@convolution_input_grad.vjp("g")
def _(g: Any, w: Any, g_shape: tuple, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Any:
    return convolution(
        g, conj(w), None, stride=stride, padding=padding, dilation=dilation, groups=groups, out_spatial=g_shape[2:]
    )


def _input_grad_weight(
    upstream: Any, g: Any, w_shape: tuple, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Any:
    """The derivative of convolution_input_grad(g, w) by w."""
    return convolution_weight_grad(
        conj(g), upstream, spatial=w_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    )


convolution_input_grad.vjp("w")(_input_grad_weight)


@op(node="ConvolutionBackwardBackward0")
def convolution_weight_grad(
    g: Any, x: Any, *, spatial: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int = 1
) -> Any:
    """g (N, O, *L), x (N, C, *S) -> (O, C/groups, *spatial)."""
    return kernels_of(g).conv_weight_grad(g, x, spatial, stride, padding, dilation, groups)


@convolution_weight_grad.vjp("g")
def _(g: Any, x: Any, g_shape: tuple, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Any:
    return convolution(
        conj(x), g, None, stride=stride, padding=padding, dilation=dilation, groups=groups, out_spatial=g_shape[2:]
    )


def _weight_grad_input(
    upstream: Any, g: Any, x_shape: tuple, stride: Ints, padding: Ints, dilation: Ints, groups: int
) -> Any:
    """The derivative of convolution_weight_grad(g, x) by x."""
    return convolution_input_grad(
        conj(g), upstream, spatial=x_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    )


convolution_weight_grad.vjp("x")(_weight_grad_input)


@op(node="ConvolutionBackward0")
def convolution_transpose(
    x: Any, w: Any, b: Any = None, *, spatial: Ints, stride: Ints, padding: Ints, dilation: Ints, groups: int = 1
) -> Any:
    """x (N, C, *L), w (C, O/groups, *K), b (O,) -> (N, O, *spatial): what convolution_input_grad computes, plus b."""
    y = kernels_of(x).conv_input_grad(x, w, spatial, stride, padding, dilation, groups)
    if b is not None:
        y += b.reshape(-1, *(1,) * len(spatial))
    return in_format(y, x, w)


@convolution_transpose.vjp("x")
def _(g: Any, w: Any, x_shape: tuple, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Any:
    return convolution(
        g, conj(w), None, stride=stride, padding=padding, dilation=dilation, groups=groups, out_spatial=x_shape[2:]
    )


@convolution_transpose.vjp("w")
def _(g: Any, x: Any, w_shape: tuple, stride: Ints, padding: Ints, dilation: Ints, groups: int) -> Any:
    return convolution_weight_grad(
        conj(x), g, spatial=w_shape[2:], stride=stride, padding=padding, dilation=dilation, groups=groups
    )


convolution_transpose.vjp("b")(_bias_grad)


# -- windows as columns ------------------------------------------------------------------------------------------------


@op(node="Im2ColBackward0")
def unfold_columns(x: Any, *, kernel: Ints, dilation: Ints, padding: Ints, stride: Ints) -> Any:
    """All windows of x (N, C, H, W) as columns: (N, C kH kW, L)."""
    return kernels_of(x).unfold(x, kernel, dilation, padding, stride)


@unfold_columns.vjp("x")
def _(g: Any, x_shape: tuple, kernel: Ints, dilation: Ints, padding: Ints, stride: Ints) -> Any:
    return fold_columns(g, spatial=x_shape[2:], kernel=kernel, dilation=dilation, padding=padding, stride=stride)


@op(node="Col2ImBackward0")
def fold_columns(x: Any, *, spatial: Ints, kernel: Ints, dilation: Ints, padding: Ints, stride: Ints) -> Any:
    """Columns (N, C kH kW, L) added back to where their windows were: (N, C, *spatial); adjoint of unfold_columns."""
    return kernels_of(x).fold(x, spatial, kernel, dilation, padding, stride)


@fold_columns.vjp("x")
def _(g: Any, kernel: Ints, dilation: Ints, padding: Ints, stride: Ints) -> Any:
    return unfold_columns(g, kernel=kernel, dilation=dilation, padding=padding, stride=stride)
