"""Specs of minitorch/tensor/windows.py: window functions, in both of torch's forms."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from parity.spec import Bad, Call, call, spec

LENGTHS = st.integers(0, 12)


@st.composite
def periodic_or_not(draw: Any, *extra: tuple[float, ...]) -> Call:
    options = [draw(st.sampled_from(values)) for values in extra[: draw(st.integers(0, len(extra)))]]
    if options or draw(st.booleans()):
        return call(draw(LENGTHS), draw(st.booleans()), *options)
    return call(draw(LENGTHS))


CLASSIC = (
    Bad(call(-1), "requires non-negative window_length"),
    Bad(call(5.5), "must be int"),
)
ONCE = {"dtypes": ("float64",), "order": 0}
for _name, _extra in (
    ("hann_window", ()), ("hamming_window", ((0.54, 0.6), (0.46, 0.3))), ("blackman_window", ()),
    ("bartlett_window", ()), ("kaiser_window", ((12.0, 3.0),)),
):  # fmt: skip
    spec(_name, periodic_or_not(*_extra), **ONCE, errors=CLASSIC)


@st.composite
def symmetric_or_not(draw: Any, **extra: Any) -> Call:
    options = {k: draw(st.sampled_from(v)) for k, v in extra.items() if draw(st.booleans())}
    return call(draw(LENGTHS), sym=draw(st.booleans()), **options)


NEGATIVE = (Bad(call(-1), "requires non-negative window length"),)
for _name in ("hann", "hamming", "blackman", "bartlett", "cosine", "nuttall"):
    spec(f"signal.windows.{_name}", symmetric_or_not(), **ONCE, errors=NEGATIVE)
spec("signal.windows.gaussian", symmetric_or_not(std=(0.5, 3.0)), **ONCE, errors=(
    *NEGATIVE, Bad(call(3, std=0), "Standard deviation must be positive")))  # fmt: skip
spec("signal.windows.kaiser", symmetric_or_not(beta=(0.0, 3.0)), **ONCE, errors=(
    *NEGATIVE, Bad(call(3, beta=-1), "beta must be non-negative")))  # fmt: skip
spec("signal.windows.general_hamming", symmetric_or_not(alpha=(0.5, 0.6)), **ONCE, errors=NEGATIVE)
spec("signal.windows.exponential", st.one_of(
    symmetric_or_not(tau=(0.5, 3.0)), LENGTHS.map(lambda n: call(n, sym=False, center=1.5))), **ONCE, errors=(
    *NEGATIVE, Bad(call(3, tau=0), "Tau must be positive"),
    Bad(call(3, center=1.0), "Center must be None")))  # fmt: skip
spec("signal.windows.general_cosine", symmetric_or_not().flatmap(
    lambda c: st.sampled_from(([0.5, 0.5], [0.4, 0.3, 0.3], [1.0])).map(lambda a: call(*c.args, a=a, **c.kwargs))),
    **ONCE, errors=(Bad(call(3, a=[]), "cannot be empty"), Bad(call(3, a=2), "must be a list/tuple")))  # fmt: skip
