# %% [markdown]
# # From matmul to cross entropy
#
# A classifier is a matrix product with a loss behind it. This chapter takes both apart: products of tables, written
# with `einsum` and differentiated by swapping letters; `logsumexp`, which never overflows; and the loss that joins
# them into one step, because the joined step is safer, shorter and smaller than its parts.

# %%
import itertools
import math
import tracemalloc

import numpy as np

import minitorch as mt
from minitorch import viz
from minitorch.backend.kernels.softmax import SoftmaxKernels
from minitorch.learn.sources import show
from minitorch.nn import functional as F
from minitorch.ops import loss as loss_ops
from minitorch.ops import matmul as products
from minitorch.ops import softmax as softmaxes
from minitorch.tensor.einsum import _pair

rng = np.random.default_rng(0)
mt.manual_seed(0)

# %% [markdown]
# ## Motivation
#
# A network for three classes ends in three numbers, the *logits*, one per class; larger means more likely. To turn them
# into probabilities, make them positive with $e^x$ and divide by their sum:
#
# $$p_i = \text{softmax}(x)_i = \frac{e^{x_i}}{\sum_j e^{x_j}}$$
#
# The *cross entropy* is minus the logarithm of the probability that the right class got: 0 if that was 1, and large if
# it was small. So far the formula. Here is a network that is very sure of class 0, and wrong: class 1
# was right.

# %%
logits = mt.tensor([100.0, 0.0, 0.0], requires_grad=True)
e = logits.exp()
p = e / e.sum()
loss = -p[1].log()
loss.backward()
print("probabilities", p.tolist(), " loss", loss.item(), " gradient", logits.grad.tolist())
assert math.isnan(p[0].item()) and loss.item() == math.inf
assert all(math.isnan(g) for g in logits.grad.tolist())

# %% [markdown]
# The true loss is 100 (wait for it). We got `inf`, and a gradient of `nan`, *not a number*. One step with it and every
# weight of the network is `nan`, for good. The formula is right; the arithmetic is not: float32 ends near
# $3.4 \cdot 10^{38}$, and $e^{100}$ is about $2.7 \cdot 10^{43}$.
#
# ## Predict
#
# 1. What is the loss of logits (0, 0, 0), whatever the class? And what is it, roughly, for a new network with ten
#    classes that knows nothing yet?
# 2. Adding 1000 to *all* logits: what happens to the probabilities, on paper?
# 3. The slope of the loss for logits (0, 0, 0) and class 1, one number for each logit: what are the signs, and what is
#    the sum? Think of which logits should go up.

# %%
clueless = F.cross_entropy(mt.zeros(1, 3), mt.tensor([1])).item()
assert abs(clueless - math.log(3)) < 1e-6  # p = 1/3 each, so -log(1/3)
new = mt.nn.Linear(20, 10)
first_loss = F.cross_entropy(new(mt.randn(64, 20)), mt.randint(10, (64,))).item()
print("three classes:", round(clueless, 3), " ten classes:", round(first_loss, 3), " log 10 =", round(math.log(10), 3))
assert abs(first_loss - math.log(10)) < 0.5  # a first loss far from log(classes) points to a bug

low = mt.tensor([1.0, 2.0, 3.0], dtype=mt.float64)
assert mt.allclose(low.softmax(0), (low + 1000).softmax(0))  # e^1000 cancels: only differences matter

zeros = mt.zeros(1, 3, requires_grad=True)
F.cross_entropy(zeros, mt.tensor([1])).backward()
print("slopes:", zeros.grad.tolist())
assert mt.allclose(zeros.grad, mt.tensor([[1 / 3, -2 / 3, 1 / 3]]))  # p, minus 1 at the right class; the sum is 0

# %% [markdown]
# ## Build
#
# **The product.** In `einsum` each dimension has a letter. `"nd,cd->nc"` reads: for all n, c, d, multiply
# `x[n, d] * w[c, d]` and add it to `out[n, c]`. A letter that is missing behind the arrow is summed over. That is a
# program of a few lines.


# %%
def einsum(equation, *tables):
    """Sum of products over all values of all letters; slow, and exactly what the notation says."""
    left, out_letters = equation.split("->")
    words = left.split(",")
    size = {c: n for word, t in zip(words, tables, strict=True) for c, n in zip(word, t.shape, strict=True)}
    out = np.zeros([size[c] for c in out_letters])
    for place in itertools.product(*[range(n) for n in size.values()]):
        at = dict(zip(size, place, strict=True))
        product = math.prod(t[tuple(at[c] for c in word)] for word, t in zip(words, tables, strict=True))
        out[tuple(at[c] for c in out_letters)] += product
    return out


