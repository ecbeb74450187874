"""Random programs of views, writes and arithmetic, run in torch and in minitorch line by line.

After every line all tensors are compared (value, shape, strides, version, flags, gradient, who shares memory); a line
that torch refuses must be refused with the same type of error and change nothing. At the end comes a backward, and at
times a double one. MINITORCH_DEEP=1 runs longer programs, many more of them, from a random seed.
"""

import os
import re

import pytest
import torch
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from . import moves
from .lockstep import Lockstep, Mismatch

DEEP = os.environ.get("MINITORCH_DEEP") == "1"
MOST_TENSORS = 12

# Even odds for each choice; Hypothesis chooses the seeds and the steps, and shrinks them.
CHANCE = st.randoms(use_true_random=True)
HALF = "torch.tensor(0.5, dtype=torch.float64)"
UNDER = ["", "", "", "", "no_grad", "enable_grad"]


class Programs(RuleBasedStateMachine):
    """One random program; the two libraries are given by `programs_of`."""

    subject, rewrite = torch, None

    @initialize(chance=CHANCE, seed=st.integers(0, 999), order=st.sampled_from([1, 1, 2]))
    def start(self, chance, seed, order):
        """Two leaves, a plain tensor, and a result of each leaf; `order` is how often the end differentiates."""
        self.step, self.seed, self.order = Lockstep(torch, self.subject, self.rewrite), seed, order
        self.leaves = []
        for i, tracked in enumerate((True, True, False)):
            shape = chance.choice(moves.SHAPES)
            name = self.step.create(moves.literal(shape, seed + i) + ".requires_grad_()" * tracked)
            if tracked:
                self.leaves.append(name)
                self.step.create(f"{name} * 1.5")

    def pick_name(self, pick, suits=lambda tensor: True):
        """A tensor of the pool that suits, or None; half of the time a view, where there is one."""
        names = [name for name in self.step.names if suits(self.step[name])]
        views = [name for name in names if self.step[name]._is_view()]
        return pick(views if views and pick([True, False]) else names) if names else None

    def operand(self, pick, target, shape):
        """The name of a tensor that fits `shape`; a clone where it would lie askew on the memory that is written."""
        name = self.pick_name(pick, lambda t: moves.broadcasts_to(list(t.shape), list(shape)))
        if name is None or pick([False, False, False, True]):
            return HALF, torch.tensor(0.5)
        other = self.step[name]
        askew = moves.same_storage(other, target) and not moves.same_place(other, target)
        both_dense = other.is_contiguous() and target.is_contiguous()  # then torch itself refuses what overlaps
        return f"{name}.clone()" if askew and not both_dense else name, other

    def value(self, pick, target):
        """A function from a shape to the text of a tensor of the pool that fits it, or of a number."""

        def choose(shape):
            text, other = self.operand(pick, target, shape)
            return f"{text}.clone()" if moves.same_storage(other, target) and "clone" not in text else text

        return choose

    @rule(chance=CHANCE)
    def view(self, chance):
        pick = chance.choice
        name = self.pick_name(pick)
        self.keep(moves.view(pick, name, self.step[name]), pick(UNDER))

    @rule(chance=CHANCE)
    def view_again(self, chance):
        self.view(chance)

    def keep(self, expression, under=""):
        """Add a new tensor to the pool, unless the pool is full or the tensor is large or empty."""
        if len(self.step.names) >= MOST_TENSORS:
            return
        name = self.step.create(expression, under)
        if name is not None and not 0 < self.step[name].numel() <= moves.LARGEST:
            self.step.forget(name)

    @rule(chance=CHANCE)
    def leave_the_tape(self, chance):
        pick = chance.choice
        name = self.pick_name(pick)
        self.keep(name + pick([".detach()", ".data", ".clone()", ".contiguous()", ".detach().requires_grad_()"]))

    @rule(chance=CHANCE)
    def compute(self, chance):
        pick = chance.choice
        name = self.pick_name(pick)
        tensor = self.step[name]
        forms = ["{0}.sin()", "{0}.tanh()", "{0}.sigmoid()", "-{0}", "{0} * 0.5", "1.5 - {0}", "{0}.sum()", "{0} / 2"]
        forms += ["{0}.exp()", "{0}.square()", "{0} ** 3"] if moves.moderate(tensor) else []
        forms += (
            [f"{{0}}.sum({pick([0, -1])})", "torch.cat([{0}, {0}])", "{0}.flip(0)", "{0}[[0, -1]]"]
            if tensor.ndim
            else []
        )
        self.keep(pick(forms).format(name), pick(UNDER))

    @rule(chance=CHANCE)
    def combine(self, chance):
        pick = chance.choice
        name = self.pick_name(pick, moves.moderate)
        if name is None:
            return
        other, _ = self.operand(pick, self.step[name], self.step[name].shape)
        forms = ["{0} + {1}", "{0} - {1}", "{0} * {1}", "torch.where({0} > 9, {0}, {1})", "{0} * {0} + {1}"]
        # where operands are laid out differently, the result has the first one's order in torch, row-major order here
        layout = "{}" if self.step[name].is_contiguous() else "({}).contiguous()"
        self.keep(layout.format(pick(forms).format(name, other)))

    def target(self, pick, any_stride=False):
        """A tensor to write to and the mode to do it in: mostly no_grad for what may only be written there.

        None of its elements overlap, but for those of an expanded tensor, which torch refuses.
        """

        def suits(t):
            return any_stride if moves.has_zero_stride(t) else not moves.overlaps_itself(t)

        name = self.pick_name(pick, suits)
        if name is not None and moves.on_a_leaf(self.step[name]):
            return name, pick(["no_grad"] * 7 + [""])
        return name, pick(UNDER)

    @rule(chance=CHANCE)
    def write_alone(self, chance):
        pick = chance.choice
        name, under = self.target(pick, any_stride=True)
        if name is not None:
            self.step.change(moves.write_alone(pick, name, self.step[name]), under)

    @rule(chance=CHANCE)
    def write_with(self, chance):
        pick = chance.choice
        name, under = self.target(pick, any_stride=True)
        if name is not None:
            operand, other = self.operand(pick, self.step[name], self.step[name].shape)
            self.step.change(moves.write_with(pick, name, self.step[name], operand, other), under)

    @rule(chance=CHANCE)
    def assign(self, chance):
        pick = chance.choice
        name, under = self.target(pick)
        if name is not None:
            choose = self.value(pick, self.step[name])
            self.step.change(moves.assignment(pick, name, self.step[name], choose), under)

    @rule(chance=CHANCE)
    def write_by_index(self, chance):
        pick = chance.choice
        name, under = self.target(pick)
        if name is not None and self.step[name].ndim:
            choose = self.value(pick, self.step[name])
            self.step.change(moves.indexed_write(pick, name, self.step[name], choose), under)

    @rule(chance=CHANCE)
    def write_to_data(self, chance):
        pick = chance.choice
        name, _ = self.target(pick)
        if name is not None:
            self.step.change(name + pick([".data.mul_(0.5)", ".detach().add_(0.25)", ".data[...] = 0.5"]))

    @rule(chance=CHANCE)
    def change_shape_or_flag(self, chance):
        pick = chance.choice
        name = self.pick_name(pick)
        changes = ["squeeze_()", "unsqueeze_(0)", "requires_grad_(False)", "detach_()"]
        if not any(self.step[n]._base is self.step[name] for n in self.step.names):
            changes += ["requires_grad_()"]  # torch leaves earlier views of the tensor half tracked: nothing to copy
        changes += ["t_()"] if self.step[name].ndim == 2 else []
        changes += ["transpose_(0, -1)"] if self.step[name].ndim else []
        self.step.change(f"{name}.{pick(changes)}")

    @rule(chance=CHANCE)
    def forget(self, chance):
        pick = chance.choice
        name = self.pick_name(pick)
        if name not in self.leaves:
            self.step.forget(name)

    @rule(chance=CHANCE)
    def differentiate(self, chance):
        """Gradients of one tensor in the middle of the program; the graph is kept."""
        pick = chance.choice
        name = self.pick_name(pick, lambda t: t.requires_grad) or "x0"
        weights = moves.literal(self.step[name].shape, self.seed)
        inputs = f"[{', '.join(self.leaves)}]"
        self.step.compare_values(
            f"torch.autograd.grad({name}, {inputs}, {weights}, allow_unused=True, retain_graph=True)"
        )

    def teardown(self):
        if hasattr(self, "step") and not self.step.failed:
            self.finish()

    def finish(self):
        """Backward from a random weighted sum of the tensors that have a gradient to give."""
        terms = [
            f"({name} * {moves.literal(self.step[name].shape, self.seed + i)}).sum()"
            for i, name in enumerate(self.step.names)
            if (self.seed >> i) % 2 == 0 or i < 4  # the first four are the leaves and their first results
        ]
        if self.step.run(f"loss = {' + '.join(terms)}"):
            return
        if self.order == 2:
            self.differentiate_twice()
        if not self.step.run("loss.backward()"):
            self.step.compare()

    def differentiate_twice(self):
        inputs = f"[{', '.join(self.leaves)}]"
        if self.step.run(f"first = torch.autograd.grad(loss.sin(), {inputs}, create_graph=True, allow_unused=True)"):
            return
        self.step.compare_values("first")
        if self.step.run("second = sum((g * g).sum() for g in first if g is not None)"):
            return
        self.step.compare_values(f"torch.autograd.grad(second, {inputs}, allow_unused=True, retain_graph=True)")


