"""A training that is broken off and resumed from a file ends with the same weights as one that was not.

The file holds the weights, the optimizer's and the scheduler's state and the state of the random numbers.
"""

import tempfile
from pathlib import Path

from common import accuracy, batches, digits, options, progress

import minitorch as mt
from minitorch import nn
from minitorch.nn import functional as F

args = options(__doc__, epochs=(12, 2), batch_size=(32, 200), lr=(5e-3, 5e-3))
x, y, x_test, y_test = digits()


class Training:
    """All that a run consists of; `state` is what must be saved of it."""

    def __init__(self) -> None:
        self.net = nn.Sequential(
            nn.Flatten(), nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 10)
        )
        self.optimizer = mt.optim.AdamW(self.net.parameters(), lr=args.lr)
        self.schedule = mt.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, args.epochs)
        self.epoch = 0

    def save(self, path: Path) -> None:
        mt.save(
            {
                "epoch": self.epoch, "net": self.net.state_dict(), "optimizer": self.optimizer.state_dict(),
                "schedule": self.schedule.state_dict(), "random": mt.get_rng_state(),
            },
            path,
        )  # fmt: skip

    def resume(self, path: Path) -> None:
        saved = mt.load(path)
        self.epoch = saved["epoch"]
        self.net.load_state_dict(saved["net"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.schedule.load_state_dict(saved["schedule"])
        mt.set_rng_state(saved["random"])

    def run(self, until: int) -> None:
        self.net.train()
        for epoch in progress(range(self.epoch + 1, until + 1), "epochs"):
            for index in batches(len(x), args.batch_size):
                loss = F.cross_entropy(self.net(x[index]), y[index])
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
            self.schedule.step()
            self.epoch = epoch


with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "half.pt"
    unbroken = Training()
    unbroken.run(args.epochs // 2)
    unbroken.save(path)
    size = path.stat().st_size
    unbroken.run(args.epochs)
    print(f"unbroken: test accuracy {accuracy(unbroken.net, x_test, y_test):.2%}")

    mt.manual_seed(args.seed + 1)  # as in another process, on another day
    resumed = Training()
    resumed.resume(path)
    print(f"resumed after epoch {resumed.epoch} from {size / 1024:.0f} KiB, which torch.load reads as well")
    resumed.run(args.epochs)
    print(f"resumed:  test accuracy {accuracy(resumed.net, x_test, y_test):.2%}")

a, b = unbroken.net.state_dict(), resumed.net.state_dict()
print("equal weights, to the last bit:", all(mt.equal(a[k], b[k]) for k in a))
