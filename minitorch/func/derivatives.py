"""Derivatives as functions of functions: grad(f) is a function again, and can be differentiated again.

All of them use reverse mode: a jvp is the vjp of a vjp. The function gets copies of its inputs; a result that depends
on nothing outside that requires grad comes back without a graph.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch.autograd.api import grad as autograd_grad
from minitorch.autograd.base import TensorBase
from minitorch.autograd.modes import enable_grad, is_grad_enabled
from minitorch.autograd.node import edge_of
from minitorch.func.tree import flatten, tree_map, unflatten
from minitorch.tensor import FUNCTIONS

__all__ = ["grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize", "vjp"]


def _can_vary(t: Any) -> bool:
    return isinstance(t, TensorBase) and (t.is_floating_point() or t.is_complex())  # type: ignore[attr-defined]


class _Inputs:
    """The inputs to differentiate by: `starts` are where derivatives end, `copies` are what the function gets.

    Copies, so that a function that changes its inputs in place changes neither the caller's nor the starts.
    """

    def __init__(self, tree: Any) -> None:
        self.leaves, self.structure = flatten(tree)
        for leaf in self.leaves:
            if not isinstance(leaf, TensorBase):
                raise TypeError(f"Expected Tensors to differentiate by, got {type(leaf).__name__}")
            if not _can_vary(leaf):
                raise RuntimeError("only Tensors of floating point dtype can require gradients")
        self.starts = [t.clone() if edge_of(t) is not None else t.detach().requires_grad_(True) for t in self.leaves]
        self.own = {id(s) for s, t in zip(self.starts, self.leaves, strict=True) if edge_of(t) is None}
        self.tree = unflatten([s.clone() for s in self.starts], self.structure)

    def gradients(self, outputs: list, upstream: list) -> list:
        """The vjp, with a graph; zeros for what doesn't matter."""
        pairs = [(o, g) for o, g in zip(outputs, upstream, strict=True) if edge_of(o) is not None]
        if not pairs:
            return [FUNCTIONS["zeros_like"](s.detach()) for s in self.starts]
        found = autograd_grad(
            [o for o, _ in pairs], self.starts, [g for _, g in pairs], True, True, allow_unused=True
        )  # fmt: skip
        return [
            FUNCTIONS["zeros_like"](s.detach()) if g is None else g for s, g in zip(self.starts, found, strict=True)
        ]

    def closed(self, tree: Any, keep: bool) -> Any:
        """The results, detached where nothing but our own starts is below them."""
        return tree_map(lambda t: t if keep and self._reaches_others(t) else _detached(t), tree)

    def _reaches_others(self, t: Any) -> bool:
        """Does the graph of `t` end in a leaf that isn't ours?"""
        if not isinstance(t, TensorBase) or edge_of(t) is None:
            return False
        if t.grad_fn is None:  # type: ignore[attr-defined]
            return id(t) not in self.own
        seen, rest = set(), [t.grad_fn]  # type: ignore[attr-defined]
        while rest:
            node = rest.pop()
            if node in seen:
                continue
            seen.add(node)
            variable = getattr(node, "variable", None)
            if variable is not None and id(variable) not in self.own:
                return True
            rest.extend(n for n, _ in node.next_functions if n is not None)
        return False


def _detached(t: Any) -> Any:
    return t.detach() if isinstance(t, TensorBase) else t  # type: ignore[attr-defined]


def _chosen(args: tuple, argnums: Any) -> Any:
    """The arguments to differentiate by: one, or a tuple of them."""
    for k in argnums if isinstance(argnums, tuple) else (argnums,):
        if not isinstance(k, int):
            raise RuntimeError(f"argnum must be int or tuple of ints, got: {type(k)}")
        if not -len(args) <= k < len(args):
            raise RuntimeError(f"Got argnum={k}, but only {len(args)} positional inputs")
    return tuple(args[k] for k in argnums) if isinstance(argnums, tuple) else args[argnums]


def _with(args: tuple, argnums: Any, values: Any) -> list:
    """The arguments with the chosen ones replaced."""
    new = list(args)
    for k, value in zip(argnums, values, strict=True) if isinstance(argnums, tuple) else [(argnums, values)]:
        new[k] = value
    return new


