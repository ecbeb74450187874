"""Spectral normalization by a hook: the weight is divided by its largest singular value, estimated by power iteration.

The older of two forms, with `weight_orig`, `weight_u` and `weight_v`; `parametrizations.spectral_norm` is the newer.
"""

from __future__ import annotations

from typing import Any

from minitorch import linalg
from minitorch.autograd.modes import no_grad
from minitorch.nn import functional as F
from minitorch.nn import modules as layers
from minitorch.nn.parameter import Parameter, UninitializedParameter
from minitorch.nn.utils.weight_norm import find_hook

__all__ = [
    "SpectralNorm",
    "SpectralNormLoadStateDictPreHook",
    "SpectralNormStateDictHook",
    "remove_spectral_norm",
    "spectral_norm",
]


def as_matrix(weight: Any, dim: int) -> Any:
    """The weight with `dim` as rows and all else as columns."""
    if dim != 0:
        weight = weight.permute(dim, *(d for d in range(weight.dim()) if d != dim))
    return weight.reshape(weight.shape[0], -1)


def output_dim(module: Any) -> int:
    """The dimension of a layer's weight that counts its outputs: 1 in transposed convolutions, else 0."""
    names = ("ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d")
    transposed = tuple(getattr(layers, name) for name in names if hasattr(layers, name))
    return 1 if isinstance(module, transposed) else 0


class SpectralNorm:
    """The hook that computes module.name = name_orig / sigma, sigma = u^T W v (Miyato et al. 2018).

    In training each call improves u and v first, in place: v = W^T u / |.|, u = W v / |.|. They count as constants in
    the derivative.
    """

    _version = 1

    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.name, self.dim, self.n_power_iterations, self.eps = name, dim, n_power_iterations, eps

    def reshape_weight_to_matrix(self, weight: Any) -> Any:
        return as_matrix(weight, self.dim)

    def compute_weight(self, module: Any, do_power_iteration: bool) -> Any:
        weight, u, v = (getattr(module, self.name + end) for end in ("_orig", "_u", "_v"))
        matrix = as_matrix(weight, self.dim)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(F.normalize(matrix.t().mv(u), dim=0, eps=self.eps))
                    u.copy_(F.normalize(matrix.mv(v), dim=0, eps=self.eps))
                u, v = u.clone(), v.clone()  # the tape keeps these; the next call changes the buffers
        return weight / u.dot(matrix.mv(v))

    def remove(self, module: Any) -> None:
        with no_grad():
            weight = self.compute_weight(module, do_power_iteration=False)
        for end in ("", "_u", "_v", "_orig"):
            delattr(module, self.name + end)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module: Any, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module, do_power_iteration=module.training))

    def _solve_v_and_rescale(self, matrix: Any, u: Any, target_sigma: Any) -> Any:
        """The v with W v in the direction of u and u^T W v = target_sigma: old checkpoints lack it."""
        v = linalg.pinv(matrix.t().mm(matrix)).mm(matrix.t()).mv(u)
        return v * (target_sigma / u.dot(matrix.mv(v)))

    @staticmethod
    def apply(module: Any, name: str, n_power_iterations: int, dim: int, eps: float) -> SpectralNorm:
        if find_hook(module, SpectralNorm, name) is not None:
            raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
        hook = SpectralNorm(name, n_power_iterations, dim, eps)
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
        if isinstance(weight, UninitializedParameter):
            raise ValueError(
                "The module passed to `SpectralNorm` can't have uninitialized parameters. Make sure to run the dummy "
                "forward before applying spectral normalization"
            )
        u, v = starting_vectors(as_matrix(weight, dim), eps)
        delattr(module, name)
        module.register_parameter(name + "_orig", weight)
        setattr(module, name, weight.data)  # hidden parameters are no longer called by that name
        module.register_buffer(name + "_u", u)
        module.register_buffer(name + "_v", v)
        module.register_forward_pre_hook(hook)
        module._register_state_dict_hook(SpectralNormStateDictHook(hook))
        module._register_load_state_dict_pre_hook(SpectralNormLoadStateDictPreHook(hook))
        return hook


@no_grad()
def starting_vectors(matrix: Any, eps: float) -> tuple:
    """Random unit vectors u and v, of as many elements as the matrix has rows and columns."""
    drawn = [matrix.new_empty(n).normal_(0, 1) for n in matrix.shape]
    u, v = (F.normalize(t, dim=0, eps=eps) for t in drawn)
    return u, v


class SpectralNormLoadStateDictPreHook:
    """Computes v for state_dicts of before it was saved (version None: weight_orig, weight and weight_u)."""

    def __init__(self, fn: SpectralNorm) -> None:
        self.fn = fn

    def __call__(
        self, state_dict: Any, prefix: str, local_metadata: Any, strict: bool, missing_keys: list,
        unexpected_keys: list, error_msgs: list,
    ) -> None:  # fmt: skip
        fn, key = self.fn, prefix + self.fn.name
        version = local_metadata.get("spectral_norm", {}).get(fn.name + ".version", None)
        if version is not None and version >= 1:
            return
        complete = all(key + end in state_dict for end in ("_orig", "_u", "_v")) and key not in state_dict
        if version is None and complete:  # the metadata was lost
            return
        missing = [key + end for end in ("_orig", "", "_u") if key + end not in state_dict]
        if missing:
            if strict:
                missing_keys.extend(missing)
            return
        with no_grad():
            original, weight = state_dict[key + "_orig"], state_dict.pop(key)
            sigma = (original / weight).mean()
            matrix = fn.reshape_weight_to_matrix(original)
            state_dict[key + "_v"] = fn._solve_v_and_rescale(matrix, state_dict[key + "_u"], sigma)


class SpectralNormStateDictHook:
    """Writes the version of the format into the state_dict's metadata."""

    def __init__(self, fn: SpectralNorm) -> None:
        self.fn = fn

    def __call__(self, module: Any, state_dict: Any, prefix: str, local_metadata: Any) -> None:
        versions = local_metadata.setdefault("spectral_norm", {})
        key = self.fn.name + ".version"
        if key in versions:
            raise RuntimeError(f"Unexpected key in metadata['spectral_norm']: {key}")
        versions[key] = self.fn._version


def spectral_norm(
    module: Any, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Any:
    """Divide module.name by its largest singular value, seen as a matrix with `dim` as rows.

    The parameter is now called name_orig; buffers name_u and name_v hold the singular vectors found so far.
    `dim` is 1 for transposed convolutions and 0 for other layers unless given.
    """
    SpectralNorm.apply(module, name, n_power_iterations, output_dim(module) if dim is None else dim, eps)
    return module


def remove_spectral_norm(module: Any, name: str = "weight") -> Any:
    """Make module.name an ordinary parameter again, with the value it has now."""
    key = find_hook(module, SpectralNorm, name)
    if key is None:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    hook = module._forward_pre_hooks.pop(key)
    hook.remove(module)
    for hooks in (module._state_dict_hooks, module._load_state_dict_pre_hooks):
        for k, other in list(hooks.items()):
            if getattr(getattr(other, "hook", other), "fn", None) is hook:
                del hooks[k]
    return module
