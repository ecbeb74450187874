"""Transfer learning: a network that has read the digits 0 to 4 learns 5 to 9 from fifty images.

Three ways: from scratch; a new head on the frozen body; then all of it, the body at a smaller learning rate.
"""

import copy

from common import accuracy, batches, digits, options, progress

import minitorch as mt
from minitorch import nn
from minitorch.nn import functional as F

args = options(__doc__, epochs=(20, 1), tuning=(60, 2), batch_size=(32, 200), lr=(2e-3, 2e-3))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.Flatten(),
        )  # fmt: skip
        self.head = nn.Linear(32 * 16, 5)

    def forward(self, x):
        return self.head(self.body(x))


def fit(net: Net, x: mt.Tensor, y: mt.Tensor, groups: list, epochs: int, label: str, frozen: bool = False) -> None:
    optimizer = mt.optim.Adam(groups)
    net.train()
    if frozen:
        net.body.eval()  # its batch norms keep their statistics as well
    for _ in progress(range(epochs), label):
        for index in batches(len(x), args.batch_size):
            loss = F.cross_entropy(net(x[index]), y[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


x, y, x_test, y_test = digits()
low, high = y < 5, y >= 5
few = high.nonzero()[:50, 0]
new, new_labels = x[few], y[few] - 5
x_new, y_new = x_test[y_test >= 5], y_test[y_test >= 5] - 5

scratch = Net()
fit(scratch, new, new_labels, [{"params": scratch.parameters(), "lr": args.lr}], args.tuning, "from scratch")
print(f"5 to 9 from scratch:        {accuracy(scratch, x_new, y_new):.2%}")

old = Net()
fit(old, x[low], y[low], [{"params": old.parameters(), "lr": args.lr}], args.epochs, "0 to 4")
print(f"0 to 4, all their images:   {accuracy(old, x_test[y_test < 5], y_test[y_test < 5]):.2%}")

net = copy.deepcopy(old)
net.body.requires_grad_(False)
net.head = nn.Linear(32 * 16, 5)
fit(net, new, new_labels, [{"params": net.head.parameters(), "lr": args.lr}], args.tuning, "new head", frozen=True)
trained = sum(p.numel() for p in net.parameters() if p.requires_grad)
before = old.body.state_dict()
kept = all(mt.equal(value, before[name]) for name, value in net.body.state_dict().items())
print(f"5 to 9, a new head only:    {accuracy(net, x_new, y_new):.2%} ({trained:,} parameters; body kept: {kept})")

net.body.requires_grad_(True)
groups = [{"params": net.body.parameters(), "lr": args.lr / 10}, {"params": net.head.parameters(), "lr": args.lr}]
fit(net, new, new_labels, groups, args.tuning, "all of it")
print(f"5 to 9, then all of it:     {accuracy(net, x_new, y_new):.2%}")
