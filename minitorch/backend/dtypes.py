"""Element types: torch's names and aliases over NumPy dtypes, and torch's promotion rules.

Knows nothing of tensors; `result_dtype` takes plain (dtype, kind-of-operand) pairs.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


class dtype:
    """An element type; `repr` and attribute names are torch.dtype's.

    >>> float32.is_floating_point, float32.itemsize
    (True, 4)
    """

    __slots__ = ("name", "_numpy", "itemsize", "is_floating_point", "is_complex", "is_signed", "category")

    def __init__(self, name: str, numpy_dtype: np.dtype | None, itemsize: int) -> None:
        self.name = name
        self._numpy = numpy_dtype
        self.itemsize = itemsize
        self.is_complex = name.startswith("complex")
        self.is_floating_point = "float" in name
        self.is_signed = name not in ("uint8", "bool")
        # the promotion order: bool < integer < floating < complex
        self.category = 3 if self.is_complex else 2 if self.is_floating_point else 0 if name == "bool" else 1

    @property
    def numpy(self) -> np.dtype:
        """The NumPy dtype; bfloat16 needs the package ml_dtypes."""
        if self._numpy is None:
            self._numpy = _bfloat16_numpy()
        return self._numpy

    def to_complex(self) -> dtype:
        """The complex dtype of this precision; there is no complex32 here, so float16 gives complex64."""
        if self.category < 2:
            raise RuntimeError(f"Unknown Complex ScalarType for {SCALAR_NAME[self]}")
        return complex128 if self is float64 else self if self.is_complex else complex64

    def to_real(self) -> dtype:
        return {complex64: float32, complex128: float64}.get(self, self)

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> tuple:
        return by_name, (self.name,)

    def __copy__(self) -> dtype:
        return self

    def __deepcopy__(self, memo: dict) -> dtype:
        return self


def _bfloat16_numpy() -> np.dtype:
    try:
        import ml_dtypes
    except ImportError:
        raise RuntimeError(
            "bfloat16 needs the package ml_dtypes, which is not installed: pip install 'minitorch-engine[bfloat16]'"
        ) from None
    result = np.dtype(ml_dtypes.bfloat16)
    _FROM_NUMPY[result] = bfloat16
    return result


def _make(name: str) -> dtype:
    np_dtype = np.dtype(name)
    return dtype(name, np_dtype, np_dtype.itemsize)


float16, float32, float64 = _make("float16"), _make("float32"), _make("float64")
bfloat16 = dtype("bfloat16", None, 2)
int8, int16, int32, int64, uint8 = (_make(n) for n in ("int8", "int16", "int32", "int64", "uint8"))
bool_ = _make("bool")
complex64, complex128 = _make("complex64"), _make("complex128")

ALL = (float32, float64, float16, bfloat16, int8, int16, int32, int64, uint8, bool_, complex64, complex128)
_BY_NAME = {d.name: d for d in ALL}
_FROM_NUMPY: dict[np.dtype, dtype] = {d._numpy: d for d in ALL if d._numpy is not None}
ALIASES = {
    "float": float32, "double": float64, "half": float16, "long": int64, "int": int32, "short": int16,
    "cfloat": complex64, "cdouble": complex128,
}  # fmt: skip
_LEGACY = {
    "Float": float32, "Double": float64, "Half": float16, "BFloat16": bfloat16, "Long": int64, "Int": int32,
    "Short": int16, "Char": int8, "Byte": uint8, "Bool": bool_, "ComplexFloat": complex64, "ComplexDouble": complex128,
}  # fmt: skip
SCALAR_NAME = {d: n for n, d in _LEGACY.items()}  # the names torch uses in messages: Float, Long, ...


def by_name(name: str) -> dtype:
    return _BY_NAME[name]


_OF_PYTHON: dict[object, dtype] = {float: float64, int: int64, bool: bool_, complex: complex128}


def as_dtype(op: str, value: object) -> dtype:
    """A `dtype` argument: a dtype, or Python's float, int or bool, as torch takes them too."""
    if isinstance(value, dtype):
        return value
    found = _OF_PYTHON.get(value) if isinstance(value, type) else None
    if found is None:
        raise TypeError(f"{op}(): argument 'dtype' must be torch.dtype, not {type(value).__name__}")
    return found


def from_numpy(np_dtype: np.dtype) -> dtype:
    """The dtype of a NumPy dtype; TypeError in torch's words for those torch lacks."""
    try:
        return _FROM_NUMPY[np_dtype]
    except KeyError:
        pass
    if np_dtype.name == "bfloat16":
        _FROM_NUMPY[np_dtype] = bfloat16
        return bfloat16
    if not np_dtype.isnative:
        raise ValueError(
            "given numpy array has byte order different from the native byte order. Conversion between byte orders is "
            "currently not supported.\n    hint  array.astype(array.dtype.newbyteorder('='))"
        )
    for d in ALL:  # a dtype that equals a known one without being it (NumPy's 'longlong' beside int64)
        if d._numpy is not None and d._numpy == np_dtype:
            _FROM_NUMPY[np_dtype] = d
            return d
    raise TypeError(
        f"can't convert np.ndarray of type {np_dtype}. The only supported types are: float64, float32, float16, "
        "complex64, complex128, int64, int32, int16, int8, uint8, and bool."
    )


