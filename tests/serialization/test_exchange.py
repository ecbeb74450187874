"""Checkpoints go both ways: what torch saved loads here, without torch; what is saved here torch loads by default."""

from __future__ import annotations

import pickle
from collections import Counter, OrderedDict, defaultdict
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt
from minitorch.serialization import CheckpointError
from tests.serialization.tools import WAYS, assert_same, network, through

DTYPES = ["float32", "float64", "float16", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "bool", "complex64",
          "complex128"]  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("source, target", WAYS)
def test_dtypes_and_layouts(source: Any, target: Any, dtype: str) -> None:
    numbers = source.arange(24).reshape(2, 3, 4)
    x = (numbers % 2 == 0) if dtype == "bool" else numbers.to(getattr(source, dtype))
    for t in (x, x.permute(2, 0, 1), x[:, 1:, ::2], x[1, 2, 3], x[:0], x[0, :1].expand(3, 4), x[1].t()):
        assert_same(through(source, target, t), t)


@pytest.mark.parametrize("source, target", WAYS)
def test_views_of_one_storage_share_it_after_loading(source: Any, target: Any) -> None:
    x = source.arange(12.0).reshape(3, 4)
    whole, row, corner, other = through(source, target, [x, x[1], x[2:, 2:], source.zeros(2)])
    whole.fill_(7.0)
    assert row.tolist() == [7.0] * 4 and corner.tolist() == [[7.0, 7.0]] and other.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("source, target", WAYS)
def test_plain_values(source: Any, target: Any) -> None:
    plain = [None, True, False, 0, 255, 65535, -1, 2**31, -(2**40), 2**200, 1.5, float("inf"), "text\u00e9\n", "",
             (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), [], [1], {}, {"a": 1}, {1: {2: "x"}}, {1, 2}, set(), 1 + 2j,
             b"bytes\x00\xff", bytearray(b"ab"), Counter("aab"), OrderedDict(a=1), "x" * 300]  # fmt: skip
    for value in plain:
        found = through(source, target, value)
        assert (type(found), found) == (type(value), value)
    same = [1, 2]
    first, second = through(source, target, (same, same))
    assert first is second
    loop: list = []
    loop.append(loop)
    found = through(source, target, loop)
    assert found[0] is found


@pytest.mark.parametrize("source, target", WAYS)
def test_values_of_the_library(source: Any, target: Any) -> None:
    x = source.nn.Parameter(source.ones(2, 3))
    frozen = source.nn.Parameter(source.ones(2), requires_grad=False)
    leaf = source.ones(2, requires_grad=True)
    for value in (source.Size([2, 3]), source.device("cuda", 1), source.device("cpu"), source.strided, x, frozen, leaf):
        assert_same(through(source, target, value), value)
    for name in DTYPES:
        assert through(source, target, getattr(source, name)) is getattr(target, name)
    assert through(source, target, leaf * 2).requires_grad  # the history is not saved


@pytest.mark.parametrize("source, target", WAYS)
def test_attributes_of_tensors(source: Any, target: Any) -> None:
    p, t = source.nn.Parameter(source.ones(2)), source.ones(2)
    p.note, t.note = "of a parameter", [source.zeros(1), 2]
    found = through(source, target, [p, t])
    assert found[0].note == "of a parameter" and found[0].requires_grad and found[1].note[1] == 2
    assert_same(found[1].note[0], source.zeros(1))


def test_numpy_values_that_are_allowed() -> None:
    from numpy._core.multiarray import _reconstruct, scalar

    value = {"loss": np.float64(1.5), "order": np.arange(3)}
    with pytest.raises(CheckpointError, match="numpy._core.multiarray.scalar"):
        through(torch, mt, value)
    allowed = [scalar, _reconstruct, np.dtype, np.ndarray, np.dtypes.Float64DType, np.dtypes.Int64DType]
    with mt.serialization.safe_globals(allowed):
        found = through(torch, mt, value)
    assert found["loss"] == 1.5 and found["order"].tolist() == [0, 1, 2]


