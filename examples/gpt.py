"""A small GPT: causal self-attention over letters, written out, trained on a page of text, and what it writes."""

import math

from common import options, parameters, progress
from texts import ALICE

import minitorch as mt
from minitorch import nn
from minitorch.nn import functional as F

args = options(
    __doc__, steps=(600, 10), layers=(3, 1), heads=(4, 2), width=(64, 16), context=(48, 16), batch_size=(24, 4),
    lr=(3e-3, 3e-3),
)  # fmt: skip
letters = sorted(set(ALICE))
number = {letter: k for k, letter in enumerate(letters)}
text = mt.tensor([number[letter] for letter in ALICE])


class Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width), nn.Dropout(0.1))

    def attend(self, x):
        B, T, C = x.shape
        q, k, v = (t.view(B, T, self.heads, C // self.heads).transpose(1, 2) for t in self.qkv(x).split(C, dim=2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=0.1 if self.training else 0.0)
        return self.out(y.transpose(1, 2).reshape(B, T, C))

    def forward(self, x):
        x = x + self.attend(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    def __init__(self, letters: int, context: int, width: int, layers: int, heads: int) -> None:
        super().__init__()
        self.context = context
        self.letter, self.place = nn.Embedding(letters, width), nn.Embedding(context, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, letters, bias=False)
        self.head.weight = self.letter.weight  # tied
        nn.init.normal_(self.letter.weight, std=0.02)
        nn.init.normal_(self.place.weight, std=0.02)

    def forward(self, x):
        x = self.letter(x) + self.place(mt.arange(x.shape[1]))
        return self.head(self.norm(self.blocks(x)))

    @mt.no_grad()
    def write(self, start: str, n: int, temperature: float = 0.7, top_k: int = 10) -> str:
        self.eval()
        x = mt.tensor([[number[letter] for letter in start]])
        for _ in range(n):
            logits = self(x[:, -self.context :])[:, -1] / temperature
            least = logits.topk(top_k).values[:, -1:]
            logits = logits.masked_fill(logits < least, -math.inf)
            x = mt.cat([x, mt.multinomial(logits.softmax(-1), 1)], dim=1)
        self.train()
        return "".join(letters[k] for k in x[0].tolist())


net = GPT(len(letters), args.context, args.width, args.layers, args.heads)
decayed = [p for p in net.parameters() if p.ndim > 1]
others = [p for p in net.parameters() if p.ndim <= 1]
optimizer = mt.optim.AdamW(
    [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}], lr=args.lr, betas=(0.9, 0.95)
)
warm_up = max(1, args.steps // 20)
schedule = mt.optim.lr_scheduler.LambdaLR(
    optimizer, lambda s: min((s + 1) / warm_up, 0.55 + 0.45 * math.cos(math.pi * s / args.steps))
)
print(f"{len(text)} letters; {parameters(net)}; a guess costs {math.log(len(letters)):.3f}")
for step in progress(range(1, args.steps + 1), "training"):
    starts = mt.randint(0, len(text) - args.context - 1, (args.batch_size, 1))
    chunk = text[starts + mt.arange(args.context + 1)]
    loss = F.cross_entropy(net(chunk[:, :-1]).flatten(0, 1), chunk[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 1.0)
    optimizer.step()
    schedule.step()
    if step % 200 == 0 or step == args.steps:
        print(f"step {step}  loss {loss.item():.3f} per letter\n    {net.write('Alice ', 120)!r}")
