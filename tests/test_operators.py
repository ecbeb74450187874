"""Python's operators on tensors: strangers, NumPy operands, in-place forms, bools; each beside torch."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt

BINARY = (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "eq", "ne", "lt", "le", "gt", "ge", "and_", "or_", "xor",
    "lshift", "rshift",
)  # fmt: skip
INPLACE = ("iadd", "isub", "imul", "itruediv", "ifloordiv", "imod", "ipow", "iand", "ior", "ixor", "ilshift", "irshift")
OPERANDS = {
    "float": [1.5, -2.0, 3.0], "double": np.array([0.5, 2.0, -1.0]), "long": [3, 1, 2], "bool": [True, False, True],
    "zero_dim": 2.5,
}  # fmt: skip
NUMBERS = (2, -1, 2.5, True, 1j, np.float32(1.5), np.float64(2.0), np.int64(3))


def attempt(fn: Any, *args: Any) -> tuple[str, Any]:
    """("error", its type) or ("value", dtype and numbers) of a call."""
    try:
        result = fn(*args)
    except Exception as error:  # noqa: BLE001 - compared by type
        return "error", type(error)
    if isinstance(result, (torch.Tensor, mt.Tensor)):
        return "value", (repr(result.dtype), tuple(result.shape), result.tolist())
    return "value", result


def close(ours: tuple, theirs: tuple) -> bool:
    if ours[0] != theirs[0]:
        return False
    if ours[0] == "error":
        return issubclass(ours[1], theirs[1])
    if not isinstance(ours[1], tuple):
        return ours[1] == theirs[1]
    (dtype, shape, values), (torch_dtype, torch_shape, torch_values) = ours[1], theirs[1]
    return (dtype, shape) == (torch_dtype, torch_shape) and np.allclose(values, torch_values, rtol=1e-6, equal_nan=True)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("left", OPERANDS)
@pytest.mark.parametrize("right", OPERANDS)
def test_tensor_with_tensor(name: str, left: str, right: str) -> None:
    fn = getattr(operator, name)
    a, b = OPERANDS[left], OPERANDS[right]
    ours, theirs = attempt(fn, mt.tensor(a), mt.tensor(b)), attempt(fn, torch.tensor(a), torch.tensor(b))
    assert close(ours, theirs), (ours, theirs)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("kind", OPERANDS)
@pytest.mark.parametrize("number", NUMBERS, ids=repr)
def test_tensor_with_number(name: str, kind: str, number: Any) -> None:
    fn, a = getattr(operator, name), OPERANDS[kind]
    ours, theirs = attempt(fn, mt.tensor(a), number), attempt(fn, torch.tensor(a), number)
    assert close(ours, theirs), (ours, theirs)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("kind", OPERANDS)
@pytest.mark.parametrize("number", NUMBERS[:5], ids=repr)
def test_number_with_tensor(name: str, kind: str, number: Any) -> None:
    fn, a = getattr(operator, name), OPERANDS[kind]
    ours, theirs = attempt(fn, number, mt.tensor(a)), attempt(fn, number, torch.tensor(a))
    assert close(ours, theirs), (ours, theirs)


@pytest.mark.parametrize("name", INPLACE)
@pytest.mark.parametrize("kind", OPERANDS)
@pytest.mark.parametrize("other", (2, 2.5, True, "tensor", "a"), ids=repr)
def test_in_place(name: str, kind: str, other: Any) -> None:
    fn, a = getattr(operator, name), OPERANDS[kind]
    x, y = mt.tensor(a), torch.tensor(a)
    ours = attempt(fn, x, mt.tensor(a) if other == "tensor" else other)
    theirs = attempt(fn, y, torch.tensor(a) if other == "tensor" else other)
    assert close(ours, theirs), (ours, theirs)
    assert np.allclose(x.tolist(), y.tolist(), equal_nan=True)
    assert x._version == y._version


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("stranger", (None, "a", [1, 2, 3], (1,), object()), ids=lambda s: type(s).__name__)
def test_strangers(name: str, stranger: Any) -> None:
    fn = getattr(operator, name)
    for order in (lambda t: (t, stranger), lambda t: (stranger, t)):
        ours, theirs = attempt(fn, *order(mt.ones(3))), attempt(fn, *order(torch.ones(3)))
        assert ours == theirs


@pytest.mark.parametrize("name", BINARY[:7])
@pytest.mark.parametrize("dtype", ("float32", "float64", "int64"))
def test_numpy_operands(name: str, dtype: str) -> None:
    """A tensor with an array, on either side, is what it is with that array as a tensor."""
    fn = getattr(operator, name)
    x, a = mt.tensor([1.5, 2.5, 4.0]), np.array([1, 2, 3], dtype=dtype)
    for ours, wanted in ((fn(x, a), fn(x, mt.from_numpy(a))), (fn(a, x), fn(mt.from_numpy(a), x))):
        assert isinstance(ours, mt.Tensor)
        assert ours.dtype is wanted.dtype
        assert np.allclose(ours.tolist(), wanted.tolist())


def test_functions_refuse_arrays_and_strings() -> None:
    for bad in (np.ones(2), "a", None, [1.0, 2.0]):
        for call in (mt.add, mt.mul, mt.eq, mt.pow, mt.clamp_min, mt.maximum, mt.logical_and, mt.bitwise_and):
            with pytest.raises(TypeError, match="must be Tensor"):
                call(mt.ones(2), bad)


@pytest.mark.parametrize(
    "name", ("add", "sub", "mul", "div", "true_divide", "floor_divide", "remainder", "pow", "float_power", "xlogy")
)
def test_number_first(name: str) -> None:
    for x in (torch.tensor([1.5, 2.0]), torch.tensor([1, 2]), torch.tensor(2.0, dtype=torch.float64)):
        ours = attempt(getattr(mt, name), 2, mt.tensor(x.numpy()))
        assert close(ours, attempt(getattr(torch, name), 2, x)), name
    assert repr(mt.add(2, 3)) == repr(torch.add(2, 3))


NODES = {
    "x + 1": "AddBackward0", "1 + x": "AddBackward0", "x - 1": "SubBackward0", "1 - x": "RsubBackward1",
    "x * 2": "MulBackward0", "x / 2": "DivBackward0", "2 / x": "MulBackward0", "x ** 2": "PowBackward0",
    "-x": "NegBackward0", "abs(x)": "AbsBackward0", "x % 2": "RemainderBackward0", "x // 2": "NotImplemented",
}  # fmt: skip


@pytest.mark.parametrize("source", NODES)
def test_node_names_and_gradients(source: str) -> None:
    results = []
    for library in (mt, torch):
        x = library.tensor([1.5, -2.0], requires_grad=True)
        y = eval(source, {"x": x})  # noqa: S307
        if source == "x // 2":
            with pytest.raises(RuntimeError, match="not implemented"):
                y.sum().backward()
        else:
            assert type(y.grad_fn).__name__ == NODES[source]
            y.sum().backward()
            results.append(x.grad.tolist())
    assert not results or np.allclose(results[0], results[1])


def test_identity_and_hash() -> None:
    x = mt.ones(2)
    assert +x is x
    assert hash(x) == hash(x)
    assert len({x, x, mt.ones(2)}) == 2
    assert x in [x]
    assert (x == None) is False  # noqa: E711
    assert (x != None) is True  # noqa: E711


def test_where_out_and_indices() -> None:
    c, out = mt.tensor([True, False]), mt.empty(2)
    assert mt.where(c, mt.ones(2), mt.zeros(2), out=out) is out
    assert out.tolist() == [1.0, 0.0]
    rows, columns = mt.where(mt.tensor([[0, 1], [2, 0]]))
    assert (rows.tolist(), columns.tolist()) == ([0, 1], [1, 0])
    with pytest.warns(UserWarning, match="uint8"):
        assert mt.where(mt.tensor([1, 0], dtype=mt.uint8), 1.0, 0.0).tolist() == [1.0, 0.0]


def test_isin_of_matrices() -> None:
    x, few = np.arange(6).reshape(2, 3), np.array([[1, 4], [9, 5]])
    assert mt.isin(mt.tensor(x).T, mt.tensor(few).T).tolist() == np.isin(x.T, few).tolist()


def test_in_place_comparison_ends_the_history() -> None:
    for library in (mt, torch):
        x = library.tensor([1.0, 2.0], requires_grad=True)
        y = (x * 3).lt_(5)
        (y * x).sum().backward()
        assert y.tolist() == [1.0, 0.0]
        assert x.grad.tolist() == [1.0, 0.0]


def test_real_and_imag_are_views() -> None:
    z = mt.tensor([1 + 2j, 3 - 1j])
    z.real.mul_(10)
    z.imag = mt.tensor([5.0, 6.0])
    assert z.tolist() == [10 + 5j, 30 + 6j]
    x = mt.ones(2)
    assert x.real is x
    with pytest.raises(RuntimeError, match="non-complex"):
        x.imag  # noqa: B018
