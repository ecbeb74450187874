"""Recurrent layers between their products with the input: the loop over the steps, forward and backward.

Rows are sequences: z (N, gates H) holds those of the first step, then those of the second, ...; `steps` are the rows
(start, stop) of each step in the order of reading (see minitorch/ops/recurrent.py). A state has a row for each
sequence; a step reads and writes its first rows, in place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Array = Any
Steps = list[tuple[int, int]]


class RecurrentKernels:
    """Recurrent layers over the array module ``xp``."""

    xp: Any

    # -- long short-term memory: gates i, f, g, o side by side ---------------------------------------------------------

    def lstm(self, z: Array, h: Array, c: Array, w_hh: Array, w_hr: Array | None, steps: Steps) -> tuple[Array, Array]:
        """z + h w_hh^T become the gates, in z; c = f c + i g; h = o tanh(c), times w_hr^T. All h (N, P), c (N, H)."""
        return self._lstm(self._lstm_step, z, h, c, w_hh, w_hr, steps)

    def _lstm(
        self, step: Callable, z: Array, h: Array, c: Array, w_hh: Array, w_hr: Array | None, steps: Steps
    ) -> tuple[Array, Array]:
        xp = self.xp
        w = self._often(w_hh.T, steps)
        y = xp.empty((z.shape[0], h.shape[1]), dtype=z.dtype)
        cells = xp.empty((z.shape[0], c.shape[1]), dtype=z.dtype)
        from_state, m = xp.empty((h.shape[0], z.shape[1]), dtype=z.dtype), xp.empty_like(c)
        for a, b in steps:
            n = b - a
            xp.dot(h[:n], w, out=from_state[:n])
            if w_hr is None:
                step(z[a:b], from_state[:n], c[:n], cells[a:b], y[a:b])
            else:
                step(z[a:b], from_state[:n], c[:n], cells[a:b], m[:n])
                xp.dot(m[:n], w_hr.T, out=y[a:b])
            h[:n] = y[a:b]
        return y, cells

    def _often(self, w: Array, steps: Steps) -> Array:
        """A transposed matrix as BLAS likes it: worth a copy if it is used again and again."""
        return w if len(steps) == 1 else self.xp.ascontiguousarray(w)

    def _lstm_step(self, z: Array, from_state: Array, c: Array, cell: Array, out: Array) -> None:
        """sigmoid(z) = tanh(z / 2) / 2 + 1 / 2: so one tanh serves all four gates."""
        xp, H = self.xp, c.shape[1]
        z += from_state
        i, f, g, o = z[:, :H], z[:, H : 2 * H], z[:, 2 * H : 3 * H], z[:, 3 * H :]
        sigmoids = z[:, : 2 * H], o
        for s in sigmoids:
            s *= 0.5
        xp.tanh(z, out=z)
        for s in sigmoids:
            s *= 0.5
            s += 0.5
        c *= f
        xp.multiply(i, g, out=out)
        c += out
        cell[...] = c
        xp.tanh(c, out=out)
        out *= o

    def lstm_grad(
        self, gy: Array | None, dh: Array, dc: Array, gates: Array, cells: Array, before: Array, w_hh: Array,
        w_hr: Array | None, steps: Steps,
    ) -> tuple[Array, Array | None]:  # fmt: skip
        """(the gradient of z, that of all h where there is a w_hr); dh and dc become those of the first states.

        `before`: the cell that each step started from. With c' for it and m = o tanh(c), dz = dc g i(1-i),
        dc c' f(1-f), dc i (1-g^2), dm tanh(c) o(1-o), and dc gains dm o (1 - tanh(c)^2): all but dc and dm is known
        before the loop.
        """
        dz, dc_of_dm = self._lstm_slopes(gates, cells, before)
        H = cells.shape[1]

        def step(dz: Array, dm: Array, dc: Array, gates: Array, dc_of_dm: Array, _: Array) -> None:
            dc += dm * dc_of_dm
            slopes = dz.reshape(-1, 4, H)
            slopes[:, :3] *= dc[:, None]
            slopes[:, 3] *= dm
            dc *= gates[:, H : 2 * H]

        return self._lstm_grad(step, dz, gy, dh, dc, gates, dc_of_dm, before, w_hh, w_hr, steps)

    def _lstm_grad(
        self, step: Callable, dz: Array, gy: Array | None, dh: Array, dc: Array, gates: Array, cells: Array,
        before: Array, w_hh: Array, w_hr: Array | None, steps: Steps,
    ) -> tuple[Array, Array | None]:  # fmt: skip
        xp = self.xp
        dp = None if w_hr is None else xp.empty((dz.shape[0], dh.shape[1]), dtype=dz.dtype)
        for a, b in reversed(steps):
            n = b - a
            dm = dh[:n]
            if gy is not None:
                dm += gy[a:b]
            if dp is not None:
                dp[a:b] = dm
                dm = xp.dot(dm, w_hr)
            step(dz[a:b], dm, dc[:n], gates[a:b], cells[a:b], before[a:b])
            xp.dot(dz[a:b], w_hh, out=dh[:n])
        return dz, dp

    def _lstm_slopes(self, gates: Array, cells: Array, before: Array) -> tuple[Array, Array]:
        """What dc and dm are multiplied with: for dz, and for what dc gains from dm."""
        xp, H = self.xp, cells.shape[1]
        i, f, g, o = (gates[:, k * H : (k + 1) * H] for k in range(4))
        tc = xp.tanh(cells)
        slopes = gates * gates  # s - s^2 for the sigmoids, 1 - g^2 for the tanh
        slopes *= -1
        slopes[:, : 2 * H] += gates[:, : 2 * H]
        slopes[:, 2 * H : 3 * H] += 1
        slopes[:, 3 * H :] += o
        for k, factor in enumerate((g, before, i, tc)):
            slopes[:, k * H : (k + 1) * H] *= factor
        tc *= tc
        tc *= -1
        tc += 1
        tc *= o
        return slopes, tc

    # -- gated recurrent unit: gates r, z, n side by side --------------------------------------------------------------

    def gru(self, z: Array, h: Array, w_hh: Array, b_hh: Array | None, steps: Steps) -> tuple[Array, Array]:
        """s = h w_hh^T + b_hh; r, z = sigmoid of z + s; n = tanh(n + r s_n); h = n + z (h - n). All h, and all s_n."""
        return self._gru(self._gru_step, z, h, w_hh, b_hh, steps)

    def _gru(
        self, step: Callable, z: Array, h: Array, w_hh: Array, b_hh: Array | None, steps: Steps
    ) -> tuple[Array, Array]:
        xp = self.xp
        w = self._often(w_hh.T, steps)
        y, news = (xp.empty((z.shape[0], h.shape[1]), dtype=z.dtype) for _ in range(2))
        from_state = xp.empty((h.shape[0], z.shape[1]), dtype=z.dtype)
        for a, b in steps:
            state, s = h[: b - a], from_state[: b - a]
            xp.dot(state, w, out=s)
            if b_hh is not None:
                s += b_hh
            step(z[a:b], s, state, news[a:b])
            y[a:b] = state
        return y, news

    def _gru_step(self, z: Array, from_state: Array, state: Array, new: Array) -> None:
        xp, H = self.xp, state.shape[1]
        rz, n = z[:, : 2 * H], z[:, 2 * H :]
        rz += from_state[:, : 2 * H]
        rz *= 0.5
        xp.tanh(rz, out=rz)
        rz *= 0.5
        rz += 0.5
        new[...] = from_state[:, 2 * H :]
        n += z[:, :H] * new
        xp.tanh(n, out=n)
        state -= n
        state *= z[:, H : 2 * H]
        state += n

    def gru_grad(
        self, gy: Array | None, dh: Array, gates: Array, news: Array, before: Array, w_hh: Array, steps: Steps
    ) -> tuple[Array, Array]:
        """(the gradients of z and of s); dh becomes that of the first state. `before`: the state of each step's start.

        With h' for it: dn = dh (1-z)(1-n^2), dz = dh (h'-n) z(1-z), dr = dn s_n r(1-r), and s_n takes dn r.
        """
        xp, H = self.xp, dh.shape[1]
        r, z, n = gates[:, :H], gates[:, H : 2 * H], gates[:, 2 * H :]
        dz = xp.empty_like(gates)
        dz[:, 2 * H :] = (1 - z) * (1 - n * n)
        dz[:, H : 2 * H] = (before - n) * z * (1 - z)
        dz[:, :H] = dz[:, 2 * H :] * news * r * (1 - r)
        ds = dz.copy()
        ds[:, 2 * H :] *= r

        def step(dz: Array, ds: Array, d: Array, gates: Array, news: Array, before: Array) -> None:
            ds.reshape(-1, 3, H)[...] *= d[:, None]
            dz[:, 2 * H :] *= d
            d *= gates[:, H : 2 * H]

        self._gru_grad(step, dz, ds, gy, dh, gates, news, before, w_hh, steps)
        dz[:, : 2 * H] = ds[:, : 2 * H]
        return dz, ds

    def _gru_grad(
        self, step: Callable, dz: Array, ds: Array, gy: Array | None, dh: Array, gates: Array, news: Array,
        before: Array, w_hh: Array, steps: Steps,
    ) -> None:  # fmt: skip
        for a, b in reversed(steps):
            d = dh[: b - a]
            if gy is not None:
                d += gy[a:b]
            step(dz[a:b], ds[a:b], d, gates[a:b], news[a:b], before[a:b])
            d += self.xp.dot(ds[a:b], w_hh)
