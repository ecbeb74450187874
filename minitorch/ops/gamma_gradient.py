"""How a drawn gamma or Dirichlet number moves with its parameter, at a fixed quantile (implicit reparameterization).

If F(x; a) is the distribution function, x(a) keeps F constant: dx/da = -(dF/da) / (dF/dx) (Figurnov et al., 2018).
torch has rational approximations, right to about three digits; here the series are summed, all digits.
"""

from __future__ import annotations

from typing import Any

from minitorch.autograd.op import op
from minitorch.backend import special_of, xp_of
from minitorch.ops.kinds import matching

ENOUGH = 1e-17  # terms below this share of the sum change nothing in float64


@op
def standard_gamma_grad(a: Any, sample: Any) -> Any:
    """dx/da of x drawn from Gamma(a, 1).

    F = x**a e**-x sum over n of x**n / gamma(a+n+1); dividing dF/da by the density leaves
    dx/da = x sum of t_n (psi(a+n+1) - log x), with t_0 = 1/a and t_{n+1} = t_n x / (a+n+1).
    """
    xp, psi = xp_of(a), special_of(a).psi
    a_, x = a.astype("float64"), sample.astype("float64")
    log_x, bracket, term = xp.log(x), psi(a_ + 1), 1 / a_
    total, n = term * (bracket - log_x), 0
    while True:
        n += 1
        term = term * x / (a_ + n)
        bracket = bracket + 1 / (a_ + n)  # psi(a + n + 1)
        step = term * (bracket - log_x)
        total = total + step
        if not bool((xp.abs(step) > ENOUGH * xp.abs(total)).any()) and not bool((x > a_ + n).any()):
            return matching(a, x * total)


@op
def dirichlet_grad(x: Any, a: Any, total: Any) -> Any:
    """(dx/da) / (1 - x) of x drawn from Beta(a, total - a), which a Dirichlet coordinate is."""
    xp = xp_of(x)
    x_, a_, b_ = x.astype("float64"), a.astype("float64"), (total - a).astype("float64")
    low = x_ * (a_ + b_) <= a_
    safe = xp.where(low, x_, 0.5)
    below = -safe / a_ * _beta_series(a_, b_, safe, xp.log(safe), 1)
    rest = xp.where(low, 0.5, 1 - x_)
    above = (1 - rest) / b_ * _beta_series(b_, a_, rest, xp.log(1 - rest), 0)
    return matching(x, xp.where(low, below, above))


def _beta_series(p: Any, q: Any, y: Any, log: Any, own: int) -> Any:
    """The sum behind the derivative of the incomplete beta function I_y(p, q).

    I = y**p (1-y)**q / (p B(p, q)) sum of c_n y**n, c_0 = 1, c_{n+1} = c_n (p+q+n) / (p+1+n). The derivative to p
    (own = 1) has the factors log y + psi(p+q+n) - psi(p+1+n), that to q (own = 0) log(1-y) + psi(p+q+n) - psi(q).
    """
    xp, psi = xp_of(y), special_of(y).psi
    rising, falling = psi(p + q), psi(p + 1) if own else psi(q)
    term = xp.ones_like(y)
    total, n = term * (log + rising - falling), 0
    while True:
        term = term * y * (p + q + n) / (p + 1 + n)
        rising = rising + 1 / (p + q + n)
        if own:
            falling = falling + 1 / (p + 1 + n)
        n += 1
        step = term * (log + rising - falling)
        total = total + step
        growing = y * (p + q + n) > p + 1 + n
        if not bool(((xp.abs(step) > ENOUGH * (1 - y) * xp.abs(total)) | growing).any()):
            return total


@standard_gamma_grad.vjp("a")
def _(g: Any) -> Any:
    raise NotImplementedError("the derivative for '_standard_gamma_grad' is not implemented")


@dirichlet_grad.vjp("x", "a", "total")
def _(g: Any) -> Any:
    raise NotImplementedError("the derivative for '_dirichlet_grad' is not implemented")
