"""Tools around training; names are torch.utils'."""

from minitorch.utils import checkpoint, data

__all__ = ["checkpoint", "data"]