def _split(name: str, result: Any, has_aux: bool) -> tuple[Any, Any]:
    if not has_aux:
        return result, None
    if not (isinstance(result, tuple) and len(result) == 2):
        raise RuntimeError(f"{name}: output of function f should be a tuple: (output, aux) if has_aux is True")
    return result


def _tensors(name: str, tree: Any) -> tuple[list, Any]:
    leaves, structure = flatten(tree)
    for leaf in leaves:
        if not isinstance(leaf, TensorBase):
            raise RuntimeError(f"{name}: Expected f(*args) to return only tensors, got unsupported type {type(leaf)}")
    return leaves, structure


def grad_and_value(func: Callable, argnums: Any = 0, has_aux: bool = False) -> Callable:
    """The function (*args) -> (gradient, value), or (gradient, (value, aux)) with has_aux; see `grad`."""
    name = "grad_and_value(f)(*args)"

    def wrapped(*args: Any, **kwargs: Any) -> tuple:
        keep = is_grad_enabled()
        with enable_grad():
            inputs = _Inputs(_chosen(args, argnums))
            value, aux = _split(name, func(*_with(args, argnums, inputs.tree), **kwargs), has_aux)
            if not isinstance(value, TensorBase):
                raise RuntimeError(f"{name}: Expected f(*args) to return a Tensor, got {type(value)}")
            if value.dim() != 0:  # type: ignore[attr-defined]
                raise RuntimeError(
                    f"{name}: Expected f(*args) to return a scalar Tensor, got tensor with {value.dim()} dims. Maybe "  # type: ignore[attr-defined]
                    "you wanted to use the vjp or jacrev APIs instead?"
                )
            found = inputs.gradients([value], [FUNCTIONS["ones_like"](value.detach())])  # type: ignore[attr-defined]
            gradient = inputs.closed(unflatten(found, inputs.structure), keep)
            value, aux = inputs.closed(value, keep), inputs.closed(aux, keep)
            return gradient, (value, aux) if has_aux else value

    return wrapped


def grad(func: Callable, argnums: Any = 0, has_aux: bool = False) -> Callable:
    """The function that gives the gradient of `func`, which has one scalar result.

    `argnums` says by which argument (or, as a tuple, arguments); an argument may be a nested tuple, list or dict of
    tensors. With has_aux, func gives (value, aux) and the new function (gradient, aux).

    >>> import minitorch as mt
    >>> mt.func.grad(mt.func.grad(lambda x: x**3))(mt.tensor(2.0))
    tensor(12.)
    """

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        gradient, value = grad_and_value(func, argnums, has_aux)(*args, **kwargs)
        return (gradient, value[1]) if has_aux else gradient

    return wrapped


def vjp(func: Callable, *primals: Any, has_aux: bool = False) -> tuple:
    """(func(*primals), pull): pull(v), with v shaped as the output, gives v^T J as a tuple, one for each primal.

    With has_aux, func gives (output, aux) and vjp (output, pull, aux).
    """
    keep = is_grad_enabled()
    with enable_grad():
        inputs = _Inputs(primals)
        value, aux = _split("vjp(f, *primals)", func(*inputs.tree), has_aux)
        outputs, structure = _tensors("vjp(f, *primals)", value)

    def pull(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> tuple:
        v, v_structure = flatten(cotangents)
        if v_structure != structure:
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the function."
            )
        keep_graph = is_grad_enabled() if create_graph is None else create_graph
        with enable_grad():
            return inputs.closed(unflatten(inputs.gradients(outputs, v), inputs.structure), keep_graph)

    result = inputs.closed(value, keep)
    return (result, pull, inputs.closed(aux, keep)) if has_aux else (result, pull)


