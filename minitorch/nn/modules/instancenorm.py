"""Instance normalization as layers: batch normalization of each element of the batch by itself."""

from __future__ import annotations

import warnings
from typing import Any

from minitorch.nn import functional as F
from minitorch.nn.modules.batchnorm import _LazyNormBase, _NormBase

__all__ = [
    "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "LazyInstanceNorm1d", "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
]  # fmt: skip


class _InstanceNorm(_NormBase):
    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = False,
        track_running_stats: bool = False, device: Any = None, dtype: Any = None, *, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def _normalize(self, input: Any) -> Any:
        return F.instance_norm(
            input, self.running_mean, self.running_var, self.weight, self.bias,
            self.training or not self.track_running_stats, 0.0 if self.momentum is None else self.momentum, self.eps,
        )  # fmt: skip

    def forward(self, input: Any) -> Any:
        self._check_input_dim(input)
        batched = input.dim() == max(self.dims)
        dim = 1 if batched else 0
        if input.size(dim) != self.num_features:
            if self.affine:
                raise ValueError(
                    f"expected input's size at dim={dim} to match num_features ({self.num_features}), but got: "
                    f"{input.size(dim)}."
                )
            warnings.warn(
                f"input's size at dim={dim} does not match num_features. You can silence this warning by not passing "
                "in num_features, which is not used because affine=False",
                stacklevel=2,
            )
        return self._normalize(input) if batched else self._normalize(input.unsqueeze(0)).squeeze(0)


class InstanceNorm1d(_InstanceNorm):
    """(x - mean) / sqrt(var + eps) weight + bias for each channel of each element (Ulyanov et al. 2016).

    By default there are no weight and bias, and the input's statistics are used in evaluation too; with
    track_running_stats evaluation uses the running ones.
    Shape: input (N, C, L) or (C, L).

    >>> from minitorch import nn, tensor
    >>> nn.InstanceNorm1d(1)(tensor([[1.0, 3.0]]))
    tensor([[-1.0000,  1.0000]])
    """

    dims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Instance normalization of (N, C, H, W) or (C, H, W): see `InstanceNorm1d`."""

    dims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Instance normalization of (N, C, D, H, W) or (C, D, H, W): see `InstanceNorm1d`."""

    dims = (4, 5)


class LazyInstanceNorm1d(_LazyNormBase, InstanceNorm1d):
    """An InstanceNorm1d that takes num_features from its first input, a batch; by default affine and tracking."""

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNormBase, InstanceNorm2d):
    """An InstanceNorm2d that takes num_features from its first input, a batch; by default affine and tracking."""

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNormBase, InstanceNorm3d):
    """An InstanceNorm3d that takes num_features from its first input, a batch; by default affine and tracking."""

    cls_to_become = InstanceNorm3d
