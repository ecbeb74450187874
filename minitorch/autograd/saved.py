"""What a node keeps for its vjps, and how it hands that back: version checks, freeing, hooks on saved tensors.

A saved input is the input tensor itself with the version it had; a saved output is its array with its version
counter (never the tensor: the tensor holds the node, and a cycle would keep both alive).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.anomaly import forward_trace
from minitorch.autograd.backway import back_way
from minitorch.autograd.base import TensorBase, wrap
from minitorch.autograd.modes import state
from minitorch.autograd.node import FREED, Node, Slot, result_at
from minitorch.backend import dtypes

if TYPE_CHECKING:
    from minitorch.autograd.op import Op


class OpNode(Node):
    """Node of an op made by `@op`: `saved` holds the captured values, then the versions of the `op.versioned` ones."""

    __slots__ = ()
    op: Op

    def release(self) -> None:
        if self.keeps:
            self.saved = FREED


def saved_members(op: Op) -> dict[str, property]:
    """`node._saved_x`, a saved input, `node._saved_result`, the saved output, as torch names them, and
    `node._raw_saved_x`, on which hooks can still be put.

    Properties of each class, for a `__getattr__` of them all would make every attribute of a node slow to read.
    """
    places: dict[str, int] = {}
    for k, (kind, key) in enumerate(op.captures):
        places[op.capture_name(kind, key)] = k
        if kind == "output" and key == 0:
            places["out"] = places["result"] = k
        elif kind == "input" and key < 2:
            places[("self", "other")[key]] = k
    found = {}
    for name, k in places.items():
        found[f"_saved_{name}"] = property(functools.partial(_saved, k))
        found[f"_raw_saved_{name}"] = property(functools.partial(_raw_saved, k))
    return found


def _saved(k: int, node: Any) -> Any:
    return unpack(node, True)[k]


def _raw_saved(k: int, node: Any) -> SavedTensor:
    return SavedTensor(node, k)


class SavedTensor:
    """One saved tensor of a node, with `register_hooks`, as `saved_tensors_hooks` puts them on all."""

    def __init__(self, node: OpNode, place: int) -> None:
        self._node, self._place = node, place

    def register_hooks(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        """Keep `pack_hook(tensor)` in the tensor's place, and have `unpack_hook` give it back."""
        node, k = self._node, self._place
        if node.saved is FREED:
            raise freed_error()
        value = node.saved[k]
        version = node.saved[len(node.op.captures) + node.op.versioned.index(k)] if k in node.op.versioned else None
        if isinstance(value, Packed):
            raise RuntimeError("Setting hooks on a saved tensor that has already been unpacked or hooked is forbidden")
        output = node.op.captures[k][1] if version.__class__ is tuple else None
        node.saved = list(node.saved)
        node.saved[k] = Packed(value if output is None else wrap(value), (pack_hook, unpack_hook), output)


class Packed:
    """A saved tensor that went through `saved_tensors_hooks`: the packed object and how to unpack it."""

    __slots__ = ("value", "unpack", "output")

    def __init__(self, t: Any, hooks: tuple, output: int | None) -> None:
        before = t._counter
        version = None if before is None else before[0]
        with _NoGrad():
            self.value = hooks[0](t)
        if version is not None and before[0] != version:
            raise RuntimeError(
                "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook "
                "cannot be modified by in-place operations as this can lead to unexpected side-effects."
            )
        self.unpack = hooks[1]
        self.output = output


class _NoGrad:
    def __enter__(self) -> None:
        self.before = state.grad
        state.grad = False

    def __exit__(self, *exc: object) -> None:
        state.grad = self.before


def pack(node: Any, op: Op, inputs: tuple, settings: dict, tensors: tuple, aux: tuple, plan: tuple) -> None:
    """Fill node.saved with what the vjps that will run have named, and with the versions of what can change.

    A version is an int for a saved input, (counter, int) for a saved output, a tuple of ints for all inputs of a
    variadic op, and None for what is not needed.
    """
    saved: list = []
    versions: list = []
    for (kind, _), kept in zip(op.captures, plan, strict=True):
        value = version = None
        if kept is not None:
            kind, key = kept
            if kind == "input":
                value = inputs[key] if key < len(inputs) else None
                if isinstance(value, TensorBase):
                    version = value._counter[0] if value._counter is not None else version_of(value)
            elif kind == "setting":
                value = settings[key] if key in settings else op.settings[key]
            elif kind == "output":
                t = tensors[key]
                value, version = t._array, (t._counter, t._counter[0])
            elif kind == "shape":
                t = inputs[key] if key < len(inputs) else None
                value = t._array.shape if isinstance(t, TensorBase) else ()
            else:
                value = _pack_rest(kind, key, inputs, node.edges, aux)
                if kind == "inputs":
                    version = tuple(version_of(t) for t in inputs)
        saved.append(value)
        if kind in ("input", "output", "inputs"):
            versions.append(version)
    node.saved = (*saved, *versions)


