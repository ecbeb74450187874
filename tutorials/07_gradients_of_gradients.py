# %% [markdown]
# # Gradients of gradients and your own Function
#
# A gradient is computed by operations, and operations can be written down on a tape. So a gradient can be
# differentiated again. That takes one small change to chapter 3's engine. This chapter makes it, and then uses it:
# Newton's method, products with second derivatives, losses that contain slopes, and derivatives of your own.

# %%
import heapq
import itertools
import math

import numpy as np

import minitorch as mt
from minitorch import viz
from minitorch.autograd import Function, engine, saved
from minitorch.autograd.function import FunctionNode, once_differentiable
from minitorch.autograd.op import registry
from minitorch.learn.sources import show

grad = mt.autograd.grad  # grad(y, x): the gradient of y with respect to x, returned, not put into x.grad
mt.manual_seed(0)

# %% [markdown]
# ## Motivation
#
# Where is $f(x) = e^x - 3x$ lowest? Where its slope $e^x - 3$ is zero, at $x = \log 3$. Gradient descent walks there in
# steps of (learning rate) times (slope). Newton's method also asks how fast the slope changes, $f''$, and goes to where
# the slope would be zero if it kept changing like that: $x \leftarrow x - f'(x) / f''(x)$.
#
# So we need the slope of the slope. Let us ask for it.


# %%
def f(x):
    return x.exp() - 3 * x


x = mt.tensor(2.0, dtype=mt.float64, requires_grad=True)
(slope,) = grad(f(x), x)
try:
    grad(slope, x)
    message = ""
except RuntimeError as error:
    message = str(error).splitlines()[0]
print("slope", slope.item(), "- and its slope:", message)
assert message == "element 0 of tensors does not require grad and does not have a grad_fn"

# %% [markdown]
# The slope is a plain number, with no history: the backward pass was not recorded. To record it costs memory, and few
# programs want it, so one has to ask: `create_graph=True`.
#
# ## Predict
#
# 1. $g(x) = x^3$ at $x = 2$: the first, second and third derivative?
# 2. Newton's method for $f$, from $x = 2$: how many steps to the twelfth digit? (Gradient descent with learning rate
#    0.1 needs 76.)
# 3. The gradient of a loss of a million weights is a million numbers. How many numbers are its second derivatives?

# %%
found, y = [], x**3
for _ in range(3):
    (y,) = grad(y, x, create_graph=True)
    found.append(y.item())
assert found == [3 * 2**2, 6 * 2, 6]
second = mt.autograd.functional.hessian(lambda w: (w**3).sum(), mt.ones(4))
assert second.shape == (4, 4)  # one for each pair of weights: a million times a million


def minimize(step):
    """How far from the minimum x is before each step, until the twelfth digit is right."""
    x, far = mt.tensor(2.0, dtype=mt.float64, requires_grad=True), []
    while abs(x.item() - math.log(3)) > 1e-12:
        far.append(abs(x.item() - math.log(3)))
        (slope,) = grad(f(x), x, create_graph=True)
        (bend,) = grad(slope, x)
        x = (x - step(slope, bend)).detach().requires_grad_()
    return far


newton, descent = minimize(lambda slope, bend: slope / bend), minimize(lambda slope, bend: 0.1 * slope)
print("derivatives of x^3:", found, "- steps: gradient descent", len(descent), " Newton", len(newton))
print("Newton's distances:", [f"{d:.0e}" for d in newton])
assert len(newton) == 5 and len(descent) == 76
assert all(b < a**2 for a, b in itertools.pairwise(newton))  # each step doubles the number of right digits

# %% [markdown]
# ## Build
#
# Chapter 3's engine, with one change. There, the local slopes were plain numbers: `(self, other.value)`. Now they are
# `Number`s: `(self, other)`. The loop multiplies and adds `Number`s, so it writes a tape itself, and what it returns
# can be differentiated like anything else.


