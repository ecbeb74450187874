# %% [markdown]
# # The tape
#
# An engine that computes derivatives writes down what was computed, and reads it backwards. What it writes is called
# the *tape*, or the *graph*. This chapter builds one in thirty lines, finds it in minitorch, and explains the things
# that surprise every beginner: gradients that add up, the second `backward` that fails, `zero_grad`, `no_grad`.

# %%
import heapq
import inspect
import itertools
import random
import types
import warnings
import weakref

import numpy as np

import minitorch as mt
from minitorch import viz
from minitorch.autograd import engine
from minitorch.autograd.base import TensorBase
from minitorch.autograd.node import AccumulateGrad, Node, edge_of
from minitorch.learn.sources import show
from minitorch.optim import Optimizer

# %% [markdown]
# ## Motivation
#
# The chain rule of school: if $y$ depends on $a$ and $a$ on $x$, then $\frac{dy}{dx} = \frac{dy}{da} \frac{da}{dx}$. If
# $x$ reaches $y$ on several paths, the paths add up:
#
# $$\frac{dy}{dx} = \sum_{\text{paths}} \; \prod_{\text{steps of the path}} \text{(local slope)}$$
#
# So let us do just that. A `Number` remembers its inputs, and the local slope for each of them. `slope` walks all
# paths.


# %%
class Number:
    count = itertools.count().__next__

    def __init__(self, value, *inputs):
        self.value, self.inputs = value, inputs  # inputs: (Number, local slope)
        self.born, self.grad = Number.count(), 0.0

    def __add__(self, other):
        return Number(self.value + other.value, (self, 1.0), (other, 1.0))

    def __mul__(self, other):
        return Number(self.value * other.value, (self, other.value), (other, self.value))


visits = 0


def slope(y, x):
    global visits
    visits += 1
    return 1.0 if y is x else sum(local * slope(a, x) for a, local in y.inputs)


for doublings in (5, 10, 15):
    x = y = Number(1.0)
    for _ in range(doublings):
        y = y + y
    visits = 0
    assert slope(y, x) == 2**doublings  # right ...
    print(f"{doublings:2} additions, slope {2**doublings:5}, {visits:5} visits")
    assert visits == 2 ** (doublings + 1) - 1  # ... but at what a price

# %% [markdown]
# Fifteen additions, 65535 visits: each addition doubles the number of paths. Thirty additions would take two billion
# visits. The answer is right and the method is useless. Can we visit each number just *once*?
#
# ## Predict
#
# Here is the smallest case with the problem, a *diamond*: two paths part at $a$ and meet again at $y$.
#
# ```
#           +--> b = a * a --+
# x --> a --+                +--> y = b + c
#           +--> c = a + x --+
# ```
#
# with $a = 3x$. (There is also a short path from $x$ to $c$.) At $x = 2$: $a = 6$, $b = 36$, $c = 8$, $y = 44$.
#
# 1. What is $dy/dx$ there? On paper, $y = 9x^2 + 3x + x$.
# 2. How many contributions to its slope does $a$ get? ($a \cdot a$ uses it twice.)
# 3. Each number is to be visited once, when all its contributions have come. They were made in the order x, a, b, c, y.
#    In which order should they be visited?

# %%
prediction = {"slope": 18 * 2 + 4, "contributions": 3, "order": ["y", "c", "b", "a", "x"]}
x = Number(2.0)
a = Number(3.0) * x
b = a * a
c = a + x
y = b + c
assert (a.value, b.value, c.value, y.value) == (6, 36, 8, 44)
assert slope(y, x) == prediction["slope"] == 40
assert sum(used is a for n in (b, c, y) for used, _ in n.inputs) == prediction["contributions"]

# %% [markdown]
# The order is the reverse of the order of birth: **newest first**. It always works, because nothing can be made from
# what does not exist yet: whatever uses a number is younger than the number. When the newest number is visited, all
# those that could still contribute to it have been visited before.
#
# ## Build
#
# So the backward pass needs no recursion: keep a table of slopes that wait (`pending`), take out the newest number,
# hand its slope on to its inputs, where contributions *add up*. A number that has no inputs is a *leaf*; there the
# slope stays. A heap is a list from which the smallest item is taken quickly; with minus the birth number as key, the
# smallest is the newest.


