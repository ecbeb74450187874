# Denoising autoencoder; DataLoader with worker processes, samplers, an IterableDataset, a custom collate function.
import torch
import torch.nn as nn
from torch.utils.data import (ConcatDataset, DataLoader, Dataset, IterableDataset, SubsetRandomSampler,
                              WeightedRandomSampler, get_worker_info)


class Waves(Dataset):
    def __init__(self, n, length=32, transform=None):
        g = torch.Generator()
        g.manual_seed(2147483647)
        t = torch.linspace(0, 6.2832, length)
        self.frequency = torch.randint(1, 4, (n, 1), generator=g)
        self.data = torch.sin(self.frequency * t + torch.rand(n, 1, generator=g) * 6.2832)
        self.transform = transform

    def __len__(self):
        return len(self.data)

    def __getitem__(self, idx):
        if torch.is_tensor(idx):
            idx = idx.tolist()
        sample = {'wave': self.data[idx], 'label': self.frequency[idx].item()}
        if self.transform:
            sample = self.transform(sample)
        return sample


class AddNoise(object):
    def __init__(self, std):
        self.std = std

    def __call__(self, sample):
        noisy = sample['wave'] + torch.randn_like(sample['wave']) * self.std
        return {**sample, 'noisy': noisy}


class Count(IterableDataset):
    def __init__(self, start, end):
        super(Count).__init__()
        self.start, self.end = start, end

    def __iter__(self):
        info = get_worker_info()
        if info is None:
            return iter(range(self.start, self.end))
        return iter(range(self.start + info.id, self.end, info.num_workers))


class Autoencoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv1d(1, 4, 5, stride=2, padding=2), nn.ELU(), nn.Conv1d(4, 8, 5, stride=2, padding=2), nn.ELU(),
            nn.Flatten(), nn.Linear(64, 6))
        self.decoder = nn.Sequential(
            nn.Linear(6, 64), nn.ELU(), nn.Unflatten(1, (8, 8)),
            nn.ConvTranspose1d(8, 4, 4, stride=2, padding=1), nn.ELU(), nn.ConvTranspose1d(4, 1, 4, stride=2, padding=1))

    def forward(self, x):
        return self.decoder(self.encoder(x[:, None]))[:, 0]


def main():
    torch.manual_seed(0)
    dataset = Waves(160, transform=AddNoise(0.2))
    model = Autoencoder()
    optimizer = torch.optim.NAdam(model.parameters(), lr=5e-3)
    criterion = nn.HuberLoss()
    loader = DataLoader(dataset, batch_size=32, shuffle=True, num_workers=2, pin_memory=False, persistent_workers=True)
    for epoch in range(3):
        total = 0.0
        for i, batch in enumerate(loader):
            loss = criterion(model(batch['noisy']), batch['wave'])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch['label'])
        print(f'epoch {epoch} loss {total / len(dataset):.6f} last labels {batch["label"][:6]} {batch["noisy"][0, :3]}')

    print(list(DataLoader(Count(3, 12), batch_size=2, num_workers=2)))
    print([len(b) for b in DataLoader(Count(0, 5), batch_size=2, drop_last=True)])
    weights = [1.0 / (1 + f) for f in dataset.frequency[:, 0].tolist()]
    sampler = WeightedRandomSampler(weights, 12, replacement=True)
    print(list(sampler))
    subset = DataLoader(dataset, sampler=SubsetRandomSampler(range(10)), batch_size=4,
                        collate_fn=lambda items: torch.stack([s['wave'].mean() for s in items]))
    print(*[b for b in subset])
    both = ConcatDataset([Waves(3), Waves(2)])
    print(len(both), both[4]['label'], both[-1]['wave'][:2])
    try:
        next(iter(DataLoader(dataset, batch_size=2, num_workers=1, collate_fn=lambda items: items[0]['missing'])))
    except KeyError as e:
        print(type(e).__name__, str(e)[:50])


if __name__ == '__main__':
    main()
