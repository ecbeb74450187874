"""Linear maps: x W^T + b, and the bilinear form. The products are in minitorch/ops/linear.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.errors import explain
from minitorch.nn.functional.spatial import need_tensor
from minitorch.ops import linear as ops
from minitorch.ops.matmul import dtype_error
from minitorch.tensor.einsum import einsum

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

__all__ = ["bilinear", "linear"]

_WITH_BIAS = {1: "View", 2: "Addmm"}
_WITHOUT_BIAS = {1: "Squeeze", 2: "Mm"}


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y = x W^T + b, over the last dimension.

    Shape: input (*, in), weight (out, in) or (in), bias (out) -> (*, out) or (*).

    >>> import minitorch as mt
    >>> mt.nn.functional.linear(mt.tensor([1.0, 2.0]), mt.tensor([[1.0, 1.0], [0.0, 3.0]]), mt.tensor([0.5, 0.0]))
    tensor([3.5000, 6.0000])
    """
    try:
        ndim = input._array.ndim
        if weight._array.ndim == 1 and bias is None:
            return _as_vector(input, weight)
        if bias is None:
            return ops.linear(input, weight, None, kind=_WITHOUT_BIAS.get(ndim, "UnsafeView"))
        return ops.linear(input, weight, bias, kind=_WITH_BIAS.get(ndim, "View"))
    except AttributeError:
        need_tensor("linear", "input", 1, input)
        need_tensor("linear", "weight", 2, weight)
        if bias is not None:
            need_tensor("linear", "bias", 3, bias)
        raise


def _as_vector(input: Any, weight: Any) -> Any:
    """A weight of one dimension: one output feature, whose dimension is left out."""
    return input @ weight


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """y_k = x1^T W_k x2 + b_k.

    Shape: input1 (*, in1), input2 (*, in2), weight (out, in1, in2), bias (out) -> (*, out).

    >>> import minitorch as mt
    >>> mt.nn.functional.bilinear(mt.tensor([1.0, 2.0]), mt.tensor([3.0]), mt.ones(2, 2, 1))
    tensor([9., 9.])
    """
    for k, (name, t) in enumerate((("input1", input1), ("input2", input2), ("weight", weight)), 1):
        need_tensor("bilinear", name, k, t)
    a, b, w = input1._array.shape, input2._array.shape, weight._array.shape
    rows = [("input1", a, "*, in1"), ("input2", b, "*, in2"), ("weight", w, "out, in1, in2")]
    if len(a) != len(b):
        raise RuntimeError(explain(f"bilinear(): input dimensions do not match: got {len(a)} and {len(b)}", rows))
    if a[:-1] != b[:-1]:
        d = next(i for i in range(len(a) - 1) if a[i] != b[i])
        raise RuntimeError(
            explain(f"bilinear(): input batch dimensions do not match at dim {d}: got {a[d]} and {b[d]}", rows)
        )
    for k, (name, shape) in enumerate((("input1", a), ("input2", b)), 1):
        if len(w) != 3 or shape[-1] != w[k]:
            what = (
                f"bilinear(): {name} size does not match weight size: got {shape[-1]} but expected "
                f"{w[k] if len(w) > k else '-'}"
            )
            raise RuntimeError(explain(what, rows))
    if input1._array.dtype != weight._array.dtype or input2._array.dtype != weight._array.dtype:
        other = input1 if input1._array.dtype != weight._array.dtype else input2
        raise dtype_error("bilinear", other, weight)
    out = einsum("...i,kij,...j->...k", input1, weight, input2)
    if bias is None:
        return out
    need_tensor("bilinear", "bias", 4, bias)
    if bias._array.shape != w[:1]:
        what = f"bilinear(): bias size does not match weight size: got {list(bias._array.shape)} but expected {[w[0]]}"
        raise RuntimeError(explain(what, [*rows, ("bias", bias._array.shape, "out")]))
    return out + bias
