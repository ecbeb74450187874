"""In-place operations and views: versions, histories, and everything torch forbids.

A view knows its base, and all tensors on one memory share one version counter. Changing a tensor in place bumps the
counter. If the change is to be differentiated, the tensor's history is rewritten: its new node is the op's node. If
the tensor is a view, it is the *base's* history that is rewritten, with a `CopySlices` node that applies the op's
derivative to the viewed part of the gradient and passes the rest on; all views then get their history from the base
when it is next asked for (`refresh_view`).
"""

from __future__ import annotations

import weakref
from typing import Any

from minitorch.autograd.base import CUSTOM_VIEW, INFERENCE_VIEW, MULTI_OUTPUT_VIEW, NO_GRAD_VIEW, VIEW, TensorBase
from minitorch.autograd.failures import FAILURES, explain_failure
from minitorch.autograd.geometry import Geometry, strided_replace, strided_take, strided_view
from minitorch.autograd.modes import state
from minitorch.autograd.node import Node, Slot, edge_of, next_seq, result_at, set_view_refresher
from minitorch.autograd.op import Op
from minitorch.autograd.promotion import promote_inputs
from minitorch.autograd.wiring import is_dense
from minitorch.backend import backend_of, dtypes, xp_of

OVERLAPS = (
    "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
    "Please clone() the tensor before performing the operation."
)


class CopySlices(Node):
    """History of a base after one of its views was changed in place by the op of `fn`."""

    __slots__ = ("fn", "geometry")
    pure = True
    fn: Node
    geometry: Geometry

    def apply(self, g: Any, graph: bool, edges: Any) -> Any:
        part = strided_take(g, geometry=self.geometry)
        grads = list(self.fn.apply(part, graph, None))
        if self.edges[0] is not None:
            new = grads[0]
            if new is not None and self.geometry.overlaps():
                raise RuntimeError(OVERLAPS)
            if new is not None and not graph and not hasattr(new, "__setitem__"):
                new = xp_of(new).asarray(new)
            grads[0] = strided_replace(g, new, geometry=self.geometry)
        return grads

    def release(self) -> None:
        self.fn.release()


def refresh_view(t: Any) -> None:
    """Give a view whose memory has changed the history of its base: base.grad_fn, then AsStrided."""
    base = t._base
    edge = edge_of(base)
    if edge is not None or t._edge is not None:
        if t._view_kind != VIEW:
            raise view_error(t, "its base or another view of its base has been")
        settings = {"geometry": Geometry(t._array, base._array)}
        made: Op = strided_view.op
        node = made.make_node((base,), settings, (edge,), (t,), ())
        node.shape, node.dtype = t._array.shape, t._array.dtype
        move_retained(t, node)
        t._edge, t._requires_grad = node, True
    t._view_version = t._counter[0]


set_view_refresher(refresh_view)


def move_retained(t: Any, new: Node) -> None:
    """A tensor that retains its gradient retains that of its new node from now on."""
    old = t._edge
    if old is None:
        return
    node, index = (old.node, old.index) if isinstance(old, Slot) else (old, 0)
    if node.hooks is None or node.hooks.retain.get(index) is None or node.hooks.retain[index]() is not t:
        return
    del node.hooks.retain[index]
    new.get_hooks().retain[0] = weakref.ref(t)


def rebase(t: Any, node: Node) -> None:
    """After an in-place op: `node` becomes the history of `t`, or of the part of its base that `t` views."""
    node.shape, node.dtype = t._array.shape, t._array.dtype
    base = t._base
    if base is None:
        move_retained(t, node)
        t._edge, t._requires_grad = node, True
        return
    copy = object.__new__(CopySlices)
    copy.geometry = Geometry(t._array, base._array)
    copy.fn = node
    copy.edges = (edge_of(base), *node.edges[1:])
    copy.saved = copy.hooks = None
    copy.seq = next_seq()
    copy.shape, copy.dtype = base._array.shape, base._array.dtype
    move_retained(base, copy)
    base._edge, base._requires_grad = copy, True
    refresh_view(t)


