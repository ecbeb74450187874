"""The problem that optimizers are run on: several parameters of different shapes and layouts, and a loss.

Loss and gradient are computed by NumPy from the parameters' values, so that the two libraries can differ in their
optimizers only. For parameters x_k and fixed constants c_k of the same shapes:

    loss = sum_k sum(k_k (x_k - c_k)^2 / 2 + w cos(2 x_k + c_k) / 2 + sin(t + 9 c_k) x_k) + log cosh(S) / 10

with S the sum of all elements and t the number of evaluations; complex parameters count as two real ones. The term in t
plays the part of a batch's noise. Without it an adaptive optimizer comes to rest at the minimum, where it divides small
gradients by small means and a difference of one rounding grows tenfold each step. With the wave w = 1 the loss is not
convex; with w = 0.1 it is, which quasi-Newton steps need: they divide by the curvature that they measured.
"""

from __future__ import annotations

from typing import Any

import ml_dtypes  # noqa: F401 - so that NumPy knows bfloat16
import numpy as np

# shape and layout of the parameters; the one named "unused" never gets a gradient
PARAMETERS = {
    "scalar": ((), "plain"), "vector": ((5,), "plain"), "matrix": ((3, 4), "plain"), "unused": ((2,), "plain"),
    "stack": ((2, 3, 2), "plain"), "transposed": ((4, 3), "transposed"), "sliced": ((2, 5), "sliced"),
}  # fmt: skip
MATRICES = {
    "wide": ((3, 7), "plain"),
    "unused": ((2, 2), "plain"),
    "tall": ((6, 4), "transposed"),
    "square": ((4, 4), "sliced"),
}
GROUPED = 2  # so many parameters form the first group


class Problem:
    """Parameters of one library with their loss; `dtype` by name."""

    def __init__(
        self, library: Any, dtype: str, seed: int = 0, parameters: dict = PARAMETERS, device: Any = None,
        wave: float = 1.0,
    ) -> None:  # fmt: skip
        rng = np.random.default_rng(seed)
        self.library, self.dtype = library, getattr(library, dtype)
        self.names, self.device = list(parameters), device or "cpu"
        self.wave, self.time = wave, 0
        self.params, self.constants = [], []
        for shape, layout in parameters.values():
            start, constant = (self._draw(rng, shape, dtype) for _ in range(2))
            self.constants.append(constant)
            self.params.append(self._place(start, layout))

    @staticmethod
    def _draw(rng: np.random.Generator, shape: tuple, dtype: str) -> np.ndarray:
        x = rng.normal(size=shape)
        x = x + 1j * rng.normal(size=shape) if dtype.startswith("complex") else x
        # starting values that every precision can hold: all runs begin at the same point
        return np.asarray(np.round(x * 64) / 64)

    def _place(self, array: np.ndarray, layout: str) -> Any:
        L = self.library
        if layout == "transposed":
            t = L.from_numpy(array.T.copy()).to(self.device, self.dtype).T
        elif layout == "sliced":
            wide = np.zeros((array.shape[0], 2 * array.shape[1]), dtype=array.dtype)
            wide[:, ::2] = array
            t = L.from_numpy(wide).to(self.device, self.dtype)[:, ::2]
        else:
            t = L.from_numpy(array.copy()).to(self.device, self.dtype)
        return t.detach().requires_grad_()

    def values(self) -> list[np.ndarray]:
        """The parameters in double precision."""
        wide = self.library.complex128 if self.dtype.is_complex else self.library.float64
        return [p.detach().to(wide).cpu().numpy().copy() for p in self.params]

    def adopt(self, values: list[np.ndarray], time: int) -> None:
        """Go on from these parameters after so many evaluations."""
        with self.library.no_grad():
            for p, value in zip(self.params, values, strict=True):
                p.copy_(self.library.from_numpy(np.array(value)))
        self.time = time

    def compute(self) -> Any:
        """Set the gradients; the loss as a tensor."""
        used = [k for k, name in enumerate(self.names) if name != "unused"]
        values = self.values()
        x, c = (np.concatenate([as_reals(arrays[k]) for k in used]) for arrays in (values, self.constants))
        stiff = np.concatenate([np.full(as_reals(values[k]).size, 0.5 + 0.25 * k) for k in used])
        total, noise, wave = x.sum(), np.sin(self.time + 9 * c), self.wave
        self.time += 1
        loss = (stiff * (x - c) ** 2 / 2 + wave * np.cos(2 * x + c) / 2 + noise * x).sum()
        loss += (np.logaddexp(total, -total) - np.log(2)) / 10
        gradient = stiff * (x - c) - wave * np.sin(2 * x + c) + noise + np.tanh(total) / 10
        start = 0
        for k in used:
            n = as_reals(values[k]).size
            g = gradient[start : start + n].view(values[k].dtype).reshape(values[k].shape)
            self.params[k].grad = self.library.from_numpy(g).to(self.device, self.dtype)
            start += n
        return self.library.tensor(float(loss), dtype=self.library.float64)

    def groups(self, second: dict[str, Any]) -> Any:
        """The parameters in two groups, the second with settings of its own (or all in one if there are none)."""
        if not second:
            return self.params
        return [{"params": self.params[:GROUPED]}, {"params": self.params[GROUPED:], **second}]


def as_reals(x: np.ndarray) -> np.ndarray:
    """The elements as one real vector."""
    return x.reshape(-1).view("float64")
