# %% [markdown]
# # A net in thirty lines
#
# Before we look at how gradients are computed, let us see what they are for. This chapter trains a small neural network
# twice: once in thirty lines of NumPy, with slopes as at school, and once with minitorch. The results agree. The cost
# does not, and that is the reason for everything that follows.

# %%
import inspect

import numpy as np

import minitorch as mt
from minitorch import viz
from minitorch.learn.sources import show

# %% [markdown]
# ## Motivation
#
# Four points, the exclusive or: the target is 1 when exactly one of the two inputs is 1. What is the best that a
# weighted sum of the inputs, plus a constant, can do? (With one input that is a line, with two it is a plane.)
# NumPy's `lstsq` finds the best one there is: the one with the smallest *mean squared error*, the mean of
# $(\text{answer} - \text{target})^2$ over the four points.

# %%
X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([[0.0], [1.0], [1.0], [0.0]])

with_ones = np.hstack([X, np.ones((4, 1))])
best_plane = np.linalg.lstsq(with_ones, Y, rcond=None)[0]
answers = with_ones @ best_plane
plane_loss = float(((answers - Y) ** 2).mean())
print("the best plane answers", answers.ravel().round(3), "with a mean squared error of", round(plane_loss, 3))
assert np.allclose(answers, 0.5) and np.isclose(plane_loss, 0.25)

# %% [markdown]
# It answers 0.5 four times: it has learned nothing. No choice of its three numbers does better.
#
# So we need a function that can bend. A *neural network* with one hidden layer is the smallest step up:
#
# $$h = \tanh(x W_1 + b_1), \qquad y = h W_2 + b_2$$
#
# with $x$ of 2 numbers, $h$ of 8 (the *hidden units*) and $y$ of 1. Each hidden unit is a weighted sum of the inputs,
# plus a constant, bent by $\tanh$, which squeezes every number into $(-1, 1)$. The answer is a weighted sum of the
# hidden units, plus a constant. The matrix product, in Python `@`, does all the weighted sums at once, for all four
# points: `X @ W1` has a row for each point, and adding $b_1$ adds it to every row. The entries of $W_1, b_1, W_2, b_2$
# are the net's *parameters*: the numbers that we may choose.
#
# ## Predict
#
# Two questions. Write your answers down before you run the next cell.
#
# 1. How many parameters has this net? $W_1$ has one row per input and one column per hidden unit.
# 2. To find out how the error changes when *one* parameter changes a little, we change it a little and look. How many
#    times must we run the net to know this for *every* parameter (with one more run for the unchanged net)?

# %%
SHAPES = [(2, 8), (8,), (8, 1), (1,)]  # W1, b1, W2, b2
n_parameters = sum(int(np.prod(shape)) for shape in SHAPES)
runs_per_step = n_parameters + 1
print(n_parameters, "parameters,", runs_per_step, "runs of the net for all slopes")
assert n_parameters == 2 * 8 + 8 + 8 * 1 + 1 == 33
assert runs_per_step == 34

# %% [markdown]
# ## Build
#
# A *loss* says how wrong the net is: here the mean squared error. The *gradient* is the list of its slopes, one per
# parameter. A slope you know from school: change $p$ by a small $\varepsilon$, and divide,
# $\frac{L(p + \varepsilon) - L(p)}{\varepsilon}$. To make the loss smaller, move every parameter a little *against*
# its slope:
#
# $$p \leftarrow p - \mathrm{lr} \cdot \frac{\partial L}{\partial p}$$
#
# `lr` is the *learning rate*. Do it again and again: that is *gradient descent*, and that is all of training.


# %%
def start():
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in SHAPES]


def loss_of(parameters):
    w1, b1, w2, b2 = parameters
    hidden = np.tanh(X @ w1 + b1)
    output = hidden @ w2 + b2
    return ((output - Y) ** 2).mean()


def slopes(parameters, eps=1e-6):
    before = loss_of(parameters)
    gradient = [np.zeros_like(p) for p in parameters]
    for p, g in zip(parameters, gradient, strict=True):
        for place in np.ndindex(p.shape):
            old = p[place]
            p[place] = old + eps
            g[place] = (loss_of(parameters) - before) / eps
            p[place] = old
    return gradient


