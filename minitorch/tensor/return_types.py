"""The named tuples that ops with several results return, printed as torch's `torch.return_types.max(values=...`."""

from __future__ import annotations

from operator import itemgetter
from typing import Any


class Named(tuple):
    """A tuple whose fields have names: `collections.namedtuple`, which compiles a text for each class, written once."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()

    def __new__(cls, *values: Any, **named: Any) -> Any:
        if named:
            values += tuple([named.pop(f) for f in cls._fields[len(values) :] if f in named])
        if len(values) != len(cls._fields) or named:
            raise TypeError(f"{cls.__name__}() takes {', '.join(cls._fields)}, got {len(values)} of them")
        return tuple.__new__(cls, values)

    def __getnewargs__(self) -> tuple:
        return tuple(self)

    def __repr__(self) -> str:
        items = ",\n".join(f"{f}={v!r}" for f, v in zip(self._fields, self, strict=True))
        return f"torch.return_types.{type(self).__name__}(\n{items})"

    @classmethod
    def _make(cls, values: Any) -> Any:
        return cls(*values)

    def _asdict(self) -> dict[str, Any]:
        return dict(zip(self._fields, self, strict=True))

    def _replace(self, **changes: Any) -> Any:
        return type(self)(**{**self._asdict(), **changes})


def named(name: str, fields: tuple[str, ...]) -> type:
    """A tuple class with named fields and torch's repr; `cls(*values)` makes one."""
    places = {field: property(itemgetter(i)) for i, field in enumerate(fields)}
    what = {"__slots__": (), "__module__": __name__, "_fields": fields, "__match_args__": fields}
    return type(name, (Named,), what | places)


_VALUES_INDICES = ("values", "indices")
max = named("max", _VALUES_INDICES)
min = named("min", _VALUES_INDICES)
aminmax = named("aminmax", ("min", "max"))
median = named("median", _VALUES_INDICES)
nanmedian = named("nanmedian", _VALUES_INDICES)
mode = named("mode", _VALUES_INDICES)
kthvalue = named("kthvalue", _VALUES_INDICES)
sort = named("sort", _VALUES_INDICES)
topk = named("topk", _VALUES_INDICES)
cummax = named("cummax", _VALUES_INDICES)
cummin = named("cummin", _VALUES_INDICES)
svd = named("svd", ("U", "S", "V"))
qr = named("qr", ("Q", "R"))
slogdet = named("slogdet", ("sign", "logabsdet"))
histogramdd = named("histogramdd", ("hist", "bin_edges"))
lu_unpack = named("lu_unpack", ("P", "L", "U"))
histogram = named("histogram", ("hist", "bin_edges"))
linalg_svd = named("linalg_svd", ("U", "S", "Vh"))
linalg_qr = named("linalg_qr", ("Q", "R"))
linalg_eigh = named("linalg_eigh", ("eigenvalues", "eigenvectors"))
linalg_eig = named("linalg_eig", ("eigenvalues", "eigenvectors"))
linalg_slogdet = named("linalg_slogdet", ("sign", "logabsdet"))
linalg_lstsq = named("linalg_lstsq", ("solution", "residuals", "rank", "singular_values"))
linalg_lu = named("linalg_lu", ("P", "L", "U"))
linalg_lu_factor = named("linalg_lu_factor", ("LU", "pivots"))
linalg_lu_factor_ex = named("linalg_lu_factor_ex", ("LU", "pivots", "info"))
linalg_inv_ex = named("linalg_inv_ex", ("inverse", "info"))
linalg_cholesky_ex = named("linalg_cholesky_ex", ("L", "info"))
linalg_solve_ex = named("linalg_solve_ex", ("result", "info"))
geqrf = named("geqrf", ("a", "tau"))
triangular_solve = named("triangular_solve", ("solution", "cloned_coefficient"))
linalg_ldl_factor = named("linalg_ldl_factor", ("LD", "pivots"))
linalg_ldl_factor_ex = named("linalg_ldl_factor_ex", ("LD", "pivots", "info"))
