"""Freed memory is kept: a second block of the same size costs no page faults, unless the user chose otherwise."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource
import numpy as np
import minitorch as mt
if {told}:
    mt.ones(2, 2).softmax(1)  # the first kernel
def step():
    np.ones(3 << 20, "uint8")
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
first, later = step(), [step() for _ in range(8)]
print(later[-1] - first)
"""


def faults(told: bool, **environment: str) -> int:
    variables = {**os.environ, "PYTHONPATH": os.getcwd(), **environment}
    done = subprocess.run(
        [sys.executable, "-c", FAULTS.format(told=told)], env=variables, capture_output=True, text=True, check=True
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")
def test_freed_memory_is_kept_from_the_first_kernel_on() -> None:
    assert faults(True) < 100
    kept_by_the_user = faults(True, MALLOC_TRIM_THRESHOLD_="131072", MALLOC_MMAP_THRESHOLD_="131072")
    assert kept_by_the_user > 8 * 700  # 3 MB are 768 pages: each time, all of them
