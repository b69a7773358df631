# Written by docs/generate.py: change what it reads, then run it.

from builtins import bool as _bool
from builtins import float as _float
from builtins import int as _int
from builtins import str as _str
from typing import Any as _Any

from flambeau.optim import Optimizer
from flambeau.tensor.tensor import Tensor as _Tensor

class LRScheduler:
    last_epoch: _int
    def __init__(self, optimizer: Optimizer, last_epoch: _int = -1) -> None: ...
    def get_last_lr(self) -> list[_float]: ...
    def get_lr(self) -> list[_float]: ...
    def load_state_dict(self, state_dict: _Any) -> None: ...
    def state_dict(self) -> dict[_str, _Any]: ...
    def step(self, epoch: _Any = None) -> None: ...

class ConstantLR(LRScheduler):
    factor: _float
    total_iters: _int
    def __init__(
        self,
        optimizer: Optimizer,
        factor: _float = 0.3333333333333333,
        total_iters: _int = 5,
        last_epoch: _int = -1,
    ) -> None: ...
    def get_lr(self) -> list[_float]: ...

class CosineAnnealingLR(LRScheduler):
    T_max: _Any
    eta_min: _float
    def __init__(
        self, optimizer: Optimizer, T_max: _Any, eta_min: _float = 0.0, last_epoch: _int = -1
    ) -> None: ...
    def get_lr(self) -> list[_float]: ...

class CosineAnnealingWarmRestarts(LRScheduler):
    T_0: _Any
    T_mult: _int
    eta_min: _float
    def __init__(
        self,
        optimizer: Optimizer,
        T_0: _Any,
        T_mult: _int = 1,
        eta_min: _float = 0.0,
        last_epoch: _int = -1,
    ) -> None: ...
    def get_lr(self) -> list[_float]: ...
    def step(self, epoch: _Any = None) -> None: ...

class ExponentialLR(LRScheduler):
    gamma: _float
    def __init__(self, optimizer: Optimizer, gamma: _float, last_epoch: _int = -1) -> None: ...
    def get_lr(self) -> list[_float]: ...

class LinearLR(LRScheduler):
    start_factor: _float
    end_factor: _float
    total_iters: _int
    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: _float = 0.3333333333333333,
        end_factor: _float = 1.0,
        total_iters: _int = 5,
        last_epoch: _int = -1,
    ) -> None: ...
    def get_lr(self) -> list[_float]: ...

class MultiStepLR(LRScheduler):
    gamma: _float
    def __init__(
        self, optimizer: Optimizer, milestones: _Any, gamma: _float = 0.1, last_epoch: _int = -1
    ) -> None: ...
    def get_lr(self) -> list[_float]: ...

class PolynomialLR(LRScheduler):
    total_iters: _int
    power: _float
    def __init__(
        self,
        optimizer: Optimizer,
        total_iters: _int = 5,
        power: _float = 1.0,
        last_epoch: _int = -1,
    ) -> None: ...
    def get_lr(self) -> list[_float]: ...

class ReduceLROnPlateau(LRScheduler):
    factor: _float
    patience: _int
    cooldown: _int
    eps: _float
    def __init__(
        self,
        optimizer: Optimizer,
        mode: _str = "min",
        factor: _float = 0.1,
        patience: _int = 10,
        threshold: _float = 0.0001,
        threshold_mode: _str = "rel",
        cooldown: _int = 0,
        min_lr: _int = 0,
        eps: _float = 1e-08,
    ) -> None: ...
    @property
    def in_cooldown(self) -> _bool: ...
    def load_state_dict(self, state_dict: _Any) -> None: ...
    def step(self, metrics: _Any, epoch: _Any = None) -> None: ...  # type: ignore[override]

class StepLR(LRScheduler):
    step_size: _Any
    gamma: _float
    def __init__(
        self, optimizer: Optimizer, step_size: _Any, gamma: _float = 0.1, last_epoch: _int = -1
    ) -> None: ...
    def get_lr(self) -> list[_float]: ...

class ChainedScheduler(LRScheduler):
    optimizer: Optimizer | None
    def __init__(self, schedulers: _Any, optimizer: Optimizer | None = None) -> None: ...
    def load_state_dict(self, state_dict: _Any) -> None: ...
    def state_dict(self) -> dict[_str, _Any]: ...
    def step(self) -> None: ...  # type: ignore[override]

class CyclicLR(LRScheduler):
    mode: _str
    gamma: _float
    scale_mode: _str
    cycle_momentum: _bool
    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: _Any,
        max_lr: _Any,
        step_size_up: _int = 2000,
        step_size_down: _Any = None,
        mode: _str = "triangular",
        gamma: _float = 1.0,
        scale_fn: _Any = None,
        scale_mode: _str = "cycle",
        cycle_momentum: _bool = True,
        base_momentum: _float = 0.8,
        max_momentum: _float = 0.9,
        last_epoch: _int = -1,
    ) -> None: ...
    def get_lr(self) -> list[_float]: ...
    def load_state_dict(self, state_dict: _Any) -> None: ...
    def scale_fn(self, x: _Tensor) -> _float: ...
    def state_dict(self) -> dict[_str, _Any]: ...

class LambdaLR(LRScheduler):
    def __init__(self, optimizer: Optimizer, lr_lambda: _Any, last_epoch: _int = -1) -> None: ...
    def get_lr(self) -> list[_float]: ...
    def load_state_dict(self, state_dict: _Any) -> None: ...
    def state_dict(self) -> dict[_str, _Any]: ...

class MultiplicativeLR(LRScheduler):
    def __init__(self, optimizer: Optimizer, lr_lambda: _Any, last_epoch: _int = -1) -> None: ...
    def get_lr(self) -> list[_float]: ...
    def load_state_dict(self, state_dict: _Any) -> None: ...
    def state_dict(self) -> dict[_str, _Any]: ...

class OneCycleLR(LRScheduler):
    cycle_momentum: _bool
    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: _Any,
        total_steps: _Any = None,
        epochs: _Any = None,
        steps_per_epoch: _Any = None,
        pct_start: _float = 0.3,
        anneal_strategy: _str = "cos",
        cycle_momentum: _bool = True,
        base_momentum: _float = 0.85,
        max_momentum: _float = 0.95,
        div_factor: _float = 25.0,
        final_div_factor: _float = 10000.0,
        three_phase: _bool = False,
        last_epoch: _int = -1,
    ) -> None: ...
    def get_lr(self) -> list[_float]: ...

class SequentialLR(LRScheduler):
    optimizer: Optimizer
    def __init__(
        self, optimizer: Optimizer, schedulers: _Any, milestones: _Any, last_epoch: _int = -1
    ) -> None: ...
    def load_state_dict(self, state_dict: _Any) -> None: ...
    def recursive_undo(self, sched: _Any = None) -> None: ...
    def state_dict(self) -> dict[_str, _Any]: ...
    def step(self) -> None: ...  # type: ignore[override]
