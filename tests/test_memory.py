"""Memory: what is a view and what a copy, strides and storage, in-place changes of shape, views by strides."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import minitorch as mt

BOTH = (mt, torch)


def pair(*shape, requires_grad=False):
    """The same numbers in both libraries."""
    a = np.arange(float(np.prod(shape))).reshape(shape) / 4 + 0.5
    return [lib.from_numpy(a.copy()).requires_grad_(requires_grad) for lib in BOTH]


def same(x, y):
    assert tuple(x.shape) == tuple(y.shape)
    assert repr(x.dtype) == repr(y.dtype)
    np.testing.assert_allclose(x.detach().numpy(), y.detach().numpy(), rtol=1e-12, atol=0)


# -- views and copies -------------------------------------------------------------------------------------------------

VIEWS = {
    "select": lambda x: x[1],
    "slice": lambda x: x[:, 1:3],
    "step": lambda x: x[::2, ::3],
    "newaxis": lambda x: x[None, :, None],
    "all": lambda x: x[...],
    "index of a 0-d tensor": lambda x: x[type(x)([1]).long()[0]],
    "transpose": lambda x: x.transpose(0, 2),
    "permute": lambda x: x.permute(2, 0, 1),
    "expand": lambda x: x.unsqueeze(1).expand(2, 5, 3, 4),
    "view": lambda x: x.view(6, 4),
    "reshape": lambda x: x.reshape(-1),
    "flatten": lambda x: x.flatten(1),
    "unflatten": lambda x: x.unflatten(2, (2, 2)),
    "squeeze": lambda x: x[:1].squeeze(0),
    "diagonal": lambda x: x.diagonal(1, 1, 2),
    "unfold": lambda x: x.unfold(2, 2, 1),
    "narrow": lambda x: x.narrow(1, 1, 2),
    "movedim": lambda x: x.movedim(0, 2),
    "split": lambda x: x.split(2, 2)[1],
    "chunk": lambda x: x.chunk(2)[1],
    "unbind": lambda x: x.unbind(1)[2],
    "tensor_split": lambda x: x.tensor_split(3, 2)[1],
    "iteration": lambda x: list(x)[1],
    "as_strided": lambda x: x.as_strided((2, 3), (5, 2), 1),
    "T": lambda x: x[0].T,
    "mT": lambda x: x.mT,
    "view dtype": lambda x: x.view(mt.int64 if isinstance(x, mt.Tensor) else torch.int64),
    "broadcast_to": lambda x: x[:1].broadcast_to(2, 3, 4),
    "detached slice, strided": lambda x: x[1].detach().as_strided((2,), (1,), 3),
    "atleast_3d": lambda x: (mt if isinstance(x, mt.Tensor) else torch).atleast_3d(x[0]),
}
COPIES = {
    "list": lambda x: x[[0, 1]],
    "mask": lambda x: x[x > 1],
    "flip": lambda x: x.flip(0),
    "roll": lambda x: x.roll(1),
    "repeat": lambda x: x.repeat(1, 1, 1),
    "reshape of a transpose": lambda x: x.transpose(0, 2).reshape(-1),
    "contiguous of a transpose": lambda x: x.transpose(0, 2).contiguous(),
    "clone": lambda x: x.clone(),
    "diag": lambda x: x[0].diag(),
    "index_select": lambda x: x.index_select(0, type(x)([0, 1]).long()),
    "bool": lambda x: x[True],
    "narrow_copy": lambda x: x.narrow_copy(0, 0, 1),
    "rot90": lambda x: x.rot90(0),
}


@pytest.mark.parametrize("name", [*VIEWS, *COPIES])
def test_views_share_memory_and_copies_do_not(name):
    make = {**VIEWS, **COPIES}[name]
    facts = []
    for x in pair(2, 3, 4):
        y = make(x)
        inside = x.untyped_storage().data_ptr() == y.untyped_storage().data_ptr()
        facts.append([inside, tuple(y.shape), y.stride(), y.storage_offset() if inside else None, y.is_contiguous()])
        x[...] = 7.0
        facts[-1].append(bool((y == 7.0).all()) if y.is_floating_point() else None)
    assert facts[0] == facts[1]
    assert facts[0][0] == (name in VIEWS)


def test_contiguous_of_a_contiguous_tensor_is_itself():
    x = mt.ones(2, 3)
    assert x.contiguous() is x
    assert x.t().contiguous() is not x


@pytest.mark.parametrize("shape", [(2, 3, 4), (1, 3, 1), (3, 0, 4), (1,), ()])
def test_strides_and_layouts(shape):
    facts = []
    for lib in BOTH:
        x = lib.zeros(shape)
        views = [x, x.clone(), x.unsqueeze(0), x.unsqueeze(-1), x.reshape(-1), x.flatten(), lib.zeros(2, 3).t()]
        facts.append([(v.stride(), v.is_contiguous(), v.storage_offset()) for v in views])
    assert facts[0] == facts[1]


def test_channels_last_copies_have_torchs_strides():
    facts = []
    for lib in BOTH:
        x = lib.arange(48.0).reshape(2, 2, 3, 4)
        y = x.contiguous(memory_format=lib.channels_last)
        facts.append(
            (
                y.stride(),
                y.is_contiguous(),
                y.is_contiguous(memory_format=lib.channels_last),
                y.tolist(),
                x.clone(memory_format=lib.channels_last).stride(),
            )
        )
    assert facts[0] == facts[1]
    with pytest.raises(RuntimeError, match="rank 4"):
        mt.ones(2, 3).clone(memory_format=mt.channels_last)


def test_clone_keeps_the_order_of_the_dimensions():
    facts = [
        [lib.zeros(2, 3).t().clone().stride(), lib.zeros(2, 3).t().clone(memory_format=lib.contiguous_format).stride()]
        for lib in BOTH
    ]
    assert facts[0] == facts[1]


def test_storage_says_where_and_how_large():
    x = mt.arange(6.0)
    y = x[2:5]
    assert y.data_ptr() == x.data_ptr() + 2 * x.element_size()
    assert y.untyped_storage().nbytes() == len(y.untyped_storage()) == 24
    assert y.storage().size() == 6 and y.storage().tolist() == x.tolist() and y.storage()[5] == 5.0
    assert x.is_set_to(x[:]) and not x.is_set_to(y)


def test_stride_of_one_dimension_and_of_none():
    x = mt.ones(2, 3)
    assert x.stride(0) == x.stride(dim=0) == 3 and x.stride(-1) == 1
    with pytest.raises(IndexError, match="Dimension out of range"):
        x.stride(2)


# -- memory -----------------------------------------------------------------------------------------------------------


def test_in_place_shape_changes_have_gradients():
    for act in (
        lambda t: t.t_(),
        lambda t: t.unsqueeze_(0),
        lambda t: t.transpose_(0, 1),
        lambda t: t.as_strided_((3, 2), (1, 3)),
    ):
        grads = []
        for lib, x in zip(BOTH, pair(2, 3, requires_grad=True), strict=True):
            y = x * 2
            view = y[0]
            act(y)
            w = lib.arange(6.0).reshape(y.shape).to(lib.float64)
            ((y * w).sum() + (view * view).sum()).backward()
            grads.append(x.grad)
        same(*grads)


STRIDED = [((3, 4), (2, 3), (1, 2), 1), ((6,), (3, 2), (1, 1), 0), ((6,), (2, 2), (0, 3), 2), ((2, 3), (), (), 4)]


@pytest.mark.parametrize("shape, size, stride, offset", STRIDED)
@pytest.mark.parametrize("expanded", [False, True])
def test_as_strided_and_its_derivatives(shape, size, stride, offset, expanded):
    seen = []
    for lib, x in zip(BOTH, pair(*shape, requires_grad=True), strict=True):
        source = x * 1
        if expanded:
            source = source.unsqueeze(0).expand(2, *shape)
        y = source.as_strided(size, stride, offset)
        w = lib.arange(float(y.numel())).reshape(size).to(lib.float64) + 1
        (g,) = lib.autograd.grad((y * y * w).sum(), x, create_graph=True)
        (h,) = lib.autograd.grad((g * g).sum(), x)
        seen.append((y, g, h))
    for ours, theirs in zip(*seen, strict=True):
        same(ours, theirs)


def test_as_strided_scatter_replaces_what_as_strided_shows():
    seen = []
    for _lib, x, src in zip(BOTH, pair(3, 4, requires_grad=True), pair(2, 2, requires_grad=True), strict=True):
        y = x.as_strided_scatter(src, (2, 2), (4, 1), 1)
        (y * y * y).sum().backward()
        seen.append((y, src.grad))  # torch's x.grad is wrong: it has src's gradient where x was replaced
    for ours, theirs in zip(*seen, strict=True):
        same(ours, theirs)
    t = mt.arange(6.0).reshape(2, 3).t()
    assert t.as_strided_scatter(mt.zeros(3), (3,), (1,), 0).tolist() == [[0.0, 3.0], [0.0, 4.0], [0.0, 5.0]]
    x, src = mt.randn(3, 2, dtype=mt.float64, requires_grad=True), mt.randn(2, dtype=mt.float64, requires_grad=True)
    assert mt.autograd.gradcheck(lambda a, b: a.t().as_strided_scatter(b, (2,), (2,), 1), (x, src))


@pytest.mark.parametrize(
    "act, words",
    [
        (lambda x: x.as_strided((9,), (1,)), "out of bounds for storage"),
        (lambda x: x.as_strided((2,), (1, 1)), "mismatch in length"),
        (lambda x: x.as_strided((2,), (-1,)), "Negative strides"),
        (lambda x: x.as_strided((2,), (1,), -1), "storage offset"),
        (lambda x: x.as_strided_scatter(x, (9,), (1,)), "out of bounds for storage"),
        (lambda x: x.as_strided_scatter(x, (2,), (1,)), "size equal to the slice"),
        (lambda x: x.resize_(-1), "negative dimension"),
        (lambda x: x.clone(memory_format=3), "memory format"),
    ],
)
def test_bad_strides_and_sizes(act, words):
    with pytest.raises(RuntimeError, match=words):
        act(mt.ones(6))


def test_negative_strides_have_no_strided_views():
    x = mt.from_numpy(np.arange(6.0)[::-1])
    assert x[1:3].tolist() == [4.0, 3.0] and x.reshape(2, 3).tolist() == [[5.0, 4.0, 3.0], [2.0, 1.0, 0.0]]
    with pytest.raises(RuntimeError, match="negative strides"):
        x.as_strided((2,), (1,))


def test_view_as_another_dtype():
    for dtype in ("int32", "uint8", "float64", "int16"):
        seen = []
        for lib in BOTH:
            y = lib.arange(6.0).reshape(3, 2).view(getattr(lib, dtype))
            seen.append((y.tolist(), tuple(y.shape), y.stride(), str(y.dtype)))
        assert seen[0] == seen[1]
    x = mt.zeros(2, dtype=mt.float32)
    x.view(mt.int32)[0] = 0x3F800000
    assert x[0] == 1.0 and x._version == 1
    for bad in (
        lambda: mt.ones(3).view(mt.float64),
        lambda: mt.ones(()).view(mt.uint8),
        lambda: mt.ones(2, 4).t().view(mt.float64),
    ):
        with pytest.raises(RuntimeError):
            bad()


def test_transposes_that_torch_deprecates_warn():
    with pytest.warns(UserWarning, match="deprecated"):
        assert mt.ones(2, 3, 4).T.shape == (4, 3, 2)
    with pytest.warns(UserWarning, match="deprecated"):
        assert mt.ones(()).mT.shape == ()
    for name in ("mT", "mH", "H"):
        with pytest.raises(RuntimeError, match="only supported on matrices"):
            getattr(mt.ones(3), name)
