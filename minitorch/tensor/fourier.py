"""Fourier transforms of tensors: what `n`, `s`, `dim` and `norm` mean. The transforms are in minitorch/ops/fft.py.

norm: where the factor 1/n goes. "backward" (the default): to the inverse; "forward": to the forward transform;
"ortho": 1/sqrt(n) to both.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.primitives import cast
from minitorch.backend import dtypes
from minitorch.errors import type_error, wrap_dim
from minitorch.ops import complex as complex_ops
from minitorch.ops import fft as ops
from minitorch.ops.kinds import scalar_name
from minitorch.ops.pad import pad_constant
from minitorch.tensor.out import write_out
from minitorch.tensor.ranges import arange
from minitorch.tensor.shape import FUNCTIONS as _SHAPE
from minitorch.tensor.sizes import integer, ints

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

roll = _SHAPE["roll"]
_FORWARD = {"backward": 0.0, "ortho": 0.5, "forward": 1.0}  # the power of 1/n in the forward transform


def _scale(name: str, n: int, norm: Any, inverse: bool) -> float:
    if norm is not None and not isinstance(norm, str):
        raise TypeError(f"{name}(): argument 'norm' must be str, not {type(norm).__name__}")
    power = _FORWARD.get("backward" if norm is None else norm)
    if power is None:
        raise RuntimeError(f'{name}: Invalid normalization mode: "{norm}"')
    return 1 / n ** (1 - power if inverse else power)


def _number(name: str, input: Any, kind: str) -> Any:
    """The input as complex numbers, or as floating real ones (kind "real")."""
    if not isinstance(input, TensorBase):
        raise type_error(name, "input", 1, "Tensor", input)
    have = input._array.dtype
    if have.kind == "c" and kind == "real":
        raise RuntimeError(f"{name} expects a real input tensor, but got {scalar_name(input._array)}")
    if have.kind in "fV" and have.itemsize == 2:
        raise RuntimeError(f"{name}: Unsupported dtype {scalar_name(input._array)}")
    if have.kind in "biu":
        have = dtypes.get_default_dtype().numpy
    if kind == "complex" and have.kind == "f":
        have = dtypes.complex128.numpy if have.itemsize == 8 else dtypes.complex64.numpy
    return input if have == input._array.dtype else cast(input, dtype=have)


def _resized(name: str, x: Any, dims: tuple[int, ...], sizes: tuple[int, ...]) -> Any:
    """x cut or filled up with zeros to `sizes` along `dims`."""
    for n in sizes:
        if n < 1:
            raise RuntimeError(f"{name}: Invalid number of data points ({n}) specified")
    wanted = dict(zip(dims, sizes, strict=True))
    widths = tuple((0, wanted.get(d, n) - n) for d, n in enumerate(x._array.shape))
    return pad_constant(x, widths=widths) if any(w for _, w in widths) else x


# -- one dimension ----------------------------------------------------------------------------------------------------


def _one_dim(name: str, x: Any, dim: Any) -> int:
    dim = integer(name, "dim", dim, 3)
    if x._array.ndim == 0:
        raise IndexError(f"{name}: Dimension specified as {dim} but tensor has no dimensions")
    return wrap_dim(dim, x._array.ndim, name)


def _length(name: str, x: Any, n: Any, dim: int) -> int:
    return x._array.shape[dim] if n is None else integer(name, "n", n, 2)


def _full(name: str, input: Any, n: Any, dim: Any, norm: Any, inverse: bool) -> Any:
    x = _number(name, input, "complex")
    dim = _one_dim(name, x, dim)
    n = _length(name, x, n, dim)
    x = _resized(name, x, (dim,), (n,))
    return ops.fft_c2c(x, dims=(dim,), scale=_scale(name, n, norm, inverse), inverse=inverse)


def _half(name: str, input: Any, n: Any, dim: Any, norm: Any, inverse: bool) -> Any:
    """The spectrum of real numbers; that of the inverse transform is the conjugate."""
    x = _number(name, input, "real")
    dim = _one_dim(name, x, dim)
    n = _length(name, x, n, dim)
    half = ops.fft_r2c(_resized(name, x, (dim,), (n,)), dim=dim, scale=_scale(name, n, norm, inverse))
    return complex_ops.conj(half) if inverse else half


def _real(name: str, input: Any, n: Any, dim: Any, norm: Any, inverse: bool) -> Any:
    """Real numbers from half a spectrum; the forward transform's are those of the conjugate's inverse."""
    x = _number(name, input, "complex")
    dim = _one_dim(name, x, dim)
    n = 2 * (x._array.shape[dim] - 1) if n is None else integer(name, "n", n, 2)
    if n < 1:
        raise RuntimeError(f"{name}: Invalid number of data points ({n}) specified")
    x = _resized(name, x, (dim,), (n // 2 + 1,))
    x = x if inverse else complex_ops.conj(x)
    return ops.fft_c2r(x, dim=dim, n=n, scale=_scale(name, n, norm, inverse))


def _public(name: str, doc: str, call: Callable, *defaults: Any) -> Callable:
    """`name(input, n, dim, norm, *, out)`, or with s for several dims."""
    several = defaults[0] != -1 if defaults else False

    if several:

        def transform(input: Any, s: Any = None, dim: Any = defaults[0], norm: Any = None, *, out: Any = None) -> Any:
            result = call(name, input, s, dim, norm)
            return result if out is None else write_out(name, out, result, (input,))

    else:

        def transform(input: Any, n: Any = None, dim: Any = -1, norm: Any = None, *, out: Any = None) -> Any:  # type: ignore[misc]
            result = call(name, input, n, dim, norm)
            return result if out is None else write_out(name, out, result, (input,))

    transform.__name__ = transform.__qualname__ = name
    transform.__doc__ = doc
    return transform


def _one(way: Callable, inverse: bool) -> Callable:
    return lambda name, input, n, dim, norm: way(name, input, n, dim, norm, inverse)


fft = _public("fft", "The Fourier transform along `dim`, of the first n places (or with zeros up to n).",
              _one(_full, False), -1)  # fmt: skip
ifft = _public("ifft", "The inverse of `fft`.", _one(_full, True), -1)
rfft = _public("rfft", "`fft` of real numbers: its first n // 2 + 1 places; the rest are their conjugates.",
               _one(_half, False), -1)  # fmt: skip
irfft = _public("irfft", "The inverse of `rfft`: n real numbers (by default 2 (places - 1), even).",
                _one(_real, True), -1)  # fmt: skip
hfft = _public("hfft", "`fft` of a signal whose other half is its conjugate mirrored: n real numbers.",
               _one(_real, False), -1)  # fmt: skip
ihfft = _public("ihfft", "The inverse of `hfft`: half of the conjugate-symmetric signal.", _one(_half, True), -1)

# -- several dimensions -----------------------------------------------------------------------------------------------


def _several(name: str, x: Any, s: Any, dim: Any) -> tuple[tuple[int, ...], list[int | None]]:
    """The dims, and for each its size where one is given (-1: not)."""
    ndim = x._array.ndim
    sizes = None if s is None else ints(name, "s", (s,) if isinstance(s, int) else s, 2)
    if dim is not None:
        given = ints(name, "dim", (dim,) if isinstance(dim, int) else dim, 3)
        dims = tuple(wrap_dim(d, ndim, name) for d in given)
        if len(set(dims)) != len(dims):
            raise RuntimeError(f"{name}: FFT dims must be unique")
        if sizes is not None and len(sizes) != len(dims):
            raise RuntimeError(f"{name}: When given, dim and shape arguments must have the same length")
    elif sizes is not None:
        if len(sizes) > ndim:
            raise RuntimeError(
                f"{name}: Got shape with {len(sizes)} values but input tensor only has {ndim} dimensions."
            )
        dims = tuple(range(ndim - len(sizes), ndim))
    else:
        dims = tuple(range(ndim))
    return dims, [None] * len(dims) if sizes is None else [None if n == -1 else n for n in sizes]


def _all_full(name: str, x: Any, dims: tuple, sizes: tuple, norm: Any, inverse: bool) -> Any:
    """The complex transform along several dims."""
    x = _resized(name, x, dims, sizes)
    scale = _scale(name, math.prod(sizes), norm, inverse)
    return ops.fft_c2c(x, dims=dims, scale=scale, inverse=inverse) if dims else x


def _default_sizes(x: Any, dims: tuple, sizes: list) -> tuple[int, ...]:
    return tuple(x._array.shape[d] if n is None else n for d, n in zip(dims, sizes, strict=True))


def _full_n(inverse: bool) -> Callable:
    def call(name: str, input: Any, s: Any, dim: Any, norm: Any) -> Any:
        x = _number(name, input, "complex")
        dims, sizes = _several(name, x, s, dim)
        return _all_full(name, x, dims, _default_sizes(x, dims, sizes), norm, inverse)

    return call


def _half_n(inverse: bool) -> Callable:
    """The last dim as by `rfft` or `ihfft`, the others as by `fft` or `ifft`."""

    def call(name: str, input: Any, s: Any, dim: Any, norm: Any) -> Any:
        x = _number(name, input, "real")
        dims, sizes = _several(name, x, s, dim)
        if not dims:
            raise RuntimeError(f"{name} must transform at least one axis")
        lengths = _default_sizes(x, dims, sizes)
        x = _resized(name, x, dims, lengths)
        x = _half(name, x, None, dims[-1], norm, inverse)
        return _all_full(name, x, dims[:-1], lengths[:-1], norm, inverse)

    return call


def _real_n(inverse: bool) -> Callable:
    """The last dim as by `irfft` or `hfft`, after the others as by `ifft` or `fft`."""

    def call(name: str, input: Any, s: Any, dim: Any, norm: Any) -> Any:
        x = _number(name, input, "complex")
        dims, sizes = _several(name, x, s, dim)
        if not dims:
            raise RuntimeError(f"{name} must transform at least one axis")
        x = _all_full(name, x, dims[:-1], _default_sizes(x, dims[:-1], sizes[:-1]), norm, inverse)
        return _real(name, x, sizes[-1], dims[-1], norm, inverse)

    return call


_TWO = (-2, -1)
fft2 = _public("fft2", "The Fourier transform along two dims.", _full_n(False), _TWO)
ifft2 = _public("ifft2", "The inverse of `fft2`.", _full_n(True), _TWO)
rfft2 = _public("rfft2", "`fft2` of real numbers: half of the places along the last dim.", _half_n(False), _TWO)
irfft2 = _public("irfft2", "The inverse of `rfft2`.", _real_n(True), _TWO)
hfft2 = _public("hfft2", "`fft2` of a conjugate-symmetric signal: real numbers.", _real_n(False), _TWO)
ihfft2 = _public("ihfft2", "The inverse of `hfft2`.", _half_n(True), _TWO)
fftn = _public("fftn", "The Fourier transform along several dims, all by default.", _full_n(False), None)
ifftn = _public("ifftn", "The inverse of `fftn`.", _full_n(True), None)
rfftn = _public("rfftn", "`fftn` of real numbers: half of the places along the last dim.", _half_n(False), None)
irfftn = _public("irfftn", "The inverse of `rfftn`.", _real_n(True), None)
hfftn = _public("hfftn", "`fftn` of a conjugate-symmetric signal: real numbers.", _real_n(False), None)
ihfftn = _public("ihfftn", "The inverse of `hfftn`.", _half_n(True), None)

# -- frequencies ------------------------------------------------------------------------------------------------------


def _frequencies(name: str, n: Any, d: float, start: int, end: int, dtype: Any, options: dict) -> Any:
    dtype = dtype or dtypes.get_default_dtype()
    if not (dtype.is_floating_point or dtype.is_complex):
        raise RuntimeError(f"{name} requires a floating point or complex dtype")
    out, requires_grad = options.pop("out"), options.pop("requires_grad")
    found = arange(start, end, dtype=dtype, **options)
    if start < 0:
        found = roll(found, start)
    found = found.mul_(1 / (n * d))
    if out is not None:
        return write_out(name, out, found)
    return found.requires_grad_() if requires_grad else found


def fftfreq(n: int, d: float = 1.0, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
            requires_grad: bool = False) -> Tensor:  # fmt: skip
    """The frequency of each place of `fft`, of n samples at distance d: [0, 1, ..., -2, -1] / (n d).

    >>> import minitorch as mt
    >>> mt.fft.fftfreq(4)
    tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    n = integer("fft_fftfreq", "n", n)
    options = {"out": out, "requires_grad": requires_grad, "layout": layout, "device": device}
    return _frequencies("fftfreq", n, d, -(n // 2), (n + 1) // 2, dtype, options)


def rfftfreq(n: int, d: float = 1.0, *, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
             requires_grad: bool = False) -> Tensor:  # fmt: skip
    """The frequency of each place of `rfft`: [0, 1, ..., n // 2] / (n d).

    >>> import minitorch as mt
    >>> mt.fft.rfftfreq(4)
    tensor([0.0000, 0.2500, 0.5000])
    """
    n = integer("fft_rfftfreq", "n", n)
    options = {"out": out, "requires_grad": requires_grad, "layout": layout, "device": device}
    return _frequencies("rfftfreq", n, d, 0, n // 2 + 1, dtype, options)


def _shift(name: str, input: Any, dim: Any, by: Callable[[int], int]) -> Any:
    if not isinstance(input, TensorBase):
        raise type_error(name, "input", 1, "Tensor", input)
    shape = input._array.shape
    if dim is None:
        dims = tuple(range(len(shape)))
    else:
        dims = tuple(wrap_dim(d, len(shape), name) for d in ((dim,) if isinstance(dim, int) else dim))
    return roll(input, tuple(by(shape[d]) for d in dims), dims) if dims else input


def fftshift(input: Tensor, dim: Any = None) -> Tensor:
    """Frequency 0 to the middle.

    >>> import minitorch as mt
    >>> mt.fft.fftshift(mt.tensor([0, 1, 2, -2, -1]))
    tensor([-2, -1,  0,  1,  2])
    """
    return _shift("fft_fftshift", input, dim, lambda n: n // 2)


def ifftshift(input: Tensor, dim: Any = None) -> Tensor:
    """The inverse of `fftshift`."""
    return _shift("fft_ifftshift", input, dim, lambda n: -(n // 2))