# %%
class Number:
    count = itertools.count().__next__

    def __init__(self, value, *inputs):
        self.value, self.inputs, self.born = value, inputs, Number.count()  # inputs: (Number, local slope, a Number)

    def __add__(self, other):
        return Number(self.value + other.value, (self, Number(1.0)), (other, Number(1.0)))

    def __mul__(self, other):
        return Number(self.value * other.value, (self, other), (other, self))

    def exp(self):
        out = Number(math.exp(self.value))
        out.inputs = ((self, out),)  # the slope of e^x is e^x
        return out


def slope_of(y, x):
    """dy/dx as a Number: newest first, each number once, slopes taken out as they are used (chapter 3)."""
    pending, heap = {y: Number(1.0)}, [(-y.born, y)]
    while heap:
        n = heapq.heappop(heap)[1]
        g = pending.pop(n)
        if n is x:
            return g
        for used, local in n.inputs:
            if used not in pending:
                pending[used] = g * local
                heapq.heappush(heap, (-used.born, used))
            else:
                pending[used] = pending[used] + g * local
    return Number(0.0)


# %% [markdown]
# ## Check
#
# Derivatives one to four of $x e^{x^2} + x^3$, ours, minitorch's, and by finite differences from the derivative before.


# %%
def formula(x):
    return x * (x * x).exp() + x * x * x


def ours(value, order):
    x = Number(value)
    y = formula(x)
    for _ in range(order):
        y = slope_of(y, x)
    return y.value


x = mt.tensor(0.7, dtype=mt.float64, requires_grad=True)
y = formula(x)
for order in range(1, 5):
    (y,) = grad(y, x, create_graph=True)
    numeric = (ours(0.7 + 1e-6, order - 1) - ours(0.7 - 1e-6, order - 1)) / 2e-6
    print(f"derivative {order}: {ours(0.7, order):.6f}  minitorch {y.item():.6f}  finite differences {numeric:.6f}")
    assert abs(ours(0.7, order) - y.item()) < 1e-9 * abs(y.item()) and abs(y.item() - numeric) < 1e-7 * abs(numeric)

# %% [markdown]
# What `create_graph` has written: the tape of a *gradient*, that of $x e^{x^2}$. It ends at the same leaf as the tape
# of the function itself, whose nodes (`Mul`, `Exp`) it goes through, since the slopes were made from their results.

# %%
x = mt.tensor(0.7, dtype=mt.float64, requires_grad=True)
(slope,) = grad(x * (x * x).exp(), x, create_graph=True)
viz.tape(slope, {"x": x})

# %% [markdown]
# With many weights, nobody wants the whole table of second derivatives, the *Hessian* $H$. Its product with a vector
# $v$ is enough for much, and cheap: $H v$ is the gradient of the number $\nabla f \cdot v$. Two backward passes, no
# table. This is the *Hessian-vector product*, HVP.


# %%
def hvp(f, w, v):
    (g,) = grad(f(w), w, create_graph=True)
    return grad((g * v).sum(), w)[0]


def bowl(w):
    return (w.exp() - w).sum() + (w[1:] * w[:-1]).sum() ** 2


w = mt.randn(6, dtype=mt.float64, requires_grad=True)
v = mt.randn(6, dtype=mt.float64)
h = 1e-6
numeric = (grad(bowl(w + h * v), w)[0] - grad(bowl(w - h * v), w)[0]) / (2 * h)
assert mt.allclose(hvp(bowl, w, v), numeric, atol=1e-7)
assert mt.allclose(hvp(bowl, w, v), mt.autograd.functional.hessian(bowl, w) @ v)
assert mt.allclose(hvp(bowl, w, v), mt.autograd.functional.hvp(bowl, w, v)[1])

w = mt.randn(100_000, dtype=mt.float64, requires_grad=True)  # the table would take 80 gigabytes
assert hvp(lambda w: (w**4).sum(), w, mt.ones_like(w)).allclose(12 * w**2)

# %% [markdown]
# ## Dissect
#
# Where in the engine is our change? A derivative (vjp) is a Python function like `g * cos(x)`. Given arrays, it
# computes. Given tensors, it computes *and records*, for it uses the same operations as you do. So the engine needs one
# derivative for each operation, not one for each order. It decides what to hand over:


