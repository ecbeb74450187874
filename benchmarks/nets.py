"""Networks: one step of training each (gradients forgotten, forward, loss, backward, optimizer).

The sizes are arguments, so that curves.py can draw time against batch, width, length and depth.
"""

from __future__ import annotations

from typing import Any

from benchmarks.workload import Step, integers, normal, tensor, training, workload


def _classify(L: Any, device: str, net: Any, optimizer: Any, shape: tuple[int, ...], classes: int = 10) -> Step:
    x = tensor(L, device, normal(shape))
    y = tensor(L, device, integers(shape[:1], classes))
    return training(optimizer, lambda: L.nn.functional.cross_entropy(net(x), y))


@workload("tiny MLP 2-16-16-1", "nets", target=2.0)
def tiny_mlp(L: Any, device: str) -> Step:
    """Two moons' network: 32 points, Tanh, SGD, mean squared error."""
    L.manual_seed(0)
    nn = L.nn
    net = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1)).to(device)
    x, y = tensor(L, device, normal((32, 2))), tensor(L, device, normal((32, 1), 1))
    return training(L.optim.SGD(net.parameters(), lr=0.05), lambda: nn.functional.mse_loss(net(x), y))


@workload("MLP 784-128-64-10, Adam, batch 64", "nets", target=1.5)
def mlp(L: Any, device: str, batch: int = 64, width: int = 128, depth: int = 2) -> Step:
    """A multilayer perceptron on pictures of digits."""
    L.manual_seed(0)
    nn = L.nn
    sizes = [784, width, *[width // 2] * (depth - 1)]
    layers: list = []
    for n, m in zip(sizes, sizes[1:], strict=False):
        layers += [nn.Linear(n, m), nn.ReLU()]
    net = nn.Sequential(*layers, nn.Linear(sizes[-1], 10)).to(device)
    return _classify(L, device, net, L.optim.Adam(net.parameters(), lr=1e-3), (batch, 784))


@workload("LSTM 128, 32 steps, batch 32", "nets", target=1.2)
def lstm(L: Any, device: str, batch: int = 32, length: int = 32, width: int = 128) -> Step:
    """nn.LSTM(64, 128) over 32 steps, a linear layer on the last one, Adam."""
    return _recurrent(L, device, batch, length, 64, width)


@workload("LSTM over 28 rows, batch 64", "nets", target=1.2)
def lstm_rows(L: Any, device: str) -> Step:
    """A picture of 28 rows read row by row by nn.LSTM(28, 128), Adam."""
    return _recurrent(L, device, 64, 28, 28, 128)


def _recurrent(L: Any, device: str, batch: int, length: int, inputs: int, width: int) -> Step:
    L.manual_seed(0)

    class Reader(L.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = L.nn.LSTM(inputs, width, batch_first=True)
            self.head = L.nn.Linear(width, 10)

        def forward(self, x: Any) -> Any:
            out, _ = self.rnn(x)
            return self.head(out[:, -1])

    net = Reader().to(device)
    return _classify(L, device, net, L.optim.Adam(net.parameters(), lr=1e-3), (batch, length, inputs))


@workload("GRU 128, 32 steps, batch 32", "nets")
def gru(L: Any, device: str) -> Step:
    """nn.GRU(64, 128) over 32 steps, mean of squares, SGD."""
    L.manual_seed(0)
    net = L.nn.GRU(64, 128).to(device)
    x = tensor(L, device, normal((32, 32, 64)))
    return training(L.optim.SGD(net.parameters(), lr=0.1), lambda: net(x)[0].square().mean())


@workload("transformer, 2 layers of 128, 8 x 64 tokens", "nets", target=1.0)
def transformer(L: Any, device: str, batch: int = 8, length: int = 64, width: int = 128, depth: int = 2) -> Step:
    """A small GPT (pre-norm, 4 heads, causal attention, GELU, 65 letters), AdamW."""
    L.manual_seed(0)
    net = _gpt(L, length, width, depth).to(device)
    x = tensor(L, device, integers((batch, length), 65))
    y = tensor(L, device, integers((batch * length,), 65, 1))
    optimizer = L.optim.AdamW(net.parameters(), lr=1e-3)
    return training(optimizer, lambda: L.nn.functional.cross_entropy(net(x).view(-1, 65), y))


def _gpt(L: Any, length: int, width: int, depth: int, heads: int = 4) -> Any:
    nn = L.nn

    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

        def forward(self, x: Any) -> Any:
            B, T, C = x.shape
            q, k, v = (t.view(B, T, heads, C // heads).transpose(1, 2) for t in self.qkv(x).split(width, dim=2))
            y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            return self.out(y.transpose(1, 2).reshape(B, T, C))

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.attention, self.norm2 = nn.LayerNorm(width), Attention(), nn.LayerNorm(width)
            self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

        def forward(self, x: Any) -> Any:
            x = x + self.attention(self.norm1(x))
            return x + self.mlp(self.norm2(x))

    class GPT(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.places = nn.Embedding(65, width), nn.Embedding(length, width)
            self.blocks = nn.Sequential(*(Block() for _ in range(depth)))
            self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 65)

        def forward(self, x: Any) -> Any:
            x = self.tokens(x) + self.places(L.arange(x.shape[1], device=x.device))
            return self.head(self.norm(self.blocks(x)))

    return GPT()


@workload("LeNet-5, batch 32", "nets", target=1.0)
def lenet(L: Any, device: str, batch: int = 32) -> Step:
    """LeNet-5 on 28 x 28 pictures, SGD with momentum."""
    L.manual_seed(0)
    nn = L.nn
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    ).to(device)  # fmt: skip
    return _classify(L, device, net, L.optim.SGD(net.parameters(), lr=0.01, momentum=0.9), (batch, 1, 28, 28))


@workload("MNIST CNN, batch 64", "nets", target=1.0)
def cnn(L: Any, device: str, batch: int = 64) -> Step:
    """The network of the well-known MNIST example without dropout: 32 and 64 channels of 3 x 3, SGD with momentum."""
    L.manual_seed(0)
    nn = L.nn
    net = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10),
    ).to(device)  # fmt: skip
    return _classify(L, device, net, L.optim.SGD(net.parameters(), lr=0.01, momentum=0.9), (batch, 1, 28, 28))


@workload("two residual blocks, 64 x 32 x 32, batch 16", "nets", target=0.8)
def residual(L: Any, device: str, batch: int = 16, width: int = 64, depth: int = 2) -> Step:
    """Blocks of two 3 x 3 convolutions with batch norm and a shortcut, mean of squares, SGD with momentum."""
    L.manual_seed(0)
    nn = L.nn

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.conv2 = (nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(2))
            self.norm1, self.norm2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)

        def forward(self, x: Any) -> Any:
            y = nn.functional.relu(self.norm1(self.conv1(x)))
            return nn.functional.relu(self.norm2(self.conv2(y)) + x)

    net = nn.Sequential(*(Block() for _ in range(depth))).to(device)
    x = tensor(L, device, normal((batch, width, 32, 32)))
    optimizer = L.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    return training(optimizer, lambda: net(x).square().mean())
