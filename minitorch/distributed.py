"""`minitorch.distributed`: a group of one process. Names are torch.distributed's.

A script for several processes runs with one: `init_process_group` with a world size of 1, and collectives that give
each process what the only one has. A larger world raises NotImplementedError; before init_process_group what needs
a group raises torch's error.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NoReturn

from minitorch.absent import absent_namespace
from minitorch.autograd.modes import no_grad
from minitorch.backend.cuda import why_unavailable
from minitorch.tensor import Tensor

_ALONE = "it computes in one process; run the script without torchrun, or with a world size of 1."


class ReduceOp:
    """How a collective combines the tensors of all processes; with one process each is the identity."""

    SUM, AVG, PRODUCT, MIN, MAX = "SUM", "AVG", "PRODUCT", "MIN", "MAX"
    BAND, BOR, BXOR, PREMUL_SUM = "BAND", "BOR", "BXOR", "PREMUL_SUM"


class Backend:
    """Names of backends."""

    UNDEFINED, GLOO, NCCL, MPI, UCC = "undefined", "gloo", "nccl", "mpi", "ucc"


rpc = absent_namespace("distributed.rpc", _ALONE, "init_rpc shutdown rpc_sync rpc_async remote", "RRef")


class ProcessGroup:
    """The process, as a group of which it is the only member."""

    def __init__(self, backend: str) -> None:
        self._backend = backend

    def rank(self) -> int:
        """0."""
        return 0

    def size(self) -> int:
        """1."""
        return 1


class Work:
    """What a collective with async_op=True gives back: it is done."""

    def wait(self, timeout: Any = None) -> bool:
        """True."""
        return True

    def is_completed(self) -> bool:
        """True."""
        return True


class group:
    """`group.WORLD` is the group of all processes; None before init_process_group."""

    WORLD: ProcessGroup | None = None


def is_available() -> bool:
    """True: there can be a group, of one process."""
    return True


def is_initialized() -> bool:
    """True between init_process_group and destroy_process_group."""
    return group.WORLD is not None


def is_nccl_available() -> bool:
    """True with CUDA: a script for GPUs asks for the backend "nccl"."""
    return why_unavailable() is None


def is_gloo_available() -> bool:
    """True."""
    return True


def is_mpi_available() -> bool:
    """False."""
    return False


def is_torchelastic_launched() -> bool:
    """False: torchrun starts several processes, and there is one."""
    return False


def _from_environment(name: str) -> str:
    if name not in os.environ:
        raise ValueError(
            "Error initializing torch.distributed using env:// rendezvous: "
            f"environment variable {name} expected, but not set"
        )
    return os.environ[name]


def _check_backend(backend: str | None) -> str:
    name = (backend or "undefined").lower()
    if name == "nccl" and not is_nccl_available():
        raise RuntimeError("Distributed package doesn't have NCCL built in")
    if name not in ("gloo", "nccl", "undefined", "cpu:gloo,cuda:nccl"):
        raise AssertionError(f"Unknown backend type {backend}")
    return name


def init_process_group(
    backend: str | None = None,
    init_method: str | None = None,
    timeout: Any = None,
    world_size: int = -1,
    rank: int = -1,
    store: Any = None,
    group_name: str = "",
    pg_options: Any = None,
    device_id: Any = None,
) -> None:
    """Make the group of all processes, of which there is one: world_size is 1 and rank 0, given or by the environment.

    Nothing is connected to, so init_method, store and timeout only have to make sense.
    """
    if is_initialized():
        raise ValueError("trying to initialize the default process group twice!")
    if store is not None and init_method is not None:
        raise AssertionError("Cannot specify both init_method and store.")
    method = init_method or "env://"
    if store is None and method.split("://")[0] not in ("env", "tcp", "file"):
        raise RuntimeError(f"No rendezvous handler for {method.split('://')[0]}://")
    if store is None and method.startswith("env://"):
        rank = int(_from_environment("RANK")) if rank == -1 else rank
        world_size = int(_from_environment("WORLD_SIZE")) if world_size == -1 else world_size
        _from_environment("MASTER_ADDR")
        _from_environment("MASTER_PORT")
    name = _check_backend(backend)
    if world_size != 1:
        raise NotImplementedError(f"init_process_group: world_size={world_size} is not in minitorch: {_ALONE}")
    if rank != 0:
        raise ValueError(f"init_process_group: rank is {rank} in a world of 1 process, whose rank is 0")
    group.WORLD = ProcessGroup(name)


def _need(asked: ProcessGroup | None = None) -> ProcessGroup:
    if asked is not None:
        return asked
    if group.WORLD is None:
        raise ValueError("Default process group has not been initialized, please make sure to call init_process_group.")
    return group.WORLD


def destroy_process_group(group: ProcessGroup | None = None) -> None:
    """Forget the group; without an argument, or with WORLD, that of all processes."""
    if _need(group) is _need():
        globals()["group"].WORLD = None


def new_group(
    ranks: Sequence[int] | None = None, timeout: Any = None, backend: str | None = None, pg_options: Any = None
) -> ProcessGroup:
    """A further group; its only possible member is rank 0."""
    world = _need()
    for rank in ranks or ():
        if rank != 0:
            raise ValueError(f"Rank {rank} is out of range. Valid ranks are 0 to 0 (world_size=1)")
    return ProcessGroup(world._backend if backend is None else _check_backend(backend))


def get_rank(group: ProcessGroup | None = None) -> int:
    """0."""
    return _need(group).rank()


def get_world_size(group: ProcessGroup | None = None) -> int:
    """1."""
    return _need(group).size()


def get_backend(group: ProcessGroup | None = None) -> str:
    """The name that init_process_group was given."""
    return _need(group)._backend


def get_process_group_ranks(group: ProcessGroup | None) -> list[int]:
    """[0]."""
    return list(range(_need(group).size()))


def barrier(group: ProcessGroup | None = None, async_op: bool = False, device_ids: Any = None) -> Work | None:
    """Wait for all processes to come here: they have."""
    return _done(group, async_op)


def monitored_barrier(group: ProcessGroup | None = None, timeout: Any = None, wait_all_ranks: bool = False) -> None:
    """`barrier`."""
    _need(group)


def _done(group: ProcessGroup | None, async_op: bool) -> Work | None:
    _need(group)
    return Work() if async_op else None


def _check(op: str, tensor: Any, root: int | None = None) -> None:
    """The tensor is one, and the process that it goes to or comes from is this one."""
    _need()
    if not isinstance(tensor, Tensor):
        raise TypeError("Invalid function argument. Expected parameter `tensor` of type torch.Tensor")
    if root not in (None, 0):
        raise RuntimeError(f"{op}: invalid root rank: {root}; there is one process, of rank 0")


def _fill(op: str, outputs: Any, inputs: Any, reshape: bool = False) -> None:
    """The one output takes the value of the one input; of their shapes, with `reshape`, only the size must agree."""
    for what, tensors in (("output", outputs), ("input", inputs)):
        if len(tensors) != 1:
            raise RuntimeError(f"{op}: invalid {what} tensor list (expected length 1, got {len(tensors)})")
    _check(op, outputs[0])
    _check(op, inputs[0])
    fits = outputs[0].numel() == inputs[0].numel() if reshape else outputs[0].shape == inputs[0].shape
    if not fits or outputs[0].dtype is not inputs[0].dtype:
        raise RuntimeError(
            f"{op}: invalid tensor size or dtype (expected {tuple(inputs[0].shape)} of {inputs[0].dtype}, "
            f"got {tuple(outputs[0].shape)} of {outputs[0].dtype})"
        )
    with no_grad():
        outputs[0].copy_(inputs[0].reshape(outputs[0].shape))


def all_reduce(
    tensor: Tensor,
    op: str = ReduceOp.SUM,
    group: ProcessGroup | None = None,
    async_op: bool = False,
) -> Work | None:
    """Put the sum (maximum, ...) over all processes into the tensor: what it is already."""
    _check("all_reduce", tensor)
    return _done(group, async_op)


def reduce(
    tensor: Tensor, dst: int | None = None, op: str = ReduceOp.SUM, group: Any = None, async_op: bool = False,
    group_dst: int | None = None,
) -> Work | None:  # fmt: skip
    """`all_reduce` for one process only."""
    _check("reduce", tensor, dst if group_dst is None else group_dst)
    return _done(group, async_op)


def broadcast(
    tensor: Tensor, src: int | None = None, group: Any = None, async_op: bool = False, group_src: int | None = None
) -> Work | None:
    """Give the tensor of process `src` to all: they have it."""
    _check("broadcast", tensor, src if group_src is None else group_src)
    return _done(group, async_op)


def all_gather(tensor_list: list[Tensor], tensor: Tensor, group: Any = None, async_op: bool = False) -> Work | None:
    """Put each process's tensor into the list, at its rank."""
    _fill("all_gather", tensor_list, [tensor])
    return _done(group, async_op)


