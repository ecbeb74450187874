"""Random tensors. On the CPU the same seed gives the same numbers as torch (how: minitorch/backend/random.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.base import TensorBase, wrap
from minitorch.autograd.modes import state
from minitorch.autograd.op import op
from minitorch.autograd.views import bump, check_inplace, check_overlap
from minitorch.backend import device_of, dtypes, seed_devices, to_device, to_host
from minitorch.backend import device as Device
from minitorch.backend import random as streams
from minitorch.tensor import creation
from minitorch.tensor.binding import function
from minitorch.tensor.creation import as_size, check_dtype, check_options

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


def _factory(op_name: str, draw: Callable) -> Callable:
    def factory(
        *size: Any, generator: Any = None, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
        requires_grad: bool = False, pin_memory: bool = False, **named: Any,
    ) -> Any:  # fmt: skip
        if named.keys() - {"size"}:
            raise TypeError(f"{op_name}() got an unexpected keyword argument '{min(named.keys() - {'size'})}'")
        check_options(op_name, layout)
        check_dtype(op_name, dtype)
        where = Device(device) if device is not None else creation.get_default_device()
        shape = as_size(op_name, size, named.get("size"))
        np_dtype = (dtype or dtypes.get_default_dtype()).numpy
        array = drawn(draw(stream(generator, where), shape, np_dtype), where)
        return creation.finish(array, requires_grad, out, op_name)

    factory.__name__ = factory.__qualname__ = op_name
    return factory


rand = _factory("rand", lambda g, shape, d: g.uniform(shape, d))
rand.__doc__ = "Uniform on [0, 1): torch.rand's numbers for the same seed."
randn = _factory("randn", lambda g, shape, d: g.normal(shape, d))
randn.__doc__ = "Standard normal: torch.randn's numbers for the same seed."


def _like(op_name: str, make: Callable) -> Callable:
    def factory(input: Any, *, dtype: Any = None, device: Any = None, layout: Any = None, memory_format: Any = None,
                pin_memory: bool = False, requires_grad: bool = False, generator: Any = None) -> Any:  # fmt: skip
        if not isinstance(input, TensorBase):
            raise TypeError(f"{op_name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
        check_options(op_name, layout, memory_format)
        return make(
            input._array.shape, dtype=dtype or dtypes.from_numpy(input._array.dtype), requires_grad=requires_grad,
            device=device_of(input._array) if device is None else device, generator=generator,
        )  # fmt: skip

    factory.__name__ = factory.__qualname__ = op_name
    factory.__doc__ = f"As `{op_name.removesuffix('_like')}`, with the shape, dtype and device of `input`."
    return factory


rand_like = _like("rand_like", rand)
randn_like = _like("randn_like", randn)


def randint(*args: Any, generator: Any = None, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
            requires_grad: bool = False, pin_memory: bool = False, low: Any = 0, high: Any = None, size: Any = None) -> Tensor:  # fmt: skip
    """Integers from low (default 0) up to but not including high: randint(high, size) or randint(low, high, size)."""
    rest = list(args)
    if size is None:
        if not rest:
            raise TypeError("randint() missing argument 'size'")
        size = rest.pop()
    if len(rest) == 2:
        low, high = rest
    elif len(rest) == 1:
        low, high = (rest[0], high) if high is not None else (low, rest[0])
    check_options("randint", layout)
    if high is None or not hasattr(size, "__len__"):
        raise TypeError("randint() received an invalid combination of arguments; it takes (high, size) or (low, high, size)")
    where = Device(device) if device is not None else creation.get_default_device()
    shape = as_size("randint", (size,))
    array = stream(generator, where).randint(int(low), int(high), shape, (dtype or dtypes.int64).numpy)
    return creation.finish(drawn(array, where), requires_grad, out, "randint")


def randint_like(input: Any, *args: Any, dtype: Any = None, device: Any = None, layout: Any = None, memory_format: Any = None,
                 requires_grad: bool = False, low: Any = 0, high: Any = None, pin_memory: bool = False) -> Tensor:  # fmt: skip
    """As `randint`, with the shape, dtype and device of `input`."""
    check_options("randint_like", layout, memory_format)
    if len(args) == 2:
        low, high = args
    elif len(args) == 1:
        low, high = (args[0], high) if high is not None else (low, args[0])
    return randint(
        low, high, input._array.shape, dtype=dtype or dtypes.from_numpy(input._array.dtype),
        device=device_of(input._array) if device is None else device, requires_grad=requires_grad,
    )  # fmt: skip


def randperm(n: int, *, generator: Any = None, out: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
             requires_grad: bool = False, pin_memory: bool = False) -> Tensor:  # fmt: skip
    """A random permutation of 0 .. n-1."""
    check_options("randperm", layout)
    where = Device(device) if device is not None else creation.get_default_device()
    array = stream(generator, where).randperm(n, (dtype or dtypes.int64).numpy)
    return creation.finish(drawn(array, where), requires_grad, out, "randperm")


def normal(mean: Any, std: Any = 1.0, size: Any = None, *, generator: Any = None, out: Any = None, dtype: Any = None,
           device: Any = None, layout: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:  # fmt: skip
    """Normals with the given means and standard deviations: numbers with a size, or tensors."""
    check_options("normal", layout)
    tensors = [t for t in (mean, std) if isinstance(t, TensorBase)]
    if tensors:
        where = device_of(tensors[0]._array)
        host = [to_host(t._array) if isinstance(t, TensorBase) else t for t in (mean, std)]
        array = drawn(stream(generator, where).normal_arrays(*host), where)
    else:
        if size is None:
            raise TypeError("normal() received an invalid combination of arguments; numbers need size=")
        where = Device(device) if device is not None else creation.get_default_device()
        np_dtype = (dtype or dtypes.get_default_dtype()).numpy
        shape = as_size("normal", (size,))
        array = drawn(stream(generator, where).normal(shape, np_dtype, float(mean), float(std)), where)
    return creation.finish(array, requires_grad, out, "normal")


@op(node="BernoulliBackward0")
def bernoulli_draw(x: Any, *, sample: Any) -> Any:
    """A drawn sample; its gradient is zero, as torch's."""
    return sample


