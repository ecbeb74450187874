"""Convolution and pooling layers beside torch's where a spec can't say it: subclasses, lazy layers, a whole network."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch

import minitorch as mt

BOTH = pytest.mark.parametrize("library", [torch, mt], ids=["torch", "minitorch"])
X = np.random.default_rng(0).normal(size=(2, 3, 8, 10))


def autoencoder(lib: Any) -> Any:
    """Every kind of layer that changes the size of an image, there and back."""
    nn = lib.nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inward = nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect")
            self.pool, self.unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
            self.small = nn.LazyConv2d(8, 3, stride=2, padding=1, padding_mode="circular")
            self.back = nn.ConvTranspose2d(8, 4, 3, stride=2, padding=1)
            self.finer = nn.Sequential(nn.LazyConv2d(12, (1, 3), padding="same"), nn.PixelShuffle(2))
            self.outward = nn.Sequential(nn.ReplicationPad2d((1, 2, 0, 1)), nn.LazyConvTranspose2d(3, 2))
            self.size = nn.Sequential(nn.AdaptiveAvgPool2d((8, None)), nn.Upsample((8, 10), mode="bilinear"))

        def forward(self, x: Any) -> Any:
            x, places = self.pool(self.inward(x))
            x = self.back(self.small(x), output_size=x.shape)
            return self.size(self.outward(self.finer(self.unpool(x, places))))

    return Net().to(lib.float64)


def trained(lib: Any) -> tuple[list[float], dict[str, np.ndarray]]:
    lib.manual_seed(3)
    net = autoencoder(lib)
    x = lib.from_numpy(X)
    net(x)
    optimizer = lib.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)
    losses = []
    for _ in range(5):
        optimizer.zero_grad()
        loss = lib.nn.functional.mse_loss(net(x), x)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, {name: value.numpy() for name, value in net.state_dict().items()}


def test_autoencoder_trains_as_torchs() -> None:
    (ours, state), (theirs, torchs) = trained(mt), trained(torch)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10)
    assert ours[-1] < ours[0]
    assert list(state) == list(torchs)
    for name, value in torchs.items():
        np.testing.assert_allclose(state[name], value, rtol=1e-9, atol=1e-12, err_msg=name)


@BOTH
def test_subclass_changes_the_weight(library: Any) -> None:
    """A subclass that overrides _conv_forward gets the weight and bias, and passes on others."""

    class Doubled(library.nn.Conv2d):
        def _conv_forward(self, input: Any, weight: Any, bias: Any) -> Any:
            return super()._conv_forward(input, weight * 2, bias)

    layer = Doubled(3, 4, 3, bias=False, padding=1, padding_mode="reflect", dtype=library.float64)
    x = library.from_numpy(X)
    plain = library.nn.Conv2d.forward(layer, x)
    direct = library.nn.functional.conv2d(library.nn.functional.pad(x, (1, 1, 1, 1), "reflect"), layer.weight)
    assert library.equal(layer(x), plain)
    assert library.allclose(layer(x), direct * 2)


@BOTH
def test_no_input_channels(library: Any) -> None:
    """The weight is empty, which warns; the bias starts at zero and is the output."""
    with pytest.warns(UserWarning, match="zero-element"):
        layer = library.nn.Conv2d(0, 2, 3)
    assert tuple(layer.weight.shape) == (2, 0, 3, 3)
    assert layer.bias.tolist() == [0.0, 0.0]


@BOTH
@pytest.mark.parametrize("transposed", [False, True])
def test_lazy_layer_loads_before_its_first_call(library: Any, transposed: bool) -> None:
    nn = library.nn
    lazy, full = (nn.LazyConvTranspose2d, nn.ConvTranspose2d) if transposed else (nn.LazyConv2d, nn.Conv2d)
    source, layer = full(3, 4, 2), lazy(4, 2)
    layer.load_state_dict(source.state_dict())
    assert layer.in_channels == 0 and type(layer) is lazy and not layer.has_uninitialized_params()
    x = library.from_numpy(X.astype("float32"))
    assert library.equal(layer(x), source(x)) and type(layer) is full


def test_lazy_layer_is_copied_before_its_first_call() -> None:
    layer = mt.nn.LazyConv2d(4, 2)
    x = mt.from_numpy(X.astype("float32"))
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert type(twin) is mt.nn.LazyConv2d and twin.has_uninitialized_params()
        assert tuple(twin(x).shape) == (2, 4, 7, 9) and type(twin) is mt.nn.Conv2d
    assert layer.has_uninitialized_params()


@BOTH
def test_lazy_layer_says_what_it_wants(library: Any) -> None:
    with pytest.raises(RuntimeError, match="Expected 3D .unbatched. or 4D .batched. input to LazyConv2d"):
        library.nn.LazyConv2d(4, 2)(library.ones(3, 3))
    with pytest.raises(RuntimeError, match="Modules with uninitialized parameters can't be used with `DataParallel`"):
        library.nn.LazyConv2d(4, 2)._replicate_for_data_parallel()


@BOTH
def test_fractional_pool_draws_from_the_seed(library: Any) -> None:
    pool, x = library.nn.FractionalMaxPool2d(2, output_ratio=0.6), library.from_numpy(X)
    library.manual_seed(0)
    first, second = pool(x), pool(x)
    library.manual_seed(0)
    assert library.equal(pool(x), first) and not library.equal(first, second)
