"""Recurrent layers. One `RNNBase` owns parameters, layers and directions; the classes name the cell."""

from __future__ import annotations

import math
from typing import Any

from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.nn.functional.recurrent import lstm_layer
from minitorch.nn.modules.module import Module
from minitorch.nn.parameter import Parameter
from minitorch.tensor import FUNCTIONS
from minitorch.tensor.creation import empty, zeros

__all__ = ["LSTM"]

cat, stack = FUNCTIONS["cat"], FUNCTIONS["stack"]


class RNNBase(Module):
    """Layers and directions of a recurrent network; parameters are named and shaped as torch's."""

    gates = 1  # how many gate blocks the weights hold

    def __init__(
        self, mode: str, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0, bidirectional: bool = False, proj_size: int = 0, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if isinstance(dropout, bool) or not 0 <= dropout <= 1:
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
            )
        if hidden_size <= 0:
            raise ValueError("hidden_size must be greater than zero")
        if num_layers <= 0:
            raise ValueError("num_layers must be greater than zero")
        if proj_size:
            raise NotImplementedError(f"{mode}: proj_size={proj_size} is not supported yet; use proj_size=0")
        self.mode = mode
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.proj_size = bidirectional, proj_size
        directions = 2 if bidirectional else 1
        options = {"device": device, "dtype": dtype}
        for layer in range(num_layers):
            width = input_size if layer == 0 else hidden_size * directions
            for suffix in self._suffixes(layer):
                rows = self.gates * hidden_size
                setattr(self, "weight_ih" + suffix, Parameter(empty(rows, width, **options)))
                setattr(self, "weight_hh" + suffix, Parameter(empty(rows, hidden_size, **options)))
                if bias:
                    setattr(self, "bias_ih" + suffix, Parameter(empty(rows, **options)))
                    setattr(self, "bias_hh" + suffix, Parameter(empty(rows, **options)))
        self.reset_parameters()

    def _suffixes(self, layer: int) -> list[str]:
        return [f"_l{layer}", f"_l{layer}_reverse"] if self.bidirectional else [f"_l{layer}"]

    def reset_parameters(self) -> None:
        bound = 1.0 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing to do here; torch packs the weights for cuDNN."""

    def _weights(self, suffix: str) -> list:
        names = ["weight_ih", "weight_hh"] + (["bias_ih", "bias_hh"] if self.bias else [])
        found = [getattr(self, name + suffix) for name in names]
        return found if self.bias else [*found, None, None]

    def check_input(self, input: Any) -> None:
        if input.dim() not in (2, 3):
            raise ValueError(f"{self.mode}: Expected input to be 2D or 3D, got {input.dim()}D instead")
        if input.size(-1) != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.size(-1)}"
            )

    def extra_repr(self) -> str:
        s = f"{self.input_size}, {self.hidden_size}"
        for name, default in (
            ("proj_size", 0),
            ("num_layers", 1),
            ("bias", True),
            ("batch_first", False),
            ("dropout", 0.0),
            ("bidirectional", False),
        ):
            if getattr(self, name) != default:
                s += f", {name}={getattr(self, name)}"
        return s


class LSTM(RNNBase):
    """Long short-term memory (Hochreiter and Schmidhuber 1997): `output, (h_n, c_n) = lstm(input, (h_0, c_0))`.

    Shape: input (T, B, input_size), or (B, T, input_size) with batch_first, or (T, input_size); h and c
    (num_layers * directions, B, hidden_size).
    """

    gates = 4

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)

    def forward(self, input: Any, hx: Any = None) -> Any:
        self.check_input(input)
        batched = input.dim() == 3
        if not batched:
            input = input.unsqueeze(1)
        elif self.batch_first:
            input = input.transpose(0, 1)
        h0, c0 = self._initial(input, hx, batched)
        hs, cs = [], []
        x = input
        k = 0
        for layer in range(self.num_layers):
            outs = []
            for suffix in self._suffixes(layer):
                reverse = suffix.endswith("reverse")
                y, h, c = lstm_layer(x.flip(0) if reverse else x, h0[k], c0[k], *self._weights(suffix))
                outs.append(y.flip(0) if reverse else y)
                hs.append(h)
                cs.append(c)
                k += 1
            x = outs[0] if len(outs) == 1 else cat(outs, -1)
            if self.dropout and layer < self.num_layers - 1:
                x = F.dropout(x, self.dropout, self.training)
        h, c = stack(hs), stack(cs)
        if not batched:
            return x.squeeze(1), (h.squeeze(1), c.squeeze(1))
        return (x.transpose(0, 1) if self.batch_first else x), (h, c)

    def _initial(self, x: Any, hx: Any, batched: bool) -> tuple[Any, Any]:
        """The initial states with a batch dimension, checked against what the layer needs."""
        want = (self.num_layers * (2 if self.bidirectional else 1), x.size(1), self.hidden_size)
        if hx is None:
            h = zeros(*want, dtype=x.dtype, device=x.device)
            return h, h
        for name, t in zip(("hidden[0]", "hidden[1]"), hx, strict=True):
            if batched and t.dim() != 3:
                raise RuntimeError(
                    f"For batched 3-D input, hx and cx should also be 3-D but got ({hx[0].dim()}-D, "
                    f"{hx[1].dim()}-D) tensors"
                )
            if not batched and t.dim() != 2:
                raise RuntimeError(
                    f"For unbatched 2-D input, hx and cx should also be 2-D but got ({hx[0].dim()}-D, "
                    f"{hx[1].dim()}-D) tensors"
                )
            shape = tuple(t.shape) if batched else (t.shape[0], 1, t.shape[1])
            if shape != want:
                raise RuntimeError(f"Expected {name} size {want}, got {list(t.shape)}")
        return tuple(t if batched else t.unsqueeze(1) for t in hx)  # type: ignore[return-value]
