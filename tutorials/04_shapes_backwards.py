# %% [markdown]
# # Shapes going backwards
#
# Chapter 3 handed slopes of single numbers from node to node. Real gradients are tables, and they must have the shape
# of what they are the gradient *of*. What happens to them where the forward pass has broadcast, summed, indexed or
# chosen? There is one idea behind it: **what was copied forwards is summed backwards, and what was summed is
# copied.**

# %%
import itertools

import numpy as np

import minitorch as mt
from minitorch import viz
from minitorch.autograd import engine, primitives
from minitorch.autograd.gradcheck import gradcheck
from minitorch.autograd.op import registry
from minitorch.learn.sources import show
from minitorch.ops import indexing
from minitorch.ops import reduce as reductions
from minitorch.ops.arithmetic import mul
from minitorch.ops.extrema import maximum

rng = np.random.default_rng(0)

# %% [markdown]
# ## Motivation
#
# A layer adds a bias of shape (3,) to a batch of shape (4, 3). The gradient of the result has shape (4, 3). Adding has
# slope 1, so the naive rule says: the gradient of the bias is that of the result. Let us take a step with it.

# %%
batch, bias, lr, losses = rng.normal(size=(4, 3)), np.zeros(3), 0.1, []
for _ in range(2):
    result = batch + bias
    upstream = 2 * result  # the gradient of (result ** 2).sum()
    bias = bias - lr * upstream  # the naive rule
    losses.append((result**2).sum())
    print("the bias has shape", bias.shape, "and the loss was", round(losses[-1], 3))
assert bias.shape == (4, 3)  # the parameter has grown!
assert losses[1] < losses[0]

try:
    rng.normal(size=(5, 3)) + bias
    message = ""
except ValueError as error:
    message = str(error)
print("the next batch has 5 rows:", message)
assert "could not be broadcast together" in message

# %% [markdown]
# Nothing complained. The loss even went down. The parameter silently became four biases, one per example, and the
# program dies later, in another line, when a batch of another size comes along.
#
# ## Predict
#
# The bias is one row of three numbers. Each of them was added to four results.
#
# 1. For `loss = (batch + bias).sum()`: what is `bias.grad`, and of what shape?
# 2. For `loss = (p * q).sum()` with `p` of shape (3, 1), all 2, and `q` of shape (1, 4), all 5: what are `p.grad` and
#    `q.grad`?

# %%
bias = mt.zeros(3, requires_grad=True)
(mt.ones(4, 3) + bias).sum().backward()
assert bias.grad.tolist() == [4.0, 4.0, 4.0]

p, q = mt.full((3, 1), 2.0, requires_grad=True), mt.full((1, 4), 5.0, requires_grad=True)
(p * q).sum().backward()
assert p.grad.tolist() == [[20.0], [20.0], [20.0]]  # four results with slope 5 each
assert q.grad.tolist() == [[6.0, 6.0, 6.0, 6.0]]  # three results with slope 2 each
print("bias.grad", bias.grad.tolist(), " p.grad", p.grad.tolist(), " q.grad", q.grad.tolist())

# %% [markdown]
# It is the rule of chapter 3: contributions to one number add up. Broadcasting uses a number several times, as $a$ was
# used several times in the diamond. In the picture, dashed dimensions are repeated forwards, and "The same in words"
# says over which ones the gradient is summed backwards.

# %%
viz.broadcast(p, q)

# %% [markdown]
# ## Build
#
# Four backward rules. In each, `g` is the upstream gradient, of the result's shape; what is returned has the shape of
# the input.


# %%
def unbroadcast(g, shape):
    """Backwards through broadcasting: sum where the forward copied."""
    extra = g.ndim - len(shape)
    g = g.sum(axis=tuple(range(extra)))  # dimensions that the input did not have (axis=() sums none)
    stretched = tuple(d for d, n in enumerate(shape) if n == 1 and g.shape[d] != 1)
    return g.sum(axis=stretched, keepdims=True)  # dimensions of length 1 that were stretched


def unsum(g, shape, dim, keepdim):
    """Backwards through a sum over `dim`: copy to all that were summed."""
    if not keepdim:
        g = np.expand_dims(g, dim)
    return np.broadcast_to(g, shape)


def unpick(g, shape, rows):
    """Backwards through x[rows]: put back, and add where a row was picked twice."""
    result = np.zeros(shape)
    for i, row in enumerate(rows):
        result[row] += g[i]
    return result


def unmax(g, x):
    """Backwards through x.max(): to the largest; if there are several, each gets an equal share."""
    winners = (x == x.max()).astype(float)
    return g * winners / winners.sum()