def jvp(func: Callable, primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> tuple:
    """(func(*primals), J t): the derivative along the tangents; (output, J t, aux) with has_aux.

    u -> u^T J is linear in u; its own vjp at t is J t. strict=True (an error where the output doesn't depend on the
    inputs) is not supported.
    """
    name = "jvp(f, primals, tangents)"
    if strict:
        raise NotImplementedError("jvp: strict=True is not supported")
    if not isinstance(primals, tuple):
        raise RuntimeError(f"{name}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals).")
    leaves, structure = flatten(primals)
    t, t_structure = flatten(tangents)
    if t_structure != structure:
        raise RuntimeError(f"{name}: Expected primals and tangents to have the same python structure.")
    for a, b in zip(leaves, t, strict=True):
        if a.shape != b.shape:
            raise RuntimeError(
                f"{name}: Trying to set a forward gradient that has a different size than that of the original Tensor: "
                f"Tensor is of size {list(a.shape)} while the given forward gradient is of size {list(b.shape)}."
            )
    keep = is_grad_enabled()
    with enable_grad():
        inputs = _Inputs(primals)
        value, aux = _split(name, func(*inputs.tree), has_aux)
        outputs, out_structure = _tensors(name, value)
        found = _forward(inputs, outputs, t)
        result = inputs.closed(value, keep), inputs.closed(unflatten(found, out_structure), keep)
    return (*result, inputs.closed(aux, keep)) if has_aux else result


def _forward(inputs: _Inputs, outputs: list, tangents: list) -> list:
    """J t, with a graph."""
    u = [FUNCTIONS["zeros_like"](o.detach()).requires_grad_(True) for o in outputs]
    inputs.own.update(id(t) for t in u)
    pulled = [(g, t) for g, t in zip(inputs.gradients(outputs, u), tangents, strict=True) if edge_of(g) is not None]
    if not pulled:
        return [t.detach() for t in u]
    found = autograd_grad([g for g, _ in pulled], u, [t for _, t in pulled], True, True, allow_unused=True)
    return [t.detach() if g is None else g for t, g in zip(u, found, strict=True)]


def linearize(func: Callable, *primals: Any) -> tuple:
    """(func(*primals), push): push(*tangents) gives J t; the function runs once only."""
    keep = is_grad_enabled()
    with enable_grad():
        inputs = _Inputs(primals)
        outputs, structure = _tensors("linearize(f, *primals)", func(*inputs.tree))

    def push(*tangents: Any) -> Any:
        t, t_structure = flatten(tangents)
        if t_structure != inputs.structure:
            raise RuntimeError("linearize: Expected the tangents to have the same python structure as the primals.")
        with enable_grad():
            return inputs.closed(unflatten(_forward(inputs, outputs, t), structure), keep)

    return inputs.closed(unflatten(outputs, structure), keep), push


def jacrev(func: Callable, argnums: Any = 0, *, has_aux: bool = False, chunk_size: int | None = None) -> Callable:
    """The function that gives the Jacobian: for each output and input a tensor of shape out.shape + in.shape.

    One backward pass for each element of the output; `chunk_size` changes nothing here. Outputs and inputs may be
    nested: the result is the output's nest, with the input's in the place of each tensor.

    >>> import minitorch as mt
    >>> mt.func.jacrev(lambda x: x * x)(mt.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError("jacrev: `chunk_size` should be greater than 0.")

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        keep = is_grad_enabled()
        with enable_grad():
            inputs = _Inputs(_chosen(args, argnums))
            value, aux = _split("jacrev(f)(*args)", func(*_with(args, argnums, inputs.tree), **kwargs), has_aux)
            outputs, structure = _tensors("jacrev(f)(*args)", value)
            blocks = [unflatten(_rows(inputs, out), inputs.structure) for out in outputs]
            result = inputs.closed(unflatten(blocks, structure), keep)
            return (result, inputs.closed(aux, keep)) if has_aux else result

    return wrapped


def _rows(inputs: _Inputs, out: Any) -> list:
    """The Jacobian of one output by all inputs, a row for each element of the output."""
    rows = []
    for k in range(out.numel()):
        one = FUNCTIONS["zeros_like"](out.detach()).reshape(-1)
        one[k] = 1
        rows.append(inputs.gradients([out], [one.reshape(out.shape)]))
    if not rows:
        return [s.detach().new_zeros((*out.shape, *s.shape)) for s in inputs.starts]
    return [
        FUNCTIONS["stack"](column).reshape((*out.shape, *s.shape))
        for column, s in zip(zip(*rows, strict=True), inputs.starts, strict=True)
    ]


def jacfwd(func: Callable, argnums: Any = 0, has_aux: bool = False, *, randomness: str = "error") -> Callable:
    """As `jacrev`: there is no forward mode here, so the rows are found one by one all the same."""
    return jacrev(func, argnums, has_aux=has_aux)


def hessian(func: Callable, argnums: Any = 0) -> Callable:
    """The function that gives the second derivatives: the Jacobian of the Jacobian.

    >>> import minitorch as mt
    >>> mt.func.hessian(lambda x: (x**3).sum())(mt.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacrev(jacrev(func, argnums), argnums)
