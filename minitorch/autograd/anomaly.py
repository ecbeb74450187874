"""Anomaly detection: remember where each forward ran; show it when its backward fails or gives nan."""

from __future__ import annotations

import os
import traceback
import warnings
from typing import Any

from minitorch.autograd.modes import state

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def forward_trace() -> str:
    """The current call stack without our own frames at its end, as text."""
    frames = traceback.extract_stack()
    while frames and frames[-1].filename.startswith(_PACKAGE):
        frames.pop()
    return "".join(traceback.format_list(frames))


def report(node: Any) -> None:
    """Warn with the place in the forward pass that made `node`."""
    trace = node.hooks.trace if node.hooks is not None else None
    if trace is None:
        text = "No forward pass information available. Enable detect anomaly during forward pass for more information."
    else:
        text = "Traceback of forward call that caused the error:\n" + trace
    warnings.warn(f"Error detected in {node.name()}. {text}", stacklevel=2)


class detect_anomaly:
    """Within the block, a failing or nan-giving backward shows the forward line that it belongs to."""

    def __init__(self, check_nan: bool = True) -> None:
        self.check_nan = check_nan

    def __enter__(self) -> None:
        self.previous = (state.anomaly, state.anomaly_nan)
        state.anomaly, state.anomaly_nan = True, self.check_nan
        state.refresh()

    def __exit__(self, *exc: object) -> None:
        state.anomaly, state.anomaly_nan = self.previous
        state.refresh()


class set_detect_anomaly:
    """Switch anomaly detection on or off, at once; with `with`, until the block ends."""

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.previous = (state.anomaly, state.anomaly_nan)
        state.anomaly, state.anomaly_nan = mode, check_nan
        state.refresh()

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        state.anomaly, state.anomaly_nan = self.previous
        state.refresh()


def is_anomaly_enabled() -> bool:
    """True while anomaly detection is on in this thread."""
    return state.anomaly
