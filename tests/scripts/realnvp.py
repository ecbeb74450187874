# Normalizing flows: coupling, LU convolution, actnorm, planar; and a box of distributions.
import math
import torch
from torch import nn, distributions as D
import torch.nn.functional as F

torch.manual_seed(5)


class AffineCoupling(nn.Module):
    def __init__(self, dim, hidden, mask):
        super().__init__()
        self.register_buffer('mask', mask)
        self.s = nn.Sequential(nn.Linear(dim, hidden), nn.Tanh(), nn.Linear(hidden, dim), nn.Tanh())
        self.t = nn.Sequential(nn.Linear(dim, hidden), nn.ReLU(), nn.Linear(hidden, dim))
        self.scale = nn.Parameter(torch.zeros(dim))

    def forward(self, x):
        xm = x * self.mask
        s = self.s(xm) * (1 - self.mask) * self.scale.exp()
        t = self.t(xm) * (1 - self.mask)
        return xm + (1 - self.mask) * (x * s.exp() + t), s.sum(1)

    def inverse(self, y):
        ym = y * self.mask
        s = self.s(ym) * (1 - self.mask) * self.scale.exp()
        t = self.t(ym) * (1 - self.mask)
        return ym + (1 - self.mask) * ((y - t) * (-s).exp()), -s.sum(1)


class InvConvLU(nn.Module):
    def __init__(self, c):
        super().__init__()
        w = torch.linalg.qr(torch.randn(c, c))[0]
        P, L, U = torch.linalg.lu(w)
        s = torch.diagonal(U)
        self.register_buffer('P', P)
        self.register_buffer('sign_s', torch.sign(s))
        self.register_buffer('l_mask', torch.tril(torch.ones_like(w), -1))
        self.register_buffer('eye', torch.eye(c))
        self.L = nn.Parameter(L)
        self.log_s = nn.Parameter(torch.log(torch.abs(s)))
        self.U = nn.Parameter(torch.triu(U, 1))

    def weight(self):
        L = self.L * self.l_mask + self.eye
        U = self.U * self.l_mask.t().contiguous() + torch.diag(self.sign_s * torch.exp(self.log_s))
        return self.P @ L @ U

    def forward(self, x):
        return x @ self.weight().t(), self.log_s.sum().expand(x.size(0))

    def inverse(self, y):
        L = self.L * self.l_mask + self.eye
        U = self.U * self.l_mask.t() + torch.diag(self.sign_s * self.log_s.exp())
        z = self.P.t() @ y.t()
        z = torch.linalg.solve_triangular(L, z, upper=False, unitriangular=True)
        z = torch.linalg.solve_triangular(U, z, upper=True)
        return z.t(), -self.log_s.sum().expand(y.size(0))


