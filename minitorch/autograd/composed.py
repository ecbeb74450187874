"""Higher derivatives of fused ops: differentiate the composed formula that stands beside the kernel.

A fused op (layer_norm, cross_entropy, lstm, ...) has one fast vjp on arrays. Under create_graph its `reference`, the
same formula written with ops, is run on aliases of the inputs and differentiated by the engine itself.
"""

from __future__ import annotations

from typing import Any

from minitorch.autograd.engine import run_backward
from minitorch.autograd.modes import state
from minitorch.autograd.node import edge_of
from minitorch.autograd.primitives import alias
from minitorch.autograd.saved import set_reference_runner, unpack


def apply_reference(node: Any, g: Any) -> list:
    """Gradients of a node's inputs as tensors of the graph, through its op's reference."""
    op = node.op
    values = unpack(node, True)
    arguments = {n: values[op.captures.index(op._classify(n))] for n in op.reference_names}
    before, state.grad = state.grad, True
    try:
        # fresh aliases: the inputs may depend on each other, but their aliases don't
        fresh = {
            n: alias(t) if n in op.inputs and t is not None and hasattr(t, "_edge") else t for n, t in arguments.items()
        }
        outs = op.reference(**fresh)
        outs, gs = ((outs,), (g,)) if node.n_outputs == 1 else (outs, g)
        pairs = [(o, gi) for o, gi in zip(outs, gs, strict=False) if gi is not None and edge_of(o) is not None]
        wanted = [i for i, e in enumerate(node.edges) if e is not None]
        targets = [fresh[op.inputs[i]] for i in wanted]
        found: Any = run_backward([edge_of(o) for o, _ in pairs], [gi for _, gi in pairs], True, True, targets, False)
    finally:
        state.grad = before
    grads: list = [None] * len(node.edges)
    for i, gi in zip(wanted, found, strict=True):
        grads[i] = gi
    return grads


set_reference_runner(apply_reference)
