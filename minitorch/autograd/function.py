"""`autograd.Function`: an operation of the user's own, with its backward.

`ctx` is the node itself, as in torch: what the forward keeps on it is what the backward finds.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from minitorch.autograd.base import CUSTOM_VIEW, TensorBase, wrap, wrap_view
from minitorch.autograd.modes import state
from minitorch.autograd.node import FREED, Node, Slot, edge_of, next_seq, result_at
from minitorch.autograd.primitives import alias
from minitorch.autograd.saved import Packed, freed_error, modified_error
from minitorch.autograd.views import bump, check_inplace, rebase
from minitorch.autograd.wiring import shares
from minitorch.backend import xp_of


class FunctionCtx:
    """What a Function's forward and backward share."""

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep input or output tensors for the backward; changing them in place meanwhile is an error there."""
        for t in tensors:
            if t is not None and not isinstance(t, TensorBase):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument is of type {type(t).__name__}"
                )
        self.to_save = tensors

    def mark_dirty(self, *tensors: Any) -> None:
        """Name the inputs that the forward changed in place; they must be returned."""
        self.dirty = tensors

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Name the outputs that have no gradient."""
        self.non_differentiable = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """With False, an output that took no part in the backward has gradient None instead of zeros."""
        self.materialize = value


class FunctionNode(Node, FunctionCtx):
    """Node of a user's Function; one subclass per Function, named `<Function>Backward`."""

    n_outputs = 0  # gradients arrive as a list, also for a single output
    pure = False  # a user's backward may return any array, so leaves copy what they get
    function: type
    to_save: tuple = ()
    dirty: tuple = ()
    non_differentiable: tuple = ()
    materialize = True
    partial = False
    needs_input_grad: tuple = ()
    like: Any  # an empty array on the outputs' device

    @property
    def saved_tensors(self) -> tuple:
        if self.saved is FREED:
            raise freed_error()
        return tuple(self._fetch(entry) for entry in self.saved or ())

    saved_variables = saved_tensors

    def _fetch(self, entry: Any) -> Any:
        if entry is None:
            return None
        kind, value, counter, version = entry
        if isinstance(value, Packed):
            return value.unpack(value.value)
        array = value if kind is not None else value._array
        if counter is not None and counter[0] != version:
            raise modified_error(self, array, counter[0], version, "saved by save_for_backward")
        if kind is None:
            return value
        shape, dtype = self.shape[kind], self.dtype[kind]
        return result_at(Slot(self, kind, shape, dtype), array)

    def keep(self, outputs: tuple) -> None:
        """Turn what was given to save_for_backward into entries; outputs by array, so that no cycle is made."""
        entries: list = []
        for t in self.to_save:
            if t is None:
                entries.append(None)
                continue
            index = next((k for k, o in enumerate(outputs) if o is t), None)
            value: Any = t if index is None else t._array
            if state.saved_hooks:
                value = Packed(t.detach() if index is not None else t, state.saved_hooks[-1], index)
            counter = t._counter
            entries.append((index, value, counter, None if counter is None else counter[0]))
        self.saved = entries
        self.to_save = ()

    def release(self) -> None:
        self.saved = FREED

    def apply(self, g: Any, graph: bool, edges: Any) -> Any:
        gs = [x if x is None or graph else wrap(x) for x in g]
        if self.materialize:
            gs = [self._zeros(k) if x is None else x for k, x in enumerate(gs)]
        self.partial = edges is not None  # autograd.grad, or backward(inputs=...)
        result = self.function.backward(self, *gs)  # type: ignore[attr-defined]
        grads = list(result) if isinstance(result, tuple) else [result]
        extra = len(grads) - len(self.edges)
        if extra > 0 and all(x is None for x in grads[len(self.edges) :]):
            grads = grads[: len(self.edges)]
        elif extra:
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected {len(self.edges)}, got "
                f"{len(grads)})"
            )
        for k, (x, edge) in enumerate(zip(grads, self.edges, strict=True)):
            if x is not None and not isinstance(x, TensorBase):
                raise RuntimeError(f"expected Variable or None (got {type(x).__name__})")
            if x is not None and edge is None and self.needs_input_grad[k] is None:
                raise RuntimeError(
                    f"function {self.name()} returned a gradient different from None at position {k + 1}, but the "
                    "corresponding forward input was not a Variable"
                )
        return [x if x is None or graph else x._array for x in grads]

    def _zeros(self, k: int) -> Any:
        if self.shape[k] is None:
            return None
        return wrap(xp_of(self.like).zeros(self.shape[k], dtype=self.dtype[k]))


