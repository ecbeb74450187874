"""Run a small program about modules in torch and in minitorch, and require that it did the same in both.

A program is Python source. It finds the library as `L` and `nn`, calls `note(value)` for what is to be compared, and
`refused(function)` for the type and message of the error that function raises. Warnings are compared as well.
"""

import collections
import copy
import io
import pickle
import re
import sys
import textwrap
import types
import warnings

import torch

import minitorch

TOLERANCE = 1e-6  # float32 sums of a few terms of size 1, in another order


def check(source, rewrite=None):
    """Run the program in both; `rewrite` may change it for minitorch, to test this test."""
    source = textwrap.dedent(source)
    expected = run(source, torch)
    actual = run(rewrite(source) if rewrite else source, minitorch)
    assert expected, "the program notes nothing"
    assert len(actual) == len(expected), f"torch noted {expected}\nminitorch noted {actual}\n{source}"
    for one, other in zip(expected, actual, strict=True):
        assert same(one, other), f"torch: {one}\nminitorch: {other}\n{source}"


def run(source, library):
    """What the program noted, in terms that don't depend on the library."""
    noted = []
    module = types.ModuleType("lockstep_program")  # a real module, so that classes of the program can be pickled
    world = vars(module)
    world |= {
        "L": library,
        "nn": library.nn,
        "F": library.nn.functional,
        "copy": copy,
        "pickle": pickle,
        "io": io,
        "OrderedDict": collections.OrderedDict,
        "note": lambda *values: noted.extend(plain(v) for v in values),
        "refused": refused,
        "x": library.arange(6.0).reshape(2, 3),
    }
    library.manual_seed(0)
    sys.modules["lockstep_program"] = module
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        exec(compile(source, "<program>", "exec"), world)  # noqa: S102 - the programs are our own
    del sys.modules["lockstep_program"]
    noted.extend((w.category.__name__, words(str(w.message))[:55]) for w in caught)
    return noted


def refused(function):
    """(type, first line) of the error that `function` raises, or a word that it raised none."""
    try:
        function()
    except Exception as error:  # noqa: BLE001 - the type is what is compared
        return type(error).__name__, words(str(error))
    return "went through"


def words(text):
    """A message without what may differ: the library's name, addresses, torch's advice to its developers."""
    text = re.sub(r"0x[0-9a-f]+", "0x", text.replace("minitorch.", "torch."))
    return re.sub(r" (Open an issue|Please file an issue|Please open).*", "", text)


def plain(value):
    """A value as numbers, strings, tuples and dicts of these."""
    if isinstance(value, (torch.Tensor, minitorch.Tensor)):
        is_parameter = isinstance(value, (torch.nn.Parameter, minitorch.nn.Parameter))
        if "Uninitialized" in type(value).__name__:
            return type(value).__name__, str(value.dtype), value.requires_grad
        facts = ("parameter" if is_parameter else "tensor", str(value.dtype), tuple(value.shape), value.requires_grad)
        return (*facts, value.detach().tolist())
    if isinstance(value, (torch.nn.Module, minitorch.nn.Module)):
        return repr(value)
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}, list(value)
    if isinstance(value, (list, tuple)) or type(value).__name__ in ("dict_keys", "dict_values", "generator"):
        return tuple(plain(v) for v in value)
    if isinstance(value, type):
        return value.__qualname__
    if value is None or isinstance(value, (bool, int, float, str)):
        return words(value) if isinstance(value, str) else value
    raise TypeError(f"note() can't compare a {type(value).__name__}")


def same(one, other):
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= TOLERANCE * max(1.0, abs(one)) or one == other or (one != one and other != other)
    if isinstance(one, (tuple, list)) and isinstance(other, (tuple, list)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    return type(one) is type(other) and one == other