def einsum_gradients(equation, g, *tables):
    """Swap: the gradient g stands in for the output, and the output's letters for the table asked about."""
    left, out_letters = equation.split("->")
    words = left.split(",")
    gradients = []
    for k, wanted in enumerate(words):
        others = [(w, t) for i, (w, t) in enumerate(zip(words, tables, strict=True)) if i != k]
        swapped = ",".join([out_letters, *(w for w, _ in others)]) + "->" + wanted
        gradients.append(einsum(swapped, g, *(t for _, t in others)))
    return gradients


# %% [markdown]
# Why the swap is right: `out[n, c]` holds the term `x[n, d] * w[c, d]`, so its slope for `x[n, d]` is `w[c, d]`. Summed
# over all outputs that `x[n, d]` reached, as in chapter 3: $\sum_c g_{nc} w_{cd}$, and that is `"nc,cd->nd"`. (It
# needs every letter of a table to be in the output or in another table. One that is not was summed over; by chapter 4
# its gradient is copied along it.)
#
# **The logarithm of a sum.** Only differences matter, so take out the largest number $m$ first:
#
# $$\log \sum_j e^{x_j} = m + \log \sum_j e^{x_j - m}$$
#
# Now the largest exponent is 0. Nothing overflows, and the sum is at least 1, so its logarithm is fine too.
#
# **The loss.** $-\log p_t = -\log \frac{e^{x_t}}{\sum_j e^{x_j}} = \text{logsumexp}(x) - x_t$. The exponential and the
# logarithm of the right class have cancelled on paper: they need not be computed.


# %%
def logsumexp(x):
    m = x.max(axis=1, keepdims=True)
    return (m + np.log(np.exp(x - m).sum(axis=1, keepdims=True)))[:, 0]


def cross_entropy(x, target):
    return (logsumexp(x) - x[np.arange(len(x)), target]).mean()


def cross_entropy_gradient(x, target):
    """(softmax - one where the right class is) / rows: the softmax is the slope of logsumexp."""
    p = np.exp(x - logsumexp(x)[:, None])
    p[np.arange(len(x)), target] -= 1
    return p / len(x)


sure = np.array([[100.0, 0.0, 0.0]])
print("loss", cross_entropy(sure, [1]), " gradient", cross_entropy_gradient(sure, [1]).round(3).tolist())
assert cross_entropy(sure, [1]) == 100
assert np.allclose(cross_entropy_gradient(sure, [1]), [[1, -1, 0]])

# %% [markdown]
# The loss is 100 as promised, and the gradient is the best one that could be wished for: down with the first logit, up
# with the second.
#
# ## Check
#
# First the products: four equations, values and gradients, ours against minitorch's.

# %%
sizes = dict(n=4, d=3, c=5, h=2)
for equation in ("nd,cd->nc", "n,c->nc", "nhd,nhc->hdc", "nd,dc,ch->nh"):
    words, out_letters = equation.split("->")
    tables = [rng.normal(size=[sizes[c] for c in word]) for word in words.split(",")]
    g = rng.normal(size=[sizes[c] for c in out_letters])
    tensors = [mt.tensor(t, requires_grad=True) for t in tables]
    out = mt.einsum(equation, *tensors)
    out.backward(mt.tensor(g))
    assert np.allclose(out.detach().numpy(), einsum(equation, *tables))
    for ours, t in zip(einsum_gradients(equation, g, *tables), tensors, strict=True):
        assert np.allclose(ours, t.grad.numpy())
    print(f"{equation:14} agrees: values, and the gradients of {len(tables)} tables")

# %% [markdown]
# Then a whole classifier, trained twice: with our functions, no engine, and with minitorch. The points come from three
# clouds. The chain rule by hand is short: the gradient of the logits, then the swap.

# %%
centers = np.array([[2.0, 0.0], [-1.0, 2.0], [-1.0, -2.0]])
target = np.arange(30) % 3
points = centers[target] + rng.normal(size=(30, 2))

weight, lr, losses = np.zeros((3, 2)), 0.5, []
module = mt.nn.Linear(2, 3, bias=False, dtype=mt.float64)
mt.nn.init.zeros_(module.weight)
optimizer = mt.optim.SGD(module.parameters(), lr=lr)
for _ in range(20):
    logits = einsum("nd,cd->nc", points, weight)
    losses.append(cross_entropy(logits, target))
    g = cross_entropy_gradient(logits, target)
    weight = weight - lr * einsum_gradients("nd,cd->nc", g, points, weight)[1]

    loss = F.cross_entropy(module(mt.from_numpy(points)), mt.from_numpy(target))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    assert abs(loss.item() - losses[-1]) < 1e-12
