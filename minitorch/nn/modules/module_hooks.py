"""Hooks around a module's forward and backward: those of one module, and those of all modules.

`call_with_hooks` is what calling a module does when any of them is there.
"""

from __future__ import annotations

import functools
import warnings
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.node import RemovableHandle
from minitorch.nn.modules.module_backward import BackwardHook, warn_if_partial

__all__ = [
    "register_module_backward_hook",
    "register_module_buffer_registration_hook",
    "register_module_forward_hook",
    "register_module_forward_pre_hook",
    "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
    "register_module_module_registration_hook",
    "register_module_parameter_registration_hook",
]

_global_buffer_registration_hooks: dict[int, Callable] = OrderedDict()
_global_module_registration_hooks: dict[int, Callable] = OrderedDict()
_global_parameter_registration_hooks: dict[int, Callable] = OrderedDict()
_global_backward_pre_hooks: dict[int, Callable] = OrderedDict()
_global_backward_hooks: dict[int, Callable] = OrderedDict()
_global_forward_pre_hooks: dict[int, Callable] = OrderedDict()
_global_forward_hooks: dict[int, Callable] = OrderedDict()
_global_forward_hooks_always_called: dict[int, bool] = OrderedDict()
_global_forward_hooks_with_kwargs: dict[int, bool] = OrderedDict()
_global_is_full_backward_hook: bool | None = None  # which kind _global_backward_hooks holds; None: not settled yet

_MIXED = (
    "Cannot use both regular backward hooks and full backward hooks as a global Module hook. Please use only one of "
    "them."
)


def _add(hooks: Any, hook: Callable, prepend: bool = False, **flags: Any) -> RemovableHandle:
    """Keep `hook`; each flag is a pair: the dict of the hooks that have it, and whether this one has."""
    handle = RemovableHandle(hooks, extra_dict=[where for where, _ in flags.values()])
    hooks[handle.id] = hook
    for where, is_set in flags.values():
        if is_set:
            where[handle.id] = True
    if prepend:
        hooks.move_to_end(handle.id, last=False)
    return handle


def register_module_buffer_registration_hook(hook: Callable) -> RemovableHandle:
    """Call `hook(module, name, buffer)` at every register_buffer; what it returns, if not None, is registered."""
    return _add(_global_buffer_registration_hooks, hook)


def register_module_module_registration_hook(hook: Callable) -> RemovableHandle:
    """Call `hook(module, name, submodule)` at every add_module; what it returns, if not None, is registered."""
    return _add(_global_module_registration_hooks, hook)


def register_module_parameter_registration_hook(hook: Callable) -> RemovableHandle:
    """Call `hook(module, name, param)` at every register_parameter; what it returns, if not None, is registered."""
    return _add(_global_parameter_registration_hooks, hook)


def register_module_forward_pre_hook(hook: Callable) -> RemovableHandle:
    """A forward pre-hook of all modules, see Module.register_forward_pre_hook; it comes before the module's own."""
    return _add(_global_forward_pre_hooks, hook)


