"""Programs about the gradients themselves: who owns their memory, and what may be done to them in place."""

import warnings

from ..harness import leaf, plain, program, pull, raises, shares


@program
def two_operands_of_a_sum_do_not_share_one_gradient(torch):
    a, b = leaf(torch, 3), leaf(torch, 3)
    pull(torch, a + b)
    a.grad.add_(100)
    return {"shared": shares(a.grad, b.grad), "a": a.grad, "b": b.grad}


@program
def a_tensor_added_to_itself_gathers_two_gradients(torch):
    a = leaf(torch, 3)
    y = a + a
    pull(torch, y)
    return {"grad": a.grad}


@program
def the_upstream_gradient_given_is_not_changed_or_kept(torch):
    a = leaf(torch, 3)
    g = plain(torch, 3)
    (a * 1).backward(g)
    (a * 1).backward(g)
    a.grad.zero_()
    return {"g": g, "grad": a.grad, "shared": shares(a.grad, g)}


@program
def a_second_backward_does_not_write_into_the_first_upstream(torch):
    a, b = leaf(torch, 3), leaf(torch, 3)
    g = plain(torch, 3)
    (a + b).backward(g)
    (a + b).backward(g)
    return {"g": g, "grads": [a.grad, b.grad], "shared": [shares(a.grad, g), shares(b.grad, g), shares(a.grad, b.grad)]}


@program
def the_gradient_is_accumulated_in_its_own_memory(torch):
    a = leaf(torch, 3)
    pull(torch, a * 2)
    first = a.grad
    pull(torch, a * 3)
    return {"same": a.grad is first, "grad": a.grad, "version": a.grad._version}


@program
def the_gradient_can_be_written_in_place(torch):
    a = leaf(torch, 3)
    pull(torch, a * 2)
    a.grad.mul_(0.5)
    a.grad[0] = 9.0
    return {"grad": a.grad, "requires_grad": a.grad.requires_grad, "version": a.grad._version}


@program
def zeroing_the_gradient_then_backward(torch):
    a = leaf(torch, 3)
    pull(torch, a * 2)
    a.grad.zero_()
    pull(torch, a * 5)
    return {"grad": a.grad}


@program
def dropping_the_gradient_then_backward(torch):
    a = leaf(torch, 3)
    pull(torch, a * 2)
    old = a.grad
    a.grad = None
    pull(torch, a * 5)
    return {"grad": a.grad, "old": old, "shared": shares(old, a.grad)}


@program
def a_gradient_set_by_hand_is_added_to(torch):
    a = leaf(torch, 3)
    mine = plain(torch, 3)
    a.grad = mine
    pull(torch, a * 2)
    return {"grad": a.grad, "same": a.grad is mine, "mine": mine}


@program
def a_gradient_of_a_wrong_shape_or_kind_cannot_be_set(torch):
    a = leaf(torch, 3)

    def wrong_shape():
        a.grad = plain(torch, 2)

    def wrong_type():
        a.grad = 1.0

    def itself():
        a.grad = a

    return {
        "shape": raises(wrong_shape),
        "type": raises(wrong_type),
        "itself": raises(itself, "can't assign Variable as its own"),
    }


@program
def gradient_descent_by_hand_under_no_grad(torch):
    w = leaf(torch, 3)
    losses = []
    for _ in range(5):
        loss = (w * w).sum()
        loss.backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
            w.grad.zero_()
        losses.append(loss.item())
    return {"w": w, "losses": losses, "version": w._version, "is_leaf": w.is_leaf}


@program
def gradient_descent_by_hand_on_data(torch):
    w = leaf(torch, 3)
    for _ in range(3):
        w.grad = None
        (w.sin() * w).sum().backward()
        w.data -= 0.1 * w.grad.data
    return {"w": w, "version": w._version, "grad": w.grad}


@program
def momentum_by_hand(torch):
    w, speed = leaf(torch, 3), torch.zeros(3, dtype=torch.float64)
    for _ in range(3):
        w.grad = None
        (w**3).sum().backward()
        with torch.no_grad():
            speed.mul_(0.9).add_(w.grad)
            w.add_(speed, alpha=-0.01)
    return {"w": w, "speed": speed, "versions": [w._version, speed._version]}


