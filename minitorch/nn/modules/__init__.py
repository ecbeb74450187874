"""The layers: state and a `forward` that calls minitorch.nn.functional.

Each file names what is public in its `__all__`; to add a family, add its file to the two lists here.
"""

from typing import TYPE_CHECKING

from minitorch.nn.modules import activation as _activation
from minitorch.nn.modules import adaptive as _adaptive
from minitorch.nn.modules import attention as _attention
from minitorch.nn.modules import batchnorm as _batchnorm
from minitorch.nn.modules import channelshuffle as _channelshuffle
from minitorch.nn.modules import container as _container
from minitorch.nn.modules import conv as _conv
from minitorch.nn.modules import conv_transpose as _conv_transpose
from minitorch.nn.modules import distance as _distance
from minitorch.nn.modules import dropout as _dropout
from minitorch.nn.modules import flatten as _flatten
from minitorch.nn.modules import fold as _fold
from minitorch.nn.modules import instancenorm as _instancenorm
from minitorch.nn.modules import linear as _linear
from minitorch.nn.modules import loss as _loss
from minitorch.nn.modules import module as _module
from minitorch.nn.modules import normalization as _normalization
from minitorch.nn.modules import padding as _padding
from minitorch.nn.modules import pixelshuffle as _pixelshuffle
from minitorch.nn.modules import pooling as _pooling
from minitorch.nn.modules import rnn as _rnn
from minitorch.nn.modules import sparse as _sparse
from minitorch.nn.modules import transformer as _transformer
from minitorch.nn.modules import upsampling as _upsampling
from minitorch.nn.modules.activation import *  # noqa: F403 - each file lists its public names in __all__
from minitorch.nn.modules.adaptive import *  # noqa: F403
from minitorch.nn.modules.attention import *  # noqa: F403
from minitorch.nn.modules.batchnorm import *  # noqa: F403
from minitorch.nn.modules.channelshuffle import *  # noqa: F403
from minitorch.nn.modules.container import *  # noqa: F403
from minitorch.nn.modules.conv import *  # noqa: F403
from minitorch.nn.modules.conv_transpose import *  # noqa: F403
from minitorch.nn.modules.distance import *  # noqa: F403
from minitorch.nn.modules.dropout import *  # noqa: F403
from minitorch.nn.modules.flatten import *  # noqa: F403
from minitorch.nn.modules.fold import *  # noqa: F403
from minitorch.nn.modules.instancenorm import *  # noqa: F403
from minitorch.nn.modules.linear import *  # noqa: F403
from minitorch.nn.modules.loss import *  # noqa: F403
from minitorch.nn.modules.module import *  # noqa: F403
from minitorch.nn.modules.normalization import *  # noqa: F403
from minitorch.nn.modules.padding import *  # noqa: F403
from minitorch.nn.modules.pixelshuffle import *  # noqa: F403
from minitorch.nn.modules.pooling import *  # noqa: F403
from minitorch.nn.modules.rnn import *  # noqa: F403
from minitorch.nn.modules.sparse import *  # noqa: F403
from minitorch.nn.modules.transformer import *  # noqa: F403
from minitorch.nn.modules.upsampling import *  # noqa: F403

_FILES = (
    _activation,
    _adaptive,
    _attention,
    _batchnorm,
    _channelshuffle,
    _container,
    _conv,
    _conv_transpose,
    _distance,
    _dropout,
    _flatten,
    _fold,
    _instancenorm,
    _linear,
    _loss,
    _module,
    _normalization,
    _padding,
    _pixelshuffle,
    _pooling,
    _rnn,
    _sparse,
    _transformer,
    _upsampling,
)
if not TYPE_CHECKING:  # a type checker reads the imports instead: it can't follow a computed list
    __all__ = [name for file in _FILES for name in file.__all__]
