"""Files that are broken, foreign or out to harm: each is refused by one clear error, and no code of theirs is run."""

from __future__ import annotations

import io
import os
import pickle
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

import minitorch as mt
from minitorch.serialization import CheckpointError, container

ran: list[str] = []  # what hostile code would leave behind


def harm(*args: Any) -> str:
    ran.append("harm")
    return "harm"


@pytest.fixture(autouse=True)
def nothing_ran() -> Iterator[None]:
    ran.clear()
    yield
    assert ran == []


# -- pickles, written by hand ------------------------------------------------------------------------------------------


def name(module: str, attribute: str) -> bytes:
    return b"c" + f"{module}\n{attribute}\n".encode()


def value(x: Any) -> bytes:
    """The program that pushes a plain value."""
    return pickle.dumps(x, 2)[2:-1]


def call(function: bytes, *args: bytes) -> bytes:
    return function + b"(" + b"".join(args) + b"tR"


def storage(kind: str = "FloatStorage", key: Any = "0", where: Any = "cpu", numel: Any = 4) -> bytes:
    return b"(" + value("storage") + name("torch", kind) + value(key) + value(where) + value(numel) + b"tQ"


HOOKS = call(name("collections", "OrderedDict"))


def tensor(memory: bytes = storage(), offset: Any = 0, size: Any = (4,), stride: Any = (1,), grad: Any = False,
           *more: bytes) -> bytes:  # fmt: skip
    rebuild = name("torch._utils", "_rebuild_tensor_v2")
    return call(rebuild, memory, value(offset), value(size), value(stride), value(grad), HOOKS, *more)


def archive(program: bytes, records: dict[str, bytes] | None = None, compress: int = zipfile.ZIP_STORED) -> bytes:
    """A checkpoint of this pickle, with storage 0 of four floats unless other records are given."""
    out = io.BytesIO()
    content = {"data.pkl": b"\x80\x02" + program + b".", "byteorder": b"little", "data/0": bytes(16), "version": b"3\n"}
    content.update(records or {})
    with zipfile.ZipFile(out, "w", compress) as target:
        for record, data in content.items():
            if data is not None:
                target.writestr(record if record.startswith("/") else f"a/{record}", data)
    return out.getvalue()


