"""Scripts for several processes, run with one: the group, collectives and DistributedDataParallel beside torch's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed
import torch.distributed.nn

import minitorch as mt
from minitorch import distributed_nn
from tests.compat.test_small import outcome

LIBRARIES = (torch, mt)
ENVIRONMENT = {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "localhost", "MASTER_PORT": "0"}


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[None]:
    """Both libraries with a group of one process."""
    for L in LIBRARIES:
        L.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/{L.__name__}", rank=0, world_size=1)
    yield
    for L in LIBRARIES:
        if L.distributed.is_initialized():
            L.distributed.destroy_process_group()


@pytest.mark.filterwarnings("ignore:torch.distributed.nn:FutureWarning")
def test_collectives_with_a_gradient(alone: None) -> None:
    calls = [
        lambda n, x: n.all_gather(x)[0], lambda n, x: n.all_reduce(x), lambda n, x: n.broadcast(x, 0),
        lambda n, x: n.reduce(x, 0), lambda n, x: n.gather(x)[0], lambda n, x: n.scatter([x]),
    ]  # fmt: skip
    for call in calls:
        found = []
        for L, module in ((torch, torch.distributed.nn.functional), (mt, distributed_nn)):
            x = L.tensor([1.0, 2.0], requires_grad=True)
            y = call(module, x * 2)
            y.square().sum().backward()
            found.append((y.tolist(), x.grad.tolist()))
        assert found[0] == found[1]


@pytest.mark.filterwarnings("ignore:torch.distributed.nn:FutureWarning")
def test_collectives_with_a_gradient_need_a_group() -> None:
    for module in (torch.distributed.nn.functional, distributed_nn):
        L = torch if module is not distributed_nn else mt
        with pytest.raises(ValueError, match="process group has not been initialized"):
            module.all_reduce(L.ones(1))
    with pytest.raises(TypeError, match="all_gather: expected a tensor, got list"):
        distributed_nn.all_gather([1])


@pytest.mark.parametrize(
    "call",
    [
        lambda d: (d.is_available(), d.is_initialized(), d.is_gloo_available(), d.is_torchelastic_launched()),
        lambda d: d.get_rank(), lambda d: d.get_world_size(), lambda d: d.get_backend(), lambda d: d.barrier(),
        lambda d: d.new_group([0]), lambda d: d.broadcast_object_list([1], 0), lambda d: d.group.WORLD,
    ],
)  # fmt: skip
def test_before_init_process_group(call: Any) -> None:
    assert outcome(lambda: call(mt.distributed)) == outcome(lambda: call(torch.distributed))


def test_wrapping_and_sampling_need_a_group() -> None:
    theirs, ours = (outcome(lambda L=L: L.nn.parallel.DistributedDataParallel(L.nn.Linear(1, 1))) for L in LIBRARIES)
    assert ours == theirs
    theirs, ours = (outcome(lambda L=L: L.utils.data.DistributedSampler(range(3))) for L in LIBRARIES)
    assert ours == theirs
    with pytest.raises(ValueError, match="process group has not been initialized"):
        mt.distributed.all_reduce(mt.ones(1))
    with pytest.raises(ValueError, match="process group has not been initialized"):
        mt.distributed.destroy_process_group()


@pytest.mark.parametrize(
    "arguments",
    [
        {}, {"rank": 0}, {"init_method": "pigeon://x"},
        {"backend": "parrot", "rank": 0, "world_size": 1, "init_method": "file:///tmp/parrot"},
        {"backend": "gloo", "rank": 0, "world_size": 1},
    ],
)  # fmt: skip
def test_a_group_that_cannot_be_made(arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    theirs, ours = (outcome(lambda L=L: L.distributed.init_process_group(**arguments)) for L in LIBRARIES)
    assert ours == theirs and theirs[0] != ""


@pytest.mark.skipif(mt.cuda.is_available(), reason="a GPU is there")
def test_nccl_needs_a_gpu() -> None:
    call = {"backend": "nccl", "init_method": "tcp://localhost:1", "rank": 0, "world_size": 1}
    theirs, ours = (outcome(lambda L=L: L.distributed.init_process_group(**call)) for L in LIBRARIES)
    assert ours == theirs and ours[0] is RuntimeError


def test_several_processes_are_refused() -> None:
    start = mt.distributed.init_process_group
    with pytest.raises(NotImplementedError, match="world_size=2 is not in minitorch: it computes in one process"):
        start("gloo", init_method="tcp://localhost:1", rank=0, world_size=2)
    with pytest.raises(ValueError, match="rank is 1 in a world of 1"):
        start("gloo", init_method="tcp://localhost:1", rank=1, world_size=1)
    assert not mt.distributed.is_initialized()


def test_the_group_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    found = []
    for L in LIBRARIES:
        d = L.distributed
        d.init_process_group()
        twice = outcome(d.init_process_group)
        found.append((d.get_rank(), d.get_world_size(), d.get_backend(), d.is_initialized(), twice))
        d.destroy_process_group()
        assert not d.is_initialized() and d.group.WORLD is None
    assert found[0] == found[1]


def filled(call: Any) -> Any:
    """A collective that fills a tensor of zeros, or a list with one: what is in it, and what came back."""

    def run(L: Any) -> tuple:
        output, given = L.zeros(4), L.arange(4.0)
        back = call(L.distributed, output, given)
        return back, output.tolist(), given.tolist()

    return run


@pytest.mark.parametrize(
    "call",
    [
        filled(lambda d, o, x: d.all_reduce(x)),
        filled(lambda d, o, x: d.all_reduce(x, op=d.ReduceOp.MAX, async_op=True).wait()),
        filled(lambda d, o, x: d.reduce(x, 0, d.ReduceOp.AVG)),
        filled(lambda d, o, x: d.broadcast(x, src=0, async_op=True).wait()),
        filled(lambda d, o, x: d.all_gather([o], x)),
        filled(lambda d, o, x: d.gather(x, [o], dst=0)),
        filled(lambda d, o, x: d.scatter(o, [x], src=0)),
        filled(lambda d, o, x: d.all_gather_into_tensor(o, x)),
        filled(lambda d, o, x: d.reduce_scatter(o, [x])),
        filled(lambda d, o, x: d.reduce_scatter_tensor(o, x)),
        filled(lambda d, o, x: d.all_to_all([o], [x])),
        filled(lambda d, o, x: d.all_to_all_single(o, x)),
        lambda L: (L.distributed.all_gather_object(got := [None], {"a": 1}), got),
        lambda L: (L.distributed.gather_object(3, got := [None], dst=0), got),
        lambda L: (L.distributed.scatter_object_list(got := [None], [5], src=0), got),
        lambda L: (L.distributed.broadcast_object_list(got := [1, 2], src=0), got),
        lambda L: (L.distributed.barrier(), L.distributed.get_backend(), L.distributed.get_process_group_ranks(None)),
        lambda L: L.distributed.get_rank(L.distributed.new_group([0])),
        lambda L: L.distributed.get_world_size(L.distributed.group.WORLD),
        lambda L: L.distributed.new_group([1]),
        lambda L: L.distributed.gather(L.ones(1)),
        lambda L: L.distributed.all_reduce(3),
        lambda L: len(L.utils.data.DistributedSampler(range(5))),
    ],
)  # fmt: skip
def test_collectives_of_one_process(alone: None, call: Any) -> None:
    theirs, ours = (outcome(lambda L=L: call(L)) for L in LIBRARIES)
    assert ours == theirs


@pytest.mark.parametrize(
    "call",
    [
        lambda L: L.distributed.broadcast(L.ones(1), src=1),
        lambda L: L.distributed.all_gather([L.ones(3)], L.ones(4)),
        lambda L: L.distributed.all_gather([L.ones(4)], L.ones(2, 2)),
        lambda L: L.distributed.all_gather([], L.ones(4)),
        lambda L: L.distributed.all_gather([L.ones(4)] * 2, L.ones(4)),
    ],
)
def test_wrong_collectives(alone: None, call: Any) -> None:
    for L in LIBRARIES:
        with pytest.raises(RuntimeError, match="invalid"):
            call(L)


def test_there_is_nobody_to_send_to(alone: None) -> None:
    with pytest.raises(ValueError, match="there is no other process"):
        mt.distributed.send(mt.ones(1), 1)


def trained(L: Any) -> list:
    L.manual_seed(0)
    net = L.nn.parallel.DistributedDataParallel(L.nn.Sequential(L.nn.Linear(4, 3), L.nn.BatchNorm1d(3)).double())
    optimizer = L.optim.SGD(net.parameters(), lr=0.1)
    losses = []
    for _ in range(3):
        with net.no_sync():
            net(L.rand(5, 4, dtype=L.float64)).square().sum().backward()
        loss = net(L.rand(5, 4, dtype=L.float64)).pow(3).sum()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    state = {k: v.tolist() for k, v in net.state_dict().items()}
    return [losses, state, repr(net), str(net.device), net.device_ids, net.output_device, type(net.module).__name__]


def test_a_module_is_trained(alone: None) -> None:
    theirs, ours = map(trained, LIBRARIES)
    assert ours[2:] == theirs[2:] and list(ours[1]) == list(theirs[1])
    torch.testing.assert_close(ours[0], theirs[0])
    torch.testing.assert_close(ours[1], theirs[1])


def test_modules_that_cannot_be_wrapped(alone: None) -> None:
    for make in (
        lambda L: L.nn.parallel.DistributedDataParallel(L.nn.ReLU()),
        lambda L: L.nn.parallel.DistributedDataParallel(L.nn.Linear(1, 1), device_ids=[0]),
    ):
        theirs, ours = (outcome(lambda L=L, make=make: make(L)) for L in LIBRARIES)
        assert ours[0] is theirs[0] and ours[1][:90] == theirs[1][:90]
