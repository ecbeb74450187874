"""einsum and tensordot: sums of products over named or numbered dimensions, by way of matrix products.

Everything is composed of differentiable ops, so there is no derivative to write here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.primitives import broadcast_to
from minitorch.errors import explain, wrap_dim
from minitorch.ops import elementwise, shape
from minitorch.ops import reduce as sums
from minitorch.ops.diagonal import diagonal
from minitorch.ops.matmul import bmm, matmul, mm
from minitorch.tensor.dims import totaled
from minitorch.tensor.out import write_out

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

ELLIPSIS = "."  # the letter that stands for `...` in parsed subscripts


# -- tensordot -------------------------------------------------------------------------------------------------------


def contract(a: Any, b: Any, dims_a: Sequence[int], dims_b: Sequence[int]) -> Any:
    """Sum a over dims_a against b over dims_b: one matrix product of (rest of a, dims) and (dims, rest of b)."""
    free_a = [d for d in range(a._array.ndim) if d not in dims_a]
    free_b = [d for d in range(b._array.ndim) if d not in dims_b]
    size = [a._array.shape[d] for d in free_a], [b._array.shape[d] for d in free_b]
    k = math.prod(a._array.shape[d] for d in dims_a)
    left = shape.reshape(_permuted(a, [*free_a, *dims_a]), shape=(math.prod(size[0]), k))
    right = shape.reshape(_permuted(b, [*dims_b, *free_b]), shape=(k, math.prod(size[1])))
    return shape.reshape(mm(left, right), shape=(*size[0], *size[1]))


def _permuted(x: Any, dims: list[int]) -> Any:
    return x if dims == list(range(len(dims))) else shape.permute(x, dims=tuple(dims))


def tensordot(a: Tensor, b: Tensor, dims: Any = 2, out: Tensor | None = None) -> Tensor:
    """Sum of products over the last `dims` dimensions of a and the first of b, or over two lists of dimensions.

    >>> import minitorch as mt
    >>> mt.tensordot(mt.ones(2, 3, 4), mt.ones(4, 3, 5), dims=([1, 2], [1, 0])).shape
    torch.Size([2, 5])
    """
    for name, t in (("a", a), ("b", b)):
        if not isinstance(t, TensorBase):
            raise TypeError(f"tensordot(): argument '{name}' must be Tensor, not {type(t).__name__}")
    dims_a, dims_b = _tensordot_dims(a, b, dims)
    if a._array.dtype != b._array.dtype:
        raise RuntimeError("tensordot: both inputs should have same dtype")
    for i, (d, e) in enumerate(zip(dims_a, dims_b, strict=True)):
        n, m = a._array.shape[d], b._array.shape[e]
        if n != m and n != 1 and m != 1:
            raise RuntimeError(
                explain(
                    f"tensordot: contracted dimensions need to match, but first has size {n} in dim {d} and second has "
                    f"size {m} in dim {e}",
                    [("a", a._array.shape, f"dims {dims_a}"), ("b", b._array.shape, f"dims {dims_b}")],
                )
            )
        if n != m:  # a dimension of length one broadcasts: sum the other one
            if n == 1:
                b = totaled(sums.sum(b, dim=dims_b[i], keepdim=True), b.dtype)
            else:
                a = totaled(sums.sum(a, dim=dims_a[i], keepdim=True), a.dtype)
    result = contract(a, b, dims_a, dims_b)
    return result if out is None else write_out("tensordot", out, result, (a, b))


def _tensordot_dims(a: Any, b: Any, dims: Any) -> tuple[list[int], list[int]]:
    if isinstance(dims, TensorBase):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a._array.ndim, b._array.ndim):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        return list(range(a._array.ndim - dims, a._array.ndim)), list(range(dims))
    first, second = ([d] if isinstance(d, int) else list(d) for d in dims)
    if len(first) != len(second):
        raise RuntimeError("tensordot: both dimension lists should have same length")
    return (
        [wrap_dim(d, a._array.ndim, "tensordot") for d in first],
        [wrap_dim(d, b._array.ndim, "tensordot") for d in second],
    )


# -- einsum ----------------------------------------------------------------------------------------------------------


def einsum(equation: Any, *operands: Any) -> Tensor:
    """Sum of products of the operands' elements, with dimensions named by letters.

    A letter missing from the part after `->` is summed over; without `->`, the letters that appear once stay, in
    alphabetical order. `...` stands for leading dimensions that broadcast. Also takes operands alternating with lists
    of numbers: einsum(a, [0, 1], b, [1, 2], [0, 2]). Operands are contracted from left to right.

    >>> import minitorch as mt
    >>> mt.einsum("ij,jk->ik", mt.tensor([[1.0, 2.0]]), mt.tensor([[3.0], [4.0]]))
    tensor([[11.]])
    """
    if not isinstance(equation, str):
        equation, operands = _from_lists((equation, *operands))
    elif len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    for t in operands:
        if not isinstance(t, TensorBase):
            raise TypeError(f"einsum(): argument 'operands' must be tuple of Tensors, but got {type(t).__name__}")
    inputs, output = parse(equation, [t._array.ndim for t in operands])
    for t in operands[1:]:
        if t._array.dtype != operands[0]._array.dtype:
            raise RuntimeError("einsum: expected all operands to have the same dtype")
    for i, (t, s) in enumerate(zip(operands, inputs, strict=True)):
        _check_repeated(i, t._array.shape, s)
    sizes = _sizes(inputs, operands)
    terms = [_unrepeated(t, s) for t, s in zip(operands, inputs, strict=True)]
    held, letters = terms[0]
    for k, (other, others) in enumerate(terms[1:], 1):
        later = set(output).union(*(s for _, s in terms[k + 1 :]))
        held, letters = _pair(held, letters, other, others, later)
    return _arranged(held, letters, output, sizes)


def _from_lists(arguments: tuple) -> tuple[str, tuple]:
    """The form with sublists, as an equation of letters."""
    operands, lists = arguments[0 : len(arguments) // 2 * 2 : 2], list(arguments[1::2])
    if len(arguments) % 2:
        lists.append(arguments[-1])
    if len(arguments) < 2 or any(not isinstance(entry, (list, tuple)) for entry in lists):
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or operands and their sublists"
        )
    words = ["".join(_letter_of(n) for n in entry) for entry in lists]
    equation = ",".join(words[: len(operands)])
    return (equation + "->" + words[-1] if len(arguments) % 2 else equation), operands


def _letter_of(n: Any) -> str:
    if n is Ellipsis:
        return "..."
    if not isinstance(n, int) or not 0 <= n < 52:
        raise ValueError(f"einsum(): expected subscript {n} to be within the valid range [0, 52)")
    return chr(ord("A") + n) if n < 26 else chr(ord("a") + n - 26)


def parse(equation: str, ndims: list[int]) -> tuple[list[list[str]], list[str]]:
    """The equation as one list of labels per operand, and one for the output.

    A label is a letter; the dimensions that `...` covers get the labels ".0", ".1", ... counted from the last.
    """
    left, arrow, right = equation.replace(" ", "").partition("->")
    words = left.split(",")
    if not ndims:
        raise ValueError("einsum(): must specify the equation string and at least one operand, or at least one operand "
                         "and its subscripts list")  # fmt: skip
    if len(words) > len(ndims):
        raise RuntimeError("einsum(): fewer operands were provided than specified in the equation")
    if len(words) < len(ndims):
        raise RuntimeError("einsum(): more operands were provided than specified in the equation")
    inputs = [_labels(w, i, ndims[i]) for i, w in enumerate(words)]
    covered = max((sum(1 for s in labels if s[0] == ELLIPSIS) for labels in inputs), default=0)
    if not arrow:
        flat = [s for labels in inputs for s in labels if s[0] != ELLIPSIS]
        return inputs, _dots(covered) + sorted(s for s in set(flat) if flat.count(s) == 1)
    _check_letters(right, "the output")
    output = []
    for symbol in _symbols(right, "the output"):
        output += _dots(covered) if symbol == ELLIPSIS else [symbol]
    known = {s for labels in inputs for s in labels}
    for s in output:
        if output.count(s) > 1:
            raise RuntimeError(f"einsum(): output subscript {s} appears more than once in the output")
        if s not in known:
            raise RuntimeError(f"einsum(): output subscript {s} does not appear in the equation for any input operand")
    return inputs, output


def _dots(n: int) -> list[str]:
    return [f"{ELLIPSIS}{i}" for i in reversed(range(n))]


def _check_letters(word: str, where: str) -> None:
    for c in word:
        if not (c.isascii() and c.isalpha()) and c != ".":
            raise RuntimeError(
                f"einsum(): invalid subscript given in {where} of the equation string ({c!r}), subscripts must be in "
                "[a-zA-Z]"
            )


def _symbols(word: str, where: str) -> list[str]:
    """Letters, and one ELLIPSIS for `...`."""
    if word.count("...") > 1 or word.replace("...", "", 1).count("."):
        raise RuntimeError(f"einsum(): found '.' for {where} that is not part of any ellipsis")
    return list(word.replace("...", ELLIPSIS))


def _labels(word: str, operand: int, ndim: int) -> list[str]:
    where = f"operand {operand}"
    _check_letters(word, where)
    symbols = _symbols(word, where)
    named = len(symbols) - symbols.count(ELLIPSIS)
    if named > ndim or (named < ndim and ELLIPSIS not in symbols):
        end = "and no ellipsis was given" if ELLIPSIS not in symbols else "even though an ellipsis was given"
        raise RuntimeError(
            f"einsum(): the number of subscripts in the equation ({named}) does not match the number of dimensions "
            f"({ndim}) for operand {operand} {end}"
        )
    labels: list[str] = []
    for s in symbols:
        labels += _dots(ndim - named) if s == ELLIPSIS else [s]
    return labels


def _check_repeated(operand: int, lengths: tuple, labels: list[str]) -> None:
    for i, s in enumerate(labels):
        n = lengths[labels.index(s)]
        if n != lengths[i]:
            raise RuntimeError(
                f"einsum(): subscript {s} is repeated for operand {operand} but the sizes don't match, "
                f"{lengths[i]} != {n}"
            )


def _sizes(inputs: list[list[str]], operands: Sequence[Any]) -> dict[str, int]:
    """The length of each label; a length of one broadcasts."""
    sizes: dict[str, int] = {}
    for k, (labels, t) in enumerate(zip(inputs, operands, strict=True)):
        for s, n in zip(labels, t._array.shape, strict=True):
            have = sizes.setdefault(s, n)
            if have == 1:
                sizes[s] = n
            elif n not in (1, have):
                raise RuntimeError(
                    explain(
                        f"einsum(): subscript {s} has size {n} for operand {k} which does not broadcast with "
                        f"previously seen size {have}",
                        [
                            (f"operand {i}", o._array.shape, "".join(w))
                            for i, (o, w) in enumerate(zip(operands, inputs, strict=True))
                        ],
                    )
                )
    return sizes


def _unrepeated(x: Any, labels: list[str]) -> tuple[Any, list[str]]:
    """Take diagonals until no label appears twice."""
    labels = list(labels)
    for s in list(labels):
        while labels.count(s) > 1:
            first = labels.index(s)
            second = labels.index(s, first + 1)
            x = diagonal(x, offset=0, dim1=first, dim2=second)  # the diagonal becomes the last dimension
            labels = [c for i, c in enumerate(labels) if i not in (first, second)] + [s]
    return x, labels


def _pair(a: Any, la: list[str], b: Any, lb: list[str], later: set[str]) -> tuple[Any, list[str]]:
    """Multiply two terms, summing over the labels that nobody needs later, as a batched matrix product."""
    a, la = _summed(a, la, [s for s in la if s not in later and s not in lb])
    b, lb = _summed(b, lb, [s for s in lb if s not in later and s not in la])
    length_a, length_b = dict(zip(la, a._array.shape, strict=True)), dict(zip(lb, b._array.shape, strict=True))
    inner = [s for s in la if s in lb and s not in later]
    for s in inner:  # a length of one against n: the other is summed
        if length_a[s] != length_b[s]:
            dim = (lb if length_a[s] == 1 else la).index(s)
            if length_a[s] == 1:
                b = sums.sum(b, dim=dim, keepdim=True)
            else:
                a = sums.sum(a, dim=dim, keepdim=True)
    batch = [s for s in la if s in lb and s in later]
    free_a, free_b = [s for s in la if s not in lb], [s for s in lb if s not in la]
    if not inner:
        return _multiplied(a, la, b, lb)
    left = _grouped(a, la, batch, free_a, inner)
    right = _grouped(b, lb, batch, inner, free_b)
    product = _batched(left, right)
    shape_of = {**length_b, **length_a}
    shape_of |= {s: max(length_a[s], length_b[s]) if 0 not in (length_a[s], length_b[s]) else 0 for s in batch}
    labels = batch + free_a + free_b
    return shape.reshape(product, shape=tuple(shape_of[s] for s in labels)), labels


def _batched(left: Any, right: Any) -> Any:
    """The matrix product of the two groups, by the narrowest op."""
    if left._array.ndim == 2:
        return mm(left, right)
    if left._array.ndim == 3 and left._array.shape[0] == right._array.shape[0]:
        return bmm(left, right)
    return matmul(left, right)


def _multiplied(a: Any, la: list[str], b: Any, lb: list[str]) -> tuple[Any, list[str]]:
    """Nothing to sum: align the labels and multiply elementwise."""
    labels = la + [s for s in lb if s not in la]
    a = shape.reshape(a, shape=a._array.shape + (1,) * (len(labels) - len(la)))
    b = _permuted(b, [lb.index(s) for s in labels if s in lb])
    lengths = dict(zip([s for s in labels if s in lb], b._array.shape, strict=True))
    b = shape.reshape(b, shape=tuple(lengths.get(s, 1) for s in labels))
    if a._array.dtype.kind == "b":
        raise NotImplementedError("einsum: \"bmm\" not implemented for 'Bool'\n    hint  multiply x.float()")
    return elementwise.mul(a, b), labels


def _summed(x: Any, labels: list[str], gone: list[str]) -> tuple[Any, list[str]]:
    if not gone:
        return x, labels
    return sums.sum(x, dim=tuple(labels.index(s) for s in gone)), [s for s in labels if s not in gone]


def _grouped(x: Any, labels: list[str], batch: list[str], rows: list[str], columns: list[str]) -> Any:
    """x as (*batch, rows, columns): its dimensions in that order, those of each group made one."""
    order = [labels.index(s) for s in (*batch, *rows, *columns)]
    lengths = [x._array.shape[d] for d in order]
    n, m = len(batch), len(batch) + len(rows)
    target = (*lengths[:n], math.prod(lengths[n:m]), math.prod(lengths[m:]))
    x = _permuted(x, order)
    return x if x._array.shape == target else shape.reshape(x, shape=target)


def _arranged(x: Any, labels: list[str], output: list[str], sizes: dict[str, int]) -> Any:
    """Sum what is left over and put the output's labels in order."""
    x, labels = _summed(x, labels, [s for s in labels if s not in output])
    x = _permuted(x, [labels.index(s) for s in output])
    full = tuple(sizes[s] for s in output)
    return x if x._array.shape == full else broadcast_to(x, shape=full)


FUNCTIONS: dict[str, Callable] = {"einsum": einsum, "tensordot": tensordot}
