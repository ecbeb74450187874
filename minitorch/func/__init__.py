"""Functions of functions: derivatives, vmap, modules as functions. Names are torch.func's."""

from minitorch.func.derivatives import grad, grad_and_value, hessian, jacfwd, jacrev, jvp, linearize, vjp
from minitorch.func.modules import functional_call, replace_all_batch_norm_modules_, stack_module_state
from minitorch.func.vmap import vmap

__all__ = [
    "functional_call", "grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize",
    "replace_all_batch_norm_modules_", "stack_module_state", "vjp", "vmap",
]  # fmt: skip
