"""Tools for parameters, gradients and sequences; names are torch.nn.utils'."""
