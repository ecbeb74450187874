"""`torch.__version__` and `torch.version` as scripts see them: the PyTorch release that minitorch follows.

Scripts compare versions in three ways: with a string, with a tuple, and by splitting. All three work.
"""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

_FINAL = (1, "", 0)  # sorts after ("", "a", 1) of an alpha
_STAGES = re.compile(r"(a|b|rc|\.dev)(\d*)")


def _key(version: Any) -> tuple | None:
    """What a version sorts by: its release without trailing zeros, then alpha < beta < candidate < final.

    None for what isn't a version. The part after `+` says who built it, and counts only to break a tie.
    """
    text = version if isinstance(version, str) else ".".join(str(part) for part in version)
    public, _, build = text.strip().removeprefix("v").partition("+")
    found = re.match(r"\d+(\.\d+)*", public)
    if found is None:
        return None
    release = [int(part) for part in found.group().split(".")]
    while release and not release[-1]:
        release.pop()
    stage = _STAGES.match(public, found.end())
    order = (0, stage[1].replace(".dev", ""), int(stage[2] or 0)) if stage else _FINAL
    return release, order, build


class TorchVersion(str):
    """A version that is a string, and compares by its numbers with strings and tuples.

    >>> TorchVersion("2.13.0+minitorch") >= "2.9", TorchVersion("2.13.0") < (3, 0), TorchVersion("2.13.0").split(".")[0]
    (True, True, '2')
    """

    __slots__ = ()

    def _compare(self, other: Any, name: str) -> Any:
        mine, theirs = _key(self), _key(other) if isinstance(other, (str, tuple, list)) else None
        if mine is None or theirs is None:
            return getattr(str, name)(self, other)
        return getattr(tuple, name)(mine, theirs)

    def __lt__(self, other: Any) -> Any:
        return self._compare(other, "__lt__")

    def __le__(self, other: Any) -> Any:
        return self._compare(other, "__le__")

    def __gt__(self, other: Any) -> Any:
        return self._compare(other, "__gt__")

    def __ge__(self, other: Any) -> Any:
        return self._compare(other, "__ge__")

    def __eq__(self, other: Any) -> Any:
        return self._compare(other, "__eq__")

    def __ne__(self, other: Any) -> Any:
        return self._compare(other, "__ne__")

    __hash__ = str.__hash__


TORCH_VERSION = TorchVersion("2.13.0+minitorch")
version = SimpleNamespace(__version__=TORCH_VERSION, cuda=None, hip=None, xpu=None, debug=False, git_version="unknown")
