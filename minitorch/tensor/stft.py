"""Short-time Fourier transforms: the spectrum of each of many overlapping frames of a signal, and back."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.backend.device import device_of
from minitorch.errors import explain
from minitorch.ops.complex import view_as_real
from minitorch.ops.pad import border, pad_constant, pad_lines
from minitorch.ops.shape import fold_windows, unfold
from minitorch.tensor.binding import function
from minitorch.tensor.creation import ones
from minitorch.tensor.fourier import fft, ifft, irfft, rfft

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class STFTMixin(TensorBase):
    __slots__ = ()

    def stft(
        self, n_fft: int, hop_length: int | None = None, win_length: int | None = None, window: Any = None,
        center: bool = True, pad_mode: str = "reflect", normalized: bool = False, onesided: bool | None = None,
        return_complex: bool | None = None, align_to_window: bool | None = None,
    ) -> Tensor:  # fmt: skip
        """Fourier transforms of frames of n_fft samples, one every hop_length (n_fft // 4): (*, frequencies, frames).

        X[k, t] = sum over m of window[m] x[t hop_length + m] e**(-2 pi i k m / n_fft)

        center      frame t is centered at t * hop_length: the signal is padded at both ends (pad_mode)
        window      weights of win_length (n_fft) samples, with zeros around up to n_fft; None: ones
        normalized  divide by sqrt(n_fft)
        onesided    only frequencies up to n_fft // 2 (the default for real signals)
        return_complex  must be given for real signals; False gives real and imaginary parts in a new last dim

        >>> import minitorch as mt
        >>> mt.arange(8.0).stft(4, window=mt.ones(4), return_complex=True).shape
        torch.Size([3, 9])
        """
        x: Any = self
        if align_to_window is not None:
            if center:
                raise RuntimeError("stft align_to_window should only be set when center = false")
            raise NotImplementedError("stft: align_to_window is not implemented; leave it None")
        if center:
            x = _padded(x, n_fft // 2, pad_mode)
        hop = n_fft // 4 if hop_length is None else hop_length
        length = n_fft if win_length is None else win_length
        _check_stft(x, n_fft, hop, length, window, return_complex)
        is_complex = x.is_complex() or (window is not None and window.is_complex())
        onesided = not is_complex if onesided is None else onesided
        if onesided and is_complex:
            raise RuntimeError("stft: Cannot have onesided output if window or input is complex")
        frames = unfold(x, dim=x.dim() - 1, size=n_fft, step=hop)
        if window is not None or length < n_fft:
            frames = frames * _whole(window, length, n_fft, x)
        norm = "ortho" if normalized else None
        spectra = (rfft if onesided else fft)(frames, norm=norm).transpose(-2, -1)
        return spectra if return_complex or return_complex is None else view_as_real(spectra)

    def istft(
        self, n_fft: int, hop_length: int | None = None, win_length: int | None = None, window: Any = None,
        center: bool = True, normalized: bool = False, onesided: bool | None = None, length: int | None = None,
        return_complex: bool = False,
    ) -> Tensor:  # fmt: skip
        """The signal whose `stft` this is: frames transformed back, weighted by the window and added up, divided by
        the sum of the squared windows over each sample (the least-squares solution of Griffin and Lim, 1984).

        length: of the result; else whatever the frames cover (without the padding, with center).

        >>> import minitorch as mt
        >>> x, w = mt.arange(8.0), mt.ones(4)
        >>> mt.istft(x.stft(4, window=w, return_complex=True), 4, window=w).round()
        tensor([0., 1., 2., 3., 4., 5., 6., 7.])
        """
        x: Any = self
        hop = n_fft // 4 if hop_length is None else hop_length
        size = n_fft if win_length is None else win_length
        onesided = _check_istft(x, n_fft, hop, size, window, onesided, return_complex)
        norm = "ortho" if normalized else None
        rows = x.transpose(-2, -1)
        if return_complex:
            frames = ifft(rows, norm=norm)
        else:
            rows = rows if onesided else rows[..., : n_fft // 2 + 1]
            frames = irfft(rows, n_fft, norm=norm)
        weights = _whole(window, size, n_fft, frames)
        total = n_fft + hop * (x.shape[-1] - 1)
        signal = _added(frames * weights, total, n_fft, hop)
        overlap = _added((weights * weights).expand((x.shape[-1], n_fft)), total, n_fft, hop)
        start = n_fft // 2 if center else 0
        end = total - start if length is None else start + length
        signal, overlap = signal[..., start:end], overlap[start:end]
        if not (overlap.abs() > 1e-11).all():
            raise RuntimeError("istft: window overlap add min: some samples are in no frame, or have weight 0")
        signal = signal / overlap
        missing = end - max(total, start)
        if missing <= 0:
            return signal
        warnings.warn(
            "The length of signal is shorter than the length parameter. Result is being padded with zeros in the tail. "
            "Please check your center and hop_length settings.",
            stacklevel=2,
        )
        return pad_constant(signal, widths=((0, 0),) * (signal.dim() - 1) + ((0, missing),))


def _padded(x: Any, width: int, mode: str) -> Any:
    """The signal with a border of `width` samples at both ends."""
    ndim, n = x.dim(), x.shape[-1] if x.dim() else 0
    if mode == "constant":
        return pad_constant(x, widths=((0, 0),) * (ndim - 1) + ((width, width),))
    kinds = {"reflect": "ReflectionPad1D", "replicate": "ReplicationPad1D", "circular": "CircularPad1D"}
    if mode not in kinds:
        raise NotImplementedError(f"stft: Unrecognised padding mode {mode}")
    if width >= max(n, 1) if mode == "reflect" else width > n:
        what = "Padding size should be less than the corresponding input dimension"
        raise RuntimeError(explain(f"stft: {what}", [("input", tuple(x.shape), ""), ("n_fft // 2", width, "")]))
    return pad_lines(x, dims=(ndim - 1,), lines=(border(mode, n, width, width),), kind=kinds[mode])


def _whole(window: Any, length: int, n_fft: int, x: Any) -> Any:
    """The window in the middle of n_fft places; ones where none is given."""
    if window is None:
        dtype = x.real.dtype
        window = ones(length, dtype=dtype, device=device_of(x._array))
    left = (n_fft - length) // 2
    return pad_constant(window, widths=((left, n_fft - length - left),)) if length < n_fft else window


def _added(frames: Any, total: int, n_fft: int, hop: int) -> Any:
    """Frames (*, T, n_fft) added up where they overlap: (*, total)."""
    shape = (*frames.shape[:-2], total)
    return fold_windows(frames, shape=shape, dim=len(shape) - 1, size=n_fft, step=hop)


def _check_stft(x: Any, n_fft: int, hop: int, length: int, window: Any, return_complex: Any) -> None:
    if not (x.is_floating_point() or x.is_complex()):
        raise RuntimeError(f"stft: expected a tensor of floating point or complex values, but got {x.dtype}")
    if x.dim() not in (1, 2):
        raise RuntimeError(f"stft: expected a 1D or 2D tensor, but got {x.dim()} dimensions")
    if not 0 < n_fft <= x.shape[-1]:
        raise RuntimeError(f"stft: expected 0 < n_fft < {x.shape[-1]}, but got n_fft={n_fft}")
    if hop <= 0:
        raise RuntimeError(f"stft: expected hop_length > 0, but got hop_length={hop}")
    if not 0 < length <= n_fft:
        raise RuntimeError(f"stft: expected 0 < win_length <= n_fft, but got win_length={length}")
    if window is not None and tuple(window.shape) != (length,):
        raise RuntimeError(
            f"stft: expected a 1D window tensor of size equal to win_length={length}, but got window with size "
            f"{list(window.shape)}"
        )
    if return_complex is None and not (x.is_complex() or (window is not None and window.is_complex())):
        raise RuntimeError(
            "stft requires the return_complex parameter be given for real inputs, and will further require that "
            "return_complex=True in a future PyTorch release."
        )


def _check_istft(
    x: Any, n_fft: int, hop: int, size: int, window: Any, onesided: bool | None, return_complex: bool
) -> bool:
    """Raise for what can't be inverted; gives onesided, by default whether there are n_fft // 2 + 1 frequencies."""
    if not x.is_complex():
        raise RuntimeError(
            "istft requires a complex-valued input tensor matching the output from stft with return_complex=True."
        )
    if x.numel() == 0:
        raise RuntimeError("istft: input tensor cannot be empty.")
    if x.dim() not in (2, 3):
        raise RuntimeError(f"istft: expected a tensor with 2 or 3 dimensions, but got {x.dim()}")
    onesided = x.shape[-2] != n_fft if onesided is None else onesided
    expected, words = (n_fft // 2 + 1, "n_fft / 2 + 1") if onesided else (n_fft, "n_fft")
    if x.shape[-2] != expected:
        raise RuntimeError(
            f"istft: expected the frequency dimension (3rd to the last) of the input tensor to match {words} when "
            f"onesided={onesided}, but got {x.shape[-2]}"
        )
    if not 0 < hop <= size:
        raise RuntimeError(f"istft: expected 0 < hop_length <= win_length, but got hop_length={hop}, win_length={size}")
    if not 0 < size <= n_fft:
        raise RuntimeError(f"istft: expected 0 < win_length <= n_fft, but got win_length={size}")
    if window is not None and tuple(window.shape) != (size,):
        raise RuntimeError("istft: Invalid window shape. window has to be 1D and length of `win_length`")
    if return_complex and onesided:
        raise RuntimeError("istft: Cannot have onesided output if window or input is complex")
    if window is not None and window.is_complex() and not return_complex:
        raise RuntimeError("istft: Complex windows are incompatible with return_complex=False")
    return onesided


FUNCTIONS: dict[str, Callable] = {"stft": function(STFTMixin.stft), "istft": function(STFTMixin.istft)}
