"""Digits turned by up to 90 degrees, read with and without a spatial transformer (Jaderberg and others, 2015).

The transformer is a small network that looks at an image and says how to turn it before it is read. Nobody
tells it the angle: it learns from the reader's loss, through the sampling grid. For a fair comparison there is also a
reader alone that has as many parameters as both together.
"""

import math

from common import accuracy, batches, digits, drawn, options, parameters, progress

import minitorch as mt
from minitorch import nn
from minitorch.nn import functional as F

args = options(__doc__, epochs=(30, 1), batch_size=(32, 200), lr=(3e-3, 3e-3))
SIZE = 12


def rotation(cos: mt.Tensor, sin: mt.Tensor) -> mt.Tensor:
    """Matrices (N, 2, 3) for affine_grid."""
    zero = mt.zeros_like(cos)
    return mt.stack([mt.stack([cos, -sin, zero], dim=1), mt.stack([sin, cos, zero], dim=1)], dim=1)


def turned(images: mt.Tensor) -> mt.Tensor:
    """Each image on a larger canvas, at its own angle."""
    angle = (mt.rand(len(images)) * 2 - 1) * math.pi / 2
    canvas = F.pad(images, (2, 2, 2, 2))
    grid = F.affine_grid(rotation(angle.cos(), angle.sin()), canvas.shape, align_corners=False)
    return F.grid_sample(canvas, grid, align_corners=False)


class Reader(nn.Module):
    def __init__(self, transformer: bool, width: int) -> None:
        super().__init__()
        self.look = None
        if transformer:
            self.look = nn.Sequential(
                nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(),
                nn.Flatten(), nn.Linear(16 * 36, 32), nn.ReLU(), nn.Linear(32, 2),
            )  # fmt: skip
            with mt.no_grad():  # begin by changing nothing
                self.look[-1].weight.zero_()
                self.look[-1].bias.copy_(mt.tensor([1.0, 0.0]))
        self.read = nn.Sequential(
            nn.Conv2d(1, width, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(width, 2 * width, 3), nn.ReLU(), nn.Flatten(),
            nn.Dropout(0.3), nn.Linear(2 * width * 9, 10),
        )  # fmt: skip

    def straighten(self, x):
        if self.look is None:
            return x
        cos, sin = F.normalize(self.look(x), dim=1).unbind(1)
        grid = F.affine_grid(rotation(cos, sin), x.shape, align_corners=False)
        return F.grid_sample(x, grid, align_corners=False)

    def forward(self, x):
        return self.read(self.straighten(x))


x, y, x_test, y_test = digits()
x_test = turned(x_test)
for name, transformer, width in (
    ("reader alone", False, 16), ("a wider reader", False, 32), ("with a transformer", True, 16),
):  # fmt: skip
    mt.manual_seed(args.seed)
    net = Reader(transformer, width)
    optimizer = mt.optim.Adam(net.parameters(), lr=args.lr)
    schedule = mt.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.epochs)
    for _ in progress(range(args.epochs), name):
        for index in batches(len(x), args.batch_size):
            loss = F.cross_entropy(net(turned(x[index])), y[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
    print(f"{name:20}{parameters(net):20}test accuracy {accuracy(net, x_test, y_test):.2%}")


net.eval()
with mt.no_grad():
    print("as they came, and as the transformer turned them:")
    print(drawn(x_test[:5, 0]))
    print(drawn(net.straighten(x_test[:5])[:, 0]))
