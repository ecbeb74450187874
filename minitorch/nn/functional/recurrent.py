"""Recurrent layers over sequences, and single steps; minitorch/ops/recurrent.py computes one layer and direction.

The names and arguments are those of torch.lstm, torch.lstm_cell, ...; modules hold the weights and call these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from minitorch.backend import dtypes
from minitorch.errors import explain
from minitorch.nn.functional.dropout import dropout as drop
from minitorch.ops import recurrent as ops
from minitorch.tensor import FUNCTIONS

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

__all__: list[str] = []  # torch has these at its top level, undocumented: use nn.LSTM, nn.GRU, nn.RNN and their cells

cat, stack = FUNCTIONS["cat"], FUNCTIONS["stack"]


def lstm(
    input: Tensor, hx: Sequence[Tensor], params: Sequence[Tensor], has_biases: bool, num_layers: int, dropout: float,
    train: bool, bidirectional: bool, batch_first: bool = False, batch_sizes: Sequence[int] | None = None,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Long short-term memory, layers on layers: (y, h_n, c_n), all outputs and each layer's last h and c.

    i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of W_ih x + b_ih + W_hh h + b_hh;  c = f c + i g;  h = o tanh(c), and
    h = W_hr h where `params` hold such a projection (P < H).
    params: w_ih, w_hh, (b_ih, b_hh), (w_hr) of each layer and direction. dropout: between layers, if `train`.
    batch_sizes: input is packed, (N, I), with so many rows in each step (nn.utils.rnn.PackedSequence).
    Shape: input (T, B, I), or (B, T, I) with batch_first; h_0 (layers * directions, B, P), c_0 (..., B, H), P = H
    without projections -> y (T, B, directions * P), h_n and c_n shaped as h_0 and c_0.

    >>> import minitorch as mt
    >>> lstm, zeros = mt.nn.functional.recurrent.lstm, mt.zeros(1, 1, 2)
    >>> weights = (mt.zeros(8, 4), mt.zeros(8, 2))
    >>> y, h, c = lstm(mt.ones(3, 1, 4), (zeros, zeros), weights, False, 1, 0.0, False, False)
    >>> y.shape, h.shape
    (torch.Size([3, 1, 2]), torch.Size([1, 1, 2]))
    """
    per_layer = (4 if has_biases else 2) + 1
    projected = len(params) == per_layer * num_layers * (2 if bidirectional else 1)

    def layer(x: Any, states: tuple, weights: Sequence, **how: Any) -> Any:
        plain, projection = (weights[:-1], weights[-1]) if projected else (weights, None)
        return _apply(ops.lstm, x, *states, *_four(plain), projection, **how)

    return _layers(
        "lstm", layer, input, tuple(hx), params, num_layers, dropout if train else 0.0, bidirectional, batch_first,
        batch_sizes,
    )  # fmt: skip


