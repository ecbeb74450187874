# A conditional random field, translation with nn.Transformer and beam search, names from counted and learned bigrams.
import math, random, string, warnings
import torch, torch.nn as nn, torch.nn.functional as F
from torch.nn import Transformer
from torch.nn.utils.rnn import pad_sequence

warnings.simplefilter('ignore')
torch.manual_seed(1)
random.seed(1)


class CRF(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.start = nn.Parameter(torch.empty(n).uniform_(-0.1, 0.1))
        self.end = nn.Parameter(torch.empty(n).uniform_(-0.1, 0.1))
        self.tr = nn.Parameter(torch.empty(n, n).uniform_(-0.1, 0.1))

    def forward(self, em, tags, mask):
        L, B, _ = em.shape
        ar = torch.arange(B)
        s = self.start[tags[0]] + em[0, ar, tags[0]]
        for i in range(1, L):
            s += self.tr[tags[i - 1], tags[i]] * mask[i]
            s += em[i, ar, tags[i]] * mask[i]
        s += self.end[tags[mask.long().sum(0) - 1, ar]]
        a = self.start + em[0]
        for i in range(1, L):
            n = torch.logsumexp(a.unsqueeze(2) + self.tr + em[i].unsqueeze(1), dim=1)
            a = torch.where(mask[i].unsqueeze(1), n, a)
        return (s - torch.logsumexp(a + self.end, dim=1)).sum()


crf = CRF(4)
em = torch.randn(5, 3, 4, requires_grad=True)
mask = torch.tensor([[1, 1, 1], [1, 1, 1], [1, 1, 0], [1, 0, 0], [1, 0, 0]]).bool()
ll = crf(em, torch.randint(0, 4, (5, 3)), mask)
(-ll).backward()
print(ll, crf.tr.grad, em.grad[2])


# nn.Transformer translation, masks, beam
class S2S(nn.Module):
    def __init__(self, V=30, d=16):
        super().__init__()
        self.t = Transformer(d, 2, 1, 2, 32, 0.1)
        self.g = nn.Linear(d, V)
        self.e = nn.Embedding(V, d)
        self.d = d
        pe = torch.zeros(20, d)
        pos = torch.arange(0, 20).reshape(20, 1)
        den = torch.exp(-torch.arange(0, d, 2) * math.log(10000) / d)
        pe[:, 0::2] = torch.sin(pos * den)
        pe[:, 1::2] = torch.cos(pos * den)
        self.register_buffer('pe', pe.unsqueeze(-2))

    def emb(self, x):
        return self.e(x.long()) * math.sqrt(self.d) + self.pe[: x.size(0)]

    def forward(self, s, t, sm, tm, sp, tp, mp):
        return self.g(self.t(self.emb(s), self.emb(t), sm, tm, None, sp, tp, mp))

    def encode(self, s, m):
        return self.t.encoder(self.emb(s), m)

    def decode(self, t, mem, m):
        return self.t.decoder(self.emb(t), mem, m)


def square(sz):
    m = (torch.triu(torch.ones((sz, sz))) == 1).transpose(0, 1)
    return m.float().masked_fill(m == 0, float('-inf')).masked_fill(m == 1, float(0.0))


net = S2S()
for p in net.parameters():
    if p.dim() > 1:
        nn.init.xavier_uniform_(p)
crit = nn.CrossEntropyLoss(ignore_index=1)
opt = torch.optim.Adam(net.parameters(), lr=1e-3, betas=(0.9, 0.98), eps=1e-9)
s = pad_sequence([torch.randint(4, 30, (n,)) for n in (6, 4, 5)], padding_value=1)
t = pad_sequence([torch.randint(4, 30, (n,)) for n in (4, 7, 5)], padding_value=1)
for it in range(3):
    ti, to = t[:-1], t[1:]
    sm = torch.zeros((s.shape[0],) * 2).type(torch.bool)
    sp, tp = (s == 1).transpose(0, 1), (ti == 1).transpose(0, 1)
    lg = net(s, ti, sm, square(ti.shape[0]), sp, tp, sp)
    loss = crit(lg.reshape(-1, lg.shape[-1]), to.reshape(-1))
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(it, loss.item())
net.eval()
src = s[:, :1]
mem = net.encode(src, torch.zeros(src.shape[0], src.shape[0]).type(torch.bool))
ys = torch.ones(1, 1).fill_(2).type(torch.long)
with torch.no_grad():
    for i in range(6):
        out = net.decode(ys, mem, square(ys.size(0)).type(torch.bool)).transpose(0, 1)
        prob = net.g(out[:, -1])
        _, nw = torch.max(prob, dim=1)
        ys = torch.cat([ys, torch.ones(1, 1).type_as(src.data).fill_(nw.item())], dim=0)
    print(ys.flatten())
    seqs = torch.full((1, 1), 2)
    scores = torch.zeros(1)
    for _ in range(4):
        lp = F.log_softmax(
            net.g(
                net.decode(
                    seqs.t(),
                    mem.expand(-1, seqs.size(0), -1).contiguous(),
                    nn.Transformer.generate_square_subsequent_mask(seqs.size(1)),
                )
            )[-1],
            -1,
        )
        tot = (scores[:, None] + lp).view(-1)
        scores, idx = tot.topk(3)
        seqs = torch.cat([seqs[torch.div(idx, 30, rounding_mode='floor')], (idx % 30).unsqueeze(1)], 1)
    print(seqs, scores)
# makemore: bigram counts, mlp with batchnorm by hand, wavenet
words = 'emma olivia ava isabella sophia charlotte mia amelia harper evelyn abigail emily ella elizabeth camila luna sofia avery mila aria'.split()
chars = sorted(string.ascii_lowercase)
stoi = {s: i + 1 for i, s in enumerate(chars)}
stoi['.'] = 0
itos = {i: s for s, i in stoi.items()}
N = torch.zeros((27, 27), dtype=torch.int32)
for w in words:
    chs = ['.'] + list(w) + ['.']
    for a, b in zip(chs, chs[1:]):
        N[stoi[a], stoi[b]] += 1
P = (N + 1).float()
P /= P.sum(1, keepdims=True)
g = torch.Generator().manual_seed(2147483647)
for i in range(4):
    out, ix = [], 0
    while True:
        ix = torch.multinomial(P[ix], num_samples=1, replacement=True, generator=g).item()
        out.append(itos[ix])
        if ix == 0:
            break
    print(''.join(out))
bs = 3
X, Y = [], []
for w in words:
    c = [0] * bs
    for ch in w + '.':
        X.append(c)
        Y.append(stoi[ch])
        c = c[1:] + [stoi[ch]]
X, Y = torch.tensor(X), torch.tensor(Y)
g = torch.Generator().manual_seed(2147483647)
C = torch.randn((27, 10), generator=g)
W1 = torch.randn((30, 64), generator=g) * (5 / 3) / (30**0.5)
W2 = torch.randn((64, 27), generator=g) * 0.01
b2 = torch.randn(27, generator=g) * 0
bng, bnb = torch.ones((1, 64)), torch.zeros((1, 64))
params = [C, W1, W2, b2, bng, bnb]
rm = torch.zeros((1, 64))
for p in params:
    p.requires_grad = True
for i in range(6):
    ix = torch.randint(0, X.shape[0], (32,), generator=g)
    emb = C[X[ix]]
    hp = emb.view(emb.shape[0], -1) @ W1
    mi, sd = hp.mean(0, keepdim=True), hp.std(0, keepdim=True)
    hp = bng * (hp - mi) / sd + bnb
    with torch.no_grad():
        rm = 0.999 * rm + 0.001 * mi
    loss = F.cross_entropy(torch.tanh(hp) @ W2 + b2, Y[ix])
    for p in params:
        p.grad = None
    loss.backward()
    for p in params:
        p.data += -0.1 * p.grad
    print(i, f'{loss.item():.4f}', (loss.log10().item()))
xs = torch.randn(7, 4)
print(
    torch.einsum('bi,bj->bij', xs, xs).diagonal(dim1=1, dim2=2).sum(1),
    torch.einsum('bhid,bhjd->bhij', torch.randn(1, 2, 3, 4), torch.randn(1, 2, 5, 4)).shape,
    torch.einsum('...ij,...jk', torch.ones(2, 3, 4), torch.ones(2, 4, 1)).shape,
    torch.einsum('ii->i', torch.eye(3)),
    torch.einsum('ij->', xs),
)
