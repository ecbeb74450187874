"""`TensorBase`: what the tape must know of a tensor, and no more.

An array, whether it requires grad, the edge to the node that made it, its gradient, its version counter, and the base
it is a view of. `Tensor` (in minitorch/tensor) is this plus methods. Results of ops are made by `wrap`, which builds
the class that `set_tensor_class` named, so that this layer need not import it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.autograd import modes
from minitorch.autograd.modes import state

# How a view came to be decides whether it may be changed in place (torch's CreationMeta).
VIEW, MULTI_OUTPUT_VIEW, NO_GRAD_VIEW, INFERENCE_VIEW, CUSTOM_VIEW = 0, 1, 2, 3, 4

# Where a gradient goes: an edge of the tape is a leaf tensor, a node, or a slot of a node with several outputs.
LEAF, NODE, SLOT = "leaf", "node", "slot"


class TensorBase:
    """Storage and autograd state of a tensor.

    _array          the values; a view's array shares memory with its base's
    _counter        [n]: how often the memory was changed in place; one list shared by all views (None: inference)
    _requires_grad  True for leaves that were asked to, and for results of recorded operations
    _edge           the Node (or Slot of a node with several outputs) that made this tensor; None for leaves
    _grad           accumulated gradient of a leaf (or after retain_grad)
    _base           the tensor this one is a view of, always the root; None if it owns its memory
    _hooks          leaf hooks, or None
    _view_version, _view_kind   set on views only: the version at which _edge was right, and one of the kinds above
    """

    __slots__ = (
        "_array", "_counter", "_requires_grad", "_edge", "_grad", "_base", "_hooks", "_view_version", "_view_kind",
    )  # fmt: skip

    edge_kind = LEAF
    _array: Any
    _counter: Any
    _requires_grad: bool
    _edge: Any
    _grad: Any
    _base: Any
    _hooks: Any
    _view_version: int
    _view_kind: int

    if TYPE_CHECKING:  # the layers above call methods that the mixins add

        def __getattr__(self, name: str) -> Any: ...


_new: Any = object.__new__
result_class: type = TensorBase


def set_tensor_class(cls: type) -> None:
    """Name the class of all results; called once, by minitorch.tensor."""
    global result_class
    result_class = cls


def tensor_class() -> type:
    return result_class


def wrap(array: Any) -> Any:
    """A new leaf tensor over `array` (no copy) that does not require grad."""
    t = _new(result_class)
    t._array = array
    t._counter = None if modes.special_threads and state.inference else [0]
    t._requires_grad = False
    t._edge = t._grad = t._base = t._hooks = None
    return t


def wrap_view(array: Any, source: TensorBase, kind: int = VIEW) -> Any:
    """A tensor over `array`, which shares memory with `source`: same version counter, same base."""
    t = _new(result_class)
    t._array = array
    t._counter = version = source._counter
    t._requires_grad = False
    t._edge = t._grad = t._hooks = None
    if version is None and not state.inference:
        # a view of an inference tensor, taken outside: normal tensors' rules can't hold for it
        kind = INFERENCE_VIEW
    t._base = source._base if source._base is not None else source
    t._view_version = 0 if version is None else version[0]
    if not state.grad and kind in (VIEW, MULTI_OUTPUT_VIEW):
        kind = INFERENCE_VIEW if state.inference else NO_GRAD_VIEW
    if kind == VIEW and source._base is not None:
        kind = source._view_kind  # what must not be changed in place may not be through a view of it either
    t._view_kind = kind
    return t
