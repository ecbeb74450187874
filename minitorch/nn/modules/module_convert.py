"""Doing something to a whole module: moving, casting, freezing, switching between training and evaluation."""

from __future__ import annotations

import builtins
import warnings
from collections.abc import Callable
from typing import Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.modes import no_grad
from minitorch.backend import device as Device
from minitorch.backend import dtypes
from minitorch.tensor.creation import empty


class ConvertMixin:
    """Methods that change every parameter and buffer, or every module, from here down; all return self."""

    training: bool
    _parameters: dict[str, Any]
    _buffers: dict[str, Any]
    children: Callable
    parameters: Callable

    def apply(self, fn: Callable[[Any], Any]) -> Any:
        """Call `fn` on every module below, then on this one.

        >>> from minitorch import nn
        >>> net = nn.Sequential(nn.ReLU(), nn.Identity()).apply(lambda module: print(type(module).__name__))
        ReLU
        Identity
        Sequential
        """
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def _apply(self, fn: Callable[[Any], Any], recurse: bool = True) -> Any:
        """Replace the data of every parameter and every buffer by `fn` of it. The Parameters stay the same objects,
        so that optimizers still know them."""
        if recurse:
            for module in self.children():
                module._apply(fn)
        for p in self._parameters.values():
            if p is not None:
                with no_grad():
                    p.data = fn(p)
                    if p._grad is not None:
                        p._grad.data = fn(p._grad)
        for name, b in self._buffers.items():
            if b is not None:
                self._buffers[name] = fn(b)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """Move and cast: to(device), to(dtype), to(device, dtype), to(tensor). Only floating and complex members are
        cast. Unlike a tensor's `to`, it changes the module itself."""
        device, dtype, options = _parse_to(args, dict(kwargs))
        if dtype is not None:
            if not (dtype.is_floating_point or dtype.is_complex):
                raise TypeError(
                    f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={dtype}"
                )
            if dtype.is_complex:
                warnings.warn(
                    "Complex modules are a new feature under active development whose design may change, and some "
                    "modules might not work as expected when using complex tensors as parameters or buffers.",
                    stacklevel=2,
                )

        layout = options.pop("memory_format", None)

        def convert(t: Any) -> Any:
            cast = dtype if t.is_floating_point() or t.is_complex() else None
            moved = t.to(device=device, dtype=cast, **options)
            return moved if layout is None or t.ndim not in (4, 5) else moved.contiguous(memory_format=layout)

        return self._apply(convert)

    def cpu(self) -> Any:
        """Move everything to host memory."""
        return self._apply(lambda t: t.cpu())

    def cuda(self, device: Any = None) -> Any:
        """Move everything to a CUDA device."""
        return self._apply(lambda t: t.cuda(device))

    def type(self, dst_type: Any) -> Any:
        """Cast everything, integers too."""
        return self._apply(lambda t: t.type(dst_type))

    def float(self) -> Any:
        """Cast floating members to float32."""
        return self._apply(lambda t: t.float() if t.is_floating_point() else t)

    def double(self) -> Any:
        """Cast floating members to float64."""
        return self._apply(lambda t: t.double() if t.is_floating_point() else t)

    def half(self) -> Any:
        """Cast floating members to float16."""
        return self._apply(lambda t: t.half() if t.is_floating_point() else t)

    def bfloat16(self) -> Any:
        """Cast floating members to bfloat16."""
        return self._apply(lambda t: t.bfloat16() if t.is_floating_point() else t)

    def to_empty(self, *, device: Any, recurse: bool = True) -> Any:
        """Move without copying: new memory on `device`, with values not set."""
        return self._apply(
            lambda t: empty(t.shape, dtype=t.dtype, device=t.device if device is None else device), recurse=recurse
        )

    def share_memory(self) -> Any:
        """Not here: an array is private to its process, and moving it would part it from its views unseen."""
        raise NotImplementedError(
            "share_memory: tensors are private to their process; send state_dict() to the other process instead"
        )

    def train(self, mode: bool = True) -> Any:
        """Set training mode here and below: dropout drops, batch norm uses the batch's statistics."""
        if not isinstance(mode, builtins.bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)
        return self

    def eval(self) -> Any:
        """Set evaluation mode here and below; the same as train(False)."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Freeze (False) or unfreeze all parameters."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the parameters' gradients, or set them to zero."""
        for p in self.parameters():
            if p.grad is None:
                continue
            if set_to_none:
                p.grad = None
            elif p.grad.grad_fn is not None:
                p.grad.detach_().zero_()
            else:
                p.grad.requires_grad_(False).zero_()


def _parse_to(args: tuple, kwargs: dict) -> tuple[Any, Any, dict]:
    """(device, dtype, further options) of Module.to's overloads: ([device][, dtype][, non_blocking]), (tensor)."""
    named = {name: kwargs.pop(name, None) for name in ("device", "dtype", "tensor")}
    options = {name: kwargs.pop(name) for name in ("non_blocking", "memory_format") if name in kwargs}
    if kwargs:
        raise TypeError(f"to() got an unexpected keyword argument '{next(iter(kwargs))}'")
    device, dtype, tensor = named["device"], named["dtype"], named["tensor"]
    for place, value in enumerate(args):
        if isinstance(value, TensorBase) and place == 0:
            tensor = value
        elif isinstance(value, dtypes.dtype) and dtype is None:
            dtype = value
        elif isinstance(value, builtins.bool) and place > 0:
            options["non_blocking"] = value
        elif isinstance(value, (str, Device, int)) and not isinstance(value, builtins.bool) and place == 0:
            device = value
        elif value is not None:
            raise TypeError(f"to() received an invalid combination of arguments: {type(value).__name__} at {place}")
    if tensor is not None:
        return tensor.device, tensor.dtype, options
    return None if device is None else Device(device), dtype, options
