"""The one error that a file raises which can't be loaded: truncated, corrupt, hostile or of another format."""

from __future__ import annotations

import pickle


class CheckpointError(pickle.UnpicklingError, RuntimeError):
    """A file that can't be loaded. torch raises one or the other of the two classes, depending on where it notices."""


def damaged(what: str) -> CheckpointError:
    """The container is at fault."""
    return CheckpointError(
        f"PytorchStreamReader failed reading zip archive: {what}.\n"
        "    hint  the checkpoint file is corrupted or incomplete: save it, or transfer it, again"
    )


def refused(what: str) -> CheckpointError:
    """The pickle in it asks for more than tensors and plain containers, or makes no sense."""
    return CheckpointError(
        f"Weights only load failed. {what}\n"
        "    hint  weights_only=False loads any pickle, and with it runs any code that the file names: "
        "use it only on files that you trust"
    )
