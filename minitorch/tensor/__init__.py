"""`Tensor`: the core plus one mixin per family of operations, and the public functions that come with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch.autograd.base import TensorBase, set_tensor_class
from minitorch.backend import dtypes
from minitorch.tensor import (
    activation,
    casts,
    compare,
    convert,
    creation,
    elementwise,
    indexing,
    linalg,
    matmul,
    older,
    random,
    random_gamma,
    rare,
    reduce,
    shape,
    sort,
    sparse,
    stft,
    windows,
)
from minitorch.tensor.binding import forgiving
from minitorch.tensor.core import CoreMixin
from minitorch.tensor.size import Size


class Tensor(
    CoreMixin,
    casts.CastsMixin,
    convert.ConvertMixin,
    creation.CreationMixin,
    elementwise.ElementwiseMixin,
    compare.CompareMixin,
    reduce.ReduceMixin,
    sort.SortMixin,
    shape.ShapeMixin,
    indexing.IndexingMixin,
    matmul.MatmulMixin,
    linalg.LinalgMixin,
    random.RandomMixin,
    activation.ActivationMixin,
    stft.STFTMixin,
    sparse.SparseMixin,
    rare.RareMixin,
):
    """An n-dimensional array that remembers how it was computed.

    Made by `tensor`, `zeros`, `randn`, ... and by every operation; `Tensor(2, 3)` and `Tensor([1.0, 2.0])` are torch's
    legacy constructors for the default floating dtype.
    """

    __slots__ = ("__dict__", "__weakref__")

    def __new__(cls, *args: Any, device: Any = "cpu", **kwargs: Any) -> Tensor:
        made = casts.legacy_type("Tensor", dtypes.get_default_dtype(), device)(*args, **kwargs)
        return made if cls is Tensor else made.as_subclass(cls)

    def as_subclass(self, cls: type) -> Any:
        """The same tensor as an instance of a subclass, sharing memory and history."""
        t: Any = object.__new__(cls)
        for slot in TensorBase.__slots__:
            if hasattr(self, slot):
                setattr(t, slot, getattr(self, slot))
        return t


for _mixin in Tensor.__mro__[1:-1]:
    for _name, _method in list(vars(_mixin).items()):
        if hasattr(_method, "__code__"):
            _method.__qualname__ = f"Tensor.{_method.__name__}"  # what Python's messages about arguments say
        if callable(_method) and not _name.startswith("__"):
            _renamed = forgiving(_method)
            if _renamed is not _method:
                setattr(_mixin, _name, _renamed)

set_tensor_class(Tensor)

FUNCTIONS: dict[str, Callable] = {}
for _family in (
    casts,
    convert,
    creation,
    elementwise,
    compare,
    reduce,
    sort,
    shape,
    indexing,
    matmul,
    linalg,
    random,
    random_gamma,
    activation,
    stft,
    windows,
):
    for _name, _function in _family.FUNCTIONS.items():
        if _name in FUNCTIONS:
            raise ImportError(f"two public functions are called {_name}")
        FUNCTIONS[_name] = forgiving(_function)

older.install(Tensor.__mro__, FUNCTIONS)

__all__ = ["FUNCTIONS", "Size", "Tensor"]
