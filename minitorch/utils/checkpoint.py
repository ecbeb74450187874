"""Gradient checkpointing: keep a block's inputs only, and run the block again in the backward (Chen et al. 2016)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch.autograd.api import backward
from minitorch.autograd.base import TensorBase
from minitorch.autograd.function import Function
from minitorch.autograd.graph import saved_tensors_hooks
from minitorch.autograd.modes import enable_grad
from minitorch.autograd.node import edge_of
from minitorch.tensor.random import get_rng_state, set_rng_state


class _Checkpoint(Function):
    """The block as one node; its backward recomputes it with the random state it had."""

    @staticmethod
    def forward(ctx: Any, run: Callable, preserve_rng_state: bool, *args: Any) -> Any:
        ctx.run = run
        ctx.rng = get_rng_state() if preserve_rng_state else None
        ctx.places = [isinstance(a, TensorBase) for a in args]
        ctx.others = [None if isinstance(a, TensorBase) else a for a in args]
        ctx.save_for_backward(*(a for a in args if isinstance(a, TensorBase)))
        return run(*args)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        saved = iter(ctx.saved_tensors)
        inputs = [next(saved) if is_tensor else other for is_tensor, other in zip(ctx.places, ctx.others, strict=True)]
        fresh = [t.detach().requires_grad_(edge_of(t) is not None) if isinstance(t, TensorBase) else t for t in inputs]  # type: ignore[attr-defined]
        state = get_rng_state()
        try:
            if ctx.rng is not None:
                set_rng_state(ctx.rng)
            with enable_grad():
                outputs = ctx.run(*fresh)
        finally:
            if ctx.rng is not None:
                set_rng_state(state)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        pairs = [
            (o, g) for o, g in zip(outputs, grads, strict=True) if isinstance(o, TensorBase) and edge_of(o) is not None
        ]
        if not pairs:
            raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
        backward([o for o, _ in pairs], [g for _, g in pairs])
        return None, None, *(t._grad if isinstance(t, TensorBase) else None for t in fresh)


def checkpoint(
    function: Callable, *args: Any, use_reentrant: bool | None = None, preserve_rng_state: bool = True,
    determinism_check: str = "default", debug: bool = False, context_fn: Any = None, early_stop: bool = True,
    **kwargs: Any,
) -> Any:  # fmt: skip
    """function(*args, **kwargs), computed again in the backward pass instead of keeping its intermediate values.

    Parameters that the function uses get their gradients too. With use_reentrant=True the block is one node whose
    backward runs a backward of its own; otherwise (the default) saved tensors are recomputed when they are needed.
    """
    if context_fn is not None:
        raise NotImplementedError("checkpoint: context_fn is not supported")

    def run(*tensors: Any) -> Any:
        return function(*tensors, **kwargs)

    if use_reentrant is not True:
        return _without_reentry(run, args, preserve_rng_state)
    return _Checkpoint.apply(run, preserve_rng_state, *args)


def _without_reentry(run: Callable, args: tuple, preserve_rng_state: bool) -> Any:
    """As torch's use_reentrant=False: saved tensors are dropped in the forward and recomputed when first needed."""
    rng = get_rng_state() if preserve_rng_state else None
    counts = {"packed": 0}
    recomputed: list = []

    def pack(t: Any) -> int:
        counts["packed"] += 1
        return counts["packed"] - 1

    def unpack(k: int) -> Any:
        if not recomputed:
            _recompute(run, args, rng, recomputed)
        if k >= len(recomputed):
            raise RuntimeError(
                "checkpoint: the recomputed block saved fewer tensors than the first run did; is it deterministic?"
            )
        return recomputed[k]

    with saved_tensors_hooks(pack, unpack):
        return run(*args)


def _recompute(run: Callable, args: tuple, rng: Any, into: list) -> None:
    """Run the block again, collecting what its nodes save, in the same order."""
    state = get_rng_state()
    try:
        if rng is not None:
            set_rng_state(rng)
        with enable_grad(), saved_tensors_hooks(lambda t: into.append(t), lambda v: v):
            run(*args)
    finally:
        if rng is not None:
            set_rng_state(state)


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """Checkpoint a Sequential (or list of functions) in `segments` parts; the last part is kept as it is."""
    layers = list(functions)
    size = len(layers) // segments

    def part(start: int, end: int) -> Callable:
        def run(x: Any) -> Any:
            for layer in layers[start:end]:
                x = layer(x)
            return x

        return run

    end = 0
    for k in range(segments - 1):
        input = checkpoint(part(k * size, (k + 1) * size), input, use_reentrant=use_reentrant, **kwargs)
        end = (k + 1) * size
    return part(end, len(layers))(input)
