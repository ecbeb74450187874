"""nn.utils.rnn: packed and padded sequences beside torch's."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt
from tests.nn.sequence_tools import LIBRARIES, agree, numbers, refuse, weighted

LENGTHS = [4, 2, 5, 1]


def ragged(L: Any, *rest: int, grad: bool = False, lengths: list[int] = LENGTHS) -> list:
    return [numbers(L, n, *rest, seed=k, grad=grad) for k, n in enumerate(lengths)]


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("enforce_sorted", [False, True])
@pytest.mark.parametrize("rest", [(), (3,), (2, 3)])
def test_there_and_back(rest: tuple, enforce_sorted: bool, batch_first: bool) -> None:
    lengths = sorted(LENGTHS, reverse=True) if enforce_sorted else LENGTHS

    def program(L: Any) -> Any:
        rnn = L.nn.utils.rnn
        x = numbers(L, *((4, 6) if batch_first else (6, 4)), *rest, grad=True)
        packed = rnn.pack_padded_sequence(x, L.tensor(lengths), batch_first, enforce_sorted)
        found = [*packed]
        for options in ({}, {"batch_first": True, "padding_value": -1.5}, {"total_length": 8}):
            padded, n = rnn.pad_packed_sequence(packed, **options)
            found += [padded, n]
        (gradient,) = L.autograd.grad(weighted(L, [packed.data, *found[4::2]]), [x])
        return type(packed).__name__, found, gradient

    agree(program)


@pytest.mark.parametrize("enforce_sorted", [False, True])
def test_lists_of_sequences(enforce_sorted: bool) -> None:
    lengths = sorted(LENGTHS, reverse=True) if enforce_sorted else LENGTHS

    def program(L: Any) -> Any:
        rnn, sequences = L.nn.utils.rnn, ragged(L, 3, grad=True, lengths=lengths)
        packed = rnn.pack_sequence(sequences, enforce_sorted=enforce_sorted)
        again = rnn.unpack_sequence(packed)
        gradients = L.autograd.grad(weighted(L, again), sequences)
        return packed.data, packed.batch_sizes, again, gradients

    agree(program)


@pytest.mark.parametrize("padding_side", ["left", "right"])
@pytest.mark.parametrize("batch_first", [False, True])
def test_pad_sequence(batch_first: bool, padding_side: str) -> None:
    def program(L: Any) -> Any:
        pad, sequences = L.nn.utils.rnn.pad_sequence, ragged(L, 2, grad=True)
        padded = pad(sequences, batch_first, 0.5, padding_side)
        gradients = L.autograd.grad(weighted(L, [padded]), sequences)
        integers = pad((L.arange(3), L.arange(1)), batch_first, -1, padding_side)
        mixed = pad([L.zeros(2), L.ones(3, dtype=L.float64)], batch_first, padding_side=padding_side)
        rows = pad(L.arange(6).reshape(2, 3), batch_first)
        spread = pad([L.zeros(2, 3), L.arange(3.0)], batch_first) if padding_side == "right" else 0
        none_left = pad([L.zeros(0, 2), L.ones(2, 2)], batch_first, padding_side=padding_side)
        return padded, gradients, integers, mixed, rows, spread, none_left, pad(iter([L.ones(2)]))

    agree(program)


def test_unpad_sequence() -> None:
    def program(L: Any) -> Any:
        x, n = numbers(L, 5, 3, 2), L.tensor([5, 0, 2])
        first = L.nn.utils.rnn.unpad_sequence(x.transpose(0, 1).clone(), n, batch_first=True)
        return first, L.nn.utils.rnn.unpad_sequence(x, n)

    agree(program)


def test_unpad_sequence_leaves_its_input_alone() -> None:
    """torch's transposes the caller's tensor in place; that is not repeated here."""
    shapes = []
    for L in LIBRARIES:
        x = L.zeros(5, 3, 2)
        L.nn.utils.rnn.unpad_sequence(x, L.tensor([5, 1, 2]))
        shapes.append(tuple(x.shape))
    assert shapes == [(3, 5, 2), (5, 3, 2)]
    x = mt.ones(3, 1)
    mt.nn.utils.rnn.unpad_sequence(x, mt.tensor([2]))[0].zero_()
    assert x.sum().item() == 3  # and gives copies


def test_a_length_beyond_the_input_is_refused() -> None:
    """torch announces nine rows where its data has eight; minitorch says what is wrong."""
    packed = torch.nn.utils.rnn.pack_padded_sequence(torch.zeros(4, 3, 2), [5, 3, 1])
    assert packed.batch_sizes.sum() == 9 and len(packed.data) == 8
    with pytest.raises(RuntimeError, match="a length of 5 was given, but the input has 4 steps only"):
        mt.nn.utils.rnn.pack_padded_sequence(mt.zeros(4, 3, 2), [5, 3, 1])


def pack(*args: Any, shape: tuple = (4, 3, 2), **options: Any) -> Any:
    return lambda L: L.nn.utils.rnn.pack_padded_sequence(L.zeros(*shape), *args, **options)


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (pack([4, 3]), r"`len\(lengths\)` to be equal to batch_size, but got 2 \(batch_size=3\)"),
        (pack([3, 4, 1]), "must be sorted in decreasing order when `enforce_sorted` is True"),
        (pack([3, 2, 0]), "has to be greater than 0"),
        (pack([3, -2, 1], enforce_sorted=False), "has to be greater than 0"),
        (pack([], shape=(4, 0, 2)), "Cannot pack empty tensors"),
        (pack([1, 1, 1], shape=(0, 3, 2)), "Cannot pack empty tensors"),
        (lambda L: pack(L.tensor([[3, 2, 1]]))(L), "1D CPU int64 tensor, but got 2D"),
        (lambda L: L.nn.utils.rnn.pack_sequence([]), "empty list of sequences"),
        (lambda L: L.nn.utils.rnn.pad_sequence([]), "empty list of sequences"),
        (lambda L: L.nn.utils.rnn.pad_sequence(3), "Expected iterable for input sequences"),
        (lambda L: L.nn.utils.rnn.pad_sequence([L.zeros(2)], padding_side="top"), "one of left or right, but got top"),
        (lambda L: L.nn.utils.rnn.pad_sequence([L.zeros(2, 3), L.zeros(3, 2)]), "size"),
        (lambda L: L.nn.utils.rnn.pad_sequence([L.tensor(2.0)]), "invalid slice|0-dimensional"),
        (
            lambda L: L.nn.utils.rnn.pad_packed_sequence(L.nn.utils.rnn.pack_sequence([L.zeros(3)]), total_length=2),
            "total_length=2 and max sequence length being 3",
        ),
        (lambda L: L.nn.utils.rnn.PackedSequence(L.zeros(3)), "list or tuple of length 2"),
        (lambda L: L.nn.utils.rnn.unpad_sequence(L.zeros(3, 2), L.tensor([1])), "argument 2 is shorter"),
    ],
)
def test_errors(program: Any, words: str) -> None:
    refuse(program, words)


def test_a_packed_sequence_is_a_named_tuple() -> None:
    words = []
    for L in LIBRARIES:
        rnn = L.nn.utils.rnn
        packed = rnn.pack_sequence([L.tensor([1.0, 2.0]), L.tensor([3.0, 4.0, 5.0])], enforce_sorted=False)
        assert isinstance(packed, tuple) and packed[0] is packed.data
        data, sizes, order, back = packed
        made = rnn.PackedSequence((data, sizes))
        assert made.data is data and made.sorted_indices is None and made.unsorted_indices is None
        assert rnn.PackedSequence(data, sizes, order).unsorted_indices.tolist() == back.tolist()
        assert rnn.invert_permutation(None) is None
        copied = pickle.loads(pickle.dumps(packed))
        assert type(copied) is rnn.PackedSequence and copied.data.tolist() == data.tolist()
        words.append((repr(packed), packed._fields, packed.is_cuda, packed.is_pinned()))
    assert words[0] == words[1]


def test_casts_and_moves() -> None:
    def program(L: Any) -> Any:
        packed = L.nn.utils.rnn.pack_sequence([L.tensor([1.5, 2.0]), L.tensor([3.0])])
        names = ("double", "float", "half", "long", "int", "short", "char", "byte")
        cast = [getattr(packed, name)() for name in names]
        same = [packed.float() is packed, packed.cpu() is packed, packed.to("cpu") is packed]
        kept = [c.batch_sizes is packed.batch_sizes for c in cast]
        return [str(c.data.dtype).split(".")[1] for c in cast], same, kept, [c.data for c in cast]

    agree(program)


def test_on_another_device() -> None:
    """The indices go where the data goes; the sizes stay on the CPU."""
    from parity.standin import standin

    with standin():
        rnn = mt.nn.utils.rnn
        packed = rnn.pack_sequence([mt.ones(2, 3), mt.ones(4, 3)], enforce_sorted=False)
        moved = packed.cuda()
        assert moved.is_cuda and moved.sorted_indices.is_cuda and not moved.batch_sizes.is_cuda
        assert moved.cuda() is moved and not moved.cpu().unsorted_indices.is_cuda
        net = mt.nn.GRU(3, 2, bidirectional=True).cuda()
        y, h = net(moved)
        assert y.data.is_cuda and h.is_cuda
        padded, lengths = rnn.pad_packed_sequence(y)
        padded.sum().backward()
        assert padded.is_cuda and lengths.tolist() == [2, 4] and net.weight_hh_l0.grad.is_cuda
        assert np.isfinite(net.weight_ih_l0_reverse.grad.cpu().numpy()).all()
        with pytest.raises(ValueError, match="batch_sizes should always be on CPU"):
            rnn.PackedSequence(moved.data, moved.batch_sizes.cuda())


def test_signatures() -> None:
    """Parameter names, order and defaults of the functions, and the fields of the class, are torch's."""
    for name in mt.nn.utils.rnn.__all__:
        ours, theirs = (inspect.signature(getattr(L.nn.utils.rnn, name)).parameters.values() for L in (mt, torch))
        assert [(p.name, p.default) for p in ours] == [(p.name, p.default) for p in theirs], name
    assert set(mt.nn.utils.rnn.__all__) == set(torch.nn.utils.rnn.__all__)
