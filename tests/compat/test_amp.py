"""Mixed precision: GradScaler's numbers and errors beside torch's, autocast's mode and warnings."""

from __future__ import annotations

import copy
import pickle
import warnings
from typing import Any

import pytest
import torch

import minitorch as mt
from minitorch.amp import autocasting

LIBRARIES = (torch, mt)
SETTINGS = {"init_scale": 1024.0, "growth_factor": 3.0, "backoff_factor": 0.25, "growth_interval": 2}


def train(L: Any, bad: set[int], clip: bool, steps: int = 9) -> list:
    """A model trained with a GradScaler, whose loss overflows in the steps `bad`; what there is to see."""
    L.manual_seed(0)
    model = L.nn.Linear(3, 2)
    optimizer = L.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    scaler = L.amp.GradScaler("cpu", **SETTINGS)
    seen: list = [scaler.get_scale(), scaler.is_enabled()]
    for step in range(steps):
        x = L.arange(12.0).reshape(4, 3) / 10
        loss = (model(x) ** 2).mean() * (float("inf") if step in bad else 1.0)
        optimizer.zero_grad()
        scaler.scale(loss).backward()
        if clip:
            scaler.unscale_(optimizer)
            L.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        seen.append(scaler.step(optimizer))
        scaler.update(64.0 if step == 6 else None)
        seen += [scaler.state_dict(), scaler.get_scale(), model.weight.tolist(), model.bias.tolist()]
        if step == 3:
            state, scaler = scaler.state_dict(), L.amp.GradScaler("cpu")
            scaler.load_state_dict(state)
        if step == 4:
            scaler = pickle.loads(pickle.dumps(scaler))
    return seen


@pytest.mark.parametrize("bad", [set(), {0}, {2, 3}, {5}])
@pytest.mark.parametrize("clip", [False, True])
def test_a_training_with_overflows(bad: set[int], clip: bool) -> None:
    theirs, ours = (train(L, bad, clip) for L in LIBRARIES)
    assert len(theirs) == len(ours)
    for a, b in zip(theirs, ours, strict=True):
        if isinstance(a, list):
            torch.testing.assert_close(torch.tensor(b), torch.tensor(a))
        else:
            assert a == b


def test_the_scale_stops_at_float32s_end() -> None:
    found = []
    for L in LIBRARIES:
        p = L.ones(1, requires_grad=True)
        optimizer, scaler = L.optim.SGD([p], lr=0.0), L.amp.GradScaler("cpu", init_scale=2.0**127, growth_interval=1)
        scaler.scale((p * 0).sum()).backward()
        scaler.step(optimizer)
        scaler.update()
        found.append(scaler.state_dict())
    assert found[0] == found[1]


def test_containers_are_scaled() -> None:
    found = []
    for L in LIBRARIES:
        scaler = L.amp.GradScaler("cpu", init_scale=4.0)
        x = L.ones(2)
        nested = scaler.scale([x, (x * 2, x.double())])
        found.append((type(nested[1]), nested[0].tolist(), nested[1][1].tolist(), str(nested[1][1].dtype)))
        assert type(scaler.scale(iter([x]))) is map
    assert found[0] == found[1]


def used(L: Any) -> tuple:
    p = L.ones(2, requires_grad=True)
    scaler, optimizer = L.amp.GradScaler("cpu"), L.optim.SGD([p], lr=0.1)
    scaler.scale(p.sum()).backward()
    return scaler, optimizer


def twice(L: Any, name: str) -> None:
    scaler, optimizer = used(L)
    for _ in range(2):
        getattr(scaler, name)(optimizer)


def unscale_after_step(L: Any) -> None:
    scaler, optimizer = used(L)
    scaler.step(optimizer)
    scaler.unscale_(optimizer)


def halves(L: Any) -> None:
    p = L.ones(2, dtype=L.float16, requires_grad=True)
    scaler = L.amp.GradScaler("cpu", init_scale=2.0)
    scaler.scale(p.sum()).backward()
    scaler.unscale_(L.optim.SGD([p], lr=0.1))


def without_gradients(L: Any) -> None:
    scaler = L.amp.GradScaler("cpu")
    scaler.scale(L.ones(1))
    scaler.step(L.optim.SGD([L.ones(2, requires_grad=True)], lr=0.1))


