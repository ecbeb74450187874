"""Programs about leaving the tape: detach, .data, detach_, no_grad and inference_mode."""

from ..harness import leaf, node, plain, program, pull, raises, shares

NO_GRAD_VIEW = "A view was created in no_grad mode and is being modified inplace with grad mode enabled"


@program
def detach_shares_memory_and_counter(torch):
    x = leaf(torch, 3) * 1
    d = x.detach()
    d.add_(1)
    return {
        "x": x,
        "d": d,
        "shared": shares(x, d),
        "versions": [x._version, d._version],
        "facts": [d.is_leaf, d.grad_fn],
    }


@program
def data_shares_memory_but_not_the_counter(torch):
    x = leaf(torch, 3) * 1
    d = x.data
    d.add_(1)
    d.add_(1)
    return {
        "x": x,
        "d": d,
        "shared": shares(x, d),
        "versions": [x._version, d._version],
        "facts": [d.is_leaf, d.grad_fn],
    }


@program
def data_starts_a_counter_of_its_own(torch):
    x = plain(torch, 3)
    x.add_(1)
    x.add_(1)
    return {"data": x.data._version, "detach": x.detach()._version, "x": x._version}


@program
def a_write_through_detach_is_noticed_at_backward(torch):
    x = leaf(torch, 3)
    y = x.exp()
    y.detach().zero_()
    return {"y": y, "error": raises(lambda: pull(torch, y), "modified by an inplace operation")}


@program
def a_write_through_data_is_not_noticed_at_backward(torch):
    x = leaf(torch, 3)
    y = x.exp()
    y.data.fill_(2.0)
    pull(torch, y)
    return {"y": y, "grad": x.grad}


@program
def a_write_through_detach_of_a_leaf_is_allowed(torch):
    x = leaf(torch, 3)
    x.detach().mul_(2)
    return {"x": x, "version": x._version}


@program
def detach_cuts_the_gradient(torch):
    x = leaf(torch, 3)
    pull(torch, x * x.detach())
    return {"grad": x.grad}


@program
def detach_then_requires_grad_is_a_new_leaf_on_the_same_memory(torch):
    x = leaf(torch, 3)
    y = (x * 1).detach().requires_grad_()
    pull(torch, y * y)
    return {"y_grad": y.grad, "x_grad": x.grad, "is_leaf": y.is_leaf}


@program
def detach_in_place_makes_a_leaf(torch):
    x = leaf(torch, 3)
    y = x * 2
    same = y.detach_()
    return {"same": same is y, "y": y, "is_leaf": y.is_leaf, "grad_fn": y.grad_fn, "version": y._version}


@program
def detach_in_place_on_a_view_is_refused(torch):
    y = leaf(torch, 2, 3) * 1
    row = y[0]
    return {"error": raises(row.detach_, "Can't detach views in-place"), "row": row}


