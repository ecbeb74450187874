"""`gradcheck` and `gradgradcheck`: analytic gradients against central finite differences.

Complex numbers follow the engine's convention: the gradient of a real L is dL/dRe x + i dL/dIm x.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch.autograd.api import grad
from minitorch.autograd.base import TensorBase, wrap
from minitorch.autograd.modes import enable_grad, no_grad
from minitorch.autograd.node import edge_of
from minitorch.backend import to_host, xp_of


class GradcheckError(RuntimeError):
    """Raised when a gradient is wrong."""


def gradcheck(
    func: Callable, inputs: Any, *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3,
    raise_exception: bool = True, nondet_tol: float = 0.0, check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False, check_batched_grad: bool = False, check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False, check_backward_ad: bool = True, fast_mode: bool = False, masked: Any = None,
) -> bool:  # fmt: skip
    """True if the gradients of `func` at `inputs` equal finite differences within atol and rtol; else raise.

    Only inputs that require grad are checked; they should be float64.

    >>> import minitorch as mt
    >>> x = mt.ones(2, dtype=mt.float64, requires_grad=True)
    >>> mt.autograd.gradcheck(lambda x: x * x, x)
    True
    """
    wanted = {"check_forward_ad": check_forward_ad, "check_batched_forward_grad": check_batched_forward_grad,
              "check_backward_ad": not check_backward_ad, "masked": masked}  # fmt: skip
    for name, unusual in wanted.items():
        if unusual:
            raise NotImplementedError(f"gradcheck: {name} is not supported: only backward gradients are checked")
    try:
        return _check(func, inputs, eps, atol, rtol, nondet_tol)
    except GradcheckError:
        if raise_exception:
            raise
        return False


def _check(func: Callable, inputs: Any, eps: float, atol: float, rtol: float, nondet_tol: float) -> bool:
    inputs = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    checked = [t for t in inputs if isinstance(t, TensorBase) and edge_of(t) is not None]
    if not checked:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of the them have "
            "requires_grad=True."
        )
    for k, t in enumerate(checked):
        if t._array.dtype.name not in ("float64", "complex128"):
            warnings.warn(
                f"Input #{k} requires gradient and is not a double precision floating point or complex. This check "
                "will likely fail if all the inputs are not of double precision floating point or complex.",
                stacklevel=4,
            )
    outputs = _outputs(func, inputs)
    for number, out in enumerate(outputs):
        analytic = _analytic(out, checked)
        again = _analytic(_outputs(func, inputs)[number], checked)
        for k, t in enumerate(checked):
            if not np.allclose(analytic[k], again[k], rtol=0, atol=nondet_tol):
                raise GradcheckError(
                    "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times "
                    "gives different values, although analytical gradient matches numerical gradient."
                )
            numeric = _numeric(func, inputs, t, number, eps)
            if not np.allclose(analytic[k], numeric, rtol=rtol, atol=atol):
                raise GradcheckError(
                    f"Jacobian mismatch for output {number} with respect to input {k},\nnumerical:{numeric}\n"
                    f"analytical:{analytic[k]}\n"
                )
    return True


def _outputs(func: Callable, inputs: tuple) -> list:
    with enable_grad():
        out = func(*inputs)
    found = [o for o in (out if isinstance(out, (tuple, list)) else (out,)) if isinstance(o, TensorBase)]
    return [o for o in found if o._array.dtype.kind in "fcV"]


def _directions(dtype: Any) -> tuple:
    return (1.0, 1j) if dtype.kind == "c" else (1.0,)


def _analytic(out: Any, checked: list) -> list[np.ndarray]:
    """Rows of the Jacobian by vjps: for each output element (and, if complex, for i times it), a row."""
    rows: list[list] = [[] for _ in checked]
    if edge_of(out) is None:
        count = out._array.size * len(_directions(out._array.dtype))
        return [np.zeros((count, t._array.size), dtype=t._array.dtype) for t in checked]
    for k in range(out._array.size):
        for v in _directions(out._array.dtype):
            e = xp_of(out._array).zeros(out._array.size, dtype=out._array.dtype)
            e[k] = v
            found = grad(out, checked, wrap(e.reshape(out._array.shape)), retain_graph=True, allow_unused=True)
            for row, g, t in zip(rows, found, checked, strict=True):
                row.append(np.zeros(t._array.size) if g is None else to_host(g._array).reshape(-1).copy())
    return [np.array(r).reshape(-1, t._array.size) for r, t in zip(rows, checked, strict=True)]


def _numeric(func: Callable, inputs: tuple, t: TensorBase, number: int, eps: float) -> np.ndarray:
    """The same matrix by central differences, one input element (and direction) at a time."""
    array = t._array
    columns = []
    for index in np.ndindex(array.shape):
        column: Any = 0
        for unit in _directions(array.dtype):
            saved = array[index]
            with no_grad():
                array[index] = saved + eps * unit
                plus = to_host(_outputs(func, inputs)[number]._array).copy()
                array[index] = saved - eps * unit
                minus = to_host(_outputs(func, inputs)[number]._array).copy()
                array[index] = saved
            slope = ((plus - minus) / (2 * eps)).reshape(-1)
            # L = Re(conj(v) out): its slopes for v = 1 and v = i are the real and imaginary parts
            parts = np.stack([slope.real, slope.imag], axis=1).reshape(-1) if plus.dtype.kind == "c" else slope
            column = column + parts * unit
        columns.append(column)
    if not columns:
        return np.zeros((_outputs(func, inputs)[number]._array.size, 0))
    return np.stack(columns, axis=1)


def _upstream(o: Any) -> Any:
    """Uniform on [-1, 1), from the library's own stream: as many numbers as torch draws here."""
    array = o._array
    parts = 2 if array.dtype.kind == "c" else 1
    g = wrap(xp_of(array).empty((*array.shape, parts), array.real.dtype)).uniform_(-1, 1)  # type: ignore[attr-defined]
    g = wrap(g._array.view(array.dtype)[..., 0] if array.size else array.copy())
    g.requires_grad = True
    return g


def gradgradcheck(
    func: Callable, inputs: Any, grad_outputs: Any = None, *, eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False, raise_exception: bool = True, nondet_tol: float = 0.0,
    check_undefined_grad: bool = True, check_grad_dtypes: bool = False, fast_mode: bool = False,
) -> bool:  # fmt: skip
    """gradcheck of the gradient: second derivatives against finite differences of first ones."""
    inputs = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    if grad_outputs is None:
        grad_outputs = [_upstream(o) for o in _outputs(func, inputs)]
    upstream = tuple(grad_outputs) if isinstance(grad_outputs, (tuple, list)) else (grad_outputs,)
    n = len(upstream)

    def gradient(*args: Any) -> tuple:
        x, g = args[:-n], args[-n:]
        tracked = [t for t in x if isinstance(t, TensorBase) and edge_of(t) is not None]
        with enable_grad():
            return grad(_outputs(func, x), tracked, g, create_graph=True, allow_unused=True)

    return gradcheck(
        gradient,
        (*inputs, *upstream),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
    )
