"""Random tensors. On the CPU the same seed gives the same numbers as torch (how: minitorch/backend/random.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.base import TensorBase, wrap
from minitorch.autograd.op import op
from minitorch.autograd.views import check_inplace, check_overlap, inplace
from minitorch.backend import device as Device
from minitorch.backend import device_of, dtypes, seed_devices, to_device, to_host
from minitorch.backend import random as streams
from minitorch.backend.device import get_default_device
from minitorch.backend.streams import in_memory_order, visit_axes
from minitorch.errors import type_error
from minitorch.ops.memory import zeros_like
from minitorch.tensor.binding import function
from minitorch.tensor.options import as_size, blank, blank_like, check_options, contiguous_format, finish, out_dtype
from minitorch.tensor.out import write_out
from minitorch.tensor.sizes import integer

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class Generator(streams.Generator):
    """A stream of random numbers, seeded on its own: pass it as `generator=`.

    >>> import minitorch as mt
    >>> mt.rand(2, generator=mt.Generator().manual_seed(0))
    tensor([0.4963, 0.7682])
    """

    def __init__(self, device: Any = "cpu", **options: Any) -> None:
        super().__init__(Device(device), **options)

    def get_state(self) -> Any:
        """The state as a uint8 tensor, in torch's layout."""
        return wrap(super().get_state())

    def set_state(self, new_state: Any) -> Any:
        """Go to a state that get_state (ours or torch's) gave."""
        return super().set_state(new_state._array if isinstance(new_state, TensorBase) else np.asarray(new_state))

    def clone_state(self) -> Generator:
        return Generator(self.device).set_state(self.get_state())


default_generator = streams.default_generator
default_generator.device = Device("cpu")
default_generator.__class__ = Generator  # one default stream: the layers below draw from it, users see tensors


def stream(generator: Any, where: Any) -> Any:
    """The generator to draw from for a tensor on `where`: the one given, or the device's default."""
    if generator is not None:
        return generator
    return where.backend.generator(where.index) or default_generator


def drawn(array: Any, where: Any) -> Any:
    """What a stream drew, on the tensor's device."""
    return array if where.type == "cpu" else to_device(array, where)


def manual_seed(seed: Any) -> Any:
    """Seed the default generator (of every device) and return the CPU's."""
    seed_devices(int(seed))
    return streams.manual_seed(seed)


def seed() -> int:
    """Seed the default generator from the machine's entropy; gives the seed."""
    return streams.seed()


def initial_seed() -> int:
    """The seed of the default generator."""
    return streams.initial_seed()


def get_rng_state() -> Tensor:
    """The state of the default generator as a uint8 tensor."""
    return default_generator.get_state()  # type: ignore[return-value]


def set_rng_state(new_state: Any) -> None:
    """Put the default generator into a saved state."""
    default_generator.set_state(new_state)


def _factory(op_name: str, fill: str, doc: str) -> Callable:
    """`op(*size, ...)`: empty, then filled by the in-place method `fill`."""

    def factory(
        *size: Any, generator: Any = None, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
        requires_grad: bool = False, pin_memory: bool = False, **named: Any,
    ) -> Any:  # fmt: skip
        t = blank(op_name, as_size(op_name, size, named), out, dtype, layout, device)
        return _finished(getattr(t, fill)(generator=generator), out, requires_grad)

    factory.__name__ = factory.__qualname__ = op_name
    factory.__doc__ = doc
    return factory


def _finished(t: Any, out: Any, requires_grad: bool) -> Any:
    """A tensor that a factory has filled in place: new ones count no changes yet."""
    return t if out is not None else finish(t._array, requires_grad)


rand = _factory("rand", "uniform_", "Uniform on [0, 1): torch.rand's numbers for the same seed.")
randn = _factory("randn", "normal_", "Standard normal: torch.randn's numbers for the same seed.")


def _like(op_name: str, fill: str) -> Callable:
    def factory(input: Any, *, generator: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
                pin_memory: bool = False, requires_grad: bool = False, memory_format: Any = None) -> Any:  # fmt: skip
        t = blank_like(op_name, input, dtype, layout, device, memory_format)
        return _finished(getattr(t, fill)(generator=generator), None, requires_grad)

    factory.__name__ = factory.__qualname__ = op_name
    factory.__doc__ = (
        f"As `{op_name.removesuffix('_like')}`, with the shape, dtype, device and memory order of `input`."
    )
    return factory


