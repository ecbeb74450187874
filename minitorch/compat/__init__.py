"""Running PyTorch scripts: after `install()`, `import torch` and everything below it means minitorch.

    import minitorch.compat
    minitorch.compat.install()
    import torch.nn as nn          # minitorch.nn

`minitorch run script.py` does this for a script that knows nothing of minitorch. A name that minitorch lacks raises
the error that PyTorch would raise for an unknown name, and says what was meant. Nothing here is imported by
`import minitorch`.
"""

from minitorch.compat.finder import install, is_installed, uninstall
from minitorch.compat.version import TORCH_VERSION, TorchVersion

__all__ = ["TORCH_VERSION", "TorchVersion", "install", "is_installed", "uninstall"]
