"""Right and wrong versions of chapter 00's functions: right ones in different styles, wrong ones by their mistake."""

import numpy as np

RIGHT = {
    "relu": [lambda x: np.where(x > 0, x, 0.0), lambda x: x * (x > 0)],
    "linear": [
        lambda x, w, b: np.einsum("ni,oi->no", x, w) + b,
        lambda x, w, b: np.array([[row @ col + c for col, c in zip(w, b, strict=True)] for row in x]),
    ],
    "mse_backward": [
        lambda g, x, y: (x - y) * (2 * g / x.size),
        lambda g, x, y: (
            g * np.array([2 * (a - b) / x.size for a, b in zip(x.flat, y.flat, strict=True)]).reshape(x.shape)
        ),
    ],
    "sgd_step": [
        lambda p, grad, lr: p + (-lr) * grad,
        lambda p, grad, lr: np.array([a - lr * g for a, g in zip(p, grad, strict=True)]),
    ],
}


def relu_in_place(x):
    x[x < 0] = 0
    return x


def sgd_in_place(p, grad, lr):
    p -= lr * grad
    return p


WRONG = {
    "relu": {"in place": relu_in_place, "absolute value": lambda x: np.abs(x), "one number": lambda x: max(x.max(), 0)},
    "linear": {
        "bias forgotten": lambda x, w, b: x @ w.T,
        "weight not transposed": lambda x, w, b: x @ w + b,
        "bias taken away": lambda x, w, b: x @ w.T - b,
    },
    "mse_backward": {
        "no mean": lambda g, x, y: g * 2 * (x - y),
        "g forgotten": lambda g, x, y: 2 * (x - y) / x.size,
        "mean over rows": lambda g, x, y: g * 2 * (x - y) / len(x),
    },
    "sgd_step": {
        "uphill": lambda p, grad, lr: p + lr * grad,
        "in place": sgd_in_place,
        "lr forgotten": lambda p, grad, lr: p - grad,
    },
}
