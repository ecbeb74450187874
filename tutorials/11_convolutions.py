# %% [markdown]
# # The convolution family
#
# A convolution looks at a picture through a small window, and computes the same weighted sum at every place. This
# chapter turns it into one matrix product, finds that its two gradients are convolutions too, and goes on to pooling
# and to `grid_sample`, which lets a network turn a picture before it reads it.

# %%
import math

import numpy as np

import minitorch as mt
from minitorch import nn, viz
from minitorch.backend.kernels import conv as kernels
from minitorch.backend.kernels import windows
from minitorch.learn.sources import show
from minitorch.nn import functional as F
from minitorch.ops import conv as ops

rng = np.random.default_rng(0)

# %% [markdown]
# ## Motivation
#
# A linear layer gives each pixel a weight of its own. What it has learned in one corner it does not know in the others.
# Here both look for one and the same bright spot. Then the spot moves by three pixels.

# %%
picture = mt.zeros(1, 1, 12, 12)
picture[0, 0, 3:6, 3:6] = 1.0
moved = picture.roll(3, 3)
template = picture.flatten()
spot = mt.ones(1, 1, 3, 3)
linear = (picture.flatten() @ template).item(), (moved.flatten() @ template).item()
found = F.conv2d(picture, spot).max().item(), F.conv2d(moved, spot).max().item()
print("linear layer:", linear, " convolution:", found)
assert linear == (9, 0) and found == (9, 9)

# %% [markdown]
# The convolution moves with the picture. It also has 9 weights in the place of 144.
#
# ## Predict
#
# A picture is 11 places wide. The kernel has 3 taps. *Padding* adds zeros at both ends, *stride* is the step of the
# window, *dilation* the distance between the taps of one window. How wide is the result?
#
# 1. no padding, stride 1
# 2. padding 1, stride 1
# 3. padding 1, stride 2
# 4. no padding, stride 1, dilation 2 (the window then spans 5 places)
#
# And: how many numbers hold the weights of a layer from 4 to 6 channels with 3 x 3 taps, with 1 group? With 2 groups?


# %%
def width(size, kernel, stride=1, padding=0, dilation=1):
    span = dilation * (kernel - 1) + 1
    return (size + 2 * padding - span) // stride + 1


settings = [{}, {"padding": 1}, {"padding": 1, "stride": 2}, {"dilation": 2}]
answers = [width(11, 3, **s) for s in settings]
assert answers == [9, 11, 6, 7]
assert answers == [F.conv1d(mt.zeros(1, 1, 11), mt.zeros(1, 1, 3), **s).shape[2] for s in settings]
assert nn.Conv2d(4, 6, 3).weight.numel() == 6 * 4 * 9 == 216
assert nn.Conv2d(4, 6, 3, groups=2).weight.numel() == 6 * 2 * 9 == 108  # each output sees half of the inputs

# %% [markdown]
# Here is number 3 of these, for a picture of 5 x 5 and a kernel that takes the right neighbor from the left one: it
# answers to edges. Each step shows the nine products of one place.

# %%
edge = mt.tensor([[0.0, 0.0, 1.0, 1.0, 1.0]] * 5)
tells = mt.tensor([[1.0, 0.0, -1.0]] * 3)
viz.conv(edge[None], tells[None, None], stride=2, padding=1)

# %% [markdown]
# ## Build
#
# With $n$ for the picture in the batch, $o$ and $c$ for channels out and in, $i, j$ for the place, $a, b$ for the tap,
# and stride $s$:
#
# $$y_{n,o,i,j} = \sum_{c,a,b} x_{n,c,\,is+a,\,js+b} \; w_{o,c,a,b}$$
#
# First the definition, as loops over the taps. Then *im2col*: copy each window into a column of a matrix. Now the sum
# over $c, a, b$ is the sum of a matrix product, the one thing that computers do fastest.


# %%
def conv_taps(x, w, s=1):
    height, across = (width(n, k, s) for n, k in zip(x.shape[2:], w.shape[2:], strict=True))
    y = np.zeros((len(x), len(w), height, across))
    for a in range(w.shape[2]):
        for b in range(w.shape[3]):
            seen = x[:, :, a : a + s * height : s, b : b + s * across : s]
            y += np.einsum("ncij,oc->noij", seen, w[:, :, a, b])
    return y


