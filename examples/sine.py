"""A recurrent network follows a noisy wave, chunk by chunk, with its hidden state carried on; then it goes on alone.

The state is detached between chunks: gradients reach back 25 steps (truncated backpropagation through time), the
state itself remembers more.
"""

import math

from common import options, parameters, progress

import minitorch as mt
from minitorch import nn

args = options(__doc__, passes=(240, 2), hidden=(48, 16), lr=(5e-3, 5e-3))
time = mt.arange(0.0, 1001.0)
wave = mt.sin(2 * math.pi * time / 40) + 0.5 * mt.sin(2 * math.pi * time / 100)
noisy = (wave + 0.05 * mt.randn(len(wave)))[None, :, None]  # (1, 1001, 1)


class Follower(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.rnn = nn.GRU(1, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x, state=None):
        out, state = self.rnn(x, state)
        return self.head(out), state


net = Follower(args.hidden)
optimizer = mt.optim.Adam(net.parameters(), lr=args.lr)
criterion = nn.MSELoss()
schedule = mt.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.passes)
print(parameters(net))
for epoch in progress(range(1, args.passes + 1), "passes"):
    state, total = None, 0.0
    for start in range(0, 800, 25):
        out, state = net(noisy[:, start : start + 25], state)
        loss = criterion(out, noisy[:, start + 1 : start + 26])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        state = state.detach()
        total += loss.item() / 32
    schedule.step()
    if epoch % 60 == 0 or epoch == args.passes:
        print(f"pass {epoch:3}  mean squared error of the next value {total:.5f} (the noise in it: {0.05**2:.5f})")

net.eval()
with mt.no_grad():
    out, state = net(noisy[:, :900])  # see the wave up to 900, then feed its own answers back
    x, path = out[:, -1:], []
    for _ in range(100):
        path.append(x)
        x, state = net(x, state)
    error = (mt.cat(path, dim=1)[0, :, 0] - wave[900:1000]).square().mean().sqrt().item()
print(f"100 steps on its own: error {error:.3f} (root mean square; that of the wave is {wave.std().item():.3f})")
