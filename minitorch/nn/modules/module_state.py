"""The state of a module as a dictionary of tensors, and back: state_dict, load_state_dict and their hooks."""

from __future__ import annotations

import itertools
import warnings
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from minitorch.autograd.base import TensorBase
from minitorch.autograd.modes import no_grad
from minitorch.autograd.node import RemovableHandle
from minitorch.nn.modules.module_hooks import WrappedHook
from minitorch.nn.parameter import Parameter, is_lazy

_EXTRA_STATE_KEY_SUFFIX = "_extra_state"


class _IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """What load_state_dict reports."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


class StateMixin:
    """Saving and loading.

    `_version` is stored with the state; a module whose keys changed over time raises it, overrides
    `_load_from_state_dict`, and finds the stored number in `local_metadata`.
    """

    dump_patches: bool = False
    _version: int = 1
    T_destination = TypeVar("T_destination", bound=dict[str, Any])
    _parameters: dict[str, Any]
    _buffers: dict[str, Any]
    _modules: dict[str, Any]
    _non_persistent_buffers_set: set[str]
    _state_dict_hooks: dict[int, Callable]
    _state_dict_pre_hooks: dict[int, Callable]
    _load_state_dict_pre_hooks: dict[int, Callable]
    _load_state_dict_post_hooks: dict[int, Callable]

    # -- saving --------------------------------------------------------------------------------------------------------

    def state_dict(self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """All parameters and persistent buffers by dotted name, detached (unless keep_vars), sharing memory.

        >>> from minitorch import nn
        >>> list(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1, bias=False)).state_dict())
        ['0.weight', '0.bias', '2.weight']
        """
        if args:
            warnings.warn("Positional args are being deprecated, use kwargs instead.", FutureWarning, stacklevel=2)
            destination = args[0] if destination is None else destination
            prefix = args[1] if len(args) > 1 and prefix == "" else prefix
            keep_vars = args[2] if len(args) > 2 and keep_vars is False else keep_vars
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()  # type: ignore[attr-defined]
        local_metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in self._state_dict_hooks.values():
            found = hook(self, destination, prefix, local_metadata)
            if found is not None:
                if getattr(hook, "_from_public_api", False):
                    raise RuntimeError("state_dict post-hook must return None")
                destination = found
        return destination

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """Save this module's own parameters and buffers, and the extra state if the class has one."""
        for name, t in itertools.chain(self._parameters.items(), self._persistent_buffers()):
            if t is not None:
                destination[prefix + name] = t if keep_vars or is_lazy(t) else t.detach()
        if type(self).get_extra_state is not StateMixin.get_extra_state:
            destination[prefix + _EXTRA_STATE_KEY_SUFFIX] = self.get_extra_state()

    def _persistent_buffers(self) -> list[tuple[str, Any]]:
        return [(name, b) for name, b in self._buffers.items() if name not in self._non_persistent_buffers_set]

    def get_extra_state(self) -> Any:
        """Override together with set_extra_state to save more than tensors in state_dict; give what to save."""
        raise RuntimeError("get_extra_state() is called only where a class overrides it")

    def set_extra_state(self, state: Any) -> None:
        """Override together with get_extra_state: take back what that gave."""
        raise RuntimeError("set_extra_state() is called only where a class overrides it")

    # -- loading -------------------------------------------------------------------------------------------------------

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """Copy parameters and buffers from a state_dict; with `strict`, the names must match exactly.

        With `assign` the tensors of state_dict take the place of the module's own, with their dtype and device; make
        the optimizer after that. Returns (missing_keys, unexpected_keys); raises RuntimeError with all that went wrong.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        metadata = getattr(state_dict, "_metadata", None)
        state: Any = OrderedDict(state_dict)
        if metadata is not None:
            state._metadata = metadata
        missing: list[str] = []
        unexpected: list[str] = []
        errors: list[str] = []
        _load(self, state, "", metadata, assign, missing, unexpected, errors)
        if strict:
            for kind, keys in (("Unexpected", unexpected), ("Missing", missing)):
                if keys:
                    names = ", ".join(f'"{k}"' for k in keys)
                    errors.insert(0, f"{kind} key(s) in state_dict: {names}. ")
        if errors:
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t" + "\n\t".join(errors))
        return _IncompatibleKeys(missing, unexpected)

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: dict,
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Load this module's own members from the keys that begin with `prefix`; what is wrong goes to the lists."""
        for hook in self._load_state_dict_pre_hooks.values():
            hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        own = {k: t for k, t in (*self._parameters.items(), *self._persistent_buffers()) if t is not None}
        for name, t in own.items():
            key = prefix + name
            if key in state_dict:
                assign = local_metadata.get("assign_to_params_buffers", False)
                self._load_member(name, t, key, state_dict[key], assign, error_msgs)
            elif strict:
                missing_keys.append(key)
        extra = prefix + _EXTRA_STATE_KEY_SUFFIX
        if type(self).set_extra_state is not StateMixin.set_extra_state:
            if extra in state_dict:
                self.set_extra_state(state_dict[extra])
            elif strict:
                missing_keys.append(extra)
        elif strict and extra in state_dict:
            unexpected_keys.append(extra)
        if strict:
            for key in state_dict:
                if key.startswith(prefix) and key != extra:
                    first, dot, _ = key[len(prefix) :].partition(".")
                    if first not in (self._modules if dot else own):
                        unexpected_keys.append(key)

    def _load_member(self, name: str, t: Any, key: str, value: Any, assign: bool, errors: list[str]) -> None:
        """Copy or assign one tensor."""
        if not isinstance(value, TensorBase):
            errors.append(
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object from '
                f"checkpoint but received {type(value)}"
            )
            return
        if not is_lazy(t):
            if t.ndim == 0 and tuple(value.shape) == (1,):  # type: ignore[attr-defined]
                value = value[0]  # type: ignore[index]  # scalars were saved like this once
            if value.shape != t.shape:  # type: ignore[attr-defined]
                errors.append(
                    f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, "  # type: ignore[attr-defined]
                    f"the shape in current model is {t.shape}."
                )
                return
        try:
            with no_grad():
                if assign:
                    setattr(self, name, _as_member(value, t))
                else:
                    t.copy_(value)
        except Exception as error:  # noqa: BLE001 - all errors are reported together
            errors.append(
                f'While copying the parameter named "{key}", whose dimensions in the model are {t.size()} and whose '
                f"dimensions in the checkpoint are {value.size()}, an exception occurred : {error.args}."  # type: ignore[attr-defined]
            )

    # -- hooks ---------------------------------------------------------------------------------------------------------

    def register_state_dict_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Call `hook(module, prefix, keep_vars)` before this module's state is saved."""
        return RemovableHandle.add(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook: Any) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata)` after this module and those below were saved; it may
        change state_dict in place, and returns None."""
        hook._from_public_api = True
        return RemovableHandle.add(self._state_dict_hooks, hook)

    def _register_state_dict_hook(self, hook: Callable) -> RemovableHandle:
        """As register_state_dict_post_hook, but what a hook of the root returns replaces the state_dict."""
        if getattr(hook, "_from_public_api", False):
            raise RuntimeError(
                "Cannot register the same function as the state dict post hook that was previously registered via "
                "register_state_dict_post_hook"
            )
        return RemovableHandle.add(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook: Callable) -> RemovableHandle:
        """Call `hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)`
        before this module is loaded; it may change all of these in place."""
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(self, hook: Callable, with_module: bool = False) -> RemovableHandle:
        return RemovableHandle.add(self._load_state_dict_pre_hooks, WrappedHook(hook, self if with_module else None))

    def register_load_state_dict_post_hook(self, hook: Callable) -> RemovableHandle:
        """Call `hook(module, incompatible_keys)` after this module and those below were loaded; it may change
        incompatible_keys.missing_keys and .unexpected_keys in place, and so decide whether loading is an error."""
        return RemovableHandle.add(self._load_state_dict_post_hooks, hook)


def _load(
    module: Any,
    state: Any,
    prefix: str,
    metadata: Any,
    assign: bool,
    missing: list,
    unexpected: list,
    errors: list,
) -> None:
    """Load a module and those below it, each from the part of the state under its prefix."""
    local_metadata = {} if metadata is None else metadata.get(prefix[:-1], {})
    if assign:
        local_metadata["assign_to_params_buffers"] = assign
    module._load_from_state_dict(state, prefix, local_metadata, True, missing, unexpected, errors)
    for name, child in module._modules.items():
        if child is not None:
            below = f"{prefix}{name}."
            part = {k: v for k, v in state.items() if k.startswith(below)}
            _load(child, part, below, metadata, assign, missing, unexpected, errors)
    for hook in module._load_state_dict_post_hooks.values():
        if hook(module, _IncompatibleKeys(missing, unexpected)) is not None:
            raise AssertionError(
                "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new values, "
                "if incompatible_keys need to be modified, it should be done inplace."
            )


def _as_member(value: Any, old: Any) -> Any:
    """What is assigned in the place of `old`: a Parameter for a Parameter, with the requires_grad of the old one."""
    if not isinstance(old, Parameter):
        return value
    if isinstance(value, Parameter):
        return value.requires_grad_(old.requires_grad)
    return Parameter(value, requires_grad=old.requires_grad)
