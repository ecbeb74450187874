"""What the specs of layers (parity/modules) can't say: class methods, deprecated arguments, warnings, half precision,
and where torch is wrong."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import minitorch as mt
from tests.nn.module_lockstep import check

PROGRAMS = {
    "deprecated reductions": """
        for name in ("MSELoss", "L1Loss", "BCEWithLogitsLoss", "SoftMarginLoss", "CrossEntropyLoss", "NLLLoss2d"):
            for settings in ({"size_average": False}, {"reduce": False}, {"size_average": True, "reduce": True}):
                note(getattr(nn, name)(**settings).reduction)
        note(nn.MSELoss(False)(x, x + 1), nn.L1Loss(None, False)(x, x + 2))
    """,
    "sizes that differ": """
        for name in ("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss"):
            note(getattr(nn, name)()(x, x[:1]), getattr(nn, name)()(x[:, :1], x[0]))
            note(refused(lambda: getattr(nn, name)()(x, L.zeros(2)))[0])
    """,
    "an old name of NLLLoss": """
        scores = F.log_softmax(x, dim=1).reshape(2, 3, 1, 1)
        target = L.tensor([0, 2]).reshape(2, 1, 1)
        note(isinstance(nn.NLLLoss2d(), nn.NLLLoss), nn.NLLLoss2d(L.tensor([1.0, 2.0, 3.0]))(scores, target))
    """,
    "weights are buffers": """
        weight = L.tensor([1.0, 2.0, 3.0])
        for loss in (nn.CrossEntropyLoss(weight), nn.NLLLoss(weight), nn.BCELoss(weight),
                     nn.MultiMarginLoss(weight=weight),
                     nn.BCEWithLogitsLoss(weight, pos_weight=weight * 2),
                     nn.MultiLabelSoftMarginLoss(weight)):
            note(dict(loss.named_buffers()), loss.state_dict(), list(loss.parameters()), loss)
            note(loss.double().weight.dtype == L.float64)
    """,
    "old names of Hardtanh": "note(nn.Hardtanh(min_value=-2.0, max_value=3.0)(x * 3 - 6), nn.Hardtanh(max_value=0.5))",
    "a softmax without dim": "note(nn.Softmax()(x), nn.Softmin()(x), nn.LogSoftmax()(x[0]))",
    "pretrained tables": """
        table = L.arange(12.0).reshape(4, 3)
        frozen = nn.Embedding.from_pretrained(table, padding_idx=-1)
        note(frozen, frozen.weight.requires_grad, frozen(L.tensor([1, 3])), frozen.padding_idx)
        note(frozen.weight.data_ptr() == table.data_ptr())
        free = nn.Embedding.from_pretrained(table, freeze=False, max_norm=5.0, norm_type=1.0, scale_grad_by_freq=True)
        note(free, free.weight.requires_grad, free(L.tensor([0, 2])), table)
        bag = nn.EmbeddingBag.from_pretrained(table, False, mode="sum", include_last_offset=True, padding_idx=1)
        note(bag, bag.weight.requires_grad, bag(L.tensor([0, 1, 2]), L.tensor([0, 2, 3])))
        note(nn.EmbeddingBag.from_pretrained(table).weight.requires_grad)
        note(refused(lambda: nn.Embedding.from_pretrained(table[0])))
        note(refused(lambda: nn.EmbeddingBag.from_pretrained(table[0])))
        layer = nn.Embedding(5, 2, padding_idx=1)
        layer.reset_parameters()
        note(layer.weight)
    """,
    "synchronized": """
        net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4, momentum=0.3),
                            nn.Sequential(nn.BatchNorm1d(4, affine=False)))
        net(x)
        weight = net[1].weight
        note(net[1].running_mean, net[1].num_batches_tracked)
        net.eval()
        net = nn.SyncBatchNorm.convert_sync_batchnorm(net)
        note(net, net[1].weight is weight, net.state_dict(), net[1].training, net(x), net.train()(x))
        note(nn.SyncBatchNorm.convert_sync_batchnorm(nn.BatchNorm2d(3, bias=False)))
    """,
    "states of version 1": """
        layer = nn.BatchNorm1d(3)
        layer(x)
        state = layer.state_dict()
        del state["num_batches_tracked"]
        note(refused(lambda: nn.BatchNorm1d(3).load_state_dict(state)))
        state._metadata[""]["version"] = 1
        fresh = nn.BatchNorm1d(3)
        note(fresh.load_state_dict(state), fresh.state_dict())
        del state._metadata
        note(fresh.load_state_dict(state), fresh.num_batches_tracked)
    """,
    "running statistics": """
        layer = nn.BatchNorm1d(3, momentum=None)
        for k in range(3):
            layer(x * (k + 1))
            note(layer.running_mean, layer.running_var, layer.num_batches_tracked)
        layer.reset_running_stats()
        note(layer.state_dict())
        layer.weight.data.fill_(3)
        layer.reset_parameters()
        note(layer.state_dict(), layer.num_batches_tracked.dtype == L.int64)
        note(isinstance(layer, nn.modules.batchnorm._BatchNorm))
        note(isinstance(nn.InstanceNorm1d(2), nn.modules.batchnorm._NormBase))
        note(nn.BatchNorm1d(3).half().state_dict()["num_batches_tracked"].dtype == L.int64)
    """,
    "instances of other sizes": """
        note(nn.InstanceNorm1d(5)(x), nn.InstanceNorm1d(2)(x))
        note(refused(lambda: nn.InstanceNorm1d(5, affine=True)(x)))
    """,
    "lazy ones": """
        layer = nn.LazyBatchNorm1d(momentum=0.5)
        note(list(layer.state_dict()), layer, layer(x), layer, layer.state_dict())
        other = nn.LazyInstanceNorm1d(affine=False, track_running_stats=False)
        note(other, other(x.unsqueeze(0)), other)
    """,
    "adaptive softmax": """
        layer = nn.AdaptiveLogSoftmaxWithLoss(3, 12, [2, 5, 9], div_value=1.5, head_bias=True)
        rows = L.cat([x, -x, x * x])
        note(layer, layer.log_prob(rows), layer.predict(rows), layer.log_prob(rows).exp().sum(1))
        layer.reset_parameters()
        out = layer(rows, L.tensor([0, 3, 6, 11, 1, 8]))
        note(out.output, out.loss, type(out)._fields, layer.cutoffs)
        note(layer.shortlist_size, layer.n_clusters, layer.head_size)
    """,
    "linear cross entropy": """
        options = nn.LinearCrossEntropyOptions(batch_chunk_size=1, chunking_method=None)
        layer = nn.LinearCrossEntropyLoss(3, 4, bias=True, options=options)
        note(repr(layer), layer(x, L.tensor([1, 3])), repr(nn.LinearCrossEntropyOptions()))
        for bad in ({"acc_policy": "fast"}, {"chunking_method": "aspect_ratio:0"},
                    {"batch_chunk_size": 0}, {"acc_dtype": L.int64}):
            note(refused(lambda: nn.LinearCrossEntropyOptions(**bad))[0])
        note(F.linear_cross_entropy(x, L.ones(4, 3), L.tensor([1, 3]), ignore_index=3, weight=L.arange(4.0)))
    """,
    "wrong arguments": """
        for make in (lambda: nn.Dropout(2.0), lambda: nn.TripletMarginLoss(margin=0.0), lambda: nn.Unflatten(1, "a"),
                     lambda: nn.MultiMarginLoss(p=3), lambda: nn.HuberLoss(delta=None), lambda: nn.GroupNorm(3, 4)):
            note(refused(make)[0])
        for name in ("CELU", "ELU", "GELU", "Hardsigmoid", "LogSigmoid", "Mish", "SELU", "SiLU", "Softplus", "Dropout",
                     "Hardswish", "Softshrink"):
            note(name, refused(lambda: getattr(nn, name)()(L.arange(3)))[0])
        for name in ("MSELoss", "L1Loss", "SmoothL1Loss", "BCELoss", "CrossEntropyLoss", "SoftMarginLoss", "KLDivLoss"):
            note(name, refused(lambda: getattr(nn, name)()(L.arange(3), L.arange(3)))[0])
        note(refused(lambda: nn.BatchNorm1d(3)(L.arange(6).reshape(2, 3)))[0])
    """,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name):
    check(PROGRAMS[name])


HALF = """CELU ELU GELU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid Mish PReLU ReLU ReLU6 SELU SiLU
Sigmoid Softmax LogSoftmax Softplus Softshrink Softsign Tanh Tanhshrink LayerNorm RMSNorm BatchNorm1d MSELoss L1Loss
SmoothL1Loss HuberLoss BCEWithLogitsLoss KLDivLoss CosineSimilarity""".split()
SETTINGS = {"Softmax": (1,), "LogSoftmax": (1,), "LayerNorm": (7,), "RMSNorm": (7,), "BatchNorm1d": (7,)}


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", HALF)
@pytest.mark.filterwarnings("ignore:reduction")
def test_half_precision(name, dtype):
    values = np.random.default_rng(0).normal(size=(2, 5, 7)).astype("float32")
    n = 2 if name.endswith("Loss") or name == "CosineSimilarity" else 1
    results = []
    for library in (mt, torch):
        inputs = [library.from_numpy(values[k]).to(getattr(library, dtype)) for k in range(n)]
        results.append(getattr(library.nn, name)(*SETTINGS.get(name, ())).to(inputs[0].dtype)(*inputs).detach())
    ours, theirs = results
    assert repr(ours.dtype) == repr(theirs.dtype)
    step = 2.0**-7 if dtype == "bfloat16" else 2.0**-10
    np.testing.assert_allclose(ours.float().numpy(), theirs.float().numpy(), rtol=step, atol=step * 0.1)


@pytest.mark.parametrize("name", ["Embedding", "EmbeddingBag"])
def test_sparse_gradients_are_refused(name):
    with pytest.raises(NotImplementedError, match=f"{name}: sparse=True is not supported, gradients are dense"):
        getattr(mt.nn, name)(3, 2, sparse=True)


def test_lrn_of_old_models_has_the_derivative_of_its_values():
    """torch's gradient of CrossMapLRN2d is not; central differences of torch's own values are the judge."""
    x = np.random.default_rng(0).normal(size=(1, 6, 1, 2))
    settings = (3, 1.0, 0.75)
    theirs = torch.nn.CrossMapLRN2d(*settings)
    expected = np.empty(x.size)
    for k in range(x.size):
        step = np.zeros(x.size)
        step[k] = 1e-6
        ahead, behind = (theirs(torch.from_numpy(x + s * step.reshape(x.shape))).sum().item() for s in (1, -1))
        expected[k] = (ahead - behind) / 2e-6
    t = mt.from_numpy(x.copy()).requires_grad_()
    mt.nn.CrossMapLRN2d(*settings)(t).sum().backward()
    np.testing.assert_allclose(t.grad.numpy().reshape(-1), expected, rtol=1e-6, atol=1e-8)
    t = torch.from_numpy(x.copy()).requires_grad_()
    theirs(t).sum().backward()
    assert np.abs(t.grad.numpy().reshape(-1) - expected).max() > 0.01, "torch is right now: let the spec differentiate"


@pytest.mark.parametrize("name", ["LazyInstanceNorm1d", "LazyBatchNorm1d"])
def test_a_lazy_norm_that_was_loaded_knows_its_features(name):
    """torch's keeps num_features = 0, and the affine instance norm refuses every input then."""
    plain = getattr(mt.nn, name.removeprefix("Lazy"))(3, affine=True, track_running_stats=True)
    lazy = getattr(mt.nn, name)()
    lazy.load_state_dict(plain.state_dict())
    x = mt.randn(2, 3, 4)
    assert mt.equal(lazy(x), plain(x))
    assert repr(lazy) == repr(plain)
    theirs = torch.nn.LazyInstanceNorm1d()
    theirs.load_state_dict(torch.nn.InstanceNorm1d(3, affine=True, track_running_stats=True).state_dict())
    with pytest.raises(ValueError, match="num_features"):
        theirs(torch.zeros(2, 3, 4))
