"""Linear algebra where there is nothing of torch's to compare with, or where minitorch differs on purpose."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import minitorch as mt
from minitorch.autograd import gradcheck, gradgradcheck

SINGULAR = [[1.0, 2.0, 0.0], [2.0, 4.0, 0.0], [0.5, 1.0, 3.0]]


def test_det_has_its_cofactors_as_gradient_at_a_singular_matrix() -> None:
    """torch gives zeros here; the determinant is a polynomial, and its derivative the matrix of cofactors."""
    x = mt.tensor(SINGULAR, dtype=mt.float64, requires_grad=True)
    assert abs(mt.linalg.det(x).item()) < 1e-12
    assert gradcheck(mt.linalg.det, (x,))
    assert gradgradcheck(mt.linalg.det, (x,))


def test_det_of_a_batch_with_a_singular_matrix() -> None:
    x = mt.tensor([SINGULAR, np.eye(3).tolist()], dtype=mt.float64, requires_grad=True)
    assert gradcheck(mt.linalg.det, (x,))
    rank_one = mt.ones(3, 3, dtype=mt.float64, requires_grad=True)
    mt.linalg.det(rank_one).backward()
    assert rank_one.grad is not None and rank_one.grad.abs().max().item() < 1e-12


def test_failures_are_reported_or_raised() -> None:
    batch = mt.stack([mt.ones(2, 2), 2 * mt.eye(2)])
    inverse, info = mt.linalg.inv_ex(batch)
    assert info.tolist() == [2, 0]
    assert inverse[0].isnan().all() and inverse[1].tolist() == [[0.5, 0.0], [0.0, 0.5]]
    assert mt.linalg.solve_ex(batch, mt.ones(2, 1)).info.tolist() == [2, 0]
    L, info = mt.linalg.cholesky_ex(mt.stack([-mt.eye(2), mt.eye(2)]))
    assert info.tolist() == [1, 0] and L[0].isnan().all() and L[1].tolist() == [[1.0, 0.0], [0.0, 1.0]]
    with pytest.raises(mt.linalg.LinAlgError, match="Batch element 0"):
        mt.linalg.inv(batch)
    assert issubclass(mt.linalg.LinAlgError, RuntimeError)


def test_triangular_solve_looks_at_one_triangle() -> None:
    a = mt.tensor([[2.0, float("nan")], [1.0, 1.0]])
    assert mt.linalg.solve_triangular(a, mt.tensor([[2.0], [2.0]]), upper=False).tolist() == [[1.0], [1.0]]


@pytest.mark.parametrize("rows", [1, 30, 200])
def test_euclidean_distances_by_matrix_product(rows: int) -> None:
    """The fast way and the direct way agree, and coinciding points pass no gradient."""
    mt.manual_seed(0)
    x = mt.randn(rows, 3, dtype=mt.float64, requires_grad=True)
    fast, direct = (
        mt.cdist(x, x.detach(), compute_mode=m) for m in ("use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")
    )
    assert mt.allclose(fast, direct, atol=1e-6)
    (g,) = mt.autograd.grad(direct.sum(), x)
    assert g.isfinite().all()


NAMES = (
    "x.sum()", "x.sum(0)", "x.mean()", "x.mean(1)", "x.prod()", "x.max()", "x.max(1)[0]", "x.amax(1)", "x.var()",
    "x.std(1)", "x.norm()", "x.logsumexp(1)", "x.softmax(1)", "x.log_softmax(1)", "x.cumsum(1)", "x.cumprod(1)",
    "x.cummax(1)[0]", "x.median()", "x.median(1)[0]", "x.sort(1)[0]", "x.topk(1)[0]", "x.kthvalue(1)[0]",
    "x.mode()[0]", "x @ x", "x @ x[0]", "x[0] @ x[0]", "x.addmm(x, x)", "x.inverse()", "x.det()", "x.slogdet()[1]",
    "x.renorm(2, 0, 1.0)",
)  # fmt: skip


@pytest.mark.parametrize("expression", NAMES)
def test_nodes_are_named_as_in_torch(expression: str) -> None:
    values = [[2.0, 1.0], [1.0, 3.0]]
    ours = eval(expression, {"x": mt.tensor(values, requires_grad=True)})  # noqa: S307
    theirs = eval(expression, {"x": torch.tensor(values, requires_grad=True)})  # noqa: S307
    assert ours.grad_fn.name() == theirs.grad_fn.name()


def test_named_results_print_as_in_torch() -> None:
    x = [[1.0, 3.0], [4.0, 2.0]]
    for call in ("max(1)", "sort(0)", "topk(1)", "cummin(0)", "slogdet()", "mode()"):
        ours = eval(f"x.{call}", {"x": mt.tensor(x)})  # noqa: S307
        theirs = eval(f"x.{call}", {"x": torch.tensor(x)})  # noqa: S307
        assert repr(ours) == repr(theirs)
        assert ours[0] is getattr(ours, ours._fields[0])


def test_too_few_degrees_of_freedom_are_warned_about() -> None:
    with pytest.warns(UserWarning, match="degrees of freedom"):
        assert mt.tensor([1.0]).var().isnan()
    with pytest.warns(UserWarning, match="degrees of freedom"):
        mt.tensor([[1.0], [2.0]]).cov()
