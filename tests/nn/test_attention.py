"""MultiheadAttention and nn.attention beside torch's."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt
from minitorch.ops import attention as ops
from tests.nn.sequence_tools import LIBRARIES, agree, leaves, numbers, refuse, weighted

L_, S, N, E, HEADS = 4, 5, 3, 6, 2


def causal(L: Any, n: int = L_) -> Any:
    return L.ones(n, n, dtype=L.bool).triu(1)


OPTIONS: list[dict] = [
    {}, {"bias": False}, {"add_bias_kv": True}, {"add_zero_attn": True}, {"kdim": 7, "vdim": 8}, {"vdim": 5},
    {"batch_first": True}, {"dropout": 0.4}, {"dropout": 0.4, "batch_first": True, "add_bias_kv": True, "kdim": 3},
]  # fmt: skip
IDS = ["-".join(o) or "plain" for o in OPTIONS]


def inputs(L: Any, options: dict, batch: tuple[int, ...] = (N,)) -> list:
    """Query, key and value."""
    sizes = ((L_, E), (S, options.get("kdim", E)), (S, options.get("vdim", E)))
    found = []
    for k, (length, size) in enumerate(sizes):
        shape = (*batch, length) if options.get("batch_first") else (length, *batch)
        found.append(numbers(L, *shape, size, seed=k, grad=True))
    return found


def trained(L: Any, options: dict) -> Any:
    """A layer whose biases aren't the zeros they start from."""
    net = L.nn.MultiheadAttention(E, HEADS, dtype=L.float64, **options)
    with L.no_grad():
        for name, p in net.named_parameters():
            if name.endswith("bias"):
                p.copy_(numbers(L, *p.shape, seed=9))
    return net


@pytest.mark.parametrize("forward", [{}, {"need_weights": False}, {"average_attn_weights": False}], ids=str)
@pytest.mark.parametrize("options", OPTIONS, ids=IDS)
def test_options(options: dict, forward: dict) -> None:
    def program(L: Any) -> Any:
        net, x = trained(L, options), inputs(L, options)
        output, weights = net(*x, **forward)
        outputs = [output] if weights is None else [output, weights]
        weighted(L, outputs).backward()
        gradients = [t.grad for t in (*x, *net.parameters())]
        words = repr(net), [(k, tuple(v.shape)) for k, v in net.state_dict().items()], weights is None
        return words, outputs, gradients, L.rand(2)

    agree(program)


@pytest.mark.parametrize("options", OPTIONS, ids=IDS)
def test_weights_start_as_torchs(options: dict) -> None:
    found = []
    for L in LIBRARIES:
        L.manual_seed(0)
        found.append(leaves(list(L.nn.MultiheadAttention(E, HEADS, **options).parameters())))
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_max_ulp(a, b, maxulp=1)  # xavier_normal_: the libraries' cosines differ in the last bit


def test_one_sequence() -> None:
    def program(L: Any) -> Any:
        net, x = trained(L, {"batch_first": True}), inputs(L, {}, ())
        padding = L.tensor([False, True, False, False, True])
        return net(*x, key_padding_mask=padding), net(*x, need_weights=False, attn_mask=numbers(L, L_, S))

    agree(program)


MASKS: dict[str, Any] = {
    "2d bool": lambda L: {"attn_mask": L.tensor(np.random.default_rng(1).random((L_, S)) < 0.4)},
    "2d float": lambda L: {"attn_mask": numbers(L, L_, S)},
    "3d float": lambda L: {"attn_mask": numbers(L, N * HEADS, L_, S)},
    "padding": lambda L: {"key_padding_mask": L.arange(S) >= L.tensor([[5], [2], [3]])},
    "float padding": lambda L: {"key_padding_mask": numbers(L, N, S)},
    "both bool": lambda L: {
        "attn_mask": L.ones(L_, S, dtype=L.bool).triu(2), "key_padding_mask": L.arange(S) >= L.tensor([[5], [1], [3]]),
    },
    "both float": lambda L: {"attn_mask": numbers(L, N * HEADS, L_, S), "key_padding_mask": numbers(L, N, S)},
}  # fmt: skip


