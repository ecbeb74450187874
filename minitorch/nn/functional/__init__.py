"""Formulas of layers as functions of tensors: activations, losses, ...; modules hold the state and call these.

Each file names what is public in its `__all__`; to add a family, add its file to the lists here.
"""

from minitorch.nn.functional import activation as _activation
from minitorch.nn.functional import classification as _classification
from minitorch.nn.functional import conv as _conv
from minitorch.nn.functional import ctc as _ctc
from minitorch.nn.functional import dropout as _dropout
from minitorch.nn.functional import linear as _linear
from minitorch.nn.functional import loss as _loss
from minitorch.nn.functional import margin as _margin
from minitorch.nn.functional import pool as _pool
from minitorch.nn.functional import recurrent as _recurrent
from minitorch.nn.functional.activation import *  # noqa: F403 - each file lists its public names in __all__
from minitorch.nn.functional.classification import *  # noqa: F403
from minitorch.nn.functional.conv import *  # noqa: F403
from minitorch.nn.functional.ctc import *  # noqa: F403
from minitorch.nn.functional.dropout import *  # noqa: F403
from minitorch.nn.functional.linear import *  # noqa: F403
from minitorch.nn.functional.loss import *  # noqa: F403
from minitorch.nn.functional.margin import *  # noqa: F403
from minitorch.nn.functional.pool import *  # noqa: F403
from minitorch.nn.functional.recurrent import *  # noqa: F403

_FILES = (_activation, _classification, _conv, _ctc, _dropout, _linear, _loss, _margin, _pool, _recurrent)
__all__ = [name for file in _FILES for name in file.__all__]  # noqa: PLE0605 - lists of names
