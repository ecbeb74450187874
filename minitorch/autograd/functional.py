"""Derivatives of functions: vjp, jvp, jacobian, hessian, hvp, vhp. Counterpart of torch.autograd.functional.

All of them run the function on detached copies of the inputs and use reverse mode; a jvp is the vjp of a vjp.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch.autograd.api import grad, stacked
from minitorch.autograd.base import TensorBase
from minitorch.autograd.modes import enable_grad
from minitorch.autograd.node import edge_of


def _tuple(x: Any, what: str, fn: str) -> tuple[bool, tuple]:
    """(was it a tuple, the tuple), every element checked to be a tensor."""
    was = isinstance(x, tuple)
    items = x if was else (x,)
    for k, t in enumerate(items):
        if not isinstance(t, TensorBase):
            where = f"The value at index {k} in " if was else ""
            raise TypeError(
                f"The {what} given to {fn} must be either a Tensor or a tuple of Tensors. {where}is {type(t).__name__}"
            )
    return was, items


def _prepare(inputs: tuple, create_graph: bool) -> tuple:
    """Copies of the inputs to differentiate by: connected to the given ones if a graph is wanted, else detached."""
    return tuple(
        t.view_as(t) if create_graph and edge_of(t) is not None else t.detach().requires_grad_(True) for t in inputs
    )  # type: ignore[attr-defined]


def _run(fn_name: str, func: Callable, inputs: Any, create_graph: bool) -> tuple:
    was_tuple, inputs = _tuple(inputs, "inputs", fn_name)
    inputs = _prepare(inputs, create_graph)
    many, outputs = _tuple(func(*inputs), "outputs of the user-provided function", fn_name)
    return was_tuple, inputs, many, outputs


def _grads(outputs: Any, inputs: Any, v: Any, create_graph: bool, strict: bool, retain: bool = True) -> tuple:
    """Gradients of differentiable outputs; zeros for inputs that don't matter, or an error if strict."""
    pairs = [(o, g) for o, g in zip(outputs, v, strict=True) if edge_of(o) is not None]
    if len(pairs) < len(outputs) and strict:
        raise RuntimeError(
            "The output of the user-provided function is independent of all the inputs. "
            "This is not allowed in strict mode."
        )
    if not pairs:
        return tuple(t.detach() * 0 for t in inputs)
    found = grad([o for o, _ in pairs], inputs, [g for _, g in pairs], retain, create_graph, allow_unused=True)
    if strict and any(g is None for g in found):
        k = next(k for k, g in enumerate(found) if g is None)
        raise RuntimeError(
            f"The output of the user-provided function is independent of input {k}. This is not allowed in strict mode."
        )
    return tuple(t.detach() * 0 if g is None else g for t, g in zip(inputs, found, strict=True))


def _finish(values: tuple, as_tuple: bool, create_graph: bool) -> Any:
    values = values if create_graph else tuple(t.detach() for t in values)
    return values if as_tuple else values[0]


def _vectors(v: Any, like: tuple, was_tuple: bool, what: str, fn: str) -> tuple:
    if v is None:
        if len(like) != 1 or like[0].numel() != 1:
            raise RuntimeError(f"The vector v can only be None if the {what} has a single element, in {fn}")
        return (like[0].detach() * 0 + 1,)
    _, items = _tuple(v, "v", fn)
    if len(items) != len(like) or any(a.shape != b.shape for a, b in zip(items, like, strict=True)):
        raise RuntimeError(
            f"v has invalid size: should be {[list(t.shape) for t in like]} but got {[list(t.shape) for t in items]}"
        )
    return items


def vjp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple:
    """(func(inputs), v^T J): the product of a vector with the Jacobian."""
    with enable_grad():
        was_tuple, x, many, out = _run("vjp", func, inputs, create_graph)
        v = _vectors(v, out, many, "user-provided function's output", "vjp")
        found = _grads(out, x, v, create_graph, strict)
        return _finish(out, many, create_graph), _finish(found, was_tuple, create_graph)