def im2col(x, kernel, s=1):
    """(N, C, H, W) -> (C kh kw, N places): one column for each window."""
    view = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))[:, :, ::s, ::s]
    return view.transpose(1, 4, 5, 0, 2, 3).reshape(x.shape[1] * math.prod(kernel), -1)


def conv_matrix(x, w, s=1):
    out = [width(n, k, s) for n, k in zip(x.shape[2:], w.shape[2:], strict=True)]
    y = w.reshape(len(w), -1) @ im2col(x, w.shape[2:], s)
    return y.reshape(len(w), len(x), *out).swapaxes(0, 1)


# %% [markdown]
# The gradients. Given $g = \partial L / \partial y$, the formula says which $w$ met which $x$ on the way to which $y$:
#
# $$\frac{\partial L}{\partial w_{o,c,a,b}} = \sum_{n,i,j} g_{n,o,i,j}\, x_{n,c,is+a,js+b} \qquad
# \frac{\partial L}{\partial x_{n,c,p,q}} = \sum_{is+a=p,\; js+b=q,\; o} g_{n,o,i,j}\, w_{o,c,a,b}$$
#
# The first is a product with the same columns. The second goes the other way: each $g$ is *added back* to all places of
# its window.


# %%
def weight_grad(g, x, w_shape, s=1):
    flat = g.swapaxes(0, 1).reshape(g.shape[1], -1)
    return (flat @ im2col(x, w_shape[2:], s).T).reshape(w_shape)


def input_grad(g, w, x_shape, s=1):
    gx = np.zeros(x_shape)
    height, across = g.shape[2:]
    for a in range(w.shape[2]):
        for b in range(w.shape[3]):
            part = np.einsum("noij,oc->ncij", g, w[:, :, a, b])
            gx[:, :, a : a + s * height : s, b : b + s * across : s] += part
    return gx


# %% [markdown]
# ## Check
#
# Against minitorch, for both strides, and the gradients against finite differences (`gradcheck`).

# %%
x, w = rng.normal(size=(2, 3, 8, 9)), rng.normal(size=(4, 3, 3, 2))
for s in (1, 2):
    tx, tw = (mt.from_numpy(a).requires_grad_() for a in (x, w))
    y = F.conv2d(tx, tw, stride=s)
    for ours in (conv_taps, conv_matrix):
        assert np.allclose(ours(x, w, s), y.detach().numpy())
    g = rng.normal(size=y.shape)
    y.backward(mt.from_numpy(g))
    assert np.allclose(weight_grad(g, x, w.shape, s), tw.grad.numpy())
    assert np.allclose(input_grad(g, w, x.shape, s), tx.grad.numpy())
    # pairing each of the three with what is left gives one and the same number
    pairs = (g * conv_taps(x, w, s)).sum(), (input_grad(g, w, x.shape, s) * x).sum()
    assert np.allclose(pairs, (weight_grad(g, x, w.shape, s) * w).sum())
small = [mt.from_numpy(rng.normal(size=n)).requires_grad_() for n in ((1, 2, 5, 5), (4, 1, 2, 2))]
assert mt.autograd.gradcheck(lambda x, w: F.conv2d(x, w, padding=1, dilation=2, groups=2), small)

# %% [markdown]
# `input_grad` is useful by itself: it makes a large picture out of a small one. As a layer it is called the
# **transposed convolution**. It is the vjp of a convolution: no inverse, only the same matrix turned over.

# %%
up = F.conv_transpose2d(mt.from_numpy(g), mt.from_numpy(w), stride=2, output_padding=(1, 1))
assert up.shape == x.shape and np.allclose(up.numpy(), input_grad(g, w, x.shape, 2))
tx = mt.from_numpy(x).requires_grad_()
(vjp,) = mt.autograd.grad(F.conv2d(tx, mt.from_numpy(w), stride=2), tx, mt.from_numpy(g))
assert mt.allclose(vjp, up)

# %% [markdown]
# Groups: the channels are cut into parts that do not see each other. Two groups are two convolutions side by side.
# And pooling: a window again, with the largest value or the mean in the place of a weighted sum. The gradient of the
# largest goes to where it stood; that of the mean is spread.

# %%
x2, w2 = mt.from_numpy(rng.normal(size=(1, 4, 6, 6))), mt.from_numpy(rng.normal(size=(6, 2, 3, 3)))
halves = [F.conv2d(x2[:, 2 * k : 2 * k + 2], w2[3 * k : 3 * k + 3]) for k in (0, 1)]
assert mt.allclose(F.conv2d(x2, w2, groups=2), mt.cat(halves, 1))

