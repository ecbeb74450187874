"""Small things in great number, where the time is overhead: expressions of single numbers, long chains, loops by hand.

Here a library written in Python can be faster than one written in C++: it has fewer layers to go through.
"""

from __future__ import annotations

from typing import Any

from benchmarks.workload import Step, differentiating, integers, normal, tensor, workload


@workload("small ops, 8 floats", "graphs", target=2.0)
def small_ops(L: Any, device: str) -> Step:
    """Twelve common operations on 8 floats, forward and backward."""
    x = tensor(L, device, normal((8,), 1), grad=True)
    y = tensor(L, device, normal((8,), 2), grad=True)

    def loss() -> Any:
        a = (x * y + x).tanh()
        b = (a - y).relu() + (x * x + 1.0).sqrt()
        return (b / (a.exp() + 1.0)).sigmoid().sum()

    return differentiating([x, y], loss)


@workload("scalar expression", "graphs", target=2.0)
def expression(L: Any, device: str) -> Step:
    """An expression of two numbers with thirty operations, in the manner of micrograd's README."""
    a, b = (tensor(L, device, normal((2,), 3)[i : i + 1].reshape(()), grad=True) for i in (0, 1))

    def loss() -> Any:
        c, d = a + b, a * b + b**3
        for _ in range(3):
            c = c + c * 0.5 + (-a)
            d = d + d * 0.5 + (b + a).relu()
        e = c - d
        f = e**2
        return f / 2.0 + 10.0 / (f + 1.0)

    return differentiating([a, b], loss)


@workload("scalar network 3-4-4-1", "graphs", target=2.0)
def scalar_network(L: Any, device: str) -> Step:
    """micrograd's demo: every weight is a tensor of its own (41 of them), 4 samples, loss and gradient step."""
    numbers = iter(normal((41,), 4).tolist())
    sizes = [(3, 4), (4, 4), (4, 1)]
    layers = [[[_number(L, device, next(numbers)) for _ in range(n + 1)] for _ in range(m)] for n, m in sizes]
    weights = [w for layer in layers for neuron in layer for w in neuron]
    samples, targets = normal((4, 3), 5).tolist(), (1.0, -1.0, -1.0, 1.0)

    def net(x: list) -> Any:
        for layer in layers:
            x = [_neuron(neuron, x) for neuron in layer]
        return x[0]

    def loss() -> Any:
        total = 0.0
        for sample, target in zip(samples, targets, strict=True):
            total = total + (net(sample) - target) ** 2
        return total

    return differentiating(weights, loss)


def _number(L: Any, device: str, value: float) -> Any:
    return L.tensor(value, device=device, requires_grad=True)


def _neuron(weights: list, inputs: list) -> Any:
    total = weights[-1]
    for w, x in zip(weights, inputs, strict=False):
        total = total + w * x
    return total.tanh()


@workload("chain of 5000 nodes", "graphs", target=2.0)
def chain(L: Any, device: str, length: int = 5000) -> Step:
    """x = x * 0.999 + 0.001, again and again: a graph 5000 nodes deep."""
    x = tensor(L, device, normal((8,), 6), grad=True)

    def loss() -> Any:
        y = x
        for _ in range(length // 2):
            y = y * 0.999 + 0.001
        return y.sum()

    return differentiating([x], loss)


@workload("fan of 2000 branches", "graphs", target=2.0)
def fan(L: Any, device: str) -> Step:
    """One leaf used 1000 times, the branches joined by additions: its gradient is summed from 1000 parts."""
    x = tensor(L, device, normal((8,), 7), grad=True)

    def loss() -> Any:
        total = x
        for _ in range(1000):
            total = total + x * 0.5
        return total.sum()

    return differentiating([x], loss)


@workload("recurrence by hand, 100 steps", "graphs", target=2.0)
def recurrence(L: Any, device: str) -> Step:
    """h = tanh(x[t] @ U + h @ W + b) written as a loop, 16 wide, 100 steps."""
    x = tensor(L, device, normal((100, 4, 16), 8))
    U, W = (tensor(L, device, normal((16, 16), s) / 4, grad=True) for s in (9, 10))
    b = tensor(L, device, normal((16,), 11), grad=True)

    def loss() -> Any:
        h = x[0]
        for t in range(100):
            h = (x[t] @ U + h @ W + b).tanh()
        return (h * h).mean()

    return differentiating([U, W, b], loss)


@workload("bigram model, 27 letters", "graphs")
def bigrams(L: Any, device: str) -> Step:
    """The first network of the makemore course: a table of logits, 32 pairs of letters, cross entropy."""
    table = tensor(L, device, normal((27, 27), 12), grad=True)
    first, second = (tensor(L, device, integers((32,), 27, s)) for s in (13, 14))

    def loss() -> Any:
        return L.nn.functional.cross_entropy(table[first], second)

    return differentiating([table], loss)
