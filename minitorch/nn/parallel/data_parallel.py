"""`DataParallel`: torch splits a batch over the GPUs of a machine; here one of them computes all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch.backend import device as Device
from minitorch.backend.cuda import why_unavailable
from minitorch.nn.modules.module import Module
from minitorch.tensor.notice import warn_user


class DataParallel(Module):
    """The module `module`, on one GPU or, without one, where it is. Keys of its state_dict begin with "module.".

    The outputs are those of the whole batch at once. They differ from torch's on several GPUs where a layer looks at
    the batch: batch normalization sees all of it here. `device_ids` that name several GPUs get a warning.

    >>> import minitorch as mt
    >>> list(mt.nn.DataParallel(mt.nn.Linear(2, 1)).state_dict())
    ['module.weight', 'module.bias']
    """

    def __init__(
        self, module: Module, device_ids: Sequence[Any] | None = None, output_device: Any = None, dim: int = 0
    ) -> None:
        super().__init__()
        if not isinstance(module, Module):
            raise TypeError(f"DataParallel: expected a Module, got {type(module).__name__}")
        self.module, self.dim = module, dim
        self.device_ids: list[int] = []
        if why_unavailable() is None:
            first = 0 if not device_ids else _index(device_ids[0])
            if device_ids is not None and len(device_ids) > 1:
                warn_user(f"DataParallel: minitorch computes on one GPU, cuda:{first}, of the {len(device_ids)} given")
            self.device_ids = [first]
            self.output_device = first if output_device is None else _index(output_device)
            self.module.to(f"cuda:{first}")

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """module(*inputs, **kwargs); on a GPU the tensors among the arguments are moved there, as torch moves them."""
        if not self.device_ids:
            return self.module(*inputs, **kwargs)
        where = f"cuda:{self.device_ids[0]}"
        output = self.module(*_moved(inputs, where), **_moved(kwargs, where))
        return _moved(output, f"cuda:{self.output_device}")


def _index(device: Any) -> int:
    return device if isinstance(device, int) else Device(device).index or 0


def _moved(value: Any, where: str) -> Any:
    """The value with all tensors in it on the device."""
    if hasattr(value, "_array"):
        return value.to(where)
    if isinstance(value, dict):
        return type(value)((k, _moved(v, where)) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        items = [_moved(v, where) for v in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return value


def data_parallel(
    module: Module,
    inputs: Any,
    device_ids: Sequence[Any] | None = None,
    output_device: Any = None,
    dim: int = 0,
    module_kwargs: dict[str, Any] | None = None,
) -> Any:
    """What `DataParallel(module, ...)` gives for these inputs."""
    given = inputs if isinstance(inputs, tuple) else (inputs,)
    return DataParallel(module, device_ids, output_device, dim)(*given, **(module_kwargs or {}))
