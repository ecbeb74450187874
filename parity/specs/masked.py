"""Specs of minitorch.masked: reductions and normalizations with a mask."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity.spec import Bad, Call, In, call, dim_tuples, dims, shapes, spec


def some(rng: Any, shape: tuple, dtype: str) -> Any:
    """A mask that leaves at least the first element of each row."""
    made = rng.integers(0, 3, shape) > 0
    if made.size and made.ndim:
        made[..., 0] = True
    return made


@st.composite
def reductions(draw: Any, several: bool = True, first: tuple = (), needs_dim: bool = False, **options: Any) -> Call:
    shape = draw(shapes(1, 3, zero=False))
    kinds = st.one_of(dims(len(shape)), dim_tuples(len(shape))) if several else dims(len(shape))
    dim = draw(kinds if needs_dim else st.one_of(st.none(), kinds))
    # of the shape of the input, or of its last dims
    mask_shape = shape[draw(st.integers(0, len(shape) - 1)) :]
    kwargs = {name: draw(st.sampled_from(values)) for name, values in options.items() if draw(st.booleans())}
    if draw(st.integers(0, 4)):
        kwargs["mask"] = In(mask_shape, dtype="bool", make=some, grad=False)
    return call(In(shape, distinct=True), *first, dim, **kwargs)


KEEP = (False, True)
BIG = (Bad(call(In((3,)), 0, mask=np.ones((2, 3), bool)), "mask dimensionality higher than of the input"),)
FULL = ("float64", "float32", "int64")

for _name in ("sum", "prod", "amax", "amin"):
    spec(f"masked.{_name}", reductions(keepdim=KEEP), dtypes=FULL, errors=BIG)
for _name in ("argmax", "argmin"):
    spec(f"masked.{_name}", reductions(several=False, keepdim=KEEP), dtypes=FULL, order=0, errors=BIG)
spec("masked.mean", reductions(keepdim=KEEP), errors=(
    *BIG, Bad(call(In((3,))), "Could not infer output dtype", dtype="int64")))  # fmt: skip
for _name in ("cumsum", "cumprod"):
    spec(f"masked.{_name}", reductions(several=False, needs_dim=True), dtypes=FULL, errors=BIG)
for _name in ("softmax", "log_softmax", "softmin"):
    spec(f"masked.{_name}", reductions(several=False, needs_dim=True), errors=BIG)
spec("masked.logsumexp", reductions(keepdim=KEEP), errors=BIG)
spec("masked.median", reductions(several=False, needs_dim=True, keepdim=KEEP), errors=BIG)
for _name in ("var", "std"):
    spec(f"masked.{_name}", st.one_of(
        reductions(keepdim=KEEP, unbiased=KEEP), reductions(keepdim=KEEP, correction=(0, 1, 0.5))),
        errors=BIG)  # fmt: skip
NORMS = st.sampled_from((1.0, 2.0, 3.0, float("inf")))
spec("masked.norm", NORMS.flatmap(
    lambda p: reductions(first=(p,), keepdim=KEEP)))  # fmt: skip
spec("masked.normalize", st.sampled_from((1.0, 2.0, 3.0)).flatmap(
    lambda p: reductions(several=False, needs_dim=True, first=(p,))))  # fmt: skip


@st.composite
def pairs(draw: Any) -> Call:
    shape = draw(shapes(1, 3))
    masks = {n: In(shape, dtype="bool", make=some, grad=False) for n in ("input_mask", "other_mask")}
    return call(In(shape), In(shape), **{n: m for n, m in masks.items() if draw(st.booleans())})


spec("masked.logaddexp", pairs())