def train(parameters, steps, lr):
    losses = []
    for _ in range(steps):
        losses.append(loss_of(parameters))
        for p, g in zip(parameters, slopes(parameters), strict=True):
            p -= lr * g
    return losses


# %%
lines = [
    line
    for function in (start, loss_of, slopes, train)
    for line in inspect.getsource(function).splitlines()
    if line.strip()
]
n_lines = len(lines) + len(["X = ...", "Y = ...", "SHAPES = ..."])
print(n_lines, "lines")
assert n_lines <= 30

parameters = start()
naive_losses = train(parameters, steps=300, lr=0.2)
w1, b1, w2, b2 = parameters
naive_answers = np.tanh(X @ w1 + b1) @ w2 + b2
print(f"loss {naive_losses[0]:.3f} -> {naive_losses[-1]:.1e}, answers {naive_answers.ravel().round(2)}")
assert naive_losses[-1] < 0.001 < plane_loss
assert np.abs(naive_answers - Y).max() < 0.1

# %% [markdown]
# It works: the net answers 0, 1, 1, 0. But look at the price. A step ran the net 34 times, because each slope needs a
# run of its own. A net with a million parameters would need a million and one runs for a single step.
#
# ## Check
#
# Now the same net in minitorch. The formula is the same, line by line. The difference: the parameters are *tensors*,
# which are minitorch's arrays, and say `requires_grad=True`; and instead of `slopes` there is one call,
# `loss.backward()`. It fills `p.grad` of each parameter `p` with its slopes, *all of them, from one run of the net*.


# %%
class CountedRuns:
    """The net and its loss in minitorch; counts how often it is run."""

    def __init__(self):
        self.parameters = [mt.tensor(p, requires_grad=True) for p in start()]
        self.runs = 0

    def loss(self):
        self.runs += 1
        w1, b1, w2, b2 = self.parameters
        hidden = mt.tanh(mt.from_numpy(X) @ w1 + b1)
        output = hidden @ w2 + b2
        return ((output - mt.from_numpy(Y)) ** 2).mean()


net = CountedRuns()
net.loss().backward()
for p, by_nudging in zip(net.parameters, slopes(start()), strict=True):
    difference = np.abs(p.grad.numpy() - by_nudging).max()
    print(f"slopes of shape {tuple(p.shape)}: largest difference {difference:.1e}")
    assert difference < 1e-4
assert net.runs == 1

# %% [markdown]
# One run, and the same 33 slopes. (They differ a little because $\varepsilon$ is not zero: our slopes are the ones that
# are slightly wrong. Chapter 2 measures by how much.) How does it know? While the net ran, the engine wrote down each
# step. Here is what it wrote, from the loss at the top to the four parameters; `backward` walks it once, from top to
# bottom. Step along: slopes come down the arrows. Chapter 3 builds this. (The picture stands here in a notebook; from a
# terminal, `python tutorials/pictures.py 00` writes it as a page.)

# %%
shown = CountedRuns()
viz.tape(shown.loss(), dict(zip(["W1", "b1", "W2", "b2"], shown.parameters, strict=True)))

# %% [markdown]
# The training loop takes the same path:

# %%
net = CountedRuns()
optimizer = mt.optim.SGD(net.parameters, lr=0.2)
losses = []
for _ in range(300):
    optimizer.zero_grad()  # forget the slopes of the last step
    loss = net.loss()  # run the net
    loss.backward()  # all slopes
    optimizer.step()  # p -= lr * p.grad, for each p
    losses.append(loss.item())

apart = np.abs(np.array(losses) - naive_losses).max()
print(f"300 steps: {net.runs} runs of the net, against {300 * runs_per_step}; losses differ by {apart:.1e} at most")
assert net.runs == 300
assert apart < 1e-3

# %% [markdown]
# These five lines (forget, run, slopes, step, and the loop around them) are the loop of every PyTorch program. The
# usual way to write the net itself is with layers, which make and hold their own parameters:

# %%
mt.manual_seed(0)
layers = mt.nn.Sequential(mt.nn.Linear(2, 8), mt.nn.Tanh(), mt.nn.Linear(8, 1))
print(layers)
assert sum(p.numel() for p in layers.parameters()) == n_parameters
assert [tuple(p.shape) for p in layers.parameters()] == [(8, 2), (8,), (1, 8), (1,)]  # Linear keeps W transposed