def register_module_forward_hook(
    hook: Callable, *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """A forward hook of all modules, see Module.register_forward_hook; it comes before the module's own."""
    return _add(
        _global_forward_hooks,
        hook,
        with_kwargs=(_global_forward_hooks_with_kwargs, with_kwargs),
        always_call=(_global_forward_hooks_always_called, always_call),
    )


def register_module_backward_hook(hook: Callable) -> RemovableHandle:
    """A hook on the last node of every module, see Module.register_backward_hook. Prefer the full one."""
    global _global_is_full_backward_hook
    if _global_is_full_backward_hook is True:
        raise RuntimeError(_MIXED)
    _global_is_full_backward_hook = False
    return _add(_global_backward_hooks, hook)


def register_module_full_backward_pre_hook(hook: Callable) -> RemovableHandle:
    """A backward pre-hook of all modules, see Module.register_full_backward_pre_hook."""
    return _add(_global_backward_pre_hooks, hook)


def register_module_full_backward_hook(hook: Callable) -> RemovableHandle:
    """A backward hook of all modules, see Module.register_full_backward_hook."""
    global _global_is_full_backward_hook
    if _global_is_full_backward_hook is False:
        raise RuntimeError(_MIXED)
    _global_is_full_backward_hook = True
    return _add(_global_backward_hooks, hook)


def registered(hooks: dict[int, Callable], module: Any, name: str, value: Any) -> Any:
    """`value`, or what the registration hooks make of it."""
    for hook in hooks.values():
        found = hook(module, name, value)
        value = value if found is None else found
    return value


class WrappedHook:
    """A hook that gets its module as the first argument, if one is given, without keeping it alive."""

    def __init__(self, hook: Callable, module: Any = None) -> None:
        self.hook = hook
        functools.update_wrapper(self, hook)
        self.with_module = module is not None
        if module is not None:
            self.module = weakref.ref(module)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not self.with_module:
            return self.hook(*args, **kwargs)
        module = self.module()
        if module is None:
            raise RuntimeError("You are trying to call the hook of a dead Module!")
        return self.hook(module, *args, **kwargs)

    def __getstate__(self) -> dict:
        state = {"hook": self.hook, "with_module": self.with_module}
        return {**state, "module": self.module()} if self.with_module else state

    def __setstate__(self, state: dict) -> None:
        self.hook, self.with_module = state["hook"], state["with_module"]
        if self.with_module:
            if state["module"] is None:
                raise RuntimeError("You are trying to revive the hook of a dead Module!")
            self.module = weakref.ref(state["module"])


class HooksMixin:
    """The registration of a module's own hooks."""

    _forward_hooks: dict[int, Callable]
    _forward_hooks_with_kwargs: dict[int, bool]
    _forward_hooks_always_called: dict[int, bool]
    _forward_pre_hooks: dict[int, Callable]
    _forward_pre_hooks_with_kwargs: dict[int, bool]
    _backward_hooks: dict[int, Callable]
    _backward_pre_hooks: dict[int, Callable]
    _is_full_backward_hook: bool | None

    def register_forward_pre_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before forward; what it returns, if not None, replaces the arguments.

        With `with_kwargs` it is `hook(module, args, kwargs)`, and returns None or (args, kwargs). `prepend` puts it
        before the hooks that are there already.
        """
        flag = (self._forward_pre_hooks_with_kwargs, with_kwargs)
        return _add(self._forward_pre_hooks, hook, prepend, with_kwargs=flag)

    def register_forward_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after forward; what it returns, if not None, replaces the output.

        With `with_kwargs` it is `hook(module, args, kwargs, output)`; with `always_call` it also runs, with the output
        so far (or None), if forward or an earlier hook raised.

        >>> import minitorch as mt
        >>> layer = mt.nn.Identity()
        >>> handle = layer.register_forward_hook(lambda module, args, output: output * 2)
        >>> layer(mt.ones(2))
        tensor([2., 2.])
        >>> handle.remove()
        """
        return _add(
            self._forward_hooks,
            hook,
            prepend,
            with_kwargs=(self._forward_hooks_with_kwargs, with_kwargs),
            always_call=(self._forward_hooks_always_called, always_call),
        )

    def register_full_backward_pre_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_output)` before the module's backward; a returned tuple replaces grad_output."""
        return _add(self._backward_pre_hooks, hook, prepend)

    def register_full_backward_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` once the gradients of the module's inputs are there.

        Both are tuples, with None for arguments that are no tensors or need no gradient; only positional arguments
        count. A returned tuple replaces grad_input. Inputs and outputs must not be changed in place: they are views.

        >>> import minitorch as mt
        >>> layer = mt.nn.Identity()
        >>> handle = layer.register_full_backward_hook(lambda module, grad_input, grad_output: print(grad_input))
        >>> layer(mt.ones(2, requires_grad=True)).sum().backward()
        (tensor([1., 1.]),)
        """
        self._settle_backward(True)
        return _add(self._backward_hooks, hook, prepend)

    def register_backward_hook(self, hook: Callable) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` with the gradients of the *last node* that forward recorded.

        These are the module's own only if forward is a single operation; register_full_backward_hook is right always.
        """
        self._settle_backward(False)
        return _add(self._backward_hooks, hook)

    def _settle_backward(self, full: bool) -> None:
        if self._is_full_backward_hook is (not full):
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only "
                "one of them."
            )
        self._is_full_backward_hook = full

    def _get_backward_hooks(self) -> tuple[list, list]:
        """(full, legacy) backward hooks, the global ones first."""
        groups = (
            (_global_is_full_backward_hook, _global_backward_hooks),
            (self._is_full_backward_hook, self._backward_hooks),
        )
        full = [hook for is_full, hooks in groups if is_full is True for hook in hooks.values()]
        legacy = [hook for is_full, hooks in groups if is_full is False for hook in hooks.values()]
        return full, legacy

    def _get_backward_pre_hooks(self) -> list:
        return [*_global_backward_pre_hooks.values(), *self._backward_pre_hooks.values()]


