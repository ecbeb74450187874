"""`save`: an object as a pickle in which torch recognizes its own tensors, and beside it the bytes of their memory."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import stat
import sys
from collections import OrderedDict
from collections.abc import Iterator
from typing import IO, Any

from minitorch.autograd.base import TensorBase
from minitorch.backend import backend_of, device, device_of, dtypes
from minitorch.backend.later import read
from minitorch.nn.parameter import Parameter, is_lazy
from minitorch.ops.memory import storage_of, view_by_strides
from minitorch.serialization.container import Writer
from minitorch.tensor import Size, Tensor
from minitorch.tensor.creation import strided


class _Name:
    """A function or class of torch's, written into the pickle by its name."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name

    def __call__(self, *args: Any) -> Any:
        raise TypeError(f"{self.module}.{self.name} is a name in a file, not a function")


_TENSOR = _Name("torch._utils", "_rebuild_tensor_v2")
_PARAMETER = _Name("torch._utils", "_rebuild_parameter")
_PARAMETER_WITH_STATE = _Name("torch._utils", "_rebuild_parameter_with_state")
_FROM_TYPE = _Name("torch._tensor", "_rebuild_from_type_v2")
_LAYOUT = _Name("torch.serialization", "_get_layout")
_SIZE, _DEVICE = _Name("torch", "Size"), _Name("torch", "device")
_STORAGES = {d: _Name("torch", f"{name}Storage") for d, name in dtypes.SCALAR_NAME.items()}
_NAMES: dict[Any, _Name] = {
    Tensor: _Name("torch", "Tensor"), Parameter: _Name("torch.nn.parameter", "Parameter"), Size: _SIZE, device: _DEVICE,
    **{d: _Name("torch", d.name) for d in dtypes.ALL},
}  # fmt: skip


class _Memory:
    """The storage of one or more tensors, which the pickle mentions by number."""

    def __init__(self, array: Any, dtype: Any, key: str, numel: int) -> None:
        self.array, self.dtype, self.key, self.numel = array, dtype, key, numel
        where = device_of(array)
        self.location = str(where) if where.index is not None or where.type == "cpu" else f"{where.type}:0"


