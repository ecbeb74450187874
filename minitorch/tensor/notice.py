"""Warnings that point at the user's line, however deep in this package they arise."""

from __future__ import annotations

import sys
import warnings


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """warnings.warn(message, category), attributed to the first caller outside of minitorch."""
    level, frame = 1, sys._getframe(0)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").split(".")[0] == "minitorch":
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
