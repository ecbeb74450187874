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
it needs: an input, `out` (or `out0`, `out1`, ...), an aux result, a setting, `x_shape`, `needs`. What a vjp names is
what the node saves, and only if that vjp will run. A vjp is written with operators and other ops only, so it serves
twice: on arrays in an ordinary backward pass, and on tensors under `create_graph=True`, which gives every higher
derivative.

What happens in `z = x * y; z.backward()`, in order:

    mul(x, y)           dispatch.py: at the first call, the source of mul's short way is written and compiled
    z._array = x * y    the forward, on arrays
    z._edge = node      a MulBackward0 with edges (x, y) and saved (y, x, their versions): see make_node and pack
    run_backward        engine.py: the gradient 1 is pending at the node
    node.apply(1)       backway.py (or general_apply, which is plainer): y and x are unpacked, their versions checked
    1 * y, 1 * x        the two vjps, on arrays
    accumulate          engine.py: x.grad and y.grad, once all gradients for a leaf have been added up

An aux result is an extra array (a mask, winning indices, a running statistic) returned by the forward after its
outputs. A vjp that uses a floating-point aux can't be differentiated again, so such an op names a `reference`, the same
formula composed of ops, which is differentiated instead under `create_graph`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from minitorch.autograd import modes
from minitorch.autograd.base import TensorBase, wrap, wrap_view
from minitorch.autograd.dispatch import dispatcher
from minitorch.autograd.failures import FAILURES, explain_failure, numbers_moved
from minitorch.autograd.modes import state
from minitorch.autograd.node import Node, edge_of, next_seq
from minitorch.autograd.promotion import agree, promote_inputs
from minitorch.autograd.saved import OpNode, make_apply, note_special, pack, saved_members
from minitorch.autograd.wiring import as_array, hang, shares
from minitorch.signatures import EMPTY, keyword_names, positional_names, varargs_name

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
    constant    writes one value everywhere, so that overlapping elements do no harm (fill_, zero_)
    node        name of the node class, or a function of the settings (and inputs) that gives it
    inner       vjps call it, with arrays more often than with tensors: those are looked for first
    plain       what the forward comes to for NumPy arrays, as an expression, or "expression if condition": the short
                way has it in place of a call
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
        self.constant: bool = options.pop("constant", False)
        self.inner: bool = options.pop("inner", False)
        self.plain: str = options.pop("plain", "")
        node = options.pop("node", None)
        self.diagnose: Callable | None = options.pop("diagnose", None)
        if options:
            raise TypeError(f"op {self.name}: unknown options {sorted(options)}")
        self._read_signature()
        self.vjps: list[Vjp] = []
        self.captures: list[tuple[str, Any]] = []
        self.versioned: list[int] = []  # which captures are tensors, saved with the version they have
        self.saves_tensors = False
        self.reference: Callable | None = None
        self.reference_names: tuple[str, ...] = ()
        self.write: Callable | None = None  # see views.writes
        self.call: Any = None  # the function that users call, see dispatch.py
        self.shortened = False
        self.cast: Callable[..., Any] = _cast
        self.plans: dict[tuple, tuple] = {}
        self.node_name: Callable[..., str] | None = node if callable(node) else None
        self.named_by_inputs = callable(node) and node.__code__.co_argcount == 2
        self.node_classes: dict[str, type] = {}
        self.node_word = node if isinstance(node, str) else _camel(self.name) + "Backward0"

    def _read_signature(self) -> None:
        self.inputs = positional_names(self.forward)
        self.variadic = varargs_name(self.forward)
        defaults = self.forward.__kwdefaults__ or {}  # type: ignore[attr-defined]
        self.settings = {n: defaults.get(n, EMPTY) for n in keyword_names(self.forward)}
        if self.promote is None or self.variadic:
            self.promoted: Any = None
        elif isinstance(self.promote, tuple):
            self.promoted = frozenset(self.inputs.index(n) for n in self.promote)
        else:
            self.promoted = frozenset(range(len(self.inputs)))
        # the inputs that may be Python numbers
        self.weak = sorted(self.promoted or ())[1:]

    @functools.cached_property
    def node_class(self) -> type:
        """The class of the op's nodes, made when the first one is: few programs use a tenth of the ops."""
        return self._make_node_class(self.node_word)

    def _make_node_class(self, name: str) -> type:
        what: dict[str, Any] = {"__slots__": (), "op": self, "__module__": "minitorch.autograd"}
        what |= {"n_outputs": self.n_outputs or 0, "keeps": self.saves_tensors, **saved_members(self)}
        cls = type(name, (OpNode,), what)
        if self.vjps:
            cls.apply = make_apply(self)  # type: ignore[attr-defined]
        self.node_classes[name] = cls
        return cls

    def node_class_for(self, settings: dict, inputs: tuple) -> type:
        if len(settings) != len(self.settings):
            settings = {**self.settings, **settings}
        named: Any = self.node_name
        name = named(settings, inputs) if self.named_by_inputs else named(settings)
        return self.node_classes.get(name) or self._make_node_class(name)

    def vjp(self, *inputs: str) -> Callable[[Callable], Callable]:
        """Register the derivative with respect to the named input(s); several names: it returns a tuple."""

        def register(fn: Callable) -> Callable:
            names = positional_names(fn)[1:]
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
            if self.shortened:
                raise RuntimeError(f"op {self.name}: its derivatives must be registered before it is first called")
            return fn

        return register

    def _capture(self, name: str) -> int:
        """The place in OpNode.saved of what a vjp calls `name`."""
        found = self._classify(name)
        if found not in self.captures:
            if found[0] in ("input", "output", "inputs"):
                self.versioned.append(len(self.captures))
            self.captures.append(found)
        if found[0] in ("input", "output", "inputs", "aux"):
            self.saves_tensors = True
            for cls in self.node_classes.values():
                cls.keeps = True  # type: ignore[attr-defined]
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
        self.reference_names = positional_names(reference) + keyword_names(reference)
        for name in self.reference_names:
            self._capture(name)
        self.plans.clear()
        return reference

    def capture_name(self, kind: str, key: Any) -> str:
        """What a vjp calls a capture."""
        if kind in ("input", "shape"):
            return self.inputs[key] + ("_shape" if kind == "shape" else "")
        if kind in ("output", "aux"):
            return f"out{key}" if kind == "output" else self.aux[key]
        return {"needs": "needs", "inputs": f"{self.variadic}", "shapes": f"{self.variadic}_shapes"}.get(kind, key)

    def plan(self, needs: tuple[bool, ...]) -> tuple:
        """The captures, None in place of those not needed, when the inputs that need a gradient are `needs`."""
        found = self.plans.get(needs)
        if found is None:
            used = {
                k
                for v in self.vjps
                if not v.inputs or any(needs[i] for i in v.inputs if i < len(needs))
                for k in v.args
            }
            if self.reference is not None and True in needs:
                used |= {self.captures.index(self._classify(n)) for n in self.reference_names}
            found = self.plans[needs] = tuple(c if k in used else None for k, c in enumerate(self.captures))
        return found

    # -- calling -------------------------------------------------------------------------------------------------

    def run(self, inputs: tuple, settings: dict) -> Any:
        """Apply to tensors (or, inside a vjp, to plain arrays): the general way, which any op can take."""
        for t in inputs:
            if isinstance(t, TensorBase):
                break
        else:
            out = self.forward(*inputs, **settings)
            return out[: -len(self.aux)] if self.aux and self.n_outputs != 1 else out[0] if self.aux else out
        if self.promoted is not None and not agree(self, inputs):
            inputs = promote_inputs(self, inputs)
        arrays = [t._array if isinstance(t, TensorBase) else t for t in inputs]
        try:
            out = self.forward(*arrays, **settings)
        except FAILURES as error:
            moved = numbers_moved(inputs)
            if moved is not None:
                return self.run(moved, settings)
            out = explain_failure(self, inputs, settings, error)
        edges: Any = ()
        if self.vjps and state.grad:
            for t in inputs:
                if isinstance(t, TensorBase) and (t._requires_grad or t._base is not None):
                    edges = tuple([edge_of(t) if isinstance(t, TensorBase) else None for t in inputs])
                    break
        return self.finish(inputs, settings, edges, out, arrays)

    def finish(self, inputs: tuple, settings: dict, edges: tuple, out: Any, arrays: list) -> Any:
        """Wrap the forward's arrays as tensors, views where they are, and hang them on a node."""
        source = arrays[0]
        if not isinstance(inputs[0], TensorBase):
            source = next(a for a, t in zip(arrays, inputs, strict=True) if isinstance(t, TensorBase))
        n = self.n_outputs
        if n == 1 and not self.aux and not self.view:
            t = wrap(out if out.__class__ is source.__class__ else as_array(out, source))
            for e in edges:
                if e is not None:
                    hang(self.make_node(inputs, settings, edges, (t,)), (t,))
                    break
            return t
        aux: tuple = ()
        outs = (out,) if n == 1 and not self.aux else tuple(out)
        if self.aux:
            outs, aux = outs[: -len(self.aux)], outs[-len(self.aux) :]
        kind = type(source)
        outs = tuple([o if type(o) is kind else as_array(o, source) for o in outs])
        if self.view and (self.view is True or shares(outs[0], source)):
            tensors = tuple([wrap_view(o, inputs[0], 1 if self.multi_view else 0) for o in outs])
        else:
            tensors = tuple([wrap(o) for o in outs])
        for e in edges:
            if e is not None:
                hang(self.make_node(inputs, settings, edges, tensors, aux), tensors)
                break
        return tensors[0] if n == 1 else tensors

    def make_node(
        self, inputs: tuple, settings: dict, edges: tuple, tensors: tuple, aux: tuple = (), needs: Any = None
    ) -> Node:
        node: Any = object.__new__(self.node_class if self.node_name is None else self.node_class_for(settings, inputs))
        missing = len(self.inputs) - len(edges)  # trailing inputs left out by the caller
        node.edges = edges + (None,) * missing if missing > 0 and self.variadic is None else edges
        node.seq = next_seq()
        node.hooks = None
        if self.captures:
            if needs is None:
                needs = tuple([e is not None for e in edges])
            pack(node, self, inputs, settings, tensors, aux, self.plans.get(needs) or self.plan(needs))
        else:
            node.saved = ()
        if modes.special_threads:
            note_special(node, self)
        return node

    def __repr__(self) -> str:
        return f"<op {self.name}>"


def _cast(t: Any, dtype: Any) -> Any:
    return registry["cast"].run((t,), {"dtype": dtype})


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def op(forward: Callable | None = None, **options: Any) -> Any:
    """Decorator: turn a forward on arrays into an op on tensors; see the head of this file."""

    def make(fn: Callable) -> Callable:
        made = Op(fn, **options)
        if made.name in registry:
            raise ValueError(f"op {made.name} is defined twice")
        registry[made.name] = made
        return dispatcher(made)

    return make(forward) if forward is not None else make
