"""`backward` and `grad`: the checks at the door of the engine."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

from minitorch.autograd.base import TensorBase, wrap
from minitorch.autograd.graph import GradientEdge, run, stand_in
from minitorch.autograd.modes import state
from minitorch.autograd.node import DeadEnd, edge_of
from minitorch.backend import dtypes, xp_of


def _as_tuple(x: Any) -> tuple:
    """One, or those of a list, of `model.parameters()`, of `dict.values()`."""
    return (x,) if isinstance(x, (TensorBase, GradientEdge)) or not isinstance(x, Iterable) else tuple(x)


def _tensors(x: Any, function: str, argument: str) -> tuple:
    """The tensors of an argument that takes one or several; a gradient edge counts as the tensor it came from."""
    found = tuple(stand_in(t) if isinstance(t, GradientEdge) else t for t in _as_tuple(x))
    for t in found:
        if not isinstance(t, TensorBase):
            raise TypeError(f"{function}(): argument '{argument}' must be Tensors, not {type(t).__name__}")
    return found


def _upstream(t: TensorBase, g: Any) -> Any:
    """The gradient to start from at `t`: given, or 1 for a scalar."""
    if isinstance(g, TensorBase) and g._array.shape == t._array.shape and g._array.dtype is t._array.dtype:
        return g
    if g is None:
        if t._array.size != 1:
            raise RuntimeError(
                f"grad can be implicitly created only for scalar outputs: this one has shape {tuple(t._array.shape)}\n"
                "    hint  call .sum() or .mean() first, or pass gradient= of that shape"
            )
        if t._array.dtype.kind not in "fV":
            raise RuntimeError(
                "grad can be implicitly created only for real scalar outputs but got "
                f"{dtypes.from_numpy(t._array.dtype)!r}"
            )
        one = xp_of(t._array).array(1, dtype=t._array.dtype)
        return wrap(one.reshape(t._array.shape) if t._array.ndim else one)
    if not isinstance(g, TensorBase):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(g).__name__}")
    if g._array.shape != t._array.shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[0] has a shape of {list(g._array.shape)} and output[0] has a shape of "
            f"{list(t._array.shape)}."
        )
    if (g._array.dtype.kind == "c") != (t._array.dtype.kind == "c"):
        raise RuntimeError(
            "For complex Tensors, both grad_output and output are required to have the same dtype. Mismatch in dtype: "
            f"grad_output[0] has a dtype of {dtypes.from_numpy(g._array.dtype)!r} and output[0] has a dtype of "
            f"{dtypes.from_numpy(t._array.dtype)!r}."
        )
    if g._array.dtype != t._array.dtype:
        return wrap(g._array.astype(t._array.dtype)) if edge_of(g) is None else g.to(dtypes.from_numpy(t._array.dtype))
    return g


def _starts(outputs: tuple, grads: Sequence) -> list:
    for g in grads:
        if g is not None and not isinstance(g, TensorBase):
            raise TypeError(f"gradients can be either Tensors or None, but got {type(g).__name__}")
    if len(grads) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(grads)} gradients")
    return [_upstream(t, g) for t, g in zip(outputs, grads, strict=True)]


def _rows(t: Any, g: Any) -> list:
    """The gradients of a batch (is_grads_batched), one by one."""
    if g.shape[1:] != t.shape or not g.dim():
        raise RuntimeError(
            "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch dimension. "
            "The sizes of the remaining dimensions are expected to match the shape of corresponding output, but a "
            f"mismatch was detected: grad_output[0] has a shape of {list(g.shape)} and output[0] has a shape of "
            f"{list(t.shape)}."
        )
    if not g.shape[0]:
        raise NotImplementedError("grad: is_grads_batched with a batch of size 0")
    return list(g)


def stacked(rows: Sequence) -> Any:
    """Tensors along a new first dimension, by writing them into place: stack is an op of a higher layer."""
    total = rows[0].new_zeros((len(rows), *rows[0].shape))
    for k, row in enumerate(rows):
        total[k] = row
    return total


def _roots(outputs: tuple) -> list:
    """The edges to start from."""
    roots = [edge_of(t) for t in outputs]
    for i, edge in enumerate(roots):
        if edge is None or edge.__class__ is DeadEnd:
            raise RuntimeError(
                f"element {i} of tensors does not require grad and does not have a grad_fn\n"
                "    hint  a leaf needs requires_grad=True before the forward pass, and no_grad() records nothing"
            )
    return roots


def _keeps(retain_graph: bool | None, create_graph: bool) -> bool:
    """Whether the saved values outlive this pass: as asked, else for a graph of it, and for the next sample of vmap."""
    return state.retain or (create_graph if retain_graph is None else retain_graph)


def backward(
    tensors: Any, grad_tensors: Any = None, retain_graph: bool | None = None, create_graph: bool = False,
    grad_variables: Any = None, inputs: Any = None,
) -> None:  # fmt: skip
    """Accumulate into the leaves' .grad the sum of gradients of `tensors`, weighted by `grad_tensors`.

    With `inputs`, only into those. Counterpart of torch.autograd.backward.
    """
    usual = inputs is None and grad_variables is None and isinstance(tensors, TensorBase)
    if usual and not isinstance(grad_tensors, (tuple, list)):
        start = _upstream(tensors, grad_tensors)
        run(_roots((tensors,)), (start,), _keeps(retain_graph, create_graph), create_graph)
        return
    if grad_variables is not None:
        if grad_tensors is not None:
            raise RuntimeError("`grad_tensors` and `grad_variables` (deprecated) arguments both passed to backward()")
        grad_tensors = grad_variables
    outputs = _tensors(tensors, "backward", "tensors")
    grads = _as_tuple(grad_tensors) if grad_tensors is not None else (None,) * len(outputs)
    starts = _starts(outputs, grads)
    roots = _roots(outputs)
    targets = None if inputs is None else _tensors(inputs, "backward", "inputs")
    if targets == ():
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    for t in targets or ():
        if edge_of(t) is None:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
    run(roots, starts, _keeps(retain_graph, create_graph), create_graph, targets, True)


def grad(
    outputs: Any, inputs: Any, grad_outputs: Any = None, retain_graph: bool | None = None, create_graph: bool = False,
    only_inputs: bool = True, allow_unused: bool | None = None, is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple:  # fmt: skip
    """Gradients of (the weighted sum of) `outputs` with respect to `inputs`, returned, not accumulated.

    >>> import minitorch as mt
    >>> x = mt.tensor(3.0, requires_grad=True)
    >>> mt.autograd.grad(x * x, x)
    (tensor(6.),)
    """
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for "
            "other parts of the graph, please use torch.autograd.backward.", FutureWarning, stacklevel=2,
        )  # fmt: skip
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    outputs, inputs = _tensors(outputs, "grad", "outputs"), _tensors(inputs, "grad", "inputs")
    if not inputs:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    grads: Sequence = _as_tuple(grad_outputs) if grad_outputs is not None else (None,) * len(outputs)
    if is_grads_batched:
        rows = [_rows(t, g) for t, g in zip(outputs, grads, strict=True)]
        batch = [grad(outputs, inputs, row, True, create_graph, True, allow_unused, False, materialize_grads)
                 for row in zip(*rows, strict=True)]  # fmt: skip
        return tuple(None if gs[0] is None else stacked(gs) for gs in zip(*batch, strict=True))
    starts = _starts(outputs, grads)
    roots = _roots(outputs)
    for t in inputs:
        if edge_of(t) is None:
            raise RuntimeError("One of the differentiated Tensors does not require grad")
    found: Any = run(roots, starts, _keeps(retain_graph, create_graph), create_graph, inputs, False)
    result = []
    for t, g in zip(inputs, found, strict=True):
        if g is None and materialize_grads:
            g = xp_of(t._array).zeros(t._array.shape, dtype=t._array.dtype)
            g = wrap(g)
        elif g is None and not allow_unused:
            raise RuntimeError(
                "One of the differentiated Tensors appears to not have been used in the graph. Set allow_unused=True "
                "if this is the desired behavior."
            )
        result.append(g if g is None or isinstance(g, TensorBase) else wrap(g))
    return tuple(result)