class Storages:
    """The storages met so far; tensors in the same memory get the same one."""

    def __init__(self) -> None:
        self.found: dict[Any, _Memory] = {}
        self.alive: list[Any] = []  # copies made on the way: their addresses must not be used again

    def of(self, array: Any) -> tuple[_Memory, int, tuple[int, ...]]:
        """(storage, offset and strides in elements) of an array."""
        item = array.dtype.itemsize
        lowest, start, nbytes = storage_of(array)
        offset = backend_of(array).pointer(array) - start
        if nbytes % item or offset % item or any(s < 0 or s % item for s in array.strides):
            array = array.copy(order="C")  # torch has no such strides
            self.alive.append(array)
            lowest, start, nbytes = storage_of(array)
            offset = 0
        dtype = dtypes.from_numpy(array.dtype)
        key = (str(device_of(array)), start) if nbytes else len(self.found)  # empty ones have no address
        memory = self.found.get(key)
        if memory is None:
            memory = self.found[key] = _Memory(array, dtype, str(len(self.found)), nbytes // item)
        elif memory.dtype is not dtype:
            raise RuntimeError("Cannot save multiple tensors or storages that view the same data as different types")
        return memory, offset // item if array.size else 0, tuple(s // item for s in array.strides)

    def write(self, archive: Writer) -> None:
        """Add all of them to the archive, one after the other: only one copy is in memory at a time."""
        for memory in self.found.values():
            flat = view_by_strides(memory.array, (memory.numel,), (1,), 0) if memory.numel else memory.array.reshape(-1)
            archive.write(f"data/{memory.key}", read(flat).view("uint8") if memory.numel else b"")


def _pickler(base: Any, file: IO[bytes], protocol: int, storages: Storages) -> Any:
    """A pickler of class `base` that writes our tensors, dtypes, sizes and devices under torch's names."""

    class Pickler(base):
        def persistent_id(self, obj: Any) -> Any:
            if type(obj) is _Memory:
                return "storage", _STORAGES[obj.dtype], obj.key, obj.location, obj.numel
            return None

        def reducer_override(self, obj: Any) -> Any:
            if isinstance(obj, _Name):
                return obj.name
            if isinstance(obj, TensorBase) and not is_lazy(obj):
                return _reduce_tensor(obj, storages)
            if isinstance(obj, type) and obj in _NAMES:
                return obj.__name__
            if isinstance(obj, dtypes.dtype):
                return obj.name
            if isinstance(obj, Size):
                return _SIZE, (tuple(obj),)
            if isinstance(obj, device):
                return _DEVICE, ((obj.type,) if obj.index is None else (obj.type, obj.index))
            return (_LAYOUT, ("torch.strided",)) if obj is strided else NotImplemented

        def save_global(self, obj: Any, name: str | None = None) -> None:
            known = _NAMES.get(obj) if isinstance(obj, (type, dtypes.dtype)) else obj
            if not isinstance(known, _Name):
                super().save_global(obj, name)
                return
            self.write(pickle.GLOBAL + f"{known.module}\n{known.name}\n".encode())
            self.memoize(obj)

    return Pickler(file, protocol)


def _reduce_tensor(t: Any, storages: Storages) -> tuple:
    """How torch pickles a tensor or parameter: a function to call when loading, and its arguments."""
    if t.is_sparse:
        raise NotImplementedError("save: sparse tensors are not saved; save their indices(), values() and shape")
    state = dict(t.__dict__)
    if type(t) is Parameter:
        if state:
            return _PARAMETER_WITH_STATE, (t.detach(), t.requires_grad, OrderedDict(), state)
        return _PARAMETER, (t.detach(), t.requires_grad, OrderedDict())
    memory, offset, strides = storages.of(t._array)
    args: tuple = (memory, offset, tuple(t.shape), strides, t.requires_grad, OrderedDict())
    if type(t) is Tensor and not state:
        return _TENSOR, args
    return _FROM_TYPE, (_TENSOR, type(t), args, state)


def save(
    obj: object,
    f: Any,
    pickle_module: Any = pickle,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
    _disable_byteorder_record: bool = False,
) -> None:
    """Save `obj` to a path or a file object open for writing; `torch.load` opens what holds tensors and plain values.

    obj     a state_dict, a tensor, nested containers of such; or anything that pickles (a whole module of ours can be
            loaded by `minitorch.load(f, weights_only=False)`, not by torch)
    f       a path, written so that a kill at any moment leaves the old file or the new one; or a file object

    Tensors that share memory share it again when loaded. The history of a tensor is not saved, its requires_grad is.
    The legacy format (`_use_new_zipfile_serialization=False`) is not written.

    >>> import io, minitorch
    >>> f = io.BytesIO()
    >>> minitorch.save({"step": 3, "w": minitorch.ones(2)}, f)
    >>> minitorch.load(io.BytesIO(f.getvalue()))
    {'step': 3, 'w': tensor([1., 1.])}
    """
    if not _use_new_zipfile_serialization:
        raise NotImplementedError("save: _use_new_zipfile_serialization=False: the legacy format is not written here")
    base = pickle._Pickler if pickle_module is pickle else pickle_module.Pickler  # type: ignore[attr-defined]
    if not issubclass(base, pickle._Pickler):  # type: ignore[attr-defined]
        raise ValueError(f"save: pickle_module: {pickle_module.__name__}.Pickler must derive from pickle._Pickler")
    storages, program = Storages(), io.BytesIO()
    _pickler(base, program, pickle_protocol, storages).dump(obj)
    with _opened(f) as (file, name):
        archive = Writer(file, name)
        archive.write("data.pkl", program.getvalue())
        if not _disable_byteorder_record:
            archive.write("byteorder", sys.byteorder.encode())
        storages.write(archive)
        archive.close()


@contextlib.contextmanager
def _opened(f: Any) -> Iterator[tuple[IO[bytes], str]]:
    """(a file object to write to, the name of the archive); at the end the new file takes the old one's place."""
    if not isinstance(f, (str, os.PathLike)):
        if not hasattr(f, "write"):
            raise AttributeError("expected 'f' to be string, path, or a file-like object with a 'write' attribute")
        yield f, "archive"
        return
    path = os.fspath(f)
    name = os.path.splitext(os.path.basename(path))[0]
    name = name if name and name.isascii() else "archive"
    if os.path.exists(path) and not stat.S_ISREG(os.stat(path).st_mode):  # a pipe or device can't be replaced
        with open(path, "wb") as file:
            yield file, name
        return
    path = os.path.realpath(path)  # a link stays a link
    if not os.path.isdir(os.path.dirname(path)):
        raise RuntimeError(f"Parent directory {os.path.dirname(path)} does not exist.")
    with replacing(path) as file:
        yield file, name


@contextlib.contextmanager
def replacing(path: str) -> Iterator[IO[bytes]]:
    """A new file beside `path` that takes its place when all is written; if anything fails, it is removed."""
    folder, base = os.path.split(path)
    temporary = os.path.join(folder, f".{base[:200]}.{os.urandom(6).hex()}.tmp")
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(path):
            os.chmod(temporary, stat.S_IMODE(os.stat(path).st_mode))
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
