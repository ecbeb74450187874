"""`DistributedDataParallel`: one process has no group of processes, so making one raises torch's error."""

from __future__ import annotations

from typing import Any

from minitorch.nn.modules.module import Module


class DistributedDataParallel(Module):
    """Wraps a module where several processes train it together; here there is one: use the module as it is."""

    def __init__(self, module: Module, *args: Any, **kwargs: Any) -> None:
        raise ValueError(
            "Default process group has not been initialized, please make sure to call init_process_group.\n"
            "    hint  minitorch computes in one process: train the module without DistributedDataParallel"
        )
