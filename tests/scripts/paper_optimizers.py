# Optimizers and schedulers that papers' authors wrote on torch.optim's base classes: Lookahead, SAM, Lion, warmup, Noam.
from collections import defaultdict
import torch
from torch.optim.optimizer import Optimizer
from torch.optim.lr_scheduler import _LRScheduler, LRScheduler, ReduceLROnPlateau
import torch.nn as nn
import torch.nn.functional as F


class Lookahead(Optimizer):
    def __init__(self, optimizer, k=5, alpha=0.5):
        self.optimizer = optimizer
        self.k, self.alpha = k, alpha
        self.param_groups = self.optimizer.param_groups
        self.state = defaultdict(dict)
        self.fast_state = self.optimizer.state
        for group in self.param_groups:
            group["counter"] = 0

    def update(self, group):
        for fast in group["params"]:
            param_state = self.state[fast]
            if "slow_param" not in param_state:
                param_state["slow_param"] = torch.zeros_like(fast.data)
                param_state["slow_param"].copy_(fast.data)
            slow = param_state["slow_param"]
            slow += (fast.data - slow) * self.alpha
            fast.data.copy_(slow)

    def step(self, closure=None):
        loss = self.optimizer.step(closure)
        for group in self.param_groups:
            if group["counter"] == 0:
                self.update(group)
            group["counter"] += 1
            if group["counter"] >= self.k:
                group["counter"] = 0
        return loss


class SAM(torch.optim.Optimizer):
    def __init__(self, params, base_optimizer, rho=0.05, adaptive=False, **kwargs):
        assert rho >= 0.0, f"Invalid rho, should be non-negative: {rho}"
        defaults = dict(rho=rho, adaptive=adaptive, **kwargs)
        super(SAM, self).__init__(params, defaults)
        self.base_optimizer = base_optimizer(self.param_groups, **kwargs)
        self.param_groups = self.base_optimizer.param_groups
        self.defaults.update(self.base_optimizer.defaults)

    @torch.no_grad()
    def first_step(self, zero_grad=False):
        grad_norm = self._grad_norm()
        for group in self.param_groups:
            scale = group["rho"] / (grad_norm + 1e-12)
            for p in group["params"]:
                if p.grad is None:
                    continue
                self.state[p]["old_p"] = p.data.clone()
                e_w = (torch.pow(p, 2) if group["adaptive"] else 1.0) * p.grad * scale.to(p)
                p.add_(e_w)
        if zero_grad:
            self.zero_grad()

    @torch.no_grad()
    def second_step(self, zero_grad=False):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                p.data = self.state[p]["old_p"]
        self.base_optimizer.step()
        if zero_grad:
            self.zero_grad()

    @torch.no_grad()
    def step(self, closure=None):
        assert closure is not None, "Sharpness Aware Minimization requires closure, but it was not provided"
        closure = torch.enable_grad()(closure)
        self.first_step(zero_grad=True)
        closure()
        self.second_step()

    def _grad_norm(self):
        shared_device = self.param_groups[0]["params"][0].device
        return torch.norm(
            torch.stack(
                [
                    ((torch.abs(p) if group["adaptive"] else 1.0) * p.grad).norm(p=2).to(shared_device)
                    for group in self.param_groups
                    for p in group["params"]
                    if p.grad is not None
                ]
            ),
            p=2,
        )

    def load_state_dict(self, state_dict):
        super().load_state_dict(state_dict)
        self.base_optimizer.param_groups = self.param_groups


class Lion(Optimizer):
    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group['params']:
                if p.grad is None:
                    continue
                p.data.mul_(1 - group['lr'] * group['weight_decay'])
                state = self.state[p]
                if len(state) == 0:
                    state['exp_avg'] = torch.zeros_like(p)
                exp_avg = state['exp_avg']
                beta1, beta2 = group['betas']
                update = exp_avg * beta1 + p.grad * (1 - beta1)
                p.add_(update.sign_(), alpha=-group['lr'])
                exp_avg.mul_(beta2).add_(p.grad, alpha=1 - beta2)
        return loss


