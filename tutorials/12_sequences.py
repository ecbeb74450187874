# %% [markdown]
# # Sequences and attention
#
# Text, sound and prices come one after the other, and what comes next depends on what came before. This chapter builds
# the two ways to remember: a *state* that is carried along (RNN, LSTM), and *attention*, which looks back. At the end,
# a small GPT learns a rhyme by heart.

# %%
import math

import numpy as np

import minitorch as mt
from minitorch import nn, viz
from minitorch.backend.kernels.softmax import SoftmaxKernels
from minitorch.learn.sources import show
from minitorch.nn import functional as F
from minitorch.nn.functional import attention as engine_attention
from minitorch.ops import attention as attention_ops
from minitorch.ops import recurrent

rng = np.random.default_rng(0)

# %% [markdown]
# ## Motivation
#
# `ab ac ab ac`: after `a`, what comes next? A model that sees one letter only cannot know. It is right half of the
# time, however long it trains.

# %%
text = "abac" * 25
after_a = [text[i + 1] for i in range(len(text) - 1) if text[i] == "a"]
best = max(after_a.count(c) for c in "bc") / len(after_a)
after_two = {text[i : i + 2]: set() for i in range(len(text) - 2)}
for i in range(len(text) - 2):
    after_two[text[i : i + 2]].add(text[i + 2])
print("best guess from one letter:", best, " from two:", after_two)
assert best == 0.5 and all(len(following) == 1 for following in after_two.values())

# %% [markdown]
# A recurrent network carries a state $h$ along. Each step mixes the input into it, with the same weights every time:
#
# $$h_t = \tanh(W x_t + U h_{t-1} + b)$$
#
# ## Predict
#
# 1. `nn.RNN(3, 5)` reads 7 steps of 2 sequences, as a tensor `(7, 2, 3)`. Which shapes have its two results?
# 2. How many numbers hold its weights? (The engine has two biases, as torch has.) An LSTM has four such layers in one:
#    how many numbers hold `nn.LSTM(3, 5)`?
# 3. Let $h_t = u\, h_{t-1}$, with $h_0 = 1$ and $u = 0.9$. What is the slope of $h_{50}$ by $h_0$? And with $u = 1.1$?

# %%
mt.manual_seed(0)
rnn, lstm = nn.RNN(3, 5).double(), nn.LSTM(3, 5).double()
x = mt.from_numpy(rng.normal(size=(7, 2, 3)))
outs, last = rnn(x)
assert tuple(outs.shape) == (7, 2, 5) and tuple(last.shape) == (1, 2, 5) and mt.equal(outs[-1], last[0])
assert sum(p.numel() for p in rnn.parameters()) == 5 * 3 + 5 * 5 + 5 + 5 == 50
assert sum(p.numel() for p in lstm.parameters()) == 4 * 50
slopes = []
for u in (0.9, 1.1):
    h = h0 = mt.tensor(1.0, dtype=mt.float64, requires_grad=True)
    for _ in range(50):
        h = u * h
    h.backward()
    slopes.append(h0.grad.item())
print("slopes over fifty steps:", slopes)
assert np.allclose(slopes, [0.9**50, 1.1**50]) and slopes[0] < 0.01 and slopes[1] > 100
viz.rnn(rnn, x[:, 0])

# %% [markdown]
# The picture is the RNN of the first question, unrolled in time, with the first of its two sequences: the input below,
# the state above, and the arrows along which slopes come back. The slope through fifty steps is a product of fifty
# factors: it *vanishes*, or it *explodes*. Gradient clipping
# (chapter 9) helps against the second. Against the first, the LSTM keeps a second state $c$ that is not squeezed at
# every step. *Gates*, numbers between 0 and 1, say what is forgotten and what is added:
#
# $$c_t = f \cdot c_{t-1} + i \cdot g \qquad h_t = o \cdot \tanh(c_t)$$
#
# Each of the four has weights of its own, $W x_t + U h_{t-1} + b$ as above: for $f$, $i$, $o$ (forget, input, output)
# in a sigmoid, $1 / (1 + e^{-z})$, which gives numbers between 0 and 1; for what is added, $g$, in a $\tanh$.
#
# ## Build
#
# Both cells, and the backward pass of the simple one by hand. It is called *backpropagation through time*, BPTT: the
# loop runs backwards, and carries `dh`, the slope by the state, from step to step.


