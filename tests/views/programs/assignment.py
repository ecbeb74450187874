"""Programs about x[...] = v and the in-place ops that index: their gradients, versions and refusals."""

from ..harness import leaf, node, plain, program, pull, raises


def assigned(torch, index, value, shape=(3, 4)):
    """Assign on a tracked tensor and pull it: the tensor, its gradient, its version and the value's gradient."""
    x = leaf(torch, *shape)
    y = x * 1
    y[index] = value
    pull(torch, y)
    grads = [x.grad] + ([value.grad] if hasattr(value, "grad") else [])
    return [y, grads, y._version]


@program
def a_number_assigned_by_each_kind_of_index(torch):
    indices = {
        "integer": 1,
        "negative": -1,
        "pair": (1, 2),
        "slice": slice(1, None),
        "step": (slice(None), slice(None, None, 2)),
        "ellipsis": (Ellipsis, 1),
        "all": Ellipsis,
        "empty": (),
        "list": [0, 2],
        "lists": ([0, 2], [1, 3]),
        "mixed": (slice(None), [0, 2]),
        "tensor": torch.tensor([2, 0]),
        "mask": torch.tensor([True, False, True]),
        "full_mask": plain(torch, 3, 4) > 1.5,
        "mask_and_integer": (torch.tensor([True, False, True]), 1),
        "newaxis": (None, 1),
    }
    return {name: assigned(torch, index, 9.0) for name, index in indices.items()}


@program
def a_tracked_tensor_assigned_by_each_kind_of_index(torch):
    return {
        "integer": assigned(torch, 1, leaf(torch, 4)),
        "entry": assigned(torch, (1, 2), leaf(torch)),
        "slice": assigned(torch, slice(1, None), leaf(torch, 2, 4)),
        "column": assigned(torch, (slice(None), 1), leaf(torch, 3)),
        "list": assigned(torch, [0, 2], leaf(torch, 2, 4)),
        "lists": assigned(torch, ([0, 2], [1, 3]), leaf(torch, 2)),
        "mask": assigned(torch, torch.tensor([True, False, True]), leaf(torch, 2, 4)),
        "all": assigned(torch, Ellipsis, leaf(torch, 3, 4)),
    }


@program
def a_broadcast_tensor_assigned_gets_its_gradient_summed(torch):
    return {
        "row_to_rows": assigned(torch, slice(1, None), leaf(torch, 4)),
        "column_to_all": assigned(torch, Ellipsis, leaf(torch, 3, 1)),
        "number_to_all": assigned(torch, slice(None), leaf(torch)),
        "one_to_list": assigned(torch, [0, 2], leaf(torch, 1)),
        "leading_ones": assigned(torch, 0, leaf(torch, 1, 1, 4)),
    }


@program
def masked_assignment_on_a_result(torch):
    x = leaf(torch, 2, 3)
    y = x * 2
    y[y > 2] = 0.0
    pull(torch, y)
    return {"y": y, "grad": x.grad, "node": node(y), "version": y._version}


@program
def masked_assignment_of_a_tracked_vector(torch):
    x, v = leaf(torch, 2, 3), leaf(torch, 4)
    y = x * 2
    y[torch.tensor([[True, False, True], [True, True, False]])] = v
    pull(torch, y)
    return {"y": y, "grads": [x.grad, v.grad]}


@program
def assignment_into_a_view_reaches_the_base(torch):
    x, v = leaf(torch, 3, 4), leaf(torch, 2)
    y = x * 1
    y[1:][:, 1:3][0] = v
    y.t()[0] = v[0]
    pull(torch, y)
    return {"y": y, "grads": [x.grad, v.grad], "version": y._version}


@program
def assignment_of_a_tensor_to_its_own_other_rows(torch):
    x = leaf(torch, 3, 2)
    y = x * 1
    y[0] = y[1]
    y[2] = y[0] + y[1]
    pull(torch, y)
    return {"y": y, "grad": x.grad}


@program
def assignment_of_a_result_then_a_later_write_overrides_it(torch):
    x, v = leaf(torch, 3), leaf(torch, 3)
    y = x * 1
    y[:] = v * 2
    y[1] = 5.0
    pull(torch, y)
    return {"y": y, "grads": [x.grad, v.grad]}


