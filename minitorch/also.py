"""Functions that torch has a second time in its main namespace: layers' functions, in-place twins, older forms.

They take what torch's take, by position too. Imported when the first of them is named.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch import linalg
from minitorch.autograd.anomaly import is_anomaly_enabled
from minitorch.errors import wrap_dim
from minitorch.nn import functional as F
from minitorch.tensor import FUNCTIONS as _TENSOR
from minitorch.tensor import Tensor
from minitorch.tensor.binding import function
from minitorch.tensor.creation import contiguous_format
from minitorch.tensor.out import write_out

_SAME = (
    "adaptive_avg_pool1d avg_pool1d bilinear channel_shuffle conv1d conv2d conv3d conv_transpose1d conv_transpose2d "
    "conv_transpose3d cosine_similarity max_pool1d max_pool2d max_pool3d pairwise_distance pdist pixel_shuffle "
    "pixel_unshuffle rms_norm"
)
_TWINS = (
    "abs acos acosh addmv arccos arccosh arcsin arcsinh arctan arctanh asin asinh atan atanh ceil clamp clamp_max "
    "clamp_min clip conj_physical cos cosh deg2rad detach erf erfc exp exp2 expm1 fix floor frac gcd i0 lcm ldexp log "
    "log10 log1p log2 logit nan_to_num neg negative rad2deg reciprocal round rsqrt sigmoid sin sinc sinh sqrt square "
    "tan tanh trunc xlogy"
)
_VIEWS = (
    "alias as_strided detach diagonal expand permute select slice split split_with_sizes squeeze t transpose unbind "
    "unfold unsqueeze view view_as_complex view_as_real"
)


def batch_norm(
    input: Tensor, weight: Any, bias: Any, running_mean: Any, running_var: Any, training: bool, momentum: float,
    eps: float, cudnn_enabled: bool,
) -> Tensor:  # fmt: skip
    """nn.functional.batch_norm with the arguments in another order."""
    return F.batch_norm(input, running_mean, running_var, weight, bias, training, momentum, eps)


def instance_norm(
    input: Tensor, weight: Any, bias: Any, running_mean: Any, running_var: Any, use_input_stats: bool, momentum: float,
    eps: float, cudnn_enabled: bool,
) -> Tensor:  # fmt: skip
    """nn.functional.instance_norm with the arguments in another order."""
    return F.instance_norm(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)


def layer_norm(
    input: Tensor, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Tensor:  # fmt: skip
    """nn.functional.layer_norm."""
    return F.layer_norm(input, normalized_shape, weight, bias, eps)


def group_norm(
    input: Tensor, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5, cudnn_enabled: bool = True
) -> Tensor:
    """nn.functional.group_norm."""
    return F.group_norm(input, num_groups, weight, bias, eps)


def embedding(
    weight: Tensor, indices: Tensor, padding_idx: int = -1, scale_grad_by_freq: bool = False, sparse: bool = False
) -> Tensor:
    """nn.functional.embedding with the table first; padding_idx -1 is none."""
    padding = None if padding_idx == -1 else padding_idx
    return F.embedding(indices, weight, padding, None, 2.0, scale_grad_by_freq, sparse)


def constant_pad_nd(input: Tensor, pad: Any, value: Any = 0) -> Tensor:
    """nn.functional.pad in constant mode."""
    return F.pad(input, pad, "constant", value)


def adaptive_max_pool1d(input: Tensor, output_size: Any) -> tuple:
    """(values, indices) of nn.functional.adaptive_max_pool1d."""
    return F.adaptive_max_pool1d(input, output_size, return_indices=True)


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The matrix of powers of a vector's elements, from the highest down unless `increasing`.

    >>> import minitorch as mt
    >>> mt.vander(mt.tensor([2, 3]), N=3)
    tensor([[4, 2, 1],
            [9, 3, 1]])
    """
    powers = linalg.vander(x, N=N)
    return powers if increasing else powers.flip(-1)


def set_flush_denormal(mode: bool) -> bool:
    """False: denormal numbers stay as they are."""
    return False


def _assert(condition: Any, message: str) -> None:
    """assert, as a function: what models written for a tracer call."""
    if not condition:
        raise AssertionError(message)


def _trained(name: str) -> Callable:
    """`name(input, p, train)`, the form of nn.functional's dropouts."""
    call = getattr(F, {"feature_dropout": "dropout2d"}.get(name, name))

    def dropout(input: Tensor, p: float, train: bool) -> Tensor:
        return call(input, p, train)

    dropout.__name__ = dropout.__qualname__ = name
    dropout.__doc__ = call.__doc__
    return dropout


def _copying(view: str) -> Callable:
    """`<view>_copy(input, ..., out=None)`: what `view` gives, in memory of its own."""
    name = f"{view}_copy"
    call = {"alias": lambda t: t, "slice": _slice}.get(view) or getattr(Tensor, view, None) or _TENSOR[view]

    def copying(input: Tensor, *args: Any, out: Any = None, **kwargs: Any) -> Any:
        found = call(input, *args, **kwargs)
        several = isinstance(found, (tuple, list))
        copies = tuple(t.clone(memory_format=contiguous_format) for t in (found if several else (found,)))
        result = copies if several else copies[0]
        if out is None:
            return result
        written = write_out(name, out, result, (input,))
        return None if several else written

    copying.__name__ = copying.__qualname__ = name
    copying.__doc__ = f"`{view}`, copied."
    return copying


def _slice(input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Tensor:
    if not input.dim():
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    if step <= 0:
        raise RuntimeError("slice step must be positive")
    return input[(slice(None),) * wrap_dim(dim, input.dim(), "slice_copy") + (slice(start, end, step),)]


_WRITTEN = (
    batch_norm, instance_norm, layer_norm, group_norm, embedding, constant_pad_nd, adaptive_max_pool1d, vander,
    set_flush_denormal, is_anomaly_enabled, _assert,
)  # fmt: skip
FUNCTIONS: dict[str, Callable] = {
    **{name: getattr(F, name) for name in _SAME.split()},
    **{f"{name}_": function(getattr(Tensor, f"{name}_"), f"{name}_") for name in _TWINS.split()},
    **{name: function(getattr(Tensor, name)) for name in ("detach", "is_conj", "is_neg", "nonzero_static", "lu")},
    **{name: _trained(name) for name in ("dropout", "alpha_dropout", "feature_dropout", "feature_alpha_dropout")},
    **{made.__name__: made for made in _WRITTEN},
    **{f"{view}_copy": _copying(view) for view in _VIEWS.split()},
}