def _pack_rest(kind: str, key: Any, inputs: tuple, edges: tuple, aux: tuple) -> Any:
    if kind == "aux":
        return aux[key]
    if kind == "needs":
        return tuple(e is not None for e in edges)
    return inputs if kind == "inputs" else tuple(t._array.shape for t in inputs)


def version_of(t: TensorBase) -> int:
    """The version of a tensor that is to be saved."""
    if t._counter is None:
        raise RuntimeError(
            "Inference tensors cannot be saved for backward. To work around you can make a clone to get a normal "
            "tensor and use it in autograd."
        )
    return t._counter[0]


def note_special(node: Any, op: Op) -> None:
    """Anomaly detection and saved-tensor hooks, when this thread has them on."""
    if state.anomaly:
        node.get_hooks().trace = forward_trace()
    if state.saved_hooks:
        hooks = state.saved_hooks[-1]
        saved = list(node.saved)
        for k, version in zip(op.versioned, saved[len(op.captures) :], strict=True):
            if version.__class__ is int:
                saved[k] = Packed(saved[k], hooks, None)
            elif version is not None and op.captures[k][0] == "output":
                saved[k] = Packed(wrap(saved[k]), hooks, op.captures[k][1])
        node.saved = saved  # a list, not a tuple: the short way back steps aside


def unpack(node: Any, graph: bool) -> list:
    """The captures as the vjps take them: arrays, or tensors of the graph when `graph`."""
    saved = node.saved
    if saved is FREED:
        raise freed_error()
    captures = node.op.captures
    values = list(saved[: len(captures)])
    for k, version in zip(node.op.versioned, saved[len(captures) :], strict=True):
        if version is not None:
            values[k] = fetch(node, captures[k][1], values[k], version, graph)
    if graph and node.op.aux:
        for k, (kind, _) in enumerate(captures):
            if kind == "aux" and values[k] is not None:
                values[k] = wrap(values[k])
    return values


def freed_error() -> RuntimeError:
    return RuntimeError(
        "Trying to backward through the graph a second time (or directly access saved tensors after they have "
        "already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
        "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or "
        "if you need to access saved tensors after calling backward."
    )


def fetch(node: Any, key: Any, value: Any, version: Any, graph: bool) -> Any:
    """One saved value, its version checked."""
    if value.__class__ is Packed:
        t = value.unpack(value.value)
        if not isinstance(t, TensorBase):
            raise TypeError(
                f"Output of saved tensor unpack_hook expected to be a Tensor but got result of type {type(t).__name__}"
            )
        if not graph:
            return t._array
        return t if value.output is None else result_at(_output_edge(node, value.output), t._array)
    if value.__class__ is tuple:  # the inputs of a variadic op
        return tuple(fetch(node, k, t, v, graph) for k, (t, v) in enumerate(zip(value, version, strict=True)))
    if version.__class__ is tuple:
        counter, then = version
        if counter[0] != then:
            raise modified_error(node, value, counter[0], then, f"output {key} of {node.name()}")
        return result_at(_output_edge(node, key), value) if graph else value
    if value._counter[0] != version:
        maker = f"output 0 of {value.grad_fn.name()}" if value._edge is not None else "a leaf or constant"
        raise modified_error(node, value._array, value._counter[0], version, maker)
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
    """The backward of an op's nodes. At its first call it is written out for the op, see backway.py."""

    def apply(self: Any, g: Any, graph: bool, edges: Any) -> Any:
        written = back_way(op, general_apply(op), fetch)
        for cls in op.node_classes.values():
            cls.apply = written  # type: ignore[attr-defined]
        return written(self, g, graph, edges)

    return apply


def general_apply(op: Op) -> Callable:
    """Unpack what was saved, call the vjps whose inputs need it: what every node can do."""
    single = [(v.inputs[0], v.fn, v.args) for v in op.vjps if not v.joint]
    joint = [v for v in op.vjps if v.joint]

    def apply(self: Any, g: Any, graph: bool, edges: Any) -> Any:
        if graph and op.reference is not None:
            return _reference_runner(self, g)
        values = unpack(self, graph)
        edges = self.edges if edges is None else edges
        grads: list = [None] * len(edges)
        for i, fn, args in single:
            if i < len(edges) and edges[i] is not None:
                grads[i] = fn(g, *[values[k] for k in args])
        return _apply_joint(joint, values, edges, grads, g) if joint else grads

    return apply


def _apply_joint(joint: list, values: list, edges: tuple, grads: list, g: Any) -> list:
    """The vjps that give the gradients of several inputs at once."""
    for v in joint:
        which = v.inputs or range(len(edges))
        if not v.inputs:
            grads = [None] * len(edges)
        if any(edges[i] is not None for i in which if i < len(edges)):
            for i, gi in zip(which, v.fn(g, *[values[k] for k in v.args]), strict=False):
                if i < len(edges):
                    grads[i] = gi
    return grads
