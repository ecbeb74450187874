"""default_collate, default_convert and collate beside torch's: types, dtypes, values, errors."""

from __future__ import annotations

import collections
import types

import numpy as np
import pytest
import torch

import minitorch as mt
from tests.data.tools import LIBRARIES, same

Point = collections.namedtuple("Point", ["x", "y"])


class Record(dict):
    """A mapping that carries more than its items."""

    label = "record"


class Fixed(collections.abc.Sequence):
    """A sequence that can't be built from a list."""

    def __init__(self, a, b):
        self.items = (a, b)

    def __len__(self):
        return 2

    def __getitem__(self, i):
        return self.items[i]


BATCHES = {
    "ints": lambda L: [1, 2, 3],
    "bools": lambda L: [True, False],
    "ints and floats": lambda L: [1, 2.5],
    "floats": lambda L: [0.1, 2.0],
    "floats and ints": lambda L: [0.1, 2],
    "strings": lambda L: ["a", "b"],
    "bytes": lambda L: [b"a", b"b"],
    "tensors": lambda L: [L.arange(6.0).reshape(2, 3), L.ones(2, 3)],
    "0-d tensors": lambda L: [L.tensor(1.5), L.tensor(2.5)],
    "0-d long": lambda L: [L.tensor(2**62 + 1), L.tensor(-(2**63))],
    "0-d bool": lambda L: [L.tensor(True), L.tensor(False)],
    "0-d half": lambda L: [L.tensor(0.1, dtype=L.float16), L.tensor(float("inf"), dtype=L.float16)],
    "0-d double": lambda L: [L.tensor(0.1, dtype=L.float64), L.tensor(float("-inf"), dtype=L.float64)],
    "0-d complex": lambda L: [L.tensor(1 + 2j), L.tensor(2j)],
    "0-d mixed": lambda L: [L.tensor(1), L.tensor(2.5)],
    "0-d grad": lambda L: [L.tensor(1.0, requires_grad=True), L.tensor(2.0)],
    "empty tensors": lambda L: [L.zeros(0, 3), L.zeros(0, 3)],
    "bool tensors": lambda L: [L.tensor([True]), L.tensor([False])],
    "bfloat16 tensors": lambda L: [L.ones(2, dtype=L.bfloat16)] * 3,
    "transposed tensors": lambda L: [L.arange(6.0).reshape(2, 3).t(), L.ones(2, 3).t()],
    "sliced tensors": lambda L: [L.arange(12.0).reshape(3, 4)[:, ::2]] * 2,
    "mixed dtypes": lambda L: [L.zeros(2), L.zeros(2, dtype=L.int64)],
    "grad": lambda L: [L.zeros(2, requires_grad=True), L.ones(2)],
    "parameter": lambda L: [L.nn.Parameter(L.zeros(2))] * 2,
    "arrays": lambda L: [np.arange(3), np.arange(3)],
    "float32 arrays": lambda L: [np.zeros((2, 2), np.float32)] * 2,
    "transposed arrays": lambda L: [np.arange(6.0).reshape(2, 3).T] * 2,
    "mixed arrays": lambda L: [np.zeros(2), np.zeros(2, np.float32)],
    "empty arrays": lambda L: [np.zeros((0, 3)), np.zeros((0, 3))],
    "complex arrays": lambda L: [np.ones(2, np.complex64)] * 2,
    "0-d float arrays": lambda L: [np.array(0.1, np.float32), np.array(np.inf, np.float32)],
    "0-d arrays": lambda L: [np.array(1), np.array(2)],
    "numpy ints": lambda L: [np.int32(1), np.int32(2)],
    "numpy floats": lambda L: [np.float32(1), np.float32(2)],
    "numpy doubles": lambda L: [np.float64(1), np.float64(2)],
    "numpy bools": lambda L: [np.bool_(True), np.bool_(False)],
    "numpy strings": lambda L: [np.str_("a"), np.str_("b")],
    "tuples": lambda L: [(L.zeros(2), 1, "a"), (L.ones(2), 2, "b")],
    "lists": lambda L: [[1, 2.0], [3, 4.0]],
    "dicts": lambda L: [{"a": 1, "b": [L.zeros(1)]}, {"a": 2, "b": [L.ones(1)]}],
    "ordered": lambda L: [collections.OrderedDict(a=1), collections.OrderedDict(a=2)],
    "record": lambda L: [Record(a=1), Record(a=2)],
    "proxy": lambda L: [types.MappingProxyType({"a": 1}), types.MappingProxyType({"a": 2})],
    "named tuples": lambda L: [Point(0, L.zeros(1)), Point(1, L.ones(1))],
    "ranges": lambda L: [range(2), range(2, 4)],
    "unbuildable": lambda L: [Fixed(1, 2), Fixed(3, 4)],
    "nested": lambda L: [{"p": Point((1, 2), {"q": np.ones(2)})}] * 2,
    "empty tuples": lambda L: [(), ()],
    "tuple batch": lambda L: (1, 2),
}
BAD = {
    "none": lambda L: [None, None],
    "objects": lambda L: [object()],
    "unequal lists": lambda L: [[1], [1, 2]],
    "unequal tensors": lambda L: [L.zeros(2), L.zeros(3)],
    "unequal tails": lambda L: [L.zeros(2, 3), L.zeros(2, 4)],
    "unequal arrays": lambda L: [np.zeros(2), np.zeros(3)],
    "datetime arrays": lambda L: [np.zeros(2, "datetime64[s]")] * 2,
    "string arrays": lambda L: [np.array(["a"])],
    "object arrays": lambda L: [np.array([None])],
    "missing key": lambda L: [{"a": 1}, {"b": 2}],
    "empty": lambda L: [],
    "int and string": lambda L: [1, "a"],
    "sets": lambda L: [{1}, {2}],
}


