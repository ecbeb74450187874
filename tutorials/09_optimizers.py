# %% [markdown]
# # Optimizers and the training loop
#
# The gradient says which way is up. How far to go down, and whether to trust the last steps, is the optimizer's part.
# This chapter builds four optimizers in a few lines each, watches them on two landscapes, and finds them in minitorch,
# where they are the same formulas with more care for memory. Then: schedules, clipping, and how to stop and go on.

# %%
import io
import math

import numpy as np

import minitorch as mt
from minitorch import nn, optim, viz
from minitorch.learn.sources import show
from minitorch.nn.utils import clip_grad
from minitorch.optim.elementwise import Elementwise
from minitorch.optim.lbfgs import _Run

mt.manual_seed(0)

# %% [markdown]
# ## Motivation
#
# A narrow valley: $f(x, y) = (x^2 + 50 y^2) / 2$. Its lowest point is (0, 0). Across the valley ($y$) it is fifty times
# as steep as along ($x$). Gradient descent has one learning rate for both.


# %%
def valley(p):
    return (p[0] ** 2 + 50 * p[1] ** 2) / 2


def path(make, f, start, steps):
    """The points that an optimizer of minitorch visits on the landscape f."""
    p = mt.tensor(start, dtype=mt.float64, requires_grad=True)
    optimizer, points = make([p]), [start]

    def closure():  # computes loss and gradients anew; `step` calls it, since L-BFGS may need it more than once
        optimizer.zero_grad()
        loss = f(p)
        loss.backward()
        return loss

    for _ in range(steps):
        optimizer.step(closure)
        points.append(p.tolist())
    return np.array(points)


def steps_needed(points, f, goal=1e-3):
    """The first step from which on the height stays below the goal, or None."""
    high = [k for k, p in enumerate(points) if f(p) >= goal]
    return high[-1] + 1 if high[-1] + 1 < len(points) else None


for lr in (0.01, 0.039, 0.041):
    points = path(lambda p, lr=lr: optim.SGD(p, lr=lr), valley, [10.0, 1.0], 500)
    below = steps_needed(points, valley)
    print(f"lr {lr}: after 500 steps at height {valley(points[-1]):.1e}, below 0.001 from step {below}")
    assert (valley(points[-1]) > 1e6) == (lr == 0.041)

# %% [markdown]
# With 0.039 it works, with 0.041 it runs away to infinity, and 0.01 is slow. The largest rate is set by the *steepest*
# direction; the flattest one then takes its time.
#
# ## Predict
#
# 1. On $f(y) = c y^2 / 2$ a step is $y \leftarrow y - \text{lr} \cdot c \cdot y$. From which learning rate on does
#    $|y|$ grow? (Above: $c = 50$.)
# 2. Momentum adds up: $v \leftarrow 0.9 v + g$, then $p \leftarrow p - \text{lr} \cdot v$. If the gradient is always 1,
#    what does $v$ approach?
# 3. Adam divides a mean of the gradient by the root of a mean of its square. How long is its *first* step with learning
#    rate 0.1, if the gradient is a thousandth? If it is a thousand?


# %%
def slide(make, gradient, steps):
    """How far each step moves on a straight slope with this gradient."""
    heights = path(make, lambda p: gradient * p[0], [0.0], steps)[:, 0]
    return -np.diff(heights) * np.sign(gradient)


assert abs(1 - 0.039 * 50) < 1 < abs(1 - 0.041 * 50)  # the limit is 2 / c = 0.04
speed = slide(lambda p: optim.SGD(p, lr=1, momentum=0.9), 1.0, 100)
adam_first = [slide(lambda p: optim.Adam(p, lr=0.1), g, 1)[0].item() for g in (1e-3, 1e3)]
print("momentum: first steps", speed[:3].round(2), " last", speed[-1].round(3), " Adam's first step:", adam_first)
assert abs(speed[-1] - 10) < 0.01  # 1 + 0.9 + 0.81 + ... = 1 / (1 - 0.9)
assert np.allclose(adam_first, 0.1, rtol=1e-4)  # the learning rate itself, whatever the gradient

# %% [markdown]
# ## Build
#
# Each optimizer is a function from gradient to step, with a memory.


# %%
def sgd(lr, momentum=0.0):
    v = 0.0

    def step(g):
        nonlocal v
        v = momentum * v + g
        return -lr * v

    return step


def adam(lr, beta1=0.9, beta2=0.999, eps=1e-8, corrected=True):
    m = s = t = 0.0  # means of g and of g^2 that forget slowly; steps so far

    def step(g):
        nonlocal m, s, t
        t += 1
        m = beta1 * m + (1 - beta1) * g
        s = beta2 * s + (1 - beta2) * g**2
        # both began at zero: after t steps they hold only this share of a mean
        m_hat, s_hat = (m / (1 - beta1**t), s / (1 - beta2**t)) if corrected else (m, s)
        return -lr * m_hat / (np.sqrt(s_hat) + eps)

    return step


