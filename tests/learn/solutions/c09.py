"""Right and wrong versions of chapter 09's functions."""

import numpy as np


def adam_stepwise(p, grad, m, v, t, lr, beta1, beta2, eps):
    m = m + (1 - beta1) * (grad - m)
    v = v + (1 - beta2) * (grad * grad - v)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return p - lr * m_hat / (v_hat**0.5 + eps), m, v


def adam_size(p, grad, m, v, t, lr, beta1, beta2, eps):
    m, v = beta1 * m + (1 - beta1) * grad, beta2 * v + (1 - beta2) * np.square(grad)
    root = np.sqrt(1 - beta2**t)
    return p - lr * root / (1 - beta1**t) * m / (np.sqrt(v) + eps * root), m, v


def adam_no_correction(p, grad, m, v, t, lr, beta1, beta2, eps):
    m, v = beta1 * m + (1 - beta1) * grad, beta2 * v + (1 - beta2) * grad**2
    return p - lr * m / (np.sqrt(v) + eps), m, v


def adam_eps_inside(p, grad, m, v, t, lr, beta1, beta2, eps):
    _, m, v = adam_stepwise(p, grad, m, v, t, lr, beta1, beta2, eps)
    return p - lr * m / (1 - beta1**t) / np.sqrt(v / (1 - beta2**t) + eps), m, v


def adam_hats_kept(p, grad, m, v, t, lr, beta1, beta2, eps):
    p, m, v = adam_stepwise(p, grad, m, v, t, lr, beta1, beta2, eps)
    return p, m / (1 - beta1**t), v / (1 - beta2**t)


def momentum_in_place(p, grad, v, lr, momentum):
    v *= momentum
    v += grad
    return p - lr * v, v


def lr_loop(base, epoch, step_size, gamma):
    for k in range(1, epoch + 1):
        if k % step_size == 0:
            base *= gamma
    return base


def clip_one_vector(grads, max_norm):
    norm = np.linalg.norm(np.concatenate([g.reshape(-1) for g in grads]))
    return [g * np.minimum(max_norm / (norm + 1e-6), 1) for g in grads]


def clip_if(grads, max_norm):
    norm = float(np.sqrt(sum(np.vdot(g, g) for g in grads)))
    if norm + 1e-6 <= max_norm:
        return [g.copy() for g in grads]
    return [max_norm / (norm + 1e-6) * g for g in grads]


def clip_always(grads, max_norm):
    norm = np.sqrt(sum((h**2).sum() for h in grads))
    return [g * max_norm / (norm + 1e-6) for g in grads]


def clip_in_place(grads, max_norm):
    for g, new in zip(grads, clip_one_vector(grads, max_norm), strict=True):
        g[...] = new
    return grads


RIGHT = {
    "momentum_step": [
        lambda p, grad, v, lr, momentum: (p - lr * (momentum * v + grad), momentum * v + grad),
        lambda p, grad, v, lr, momentum: (p - lr * momentum * v - lr * grad, np.add(grad, v * momentum)),
    ],
    "adam_step": [adam_stepwise, adam_size],
    "step_lr": [lr_loop, lambda base, epoch, step_size, gamma: base * gamma ** int(epoch / step_size)],
    "clip_gradients": [clip_one_vector, clip_if],
}
WRONG = {
    "momentum_step": {
        "old velocity": lambda p, grad, v, lr, momentum: (p - lr * v, momentum * v + grad),
        "damped gradient": lambda p, grad, v, lr, momentum: (
            p - lr * (momentum * v + (1 - momentum) * grad), momentum * v + (1 - momentum) * grad
        ),
        "in place": momentum_in_place,
    },
    "adam_step": {
        "bias not corrected": adam_no_correction, "eps under the root": adam_eps_inside, "hats kept": adam_hats_kept,
    },
    "step_lr": {
        "every epoch": lambda base, epoch, step_size, gamma: base * gamma**epoch,
        "smooth": lambda base, epoch, step_size, gamma: base * gamma ** (epoch / step_size),
        "one late": lambda base, epoch, step_size, gamma: base * gamma ** ((epoch - 1) // step_size) if epoch else base,
    },
    "clip_gradients": {
        "each alone": lambda grads, max_norm: [clip_one_vector([g], max_norm)[0] for g in grads],
        "always scaled": clip_always,
        "in place": clip_in_place,
    },
}  # fmt: skip