print("loss", round(losses[0], 4), "->", round(losses[-1], 4), " weights agree:", weight.round(3).tolist())
assert np.allclose(weight, module.weight.detach().numpy())
assert abs(losses[0] - math.log(3)) < 1e-12 and losses[-1] < 0.4

# %% [markdown]
# And the derivative against finite differences, in minitorch and here:

# %%
x = rng.normal(size=(4, 5)) * 3
t = np.array([0, 4, 4, 2])
numeric = np.zeros_like(x)
for place in np.ndindex(*x.shape):
    h = np.zeros_like(x)
    h[place] = 1e-6
    numeric[place] = (cross_entropy(x + h, t) - cross_entropy(x - h, t)) / 2e-6
assert np.allclose(numeric, cross_entropy_gradient(x, t), atol=1e-8)
assert mt.autograd.gradcheck(lambda x: F.cross_entropy(x, mt.tensor(t)), mt.tensor(x, requires_grad=True))

# %% [markdown]
# ## Dissect
#
# The engine's `einsum` has no derivative of its own. It arranges the letters into groups and calls a matrix product;
# that has one, and the engine of chapter 3 does the rest. The derivative of the matrix product `mm` *is* our swap:
# `"nk,km->nm"` gives `"nm,km->nk"`, written `g` times the other table turned over.


# %%
show(_pair, "inner = [s for s in la if s in lb and s not in later]", "batch = ", "product = _batched(left, right)")
show(products.mm.op.vjps[0].fn, "times(g, adjoint(y))")
show(products.mm.op.vjps[1].fn, "times(adjoint(x), g)")

show(softmaxes.logsumexp.op.forward, "top = wide.real.max(", "xp.log(kernels_of(x).exp(wide - top).sum(")
show(softmaxes.logsumexp.op.vjps[0].fn, "exp(x - keep(out")
show(loss_ops.cross_entropy.op.forward, "kernels_of(x).cross_entropy(")  # how it is computed depends on the device
show(
    SoftmaxKernels.cross_entropy, "e = x - top", "picked = e[", "total = xp.add.reduce(e, dim", "xp.log(total) - picked"
)
show(SoftmaxKernels.cross_entropy_grad, "grad = x - ", "(share / total, dim)", "grad[classes(xp, target)] -= share")

# %% [markdown]
# | ours | the engine's |
# | --- | --- |
# | the loop over all places | letters sorted into `batch`, `inner` and free ones, then one matrix product |
# | swapped letters | `times(g, adjoint(y))`, `times(adjoint(x), g)` |
# | `m` | `top` |
# | `logsumexp(x) - x[target]` | `xp.log(total) - picked`, both with `top` taken out: it cancels |
# | `p[rows, target] -= 1`, then `/ len(x)` | `grad[classes(xp, target)] -= share`, where `share` is $1/N$ in a mean |
#
# `cross_entropy` is one *op* (the engine's word for an operation with its derivative), *fused*: several steps made one.
# The motivation's formula took a node for every step, and each keeps what its slope needs (chapter 3). How many nodes
# does each have, and how much memory waits for the backward pass? We measure it in multiples of the table of logits.


# %%
def in_steps(x, target):
    e = x.exp()
    p = e / e.sum(1, keepdim=True)
    return -p.log()[mt.arange(len(x)), target].mean()


def nodes_and_memory(f):
    x, t = mt.randn(20_000, 50, requires_grad=True), mt.randint(50, (20_000,))
    tracemalloc.start()
    loss = f(x, t)
    held = tracemalloc.get_traced_memory()[0] / x.nbytes  # what lives on after the forward pass
    tracemalloc.stop()
    seen, stack = set(), [loss.grad_fn]
    while stack:
        node = stack.pop()
        if node.next_functions and node not in seen:
            seen.add(node)
            stack.extend(n for n, _ in node.next_functions if n is not None and hasattr(n, "next_functions"))
    loss.backward()
    return len(seen), held, loss.item()


for f in (in_steps, F.cross_entropy):
    count, held, value = nodes_and_memory(f)
    print(f"{f.__name__:14} {count} nodes, holds {held:4.1f} times the logits, loss {value:.2f}")
    assert (count, held < 0.2) == ((1, True) if f is F.cross_entropy else (7, False))

# %% [markdown]
# The fused op keeps no table but the logits, which the layer before has made anyway. It computes $e^{x - m}$ a second
# time in the backward pass: some time is paid for much memory. Here are the seven nodes of the loss in steps, for four
# rows; the fused one has a single node, and no picture is needed. Step through, and look at what each has saved.

# %%
x = mt.randn(4, 3, requires_grad=True)
viz.tape(in_steps(x, mt.tensor([0, 1, 2, 1])), {"logits": x})

