# %% [markdown]
# # Parity and proof
#
# How do you know that an engine is right? A test of an example shows that the example works. This chapter builds a
# tester that invents the examples itself, shrinks those that fail, and is tested in its turn: by breaking the engine on
# purpose. Then it looks at `parity/`, the folder of the checkout that does this for every public function of minitorch.

# %%
import importlib
import importlib.util
import math
import os
import random
import tempfile
import warnings
from pathlib import Path

import numpy as np

import minitorch as mt
from minitorch.autograd.op import registry
from minitorch.autograd.saved import make_apply

# %% [markdown]
# ## Motivation
#
# Here is the sum along one dimension, with its vjp: from $g$, the slope of the loss by the result, to the slope by $x$.
# There is a test, and it is green, on both dimensions. The vjp is wrong all the same. Can you see where?


# %%
def total(x, dim):
    return x.sum(dim)


def total_vjp(g, x, dim):
    return np.ones(x.shape) * g


square = np.arange(9.0).reshape(3, 3)
for dim in (0, 1):
    assert np.array_equal(total_vjp(np.ones(3), square, dim), np.ones((3, 3)))
print("the test is green")

# %% [markdown]
# Broadcasting lines $g$ up with the last dimension. For `dim=0` that is right. For `dim=1` it should be `g[:, None]`.
# The test had two blind spots: all its upstream slopes are one, and its matrix is square.
#
# ## Predict
#
# Three other tests of `dim=1`. Which of them go red, and how: with a wrong number, or with an exception?
#
# 1. upstream of ones, shape (3, 4)
# 2. random upstream, shape (3, 3)
# 3. upstream of ones, shape (3, 3), but `x` drawn at random


# %%
def verdict(g, x):
    try:
        return "green" if np.allclose(total_vjp(g, x, 1), np.broadcast_to(g[:, None], x.shape)) else "wrong number"
    except ValueError:
        return "exception"


rng = np.random.default_rng(0)
verdicts = [verdict(np.ones(3), rng.normal(size=(3, 4))), verdict(rng.normal(size=3), square)]
verdicts.append(verdict(np.ones(3), rng.normal(size=(3, 3))))
print(verdicts)
assert verdicts == ["exception", "wrong number", "green"]

# %% [markdown]
# Random values of `x` help nothing here. What counts is the *structure*: shapes whose sizes differ, each `dim`, from
# the front and the back, and an upstream that differs from place to place.
#
# ## Build
#
# A property test: draw a call, compute the gradient twice, compare. The property: *the vjp, paired with a random
# direction, is the slope along this direction*. The reference is a finite difference, so no second library is needed:
#
# $$\langle \mathrm{vjp}(g), v \rangle \approx \frac{\langle g, f(x + hv) \rangle - \langle g, f(x - hv) \rangle}{2h}$$
#
# And when a call fails: try smaller ones, as long as they fail too. The last one is easy to read.


# %%
def holds(f, vjp, shape, dim, seed):
    """Whether the vjp fits f on values drawn with the seed."""
    rng = np.random.default_rng(seed)
    x, v = rng.uniform(0.5, 2.0, shape), rng.normal(size=shape)
    g, h = rng.normal(size=f(x, dim).shape), 1e-6
    slope = ((f(x + h * v, dim) - f(x - h * v, dim)) * g).sum() / (2 * h)
    try:
        return math.isclose((vjp(g, x, dim) * v).sum(), slope, rel_tol=1e-5, abs_tol=1e-6)
    except ValueError:
        return False


def smaller(shape, dim):
    """Simpler calls: a size less by one, or a dim counted from the front."""
    for k, size in enumerate(shape):
        if size > 1:
            yield (*shape[:k], size - 1, *shape[k + 1 :]), dim
    if dim < 0:
        yield shape, dim + len(shape)


def falsify(f, vjp, examples=100):
    """A small call that fails, as (shape, dim); None if all hold."""
    draw = random.Random(0)
    for seed in range(examples):
        shape = tuple(draw.choice((1, 2, 3, 4, 5)) for _ in range(draw.randint(1, 3)))
        call = shape, draw.randrange(-len(shape), len(shape))
        if not holds(f, vjp, *call, seed):
            while better := next((c for c in smaller(*call) if not holds(f, vjp, *c, seed)), None):
                call = better
            return call
    return None


# %% [markdown]
# ## Check
#
# The tester finds the mistake, and makes it small. It leaves the right formula alone. Then it tests minitorch: the vjp
# is the engine's backward pass.

# %%
fault = falsify(total, total_vjp)
print("wrong vjp: fails for shape, dim =", fault)
assert fault is not None and math.prod(fault[0]) <= 4
assert falsify(total, lambda g, x, dim: np.ones(x.shape) * np.expand_dims(g, dim)) is None


def of_minitorch(f):
    """A function of tensors as a pair for the tester."""

    def forward(x, dim):
        return f(mt.from_numpy(x), dim).numpy()

    def vjp(g, x, dim):
        t = mt.from_numpy(x).requires_grad_()
        f(t, dim).backward(mt.from_numpy(g))
        return t.grad.numpy()

    return forward, vjp