def check_inplace(t: Any, requires_grad: bool) -> None:
    """Raise torch's error where an in-place op on `t` is forbidden; `requires_grad`: the op is to be recorded."""
    if t._counter is None:
        if not state.inference:
            raise RuntimeError(
                "Inplace update to inference tensor outside InferenceMode is not allowed. You can make a clone to get "
                "a normal tensor before doing inplace update."
            )
        return
    if requires_grad and state.grad:
        tracked = edge_of(t) is not None
        if t._base is not None:
            if t._view_kind != VIEW:
                raise view_error(t, "is being")
            if tracked and t._base._edge is None:
                raise RuntimeError(
                    "a view of a leaf Variable that requires grad is being used in an in-place operation.\n"
                    "    hint  wrap the update in torch.no_grad(), or work on a clone()"
                )
        if tracked and t._edge is None:
            raise RuntimeError(
                "a leaf Variable that requires grad is being used in an in-place operation.\n"
                "    hint  wrap the update in torch.no_grad(), or work on a clone()"
            )


def view_error(t: Any, changed: str) -> RuntimeError:
    """Why a view of this kind can't take part in in-place changes; `changed` says what was changed."""
    mode = {NO_GRAD_VIEW: "no_grad mode", INFERENCE_VIEW: "inference mode"}.get(t._view_kind)
    ending = " with grad mode enabled" if t._view_kind == NO_GRAD_VIEW else " in normal mode" if mode else ""
    if t._edge is None:
        what = f"A view was created in {mode}"
    else:
        node, index = (t._edge.node, t._edge.index) if isinstance(t._edge, Slot) else (t._edge, 0)
        made_by = node.name().rstrip("0123456789").removesuffix("Backward")
        what = f"Output {index} of {made_by} is a view" + (f" of a view which was created in {mode}" if mode else "")
    return RuntimeError(f"{what} and {changed} modified inplace{ending}. {_VIEW_RULES[t._view_kind]}")


_VIEW_RULES = {
    MULTI_OUTPUT_VIEW: (
        "This view is the output of a function that returns multiple views. Such functions do not allow the output "
        "views to be modified inplace. You should replace the inplace operation by an out-of-place one."
    ),
    NO_GRAD_VIEW: (
        "Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by moving "
        "both the view and the inplace either both inside the no_grad block (if you don't want the inplace to be "
        "tracked) or both outside (if you want the inplace to be tracked)."
    ),
    INFERENCE_VIEW: "Make the view outside inference mode, or change a clone().",
    CUSTOM_VIEW: (
        "This view was created inside a custom Function (or because an input was returned as-is) and the autograd "
        "logic to handle view+inplace would override the custom backward associated with the custom Function, leading "
        "to incorrect gradients. This behavior is forbidden. You can fix this by cloning the output of the custom "
        "Function."
    ),
}


def check_partial_overlap(t: Any, others: tuple, same: bool = True) -> None:
    """Refuse to write where an input lies on the written memory, but not element on element; unless `same`, so, too."""
    array = t._array
    for x in others:
        if not isinstance(x, TensorBase) or not (x is t or x._counter is t._counter is not None):
            continue
        other = x._array
        pointer = backend_of(array).pointer
        if pointer(other) == pointer(array) and other.shape == array.shape and other.strides == array.strides and same:
            continue
        if is_dense(array) and is_dense(other) and _ranges_meet(array, other, pointer):
            raise RuntimeError(
                "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single "
                "memory location. Please clone() the tensor before performing the operation."
            )


def _ranges_meet(a: Any, b: Any, pointer: Any) -> bool:
    starts = pointer(a), pointer(b)
    return (
        bool(a.size and b.size)
        and starts[0] < starts[1] + b.size * b.dtype.itemsize
        and starts[1] < starts[0] + a.size * a.dtype.itemsize
    )


def refuse_shared(t: Any, source: Any) -> None:
    """Refuse a source that lies on the written memory, for ops that write to other places than they read."""
    if not isinstance(source, TensorBase) or source._counter is not t._counter or source._counter is None:
        return
    if source is t or _ranges_meet(t._array, source._array, backend_of(t._array).pointer):
        raise RuntimeError(
            "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single "
            "memory location. Please clone() the tensor before performing the operation."
        )


