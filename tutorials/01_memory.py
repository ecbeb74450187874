# %% [markdown]
# # A tensor is a view on memory
#
# A tensor looks like a table of numbers. It is not: it is a *description* of how to walk through a row of numbers in
# memory. Transposing, slicing and broadcasting change the description, never the numbers. In this chapter we build that
# description in thirty lines, and find it again in the engine.

# %%
import itertools
import warnings

import numpy as np

import minitorch as mt
from minitorch import viz
from minitorch.autograd.base import TensorBase, wrap, wrap_view
from minitorch.autograd.primitives import broadcast_to
from minitorch.learn.sources import show
from minitorch.ops.indexing import index, select
from minitorch.ops.shape import transpose, view

# %% [markdown]
# ## Motivation
#
# Two programs that differ in one pair of brackets. Both take row 0 out of a table and fill it with zeros.

# %%
a = mt.ones(2, 3)
row = a[0]
row.zero_()

b = mt.ones(2, 3)
row = b[[0]]
row.zero_()

print("a", a.tolist())
print("b", b.tolist())
assert a.tolist() == [[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]  # the table has changed as well
assert b.tolist() == [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]  # it has not

# %% [markdown]
# `a[0]` shares its memory with `a`. `b[[0]]` has memory of its own. To know which is which, one has to know what a
# tensor is made of.
#
# ## Predict
#
# The numbers 0, 1, ..., 5 lie in a row in memory. A table of shape (2, 3) reads them row by row:
#
# ```
# memory   0 1 2 3 4 5          table   0 1 2
#                                       3 4 5
# ```
#
# The *stride* of a dimension says how many places to go in memory for one step along that dimension.
#
# 1. What are the two strides of this table?
# 2. What are the strides of its transpose, of shape (3, 2), on the same memory?
# 3. Column 1 of the table is 1, 4. At which place in memory does it begin (its *offset*), and what is its stride?

# %%
x = mt.arange(6).reshape(2, 3)
assert x.stride() == (3, 1)
assert x.t().stride() == (1, 3)
assert (x[:, 1].storage_offset(), x[:, 1].stride()) == (1, (3,))
print("table", x.stride(), " transpose", x.t().stride(), " column 1: offset", x[:, 1].storage_offset())

# %% [markdown]
# A step down in the table passes a whole row, three places; a step to the right passes one. The transpose goes the same
# ways under exchanged names. And column 1 begins at place 1 and goes down.
#
# Here is the memory, with the transpose on it (first bar) and column 1 (second bar). The buttons or the arrow keys move
# through the indices of the transpose, and the line below says how an index becomes a place.

# %%
viz.strides(x.t(), x[:, 1])

# %% [markdown]
# ## Build
#
# So a tensor is four things: memory, shape, strides, offset. The element at $(i_0, i_1, \dots)$ lies at
#
# $$\mathrm{offset} + \sum_d i_d \cdot \mathrm{stride}_d$$
#
# Every method below makes a new description of the *same* memory.


# %%
class View:
    def __init__(self, memory, shape, strides=None, offset=0):
        self.memory, self.shape, self.offset = memory, tuple(shape), offset
        self.strides = tuple(row_by_row(shape) if strides is None else strides)

    def place(self, index):
        return self.offset + sum(i * s for i, s in zip(index, self.strides, strict=True))

    def tolist(self, index=()):
        if len(index) == len(self.shape):
            return self.memory[self.place(index)]
        return [self.tolist((*index, i)) for i in range(self.shape[len(index)])]

    def transpose(self):
        return View(self.memory, self.shape[::-1], self.strides[::-1], self.offset)

    def select(self, dim, i):  # x[i], x[:, i], ...: one dimension less
        without = [k for k in range(len(self.shape)) if k != dim]
        new = [self.shape[k] for k in without], [self.strides[k] for k in without]
        return View(self.memory, *new, self.offset + i * self.strides[dim])

    def every(self, dim, step):  # x[::step]
        shape, strides = list(self.shape), list(self.strides)
        shape[dim] = -(-shape[dim] // step)  # rounded up
        strides[dim] *= step
        return View(self.memory, shape, strides, self.offset)

    def expand(self, shape):  # a dimension of length 1 is repeated by not moving: stride 0
        extra = len(shape) - len(self.shape)
        strides = [0 if n == 1 else s for n, s in zip(self.shape, self.strides, strict=True)]
        return View(self.memory, shape, [0] * extra + strides, self.offset)


def row_by_row(shape):
    strides = [1] * len(shape)
    for d in reversed(range(len(shape) - 1)):
        strides[d] = strides[d + 1] * shape[d + 1]
    return strides


# %% [markdown]
# The last method is the important one. A tensor of shape (3, 1) is *expanded* to (3, 4) with a stride of 0: four steps
# along the new dimension read the same place four times. Nothing is copied.
#
# When two tensors of different shapes are added, both are expanded to one shape. That is *broadcasting*. The rule:
# write the shapes under each other, **aligned at the right**; in each column the lengths must be equal, or one of them
# 1 or missing.


# %%
def broadcast_shapes(a, b):
    """The common shape, or None."""
    result = []
    for n, m in itertools.zip_longest(reversed(a), reversed(b), fillvalue=1):
        if n != m and 1 not in (n, m):
            return None
        result.append(m if n == 1 else n)
    return tuple(reversed(result))


# %% [markdown]
# ## Predict
#
# 1. What shape has a (3, 1) tensor plus a (4,) tensor?
# 2. And (2, 3) plus (2,): a value per row?

# %%
assert broadcast_shapes((3, 1), (4,)) == (3, 4)
assert broadcast_shapes((2, 3), (2,)) is None  # 3 stands over 2: the alignment is at the right, not at the left
assert broadcast_shapes((2, 3), (2, 1)) == (2, 3)  # this is how to add a value per row
viz.broadcast((3, 1), (4,))

# %% [markdown]
# Dashed is what is repeated. And the pair that does not fit, with the column that disagrees:

# %%
viz.broadcast((2, 3), (2,))

# %% [markdown]
# ## Check
#
# Our description against the engine's: same numbers, same strides, same offsets.

# %%
memory = list(range(24))
ours = View(memory, (4, 6))
real = mt.arange(24).reshape(4, 6)

pairs = {
    "x": (ours, real),
    "x.t()": (ours.transpose(), real.t()),
    "x[2]": (ours.select(0, 2), real[2]),
    "x[:, 5]": (ours.select(1, 5), real[:, 5]),
    "x[::3]": (ours.every(0, 3), real[::3]),
    "x.t()[::4]": (ours.transpose().every(0, 4), real.t()[::4]),
    "x[1].expand(3, 6)": (ours.select(0, 1).expand((3, 6)), real[1].expand(3, 6)),
}
for name, (mine, theirs) in pairs.items():
    print(f"{name:18} shape {str(mine.shape):8} strides {str(mine.strides):8} offset {mine.offset}")
    assert mine.tolist() == theirs.tolist()
    assert mine.strides == theirs.stride() and mine.offset == theirs.storage_offset()
    assert theirs.untyped_storage().data_ptr() == real.untyped_storage().data_ptr()  # one memory for all of them

# %% [markdown]
# And the broadcasting rule, for every pair of shapes with up to three dimensions of lengths 1, 2 and 3: where we say
# None, the engine must raise an error, and only there.

# %%
shapes = [shape for ndim in range(4) for shape in itertools.product((1, 2, 3), repeat=ndim)]
refused = 0
for p, q in itertools.product(shapes, repeat=2):
    expected = broadcast_shapes(p, q)
    try:
        found = tuple((mt.zeros(p) + mt.zeros(q)).shape)
    except RuntimeError:
        found = None
        refused += 1
    assert found == expected, (p, q)
print(len(shapes) ** 2, "pairs of shapes,", refused, "refused")
assert 0 < refused < len(shapes) ** 2

# %% [markdown]
# ## Predict: who shares?
#
# A NumPy array, and eight tensors made from it, the later ones from the first. We write 9 into the array. Which of them
# see it? (`detach` gives a tensor without its history, which chapter 3 explains; here only its memory counts.)

# %%
array = np.zeros(4, dtype="float32")
first = mt.from_numpy(array)
made = {
    "mt.from_numpy(array)": first,
    "mt.as_tensor(array)": mt.as_tensor(array),
    "mt.tensor(array)": mt.tensor(array),
    "x.clone()": first.clone(),
    "x.detach()": first.detach(),
    "x.float()": first.float(),  # it is float32 already
    "x.double()": first.double(),
    "x + 0": first + 0,
}
array[0] = 9
seen = {name: t[0].item() == 9 for name, t in made.items()}
for name, sees in seen.items():
    print(f"{name:22} {'shares' if sees else 'copy'}")
assert [name for name, sees in seen.items() if not sees] == ["mt.tensor(array)", "x.clone()", "x.double()", "x + 0"]
assert np.shares_memory(first.numpy(), array)  # numpy() shares as well

# %% [markdown]
# ## Dissect
#
# minitorch leaves memory, shape, strides and offset to a NumPy array (on a GPU to a CuPy array), in `_array`. What it
# adds is the knowledge of *who shares memory with whom*. For gradients this will be vital.


# %%
show(TensorBase, "_array  ", "_counter  ", "_base  ")
show(wrap, "t._counter = ", "t._base")
show(wrap_view, "t._counter = version = source._counter", "t._base = source._base if")

# %% [markdown]
# `wrap` makes a tensor with memory of its own: a new counter `[0]`, no base. `wrap_view` makes one on the memory of
# `source`: the *same* counter (one list, shared) and the base remembered. The base is always the root, also for a view
# of a view. The counter says how often the memory was changed in place:

# %%
base = mt.zeros(2, 3)
a_view = base.t()[1]
assert a_view._base is base and a_view._counter is base._counter
assert base._version == 0
a_view.add_(1)
assert base._version == 1 and base.tolist() == [[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]]
print("changed through the view: version", base._version, base.tolist())

# %% [markdown]
# Which operations make views? It stands at the head of each one: `@op(view=True)`. `index`, which `b[[0]]` calls, has
# no such mark: a list of positions has no common stride, so it must copy.

# %%
show(select, "@op(view=True", "return x[index]")
show(transpose, "@op(view=True", "x.swapaxes(dim0, dim1)")
show(broadcast_to, "@op(view=True", "else 0 for n, m, s in", "return strided(")
show(view, "@op(view=True", "shares(out, x)", "raise ValueError")
show(index, "@op(", "out = x[key]")
assert select.op.view is True and transpose.op.view is True and broadcast_to.op.view is True and view.op.view is True
assert not index.op.view

# %% [markdown]
# | ours | the engine's |
# | --- | --- |
# | `View.__init__` | `wrap_view`, and the NumPy array inside |
# | `transpose`: shape and strides reversed | `x.swapaxes(dim0, dim1)` |
# | `select`: the offset moves | `x[index]`, a basic index of NumPy's |
# | `expand`: stride 0 | `broadcast_to`: `s if n == m else 0` |
#
# ## Break it
#
# **`view` on a transpose.** `view` promises a new shape on the same memory. The transpose of our (2, 3) table reads
# places 0 3 1 4 2 5. No single stride gives that walk, so it can't be a view of shape (6,).

# %%
transposed = mt.arange(6).reshape(2, 3).t()
try:
    transposed.view(6)
    message = ""
except RuntimeError as error:
    message = str(error)
print(message)
assert "view size is not compatible with input tensor's size and stride" in message

flat = transposed.reshape(6)  # reshape copies where a view is impossible ...
flat.zero_()
assert transposed.tolist() == [[0, 3], [1, 4], [2, 5]]  # ... so writing to it changes nothing here

flat = transposed.t().reshape(6)  # but here a view is possible, so reshape is one
flat.zero_()
assert transposed.tolist() == [[0, 0], [0, 0], [0, 0]]

# %% [markdown]
# So never rely on `reshape` to share, or not to share. `view` always shares, `clone` never does. And `contiguous` gives
# a tensor whose memory is row by row: a copy if it has to be, else the tensor itself.

# %%
transposed = mt.arange(6).reshape(2, 3).t()
assert not transposed.is_contiguous() and transposed.contiguous().view(6).tolist() == [0, 3, 1, 4, 2, 5]
already = mt.arange(6)
assert already.contiguous() is already

# %% [markdown]
# **Writing through stride 0.** Four elements, one place. What should adding 1 to each of them do? Ours adds four times
# to one place. The engine refuses.

# %%
expanded = View([10], (1,)).expand((4,))
for i in range(4):
    expanded.memory[expanded.place((i,))] += 1
assert expanded.tolist() == [14, 14, 14, 14]  # nobody asked for 14

try:
    mt.tensor([10]).expand(4).add_(1)
    message = ""
except RuntimeError as error:
    message = str(error)
print(message)
assert "more than one element of the written-to tensor refers to a single memory location" in message

# %% [markdown]
# **The silent one.** A net gives predictions of shape (4, 1); the targets have shape (4,). Predict the shape of their
# difference before you read on. Both shapes are allowed to meet: every prediction is compared with *every* target.

# %%
prediction = mt.tensor([[1.0], [2.0], [3.0], [4.0]])
target = mt.tensor([1.0, 2.0, 3.0, 4.0])  # the prediction is perfect
difference = prediction - target
print("shape", tuple(difference.shape), " mean squared error", (difference**2).mean().item())
assert tuple(difference.shape) == (4, 4)
assert (difference**2).mean().item() == 2.5  # and it should be 0
assert ((prediction - target.view(4, 1)) ** 2).mean().item() == 0.0

# %% [markdown]
# No error is raised, since the rule was obeyed. Print shapes before you subtract, or use a loss that checks:
# minitorch's `mse_loss` warns, as PyTorch's does.

# %%
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    mt.nn.functional.mse_loss(prediction, target)
print(str(caught[0].message).splitlines()[0])
assert "size" in str(caught[0].message)

# %% [markdown]
# ## Milestone
#
# You can now explain storage, stride, offset, view and copy; why a transpose costs nothing; why broadcasting copies
# nothing; what `_base` and the version counter are for.
#
# In the engine: `minitorch learn start 01` lets you write `contiguous_strides`, `broadcast_shape` and `stretch`.
#
# On paper, or in this file:
#
# 1. Add `flip` to `View`, with a negative stride. PyTorch's `flip` copies instead. What would break for `view(-1)`?
# 2. Which strides give all windows of length 3 of a row of numbers, as a table? (`as_strided`, `unfold`.)
# 3. Write `is_contiguous` for `View`, and the test that decides whether a `view` to a given shape is possible.
#
# Read next: `minitorch/autograd/base.py` (all of it), `minitorch/ops/shape.py`, `minitorch/ops/memory.py`.

# %%
assert x.t().stride() == (1, 3) and base._version == 1 and tuple(difference.shape) == (4, 4)
print("chapter 1 holds")
