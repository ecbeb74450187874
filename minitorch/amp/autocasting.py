"""`autocast`: torch runs matrix products and convolutions inside it in a 16-bit dtype; here nothing changes dtype.

NumPy has no fast 16-bit arithmetic, so what autocast is for, speed, can't be had; full precision is never less exact.
The mode is kept and told as torch does, so that a script that asks for it behaves.
"""

from __future__ import annotations

import collections
import functools
import threading
from collections.abc import Callable
from typing import Any

from minitorch.autograd.modes import Mode
from minitorch.backend import device as Device
from minitorch.backend.cuda import why_unavailable
from minitorch.backend.dtypes import bfloat16, dtype, float16, float64
from minitorch.tensor import Tensor
from minitorch.tensor.notice import warn_user

DEVICES = {"cpu": bfloat16, "cuda": float16}  # where there is autocast, and the dtype that it takes by default
_said: set[str] = set()  # once per process


class _State(threading.local):
    def __init__(self) -> None:
        self.enabled = dict.fromkeys(DEVICES, False)
        self.dtypes = dict(DEVICES)


_state = _State()


def is_autocast_available(device_type: str) -> bool:
    """True for the devices that autocast knows: "cpu" and "cuda"."""
    return _type_of(device_type) in DEVICES


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """True inside an enabled autocast of that device."""
    return _state.enabled.get(_type_of(device_type), False)


def get_autocast_dtype(device_type: str) -> dtype:
    """The dtype that autocast was asked for on that device."""
    return _state.dtypes[_supported(device_type)]


def is_autocast_cpu_enabled() -> bool:
    """`is_autocast_enabled("cpu")`, as it was asked before."""
    return is_autocast_enabled("cpu")


def get_autocast_cpu_dtype() -> dtype:
    """`get_autocast_dtype("cpu")`, as it was asked before."""
    return get_autocast_dtype("cpu")


def get_autocast_gpu_dtype() -> dtype:
    """`get_autocast_dtype("cuda")`, as it was asked before."""
    return get_autocast_dtype("cuda")


def _type_of(device_type: str) -> str:
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
    return device_type if device_type in DEVICES else Device(device_type).type  # an unknown device raises


def _supported(device_type: str) -> str:
    if _type_of(device_type) not in DEVICES:
        raise RuntimeError(f"User specified an unsupported autocast device_type '{device_type}'")
    return device_type


class autocast(Mode):
    """`with autocast("cuda"):` or `@autocast("cuda")`: computes in full precision, warning once if enabled.

    Args:
        device_type: "cpu" or "cuda"; "cuda" without CUDA is disabled, with torch's warning.
        dtype: bfloat16 or float16, remembered for `get_autocast_dtype`; another one disables, with torch's warning.
        enabled: False does nothing at all.
        cache_enabled: has no meaning here, as no weight is cast.
    """

    def __init__(
        self, device_type: str, dtype: dtype | None = None, enabled: bool = True, cache_enabled: bool | None = None
    ) -> None:
        self.device = _supported(device_type)
        self.fast_dtype = get_autocast_dtype(device_type) if dtype is None else dtype
        if enabled and device_type == "cuda" and why_unavailable() is not None:
            warn_user("CUDA is not available or torch_xla is imported. Disabling autocast.")
            enabled = False
        elif enabled and self.fast_dtype not in (bfloat16, float16):
            name = device_type.upper()
            warn_user(
                f"In {name} autocast, but the target dtype is not supported. Disabling autocast.\n"
                f"{name} Autocast only supports dtypes of torch.bfloat16, torch.float16 currently."
            )
            enabled = False
        self._enabled = enabled
        self._before: list[tuple[bool, Any]] = []

    def __enter__(self) -> autocast:
        if self._enabled and "autocast" not in _said:
            _said.add("autocast")
            warn_user("autocast: minitorch computes in full precision; no dtype is changed")
        self._before.append((_state.enabled[self.device], _state.dtypes[self.device]))
        _state.enabled[self.device], _state.dtypes[self.device] = self._enabled, self.fast_dtype
        return self

    def __exit__(self, *exc: object) -> None:
        _state.enabled[self.device], _state.dtypes[self.device] = self._before.pop()

    def clone(self) -> autocast:
        made = object.__new__(type(self))  # the warnings of __init__ have been given
        vars(made).update(vars(self), _before=[])
        return made

    def __call__(self, func: Any) -> Any:
        if not callable(func):
            raise TypeError(
                f"autocast()(func) requires a callable, but got {type(func).__name__}. "
                "As a context manager: with autocast(device_type): ..."
            )
        return super().__call__(func)


def _cast(value: Any, device_type: str, to: dtype) -> Any:
    """Floating tensors of that device, in containers too, in the dtype `to`; float64 stays."""
    if isinstance(value, Tensor):
        eligible = value.is_floating_point() and value.device.type == device_type and value.dtype is not float64
        return value.to(to) if eligible else value
    if isinstance(value, collections.abc.Mapping):
        return {_cast(k, device_type, to): _cast(v, device_type, to) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([_cast(v, device_type, to) for v in value])
    return value


def custom_fwd(fwd: Callable | None = None, *, device_type: str, cast_inputs: dtype | None = None) -> Callable:
    """Decorates the `forward` of an autograd Function: with `cast_inputs`, what it gets inside an enabled autocast is
    cast to that dtype, and autocast is off within."""
    _type_of(device_type)
    if fwd is None:
        return functools.partial(custom_fwd, device_type=device_type, cast_inputs=cast_inputs)

    @functools.wraps(fwd)
    def forward(*args: Any, **kwargs: Any) -> Any:
        args[0]._dtype = get_autocast_dtype(device_type)
        args[0]._fwd_used_autocast = is_autocast_enabled(device_type)
        if cast_inputs is None or not is_autocast_enabled(device_type):
            return fwd(*args, **kwargs)
        args[0]._fwd_used_autocast = False
        with autocast(device_type, enabled=False):
            return fwd(*_cast(args, device_type, cast_inputs), **_cast(kwargs, device_type, cast_inputs))

    return forward


def custom_bwd(bwd: Callable | None = None, *, device_type: str) -> Callable:
    """Decorates the `backward` of an autograd Function: it runs in the mode that its `forward` ran in."""
    _type_of(device_type)
    if bwd is None:
        return functools.partial(custom_bwd, device_type=device_type)

    @functools.wraps(bwd)
    def backward(*args: Any, **kwargs: Any) -> Any:
        with autocast(device_type, enabled=args[0]._fwd_used_autocast, dtype=args[0]._dtype):
            return bwd(*args, **kwargs)

    return backward


FUNCTIONS = {f.__name__: f for f in (is_autocast_enabled, get_autocast_dtype)}
