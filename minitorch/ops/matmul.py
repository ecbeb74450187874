"""Products of matrices and vectors: one op for each of torch's names, so that grad_fn is named as torch's.

Halves are multiplied in float32 and rounded once: NumPy has no fast product for them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minitorch.autograd.failures import broadcast_error
from minitorch.autograd.op import op
from minitorch.backend import dtypes
from minitorch.errors import explain
from minitorch.ops.elementwise import conj
from minitorch.ops.shape import transpose

_CPP = {
    "float16": "c10::Half", "bfloat16": "c10::BFloat16", "float32": "float", "float64": "double", "int64": "long int",
    "int32": "int", "int16": "short int", "int8": "signed char", "uint8": "unsigned char", "bool": "bool",
    "complex64": "c10::complex<float>", "complex128": "c10::complex<double>",
}  # fmt: skip


def _name(x: Any) -> str:
    return dtypes.SCALAR_NAME[dtypes.from_numpy(x._array.dtype)]


def dtype_error(op_name: str, x: Any, y: Any) -> RuntimeError:
    """torch's error for a product of two dtypes: products don't promote."""
    if op_name in ("bmm", "baddbmm", "addbmm", "dot", "vdot", "cdist", "cross"):
        what = f"expected both inputs to have same dtype: expected scalar type {_name(x)} but found {_name(y)}"
    else:
        names = [_CPP[dtypes.from_numpy(t._array.dtype).name] for t in (x, y)]
        what = f"expected m1 and m2 to have the same dtype, but got: {names[0]} != {names[1]}"
    hint = f"x.to({dtypes.from_numpy(y._array.dtype)!r}) makes the first like the second"
    return RuntimeError(
        explain(f"{op_name}: {what}", [("first", x._array.shape, ""), ("second", y._array.shape, "")], hint)
    )


def _explain(inputs: tuple, settings: dict, error: Exception, name: str = "matmul") -> Exception | None:
    """diagnose: why two tensors can't be multiplied."""
    x, y = inputs[-2:]
    if not hasattr(y, "_array") or not hasattr(x, "_array"):
        bad = y if hasattr(x, "_array") else x
        return TypeError(f"{name}(): argument 'other' (position 1) must be Tensor, not {type(bad).__name__}")
    a, b = x._array, y._array
    if a.ndim == 0 or b.ndim == 0:
        return RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {a.ndim}D and {b.ndim}D")
    if a.dtype != b.dtype:
        return dtype_error(name, x, y)
    if a.dtype.char == "?":
        return NotImplementedError(
            f"{name}: \"addmm_impl_cpu_\" not implemented for 'Bool'\n    hint  multiply x.float()"
        )
    rows = [("input", a.shape, _letters(a.ndim, "n, k", "k")), ("other", b.shape, _letters(b.ndim, "k, m", "k"))]
    k, have = a.shape[-1], b.shape[-2 if b.ndim > 1 else 0]
    if k == have:
        return broadcast_error(name, [a.shape[:-2], b.shape[:-2]])
    if a.ndim == b.ndim == 1:
        what = f"inconsistent tensor size, expected tensor [{k}] and src [{have}] to have the same number of elements"
    elif b.ndim == 1:
        what = f"size mismatch, got input ({a.shape[0]}), mat ({'x'.join(map(str, a.shape))}), vec ({have})"
    elif a.ndim > 2 and b.ndim > 2 or a.ndim == 1:
        sizes = f"[{b.shape[0]}, {k}] but got: {list(b.shape[:2])}"
        what = f"Expected size for first two dimensions of batch2 tensor to be: {sizes}"
    else:
        n = a.size // k if k else 0
        what = f"mat1 and mat2 shapes cannot be multiplied ({n}x{k} and {b.shape[-2]}x{b.shape[-1]})"
    swap = "other.mT has the size that fits" if b.ndim > 1 and b.shape[-1] == k else None
    return RuntimeError(explain(f"{name}: {what}", rows, swap))


def _letters(ndim: int, matrix: str, vector: str) -> str:
    return vector if ndim == 1 else matrix if ndim == 2 else "*, " + matrix


