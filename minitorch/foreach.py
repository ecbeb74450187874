"""`torch._foreach_*`: one operation on every tensor of a list, as optimizers outside of PyTorch are written.

`_foreach_add(tensors, 2)`, `(tensors, others, alpha=3)`, `(tensors, [1.0, 2.0])`: an operand is one number or 0-d
tensor for all, or a list with one for each. The result is a tuple; with `_` at the end the list that was changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from minitorch import linalg
from minitorch.tensor import Tensor

_UNARY = (
    "abs acos asin atan ceil cos cosh erf erfc exp expm1 floor frac lgamma log log10 log1p log2 neg reciprocal round "
    "rsqrt sigmoid sign sin sinh sqrt tan tanh trunc"
)
_OTHER = ("other", "scalar", "scalars")  # what torch calls the operand depends on its kind
_ADDED = (("tensor1",), ("tensor2",), ("value", "scalars"))
_OPERANDS: dict[str, tuple[tuple[str, ...], ...]] = {  # name -> the names that each operand may be given by
    **{name: () for name in (*_UNARY.split(), "clone", "max", "zero")},
    **{name: (_OTHER,) for name in "add sub mul div maximum minimum clamp_max clamp_min".split()},
    "pow": (("exponent",),),
    "copy": (("src",), ("non_blocking",)),
    "lerp": (("tensors1",), ("weight", "weights")),
    "addcmul": _ADDED,
    "addcdiv": _ADDED,
    "norm": (("ord",), ("dtype",)),
    "mm": (("mat2",),),
}
_OPTIONAL = {"value", "ord", "dtype", "non_blocking"}


def _addc(name: str) -> Callable:
    call = getattr(Tensor, name)

    def addc(tensor: Tensor, tensor1: Tensor, tensor2: Tensor, value: Any = 1) -> Tensor:
        return call(tensor, tensor1, tensor2, value=value)

    return addc


def _added(name: str) -> Callable:
    call = getattr(Tensor, name)

    def added(tensor: Tensor, other: Any, **alpha: Any) -> Tensor:
        if alpha and not isinstance(other, Tensor):
            raise TypeError(f"_foreach_{name}: alpha multiplies tensors, got {type(other).__name__}")
        return call(tensor, other, **alpha)

    return added


def _extremum(name: str, bound: str) -> Callable:
    """maximum or minimum, which a number bounds."""
    return lambda tensor, other: getattr(tensor, name if isinstance(other, Tensor) else bound)(other)


_CALLS: dict[str, Callable] = {
    "maximum": _extremum("maximum", "clamp_min"),
    "minimum": _extremum("minimum", "clamp_max"),
    "pow": lambda base, exponent: base**exponent,
    "norm": lambda tensor, ord=2, dtype=None: linalg.vector_norm(tensor, ord, dtype=dtype),
    **{name: _addc(name) for name in ("addcmul", "addcdiv", "addcmul_", "addcdiv_")},
    **{name: _added(name) for name in ("add", "sub", "add_", "sub_")},
}


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def _spread(name: str, operand: Any, like: Any, each: bool) -> Any:
    """The operand of every tensor in turn; `each`: a 1-d tensor holds one number for each."""
    if isinstance(operand, Tensor) and each and operand.dim() == 1:
        operand = operand.tolist()
    if not _is_list(operand):
        if isinstance(operand, Tensor) and operand.dim():
            raise RuntimeError(
                f"{name}: scalar tensor expected to be 0 dim but it has {operand.dim()} dimensions and "
                f"{operand.numel()} elements."
            )
        return [operand] * len(like)
    if len(operand) == len(like):
        return operand
    if all(isinstance(one, Tensor) for one in operand):
        raise RuntimeError(
            f"{name}: Tensor lists must have the same number of tensors, got {len(like)} and {len(operand)}"
        )
    raise RuntimeError(
        f"{name}: Tensor list must have same number of elements as scalar list, got {len(like)} and {len(operand)}"
    )


def _rows(name: str, known: tuple, tensors: Any, args: tuple, named: dict[str, Any]) -> Iterator[tuple]:
    """A tuple (tensor, its operands) for every tensor; checks the lists and takes the operands out of `named`."""
    given = list(args)
    for names in known[len(args) :]:
        found = [named.pop(word) for word in names if word in named]
        if len(found) != 1 and not (not found and _OPTIONAL.intersection(names)):
            raise TypeError(f"{name}: expected one of the arguments {', '.join(names)}")
        given += found
    extra = sorted(set(named) - ({"alpha"} if name.strip("_") in ("foreach_add", "foreach_sub") else set()))
    if len(given) > len(known) or extra:
        raise TypeError(f"{name}: expected at most {len(known)} operands, got {len(args)} and the keywords {extra}")
    lists = [given[0]] if name == "_foreach_pow" and _is_list(given[0]) and not _is_list(tensors) else [tensors]
    if not all(_is_list(one) and all(isinstance(t, Tensor) for t in one) for one in lists):
        raise TypeError(f"{name}: expected a list of tensors, got {type(tensors).__name__}")
    if not lists[0]:
        raise RuntimeError(f"{name}: Tensor list must have at least one tensor.")
    each = name.startswith("_foreach_addc")
    return zip(
        *(_spread(name, one, lists[0], each and at == 3) for at, one in enumerate((tensors, *given))), strict=True
    )


def _make(word: str, in_place: bool) -> Callable:
    name = f"_foreach_{word}{'_' * in_place}"
    twin = word + "_" * in_place
    call = _CALLS.get(twin) or (getattr(Tensor, twin, None) if in_place or word not in _CALLS else None)
    out_of_place = _CALLS.get(word)

    def foreach(self: Any, *operands: Any, **named: Any) -> Any:
        rows = _rows(name, _OPERANDS[word], self, operands, named)
        if call is None and in_place:
            for tensor, *row in rows:
                tensor.copy_(out_of_place(tensor, *row))  # type: ignore[misc]  # there is one if there is no twin
            return self
        found = tuple(call(*row, **named) for row in rows)  # type: ignore[misc]
        return self if in_place else found

    foreach.__name__ = foreach.__qualname__ = name
    foreach.__doc__ = f"{twin} of every tensor of a list."
    return foreach


_ONLY_IN_PLACE, _NEVER_IN_PLACE = {"copy", "zero"}, {"clone", "max", "norm", "mm"}
FUNCTIONS: dict[str, Callable] = {
    f"_foreach_{word}{'_' * in_place}": _make(word, in_place)
    for word in _OPERANDS
    for in_place in (False, True)
    if word not in (_NEVER_IN_PLACE if in_place else _ONLY_IN_PLACE)
}
