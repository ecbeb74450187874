"""Run a real backward pass and write down what every node does: what arrives, is summed, leaves and is freed.

Each node of the tape gets a hook for the time of the pass, which runs as `autograd.grad` with the graph retained: no
.grad changes, nothing is freed, and the order is the engine's own. Nodes are numbered in that order, leaves after them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from minitorch import autograd
from minitorch.autograd.base import TensorBase
from minitorch.autograd.function import FunctionNode
from minitorch.autograd.node import FREED, DeadEnd, Hooks, Node, Slot, edge_of
from minitorch.autograd.primitives import fit
from minitorch.autograd.saved import OpNode, Packed
from minitorch.backend import dtypes

SHOWN = 6  # how many numbers of a gradient are written down


def facts(array: Any) -> dict:
    """Shape, dtype, norm and the first few numbers of an array."""
    flat = array.ravel() if array.ndim else array.reshape(1)
    host = flat.get() if hasattr(flat, "get") else flat
    return {
        "shape": list(array.shape),
        "dtype": dtype_name(array),
        "norm": norm(host),
        "values": [_scalar(v) for v in host[:SHOWN].tolist()],
    }


def dtype_name(array: Any) -> str:
    return repr(dtypes.from_numpy(array.dtype)).split(".")[-1]


def norm(host: Any) -> float:
    """The 2-norm of a flat array."""
    if host.dtype.kind not in "fc":
        host = host.astype("float64")
    return math.sqrt(float((abs(host) ** 2).sum()))


def _scalar(v: Any) -> Any:
    return str(v) if isinstance(v, complex) else v


def nodes_below(root: Any) -> list[Node]:
    """All nodes that the edge `root` leads to; without recursion."""
    first = root.node if isinstance(root, Slot) else root
    if not isinstance(first, Node):
        return []
    seen, stack = {id(first)}, [first]
    found = []
    while stack:
        node = stack.pop()
        found.append(node)
        for edge in node.edges:
            below = edge.node if isinstance(edge, Slot) else edge
            if isinstance(below, Node) and not isinstance(below, DeadEnd) and id(below) not in seen:
                seen.add(id(below))
                stack.append(below)
    return found


class Recorder:
    """The hooks of one pass, and the lists that they fill."""

    def __init__(self, root: Any) -> None:
        self.nodes = nodes_below(root)
        self.number: dict[int, int] = {}  # id(node) or id(leaf) -> its number
        self.rows: list[dict] = []  # nodes in the engine's order
        self.edges: list[tuple] = []  # (from, target edge, input, gradient as it leaves, shape before the sum)
        self.leaves: dict[int, TensorBase] = {}
        for node in self.nodes:
            for edge in node.edges:
                if isinstance(edge, TensorBase) and edge._requires_grad:
                    self.leaves[id(edge)] = edge

    def hook(self, node: Node) -> Callable:
        def write(grad_inputs: tuple, grad_outputs: tuple) -> None:
            self.number[id(node)] = k = len(self.rows)
            grads = [None if g is None else facts(g._array) for g in grad_outputs]
            self.rows.append(
                {"id": k, "kind": "node", "name": node.name(), "gradient": grads, "saved": list(saved_by(node))}
            )
            for i, (edge, g) in enumerate(zip(node.edges, grad_inputs, strict=False)):
                alive = edge is not None and not isinstance(edge, DeadEnd)
                if g is not None and alive and not (isinstance(edge, TensorBase) and not edge._requires_grad):
                    sent = fit(edge, g._array, False, node)
                    self.edges.append((k, edge, i, facts(sent), list(g._array.shape)))

        return write

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Hooks on every node; the user's own still run, as they change gradients, but retain_grad keeps nothing."""
        before = [node.hooks for node in self.nodes]
        try:
            for node, old in zip(self.nodes, before, strict=True):
                node.hooks = new = Hooks()
                if old is not None:
                    new.tensor_pre, new.pre, new.post = old.tensor_pre, old.pre, dict(old.post)
                new.post[-1] = self.hook(node)
            yield
        finally:
            for node, old in zip(self.nodes, before, strict=True):
                node.hooks = old


