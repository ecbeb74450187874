"""Programs that write through a view, or to a base under a view, and then ask for gradients on both sides."""

from ..harness import leaf, node, plain, program, pull, raises, shares

MODIFIED = "modified by an inplace operation"


@program
def a_write_through_a_view_reaches_the_base_and_its_gradient(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    row = y[0]
    row.mul_(3)
    pull(torch, y)
    return {"y": y, "row": row, "grad": x.grad, "versions": [y._version, row._version], "node": node(y)}


@program
def a_write_through_a_view_of_a_view_reaches_the_base(torch):
    x = leaf(torch, 3, 4)
    y = x * 1
    corner = y[1:].t()[:2]
    corner.mul_(5)
    pull(torch, y)
    return {"y": y, "grad": x.grad, "base": corner._base is y, "versions": [y._version, corner._version]}


@program
def the_view_itself_can_be_pulled_after_its_write(torch):
    x = leaf(torch, 2, 3)
    y = x * 2
    row = y[1]
    row.mul_(3)
    pull(torch, row)
    return {"row": row, "grad": x.grad}


@program
def a_write_to_the_base_reaches_a_view_made_before(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    row = y[1]
    y.mul_(3)
    pull(torch, row)
    return {"row": row, "grad": x.grad, "versions": [y._version, row._version]}


@program
def a_write_to_the_base_reaches_a_view_of_a_view_made_before(torch):
    x = leaf(torch, 3, 4)
    y = x * 1
    inner = y.t()[1:3].diagonal()
    y.mul_(x)
    pull(torch, inner)
    return {"inner": inner, "grad": x.grad}


@program
def a_write_through_one_view_reaches_another(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    row, column = y[0], y[:, 1]
    row.mul_(10)
    pull(torch, column)
    return {"column": column, "grad": x.grad}


@program
def several_views_of_one_base_written_in_turn(torch):
    x = leaf(torch, 3, 3)
    y = x * 1
    row, column, diagonal, flat = y[0], y[:, 0], y.diagonal(), y.view(-1)
    versions = []
    for step, view in enumerate((row, column, diagonal, flat, row, column)):
        view.mul_(step + 2)
        versions.append([t._version for t in (y, row, column, diagonal, flat)])
    pull(torch, y)
    return {"y": y, "row": row, "column": column, "diagonal": diagonal, "grad": x.grad, "versions": versions}


@program
def a_view_written_with_a_tracked_operand(torch):
    x, a = leaf(torch, 2, 3), leaf(torch, 3)
    y = x * 1
    y[1].mul_(a)
    pull(torch, y)
    return {"y": y, "grads": [x.grad, a.grad]}


@program
def a_view_written_with_its_own_base_row(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    y[0].add_(y[1])
    pull(torch, y)
    return {"y": y, "grad": x.grad}


@program
def a_chain_of_views_and_writes(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    z = y.view(3, 2).mul_(2).t().add_(1).reshape(6)
    w = y[0].neg_().unsqueeze(0).mul_(4)
    pull(torch, y)
    return {"y": y, "z": z, "w": w, "grad": x.grad, "version": y._version}


@program
def a_write_to_the_base_between_a_view_and_its_own_write(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    row = y[0]
    y.add_(1)
    row.mul_(2)
    y.mul_(3)
    row.add_(x[1])
    pull(torch, y + row)
    return {"y": y, "row": row, "grad": x.grad, "nodes": [node(y), node(row)]}


@program
def a_plain_base_becomes_tracked_by_a_write_through_a_view(torch):
    x, a = plain(torch, 2, 3), leaf(torch, 3)
    row, other = x[0], x[1]
    before = [t.requires_grad for t in (x, row, other)]
    row.mul_(a)
    pull(torch, x)
    after = [t.requires_grad for t in (x, row, other)]
    return {"x": x, "grad": a.grad, "before": before, "after": after, "leaves": [t.is_leaf for t in (x, row, other)]}


@program
def a_view_of_a_plain_base_follows_a_tracked_write_to_the_base(torch):
    x, a = plain(torch, 2, 3), leaf(torch, 2, 3)
    row = x[1]
    x.add_(a * a)
    pull(torch, row)
    return {"row": row, "is_leaf": row.is_leaf, "grad": a.grad, "node": node(row)}


@program
def a_value_saved_from_a_view_notices_a_write_to_the_base(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    z = y[0].sin()
    y.add_(1)
    return {"z": z, "error": raises(lambda: pull(torch, z), MODIFIED)}


@program
def a_value_saved_from_the_base_notices_a_write_to_a_view(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    z = y.sin()
    y[0, 0] = 0.0
    return {"z": z, "error": raises(lambda: pull(torch, z), MODIFIED)}


@program
def a_value_saved_from_a_view_notices_a_write_elsewhere_on_the_storage(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    z = y[0].sin()
    y[1].zero_()  # the counter belongs to the storage, so even a disjoint part counts
    return {"z": z, "error": raises(lambda: pull(torch, z), MODIFIED)}


@program
def a_saved_output_notices_a_write_through_its_view(torch):
    x = leaf(torch, 2, 3)
    y = x.exp()
    y.view(-1)[2:4].zero_()
    return {"y": y, "error": raises(lambda: pull(torch, y), MODIFIED)}


@program
def a_view_of_an_exp_written_by_addition_fails_the_exp(torch):
    x = leaf(torch, 4)
    y = x.exp()
    z = y[:2]
    z.add_(1)
    return {"error": raises(lambda: pull(torch, z), MODIFIED), "versions": [y._version, z._version]}


@program
def activation_in_place_on_a_view(torch):
    x = leaf(torch, 2, 3)
    y = (x - 1) * 1
    y[0].exp_()
    y[1].relu_()
    y[:, 2].sigmoid_()
    error = raises(lambda: pull(torch, y), MODIFIED)  # the saved outputs lie on one storage, which went on
    return {"y": y, "error": error}


@program
def one_activation_in_place_on_a_view(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    y[:, 1].sigmoid_()
    pull(torch, y)
    return {"y": y, "grad": x.grad}


@program
def zeroing_a_view_cuts_that_part_of_the_gradient(torch):
    x = leaf(torch, 2, 3)
    y = x * 2
    y[:, 1].zero_()
    pull(torch, y)
    return {"y": y, "grad": x.grad}


@program
def copying_into_a_view_gives_the_source_that_part_of_the_gradient(torch):
    x, a = leaf(torch, 2, 3), leaf(torch, 3)
    y = x * 2
    y[1].copy_(a)
    pull(torch, y)
    return {"y": y, "grads": [x.grad, a.grad]}


@program
def a_clone_of_a_view_is_free_of_the_base(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    c = y[0].clone()
    c.mul_(7)
    pull(torch, y)
    return {"y": y, "c": c, "grad": x.grad, "shared": shares(c, y), "versions": [y._version, c._version]}


@program
def a_view_outlives_its_base_name(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    row = y[0]
    del y
    row.mul_(3)
    pull(torch, row)
    return {"row": row, "base": row._base, "grad": x.grad}


@program
def a_write_under_no_grad_through_a_tracked_view(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    row = y[0]
    with torch.no_grad():
        row.mul_(100)
    pull(torch, y)
    return {"y": y, "grad": x.grad, "node": node(y), "versions": [y._version, row._version]}


@program
def a_view_made_by_grad_mode_of_a_no_grad_result(torch):
    x = leaf(torch, 2, 3)
    with torch.no_grad():
        y = x * 1
    row = y[0]
    row.mul_(x[1])
    pull(torch, y)
    return {"y": y, "grad": x.grad}


@program
def a_base_used_before_and_after_a_write_through_its_view(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    before = y + 0
    y[0].mul_(3)
    after = y + 0
    pull(torch, before + after * 2)
    return {"before": before, "after": after, "grad": x.grad}


@program
def a_loop_that_fills_rows_from_earlier_rows(torch):
    x = leaf(torch, 3)
    table = torch.zeros(4, 3, dtype=torch.float64)
    table[0] = x
    for i in range(1, 4):
        table[i].add_(table[i - 1] + x)
    pull(torch, table)
    return {"table": table, "grad": x.grad, "version": table._version}


@program
def a_loop_that_saves_its_own_rows_is_refused_at_backward(torch):
    x = leaf(torch, 3)
    table = torch.zeros(3, 3, dtype=torch.float64)
    table[0] = x
    for i in range(1, 3):
        table[i] = table[i - 1] * x
    return {"table": table, "error": raises(lambda: pull(torch, table), MODIFIED)}
