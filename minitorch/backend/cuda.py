"""CUDA through CuPy, which is imported when the first CUDA device is used.

What can be missing is one of three things, and each has its own message: the package, the driver, a device.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch.backend.device import Backend, device, in_use, register_backend, register_loader

_NO_CUPY = "CuPy is not installed: pip install 'minitorch-engine[cuda12]' (or [cuda13], by your driver's CUDA version)"
_NO_DRIVER = "CuPy is installed, but there is no usable NVIDIA driver on this machine"
_NO_DEVICE = "CuPy and the driver are there, but no CUDA device is visible (is CUDA_VISIBLE_DEVICES set?)"


def why_unavailable() -> str | None:
    """None if CUDA can be used, else which of the three things is missing."""
    if in_use("cuda"):
        return None
    try:
        import cupy
    except Exception:  # noqa: BLE001 - a broken installation fails in many ways, none of them the caller's
        return _NO_CUPY
    try:
        return None if cupy.cuda.runtime.getDeviceCount() else _NO_DEVICE
    except cupy.cuda.runtime.CUDARuntimeError as error:
        return _NO_DEVICE if "NoDevice" in str(error) else _NO_DRIVER


def load_backend() -> Backend:
    """The CUDA backend, made on first use; RuntimeError saying what is missing if there can't be one."""
    missing = why_unavailable()
    if missing is not None:
        raise RuntimeError(f"CUDA is not available: {missing}")
    backend = CupyBackend()
    register_backend(backend)
    return backend


class CupyBackend(Backend):
    """NumPy's interface on a GPU."""

    def __init__(self) -> None:
        import cupy

        super().__init__("cuda", cupy, cupy.ndarray, "cupyx.scipy.special")
        self.generators: dict[int, CudaGenerator] = {}

    def from_host(self, array: np.ndarray, index: int) -> Any:
        with self.xp.cuda.Device(index):
            return self.xp.asarray(array)

    def to_host(self, array: Any) -> np.ndarray:
        return self.xp.asnumpy(array)

    def index_of(self, array: Any) -> int:
        return array.device.id

    def at(self, index: int | None) -> Any:
        return self.xp.cuda.Device(self.xp.cuda.runtime.getDevice() if index is None else index)

    def pointer(self, array: Any) -> int:
        return array.data.ptr

    def generator(self, index: int | None) -> Any:
        number = self.xp.cuda.runtime.getDevice() if index is None else index
        if number not in self.generators:
            self.generators[number] = CudaGenerator(self.xp, number)
        return self.generators[number]

    def manual_seed(self, seed: int) -> None:
        for number in range(self.xp.cuda.runtime.getDeviceCount()):
            self.generator(number).manual_seed(seed)


class CudaGenerator:
    """The device's own random numbers; the methods are those of minitorch.backend.random.Generator."""

    def __init__(self, xp: Any, number: int) -> None:
        self.xp = xp
        self.device = device("cuda", number)
        self.number = number
        self.manual_seed(np.random.SeedSequence().entropy % (1 << 63))  # type: ignore[operator]

    def manual_seed(self, seed: int) -> CudaGenerator:
        self._seed = int(seed)
        with self.xp.cuda.Device(self.number):
            self.state = self.xp.random.RandomState(self._seed & 0xFFFFFFFFFFFFFFFF)
        return self

    def initial_seed(self) -> int:
        return self._seed

    def uniform(self, shape: Any, dtype: Any = "float32", low: float = 0.0, high: float = 1.0) -> Any:
        u = self.state.random_sample(shape, dtype="float64" if np.dtype(dtype) == np.float64 else "float32")
        return (u * (high - low) + low).astype(dtype)

    def normal(
        self, shape: Any, dtype: Any = "float32", mean: float = 0.0, std: float = 1.0, *, contiguous: bool = True
    ) -> Any:
        wide = "float64" if np.dtype(dtype) == np.float64 else "float32"
        return self.state.normal(mean, std, shape, dtype=wide).astype(dtype)

    def normal_arrays(self, mean: Any, std: Any) -> Any:
        shape = np.broadcast_shapes(np.shape(mean), np.shape(std))
        dtype = mean.dtype if hasattr(mean, "dtype") else std.dtype
        return self.normal(shape, dtype) * self.xp.asarray(std) + self.xp.asarray(mean)

    def randint(self, low: int, high: int | None, shape: Any, dtype: Any = "int64") -> Any:
        top = int(np.iinfo(dtype).max) + 1 if high is None else high
        if top <= low:
            raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={top}")
        return self.state.randint(low, top, shape, dtype="int64").astype(dtype)

    def random(self, shape: Any, dtype: Any = "int64") -> Any:
        kind = np.dtype(dtype)
        top = 2 if kind.kind == "b" else (1 << 24) + 1 if kind.kind == "f" else int(np.iinfo(kind).max)
        return self.state.randint(0, top, shape, dtype="int64").astype(kind)

    def bernoulli(self, p: Any, shape: Any = None, dtype: Any = None) -> Any:
        chance = self.xp.asarray(p) if isinstance(p, np.ndarray) else p
        shape = getattr(p, "shape", ()) if shape is None else shape
        dtype = getattr(p, "dtype", "float32") if dtype is None else dtype
        return (self.state.random_sample(shape) < chance).astype(dtype)

    def keep(self, q: float, shape: Any) -> Any:
        return self.state.random_sample(shape, dtype="float32") < q

    def exponential(self, shape: Any, dtype: Any = "float32", lambd: float = 1.0) -> Any:
        return self.state.exponential(1.0 / lambd, shape).astype(dtype)

    def geometric(self, shape: Any, dtype: Any, p: float) -> Any:
        return self.state.geometric(p, shape).astype(dtype)

    def cauchy(self, shape: Any, dtype: Any = "float32", median: float = 0.0, sigma: float = 1.0) -> Any:
        return (self.state.standard_cauchy(shape) * sigma + median).astype(dtype)

    def log_normal(self, shape: Any, dtype: Any = "float32", mean: float = 1.0, std: float = 2.0) -> Any:
        return self.state.lognormal(mean, std, shape).astype(dtype)

    def poisson(self, rates: Any) -> Any:
        return self.state.poisson(self.xp.asarray(rates)).astype(rates.dtype)

    def standard_gamma(self, concentration: Any) -> Any:
        drawn = self.state.standard_gamma(self.xp.asarray(concentration)).astype(concentration.dtype)
        return self.xp.maximum(drawn, np.finfo(concentration.dtype).tiny)

    def dirichlet(self, concentration: Any) -> Any:
        drawn = self.state.standard_gamma(self.xp.asarray(concentration))
        dtype = concentration.dtype
        largest = float(np.nextafter(dtype.type(1), dtype.type(0)))
        return (drawn / drawn.sum(-1, keepdims=True)).astype(dtype).clip(np.finfo(dtype).tiny, largest)

    def binomial(self, count: Any, prob: Any) -> Any:
        drawn = self.state.binomial(self.xp.asarray(count).astype("int64"), self.xp.asarray(prob))
        return drawn.astype(count.dtype)

    def randperm(self, n: int, dtype: Any = "int64") -> Any:
        return self.state.permutation(n).astype(dtype)

    def multinomial(self, weights: Any, num_samples: int, replacement: bool = False) -> Any:
        from minitorch.backend.random import Generator

        # drawn on the host from a seed of this stream: checks and algorithm in one place
        seed = int(self.state.randint(0, (1 << 31) - 1, (), dtype="int64"))
        return Generator().manual_seed(seed).multinomial(weights, num_samples, replacement)


register_loader("cuda", load_backend)