@program
def detach_in_place_on_the_base_frees_a_later_view(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    y.detach_()
    row = y[0]
    row.mul_(2)
    return {"y": y, "row": row, "is_leaf": row.is_leaf}


@program
def detach_of_a_view_is_writable_and_the_base_sees_it(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    d = y[0].detach()
    d.zero_()
    pull(torch, y)
    return {"y": y, "grad": x.grad, "versions": [y._version, d._version], "offset": d.storage_offset()}


@program
def a_view_of_detach_bumps_the_common_counter(torch):
    x = leaf(torch, 2, 3)
    d = x.detach()
    d[0].zero_()
    d.t()[1].fill_(9.0)
    return {"x": x, "versions": [x._version, d._version]}


@program
def a_view_made_under_no_grad_refuses_a_write_in_grad_mode(torch):
    y = leaf(torch, 2, 3) * 1
    with torch.no_grad():
        row = y[0]
    return {"error": raises(lambda: row.add_(1), NO_GRAD_VIEW), "y": y, "facts": [row.requires_grad, row.is_leaf]}


@program
def a_view_of_a_leaf_made_under_no_grad_refuses_a_write_in_grad_mode(torch):
    x = leaf(torch, 2, 3)
    with torch.no_grad():
        row = x[0]
    return {"error": raises(lambda: row.add_(1), NO_GRAD_VIEW), "x": x}


@program
def a_view_of_a_plain_tensor_made_under_no_grad_is_writable_by_numbers(torch):
    x = plain(torch, 2, 3)
    with torch.no_grad():
        row = x[0]
    row.add_(1)
    return {"x": x, "row": row, "versions": [x._version, row._version]}


@program
def a_view_of_a_plain_tensor_made_under_no_grad_refuses_a_tracked_write(torch):
    x, a = plain(torch, 2, 3), leaf(torch, 3)
    with torch.no_grad():
        row = x[0]
    return {"error": raises(lambda: row.add_(a), NO_GRAD_VIEW), "x": x}


@program
def several_views_made_under_no_grad_refuse_a_write_in_grad_mode(torch):
    y = leaf(torch, 2, 3) * 1
    with torch.no_grad():
        rows = y.unbind()
    return {"error": raises(lambda: rows[0].add_(1), NO_GRAD_VIEW), "y": y}


@program
def a_grad_mode_view_of_a_no_grad_view_refuses_a_write(torch):
    y = leaf(torch, 2, 3) * 1
    with torch.no_grad():
        row = y[0]
    part = row[1:]
    phrase = (
        "is a view of a view which was created in no_grad mode and is being modified inplace with grad mode enabled"
    )
    return {
        "error": raises(lambda: part.add_(1), phrase),
        "requires_grad": part.requires_grad,
        "version": part._version,
    }


@program
def enable_grad_inside_no_grad_tracks_again(torch):
    x = leaf(torch, 3)
    with torch.no_grad():
        a = x * 2
        with torch.enable_grad():
            b = x * 3
            b.mul_(2)
        c = b * 2
    pull(torch, b)
    return {"flags": [t.requires_grad for t in (a, b, c)], "grad": x.grad}


@program
def an_inference_tensor_refuses_writes_and_saving_outside(torch):
    with torch.inference_mode():
        x = plain(torch, 3)
    y = leaf(torch, 3)
    return {
        "inference": x.is_inference(),
        "write": raises(lambda: x.add_(1), "Inplace update to inference tensor outside InferenceMode is not allowed"),
        "save": raises(lambda: x * y, "Inference tensors cannot be saved for backward"),
        "version": raises(lambda: x._version, "Inference tensors do not track version counter"),
        "require": raises(x.requires_grad_, "inference tensor outside InferenceMode is not allowed"),
    }


@program
def an_inference_tensor_may_be_used_where_nothing_is_saved(torch):
    with torch.inference_mode():
        x = plain(torch, 3)
        x.add_(1)
    y = leaf(torch, 3)
    z = x + y
    pull(torch, z)
    return {"z": z, "grad": y.grad, "z_inference": z.is_inference()}


@program
def a_clone_of_an_inference_tensor_is_a_normal_tensor(torch):
    with torch.inference_mode():
        x = plain(torch, 3)
    c = x.clone()
    c.add_(1)
    y = leaf(torch, 3)
    pull(torch, c * y)
    return {"flags": [x.is_inference(), c.is_inference()], "c": c, "version": c._version, "grad": y.grad}


@program
def a_normal_tensor_may_be_written_in_inference_mode(torch):
    x = plain(torch, 3)
    with torch.inference_mode():
        x.add_(1)
    x.add_(1)
    return {"x": x, "version": x._version, "inference": x.is_inference()}


@program
def a_result_in_inference_mode_requires_no_grad(torch):
    x = leaf(torch, 3)
    with torch.inference_mode():
        y = x * 2
        view = x[:2]
    return {"y": y.requires_grad, "leaf": y.is_leaf, "kinds": [y.is_inference(), view.is_inference()], "node": node(y)}


@program
def a_view_made_in_inference_mode_refuses_a_write_outside(torch):
    y = leaf(torch, 2, 3) * 1
    with torch.inference_mode():
        row = y[0]
    phrase = "A view was created in inference mode and is being modified inplace in normal mode"
    return {"error": raises(lambda: row.add_(1), phrase), "y": y}


@program
def numpy_shares_memory_without_the_counter(torch):
    x = plain(torch, 3)
    array = x.numpy()
    array[0] = 100.0
    x.add_(1)
    return {"x": x, "array": array.tolist(), "version": x._version}


@program
def numpy_of_a_tensor_that_requires_grad_is_refused(torch):
    x = leaf(torch, 3)
    phrase = "Can't call numpy() on Tensor that requires grad"
    return {"error": raises(x.numpy, phrase), "allowed": x.detach().numpy().tolist()}


@program
def from_numpy_shares_memory_both_ways(torch):
    array = plain(torch, 3).numpy().copy()
    x = torch.from_numpy(array)
    array[0] = -1.0
    x[1] = -2.0
    copied = torch.tensor(array)
    copied.zero_()
    return {"x": x, "array": array.tolist(), "version": x._version}


@program
def view_of_a_base_that_was_detached_in_place_and_then_written(torch):
    x = leaf(torch, 3)
    view, plain_view = x.unfold(0, 1, 1), x.detach()
    x.detach_()
    plain_view[0] = 5.0
    (view * 2).sum().backward()
    return {"x": x, "facts": [view.requires_grad, view.grad_fn is None, x.grad]}
