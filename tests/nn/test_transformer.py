"""The Transformer family beside torch's: outputs, gradients, random numbers, masks, words."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt
from tests.nn.sequence_tools import LIBRARIES, agree, leaves, numbers, refuse, weighted

S, T, N, E = 5, 4, 3, 6
SHAPE = {"d_model": E, "nhead": 2, "dim_feedforward": 8}

VARIANTS: list[dict] = [
    {}, {"norm_first": True}, {"batch_first": True}, {"dropout": 0.0}, {"activation": "gelu", "layer_norm_eps": 0.1},
    {"bias": False, "norm_first": True, "batch_first": True}, {"nhead": 3},
]  # fmt: skip
IDS = ["-".join(v) or "plain" for v in VARIANTS]


def shake(L: Any, net: Any) -> Any:
    """Norms and biases start as ones and zeros, which would hide a wrong one: give them numbers."""
    with L.no_grad():
        for k, (_, p) in enumerate(net.named_parameters()):
            if p.dim() == 1:
                p.add_(numbers(L, *p.shape, seed=50 + k) * 0.3)
    return net


def build(L: Any, name: str, **options: Any) -> Any:
    return shake(L, getattr(L.nn, name)(**{**SHAPE, **options}, dtype=L.float64))


def stack(L: Any, kind: str, n: int = 2, norm: bool = True, nested: bool = False, **options: Any) -> Any:
    """A TransformerEncoder or Decoder of copies of a layer."""
    layer = build(L, f"Transformer{kind}Layer", **options)
    last = L.nn.LayerNorm(E, dtype=L.float64) if norm else None
    more = {"enable_nested_tensor": nested} if kind == "Encoder" else {}
    return getattr(L.nn, f"Transformer{kind}")(layer, n, norm=last, **more)


def sequence(L: Any, length: int, options: dict, seed: int = 0) -> Any:
    return numbers(L, *((N, length, E) if options.get("batch_first") else (length, N, E)), seed=seed, grad=True)


def padding(L: Any, length: int) -> Any:
    return L.arange(length) >= L.tensor([[length], [2], [3]])


def causal(L: Any, n: int, dtype: str = "float64") -> Any:
    return L.nn.Transformer.generate_square_subsequent_mask(n, dtype=getattr(L, dtype))


def everything(L: Any, net: Any, outputs: list, inputs: list) -> Any:
    weighted(L, outputs).backward()
    return repr(net), list(net.state_dict()), outputs, [t.grad for t in (*inputs, *net.parameters())], L.rand(2)


@pytest.mark.parametrize("options", VARIANTS, ids=IDS)
def test_encoder_layer(options: dict) -> None:
    def program(L: Any) -> Any:
        net, src = build(L, "TransformerEncoderLayer", **options), sequence(L, S, options)
        outputs = [
            net(src), net(src, causal(L, S), is_causal=True),
            net(src, src_mask=L.ones(S, S, dtype=L.bool).triu(2), src_key_padding_mask=padding(L, S)),
        ]  # fmt: skip
        return everything(L, net, outputs, [src])

    agree(program)


@pytest.mark.parametrize("options", VARIANTS, ids=IDS)
def test_decoder_layer(options: dict) -> None:
    def program(L: Any) -> Any:
        net = build(L, "TransformerDecoderLayer", **options)
        tgt, memory = sequence(L, T, options), sequence(L, S, options, 1)
        outputs = [
            net(tgt, memory), net(tgt, memory, tgt_mask=causal(L, T), tgt_is_causal=True),
            net(tgt, memory, memory_mask=numbers(L, T, S, seed=3), tgt_key_padding_mask=padding(L, T)),
            net(tgt, memory, memory_key_padding_mask=padding(L, S)),
        ]  # fmt: skip
        return everything(L, net, outputs, [tgt, memory])

    agree(program)


@pytest.mark.parametrize("kind", ["relu", "gelu", "module"])
def test_activations(kind: str) -> None:
    def program(L: Any) -> Any:
        activation = {"relu": L.nn.functional.relu, "gelu": L.nn.functional.gelu, "module": L.nn.ReLU()}[kind]
        net, src = build(L, "TransformerEncoderLayer", activation=activation), sequence(L, S, {})
        return everything(L, net, [net(src)], [src])

    agree(program)


def test_one_sequence() -> None:
    def program(L: Any) -> Any:
        net = build(L, "TransformerDecoderLayer", batch_first=True)
        return net(numbers(L, T, E), numbers(L, S, E, seed=1), tgt_mask=causal(L, T))

    agree(program)


@pytest.mark.parametrize("options", [{}, {"batch_first": True, "norm_first": True}], ids=str)
def test_stacks(options: dict) -> None:
    def program(L: Any) -> Any:
        encoder, decoder = stack(L, "Encoder", **options), stack(L, "Decoder", norm=False, **options)
        src, tgt = sequence(L, S, options), sequence(L, T, options, 1)
        memory = encoder(src, mask=causal(L, S), src_key_padding_mask=padding(L, S).to(L.float64) * -9)
        found = decoder(tgt, memory, tgt_mask=causal(L, T, "bool"), memory_key_padding_mask=padding(L, S))
        outputs = [memory, found]
        return everything(L, L.nn.ModuleList([encoder, decoder]), outputs, [src, tgt])

    agree(program)


@pytest.mark.parametrize("options", [{}, {"batch_first": True}, {"norm_first": True, "bias": False}], ids=str)
def test_transformer(options: dict) -> None:
    sizes = {"num_encoder_layers": 2, "num_decoder_layers": 2}

    def program(L: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about nested tensors: tested below
            net = build(L, "Transformer", **sizes, **options)
        src, tgt = sequence(L, S, options), sequence(L, T, options, 1)
        masks = {"tgt_mask": causal(L, T), "src_key_padding_mask": padding(L, S)}
        return everything(L, net, [net(src, tgt, **masks), net(src, tgt, tgt_is_causal=False)], [src, tgt])

    agree(program, rtol=1e-8)


def test_seeded_float32_weights() -> None:
    found = []
    for L in LIBRARIES:
        L.manual_seed(2)
        net = L.nn.Transformer(8, 4, 2, 1, 16, batch_first=True)
        found.append((list(net.state_dict()), leaves(list(net.parameters()))))
    assert found[0][0] == found[1][0]
    assert all(a.dtype == np.float32 and np.array_equal(a, b) for a, b in zip(found[0][1], found[1][1], strict=True))


def test_layers_of_a_stack_are_copies() -> None:
    layer = mt.nn.TransformerEncoderLayer(E, 2, 8)
    net = mt.nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
    first, second = net.layers[0].linear1.weight, net.layers[1].linear1.weight
    assert first is not second and first is not layer.linear1.weight
    assert np.array_equal(first.detach().numpy(), second.detach().numpy())


def test_copies_of_a_decoder_layer_keep_their_activation() -> None:
    """A copy of torch's decoder layer falls back to relu where the activation is a module; minitorch's keeps it."""
    found = []
    for L in LIBRARIES:
        layer = L.nn.TransformerDecoderLayer(E, 2, 8, dropout=0.0, activation=L.nn.Tanh())
        net, x = L.nn.TransformerDecoder(layer, 1), numbers(L, T, N, E, dtype="float32")
        found.append((net(x, x).detach().numpy(), layer(x, x).detach().numpy()))
    assert not np.allclose(*found[0], atol=1e-3)
    np.testing.assert_array_equal(*found[1])


def test_custom_encoder_and_decoder() -> None:
    class Double(mt.nn.Module):
        def forward(self, src: Any, *rest: Any, **masks: Any) -> Any:
            return src * 2 if not rest else rest[0] + src

    net = mt.nn.Transformer(E, 2, custom_encoder=Double(), custom_decoder=Double())
    assert net(mt.ones(S, N, E), mt.ones(S, N, E)).unique().tolist() == [3]


# -- padding in evaluation ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("norm", [False, True])
def test_evaluation_leaves_padding_out(norm: bool) -> None:
    """Without gradients, torch takes the padding out and puts zeros back, where the layers allow it."""

    def program(L: Any) -> Any:
        net = shake(L, stack(L, "Encoder", norm=norm, nested=True, batch_first=True)).eval()
        src, found = numbers(L, N, S, E), []
        with L.no_grad():
            bools = padding(L, S)
            infinite = L.zeros(N, S, dtype=L.float64).masked_fill(bools, -math.inf)
            for mask in (bools, infinite, bools.flip(1), None):
                found.append(net(src, src_key_padding_mask=mask))
            found.append(net(src, mask=causal(L, S), src_key_padding_mask=infinite))
            found.append(net.train().eval()(src[:, :2], src_key_padding_mask=L.zeros(N, 2, dtype=L.bool)))
        found.append(net(src, src_key_padding_mask=bools))  # with gradients: as in training
        for p in net.parameters():
            p.requires_grad_(False)
        found.append(net(src, src_key_padding_mask=bools))
        return found

    ours = agree(program)
    assert (ours[0][1, 2:] == ours[0][2, 3:][:1]).all() and (ours[-2][1, 2:] != ours[0][1, 2:]).all()


def test_finite_padding_masks_are_added_in_evaluation_too() -> None:
    """torch takes every number but 0 for padding there; minitorch adds them, as both do in training."""
    found = []
    for L in LIBRARIES:
        L.manual_seed(0)
        net = stack(L, "Encoder", nested=True, batch_first=True, dropout=0.0)
        src, mask = numbers(L, N, S, E), padding(L, S).to(L.float64) * -2
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trained = net(src, src_key_padding_mask=mask).detach().numpy()
            with L.no_grad():
                evaluated = net.eval()(src, src_key_padding_mask=mask).numpy()
        found.append((trained, evaluated))
    np.testing.assert_allclose(found[1][0], found[0][0], rtol=1e-9)
    np.testing.assert_allclose(found[1][1], found[1][0], rtol=1e-9)
    assert not np.allclose(found[0][1], found[0][0])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"norm_first": True, "batch_first": True}, "encoder_layer.norm_first was True"),
        ({}, "encoder_layer.self_attn.batch_first was not True"),
        ({"bias": False, "batch_first": True}, "encoder_layer.self_attn was passed bias=False"),
        ({"activation": math.tanh, "batch_first": True}, "encoder_layer.activation_relu_or_gelu was not True"),
        ({"nhead": 3, "batch_first": True}, "encoder_layer.self_attn.num_heads is odd"),
    ],
)
def test_layers_that_keep_padding_are_named(options: dict, words: str) -> None:
    for L in LIBRARIES:
        layer = L.nn.TransformerEncoderLayer(**{**SHAPE, **options})
        with pytest.warns(UserWarning, match=f"use_nested_tensor is False because {words}"):
            assert not L.nn.TransformerEncoder(layer, 1).use_nested_tensor
        assert L.nn.TransformerEncoder(layer, 1, enable_nested_tensor=False).enable_nested_tensor is False
    with pytest.warns(UserWarning, match="encoder_layer was not TransformerEncoderLayer"):
        mt.nn.TransformerEncoder(mt.nn.Identity(), 1)


# -- masks and words -------------------------------------------------------------------------------------------------


def test_causal_mask() -> None:
    def program(L: Any) -> Any:
        make = L.nn.Transformer.generate_square_subsequent_mask
        return make(4), make(1), make(3, dtype=L.float64), make(3, dtype=L.bool), make(0)

    agree(program)


def test_hint_of_a_stack_needs_its_mask() -> None:
    refuse(lambda L: stack(L, "Encoder")(numbers(L, S, N, E), is_causal=True), "Need attn_mask")


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (lambda L: L.nn.TransformerEncoderLayer(E, 2, activation="silu"), "activation should be relu/gelu, not silu"),
        (lambda L: L.nn.TransformerEncoderLayer(E, 4), "embed_dim must be divisible by num_heads"),
        (lambda L: L.nn.TransformerDecoderLayer(E, 2, dropout=1.5), "dropout probability has to be between 0 and 1"),
        (
            lambda L: build(L, "TransformerEncoderLayer")(sequence(L, S, {}), L.zeros(S, S, dtype=L.int64)),
            "only bool and floating types of src_mask are supported",
        ),
        (
            lambda L: stack(L, "Encoder")(sequence(L, S, {}), L.zeros(S, S, dtype=L.int64)),
            "only bool and floating types of mask are supported",
        ),
    ],
)
def test_errors(program: Any, words: str) -> None:
    refuse(program, words)


@pytest.mark.parametrize(
    ("src", "tgt", "options", "words"),
    [
        ((S, N, E), (T, 2, E), {}, "the batch number of src and tgt must be equal"),
        ((N, S, E), (2, S, E), {"batch_first": True}, "the batch number of src and tgt must be equal"),
        ((S, N, 4), (T, N, E), {}, "the feature number of src and tgt must be equal to d_model"),
        ((S, N, E), (T, N, 4), {}, "the feature number of src and tgt must be equal to d_model"),
    ],
)
def test_source_and_target_must_fit(src: tuple, tgt: tuple, options: dict, words: str) -> None:
    def program(L: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            net = L.nn.Transformer(**SHAPE, num_encoder_layers=1, num_decoder_layers=1, **options)
        return net(L.zeros(*src), L.zeros(*tgt))

    refuse(program, words)


def test_masks_of_different_dtypes_are_deprecated() -> None:
    for L in LIBRARIES:
        net, src = stack(L, "Encoder"), sequence(L, S, {})
        with pytest.warns(UserWarning, match="mismatched src_key_padding_mask and mask is deprecated"):
            net(src, mask=causal(L, S), src_key_padding_mask=padding(L, S))


def test_training_gives_the_same_losses() -> None:
    def program(L: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            net = L.nn.Transformer(**SHAPE, num_encoder_layers=1, num_decoder_layers=1, dtype=L.float64)
        optimizer = L.optim.Adam(net.parameters(), lr=0.01)
        src, tgt, losses = numbers(L, S, N, E), numbers(L, T, N, E, seed=1), []
        for _ in range(4):
            optimizer.zero_grad()
            loss = ((net(src, tgt, tgt_mask=causal(L, T)) - tgt) ** 2).mean()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        return losses[-1] < losses[0], L.tensor(losses, dtype=L.float64)

    assert agree(program, rtol=1e-8)[0]


def test_torchs_names() -> None:
    assert all(hasattr(mt.nn, name) for name in dir(torch.nn) if name.startswith("Transformer"))
