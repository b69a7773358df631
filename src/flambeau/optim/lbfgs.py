"""L-BFGS: quasi-Newton steps from the memory of the last gradients."""

from __future__ import annotations

from flambeau.autograd import modes
from flambeau.core.errors import ArgumentError
from flambeau.tensor.api import torch

from . import checks
from .line_search import strong_wolfe
from .optimizer import Optimizer


class LBFGS(Optimizer):
    """Limited-memory BFGS, for full batches; one step runs up to `max_iter` iterations.

    d = -H g, where H approximates the inverse Hessian from the last `history_size` pairs
    s = p' - p, y = g' - g by the two-loop recursion; p = p + t * d with t = lr or from a line
    search.

    All parameters are handled as one vector and form one group. The closure is evaluated several
    times a step. When it raises during a line search the parameters are put back to where the
    search began.

    Args:
        params: tensors, or `(name, tensor)` pairs.
        lr: length of a step. Default 1.
        max_iter: iterations a step. Default 20.
        max_eval: evaluations of the closure a step. Default `max_iter * 5 // 4`.
        tolerance_grad: stop when no gradient is larger. Default 1e-7.
        tolerance_change: stop when neither loss nor parameters change more. Default 1e-9.
        history_size: pairs that are remembered. Default 100.
        line_search_fn: None or "strong_wolfe". Default None.
    Raises: ValueError for an option out of range or several groups.

    Nocedal, Wright: Numerical Optimization (2006), algorithms 7.4, 3.5 and 3.6.

    >>> import flambeau as torch
    >>> w = torch.tensor([3.0, -2.0], requires_grad=True)
    >>> optimizer = torch.optim.LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((w - 1) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> optimizer.step(closure).item()
    13.0
    >>> w
    tensor([1.0000, 1.0000], requires_grad=True)
    """

    def __init__(
        self,
        params,
        lr=1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ):
        checks.learning_rate(lr)
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    def step(self, closure):
        """Run up to `max_iter` iterations; returns the loss before the first.

        Args:
            closure: a function that computes the gradients anew and returns the loss.
        """
        group = self.param_groups[0]
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            raise ArgumentError("only 'strong_wolfe' is supported")
        self._check_gradients_of(group)
        with modes.no_grad():
            return _Run(group, self.state[group["params"][0]], modes.enable_grad()(closure)).run()

    def _check_gradients_of(self, group) -> None:
        params = [p for p in group["params"] if p.grad is not None]
        self._check_gradients(params, [p.grad for p in params])


class _Run:
    """One call of `step`: the iterations, and the state that they leave for the next call."""

    def __init__(self, group, state, closure):
        self.params = group["params"]
        self.options = group
        self.state = state
        self.closure = closure
        self.lr = checks.number(group["lr"])
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

    def run(self):
        state, options = self.state, self.options
        first_loss = self.closure()
        self.loss = float(first_loss)
        self.evaluations = 1
        state["func_evals"] += 1
        self.grad = self._flat_grad()
        if _largest(self.grad) <= options["tolerance_grad"]:
            return first_loss
        for iteration in range(1, options["max_iter"] + 1):
            state["n_iter"] += 1
            direction = self._direction()
            state["d"] = direction
            state["prev_flat_grad"] = self.grad.clone()
            before = state["prev_loss"] = self.loss
            state["t"] = self._first_length()
            slope = float(self.grad.dot(direction))
            if slope > -options["tolerance_change"]:
                break
            self._move(direction, slope, last=iteration == options["max_iter"])
            if (
                self.evaluations >= options["max_eval"]
                or _largest(self.grad) <= options["tolerance_grad"]
                or _largest(direction) * abs(state["t"]) <= options["tolerance_change"]
                or abs(self.loss - before) < options["tolerance_change"]
            ):
                break
        return first_loss

    def _direction(self):
        """-H g by the two-loop recursion, after remembering the last step."""
        state = self.state
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
            return self.grad.neg()
        y = self.grad - state["prev_flat_grad"]
        s = state["d"] * float(state["t"])
        ys = float(y.dot(s))
        if ys > 1e-10:
            if len(state["old_dirs"]) == self.options["history_size"]:
                for name in ("old_dirs", "old_stps", "ro"):
                    state[name].pop(0)
            state["old_dirs"].append(y)
            state["old_stps"].append(s)
            state["ro"].append(1.0 / ys)
            state["H_diag"] = ys / float(y.dot(y))
        pairs = list(zip(state["old_dirs"], state["old_stps"], map(float, state["ro"])))
        q = self.grad.neg()
        alphas = []
        for y, s, ro in reversed(pairs):
            alphas.append(float(s.dot(q)) * ro)
            q.add_(y, alpha=-alphas[-1])
        r = q.mul_(float(state["H_diag"]))
        for (y, s, ro), alpha in zip(pairs, reversed(alphas)):
            r.add_(s, alpha=alpha - float(y.dot(r)) * ro)
        return r

    def _first_length(self):
        if self.state["n_iter"] > 1:
            return self.lr
        return min(1.0, 1.0 / float(self.grad.abs().sum())) * self.lr

    def _move(self, direction, slope, last) -> None:
        """Go along the direction and evaluate there, unless nobody will ask."""
        state = self.state
        evaluations = 0
        if self.options["line_search_fn"]:
            self.loss, self.grad, state["t"], evaluations = strong_wolfe(
                lambda t: self._try(direction, t),
                state["t"],
                _largest(direction),
                self.loss,
                self.grad,
                slope,
                lambda g: float(g.dot(direction)),
                self.options["tolerance_change"],
                self.options["max_eval"] - self.evaluations,
            )
            self._add(direction, state["t"])
        else:
            self._add(direction, state["t"])
            if not last:
                self.loss = float(self.closure())
                self.grad = self._flat_grad()
                evaluations = 1
        self.evaluations += evaluations
        state["func_evals"] += evaluations

    def _try(self, direction, t):
        """Loss and gradient at `p + t * direction`; the parameters stay as they are."""
        start = [p.detach().clone() for p in self.params]
        try:
            self._add(direction, t)
            return float(self.closure()), self._flat_grad()
        finally:
            for p, before in zip(self.params, start):
                p.copy_(before)

    def _add(self, direction, t) -> None:
        offset = 0
        for p in self.params:
            flat = torch.view_as_real(p) if p.is_complex() else p
            n = flat.numel()
            flat.add_(direction[offset : offset + n].view(flat.shape), alpha=t)
            offset += n

    def _flat_grad(self):
        parts = []
        for p in self.params:
            g = torch.zeros_like(p) if p.grad is None else p.grad.detach()
            parts.append((torch.view_as_real(g) if g.is_complex() else g).reshape(-1))
        return torch.cat(parts)


def _largest(x) -> float:
    return float(x.abs().max())
