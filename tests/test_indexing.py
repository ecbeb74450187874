"""Indexing where a spec can't say it: assignment and its gradients, node names, warnings, refused writes, cycles."""

from __future__ import annotations

import gc
import warnings
import weakref

import numpy as np
import pytest
import torch

import minitorch as mt

BOTH = (mt, torch)


def pair(*shape, requires_grad=False):
    """The same numbers in both libraries."""
    a = np.arange(float(np.prod(shape))).reshape(shape) / 4 + 0.5
    return [lib.from_numpy(a.copy()).requires_grad_(requires_grad) for lib in BOTH]


def same(x, y):
    assert tuple(x.shape) == tuple(y.shape)
    assert repr(x.dtype) == repr(y.dtype)
    np.testing.assert_allclose(x.detach().numpy(), y.detach().numpy(), rtol=1e-12, atol=0)


# -- assignment -------------------------------------------------------------------------------------------------------

INDICES = {
    "int": 1,
    "slice": slice(0, 2),
    "pair": (0, 2),
    "ellipsis": (..., 1),
    "newaxis": (None, 1),
    "list": [2, 0],
    "columns": (slice(None), [1, 3]),
    "apart": ([0, 2], slice(None), [1, 0]),
    "mask": "mask",
    "mask and int": ("mask", 1),
    "0-d": (),
    "true": True,
}


def index_for(lib, index):
    if isinstance(index, tuple):
        return tuple(index_for(lib, i) for i in index)
    return lib.tensor([True, False, True]) if isinstance(index, str) else index


@pytest.mark.parametrize("name", INDICES)
@pytest.mark.parametrize("base", ["result", "view", "plain"])
def test_assignment_and_its_gradients(name, base):
    """y[index] = v for a result, a view of one, and a plain tensor: values, versions, gradients, second derivative."""
    seen = []
    for lib, x, v in zip(BOTH, pair(3, 4, 2, requires_grad=True), pair(1, requires_grad=True), strict=True):
        y = {
            "result": lambda x=x: x * 1,
            "view": lambda x=x: (x * 1).transpose(0, 0)[:, :],
            "plain": lambda lib=lib: lib.zeros(3, 4, 2, dtype=lib.float64),
        }[base]()
        y[index_for(lib, INDICES[name])] = (v * v).reshape(())
        weights = lib.arange(24.0).reshape(3, 4, 2).to(lib.float64)
        grads = lib.autograd.grad((y * y * weights).sum(), [x, v], create_graph=True, allow_unused=True)
        again = lib.autograd.grad(grads[1].sum(), v)
        seen.append([y, *(g for g in grads if g is not None), *again])
        seen[-1].append(lib.tensor(y._version))
    for ours, theirs in zip(*seen, strict=True):
        same(ours, theirs)


def test_repeated_indices_accumulate_in_the_gradient():
    for shape, index in [
        ((5, 3), [0, 0, 4, 0]),
        ((2, 5), (slice(None), [1, 1, -1])),
        ((3, 4, 5), ([0, 0, 2], slice(None), [1, 1, 0])),
        ((3, 4), ([[0, 0], [2, 2]], [[1, 1], [3, 3]])),
    ]:
        grads = []
        for lib, x in zip(BOTH, pair(*shape, requires_grad=True), strict=True):
            y = x[index]
            w = lib.arange(float(y.numel())).reshape(y.shape).to(lib.float64)
            (g,) = lib.autograd.grad((y * y * w).sum(), x, create_graph=True)
            (h,) = lib.autograd.grad((g * g).sum(), x)
            grads.append((g, h))
        same(grads[0][0], grads[1][0])
        same(grads[0][1], grads[1][1])


def test_a_large_embedding_gradient_is_added_in_chunks(monkeypatch):
    from minitorch.backend.kernels.rows import RowKernels

    index = mt.randint(0, 7, (50,))
    x = mt.randn(7, 6, dtype=mt.float64, requires_grad=True)
    whole = mt.autograd.grad(x[index].sum(), x)[0]
    monkeypatch.setattr(RowKernels, "row_elements", 20)
    assert (mt.autograd.grad(x[index].sum(), x)[0] == whole).all()


def test_an_index_changed_before_backward_is_noticed():
    x, index = mt.ones(3, requires_grad=True), mt.tensor([0, 1])
    y = x[index]
    index[0] = 2
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_a_mask_may_change_before_backward():
    x, mask = mt.ones(3, requires_grad=True), mt.tensor([True, False, True])
    y = x[mask]
    mask[1] = True
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 0.0, 1.0]


