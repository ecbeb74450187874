"""The backward pass: walk the tape from the outputs to the leaves, once, newest node first.

Nodes carry creation numbers, and an input's node is always older than its consumer, so a heap that yields the newest
pending node visits each node after everything that feeds it: no recursion, no sorting pass, and a node reached by many
paths still runs once. Gradients in flight live in `pending` and are popped as they are used. In an ordinary pass they
are plain arrays; under create_graph they are tensors, and every vjp is recorded in its turn.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from minitorch.autograd import hooks as hooking
from minitorch.autograd.base import NODE, SLOT, TensorBase, wrap
from minitorch.autograd.modes import state
from minitorch.autograd.node import AccumulateGrad, Node, Slot, edge_of
from minitorch.autograd.primitives import fit
from minitorch.autograd.wiring import as_array, as_number, is_dense
from minitorch.backend import xp_of

_leaf_lock = threading.Lock()  # several threads may accumulate into one leaf


class Pass:
    """One backward pass: what is pending, what is wanted, and the results that `autograd.grad` asked for."""

    __slots__ = ("graph", "retain", "pending", "owned", "leaves", "heap", "capture", "useful")

    def __init__(self, graph: bool, retain: bool) -> None:
        self.graph = graph
        self.retain = retain
        self.pending: dict[Any, Any] = {}  # node -> gradient (a list of them for several outputs)
        self.owned: set = set()  # nodes whose pending gradient is our own sum, which may be added to in place
        # id(leaf) -> [leaf, gradient, fresh]; fresh: nobody else holds that array, so it may become .grad as it is
        self.leaves: dict[int, list] = {}
        self.heap: list = []
        self.capture: dict[Any, Any] | None = None  # edge key -> gradient, for autograd.grad
        # Nodes (and ids of leaves) on a path to a captured edge: True, or False where the path ends. None: all are.
        self.useful: dict[Any, bool] | None = None

    # -- feeding gradients in ------------------------------------------------------------------------------------

    def give(self, edge: Any, g: Any) -> None:
        """Add gradient `g`, which someone else may hold, to what is pending at `edge`."""
        kind = edge.edge_kind
        if kind is NODE:
            if edge in self.pending:
                self._add_to_node(edge, g)
            elif self.useful is None or edge in self.useful:
                self.pending[edge] = g
                heapq.heappush(self.heap, (edge.seq, edge))
        elif kind is SLOT:
            self._give_slot(edge, g)
        else:
            self._give_leaf(edge, g, False)

    def _add_to_node(self, node: Node, g: Any) -> None:
        """A second gradient for a node: the sum is ours, so a third one is added in place."""
        pending = self.pending
        if not self.graph and node in self.owned:
            held = pending[node]
            held += g
        else:
            total = pending[node] + g
            pending[node] = total
            if total.shape != ():
                self.owned.add(node)

    def _give_slot(self, slot: Slot, g: Any) -> None:
        node = slot.node
        if self.useful is not None and node not in self.useful:
            return
        grads = self.pending.get(node)
        if grads is None:
            grads = self.pending[node] = [None] * len(node.shape)
            heapq.heappush(self.heap, (node.seq, node))
        have = grads[slot.index]
        grads[slot.index] = g if have is None else have + g

    def _give_leaf(self, leaf: TensorBase, g: Any, fresh: bool) -> None:
        """`fresh`: nobody else holds this array, so it may become the leaf's .grad, or be added to."""
        key = id(leaf)
        entry = self.leaves.get(key)
        if entry is None:
            if self.useful is None or key in self.useful:
                self.leaves[key] = [leaf, g, fresh]
        elif entry[2] and not self.graph:
            entry[1] += g
        else:
            entry[1], entry[2] = entry[1] + g, True

    # -- running -------------------------------------------------------------------------------------------------

    def run(self) -> None:  # noqa: C901 - the engine's only hot loop, kept in one piece: a call per edge would show
        """Run nodes, newest first, until none is pending; then the leaves take their gradients."""
        heap, pending, owned, leaves, graph, useful = (
            self.heap, self.pending, self.owned, self.leaves, self.graph, self.useful,
        )  # fmt: skip
        pop, push, retain, anomaly, edges = heapq.heappop, heapq.heappush, self.retain, state.anomaly, None
        newest: Any = None  # the newest pending node, if it is not in the heap: in a chain, none ever is
        while newest is not None or heap:
            if newest is None:
                newest = pop(heap)[1]
            node, newest = newest, None
            g = pending.pop(node)
            if owned:
                owned.discard(node)
            if node.hooks is not None:
                g = hooking.before(node, g, graph)
            if useful is not None:  # only some gradients are wanted
                self._capture_node(node, g)
                if useful.get(node) is False:  # type: ignore[attr-defined]
                    continue
                edges = tuple([e if self._is_useful(e) else None for e in node.edges])
            grads = node.apply(g, graph, edges) if not anomaly else hooking.watched(node, g, graph, edges)
            if not retain and node.keeps:
                node.release()
            if node.hooks is not None:
                grads = hooking.after(node, grads, g, graph)
            for edge, gi in zip(node.edges, grads):  # noqa: B905 - a vjp may omit trailing inputs
                if edge is None or gi is None:
                    continue
                kind = edge.edge_kind
                if kind is NODE:
                    if graph or gi.shape != edge.shape or gi.dtype is not edge.dtype:
                        gi = fit(edge, gi, graph, node)
                    if edge in pending:
                        self._add_to_node(edge, gi)
                    elif useful is None or edge in useful:
                        pending[edge] = gi
                        if newest is None and (not heap or edge.seq < heap[0][0]):
                            newest = edge
                        elif newest is not None and edge.seq < newest.seq:
                            push(heap, (newest.seq, newest))
                            newest = edge
                        else:
                            push(heap, (edge.seq, edge))
                elif kind is SLOT:
                    if newest is not None:
                        push(heap, (newest.seq, newest))
                        newest = None
                    self._give_slot(edge, fit(edge, gi, graph, node))
                elif edge._requires_grad:
                    array = edge._array
                    if graph or gi.shape != array.shape or gi.dtype is not array.dtype:
                        gi = fit(edge, gi, graph, node)
                    entry = leaves.get(id(edge))
                    if entry is not None and entry[2] and not graph:
                        entry[1] += gi
                    else:
                        fresh = gi is not g and node.pure and (graph or gi.base is None) and not _twice(gi, grads)
                        if entry is None and useful is None:
                            leaves[id(edge)] = [edge, gi, fresh]
                        else:
                            self._give_leaf(edge, gi, fresh)
        for entry in leaves.values():
            self._finish_leaf(*entry)

    def _is_useful(self, edge: Any) -> bool:
        if edge is None:
            return False
        key = edge.node if isinstance(edge, Slot) else edge if isinstance(edge, Node) else id(edge)
        return key in self.useful  # type: ignore[operator]

    def _capture_node(self, node: Node, g: Any) -> None:
        capture: Any = self.capture
        if node.n_outputs == 1 and node in capture:
            capture[node] = g
        elif node.n_outputs != 1:
            for k in range(len(node.shape)):
                if (node, k) in capture:
                    capture[node, k] = g[k]

    def _finish_leaf(self, leaf: Any, g: Any, fresh: bool) -> None:
        if not leaf._requires_grad:
            return  # switched off, or detached in place, since the forward
        if leaf._hooks is not None:
            g = hooking.leaf_before(leaf, g, self.graph)
        if self.capture is None:
            accumulate(leaf, g, fresh, self.graph)
        elif id(leaf) in self.capture:
            self.capture[id(leaf)] = g