# %% [markdown]
# Newton's method (chapter 7) would be done with the valley in one step: it divides by the second derivatives. *L-BFGS*
# guesses them from what it has seen: a step $s$ changed the gradient by $y$. From pairs $(s, y)$ it makes a step $d$
# that comes close to Newton's. It needs no table of second derivatives. Only pairs with $s \cdot y > 0$ count, where
# the landscape curves upward: elsewhere Newton's method would climb (chapter 7's hill).


# %%
def lbfgs_direction(g, pairs):
    """-(estimate of the inverse second derivatives) g, from the pairs (s, y), oldest first."""
    d, shares = -g, []
    for s, y in reversed(pairs):
        share = s @ d / (y @ s)
        d = d - share * y
        shares.append(share)
    if pairs:
        s, y = pairs[-1]
        d = d * (y @ s) / (y @ y)
    for (s, y), share in zip(pairs, reversed(shares), strict=True):
        d = d + s * (share - y @ d / (y @ s))
    return d


def lbfgs(lr=1.0):
    pairs, last = [], None  # last: (step, gradient before it)

    def step(g):
        nonlocal last
        if last is not None and last[0] @ (g - last[1]) > 1e-10:
            pairs.append((last[0], g - last[1]))
        d = lbfgs_direction(g, pairs)
        d = d * lr * (min(1, 1 / np.abs(g).sum()) if last is None else 1)  # the first step is a guess
        last = d, g
        return d

    return step


# %% [markdown]
# ## Check
#
# The same paths as minitorch's optimizers, to six digits, on the valley and on a landscape with a saddle:
# $f(x, y) = x^2/2 - y^2/2 + y^4/4$ goes up along $x$ and down along $y$, to the two lowest points $(0, \pm 1)$.


# %%
def saddle(p):
    return p[0] ** 2 / 2 - p[1] ** 2 / 2 + p[1] ** 4 / 4


slopes = {valley: lambda p: p * [1, 50], saddle: lambda p: np.array([p[0], -p[1] + p[1] ** 3])}
rivals = {
    "SGD": (lambda: sgd(0.035), lambda p: optim.SGD(p, lr=0.035)),
    "momentum": (lambda: sgd(0.035, 0.8), lambda p: optim.SGD(p, lr=0.035, momentum=0.8)),
    "Adam": (lambda: adam(0.3), lambda p: optim.Adam(p, lr=0.3)),
    "L-BFGS": (lbfgs, lambda p: optim.LBFGS(p, lr=1, max_iter=1)),
}
needed, paths = {}, {}
for name, (make_ours, make_theirs) in rivals.items():
    for f, start, steps in ((valley, [10.0, 1.0], 200), (saddle, [1.8, 0.01], 200)):
        step, p, count = make_ours(), np.array(start), 10 if name == "L-BFGS" else steps
        ours = [p := p + (step(slopes[f](p)) if k else 0) for k in range(count + 1)]
        paths[name, f] = path(make_theirs, f, start, count)
        assert np.allclose(ours, paths[name, f], atol=1e-6), (name, f)
    needed[name] = steps_needed(paths[name, valley], valley)
print("steps until the valley's floor:", needed)
assert needed["L-BFGS"] < needed["momentum"] < needed["Adam"] < needed["SGD"]

# %% [markdown]
# Their ways down the valley, on its level curves: lines of equal height. *Play* shows them as a film.

# %%
theirs = {name: make for name, (_, make) in rivals.items()}
viz.paths(theirs, lambda p: valley(p.unbind(-1)), [10.0, 1.0], steps=60)

# %% [markdown]
# Now look at them on the saddle. The map shows heights (`#` is high, a dot is low), the letters the path: `a` is the
# start, the next letter comes every few steps. All start near the ridge, at $y = 0.01$, where there is almost no slope
# along $y$.


# %%
def draw(points, every, width=56, height=15):
    xs, ys = np.linspace(-2.2, 2.2, width), np.linspace(1.5, -1.5, height)
    levels = saddle((xs[None, :], ys[:, None]))
    shades = np.array(list(".:-=+*#"))
    picture = shades[np.digitize(levels, [-0.2, -0.1, 0, 0.4, 0.9, 1.5])]
    for letter, (x, y) in zip("abcdefghijklmnopqrstuvwxyz", points[::every], strict=False):
        picture[np.abs(ys - y).argmin(), np.abs(xs - x).argmin()] = letter
    print("\n".join("".join(row) for row in picture))


