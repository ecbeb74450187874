"""Tools around training; names are torch.utils'."""
