"""Few operations on many numbers: memory bandwidth, vector units and BLAS, hardly any overhead."""

from __future__ import annotations

from typing import Any

from benchmarks.workload import Step, differentiating, integers, normal, tensor, workload


@workload("gelu * sigmoid + tanh, 2 M floats", "arrays", target=1.0)
def elementwise(L: Any, device: str, size: int = 2_000_000) -> Step:
    """gelu(x) * sigmoid(y) + tanh(x), summed, forward and backward."""
    x, y = (tensor(L, device, normal((size,), s), grad=True) for s in (1, 2))
    gelu = L.nn.functional.gelu
    return differentiating([x, y], lambda: (gelu(x) * y.sigmoid() + x.tanh()).sum())


@workload("multiply and add, 2 M floats", "arrays", target=1.0)
def multiply_add(L: Any, device: str) -> Step:
    """(x * y + x).sum(), forward and backward: nothing but memory traffic."""
    x, y = (tensor(L, device, normal((2_000_000,), s), grad=True) for s in (1, 2))
    return differentiating([x, y], lambda: (x * y + x).sum())


@workload("cross entropy, 4096 x 1024", "arrays", target=1.0)
def cross_entropy(L: Any, device: str) -> Step:
    """nn.functional.cross_entropy with class indices, forward and backward."""
    x = tensor(L, device, normal((4096, 1024)), grad=True)
    y = tensor(L, device, integers((4096,), 1024))
    return differentiating([x], lambda: L.nn.functional.cross_entropy(x, y))


@workload("layer norm, 2048 x 512", "arrays", target=1.0)
def layer_norm(L: Any, device: str) -> Step:
    """nn.functional.layer_norm with weight and bias, forward and backward."""
    x, weight, bias = (tensor(L, device, normal(shape), grad=True) for shape in ((2048, 512), (512,), (512,)))
    return differentiating(
        [x, weight, bias], lambda: L.nn.functional.layer_norm(x, (512,), weight, bias).square().mean()
    )


@workload("softmax, 2048 x 512", "arrays", target=1.0)
def softmax(L: Any, device: str) -> Step:
    """x.softmax(1) weighted and summed, forward and backward."""
    x, weights = tensor(L, device, normal((2048, 512)), grad=True), tensor(L, device, normal((2048, 512), 1))
    return differentiating([x], lambda: (x.softmax(1) * weights).sum())


@workload("sum of a middle dim, 64 x 256 x 128", "arrays")
def reduction(L: Any, device: str) -> Step:
    """x.sum(1) squared and averaged, forward and backward."""
    x = tensor(L, device, normal((64, 256, 128)), grad=True)
    return differentiating([x], lambda: x.sum(1).square().mean())


@workload("gather and scatter, 100 k rows of 32", "arrays")
def rows(L: Any, device: str) -> Step:
    """table[indices].sum() with repeated indices, forward and backward (which adds into the table)."""
    table = tensor(L, device, normal((5000, 32)), grad=True)
    indices = tensor(L, device, integers((100_000,), 5000))
    return differentiating([table], lambda: table[indices].square().mean())


@workload("matmul 512", "arrays", target=1.0)
def matmul(L: Any, device: str, size: int = 512) -> Step:
    """Two square matrices, forward and backward (three products)."""
    a, b = (tensor(L, device, normal((size, size), s), grad=True) for s in (1, 2))
    return differentiating([a, b], lambda: (a @ b).mean())


@workload("batched matmul, 64 of 64 x 64", "arrays", target=1.0)
def batched(L: Any, device: str) -> Step:
    """64 products of small matrices at once, forward and backward."""
    a, b = (tensor(L, device, normal((64, 64, 64), s), grad=True) for s in (1, 2))
    return differentiating([a, b], lambda: (a @ b).mean())
