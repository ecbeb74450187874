"""Everything a backward pass does only on request: hooks, retained gradients, anomaly checks.

Hooks are user code: they get tensors, also in an ordinary pass, where gradients in flight are plain arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch.autograd.anomaly import report
from minitorch.autograd.base import TensorBase, wrap
from minitorch.autograd.modes import state
from minitorch.autograd.node import LeafHooks, Node
from minitorch.backend import xp_of


def _as_tensor(g: Any, graph: bool) -> Any:
    return g if graph or g is None else wrap(np.asarray(g) if isinstance(g, np.generic) else g)


def _as_gradient(t: Any, graph: bool) -> Any:
    return t if graph or t is None else t._array


def before(node: Node, g: Any, graph: bool) -> Any:
    """Tensor hooks, then node pre-hooks, then `retain_grad`, on the gradient(s) of the node's output(s)."""
    hooks = node.hooks
    grads = [_as_tensor(x, graph) for x in (g if node.n_outputs != 1 else [g])]
    for index, hook in list(hooks.tensor_pre.values()):  # type: ignore[union-attr]
        if grads[index] is not None:
            grads[index] = _checked(hook, hook(grads[index]), grads[index])
    for hook in list(hooks.pre.values()):  # type: ignore[union-attr]
        new = hook(tuple(grads))
        if new is not None:
            grads = _replaced(hook, new, grads)
    for index, ref in hooks.retain.items():  # type: ignore[union-attr]
        t = ref()
        if t is not None and grads[index] is not None:
            _retain(t, grads[index], graph)
    result = [_as_gradient(x, graph) for x in grads]
    return result if node.n_outputs != 1 else result[0]


def _retain(t: TensorBase, g: Any, graph: bool) -> None:
    if t._grad is None:
        t._grad = g if graph else wrap(g._array.copy())
    else:
        t._grad = t._grad + g


def _checked(hook: Any, new: Any, old: Any) -> Any:
    """A hook may return a replacement of the same shape and dtype, or None to leave the gradient as it is."""
    if new is None:
        return old
    if not isinstance(new, TensorBase):
        raise TypeError(f"expected Tensor, but hook returned '{type(new).__name__}'")
    if new._array.shape != old._array.shape:
        raise RuntimeError(
            f"hook '{_name(hook)}' has changed the size of value: it got {tuple(old._array.shape)}, returned "
            f"{tuple(new._array.shape)}"
        )
    if new._array.dtype != old._array.dtype:
        was, got = (t.type() for t in (old, new))
        raise RuntimeError(f"hook '{_name(hook)}' has changed the type of value (was {was} got {got})")
    return new


def _replaced(hook: Any, new: Any, old: list) -> list:
    """What a node's hook returned in the place of several gradients: a tuple of as many."""
    if not isinstance(new, tuple):
        raise TypeError(f"expected tuple, but hook returned '{type(new).__name__}'")
    if len(new) != len(old):
        raise RuntimeError(
            f"hook '{_name(hook)}' has returned an incorrect number of values (got {len(new)}, but expected {len(old)})"
        )
    return [a if a is None or b is None else _checked(hook, a, b) for a, b in zip(new, old, strict=True)]


def _name(hook: Any) -> str:
    return getattr(hook, "__name__", type(hook).__name__)


def after(node: Node, grads: Any, g: Any, graph: bool) -> Any:
    """Node hooks: `hook(grad_inputs, grad_outputs)` may replace grad_inputs."""
    if not node.hooks.post:  # type: ignore[union-attr]
        return grads
    inputs = [_as_tensor(x, graph) for x in grads]
    inputs += [None] * (len(node.edges) - len(inputs))  # a vjp may omit trailing inputs
    outputs = tuple(_as_tensor(x, graph) for x in (g if node.n_outputs != 1 else [g]))
    for hook in list(node.hooks.post.values()):  # type: ignore[union-attr]
        new = hook(tuple(inputs), outputs)
        if new is not None:
            inputs = _replaced(hook, new, inputs)
    return [_as_gradient(x, graph) for x in inputs]


def leaf_before(leaf: TensorBase, g: Any, graph: bool) -> Any:
    """Hooks on a leaf's gradient, before it is accumulated."""
    hooks: LeafHooks = leaf._hooks
    if not hooks.pre:
        return g
    t = _as_tensor(g, graph)
    for hook in list(hooks.pre.values()):
        t = _checked(hook, hook(t), t)
    return _as_gradient(t, graph)


def leaf_after(leaf: TensorBase) -> None:
    """Hooks of a leaf once its gradient is accumulated."""
    for hook in list(leaf._hooks.node_post.values()):
        hook((), (leaf._grad,))
    for hook in list(leaf._hooks.post.values()):
        new = hook(leaf)
        if new is None or new is leaf:  # as that of `lambda p: p.add_(p.grad, alpha=-lr)`
            continue
        if isinstance(new, TensorBase):
            raise RuntimeError("Tensor post accumulate grad hooks should return None.")
        raise TypeError(f"expected Variable, but hook returned '{type(new).__name__}'")


def watched(node: Node, g: Any, graph: bool, edges: Any) -> Any:
    """Run a node under anomaly detection: on an error or a nan, show where its forward ran."""
    try:
        grads = node.apply(g, graph, edges)
    except Exception:
        report(node)
        raise
    if state.anomaly_nan:
        for k, gi in enumerate(grads):
            array = gi if not isinstance(gi, TensorBase) else gi._array
            if array is not None and array.dtype.kind in "fcV" and bool(xp_of(array).isnan(array).any()):
                report(node)
                raise RuntimeError(f"Function '{node.name()}' returned nan values in its {k}th output.")
    return grads
