"""Programs about leaves: what may be written in place, when, and what a leaf is."""

from ..harness import leaf, plain, program, pull, raises


@program
def add_to_a_leaf_is_refused_and_changes_nothing(torch):
    x = leaf(torch, 3)
    error = raises(lambda: x.add_(1), "a leaf Variable that requires grad is being used in an in-place operation")
    return {"error": error, "x": x, "version": x._version}


@program
def every_kind_of_write_to_a_leaf_is_refused(torch):
    phrase = "a leaf Variable that requires grad"
    x = leaf(torch, 2, 3)

    def assign():
        x[0] = 1.0

    def augmented():
        y = x
        y *= 2

    writes = {
        "mul": lambda: x.mul_(2),
        "zero": lambda: x.zero_(),
        "fill": lambda: x.fill_(1),
        "copy": lambda: x.copy_(plain(torch, 2, 3)),
        "exp": lambda: x.exp_(),
        "masked_fill": lambda: x.masked_fill_(x.detach() > 1, 0.0),
        "t": lambda: x.t_(),
        "unsqueeze": lambda: x.unsqueeze_(0),
        "squeeze": lambda: x.squeeze_(),
        "assign": assign,
        "augmented": augmented,
    }
    return {"errors": {name: raises(write, phrase) for name, write in writes.items()}, "x": x, "version": x._version}


@program
def add_to_a_view_of_a_leaf_is_refused(torch):
    x = leaf(torch, 2, 3)
    view = x[0]
    error = raises(lambda: view.add_(1), "a view of a leaf Variable that requires grad is being used in an in-place")
    return {"error": error, "x": x, "versions": [x._version, view._version]}


@program
def add_to_a_view_of_a_view_of_a_leaf_is_refused(torch):
    x = leaf(torch, 2, 3)
    view = x.t()[1:]
    error = raises(lambda: view.mul_(2), "a view of a leaf Variable that requires grad is being used in an in-place")
    return {"error": error, "x": x}


@program
def a_leaf_is_writable_under_no_grad(torch):
    x = leaf(torch, 3)
    with torch.no_grad():
        x.add_(1)
        x[0] = 7.0
        x.mul_(2)
    return {"x": x, "version": x._version, "is_leaf": x.is_leaf, "grad_fn": x.grad_fn}


@program
def a_view_of_a_leaf_made_under_no_grad_is_writable_there(torch):
    x = leaf(torch, 2, 3)
    with torch.no_grad():
        row = x[1]
        row.zero_()
    phrase = "A view was created in no_grad mode and its base or another view of its base has been modified inplace"
    return {"x": x, "row": row.tolist(), "version": x._version, "used_outside": raises(lambda: row.grad_fn, phrase)}


@program
def a_plain_tensor_is_writable_anywhere(torch):
    x = plain(torch, 3)
    y = x.add_(1).mul_(2)
    return {"same": y is x, "x": x, "version": x._version}


@program
def writing_a_tracked_value_into_a_plain_tensor_tracks_it(torch):
    x, a = plain(torch, 3), leaf(torch, 3)
    x.mul_(a)
    pull(torch, x)
    return {"x": x, "is_leaf": x.is_leaf, "a_grad": a.grad, "x_grad_fn": x.grad_fn.name()}


@program
def a_leaf_written_after_it_was_saved_breaks_backward(torch):
    x = leaf(torch, 3)
    y = x.sin()
    with torch.no_grad():
        x.add_(1)
    return {"error": raises(lambda: pull(torch, y), "modified by an inplace operation"), "grad": x.grad}


@program
def a_leaf_written_after_it_was_used_but_not_saved_is_fine(torch):
    x = leaf(torch, 3)
    y = x + 1
    with torch.no_grad():
        x.mul_(5)
    pull(torch, y)
    return {"x": x, "y": y, "grad": x.grad}


@program
def data_of_a_leaf_is_writable_and_unseen(torch):
    x = leaf(torch, 3)
    y = x * x
    x.data.mul_(10)
    pull(torch, y)  # silently uses the new values: that is what .data is for, and why one should not use it
    return {"x": x, "version": x._version, "grad": x.grad}


@program
def assigning_data_swaps_the_memory(torch):
    x = leaf(torch, 3)
    new = plain(torch, 2, 2)
    x.data = new
    return {"x": x, "shared": x.data_ptr() == new.data_ptr(), "is_leaf": x.is_leaf}


@program
def requires_grad_can_be_taken_from_a_leaf_and_given_back(torch):
    x = leaf(torch, 3)
    x.requires_grad_(False)
    x.add_(1)
    x.requires_grad_()
    pull(torch, x * x)
    return {"grad": x.grad, "version": x._version}


@program
def requires_grad_cannot_be_taken_from_a_result(torch):
    x = leaf(torch, 3) * 2

    def assign():
        x.requires_grad = False

    phrase = "you can only change requires_grad flags of leaf variables"
    return {"method": raises(lambda: x.requires_grad_(False), phrase), "attribute": raises(assign, phrase)}


@program
def only_floating_point_tensors_can_require_grad(torch):
    x = torch.tensor([1, 2, 3])
    b = torch.tensor([True, False])
    phrase = "floating point"
    return {"integer": raises(x.requires_grad_, phrase), "boolean": raises(b.requires_grad_, phrase)}


@program
def requires_grad_on_a_view_of_a_plain_base_makes_a_leaf_that_is_a_view(torch):
    x = plain(torch, 2, 3)
    row = x[0]
    row.requires_grad_()
    error = raises(lambda: row.add_(1), "a leaf Variable that requires grad")
    pull(torch, row * row)
    return {"base": row._base is x, "is_leaf": row.is_leaf, "x": x.requires_grad, "error": error, "grad": row.grad}


@program
def a_view_made_after_requires_grad_on_its_base_is_tracked(torch):
    x = plain(torch, 2, 3)
    early = x[0]  # torch leaves it half tracked (requires_grad, but no way to x), so nothing is claimed about it
    x.requires_grad_()
    late = x[1]
    pull(torch, late * late)
    return {"late": late, "is_leaf": late.is_leaf, "grad": x.grad, "early": early.tolist(), "early_leaf": early.is_leaf}


@program
def a_leaf_result_under_no_grad_is_a_leaf_without_grad(torch):
    x = leaf(torch, 3)
    with torch.no_grad():
        y = x * 2
    return {"y": y, "is_leaf": y.is_leaf, "grad_fn": y.grad_fn}
