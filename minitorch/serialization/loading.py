"""`load`: read what `save` or torch.save wrote. Nothing of torch's is imported, and by default nothing is run."""

from __future__ import annotations

import functools
import importlib
import io
import mmap as memory_map
import os
import pickle
import warnings
from collections.abc import Callable
from typing import IO, Any

from minitorch.backend import cuda, device, to_device
from minitorch.serialization import globals as names
from minitorch.serialization.container import Reader
from minitorch.serialization.failure import CheckpointError, damaged
from minitorch.serialization.rebuild import Storage, StorageType
from minitorch.serialization.unpickler import Unpickler
from minitorch.tensor.storage import UntypedStorage


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Load an object saved by `minitorch.save` or `torch.save`, from a path or a file object open for reading.

    map_location    where storages go: None where they were; a device or its name; a dict {"cuda:0": "cpu"}; or a
                    function (storage, location) -> storage or None
    weights_only    True (default): tensors, plain values and containers; anything else is refused by its name and no
                    code is run. False: any pickle, which may run any code: only for files that you trust. Layers that
                    torch pickled whole become ours of the same name
    mmap            True: storages stay in the file until they are read; changes are not written back
    pickle_load_args    for the unpickler, with weights_only=False

    Raises CheckpointError, which is a pickle.UnpicklingError and a RuntimeError, for a file that is corrupt, of another
    format, or asks for what isn't allowed. A path that ends in .safetensors is read as such.
    """
    if weights_only is None:
        weights_only = pickle_module is None
    if weights_only and pickle_module is not None:
        raise RuntimeError("Can not safely load weights when explicit pickle_module is specified")
    if weights_only and pickle_load_args:
        warnings.warn("pickle_load_args only works if `weights_only=False`.", UserWarning, stacklevel=2)
    is_path = isinstance(f, (str, os.PathLike))
    if mmap and not is_path:
        raise ValueError("f must be a file path in order to use the mmap argument")
    if is_path:
        if os.fspath(f).endswith(".safetensors"):
            return _load_safetensors(f, map_location)
        with open(f, "rb") as file:
            return _load(file, map_location, weights_only, bool(mmap), pickle_module, pickle_load_args)
    _check_file(f)
    return _load(f, map_location, weights_only, False, pickle_module, pickle_load_args)


def _check_file(f: Any) -> None:
    for need in ("seek", "tell", "read"):
        if not hasattr(f, need):
            raise AttributeError(
                f"{type(f).__name__!r} object has no attribute {need!r}. You can only load from a file that is "
                "seekable. Please pre-load the data into a buffer like io.BytesIO and try to load from it instead."
            )


def _load_safetensors(f: Any, map_location: Any) -> dict[str, Any]:
    from minitorch.serialization.safetensors import load_file

    if map_location is not None and not isinstance(map_location, (str, device)):
        raise RuntimeError(
            f"Loading safetensors file with {type(map_location).__name__} map_location is not supported. Use a device "
            "string or torch.device instead."
        )
    return load_file(f, device="cpu" if map_location is None else map_location)


def _load(
    file: IO[bytes], map_location: Any, weights_only: bool, mapped: bool, pickle_module: Any, settings: dict
) -> Any:
    archive = Reader(file)
    storages = Storages(archive, _placing(map_location), file if mapped else None)
    program = archive.read("data.pkl").tobytes()
    if weights_only:
        own = names.users_own()
        find = functools.partial(names.find, own)
        return Unpickler(program, find, names.CALLABLES, list(own.values()), storages.get).load()
    settings = {"encoding": "utf-8", **settings}
    try:
        return _unpickler(pickle_module or pickle, io.BytesIO(program), storages, settings).load()
    except (EOFError, pickle.UnpicklingError) as error:
        raise error if isinstance(error, CheckpointError) else damaged(f"failed reading data.pkl: {error}") from error


# -- storages ----------------------------------------------------------------------------------------------------------


class Storages:
    """The storages that the pickle mentions, each read once."""

    def __init__(self, archive: Reader, place: Callable, mapped: IO[bytes] | None) -> None:
        self.archive, self.place = archive, place
        self.swapped = archive.swapped()
        self.found: dict[str, tuple[Any, str]] = {}
        self.map = None if mapped is None else memory_map.mmap(mapped.fileno(), 0, access=memory_map.ACCESS_COPY)

    def get(self, key: tuple) -> Storage:
        """The storage of a persistent id ("storage", type, key, location, number of elements)."""
        if len(key) != 5:
            raise damaged(f"a storage is named by 5 values, not {len(key)}")
        _, kind, name, location, numel = key
        if type(kind) is not StorageType or type(name) is not str or type(location) is not str:
            raise damaged("a storage is named by its type, a name and a location")
        if type(numel) is not int or numel < 0:
            raise damaged("a storage has a number of elements")
        item = 1 if kind.dtype is None else kind.dtype.itemsize
        if name not in self.found:
            self.found[name] = self._read(f"data/{name}", kind, numel * item, location), location
        memory, where = self.found[name]
        if memory.nbytes != numel * item or where != location:
            raise damaged(f"storage {name[:20]} is named twice, not alike")
        return Storage(memory, kind.dtype)

    def _read(self, record: str, kind: StorageType, nbytes: int, location: str) -> Any:
        data = self.archive.read(record) if self.map is None else self.archive.mapped(record, self.map)
        if data.nbytes != nbytes:
            raise damaged(f"{record[:100]} has {data.nbytes} bytes, but the storage {nbytes}")
        if self.swapped and kind.dtype is not None and kind.dtype.itemsize > 1:
            data.view(kind.dtype.numpy).byteswap(inplace=True)
        return self.place(UntypedStorage(data), location)._array


def _placing(map_location: Any) -> Callable[[UntypedStorage, str], UntypedStorage]:
    """The function (storage on the CPU, location in the file) -> the storage where it is to be."""
    if map_location is None:
        return _restore
    if isinstance(map_location, dict):
        return lambda storage, location: _restore(storage, str(map_location.get(location, location)))
    if isinstance(map_location, (str, bytes, device)):
        target = map_location.decode() if isinstance(map_location, bytes) else str(map_location)
        return lambda storage, location: _restore(storage, target)

    def ask(storage: UntypedStorage, location: str) -> UntypedStorage:
        found = map_location(storage, location)
        return _restore(storage, location) if found is None else found

    return ask


def _restore(storage: UntypedStorage, location: str) -> UntypedStorage:
    """The storage on the device named `location`."""
    kind = location.partition(":")[0]
    if kind == "cpu":
        return storage
    if kind != "cuda":
        raise CheckpointError(
            f"don't know how to restore data location of torch.storage.UntypedStorage (tagged with {location[:40]})"
        )
    if cuda.why_unavailable() is not None:
        raise RuntimeError(
            "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False. If you are "
            "running on a CPU-only machine, please use torch.load with map_location=torch.device('cpu') to map your "
            "storages to the CPU."
        )
    try:
        where = device(location)
    except RuntimeError as error:
        raise CheckpointError(str(error)) from error
    count = where.backend.xp.cuda.runtime.getDeviceCount() if where.index else 1
    if (where.index or 0) >= count:
        raise RuntimeError(
            f"Attempting to deserialize object on CUDA device {where.index} but torch.cuda.device_count() is {count}. "
            "Please use torch.load with map_location to map your storages to an existing device."
        )
    return UntypedStorage(to_device(storage._array, where))


# -- pickles that may hold anything ------------------------------------------------------------------------------------


def _unpickler(pickle_module: Any, file: IO[bytes], storages: Storages, settings: dict) -> Any:
    """An ordinary unpickler, for which torch's names stand for ours."""

    class Trusting(pickle_module.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            known = names.KNOWN.get(f"{module}.{name}")
            if known is not None and module.partition(".")[0] == "torch":
                return known
            return ours(module, name) if module.partition(".")[0] == "torch" else super().find_class(module, name)

        def persistent_load(self, key: Any) -> Any:
            return storages.get(key)

    return Trusting(file, **settings)


_RENAMED = {"NonDynamicallyQuantizableLinear": "Linear"}  # the same layer


def ours(module: str, name: str) -> Any:
    """minitorch's object for one of torch's: at the same path, or of the same name in a package above."""
    path = module.split(".")[1:]
    places = [".".join(["minitorch", *path[:k]]) for k in range(len(path), -1, -1)]
    for place in (*places, "minitorch.nn.functional"):  # where what torch wrote in C is found
        try:
            found: Any = importlib.import_module(place)
            for part in _RENAMED.get(name, name).split("."):
                found = getattr(found, part)
            return found
        except (ImportError, AttributeError):
            continue
    raise CheckpointError(f"The file holds {module}.{name}, which minitorch doesn't have.")