# %%
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def rnn_forward(x, h, w, u, b):
    hs = [h]
    for x_t in x:
        hs.append(np.tanh(x_t @ w.T + hs[-1] @ u.T + b))
    return np.stack(hs)


def rnn_backward(g, x, hs, w, u):
    """From g, the slopes of all outputs, those of w, u and b."""
    dw, du, db, dh = np.zeros_like(w), np.zeros_like(u), np.zeros(len(w)), np.zeros_like(hs[0])
    for t in reversed(range(len(x))):
        dz = (dh + g[t]) * (1 - hs[t + 1] ** 2)  # tanh' = 1 - tanh^2
        dw += dz.T @ x[t]
        du += dz.T @ hs[t]
        db += dz.sum(0)
        dh = dz @ u  # on to the step before
    return dw, du, db


def lstm_forward(x, h, c, w, u, b):
    hs = []
    for x_t in x:
        i, f, g, o = np.split(x_t @ w.T + h @ u.T + b, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        hs.append(h)
    return np.stack(hs)


# %% [markdown]
# ## Check
#
# Both cells against the engine's, then the slopes by hand against `backward`, and against finite differences.

# %%
w, u, b1, b2 = (p.detach().numpy() for p in rnn.parameters())
hs = rnn_forward(x.numpy(), np.zeros((2, 5)), w, u, b1 + b2)
assert np.allclose(hs[1:], outs.detach().numpy())
g = rng.normal(size=outs.shape)
outs.backward(mt.from_numpy(g))
for ours, p in zip(rnn_backward(g, x.numpy(), hs, w, u), rnn.parameters(), strict=False):
    assert np.allclose(ours, p.grad.numpy())

v, r, b1, b2 = (p.detach().numpy() for p in lstm.parameters())
zeros = np.zeros((2, 5))
assert np.allclose(lstm_forward(x.numpy(), zeros, zeros, v, r, b1 + b2), lstm(x)[0].detach().numpy())

# the slope through the second state of an LSTM: a product of forget gates, near 1 when their bias is large
gated = nn.LSTM(1, 1).double()
with mt.no_grad():
    for p in gated.parameters():
        p.zero_()
    gated.bias_ih_l0[1] = 5.0  # the order of the gates is i, f, g, o
c0 = mt.zeros(1, 1, 1, dtype=mt.float64, requires_grad=True)
gated(mt.zeros(50, 1, 1, dtype=mt.float64), (mt.zeros_like(c0).detach(), c0))[1][1].sum().backward()
print("slope of c_50 by c_0:", c0.grad.item())
assert np.allclose(c0.grad.item(), sigmoid(5.0) ** 50) and c0.grad.item() > 0.7

bias = (rnn.bias_ih_l0 + rnn.bias_hh_l0).detach().numpy()
numeric = np.zeros_like(u)
for k in np.ndindex(u.shape):
    nudge = np.zeros_like(u)
    nudge[k] = 1e-6
    high, low = (rnn_forward(x.numpy(), zeros, w, u + s * nudge, bias)[1:] for s in (1, -1))
    numeric[k] = (g * (high - low)).sum() / 2e-6
assert np.allclose(numeric, rnn.weight_hh_l0.grad.numpy(), atol=1e-6)
print("by hand, by finite differences, and by the engine: the same")

# %% [markdown]
# ### Truncation
#
# A text of a million letters is read in pieces. The state goes on from piece to piece; the gradient must not, or the
# tape would never end. `detach` cuts it. Here two pieces of one step each, $h_2 = u(u h_0)$ with $u = 3$, $h_0 = 1$.
# The whole slope by $u$ is $2 u h_0 = 6$. Cut between the pieces, only the last step is seen: $h_1 = 3$.

# %%
found = []
for cut in (False, True):
    u1 = mt.tensor(3.0, requires_grad=True)
    h = u1 * 1.0
    (u1 * (h.detach() if cut else h)).backward()
    found.append(u1.grad.item())
print("slope: whole", found[0], " truncated", found[1])
assert found == [6.0, 3.0]

# %% [markdown]
# ## Predict: looking back
#
# Attention carries no state. Each place asks a question $q$, and each place offers a key $k$ and a value $v$. The
# answer is the mean of the values, weighted by how well the keys fit: $\mathrm{softmax}(q k^T / \sqrt{E})\, v$, where
# $E$ is the length of a key, and the root keeps the scores from growing with it. A model that predicts the next letter
# must not look at later places: there the score becomes $-\infty$, and the weight 0. This is the *causal mask*.
#
# All questions and keys are zero, so that all weights are equal; the values are 2, 4, 9. What are the three answers,
# with the causal mask?


# %%
def attention(q, k, v, causal):
    scores = q @ k.swapaxes(-1, -2) / math.sqrt(q.shape[-1])
    if causal:
        scores = np.where(np.tril(np.ones(scores.shape[-2:], bool)), scores, -np.inf)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True) @ v


