"""`skip_init`: a module whose parameters are not initialized."""

from __future__ import annotations

import inspect
from typing import Any

from minitorch.nn.modules import Module
from minitorch.tensor.random import get_rng_state, set_rng_state


def skip_init(module_cls: type, *args: Any, **kwargs: Any) -> Any:
    """module_cls(*args, **kwargs) without drawing random numbers: values are to be set by the caller.

    torch leaves the memory as it is; here there are values, but the generator's state is as before.
    """
    if not issubclass(module_cls, Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    state = get_rng_state()
    try:
        return module_cls(*args, **kwargs)
    finally:
        set_rng_state(state)
