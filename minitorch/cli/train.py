"""`minitorch train`: options, the run's folder, and the order of things; the work is in the modules beside it."""

from __future__ import annotations

import argparse
import itertools
import json
import shlex
import shutil
import signal
import time
from contextlib import AbstractContextManager
from pathlib import Path
from types import FrameType
from typing import Any

import minitorch as mt
from minitorch.cli import checkpoint, report
from minitorch.cli.console import Failure, Parser, is_terminal, os_reason, require, say, write_atomically
from minitorch.cli.data import Pictures, load_pictures
from minitorch.cli.settings import CHECKS, DEFAULT_EPOCHS, DEFAULT_LR, Settings, path_name
from minitorch.cli.trainer import Trainer
from minitorch.cli.versions import core_versions, optional_versions

HELP = {
    "model": ("{mlp,cnn,lstm}", "two linear layers, a small convolutional net, or an LSTM over rows (cnn)"),
    "data": ("digits|mnist:DIR", "scikit-learn's 1797 digits, or a folder with MNIST's IDX files (digits)"),
    "epochs": ("N", "passes over the data ({digits} for digits, {mnist} for mnist)".format(**DEFAULT_EPOCHS)),
    "lr": ("X", "learning rate ({adam} for adam, {sgd} for sgd)".format(**DEFAULT_LR)),
    "optimizer": ("{sgd,adam}", "sgd (with momentum) or adam (adam)"),
    "batch_size": ("N", "pictures per step (32)"),
    "seed": ("N", "seed of all random numbers (0)"),
    "device": ("DEVICE", "cpu, cuda, cuda:N, or auto: a GPU if there is one (auto)"),
}


def build_parser() -> Parser:
    """The options of `minitorch train`; one that was not given is left out of the result."""
    parser = Parser(
        prog="minitorch train",
        description="Train a digit classifier; write its curve, pictures, checkpoint and settings to a folder.",
        epilog="Ctrl-C stops with a checkpoint; `--resume FOLDER` goes on to the weights of an unbroken run.",
    )
    for name, check in CHECKS.items():
        metavar, text = HELP[name]
        option = "--" + name.replace("_", "-")
        parser.add_argument(option, type=check, metavar=metavar, help=text, default=argparse.SUPPRESS)
    parser.add_argument("--out", type=path_name, metavar="DIR", help="folder of this run (runs/<time>)")
    parser.add_argument("--resume", type=path_name, metavar="PATH", help="go on with a run: its folder or checkpoint")
    return parser


def main(argv: list[str]) -> int:
    """Train as `argv` says; 0 when all epochs are done, 130 after Ctrl-C."""
    given = vars(build_parser().parse_args(argv))
    out, resume = given.pop("out"), given.pop("resume")
    for module, package in (("tqdm", "tqdm"), ("matplotlib", "matplotlib")):  # now, not after the training
        require(module, package)
    source = checkpoint.locate(resume) if resume is not None else None
    saved = checkpoint.load(source) if source else None
    settings = saved.settings.resumed_with(given, saved.progress.begun) if saved else Settings.from_options(given)
    device = resolve_device(settings.device)
    pictures = load_pictures(settings.data)
    say(pictures.note)
    trainer = Trainer(settings, pictures, device)
    if saved and source:
        _restore(trainer, saved, source)
    folder = _run_folder(out, source)
    _write_settings(folder, trainer, pictures, source)
    say(f"{settings.model} with {trainer.parameter_count} parameters on {device}; results go to {folder}")
    resume_line = f"go on with: minitorch train --resume {shlex.quote(str(folder))}"
    try:
        if not _train(trainer, folder):
            say(f"stopped {_place(trainer)}; {resume_line}")
            return 130
        _report(trainer, pictures, folder)
    except KeyboardInterrupt:  # a second Ctrl-C, or one during the report
        say(f"stopped at once; from the last checkpoint, {resume_line}")
        return 130
    return 0


def resolve_device(name: str) -> str:
    """The device that `--device` means on this machine."""
    if name == "auto":
        return "cuda" if mt.cuda.is_available() else "cpu"
    if name == "cpu":
        return name
    if not mt.cuda.is_available():
        raise Failure(f"device {name} cannot be used: {mt.cuda.why_unavailable()}")
    number = int(name.partition(":")[2] or 0)
    if number >= mt.cuda.device_count():
        raise Failure(f"device {name} cannot be used: this machine has {mt.cuda.device_count()} CUDA device(s)")
    return name


def _restore(trainer: Trainer, saved: checkpoint.Checkpoint, source: Path) -> None:
    """Put the checkpoint into the trainer and say where it goes on."""
    try:
        trainer.restore(saved)
    except ValueError as error:
        raise Failure(f"{source}: does not fit: {error}") from error
    moved = f", then on {saved.device}" if saved.device != trainer.device else ""
    where = "where all epochs are done (--epochs N goes further)" if trainer.finished else _place(trainer)
    say(f"resumed from {source}{moved}, {where}")


def _place(trainer: Trainer) -> str:
    """How far the run has come, in words."""
    progress = trainer.progress
    return f"in epoch {progress.epochs + 1}, after {progress.steps} of {trainer.steps_per_epoch} steps"


