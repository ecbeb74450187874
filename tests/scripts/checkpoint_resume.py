"""Train, save, resume: weights, optimizer, scheduler and random state; the continued run equals the unbroken one."""
import argparse
import os
import random
import shutil

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

parser = argparse.ArgumentParser()
parser.add_argument('--resume', default='', type=str, metavar='PATH', help='path to latest checkpoint (default: none)')
parser.add_argument('--start-epoch', default=0, type=int)
parser.add_argument('--epochs', default=6, type=int)
args = parser.parse_args()


def set_seed(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    if torch.cuda.is_available():
        torch.cuda.manual_seed_all(seed)


def save_checkpoint(state, is_best, filename='checkpoint.pth.tar'):
    torch.save(state, filename)
    if is_best:
        shutil.copyfile(filename, 'model_best.pth.tar')


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(3, 8, num_layers=2, dropout=0.2, batch_first=True)
        self.head = nn.ModuleDict({'a': nn.Linear(8, 2), 'b': nn.Linear(8, 1)})
        self.scale = nn.ParameterList([nn.Parameter(torch.ones(1)), nn.Parameter(torch.zeros(1))])
        self.register_buffer('steps', torch.tensor(0))
        self.register_buffer('scratch', torch.zeros(2), persistent=False)

    def forward(self, x):
        self.steps += 1
        out, (h, c) = self.rnn(x)
        last = out[:, -1] * self.scale[0] + self.scale[1]
        return self.head['a'](last), self.head['b'](last)


def make():
    model = Net()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02, amsgrad=True)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
    return model, optimizer, scheduler


def run(model, optimizer, scheduler, start, end, log):
    best = float('inf')
    for epoch in range(start, end):
        model.train()
        for _ in range(4):
            x = torch.randn(12, 5, 3)
            y = (x.sum((1, 2)) > 0).long()
            a, b = model(x)
            loss = F.cross_entropy(a, y) + F.mse_loss(b[:, 0], x.mean(dim=(1, 2)))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        scheduler.step()
        log.append(loss.item())
        print(f'epoch {epoch} loss {loss.item():.6f} lr {scheduler.get_last_lr()}')
        best = min(best, loss.item())
        save_checkpoint({
            'epoch': epoch + 1, 'state_dict': model.state_dict(), 'best': best, 'args': vars(args),
            'optimizer': optimizer.state_dict(), 'scheduler': scheduler.state_dict(), 'rng': torch.get_rng_state(),
        }, best == loss.item())


set_seed(11)
log, resumed = [], []
run(*make(), 0, args.epochs, log)
set_seed(11)
run(*make(), 0, args.epochs // 2, resumed)
set_seed(99)  # anything else
model, optimizer, scheduler = make()
if os.path.isfile('checkpoint.pth.tar'):
    checkpoint = torch.load('checkpoint.pth.tar', map_location='cpu', weights_only=True)
    print("=> loaded checkpoint (epoch {})".format(checkpoint['epoch']), sorted(checkpoint), checkpoint['args'])
    print(model.load_state_dict(checkpoint['state_dict']))
    optimizer.load_state_dict(checkpoint['optimizer'])
    scheduler.load_state_dict(checkpoint['scheduler'])
    torch.set_rng_state(checkpoint['rng'])
    run(model, optimizer, scheduler, checkpoint['epoch'], args.epochs, resumed)
print('same', log == resumed)

# taking weights over by name, with some left out and some renamed
pretrained = torch.load('model_best.pth.tar')['state_dict']
pretrained = {('module.' + k): v for k, v in pretrained.items()}
wrapped = nn.DataParallel(Net()) if torch.cuda.is_available() else nn.ModuleDict({'module': Net()})
print(wrapped.load_state_dict(pretrained))
model_dict = model.state_dict()
chosen = {k[len('module.'):]: v for k, v in pretrained.items() if 'rnn' in k}
print(len(chosen), model.load_state_dict(chosen, strict=False))
model_dict.update(chosen)
model.load_state_dict(model_dict)
try:
    model.load_state_dict({'head.a.weight': torch.zeros(3, 8), 'extra': torch.zeros(1)})
except RuntimeError as e:
    print(e)
for name, param in model.named_parameters():
    if name.startswith('rnn'):
        param.requires_grad = False
print(sum(p.numel() for p in model.parameters() if p.requires_grad), model.steps)
whole = 'whole.pt'
torch.save([torch.arange(3), {'x': torch.eye(2, dtype=torch.float64)}, 'text', 2.5, None], whole)
print(torch.load(whole))
model.half()
print(sorted({str(v.dtype) for v in model.state_dict().values()}), next(model.parameters())[0, :2])
