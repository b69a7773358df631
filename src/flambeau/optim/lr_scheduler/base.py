"""What every learning rate schedule shares: counting steps, writing rates into the groups."""

from __future__ import annotations

import functools
import types
import warnings
import weakref
from contextlib import contextmanager

from flambeau.tensor.tensor import Tensor

from .. import checks
from ..optimizer import Optimizer

EPOCH_WARNING = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where "
    "possible. Please use `scheduler.step()` to step the scheduler. During the deprecation, if "
    "epoch is different from None, the closed form is used instead of the new chainable form, "
    "where available. Please open an issue if you are unable to replicate your use case: "
    "https://github.com/pytorch/pytorch/issues/new/choose."
)
_OVERRIDDEN = (
    "Seems like `optimizer.step()` has been overridden after learning rate scheduler "
    "initialization. Please, make sure to call `optimizer.step()` before `lr_scheduler.step()`. "
    "See more details at https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
)
_WRONG_ORDER = (
    "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch 1.1.0 and "
    "later, you should call them in the opposite order: `optimizer.step()` before "
    "`lr_scheduler.step()`.  Failure to do this will result in PyTorch skipping the first value "
    "of the learning rate schedule. See more details at "
    "https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
)


class LRScheduler:
    """Base class of schedules: sets `lr` of every parameter group, once now and at each `step()`.

    A schedule defines `get_lr()`: the rates for `self.last_epoch`, from the groups' present rates,
    so that several schedules can be chained; and, where there is one, `_get_closed_form_lr()`: the
    same from `self.base_lrs` alone.

    Args:
        optimizer: whose rates are set.
        last_epoch: -1 to start; the last finished step to resume (the groups must have
            "initial_lr").
    Raises: TypeError for anything but an optimiser; KeyError if "initial_lr" is missing.
    """

    _get_lr_called_within_step = False
    _is_initial = False

    def __init__(self, optimizer, last_epoch: int = -1):
        self.optimizer = check_optimizer(optimizer)
        if last_epoch == -1:
            for group in optimizer.param_groups:
                group.setdefault("initial_lr", copied(group["lr"]))
        for index, group in enumerate(optimizer.param_groups):
            if "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{index}] when resuming "
                    "scheduler with last_epoch >= 0.\nThis typically happens when:\n1. You're "
                    "trying to resume training from a checkpoint but haven't properly loaded the "
                    "optimizer state\n2. You're using last_epoch >= 0 for a fresh training run "
                    "(not recommended)"
                )
        self.base_lrs = group_values(optimizer, "initial_lr")
        self.last_epoch = last_epoch
        _watch_steps(optimizer)
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def state_dict(self) -> dict:
        """The state as a dict: everything but the optimiser."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict) -> None:
        """Take over a state that `state_dict()` gave."""
        self.__dict__.update(state_dict)

    def get_last_lr(self) -> list:
        """The rates that this schedule set last, one a group."""
        return self._last_lr

    def get_lr(self) -> list:
        """The rates for `last_epoch`, one a group; called by `step()`."""
        raise NotImplementedError

    def step(self, epoch: int | None = None) -> None:
        """Go to the next rate; call it after `optimizer.step()`."""
        if self._step_count == 1:
            if not hasattr(self.optimizer.step, "_wrapped_by_lr_sched"):
                warnings.warn(_OVERRIDDEN, UserWarning, stacklevel=2)
            elif not getattr(self.optimizer, "_opt_called", False):
                warnings.warn(_WRONG_ORDER, UserWarning, stacklevel=2)
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_WARNING, UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        with self._stepping():
            if epoch is None:
                self.last_epoch += 1
                values = self.get_lr()
            else:
                self.last_epoch = epoch
                values = getattr(self, "_get_closed_form_lr", self.get_lr)()
        self._write(values)

    def _write(self, values) -> None:
        for group, lr in zip(self.optimizer.param_groups, values, strict=True):
            set_value(group, "lr", lr)
        self._last_lr = group_values(self.optimizer, "lr")

    @contextmanager
    def _stepping(self):
        self._get_lr_called_within_step = True
        try:
            yield
        finally:
            self._get_lr_called_within_step = False

    def _scaled(self, factor) -> list:
        """The groups' present rates, each times the factor."""
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def _unchanged(self) -> list:
        return group_values(self.optimizer, "lr")


def reads_groups(get_lr):
    """Mark `get_lr` as meant for `step()`: a call from outside warns."""

    @functools.wraps(get_lr)
    def guarded(self):
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, please use "
                "`get_last_lr()`.",
                UserWarning,
                stacklevel=2,
            )
        return get_lr(self)

    return guarded


def check_optimizer(optimizer):
    """The optimiser, or TypeError."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
    return optimizer


def copied(value):
    """A tensor's copy; a number itself."""
    return value.clone() if isinstance(value, Tensor) else value


def group_values(optimizer, key: str) -> list:
    """An option of every group."""
    return [copied(group[key]) for group in optimizer.param_groups]


def per_group(name: str, optimizer, value) -> list:
    """One value a group, from one for all or a list."""
    count = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        value = [value] * count
    elif len(value) != count:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. {name} has {len(value)} "
            f"values, param_groups has {count}."
        )
    return [copied(v) for v in value]


def set_value(group: dict, key: str, value) -> None:
    """Set an option; a tensor option is filled in place."""
    if isinstance(group[key], Tensor):
        group[key].fill_(checks.number(value))
    else:
        group[key] = value


def state_of_functions(functions) -> list:
    """What can be saved of callables: the attributes of objects, nothing of plain functions."""
    return [None if isinstance(f, types.FunctionType) else f.__dict__.copy() for f in functions]


def _watch_steps(optimizer) -> None:
    """Let the optimiser remember that it has stepped, for the warning about the order."""
    if hasattr(optimizer.step, "_wrapped_by_lr_sched"):
        return
    function = optimizer.step.__func__
    owner = weakref.ref(optimizer)

    @functools.wraps(function)
    def step(*args, **kwargs):
        optimizer = owner()
        optimizer._opt_called = True
        return function(optimizer, *args, **kwargs)

    step._wrapped_by_lr_sched = True
    optimizer.step = step