class _Call:
    """One call of a module that has hooks: the arguments and the result as they stand."""

    def __init__(self, module: Any, args: tuple, kwargs: dict) -> None:
        self.module, self.args, self.kwargs = module, args, kwargs
        self.result: Any = None
        self.called: set[int] = set()

    def run(self) -> Any:
        module = self.module
        full, legacy = module._get_backward_hooks()
        backward_pre = module._get_backward_pre_hooks()
        self.forward_pre_hooks()
        boundary = BackwardHook(module, full, backward_pre) if full or backward_pre else None
        if boundary is not None:
            self.args = boundary.setup_input_hook(self.args)
        self.result = module.forward(*self.args, **self.kwargs)
        self.forward_hooks()
        if boundary is not None:
            if not isinstance(self.result, (TensorBase, tuple)):
                warnings.warn(
                    "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but "
                    f"received {type(self.result)}",
                    stacklevel=4,
                )
            self.result = boundary.setup_output_hook(self.result)
        if legacy:
            self.hang_legacy(legacy)
        return self.result

    def forward_pre_hooks(self) -> None:
        module = self.module
        for key, hook in (*_global_forward_pre_hooks.items(), *module._forward_pre_hooks.items()):
            if key in module._forward_pre_hooks_with_kwargs:
                found = hook(module, self.args, self.kwargs)
                if found is None:
                    continue
                if not (isinstance(found, tuple) and len(found) == 2):
                    raise RuntimeError(
                        f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {found}."
                    )
                self.args, self.kwargs = found
            else:
                found = hook(module, self.args)
                if found is not None:
                    self.args = found if isinstance(found, tuple) else (found,)

    def forward_hooks(self) -> None:
        for key, hook, _ in self.all_forward_hooks():
            self.called.add(key)
            self.call(key, hook)

    def all_forward_hooks(self) -> list[tuple[int, Callable, str]]:
        own = ((key, hook, "module") for key, hook in self.module._forward_hooks.items())
        return [*((key, hook, "global module") for key, hook in _global_forward_hooks.items()), *own]

    def call(self, key: int, hook: Callable) -> None:
        module = self.module
        if key in module._forward_hooks_with_kwargs or key in _global_forward_hooks_with_kwargs:
            found = hook(module, self.args, self.kwargs, self.result)
        else:
            found = hook(module, self.args, self.result)
        if found is not None:
            self.result = found

    def always_called(self) -> None:
        """After an error: the hooks that want to be called all the same and were not yet."""
        for key, hook, kind in self.all_forward_hooks():
            always = key in self.module._forward_hooks_always_called or key in _global_forward_hooks_always_called
            if not always or key in self.called:
                continue
            try:
                self.call(key, hook)
            except Exception as error:  # noqa: BLE001 - the error of forward is the one to show
                warnings.warn(
                    f"{kind} forward hook with ``always_call=True`` raised an exception that was silenced as another "
                    f"error was raised in forward: {error}",
                    stacklevel=4,
                )

    def hang_legacy(self, hooks: list) -> None:
        """Put legacy backward hooks on the node of the first tensor in the result."""
        first = self.result
        while not isinstance(first, TensorBase):
            if isinstance(first, dict):
                first = next(v for v in first.values() if isinstance(v, TensorBase))
            else:
                first = first[0]
        node = first.grad_fn  # type: ignore[attr-defined]
        if node is not None:
            for hook in hooks:
                node.register_hook(WrappedHook(hook, self.module))
            warn_if_partial(self.args, self.result, node)


def call_with_hooks(module: Any, args: tuple, kwargs: dict) -> Any:
    """Run forward with all hooks around it."""
    call = _Call(module, args, kwargs)
    try:
        return call.run()
    except Exception:
        call.always_called()
        raise
