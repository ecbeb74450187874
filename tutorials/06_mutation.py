# %% [markdown]
# # Mutation, views and the safety rules
#
# `y.add_(1)` changes the memory of `y` instead of making a new tensor. (In PyTorch's names, and here, a trailing
# underscore says so.) Optimizers need that. But a tape that remembers *values* and a program that changes them don't go
# together, unless somebody watches. This chapter builds the watcher: a number that counts changes.

# %%
import random

import numpy as np

import minitorch as mt
from minitorch import viz
from minitorch.autograd import base, saved, views
from minitorch.learn.sources import show
from minitorch.tensor.core import CoreMixin

# %% [markdown]
# ## Motivation
#
# An engine like that of chapter 3, for tables: a `Table` holds values, and a `Node` that tells how slopes flow. Two
# operations keep a value for the backward pass: the slope of $\tanh$ is $1 - \tanh^2$, so it keeps its *result*; the
# slope of $x^2$ is $2x$, so it keeps its *input*. As any program would, it keeps a reference, not a copy.


# %%
class Node:
    def __init__(self, *inputs):
        self.inputs, self.grad = inputs, 0.0  # inputs: (Node, function from slope to slope)


class Table:
    def __init__(self, values, node=None):
        self.values, self.node = np.array(values, dtype=float), node or Node()
        self.counter = [0]  # for later

    def tanh(self):
        out = Table(np.tanh(self.values))
        kept = keep(out)
        out.node = Node((self.node, lambda g: g * (1 - kept() ** 2)))
        return out

    def square(self):
        kept = keep(self)
        return Table(self.values**2, Node((self.node, lambda g: g * 2 * kept())))

    def add_(self, number):
        self.values += number  # in place; the slope is 1, so the node may stay
        self.counter[0] += 1
        return self


def keep(table):
    return lambda: table.values


def backward(node, g):
    if not node.inputs:
        node.grad = node.grad + g
    for used, slope in node.inputs:
        backward(used, slope(g))


# %%
x = Table([0.5])
y = x.tanh()
y.add_(1)  # y = tanh(x) + 1: adding a constant can't change the slope
backward(y.node, np.ones(1))
true_slope = 1 - np.tanh(0.5) ** 2
careless_slope = x.node.grad[0]
print("slope", careless_slope, " true slope", true_slope)
assert abs(true_slope - 0.786) < 1e-3 and careless_slope < -1

# %% [markdown]
# The slope of an increasing function came out *negative*. No error, no warning. The node of `tanh` looked up its result
# and found 1.46, which no hyperbolic tangent can be.
#
# ## Predict
#
# minitorch follows PyTorch's rules. With $x = (1, 2)$, which of these raise an error, which go well, and with which
# gradient? Ask each time: what did the nodes keep, and was *that* changed?
#
# 1. `y = x.tanh()`, then `y.add_(1)`, then `y.sum().backward()`
# 2. `y = x * 3`, then `y.add_(1)`, then `y.sum().backward()`
# 3. `y = x.square()`, then `y.add_(1)`, then `y.sum().backward()`
# 4. `y = x * 3`, `z = y.square()`, then `y.add_(1)`, then `z.sum().backward()`
# 5. `x.add_(1)` (`x` is a leaf; in messages, *Variable* is an old word for tensor)
# 6. `y = x * 1`, then `y[0] = 5`, then `(y * y).sum().backward()`


# %%
def outcome(f, *args):
    """What f gives, or the text of its error."""
    try:
        return f(*args)
    except RuntimeError as error:
        return str(error)


def gradient_of(program):
    x = mt.tensor([1.0, 2.0], requires_grad=True)
    program(x).sum().backward()
    return x.grad.tolist()


def put(x):
    y = x * 1
    y[0] = 5
    return y * y


def change_what_square_kept(x):
    y = x * 3
    z = y.square()
    y.add_(1)
    return z


programs = [
    lambda x: x.tanh().add_(1), lambda x: (x * 3).add_(1), lambda x: x.square().add_(1), change_what_square_kept,
    lambda x: x.add_(1), put,
]  # fmt: skip
answers = [outcome(gradient_of, program) for program in programs]
for number, answer in enumerate(answers, 1):
    print(number, str(answer).splitlines()[0][:110])
assert "modified by an inplace operation" in answers[0] and "TanhBackward0" in answers[0]
assert answers[1] == [3, 3]  # a product with a constant keeps the constant
assert answers[2] == [2, 4]  # square keeps its input; its result may change
assert "modified by an inplace operation" in answers[3]
assert "a leaf Variable that requires grad" in answers[4]  # else: the gradient with respect to which x?
assert answers[5] == [0, 4]  # y[0] does not depend on x any more

