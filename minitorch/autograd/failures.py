"""When a forward fails: say why in torch's words. Checks that cost nothing while nothing is wrong.

The array library has refused the inputs; here the reason is found out (devices mixed, shapes that don't broadcast,
what the op itself diagnoses) and told with our shapes. A NumPy or CuPy message never reaches the user.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from minitorch.autograd.base import TensorBase
from minitorch.backend import backend_of, device_of, dtypes
from minitorch.errors import explain

if TYPE_CHECKING:
    from minitorch.autograd.op import Op


# what an array library raises when it refuses its inputs
FAILURES = (ValueError, TypeError, IndexError, OverflowError, NotImplementedError, np.linalg.LinAlgError)


# what torch calls the types of settings that are numbers
_NUMBERS = {"float": "Number", "int": "int", "float | None": "float"}


def explain_failure(op: Op, inputs: tuple, settings: dict, error: Exception) -> NoReturn:
    """Raise the exception torch's user would catch, from the array library's `error`."""
    tensors = [t for t in inputs if isinstance(t, TensorBase)]
    found: Exception | None = wrong_setting(op, settings) or mixed_devices(op.name, tensors)
    if found is None and op.diagnose is not None:
        found = op.diagnose(inputs, settings, error)
    if found is None and op.broadcasts:
        found = broadcast_error(op.name, [t._array.shape for t in tensors])
    if found is None:
        names = op.inputs or tuple(f"tensors[{i}]" for i in range(len(inputs)))
        rows = [
            (n, t._array.shape, repr(dtypes.from_numpy(t._array.dtype)))
            for n, t in zip(names, inputs, strict=False)
            if isinstance(t, TensorBase)
        ]
        kind = type(error) if type(error) in (IndexError, TypeError, NotImplementedError) else RuntimeError
        found = kind(explain(f"{op.name}: {unsupported(op, tensors) or error}", rows))
    raise found from None


def wrong_setting(op: Op, settings: dict) -> TypeError | None:
    """torch's error for a setting of another type than the op's forward is annotated with; None if there is none."""
    for name, value in settings.items():
        wanted = op.forward.__annotations__.get(name)
        fits = isinstance(value, (int, float, complex, np.number)) or (value is None and wanted == "float | None")
        if wanted in _NUMBERS and not fits:
            kind = type(value).__name__
            return TypeError(f"{op.name}(): argument '{name}' must be {_NUMBERS[wanted]}, not {kind}")
    return None


def numbers_moved(inputs: tuple) -> tuple | None:
    """The inputs with 0-d CPU tensors moved to the device of the others, as torch allows; None if none is to move."""
    devices = {device_of(t._array) for t in inputs if isinstance(t, TensorBase)}
    others = [d for d in devices if d.type != "cpu"]
    if len(devices) != 2 or len(others) != 1:
        return None
    if any(t._array.ndim for t in inputs if isinstance(t, TensorBase) and device_of(t._array).type == "cpu"):
        return None
    return tuple(
        t.to(others[0]) if isinstance(t, TensorBase) and device_of(t._array).type == "cpu" else t for t in inputs
    )


def unsupported(op: Op, tensors: list) -> str | None:
    """torch's '"exp_cpu" not implemented for ...', when a ufunc has no loop for the dtype."""
    if not tensors:
        return None
    kind = dtypes.SCALAR_NAME[dtypes.from_numpy(tensors[0]._array.dtype)]
    return f"not implemented for '{kind}' with these arguments"


def mixed_devices(op: str, tensors: list) -> RuntimeError | None:
    """torch's error for tensors that live on different devices; None if they don't."""
    devices = list(dict.fromkeys(str(device_of(t._array)) for t in tensors))
    if len(devices) < 2:
        return None
    rows = [(f"input {i}", t._array.shape, str(device_of(t._array))) for i, t in enumerate(tensors)]
    message = f"{op}: Expected all tensors to be on the same device, but found at least two devices, "
    return RuntimeError(explain(message + f"{devices[0]} and {devices[1]}!", rows, "move them with .to(device)"))


def broadcast_error(op: str, shapes: list[tuple]) -> RuntimeError | None:
    """torch's error for shapes that don't broadcast, naming the first pair and dimension that disagree."""
    for i, a in enumerate(shapes):
        for b in shapes[i + 1 :]:
            ndim = max(len(a), len(b))
            for d in range(1, min(len(a), len(b)) + 1):
                if a[-d] != b[-d] and 1 not in (a[-d], b[-d]):
                    return RuntimeError(
                        explain(
                            f"{op}: The size of tensor a ({a[-d]}) must match the size of tensor b ({b[-d]}) at "
                            f"non-singleton dimension {ndim - d}",
                            [("a", a, ""), ("b", b, "")],
                        )
                    )
    return None


def check_same_device(op: str, *tensors: Any) -> None:
    """Raise if arrays of different devices would meet; for the few ops whose forward would not fail by itself."""
    arrays = [t for t in tensors if isinstance(t, TensorBase)]
    if len({id(backend_of(t._array)) for t in arrays}) > 1:
        found = mixed_devices(op, arrays)
        if found is not None:
            raise found