class ActNorm(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.loc = nn.Parameter(torch.zeros(d))
        self.log_scale = nn.Parameter(torch.zeros(d))
        self.register_buffer('initialized', torch.tensor(0, dtype=torch.uint8))

    def forward(self, x):
        if self.initialized.item() == 0:
            with torch.no_grad():
                self.loc.data.copy_(-x.mean(0))
                self.log_scale.data.copy_(-x.std(0, unbiased=False).clamp_min(1e-6).log())
                self.initialized.fill_(1)
        return (x + self.loc) * self.log_scale.exp(), self.log_scale.sum().expand(x.size(0))

    def inverse(self, y):
        return y * (-self.log_scale).exp() - self.loc, -self.log_scale.sum().expand(y.size(0))


class Planar(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.u = nn.Parameter(torch.randn(1, d) * 0.1)
        self.w = nn.Parameter(torch.randn(1, d) * 0.1)
        self.b = nn.Parameter(torch.zeros(1))

    def forward(self, z):
        wu = self.w @ self.u.t()
        m = -1 + F.softplus(wu)
        u = self.u + (m - wu) * self.w / self.w.pow(2).sum()
        a = torch.tanh(F.linear(z, self.w, self.b))
        psi = (1 - a**2) * self.w
        return z + u * a, torch.log(torch.abs(1 + (psi @ u.t())).squeeze(-1) + 1e-8)


class Flow(nn.Module):
    def __init__(self, layers, prior):
        super().__init__()
        self.layers = nn.ModuleList(layers)
        self.prior = prior

    def log_prob(self, x):
        ld = x.new_zeros(x.size(0))
        for l in self.layers:
            x, d = l(x)
            ld = ld + d
        return self.prior.log_prob(x) + ld

    def sample(self, n):
        x = self.prior.sample((n,))
        for l in reversed(self.layers):
            x, _ = l.inverse(x)
        return x


def moons(n):
    t = torch.rand(n) * math.pi
    half = n // 2
    x = torch.stack([torch.cos(t), torch.sin(t)], -1)
    x[half:] = torch.stack([1 - torch.cos(t[half:]), 0.5 - torch.sin(t[half:])], -1)
    return x + 0.05 * torch.randn_like(x)


prior = D.MultivariateNormal(torch.zeros(2), torch.eye(2))
m = torch.tensor([1.0, 0.0])
layers = []
for i in range(3):
    layers += [ActNorm(2), InvConvLU(2), AffineCoupling(2, 16, m if i % 2 == 0 else 1 - m)]
flow = Flow(layers, prior)
print(prior, sum(p.numel() for p in flow.parameters() if p.requires_grad))
opt = torch.optim.AdamW(flow.parameters(), lr=1e-2)
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=1e-2, total_steps=12)
for it in range(12):
    x = moons(64)
    loss = -flow.log_prob(x).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    sched.step()
    print(it, f'{loss.item():.5f}', '%.6f' % sched.get_last_lr()[0], '%.4f' % opt.param_groups[0]['betas'][0])
print(flow.sample(3))
x = moons(4)
J = torch.autograd.functional.jacobian(
    lambda v: flow.layers[2](flow.layers[1](flow.layers[0](v.unsqueeze(0))[0])[0])[0].squeeze(0), x[0]
)
print(J, torch.linalg.slogdet(J), torch.logdet(J @ J.t()), torch.det(J))
pl = nn.Sequential(Planar(2))
z, ld = pl[0](x)
print(z, ld)
# distributions toolbox
c = torch.tensor([[2.0, 0.5], [0.5, 1.0]])
mvn = D.MultivariateNormal(torch.tensor([1.0, -1.0]), covariance_matrix=c)
print(mvn.log_prob(x), mvn.entropy(), mvn.rsample(), mvn.scale_tril, D.kl.kl_divergence(mvn, prior))
gmm = (
    D.MixtureSameFamily(
        D.Categorical(torch.tensor([0.3, 0.7])), D.Independent(D.Normal(torch.randn(2, 2), torch.ones(2, 2)), 1)
    )
)
print(gmm)

print(gmm.log_prob(x), gmm.sample((2,)), gmm.mean)
lrmvn = D.LowRankMultivariateNormal(torch.zeros(3), torch.ones(3, 1), torch.ones(3))
print(lrmvn.log_prob(torch.ones(3)), lrmvn.sample())
rn = D.TransformedDistribution(
    prior, [D.transforms.AffineTransform(torch.ones(2), 2 * torch.ones(2)), D.transforms.SigmoidTransform()]
)
print(
    rn.sample((2,)),
    D.Uniform(-1, 1).sample((2,)),
    D.Laplace(0.0, 1.0).rsample((2,)),
    D.StudentT(3.0).sample(),
)
print(
    D.Dirichlet(torch.ones(3)).sample(),
    D.Gamma(2.0, 3.0).log_prob(torch.tensor(1.0)),
    D.Poisson(4.0).sample((3,)),
    D.Bernoulli(probs=torch.tensor([0.2, 0.9])).sample(),
    D.Multinomial(5, torch.ones(3)).sample(),
    D.NegativeBinomial(5.0, torch.tensor(0.5)).log_prob(torch.tensor(3.0)),
    D.Geometric(torch.tensor(0.3)).sample((2,)),
)