rand_like = _like("rand_like", "uniform_")
randn_like = _like("randn_like", "normal_")


def _bounds(op_name: str, args: tuple, low: Any, high: Any) -> tuple[int, int]:
    """low and high out of (high), (low, high) and their keyword forms."""
    if len(args) == 2:
        low, high = args
    elif len(args) == 1:
        low, high = (args[0], high) if high is not None else (low, args[0])
    low, high = (v.item() if isinstance(v, TensorBase) else v for v in (low, high))
    if len(args) > 2 or not all(hasattr(v, "__index__") for v in (low, high)):
        raise TypeError(f"{op_name}() received an invalid combination of arguments; low and high are ints")
    return int(low), int(high)


def randint(
    *args: Any,
    generator: Any = None,
    out: Any = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    low: Any = 0,
    high: Any = None,
    size: Any = None,
) -> Tensor:
    """Integers from low (default 0) up to but not including high: randint(high, size) or randint(low, high, size).

    >>> import minitorch as mt
    >>> _ = mt.manual_seed(0)
    >>> mt.randint(3, 10, (4,))
    tensor([7, 6, 3, 5])
    """
    rest = list(args)
    if size is None:
        size = rest.pop() if rest else None
    if not isinstance(size, (tuple, list)):
        raise TypeError(
            "randint() received an invalid combination of arguments; it takes (high, size) or (low, high, size)"
        )
    low, high = _bounds("randint", tuple(rest), low, high)
    dtype = dtypes.int64 if dtype is None and out is None else dtype
    t = blank("randint", as_size("randint", (size,)), out, dtype, layout, device)
    return _finished(t.random_(low, high, generator=generator), out, requires_grad)


def randint_like(input: Any, *args: Any, low: Any = 0, high: Any = None, generator: Any = None, dtype: Any = None,
                 layout: Any = None, device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
                 memory_format: Any = None) -> Tensor:  # fmt: skip
    """As `randint`, with the shape, dtype, device and memory order of `input`."""
    low, high = _bounds("randint_like", args, low, high)
    t = blank_like("randint_like", input, dtype, layout, device, memory_format)
    return _finished(t.random_(low, high, generator=generator), None, requires_grad)


