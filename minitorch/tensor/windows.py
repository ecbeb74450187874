"""Window functions: weights that fade a stretch of a signal out at its ends.

Two public forms, as in torch: `hann_window(window_length, periodic=True)` and `signal.windows.hann(M, sym=True)`. A
periodic window is a symmetric one of one more place, without its last.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.backend import dtypes
from minitorch.ops.special import i0
from minitorch.tensor.convert import tensor
from minitorch.tensor.creation import empty, ones, strided
from minitorch.tensor.out import write_out
from minitorch.tensor.ranges import arange, linspace
from minitorch.tensor.sizes import integer

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

# -- minitorch.signal.windows -----------------------------------------------------------------------------------------


def _checked(name: str, M: int, dtype: Any, layout: Any) -> Any:
    if M < 0:
        raise ValueError(f"{name} requires non-negative window length, got M={M}")
    if layout is not None and layout is not strided:
        raise ValueError(f"{name} is implemented for strided tensors only, got: {layout}")
    dtype = dtype or dtypes.get_default_dtype()
    if dtype not in (dtypes.float32, dtypes.float64):
        raise ValueError(f"{name} expects float32 or float64 dtypes, got: {dtype}")
    return dtype


def exponential(M: int, *, center: float | None = None, tau: float = 1.0, sym: bool = True, dtype: Any = None,
                layout: Any = strided, device: Any = None, requires_grad: bool = False) -> Tensor:  # fmt: skip
    """e**(-|n - center| / tau).

    >>> import minitorch as mt
    >>> mt.signal.windows.exponential(3)
    tensor([0.3679, 1.0000, 0.3679])
    """
    options = _options("exponential", M, dtype, layout, device, requires_grad)
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")
    if M == 0:
        return empty((0,), **options)
    middle = (M if not sym and M > 1 else M - 1) / 2.0 if center is None else center
    return (-_steps(-middle / tau, 1 / tau, M, options).abs()).exp()


def cosine(M: int, *, sym: bool = True, dtype: Any = None, layout: Any = strided, device: Any = None,
           requires_grad: bool = False) -> Tensor:  # fmt: skip
    """sin(pi (n + 1/2) / M): half a wave.

    >>> import minitorch as mt
    >>> mt.signal.windows.cosine(3)
    tensor([0.5000, 1.0000, 0.5000])
    """
    options = _options("cosine", M, dtype, layout, device, requires_grad)
    if M == 0:
        return empty((0,), **options)
    step = math.pi / (M + 1 if not sym and M > 1 else M)
    return _steps(0.5 * step, step, M, options).sin()


def gaussian(M: int, *, std: float = 1.0, sym: bool = True, dtype: Any = None, layout: Any = strided,
             device: Any = None, requires_grad: bool = False) -> Tensor:  # fmt: skip
    """e**(-((n - middle) / std)**2 / 2).

    >>> import minitorch as mt
    >>> mt.signal.windows.gaussian(3)
    tensor([0.6065, 1.0000, 0.6065])
    """
    options = _options("gaussian", M, dtype, layout, device, requires_grad)
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    if M == 0:
        return empty((0,), **options)
    step = 1 / (std * math.sqrt(2))
    return (-(_steps(-(M if not sym and M > 1 else M - 1) / 2.0 * step, step, M, options) ** 2)).exp()


def kaiser(M: int, *, beta: float = 12.0, sym: bool = True, dtype: Any = None, layout: Any = strided,
           device: Any = None, requires_grad: bool = False) -> Tensor:  # fmt: skip
    """I0(beta sqrt(1 - x**2)) / I0(beta), x from -1 to 1: nearly the best at keeping a frequency to itself.

    >>> import minitorch as mt
    >>> mt.signal.windows.kaiser(3, beta=2.0)
    tensor([0.4387, 1.0000, 0.4387])
    """
    options = _options("kaiser", M, dtype, layout, device, requires_grad)
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")
    if M < 2:
        return empty((0,), **options) if M == 0 else ones((1,), **options)
    wide = tensor(beta, dtype=options["dtype"], device=device)
    step = 2.0 * wide / (M - 1 if sym else M)
    end = min(wide.item(), (-wide + (M - 1) * step).item())
    x = linspace(-wide.item(), end, M, **options)
    return i0((wide * wide - x.pow(2)).sqrt()) / i0(wide)


def bartlett(M: int, *, sym: bool = True, dtype: Any = None, layout: Any = strided, device: Any = None,
             requires_grad: bool = False) -> Tensor:  # fmt: skip
    """1 - |x|, x from -1 to 1: a triangle.

    >>> import minitorch as mt
    >>> mt.signal.windows.bartlett(5)
    tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
    """
    options = _options("bartlett", M, dtype, layout, device, requires_grad)
    if M < 2:
        return empty((0,), **options) if M == 0 else ones((1,), **options)
    return 1 - _steps(-1, 2 / (M - 1 if sym else M), M, options).abs()


def general_cosine(M: int, *, a: Any, sym: bool = True, dtype: Any = None, layout: Any = strided, device: Any = None,
                   requires_grad: bool = False) -> Tensor:  # fmt: skip
    """The sum over i of (-1)**i a[i] cos(i x), x from 0 to 2 pi.

    >>> import minitorch as mt
    >>> mt.signal.windows.general_cosine(3, a=[0.5, 0.5])
    tensor([0., 1., 0.])
    """
    return _cosines("general_cosine", M, a, sym, _options("general_cosine", M, dtype, layout, device, requires_grad))


def general_hamming(M: int, *, alpha: float = 0.54, sym: bool = True, dtype: Any = None, layout: Any = strided,
                    device: Any = None, requires_grad: bool = False) -> Tensor:  # fmt: skip
    """alpha - (1 - alpha) cos(x), x from 0 to 2 pi.

    >>> import minitorch as mt
    >>> mt.signal.windows.general_hamming(3, alpha=0.6)
    tensor([0.2000, 1.0000, 0.2000])
    """
    return general_cosine(M, a=[alpha, 1.0 - alpha], sym=sym, dtype=dtype, layout=layout, device=device,
                          requires_grad=requires_grad)  # fmt: skip


def hamming(M: int, *, sym: bool = True, dtype: Any = None, layout: Any = strided, device: Any = None,
            requires_grad: bool = False) -> Tensor:  # fmt: skip
    """0.54 - 0.46 cos(x), x from 0 to 2 pi: a raised cosine that doesn't fall to 0.

    >>> import minitorch as mt
    >>> mt.signal.windows.hamming(3)
    tensor([0.0800, 1.0000, 0.0800])
    """
    return general_hamming(M, sym=sym, dtype=dtype, layout=layout, device=device, requires_grad=requires_grad)


def hann(M: int, *, sym: bool = True, dtype: Any = None, layout: Any = strided, device: Any = None,
         requires_grad: bool = False) -> Tensor:  # fmt: skip
    """(1 - cos(x)) / 2, x from 0 to 2 pi: a raised cosine.

    >>> import minitorch as mt
    >>> mt.signal.windows.hann(5)
    tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])
    """
    return general_hamming(M, alpha=0.5, sym=sym, dtype=dtype, layout=layout, device=device,
                           requires_grad=requires_grad)  # fmt: skip


def blackman(M: int, *, sym: bool = True, dtype: Any = None, layout: Any = strided, device: Any = None,
             requires_grad: bool = False) -> Tensor:  # fmt: skip
    """0.42 - 0.5 cos(x) + 0.08 cos(2x), x from 0 to 2 pi.

    >>> import minitorch as mt
    >>> mt.signal.windows.blackman(5)[1:4]
    tensor([0.3400, 1.0000, 0.3400])
    """
    options = _options("blackman", M, dtype, layout, device, requires_grad)
    return _cosines("blackman", M, [0.42, 0.5, 0.08], sym, options)


def nuttall(M: int, *, sym: bool = True, dtype: Any = None, layout: Any = strided, device: Any = None,
            requires_grad: bool = False) -> Tensor:  # fmt: skip
    """Four cosines, with side lobes of the spectrum below -98 dB (Nuttall, 1981).

    >>> import minitorch as mt
    >>> mt.signal.windows.nuttall(3)
    tensor([3.6280e-04, 1.0000e+00, 3.6280e-04])
    """
    return general_cosine(M, a=[0.3635819, 0.4891775, 0.1365995, 0.0106411], sym=sym, dtype=dtype, layout=layout,
                          device=device, requires_grad=requires_grad)  # fmt: skip


def _options(name: str, M: int, dtype: Any, layout: Any, device: Any, requires_grad: bool) -> dict[str, Any]:
    return {"dtype": _checked(name, M, dtype, layout), "device": device, "requires_grad": requires_grad}


def _steps(start: float, step: float, M: int, options: dict) -> Any:
    return linspace(start, start + (M - 1) * step, M, **options)


def _cosines(name: str, M: int, a: Any, sym: bool, options: dict) -> Any:
    if M < 2:
        return empty((0,), **options) if M == 0 else ones((1,), **options)
    if not hasattr(a, "__iter__"):
        raise TypeError("Coefficients must be a list/tuple")
    if not a:
        raise ValueError("Coefficients cannot be empty")
    x = _steps(0, 2 * math.pi / (M - 1 if sym else M), M, options)
    weights = tensor([(-1) ** i * w for i, w in enumerate(a)], **options).unsqueeze(-1)
    return (weights * (arange(len(a), **options).unsqueeze(-1) * x).cos()).sum(0)


# -- minitorch.hann_window and its kin --------------------------------------------------------------------------------


def _made(name: str, window_length: Any, periodic: bool, options: dict, formula: Callable) -> Any:
    """`formula(n, last)` of the places n = 0, 1, ... of a symmetric window whose last place is `last`."""
    out, requires_grad = options.pop("out", None), options.pop("requires_grad")
    length = integer(name, "window_length", window_length)
    dtype = options["dtype"] = options["dtype"] or dtypes.get_default_dtype()
    if not (dtype.is_floating_point or dtype.is_complex):
        raise RuntimeError(f"{name} expects floating point dtypes, got: {dtype}")
    if length < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={length}")
    if length < 2:
        made = ones((length,), **options)
    else:
        last = length if periodic else length - 1
        made = formula(arange(last + 1, **options), last)[:length]
        made = made.clone() if periodic else made
    if out is not None:
        return write_out(name, out, made)
    return made.requires_grad_() if requires_grad else made


def hann_window(window_length: int, periodic: bool = True, *, out: Any = None, dtype: Any = None, layout: Any = None,
                device: Any = None, pin_memory: bool = False, requires_grad: bool = False) -> Tensor:  # fmt: skip
    """(1 - cos(2 pi n / N)) / 2; N is the length, or, with periodic=False, one less.

    >>> import minitorch as mt
    >>> mt.hann_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    options = {"out": out, "dtype": dtype, "layout": layout, "device": device, "requires_grad": requires_grad}
    return _made("hann_window", window_length, periodic, options, _raised(0.5, 0.5))


