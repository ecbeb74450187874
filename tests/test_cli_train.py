"""The command line: `minitorch train`, `info` and `parity` as a person uses them, and what they say to bad input."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")
pytest.importorskip("tqdm")

from minitorch.cli import COMMANDS, main
from minitorch.cli import checkpoint as checkpoints
from minitorch.cli.console import Failure, complain, write_atomically
from minitorch.cli.data import load_pictures
from minitorch.cli.idx import read_idx
from minitorch.cli.report import accuracy_line, class_table
from minitorch.cli.settings import Settings
from minitorch.cli.trainer import Trainer

COMMAND = [sys.executable, "-m", "minitorch"]
ROOT = Path(__file__).parents[1]
FAST = ["--model", "mlp", "--device", "cpu", "--batch-size", "64"]
STEPS = 23  # of an epoch with FAST: 1442 pictures in batches of 64


def one_line(capsys: pytest.CaptureFixture[str], *argv: object) -> str:
    """Run a command that must fail with exit code 2 and one line on stderr; returns that line."""
    assert main([str(word) for word in argv]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and error.startswith("minitorch") and "Traceback" not in error, error
    return error


def arrays_of(folder: Path) -> dict[str, np.ndarray]:
    """All weights and optimizer state in a run's checkpoint."""
    with np.load(folder / "checkpoint.npz") as archive:
        return {name: archive[name] for name in archive.files if name != "about"}


def assert_same_run(first: Path, second: Path) -> None:
    """Both runs ended in the same bits, weights and optimizer alike, and in the same history."""
    a, b = arrays_of(first), arrays_of(second)
    assert a.keys() == b.keys() and any(name.startswith("model/") for name in a)
    for name, array in a.items():
        assert array.tobytes() == b[name].tobytes(), name
    loaded = [checkpoints.load(folder / "checkpoint.npz") for folder in (first, second)]
    assert loaded[0].progress == loaded[1].progress


def train(*options: object) -> int:
    """`minitorch train` with a small model and short epochs, unless the options say otherwise."""
    return main(["train", *FAST, *map(str, options)])


