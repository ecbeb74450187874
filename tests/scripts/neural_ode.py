# A neural ODE with RK4 and the adjoint method, Burgers' equation with create_graph and LBFGS, Hessians.
import torch, numpy as np
import torch.nn as nn

torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
device = torch.device('cuda:0' if torch.cuda.is_available() else 'cpu')


class Lambda(nn.Module):
    def forward(self, t, y):
        return torch.mm(y**3, true_A)


true_A = torch.tensor([[-0.1, 2.0], [-2.0, -0.1]]).to(device)


def rk4_step(f, t, dt, y):
    k1 = f(t, y)
    k2 = f(t + dt / 3, y + dt * k1 / 3)
    k3 = f(t + dt * 2 / 3, y + dt * (k2 - k1 / 3))
    k4 = f(t + dt, y + dt * (k1 - k2 + k3))
    return (k1 + 3 * (k2 + k3) + k4) * dt * 0.125


def odeint(f, y0, t):
    ys = [y0]
    for t0, t1 in zip(t[:-1], t[1:]):
        ys.append(ys[-1] + rk4_step(f, t0, t1 - t0, ys[-1]))
    return torch.stack(ys)


class OdeAdjoint(torch.autograd.Function):
    @staticmethod
    def forward(ctx, f, y0, t, flat):
        with torch.no_grad():
            ys = odeint(f, y0, t)
        ctx.f = f
        ctx.save_for_backward(t, ys, flat)
        return ys

    @staticmethod
    def backward(ctx, gy):
        t, ys, flat = ctx.saved_tensors
        f = ctx.f
        params = tuple(f.parameters())
        a = gy[-1]
        gp = torch.zeros_like(flat)

        def aug(tt, s):
            y, a = s
            with torch.enable_grad():
                y = y.detach().requires_grad_(True)
                out = f(tt, y)
                g = torch.autograd.grad(out, (y,) + params, -a, allow_unused=True)
            gflat = torch.cat(
                [(torch.zeros_like(p) if v is None else v).contiguous().view(-1) for v, p in zip(g[1:], params)]
            )
            return out, g[0], gflat

        for i in range(len(t) - 1, 0, -1):
            dt = t[i - 1] - t[i]
            y = ys[i]
            dy, da, dp = aug(t[i], (y, a))
            a = a + dt * da
            gp = gp + dt * dp
            a = a + gy[i - 1]
        return None, a, None, gp


class ODEFunc(nn.Module):
    def __init__(self):
        super(ODEFunc, self).__init__()
        self.net = nn.Sequential(nn.Linear(2, 50), nn.Tanh(), nn.Linear(50, 2))
        for m in self.net.modules():
            if isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, mean=0, std=0.1)
                nn.init.constant_(m.bias, val=0)

    def forward(self, t, y):
        return self.net(y**3)


true_y0 = torch.tensor([[2.0, 0.0]]).to(device)
t = torch.linspace(0.0, 5.0, 60).to(device)
with torch.no_grad():
    true_y = odeint(Lambda(), true_y0, t)
print(true_y[::20].squeeze(1))
func = ODEFunc().to(device)
optimizer = torch.optim.RMSprop(func.parameters(), lr=1e-3)
flat = torch.nn.utils.parameters_to_vector(func.parameters())
for itr in range(1, 6):
    s = torch.from_numpy(np.random.RandomState(itr).choice(np.arange(50, dtype=np.int64), 8, replace=False))
    y0, bt, by = true_y[s], t[:6], torch.stack([true_y[s + i] for i in range(6)], dim=0)
    optimizer.zero_grad()
    pred = odeint(func, y0.squeeze(1), bt).unsqueeze(2)
    loss = torch.mean(torch.abs(pred - by))
    loss.backward()
    optimizer.step()
    print(itr, loss.item())
flat = torch.nn.utils.parameters_to_vector(func.parameters()).detach().requires_grad_()
ys = OdeAdjoint.apply(func, y0.squeeze(1), bt, flat)
ys.pow(2).mean().backward()
print(flat.grad.norm(), flat.grad.shape, ys.grad_fn.name() if hasattr(ys.grad_fn, 'name') else '')


# PINN: Burgers
class PINN(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(a, b) for a, b in zip(layers, layers[1:])])
        for l in self.layers:
            nn.init.xavier_normal_(l.weight, gain=5 / 3)
            nn.init.zeros_(l.bias.data)
        self.lambda_1 = nn.Parameter(torch.tensor([0.5]))
        self.lambda_2 = nn.Parameter(torch.tensor([-6.0]))

    def forward(self, x, t):
        h = torch.hstack([x, t])
        for l in self.layers[:-1]:
            h = torch.tanh(l(h))
        return self.layers[-1](h)

    def residual(self, x, t):
        u = self(x, t)
        u_t = torch.autograd.grad(u, t, grad_outputs=torch.ones_like(u), retain_graph=True, create_graph=True)[0]
        u_x = torch.autograd.grad(u.sum(), x, create_graph=True)[0]
        u_xx = torch.autograd.grad(u_x, x, torch.ones_like(u_x), create_graph=True)[0]
        return u_t + self.lambda_1 * u * u_x - torch.exp(self.lambda_2) * u_xx


net = PINN([2, 20, 20, 1])
x = torch.rand(40, 1, requires_grad=True) * 2 - 1
tt = torch.rand(40, 1).requires_grad_(True)
xb = torch.linspace(-1, 1, 20).view(-1, 1)
ub = -torch.sin(np.pi * xb)
opt = torch.optim.Adam(net.parameters(), lr=1e-3)
for e in range(4):
    opt.zero_grad()
    loss = net.residual(x, tt).square().mean() + (net(xb, torch.zeros_like(xb)) - ub).pow(2).mean()
    loss.backward(retain_graph=True)
    opt.step()
    print(e, loss.item(), net.lambda_1.item(), net.lambda_2.item())
lb = torch.optim.LBFGS(
    net.parameters(),
    lr=1.0,
    max_iter=8,
    max_eval=20,
    history_size=10,
    tolerance_grad=1e-9,
    line_search_fn='strong_wolfe',
)
n = [0]


def closure():
    lb.zero_grad()
    l = net.residual(x, tt).square().mean() + (net(xb, torch.zeros_like(xb)) - ub).pow(2).mean()
    if l.requires_grad:
        l.backward(retain_graph=True)
    n[0] += 1
    print('lbfgs', n[0], l.item())
    return l


print(lb.step(closure), len(lb.state_dict()['state'][0]['old_dirs']))
H = torch.autograd.functional.hessian(lambda v: net(v[:1, None], v[1:, None]).squeeze(), torch.tensor([0.3, 0.4]))
v = torch.tensor([1.0, 0.0])
print(
    H,
    torch.autograd.functional.hvp(lambda v: net(v[:1, None], v[1:, None]).squeeze(), torch.tensor([0.3, 0.4]), v),
    torch.func.hessian(lambda v: net(v[:1, None], v[1:, None]).squeeze())(torch.tensor([0.3, 0.4])),
)
