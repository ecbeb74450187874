"""Small namespaces that torch scripts set and ask: threads, determinism, `backends.cudnn`, `backends.mps`, `version`.

NumPy and CuPy decide about threads and algorithms; what is set here and can't be passed on is remembered and told
again, so that a script that sets and reads it behaves.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from minitorch.backend import threads

_threads: list[int | None] = [None, None]  # within an operation, between operations
_deterministic = [False, False]  # use_deterministic_algorithms, warn_only
_precision = ["highest"]


def _limits() -> Any:
    """threadpoolctl's controller of the BLAS and OpenMP libraries in use; None if it is not installed."""
    try:
        import threadpoolctl
    except ImportError:
        return None
    return threadpoolctl.ThreadpoolController()


def _check_threads(op: str, n: Any) -> int:
    if isinstance(n, bool) or not isinstance(n, int):
        raise TypeError(f"{op} expects an int, but got {type(n).__name__}")
    if n < 1:
        raise RuntimeError(f"{op} expects a positive number of threads, got {n}")
    return n


def set_num_threads(n: int) -> None:
    """Use `n` threads in compiled kernels, and in matrix products (through threadpoolctl where it is installed)."""
    _threads[0] = _check_threads("set_num_threads", n)
    threads.set_number(n)
    controller = _limits()
    if controller is not None:
        controller.limit(limits=n)


def get_num_threads() -> int:
    """The number of threads in use for matrix products: the one set, else the library's, else the number of cores."""
    if _threads[0] is not None:
        return _threads[0]
    controller = _limits()
    found = [info["num_threads"] for info in controller.info()] if controller is not None else []
    return max(found, default=os.cpu_count() or 1)


def set_num_interop_threads(n: int) -> None:
    """Remembered; operations run one after the other here."""
    _threads[1] = _check_threads("set_num_interop_threads", n)


def get_num_interop_threads() -> int:
    """The number that set_num_interop_threads was given, else 1."""
    return _threads[1] or 1


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Remembered. All operations on the CPU are deterministic; on CUDA, scattered additions may not be."""
    _deterministic[:] = [bool(mode), bool(warn_only)]


def are_deterministic_algorithms_enabled() -> bool:
    """What use_deterministic_algorithms was given."""
    return _deterministic[0]


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """The warn_only that use_deterministic_algorithms was given."""
    return _deterministic[1]


def set_float32_matmul_precision(precision: str) -> None:
    """Remembered: matrix products are computed in the full precision of float32 ("highest")."""
    if precision not in ("highest", "high", "medium"):
        raise RuntimeError(f"set_float32_matmul_precision: expected one of highest, high, medium, got {precision!r}")
    _precision[0] = precision


def get_float32_matmul_precision() -> str:
    """What set_float32_matmul_precision was given."""
    return _precision[0]


class Switches(SimpleNamespace):
    """Flags of a library that isn't used here: they hold what is set and change nothing."""

    def is_available(self) -> bool:
        """Never: the library isn't used."""
        return False

    def is_built(self) -> bool:
        return False

    @contextlib.contextmanager
    def flags(self, **values: Any) -> Iterator[None]:
        """Set flags inside a `with` block."""
        before = dict(vars(self))
        vars(self).update(values)
        try:
            yield
        finally:
            vars(self).clear()
            vars(self).update(before)


def _cudnn_version() -> None:
    return None


cudnn = Switches(
    enabled=True, benchmark=False, deterministic=False, allow_tf32=True, benchmark_limit=10, version=_cudnn_version
)
mps = Switches()
mkldnn = Switches(enabled=True)
mkl = Switches()
openmp = Switches()
cuda = SimpleNamespace(
    matmul=SimpleNamespace(
        allow_tf32=False,
        allow_fp16_reduced_precision_reduction=True,
        allow_bf16_reduced_precision_reduction=True,
        fp32_precision="none",
    ),
    is_built=lambda: False,
)
opt_einsum = Switches(enabled=True, strategy="auto")
quantized = Switches(engine="none", supported_engines=["none"])
nnpack = Switches()


def _attention_switch(kind: str) -> None:
    """torch.backends.cuda's switch of one kernel of scaled dot-product attention: there is one formula for all."""
    enabled = [True]

    def enable(enabled_: bool) -> None:
        enabled[0] = bool(enabled_)

    setattr(cuda, f"enable_{kind}_sdp", enable)
    setattr(cuda, f"{kind}_sdp_enabled", lambda: enabled[0])


_KERNELS = ("flash", "math", "mem_efficient", "cudnn")
for _kind in _KERNELS:
    _attention_switch(_kind)


@contextlib.contextmanager
def _sdp_kernel(
    enable_flash: bool = True, enable_math: bool = True, enable_mem_efficient: bool = True, enable_cudnn: bool = True
) -> Iterator[dict]:
    """torch.backends.cuda.sdp_kernel: the switches within a `with` block."""
    switches = vars(cuda)
    before = [switches[f"{kind}_sdp_enabled"]() for kind in _KERNELS]
    wanted = (enable_flash, enable_math, enable_mem_efficient, enable_cudnn)
    try:
        for kind, value in zip(_KERNELS, wanted, strict=True):
            switches[f"enable_{kind}_sdp"](value)
        yield {}
    finally:
        for kind, value in zip(_KERNELS, before, strict=True):
            switches[f"enable_{kind}_sdp"](value)


cuda.sdp_kernel = _sdp_kernel


def set_flush_denormal(mode: bool) -> bool:
    """False: NumPy can't be told to treat the smallest numbers as 0, so `mode` changes nothing."""
    return False


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """`use_deterministic_algorithms` by a name or number: "default" or 0, "warn" or 1, "error" or 2."""
    names = ("default", "warn", "error")
    if isinstance(debug_mode, str) and debug_mode not in names:
        raise RuntimeError(
            f"invalid value of debug_mode, expected one of `default`, `warn`, `error`, but got {debug_mode}"
        )
    number = names.index(debug_mode) if isinstance(debug_mode, str) else debug_mode
    if number not in (0, 1, 2):
        raise RuntimeError(f"invalid value of debug_mode, expected 0, 1, or 2, but got {debug_mode}")
    use_deterministic_algorithms(number > 0, warn_only=number == 1)


def get_deterministic_debug_mode() -> int:
    """0, 1 or 2: see set_deterministic_debug_mode."""
    return 0 if not _deterministic[0] else 1 if _deterministic[1] else 2


FUNCTIONS = {
    f.__name__: f
    for f in (
        set_num_threads,
        get_num_threads,
        set_num_interop_threads,
        get_num_interop_threads,
        use_deterministic_algorithms,
        are_deterministic_algorithms_enabled,
        is_deterministic_algorithms_warn_only_enabled,
        set_float32_matmul_precision,
        get_float32_matmul_precision,
        set_flush_denormal,
        set_deterministic_debug_mode,
        get_deterministic_debug_mode,
    )  # fmt: skip
}
