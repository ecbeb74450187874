"""Batches from a worker to the main process: small ones through the pipe, large ones through nameless shared memory.

A batch is pickled with its arrays kept out of the pickle. If the whole is large, all of it is written to a file that
lives in memory and has no name, and the file's descriptor is sent through the pipe; the receiver maps the file, and
the arrays lie in the mapping: nothing is copied again. The kernel frees the memory when the last descriptor and mapping
are gone, however the processes end. So there is no name to unlink, and nothing can be left behind in /dev/shm.
"""

from __future__ import annotations

import io
import mmap
import os
import pickle
import tempfile
import weakref
from multiprocessing.reduction import ForkingPickler, recv_handle, send_handle
from typing import Any

import numpy as np

from minitorch.autograd.base import TensorBase, wrap
from minitorch.tensor import Tensor

SMALL = 64 * 1024  # bytes; below, a descriptor and a mapping cost more than a copy
MAX_MAPPINGS = 128  # each holds a descriptor; of more batches than this alive at a time, the rest is copied
_ALIGN = 64
_CAN_SHARE = os.name == "posix"  # elsewhere a descriptor can't be sent: everything goes through the pipe

# A list of plain references, not a WeakSet: its callbacks are Python, and an exception in one (Ctrl-C) would be lost.
_mappings: list[weakref.ref[mmap.mmap]] = []


def alive_mappings() -> int:
    """How many batches that lie in shared memory are in use."""
    _mappings[:] = [ref for ref in _mappings if ref() is not None]
    return len(_mappings)


def _rebuild(raw: Any, dtype: np.dtype, shape: tuple, axes: tuple | None, requires_grad: bool) -> Tensor:
    array = np.frombuffer(raw, dtype=np.uint8).view(dtype).reshape(shape)
    tensor = wrap(array if axes is None else array.transpose(axes))
    tensor._requires_grad = requires_grad
    return tensor


def _reduce(tensor: TensorBase) -> Any:
    """The parts of a tensor; its bytes as a buffer that stays out of the pickle. The order of its axes is kept."""
    if tensor._requires_grad and tensor._edge is not None:
        raise RuntimeError(
            "Cowardly refusing to serialize non-leaf tensor which requires_grad, since autograd does not support "
            "crossing process boundaries. If you just want to transfer the data, call detach() on the tensor before"
        )
    array, axes = tensor._array, None
    if not array.flags.c_contiguous:
        order = sorted(range(array.ndim), key=lambda d: -abs(array.strides[d]))
        axes = tuple(order.index(d) for d in range(array.ndim))
        array = array.transpose(order)
    raw = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    buffer = pickle.PickleBuffer(raw)  # type: ignore[arg-type]
    return _rebuild, (buffer, array.dtype, array.shape, axes, tensor._requires_grad)


class _Pickler(ForkingPickler):
    """Pickles tensors by `_reduce`; arrays keep NumPy's own way, which uses buffers too."""

    def __init__(self, file: Any, buffers: list[pickle.PickleBuffer]) -> None:
        super().__init__(file, 5)
        # ForkingPickler's __init__ takes no callback; pickle.Pickler's can be called again
        pickle.Pickler.__init__(self, file, 5, buffer_callback=buffers.append)

    def reducer_override(self, thing: Any) -> Any:
        # other classes (Parameter, for one) have a way of their own
        return _reduce(thing) if type(thing) is Tensor and isinstance(thing._array, np.ndarray) else NotImplemented


def pack(message: Any) -> tuple[bytes, list[memoryview]]:
    """The pickle of a message, and the raw bytes of its arrays."""
    file = io.BytesIO()
    buffers: list[pickle.PickleBuffer] = []
    _Pickler(file, buffers).dump(message)
    return file.getvalue(), [buffer.raw() for buffer in buffers]


def send(connection: Any, packed: tuple[bytes, list[memoryview]], receiver: int) -> None:
    """Send what `pack` gave to the process `receiver` at the other end."""
    payload, buffers = packed
    total = len(payload) + sum(b.nbytes for b in buffers)
    if total < SMALL or not _CAN_SHARE:
        connection.send_bytes(pickle.dumps((payload, [bytearray(b) for b in buffers]), 5))
        return
    parts = [memoryview(payload), *buffers]
    fd = _nameless_file()
    try:
        for part in parts:
            _write(fd, part)
        connection.send_bytes(pickle.dumps([part.nbytes for part in parts], 5))
        send_handle(connection, fd, receiver)
    finally:
        os.close(fd)


def receive(connection: Any) -> Any:
    """The next message from a worker."""
    head = pickle.loads(connection.recv_bytes())
    if isinstance(head, tuple):
        payload, buffers = head
        return pickle.loads(payload, buffers=buffers)
    fd = recv_handle(connection)
    try:
        whole = _contents(fd, sum(_aligned(size) for size in head))
    finally:
        os.close(fd)
    parts, start = [], 0
    for size in head:
        parts.append(whole[start : start + size])
        start += _aligned(size)
    return pickle.loads(parts[0], buffers=parts[1:])


def _aligned(size: int) -> int:
    return -(-size // _ALIGN) * _ALIGN


def _nameless_file() -> int:
    """A file in memory; where the system has no such thing, one on disk that is deleted before it is used."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("minitorch-batch")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _write(fd: int, part: memoryview) -> None:
    """Append the bytes and fill up to the alignment. Writing is quicker than mapping: no page faults, no zeroing."""
    pad = _aligned(part.nbytes) - part.nbytes
    while part.nbytes:
        part = part[os.write(fd, part) :]
    if pad:
        os.write(fd, bytes(pad))


def _contents(fd: int, size: int) -> memoryview:
    """The bytes of a file: mapped, or copied when many mappings are alive."""
    if len(_mappings) < MAX_MAPPINGS or alive_mappings() < MAX_MAPPINGS:
        mapping = mmap.mmap(fd, size, flags=mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0))
        _mappings.append(weakref.ref(mapping))
        return memoryview(mapping)
    buffer = memoryview(bytearray(size))
    os.lseek(fd, 0, os.SEEK_SET)
    filled = 0
    while filled < size:
        count = os.readv(fd, [buffer[filled:]])
        if not count:
            raise EOFError("the shared batch is shorter than announced")
        filled += count
    return buffer
