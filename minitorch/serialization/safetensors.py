"""safetensors files: named tensors and nothing else, so that no file can run code. Functions are safetensors.torch's.

8 bytes     N, the length of the header
N bytes     JSON: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}, ..., "__metadata__": {}}
the rest    the bytes of the tensors, row-major, without gaps

>>> import minitorch
>>> load(save({"w": minitorch.ones(2)}))
{'w': tensor([1., 1.])}
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from math import prod
from typing import IO, Any

import numpy as np

from minitorch.autograd.base import wrap
from minitorch.backend import device as Device
from minitorch.backend import dtypes, to_device, to_host
from minitorch.ops.memory import storage_of
from minitorch.serialization.failure import CheckpointError
from minitorch.serialization.saving import replacing

__all__ = ["load", "load_file", "safe_open", "save", "save_file"]

# in the order in which tensors are laid out, last to first: by alignment, as safetensors does
_NAMES = {
    "BOOL": dtypes.bool_, "U8": dtypes.uint8, "I8": dtypes.int8, "I16": dtypes.int16, "F16": dtypes.float16,
    "BF16": dtypes.bfloat16, "I32": dtypes.int32, "F32": dtypes.float32, "C64": dtypes.complex64,
    "F64": dtypes.float64, "I64": dtypes.int64,
}  # fmt: skip
_RANK = {d: (rank, name) for rank, (name, d) in enumerate(_NAMES.items())}
_LONGEST_HEADER = 100_000_000


def save(tensors: dict[str, Any], metadata: dict[str, str] | None = None) -> bytes:
    """The bytes of a safetensors file. Tensors must be contiguous, share no memory, and not be complex128."""
    return b"".join(bytes(part) for part in _parts(tensors, metadata))


def save_file(tensors: dict[str, Any], filename: str | os.PathLike, metadata: dict[str, str] | None = None) -> None:
    """Write a safetensors file; a kill at any moment leaves the old file or the new one."""
    parts = _parts(tensors, metadata)
    header = next(parts)  # all checks happen before the file is touched
    with replacing(os.path.realpath(os.fspath(filename))) as file:
        file.write(header)
        for part in parts:
            file.write(part)


def _parts(tensors: dict[str, Any], metadata: dict[str, str] | None) -> Iterator[Any]:
    """The header, then the bytes of each tensor."""
    _check_saved(tensors, metadata)
    ordered = sorted(tensors.items(), key=lambda item: (-_RANK[item[1].dtype][0], item[0].encode()))
    header: dict[str, Any] = {} if metadata is None else {"__metadata__": metadata}
    end = 0
    for name, t in ordered:
        begin, end = end, end + t.numel() * t.dtype.itemsize
        header[name] = {"dtype": _RANK[t.dtype][1], "shape": list(t.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    yield len(text).to_bytes(8, "little") + text
    for _, t in ordered:
        if t.numel():
            yield to_host(t._array).reshape(-1).view(np.uint8).data


def _check_saved(tensors: dict[str, Any], metadata: dict[str, str] | None) -> None:
    if not isinstance(tensors, dict):
        raise ValueError(f"Expected a dict of [str, Tensor] but received {type(tensors)}")
    if metadata is not None and not all(type(x) is str for pair in metadata.items() for x in pair):
        raise TypeError("metadata must be a dict of strings by strings")
    owners: dict[Any, str] = {}
    for name, t in tensors.items():
        if getattr(t, "dtype", None) not in _RANK or not isinstance(name, str) or name == "__metadata__":
            raise ValueError(f"Key `{name}` is invalid, expected a name and a tensor of a dtype that safetensors has")
        if not t.is_contiguous():
            raise ValueError(
                f"You are trying to save a non contiguous tensor: `{name}` which is not allowed. It either means you "
                "are trying to save tensors which are reference of each other in which case it's recommended to save "
                "only the full tensors, and reslice at load time, or simply call `.contiguous()` on your tensor to "
                "pack it before saving."
            )
        other = owners.setdefault((str(t.device), storage_of(t._array)[1]) if t.numel() else name, name)
        if other != name:
            raise RuntimeError(
                f"Some tensors share memory, this will lead to duplicate memory on disk and potential differences when "
                f"loading them again: {other}, {name}"
            )


def load(data: bytes) -> dict[str, Any]:
    """The tensors in the bytes of a safetensors file."""
    import io

    with safe_open(io.BytesIO(data)) as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - the file is no dict


def load_file(filename: str | os.PathLike, device: Any = "cpu") -> dict[str, Any]:
    """The tensors in a safetensors file."""
    with safe_open(filename, device=device) as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


class safe_open:
    """A safetensors file of which single tensors are read: `with safe_open(path) as f: f.get_tensor("w")`."""

    def __init__(self, filename: Any, framework: str = "pt", device: Any = "cpu") -> None:
        if framework not in ("pt", "torch", "pytorch", "minitorch"):
            raise ValueError(f"safe_open: framework={framework!r}: tensors are minitorch's here")
        self._device = Device(device)
        self._file: IO[bytes] = open(filename, "rb") if isinstance(filename, (str, os.PathLike)) else filename
        try:
            self._header, self._start = _read_header(self._file)
        except BaseException:
            self._file.close()
            raise
        self._metadata = self._header.pop("__metadata__", None)

    def __enter__(self) -> safe_open:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()

    def keys(self) -> list[str]:
        """The names of the tensors, sorted."""
        return sorted(self._header)

    def metadata(self) -> dict[str, str] | None:
        """The strings that were saved with the tensors; None without any."""
        return self._metadata

    def get_tensor(self, name: str) -> Any:
        """One tensor, read now."""
        if name not in self._header:
            raise CheckpointError(f"File does not contain tensor {name}")
        entry = self._header[name]
        begin, end = entry["data_offsets"]
        data: Any = np.empty(end - begin, np.uint8)
        self._file.seek(self._start + begin)
        if self._file.readinto(data) != end - begin:  # type: ignore[attr-defined]
            raise CheckpointError("Error while reading the file: it has become shorter")
        array = data.view(_NAMES[entry["dtype"]].numpy).reshape(entry["shape"])
        return wrap(to_device(array, self._device))


# -- the header, which is believed in nothing --------------------------------------------------------------------------


def _invalid(what: str) -> CheckpointError:
    return CheckpointError(f"Error while deserializing header: {what}")


def _read_header(file: IO[bytes]) -> tuple[dict[str, Any], int]:
    """(the header, where the tensors' bytes begin), all of it checked."""
    size = file.seek(0, 2)
    file.seek(0)
    length = int.from_bytes(file.read(8), "little")
    if size < 8:
        raise _invalid("header too small")
    if length > _LONGEST_HEADER:
        raise _invalid("header too large")
    if 8 + length > size:
        raise _invalid("invalid header length: the file is truncated")
    text = file.read(length)
    if not text.startswith(b"{"):
        raise _invalid("invalid header start")
    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=_without_repetition)
    except (ValueError, RecursionError) as error:
        raise _invalid(f"invalid JSON: {type(error).__name__}") from error
    metadata = header.get("__metadata__", {})
    if type(metadata) is not dict or any(type(v) is not str for v in metadata.values()):
        raise _invalid("__metadata__ must be strings by strings")
    _check_layout({k: v for k, v in header.items() if k != "__metadata__"}, size - 8 - length)
    return header, 8 + length


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ValueError("a name twice")
    return result