def test_iterating_over_a_tensor_gives_views_with_one_node():
    x = mt.ones(3, 2, requires_grad=True)
    rows = list(x)
    assert [r.grad_fn.name() for r in rows] == ["UnbindBackward0"] * 3
    assert rows[0].grad_fn is rows[2].grad_fn and [r.output_nr for r in rows] == [0, 1, 2]
    (rows[0] * 2 + rows[2]).sum().backward()
    assert x.grad.tolist() == [[2.0, 2.0], [0.0, 0.0], [1.0, 1.0]]


NODES = {
    "Select": lambda x: x[0],
    "Slice": lambda x: x[0, 1:],
    "Unsqueeze": lambda x: x[None],
    "Index": lambda x: x[[0]],
    "Permute": lambda x: x.permute(1, 0),
    "Transpose": lambda x: x.transpose(0, 1),
    "T": lambda x: x.t(),
    "View": lambda x: x.view(-1),
    "Expand": lambda x: x.expand(2, 2, 3),
    "Unfold": lambda x: x.unfold(1, 2, 1),
    "Diagonal": lambda x: x.diagonal(),
    "AsStrided": lambda x: x.as_strided((2,), (1,)),
    "Clone": lambda x: x.clone(),
    "Flip": lambda x: x.flip(0),
    "Roll": lambda x: x.roll(1),
    "Repeat": lambda x: x.repeat(2, 2),
    "Tril": lambda x: x.tril(),
    "Triu": lambda x: x.triu(),
    "Trace": lambda x: x.trace(),
    "MaskedSelect": lambda x: x.masked_select(x > 1),
    "Take": lambda x: x.take(_lib(x).tensor([0])),
    "Gather": lambda x: x.gather(1, _lib(x).tensor([[0]])),
    "ScatterAdd": lambda x: x.scatter_add(1, _lib(x).tensor([[0]]), x),
    "IndexSelect": lambda x: x.index_select(0, _lib(x).tensor([0])),
    "Cat": lambda x: _lib(x).cat([x, x]),
    "Stack": lambda x: _lib(x).stack([x, x]),
    "Split": lambda x: x.split(1)[0],
    "SplitWithSizes": lambda x: x.split([1, 1])[0],
    "Unbind": lambda x: x.unbind()[0],
    "MaskedFill of a number": lambda x: x.masked_fill(x > 1, 0),
    "MaskedFill of a tensor": lambda x: x.masked_fill(x > 1, _lib(x).tensor(0.0, dtype=_lib(x).float64)),
    "IndexPut": lambda x: x.index_put((_lib(x).tensor([0]),), x[0]),
    "SelectScatter": lambda x: x.select_scatter(x[0], 0, 1),
    "SliceScatter": lambda x: x.slice_scatter(x[:1], 0, 0, 1),
    "DiagonalScatter": lambda x: x.diagonal_scatter(x[0, :2]),
    "DiagEmbed": lambda x: x.diag_embed(),
    "IndexReduce": lambda x: x.index_reduce(0, _lib(x).tensor([0]), x[:1], "mean"),
}


def _lib(x):
    return mt if isinstance(x, mt.Tensor) else torch


@pytest.mark.parametrize("name", NODES)
def test_nodes_are_named_as_torchs(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        names = [NODES[name](x).grad_fn.name() for x in pair(2, 3, requires_grad=True)]
    assert names[0] == names[1]


# -- warnings and refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "act",
    [
        lambda lib: lib.meshgrid(lib.ones(2), lib.ones(3)),
        lambda lib: lib.ones(3)[lib.tensor([1, 0, 1], dtype=lib.uint8)],
        lambda lib: lib.ones(3, 2)[[0, slice(None)]],
        lambda lib: lib.ones(3).index_reduce(0, lib.tensor([0]), lib.ones(1), "mean"),
        lambda lib: lib.ones(3).scatter(0, lib.tensor([0]), lib.ones(1), reduce="multiply"),
    ],
)
def test_warnings_where_torch_warns(act):
    with pytest.warns(UserWarning) as ours:
        act(mt)
    assert ours[0].filename == __file__


