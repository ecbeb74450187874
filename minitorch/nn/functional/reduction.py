"""What all losses share: the `reduction` argument and its two predecessors, shapes that must agree, weights."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from minitorch.autograd.failures import broadcast_error
from minitorch.autograd.modes import state
from minitorch.autograd.primitives import broadcast_to
from minitorch.backend import dtypes
from minitorch.errors import explain
from minitorch.nn.functional.spatial import need_tensor
from minitorch.ops.indexing import broadcast_shape

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


def reduction_name(op: str, reduction: str, size_average: bool | None = None, reduce: bool | None = None) -> str:
    """ "none", "mean" or "sum", also from the deprecated `size_average` and `reduce`, which then decide."""
    if size_average is not None or reduce is not None:
        reduce = True if reduce is None else reduce
        mean = True if size_average is None else size_average
        reduction = ("mean" if mean else "sum") if reduce else "none"
        warnings.warn(
            f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead.",
            stacklevel=3,
        )
        return reduction
    if reduction in ("mean", "none", "sum"):
        return reduction
    if reduction == "elementwise_mean":
        warnings.warn("reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.", stacklevel=3)
        return "mean"
    raise ValueError(f"{op}: {reduction} is not a valid value for reduction\n    hint  'none', 'mean' or 'sum'")


def reduced(loss: Tensor, reduction: str) -> Tensor:
    """All elements, their mean, or their sum."""
    return loss.mean() if reduction == "mean" else loss.sum() if reduction == "sum" else loss


def need_tensors(op: str, **tensors: Any) -> None:
    """torch's TypeError unless all arguments are tensors."""
    for position, (name, value) in enumerate(tensors.items(), 1):
        need_tensor(op, name, position, value)


def same_shape(op: str, input: Any, target: Any) -> tuple[Any, Any]:
    """Input and target broadcast to one shape; that their shapes differ is most often a mistake, hence the warning."""
    a, b = input._array.shape, target._array.shape
    if a == b:
        return input, target
    warnings.warn(
        f"Using a target size (torch.Size({list(b)})) that is different to the input size (torch.Size({list(a)})). "
        "This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
        stacklevel=3,
    )
    check_broadcast(op, a, b)
    shape = broadcast_shape([a, b])
    return broadcast_to(input, shape=shape), broadcast_to(target, shape=shape)


def check_broadcast(op: str, *shapes: tuple) -> None:
    """torch's RuntimeError unless the shapes broadcast."""
    error = broadcast_error(op, list(shapes))
    if error is not None:
        raise error


def constant(op: str, argument: str, weight: Any) -> None:
    """Weights of fused losses have no derivative: refuse one that asks for it."""
    if weight is not None:
        need_tensor(op, argument, 3, weight)
        if state.grad and weight.requires_grad:
            raise RuntimeError(
                f"{op}: The function '{op}' is not differentiable with respect to argument '{argument}'. This input "
                f"cannot have requires_grad True.\n    hint  {argument}.detach()"
            )


def same_dtype(op: str, input: Any, other: Any) -> None:
    """torch's RuntimeError unless both have one dtype."""
    have, want = (dtypes.SCALAR_NAME[dtypes.from_numpy(t._array.dtype)] for t in (other, input))
    if have != want:
        rows = [("input", input._array.shape, want), ("other", other._array.shape, have)]
        raise RuntimeError(
            explain(f"{op}: expected scalar type {want} but found {have}", rows, f".to({input.dtype!r})")
        )


def with_weight(op: str, errors: Any, input: Any, weight: Any, reduction: str, of_weights: bool) -> Any:
    """Weighted errors, reduced; `of_weights`: the mean is divided by the sum of the weights, not by their number."""
    if weight._array.shape != input._array.shape:
        rows = [("input", input._array.shape, ""), ("weight", weight._array.shape, "")]
        raise ValueError(explain(f"{op}: Weights and input must have the same size.", rows))
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{op}: Invalid reduction mode: {reduction}. Expected one of 'none', 'mean', 'sum'.")
    errors = errors * weight
    return errors.sum() / weight.sum() if of_weights and reduction == "mean" else reduced(errors, reduction)