p = mt.tensor([[[[1.0, 5.0], [2.0, 3.0]]]], requires_grad=True)
(largest,) = mt.autograd.grad(F.max_pool2d(p, 2).sum(), p)
(spread,) = mt.autograd.grad(F.avg_pool2d(p, 2).sum(), p)
assert largest.flatten().tolist() == [0, 1, 0, 0] and spread.flatten().tolist() == [0.25] * 4

# %% [markdown]
# ## Dissect
#
# The kernels lie in `minitorch/backend/kernels/conv.py`, the op with its vjps in `minitorch/ops/conv.py`.


# %%
show(windows.window_view, "as_strided(x, shape, strides)")
show(kernels.ConvKernels.conv_forward, "window_view(xp, xpad", "columns = windows[", "xp.matmul(wmat, columns")
show(kernels.ConvKernels.conv_weight_grad, "gw += xp.matmul(g, columns.swapaxes(1, 2))")
show(kernels.ConvKernels._input_grad_strided, "part[tap_slices(tap, out, stride, dilation)] += xp.matmul")
show(ops, '@convolution.vjp("x")', '@convolution.vjp("w")', "return convolution_input_grad(", "conv_input_grad(x, w")

# %% [markdown]
# | ours | the engine's |
# | --- | --- |
# | `sliding_window_view` | `window_view`: all windows as a view, no memory is copied |
# | `im2col` | `columns = windows[...]`, a block at a time, so that the copy stays in the processor's cache |
# | `weight_grad` | `conv_weight_grad` |
# | `input_grad` | `_input_grad_strided`; two other ways for stride 1, by what is least work |
# | `conv_taps` | `conv_naive`, which the engine's own tests use |
#
# The vjps of `convolution` are ops themselves, and each one's vjps are the other two. So second derivatives need no
# further formula.

# %%
assert mt.autograd.gradgradcheck(lambda x, w: F.conv2d(x, w, padding=1, groups=2), small)
print("second derivatives hold")

# %% [markdown]
# ## Predict: reading between the pixels
#
# `grid_sample` reads a picture at places that need not be whole numbers: it mixes the four nearest pixels. So the
# result has a slope by *where* it looks. The grid runs from -1 (left edge) to 1 (right edge). On a ramp of four pixels
# with the values 0, 10, 20, 30, what is read in the middle, at 0? And what is the slope there, if one pixel is 0.5 wide
# on the grid?

# %%
ramp = mt.tensor([0.0, 10.0, 20.0, 30.0]).reshape(1, 1, 1, 4)
where = mt.zeros(1, 1, 1, 2, requires_grad=True)
read = F.grid_sample(ramp, where, align_corners=False)
read.backward()
print("read:", read.item(), " slope by the place:", where.grad[0, 0, 0, 0].item())
assert read.item() == 15 and where.grad[0, 0, 0, 0].item() == 10 / 0.5

# %% [markdown]
# ### A spatial transformer
#
# A slope by the place means: a network can learn where to look. Three digits, turned by up to 60 degrees. A small net
# looks at each one, and names a direction $(\cos, \sin)$; `affine_grid` makes the grid of places for a picture turned
# by it, and `grid_sample` reads there. The loss compares the result with the upright digit. Nobody tells the net the
# angle.

# %%
DRAWN = {2: "111 001 111 100 111", 4: "101 101 111 001 001", 7: "111 001 010 010 010"}
upright = mt.tensor([[[float(c) for c in line] for line in d.split()] for d in DRAWN.values()])[:, None]
upright = F.pad(F.interpolate(upright, scale_factor=2, mode="bilinear", align_corners=False), (4, 4, 2, 2))


