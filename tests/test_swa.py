"""Averages of weights beside torch's: the mean, moving averages, buffers, batch norms, functions of the user's own."""

from __future__ import annotations

import copy
import inspect
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt

LIBRARIES = (mt, torch)


def network(lib: Any) -> Any:
    lib.manual_seed(0)
    nn = lib.nn
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2), nn.Linear(2, 1).double())


def change(lib: Any, net: Any, seed: int) -> None:
    """Give the parameters and floating buffers new values, the same in both libraries."""
    draw = np.random.default_rng(seed)
    with lib.no_grad():
        for t in [*net.parameters(), *net.buffers()]:
            if t.is_floating_point():
                t.copy_(lib.from_numpy(np.asarray(draw.standard_normal(tuple(t.shape)))))


def assert_same(found: Any, expected: Any, exact: bool = True) -> None:
    """Equal state_dicts: to the last bit, or to two units of float32 at 1 (torch fuses the multiply-adds of lerp)."""
    ours, theirs = found.state_dict(), expected.state_dict()
    assert list(ours) == list(theirs)
    for name, t in theirs.items():
        assert str(ours[name].dtype) == str(t.dtype)
        np.testing.assert_allclose(
            ours[name].numpy(), t.numpy(), rtol=0 if exact else 1e-6, atol=0 if exact else 2.4e-7, err_msg=name
        )


def own(average: Any, p: Any, n: Any) -> Any:
    return average * 0.25 + p * 0.75 + n


def own_lists(averages: Any, ps: Any, n: Any) -> None:
    assert isinstance(averages, (list, tuple)) and len({str(a.dtype) for a in averages}) == 1
    for a, p in zip(averages, ps, strict=True):
        a.mul_(0.5).add_(p).add_(n)


AVERAGES = {
    "mean": lambda swa: {},
    "mean of buffers": lambda swa: {"use_buffers": True},
    "swa_avg_fn": lambda swa: {"avg_fn": swa.get_swa_avg_fn()},
    "swa_multi_avg_fn": lambda swa: {"multi_avg_fn": swa.get_swa_multi_avg_fn()},
    "ema_avg_fn": lambda swa: {"avg_fn": swa.get_ema_avg_fn(0.9)},
    "ema_multi_avg_fn": lambda swa: {"multi_avg_fn": swa.get_ema_multi_avg_fn(0.9)},
    "ema of buffers": lambda swa: {"multi_avg_fn": swa.get_ema_multi_avg_fn(), "use_buffers": True},
    "ema of buffers, one by one": lambda swa: {"avg_fn": swa.get_ema_avg_fn(), "use_buffers": True},
    "own": lambda swa: {"avg_fn": own},
    "own with lists": lambda swa: {"multi_avg_fn": own_lists},
    "on a device": lambda swa: {"device": "cpu"},
}


@pytest.mark.parametrize("name", AVERAGES)
def test_averages(name: str) -> None:
    pair = []
    for lib in LIBRARIES:
        net = network(lib)
        change(lib, net, 0)
        averaged = lib.optim.swa_utils.AveragedModel(net, **AVERAGES[name](lib.optim.swa_utils))
        pair.append((net, averaged))
    for k in range(6):
        for lib, (net, averaged) in zip(LIBRARIES, pair, strict=True):
            change(lib, net, k + 1)
            averaged.update_parameters(net)
        assert_same(pair[0][1], pair[1][1], exact=k == 0)
        assert pair[0][1].n_averaged.item() == k + 1
    x = np.random.default_rng(9).standard_normal((5, 3)).astype(np.float32)
    for _, averaged in pair:
        averaged.module[4].float()
    found, expected = (a.eval()(lib.from_numpy(x)).tolist() for lib, (_, a) in zip(LIBRARIES, pair, strict=True))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_means_of_counts() -> None:
    """Counts of batches are integers: one by one torch cuts the mean off, in lists it refuses to divide."""
    for lists in (False, True):
        ends = []
        for lib in LIBRARIES:
            net, swa = lib.nn.BatchNorm1d(2), lib.optim.swa_utils
            more = {"multi_avg_fn": swa.get_swa_multi_avg_fn()} if lists else {}
            averaged = swa.AveragedModel(net, use_buffers=True, **more)
            counts = []
            for _ in range(5):
                net.num_batches_tracked += 7
                if lists and counts:
                    with pytest.raises(RuntimeError, match="Integer division with addcdiv is no longer supported"):
                        averaged.update_parameters(net)
                else:
                    averaged.update_parameters(net)
                counts.append(averaged.module.num_batches_tracked.item())
            ends.append(counts)
        assert ends[0] == ends[1] and (lists or len(set(ends[0])) == 5)


