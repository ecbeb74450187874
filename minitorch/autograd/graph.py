"""Tools on the graph, as torch.autograd.graph: hooks on saved tensors, hooks on several gradients, `Node`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from minitorch.autograd.engine import reached, run_backward
from minitorch.autograd.modes import state
from minitorch.autograd.node import AccumulateGrad, Node, RemovableHandle, Slot, edge_of, result_at

__all__ = [
    "GradientEdge", "Node", "allow_mutation_on_saved_tensors", "disable_saved_tensors_hooks", "get_gradient_edge",
    "increment_version", "register_multi_grad_hook", "save_on_cpu", "saved_tensors_hooks",
]  # fmt: skip


class GradientEdge(NamedTuple):
    """Where a tensor's gradient goes: a node and the number of its output. Stands for the tensor in `autograd.grad`."""

    node: Any
    output_nr: int
    ownership_token: Any = None


def get_gradient_edge(tensor: Any) -> GradientEdge:
    """The edge of a tensor that requires grad; the tensor itself need not be kept.

    >>> import minitorch as mt
    >>> x = mt.tensor(3.0, requires_grad=True)
    >>> y = x * x
    >>> mt.autograd.grad(y * 2, mt.autograd.graph.get_gradient_edge(y))
    (tensor(2.),)
    """
    edge = edge_of(tensor)
    if edge is None:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    if isinstance(edge, Slot):
        return GradientEdge(edge.node, edge.index)
    return GradientEdge(edge if isinstance(edge, Node) else AccumulateGrad(edge), 0)


def stand_in(edge: GradientEdge) -> Any:
    """A tensor that hangs on `edge`, without memory of its own, for the engine."""
    node, k = edge.node, edge.output_nr
    if isinstance(node, AccumulateGrad):
        return node.variable
    many = node.n_outputs != 1
    shape, dtype = (node.shape[k], node.dtype[k]) if many else (node.shape, node.dtype)
    return result_at(Slot(node, k, shape, dtype) if many else node, np.broadcast_to(np.zeros((), dtype), shape))


class saved_tensors_hooks:
    """Within the block, `pack_hook(tensor)` is kept for each saved tensor, and `unpack_hook` gives it back when needed.

    >>> import minitorch as mt
    >>> with mt.autograd.graph.saved_tensors_hooks(lambda t: t.tolist(), lambda v: mt.tensor(v)):
    ...     y = mt.tensor([3.0], requires_grad=True).exp()
    >>> y.backward()
    """

    def __init__(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        if state.hooks_disabled is not None:
            raise RuntimeError(state.hooks_disabled)
        state.saved_hooks = (*state.saved_hooks, (self.pack_hook, self.unpack_hook))
        state.refresh()

    def __exit__(self, *exc: object) -> None:
        state.saved_hooks = state.saved_hooks[:-1]
        state.refresh()


class save_on_cpu(saved_tensors_hooks):
    """Within the block, saved tensors wait for the backward in host memory."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        def pack(t: Any) -> Any:
            return t.device, t.cpu() if t.device.type != "cpu" else t.clone()

        def unpack(packed: Any) -> Any:
            device, t = packed
            return t.to(device)

        super().__init__(pack, unpack)


class disable_saved_tensors_hooks:
    """Within the block, entering `saved_tensors_hooks` raises RuntimeError(error_message)."""

    def __init__(self, error_message: str) -> None:
        self.error_message = error_message

    def __enter__(self) -> None:
        self.previous = state.hooks_disabled
        state.hooks_disabled = self.error_message

    def __exit__(self, *exc: object) -> None:
        state.hooks_disabled = self.previous


class _MultiHandle(RemovableHandle):
    def __init__(self, handles: Sequence[RemovableHandle]) -> None:
        self.handles = tuple(handles)

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()


class _Awaited:
    """The gradients of several tensors in one backward pass: which have come, and how many are still to come."""

    def __init__(self, tensors: Sequence[Any], fn: Callable, mode: str) -> None:
        self.tensors, self.fn, self.any = tuple(tensors), fn, mode == "any"
        self.running: Any = None

    def hook_for(self, k: int) -> Callable[[Any], None]:
        def hook(g: Any) -> None:
            first = self.running is not state.running
            if first:
                self.running = state.running
                on_the_way = reached(*state.running)
                self.left = sum(get_gradient_edge(t)[:2] in on_the_way for t in self.tensors)
                self.grads: list = [None] * len(self.tensors)
            self.grads[k] = g
            self.left -= 1
            if self.any and first:
                self.fn(g)
            elif not self.any and self.left == 0:
                self.fn(self.grads)

        return hook


watched = False  # whether passes must be announced: some hook waits for several gradients


def run(roots: Sequence[Any], grads: Sequence[Any], retain: bool, graph: bool, *rest: Any) -> Any:
    """run_backward; while it runs, `state.running` tells what it started from and what it is to reach."""
    if not watched:
        return run_backward(roots, grads, retain, graph, *rest)
    before, state.running = state.running, (roots, rest[0] if rest else None)
    try:
        return run_backward(roots, grads, retain, graph, *rest)
    finally:
        state.running = before


def register_multi_grad_hook(tensors: Sequence[Any], fn: Callable, *, mode: str = "all") -> RemovableHandle:
    """Call `fn` once per backward pass: with the list of the gradients of `tensors` when all that the pass computes are
    there, None in place of the others (mode "all"), or with the first that comes ("any").
    """
    global watched
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    watched = True
    awaited = _Awaited(tensors, fn, mode)
    return _MultiHandle([t.register_hook(awaited.hook_for(k)) for k, t in enumerate(tensors)])


class allow_mutation_on_saved_tensors(saved_tensors_hooks):
    """Within the block, a tensor that was saved for the backward may be changed in place: a copy of it is saved.

    The backward must run within the block, too. torch copies only what is changed.
    """

    def __init__(self) -> None:
        super().__init__(self._pack, self._unpack)
        self.entered = False

    def __enter__(self) -> Any:
        super().__enter__()
        self.entered = True
        return self

    def __exit__(self, *exc: object) -> None:
        self.entered = False
        super().__exit__()

    def _pack(self, t: Any) -> tuple:
        return t, t._counter[0], t._array.copy()

    def _unpack(self, packed: tuple) -> Any:
        if not self.entered:
            raise RuntimeError(
                "Trying to backward outside of the 'allow_mutation_on_saved_tensors' context in which the graph was "
                "originally recorded."
            )
        t, version, array = packed
        return t if t._counter[0] == version else result_at(edge_of(t), array)


def increment_version(tensor: Any) -> None:
    """Bump the version of a tensor (or several) whose memory was changed by other means."""
    for t in tensor if isinstance(tensor, (tuple, list)) else (tensor,):
        if t._counter is not None:
            t._counter[0] += 1
