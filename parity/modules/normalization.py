"""Normalization layers: running statistics, weights or none, lazy ones."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from parity.module_spec import Layer, bad_layer, layer, module
from parity.spec import In

NARROW = {"float32": (2e-4, 2e-5)}
WHY = "sums over a few values of float32, divided by their small differences; second derivatives magnify"


def on(shapes: tuple, *layers: Layer) -> Any:
    return st.sampled_from([one.on(In(shape)) for one in layers for shape in shapes])


def settings(*first: Any) -> tuple[Layer, ...]:
    return (
        layer(*first), layer(*first, eps=1e-3, momentum=0.3), layer(*first, momentum=None),
        layer(*first, affine=False), layer(*first, bias=False), layer(*first, track_running_stats=False),
        layer(*first, 1e-2, 0.2, True, True),
    )  # fmt: skip


BATCH = {1: ((4, 3), (2, 3, 5)), 2: ((2, 3, 4, 2),), 3: ((2, 3, 2, 2, 3),)}
SINGLE = {1: (3, 5), 2: (3, 4, 2), 3: (3, 2, 2, 3)}
for k in (1, 2, 3):
    wrong = In((3,) * (k + 4))
    module(
        f"nn.BatchNorm{k}d", on(BATCH[k], *settings(3)), tolerance=NARROW, why=WHY,
        errors=(
            bad_layer(f"{k + 2}D input", layer(3).on(wrong)),
            bad_layer("should contain 3 elements", layer(4).on(In(BATCH[k][-1]))),
            bad_layer("more than 1 value per channel", layer(3).on(In((1, 3, *[1] * k)))),
        ),
    )  # fmt: skip
    module(f"nn.LazyBatchNorm{k}d", on(BATCH[k], *settings()), tolerance=NARROW, why=WHY,
           errors=(bad_layer(f"{k + 2}D input", layer().on(wrong)),))  # fmt: skip
    always = (layer(3, affine=True), layer(3, affine=True, track_running_stats=True, momentum=None))
    module(
        f"nn.InstanceNorm{k}d", on((BATCH[k][-1], SINGLE[k]), *settings(3), *always), tolerance=NARROW, why=WHY,
        errors=(
            bad_layer(f"{k + 1}D or {k + 2}D input", layer(3).on(wrong)),
            bad_layer("to match num_features (4)", layer(4, affine=True).on(In(BATCH[k][-1]))),
            bad_layer("more than 1 spatial element", layer(3).on(In((2, 3, *[1] * k)))),
        ),
    )  # fmt: skip
    # with weights torch's forgets num_features when it is loaded: tests/nn/test_layers.py
    module(f"nn.LazyInstanceNorm{k}d", on((BATCH[k][-1],), layer(affine=False), layer(1e-3, 0.3, False, False)),
           tolerance=NARROW, why=WHY)  # fmt: skip

module(
    "nn.SyncBatchNorm", on((*BATCH[1], *BATCH[3]), *settings(3)), tolerance=NARROW, why=WHY,
    errors=(bad_layer("at least 2D input", layer(3).on(In((3,)))),
            bad_layer("should be non-zero", layer(0).on(In((2, 0, 3))))),
)  # fmt: skip

ROWS = ((2, 3, 4), (3, 4))
module(
    "nn.LayerNorm",
    on(ROWS, layer(4), layer([3, 4]), layer((4,), 1e-3), layer(4, elementwise_affine=False), layer(4, bias=False)),
    tolerance=NARROW, why=WHY,
    errors=(bad_layer("expected input with shape", layer(5).on(In((2, 4)))),),
)  # fmt: skip
module(
    "nn.RMSNorm", on(ROWS, layer(4), layer((3, 4)), layer([4], eps=1e-3), layer(4, elementwise_affine=False)),
    tolerance=NARROW, why=WHY,
    errors=(bad_layer("expected input with shape", layer((5,)).on(In((2, 4)))),),
)  # fmt: skip
module(
    "nn.GroupNorm",
    on(((2, 4, 3), (3, 4), (2, 4, 2, 3)), layer(2, 4), layer(4, 4, 1e-3), layer(1, 4, affine=False),
       layer(2, 4, bias=False)),
    tolerance=NARROW, why=WHY,
    errors=(bad_layer("must be divisible by num_groups", layer(3, 4)),
            bad_layer("", layer(2, 4).on(In((2, 6, 3))))),
)  # fmt: skip
module(
    "nn.LocalResponseNorm",
    on(((2, 5, 3), (2, 5, 2, 3)), layer(2), layer(3, 0.5), layer(4, alpha=0.3, beta=0.6, k=2.0)),
    errors=(bad_layer("Expected 3D or higher", layer(2).on(In((2, 3)))),),
)  # fmt: skip
# order 0: torch's gradient is not the derivative of its values, see tests/nn/test_layers.py
module("nn.CrossMapLRN2d", on(((2, 7, 2, 3), (1, 2, 3, 1)), layer(3), layer(5, 0.5), layer(4, 0.3, beta=0.6, k=2.0)),
       order=0, errors=(bad_layer("Expected input to be 4D", layer(3).on(In((2, 3, 4)))),))  # fmt: skip
