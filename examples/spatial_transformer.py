"""Digits turned by up to 90 degrees, read with and without a spatial transformer (Jaderberg and others, 2015).

The transformer is a small network that looks at an image and says how to turn and scale it before it is read. Nobody
tells it the angle: it learns from the reader's loss, through the sampling grid.
"""

import math

from common import accuracy, batches, digits, drawn, options, parameters, progress

import minitorch as mt
from minitorch import nn
from minitorch.nn import functional as F

args = options(__doc__, epochs=(40, 1), batch_size=(32, 200), lr=(3e-3, 3e-3))
SIZE = 12


def turned(images: mt.Tensor) -> mt.Tensor:
    """Each image on a larger canvas, at its own angle."""
    angle = (mt.rand(len(images)) * 2 - 1) * math.pi / 2
    cos, sin, zero = angle.cos(), angle.sin(), mt.zeros(len(images))
    theta = mt.stack([mt.stack([cos, -sin, zero], dim=1), mt.stack([sin, cos, zero], dim=1)], dim=1)  # (N, 2, 3)
    canvas = F.pad(images, (2, 2, 2, 2))
    return F.grid_sample(canvas, F.affine_grid(theta, canvas.shape, align_corners=False), align_corners=False)


class Reader(nn.Module):
    def __init__(self, transformer: bool) -> None:
        super().__init__()
        self.look, width = None, 32  # the reader alone gets more channels, so that both have about as many parameters
        if transformer:
            width = 16
            self.look = nn.Sequential(
                nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(),
                nn.Flatten(), nn.Linear(16 * 36, 32), nn.ReLU(), nn.Linear(32, 6),
            )  # fmt: skip
            with mt.no_grad():  # begin by changing nothing
                self.look[-1].weight.zero_()
                self.look[-1].bias.copy_(mt.tensor([1.0, 0.0, 0.0, 0.0, 1.0, 0.0]))
        self.read = nn.Sequential(
            nn.Conv2d(1, width, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(width, 2 * width, 3), nn.ReLU(), nn.Flatten(),
            nn.Dropout(0.3), nn.Linear(2 * width * 9, 10),
        )  # fmt: skip

    def straighten(self, x):
        if self.look is None:
            return x
        grid = F.affine_grid(self.look(x).view(-1, 2, 3), x.shape, align_corners=False)
        return F.grid_sample(x, grid, align_corners=False)

    def forward(self, x):
        return self.read(self.straighten(x))


x, y, x_test, y_test = digits()
x_test = turned(x_test)
for transformer in (False, True):
    mt.manual_seed(args.seed)
    net = Reader(transformer)
    optimizer = mt.optim.Adam(net.parameters(), lr=args.lr)
    schedule = mt.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)
    for _ in progress(range(args.epochs), "with" if transformer else "without"):
        for index in batches(len(x), args.batch_size):
            loss = F.cross_entropy(net(turned(x[index])), y[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
    name = "with a transformer   " if transformer else "without a transformer"
    print(f"{name}  {parameters(net)}  loss {loss.item():.3f}  test accuracy {accuracy(net, x_test, y_test):.2%}")

net.eval()
with mt.no_grad():
    print("as they came, and as the transformer turned them:")
    print(drawn(x_test[:5, 0]))
    print(drawn(net.straighten(x_test[:5])[:, 0]))
