"""What the examples share: their command line, a progress bar, the handwritten digits, pictures as text."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import minitorch as mt


def options(description: str | None, **settings: Any) -> argparse.Namespace:
    """The command line: one option for each setting, given as (value, value with --quick)."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a run of a second or two, to see that it works")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers (default: 0)")
    for name, (full, quick) in settings.items():
        text = f"default: {full}, with --quick: {quick}"
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(full), metavar="N", help=text)
    args = parser.parse_args()
    for name, (full, quick) in settings.items():
        if getattr(args, name) is None:
            setattr(args, name, quick if args.quick else full)
    mt.manual_seed(args.seed)
    return args


def progress(steps: Iterable[Any], label: str = "") -> Iterator[Any]:
    """The steps, with a bar on the error stream: tqdm's if it is installed, else a plain count."""
    try:
        from tqdm import tqdm
    except ImportError:
        steps = list(steps)
        for done, step in enumerate(steps, 1):
            yield step
            print(f"\r{label} {done}/{len(steps)}", end="" if done < len(steps) else "\n", file=sys.stderr, flush=True)
    else:
        yield from tqdm(steps, desc=label, leave=False)


def digits(train: int = 1400) -> tuple[mt.Tensor, mt.Tensor, mt.Tensor, mt.Tensor]:
    """scikit-learn's 1,797 digits of 8 x 8 in a fixed random order: images and labels to train with, then to test."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    order = mt.randperm(len(labels), generator=mt.Generator().manual_seed(0))
    x = (mt.from_numpy(images).float() / 16).reshape(-1, 1, 8, 8)[order]
    y = mt.from_numpy(labels)[order]
    return x[:train], y[:train], x[train:], y[train:]


def batches(n: int, size: int) -> Iterator[mt.Tensor]:
    """Indices of 0 .. n-1 in random order, `size` at a time."""
    return iter(mt.randperm(n).split(size))


@mt.no_grad()
def accuracy(net: mt.nn.Module, x: mt.Tensor, y: mt.Tensor) -> float:
    """The share of right answers in eval mode."""
    training = net.training
    net.eval()
    right = (net(x).argmax(-1) == y).float().mean().item()
    net.train(training)
    return right


def parameters(net: mt.nn.Module) -> str:
    return f"{sum(p.numel() for p in net.parameters()):,} parameters"


def drawn(images: mt.Tensor) -> str:
    """Gray pictures (N, H, W) with values from 0 to 1, side by side, as text."""
    shades = " .:-=+*#%@"
    rows = (images.clamp(0, 0.999) * len(shades)).long().permute(1, 0, 2).tolist()
    return "\n".join("  ".join("".join(shades[v] * 2 for v in part) for part in row) for row in rows)
