# What people do with modules: LoRA, swapping layers, old checkpoints, hooks, pickled models, norms of weights, pruning.
import copy, io, pickle, types, math, inspect, collections
import torch, torch.nn as nn, torch.nn.functional as F
from torch.nn.utils import parametrize, prune

torch.manual_seed(0)


class LoRAParametrization(nn.Module):
    def __init__(self, features_in, features_out, rank=2, alpha=1, device='cpu'):
        super().__init__()
        self.lora_A = nn.Parameter(torch.zeros((rank, features_out)).to(device))
        self.lora_B = nn.Parameter(torch.zeros((features_in, rank)).to(device))
        nn.init.normal_(self.lora_A, mean=0, std=1)
        self.scale = alpha / rank
        self.enabled = True

    def forward(self, original_weights):
        if self.enabled:
            return original_weights + torch.matmul(self.lora_B, self.lora_A).view(original_weights.shape) * self.scale
        return original_weights


net = nn.Sequential(
    collections.OrderedDict([('linear1', nn.Linear(6, 8)), ('act', nn.ReLU()), ('linear2', nn.Linear(8, 3))])
)
x = torch.randn(4, 6)
before = net(x)
parametrize.register_parametrization(net.linear1, 'weight', LoRAParametrization(8, 6))
print(
    net, torch.equal(before, net(x)), [n for n, p in net.named_parameters()], parametrize.is_parametrized(net.linear1)
)
for n, p in net.named_parameters():
    if 'lora' not in n:
        p.requires_grad = False
opt = torch.optim.Adam(filter(lambda p: p.requires_grad, net.parameters()), lr=0.1)
for _ in range(3):
    loss = F.cross_entropy(net(x), torch.tensor([0, 1, 2, 0]))
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(loss.item())
net.linear1.parametrizations['weight'][0].enabled = False
print(torch.equal(before, net(x)))
parametrize.remove_parametrizations(net.linear1, 'weight', leave_parametrized=True)
print(net.linear1, [n for n, _ in net.named_parameters()])


class LoRALinear(nn.Linear):
    def __init__(self, *a, r=2, **k):
        super().__init__(*a, **k)
        self.lora_A = nn.Parameter(self.weight.new_zeros((r, self.in_features)))
        self.lora_B = nn.Parameter(self.weight.new_zeros((self.out_features, r)))
        self.weight.requires_grad = False
        nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))
        self.merged = False

    def train(self, mode: bool = True):
        nn.Linear.train(self, mode)
        if mode and self.merged:
            self.weight.data -= self.lora_B @ self.lora_A
            self.merged = False
        elif not mode and not self.merged:
            self.weight.data += self.lora_B @ self.lora_A
            self.merged = True
        return self

    def forward(self, x):
        return F.linear(x, self.weight, self.bias) + (0 if self.merged else (x @ self.lora_A.T) @ self.lora_B.T)


l = LoRALinear(3, 2, r=1)
nn.init.ones_(l.lora_B)
z = torch.ones(1, 3)
a = l(z)
print(torch.allclose(a, l.eval()(z)), l.merged, l.train().merged)


def replace(module, old, new):
    for name, child in module.named_children():
        if isinstance(child, old):
            setattr(module, name, new(child))
        else:
            replace(child, old, new)


m = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Sequential(nn.BatchNorm2d(2), nn.ReLU()))
replace(m, nn.ReLU, lambda c: nn.LeakyReLU(0.1, inplace=c.inplace))
print(m)


class Old(nn.Module):
    _version = 2

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(2))
        self.register_buffer('count', torch.tensor(0))
        self.register_buffer('cache', torch.zeros(1), persistent=False)
        self.register_parameter('none', None)

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ):
        v = local_metadata.get('version', None)
        if v is None or v < 2:
            k = prefix + 'weight'
            if k in state_dict:
                state_dict[prefix + 'w'] = state_dict.pop(k)
            state_dict.setdefault(prefix + 'count', torch.tensor(7))
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )

    def extra_repr(self):
        return 'w={}'.format(tuple(self.w.shape))


o = nn.ModuleDict({'a': Old()})
print(o.load_state_dict({'a.weight': torch.ones(2)}), o['a'].w, o['a'].count, o.state_dict(), o)
print(o.load_state_dict({'zzz': torch.ones(1)}, strict=False))
for bad in ({'a.w': torch.ones(3), 'a.count': torch.tensor(1)}, {}):
    try:
        o.load_state_dict(bad)
    except RuntimeError as e:
        print(e)
c = copy.deepcopy(o)
c['a'].w.data.fill_(5)
print(o['a'].w.tolist(), c['a'].w.tolist(), c['a'].w is o['a'].w)
tied = nn.Module()
tied.e = nn.Embedding(3, 2)
tied.o = nn.Linear(2, 3, bias=False)
tied.o.weight = tied.e.weight
print(
    len(list(tied.parameters())),
    len(tied.state_dict()),
    copy.deepcopy(tied).o.weight is copy.deepcopy(tied).e.weight,
    [n for n, _ in tied.named_parameters(remove_duplicate=False)],
)


