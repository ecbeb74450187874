"""How a tensor is written as text: `tensor([1., 2.], requires_grad=True)`, as PyTorch writes it, to the character.

The work has four steps: keep the visible elements (the edges of a large tensor), turn each into a cell (all cells of
a tensor share a number format), lay the cells out in rows, and append what the values do not show (size, dtype, device,
history).

This file must not know the Tensor class, autograd or a device: it is given an array, a few names, and a way to the
host.
"""

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

__all__ = ["format_scalar", "format_tensor", "get_printoptions", "printoptions", "set_printoptions"]


# ---------------------------------------------------------------------------------------------------------- options


class _PrintOptions:
    def __init__(self) -> None:
        self.precision: int = 4
        self.threshold: float = 1000
        self.edgeitems: int = 3
        self.linewidth: float = 80
        self.sci_mode: bool | None = None


_options = _PrintOptions()

_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: float | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed, from now on.

    Args:
        precision: digits after the decimal point (4 at first).
        threshold: a tensor with more elements than this is shortened to its edges (1000 at first).
        edgeitems: how many items a shortened dimension shows at each end (3 at first).
        linewidth: columns to a line (80 at first).
        profile: "default", "short" or "full", a value for each of the four above; arguments given beside it win.
        sci_mode: True or False forces scientific notation on or off; None lets the values decide.
            As in PyTorch, a call that does not mention `sci_mode` sets it back to None.

    Unlike PyTorch, an unknown profile or an unusable number raises ValueError here, and not (or later) when printing.

    >>> import minitorch as mt
    >>> mt.set_printoptions(precision=2)
    >>> mt.tensor([3.14159])
    tensor([3.14])
    >>> mt.set_printoptions(profile="default")
    >>> mt.tensor([3.14159])
    tensor([3.1416])
    """
    if profile is not None and profile not in _PROFILES:
        raise ValueError(f"set_printoptions: profile must be one of {', '.join(_PROFILES)}, got {profile!r}")
    _check_count("precision", precision)
    _check_count("edgeitems", edgeitems)
    _check_real("threshold", threshold)
    _check_real("linewidth", linewidth)

    changes = dict(_PROFILES[profile]) if profile is not None else {}
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    changes.update((name, value) for name, value in given.items() if value is not None)
    for name, value in changes.items():
        setattr(_options, name, value)
    _options.sci_mode = sci_mode


def _check_count(name: str, value: object) -> None:
    if value is not None and not (isinstance(value, (int, np.integer)) and value >= 0):
        raise ValueError(f"set_printoptions: {name} must be an integer of at least 0, got {value!r}")


def _check_real(name: str, value: object) -> None:
    if value is not None and not (isinstance(value, (int, float, np.integer, np.floating)) and not math.isnan(value)):
        raise ValueError(f"set_printoptions: {name} must be a number, got {value!r}")


def get_printoptions() -> dict[str, Any]:
    """Return the print options in force, as keyword arguments of `set_printoptions`.

    >>> get_printoptions()
    {'precision': 4, 'threshold': 1000, 'edgeitems': 3, 'linewidth': 80, 'sci_mode': None}
    """
    return dict(vars(_options))


@contextlib.contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """Set print options inside a `with` block; takes the arguments of `set_printoptions`.

    >>> import minitorch as mt
    >>> with printoptions(precision=2):
    ...     print(mt.tensor([3.14159]))
    tensor([3.14])
    """
    before = get_printoptions()
    set_printoptions(**options)
    try:
        yield
    finally:
        set_printoptions(**before)


# ------------------------------------------------------------------------------------------------- the two entries


def format_tensor(
    array: Any,
    *,
    dtype_name: str,
    device: str | None = None,
    requires_grad: bool = False,
    grad_fn_name: str | None = None,
    default_dtype_name: str = "float32",
    kind: str = "tensor",
    type_name: str = "tensor",
    to_host: Callable[[Any], np.ndarray] = np.asarray,
) -> str:
    """Return the repr of a tensor, or of a parameter.

    Args:
        array: the values. They are only indexed here, so that a large array sends just its visible part to the host.
        dtype_name: the dtype as PyTorch names it, without "torch.": "float32", "bool".
        device: the device to show, "cuda:0"; None where it is the default one, which is not shown.
        requires_grad: shown only where there is no `grad_fn_name`.
        grad_fn_name: the name of the node that made the tensor, "AddBackward0".
        default_dtype_name: values of this dtype (and of int64, bool and the matching complex) go without `dtype=`.
        kind: "tensor" or "parameter".
        type_name: what stands before the bracket, for a subclass its name.
        to_host: brings an array to NumPy.

    >>> format_tensor(np.array([1, 2]), dtype_name="int64")
    'tensor([1, 2])'
    >>> format_tensor(np.float16(0.5), dtype_name="float16", grad_fn_name="MulBackward0")
    'tensor(0.5000, dtype=torch.float16, grad_fn=<MulBackward0>)'
    """
    if kind not in ("tensor", "parameter"):
        raise ValueError(f"format_tensor: kind must be 'tensor' or 'parameter', got {kind!r}")
    prefix = type_name + "("
    indent = len(prefix)

    suffixes = [f"device='{device}'"] if device is not None else []
    suffixes += _size_and_dtype(array.shape, dtype_name, default_dtype_name)
    if grad_fn_name is not None:
        suffixes.append(f"grad_fn=<{grad_fn_name}>")
    elif requires_grad:
        suffixes.append("requires_grad=True")

    text = _append_suffixes(prefix + _values_text(array, indent, to_host), suffixes, indent) + ")"
    if kind == "tensor":
        return text
    if type_name != "tensor":  # PyTorch names the base class as well when the parameter is of a subclass
        text = f"Parameter({text})"
    return "Parameter containing:\n" + text


def format_scalar(array: np.ndarray, format_spec: str) -> str:
    """Format the one number of a 0-d array, which must be on the host: `format(t, ".2f")` for a tensor `t`.

    >>> format_scalar(np.array(3.14159), ".2f")
    '3.14'
    """
    if array.ndim != 0:
        raise TypeError(
            "format: unsupported format string passed to Tensor.__format__: only a 0-d tensor takes one\n"
            f"    tensor  {tuple(array.shape)}\n"
            "    hint    format each element, or set_printoptions(precision=...) for the whole tensor"
        )
    return format(_python_values(array)[0], format_spec)


# ------------------------------------------------------------------------------------------------ visible elements


def _values_text(array: Any, indent: int, to_host: Callable[[Any], np.ndarray]) -> str:
    """Return everything between the outer bracket and the suffixes: "[1., 2., 3.]"."""
    size = math.prod(array.shape)
    if size == 0:
        return "[]"
    edge = _options.edgeitems
    shortened = size > _options.threshold
    cut = [shortened and length > 2 * edge for length in array.shape]
    if edge == 0 and any(cut):
        return "[...]"

    for axis, is_cut in enumerate(cut):
        if is_cut:
            ends = [*range(edge), *range(-edge, 0)]
            array = array[(slice(None),) * axis + (ends,)]
    cells, width = _cells(to_host(array).reshape(-1))
    return _layout(cells, width, array.shape, cut, indent)


def _python_values(array: np.ndarray) -> list[Any]:
    """Return the elements as Python numbers; a float of any width becomes the double of the same value."""
    if array.dtype.kind not in "biuc":  # bfloat16 is a foreign dtype of kind "V", so the floats are what remains
        array = array.astype(np.float64)
    return array.reshape(-1).tolist()


# ----------------------------------------------------------------------------------------------------------- cells


def _cells(flat: np.ndarray) -> tuple[list[str], int]:
    """Return the text of each element, padded to a common width, and that width."""
    if flat.dtype.kind == "c":
        return _complex_cells(flat)
    values = _python_values(flat)
    if flat.dtype.kind in "biu":
        texts = [str(value) for value in values]
        width = max(map(len, texts))
    else:
        texts, width = _float_texts(values)
    return [text.rjust(width) for text in texts], width


def _complex_cells(flat: np.ndarray) -> tuple[list[str], int]:
    """Return cells as "1.0000+2.0000j"; the real parts share one number format, the imaginary parts another.

    Only the real part is padded, so that nothing stands between a number and its "+" or "-".
    """
    reals, real_width = _cells(flat.real)
    imags, imag_width = _float_texts(_python_values(flat.imag))
    signed = [imag if imag.startswith("-") else "+" + imag for imag in imags]
    return [real + imag + "j" for real, imag in zip(reals, signed, strict=True)], real_width + imag_width + 1


def _float_texts(values: list[float]) -> tuple[list[str], int]:
    """Return the text of each float, not padded, and the width of the widest.

    Zeros, infinities and nans neither choose the format nor count for the width (so "-inf" may stand out).
    """
    ordinary = [value for value in values if _is_ordinary(value)]
    point = ""
    if _is_scientific(ordinary):
        spec = f".{_options.precision}e"
    elif all(value.is_integer() for value in ordinary):
        spec, point = ".0f", "."  # "1.": the point alone says that it is a float
    else:
        spec = f".{_options.precision}f"

    texts = [format(value, spec) + (point if math.isfinite(value) else "") for value in values]
    width = max((len(text) for text, value in zip(texts, values, strict=True) if _is_ordinary(value)), default=1)
    return texts, width


def _is_ordinary(value: float) -> bool:
    return value != 0 and math.isfinite(value)


def _is_scientific(ordinary: list[float]) -> bool:
    """Say whether these values, finite and not zero, are too large, too small or too different for a fixed point."""
    if not ordinary:
        return False
    if _options.sci_mode is not None:
        return bool(_options.sci_mode)
    largest, smallest = max(map(abs, ordinary)), min(map(abs, ordinary))
    return largest / smallest > 1000 or largest > 1e8 or smallest < 1e-4


# ---------------------------------------------------------------------------------------------------------- layout


def _layout(cells: list[str], width: int, shape: Sequence[int], cut: Sequence[bool], indent: int) -> str:
    """Return nested brackets around the cells, the elements in C order of an array of `shape`, with dots where cut."""
    if len(shape) == 0:
        return cells[0]
    if len(shape) == 1:
        return _row(cells, width, cut[0], indent)
    step = len(cells) // shape[0]
    parts = [_layout(cells[i : i + step], width, shape[1:], cut[1:], indent + 1) for i in range(0, len(cells), step)]
    if cut[0]:
        parts.insert(_options.edgeitems, "...")
    newlines = "\n" * (len(shape) - 1)  # matrices are set apart by an empty line, stacks of matrices by two
    return "[" + ("," + newlines + " " * (indent + 1)).join(parts) + "]"


def _row(cells: list[str], width: int, cut: bool, indent: int) -> str:
    """Return one innermost dimension, broken into lines of equally many cells; the dots count as a cell."""
    if cut:
        edge = _options.edgeitems
        cells = [*cells[:edge], " ...", *cells[edge:]]
    fitting = (_options.linewidth - indent) / (width + len(", "))
    per_line = math.floor(min(max(1, fitting), len(cells)))
    lines = [", ".join(cells[i : i + per_line]) for i in range(0, len(cells), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"


# -------------------------------------------------------------------------------------------------------- suffixes


def _size_and_dtype(shape: Sequence[int], dtype_name: str, default_dtype_name: str) -> list[str]:
    """Return "size=..." where brackets do not show the shape, and "dtype=..." where values do not show the dtype."""
    is_empty = 0 in shape
    if is_empty:
        size_is_shown = len(shape) == 1  # "[]" looks like shape (0,)
        understood = {default_dtype_name}
    else:
        size_is_shown = _options.edgeitems > 0
        default_complex = "complex128" if default_dtype_name == "float64" else "complex64"
        understood = {default_dtype_name, default_complex, "int64", "bool"}

    suffixes = [] if size_is_shown else [f"size={tuple(shape)}"]
    if dtype_name not in understood:
        suffixes.append(f"dtype=torch.{dtype_name}")
    return suffixes


def _append_suffixes(text: str, suffixes: list[str], indent: int) -> str:
    """Append the suffixes, each on a new line where it would pass the line width."""
    # PyTorch's count starts two columns too high; with the same count, the lines break at the same places.
    column = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if column + len(suffix) + 2 > _options.linewidth:
            text += ",\n" + " " * indent + suffix
            column = indent + len(suffix)
        else:
            text += ", " + suffix
            column += len(suffix) + 2
    return text
