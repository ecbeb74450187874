"""Tools for parameters, gradients and sequences; names are torch.nn.utils'."""

from minitorch.nn.utils import rnn

__all__ = ["rnn"]
