"""What the engine promises beyond single ops: depth, fan-out, memory, threads, hooks, errors, modes."""

from __future__ import annotations

import gc
import threading
import tracemalloc
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt


def test_depth_without_recursion() -> None:
    x = mt.ones(1, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y + 1.0
    y.backward()
    assert x.grad.item() == 1.0
    del y  # freeing a deep graph must not recurse either


def test_fan_out_is_linear() -> None:
    x = mt.tensor(1.0, dtype=mt.float64, requires_grad=True)
    y = x
    for _ in range(60):
        y = y + y
    y.backward()
    assert x.grad.item() == 2.0**60


def test_memory_is_flat_without_gc() -> None:
    w = mt.randn(64, 64, requires_grad=True)
    x = mt.randn(8, 64)

    def step() -> None:
        h = (x @ w).tanh() + 1.0
        v = h.view(4, 128)
        v.mul_(2.0)
        loss = (h * h).sum() + h.exp().mean()
        (g,) = mt.autograd.grad(loss, w, create_graph=True)
        (g * g).sum().backward()
        w.grad = None

    step()  # what is made once, at the first use of an operation, is not the graph's
    gc.collect()
    gc.disable()
    try:
        tracemalloc.start()
        for _ in range(800):  # also fills Python's free lists of small tuples, which count as memory in use
            step()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(300):
            step()
        after = tracemalloc.get_traced_memory()[0]
        assert gc.collect() == 0  # no cycles: everything went as soon as it could
    finally:
        tracemalloc.stop()
        gc.enable()
    assert after - before < 20_000


def test_threads_build_and_run_graphs_at_once() -> None:
    w = mt.ones(50, dtype=mt.float64, requires_grad=True)
    errors: list[BaseException] = []

    def work(seed: int) -> None:
        try:
            x = mt.from_numpy(np.full(50, float(seed)))
            for _ in range(50):
                with mt.no_grad():
                    assert not (w * x).requires_grad
                (w * x).sum().backward()
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            errors.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(1, 5)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert errors == []
    assert np.array_equal(w.grad.numpy(), np.full(50, 50.0 * (1 + 2 + 3 + 4)))


def test_gradients_of_two_leaves_do_not_share_memory() -> None:
    a, b = mt.ones(3, requires_grad=True), mt.ones(3, requires_grad=True)
    g = mt.ones(3)
    (a + b).backward(g)
    a.grad.zero_()
    assert b.grad.tolist() == [1, 1, 1] and g.tolist() == [1, 1, 1]


def both(program: Any) -> tuple[Any, Any]:
    """What a program gives in both libraries: its result, or the type of its exception."""
    found = []
    for library in (mt, torch):
        try:
            found.append(program(library))
        except Exception as error:  # noqa: BLE001 - the type is what is compared
            found.append(type(error).__name__)
    return found[0], found[1]


def _second_backward(m: Any) -> Any:
    x = m.ones(2, requires_grad=True)
    y = (x * x).sum()
    y.backward()
    y.backward()


def _second_backward_retained(m: Any) -> Any:
    x = m.ones(2, requires_grad=True)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    return x.grad.tolist()


def _nothing_saved_may_run_twice(m: Any) -> Any:
    x = m.ones(2, requires_grad=True)
    y = (x + x).sum()
    y.backward()
    y.backward()
    return x.grad.tolist()


def _number_times_twice(m: Any) -> Any:
    x = m.ones(2, requires_grad=True)
    y = (x * 3.0).sum()
    y.backward()
    y.backward()
    return x.grad.tolist()


def _not_a_scalar(m: Any) -> Any:
    m.ones(2, requires_grad=True).exp().backward()


def _nothing_requires_grad(m: Any) -> Any:
    m.ones(2).sum().backward()


def _unused(m: Any) -> Any:
    x, y = m.ones(1, requires_grad=True), m.ones(1, requires_grad=True)
    m.autograd.grad(x * 2, y)


def _unused_allowed(m: Any) -> Any:
    x, y = m.ones(1, requires_grad=True), m.ones(1, requires_grad=True)
    return [None if g is None else g.tolist() for g in m.autograd.grad(x * 2, (x, y), allow_unused=True)]


def _materialized(m: Any) -> Any:
    x, y = m.ones(1, requires_grad=True), m.ones(1, requires_grad=True)
    return [g.tolist() for g in m.autograd.grad(x * 2, (x, y), materialize_grads=True)]


def _integers_require_grad(m: Any) -> Any:
    m.ones(2, dtype=m.int64).requires_grad_()


def _only_some_inputs(m: Any) -> Any:
    x, y = m.ones(1, requires_grad=True), m.ones(1, requires_grad=True)
    (x * y * 3).backward(inputs=[x])
    return x.grad.tolist(), y.grad


def _gradient_of_interior(m: Any) -> Any:
    x = m.ones(2, requires_grad=True)
    y = x * 2
    z = (y * y).sum()
    return [g.tolist() for g in m.autograd.grad(z, [y, x])]


def _hooks(m: Any) -> Any:
    seen: list = []
    x = m.ones(2, requires_grad=True)
    y = x * 3
    y.register_hook(lambda g: seen.append(g.tolist()) or g * 10)
    x.register_hook(lambda g: seen.append(g.tolist()) or g + 1)
    x.register_post_accumulate_grad_hook(lambda t: seen.append(t.grad.tolist()))
    handle = y.register_hook(lambda g: seen.append("removed"))
    handle.remove()
    (y * y).sum().backward()
    return seen, x.grad.tolist()


def _node_hooks(m: Any) -> Any:
    seen: list = []
    x = m.ones(2, requires_grad=True)
    y = x.exp()
    y.grad_fn.register_hook(lambda gi, go: seen.append((len(gi), go[0].tolist())))
    y.grad_fn.register_prehook(lambda go: (go[0] * 2,))
    y.sum().backward()
    return seen, [round(v, 4) for v in x.grad.tolist()]


def _retain_grad(m: Any) -> Any:
    x = m.ones(2, requires_grad=True)
    y = x * 3
    y.retain_grad()
    (y * y).sum().backward()
    return y.grad.tolist(), y.retains_grad, x.retains_grad


def _names(m: Any) -> Any:
    x = m.ones(2, 2, requires_grad=True)
    y = ((x * x).sum() + x.exp().mean()).reshape(1)
    return (
        y.grad_fn.name(),
        [f[0].name() for f in y.grad_fn.next_functions],
        (x * 1).grad_fn.next_functions[0][0].variable is x,
    )


def _create_graph_third_order(m: Any) -> Any:
    x = m.tensor([0.3, 0.7], dtype=m.float64, requires_grad=True)
    y = (x.exp() * x.sin()).sum()
    for _ in range(3):
        (y,) = m.autograd.grad(y.sum(), x, create_graph=True)
    return [round(v, 10) for v in y.tolist()]


def _decorated_generator(m: Any) -> Any:
    @m.no_grad()
    def values() -> Any:
        yield m.is_grad_enabled()
        yield m.is_grad_enabled()

    return [(v, m.is_grad_enabled()) for v in values()]


def _modes(m: Any) -> Any:
    x = m.ones(1, requires_grad=True)
    with m.no_grad():
        a = (x * 2).requires_grad
        with m.enable_grad():
            b = (x * 2).requires_grad
    with m.inference_mode():
        c = x * 2
    with m.set_grad_enabled(False):
        d = (x * 2).requires_grad
    return a, b, c.requires_grad, c.is_inference(), d, m.is_grad_enabled()


def _inference_saved(m: Any) -> Any:
    with m.inference_mode():
        c = m.ones(1) * 2
    return c * m.ones(1, requires_grad=True)


PROGRAMS = [
    v
    for k, v in list(globals().items())
    if k.startswith("_") and callable(v) and getattr(v, "__module__", "") == __name__
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__.strip("_"))
def test_program(program: Any) -> None:
    ours, theirs = both(program)
    assert ours == theirs


class _Cube(mt.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Any, scale: float) -> Any:
        ctx.save_for_backward(x)
        ctx.scale = scale
        return x * x * x * scale

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        assert ctx.needs_input_grad == (True, False)
        return 3 * x * x * g * ctx.scale, None


def test_function_any_order() -> None:
    x = mt.tensor([2.0], dtype=mt.float64, requires_grad=True)
    (g,) = mt.autograd.grad(_Cube.apply(x, 2.0), x, create_graph=True)
    (h,) = mt.autograd.grad(g, x, create_graph=True)
    assert (g.item(), h.item()) == (24.0, 24.0)
    assert repr(_Cube.apply(x, 2.0)).endswith("grad_fn=<_CubeBackward>)")


def test_function_setup_context_dirty_and_non_differentiable() -> None:
    class Scale(mt.autograd.Function):
        @staticmethod
        def forward(x: Any) -> Any:
            x.mul_(3.0)
            return x, (x > 0)

        @staticmethod
        def setup_context(ctx: Any, inputs: tuple, output: Any) -> None:
            ctx.mark_dirty(inputs[0])
            ctx.mark_non_differentiable(output[1])
            ctx.set_materialize_grads(False)

        @staticmethod
        def backward(ctx: Any, g: Any, gm: Any) -> Any:
            assert gm is None
            return g * 3

    x = mt.ones(2, requires_grad=True)
    y = x * 1
    z, positive = Scale.apply(y)
    assert z is y and not positive.requires_grad and z._version == 2  # the change itself, and mark_dirty
    (z * z).sum().backward()
    assert x.grad.tolist() == [18.0, 18.0]


def test_once_differentiable() -> None:
    class Once(mt.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        @mt.autograd.function.once_differentiable
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2

    x = mt.ones(1, requires_grad=True)
    (g,) = mt.autograd.grad(Once.apply(x) * x, x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        g.backward()


def test_anomaly_mode_shows_the_forward_line() -> None:
    x = mt.tensor([0.0], requires_grad=True)
    with mt.autograd.detect_anomaly(), pytest.warns(UserWarning, match="test_engine.py"):
        y = x / x.abs()  # this line
        with pytest.raises(RuntimeError, match="returned nan"):
            y.backward(mt.ones(1))


def test_saved_tensors_hooks() -> None:
    log: list = []
    with mt.autograd.graph.saved_tensors_hooks(
        lambda t: log.append("pack") or t.numpy(force=True).copy(), lambda a: mt.from_numpy(a)
    ):
        x = mt.tensor([2.0], requires_grad=True)
        y = x * x
    y.backward()
    assert x.grad.tolist() == [4.0] and log == ["pack", "pack"]


def test_checkpoint_recomputes_with_the_same_random_numbers() -> None:
    from minitorch.utils.checkpoint import checkpoint

    calls: list = []

    def block(x: Any) -> Any:
        calls.append(1)
        return (x * mt.rand(3)).exp() * x

    for reentrant in (True, False):
        calls.clear()
        x = mt.ones(3, requires_grad=True)
        mt.manual_seed(3)
        block(x).sum().backward()
        plain, x.grad = x.grad, None
        mt.manual_seed(3)
        checkpoint(block, x, use_reentrant=reentrant).sum().backward()
        assert len(calls) == 3 and mt.equal(x.grad, plain)


def test_gradcheck_sees_a_wrong_gradient() -> None:
    class Wrong(mt.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g * 2.01

    x = mt.ones(2, dtype=mt.float64, requires_grad=True)
    with pytest.raises(RuntimeError, match="Jacobian mismatch"):
        mt.autograd.gradcheck(Wrong.apply, x)
    assert mt.autograd.gradcheck(lambda x: x.exp() * x, x) and mt.autograd.gradgradcheck(lambda x: x.exp() * x, x)


@pytest.mark.parametrize("name", ["jacobian", "hessian", "vjp", "jvp", "hvp", "vhp"])
def test_functional(name: str) -> None:
    results = []
    for m in (mt, torch):
        x, v = m.tensor([0.5, 2.0], dtype=m.float64), m.tensor([1.5, -1.0], dtype=m.float64)
        scalar = name in ("hessian", "hvp", "vhp")
        fn = (lambda a: (a.exp() * a).sum()) if scalar else (lambda a: a.exp() * a * a.sum())
        arguments = (fn, x) if name in ("jacobian", "hessian") else (fn, x, v)
        out = getattr(m.autograd.functional, name)(*arguments)
        results.append([np.asarray(t) for t in (out if isinstance(out, tuple) else (out,))])
    for a, b in zip(*results, strict=True):
        assert np.allclose(a, b, rtol=1e-12)


def test_gradients_of_0d_tensors_are_arrays_wherever_a_user_gets_them() -> None:
    """In flight they are NumPy scalars; hooks, grad() and .grad give tensors that can be written to."""
    x = mt.tensor(3.0, requires_grad=True)
    seen = []
    y = x * 2
    y.register_hook(lambda g: seen.append(g))
    y.retain_grad()
    (y * y * 2).backward()
    z = x * 2
    seen += [y.grad, x.grad, *mt.autograd.grad(z * z, (z, x), retain_graph=True), *mt.autograd.grad(z * z, (x, z))]
    for g in seen:
        assert type(g._array) is np.ndarray
        g.add_(1)
    assert [float(g) for g in seen] == [25.0, 25.0, 49.0, 13.0, 25.0, 25.0, 13.0]


def test_tensors_come_from_any_iterable() -> None:
    """grad(loss, model.parameters()), grad(loss, fast_weights.values())."""
    found = []
    for L in (torch, mt):
        L.manual_seed(0)
        model = L.nn.Sequential(L.nn.Linear(3, 2), L.nn.Tanh(), L.nn.Linear(2, 1))
        x, grad = L.rand(4, 3), L.autograd.grad
        named = dict(model.named_parameters())
        seen = [*grad(model(x).sum(), model.parameters()), *grad(model(x).sum(), named.values(), create_graph=True)]
        outputs = {"sum": model(x).sum(), "mean": model(x).mean()}
        seen += grad(outputs.values(), named.values(), (g for g in (None, L.tensor(2.0))))
        L.autograd.backward(iter([model(x).sum()]), inputs=named.values())
        seen += [p.grad for p in model.parameters()]
        found.append([g.detach().numpy() for g in seen])
    for theirs, ours in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "call",
    [
        lambda L, x: L.autograd.grad(x.sum(), 3),
        lambda L, x: L.autograd.grad(3, x),
        lambda L, x: L.autograd.grad(x.sum(), x, 2.0),
        lambda L, x: L.autograd.grad(x.sum(), []),
        lambda L, x: L.autograd.backward(x.sum(), inputs=3),
        lambda L, x: L.autograd.backward(x.sum(), inputs=[]),
    ],
)
def test_what_is_no_tensor_and_no_iterable_of_them(call: Any) -> None:
    raised = []
    for L in (torch, mt):
        with pytest.raises((TypeError, RuntimeError)) as error:
            call(L, L.ones(2, requires_grad=True))
        raised.append((error.type, str(error.value) if error.type is RuntimeError else ""))
    assert raised[0] == raised[1]


def test_an_operator_and_its_function_make_nodes_of_one_class() -> None:
    """What replaces a derivative (an exercise, a mutant) puts it into the classes that the op knows."""
    x, y = mt.tensor([0.3, 0.7], requires_grad=True), mt.tensor([0.5, 0.2], requires_grad=True)
    for by_operator, by_name in [(x * y, mt.mul(x, y)), (x + y, mt.add(x, y)), (x - y, mt.sub(x, y)),
                                 (x / y, mt.div(x, y)), (1 - x, mt.rsub(x, 1)), (x**y, mt.pow(x, y))]:  # fmt: skip
        node = by_operator.grad_fn
        assert type(node) is type(by_name.grad_fn)
        assert type(node) in type(node).op.node_classes.values()


@pytest.mark.parametrize("m", [torch, mt])
def test_hooks_on_one_saved_tensor(m: Any) -> None:
    x = m.tensor([0.0, 1.0], requires_grad=True)
    y = x.exp()
    y.grad_fn._raw_saved_result.register_hooks(lambda t: t.detach() * 0 + 3, lambda t: t)
    y.sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]
