"""`out=`: a result written into a given tensor, by torch's rules."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.modes import state
from minitorch.autograd.node import edge_of
from minitorch.autograd.views import bump, check_inplace, check_overlap, check_partial_overlap
from minitorch.backend import dtypes

# functions whose out= must have the result's dtype; that of the others may be any that the result can be cast to
_SAME_DTYPE = frozenset(
    """addbmm addmm addmv amax amin aminmax argmax argmin baddbmm bitwise_not bmm bucketize ceil cholesky_ex
    complex conj_physical cross cummax cummin det diag dot eigh eigvalsh floor frac frexp gather heaviside histc
    histogram index_add index_copy index_reduce index_select inv inv_ex isin isneginf isposinf kthvalue ldl_factor
    ldl_factor_ex ldl_solve linalg.ldl_factor linalg.ldl_factor_ex linalg.ldl_solve log_softmax logcumsumexp lu
    lu_factor lu_factor_ex lu_solve lu_unpack masked_select matmul matrix_norm median mm mode msort
    multi_dot multinomial mv nan_to_num nanmedian nanquantile neg negative nonzero ormqr polar qr quantile renorm round
    scatter scatter_add scatter_reduce searchsorted sign signbit slice_scatter slogdet softmax solve solve_ex
    solve_triangular sort svd svdvals take take_along_dim tensordot topk triangular_solve tril triu trunc
    vdot vecdot where""".split()
)
_SAME_OF_REAL = ("abs", "absolute", "norm", "sgn", "vector_norm")  # of a complex tensor they may give another dtype
_EXTREMA = {"max": "amax", "min": "amin"}  # of two tensors they convert, along a dim they don't
_APART = ("cat", "gather", "kthvalue", "masked_select", "take")  # their out= may not even be an input
_TRUTHS = ("all", "any")  # their out= may be uint8, too
_CONVERTING = ("cat", "stack", "hstack", "vstack", "dstack", "column_stack")  # torch's TypeError


def write_out(name: str, target: Any, result: Any, inputs: tuple = ()) -> Any:
    """Store `result` in `out=target` by torch's rules: resized if needed, dtype castable, no gradient. Gives target."""
    if isinstance(target, (tuple, list)):
        if isinstance(result, TensorBase):
            raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(target).__name__}")
        if len(target) != len(result):
            raise TypeError(f"{name}(): argument 'out' must be tuple of {len(result)} Tensors, not {len(target)}")
        for t, r in zip(target, result, strict=True):
            write_out(_EXTREMA.get(name, name), t, r, inputs)
        return type(result)(*target) if hasattr(result, "_fields") else tuple(target)
    if not isinstance(result, TensorBase):
        raise TypeError(f"{name}(): argument 'out' must be tuple of Tensors, not {type(target).__name__}")
    if not isinstance(target, TensorBase):
        raise TypeError(f"{name}(): argument 'out' must be Tensor, not {type(target).__name__}")
    if state.grad and any(isinstance(t, TensorBase) and edge_of(t) is not None for t in (*inputs, target)):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, but one of the "
            "arguments requires grad."
        )
    _check_dtype(name, target, result, inputs)
    if name in _APART:
        check_partial_overlap(target, inputs, same=False)
    check_inplace(target, False)
    check_overlap(target._array)
    if target._array.shape != result._array.shape:
        target.resize_(result._array.shape)
    target._array[...] = result._array
    bump(target)
    return target


def _check_dtype(name: str, target: Any, result: Any, inputs: tuple) -> None:
    have, want = dtypes.from_numpy(result._array.dtype), dtypes.from_numpy(target._array.dtype)
    if have is want:
        return
    words = dtypes.SCALAR_NAME[have], dtypes.SCALAR_NAME[want]
    strict = name in _SAME_DTYPE or name.endswith("_copy") or (name in _TRUTHS and want is not dtypes.uint8)
    if strict or (name in _SAME_OF_REAL and isinstance(inputs[0], TensorBase) and not inputs[0].is_complex()):
        raise RuntimeError(f"{name}(): Expected out tensor to have dtype {words[0]}, but got {words[1]} instead")
    if not dtypes.can_cast(have, want):
        kind = TypeError if name in _CONVERTING else RuntimeError
        raise kind(f"{name}(): result type {words[0]} can't be cast to the desired output type {words[1]}")
