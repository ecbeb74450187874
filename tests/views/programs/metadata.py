"""Programs about the in-place ops that change only the shape, and about what a view says of itself."""

from ..harness import leaf, node, plain, program, pull, raises, shares


@program
def shape_changes_in_place_count_as_writes(torch):
    x = plain(torch, 1, 2, 3)
    versions = [x._version]
    for change in (lambda: x.squeeze_(), lambda: x.t_(), lambda: x.unsqueeze_(1), lambda: x.transpose_(0, 2)):
        change()
        versions.append([x._version, list(x.shape), list(x.stride())])
    return {"x": x, "versions": versions, "is_view": x._is_view()}


@program
def transpose_in_place_on_a_result(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    y.t_()
    pull(torch, y)
    return {"y": y, "grad": x.grad, "stride": list(y.stride()), "version": y._version, "is_view": y._is_view()}


@program
def squeeze_and_unsqueeze_in_place_on_a_result(torch):
    x = leaf(torch, 1, 3)
    y = x * 2
    same = y.squeeze_()
    y.unsqueeze_(1)
    pull(torch, y)
    return {"same": same is y, "y": y, "grad": x.grad, "version": y._version}


@program
def a_shape_change_in_place_then_a_write(torch):
    x, a = leaf(torch, 2, 3), leaf(torch, 3, 2)
    y = x * 1
    y.transpose_(0, 1).mul_(a)
    pull(torch, y)
    return {"y": y, "grads": [x.grad, a.grad]}


@program
def a_shape_change_in_place_on_a_view_leaves_the_base_in_shape(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    row = y[0]
    row.unsqueeze_(0)
    row.mul_(2)
    pull(torch, y)
    return {"y": y, "row": row, "grad": x.grad, "versions": [y._version, row._version]}


@program
def a_shape_change_in_place_breaks_a_value_that_was_saved(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    z = y.sin()
    y.t_()
    return {"z": z, "error": raises(lambda: pull(torch, z), "modified by an inplace operation")}


@program
def base_is_the_first_tensor_however_deep_the_view(torch):
    y = plain(torch, 2, 3, 4)
    a = y[1]
    b = a.t()
    c = b[1:3].unsqueeze(0)
    return {"bases": [t._base is y for t in (a, b, c)], "root": y._base, "views": [t._is_view() for t in (y, a, b, c)]}


@program
def base_of_a_view_of_a_detached_tensor(torch):
    x = leaf(torch, 2, 3)
    d = x.detach()
    v = d[0]
    return {"base_is_d": v._base is d, "base_is_x": v._base is x, "shared": shares(v, x)}


@program
def copies_are_not_views(torch):
    x = leaf(torch, 2, 3)
    copies = [x.clone(), x * 1, x.repeat(1, 1), x.flip(0), x[[0]], x.masked_select(x > 0), torch.cat([x, x])]
    return {
        "views": [t._is_view() for t in copies],
        "bases": [t._base for t in copies],
        "shared": [shares(t, x) for t in copies],
    }


@program
def ops_that_return_the_tensor_itself(torch):
    x = plain(torch, 2, 3)
    same = [x.contiguous(), x.to(torch.float64), x.double(), x.cpu(), x.requires_grad_(False)]
    expand = x.expand(2, 3)
    return {"same": [t is x for t in same], "expand": expand is x, "shared": shares(expand, x)}


@program
def data_ptr_moves_with_the_offset(torch):
    y = plain(torch, 3, 4)
    views = [y[1], y[1:, 2], y.t(), y.diagonal(1), y[..., None], y.view(-1)[5:]]
    return {"steps": [v.data_ptr() - y.data_ptr() for v in views], "offsets": [v.storage_offset() for v in views]}


@program
def a_storage_knows_its_size_through_any_view(torch):
    y = plain(torch, 3, 4)
    return {"bytes": [t.untyped_storage().nbytes() for t in (y, y[1], y.t(), y[0, 0])], "element": y.element_size()}


@program
def versions_along_a_walk(torch):
    x = plain(torch, 2, 3)
    row, seen = x[0], []

    def note():
        seen.append([x._version, row._version])

    note()
    x.add_(1)
    note()
    row.mul_(2)
    note()
    x[1, 1] = 5.0
    note()
    x.zero_()
    note()
    y = x + 1
    x + row
    note()
    x.copy_(y)
    note()
    x.resize_(2, 3)
    x += 1
    note()
    return {"seen": seen, "fresh": y._version}


@program
def reading_and_computing_do_not_count(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    y.sum().backward()
    y.clone(), y.t(), y[0], y.detach(), y.tolist(), y.requires_grad_()
    return {"versions": [x._version, y._version]}


@program
def a_fresh_result_starts_at_version_zero(torch):
    x = plain(torch, 3)
    x.add_(1)
    results = [x + 1, x.clone(), torch.zeros_like(x), x[[0]], x.float()]
    return {"versions": [t._version for t in results], "view": x[1:]._version}


@program
def nodes_after_writes(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    names = [node(y)]
    y.add_(1)
    names.append(node(y))
    row = y[0]
    names.append(node(row))
    row.mul_(2)
    names.append(node(y))
    y.exp_()
    names.append(node(y))
    y[0] = 1.0
    names.append(node(y))
    return {"names": names}


@program
def the_edge_under_an_in_place_op_is_the_earlier_node(torch):
    x = leaf(torch, 3)
    y = x * 2
    y.add_(1)
    y.sin_()
    chain, step = [], y.grad_fn
    while step is not None:
        chain.append(step.name().split("::")[-1])
        step = step.next_functions[0][0] if step.next_functions else None
    return {"chain": chain}


@program
def view_as_an_alias_keeps_a_separate_shape(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    alias = y.view(2, 3)
    alias.t_()
    alias.mul_(2)
    pull(torch, y)
    return {"y": y, "alias": alias, "grad": x.grad}


@program
def real_and_imaginary_parts_are_views(torch):
    z = torch.complex(plain(torch, 3), plain(torch, 3) * 2)
    z.real.mul_(10)
    z.imag.zero_()
    parts = torch.view_as_real(z)
    parts[0, 1] = 7.0
    return {"z": torch.view_as_real(z), "version": z._version, "view": parts._is_view(), "shared": shares(parts, z)}


@program
def swapping_data_keeps_identity_and_version(torch):
    x = plain(torch, 3)
    x.add_(1)
    view = x[:2]
    x.data = plain(torch, 3) * 5
    x.add_(1)
    return {"x": x, "view": view, "versions": [x._version, view._version]}
