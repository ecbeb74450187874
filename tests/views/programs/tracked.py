"""Programs about writing to results (non-leaves) and to values that a later backward needs."""

from ..harness import leaf, node, plain, program, pull, raises

MODIFIED = "one of the variables needed for gradient computation has been modified by an inplace operation"


@program
def scaling_a_result_in_place_scales_its_gradient(torch):
    x = leaf(torch, 3)
    y = x * 2
    before = node(y)
    y.mul_(3)
    pull(torch, y)
    return {"y": y, "grad": x.grad, "nodes": [before, node(y)], "version": y._version}


@program
def in_place_returns_the_same_tensor(torch):
    x = leaf(torch, 3)
    y = x * 1
    z = y.add_(1).sin_().neg_()
    pull(torch, z)
    return {"same": z is y, "y": y, "grad": x.grad, "version": y._version}


@program
def augmented_assignment_keeps_the_tensor(torch):
    x = leaf(torch, 3)
    y = x * 1
    first = y
    versions = [y._version]
    y += x
    versions.append(y._version)
    y *= x
    versions.append(y._version)
    y -= 1
    y /= 2
    versions.append(y._version)
    pull(torch, y)
    return {"same": y is first, "y": y, "grad": x.grad, "versions": versions}


@program
def adding_a_tensor_to_itself_in_place(torch):
    x = leaf(torch, 3)
    y = x * 1
    y += y
    pull(torch, y)
    return {"y": y, "grad": x.grad}


@program
def adding_the_leaf_to_its_own_result(torch):
    x = leaf(torch, 3)
    y = x * 3
    y += x
    pull(torch, y)
    return {"y": y, "grad": x.grad}


@program
def multiplying_a_tensor_by_itself_in_place(torch):
    x = leaf(torch, 3)
    y = x * 1
    y.mul_(y)
    error = raises(lambda: pull(torch, y), MODIFIED)
    return {"y": y, "error": error, "grad": x.grad}


@program
def each_op_given_its_own_destination_as_operand(torch):
    writes = {
        "add_": lambda y: y.add_(y, alpha=3),
        "sub_": lambda y: y.sub_(y),
        "mul_": lambda y: y.mul_(y),
        "div_": lambda y: y.div_(y),
        "pow_": lambda y: y.pow_(y),
        "atan2_": lambda y: y.atan2_(y),
        "copy_": lambda y: y.copy_(y),
        "lerp_": lambda y: y.lerp_(y, 0.5),
        "lerp_ by itself": lambda y: y.lerp_(y * 2, y),
        "addcmul_": lambda y: y.addcmul_(y, y),
        "addcdiv_": lambda y: y.addcdiv_(y, y * 2),
        "masked_fill_": lambda y: y.masked_fill_(y > 1, 0.5),
        "index_add_": lambda y: y.index_add_(0, torch.tensor([2, 1, 0]), y.clone()),
    }

    def of(write):
        x = leaf(torch, 3)
        y = x * 1
        write(y)
        return [y, raises(lambda: pull(torch, y)), x.grad]  # some are refused at backward, the others have the gradient

    return {name: of(write) for name, write in writes.items()}


@program
def an_input_that_was_saved_and_then_written_breaks_backward(torch):
    x = leaf(torch, 3)
    y = x * 1
    z = y * y
    y.add_(1)
    return {"z": z, "error": raises(lambda: pull(torch, z), MODIFIED), "versions": [y._version, z._version]}


@program
def the_message_names_the_versions(torch):
    x = leaf(torch, 2, 3)
    y = x.exp()
    y.add_(1)
    y.add_(1)
    return {"error": raises(lambda: pull(torch, y), MODIFIED, "is at version 2", "expected version 0")}


@program
def the_message_names_the_op_that_made_the_value(torch):
    x = leaf(torch, 3)
    y = x.exp()
    y.add_(1)
    return {"error": raises(lambda: pull(torch, y), MODIFIED, "Exp")}


@program
def each_op_that_saves_its_output_notices_a_write(torch):
    def of(name):
        x = leaf(torch, 3)
        y = getattr(x, name)()
        y.mul_(2)
        return raises(lambda: pull(torch, y), MODIFIED)

    return {name: of(name) for name in ("exp", "sigmoid", "tanh", "sqrt", "reciprocal", "relu", "rsqrt", "expm1")}


@program
def each_op_that_saves_its_input_allows_a_write_to_its_output(torch):
    def of(name):
        x = leaf(torch, 3)
        y = getattr(x, name)()
        y.mul_(2)
        pull(torch, y)
        return x.grad

    return {name: of(name) for name in ("sin", "cos", "log", "square", "abs", "neg", "sinh", "log1p")}


@program
def each_op_in_place_on_a_result_has_the_right_gradient(torch):
    names = ("exp_", "sigmoid_", "relu_", "tanh_", "sqrt_", "sin_", "log_", "abs_", "neg_", "square_", "reciprocal_")

    def of(name):
        x = leaf(torch, 3)
        y = x * 2
        getattr(y, name)()
        pull(torch, y)
        return [y, x.grad, node(y), y._version]

    return {name: of(name) for name in names}


@program
def each_op_with_an_operand_in_place_has_both_gradients(torch):
    def of(name):
        x, a = leaf(torch, 3), leaf(torch, 3)
        y = x * 2
        getattr(y, name)(a)
        pull(torch, y)
        return [y, x.grad, a.grad, node(y), y._version]

    return {name: of(name) for name in ("add_", "sub_", "mul_", "div_", "copy_", "pow_", "atan2_")}


