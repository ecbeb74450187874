"""The container of a checkpoint: a zip file of uncompressed records, as torch's C++ reader and writer know it.

    NAME/data.pkl       the pickle of the object, in which storages are only mentioned
    NAME/data/0, ...    the bytes of each storage, at multiples of 64 so that the file can be mapped into memory
    NAME/byteorder      "little" or "big"
    NAME/version        of the container: 3

Knows records and bytes; not what is in them. All that a file claims is checked against what it holds, so that no file
takes more memory than its own size.
"""

from __future__ import annotations

import struct
import sys
from typing import IO, Any

import numpy as np

from minitorch.serialization.failure import CheckpointError, damaged

ALIGNMENT = 64
_VERSIONS = range(1, 11)  # the versions of the container that torch reads
_START = b"PK\x03\x04"
_LEGACY_MAGIC = (0x1950A86A20F9469CFC6C).to_bytes(10, "little")  # at the start of files before torch 1.6
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")


class Writer:
    """Writes records into a file object."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        import zipfile

        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)
        self._name = name

    def write(self, record: str, data: Any) -> None:
        """Add a record; its bytes begin at a multiple of 64."""
        import zipfile

        data = memoryview(data).cast("B") if len(data) else b""
        info = zipfile.ZipInfo(f"{self._name}/{record}")  # with a fixed date: equal contents make equal files
        info.file_size = len(data)
        large = len(data) >= 1 << 31
        zip64 = 20 if large else 0  # the bytes of zipfile's own extra field for sizes beyond 4 GiB
        start = self._zip.fp.tell() + _LOCAL_HEADER.size + len(info.filename) + zip64 + 4  # type: ignore[union-attr]
        gap = -start % ALIGNMENT
        info.extra = struct.pack("<2sH", b"FB", gap) + b"Z" * gap
        with self._zip.open(info, "w", force_zip64=large) as out:
            out.write(data)

    def close(self) -> None:
        """Add what torch's reader asks for, and the directory."""
        import hashlib

        self.write(".format_version", b"1")
        self.write(".storage_alignment", str(ALIGNMENT).encode())
        self.write("version", b"3\n")
        contents = "".join(f"{info.filename}{info.CRC}" for info in self._zip.infolist())
        identity = int.from_bytes(hashlib.sha256(contents.encode()).digest(), "big") % 10**40
        self.write(".data/serialization_id", f"{identity:040d}".encode())
        self._zip.close()


class Reader:
    """The records of a checkpoint in a file object; CheckpointError if it isn't a sound one."""

    def __init__(self, file: IO[bytes]) -> None:
        import zipfile

        self._file = file
        check_start(file)
        try:
            self._zip = zipfile.ZipFile(file)
            records = self._zip.infolist()
            size = file.seek(0, 2)
        except Exception as error:  # a damaged directory makes zipfile raise errors of many kinds
            raise damaged(f"failed finding central directory: {error}") from error
        self._records = _checked(records, size)
        if "constants.pkl" in self._records:
            raise CheckpointError(
                "Cannot load a TorchScript archive: it holds a program.\n"
                "    hint  in torch: torch.save(torch.jit.load(path).state_dict(), new_path)"
            )
        version = self.read("version").tobytes().strip()
        if not version.isdigit() or int(version[:4]) not in _VERSIONS:
            raise damaged(f"the container's version {version[:20]!r} is unknown")

    def __contains__(self, record: str) -> bool:
        return record in self._records

    def read(self, record: str) -> np.ndarray:
        """The bytes of a record, which may be written to."""
        info = self._info(record)
        data: Any = np.empty(info.file_size, np.uint8)
        try:
            with self._zip.open(info) as opened:
                source: Any = opened
                # asking for one byte more makes zipfile compare the checksum
                count = source.readinto(data) + len(source.read(1))
        except Exception as error:
            raise damaged(f"failed reading {record}: {error}") from error
        if count != info.file_size:
            raise damaged(f"{record} has {count} bytes, not {info.file_size}")
        return data

    def mapped(self, record: str, memory: Any) -> np.ndarray:
        """The bytes of a record in `memory`, the whole file mapped; they are not compared with the checksum."""
        info = self._info(record)
        header = memory[info.header_offset : info.header_offset + _LOCAL_HEADER.size]
        if len(header) < _LOCAL_HEADER.size or header[:4] != _START:
            raise damaged(f"no header before {record}")
        name_length, extra_length = _LOCAL_HEADER.unpack(header)[-2:]
        start = info.header_offset + _LOCAL_HEADER.size + name_length + extra_length
        if start + info.file_size > len(memory):
            raise damaged(f"{record} reaches beyond the end")
        return np.frombuffer(memory, np.uint8, info.file_size, start) if info.file_size else np.empty(0, np.uint8)

    def swapped(self) -> bool:
        """True if numbers were written in the byte order that isn't this machine's."""
        if "byteorder" not in self:
            return sys.byteorder != "little"
        order = self.read("byteorder").tobytes()
        if order not in (b"little", b"big"):
            raise damaged(f"Unknown endianness type: {order[:20]!r}")
        return order.decode() != sys.byteorder

    def _info(self, record: str) -> Any:
        if record not in self._records:
            raise damaged(f"file not found: {record[:100]}")
        return self._records[record]


def check_start(file: IO[bytes]) -> None:
    """Refuse, with a way out where there is one, a file that doesn't begin as ours do."""
    position = file.tell()
    start = file.read(262)
    file.seek(position)
    if start.startswith(_START):
        return
    if not start:
        raise CheckpointError("Ran out of input: the file is empty.")
    if _LEGACY_MAGIC in start[:32] or start[:1] == b"\x80" or start[257:] == b"ustar":
        raise CheckpointError(
            "This is a bare pickle or a file of torch before 1.6 (the legacy format), which is not read here: "
            "Invalid magic number.\n    hint  if you trust it, in torch: "
            "torch.save(torch.load(path, weights_only=False), new_path)"
        )
    raise damaged("not a ZIP archive: Invalid magic number")


def _checked(records: list[Any], size: int) -> dict[str, Any]:
    """Name within the archive -> record. Nothing compressed, encrypted, twice, outside, or larger than the file."""
    pickles = [r.filename for r in records if r.filename.count("/") == 1 and r.filename.endswith("/data.pkl")]
    if len(pickles) != 1:
        raise damaged(f"it must hold one data.pkl, but has {len(pickles)}")
    prefix = pickles[0].removesuffix("data.pkl")
    found: dict[str, Any] = {}
    for r in records:
        name = r.filename.removeprefix(prefix)
        if not r.filename.startswith(prefix) or ".." in r.filename.split("/") or "\\" in name or r.is_dir():
            raise damaged(f"a record named {r.filename[:100]!r}")
        if name in found:
            raise damaged(f"two records named {name[:100]!r}")
        if r.compress_type or r.flag_bits & 1 or r.compress_size != r.file_size:
            raise damaged(f"{name[:100]} is compressed or encrypted")
        found[name] = r
    if sum(r.file_size for r in records) > size:
        raise damaged(f"its records claim more bytes than the file's {size}")
    return found
