"""The training loop: epochs of steps, the test after each epoch, and a state that can be saved after any step.

All random numbers of a step are a function of (seed, epoch, step): the generator is seeded before each one. So a
checkpoint needs no generator state, and a resumed run draws what an unbroken one draws, on any device.
Knows nothing of files, options or printing.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

import minitorch as mt
from minitorch import Tensor, nn, optim
from minitorch.cli.checkpoint import (
    Checkpoint,
    Progress,
    model_arrays,
    optimizer_arrays,
    restored_model,
    restored_optimizer,
)
from minitorch.cli.console import Failure
from minitorch.cli.data import Pictures, scaled
from minitorch.cli.models import build_model
from minitorch.cli.settings import MOMENTUM, Settings

TEST_BATCH = 256


class Trainer:
    """A model, its optimizer and the data on one device, with how far the training has come."""

    def __init__(self, settings: Settings, pictures: Pictures, device: str) -> None:
        self.settings = settings
        self.device = device
        self.data = pictures.fingerprint()
        self.progress = Progress()
        mt.manual_seed(settings.seed)
        self.model = build_model(settings.model, pictures.size, pictures.classes).to(device)
        self.optimizer = _build_optimizer(settings, self.model)
        self.loss = nn.CrossEntropyLoss()
        self.images = mt.from_numpy(scaled(pictures.train_images, pictures.white)).to(device)  # (N, 1, H, W)
        self.labels = mt.from_numpy(pictures.train_labels.astype(np.int64)).to(device)  # (N,)
        self.test_images = mt.from_numpy(scaled(pictures.test_images, pictures.white)).to(device)
        self.test_labels = mt.from_numpy(pictures.test_labels.astype(np.int64)).to(device)
        self.steps_per_epoch = math.ceil(len(pictures.train_labels) / settings.batch_size)

    @property
    def parameter_count(self) -> int:
        """The number of trained numbers."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    @property
    def finished(self) -> bool:
        """Whether all epochs are done."""
        return self.progress.epochs >= self.settings.epochs

    def train_epoch(self, stopping: Callable[[], bool], after_step: Callable[[float], None]) -> bool:
        """Train to the end of the present epoch and test; False if `stopping` said so after a step before its end."""
        progress = self.progress
        self.model.train()
        order = self._order(progress.epochs)
        while progress.steps < self.steps_per_epoch:
            loss = self._step(order)
            after_step(loss)
            if stopping() and progress.steps < self.steps_per_epoch:
                return False
        test_loss, predictions = self.test()
        count = len(self.labels)
        row = {
            "train_loss": progress.loss_sum / count,
            "train_accuracy": progress.correct / count,
            "test_loss": test_loss,
            "test_accuracy": float(np.mean(predictions == self.test_labels.cpu().numpy())),
        }
        self.progress = Progress(epochs=progress.epochs + 1, history=[*progress.history, row])
        return True

    def _order(self, epoch: int) -> Tensor:
        """The order in which `epoch` takes the pictures."""
        mt.manual_seed(_seed_of(self.settings.seed, epoch, 0))
        return mt.randperm(len(self.labels)).to(self.device)

    def _step(self, order: Tensor) -> float:
        """One update of the weights on the next batch; returns its mean loss."""
        progress, size = self.progress, self.settings.batch_size
        mt.manual_seed(_seed_of(self.settings.seed, progress.epochs, progress.steps + 1))
        batch = order[progress.steps * size : (progress.steps + 1) * size]
        labels = self.labels[batch]
        self.optimizer.zero_grad()
        scores = self.model(self.images[batch])
        loss = self.loss(scores, labels)
        loss.backward()
        self.optimizer.step()
        value = float(loss.item())
        if not math.isfinite(value):
            place = f"epoch {progress.epochs + 1}, step {progress.steps + 1}"
            raise Failure(f"the loss became {value} at {place}: try a smaller --lr", exit_code=1)
        progress.loss_sum += value * len(labels)
        progress.correct += int((scores.argmax(1) == labels).sum().item())
        progress.steps += 1
        return value

    def test(self) -> tuple[float, np.ndarray]:
        """Mean loss on the test pictures, and the class predicted for each."""
        self.model.eval()
        total, predictions = 0.0, []
        with mt.no_grad():
            for start in range(0, len(self.test_labels), TEST_BATCH):
                labels = self.test_labels[start : start + TEST_BATCH]
                scores = self.model(self.test_images[start : start + TEST_BATCH])
                total += float(self.loss(scores, labels).item()) * len(labels)
                predictions.append(scores.argmax(1).cpu().numpy())
        return total / len(self.test_labels), np.concatenate(predictions)

    def checkpoint(self) -> Checkpoint:
        """Everything that the run needs to go on."""
        arrays, numbers = optimizer_arrays(self.optimizer.state_dict()["state"])
        return Checkpoint(
            settings=self.settings,
            data=self.data,
            device=self.device,
            progress=self.progress,
            model=model_arrays(self.model.state_dict()),
            optimizer=arrays,
            numbers=numbers,
        )

    def restore(self, saved: Checkpoint) -> None:
        """Go on where `saved` was taken; ValueError if it does not fit this model and data."""
        if saved.data != self.data:
            raise ValueError(f"the run was started on other pictures than {self.settings.data} gives now")
        if saved.progress.steps >= self.steps_per_epoch:
            raise ValueError("its step lies beyond the end of the epoch")
        self.model.load_state_dict(restored_model(saved.model, self.model.state_dict()))
        shapes = [tuple(parameter.shape) for parameter in self.model.parameters()]
        # The groups (learning rate, betas, ...) follow from the settings; only what was learned is taken over.
        state = self.optimizer.state_dict()
        self.optimizer.load_state_dict({**state, "state": restored_optimizer(saved, shapes)})
        self.progress = saved.progress


def _build_optimizer(settings: Settings, model: nn.Module) -> optim.Optimizer:
    """The optimizer that the settings name."""
    if settings.optimizer == "sgd":
        return optim.SGD(model.parameters(), lr=settings.lr, momentum=MOMENTUM)
    return optim.Adam(model.parameters(), lr=settings.lr)


def _seed_of(seed: int, epoch: int, step: int) -> int:
    """A seed for one step: distinct places give unrelated seeds (NumPy's SeedSequence mixes them)."""
    return int(np.random.SeedSequence([seed, epoch, step]).generate_state(1)[0])
