"""What a node keeps for its vjps, and how it hands that back: version checks, freeing, hooks on saved tensors.

A saved input is the input tensor itself with the version it had; a saved output is its array with its version
counter (never the tensor: the tensor holds the node, and a cycle would keep both alive).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd import modes
from minitorch.autograd.anomaly import forward_trace
from minitorch.autograd.base import TensorBase, wrap
from minitorch.autograd.modes import state
from minitorch.autograd.node import FREED, Node, Slot, result_at
from minitorch.backend import dtypes

if TYPE_CHECKING:
    from minitorch.autograd.op import Op


class OpNode(Node):
    """Node of an op made by `@op`; `versions` stand beside `saved` (None where nothing can change)."""

    __slots__ = ("versions",)
    op: Op

    def release(self) -> None:
        if self.op.saves_tensors:
            self.saved = FREED

    def saved_value(self, name: str) -> Any:
        """`node._saved_x`: a saved input, `node._saved_result` the saved output, as torch names them."""
        wanted = {"self": self.op.inputs[:1] or ("",), "other": self.op.inputs[1:2]}.get(name, (name,))
        name = "out" if name == "result" else wanted[0] if wanted else name
        try:
            k = self.op.captures.index(self.op._classify(name))
        except (TypeError, ValueError):
            raise AttributeError(f"'{type(self).__name__}' object has no attribute '_saved_{name}'") from None
        return unpack(self, True)[k]


class SavedOutput:
    """A saved output: which one, its array, and the version counter it shares with the tensor."""

    __slots__ = ("index", "array", "version")

    def __init__(self, index: int, array: Any, version: list) -> None:
        self.index, self.array, self.version = index, array, version


class Packed:
    """A saved tensor that went through `saved_tensors_hooks`: the packed object and how to unpack it."""

    __slots__ = ("value", "unpack", "output")

    def __init__(self, t: Any, hooks: tuple, output: int | None) -> None:
        with _NoGrad():
            self.value = hooks[0](t)
        self.unpack = hooks[1]
        self.output = output


class _NoGrad:
    def __enter__(self) -> None:
        self.before = state.grad
        state.grad = False

    def __exit__(self, *exc: object) -> None:
        state.grad = self.before


def pack(node: Any, op: Op, inputs: tuple, settings: dict, tensors: tuple, aux: tuple) -> None:
    """Fill node.saved and node.versions with what the vjps that will run have named."""
    if not op.captures:
        node.saved = node.versions = ()
        if modes.special_threads:
            _special(node, op)
        return
    edges = node.edges
    keep = op.plan(tuple([e is not None for e in edges]))
    saved: list = []
    versions: list = []
    for (kind, key), kept in zip(op.captures, keep, strict=True):
        value = version = None
        if kept:
            if kind == "input":
                value = inputs[key] if key < len(inputs) else None
                if isinstance(value, TensorBase):
                    version = _version_of(value)
            elif kind == "output":
                t = tensors[key]
                value, version = SavedOutput(key, t._array, t._counter), t._counter[0]
            elif kind == "setting":
                value = settings.get(key, op.settings[key])
            elif kind == "shape":
                t = inputs[key] if key < len(inputs) else None
                value = t._array.shape if isinstance(t, TensorBase) else ()
            else:
                value = _pack_rest(kind, key, inputs, edges, aux)
                if kind == "inputs":
                    version = tuple(_version_of(t) for t in inputs)
        saved.append(value)
        versions.append(version)
    node.saved, node.versions = saved, versions
    if modes.special_threads:
        _special(node, op)


def _pack_rest(kind: str, key: Any, inputs: tuple, edges: tuple, aux: tuple) -> Any:
    if kind == "aux":
        return aux[key]
    if kind == "needs":
        return tuple(e is not None for e in edges)
    return inputs if kind == "inputs" else tuple(t._array.shape for t in inputs)


def _version_of(t: TensorBase) -> int:
    if t._counter is None:
        raise RuntimeError(
            "Inference tensors cannot be saved for backward. To work around you can make a clone to get a normal "
            "tensor and use it in autograd."
        )
    return t._counter[0]


def _special(node: Any, op: Op) -> None:
    """Anomaly detection and saved-tensor hooks, when this thread has them on."""
    if state.anomaly:
        node.get_hooks().trace = forward_trace()
    if state.saved_hooks:
        hooks = state.saved_hooks[-1]
        for k, value in enumerate(node.saved):
            if isinstance(value, TensorBase):
                node.saved[k] = Packed(value, hooks, None)
            elif isinstance(value, SavedOutput):
                node.saved[k] = Packed(wrap(value.array), hooks, value.index)


def unpack(node: Any, graph: bool) -> list:
    """The captures as the vjps take them: arrays, or tensors of the graph when `graph`."""
    saved = node.saved
    if saved is FREED:
        raise RuntimeError(
            "Trying to backward through the graph a second time (or directly access saved tensors after they have "
            "already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
            "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or "
            "if you need to access saved tensors after calling backward."
        )
    values = []
    for k, (value, version) in enumerate(zip(saved, node.versions, strict=True)):
        if version is not None:
            value = _checked(node, k, value, version, graph)
        elif graph and node.op.captures[k][0] == "aux" and value is not None:
            value = wrap(value)
        values.append(value)
    return values


def _checked(node: Any, k: int, value: Any, version: Any, graph: bool) -> Any:
    if isinstance(value, tuple):  # the inputs of a variadic op
        return tuple(_checked(node, k, t, v, graph) for t, v in zip(value, version, strict=True))
    if isinstance(value, Packed):
        t = value.unpack(value.value)
        if not graph:
            return t._array
        return t if value.output is None else result_at(_output_edge(node, value.output), t._array)
    if value.__class__ is SavedOutput:
        if value.version[0] != version:
            raise modified_error(node, value.array, value.version[0], version, f"output {value.index} of {node.name()}")
        return result_at(_output_edge(node, value.index), value.array) if graph else value.array
    if value._counter[0] != version:
        maker = f"output 0 of {value.grad_fn.name()}" if value._edge is not None else "a leaf or constant"
        raise modified_error(node, value._array, value._counter[0], version, f"{maker}")
    return value if graph else value._array


def _output_edge(node: Any, index: int) -> Any:
    return node if node.n_outputs == 1 else Slot(node, index, node.shape[index], node.dtype[index])


def modified_error(node: Any, array: Any, now: int, then: int, which: str) -> RuntimeError:
    """torch's error for a saved value changed in place, naming the op that saved it and the tensor."""
    kind = dtypes.SCALAR_NAME[dtypes.from_numpy(array.dtype)]
    return RuntimeError(
        "one of the variables needed for gradient computation has been modified by an inplace operation: "
        f"[torch.{kind}Tensor {list(array.shape)}], which is {which}, is at version {now}; expected version {then} "
        f"instead. Hint: {node.name()} saved it in the forward pass; change a copy (x.clone()) instead, or enable "
        "anomaly detection to find the operation: torch.autograd.set_detect_anomaly(True)."
    )


_reference_runner: Callable[[Any, Any], list]


def set_reference_runner(fn: Callable[[Any, Any], list]) -> None:
    """Name what differentiates an op's composed reference (composed.py, which needs the engine above this file)."""
    global _reference_runner
    _reference_runner = fn


def make_apply(op: Op) -> Callable:
    """The backward of an op's node: unpack, call the vjps whose inputs need it."""

    def apply(self: Any, g: Any, graph: bool, needed: Any) -> Any:
        if graph and op.reference is not None:
            return _reference_runner(self, g)
        values = unpack(self, graph)
        edges = self.edges
        grads: list = [None] * len(edges)
        for v in op.vjps:
            if v.joint:
                which = v.inputs or range(len(edges))
                if any(edges[i] is not None for i in which if i < len(edges)):
                    for i, gi in zip(which, v.fn(g, *[values[k] for k in v.args]), strict=False):
                        if i < len(edges):
                            grads[i] = gi
            else:
                i = v.inputs[0]
                if i < len(edges) and edges[i] is not None and (needed is None or needed[i]):
                    grads[i] = v.fn(g, *[values[k] for k in v.args])
        return grads

    return apply