# %% [markdown]
# ## Build
#
# **The counter.** Every memory gets a number that says how often it was changed. Whoever keeps a value notes the number
# beside it, and compares before use. The rest of the engine does not change.


# %%
def keep_carefully(table):
    then = table.counter[0]

    def look_up():
        if table.counter[0] != then:
            raise RuntimeError(f"changed in place: version {table.counter[0]}, expected {then}")
        return table.values

    return look_up


careless, keep = keep, keep_carefully
message = outcome(backward, Table([0.5]).tanh().add_(1).node, np.ones(1))
assert message == "changed in place: version 1, expected 0"

# %% [markdown]
# **Writing into a part.** After `y[1:] = other[1:]` some elements of `y` come from the old `y`, and some from `other`.
# On the tape that is an operation like any other: *new contents from old contents and another table*. Its slope goes
# to the old contents with the written part set to zero, and to `other` with the rest set to zero. Then the name `y`
# moves to the new node. Those who used `y` before hold the *old node*, and are not disturbed.


# %%
def put_(table, part, other):
    """table[part] = other[part]"""
    table.values[part] = other.values[part]
    table.counter[0] += 1
    written = np.zeros(table.values.shape)
    written[part] = 1
    table.node = Node((table.node, lambda g: g * (1 - written)), (other.node, lambda g: g * written))


x = Table([0.5, 1.0, 1.5])
y, z = x.square(), x.tanh()
put_(y, slice(1, None), z)
backward(y.node, np.ones(3))
assert np.allclose(x.node.grad, [1, 1 - np.tanh(1) ** 2, 1 - np.tanh(1.5) ** 2])  # 2 * 0.5, then tanh's

# %% [markdown]
# ## Check
#
# Three hundred random programs: each step makes a new table or changes an old one in place. Ours and minitorch must
# agree: both raise an error, or both give the same gradient, and that is the one of finite differences.


# %%
def random_program(seed, x, tanh, square, add, put):
    """Six steps on a growing list of tables; gives the last table."""
    choose, tables = random.Random(seed), [tanh(x)]
    for _ in range(6):
        t, other = choose.choice(tables), choose.choice(tables)
        step = choose.choice([tanh, square, tanh, square, add, put])
        if step in (tanh, square):
            tables.append(step(t))
        elif step is add:
            add(t)
        elif t is not other:
            put(t, slice(0, 2) if choose.random() < 0.5 else slice(2, 4), other)
    return tables[-1]


def ours(seed, values):
    x = Table(values)
    return x, random_program(seed, x, Table.tanh, Table.square, lambda t: t.add_(0.5), put_)


def gradient_ours(seed):
    x, y = ours(seed, point)
    backward(y.node, np.ones(4))
    return x.node.grad


def gradient_theirs(seed):
    x = mt.tensor(point, requires_grad=True)
    put = lambda t, part, other: t.__setitem__(part, other[part])  # noqa: E731
    random_program(seed, x, mt.tanh, mt.square, lambda t: t.add_(0.5), put).sum().backward()
    return x.grad.numpy()


# %%
point, raised, careless_wrong = np.array([0.3, -0.4, 0.8, 0.1]), 0, 0
for seed in range(300):
    keep = careless
    unsafe = gradient_ours(seed)
    keep = keep_carefully
    safe, engines = outcome(gradient_ours, seed), outcome(gradient_theirs, seed)
    steps = np.eye(4) * 1e-6
    numeric = [(ours(seed, point + h)[1].values - ours(seed, point - h)[1].values).sum() / 2e-6 for h in steps]
    assert isinstance(safe, str) == isinstance(engines, str)
    if isinstance(safe, str):
        raised += 1
        careless_wrong += not np.allclose(unsafe, numeric, atol=1e-6)
    else:
        assert np.allclose(safe, engines) and np.allclose(safe, numeric, atol=1e-6)
print(f"{300 - raised} programs right in both engines; {raised} refused by both")
print(f"of the refused ones, the careless engine got {careless_wrong} wrong, without a word")
assert raised > 50 and careless_wrong > raised * 0.9

# %% [markdown]
# ## Dissect
#
# The same pieces in the engine: the number, who notes it, who compares it.


# %%
show(base.TensorBase, "_counter        [n]")
show(base.wrap_view, "t._counter = version = source._counter")  # a view shares the counter of its base
show(views.bump, "t._counter[0] += 1")
show(saved.pack, "version = value._counter[0]", "value, version = t._array, (t._counter, t._counter[0])")
show(saved.fetch, "if value._counter[0] != version:")
show(views.inplace, "check_inplace(t, wants_grad)", "array[...] = out", "bump(t)", "rebase(t, node)")
show(views.rebase, "copy.geometry = ", "copy.fn = node", "copy.edges = (edge_of(base)", "base._edge")
show(views.CopySlices.apply, "part = strided_take(g", "strided_replace(g, new")