class Function:
    """Base of user-defined operations: static `forward(ctx, *args)` (or `forward(*args)` and `setup_context(ctx,
    inputs, output)`) and static `backward(ctx, *grad_outputs)`; called with `apply`.

    >>> import minitorch as mt
    >>> class Double(mt.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         return x * 2
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         return g * 2
    >>> Double.apply(mt.ones(2, requires_grad=True))
    tensor([2., 2.], grad_fn=<DoubleBackward>)
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Any) -> None:
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    vjp = backward

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError(
            f"{type(self).__name__} should not be instantiated. Methods on autograd functions are all static, so you "
            "should invoke them on the class itself: call .apply(...)"
        )

    @classmethod
    def _node_class(cls) -> type:
        found = cls.__dict__.get("_backward_cls")
        if found is None:
            if cls.vjp is not Function.vjp and cls.backward not in (Function.backward, cls.vjp):
                raise RuntimeError(
                    "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only "
                    "implement one of them."
                )
            if cls.vjp is not Function.vjp and cls.backward is Function.backward:
                cls.backward = staticmethod(cls.vjp)  # type: ignore[method-assign]
            found = type(cls.__name__ + "Backward", (FunctionNode,), {"function": cls, "__module__": cls.__module__})
            cls._backward_cls = found  # type: ignore[attr-defined]
        return found

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run the forward and record this Function as one node."""
        node: Any = object.__new__(cls._node_class())
        node.hooks = node.saved = None
        tracked = state.grad
        if cls.setup_context is not Function.setup_context and (kwargs or getattr(cls.forward, "__defaults__", True)):
            args, kwargs = _with_defaults(cls.forward, args, kwargs), {}
        given = (*args, *kwargs.values()) if kwargs else args  # backward gives a gradient for each of them
        edges = tuple(edge_of(a) if isinstance(a, TensorBase) else None for a in given)
        node.needs_input_grad = tuple(e is not None for e in edges)
        node.edges = edges
        before, state.grad = state.grad, False
        try:
            if cls.setup_context is not Function.setup_context:
                result = cls.forward(*args)
                cls.setup_context(node, args, result)
            else:
                result = cls.forward(node, *args, **kwargs)
        finally:
            state.grad = before
        outputs = result if isinstance(result, tuple) else (result,)
        recorded = tracked and any(e is not None for e in edges)
        final = _connect(node, given, outputs, recorded)
        return tuple(final) if isinstance(result, tuple) else final[0]


def _with_defaults(forward: Callable, args: tuple, kwargs: dict) -> tuple:
    """All arguments of a forward by position: so setup_context gets them."""
    bound = inspect.signature(forward).bind(*args, **kwargs)
    bound.apply_defaults()
    return bound.args