zero, values = np.zeros((3, 4)), np.array([[2.0], [4.0], [9.0]])
assert attention(zero, zero, values, True).flatten().tolist() == [2, 3, 5]
q, k, v = rng.normal(size=(3, 2, 6, 4))
for causal in (False, True):
    theirs = F.scaled_dot_product_attention(*map(mt.from_numpy, (q, k, v)), is_causal=causal)
    assert np.allclose(attention(q, k, v, causal), theirs.numpy())

# %% [markdown]
# ## Dissect
#
# `minitorch/ops/recurrent.py` does what our loops do, with one change: all $W x_t$ are one product before the loop, and
# the gradients of the weights are one product after it. Only what needs the state stays in the loop.


# %%
show(recurrent, "y, h, w = _project(", "z += xp.dot(h[:n], w", "dz = (out0 > 0)", "for a, b in steps[::-1]:",
     "xp.dot(d, w_hh, out=dh[:n])", "kernels_of(x).lstm(")  # fmt: skip
show(recurrent._weight_gradients, "xp.matmul(dz_x.T, x)", "xp.matmul(dz_h.T, before)")
show(engine_attention.scaled_dot_product_attention, "factor = 1 / math.sqrt", "return _attend(")
show(attention_ops.attention, "xp.matmul(q[s], k[s]", "kernels.attention_weights(", "xp.matmul(weights[s], v[s]")
show(
    SoftmaxKernels.attention_weights, "scores *= scale", "xp.tril(", "-xp.inf, where=future", "self._softmax(scores, 2)"
)

# %% [markdown]
# | ours | the engine's |
# | --- | --- |
# | `x_t @ w.T + b` | `_project`, for all steps at once |
# | `hs[-1] @ u.T` | `z += xp.dot(h[:n], w, ...)` |
# | `1 - hs[t + 1] ** 2` | `dz`, for all steps at once |
# | `dh = dz @ u` | `xp.dot(d, w_hh, out=dh[:n])` |
# | `dw`, `du`, `db` | `_weight_gradients` |
# | `attention` | the op `attention`: a few heads at a time, the softmax in place in `attention_weights` |
#
# ### A small GPT
#
# Letters become vectors, places too (attention itself knows no order). Then *blocks*: look back, then think
# about what was seen; each adds to what came in. Before each, a *layer norm* brings every vector to mean 0 and variance
# 1. There are two *heads*: the vectors are cut in two, and each half looks back by itself. The last layer scores the
# next letter, at all places at once.

# %%
RHYME = "the cat sat on the mat. the dog lay on the log. the hen met ten men in the fen. "
letters = sorted(set(RHYME))
coded = mt.tensor([letters.index(c) for c in RHYME * 4])
CONTEXT, WIDTH = 24, 32


class Block(nn.Module):
    def __init__(self, causal):
        super().__init__()
        self.causal = causal
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.think = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x):
        n, t, _ = x.shape
        q, k, v = (p.reshape(n, t, 2, -1).transpose(1, 2) for p in self.qkv(self.norm1(x)).chunk(3, -1))  # two heads
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        x = x + self.out(seen.transpose(1, 2).reshape(n, t, WIDTH))
        return x + self.think(self.norm2(x))


