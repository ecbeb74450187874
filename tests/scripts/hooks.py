# Looking inside a network: forward and backward hooks, tensor hooks, retained gradients, saliency, Grad-CAM.
from collections import OrderedDict, defaultdict
from functools import partial

import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)
model = nn.Sequential(OrderedDict([
    ('conv1', nn.Conv2d(1, 4, 3, padding=1)),
    ('relu1', nn.ReLU()),
    ('pool', nn.MaxPool2d(2)),
    ('conv2', nn.Conv2d(4, 6, 3)),
    ('bn', nn.BatchNorm2d(6)),
    ('relu2', nn.ReLU(inplace=True)),
    ('flat', nn.Flatten(-3)),
    ('fc', nn.Linear(6 * 9, 3)),
]))
activation, gradients = {}, defaultdict(list)


def get_activation(name, mod, inp, out):
    assert isinstance(inp, tuple)
    activation[name] = out.detach().clone()


def backward_hook(name, module, grad_input, grad_output):
    gradients[name].append([None if g is None else tuple(g.shape) for g in grad_input])
    print(f'{name:8s} grad_out {grad_output[0].norm():.6f}',
          'grad_in', None if grad_input[0] is None else f'{grad_input[0].norm():.6f}')


handles = []
for name, module in model.named_children():
    handles.append(module.register_forward_hook(partial(get_activation, name)))
    if name not in ('relu2',):
        handles.append(module.register_full_backward_hook(partial(backward_hook, name)))
handles.append(model.conv1.register_forward_pre_hook(lambda m, args: print('into', type(m).__name__, args[0].shape)))

x = torch.rand(2, 1, 10, 10, requires_grad=True)
try:
    out = model(x)
    loss = F.cross_entropy(out, torch.tensor([0, 2]))
    loss.backward()
except RuntimeError as e:  # an in-place activation after a layer whose output a hook wraps
    print('RuntimeError', str(e)[:60])
model.relu2.inplace = False
model.zero_grad()
gradients.clear()
x.grad = None
out = model(x)
loss = F.cross_entropy(out, torch.tensor([0, 2]))
loss.backward()
for name, a in activation.items():
    print('%-6s' % name, tuple(a.shape), 'mean {:.5f} zeros {:.2%}'.format(a.mean().item(), (a == 0).float().mean().item()))
print(dict(gradients))
print('saliency', x.grad.abs().amax(dim=(1, 2, 3)), x.grad.is_leaf)
for h in handles:
    h.remove()
print([len(m._forward_hooks) + len(m._backward_hooks) for m in model])

# a hook that changes what it sees
doubled = model.fc.register_forward_hook(lambda m, i, o: o * 2)
print(torch.allclose(model.eval()(x), 2 * model.fc(activation['flat']) / 2), model(x).sum().item())
doubled.remove()
with torch.no_grad():
    before = model(x)
pre = model.register_forward_pre_hook(lambda m, args, kwargs: ((args[0] * 0,), kwargs), with_kwargs=True)
print((before - model(x)).abs().max().item() > 0)
pre.remove()

# Grad-CAM by retained gradients and a tensor hook
feature = {}


def keep(module, args, output):
    feature['maps'] = output
    output.retain_grad()
    output.register_hook(lambda g: print('hooked', g.shape, f'{g.sum().item():.6f}'))


with model.relu2.register_forward_hook(keep):
    score = model(x)[0].max()
    score.backward()
weights = feature['maps'].grad.mean(dim=(2, 3), keepdim=True)
cam = F.relu((weights * feature['maps']).sum(1, keepdim=True))
cam = F.interpolate(cam, size=(10, 10), mode='bilinear', align_corners=False)
print(cam.shape, cam[0].mean().item(), cam[1].sum().item())


def clip_gradient(module, grad_input, grad_output):
    return tuple(g.clamp(-1e-3, 1e-3) for g in grad_input)


x2 = x.detach().clone().requires_grad_(True)
handle = model.fc.register_full_backward_hook(clip_gradient)
model(x2).pow(2).sum().backward()
print('clipped', x2.grad.abs().sum().item())
handle.remove()

# hooks on every module at once, and on leaves when their gradient is ready
calls = []
everywhere = torch.nn.modules.module.register_module_forward_hook(lambda m, i, o: calls.append(m._get_name()))
ready = [p.register_post_accumulate_grad_hook(lambda p: calls.append(tuple(p.grad.shape))) for p in model.parameters()]
model(x).sum().backward()
everywhere.remove()
print(calls[:9], sorted(calls[9:]))  # which of a layer's two parameters comes first is up to the engine
print(activation.keys(), type(handle).__name__)
