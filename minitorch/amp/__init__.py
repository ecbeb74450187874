"""Mixed precision as scripts write it. Names are torch.amp's; `minitorch.amp.cuda` is also `minitorch.cuda.amp`.

`autocast` changes no dtype here: everything is computed in the dtype that it has. `GradScaler` is the real thing.
"""

from minitorch.amp.autocasting import autocast, custom_bwd, custom_fwd, is_autocast_available
from minitorch.amp.grad_scaler import GradScaler

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]
