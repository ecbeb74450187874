"""`Tensor`: the core plus one mixin per family of operations, and the public functions that come with them."""

from __future__ import annotations

from collections.abc import Callable

from minitorch.autograd.base import set_tensor_class
from minitorch.tensor import casts, compare, creation, elementwise, indexing, linalg, matmul, random, reduce, shape, sort
from minitorch.tensor.binding import numpy_names
from minitorch.tensor.core import CoreMixin
from minitorch.tensor.size import Size


class Tensor(
    CoreMixin,
    casts.CastsMixin,
    elementwise.ElementwiseMixin,
    compare.CompareMixin,
    reduce.ReduceMixin,
    sort.SortMixin,
    shape.ShapeMixin,
    indexing.IndexingMixin,
    matmul.MatmulMixin,
    linalg.LinalgMixin,
    random.RandomMixin,
):
    """An n-dimensional array that remembers how it was computed.

    Made by `tensor`, `zeros`, `randn`, ... and by every operation; `Tensor(2, 3)` and `Tensor([1.0, 2.0])` are torch's
    legacy constructors for the default floating dtype.
    """

    __slots__ = ("__dict__", "__weakref__")

    def __new__(cls, *args: object, **kwargs: object) -> Tensor:
        return creation.legacy_tensor(cls, *args, **kwargs)


for _mixin in Tensor.__mro__[1:-1]:
    for _name, _method in list(vars(_mixin).items()):
        if callable(_method) and not _name.startswith("__"):
            _renamed = numpy_names(_method)
            if _renamed is not _method:
                setattr(_mixin, _name, _renamed)

set_tensor_class(Tensor)

FUNCTIONS: dict[str, Callable] = {}
for _family in (casts, elementwise, compare, reduce, sort, shape, indexing, matmul, linalg, random, creation):
    for _name, _function in _family.FUNCTIONS.items():
        if _name in FUNCTIONS:
            raise ImportError(f"two public functions are called {_name}")
        FUNCTIONS[_name] = _function

__all__ = ["FUNCTIONS", "Size", "Tensor"]