# %%
show(registry["sin"].vjps[0].fn, "return g * conj(cos(x))")
show(saved.general_apply, "values = unpack(self, graph)", "grads[i] = fn(g, *[values[k] for k in args])")
show(engine.run_backward, "before, state.grad = state.grad, graph", "p.give(edge, g if graph else as_number(g._array))")
show(Function.apply, "before, state.grad = state.grad, False", "result = cls.forward(node, *args, **kwargs)")
show(FunctionNode.apply, "[x if x is None or graph else wrap(x) for x in g]", "self.function.backward(self, *gs)")

vjp = registry["sin"].vjps[0].fn
on_arrays, on_tensors = vjp(np.ones(2), np.zeros(2)), vjp(mt.ones(2), mt.zeros(2, requires_grad=True))
assert isinstance(on_arrays, np.ndarray) and on_tensors.grad_fn is not None
assert registry["cross_entropy"].reference is not None  # a fused op: its formula in steps is differentiated instead

# %% [markdown]
# The last two lines belong to `autograd.Function`, the door for derivatives of your own. You give `forward` and
# `backward`; the engine runs `forward` without recording, and hangs *one* node on the tape, whose slope is your
# `backward`. An example with a purpose: rounding. The slope of `round` is 0 almost everywhere, which is true and
# useless. The *straight-through* estimator pretends that it is 1.


# %%
class RoundStraightThrough(Function):
    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, g):
        return g


def learn(rounding):
    """Learn whole numbers w with x w = y by gradient descent on weights that are rounded before use."""
    x = mt.tensor([[1.0, 2.0], [3.0, -1.0], [0.5, 1.0]])
    target = x @ mt.tensor([3.0, -2.0])
    w = mt.zeros(2, requires_grad=True)
    for _ in range(50):
        (g,) = grad(((x @ rounding(w) - target) ** 2).mean(), w)
        w = (w - 0.05 * g).detach().requires_grad_()
    return rounding(w).tolist()


print("true slope:", learn(mt.round), " straight through:", learn(RoundStraightThrough.apply))
assert learn(mt.round) == [0, 0] and learn(RoundStraightThrough.apply) == [3, -2]

# %% [markdown]
# ## Predict: a loss with a slope in it
#
# Sometimes the slope itself should be kept small: a network whose output jumps when its input moves a little is not
# trusted. So the loss gets a *gradient penalty*, the square of the slope of the output with respect to the *input*.
#
# Two programs compute this penalty; one says `create_graph=True`, the other forgets it. Both run. Which weights' slopes
# will be equal to those without any penalty?

# %%
data = mt.rand(40, 1, dtype=mt.float64) * 4 - 2
target = (data * 3).sin()
net = mt.nn.Sequential(mt.nn.Linear(1, 16), mt.nn.Tanh(), mt.nn.Linear(16, 1)).double()


def loss_with_penalty(strength, create_graph):
    x = data.clone().requires_grad_()
    out = net(x)
    (slopes,) = grad(out.sum(), x, create_graph=create_graph, retain_graph=True)
    return ((out - target) ** 2).mean() + strength * (slopes**2).mean()


def weight_slopes(strength, create_graph):
    net.zero_grad()
    loss = loss_with_penalty(strength, create_graph)
    loss.backward()
    return loss.item(), net[0].weight.grad[0, 0].item()


plain, forgot, penalized = weight_slopes(0, True), weight_slopes(0.1, False), weight_slopes(0.1, True)
for name, (value, slope) in {"no penalty": plain, "forgot": forgot, "create_graph": penalized}.items():
    print(f"{name:13} loss {value:.6f}  slope of the first weight {slope:.6f}")
assert forgot[0] == penalized[0] > plain[0]  # the loss looks right ...
assert abs(forgot[1] - plain[1]) < 1e-12  # ... and the penalty does nothing

ends = []
for h in (1e-6, -1e-6):
    with mt.no_grad():
        net[0].weight[0, 0] += h
    ends.append(loss_with_penalty(0.1, True).item())
    with mt.no_grad():
        net[0].weight[0, 0] -= h
assert abs((ends[0] - ends[1]) / 2e-6 - penalized[1]) < 1e-7  # a finite difference agrees with create_graph

