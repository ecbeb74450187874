"""What `untyped_storage()` and `storage()` show: the memory under a tensor, which its views share."""

from __future__ import annotations

from typing import Any

from minitorch.backend import device as Device
from minitorch.backend import device_of, dtypes, to_device, to_host
from minitorch.ops.memory import storage_of, view_by_strides


class UntypedStorage:
    """The bytes under a tensor. It keeps the memory alive and says where it is; it is not a tensor."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def data_ptr(self) -> int:
        """Address of the first byte."""
        return storage_of(self._array)[1]

    def nbytes(self) -> int:
        """How many bytes there are."""
        return storage_of(self._array)[2]

    size = __len__ = nbytes

    @property
    def device(self) -> Any:
        return device_of(self._array)

    def cpu(self) -> Any:
        """The storage in host memory: itself if it is there."""
        return self._on(Device("cpu"))

    def cuda(self, number: int | None = None) -> Any:
        """The storage on a GPU, the first unless told otherwise."""
        return self._on(Device("cuda", number or 0))

    def _on(self, where: Device) -> Any:
        moved = to_device(self._array, where)
        return self if moved is self._array else type(self)(moved)

    def _elements(self) -> Any:
        """All that the memory holds, as one array in the dtype of the tensor that was asked."""
        count = self.nbytes() // self._array.dtype.itemsize
        return to_host(view_by_strides(self._array, (count,), (1,), 0))

    def tolist(self) -> list:
        """The bytes as Python numbers."""
        return self._elements().view("uint8").tolist()

    def __getitem__(self, index: int) -> Any:
        return self.tolist()[index]

    def _about(self) -> str:
        return f"device={self.device}"

    def __repr__(self) -> str:
        shown = " " + "\n ".join(map(str, self.tolist()))
        return f"{shown}\n[minitorch.storage.{type(self).__name__}({self._about()}) of size {len(self)}]"


class TypedStorage(UntypedStorage):
    """The same memory counted in elements of a dtype."""

    @property
    def dtype(self) -> Any:
        return dtypes.from_numpy(self._array.dtype)

    def size(self) -> int:
        """How many elements there are."""
        return self.nbytes() // self._array.dtype.itemsize

    __len__ = size

    def untyped(self) -> UntypedStorage:
        return UntypedStorage(self._array)

    def _about(self) -> str:
        return f"dtype={self.dtype}, device={self.device}"

    def tolist(self) -> list:
        """The elements as Python numbers."""
        return self._elements().tolist()
