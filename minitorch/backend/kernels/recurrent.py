"""What a long short-term memory does between its matrix products, in one step and for all steps at once.

Rows are sequences. Gates lie side by side, (n, 4 H): i, f, g, o.
"""

from __future__ import annotations

from typing import Any

Array = Any


class RecurrentKernels:
    """Cells over the array module ``xp``."""

    xp: Any

    def lstm_step(self, z: Array, from_state: Array, c: Array, cell: Array, out: Array) -> None:
        """z + from_state become the gates, in z; c = f c + i g, also into cell; out = o tanh(c).

        sigmoid(z) = tanh(z / 2) / 2 + 1 / 2: with a factor and an offset for each gate, one tanh serves all four.
        """
        xp, H = self.xp, c.shape[1]
        z += from_state
        factor = xp.full((4, H), 0.5, dtype=z.dtype)
        factor[2] = 1
        factor, offset = factor.reshape(-1), 1 - factor.reshape(-1)
        z *= factor
        xp.tanh(z, out=z)
        z *= factor
        z += offset
        i, f, g, o = z[:, :H], z[:, H : 2 * H], z[:, 2 * H : 3 * H], z[:, 3 * H :]
        c *= f
        c += i * g
        cell[...] = c
        xp.tanh(c, out=out)
        out *= o

    def lstm_step_grad(self, d: Array, dm: Array, dc: Array, dc_of_dm: Array, f: Array) -> None:
        """dc += dm dc_of_dm; the slopes d are multiplied by dc (those of i, f, g) and dm (of o); dc *= f."""
        d = d.reshape(-1, 4, dc.shape[1])
        dc += dm * dc_of_dm
        d[:, :3] *= dc[:, None]
        d[:, 3] *= dm
        dc *= f

    def lstm_slopes(self, gates: Array, cells: Array, before: Array) -> tuple[Array, Array, Array]:
        """What the gradients of a step are multiplied with, for all steps at once, and tanh(c).

        dz = dc g i(1-i), dc c' f(1-f), dc i (1-g^2), dm tanh(c) o(1-o), where c' is the cell before and m = o tanh(c);
        dc gains dm o (1 - tanh(c)^2).
        """
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
        dc_of_dm = tc * tc
        dc_of_dm *= -1
        dc_of_dm += 1
        dc_of_dm *= o
        return slopes, dc_of_dm, tc