@pytest.fixture(scope="module")
def two_epochs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unbroken run of two epochs."""
    folder = tmp_path_factory.mktemp("runs") / "unbroken"
    assert train("--epochs", 2, "--out", folder) == 0
    return folder


# The main job


def test_default_run_reaches_97_percent(tmp_path, capsys):
    start = time.perf_counter()
    assert main(["train", "--device", "cpu", "--out", str(tmp_path / "run")]) == 0
    assert time.perf_counter() - start < 60
    out, err = capsys.readouterr()
    found = re.search(r"^test accuracy (\d+\.\d+) % \((\d+) of 355\)$", out, re.MULTILINE)
    assert found and float(found[1]) >= 97, out
    assert len(re.findall(r"^ +\d  +\d+\.\d %  +\d+\.\d %  +\d+$", out, re.MULTILINE)) == 10
    assert "\r" not in out + err and "\x1b" not in out + err and "it/s" not in err  # no terminal, no bar
    for name in ("curve.png", "predictions.png"):
        assert (tmp_path / "run" / name).read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    settings = json.loads((tmp_path / "run" / "settings.json").read_text())
    assert settings["model"] == "cnn" and settings["seed"] == 0 and settings["versions"]["numpy"] == np.__version__
    saved = checkpoints.load(tmp_path / "run" / "checkpoint.npz")
    assert len(saved.progress.history) == settings["epochs"]
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == [
        "checkpoint.npz", "curve.png", "predictions.png", "settings.json",
    ]  # fmt: skip


def test_default_folder_is_new_for_each_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert train("--epochs", 1) == 0 and train("--epochs", 1) == 0
    first, second = sorted((tmp_path / "runs").iterdir())
    assert re.match(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d", first.name)
    assert_same_run(first, second)


def test_another_seed_gives_other_weights(two_epochs, tmp_path):
    assert train("--epochs", 2, "--seed", 1, "--out", tmp_path) == 0
    other = arrays_of(tmp_path)
    assert any(not np.array_equal(array, other[name]) for name, array in arrays_of(two_epochs).items())


@pytest.mark.parametrize("model", ["cnn", "lstm"])
@pytest.mark.parametrize("optimizer", [["sgd", "--lr", "0.2"], ["adam"]], ids=["sgd", "adam"])
def test_every_model_learns_with_every_optimizer(model, optimizer, mnist, tmp_path):
    argv = ["train", "--model", model, "--optimizer", *optimizer, "--device", "cpu", "--data", f"mnist:{mnist}"]
    assert main([*argv, "--epochs", "4", "--batch-size", "16", "--out", str(tmp_path)]) == 0
    history = checkpoints.load(tmp_path / "checkpoint.npz").progress.history
    assert history[-1]["train_loss"] < 0.95 * history[0]["train_loss"]


# Stopping and going on


@pytest.mark.parametrize("step", [1, 10, STEPS, STEPS + 1, 2 * STEPS - 1])
def test_ctrl_c_after_any_step_resumes_to_the_same_weights(step, two_epochs, tmp_path, monkeypatch, capsys):
    press_ctrl_c_after(step, monkeypatch)
    assert train("--epochs", 2, "--out", tmp_path / "run") == 130
    monkeypatch.undo()
    assert f"minitorch train --resume {tmp_path / 'run'}" in capsys.readouterr().out
    saved = checkpoints.load(tmp_path / "run" / "checkpoint.npz").progress
    assert saved.epochs * STEPS + saved.steps == step
    assert main(["train", "--resume", str(tmp_path / "run")]) == 0
    assert_same_run(tmp_path / "run", two_epochs)
    assert (tmp_path / "run" / "curve.png").exists()


@pytest.mark.parametrize(
    "options", [["--model", "cnn"], ["--model", "lstm", "--optimizer", "sgd"]], ids=["cnn", "lstm"]
)
def test_ctrl_c_with_other_models(options, mnist, tmp_path, monkeypatch):
    argv = ["train", *options, "--device", "cpu", "--data", f"mnist:{mnist}", "--epochs", "2", "--batch-size", "32"]
    assert main([*argv, "--out", str(tmp_path / "unbroken")]) == 0
    press_ctrl_c_after(3, monkeypatch)
    assert main([*argv, "--out", str(tmp_path / "broken")]) == 130
    monkeypatch.undo()
    assert main(["train", "--resume", str(tmp_path / "broken" / "checkpoint.npz")]) == 0
    assert_same_run(tmp_path / "broken", tmp_path / "unbroken")


def press_ctrl_c_after(step: int, monkeypatch: pytest.MonkeyPatch, times: int = 1) -> None:
    """Make the process receive SIGINT during the given step of the run."""
    original, taken = Trainer._step, [0]

    def stepped(self, order):
        taken[0] += 1
        for _ in range(times if taken[0] == step else 0):
            signal.raise_signal(signal.SIGINT)
        return original(self, order)

    monkeypatch.setattr(Trainer, "_step", stepped)


def test_second_ctrl_c_stops_at_once_and_leaves_a_checkpoint(two_epochs, tmp_path, monkeypatch, capsys):
    press_ctrl_c_after(3, monkeypatch, times=2)
    assert train("--epochs", 2, "--out", tmp_path / "run") == 130
    assert "--resume" in capsys.readouterr().out
    monkeypatch.undo()
    assert main(["train", "--resume", str(tmp_path / "run")]) == 0
    assert_same_run(tmp_path / "run", two_epochs)


@pytest.mark.skipif(os.name == "nt", reason="a process cannot be sent a Ctrl-C of its own on Windows")
def test_a_real_ctrl_c_in_a_process(tmp_path):
    argv = [*COMMAND, "train", "--epochs", "500", "--device", "cpu", "--out", str(tmp_path / "run")]
    process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stdout:
        if line.startswith("epoch"):
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130 and err == ""
    assert out.splitlines()[-1].endswith(f"go on with: minitorch train --resume {tmp_path / 'run'}")
    assert checkpoints.load(tmp_path / "run" / "checkpoint.npz").progress.begun >= 1


def test_raising_epochs_equals_an_unbroken_run(two_epochs, tmp_path, capsys):
    assert train("--epochs", 1, "--out", tmp_path / "run") == 0
    assert train("--resume", tmp_path / "run", "--epochs", 2, "--out", tmp_path / "on") == 0
    assert_same_run(tmp_path / "on", two_epochs)
    assert len(checkpoints.load(tmp_path / "run" / "checkpoint.npz").progress.history) == 1  # left as it was


def test_resuming_a_finished_run_writes_its_report_again(two_epochs, tmp_path, capsys):
    shutil.copy(two_epochs / "checkpoint.npz", tmp_path)
    assert main(["train", "--resume", str(tmp_path)]) == 0
    assert "all epochs are done" in capsys.readouterr().out
    assert (tmp_path / "predictions.png").exists()
    assert_same_run(tmp_path, two_epochs)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--lr", "0.5"], "--lr 0.5 does not go with --resume"),
        (["--model", "cnn"], "--model cnn does not go with --resume"),
        (["--epochs", "1"], "behind the checkpoint"),
    ],
)
def test_what_resume_refuses(options, words, two_epochs, capsys):
    assert words in one_line(capsys, "train", "--resume", two_epochs, *options)


def test_resume_refuses_other_pictures(two_epochs, mnist, capsys):
    assert "other pictures" in one_line(capsys, "train", "--resume", two_epochs, "--data", f"mnist:{mnist}")


def test_out_never_overwrites_a_run(two_epochs, capsys):
    before = (two_epochs / "checkpoint.npz").read_bytes()
    assert "already holds a run" in one_line(capsys, "train", *FAST, "--out", two_epochs)
    assert (two_epochs / "checkpoint.npz").read_bytes() == before


# Checkpoint files that are not ours, or no longer


def test_a_truncated_checkpoint_is_one_line(two_epochs, tmp_path, capsys):
    whole = (two_epochs / "checkpoint.npz").read_bytes()
    path = tmp_path / "checkpoint.npz"
    for length in [0, 1, 3, 30, 100, len(whole) // 2, len(whole) - 30, len(whole) - 1]:
        path.write_bytes(whole[:length])
        assert "not a checkpoint" in one_line(capsys, "train", "--resume", path)


def test_a_flipped_byte_is_noticed(two_epochs, tmp_path, capsys):
    whole = bytearray((two_epochs / "checkpoint.npz").read_bytes())
    path = tmp_path / "checkpoint.npz"
    for place in range(60, len(whole), len(whole) // 15):
        damaged = whole.copy()
        damaged[place] ^= 0x55
        path.write_bytes(damaged)
        one_line(capsys, "train", "--resume", path)


def test_foreign_files_are_one_line(tmp_path, capsys):
    path = tmp_path / "checkpoint.npz"

    def about(**fields: object) -> np.ndarray:
        return np.frombuffer(json.dumps(fields).encode(), dtype=np.uint8)

    class Bomb:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "exploded"),))

    pickled = np.array([Bomb()], dtype=object)
    for arrays in [
        {"weights": np.zeros(3)},
        {"about": pickled},
        {"about": about(format="minitorch train checkpoint 1")},
        {"about": about(format="another program")},
        {"about": np.frombuffer(b"[1, 2", dtype=np.uint8)},
        {"about": np.frombuffer(b"[" * 100_000, dtype=np.uint8)},
    ]:
        np.savez(path, **arrays)
        assert "not a checkpoint" in one_line(capsys, "train", "--resume", path)
    np.savez_compressed(path, about=about())
    assert "compressed" in one_line(capsys, "train", "--resume", path)
    np.save(path.with_suffix(".npy"), np.zeros(3))
    one_line(capsys, "train", "--resume", path.with_suffix(".npy"))
    one_line(capsys, "train", "--resume", __file__)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda saved: saved.model.pop("1.weight"),
        lambda saved: saved.model.update({"1.bias": np.zeros(3, np.float32)}),
        lambda saved: saved.model.update({"1.bias": saved.model["1.bias"].astype(np.float64)}),
        lambda saved: saved.optimizer.clear(),
        lambda saved: saved.optimizer.update({"0/exp_avg": np.zeros(3, np.float32)}),
        lambda saved: saved.optimizer.update({"9/exp_avg": np.zeros((), np.float32)}),
        lambda saved: setattr(saved.progress, "steps", 10_000),
        lambda saved: setattr(saved.progress, "epochs", 1),
        lambda saved: setattr(saved.progress, "steps", -1),
        lambda saved: saved.progress.history[0].pop("test_loss"),
        lambda saved: object.__setattr__(saved.settings, "batch_size", -5),
        lambda saved: object.__setattr__(saved.settings, "model", "vgg"),
        lambda saved: object.__setattr__(saved.settings, "lr", "nan"),
    ],
)
def test_a_checkpoint_that_contradicts_itself(change, two_epochs, tmp_path, capsys):
    saved = checkpoints.load(two_epochs / "checkpoint.npz")
    change(saved)
    checkpoints.save(tmp_path / "checkpoint.npz", saved)
    one_line(capsys, "train", "--resume", tmp_path)


def test_a_failed_write_keeps_the_old_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail_halfway(file):
        file.write(b"ne")
        raise OSError(28, "No space left on device")

    with pytest.raises(Failure, match="file: cannot be written: No space left on device"):
        write_atomically(path, fail_halfway)
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


# The data


def idx_bytes(array: np.ndarray) -> bytes:
    """An IDX file of bytes."""
    return (
        bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.astype(np.uint8).tobytes()
    )


@pytest.fixture(scope="module")
def mnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the t10k files only: 300 of scikit-learn's digits in MNIST's format, the labels gzipped."""
    pictures = load_pictures("digits")
    folder = tmp_path_factory.mktemp("mnist")
    images, labels = pictures.train_images[:300] * np.uint8(15), pictures.train_labels[:300]
    (folder / "t10k-images-idx3-ubyte").write_bytes(idx_bytes(images))
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx_bytes(labels)))
    return folder