# %% [markdown]
# ## Break it
#
# **A small number under the logarithm.** The folk remedy for $\log 0$ is $\log(p + 10^{-8})$. No `nan` any more. What
# does the sure and wrong network learn?

# %%
for remedy in (lambda p: (p + 1e-8).log(), lambda p: p.clamp(min=1e-8).log()):
    logits = mt.tensor([50.0, 0.0, 0.0], requires_grad=True)
    loss = -remedy(logits.softmax(0))[1]
    loss.backward()
    print("loss", round(loss.item(), 2), " gradient", logits.grad.tolist())
    assert abs(loss.item() + math.log(1e-8)) < 1e-3 and logits.grad.abs().max() < 1e-12

# %% [markdown]
# The loss should be 50, and the gradient (1, -1, 0). The more wrong the network, the *less* it learns: where a
# correction is needed most, the gradient is zero, or $10^{-14}$. Nothing warns.
#
# **Softmax twice.** `cross_entropy` takes logits. A very common mistake is a network that ends in a softmax layer.
# Training works, sort of. Predict: for a network that is perfectly right, what does the loss show?

# %%
perfect = mt.tensor([[1000.0, 0.0, 0.0]])
right = F.cross_entropy(perfect, mt.tensor([0])).item()
twice = F.cross_entropy(perfect.softmax(1), mt.tensor([0])).item()
print("logits:", right, " softmax twice:", round(twice, 4))
assert right == 0
assert abs(twice - math.log(1 + 2 / math.e)) < 1e-6  # the softmax of (1, 0, 0): the loss can't get lower than this

# %% [markdown]
# A loss that stays above 0.55 and never says why. (With *logarithms* of probabilities nothing breaks: `log_softmax` of
# a `log_softmax` is itself. And `nll_loss` is the loss that expects them. Both are in the next cell.)
#
# **The wrong dimension.** A softmax over `dim=0` makes the *batch* compete instead of the classes. The shapes are the
# same, so no shape check can find it. Look at what sums to 1.

# %%
logits = mt.randn(6, 3)
over_batch = logits.softmax(dim=0)
assert over_batch.shape == logits.softmax(dim=1).shape
assert mt.allclose(over_batch.sum(0), mt.ones(3)) and not mt.allclose(over_batch.sum(1), mt.ones(6))
classes, logs = mt.tensor([0, 1, 2, 0, 1, 2]), logits.log_softmax(1)
assert mt.allclose(F.nll_loss(logs, classes), F.cross_entropy(logits, classes))
assert mt.allclose(F.cross_entropy(logs, classes), F.cross_entropy(logits, classes))

# %% [markdown]
# **Targets that are not classes** are refused, out loud. Our own function, with NumPy's indexing, takes -1 as "the last
# class". To leave a position out of the loss (padding), say so: -100, or another `ignore_index`. The mean is then over
# the others.

# %%
assert cross_entropy(sure, [-1]) == cross_entropy(sure, [2])
for bad in ([0, 1, 2, 0, 1, 3], [0, 1, 2, 0, 1, -1]):
    try:
        F.cross_entropy(logits, mt.tensor(bad))
        message = ""
    except IndexError as error:
        message = str(error).splitlines()[0]
    print(message)
    assert "out of bounds" in message
ignoring = F.cross_entropy(logits, mt.tensor([0, 1, 2, -100, -100, -100]))
assert mt.allclose(ignoring, F.cross_entropy(logits[:3], mt.tensor([0, 1, 2])))

# %% [markdown]
# ## Milestone
#
# You can now explain what an einsum is and why its derivative is a swap of letters; why the largest number is taken out
# of a sum of exponentials; why the loss takes logits and not probabilities; what a fused op saves.
#
# In the engine: `minitorch learn start 05` lets you write `matmul_backward`, `logsumexp`, `softmax_backward`,
# `log_softmax_backward` and `cross_entropy_backward`.
#
# On paper, or in this file:
#
# 1. Two classes, one logit: derive $\log(1 + e^{-x})$ for class 1. Where does it overflow, and what would you take out?
#    (`binary_cross_entropy_with_logits`; its source is in `minitorch/ops/loss.py`.)
# 2. Write the gradient of `"nd->n"` with `einsum`. Why does our swap fail, and what is missing?
# 3. With `label_smoothing=0.1`, what is the smallest loss that three classes can have? Compute it, then find logits
#    that reach it.
#
# Read next: `minitorch/ops/softmax.py`, `minitorch/ops/loss.py`, `minitorch/tensor/einsum.py`.

# %%
assert cross_entropy(sure, [1]) == 100 and abs(clueless - math.log(3)) < 1e-6 and twice > 0.55 and losses[-1] < 0.4
print("chapter 5 holds")
