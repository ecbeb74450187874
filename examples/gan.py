"""Two networks play against each other (Goodfellow and others, 2014): one forges points, the other tells them apart.

The points to forge lie in eight heaps on a circle. A generator likes to give up on some of them; so the example
counts how many it reaches.
"""

import math

from common import options, progress

import minitorch as mt
from minitorch import nn

args = options(__doc__, steps=(4000, 60), batch_size=(128, 64), lr=(1e-3, 1e-3))
angles = 2 * math.pi * mt.arange(8.0) / 8
centers = mt.stack([angles.cos(), angles.sin()], dim=1)  # (8, 2)


def real(n: int) -> mt.Tensor:
    return centers[mt.randint(8, (n,))] + 0.05 * mt.randn(n, 2)


def network(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2), nn.Linear(64, outputs)
    )


def weights_init(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.orthogonal_(module.weight, gain=1.2)
        nn.init.zeros_(module.bias)


generator, critic = network(8, 2), network(2, 1)
generator.apply(weights_init)
critic.apply(weights_init)
optimizer_g = mt.optim.Adam(generator.parameters(), lr=args.lr, betas=(0.5, 0.9))
optimizer_c = mt.optim.Adam(critic.parameters(), lr=args.lr, betas=(0.5, 0.9))
criterion = nn.BCEWithLogitsLoss()
yes, no = mt.full((args.batch_size, 1), 0.9), mt.zeros(args.batch_size, 1)  # 0.9: one-sided label smoothing


@mt.no_grad()
def coverage() -> str:
    points = generator(mt.randn(2000, 8))
    distance, nearest = mt.cdist(points, centers).min(dim=1)
    close = distance < 0.25
    found = (mt.bincount(nearest[close], minlength=8) > 40).sum().item()
    return f"{found} of 8 heaps, {close.float().mean().item():.0%} of the points in one"


print(f"before: {coverage()}")
for step in progress(range(1, args.steps + 1), "rounds"):
    fake = generator(mt.randn(args.batch_size, 8))
    loss_c = criterion(critic(real(args.batch_size)), yes) + criterion(critic(fake.detach()), no)
    optimizer_c.zero_grad()
    loss_c.backward()
    optimizer_c.step()

    loss_g = criterion(critic(fake), yes)
    optimizer_g.zero_grad()
    loss_g.backward()
    optimizer_g.step()
    if step % 1000 == 0 or step == args.steps:
        print(f"round {step}  critic {loss_c.item():.3f}  generator {loss_g.item():.3f}  {coverage()}")
