"""Special functions without derivatives, as in torch: Bessel and Airy functions, orthogonal polynomials."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import special_of, xp_of
from minitorch.ops.kinds import array_of, matching, scalar_name

# our name -> SciPy's
BESSEL = {
    "bessel_j0": "j0", "bessel_j1": "j1", "bessel_y0": "y0", "bessel_y1": "y1", "modified_bessel_i0": "i0",
    "modified_bessel_i1": "i1", "modified_bessel_k0": "k0", "modified_bessel_k1": "k1",
    "scaled_modified_bessel_k0": "k0e", "scaled_modified_bessel_k1": "k1e", "airy_ai": "airy",
}  # fmt: skip


def _full_precision(name: str, x: Any) -> None:
    if x.dtype.kind != "f" or x.dtype.itemsize < 4:
        raise NotImplementedError(f"{name}: not implemented for '{scalar_name(x)}'")


def _bessel(name: str, found: str) -> Any:
    def forward(x: Any) -> Any:
        _full_precision(name, x)
        function = getattr(special_of(x), found, None)
        if function is None:
            raise NotImplementedError(f"{name}: the device's array library has no {found}; move the tensor to the CPU")
        out = function(x)
        return matching(x, out[0] if found == "airy" else out)

    forward.__name__ = name
    return op(promote="float")(forward)


OPS: dict[str, Any] = {name: _bessel(name, found) for name, found in BESSEL.items()}


@op(promote="float")
def spherical_bessel_j0(x: Any) -> Any:
    """sin(x) / x; 1 at 0, 0 at infinity."""
    _full_precision("spherical_bessel_j0", x)
    xp = xp_of(x)
    plain = xp.isfinite(x) & (x != 0)
    safe = xp.where(plain, x, 1)
    return matching(x, xp.where(plain, xp.sin(safe) / safe, xp.where(x == 0, 1, xp.where(xp.isinf(x), 0, x))))


OPS["spherical_bessel_j0"] = spherical_bessel_j0

# -- polynomials by their three-term recurrences: name -> (p_1, the step from p_{k-1} and p_k to p_{k+1}) -------------

Step = Callable[[int, Any, Any, Any], Any]


def _chebyshev(k: int, x: Any, before: Any, last: Any) -> Any:
    return 2 * x * last - before


RECURRENCES: dict[str, tuple[Callable[[Any], Any], Step]] = {
    "chebyshev_polynomial_t": (lambda x: x, _chebyshev),
    "chebyshev_polynomial_u": (lambda x: 2 * x, _chebyshev),
    "chebyshev_polynomial_v": (lambda x: 2 * x - 1, _chebyshev),
    "chebyshev_polynomial_w": (lambda x: 2 * x + 1, _chebyshev),
    "hermite_polynomial_h": (lambda x: 2 * x, lambda k, x, before, last: 2 * x * last - 2 * k * before),
    "hermite_polynomial_he": (lambda x: x, lambda k, x, before, last: x * last - k * before),
    "laguerre_polynomial_l": (
        lambda x: 1 - x,
        lambda k, x, before, last: ((2 * k + 1 - x) * last - k * before) / (k + 1),
    ),
    "legendre_polynomial_p": (
        lambda x: x,
        lambda k, x, before, last: ((2 * k + 1) * x * last - k * before) / (k + 1),
    ),
}


def _polynomial(name: str) -> Any:
    """The op of x and the degrees n (whole numbers; fractions are cut off; 0 where n is negative)."""
    shifted = name.startswith("shifted_")
    first, step = RECURRENCES[name.removeprefix("shifted_")]

    def forward(x: Any, n: Any) -> Any:
        like = array_of(x, n)
        _full_precision(name, like)
        xp = xp_of(like)
        x, n = (a if hasattr(a, "dtype") else xp.asarray(a, dtype=like.dtype) for a in (x, n))
        if shifted:
            x = 2 * x - 1
        n = xp.trunc(n)
        shape = (x + n).shape
        x = xp.broadcast_to(x, shape)
        before, last = xp.ones(shape, dtype=like.dtype), first(x)
        out = xp.where(n < 0, 0, xp.where(n == 0, 1, last))
        for k in range(1, int(n.max()) if n.size else 0):
            before, last = last, step(k, x, before, last)
            out = xp.where(n == k + 1, last, out)
        return matching(like, out)

    forward.__name__ = name
    return op(broadcasts=True, promote="float")(forward)


_SHIFTED = tuple(f"shifted_chebyshev_polynomial_{letter}" for letter in "tuvw")
POLYNOMIALS: dict[str, Any] = {name: _polynomial(name) for name in (*RECURRENCES, *_SHIFTED)}