@program
def augmented_assignment_by_index(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    y[0] += 1
    y[:, 1] *= 3
    y[1, 2] -= x[0, 0]
    pull(torch, y)
    return {"y": y, "grad": x.grad, "version": y._version}


@program
def augmented_assignment_by_a_list_with_a_repeat_counts_once(torch):
    x = leaf(torch, 3)
    y = x * 1
    y[[0, 0, 2]] += 1
    pull(torch, y)
    return {"y": y, "grad": x.grad, "version": y._version}


@program
def assignment_to_a_leaf_is_refused_and_changes_nothing(torch):
    x = leaf(torch, 3)
    mask = torch.tensor([True, False, True])

    def by_integer():
        x[0] = 1.0

    def by_mask():
        x[mask] = 1.0

    def by_list():
        x[[0, 1]] = 1.0

    phrase = "leaf Variable that requires grad"
    return {"errors": [raises(f, phrase) for f in (by_integer, by_mask, by_list)], "x": x, "version": x._version}


@program
def assignment_of_a_wrong_shape_is_refused_and_changes_nothing(torch):
    x = plain(torch, 2, 3)

    def rows():
        x[0] = plain(torch, 2)

    def listed():
        x[[0, 1]] = plain(torch, 2, 2)

    def beyond():
        x[2] = 1.0

    return {
        "rows": raises(rows),
        "listed": raises(listed),
        "beyond": raises(beyond, "out of"),
        "x": x,
        "version": x._version,
    }


@program
def assignment_casts_to_the_tensors_type(torch):
    x = torch.zeros(4, dtype=torch.int64)
    x[0] = 2.75
    x[1:3] = torch.tensor([1.9, -1.9])
    x[3] = True
    return {"x": x, "version": x._version}


@program
def assignment_to_plain_zeros_from_a_tracked_value_tracks_the_tensor(torch):
    x, v = torch.zeros(2, 3, dtype=torch.float64), leaf(torch, 3)
    x[1] = v
    pull(torch, x)
    return {"x": x, "grad": v.grad, "is_leaf": x.is_leaf, "node": node(x)}


@program
def masked_fill_by_number_and_by_tensor(torch):
    x, v = leaf(torch, 2, 3), leaf(torch)
    mask = torch.tensor([True, False, True])
    y = x * 1
    y.masked_fill_(mask, 4.0)
    y.masked_fill_(~mask, v)
    pull(torch, y)
    return {"y": y, "grads": [x.grad, v.grad], "version": y._version}


@program
def masked_fill_of_a_view(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    y[1].masked_fill_(torch.tensor([True, False, False]), -1.0)
    pull(torch, y)
    return {"y": y, "grad": x.grad}


@program
def masked_scatter_gives_the_source_its_gradient(torch):
    x, source = leaf(torch, 2, 3), leaf(torch, 6)
    y = x * 1
    y.masked_scatter_(torch.tensor([[True, False, True], [False, True, False]]), source)
    pull(torch, y)
    return {"y": y, "grads": [x.grad, source.grad]}


@program
def index_put_with_and_without_accumulate(torch):
    def of(accumulate):
        x, v = leaf(torch, 4), leaf(torch, 3)
        y = x * 1
        index = torch.tensor([0, 2, 2]) if accumulate else torch.tensor([0, 2, 3])
        y.index_put_((index,), v, accumulate=accumulate)
        pull(torch, y)
        return [y, x.grad, v.grad, y._version]

    return {"replace": of(False), "accumulate": of(True)}


@program
def index_ops_in_place_have_both_gradients(torch):
    index = torch.tensor([2, 0])

    def of(write, count):
        x, v = leaf(torch, 3, 2), leaf(torch, count, 2)
        y = x * 1
        write(y, v)
        pull(torch, y)
        return [y, x.grad, v.grad, y._version]

    wide = torch.tensor([[2, 0], [0, 1]])
    return {
        "index_add": of(lambda y, v: y.index_add_(0, index, v, alpha=2), 2),
        "index_copy": of(lambda y, v: y.index_copy_(0, index, v), 2),
        "index_fill": of(lambda y, v: y.index_fill_(0, index, v[0, 0]), 1),
        "scatter": of(lambda y, v: y.scatter_(0, wide, v), 2),
        "scatter_add": of(lambda y, v: y.scatter_add_(0, wide, v), 2),
    }


@program
def copy_broadcasts_casts_and_cuts_the_old_gradient(torch):
    x, row = leaf(torch, 2, 3), leaf(torch, 3)
    y = x * 2
    y.copy_(row)
    pull(torch, y)
    half = plain(torch, 3).to(torch.float32)
    half.copy_(plain(torch, 3) * 3)
    return {"y": y, "grads": [x.grad, row.grad], "half": half, "node": node(y)}


@program
def copy_from_itself_and_from_its_view(torch):
    x = plain(torch, 3)
    x.copy_(x)
    versions = [x._version]
    x.copy_(x[:])
    return {"x": x, "versions": versions + [x._version]}


@program
def a_source_written_after_copy_does_no_harm(torch):
    x, v = leaf(torch, 3), leaf(torch, 3)
    y, source = x * 1, v * 2
    y.copy_(source)
    source.zero_()
    pull(torch, y)
    return {"y": y, "grads": [x.grad, v.grad]}


@program
def a_list_index_reads_a_copy(torch):
    y = plain(torch, 3, 2)
    copy = y[[0, 1]]
    copy.zero_()
    masked = y[torch.tensor([True, False, True])]
    masked.zero_()
    return {"y": y, "versions": [y._version, copy._version], "views": [copy._is_view(), masked._is_view()]}