# %% [markdown]
# | ours | the engine's |
# | --- | --- |
# | `table.counter` | `_counter`, shared by all views of one memory; `t._version` shows it |
# | `then`, and the comparison in `look_up` | `pack`, and `fetch` |
# | `table.node = Node(...)` after a write | `rebase` |
# | `put_`: zeros where it wrote, the rest passes | `CopySlices`: the op's slope in the part, the rest passes |
#
# Our `put_` was called on the whole table. In a real program the part is often a *view* with a name (chapter 1). The
# engine then rewrites the history of the base, and every other view asks the base when it is next used. Line by line,
# who lies on which memory, its version, and the node that made it:

# %%
program = """y = x * 1
part, other_part = y[1:], y[:2]
part.mul_(10)
copy = y.clone()
y.zero_()"""
viz.versions(program, {"x": mt.tensor([1.0, 2.0, 3.0], requires_grad=True)})

# %% [markdown]
# And the gradient, after the third line:

# %%
x = mt.tensor([1.0, 2.0, 3.0], requires_grad=True)
y = x * 1
part, other_part = y[1:], y[:2]
part.mul_(10)  # changes y, and the middle element of other_part
assert y._version == part._version == other_part._version == 1 and y._counter is part._counter
assert type(y.grad_fn) is views.CopySlices and type(other_part.grad_fn).__name__ == "AsStridedBackward0"
other_part.sum().backward()
print("y is now made by", type(y.grad_fn).__name__, " gradient through the view:", x.grad.tolist())
assert other_part.tolist() == [1, 20] and x.grad.tolist() == [1, 10, 0]

# %% [markdown]
# A **hook** on a tensor is a function that sees its gradient. It hangs on the node that the tensor has *at that
# moment*. Predict: `y = 2x`, hook A on `y`, `y.mul_(5)`, hook B on `y`. Which slopes of `y.sum()` do A and B see?

# %%
x = mt.tensor(1.0, requires_grad=True)
y = x * 2
seen = {}
y.register_hook(lambda g: seen.update(A=g.item()))
y.mul_(5)
y.register_hook(lambda g: seen.update(B=g.item()))
y.backward()
print("hooks saw", seen, " x.grad", x.grad.item())
assert seen == {"B": 1, "A": 5} and x.grad.item() == 10  # B: the new y. A: the old one, which enters five times

# %% [markdown]
# ## Break it
#
# **Without the counter.** Take it out of the engine, for a moment, and repeat the first program.

# %%
bump, views.bump = views.bump, lambda t: None
try:
    without_counter = outcome(gradient_of, programs[0])
finally:
    views.bump = bump
print("without counter:", without_counter)
assert isinstance(without_counter, list) and max(without_counter) < 0  # negative slopes again
assert isinstance(outcome(gradient_of, programs[0]), str)  # and with it: refused again

# %% [markdown]
# **Five engines side by side.** What else can an engine do about writes? We run the three hundred programs again, in
# five versions of ours that differ in two habits: what is kept for the backward pass (a reference, a copy, a reference
# with the counter), and whether a write into a part goes on the tape. Predict: which of them are never wrong, and what
# does it cost?


# %%
def keep_copy(table):
    values = table.values.copy()
    return lambda: values


def put_off_tape(table, part, other):
    table.values[part] = other.values[part]  # the memory changes, and the tape is told nothing


def verdict(seed):
    """What the engine of the moment does with a program: right, refused, or silently wrong."""
    found = outcome(gradient_ours, seed)
    if isinstance(found, str):
        return "refused"
    steps = np.eye(4) * 1e-6
    numeric = [(ours(seed, point + h)[1].values - ours(seed, point - h)[1].values).sum() / 2e-6 for h in steps]
    return "right" if np.allclose(found, numeric, atol=1e-6) else "wrong"


habits = {
    "reference": (careless, put_),
    "reference, writes off the tape": (careless, put_off_tape),
    "copy, writes off the tape": (keep_copy, put_off_tape),
    "copy": (keep_copy, put_),
    "reference with counter": (keep_carefully, put_),
}
recorded, counts = put_, {}
for name in habits:
    keep, put_ = habits[name]
    verdicts = [verdict(seed) for seed in range(300)]
    counts[name] = {v: verdicts.count(v) for v in ("right", "refused", "wrong")}
    print(f"{name:32} {counts[name]}")
keep, put_ = keep_carefully, recorded
assert min(counts[name]["wrong"] for name in list(habits)[:3]) > 30  # silently
assert counts["copy"] == {"right": 300, "refused": 0, "wrong": 0}
assert counts["reference with counter"] == {"right": 300 - raised, "refused": raised, "wrong": 0}