OS = name("os", "system")
MANY = 50_000
HERE = __name__
FROM_TYPE = name("torch._tensor", "_rebuild_from_type_v2")
PICKLES: dict[str, bytes] = {
    "os.system": call(OS, value("touch /tmp/harm")),
    "posix.system": call(name("posix", "system"), value("touch /tmp/harm")),
    "python 2's os": call(name("__builtin__", "eval"), value("harm()")),
    "builtins.eval": call(name("builtins", "eval"), value("__import__('os').system('x')")),
    "builtins.exec": call(name("builtins", "exec"), value("harm()")),
    "builtins.getattr": call(name("builtins", "getattr"), name("torch", "Tensor"), value("__class__")),
    "builtins.__import__": call(name("builtins", "__import__"), value("os")),
    "a function of ours": call(name(HERE, "harm")),
    "nested attributes": call(name("torch", "Tensor.__init__.__globals__")),
    "attributes of what is allowed": call(name("collections", "OrderedDict.fromkeys"), value("ab")),
    "through a module": call(name("torch", "serialization.os.system"), value("x")),
    "os as a submodule": call(name("os.path", "join"), value("a")),
    "sys.modules": name("sys", "modules"),
    "operator.attrgetter": call(name("operator", "attrgetter"), value("__class__")),
    "functools.partial": call(name("functools", "partial"), name("builtins", "eval")),
    "torch.load itself": call(name("torch", "load"), value("/etc/passwd")),
    "torch.hub": call(name("torch.hub", "load"), value("x"), value("y")),
    "torch._utils._rebuild_wrapper_subclass": name("torch._utils", "_rebuild_wrapper_subclass"),
    "numpy's scalar": call(name("numpy._core.multiarray", "scalar"), value(1)),
    "a stack global": value("os") + value("system") + b"\x93",
    "an extension code": b"\x82\x01",
    "INST": b"(ios\nsystem\n",
    "OBJ": b"(" + name("collections", "OrderedDict") + b"o",
    "NEWOBJ_EX": name("collections", "OrderedDict") + b")}\x92",
    "new object of a tensor": name("torch", "Tensor") + b")\x81",
    "new object of a dict": name("collections", "OrderedDict") + b")\x81",
    "a call of a class that is only named": call(name("torch", "Tensor"), value((2, 3))),
    "a call of a dtype": call(name("torch", "float32")),
    "a call of a string": call(value("text")),
    "a call of a result": call(tensor()),
    "arguments that aren't a tuple": name("collections", "OrderedDict") + value([1]) + b"R",
    "BUILD of a tensor": tensor() + value({"_array": 1}) + b"b",
    "BUILD of a dtype": name("torch", "float32") + value({"itemsize": 1}) + b"b",
    "BUILD of a function": name("torch._utils", "_rebuild_tensor_v2") + value({"x": 1}) + b"b",
    "BUILD of a list": value([1]) + value({"x": 1}) + b"b",
    "special names in BUILD": HOOKS + value({"__class__": 1}) + b"b",
    "deepcopy in BUILD": HOOKS + value({"__deepcopy__": 1}) + b"b",
    "BUILD with no dict": HOOKS + value([1]) + b"b",
    "special names of a tensor": call(
        FROM_TYPE, name("torch._utils", "_rebuild_tensor_v2"), name("torch", "Tensor"),
        b"(" + storage() + value(0) + value((4,)) + value((1,)) + value(False) + HOOKS + b"t", value({"__class__": 1}),
    ),
    "another function inside rebuild": call(
        FROM_TYPE, name("torch._utils", "_rebuild_parameter"), name("torch", "float32"),
        b"(" + tensor() + value(False) + HOOKS + b"t", value({}),
    ),
    "append to a tensor": tensor() + value(1) + b"a",
    "items of a list": value([1]) + value(0) + value(2) + b"s",
    "items of a tensor": tensor() + value(0) + value(2) + b"s",
    "a key without a value": b"}(" + value(1) + b"u",
    "an unhashable key": b"}" + value([1]) + value(1) + b"s",
    "a key of exponential size": b"}" + b")" + b"q\x00h\x00\x86" * MANY + value(1) + b"s",
    "a key of great depth": b"})" + b"\x85" * MANY + value(1) + b"s",
    "an element of great depth": call(name("builtins", "set"), b"])" + b"\x85" * MANY + b"a"),
    "bytes of a number": call(name("builtins", "bytearray"), value(1 << 50)),
    "bytes by a codec": call(name("_codecs", "encode"), value("aa"), value("hex")),
    "a factory that isn't a type": call(name("collections", "defaultdict"), name("torch", "device")),
    "an empty stack": b"",
    "STOP at once": b".",
    "a memo that isn't there": b"h\x07",
    "a mark that isn't there": b"t",
    "a tuple of too little": b"\x87",
    "an append without a list": value(1) + b"a",
    "an unknown instruction": b"\xff",
    "a text beyond the end": b"X\xff\xff\xff\xff",
    "a name without an end": b"ctorch",
    "a text that isn't UTF-8": b"X\x01\x00\x00\x00\xff",
    "a number beyond the end": b"G\x00",
    "protocol 200": b"\x80\xc8N",
    "persistent id that is a number": value(3) + b"Q",
    "persistent id that is a list": value(["storage"]) + b"Q",
    "persistent id that is empty": value(()) + b"Q",
    "persistent id of something else": value(("module", 1)) + b"Q",
    "persistent id as text": b"Pstorage\n",
    "persistent id that is short": value(("storage", "x")) + b"Q",
    "persistent id with a wrong type": value(("storage", "FloatStorage", "0", "cpu", 4)) + b"Q",
    "a storage key that is a number": storage(key=0),
    "a storage key outside": storage(key="../../etc/passwd"),
    "a storage key that isn't there": storage(key="1"),
    "a storage on a number": storage(where=7),
    "a storage larger than its record": storage(numel=5),
    "a storage smaller than its record": storage(numel=3),
    "a storage of terabytes": storage(numel=1 << 45),
    "a storage of -4": storage(numel=-4),
    "a storage of 4.0": storage(numel=4.0),
    "a storage named twice": storage() + storage("DoubleStorage", numel=4) + b"\x86",
    "a storage with a wrong dtype": storage("FooStorage"),
    "a storage of complex32": storage("ComplexHalfStorage", numel=4),
    "a quantized storage": storage("QInt8Storage", numel=16),
    "float8": name("torch", "float8_e4m3fn"),
    "uint64": name("torch", "uint64"),
    "a tensor without a storage": tensor(value(3)),
    "a tensor beyond its storage": tensor(size=(5,)),
    "a tensor beyond by its offset": tensor(offset=1),
    "a tensor beyond by its stride": tensor(size=(2, 2), stride=(3, 1)),
    "an empty tensor beyond": tensor(offset=5, size=(0,)),
    "a negative offset": tensor(offset=-1),
    "a negative stride": tensor(offset=3, stride=(-1,)),
    "a negative size": tensor(size=(-4,)),
    "sizes that wrap around": tensor(size=(1 << 62, 4), stride=(0, 1)),
    "a size beyond 64 bits": tensor(size=(1 << 70,), stride=(0,)),
    "a stride beyond 64 bits": tensor(size=(2,), stride=(1 << 70,)),
    "sizes that are numbers with a point": tensor(size=(4.0,)),
    "sizes that are bools": tensor(size=(True,)),
    "a size that is a list": tensor(size=[4]),
    "fewer strides than sizes": tensor(size=(2, 2)),
    "a hundred dimensions": tensor(size=(1,) * 100, stride=(1,) * 100),
    "requires_grad that is text": tensor(grad="yes"),
    "integers that require grad": tensor(storage("IntStorage"), 0, (4,), (1,), True),
    "unknown metadata": tensor(storage(), 0, (4,), (1,), False, value({"zap": True})),
    "metadata that is a list": tensor(storage(), 0, (4,), (1,), False, value([1])),
    "too few arguments": call(name("torch._utils", "_rebuild_tensor_v2"), storage()),
    "too many arguments": tensor(storage(), 0, (4,), (1,), False, value({}), value(1), value(2)),
    "a parameter of a number": call(name("torch._utils", "_rebuild_parameter"), value(1), value(True), HOOKS),
    "a sparse layout": call(name("torch.serialization", "_get_layout"), value("torch.sparse_coo")),
    "a device of nowhere": call(name("torch", "device"), value("nowhere")),
    "a size of text": call(name("torch", "Size"), value(["a"])),
}  # fmt: skip


