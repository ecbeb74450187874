"""Printing is PyTorch's to the character: reprs of generated tensors and options are compared with torch's."""

import contextlib
import dataclasses
import doctest
import math
from collections.abc import Iterator
from unittest import mock

import ml_dtypes
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import _tensor_str as torch_printing

from minitorch.tensor import printing

# Each run sees the same examples, so that a failure is a change in the code and not in the luck.
same_examples = settings(derandomize=True, deadline=None, database=None, max_examples=600)

FLOATS = ["float16", "bfloat16", "float32", "float64"]
COMPLEX = ["complex64", "complex128"]
INTEGERS = ["uint8", "int8", "int16", "int32", "int64", "bool"]
DTYPES = FLOATS + COMPLEX + INTEGERS


# ---------------------------------------------------------------------------------------------------------- helpers


def to_torch(array: np.ndarray) -> torch.Tensor:
    """Return the torch tensor of the same elements; bfloat16, which torch does not take from NumPy, goes as bits."""
    if array.dtype == ml_dtypes.bfloat16:
        return torch.from_numpy(array.view(np.int16).copy()).view(torch.bfloat16)
    return torch.from_numpy(array.copy())


@contextlib.contextmanager
def both_with(**options: object) -> Iterator[None]:
    with printing.printoptions(**options), torch_printing.printoptions(**options):
        yield


@contextlib.contextmanager
def torch_default_dtype(name: str) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, name))
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def ours(array: np.ndarray, **arguments: object) -> str:
    return printing.format_tensor(array, dtype_name=array.dtype.name, **arguments)


def assert_same(array: np.ndarray) -> None:
    assert ours(array) == repr(to_torch(array))


# ------------------------------------------------------------------------------------------------- generated tensors

SPECIAL = np.array([0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0, 1e-4, 1e8, 1000.0, 5e-324, 1.7e308])


