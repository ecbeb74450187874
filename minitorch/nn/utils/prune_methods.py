"""Ways to prune: which elements or slices of a tensor get the mask 0. See prune.py."""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

from minitorch.tensor import FUNCTIONS


class BasePruningMethod(ABC):
    """A way to choose what to prune; also the hook that applies the mask.

    Subclasses define `compute_mask(t, default_mask)` and PRUNING_TYPE: on a tensor that is pruned already,
    "unstructured" sees only the elements left, "structured" only the slices along `dim` left, "global" all.
    """

    _tensor_name: str
    PRUNING_TYPE: str

    def __call__(self, module: Any, inputs: Any) -> None:
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The new mask for scores `t`, given the mask so far."""

    def apply_mask(self, module: Any) -> Any:
        """The original tensor times its mask."""
        if self._tensor_name is None:
            raise AssertionError(f"Module {module} has to be pruned")
        original = getattr(module, self._tensor_name + "_orig")
        return getattr(module, self._tensor_name + "_mask").to(dtype=original.dtype) * original

    @classmethod
    def apply(cls, module: Any, name: str, *args: Any, importance_scores: Any = None, **kwargs: Any) -> Any:
        """Prune module.name by cls(*args, **kwargs), after what has pruned it before; gives the hook.

        The scores decide what goes; they are the tensor itself unless given.
        """
        method = _combined(module, name, cls(*args, **kwargs))
        tensor = getattr(module, name)
        _check_scores(importance_scores, tensor, f"parameter {name} of {module}")
        first = not isinstance(method, PruningContainer)
        if first:
            module.register_parameter(name + "_orig", tensor)
            del module._parameters[name]
            before = FUNCTIONS["ones_like"](tensor)
        else:
            before = getattr(module, name + "_mask").detach().clone()
        try:
            scores = tensor if importance_scores is None else importance_scores
            module.register_buffer(name + "_mask", method.compute_mask(scores, default_mask=before))
            setattr(module, name, method.apply_mask(module))
            module.register_forward_pre_hook(method)
        except Exception:
            if first:  # as it was
                module.register_parameter(name, getattr(module, name + "_orig"))
                del module._parameters[name + "_orig"]
            raise
        return method

    def prune(self, t: Any, default_mask: Any = None, importance_scores: Any = None) -> Any:
        """A pruned copy of a tensor, outside of any module."""
        _check_scores(importance_scores, t, "tensor t")
        mask = FUNCTIONS["ones_like"](t) if default_mask is None else default_mask
        return t * self.compute_mask(t if importance_scores is None else importance_scores, default_mask=mask)

    def remove(self, module: Any) -> None:
        """Make the tensor an ordinary parameter again; what is pruned stays 0."""
        name = self._tensor_name
        if name is None:
            raise AssertionError(f"Module {module} has to be pruned before pruning can be removed")
        weight = self.apply_mask(module)
        if hasattr(module, name):
            delattr(module, name)
        original = module._parameters.pop(name + "_orig")
        original.data = weight.data
        del module._buffers[name + "_mask"]
        setattr(module, name, original)


def _check_scores(scores: Any, tensor: Any, whose: str) -> None:
    if scores is not None and scores.shape != tensor.shape:
        raise AssertionError(
            f"importance_scores should have the same shape as {whose}, got {scores.shape} vs {tensor.shape}"
        )


def pruning_hooks(module: Any, name: str) -> list:
    """The keys of the pruning hooks of module.name."""
    hooks = module._forward_pre_hooks.items()
    return [k for k, hook in hooks if isinstance(hook, BasePruningMethod) and hook._tensor_name == name]


def _combined(module: Any, name: str, method: BasePruningMethod) -> BasePruningMethod:
    """The method, or a container of it and those before; their hook is taken away."""
    method._tensor_name = name
    keys = pruning_hooks(module, name)
    if len(keys) > 1:
        raise AssertionError(
            f"Avoid adding multiple pruning hooks to the same tensor {name} of module {module}. Use a PruningContainer."
        )
    if not keys:
        return method
    before = module._forward_pre_hooks.pop(keys[0])
    container = before if isinstance(before, PruningContainer) else PruningContainer(before)
    container.add_pruning_method(method)
    return container


class PruningContainer(BasePruningMethod):
    """Several methods on one tensor; the mask of the last is combined with the mask so far."""

    def __init__(self, *args: Any) -> None:
        self._pruning_methods: tuple = ()
        if len(args) == 1:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method: Any) -> None:
        if method is not None and not isinstance(method, BasePruningMethod):
            raise TypeError(f"{type(method)} is not a BasePruningMethod subclass")
        if method is not None and self._tensor_name != method._tensor_name:
            raise ValueError(
                f"Can only add pruning methods acting on the parameter named '{self._tensor_name}' to "
                f"PruningContainer {self}. Found '{method._tensor_name}'"
            )
        self._pruning_methods += (method,)

    def __len__(self) -> int:
        return len(self._pruning_methods)

    def __iter__(self) -> Iterator:
        return iter(self._pruning_methods)

    def __getitem__(self, idx: Any) -> Any:
        return self._pruning_methods[idx]

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        """The last method applied to the part of `t` that it may prune; elsewhere the mask stays."""
        method = self._pruning_methods[-1]
        part = _prunable(method, t, default_mask)
        mask = default_mask.to(dtype=t.dtype, copy=True)
        mask[part] = method.compute_mask(t[part], default_mask=default_mask[part]).to(dtype=mask.dtype)
        return mask


def _prunable(method: Any, t: Any, mask: Any) -> Any:
    """An index for the part of a tensor that is left to a method."""
    if method.PRUNING_TYPE == "unstructured":
        return mask == 1
    if method.PRUNING_TYPE == "global":
        return (slice(None),) * t.dim()
    if method.PRUNING_TYPE != "structured":
        raise ValueError(f"Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}")
    if not hasattr(method, "dim"):
        raise AttributeError(
            'Pruning methods of PRUNING_TYPE "structured" need to have the attribute `dim` defined.'
        )  # fmt: skip
    dim = method.dim + t.dim() if method.dim < 0 else method.dim
    if dim < 0:
        raise IndexError(f"Index is out of bounds for tensor with dimensions {t.dim()}")
    return _slices(t, dim, mask.sum(dim=[d for d in range(t.dim()) if d != dim]) != 0)


def _slices(t: Any, dim: int, which: Any) -> tuple:
    """The index of the slices `which` along dim."""
    index: list = [slice(None)] * t.dim()
    index[dim] = which
    return tuple(index)


class Identity(BasePruningMethod):
    """Prunes nothing: only makes the mask."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        return default_mask

    @classmethod
    def apply(cls, module: Any, name: str) -> Any:  # type: ignore[override]
        return super().apply(module, name)


