"""Tools around training; names are torch.utils'."""

from minitorch.utils import data

__all__ = ["data"]
