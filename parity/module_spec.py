"""What a parity spec of a layer says: one `ModuleSpec` per class of nn, in a file of parity/modules.

    module("nn.Linear", st.booleans().map(lambda bias: layer(4, 3, bias=bias).on(In((2, 4)))))
    module("nn.Dropout", st.just(layer(0.3).on(In((5, 4)))), random=True, errors=(bad_layer("0 and 1", layer(2.0)),))

`layer(...)` holds the constructor's arguments, `.on(...)` those of forward, with `In` wherever a tensor goes, `DType`
for a dtype, `Of(lambda lib: lib.nn.ReLU())` for all else that each library makes for itself (parity/case.py).
What is checked: parity/module_checks.py. Try one: `python -m parity --op nn.Linear`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from parity.spec import FLOATS, Bad, Call, call


@dataclass(frozen=True)
class Layer:
    """A layer and a call of it: the constructor's arguments, and forward's (None: it is only constructed)."""

    init: Call
    inputs: Call | None = None

    def on(self, *args: Any, **kwargs: Any) -> Layer:
        """The same layer called with these arguments."""
        return replace(self, inputs=call(*args, **kwargs))

    def joined(self) -> Call:
        """All arguments as one call of four tuples, so that a Case can draw and place the tensors among them."""
        inputs = self.inputs or call()
        return call(self.init.args, tuple(self.init.kwargs.values()), inputs.args, tuple(inputs.kwargs.values()))


def layer(*args: Any, **kwargs: Any) -> Layer:
    """The layer constructed with these arguments."""
    return Layer(call(*args, **kwargs))


def layered(found: Call) -> Layer:
    """The layer whose constructor takes what this call of the function takes after its input."""
    return layer(*found.args[1:], **found.kwargs).on(found.args[0])


def bad_layer(words: str, bad: Layer, **fields: Any) -> Bad:
    """A layer that both libraries must refuse to construct or to call; our message must contain `words`."""
    return Bad(bad, words, **fields)


@dataclass(frozen=True)
class ModuleSpec:
    """How a class of layers is checked against torch's.

    name      public path below the package: "nn.Conv2d"
    calls     strategy of Layers
    dtypes    what the layer and its inputs are converted to; derivatives are checked for the floating ones
    order     how often the output can be differentiated: 0, 1, 2
    errors    layers that must be refused, made by `bad_layer`
    random    forward draws random numbers: no float64 run can judge a narrower one
    tolerance (rtol, atol) for the given dtype, only with a reason in `why`
    compare   what of the result is compared where the result itself has parts of its library (it gets the result)
    """

    name: str
    calls: st.SearchStrategy[Layer]
    dtypes: tuple[str, ...] = FLOATS
    order: int = 2
    errors: tuple[Bad, ...] = ()
    random: bool = False
    tolerance: dict[str, tuple[float, float]] = field(default_factory=dict)
    why: str = ""
    compare: Callable[[Any], Any] | None = None


modules: dict[str, ModuleSpec] = {}


def module(name: str, calls: st.SearchStrategy[Layer], **fields: Any) -> ModuleSpec:
    """Register the spec of a class of layers."""
    if name in modules:
        raise ValueError(f"two specs for {name}")
    if fields.get("tolerance") and not fields.get("why"):
        raise ValueError(f"spec {name}: a tolerance needs a reason")
    modules[name] = made = ModuleSpec(name, calls, **fields)
    return made
