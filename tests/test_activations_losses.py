"""What the specs can't say of activations and losses: inplace=, warnings, graphs, seeds, memory that is shared."""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
import pytest
import torch

import minitorch as mt
from minitorch.nn import functional as F

VALUES = np.array([[-4.0, -1.0, -0.3, 0.2], [0.7, 2.0, 5.0, 7.0]])
IN_PLACE = [
    ("relu", ()), ("relu6", ()), ("leaky_relu", (0.1,)), ("elu", (0.5,)), ("selu", ()), ("celu", (0.5,)), ("silu", ()),
    ("mish", ()), ("hardtanh", (-0.5, 1.5)), ("hardsigmoid", ()), ("hardswish", ()), ("threshold", (0.5, 9.0)),
    ("rrelu", (0.1, 0.3, True)),
]  # fmt: skip


@pytest.mark.parametrize("name, settings", IN_PLACE)
def test_inplace_argument(name: str, settings: tuple) -> None:
    results = []
    for library in (mt, torch):
        library.manual_seed(0)
        x = library.from_numpy(VALUES.copy()).requires_grad_()
        y = x * 1.0
        z = getattr(library.nn.functional, name)(y, *settings, inplace=True)
        assert z is y and y._version == 1
        z.backward(library.from_numpy(VALUES * 0.5 + 1))
        results.append((z.detach().numpy(), x.grad.numpy()))
    (ours, grad), (theirs, wanted) = results
    np.testing.assert_allclose(ours, theirs, rtol=1e-7)
    np.testing.assert_allclose(grad, wanted, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", ["relu", "elu", "hardtanh", "celu"])
def test_inplace_on_a_leaf_that_requires_grad_is_refused(name: str) -> None:
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used in an in-place operation"):
        getattr(F, name)(mt.ones(2, requires_grad=True), inplace=True)


NODES = (
    "relu relu6 leaky_relu elu selu celu gelu silu mish softplus softsign softshrink hardshrink tanhshrink hardtanh "
    "hardsigmoid hardswish logsigmoid"
).split()


@pytest.mark.parametrize("name", NODES)
def test_activation_nodes_have_torchs_names(name: str) -> None:
    ours = getattr(F, name)(mt.ones(2, requires_grad=True)).grad_fn
    theirs = getattr(torch.nn.functional, name)(torch.ones(2, requires_grad=True)).grad_fn
    assert ours.name() == theirs.name()


PAIRS = "mse_loss l1_loss smooth_l1_loss huber_loss binary_cross_entropy binary_cross_entropy_with_logits".split()


@pytest.mark.parametrize("name", PAIRS)
def test_loss_nodes_have_torchs_names(name: str) -> None:
    made = [
        getattr(library.nn.functional, name)(
            library.full((2,), 0.5, requires_grad=True), library.ones(2)
        ).grad_fn.name()
        for library in (mt, torch)
    ]
    assert made[0] == made[1]


def test_cross_entropy_prints_as_torchs() -> None:
    x, t = VALUES.astype("float32"), np.array([0, 3])
    a = F.cross_entropy(mt.from_numpy(x).requires_grad_(), mt.from_numpy(t))
    b = torch.nn.functional.cross_entropy(torch.from_numpy(x).requires_grad_(), torch.from_numpy(t))
    assert repr(a) == repr(b)


def messages(call: object) -> list[tuple[type, str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()  # type: ignore[operator]
    return [(w.category, str(w.message)) for w in caught]


WARNINGS = {
    "sizes differ": lambda lib: lib.nn.functional.mse_loss(lib.ones(2, 3), lib.ones(3)),
    "sizes differ, l1": lambda lib: lib.nn.functional.l1_loss(lib.ones(2, 3), lib.ones(3)),
    "sizes differ, smooth": lambda lib: lib.nn.functional.smooth_l1_loss(lib.ones(2, 3), lib.ones(3)),
    "sizes differ, huber": lambda lib: lib.nn.functional.huber_loss(lib.ones(2, 3), lib.ones(3)),
    "size_average": lambda lib: lib.nn.functional.mse_loss(lib.ones(2), lib.ones(2), size_average=False),
    "reduce": lambda lib: lib.nn.functional.cross_entropy(lib.ones(2, 3), lib.tensor([0, 1]), reduce=False),
    "elementwise_mean": lambda lib: lib.nn.functional.nll_loss(
        lib.ones(2, 3), lib.tensor([0, 1]), reduction="elementwise_mean"
    ),
    "kl_div": lambda lib: lib.nn.functional.kl_div(lib.ones(2, 3), lib.ones(2, 3)),
    "softmax without dim": lambda lib: lib.nn.functional.softmax(lib.ones(2, 3)),
    "gumbel eps": lambda lib: lib.nn.functional.gumbel_softmax(lib.ones(2, 3), eps=1e-5),
}


@pytest.mark.parametrize("label", WARNINGS)
def test_warnings_are_torchs(label: str) -> None:
    ours, theirs = (messages(partial(WARNINGS[label], library)) for library in (mt, torch))
    assert theirs and ours == theirs


@pytest.mark.parametrize(
    "call",
    [
        lambda x, t, w: F.cross_entropy(x, t, weight=w), lambda x, t, w: F.nll_loss(x, t, weight=w),
        lambda x, t, w: F.multi_margin_loss(x, t, weight=w), lambda x, t, w: F.binary_cross_entropy(x, x, weight=w),
        lambda x, t, w: F.binary_cross_entropy_with_logits(x, x, pos_weight=w),
    ],
)  # fmt: skip
def test_weights_without_derivative_are_refused(call: object) -> None:
    with pytest.raises(RuntimeError, match="is not differentiable with respect to argument"):
        call(mt.full((2, 3), 0.5), mt.tensor([0, 1]), mt.ones(3, requires_grad=True))  # type: ignore[operator]


def test_ctc_can_be_differentiated_once() -> None:
    x = mt.full((3, 1, 4), 0.25).log().requires_grad_()
    loss = F.ctc_loss(x, mt.tensor([[1]]), [3], [1])
    (g,) = mt.autograd.grad(loss, x, create_graph=True)
    with pytest.raises(RuntimeError, match="derivative for aten::_ctc_loss_backward is not implemented"):
        g.sum().backward()


def test_ctc_equals_the_sum_over_all_alignments() -> None:
    """Every path of 4 labels that spells (1, 1) once repeats are merged and blanks dropped, added up."""
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(3), 4)
    total = 0.0
    for path in np.ndindex(3, 3, 3, 3):
        merged = [c for i, c in enumerate(path) if i == 0 or c != path[i - 1]]
        if [c for c in merged if c] == [1, 1]:
            total += np.prod(p[np.arange(4), path])
    loss = F.ctc_loss(mt.from_numpy(np.log(p)), mt.tensor([1, 1]), (4,), (2,), reduction="none")
    assert abs(float(loss) + np.log(total)) < 1e-12


def test_ctc_refuses_labels_that_are_no_class() -> None:
    with pytest.raises(RuntimeError, match="targets must be labels from 0 to 3"):
        F.ctc_loss(mt.full((3, 1, 4), 0.25).log(), mt.tensor([[7]]), [3], [1])


def test_silu_of_complex_numbers() -> None:
    z = np.array([1 + 2j, -0.5j, -3 + 0.1j])
    theirs = torch.nn.functional.silu(torch.from_numpy(z))
    np.testing.assert_allclose(F.silu(mt.from_numpy(z)).numpy(), theirs.numpy(), rtol=1e-12)


def test_a_flat_part_stops_infinite_gradients_in_large_arrays_too() -> None:
    """zero_where works on bit patterns from a certain size on."""
    for n in (10, 10_000):
        x = mt.full((n,), -1.0, requires_grad=True)
        F.relu(x).backward(mt.full((n,), float("inf")))
        assert not x.grad.any()


def test_soft_margin_loss_does_not_overflow() -> None:
    loss = F.soft_margin_loss(mt.tensor([-1000.0]), mt.tensor([1.0]))
    assert float(loss) == 1000.0


def test_targets_may_be_bytes_and_single() -> None:
    x = mt.from_numpy(VALUES)
    assert float(F.cross_entropy(x, mt.tensor([0, 3], dtype=mt.uint8))) == float(F.cross_entropy(x, mt.tensor([0, 3])))
    assert F.cross_entropy(x[0], mt.tensor([2]), reduction="none").shape == ()
