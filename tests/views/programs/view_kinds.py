"""Programs that go through the kinds of view: what each shares, and the gradient of a write through it."""

from ..harness import leaf, node, plain, program, pull, shares

KINDS = {
    "select": lambda y: y[1],
    "select_negative": lambda y: y.select(-1, -2),
    "slice": lambda y: y[:, 1:],
    "slice_step": lambda y: y[::2, ::3],
    "newaxis": lambda y: y[None, :, None],
    "ellipsis": lambda y: y[..., 0],
    "whole": lambda y: y[:],
    "dots": lambda y: y[...],
    "view": lambda y: y.view(4, 3),
    "view_infer": lambda y: y.view(2, -1),
    "reshape": lambda y: y.reshape(12),
    "flatten": lambda y: y.flatten(),
    "ravel": lambda y: y.ravel(),
    "unflatten": lambda y: y.unflatten(1, (2, 2)),
    "transpose": lambda y: y.transpose(0, 1),
    "t": lambda y: y.t(),
    "upper_t": lambda y: y.T,
    "mt": lambda y: y.mT,
    "permute": lambda y: y.permute(1, 0),
    "movedim": lambda y: y.movedim(0, 1),
    "unsqueeze": lambda y: y.unsqueeze(1),
    "squeeze": lambda y: y.unsqueeze(0).squeeze(0),
    "squeeze_all": lambda y: y[:1].squeeze(),
    "narrow": lambda y: y.narrow(1, 1, 2),
    "diagonal": lambda y: y.diagonal(),
    "diagonal_offset": lambda y: y.diagonal(1),
    "as_strided": lambda y: y.as_strided((2, 2), (4, 2), 1),
    "unfold": lambda y: y.unfold(1, 2, 2),
    "view_as": lambda y: y.view_as(y),
    "expand_same": lambda y: y.expand(3, 4),
    "chunk_of_one": lambda y: y.chunk(1)[0].t(),
}


@program
def each_view_shares_storage_version_and_base(torch):
    def of(make):
        y = leaf(torch, 3, 4) * 1
        view = make(y)
        y.add_(1)
        facts = [shares(view, y), view._is_view(), view._base is y, view._version, view.is_leaf, view.requires_grad]
        return facts + [view, list(view.stride()), view.storage_offset(), view.is_contiguous()]

    return {name: of(make) for name, make in KINDS.items() if name != "chunk_of_one"}


@program
def each_view_names_its_node(torch):
    y = leaf(torch, 3, 4) * 1
    return {name: node(make(y)) for name, make in KINDS.items()}


@program
def each_view_passes_its_gradient_to_the_base(torch):
    def of(make):
        x = leaf(torch, 3, 4)
        pull(torch, make(x))
        return x.grad

    return {name: of(make) for name, make in KINDS.items()}


@program
def each_view_written_by_a_number_gives_the_right_gradient(torch):
    def of(make):
        x = leaf(torch, 3, 4)
        y = x * 1
        make(y).mul_(3)
        pull(torch, y)
        return [y, x.grad, y._version]

    return {name: of(make) for name, make in KINDS.items() if name != "chunk_of_one"}


@program
def each_view_written_by_a_tracked_tensor_gives_both_gradients(torch):
    def of(make):
        x = leaf(torch, 3, 4)
        y = x * 1
        view = make(y)
        a = leaf(torch, *view.shape)
        view.mul_(a)
        pull(torch, y)
        return [y, view, x.grad, a.grad]

    return {name: of(make) for name, make in KINDS.items() if name != "chunk_of_one"}


@program
def each_view_follows_a_write_to_its_base(torch):
    def of(make):
        x = leaf(torch, 3, 4)
        y = x * 1
        view = make(y)
        y.mul_(x.detach() + 1)
        pull(torch, view)
        return [view, x.grad]

    return {name: of(make) for name, make in KINDS.items() if name != "chunk_of_one"}


@program
def diagonal_plus_number(torch):
    x = leaf(torch, 3, 3)
    y = x * x
    y.diagonal().add_(10)
    pull(torch, y)
    return {"y": y, "grad": x.grad}


