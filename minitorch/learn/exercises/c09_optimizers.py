"""Chapter 09: optimizers and the training loop."""

import numpy as np

from minitorch.autograd.base import wrap
from minitorch.learn.exercise import Chapter, Question, Rule
from minitorch.learn.exercises.helpers import small, wave

CHAPTER = Chapter(
    "09", "optimizers", "Optimizers and the training loop",
    reads=(
        "minitorch/optim/optimizer.py", "minitorch/optim/sgd.py",
        "minitorch/optim/adam.py", "minitorch/optim/lr_scheduler/factors.py",
    ),
)  # fmt: skip


def _train(mt, make, steps=4):
    p = mt.tensor(wave(3), requires_grad=True)
    optimizer = make([p])
    found = []
    for _ in range(steps):
        optimizer.zero_grad()
        (p * p * mt.tensor([1.0, 4.0, 9.0])).sum().backward()
        optimizer.step()
        found.append(p.detach().clone())
    return found


def _momentum_cases(rng):
    for n in (1, 2, 3):
        yield small(rng, n), small(rng, n), small(rng, n), 0.1, 0.9


def _momentum_adapt(function):
    def update(self, xp, numbers, x, g, state, a, b):
        new, v = function(x.copy(), g.copy(), state[0].copy(), -numbers[0], numbers[1])
        x[...], state[0][...] = new, v

    return update


@CHAPTER.exercise(
    seam="minitorch.optim.sgd:SGD.update",
    cases=_momentum_cases,
    engine=lambda mt: _train(mt, lambda p: mt.optim.SGD(p, lr=0.02, momentum=0.9)),
    adapt=_momentum_adapt,
    hints=(
        "First the velocity: it keeps a share of itself and gains the gradient.",
        "Then the parameter moves by lr times the new velocity.",
    ),
    rules=(
        Rule(
            "p moves by lr times the new v, down",
            lambda got, p, grad, v, lr, momentum: np.allclose(got[0], p - lr * got[1]),
        ),
        Rule(
            "the gradient enters v whole",
            lambda got, p, grad, v, lr, momentum: np.allclose(got[1] - momentum * v, grad),
        ),
    ),
    question=Question(
        "v = 1.0, gradient = 1.0, momentum = 0.9. What is the new v?", lambda: momentum_step(0.0, 1.0, 1.0, 0.1, 0.9)[1]
    ),
)
def momentum_step(p, grad, v, lr, momentum):
    """(new p, new v) of one step of SGD with momentum, as torch has it: v = momentum v + grad, p = p - lr v.

    The arrays that came in are not changed.
    """
    v = momentum * v + grad
    return p - lr * v, v


def _adam_cases(rng):
    yield np.array([1.0]), np.array([2.0]), np.array([0.0]), np.array([0.0]), 1, 0.1, 0.9, 0.999, 1e-8
    yield np.array([1.0]), np.array([2.0]), np.array([0.5]), np.array([1.5]), 2, 0.1, 0.9, 0.999, 1e-8
    for t in (1, 5):
        yield small(rng, 3), small(rng, 3), small(rng, 3), small(rng, 3) ** 2, t, 0.01, 0.8, 0.95, 0.5


def _adam_adapt(function):
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                s = self.state[p]
                if not s:
                    s.update(step=0, exp_avg=wrap(np.zeros_like(p._array)), exp_avg_sq=wrap(np.zeros_like(p._array)))
                s["step"] += 1
                m, v = s["exp_avg"]._array, s["exp_avg_sq"]._array
                given = p._array.copy(), p.grad._array, m.copy(), v.copy(), s["step"]
                p._array[...], m[...], v[...] = function(*given, group["lr"], *group["betas"], group["eps"])

    return step


@CHAPTER.exercise(
    seam="minitorch.optim.adam:Adam.step",
    cases=_adam_cases,
    engine=lambda mt: _train(mt, lambda p: mt.optim.Adam(p, lr=0.1, betas=(0.7, 0.9), eps=1e-3)),
    adapt=_adam_adapt,
    hints=(
        "m and v are running means: of the gradient, with beta1, and of its square, with beta2.",
        "Both begin at 0, and are too small at first: m / (1 - beta1**t) and v / (1 - beta2**t) make up for it.",
        "p moves by lr m_hat / (sqrt(v_hat) + eps): eps is added after the root.",
    ),
    rules=(
        Rule(
            "the first step has the length lr in each element (for a small eps): is the bias corrected?",
            lambda got, p, grad, m, v, t, lr, b1, b2, eps: t > 1 or eps > 1e-6 or np.allclose(abs(got[0] - p), lr),
        ),
    ),
    question=Question(
        "Adam's very first step, lr = 0.001, gradient 250. How far does p move, about?",
        lambda: float(-adam_step(0.0, 250.0, 0.0, 0.0, 1, 0.001, 0.9, 0.999, 1e-8)[0]),
    ),
)
def adam_step(p, grad, m, v, t, lr, beta1, beta2, eps):
    """(new p, new m, new v) of Adam's step number t = 1, 2, ...; the arrays that came in are not changed."""
    m = beta1 * m + (1 - beta1) * grad
    v = beta2 * v + (1 - beta2) * grad**2
    return p - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


