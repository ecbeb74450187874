"""Pooling. The maximum's gradient goes to the winner's place, which the forward returns; averages are linear."""

from __future__ import annotations

import math
from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import kernels_of
from minitorch.ops.formats import in_format

Ints = tuple[int, ...]


def _rank(name: str) -> Any:
    """The node's name, which torch makes of the number of spatial dimensions."""
    return lambda s: name.replace("N", str(len(s.get("kernel") or s["spatial"])), 1) + "Backward0"


# -- maximum -----------------------------------------------------------------------------------------------------------


@op(outputs=2, node=_rank("MaxPoolNDWithIndices"))
def max_pool(x: Any, *, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool = False) -> tuple:
    """(values, indices): the first of equals wins, nan wins over all; indices count within a plane of x."""
    found = kernels_of(x).max_pool_forward(x, kernel, stride, padding, dilation, ceil_mode)
    return in_format(found[0], x), in_format(found[1], x)


@max_pool.vjp("x")
def _(g: Any, out1: Any, x_shape: tuple, kernel: Ints, stride: Ints, dilation: Ints) -> Any:
    disjoint = all(s > d * (k - 1) for k, s, d in zip(kernel, stride, dilation, strict=True))
    return to_places(g[0], out1, spatial=x_shape[2:], disjoint=disjoint)


@op(outputs=2, node=_rank("AdaptiveMaxPoolND"))
def adaptive_max_pool(x: Any, *, spatial: Ints) -> tuple:
    """(values, indices) of windows floor(i S / out) up to ceil((i + 1) S / out)."""
    found = kernels_of(x).adaptive_max_pool_forward(x, spatial)
    return in_format(found[0], x), in_format(found[1], x)


@adaptive_max_pool.vjp("x")
def _(g: Any, out1: Any, x_shape: tuple) -> Any:
    return to_places(g[0], out1, spatial=x_shape[2:])


@op(outputs=2, node=_rank("FractionalMaxPoolND"))
def fractional_max_pool(x: Any, samples: Any, *, kernel: Ints, spatial: Ints) -> tuple:
    """(values, indices) of windows whose starts the samples (N, C, ndim) shift."""
    return kernels_of(x).fractional_max_pool_forward(x, kernel, spatial, samples)


@fractional_max_pool.vjp("x")
def _(g: Any, out1: Any, x_shape: tuple) -> Any:
    return to_places(g[0], out1, spatial=x_shape[2:])


@op(node="MaxPool2DWithIndicesBackwardBackward0")
def to_places(x: Any, indices: Any, *, spatial: Ints, disjoint: bool = False) -> Any:
    """Zeros (N, C, *spatial) with each x added at its index; `disjoint` promises that none comes twice."""
    return kernels_of(x).max_pool_backward(x, indices, spatial, disjoint)


@to_places.vjp("x")
def _(g: Any, indices: Any, spatial: Ints) -> Any:
    return from_places(g, indices)


@op(node="GatherBackward0")
def from_places(x: Any, indices: Any) -> Any:
    """x (N, C, *S) at its indices (N, C, *out)."""
    return kernels_of(x).max_pool_gather(x, indices)


@from_places.vjp("x")
def _(g: Any, indices: Any, x_shape: tuple) -> Any:
    return to_places(g, indices, spatial=x_shape[2:])


@op(node=_rank("MaxUnpoolND"))
def max_unpool(x: Any, indices: Any, *, spatial: Ints) -> Any:
    """Zeros (N, C, *spatial) with each x written at its index; where one comes twice, the last is kept."""
    return kernels_of(x).max_unpool(x, indices, spatial)


@max_unpool.vjp("x")
def _(g: Any, indices: Any) -> Any:
    return from_places(g, indices)


# -- average -----------------------------------------------------------------------------------------------------------


@op(node=_rank("AvgPoolND"))
def avg_pool(
    x: Any, *, kernel: Ints, stride: Ints, padding: Ints, ceil_mode: bool = False, count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:  # fmt: skip
    found = kernels_of(x).avg_pool_forward(x, kernel, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return in_format(found, x) if x.ndim == 4 else found  # of volumes torch keeps no order here


@avg_pool.vjp("x")
def _(
    g: Any, x_shape: tuple, kernel: Ints, stride: Ints, padding: Ints, ceil_mode: bool, count_include_pad: bool,
    divisor_override: Any,
) -> Any:  # fmt: skip
    return avg_spread(
        g, spatial=x_shape[2:], kernel=kernel, stride=stride, padding=padding, ceil_mode=ceil_mode,
        count_include_pad=count_include_pad, divisor_override=divisor_override,
    )  # fmt: skip


@op(node=lambda s: f"AvgPool{len(s['kernel'])}DBackwardBackward0")
def avg_spread(
    x: Any, *, spatial: Ints, kernel: Ints, stride: Ints, padding: Ints, ceil_mode: bool, count_include_pad: bool,
    divisor_override: int | None,
) -> Any:  # fmt: skip
    """Each x over its window's divisor, spread over the window: the adjoint of avg_pool."""
    return kernels_of(x).avg_pool_backward(x, spatial, kernel, stride, padding, count_include_pad, divisor_override)


@avg_spread.vjp("x")
def _(
    g: Any, kernel: Ints, stride: Ints, padding: Ints, ceil_mode: bool, count_include_pad: bool, divisor_override: Any
) -> Any:
    return avg_pool(
        g, kernel=kernel, stride=stride, padding=padding, ceil_mode=ceil_mode, count_include_pad=count_include_pad,
        divisor_override=divisor_override,
    )  # fmt: skip


@op(
    node=lambda s: (
        "MeanBackward1"
        if math.prod(s["spatial"]) == 1 and len(s["spatial"]) == 2
        else f"AdaptiveAvgPool{len(s['spatial'])}DBackward0"
    )
)
def adaptive_avg_pool(x: Any, *, spatial: Ints) -> Any:
    """The mean of windows floor(i S / out) up to ceil((i + 1) S / out)."""
    found = kernels_of(x).adaptive_avg_pool_forward(x, spatial)
    return in_format(found, x) if x.ndim == 4 else found


@adaptive_avg_pool.vjp("x")
def _(g: Any, x_shape: tuple) -> Any:
    return adaptive_avg_spread(g, spatial=x_shape[2:])


@op(node=lambda s: f"AdaptiveAvgPool{len(s['spatial'])}DBackwardBackward0")
def adaptive_avg_spread(x: Any, *, spatial: Ints) -> Any:
    return kernels_of(x).adaptive_avg_pool_backward(x, spatial)


@adaptive_avg_spread.vjp("x")
def _(g: Any, x_shape: tuple) -> Any:
    return adaptive_avg_pool(g, spatial=x_shape[2:])
