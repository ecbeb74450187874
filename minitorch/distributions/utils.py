"""What distributions share: broadcasting of parameters, probabilities and logits, properties computed once."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.modes import enable_grad
from minitorch.backend import dtypes
from minitorch.nn.functional import softmax
from minitorch.tensor import FUNCTIONS
from minitorch.tensor.convert import tensor
from minitorch.tensor.creation import empty

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

__all__ = [
    "broadcast_all", "clamp_probs", "euler_constant", "lazy_property", "logits_to_probs", "probs_to_logits",
    "tril_matrix_to_vec", "vec_to_tril_matrix",
]  # fmt: skip

euler_constant = 0.57721566490153286060

broadcast_tensors, stack, where = FUNCTIONS["broadcast_tensors"], FUNCTIONS["stack"], FUNCTIONS["where"]
arange, rand = FUNCTIONS["arange"], FUNCTIONS["rand"]


def broadcast_all(*values: Any) -> tuple[Tensor, ...]:
    """Numbers and tensors as tensors of one shape; numbers take the dtype and device of the first tensor.

    >>> import minitorch as mt
    >>> mt.distributions.utils.broadcast_all(mt.tensor([1.0, 2.0]), 3)
    (tensor([1., 2.]), tensor([3., 3.]))
    """
    if not all(isinstance(v, (TensorBase, int, float)) for v in values):
        raise ValueError("Input arguments must all be instances of Number, torch.Tensor")
    first = next((v for v in values if isinstance(v, TensorBase)), None)
    options: Any = {"dtype": dtypes.get_default_dtype()} if first is None else like(first)
    return tuple(broadcast_tensors(*(v if isinstance(v, TensorBase) else tensor(v, **options) for v in values)))


def like(t: Any) -> dict[str, Any]:
    """dtype and device of `t`, for a factory."""
    return {"dtype": t.dtype, "device": t.device}


def standard_normal(shape: Any, t: Any) -> Any:
    """Normals of the given shape, with the dtype and device of `t`."""
    return empty(shape, **like(t)).normal_()


def sum_rightmost(value: Any, dims: int) -> Any:
    """Sum over the last `dims` dims."""
    return value if dims == 0 else value.reshape(value.shape[:-dims] + (-1,)).sum(-1)


def one_of(probs: Any, logits: Any) -> str:
    """Which of the two parameters was given; ValueError unless exactly one was."""
    if (probs is None) == (logits is None):
        raise ValueError("Either `probs` or `logits` must be specified, but not both.")
    return "probs" if logits is None else "logits"


def logits_to_probs(logits: Any, is_binary: bool = False) -> Any:
    """sigmoid for log-odds, softmax over the last dim for log-probabilities that may lack their constant."""
    return logits.sigmoid() if is_binary else softmax(logits, dim=-1)


def clamp_probs(probs: Any) -> Any:
    """Into [eps, 1 - eps], so that logarithms are finite."""
    eps = dtypes.finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def probs_to_logits(probs: Any, is_binary: bool = False) -> Any:
    """log(p / (1-p)) or log p, with p clamped off 0 and 1."""
    inside = clamp_probs(probs)
    return inside.log() - (-inside).log1p() if is_binary else inside.log()


class lazy_property:
    """A property that is computed when first read, with gradients on, and is an attribute from then on."""

    def __init__(self, compute: Callable[[Any], Any]) -> None:
        self.compute = compute
        functools.update_wrapper(self, compute)  # type: ignore[arg-type]

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        with enable_grad():
            value = self.compute(instance)
        instance.__dict__[self.compute.__name__] = value
        return value


def tril_matrix_to_vec(mat: Any, diag: int = 0) -> Any:
    """The entries of (batches of) square matrices on and below diagonal `diag`, row by row."""
    n = mat.shape[-1]
    if not -n <= diag < n:
        raise ValueError(f"diag ({diag}) provided is outside [{-n}, {n - 1}].")
    return mat[..., _below(n, diag, mat.device)]


def vec_to_tril_matrix(vec: Any, diag: int = 0) -> Any:
    """The inverse of `tril_matrix_to_vec`; zeros above the diagonal."""
    # entries of an n x n matrix: n(n+1)/2 + n diag - |diag|(diag+1)/2, solved for n
    size = vec.shape[-1]
    odd = 1 + 2 * diag
    n = (-odd + math.sqrt(odd * odd + 8 * size + 4 * abs(diag) * (diag + 1))) / 2
    if round(n) - n > dtypes.finfo(vec.dtype).eps:
        raise ValueError(
            f"The size of last dimension is {size} which cannot be expressed as "
            "the lower triangular part of a square D x D matrix."
        )
    side = round(n)
    mat = vec.new_zeros(vec.shape[:-1] + (side, side))
    mat[..., _below(side, diag, vec.device)] = vec
    return mat


def _below(n: int, diag: int, device: Any) -> Any:
    place = arange(n, device=device)
    return place < place.view(-1, 1) + (diag + 1)