escapes = {}
on_saddle = {
    "SGD": lambda p: optim.SGD(p, lr=0.1),
    "momentum": lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
    "Adam": lambda p: optim.Adam(p, lr=0.1),
}
for name, make in on_saddle.items():
    points = path(make, saddle, [1.8, 0.01], 120)
    escapes[name] = int((np.abs(points[:, 1]) > 0.5).argmax())
    print(f"{name}: away from the saddle (|y| > 0.5) after {escapes[name]} steps")
    draw(points, every=6 if name == "SGD" else 4)
assert escapes["Adam"] < escapes["momentum"] < escapes["SGD"]

# %% [markdown]
# SGD goes down to the saddle and waits there: the slope along $y$ is tiny, and grows by a tenth in each step. Momentum
# shoots past and swings. Adam takes steps of the same length in both directions from the start, for it divides each
# gradient by its own size. All three together, as a film:

# %%
viz.paths(on_saddle, lambda p: saddle(p.unbind(-1)), [1.8, 0.01], steps=80, window=[-2, 2, -1.5, 1.5])

# %% [markdown]
# ## Dissect
#
# In the engine an optimizer is a class: `step` goes over all parameters, `update` holds the formula.


# %%
show(Elementwise.step, "if p._grad is not None:", "self.prepare(p, group)", "bump(p)", "self._walk(vectors, numbers")
show(optim.SGD.update, "xp.multiply(v, momentum, v)", "xp.add(v, g", "move(xp, x, g, size, a)")
show(optim.Adam.prepare, "(1 - beta1**t)", "(1 - beta2**t)", 'kept = [state["exp_avg"]')
show(optim.Adam.update, "lerp(xp, m, g", "mean_square(xp, v, g", "xp.sqrt(v, b)", "move_scaled(")
show(_Run._newton_direction, "y = self.gradient - self.prev_flat_grad", "al[k] = ", "d = d * self.H_diag", "be = ")
show(clip_grad.clip_grads_with_norm_, "factor = ")

# %% [markdown]
# | ours | the engine's |
# | --- | --- |
# | `v`, `m`, `s`, `t` | `optimizer.state[p]`: `momentum_buffer`, `exp_avg`, `exp_avg_sq`, `step` |
# | new arrays for each result | `xp.multiply(v, momentum, v)`: written into the old memory, block by block |
# | - | `bump(p)`: the version counter of chapter 6 |
# | `shares` | `al` |
#
# **Schedules** change `group["lr"]` between steps. Why? Gradients of batches are noisy, and a fixed step keeps dancing
# around the minimum. Predict: the cosine schedule from 0.1 over 10 epochs; what is the rate after 5? And who is to be
# called first, optimizer or schedule?

# %%
p = nn.Parameter(mt.ones(1))
optimizer = optim.SGD([p], lr=0.1)
schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
rates = []
for _ in range(10):
    rates.append(optimizer.param_groups[0]["lr"])
    optimizer.zero_grad()
    p.sum().backward()
    optimizer.step()  # no closure: the gradients are there. First the step, then the schedule
    schedule.step()
print("rates:", np.round(rates, 3))
assert np.allclose(rates, [0.1 * (1 + math.cos(math.pi * t / 10)) / 2 for t in range(10)])
assert abs(rates[5] - 0.05) < 1e-12 and abs(optimizer.param_groups[0]["lr"]) < 1e-12

rng, fixed, falling = np.random.default_rng(0), np.ones(1000), np.ones(1000)  # a thousand runs at once, on y^2 / 2
for t in range(200):
    noise = rng.normal(size=1000)
    fixed = fixed - 0.3 * (fixed + noise)
    falling = falling - 0.3 * (1 + math.cos(math.pi * t / 200)) / 2 * (falling + noise)
print("typical distance from the minimum: fixed rate", fixed.std().round(3), " falling rate", falling.std().round(3))
assert falling.std() < fixed.std() / 2

# %% [markdown]
# **Clipping.** One freak batch can have a gradient a thousand times too long. `clip_grad_norm_` shortens the gradient
# of all parameters together, and keeps its direction; `clip_grad_value_` cuts each number, and does not. They belong
# between `backward` and `step`. (Or in a hook: what a hook on a tensor returns replaces the gradient.)

# %%
p.grad = mt.tensor([3.0])
q = nn.Parameter(mt.zeros(1))
q.grad = mt.tensor([4.0])
before = nn.utils.clip_grad_norm_([p, q], max_norm=1.0)
print("norm before:", before.item(), " after:", p.grad.item(), q.grad.item())
assert before == 5 and mt.allclose(mt.cat([p.grad, q.grad]), mt.tensor([0.6, 0.8]))
nn.utils.clip_grad_value_([p, q], clip_value=0.7)
assert mt.allclose(mt.cat([p.grad, q.grad]), mt.tensor([0.6, 0.7]))  # another direction
q.grad = None
q.register_hook(lambda g: g.clamp(-1, 1))
(1000 * q).backward()
assert q.grad.item() == 1