# %% [markdown]
# The loss that is printed goes up and down as it should; the training ignores a part of it. It is one of the silent
# errors that no engine can catch: a tensor without history is a legal constant.
#
# ## Break it
#
# **A wrong derivative of your own** is believed, blindly. `gradcheck` compares it with finite differences (chapter 2).


# %%
class Cube(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)  # noticed if it is changed in place (chapter 6), freed after the backward pass
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x**2


class WrongCube(Cube):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x


class CubeByNumPy(Cube):
    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * mt.from_numpy(3 * x.detach().numpy() ** 2)  # right, but off the tape


class CubeOnce(CubeByNumPy):
    backward = staticmethod(once_differentiable(CubeByNumPy.backward))


# %%
def outcome(f, *args):
    try:
        return f(*args)
    except RuntimeError as error:
        return str(error).splitlines()[0]


def second_derivative(function):
    """Of function(x)^2 = x^6, which is 30 x^4."""
    x = mt.tensor([0.5, 2.0], dtype=mt.float64, requires_grad=True)
    (g,) = grad((function.apply(x) ** 2).sum(), x, create_graph=True)
    g.sum().backward()
    return x.grad.tolist()


point, results = mt.tensor([0.5, 2.0], dtype=mt.float64, requires_grad=True), {}
for function in (Cube, WrongCube, CubeByNumPy, CubeOnce):
    results[function] = first, second = (
        outcome(mt.autograd.gradcheck, function.apply, point), outcome(second_derivative, function)
    )  # fmt: skip
    print(f"{function.__name__:12} gradcheck: {str(first)[:17]:18} second derivative: {second}")
assert results[Cube] == (True, [30 * 0.5**4, 30 * 2.0**4])
assert "Jacobian mismatch" in results[WrongCube][0]
assert results[CubeByNumPy] == (True, [18 * 0.5**4, 18 * 2.0**4])
assert results[CubeOnce][0] is True and "differentiate twice a function" in results[CubeOnce][1]
assert mt.autograd.gradgradcheck(Cube.apply, point)
assert "Jacobian mismatch" in outcome(mt.autograd.gradgradcheck, CubeByNumPy.apply, point)

# %% [markdown]
# Look at `CubeByNumPy`: its gradient is right, and the gradient *of* the gradient is silently wrong (18 in place of
# 30), because NumPy does not record. `gradgradcheck` finds that. A `backward` is differentiable if it uses tensor
# operations only. If it can't be, say so with `once_differentiable`: an error, in place of a wrong number.
#
# **Newton on a hill.** The method goes to where the slope is zero, and that can be a maximum.

# %%
ends = []
for start in (2.5, 0.5):
    x = mt.tensor(start, dtype=mt.float64, requires_grad=True)
    for _ in range(8):
        (slope,) = grad(x.cos(), x, create_graph=True)
        (bend,) = grad(slope, x)
        x = (x - slope / bend).detach().requires_grad_()
    ends.append(x.item())
    print("minimizing the cosine from", start, "ends at", x.item())
assert abs(ends[0] - math.pi) < 1e-9 and abs(ends[1]) < 1e-9  # the second is the top of the hill

# %% [markdown]
# ## Milestone
#
# You can now explain what `create_graph` does, why one derivative per operation is enough for all orders, what an HVP
# costs, how to write a `Function`, and what happens when a part of a loss has no history.
#
# In the engine: `minitorch learn start 07` lets you write `sigmoid_backward`, `hessian_vector` and `jacobian_by_vjps`.
#
# On paper, or in this file:
#
# 1. Minimize `bowl` with Newton's method from a point near 0: solve $H d = -g$ by conjugate gradients and `hvp`.
# 2. Write a `Function` that gives its input, and minus the gradient ("gradient reversal"). Where could it be useful?
# 3. `slope_of` returns when it meets `x`. Why is that right? What would be different for two leaves?
#
# Read next: `minitorch/autograd/function.py`, `minitorch/autograd/functional.py`, `minitorch/autograd/composed.py`.

# %%
assert len(newton) < len(descent) and found == [12, 12, 6] and results[Cube][0] is True and forgot[0] == penalized[0]
print("chapter 7 holds")
