"""What every tensor has before any op: shape, dtype, device, its place in the graph, ways in and out.

The ops come as mixins, one per family, in the files beside this one.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd import api
from minitorch.autograd.base import TensorBase, wrap
from minitorch.autograd.modes import state
from minitorch.autograd.node import LeafHooks, RemovableHandle, Slot, edge_of
from minitorch.backend import device, device_of, dtypes
from minitorch.backend.later import PENDING, read, settle
from minitorch.errors import type_error
from minitorch.tensor import copies, printing
from minitorch.tensor.size import Size

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


_size = tuple.__new__  # Size(...) without its checks


class CoreMixin(TensorBase):
    """Attributes and methods that are not operations."""

    __slots__ = ()
    __array_priority__ = 1000  # NumPy's operators hand over to ours

    # -- what it is ----------------------------------------------------------------------------------------------

    @property
    def shape(self) -> Size:
        """The lengths of the dimensions."""
        return _size(Size, self._array.shape)

    def size(self, dim: int | None = None) -> Any:
        """The shape, or the length of one dimension."""
        if dim is None:
            return _size(Size, self._array.shape)
        if not hasattr(dim, "__index__"):
            raise TypeError(f"size(): argument 'dim' must be int, not {type(dim).__name__}")
        dim, from_end = dim.__index__(), self._array.ndim
        if not isinstance(dim, int) or not -max(from_end, 1) <= dim < max(from_end, 1) or from_end == 0:
            raise IndexError(
                f"Dimension out of range (expected to be in range of [{-max(from_end, 1)}, {max(from_end, 1) - 1}], "
                f"but got {dim})"
                if from_end
                else "Dimension specified as 0 but tensor has no dimensions"
            )
        return self._array.shape[dim]

    @property
    def dtype(self) -> dtypes.dtype:
        return dtypes.from_numpy(self._array.dtype)

    @property
    def device(self) -> device:
        return device_of(self._array)

    @property
    def ndim(self) -> int:
        return self._array.ndim

    def dim(self) -> int:
        """The number of dimensions."""
        return self._array.ndim

    ndimension = dim

    def numel(self) -> int:
        """The number of elements."""
        return self._array.size

    nelement = numel

    @property
    def itemsize(self) -> int:
        return self._array.dtype.itemsize

    def element_size(self) -> int:
        """Bytes per element."""
        return self._array.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self._array.size * self._array.dtype.itemsize

    def is_floating_point(self) -> bool:
        return self.dtype.is_floating_point

    def is_complex(self) -> bool:
        return self._array.dtype.kind == "c"

    def is_signed(self) -> bool:
        return self.dtype.is_signed

    @property
    def is_cuda(self) -> bool:
        return self.device.type == "cuda"

    @property
    def is_cpu(self) -> bool:
        return self.device.type == "cpu"

    is_mps = is_meta = is_quantized = is_mkldnn = is_nested = is_sparse_csr = False  # kinds that torch also has
    is_sparse = False  # but for those of tensor/coo.py

    def is_shared(self) -> bool:
        """True if other processes see the memory; ours is private, but for the loader's batches."""
        return False

    def is_same_size(self, other: Tensor) -> bool:
        """True if both tensors have the same shape."""
        return tuple(self._array.shape) == tuple(other._array.shape)

    def get_device(self) -> int:
        """The CUDA device's number; -1 on the CPU."""
        index = self.device.index
        return -1 if index is None else index

    # -- its place in the graph ----------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """True if gradients are to be computed with respect to this tensor."""
        # a view made without recording has no history, but counts as requiring grad with its base
        return self._requires_grad or (self._base is not None and self._base.requires_grad)

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if not isinstance(value, bool):
            raise RuntimeError(f"requires_grad must be a bool, not {type(value).__name__}")
        if self._edge is not None:
            if not value:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables. If you want to use a computed variable "
                    "in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
                )
            return
        if value and self._array.dtype.kind not in "fcV":
            raise RuntimeError(
                f"only Tensors of floating point and complex dtype can require gradients, not {self.dtype!r}\n"
                "    hint  .float() makes a floating-point copy"
            )
        if value and self._counter is None and not state.inference:
            raise RuntimeError("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.")
        self._requires_grad = bool(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set requires_grad in place."""
        if not isinstance(requires_grad, bool):
            raise type_error("requires_grad_", "requires_grad", 1, "bool", requires_grad)
        self.requires_grad = requires_grad
        return self  # type: ignore[return-value]

    @property
    def is_leaf(self) -> bool:
        """True if no recorded operation made this tensor."""
        if self._base is not None:
            edge_of(self)
        return self._edge is None

    @property
    def grad_fn(self) -> Any:
        """The node that made this tensor; None for leaves."""
        if self._base is not None:
            edge_of(self)
        edge = self._edge
        return edge.node if isinstance(edge, Slot) else edge

    @property
    def output_nr(self) -> int:
        return self._edge.index if isinstance(self._edge, Slot) else 0

    @property
    def grad(self) -> Any:
        """The accumulated gradient, or None."""
        if self._grad is None and self._edge is not None and not self.retains_grad:
            import warnings

            warnings.warn(
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute "
                "won't be populated during autograd.backward(). If you indeed want the .grad field to be populated for "
                "a non-leaf Tensor, use .retain_grad() on the non-leaf Tensor.",
                stacklevel=2,
            )
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            if not isinstance(value, TensorBase):
                raise TypeError(
                    f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}"
                )
            if value is self:
                raise RuntimeError("can't assign Variable as its own grad")
            if value._array.shape != self._array.shape:
                raise RuntimeError(
                    f"assigned grad has data of a different size: {list(value._array.shape)} for a tensor of "
                    f"{list(self._array.shape)}"
                )
            if value._array.dtype != self._array.dtype:
                raise RuntimeError(
                    f"assigned grad has data of a different type: {dtypes.from_numpy(value._array.dtype)!r} for a "
                    f"tensor of {self.dtype!r}"
                )
            if device_of(value._array) != device_of(self._array):
                raise RuntimeError("assigned grad has data located on a different device")
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    def retain_grad(self) -> None:
        """Fill .grad of this non-leaf tensor too, in the backward passes to come."""
        if not self.requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        edge = self._edge
        if edge is not None:
            node, index = (edge.node, edge.index) if isinstance(edge, Slot) else (edge, 0)
            node.get_hooks().retain[index] = weakref.ref(self)

    @property
    def retains_grad(self) -> bool:
        edge = self._edge
        if edge is None:
            return False
        node, index = (edge.node, edge.index) if isinstance(edge, Slot) else (edge, 0)
        ref = node.hooks.retain.get(index) if node.hooks is not None else None
        return ref is not None and ref() is self

    @property
    def _version(self) -> int:
        """How often the memory was changed in place."""
        if self._counter is None:
            raise RuntimeError("Inference tensors do not track version counter.")
        return self._counter[0]

    @property
    def data(self) -> Tensor:
        """The values without history: shares memory, not the version counter."""
        return wrap(self._array)

    @data.setter
    def data(self, value: Any) -> None:
        if not isinstance(value, TensorBase):
            raise TypeError(f"Variable data has to be a tensor, but got {type(value).__name__}")
        if (self._requires_grad and self._edge is None) and value._array.dtype.kind not in "fcV":
            raise RuntimeError("data set to a tensor that requires gradients must be floating point or complex dtype")
        self._array = value._array

    def detach(self) -> Tensor:
        """The values without history; shares memory and version counter."""
        t = wrap(self._array)
        t._counter = self._counter
        return t

    def detach_(self) -> Tensor:
        """Cut this tensor from its history, in place."""
        if self._base is not None:
            raise RuntimeError(
                "Can't detach views in-place; use detach() instead. If you are using DistributedDataParallel (DDP) for "
                "training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets."
            )
        self._edge = None
        self._requires_grad = False
        return self  # type: ignore[return-value]

    def is_inference(self) -> bool:
        """True if the tensor was made in inference mode."""
        return self._counter is None

    def _is_view(self) -> bool:
        return self._base is not None

    # -- running backward and hooks -------------------------------------------------------------------------------

    def backward(
        self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
    ) -> None:
        """Accumulate d(self)/d(leaf) into the leaves' .grad.

        `gradient` weighs the elements of self; it may be left out for a scalar.

        >>> import minitorch as mt
        >>> x = mt.tensor([1.0, 2.0], requires_grad=True)
        >>> (x * x).sum().backward()
        >>> x.grad
        tensor([2., 4.])
        """
        api.backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    def register_hook(self, hook: Callable) -> RemovableHandle:
        """Call `hook(grad)` when this tensor's gradient is known; what it returns, if not None, replaces it."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        edge = self._edge
        if edge is None:
            return RemovableHandle.add(LeafHooks.of(self).pre, hook)
        node, index = (edge.node, edge.index) if isinstance(edge, Slot) else (edge, 0)
        return RemovableHandle.add(node.get_hooks().tensor_pre, (index, hook))

    def register_post_accumulate_grad_hook(self, hook: Callable) -> RemovableHandle:
        """Call `hook(tensor)` after a gradient was accumulated into this leaf."""
        if not self.requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if self._edge is not None:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        return RemovableHandle.add(LeafHooks.of(self).post, hook)

    # -- ways out --------------------------------------------------------------------------------------------------

    def item(self) -> Any:
        """The value of a tensor with one element, as a Python number."""
        array = self._array
        if array.size != 1:
            raise RuntimeError(f"a Tensor with {array.size} elements cannot be converted to Scalar")
        if PENDING:
            settle()
        value = array.item()
        return float(value) if array.dtype.kind == "V" else value

    def tolist(self) -> Any:
        """Nested lists of Python numbers; a number for a 0-d tensor."""
        array = read(self._array)
        return (array.astype("float32") if array.dtype.kind == "V" else array).tolist()

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The NumPy array, sharing memory; with force=True, detached and copied to the host as needed.

        RuntimeError for a tensor that requires grad while operations are recorded: what NumPy does would be lost.
        """
        if self._array.dtype.kind == "V":
            raise TypeError("Got unsupported ScalarType BFloat16\n    hint  NumPy has none; .float().numpy()")
        if force:
            return read(self._array)
        if self.requires_grad and state.grad:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        if not isinstance(self._array, np.ndarray):
            raise TypeError(
                f"can't convert {self.device} device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host "
                "memory first."
            )
        return self._array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = self.numpy()
        if dtype is not None and array.dtype != dtype:
            if copy is False:
                raise ValueError(f"__array__: {self.dtype!r} as {np.dtype(dtype)} needs a copy, but copy=False")
            return array.astype(dtype)
        return array.copy() if copy else array

    def __array_wrap__(self, array: np.ndarray, context: Any = None, return_scalar: bool = False) -> Tensor:
        """What NumPy's functions make of a tensor is a tensor again."""
        return wrap(np.asarray(array))

    def __reversed__(self) -> Tensor:
        """Flipped along the first dimension."""
        return self.flip(0) if self._array.ndim else self  # type: ignore[return-value]

    def __len__(self) -> int:
        if self._array.ndim == 0:
            raise TypeError("len() of a 0-d tensor")
        return self._array.shape[0]

    def __bool__(self) -> bool:
        array = self._array
        if array.size != 1:
            if array.size == 0:
                raise RuntimeError("Boolean value of Tensor with no values is ambiguous")
            raise RuntimeError(
                "Boolean value of Tensor with more than one value is ambiguous\n"
                "    hint  use .any() or .all(), and & | ~ instead of and, or, not"
            )
        return bool(self.item())

    def _scalar(self, kind: str) -> Any:
        """The one element, for float(x) and its kin."""
        if self._array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        value = self.item()
        if isinstance(value, complex) and kind != "complex":
            if value.imag:
                raise RuntimeError(f"value cannot be converted to type {kind} without overflow")
            return value.real
        return value

    def __float__(self) -> float:
        return float(self._scalar("double"))

    def __int__(self) -> int:
        return int(self._scalar("int64_t"))

    def __complex__(self) -> complex:
        return complex(self._scalar("complex"))

    def __index__(self) -> int:
        if self._array.size != 1 or self._array.dtype.kind not in "biu":
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.item())

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        edge = self.grad_fn
        return printing.format_tensor(
            self._array,
            to_host=read,
            kind="parameter" if hasattr(self, "_is_param") else "tensor",
            type_name="tensor" if type(self).__name__ in ("Tensor", "Parameter") else type(self).__name__,
            dtype_name=self.dtype.name,
            device=None if self.is_cpu else str(self.device),
            requires_grad=self.requires_grad,
            grad_fn_name=None if edge is None else type(edge).__name__,
            default_dtype_name=dtypes.get_default_dtype().name,
        )

    def __format__(self, spec: str) -> str:
        if self._array.ndim == 0 and type(self).__name__ == "Tensor":
            return printing.format_scalar(read(self._array), spec)
        return object.__format__(self, spec)

    # -- copies ----------------------------------------------------------------------------------------------------

    def __deepcopy__(self, memo: dict) -> Any:
        return copies.deep_copy(self, memo)

    def __reduce_ex__(self, protocol: Any) -> tuple:
        return copies.reduce_tensor(self)
