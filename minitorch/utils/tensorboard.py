"""`SummaryWriter`: the one of the package tensorboardX, which writes the files that TensorBoard shows."""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    if name != "SummaryWriter":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise ModuleNotFoundError("SummaryWriter needs the package tensorboardX: pip install tensorboardX") from error
    return SummaryWriter
