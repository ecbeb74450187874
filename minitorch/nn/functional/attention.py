"""Attention: softmax(q k^T scale + mask) v, and the multi-head form with its projections; composed of operations."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import wrap
from minitorch.backend import dtypes, xp_of
from minitorch.errors import explain
from minitorch.nn.functional.dropout import dropout
from minitorch.nn.functional.linear import linear
from minitorch.nn.functional.spatial import need_tensor
from minitorch.nn.functional.vision_pad import pad
from minitorch.ops import attention as ops
from minitorch.ops.indexing import broadcast_shape
from minitorch.tensor import FUNCTIONS

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

__all__ = ["multi_head_attention_forward", "scaled_dot_product_attention"]

cat = FUNCTIONS["cat"]


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False,
) -> Tensor:  # fmt: skip
    """softmax(query key^T scale + mask) value.

    attn_mask: bool (True: attend) or numbers to add; broadcasts to (*, L, S). is_causal: position i sees only j <= i.
    scale: 1 / sqrt(E) by default. enable_gqa: groups of query heads share a key and value head. dropout_p is applied
    whenever it is not 0. A row that may attend to nothing gives 0.
    Shape: query (*, L, E), key (*, S, E), value (*, S, V) -> (*, L, V).

    >>> import minitorch as mt
    >>> q = mt.zeros(1, 2, 4)
    >>> mt.nn.functional.scaled_dot_product_attention(q, q, mt.tensor([[[1.0], [3.0]]]), is_causal=True)
    tensor([[[1.],
             [2.]]])
    """
    _check_attention(query, key, value, attn_mask, dropout_p)
    if is_causal and attn_mask is not None:
        raise RuntimeError(
            "scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True\n"
            "    hint  give one of them, or put both into attn_mask"
        )
    if enable_gqa:
        key, value = _repeat_heads(query, key, value)
    factor = 1 / math.sqrt(query._array.shape[-1]) if scale is None else scale
    return _attend(query, key, value, attn_mask, is_causal, factor, dropout_p)


def _attend(query: Any, key: Any, value: Any, mask: Any, is_causal: bool, factor: float, dropout_p: float) -> Tensor:
    """softmax(query key^T factor + mask) value: one op where nothing is dropped, broadcast or of half precision."""
    if mask is not None and mask._array.dtype.kind == "b":
        mask = _additive(mask, query)
    if dropout_p == 0 and _fusable(query._array, key._array, value._array, mask):
        return ops.attention(query, key, value, mask, scale=factor, is_causal=is_causal)
    weights = ops.masked_softmax((query * factor) @ key.transpose(-2, -1), mask, is_causal)
    return (dropout(weights, dropout_p, True) if dropout_p > 0 else weights) @ value


def _additive(mask: Any, like: Any) -> Any:
    """0 where a bool mask is True, else -inf."""
    xp, dtype = xp_of(mask._array), like._array.dtype
    return wrap(xp.where(mask._array, xp.asarray(0, dtype=dtype), xp.asarray(-math.inf, dtype=dtype)))


def _fusable(q: Any, k: Any, v: Any, mask: Any) -> bool:
    lead, L, S = q.shape[:-2], q.shape[-2], k.shape[-2]
    if q.dtype.char not in "fd" or not q.size or not v.size or k.shape != (*lead, S, q.shape[-1]):
        return False
    if v.shape[:-1] != (*lead, S):
        return False
    return mask is None or (
        mask._array.dtype == q.dtype
        and mask._array.ndim >= 2
        and broadcast_shape([mask._array.shape, (*lead, L, S)]) == (*lead, L, S)
    )


def _check_attention(query: Any, key: Any, value: Any, mask: Any, dropout_p: float) -> None:
    op = "scaled_dot_product_attention"
    for k, (name, t) in enumerate((("query", query), ("key", key), ("value", value)), 1):
        need_tensor(op, name, k, t)
    rows = [
        ("query", query._array.shape, "*, L, E"),
        ("key", key._array.shape, "*, S, E"),
        ("value", value._array.shape, "*, S, V"),
    ]
    if min(query._array.ndim, key._array.ndim, value._array.ndim) < 2:
        raise RuntimeError(explain(f"{op}: Expected query, key, and value to all be at least 2 dimensional", rows))
    kinds = [t.dtype for t in (query, key, value)]
    if len(set(kinds)) > 1:
        what = f"Expected query, key, and value to have the same dtype, but got {kinds[0]}, {kinds[1]} and {kinds[2]}"
        raise RuntimeError(explain(f"{op}: {what}", rows))
    if mask is not None and mask.dtype is not dtypes.bool_ and mask.dtype not in (kinds[0], dtypes.float32):
        what = (
            f"Expected attn_mask dtype to be bool or float or to match query dtype, but got {mask.dtype} for {kinds[0]}"
        )
        raise RuntimeError(explain(f"{op}: {what}", [*rows, ("attn_mask", mask._array.shape, "*, L, S")]))
    if not 0 <= dropout_p <= 1:
        raise RuntimeError(f"{op}: dropout probability has to be between 0 and 1, but got {dropout_p}")


def _repeat_heads(query: Any, key: Any, value: Any) -> tuple[Tensor, Tensor]:
    """Key and value heads repeated so that there is one for every query head."""
    heads = [t._array.shape[-3] for t in (query, key, value)]
    if heads[0] % heads[1] or heads[0] % heads[2]:
        what = (
            "Number of heads in key and value must divide the number of heads in query, but they "
            f"are {heads[1:]} and {heads[0]}"
        )
        raise RuntimeError(f"scaled_dot_product_attention: {what}")
    return key.repeat_interleave(heads[0] // heads[1], -3), value.repeat_interleave(heads[0] // heads[2], -3)


# -- several heads -----------------------------------------------------------------------------------------------------


def multi_head_attention_forward(
    query: Tensor, key: Tensor, value: Tensor, embed_dim_to_check: int, num_heads: int, in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None, bias_k: Tensor | None, bias_v: Tensor | None, add_zero_attn: bool, dropout_p: float,
    out_proj_weight: Tensor, out_proj_bias: Tensor | None, training: bool = True,
    key_padding_mask: Tensor | None = None, need_weights: bool = True, attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False, q_proj_weight: Tensor | None = None, k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None, static_k: Tensor | None = None, static_v: Tensor | None = None,
    average_attn_weights: bool = True, is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:  # fmt: skip
    """Attention in `num_heads` parts of the embedding, with projections before and after: (output, weights or None).

    Masks: bool (True: don't attend) or numbers to add. bias_k, bias_v: one more key and value; add_zero_attn: one of
    zeros. is_causal: a hint that attn_mask is causal; without need_weights and padding it takes the mask's place.
    average_attn_weights: the weights' mean over heads, (N, L, S), else (N, num_heads, L, S).
    Shape: query (L, N, E), key and value (S, N, E) -> (L, N, E); or all without N.

    >>> import minitorch as mt
    >>> x, w = mt.ones(3, 1, 2), mt.ones(6, 2)
    >>> F = mt.nn.functional
    >>> out, weights = F.multi_head_attention_forward(x, x, x, 2, 1, w, None, None, None, False, 0.0, mt.eye(2), None)
    >>> out.shape, weights.shape
    (torch.Size([3, 1, 2]), torch.Size([1, 3, 3]))
    """
    batched = _check_heads(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        query, key, value = query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, batch, size = query.shape
    _check_embedding(size, embed_dim_to_check, num_heads, key, value, use_separate_proj_weight)
    if is_causal and attn_mask is None:
        raise RuntimeError("multi_head_attention_forward: Need attn_mask if specifying the is_causal hint.")
    # torch then takes the hint at its word: it never reads the mask, and added keys are hidden as later ones are
    causal = is_causal and key_padding_mask is None and not need_weights
    attn_mask = None if causal else attn_mask
    weights = (q_proj_weight, k_proj_weight, v_proj_weight) if use_separate_proj_weight else in_proj_weight
    q, k, v = _projections(query, key, value, weights, in_proj_bias)
    mask = _mask3(additive_mask(attn_mask, "attn_mask", query.dtype), length, key.shape[0], batch * num_heads)
    padding = additive_mask(key_padding_mask, "key_padding_mask", query.dtype, attn_mask, "attn_mask")
    if (bias_k is None) != (bias_v is None):
        raise AssertionError("multi_head_attention_forward: bias_k and bias_v must both be given, or neither")
    if bias_k is not None and bias_v is not None:
        k, v = cat([k, bias_k.repeat(1, batch, 1)]), cat([v, bias_v.repeat(1, batch, 1)])
        mask, padding = _one_more(mask), _one_more(padding)
    q, k, v = _split_heads(q, k, v, static_k, static_v, batch * num_heads, size // num_heads)
    if add_zero_attn:
        k, v = cat([k, k.new_zeros(k.shape[0], 1, k.shape[2])], 1), cat([v, v.new_zeros(v.shape[0], 1, v.shape[2])], 1)
        mask, padding = _one_more(mask), _one_more(padding)
    mask = _merge(mask, padding, batch, num_heads, k.shape[1])
    factor, dropped = math.sqrt(1.0 / q.shape[-1]), dropout_p if training else 0.0
    if need_weights:  # a row that may attend to nothing then gives nan, as in torch
        scores = (q * factor) @ k.transpose(-2, -1)
        attention = (scores if mask is None else scores + mask).softmax(-1)
        attention = dropout(attention, dropped) if dropped > 0 else attention
        mixed = attention @ v
    else:
        mixed = _attend(q, k, v, mask, causal, factor, dropped)
    mixed = mixed.transpose(0, 1).reshape(length * batch, size)
    output = linear(mixed, out_proj_weight, out_proj_bias).reshape(length, batch, out_proj_weight.shape[0])
    shown = None
    if need_weights:
        shown = attention.reshape(batch, num_heads, length, k.shape[1])
        shown = shown.mean(1) if average_attn_weights else shown
    if batched:
        return output, shown
    return output.squeeze(1), None if shown is None else shown.squeeze(0)


def _projections(query: Any, key: Any, value: Any, weights: Any, bias: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Query, key and value projected: by one packed weight (3E, E), or by three."""
    if weights is None or (isinstance(weights, tuple) and None in weights):
        raise AssertionError(
            "multi_head_attention_forward: the projection weights must be given: in_proj_weight, or all of q, k and v"
        )
    if not isinstance(weights, tuple):
        if query is key and key is value:
            return tuple(linear(query, weights, bias).chunk(3, -1))  # type: ignore[return-value]
        weights = weights.chunk(3)
    biases = (None, None, None) if bias is None else bias.chunk(3)
    inputs = (query, key, value)
    return tuple(linear(t, w, b) for t, w, b in zip(inputs, weights, biases, strict=True))  # type: ignore[return-value]


def _split_heads(q: Any, k: Any, v: Any, static_k: Any, static_v: Any, rows: int, size: int) -> tuple:
    """(L, N, E) -> (N heads, L, E / heads) for each, or the static keys and values in place of the projected ones."""
    for name, t in (("static_k", static_k), ("static_v", static_v)):
        if t is not None and (t.shape[0], t.shape[2]) != (rows, size):
            what = f"expecting {name} of size ({rows}, S, {size}), but got {tuple(t.shape)}"
            raise AssertionError(f"multi_head_attention_forward: {what}")
    q, k, v = (t.reshape(t.shape[0], rows, size).transpose(0, 1) for t in (q, k, v))
    return q, k if static_k is None else static_k, v if static_v is None else static_v


def additive_mask(mask: Any, name: str, dtype: Any, other: Any = None, other_name: str = "") -> Any:
    """A mask as numbers to add: -inf where a bool one is True. Warns if the other mask has another dtype."""
    if mask is None:
        return None
    if mask.dtype is not dtypes.bool_ and not mask.is_floating_point():
        raise AssertionError(f"only bool and floating types of {name} are supported")
    if other is not None and mask.dtype is not other.dtype:
        what = f"Support for mismatched {name} and {other_name} is deprecated. Use same type for both instead."
        warnings.warn(what, stacklevel=3)
    if mask.dtype is dtypes.bool_:
        return mask.new_zeros(mask.shape, dtype=dtype).masked_fill(mask, -math.inf)
    return mask


def _mask3(mask: Any, length: int, source: int, rows: int) -> Any:
    """An attention mask as (1 or N heads, L, S)."""
    if mask is None:
        return None
    if mask.dim() not in (2, 3):
        raise RuntimeError(f"multi_head_attention_forward: attn_mask's dimension {mask.dim()} is not supported")
    want = (length, source) if mask.dim() == 2 else (rows, length, source)
    if tuple(mask.shape) != want:
        what = f"The shape of the {mask.dim()}D attn_mask is {tuple(mask.shape)}, but should be {want}."
        raise RuntimeError(f"multi_head_attention_forward: {what}")
    return mask.unsqueeze(0) if mask.dim() == 2 else mask


def _one_more(mask: Any) -> Any:
    """A mask for one more key, which everything may attend to."""
    return None if mask is None else pad(mask, (0, 1))


def _merge(mask: Any, padding: Any, batch: int, heads: int, source: int) -> Any:
    """The two masks as one (N heads, 1 or L, S)."""
    if padding is None:
        return mask
    if tuple(padding.shape) != (batch, source):
        what = f"key_padding_mask should have shape {(batch, source)}, but got {tuple(padding.shape)}"
        raise AssertionError(f"multi_head_attention_forward: {what}")
    padding = padding.reshape(batch, 1, 1, source).expand(-1, heads, -1, -1).reshape(batch * heads, 1, source)
    return padding if mask is None else mask + padding


def _check_heads(query: Any, key: Any, value: Any, padding: Any, mask: Any, heads: int) -> bool:
    """True for a batch, False for a single sequence; the other arguments must agree."""
    ndim = query.dim()
    if ndim not in (2, 3):
        what = f"query should be unbatched 2D or batched 3D tensor but received {ndim}-D query tensor"
        raise AssertionError(f"multi_head_attention_forward: {what}")
    if key.dim() != ndim or value.dim() != ndim:
        kind = "batched" if ndim == 3 else "unbatched"
        what = (
            f"For {kind} ({ndim}-D) `query`, expected `key` and `value` to be {ndim}-D but found "
            f"{key.dim()}-D and {value.dim()}-D"
        )
        raise AssertionError(f"multi_head_attention_forward: {what}")
    if padding is not None and padding.dim() != ndim - 1:
        what = f"expected `key_padding_mask` to be None or {ndim - 1}-D but found {padding.dim()}-D tensor instead"
        raise AssertionError(f"multi_head_attention_forward: {what}")
    if mask is not None and mask.dim() not in (2, 3):
        what = f"expected `attn_mask` to be None, 2-D or 3-D but found {mask.dim()}-D tensor instead"
        raise AssertionError(f"multi_head_attention_forward: {what}")
    return ndim == 3


def _check_embedding(size: int, wanted: int, heads: int, key: Any, value: Any, separate: bool) -> None:
    if size != wanted:
        raise AssertionError(
            f"multi_head_attention_forward: was expecting embedding dimension of {wanted}, but got {size}"
        )
    if size % heads:
        raise AssertionError(f"multi_head_attention_forward: embed_dim {size} not divisible by num_heads {heads}")
    k, v = tuple(key.shape), tuple(value.shape)
    if separate and k[:2] != v[:2]:
        what = f"key's sequence and batch dims {k[:2]} do not match value's {v[:2]}"
        raise AssertionError(f"multi_head_attention_forward: {what}")
    if not separate and k != v:
        raise AssertionError(f"multi_head_attention_forward: key shape {k} does not match value shape {v}")