@program
def in_place_ops_with_three_tensors_have_all_gradients(torch):
    x, a, b = leaf(torch, 3), leaf(torch, 3), leaf(torch, 3)
    y = x * 2
    y.addcmul_(a, b, value=0.5)
    y.addcdiv_(a, b, value=2.0)
    y.lerp_(a, 0.25)
    pull(torch, y)
    return {"y": y, "grads": [x.grad, a.grad, b.grad], "version": y._version}


@program
def relu_in_place_on_a_saved_input_is_refused_at_backward(torch):
    x = leaf(torch, 3)
    y = x * 1
    z = y.sin()
    y.relu_()
    return {"error": raises(lambda: pull(torch, z), MODIFIED)}


@program
def relu_in_place_after_a_product_with_a_number_is_fine(torch):
    x = leaf(torch, 4)
    y = (x - 0.9) * 3
    y.relu_()
    pull(torch, y)
    return {"y": y, "grad": x.grad}


@program
def a_write_after_backward_does_no_harm(torch):
    x = leaf(torch, 3)
    y = x * 1
    z = y.exp()
    pull(torch, z)
    y.add_(1)
    z.zero_()
    return {"grad": x.grad, "y": y, "z": z}


@program
def a_write_between_two_backwards_is_noticed_by_the_second(torch):
    x = leaf(torch, 3)
    y = x * 1
    z = y * y
    pull(torch, z, retain_graph=True)
    first = x.grad.tolist()
    y.add_(1)
    return {"first": first, "error": raises(lambda: pull(torch, z), MODIFIED), "grad": x.grad}


@program
def an_operand_saved_by_an_in_place_op_and_then_written_breaks_backward(torch):
    x, a = leaf(torch, 3), leaf(torch, 3)
    y, b = x * 1, a * 1
    y.mul_(b)
    b.add_(1)
    return {"error": raises(lambda: pull(torch, y), MODIFIED)}


@program
def an_operand_that_needs_no_saving_may_be_written(torch):
    x, a = leaf(torch, 3), leaf(torch, 3)
    y, b = x * 1, a * 1
    y.add_(b)
    b.mul_(4)
    pull(torch, y)
    return {"y": y, "b": b, "grads": [x.grad, a.grad]}


@program
def only_the_factor_that_the_gradient_needs_is_guarded(torch):
    x, c = leaf(torch, 3), plain(torch, 3)
    y = x * c
    z = x.detach() * x  # needs the detached factor, not x's own
    c.add_(1)
    return {"error": raises(lambda: pull(torch, y), MODIFIED), "z": z}


@program
def a_constant_factor_is_not_guarded_where_the_other_needs_no_grad(torch):
    x, c = leaf(torch, 3), plain(torch, 3)
    d = c * 2
    y = (d * x.detach()) + x
    d.zero_()
    pull(torch, y)
    return {"y": y, "grad": x.grad}


@program
def dividing_by_a_result_that_is_then_written_breaks_backward(torch):
    x = leaf(torch, 3)
    y = x + 1
    z = 1 / y  # the reciprocal keeps its own result, so this one may be pulled
    w = x / y
    y.zero_()
    error = raises(lambda: pull(torch, w), MODIFIED)
    pull(torch, z)
    return {"quotient": error, "grad": x.grad}


@program
def zero_cuts_the_gradient(torch):
    x = leaf(torch, 3)
    y = x * 2
    y.zero_()
    pull(torch, y)
    return {"y": y, "grad": x.grad, "node": node(y), "requires_grad": y.requires_grad}


@program
def fill_with_a_number_cuts_the_gradient(torch):
    x = leaf(torch, 3)
    y = x * 2
    y.fill_(4.0)
    pull(torch, y)
    return {"y": y, "grad": x.grad}


@program
def fill_with_a_tensor_gives_it_the_sum_of_the_gradient(torch):
    x, v = leaf(torch, 3), torch.tensor(1.25, dtype=torch.float64, requires_grad=True)
    y = x * 2
    y.fill_(v)
    pull(torch, y)
    return {"y": y, "grads": [x.grad, v.grad]}


@program
def a_broadcast_operand_gets_its_gradient_summed(torch):
    x, row, one = leaf(torch, 2, 3), leaf(torch, 3), leaf(torch, 1, 1)
    y = x * 1
    y.mul_(row)
    y.add_(one)
    pull(torch, y)
    return {"y": y, "grads": [x.grad, row.grad, one.grad]}


@program
def under_no_grad_a_write_to_a_result_keeps_its_history(torch):
    x = leaf(torch, 3)
    y = x * 2
    with torch.no_grad():
        y.mul_(10)
    pull(torch, y)
    return {"y": y, "grad": x.grad, "node": node(y), "version": y._version}


@program
def clamp_in_place_passes_the_gradient_inside(torch):
    x = leaf(torch, 5)
    y = x * 1
    y.clamp_(0.6, 1.1)
    pull(torch, y)
    return {"y": y, "grad": x.grad}


@program
def cumsum_in_place_and_pow_in_place(torch):
    x = leaf(torch, 3)
    y = x * 1
    y.cumsum_(0)
    y.pow_(2)
    pull(torch, y)
    return {"y": y, "grad": x.grad, "version": y._version}