def test_the_model_itself_is_untouched_and_the_copy_is_its_own() -> None:
    net = network(mt)
    before = copy.deepcopy(net.state_dict())
    averaged = mt.optim.swa_utils.AveragedModel(net)
    averaged.update_parameters(net)
    change(mt, net, 3)
    averaged.update_parameters(net)
    assert not any(a is b for a, b in zip(averaged.module.parameters(), net.parameters(), strict=True))
    for name, value in before.items():
        if value.is_floating_point():
            middle = (value.double() + net.state_dict()[name].double()) / 2
            expected = middle if "running" not in name else net.state_dict()[name]
            np.testing.assert_allclose(
                averaged.module.state_dict()[name].numpy(), expected.numpy(), rtol=1e-5, atol=1e-6
            )


@pytest.mark.parametrize("training", [True, False])
def test_update_bn(training: bool) -> None:
    x = np.random.default_rng(1).standard_normal((4, 6, 3)).astype(np.float32)
    pair = []
    for lib in LIBRARIES:
        net = lib.nn.Sequential(lib.nn.Linear(3, 4), lib.nn.BatchNorm1d(4, momentum=0.3), lib.nn.Dropout(0.0)).train(
            training
        )
        change(lib, net, 5)
        batches = [lib.from_numpy(b) for b in x]
        lib.optim.swa_utils.update_bn([batches[0], (batches[1], 7), [batches[2]], batches[3]], net, device="cpu")
        assert net.training is training and net[1].momentum == 0.3
        assert not any(t.requires_grad for t in net.buffers())
        pair.append(net)
    for name, t in pair[1].state_dict().items():
        np.testing.assert_allclose(pair[0].state_dict()[name].numpy(), t.numpy(), rtol=1e-5, atol=1e-6)
    plain = mt.nn.Linear(3, 1)
    mt.optim.swa_utils.update_bn(iter(lambda: 1 / 0, None), plain)  # no batch norm: the data isn't looked at


def test_a_whole_run_with_swa() -> None:
    """The usual script: train, average with a schedule of its own, measure the batch norms."""
    x = np.random.default_rng(2).standard_normal((8, 3)).astype(np.float32)
    ends = []
    for lib in LIBRARIES:
        net = network(lib)
        net[4].float()
        averaged = lib.optim.swa_utils.AveragedModel(net)
        opt = lib.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
        schedule = lib.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=20)
        swa = lib.optim.swa_utils.SWALR(opt, swa_lr=0.05, anneal_epochs=3)
        data = lib.from_numpy(x)
        for epoch in range(12):
            opt.zero_grad()
            net(data).square().mean().backward()
            opt.step()
            if epoch > 5:
                averaged.update_parameters(net)
                swa.step()
            else:
                schedule.step()
        lib.optim.swa_utils.update_bn([data], averaged)
        ends.append((averaged.eval()(data).tolist(), opt.param_groups[0]["lr"]))
    np.testing.assert_allclose(ends[0][0], ends[1][0], rtol=2e-3, atol=1e-5)
    assert ends[0][1] == pytest.approx(ends[1][1], rel=1e-12)


def test_states_go_both_ways() -> None:
    theirs = torch.optim.swa_utils.AveragedModel(network(torch))
    theirs.update_parameters(network(torch))
    found = mt.optim.swa_utils.AveragedModel(network(mt))
    found.load_state_dict({k: mt.from_numpy(np.array(v.numpy())) for k, v in theirs.state_dict().items()})
    assert found.n_averaged.item() == 1 and list(found.state_dict())[0] == "n_averaged"


def test_errors_and_signatures() -> None:
    for lib in LIBRARIES:
        swa = lib.optim.swa_utils
        with pytest.raises(AssertionError, match="Only one of avg_fn and multi_avg_fn should be provided"):
            swa.AveragedModel(network(lib), avg_fn=own, multi_avg_fn=own_lists)
        for make in (swa.get_ema_avg_fn, swa.get_ema_multi_avg_fn):
            for decay in (-0.1, 1.5):
                with pytest.raises(ValueError, match=f"Invalid decay value {decay} provided"):
                    make(decay)
    assert sorted(mt.optim.swa_utils.__all__) == sorted(torch.optim.swa_utils.__all__)
    for name in torch.optim.swa_utils.__all__:
        ours, theirs = (inspect.signature(getattr(lib.optim.swa_utils, name)).parameters.values() for lib in LIBRARIES)
        assert [(p.name, p.kind, p.default) for p in ours] == [(p.name, p.kind, p.default) for p in theirs]