def gather(
    tensor: Tensor, gather_list: list[Tensor] | None = None, dst: int | None = None, group: Any = None,
    async_op: bool = False, group_dst: int | None = None,
) -> Work | None:  # fmt: skip
    """`all_gather` for one process only."""
    _check("gather", tensor, dst if group_dst is None else group_dst)
    if gather_list is None:
        raise ValueError("Argument ``gather_list`` must be specified on destination rank.")
    _fill("gather", gather_list, [tensor])
    return _done(group, async_op)


def scatter(
    tensor: Tensor, scatter_list: list[Tensor] | None = None, src: int | None = None, group: Any = None,
    async_op: bool = False, group_src: int | None = None,
) -> Work | None:  # fmt: skip
    """Give each process its tensor of the list."""
    _check("scatter", tensor, src if group_src is None else group_src)
    if scatter_list is None:
        raise ValueError("Argument ``scatter_list`` must be specified on source rank.")
    _fill("scatter", [tensor], scatter_list)
    return _done(group, async_op)


def all_gather_into_tensor(
    output_tensor: Tensor, input_tensor: Tensor, group: Any = None, async_op: bool = False
) -> Work | None:
    """The tensors of all processes one after the other."""
    _fill("all_gather_into_tensor", [output_tensor], [input_tensor], reshape=True)
    return _done(group, async_op)


