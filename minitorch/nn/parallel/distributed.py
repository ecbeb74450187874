"""`DistributedDataParallel`: processes that train a module together average their gradients; here there is one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from minitorch import distributed
from minitorch.nn.modules.module import Module


class DistributedDataParallel(Module):
    """The module `module` in a group of one process, which init_process_group must have made: the average of one
    process's gradients are these gradients. Keys of its state_dict begin with "module.".

    Args:
        device_ids: for a module on a GPU, a list with its device; None on the CPU.
        others: how the processes of a larger group would work together.

    >>> import minitorch as mt
    >>> mt.distributed.init_process_group("gloo", init_method="tcp://localhost:1", rank=0, world_size=1)
    >>> list(mt.nn.parallel.DistributedDataParallel(mt.nn.Linear(2, 1)).state_dict())
    ['module.weight', 'module.bias']
    >>> mt.distributed.destroy_process_group()
    """

    def __init__(
        self,
        module: Module,
        device_ids: Sequence[Any] | None = None,
        output_device: Any = None,
        dim: int = 0,
        broadcast_buffers: bool | None = None,
        init_sync: bool = True,
        process_group: Any = None,
        bucket_cap_mb: float | None = None,
        find_unused_parameters: bool = False,
        check_reduction: bool = False,
        gradient_as_bucket_view: bool = False,
        static_graph: bool = False,
    ) -> None:
        super().__init__()
        distributed.get_rank(process_group)  # there is a group, or this raises torch's error
        trained = [p for p in module.parameters() if p.requires_grad]
        if not trained:
            raise RuntimeError(
                "DistributedDataParallel is not needed when a module doesn't have any parameter "
                "that requires a gradient."
            )
        devices = {p.device for p in module.parameters()}
        if device_ids and (len(device_ids) > 1 or any(device.type == "cpu" for device in devices)):
            raise ValueError(
                "DistributedDataParallel device_ids and output_device arguments only work with single-device/"
                f"multiple-device GPU modules or CPU modules, but got device_ids {list(device_ids)}, "
                f"output_device {output_device}, and module parameters {devices}."
            )
        self.module, self.dim = module, dim
        self.device = trained[0].device
        self.device_ids = list(device_ids) if device_ids else None
        self.output_device = output_device
        self.require_backward_grad_sync = True

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """module(*inputs, **kwargs)."""
        return self.module(*inputs, **kwargs)

    @contextlib.contextmanager
    def no_sync(self) -> Iterator[None]:
        """Gradients of backward passes within add up unaveraged."""
        before, self.require_backward_grad_sync = self.require_backward_grad_sync, False
        try:
            yield
        finally:
            self.require_backward_grad_sync = before

    @contextlib.contextmanager
    def join(
        self, divide_by_initial_world_size: bool = True, enable: bool = True, throw_on_early_termination: bool = False
    ) -> Iterator[None]:
        """Wait at its end for processes that have more batches: there are none."""
        yield
