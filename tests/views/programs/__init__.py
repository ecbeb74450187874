"""The programs by family; importing this package registers them all in `harness.PROGRAMS`."""

from . import (
    assignment,
    backward,
    detached,
    gradients,
    hooks,
    leaves,
    metadata,
    multi_output,
    refused,
    through_views,
    tracked,
    view_kinds,
)

__all__ = [
    "assignment",
    "backward",
    "detached",
    "gradients",
    "hooks",
    "leaves",
    "metadata",
    "multi_output",
    "refused",
    "through_views",
    "tracked",
    "view_kinds",
]
