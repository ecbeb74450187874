"""Specs of minitorch/ops/fft.py and the functions on it: Fourier transforms, frequencies, short-time transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity.spec import COMPLEX, Bad, Call, In, call, shapes, spec

NORMS = st.sampled_from((None, "backward", "ortho", "forward"))
REALS, ALL = ("float64", "float32", "int64", "bool"), ("float64", "float32", *COMPLEX, "int64", "bool")
X = In((3, 4))


@st.composite
def along_one(draw: Any, real_result: bool = False) -> Call:
    """f(x, n, dim, norm); x without batch of 0, which torch's refuses in places."""
    shape = draw(shapes(1, 3, zero=False))
    dim = draw(st.integers(-len(shape), len(shape) - 1))
    least = 2 if real_result and shape[dim] == 1 else 1
    n = draw(st.one_of(st.none() if least == 1 else st.just(3), st.integers(least, 8)))
    return call(In(shape), n, dim, norm=draw(NORMS))


@st.composite
def along_two(draw: Any, real_result: bool = False) -> Call:
    shape = draw(shapes(2, 3, zero=False))
    dims = draw(st.permutations(range(len(shape))))[:2]
    sizes = draw(st.one_of(st.none(), st.tuples(st.integers(1, 6), st.integers(2, 6))))
    if real_result and shape[dims[1]] == 1:
        sizes = (2, 3)
    return call(In(shape), sizes, tuple(d - len(shape) if draw(st.booleans()) else d for d in dims), norm=draw(NORMS))


@st.composite
def along_several(draw: Any, real_result: bool = False) -> Call:
    shape = draw(shapes(1, 3, zero=False))
    if real_result:
        shape = (*shape[:-1], max(shape[-1], 2))
    kind = draw(st.integers(0, 2))
    if kind == 0:
        return call(In(shape), norm=draw(NORMS))
    if kind == 1:
        count = draw(st.integers(1, len(shape)))
        sizes = tuple(draw(st.integers(2, 6)) for _ in range(count))
        return call(In(shape), sizes, norm=draw(NORMS))
    dims = draw(st.permutations(range(len(shape))))[: draw(st.integers(1, len(shape)))]
    sizes = tuple(draw(st.integers(2, 6)) for _ in dims)
    return call(In(shape), sizes, tuple(dims), norm=draw(NORMS))


ONE_BAD = (
    Bad(call(X, 0), "Invalid number of data points"),
    Bad(call(X, 3, 5), "Dimension out of range"),
    Bad(call(X, norm="half"), "Invalid normalization mode"),
    Bad(call(X, 2.5), "must be int"),
    Bad(call(X, norm=3), "must be str"),
    Bad(call([1.0]), "must be Tensor"),
    Bad(call(In(())), "tensor has no dimensions"),
    Bad(call(X), "Unsupported dtype Half", dtype="float16"),
)
SEVERAL_BAD = (
    Bad(call(X, (3, 0)), "Invalid number of data points"),
    Bad(call(X, dim=(0, 0)), "must be unique"),
    Bad(call(X, (3,), (0, 1)), "must have the same length"),
    Bad(call(X, dim=(0, 2)), "Dimension out of range"),
)
TOO_MANY = (Bad(call(X, (3, 4, 5)), "Got shape with 3 values"),)
REAL_ONLY = (Bad(call(X), "expects a real", dtype="complex64"),)
NO_DIM = (Bad(call(X, dim=()), "at least one axis"),)
TOLERANT = {
    "tolerance": {"float32": (1e-5, 1e-5), "complex64": (1e-5, 1e-5)},
    "why": "sums in another order: pocketfft and MKL",
}

for _name, _reals, _real_result in (
    ("fft", False, False), ("ifft", False, False), ("rfft", True, False), ("ihfft", True, False),
    ("irfft", False, True), ("hfft", False, True),
):  # fmt: skip
    _dtypes, _more = (REALS, REAL_ONLY) if _reals else (ALL, ())
    spec(f"fft.{_name}", along_one(_real_result), dtypes=_dtypes, out=True, errors=ONE_BAD + _more, **TOLERANT)
    spec(f"fft.{_name}2", along_two(_real_result), dtypes=_dtypes, out=True, errors=SEVERAL_BAD + _more, **TOLERANT)
    _errors = SEVERAL_BAD + TOO_MANY + _more + (() if _name in ("fft", "ifft") else NO_DIM)
    # along one dim, torch's ihfftn forgets to write into `out`
    spec(f"fft.{_name}n", along_several(_real_result), dtypes=_dtypes, out=_name != "ihfft", errors=_errors, **TOLERANT)

FREQUENCIES = st.tuples(st.integers(1, 9), st.sampled_from((1.0, 0.5, 3.0))).map(lambda t: call(*t))
for _name in ("fftfreq", "rfftfreq"):
    spec(f"fft.{_name}", FREQUENCIES, dtypes=("float64",), order=0, errors=(Bad(call(2.5), "must be int"),))


