"""Formulas of layers as functions of tensors: activations, losses, ...; modules hold the state and call these.

Each file names what is public in its `__all__`; to add a family, add its file to the two lists here.
"""

from minitorch.nn.functional import activation, loss
from minitorch.nn.functional.activation import *  # noqa: F403 - each file lists its public names in __all__
from minitorch.nn.functional.loss import *  # noqa: F403

__all__ = [*activation.__all__, *loss.__all__]  # noqa: PLE0604 - lists of names