def test_one_part_of_mnist_is_split_without_overlap(mnist):
    pictures = load_pictures(f"mnist:{mnist}")
    assert "only the t10k files are there" in pictures.note
    assert len(pictures.train_labels) + len(pictures.test_labels) == 300
    assert set(pictures.train_labels) == set(pictures.test_labels) == set(range(10))
    for k in range(10):  # four to one in every class
        train_count, test_count = np.sum(pictures.train_labels == k), np.sum(pictures.test_labels == k)
        assert test_count == (train_count + test_count) // 5
    everything = np.concatenate([pictures.train_images, pictures.test_images])
    written = read_idx(mnist / "t10k-images-idx3-ubyte", ndim=3)
    assert sorted(image.tobytes() for image in everything) == sorted(image.tobytes() for image in written)
    assert pictures.fingerprint() == load_pictures(f"mnist:{mnist}").fingerprint()


def test_both_parts_of_mnist_keep_their_split(mnist, tmp_path):
    for part, count in (("train", 50), ("t10k", 30)):
        images = np.arange(count * 20, dtype=np.int64).reshape(count, 5, 4) % 256
        (tmp_path / f"{part}-images.idx3-ubyte.gz").write_bytes(gzip.compress(idx_bytes(images)))
        (tmp_path / f"{part}-labels.idx1-ubyte").write_bytes(idx_bytes(np.arange(count) % 7))
    pictures = load_pictures(f"mnist:{tmp_path}")
    assert pictures.train_images.shape == (50, 5, 4) and pictures.test_images.shape == (30, 5, 4)
    assert pictures.size == (5, 4) and pictures.classes == 7
    assert pictures.train_images[1, 2, 3] == 20 + 2 * 4 + 3


