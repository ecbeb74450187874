"""`minitorch.summary`: the layers of a model with their outputs' shapes, parameters, work and memory, as a table.

torch has no such function; the packages torchsummary and torchinfo do the same for it. A forward pass on zeros, with
hooks on every module, tells the shapes. What is counted as a multiply-add is said in summaries/costs.py.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

from minitorch.autograd.modes import no_grad
from minitorch.nn import modules as nn
from minitorch.nn.packing import PackedSequence
from minitorch.nn.parameter import is_lazy
from minitorch.summaries.costs import multiply_adds
from minitorch.summaries.table import ModelSummary, Row
from minitorch.tensor import Tensor
from minitorch.tensor.creation import zeros
from minitorch.tensor.random import default_generator

__all__ = ["ModelSummary", "Row", "summary"]

# computed as a whole: the modules inside of them are not called, their weights are used
WHOLE = (nn.MultiheadAttention,)


class Record:
    """What the hooks saw of one module."""

    def __init__(self) -> None:
        self.calls = self.multiply_adds = self.activation_bytes = 0
        self.output: Any = None


def summary(
    model: nn.Module, input_size: Any = None, input_data: Any = None, *, dtypes: Any = None, device: Any = None,
    depth: int | None = None, **kwargs: Any,
) -> ModelSummary:  # fmt: skip
    """A table of the model's layers: output shapes, parameters, multiply-adds, memory.

    Arguments:
        input_size: shape of the input with its batch dimension, `(1, 3, 32, 32)`, or a list of shapes for several
            inputs; they are filled with zeros (a valid index for an embedding: give `dtypes=mt.int64`)
        input_data: the input itself instead: a tensor, a tuple or list of arguments, or a dict of keyword arguments
        dtypes: one dtype for all inputs of `input_size`, or a list of one each; the default dtype if not given
        device: where these inputs are; that of the first parameter if not given
        depth: how many levels below the model are shown; all if not given. The sums are of the whole model.
        kwargs: further keyword arguments of the model's forward

    Without an input there is no forward pass: parameters only. The pass runs in eval mode without a tape, and puts
    back the training flags and the state of the random numbers. A module used in two places has its parameters
    counted once. Lazy modules without an input have unknown parameters; with one, a copy of the model is run, so
    that the model itself stays as it was.

    >>> import minitorch as mt
    >>> found = summary(mt.nn.Sequential(mt.nn.Linear(4, 3), mt.nn.ReLU()), (2, 4))
    >>> found.total_parameters, found.multiply_adds, found.rows[1].output
    (15, 24, '[2, 3]')
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"summary: expected a Module, got {type(model).__name__}")
    if input_size is not None and input_data is not None:
        raise ValueError("summary: input_size and input_data are both given; one of them says what the input is")
    if depth is not None and depth < 0:
        raise ValueError(f"summary: depth must be at least 0, got {depth}")
    args, named = _inputs(model, input_size, input_data, dtypes, device)
    ran = input_size is not None or input_data is not None or bool(kwargs)
    records: dict[nn.Module, Record] = {}
    if ran:
        if any(is_lazy(p) for p in _tensors_of(model)):
            model = copy.deepcopy(model)
        records = _run(model, args, {**named, **kwargs})
    return _collect(model, records, depth, sum(_bytes(t) for t in _tensors([args, named, kwargs])), ran)


# -- inputs ------------------------------------------------------------------------------------------------------------


def _inputs(model: nn.Module, sizes: Any, data: Any, dtypes: Any, device: Any) -> tuple[tuple, dict]:
    """Arguments and keyword arguments for the forward pass."""
    if data is not None:
        if isinstance(data, dict):
            return (), data
        return (tuple(data) if type(data) in (tuple, list) else (data,)), {}
    if sizes is None:
        return (), {}
    sizes = tuple(sizes)
    if all(isinstance(n, int) for n in sizes):
        sizes = (sizes,)
    for shape in sizes:
        if not isinstance(shape, (tuple, list)) or not all(isinstance(n, int) for n in shape):
            raise TypeError(f"summary: input_size must be a shape or a list of shapes, got {shape!r} as a shape")
    kinds = list(dtypes) if isinstance(dtypes, (tuple, list)) else [dtypes] * len(sizes)
    if len(kinds) != len(sizes):
        raise ValueError(f"summary: {len(kinds)} dtypes for {len(sizes)} inputs")
    if device is None:
        device = next((p.device for p in model.parameters()), None)
    return tuple(zeros(*shape, dtype=kind, device=device) for shape, kind in zip(sizes, kinds, strict=True)), {}


