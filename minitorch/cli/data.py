"""Pictures of digits to learn from: scikit-learn's bundled 8 x 8 set, or MNIST files in a folder.

Hands out NumPy arrays and says in `note` where they come from and how they were split; knows nothing of models.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from minitorch.cli.console import Failure, require
from minitorch.cli.idx import read_idx

SMALLEST_SIDE = 4  # two poolings by 2 must leave something
RAW_FOLDERS = ("", "raw", "MNIST/raw")  # the files themselves, or a folder that torchvision made
TEST_SHARE = 5  # one picture in five is kept for the test where the data come in one piece


@dataclass(frozen=True)
class Pictures:
    """Train and test pictures (N, H, W) as bytes up to `white`, with labels (N,) below `classes`."""

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    white: int
    note: str

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of every picture."""
        return self.train_images.shape[1], self.train_images.shape[2]

    @property
    def classes(self) -> int:
        """The number of classes: labels run from 0 to classes - 1."""
        return int(max(self.train_labels.max(), self.test_labels.max())) + 1

    def fingerprint(self) -> str:
        """A hash of all pictures and labels: a run is resumed only on the data it was started with."""
        digest = hashlib.sha256()
        for array in (self.train_images, self.train_labels, self.test_images, self.test_labels):
            digest.update(repr(array.shape).encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def load_pictures(name: str) -> Pictures:
    """The data that `--data` names: `digits` or `mnist:DIR`."""
    kind, _, folder = name.partition(":")
    pictures = _load_digits() if kind == "digits" else _load_mnist(Path(folder))
    if len(pictures.train_labels) == 0 or len(pictures.test_labels) == 0:
        raise Failure(f"{name}: too few pictures to learn from: {pictures.note}")
    return pictures


def scaled(images: np.ndarray, white: int) -> np.ndarray:
    """Bytes (N, H, W) as float32 (N, 1, H, W) between 0 and 1."""
    return (images.astype(np.float32) / np.float32(white))[:, None]


def _load_digits() -> Pictures:
    """The 1797 handwritten digits that come with scikit-learn (UCI Optical Recognition of Handwritten Digits)."""
    bunch = require("sklearn.datasets", "scikit-learn").load_digits()
    images, labels = bunch.images.astype(np.uint8), bunch.target.astype(np.uint8)
    return _split(images, labels, white=16, origin="scikit-learn's digits")


def _load_mnist(folder: Path) -> Pictures:
    """MNIST from its IDX files: the given split where both parts are there, else our own split of the one part."""
    if not folder.is_dir():
        raise Failure(f"{folder}: {'not a folder' if folder.exists() else 'no such folder'}")
    train, test = _read_part(folder, "train"), _read_part(folder, "t10k")
    if train and test:
        if train[0].shape[1:] != test[0].shape[1:]:
            raise Failure(f"{folder}: train pictures are {train[0].shape[1:]}, test pictures {test[0].shape[1:]}")
        note = f"MNIST files: {len(train[1])} to learn from, {len(test[1])} for the test"
        return Pictures(*train, *test, white=255, note=note)
    for part, name in ((train, "train"), (test, "t10k")):
        if part:
            return _split(*part, white=255, origin=f"MNIST files (only the {name} files are there)")
    raise Failure(f"{folder}: no MNIST files (train-images-idx3-ubyte, t10k-images-idx3-ubyte, with or without .gz)")


def _read_part(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Images (N, H, W) and labels (N,) of `train` or `t10k`; None if the folder has no such images."""
    images_at = _find(folder, f"{part}-images", "idx3-ubyte")
    if images_at is None:
        return None
    labels_at = _find(folder, f"{part}-labels", "idx1-ubyte")
    if labels_at is None:
        raise Failure(f"{folder}: {images_at.name} is there, but {part}-labels-idx1-ubyte is not")
    images, labels = read_idx(images_at, ndim=3), read_idx(labels_at, ndim=1)
    if len(images) != len(labels):
        raise Failure(f"{folder}: {len(images)} pictures in {images_at.name}, but {len(labels)} labels")
    if min(images.shape[1:]) < SMALLEST_SIDE:
        raise Failure(f"{images_at}: pictures of {images.shape[1]} x {images.shape[2]}, smaller than {SMALLEST_SIDE}")
    return images, labels


def _find(folder: Path, stem: str, ending: str) -> Path | None:
    """The file of that name in one of its usual spellings and places."""
    for place in RAW_FOLDERS:
        for joint in "-.":
            for suffix in ("", ".gz"):
                path = folder / place / f"{stem}{joint}{ending}{suffix}"
                if path.is_file():
                    return path
    return None


def _split(images: np.ndarray, labels: np.ndarray, white: int, origin: str) -> Pictures:
    """Keep every fifth picture of each class for the test: the same split everywhere, whatever the seed."""
    order = np.argsort(labels, kind="stable")
    _, starts, counts = np.unique(labels[order], return_index=True, return_counts=True)
    rank = np.empty(len(labels), dtype=np.int64)  # how many pictures of its class come before each picture
    rank[order] = np.arange(len(labels)) - np.repeat(starts, counts)
    test = rank % TEST_SHARE == TEST_SHARE - 1
    note = f"{origin}: {int((~test).sum())} to learn from, {int(test.sum())} (every fifth of each class) for the test"
    return Pictures(images[~test], labels[~test], images[test], labels[test], white=white, note=note)