@pytest.mark.parametrize("case", PICKLES)
def test_pickles(case: str) -> None:
    data = archive(PICKLES[case])
    tracemalloc.start()
    start = time.perf_counter()
    with pytest.raises(CheckpointError, match="Weights only load failed|PytorchStreamReader failed"):
        mt.load(io.BytesIO(data))
    taken, (_, peak) = time.perf_counter() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000 + 300 * len(data) and taken < 20
    assert not os.path.exists("/tmp/harm")


def test_names_are_told() -> None:
    for case, words in (
        ("os.system", "GLOBAL os.system whose module os is blocked"),
        ("builtins.eval", "GLOBAL eval was"),
        ("float8", "torch.float8_e4m3fn was not an allowed global by default, and minitorch has no such dtype"),
        ("numpy's scalar", r"add_safe_globals\(\[numpy._core.multiarray.scalar\]\)"),
    ):
        with pytest.raises(CheckpointError, match=words):
            mt.load(io.BytesIO(archive(PICKLES[case])))


def test_what_is_allowed_is_called_and_nothing_else() -> None:
    """An allowed class's objects may be filled; blocked modules stay blocked."""
    with mt.serialization.safe_globals([os.getcwd, (harm, "os.system")]):
        with pytest.raises(CheckpointError, match="blocked"):
            mt.load(io.BytesIO(archive(PICKLES["os.system"])))
    with mt.serialization.safe_globals([harm]):
        assert mt.load(io.BytesIO(archive(PICKLES["a function of ours"]))) == "harm"
    ran.clear()