# %% [markdown]
# Broadcasting, summing and picking are *linear*: $f(x + y) = f(x) + f(y)$. Such an $f$ is a matrix $A$, even if nobody
# writes it down, and its backward rule is the transpose $A^T$ (one says *adjoint*). There is a beautiful test, which
# needs no finite differences. For *any* $x$ and $v$,
#
# $$\langle A x,\; v \rangle = \langle x,\; A^T v \rangle$$
#
# where $\langle \cdot, \cdot \rangle$ multiplies element by element and adds up.


# %%
def adjoint(forward, back, shape):
    """The difference between the two sides, for random x and v."""
    x = rng.normal(size=shape)
    v = rng.normal(size=forward(x).shape)
    return abs((forward(x) * v).sum() - (x * back(v)).sum())


rows = np.array([2, 0, 2, 2])
tests = {
    "broadcast (3,) to (4, 3)": (lambda x: np.broadcast_to(x, (4, 3)), lambda v: unbroadcast(v, (3,)), (3,)),
    "broadcast (2, 1, 3) to (5, 2, 4, 3)": (
        lambda x: np.broadcast_to(x, (5, 2, 4, 3)), lambda v: unbroadcast(v, (2, 1, 3)), (2, 1, 3)
    ),
    "sum over dim 1 of (2, 5)": (lambda x: x.sum(1), lambda v: unsum(v, (2, 5), 1, False), (2, 5)),
    "rows 2, 0, 2, 2 of (4, 3)": (lambda x: x[rows], lambda v: unpick(v, (4, 3), rows), (4, 3)),
    "transpose of (2, 5)": (lambda x: x.T, lambda v: v.T, (2, 5)),
}  # fmt: skip
for name, test in tests.items():
    apart = adjoint(*test)
    print(f"{name:36} {apart:.0e}")
    assert apart < 1e-12

# %% [markdown]
# ## Check
#
# Against minitorch, everywhere: all pairs of shapes that broadcast, with up to three dimensions of lengths 1, 2, 3, and
# a random upstream gradient (chapter 2 says why not ones).

# %%
shapes = [shape for ndim in range(4) for shape in itertools.product((1, 2, 3), repeat=ndim)]
checked = 0
for shape, other in itertools.product(shapes, repeat=2):
    try:
        common = np.broadcast_shapes(shape, other)
    except ValueError:
        continue
    x, y, g = (rng.normal(size=s) for s in (shape, other, common))
    tx, ty = (mt.tensor(a, requires_grad=True) for a in (x, y))
    (tx * ty).backward(mt.tensor(g))
    assert np.allclose(tx.grad.numpy(), unbroadcast(g * y, shape))  # the slope of x * y by x is y
    assert np.allclose(ty.grad.numpy(), unbroadcast(g * x, other))
    checked += 1
print(checked, "pairs of shapes agree")
assert checked == 1600 - 660  # those that chapter 1 did not refuse

# %%
x = rng.normal(size=(2, 3, 4))
for dim, keepdim in itertools.product([0, 1, 2, (0, 2), (0, 1, 2)], [False, True]):
    leaf = mt.tensor(x, requires_grad=True)
    out = leaf.sum(dim, keepdim=keepdim)
    g = rng.normal(size=tuple(out.shape))
    out.backward(mt.tensor(g))
    assert np.allclose(leaf.grad.numpy(), unsum(g, x.shape, dim, keepdim))

leaf = mt.tensor(x, requires_grad=True)
leaf.mean().backward()
assert np.allclose(leaf.grad.numpy(), 1 / 24)  # a mean is a sum of 24, divided by 24

table = mt.tensor(rng.normal(size=(4, 3)), requires_grad=True)
g = rng.normal(size=(4, 3))
table[mt.tensor(rows)].backward(mt.tensor(g))
assert np.allclose(table.grad.numpy(), unpick(g, (4, 3), rows))
print("sums, means and picked rows agree; gradient of row 1, which nobody picked:", table.grad[1].tolist())
assert table.grad[1].tolist() == [0.0, 0.0, 0.0]

# %% [markdown]
# The last one is how *embeddings* learn: a table with a row per word. A word that occurs three times in a sentence gets
# the sum of three gradients; a word that does not occur gets none.
#
# ## Predict: ties
#
# At a tie, a maximum has a kink: it has no derivative, and an engine must choose one. minitorch chooses what PyTorch
# chooses. Guess, for upstream gradient 1:
#
# 1. `x.max()` with x = [1, 5, 5]: the gradient of x?
# 2. `x.max(dim=0).values` with the same x? (It also returns *which* element it took.)
# 3. `maximum(a, b)` with a = b?
# 4. `relu(x)` at x = 0, and `clamp(x, min=0)` at x = 0? (As functions, the two are the same!)


# %%
def gradient(f, values):
    leaf = mt.tensor(values, requires_grad=True)
    f(leaf).sum().backward()
    return leaf.grad.tolist()


