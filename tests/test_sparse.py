"""Sparse tensors beside torch's: what they are, print and give, and the gradients of their values."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt

LIBRARIES = (mt, torch)
pytestmark = pytest.mark.filterwarnings("ignore:Sparse:UserWarning", "ignore:torch.sparse.SparseTensor:UserWarning")


def made(L: Any, name: str = "twice", **options: Any) -> Any:
    indices, values, size = {
        "twice": ([[0, 1, 1, 0], [2, 0, 2, 2]], [3.0, 4.0, 5.0, 1.0], (2, 3)),
        "blocks": ([[1, 0]], [[1.0, 2.0], [3.0, 4.0]], (3, 2)),
        "empty": (np.zeros((2, 0), int), [], (2, 3)),
        "cube": ([[0, 1, 1], [1, 0, 0], [3, 2, 0]], [1.0, -2.0, 4.0], (2, 2, 4)),
        "row": ([[0, 0, 2], [1, 3, 1]], [2.0, 0.5, 1.0], (3, 4)),
    }[name]
    return L.sparse_coo_tensor(L.tensor(np.array(indices)), L.tensor(values), size, **options)


def dense(L: Any, *shape: int) -> Any:
    return L.arange(float(np.prod(shape))).reshape(shape).sub(2)


CALLS: dict[str, Callable] = {
    "print": lambda L, s: s,
    "coalesce": lambda L, s: s.coalesce(),
    "indices": lambda L, s: (s.coalesce().indices(), s.coalesce().values(), s._indices(), s._values()),
    "facts": lambda L, s: (
        s.layout, s.is_sparse, s.shape, s.size(0), s.dim(), s.ndim, s.numel(), len(s), s.dtype, s.device, s._nnz(),
        s.is_coalesced(), s.sparse_dim(), s.dense_dim(), s.requires_grad, s.is_floating_point(), s.is_sparse_csr,
    ),
    "to_dense": lambda L, s: (s.to_dense(), s.coalesce().to_dense()),
    "casts": lambda L, s: (s.double(), s.to(L.float64), s.to("cpu"), s.float()),
    "copies": lambda L, s: (s.clone(), s.detach(), copy.deepcopy(s)),
    "scaled": lambda L, s: (s * 2, 3 * s, s / 2, -s, s.mul(2), s.div(4)),
    "entries": lambda L, s: (s.abs(), s.sqrt(), s.relu(), s.sin(), s.pow(2), s.sign()),
    "added": lambda L, s: (s + s, s - s * 2, s.add(s, alpha=3)),
    "sum": lambda L, s: (s.sum(), L.sparse.sum(s), L.sparse.sum(s, 0), L.sparse.sum(s, [0, 1])),
    "flipped": lambda L, s: (s.transpose(0, 1), s.transpose(0, 1).coalesce()),
    "with dense": lambda L, s: (dense(L, *s.shape) + s, dense(L, *s.shape) - s, (s * dense(L, *s.shape)).to_dense()),
}  # fmt: skip
MATRIX: dict[str, Callable] = {
    "mm": lambda L, s: (
        L.sparse.mm(s, dense(L, s.shape[1], 2)), L.spmm(s, dense(L, s.shape[1], 2)), L.mm(s, dense(L, s.shape[1], 2)),
        s @ dense(L, s.shape[1], 2), s.matmul(dense(L, s.shape[1])), s.mv(dense(L, s.shape[1])),
        L.matmul(s, dense(L, s.shape[1], 2)), dense(L, 2, s.shape[0]) @ s,
    ),
    "both sparse": lambda L, s: ((s @ s.t()).to_dense(), L.sparse.mm(s, s.t()).to_dense()),
    "addmm": lambda L, s: L.sparse.addmm(dense(L, s.shape[0], 2), s, dense(L, s.shape[1], 2), beta=2, alpha=0.5),
    "t": lambda L, s: (s.t(), s.T, s.t().coalesce()),
    "softmax": lambda L, s: [f(s, dim) for f in (L.sparse.softmax, L.sparse.log_softmax) for dim in (0, 1)],
}  # fmt: skip


def text(value: Any) -> str:
    return repr(value).replace("minitorch", "torch")


@pytest.mark.parametrize("name", ["twice", "blocks", "empty", "cube", "row"])
def test_as_torch(name: str) -> None:
    calls = CALLS | MATRIX if name in ("twice", "row") else CALLS
    for what, call in calls.items():
        if name == "blocks" and what in ("flipped", "sum"):
            continue  # its second dim is not sparse
        ours, theirs = (text(call(L, made(L, name))) for L in LIBRARIES)
        assert ours == theirs, f"{what} of {name}\n{ours}\n{theirs}"


def test_to_sparse() -> None:
    for call in (
        lambda L: dense(L, 2, 3).to_sparse(),
        lambda L: dense(L, 2, 3).to_sparse(layout=L.sparse_coo),
        lambda L: L.tensor([[0, 0], [1.0, 0]]).to_sparse(1),
        lambda L: made(L).to_sparse(),
        lambda L: L.sparse_coo_tensor((2, 3)),
        lambda L: L.sparse_coo_tensor([[0, 1]], [1.0, 2.0]),
        lambda L: L.sparse_coo_tensor(np.array([[0], [1]], "int32"), L.ones(1), (2, 2), dtype=L.int64),
        lambda L: L.sparse.FloatTensor(L.tensor([[0], [1]]), L.ones(1), L.Size([2, 2])),
        lambda L: L.sparse.LongTensor(L.tensor([[0], [1]]), L.ones(1).long(), L.Size([2, 2])),
        lambda L: L.sparse_coo_tensor([[0, 0]], [1.0, 2.0], (3,)).sum(0),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ours, theirs = (text(call(L)) for L in LIBRARIES)
        assert ours == theirs


def test_gradients_of_values_and_of_dense_factors() -> None:
    found = []
    for L in LIBRARIES:
        v = L.tensor([1.0, 2.0, 4.0], requires_grad=True)
        x = dense(L, 3, 2).requires_grad_()
        s = L.sparse_coo_tensor(L.tensor([[0, 1, 1], [1, 1, 2]]), v, (2, 3))
        assert s.requires_grad and not s.is_leaf
        loss = (L.sparse.mm(s, x).pow(2) + (s @ x)).sum() + s.to_dense().exp().sum() + L.sparse.sum(s * 3)
        loss.backward()
        found.append((loss.detach().numpy(), v.grad.numpy(), x.grad.numpy()))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_a_sparse_leaf() -> None:
    found = []
    for L in LIBRARIES:
        s = made(L, requires_grad=True)
        assert s.is_leaf and s.grad is None
        L.sparse.mm(s, dense(L, 3, 2)).pow(2).sum().backward()
        found.append(s.grad.to_dense().numpy())
    np.testing.assert_allclose(*found)


def test_a_buffer() -> None:
    for L in LIBRARIES:
        net = L.nn.Linear(1, 1)
        net.register_buffer("adj", made(L))
        net = net.double()
        assert net.adj.is_sparse and net.adj.dtype is L.float64 and net.state_dict()["adj"].is_sparse
    assert repr(pickle.loads(pickle.dumps(made(mt)))) == repr(made(mt))


ERRORS: list[tuple[Callable, Any, str]] = [
    (lambda L: made(L).values(), RuntimeError, "Cannot get values on an uncoalesced tensor"),
    (lambda L: made(L).indices(), RuntimeError, "Cannot get indices on an uncoalesced tensor"),
    (lambda L: made(L) + dense(L, 2, 3), RuntimeError, "Use add.dense, sparse. instead"),
    (lambda L: made(L).to_dense(L.float64), RuntimeError, "dtype argument is not supported by sparse_to_dense"),
    (lambda L: made(L).numpy(), TypeError, "can't convert Sparse layout tensor to numpy. Use Tensor.to_dense"),
    (lambda L: L.sparse_coo_tensor([[0, 1], [1, 1]], [1.0, 2.0], (2, 3, 4)), RuntimeError, "'len.size. == sparse_dim"),
    (lambda L: L.sparse_coo_tensor([[0, 1], [1, 1]], [1.0], (2, 3)), RuntimeError, "must have same nnz, but got nnz"),
    (lambda L: L.sparse_coo_tensor([0, 1], [1.0, 2.0]), RuntimeError, "must be sparse_dim x nnz, but got"),
    (
        lambda L: L.sparse_coo_tensor([[0, 9]], [1.0, 2.0], (2,), check_invariants=True),
        RuntimeError, "size is inconsistent with indices: for dim 0, size is 2 but found index 9",
    ),
    (
        lambda L: L.sparse_coo_tensor([[0, -1]], [1.0, 2.0], (2,), check_invariants=True),
        RuntimeError, "found negative index -1 for dim 0",
    ),
    (lambda L: made(L).mm(dense(L, 2, 2)), RuntimeError, "mm|matri|multiplied"),
    (lambda L: L.sparse.mm(made(L, "cube"), dense(L, 2, 2)), RuntimeError, "mm|matri|multiplied"),
    (lambda L: made(L) + made(L, "row"), RuntimeError, "sizes to be the same|to match"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "words"), ERRORS)
def test_errors(call: Callable, error: Any, words: str) -> None:
    for L in LIBRARIES:
        with pytest.raises(error, match=words):
            call(L)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda s: s.add_(s), "add_: a sparse tensor can't be changed in place"),
        (lambda s: s.zero_(), "zero_: a sparse tensor can't be changed in place"),
        (lambda s: s.__setitem__(0, 1), "can't be changed in place"),
        (lambda s: mt.nn.Parameter(s), "can't be a parameter"),
        (lambda s: mt.save(s, "/dev/null"), "sparse tensors are not saved"),
    ],
)
def test_what_is_refused(call: Callable, words: str) -> None:
    with pytest.raises(NotImplementedError, match=words):
        call(made(mt))


def test_a_change_of_what_is_computed_densely_does_not_get_lost() -> None:
    s = made(mt)
    with pytest.raises((RuntimeError, ValueError)):
        s.view(-1).add_(1)
    np.testing.assert_array_equal(s.to_dense(), [[0, 0, 4], [4, 0, 5]])


def test_products_do_not_make_the_dense_matrix() -> None:
    n = 200_000  # a dense one would take 160 GB
    ring = mt.sparse_coo_tensor(mt.stack([mt.arange(n), (mt.arange(n) + 1) % n]), mt.ones(n), (n, n))
    x = mt.arange(float(n)).unsqueeze(1).requires_grad_()
    (mt.spmm(ring, x) * mt.sparse.mm(ring.t().coalesce(), x)).mean().backward()
    assert ring.sum() == n and ring.shape == (n, n) and mt.sparse.sum(ring, 1).values().eq(1).all()
    assert x.grad.shape == (n, 1)
