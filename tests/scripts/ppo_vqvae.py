# PPO with GAE, a dueling double DQN, a Boltzmann machine, a Hopfield net, a VQ-VAE with moving averages, Gumbel softmax.
import math, random
import numpy as np
import torch, torch.nn as nn, torch.nn.functional as F, torch.optim as optim
from torch.distributions import Categorical, Normal, Bernoulli
from collections import deque, namedtuple

device = torch.device('cuda') if torch.cuda.is_available() else torch.device('cpu')
torch.manual_seed(3)
np.random.seed(3)
random.seed(3)


def layer_init(layer, std=np.sqrt(2), bias_const=0.0):
    torch.nn.init.orthogonal_(layer.weight, std)
    torch.nn.init.constant_(layer.bias, bias_const)
    return layer


class Agent(nn.Module):
    def __init__(self):
        super().__init__()
        self.critic = nn.Sequential(layer_init(nn.Linear(4, 64)), nn.Tanh(), layer_init(nn.Linear(64, 1), std=1.0))
        self.actor = nn.Sequential(layer_init(nn.Linear(4, 64)), nn.Tanh(), layer_init(nn.Linear(64, 2), std=0.01))

    def get_value(self, x):
        return self.critic(x)

    def get_action_and_value(self, x, action=None):
        probs = Categorical(logits=self.actor(x))
        if action is None:
            action = probs.sample()
        return action, probs.log_prob(action), probs.entropy(), self.critic(x)


agent = Agent().to(device)
opt = optim.Adam(agent.parameters(), lr=2.5e-4, eps=1e-5)
T, N = 16, 4
obs = torch.zeros((T, N) + (4,)).to(device)
actions = torch.zeros((T, N)).to(device)
logprobs = torch.zeros((T, N))
rewards = torch.zeros((T, N))
dones = torch.zeros((T, N))
values = torch.zeros((T, N))
rng = np.random.default_rng(0)
nobs, ndone = torch.Tensor(rng.normal(size=(N, 4))).to(device), torch.zeros(N)
for update in range(2):
    frac = 1.0 - update / 2
    opt.param_groups[0]["lr"] = frac * 2.5e-4
    for step in range(T):
        obs[step] = nobs
        dones[step] = ndone
        with torch.no_grad():
            a, lp, _, v = agent.get_action_and_value(nobs)
            values[step] = v.flatten()
        actions[step] = a
        logprobs[step] = lp
        r = rng.normal(size=N) + a.cpu().numpy()
        rewards[step] = torch.tensor(r).to(device).view(-1)
        nobs, ndone = torch.Tensor(rng.normal(size=(N, 4))), torch.Tensor(rng.random(N) < 0.1)
    with torch.no_grad():
        nv = agent.get_value(nobs).reshape(1, -1)
        adv = torch.zeros_like(rewards)
        lastgaelam = 0
        for t in reversed(range(T)):
            nt = 1.0 - (ndone if t == T - 1 else dones[t + 1])
            nvv = nv if t == T - 1 else values[t + 1]
            delta = rewards[t] + 0.99 * nvv * nt - values[t]
            adv[t] = lastgaelam = delta + 0.99 * 0.95 * nt * lastgaelam
        returns = adv + values
    b_obs = obs.reshape((-1, 4))
    b_lp = logprobs.reshape(-1)
    b_a = actions.reshape((-1,))
    b_adv = adv.reshape(-1)
    b_ret = returns.reshape(-1)
    b_val = values.reshape(-1)
    inds = np.arange(T * N)
    clipfracs = []
    for epoch in range(2):
        np.random.shuffle(inds)
        for s in range(0, T * N, 32):
            mb = inds[s : s + 32]
            _, nlp, ent, nval = agent.get_action_and_value(b_obs[mb], b_a.long()[mb])
            logratio = nlp - b_lp[mb]
            ratio = logratio.exp()
            with torch.no_grad():
                approx_kl = ((ratio - 1) - logratio).mean()
                clipfracs += [((ratio - 1.0).abs() > 0.2).float().mean().item()]
            ma = b_adv[mb]
            ma = (ma - ma.mean()) / (ma.std() + 1e-8)
            pg = torch.max(-ma * ratio, -ma * torch.clamp(ratio, 0.8, 1.2)).mean()
            nval = nval.view(-1)
            vc = b_val[mb] + torch.clamp(nval - b_val[mb], -0.2, 0.2)
            vl = 0.5 * torch.max((nval - b_ret[mb]) ** 2, (vc - b_ret[mb]) ** 2).mean()
            loss = pg - 0.01 * ent.mean() + vl * 0.5
            opt.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
            opt.step()
    y_pred, y_true = b_val.cpu().numpy(), b_ret.cpu().numpy()
    var_y = np.var(y_true)
    print(update, f'{loss.item():.5f} {vl.item():.5f} {pg.item():.5f} {approx_kl.item():.6f}', np.mean(clipfracs))
