"""safetensors files against the package safetensors, both ways and byte for byte; bad headers are refused."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors
import safetensors.torch
import torch
from hypothesis import given
from hypothesis import strategies as st

import minitorch as mt
from minitorch.serialization import CheckpointError
from minitorch.serialization import safetensors as ours
from parity.standin import standin

DTYPES = ["float32", "float64", "float16", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "bool", "complex64"]


def pair(dtype: str, shape: tuple[int, ...], seed: int) -> tuple[Any, Any]:
    """The same values as a tensor of either library."""
    x = torch.from_numpy(np.asarray(np.random.default_rng(seed).standard_normal(shape) * 50)).to(getattr(torch, dtype))
    wide = x if dtype == "complex64" else x.to(torch.float64)
    return x, mt.tensor(wide.tolist(), dtype=getattr(mt, dtype)).reshape(shape)


def bits(t: Any) -> bytes:
    if not isinstance(t, torch.Tensor):
        return t._array.tobytes()
    return t.reshape(-1).view(torch.uint8).numpy().tobytes() if t.numel() else b""


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6).filter(lambda s: s != "__metadata__")
tables = st.dictionaries(
    names, st.tuples(st.sampled_from(DTYPES), st.lists(st.integers(0, 4), max_size=3).map(tuple)), max_size=5
)


@given(tables, st.none() | st.tuples(names, st.text(max_size=5)))
def test_files_are_the_same_byte_for_byte(table: dict, metadata: Any) -> None:
    pairs = {name: pair(dtype, shape, k) for k, (name, (dtype, shape)) in enumerate(table.items())}
    theirs, own = ({name: p[k] for name, p in pairs.items()} for k in (0, 1))
    about = None if metadata is None else {metadata[0]: metadata[1]}
    written = safetensors.torch.save(theirs, about)
    assert ours.save(own, about) == written
    found = ours.load(written)
    assert set(found) == set(theirs)
    for name, t in found.items():
        assert (str(t.dtype), tuple(t.shape)) == (str(theirs[name].dtype), tuple(theirs[name].shape))
        assert bits(t) == bits(theirs[name])
    with ours.safe_open(io.BytesIO(written)) as file:
        assert file.metadata() == about and file.keys() == sorted(theirs)


def test_files(tmp_path: Path) -> None:
    net, theirs = mt.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    ours.save_file(net.state_dict(), tmp_path / "a.safetensors", {"format": "pt"})
    theirs.load_state_dict(safetensors.torch.load_file(tmp_path / "a.safetensors"))
    assert theirs.weight.tolist() == net.weight.tolist()
    safetensors.torch.save_file({k: v * 2 for k, v in theirs.state_dict().items()}, tmp_path / "b.safetensors")
    net.load_state_dict(ours.load_file(str(tmp_path / "b.safetensors")))
    assert net.bias.tolist() == (theirs.bias * 2).tolist()
    for source in (mt.load, torch.load):
        assert source(tmp_path / "a.safetensors")["bias"].tolist() == theirs.bias.tolist()
        with pytest.raises(RuntimeError, match="map_location is not supported"):
            source(tmp_path / "a.safetensors", {"cpu": "cpu"})
    with ours.safe_open(tmp_path / "a.safetensors", framework="pt", device="cpu") as f:
        with safetensors.safe_open(tmp_path / "a.safetensors", framework="pt") as g:
            assert (f.metadata(), f.keys()) == (g.metadata(), list(g.keys()))
        weight = f.get_tensor("weight")
        weight.zero_()  # a tensor of its own, which may be changed
        with pytest.raises(CheckpointError, match="does not contain tensor nothing"):
            f.get_tensor("nothing")
    with pytest.raises(ValueError, match="framework='tf'"):
        ours.safe_open(tmp_path / "a.safetensors", "tf")
    with pytest.raises(FileNotFoundError):
        ours.load_file(tmp_path / "none.safetensors")


def test_devices(tmp_path: Path) -> None:
    with standin():
        x = mt.arange(6.0, device="cuda").reshape(2, 3)
        ours.save_file({"x": x}, tmp_path / "x.safetensors")
        found = ours.load_file(tmp_path / "x.safetensors", device="cuda")["x"]
        assert (str(found.device), found.cpu().tolist()) == ("cuda:0", [[0, 1, 2], [3, 4, 5]])


def test_what_is_not_saved(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    for lib, save in ((mt, ours.save_file), (torch, safetensors.torch.save_file)):
        x = lib.arange(6.0).reshape(2, 3)
        for bad, error, words in (
            ([x], ValueError, "Expected a dict"),
            ({"x": x.t()}, ValueError, "non contiguous tensor: `x`"),
            ({"x": x, "y": x[0]}, RuntimeError, "Some tensors share memory"),
            ({"x": 3}, ValueError, "Key `x` is invalid"),
        ):
            with pytest.raises(error, match=words):
                save(bad, tmp_path / "old")
            assert (tmp_path / "old").read_bytes() == b"old" and os.listdir(tmp_path) == ["old"]
    with pytest.raises(ValueError, match="Key `x` is invalid"):
        ours.save({"x": mt.zeros(2, dtype=mt.complex128)})
    with pytest.raises(TypeError, match="metadata"):
        ours.save({"x": mt.zeros(2)}, {"a": 1})


def file(header: Any, body: bytes = bytes(16), length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + body


def entry(**changes: Any) -> dict:
    return {"x": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16], **changes}}


BAD: dict[str, bytes] = {
    "empty": b"",
    "seven bytes": bytes(7),
    "a length beyond the file": file(entry(), length=5000),
    "a length of exabytes": file(entry(), length=(1 << 64) - 1),
    "a length of 200 MB": file(entry(), length=200_000_000),
    "no JSON": file(b"{nonsense"),
    "spaces first": file(b"  {}", b""),
    "a list": file([1, 2]),
    "text that isn't UTF-8": file(b'{"\xff":1}'),
    "nested without end": file(b'{"a":' * 100_000),
    "a name twice": file(b'{"x":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},' + json.dumps(entry()).encode()[1:]),
    "metadata of numbers": file({**entry(), "__metadata__": {"a": 1}}),
    "metadata that is a list": file({**entry(), "__metadata__": ["a"]}),
    "a tensor that is a number": file({"x": 3}),
    "no dtype": file({"x": {"shape": [4], "data_offsets": [0, 16]}}),
    "something more": file(entry(code="import os")),
    "unknown dtype": file(entry(dtype="F128")),
    "a dtype that is a list": file(entry(dtype=["F32"])),
    "a negative size": file(entry(shape=[-4])),
    "a size with a point": file(entry(shape=[4.0])),
    "a size that is true": file(entry(shape=[True, 4])),
    "a shape that is a number": file(entry(shape=4)),
    "too many sizes": file(entry(shape=[1] * 70 + [4])),
    "a shape that is larger": file(entry(shape=[5])),
    "a shape that wraps around": file(entry(shape=[1 << 62, 4])),
    "offsets backwards": file(entry(data_offsets=[16, 0])),
    "three offsets": file(entry(data_offsets=[0, 16, 16])),
    "a negative offset": file(entry(data_offsets=[-16, 0])),
    "offsets beyond the end": file(entry(shape=[8], data_offsets=[0, 32])),
    "a hole at the start": file(entry(shape=[2], data_offsets=[8, 16])),
    "a hole at the end": file(entry(shape=[2], data_offsets=[0, 8])),
    "bytes after the end": file(entry(), bytes(20)),
    "bytes missing": file(entry(), bytes(12)),
    "overlap": file({**entry(), "y": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]}}),
    "a hole between": file({"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
                            "y": {"dtype": "F32", "shape": [1], "data_offsets": [12, 16]}}),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_files(case: str, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="Error while deserializing header"):
        ours.load(BAD[case])
    (tmp_path / "x.safetensors").write_bytes(BAD[case])
    with pytest.raises(CheckpointError):
        ours.load_file(tmp_path / "x.safetensors")


def test_the_sound_one_loads() -> None:
    assert ours.load(file(entry()))["x"].tolist() == [0.0] * 4
    assert ours.load(file({}, b"")) == {}


def test_truncated_anywhere() -> None:
    data = ours.save({"x": mt.arange(5.0), "y": mt.ones(2, 2, dtype=mt.int64)}, {"a": "b"})
    for end in range(len(data)):
        with pytest.raises(CheckpointError):
            ours.load(data[:end])
