"""Recurrent layers over a whole sequence; minitorch/ops/recurrent.py computes, modules hold layers and directions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.ops import recurrent as ops

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

__all__: list[str] = []  # torch has no such function: nn.LSTM calls lstm_layer from here


def lstm_layer(
    input: Tensor, h0: Tensor, c0: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias_ih: Tensor | None = None,
    bias_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """One layer and direction of an LSTM over time: (y, h, c), all hidden states and the last hidden and cell state.

    Shape: input (T, B, I), h0 and c0 (B, H), weight_ih (4H, I), weight_hh (4H, H), biases (4H) -> (T, B, H) and
    twice (B, H);
    the gates' order is input, forget, cell, output. (torch has no such function; its LSTM module has the same formula.)

    >>> import minitorch as mt
    >>> zeros = mt.zeros(1, 2)
    >>> y, h, c = mt.nn.functional.recurrent.lstm_layer(mt.ones(3, 1, 4), zeros, zeros, mt.zeros(8, 4), mt.zeros(8, 2))
    >>> y.shape, h.shape
    (torch.Size([3, 1, 2]), torch.Size([1, 2]))
    """
    made: Any = ops.lstm(input, h0, c0, weight_ih, weight_hh, bias_ih, bias_hh)
    return made