def randperm(
    n: int,
    *,
    generator: Any = None,
    out: Any = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A random permutation of 0 .. n-1.

    >>> import minitorch as mt
    >>> _ = mt.manual_seed(0)
    >>> mt.randperm(4)
    tensor([0, 1, 3, 2])
    """
    n = integer("randperm", "n", n)
    check_options("randperm", layout)
    dtype = out_dtype("randperm", out, dtype, dtypes.int64)
    where = Device(device) if device is not None else get_default_device()
    array = stream(generator, where).randperm(n, dtype.numpy)
    return finish(drawn(array, where), requires_grad, out, "randperm")


def normal(
    mean: Any = 0.0,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Any = None,
    out: Any = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """Normals with the given means and standard deviations: numbers with a size, or tensors.

    Where mean or std require grad, the gradient is zero: the draw doesn't depend on them in a differentiable way.
    """
    if any(isinstance(t, TensorBase) for t in (mean, std)):
        if size is not None:
            raise TypeError("normal() received an invalid combination of arguments; tensors give the size themselves")
        where = device_of((mean if isinstance(mean, TensorBase) else std)._array)
        host = [to_host(t._array) if isinstance(t, TensorBase) else float(t) for t in (mean, std)]
        sample = drawn(stream(generator, where).normal_arrays(*host), where)
        overload = 1 * isinstance(mean, TensorBase) + 2 * isinstance(std, TensorBase)
        result = _normal_draw(mean, std, sample=sample, node=f"NormalBackward{overload}")
        return result if out is None else write_out("normal", out, result, (mean, std))
    if size is None:
        raise TypeError("normal() received an invalid combination of arguments; numbers need size=")
    t = blank("normal", as_size("normal", (size,)), out, dtype, layout, device)
    return _finished(t.normal_(mean, std, generator=generator), out, requires_grad)


@op(node=lambda settings: settings["node"])
def _drawn_over(x: Any, *, sample: Any, node: str) -> Any:
    """x replaced by a drawn sample; the gradient of what was there is zero."""
    return sample


@_drawn_over.vjp("x")
def _(g: Any) -> Any:
    return zeros_like(g)


@op(broadcasts=True, node=lambda settings: settings["node"])
def _normal_draw(mean: Any, std: Any, *, sample: Any, node: str) -> Any:
    return sample


@_normal_draw.vjp("mean")
def _(g: Any) -> Any:
    return zeros_like(g)


@_normal_draw.vjp("std")
def _(g: Any) -> Any:
    return zeros_like(g)


def _draw_into(t: Any, node: str, draw: Callable[[Any, Any], Any], generator: Any) -> Any:
    """Fill `t` in place with what `draw(stream, shape)` gives, first element in memory first, as torch does."""
    check_inplace(t, t.requires_grad)
    check_overlap(t._array)
    where = device_of(t._array)
    check_generator(generator, where)
    g = stream(generator, where)
    sample = in_memory_order(t._array, lambda shape: drawn(draw(g, shape), where))
    return inplace(_drawn_over, t, sample=sample, node=node)


def check_generator(generator: Any, where: Any) -> None:
    """A generator draws for tensors of its own device only."""
    if generator is None:
        return
    if not isinstance(generator, streams.Generator):
        raise TypeError(f"argument 'generator' must be Generator, not {type(generator).__name__}")
    if generator.device.type != where.type:
        raise RuntimeError(f"Expected a '{where.type}' device type for generator but found '{generator.device.type}'")


def _fills_in_blocks(array: Any) -> bool:
    """True if the elements lie in row-major order without gaps (in whichever direction)."""
    expected = array.dtype.itemsize
    for n, stride in zip(reversed(array.shape), reversed(array.strides), strict=True):
        if n > 1 and abs(stride) != expected:
            return False
        expected *= n
    return True


def _only(op_name: str, named: dict, first: str, value: Any) -> Any:
    """The value of an argument called `from`, which Python can't name in a signature."""
    value = named.pop(first, value)
    if named:
        raise TypeError(f"{op_name}() got an unexpected keyword argument '{next(iter(named))}'")
    return value


class RandomMixin(TensorBase):
    """In-place draws, and draws whose probabilities are the tensor itself."""

    __slots__ = ()

    def uniform_(self, from_: Any = 0, to: Any = 1, *, generator: Any = None, **named: Any) -> Tensor:
        """Fill with numbers uniform on [from, to).

        >>> import minitorch as mt
        >>> _ = mt.manual_seed(0)
        >>> mt.empty(2).uniform_(-1, 1)
        tensor([-0.0075,  0.5364])
        """
        low, high, dtype = float(_only("uniform_", named, "from", from_)), float(to), self._array.dtype
        return _draw_into(self, "UniformBackward0", lambda g, shape: g.uniform(shape, dtype, low, high), generator)

    def normal_(self, mean: Any = 0, std: Any = 1, *, generator: Any = None) -> Tensor:
        """Fill with normals of the given mean and standard deviation."""
        dtype, blocks = self._array.dtype, _fills_in_blocks(self._array)
        mean, std = (complex(mean) if isinstance(mean, complex) else float(mean)), float(std)
        return _draw_into(
            self, "NormalBackward0", lambda g, shape: g.normal(shape, dtype, mean, std, contiguous=blocks), generator
        )  # fmt: skip

    def random_(self, from_: Any = None, to: Any = None, *, generator: Any = None, **named: Any) -> Tensor:
        """Fill with integers: all that the dtype holds, [0, to) or [from, to)."""
        dtype, has_from = self._array.dtype, "from" in named
        low = _only("random_", named, "from", from_)
        if low is None and to is None:
            return _draw_into(self, "RandomBackward2", lambda g, shape: g.random(shape, dtype), generator)
        if to is None and not has_from:
            low, to = 0, low
        bounds = int(low or 0), None if to is None else int(to)
        node = "RandomBackward1" if low == 0 and not has_from and from_ != 0 else "RandomBackward0"
        return _draw_into(self, node, lambda g, shape: g.randint(*bounds, shape, dtype), generator)

    def bernoulli_(self, p: Any = 0.5, *, generator: Any = None) -> Tensor:
        """Fill with 1 with probability p (a number or a tensor), else 0."""
        a = self._array
        if not isinstance(p, TensorBase):
            chance = float(p)
            return _draw_into(
                self, "BernoulliBackward2", lambda g, shape: g.bernoulli(chance, shape, a.dtype), generator
            )
        if p._array.ndim == 0 or a.ndim == 0:
            chances = to_host(p._array)
        else:
            chances = spread("bernoulli_", to_host(p._array), a.shape).transpose(visit_axes(a.strides, a.shape))
        return _draw_into(self, "BernoulliBackward1", lambda g, shape: g.bernoulli(chances, shape, a.dtype), generator)

    def exponential_(self, lambd: Any = 1, *, generator: Any = None) -> Tensor:
        """Fill with exponentials of rate lambd."""
        rate, dtype = float(lambd), self._array.dtype
        return _draw_into(self, "ExponentialBackward0", lambda g, shape: g.exponential(shape, dtype, rate), generator)

    def geometric_(self, p: Any, *, generator: Any = None) -> Tensor:
        """Fill with the number of trials up to the first success."""
        p, dtype = float(p), self._array.dtype
        return _draw_into(self, "GeometricBackward0", lambda g, shape: g.geometric(shape, dtype, p), generator)

    def cauchy_(self, median: Any = 0, sigma: Any = 1, *, generator: Any = None) -> Tensor:
        """Fill with Cauchy numbers."""
        place, dtype = (float(median), float(sigma)), self._array.dtype
        return _draw_into(self, "CauchyBackward0", lambda g, shape: g.cauchy(shape, dtype, *place), generator)

    def log_normal_(self, mean: Any = 1, std: Any = 2, *, generator: Any = None) -> Tensor:
        """Fill with exp of normals."""
        place, dtype = (float(mean), float(std)), self._array.dtype
        return _draw_into(self, "LogNormalBackward0", lambda g, shape: g.log_normal(shape, dtype, *place), generator)

    def bernoulli(self, p: Any = None, *, generator: Any = None) -> Tensor:
        """1 with the probability that each element states, else 0; with `p`, that probability everywhere.

        >>> import minitorch as mt
        >>> mt.bernoulli(mt.tensor([0.0, 1.0]))
        tensor([0., 1.])
        """
        sample = blank_like("bernoulli", self, None, None, None, contiguous_format)
        chances = self if p is None else p
        sample.bernoulli_(chances.detach() if isinstance(chances, TensorBase) else chances, generator=generator)
        return _drawn_over(self, sample=sample._array, node="BernoulliBackward0")

    def multinomial(self, num_samples: int, replacement: Any = False, *, generator: Any = None) -> Tensor:
        """Indices drawn with probability proportional to the weights in each row."""
        where = device_of(self._array)
        check_generator(generator, where)
        count = integer("multinomial", "num_samples", num_samples)
        return wrap(drawn(stream(generator, where).multinomial(to_host(self._array), count, replacement), where))


def spread(op_name: str, array: np.ndarray, shape: tuple) -> np.ndarray:
    """`array` broadcast to `shape`, or torch's error."""
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise RuntimeError(
            f"{op_name}: The expanded size of the tensor {list(shape)} must match the existing size {list(array.shape)}"
        ) from None


def poisson(input: Tensor, generator: Any = None) -> Tensor:
    """Poisson counts with the rates of `input`; the gradient is zero."""
    if not isinstance(input, TensorBase):
        raise type_error("poisson", "input", 1, "Tensor", input)
    where = device_of(input._array)
    check_generator(generator, where)
    sample = drawn(stream(generator, where).poisson(to_host(input._array)), where)
    return _drawn_over(input, sample=sample, node="PoissonBackward0")


FUNCTIONS: dict[str, Callable] = {
    f.__name__: f
    for f in (
        rand,
        randn,
        rand_like,
        randn_like,
        randint,
        randint_like,
        randperm,
        normal,
        manual_seed,
        seed,
        initial_seed,
        get_rng_state,
        set_rng_state,
        poisson,
    )  # fmt: skip
}
FUNCTIONS["bernoulli"] = function(RandomMixin.bernoulli, out=True)
FUNCTIONS["multinomial"] = function(RandomMixin.multinomial, out=True)
