# %% [markdown]
# # Modules
#
# A network is a function with state: weights that are trained, statistics that are collected, a switch between training
# and use. A *module* keeps all that together. Its only trick is to notice what you assign to its attributes. This
# chapter rebuilds the trick, and then goes through what modules do with what they noticed: saving, loading, moving,
# freezing, pruning, hooks.

# %%
import io
import pickle

import minitorch as mt
from minitorch import nn, viz
from minitorch.learn.sources import show
from minitorch.nn.modules.batchnorm import _BatchNorm
from minitorch.nn.utils import prune

mt.manual_seed(0)

# %% [markdown]
# ## Motivation
#
# Two layers, one of them kept in a list, because the number of layers is a setting. It runs, and it gives an output of
# the right shape. Train it:


# %%
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(4, 8)
        self.rest = [nn.Linear(8, 8), nn.Linear(8, 1)]

    def forward(self, x):
        x = self.first(x)
        for layer in self.rest:
            x = layer(x.relu())
        return x


net = Net()
weights = [p for layer in (net.first, *net.rest) for p in layer.parameters()]
before = [p.clone() for p in weights]
optimizer = mt.optim.SGD(net.parameters(), lr=0.1)
net(mt.randn(16, 4)).square().mean().backward()
optimizer.step()
changed = [not mt.equal(old, new) for old, new in zip(before, weights, strict=True)]
print("changed by a step:", changed, " saved:", list(net.state_dict()))
assert changed == [True, True, False, False, False, False]
assert list(net.state_dict()) == ["first.weight", "first.bias"]

# %% [markdown]
# Two thirds of the network are not trained, and would not be saved. No error. The module does not look into lists. (The
# remedy is `nn.ModuleList`.) To see why, one must know what it does look at.
#
# ## Predict
#
# A *parameter* is trained; a *buffer* is state that is kept but not trained, a running mean for example. Which of these
# attributes will the optimizer get (`parameters()`), and which are saved (`state_dict()`)?