def test_the_sound_ones_load() -> None:
    """The same builders without a fault: what is refused above is refused for its fault."""
    assert mt.load(io.BytesIO(archive(tensor()))).tolist() == [0.0] * 4
    assert mt.load(io.BytesIO(archive(tensor(size=(0, 7), stride=(1, 1), offset=4)))).shape == (0, 7)
    assert mt.load(io.BytesIO(archive(tensor(size=(1 << 40,), stride=(0,))))).shape == (1 << 40,)
    assert mt.load(io.BytesIO(archive(b"}" + value((1, (2, 3))) + value(1) + b"s"))) == {(1, (2, 3)): 1}
    assert torch.load(io.BytesIO(archive(tensor()))).tolist() == [0.0] * 4


# -- containers --------------------------------------------------------------------------------------------------------


def legacy() -> bytes:
    file = io.BytesIO()
    torch.save({"w": torch.ones(2)}, file, _use_new_zipfile_serialization=False)
    return file.getvalue()


def overlapping() -> bytes:
    """Many directory entries for one record: the records claim more than the file holds."""
    data = bytearray(archive(tensor(), {f"data/{k}": bytes(2000) for k in range(10, 40)}))
    position = data.find(b"PK\x01\x02")
    first = None
    while position >= 0:
        here = struct.unpack_from("<L", data, position + 42)[0]
        if data[position + 46 :].startswith(b"a/data/1"):
            first = here if first is None else first
            struct.pack_into("<L", data, position + 42, first)
            struct.pack_into("<LL", data, position + 20, 60_000, 60_000)
        position = data.find(b"PK\x01\x02", position + 4)
    return bytes(data)


def twice() -> bytes:
    out = io.BytesIO(archive(tensor()))
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(out, "a") as file:
        file.writestr("a/data.pkl", b"\x80\x02N.")
    return out.getvalue()


def encrypted() -> bytes:
    data = bytearray(archive(tensor()))
    for position in range(len(data)):
        if data[position : position + 4] == b"PK\x01\x02":
            data[position + 8] |= 1
    return bytes(data)


CONTAINERS: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "noise": lambda: bytes(range(256)) * 10,
    "text": lambda: b"<html>404 Not Found</html>",
    "a header and noise": lambda: b"PK\x03\x04" + bytes(range(256)) * 10,
    "an empty zip": lambda: b"PK\x05\x06" + bytes(18),
    "legacy": legacy,
    "a bare pickle": lambda: pickle.dumps({"w": [1, 2]}),
    "a bare pickle that harms": lambda: b"cos\nsystem\n(X\x01\x00\x00\x00xtR.",
    "an old tar": lambda: b"storages".ljust(257, b"\0") + b"ustar" + bytes(500),
    "no data.pkl": lambda: archive(b"", {"data.pkl": None}),
    "two data.pkl": lambda: archive(tensor(), {"/b/data.pkl": b"\x80\x02N."}),
    "no version": lambda: archive(tensor(), {"version": None}),
    "version 0": lambda: archive(tensor(), {"version": b"0\n"}),
    "version 4000": lambda: archive(tensor(), {"version": b"4000\n"}),
    "version of words": lambda: archive(tensor(), {"version": b"new\n"}),
    "wrong byteorder": lambda: archive(tensor(), {"byteorder": b"middle"}),
    "no storage": lambda: archive(tensor(), {"data/0": None}),
    "a short storage": lambda: archive(tensor(), {"data/0": bytes(15)}),
    "a long storage": lambda: archive(tensor(), {"data/0": bytes(17)}),
    "a bomb": lambda: archive(tensor(), {"data/0": bytes(100_000_000)}, zipfile.ZIP_DEFLATED),
    "compressed": lambda: archive(tensor(), compress=zipfile.ZIP_DEFLATED),
    "two of a name": twice,
    "encrypted": encrypted,
    "overlapping records": overlapping,
    "a path above": lambda: archive(tensor(), {"../x": b""}),
    "a path from the root": lambda: archive(tensor(), {"/etc/passwd": b""}),
    "a path of Windows": lambda: archive(tensor(), {"data\\0": b""}),
    "a folder": lambda: archive(tensor(), {"data/": b""}),
    "another archive's record": lambda: archive(tensor(), {"/b/x": b""}),
    "TorchScript": lambda: archive(tensor(), {"constants.pkl": b"\x80\x02)."}),
}


