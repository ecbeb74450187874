"""The tape: a `Node` per recorded operation, with edges to the nodes that made its inputs.

An edge says where a gradient goes on. It is one of four things:

    a leaf tensor   the goal: the gradient is accumulated in its .grad
    a Node          of an operation with one output
    a Slot          output number `index` of a node with several outputs
    None            no gradient is wanted there (and a DeadEnd, where one is asked for and goes nowhere)

Edges never point at intermediate tensors, and a node keeps an output's array, never the output itself: so there are no
reference cycles, and memory goes as soon as it can.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import Any

from minitorch.autograd.base import NODE, SLOT, VIEW, TensorBase, tensor_class, wrap

# Creation order, counted downwards: a node's number is below those of its inputs' nodes, so that a heap, which gives
# its lowest item first, gives the newest node.
next_seq = itertools.count(-1, -1).__next__

# nodes that torch's C++ names with their namespace
_IN_NAMESPACE = ("CopySlices", "CopyBackwards", "NotImplemented")

FREED: Any = object()  # takes the place of Node.saved once a backward pass has used it


class Hooks:
    """The rare extras of a node: hooks on its outputs' gradients, on the node itself, and tensors that retain grad."""

    __slots__ = ("tensor_pre", "pre", "post", "retain", "metadata", "trace", "parent", "__weakref__")

    def __init__(self) -> None:
        self.tensor_pre: dict[int, tuple[int, Callable]] = {}  # handle id -> (output number, hook)
        self.pre: dict[int, Callable] = {}
        self.post: dict[int, Callable] = {}
        self.retain: dict[int, weakref.ref] = {}  # output number -> tensor
        self.metadata: dict = {}
        self.trace: str | None = None  # where the forward ran, under anomaly detection


class Node:
    """One recorded operation. Subclasses (one per op) are named as torch's: `MulBackward0`.

    edges  for each input: None (needs no gradient), a leaf tensor, a Node, or a Slot of a many-output node
    saved  the values that the vjps named, see op.py
    shape, dtype   of the output (tuples of them, for several outputs): what an incoming gradient must look like
    """

    __slots__ = ("edges", "saved", "seq", "shape", "dtype", "hooks", "__weakref__")
    n_outputs = 1
    edge_kind = NODE
    keeps = True  # there is something to release
    pure = True  # vjp results are fresh arrays or the upstream gradient itself or views, never someone else's array
    edges: tuple
    saved: Any
    seq: int
    shape: Any
    dtype: Any
    hooks: Hooks | None

    def apply(self, g: Any, graph: bool, edges: Any) -> Any:
        """Gradients of the inputs, one per edge, from that of the output(s); `edges`: only of those not None here."""
        raise NotImplementedError(type(self).__name__)

    def release(self) -> None:
        """Drop saved values after a backward pass."""

    def name(self) -> str:
        name = type(self).__name__
        return f"torch::autograd::{name}" if name in _IN_NAMESPACE else name

    def __call__(self, *grads: Any) -> Any:
        """The gradients of the inputs, as tensors, from those of the outputs; nothing is accumulated or recorded."""
        given = [None if g is None else g._array for g in grads]
        found = list(self.apply(given[0] if self.n_outputs == 1 else given, False, None))
        found += [None] * (len(self.edges) - len(found))
        made = tuple(None if g is None else wrap(g) for g in found)
        return made[0] if len(made) == 1 else made

    def __repr__(self) -> str:
        return f"<{type(self).__name__} object at {id(self):#x}>"

    @property
    def next_functions(self) -> tuple:
        """((node, output number), ...) of the nodes that made the inputs; (None, 0) where none is needed."""
        result: list[tuple[Any, int]] = []
        for edge in self.edges:
            if edge is None or isinstance(edge, DeadEnd):
                result.append((None, 0))
            elif isinstance(edge, Slot):
                result.append((edge.node, edge.index))
            elif isinstance(edge, Node):
                result.append((edge, 0))
            else:
                result.append((AccumulateGrad(edge), 0))
        return tuple(result)

    @property
    def metadata(self) -> dict:
        return self.get_hooks().metadata

    def get_hooks(self) -> Hooks:
        if self.hooks is None:
            self.hooks = Hooks()
        return self.hooks

    def register_hook(self, fn: Callable) -> RemovableHandle:
        """Call `fn(grad_inputs, grad_outputs)` after this node ran; a returned tuple replaces grad_inputs."""
        return RemovableHandle.add(self.get_hooks().post, fn)

    def register_prehook(self, fn: Callable) -> RemovableHandle:
        """Call `fn(grad_outputs)` before this node runs; a returned tuple replaces grad_outputs."""
        return RemovableHandle.add(self.get_hooks().pre, fn)

    def _sequence_nr(self) -> int:
        """Grows from node to node."""
        return -self.seq - 1


