"""`minitorch.distributed`: there is one process. What asks whether others are there is told no; the rest raises.

The errors are those that torch raises before init_process_group. Names are torch.distributed's.
"""

from __future__ import annotations

from typing import Any, NoReturn

from minitorch.absent import absent_class, absent_function, absent_namespace

_ALONE = "it computes in one process; run the script without torchrun, and leave the distributed parts out."


class _Names:
    def __init__(self, *names: str) -> None:
        vars(self).update({name: name for name in names})


ReduceOp = _Names("SUM", "AVG", "PRODUCT", "MIN", "MAX", "BAND", "BOR", "BXOR", "PREMUL_SUM")
Backend = _Names("GLOO", "NCCL", "MPI", "UCC", "UNDEFINED")
init_process_group = absent_function("distributed.init_process_group", _ALONE)
ProcessGroup = absent_class("distributed.ProcessGroup", _ALONE)
rpc = absent_namespace("distributed.rpc", _ALONE, "init_rpc shutdown rpc_sync rpc_async remote", "RRef")


def is_available() -> bool:
    """False: as of a torch built without it."""
    return False


def is_initialized() -> bool:
    """False."""
    return False


def is_nccl_available() -> bool:
    """False."""
    return False


def is_gloo_available() -> bool:
    """False."""
    return False


def is_mpi_available() -> bool:
    """False."""
    return False


def is_torchelastic_launched() -> bool:
    """False: torchrun starts several processes, and there is one."""
    return False


def uninitialized(*args: Any, **kwargs: Any) -> NoReturn:
    """Raise torch's error about a missing process group, with the reason that it is missing here."""
    raise ValueError(
        "Default process group has not been initialized, please make sure to call init_process_group.\n"
        "    hint  minitorch computes in one process: ask is_initialized() first, as scripts for one device do"
    )


get_rank = get_world_size = get_backend = destroy_process_group = new_group = uninitialized
barrier = monitored_barrier = uninitialized
all_reduce = all_gather = all_gather_object = all_to_all = broadcast = broadcast_object_list = uninitialized
gather = gather_object = reduce = reduce_scatter = scatter = scatter_object_list = uninitialized
send = recv = isend = irecv = all_gather_into_tensor = reduce_scatter_tensor = uninitialized

__all__ = [name for name in dir() if not name.startswith("_") and name not in {"Any", "NoReturn", "annotations"}]
