"""Multiply-adds of one call of a layer: how many products it adds to sums. One formula per family of layers.

A layer's formula gets the module, its inputs (by position) and its output. Additions without a product (biases,
pooling, skip connections) and pointwise functions (activations, dropout) are not counted, and neither is a look-up
in an embedding. Operations written into a module's own forward (`x @ w`, `F.conv2d`) are not seen: nothing is called
there that could be asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minitorch.nn import modules as nn
from minitorch.nn.modules.batchnorm import _NormBase
from minitorch.nn.modules.conv import _ConvNd
from minitorch.nn.modules.conv_transpose import _ConvTransposeNd
from minitorch.nn.modules.rnn import RNNBase, RNNCellBase
from minitorch.nn.packing import PackedSequence


def _conv(layer: Any, inputs: tuple, out: Any) -> int:
    """Each output element is a sum over the kernel and the group's input channels."""
    return out.numel() * layer.in_channels // layer.groups * math.prod(layer.kernel_size)


def _conv_transpose(layer: Any, inputs: tuple, out: Any) -> int:
    """Each input element is multiplied by the kernels of its group's output channels."""
    return inputs[0].numel() * layer.out_channels // layer.groups * math.prod(layer.kernel_size)


def _linear(layer: Any, inputs: tuple, out: Any) -> int:
    return out.numel() * layer.in_features


def _bilinear(layer: Any, inputs: tuple, out: Any) -> int:
    """x1 W for each output feature, then its product with x2."""
    return out.numel() * layer.in2_features * (layer.in1_features + 1)


def _batch_norm(layer: Any, inputs: tuple, out: Any) -> int:
    """Scale and shift are one multiply-add an element; a variance, where it is computed, is another."""
    return out.numel() * (2 if layer.training or layer.running_mean is None else 1)


def _norm(layer: Any, inputs: tuple, out: Any) -> int:
    """The sum of squares, and the scale."""
    return out.numel() * 2


def _weights(layer: Any) -> int:
    return sum(p.numel() for name, p in layer.named_parameters(recurse=False) if name.startswith("weight"))


def _recurrent(layer: Any, inputs: tuple, out: Any) -> int:
    """Each step of each sequence multiplies with every weight matrix of every layer and direction."""
    x = inputs[0]
    steps = x.data.shape[0] if isinstance(x, PackedSequence) else math.prod(x.shape[:-1])
    return steps * _weights(layer)


def _cell(layer: Any, inputs: tuple, out: Any) -> int:
    return math.prod(inputs[0].shape[:-1]) * _weights(layer)


def _attention(layer: Any, inputs: tuple, out: Any) -> int:
    """Four projections; scores q k^T and their product with v, each N L S E."""
    query, key, value = inputs[:3]
    length = -3 if not layer.batch_first and query.ndim == 3 else -2
    batch = math.prod(query.shape) // (query.shape[length] * query.shape[-1]) if query.numel() else 0
    target, source, width = query.shape[length], key.shape[length], layer.embed_dim
    extra = (layer.bias_k is not None) + layer.add_zero_attn
    projections = (2 * query.numel() + key.numel() + value.numel()) * width
    return projections + 2 * batch * target * (source + extra) * width


# the first entry of which a layer is an instance holds
FORMULAS: tuple[tuple[tuple[type, ...], Callable[[Any, tuple, Any], int]], ...] = (
    ((_ConvTransposeNd,), _conv_transpose),
    ((_ConvNd,), _conv),
    ((nn.Linear,), _linear),
    ((nn.Bilinear,), _bilinear),
    ((_NormBase,), _batch_norm),
    ((nn.LayerNorm, nn.GroupNorm, nn.RMSNorm), _norm),
    ((RNNBase,), _recurrent),
    ((RNNCellBase,), _cell),
    ((nn.MultiheadAttention,), _attention),
)


def multiply_adds(layer: Any, inputs: tuple, out: Any) -> int:
    """Products added to sums in this call of `layer`; 0 for layers without a formula.

    >>> import minitorch as mt
    >>> layer, x = mt.nn.Linear(3, 5), mt.ones(2, 3)
    >>> multiply_adds(layer, (x,), layer(x))
    30
    """
    for types, formula in FORMULAS:
        if isinstance(layer, types):
            return int(formula(layer, inputs, out))
    return 0
