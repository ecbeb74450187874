"""torch.utils.model_zoo's names."""

from minitorch.absent import absent_function
from minitorch.left_out import NOT_DOWNLOADED

__all__ = ["load_url"]

load_url = absent_function("utils.model_zoo.load_url", NOT_DOWNLOADED)
