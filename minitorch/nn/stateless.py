"""Calling a module with other parameters and buffers than its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["call_with"]


def _tied_names(module: Any) -> dict[str, set[str]]:
    """For each name of a tensor that has several, all of them."""
    names: dict[int, set[str]] = {}
    for members in (module.named_parameters(remove_duplicate=False), module.named_buffers(remove_duplicate=False)):
        for name, tensor in members:
            names.setdefault(id(tensor), set()).add(name)
    return {name: group for group in names.values() if len(group) > 1 for name in group}


def _with_tied(module: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The given tensors, each under all the names that its parameter is tied to."""
    everything, tied = dict(given), _tied_names(module)
    for name in given:
        group = tied.get(name, set())
        if len({id(given[n]) for n in group if n in given}) > 1:
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(group)}, which are tied. Consider using "
                "tie_weights=False"
            )
        everything.update(dict.fromkeys(group, given[name]))
    return everything


def _check_names(module: Any, given: dict[str, Any]) -> None:
    own = dict.fromkeys(n for n, _ in module.named_parameters(remove_duplicate=False))
    own.update(dict.fromkeys(n for n, _ in module.named_buffers(remove_duplicate=False)))
    unexpected, missing = [n for n in given if n not in own], [n for n in own if n not in given]
    errors = [
        f"{kind} key(s): {', '.join(map(repr, names))}."
        for kind, names in (("Unexpected", unexpected), ("Missing", missing))
        if names
    ]
    if errors:
        lines = "\n\t".join(errors)
        raise RuntimeError(f"Error(s) in reparametrizing for {module._get_name()}:\n\t{lines}")


_ABSENT: Any = object()


def _swap(module: Any, name: str, value: Any) -> Any:
    """Put a value in the place of module.name; gives what was there. _ABSENT stands for nothing."""
    path, _, last = name.rpartition(".")
    owner = module.get_submodule(path)
    members = next((m for m in (owner._parameters, owner._buffers) if last in m), vars(owner))
    old = members.get(last, _ABSENT)
    if value is _ABSENT:
        del members[last]
    else:
        members[last] = value
    return old


@contextmanager
def _in_place_of(module: Any, tensors: dict[str, Any]) -> Iterator[None]:
    """Inside the block the module has these tensors; afterwards its own, and the dict what buffers became."""
    own: dict[str, Any] = {}
    try:
        for name, value in tensors.items():
            own[name] = _swap(module, name, value)
        yield
    finally:
        for name, value in own.items():
            tensors[name] = _swap(module, name, value)


def call_with(
    module: Any, tensors: dict[str, Any], args: Any = None, kwargs: dict[str, Any] | None = None, *,
    tie_weights: bool = True, strict: bool = False,
) -> Any:  # fmt: skip
    """module(*args, **kwargs) with `tensors` (by state_dict names) in place of its own parameters and buffers.

    A buffer that the forward replaces is replaced in `tensors`, not in the module.
    """
    used = _with_tied(module, tensors) if tie_weights else dict(tensors)
    if strict:
        _check_names(module, used)
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    try:
        with _in_place_of(module, used):
            return module(*args, **(kwargs or {}))
    finally:
        tensors.update({name: used[name] for name in tensors})
