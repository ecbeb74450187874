"""Right and wrong versions of chapter 07's functions."""

import numpy as np

import minitorch as mt


def hvp_by_backward(f, x, v):
    x = x.detach().clone().requires_grad_(True)
    g = mt.autograd.grad(f(x), [x], create_graph=True)[0]
    return mt.autograd.grad(g, [x], grad_outputs=v)[0]


def hvp_by_rows(f, x, v):
    x = x.detach().requires_grad_(True)
    (g,) = mt.autograd.grad(f(x), x, create_graph=True)
    rows = [mt.autograd.grad(gi, x, retain_graph=True)[0] for gi in g]
    return mt.stack(rows) @ v


def hvp_gradient(f, x, v):
    x = x.detach().requires_grad_(True)
    return mt.autograd.grad(f(x), x)[0] * v


def hvp_no_graph(f, x, v):
    x = x.detach().requires_grad_(True)
    (g,) = mt.autograd.grad(f(x), x)
    return mt.autograd.grad((g * v).sum(), x)[0]


def hvp_sum(f, x, v):
    x = x.detach().requires_grad_(True)
    (g,) = mt.autograd.grad(f(x), x, create_graph=True)
    return mt.autograd.grad(g.sum(), x)[0] * v


def rows_loop(vjp, n):
    rows = []
    for k in range(n):
        v = np.zeros(n)
        v[k] = 1
        rows.append(vjp(v))
    return np.array(rows)


RIGHT = {
    "sigmoid_backward": [lambda g, out: g * (out - out * out), lambda g, out: (1 - out) * (out * g)],
    "hessian_vector": [hvp_by_backward, hvp_by_rows],
    "jacobian_by_vjps": [rows_loop, lambda vjp, n: np.vstack([vjp(np.eye(n)[k]) for k in range(n)])],
}
WRONG = {
    "sigmoid_backward": {
        "NumPy functions": lambda g, out: np.array(g) * np.array(out) * (1 - np.array(out)),
        "of x": lambda g, out: g * (1 / (1 + np.exp(-out))) * (1 - 1 / (1 + np.exp(-out))),
        "g forgotten": lambda g, out: out * (1 - out),
    },
    "hessian_vector": {"gradient": hvp_gradient, "no graph": hvp_no_graph, "v too late": hvp_sum},
    "jacobian_by_vjps": {
        "transposed": lambda vjp, n: rows_loop(vjp, n).T,
        "all ones": lambda vjp, n: np.stack([vjp(np.ones(n))] * n),
        "one row": lambda vjp, n: vjp(np.eye(n)[0])[None],
    },
}