def _twice(gi: Any, grads: Sequence) -> bool:
    """True if a vjp returned one array for two inputs."""
    n = len(grads)
    return n > 1 and (grads[0] is grads[1] if n == 2 else sum([other is gi for other in grads]) > 1)


def accumulate(leaf: TensorBase, g: Any, fresh: bool, graph: bool) -> None:
    """Add `g` to leaf.grad: in place when no graph is built (as torch), else as a new tensor."""
    with _leaf_lock:
        old = leaf._grad
        if graph:
            leaf._grad = g if old is None else old + g
        elif old is None:
            leaf._grad = wrap(_like_leaf(g, leaf._array, fresh))
        else:
            old._array += g
            if old._counter is not None:
                old._counter[0] += 1
    if leaf._hooks is not None:
        hooking.leaf_after(leaf)


def _like_leaf(g: Any, leaf: Any, fresh: bool) -> Any:
    """A gradient that is nobody else's, in the leaf's memory order (torch's layout contract for .grad)."""
    if not leaf.shape:
        return as_array(g if fresh else g.copy(), leaf)
    if leaf.flags.c_contiguous or not is_dense(leaf):
        return g if fresh and g.flags.c_contiguous else g.copy()
    new = xp_of(leaf).empty_like(leaf)
    new[...] = g
    return new


