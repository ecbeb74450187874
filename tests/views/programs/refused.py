"""Programs about writes that are refused for their memory, shape or dtype, and about out= and resize_."""

import warnings

from ..harness import leaf, plain, program, raises

INTERNAL = "more than one element of the written-to tensor refers to a single memory location"
PARTIAL = "some elements of the input tensor and the written-to tensor refer to a single memory location"
OUT = "functions with out=... arguments don't support automatic differentiation"


@program
def an_expanded_view_refuses_each_write(torch):
    wide = plain(torch, 2, 1).expand(2, 3)
    writes = {
        "add": lambda: wide.add_(1),
        "mul": lambda: wide.mul_(wide),
        "copy": lambda: wide.copy_(plain(torch, 2, 3)),
        "exp": lambda: wide.exp_(),
        "clamp": lambda: wide.clamp_(0.6, 0.7),
        "lerp": lambda: wide.lerp_(plain(torch, 2, 3), 0.5),
        "cumsum": lambda: wide.cumsum_(1),
        "scatter": lambda: wide.scatter_(0, torch.tensor([[0]]), 2.0),
        "index_add": lambda: wide.index_add_(0, torch.tensor([0]), plain(torch, 1, 3)),
        "index_copy": lambda: wide.index_copy_(0, torch.tensor([0]), plain(torch, 1, 3)),
    }
    return {"errors": {name: raises(write, INTERNAL) for name, write in writes.items()}, "wide": wide}


@program
def an_expanded_view_of_a_plain_tensor_may_be_filled(torch):
    x = plain(torch, 2, 1)
    wide = x.expand(2, 3)
    wide.fill_(4.0)
    filled = wide.tolist()
    wide.zero_()
    return {"filled": filled, "x": x, "version": x._version}


@program
def an_expanded_view_of_a_tracked_tensor_refuses_a_write(torch):
    y = leaf(torch, 2, 1) * 1
    wide = y.expand(2, 3)
    return {"error": raises(lambda: wide.add_(1), INTERNAL), "y": y, "version": y._version}


@program
def a_shifted_slice_refuses_to_be_the_operand(torch):
    x = plain(torch, 5)
    writes = {
        "copy": lambda: x[1:].copy_(x[:-1]),
        "add": lambda: x[1:].add_(x[:-1]),
        "out": lambda: torch.add(x[:-1], 1, out=x[1:]),
    }
    return {"errors": {name: raises(write, PARTIAL) for name, write in writes.items()}, "x": x}


@program
def a_tensor_refuses_its_own_transpose_as_operand(torch):
    x = plain(torch, 3, 3)
    return {"error": raises(lambda: x.add_(x.t()), PARTIAL), "x": x}


@program
def disjoint_slices_of_one_storage_may_meet(torch):
    x = plain(torch, 6)
    x[:3].add_(x[3:])
    return {"x": x, "version": x._version}


@program
def the_same_slice_may_be_its_own_operand(torch):
    x = plain(torch, 6)
    x[1:4].mul_(x[1:4])
    return {"x": x, "version": x._version}


@program
def an_in_place_result_that_would_grow_is_refused(torch):
    x, y = plain(torch, 3), leaf(torch, 3) * 1
    phrase = "doesn't match the broadcast shape"
    plain_error = raises(lambda: x.add_(plain(torch, 2, 3)), phrase)
    tracked_error = raises(lambda: y.mul_(plain(torch, 2, 3)), phrase)
    return {"plain": plain_error, "tracked": tracked_error, "versions": [x._version, y._version]}


@program
def in_place_shapes_that_do_not_broadcast_are_refused(torch):
    x = plain(torch, 3)
    error = raises(lambda: x.add_(plain(torch, 2)), "The size of tensor a (3) must match the size of tensor b (2)")
    return {"error": error, "version": x._version}


@program
def in_place_results_that_do_not_fit_the_dtype_are_refused(torch):
    i, b, f = torch.tensor([1, 2]), torch.tensor([True, False]), torch.tensor([1.0, 2.0])
    phrase = "can't be cast to the desired output type"
    return {
        "add_float": raises(lambda: i.add_(1.5), phrase),
        "divide": raises(lambda: i.div_(2), phrase),
        "add_to_bool": raises(lambda: b.add_(1), phrase),
        "complex_to_float": raises(lambda: f.mul_(1j), phrase),
        "float_tensor": raises(lambda: i.mul_(f), phrase),
        "sine": raises(lambda: i.sin_(), phrase),
        "values": [i, b, f],
        "versions": [i._version, b._version, f._version],
    }