class Slot:
    """Edge to output number `index` of a node with several outputs."""

    __slots__ = ("node", "index", "shape", "dtype")
    edge_kind = SLOT

    def __init__(self, node: Node, index: int, shape: tuple, dtype: Any) -> None:
        self.node = node
        self.index = index
        self.shape = shape
        self.dtype = dtype


class AccumulateGrad:
    """What `next_functions` shows for a leaf: the place where its gradient ends. Equal for equal leaves."""

    __slots__ = ("variable",)
    next_functions = ()

    def __init__(self, variable: TensorBase) -> None:
        self.variable = variable

    def name(self) -> str:
        return "torch::autograd::AccumulateGrad"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AccumulateGrad) and other.variable is self.variable

    def __hash__(self) -> int:
        return hash(("AccumulateGrad", id(self.variable)))

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {id(self.variable):#x}>"

    def register_hook(self, fn: Callable) -> RemovableHandle:
        """Call `fn(grad_inputs, grad_outputs)` once the leaf's gradient is accumulated."""
        leaf_hooks = LeafHooks.of(self.variable)
        return RemovableHandle.add(leaf_hooks.node_post, fn)

    def register_prehook(self, fn: Callable) -> RemovableHandle:
        """Call `fn(grad_outputs)` before the leaf's gradient is accumulated; a returned tuple replaces it."""

        def hook(grad: Any) -> Any:
            result = fn((grad,))
            return None if result is None else result[0]

        return RemovableHandle.add(LeafHooks.of(self.variable).pre, hook)


class LeafHooks:
    """Hooks of a leaf tensor: on its gradient before it is accumulated, and after."""

    __slots__ = ("pre", "post", "node_post")

    def __init__(self) -> None:
        self.pre: dict[int, Callable] = {}
        self.post: dict[int, Callable] = {}
        self.node_post: dict[int, Callable] = {}

    @staticmethod
    def of(leaf: TensorBase) -> LeafHooks:
        if leaf._hooks is None:
            leaf._hooks = LeafHooks()
        return leaf._hooks


class RemovableHandle:
    """Returned by every `register_*hook`: `remove()` takes the hook away; also a context manager."""

    next_id = itertools.count().__next__

    def __init__(self, hooks_dict: dict, *, extra_dict: Any = None) -> None:
        self._hooks = hooks_dict
        self._extra = (extra_dict,) if isinstance(extra_dict, dict) else tuple(extra_dict or ())
        self.id = RemovableHandle.next_id()

    @classmethod
    def add(cls, hooks: dict, value: Any) -> RemovableHandle:
        handle = cls(hooks)
        hooks[handle.id] = value
        return handle

    def remove(self) -> None:
        for hooks in (self._hooks, *self._extra):
            hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


class DeadEnd(Node):
    """Edge to a view that was taken without recording: it counts as requiring grad if its base does, as in torch, but
    gradients that arrive here go nowhere."""

    __slots__ = ()

    def __init__(self, array: Any) -> None:
        self.edges = ()
        self.saved = self.hooks = None
        self.seq = next_seq()
        self.shape, self.dtype = array.shape, array.dtype

    def apply(self, g: Any, graph: bool, edges: Any) -> Any:
        return ()


def edge_of(t: TensorBase) -> Any:
    """Where the gradient of `t` goes: None, the leaf itself, or its node or slot."""
    if t._base is not None:
        if t._counter is not None and t._view_version != t._counter[0]:
            refresh_view(t)
        if not t._requires_grad and t._view_kind != VIEW and edge_of(t._base) is not None:
            return DeadEnd(t._array)
    return None if not t._requires_grad else t if t._edge is None else t._edge


_view_refresher: Callable[[TensorBase], None]


def refresh_view(t: TensorBase) -> None:
    """Give a view whose memory was changed in place the history that its base now has (see views.py)."""
    _view_refresher(t)


def set_view_refresher(fn: Callable[[TensorBase], None]) -> None:
    global _view_refresher
    _view_refresher = fn


def result_at(edge: Any, array: Any) -> Any:
    """A tensor over `array` that hangs on `edge`: how a saved value re-enters the graph under create_graph."""
    t: Any = object.__new__(tensor_class())
    t._array = array
    t._counter = [0]
    t._grad = t._base = t._hooks = None
    t._requires_grad = edge is not None
    t._edge = edge if isinstance(edge, (Node, Slot)) else None
    return t
