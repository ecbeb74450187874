"""What the programs of this folder share: a registry, a way to look at a result, and a comparison of two looks.

A program is a function of one argument, the module (torch, or minitorch under torch's name), and returns a dict of
what it saw. This file must not know any program, and it must not import torch or minitorch.
"""

import cmath
import math
import re

PROGRAMS = {}

TOLERANCE = 1e-12  # relative to the larger of 1 and the expected value; everything here is float64 and moderate


def program(function):
    """Register `function` under its own name; a second program of that name is a mistake."""
    name = function.__name__
    if name in PROGRAMS:
        raise ValueError(f"program: the name {name} is taken")
    PROGRAMS[name] = function
    return function


def leaf(torch, *shape):
    """A float64 leaf that requires grad: 0.5, 0.75, 1.0, ... in the given shape (all positive, all different)."""
    return plain(torch, *shape).requires_grad_()


def plain(torch, *shape):
    """The same numbers as `leaf`, in a tensor that does not require grad."""
    count = math.prod(shape)
    return torch.tensor([0.5 + 0.25 * i for i in range(count)], dtype=torch.float64).reshape(shape).clone()


def weights(torch, *shape):
    """An upstream gradient without symmetry: 1, -2, 3, -4, ... in the given shape."""
    count = math.prod(shape)
    return torch.tensor([(i + 1.0) * (-1) ** i for i in range(count)], dtype=torch.float64).reshape(shape)


def pull(torch, output, **options):
    """Backward from `output` with an upstream gradient of `weights`, so that no entry is treated like another."""
    output.backward(weights(torch, *output.shape), **options)


def raises(action, *phrases):
    """Run `action` and say which exception came and which of the `phrases` its message holds (case and space aside)."""
    try:
        action()
    except Exception as error:  # noqa: BLE001 (the type is what is compared)
        message = _squeeze(str(error))
        return {"raised": type(error).__name__, "says": {phrase: _squeeze(phrase) in message for phrase in phrases}}
    return {"raised": None, "says": dict.fromkeys(phrases, False)}


def _squeeze(text):
    return re.sub(r"\s+", " ", text).lower()


def node(tensor):
    """The name of a tensor's grad_fn, or None; torch puts some of its nodes in a namespace, which is dropped."""
    return None if tensor.grad_fn is None else tensor.grad_fn.name().split("::")[-1]


def shares(one, other):
    """Whether two tensors stand on one storage."""
    return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()


def observe(value):
    """Turn what a program returned into plain Python: a tensor becomes its dtype, shape, requires_grad and values."""
    if isinstance(value, dict):
        return {key: observe(item) for key, item in value.items()}
    if value is None or isinstance(value, (bool, int, float, complex, str)):
        return value
    if hasattr(value, "requires_grad"):
        detached = value.detach()
        return {
            "dtype": str(value.dtype).split(".")[-1],
            "shape": [int(n) for n in value.shape],
            "requires_grad": value.requires_grad,
            "values": detached.tolist(),
        }
    if isinstance(value, (list, tuple)):
        return [observe(item) for item in value]
    raise TypeError(f"observe: a program returned a {type(value).__name__}, which cannot be compared")


def differences(expected, actual, path=""):
    """The places where two observations differ, as readable lines; an empty list where they are the same."""
    if isinstance(expected, dict) and isinstance(actual, dict) and expected.keys() == actual.keys():
        return [line for key in expected for line in differences(expected[key], actual[key], f"{path}.{key}")]
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        pairs = enumerate(zip(expected, actual, strict=True))
        return [line for i, (one, other) in pairs for line in differences(one, other, f"{path}[{i}]")]
    if type(expected) is type(actual) and _same(expected, actual):
        return []
    return [f"{path.lstrip('.') or 'value'}: expected {expected!r}, got {actual!r}"]


def _same(expected, actual):
    if not isinstance(expected, (float, complex)):
        return expected == actual
    if expected == actual or (cmath.isnan(expected) and cmath.isnan(actual)):
        return True
    return abs(expected - actual) <= TOLERANCE * max(1.0, abs(expected))


def unsaid(observation):
    """The phrases that an error of this observation was to hold and does not (a program's own claim about torch)."""
    if isinstance(observation, dict):
        if observation.keys() == {"raised", "says"}:
            return [phrase for phrase, found in observation["says"].items() if not found]
        return [phrase for item in observation.values() for phrase in unsaid(item)]
    if isinstance(observation, list):
        return [phrase for item in observation for phrase in unsaid(item)]
    return []
