"""Dropout layers, and those that only change the shape."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from parity.module_spec import Layer, bad_layer, layer, module
from parity.spec import In

SETTINGS = (layer(), layer(0.3), layer(p=0.7, inplace=True), layer(1.0), layer(0.0))
TOO_LIKELY = tuple(bad_layer("between 0 and 1", layer(p)) for p in (1.5, -0.1))


def dropped(*shapes: tuple[int, ...], settings: tuple[Layer, ...] = SETTINGS) -> Any:
    return st.sampled_from([one.on(In(shape)) for one in settings for shape in shapes])


module("nn.Dropout", dropped((3, 4), (2, 3, 4, 2), (0, 2)), random=True, errors=TOO_LIKELY)
module("nn.Dropout1d", dropped((2, 5, 3), (7, 2)), random=True,
       errors=(*TOO_LIKELY, bad_layer("Expected 2D or 3D input", layer().on(In((3,))))))  # fmt: skip
module("nn.Dropout2d", dropped((2, 5, 3, 2), (2, 5, 3)), random=True, errors=TOO_LIKELY)
module("nn.Dropout3d", dropped((2, 5, 2, 3, 2), (5, 2, 3, 2)), random=True, errors=TOO_LIKELY)
module("nn.AlphaDropout", dropped((3, 4), (2, 3, 4)), random=True, errors=TOO_LIKELY)
module("nn.FeatureAlphaDropout", dropped((3, 4), (2, 5, 4, 2)), random=True, errors=TOO_LIKELY)

module("nn.Flatten", st.sampled_from([layer().on(In((2, 3, 4))), layer(0, 1).on(In((2, 3, 4))),
                                      layer(start_dim=2, end_dim=-1).on(In((2, 0, 3, 2)))]))  # fmt: skip
module(
    "nn.Unflatten",
    st.sampled_from([layer(1, (2, -1)).on(In((3, 4))), layer(dim=-1, unflattened_size=[2, 1, 2]).on(In((3, 4)))]),
    errors=(
        bad_layer("must be a tuple of ints", layer(1, 5)),
        bad_layer("at pos 1", layer(1, (2, 1.0))),
        bad_layer("", layer(1, (2, 3)).on(In((2, 5)))),
    ),
)
