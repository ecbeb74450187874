"""Tools for tests: `assert_close` and `make_tensor`. Names are torch.testing's."""

from minitorch.testing.comparison import assert_close
from minitorch.testing.creation import make_tensor

__all__ = ["assert_close", "make_tensor"]