@pytest.mark.parametrize("zipped", [False, True])
def test_damaged_idx_files_are_one_line(zipped, tmp_path, mnist, capsys):
    labels, path = (mnist / "t10k-labels-idx1-ubyte.gz").read_bytes(), tmp_path / "t10k-images-idx3-ubyte"
    (tmp_path / "t10k-labels-idx1-ubyte.gz").write_bytes(labels)
    whole = (mnist / "t10k-images-idx3-ubyte").read_bytes()
    pack = gzip.compress if zipped else bytes
    for content, words in [
        (pack(whole[:3]), "not an IDX file"),
        (pack(whole[:10]), "truncated"),
        (pack(whole[:-1]), "truncated"),
        (pack(whole + b"x"), "goes on after"),
        (pack(b"\0\0\x08\x03" + b"\xff" * 12), "truncated"),
        (pack(b"\x89PNG\r\n\x1a\n" + bytes(100)), "not an IDX file"),
        (pack(gzip.decompress(labels)), "expected an IDX file of bytes with 3"),
        (pack(whole[:2] + b"\x0d" + whole[3:]), "type 0x0d"),
        (pack(idx_bytes(np.zeros((300, 3, 9)))), "smaller than 4"),
        (pack(idx_bytes(np.zeros((299, 8, 8)))), "299 pictures in t10k-images-idx3-ubyte, but 300 labels"),
        (gzip.compress(whole)[:-2000], "gzip stream"),
        (b"\x1f\x8b" + bytes(50), "gzip"),
    ]:
        path.write_bytes(content)
        assert words in one_line(capsys, "train", "--data", f"mnist:{tmp_path}")