class GradualWarmupScheduler(_LRScheduler):
    def __init__(self, optimizer, multiplier, total_epoch, after_scheduler=None):
        self.multiplier, self.total_epoch, self.after_scheduler, self.finished = (
            multiplier,
            total_epoch,
            after_scheduler,
            False,
        )
        super(GradualWarmupScheduler, self).__init__(optimizer)

    def get_lr(self):
        if self.last_epoch > self.total_epoch:
            if self.after_scheduler:
                if not self.finished:
                    self.after_scheduler.base_lrs = [base_lr * self.multiplier for base_lr in self.base_lrs]
                    self.finished = True
                return self.after_scheduler.get_last_lr()
            return [base_lr * self.multiplier for base_lr in self.base_lrs]
        return [
            base_lr * ((self.multiplier - 1.0) * self.last_epoch / self.total_epoch + 1.0)
            for base_lr in self.base_lrs
        ]

    def step(self, epoch=None, metrics=None):
        if self.finished and self.after_scheduler:
            self.after_scheduler.step(None)
            self._last_lr = self.after_scheduler.get_last_lr()
        else:
            return super(GradualWarmupScheduler, self).step(epoch)


class PolyLR(LRScheduler):
    def __init__(self, optimizer, max_iters, power=0.9, last_epoch=-1, min_lr=1e-6):
        self.power, self.max_iters, self.min_lr = power, max_iters, min_lr
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        return [
            max(base_lr * (1 - self.last_epoch / self.max_iters) ** self.power, self.min_lr)
            for base_lr in self.base_lrs
        ]


class NoamOpt:
    def __init__(self, model_size, factor, warmup, optimizer):
        self.optimizer, self._step, self.warmup, self.factor, self.model_size, self._rate = (
            optimizer,
            0,
            warmup,
            factor,
            model_size,
            0,
        )

    def step(self):
        self._step += 1
        rate = self.rate()
        for p in self.optimizer.param_groups:
            p['lr'] = rate
        self._rate = rate
        self.optimizer.step()

    def rate(self, step=None):
        if step is None:
            step = self._step
        return self.factor * (self.model_size ** (-0.5) * min(step ** (-0.5), step * self.warmup ** (-1.5)))


torch.manual_seed(0)
X = torch.randn(64, 5)
Y = X @ torch.randn(5, 2) + 0.1 * torch.randn(64, 2)


def make():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 2))


for name, build in [
    ('lookahead', lambda p: Lookahead(torch.optim.SGD(p, lr=0.05))),
    ('lion', lambda p: Lion(p, 1e-3, weight_decay=1e-2)),
    ('noam', lambda p: NoamOpt(16, 1, 4, torch.optim.Adam(p, lr=0, betas=(0.9, 0.98), eps=1e-9))),
]:
    m = make()
    opt = build(m.parameters())
    for i in range(7):
        loss = F.mse_loss(m(X), Y)
        m.zero_grad()
        loss.backward()
        opt.step()
    print(name, loss.item(), opt if name != 'noam' else opt._rate)
m = make()
opt = SAM(m.parameters(), torch.optim.SGD, lr=0.1, momentum=0.9, adaptive=True, rho=0.5)
for i in range(4):
    loss = F.mse_loss(m(X), Y)
    loss.backward()
    opt.first_step(zero_grad=True)
    F.mse_loss(m(X), Y).backward()
    opt.second_step(zero_grad=True)
    print('sam', loss.item())


def closure():
    l = F.mse_loss(m(X), Y)
    l.backward()
    return l


closure()
opt.step(closure)
print(closure().item(), sorted(opt.state_dict()['param_groups'][0]), len(opt.state_dict()['state']))
m = make()
opt = torch.optim.SGD(m.parameters(), 0.1)
s = GradualWarmupScheduler(opt, 4, 3, torch.optim.lr_scheduler.CosineAnnealingLR(opt, 4))
lrs = []
for e in range(9):
    opt.step()
    s.step()
    lrs.append(round(opt.param_groups[0]['lr'], 6))
print(lrs, s.state_dict().keys())
opt = torch.optim.SGD(m.parameters(), 0.1)
p = PolyLR(opt, 5)
for e in range(4):
    opt.step()
    p.step()
print(p.get_last_lr(), p.state_dict())
try:
    torch.optim.SGD(m.parameters(), lr=-1)
except ValueError as e:
    print(e)
try:
    torch.optim.Adam([])
except ValueError as e:
    print(e)
pl = ReduceLROnPlateau(opt, 'min', factor=0.5, patience=1)
for v in [1.0, 1.0, 1.0, 0.9, 0.95, 0.99]:
    pl.step(v)
    print(opt.param_groups[0]['lr'], pl.num_bad_epochs)
opt2 = Lion(make().parameters())
print(opt2.state_dict()['param_groups'][0]['params'], opt2.defaults['betas'], repr(opt2).splitlines()[0])
