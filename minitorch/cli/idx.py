"""Reads IDX files, the format of the MNIST database, gzipped or not.

Layout: two zero bytes, a type byte (8 = uint8), the number of dimensions, each size as a big-endian uint32, the values.
Source: http://yann.lecun.com/exdb/mnist/, "the IDX file format". Knows nothing of digits or tensors.
"""

from __future__ import annotations

import gzip
import io
import math
import os
import struct
import zlib
from pathlib import Path

import numpy as np

from minitorch.cli.console import Failure, os_reason

UINT8 = 8
CHUNK = 1 << 20


def read_idx(path: Path, ndim: int) -> np.ndarray:
    """The uint8 array of `ndim` dimensions in `path`; anything else in the file ends in one clear line."""
    try:
        with path.open("rb") as raw:
            zipped = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            if not zipped:
                return _read(raw, path, ndim, os.fstat(raw.fileno()).st_size)
            with gzip.GzipFile(fileobj=raw) as unzipped:
                return _read(unzipped, path, ndim, None)
    except EOFError as error:
        raise Failure(f"{path}: truncated: the gzip stream ends early") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise Failure(f"{path}: damaged gzip stream ({error})") from error
    except OSError as error:
        raise Failure(f"{path}: cannot be read: {os_reason(error)}") from error


def _read(file: io.BufferedIOBase, path: Path, ndim: int, size: int | None) -> np.ndarray:
    """Header, then exactly as many bytes as it promises; `size` is the file's, where it is known beforehand."""
    header = file.read(4)
    if len(header) < 4 or header[:2] != b"\0\0":
        raise Failure(f"{path}: not an IDX file (it starts with {header!r})")
    if header[2] != UINT8 or header[3] != ndim:
        raise Failure(
            f"{path}: expected an IDX file of bytes with {ndim} dimension(s), "
            f"got type 0x{header[2]:02x} with {header[3]}"
        )
    sizes = file.read(4 * ndim)
    if len(sizes) < 4 * ndim:
        raise Failure(f"{path}: truncated within its header")
    shape = struct.unpack(f">{ndim}I", sizes)
    promised = math.prod(shape)
    # The promise is compared before memory is taken: a foreign header can promise anything.
    if size is not None and size != 4 + 4 * ndim + promised:
        raise Failure(_wrong_length(path, promised, size - 4 - 4 * ndim))
    values = _at_most(file, promised + 1)
    if len(values) != promised:
        raise Failure(_wrong_length(path, promised, len(values)))
    return np.frombuffer(values, dtype=np.uint8).reshape(shape)


def _at_most(file: io.BufferedIOBase, limit: int) -> bytes:
    """Up to `limit` bytes, taken in pieces so that memory follows what the file really holds."""
    pieces: list[bytes] = []
    left = limit
    while left > 0 and (piece := file.read(min(left, CHUNK))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)


def _wrong_length(path: Path, promised: int, found: int) -> str:
    """The message for a file shorter or longer than its header says."""
    if found < promised:
        return f"{path}: truncated: its header promises {promised} values, the file holds {found}"
    return f"{path}: not an IDX file: it goes on after the {promised} values that its header promises"
