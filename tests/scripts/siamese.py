# Siamese network on digit pairs: one set of weights, contrastive loss, then triplets with the same embedding.
import random

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, Dataset

SEED = 42
random.seed(SEED)
np.random.seed(SEED)
torch.manual_seed(SEED)


class SiameseDigits(Dataset):
    """Pairs: every other one of the same class."""

    def __init__(self, images, labels, length=256):
        self.images = images
        self.labels = labels
        self.length = length
        self.by_class = {c: np.where(labels == c)[0] for c in np.unique(labels)}

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        first = np.random.randint(len(self.images))
        label = self.labels[first]
        if index % 2 == 0:
            second = np.random.choice(self.by_class[label])
            target = torch.tensor(1, dtype=torch.float)
        else:
            other = random.choice([c for c in self.by_class if c != label])
            second = np.random.choice(self.by_class[other])
            target = torch.tensor(0, dtype=torch.float)
        return self.images[first], self.images[second], target


class EmbeddingNet(nn.Module):
    def __init__(self):
        super(EmbeddingNet, self).__init__()
        self.convnet = nn.Sequential(nn.Conv2d(1, 8, 3), nn.PReLU(), nn.MaxPool2d(2, stride=2))
        self.fc = nn.Sequential(nn.Linear(8 * 3 * 3, 16), nn.PReLU(), nn.Linear(16, 2))

    def forward(self, x):
        output = self.convnet(x)
        output = output.view(output.size()[0], -1)
        output = self.fc(output)
        return output

    def get_embedding(self, x):
        return self.forward(x)


class EmbeddingNetL2(EmbeddingNet):
    def forward(self, x):
        output = super(EmbeddingNetL2, self).forward(x)
        output = output / output.pow(2).sum(1, keepdim=True).sqrt()
        return output


class SiameseNet(nn.Module):
    def __init__(self, embedding_net):
        super(SiameseNet, self).__init__()
        self.embedding_net = embedding_net

    def forward(self, *inputs):
        return [self.embedding_net(x) for x in inputs]


class ContrastiveLoss(nn.Module):
    def __init__(self, margin):
        super(ContrastiveLoss, self).__init__()
        self.margin = margin
        self.eps = 1e-9

    def forward(self, output1, output2, target, size_average=True):
        distances = (output2 - output1).pow(2).sum(1)  # squared distances
        losses = 0.5 * (target.float() * distances +
                        (1 + -1 * target).float() * F.relu(self.margin - (distances + self.eps).sqrt()).pow(2))
        return losses.mean() if size_average else losses.sum()


X, y = load_digits(return_X_y=True)
images = (X.reshape(-1, 1, 8, 8) / 16.0).astype(np.float32)
train_loader = DataLoader(SiameseDigits(images, y), batch_size=32, shuffle=True)
for cls in (EmbeddingNet, EmbeddingNetL2):
    model = SiameseNet(cls())
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    scheduler = optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.5, last_epoch=-1)
    loss_fn = ContrastiveLoss(1.)
    for epoch in range(2):
        for batch_idx, (a, b, target) in enumerate(train_loader):
            optimizer.zero_grad()
            out = model(a, b)
            loss = loss_fn(*out, target)
            loss.backward()
            optimizer.step()
            if batch_idx % 3 == 0:
                print(cls.__name__, epoch, batch_idx, loss.item())
        scheduler.step()
    print(len(list(model.named_parameters())), [n for n, _ in model.named_parameters()][:2])

# triplets, with the library's losses
triplet = nn.TripletMarginLoss(margin=1.0, swap=True)
cosine = nn.CosineEmbeddingLoss(margin=0.2)
own = nn.TripletMarginWithDistanceLoss(distance_function=lambda p, q: 1 - F.cosine_similarity(p, q), margin=0.5)
model = EmbeddingNet()
optimizer = optim.Adagrad(model.parameters(), lr=0.01)
tensors = torch.from_numpy(images)
for step in range(6):
    anchor = torch.randint(0, len(y), (16,))
    positive = torch.tensor([int(np.random.choice(np.where(y == y[i])[0])) for i in anchor])
    negative = torch.tensor([int(np.random.choice(np.where(y != y[i])[0])) for i in anchor.numpy()])
    e = model(tensors[torch.cat([anchor, positive, negative])])
    ea, ep, en = torch.chunk(e, 3)
    sign = torch.where(torch.rand(16) < .5, 1, -1)
    loss = triplet(ea, ep, en) + own(ea, ep, en) + cosine(ea, torch.where((sign > 0)[:, None], ep, en), sign)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print('triplet %d: %.6f' % (step, loss))
embedded = model(tensors[:100]).detach()
distance = torch.cdist(embedded, embedded)
distance.fill_diagonal_(float('inf'))
nearest = distance.argmin(dim=1).numpy()
print('1-NN accuracy', (y[:100][nearest] == y[:100]).mean())
