# A script written for torchrun, started by hand with one process: process group, DDP, DistributedSampler, all_reduce.
import argparse
import os

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.modules.utils import _pair
from torch.nn.parallel import DistributedDataParallel as DDP
from torch.utils.data import DataLoader, Dataset
from torch.utils.data.distributed import DistributedSampler


class Blobs(Dataset):
    def __init__(self, n=96):
        g = torch.Generator().manual_seed(7)
        self.y = torch.randint(0, 3, (n,), generator=g)
        self.x = torch.randn(n, 1, 6, 6, generator=g) + self.y.view(-1, 1, 1, 1)

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]


class LocalConv2d(nn.Module):
    """A convolution written with unfold, its settings made pairs by torch's own helper."""

    def __init__(self, cin, cout, kernel_size, stride=1, padding=0):
        super().__init__()
        self.kernel_size, self.stride, self.padding = _pair(kernel_size), _pair(stride), _pair(padding)
        self.weight = nn.Parameter(torch.empty(cout, cin, *self.kernel_size))
        self.bias = nn.Parameter(torch.zeros(cout))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)

    def forward(self, x):
        columns = F.unfold(x, self.kernel_size, stride=self.stride, padding=self.padding)
        out = self.weight.flatten(1) @ columns + self.bias.view(-1, 1)
        side = (x.size(2) + 2 * self.padding[0] - self.kernel_size[0]) // self.stride[0] + 1
        return out.view(x.size(0), -1, side, side)

    def extra_repr(self):
        return f"kernel_size={self.kernel_size}, stride={self.stride}"


def is_dist_avail_and_initialized():
    return dist.is_available() and dist.is_initialized()


def get_world_size():
    return dist.get_world_size() if is_dist_avail_and_initialized() else 1


def is_main_process():
    return not is_dist_avail_and_initialized() or dist.get_rank() == 0


def reduce_dict(values):
    if get_world_size() < 1:
        return values
    with torch.no_grad():
        names = sorted(values)
        stacked = torch.stack([values[k] for k in names])
        dist.all_reduce(stacked)
        stacked /= get_world_size()
    return dict(zip(names, stacked))


def log(*args):
    if is_main_process():
        print(*args, flush=True)


def setup(rank, world_size, url):
    backend = 'nccl' if torch.cuda.is_available() and dist.is_nccl_available() else 'gloo'
    dist.init_process_group(backend, init_method=url, rank=rank, world_size=world_size)
    torch.manual_seed(42 + rank)


def optimizer_groups(model, weight_decay=1e-2):
    norms = tuple(v for k, v in nn.__dict__.items() if 'Norm' in k and isinstance(v, type))
    decay, no_decay = [], []
    for module in model.modules():
        for name, p in module.named_parameters(recurse=False):
            (no_decay if name == 'bias' or isinstance(module, norms) else decay).append(p)
    print(len(decay), 'decayed,', len(no_decay), 'not')
    return [{'params': decay, 'weight_decay': weight_decay}, {'params': no_decay, 'weight_decay': 0.0}]


def train(rank, world_size, args):
    setup(rank, world_size, args.dist_url)
    log('backend', dist.get_backend(), 'rank', dist.get_rank(), 'of', dist.get_world_size())
    net = nn.Sequential(
        LocalConv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3)
    )
    model = DDP(net, find_unused_parameters=False)
    log(model)
    log(list(model.state_dict())[:3], isinstance(model, DDP), type(model.module).__name__)
    data = Blobs()
    sampler = DistributedSampler(data, shuffle=True, seed=args.seed)
    loader = DataLoader(data, batch_size=args.batch_size, sampler=sampler, num_workers=0, pin_memory=False)
    optimizer = torch.optim.SGD(optimizer_groups(model.module), lr=0.02, momentum=0.9)
    for epoch in range(args.epochs):
        sampler.set_epoch(epoch)
        for i, (x, y) in enumerate(loader):
            if i % 2 == 0:
                with model.no_sync():
                    (F.cross_entropy(model(x), y) / 2).backward()
                continue
            loss = F.cross_entropy(model(x), y) / 2
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            stats = reduce_dict({'loss': loss.detach() * 2, 'first': y[0].float()})
            log(f'epoch {epoch} step {i} ' + ' '.join(f'{k} {v.item():.4f}' for k, v in stats.items()))
    correct = torch.zeros(1)
    model.eval()
    with torch.inference_mode():
        for x, y in loader:
            correct += (model(x).argmax(1) == y).sum()
    dist.all_reduce(correct, op=dist.ReduceOp.SUM)
    gathered = [torch.zeros_like(correct) for _ in range(world_size)]
    dist.all_gather(gathered, correct)
    objects = [None] * world_size
    dist.all_gather_object(objects, {'rank': rank, 'n': len(sampler)})
    log('accuracy %.3f' % (correct.item() / len(data)), gathered, objects)
    if is_main_process():
        torch.save(model.state_dict(), 'ddp.pt')
    dist.barrier()
    state = torch.load('ddp.pt', map_location={'cuda:0': 'cpu'})
    nn.modules.utils.consume_prefix_in_state_dict_if_present(state, 'module.')
    log(net.load_state_dict(state), list(state)[:2])
    dist.destroy_process_group()
    log('initialized', dist.is_initialized())


if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--world-size', type=int, default=int(os.environ.get('WORLD_SIZE', 1)))
    parser.add_argument('--local_rank', '--local-rank', type=int, default=int(os.environ.get('LOCAL_RANK', 0)))
    parser.add_argument('--dist-url', default='file://' + os.path.abspath('rendezvous'))
    parser.add_argument('--epochs', type=int, default=2)
    parser.add_argument('--batch-size', type=int, default=16)
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    if args.world_size > 1:
        mp.spawn(train, args=(args.world_size, args), nprocs=args.world_size)
    else:
        train(args.local_rank, args.world_size, args)
