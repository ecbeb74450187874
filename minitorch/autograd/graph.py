"""Tools on the graph, as torch.autograd.graph: hooks on saved tensors, hooks on several gradients, `Node`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minitorch.autograd.modes import state
from minitorch.autograd.node import Node, RemovableHandle

__all__ = [
    "Node", "disable_saved_tensors_hooks", "increment_version", "register_multi_grad_hook", "save_on_cpu",
    "saved_tensors_hooks",
]  # fmt: skip


class saved_tensors_hooks:
    """Within the block, `pack_hook(tensor)` is kept for each saved tensor, and `unpack_hook` gives it back when needed.

    >>> import minitorch as mt
    >>> with mt.autograd.graph.saved_tensors_hooks(lambda t: t.tolist(), lambda v: mt.tensor(v)):
    ...     y = mt.tensor([3.0], requires_grad=True).exp()
    >>> y.backward()
    """

    def __init__(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        self.pack_hook = pack_hook
        self.unpack_hook = unpack_hook

    def __enter__(self) -> None:
        if state.hooks_disabled is not None:
            raise RuntimeError(state.hooks_disabled)
        state.saved_hooks = (*state.saved_hooks, (self.pack_hook, self.unpack_hook))
        state.refresh()

    def __exit__(self, *exc: object) -> None:
        state.saved_hooks = state.saved_hooks[:-1]
        state.refresh()


class save_on_cpu(saved_tensors_hooks):
    """Within the block, saved tensors wait for the backward in host memory."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        def pack(t: Any) -> Any:
            return t.device, t.cpu() if t.device.type != "cpu" else t.clone()

        def unpack(packed: Any) -> Any:
            device, t = packed
            return t.to(device)

        super().__init__(pack, unpack)


class disable_saved_tensors_hooks:
    """Within the block, entering `saved_tensors_hooks` raises RuntimeError(error_message)."""

    def __init__(self, error_message: str) -> None:
        self.error_message = error_message

    def __enter__(self) -> None:
        self.previous = state.hooks_disabled
        state.hooks_disabled = self.error_message

    def __exit__(self, *exc: object) -> None:
        state.hooks_disabled = self.previous


class _MultiHandle(RemovableHandle):
    def __init__(self, handles: Sequence[RemovableHandle]) -> None:
        self.handles = tuple(handles)

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()


def register_multi_grad_hook(tensors: Sequence[Any], fn: Callable, *, mode: str = "all") -> RemovableHandle:
    """Call `fn` with the gradients of all `tensors` once they are there (mode "all"), or with the first ("any")."""
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    grads: list = [None] * len(tensors)
    seen: list[int] = []

    def hook_for(k: int) -> Callable[[Any], None]:
        def hook(g: Any) -> None:
            seen.append(k)
            if mode == "any":
                if len(seen) == 1:
                    fn(g)
            else:
                grads[k] = g
                if len(seen) == len(tensors):
                    fn(list(grads))
            if len(seen) == len(tensors):
                seen.clear()
                grads[:] = [None] * len(tensors)

        return hook

    return _MultiHandle([t.register_hook(hook_for(k)) for k, t in enumerate(tensors)])


def increment_version(tensor: Any) -> None:
    """Bump the version of a tensor (or several) whose memory was changed by other means."""
    for t in tensor if isinstance(tensor, (tuple, list)) else (tensor,):
        if t._counter is not None:
            t._counter[0] += 1
