"""An encoder and a decoder with attention (Bahdanau and others, 2015) turn dates as people write them into numbers.

"march 7, 1985" becomes "1985-03-07". The last line shows where the decoder looked for each figure.
"""

from common import options, parameters, progress

import minitorch as mt
from minitorch import nn
from minitorch.nn import functional as F
from minitorch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

args = options(__doc__, steps=(300, 10), hidden=(64, 16), batch_size=(48, 8), lr=(4e-3, 4e-3))
MONTHS = "january february march april may june july august september october november december".split()
SOURCE = {c: k for k, c in enumerate("_abcdefghijklmnopqrstuvwxyz0123456789 ,./")}  # _ fills short lines up
TARGET = {c: k for k, c in enumerate("^0123456789-")}  # ^ starts a line


def example() -> tuple[str, str]:
    y, m, d = mt.randint(1900, 2030, ()).item(), mt.randint(1, 13, ()).item(), mt.randint(1, 29, ()).item()
    name = MONTHS[m - 1]
    forms = (f"{name} {d}, {y}", f"{d} {name} {y}", f"{name[:3]} {d} {y}", f"{d}. {name} {y}", f"{m}/{d}/{y}")
    return forms[mt.randint(len(forms), ()).item()], f"{y}-{m:02}-{d:02}"


def batch(pairs: list[tuple[str, str]]) -> tuple[mt.Tensor, mt.Tensor, mt.Tensor]:
    sources = [mt.tensor([SOURCE[c] for c in source]) for source, _ in pairs]
    targets = mt.tensor([[TARGET[c] for c in "^" + target] for _, target in pairs])
    return pad_sequence(sources, batch_first=True), mt.tensor([len(s) for s in sources]), targets


class Translator(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.source = nn.Embedding(len(SOURCE), 24, padding_idx=0)
        self.encoder = nn.GRU(24, hidden, batch_first=True, bidirectional=True)
        self.target = nn.Embedding(len(TARGET), 24)
        self.decoder = nn.GRUCell(24 + 2 * hidden, hidden)
        self.bridge = nn.Linear(2 * hidden, hidden)
        self.keys, self.query = nn.Linear(2 * hidden, hidden), nn.Linear(hidden, hidden)
        self.score = nn.Linear(hidden, 1)
        self.head = nn.Linear(3 * hidden, len(TARGET))

    def forward(self, source, lengths, target=None):
        """Logits (N, 10, figures) and attention (N, 10, S); without a target it reads its own answers."""
        packed = pack_padded_sequence(self.source(source), lengths, batch_first=True, enforce_sorted=False)
        out, last = self.encoder(packed)
        memory, _ = pad_packed_sequence(out, batch_first=True)  # (N, S, 2 hidden)
        keys, padding = self.keys(memory), source == 0
        h = self.bridge(mt.cat([last[0], last[1]], dim=1)).tanh()
        token, logits, looks = mt.full((len(source),), TARGET["^"]), [], []
        for k in range(10):
            scores = self.score(mt.tanh(keys + self.query(h)[:, None])).squeeze(-1)  # (N, S)
            look = scores.masked_fill(padding, -1e9).softmax(-1)
            seen = (look[:, None] @ memory)[:, 0]
            h = self.decoder(mt.cat([self.target(token), seen], dim=1), h)
            logits.append(self.head(mt.cat([h, seen], dim=1)))
            looks.append(look)
            token = logits[-1].argmax(-1) if target is None else target[:, k]
        return mt.stack(logits, dim=1), mt.stack(looks, dim=1)


test = [example() for _ in range(200)]
net = Translator(args.hidden)
optimizer = mt.optim.Adam(net.parameters(), lr=args.lr)
schedule = mt.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.steps)
print(parameters(net))
figures = "".join(TARGET)
for step in progress(range(1, args.steps + 1), "training"):
    source, lengths, target = batch([example() for _ in range(args.batch_size)])
    logits, _ = net(source, lengths, target[:, 1:])
    loss = F.cross_entropy(logits.transpose(1, 2), target[:, 1:])
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()
    schedule.step()
    if step % 100 == 0 or step == args.steps:
        with mt.no_grad():
            logits, looks = net(*batch(test)[:2])
        answers = ["".join(figures[k] for k in row) for row in logits.argmax(-1).tolist()]
        right = sum(a == t for a, (_, t) in zip(answers, test, strict=True)) / len(test)
        print(f"step {step}  loss {loss.item():.4f}  new dates right: {right:.1%}")

for (line, wanted), answer in list(zip(test, answers, strict=True))[:4]:
    print(f"{line!r} -> {answer} ({'right' if answer == wanted else 'it is ' + wanted})")
places = looks[3].argmax(-1).tolist()
print("looked for the last one's figures at", ", ".join(f"{line[k]!r}" for k in places))
