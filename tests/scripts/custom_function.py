"""Functions of one's own: straight-through rounding, a fused Swish, a clamp with a learned bound, checked by gradcheck."""
import torch
from torch.autograd import Function, gradcheck, gradgradcheck
from torch.autograd.function import once_differentiable


class Binarize(Function):
    """sign(x) forward; the straight-through estimator clips the gradient outside [-1, 1]."""

    @staticmethod
    def forward(ctx, input):
        ctx.save_for_backward(input)
        return input.sign()

    @staticmethod
    def backward(ctx, grad_output):
        input, = ctx.saved_tensors
        grad_input = grad_output.clone()
        grad_input[input.ge(1)] = 0
        grad_input[input.le(-1)] = 0
        return grad_input


class RoundSTE(Function):
    @staticmethod
    def forward(ctx, x, levels):
        ctx.levels = levels
        return torch.round(x * levels) / levels

    @staticmethod
    def backward(ctx, g):
        return g, None


class Swish(Function):
    @staticmethod
    def forward(ctx, i):
        result = i * i.sigmoid()
        ctx.save_for_backward(i)
        return result

    @staticmethod
    def backward(ctx, grad_output):
        i = ctx.saved_tensors[0]
        sigmoid_i = i.sigmoid()
        return grad_output * (sigmoid_i * (1 + i * (1 - sigmoid_i)))


class ClampTo(Function):
    """min(x, bound); the bound is a parameter too. Two outputs, the second of them without a gradient."""

    @staticmethod
    def forward(ctx, x, bound):
        mask = x > bound
        ctx.save_for_backward(mask)
        ctx.mark_non_differentiable(mask)
        ctx.set_materialize_grads(False)
        return torch.where(mask, bound, x), mask

    @staticmethod
    @once_differentiable
    def backward(ctx, g, _):
        if g is None:
            return None, None
        mask, = ctx.saved_tensors
        gx = gb = None
        if ctx.needs_input_grad[0]:
            gx = g.masked_fill(mask, 0.)
        if ctx.needs_input_grad[1]:
            gb = g.masked_fill(~mask, 0.).sum()
        return gx, gb


class Wrong(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x ** 3

    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        return g * 2 * x ** 2


class NewStyle(Function):
    @staticmethod
    def forward(a, b):
        return a @ b

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        return g @ b.T, a.T @ g


torch.manual_seed(0)
x = torch.randn(3, 4, dtype=torch.double, requires_grad=True)
print('swish', gradcheck(Swish.apply, (x,), eps=1e-6, atol=1e-4), gradgradcheck(Swish.apply, (x,)))
b = torch.tensor(0.3, dtype=torch.double, requires_grad=True)
print('clamp', gradcheck(lambda x, b: ClampTo.apply(x, b)[0], (x, b)))
print('matmul', gradcheck(NewStyle.apply, (x, torch.randn(4, 2, dtype=torch.double, requires_grad=True))))
print('wrong', gradcheck(Wrong.apply, (x,), raise_exception=False))
try:
    gradcheck(Wrong.apply, (x,))
except RuntimeError as e:
    print(type(e).__name__, str(e).split('\n')[0])

y, mask = ClampTo.apply(x, b)
print(y.requires_grad, mask.requires_grad, mask.dtype, y.grad_fn.name(), type(y.grad_fn).__name__)
y.sum().backward()
print(x.grad, b.grad)
try:
    x.grad = None
    g, = torch.autograd.grad(ClampTo.apply(x, b)[0].sum(), x, create_graph=True)
    g.sum().backward()
except RuntimeError as e:
    print(type(e).__name__, str(e).splitlines()[0])


class BinaryNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(8, 16)
        self.second = torch.nn.Linear(16, 1)
        self.bound = torch.nn.Parameter(torch.tensor(2.0))

    def forward(self, x):
        h = Binarize.apply(self.first(x))
        h = RoundSTE.apply(self.second(h), 8)
        return ClampTo.apply(h, self.bound)[0]


net = BinaryNet()
optimizer = torch.optim.SGD(net.parameters(), lr=0.02)
inputs = torch.randn(64, 8)
targets = (inputs[:, :1] * inputs[:, 1:2]).clamp(-1, 3)
for epoch in range(20):
    loss = torch.nn.functional.smooth_l1_loss(net(inputs), targets, beta=0.5)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 5 == 0:
        print(epoch, loss.item(), net.bound.item(), net.bound.grad)
print(Swish.apply)
