"""The three classifiers of `minitorch train`: each maps pictures (N, 1, H, W) to class scores (N, classes).

Knows shapes only: neither data nor training.
"""

from __future__ import annotations

from minitorch import Tensor, nn


def build_model(name: str, size: tuple[int, int], classes: int) -> nn.Module:
    """The classifier `name` (mlp, cnn or lstm) for pictures of `size` (H, W)."""
    return {"mlp": _mlp, "cnn": _cnn, "lstm": RowLSTM}[name](*size, classes)


def _mlp(height: int, width: int, classes: int) -> nn.Module:
    """Two layers on all pixels at once."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(height * width, 128),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(128, classes),
    )


def _cnn(height: int, width: int, classes: int) -> nn.Module:
    """Two 3 x 3 convolutions, each followed by a pooling that halves the picture, then one linear layer."""
    return nn.Sequential(
        nn.Conv2d(1, 32, kernel_size=3, padding=1),  # (N, 32, H, W)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 32, H/2, W/2)
        nn.Conv2d(32, 64, kernel_size=3, padding=1),  # (N, 64, H/2, W/2)
        nn.ReLU(),
        nn.MaxPool2d(2),  # (N, 64, H/4, W/4)
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(64 * (height // 4) * (width // 4), classes),
    )


class RowLSTM(nn.Module):
    """Reads a picture row by row, from the top, and decides after the last one."""

    def __init__(self, height: int, width: int, classes: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(width, 64, batch_first=True)
        self.head = nn.Linear(64, classes)

    def forward(self, images: Tensor) -> Tensor:
        rows = images.squeeze(1)  # (N, H, W): H steps of W features
        hidden, _ = self.lstm(rows)  # (N, H, 64)
        return self.head(hidden[:, -1])
