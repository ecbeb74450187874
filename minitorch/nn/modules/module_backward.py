"""Full backward hooks: a module's inputs and outputs pass through an identity node each, and the hooks sit on these.

So a hook sees the gradients of the inputs and outputs whatever the forward between them recorded.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.function import Function
from minitorch.autograd.modes import state


class BackwardHookFunction(Function):
    """Gives its tensors as they are, as outputs of one node."""

    @staticmethod
    def forward(ctx: Any, *args: Any) -> tuple:
        ctx.mark_non_differentiable(*[t for t in args if not t.requires_grad])
        return args

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> tuple:
        return grads


class BackwardHook:
    """The hooks of one call of a module: from the gradients at the outputs to those at the inputs."""

    def __init__(self, module: Any, user_hooks: list, user_pre_hooks: list) -> None:
        self.module, self.user_hooks, self.user_pre_hooks = module, user_hooks, user_pre_hooks
        self.grad_outputs: Any = None
        self.n_inputs = self.n_outputs = 0
        self.inputs: list[int] | None = None  # which arguments are tensors; None if no gradient flows to them
        self.outputs: list[int] | None = None

    def setup_input_hook(self, args: tuple) -> tuple:
        """The arguments behind an identity node that calls the hooks."""
        self.n_inputs = len(args)
        args, self.inputs = self._through_node(args, self._at_inputs)
        return args

    def setup_output_hook(self, result: Any) -> Any:
        """The output(s) behind an identity node that keeps their gradients."""
        outputs = result if isinstance(result, tuple) else (result,)
        self.n_outputs = len(outputs)
        outputs, self.outputs = self._through_node(outputs, self._at_outputs)
        return outputs if isinstance(result, tuple) else outputs[0]

    def _through_node(self, values: tuple, hook: Callable) -> tuple[tuple, list[int] | None]:
        """(values with their tensors passed through a node that has `hook`, the places of these tensors)."""
        places = [k for k, v in enumerate(values) if isinstance(v, TensorBase)]
        if not (state.grad and any(values[k].requires_grad for k in places)):
            return values, None
        passed = BackwardHookFunction.apply(*[values[k] for k in places])
        node = next(t.grad_fn for t in passed if t.grad_fn is not None)
        node.register_hook(hook)
        new = list(values)
        for k, t in zip(places, passed, strict=True):
            new[k] = t
        return (tuple(new) if type(values) is tuple else type(values)(*new)), places

    def _at_outputs(self, _: tuple, grads: tuple) -> tuple | None:
        """The gradients of the outputs are there."""
        self.grad_outputs = _spread(self.outputs, grads, self.n_outputs)
        for hook in self.user_pre_hooks:
            found = hook(self.module, self.grad_outputs)
            if found is not None:
                self.grad_outputs = _of_length(found, self.n_outputs, "pre hook", "grad_output")
        final = self.grad_outputs
        if self.inputs is None:
            self._without_inputs()
        return tuple(final[k] for k in self.outputs or ())

    def _without_inputs(self) -> None:
        """No input needs a gradient, so no node will call the hooks later: call them now."""
        warnings.warn(
            "Full backward hook is firing when gradients are computed with respect to module outputs since no inputs "
            "require gradients.",
            stacklevel=5,
        )
        for hook in self.user_hooks:
            found = hook(self.module, (None,) * self.n_inputs, self.grad_outputs)
            if found is not None and not (isinstance(found, tuple) and all(g is None for g in found)):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always return None or None for "
                    "all gradients."
                )
        self.grad_outputs = None

    def _at_inputs(self, grads: tuple, _: tuple) -> tuple | None:
        """The gradients of the inputs are there."""
        if self.grad_outputs is None:  # the gradient came round the outputs, as in a second backward
            return None
        grad_inputs = _spread(self.inputs, grads, self.n_inputs)
        for hook in self.user_hooks:
            found = hook(self.module, grad_inputs, self.grad_outputs)
            if found is not None:
                grad_inputs = _of_length(found, self.n_inputs, "hook", "grad_input")
        self.grad_outputs = None
        return tuple(grad_inputs[k] for k in self.inputs or ())


def _spread(places: list[int] | None, values: tuple, n: int) -> tuple:
    """n values, None but at the places."""
    spread: list = [None] * n
    for k, v in zip(places or (), values, strict=True):
        spread[k] = v
    return tuple(spread)


def _of_length(found: Any, n: int, kind: str, what: str) -> Any:
    if len(found) != n:
        raise RuntimeError(f"Backward {kind} returned an invalid number of {what}, got {len(found)}, but expected {n}")
    return found


def warn_if_partial(args: Any, result: Any, node: Any) -> None:
    """Say what a legacy backward hook, which sits on one `node`, will not see of the module's gradients."""
    outputs = _tensors_of(result)
    inputs = _tensors_of(args)
    if outputs is None:
        cause, lost = "s on a Module that does not return a single Tensor or a tuple of Tensors", "grad_output"
    elif inputs is None:
        cause, lost = "s on a Module that does not take as input a single Tensor or a tuple of Tensors", "grad_input"
    else:
        nodes = {t.grad_fn for t in outputs if t.grad_fn is not None}
        if len(nodes) > 1:
            cause, lost = " when outputs are generated by different autograd Nodes", "grad_output"
        elif {t.grad_fn for t in inputs if t.grad_fn is not None} != {n for n, _ in node.next_functions}:
            cause, lost = " when the forward contains multiple autograd Nodes", "grad_input"
        else:
            return
    article = "" if cause.startswith("s ") else "a "
    warnings.warn(
        f"Using {article}non-full backward hook{cause} is deprecated and will be removed in future versions. "
        f"This hook will be missing some {lost}. Please "
        "use register_full_backward_hook to get the documented behavior.",
        FutureWarning,
        stacklevel=6,
    )


def _tensors_of(value: Any) -> tuple | None:
    values = value if isinstance(value, tuple) else (value,)
    return values if all(isinstance(v, TensorBase) for v in values) else None