@pytest.mark.parametrize("need_weights", [False, True])
@pytest.mark.parametrize("options", [{}, {"add_bias_kv": True, "add_zero_attn": True}], ids=["plain", "more keys"])
@pytest.mark.parametrize("masks", MASKS)
def test_masks(masks: str, options: dict, need_weights: bool) -> None:
    def program(L: Any) -> Any:
        net, x = trained(L, options), inputs(L, options)
        output, weights = net(*x, need_weights=need_weights, **MASKS[masks](L))
        weighted(L, [output]).backward()
        return output, weights, [t.grad for t in (*x, *net.parameters())]

    agree(program)


def test_causal_self_attention() -> None:
    """One input for all three: packed projection. The hint changes nothing, the mask says it all."""

    def program(L: Any) -> Any:
        net, x = trained(L, {"batch_first": True}), numbers(L, N, L_, E, grad=True)
        found = [net(x, x, x, attn_mask=causal(L), is_causal=True, need_weights=need)[0] for need in (True, False)]
        weighted(L, found).backward()
        return found, x.grad, [p.grad for p in net.parameters()]

    agree(program)


def test_evaluation_gives_the_same_as_training_without_dropout() -> None:
    """torch takes another path in evaluation without gradients; the values are the same."""

    def program(L: Any) -> Any:
        net, x = trained(L, {"batch_first": True, "dropout": 0.5}).eval(), numbers(L, N, L_, E)
        with L.no_grad():
            masks = {"attn_mask": causal(L), "key_padding_mask": L.arange(L_) >= L.tensor([[4], [1], [2]])}
            return net(x, x, x, **masks), net(x, x, x, need_weights=False), net(x, x, x, average_attn_weights=False)

    agree(program)


def test_queries_that_may_attend_to_nothing() -> None:
    """nan with the weights, the output's bias without, as torch's in training (its evaluation path gives nan)."""

    def program(L: Any) -> Any:
        net, x = trained(L, {}), inputs(L, {})
        padding = L.tensor([[False] * S, [True] * S, [False] * S])
        with_weights, weights = net(*x, key_padding_mask=padding)
        without, _ = net(*x, key_padding_mask=padding, need_weights=False)
        return L.isnan(with_weights), L.isnan(weights), without, without[:, 1] - net.out_proj.bias

    assert not agree(program)[-1].any()


def test_second_derivative() -> None:
    def program(L: Any) -> Any:
        net, x = trained(L, {"add_bias_kv": True}), inputs(L, {})
        output, weights = net(*x, attn_mask=numbers(L, L_, S))
        wanted = [*x, *net.parameters()]
        first = L.autograd.grad(weighted(L, [output, weights]), wanted, create_graph=True)
        return L.autograd.grad(weighted(L, [g * g for g in first]), wanted, allow_unused=True)

    agree(program, rtol=1e-8)


def test_masks_of_different_dtypes_are_deprecated() -> None:
    for L in LIBRARIES:
        net, x = L.nn.MultiheadAttention(E, HEADS), L.zeros(L_, N, E)
        with pytest.warns(UserWarning, match="mismatched key_padding_mask and attn_mask is deprecated"):
            net(x, x, x, attn_mask=causal(L), key_padding_mask=L.zeros(N, L_))


def call(shapes: tuple = ((L_, N, E), (S, N, E), (S, N, E)), options: dict | None = None, **masks: Any) -> Any:
    def program(L: Any) -> Any:
        built = {k: v(L) if callable(v) else v for k, v in masks.items()}
        return L.nn.MultiheadAttention(E, HEADS, **(options or {}))(*(L.zeros(*s) for s in shapes), **built)

    return program


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (lambda L: L.nn.MultiheadAttention(5, 2), "embed_dim must be divisible by num_heads"),
        (lambda L: L.nn.MultiheadAttention(0, 2), "must be greater than 0, got embed_dim=0"),
        (lambda L: L.nn.MultiheadAttention(6, -1), "must be greater than 0, got embed_dim=6 and num_heads=-1"),
        (call(((L_, N, 4), (S, N, E), (S, N, E))), "was expecting embedding dimension of 6, but got 4"),
        (call(((L_, N, E), (S, N, E), (3, N, E))), "does not match"),
        (call(((L_, N, E), (S, E), (S, E))), "expected `key` and `value` to be 3-D"),
        (call(((1, L_, N, E),) * 3), "query should be unbatched 2D or batched 3D"),
        (call(is_causal=True), "Need attn_mask if specifying the is_causal hint"),
        (call(attn_mask=lambda L: L.zeros(L_, L_)), "2D attn_mask is"),
        (call(attn_mask=lambda L: L.zeros(N, L_, S)), "3D attn_mask is"),
        (call(attn_mask=lambda L: L.zeros(L_, S, dtype=L.int64)), "only bool and floating types of attn_mask"),
        (call(key_padding_mask=lambda L: L.zeros(N, S, dtype=L.int64)), "floating types of key_padding_mask"),
    ],
)
def test_errors(program: Any, words: str) -> None:
    refuse(program, words)


