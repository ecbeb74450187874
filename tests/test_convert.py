"""Tensors from existing data and back: nested lists, NumPy, buffers, DLPack."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import minitorch as mt
from tests.expressions import agree, message

DATA = (
    "3", "True", "2.5", "1j", "[1, 2]", "(1, 2)", "[[1, 2], [3, 4]]", "[1, 2.5]", "[True, 1]", "[True, 1.0]", "[1, 1j]",
    "[1.0, 1j]", "[]", "()", "[[]]", "[[], []]", "[[[]]]", "[[], [1]]", "range(3)", "torch.Size([2, 3])", "2**63 - 1",
    "-(2**63)", "1e300", "[1e300]", "[2**62, 1]", "[(1, 2), [3, 4]]",
    # NumPy
    "np.float64(1)", "np.float32(1)", "np.int8(1)", "np.bool_(True)", "np.float16(1)", "[np.float64(1)]",
    "[np.float32(1), 2.0]", "[np.float64(1), 2.0]", "[1.0, np.float64(2)]", "[np.int32(1), 2]", "[np.int32(1)]",
    "np.array(3)", "np.array([1, 2], dtype=np.int16)", "np.ones((2, 0))", "[np.array([1, 2]), np.array([3, 4])]",
    "[np.array([1, 2]), np.array([3.0, 4])]", "[np.array([1.0, 2]), [3, 4]]", "np.ones((2, 3)).T",
    "np.array([1, 2], dtype='q')",
    # tensors in lists
    "T(1.0)", "[T(1.0), 2]", "[T(1), 2.5]", "[T(1.0, dtype=torch.float64), T(2)]", "[T([1.0]), T([2.0])]",
    "[[T(1.0), 2], [3, T(4.0)]]", "[T([1.0]), 2.0]", "[T(True)]", "[T(1.0, requires_grad=True)]", "bytearray(b'ab')",
    "memoryview(b'ab')",
)  # fmt: skip


@pytest.mark.parametrize("data", DATA)
def test_tensor(data: str) -> None:
    for expression in (f"T({data})", f"T({data}).dtype", f"torch.as_tensor({data})"):
        agree(expression)
    if "0" not in data:  # the strides of empty arrays mean nothing
        agree(f"T({data}).stride()")


CAST = (
    "T([1.5, -1.5], dtype=torch.int64)", "T([2], dtype=torch.bool)", "T([float('nan')], dtype=torch.bool)",
    "T([1j], dtype=torch.bool)", "T([-1], dtype=torch.uint8)", "T([1e6], dtype=torch.float16)",
    "T([1e300], dtype=torch.float32)", "T([2**64], dtype=torch.float32)", "T([], dtype=torch.int64)",
    "T([1], dtype=float)", "T([1.5], dtype=int)", "T([1, 2], dtype=torch.complex64)",
    "T(T([1, 2]), dtype=torch.float32)", "T([1, True], dtype=torch.bfloat16)", "T(np.ones(2), dtype=torch.int8)",
    "T([1.0], requires_grad=True)", "T(data=[1])", "T([1], device='cpu')", "T([1], device=torch.device('cpu')).device",
    "T([2**60 + 1, 1.5], dtype=torch.int64)", "T([2**60 + 1, 7])",
)  # fmt: skip


@pytest.mark.parametrize("expression", CAST)
def test_tensor_with_dtype(expression: str) -> None:
    agree(expression)


BAD = {
    "T([1, [2, 3]])": "interpreted as an integer", "T([1.0, [2]])": "must be real number",
    "T([[1, 2], 3])": "not a sequence", "T([[1, 2], [3]])": "expected sequence of length 2 at dim 1 (got 1)",
    "T([[1], []])": "expected sequence of length 1 at dim 1 (got 0)",
    "T([[[1], [2]], [[3]]])": "expected sequence of length 2 at dim 1 (got 1)", "T('ab')": "invalid data type 'str'",
    "T(b'ab')": "invalid data type 'bytes'", "T(None)": "Could not infer dtype of NoneType",
    "T([None])": "Could not infer dtype of NoneType", "T([1, 'a'])": "invalid data type 'str'",
    "T(['a', 1])": "too many dimensions 'str'", "T({1: 2})": "Could not infer dtype of dict",
    "T({1, 2})": "Could not infer dtype of set", "T(iter([1]))": "Could not infer dtype",
    "T(object())": "Could not infer dtype of object", "T([2**70])": "Overflow when unpacking long long",
    "T(2**63)": "Overflow", "T([2**63, -1])": "Overflow", "T([2**63, 1.0], dtype=int)": "",
    "T([float('nan')], dtype=torch.int64)": "without overflow", "T([1e20], dtype=torch.int64)": "without overflow",
    "T([300], dtype=torch.uint8)": "without overflow", "T([-1.5], dtype=torch.uint8)": "without overflow",
    "T([-300], dtype=torch.uint8)": "without overflow", "T([128], dtype=torch.int8)": "without overflow",
    "T([1j], dtype=torch.float32)": "must be real number, not complex",
    "T([1j], dtype=torch.int64)": "interpreted as an integer", "T(np.array(['a']))": "can't convert np.ndarray",
    "T(np.array([None]))": "can't convert np.ndarray", "T(np.ones(2, dtype='>f4'))": "byte order",
    "T([np.array([1, 2]), np.array([3])])": "expected sequence of length 2 at dim 1 (got 1)", "T([np.array(1), 2])": "",
    "T([T([1.0, 2]), T([2.0, 3])])": "only one element tensors can be converted to Python scalars",
    "T([1], dtype='float32')": "must be torch.dtype", "T([1], dtype=np.float32)": "must be torch.dtype",
    "T()": "missing", "T(1, 2)": "positional", "T([1], requires_grad=True)": "floating point and complex",
    "T([1.0], requires_grad=1)": "must be bool", "T([1], device='xyz')": "device", "T([1], foo=3)": "foo",
}  # fmt: skip


@pytest.mark.parametrize("expression", BAD)
def test_tensor_refuses(expression: str) -> None:
    agree(expression)
    assert BAD[expression] in message(expression)


def test_tensor_copies() -> None:
    a = np.zeros(2)
    t, u = mt.tensor(a), mt.from_numpy(a).clone()
    a[0] = 1
    assert t.tolist() == [0, 0] and u.tolist() == [0, 0]
    with pytest.warns(UserWarning, match="copy construct"):
        v = mt.tensor(t)
    v[0] = 3
    assert t[0] == 0 and v.is_leaf


# -- sharing -----------------------------------------------------------------------------------------------------------

SHARING = (
    "torch.as_tensor(np.ones(2), dtype=torch.float32)", "torch.as_tensor(np.float32(3))", "torch.as_tensor('a')",
    "torch.as_tensor(T([1.0], requires_grad=True))", "torch.asarray([1.0, 2], requires_grad=True)",
    "torch.asarray([1, 2], copy=False)", "torch.asarray(np.ones(2), copy=False)",
    "torch.asarray(np.ones(2), dtype=torch.float32, copy=False)", "torch.asarray(b'abcd', dtype=torch.int8)",
    "torch.asarray(bytearray(b'abcd'), dtype=torch.int16)", "torch.asarray(3.5)",
    "torch.asarray(T([1.0], requires_grad=True))", "torch.asarray(T([1.0], requires_grad=True), requires_grad=True)",
    "torch.asarray(np.float64(3))", "torch.from_numpy([1])", "torch.from_numpy(np.array(['a']))",
    "torch.from_numpy(np.float64(3))", "torch.from_numpy(np.ones(2, dtype='>f4'))", "torch.from_numpy(np.array(3.0))",
    "torch.from_numpy(np.ones((2, 3)).T).stride()", "torch.from_numpy(np.ones(2, dtype=[('a', 'f4')]))",
    "torch.from_numpy(np.ones(2, dtype='m8[s]'))", "torch.frombuffer(bytearray(b'abcdefgh'), dtype=torch.int32)",
    "torch.frombuffer(bytearray(b'abcdefgh'), dtype=torch.int32, offset=4)",
    "torch.frombuffer(bytearray(b'abcdefgh'), dtype=torch.int32, offset=9)",
    "torch.frombuffer(bytearray(b'abcdefgh'), dtype=torch.int32, count=3)",
    "torch.frombuffer(bytearray(b'abcdefg'), dtype=torch.int32)", "torch.frombuffer(bytearray(b''), dtype=torch.int32)",
    "torch.frombuffer([1], dtype=torch.int32)", "torch.frombuffer(bytearray(b'abcd'))",
    "torch.frombuffer(bytearray(b'abcd'), dtype=torch.int8, count=0)",
    "torch.frombuffer(bytearray(b'abcd'), dtype=torch.int8, count=-2)",
    "torch.frombuffer(bytearray(b'abcd'), dtype=torch.float32, requires_grad=True).requires_grad",
    "torch.frombuffer(bytearray(b'abcd'), dtype=torch.int8, offset=-1)",
)  # fmt: skip


@pytest.mark.parametrize("expression", SHARING)
def test_sharing_functions(expression: str) -> None:
    agree(expression)


@pytest.mark.parametrize("make", [mt.from_numpy, mt.as_tensor, mt.asarray, mt.from_dlpack])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "uint8", "bool", "complex64", "float16"])
def test_arrays_are_shared(make: object, dtype: str) -> None:
    a = np.zeros((4, 6), dtype=dtype)[::2, 1::2]
    t = make(a)  # type: ignore[operator]
    a[0, 0] = 1
    assert t[0, 0] == 1 and t.stride() == (12, 2)
    t[1, 2] = 1
    assert a[1, 2] == 1


def test_tensors_are_shared() -> None:
    t = mt.ones(2)
    assert mt.as_tensor(t) is t and mt.as_tensor(t, dtype=mt.float32) is t and mt.asarray(t) is t
    assert mt.as_tensor(t, dtype=mt.float64) is not t
    copied = mt.asarray(t, copy=True)
    copied[0] = 5
    assert t[0] == 1


def test_frombuffer_shares() -> None:
    buffer = bytearray(8)
    t = mt.frombuffer(buffer, dtype=mt.int32)
    t[1] = 1
    assert buffer == b"\0\0\0\0\1\0\0\0"


def test_read_only_arrays_warn() -> None:
    a = np.ones(2)
    a.flags.writeable = False
    with pytest.warns(UserWarning, match="not writable"):
        mt.from_numpy(a)


# -- DLPack ------------------------------------------------------------------------------------------------------------

EXPORTED = (
    "float32",
    "float64",
    "float16",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "bool",
    "complex64",
    "complex128",
)


@pytest.mark.parametrize("dtype", EXPORTED)
def test_dlpack_out(dtype: str) -> None:
    """NumPy and torch see our memory, whatever its strides."""
    t = mt.zeros(4, 6, dtype=getattr(mt, dtype)).t()[1::2]
    for theirs in (np.from_dlpack(t), torch.from_dlpack(t), torch.utils.dlpack.from_dlpack(t.__dlpack__())):
        t.fill_(0)
        t[0, 1] = 1
        assert tuple(theirs.shape) == tuple(t.shape) and bool(theirs[0, 1] == 1) and not bool(theirs[1, 1])


@pytest.mark.parametrize("dtype", EXPORTED)
def test_dlpack_in(dtype: str) -> None:
    """We see the memory of NumPy's arrays and torch's tensors, in the versioned protocol and the old one."""
    array, tensor = np.zeros((4, 6), dtype=dtype).T[1::2], torch.zeros(4, 6, dtype=getattr(torch, dtype)).t()[1::2]
    for source in (array, tensor):
        t = mt.from_dlpack(source)
        t[0, 1] = 1
        assert source[0, 1] == 1 and repr(t.dtype) == f"torch.{dtype}" and t.stride() == tensor.stride()
    capsule = torch.utils.dlpack.to_dlpack(tensor)
    assert mt.from_dlpack(capsule)[0, 1] == 1


def test_dlpack_copies_when_asked() -> None:
    a = np.zeros(2)
    t = mt.from_dlpack(a, copy=True)
    a[0] = 1
    assert t[0] == 0
    assert np.shares_memory(mt.from_dlpack(t).numpy(), t.numpy())
    version = np.from_dlpack(t, copy=False)
    assert np.shares_memory(version, t.numpy())


DLPACK = (
    "torch.from_dlpack(np.arange(3))", "torch.from_dlpack([1])", "torch.from_dlpack(np.array([True]))",
    "torch.from_dlpack(np.arange(6)[::2]).stride()", "torch.from_dlpack(T([1.0], requires_grad=True))",
    "torch.from_dlpack(T([1.0]))", "np.from_dlpack(T([1.0, 2.0]))", "np.from_dlpack(T([1.0], requires_grad=True))",
    "np.from_dlpack(torch.ones(2, 3).t()).strides", "tuple(map(int, torch.ones(2).__dlpack_device__()))",
)  # fmt: skip


@pytest.mark.parametrize("expression", DLPACK)
def test_dlpack_as_torch(expression: str) -> None:
    agree(expression)


def test_dlpack_has_no_bfloat16() -> None:
    with pytest.raises(BufferError, match="bfloat16"):
        mt.ones(2, dtype=mt.bfloat16).__dlpack__()
