"""L-BFGS: quasi-Newton steps from a short memory of gradients (Nocedal 1980; Liu and Nocedal 1989)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch.autograd.base import TensorBase
from minitorch.autograd.modes import enable_grad, no_grad
from minitorch.optim.checks import check, check_lr
from minitorch.optim.line_search import Point, StrongWolfe
from minitorch.optim.optimizer import Optimizer
from minitorch.tensor import FUNCTIONS

_SAVED = ("d", "t", "old_dirs", "old_stps", "ro", "H_diag", "prev_flat_grad", "prev_loss")


class LBFGS(Optimizer):
    """p += t d with d = -H grad, where H estimates the inverse Hessian from the last `history_size` steps.

    One `step` makes up to `max_iter` iterations and calls the closure up to `max_eval` times (default
    max_iter * 1.25). t is lr (in the very first iteration min(1, 1 / |grad|_1) lr), or, with
    line_search_fn="strong_wolfe", what that search finds. A step ends early when no element of the gradient exceeds
    tolerance_grad, or when loss and parameters change by less than tolerance_change.

    All parameters form one group; the state is kept with the first one.

    >>> from minitorch import optim, tensor
    >>> w = tensor([5.0], requires_grad=True)
    >>> solver = optim.LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     solver.zero_grad()
    ...     loss = ((w - 2) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> solver.step(closure)
    tensor(9., grad_fn=<SumBackward0>)
    >>> w
    tensor([2.], requires_grad=True)
    """

    def __init__(
        self, params: Any, lr: float | Any = 1, max_iter: int = 20, max_eval: int | None = None,
        tolerance_grad: float = 1e-7, tolerance_change: float = 1e-9, history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:  # fmt: skip
        check_lr(lr)
        defaults = {
            "lr": lr, "max_iter": max_iter, "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change, "history_size": history_size,
            "line_search_fn": line_search_fn,
        }  # fmt: skip
        super().__init__(params, defaults)
        check(len(self.param_groups) == 1, "LBFGS doesn't support per-parameter options (parameter groups)")

    @no_grad()
    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Iterate; the closure must clear the gradients, compute the loss, call backward and return the loss.

        Returns the loss before the step.
        """
        closure = enable_grad()(closure)
        group = self.param_groups[0]
        state = self.state[group["params"][0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first_loss = closure()
        run = _Run(self, closure, group, state, float(first_loss))
        if not run.converged():
            run.iterate()
            for name in _SAVED:
                state[name] = getattr(run, name)
        return first_loss


class _Run:
    """One call of LBFGS.step: the loss and gradient of the moment, and what is remembered from earlier iterations.

    old_dirs, old_stps, ro   y = change of the gradient, s = change of the parameters, 1 / (y s), oldest first
    H_diag                   the inverse Hessian's estimate before these are applied, a number times the identity
    """

    def __init__(self, owner: LBFGS, closure: Callable, group: dict, state: dict, loss: float) -> None:
        self.params = owner.param_groups[0]["params"]
        self.closure, self.group, self.state = closure, group, state
        for name in _SAVED:
            setattr(self, name, state.get(name))
        self.lr = group["lr"].squeeze() if isinstance(group["lr"], TensorBase) else group["lr"]
        self.loss = loss
        self.evaluations = 1
        state["func_evals"] += 1
        self.gradient = self.flat_gradient()

    d: Any
    t: Any
    old_dirs: Any
    old_stps: Any
    ro: Any
    H_diag: Any
    prev_flat_grad: Any
    prev_loss: Any

    # -- parameters as one vector --------------------------------------------------------------------------------------

    def flat_gradient(self) -> Any:
        """All gradients, one after the other; complex ones as pairs of real numbers."""
        parts = []
        for p in self.params:
            g = FUNCTIONS["zeros_like"](p) if p.grad is None else p.grad
            parts.append((FUNCTIONS["view_as_real"](g) if g.is_complex() else g).reshape(-1))
        return FUNCTIONS["cat"](parts, 0)

    def move(self, t: Any, d: Any) -> None:
        """p += t d."""
        start = 0
        for p in self.params:
            real = FUNCTIONS["view_as_real"](p) if p.is_complex() else p
            n = real.numel()
            real.add_(d[start : start + n].reshape(real.shape), alpha=float(t))
            start += n

    def evaluate(self) -> None:
        """Loss and gradient at the parameters as they are."""
        self.loss = float(self.closure())
        self.gradient = self.flat_gradient()

    def converged(self) -> bool:
        return bool(self.gradient.abs().max() <= self.group["tolerance_grad"])

    # -- iterations ----------------------------------------------------------------------------------------------------

    def iterate(self) -> None:
        """Up to max_iter iterations: direction, step length, step; until nothing changes any more."""
        tolerance = self.group["tolerance_change"]
        for n in range(1, self.group["max_iter"] + 1):
            self.state["n_iter"] += 1
            first = self.state["n_iter"] == 1
            self.d = self._steepest_descent() if first else self._newton_direction()
            if self.prev_flat_grad is None:
                self.prev_flat_grad = self.gradient.clone()
            else:
                self.prev_flat_grad.copy_(self.gradient)
            self.prev_loss = self.loss
            self.t = min(1.0, 1.0 / self.gradient.abs().sum()) * self.lr if first else self.lr
            slope = self.gradient.dot(self.d)
            if slope > -tolerance:
                break
            evaluations = self._advance(slope, last=n == self.group["max_iter"])
            self.evaluations += evaluations
            self.state["func_evals"] += evaluations
            if self.evaluations >= self.group["max_eval"] or self.converged():
                break
            if (self.d * self.t).abs().max() <= tolerance or abs(self.loss - self.prev_loss) < tolerance:
                break

    def _steepest_descent(self) -> Any:
        self.old_dirs, self.old_stps, self.ro, self.H_diag = [], [], [], 1
        return self.gradient.neg()

    def _newton_direction(self) -> Any:
        """-H grad by the two-loop recursion, after the last step has entered the history."""
        y = self.gradient - self.prev_flat_grad
        s = self.d * self.t
        ys = y.dot(s)
        if ys > 1e-10:  # the loss curves upward along the step, so that H stays positive
            if len(self.old_dirs) == self.group["history_size"]:
                for history in (self.old_dirs, self.old_stps, self.ro):
                    history.pop(0)
            self.old_dirs.append(y)
            self.old_stps.append(s)
            self.ro.append(1.0 / ys)
            self.H_diag = ys / y.dot(y)
        al = self.state.setdefault("al", [None] * self.group["history_size"])
        d = self.gradient.neg()
        for k in reversed(range(len(self.old_dirs))):
            al[k] = self.old_stps[k].dot(d) * self.ro[k]
            d.add_(self.old_dirs[k], alpha=-float(al[k]))
        d = d * self.H_diag
        for k in range(len(self.old_dirs)):
            be = self.old_dirs[k].dot(d) * self.ro[k]
            d.add_(self.old_stps[k], alpha=float(al[k] - be))
        return d

    def _advance(self, slope: Any, last: bool) -> int:
        """Make the step; the number of evaluations of the closure it took."""
        kind = self.group["line_search_fn"]
        if kind is None:
            self.move(self.t, self.d)
            if last:  # a noisy loss makes an evaluation that no further iteration would use worth nothing
                return 0
            self.evaluate()
            return 1
        if kind != "strong_wolfe":
            raise RuntimeError("only 'strong_wolfe' is supported")
        start = [p.clone() for p in self.params]

        def at(t: Any) -> Point:
            self.move(t, self.d)
            self.evaluate()
            for p, old in zip(self.params, start, strict=True):
                p.copy_(old)
            return Point(t, self.loss, self.gradient, self.gradient.dot(self.d))

        here = Point(0, self.loss, self.gradient, slope)
        search = StrongWolfe(at, here, self.d.abs().max(), self.group["max_eval"] - self.evaluations)
        found = search.search(self.t)
        self.t, self.loss, self.gradient = found.t, found.loss, found.gradient
        self.move(self.t, self.d)
        return search.evaluations
