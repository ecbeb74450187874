"""Masks: filling, selecting and scattering where a boolean tensor is true."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.autograd.views import writes
from minitorch.backend import xp_of
from minitorch.ops.memory import copied, scalar_failure, scalar_for


def _explain_fill(inputs: tuple, settings: dict, error: Exception) -> Exception | None:
    return scalar_failure(inputs[0], inputs[2])


def _fill_name(settings: dict) -> str:
    return "MaskedFillBackward1" if settings["by_tensor"] else "MaskedFillBackward0"


@op(node=_fill_name, broadcasts=True, diagnose=_explain_fill)
def masked_fill(x: Any, mask: Any, value: Any, *, by_tensor: bool = False) -> Any:
    """x with `value` where mask is true; x and mask broadcast against each other."""
    xp = xp_of(x)
    value = value.astype(x.dtype) if hasattr(value, "dtype") else x.dtype.type(scalar_for(x, value))
    out = xp.where(mask, value, x)
    return out if out.flags.c_contiguous else out.copy("C")


@writes(masked_fill)
def _write_masked_fill(x: Any, mask: Any, value: Any, *, by_tensor: bool = False) -> None:
    if not hasattr(value, "dtype"):
        value = scalar_for(x, value)
    xp_of(x).copyto(x, value, where=mask, casting="unsafe")


@masked_fill.vjp("x")
def _(g: Any, mask: Any) -> Any:
    return masked_fill(g, mask, 0.0)


@masked_fill.vjp("value")
def _(g: Any, mask: Any) -> Any:
    return masked_keep(g, mask)


@op
def masked_keep(x: Any, mask: Any) -> Any:
    """x where mask is true, zeros elsewhere."""
    xp = xp_of(x)
    return xp.where(mask, x, xp.zeros((), dtype=x.dtype))


@masked_keep.vjp("x")
def _(g: Any, mask: Any) -> Any:
    return masked_keep(g, mask)


@op
def masked_select(x: Any, mask: Any) -> Any:
    """The elements of x where mask is true, as a vector; both of one shape."""
    return x[mask].reshape(-1)


@masked_select.vjp("x")
def _(g: Any, x_shape: tuple, mask: Any) -> Any:
    return masked_spread(g, mask)


@op(node="MaskedScatterBackward0")
def masked_spread(x: Any, mask: Any) -> Any:
    """Zeros of mask's shape with the vector x where mask is true; adjoint of masked_select."""
    out = xp_of(x).zeros(mask.shape, dtype=x.dtype)
    out[mask] = x
    return out


@masked_spread.vjp("x")
def _(g: Any, mask: Any) -> Any:
    return masked_select(g, mask)


@op
def masked_scatter(x: Any, mask: Any, source: Any) -> Any:
    """x with the first elements of source, in order, where mask is true; x and mask of one shape."""
    out = copied(x, "C")
    out[mask] = source.reshape(-1)[: int(mask.sum())]
    return out


@masked_scatter.vjp("x")
def _(g: Any, mask: Any) -> Any:
    return masked_fill(g, mask, 0.0)


@masked_scatter.vjp("source")
def _(g: Any, mask: Any, source_shape: tuple) -> Any:
    return leading(masked_select(g, mask), shape=source_shape)


@op(node="CatBackward0")
def leading(x: Any, *, shape: tuple) -> Any:
    """The vector x as the first elements of zeros of `shape`."""
    out = xp_of(x).zeros(shape, dtype=x.dtype)
    out.reshape(-1)[: x.size] = x
    return out


@leading.vjp("x")
def _(g: Any, x_shape: tuple) -> Any:
    return g.reshape((-1,))[: x_shape[0]]
