"""An LSTM that learns to write a text letter by letter, and what it writes after each stretch of training."""

import math

from common import options, parameters, progress
from texts import ALICE

import minitorch as mt
from minitorch import nn
from minitorch.nn import functional as F

args = options(__doc__, steps=(600, 20), hidden=(128, 32), batch_size=(32, 8), length=(48, 24), lr=(4e-3, 4e-3))
letters = sorted(set(ALICE))
number = {letter: k for k, letter in enumerate(letters)}
text = mt.tensor([number[letter] for letter in ALICE])


class Writer(nn.Module):
    def __init__(self, letters: int, hidden: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(letters, 32)
        self.lstm = nn.LSTM(32, hidden, num_layers=2, dropout=0.2, batch_first=True)
        self.head = nn.Linear(hidden, letters)

    def forward(self, x, state=None):
        out, state = self.lstm(self.embedding(x), state)
        return self.head(out), state


@mt.no_grad()
def write(net: Writer, start: str, n: int, temperature: float = 0.6) -> str:
    """Continue `start` by n letters; the state is carried from one letter to the next."""
    net.eval()
    x, state, out = mt.tensor([[number[letter] for letter in start]]), None, start
    for _ in range(n):
        logits, state = net(x, state)
        x = mt.multinomial(F.softmax(logits[:, -1] / temperature, dim=-1), 1)
        out += letters[x.item()]
    net.train()
    return out


net = Writer(len(letters), args.hidden)
optimizer = mt.optim.Adam(net.parameters(), lr=args.lr)
print(f"{len(text)} letters, {len(letters)} different; {parameters(net)}; a guess costs {math.log(len(letters)):.3f}")
for step in progress(range(1, args.steps + 1), "training"):
    starts = mt.randint(0, len(text) - args.length - 1, (args.batch_size, 1))
    chunk = text[starts + mt.arange(args.length + 1)]  # (batch, length + 1)
    logits, _ = net(chunk[:, :-1])
    loss = F.cross_entropy(logits.flatten(0, 1), chunk[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()
    if step % 200 == 0 or step == args.steps:
        print(f"step {step}  loss {loss.item():.3f} per letter\n    {write(net, 'Alice ', 150)!r}")