# %%
class Everything(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(mt.ones(2))
        self.b = mt.ones(2, requires_grad=True)
        self.register_buffer("c", mt.ones(2))
        self.register_buffer("d", mt.ones(2), persistent=False)
        self.e = nn.Linear(2, 1, bias=False)
        self.f = nn.ModuleList([nn.Linear(2, 1, bias=False)])
        self.g = [nn.Parameter(mt.ones(2))]
        self.h = self.e  # the same module once more


names, saved_names = [n for n, _ in Everything().named_parameters()], list(Everything().state_dict())
print("parameters:", names, " saved:", saved_names)
assert names == ["a", "e.weight", "f.0.weight"]  # b is a tensor but no Parameter; h is e, and counted once
assert saved_names == ["a", "c", "e.weight", "f.0.weight", "h.weight"]  # saved under both names

# %% [markdown]
# ## Build
#
# Python calls `__setattr__` for every `self.name = value`. So a module can sort what it is given into drawers:
# parameters, and modules. Everything else it does is a walk through the drawers. Buffers, state that is not trained,
# get a drawer as well.


# %%
class Module:
    def __init__(self):
        self.__dict__.update(training=True, drawers={"parameters": {}, "buffers": {}, "modules": {}})

    def __setattr__(self, name, value):
        if isinstance(value, nn.Parameter):
            self.drawers["parameters"][name] = value
        elif isinstance(value, Module):
            self.drawers["modules"][name] = value
        elif name in self.drawers["buffers"]:
            self.drawers["buffers"][name] = value
        else:
            self.__dict__[name] = value

    def __getattr__(self, name):  # called for names that are not in __dict__
        for drawer in self.__dict__.get("drawers", {}).values():
            if name in drawer:
                return drawer[name]
        raise AttributeError(name)

    def __call__(self, *inputs):
        return self.forward(*inputs)

    def named(self, *kinds, prefix=""):
        for kind in kinds:
            for name, value in self.drawers[kind].items():
                yield prefix + name, value
        for name, module in self.drawers["modules"].items():
            yield from module.named(*kinds, prefix=f"{prefix}{name}.")

    def state_dict(self):
        return {name: t.detach() for name, t in self.named("parameters", "buffers")}

    def train(self, mode=True):
        self.training = mode
        for module in self.drawers["modules"].values():
            module.train(mode)


# %% [markdown]
# Now a layer with parameters and buffers: *batch normalization*. In training, each column of a batch is shifted and
# scaled to mean 0 and variance 1, then scaled and shifted by learned numbers, `weight` and `bias`. In use there may be
# no batch, only one example; so it keeps running averages of mean and variance while training, and uses these later.


# %%
class BatchNorm(Module):
    def __init__(self, n, momentum=0.1, eps=1e-5):
        super().__init__()
        self.weight, self.bias = nn.Parameter(mt.ones(n)), nn.Parameter(mt.zeros(n))
        self.momentum, self.eps = momentum, eps
        self.drawers["buffers"].update(running_mean=mt.zeros(n), running_var=mt.ones(n))

    def forward(self, x):
        mean, var = self.running_mean, self.running_var
        if self.training:
            mean, var = x.mean(0), x.var(0, correction=0)
            with mt.no_grad():  # state, not part of the formula
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (x.var(0) - self.running_var)
        return (x - mean) / (var + self.eps).sqrt() * self.weight + self.bias


class Linear(Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.weight = nn.Parameter((mt.rand(n_out, n_in) * 2 - 1) / n_in**0.5)
        self.bias = nn.Parameter((mt.rand(n_out) * 2 - 1) / n_in**0.5)

    def forward(self, x):
        return x @ self.weight.T + self.bias


class OurNet(Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.norm, self.out = Linear(3, 8), BatchNorm(8), Linear(8, 1)

    def forward(self, x):
        return self.out(self.norm(self.hidden(x)).relu())


# %% [markdown]
# ## Check
#
# The same network from the library's layers, started from *our* state. Thirty steps of training, then evaluation.


# %%
class TheirNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden, self.norm, self.out = nn.Linear(3, 8), nn.BatchNorm1d(8), nn.Linear(8, 1)

    forward = OurNet.forward


ours, theirs = OurNet(), TheirNet()
theirs.load_state_dict(ours.state_dict())
optimizers = [mt.optim.SGD([p for _, p in ours.named("parameters")], lr=0.1), mt.optim.SGD(theirs.parameters(), lr=0.1)]
x = mt.randn(32, 3)
target = x[:, :1] * x[:, 1:2]
for _ in range(30):
    for net, optimizer in zip((ours, theirs), optimizers, strict=True):
        optimizer.zero_grad()
        ((net(x) - target) ** 2).mean().backward()
        optimizer.step()
for name, value in ours.state_dict().items():
    assert mt.allclose(value, theirs.state_dict()[name], atol=1e-4), name
ours.train(False), theirs.eval()
assert mt.allclose(ours(x), theirs(x), atol=1e-4)
print("after 30 steps all", len(ours.state_dict()), "tables agree, and the outputs in evaluation")

# %% [markdown]
# ## Dissect
#
# The class is `nn.Module`, in `module.py` and the files named `module_...` beside it. These lines do what ours do.


# %%
show(nn.Module.__init__, 'fresh["_parameters"], fresh["_buffers"], fresh["_modules"]')
show(nn.Module.__setattr__, "isinstance(value, Parameter)", "isinstance(value, Module)")
show(nn.Module.__getattr__, 'for place in ("_parameters", "_buffers", "_modules")')
show(nn.Module._call_impl, "return self.forward(*args, **kwargs)", "return call_with_hooks(self, args, kwargs)")
show(nn.Module._save_to_state_dict, "destination[prefix + name] = t if keep_vars")
show(nn.Module.train, "self.training = mode", "module.train(mode)")
show(nn.Module._apply, "p.data = fn(p)", "self._buffers[name] = fn(b)")
show(_BatchNorm.forward, "tracked = self.training", "self.training or (self.running_mean is None")

# %% [markdown]
# | ours | the engine's |
# | --- | --- |
# | `drawers` | `_parameters`, `_buffers`, `_modules` |
# | `named` | `named_parameters`, `named_buffers`, `named_modules` (shared ones once) |
# | `__call__` | `_call_impl`: the same, and hooks before and after if there are any |
# | - | `_apply`: new values for everything; how `to`, `double`, `cuda` work |
#
# `_apply` keeps the `Parameter` objects and changes their contents, so an optimizer that holds them still does. A
# tensor's `to` gives a *new* tensor. So `x = x.to(device)`, but `net.to(device)`. Both must be on the same device.

# %%
net = nn.Linear(3, 2)
weight, table = net.weight, mt.ones(3)
assert net.to(mt.float64) is net and net.weight is weight and weight.dtype == mt.float64
assert table.to(mt.float64) is not table and table.dtype == mt.float32

device = mt.device("cuda" if mt.cuda.is_available() else "cpu")
net.to(device)
assert net(mt.ones(1, 3, dtype=mt.float64, device=device)).device.type == device.type
print("computed on", device)

# %% [markdown]
# ## Predict: init, seen through hooks
#
# A *forward hook* is called with each output of a layer. Hang one on each of ten layers (256 to 256, with ReLU). The
# input has standard deviation 1. Roughly what has the tenth output, if the weights have standard deviation (a) 1,
# (b) 0.01, (c) $\sqrt{2 / 256}$, which is `kaiming_normal_`? Explode, vanish, or stay?


# %%
def spread_after_ten(init):
    layers = [nn.Linear(256, 256, bias=False) for _ in range(10)]
    seen = []
    for layer in layers:
        init(layer.weight)
        layer.register_forward_hook(lambda module, inputs, output: seen.append(output.std().item()))
    with mt.no_grad():
        nn.Sequential(*(module for layer in layers for module in (layer, nn.ReLU())))(mt.randn(64, 256))
    assert len(seen) == 10
    return seen[-1]


spreads = [spread_after_ten(lambda w, s=s: nn.init.normal_(w, std=s)) for s in (1, 0.01)]
spreads.append(spread_after_ten(lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu")))
print("after ten layers:", [f"{s:.1e}" for s in spreads])
assert spreads[0] > 1e9 and spreads[1] < 1e-8 and 0.3 < spreads[2] < 3

# %% [markdown]
# Each output is a sum of 256 products, half of them cut by ReLU: its variance is $256 \cdot \sigma^2 / 2$ times the
# one before. With $\sigma^2 = 2/256$ the factor is 1. `viz.activations` hangs such hooks on every layer, and looks at
# the gradients too. Here the weights are half as large as they should be, and both die out: the values on the way
# forward, the gradients on the way back. (Look at the numbers below each histogram.)

# %%
layers = [nn.Linear(64, 64, bias=False) for _ in range(4)]
for layer in layers:
    nn.init.normal_(layer.weight, std=(2 / 64) ** 0.5 / 2)
picture = viz.activations(nn.Sequential(*(m for layer in layers for m in (layer, nn.ReLU()))), mt.randn(64, 64))
linear = [row for row in picture.to_json()["layers"] if row["layer"] == "Linear"]
assert all(b["activation"]["std"] < 0.7 * a["activation"]["std"] for a, b in zip(linear, linear[1:], strict=False))
assert all(a["gradient"]["std"] < b["gradient"]["std"] for a, b in zip(linear, linear[1:], strict=False))
picture

# %% [markdown]
# **Freezing** a part: `requires_grad_(False)`. Then it gets no gradient, and the optimizer passes over it. Predict: the
# first layer and a batch norm are frozen; one step in training mode. What has changed?

# %%
net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
net[:2].requires_grad_(False)
start = {name: t.clone() for name, t in net.state_dict().items()}
optimizer = mt.optim.SGD(net.parameters(), lr=0.1)
net(mt.randn(16, 4)).square().mean().backward()
optimizer.step()
changed = [name for name, t in net.state_dict().items() if not mt.equal(t, start[name])]
print("changed:", changed)
assert changed == ["1.running_mean", "1.running_var", "1.num_batches_tracked", "3.weight", "3.bias"]

# %% [markdown]
# The running averages moved! They are buffers; no gradient is involved. To keep a batch norm as it is, put it into
# evaluation mode too: `net[1].eval()`. (And again after each `net.train()`, which switches everything back.)
#
# **Pruning** sets the smallest weights to zero and keeps them there: the parameter becomes `weight_orig`, a buffer
# `weight_mask` says which stay, and a hook before each forward multiplies the two. `remove` makes it permanent.

# %%
layer = nn.Linear(10, 10)
prune.l1_unstructured(layer, "weight", amount=0.7)
assert list(layer.state_dict()) == ["bias", "weight_orig", "weight_mask"]
optimizer = mt.optim.SGD(layer.parameters(), lr=0.1)
layer(mt.randn(5, 10)).sum().backward()
optimizer.step()
layer(mt.randn(5, 10))  # the hook masks the new weights
assert layer.weight.count_nonzero() == 30
prune.remove(layer, "weight")
assert list(layer.state_dict()) == ["bias", "weight"] and layer.weight.count_nonzero() == 30

# %% [markdown]
# **Saving and loading**: save the `state_dict`, a dictionary of tables; make a new module by your own code; load. Here
# into memory; a file name does as well. What was saved on a GPU comes back there, unless `map_location` says where to.
# A saved *object* would be code as well as numbers, and loading it would run what somebody else wrote; `load` refuses
# that unless told otherwise.


# %%
def saved_and_loaded(thing):
    file = io.BytesIO()
    mt.save(thing, file)
    file.seek(0)
    return mt.load(file, map_location="cpu")


copy = TheirNet()
copy.load_state_dict(saved_and_loaded(theirs.state_dict()))
assert mt.equal(copy.eval()(x), theirs(x))
refusals = []
for program in (
    lambda: saved_and_loaded(nn.Linear(2, 2)),
    lambda: nn.Linear(3, 2).load_state_dict(nn.Linear(4, 2).state_dict()),
    lambda: nn.Sequential(nn.Linear(3, 2)).load_state_dict(nn.Linear(3, 2).state_dict()),
):
    try:
        program()
    except (RuntimeError, pickle.UnpicklingError) as error:
        refusals.append(str(error))
        print(" ".join(str(error).split())[:118])
assert "Weights only load failed" in refusals[0] and "size mismatch for weight" in refusals[1]
assert 'Missing key(s) in state_dict: "0.weight"' in refusals[2] and "Unexpected key(s)" in refusals[2]

# %% [markdown]
# ## Break it
#
# **The best model so far.** `state_dict` gives the live tables, not copies. A program that remembers "the best" this
# way remembers the last. Predict what the two differ by.

# %%
net = nn.Linear(2, 1)
remembered, copied = net.state_dict(), {name: t.clone() for name, t in net.state_dict().items()}
with mt.no_grad():
    net.weight.add_(1)  # training goes on
assert mt.equal(remembered["weight"], net.weight)  # it followed
assert mt.allclose(copied["weight"] + 1, net.weight)

# %% [markdown]
# **`eval()` forgotten.** In training mode the output for an example depends on who else is in the batch, and each
# prediction changes the running averages. (`no_grad` does not help: chapter 3.)

# %%
theirs.train()
with mt.no_grad():
    together, alone = theirs(x)[:2], theirs(x[:2])
    moved = not mt.equal(theirs.norm.running_mean, copy.norm.running_mean)
theirs.eval()
print("difference by company, training:", round((together - alone).abs().max().item(), 2))
assert moved and not mt.allclose(together, alone, atol=0.01) and mt.allclose(theirs(x)[:2], theirs(x[:2]), atol=1e-5)


class Forgetful(nn.Module):
    def __init__(self):
        self.layer = nn.Linear(2, 2)  # no super().__init__(): there are no drawers yet


try:
    Forgetful()
    message = ""
except AttributeError as error:
    message = str(error)
assert message == "cannot assign module before Module.__init__() call"

# %% [markdown]
# ## Milestone
#
# You can now explain how a module knows its parameters; what a buffer is; what is saved and what is shared; `train`
# against `eval`, and both against `requires_grad_(False)` and `no_grad`.
#
# In the engine: `minitorch learn start 08` lets you write `named_modules`, `fans`, `running_statistic` and
# `dropout_noise`.
#
# On paper, or in this file:
#
# 1. Add forward hooks to our `Module`. What should happen if a hook returns something?
# 2. Tie two layers: give them the same `Parameter`. What do `parameters()`, the gradient and the `state_dict` do?
# 3. Write `Dropout` for our `Module`. Why must it divide by the share that is kept?
#
# Read next: `minitorch/nn/modules/module.py`, `module_state.py`, `module_convert.py`, `batchnorm.py` beside it.

# %%
assert names == ["a", "e.weight", "f.0.weight"] and 0.3 < spreads[2] < 3 and len(refusals) == 3 and moved
print("chapter 8 holds")
