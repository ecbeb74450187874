"""Tools around training; names are torch.utils'."""

from minitorch.utils import checkpoint, data, dlpack

__all__ = ["checkpoint", "data", "dlpack"]