class _ByAmount(BasePruningMethod):
    """Prunes an amount: a number of elements or slices, or a fraction of them."""

    def __init__(self, amount: Any) -> None:
        number: Any = amount
        if not isinstance(amount, numbers.Real):
            raise TypeError(f"Invalid type for amount: {amount}. Must be int or float.")
        if number < 0 or (not isinstance(amount, numbers.Integral) and number > 1.0):
            raise ValueError(
                f"amount={amount} should either be a float in the range [0, 1] or a non-negative integer"
            )  # fmt: skip
        self.amount: Any = amount

    def _count(self, size: int) -> int:
        amount: Any = self.amount
        if not isinstance(self.amount, numbers.Integral):
            return round(amount * size)
        if amount > size:
            raise ValueError(f"amount={amount} should be smaller than the number of parameters to prune={size}")
        return int(amount)


class RandomUnstructured(_ByAmount):
    """Prunes random elements: those with the largest of uniform random numbers."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        count, mask = self._count(t.numel()), default_mask.clone()
        if count:
            mask.view(-1)[FUNCTIONS["topk"](FUNCTIONS["rand_like"](t).view(-1), count)[1]] = 0
        return mask

    @classmethod
    def apply(cls, module: Any, name: str, amount: Any) -> Any:  # type: ignore[override]
        return super().apply(module, name, amount=amount)


class L1Unstructured(_ByAmount):
    """Prunes the elements of the smallest magnitude."""

    PRUNING_TYPE = "unstructured"

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        count, mask = self._count(t.numel()), default_mask.clone()
        if count:
            mask.view(-1)[FUNCTIONS["topk"](t.abs().view(-1), count, largest=False)[1]] = 0
        return mask

    @classmethod
    def apply(cls, module: Any, name: str, amount: Any, importance_scores: Any = None) -> Any:  # type: ignore[override]
        return super().apply(module, name, amount=amount, importance_scores=importance_scores)


class _Structured(_ByAmount):
    """Prunes whole slices along `dim`."""

    PRUNING_TYPE = "structured"

    def __init__(self, amount: Any, dim: int = -1) -> None:
        super().__init__(amount)
        self.dim = dim

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        if t.dim() <= 1:
            raise ValueError(
                "Structured pruning can only be applied to multidimensional tensors. "
                f"Found tensor of shape {t.shape} with {t.dim()} dims"
            )
        if self.dim >= t.dim():
            raise IndexError(f"Invalid index {self.dim} for tensor of size {t.shape}")
        size = t.shape[self.dim]
        count = self._count(size)
        kept = self._kept(t, size, count)
        if count == 0:
            return default_mask
        mask = FUNCTIONS["zeros_like"](t)
        mask[_slices(t, self.dim, kept)] = 1
        return mask * default_mask.to(dtype=mask.dtype)

    def _kept(self, t: Any, size: int, count: int) -> Any:
        """Which slices stay, as an index."""
        raise NotImplementedError


class RandomStructured(_Structured):
    """Prunes random slices: those with the smallest of uniform random numbers."""

    def _kept(self, t: Any, size: int, count: int) -> Any:
        if count == 0:
            return slice(None)
        chances = FUNCTIONS["rand"](size)
        return chances > FUNCTIONS["kthvalue"](chances, count)[0]

    @classmethod
    def apply(cls, module: Any, name: str, amount: Any, dim: int = -1) -> Any:  # type: ignore[override]
        return super().apply(module, name, amount=amount, dim=dim)


class LnStructured(_Structured):
    """Prunes the slices with the smallest n-norm."""

    def __init__(self, amount: Any, n: Any, dim: int = -1) -> None:
        super().__init__(amount, dim)
        self.n = n

    def _kept(self, t: Any, size: int, count: int) -> Any:
        others = list(range(t.dim()))
        del others[self.dim]
        return FUNCTIONS["topk"](FUNCTIONS["norm"](t, p=self.n, dim=others), size - count)[1]

    @classmethod
    def apply(  # type: ignore[override]
        cls, module: Any, name: str, amount: Any, n: Any, dim: int, importance_scores: Any = None
    ) -> Any:
        return super().apply(module, name, amount=amount, n=n, dim=dim, importance_scores=importance_scores)


class CustomFromMask(BasePruningMethod):
    """Prunes where a given mask is 0."""

    PRUNING_TYPE = "global"

    def __init__(self, mask: Any) -> None:
        self.mask = mask

    def compute_mask(self, t: Any, default_mask: Any) -> Any:
        if default_mask.shape != self.mask.shape:
            raise AssertionError(
                f"default_mask shape {default_mask.shape} must match self.mask shape {self.mask.shape}"
            )  # fmt: skip
        return default_mask * self.mask.to(dtype=default_mask.dtype)

    @classmethod
    def apply(cls, module: Any, name: str, mask: Any) -> Any:  # type: ignore[override]
        return super().apply(module, name, mask=mask)
