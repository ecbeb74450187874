"""Programs about backward after writes: twice, retained, through the gradient itself (create_graph)."""

from ..harness import leaf, plain, program, pull, raises

TWICE = "Trying to backward through the graph a second time"
MODIFIED = "modified by an inplace operation"


@program
def a_second_backward_is_refused_where_something_was_saved(torch):
    x = leaf(torch, 3)
    y = (x * x).sum()
    y.backward()
    return {"error": raises(y.backward, TWICE), "grad": x.grad}


@program
def a_second_backward_is_allowed_where_nothing_was_saved(torch):
    x = leaf(torch, 3)
    y = x + 1
    pull(torch, y)
    pull(torch, y)
    return {"grad": x.grad}


@program
def a_second_backward_after_retain_graph_adds_up(torch):
    x = leaf(torch, 3)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    return {"grad": x.grad, "third": raises(y.backward, TWICE)}


@program
def a_second_backward_through_a_write_is_refused(torch):
    x = leaf(torch, 3)
    y = x * 1
    y.mul_(x)
    s = y.sum()
    s.backward()
    return {"error": raises(s.backward, TWICE), "grad": x.grad}


@program
def a_retained_second_backward_through_a_write_to_a_view(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    y[0].mul_(x[1])
    s = (y * y).sum()
    s.backward(retain_graph=True)
    s.backward()
    return {"grad": x.grad}


@program
def two_losses_over_one_written_tensor(torch):
    x = leaf(torch, 3)
    y = x * 1
    y.mul_(x)
    a, b = y.sum(), (y * 2).sum()
    a.backward(retain_graph=True)
    b.backward()
    return {"grad": x.grad}


@program
def a_write_between_forward_and_the_first_of_two_losses(torch):
    x = leaf(torch, 3)
    y = x * 1
    a = (y * y).sum()
    y.mul_(2)
    b = (y * y).sum()
    error = raises(a.backward, MODIFIED)
    b.backward()
    return {"error": error, "grad": x.grad}


@program
def backward_of_a_non_scalar_needs_a_gradient(torch):
    y = leaf(torch, 3) * 2
    phrase = "grad can be implicitly created only for scalar outputs"
    return {"error": raises(y.backward, phrase), "shape": raises(lambda: y.backward(plain(torch, 2)), "shape")}


@program
def backward_of_a_plain_tensor_is_refused(torch):
    phrase = "element 0 of tensors does not require grad and does not have a grad_fn"
    return {"error": raises(lambda: plain(torch, 3).sum().backward(), phrase)}


@program
def double_backward_through_a_write(torch):
    x = leaf(torch, 3)
    y = x * x
    y.mul_(x)
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    (h,) = torch.autograd.grad((g * g).sum(), x)
    return {"g": g, "h": h}


@program
def double_backward_through_a_saved_output_in_place(torch):
    def of(name):
        x = leaf(torch, 3)
        y = x * x
        getattr(y, name)()
        (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
        (h,) = torch.autograd.grad(g.sin().sum(), x)
        return [g, h]

    return {name: of(name) for name in ("exp_", "tanh_", "sigmoid_", "sqrt_", "sin_", "log_", "reciprocal_")}


@program
def double_backward_through_a_write_to_a_view(torch):
    x = leaf(torch, 2, 3)
    y = x * x
    y[0].mul_(x[1])
    (g,) = torch.autograd.grad((y * y).sum(), x, create_graph=True)
    (h,) = torch.autograd.grad((g * g).sum(), x)
    return {"g": g, "h": h}


@program
def double_backward_through_a_view_after_a_write_to_its_base(torch):
    x = leaf(torch, 2, 3)
    y = x * x
    column = y[:, 1]
    y.mul_(x)
    (g,) = torch.autograd.grad((column * column).sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sin().sum(), x)
    return {"g": g, "h": h}


@program
def double_backward_through_an_assignment(torch):
    x, v = leaf(torch, 3), leaf(torch, 2)
    y = x * x
    y[1:] = v * v
    g = torch.autograd.grad((y**3).sum(), (x, v), create_graph=True)
    h = torch.autograd.grad(g[0].sum() + (g[1] * g[1]).sum(), (x, v))
    return {"g": list(g), "h": list(h)}


@program
def third_order_through_a_write(torch):
    x = leaf(torch, 3)
    y = x * 1
    y.mul_(x).mul_(x.detach() * 0 + x)
    order = [y.sum()]
    for _ in range(3):
        (g,) = torch.autograd.grad(order[-1].sum(), x, create_graph=True)
        order.append(g)
    return {"order": order}


@program
def backward_with_create_graph_gives_a_gradient_that_is_tracked(torch):
    x = leaf(torch, 3)
    (g,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
    x2 = leaf(torch, 3)
    grad = torch.autograd.grad((x2 * x2).sum(), x2)[0]
    return {"tracked": [g.requires_grad, g.is_leaf], "plain": [grad.requires_grad, grad.is_leaf]}


@program
def a_tracked_gradient_can_be_written_and_pulled(torch):
    x = leaf(torch, 3)
    (g,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
    g.mul_(x)
    (h,) = torch.autograd.grad(g.sum(), x)
    return {"g": g, "h": h}


@program
def a_write_to_a_saved_gradient_breaks_the_second_order(torch):
    x = leaf(torch, 3)
    y = x.exp()
    (g,) = torch.autograd.grad(y.sum(), x, create_graph=True)
    penalty = (g * g).sum()
    g.add_(1)
    return {"error": raises(penalty.backward, MODIFIED)}


@program
def a_deep_chain_of_writes(torch):
    x = leaf(torch, 3)
    y = x * 1
    for i in range(500):
        y.mul_(1.001) if i % 2 else y.add_(x, alpha=0.01)
    pull(torch, y)
    return {"y": y, "grad": x.grad, "version": y._version}


@program
def a_deep_chain_of_writes_through_views(torch):
    x = leaf(torch, 3, 3)
    y = x * 1
    for i in range(60):
        (y[i % 3] if i % 2 else y[:, i % 3]).mul_(1.01)
    pull(torch, y)
    return {"y": y, "grad": x.grad, "version": y._version}


@program
def doubling_in_place_sixty_times_stays_linear(torch):
    x = leaf(torch, 2)
    y = x * 1
    for _ in range(60):
        y += y
    pull(torch, y)
    return {"grad": [g / 2.0**60 for g in x.grad.tolist()]}


@program
def backward_to_chosen_inputs_only(torch):
    x, a = leaf(torch, 3), leaf(torch, 3)
    y = x * 1
    y.mul_(a)
    pull(torch, y, inputs=[a])
    return {"x": x.grad, "a": a.grad}


@program
def backward_to_a_result_as_input(torch):
    x = leaf(torch, 3)
    y = x * 1
    z = (y * y).sum()
    (g,) = torch.autograd.grad(z, y)
    return {"g": g, "x": x.grad}


@program
def a_function_that_marks_its_input_dirty(torch):
    class Triple(torch.autograd.Function):
        @staticmethod
        def forward(ctx, t):
            t.mul_(3)
            ctx.mark_dirty(t)
            return t

        @staticmethod
        def backward(ctx, g):
            return g * 3

    x = leaf(torch, 3)
    y = x * 1
    z = Triple.apply(y)
    pull(torch, z)
    leaf_error = raises(lambda: Triple.apply(leaf(torch, 3)), "a leaf Variable that requires grad")
    return {"same": z is y, "z": z, "grad": x.grad, "version": y._version, "leaf": leaf_error}


@program
def a_function_whose_saved_input_is_written_notices(torch):
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, t):
            ctx.save_for_backward(t)
            return t * t

        @staticmethod
        def backward(ctx, g):
            (t,) = ctx.saved_tensors
            return 2 * t * g

    x = leaf(torch, 3)
    y = x * 1
    z = Square.apply(y)
    y.add_(1)
    return {"error": raises(lambda: pull(torch, z), MODIFIED)}
