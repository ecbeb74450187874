"""Gamma, Dirichlet and binomial draws: on the CPU torch's own numbers (how: minitorch/backend/streams_gamma.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.op import op
from minitorch.backend import device_of, dtypes, to_host
from minitorch.errors import type_error
from minitorch.ops.gamma_gradient import dirichlet_grad, standard_gamma_grad
from minitorch.ops.memory import zeros_like
from minitorch.ops.reduce import sum as total
from minitorch.tensor.random import check_generator, drawn, spread, stream

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


@op
def _standard_gamma(a: Any, *, sample: Any) -> Any:
    """A drawn sample, hung on the concentration it was drawn with."""
    return sample


@_standard_gamma.vjp("a")
def _(g: Any, a: Any, out: Any) -> Any:
    return g * standard_gamma_grad(a, out)


@op
def _dirichlet(a: Any, *, sample: Any) -> Any:
    """A drawn point of the simplex, hung on its concentrations."""
    return sample


@_dirichlet.vjp("a")
def _(g: Any, a: Any, out: Any) -> Any:
    # moving one coordinate by dx takes it from the others in proportion: x_j changes by -x_j dx / (1 - x_i)
    moved = dirichlet_grad(out, a, total(a, dim=-1, keepdim=True))
    return moved * (g - total(out * g, dim=-1, keepdim=True))


@op(broadcasts=True)
def _binomial(count: Any, prob: Any, *, sample: Any) -> Any:
    return sample


@_binomial.vjp("count")
def _(g: Any) -> Any:
    return zeros_like(g)


@_binomial.vjp("prob")
def _(g: Any) -> Any:
    return zeros_like(g)


def _draw(concentration: Any, method: str, generator: Any) -> Any:
    where = device_of(concentration._array)
    check_generator(generator, where)
    return drawn(getattr(stream(generator, where), method)(to_host(concentration._array)), where)


def standard_gamma(concentration: Tensor, generator: Any = None) -> Tensor:
    """Gamma numbers of rate 1; differentiable once in the concentration."""
    return _standard_gamma(concentration, sample=_draw(concentration, "standard_gamma", generator))


def sample_dirichlet(concentration: Tensor, generator: Any = None) -> Tensor:
    """Dirichlet points along the last dim; differentiable once in the concentrations."""
    return _dirichlet(concentration, sample=_draw(concentration, "dirichlet", generator))


def binomial(count: Tensor, prob: Tensor, generator: Any = None) -> Tensor:
    """Successes among `count` trials of probability `prob` each; both floating, broadcast; the gradient is zero.

    >>> import minitorch as mt
    >>> mt.binomial(mt.tensor([3.0, 5.0]), mt.tensor([0.0, 1.0]))
    tensor([0., 5.])
    """
    for k, (name, value) in enumerate((("count", count), ("prob", prob)), 1):
        if not isinstance(value, TensorBase):
            raise type_error("binomial", name, k, "Tensor", value)
        kind = dtypes.from_numpy(value._array.dtype)
        if not kind.is_floating_point:
            raise ValueError(
                f"binomial only supports floating-point dtypes for {name}, got: {dtypes.SCALAR_NAME[kind]}"
            )
    a, b = count._array, prob._array
    if a.dtype != b.dtype:
        found = dtypes.SCALAR_NAME[dtypes.from_numpy(a.dtype)], dtypes.SCALAR_NAME[dtypes.from_numpy(b.dtype)]
        raise RuntimeError(f"binomial: Found dtype {found[1]} but expected {found[0]}")
    where = device_of(a)
    check_generator(generator, where)
    shape = (a + b).shape
    host = spread("binomial", to_host(a), shape), spread("binomial", to_host(b), shape)
    return _binomial(count, prob, sample=drawn(stream(generator, where).binomial(*host), where))


FUNCTIONS: dict[str, Callable] = {"binomial": binomial}
