"""`minitorch.special`: special functions under torch's names.

>>> import minitorch as mt
>>> mt.special.ndtr(mt.tensor([-1.0, 0.0, 1.0]))
tensor([0.1587, 0.5000, 0.8413])
"""

from __future__ import annotations

from minitorch.tensor import FUNCTIONS as _TENSOR
from minitorch.tensor.special_functions import FUNCTIONS as _MORE

# what other namespaces have under another name, and what they have under the same
_RENAMED = {
    "expit": "sigmoid", "gammainc": "igamma", "gammaincc": "igammac", "gammaln": "lgamma", "multigammaln": "mvlgamma",
    "psi": "digamma",
}  # fmt: skip
_SHARED = (
    "digamma", "erf", "erfc", "erfinv", "exp2", "expm1", "i0", "log1p", "log_softmax", "logit", "logsumexp",
    "polygamma", "round", "sinc", "softmax", "xlogy",
)  # fmt: skip

__all__ = [*sorted({*_RENAMED, *_SHARED, *_MORE})]  # noqa: PLE0604 - names, made above

globals().update(
    {name: _TENSOR[other] for name, other in _RENAMED.items()} | {name: _TENSOR[name] for name in _SHARED} | _MORE
)
