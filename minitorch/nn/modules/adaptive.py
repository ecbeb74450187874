"""Losses that own the layer before them: an adaptive softmax, and cross entropy with its linear layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from minitorch.backend import dtypes
from minitorch.nn import functional as F
from minitorch.nn.modules.container import ModuleList, Sequential
from minitorch.nn.modules.linear import Linear
from minitorch.nn.modules.loss import _WeightedLoss
from minitorch.nn.modules.module import Module

__all__ = ["AdaptiveLogSoftmaxWithLoss", "LinearCrossEntropyLoss", "LinearCrossEntropyOptions"]


class _ASMoutput(NamedTuple):
    output: Any  # the log-probability of each target
    loss: Any  # minus their mean


class AdaptiveLogSoftmaxWithLoss(Module):
    """Softmax over very many classes, cheap because rare ones are in clusters (Grave et al. 2016).

    The `head` decides between the first cutoffs[0] classes and the clusters; cluster i holds the classes from
    cutoffs[i] on and is reached through in_features // div_value**(i + 1) features. Classes must be sorted by
    frequency, the most frequent first.
    Shape: input (N, in_features) and target (N), or (in_features) and (). Gives (output, loss): the log-probability of
    each target, and minus their mean.

    >>> from minitorch import nn, tensor, zeros
    >>> layer = nn.AdaptiveLogSoftmaxWithLoss(16, 10, cutoffs=[2, 5])
    >>> layer(zeros(3, 16), tensor([0, 4, 9])).output
    tensor([-1.3863, -2.4849, -2.9957], grad_fn=<AddBackward0>)
    """

    def __init__(
        self, in_features: int, n_classes: int, cutoffs: Sequence[int], div_value: float = 4.0, head_bias: bool = False,
        device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        bounds = [0, *cutoffs, n_classes]
        if any(a >= b for a, b in pairwise(bounds)) or any(int(c) != c for c in cutoffs):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each "
                "value is between 1 and n_classes-1"
            )
        self.in_features, self.n_classes, self.cutoffs = in_features, n_classes, bounds[1:]
        self.div_value, self.head_bias = div_value, head_bias
        self.shortlist_size, self.n_clusters = cutoffs[0], len(cutoffs)
        self.head_size = self.shortlist_size + self.n_clusters
        there = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **there)
        self.tail: Any = ModuleList()
        for i, (low, high) in enumerate(pairwise(self.cutoffs)):
            width = int(in_features // div_value ** (i + 1))
            down = Linear(in_features, width, bias=False, **there)
            self.tail.append(Sequential(down, Linear(width, high - low, bias=False, **there)))

    def reset_parameters(self) -> None:
        self.head.reset_parameters()
        for first, second in self.tail:
            first.reset_parameters()
            second.reset_parameters()

    def forward(self, input_: Any, target_: Any) -> _ASMoutput:
        if self._check(input_, target_):
            return self._of_batch(input_, target_)
        output, loss = self._of_batch(input_.unsqueeze(0), target_.unsqueeze(0))
        return _ASMoutput(output.squeeze(0), loss)

    def _check(self, input: Any, target: Any) -> bool:
        """Whether it is a batch."""
        if target.dim() > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        if target.dim() == 1 and input.shape[:1] != target.shape:
            raise RuntimeError("Input and target should have the same size in the batch dimension.")
        if input.dim() != target.dim() + 1:
            raise RuntimeError(
                f"{target.dim()}D target tensor expects {target.dim() + 1}D input tensors, but found inputs with size "
                f"{input.size()}"
            )
        if target.numel() and not 0 <= int(target.min()) <= int(target.max()) < self.n_classes:
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range [{target.min().item()}, "
                f"{target.max().item()}] were found."
            )
        return target.dim() == 1

    def _of_batch(self, input: Any, target: Any) -> _ASMoutput:
        column, inside = target.clone(), input.new_zeros(target.shape[0])  # where in the head; log p within the cluster
        for i, (low, high) in enumerate(pairwise(self.cutoffs)):
            rows = ((target >= low) & (target < high)).nonzero().squeeze(1)
            if rows.numel():
                column.index_fill_(0, rows, self.shortlist_size + i)
                logs = F.log_softmax(self.tail[i](input.index_select(0, rows)), dim=1)
                found = logs.gather(1, (target[rows] - low).unsqueeze(1)).squeeze(1)
                inside = inside.index_copy(0, rows, found)
        head = F.log_softmax(self.head(input), dim=1)
        output = inside + head.gather(1, column.unsqueeze(1)).squeeze(1)
        return _ASMoutput(output, (-output).mean())

    def log_prob(self, input: Any) -> Any:
        """The log-probabilities of all classes: (N, in_features) -> (N, n_classes)."""
        head = F.log_softmax(self.head(input), dim=1)
        out = input.new_empty(head.shape[0], self.n_classes)
        out[:, : self.shortlist_size] = head[:, : self.shortlist_size]
        for i, (low, high) in enumerate(pairwise(self.cutoffs)):
            out[:, low:high] = F.log_softmax(self.tail[i](input), dim=1) + head[:, self.shortlist_size + i].unsqueeze(1)
        return out

    def predict(self, input: Any) -> Any:
        """The class of each row: (N, in_features) -> (N). Clusters are looked into only where the head says so.

        That makes it the head's choice between clusters and frequent classes, and then the most likely of all classes.
        """
        output = self.head(input).argmax(dim=1)
        deeper = output >= self.shortlist_size
        if deeper.any():
            output[deeper] = self.log_prob(input[deeper]).argmax(dim=1)
        return output


@dataclass(slots=True, frozen=True)
class LinearCrossEntropyOptions:
    """How torch cuts a LinearCrossEntropyLoss into pieces to save memory. Checked and kept, but without effect here.

    The loss is the same either way, up to rounding.
    """

    allow_retain_graph: bool = False
    batch_chunk_size: int | None = None
    chunking_method: str | None = "auto"
    acc_policy: str = "auto"
    acc_dtype: Any = None

    def __post_init__(self) -> None:
        if self.acc_policy not in ("auto", "accurate", "balanced", "compact"):
            raise ValueError(f"invalid acc_policy: {self.acc_policy!r}")
        name, _, factor = (self.chunking_method or "auto").partition(":")
        scaled = name == "aspect_ratio" and (factor or "1").isdigit() and int(factor or 1) > 0
        if not (scaled or self.chunking_method in ("auto", None)):
            raise ValueError(f"invalid chunking_method: {self.chunking_method!r}")
        size = self.batch_chunk_size
        if not (size is None or (isinstance(size, int) and size > 0)):
            raise ValueError(f"batch_chunk_size must be positive int or None, got {size!r}")
        if self.acc_dtype not in (None, dtypes.float16, dtypes.bfloat16, dtypes.float32, dtypes.float64):
            raise ValueError(
                "acc_dtype must be one of {None, torch.float16, torch.bfloat16, torch.float32, torch.float64}, got "
                f"{self.acc_dtype!r}. Pass acc_dtype=None to let the op pick automatically."
            )


class LinearCrossEntropyLoss(_WeightedLoss):
    """CrossEntropyLoss of a linear layer's output; the layer is part of it, as `linear`.

    out_features: sizes d1, ... of further dimensions, each with its own scores of the classes.
    Shape: input (N, in_features) or (in_features), target (N, d1, ...) of class numbers, or (N, C, d1, ...) of
    probabilities. The other arguments are those of `nn.functional.linear_cross_entropy`.
    """

    def __init__(
        self, in_features: int, num_classes: int, *, out_features: tuple[int, ...] = (), bias: bool = False,
        device: Any = None, dtype: Any = None, reduction: str = "mean", weight: Any = None,
        ignore_index: int | None = None, label_smoothing: float = 0.0, options: LinearCrossEntropyOptions | None = None,
    ) -> None:  # fmt: skip
        if weight is not None and weight.shape != (num_classes,):
            raise RuntimeError(f"expected weight shape to be {(num_classes,)}, got {tuple(weight.shape)}")
        if not 0 <= label_smoothing <= 1:
            raise RuntimeError(f"expected label_smoothing to be in range [0, 1], got {label_smoothing}")
        super().__init__(weight, None, None, reduction)
        self.num_classes, self.out_features = num_classes, out_features
        self.ignore_index, self.label_smoothing, self.options = ignore_index, label_smoothing, options
        rows = num_classes * math.prod(out_features)
        self.linear = Linear(in_features, rows, bias=bias, device=device, dtype=dtype)

    def forward(self, input: Any, target: Any) -> Any:
        shape, bias = (self.num_classes, *self.out_features), self.linear.bias
        return F.linear_cross_entropy(
            input, self.linear.weight.reshape(*shape, self.linear.in_features), target,
            linear_bias=None if bias is None else bias.reshape(shape), weight=self.weight, reduction=self.reduction,
            ignore_index=self.ignore_index, label_smoothing=self.label_smoothing, options=self.options,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, out_features={self.out_features}, "
            f"bias={self.linear.bias is not None}, reduction={self.reduction}, ignore_index={self.ignore_index}, "
            f"label_smoothing={self.label_smoothing}, options={self.options}"
        )
