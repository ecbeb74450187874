"""dtypes: attributes, limits, defaults, and promotion over all pairs of dtypes and kinds of operands."""

from __future__ import annotations

import copy
import itertools
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
import torch

import minitorch as mt

NAMES = (
    "float32", "float64", "float16", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "bool", "complex64",
    "complex128",
)  # fmt: skip
PAIRS = list(itertools.product(NAMES, NAMES))
SCALARS = (True, 2, 1.5, 2j)
KINDS = ("dims", "0-d")


@pytest.fixture(autouse=True)
def default_dtype() -> Iterator[None]:
    yield
    for library in (mt, torch):
        library.set_default_dtype(library.float32)


def outcome(fn: Any) -> str:
    """What a call gives, as text; of an error only the type."""
    try:
        return repr(fn())
    except Exception as error:  # noqa: BLE001 - compared with torch's
        return type(error).__name__


def both(expression: str, **names: Any) -> tuple[str, str]:
    """The outcome of an expression in `torch` in both libraries; callables among the names take the library first."""
    return tuple(  # type: ignore[return-value]
        outcome(
            lambda lib=lib: eval(
                expression, {"torch": lib, **{n: v(lib) if callable(v) else v for n, v in names.items()}}
            )
        )
        for lib in (mt, torch)
    )


def same(ours: str, theirs: str) -> bool:
    """The same outcome; torch's complex32, which few of its own operations know, is complex64 here."""
    return ours == theirs.replace("complex32", "complex64")


def operand(lib: Any, name: str, kind: str) -> Any:
    return lib.ones(() if kind == "0-d" else (2,), dtype=getattr(lib, name))


# -- promotion ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("a, b", PAIRS)
def test_promotion_of_dtypes(a: str, b: str) -> None:
    for function in ("promote_types", "can_cast"):
        ours, theirs = both(f"torch.{function}(torch.{a}, torch.{b})")
        assert ours == theirs, function


@pytest.mark.parametrize("default", ["float32", "float64"])
@pytest.mark.parametrize("a, b", PAIRS)
def test_result_type_of_tensors(a: str, b: str, default: str) -> None:
    for library in (mt, torch):
        library.set_default_dtype(getattr(library, default))
    for first, second in itertools.product(KINDS, KINDS):
        ours, theirs = both(
            "torch.result_type(x, y)",
            x=lambda lib, k=first: operand(lib, a, k),
            y=lambda lib, k=second: operand(lib, b, k),
        )
        assert same(ours, theirs), (first, second)


@pytest.mark.parametrize("default", ["float32", "float64"])
@pytest.mark.parametrize("name", NAMES)
def test_result_type_of_tensors_and_numbers(name: str, default: str) -> None:
    for library in (mt, torch):
        library.set_default_dtype(getattr(library, default))
    for kind, scalar in itertools.product(KINDS, SCALARS):
        for expression in ("torch.result_type(x, y)", "torch.result_type(y, x)"):
            ours, theirs = both(expression, x=lambda lib, k=kind: operand(lib, name, k), y=scalar)
            assert same(ours, theirs), (kind, scalar)
    for first, second in itertools.product(SCALARS, SCALARS):
        assert len(set(both("torch.result_type(x, y)", x=first, y=second))) == 1


OPERATIONS = (
    "x + y", "x - y", "x * y", "x / y", "x // y", "x % y", "x ** y", "torch.maximum(x, y)", "x == y", "x < y",
    "torch.where(x == x, x, y)", "x & y", "torch.atan2(x, y)",
)  # fmt: skip


def differs(expression: str, x: Any, y: Any) -> str:
    """How the dtypes that an operation gives differ; empty if they don't."""
    if both("torch.result_type(x, y)", x=x, y=y)[1] == "torch.complex32":
        return ""
    ours, theirs = both(f"({expression}).dtype", x=x, y=y)
    return "" if ours == theirs else f"{ours}, torch {theirs}"


def made(name: str, kind: str) -> Any:
    return lambda lib: operand(lib, name, kind)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("operation", OPERATIONS)
def test_promotion_in_operations(operation: str) -> None:
    problems = []
    for (a, b), first, second in itertools.product(PAIRS, KINDS, KINDS):
        problems.append((f"{a} {first}, {b} {second}", differs(operation, made(a, first), made(b, second))))
    for name, kind, scalar in itertools.product(NAMES, KINDS, SCALARS):
        problems.append((f"{name} {kind} with {scalar}", differs(operation, made(name, kind), scalar)))
        if "." not in operation:  # functions take a tensor first
            problems.append((f"{scalar} with {name} {kind}", differs(operation, scalar, made(name, kind))))
    assert [p for p in problems if p[1]] == []


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("operation", ["x.add_(y)", "x.mul_(y)", "x.div_(y)"])
def test_promotion_in_place(operation: str) -> None:
    """The result must fit the tensor's category, and keeps the tensor's dtype."""
    problems = [
        (f"{a}, {b} {kind}", differs(operation, made(a, "dims"), made(b, kind)))
        for (a, b), kind in itertools.product(PAIRS, KINDS)
    ]
    assert [p for p in problems if p[1]] == []


# -- what a dtype is ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_attributes(name: str) -> None:
    ours, theirs = getattr(mt, name), getattr(torch, name)
    for attribute in ("itemsize", "is_floating_point", "is_complex", "is_signed"):
        assert getattr(ours, attribute) == getattr(theirs, attribute), attribute
    assert repr(ours) == str(ours) == f"{ours}" == repr(theirs)
    assert repr(ours.to_real()) == repr(theirs.to_real())
    if name != "float16":  # whose complex counterpart, complex32, exists in torch only
        assert len(set(both(f"torch.{name}.to_complex()"))) == 1
    assert isinstance(ours, mt.dtype)
    assert mt.empty(1, dtype=ours).itemsize == ours.itemsize


