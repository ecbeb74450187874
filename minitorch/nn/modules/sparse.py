"""Tables of vectors, looked up by number: Embedding, and EmbeddingBag, which sums or averages what it finds."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.modes import no_grad
from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.nn.modules.module import Module
from minitorch.nn.parameter import Parameter
from minitorch.tensor.creation import empty

__all__ = ["Embedding", "EmbeddingBag"]


class _Table(Module):
    """The weight (num_embeddings, embedding_dim) and the settings that both layers have."""

    def _setup(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None, sparse: bool, given: Any, freeze: bool,
        device: Any, dtype: Any,
    ) -> None:  # fmt: skip
        if sparse:
            raise NotImplementedError(
                f"{type(self).__name__}: sparse=True is not supported, gradients are dense here\n"
                "    hint  leave it out: the gradient has the same values"
            )
        if padding_idx is not None and not -num_embeddings <= padding_idx < max(num_embeddings, 1):
            raise AssertionError(
                f"{type(self).__name__}: Padding_idx must be within num_embeddings, {padding_idx} is not in "
                f"[{-num_embeddings}, {num_embeddings})"
            )
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = padding_idx if padding_idx is None or padding_idx >= 0 else padding_idx + num_embeddings
        self.sparse = sparse
        if given is None:
            table = empty(num_embeddings, embedding_dim, device=device, dtype=dtype)
            self.weight = Parameter(table, requires_grad=not freeze)
            self.reset_parameters()
            return
        if tuple(given.shape) != (num_embeddings, embedding_dim):
            raise AssertionError("Shape of weight does not match num_embeddings and embedding_dim")
        self.weight = Parameter(given, requires_grad=not freeze)

    def reset_parameters(self) -> None:
        """Standard normal numbers, and zeros in the row of padding_idx."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)

    def _changed(self) -> str:
        """The sizes, and what differs from the defaults."""
        s = f"{self.num_embeddings}, {self.embedding_dim}"
        defaults = {"max_norm": None, "norm_type": 2, "scale_grad_by_freq": False}
        return s + "".join(f", {k}={getattr(self, k)}" for k, v in defaults.items() if getattr(self, k) != v)


def _check_pretrained(embeddings: Any) -> tuple[int, int]:
    if embeddings.dim() != 2:
        raise AssertionError("Embeddings parameter is expected to be 2-dimensional")
    return tuple(embeddings.shape)


class Embedding(_Table):
    """The rows of `weight` that the input numbers.

    padding_idx: a row that starts as zeros and takes no gradient. max_norm, norm_type: longer rows are scaled to
    max_norm, in place, when they are looked up. scale_grad_by_freq: divide a row's gradient by how often it came in.
    sparse=True raises: gradients are dense here.
    Shape: input (*) of integers -> (*, embedding_dim); weight (num_embeddings, embedding_dim), standard normal.

    >>> from minitorch import nn, tensor
    >>> nn.Embedding(10, 3)(tensor([[1, 2, 4, 5]])).shape
    torch.Size([1, 4, 3])
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, max_norm: float | None = None,
        norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False, _weight: Any = None,
        _freeze: bool = False, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        self._setup(num_embeddings, embedding_dim, padding_idx, sparse, _weight, _freeze, device, dtype)

    def forward(self, input: Any) -> Any:
        return F.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse
        )

    def extra_repr(self) -> str:
        sizes = f"{self.num_embeddings}, {self.embedding_dim}"
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return sizes + padding + self._changed()[len(sizes) :]

    @classmethod
    def from_pretrained(
        cls, embeddings: Any, freeze: bool = True, padding_idx: int | None = None, max_norm: float | None = None,
        norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False,
    ) -> Embedding:  # fmt: skip
        """An Embedding with the given table (V, D), which it shares; `freeze`: it does not learn."""
        rows, size = _check_pretrained(embeddings)
        return cls(
            rows, size, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse, _weight=embeddings, _freeze=freeze
        )


class EmbeddingBag(_Table):
    """Sums, means or maxima of bags of embeddings, without making the table of all of them.

    mode: "mean", "sum" or "max". padding_idx: rows that are left out of the bags. include_last_offset: the last offset
    is the length of the input. The others are as in `Embedding`.
    Shape: input (n) with offsets (B), where the bags start, or input (B, n); per_sample_weights (mode "sum") as input;
    output (B, embedding_dim).

    >>> from minitorch import nn, tensor
    >>> nn.EmbeddingBag(10, 3, mode="sum")(tensor([1, 2, 4, 5, 4]), tensor([0, 3])).shape
    torch.Size([2, 3])
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, max_norm: float | None = None, norm_type: float = 2.0,
        scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, _weight: Any = None,
        include_last_offset: bool = False, padding_idx: int | None = None, device: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        self._setup(num_embeddings, embedding_dim, padding_idx, sparse, _weight, False, device, dtype)
        self.mode = mode
        self.include_last_offset = include_last_offset

    def forward(self, input: Any, offsets: Any = None, per_sample_weights: Any = None) -> Any:
        return F.embedding_bag(
            input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.mode, self.sparse,
            per_sample_weights, self.include_last_offset, self.padding_idx,
        )  # fmt: skip

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return self._changed() + f", mode={self.mode!r}" + padding

    @classmethod
    def from_pretrained(
        cls, embeddings: Any, freeze: bool = True, max_norm: float | None = None, norm_type: float = 2.0,
        scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> EmbeddingBag:  # fmt: skip
        """An EmbeddingBag with the given table (V, D), which it shares; `freeze`: it does not learn."""
        rows, size = _check_pretrained(embeddings)
        bag = cls(
            rows, size, max_norm, norm_type, scale_grad_by_freq, mode, sparse, embeddings, include_last_offset,
            padding_idx,
        )  # fmt: skip
        bag.weight.requires_grad_(not freeze)
        return bag