@st.composite
def shifts(draw: Any) -> Call:
    shape = draw(shapes(1, 3))
    chosen = draw(st.permutations(range(-len(shape), 0)))[: draw(st.integers(1, len(shape)))]
    dim = draw(st.sampled_from((None, chosen[0], tuple(chosen))))
    return call(In(shape), dim)


for _name in ("fftshift", "ifftshift"):
    spec(
        f"fft.{_name}", shifts(), dtypes=("float64", "complex128", "int64"),
        errors=(Bad(call(X, 5), "Dimension out of range"), Bad(call([1.0]), "must be Tensor")),
    )  # fmt: skip

# -- short-time transforms --------------------------------------------------------------------------------------------


@st.composite
def signals(draw: Any) -> Call:
    n_fft = draw(st.integers(4, 9))
    win = draw(st.sampled_from((None, n_fft - 1, n_fft - 2)))
    window = draw(st.sampled_from((None, In((win or n_fft,), low=0.2, high=1.0))))
    center = draw(st.booleans())
    mode = draw(st.sampled_from(("reflect", "constant", "replicate", "circular")))
    options: dict[str, Any] = {"window": window} if window else {}
    if draw(st.booleans()):
        options["onesided"] = False
    return call(
        In(draw(st.sampled_from(((21,), (3, 17))))), n_fft, draw(st.sampled_from((None, 2, 3))), win, center=center,
        pad_mode=mode, normalized=draw(st.booleans()), return_complex=True, **options,
    )  # fmt: skip


WINDOW = In((8,), low=0.2, high=1.0)
GIVEN = {"window": WINDOW, "return_complex": True}
LONG = In((20,))
spec(
    "stft", signals().filter(lambda c: c.kwargs.get("window")), **TOLERANT, method=True,
    errors=(
        Bad(call(LONG, 8), "requires the return_complex parameter"),
        Bad(call(LONG, 50, center=False, return_complex=True), "expected 0 < n_fft < 20"),
        Bad(call(LONG, 50, return_complex=True), "Padding size should be less than"),
        Bad(call(LONG, 8, 0, **GIVEN), "expected hop_length > 0"),
        Bad(call(LONG, 8, win_length=9, return_complex=True), "expected 0 < win_length <= n_fft"),
        Bad(call(LONG, 8, window=In((7,)), return_complex=True), "expected a 1D window tensor of size"),
        Bad(call(LONG, 8, onesided=True, **GIVEN), "Cannot have onesided output", dtype="complex128"),
        Bad(call(In((2, 2, 20)), 8, **GIVEN), "expected a 1D or 2D tensor"),
        Bad(call(LONG, 8, return_complex=True), "floating point or complex values", dtype="int64"),
        Bad(call(LONG, 8, align_to_window=True, **GIVEN), "should only be set when center = false"),
    ),
)  # fmt: skip


@st.composite
def spectra(draw: Any) -> Call:
    """Spectra that need not be those of a signal: the result is the nearest signal's."""
    n_fft = draw(st.integers(4, 9))
    frames = draw(st.integers(2, 5))
    onesided = draw(st.booleans())
    lead = draw(st.sampled_from(((), (3,))))
    options: dict[str, Any] = {"normalized": draw(st.booleans()), "center": draw(st.booleans())}
    if not onesided:
        options |= {"onesided": False, "return_complex": draw(st.booleans())}
    if draw(st.booleans()):
        options["length"] = draw(st.integers(2, 4))
    rows = n_fft // 2 + 1 if onesided else n_fft
    return call(In((*lead, rows, frames)), n_fft, draw(st.integers(1, 2)),
                window=In((n_fft,), dtype="float64", low=0.5, high=1.0, grad=False), **options)  # fmt: skip


SPECTRUM = In((5, 11))
spec(
    "istft", spectra(), dtypes=("complex128",), method=True,
    errors=(
        Bad(call(SPECTRUM, 8, window=WINDOW), "requires a complex-valued input"),
        Bad(call(SPECTRUM, 10, return_complex=False), "expected the frequency dimension", dtype="complex128"),
        Bad(call(SPECTRUM, 8, 9), "expected 0 < hop_length <= win_length", dtype="complex128"),
        Bad(call(SPECTRUM, 8, win_length=9), "expected 0 < win_length <= n_fft", dtype="complex128"),
        Bad(call(SPECTRUM, 8, window=np.zeros(8)), "window overlap add min", dtype="complex128"),
        Bad(call(SPECTRUM, 8, window=np.ones(3)), "Invalid window shape", dtype="complex128"),
        Bad(call(SPECTRUM, 8, return_complex=True), "Cannot have onesided output", dtype="complex128"),
        Bad(call(In((5, 0)), 8), "cannot be empty", dtype="complex128"),
        Bad(call(In((1, 1, 5, 3)), 8), "expected a tensor with", dtype="complex128"),
    ),
)  # fmt: skip
