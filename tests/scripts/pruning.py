import copy

import torch
import torch.nn.functional as F
import torch.nn.utils.prune as prune
from sklearn.datasets import load_digits
from torch import nn

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class LeNet(nn.Module):
    def __init__(self):
        super(LeNet, self).__init__()
        self.conv1 = nn.Conv2d(1, 6, 3)
        self.conv2 = nn.Conv2d(6, 16, 3)
        self.fc1 = nn.Linear(16 * 2 * 2, 32)
        self.fc2 = nn.Linear(32, 10)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(-1, int(x.nelement() / x.shape[0]))
        x = F.relu(self.fc1(x))
        return self.fc2(x)


torch.manual_seed(0)
model = LeNet().to(device=device)
data = load_digits()
images = torch.tensor(data.images).float()[:, None] / 16
labels = torch.tensor(data.target)


def fit(model, steps, lr=0.05):
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    model.train()
    for step in range(steps):
        pick = torch.randint(0, 1400, (64,))
        loss = F.cross_entropy(model(images[pick]), labels[pick])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return loss.item()


def accuracy(model):
    model.eval()
    with torch.no_grad():
        return 100. * (model(images[1400:]).argmax(1) == labels[1400:]).float().mean().item()


def sparsity(module):
    return 100. * float(torch.sum(module.weight == 0)) / float(module.weight.nelement())


print('trained', fit(model, 40), accuracy(model))
dense = copy.deepcopy(model)

module = model.conv1
print([(n, tuple(p.shape)) for n, p in module.named_parameters()], list(module.named_buffers()))
prune.random_unstructured(module, name="weight", amount=0.3)
print([n for n, _ in module.named_parameters()])
print([n for n, _ in module.named_buffers()], module.weight_mask.sum())
print(module.weight.shape, module._forward_pre_hooks.values())
prune.l1_unstructured(module, name="bias", amount=3)
print(module.bias)
prune.ln_structured(module, name="weight", amount=0.5, n=2, dim=0)
for hook in module._forward_pre_hooks.values():
    if hook._tensor_name == "weight":
        break
print([type(h).__name__ for h in hook])  # pruning history in the container
print(list(model.state_dict().keys()))
prune.remove(module, 'weight')
print([n for n, _ in module.named_parameters()])

model = copy.deepcopy(dense)
parameters_to_prune = (
    (model.conv1, 'weight'),
    (model.conv2, 'weight'),
    (model.fc1, 'weight'),
    (model.fc2, 'weight'),
)
prune.global_unstructured(parameters_to_prune, pruning_method=prune.L1Unstructured, amount=0.6)
for name in 'conv1', 'conv2', 'fc1', 'fc2':
    print("Sparsity in {}.weight: {:.2f}%".format(name, sparsity(getattr(model, name))))
print('pruned', accuracy(model))
print('fine-tuned', fit(model, 20, 0.02), accuracy(model))
for module, name in parameters_to_prune:
    assert prune.is_pruned(module)
    prune.remove(module, name)
print('made permanent', accuracy(model), prune.is_pruned(model), sparsity(model.fc1))


class FooBarPruningMethod(prune.BasePruningMethod):
    """Prune every other entry in a tensor"""
    PRUNING_TYPE = 'unstructured'

    def compute_mask(self, t, default_mask):
        mask = default_mask.clone()
        mask.view(-1)[::2] = 0
        return mask


def foobar_unstructured(module, name):
    FooBarPruningMethod.apply(module, name)
    return module


model = LeNet()
foobar_unstructured(model.fc2, name='bias')
print(model.fc2.bias_mask, model.fc2)
