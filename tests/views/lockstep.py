"""Run the same source lines in torch and in another library, and compare the two worlds after each line.

A line is plain Python about `torch` and tensors named x0, x1, ...; the lines of a failing run are therefore a program
that runs in both libraries. This file must not know where the lines come from, nor import torch or minitorch.
"""

import math

TOLERANCE = 1e-10  # relative to the largest value of the tensor (at least 1): tens of steps, each off by an ulp or so


class Mismatch(AssertionError):
    """The two libraries did not do the same; the message holds the program."""


class Lockstep:
    """Two namespaces that execute the same lines; `rewrite` may change a line for the second, to test this test."""

    def __init__(self, torch, subject, rewrite=None):
        self.worlds = ({"torch": torch}, {"torch": subject})
        self.rewrite = rewrite or (lambda line: line)
        self.names = []
        self.lines = []
        self.failed = False

    def __getitem__(self, name):
        return self.worlds[0][name]

    def create(self, expression, under=""):
        """Bind the value of an expression to a new name, and return the name, or None where both libraries refused."""
        name = f"x{len(self.lines)}"
        if self.run(f"{name} = {expression}", under):
            return None
        self.names.append(name)
        self.compare()
        return name

    def change(self, statement, under=""):
        """Execute a statement that may change tensors; return the type of the error that both raised, or None."""
        error = self.run(statement, under)
        self.compare()
        return error

    def forget(self, name):
        """Delete a name in both worlds; the memory may live on in views."""
        self.run(f"del {name}")
        self.names.remove(name)
        self.compare()

    def run(self, line, under=""):
        """Execute a line in both worlds (under `with torch.<under>():`) and require the same type of error, or none."""
        source = f"with torch.{under}():\n    {line}" if under else line
        self.lines.append(source)
        expected, actual = (
            _attempt(text, world) for text, world in zip((source, self.rewrite(source)), self.worlds, strict=True)
        )
        if type(expected).__name__ != type(actual).__name__:
            self.fail(f"the last line: torch {_outcome(expected)}, the other {_outcome(actual)}")
        if expected is not None:
            self.lines[-1] += f"  # raises {type(expected).__name__}"
        return type(expected) if expected is not None else None

    def compare(self):
        """Require that every named tensor looks the same in both worlds."""
        first, second = ([world[name] for name in self.names] for world in self.worlds)
        for name, one, other in zip(self.names, first, second, strict=True):
            expected, actual = look(one), look(other)
            for fact in expected:
                if not close(expected[fact], actual[fact]):
                    self.fail(f"{fact} of {name}: torch has {expected[fact]}, the other {actual[fact]}")
        if shared(first) != shared(second):
            self.fail(
                f"who shares memory with whom, of {self.names}: torch {shared(first)}, the other {shared(second)}"
            )

    def compare_values(self, expression):
        """Evaluate an expression to a tuple of tensors or None in both worlds, and require equal values."""
        if self.run(f"result = {expression}"):
            return
        expected, actual = ([_values(t) for t in world["result"]] for world in self.worlds)
        if not close(expected, actual):
            self.fail(f"the last line: torch has {expected}, the other {actual}")

    def fail(self, what):
        self.failed = True
        program = "\n".join(self.lines)
        raise Mismatch(
            f"{what}\nThe program, for either library:\n\nimport torch  # or: import minitorch as torch\n{program}\n"
        )


def _attempt(source, world):
    try:
        exec(compile(source, "<program>", "exec"), world)  # noqa: S102 (the lines are our own)
    except Exception as error:  # noqa: BLE001 (the type is what is compared)
        return error
    return None


def _outcome(error):
    return "went through" if error is None else f"raised {type(error).__name__}: {error}"


def look(tensor):
    """What is compared of one tensor. torch refuses some questions about a stale view; then that is the answer."""
    shape = list(tensor.shape)
    return {
        "shape": shape,
        "value": _values(tensor.detach()),
        "version": tensor._version,
        "requires_grad": _ask(lambda: tensor.requires_grad),
        "is_leaf": _ask(lambda: tensor.is_leaf),
        "has a grad_fn": _ask(lambda: tensor.grad_fn is not None),
        "is_view": tensor._is_view(),
        "stride": [s for s, n in zip(tensor.stride(), shape, strict=True) if n > 1] if tensor.numel() else None,
        "offset": tensor.storage_offset() if tensor.numel() else None,
        "grad": _ask(lambda: _values(tensor.grad) if tensor.is_leaf and tensor.grad is not None else None),
    }


def _values(tensor):
    return None if tensor is None else tensor.tolist()


def _ask(question):
    try:
        return question()
    except Exception as error:  # noqa: BLE001 (the type is what is compared)
        return type(error).__name__


def shared(tensors):
    """For each tensor the place of the first one on the same storage."""
    storages = [t.untyped_storage().data_ptr() for t in tensors]
    return [storages.index(s) for s in storages]


def close(expected, actual):
    """Equal structure, and numbers equal to within the tolerance of the largest number of the expected side."""
    if isinstance(expected, (float, list)) and isinstance(actual, (float, list)):
        return _within(expected, actual, TOLERANCE * max(1.0, _largest(expected)))
    return type(expected) is type(actual) and expected == actual


def _largest(value):
    return max(map(_largest, value), default=0.0) if isinstance(value, list) else abs(value or 0.0)


def _within(expected, actual, slack):
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(_within(e, a, slack) for e, a in zip(expected, actual, strict=True))
    if isinstance(expected, float) and isinstance(actual, float):
        return expected == actual or abs(expected - actual) <= slack or (math.isnan(expected) and math.isnan(actual))
    return type(expected) is type(actual) and expected == actual