def gru(
    input: Tensor, hx: Tensor, params: Sequence[Tensor], has_biases: bool, num_layers: int, dropout: float,
    train: bool, bidirectional: bool, batch_first: bool = False, batch_sizes: Sequence[int] | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Gated recurrent units, layers on layers: (y, h_n). Arguments and shapes as `lstm`'s, without c and projections.

    r, z = sigmoid of W_ih x + b_ih + W_hh h + b_hh;  n = tanh(W_in x + b_in + r (W_hn h + b_hn));
    h = (1 - z) n + z h. The reset gate r acts after the product with W_hn, as in cuDNN; the paper's acts before it.

    >>> import minitorch as mt
    >>> weights = (mt.zeros(6, 4), mt.zeros(6, 2))
    >>> mt.nn.functional.recurrent.gru(mt.ones(2, 1, 4), mt.ones(1, 1, 2), weights, False, 1, 0.0, False, False)[0]
    tensor([[[0.5000, 0.5000]],
    <BLANKLINE>
            [[0.2500, 0.2500]]])
    """

    def layer(x: Any, states: tuple, weights: Sequence, **how: Any) -> Any:
        return _apply(ops.gru, x, *states, *_four(weights), **how)

    return _layers(
        "gru", layer, input, (hx,), params, num_layers, dropout if train else 0.0, bidirectional, batch_first,
        batch_sizes,
    )  # fmt: skip


def rnn_tanh(
    input: Tensor, hx: Tensor, params: Sequence[Tensor], has_biases: bool, num_layers: int, dropout: float,
    train: bool, bidirectional: bool, batch_first: bool = False, batch_sizes: Sequence[int] | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """h = tanh(W_ih x + b_ih + W_hh h + b_hh), layers on layers: (y, h_n). Arguments and shapes as `gru`'s."""
    dropout = dropout if train else 0.0
    return _simple("rnn_tanh", input, hx, params, num_layers, dropout, bidirectional, batch_first, batch_sizes)


def rnn_relu(
    input: Tensor, hx: Tensor, params: Sequence[Tensor], has_biases: bool, num_layers: int, dropout: float,
    train: bool, bidirectional: bool, batch_first: bool = False, batch_sizes: Sequence[int] | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """h = relu(W_ih x + b_ih + W_hh h + b_hh), layers on layers: (y, h_n). Arguments and shapes as `gru`'s."""
    dropout = dropout if train else 0.0
    return _simple("rnn_relu", input, hx, params, num_layers, dropout, bidirectional, batch_first, batch_sizes)


def _simple(name: str, input: Any, hx: Any, *settings: Any) -> Any:
    def layer(x: Any, states: tuple, weights: Sequence, **how: Any) -> Any:
        return _apply(ops.rnn, x, *states, *_four(weights), nonlinearity=name[4:], **how)

    return _layers(name, layer, input, (hx,), *settings)


def _four(weights: Sequence) -> tuple:
    """w_ih, w_hh, b_ih, b_hh, where the biases may be missing."""
    return tuple(weights) if len(weights) == 4 else (*weights, None, None)


def _layers(
    name: str, layer: Callable, input: Any, states: tuple, params: Sequence, num_layers: int, dropout: float,
    bidirectional: bool, batch_first: bool, batch_sizes: Sequence[int] | None,
) -> Any:  # fmt: skip
    """Layers on layers, each reading in one direction or both; (y, the last states of all).

    The layers work on packed rows, (N, I): of a plain input these are all sequences' first step, second step, ...
    """
    _check_dtypes(name, input, states, params)
    if batch_sizes is None:
        T, B = (input.shape[1], input.shape[0]) if batch_first else input.shape[:2]
        if T == 0:
            raise RuntimeError(f"{name}: Expected sequence length to be larger than 0 in RNN")
        sizes, x = (B,) * T, (input.transpose(0, 1) if batch_first else input).reshape(T * B, input.shape[2])
    else:
        sizes, x = tuple(batch_sizes), input
    directions = 2 if bidirectional else 1
    per_layer = len(params) // (num_layers * directions)
    starts = list(zip(*(s.unbind(0) for s in states), strict=True))
    ends: list = []
    for k in range(num_layers):
        if k and dropout:
            x = drop(x, dropout, True)
        ys: list = []
        for j in range(k * directions, (k + 1) * directions):
            weights = params[j * per_layer : (j + 1) * per_layer]
            y, *end = layer(x, starts[j], weights, sizes=sizes, reverse=len(ys) == 1)
            ys.append(y)
            ends.append(end)
        x = cat(ys, -1) if bidirectional else ys[0]
    if batch_sizes is None:
        x = x.reshape(T, B, x.shape[1])
        x = x.transpose(0, 1) if batch_first else x
    return x, *(stack(end) for end in zip(*ends, strict=True))


def _apply(op: Callable, *tensors: Any, **how: Any) -> Any:
    """The op; on halves it computes in float32, since NumPy has no product for them, and rounds the results."""
    dtype = tensors[0].dtype
    if dtype not in (dtypes.float16, dtypes.bfloat16):
        return op(*tensors, **how)
    wide = [None if t is None else t.to(dtypes.float32) for t in tensors]
    return tuple(t.to(dtype) for t in op(*wide, **how))


def _check_dtypes(name: str, input: Any, states: tuple, params: Sequence) -> None:
    dtype = input.dtype
    for what, tensors in (("hx", states), ("the weights", params)):
        for t in tensors:
            if t is not None and t.dtype is not dtype:
                raise RuntimeError(f"{name}: input and {what} must have the same dtype, but got {dtype} and {t.dtype}")


# -- one step --------------------------------------------------------------------------------------------------------


def lstm_cell(
    input: Tensor, hx: Sequence[Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """One step of `lstm`: input (B, I), hx = h and c (B, H), w_ih (4H, I), w_hh (4H, H) -> the next h and c."""
    _check_cell("lstm_cell", input, tuple(hx), w_ih, w_hh, b_ih, b_hh)
    _, h, c = _apply(ops.lstm, input, *hx, w_ih, w_hh, b_ih, b_hh, None, sizes=(input.shape[0],))
    return h, c


def gru_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """One step of `gru`: input (B, I), hx (B, H), w_ih (3H, I), w_hh (3H, H) -> the next h."""
    _check_cell("gru_cell", input, (hx,), w_ih, w_hh, b_ih, b_hh)
    return _apply(ops.gru, input, hx, w_ih, w_hh, b_ih, b_hh, sizes=(input.shape[0],))[1]


def rnn_tanh_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """One step of `rnn_tanh`: input (B, I), hx (B, H), w_ih (H, I), w_hh (H, H) -> the next h."""
    _check_cell("rnn_tanh_cell", input, (hx,), w_ih, w_hh, b_ih, b_hh)
    return _apply(ops.rnn, input, hx, w_ih, w_hh, b_ih, b_hh, sizes=(input.shape[0],))[1]


def rnn_relu_cell(
    input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
) -> Tensor:
    """One step of `rnn_relu`: input (B, I), hx (B, H), w_ih (H, I), w_hh (H, H) -> the next h."""
    _check_cell("rnn_relu_cell", input, (hx,), w_ih, w_hh, b_ih, b_hh)
    return _apply(ops.rnn, input, hx, w_ih, w_hh, b_ih, b_hh, sizes=(input.shape[0],), nonlinearity="relu")[1]


def _check_cell(name: str, input: Any, states: tuple, w_ih: Any, w_hh: Any, *biases: Any) -> None:
    rows = [("input", tuple(input.shape), "B, I"), ("w_ih", tuple(w_ih.shape), "gates H, I")]
    if input.shape[1] != w_ih.shape[1]:
        what = f"input has inconsistent input_size: got {input.shape[1]} expected {w_ih.shape[1]}"
        raise RuntimeError(explain(f"{name}: {what}", rows))
    for k, h in enumerate(states):
        if h.shape[1] != w_hh.shape[1]:
            what = f"hidden{k} has inconsistent hidden_size: got {h.shape[1]}, expected {w_hh.shape[1]}"
            raise RuntimeError(explain(f"{name}: {what}", [*rows, (f"hidden{k}", tuple(h.shape), "B, H")]))
        if h.shape[0] != input.shape[0]:
            what = f"Input batch size {input.shape[0]} doesn't match hidden{k} batch size {h.shape[0]}"
            raise RuntimeError(explain(f"{name}: {what}", [*rows, (f"hidden{k}", tuple(h.shape), "B, H")]))
    _check_dtypes(name, input, states, (w_ih, w_hh, *biases))
