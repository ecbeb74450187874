"""Gradient checkpointing: keep a block's inputs only, and run the block again in the backward (Chen et al. 2016)."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from minitorch import cuda
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
        if ctx.partial:
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or passing an `inputs` "
                "parameter to .backward(). To resolve this error, you can either set use_reentrant=False, or call "
                ".backward() without passing the `inputs` argument."
            )
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


_NOT_SAID = (
    "parameter should be passed explicitly. use_reentrant=False is recommended, but if you need to preserve the "
    "current default behavior, you can pass use_reentrant=True."
)


def checkpoint(
    function: Callable, *args: Any, use_reentrant: bool | None = None, context_fn: Callable | None = None,
    determinism_check: str = "default", debug: bool = False, early_stop: bool = True, **kwargs: Any,
) -> Any:  # fmt: skip
    """function(*args, **kwargs), computed again in the backward pass instead of keeping its intermediate values.

    Parameters that the function uses get their gradients too. With use_reentrant=True (what None means, with a
    warning) the block is one node whose backward runs a backward of its own; with False, saved tensors are recomputed
    when they are first needed. preserve_rng_state=False (a keyword argument) lets the second run draw other random
    numbers. context_fn gives two contexts, for the first run and the second. The second run always goes to its end,
    whatever `early_stop` says. debug=True is not supported.
    """
    if use_reentrant is None:
        warnings.warn(f"torch.utils.checkpoint: the use_reentrant {_NOT_SAID}", stacklevel=2)
        use_reentrant = True
    preserve_rng_state = kwargs.pop("preserve_rng_state", True)
    if not use_reentrant:
        if debug:
            raise NotImplementedError("checkpoint: debug=True is not supported")
        if determinism_check not in ("default", "none"):
            raise ValueError(
                f"determinism_check should be one of ['default', 'none'] but got {determinism_check}"
            )  # fmt: skip
        contexts = (context_fn or noop_context_fn)()
        run = functools.partial(function, *args, **kwargs)
        return _Recomputed(run, contexts[1], preserve_rng_state, determinism_check == "default").first(contexts[0])
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if context_fn is not None or debug:
        raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
    if not any(isinstance(a, TensorBase) and a._requires_grad for a in args):
        warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", stacklevel=2)
    return _Checkpoint.apply(function, preserve_rng_state, *args)


def noop_context_fn() -> tuple:
    """Two contexts that do nothing: what `context_fn` is unless given."""
    return nullcontext(), nullcontext()


def set_checkpoint_early_stop(enable: bool) -> Any:
    """A context that changes nothing: the second run of a block goes to its end either way."""
    return nullcontext()


class CheckpointError(RuntimeError):
    """The second run of a block saved other tensors than the first."""


class _Recomputed:
    """use_reentrant=False: the forward keeps nothing of what the block saves; the backward recomputes all of it."""

    def __init__(self, run: Callable, context: Any, preserve_rng_state: bool, check: bool) -> None:
        self.run, self.context, self.check = run, context, check
        self.rng = get_rng_state() if preserve_rng_state else None
        self.kinds: list = []  # of the tensors saved: shape and dtype
        self.values: list = []

    def first(self, context: Any) -> Any:
        with context, saved_tensors_hooks(self._drop, self._fetch):
            return self.run()

    def _drop(self, t: Any) -> int:
        self.kinds.append((tuple(t.shape), t.dtype))
        return len(self.kinds) - 1

    def _fetch(self, k: int) -> Any:
        if not self.values:
            self._again()
        return self.values[k]

    def _again(self) -> None:
        """Run the block again, collecting what its nodes save, in the same order."""
        state = get_rng_state()
        try:
            if self.rng is not None:
                set_rng_state(self.rng)
            with enable_grad(), self.context, saved_tensors_hooks(self._collect, lambda v: v):
                self.run()
        finally:
            if self.rng is not None:
                set_rng_state(state)
        found = [(tuple(t.shape), t.dtype) for t in self.values]
        if len(found) < len(self.kinds):
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the original forward and "
                f"recomputation: {len(self.kinds)} and {len(found)}. Is the block deterministic?"
            )
        if self.check and found[: len(self.kinds)] != self.kinds:
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than "
                "during the forward pass. Is the block deterministic?"
            )

    def _collect(self, t: Any) -> Any:
        self.values.append(t)
        return t


def get_device_states(*args: Any) -> tuple[list[int], list[Any]]:
    """(devices, states of their generators) of the tensors among `args` that are not on the CPU.

    What reversible layers keep, to draw the same numbers when they compute a block again. On the CPU: two empty lists.
    The state of a CUDA generator can't be read: NotImplementedError.

    >>> get_device_states(3)
    ([], [])
    """
    devices = [t.device.index or 0 for t in args if isinstance(t, TensorBase) and t.device.type == "cuda"]
    return devices, [cuda.get_rng_state(index) for index in devices]


def set_device_states(devices: Any, states: Any, *, device_type: str | None = None) -> None:
    """Put back what `get_device_states` gave."""
    for index, state in zip(devices, states, strict=False):
        cuda.set_rng_state(state, index)


def detach_variable(inputs: tuple) -> tuple:
    """The tensors of a tuple cut off the tape, each still requiring a gradient if it did; the rest as it is."""
    if not isinstance(inputs, tuple):
        raise RuntimeError(
            f"detach_variable: Only tuple of tensors is supported. Got Unsupported input type: {type(inputs).__name__}"
        )
    return tuple(t.detach().requires_grad_(t.requires_grad) if isinstance(t, TensorBase) else t for t in inputs)  # type: ignore[attr-defined]


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """Checkpoint a Sequential (or list of functions) in `segments` parts; the last part is kept as it is."""
    if use_reentrant is None:
        warnings.warn(f"torch.utils.checkpoint.checkpoint_sequential: the use_reentrant {_NOT_SAID}", stacklevel=2)
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    layers = list(functions)
    size = len(layers) // segments

    def part(start: int, end: int) -> Callable:
        def run(x: Any) -> Any:
            for layer in layers[start:end]:
                x = layer(x)
            return x

        return run

    last = size * (segments - 1)
    for start in range(0, last, size) if size else ():
        input = checkpoint(
            part(start, start + size), input, use_reentrant=use_reentrant, preserve_rng_state=preserve
        )  # fmt: skip
    return part(last, len(layers))(input)