def _run_folder(out: str | None, source: Path | None) -> Path:
    """The folder of this run, made if needed: --out, or where the resumed run lives, or a new runs/<time>."""
    if out is None and source is not None and source.name == checkpoint.FILE_NAME:
        return source.parent
    try:
        return _given_folder(Path(out).expanduser(), source) if out is not None else _new_folder(Path("runs"))
    except OSError as error:
        raise Failure(f"{out or 'runs'}: no folder can be made there: {os_reason(error)}") from error


def _given_folder(folder: Path, source: Path | None) -> Path:
    """The folder of --out, unless that would overwrite another run than the one that is resumed."""
    if folder.exists() and not folder.is_dir():
        raise Failure(f"{folder}: a file, where --out needs a folder")
    folder.mkdir(parents=True, exist_ok=True)
    there = folder / checkpoint.FILE_NAME
    if there.exists() and not (source and there.samefile(source)):
        raise Failure(f"{folder} already holds a run: go on with --resume {folder}, or choose another --out")
    return folder


def _new_folder(parent: Path) -> Path:
    """parent/<time>, with a number behind it for a second run within one second."""
    parent.mkdir(exist_ok=True)
    name = time.strftime("%Y-%m-%d_%H-%M-%S")
    for number in itertools.count(1):
        folder = parent / (name if number == 1 else f"{name}_{number}")
        try:
            folder.mkdir()
            break
        except FileExistsError:  # made by a run beside this one
            continue
    return folder


def _write_settings(folder: Path, trainer: Trainer, pictures: Pictures, source: Path | None) -> None:
    """settings.json: all that is needed to repeat the run, with the versions that it ran on."""
    settings: dict[str, Any] = {
        **trainer.settings.as_json(),
        "device_used": trainer.device,
        "parameters": trainer.parameter_count,
        "data_note": pictures.note,
        "data_sha256": trainer.data,
        "resumed_from": str(source) if source else None,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "versions": {**core_versions(), **optional_versions()},
    }
    text = json.dumps(settings, indent=2) + "\n"
    write_atomically(folder / "settings.json", lambda file: file.write(text.encode()))


class FirstCtrlC(AbstractContextManager["FirstCtrlC"]):
    """Within it, the first Ctrl-C only sets `pressed`, so that a step is never cut in two; a second one raises."""

    def __init__(self) -> None:
        self.pressed = False

    def __enter__(self) -> FirstCtrlC:
        try:
            self._before = signal.signal(signal.SIGINT, self._handle)
        except ValueError:  # not the main thread: signals do not come here
            self._before = None
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True


def _train(trainer: Trainer, folder: Path) -> bool:
    """All epochs that are left, each with its line and a checkpoint; False if Ctrl-C came before the end."""
    path = folder / checkpoint.FILE_NAME
    if not path.exists():
        checkpoint.save(path, trainer.checkpoint())  # whatever happens from here on, the run can be resumed
    with FirstCtrlC() as ctrl_c, _bar(trainer) as bar:

        def after_step(loss: float) -> None:
            bar.set_postfix(loss=f"{loss:.3f}", refresh=False)
            bar.update()

        while not trainer.finished and not ctrl_c.pressed:
            start = time.perf_counter()
            whole = trainer.train_epoch(lambda: ctrl_c.pressed, after_step)
            checkpoint.save(path, trainer.checkpoint())
            if whole:
                line = _epoch_line(trainer, time.perf_counter() - start)
                say(line) if bar.disable else bar.write(line)
    return trainer.finished


def _bar(trainer: Trainer) -> Any:
    """The progress bar over all steps of the run; silent where stderr is no terminal."""
    done = trainer.progress.epochs * trainer.steps_per_epoch + trainer.progress.steps
    total = trainer.settings.epochs * trainer.steps_per_epoch
    size = shutil.get_terminal_size()  # 80 x 24 where a terminal does not tell, where tqdm would show nothing
    width, height = min(100, size.columns), size.lines
    tqdm = require("tqdm", "tqdm").tqdm
    return tqdm(total=total, initial=done, unit="step", disable=not is_terminal(), ncols=width, nrows=height)


def _epoch_line(trainer: Trainer, seconds: float) -> str:
    """What an epoch came to."""
    row, epochs = trainer.progress.history[-1], str(trainer.settings.epochs)
    return (
        f"epoch {trainer.progress.epochs:>{len(epochs)}}/{epochs}  "
        f"loss {row['train_loss']:.4f}, accuracy {100 * row['train_accuracy']:5.2f} %  "
        f"test loss {row['test_loss']:.4f}, accuracy {100 * row['test_accuracy']:5.2f} %  {seconds:.1f} s"
    )


def _report(trainer: Trainer, pictures: Pictures, folder: Path) -> None:
    """The table, the accuracy and the two pictures of a finished run."""
    _, predictions = trainer.test()
    labels = pictures.test_labels
    for line in report.class_table(labels, predictions, pictures.classes):
        say(line)
    say(report.accuracy_line(labels, predictions))
    report.draw_curve(folder / "curve.png", trainer.progress.history)
    report.draw_predictions(folder / "predictions.png", pictures.test_images, labels, predictions)
    say(f"written to {folder}: curve.png, predictions.png, {checkpoint.FILE_NAME}, settings.json")
