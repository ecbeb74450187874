"""Three parametrizations for the weights of layers: orthogonal, weight_norm, spectral_norm."""

from __future__ import annotations

from enum import Enum, auto
from typing import Any

from minitorch import linalg
from minitorch.autograd.base import TensorBase
from minitorch.autograd.modes import no_grad
from minitorch.backend.dtypes import finfo
from minitorch.nn import functional as F
from minitorch.nn.modules import Module
from minitorch.nn.utils import parametrize
from minitorch.nn.utils.spectral_norm import as_matrix, output_dim, starting_vectors
from minitorch.nn.utils.weight_norm import norm_except_dim, weight_of
from minitorch.tensor import FUNCTIONS

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]


class _OrthMaps(Enum):
    matrix_exp = auto()
    cayley = auto()
    householder = auto()


def _eye(n: int, like: Any) -> Any:
    return FUNCTIONS["eye"](n, dtype=like.dtype, device=like.device)


def _is_orthogonal(q: Any) -> bool:
    eps = 10.0 * q.shape[-2] * finfo(q.dtype).eps
    eye = _eye(q.shape[-1], q)
    return FUNCTIONS["allclose"](q.mH @ q, eye.expand((q.mH @ q).shape), atol=eps)


def _reflections(a: Any, tau: Any) -> Any:
    """The first k columns of H_1 ... H_k, H_i = 1 - tau_i v_i v_i^T, where v_i is column i of `a` below its 1 at i."""
    n, k = a.shape[-2:]
    vectors = a.tril(-1) + _eye(n, a)[:, :k]
    q = _eye(n, a)[:, :k].expand(a.shape)
    for i in reversed(range(k)):
        v = vectors[..., i : i + 1]
        q = q - tau[..., i : i + 1, None] * (v @ (v.mH @ q))
    return q


def _householder_of(matrix: Any) -> tuple[Any, Any]:
    """(a, tau) of `_reflections`, R on and above a's diagonal: a QR decomposition in LAPACK's form (geqrf)."""
    a = matrix.clone()
    n, k = a.shape[-2:]
    tau = a.new_zeros((*a.shape[:-2], min(n, k)))
    for i in range(min(n, k)):
        x = a[..., i:, i].clone()
        head, tail = x[..., 0], (x[..., 1:] ** 2).sum(-1)
        norm = (head * head + tail).sqrt()
        beta = FUNCTIONS["where"](head >= 0, -norm, norm)
        flat = tail == 0  # nothing to reflect
        beta = FUNCTIONS["where"](flat, head, beta)
        step = FUNCTIONS["where"](flat, head.new_ones(head.shape), head - beta)
        scale = FUNCTIONS["where"](flat, head.new_ones(head.shape), beta)
        tau[..., i] = FUNCTIONS["where"](flat, head.new_zeros(head.shape), (beta - head) / scale)
        v = (x / step[..., None])[..., 1:]
        v = FUNCTIONS["cat"]([head.new_ones((*head.shape, 1)), v], -1)[..., None]
        a[..., i:, i + 1 :] -= tau[..., i, None, None] * (v @ (v.mT @ a[..., i:, i + 1 :]))
        a[..., i, i] = beta
        a[..., i + 1 :, i] = v[..., 1:, 0]
    return a, tau


def _make_orthogonal(a: Any) -> Any:
    """Q of a = Q R with a positive diagonal of R."""
    q, r = linalg.qr(a)
    return q * r.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


class _Orthogonal(Module):
    """Any matrix to one with orthonormal rows or columns (the fewer of them).

    With A = tril(X) - tril(X)^H, skew-Hermitian: exp(A), or Cayley's (1 - A/2)^-1 (1 + A/2); or the product of
    Householder reflections that X's columns stand for. `base` Q (trivialization, Lezcano-Casado 2019) is a factor that
    makes any orthogonal matrix reachable from X = -1 on.
    """

    def __init__(self, weight: Any, orthogonal_map: _OrthMaps, *, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map is _OrthMaps.householder:
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, x: Any) -> Any:
        transposed = x.shape[-2] < x.shape[-1]
        x = x.mT if transposed else x
        q = self._reflected(x) if self.orthogonal_map is _OrthMaps.householder else self._from_skew(x)
        if hasattr(self, "base"):
            q = self.base @ q
        return q.mT if transposed else q

    def _from_skew(self, x: Any) -> Any:
        n, k = x.shape[-2:]
        x = x.tril()
        if n != k:
            x = FUNCTIONS["cat"]([x, x.new_zeros((*x.shape[:-2], n, n - k))], -1)
        a = x - x.mH
        if self.orthogonal_map is _OrthMaps.matrix_exp:
            q = FUNCTIONS["matrix_exp"](a)
        else:
            eye = _eye(n, a)
            q = linalg.solve(eye - a * 0.5, eye + a * 0.5)
        return q[..., :k] if n != k else q

    def _reflected(self, x: Any) -> Any:
        a = x.tril(diagonal=-1)
        q = _reflections(a, 2.0 / (1.0 + (a * a).sum(dim=-2)))
        return q * x.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)  # +-1: which of both signs, as a constant

    @no_grad()
    def right_inverse(self, q: Any) -> Any:
        if q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape {q.shape}."
            )
        given, transposed = q, q.shape[-2] < q.shape[-1]
        q = q.mT if transposed else q
        if not hasattr(self, "base"):
            return self._unreflected(q, transposed)
        n, k = q.shape[-2:]
        if n != k:
            more = FUNCTIONS["randn"]((*q.shape[:-2], n, n - k), dtype=q.dtype, device=q.device)
            self.base = _make_orthogonal(FUNCTIONS["cat"]([q, more], -1))
        else:
            self.base = q.clone() if _is_orthogonal(q) else _make_orthogonal(q)
        start = FUNCTIONS["zeros_like"](given)
        start.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
        return start

    def _unreflected(self, q: Any, transposed: bool) -> Any:
        if self.orthogonal_map is not _OrthMaps.householder:
            raise NotImplementedError(
                "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                "use_trivialization=False."
            )
        a, tau = _householder_of(q)
        diagonal = a.diagonal(dim1=-2, dim2=-1)
        diagonal.sign_()
        diagonal[tau == 0.0] *= -1
        return a.mT if transposed else a