# %%
def backward(y):
    """Add dy/dn to n.grad for each leaf n, and return the numbers in the order in which they were visited."""
    pending, heap, order = {y: 1.0}, [(-y.born, y)], []
    while heap:
        n = heapq.heappop(heap)[1]
        g = pending.pop(n)
        order.append(n)
        if not n.inputs:
            n.grad += g  # a leaf: the slope ends here
        for used, local in n.inputs:
            if used not in pending:
                pending[used] = 0.0
                heapq.heappush(heap, (-used.born, used))
            pending[used] += g * local
    return order


names = {x: "x", a: "a", b: "b", c: "c", y: "y"}
order = [names[n] for n in backward(y) if n in names]  # the constant 3 is a leaf as well; it has no name
print("dy/dx =", x.grad, " visited:", " ".join(order))
assert x.grad == prediction["slope"] and order == prediction["order"]

x = z = Number(1.0)
for _ in range(30):
    z = z + z
visited = backward(z)
print("thirty additions: slope", int(x.grad), "in", len(visited), "visits")
assert x.grad == 2**30 and len(visited) == 31

# %% [markdown]
# Thirty-one visits instead of two billion. This is *reverse-mode automatic differentiation*, all of it: one pass, one
# visit to each number, and every leaf has its slope. (Remember chapter 0: nudging needs one run for each leaf.)
#
# ## Check
#
# The same diamond in minitorch. `x` is a *leaf*: a tensor that was not computed, but given, with `requires_grad=True`.
# Each operation hangs a *node* on the tape, and `grad_fn` is the node that made a tensor. A *hook* is a function of
# yours that is called on the way: here each node's hook notes when it runs.

# %%
x = mt.tensor(2.0, requires_grad=True)
a = 3 * x
b = a * a
c = a + x
y = b + c

ran = []
for name, t in {"y": y, "c": c, "b": b, "a": a}.items():
    t.grad_fn.register_prehook(lambda grads, name=name: ran.append((name, grads[0].item())))
y.backward()
print("dy/dx =", x.grad.item(), " nodes ran, with slope:", ran)
assert x.grad.item() == 40
assert [name for name, _ in ran] == ["y", "c", "b", "a"] == prediction["order"][:-1]
assert dict(ran)["a"] == 2 * 6 + 1  # the three contributions to a, already added up

# %% [markdown]
# The same as a picture. Step through it: it says which gradients arrive at a node, what their sum is, and what leaves.
# (`viz.tape` makes a backward pass of its own; `x.grad` stays as it is.)

# %%
x = mt.tensor(2.0, requires_grad=True)
a = 3 * x
viz.tape(a * a + (a + x), {"x": x})

# %% [markdown]
# Now three hundred random formulas: ours against minitorch's, and against a finite difference.


# %%
def random_formula(seed, leaves):
    """A formula of ten steps on two leaves: each step adds or multiplies two earlier results."""
    rng, values = random.Random(seed), list(leaves)
    for _ in range(10):
        p, q = rng.choice(values), rng.choice(values[-3:])
        values.append(p + q if rng.random() < 0.6 else p * q)
    return values[-1]


worst = 0.0
for seed in range(300):
    ours = Number(0.5), Number(0.7)
    backward(random_formula(seed, ours))
    theirs = [mt.tensor(v, dtype=mt.float64, requires_grad=True) for v in (0.5, 0.7)]
    out = random_formula(seed, theirs)
    out.backward()
    for k in (0, 1):
        h = np.eye(2)[k] * 1e-6
        high, low = (random_formula(seed, [Number(v) for v in (0.5, 0.7) + s * h]).value for s in (1, -1))
        numeric = (high - low) / 2e-6
        engines = 0.0 if theirs[k].grad is None else theirs[k].grad.item()
        scale = max(1.0, abs(ours[k].grad))
        assert abs(ours[k].grad - engines) < 1e-12 * scale
        worst = max(worst, abs(ours[k].grad - numeric) / scale)
print(f"300 formulas: ours equals minitorch's; finite differences are {worst:.0e} away at most")
assert worst < 1e-5

# %% [markdown]
# ## Dissect
#
# The engine's backward pass is the method `Pass.run` in `minitorch/autograd/engine.py`. It is our loop, with the same
# words.


