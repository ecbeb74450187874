"""Modules on several devices, as scripts write them: here they compute on one. Names are torch.nn.parallel's."""

from minitorch.absent import absent_function
from minitorch.nn.parallel.data_parallel import DataParallel, data_parallel
from minitorch.nn.parallel.distributed import DistributedDataParallel

_ONE = "a module computes on one device; call it as it is."
replicate = absent_function("nn.parallel.replicate", _ONE)
scatter = absent_function("nn.parallel.scatter", _ONE)
parallel_apply = absent_function("nn.parallel.parallel_apply", _ONE)
gather = absent_function("nn.parallel.gather", _ONE)

__all__ = [
    "DataParallel", "DistributedDataParallel", "data_parallel", "gather", "parallel_apply", "replicate", "scatter",
]  # fmt: skip
