"""Balancing a pole on a cart: an actor chooses, a critic judges (advantage actor-critic), in an environment below.

Several carts run side by side, so that one step of the network serves them all. Advantages are estimated by
Schulman's generalized advantage estimation (2016). A step is worth 1 - DISCOUNT, so that what the critic has to learn
lies between 0 (falls now) and 1 (never falls).
"""

import math

from common import options, parameters, progress

import minitorch as mt
from minitorch import nn
from minitorch.distributions import Categorical

args = options(__doc__, updates=(1000, 12), carts=(16, 4), horizon=(16, 8), lr=(3e-3, 3e-3))
DISCOUNT, TRACE, LONGEST = 0.99, 0.95, 500


class CartPoles:
    """The cart and pole of Barto, Sutton and Anderson (1983): position, speed, angle, turning speed of each."""

    def __init__(self, n: int) -> None:
        self.state = mt.rand(n, 4) * 0.1 - 0.05
        self.age = mt.zeros(n, dtype=mt.int64)

    def step(self, action: mt.Tensor) -> tuple[mt.Tensor, mt.Tensor]:
        """Push left (0) or right (1); gives which poles fell and how long the finished rounds lasted."""
        x, speed, angle, turn = self.state.unbind(1)
        force = action * 20.0 - 10.0
        cos, sin = angle.cos(), angle.sin()
        pushed = (force + 0.05 * turn**2 * sin) / 1.1
        angle_acc = (9.8 * sin - cos * pushed) / (0.5 * (4 / 3 - 0.1 * cos**2 / 1.1))
        acc = pushed - 0.05 * angle_acc * cos / 1.1
        change = mt.stack([speed, acc, turn, angle_acc], dim=1)
        self.state = self.state + 0.02 * change
        self.age += 1
        fell = (self.state[:, 0].abs() > 2.4) | (self.state[:, 2].abs() > 12 * math.pi / 180)
        over = fell | (self.age >= LONGEST)
        lasted = self.age[over]
        self.state = mt.where(over[:, None], mt.rand(len(over), 4) * 0.1 - 0.05, self.state)
        self.age = self.age.masked_fill(over, 0)
        return over.float(), lasted


class ActorCritic(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh())
        self.actor, self.critic = nn.Linear(64, 2), nn.Linear(64, 1)

    def forward(self, state):
        h = self.body(state)
        return Categorical(logits=self.actor(h)), self.critic(h).squeeze(-1)


net = ActorCritic()
optimizer = mt.optim.Adam(net.parameters(), lr=args.lr)
schedule = mt.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, args.updates)
carts = CartPoles(args.carts)
finished: list[int] = []
print(parameters(net))
for update in progress(range(1, args.updates + 1), "updates"):
    log_probs, values, entropies, overs = [], [], [], []
    for _ in range(args.horizon):
        policy, value = net(carts.state)
        action = policy.sample()
        over, lasted = carts.step(action)
        finished += lasted.tolist()
        log_probs.append(policy.log_prob(action))
        values.append(value)
        entropies.append(policy.entropy())
        overs.append(over)
    with mt.no_grad():  # from the last step back: how much better did it go than the critic thought?
        following, trace, advantages = net(carts.state)[1], mt.zeros(args.carts), []
        for value, over in zip(reversed(values), reversed(overs), strict=True):
            surprise = (1 - DISCOUNT) + DISCOUNT * following * (1 - over) - value
            trace = surprise + DISCOUNT * TRACE * (1 - over) * trace
            advantages.insert(0, trace)
            following = value
        advantage = mt.stack(advantages)
        returns = advantage + mt.stack(values)
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
    actor = -(mt.stack(log_probs) * advantage).mean()
    critic = nn.functional.mse_loss(mt.stack(values), returns)
    optimizer.zero_grad()
    (actor + 5.0 * critic - 0.01 * mt.stack(entropies).mean()).backward()
    nn.utils.clip_grad_norm_(net.parameters(), 0.5)
    optimizer.step()
    schedule.step()
    if (update % 250 == 0 or update == args.updates) and finished:
        recent = finished[-20:]
        print(f"update {update}  the last {len(recent)} rounds lasted {sum(recent) / len(recent):.0f} steps on average")