def jvp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple:
    """(func(inputs), J v), by differentiating u -> u^T J, which is linear in u, at u = 0."""
    with enable_grad():
        was_tuple, x, many, out = _run("jvp", func, inputs, create_graph)
        v = _vectors(v, x, was_tuple, "input", "jvp")
        u = tuple((o.detach() * 0).requires_grad_(True) for o in out)
        through = _grads(out, x, u, True, strict)
        found = _grads(through, u, v, create_graph, strict) if any(edge_of(t) is not None for t in through) else u
        return _finish(out, many, create_graph), _finish(found, many, create_graph)


def jacobian(
    func: Callable, inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """J[i, j] = d out[i] / d in[j], of shape out.shape + in.shape; nested tuples for several outputs or inputs.

    >>> import minitorch as mt
    >>> mt.autograd.functional.jacobian(lambda x: x * x, mt.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    _check_strategy("strategy", strategy, vectorize, create_graph)
    with enable_grad():
        was_tuple, x, many, out = _run("jacobian", func, inputs, create_graph)
        rows = tuple(_one_jacobian(o, x, create_graph, strict) for o in out)
        rows = tuple(_finish(r, True, create_graph) for r in rows)
        if not was_tuple:
            rows = tuple(r[0] for r in rows)
        return rows if many else rows[0]


def _check_strategy(name: str, strategy: str, vectorize: bool, create_graph: bool) -> None:
    """Both strategies give the same numbers, and both are computed in reverse mode; torch's conditions hold."""
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(f'Expected {name} to be either "forward-mode" or "reverse-mode"; got {strategy!r}')
    if strategy == "forward-mode" and create_graph:
        raise NotImplementedError("torch.autograd.functional.jacobian: `create_graph=True` and `strategy="
                                  '"forward-mode"` are not supported together (yet).')  # fmt: skip
    if strategy == "forward-mode" and not vectorize:
        raise NotImplementedError(f"{name}='forward-mode' needs vectorize=True")


def _one_jacobian(out: Any, x: tuple, create_graph: bool, strict: bool) -> tuple:
    """The Jacobian of one output by all inputs, a row of it per element of the output."""
    flat_rows: list[list] = [[] for _ in x]
    basis = out.detach() * 0
    for k in range(out.numel()):
        e = basis.clone()
        e.view(-1)[k] = 1
        for rows, g in zip(flat_rows, _grads((out,), x, (e,), create_graph, strict), strict=True):
            rows.append(g)
    result = []
    for rows, t in zip(flat_rows, x, strict=True):
        shape = (*out.shape, *t.shape)
        result.append(stacked(rows).reshape(shape) if rows else t.detach().new_zeros(shape))
    return tuple(result)


def hessian(
    func: Callable, inputs: Any, create_graph: bool = False, strict: bool = False, vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:  # fmt: skip
    """The matrix of second derivatives of a function with one scalar result."""
    was_tuple, items = _tuple(inputs, "inputs", "hessian")
    _check_strategy("outer_jacobian_strategy", outer_jacobian_strategy, vectorize, False)

    def gradient(*x: Any) -> tuple:
        out = _scalar(func(*x), "hessian")
        return _grads((out,), x, (out.detach() * 0 + 1,), True, strict)

    result = jacobian(gradient, items, create_graph, strict)
    return result if was_tuple else result[0][0]


def _scalar(out: Any, fn: str) -> Any:
    if isinstance(out, tuple):
        raise RuntimeError(f"The output of the function given to {fn} should be a single Tensor")
    if out.numel() != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {fn} should contain a single element")
    return out


def vhp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple:
    """(func(inputs), v^T H) for a function with one scalar result."""
    with enable_grad():
        was_tuple, x, _, out = _run("vhp", func, inputs, create_graph)
        value = _scalar(out[0], "vhp")
        v = _vectors(v, x, was_tuple, "input", "vhp")
        first = _grads((value,), x, (value.detach() * 0 + 1,), True, strict)
        found = _grads(first, x, v, create_graph, strict) if any(edge_of(t) is not None for t in first) else first
        return _finish((value,), False, create_graph), _finish(found, was_tuple, create_graph)


def hvp(func: Callable, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> tuple:
    """(func(inputs), H v); with continuous second derivatives the Hessian is symmetric, so this is vhp."""
    return vhp(func, inputs, v, create_graph, strict)
