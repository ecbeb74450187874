"""Images: resizing, sampling at the points of a grid, and channels traded for places. ops/resample.py computes."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

from minitorch.errors import explain
from minitorch.nn.functional.pool_average import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from minitorch.nn.functional.spatial import is_int, need_tensor
from minitorch.ops import resample as ops
from minitorch.ops.kinds import scalar_name
from minitorch.tensor.dims import refuse_dtype

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

__all__ = [
    "affine_grid", "channel_shuffle", "grid_sample", "interpolate", "native_channel_shuffle", "pixel_shuffle",
    "pixel_unshuffle", "upsample", "upsample_bilinear", "upsample_nearest",
]  # fmt: skip

# mode -> (the kernel's word, how many spatial dimensions it takes)
_MODES = {
    "nearest": ("nearest", (1, 2, 3)), "nearest-exact": ("nearest-exact", (1, 2, 3)), "area": ("area", (1, 2, 3)),
    "linear": ("linear", (1,)), "bilinear": ("linear", (2,)), "trilinear": ("linear", (3,)), "bicubic": ("cubic", (2,)),
}  # fmt: skip
_SMOOTH = ("linear", "bilinear", "bicubic", "trilinear")


def interpolate(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None, antialias: bool = False,
) -> Tensor:  # fmt: skip
    """The input resized to `size`, or by `scale_factor`.

    mode: nearest, nearest-exact, linear (N, C, L), bilinear and bicubic (N, C, H, W), trilinear (N, C, D, H, W), area.
    align_corners: the centers of the outer elements keep their place, instead of the outer edges.
    recompute_scale_factor: use the ratio of the sizes instead of the given factor. antialias: widen the filter when
    shrinking (bilinear and bicubic).

    >>> import minitorch as mt
    >>> mt.nn.functional.interpolate(mt.tensor([[[1.0, 2.0]]]), scale_factor=2)
    tensor([[[1., 1., 2., 2.]]])
    """
    need_tensor("interpolate", "input", 1, input)
    n = input._array.ndim - 2
    if align_corners is not None and mode not in _SMOOTH:
        modes = " | ".join(_SMOOTH)
        raise ValueError(f"interpolate: align_corners option can only be set with the interpolating modes: {modes}")
    spatial, scales = _target(input, n, size, scale_factor, mode == "area" or bool(recompute_scale_factor))
    if recompute_scale_factor and size is not None:
        raise ValueError("interpolate: recompute_scale_factor is not meaningful with an explicit size.")
    if antialias and not (mode in ("bilinear", "bicubic") and n == 2):
        raise ValueError(
            "interpolate: Anti-alias option is restricted to bilinear and bicubic modes and "
            "requires a 4-D tensor as input"
        )
    _check_mode(input, n, mode)
    if mode == "area":
        return (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)[n - 1](input, spatial)
    shape = input._array.shape
    if 0 in shape[1:]:
        raise RuntimeError(
            f"interpolate: Non-empty {n + 2}D data tensor expected but got a tensor with sizes {list(shape)}"
        )
    if any(s < 1 for s in spatial):
        what = f"Input and output sizes should be greater than 0, but got input {shape[2:]} output {spatial}"
        raise RuntimeError(explain(f"interpolate: {what}", [("input", shape, "")]))
    of_bytes = input._array.dtype == "uint8" and mode not in ("linear", "trilinear")
    if input._array.dtype.kind not in "fV" and not of_bytes:
        raise NotImplementedError(
            f"interpolate: \"upsample_{mode}{n}d\" not implemented for '{scalar_name(input._array)}'"
        )
    return ops.interpolate(
        input,
        spatial=spatial,
        mode=_MODES[mode][0],
        align_corners=bool(align_corners),
        scales=scales,
        antialias=antialias,
    )


def _target(input: Any, n: int, size: Any, scale_factor: Any, recompute: bool) -> tuple[tuple, tuple | None]:
    """(output sizes, the scale factors that count, or None)."""
    if size is not None and scale_factor is not None:
        raise ValueError("interpolate: only one of size or scale_factor should be defined")
    have = list(input._array.shape[2:])
    given, name, word = (size, "output size", "o") if size is not None else (scale_factor, "scale_factor", "s")
    if given is None:
        raise ValueError("interpolate: either size or scale_factor should be defined")
    values = tuple(given) if isinstance(given, (tuple, list)) else (given,) * max(n, 0)
    if len(values) != n and isinstance(given, (tuple, list)):
        what = (
            f"Input and {name} must have the same number of spatial dimensions, but got input with "
            f"spatial dimensions of {have}"
        )
        raise ValueError(
            f"interpolate: {what} and {name} of {'' if size is not None else 'shape '}{given}; "
            f"expected ({word}1, {word}2, ..., {word}K)"
        )
    if size is not None:
        if not all(is_int(v) for v in values):
            raise TypeError(
                f"interpolate(): argument 'size' (position 2) must be tuple of ints, not {type(given).__name__}"
            )
        return tuple(v.__index__() for v in values), None
    if any(isinstance(v, bool) or not isinstance(v, (int, float)) for v in values):
        raise TypeError(
            f"interpolate(): argument 'scale_factor' (position 3) must be a number or numbers, not {given!r}"
        )
    spatial = tuple(math.floor(float(h) * float(v)) for h, v in zip(have, values, strict=False))
    return spatial, None if recompute else tuple(float(v) for v in values)


def _check_mode(input: Any, n: int, mode: str) -> None:
    if mode not in _MODES or n not in (1, 2, 3):
        what = (
            f"Only 3D, 4D and 5D input Tensors supported (got {n + 2}D) for the modes: {' | '.join(_MODES)} "
            f"(got {mode})"
        )
        raise NotImplementedError(f"interpolate: Input Error: {what}")
    takes = _MODES[mode][1]
    if n not in takes:
        what = f"Got {n + 2}D input, but {mode} mode needs {takes[0] + 2}D input"
        raise NotImplementedError(explain(f"interpolate: {what}", [("input", input._array.shape, "")]))


def upsample(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Tensor:
    """`interpolate`, under its old name.

    >>> import minitorch as mt
    >>> mt.nn.functional.upsample(mt.tensor([[[1.0, 2.0]]]), 3, mode="linear", align_corners=True)
    tensor([[[1.0000, 1.5000, 2.0000]]])
    """
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` with mode "nearest", under its old name.

    >>> import minitorch as mt
    >>> mt.nn.functional.upsample_nearest(mt.tensor([[[1.0, 2.0]]]), 4)
    tensor([[[1., 1., 2., 2.]]])
    """
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """`interpolate` with mode "bilinear" and aligned corners, under its old name.

    >>> import minitorch as mt
    >>> mt.nn.functional.upsample_bilinear(mt.tensor([[[[1.0, 2.0]]]]), (1, 3))
    tensor([[[[1.0000, 1.5000, 2.0000]]]])
    """
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


