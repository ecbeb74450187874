"""Right and wrong versions of chapter 02's functions."""

import numpy as np


def jacobian_loop(f, x, eps):
    out = np.zeros((f(x).size, x.size))
    for j in range(x.size):
        up, down = x.copy(), x.copy()
        up[j] += eps
        down[j] -= eps
        out[:, j] = (f(up) - f(down)) / (2 * eps)
    return out


def jacobian_rows(f, x, eps):
    return np.array([(f(x + eps * e) - f(x - eps * e)) / (2 * eps) for e in np.eye(x.size)]).T


def jacobian_one_sided(f, x, eps):
    return np.array([(f(x + eps * e) - f(x)) / eps for e in np.eye(x.size)]).T


def jacobian_transposed(f, x, eps):
    return jacobian_rows(f, x, eps).T


def jacobian_dirty(f, x, eps):
    columns = []
    for j in range(x.size):
        x[j] += eps
        up = f(x)
        x[j] -= 2 * eps
        columns.append((up - f(x)) / (2 * eps))
    return np.stack(columns, 1)


RIGHT = {
    "jacobian_by_differences": [jacobian_loop, jacobian_rows],
    "tanh_backward": [lambda g, out: g - g * out**2, lambda g, out: (1 - out) * (1 + out) * g],
    "div_backward": [lambda g, x, y: -(g * x) * y**-2.0, lambda g, x, y: np.negative(g) * (x / y) / y],
}
WRONG = {
    "jacobian_by_differences": {
        "one-sided": jacobian_one_sided,
        "transposed": jacobian_transposed,
        "x moved": jacobian_dirty,
    },
    "tanh_backward": {
        "of x": lambda g, out: g * (1 - np.tanh(out) ** 2),
        "g forgotten": lambda g, out: 1 - out * out,
        "no square": lambda g, out: g * (1 - out),
    },
    "div_backward": {
        "sign": lambda g, x, y: g * x / (y * y),
        "by x": lambda g, x, y: g / y,
        "no square": lambda g, x, y: -g * x / y,
    },
}