def reduce_scatter(
    output: Tensor,
    input_list: list[Tensor],
    op: str = ReduceOp.SUM,
    group: Any = None,
    async_op: bool = False,
) -> Work | None:
    """Give each process the sum over all of their tensors at its place in the list."""
    _fill("reduce_scatter", [output], input_list)
    return _done(group, async_op)


def reduce_scatter_tensor(
    output: Tensor,
    input: Tensor,
    op: str = ReduceOp.SUM,
    group: Any = None,
    async_op: bool = False,
) -> Work | None:
    """`reduce_scatter` of one tensor, cut into as many parts as there are processes."""
    _fill("reduce_scatter_tensor", [output], [input], reshape=True)
    return _done(group, async_op)


def all_to_all(
    output_tensor_list: list[Tensor], input_tensor_list: list[Tensor], group: Any = None, async_op: bool = False
) -> Work | None:
    """Each process gives each other one of its tensors."""
    _fill("all_to_all", output_tensor_list, input_tensor_list)
    return _done(group, async_op)


def all_to_all_single(
    output: Tensor, input: Tensor, output_split_sizes: Sequence[int] | None = None,
    input_split_sizes: Sequence[int] | None = None, group: Any = None, async_op: bool = False,
) -> Work | None:  # fmt: skip
    """`all_to_all` of one tensor, cut into as many parts as there are processes."""
    _fill("all_to_all_single", [output], [input], reshape=True)
    return _done(group, async_op)


def all_gather_object(object_list: list, obj: Any, group: Any = None) -> None:
    """Put each process's object into the list, at its rank."""
    _need(group)
    object_list[0] = obj


def gather_object(
    obj: Any, object_gather_list: list | None = None, dst: int | None = None, group: Any = None,
    group_dst: int | None = None,
) -> None:  # fmt: skip
    """`all_gather_object` for one process only."""
    _need(group)
    if object_gather_list is None:
        raise ValueError("Argument ``object_gather_list`` must be specified on destination rank.")
    object_gather_list[0] = obj


def broadcast_object_list(
    object_list: list, src: int | None = None, group: Any = None, device: Any = None, group_src: int | None = None
) -> None:
    """Give the objects of process `src` to all: they have them."""
    _need(group)


def scatter_object_list(
    scatter_object_output_list: list, scatter_object_input_list: list | None = None, src: int | None = None,
    group: Any = None, group_src: int | None = None,
) -> None:  # fmt: skip
    """Give each process its object of the list."""
    _need(group)
    if scatter_object_input_list is None:
        raise ValueError("Argument ``scatter_object_input_list`` must be specified on source rank.")
    scatter_object_output_list[0] = scatter_object_input_list[0]


def _nobody(*args: Any, **kwargs: Any) -> NoReturn:
    """ValueError: a message goes to another process, and there is none."""
    _need()
    raise ValueError("send, recv: there is no other process; " + _ALONE)


send = recv = isend = irecv = _nobody

__all__ = [
    "Backend", "ProcessGroup", "ReduceOp", "Work", "all_gather", "all_gather_into_tensor", "all_gather_object",
    "all_reduce", "all_to_all", "all_to_all_single", "barrier", "broadcast", "broadcast_object_list",
    "destroy_process_group", "gather", "gather_object", "get_backend", "get_process_group_ranks", "get_rank",
    "get_world_size", "group", "init_process_group", "irecv", "is_available", "is_gloo_available", "is_initialized",
    "is_mpi_available", "is_nccl_available", "is_torchelastic_launched", "isend", "monitored_barrier", "new_group",
    "recv", "reduce", "reduce_scatter", "reduce_scatter_tensor", "rpc", "scatter", "scatter_object_list", "send",
]  # fmt: skip
