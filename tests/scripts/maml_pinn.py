"""Derivatives of derivatives: MAML on sine waves, and a network that solves a differential equation."""
from __future__ import annotations

import math
from collections import OrderedDict
from typing import Dict

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call


class Sine(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(x)


def mlp(*sizes: int, act: type[nn.Module] = nn.Tanh) -> nn.Sequential:
    layers: list[nn.Module] = []
    for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
        layers += [nn.Linear(a, b)] + ([act()] if i < len(sizes) - 2 else [])
    return nn.Sequential(*layers)


# --- MAML ---
torch.manual_seed(0)
net = mlp(1, 20, 20, 1)
meta = torch.optim.Adam(net.parameters(), lr=1e-2)


def task() -> tuple[Tensor, Tensor]:
    amplitude, phase = torch.empty(2).uniform_(0.5, 2.0)
    x = torch.rand(20, 1) * 10 - 5
    return x, amplitude * torch.sin(x + phase)


def adapted(params: Dict[str, Tensor], x: Tensor, y: Tensor, lr: float = 0.02) -> Dict[str, Tensor]:
    for _ in range(2):
        loss = F.mse_loss(functional_call(net, params, (x,)), y)
        grads = torch.autograd.grad(loss, tuple(params.values()), create_graph=True)
        params = OrderedDict((k, p - lr * g) for (k, p), g in zip(params.items(), grads))
    return params


for step in range(8):
    meta.zero_grad()
    outer = torch.tensor(0.0)
    for _ in range(3):
        x, y = task()
        fast = adapted(OrderedDict(net.named_parameters()), x[:10], y[:10])
        outer = outer + F.mse_loss(functional_call(net, fast, (x[10:],)), y[10:])
    outer.backward()
    meta.step()
    print(f"maml {step} {outer.item() / 3:.6f} {net[0].weight.grad.norm().item():.6f}")

# --- u'' + u = 0, u(0) = 0, u'(0) = 1: a physics-informed network, first by Adam, then by LBFGS in double precision ---
torch.set_default_dtype(torch.float64)
torch.manual_seed(1)
u = mlp(1, 12, 12, 1, act=Sine)
t = torch.linspace(0, math.pi, 30)[:, None].requires_grad_()
optimizer: torch.optim.Optimizer = torch.optim.Adam(u.parameters(), lr=5e-3)


def residual() -> Tensor:
    value = u(t)
    du, = torch.autograd.grad(value, t, torch.ones_like(value), create_graph=True)
    ddu = torch.autograd.grad(du.sum(), t, create_graph=True)[0]
    return ((ddu + value) ** 2).mean() + value[0, 0] ** 2 + (du[0, 0] - 1) ** 2


for step in range(60):
    optimizer.zero_grad()
    loss = residual()
    loss.backward()
    optimizer.step()
    if step % 20 == 0:
        print(f"adam {step} {loss.item():.8f}")
lbfgs = torch.optim.LBFGS(u.parameters(), max_iter=20, line_search_fn="strong_wolfe", tolerance_grad=1e-9)


def closure() -> Tensor:
    lbfgs.zero_grad()
    loss = residual()
    loss.backward()
    return loss


lbfgs.step(closure)
print(f"lbfgs {residual().item():.6e} error {(u(t) - torch.sin(t)).abs().max().item():.6f}")

# Jacobians, Hessian-vector products and a Newton step on Rosenbrock's function
def rosenbrock(p: Tensor) -> Tensor:
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


p = torch.tensor([-1.2, 1.0])
for step in range(6):
    g = torch.autograd.functional.jacobian(rosenbrock, p)
    H = torch.autograd.functional.hessian(rosenbrock, p)
    p = p - torch.linalg.solve(H, g)
    print("newton", step, p.tolist(), rosenbrock(p).item())
v, hv = torch.autograd.functional.hvp(rosenbrock, p, torch.tensor([1.0, 2.0]))
print(v, hv, torch.func.jacrev(rosenbrock)(p), torch.func.hessian(rosenbrock)(p))
z = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
order = (z ** 4).sum()
for k in range(4):
    order, = torch.autograd.grad(order.sum(), z, create_graph=True)
    print(k + 1, order.detach())
torch.set_default_dtype(torch.float32)
