# Data: transforms by hand, samplers, collate functions, workers and their seeds, streams, errors from a worker.
import os, random, math, itertools
import numpy as np
import torch
from torch.utils.data import (
    Dataset,
    DataLoader,
    IterableDataset,
    random_split,
    Subset,
    ConcatDataset,
    TensorDataset,
    ChainDataset,
    WeightedRandomSampler,
    SubsetRandomSampler,
    BatchSampler,
    SequentialSampler,
    RandomSampler,
    Sampler,
    get_worker_info,
    default_collate,
)
from functools import partial
from collections import namedtuple, Counter


def seed_everything(seed):
    random.seed(seed)
    os.environ['PYTHONHASHSEED'] = str(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.cuda.manual_seed(seed)
    torch.cuda.manual_seed_all(seed)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True)


def seed_worker(worker_id):
    worker_seed = torch.initial_seed() % 2**32
    np.random.seed(worker_seed)
    random.seed(worker_seed)


class Shapes(Dataset):
    classes = ['a', 'b', 'c']

    def __init__(self, n=30, transform=None, target_transform=None):
        self.labels = [min(2, int(abs(np.random.randn()) * 1.5)) for _ in range(n)]
        self.transform, self.target_transform, self.n = transform, target_transform, n

    def __len__(self):
        return self.n

    def __getitem__(self, idx):
        if torch.is_tensor(idx):
            idx = idx.tolist()
        img = np.full((6, 6, 3), idx, dtype=np.uint8)
        img[self.labels[idx]] = 255
        sample = {'image': img, 'label': self.labels[idx], 'name': f's{idx}', 'box': (idx, idx + 0.5)}
        return self.transform(sample) if self.transform else sample


class ToTensor:
    def __call__(self, s):
        return {**s, 'image': torch.from_numpy(s['image'].transpose((2, 0, 1)).copy()).float().div(255)}


class RandomCrop:
    def __init__(self, size):
        self.size = size

    def __call__(self, s):
        h, w = s['image'].shape[:2]
        top = np.random.randint(0, h - self.size + 1)
        left = torch.randint(0, w - self.size + 1, (1,)).item()
        return {**s, 'image': s['image'][top : top + self.size, left : left + self.size]}