def check_overlap(array: Any) -> None:
    """Refuse to write where several elements share one place in memory, as after expand()."""
    if (
        0 in array.strides
        and array.size > 1
        and any(s == 0 and n > 1 for s, n in zip(array.strides, array.shape, strict=True))
    ):
        raise RuntimeError(OVERLAPS)


def bump(t: Any) -> None:
    """Note that the memory of `t` has changed."""
    if t._counter is not None:
        t._counter[0] += 1


def writes(call: Any) -> Any:
    """Decorator: how `call`, done in place, writes into its tensor's memory instead of computing a new array first.

    The function takes what the forward takes. It must raise before it writes anything.
    """

    def register(fn: Any) -> Any:
        call.op.write = fn
        return fn

    return register


def inplace(call: Any, t: Any, *others: Any, **settings: Any) -> Any:
    """`t.op_(*others)`: compute `op(t, *others)`, write it into t's memory, rewrite the history. Gives `t`."""
    made: Op = call.op
    inputs: tuple = (t, *others)
    wants_grad = state.grad and bool(made.vjps) and _any_tracked(inputs)
    check_inplace(t, wants_grad)
    array = t._array
    if not made.constant:
        check_overlap(array)
        if made.broadcasts:
            check_partial_overlap(t, others)
    if made.promoted is not None:
        inputs = promote_inputs(made, inputs)
    # a vjp may want t's old value, which is about to be overwritten
    old = array.copy() if wants_grad and ("input", 0) in made.captures else None
    # asked for before anything is written: a view that must not be used any more raises here
    edges = tuple(edge_of(x) if isinstance(x, TensorBase) else None for x in (t, *inputs[1:])) if wants_grad else ()
    out, aux = _compute(made, inputs, settings, array)
    if wants_grad:
        # made before the version is bumped: an operand on the written memory is saved at the version it had
        node = _inplace_node(made, t, (t, *inputs[1:]), settings, edges, aux, old, inputs[0])
    if made.write is None:
        array[...] = out
    bump(t)
    if wants_grad:
        own = t._counter
        saved = [(own, own[0]) if v.__class__ is tuple and v and v[0] is own else v for v in node.saved]
        node.saved = saved if node.saved.__class__ is list else tuple(saved)  # a list: see note_special
        rebase(t, node)
    return t


def _compute(made: Op, inputs: tuple, settings: dict, array: Any) -> tuple[Any, tuple]:
    """(result, aux arrays) of the op; an op that writes for itself has then changed the memory already."""
    arrays = [x._array if isinstance(x, TensorBase) else x for x in inputs]
    try:
        out = (made.write or made.forward)(*arrays, **settings)
    except FAILURES as error:
        explain_failure(made, inputs, settings, error)
    aux: tuple = ()
    if made.aux and made.write is None:
        out, *rest = out
        aux = tuple(rest)
    if made.write is None:
        _check_fits(made, out, array)
    return out, aux


def _inplace_node(
    made: Op, t: Any, inputs: tuple, settings: dict, edges: tuple, aux: tuple, old: Any, promoted: Any
) -> Any:
    """The node of an in-place op; in place of `t` it saves t's old value, which hangs where t hung."""
    if old is not None:
        before = result_at(edges[0], old)
        inputs = (before if promoted is t else promoted, *inputs[1:])
    return made.make_node(inputs, settings, edges, (t,), aux)


def _any_tracked(inputs: tuple) -> bool:
    for x in inputs:
        if isinstance(x, TensorBase):
            if x._requires_grad or (x._base is not None and edge_of(x) is not None):
                return True
    return False


def _check_fits(made: Op, out: Any, array: Any) -> None:
    shape = getattr(out, "shape", ())
    if shape != array.shape:
        raise RuntimeError(
            f"{made.name}_: output with shape {list(array.shape)} doesn't match the broadcast shape {list(shape)}\n"
            f"    hint  an in-place op can't grow its tensor; use {made.name}(...) without the underscore"
        )
    have, want = dtypes.from_numpy(out.dtype), dtypes.from_numpy(array.dtype)
    if not dtypes.can_cast(have, want):
        raise RuntimeError(
            f"{made.name}_: result type {dtypes.SCALAR_NAME[have]} can't be cast to the desired output type "
            f"{dtypes.SCALAR_NAME[want]}"
        )