def test_storages_alone() -> None:
    found = through(torch, mt, {"bytes": torch.arange(3, dtype=torch.uint8).untyped_storage()})["bytes"]
    assert found.tolist() == [0, 1, 2] and found.nbytes() == 3


def test_arrays_that_torch_could_not_have() -> None:
    """Negative strides, and strides that are no whole elements, are saved as copies."""
    record = np.zeros(3, dtype=[("a", "i1"), ("b", "f4")])
    record["b"] = [1, 2, 3]
    for array in (np.arange(6.0)[::-1], record["b"], np.arange(6.0).reshape(2, 3)[:, ::-1]):
        assert through(mt, torch, mt.from_numpy(array)).tolist() == array.tolist()


class Own(mt.Tensor):
    pass


def test_classes_of_tensors() -> None:
    t = mt.ones(2).as_subclass(Own)
    t.note = 3
    with pytest.raises(CheckpointError, match="test_exchange.Own"):
        through(mt, mt, t)
    with mt.serialization.safe_globals([Own]):
        found = through(mt, mt, t)
    assert type(found) is Own and found.note == 3 and found.tolist() == [1.0, 1.0]
    assert repr(through(mt, mt, mt.nn.LazyLinear(3), weights_only=False)) == repr(mt.nn.LazyLinear(3))


def test_conjugates_are_carried_out() -> None:
    x = torch.tensor([1 + 2j, -3j]).conj()
    np.testing.assert_array_equal(through(torch, mt, x).numpy(), x.resolve_conj().numpy())
    np.testing.assert_array_equal(through(torch, mt, x.imag).numpy(), x.imag.resolve_neg().numpy())


def train(lib: Any, net: Any, opt: Any, steps: int) -> list[float]:
    x = lib.linspace(-1.0, 1.0, 48).reshape(3, 1, 4, 4)
    losses = []
    for _ in range(steps):
        opt.zero_grad()
        loss = net(x).square().sum()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("source, target", WAYS)
@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "LBFGS"])
def test_a_run_goes_on_in_the_other_library(source: Any, target: Any, name: str) -> None:
    net = network(source).eval()
    opt = getattr(source.optim, name)(net.parameters(), lr=0.01)
    if name == "LBFGS":
        opt.step(lambda: net(source.ones(1, 1, 4, 4)).sum() * 0 + 1.0)
    else:
        train(source, net, opt, 3)
    saved = {"model": net.state_dict(), "opt": opt.state_dict(), "epoch": 3}
    found = through(source, target, saved)
    assert list(found["model"]) == list(saved["model"])
    assert found["model"]._metadata == saved["model"]._metadata
    again = network(target).eval()
    again.load_state_dict(found["model"])
    opt_again = getattr(target.optim, name)(again.parameters(), lr=0.5)
    opt_again.load_state_dict(found["opt"])
    if name != "LBFGS":
        np.testing.assert_allclose(train(target, again, opt_again, 3), train(source, net, opt, 3), rtol=2e-4)


def test_whole_modules() -> None:
    theirs = network(torch).eval()
    x = torch.linspace(-1, 1, 32).reshape(2, 1, 4, 4)
    ours = through(torch, mt, theirs, weights_only=False)
    assert type(ours) is mt.nn.Sequential and repr(ours) == repr(theirs)
    np.testing.assert_allclose(ours(mt.from_numpy(x.numpy())).tolist(), theirs(x).tolist(), rtol=1e-5)
    own = through(mt, mt, ours, weights_only=False)
    assert own(mt.from_numpy(x.numpy())).tolist() == ours(mt.from_numpy(x.numpy())).tolist()
    with pytest.raises(pickle.UnpicklingError, match="GLOBAL torch.nn.modules.container.Sequential was not an allowed"):
        through(torch, mt, theirs)


