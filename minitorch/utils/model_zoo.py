"""torch.utils.model_zoo's names."""

from typing import Any

from minitorch.absent import absent_function
from minitorch.left_out import NOT_DOWNLOADED, hub

__all__ = ["load_url"]

load_url = absent_function("utils.model_zoo.load_url", NOT_DOWNLOADED)


def __getattr__(name: str) -> Any:
    if name == "tqdm":
        return hub.tqdm
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