ties = {
    "x.max()": gradient(lambda x: x.max(), [1.0, 5.0, 5.0]),
    "x.max(dim=0)": gradient(lambda x: x.max(dim=0).values, [1.0, 5.0, 5.0]),
    "x.amax(dim=0)": gradient(lambda x: x.amax(dim=0), [1.0, 5.0, 5.0]),
    "maximum(x[0], x[1])": gradient(lambda x: mt.maximum(x[0], x[1]), [3.0, 3.0]),
    "relu(x)": gradient(mt.relu, [0.0]),
    "clamp(x, min=0)": gradient(lambda x: x.clamp(min=0), [0.0]),
}
for name, found in ties.items():
    print(f"{name:20} {found}")
assert ties["x.max()"] == ties["x.amax(dim=0)"] == [0.0, 0.5, 0.5]  # shared
assert ties["x.max(dim=0)"] == [0.0, 1.0, 0.0]  # to the one whose index is returned: the first
assert ties["maximum(x[0], x[1])"] == [0.5, 0.5]  # shared
assert ties["relu(x)"] == [0.0] and ties["clamp(x, min=0)"] == [1.0]  # a difference to remember
assert ties["x.max()"] == unmax(1.0, np.array([1.0, 5.0, 5.0])).tolist()

# %% [markdown]
# ## Dissect
#
# Many operations in minitorch broadcast. How many of their backward rules sum the broadcast dimensions? We ask the
# registry, which knows all operations and their rules, and look at the rule of multiplication as an example.


# %%
broadcasting = [op for op in registry.values() if op.broadcasts and op.vjps]
summing = [op for op in broadcasting if any("sum_to" in vjp.fn.__code__.co_names for vjp in op.vjps)]
print(len(broadcasting), "operations broadcast and have derivatives;", len(summing), "of them sum by themselves")
assert len(broadcasting) > 20 and not summing

by_x, by_y = (vjp.fn for vjp in mul.op.vjps)
show(mul, "@op(broadcasts=True", "return x * y")
show(by_y, '@mul.vjp("y")', "return g * conj(x)")
raw = by_y(np.ones((4, 3)), np.ones((4, 3)))  # called by hand: y has shape (3,), but the rule does not know it
print("the rule alone gives shape", raw.shape)
assert raw.shape == (4, 3)

# %% [markdown]
# The rule gives a gradient of the *result's* shape. The engine then makes it fit: each edge knows the shape and dtype
# of what it leads to, and where they differ, `Pass.run` calls `fit`. Once, for all operations.

# %%
show(engine.Pass.run, "if graph or gi.shape != edge.shape", "gi = fit(edge, gi, graph, node)")
show(primitives.fit, "if array.shape != shape:", "_unbroadcast(g, array.shape, shape", "g = cast(g, dtype=dtype)")
show(primitives._summed_axes, "lead = len(have)", "ones = ")
show(primitives._sum_to, "axes, leading = _summed_axes(", "total = x.sum(axis=axes, keepdims=True")
show(reductions.expand_reduced, "g.reshape(kept_shape(shape, dim))", "return broadcast_to(g, shape=shape)")
show(indexing.index_spread, "with x added at the positions; adjoint of index", "add_rows(out, ")
show(reductions.spread_over_ties, "mask = matches(x, out)", "return mask * (g / sum(mask))")
show(maximum, "At a tie each gets half of the gradient")

single = mt.ones(3, requires_grad=True)  # float32
(single * mt.ones(3, dtype=mt.float64)).sum().backward()
assert single.grad.dtype is mt.float32  # fit's other duty: the gradient has the leaf's dtype

# %% [markdown]
# | ours | the engine's |
# | --- | --- |
# | `unbroadcast` | `fit`, `_unbroadcast`, `_sum_to`: both sums in one, over the axes in front and the `ones` |
# | `unsum` | `expand_reduced`, which copies nothing: a view with stride 0 (chapter 1) |
# | `unpick` | `index_spread`, with `add_rows` for the loop |
# | `unmax` | `spread_over_ties` |
#
# And the derivative of these rules? `sum_to` and `broadcast_to` are operations themselves, each with the other as its
# backward rule: the transpose of the transpose is the matrix itself.

# %%
show(primitives.sum_to.op.vjps[0].fn, '@sum_to.vjp("x")', "return broadcast_to(g, shape=x_shape)")
show(primitives.broadcast_to.op.vjps[0].fn, '@broadcast_to.vjp("x")', "return sum_to(g, shape=x_shape)")
show(indexing.index.op.vjps[0].fn, '@index.vjp("x")', "return index_spread(g")
show(indexing.index_spread.op.vjps[0].fn, '@index_spread.vjp("x")', "return index(g")

# %% [markdown]
# ## Break it
#
# **An engine without `fit`.** We take it out and run the bias of the beginning.


