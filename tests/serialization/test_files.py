"""Checkpoints as files: paths and file objects, the container, kills and failures, places, arguments."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt
from minitorch.serialization import CheckpointError
from parity.standin import standin
from tests.serialization.tools import ROOT, WAYS, assert_same, network

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
    x, whole = mt.ones(2), tmp_path / "x.pt"
    mt.save(x, whole)
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
        with pytest.warns(UserWarning, match="pickle_load_args only works if `weights_only=False`"):
            lib.load(whole, encoding="utf-8", map_location="cpu")
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