@program
def updating_a_weight_before_its_backward_is_noticed(torch):
    w, x = leaf(torch, 3), leaf(torch, 3)
    y = w * x
    with torch.no_grad():
        w.sub_(0.1)
    return {
        "error": raises(lambda: pull(torch, y), "modified by an inplace operation", "version 1", "expected version 0")
    }


@program
def a_result_keeps_no_gradient_and_reading_it_warns(torch):
    x = leaf(torch, 3)
    y = x * 2
    pull(torch, y)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        grad = y.grad
    return {"grad": grad, "warned": [type(w.message).__name__ for w in caught if "not a leaf" in str(w.message)]}


@program
def a_view_of_a_leaf_keeps_no_gradient_but_the_leaf_does(torch):
    x = leaf(torch, 2, 3)
    row = x[1]
    pull(torch, row * row)
    return {"grad": x.grad, "row_is_leaf": row.is_leaf}


@program
def a_gradient_of_an_expanded_sum_is_dense(torch):
    x = leaf(torch, 2, 3)
    x.sum().backward()
    x.grad[0, 0] = 5.0
    return {"grad": x.grad, "stride": list(x.grad.stride())}


@program
def the_gradient_of_a_transposed_leaf_follows_its_layout(torch):
    x = plain(torch, 2, 3).t().requires_grad_()
    pull(torch, x * 2)
    return {"grad": x.grad, "x_stride": list(x.stride()), "grad_stride": list(x.grad.stride())}


@program
def one_gradient_shared_by_two_paths_of_views(torch):
    x = leaf(torch, 4)
    a, b = x.view(2, 2), x[1:3]
    (a.sum() + (b * b).sum()).backward()
    return {"grad": x.grad}


@program
def autograd_grad_leaves_the_leaves_alone(torch):
    x = leaf(torch, 3)
    y = x * 1
    y.mul_(2)
    (g,) = torch.autograd.grad(y.sum(), x)
    return {"g": g, "grad": x.grad}


@program
def autograd_grad_to_a_tensor_before_and_after_its_write(torch):
    x = leaf(torch, 3)
    y = x * 1
    y.mul_(3)
    (after,) = torch.autograd.grad(y.sum(), y, retain_graph=True)
    (to_x,) = torch.autograd.grad(y.sum(), x)
    return {"after": after, "to_x": to_x}


@program
def autograd_grad_to_a_view_that_was_not_used(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    row = y[0]
    phrase = "appears to not have been used in the graph"
    error = raises(lambda: torch.autograd.grad(y.sum(), row, retain_graph=True), phrase)
    return {"error": error, "unused": list(torch.autograd.grad(y.sum(), row, allow_unused=True))}


@program
def autograd_grad_to_a_view_after_its_write_goes_to_the_new_view(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    row = y[0]
    row.mul_(2)
    error = raises(lambda: torch.autograd.grad(y.sum(), row, retain_graph=True), "appears to not have been used")
    (g,) = torch.autograd.grad((row * row).sum(), row)
    return {"error": error, "g": g}


@program
def an_optimizer_step_writes_to_the_leaf_in_place(torch):
    w = leaf(torch, 3)
    memory = w.data_ptr()
    optimizer = torch.optim.SGD([w], lr=0.1)
    versions = []
    for _ in range(3):
        optimizer.zero_grad()
        (w * w).sum().backward()
        optimizer.step()
        versions.append(w._version)
    return {"w": w, "versions": versions, "same": w.data_ptr() == memory, "is_leaf": w.is_leaf}


@program
def an_optimizer_step_before_backward_is_noticed(torch):
    w = leaf(torch, 3)
    optimizer = torch.optim.Adam([w], lr=0.1)
    (w * w).sum().backward()
    late = (w * w).sum()
    optimizer.step()
    return {"error": raises(late.backward, "modified by an inplace operation"), "w": w}


@program
def zero_grad_drops_or_clears(torch):
    w = leaf(torch, 3)
    optimizer = torch.optim.SGD([w], lr=0.1)
    (w * w).sum().backward()
    kept = w.grad
    optimizer.zero_grad(set_to_none=False)
    cleared, same = kept.tolist(), w.grad is kept
    (w * w).sum().backward()
    optimizer.zero_grad()
    return {"cleared": cleared, "same": same, "dropped": w.grad, "kept": kept}