def useful_nodes(roots: Sequence, targets: set) -> dict:
    """Which nodes lie on a path from the roots to the targets: {node: True}, {target: False} if nothing lies beyond.

    Iterative depth-first search: a node is entered, its edges are looked at, and on the way back it is useful if one
    of them was.
    """
    useful: dict[Any, bool] = {}
    seen: set = set()
    stack = [(_key(e), e, False) for e in roots if e is not None]
    while stack:
        key, edge, leaving = stack.pop()
        node = edge.node if isinstance(edge, Slot) else edge
        if not isinstance(node, Node):
            if key in targets:
                useful[key] = False
            continue
        if leaving:
            if any(e is not None and _key(e) in useful for e in node.edges):
                useful[node] = True
            elif node in targets:
                useful[node] = False
        elif node not in seen:
            seen.add(node)
            stack.append((node, node, True))
            stack.extend((_key(e), e, False) for e in node.edges if e is not None)
    return useful


def reached(roots: Sequence, inputs: Sequence[TensorBase] | None) -> set:
    """The (node or AccumulateGrad, output number) that a pass from `roots`, towards `inputs` if given, comes by."""
    targets = None if inputs is None else {_key(edge_of(t)) for t in inputs}
    useful = None if targets is None else useful_nodes(roots, targets)
    seen: set = set()
    stack = list(roots)
    while stack:
        edge = stack.pop()
        key = None if edge is None else _key(edge)
        if key is None or (useful is not None and key not in useful):
            continue
        node = key if isinstance(key, Node) else AccumulateGrad(edge)
        place = (node, edge.index if isinstance(edge, Slot) else 0)
        if place not in seen:
            seen.add(place)
            stack.extend(node.edges if isinstance(node, Node) else ())
    return seen


def _key(edge: Any) -> Any:
    return edge.node if isinstance(edge, Slot) else edge if isinstance(edge, Node) else id(edge)


def run_backward(
    roots: Sequence[Any], grads: Sequence[Any], retain: bool, graph: bool, inputs: Sequence[TensorBase] | None = None,
    accumulate_inputs: bool = True,
) -> list | None:  # fmt: skip
    """Run a pass from the edges `roots` with the tensors `grads` as upstream; with `inputs`, only towards those.

    Gives the list of gradients (arrays, or tensors under `graph`; None where none arrived) when they are to be
    returned rather than accumulated.
    """
    p = Pass(graph, retain)
    targets: list = []
    if inputs is not None:
        targets = [edge_of(t) for t in inputs]
        keys = {_key(e) for e in targets}
        p.useful = useful_nodes(roots, keys)  # type: ignore[assignment]
        p.capture = {(e.node, e.index) if isinstance(e, Slot) else _key(e): None for e in targets}
    before, state.grad = state.grad, graph
    try:
        for edge, g in zip(roots, grads, strict=True):
            p.give(edge, g if graph else as_number(g._array))
        p.run()
    finally:
        state.grad = before
    if inputs is None:
        return None
    capture: Any = p.capture
    found = [capture[(e.node, e.index) if isinstance(e, Slot) else _key(e)] for e in targets]
    found = [as_array(g, t._array) if isinstance(g, np.generic) else g for t, g in zip(inputs, found, strict=True)]
    if not accumulate_inputs:
        return found
    for t, g in zip(inputs, found, strict=True):
        if g is not None:
            accumulate(t, g, False, graph)
    return None