def hamming_window(
    window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, *, out: Any = None,
    dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """alpha - beta cos(2 pi n / N).

    >>> import minitorch as mt
    >>> mt.hamming_window(4)
    tensor([0.0800, 0.5400, 1.0000, 0.5400])
    """
    options = {"out": out, "dtype": dtype, "layout": layout, "device": device, "requires_grad": requires_grad}
    return _made("hamming_window", window_length, periodic, options, _raised(alpha, beta))


def _raised(alpha: float, beta: float) -> Callable:
    return lambda n, last: (n * (2 * math.pi / last)).cos() * -beta + alpha


def blackman_window(window_length: int, periodic: bool = True, *, out: Any = None, dtype: Any = None,
                    layout: Any = None, device: Any = None, pin_memory: bool = False,
                    requires_grad: bool = False) -> Tensor:  # fmt: skip
    """0.42 - 0.5 cos(2 pi n / N) + 0.08 cos(4 pi n / N).

    >>> import minitorch as mt
    >>> mt.blackman_window(4)[1:]
    tensor([0.3400, 1.0000, 0.3400])
    """
    options = {"out": out, "dtype": dtype, "layout": layout, "device": device, "requires_grad": requires_grad}

    def formula(n: Any, last: int) -> Any:
        x = n * (math.pi / last)
        return (x * 4).cos() * 0.08 - (x * 2).cos() * 0.5 + 0.42

    return _made("blackman_window", window_length, periodic, options, formula)


def bartlett_window(window_length: int, periodic: bool = True, *, out: Any = None, dtype: Any = None,
                    layout: Any = None, device: Any = None, pin_memory: bool = False,
                    requires_grad: bool = False) -> Tensor:  # fmt: skip
    """1 - |2 n / N - 1|: a triangle.

    >>> import minitorch as mt
    >>> mt.bartlett_window(4)
    tensor([0.0000, 0.5000, 1.0000, 0.5000])
    """
    options = {"out": out, "dtype": dtype, "layout": layout, "device": device, "requires_grad": requires_grad}
    return _made("bartlett_window", window_length, periodic, options, lambda n, last: 1 - (n * (2.0 / last) - 1).abs())


def kaiser_window(
    window_length: int, periodic: bool = True, beta: float = 12.0, *, out: Any = None, dtype: Any = None,
    layout: Any = None, device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """I0(beta sqrt(1 - (2 n / N - 1)**2)) / I0(beta).

    >>> import minitorch as mt
    >>> mt.kaiser_window(3, periodic=False, beta=2.0)
    tensor([0.4387, 1.0000, 0.4387])
    """
    options = {"out": out, "dtype": dtype, "layout": layout, "device": device, "requires_grad": requires_grad}

    def formula(n: Any, last: int) -> Any:
        x = n * (2.0 / last) - 1
        peak = i0(tensor(float(beta), dtype=dtypes.float64)).item()
        return i0((1 - x * x).clamp(min=0).sqrt() * beta) / peak

    return _made("kaiser_window", window_length, periodic, options, formula)


FUNCTIONS: dict[str, Callable] = {
    f.__name__: f for f in (hann_window, hamming_window, blackman_window, bartlett_window, kaiser_window)
}