def profile(examples, steps, **options):
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        **options,
    )


def programs_of(subject, rewrite=None):
    """The state machine for a subject; `rewrite` changes its lines."""
    return type("Programs", (Programs,), {"subject": subject, "rewrite": staticmethod(rewrite) if rewrite else None})


def test_random_programs(subject):
    chosen = profile(3000, 40) if DEEP else profile(150, 24, derandomize=True)
    run_state_machine_as_test(programs_of(subject), settings=chosen)


FAULTS = {
    "detach has a counter of its own": (r"\.detach\(\)", ".data"),
    "select copies": (r"(\.select\(-?\d+, -?\d+\))", r"\1.clone()"),
    "transpose copies": (r"(\.transpose\(\d+, \d+\))", r"\1.clone()"),
    "an operand gets no gradient": (r"\.add_\((x\d+)", r".add_(\1.detach()"),
    "fill_ is not counted": (r"\.fill_\(", ".data.fill_("),
    "assignment is not recorded": (r"^(x\d+)(\[.*\] =)", r"\1.detach()\2"),
    "no_grad does nothing": (r"torch\.no_grad", "torch.enable_grad"),
    "sin_ is wrong a little": (r"\.sin_\(\)", ".sin_().mul_(1.000001)"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_random_programs_notice_a_fault(fault):
    pattern, replacement = FAULTS[fault]
    machine = programs_of(torch, lambda line: re.sub(pattern, replacement, line))
    with pytest.raises(Mismatch):
        run_state_machine_as_test(
            machine, settings=profile(2000, 16, derandomize=True, phases=[Phase.generate], report_multiple_bugs=False)
        )
