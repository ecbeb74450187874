"""Which element types an op takes, and the error for those it doesn't. Knows dtypes, nothing of values or tensors.

NumPy accepts `floor(True)` or `sign(1j)` and torch refuses them: such forwards call `only` first. Kinds are NumPy's
letters: b bool, i and u integers, f float, V bfloat16, c complex.
"""

from __future__ import annotations

from typing import Any

from minitorch.autograd.base import TensorBase
from minitorch.backend import dtypes

FLOAT = "fV"
INTEGER = "iu"
REAL = "fViu"
DISCRETE = "biu"
INEXACT = "fVc"


def array_of(x: Any, y: Any) -> Any:
    """Whichever of the two operands is the array; the other may be a Python number."""
    return x if hasattr(x, "dtype") else y


def scalar_name(array: Any) -> str:
    """The name of the element type in messages: Float, Long, ComplexDouble, ..."""
    return dtypes.SCALAR_NAME[dtypes.from_numpy(array.dtype)]


def only(op: str, x: Any, kinds: str) -> None:
    """Raise torch's NotImplementedError unless the elements of `x` are of one of the `kinds`."""
    if x.dtype.kind not in kinds:
        raise NotImplementedError(f"{op}: not implemented for '{scalar_name(x)}'")


def not_complex(op: str, x: Any) -> None:
    """Raise torch's RuntimeError for functions that are defined on an order or a half-line."""
    if x.dtype.kind == "c":
        raise RuntimeError(f"{op}: not implemented for complex tensors, but the input is {scalar_name(x)}")


def same_dtype(op: str, names: tuple[str, ...], arrays: tuple) -> None:
    """Raise unless the arrays have one dtype, for the few functions that don't promote."""
    first = arrays[0].dtype
    for name, a in zip(names[1:], arrays[1:], strict=True):
        if a.dtype != first:
            want, have = dtypes.from_numpy(first), dtypes.from_numpy(a.dtype)
            raise RuntimeError(
                f"{op}: expected dtype {want.name} for `{name}` but got dtype {have.name}\n"
                f"    hint  {name}.to({want!r}), this function does not promote"
            )


def node_by_operand(name: str, second: int = 0, both: int = 1, first: int = 2) -> Any:
    """torch numbers some nodes by which operand is a number: `first`, `second`, or neither (`both`)."""

    def node(settings: dict, inputs: tuple) -> str:
        numbers = [not isinstance(x, TensorBase) for x in inputs]
        return f"{name}Backward{first if numbers[0] else second if all(numbers[1:]) else both}"

    return node


def widened(x: Any) -> Any:
    """Half-precision `x` in float32, as torch's kernels compute: one rounding at the end instead of one per step."""
    return x.astype("float32") if x.dtype.itemsize == 2 and x.dtype.kind in FLOAT else x


def matching(x: Any, out: Any) -> Any:
    """`out` in the dtype of `x`: bfloat16 with a Python float, and half precision in SciPy, come out as float32."""
    return out if out.dtype == x.dtype else out.astype(x.dtype)