# %% [markdown]
# To copy everything that is kept is always right, and every program pays with memory, also the many that never change
# anything. To count costs one number for each memory, and some programs are refused; they say `clone()` where they mean
# it. That is PyTorch's choice, and ours. The first three are what one gets by not thinking about it.
#
# **Around the counter: `detach` against `data`.** Both give the values without history, on the same memory. Old
# programs write `p.data`. Predict: which of these changes of `y = tanh(x)` will the engine notice?


# %%
def erase(how):
    def program(x):
        y = x.tanh()
        how(y)
        return y

    return outcome(gradient_of, program)


show(CoreMixin.detach, "t._counter = self._counter")
show(CoreMixin.data.fget, "return wrap(self._array)")  # wrap: a counter of its own
noticed = [erase(lambda y: y.detach().zero_()), erase(lambda y: y.data.zero_())]
noticed.append(erase(lambda y: y.detach().numpy().fill(0)))
print(*(str(answer)[:88] for answer in noticed), sep="\n")
assert "modified by an inplace" in noticed[0]
assert noticed[1] == noticed[2] == [1, 1]  # the slope where tanh is 0: wrong, silently

# %% [markdown]
# So: to read values, `detach()`. To change parameters, `with no_grad():`, which does count. Nothing needs `data`; and
# what NumPy writes, nobody can see.
#
# A case from practice: a step of the optimizer *between* forward and backward. Two losses share a forward pass, as in
# the training of two networks against each other. The slope for `v` is $2 (w v) w$, with the $w$ of the forward pass.


# %%
def two_losses(update):
    w, v = mt.tensor(3.0, requires_grad=True), mt.tensor(1.0, requires_grad=True)
    out = w * v
    out.square().backward(retain_graph=True)
    v.grad = None
    update(w)  # w = 1 from here on
    out.square().backward()
    return v.grad.item()


properly = mt.no_grad()(lambda w: w.fill_(1))
answers_2 = [outcome(two_losses, update) for update in (lambda w: None, properly, lambda w: w.data.fill_(1))]
print("no update:", answers_2[0], "| no_grad:", answers_2[1][:60], "... | data:", answers_2[2])
assert answers_2[0] == 18 and "modified by an inplace operation" in answers_2[1]
assert answers_2[2] == 6  # 2 * 3 * 1, from the old result and the new w: the slope of nothing

# %% [markdown]
# **Writes without a clear meaning** are refused; the engine does not guess.

# %%
ones, leaf = mt.ones(4), mt.ones(4, requires_grad=True)
refused = {
    "four rows in one memory": (lambda: mt.ones(3).expand(4, 3).add_(1), "refers to a single memory location"),
    "reads what it has written": (lambda: ones[1:].add_(ones[:-1]), "refer to a single memory location"),
    "one view of many": (lambda: (leaf * 1).unbind()[0].mul_(2), "a function that returns multiple views"),
    "a view of a leaf": (lambda: leaf[1:].zero_(), "a view of a leaf Variable"),
    "a result that does not fit": (lambda: mt.ones(3).add_(mt.ones(4, 3)), "doesn't match the broadcast shape"),
}
for what, (program, phrase) in refused.items():
    message = outcome(program)
    print(f"{what:26} {message.splitlines()[0][:84]}")
    assert phrase in message, what
assert ones.tolist() == [1, 1, 1, 1]  # refused before anything was written; a plain loop would have made 1, 2, 3, 4

# %% [markdown]
# ## Milestone
#
# You can now explain when an in-place operation is safe: when nobody kept the old value, or when the counter will say
# so. You know what `CopySlices` does, why an edge must lead to a node and not to a tensor, why `detach` and `no_grad`
# are safe and `data` is not.
#
# In the engine: `minitorch learn start 06` lets you write `repeats_memory`, `ranges_meet`, `slice_backward` and
# `run_hooks`.
#
# On paper, or in this file:
#
# 1. Give `Table` a method `mul_(number)`. Why must it make a new node, when `add_` need not?
# 2. `x.exp().mul_(2)` fails in the backward pass, `x.sin().mul_(2)` does not. Say what `sqrt`, `sigmoid` and `log` will
#    do, then try them.
# 3. Give `Table` views (`__getitem__`) with the same counter, and let `put_` rewrite the history of the base.
#
# Read next: `minitorch/autograd/saved.py`, then `minitorch/autograd/views.py`, from `rebase` on.

# %%
assert careless_slope < 0 < true_slope and answers[5] == [0, 4] and noticed[1] == [1, 1] and answers_2[2] == 6
print("chapter 6 holds")