def test_folders_without_mnist(tmp_path, mnist, capsys):
    assert "no such folder" in one_line(capsys, "train", "--data", f"mnist:{tmp_path / 'none'}")
    assert "not a folder" in one_line(capsys, "train", "--data", f"mnist:{__file__}")
    assert "no MNIST files" in one_line(capsys, "train", "--data", f"mnist:{tmp_path}")
    shutil.copy(mnist / "t10k-images-idx3-ubyte", tmp_path)
    assert "t10k-labels-idx1-ubyte is not" in one_line(capsys, "train", "--data", f"mnist:{tmp_path}")
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx_bytes(np.zeros(2)))
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx_bytes(np.zeros((2, 8, 8))))
    assert "too few pictures" in one_line(capsys, "train", "--data", f"mnist:{tmp_path}")


# Options


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--epochs", "0"], "--epochs"),
        (["--epochs", "-3"], "whole number from 1"),
        (["--epochs", "1.5"], "whole number"),
        (["--batch-size", "-1"], "--batch-size"),
        (["--lr", "-0.1"], "above 0"),
        (["--lr", "nan"], "finite"),
        (["--lr", "inf"], "finite"),
        (["--lr", "fast"], "'fast'"),
        (["--seed", "-1"], "--seed"),
        (["--device", "tpu"], "unknown device 'tpu'"),
        (["--device", "cuda:x"], "unknown device"),
        (["--device", "cuda:999"], "cuda:999 cannot be used"),
        (["--model", "vgg"], "mlp, cnn or lstm"),
        (["--optimizer", "lion"], "sgd or adam"),
        (["--data", "cifar"], "digits or mnist:DIR"),
        (["--data", "mnist"], "mnist needs its folder"),
        (["--data", "mnist:"], "mnist needs its folder"),
        (["--bogus"], "unrecognized arguments: --bogus"),
        (["--epoch", "3"], "unrecognized arguments: --epoch"),  # no guessing
        (["stray"], "stray"),
        (["--resume", "no/such/run"], "no such file or folder"),
        (["--resume", ""], "expected a path"),
        (["--resume", "x" * 5000], "name too long"),
        (["--resume", str(ROOT / "tests")], "holds no checkpoint.npz"),
        (["--out", __file__], "a file, where --out needs a folder"),
        (["--out", __file__ + "/below"], "no folder can be made there"),
    ],
)
def test_bad_options_are_one_line(argv, words, capsys):
    assert words.lower() in one_line(capsys, "train", *argv).lower()


def test_control_characters_in_a_name_cannot_break_the_line(capsys):
    assert "\\n" in one_line(capsys, "train", "--resume", "no\nsuch\x1b[31mfile")
    complain("minitorch", "caf\u00e9")
    assert capsys.readouterr().err == "minitorch: error: caf\u00e9\n"