LAYERS = {
    "LSTM": ((3, 4, 2), {"bidirectional": True}, (5, 2, 3)),
    "GRU": ((3, 4), {}, (5, 2, 3)),
    "ConvTranspose2d": ((2, 3, 3), {"stride": 2}, (1, 2, 4, 4)),
    "Conv1d": ((2, 3, 3), {"padding": 1, "padding_mode": "reflect"}, (1, 2, 6)),
    "GroupNorm": ((2, 4), {}, (2, 4, 3)),
    "Softmax": ((1,), {}, (2, 3)),
    "AvgPool2d": ((2,), {}, (1, 1, 4, 4)),
    "PReLU": ((), {}, (2, 3)),
    "TransformerEncoderLayer": ((4, 2), {"dim_feedforward": 8, "activation": torch.nn.functional.gelu}, (3, 2, 4)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_that_torch_pickled_whole(name: str) -> None:
    args, kwargs, shape = LAYERS[name]
    torch.manual_seed(1)
    theirs = getattr(torch.nn, name)(*args, **kwargs).eval()
    ours = through(torch, mt, theirs, weights_only=False)
    x = torch.randn(shape)
    f, e = ours(mt.from_numpy(x.numpy())), theirs(x)
    f, e = (f[0], e[0]) if isinstance(e, tuple) else (f, e)
    np.testing.assert_allclose(f.detach().numpy(), e.detach().numpy(), rtol=1e-4, atol=1e-6)


def test_a_name_that_is_not_here() -> None:
    with pytest.raises(CheckpointError, match="torch.distributions.lkj_cholesky"):
        mt.serialization.loading.ours("torch.distributions.lkj_cholesky", "NoSuchThing")


def test_defaultdict() -> None:
    value = defaultdict(list, {"a": [mt.ones(2)]})
    found = through(mt, mt, value)
    assert type(found) is defaultdict and found.default_factory is list and found["new"] == []


class Settings:
    def __init__(self, width: int) -> None:
        self.width = width


class Slotted:
    __slots__ = ("a",)


def test_safe_globals() -> None:
    slotted = Slotted()
    slotted.a = 5
    value = {"settings": Settings(3), "slotted": slotted}
    with pytest.raises(CheckpointError, match=r"add_safe_globals\(\[tests.serialization.test_exchange.Settings\]\)"):
        through(mt, mt, value)
    with mt.serialization.safe_globals([Settings, Slotted]):
        assert set(mt.serialization.get_safe_globals()) == {Settings, Slotted}
        found = through(mt, mt, value)
        assert found["settings"].width == 3 and found["slotted"].a == 5
    assert mt.serialization.get_safe_globals() == []
    mt.serialization.add_safe_globals([(Settings, "tests.serialization.test_exchange.Slotted")])
    mt.serialization.clear_safe_globals()
    assert mt.serialization.get_safe_globals() == []
    for bad, error in (((Settings,), ValueError), ((Settings, 3), TypeError)):
        with pytest.raises(error, match="tuple"):
            mt.serialization.add_safe_globals([bad])


def test_our_layers_are_allowed_under_torchs_names() -> None:
    with mt.serialization.safe_globals([mt.nn.Linear]):
        found = through(torch, mt, torch.nn.Linear(2, 1))
    assert type(found) is mt.nn.Linear and found(mt.ones(1, 2)).shape == (1, 1)


def test_whole_optimizers_and_schedules() -> None:
    net = torch.nn.Linear(2, 1)
    opt = torch.optim.Adam(net.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 10)
    net(torch.ones(1, 2)).sum().backward()
    opt.step()
    schedule.step()
    found = through(torch, mt, {"net": net, "opt": opt, "schedule": schedule}, weights_only=False)
    assert type(found["opt"]) is mt.optim.Adam and found["schedule"].optimizer is found["opt"]
    assert found["opt"].param_groups[0]["params"][0] is found["net"].weight
    for lib, n, o in ((torch, net, opt), (mt, found["net"], found["opt"])):
        o.zero_grad()
        n(lib.ones(1, 2)).sum().backward()
        o.step()
    np.testing.assert_allclose(found["net"].weight.tolist(), net.weight.tolist(), rtol=1e-5)
    schedule.step()
    found["schedule"].step()
    assert found["schedule"].get_last_lr() == pytest.approx(schedule.get_last_lr())
