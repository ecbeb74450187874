"""What the functions of linalg share: checks that an argument is a matrix, is square, is floating; `out=`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Any

from minitorch.autograd.base import TensorBase
from minitorch.errors import explain, type_error
from minitorch.signatures import LaterSignature, signature_of
from minitorch.tensor.dims import kind_name
from minitorch.tensor.out import write_out


def with_out(fn: Callable) -> Callable:
    """Give a function the keyword `out`."""

    def with_parameter() -> Signature:
        signature = signature_of(fn)
        parameters = [*signature.parameters.values(), Parameter("out", Parameter.KEYWORD_ONLY, default=None)]
        return signature.replace(parameters=parameters)

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        target = kwargs.pop("out", None)
        result = fn(*args, **kwargs)
        return result if target is None else write_out(fn.__name__, target, result, (*args, *kwargs.values()))

    call.__signature__ = LaterSignature(with_parameter)  # type: ignore[attr-defined]
    return call


def matrix(A: Any, name: str, argument: str = "A") -> Any:
    """Check that A is a floating or complex tensor of at least two dimensions."""
    if not isinstance(A, TensorBase):
        raise type_error(name, argument, 1, "Tensor", A)
    array = A._array
    if array.ndim < 2:
        raise RuntimeError(
            explain(
                f"{name}: The input tensor {argument} must have at least 2 dimensions.", [(argument, array.shape, "")]
            )
        )
    return floating(A, name)


def floating(A: Any, name: str, halves: bool = False) -> Any:
    """Check that A is float32, float64, complex64 or complex128; or, with `halves`, float16 or bfloat16."""
    if A._array.dtype.kind in "biu":
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. Got {kind_name(A)}\n    hint  x.float()"
        )
    if A._array.dtype.itemsize == 2 and not halves:
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {kind_name(A)}\n    hint  x.float()")
    return A


def square(A: Any, name: str) -> Any:
    """Check that A is a square matrix, or a batch of them."""
    check_square(A, name)
    return floating(A, name)


def check_square(A: Any, name: str) -> None:
    if not isinstance(A, TensorBase):
        raise type_error(name, "A", 1, "Tensor", A)
    shape = A._array.shape
    if len(shape) < 2:
        raise RuntimeError(explain(f"{name}: The input tensor A must have at least 2 dimensions.", [("A", shape, "")]))
    if shape[-1] != shape[-2]:
        raise RuntimeError(
            explain(
                f"{name}: A must be batches of square matrices, but they are {shape[-2]} by {shape[-1]} matrices",
                [("A", shape, "*, n, n")],
            )
        )


def same_dtype(A: Any, B: Any, name: str) -> None:
    if A._array.dtype != B._array.dtype:
        raise RuntimeError(
            f"{name}: Expected A and B to have the same dtype, but found A of type {kind_name(A)} and B of type "
            f"{kind_name(B)} instead"
        )


def check_fit(A: Any, B: Any, left: bool, name: str) -> None:
    """Check that A X = B (or X A = B) has fitting sizes, for B with at least two dimensions."""
    a, b = A._array.shape, B._array.shape
    if a[-1] != b[-2 if left else -1]:
        raise RuntimeError(
            explain(
                f"{name}: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'} "
                f"({a[-2]}x{a[-1]} and {b[-2]}x{b[-1]})",
                [("A", a, "*, n, n"), ("B", b, "*, n, k" if left else "*, k, n")],
            )
        )
