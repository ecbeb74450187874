# Weight averaging: stochastic weight averaging with its own schedule, an exponential moving average, and one by hand.
import copy

import torch
import torch.nn.functional as F
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR
from torch.optim.swa_utils import SWALR, AveragedModel, get_ema_multi_avg_fn, update_bn

torch.manual_seed(0)
n = 200
angle = torch.rand(n) * 3.1416
label = torch.randint(0, 2, (n,))
x = torch.stack([torch.cos(angle) + label, torch.sin(angle) * (1 - 2 * label) + 0.3 * label], dim=1)
x += 0.15 * torch.randn(n, 2)
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, label), batch_size=40, shuffle=True)


def make_model():
    return nn.Sequential(nn.Linear(2, 16), nn.BatchNorm1d(16), nn.Tanh(), nn.Linear(16, 2))


class EMA:
    def __init__(self, model, decay):
        self.decay = decay
        self.shadow = {k: v.clone().detach() for k, v in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model):
        for k, v in model.state_dict().items():
            if v.dtype.is_floating_point:
                self.shadow[k].mul_(self.decay).add_(v, alpha=1 - self.decay)
            else:
                self.shadow[k].copy_(v)


model = make_model()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
scheduler = CosineAnnealingLR(optimizer, T_max=6)
swa_model = AveragedModel(model)
ema_model = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
function_model = AveragedModel(model, avg_fn=lambda avg, p, num: 0.5 * avg + 0.5 * p, use_buffers=True)
by_hand = EMA(model, 0.9)
swa_start = 4
swa_scheduler = SWALR(optimizer, swa_lr=0.05, anneal_epochs=2)
for epoch in range(8):
    for inputs, target in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(inputs), target)
        loss.backward()
        optimizer.step()
        ema_model.update_parameters(model)
        by_hand.update(model)
    if epoch > swa_start:
        swa_model.update_parameters(model)
        function_model.update_parameters(model)
        swa_scheduler.step()
    else:
        scheduler.step()
    print(epoch, loss.item(), optimizer.param_groups[0]['lr'])
update_bn(loader, swa_model)
print(swa_model.n_averaged, ema_model.n_averaged, list(swa_model.state_dict())[:3])


def accuracy(net):
    net.eval()
    with torch.no_grad():
        out = net(x)
    return (out.argmax(1) == label).float().mean().item(), F.cross_entropy(out, label).item()


manual = copy.deepcopy(model)
manual.load_state_dict(by_hand.shadow)
for name, net in [('sgd', model), ('swa', swa_model), ('ema', ema_model), ('avg_fn', function_model), ('manual', manual)]:
    print(name, accuracy(net))

# one-cycle, cycling the momentum as well; and state of both taken over by a second pair
model = make_model()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.99))
one_cycle = OneCycleLR(optimizer, max_lr=0.05, epochs=3, steps_per_epoch=len(loader), pct_start=0.4)
for epoch in range(2):
    for inputs, target in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(inputs), target)
        loss.backward()
        optimizer.step()
        one_cycle.step()
    print(loss.item(), one_cycle.get_last_lr(), optimizer.param_groups[0]['betas'])
other = torch.optim.AdamW(model.parameters(), lr=1.0)
other.load_state_dict(optimizer.state_dict())
again = OneCycleLR(other, max_lr=0.05, total_steps=15, pct_start=0.4)
again.load_state_dict(one_cycle.state_dict())
other.step()
again.step()
print(other.param_groups[0]['lr'], again.last_epoch, model[0].weight.abs().sum().item())
