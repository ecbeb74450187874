# %% [markdown]
# # Derivatives you can trust
#
# A wrong derivative does not crash. It trains, a little worse than it should, and nobody notices. So, before we build
# an engine that computes derivatives, we build the judge: a way to know whether a derivative is right.

# %%
import math
import warnings

import numpy as np

import minitorch as mt
from minitorch import viz
from minitorch.autograd.gradcheck import GradcheckError, _analytic, _check, _numeric, gradcheck
from minitorch.learn.sources import show

# %% [markdown]
# ## Motivation
#
# We fit $y = \tanh(w x + b)$ to twenty points. The derivative of $\tanh$ is $1 - \tanh^2$. Someone has forgotten the
# square. Cover the code and look only at the losses it prints: can you tell which run has the mistake?

# %%
rng = np.random.default_rng(0)
points = rng.normal(size=20)
targets = np.tanh(1.5 * points - 0.5) + 0.1 * rng.normal(size=20)


def losses_with(tanh_slope, steps=200, lr=0.5):
    w, b, losses = 0.1, 0.0, []
    for _ in range(steps):
        t = np.tanh(w * points + b)
        losses.append(((t - targets) ** 2).mean())
        g = 2 * (t - targets) / len(points) * tanh_slope(t)  # the chain rule
        w, b = w - lr * (g * points).sum(), b - lr * g.sum()
    return losses


right = losses_with(lambda t: 1 - t**2)
wrong = losses_with(lambda t: 1 - t)
for step in (0, 5, 20, 199):
    print(f"step {step:3}   first run {right[step]:.4f}   second run {wrong[step]:.4f}")
assert wrong[-1] < 0.02 * wrong[0]  # the wrong one learns,
assert wrong[5] < right[5] and wrong[20] < right[20]  # at first even faster,
assert wrong[-1] > 1.03 * right[-1]  # and ends up a little worse

# %% [markdown]
# The mistake is in the second run: the one that is ahead for the first twenty steps. It ends a few percent worse,
# and only because we have the right one beside it can we see that. Looking at losses is no test.
#
# ## Predict
#
# The definition of the derivative is a limit, $f'(x) = \lim_{h \to 0} \frac{f(x+h) - f(x)}{h}$. A computer takes a
# small $h$ instead. There are two ways:
#
# - *forward* difference: $\frac{f(x+h) - f(x)}{h}$,
# - *central* difference: $\frac{f(x+h) - f(x-h)}{2h}$.
#
# Take $f(x) = x^3$ at $x = 1$, where $f' = 3$, and $h = 0.1$. Both can be done on paper: $1.1^3 = 1.331$ and
# $0.9^3 = 0.729$.
#
# 1. What is the error of each?
# 2. If $h$ becomes ten times smaller, by which factor does each error shrink?
# 3. What does the forward difference give for $h = 10^{-16}$?


# %%
def cube(x):
    return x**3


def forward(f, x, h):
    return (f(x + h) - f(x)) / h


