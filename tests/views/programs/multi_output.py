"""Programs about functions that return several views at once: unbind, split, chunk and their kin."""

from ..harness import leaf, node, plain, program, pull, raises, shares

MULTIPLE = "output of a function that returns multiple views"

MAKERS = {
    "unbind": lambda y: y.unbind(),
    "split": lambda y: y.split(1),
    "split_sizes": lambda y: y.split([1, 2]),
    "chunk": lambda y: y.chunk(3),
    "unpacking": lambda y: tuple(y),
}


@program
def each_output_of_several_refuses_a_write(torch):
    def of(make):
        y = leaf(torch, 3, 2) * 1
        first = make(y)[0]
        return [raises(lambda: first.add_(1), MULTIPLE), y, y._version]

    return {name: of(make) for name, make in MAKERS.items()}


@program
def each_output_of_several_on_a_leaf_refuses_a_write(torch):
    def of(make):
        return raises(lambda: make(leaf(torch, 3, 2))[1].mul_(2), "Output 1 of", MULTIPLE)

    return {name: of(make) for name, make in MAKERS.items()}


@program
def parts_of_tensor_split_are_plain_slices_and_so_writable(torch):
    x = leaf(torch, 5)
    y = x * 1
    first, second = y.tensor_split(2)
    names = [node(first), node(second)]
    second.mul_(3)
    pull(torch, y)
    phrase = "a view of a leaf Variable that requires grad"
    return {"y": y, "grad": x.grad, "names": names, "leaf": raises(lambda: x.tensor_split(2)[0].mul_(2), phrase)}


@program
def each_output_of_several_is_writable_on_a_plain_tensor(torch):
    def of(make):
        y = plain(torch, 3, 2)
        parts = make(y)
        parts[0].add_(10)
        parts[1].mul_(2)
        return [y, y._version, parts[0]._version, shares(parts[0], y), parts[0]._base is y]

    return {name: of(make) for name, make in MAKERS.items()}


@program
def each_output_of_several_is_a_view_and_passes_gradients(torch):
    def of(make):
        x = leaf(torch, 3, 2)
        y = x * 1
        parts = make(y)
        facts = [node(parts[0]), parts[0]._base is y, parts[0]._is_view(), shares(parts[-1], y), len(parts)]
        pull(torch, parts[0] * 2)
        return [facts, x.grad]

    return {name: of(make) for name, make in MAKERS.items()}


@program
def the_message_says_which_output(torch):
    parts = (leaf(torch, 3, 2) * 1).unbind()
    return {"error": raises(lambda: parts[1].zero_(), "Output 1 of Unbind", MULTIPLE)}


@program
def a_view_of_one_output_of_several_refuses_a_write(torch):
    y = leaf(torch, 3, 2) * 1
    inner = y.unbind()[0][:1]
    return {"error": raises(lambda: inner.add_(1), MULTIPLE), "y": y}


@program
def a_clone_of_one_output_of_several_is_writable(torch):
    x = leaf(torch, 3, 2)
    y = x * 1
    part = y.unbind()[0].clone()
    part.mul_(3)
    pull(torch, part)
    return {"part": part, "y": y, "grad": x.grad}


@program
def one_output_of_several_refuses_to_be_used_after_a_write_to_the_base(torch):
    y = leaf(torch, 3, 2) * 1
    part = y.unbind()[0]
    y.add_(1)
    return {"error": raises(lambda: part * 2, "Output 0 of Unbind", "has been modified inplace", MULTIPLE)}


@program
def one_output_of_several_is_readable_under_no_grad_after_a_write_to_the_base(torch):
    y = leaf(torch, 3, 2) * 1
    part = y.unbind()[0]
    with torch.no_grad():
        y.add_(1)
    return {"values": part.tolist(), "version": part._version}


@program
def outputs_of_several_under_no_grad_are_writable_there(torch):
    y = leaf(torch, 3, 2) * 1
    with torch.no_grad():
        for part in y.unbind():
            part.mul_(2)
    pull(torch, y)
    return {"y": y, "version": y._version}


@program
def a_split_used_twice_adds_its_gradients(torch):
    x = leaf(torch, 4)
    a, b = x.split(2)
    pull(torch, a * b + a)
    return {"grad": x.grad}


@program
def a_chunk_that_was_not_used_gets_a_zero_gradient(torch):
    x = leaf(torch, 5)
    pull(torch, x.chunk(2)[1].sin())
    return {"grad": x.grad}


@program
def slices_are_writable_where_split_is_not(torch):
    x = leaf(torch, 4)
    y = x * 1
    left, right = y[:2], y[2:]
    left.mul_(right)
    error = raises(lambda: pull(torch, y), "modified by an inplace operation")
    return {"y": y, "error": error}


@program
def slices_updated_as_in_a_coupling_layer(torch):
    x = leaf(torch, 4)
    y = x * 1
    left, right = y[:2], y[2:]
    left.add_(right.clone().sin())
    right.add_(left.clone().cos())
    pull(torch, y)
    return {"y": y, "grad": x.grad, "version": y._version}
