"""From a constraint to a transform of the real numbers into it: `biject_to` (invertible), `transform_to` (any)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch.distributions import constraints, transforms

__all__ = ["ConstraintRegistry", "biject_to", "transform_to"]


class ConstraintRegistry:
    """Calling it with a constraint makes the transform registered for that kind of constraint.

    >>> import minitorch as mt
    >>> mt.distributions.transform_to(mt.distributions.constraints.positive)(mt.zeros(2))
    tensor([1., 1.])
    """

    def __init__(self) -> None:
        self._registry: dict[type, Callable] = {}

    def register(self, constraint: Any, factory: Callable | None = None) -> Any:
        """Use `factory(constraint)` for constraints of this class; also a decorator."""
        if factory is None:
            return lambda factory: self.register(constraint, factory)
        kind = type(constraint) if isinstance(constraint, constraints.Constraint) else constraint
        if not isinstance(kind, type) or not issubclass(kind, constraints.Constraint):
            raise TypeError(f"Expected constraint to be either a Constraint subclass or instance, but got {kind}")
        self._registry[kind] = factory
        return factory

    def __call__(self, constraint: Any) -> Any:
        factory = self._registry.get(type(constraint))
        if factory is None:
            raise NotImplementedError(f"Cannot transform {type(constraint).__name__} constraints")
        return factory(constraint)


biject_to = ConstraintRegistry()
transform_to = ConstraintRegistry()


def _register(*kinds: Any, registries: Any = (biject_to, transform_to)) -> Callable:
    def both(factory: Callable) -> Callable:
        for kind in kinds:
            for registry in registries:
                registry.register(kind, factory)
        return factory

    return both


@_register(constraints.real)
def _real(constraint: Any) -> Any:
    return transforms.identity_transform


@_register(constraints.positive, constraints.nonnegative)
def _positive(constraint: Any) -> Any:
    if constraint.lower_bound.__class__ in (int, float) and constraint.lower_bound == 0:
        return transforms.ExpTransform()
    return _compose(transforms.ExpTransform(), constraint.lower_bound, 1)


@_register(constraints.less_than)
def _less_than(constraint: Any) -> Any:
    return _compose(transforms.ExpTransform(), constraint.upper_bound, -1)


@_register(constraints.interval, constraints.half_open_interval)
def _interval(constraint: Any) -> Any:
    low, high = constraint.lower_bound, constraint.upper_bound
    numbers = isinstance(low, (int, float)) and isinstance(high, (int, float))
    if numbers and (low, high) == (0, 1):
        return transforms.SigmoidTransform()
    return _compose(transforms.SigmoidTransform(), low, high - low)


def _compose(first: Any, loc: Any, scale: Any) -> Any:
    return transforms.ComposeTransform([first, transforms.AffineTransform(loc, scale)])


for _registry in (biject_to, transform_to):
    _registry.register(
        constraints.independent,
        lambda constraint, _registry=_registry: transforms.IndependentTransform(
            _registry(constraint.base_constraint), constraint.reinterpreted_batch_ndims
        ),
    )
biject_to.register(constraints.simplex, lambda constraint: transforms.StickBreakingTransform())
transform_to.register(constraints.simplex, lambda constraint: transforms.SoftmaxTransform())
transform_to.register(constraints.lower_cholesky, lambda constraint: transforms.LowerCholeskyTransform())
for _kind in (constraints.positive_definite, constraints.positive_semidefinite):
    transform_to.register(_kind, lambda constraint: transforms.PositiveDefiniteTransform())


@_register(constraints.corr_cholesky)
def _corr_cholesky(constraint: Any) -> Any:
    return transforms.CorrCholeskyTransform()


for _registry in (biject_to, transform_to):
    _registry.register(
        constraints.cat,
        lambda constraint, _registry=_registry: transforms.CatTransform(
            [_registry(c) for c in constraint.cseq], constraint.dim, constraint.lengths
        ),
    )
    _registry.register(
        constraints.stack,
        lambda constraint, _registry=_registry: transforms.StackTransform(
            [_registry(c) for c in constraint.cseq], constraint.dim
        ),
    )
