"""`GradScaler`: keeps small 16-bit gradients from becoming zero, by a scale that is found as training goes.

The loss is multiplied by the scale, so its gradients are too; before the optimizer's step they are divided by it again.
A gradient that overflowed means that the scale is too large: the step is left out and the scale is lowered.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any

from minitorch.autograd.modes import no_grad
from minitorch.backend.cuda import why_unavailable
from minitorch.backend.dtypes import float16, float32, int32
from minitorch.tensor import FUNCTIONS, Tensor
from minitorch.tensor.creation import full
from minitorch.tensor.notice import warn_user


class OptState(Enum):
    """How far an optimizer is in this iteration."""

    READY = 0
    UNSCALED = 1
    STEPPED = 2


class _Seen:
    """What is known of an optimizer since the last update: its stage, and if a gradient was infinite or nan."""

    def __init__(self) -> None:
        self.stage = OptState.READY
        self.found_inf: bool | None = None


class GradScaler:
    """Scales the loss, and takes optimizer steps only where no gradient overflowed.

        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)      # only where gradients are clipped or looked at
        scaler.step(optimizer)
        scaler.update()

    `update` multiplies the scale by `backoff_factor` after an overflow, by `growth_factor` after `growth_interval`
    iterations in a row without one. On "cuda" (the default) without CUDA it disables itself, with torch's warning:
    `scale` then gives back its argument and `step` is the optimizer's.
    """

    def __init__(
        self,
        device: str = "cuda",
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        self._device = device
        if enabled and device == "cuda" and why_unavailable() is not None:
            warn_user("torch.cuda.amp.GradScaler is enabled, but CUDA is not available.  Disabling.")
            enabled = False
        self._enabled = enabled
        if enabled and growth_factor <= 1.0:
            raise AssertionError("The growth factor must be > 1.0.")
        if enabled and backoff_factor >= 1.0:
            raise AssertionError("The backoff factor must be < 1.0.")
        self._init_scale, self._init_growth_tracker = init_scale, 0
        self._growth_factor, self._backoff_factor = growth_factor, backoff_factor
        self._growth_interval = growth_interval
        self._scale: Tensor | None = None
        self._growth_tracker: Tensor | None = None
        self._seen: dict[int, _Seen] = {}  # by the optimizer's id

    def _begun(self, doing: str) -> Tensor:
        """The scale; an error if nothing has been scaled yet."""
        if self._scale is None:
            raise AssertionError(
                f"Attempted {doing} but _scale is None.  "
                "This may indicate your script did not use scaler.scale(loss or outputs) earlier in the iteration."
            )
        return self._scale

    def scale(self, outputs: Any) -> Any:
        """A tensor times the scale; of a list, tuple or other iterable each of its tensors."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, Tensor):
            if self._scale is None:
                self._scale = full((), self._init_scale, dtype=float32, device=outputs.device)
                self._growth_tracker = full((), self._init_growth_tracker, dtype=int32, device=outputs.device)
            return outputs * self._scale.to(outputs.device)
        if isinstance(outputs, Iterable):
            scaled = map(self.scale, outputs)
            return type(outputs)(scaled) if isinstance(outputs, (list, tuple)) else scaled  # type: ignore[call-arg]
        raise ValueError("outputs must be a Tensor or an iterable of Tensors")

    def unscale_(self, optimizer: Any) -> None:
        """Divide the optimizer's gradients by the scale, once per iteration; float16 gradients raise."""
        if not self._enabled:
            return
        scale, seen = self._begun("unscale_"), self._of(optimizer)
        if seen.stage is OptState.UNSCALED:
            raise RuntimeError("unscale_() has already been called on this optimizer since the last update().")
        if seen.stage is OptState.STEPPED:
            raise RuntimeError("unscale_() is being called after step().")
        inverse = scale.double().reciprocal().float()
        seen.found_inf = None
        with no_grad():
            for group in optimizer.param_groups:
                for parameter in group["params"]:
                    gradient = parameter.grad
                    if gradient is None:
                        continue
                    if gradient.dtype is float16:
                        raise ValueError("Attempting to unscale FP16 gradients.")
                    bad = not bool(FUNCTIONS["isfinite"](gradient).all())
                    seen.found_inf = bool(seen.found_inf) or bad
                    gradient.mul_(inverse.to(gradient.device))
        seen.stage = OptState.UNSCALED

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """`optimizer.step(*args, **kwargs)` on gradients without the scale; nothing if one of them overflowed."""
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        self._begun("step")
        seen = self._of(optimizer)
        if seen.stage is OptState.STEPPED:
            raise RuntimeError("step() has already been called since the last update().")
        if seen.stage is OptState.READY:
            self.unscale_(optimizer)
        if seen.found_inf is None:
            raise AssertionError("No inf checks were recorded for this optimizer.")
        result = None if seen.found_inf else optimizer.step(*args, **kwargs)
        seen.stage = OptState.STEPPED
        return result

    def update(self, new_scale: Any = None) -> None:
        """Adapt the scale to what `step` saw, or set it; ends the iteration."""
        if not self._enabled:
            return
        scale = self._begun("update")
        if new_scale is not None:
            self._set_scale(scale, new_scale)
        else:
            self._adapt(scale)
        self._seen.clear()

    def _set_scale(self, scale: Tensor, new_scale: Any) -> None:
        if isinstance(new_scale, float):
            scale.fill_(new_scale)
            return
        fits = isinstance(new_scale, Tensor) and new_scale.device.type == self._device
        if not fits or new_scale.numel() != 1 or new_scale.requires_grad:
            raise AssertionError(
                "new_scale should be a float or a 1-element torch.cuda.FloatTensor or torch.FloatTensor "
                "with requires_grad=False."
            )
        scale.copy_(new_scale.reshape(()))

    def _adapt(self, scale: Tensor) -> None:
        found = [seen.found_inf for seen in self._seen.values() if seen.found_inf is not None]
        if not found:
            raise AssertionError("No inf checks were recorded prior to update.")
        count = 0 if any(found) else self._get_growth_tracker() + 1
        if any(found):
            scale.mul_(self._backoff_factor)
        elif count == self._growth_interval:
            grown = scale * self._growth_factor
            if bool(FUNCTIONS["isfinite"](grown)):  # at float32's end the scale stays
                scale.copy_(grown)
            count = 0
        if self._growth_tracker is not None:
            self._growth_tracker.fill_(count)

    def _of(self, optimizer: Any) -> _Seen:
        return self._seen.setdefault(id(optimizer), _Seen())

    def get_scale(self) -> float:
        """The scale as a number; 1.0 if disabled."""
        if not self._enabled:
            return 1.0
        return self._init_scale if self._scale is None else float(self._scale.item())

    def get_growth_factor(self) -> float:
        """The factor after `growth_interval` good iterations."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Change it."""
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """The factor after an overflow."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Change it."""
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """How many good iterations in a row raise the scale."""
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Change it."""
        self._growth_interval = new_interval

    def _get_growth_tracker(self) -> int:
        if not self._enabled:
            return 0
        return self._init_growth_tracker if self._growth_tracker is None else int(self._growth_tracker.item())

    def is_enabled(self) -> bool:
        """False if it was disabled, or disabled itself."""
        return self._enabled

    def state_dict(self) -> dict[str, Any]:
        """The scale and its settings as torch keeps them; empty if disabled."""
        if not self._enabled:
            return {}
        return {
            "scale": self.get_scale(),
            "growth_factor": self._growth_factor,
            "backoff_factor": self._backoff_factor,
            "growth_interval": self._growth_interval,
            "_growth_tracker": self._get_growth_tracker(),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a `state_dict`; nothing if disabled."""
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError(
                "The source state dict is empty, possibly because it was saved from a disabled instance of GradScaler."
            )
        self._init_scale = state_dict["scale"]
        self._growth_factor = state_dict["growth_factor"]
        self._backoff_factor = state_dict["backoff_factor"]
        self._growth_interval = state_dict["growth_interval"]
        self._init_growth_tracker = state_dict["_growth_tracker"]
        if self._scale is not None:
            self._scale.fill_(self._init_scale)
        if self._growth_tracker is not None:
            self._growth_tracker.fill_(self._init_growth_tracker)

    def __getstate__(self) -> dict[str, Any]:
        if self._seen:
            raise AssertionError(
                "A GradScaler instance may only be pickled at the beginning of an iteration, or at the end after "
                "scaler.update()."
            )
        started = {"_init_scale": self.get_scale(), "_init_growth_tracker": self._get_growth_tracker()}
        return {**vars(self), **(started if self._enabled else {}), "_scale": None, "_growth_tracker": None}