# -- grids -------------------------------------------------------------------------------------------------------------

_SAMPLING = {"bilinear": "linear", "nearest": "nearest", "bicubic": "cubic"}
_DEFAULT_CORNERS = (
    "Default {} behavior is align_corners=False (torch's since 1.3.0). Please specify align_corners=True if the outer "
    "elements' centers should be at -1 and 1."
)


def grid_sample(
    input: Tensor, grid: Tensor, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool | None = None
) -> Tensor:
    """The input's values at the points of a grid; points are (x, y[, z]) with -1 and 1 at the edges of the image.

    mode: bilinear (also for volumes), nearest, bicubic (images only). padding_mode: what lies outside: zeros, border,
    reflection. It can be differentiated once.
    Shape: input (N, C, H, W), grid (N, H_out, W_out, 2) -> (N, C, H_out, W_out); with D and 3 for volumes.

    >>> import minitorch as mt
    >>> image = mt.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> mt.nn.functional.grid_sample(image, mt.zeros(1, 1, 1, 2), align_corners=False)
    tensor([[[[2.5000]]]])
    """
    if mode not in _SAMPLING:
        raise ValueError(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        )
    if padding_mode not in ("zeros", "border", "reflection"):
        what = f"expected padding_mode to be 'zeros', 'border', or 'reflection', but got: '{padding_mode}'"
        raise ValueError(f"nn.functional.grid_sample(): {what}")
    if align_corners is None:
        warnings.warn(_DEFAULT_CORNERS.format("grid_sample"), stacklevel=2)
    need_tensor("grid_sample", "input", 1, input)
    need_tensor("grid_sample", "grid", 2, grid)
    refuse_dtype(input, "biuc", "grid_sampler")
    x, points = input._array.shape, grid._array.shape
    rows = [("input", x, "N, C, [D,] H, W"), ("grid", points, "N, [D_out,] H_out, W_out, 2 or 3")]

    def refuse(what: str) -> RuntimeError:
        return RuntimeError(explain(f"grid_sampler(): {what}", rows))

    if not x or not points or x[0] != points[0]:
        raise refuse(
            f"expected grid and input to have same batch size, but got input with sizes {list(x)} "
            f"and grid with sizes {list(points)}"
        )
    if len(x) not in (4, 5) or len(points) != len(x):
        raise refuse(
            "expected 4D or 5D input and grid with same number of dimensions, but got input "
            f"with sizes {list(x)} and grid with sizes {list(points)}"
        )
    if points[-1] != len(x) - 2:
        raise refuse(
            f"expected grid to have size {len(x) - 2} in last dimension, but got grid with sizes {list(points)}"
        )
    if 0 in x[2:]:
        raise refuse(
            f"expected input to have non-empty spatial dimensions, but input has sizes {list(x)} "
            f"with dimension {x.index(0, 2)} being empty"
        )
    if mode == "bicubic" and len(x) != 4:
        raise refuse("bicubic interpolation only supports 4D input")
    if input._array.dtype != grid._array.dtype:
        raise refuse(f"expected scalar type {scalar_name(input._array)} but found {scalar_name(grid._array)}")
    return ops.grid_sample(
        input, grid, mode=_SAMPLING[mode], padding_mode=padding_mode, align_corners=bool(align_corners), ndim=len(x) - 2
    )