# %% [markdown]
# ## Break it
#
# **Stop and go on.** Train ten steps, save, load, train ten more: the same as twenty at once? Only if *all* state is
# saved. We leave something out, and see.


# %%
def training():
    mt.manual_seed(1)
    net = nn.Linear(3, 1)
    optimizer = optim.Adam(net.parameters(), lr=0.1)
    return {"net": net, "optimizer": optimizer, "schedule": optim.lr_scheduler.StepLR(optimizer, 4, gamma=0.5)}


def train(parts, steps):
    for k in steps:
        x = mt.tensor(np.random.default_rng(k).normal(size=(8, 3)), dtype=mt.float32)
        parts["optimizer"].zero_grad()
        (parts["net"](x) - x[:, :1]).square().mean().backward()
        parts["optimizer"].step()
        parts["schedule"].step()
    return parts["net"].weight.detach()


whole = train(training(), range(20))
half = training()
train(half, range(10))
file = io.BytesIO()
mt.save({name: part.state_dict() for name, part in half.items()}, file)
results = {}
for what in (["net"], ["net", "optimizer"], ["net", "optimizer", "schedule"]):
    file.seek(0)
    saved, parts = mt.load(file), training()
    for name in what:
        parts[name].load_state_dict(saved[name])
    results[len(what)] = (train(parts, range(10, 20)) - whole).abs().max().item()
    print(f"{' + '.join(what):28} differs by {results[len(what)]:.4f}")
assert results[3] == 0 and results[1] > 0.01 and results[2] > 0.001

# %% [markdown]
# **Adam without its correction.** Both means begin at zero. Predict: how long is the first step now? After it,
# $m = 0.1 g$ and $s = 0.001 g^2$.

# %%
uncorrected = abs(adam(0.1, corrected=False)(7.0)) / 0.1
print("first step, in learning rates:", round(uncorrected, 3))
assert abs(uncorrected - 0.1 / math.sqrt(0.001)) < 1e-3  # 3.16 times too long

# %% [markdown]
# **Weight decay in Adam.** The decay pulls weights to zero, large ones more. Added to the gradient, it is divided by
# its own size as well. Predict, for a gradient of 0, lr 0.01 and decay 0.1: by how much do the weights 10 and 0.1 move?

# %%
moved = {}
for kind in (optim.Adam, optim.AdamW):
    w = nn.Parameter(mt.tensor([10.0, 0.1], dtype=mt.float64))
    w.grad = mt.zeros_like(w)
    kind([w], lr=0.01, weight_decay=0.1).step()
    moved[kind] = (mt.tensor([10.0, 0.1], dtype=mt.float64) - w.detach()).tolist()
    print(f"{kind.__name__:6}", moved[kind])
assert np.allclose(moved[optim.Adam], [0.01, 0.01])  # both the same: the decay has lost its sense
assert np.allclose(moved[optim.AdamW], [0.01, 0.0001])  # a thousandth of each: AdamW keeps it apart

# %% [markdown]
# **Exactly on the ridge** the slope along $y$ is zero, and no method that follows slopes leaves it. **Other
# parameters**: an optimizer holds the tensors that it was given. Replace a layer afterwards, and it trains the old one.

# %%
on_ridge = path(lambda p: optim.Adam(p, lr=0.1), saddle, [1.8, 0.0], 500)[-1]
assert on_ridge[1] == 0

net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
optimizer = optim.SGD(net.parameters(), lr=0.1)
net[1] = nn.Linear(2, 1)  # a new head, as for another task
start = net[1].weight.clone()
net(mt.ones(1, 2)).sum().backward()
optimizer.step()
assert mt.equal(net[1].weight, start)  # not trained; no error

# %% [markdown]
# ## Milestone
#
# You can now explain what limits a learning rate, what momentum and Adam remember, why L-BFGS is fast on bowls, why
# Adam needs its correction and AdamW exists, and what a checkpoint must hold.
#
# In the engine: `minitorch learn start 09` lets you write `momentum_step`, `adam_step`, `step_lr` and `clip_gradients`.
#
# On paper, or in this file:
#
# 1. Give `sgd` Nesterov's momentum (step by $g + \mu v$ after the update of $v$), and check it against
#    `SGD(nesterov=True)`.
# 2. Start L-BFGS near the top of the cosine. Where does it go, and which line of `_newton_direction` keeps it safe?
# 3. Write a schedule that rises for 10 steps and then falls, with `LambdaLR`.
#
# Read next: `minitorch/optim/sgd.py`, `adam.py`, `elementwise.py` and `lbfgs.py`, then `optimizer.py` for the state.

# %%
assert needed["L-BFGS"] < needed["momentum"] < needed["SGD"] and results[3] == 0 and on_ridge[1] == 0
print("chapter 9 holds")
