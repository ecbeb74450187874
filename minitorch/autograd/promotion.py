"""Type promotion of an op's inputs, by torch's rules: tensors with dims, then 0-d tensors, then Python numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.base import TensorBase
from minitorch.backend import dtypes

if TYPE_CHECKING:
    from minitorch.autograd.op import Op


def agree(op: Op, inputs: tuple) -> bool:
    """True if the promoted inputs are tensors of one dtype, so that nothing is to be done."""
    found = None
    for i in op.promoted:
        t = inputs[i] if i < len(inputs) else None
        if not isinstance(t, TensorBase):
            return False
        kind = t._array.dtype
        if found is None:
            found = kind
        elif kind is not found:
            return False
    return found is not None and (op.promote != "float" or found.kind in "fcV")


def promote_inputs(op: Op, inputs: tuple) -> tuple:
    """Bring the promoted inputs to their common dtype, by torch's rules; casts are recorded."""
    where = op.promoted
    operands = []
    for i in where:
        t = inputs[i] if i < len(inputs) else None
        if isinstance(t, TensorBase):
            operands.append((dtypes.from_numpy(t._array.dtype), 0 if t._array.ndim else 1))
        elif t is not None:
            operands.append((dtypes.scalar_dtype(_check_scalar(op, t)), 2))
    result = dtypes.result_dtype(operands)
    if op.promote == "float" and result.category < 2:
        result = dtypes.get_default_dtype()
    new = list(inputs)
    for i in where:
        t = new[i] if i < len(new) else None
        if isinstance(t, TensorBase):
            if t._array.dtype != result.numpy:
                new[i] = op.cast(t, dtype=result.numpy)
        elif t is not None:
            new[i] = _scalar(t, result)
    return tuple(new)


def _check_scalar(op: Op, value: Any) -> Any:
    if isinstance(value, (bool, int, float, complex)):
        if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
            raise OverflowError("int too big to convert" if value > 0 else "can't convert negative int to unsigned")
        return value
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(
        f"{op.name}(): argument must be Tensor or a Python number, not {type(value).__name__}\n"
        "    hint  minitorch.as_tensor(...) makes a tensor of lists and NumPy arrays"
    )


def _scalar(value: Any, to: dtypes.dtype) -> Any:
    """A Python number as the promoted dtype will see it; integers out of range wrap around as in torch."""
    if isinstance(value, np.generic):
        value = value.item()
    if to is dtypes.bfloat16:  # NumPy would not take it for weak: ml_dtypes' bfloat16 with a float gives float32
        return to.numpy.type(value)
    if to.category == 1 and not isinstance(value, bool):
        bits = to.itemsize * 8
        value &= (1 << bits) - 1
        return value - (1 << bits) if to.is_signed and value >> (bits - 1) else value
    return value if to.category else bool(value)
