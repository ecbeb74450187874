"""Calls as scripts of the first years write them, the factors before the tensors: x.add_(-lr, grad), addcmul_(v, a, b).

PyTorch deprecates these forms and takes them, and so do we, with its warning (once for each name).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from minitorch.autograd.base import TensorBase
from minitorch.tensor.notice import warn_user

_PRODUCTS = "addmm addmv addr addbmm baddbmm"
FACTORS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("add", "sub"), ("alpha",)),
    **dict.fromkeys(("addcmul", "addcdiv"), ("value",)),
    **dict.fromkeys(_PRODUCTS.split(), ("beta", "alpha")),
}
# where tensors (t) and numbers (n) may stand, self first: x.add(2, y), x.addmm(2, a, b), x.addmm(2, 3, a, b)
_METHODS: dict[str, tuple[str, ...]] = {name: ("tnt",) if name in ("add", "sub") else ("tntt",) for name in FACTORS}
_METHODS.update({name: ("tntt", "tnntt") for name in _PRODUCTS.split()})
# of the functions addmm and its kin, beta stands before all: addmm(2, x, a, b), addmm(2, x, 3, a, b)
_FUNCTIONS = {**_METHODS, **dict.fromkeys(_PRODUCTS.split(), ("nttt", "ntntt"))}
_said: set[str] = set()


def takes_older(call: Callable, name: str, method: bool) -> Callable:
    """`call`, a method or function called `name`, that also takes the deprecated form."""
    factors = FACTORS[name.rstrip("_")]
    forms = (_METHODS if method else _FUNCTIONS)[name.rstrip("_")]
    count = forms[0].count("t")

    @functools.wraps(call)
    def called(*args: Any, **kwargs: Any) -> Any:
        if len(args) <= count:
            return call(*args, **kwargs)
        if "".join("t" if isinstance(a, TensorBase) else "n" for a in args) not in forms:
            return call(*args, **kwargs)  # raises, and says what it takes
        if name not in _said:
            _said.add(name)
            warn_user(
                f"This overload of {name} is deprecated: the factors come after the tensors and by name, "
                f"{name}(..., {', '.join(f'{factor}=...' for factor in factors)})"
            )
        tensors = [a for a in args if isinstance(a, TensorBase)]
        numbers = [a for a in args if not isinstance(a, TensorBase)]
        return call(*tensors, **dict(zip(factors, numbers, strict=False)), **kwargs)

    return called


def install(mixins: tuple, functions: dict[str, Callable]) -> None:
    """Let the methods of the mixins and the public functions take the older forms."""
    for name in FACTORS:
        for twin in (name, f"{name}_"):
            mixin = next(mixin for mixin in mixins if twin in vars(mixin))
            setattr(mixin, twin, takes_older(vars(mixin)[twin], twin, True))
        functions[name] = takes_older(functions[name], name, False)
