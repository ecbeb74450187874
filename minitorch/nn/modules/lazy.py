"""`LazyModuleMixin`: modules that learn the shapes of their parameters from their first input."""

from __future__ import annotations

import itertools
from typing import Any

from minitorch.nn.parameter import is_lazy

__all__ = ["LazyModuleMixin"]


class LazyModuleMixin:
    """Mixin for a module that holds uninitialized parameters until its first call.

    The lazy class comes before the ordinary one: `class LazyLinear(LazyModuleMixin, Linear)`. It names the ordinary
    class in `cls_to_become`, makes UninitializedParameters in `__init__`, and materializes them in
    `initialize_parameters(self, *inputs)`. A forward pre-hook calls that before the first forward, and then the module
    becomes an ordinary one. Loading a state_dict materializes too, but leaves the class for the first call to change.

    Move and cast the module before the first call. Make the optimizer after it: the parameters are the same objects,
    but an optimizer may refuse those without values. Lazy layers draw their weights at the first call, so a network
    of them starts from other weights than one of ordinary layers under the same seed.
    """

    cls_to_become: type | None = None
    _parameters: dict
    _buffers: dict

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        module: Any = self
        self._load_hook = module._register_load_state_dict_pre_hook(self._lazy_load_hook)
        self._initialize_hook = module.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Materialize and fill the parameters, given the arguments of the first call; subclasses define it."""
        raise NotImplementedError(f"initialize_parameters is not implemented for {type(self).__name__}")

    def has_uninitialized_params(self) -> bool:
        """True if a parameter or buffer of this module still has no shape."""
        return any(map(is_lazy, itertools.chain(self._parameters.values(), self._buffers.values())))

    def _infer_parameters(self, module: Any, args: tuple, kwargs: dict | None = None) -> None:
        """The forward pre-hook: initialize, and become the ordinary class."""
        module.initialize_parameters(*args, **(kwargs or {}))
        if module.has_uninitialized_params():
            raise RuntimeError(f"module {module._get_name()} has not been fully initialized")
        module._initialize_hook.remove()
        module._load_hook.remove()
        del module._initialize_hook, module._load_hook
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become

    def _lazy_load_hook(
        self,
        state_dict: dict,
        prefix: str,
        local_metadata: dict,
        strict: bool,
        missing_keys: list,
        unexpected_keys: list,
        error_msgs: list,
    ) -> None:
        """Before loading: give every member that the state_dict has values for the shape of these."""
        for name, member in itertools.chain(self._parameters.items(), self._buffers.items()):
            value = state_dict.get(prefix + name)
            if is_lazy(member) and value is not None and not is_lazy(value):
                member.materialize(value.shape)

    def _replicate_for_data_parallel(self) -> Any:
        raise RuntimeError(
            "Modules with uninitialized parameters can't be used with `DataParallel`. Run a dummy forward pass to "
            "correctly initialize the modules"
        )