def test_a_hint_without_its_mask_is_refused_in_evaluation_too() -> None:
    """torch's path for evaluation ignores such a hint and lets every position see all others."""
    for L in LIBRARIES:
        net, x = L.nn.MultiheadAttention(E, HEADS, batch_first=True).eval(), L.ones(N, L_, E)
        with L.no_grad():
            if L is torch:
                assert torch.equal(net(x, x, x, is_causal=True)[0], net(x, x, x)[0])
            else:
                with pytest.raises(RuntimeError, match="Need attn_mask"):
                    net(x, x, x, is_causal=True)


def test_kernels_can_be_named() -> None:
    for L in LIBRARIES:
        names = L.nn.attention
        q = L.ones(1, 2, 3, 4)
        with names.sdpa_kernel([names.SDPBackend.MATH, names.SDPBackend.FLASH_ATTENTION], set_priority=True):
            assert math.isclose(L.nn.functional.scaled_dot_product_attention(q, q, q).sum().item(), 24, rel_tol=1e-6)
        with pytest.raises(AssertionError, match="must be an instance of SDPBackend"), names.sdpa_kernel("math"):
            pass
    assert {n: int(b) for n, b in mt.nn.attention.SDPBackend.__members__.items()} == {
        n: int(getattr(torch.nn.attention.SDPBackend, n)) for n in dir(torch.nn.attention.SDPBackend) if n.isupper()
    }


def test_float32() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        def program(L: Any) -> Any:
            net, x = L.nn.MultiheadAttention(8, 4, batch_first=True), numbers(L, 2, 5, 8, dtype="float32", grad=True)
            output, weights = net(x, x, x)
            weighted(L, [output, weights]).backward()
            return output, weights, x.grad, [p.grad for p in net.parameters()]

        agree(program, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("lead", [(), (3,), (2, 3)])
@pytest.mark.parametrize("is_causal", [False, True])
@pytest.mark.parametrize("mask_lead", [None, (), "all"])
def test_the_fused_op_is_its_formula(
    lead: tuple, is_causal: bool, mask_lead: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values, gradients of every input, second derivatives; one head at a time."""
    monkeypatch.setattr(ops, "CACHED", 1)
    rng = np.random.default_rng(0)
    shapes = [(*lead, 4, 2), (*lead, 5, 2), (*lead, 5, 3)]
    if mask_lead is not None:
        shapes.append((*(lead if mask_lead == "all" else mask_lead), 4, 5))
    given = [mt.tensor(rng.standard_normal(s), requires_grad=True) for s in shapes]
    upstream = mt.tensor(rng.standard_normal((*lead, 4, 3)))

    def formula(q: Any, k: Any, v: Any, mask: Any = None) -> Any:
        return ops.masked_softmax((q * 0.7) @ k.transpose(-2, -1), mask, is_causal) @ v

    def fused(*tensors: Any) -> Any:
        return ops.attention(*tensors, scale=0.7, is_causal=is_causal)

    results = []
    for f in (fused, formula):
        out = f(*given)
        plain = mt.autograd.grad(out, given, upstream, retain_graph=True)
        first = mt.autograd.grad(out, given, upstream, create_graph=True)
        second = mt.autograd.grad(sum((g * g).sum() for g in first), given)
        results.append([t.detach().numpy() for t in (out, *plain, *first, *second)])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)
