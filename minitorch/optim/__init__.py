"""Optimizers: fused in-place updates of parameters from their gradients. Names and states are torch.optim's."""

from minitorch.optim.adam import Adam
from minitorch.optim.optimizer import Optimizer
from minitorch.optim.sgd import SGD

__all__ = ["Adam", "Optimizer", "SGD"]