class Unequal(TypeError):
    """Raised inside a forward that NumPy would have carried out and torch refuses; `_explain` says why."""


def product(x: Any, y: Any) -> Any:
    """x @ y on arrays, with torch's refusals: dtypes must be equal, and bools don't multiply."""
    char = x.dtype.char
    if x.dtype is not y.dtype and x.dtype != y.dtype or char == "?":
        raise Unequal
    if char in "eE":
        return (x.astype("float32") @ y.astype("float32")).astype(x.dtype)
    if y.ndim == 2 and x.ndim > 2 and x.size:
        # one product of a tall matrix instead of many small ones
        return (x.reshape(-1, x.shape[-1]) @ y).reshape(x.shape[:-1] + y.shape[1:])
    return x @ y


def times(x: Any, y: Any) -> Any:
    """x @ y in a derivative: the operator where it is right and fast, the op elsewhere."""
    if getattr(x.dtype, "char", "E") in "eE" or x.ndim != 2 or y.ndim != 2:
        return matmul(x, y)
    return x @ y


def plain_matrices(x: Any, y: Any) -> bool:
    """True for two float matrices of NumPy. For small ones `x.dot(y)` is quickest: it gives the bits of `x @ y`, from
    the same routine of BLAS, after half the time (0.6 us beside 1.3 for 4 x 16 by 16 x 16)."""
    return x.__class__ is y.__class__ is np.ndarray and x.dtype.char in "fd" and x.ndim == y.ndim == 2


def adjoint(x: Any) -> Any:
    """The conjugate transpose of the last two dimensions."""
    x = conj(x)
    return x.T if x.ndim == 2 else transpose(x, dim0=x.ndim - 2, dim1=x.ndim - 1)


@op(diagnose=_explain, plain="x.dot(y) if x.dtype is y.dtype and x.dtype.char in 'fd'")
def mm(x: Any, y: Any) -> Any:
    """x @ y, two matrices."""
    return product(x, y)


@mm.vjp("x")
def _(g: Any, y: Any) -> Any:
    return g.dot(y.T) if plain_matrices(g, y) else times(g, adjoint(y))


@mm.vjp("y")
def _(g: Any, x: Any) -> Any:
    return x.T.dot(g) if plain_matrices(g, x) else times(adjoint(x), g)


@op(diagnose=_explain)
def bmm(x: Any, y: Any) -> Any:
    return product(x, y)


@bmm.vjp("x")
def _(g: Any, y: Any) -> Any:
    return matmul(g, adjoint(y))


@bmm.vjp("y")
def _(g: Any, x: Any) -> Any:
    return matmul(adjoint(x), g)


@op(diagnose=_explain)
def mv(x: Any, y: Any) -> Any:
    return product(x, y)


@mv.vjp("x")
def _(g: Any, y: Any) -> Any:
    return column(g) * row(conj(y))


@mv.vjp("y")
def _(g: Any, x: Any) -> Any:
    return mv(adjoint(x), g)


@op(diagnose=_explain)
def dot(x: Any, y: Any) -> Any:
    return product(x, y)


@dot.vjp("x")
def _(g: Any, y: Any) -> Any:
    return g * conj(y)


@dot.vjp("y")
def _(g: Any, x: Any) -> Any:
    return g * conj(x)


def column(v: Any) -> Any:
    """A vector (or the last dimension of several) as a matrix with one column."""
    return v.reshape((*v.shape, 1))


def row(v: Any) -> Any:
    """A vector (or the last dimension of several) as a matrix with one row."""
    return v.reshape((*v.shape[:-1], 1, v.shape[-1]))


def _matmul_node(settings: dict, inputs: tuple) -> str:
    """torch composes matmul; its last step differs by the numbers of dimensions."""
    n, m = inputs[0]._array.ndim, inputs[1]._array.ndim
    return (
        "UnsafeViewBackward0"
        if n > 2 or m == 1
        else "CloneBackward0"
        if n == 2
        else "SqueezeBackward4"
        if m == 2
        else "UnsafeViewBackward0"
    )


