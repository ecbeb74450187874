# The frame around a training: meters, EMA, early stopping, GradScaler, checkpoints with all random states, resuming, SWA.
import argparse, random, shutil, sys, time, logging
from contextlib import nullcontext
import numpy as np
import torch
import torch.nn as nn, torch.optim as optim
import torch.nn.functional as F
from torch.optim.swa_utils import AveragedModel, SWALR, update_bn
from torch.cuda.amp import GradScaler, autocast

try:
    from torch.utils.tensorboard import SummaryWriter

    HAS_TB = True
except ImportError:
    HAS_TB = False
try:
    from tqdm import tqdm
except ImportError:
    tqdm = lambda x, **k: x
try:
    import wandb
except ImportError:
    wandb = None
import warnings

warnings.filterwarnings('ignore')
logging.basicConfig(
    level=logging.INFO, format='%(levelname)s: %(message)s', handlers=[logging.StreamHandler(sys.stdout)]
)
log = logging.getLogger(__name__)


class AverageMeter(object):
    def __init__(self, name, fmt=':f'):
        self.name, self.fmt = name, fmt
        self.reset()

    def reset(self):
        self.val = self.avg = self.sum = self.count = 0

    def update(self, val, n=1):
        self.val = val
        self.sum += val * n
        self.count += n
        self.avg = self.sum / self.count

    def __str__(self):
        return ('{name} {val' + self.fmt + '} ({avg' + self.fmt + '})').format(**self.__dict__)


class ProgressMeter(object):
    def __init__(self, n, meters, prefix=""):
        nd = len(str(n))
        self.b = '[' + '{:' + str(nd) + 'd}/' + ('{:' + str(nd) + 'd}').format(n) + ']'
        self.meters, self.prefix = meters, prefix

    def display(self, b):
        print('\t'.join([self.prefix + self.b.format(b)] + [str(m) for m in self.meters]))


class EarlyStopping:
    def __init__(self, patience=2, delta=0):
        self.patience, self.counter, self.best, self.stop, self.delta = patience, 0, None, False, delta

    def __call__(self, loss, model, path):
        if self.best is None or -loss > self.best + self.delta:
            self.best = -loss
            torch.save(model.state_dict(), path)
            self.counter = 0
        else:
            self.counter += 1
            print(f'EarlyStopping counter: {self.counter} out of {self.patience}')
            self.stop = self.counter >= self.patience


class ModelEMA:
    def __init__(self, model, decay=0.99):
        import copy

        self.module = copy.deepcopy(model).eval()
        self.decay = decay
        for p in self.module.parameters():
            p.requires_grad_(False)

    @torch.no_grad()
    def update(self, model):
        for e, m in zip(self.module.state_dict().values(), model.state_dict().values()):
            e.copy_(e * self.decay + m * (1 - self.decay) if e.dtype.is_floating_point else m)


def save_checkpoint(state, is_best, filename='checkpoint.pth.tar'):
    torch.save(state, filename)
    if is_best:
        shutil.copyfile(filename, 'model_best.pth.tar')


def build(seed=0):
    torch.manual_seed(seed)
    m = nn.Sequential(nn.Linear(8, 16, bias=False), nn.BatchNorm1d(16), nn.GELU(), nn.Dropout(0.1), nn.Linear(16, 3))
    o = optim.AdamW(
        [
            {'params': [p for n, p in m.named_parameters() if p.ndim < 2], 'weight_decay': 0.0},
            {'params': [p for p in m.parameters() if p.ndim >= 2]},
        ],
        lr=3e-3,
        weight_decay=0.05,
    )
    s = optim.lr_scheduler.SequentialLR(
        o,
        [
            optim.lr_scheduler.LinearLR(o, 0.1, total_iters=3),
            optim.lr_scheduler.CosineAnnealingLR(o, T_max=6, eta_min=1e-5),
        ],
        milestones=[3],
    )
    return m, o, s


def rng_state():
    return {
        'python': random.getstate(),
        'numpy': np.random.get_state(),
        'torch': torch.get_rng_state(),
        'cuda': torch.cuda.get_rng_state_all(),
    }


def set_rng(s):
    random.setstate(s['python'])
    np.random.set_state(s['numpy'])
    torch.set_rng_state(s['torch'])
    torch.cuda.set_rng_state_all(s['cuda'])


