"""`Elementwise`: optimizers whose rule treats each element of a parameter alike (all but LBFGS, Adafactor and Muon).

A subclass says what is kept for a parameter and which numbers hold for this step (`prepare`), and how a stretch of
elements is updated (`update`). What is common is here: closures, maximize, weight decay, and the walk over the memory.

That walk is what makes a step fast in NumPy. Every array operation passes once over its operands; for a large
parameter each pass would go through main memory. So parameter, gradient and state are cut into blocks that fit into
the processor's cache, and the whole rule runs on one block, in place and in two or three borrowed buffers, before the
next is touched. On a GPU, where the number of launches counts, a parameter is one block.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minitorch.autograd.base import TensorBase, wrap
from minitorch.autograd.modes import enable_grad, set_grad_enabled
from minitorch.autograd.views import bump
from minitorch.backend import backend_of, device_of, dtypes, kernels_of, to_host, xp_of
from minitorch.optim.differentiable import record
from minitorch.optim.optimizer import Optimizer
from minitorch.tensor.convert import tensor

BLOCK = 1 << 15  # elements: six vectors of them stay in a second-level cache
_CAPTURABLE = ["cuda", "xpu", "hpu", "privateuseone", "xla"]


class Elementwise(Optimizer):
    """Base of the optimizers that update each element by itself.

    With differentiable=True the same rule runs as tensor operations on the tape (differentiable.py): derivatives pass
    through parameters, gradients and state, not through settings.
    """

    late_settings: dict[str, Any] = {"foreach": None, "maximize": False, "differentiable": False}  # absent in old files
    scalars: tuple[str, ...] = ("step",)  # state that is one number per parameter, kept as a 0-d tensor

    def prepare(self, p: Any, group: dict[str, Any]) -> tuple[tuple, Sequence[Any]]:
        """(numbers of this step, state tensors to update): makes the state of `p` if needed and counts the step."""
        raise NotImplementedError

    def update(self, xp: Any, numbers: tuple, x: Any, g: Any, state: Sequence[Any], a: Any, b: Any) -> None:
        """Update the vectors x and state by the gradient g (not to be changed); a and b are free to use."""
        raise NotImplementedError

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient; a closure recomputes the loss first and gives the result."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            change = group["maximize"], *_weight_decay(group)
            known: dict[tuple, Any] = {}  # what one_pass gives: most parameters of a group have the same numbers
            for p in group["params"]:
                if p._grad is not None:
                    numbers, state = self.prepare(p, group)
                    if group["differentiable"]:
                        self._record(p, state, numbers, *change)
                        continue
                    bump(p)
                    if self._at_once(p._array, p._grad._array, state, numbers, change, known):
                        continue
                    vectors, copied = as_vectors([p._array, p._grad._array, *[s._array for s in state]])
                    self._walk(vectors, numbers, *change)
                    for array, vector in copied:
                        array[...] = vector
        return loss

    def one_pass(
        self, numbers: tuple, state: Sequence[Any], maximize: bool, decay: float, shrink: float
    ) -> tuple[str, tuple] | None:
        """(name of the kernel that does `update` in one pass over memory, its numbers), if there is one."""
        return None

    def _at_once(self, x: Any, g: Any, state: Sequence[Any], numbers: tuple, change: tuple, known: dict) -> bool:
        """Update in one pass, where the device has one, and all lie in memory in the same order; True if done."""
        key = numbers, len(state)
        rule = known.get(key, known)
        if rule is known:
            rule = known[key] = self.one_pass(numbers, state, *change)
        if rule is None:
            return False
        vectors = []
        for array in (x, g, *[s._array for s in state]):
            if array.dtype is not x.dtype or not array.flags.c_contiguous:
                return False
            vectors.append(array.ravel())  # a view, and in NumPy quicker than reshape(-1)
        return kernels_of(x).one_pass(rule[0], vectors, rule[1])

    def _walk(self, vectors: list[Any], numbers: tuple, maximize: bool, decay: float, shrink: float) -> None:
        """Update block after block. vectors: parameter, gradient, state."""
        x, g, *state = vectors
        backend, n = backend_of(x), x.size
        xp = backend.xp
        if not n:
            return
        blocks = -(-n // BLOCK) if backend.name == "cpu" else 1
        size = -(-n // blocks)
        buffers = self._buffers(xp, x.dtype, backend.index_of(x), size)
        for start in range(0, n, size):
            if blocks > 1:
                x, g, *state = [v[start : start + size] for v in vectors]
                buffers = [s[: x.size] for s in buffers]
            self._rule(xp, x, g, state, buffers, numbers, maximize, decay, shrink)

    def _rule(
        self, xp: Any, x: Any, g: Any, state: list[Any], buffers: list[Any], numbers: tuple, maximize: bool,
        decay: float, shrink: float,
    ) -> None:  # fmt: skip
        a, b, c = buffers
        if maximize:
            g = xp.negative(g, c)
        if decay:
            g = xp.add(g, xp.multiply(x, decay, a), c)
        if shrink != 1:
            xp.multiply(x, shrink, x)
        self.update(xp, numbers, x, g, state, a, b)

    def _record(self, p: Any, state: Sequence[Any], numbers: tuple, *change: Any) -> None:
        """The same update as tensor operations, recorded by the tape."""

        def rule(xp: Any, x: Any, g: Any, kept: list[Any], buffers: list[Any]) -> None:
            self._rule(xp, x, g, kept, buffers, numbers, *change)

        with set_grad_enabled(bool(self.defaults.get("differentiable"))):
            record(rule, p, state)

    def _buffers(self, xp: Any, kind: Any, index: Any, n: int) -> list[Any]:
        """Three vectors of n elements, shared by all parameters of this kind and kept between steps."""
        kept = self.__dict__.setdefault("_kept_buffers", {})
        found = kept.get((kind.char, index))
        if found is None or found[0].size < n:
            found = kept[kind.char, index] = [xp.empty(n, dtype=kind) for _ in range(3)]
        return found if found[0].size == n else [s[:n] for s in found]

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        super().add_param_group(param_group)
        self._check_settings(self.param_groups[-1])

    def _check_settings(self, group: dict[str, Any]) -> None:
        if not group.get("differentiable"):
            return
        if group.get("foreach"):
            raise AssertionError("_foreach ops don't support autograd")
        for name, value in group.items():
            parts = value if isinstance(value, tuple) else (value,)
            if name != "params" and any(isinstance(v, TensorBase) and v.requires_grad for v in parts):
                raise NotImplementedError(
                    f"{type(self).__name__}: differentiable=True with {name} as a tensor that requires grad is not "
                    "supported: updates are differentiable in parameters, gradients and state"
                )

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            for name, value in self.late_settings.items():
                group.setdefault(name, value)
            self._check_settings(group)
            for p in group["params"]:
                kept = self.state.get(p, {})
                for name in self.scalars:
                    if kept and not isinstance(kept[name], TensorBase):
                        kept[name] = scalar(kept[name], p, group)


def _weight_decay(group: dict[str, Any]) -> tuple[float, float]:
    """(factor of the parameter that is added to its gradient, factor that the parameter is multiplied by)."""
    decay = number(group.get("weight_decay", 0))
    if decay and group.get("decoupled_weight_decay"):
        return 0.0, float(1 - number(group["lr"]) * decay)
    return float(decay), 1


# -- numbers -----------------------------------------------------------------------------------------------------------


def number(value: Any) -> Any:
    """A setting that may be a tensor as a number; a tensor's keeps its precision in arithmetic, as torch's does."""
    if isinstance(value, TensorBase):
        return to_host(value._array).reshape(())[()]
    return value


def scalar(value: float, p: Any, group: dict[str, Any], on_device: bool = False) -> Any:
    """A 0-d tensor for the state of p: on the host (unless the group is fused or capturable), single precision."""
    fused, capturable = group.get("fused"), group.get("capturable")
    double = dtypes.get_default_dtype() is dtypes.float64 and not fused
    where = p.device if on_device or fused or capturable else "cpu"
    return tensor(float(value), dtype=dtypes.float64 if double else dtypes.float32, device=where)


def count(state: dict[str, Any], p: Any, group: dict[str, Any], numbers: str = "params and state_steps") -> float:
    """Count a step of p; the number of steps so far, this one included."""
    if group.get("capturable") and device_of(p._array).type not in _CAPTURABLE:
        raise AssertionError(f"If capturable=True, {numbers} must be on supported devices: {_CAPTURABLE}.")
    if group.get("fused") and p._array.dtype.kind == "c":
        raise RuntimeError(
            "`fused=True` requires all the params to be floating point Tensors of supported devices: ['cpu', 'cuda'] "
            f"but {p.dtype} and {p.device.type}"
        )
    step = state["step"]._array
    step += 1
    return float(step)


def zeros_like(p: Any) -> Any:
    """Zeros with the parameter's shape, dtype, device and memory order."""
    return wrap(xp_of(p._array).zeros_like(p._array))