# %%
show(
    engine.Pass.run,
    "newest = pop(heap)[1]", "node, newest = newest, None", "g = pending.pop(node)", "grads = node.apply(g",
    "node.release()", "for edge, gi in zip(node.edges, grads)", "self._add_to_node(edge, gi)",
    "pending[edge] = gi", "push(heap, (edge.seq, edge))", "self._give_leaf(",
)  # fmt: skip
show(inspect.getmodule(Node), "next_seq = itertools.count(-1, -1)")
show(engine.accumulate, "leaf._grad = wrap(", "old._array += g")

# %% [markdown]
# | ours | the engine's |
# | --- | --- |
# | `n.born`, and `-n.born` in the heap | `node.seq`, counted downwards at once: $-1, -2, \dots$ |
# | `n.inputs`: (number, local slope) | `node.edges`, and `node.saved`: what the vjps need to compute slopes |
# | `g * local` | `node.apply(g, ...)`: a vjp, for slopes are large tables here (chapter 2) |
# | `pending[used] += ...` | `_add_to_node` |
# | `n.grad += g` at a leaf | `_give_leaf`, then `accumulate` when the pass is over |
# | `heappop`, `heappush` | the same, but the newest node waits beside the heap (`newest`): a chain never uses it |
# | - | `node.release()`: forget what was saved, to free memory |
#
# One thing is different. Our `Number` is value and tape in one. The engine has two kinds of objects: tensors, and
# nodes. An edge leads to a *node*, never to a tensor in the middle, so these tensors can be freed although the tape
# lives on.

# %%
show(Node, "edges  for each input", "saved  the values")
show(edge_of, "return None if not t._requires_grad else t if t._edge is None else t._edge")
show(TensorBase, "_edge   ")

x = mt.tensor(2.0, requires_grad=True)
a = 3 * x
b = a + x
y = b + a
node_b, ghost = b.grad_fn, weakref.ref(b)
assert y.grad_fn.next_functions == ((node_b, 0), (a.grad_fn, 0))
assert node_b.next_functions[1] == (AccumulateGrad(x), 0)  # the tape ends at the leaf
del b
assert ghost() is None  # the tensor is gone, its node is not
y.backward()
print("gradient without the tensor b:", x.grad.item())
assert x.grad.item() == 7
assert x.is_leaf and not y.is_leaf

# %% [markdown]
# Only leaves get a `.grad`. Asking a tensor in the middle gives None and a warning; `retain_grad()`, called before the
# backward pass, asks for it to be kept.

# %%
x = mt.tensor(2.0, requires_grad=True)
a, b = 3 * x, 5 * x
b.retain_grad()
(a * b).backward()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    nothing = a.grad
print("a.grad:", nothing, " b.grad:", b.grad.item(), " -", str(caught[0].message)[:64])
assert nothing is None and "not a leaf" in str(caught[0].message) and b.grad.item() == 6

# %% [markdown]
# ## Predict: a second time
#
# Three short programs, each with $x = 3$. What does `x.grad` hold at the end, or does it raise an error?
#
# 1. `y = x + x`, then `y.backward()` twice.
# 2. `y = x * x`, then `y.backward()` twice.
# 3. `y = x * x`, then `y.backward(retain_graph=True)`, then `y.backward()`.


# %%
def twice(f, first=False):
    x = mt.tensor(3.0, requires_grad=True)
    y = f(x)
    y.backward(retain_graph=first)
    try:
        y.backward()
    except RuntimeError as error:
        return str(error)
    return x.grad.item()


answers = [twice(lambda x: x + x), twice(lambda x: x * x), twice(lambda x: x * x, first=True)]
for answer in answers:
    print("->", str(answer)[:100])
assert answers[0] == 4.0  # 2 + 2: gradients add up, and a sum had saved nothing
assert "Trying to backward through the graph a second time" in answers[1]
assert answers[2] == 12.0  # 6 + 6

# %% [markdown]
# The slope of $x \cdot x$ needs the value of $x$, which the node had saved, and `release` dropped it after the first
# pass. The slope of $x + x$ is 1 whatever $x$ is: nothing saved, nothing to drop.
#
# **Why do gradients add up?** In one pass they must: a leaf that is used twice gets the sum. Between passes it is a
# choice, and a useful one. A batch that is too large for memory can be cut into pieces. Predict: do two half batches
# give the gradient of the whole one?