# %%
def with_replaced(module, name, replacement, f):
    """Call f while module.name is something else."""
    original = getattr(module, name)
    setattr(module, name, replacement)
    try:
        return f()
    finally:
        setattr(module, name, original)


def bias_gradient():
    bias = mt.zeros(3, requires_grad=True)
    ((mt.from_numpy(batch).float() + bias) ** 2).sum().backward()
    return bias.grad


unfit = with_replaced(engine, "fit", lambda edge, g, graph, node: g, bias_gradient)
print("without fit", tuple(unfit.shape), " with fit", tuple(bias_gradient().shape))
assert tuple(unfit.shape) == (4, 3) and tuple(bias_gradient().shape) == (3,)
assert mt.allclose(unfit.sum(0), bias_gradient())

# %% [markdown]
# On the tape of the right engine, the addition gets a gradient of shape (4, 3), and sends one of shape (3,) to the
# bias: step to `Add` and look at what leaves it.

# %%
bias = mt.zeros(3, requires_grad=True)
viz.tape(((mt.from_numpy(batch).float() + bias) ** 2).sum(), {"bias": bias})

# %% [markdown]
# **Adding where places repeat.** NumPy has a trap: `out[rows] += g` with a repeated row adds only *once*, the last one
# wins. Rows 2, 0, 2, 2 get 10, 20, 30, 40. Predict what row 2 holds, and what it should hold. Then we put the fault
# into the engine, and see whether the judge of chapter 2 finds it.

# %%
gifts = np.array([10.0, 20.0, 30.0, 40.0])
trap, right = np.zeros(4), np.zeros(4)
trap[rows] += gifts
np.add.at(right, rows, gifts)
print("out[rows] += gifts:", trap, " np.add.at:", right)
assert trap.tolist() == [20, 0, 40, 0] and right.tolist() == [20, 0, 80, 0]


def trapped(g, *, shape, positions):
    """As index_spread, but it falls into the trap."""
    out = np.zeros(shape)
    out[positions.key] += g
    return out


def judged():
    x = mt.tensor(rng.normal(size=(4, 3)), requires_grad=True)
    return gradcheck(lambda x: x[mt.tensor(rows)], x, raise_exception=False)


assert judged()
assert not with_replaced(indexing, "index_spread", trapped, judged)
print("the judge finds the trap")

# %% [markdown]
# **All winners take everything.** A tempting rule for ties: `g * (x == x.max())`, without the division. Is it just
# another choice? No. Raise all elements by $t$: the maximum rises by $t$, so the slopes must add up to 1.

# %%
x = np.array([1.0, 5.0, 5.0])
t = 1e-6
rise = ((x + t).max() - (x - t).max()) / (2 * t)
greedy = (x == x.max()).astype(float)
print(
    "the maximum rises by",
    round(rise, 6),
    "- slopes add up to",
    greedy.sum(),
    "(greedy),",
    unmax(1.0, x).sum(),
    "(ours)",
)
assert np.isclose(rise, 1) and greedy.sum() == 2
assert unmax(1.0, x).sum() == sum(ties["x.max()"]) == sum(ties["x.max(dim=0)"]) == 1

# %% [markdown]
# **A rule of your own with a wrong shape.** The engine sums what could have been broadcast. What could not is an error
# that names the culprit.


# %%
class Wrong(mt.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 1

    @staticmethod
    def backward(ctx, g):
        return g.reshape(2, 2)  # should be (4,)


try:
    Wrong.apply(mt.ones(4, requires_grad=True)).sum().backward()
    message = ""
except RuntimeError as error:
    message = str(error)
print(message)
assert "WrongBackward returned an invalid gradient - got [2, 2] but expected shape compatible with [4]" in message

# %% [markdown]
# ## Milestone
#
# You can now explain why a gradient has the shape of its tensor; the pairs copy and sum, pick and put; the adjoint
# test; who un-broadcasts in minitorch, and where; what happens at ties, and which choices are not free.
#
# In the engine: `minitorch learn start 04` lets you write `unbroadcast`, `sum_backward`, `max_backward`, `add_rows` and
# `prod_backward`.
#
# On paper, or in this file:
#
# 1. What is the backward rule of `cumsum`? (Write $A$ down for four numbers, and transpose.) Test it with `adjoint`.
# 2. `x[rows] = values`, with a repeated row: what is the gradient of `values`? (Which of the two was overwritten?)
# 3. Matrix product: from the shapes alone, there is only one way to multiply `g` and `b` to get the gradient of `a` in
#    `a @ b`. Which? Then let `a` have a batch dimension that `b` has not.
#
# Read next: `minitorch/autograd/primitives.py`, `minitorch/ops/reduce.py`, `minitorch/ops/indexing.py`.

# %%
assert checked == 940 and judged()
assert ties["x.max()"] == [0.0, 0.5, 0.5] and tuple(bias_gradient().shape) == (3,)
print("chapter 4 holds")