def _tensor_of(module: Any, name: str) -> Any:
    weight = getattr(module, name, None)
    if not isinstance(weight, TensorBase):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight


def orthogonal(
    module: Any, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> Any:
    """Keep the matrix (or batch of matrices) module.name orthogonal, or unitary if complex, while it is trained.

    `orthogonal_map` is "matrix_exp", "cayley" or "householder"; by default the first for square and complex matrices
    and the last for the others.
    """
    weight: Any = _tensor_of(module, name)
    if weight.dim() < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.dim()} dimensions.")
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = "matrix_exp" if square or weight.is_complex() else "householder"
    kind = getattr(_OrthMaps, orthogonal_map, None)
    if kind is None:
        raise ValueError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    function = _Orthogonal(weight, kind, use_trivialization=use_trivialization)
    return parametrize.register_parametrization(module, name, function, unsafe=True)


class _WeightNorm(Module):
    """original0 = g and original1 = v to g v / |v|."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Any, weight_v: Any) -> Any:
        return weight_of(weight_v, weight_g, self.dim)

    def right_inverse(self, weight: Any) -> tuple:
        return norm_except_dim(weight, self.dim), weight


def weight_norm(module: Any, name: str = "weight", dim: int | None = 0) -> Any:
    """Let module.name be g v / |v|: length g and direction v are learned apart (Salimans and Kingma 2016).

    The norm is over all dimensions but `dim`, or over all if it is None. g is original0 and v original1 of the
    parametrization; state_dicts of the older nn.utils.weight_norm (name_g, name_v) can be loaded too.
    """
    parametrize.register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def rename(state_dict: Any, prefix: str, *rest: Any) -> None:
        old = [f"{prefix}{name}_{letter}" for letter in "gv"]
        if all(key in state_dict for key in old):
            for i, key in enumerate(old):
                state_dict[f"{prefix}parametrizations.{name}.original{i}"] = state_dict.pop(key)

    module._register_load_state_dict_pre_hook(rename)
    return module


class _SpectralNorm(Module):
    """W to W / sigma, sigma = u^H W v with u and v from power iteration; a vector to v / |v|."""

    def __init__(self, weight: Any, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        ndim = weight.dim()
        if not -ndim <= dim < ndim:
            raise IndexError(f"Dimension out of range (expected to be in range of [-{ndim}, {ndim - 1}] but got {dim})")
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim, self.eps = dim % ndim, eps
        if ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = as_matrix(weight, self.dim)
            u, v = starting_vectors(matrix, eps)
            self.register_buffer("_u", u)
            self.register_buffer("_v", v)
            self._improve(matrix, 15)

    @no_grad()
    def _improve(self, matrix: Any, steps: int) -> None:
        for _ in range(steps):
            self._u.copy_(F.normalize(matrix.mv(self._v), dim=0, eps=self.eps))
            self._v.copy_(F.normalize(matrix.mH.mv(self._u), dim=0, eps=self.eps))

    def forward(self, weight: Any) -> Any:
        if weight.dim() == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._improve(matrix, self.n_power_iterations)
        u, v = self._u.clone(), self._v.clone()  # the tape keeps these; the next call changes the buffers
        return weight / u.vdot(matrix.mv(v))

    def right_inverse(self, value: Any) -> Any:
        return value  # good enough: the weight is then right up to a factor


def spectral_norm(
    module: Any, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Any:
    """Divide module.name by its largest singular value, seen as a matrix with `dim` as rows (Miyato et al. 2018).

    The singular vectors are improved by `n_power_iterations` steps whenever the weight is read in training.
    """
    weight = _tensor_of(module, name)
    dim = output_dim(module) if dim is None else dim
    return parametrize.register_parametrization(module, name, _SpectralNorm(weight, n_power_iterations, dim, eps))