def from_legacy(name: str) -> dtype | None:
    """'torch.FloatTensor', 'torch.cuda.LongTensor', 'FloatTensor' -> dtype; None if it is no such name."""
    last = name.rsplit(".", 1)[-1]
    return _LEGACY.get(last.removesuffix("Tensor")) if last.endswith("Tensor") else None


_default = float32


def get_default_dtype() -> dtype:
    """The floating dtype given to Python floats and to results of integer division.

    >>> get_default_dtype()
    torch.float32
    """
    return _default


def set_default_dtype(d: dtype) -> None:
    """Set the default floating dtype; only floating dtypes are taken."""
    global _default
    if not isinstance(d, dtype) or not d.is_floating_point:
        prefix = "" if isinstance(d, dtype) else "invalid dtype object: "
        raise TypeError(f"{prefix}only floating-point types are supported as the default type")
    _default = d


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest dtype that both fit in, by torch's lattice.

    >>> promote_types(int64, float16)
    torch.float16
    """
    if type1 is type2:
        return type1
    low, high = (type1, type2) if type1.category < type2.category else (type2, type1)
    if low.category == high.category:
        if low.category == 2 and low.itemsize == high.itemsize:  # float16 with bfloat16
            return float32
        return from_numpy(np.promote_types(low.numpy, high.numpy)) if low.category == 1 else max(low, high, key=_size)
    if high.is_complex and low is float64:
        return complex128
    return high


def _size(d: dtype) -> int:
    return d.itemsize


def _combine(higher: dtype | None, lower: dtype | None) -> dtype | None:
    """Let operands of lower priority (0-d, then Python scalars) matter only by category."""
    if higher is None or lower is None:
        return higher or lower
    if higher.is_complex:
        return higher
    if higher.is_floating_point:
        return higher.to_complex() if lower.is_complex else higher
    return promote_types(higher, lower) if higher is bool_ or lower.category >= 2 else higher


def scalar_dtype(value: complex) -> dtype:
    """The dtype a Python scalar brings to a promotion."""
    kind = type(value)
    if kind is bool:
        return bool_
    if isinstance(value, int):
        return int64
    return _default.to_complex() if isinstance(value, complex) else _default


def result_dtype(operands: Iterable[tuple[dtype, int]]) -> dtype:
    """Promote (dtype, priority) pairs: priority 0 for tensors with dims, 1 for 0-d tensors, 2 for Python scalars."""
    best: list[dtype | None] = [None, None, None]
    for d, priority in operands:
        have = best[priority]
        best[priority] = d if have is None else promote_types(have, d)
    result = _combine(best[0], _combine(best[1], best[2]))
    return _default if result is None else result


def can_cast(from_: dtype, to: dtype) -> bool:
    """True if torch would store a result of dtype `from_` in a tensor of dtype `to` (no loss of category).

    >>> can_cast(float64, float32), can_cast(float32, int64)
    (True, False)
    """
    return from_.category <= to.category


class _Info:
    def __init__(self, d: dtype) -> None:
        self.dtype = d.name
        self.bits = d.itemsize * 8

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.dtype == self.dtype  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash((type(self), self.dtype))


def _need_dtype(op: str, value: object) -> dtype:
    if not isinstance(value, dtype):
        raise TypeError(f"{op}(): argument 'type' (position 1) must be torch.dtype, not {type(value).__name__}")
    return value


class finfo(_Info):
    """Limits of a floating dtype: bits, eps, max, min, tiny, smallest_normal, resolution.

    >>> finfo(float16).max
    65504.0
    """

    def __init__(self, type: dtype | None = None) -> None:
        d = _default if type is None else _need_dtype("finfo", type)
        if not (d.is_floating_point or d.is_complex):
            raise TypeError(f"torch.finfo() requires a floating point input type. Use torch.iinfo to handle '{d!r}'")
        d = d.to_real()
        super().__init__(d)
        exponents, digits = {"float16": (5, 11), "bfloat16": (8, 8), "float32": (8, 24), "float64": (11, 53)}[d.name]
        top = 2 ** (exponents - 1)
        self.eps = 2.0 ** (1 - digits)
        self.max = (2.0 - self.eps) * 2.0 ** (top - 1)
        self.min = -self.max
        self.tiny = self.smallest_normal = 2.0 ** (2 - top)
        self.resolution = {11: 1e-3, 8: 1e-2, 24: 1e-6, 53: 1e-15}[digits]  # the decimal digits that are kept

    def __repr__(self) -> str:
        r = {k: f"{getattr(self, k):g}" for k in ("resolution", "min", "max", "eps", "smallest_normal", "tiny")}
        return "finfo(" + ", ".join(f"{k}={v}" for k, v in r.items()) + f", dtype={self.dtype})"


class iinfo(_Info):
    """Limits of an integer dtype: bits, max, min."""

    def __init__(self, type: dtype) -> None:
        d = _need_dtype("iinfo", type)
        if d.category == 0:
            raise TypeError("torch.bool is not supported by torch.iinfo")
        if d.category != 1:
            raise TypeError(f"torch.iinfo() requires an integer input type. Use torch.finfo to handle '{d!r}'")
        super().__init__(d)
        self.max = 2 ** (self.bits - d.is_signed) - 1
        self.min = -self.max - 1 if d.is_signed else 0

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"
