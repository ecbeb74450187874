"""Formulas of layers as functions of tensors: activations, losses, ...; modules hold the state and call these.

Each file names what is public in its `__all__`; to add a family, add its file to the lists here.
"""

from minitorch.nn.functional import activation as _activation
from minitorch.nn.functional import attention as _attention
from minitorch.nn.functional import classification as _classification
from minitorch.nn.functional import conv as _conv
from minitorch.nn.functional import ctc as _ctc
from minitorch.nn.functional import distance as _distance
from minitorch.nn.functional import dropout as _dropout
from minitorch.nn.functional import linear as _linear
from minitorch.nn.functional import loss as _loss
from minitorch.nn.functional import margin as _margin
from minitorch.nn.functional import norm as _norm
from minitorch.nn.functional import pool as _pool
from minitorch.nn.functional import pool_average as _pool_average
from minitorch.nn.functional import pool_indices as _pool_indices
from minitorch.nn.functional import recurrent as _recurrent
from minitorch.nn.functional import sparse as _sparse
from minitorch.nn.functional import vision as _vision
from minitorch.nn.functional import vision_pad as _vision_pad
from minitorch.nn.functional.activation import *  # noqa: F403 - each file lists its public names in __all__
from minitorch.nn.functional.attention import *  # noqa: F403
from minitorch.nn.functional.classification import *  # noqa: F403
from minitorch.nn.functional.conv import *  # noqa: F403
from minitorch.nn.functional.ctc import *  # noqa: F403
from minitorch.nn.functional.distance import *  # noqa: F403
from minitorch.nn.functional.dropout import *  # noqa: F403
from minitorch.nn.functional.linear import *  # noqa: F403
from minitorch.nn.functional.loss import *  # noqa: F403
from minitorch.nn.functional.margin import *  # noqa: F403
from minitorch.nn.functional.norm import *  # noqa: F403
from minitorch.nn.functional.pool import *  # noqa: F403
from minitorch.nn.functional.pool_average import *  # noqa: F403
from minitorch.nn.functional.pool_indices import *  # noqa: F403
from minitorch.nn.functional.recurrent import *  # noqa: F403
from minitorch.nn.functional.sparse import *  # noqa: F403
from minitorch.nn.functional.vision import *  # noqa: F403
from minitorch.nn.functional.vision_pad import *  # noqa: F403

_FILES = (
    _activation, _attention, _classification, _conv, _ctc, _distance, _dropout, _linear, _loss, _margin, _norm,
    _pool, _pool_average, _pool_indices, _recurrent, _sparse, _vision, _vision_pad,
)  # fmt: skip
__all__ = [name for file in _FILES for name in file.__all__]  # noqa: PLE0605 - lists of names