@pytest.mark.parametrize(
    "call",
    [
        lambda L: twice(L, "unscale_"),
        lambda L: twice(L, "step"),
        unscale_after_step,
        halves,
        without_gradients,
        lambda L: L.amp.GradScaler("cpu", growth_factor=1.0),
        lambda L: L.amp.GradScaler("cpu", backoff_factor=1.0),
        lambda L: L.amp.GradScaler("cpu").update(),
        lambda L: used(L)[0].update(),
        lambda L: used(L)[0].step(used(L)[1], closure=None),
        lambda L: L.amp.GradScaler("cpu").step(used(L)[1]),
        lambda L: L.amp.GradScaler("cpu").scale(3),
        lambda L: L.amp.GradScaler("cpu").load_state_dict({}),
        lambda L: used(L)[0].update(L.ones(2)),
        lambda L: L.autocast("cpu")(3),
        lambda L: L.autocast(L.device("cpu")),
    ],
)
def test_errors(call: Any) -> None:
    raised = []
    for L in LIBRARIES:
        with pytest.raises(Exception) as error:
            call(L)
        raised.append(error)
    assert raised[0].type is raised[1].type
    first = str(raised[0].value).split(".")[0].split("\n")[0]
    assert str(raised[1].value).startswith(first[:40]), (first, raised[1].value)


@pytest.mark.parametrize("device", ["meta", "toaster"])
def test_devices_that_autocast_does_not_know(device: str) -> None:
    for L in LIBRARIES:  # the messages list other devices here
        with pytest.raises(RuntimeError):
            L.autocast(device)


def warned(call: Any) -> tuple[list, Any]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call()
    own = [w.filename for w in caught if "minitorch" in str(w.filename)]
    assert set(own) <= {__file__}  # our warnings point at the caller's line
    return [(w.category, str(w.message)) for w in caught], result


@pytest.mark.skipif(mt.cuda.is_available(), reason="a GPU is there")
def test_without_cuda_both_disable_themselves_as_torchs() -> None:
    for call in (
        lambda L: L.amp.GradScaler(),
        lambda L: L.cuda.amp.GradScaler(),
        lambda L: L.autocast("cuda"),
        lambda L: L.cuda.amp.autocast(),
        lambda L: L.autocast("cpu", dtype=L.float32),
        lambda L: L.autocast("cuda", enabled=False),
    ):
        (theirs, _), (ours, made) = warned(lambda call=call: call(torch)), warned(lambda call=call: call(mt))
        assert ours == theirs
        assert not made._enabled
    p = mt.ones(2, requires_grad=True)
    scaler, optimizer = warned(mt.amp.GradScaler)[1], mt.optim.SGD([p], lr=0.5)
    loss = p.sum()
    assert scaler.scale(loss) is loss
    loss.backward()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
    assert p.tolist() == [0.5, 0.5] and scaler.state_dict() == {} and scaler.get_scale() == 1.0
    assert copy.deepcopy(scaler).is_enabled() is False


def test_autocast_computes_in_full_precision_and_says_so_once() -> None:
    autocasting._said.clear()
    x = mt.rand(3, 3)

    def work() -> None:
        for _ in range(2):
            with mt.autocast("cpu", dtype=mt.float16) as mode:
                assert mode.fast_dtype is mt.float16 is mt.get_autocast_dtype("cpu")
                assert mt.is_autocast_enabled("cpu") and not mt.is_autocast_enabled()
                with mt.amp.autocast("cpu", enabled=False):
                    assert not mt.is_autocast_enabled("cpu")
                assert mt.is_autocast_enabled("cpu") and (x @ x).dtype is mt.float32
        assert not mt.is_autocast_enabled("cpu") and mt.get_autocast_dtype("cpu") is mt.bfloat16

    messages, _ = warned(work)
    assert [text for _, text in messages] == ["autocast: minitorch computes in full precision; no dtype is changed"]

    @mt.autocast("cpu")
    def f() -> bool:
        return mt.is_autocast_enabled("cpu")

    assert f() and f() and not mt.is_autocast_enabled("cpu")


@pytest.mark.parametrize("cast_inputs", [False, True])
@pytest.mark.parametrize("enabled", [False, True])
def test_functions_of_the_users_under_autocast(cast_inputs: bool, enabled: bool) -> None:
    autocasting._said.add("autocast")
    found = []
    for L in LIBRARIES:
        seen: list = []

        class Twice(L.autograd.Function):
            @staticmethod
            @L.amp.custom_fwd(device_type="cpu", cast_inputs=L.float16 if cast_inputs else None)
            def forward(ctx: Any, x: Any, seen: list = seen, L: Any = L) -> Any:
                seen.append((str(x.dtype), L.is_autocast_enabled("cpu")))
                return x * 2

            @staticmethod
            @L.amp.custom_bwd(device_type="cpu")
            def backward(ctx: Any, g: Any, seen: list = seen, L: Any = L) -> Any:
                seen.append(L.is_autocast_enabled("cpu"))
                return g * 2

        x = L.ones(2, requires_grad=True)
        with L.autocast("cpu", enabled=enabled):
            y = Twice.apply(x)
        y.sum().backward()
        found.append((seen, str(y.dtype), x.grad.tolist()))
    assert found[0] == found[1]