@op(broadcasts=True, node=_matmul_node, diagnose=_explain)
def matmul(x: Any, y: Any) -> Any:
    """x @ y with torch's rules for any number of dimensions: (..., n, k) @ (..., k, m), vectors at either side."""
    return product(x, y)


@matmul.vjp("x")
def _(g: Any, x: Any, y: Any) -> Any:
    """g y^H. Where x is one matrix (or vector) for a whole batch, the batch is summed inside a single product."""
    if y.ndim == 1:
        return column(g) * conj(y)
    if x.ndim == 1:
        g = row(g)
    if x.ndim > 2 or y.ndim == 2:
        out = matmul(g, adjoint(y))
    else:
        out = times(_beside(g), _beside(conj(y)).T)
    return out.reshape(out.shape[:-2] + out.shape[-1:]) if x.ndim == 1 else out


@matmul.vjp("y")
def _(g: Any, x: Any, y: Any) -> Any:
    """x^H g. Where y is one matrix (or vector) for a whole batch, the batch is summed inside a single product."""
    if x.ndim == 1:
        return column(conj(x)) * row(g) if y.ndim > 1 else g * conj(x)
    if y.ndim == 1:
        g = column(g)
    if y.ndim > 2 or x.ndim == 2:
        out = matmul(adjoint(x), g)
    else:
        out = times(adjoint(_stacked(x)), _stacked(g))
    return out.reshape(out.shape[:-2] + out.shape[-2:-1]) if y.ndim == 1 else out


def _stacked(x: Any) -> Any:
    """(..., n, k) -> (... n, k): a batch of matrices below each other."""
    return x.reshape((math.prod(x.shape[:-1]), x.shape[-1]))


def _beside(x: Any) -> Any:
    """(..., n, k) -> (n, ... k): a batch of matrices beside each other."""
    n, k = x.shape[-2:]
    batch = math.prod(x.shape[:-2])
    return transpose(x.reshape((batch, n, k)), dim0=0, dim1=1).reshape((n, batch * k))


def _blend(input: Any, product: Any, beta: float, alpha: float) -> Any:
    """beta input + alpha product; beta 0 leaves input out, nan and all."""
    if input.dtype.char in "eE" and input.dtype == product.dtype:
        return _blend(input.astype("float32"), product.astype("float32"), beta, alpha).astype(input.dtype)
    if input.dtype.kind in "biu":
        kind = input.dtype.type
        beta, alpha = kind(int(beta)), kind(int(alpha))
    if alpha != 1:
        product = product * alpha
    if beta == 0:
        return product
    out = product + (input if beta == 1 else input * beta)
    if out.shape != product.shape or input.dtype != product.dtype:
        raise Unequal(product.shape)
    return out


def _added(input: Any, a: Any, b: Any, beta: float, alpha: float) -> Any:
    """_blend of input and a @ b; halves are rounded once, at the end."""
    if a.dtype.char in "eE" and a.dtype == b.dtype == input.dtype:
        wide = product(a.astype("float32"), b.astype("float32"))
        return _blend(input.astype("float32"), wide, beta, alpha).astype(input.dtype)
    return _blend(input, product(a, b), beta, alpha)


def _not_expandable(have: tuple, want: tuple) -> str:
    """torch's words for a shape that does not expand to another."""
    lead = len(want) - len(have)
    if lead < 0:
        return f"the number of sizes provided ({len(want)}) must be at least the number of dimensions ({len(have)})."
    d = next((d for d, n in enumerate(have) if n not in (1, want[lead + d])), 0)
    return (
        f"The expanded size of the tensor ({want[lead + d]}) must match the existing size ({have[d]}) at non-singleton "
        f"dimension {lead + d}."
    )