class RandomFlip(torch.nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p

    def forward(self, s):
        return {**s, 'image': np.ascontiguousarray(s['image'][:, ::-1])} if random.random() < self.p else s


class Compose:
    def __init__(self, t):
        self.t = t

    def __call__(self, x):
        for f in self.t:
            x = f(x)
        return x


class Stream(IterableDataset):
    def __init__(self, start, end):
        super().__init__()
        self.start, self.end = start, end

    def __iter__(self):
        info = get_worker_info()
        if info is None:
            a, b = self.start, self.end
        else:
            per = int(math.ceil((self.end - self.start) / float(info.num_workers)))
            a = self.start + info.id * per
            b = min(a + per, self.end)
        return iter(range(a, b))


class BucketBatchSampler(Sampler):
    def __init__(self, lengths, batch_size, shuffle=True):
        self.lengths, self.batch_size, self.shuffle = lengths, batch_size, shuffle

    def __iter__(self):
        idx = sorted(range(len(self.lengths)), key=lambda i: self.lengths[i])
        batches = [idx[i : i + self.batch_size] for i in range(0, len(idx), self.batch_size)]
        if self.shuffle:
            batches = [batches[i] for i in torch.randperm(len(batches)).tolist()]
        yield from batches

    def __len__(self):
        return (len(self.lengths) + self.batch_size - 1) // self.batch_size


class BalancedSampler(torch.utils.data.sampler.Sampler):
    def __init__(self, data_source, num_samples):
        self.d, self.num_samples = data_source, num_samples

    def __iter__(self):
        return iter([self.d[i % len(self.d)] for i in range(self.num_samples)])

    def __len__(self):
        return self.num_samples


def pad_collate(batch, pad=0):
    xs, ys = zip(*batch)
    return (
        torch.nn.utils.rnn.pad_sequence(xs, batch_first=True, padding_value=pad),
        torch.tensor([len(x) for x in xs]),
        torch.LongTensor(ys),
    )


def main():
    seed_everything(42)
    tf = Compose([RandomCrop(4), RandomFlip(), ToTensor()])
    ds = Shapes(transform=tf)
    train, val, test = random_split(ds, [20, 6, 4], generator=torch.Generator().manual_seed(42))
    a, b = random_split(ds, [0.7, 0.3])
    print(len(a), len(b), a.indices[:5], val.indices)
    cnt = Counter(ds.labels)
    print(sorted(cnt.items()))
    weights = [1.0 / cnt[ds.labels[i]] for i in train.indices]
    sampler = WeightedRandomSampler(weights, num_samples=len(weights), replacement=True)
    for batch in DataLoader(train, batch_size=8, sampler=sampler):
        print(batch['image'].shape, batch['image'].mean(), batch['label'], batch['name'][:3], batch['box'])
    g = torch.Generator()
    g.manual_seed(0)
    for workers in (0, 2):
        loader = DataLoader(
            train,
            batch_size=6,
            shuffle=True,
            num_workers=workers,
            worker_init_fn=seed_worker,
            generator=g,
            drop_last=True,
            persistent_workers=workers > 0,
            pin_memory=torch.cuda.is_available(),
            prefetch_factor=2 if workers else None,
        )
        for epoch in range(2):
            print(workers, epoch, [(d['label'].tolist(), round(d['image'].sum().item(), 3)) for d in loader])
    print(
        sorted(x.item() for b in DataLoader(Stream(3, 17), num_workers=2, batch_size=4) for x in b),
        list(DataLoader(Stream(0, 5), batch_size=2)),
        list(ChainDataset([Stream(0, 2), Stream(5, 7)])),
    )
    seqs = [(torch.arange(random.randint(1, 9)), i % 2) for i in range(10)]
    for x, l, y in DataLoader(
        seqs, batch_sampler=BucketBatchSampler([len(s[0]) for s in seqs], 4), collate_fn=partial(pad_collate, pad=-1)
    ):
        print(x, l, y)
    print(
        list(BatchSampler(SequentialSampler(range(7)), 3, False)),
        list(RandomSampler(range(5))),
        list(RandomSampler(range(3), replacement=True, num_samples=6)),
        list(SubsetRandomSampler([3, 1, 4])),
    )
    full = ConcatDataset([TensorDataset(torch.arange(3)), TensorDataset(torch.arange(10, 12))])
    print(len(full), full[3], full[-1], full.cumulative_sizes)
    P = namedtuple('P', 'x y')
    print(
        default_collate([P(1, np.float32(2)), P(3, np.float32(4))]),
        default_collate([np.ones(2), np.zeros(2)]),
        default_collate([[1, 'a'], [2, 'b']]),
        default_collate([None]) if False else '',
    )
    loader = DataLoader(TensorDataset(torch.arange(10.0), torch.arange(10)), batch_size=4)
    it = iter(loader)
    print(
        next(it),
        len(loader),
        len(loader.dataset),
        loader.batch_size,
        loader.num_workers,
        type(loader.sampler).__name__,
    )
    for i, (x, y) in enumerate(itertools.islice(itertools.cycle(loader), 5)):
        print(i, x.sum().item(), end=' ')
    print()
    np_ds = [(np.random.rand(2).astype('float32'), 1) for _ in range(4)]
    x, y = next(iter(DataLoader(np_ds, batch_size=4)))
    print(x.dtype, y, x)
    for f in (
        lambda: DataLoader(ds, batch_size=2, shuffle=True, sampler=sampler),
        lambda: DataLoader(ds, batch_size=0),
        lambda: random_split(ds, [1, 2]),
        lambda: next(iter(DataLoader([torch.ones(1), torch.ones(2)], batch_size=2))),
        lambda: default_collate([object()]),
        lambda: len(Stream(0, 1)),
    ):
        try:
            f()
        except Exception as e:
            print(type(e).__name__, str(e)[:110])


class Failing(Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, i):
        if i == 2:
            raise KeyError('missing file 2')
        return i


if __name__ == '__main__':
    main()
    try:
        list(DataLoader(Failing(), num_workers=1))
    except KeyError as e:
        print(
            'caught',
            'missing file 2' in str(e),
            'Original Traceback' in str(e),
            '__getitem__' in str(e),
            str(e).splitlines()[0] if False else '',
        )
    import torch.multiprocessing as mp

    print(mp.get_start_method(allow_none=True) in ('fork', None), mp.cpu_count() > 0)
