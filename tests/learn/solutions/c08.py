"""Right and wrong versions of chapter 08's functions."""

import math

import numpy as np


def named_with_stack(module):
    found, seen, stack = [], set(), [("", module)]
    while stack:
        name, m = stack.pop()
        if m in seen:
            continue
        seen.add(m)
        found.append((name, m))
        stack.extend(reversed([(f"{name}.{key}" if name else key, c) for key, c in m.named_children()]))
    return found


def walk(module, name, seen):
    if any(module is m for m in seen):
        return []
    seen.append(module)
    below = [pair for key, c in module.named_children() for pair in walk(c, ".".join(filter(None, [name, key])), seen)]
    return [(name, module), *below]


def named_twice(module, name=""):
    below = [p for key, c in module.named_children() for p in named_twice(c, f"{name}.{key}" if name else key)]
    return [(name, module), *below]


def named_dot(module):
    return [("." + name if name else name, m) for name, m in named_with_stack(module)]


RIGHT = {
    "named_modules": [named_with_stack, lambda module: walk(module, "", [])],
    "fans": [
        lambda shape: (math.prod(shape[1:]), shape[0] * math.prod(shape[2:])),
        lambda shape: (int(np.prod(shape)) // shape[0], int(np.prod(shape)) // shape[1]),
    ],
    "running_statistic": [
        lambda running, batch, momentum, count: (
            running + momentum * ((batch if count is None else batch * (count / (count - 1))) - running)
        ),
        lambda running, batch, momentum, count: (
            momentum * batch * (1 if count is None else 1 + 1 / (count - 1)) + (1 - momentum) * running
        ),
    ],
    "dropout_noise": [
        lambda keep, p: np.where(keep, 1 / (1 - p), 0.0),
        lambda keep, p: np.array([1 / (1 - p) if k else 0.0 for k in keep.flat]).reshape(keep.shape),
    ],
}
WRONG = {
    "named_modules": {
        "shared ones twice": named_twice,
        "a dot in front": named_dot,
        "one level": lambda module: [("", module), *module.named_children()],
    },
    "fans": {
        "kernel forgotten": lambda shape: (shape[1], shape[0]),
        "swapped": lambda shape: (shape[0] * math.prod(shape[2:]), shape[1] * math.prod(shape[2:])),
        "fan out without kernel": lambda shape: (math.prod(shape[1:]), shape[0]),
    },
    "running_statistic": {
        "momentum of the old": lambda running, batch, momentum, count: momentum * running + (1 - momentum) * batch,
        "biased": lambda running, batch, momentum, count: (1 - momentum) * running + momentum * batch,
        "unbiased the wrong way": lambda running, batch, momentum, count: (
            (1 - momentum) * running + momentum * (batch if count is None else batch * (count - 1) / count)
        ),
    },
    "dropout_noise": {
        "no scale": lambda keep, p: keep.astype(float),
        "scaled by p": lambda keep, p: keep / p,
        "the others": lambda keep, p: ~keep / (1 - p),
    },
}
