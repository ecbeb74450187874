"""The checkpoint file of a training run: an .npz with the arrays of model and optimizer, and one JSON text.

Read without pickle, written atomically, and every foreign, truncated or damaged file ends in one clear line.
Knows the file and the layout of state dicts; not how a run is carried on.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

import minitorch as mt
from minitorch import Tensor
from minitorch.cli.console import Failure, os_reason, write_atomically
from minitorch.cli.settings import Settings

FILE_NAME = "checkpoint.npz"
FORMAT = "minitorch train checkpoint 1"
HISTORY_NAMES = ("train_loss", "train_accuracy", "test_loss", "test_accuracy")


@dataclass
class Progress:
    """How far a run has come: whole epochs, then steps within the next one with their sums so far."""

    epochs: int = 0
    steps: int = 0
    loss_sum: float = 0.0
    correct: int = 0
    history: list[dict[str, float]] = field(default_factory=list)

    @property
    def begun(self) -> int:
        """The number of epochs that the weights have seen at least a part of."""
        return self.epochs + (self.steps > 0)

    @classmethod
    def from_json(cls, stored: Any) -> Progress:
        """The progress that a checkpoint holds; ValueError, TypeError or KeyError if it is not what was written."""
        history = [{name: float(row[name]) for name in HISTORY_NAMES} for row in stored["history"]]
        epochs, steps, correct = (int(stored[name]) for name in ("epochs", "steps", "correct"))
        progress = cls(epochs, steps, float(stored["loss_sum"]), correct, history)
        if min(progress.epochs, progress.steps, progress.correct) < 0 or len(history) != progress.epochs:
            raise ValueError("the progress contradicts itself")
        return progress


@dataclass
class Checkpoint:
    """What a checkpoint file holds. `model` and `optimizer` are flat: "model key" and "parameter index/name"."""

    settings: Settings
    data: str  # fingerprint of the pictures
    device: str  # that the run was on
    progress: Progress
    model: dict[str, np.ndarray]
    optimizer: dict[str, np.ndarray]
    numbers: dict[str, Any]  # optimizer state that is no tensor


def locate(given: str) -> Path:
    """The checkpoint file that --resume names, itself or by the folder of its run."""
    path = Path(given).expanduser()
    try:
        if path.is_dir():
            path = path / FILE_NAME
            if not path.is_file():
                raise Failure(f"{path.parent}: this folder holds no {FILE_NAME}")
        elif not path.exists():
            raise Failure(f"{path}: no such file or folder")
    except OSError as error:  # a name too long, a folder that may not be entered
        raise Failure(f"{given}: {os_reason(error)}") from error
    return path


def save(path: Path, checkpoint: Checkpoint) -> None:
    """Write `checkpoint` to `path`; a kill at any moment leaves the old file or the new one."""
    about = {
        "format": FORMAT,
        "settings": checkpoint.settings.as_json(),
        "data": checkpoint.data,
        "device": checkpoint.device,
        "progress": asdict(checkpoint.progress),
        "numbers": checkpoint.numbers,
    }
    arrays = {"about": np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)}
    arrays.update({f"model/{key}": array for key, array in checkpoint.model.items()})
    arrays.update({f"optimizer/{key}": array for key, array in checkpoint.optimizer.items()})

    def write(file: IO[bytes]) -> None:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # numpy's stub takes the arrays for `allow_pickle`

    write_atomically(path, write)


def load(path: Path) -> Checkpoint:
    """Read the checkpoint at `path`."""
    try:
        arrays = _read_arrays(path)
        about = json.loads(arrays.pop("about").tobytes())
        if about["format"] != FORMAT:
            raise ValueError(f"its format is {about['format']!r}")
        settings, progress = Settings.from_json(about["settings"]), Progress.from_json(about["progress"])
        if progress.begun > settings.epochs:
            raise ValueError("its progress is beyond its last epoch")
        return Checkpoint(
            settings=settings,
            data=str(about["data"]),
            device=str(about["device"]),
            progress=progress,
            model=_below("model/", arrays),
            optimizer=_below("optimizer/", arrays),
            numbers=dict(about["numbers"]),
        )
    except OSError as error:
        raise Failure(f"{path}: cannot be read: {os_reason(error)}") from error
    except Exception as error:  # foreign bytes can fail in any way that zipfile, NumPy and json know
        reason = str(error) or type(error).__name__
        raise Failure(f"{path}: not a checkpoint of `minitorch train`, or a damaged one ({reason})") from error


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Every array of the .npz, read at once so that each one's checksum is verified."""
    with path.open("rb") as file:
        if not zipfile.is_zipfile(file):
            raise ValueError("it is no complete .npz file")
        file.seek(0)
        with zipfile.ZipFile(file) as members:
            if any(member.compress_type != zipfile.ZIP_STORED for member in members.infolist()):
                raise ValueError("its members are compressed")  # ours never are; a small file cannot unfold
        file.seek(0)
        with np.load(file, allow_pickle=False) as archive:
            if "about" not in archive.files:
                raise ValueError("it holds no 'about'")
            return {name: archive[name] for name in archive.files}


def _below(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays whose names start with `prefix`, named without it."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def model_arrays(state: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    """A model's state dict as host arrays."""
    return {key: tensor.detach().cpu().numpy() for key, tensor in state.items()}


def restored_model(saved: Mapping[str, np.ndarray], fresh: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The saved state dict, after every name and shape was found to agree with the `fresh` model's."""
    expected = {key: tuple(tensor.shape) for key, tensor in fresh.items()}
    found = {key: array.shape for key, array in saved.items()}
    if expected != found or any(array.dtype != np.float32 for array in saved.values()):
        raise ValueError("its weights do not fit the model that its settings name")
    return {key: mt.from_numpy(array) for key, array in saved.items()}


def optimizer_arrays(state: Mapping[int, Mapping[str, Any]]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """An optimizer's per-parameter state as host arrays and plain numbers, each named "index/name"."""
    arrays: dict[str, np.ndarray] = {}
    numbers: dict[str, Any] = {}
    for index, entries in state.items():
        for name, value in entries.items():
            if isinstance(value, Tensor):
                arrays[f"{index}/{name}"] = value.detach().cpu().numpy()
            else:
                numbers[f"{index}/{name}"] = value
    return arrays, numbers


def restored_optimizer(saved: Checkpoint, shapes: list[tuple[int, ...]]) -> dict[int, dict[str, Any]]:
    """The saved per-parameter state for parameters of these `shapes`."""
    state: dict[int, dict[str, Any]] = {}
    for key, value in {**saved.optimizer, **saved.numbers}.items():
        index, _, name = key.partition("/")
        if int(index) >= len(shapes):
            raise ValueError("its optimizer state has more parameters than the model")
        if isinstance(value, np.ndarray) and value.shape not in ((), shapes[int(index)]):
            raise ValueError("its optimizer state does not fit the model")
        tensor_or_number = mt.from_numpy(value) if isinstance(value, np.ndarray) else value
        state.setdefault(int(index), {})[name] = tensor_or_number
    needed = {"adam": {"step", "exp_avg", "exp_avg_sq"}, "sgd": {"momentum_buffer"}}[saved.settings.optimizer]
    complete = len(state) == len(shapes) and all(needed <= entries.keys() for entries in state.values())
    if saved.progress.begun and not complete:
        raise ValueError("its optimizer state is incomplete")
    return state