@pytest.mark.parametrize(
    "act",
    [
        lambda lib, x: x.__setitem__(slice(1, None), x[:-1]),
        lambda lib, x: x.index_add_(0, lib.tensor([0]), x[:1]),
        lambda lib, x: x.scatter_(0, lib.tensor([0]), x[1:2]),
        lambda lib, x: x.index_copy_(0, lib.tensor([0]), x[1:2]),
        lambda lib, x: x.__setitem__(lib.tensor([0, 1]), x[1:3]),
        lambda lib, x: x.put_(lib.tensor([0]), x[1:2]),
        lambda lib, x: x.expand(2, 6).__setitem__(slice(None), 3.0),
        lambda lib, x: x.requires_grad_().__setitem__(0, 1.0),
        lambda lib, x: x.requires_grad_().t_(),
        lambda lib, x: x.requires_grad_().resize_(3),
    ],
)
def test_writes_that_torch_refuses_are_refused_and_change_nothing(act):
    for lib, x in zip(BOTH, pair(6), strict=True):
        before = x.tolist()
        with pytest.raises(RuntimeError):
            act(lib, x)
        assert x.tolist() == before and x._version == 0


@pytest.mark.parametrize(
    "act",
    [
        lambda lib, x: x.expand(2, 6)[0].__setitem__(slice(None), 1.0),
        lambda lib, x: x.expand(2, 6).zero_(),
        lambda lib, x: x.__setitem__(slice(None), x.flip(0)),
        lambda lib, x: x[:3].__setitem__(slice(None), x[3:]),
        lambda lib, x: x.__setitem__(lib.tensor([0, 1]), x[lib.tensor([1, 2])]),
        lambda lib, x: x.fill_(x[1]),
        lambda lib, x: x.squeeze_().unsqueeze_(0).transpose_(0, 1).t_(),
        lambda lib, x: x.resize_(2, 2),
        lambda lib, x: x.resize_(0),
        lambda lib, x: x.as_strided_((2, 2), (1, 2), 1),
        lambda lib, x: x.set_(lib.arange(3.0).to(lib.float64)),
        lambda lib, x: x.set_(
            lib.arange(6.0).to(lib.float64).untyped_storage()
            if lib is torch
            else lib.arange(6.0).to(lib.float64).storage(),
            1,
            (2,),
            (2,),
        ),
        lambda lib, x: x.set_(),
        lambda lib, x: (
            x.masked_fill_(x > 1, 0)
            .index_fill_(0, lib.tensor([1]), 5)
            .put_(lib.tensor([-1]), lib.tensor([9.0], dtype=lib.float64))
        ),
        lambda lib, x: x.tril_() if x.ndim > 1 else x.copy_(3),
        lambda lib, x: x.scatter_(0, lib.tensor([0, 2]), 3.0, reduce="add").scatter_(
            0, lib.tensor([0]), 2.0, reduce="multiply"
        ),
    ],
)
def test_writes_in_place_do_as_torch(act):
    seen = []
    for lib, x in zip(BOTH, pair(6), strict=True):
        act(lib, x)
        seen.append((x.tolist(), tuple(x.shape), x.stride(), x.storage_offset(), x._version))
    assert seen[0] == seen[1]


def test_resize_keeps_what_there_was():
    x = mt.arange(4.0)
    assert x.resize_(6)[:4].tolist() == [0.0, 1.0, 2.0, 3.0]
    y = mt.arange(6.0)
    part = y[:2]
    assert part.resize_(3, 2).tolist() == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
    assert part.untyped_storage().data_ptr() == y.untyped_storage().data_ptr()
    assert mt.ones(2).resize_as_(mt.ones(2, 1)).shape == (2, 1)


# -- memory ----------------------------------------------------------------------------------------------------


def test_a_source_larger_than_the_index_gets_zeros_outside():
    """torch refuses to differentiate this, or reads outside the index."""
    x, src = mt.randn(3, 4, dtype=mt.float64, requires_grad=True), mt.randn(4, 5, dtype=mt.float64, requires_grad=True)
    index = mt.tensor([[0, 1], [2, 0]])
    for act in (
        lambda a, b: a.scatter(0, index, b),
        lambda a, b: a.scatter_add(0, index, b),
        lambda a, b: a.scatter_reduce(0, index, b, "mean"),
    ):
        assert mt.autograd.gradcheck(act, (x, src))
        assert mt.autograd.gradgradcheck(act, (x, src))


def test_indexing_leaves_no_reference_cycle():
    x = mt.ones(3, 4, requires_grad=True)
    gc.collect()
    gc.disable()
    try:
        y = x * 1
        y[0] = 2.0
        y[[0, 1]] = y[[1, 2]] * 2
        y[y > 1.5] = 0.0
        part = mt.cat([y.t().reshape(-1), y.view(12)])
        part.sum().backward()
        seen = weakref.ref(y), weakref.ref(part)
        del y, part
        assert [r() for r in seen] == [None, None]
    finally:
        gc.enable()
