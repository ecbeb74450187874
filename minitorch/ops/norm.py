"""Normalization: (x - mean) / sqrt(var + eps), times a weight, plus a bias, over whatever axes a layer says.

Batch, layer, group and instance norm are one op: x is looked at as an array of shape `shape`, the statistics are taken
over `axes` of it, and weight and bias are laid out as `affine`, which broadcasts against it.
"""

from __future__ import annotations

import math
from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import kernels_of, xp_of
from minitorch.ops.elementwise import rsqrt
from minitorch.ops.reduce import mean, sum

Ints = tuple[int, ...]


def _wide(x: Any) -> Any:
    """Halves are normalized in float32 and rounded once."""
    return x.astype("float32") if x.dtype.char in "eE" else x


def _mean(x: Any, axes: Ints) -> Any:
    """The mean with the reduced axes kept; of nothing, 0."""
    n = math.prod(x.shape[a] for a in axes)
    return x.sum(axis=axes, keepdims=True) / x.dtype.type(max(n, 1))


def _affine(n: Any, w: Any, b: Any, affine: Ints) -> Any:
    """n w + b, into n."""
    if w is not None:
        n *= w.reshape(affine)
    if b is not None:
        n += b.reshape(affine)
    return n


@op(outputs=3, aux=("shift", "scale"), node=lambda s: s["kind"] + "Backward0")
def standardize(x: Any, w: Any, b: Any, *, shape: Ints, axes: Ints, affine: Ints, eps: float, kind: str) -> Any:
    """(result, mean, biased variance); the last two with the reduced axes as ones."""
    y, shift, variance, scale = kernels_of(x).standardize(_wide(x).reshape(shape), w, b, axes, affine, eps)
    return y.reshape(x.shape).astype(x.dtype, copy=False), shift, variance, shift, scale


@standardize.vjp("x", "w", "b")
def _(
    g: Any, x: Any, w: Any, shift: Any, scale: Any, b_shape: tuple, shape: Ints, axes: Ints, affine: Ints, needs: tuple
) -> Any:
    arrays = _wide(g[0]).reshape(shape), _wide(x).reshape(shape), w, shift, scale
    gx, gw, gb = kernels_of(x).standardize_grad(*arrays, axes, affine, needs)
    return (
        gx.reshape(x.shape) if needs[0] else None,
        gw.reshape(w.shape) if needs[1] else None,
        gb.reshape(b_shape) if needs[2] else None,
    )


@standardize.composed_as
def _(x: Any, w: Any, b: Any, shape: Ints, axes: Ints, affine: Ints, eps: float) -> Any:
    z = x.reshape(shape)
    shift = mean(z, dim=axes, keepdim=True)
    d = z - shift
    variance = mean(d * d, dim=axes, keepdim=True)
    y = d * rsqrt(variance + eps)
    if w is not None:
        y = y * w.reshape(affine)
    if b is not None:
        y = y + b.reshape(affine)
    return y.reshape(x.shape), shift, variance


@op(node="NativeBatchNormBackward0")
def normalize_by(x: Any, mean: Any, var: Any, w: Any, b: Any, *, eps: float) -> Any:
    """(x - mean) / sqrt(var + eps) w + b with given statistics, one of each per channel: x (N, C, *)."""
    scale = 1 / xp_of(x).sqrt(var + var.dtype.type(eps))
    y = kernels_of(x).scale_channels(_wide(x), mean, scale if w is None else scale * w, b)
    return y.astype(x.dtype, copy=False)


@normalize_by.vjp("x")
def _(g: Any, var: Any, w: Any, eps: float) -> Any:
    scale = rsqrt(var + eps)
    return g * (scale if w is None else scale * w).reshape((-1, *(1,) * (g.ndim - 2)))


@normalize_by.vjp("w")
def _(g: Any, x: Any, mean: Any, var: Any, eps: float) -> Any:
    line = (-1, *(1,) * (g.ndim - 2))
    return sum(g * (x - mean.reshape(line)), dim=(0, *range(2, g.ndim))) * rsqrt(var + eps)


@normalize_by.vjp("b")
def _(g: Any) -> Any:
    return sum(g, dim=(0, *range(2, g.ndim)))


@op(aux=("scale",), node="MulBackward0")
def rms_norm(x: Any, w: Any, *, shape: Ints, eps: float) -> Any:
    """x / sqrt(mean(x^2) + eps) w over the last axis of x seen as `shape` (rows, size)."""
    z = _wide(x).reshape(shape)
    scale = 1 / xp_of(x).sqrt(_mean(z * z, (1,)) + z.dtype.type(eps))
    return _affine(z * scale, w, None, (1, -1)).reshape(x.shape).astype(x.dtype, copy=False), scale


@rms_norm.vjp("x", "w")
def _(g: Any, x: Any, w: Any, scale: Any, shape: Ints, needs: tuple) -> Any:
    gy, n = _wide(g).reshape(shape), _wide(x).reshape(shape) * scale
    h = gy if w is None else gy * w.reshape(1, -1)
    gx = ((h - n * _mean(h * n, (1,))) * scale).reshape(x.shape) if needs[0] else None
    return gx, (gy * n).sum(axis=0).reshape(w.shape) if needs[1] else None


@rms_norm.composed_as
def _(x: Any, w: Any, shape: Ints, eps: float) -> Any:
    z = x.reshape(shape)
    y = z * rsqrt(mean(z * z, dim=1, keepdim=True) + eps)
    return (y if w is None else y * w.reshape((1, -1))).reshape(x.shape)