def draw_values(rng: np.random.Generator, family: str, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return float64 values of one family of magnitudes; each family is near a rule of the formatter."""
    if family == "normal":
        values = rng.normal(size=shape) * 10.0 ** rng.integers(-6, 10)
    elif family == "many magnitudes":
        values = rng.normal(size=shape) * 10.0 ** rng.uniform(-8, 10, size=shape)
    elif family == "integers":
        values = np.round(rng.normal(size=shape) * 10.0 ** rng.integers(0, 12))
    elif family == "on the limits":  # ratio 1000, largest 1e8, smallest 1e-4, and their neighbors in this dtype
        limits = np.array([1e-4, 1e-1, 1.0, 1000.0, 1e5, 1e8]).astype(dtype)
        next_up = np.nextafter(limits, np.array(np.inf, dtype)).astype(np.float64)
        values = rng.choice(np.concatenate([limits.astype(np.float64), next_up]), size=shape)
    elif family == "extreme":
        values = rng.choice([5e-324, 1e-310, 1e-45, 1e-38, 3e38, 1.7e308, -1e300], size=shape)
    else:
        values = np.zeros(shape)
    return np.asarray(values, np.float64)


def draw_real(
    rng: np.random.Generator, family: str, special: float, shape: tuple[int, ...], dtype: np.dtype
) -> np.ndarray:
    with np.errstate(over="ignore", under="ignore"):
        values = draw_values(rng, family, shape, dtype)
        is_special = rng.random(shape) < special
        return np.where(is_special, rng.choice(SPECIAL, size=shape), values).astype(dtype)


FAMILIES = ["normal", "many magnitudes", "integers", "on the limits", "extreme", "zeros"]
LARGE_SHAPES = [(1001,), (1000,), (40, 27), (3, 401), (9, 7, 17), (2, 8, 3, 23)]  # shortened, but for (1000,)


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray:
    dtype_name = draw(st.sampled_from(DTYPES))
    dtype = np.dtype(ml_dtypes.bfloat16 if dtype_name == "bfloat16" else dtype_name)
    shape = tuple(draw(st.one_of(st.lists(st.integers(0, 8), max_size=4), st.sampled_from(LARGE_SHAPES))))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if dtype_name == "bool":
        return np.asarray(rng.random(shape) < 0.5)
    if dtype_name in INTEGERS:
        info = np.iinfo(dtype)
        reach = draw(st.sampled_from([9, 100, 10**6, 2**62]))
        low, high = max(info.min, -reach), min(info.max, reach)
        return np.asarray(rng.integers(low, high, size=shape, dtype=dtype, endpoint=True))

    special = draw(st.sampled_from([0.0, 0.0, 0.2, 1.0]))
    part_dtype = np.zeros((), dtype).real.dtype if dtype_name in COMPLEX else dtype
    result = np.empty(shape, dtype)
    result[...] = draw_real(rng, draw(st.sampled_from(FAMILIES)), special, shape, part_dtype)
    if dtype_name in COMPLEX:
        result.imag = draw_real(rng, draw(st.sampled_from(FAMILIES)), special, shape, part_dtype)
    return result


@st.composite
def print_options(draw: st.DrawFn) -> dict[str, object]:
    choices = {
        "precision": st.integers(0, 10),
        "threshold": st.sampled_from([0, 1, 5, 20, 100, 1000, math.inf]),
        "edgeitems": st.integers(0, 5),
        "linewidth": st.sampled_from([0, 1, 10, 20, 37, 60, 79, 80, 81, 120, 1000]),
        "profile": st.sampled_from(["default", "short", "full"]),
        "sci_mode": st.booleans(),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(choices)), max_size=3))
    return {name: draw(choices[name]) for name in sorted(chosen)}


@dataclasses.dataclass
class History:
    requires_grad: bool
    tracked: bool
    kind: str
    default_dtype: str
    show_device: bool


histories = st.builds(
    History,
    requires_grad=st.booleans(),
    tracked=st.booleans(),
    kind=st.sampled_from(["tensor", "parameter"]),
    default_dtype=st.sampled_from(["float32", "float32", "float64", "float16", "bfloat16"]),
    show_device=st.booleans(),
)


@same_examples
@given(arrays(), print_options())
def test_values_are_printed_as_torch_prints_them(array: np.ndarray, options: dict[str, object]) -> None:
    with both_with(**options):
        assert_same(array)


@same_examples
@given(arrays(), st.sampled_from([30, 60, 80]), histories)
def test_suffixes_are_printed_as_torch_prints_them(array: np.ndarray, linewidth: int, history: History) -> None:
    tensor = to_torch(array)
    requires_grad = history.requires_grad and array.dtype.kind not in "biu"
    if history.kind == "parameter":
        tensor = torch.nn.Parameter(tensor, requires_grad=requires_grad)
    else:
        tensor.requires_grad_(requires_grad)
        tensor = tensor.clone() if history.tracked else tensor
    # torch shows the device of a CPU tensor only where another device is the default one.
    torch_default = mock.patch.object(torch._C, "_get_default_device", lambda: "cuda" if history.show_device else "cpu")

    with both_with(linewidth=linewidth), torch_default_dtype(history.default_dtype), torch_default:
        assert repr(tensor) == ours(
            array,
            device="cpu" if history.show_device else None,
            requires_grad=requires_grad,
            grad_fn_name=None if tensor.grad_fn is None else type(tensor.grad_fn).__name__,
            default_dtype_name=history.default_dtype,
            kind=history.kind,
        )


# ------------------------------------------------------------------------------------------------------ chosen cases


@pytest.mark.parametrize("length", range(1, 40))
def test_a_suffix_starts_a_new_line_where_torchs_does(length: int) -> None:
    tensor = torch.arange(length, dtype=torch.float32).requires_grad_()
    array = tensor.detach().numpy()
    assert ours(array, requires_grad=True) == repr(tensor)
    assert ours(array, grad_fn_name="CloneBackward0") == repr(tensor.clone())


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16", "bool", "complex64"])
@pytest.mark.parametrize("shape", [(0,), (0, 0), (3, 0), (2, 0, 4)])
def test_empty(shape: tuple[int, ...], dtype: str) -> None:
    assert_same(np.empty(shape, dtype))


@pytest.mark.parametrize(
    "values",
    [
        [1.0, 2.0, math.nan, -math.inf],
        [-0.0, 0.0],
        [math.nan, math.inf],
        [1e-4, 0.5],
        [9.9e-5, 0.5],
        [1.0, 1000.0],
        [1.0, 1001.0],
        [1e8],
        [100000001.0],
        [5e-324, 1.7e308],
        [0.1, math.nan],
    ],
)
def test_rules_for_the_notation(values: list[float]) -> None:
    assert_same(np.array(values))
    assert_same(np.array(values[0]))
    as_complex = np.full(len(values), 0.25 + 0.25j)
    as_complex.real = values
    assert_same(as_complex)
    as_complex.real, as_complex.imag = 0.25, values
    assert_same(as_complex)


@pytest.mark.parametrize("shape", [(1001,), (1100, 1), (1, 1100), (40, 30), (7, 8, 9, 10), (1001, 1, 1), (6, 6, 40)])
@pytest.mark.parametrize("edgeitems", [0, 1, 3])
def test_large_tensors_are_shortened(shape: tuple[int, ...], edgeitems: int) -> None:
    with both_with(edgeitems=edgeitems):
        assert_same(np.arange(math.prod(shape)).reshape(shape))
        assert_same(np.arange(math.prod(shape), dtype=np.float32).reshape(shape) / 7)


@pytest.mark.parametrize("step", [(slice(None, None, -1),), (slice(None), slice(None, None, 2)), (slice(5, 6), 3)])
def test_views_print_as_their_copies(step: tuple[object, ...]) -> None:
    array = np.arange(4000.0).reshape(80, 50).T
    assert ours(array[step]) == ours(array[step].copy()) == repr(torch.tensor(array[step].copy()))


def test_subclasses_print_under_their_own_name() -> None:
    class MyTensor(torch.Tensor):
        pass

    class MyParameter(torch.nn.Parameter):
        pass

    values = np.arange(60, dtype=np.float32)
    tensor = torch.from_numpy(values)
    assert ours(values, type_name="MyTensor") == repr(tensor.as_subclass(MyTensor))
    parameter = MyParameter(tensor)
    assert ours(values, type_name="MyParameter", kind="parameter", requires_grad=True) == repr(parameter)


def test_only_the_visible_part_goes_to_the_host() -> None:
    moved = []

    def to_host(array: np.ndarray) -> np.ndarray:
        moved.append(array.shape)
        return array

    array = np.arange(100 * 4 * 50).reshape(100, 4, 50)
    assert ours(array, to_host=to_host) == repr(torch.from_numpy(array))
    assert moved == [(6, 4, 6)]


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64", "complex64", "int32", "bool"])
@pytest.mark.parametrize("spec", ["", ".2f", "8.3f", ">12", ".1e"])
def test_format_of_a_scalar(dtype: str, spec: str) -> None:
    array = np.array(3.14159).astype(ml_dtypes.bfloat16 if dtype == "bfloat16" else dtype)
    assert printing.format_scalar(array, spec) == format(to_torch(array), spec)


def test_format_of_many_elements_names_the_shape() -> None:
    with pytest.raises(TypeError, match="unsupported format string"):
        format(torch.ones(2, 3), ".2f")
    with pytest.raises(TypeError, match=r"unsupported format string(.|\n)*\(2, 3\)"):
        printing.format_scalar(np.ones((2, 3)), ".2f")


# ----------------------------------------------------------------------------------------------------------- options


def test_options_start_and_change_as_torchs_do() -> None:
    assert printing.get_printoptions() == torch_printing.get_printoptions()
    with both_with(profile="short", precision=7, sci_mode=True):
        assert printing.get_printoptions() == torch_printing.get_printoptions()
        with both_with(linewidth=100):  # forgets sci_mode
            assert printing.get_printoptions() == torch_printing.get_printoptions()
        assert printing.get_printoptions()["sci_mode"] is True
    assert printing.get_printoptions() == torch_printing.get_printoptions()


def test_options_come_back_after_an_error() -> None:
    before = printing.get_printoptions()
    with pytest.raises(KeyError), printing.printoptions(precision=1):
        raise KeyError
    assert printing.get_printoptions() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"profile": "long"}, "profile must be one of default, short, full, got 'long'"),
        ({"precision": -1}, "precision must be an integer of at least 0, got -1"),
        ({"precision": 2.5}, "precision must be an integer of at least 0, got 2.5"),
        ({"edgeitems": -1}, "edgeitems must be an integer of at least 0, got -1"),
        ({"threshold": "many"}, "threshold must be a number, got 'many'"),
        ({"linewidth": math.nan}, "linewidth must be a number, got nan"),
    ],
)
def test_unusable_options_are_refused_and_change_nothing(options: dict[str, object], message: str) -> None:
    before = printing.get_printoptions()
    with pytest.raises(ValueError, match=message):
        printing.set_printoptions(**{"precision": 7, **options})
    assert printing.get_printoptions() == before


def test_an_endless_line_never_wraps() -> None:
    with printing.printoptions(linewidth=math.inf, profile="full"):
        assert "\n" not in ours(np.arange(5000.0), grad_fn_name="AddBackward0")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="kind must be 'tensor' or 'parameter', got 'buffer'"):
        ours(np.ones(2), kind="buffer")


@pytest.mark.parametrize("name", printing.__all__)
def test_docstring_examples(name: str) -> None:
    finder = doctest.DocTestFinder(recurse=False)
    (example,) = finder.find(getattr(printing, name), name, module=printing)
    assert doctest.DocTestRunner().run(example).failed == 0
