"""Source text for random programs: each move looks at a torch tensor, picks its arguments, and returns a bit of text.

`pick` chooses from a list. Everything is smooth and of moderate size, so that two libraries that differ in the last bit
stay together.
"""

import math
import random

import torch

SHAPES = [[], [3], [4], [2, 3], [3, 1], [1, 4], [3, 3], [2, 1, 3], [2, 3, 2]]
LARGEST = 36  # elements: a program stays readable
MODERATE = 2.0  # a tensor with a larger entry is not multiplied by another


def literal(shape, seed):
    """A float64 tensor of reproducible numbers in [-1.5, 1.5], as text."""
    source = random.Random(seed)

    def nested(sizes):
        return [nested(sizes[1:]) for _ in range(sizes[0])] if sizes else round(source.uniform(-1.5, 1.5), 2)

    return f"torch.tensor({nested(list(shape))}, dtype=torch.float64)"


def mask(pick, shape):
    """A boolean tensor as text: every second or third element."""
    step = pick([2, 3])
    return f"(torch.arange({math.prod(shape)}) % {step} == 0).reshape({list(shape)})"


def moderate(tensor):
    return bool(tensor.detach().abs().max() <= MODERATE)


def has_zero_stride(tensor):
    return any(step == 0 and size > 1 for size, step in zip(tensor.shape, tensor.stride(), strict=True))


def overlaps_itself(tensor):
    """Whether two elements lie in one place; torch leaves open what a write to such a tensor does (or refuses it)."""
    places = [0]
    for size, step in zip(tensor.shape, tensor.stride(), strict=True):
        places = [p + i * step for p in places for i in range(size)]
    return len(set(places)) < len(places)


def same_storage(one, other):
    return one.untyped_storage().data_ptr() == other.untyped_storage().data_ptr()


def same_place(one, other):
    return (one.data_ptr(), one.shape, one.stride()) == (other.data_ptr(), other.shape, other.stride())


def on_a_leaf(tensor):
    """Whether it is a leaf that requires grad, or a view of one: not writable, but under no_grad."""
    try:
        return any(t is not None and t.requires_grad and t.is_leaf for t in (tensor, tensor._base))
    except RuntimeError:  # a view that torch no longer lets anybody ask
        return False


def broadcasts_to(small, large):
    """Whether a tensor of shape `small` can be written into one of shape `large`."""
    pairs = zip(reversed(small), reversed(large), strict=False)
    return len(small) <= len(large) and all(s in (1, n) for s, n in pairs)


# Views: the least number of dimensions, and the text that follows the tensor.


def _dim(pick, t):
    return pick(list(range(t.ndim)))


def _select(pick, t):
    d = _dim(pick, t)
    return f".select({d}, {pick(list(range(-1, t.shape[d])))})"


def _narrow(pick, t):
    d = _dim(pick, t)
    start = pick(list(range(t.shape[d])))
    return f".narrow({d}, {start}, {pick(list(range(1, t.shape[d] - start + 1)))})"


def _slice(pick, t):
    start, step = pick(list(range(t.shape[-1]))), pick([1, 2])
    return f"[..., {start}::{step}]"


def _split_part(pick, t):
    d = _dim(pick, t)
    maker = pick(["unbind({d})", "split(1, {d})", "chunk(2, {d})", "split([1, {rest}], {d})"])
    return f".{maker.format(d=d, rest=t.shape[d] - 1)}[{pick([0, -1])}]"


def _transpose(pick, t):
    return f".transpose({_dim(pick, t)}, {_dim(pick, t)})"


def _permute(pick, t):
    dims, order = list(range(t.ndim)), []
    while dims:
        order.append(dims.pop(pick(list(range(len(dims))))))
    return f".permute({', '.join(map(str, order))})"


def _view(pick, t):
    n = t.numel()
    return pick(
        [".view(-1)", ".view(1, -1)", f".view({n}, 1)", f".view(-1, {t.shape[-1]})", ".flatten()", ".reshape(-1)"]
    )


def _expand(pick, t):
    if 1 in t.shape and pick([True, False]):
        return f".expand({[2 if n == 1 else n for n in t.shape]})"
    return f".expand({[2, *t.shape]})"


def _unfold(pick, t):
    d = _dim(pick, t)
    size = pick(list(range(1, t.shape[d] + 1)))
    return f".unfold({d}, {size}, {pick([1, size])})"


def _as_strided(pick, t):
    """Text for a window on the tensor's own memory; for a dense tensor only, where the range is plain."""
    n, start = t.numel(), t.storage_offset()
    if not t.is_contiguous() or n < 2:
        return ".view_as({0})"
    rows = pick(list(range(1, n)))
    windows = pick(
        [f"({rows},), (1,), {start + n - rows}", f"({n - 1}, 2), (1, 1), {start}", f"({n // 2},), (2,), {start}"]
    )
    return f".as_strided({windows})"