def central(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


assert math.isclose(forward(cube, 1.0, 0.1) - 3, 0.31)
assert math.isclose(central(cube, 1.0, 0.1) - 3, 0.01)
shrinks = [(d(cube, 1.0, 0.1) - 3) / (d(cube, 1.0, 0.01) - 3) for d in (forward, central)]
print("ten times smaller h: errors shrink by", [round(s, 1) for s in shrinks])
assert abs(shrinks[0] - 10) < 0.5 and abs(shrinks[1] - 100) < 0.5
assert forward(cube, 1.0, 1e-16) == 0.0  # not 3: 1.0 + 1e-16 is 1.0 to a computer

# %% [markdown]
# The Taylor series says why. $f(x+h) = f + h f' + \frac{h^2}{2} f'' + \frac{h^3}{6} f''' + \dots$ The forward
# difference is left with an error of $\frac{h}{2} f''$. In the central one, the terms with $f''$ cancel:
# $\frac{h^2}{6} f'''$.
#
# ## Build
#
# If smaller is better, but not *too* small: which $h$ is best? Let us try them all. A float64 holds about 16 digits;
# $f(x+h)$ and $f(x-h)$ agree in most of them, and the subtraction leaves only the rest. The rounding error is about
# $10^{-16} / h$: it *grows* when $h$ shrinks.

# %%
errors = {}
for power in range(1, 16):
    h = 10.0**-power
    errors[power] = abs(forward(np.exp, 1.0, h) - math.e), abs(central(np.exp, 1.0, h) - math.e)
    bars = [max(0, round(-math.log10(e + 1e-16))) for e in errors[power]]
    print(f"h = 1e-{power:02}   forward {'#' * bars[0]:14}  central {'#' * bars[1]:14}")
print("(one # for each correct digit)")

best_forward = min(errors, key=lambda p: errors[p][0])
best_central = min(errors, key=lambda p: errors[p][1])
print(f"best h: forward 1e-{best_forward:02}, central 1e-{best_central:02}")
assert 1e-16 < np.finfo(np.float64).eps < 1e-15  # the distance from 1 to the next float64
assert 7 <= best_forward <= 9 and 4 <= best_central <= 6
assert errors[best_central][1] < errors[best_forward][0] / 10  # the best central one is far better
assert errors[15][1] > 1000 * errors[best_central][1]  # and too small an h ruins both

# %% [markdown]
# The same as a curve, for a function of five numbers: the error of the central difference over $h$, both on a scale of
# powers of ten. To the right of the lowest point the formula is to blame, and the line falls by two powers for each
# one of $h$; to the left it is rounding. float32, with its 7 digits, never gets below a millionth or so.

# %%
curve = viz.gradcheck_curve(lambda v: (v.exp() * v.sin()).sum(), mt.tensor([0.3, -1.2, 0.8, 2.0, -0.5]))
least = {name: min(found) for name, found in curve.to_json()["errors"].items()}
print("least errors:", {name: f"{e:.0e}" for name, e in least.items()})
assert least["float64"] < 1e-9 and 1e-7 < least["float32"] < 1e-4
curve

# %% [markdown]
# Now the judge. A function takes an array and returns an array. Its derivative is a table, the *Jacobian*: row $i$,
# column $j$ says how output $i$ changes with input $j$. Central differences give it column by column.


# %%
def numeric_jacobian(f, x, h=1e-6):
    columns = []
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += h
        down[place] -= h
        columns.append(((f(up) - f(down)) / (2 * h)).reshape(-1))
    return np.stack(columns, axis=1)


def agrees(jacobian, f, x, rtol=1e-3, atol=1e-5):
    numeric = numeric_jacobian(f, x)
    return bool((np.abs(jacobian - numeric) <= atol + rtol * np.abs(numeric)).all())


some = rng.normal(size=4)
t = np.tanh(some)
assert agrees(np.diag(1 - t**2), np.tanh, some)
assert not agrees(np.diag(1 - t), np.tanh, some)  # caught, in one line

# %% [markdown]
# Why two tolerances? `rtol` allows an error in proportion to the number (large slopes have large rounding errors),
# `atol` a fixed one (for slopes that are zero, where a proportion of zero would allow nothing).
#
# ## Check
#
# Is the engine right? It does not give Jacobians but rows of them: `backward` with an *upstream gradient* $v$ gives
# $v^T J$, a *vector-Jacobian product*, or *vjp*. With $v = (0, .., 1, .., 0)$ that is one row of $J$.


# %%
def engine_jacobian(f, x):
    rows = []
    for i in range(f(mt.from_numpy(x)).numel()):
        leaf = mt.tensor(x, requires_grad=True)
        out = f(leaf)
        v = np.zeros(out.numel())
        v[i] = 1
        out.backward(mt.from_numpy(v.reshape(tuple(out.shape))))
        rows.append(leaf.grad.numpy().reshape(-1))
    return np.stack(rows)


functions = {
    "tanh": lambda x: x.tanh(),
    "exp(x) * sin(x)": lambda x: x.exp() * x.sin(),
    "softmax": lambda x: x.softmax(0),
    "cumsum": lambda x: x.cumsum(0),
    "x / norm(x)": lambda x: x / x.norm(),
    "x @ x.T": lambda x: x.reshape(2, 2) @ x.reshape(2, 2).t(),
}
for name, f in functions.items():
    ok = agrees(engine_jacobian(f, some), lambda a, f=f: f(mt.from_numpy(a)).numpy(), some)
    print(f"{name:16} {'agrees' if ok else 'DIFFERS'}")
    assert ok, name
    assert gradcheck(f, mt.tensor(some, requires_grad=True))  # the engine's own judge says the same

# %% [markdown]
# ## Dissect
#
# `minitorch.autograd.gradcheck` is our judge, with more care.


# %%
show(gradcheck, "eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3")
show(_numeric, "array[index] = saved", "(plus - minus) / (2 * eps)")
show(_analytic, "e[k] = v", "found = grad(out, checked,")
show(_check, 'not in ("float64"', "again = _analytic", "rtol=0, atol=nondet_tol", "rtol=rtol, atol=atol")

# %% [markdown]
# | ours | the engine's |
# | --- | --- |
# | `up[place] += h`, `down[place] -= h` | `_numeric`: `array[index] = saved ± eps`, then `saved` again |
# | `v[i] = 1`, `backward(v)` | `_analytic`: `e[k] = v`, `grad(out, checked, e)` |
# | `agrees` | `np.allclose(analytic, numeric, rtol, atol)` |
# | - | twice `_analytic`: is the answer the same the second time? |
# | - | a warning if the input is not float64 |
#
# ## Break it
#
# **The forgotten square, caught.** `autograd.Function` lets us give minitorch an operation with a derivative of our
# own: `forward` computes, `backward` gets the upstream gradient `g` and returns $g$ times the slope. `ctx` (context)
# carries what `forward` saves over to `backward`. (Chapter 7 has more.)


# %%
def tanh_with(slope):
    class Tanh(mt.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x.tanh()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            (y,) = ctx.saved_tensors
            return g * slope(y)

    return Tanh.apply


x = mt.tensor(some, requires_grad=True)
assert gradcheck(tanh_with(lambda y: 1 - y**2), x)
try:
    gradcheck(tanh_with(lambda y: 1 - y), x)
    message = ""
except GradcheckError as error:
    message = str(error)
print(message)
assert "Jacobian mismatch for output 0 with respect to input 0" in message

# %% [markdown]
# **A test that cannot fail.** It is tempting to test `f(x).sum()`: one number, one backward, and all slopes at once.
# The elements of a softmax always sum to 1. Predict the gradient of that sum. And which wrong derivative of softmax
# would pass such a test?


# %%
class LazySoftmax(mt.autograd.Function):
    """The right values, and a derivative that is zero everywhere."""

    @staticmethod
    def forward(ctx, x):
        return x.softmax(0)

    @staticmethod
    def backward(ctx, g):
        return g * 0


assert gradcheck(lambda x: LazySoftmax.apply(x).sum(), x)  # passes: the sum is constant, its slopes are 0
assert not gradcheck(LazySoftmax.apply, x, raise_exception=False)  # the whole Jacobian does not

weights = mt.from_numpy(rng.normal(size=4))
assert not gradcheck(lambda x: (LazySoftmax.apply(x) * weights).sum(), x, raise_exception=False)
print("summed: the fault passes. Whole Jacobian, or random weights: it is caught.")

# %% [markdown]
# So: test with a *random upstream gradient*, never with ones. (minitorch's own tests do. They also plant faults in
# every derivative, to see that the tests turn red.)
#
# **The right derivative, failing.** In float32, with 7 digits, the judge's $h = 10^{-6}$ is far too small. It warns,
# and finds "errors" that are its own.

# %%
single = mt.tensor(some, dtype=mt.float32, requires_grad=True)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    passed = gradcheck(lambda x: x.tanh(), single, raise_exception=False)
print("float32 passes:", passed, "-", str(caught[0].message)[:74])
assert not passed and "not a double precision floating point" in str(caught[0].message)

# %% [markdown]
# **A kink.** $|x|$ at 0 and relu at 0 have no derivative: the slope from the left is not that from the right. Predict
# what a central difference says there, and what the engine says.

# %%
at_zero = mt.zeros(1, dtype=mt.float64, requires_grad=True)
found = {}
for name, f in {"abs": mt.abs, "relu": mt.relu}.items():
    (slope,) = mt.autograd.grad(f(at_zero).sum(), at_zero)
    middle = numeric_jacobian(lambda a, f=f: f(mt.from_numpy(a)).numpy(), np.zeros(1))
    found[name] = slope.item(), middle.item()
    print(f"{name} at 0: the engine says {slope.item()}, the central difference {middle.item()}")
assert found["abs"] == (0.0, 0.0)
assert found["relu"] == (0.0, 0.5)  # halfway between 0 and 1
assert not gradcheck(mt.relu, at_zero, raise_exception=False)

# %% [markdown]
# Neither is wrong: the engine takes one of the permitted values (the one that PyTorch takes), the difference takes the
# mean. Check derivatives away from kinks, and test the rule *at* the kink separately.
#
# ## Milestone
#
# You can now explain forward and central differences and their best $h$; why float64; what a Jacobian and a vjp are;
# why an upstream gradient must be random; when a failing check is not the engine's fault.
#
# In the engine: `minitorch learn start 02` lets you write `jacobian_by_differences`, `tanh_backward` and
# `div_backward`.
#
# On paper, or in this file:
#
# 1. A Jacobian of a function of a million numbers is too large. Compare $v^T J u$ instead, for random $u$ and $v$: one
#    backward, two runs of the function. Write it. Which faults can it miss?
# 2. Run the judge over $1/x$ near zero. Why does it fail, and which of `eps`, `atol`, `rtol` should change?
# 3. `gradgradcheck` judges second derivatives. How can it be written with `gradcheck` and three more lines?
#
# Read next: `minitorch/autograd/gradcheck.py`, and `parity/checks.py`, where every operation meets PyTorch's.

# %%
assert (
    found["relu"] == (0.0, 0.5)
    and agrees(np.diag(1 - t**2), np.tanh, some)
    and not agrees(np.diag(1 - t), np.tanh, some)
)
print("chapter 2 holds")