def turn(images, direction):
    cos, sin = direction.unbind(1)
    zero = mt.zeros_like(cos)
    rows = mt.stack([cos, -sin, zero], 1), mt.stack([sin, cos, zero], 1)
    grid = F.affine_grid(mt.stack(rows, 1), images.shape, align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


def examples(n):
    target = upright[mt.randint(3, (n,))]
    angle = (mt.rand(n) * 2 - 1) * math.pi / 3
    return turn(target, mt.stack([angle.cos(), angle.sin()], 1)), target, angle


mt.manual_seed(0)
look = nn.Sequential(nn.Flatten(), nn.Linear(upright[0].numel(), 64), nn.ReLU(), nn.Linear(64, 2))
with mt.no_grad():
    look[-1].weight.zero_()
    look[-1].bias.copy_(mt.tensor([1.0, 0.0]))  # begin by changing nothing
optimizer = mt.optim.Adam(look.parameters(), lr=3e-3)
for _ in range(400):
    turned, target, _ = examples(64)
    optimizer.zero_grad()
    F.mse_loss(turn(turned, F.normalize(look(turned), dim=1)), target).backward()
    optimizer.step()

# %%
with mt.no_grad():
    turned, target, angle = examples(300)
    direction = F.normalize(look(turned), dim=1)
    before, after = F.mse_loss(turned, target).item(), F.mse_loss(turn(turned, direction), target).item()
    left = mt.rad2deg(mt.atan2(direction[:, 1], direction[:, 0]) + angle).abs().mean().item()
    straight = turn(turned[:8], direction[:8])
print(f"squared error: {before:.3f} before, {after:.3f} after; the angle that is left: {left:.1f} degrees of 30")
assert upright.shape[2:] == (14, 14) and after < before / 3 and left < 10
for line in range(14):
    print("  ".join("".join(" .:#"[min(3, int(v * 4))] for v in t[0, 0, line].tolist()) for t in (turned, straight)))
viz.grid(mt.cat([turned[:8], straight, target[:8]]), nrow=8)  # turned; as the net has turned them back; upright

# %% [markdown]
# ## Break it
#
# **A gradient that assigns.** Windows overlap, so a pixel gets contributions from many. Write `=` in the place of `+=`
# in `input_grad`, a real mistake, and only the last tap is left. The loss still falls for a while: this is silent.


# %%
def input_grad_assigned(g, w, x_shape):
    gx = np.zeros(x_shape)
    for a in range(w.shape[2]):
        for b in range(w.shape[3]):
            gx[:, :, a : a + g.shape[2], b : b + g.shape[3]] = np.einsum("noij,oc->ncij", g, w[:, :, a, b])
    return gx


g1 = rng.normal(size=conv_taps(x, w).shape)
error = np.abs(input_grad_assigned(g1, w, x.shape) - input_grad(g1, w, x.shape)).max()
assert error > 1
# where windows do not overlap, it is right: a test with stride = kernel would never see it
blocks = rng.normal(size=(1, 1, 2, 2))
tiles = [np.kron(blocks, np.ones((2, 2)))[0, 0], input_grad(blocks, np.ones((1, 1, 2, 2)), (1, 1, 4, 4), 2)[0, 0]]
assert np.allclose(*tiles)

# %% [markdown]
# **A flipped kernel.** In mathematics, a convolution flips its kernel; what deep learning calls by this name does not.
# NumPy's `convolve` does. And **channels that do not fit** are refused, with the shapes.

# %%
signal, taps = np.arange(5.0) ** 2, np.array([1.0, 0.0, -1.0])
ours = F.conv1d(mt.from_numpy(signal)[None, None], mt.from_numpy(taps)[None, None]).flatten().tolist()
assert np.allclose(ours, np.convolve(signal, taps[::-1], "valid"))
assert np.allclose(ours, -np.convolve(signal, taps, "valid"))  # here the flip changes the sign
try:
    F.conv2d(mt.zeros(1, 4, 8, 8), mt.zeros(2, 3, 3, 3))
    message = ""
except RuntimeError as refused:
    message = str(refused)
print(message)
assert "channels" in message

# %% [markdown]
# ## Milestone
#
# You can now explain im2col; both gradients of a convolution, and why one of them is a layer of its own; padding,
# stride, dilation and groups; where the gradient of a pooling goes; how a network learns where to look.
#
# In the engine: `minitorch learn start 11` lets you write `conv_length`, `im2col`, `col2im` and `conv_transpose`.
#
# On paper, or in this file:
#
# 1. Give `conv_matrix` dilation: which view holds every second place of a window?
# 2. Two layers of 3 x 3 taps see 5 x 5 pixels. How many does a third one with dilation 2 see?
# 3. Let `look` also name a shift, and move the digits about.
#
# Read next: `minitorch/backend/kernels/windows.py`, `conv.py` beside it, `minitorch/ops/conv.py`, then
# `examples/spatial_transformer.py`.

# %%
assert found == (9, 9) and answers == [9, 11, 6, 7] and error > 1 and left < 10
print("chapter 11 holds")