def record(loss: Any, gradient: Any, names: dict[int, str]) -> dict:
    """The facts of a backward pass from `loss`: {"nodes", "leaves", "edges"}, see the head of this file."""
    recorder = Recorder(edge_of(loss))
    leaves = list(recorder.leaves.values())
    if not leaves:
        raise RuntimeError(
            "viz.tape: no leaf that requires grad is reached from this tensor\n"
            "    hint  a leaf needs requires_grad=True before the forward pass, and no_grad() records nothing"
        )
    with recorder.watching():
        found = autograd.grad(loss, leaves, gradient, retain_graph=True, allow_unused=True)
    count = len(recorder.rows)
    rows = []
    for k, (leaf, g) in enumerate(zip(leaves, found, strict=True)):
        recorder.number[id(leaf)] = count + k
        rows.append(
            {
                "id": count + k, "kind": "leaf", "name": names.get(id(leaf), f"leaf {k}"),
                "named": id(leaf) in names, "shape": list(leaf.shape), "version": leaf._version,
                "gradient": [None if g is None else facts(g._array)],
            }
        )  # fmt: skip
    edges = [
        {"from": k, "to": recorder.number[id(e.node if isinstance(e, Slot) else e)], "input": i,
         "output": e.index if isinstance(e, Slot) else 0, "gradient": g, "before_sum": raw}
        for k, e, i, g, raw in recorder.edges
    ]  # fmt: skip
    _name_saved(recorder, names)
    return {"nodes": recorder.rows, "leaves": rows, "edges": edges}


def _name_saved(recorder: Recorder, names: dict[int, str]) -> None:
    """Turn the tensors in `saved` into what can be printed: a leaf's name, or nothing."""
    for row in recorder.rows:
        for entry in row["saved"]:
            t = entry.pop("tensor")
            entry["leaf"] = names.get(id(t)) if t is not None else None
            entry["kept"] = t is not None and t._edge is None  # the user's own tensors live on


def saved_by(node: Any) -> Iterable[dict]:
    """What a node has saved: name, shape, dtype, bytes, the version it had and the version now."""
    if node.saved is FREED or not node.saved:
        return
    if isinstance(node, OpNode):
        yield from _saved_by_op(node)
    elif isinstance(node, FunctionNode):
        for k, entry in enumerate(node.saved):
            if entry is not None:
                yield _entry(f"saved {k}", entry[1], entry[3], entry[2])
    else:
        for k, value in enumerate(node.saved if isinstance(node.saved, (list, tuple)) else (node.saved,)):
            if isinstance(value, TensorBase) or hasattr(value, "nbytes"):
                yield _entry(f"saved {k}", value, None, None)


def _saved_by_op(node: Any) -> Iterable[dict]:
    made = node.op
    versions: dict[int, Any] = dict(zip(made.versioned, node.saved[len(made.captures) :], strict=True))
    for k, (kind, key) in enumerate(made.captures):
        value: Any = node.saved[k]
        version: Any = versions.get(k)
        if value is None:
            continue
        if kind == "inputs":
            for i, t in enumerate(value):
                yield _entry(f"input {i}", t, version[i], t._counter)
        elif kind == "input" and isinstance(value, (TensorBase, Packed)):
            yield _entry(made.inputs[key], value, version, getattr(value, "_counter", None))
        elif kind == "output":
            counter, then = version if isinstance(version, tuple) else (None, version)
            yield _entry("result", value, then, counter)
        elif kind == "aux" and hasattr(value, "nbytes"):
            yield _entry(made.aux[key], value, None, None)


def _entry(name: str, value: Any, then: Any, counter: Any) -> dict:
    now = None if counter is None else counter[0]
    row = {"name": name, "version": then, "now": now, "tensor": value if isinstance(value, TensorBase) else None}
    array = value._array if isinstance(value, TensorBase) else value
    if isinstance(value, Packed):
        return {**row, "shape": None, "dtype": "packed by a hook", "bytes": 0}
    return {
        **row,
        "shape": list(array.shape),
        "dtype": dtype_name(array),
        "bytes": int(array.nbytes),
    }
