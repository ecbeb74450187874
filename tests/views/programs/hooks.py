"""Programs about hooks and retain_grad on tensors that are then written in place."""

from ..harness import leaf, node, program, pull


@program
def a_hook_set_before_a_write_sees_the_gradient_before_it(torch):
    x, seen = leaf(torch, 3), []
    y = x * 1
    y.register_hook(lambda g: seen.append(g.tolist()))
    y.mul_(3)
    pull(torch, y)
    return {"seen": seen, "grad": x.grad}


@program
def a_hook_set_after_a_write_sees_the_gradient_after_it(torch):
    x, seen = leaf(torch, 3), []
    y = x * 1
    y.mul_(3)
    y.register_hook(lambda g: seen.append(g.tolist()))
    pull(torch, y)
    return {"seen": seen, "grad": x.grad}


@program
def hooks_on_both_sides_of_a_write(torch):
    x, seen = leaf(torch, 3), []
    y = x * 1
    y.register_hook(lambda g: seen.append(["before", g.tolist()]))
    y.mul_(3)
    y.register_hook(lambda g: seen.append(["after", g.tolist()]))
    pull(torch, y)
    return {"seen": seen, "grad": x.grad}


@program
def a_hook_that_changes_the_gradient_of_a_written_tensor(torch):
    x = leaf(torch, 3)
    y = x * 1
    y.register_hook(lambda g: g * 10)
    y.mul_(3)
    y.register_hook(lambda g: g + 1)
    pull(torch, y)
    return {"grad": x.grad}


@program
def retain_grad_before_a_write_keeps_the_last_gradient(torch):
    x = leaf(torch, 3)
    y = x * 1
    y.retain_grad()
    y.mul_(3)
    pull(torch, y)
    return {"kept": y.grad, "grad": x.grad, "retains": y.retains_grad}


@program
def retain_grad_after_a_write(torch):
    x = leaf(torch, 3)
    y = x * 1
    y.mul_(3)
    y.retain_grad()
    z = y * y
    pull(torch, z)
    return {"kept": y.grad, "grad": x.grad}


@program
def retain_grad_on_a_view_and_a_write_through_it(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    row = y[0]
    row.retain_grad()
    row.mul_(3)
    pull(torch, row * row)
    return {"kept": row.grad, "grad": x.grad}


@program
def retain_grad_on_the_base_and_a_write_through_a_view(torch):
    x = leaf(torch, 2, 3)
    y = x * 1
    y.retain_grad()
    y[0].mul_(3)
    pull(torch, y * y)
    return {"kept": y.grad, "grad": x.grad}


@program
def a_hook_on_the_base_and_a_write_through_a_view(torch):
    x, seen = leaf(torch, 2, 3), []
    y = x * 1
    y.register_hook(lambda g: seen.append(["early", g.tolist()]))
    y[0].mul_(3)
    y.register_hook(lambda g: seen.append(["late", g.tolist()]))
    pull(torch, y)
    return {"seen": seen, "grad": x.grad}


@program
def a_hook_on_a_view_set_before_a_write_to_its_base_stays_with_the_old_view(torch):
    x, seen = leaf(torch, 2, 3), []
    y = x * 1
    row = y[0]
    row.register_hook(lambda g: seen.append(g.tolist()))
    y.mul_(3)
    pull(torch, row)
    return {"seen": seen, "grad": x.grad}


@program
def a_hook_on_a_view_set_after_a_write_to_its_base_is_called(torch):
    x, seen = leaf(torch, 2, 3), []
    y = x * 1
    row = y[0]
    y.mul_(3)
    name = node(row)  # torch must be asked for the node first: without that, its register_hook crashes here
    row.register_hook(lambda g: seen.append(g.tolist()))
    pull(torch, row)
    return {"seen": seen, "grad": x.grad, "name": name}


@program
def a_hook_on_a_leaf_that_is_written_under_no_grad(torch):
    x, seen = leaf(torch, 3), []
    x.register_hook(lambda g: seen.append(g.tolist()))
    with torch.no_grad():
        x.mul_(2)
    pull(torch, x * x)
    return {"seen": seen, "grad": x.grad}


@program
def a_hook_that_was_removed_is_not_called_after_a_write(torch):
    x, seen = leaf(torch, 3), []
    y = x * 1
    handle = y.register_hook(lambda g: seen.append(g.tolist()))
    y.mul_(3)
    handle.remove()
    pull(torch, y)
    return {"seen": seen, "grad": x.grad}


@program
def a_post_accumulate_hook_may_update_the_leaf_in_place(torch):
    x = leaf(torch, 3)

    def step(p):
        with torch.no_grad():
            p.sub_(p.grad, alpha=0.1)
        p.grad = None

    x.register_post_accumulate_grad_hook(step)
    for _ in range(2):
        (x * x).sum().backward()
    return {"x": x, "grad": x.grad, "version": x._version}


@program
def a_hook_that_writes_to_the_kept_gradient_of_another_pass(torch):
    x = leaf(torch, 3)
    pull(torch, x * 2)
    x.register_hook(lambda g: g * 0.5)
    pull(torch, x * 2)
    return {"grad": x.grad}


@program
def retain_grad_on_a_leaf_does_nothing(torch):
    x = leaf(torch, 3)
    x.retain_grad()
    pull(torch, x * 2)
    return {"grad": x.grad, "retains": x.retains_grad}