@program
def in_place_results_that_fit_keep_the_dtype(torch):
    i, f = torch.tensor([1, 2], dtype=torch.int32), torch.tensor([1.0, 2.0])
    i.add_(torch.tensor([3, 4]))
    i.mul_(True)
    f.add_(plain(torch, 2))
    f.mul_(i)
    return {"i": i, "f": f}


@program
def augmented_division_of_integers_is_refused(torch):
    x = torch.tensor([4, 6])

    def divide():
        y = x
        y /= 2

    error = raises(divide, "can't be cast")
    x //= 4
    return {"error": error, "x": x}


@program
def out_refuses_inputs_and_outputs_that_require_grad(torch):
    x, p = leaf(torch, 3), plain(torch, 3)
    tracked = x * 1
    return {
        "input": raises(lambda: torch.add(x, 1, out=torch.empty(3, dtype=torch.float64)), OUT),
        "output": raises(lambda: torch.mul(p, 2, out=x), OUT),
        "result": raises(lambda: torch.exp(p, out=tracked), OUT),
        "matmul": raises(lambda: torch.matmul(x, p, out=torch.empty((), dtype=torch.float64)), OUT),
    }


@program
def out_is_allowed_under_no_grad_and_counts(torch):
    x, out = leaf(torch, 3), torch.empty(3, dtype=torch.float64)
    with torch.no_grad():
        result = torch.add(x, 1, out=out)
    return {"same": result is out, "out": out, "version": out._version}


@program
def out_writes_through_a_view(torch):
    table = torch.zeros(2, 3, dtype=torch.float64)
    torch.mul(plain(torch, 3), 2, out=table[1])
    return {"table": table, "version": table._version}


@program
def out_of_no_elements_is_resized_silently(torch):
    out = torch.empty(0, dtype=torch.float64)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.add(plain(torch, 2, 3), 1, out=out)
    return {"out": out, "warned": len(caught)}


@program
def out_of_a_wrong_dtype_is_refused(torch):
    out = torch.empty(3, dtype=torch.int64)
    error = raises(lambda: torch.add(plain(torch, 3), 1.5, out=out), "can't be cast to the desired output type")
    return {"error": error}


@program
def out_saved_for_backward_and_overwritten_is_noticed(torch):
    x, buffer = leaf(torch, 3), plain(torch, 3)
    y = x * buffer
    torch.add(plain(torch, 3), 1, out=buffer)
    return {"error": raises(lambda: y.sum().backward(), "modified by an inplace operation")}


@program
def resize_of_a_tensor_that_requires_grad_is_refused(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    phrase = "cannot resize variables that require grad"
    return {"leaf": raises(lambda: x.resize_(3), phrase), "result": raises(lambda: y.resize_(3), phrase)}


@program
def resize_of_a_plain_tensor_keeps_its_memory(torch):
    x = plain(torch, 2, 3)
    first = x.data_ptr()
    x.resize_(2, 2)
    return {"x": x, "same": x.data_ptr() == first}


@program
def view_of_strides_that_do_not_allow_it_is_refused(torch):
    y = leaf(torch, 2, 3) * 1
    phrase = "view size is not compatible with input tensor's size and stride"
    return {
        "error": raises(lambda: y.t().view(6), phrase),
        "wrong_size": raises(lambda: y.view(4), "is invalid for input"),
    }


@program
def as_strided_beyond_the_storage_is_refused(torch):
    x = plain(torch, 4)
    return {"error": raises(lambda: x.as_strided((3,), (2,), 1), "out of bounds for storage")}


@program
def views_with_wrong_arguments_are_refused(torch):
    x = plain(torch, 2, 3)
    return {
        "select": raises(lambda: x.select(0, 2), "out of range"),
        "select_dim": raises(lambda: x.select(2, 0), "Dimension out of range"),
        "narrow": raises(lambda: x.narrow(1, 2, 2), "exceeds dimension size"),
        "permute": raises(lambda: x.permute(0, 0), "duplicate dims are not allowed"),
        "expand": raises(lambda: x.expand(4, 3), "must match the existing size"),
        "unfold": raises(lambda: x.unfold(1, 4, 1), "maximum size for tensor at dimension 1 is 3"),
        "t": raises(lambda: plain(torch, 2, 2, 2).t(), "2 dimensions"),
        "unsqueeze": raises(lambda: x.unsqueeze(4), "Dimension out of range"),
        "diagonal": raises(lambda: x.diagonal(0, 1, 1), "cannot be identical"),
    }