@pytest.mark.parametrize("trust", [False, True])
@pytest.mark.parametrize("case", CONTAINERS)
def test_containers(case: str, trust: bool, tmp_path: Path) -> None:
    data = CONTAINERS[case]()
    tracemalloc.start()
    with pytest.raises(CheckpointError):
        mt.load(io.BytesIO(data), weights_only=not trust)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000
    (tmp_path / "x.pt").write_bytes(data)
    for mapped in (False, True):
        with pytest.raises(CheckpointError):
            mt.load(tmp_path / "x.pt", weights_only=not trust, mmap=mapped)


def test_old_files_say_what_to_do() -> None:
    with pytest.raises(CheckpointError, match=r"before 1\.6(.|\n)*torch\.save\(torch\.load\(path"):
        mt.load(io.BytesIO(legacy()))
    with pytest.raises(CheckpointError, match=r"before 1\.6"):
        mt.load(io.BytesIO(CONTAINERS["an old tar"]()))
    with pytest.raises(CheckpointError, match=r"TorchScript(.|\n)*state_dict"):
        mt.load(io.BytesIO(CONTAINERS["TorchScript"]()))


def sound() -> bytes:
    file = io.BytesIO()
    torch.save({"w": torch.arange(30.0), "b": torch.ones(3, dtype=torch.int64), "n": 3}, file)
    return file.getvalue()


@pytest.mark.parametrize("trust", [False, True])
def test_truncated_anywhere(trust: bool, tmp_path: Path) -> None:
    data = sound()
    for end in [*range(0, len(data), 23), *range(len(data) - 30, len(data))]:
        with pytest.raises(CheckpointError):
            mt.load(io.BytesIO(data[:end]), weights_only=not trust)


def test_a_flipped_byte_is_noticed_or_harmless() -> None:
    """Names, sizes, checksums and contents are all checked; dates, padding and the like may differ."""
    data, noticed = sound(), 0
    for k in range(len(data)):
        damaged = data[:k] + bytes([data[k] ^ 0x55]) + data[k + 1 :]
        try:
            found = mt.load(io.BytesIO(damaged))
        except CheckpointError:
            noticed += 1
            continue
        assert found["w"].tolist() == list(range(30)) and found["b"].tolist() == [1] * 3 and found["n"] == 3
    assert noticed > 600


def test_every_byte_of_the_pickle_may_be_anything() -> None:
    """Programs of random instructions never do more than raise the one error."""
    import random

    draw = random.Random(0)
    with zipfile.ZipFile(io.BytesIO(sound())) as file:
        program = file.read("archive/data.pkl")
    for _ in range(1500):
        changed = bytearray(program)
        for _ in range(draw.randint(1, 6)):
            changed[draw.randrange(2, len(changed))] = draw.choice([draw.randrange(256), *b"cR(tq\x85\x86\x87Qbsue.hX"])
        try:
            mt.load(io.BytesIO(archive(b"", {"data.pkl": bytes(changed), "data/0": bytes(120), "data/1": bytes(24)})))
        except CheckpointError:
            pass


def test_the_reader_takes_no_more_than_the_file(tmp_path: Path) -> None:
    data = bytearray(sound())
    position = data.find(b"PK\x01\x02")
    while position >= 0:  # every record claims 4 GB
        struct.pack_into("<LL", data, position + 20, 0xFFFFFFF0, 0xFFFFFFF0)
        position = data.find(b"PK\x01\x02", position + 4)
    with pytest.raises(CheckpointError, match="claim more bytes"):
        container.Reader(io.BytesIO(bytes(data)))
