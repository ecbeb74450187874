"""Methods and attributes of Tensor for complex numbers: their parts, angle and conjugate."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.ops import arithmetic
from minitorch.ops import complex as ops
from minitorch.ops.kinds import scalar_name
from minitorch.tensor.binding import function
from minitorch.tensor.operators import tensor_argument, twin
from minitorch.tensor.out import write_out

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class ComplexMixin(TensorBase):
    __slots__ = ()

    @property
    def real(self) -> Tensor:
        """The real part, a view; a real tensor itself."""
        return self if self._array.dtype.kind != "c" else ops.real(self)  # type: ignore[return-value]

    @real.setter
    def real(self, value: Any) -> None:
        self.real.copy_(value)

    @property
    def imag(self) -> Tensor:
        """The imaginary part, a view; an error for real tensors."""
        return ops.imag(self)

    @imag.setter
    def imag(self, value: Any) -> None:
        self.imag.copy_(value)

    def conj(self) -> Tensor:
        """The complex conjugate; a real tensor itself.

        Difference from torch: computed at once, not a lazy view.

        >>> import minitorch as mt
        >>> mt.tensor([1 + 2j]).conj()
        tensor([1.-2.j])
        """
        return self if self._array.dtype.kind != "c" else ops.conj(self)  # type: ignore[return-value]

    def conj_physical(self) -> Tensor:
        """The complex conjugate, as a copy.

        >>> import minitorch as mt
        >>> mt.tensor([1 + 2j]).conj_physical()
        tensor([1.-2.j])
        """
        return arithmetic.conj_physical(self)

    conj_physical_ = twin(conj_physical, arithmetic.conj_physical)

    def angle(self) -> Tensor:
        """The angle in the complex plane; for real tensors 0, or pi where negative. The derivative at 0 is 0.

        >>> import minitorch as mt
        >>> mt.tensor([1j, -1 + 0j]).angle()
        tensor([1.5708, 3.1416])
        """
        return ops.angle(self)

    def resolve_conj(self) -> Tensor:
        """The tensor itself: conjugates are computed at once here, there is nothing to resolve."""
        return self  # type: ignore[return-value]

    def resolve_neg(self) -> Tensor:
        """The tensor itself: negatives are computed at once here, there is nothing to resolve."""
        return self  # type: ignore[return-value]


def real(input: Tensor) -> Tensor:
    """The real part of `input`, a view; a real tensor itself.

    >>> import minitorch as mt
    >>> mt.real(mt.tensor([1 + 2j]))
    tensor([1.])
    """
    return tensor_argument("real", "input", input).real


def imag(input: Tensor) -> Tensor:
    """The imaginary part of `input`, a view.

    >>> import minitorch as mt
    >>> mt.imag(mt.tensor([1 + 2j]))
    tensor([2.])
    """
    return tensor_argument("imag", "input", input).imag


def view_as_real(input: Tensor) -> Tensor:
    """Real and imaginary parts in a new last dimension of length 2: a view.

    >>> import minitorch as mt
    >>> mt.view_as_real(mt.tensor([1 + 2j]))
    tensor([[1., 2.]])
    """
    return ops.view_as_real(tensor_argument("view_as_real", "input", input))


def view_as_complex(input: Tensor) -> Tensor:
    """The pairs in the last dimension, real and imaginary part, as complex numbers: a view.

    >>> import minitorch as mt
    >>> mt.view_as_complex(mt.tensor([[1.0, 2.0]]))
    tensor([1.+2.j])
    """
    return ops.view_as_complex(tensor_argument("view_as_complex", "input", input))


def polar(abs: Tensor, angle: Tensor, *, out: Any = None) -> Tensor:
    """abs (cos(angle) + i sin(angle)); both float32, or both float64.

    >>> import minitorch as mt
    >>> mt.polar(mt.tensor([2.0]), mt.tensor([0.0]))
    tensor([2.+0.j])
    """
    _check_pair("polar", "abs", abs, "angle", angle)
    result = ops.complex(abs * angle.cos(), abs * angle.sin())  # type: ignore[attr-defined]
    return result if out is None else write_out("polar", out, result, (abs, angle))


def complex(real: Tensor, imag: Tensor, *, out: Any = None) -> Tensor:
    """real + i imag; both float32, or both float64.

    >>> import minitorch as mt
    >>> mt.complex(mt.tensor([1.0]), mt.tensor([2.0]))
    tensor([1.+2.j])
    """
    _check_pair("complex", "real", real, "imag", imag)
    result = ops.complex(real, imag)
    return result if out is None else write_out("complex", out, result, (real, imag))


def _check_pair(name: str, first: str, x: Any, second: str, y: Any) -> None:
    """Two real tensors of one dtype, float32 or float64."""
    tensor_argument(name, first, x, 1)
    tensor_argument(name, second, y, 2)
    kinds = x._array.dtype, y._array.dtype
    if any(k.name not in ("float32", "float64") for k in kinds):
        raise RuntimeError(
            f"{name}: Expected both inputs to be Half, Float or Double tensors but got {x.dtype} and {y.dtype}"
        )
    if kinds[0] != kinds[1]:
        raise RuntimeError(
            f"{name}: Expected object of scalar type {scalar_name(x._array)} but got scalar type "
            f"{scalar_name(y._array)} for second argument"
        )


FUNCTIONS: dict[str, Callable] = {
    "complex": complex,
    "real": real,
    "imag": imag,
    "view_as_real": view_as_real,
    "view_as_complex": view_as_complex,
    "polar": polar,
    "resolve_conj": function(ComplexMixin.resolve_conj),
    "resolve_neg": function(ComplexMixin.resolve_neg),
    "conj": function(ComplexMixin.conj),
    "conj_physical": function(ComplexMixin.conj_physical, out=True),
    "angle": function(ComplexMixin.angle, out=True),
}
