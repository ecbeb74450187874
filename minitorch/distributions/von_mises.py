"""The von Mises distribution: the normal distribution of angles."""

from __future__ import annotations

import math
from typing import Any

from minitorch.autograd.modes import no_grad
from minitorch.backend import dtypes
from minitorch.distributions import constraints
from minitorch.distributions.parametrized import Centered
from minitorch.distributions.utils import broadcast_all, lazy_property, like, rand, where
from minitorch.tensor.creation import empty, zeros

__all__ = ["VonMises"]

# Abramowitz and Stegun 9.8.1 to 9.8.4: polynomials for I0 and I1, below and above 3.75
_SMALL = (
    (1.0, 3.5156229, 3.0899424, 1.2067492, 0.2659732, 0.360768e-1, 0.45813e-2),
    (0.5, 0.87890594, 0.51498869, 0.15084934, 0.2658733e-1, 0.301532e-2, 0.32411e-3),
)
_LARGE = (
    (0.39894228, 0.1328592e-1, 0.225319e-2, -0.157565e-2, 0.916281e-2, -0.2057706e-1, 0.2635537e-1, -0.1647633e-1,
     0.392377e-2),
    (0.39894228, -0.3988024e-1, -0.362018e-2, 0.163801e-2, -0.1031555e-1, 0.2282967e-1, -0.2895312e-1, 0.1787654e-1,
     -0.420059e-2),
)  # fmt: skip


def _polynomial(y: Any, coefficients: tuple[float, ...]) -> Any:
    result: Any = coefficients[-1]
    for c in coefficients[-2::-1]:
        result = c + y * result
    return result


def _log_bessel(x: Any, order: int) -> Any:
    """log I0(x) or log I1(x) for x > 0, to seven digits, as torch computes it."""
    small = _polynomial((x / 3.75) * (x / 3.75), _SMALL[order])
    small = (x.abs() * small if order else small).log()
    return where(x < 3.75, small, x - 0.5 * x.log() + _polynomial(3.75 / x, _LARGE[order]).log())


class VonMises(Centered):
    """exp(concentration cos(x - loc)) / (2 pi I0(concentration)) for an angle x, taken modulo 2 pi.

    Drawn by Best and Fisher's rejection (1979), in float64; mean and variance are the circular ones.

    >>> import minitorch as mt
    >>> mt.distributions.VonMises(mt.tensor(0.0), mt.tensor(1.0)).log_prob(mt.tensor(0.0))
    tensor(-1.0738)
    """

    arg_constraints = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real
    parameters = {"loc": 0, "concentration": 0}

    def __init__(self, loc: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.concentration = broadcast_all(loc, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def log_prob(self, value: Any) -> Any:
        self._check(value)
        return (
            self.concentration * (value - self.loc).cos()
            - math.log(2 * math.pi)
            - _log_bessel(self.concentration, 0)
        )  # fmt: skip

    def _proposal(self, kappa: Any) -> Any:
        """The parameter of the wrapped Cauchy density under which proposals are drawn."""
        tau = 1 + (1 + 4 * kappa**2).sqrt()
        rho = (tau - (2 * tau).sqrt()) / (2 * kappa)
        return where(kappa < 1e-5, 1 / kappa + kappa, (1 + rho**2) / (2 * rho))

    def sample(self, sample_shape: Any = ()) -> Any:
        with no_grad():
            loc, kappa = self.loc.to(dtypes.float64), self.concentration.to(dtypes.float64)
            r = self._proposal(kappa)
            shape = self._extended_shape(sample_shape)
            x = empty(shape, **like(loc))
            done = zeros(shape, dtype=dtypes.bool_, device=loc.device)
            while not done.all():
                u1, u2, u3 = rand((3, *shape), **like(loc)).unbind()
                z = (math.pi * u1).cos()
                f = (1 + r * z) / (r + z)
                c = kappa * (r - f)
                accept = ((c * (2 - c) - u2) > 0) | ((c / u2).log() + 1 - c >= 0)
                x = where(accept, (u3 - 0.5).sign() * f.acos(), x)  # torch too overwrites what was accepted before
                done = done | accept
            return ((x + math.pi + loc) % (2 * math.pi) - math.pi).to(self.loc.dtype)

    @lazy_property
    def variance(self) -> Any:  # type: ignore[override]
        return 1 - (_log_bessel(self.concentration, 1) - _log_bessel(self.concentration, 0)).exp()
