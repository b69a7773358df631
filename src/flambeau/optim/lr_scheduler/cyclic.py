"""Schedules that go up and down: cycles, one cycle, warm restarts."""

from __future__ import annotations

import math

from .base import (
    LRScheduler,
    check_optimizer,
    per_group,
    reads_groups,
    set_value,
    state_of_functions,
)


class _WithMomentum(LRScheduler):
    """A schedule that moves momentum (or beta1) against the rate."""

    def _start_momentum(self, base_momentum, max_momentum, last_epoch) -> tuple[list, list]:
        optimizer = self.optimizer
        if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
            raise ValueError(
                "optimizer must support momentum or beta1 with `cycle_momentum` option enabled"
            )
        self.use_beta1 = "betas" in optimizer.defaults
        lows = per_group("base_momentum", optimizer, base_momentum)
        highs = per_group("max_momentum", optimizer, max_momentum)
        if last_epoch == -1:
            for low, high, group in zip(lows, highs, optimizer.param_groups):
                self._set_momentum(group, high)
                group["max_momentum"] = high
                group["base_momentum"] = low
        return lows, highs

    def _set_momentum(self, group, momentum) -> None:
        if self.use_beta1:
            group["betas"] = (momentum, *group["betas"][1:])
        else:
            group["momentum"] = momentum


