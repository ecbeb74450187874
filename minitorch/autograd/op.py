"""`@op`: makes an operation on tensors from a function on arrays, with its derivative written beside it.

    @op(broadcasts=True, promote=True)
    def mul(x, y):
        return x * y

    @mul.vjp("x")
    def _(g, y):
        return g * conj(y)

    @mul.vjp("y")
    def _(g, x):
        return g * conj(x)

Positional parameters of the forward are tensors (or Python scalars, or None where a default says so), keyword-only
ones are settings. A vjp takes the upstream gradient `g` (a tuple of them, for several outputs) and then *names* what
it needs: an input, `out` (or `out0`, `out1`, ...), an aux result, a setting, `x_shape`, `needs`. What a vjp names is what the node
saves, and only if that vjp will run. A vjp is written with operators and other ops only, so it serves twice: on arrays in an
ordinary backward pass, and on tensors under `create_graph=True`, which gives every higher derivative.

An aux result is an extra array (a mask, winning indices, a running statistic) returned by the forward after its
outputs. A vjp that uses a floating-point aux can't be differentiated again, so such an op names a `reference`, the same
formula composed of ops, which is differentiated instead under `create_graph`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch.autograd import modes
from minitorch.autograd.base import TensorBase, tensor_class, wrap, wrap_view
from minitorch.autograd.failures import explain_failure
from minitorch.autograd.modes import state
from minitorch.autograd.node import Node, Slot, edge_of, next_seq
from minitorch.autograd.saved import OpNode, make_apply, pack
from minitorch.backend import dtypes

registry: dict[str, Op] = {}  # every op by name: parity checks that each one has a spec


class Vjp:
    """One derivative: for which inputs, the function, and the captures it takes."""

    __slots__ = ("inputs", "fn", "names", "args", "joint")

    def __init__(self, inputs: tuple[int, ...], fn: Callable, names: tuple[str, ...]) -> None:
        self.inputs = inputs
        self.fn = fn
        self.names = names
        self.args: tuple[int, ...] = ()
        self.joint = False


class Op:
    """An operation: the forward on arrays, the vjps, and how inputs are treated. Calling it dispatches on tensors.

    broadcasts  inputs broadcast against each other: the engine sums gradients back to the inputs' shapes
    promote     True, "float" (integers become the default float first), or the names of the inputs to promote
    outputs     how many; None: as many as the forward returns (split)
    aux         names of extra arrays that the forward returns after its outputs
    view        the output shares memory with the first input: True, or "maybe" (reshape)
    node        name of the node class, or a function of the settings that gives it
    diagnose    function (inputs, settings, error) -> Exception | None that explains a failed forward in torch's words
    """

    def __init__(self, forward: Callable, **options: Any) -> None:
        self.forward = forward
        self.name: str = options.pop("name", None) or forward.__name__.strip("_")
        self.broadcasts: bool = options.pop("broadcasts", False)
        self.promote: Any = options.pop("promote", None)
        self.n_outputs: int | None = options.pop("outputs", 1)
        self.aux: tuple[str, ...] = tuple(options.pop("aux", ()))
        self.view: bool | str = options.pop("view", False)
        self.multi_view = self.view and self.n_outputs is None
        node = options.pop("node", None)
        self.diagnose: Callable | None = options.pop("diagnose", None)
        if options:
            raise TypeError(f"op {self.name}: unknown options {sorted(options)}")
        self._read_signature()
        self.vjps: list[Vjp] = []
        self.captures: list[tuple[str, Any]] = []
        self.saves_tensors = False
        self.reference: Callable | None = None
        self.plans: dict[tuple, tuple] = {}
        self.node_name: Callable[[dict], str] | None = node if callable(node) else None
        self.node_classes: dict[str, type] = {}
        self.node_class = self._make_node_class(node if isinstance(node, str) else _camel(self.name) + "Backward0")

    def _read_signature(self) -> None:
        parameters = list(inspect.signature(self.forward).parameters.values())
        self.inputs = tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD)
        self.variadic = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None)
        self.settings = {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY}
        if self.promote is None or self.variadic:
            self.promoted: Any = None
        elif isinstance(self.promote, tuple):
            self.promoted = frozenset(self.inputs.index(n) for n in self.promote)
        else:
            self.promoted = frozenset(range(len(self.inputs)))

    def _make_node_class(self, name: str) -> type:
        cls = type(name, (OpNode,), {"__slots__": (), "op": self, "__module__": "minitorch.autograd"})
        cls.n_outputs = self.n_outputs or 0  # type: ignore[attr-defined]
        self.node_classes[name] = cls
        return cls

    def node_class_for(self, settings: dict) -> type:
        if self.node_name is None:
            return self.node_class
        name = self.node_name({**self.settings, **settings})
        return self.node_classes.get(name) or self._make_node_class(name)

    def vjp(self, *inputs: str) -> Callable[[Callable], Callable]:
        """Register the derivative with respect to the named input(s); several names: it returns a tuple."""

        def register(fn: Callable) -> Callable:
            names = tuple(inspect.signature(fn).parameters)[1:]
            if self.variadic and inputs == (self.variadic,):
                v = Vjp((), fn, names)
            else:
                v = Vjp(tuple(self.inputs.index(i) for i in inputs), fn, names)
            v.joint = len(inputs) > 1 or self.variadic is not None
            v.args = tuple(self._capture(n) for n in names)
            self.vjps.append(v)
            self.plans.clear()
            for cls in self.node_classes.values():
                cls.apply = make_apply(self)  # type: ignore[attr-defined]
            return fn

        return register

    def _capture(self, name: str) -> int:
        """The place in Node.saved of what a vjp calls `name`."""
        found = self._classify(name)
        if found not in self.captures:
            self.captures.append(found)
        if found[0] in ("input", "output", "inputs", "aux"):
            self.saves_tensors = True
        return self.captures.index(found)

    def _classify(self, name: str) -> tuple[str, Any]:
        if name in self.inputs:
            return "input", self.inputs.index(name)
        if name == "out" or (name.startswith("out") and name[3:].isdigit()):
            return "output", int(name[3:] or 0)
        if name in self.aux:
            return "aux", self.aux.index(name)
        if name in self.settings:
            return "setting", name
        if name == "needs":
            return "needs", None
        if name.endswith("_shape") and name[:-6] in self.inputs:
            return "shape", self.inputs.index(name[:-6])
        if self.variadic and name == self.variadic:
            return "inputs", None
        if self.variadic and name == self.variadic + "_shapes":
            return "shapes", None
        raise TypeError(f"op {self.name}: a vjp asks for {name!r}, which is no input, output, aux result or setting")

    def composed_as(self, reference: Callable) -> Callable:
        """Register the formula composed of ops that is differentiated under create_graph (see the file's head)."""
        self.reference = reference
        for name in inspect.signature(reference).parameters:
            self._capture(name)
        self.plans.clear()
        return reference

    def plan(self, needs: tuple[bool, ...]) -> tuple:
        """For each capture, whether to keep it when the inputs that need a gradient are `needs`."""
        found = self.plans.get(needs)
        if found is None:
            used = {k for v in self.vjps if not v.inputs or any(needs[i] for i in v.inputs) for k in v.args}
            if self.reference is not None and True in needs:
                names = inspect.signature(self.reference).parameters
                used |= {self.captures.index(self._classify(n)) for n in names}
            found = self.plans[needs] = tuple(k in used for k in range(len(self.captures)))
        return found

    # -- calling -------------------------------------------------------------------------------------------------

    def run(self, inputs: tuple, settings: dict) -> Any:
        """Apply to tensors (or, inside a vjp, to plain arrays): the general way, which any op can take."""
        if not any(isinstance(t, TensorBase) for t in inputs):
            out = self.forward(*inputs, **settings)
            return out[: -len(self.aux)] if self.aux and self.n_outputs != 1 else out[0] if self.aux else out
        if self.promoted is not None:
            inputs = promote_inputs(self, inputs)
        arrays = [t._array if isinstance(t, TensorBase) else t for t in inputs]
        try:
            out = self.forward(*arrays, **settings)
        except (ValueError, TypeError, IndexError, OverflowError, NotImplementedError, np.linalg.LinAlgError) as error:
            out = explain_failure(self, inputs, settings, error)
        edges: tuple = ()
        if self.vjps and state.grad:
            edges = tuple(edge_of(t) if isinstance(t, TensorBase) else None for t in inputs)
        return self.finish(inputs, settings, edges, out, arrays)

    def finish(self, inputs: tuple, settings: dict, edges: tuple, out: Any, arrays: list) -> Any:
        """Wrap the forward's arrays as tensors, views where they are, and hang them on a node."""
        n = self.n_outputs
        aux: tuple = ()
        outs = (out,) if n == 1 and not self.aux else tuple(out)
        if self.aux:
            outs, aux = outs[: -len(self.aux)], outs[-len(self.aux) :]
        source = next(t for t in inputs if isinstance(t, TensorBase))
        kind = type(source._array)
        outs = tuple(o if type(o) is kind else _as_array(o, source._array) for o in outs)
        if self.view and (self.view is True or shares(outs[0], arrays[0])):
            tensors = tuple(wrap_view(o, inputs[0], 1 if self.multi_view else 0) for o in outs)
        else:
            tensors = tuple(wrap(o) for o in outs)
        for e in edges:
            if e is not None:
                hang(self.make_node(inputs, settings, edges, tensors, aux), tensors)
                break
        return tensors[0] if n == 1 else tensors

    def make_node(self, inputs: tuple, settings: dict, edges: tuple, tensors: tuple, aux: tuple) -> Node:
        node = object.__new__(self.node_class_for(settings))
        node.edges = edges
        node.seq = next_seq()
        node.hooks = None
        pack(node, self, inputs, settings, tensors, aux)
        return node

    def __repr__(self) -> str:
        return f"<op {self.name}>"


def hang(node: Node, tensors: tuple) -> None:
    """Make `tensors` the outputs of `node`; integer outputs take no gradient."""
    if len(tensors) == 1 and node.n_outputs == 1:
        t = tensors[0]
        node.shape, node.dtype = t._array.shape, t._array.dtype
        t._edge, t._requires_grad = node, True
        return
    node.shape = tuple(t._array.shape for t in tensors)
    node.dtype = tuple(t._array.dtype for t in tensors)
    for k, t in enumerate(tensors):
        if t._array.dtype.kind not in "biu":
            t._edge, t._requires_grad = Slot(node, k, t._array.shape, t._array.dtype), True


def shares(out: Any, source: Any) -> bool:
    """True if `out` is a NumPy or CuPy view of `source` (or of what `source` views)."""
    base = out.base
    return out is source or (base is not None and (base is source or base is source.base))


def _as_array(out: Any, like: Any) -> Any:
    """NumPy gives a scalar for 0-d ufunc results; make it an array again."""
    from_host = np.asarray if isinstance(like, np.ndarray) else type(like)
    return out if hasattr(out, "shape") and not isinstance(out, np.generic) else from_host(out)


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _cast(t: TensorBase, to: dtypes.dtype) -> Any:
    return registry["cast"].run((t,), {"dtype": to.numpy})


def promote_inputs(op: Op, inputs: tuple) -> tuple:
    """Bring the promoted inputs to their common dtype, by torch's rules; casts are recorded."""
    where = op.promoted
    operands = []
    for i in where:
        t = inputs[i] if i < len(inputs) else None
        if isinstance(t, TensorBase):
            operands.append((dtypes.from_numpy(t._array.dtype), 0 if t._array.ndim else 1))
        elif t is not None:
            operands.append((dtypes.scalar_dtype(_check_scalar(op, t)), 2))
    result = dtypes.result_dtype(operands)
    if op.promote == "float" and result.category < 2:
        result = dtypes.get_default_dtype()
    new = list(inputs)
    for i in where:
        t = new[i] if i < len(new) else None
        if isinstance(t, TensorBase):
            if t._array.dtype != result.numpy:
                new[i] = _cast(t, result)
        elif t is not None:
            new[i] = _scalar(t, result)
    return tuple(new)


def _check_scalar(op: Op, value: Any) -> Any:
    if isinstance(value, (bool, int, float, complex)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(
        f"{op.name}(): argument must be Tensor or a Python number, not {type(value).__name__}\n"
        "    hint  minitorch.as_tensor(...) makes a tensor of lists and NumPy arrays"
    )


def _scalar(value: Any, to: dtypes.dtype) -> Any:
    """A Python number as the promoted dtype will see it; integers out of range wrap around as in torch."""
    if isinstance(value, np.generic):
        value = value.item()
    if to.category == 1 and not isinstance(value, bool):
        bits = to.itemsize * 8
        value &= (1 << bits) - 1
        return value - (1 << bits) if to.is_signed and value >> (bits - 1) else value
    return value if to.category else bool(value)


def op(forward: Callable | None = None, **options: Any) -> Any:
    """Decorator: turn a forward on arrays into an op on tensors; see the head of this file."""

    def make(fn: Callable) -> Callable:
        made = Op(fn, **options)
        if made.name in registry:
            raise ValueError(f"op {made.name} is defined twice")
        registry[made.name] = made
        return dispatcher(made)

    return make(forward) if forward is not None else make


def dispatcher(made: Op) -> Callable:
    """The function that users of an op call: a short way for one or two tensors, the general way for the rest."""
    if made.n_outputs == 1 and not made.aux and not made.view and made.variadic is None and not made.settings:
        call = {1: _unary, 2: _binary}.get(len(made.inputs), _general)(made)
    else:
        call = _general(made)
    call.__name__ = call.__qualname__ = made.name
    call.__doc__ = made.forward.__doc__
    call.__module__ = made.forward.__module__
    call.__signature__ = inspect.signature(made.forward)  # type: ignore[attr-defined]
    call.op, call.vjp, call.composed_as = made, made.vjp, made.composed_as  # type: ignore[attr-defined]
    return call


def _general(made: Op) -> Callable:
    run = made.run

    def call(*inputs: Any, **settings: Any) -> Any:
        return run(inputs, settings)

    return call


FLOATS = "fdeFDE"  # dtype chars that need no promotion to float: float32, 64, 16, complex64, 128, bfloat16


def _unary(made: Op) -> Callable:
    """The short way for one tensor: everything flat, nothing looked up twice."""
    forward, run, new = made.forward, made.run, object.__new__
    accepted = FLOATS if made.promote == "float" else "?bhilqBefdFDE"
    differentiable = False

    def call(x: Any) -> Any:
        try:
            a = x._array
        except AttributeError:
            return run((x,), {})
        if modes.special_threads or a.dtype.char not in accepted:
            return run((x,), {})
        try:
            out = forward(a)
        except (ValueError, TypeError) as error:
            out = explain_failure(made, (x,), {}, error)
        if out.__class__ is not a.__class__:
            out = _as_array(out, a)
        t = new(tensor_class())
        t._array = out
        t._counter = [0]
        t._requires_grad = False
        t._edge = t._grad = t._base = t._hooks = None
        if (x._requires_grad or x._base is not None) and state.grad and made.vjps:
            edge = edge_of(x)
            if edge is not None:
                node = made.make_node((x,), {}, (edge,), (t,), ())
                node.shape, node.dtype = out.shape, out.dtype
                t._edge, t._requires_grad = node, True
        return t

    return call


def _binary(made: Op) -> Callable:
    """The short way for two tensors of one dtype, or a floating tensor and a Python number."""
    forward, run, new = made.forward, made.run, object.__new__
    accepted = FLOATS if made.promote == "float" else "?bhilqBefdFDE"
    numbers = frozenset((float, int)) if made.promote else frozenset()

    def call(x: Any, y: Any) -> Any:
        try:
            a = x._array
            if y.__class__ in numbers:
                b, number = y, True
                if a.dtype.char not in FLOATS:
                    return run((x, y), {})
            else:
                b, number = y._array, False
                if a.dtype is not b.dtype or a.dtype.char not in accepted:
                    return run((x, y), {})
        except AttributeError:
            return run((x, y), {})
        if modes.special_threads:
            return run((x, y), {})
        try:
            out = forward(a, b)
        except (ValueError, TypeError) as error:
            out = explain_failure(made, (x, y), {}, error)
        if out.__class__ is not a.__class__:
            out = _as_array(out, a)
        t = new(tensor_class())
        t._array = out
        t._counter = [0]
        t._requires_grad = False
        t._edge = t._grad = t._base = t._hooks = None
        if x._requires_grad or x._base is not None or not (number or (y._base is None and not y._requires_grad)):
            if state.grad and made.vjps:
                edges = (edge_of(x), None if number else edge_of(y))
                if edges[0] is not None or edges[1] is not None:
                    node = made.make_node((x, y), {}, edges, (t,), ())
                    node.shape, node.dtype = out.shape, out.dtype
                    t._edge, t._requires_grad = node, True
        return t

    return call
