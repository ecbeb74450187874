# A normalizing flow (RealNVP), a graph network, a tagger with CTC and one with a CRF: sums over structures.
import numpy as np
import torch
import torch.distributions as D
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.utils.parametrizations import weight_norm


class Coupling(nn.Module):
    def __init__(self, dim, hidden, mask):
        super().__init__()
        self.register_buffer("mask", mask)
        self.s = nn.Sequential(nn.Linear(dim, hidden), nn.LeakyReLU(), nn.Linear(hidden, dim), nn.Tanh())
        self.t = nn.Sequential(nn.Linear(dim, hidden), nn.LeakyReLU(), nn.Linear(hidden, dim))

    def inverse(self, x):
        kept = x * self.mask
        s, t = self.s(kept) * (1 - self.mask), self.t(kept) * (1 - self.mask)
        return kept + (1 - self.mask) * (x - t) * torch.exp(-s), -s.sum(-1)

    def forward(self, z):
        kept = z * self.mask
        s, t = self.s(kept) * (1 - self.mask), self.t(kept) * (1 - self.mask)
        return kept + (1 - self.mask) * (z * torch.exp(s) + t)


class RealNVP(nn.Module):
    def __init__(self):
        super().__init__()
        masks = torch.tensor([[0., 1.], [1., 0.]]).repeat(2, 1)
        self.layers = nn.ModuleList([Coupling(2, 16, m) for m in masks])
        self.prior = D.MultivariateNormal(torch.zeros(2), torch.eye(2))

    def log_prob(self, x):
        total = x.new_zeros(x.shape[0])
        for layer in reversed(self.layers):
            x, ld = layer.inverse(x)
            total += ld
        return self.prior.log_prob(x) + total

    def sample(self, n):
        z = self.prior.sample((n,))
        for layer in self.layers:
            z = layer(z)
        return z


torch.manual_seed(0)
rng = np.random.RandomState(0)
flow = RealNVP()
opt = torch.optim.Adam(flow.parameters(), lr=1e-3)
for step in range(15):
    theta = rng.rand(64) * np.pi
    points = np.stack([np.cos(theta), np.sin(theta)], 1) + 0.05 * rng.randn(64, 2)
    loss = -flow.log_prob(torch.from_numpy(points).float()).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if step % 5 == 0:
        print("flow", step, loss.item())
with torch.no_grad():
    print(flow.sample(3), flow.prior)


# graph convolution on a ring of cliques, semi-supervised
class GraphConvolution(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.weight = nn.Parameter(torch.FloatTensor(in_features, out_features))
        self.bias = nn.Parameter(torch.FloatTensor(out_features))
        stdv = 1. / self.weight.size(1) ** .5
        self.weight.data.uniform_(-stdv, stdv)
        self.bias.data.uniform_(-stdv, stdv)

    def forward(self, input, edges, degree):
        support = torch.mm(input, self.weight)
        src, dst = edges
        out = torch.zeros_like(support).index_add(0, dst, support[src] / degree[src].unsqueeze(1))
        return out + self.bias


n = 24
group = torch.arange(n) // 6
dense = (group[:, None] == group[None, :]).int()
dense[torch.arange(n), (torch.arange(n) + 1) % n] = 1
edges = dense.nonzero(as_tuple=True)
degree = torch.zeros(n).scatter_add_(0, edges[0], torch.ones(len(edges[0])))
features = F.one_hot(torch.arange(n)).float()
gc1, gc2 = GraphConvolution(n, 8), GraphConvolution(8, 4)
opt = torch.optim.Adam([*gc1.parameters(), *gc2.parameters()], lr=0.05, weight_decay=5e-4)
known = torch.tensor([0, 6, 12, 18])
for epoch in range(30):
    opt.zero_grad()
    h = F.dropout(F.relu(gc1(features, edges, degree)), 0.3)
    out = F.log_softmax(gc2(h, edges, degree), dim=1)
    loss = F.nll_loss(out[known], group[known])
    loss.backward()
    opt.step()
print("gcn", loss.item(), (out.argmax(1) == group).sum().item(), "of", n, degree[:4], dense.sum())

# CTC on a temporal convolution with weight norm
torch.manual_seed(2)
tcn = nn.Sequential(weight_norm(nn.Conv1d(5, 12, 3, padding=2, dilation=2)), nn.ReLU(), nn.Conv1d(12, 6, 1))
ctc = nn.CTCLoss(blank=0, zero_infinity=True)
signal = torch.randn(3, 5, 20)
targets = torch.randint(1, 6, (3, 4))
opt = torch.optim.Rprop(tcn.parameters(), lr=0.01)
for step in range(8):
    log_probs = tcn(signal).log_softmax(1).permute(2, 0, 1)
    loss = ctc(log_probs, targets, torch.full((3,), log_probs.size(0)), torch.tensor([4, 3, 2]))
    opt.zero_grad()
    loss.backward()
    opt.step()
    print("ctc", step, loss.item())
print([n for n, _ in tcn.named_parameters()])
best = log_probs.argmax(-1).t()
print([[k for k, g in zip(*np.unique(row.numpy(), return_counts=True))] for row in best])


# linear-chain CRF: forward algorithm in log space, Viterbi
def log_partition(emissions, transitions):
    alpha = emissions[0]
    for e in emissions[1:]:
        alpha = torch.logsumexp(alpha.unsqueeze(1) + transitions, dim=0) + e
    return torch.logsumexp(alpha, 0)


transitions = torch.randn(4, 4, requires_grad=True)
emissions = torch.randn(7, 4, requires_grad=True)
tags = torch.tensor([0, 1, 1, 3, 2, 0, 3])
for step in range(5):
    score = emissions[torch.arange(7), tags].sum() + transitions[tags[:-1], tags[1:]].sum()
    loss = log_partition(emissions, transitions) - score
    grads = torch.autograd.grad(loss, [emissions, transitions])
    with torch.no_grad():
        emissions -= 0.5 * grads[0]
        transitions.sub_(grads[1], alpha=0.5)
    print("crf", step, loss.item(), grads[0].sum(1).abs().max().item() < 1e-5)
with torch.no_grad():
    score, back = emissions[0], []
    for e in emissions[1:]:
        best, index = (score[:, None] + transitions).max(0)
        score = best + e
        back.append(index)
    path = [score.argmax().item()]
    for index in reversed(back):
        path.insert(0, index[path[0]].item())
print(path, D.kl_divergence(D.Normal(0., 1.), D.Normal(torch.tensor(1.), 2.)), D.Bernoulli(logits=emissions[0]).entropy())