def _lr_engine(mt):
    optimizer = mt.optim.SGD([mt.zeros(1, requires_grad=True)], lr=0.8)
    schedule = mt.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    found = []
    for _ in range(6):
        found.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return found


@CHAPTER.exercise(
    seam="minitorch.optim.lr_scheduler.factors:StepLR._next_lrs",
    cases=lambda rng: ((1.0, 0, 2, 0.1), (1.0, 1, 2, 0.1), (1.0, 2, 2, 0.1), (0.8, 7, 3, 0.5), (0.8, 9, 3, 0.5)),
    engine=_lr_engine,
    adapt=lambda function: (
        lambda self: [function(lr, self.last_epoch, self.step_size, self.gamma) for lr in self.base_lrs]
    ),
    hints=("How often has the rate been multiplied by gamma after `epoch` epochs?", "epoch // step_size times."),
    rules=(
        Rule(
            "the rate stays the same until step_size epochs are over",
            lambda got, base, epoch, step_size, gamma: epoch >= step_size or got == base,
        ),
    ),
    question=Question(
        "lr = 1, step_size = 30, gamma = 0.1. What is the rate in epoch 60?", lambda: step_lr(1, 60, 30, 0.1)
    ),
)
def step_lr(base, epoch, step_size, gamma):
    """The learning rate in epoch 0, 1, 2, ...: `base` at first, multiplied by gamma after every step_size epochs."""
    return base * gamma ** (epoch // step_size)


def _clip_cases(rng):
    yield [np.array([3.0, 4.0])], 1.0
    yield [np.array([3.0, 4.0])], 10.0
    yield [np.array([3.0]), np.array([[4.0]])], 2.5
    yield [small(rng, 2, 2) + 0.25, small(rng, 3)], 0.5
    yield [np.zeros(2)], 1.0


def _clip_adapt(function):
    def clip(parameters, max_norm, total_norm, foreach=None):
        grads = [p.grad for p in parameters]
        for g, new in zip(grads, function([g._array.copy() for g in grads], float(max_norm)), strict=True):
            g._array[...] = new

    return clip


def _clip_engine(mt):
    ps = [mt.tensor(wave(3), requires_grad=True), mt.tensor(wave(2, 2, start=4), requires_grad=True)]
    found = []
    for limit in (0.5, 100.0):
        for p in ps:
            p.grad = None
        sum((p * p).sum() for p in ps).backward()
        norm = mt.nn.utils.clip_grad_norm_(ps, limit)
        found += [norm, *(p.grad.clone() for p in ps)]
    return found


@CHAPTER.exercise(
    seam="minitorch.nn.utils.clip_grad:clip_grads_with_norm_",
    cases=_clip_cases,
    engine=_clip_engine,
    adapt=_clip_adapt,
    hints=(
        "All arrays count as one long vector: its norm is the root of the sum of all squares.",
        "If it is at most max_norm, nothing changes. Else all are multiplied by one factor.",
        "torch's factor is max_norm / (norm + 1e-6), but at most 1.",
    ),
    rules=(
        Rule(
            "the norm of all gradients together is at most max_norm",
            lambda got, grads, most: np.sqrt(sum((g**2).sum() for g in got)) <= most + 1e-9,
        ),
    ),
    question=Question(
        "Gradients [3] and [4], max_norm = 1. What does [3] become, about?",
        lambda: clip_gradients([np.array([3.0]), np.array([4.0])], 1.0)[0].tolist(),
    ),
)
def clip_gradients(grads, max_norm):
    """The list of gradients, scaled by one factor so that their norm, taken together, is at most max_norm.

    The factor is max_norm / (norm + 1e-6), but never more than 1. The arrays that came in are not changed.
    """
    norm = np.sqrt(sum((g**2).sum() for g in grads))
    factor = min(1.0, max_norm / (norm + 1e-6))
    return [g * factor for g in grads]