@pytest.mark.parametrize("name", BATCHES)
def test_default_collate(name):
    same(lambda L: L.utils.data.default_collate(BATCHES[name](L)))


@pytest.mark.parametrize("name", BAD)
def test_default_collate_errors(name):
    same(lambda L: L.utils.data.default_collate(BAD[name](L)), gives=False)


def test_words():
    with pytest.raises(TypeError, match="batch must contain tensors, numpy arrays, numbers, dicts or lists; found"):
        mt.utils.data.default_collate([None])
    with pytest.raises(RuntimeError, match="each element in list of batch should be of equal size"):
        mt.utils.data.default_collate([[1], [1, 2]])


@pytest.mark.parametrize("name", [*BATCHES, "objects", "none", "string arrays", "object arrays"])
def test_default_convert(name):
    sample = {**BATCHES, **BAD}[name]
    if name == "objects":
        thing = object()
        assert mt.utils.data.default_convert([thing]) == [thing]
        return
    same(lambda L: L.utils.data.default_convert(sample(L)))


def test_collated_tensors_are_new_and_contiguous():
    for L in LIBRARIES:
        for name in ("tensors", "transposed tensors", "sliced tensors"):
            source = BATCHES[name](L)
            batch = L.utils.data.default_collate(source)
            assert batch.is_contiguous()
            batch.zero_()
            assert source[0].sum() != 0


def test_gradients_flow_through_a_batch():
    def program(L):
        rows = [L.ones(3, requires_grad=True), L.zeros(3, requires_grad=True)]
        (L.utils.data.default_collate(rows) * L.arange(6.0).reshape(2, 3)).sum().backward()
        return [row.grad for row in rows]

    same(program)


def test_extras_of_a_mapping_survive():
    for L in LIBRARIES:
        record = Record(a=1)
        record.label = "changed"
        assert L.utils.data.default_collate([record, record]).label == "changed"


def test_samples_are_not_changed():
    def program(L):
        batch = [[1, {"a": np.ones(2)}], [3, {"a": np.ones(2)}]]
        L.utils.data.default_collate(batch)
        L.utils.data.default_convert(batch)
        return batch

    same(program)


def test_custom_maps():
    def program(L):
        from importlib import import_module

        module = import_module(f"{L.__name__}.utils.data._utils.collate")
        chosen = {int: lambda batch, *, collate_fn_map: sum(batch), (str, bytes): lambda batch, *, collate_fn_map: "s"}
        assert L.utils.data._utils.collate.collate is module.collate
        return [
            module.collate([{"n": 1, "s": "x"}, {"n": 2, "s": "y"}], collate_fn_map=chosen),
            module.collate([(True, 3), (True, 4)], collate_fn_map=chosen),
            module.default_collate_fn_map[float]([1.0, 2.0]),
        ]

    same(program)
    same(lambda L: L.utils.data._utils.collate.collate([1, 2]), gives=False)


def test_teaching_default_collate_a_type():
    class Celsius:
        def __init__(self, degrees):
            self.degrees = degrees

    def program(L):
        known = L.utils.data._utils.collate.default_collate_fn_map
        known[Celsius] = lambda batch, *, collate_fn_map=None: L.tensor([c.degrees for c in batch])
        try:
            return L.utils.data.default_collate([(Celsius(1), 2), (Celsius(3), 4)])
        finally:
            del known[Celsius]

    same(program)


def test_a_changed_rule_for_tensors_reaches_tensor_datasets():
    """The quick path of TensorDataset must step aside."""

    def program(L):
        known = L.utils.data._utils.collate.default_collate_fn_map
        before = known[L.Tensor]
        known[L.Tensor] = lambda batch, *, collate_fn_map=None: len(batch)
        try:
            return list(L.utils.data.DataLoader(L.utils.data.TensorDataset(L.zeros(5, 2)), batch_size=3))
        finally:
            known[L.Tensor] = before

    same(program)


def test_a_changed_rule_for_tensors_reaches_arrays():
    def program(L):
        collate = L.utils.data._utils.collate.collate
        known = {**L.utils.data._utils.collate.default_collate_fn_map}
        known[L.Tensor] = lambda batch, *, collate_fn_map=None: len(batch)
        return collate([np.zeros(2), np.ones(2), np.ones(2)], collate_fn_map=known)

    same(program)


def test_batches_of_arrays_share_no_memory():
    rows = [np.zeros(3), np.ones(3)]
    batch = mt.utils.data.default_collate(rows)
    batch += 1
    assert rows[0].tolist() == [0, 0, 0] and rows[1].tolist() == [1, 1, 1]


def test_kinds():
    assert isinstance(mt.utils.data.default_collate([1]), mt.Tensor)
    assert isinstance(torch.utils.data.default_collate([1]), torch.Tensor)
