"""The layers: state and a `forward` that calls minitorch.nn.functional."""

from minitorch.nn.modules.activation import ReLU
from minitorch.nn.modules.container import ModuleDict, ModuleList, Sequential
from minitorch.nn.modules.conv import Conv1d, Conv2d, Conv3d
from minitorch.nn.modules.dropout import Dropout
from minitorch.nn.modules.flatten import Flatten
from minitorch.nn.modules.linear import Identity, Linear
from minitorch.nn.modules.loss import CrossEntropyLoss
from minitorch.nn.modules.module import Module
from minitorch.nn.modules.pooling import MaxPool1d, MaxPool2d, MaxPool3d
from minitorch.nn.modules.rnn import LSTM

__all__ = [
    "Conv1d", "Conv2d", "Conv3d", "CrossEntropyLoss", "Dropout", "Flatten", "Identity", "LSTM", "Linear", "MaxPool1d",
    "MaxPool2d", "MaxPool3d", "Module", "ModuleDict", "ModuleList", "ReLU", "Sequential",
]  # fmt: skip