# -- steps that several rules share ------------------------------------------------------------------------------------


def lerp(xp: Any, x: Any, end: Any, weight: float, a: Any) -> None:
    """x += weight (end - x), computed from the nearer end as torch does; `a` is a buffer."""
    xp.subtract(end, x, a)
    if abs(weight) < 0.5:
        xp.multiply(a, weight, a)
        xp.add(x, a, x)
    else:
        xp.multiply(a, 1 - weight, a)
        xp.subtract(end, a, x)


def mean_square(xp: Any, v: Any, g: Any, beta: float, a: Any) -> None:
    """v = beta v + (1 - beta) g^2."""
    xp.multiply(v, beta, v)
    xp.multiply(g, 1 - beta, a)
    xp.multiply(a, g, a)
    xp.add(v, a, v)


def move(xp: Any, x: Any, direction: Any, size: float, a: Any) -> None:
    """x += size * direction."""
    xp.add(x, xp.multiply(direction, size, a), x)


def move_scaled(xp: Any, x: Any, direction: Any, scale: Any, size: float, a: Any) -> None:
    """x += size * direction / scale."""
    xp.multiply(direction, size, a)
    xp.divide(a, scale, a)
    xp.add(x, a, x)


# -- arrays as vectors -------------------------------------------------------------------------------------------------