@pytest.mark.parametrize("name", NAMES)
def test_one_object_per_dtype(name: str) -> None:
    d = getattr(mt, name)
    assert pickle.loads(pickle.dumps(d)) is copy.copy(d) is copy.deepcopy(d) is d
    assert {d: 1}[d] == 1
    assert d != name


def test_aliases() -> None:
    for alias in ("float", "double", "half", "long", "int", "short", "cfloat", "cdouble"):
        assert repr(getattr(mt, alias)) == repr(getattr(torch, alias))


@pytest.mark.parametrize("info", ["finfo", "iinfo"])
@pytest.mark.parametrize("name", NAMES)
def test_limits(info: str, name: str) -> None:
    ours, theirs = both(f"torch.{info}(torch.{name})")
    assert ours == theirs
    if ours == "TypeError":
        return
    a, b = getattr(mt, info)(getattr(mt, name)), getattr(torch, info)(getattr(torch, name))
    fields = ("bits", "max", "min", "dtype")
    for field in (*fields, "eps", "tiny", "smallest_normal", "resolution") if info == "finfo" else fields:
        assert getattr(a, field) == getattr(b, field), field
        assert type(getattr(a, field)) is type(getattr(b, field)), field
    assert a == getattr(mt, info)(getattr(mt, name))
    assert (a == getattr(mt, info)(mt.int8 if info == "iinfo" else mt.float16)) == (name in ("int8", "float16"))


def test_limits_of_the_default_dtype() -> None:
    mt.set_default_dtype(mt.float64)
    assert mt.finfo() == mt.finfo(mt.float64)


@pytest.mark.parametrize("call", ["finfo('float32')", "finfo(3)", "iinfo()", "finfo(torch.bool)", "iinfo(torch.bool)"])
def test_limits_refuse(call: str) -> None:
    assert both(f"torch.{call}") == ("TypeError", "TypeError")


# -- defaults ----------------------------------------------------------------------------------------------------------

MADE = (
    "torch.tensor(1.0)", "torch.tensor([1, 2.5])", "torch.ones(2)", "torch.zeros(2)", "torch.arange(2.0)",
    "torch.eye(2)", "torch.linspace(0, 1, 3)", "torch.full((2,), 1.0)", "torch.tensor([1]) / 2",
    "torch.tensor([1]) + 1.5", "torch.tensor([1]).sqrt()", "torch.tensor([True]).exp()", "torch.scalar_tensor(1)",
    "torch.tensor([])", "torch.tensor([1]) * 1j", "torch.tensor(1j)", "torch.full((1,), 1j)", "torch.arange(3)",
    "torch.tensor([True])", "torch.ones(1, dtype=torch.float32)", "torch.Tensor([1])",
)  # fmt: skip


@pytest.mark.parametrize("default", ["float32", "float64"])
@pytest.mark.parametrize("expression", MADE)
def test_default_dtype(expression: str, default: str) -> None:
    for library in (mt, torch):
        library.set_default_dtype(getattr(library, default))
    assert len(set(both("torch.get_default_dtype()"))) == 1
    assert len(set(both(f"({expression}).dtype"))) == 1
    assert len(set(both(expression))) == 1


REFUSED_DEFAULTS = (
    "set_default_dtype(torch.int64)", "set_default_dtype('float32')", "set_default_dtype(float)",
    "set_default_dtype(torch.complex64)", "set_default_tensor_type(torch.LongTensor)",
    "set_default_tensor_type(torch.float32)", "set_default_tensor_type('foo')",
)  # fmt: skip


@pytest.mark.parametrize("call", REFUSED_DEFAULTS)
def test_defaults_refused(call: str) -> None:
    ours, theirs = both(f"torch.{call}")
    assert ours == theirs and ours.endswith("Error")
    assert mt.get_default_dtype() is mt.float32


def test_default_tensor_type() -> None:
    mt.set_default_tensor_type("torch.DoubleTensor")
    assert mt.get_default_dtype() is mt.float64
    mt.set_default_tensor_type(mt.FloatTensor)
    assert mt.get_default_dtype() is mt.float32


# -- questions ---------------------------------------------------------------------------------------------------------

QUESTIONS = ("is_floating_point", "is_complex", "is_signed", "is_inference", "numel", "get_device")


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("name", NAMES)
def test_questions(question: str, name: str) -> None:
    assert len(set(both(f"torch.{question}(torch.ones(2, 3, dtype=torch.{name}))"))) == 1
    assert both(f"torch.{question}(3)") == ("TypeError", "TypeError")


VALUES = ("[0.0]", "[[2]]", "True", "float('nan')", "0j", "[1, 2]", "[]", "[0.0, 0.0]")


@pytest.mark.parametrize("value", VALUES)
def test_is_nonzero(value: str) -> None:
    assert len(set(both(f"torch.is_nonzero(torch.tensor({value}))"))) == 1
    assert len(set(both(f"torch.tensor({value}).is_nonzero()"))) == 1


@pytest.mark.parametrize("call", [
    "result_type(torch.ones(1), 'a')", "result_type()", "can_cast(torch.float64, 3)", "promote_types(torch.int8, 3)",
    "is_nonzero(3)", "is_same_size(torch.ones(2), 3)",
])  # fmt: skip
def test_questions_refuse(call: str) -> None:
    assert both(f"torch.{call}") == ("TypeError", "TypeError")


def test_is_same_size() -> None:
    assert mt.is_same_size(mt.ones(2, 3), mt.zeros(2, 3, dtype=mt.int8))
    assert not mt.is_same_size(mt.ones(2, 3), mt.ones(3, 2))