# %% [markdown]
# ## Dissect
#
# Where is all this in the engine? Every chapter opens the real source at this point. `show` prints the head of a
# function or class and the lines that matter, with their numbers in the file. It fails if they are not there, so what
# you read here stays true. Open the file beside it: what stands between the lines is worth reading too.


# %%
show(mt.nn.Linear.forward, "F.linear(input, self.weight, self.bias)")
show(mt.Tensor.backward, "api.backward(self, gradient, retain_graph, create_graph")
show(mt.optim.SGD, "p -= lr v", "move(xp, x, g, size, a)")
show(mt.optim.Optimizer.zero_grad, "p._grad = None")

# %% [markdown]
# | ours | the engine's |
# | --- | --- |
# | `X @ w1 + b1` | `Linear.forward`: one call of `F.linear` |
# | `slopes(parameters)` | `Tensor.backward`, which hands over to minitorch/autograd: chapters 2 to 4 |
# | `p -= lr * g` | `SGD.update`: `move` adds `size` times the gradient, and `size` is $-\mathrm{lr}$ |
# | `gradient = [zeros...]` in each step | `zero_grad`: the last gradients are dropped |
#
# ## Break it
#
# **First break: forget `zero_grad`.** `backward` does not *set* `p.grad`, it *adds* to it (chapter 3 says why that is
# the right thing). Predict: what does `p.grad` hold after a second `backward`, and where does the loss end?

# %%
net = CountedRuns()
net.loss().backward()
once = [p.grad.numpy().copy() for p in net.parameters]
net.loss().backward()
twice = [p.grad.numpy() for p in net.parameters]
assert all(np.allclose(b, 2 * a) for a, b in zip(once, twice, strict=True))

net = CountedRuns()
optimizer = mt.optim.SGD(net.parameters, lr=0.2)
forgetful = []
for _ in range(300):
    loss = net.loss()
    loss.backward()
    optimizer.step()
    forgetful.append(loss.item())
print(f"with zero_grad the loss ends at {losses[-1]:.1e}, without at {forgetful[-1]:.3f}")
assert forgetful[-1] > 100 * losses[-1]

# %% [markdown]
# Each step moved by the sum of all gradients so far. No error, no warning, just a loss that does not go down. This is
# the most frequent mistake in a first PyTorch program.
#
# **Second break: start all parameters at zero.** Then all hidden units are equal, their slopes are equal, and they stay
# equal for ever. Eight units that always agree are worth one. Here it is even worse: every slope but that of the last
# constant is zero, so the net can only move its constant to the mean of the targets.

# %%
zeros = [np.zeros(shape) for shape in SHAPES]
zero_losses = train(zeros, steps=300, lr=0.2)
print("from zeros the loss ends at", round(float(zero_losses[-1]), 6))
assert np.isclose(zero_losses[-1], plane_loss)  # as bad as the best plane
assert all(not p.any() for p in zeros[:3]) and np.isclose(zeros[3], 0.5)

# %% [markdown]
# This is why layers start from random numbers, and why `manual_seed` matters: same seed, same start, same losses.

# %%
runs = []
for seed in (0, 0, 1):
    mt.manual_seed(seed)
    runs.append(mt.nn.Linear(2, 8).weight.detach().numpy())
assert np.array_equal(runs[0], runs[1]) and not np.array_equal(runs[0], runs[2])

# %% [markdown]
# ## Milestone
#
# You can now explain what parameters, a loss, a gradient and a learning rate are; why training is one update repeated;
# and what an autograd engine is for: all slopes from one run of the net, where nudging needs one run per parameter.
#
# In the engine: `minitorch learn start 00` lets you write `relu`, `linear`, `mse_backward` and `sgd_step`, and runs
# minitorch with yours in the place of its own.
#
# On paper, or in this file:
#
# 1. How large can `lr` be before the loss no longer goes down? Find out by trying. What do you see just above it?
# 2. With 2 hidden units instead of 8, does training still succeed from every seed? Count over twenty seeds.
# 3. Replace `tanh` by the identity. Predict the final loss before you run it. (You have seen that number.)
#
# Read next: `minitorch/nn/modules/linear.py` and `minitorch/optim/sgd.py`. Then chapter 1, which asks what a tensor is.

# %%
assert losses[-1] < 0.001 and net.runs == 300
print("chapter 0 holds")