def _whole(values: Any) -> bool:
    return type(values) is list and all(type(n) is int and n >= 0 for n in values)


def _check_layout(header: dict[str, Any], size: int) -> None:
    """Each tensor has the bytes that its shape needs, and together they fill the file without gap or overlap."""
    spans = []
    for name, entry in header.items():
        if type(entry) is not dict or set(entry) != {"dtype", "shape", "data_offsets"}:
            raise _invalid(f"{name[:100]}: dtype, shape and data_offsets are needed, and nothing else")
        d, shape, offsets = _NAMES.get(str(entry["dtype"])), entry["shape"], entry["data_offsets"]
        if d is None:
            raise _invalid(f"{name[:100]}: unknown dtype {str(entry['dtype'])[:20]}")
        if not _whole(shape) or len(shape) > 64 or not _whole(offsets) or len(offsets) != 2:
            raise _invalid(f"{name[:100]}: shape and data_offsets must be whole numbers")
        begin, end = offsets
        if prod(shape) * d.itemsize != end - begin:
            raise _invalid(f"TensorInvalidInfo: {name[:100]}: the shape needs other than {end - begin} bytes")
        spans.append((begin, end, name))
    reached = 0
    for begin, end, name in sorted(spans):
        if begin != reached:
            raise _invalid(f"invalid offset for tensor {name[:100]}: {begin}, where {reached} is expected")
        reached = end
    if reached != size:
        raise _invalid(f"incomplete metadata, file not fully covered: {reached} of {size} bytes")