def affine_grid(theta: Tensor, size: Any, align_corners: bool | None = None) -> Tensor:
    """The grid for `grid_sample` of an affine map: at each place of an output of `size`, theta (x, y[, z], 1).

    Shape: theta (N, 2, 3) and size (N, C, H, W) -> (N, H, W, 2); or (N, 3, 4) and (N, C, D, H, W) -> (N, D, H, W, 3).

    >>> import minitorch as mt
    >>> mt.nn.functional.affine_grid(mt.tensor([[[1.0, 0, 0], [0, 1, 0]]]), (1, 1, 1, 2), align_corners=False)
    tensor([[[[-0.5000,  0.0000],
              [ 0.5000,  0.0000]]]])
    """
    need_tensor("affine_grid", "theta", 1, theta)
    size = tuple(size)
    if not theta.is_floating_point():
        raise ValueError(f"affine_grid: Expected theta to have floating point type, but got {theta.dtype}")
    shape, n = theta._array.shape, len(size) - 2
    if n not in (2, 3):
        what = "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively."
        raise NotImplementedError(f"{what} Got size {size}.")
    if len(shape) != 3 or shape[1:] != (n, n + 1):
        what = f"Expected a batch of {n}D affine matrices of shape Nx{n}x{n + 1} for size {size}. Got {tuple(shape)}."
        raise ValueError(f"affine_grid: {what}")
    if min(size) <= 0:
        raise ValueError(f"affine_grid: Expected non-zero, positive output size. Got {size}")
    if size[0] != shape[0]:
        rows = [("theta", shape, "N, n, n+1"), ("size", size, "N, C, ...")]
        raise RuntimeError(
            explain(f"affine_grid: Expected size for first two dimensions to have the batch {shape[0]} of theta", rows)
        )
    if align_corners is None:
        warnings.warn(_DEFAULT_CORNERS.format("affine_grid"), stacklevel=2)
    return ops.affine_grid(theta, spatial=size[2:], align_corners=bool(align_corners))


