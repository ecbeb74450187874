"""Checkpoints, without torch: `save` and `load` for its zip format. Loading weights runs no code.

safetensors files: `from minitorch.serialization.safetensors import load_file, save_file`.
"""

from minitorch.serialization.failure import CheckpointError
from minitorch.serialization.globals import add_safe_globals, clear_safe_globals, get_safe_globals, safe_globals
from minitorch.serialization.loading import load
from minitorch.serialization.saving import save

__all__ = [
    "CheckpointError", "add_safe_globals", "clear_safe_globals", "get_safe_globals", "load", "safe_globals", "save",
]  # fmt: skip
