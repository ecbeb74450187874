"""Pictures that explain: HTML and SVG with no library and no network, in the light and in the dark, by keyboard too."""

from minitorch.viz.convolution import conv
from minitorch.viz.curves import gradcheck_curve, paths
from minitorch.viz.images import grid
from minitorch.viz.memory import strides, versions
from minitorch.viz.networks import activations, attention, rnn
from minitorch.viz.page import Picture
from minitorch.viz.shapes import broadcast
from minitorch.viz.tape import Tape, tape

__all__ = [
    "Picture", "Tape", "activations", "attention", "broadcast", "conv", "gradcheck_curve", "grid", "paths", "rnn",
    "strides", "tape", "versions",
]  # fmt: skip
