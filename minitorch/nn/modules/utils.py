"""Small helpers of layers that programs import for layers of their own. Names are torch.nn.modules.utils'."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minitorch.nn.modules.sizes import as_tuple

__all__ = ["consume_prefix_in_state_dict_if_present"]


def _ntuple(n: int, name: str = "parse") -> Callable[[Any], tuple]:
    """A function that repeats a number n times and takes a sequence as it is."""

    def parse(x: Any) -> tuple:
        return as_tuple(x, n)

    parse.__name__ = name
    return parse


_single, _pair = _ntuple(1, "_single"), _ntuple(2, "_pair")
_triple, _quadruple = _ntuple(3, "_triple"), _ntuple(4, "_quadruple")


def _reverse_repeat_tuple(t: Sequence[Any], n: int) -> tuple:
    """(1, 2) twice is (2, 2, 1, 1): the paddings of Conv2d in the order of nn.functional.pad."""
    return tuple(x for x in reversed(t) for _ in range(n))


def _list_with_default(out_size: Any, defaults: Sequence[int]) -> Any:
    """out_size with each None replaced by the default at its place, counted from the end."""
    if isinstance(out_size, (int, float)):
        return out_size
    if len(defaults) <= len(out_size):
        raise ValueError(f"Input dimension should be at least {len(out_size) + 1}")
    return [d if v is None else v for v, d in zip(out_size, defaults[-len(out_size) :], strict=True)]


def consume_prefix_in_state_dict_if_present(state_dict: dict[str, Any], prefix: str) -> None:
    """Take `prefix` ("module.") off the keys that begin with it, in place, the metadata's too.

    >>> from minitorch.nn.modules.utils import consume_prefix_in_state_dict_if_present as consume
    >>> state = {"module.weight": 1}
    >>> consume(state, "module.")
    >>> state
    {'weight': 1}
    """
    for key in [key for key in state_dict if key.startswith(prefix)]:
        state_dict[key[len(prefix) :]] = state_dict.pop(key)
    metadata = getattr(state_dict, "_metadata", {})
    for key in [k for k in metadata if k and (k == prefix.replace(".", "") or k.startswith(prefix))]:
        metadata[key[len(prefix) :]] = metadata.pop(key)
