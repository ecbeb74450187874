"""Writes the source text of an op's short way: the function that its calls run, flat, for its very signature.

Everything that depends on the op alone (how many tensors, which may be None or a number, what is promoted, what the
derivatives save) is decided here, once, instead of in every call. `print(short_way(mul))` shows the result. Locals
begin with an underscore: `_x` is the array of the tensor `x`, `_e0` the edge of the first input.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minitorch.autograd.op import Op


# edge_of, written out but for views, whose history may have changed
EDGE = (
    "edge_of({n}) if {n}._base is not None else None if not {n}._requires_grad else "
    "{n} if {n}._edge is None else {n}._edge"
)


def short_way(made: Op) -> str:
    """`outer(forward, made, run)`, which gives the function, as text."""
    return Writer(getattr(made, "op", made)).text()


def indent(lines: list[str]) -> list[str]:
    return ["    " + line for line in lines]


def listed(items: list[str]) -> str:
    """Source of a tuple."""
    return "(" + ", ".join(items) + ",)" if items else "()"


class Writer:
    """The parts of the text; each method gives lines."""

    def __init__(self, made: Op) -> None:
        self.made = made
        self.names = made.inputs
        self.handed_on = "".join(f", {s}={s}" for s in made.settings)
        self.settings = "{" + ", ".join(f"{s!r}: {s}" for s in made.settings) + "}"
        self.inputs = made.variadic or listed(list(made.inputs))
        self.general = f"run({self.inputs}, {self.settings})"
        self.first = "_arrays[0]" if made.variadic else "_" + made.inputs[0]
        defaults = made.forward.__defaults__ or ()  # type: ignore[attr-defined]
        self.optional = set(made.inputs[len(made.inputs) - len(defaults) :])
        # what is promoted to the dtype of a tensor may be a Python number instead
        self.numbers = {made.inputs[i] for i in made.weak}

    def text(self) -> str:
        made = self.made
        given = f"*{made.variadic}" if made.variadic else ", ".join(self.names) + (", *" if made.settings else "")
        arrays = "*_arrays" if made.variadic else ", ".join("_" + n for n in self.names)
        lines = [
            *self.arrays_first(),
            "try:", *indent(self.read()),
            "except AttributeError:", f"    return {self.among_arrays()}{self.general}",
            f"if {' or '.join(['modes.special_threads', *self.unusual()])}:", f"    return {self.general}",
            "try:", f"    _out = {self.plain()}forward({arrays}{self.handed_on})",
            "except FAILURES:", f"    return {self.general}  # which tries again and explains",
            *(["_out, *_aux = _out"] if made.aux else []),
            f"if _out.__class__ is not {self.first}.__class__:",
            f"    _out = _out.__array__() if isinstance(_out, generic) else as_array(_out, {self.first})",
            *self.wrap(),
            *self.record(),
            "return _t",
        ]  # fmt: skip
        head = f"def call({given}{''.join(', ' + s for s in made.settings)}):"
        return "\n".join(["def outer(forward, made, run):", *indent([head, *indent(lines), "return call"])]) + "\n"

    # -- inputs ------------------------------------------------------------------------------------------------------

    def arrays_first(self) -> list[str]:
        """What vjps call with arrays more often than with tensors looks for arrays before all else."""
        if not self.made.inner:
            return []
        call = general = f"forward({', '.join(self.names)}{self.handed_on})"
        if self.made.plain and not self.numbers:
            expression, *condition = self.made.plain.split(" if ", 1)
            call = f"{expression} if {condition[0]} else {call}" if condition else expression
        lines = [f"if {self.names[0]}.__class__ is ndarray:", f"    return {call}"]
        if len(self.names) > 1:  # the gradient of a 0-d tensor, and what was saved of one
            scalars = " and ".join(f"{n}.__class__ in SCALARS" for n in self.names)
            lines += [f"if {scalars}:", f"    return {general}"]
        return lines

    def among_arrays(self) -> str:
        """Where an input is no tensor: if all are arrays, a vjp is at work."""
        if self.made.variadic or self.made.aux:
            return ""
        arrays = " and ".join(f"{n}.__class__ is ndarray" for n in self.names)
        return f"forward({', '.join(self.names)}{self.handed_on}) if {arrays} else "

    def read(self) -> list[str]:
        """Take the arrays of the tensors."""
        if self.made.variadic:
            return [
                "_arrays, _tracked = [], False",
                f"for _x in {self.made.variadic}:",
                "    _arrays.append(_x._array)",
                "    if _x._requires_grad or _x._base is not None:",
                "        _tracked = True",
            ]
        lines = []
        for n in self.names:
            if n in self.numbers:
                given = f"{n} is None or " if n in self.optional else ""
                lines.append(f"_{n} = {n} if {given}{n}.__class__ in NUMBERS else {n}._array")
            else:
                lines.append(
                    f"_{n} = None if {n} is None else {n}._array" if n in self.optional else f"_{n} = {n}._array"
                )
        return lines

    def unusual(self) -> list[str]:
        """Conditions on which the inputs have to be promoted first."""
        if not self.made.promoted:
            return []
        first, *rest = [self.names[i] for i in sorted(self.made.promoted)]
        checks = []
        for n in rest:
            weak = f"_{first}.dtype.char not in NUMPY_FLOATS"
            checks.append(f"({weak} if _{n} is {n} else _{first}.dtype is not _{n}.dtype)")
        return checks + ([f"_{first}.dtype.char not in FLOATS"] if self.made.promote == "float" else [])

    def plain(self) -> str:
        """What takes the place of the forward for NumPy arrays: see the option `plain` of an op."""
        if not self.made.plain:
            return ""
        names = (self.made.variadic,) if self.made.variadic else self.names
        expression, *conditions = [self.local(part, names) for part in self.made.plain.split(" if ", 1)]
        return f"{expression} if {' and '.join([f'{self.first}.__class__ is ndarray', *conditions])} else "

    def local(self, text: str, names: tuple[str, ...]) -> str:
        """An expression of the inputs as one of their arrays."""
        for n in names:
            array = "_arrays" if self.made.variadic else f"_{n}"
            if n in self.numbers:
                array = f"(CONSTANTS[{n}, _{names[0]}.dtype.char] if _{n} is {n} else _{n})"
            text = re.sub(rf"\b{n}\b", array, text)
        return text

    # -- the result --------------------------------------------------------------------------------------------------

    def wrap(self) -> list[str]:
        """Make the tensor; `wrap` written out, for a call costs as much as what it does."""
        if self.made.view:
            view = f"_t = wrap_view(_out, {self.names[0]})"
            if self.made.view is True:
                return [view]
            viewed = f"_out.base is {self.first} or _out.base is not None and _out.base is {self.first}.base"
            return [f"{view} if {viewed} or _out is {self.first} else wrap(_out)"]
        return [
            "_t = new(base.result_class)",
            "_t._array = _out",
            "_t._counter = [0]",
            "_t._requires_grad = False",
            "_t._edge = _t._grad = _t._base = _t._hooks = None",
        ]

    def record(self) -> list[str]:
        """Hang the tensor on a node, if one of the inputs is on the tape."""
        if not self.made.vjps:
            return ["made  # a free variable of every short way"]
        if self.made.variadic:
            tracked, edges = "_tracked", [f"_edges = tuple([edge_of(_x) for _x in {self.made.variadic}])"]
            edges.append("_needs = tuple([_e is not None for _e in _edges])")
            some, all_edges = "True in _needs", "_edges"
        else:
            tracked = " or ".join(
                self.if_given(n, f"({n}._requires_grad or {n}._base is not None)", "and") for n in self.names
            )
            edges = [f"_e{i} = {self.if_given(n, EDGE.format(n=n), 'else')}" for i, n in enumerate(self.names)]
            numbered = [f"_e{i}" for i in range(len(self.names))]
            some, all_edges = " or ".join(f"{e} is not None" for e in numbered), listed(numbered)
        return [f"if ({tracked}) and state.grad:", *indent([*edges, f"if {some}:", *indent(self.node(all_edges))])]

    def if_given(self, name: str, then: str, word: str) -> str:
        """`then`, guarded where the input may be a number or None."""
        missing = f"_{name} is {name}" if name in self.numbers else f"{name} is None" if name in self.optional else ""
        if not missing:
            return then
        negated = missing.replace(" is ", " is not ")
        return f"None if {missing} else {then}" if word == "else" else f"({negated} and {then})"

    def node(self, edges: str) -> list[str]:
        made = self.made
        plain = "made.node_class" if made.node_name is None else f"made.node_class_for({self.settings}, {self.inputs})"
        return [
            f"_t._edge = _node = new({plain})",
            "_t._requires_grad = True",
            f"_node.edges = {edges}",
            "_node.seq = next_seq()",
            "_node.hooks = None",
            "_node.shape, _node.dtype = _out.shape, _out.dtype",
            f"_node.saved = {listed(self.saved())}",
        ]

    def saved(self) -> list[str]:
        """What `pack` (saved.py) would store: the captures that a needed vjp names, and the versions of tensors."""
        values, versions = [], []
        for k, (kind, key) in enumerate(self.made.captures):
            value, version = self.capture(kind, key)
            wanted = self.wanted(k)
            values.append(f"{value} if {wanted} else None" if wanted else value)
            if k in self.made.versioned:
                versions.append(f"{version} if {wanted} else None" if wanted else version)
        return values + versions

    def wanted(self, k: int) -> str:
        """On which edges capture number k is needed; empty: always."""
        made = self.made
        reference = made.reference is not None and k in {
            made.captures.index(made._classify(n)) for n in made.reference_names
        }
        users = {i for v in made.vjps if k in v.args for i in (v.inputs or range(len(self.names)))}
        if reference or made.variadic or users >= set(range(len(self.names))):
            return ""
        return "(" + " or ".join(f"_e{i} is not None" for i in sorted(users)) + ")"

    def capture(self, kind: str, key: object) -> tuple[str, str]:
        """Source of a captured value and of its version."""
        if kind == "input":
            name = self.names[key]  # type: ignore[call-overload]
            return name, self.if_given(name, f"({name}._counter or version_of({name}))[0]", "else")
        if kind == "shape":
            name = self.names[key]  # type: ignore[call-overload]
            return self.if_given(name, f"_{name}.shape", "else").replace("None if", "() if"), "None"
        if kind == "output":
            return "_out", "(_t._counter, _t._counter[0])"
        if kind == "aux":
            return f"_aux[{key}]", "None"
        if kind == "inputs":
            return self.inputs, f"tuple([(_x._counter or version_of(_x))[0] for _x in {self.inputs}])"
        if kind == "shapes":
            return "tuple([_a.shape for _a in _arrays])", "None"
        if kind == "needs":
            each = listed([f"_e{i} is not None" for i in range(len(self.names))])
            return "_needs" if self.made.variadic else each, "None"
        return str(key), "None"  # a setting
