"""Checkpoints go both ways: what torch saved loads here, without torch; what is saved here torch loads by default."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
import zipfile
from collections import Counter, OrderedDict, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt
from minitorch.serialization import CheckpointError
from parity.standin import standin

ROOT = Path(__file__).resolve().parents[2]
DTYPES = ["float32", "float64", "float16", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "bool", "complex64",
          "complex128"]  # fmt: skip


def through(source: Any, target: Any, value: Any, **settings: Any) -> Any:
    """The value that one library saved, loaded by the other."""
    file = io.BytesIO()
    source.save(value, file)
    file.seek(0)
    return target.load(file, **settings)


def bits(t: Any) -> np.ndarray:
    """The values of a tensor of either library, bfloat16 as its bits."""
    t = t.detach()
    if str(t.dtype) == "torch.bfloat16":
        return t.view(torch.int16).numpy() if isinstance(t, torch.Tensor) else t._array.view(np.int16)
    return t.numpy()


def assert_same(found: Any, expected: Any) -> None:
    """Equal in structure and values, tensors of one library against those of the other."""
    if hasattr(expected, "requires_grad"):
        assert type(found).__name__ == type(expected).__name__
        assert (str(found.dtype), found.requires_grad) == (str(expected.dtype), expected.requires_grad)
        assert (tuple(found.shape), found.stride()) == (tuple(expected.shape), expected.stride())
        assert found.storage_offset() == expected.storage_offset()
        np.testing.assert_array_equal(bits(found), bits(expected))
    elif isinstance(expected, dict):
        assert type(found) is type(expected) and list(found) == list(expected)
        for key in expected:
            assert_same(found[key], expected[key])
    elif isinstance(expected, (list, tuple)):
        assert type(found).__name__ == type(expected).__name__ and len(found) == len(expected)
        for f, e in zip(found, expected, strict=True):
            assert_same(f, e)
    else:
        assert repr(found) == repr(expected)


WAYS = [
    pytest.param(torch, mt, id="from torch"),
    pytest.param(mt, torch, id="to torch"),
    pytest.param(mt, mt, id="own"),
]


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


def test_conjugates_are_carried_out() -> None:
    x = torch.tensor([1 + 2j, -3j]).conj()
    np.testing.assert_array_equal(through(torch, mt, x).numpy(), x.resolve_conj().numpy())
    np.testing.assert_array_equal(through(torch, mt, x.imag).numpy(), x.imag.resolve_neg().numpy())


def network(lib: Any) -> Any:
    nn = lib.nn
    lib.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(16, 8), nn.LayerNorm(8), nn.GELU(), nn.Dropout(0.5), nn.Linear(8, 2),
    )  # fmt: skip


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


def make_pair(a: int, b: int) -> tuple:
    return (a, b)


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


# -- files -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source, target", WAYS)
def test_paths_and_file_objects(source: Any, target: Any, tmp_path: Path) -> None:
    x = source.ones(3)
    for path in (tmp_path / "a.pth", str(tmp_path / "b.model.pt"), tmp_path / "no_extension"):
        source.save(x, path)
        assert target.load(path).tolist() == [1.0] * 3
        assert target.load(path, mmap=True).tolist() == [1.0] * 3
    with open(tmp_path / "c.pt", "wb") as file:
        source.save(x, file)
    with open(tmp_path / "c.pt", "rb") as file:
        assert target.load(file).tolist() == [1.0] * 3


def test_the_container_is_torchs(tmp_path: Path) -> None:
    value = {"w": mt.ones(5), "v": mt.zeros(3, dtype=mt.int8), "u": mt.ones(1, dtype=mt.float64)}
    mt.save(value, tmp_path / "net.pth")
    torch.save({"w": torch.ones(5)}, tmp_path / "theirs.pth")
    with zipfile.ZipFile(tmp_path / "net.pth") as ours, zipfile.ZipFile(tmp_path / "theirs.pth") as theirs:
        names = {n.removeprefix("net/") for n in ours.namelist()}
        assert {n.removeprefix("theirs/") for n in theirs.namelist()} <= names
        raw = (tmp_path / "net.pth").read_bytes()
        for info in ours.infolist():
            lengths = [
                int.from_bytes(raw[info.header_offset + k : info.header_offset + k + 2], "little") for k in (26, 28)
            ]
            assert (info.header_offset + 30 + sum(lengths)) % 64 == 0 and info.compress_type == 0
    first = (tmp_path / "net.pth").read_bytes()
    mt.save(value, tmp_path / "net.pth")
    assert (tmp_path / "net.pth").read_bytes() == first  # nothing of the moment is in it


def test_mapped_files(tmp_path: Path) -> None:
    torch.save({"a": torch.arange(1000.0), "b": torch.arange(6).reshape(2, 3).t()}, tmp_path / "x.pt")
    before = (tmp_path / "x.pt").read_bytes()
    found = mt.load(tmp_path / "x.pt", mmap=True)
    assert found["b"].tolist() == [[0, 3], [1, 4], [2, 5]] and found["a"].storage_offset() == 0
    assert found["a"].untyped_storage().nbytes() == 4000
    found["a"].zero_()
    assert found["a"].sum().item() == 0 and (tmp_path / "x.pt").read_bytes() == before
    with pytest.raises(ValueError, match="f must be a file path in order to use the mmap argument"):
        mt.load(io.BytesIO(before), mmap=True)


def test_a_failure_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: Any) -> None:
    path = tmp_path / "x.pt"
    mt.save(mt.ones(2), path)
    os.chmod(path, 0o640)
    for bad in (
        lambda: mt.save({"w": mt.ones(2), "f": lambda: 0}, path),
        lambda: _save_with_full_disk(path, monkeypatch),
    ):
        with pytest.raises((OSError, pickle.PicklingError, AttributeError)):
            bad()
        assert mt.load(path).tolist() == [1.0, 1.0] and os.listdir(tmp_path) == ["x.pt"]
    mt.save(mt.zeros(2), path)
    assert mt.load(path).tolist() == [0.0, 0.0] and os.stat(path).st_mode & 0o777 == 0o640
    link = tmp_path / "link.pt"
    link.symlink_to(path)
    mt.save(mt.ones(1), link)
    assert link.is_symlink() and mt.load(path).tolist() == [1.0]


def _save_with_full_disk(path: Path, monkeypatch: Any) -> None:
    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as m:
        m.setattr(os, "fsync", full)
        mt.save(mt.zeros(2), path)


def test_a_kill_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    mt.save(mt.ones(2), path)
    program = (
        "import os, signal, minitorch as mt\n"
        "os.fsync = lambda fd: os.kill(os.getpid(), signal.SIGKILL)\n"
        f"mt.save(mt.zeros(2), {str(path)!r})\n"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == -9
    assert mt.load(path).tolist() == [1.0, 1.0]


def test_writing_into_a_pipe(tmp_path: Path) -> None:
    program = "import minitorch as mt; mt.save(mt.ones(2), '/dev/stdout')"
    data = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True).stdout
    assert torch.load(io.BytesIO(data)).tolist() == [1.0, 1.0]


def test_torch_is_not_imported(tmp_path: Path) -> None:
    torch.save(network(torch), tmp_path / "net.pt")
    torch.save(network(torch).state_dict(), tmp_path / "weights.pt")
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "import minitorch as mt\n"
        f"net = mt.load({str(tmp_path / 'net.pt')!r}, weights_only=False)\n"
        f"net.load_state_dict(mt.load({str(tmp_path / 'weights.pt')!r}))\n"
        f"mt.save(net.state_dict(), {str(tmp_path / 'out.pt')!r})\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
    assert_same(torch.load(tmp_path / "out.pt"), network(torch).state_dict())


# -- places ------------------------------------------------------------------------------------------------------------


def on_gpu() -> bytes:
    """A checkpoint that says its tensors were on the second GPU."""
    file, out = io.BytesIO(), io.BytesIO()
    torch.save({"w": torch.arange(4.0)[1:]}, file)
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("data.pkl"):
                data = data.replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0")
            target.writestr(name, data)
    return out.getvalue()


def test_map_location() -> None:
    asked = []

    def ask(storage: Any, location: str) -> Any:
        asked.append((location, len(storage), str(storage.device)))
        return storage

    for place in ("cpu", mt.device("cpu"), b"cpu", {"cuda:0": "cpu"}, ask, lambda s, _: s.cpu()):
        assert mt.load(io.BytesIO(on_gpu()), place)["w"].tolist() == [1.0, 2.0, 3.0]
    assert asked == [("cuda:0", 16, "cpu")]
    for place in (None, {"cpu": "cpu"}, "cuda", lambda s, _: None):
        with pytest.raises(RuntimeError, match="Attempting to deserialize object on a CUDA device but .*is_available"):
            mt.load(io.BytesIO(on_gpu()), place)
    with pytest.raises(RuntimeError, match="don't know how to restore data location of .*tagged with nowhere"):
        mt.load(io.BytesIO(on_gpu()), "nowhere")
    with pytest.raises(ZeroDivisionError):
        mt.load(io.BytesIO(on_gpu()), lambda s, _: 1 / 0)


def test_devices() -> None:
    with standin():
        for place in (None, "cuda", "cuda:0", {"cpu": "cuda"}, lambda s, _: s.cuda()):
            w = mt.load(io.BytesIO(on_gpu()), place)["w"]
            assert (str(w.device), w.cpu().tolist()) == ("cuda:0", [1.0, 2.0, 3.0])
        x = mt.arange(6.0, device="cuda").reshape(2, 3)
        file = io.BytesIO()
        mt.save([x, x[1]], file)
        whole, row = mt.load(io.BytesIO(file.getvalue()))
        whole.zero_()
        assert str(row.device) == "cuda:0" and row.cpu().tolist() == [0.0, 0.0, 0.0]
    assert torch.load(io.BytesIO(file.getvalue()), map_location="cpu")[0].tolist() == [[0, 1, 2], [3, 4, 5]]


# -- arguments ---------------------------------------------------------------------------------------------------------


def test_wrong_arguments(tmp_path: Path) -> None:
    x = mt.ones(2)
    for lib in (mt, torch):
        with pytest.raises(AttributeError, match="to be string, path, or a file-like object with a 'write' attribute"):
            lib.save(x, 5)
        with pytest.raises(AttributeError, match="object has no attribute 'seek'"):
            lib.load(5)
        with pytest.raises(RuntimeError, match="Parent directory .* does not exist"):
            lib.save(1, tmp_path / "none" / "x.pt")
        with pytest.raises(FileNotFoundError):
            lib.load(tmp_path / "none.pt")
        with pytest.raises(RuntimeError, match="Can not safely load weights when explicit pickle_module is specified"):
            lib.load(io.BytesIO(on_gpu()), pickle_module=pickle, weights_only=True)
        y = lib.ones(4)
        with pytest.raises(RuntimeError, match="view the same data as different types"):
            lib.save([y, y.view(lib.int32)], io.BytesIO())
    with pytest.raises(NotImplementedError, match="_use_new_zipfile_serialization"):
        mt.save(x, io.BytesIO(), _use_new_zipfile_serialization=False)
    with pytest.raises(ValueError, match="pickle_module"):
        mt.save(x, io.BytesIO(), pickle_module=Cloudy)


class Cloudy:
    """A pickle module whose pickler is the C one, which can't write names of things that aren't there."""

    __name__ = "cloudy"
    Pickler = pickle.Pickler


def test_other_protocols_need_trust() -> None:
    file = io.BytesIO()
    torch.save({"w": torch.ones(2)}, file, pickle_protocol=4)
    with pytest.raises(CheckpointError, match="Detected pickle protocol 4"):
        mt.load(io.BytesIO(file.getvalue()))
    assert mt.load(io.BytesIO(file.getvalue()), weights_only=False)["w"].tolist() == [1.0, 1.0]
    file = io.BytesIO()
    mt.save({"w": mt.ones(2), "d": mt.float32}, file, pickle_protocol=4)
    assert torch.load(io.BytesIO(file.getvalue()), weights_only=False)["d"] is torch.float32


def test_the_other_byte_order() -> None:
    file, out = io.BytesIO(), io.BytesIO()
    torch.save(torch.arange(3).to(torch.complex64) * (1 + 2j), file)
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("data/0"):
                data = np.frombuffer(data, np.float32).byteswap().tobytes()
            target.writestr(name, b"big" if name.endswith("byteorder") else data)
    assert mt.load(io.BytesIO(out.getvalue())).tolist() == [0j, 1 + 2j, 2 + 4j]


def test_signatures() -> None:
    import inspect

    for name in ("save", "load"):
        ours, theirs = (inspect.signature(getattr(lib, name)).parameters for lib in (mt, torch))
        assert [(p.name, p.kind, p.default) for p in ours.values()] == [
            (p.name, p.kind, p.default) for p in theirs.values()
        ]
