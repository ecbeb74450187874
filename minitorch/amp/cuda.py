"""The older names, `torch.cuda.amp`: those of minitorch.amp with the device "cuda" filled in, and torch's warning."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from minitorch.amp import autocasting, grad_scaler
from minitorch.backend.dtypes import dtype, float16
from minitorch.tensor.notice import warn_user

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd"]


def _deprecated(name: str) -> None:
    text = f"`torch.cuda.amp.{name}(args...)` is deprecated. Please use `torch.amp.{name}('cuda', args...)` instead."
    warn_user(text, FutureWarning)


class autocast(autocasting.autocast):
    """`minitorch.amp.autocast("cuda", ...)`."""

    def __init__(self, enabled: bool = True, dtype: dtype = float16, cache_enabled: bool = True) -> None:
        _deprecated("autocast")
        super().__init__("cuda", enabled=enabled, dtype=dtype, cache_enabled=cache_enabled)


class GradScaler(grad_scaler.GradScaler):
    """`minitorch.amp.GradScaler("cuda", ...)`."""

    def __init__(
        self,
        init_scale: float = 65536.0,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        _deprecated("GradScaler")
        super().__init__("cuda", init_scale, growth_factor, backoff_factor, growth_interval, enabled)


def custom_fwd(fwd: Callable | None = None, **kwargs: Any) -> Callable:
    """`minitorch.amp.custom_fwd` with device_type="cuda"."""
    warn_user(
        "`torch.cuda.amp.custom_fwd(args...)` is deprecated. "
        "Please use `torch.amp.custom_fwd(args..., device_type='cuda')` instead.",
        FutureWarning,
    )
    return functools.partial(autocasting.custom_fwd, device_type="cuda")(fwd, **kwargs)


def custom_bwd(bwd: Callable | None = None) -> Callable:
    """`minitorch.amp.custom_bwd` with device_type="cuda"."""
    warn_user(
        "`torch.cuda.amp.custom_bwd(args...)` is deprecated. "
        "Please use `torch.amp.custom_bwd(args..., device_type='cuda')` instead.",
        FutureWarning,
    )
    return autocasting.custom_bwd(bwd, device_type="cuda")
