# Densely connected, depthwise, squeeze-and-excitation and dilated networks; mixup, cutmix, label smoothing, Grad-CAM.
import math
from collections import OrderedDict
from functools import partial
from typing import List
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.utils.checkpoint as cp
from torch import Tensor
import torch.backends.cudnn as cudnn

cudnn.benchmark = True


class _DenseLayer(nn.Module):
    def __init__(self, num_input_features, growth_rate, bn_size, drop_rate, memory_efficient=False):
        super().__init__()
        self.norm1: nn.BatchNorm2d
        self.add_module('norm1', nn.BatchNorm2d(num_input_features))
        self.add_module('relu1', nn.ReLU(inplace=True))
        self.add_module(
            'conv1', nn.Conv2d(num_input_features, bn_size * growth_rate, kernel_size=1, stride=1, bias=False)
        )
        self.add_module('norm2', nn.BatchNorm2d(bn_size * growth_rate))
        self.add_module('relu2', nn.ReLU(inplace=True))
        self.add_module(
            'conv2', nn.Conv2d(bn_size * growth_rate, growth_rate, kernel_size=3, stride=1, padding=1, bias=False)
        )
        self.drop_rate = float(drop_rate)
        self.memory_efficient = memory_efficient

    def bn_function(self, inputs):
        return self.conv1(self.relu1(self.norm1(torch.cat(inputs, 1))))

    def any_requires_grad(self, input: List[Tensor]) -> bool:
        return any(t.requires_grad for t in input)

    @torch.jit.unused
    def call_checkpoint_bottleneck(self, input):
        def closure(*inputs):
            return self.bn_function(inputs)

        return cp.checkpoint(closure, *input, use_reentrant=False)

    def forward(self, input):
        prev = [input] if isinstance(input, Tensor) else input
        if self.memory_efficient and self.any_requires_grad(prev):
            if torch.jit.is_scripting():
                raise Exception("Memory Efficient not supported in JIT")
            b = self.call_checkpoint_bottleneck(prev)
        else:
            b = self.bn_function(prev)
        new = self.conv2(self.relu2(self.norm2(b)))
        return F.dropout(new, p=self.drop_rate, training=self.training) if self.drop_rate > 0 else new


class _DenseBlock(nn.ModuleDict):
    def __init__(self, n, c, bn_size, g, drop, me=False):
        super().__init__()
        for i in range(n):
            self.add_module('denselayer%d' % (i + 1), _DenseLayer(c + i * g, g, bn_size, drop, me))

    def forward(self, x):
        features = [x]
        for name, layer in self.items():
            features.append(layer(features))
        return torch.cat(features, 1)


class DenseNet(nn.Module):
    def __init__(self, me=False):
        super().__init__()
        self.features = nn.Sequential(
            OrderedDict(
                [
                    ('conv0', nn.Conv2d(3, 8, 3, padding=1, bias=False)),
                    ('block', _DenseBlock(2, 8, 2, 4, 0.1, me)),
                    ('norm5', nn.BatchNorm2d(16)),
                ]
            )
        )
        self.classifier = nn.Linear(16, 5)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight)
            elif isinstance(m, nn.BatchNorm2d):
                nn.init.constant_(m.weight, 1)
                nn.init.constant_(m.bias, 0)
            elif isinstance(m, nn.Linear):
                nn.init.constant_(m.bias, 0)

    def forward(self, x):
        return self.classifier(
            torch.flatten(F.adaptive_avg_pool2d(F.relu(self.features(x), inplace=True), (1, 1)), 1)
        )