VIEWS = [
    (1, _select),
    (1, _narrow),
    (1, _slice),
    (1, _split_part),
    (1, _split_part),  # twice: the rules for several outputs are the most intricate
    (2, _transpose),
    (2, _permute),
    (1, _view),
    (0, _expand),
    (1, _unfold),
    (1, _as_strided),
    (0, lambda pick, t: f".unsqueeze({pick([0, -1])})"),
    (0, lambda pick, t: ".squeeze()"),
    (1, lambda pick, t: f".squeeze({_dim(pick, t)})"),
    (2, lambda pick, t: f".diagonal({pick([0, 1, -1])})"),
    (2, lambda pick, t: pick([".mT", ".T", ".t()"]) if t.ndim == 2 else ".mT"),
    (0, lambda pick, t: pick(["[None]", "[...]", "[..., None]"])),
    (1, lambda pick, t: pick(["[0]", "[-1]", "[:]", "[1:]", "[..., 0]", "[::2]"])),
]


def view(pick, name, tensor):
    """An expression for a view of a tensor; some are refused (a strided .view), and must be refused by both."""
    _, move = pick([entry for entry in VIEWS if entry[0] <= tensor.ndim])
    return name + move(pick, tensor).format(name)


# Writes: the text of a whole statement.


def write_alone(pick, name, tensor):
    """An in-place op without a tensor operand."""
    ops = ["sin_()", "tanh_()", "sigmoid_()", "neg_()", "add_(0.5)", "sub_(0.25)", "mul_(-0.75)", "div_(2)", "cos_()"]
    ops += ["zero_()", "fill_(0.25)"]
    if moderate(tensor):
        ops += ["exp_()", "square_()", "pow_(3)"]
    if tensor.ndim and not has_zero_stride(tensor):
        ops += [
            f"cumsum_({_dim(pick, tensor)})",
            f"masked_fill_({mask(pick, tensor.shape)}, 0.75)",
            "index_fill_(0, torch.tensor([0]), -0.5)",
        ]
    return f"{name}.{pick(ops)}"


def write_with(pick, name, tensor, operand, other):
    """An in-place op with another tensor of the pool; `operand` is its text, `other` the tensor itself."""
    ops = ["{0}.add_({1})", "{0}.sub_({1})", "{0}.copy_({1})", "{0} += {1}", "{0}.add_({1}, alpha=0.5)", "{0} -= {1}"]
    ops += ["{0}.lerp_({1}, 0.25)"]
    if moderate(tensor) and moderate(other):
        ops += ["{0}.mul_({1})", "{0} *= {1}", "{0}.addcmul_({1}, {1}, value=0.5)", "{0}.div_({1}.cosh())"]
    if other.ndim == 0:
        ops += ["{0}.fill_({1})"]
    return pick(ops).format(name, operand)


INDICES = ["0", "-1", "...", "1:", "::2", "[0]", "[0, -1]", "None", "..., 0", "torch.tensor([-1])"]


def assignment(pick, name, tensor, choose):
    """`x[index] = value`; `choose(shape)` gives the text of a tensor that fits, or a number."""
    indices = [*INDICES, mask(pick, tensor.shape)] if tensor.ndim else ["...", "()", "None"]
    if tensor.ndim > 1:
        indices += ["0, -1", ":, [0]", "[0, -1], [0, 0]", mask(pick, tensor.shape[:1]), "..., 1:"]
    index = pick(indices)
    place = eval(f"tensor[{index}]", {"torch": torch, "tensor": tensor.detach()})
    return f"{name}[{index}] = {choose(list(place.shape))}"


def indexed_write(pick, name, tensor, choose):
    """An in-place op that takes an index and a source."""
    rows, rest = tensor.shape[0], list(tensor.shape[1:])
    index = f"torch.tensor({pick([[0], [rows - 1, 0], [0, 0]])})"
    two = [1 if index == "torch.tensor([0])" else 2, *rest]
    return pick(
        [
            f"{name}.index_add_(0, {index}, {literal(two, 1)})",
            f"{name}.index_put_(({index},), {choose(rest)})",
            f"{name}.index_put_(({index},), {choose(rest)}, accumulate=True)",
            f"{name}.masked_scatter_({mask(pick, tensor.shape)}, {literal(tensor.shape, 2)})",
            f"{name}.masked_fill_({mask(pick, tensor.shape)}, {choose([])})",
        ]
    )
