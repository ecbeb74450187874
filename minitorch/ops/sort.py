"""Order: sorting, the k-th and the greatest elements, medians, the most frequent value. A nan counts as the greatest.

All of them choose elements along one dimension, so their gradients go back to where the elements came from.
"""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import xp_of
from minitorch.ops.along import mesh, place
from minitorch.ops.kinds import matching, widened
from minitorch.ops.reduce import select_grad, spread_over_ties


def _alone(x: Any) -> tuple:
    """(values, indices) of a 0-d tensor, which is its own only element."""
    return x.copy(), xp_of(x).zeros((), dtype="int64")


def _order(x: Any, dim: int, descending: bool) -> Any:
    """The stable sorting permutation. Descending: the reverse of the ascending one of the reversed elements.

    Half precision is ordered as float32: NumPy would leave bfloat16's nan anywhere.
    """
    x = widened(x)
    if not descending:
        return x.argsort(axis=dim, kind="stable")
    back = (slice(None),) * dim + (slice(None, None, -1),)
    return (x.shape[dim] - 1) - x[back].argsort(axis=dim, kind="stable")[back]


@op(outputs=2)
def sort(x: Any, *, dim: int, descending: bool = False) -> tuple:
    """(values, indices); equal elements keep their order, whatever `stable` says."""
    if x.ndim == 0:
        return _alone(x)
    index = _order(x, dim, descending)
    return x[mesh(index, dim)], index


@sort.vjp("x")
def _(g: Any, out1: Any, x_shape: tuple, dim: int) -> Any:
    return place(g[0], out1, dim=dim, size=x_shape[dim]) if x_shape else g[0]


@op
def argsort(x: Any, *, dim: int, descending: bool = False) -> Any:
    return _order(x, dim, descending) if x.ndim else xp_of(x).zeros((), dtype="int64")


@op(outputs=2)
def topk(x: Any, *, k: int, dim: int, largest: bool = True) -> tuple:
    """(values, indices) of the k greatest or least elements, in order."""
    if x.ndim == 0:
        return _alone(x)
    xp, n = xp_of(x), x.shape[dim]
    before = (slice(None),) * dim
    if k == 0 or 4 * k >= n:
        index = _order(x, dim, largest)[(*before, slice(0, k))]
        return x[mesh(index, dim)], index
    part = xp.argpartition(widened(x), n - k if largest else k - 1, axis=dim)
    part = part[(*before, slice(n - k, None) if largest else slice(0, k))]
    part.sort(axis=dim)  # so that equal elements come in their order
    values = x[mesh(part, dim)]
    order = mesh(_order(values, dim, largest), dim)
    return values[order], part[order]


@topk.vjp("x")
def _(g: Any, out1: Any, x_shape: tuple, dim: int) -> Any:
    return place(g[0], out1, dim=dim, size=x_shape[dim]) if x_shape else g[0]


def _chosen(x: Any, index: Any, dim: int, keepdim: bool) -> tuple:
    """(values, indices) at `index`, which has length one along `dim`."""
    values = x[mesh(index, dim)]
    return (values, index) if keepdim else (values.squeeze(dim), index.squeeze(dim))


def _kth(x: Any, k: int, dim: int) -> Any:
    """Index of the k-th smallest element (k from 0), with length one along `dim`: the first of equal ones."""
    xp, x = xp_of(x), widened(x)
    at = (slice(None),) * dim + (slice(k, k + 1),)
    values = xp.sort(x, axis=dim)[at]
    return xp.expand_dims(((x == values) | ((x != x) & (values != values))).argmax(axis=dim), dim)


def _selected(g: Any, out1: Any, x_shape: tuple, dim: int, keepdim: bool) -> Any:
    return select_grad(g[0], out1, x_shape, dim, keepdim)


@op(outputs=2)
def kthvalue(x: Any, *, k: int, dim: int, keepdim: bool = False) -> tuple:
    """(value, index) of the k-th smallest element, k from 1."""
    return _chosen(x, _kth(x, k - 1, dim), dim, keepdim) if x.ndim else _alone(x)


@op(outputs=2, node="MedianBackward1")
def median(x: Any, *, dim: int, keepdim: bool = False) -> tuple:
    """(value, index) of the lower median; of a row with a nan, its first nan."""
    if x.ndim == 0:
        return _alone(x)
    xp = xp_of(x)
    index = _kth(x, (x.shape[dim] - 1) // 2, dim)
    nan = x != x
    index = xp.where(nan.any(axis=dim, keepdims=True), xp.expand_dims(nan.argmax(axis=dim), dim), index)
    return _chosen(x, index, dim, keepdim)


@op(outputs=2, node="NanmedianBackward1")
def nanmedian(x: Any, *, dim: int, keepdim: bool = False) -> tuple:
    """(value, index) of the lower median of the elements that are not nan."""
    if x.ndim == 0:
        return _alone(x)
    xp = xp_of(x)
    order = _order(x, dim, False)
    numbers = (x == x).sum(axis=dim, keepdims=True)
    rank = xp.maximum(numbers - 1, 0) // 2
    return _chosen(x, order[mesh(rank, dim)], dim, keepdim)


@op(outputs=2)
def mode(x: Any, *, dim: int, keepdim: bool = False) -> tuple:
    """(value, index) of the most frequent element, the least of those; the index is its last place."""
    if x.ndim == 0:
        return _alone(x)
    xp, n = xp_of(x), x.shape[dim]
    order = _order(x, dim, False)
    ranked = x[mesh(order, dim)]
    run = xp.ones(x.shape, dtype="int64")  # length of the run of equal elements that ends here
    before = (slice(None),) * dim
    for i in range(1, n):
        same = ranked[(*before, i)] == ranked[(*before, i - 1)]
        run[(*before, i)] += xp.where(same, run[(*before, i - 1)], 0)
    best = xp.expand_dims(run.argmax(axis=dim), dim)
    return _chosen(x, order[mesh(best, dim)], dim, keepdim)


for _op in (kthvalue, median, nanmedian, mode):
    _op.vjp("x")(_selected)


@op(node="MedianBackward0")
def median_all(x: Any) -> Any:
    """The lower median of all elements; nan if one is nan, or if there are none."""
    xp = xp_of(x)
    if not x.size:
        return _no_median(x)
    ranked = xp.sort(widened(x).reshape(-1))
    last = ranked[-1]
    return matching(x, xp.where(last != last, last, ranked[(x.size - 1) // 2]))


@op(node="NanmedianBackward0")
def nanmedian_all(x: Any) -> Any:
    """The lower median of the elements that are not nan."""
    if not x.size:
        return _no_median(x)
    ranked = xp_of(x).sort(widened(x).reshape(-1))
    numbers = int((ranked == ranked).sum())
    return matching(x, ranked[max(numbers - 1, 0) // 2])


def _no_median(x: Any) -> Any:
    """What torch gives for no elements: nan, or the least integer."""
    xp = xp_of(x)
    return xp.full((), float("nan") if x.dtype.kind not in "iu" else xp.iinfo(x.dtype).min, dtype=x.dtype)


median_all.vjp("x")(spread_over_ties)
nanmedian_all.vjp("x")(spread_over_ties)