class GPT(nn.Module):
    def __init__(self, causal=True):
        super().__init__()
        self.letter, self.place = nn.Embedding(len(letters), WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.Sequential(Block(causal), Block(causal), nn.LayerNorm(WIDTH))
        self.head = nn.Linear(WIDTH, len(letters))

    def forward(self, x):
        return self.head(self.blocks(self.letter(x) + self.place(mt.arange(x.shape[1]))))


# %% [markdown]
# Before training, the loss should be near that of a pure guess, $\log(\text{letters})$. Afterwards the net is to go on
# with the rhyme, from its first letters.


# %%
def train(net, steps):
    optimizer = mt.optim.AdamW(net.parameters(), lr=3e-3)
    losses = []
    for _ in range(steps):
        starts = mt.randint(0, len(coded) - CONTEXT - 1, (16, 1))
        chunk = coded[starts + mt.arange(CONTEXT + 1)]
        loss = F.cross_entropy(net(chunk[:, :-1]).flatten(0, 1), chunk[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    return losses


@mt.no_grad()
def write(net, start, n):
    x = [letters.index(c) for c in start]
    for _ in range(n):
        x.append(net(mt.tensor([x[-CONTEXT:]]))[0, -1].argmax().item())
    return "".join(letters[k] for k in x)


mt.manual_seed(0)
gpt = GPT()
losses = train(gpt, 300)
written = write(gpt, RHYME[:12], 60)
print(f"a guess costs {math.log(len(letters)):.2f}; loss {losses[0]:.2f} -> {losses[-1]:.2f}\n{written}")
assert abs(losses[0] - math.log(len(letters))) < 1 and losses[-1] < 0.5
assert written == RHYME[:72]

# %% [markdown]
# Where does it look? The weights of the two heads of the first block: a row for each letter, and how it shares its
# attention among itself and the letters before it. What lies to the right of the diagonal is masked. (A blank is drawn
# as ␣.)

# %%
start = RHYME[:12]
with mt.no_grad():
    seen = gpt.letter(mt.tensor([[letters.index(c) for c in start]])) + gpt.place(mt.arange(12))
    block = gpt.blocks[0]
    q, k, _ = (p.reshape(12, 2, -1).transpose(0, 1) for p in block.qkv(block.norm1(seen))[0].chunk(3, -1))
    scores = (q @ k.transpose(1, 2)) / math.sqrt(q.shape[-1])
    weights = scores.masked_fill(mt.ones(12, 12).triu(1).bool(), -math.inf).softmax(-1)
assert mt.allclose(weights.sum(-1), mt.ones(2, 12)) and (weights.triu(1) == 0).all()
viz.attention(weights, list(start))

# %% [markdown]
# ## Break it
#
# **Without the mask.** The targets are the inputs moved by one, so a net that sees later places just copies. Its loss
# is wonderful, and it cannot write: when it writes, there is nothing later to copy.

# %%
mt.manual_seed(0)
cheat = GPT(causal=False)
cheated = train(cheat, 300)
nonsense = write(cheat, RHYME[:12], 60)
print(f"loss without a mask: {cheated[-1]:.3f}\n{nonsense}")
assert cheated[-1] < losses[-1] and nonsense != RHYME[:72]
# the test that finds it: change the last letter, and see whether an earlier answer moves
one, two = coded[None, :10], coded[None, :10].clone()
two[0, -1] = (two[0, -1] + 1) % len(letters)
with mt.no_grad():
    leaks = [not mt.allclose(net(one)[0, :-1], net(two)[0, :-1], atol=1e-5) for net in (gpt, cheat)]
assert leaks == [False, True]

# %% [markdown]
# **Without `detach`.** The state of the last piece still hangs on its tape, which the backward pass has used up.

# %%
state, message = None, ""
try:
    for piece in (x[:3], x[3:]):
        out, state = rnn(piece, state)
        out.sum().backward()
except RuntimeError as error:
    message = str(error)
print(message.splitlines()[0][:110])
assert "a second time" in message

# %% [markdown]
# ## Milestone
#
# You can now explain what a state remembers; why slopes vanish or explode; BPTT, and what `detach` cuts off; attention
# and its mask; and each line of a small GPT.
#
# In the engine: `minitorch learn start 12` lets you write `rnn_step`, `lstm_cell`, `attention` and `masked_softmax`.
#
# On paper, or in this file:
#
# 1. Write `lstm_backward`. Which two slopes are carried from step to step?
# 2. Leave out `self.place`. What can the net no longer tell apart?
# 3. Attention reads (L, L) scores. How does the cost grow with the length, and that of an RNN?
#
# Read next: `minitorch/ops/recurrent.py`, `minitorch/nn/functional/attention.py`, then `examples/gpt.py`.

# %%
assert found == [6.0, 3.0] and written == RHYME[:72] and leaks == [False, True] and "a second time" in message
print("chapter 12 holds")