@pytest.mark.filterwarnings("ignore::RuntimeWarning:minitorch")  # overflow is silent as in torch; pytest resets that
def test_divergence_ends_with_exit_code_1_and_a_line(tmp_path, capsys):
    assert train("--optimizer", "sgd", "--lr", "1e30", "--out", tmp_path) == 1
    assert re.fullmatch(
        r"minitorch train: error: the loss became (nan|inf) at epoch 1, step \d+: .*\n", capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("module", "package"), [("tqdm", "tqdm"), ("matplotlib", "matplotlib"), ("sklearn", "scikit-learn")]
)
def test_a_missing_package_names_the_command(module, package, tmp_path, monkeypatch, capsys):
    for name in [name for name in sys.modules if name.split(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    error = one_line(capsys, "train", "--out", tmp_path / "run")
    assert f"{package} is not installed: pip install 'minitorch-engine[demo]'" in error
    assert not (tmp_path / "run").exists()


# The other commands


def test_version_and_help(capsys):
    import minitorch

    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"minitorch {minitorch.__version__}\n"
    assert main([]) == 0 and main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(out.count(command.summary) == 2 for command in COMMANDS)
    for name in ("train", "info"):
        assert main([name, "--help"]) == 0
        assert f"usage: minitorch {name}" in capsys.readouterr().out


def test_unknown_commands(capsys):
    assert "did you mean 'train'?" in one_line(capsys, "trian")
    assert "choose from train, run, learn, info, parity" in one_line(capsys, "zzz")
    assert "--what" in one_line(capsys, "--what")


def test_info_names_what_computes(capsys):
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    for word in ("minitorch", "python", "numpy", "scipy", "cupy", "BLAS", "BLAS threads", "GPU", "cpu kernels"):
        assert re.search(rf"^{word} +\S", out, re.MULTILINE), word
    assert "(see" in one_line(capsys, "info", "--bogus")


def test_info_without_threadpoolctl(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "threadpoolctl", None)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "threadpoolctl" else find(name))
    assert main(["info"]) == 0
    assert "OMP_NUM_THREADS=3" in capsys.readouterr().out


def test_parity_gets_the_arguments_or_says_what_it_needs(monkeypatch, capsys):
    from types import ModuleType

    program = ModuleType("parity.__main__")
    program.main = lambda argv: 7 if argv == ["--op", "add", "--help"] else 0
    monkeypatch.setitem(sys.modules, "parity", ModuleType("parity"))
    monkeypatch.setitem(sys.modules, "parity.__main__", program)
    assert main(["parity", "--op", "add", "--help"]) == 7
    monkeypatch.setitem(sys.modules, "parity.__main__", None)
    assert "source checkout" in one_line(capsys, "parity")


def test_commands_are_imported_only_when_used():
    code = (
        "import sys, minitorch.cli; minitorch.cli.main(['--version']);"
        "names = ('sklearn', 'matplotlib', 'tqdm', 'torch', 'minitorch.cli.train', 'minitorch.cli.info');"
        "print([name for name in names if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"


# Numbers and terminals


def test_class_table_by_hand():
    labels, predictions = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 0, 0])
    rows = [line.split() for line in class_table(labels, predictions, classes=4)]
    assert rows[1:] == [
        ["0", "50.0", "%", "66.7", "%", "3"],
        ["1", "50.0", "%", "50.0", "%", "2"],
        ["2", "-", "0.0", "%", "1"],
        ["3", "-", "-", "0"],
    ]
    assert accuracy_line(labels, predictions) == "test accuracy 50.00 % (3 of 6)"


@pytest.mark.skipif(os.name == "nt", reason="no pseudo-terminals on Windows")
def test_a_terminal_gets_a_bar_without_colors(tmp_path):
    import pty

    parent, child = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "1"}
    argv = [*COMMAND, "train", *FAST, "--epochs", "2", "--out", str(tmp_path / "run")]
    process = subprocess.Popen(argv, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=child)
    os.close(child)
    shown = b""
    while True:
        try:
            piece = os.read(parent, 4096)
        except OSError:  # how Linux says that the other side has closed
            break
        if not piece:
            break
        shown += piece
    os.close(parent)
    assert process.communicate()[0].count(b"epoch") == 2 and process.returncode == 0
    assert b"\r" in shown and f"/{2 * STEPS}".encode() in shown and b"\x1b" not in shown


def test_history_is_the_mean_over_all_pictures(mnist):
    """With a learning rate of nearly zero the mean over an epoch's steps is the loss of the untrained model."""
    pictures = load_pictures(f"mnist:{mnist}")
    options = {"model": "lstm", "lr": 1e-12, "epochs": 1, "batch_size": 100}  # 242 pictures: batches of unequal size
    trainer = Trainer(Settings.from_options(options), pictures, "cpu")
    assert trainer.train_epoch(lambda: False, lambda loss: None)
    row = trainer.progress.history[0]
    trainer.test_images, trainer.test_labels = trainer.images, trainer.labels
    loss, predictions = trainer.test()
    assert row["train_loss"] == pytest.approx(loss, rel=1e-5)
    assert row["train_accuracy"] == pytest.approx(np.mean(predictions == pictures.train_labels))