tested = {
    "sum": mt.sum, "mean": mt.mean, "prod": mt.prod, "logsumexp": mt.logsumexp, "softmax": mt.softmax,
    "cumsum": mt.cumsum, "cumprod": mt.cumprod, "var": mt.var, "amax": mt.amax,
}  # fmt: skip
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the variance of a single number is nan, with a warning
    results = {name: falsify(*of_minitorch(f)) for name, f in tested.items()}
print(results)
assert {name for name, r in results.items() if r is not None} == {"var"}

# %% [markdown]
# One call is left over, and it is no bug of the engine: the variance of *one* number divides by $n - 1 = 0$, and `nan`
# equals nothing, not even the finite difference's `nan`. Random structure finds such corners by itself. To decide what
# is right there, one needs a reference that says so. For minitorch it is torch: *parity* means that the same call gives
# the same, corners included.

# %%
assert results["var"][0][results["var"][1]] == 1
assert falsify(*of_minitorch(lambda x, dim: mt.var(x, dim, correction=0))) is None

# %% [markdown]
# ## Dissect
#
# The folder `parity/` has the same parts, and is built on Hypothesis, a library that draws and shrinks. We read its
# files as text, for they need torch to run.


# %%
def source(name):
    """The text of a module that is not imported."""
    found = importlib.util.find_spec(name)
    assert found is not None and found.origin is not None, f"{name} is not here: run this chapter in a checkout"
    return Path(found.origin).read_text()


def show(name, *phrases):
    """Print the lines of a module's source that hold one of the phrases."""
    text = source(name)
    missing = [phrase for phrase in phrases if phrase not in text]
    assert not missing, missing
    print(f"--- {name}")
    print("\n".join(line for line in text.splitlines() if any(phrase in line for phrase in phrases)))


show("parity.spec", "class In:", "class Call:", "class Spec:", "def shapes(", "def broadcastable(", "SIZES = ")
show("parity.checks", "def forward(", "def gradient(", "def second_order(", "def refuses(", "upstream = [random_like(")
show("parity.runner", "def run_check(", "Phase.shrink", "def snippet(")
show("parity.mutants", '"scaled by 1.001"', '"sign flipped"', '"zeroed"', '"upstream ignored"', "def survives(")

# %% [markdown]
# | ours | the folder's |
# | --- | --- |
# | `shape`, `dim` of a call | `Call`, with `In(shape)` wherever a tensor goes |
# | the sizes 1 to 5 | `shapes()`: sizes that differ from each other; now and then a 1 or a 0 |
# | random `g` | `random_like`, for every output |
# | `holds` | `forward`, `gradient`, `second_order`: the same call in both libraries, and torch is the reference |
# | `smaller` | Hypothesis shrinks (`Phase.shrink`), and `snippet` prints a program that shows the difference |
# | - | `refuses`: bad calls must raise the same type of error |
#
# **A bug that was found so.** Drawn values are of moderate size. The extremes (0, the smallest numbers, infinities,
# nan) stand in a spec by name, as `edges`. In minitorch they found this: the vjp of `special.i1e`, a Bessel function,
# was written as `i0e(x) - i1e(x) * (sign(x) + 1 / x)`. On paper that is right. Near 0 the function is about $x / 2$, so
# its slope is 1/2. Predict: what does the formula give at $x = 10^{-310}$, a number that float64 still holds?

# %%
x = mt.tensor([1e-310, 0.5], dtype=mt.float64, requires_grad=True)
(now,) = mt.autograd.grad(mt.special.i1e(x).sum(), x)
i0e, i1e, at = (t.detach().numpy() for t in (mt.special.i0e(x), mt.special.i1e(x), x))
with np.errstate(over="ignore"):
    before = i0e - i1e * (np.sign(at) + 1 / at)
print("slopes as they were:", before, " as they are:", now.tolist())
assert before[0] == -math.inf  # 1 / x is more than float64 can hold
assert abs(now[0] - 0.5) < 1e-9 and np.isclose(before[1], now[1].item())
show("minitorch.ops.special_more", "- out / where(zero, 1, x))  # 1 / x may overflow")

# %% [markdown]
# The same product in another order: `i1e(x) / x` is 1/2, and nothing overflows. No test with values between -3 and 3
# would have seen it.
#
# **Write a spec.** A spec says which calls there are; the checks follow from it. Where torch and Hypothesis are
# installed, this one is run against torch. Else the reference is a formula of our own, with the same upstream.