@bernoulli_draw.vjp("x")
def _(g: Any) -> Any:
    return g * 0


def _draw_into(name: str, t: Any, draw: Callable[[Any], Any], generator: Any) -> Any:
    """Fill `t` in place with what `draw(stream)` gives."""
    check_inplace(t, t.requires_grad)
    check_overlap(t._array)
    where = device_of(t._array)
    t._array[...] = drawn(draw(stream(generator, where)), where)
    bump(t)
    if state.grad and t.requires_grad:  # nothing flows back through what was overwritten
        kept = t.detach().clone()
        t.zero_().add_(kept)
    return t


class RandomMixin(TensorBase):
    """In-place draws, and draws whose probabilities are the tensor itself."""

    __slots__ = ()

    def uniform_(self, from_: Any = 0.0, to: Any = 1.0, *, generator: Any = None, **named: Any) -> Tensor:
        """Fill with numbers uniform on [from, to)."""
        low = float(named.pop("from", from_))
        if named:
            raise TypeError(f"uniform_() got an unexpected keyword argument '{next(iter(named))}'")
        a = self._array
        return _draw_into("uniform_", self, lambda g: g.uniform(a.shape, a.dtype, low, float(to)), generator)

    def normal_(self, mean: Any = 0.0, std: Any = 1.0, *, generator: Any = None) -> Tensor:
        """Fill with normals of the given mean and standard deviation."""
        a = self._array
        whole = bool(getattr(a, "flags", None) is None or a.flags.c_contiguous)
        return _draw_into(
            "normal_", self, lambda g: g.normal(a.shape, a.dtype, float(mean), float(std), contiguous=whole), generator
        )

    def random_(self, from_: Any = None, to: Any = None, *, generator: Any = None, **named: Any) -> Tensor:
        """Fill with integers: all that the dtype holds, [0, to) or [from, to)."""
        low = named.pop("from", from_)
        if named:
            raise TypeError(f"random_() got an unexpected keyword argument '{next(iter(named))}'")
        a = self._array
        if low is None and to is None:
            return _draw_into("random_", self, lambda g: g.random(a.shape, a.dtype), generator)
        if to is None and "from" not in named:
            low, to = 0, low
        return _draw_into("random_", self, lambda g: g.randint(int(low or 0), to, a.shape, a.dtype), generator)

    def bernoulli_(self, p: Any = 0.5, *, generator: Any = None) -> Tensor:
        """Fill with 1 with probability p (a number or a tensor), else 0."""
        a = self._array
        chance = to_host(p._array) if isinstance(p, TensorBase) else float(p)
        return _draw_into("bernoulli_", self, lambda g: g.bernoulli(chance, a.shape, a.dtype), generator)

    def exponential_(self, lambd: Any = 1.0, *, generator: Any = None) -> Tensor:
        """Fill with exponentials of rate lambd."""
        a = self._array
        return _draw_into("exponential_", self, lambda g: g.exponential(a.shape, a.dtype, float(lambd)), generator)

    def geometric_(self, p: Any, *, generator: Any = None) -> Tensor:
        """Fill with the number of trials up to the first success."""
        a = self._array
        return _draw_into("geometric_", self, lambda g: g.geometric(a.shape, a.dtype, float(p)), generator)

    def cauchy_(self, median: Any = 0.0, sigma: Any = 1.0, *, generator: Any = None) -> Tensor:
        """Fill with Cauchy numbers."""
        a = self._array
        return _draw_into("cauchy_", self, lambda g: g.cauchy(a.shape, a.dtype, float(median), float(sigma)), generator)

    def log_normal_(self, mean: Any = 1.0, std: Any = 2.0, *, generator: Any = None) -> Tensor:
        """Fill with exp of normals."""
        a = self._array
        return _draw_into("log_normal_", self, lambda g: g.log_normal(a.shape, a.dtype, float(mean), float(std)), generator)

    def bernoulli(self, p: Any = None, *, generator: Any = None) -> Tensor:
        """1 with the probability that each element states, else 0; with `p`, that probability everywhere."""
        if p is not None:
            return creation.empty_like(self).bernoulli_(p, generator=generator)
        where = device_of(self._array)
        sample = drawn(stream(generator, where).bernoulli(to_host(self._array)), where)
        return bernoulli_draw(self, sample=sample)

    def multinomial(self, num_samples: int, replacement: Any = False, *, generator: Any = None) -> Tensor:
        """Indices drawn with probability proportional to the weights in each row."""
        where = device_of(self._array)
        found = stream(generator, where).multinomial(to_host(self._array), num_samples, replacement)
        return wrap(drawn(found, where))


def poisson(input: Any, generator: Any = None) -> Tensor:
    """Poisson counts with the rates of `input`."""
    where = device_of(input._array)
    return wrap(drawn(stream(generator, where).poisson(to_host(input._array)), where))


FUNCTIONS: dict[str, Callable] = {
    f.__name__: f
    for f in (
        rand, randn, rand_like, randn_like, randint, randint_like, randperm, normal, manual_seed, seed, initial_seed,
        get_rng_state, set_rng_state, poisson,
    )  # fmt: skip
}
FUNCTIONS["bernoulli"] = function(RandomMixin.bernoulli, out=True)
FUNCTIONS["multinomial"] = function(RandomMixin.multinomial, out=True)