# -- channels and places -----------------------------------------------------------------------------------------------


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """(*, C r^2, H, W) -> (*, C, H r, W r), r = upscale_factor: channels become places.

    >>> import minitorch as mt
    >>> mt.nn.functional.pixel_shuffle(mt.tensor([[[1.0]], [[2.0]], [[3.0]], [[4.0]]]), 2)
    tensor([[[1., 2.],
             [3., 4.]]])
    """
    shape, r = _shuffle_arguments("pixel_shuffle", input, upscale_factor, "upscale_factor")
    *lead, c, h, w = shape
    if c % (r * r):
        what = (
            "expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={c}"
        )
        raise RuntimeError(
            explain(f"pixel_shuffle {what} is not divisible by {r * r}", [("input", shape, "*, C, H, W")])
        )
    k = len(lead)
    split = input.reshape(*lead, c // (r * r), r, r, h, w)
    return split.permute(*range(k), k, k + 3, k + 1, k + 4, k + 2).reshape(*lead, c // (r * r), h * r, w * r)


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """(*, C, H r, W r) -> (*, C r^2, H, W), r = downscale_factor: places become channels; undoes `pixel_shuffle`.

    >>> import minitorch as mt
    >>> mt.nn.functional.pixel_unshuffle(mt.tensor([[[1.0, 2.0], [3.0, 4.0]]]), 2).flatten()
    tensor([1., 2., 3., 4.])
    """
    shape, r = _shuffle_arguments("pixel_unshuffle", input, downscale_factor, "downscale_factor")
    *lead, c, h, w = shape
    for name, d, size in (("height", -2, h), ("width", -1, w)):
        if size % r:
            what = (
                f"expects {name} to be divisible by downscale_factor, but input.size({d})={size} "
                f"is not divisible by {r}"
            )
            raise RuntimeError(explain(f"pixel_unshuffle {what}", [("input", shape, "*, C, H, W")]))
    k = len(lead)
    split = input.reshape(*lead, c, h // r, r, w // r, r)
    return split.permute(*range(k), k, k + 2, k + 4, k + 1, k + 3).reshape(*lead, c * r * r, h // r, w // r)


def _shuffle_arguments(op: str, input: Any, factor: Any, name: str) -> tuple[tuple, int]:
    need_tensor(op, "input", 1, input)
    shape = input._array.shape
    if not is_int(factor):
        raise TypeError(f"{op}(): argument '{name}' (position 2) must be int, not {type(factor).__name__}")
    if len(shape) < 3:
        raise RuntimeError(
            f"{op} expects input to have at least 3 dimensions, but got input with {len(shape)} dimension(s)"
        )
    if factor <= 0:
        raise RuntimeError(f"{op} expects a positive {name}, but got {factor}")
    return shape, factor


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Channels (groups, C / groups) transposed, so that each new group has some of every old one.

    >>> import minitorch as mt
    >>> mt.nn.functional.channel_shuffle(mt.arange(4.0).reshape(1, 4, 1), 2).flatten()
    tensor([0., 2., 1., 3.])
    """
    need_tensor("channel_shuffle", "input", 1, input)
    shape = input._array.shape
    if len(shape) < 3:
        raise RuntimeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(shape)}")
    if groups <= 0:
        raise RuntimeError(
            f"channel_shuffle: Number of groups to divide channels in must be positive. Value of groups:{groups}"
        )
    if shape[1] % groups:
        what = f"Number of channels must be divisible by groups. Got {shape[1]} channels and {groups} groups."
        raise RuntimeError(explain(f"channel_shuffle: {what}", [("input", shape, "N, C, *")]))
    split = input.reshape(shape[0], groups, shape[1] // groups, *shape[2:])
    return split.transpose(1, 2).reshape(shape)


native_channel_shuffle = channel_shuffle
