"""Gradient accumulation: large batches in small pieces. Gradients add up in .grad until the optimizer takes a step.

Shown first: the sum of the pieces' gradients is the large batch's gradient, to rounding. Then a training that way.
"""

from common import accuracy, batches, digits, options, progress

import minitorch as mt
from minitorch import nn
from minitorch.nn import functional as F

args = options(__doc__, epochs=(15, 1), batch_size=(128, 280), pieces=(8, 4), lr=(0.2, 0.2))
x, y, x_test, y_test = digits()
net = nn.Sequential(nn.Flatten(), nn.Linear(64, 64), nn.LayerNorm(64), nn.ReLU(), nn.Linear(64, 10))


def gradients(pieces: int) -> list[mt.Tensor]:
    """Of the mean loss of the first large batch, computed in this many pieces."""
    net.zero_grad()
    for part, labels in zip(x[: args.batch_size].chunk(pieces), y[: args.batch_size].chunk(pieces), strict=True):
        loss = F.cross_entropy(net(part), labels, reduction="sum") / args.batch_size
        loss.backward()  # adds to .grad
    return [p.grad.clone() for p in net.parameters()]


whole, summed = gradients(1), gradients(args.pieces)
worst = max((a - b).abs().max().item() for a, b in zip(whole, summed, strict=True))
largest = max(g.abs().max().item() for g in whole)
print(f"{args.batch_size} images at once or in {args.pieces} pieces: gradients differ by {worst:.1e} of {largest:.1e}")

optimizer = mt.optim.SGD(net.parameters(), lr=args.lr, momentum=0.9)
optimizer.zero_grad()
steps = 0
for epoch in range(1, args.epochs + 1):
    for index in progress(list(batches(len(x), args.batch_size)), f"epoch {epoch}"):
        for part in index.chunk(args.pieces):
            loss = F.cross_entropy(net(x[part]), y[part], reduction="sum") / len(index)
            loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        steps += 1
    if epoch % 5 == 0 or epoch == args.epochs:
        print(f"epoch {epoch:2}  {steps} steps  test accuracy {accuracy(net, x_test, y_test):.2%}")
