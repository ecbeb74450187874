"""Arrays and where they live: dtypes and promotion, devices and their kernels, random streams.

The lowest layer. It knows arrays only, nothing of tensors or gradients; it alone may mention cupy or numba.
"""

from minitorch.backend import cuda
from minitorch.backend.device import (
    Backend,
    backend_of,
    device,
    device_of,
    in_use,
    kernels_of,
    register_backend,
    seed_devices,
    special_of,
    to_device,
    to_host,
    unregister_backend,
    xp_of,
)

__all__ = [
    "Backend", "backend_of", "cuda", "device", "device_of", "in_use", "kernels_of", "register_backend", "seed_devices",
    "special_of", "to_device", "to_host", "unregister_backend", "xp_of",
]  # fmt: skip
