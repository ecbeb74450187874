# A tour of tensors as tutorials print them: creation, indexing, views, broadcasting, autograd, a polynomial fit.
import math

import numpy as np
import torch
from torch.func import functional_call, grad, vmap

torch.manual_seed(1729)
data = [[1, 2], [3, 4]]
x_data = torch.tensor(data)
x_np = torch.from_numpy(np.array(data))
print(f"Ones Tensor: \n {torch.ones_like(x_data)} \n")
print(f"Random Tensor: \n {torch.rand_like(x_data, dtype=torch.float)} \n")
tensor = torch.rand(3, 4)
print(f"Shape of tensor: {tensor.shape}\nDatatype of tensor: {tensor.dtype}\nDevice tensor is stored on: {tensor.device}")
tensor = torch.ones(4, 4)
print('First row: ', tensor[0], 'Last column:', tensor[..., -1])
tensor[:, 1] = 0
print(tensor, torch.cat([tensor, tensor], dim=1))
print(tensor.mul_(3).t_().add_(tensor @ tensor.T).sum().item(), x_np is x_data)
print(torch.arange(24).reshape(2, 3, 4)[:, [0, 2], 1::2], torch.eye(3).nonzero(), torch.empty(0), torch.tensor(3.5))
print(torch.linspace(0, 1, 5), torch.logspace(0, 3, 4), torch.full((2,), math.pi), torch.tensor([True, False]))
big = torch.randn(1000) * 1e4
print(big, big.double()[:3], torch.tensor([1e-9, 1.0, float('nan'), float('inf')]), torch.randint(0, 9, (2, 3)))
values, indices = torch.sort(torch.tensor([[3, 1, 2], [9, 7, 8]]), dim=-1, descending=True)
print(values, indices, torch.max(tensor, 0), torch.topk(big, 2), sep='\n')
a = torch.zeros(2, 3)
b = a.view(-1)
b[0] = 5
print(a, a.is_contiguous(), a.t().is_contiguous(), a.t().stride(), a.storage_offset(), a[1:].storage_offset())
for text, call in {
    'shape': lambda: torch.ones(2, 3) + torch.ones(4),
    'matmul': lambda: torch.ones(2, 3) @ torch.ones(2, 3),
    'view': lambda: torch.arange(6).view(4, 2),
    'leaf': lambda: torch.ones(2, requires_grad=True).add_(1),
    'index': lambda: torch.ones(2)[5],
    'integer': lambda: torch.tensor([1, 2], requires_grad=True),
    'twice': lambda: [torch.ones(1, requires_grad=True).exp().sum().backward() for _ in range(1)] and 1 / 0,
}.items():
    try:
        call()
    except Exception as e:
        print(text, type(e).__name__)

x = torch.ones(2, 2, requires_grad=True)
y = x + 2
z = y * y * 3
out = z.mean()
print(x, y, z, out, z.grad_fn.next_functions[0][0], sep='\n')
out.backward()
print(x.grad, (x ** 2).detach().requires_grad, x.data.sum(), sep='\n')
with torch.no_grad():
    print((x ** 2).requires_grad, torch.is_grad_enabled())
v = torch.tensor([0.1, 1.0, 0.0001])
w = torch.randn(3, requires_grad=True)
(w * 2).backward(v)
print(w.grad, torch.autograd.functional.jacobian(torch.exp, torch.zeros(2)))
print(torch.autograd.functional.hessian(lambda t: (t ** 3).sum(), torch.tensor([1., 2.])))

# third order polynomial fitted to a sine: by hand, then by nn and optim
t = torch.linspace(-math.pi, math.pi, 2000)
target = torch.sin(t)
a, b, c, d = (torch.randn((), requires_grad=True) for _ in range(4))
for step in range(500):
    prediction = a + b * t + c * t ** 2 + d * t ** 3
    loss = (prediction - target).pow(2).sum()
    loss.backward()
    with torch.no_grad():
        for p in (a, b, c, d):
            p -= 1e-6 * p.grad
            p.grad = None
    if step % 100 == 99:
        print(step, loss.item())
print(f'Result: y = {a.item():.4f} + {b.item():.4f} x + {c.item():.4f} x^2 + {d.item():.4f} x^3')
xx = t.unsqueeze(-1).pow(torch.tensor([1, 2, 3]))
model = torch.nn.Sequential(torch.nn.Linear(3, 1), torch.nn.Flatten(0, 1))
loss_fn = torch.nn.MSELoss(reduction='sum')
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
for step in range(200):
    loss = loss_fn(model(xx), target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item(), model[0].weight, model[0].bias)

# the same layer as a pure function
params = {k: v.detach() for k, v in model.named_parameters()}


def compute_loss(params, sample, wanted):
    return ((functional_call(model[0], {k[2:]: v for k, v in params.items()}, (sample,)) - wanted) ** 2).sum()


per_sample = vmap(grad(compute_loss), in_dims=(None, 0, 0))(params, xx[::500], target[::500])
print({k: v.shape for k, v in per_sample.items()}, per_sample['0.bias'])
print(torch.einsum('bi,bj->ij', xx[:4], xx[:4]), torch.linalg.inv(torch.tensor([[2., 1.], [1., 3.]])), sep='\n')
print(torch.where(t[:5] < -3.13, t[:5], torch.zeros(())), torch.bincount(torch.tensor([1, 1, 4])), torch.tril(torch.ones(3, 3)))
print(torch.stack([v, v]).std(dim=1, unbiased=False), v.numpy(), list(v.shape), v.tolist() == [0.1, 1.0, 0.0001])
print(torch.unique(torch.tensor([3, 1, 3]), return_counts=True), torch.cumsum(v, 0), torch.allclose(v, v + 1e-9))
