"""Averages of weights along the way: stochastic weight averaging and exponential moving averages.

`AveragedModel` and `update_bn` are modules' business and live in `flambeau.nn`; this is the path
under which PyTorch has them.
"""

from __future__ import annotations

import importlib
import math

from flambeau.autograd import modes
from flambeau.tensor.inplace import update

from .lr_scheduler.base import LRScheduler, per_group, reads_groups

__all__ = [
    "SWALR",
    "AveragedModel",  # noqa: F822
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",  # noqa: F822
]


def __getattr__(name: str):
    if name in ("AveragedModel", "update_bn"):
        return getattr(importlib.import_module("flambeau.nn.averaging"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def get_ema_avg_fn(decay: float = 0.999):
    """An `avg_fn` for `AveragedModel`: average = decay * average + (1 - decay) * current."""
    _check_decay(decay)

    @modes.no_grad()
    def ema_update(ema_param, current_param, num_averaged):
        return decay * ema_param + (1 - decay) * current_param

    return ema_update


def get_swa_avg_fn():
    """An `avg_fn` for `AveragedModel`: the mean of all models so far."""

    @modes.no_grad()
    def swa_update(averaged_param, current_param, num_averaged):
        return averaged_param + (current_param - averaged_param) / (num_averaged + 1)

    return swa_update


def get_ema_multi_avg_fn(decay: float = 0.999):
    """A `multi_avg_fn` for `AveragedModel`: the moving average, in one operation."""
    _check_decay(decay)

    @modes.no_grad()
    def ema_update(ema_param_list, current_param_list, _):
        update(ema_average, list(ema_param_list), list(current_param_list), weight=1 - decay)

    return ema_update


def get_swa_multi_avg_fn():
    """A `multi_avg_fn` for `AveragedModel`: the mean of all models, in one operation."""

    @modes.no_grad()
    def swa_update(averaged_param_list, current_param_list, num_averaged):
        weight = 1 / (int(num_averaged) + 1)
        update(ema_average, list(averaged_param_list), list(current_param_list), weight=weight)

    return swa_update


def ema_average(xp, averages, currents, *, weight):
    """Move every average towards the current value by the fraction `weight`; integers are cut."""
    for a, current in zip(averages, currents):
        if a.dtype.kind in "fcV":
            a += (current - a) * weight
        else:  # in single precision, as PyTorch: 0.8 * 1 + 0.2 * 6 is 2, not a little less
            a[...] = (a * (1 - weight) + current * weight).astype("float32")


def _check_decay(decay) -> None:
    if decay < 0.0 or decay > 1.0:
        raise ValueError(
            f"Invalid decay value {decay} provided. Please provide a value in [0,1] range."
        )


class SWALR(LRScheduler):
    """Go from the present rates to a constant `swa_lr` in `anneal_epochs` epochs.

    Args:
        optimizer: whose rates are set.
        swa_lr: the final rate; one for all groups or a list.
        anneal_epochs: epochs of the way. Default 10.
        anneal_strategy: "cos" or "linear". Default "cos".
        last_epoch: see `LRScheduler`.

    Izmailov et al.: Averaging Weights Leads to Wider Optima and Better Generalization (2018, arXiv
    1803.05407).
    """

    def __init__(
        self,
        optimizer,
        swa_lr,
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ):
        rates = per_group("swa_lr", optimizer, swa_lr)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(
                f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}"
            )
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        for rate, group in zip(rates, optimizer.param_groups):
            group["swa_lr"] = rate
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def anneal_func(self, t: float) -> float:
        """The share of the way after the share `t` of the time."""
        return t if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2

    @reads_groups
    def get_lr(self):
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        length = max(1, self.anneal_epochs)
        before = self.anneal_func(max(0, min(1, (step - 1) / length)))
        now = self.anneal_func(max(0, min(1, step / length)))
        rates = []
        for group in self.optimizer.param_groups:
            target = group["swa_lr"]
            # What the rate was before annealing began, from what it is now.
            start = target if before == 1 else (group["lr"] - before * target) / (1 - before)
            rates.append(target * now + start * (1 - now))
        return rates