# %%
rng = np.random.default_rng(0)
inputs, targets = mt.from_numpy(rng.normal(size=(8, 3))), mt.from_numpy(rng.normal(size=8))
weight = mt.zeros(3, dtype=mt.float64, requires_grad=True)
optimizer = mt.optim.SGD([weight], lr=0.1)

((inputs @ weight - targets) ** 2).mean().backward()
whole = weight.grad.clone()

show(Optimizer.zero_grad, "p._grad = None")
optimizer.zero_grad()
assert weight.grad is None  # zero_grad drops the gradient; the next backward makes a new one
for half in (slice(0, 4), slice(4, 8)):
    loss = ((inputs[half] @ weight - targets[half]) ** 2).mean() / 2  # each half weighs one half
    loss.backward()
assert mt.allclose(weight.grad, whole)
print("two halves:", weight.grad.tolist())

# %% [markdown]
# The price of the choice: somebody has to say when to start anew. That is `zero_grad`, once per step.
#
# ## Predict: off the tape
#
# Writing a tape costs memory: every saved value lives until the backward pass. When no gradient is wanted, say
# `no_grad`. Take a leaf `x` of a thousand ones. Which of these four results have `requires_grad`, and which contain
# zeros?
#
# 1. `x * 2`, computed inside `with no_grad()`
# 2. `(x * 2).detach()`
# 3. `dropout(x * 2)` after `dropout.eval()` (in training mode, dropout sets random elements to zero)
# 4. `dropout(x)` in training mode, computed inside `with no_grad()`

# %%
x = mt.ones(1000, requires_grad=True)
with mt.no_grad():
    silent = x * 2
left = (x * 2).detach()
dropout = mt.nn.Dropout(0.5)
evaluated = dropout.eval()(x * 2)
with mt.no_grad():
    noisy = dropout.train()(x)

assert not silent.requires_grad and silent.grad_fn is None  # nothing recorded inside the block
assert not left.requires_grad  # recorded, then left: detach() gives the values without the history
assert evaluated.requires_grad  # eval() says how layers behave, not whether the tape runs
assert mt.equal(evaluated, x * 2)  # so dropout did nothing
assert not noisy.requires_grad and (noisy == 0).any()  # no_grad() stops the tape, and not the dropout
print("dropped under no_grad, in train mode:", int((noisy == 0).sum()), "of 1000")

# %% [markdown]
# So to evaluate a model you want both: `model.eval()` for the right values, `no_grad()` so that nothing is kept.
#
# The other use of `no_grad`: the update itself. A leaf must not be changed in place while the tape is running, for the
# change would have to be recorded, and then it would no longer be a leaf. Optimizers change it off the tape.

# %%
weight = mt.ones(2, requires_grad=True)
(weight * 3).sum().backward()
try:
    weight -= 0.1 * weight.grad
    message = ""
except RuntimeError as error:
    message = str(error)
print(message.splitlines()[0])
assert "a leaf Variable that requires grad is being used in an in-place operation" in message
with mt.no_grad():
    weight -= 0.1 * weight.grad
assert mt.allclose(weight, mt.full((2,), 0.7)) and weight.is_leaf and weight.requires_grad

# %% [markdown]
# ## Break it
#
# **Oldest first.** We give the engine's own loop a heap that yields the *oldest* node. What happens to the diamond?
# Node $a$ runs as soon as $b$ has contributed, before $c$. Then $c$ contributes, and $a$ has to run again.


# %%
def oldest_first(f):
    """Call f while the engine takes nodes in the wrong order."""

    def pop(heap):
        return heap.pop(max(range(len(heap)), key=lambda k: heap[k][0]))

    engine.heapq = types.SimpleNamespace(heappush=lambda heap, item: heap.append(item), heappop=pop)
    try:
        return f()
    finally:
        engine.heapq = heapq


def diamonds(n, retain):
    """n diamonds in a row; gives the slope, and how often the very first node ran."""
    x = y = mt.tensor(1.0, dtype=mt.float64, requires_grad=True)
    runs = []
    for k in range(n):
        a = y * 1.5
        y = (a + 1) + (a + 2)
        if k == 0:
            a.grad_fn.register_prehook(lambda g: runs.append(1))
    y.backward(retain_graph=retain)
    return x.grad.item(), len(runs)