def _make_divisible(v, divisor, min_value=None):
    if min_value is None:
        min_value = divisor
    new_v = max(min_value, int(v + divisor / 2) // divisor * divisor)
    return new_v + divisor if new_v < 0.9 * v else new_v


class SqueezeExcitation(nn.Module):
    def __init__(self, c, s, activation=nn.ReLU, scale_activation=nn.Sigmoid):
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(c, s, 1)
        self.fc2 = nn.Conv2d(s, c, 1)
        self.activation = activation()
        self.scale_activation = scale_activation()

    def forward(self, x):
        return self.scale_activation(self.fc2(self.activation(self.fc1(self.avgpool(x))))) * x


def stochastic_depth(x, p, training):
    if not training or p == 0.0:
        return x
    noise = torch.empty([x.shape[0]] + [1] * (x.ndim - 1), dtype=x.dtype, device=x.device).bernoulli_(1.0 - p)
    if 1.0 - p > 0.0:
        noise.div_(1.0 - p)
    return x * noise


class MBConv(nn.Module):
    def __init__(self, i, o, e=4, s=1, k=3, act=nn.SiLU, sd=0.2):
        super().__init__()
        c = _make_divisible(i * e, 8)
        self.use_res = s == 1 and i == o
        self.sd = sd
        cba = lambda a, b, k, s=1, g=1, act=act: nn.Sequential(
            nn.Conv2d(a, b, k, s, (k - 1) // 2, groups=g, bias=False),
            nn.BatchNorm2d(b, eps=1e-3, momentum=0.01),
            *([act(inplace=True)] if act else []),
        )
        self.block = nn.Sequential(
            cba(i, c, 1),
            cba(c, c, k, s, c),
            SqueezeExcitation(c, max(1, i // 4), partial(nn.SiLU, inplace=True)),
            cba(c, o, 1, act=None),
        )

    def forward(self, x):
        r = self.block(x)
        return stochastic_depth(r, self.sd, self.training) + x if self.use_res else r


class EffNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.f = nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1, bias=False),
            nn.BatchNorm2d(8),
            nn.Hardswish(),
            MBConv(8, 8),
            MBConv(8, 16, s=2, k=5),
            MBConv(16, 16, act=nn.ReLU6),
        )
        self.c = nn.Sequential(nn.Dropout(0.2), nn.Linear(16, 5))

    def forward(self, x):
        return self.c(self.f(x).mean([2, 3]))


def channel_shuffle(x, groups):
    b, c, h, w = x.size()
    x = x.view(b, groups, c // groups, h, w)
    x = torch.transpose(x, 1, 2).contiguous()
    return x.view(b, -1, h, w)


class ShuffleUnit(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.b = nn.Sequential(
            nn.Conv2d(c // 2, c // 2, 1),
            nn.BatchNorm2d(c // 2),
            nn.ReLU(),
            nn.Conv2d(c // 2, c // 2, 3, 1, 1, groups=c // 2),
            nn.BatchNorm2d(c // 2),
        )

    def forward(self, x):
        a, b = x.chunk(2, dim=1)
        return channel_shuffle(torch.cat((a, self.b(b)), 1), 2)


class ConvNeXtBlock(nn.Module):
    def __init__(self, dim, ls=1e-6):
        super().__init__()
        self.dwconv = nn.Conv2d(dim, dim, 7, padding=3, groups=dim)
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.pw1 = nn.Linear(dim, 4 * dim)
        self.act = nn.GELU()
        self.pw2 = nn.Linear(4 * dim, dim)
        self.gamma = nn.Parameter(ls * torch.ones((dim))) if ls > 0 else None

    def forward(self, x):
        i = x
        x = self.dwconv(x).permute(0, 2, 3, 1)
        x = self.pw2(self.act(self.pw1(self.norm(x))))
        x = self.gamma * x if self.gamma is not None else x
        return i + x.permute(0, 3, 1, 2)


class ConvMisc(nn.Module):
    def __init__(self):
        super().__init__()
        self.s = nn.Conv2d(3, 16, 4, 4)
        self.sh = ShuffleUnit(16)
        self.cn = ConvNeXtBlock(16, 0.1)
        self.gn = nn.GroupNorm(4, 16)
        self.aspp = nn.ModuleList(
            [
                nn.Conv2d(16, 4, 3, padding=r, dilation=r, padding_mode='reflect' if r < 3 else 'zeros')
                for r in (1, 2, 3)
            ]
        )
        self.head = nn.Conv2d(12, 5, 1)

    def forward(self, x):
        size = x.shape[-2:]
        x = self.gn(self.cn(self.sh(self.s(x))))
        x = torch.cat([F.elu(a(x)) for a in self.aspp], 1)
        x = F.interpolate(self.head(x), size=size, mode='bilinear', align_corners=False)
        return x.amax((-2, -1))


def mixup(x, y, alpha=1.0):
    lam = torch.distributions.Beta(alpha, alpha).sample().item()
    index = torch.randperm(x.size(0))
    return lam * x + (1 - lam) * x[index, :], y, y[index], lam


def rand_bbox(size, lam):
    import numpy as np

    W, H = size[2], size[3]
    cut = math.sqrt(1.0 - lam)
    cw, ch = int(W * cut), int(H * cut)
    cx, cy = torch.randint(W, (1,)).item(), torch.randint(H, (1,)).item()
    return [int(np.clip(v, 0, W)) for v in (cx - cw // 2, cx + cw // 2)] + [
        int(np.clip(v, 0, H)) for v in (cy - ch // 2, cy + ch // 2)
    ]


def accuracy(output, target, topk=(1,)):
    with torch.no_grad():
        maxk = max(topk)
        _, pred = output.topk(maxk, 1, True, True)
        pred = pred.t()
        correct = pred.eq(target.view(1, -1).expand_as(pred))
        return [correct[:k].reshape(-1).float().sum(0, keepdim=True).mul_(100.0 / target.size(0)) for k in topk]


torch.manual_seed(0)
for cls in (partial(DenseNet, False), partial(DenseNet, True), EffNet, ConvMisc):
    net = cls()
    name = type(net).__name__
    opt = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4, nesterov=True)
    crit = nn.CrossEntropyLoss(label_smoothing=0.1)
    for it in range(2):
        x, y = torch.randn(6, 3, 32, 32), torch.randint(0, 5, (6,))
        if it == 0:
            xm, ya, yb, lam = mixup(x, y)
        else:
            lam = 0.6
            a, b, c, d = rand_bbox(x.shape, lam)
            idx = torch.randperm(6)
            xm = x.clone()
            xm[:, :, a:b, c:d] = x[idx, :, a:b, c:d]
            ya, yb = y, y[idx]
        out = net(xm)
        loss = lam * crit(out, ya) + (1 - lam) * crit(out, yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        print(name, it, loss.item(), [round(v.item(), 2) for v in accuracy(out, y, (1, 3))])
    net.eval()
    print(name, sum(p.numel() for p in net.parameters()), net(x[:1]).argmax().item(), len(net.state_dict()))
conf = torch.zeros(5, 5, dtype=torch.int64)
t, p = torch.randint(0, 5, (50,)), torch.randint(0, 5, (50,))
conf += torch.bincount(t * 5 + p, minlength=25).reshape(5, 5)
print(conf, conf.diag().float() / conf.sum(1), (conf.diag() / (conf.sum(0) + conf.sum(1) - conf.diag())).mean())
# Grad-CAM, saliency, FGSM
net = EffNet().eval()
feats, grads = {}, {}
h1 = net.f.register_forward_hook(lambda m, i, o: feats.update(v=o))
h2 = net.f.register_full_backward_hook(lambda m, gi, go: grads.update(v=go[0]))
x = torch.randn(1, 3, 32, 32, requires_grad=True)
s = net(x)
s[0, s.argmax()].backward()
w = grads['v'].mean(dim=(2, 3), keepdim=True)
cam = F.relu((w * feats['v']).sum(1, keepdim=True))
cam = F.interpolate(cam, (32, 32), mode='bilinear', align_corners=True)
cam = (cam - cam.min()) / (cam.max() - cam.min() + 1e-8)
print(cam.mean(), x.grad.abs().max(1)[0].topk(2, -1).values[0, 0], (x + 0.1 * x.grad.sign()).clamp(-1, 1).mean())
h1.remove()
h2.remove()
