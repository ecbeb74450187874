"""The elementwise families together: what a Tensor computes for each of its numbers."""

from __future__ import annotations

from collections.abc import Callable

from minitorch.tensor import arithmetic, combined, complex, extrema, powers, rounding, special, trigonometry


class ElementwiseMixin(
    arithmetic.ArithmeticMixin,
    combined.CombinedMixin,
    powers.PowersMixin,
    trigonometry.TrigonometryMixin,
    rounding.RoundingMixin,
    extrema.ExtremaMixin,
    special.SpecialMixin,
    complex.ComplexMixin,
):
    __slots__ = ()


FUNCTIONS: dict[str, Callable] = {
    **arithmetic.FUNCTIONS,
    **combined.FUNCTIONS,
    **powers.FUNCTIONS,
    **trigonometry.FUNCTIONS,
    **rounding.FUNCTIONS,
    **extrema.FUNCTIONS,
    **special.FUNCTIONS,
    **complex.FUNCTIONS,
}