class CyclicLR(_WithMomentum):
    """The rate goes from base_lr to max_lr and back, again and again.

    Args:
        optimizer: whose rates are set.
        base_lr, max_lr: the ends; one for all groups or a list.
        step_size_up, step_size_down: steps of the way up and down. Default 2000, and as up.
        mode: "triangular"; "triangular2": the height halves each cycle; "exp_range": it shrinks by
            gamma each step. Default "triangular".
        gamma: for "exp_range". Default 1.
        scale_fn: a function that gives the height, in place of a mode.
        scale_mode: what it is given: the "cycle", or the "iterations". Default "cycle".
        cycle_momentum: momentum (or beta1) goes the other way, between
        base_momentum, max_momentum: Default True, 0.8, 0.9.
        last_epoch: see `LRScheduler`.

    Smith: Cyclical Learning Rates for Training Neural Networks (2017, arXiv 1506.01186).
    """

    def __init__(
        self,
        optimizer,
        base_lr,
        max_lr,
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn=None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
    ):
        self.optimizer = check_optimizer(optimizer)
        base_lrs = per_group("base_lr", optimizer, base_lr)
        self.max_lrs = per_group("max_lr", optimizer, max_lr)
        up = float(step_size_up)
        self.total_size = up + (up if step_size_down is None else float(step_size_down))
        self.step_ratio = up / self.total_size
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError("mode is invalid and scale_fn is None")
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode
        if scale_fn is None:
            self.scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums, self.max_momentums = self._start_momentum(
                base_momentum, max_momentum, last_epoch
            )
        if last_epoch == -1:
            for lr, group in zip(base_lrs, optimizer.param_groups):
                set_value(group, "lr", lr)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x) -> float:
        """The height of a cycle (of an iteration), as a share of the first."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular":
            return 1.0
        return 1 / 2.0 ** (x - 1) if self.mode == "triangular2" else self.gamma**x

    @reads_groups
    def get_lr(self):
        cycles = self.last_epoch / self.total_size
        cycle = math.floor(1 + cycles)
        x = 1.0 + cycles - cycle
        up = self.step_ratio
        share = x / up if x <= up else (x - 1) / (up - 1)
        height = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            groups = self.optimizer.param_groups
            for low, high, group in zip(self.base_momentums, self.max_momentums, groups):
                self._set_momentum(group, high - (high - low) * share * height)
        return [
            low + (high - low) * share * height for low, high in zip(self.base_lrs, self.max_lrs)
        ]

    def state_dict(self) -> dict:
        """The state; of a scale function only the attributes of a callable object are kept."""
        state = super().state_dict()
        function = state["_scale_fn_custom"]
        if function is not None:
            state["_scale_fn_custom"] = state_of_functions([function])[0]
        return state

    def load_state_dict(self, state_dict: dict) -> None:
        """Take over a state; the scale function stays and gets its saved attributes."""
        state = dict(state_dict)
        saved = state.pop("_scale_fn_custom")
        super().load_state_dict(state)
        if saved is not None:
            self._scale_fn_custom.__dict__.update(saved)


class CosineAnnealingWarmRestarts(LRScheduler):
    """Cosine annealing that starts anew after T_0 epochs, then T_0 * T_mult, ...

    lr = eta_min + (base_lr - eta_min) * (1 + cos(pi * T_cur / T_i)) / 2

    Args:
        optimizer: whose rates are set.
        T_0: epochs until the first restart.
        T_mult: each period is this many times as long as the one before. Default 1.
        eta_min: the lowest rate. Default 0.
        last_epoch: see `LRScheduler`.

    Loshchilov, Hutter: SGDR: Stochastic Gradient Descent with Warm Restarts (2017, arXiv
        1608.03983).
    """

    def __init__(
        self, optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ):
        if not isinstance(T_0, int) or T_0 <= 0:
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if not isinstance(T_mult, int) or T_mult < 1:
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        if not isinstance(eta_min, (float, int)):
            raise ValueError(
                f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}"
            )
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur = last_epoch
        super().__init__(optimizer, last_epoch)

    @reads_groups
    def get_lr(self):
        share = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base - self.eta_min) * share for base in self.base_lrs]

    def step(self, epoch=None) -> None:
        """Go to the next epoch, or to `epoch`, which may be a fraction (within an epoch)."""
        if epoch is None and self.last_epoch >= 0:
            epoch = self.last_epoch + 1
            self.T_cur = self.T_cur + 1
            if self.T_cur >= self.T_i:
                self.T_cur = self.T_cur % self.T_i
                self.T_i = self.T_i * self.T_mult
        else:
            epoch = 0 if epoch is None else epoch
            if epoch < 0:
                raise ValueError(f"Expected non-negative epoch, but got {epoch}")
            self._locate(epoch)
        self.last_epoch = math.floor(epoch)
        with self._stepping():
            values = self.get_lr()
        self._write(values)

    def _locate(self, epoch) -> None:
        """Find the period that an epoch lies in."""
        if epoch < self.T_0:
            self.T_i = self.T_0
            self.T_cur = epoch
        elif self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:
            ratio = self.T_mult
            n = int(math.log(epoch / self.T_0 * (ratio - 1) + 1, ratio))
            self.T_cur = epoch - self.T_0 * (ratio**n - 1) / (ratio - 1)
            self.T_i = self.T_0 * ratio**n


class OneCycleLR(_WithMomentum):
    """One rise to max_lr and one fall far below the start, over the whole training, batch by batch.

    Args:
        optimizer: whose rates are set.
        max_lr: the top; one for all groups or a list.
        total_steps, or epochs and steps_per_epoch: the length of the training.
        pct_start: share of the rise. Default 0.3.
        anneal_strategy: "cos" or "linear". Default "cos".
        cycle_momentum: momentum (or beta1) goes the other way, between
        base_momentum, max_momentum: Default True, 0.85, 0.95.
        div_factor: the start is max_lr / div_factor. Default 25.
        final_div_factor: the end is the start / final_div_factor. Default 1e4.
        three_phase: fall back to the start as long as the rise took, then to the end. Default
            False.
        last_epoch: see `LRScheduler`.

    Smith, Topin: Super-Convergence (2019, arXiv 1708.07120).
    """

    def __init__(
        self,
        optimizer,
        max_lr,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum=0.85,
        max_momentum=0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ):
        self.optimizer = check_optimizer(optimizer)
        self.total_steps = _total_steps(total_steps, epochs, steps_per_epoch)
        if pct_start < 0 or pct_start > 1 or not isinstance(pct_start, float):
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        self._schedule_phases = _phases(pct_start * self.total_steps, self.total_steps, three_phase)
        self._anneal_func_type = anneal_strategy
        max_lrs = per_group("max_lr", optimizer, max_lr)
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._start_momentum(base_momentum, max_momentum, last_epoch)
        if last_epoch == -1:
            for high, group in zip(max_lrs, optimizer.param_groups):
                group["initial_lr"] = high / div_factor
                group["max_lr"] = high
                group["min_lr"] = group["initial_lr"] / final_div_factor
        super().__init__(optimizer, last_epoch)

    def _anneal(self, start, end, share):
        if self._anneal_func_type == "linear":
            return (end - start) * share + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)

    @reads_groups
    def get_lr(self):
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(
                f"Tried to step {step} times. "
                f"The specified number of total steps is {self.total_steps}"
            )
        start = 0.0
        for phase in self._schedule_phases:
            if step <= phase["end_step"]:
                break
            start = phase["end_step"]
        else:  # the step after the last ends the last phase
            start = self._schedule_phases[-2]["end_step"]
        share = (step - start) / (phase["end_step"] - start)
        rates = []
        for group in self.optimizer.param_groups:
            rates.append(self._anneal(group[phase["start_lr"]], group[phase["end_lr"]], share))
            if self.cycle_momentum:
                ends = group[phase["start_momentum"]], group[phase["end_momentum"]]
                self._set_momentum(group, self._anneal(*ends, share))
        return rates


def _total_steps(total_steps, epochs, steps_per_epoch) -> int:
    if total_steps is not None:
        given = {"total_steps": total_steps}
    elif epochs is not None and steps_per_epoch is not None:
        given = {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
    else:
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    for name, value in given.items():
        if not isinstance(value, int) or value <= 0:
            raise ValueError(f"Expected positive integer {name}, but got {value}")
    return math.prod(given.values())


def _phases(rise, total, three_phase) -> list[dict]:
    names = ("end_step", "start_lr", "end_lr", "start_momentum", "end_momentum")
    up = (float(rise) - 1, "initial_lr", "max_lr", "max_momentum", "base_momentum")
    if three_phase:
        down = (float(2 * rise) - 2, "max_lr", "initial_lr", "base_momentum", "max_momentum")
        rows = [up, down, (total - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum")]
    else:
        rows = [up, (total - 1, "max_lr", "min_lr", "base_momentum", "max_momentum")]
    return [dict(zip(names, row)) for row in rows]
