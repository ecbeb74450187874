"""Steps of optimizers on given gradients: over a million parameters in 50 tensors, and over many tiny ones."""

from __future__ import annotations

from typing import Any

from benchmarks.workload import Step, normal, tensor, workload


def _stepping(L: Any, device: str, name: str, shapes: list[tuple[int, ...]], **settings: Any) -> Step:
    parameters = [tensor(L, device, normal(shape, 1), grad=True) for shape in shapes]
    for p in parameters:
        p.grad = tensor(L, device, normal(tuple(p.shape), 2))
    optimizer = getattr(L.optim, name)(parameters, lr=1e-3, **settings)

    def step() -> Any:
        optimizer.step()
        return parameters[0].detach().sum()

    return step


MILLION = [(100, 200)] * 50
TINY = [(8,)] * 200


@workload("SGD, 1 M parameters in 50 tensors", "optim", target=1.0)
def sgd(L: Any, device: str) -> Step:
    """Plain gradient descent."""
    return _stepping(L, device, "SGD", MILLION)


@workload("SGD with momentum, 1 M parameters in 50 tensors", "optim", target=1.0)
def momentum(L: Any, device: str) -> Step:
    """Momentum 0.9 and weight decay."""
    return _stepping(L, device, "SGD", MILLION, momentum=0.9, weight_decay=1e-4)


@workload("Adam, 1 M parameters in 50 tensors", "optim", target=1.0)
def adam(L: Any, device: str) -> Step:
    """Adam with its defaults."""
    return _stepping(L, device, "Adam", MILLION)


@workload("AdamW, 1 M parameters in 50 tensors", "optim", target=1.0)
def adamw(L: Any, device: str) -> Step:
    """AdamW with its defaults."""
    return _stepping(L, device, "AdamW", MILLION)


@workload("Adam, 200 tensors of 8", "optim", target=1.0)
def adam_tiny(L: Any, device: str) -> Step:
    """Overhead per tensor."""
    return _stepping(L, device, "Adam", TINY)


@workload("clip_grad_norm_, 1 M parameters in 50 tensors", "optim", target=1.0)
def clip(L: Any, device: str) -> Step:
    """The norm of all gradients and their scaling."""
    parameters = [tensor(L, device, normal(shape, 1), grad=True) for shape in MILLION]
    for p in parameters:
        p.grad = tensor(L, device, normal(tuple(p.shape), 2))
    return lambda: L.nn.utils.clip_grad_norm_(parameters, 1.0)
