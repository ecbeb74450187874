"""Freed memory is kept for the next step of training, where the C library is glibc.

A step allocates what the step before it freed. glibc gives large blocks back to the system at once, and takes them
again one page fault per 4 KB: in a training step of an LSTM or a small convolutional network a tenth to a quarter of
the time. How long it keeps them grows with the largest block freed so far, so that speed depended on what ran before.
"""

from __future__ import annotations

import ctypes
import os

KEPT = 256 << 20  # bytes at the heap's end
IN_HEAP = 32 << 20  # larger blocks stay mappings of their own (the most that glibc allows)
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h


def keep_freed_memory() -> bool:
    """Tell glibc, unless the user has (see mallopt(3)); False if it was not told."""
    if any(name in os.environ for name in ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")):
        return False
    try:
        libc = ctypes.CDLL(None)
        libc.gnu_get_libc_version  # noqa: B018 - other C libraries have a mallopt, too, with other parameters
    except (AttributeError, OSError, TypeError):  # TypeError: Windows has no library that is called None
        return False
    return bool(libc.mallopt(_TRIM_THRESHOLD, KEPT) and libc.mallopt(_MMAP_THRESHOLD, IN_HEAP))
