"""The tape: recording operations on tensors and running them backwards. Public names are torch.autograd's.

Layers from below: modes (who records), base (what a tensor is to the tape), node (the tape's entries), saved (what
they keep), op and dispatch (how a function on arrays becomes an operation), engine (the backward pass), views
(in-place and views), function (the user's own operations).
"""

from minitorch.autograd import composed as _composed  # noqa: F401 - tells saved.py how to differentiate references
from minitorch.autograd import functional, graph
from minitorch.autograd.anomaly import detect_anomaly, set_detect_anomaly
from minitorch.autograd.api import backward, grad
from minitorch.autograd.function import Function
from minitorch.autograd.gradcheck import gradcheck, gradgradcheck
from minitorch.autograd.modes import (
    enable_grad,
    inference_mode,
    is_multithreading_enabled,
    no_grad,
    set_grad_enabled,
    set_multithreading_enabled,
)
from minitorch.autograd.variable import Variable

__all__ = [
    "Function", "Variable", "backward", "detect_anomaly", "enable_grad", "functional", "grad", "gradcheck",
    "gradgradcheck", "graph", "inference_mode", "is_multithreading_enabled", "no_grad", "set_detect_anomaly",
    "set_grad_enabled", "set_multithreading_enabled",
]  # fmt: skip