class Patched(nn.Module):
    def __call__(self, *a, **k):
        print('call', len(a))
        return super().__call__(*a, **k)

    def forward(self, x, *, y=1):
        return x + y


print(Patched()(torch.ones(1), y=3))


def init_weights(m):
    if type(m) in (nn.Linear, nn.Conv2d):
        torch.nn.init.xavier_uniform_(m.weight)
        m.bias.data.fill_(0.01)
    elif isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):
        nn.init.constant_(m.weight, 1)
        nn.init.constant_(m.bias, 0)


m.apply(init_weights)
print(sum(p.sum().item() for p in m.parameters()), sum(p.numel() for p in m.parameters() if p.requires_grad))
vec = nn.utils.parameters_to_vector(m.parameters())
nn.utils.vector_to_parameters(torch.zeros_like(vec), m.parameters())
print(vec.shape, m[0].bias)
acts = {}


def get_activation(name):
    def hook(model, input, output):
        acts[name] = output.detach()

    return hook


hs = [layer.register_forward_hook(get_activation(n)) for n, layer in m.named_modules() if not list(layer.children())]
m(torch.randn(2, 1, 5, 5))
print({k: tuple(v.shape) for k, v in acts.items()}, len(hs))
[h.remove() for h in hs]
g = []
h = m[0].register_full_backward_hook(
    lambda mod, gi, go: g.append((mod.__class__.__name__, gi[0] is None, go[0].shape))
)
m(torch.randn(2, 1, 5, 5)).sum().backward()
print(g)
h.remove()
m.register_forward_pre_hook(lambda mod, inp: (inp[0] * 2,))
print(m(torch.zeros(1, 1, 5, 5)).shape)
buf = io.BytesIO()
torch.save(
    {
        'model': o,
        'args': types.SimpleNamespace(lr=0.1),
        'f': F.relu,
        'dt': torch.float16,
        'dev': torch.device('cpu'),
        's': torch.Size([1]),
    },
    buf,
)
buf.seek(0)
ck = torch.load(buf, weights_only=False)
print(ck['model'], ck['args'], ck['dt'], ck['dev'], ck['s'], ck['f'] is F.relu)
buf.seek(0)
try:
    torch.load(buf)
except pickle.UnpicklingError as e:
    print('UnpicklingError', 'weights_only' in str(e))
w = nn.utils.weight_norm(nn.Linear(3, 2))
s = nn.utils.spectral_norm(nn.Conv2d(1, 2, 3))
print(w, s, sorted(w.state_dict()), sorted(s.state_dict()))
nn.utils.remove_weight_norm(w)
print(sorted(w.state_dict()))
pw = nn.utils.parametrizations.weight_norm(nn.Linear(3, 2))
po = nn.utils.parametrizations.orthogonal(nn.Linear(3, 3))
print(pw, sorted(pw.state_dict()), torch.allclose(po.weight @ po.weight.T, torch.eye(3), atol=1e-5))
prune.l1_unstructured(net.linear2, 'weight', amount=0.3)
prune.global_unstructured(
    [(net.linear2, 'weight'), (net.linear1, 'weight')], pruning_method=prune.L1Unstructured, amount=0.2
)
print(
    net.linear2.weight_mask,
    dict(net.linear2.named_buffers()).keys(),
    float(torch.sum(net.linear2.weight == 0)) / net.linear2.weight.nelement(),
)
prune.remove(net.linear2, 'weight')
ml = nn.ModuleList([nn.Linear(1, 1)])
ml.extend([nn.ReLU()])
ml.insert(0, nn.Identity())
ml += [nn.Tanh()]
del ml[1]
print(ml, len(ml), ml[-1], ml[:2])
md = nn.ModuleDict([['x', nn.ReLU()]])
md.update({'y': nn.Tanh()})
print('x' in md, list(md.items()), md.pop('x'), md)
pl = nn.ParameterList([nn.Parameter(torch.ones(1))])
pl.append(nn.Parameter(torch.zeros(2, 2)))
pd = nn.ParameterDict({'k': nn.Parameter(torch.ones(2))})
print(pl, pd, [n for n, _ in pl.named_parameters()])
sq = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1))
sq.append(nn.Sigmoid())
print(sq[0:2], sq[-1], len(sq), sq.pop(3), sq + nn.Sequential(nn.Tanh()))
print(
    m.get_submodule('2.0'),
    m.get_parameter('0.weight').shape,
    [n for n, _ in m.named_modules()],
    next(m.parameters()).is_leaf,
    m.training,
    m[2].eval().training,
)
try:
    m.foo
except AttributeError as e:
    print(e)
try:

    class Bad(nn.Module):
        def __init__(self):
            self.l = nn.Linear(1, 1)

    Bad()
except AttributeError as e:
    print(e)