@program
def diagonal_of_a_batch_written_by_a_tracked_vector(torch):
    x, d = leaf(torch, 2, 3, 3), leaf(torch, 3)
    y = x * 1
    y.diagonal(dim1=1, dim2=2).copy_(d)
    pull(torch, y)
    return {"y": y, "grads": [x.grad, d.grad]}


@program
def transposed_write(torch):
    x, a = leaf(torch, 2, 3), leaf(torch, 3, 2)
    y = x * 1
    y.t().mul_(a)
    pull(torch, y)
    return {"y": y, "grads": [x.grad, a.grad]}


@program
def reshape_copies_where_it_must(torch):
    y = leaf(torch, 2, 3) * 1
    same, copy = y.reshape(6), y.t().reshape(6)
    copy.zero_()
    facts = [shares(same, y), shares(copy, y), same._is_view(), copy._is_view(), same._base is y, copy._base]
    return {"y": y, "same": same, "copy": copy, "facts": facts, "nodes": [node(same), node(copy)]}


@program
def contiguous_is_the_tensor_itself_or_a_copy(torch):
    y = leaf(torch, 2, 3) * 1
    same, copy = y.contiguous(), y.t().contiguous()
    return {"same": same is y or shares(same, y), "copied": not shares(copy, y), "copy_is_view": copy._is_view()}


@program
def as_strided_overlapping_windows_add_their_gradients(torch):
    x = leaf(torch, 5)
    windows = (x * 1).as_strided((3, 3), (1, 1))
    pull(torch, windows)
    return {"windows": windows, "grad": x.grad}


@program
def as_strided_of_a_slice_counts_from_the_storage(torch):
    x = leaf(torch, 6)
    y = x * 1
    same_place = y[2:].as_strided((2,), (1,))
    from_start = y[2:].as_strided((2,), (1,), 0)
    return {
        "same_place": same_place,
        "from_start": from_start,
        "offsets": [same_place.storage_offset(), y[2:].storage_offset()],
    }


@program
def as_strided_written_through_a_slice(torch):
    x, a = leaf(torch, 2, 4), leaf(torch, 2, 2)
    y = x * 1
    y.as_strided((2, 2), (4, 1), 1).mul_(a)
    pull(torch, y)
    return {"y": y, "grads": [x.grad, a.grad]}


@program
def unfold_windows_that_overlap_add_their_gradients(torch):
    x = leaf(torch, 5)
    windows = x.unfold(0, 3, 1)
    pull(torch, windows)
    return {"windows": windows, "stride": list(windows.stride()), "grad": x.grad, "node": node(windows)}


@program
def unfold_windows_side_by_side_are_writable(torch):
    x = leaf(torch, 6)
    y = x * 1
    y.unfold(0, 2, 3).mul_(10)
    pull(torch, y)
    return {"y": y, "grad": x.grad}


@program
def an_expanded_view_gathers_its_gradient(torch):
    x = leaf(torch, 3, 1)
    wide = x.expand(2, 3, 4)
    pull(torch, wide)
    return {"wide": wide, "stride": list(wide.stride()), "grad": x.grad, "base": wide._base is x}


@program
def one_row_of_an_expanded_view_is_writable_and_all_rows_see_it(torch):
    x = leaf(torch, 3)
    y = x * 1
    wide = y.expand(2, 3)
    wide[0].mul_(5)
    pull(torch, y)
    return {"y": y, "wide": wide, "grad": x.grad}


@program
def an_expanded_view_follows_a_write_to_its_base(torch):
    x = leaf(torch, 3)
    y = x * 1
    wide = y.expand(2, 3)
    y.mul_(2)
    pull(torch, wide)
    return {"wide": wide, "grad": x.grad, "version": wide._version}


@program
def a_slice_of_the_last_step_keeps_its_place(torch):
    y = plain(torch, 3, 4)
    view = y[1:, 1::2]
    view.zero_()
    return {
        "y": y,
        "offset": view.storage_offset(),
        "stride": list(view.stride()),
        "ptr": view.data_ptr() - y.data_ptr(),
    }
