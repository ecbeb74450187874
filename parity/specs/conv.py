"""Specs of nn.functional.linear, bilinear, the convolutions, unfold and fold."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from parity.spec import COMPLEX, FLOATS, INTEGERS, Bad, Call, In, call, shapes, spec


@st.composite
def linear_calls(draw: Any) -> Call:
    lead = draw(shapes(0, 3))
    x, w = In((*lead, 7)), In((6, 7))
    kind = draw(st.sampled_from(("bias", "bias", "named", "none")))
    if kind == "none":
        return call(x, w)
    return call(x, w, In((6,))) if kind == "bias" else call(x, w, bias=In((6,)))


# not in 16 bits: for strided inputs torch rounds the product before it adds the bias
spec(
    "nn.functional.linear",
    linear_calls(),
    dtypes=(*FLOATS, *COMPLEX, *INTEGERS),
    errors=(
        Bad(call(In((5, 3)), In((4, 2))), "cannot be multiplied"),
        Bad(call(In((5, 3)), In((4, 2)), In((4,))), "cannot be multiplied"),
        Bad(call(In((5, 3)), In((4, 3)), In((3,))), "expanded size"),
        Bad(call(In((5, 3)), In((1, 4, 3))), "2 dimensions"),
        Bad(call(In((5, 3)), In((4, 3), "float32")), "same dtype"),
        Bad(call(In(()), In((4, 3)), In((4,))), "at least 1D"),
        Bad(call([1.0], In((4, 3))), "must be Tensor"),
        Bad(call(In((5, 3)), In((4, 3)), In((4,), "float32")), "same dtype"),
        Bad(call(In((5, 3)), In((3,)), In(())), "must be a matrix"),
    ),
)


@st.composite
def bilinear_calls(draw: Any) -> Call:
    lead = draw(shapes(0, 2))
    args = (In((*lead, 3)), In((*lead, 5)), In((4, 3, 5)))
    return call(*args, In((4,))) if draw(st.booleans()) else call(*args)


spec(
    "nn.functional.bilinear",
    bilinear_calls(),
    errors=(
        Bad(call(In((2, 3)), In((3, 5)), In((4, 3, 5))), "batch dimensions do not match"),
        Bad(call(In((2, 3)), In((2, 4)), In((4, 3, 5))), "input2 size does not match weight size"),
        Bad(call(In((2, 3)), In((5,)), In((4, 3, 5))), "input dimensions do not match"),
    ),
)


@st.composite
def conv_calls(draw: Any, n: int, transposed: bool = False) -> Call:
    """Sizes all different; settings as one number or a tuple; with and without a batch, bias, groups."""
    groups = draw(st.sampled_from((1, 1, 2)))
    each = [st.integers(1, 2), st.integers(0, 1), st.integers(1, 2)]  # stride, padding, dilation
    stride, padding, dilation = (tuple(draw(one) for _ in range(n)) for one in each)
    kernel = tuple(draw(st.integers(1, 3 if n < 3 else 2)) for _ in range(n))
    spatial = (6, 7, 5)[:n] if not transposed else (3, 4, 5)[:n]
    in_channels, out_channels = 2 * groups, 3 * groups
    batch = draw(st.sampled_from(((2,), (2,), (), (0,))))
    x = In((*batch, in_channels, *spatial))
    w = In(
        (in_channels, out_channels // groups, *kernel) if transposed else (out_channels, in_channels // groups, *kernel)
    )
    bias = In((out_channels,)) if draw(st.booleans()) else None
    if transposed:
        extra = tuple(draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation, strict=True))
        return call(x, w, bias, stride, padding, extra, groups, dilation)
    if draw(st.integers(0, 4)) == 0:
        return call(x, w, bias, padding=draw(st.sampled_from(("same", "valid"))), dilation=dilation, groups=groups)
    if draw(st.integers(0, 3)) == 0:
        return call(x, w, bias, stride[0], padding[0], 1, groups)
    return call(x, w, bias, stride, padding, dilation, groups)


def conv_errors(n: int) -> tuple[Bad, ...]:
    s, k = (5, 6, 7)[:n], (3, 2, 2)[:n]
    x, w, one = In((2, 4, *s)), In((6, 4, *k)), (1,) * n
    return (
        Bad(call(x, In((6, 3, *k))), "weight expects 3 input channels, but the input has 4"),
        Bad(call(In(s[:n]), w), "Expected"),
        Bad(call(x, In((6, 4, *(9,) * n))), "Kernel size can't be greater"),
        Bad(call(x, w, In((5,))), "expected bias to be"),
        Bad(call(x, w, stride=0), "non-positive stride"),
        Bad(call(x, w, padding=-1), "negative padding"),
        Bad(call(x, w, dilation=0), "non-positive dilation"),
        Bad(call(x, w, stride=(*one, 1, 1)), "single integer value or a list"),
        Bad(call(x, w, padding="foo"), "Invalid padding string"),
        Bad(call(x, w, padding="same", stride=2), "strided"),
        Bad(call(x, w, groups=4), "divisible by 4"),
        Bad(call(x, w, groups=0), "non-positive groups"),
        Bad(call(x, In((0, 4, *k))), "at least 1"),
        Bad(call(x, In((6, 4, *k), "float32")), "expected scalar type"),
        Bad(call(x, w, In((6,), "float32")), "should be the same"),
        Bad(call(x, w, stride=1.5), "stride"),
        Bad(call(1, w), "must be Tensor"),
        Bad(call(x, w, "a"), "must be Tensor"),
    )


def transposed_errors(n: int) -> tuple[Bad, ...]:
    s, k = (5, 6, 7)[:n], (3, 2, 2)[:n]
    x, w = In((2, 4, *s)), In((4, 6, *k))
    return (
        Bad(call(x, In((3, 6, *k))), "weight expects 3 input channels"),
        Bad(call(x, w, In((4,))), "expected bias to be"),
        Bad(call(x, w, output_padding=1), "output padding must be smaller"),
        Bad(call(x, w, output_padding=-1), "negative output_padding"),
        Bad(call(x, w, groups=3), "divisible by 3"),
        Bad(call(In(s[:n]), w), "Expected"),
        Bad(call(x, w, padding=9), "Output size is too small"),
    )


for _n in (1, 2, 3):
    # not in 16 bits: torch rounds partial sums of the gradients to them, here they are summed in float32
    spec(f"nn.functional.conv{_n}d", conv_calls(_n), dtypes=(*FLOATS, "complex128"), errors=conv_errors(_n))
    spec(
        f"nn.functional.conv_transpose{_n}d",
        conv_calls(_n, True),
        dtypes=(*FLOATS, "complex128"),
        errors=transposed_errors(_n),
    )


@st.composite
def window_settings(draw: Any) -> tuple:
    pairs = [st.integers(1, 3), st.integers(1, 2), st.integers(0, 2), st.integers(1, 3)]
    return tuple(tuple(draw(one) for _ in range(2)) if draw(st.booleans()) else draw(one) for one in pairs)


@st.composite
def unfold_calls(draw: Any) -> Call:
    batch = draw(st.sampled_from(((2,), (), (0,))))
    return call(In((*batch, 3, 6, 7)), *draw(window_settings()))


@st.composite
def fold_calls(draw: Any) -> Call:
    kernel, dilation, padding, stride = draw(window_settings())
    k, d, p, s = (v if isinstance(v, tuple) else (v, v) for v in (kernel, dilation, padding, stride))
    size = (6, 7)
    blocks = [(n + 2 * p[i] - d[i] * (k[i] - 1) - 1) // s[i] + 1 for i, n in enumerate(size)]
    batch = draw(st.sampled_from(((2,), ())))
    return call(In((*batch, 3 * k[0] * k[1], blocks[0] * blocks[1])), size, kernel, dilation, padding, stride)


spec(
    "nn.functional.unfold",
    unfold_calls(),
    dtypes=(*FLOATS, "complex128"),
    errors=(
        Bad(call(In((3, 4)), 2), "Expected 3D or 4D", type=RuntimeError, label="torch: IndexError"),
        Bad(call(In((1, 3, 4)), 9), "sliding blocks"),
        Bad(call(In((1, 3, 4)), 0), "kernel_size should be greater than zero"),
        Bad(call(In((1, 3, 4)), 2, stride=0), "stride should be"),
    ),
)
spec(
    "nn.functional.fold",
    fold_calls(),
    dtypes=(*FLOATS, "complex128"),
    errors=(
        Bad(call(In((3, 4)), (4, 5), 2), "divisible by the product"),
        Bad(call(In((4, 5)), (4, 5), 2), "number of sliding blocks"),
        Bad(call(In((4,)), (4, 5), 2), "Expected 2D or 3D"),
    ),
)