def as_vectors(arrays: list[Any]) -> tuple[list[Any], list[tuple[Any, Any]]]:
    """(the arrays as real vectors over the same memory, [(array, vector)] of those that had to be copied).

    All are read in the memory order of the first. Complex numbers count as two real ones; half precision is computed
    in single precision and rounded once, at the end of the step. The second array, the gradient, is never written.
    """
    x = arrays[0]
    char = x.dtype.char
    if char in "fd" and all([a.flags.c_contiguous for a in arrays]):
        return [a.reshape(-1) for a in arrays], []
    order = sorted(range(x.ndim), key=lambda k: -x.strides[k])
    vectors, copied = [], []
    for k, a in enumerate(arrays):
        ordered = a.transpose(order)
        flat = ordered.reshape(-1)
        if char in "FD":
            flat = xp_of(x).ascontiguousarray(flat)
            flat = flat.view(flat.real.dtype)
        elif char not in "fd":
            flat = flat.astype("float32")
        if k != 1 and not (char in "fdFD" and ordered.flags.c_contiguous):
            copied.append((ordered, _shaped(flat, ordered)))
        vectors.append(flat)
    return vectors, copied


def _shaped(flat: Any, like: Any) -> Any:
    """The vector `flat` seen with the shape of `like`, complex again if that is."""
    if like.dtype.kind == "c":
        flat = flat.view(like.dtype)
    return flat.reshape(like.shape)