def _connect(node: Any, args: tuple, outputs: tuple, recorded: bool) -> list:
    """Hang the outputs on the node: dirty inputs get a rewritten history, returned inputs become views."""
    for t in node.dirty:
        if not any(t is o for o in outputs):
            raise RuntimeError("Some elements marked as dirty during the forward method were not returned as output.")
    node.seq = next_seq()
    node.shape = tuple(o._array.shape if isinstance(o, TensorBase) else None for o in outputs)
    node.dtype = tuple(o._array.dtype if isinstance(o, TensorBase) else None for o in outputs)
    node.like = next((o._array for o in outputs if isinstance(o, TensorBase)), None)
    if node.like is not None:
        node.like = node.like[(slice(0, 0),) * node.like.ndim] if node.like.ndim else node.like
    final: list = []
    for o in outputs:
        if isinstance(o, TensorBase) and not any(o is t for t in node.dirty) and any(o is a for a in args):
            o = alias(o) if not recorded else _custom_view(o, o)
        elif isinstance(o, TensorBase) and recorded and o._base is None:
            source = next((a for a in args if isinstance(a, TensorBase) and shares(o._array, a._array)), None)
            if source is not None and not any(o is t for t in node.dirty):
                o = _custom_view(o, source)
        final.append(o)
    if recorded:
        _hang_outputs(node, outputs, final)
        node.keep(outputs)
    return final


def _hang_outputs(node: Any, outputs: tuple, final: list) -> None:
    """Make `final`, which stand for the forward's `outputs`, the outputs of the node in the graph."""
    for k, o in enumerate(final):
        if not isinstance(o, TensorBase) or any(outputs[k] is t for t in node.non_differentiable):
            continue
        if o._array.dtype.kind not in "fcV":
            continue
        slot = Slot(node, k, o._array.shape, o._array.dtype)
        if any(o is t for t in node.dirty):
            check_inplace(o, True)
            bump(o)
            if o._base is not None:
                single = _DirtyView(node, k)
                rebase(o, single)
                continue
        elif o._base is not None and o._view_kind != CUSTOM_VIEW:
            o._view_kind = CUSTOM_VIEW
        o._edge, o._requires_grad = slot, True
        if o._base is not None:
            o._view_version = o._counter[0]


def _custom_view(o: Any, source: Any) -> Any:
    t = wrap_view(o._array[...], source, CUSTOM_VIEW)
    t._view_kind = CUSTOM_VIEW
    return t


class _DirtyView(Node):
    """Single-output face of a FunctionNode whose output is a view changed in place, for CopySlices."""

    __slots__ = ("inner", "index")
    pure = False

    def __init__(self, inner: Any, index: int) -> None:
        self.inner, self.index = inner, index
        self.edges, self.hooks, self.saved, self.seq = inner.edges, None, None, inner.seq

    def apply(self, g: Any, graph: bool, edges: Any) -> Any:
        grads = [None] * len(self.inner.shape)
        grads[self.index] = g
        return self.inner.apply(grads, graph, edges)

    def release(self) -> None:
        self.inner.release()


def once_differentiable(fn: Callable) -> Callable:
    """Decorator for a Function's backward that must not be differentiated: doing so raises."""

    @functools.wraps(fn)
    def wrapper(ctx: Any, *args: Any) -> Any:
        tracked = state.grad and any(isinstance(a, TensorBase) and edge_of(a) is not None for a in args)
        before, state.grad = state.grad, False
        try:
            outputs = fn(ctx, *args)
        finally:
            state.grad = before
        if not tracked:
            return outputs
        many = isinstance(outputs, tuple)
        made = [_Error.apply(o) if isinstance(o, TensorBase) else o for o in (outputs if many else (outputs,))]
        return tuple(made) if many else made[0]

    return wrapper


class _Error(Function):
    """Passes a tensor on; its backward raises."""

    @classmethod
    def apply(cls, t: Any) -> Any:  # type: ignore[override]
        node: Any = object.__new__(cls._node_class())
        node.hooks, node.saved, node.edges, node.needs_input_grad = None, (), (None,), (False,)
        node.seq = next_seq()
        node.shape, node.dtype = (t._array.shape,), (t._array.dtype,)
        node.like = t._array
        return result_at(Slot(node, 0, t._array.shape, t._array.dtype), t._array)

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")