def run(epochs, m, o, s, scaler, ctx, ema=None, start=0, accum=2):
    losses = AverageMeter('Loss', ':.4f')
    top = AverageMeter('Acc', ':6.2f')
    prog = ProgressMeter(4, [losses, top])
    for e in range(start, epochs):
        m.train()
        prog.prefix = 'Epoch: [{}]'.format(e)
        o.zero_grad(set_to_none=True)
        for i in tqdm(range(4), disable=True):
            x = torch.randn(16, 8)
            y = x[:, :3].argmax(1)
            with ctx:
                loss = F.cross_entropy(m(x), y) / accum
            scaler.scale(loss).backward()
            if (i + 1) % accum == 0:
                scaler.unscale_(o)
                g = torch.nn.utils.clip_grad_norm_(m.parameters(), 1.0)
                scaler.step(o)
                scaler.update()
                o.zero_grad(set_to_none=True)
                ema and ema.update(m)
            losses.update(loss.item() * accum, x.size(0))
            top.update((m(x).argmax(1) == y).float().mean().item() * 100, 16)
        prog.display(i)
        s.step()
        log.info('lr %.6f %s grad %.4f', o.param_groups[0]['lr'], ['%.2e' % v for v in s.get_last_lr()], g)


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--gpu', default=None, type=int)
    p.add_argument('--resume', default='', type=str)
    p.add_argument('--amp', action=argparse.BooleanOptionalAction, default=False)
    args = p.parse_args([])
    device = torch.device(
        'cuda' if torch.cuda.is_available() else ('mps' if torch.backends.mps.is_available() else 'cpu')
    )
    print(device, args)
    scaler = GradScaler(enabled=torch.cuda.is_available())
    ctx = nullcontext() if device.type == 'cpu' else torch.amp.autocast(device_type='cuda', dtype=torch.float16)
    random.seed(0)
    np.random.seed(0)
    m, o, s = build()
    m.to(device)
    ema = ModelEMA(m)
    run(2, m, o, s, scaler, ctx, ema)
    save_checkpoint(
        {
            'epoch': 2,
            'arch': 'mlp',
            'state_dict': m.state_dict(),
            'optimizer': o.state_dict(),
            'scheduler': s.state_dict(),
            'scaler': scaler.state_dict(),
            'rng': rng_state(),
            'args': args,
            'ema': ema.module.state_dict(),
        },
        True,
    )
    run(4, m, o, s, scaler, ctx, ema, 2)
    a = random.random(), np.random.rand(), torch.rand(1).item()
    m2, o2, s2 = build(5)
    ck = torch.load('model_best.pth.tar', map_location=device, weights_only=False)
    m2.load_state_dict(ck['state_dict'])
    o2.load_state_dict(ck['optimizer'])
    s2.load_state_dict(ck['scheduler'])
    scaler.load_state_dict(ck['scaler'])
    set_rng(ck['rng'])
    print("=> loaded checkpoint '{}' (epoch {})".format('model_best.pth.tar', ck['epoch']), ck['args'], sorted(ck))
    run(4, m2, o2, s2, scaler, ctx, None, ck['epoch'])
    print(
        a == (random.random(), np.random.rand(), torch.rand(1).item()),
        all(torch.equal(x, y) for x, y in zip(m.state_dict().values(), m2.state_dict().values())),
    )
    print(
        {
            k: (tuple(v.shape), v.dtype) if torch.is_tensor(v) else v
            for k, v in list(o2.state_dict()['state'].items())[0][1].items()
        },
        o2.state_dict()['param_groups'][0],
        s2.state_dict()['last_epoch'],
    )
    swa = AveragedModel(m)
    sw = SWALR(o, swa_lr=0.01, anneal_epochs=2)
    [((o.step(), swa.update_parameters(m), sw.step())) for _ in range(3)]
    update_bn([torch.randn(8, 8) for _ in range(2)], swa)
    print(swa.n_averaged, swa.module[1].running_mean[:3], sw.get_last_lr())
    es = EarlyStopping()
    for v in (1.0, 0.9, 0.95, 0.93, 0.7):
        es(v, m, 'es.pt')
        if es.stop:
            print('Early stopping')
            break
    sd = torch.load('es.pt')
    print(type(sd), list(sd)[:2])
    sd = {k.replace('module.', ''): v for k, v in nn.DataParallel(m).state_dict().items()}
    print(m.load_state_dict(sd))
    m.half()
    print(next(m.parameters()).dtype, m.float()[0].weight.dtype)
    with torch.autograd.set_detect_anomaly(True):
        try:
            (torch.zeros(1, requires_grad=True) * float('nan')).sqrt().sum().backward()
        except RuntimeError as e:
            print('anomaly', 'nan' in str(e))
    with torch.profiler.record_function('fwd'), torch.autograd.profiler.record_function('x'):
        m(torch.randn(2, 8))
    t0 = time.perf_counter()
    torch.cuda.synchronize() if torch.cuda.is_available() else None
    print(time.perf_counter() - t0 < 5, torch.cuda.max_memory_allocated() // 2**20)
    scaler = torch.amp.GradScaler('cpu', init_scale=8.0, growth_interval=2)
    o = optim.SGD(m.parameters(), 0.1)
    for i in range(3):
        o.zero_grad()
        l = m(torch.randn(4, 8)).sum() * (float('inf') if i == 1 else 1)
        scaler.scale(l).backward()
        scaler.step(o)
        scaler.update()
        print(scaler.get_scale())


if __name__ == '__main__':
    main()