Transition = namedtuple('Transition', ('state', 'action', 'next_state', 'reward'))


class ReplayMemory(object):
    def __init__(self, capacity):
        self.memory = deque([], maxlen=capacity)

    def push(self, *args):
        self.memory.append(Transition(*args))

    def sample(self, n):
        return random.sample(self.memory, n)

    def __len__(self):
        return len(self.memory)


class DuelingDQN(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Linear(4, 32)
        self.v = nn.Linear(32, 1)
        self.a = nn.Linear(32, 3)

    def forward(self, x):
        h = F.relu(self.f(x))
        a = self.a(h)
        return self.v(h) + a - a.mean(dim=1, keepdim=True)


policy, target = DuelingDQN(), DuelingDQN()
target.load_state_dict(policy.state_dict())
target.eval()
opt = optim.AdamW(policy.parameters(), lr=1e-3, amsgrad=True)
mem = ReplayMemory(100)
state = torch.randn(1, 4)
for t in range(40):
    eps = 0.05 + 0.85 * math.exp(-1.0 * t / 20)
    if random.random() > eps:
        with torch.no_grad():
            action = policy(state).max(1).indices.view(1, 1)
    else:
        action = torch.tensor([[random.randrange(3)]], device=device, dtype=torch.long)
    ns = None if t % 9 == 8 else state * 0.9 + 0.1 * torch.randn(1, 4)
    mem.push(state, action, ns, torch.tensor([float(action.item())]))
    state = ns if ns is not None else torch.randn(1, 4)
    if len(mem) < 16:
        continue
    batch = Transition(*zip(*mem.sample(16)))
    mask = torch.tensor(tuple(map(lambda s: s is not None, batch.next_state)), dtype=torch.bool)
    nfs = torch.cat([s for s in batch.next_state if s is not None])
    q = policy(torch.cat(batch.state)).gather(1, torch.cat(batch.action))
    nsv = torch.zeros(16)
    with torch.no_grad():
        nsv[mask] = target(nfs).gather(1, policy(nfs).argmax(1, keepdim=True)).squeeze(1)
    loss = nn.SmoothL1Loss()(q, (nsv * 0.99 + torch.cat(batch.reward)).unsqueeze(1))
    opt.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_value_(policy.parameters(), 100)
    opt.step()
    tsd, psd = target.state_dict(), policy.state_dict()
    for key in psd:
        tsd[key] = psd[key] * 0.005 + tsd[key] * (1 - 0.005)
    target.load_state_dict(tsd)
    if t % 6 == 0:
        print(t, loss.item(), q.mean().item())


# RBM, Hopfield, VQ, gumbel
class RBM(nn.Module):
    def __init__(self, nv, nh):
        super().__init__()
        self.W = nn.Parameter(torch.randn(nh, nv) * 1e-2)
        self.vb = nn.Parameter(torch.zeros(nv))
        self.hb = nn.Parameter(torch.zeros(nh))

    def sample(self, p):
        return F.relu(torch.sign(p - torch.rand(p.size())))

    def v2h(self, v):
        p = torch.sigmoid(F.linear(v, self.W, self.hb))
        return p, self.sample(p)

    def h2v(self, h):
        p = torch.sigmoid(F.linear(h, self.W.t(), self.vb))
        return p, self.sample(p)

    def forward(self, v):
        _, h = self.v2h(v)
        for _ in range(2):
            _, v_ = self.h2v(h)
            _, h = self.v2h(v_)
        return v, v_

    def free_energy(self, v):
        return (-F.linear(v, self.W, self.hb).exp().add(1).log().sum(1) - v.mv(self.vb)).mean()


rbm = RBM(12, 6)
o = optim.SGD(rbm.parameters(), 0.1)
data = torch.rand(20, 12).bernoulli()
for e in range(3):
    v, v1 = rbm(data)
    loss = rbm.free_energy(v) - rbm.free_energy(v1)
    o.zero_grad()
    loss.backward()
    o.step()
    print('rbm', loss.item(), v1.mean().item())
pat = torch.sign(torch.randn(2, 16))
W = (pat.t() @ pat) / 16
W.fill_diagonal_(0)
s = pat[0].clone()
s[:4] *= -1
for _ in range(3):
    s = torch.where(W @ s >= 0, 1.0, -1.0)
print((s == pat[0]).all(), -0.5 * s @ W @ s)


class VectorQuantizerEMA(nn.Module):
    def __init__(self, K, D, beta=0.25, decay=0.9, eps=1e-5):
        super().__init__()
        self.K, self.D, self.beta, self.decay, self.eps = K, D, beta, decay, eps
        self.embedding = nn.Embedding(K, D)
        self.embedding.weight.data.normal_()
        self.register_buffer('cluster_size', torch.zeros(K))
        self.ema_w = nn.Parameter(torch.Tensor(K, D))
        self.ema_w.data.normal_()

    def forward(self, x):
        x = x.permute(0, 2, 3, 1).contiguous()
        shape = x.shape
        flat = x.view(-1, self.D)
        d = (
            torch.sum(flat**2, dim=1, keepdim=True)
            + torch.sum(self.embedding.weight**2, dim=1)
            - 2 * torch.matmul(flat, self.embedding.weight.t())
        )
        idx = torch.argmin(d, dim=1).unsqueeze(1)
        enc = torch.zeros(idx.shape[0], self.K, device=x.device)
        enc.scatter_(1, idx, 1)
        q = torch.matmul(enc, self.embedding.weight).view(shape)
        if self.training:
            self.cluster_size = self.cluster_size * self.decay + (1 - self.decay) * torch.sum(enc, 0)
            n = torch.sum(self.cluster_size.data)
            self.cluster_size = (self.cluster_size + self.eps) / (n + self.K * self.eps) * n
            dw = torch.matmul(enc.t(), flat)
            self.ema_w = nn.Parameter(self.ema_w * self.decay + (1 - self.decay) * dw)
            self.embedding.weight = nn.Parameter(self.ema_w / self.cluster_size.unsqueeze(1))
        loss = self.beta * F.mse_loss(q.detach(), x)
        q = x + (q - x).detach()
        ap = torch.mean(enc, dim=0)
        return loss, q.permute(0, 3, 1, 2).contiguous(), torch.exp(-torch.sum(ap * torch.log(ap + 1e-10)))


vq = VectorQuantizerEMA(8, 4)
enc = nn.Conv2d(1, 4, 4, 2, 1)
dec = nn.ConvTranspose2d(4, 1, 4, 2, 1)
o = optim.Adam(list(enc.parameters()) + list(dec.parameters()), 1e-2)
for i in range(3):
    x = torch.rand(2, 1, 8, 8)
    vl, q, perp = vq(enc(x))
    rec = dec(q)
    loss = F.mse_loss(rec, x) + vl
    o.zero_grad()
    loss.backward()
    o.step()
    print('vq', loss.item(), perp.item(), enc.weight.grad.norm().item())
lg = torch.randn(3, 5, requires_grad=True)
y = F.gumbel_softmax(lg, tau=0.7, hard=True)
(y * torch.arange(5.0)).sum().backward()
print(y, lg.grad[0], F.gumbel_softmax(lg.detach(), tau=1.0))


def sample_gumbel(shape, eps=1e-20):
    U = torch.rand(shape)
    return -torch.log(-torch.log(U + eps) + eps)


print(F.softmax((lg.detach() + sample_gumbel(lg.size())) / 0.5, dim=-1)[0])
