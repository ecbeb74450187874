"""`vmap`: a function of one sample as a function of a batch. It loops over the samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.modes import state
from minitorch.func.tree import broadcast, flatten, unflatten
from minitorch.tensor import FUNCTIONS
from minitorch.tensor.random import get_rng_state, set_rng_state

__all__ = ["vmap"]


def vmap(
    func: Callable, in_dims: Any = 0, out_dims: Any = 0, randomness: str = "error", *, chunk_size: int | None = None
) -> Callable:
    """The function that applies `func` to each slice of its inputs along `in_dims` and stacks what it gives.

    It is a loop: equal in its results to torch's, but no faster than writing the loop, and `chunk_size` changes
    nothing. `in_dims` is a dimension, None (the whole input each time), or a nest of them like the inputs; `out_dims`
    likewise for the outputs. randomness: "error" refuses random numbers, "different" draws anew for each sample
    (one sample after the other), "same" gives each sample the same. A dimension of size 0 can't be looped over.

    >>> import minitorch as mt
    >>> mt.vmap(lambda row: row.sum())(mt.ones(3, 4))
    tensor([4., 4., 4.])
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")
    name = f"vmap({getattr(func, '__name__', repr(func))}"

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        dims, size = _mapped(f"{name}, in_dims={in_dims}, ...)(<inputs>)", in_dims, args)
        leaves, structure = flatten(args)
        results = []
        start = get_rng_state()
        for k in range(size):
            sample = [x if d is None else x.select(d, k) for x, d in zip(leaves, dims, strict=True)]
            if randomness == "same":
                set_rng_state(start)
            with _graph_kept(k < size - 1):
                results.append(flatten(func(*unflatten(sample, structure), **kwargs)))
            if randomness == "error" and k == 0:
                _refuse_random(start)
        return _stacked(name, results, out_dims)

    return wrapped


@contextmanager
def _graph_kept(more: bool) -> Iterator[None]:
    """A backward pass within leaves the graph whole if more samples will go through it: torch has one pass for all."""
    before, state.retain = state.retain, state.retain or more
    try:
        yield
    finally:
        state.retain = before


def _refuse_random(before: Any) -> None:
    if not FUNCTIONS["equal"](get_rng_state(), before):
        set_rng_state(before)
        raise RuntimeError(
            "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' "
            "randomness flags on vmap or perform the randomness operation out of vmap"
        )


def _mapped(name: str, in_dims: Any, args: tuple) -> tuple[list, int]:
    """The mapped dimension of each tensor among the inputs (None for none), and its size."""
    leaves, _ = flatten(args)
    if not leaves:
        raise ValueError(f"{name}: got no inputs. Maybe you forgot to add inputs, or vmap has nothing to map over.")
    if not isinstance(in_dims, (int, tuple)):
        raise ValueError(
            f"{name}: expected `in_dims` to be int or a (potentially nested) tuple matching the structure of inputs, "
            f"got: {type(in_dims)}."
        )
    dims = broadcast(in_dims, args)
    if dims is None:
        raise ValueError(f"{name}: in_dims is not compatible with the structure of `inputs`.")
    return dims, _common_size(name, leaves, dims)


def _common_size(name: str, leaves: list, dims: list) -> int:
    """The size that all mapped dimensions have."""
    sizes = []
    for x, d in zip(leaves, dims, strict=True):
        if d is None:
            continue
        if not isinstance(d, int):
            raise ValueError(
                f"{name}: Got in_dim={d} for an input but in_dim must be either an integer dimension or None."
            )
        if not isinstance(x, TensorBase):
            raise ValueError(
                f"{name}: Got in_dim={d} for an input but the input is of type {type(x)}. We cannot vmap over "
                "non-Tensor arguments, please use None as the respective in_dim"
            )
        n = x.dim()  # type: ignore[attr-defined]
        if not -n <= d < n:
            raise ValueError(
                f"{name}: Got in_dim={d} for some input, but that input is a Tensor of dimensionality {n} so expected "
                f"in_dim to satisfy -{n} <= in_dim < {n}."
            )
        sizes.append(x.shape[d])  # type: ignore[attr-defined]
    if not sizes:
        raise ValueError(f"{name}: at least one input must be mapped over: all in_dims are None.")
    if len(set(sizes)) > 1:
        raise ValueError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sizes} for the mapped dimension"
        )
    if sizes[0] == 0:
        raise NotImplementedError(f"{name}: the mapped dimension has size 0, and a loop can't tell the output's shape")
    return sizes[0]


def _stacked(name: str, results: list, out_dims: Any) -> Any:
    """The outputs of all samples, stacked along out_dims."""
    leaves, structure = results[0]
    dims = broadcast(out_dims, unflatten(leaves, structure))
    if dims is None and isinstance(out_dims, tuple) and len(out_dims) == 1 == len(leaves):
        dims = list(out_dims)
    if dims is None:
        raise ValueError(
            f"{name}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the structure of `outputs`."
        )
    stacked = []
    for i, d in enumerate(dims):
        if not isinstance(leaves[i], TensorBase) and d is not None:
            raise ValueError(
                f"{name}, ...): `{name[5:]}` must only return Tensors, got type {type(leaves[i])}. Did you mean to set "
                "out_dims= to None for output?"
            )
        stacked.append(leaves[i] if d is None else FUNCTIONS["stack"]([sample[i] for sample, _ in results], d))
    return unflatten(stacked, structure)