assert diamonds(10, True) == (3.0**10, 1)
slope_10, runs_10 = oldest_first(lambda: diamonds(10, True))
print("oldest first: slope", slope_10, "- the first node ran", runs_10, "times")
assert (slope_10, runs_10) == (3.0**10, 2**10)  # right, and as slow as walking all paths
try:
    oldest_first(lambda: diamonds(10, False))
    message = ""
except RuntimeError as error:
    message = str(error)
assert "a second time" in message  # and without retain_graph, the second run finds nothing saved

# %% [markdown]
# **Slopes kept in the middle.** Our `backward` takes slopes *out* of `pending`. Some small engines keep them in `grad`
# instead, on every number, and forget to clear them. The first pass is right. What does the second one find?


# %%
def backward_keeping(y):
    found, stack = {y}, [y]
    while stack:
        new = [used for used, _ in stack.pop().inputs if used not in found]
        found.update(new)
        stack.extend(new)
    y.grad = 1.0
    for n in sorted(found, key=lambda n: -n.born):
        for used, local in n.inputs:
            used.grad += n.grad * local


seen = {}
for run in (backward, backward_keeping):
    x = Number(2.0)
    y = x * x * x  # slope 3 x^2 = 12
    run(y)
    first = x.grad
    run(y)
    seen[run.__name__] = first, x.grad
print(seen)
assert seen["backward"] == (12, 24)  # 12 + 12, as it should be
assert seen["backward_keeping"] == (12, 32)  # silently wrong: x * x started from what the first pass had left there

# %% [markdown]
# **Depth.** Our first `slope` calls itself; Python allows about a thousand calls inside each other. A loop and a heap
# do not care. A chain of 100,000 operations:

# %%
x = y = Number(1.0)
for _ in range(5000):
    y = y + Number(1.0)
try:
    slope(y, x)
    too_deep = False
except RecursionError:
    too_deep = True
assert too_deep
backward(y)
assert x.grad == 1

x = y = mt.tensor(1.0, requires_grad=True)
for _ in range(100_000):
    y = y + 1
y.backward()
print("100,000 operations deep:", x.grad.item())
assert x.grad.item() == 1

# %% [markdown]
# **A tape that never ends.** To report the mean loss, a beginner adds up the losses. Each loss holds its tape, and the
# sum holds them all: memory grows with every step. How many nodes hang on the sum?


# %%
def nodes_behind(t):
    seen, stack = set(), [t.grad_fn]
    while stack:
        node = stack.pop()
        if node is not None and id(node) not in seen:
            seen.add(id(node))
            stack.extend(n for n, _ in node.next_functions if isinstance(n, Node))
    return len(seen)


weight = mt.ones(3, requires_grad=True)
total, number = 0, 0.0
for _ in range(100):
    loss = ((weight - 2) ** 2).mean()
    loss.backward()
    total = total + loss  # keeps every tape
    number = number + loss.item()  # keeps a Python float
print("nodes kept alive by the sum of tensors:", nodes_behind(total), " by one loss:", nodes_behind(loss))
assert nodes_behind(loss) == 3 and nodes_behind(total) == 100 * (3 + 1)
assert isinstance(number, float) and number == total.item() == 100

# %% [markdown]
# ## Milestone
#
# You can now explain the tape; why newest first visits every node once; why gradients add up, within a pass and between
# passes; what `retain_graph` retains; what `zero_grad`, `no_grad`, `detach` and `eval` each do, and do not do.
#
# In the engine: `minitorch learn start 03` lets you write `accumulate`, `add_gradients`, `topological_order` and
# `on_a_path`.
#
# On paper, or in this file:
#
# 1. Give `Number` the operations `exp` and `-`. What is the local slope of each?
# 2. Two results, one backward pass: start `pending` with both. Which sum is differentiated? (`autograd.backward` can.)
# 3. Let the slopes in `backward` be `Number`s themselves. What do you get when you call `backward` on a slope?
#    (`create_graph=True`.)
#
# Read next: `minitorch/autograd/node.py`, then `minitorch/autograd/engine.py`, then `minitorch/autograd/saved.py`.

# %%
assert (slope_10, runs_10) == (3.0**10, 2**10) and answers[0] == 4.0 and answers[2] == 12.0 and len(visited) == 31
print("chapter 3 holds")
