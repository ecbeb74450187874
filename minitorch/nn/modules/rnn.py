"""Recurrent layers over sequences, and single cells. One base owns the parameters; the classes name the formula."""

from __future__ import annotations

import math
import numbers
import warnings
from typing import Any

from minitorch.nn import init
from minitorch.nn.functional import recurrent as F
from minitorch.nn.modules.module import Module
from minitorch.nn.packing import PackedSequence
from minitorch.nn.parameter import Parameter
from minitorch.tensor.creation import empty, zeros

__all__ = ["GRU", "GRUCell", "LSTM", "LSTMCell", "RNN", "RNNBase", "RNNCell", "RNNCellBase"]

GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}  # how many blocks of hidden_size rows the weights have


class RNNBase(Module):
    """Parameters, checks and states of RNN, LSTM and GRU; `mode` names the formula.

    Parameters of layer k: weight_ih_lk (gates * H, I), weight_hh_lk (gates * H, H), bias_ih_lk, bias_hh_lk (gates * H)
    and for an LSTM with proj_size P weight_hr_lk (P, H); those of the other direction end in _reverse. All start
    uniform on [-k, k), k = 1 / sqrt(H).
    """

    def __init__(
        self, mode: str, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
        batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False, proj_size: int = 0,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.mode = mode
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.proj_size = bidirectional, proj_size
        self._check_options(dropout)
        self._all_weights: list[list[str]] = []
        rows, state = GATES[mode] * hidden_size, proj_size or hidden_size
        for layer in range(num_layers):
            width = input_size if layer == 0 else state * self._directions
            shapes: dict[str, tuple] = {"weight_ih": (rows, width), "weight_hh": (rows, state)}
            if bias:
                shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
            if proj_size:
                shapes["weight_hr"] = (proj_size, hidden_size)
            for direction in ("", "_reverse")[: self._directions]:
                named = {f"{name}_l{layer}{direction}": shape for name, shape in shapes.items()}
                for name, shape in named.items():
                    setattr(self, name, Parameter(empty(*shape, device=device, dtype=dtype)))
                self._all_weights.append(list(named))
        self.reset_parameters()

    def _check_options(self, dropout: Any) -> None:
        if not isinstance(dropout, numbers.Number) or isinstance(dropout, bool) or not 0 <= self.dropout <= 1:
            raise ValueError(
                "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
            )
        if self.dropout > 0 and self.num_layers == 1:
            warnings.warn(
                "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects "
                f"num_layers greater than 1, but got dropout={dropout} and num_layers={self.num_layers}",
                stacklevel=4,
            )
        for name, kind in (("bias", bool), ("batch_first", bool), ("input_size", int), ("hidden_size", int)):
            value = getattr(self, name)
            if not isinstance(value, kind):
                raise TypeError(f"{name} should be of type {kind.__name__}, got: {type(value).__name__}")
        for name in ("input_size", "hidden_size", "num_layers"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be greater than zero")
        if self.proj_size < 0:
            raise ValueError("proj_size should be a positive integer or zero to disable projections")
        if self.proj_size >= self.hidden_size:
            raise ValueError("proj_size has to be smaller than hidden_size")
        if self.mode not in GATES:
            raise ValueError("Unrecognized RNN mode: " + self.mode)

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    @property
    def _flat_weights_names(self) -> list[str]:  # by which initializations walk over the weights
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self) -> list[Parameter]:
        return [getattr(self, name) for name in self._flat_weights_names]

    def reset_parameters(self) -> None:
        bound = 1.0 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing to do here; torch packs the weights for cuDNN."""

    # -- arguments of forward ----------------------------------------------------------------------------------------

    def check_input(self, input: Any, batch_sizes: Any) -> None:
        """The dtype and shape of a batch, packed if there are batch_sizes."""
        dtype = getattr(self, self._all_weights[0][0]).dtype
        if input.dtype is not dtype:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({dtype}). Convert input: "
                f"input.to({dtype}), or convert model: model.to({input.dtype})"
            )
        ndim = 3 if batch_sizes is None else 2
        if input.dim() != ndim:
            raise RuntimeError(f"input must have {ndim} dimensions, got {input.dim()}")
        if input.size(-1) != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.size(-1)}"
            )

    def get_expected_hidden_size(self, input: Any, batch_sizes: Any) -> tuple[int, int, int]:
        """(layers * directions, B, H), or P for H with projections."""
        if batch_sizes is not None:
            batch = int(batch_sizes[0])
        else:
            batch = input.size(0) if self.batch_first else input.size(1)
        return self.num_layers * self._directions, batch, self.proj_size or self.hidden_size

    def check_hidden_size(
        self, hx: Any, expected_hidden_size: tuple, msg: str = "Expected hidden size {}, got {}"
    ) -> None:
        """Raise `msg`, filled with the two shapes, if they differ."""
        if tuple(hx.shape) != tuple(expected_hidden_size):
            raise RuntimeError(msg.format(expected_hidden_size, list(hx.shape)))

    def check_forward_args(self, input: Any, hidden: Any, batch_sizes: Any) -> None:
        """All checks of input and initial state."""
        self.check_input(input, batch_sizes)
        self.check_hidden_size(hidden, self.get_expected_hidden_size(input, batch_sizes))

    def permute_hidden(self, hx: Any, permutation: Any) -> Any:
        """The states' sequences in another order."""
        return hx if permutation is None else hx.index_select(1, permutation)

    # what LSTM, with two states, does otherwise

    def _zeros(self, input: Any, batch_sizes: Any) -> Any:
        return zeros(*self.get_expected_hidden_size(input, batch_sizes), dtype=input.dtype, device=input.device)

    def _check_dims(self, hx: Any, batched: bool) -> None:
        n, kind = (3, "batched") if batched else (2, "unbatched")
        if hx.dim() != n:
            raise RuntimeError(f"For {kind} {n}-D input, hx should also be {n}-D but got {hx.dim()}-D tensor")

    def _each(self, fn: Any, hx: Any) -> Any:
        return fn(hx)

    def _compute(self, input: Any, hx: Any, batch_sizes: Any) -> tuple[Any, Any]:
        """(output, last state) of a batch whose arguments are in order."""
        weights = [w for layer in self.all_weights for w in layer]
        sizes = None if batch_sizes is None else batch_sizes.tolist()
        y, *states = getattr(F, self.mode.lower())(
            input, hx, weights, self.bias, self.num_layers, self.dropout, self.training, self.bidirectional,
            self.batch_first and sizes is None, sizes,
        )  # fmt: skip
        return y, states[0] if len(states) == 1 else tuple(states)

    def _run(self, input: Any, hx: Any) -> tuple[Any, Any]:
        """forward of all three classes: make a batch of whatever came, compute, give back in the same form."""
        if isinstance(input, PackedSequence):
            data, sizes, order, back = input
            hx = self._zeros(data, sizes) if hx is None else self.permute_hidden(hx, order)
            self.check_forward_args(data, hx, sizes)
            y, hidden = self._compute(data, hx, sizes)
            return PackedSequence(y, sizes, order, back), self.permute_hidden(hidden, back)
        if input.dim() not in (2, 3):
            raise ValueError(f"{self._get_name()}: Expected input to be 2D or 3D, got {input.dim()}D instead")
        batched, batch_dim = input.dim() == 3, 0 if self.batch_first else 1
        input = input if batched else input.unsqueeze(batch_dim)
        if hx is None:
            hx = self._zeros(input, None)
        else:
            self._check_dims(hx, batched)
            hx = hx if batched else self._each(lambda h: h.unsqueeze(1), hx)
        self.check_forward_args(input, hx, None)
        y, hidden = self._compute(input, hx, None)
        return (y, hidden) if batched else (y.squeeze(batch_dim), self._each(lambda h: h.squeeze(1), hidden))

    def extra_repr(self) -> str:
        s = f"{self.input_size}, {self.hidden_size}"
        defaults = {
            "proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False,
        }  # fmt: skip
        return s + "".join(f", {k}={getattr(self, k)}" for k, v in defaults.items() if getattr(self, k) != v)


class RNN(RNNBase):
    """Simple recurrence (Elman 1990), `output, h_n = rnn(input, h_0)`: h = tanh(W_ih x + b_ih + W_hh h + b_hh).

    RNN(input_size, hidden_size, num_layers=1, nonlinearity='tanh', bias=True, batch_first=False, dropout=0.0,
    bidirectional=False, device=None, dtype=None); nonlinearity 'tanh' or 'relu'.
    Shape: input (T, B, input_size), or (B, T, input_size) with batch_first, or (T, input_size), or a PackedSequence;
    output (T, B, directions * H) alike; h_0 (default: zeros) and h_n (num_layers * directions, B, H), without B for a
    single sequence. dropout acts between layers, in training.

    >>> from minitorch import nn, zeros
    >>> output, h_n = nn.RNN(3, 4, num_layers=2)(zeros(5, 2, 3))
    >>> output.shape, h_n.shape
    (torch.Size([5, 2, 4]), torch.Size([2, 2, 4]))
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse_projections(kwargs)
        if len(args) > 3:
            nonlinearity, args = args[3], args[:3] + args[4:]
        else:
            nonlinearity = kwargs.pop("nonlinearity", "tanh")
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__("RNN_" + nonlinearity.upper(), *args, **kwargs)
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        return self._run(input, hx)


class GRU(RNNBase):
    """Gated recurrent units (Cho et al. 2014), `output, h_n = gru(input, h_0)`. Shapes as RNN's.

    GRU(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False,
    device=None, dtype=None). r, z = sigmoid of W_ih x + b_ih + W_hh h + b_hh;
    n = tanh(W_in x + b_in + r (W_hn h + b_hn));  h = (1 - z) n + z h. The gates' order in the weights is r, z, n.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse_projections(kwargs)
        super().__init__("GRU", *args, **kwargs)

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        return self._run(input, hx)


def _refuse_projections(kwargs: dict) -> None:
    if "proj_size" in kwargs:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")


class LSTM(RNNBase):
    """Long short-term memory (Hochreiter and Schmidhuber 1997), `output, (h_n, c_n) = lstm(input, (h_0, c_0))`.

    LSTM(input_size, hidden_size, num_layers=1, bias=True, batch_first=False, dropout=0.0, bidirectional=False,
    proj_size=0, device=None, dtype=None).
    i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of W_ih x + b_ih + W_hh h + b_hh;
    c = f c + i g;  h = o tanh(c), with proj_size > 0 (Sak et al. 2014) h = W_hr (o tanh(c)).
    Shapes as RNN's; with proj_size, output and h have that size in place of H.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, tuple[Any, Any]]:
        return self._run(input, hx)

    def get_expected_cell_size(self, input: Any, batch_sizes: Any) -> tuple[int, int, int]:
        """(layers * directions, B, H)."""
        return *self.get_expected_hidden_size(input, batch_sizes)[:2], self.hidden_size

    def check_forward_args(self, input: Any, hidden: Any, batch_sizes: Any) -> None:
        self.check_input(input, batch_sizes)
        wanted = self.get_expected_hidden_size(input, batch_sizes), self.get_expected_cell_size(input, batch_sizes)
        for k in (0, 1):
            self.check_hidden_size(hidden[k], wanted[k], f"Expected hidden[{k}] size {{}}, got {{}}")

    def permute_hidden(self, hx: Any, permutation: Any) -> Any:
        return hx if permutation is None else self._each(lambda h: h.index_select(1, permutation), hx)

    def _zeros(self, input: Any, batch_sizes: Any) -> Any:
        h = super()._zeros(input, batch_sizes)
        return h, h if not self.proj_size else h.new_zeros(self.get_expected_cell_size(input, batch_sizes))

    def _check_dims(self, hx: Any, batched: bool) -> None:
        n, kind = (3, "batched") if batched else (2, "unbatched")
        if hx[0].dim() != n or hx[1].dim() != n:
            raise RuntimeError(
                f"For {kind} {n}-D input, hx and cx should also be {n}-D but got ({hx[0].dim()}-D, {hx[1].dim()}-D) "
                "tensors"
            )

    def _each(self, fn: Any, hx: Any) -> Any:
        return fn(hx[0]), fn(hx[1])


# -- one step --------------------------------------------------------------------------------------------------------


class RNNCellBase(Module):
    """Parameters of the cells: weight_ih (num_chunks * H, I), weight_hh (num_chunks * H, H), biases."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows, options = num_chunks * hidden_size, {"device": device, "dtype": dtype}
        self.weight_ih = Parameter(empty(rows, input_size, **options))
        self.weight_hh = Parameter(empty(rows, hidden_size, **options))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, Parameter(empty(rows, **options)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self) -> str:
        s = f"{self.input_size}, {self.hidden_size}" + ("" if self.bias is True else f", bias={self.bias}")
        nonlinearity = self.__dict__.get("nonlinearity", "tanh")
        return s if nonlinearity == "tanh" else f"{s}, nonlinearity={nonlinearity}"

    def _step(self, fn: Any, input: Any, states: tuple | None, count: int) -> tuple:
        """The next states: fn on a batch, which a single input becomes for the moment."""
        name = self._get_name()
        if input.dim() not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        for k, h in enumerate(states or ()):
            if h.dim() not in (1, 2):
                what = f"hx[{k}]" if count == 2 else "hidden"
                raise ValueError(f"{name}: Expected {what} to be 1D or 2D, got {h.dim()}D instead")
        batched = input.dim() == 2
        if not batched:
            input = input.unsqueeze(0)
            states = None if states is None else tuple(h.unsqueeze(0) for h in states)
        if states is None:
            states = (zeros(input.size(0), self.hidden_size, dtype=input.dtype, device=input.device),) * count
        hx: Any = states if count == 2 else states[0]
        found = fn(input, hx, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        found = found if count == 2 else (found,)
        return found if batched else tuple(h.squeeze(0) for h in found)


class RNNCell(RNNCellBase):
    """One step of RNN, h' = tanh (or relu) of W_ih x + b_ih + W_hh h + b_hh: `h = cell(input, h)`.

    Shape: input (B, input_size), h (B, hidden_size), or both without B; h is zeros by default.
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, nonlinearity: str = "tanh", device: Any = None,
        dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Any, hx: Any = None) -> Any:
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        fn = F.rnn_tanh_cell if self.nonlinearity == "tanh" else F.rnn_relu_cell
        return self._step(fn, input, None if hx is None else (hx,), 1)[0]


class LSTMCell(RNNCellBase):
    """One step of LSTM: `h, c = cell(input, (h, c))`. Shapes as RNNCell's.

    >>> from minitorch import nn, zeros
    >>> h, c = nn.LSTMCell(3, 4)(zeros(2, 3))
    >>> h.shape, c.shape
    (torch.Size([2, 4]), torch.Size([2, 4]))
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Any, hx: Any = None) -> tuple[Any, Any]:
        h, c = self._step(F.lstm_cell, input, hx, 2)
        return h, c


class GRUCell(RNNCellBase):
    """One step of GRU: `h = cell(input, h)`. Shapes as RNNCell's."""

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Any, hx: Any = None) -> Any:
        return self._step(F.gru_cell, input, None if hx is None else (hx,), 1)[0]