def _tensors(value: Any) -> Iterator[Tensor]:
    """The tensors in a value: itself, or in tuples, lists, dicts and packed sequences."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, PackedSequence):
        yield value.data
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _tensors(part)
    elif isinstance(value, dict):
        yield from _tensors(list(value.values()))


def _shapes(value: Any) -> str:
    """'[2, 3]' for a tensor, '([2, 3], [1, 3])' for several."""
    if isinstance(value, Tensor):
        return str(list(value.shape))
    if isinstance(value, PackedSequence):
        return f"packed {list(value.data.shape)}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_shapes(part)}" for name, part in value.items()) + "}"
    if isinstance(value, (tuple, list)):
        return "(" + ", ".join(_shapes(part) for part in value) + ")"
    return "-" if value is None else type(value).__name__


def _bytes(t: Any) -> int:
    return t.numel() * t.element_size()


def _tensors_of(model: nn.Module) -> Iterable[Any]:
    yield from model.parameters()
    yield from model.buffers()


# -- the forward pass --------------------------------------------------------------------------------------------------


def _run(model: nn.Module, args: tuple, kwargs: dict) -> dict[nn.Module, Record]:
    """Call the model once in eval mode, with a hook on each module, and leave it as it was."""
    records: dict[nn.Module, Record] = {}

    def note(module: nn.Module, inputs: tuple, named: dict, out: Any) -> None:
        record = records.setdefault(module, Record())
        record.calls += 1
        record.output = out
        arguments = (*inputs, *named.values())
        record.multiply_adds += multiply_adds(module, arguments, out)
        if isinstance(module, WHOLE) or next(module.children(), None) is None:
            given = {id(t._array) for t in _tensors(list(arguments))}  # an in-place layer needs no memory of its own
            record.activation_bytes += sum(_bytes(t) for t in _tensors(out) if id(t._array) not in given)

    training = [(module, module.training) for module in model.modules()]
    hooks = [module.register_forward_hook(note, with_kwargs=True) for module, _ in training]
    state = default_generator.get_state()
    try:
        model.eval()
        with no_grad():
            model(*args, **kwargs)
    finally:
        for hook in hooks:
            hook.remove()
        for module, flag in training:
            module.training = flag
        default_generator.set_state(state)
    return records


# -- the table ---------------------------------------------------------------------------------------------------------


def _count(parameters: Iterable[Any]) -> int | None:
    """Elements; None if one of them has no shape yet."""
    parameters = list(parameters)
    return None if any(is_lazy(p) for p in parameters) else sum(p.numel() for p in parameters)


def _rows(
    module: nn.Module, path: str, level: int, depth: int | None, records: dict, seen: set[nn.Module]
) -> Iterator[Row]:
    """The module's row and those of the modules in it."""
    record = records.get(module, Record())
    again = module in seen
    seen.add(module)
    hidden = isinstance(module, WHOLE) or again or (depth is not None and level >= depth)
    children = [] if hidden else [(n, m) for n, m in module._modules.items() if m is not None]
    yield Row(
        path, type(module).__name__, level, _count(module.parameters(recurse=hidden)),
        _shapes(record.output) if record.calls else "", record.calls,
        0 if again else _work(module, records) if hidden else record.multiply_adds, again, bool(children),
    )  # fmt: skip
    for name, child in children:
        yield from _rows(child, f"{path}.{name}" if path else name, level + 1, depth, records, seen)


def _work(module: nn.Module, records: dict) -> int:
    return sum(records[m].multiply_adds for m in module.modules() if m in records)


def _collect(model: nn.Module, records: dict, depth: int | None, input_bytes: int, ran: bool) -> ModelSummary:
    known = [p for p in model.parameters() if not is_lazy(p)]
    lazy = sum(is_lazy(p) for p in model.parameters())
    return ModelSummary(
        rows=list(_rows(model, "", 0, depth, records, set())),
        total_parameters=sum(p.numel() for p in known),
        trainable_parameters=sum(p.numel() for p in known if p.requires_grad),
        uninitialized=lazy,
        ran=ran,
        multiply_adds=_work(model, records),
        input_bytes=input_bytes,
        activation_bytes=sum(record.activation_bytes for record in records.values()),
        parameter_bytes=sum(_bytes(p) for p in known),
        buffer_bytes=sum(_bytes(b) for b in model.buffers() if not is_lazy(b)),
        notes=["Lazy parameters get their shapes from a first input: give input_size."] if lazy and not ran else [],
    )