def _explain_added(name: str) -> Any:
    def diagnose(inputs: tuple, settings: dict, error: Exception) -> Exception | None:
        x, a, b = inputs
        found = _explain((a, b), settings, error, name) if name != "addr" else None
        if found is not None:
            return found
        if x._array.dtype != a._array.dtype:
            return RuntimeError(f"{name}: self and mat2 must have the same dtype, but got {_name(x)} and {_name(b)}")
        have = x._array.shape
        want = _SHAPE_OF[name](a._array.shape, b._array.shape)
        return RuntimeError(
            explain(
                f"{name}: {_not_expandable(have, want)}  Target sizes: {list(want)}.  Tensor sizes: {list(have)}",
                [("input", have, ""), ("first", a._array.shape, ""), ("second", b._array.shape, "")],
            )
        )

    return diagnose


_SHAPE_OF = {
    "addmm": lambda a, b: (a[0], b[1]),
    "addmv": lambda a, b: (a[0],),
    "baddbmm": lambda a, b: (a[0], a[1], b[2]),
    "addbmm": lambda a, b: (a[1], b[2]),
    "addr": lambda a, b: (a[0], b[0]),
}


@op(broadcasts=True, diagnose=_explain_added("addmm"))
def addmm(input: Any, mat1: Any, mat2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    return _added(input, mat1, mat2, beta, alpha)


@op(broadcasts=True, diagnose=_explain_added("addmv"))
def addmv(input: Any, mat: Any, vec: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    return _added(input, mat, vec, beta, alpha)


@op(broadcasts=True, diagnose=_explain_added("baddbmm"))
def baddbmm(input: Any, batch1: Any, batch2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    return _added(input, batch1, batch2, beta, alpha)


@op(broadcasts=True, diagnose=_explain_added("addbmm"))
def addbmm(input: Any, batch1: Any, batch2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    if batch1.dtype.char in "eE" and len(batch1):  # torch adds product by product, rounding each time
        for a, b in zip(batch1, batch2, strict=True):
            input, beta = _added(input, a, b, beta, alpha), 1
        return input
    return _blend(input, product(batch1, batch2).sum(axis=0, dtype=input.dtype), beta, alpha)


@op(broadcasts=True, diagnose=_explain_added("addr"))
def addr(input: Any, vec1: Any, vec2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    return _blend(input, column(vec1) * vec2, beta, alpha)


def _input_grad(g: Any, beta: float) -> Any:
    return g * conj(beta)


for _op in (addmm, addmv, baddbmm, addbmm, addr):
    _op.vjp("input")(_input_grad)


@addmm.vjp("mat1")
def _(g: Any, mat2: Any, alpha: float) -> Any:
    return scaled(times(g, adjoint(mat2)), alpha)


@addmm.vjp("mat2")
def _(g: Any, mat1: Any, alpha: float) -> Any:
    return scaled(times(adjoint(mat1), g), alpha)


def scaled(g: Any, alpha: float) -> Any:
    return g if alpha == 1 else g * conj(alpha)


@addmv.vjp("mat")
def _(g: Any, vec: Any, alpha: float) -> Any:
    return column(scaled(g, alpha)) * row(conj(vec))


@addmv.vjp("vec")
def _(g: Any, mat: Any, alpha: float) -> Any:
    return scaled(mv(adjoint(mat), g), alpha)


@baddbmm.vjp("batch1")
def _(g: Any, batch2: Any, alpha: float) -> Any:
    return scaled(matmul(g, adjoint(batch2)), alpha)


@baddbmm.vjp("batch2")
def _(g: Any, batch1: Any, alpha: float) -> Any:
    return scaled(matmul(adjoint(batch1), g), alpha)


@addbmm.vjp("batch1")
def _(g: Any, batch2: Any, alpha: float) -> Any:
    return scaled(matmul(g, adjoint(batch2)), alpha)


@addbmm.vjp("batch2")
def _(g: Any, batch1: Any, alpha: float) -> Any:
    return scaled(matmul(adjoint(batch1), g), alpha)


@addr.vjp("vec1")
def _(g: Any, vec2: Any, alpha: float) -> Any:
    return scaled(mv(g, conj(vec2)), alpha)


@addr.vjp("vec2")
def _(g: Any, vec1: Any, alpha: float) -> Any:
    return scaled(mv(transpose(g, dim0=0, dim1=1), conj(vec1)), alpha)