# %%
def with_torch():
    """Checks of hypot against torch: {check: number of calls}. Raises ImportError where a library is missing."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", folder)  # it would leave a folder here
        warnings.simplefilter("ignore")
        spec, checks, runner = (importlib.import_module(f"parity.{name}") for name in ("spec", "checks", "runner"))
        calls = spec.binary({"low": 0.5}, {"low": 0.5}, scalars=())  # off the kink at (0, 0)
        made = spec.Spec("hypot", calls)  # not registered: the folder has one
        found = {}
        for name, check in checks.checks_for(made, "float64").items():
            outcome = runner.run_check(made, "float64", name, check, 20, 0)
            assert outcome.ok, outcome.error
            found[name] = outcome.examples
    return found


def without_torch():
    """The same by hand: sqrt(x^2 + y^2), with the slopes x / r and y / r, on shapes that broadcast."""
    shapes = [((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 1), (1, 4)), ((), (2,)), ((0, 2), (2,))]
    for a, b in shapes:
        x, y = (mt.from_numpy(np.asarray(rng.uniform(0.5, 2, s))).requires_grad_() for s in (a, b))
        out = mt.hypot(x, y)
        g = np.asarray(rng.normal(size=out.shape))
        out.backward(mt.from_numpy(g))
        r = np.sqrt(x.detach().numpy() ** 2 + y.detach().numpy() ** 2)
        assert np.allclose(out.detach().numpy(), r)
        for t in (x, y):
            whole = mt.from_numpy(np.asarray(g * t.detach().numpy() / r))
            assert mt.allclose(t.grad, whole.sum_to_size(t.shape))
    return {"forward": len(shapes), "gradient": len(shapes)}


checked = without_torch()
try:
    checked = with_torch()
    reference = "torch"
except ImportError as missing:
    reference = f"our own formula ({missing})"
print(f"hypot against {reference}: {checked}")
assert {"forward", "gradient"} <= set(checked) and min(checked.values()) >= 5

# %% [markdown]
# ## Break it
#
# Who tests the tester? Break the engine on purpose, one formula at a time, and see whether a test goes red. A broken
# engine is called a *mutant*; a test that goes red *kills* it; a mutant that survives shows a blind spot of the tests.
# We break the vjp of `cumprod` in four ways, and show each mutant to two testers: the one above, and one whose
# upstream is all ones.


# %%
def mapped(fn, change):
    def mutant(g, *args):
        return change(fn(g, *args))

    return mutant


def ignoring(fn):
    def mutant(g, *args):
        return fn(g * 0 + 1, *args)

    return mutant


MUTATIONS = {
    "scaled by 1.001": lambda fn: mapped(fn, lambda r: r * 1.001),
    "sign flipped": lambda fn: mapped(fn, lambda r: r * -1.0),
    "zeroed": lambda fn: mapped(fn, lambda r: r * 0.0),
    "upstream ignored": ignoring,
}


def broken(op, mutate, test):
    """What `test` says while the op's vjp is broken."""
    vjp = op.vjps[0]
    original = vjp.fn

    def set_to(fn):
        vjp.fn = fn
        for node in op.node_classes.values():
            node.apply = make_apply(op)

    set_to(mutate(original))
    try:
        return test()
    finally:
        set_to(original)


# %%
def ours():
    return falsify(*of_minitorch(mt.cumprod), examples=20) is None


def upstream_of_ones():
    def summed(x, dim):
        return np.asarray(mt.cumprod(mt.from_numpy(x), dim).sum().numpy())

    def vjp(g, x, dim):
        t = mt.from_numpy(x).requires_grad_()
        mt.cumprod(t, dim).sum().backward()
        return t.grad.numpy() * g

    return falsify(summed, vjp, examples=20) is None


cumprod = registry["cumprod"]
assert ours() and upstream_of_ones()  # the engine as it is: green
survived = {test.__name__: [n for n, m in MUTATIONS.items() if broken(cumprod, m, test)]
            for test in (ours, upstream_of_ones)}  # fmt: skip
print("survivors:", survived)
assert survived == {"ours": [], "upstream_of_ones": ["upstream ignored"]}
assert ours()  # the engine is whole again

# %% [markdown]
# `loss.sum().backward()` is the usual way to test a gradient, and it cannot see a vjp that ignores its upstream. A
# random upstream kills all four. `parity/mutants.py` asks this of each vjp of each op.
#
# **A tolerance that is too wide.** A thousandth too much is a bug. A tester that allows one percent never sees it.

# %%
strict = math.isclose
scaled = MUTATIONS["scaled by 1.001"]
try:
    math.isclose = lambda a, b, **options: strict(a, b, rel_tol=1e-2, abs_tol=1e-2)
    missed = broken(cumprod, scaled, ours)
finally:
    math.isclose = strict
print("one percent of tolerance: does the mutant survive?", missed)
assert missed and not broken(cumprod, scaled, ours)

# %% [markdown]
# ## Milestone
#
# You can now explain why structure counts more than values; what a property is, and what shrinking is for; what a spec
# says; what a mutant proves; why upstreams are random and tolerances small.
#
# In the engine: `minitorch learn start 13` lets you write `is_close`, `promote` and `accepts`.
#
# On paper, or in this file:
#
# 1. Add a fifth mutation: a vjp that forgets `dim` when it is negative. Which of the two testers kills it?
# 2. Let `falsify` draw sizes of 0. Which of the nine functions refuses such a call, and is it right to?
# 3. Tests off the kinks say nothing about the kinks. What should the gradient of `amax` be where two elements tie?
#
# Read next: `parity/spec.py`, one file of `parity/specs/`, `parity/checks.py`, then `parity/mutants.py`.

# %%
assert verdicts[2] == "green" and fault is not None and survived["ours"] == [] and missed
print("chapter 13 holds")
