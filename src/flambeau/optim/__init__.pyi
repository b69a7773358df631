# Written by docs/generate.py: change what it reads, then run it.

from builtins import bool as _bool
from builtins import complex as _complex
from builtins import float as _float
from builtins import int as _int
from builtins import str as _str
from collections.abc import Iterable as _Iterable
from typing import Any as _Any
from typing import Self as _Self

from flambeau.optim import lr_scheduler as lr_scheduler
from flambeau.optim import swa_utils as swa_utils

class Optimizer:
    param_groups: list[dict[_str, _Any]]
    state: dict[_Any, _Any]
    defaults: dict[_str, _Any]
    def __init__(self, params: _Iterable[_Any], defaults: dict[_str, _Any]) -> None: ...
    def add_param_group(self, param_group: _Any) -> None: ...
    def load_state_dict(self, state_dict: _Any) -> None: ...
    def register_load_state_dict_post_hook(self, hook: _Any, prepend: _bool = False) -> _Any: ...
    def register_load_state_dict_pre_hook(self, hook: _Any, prepend: _bool = False) -> _Any: ...
    def register_state_dict_post_hook(self, hook: _Any, prepend: _bool = False) -> _Any: ...
    def register_state_dict_pre_hook(self, hook: _Any, prepend: _bool = False) -> _Any: ...
    def register_step_post_hook(self, hook: _Any) -> _Any: ...
    def register_step_pre_hook(self, hook: _Any) -> _Any: ...
    def state_dict(self) -> dict[_str, _Any]: ...
    def step(self, closure: _Any = None) -> _Any: ...
    def zero_grad(self, set_to_none: _bool = True) -> None: ...

class ASGD(Optimizer):
    def __init__(
        self,
        params: _Iterable[_Any],
        lr: _float = 0.01,
        lambd: _int | _float | _complex = 0.0001,
        alpha: _int | _float | _complex = 0.75,
        t0: _float = 1000000.0,
        weight_decay: _float = 0,
        foreach: _bool | None = None,
        maximize: _bool = False,
        differentiable: _bool = False,
        capturable: _bool = False,
    ) -> None: ...

class Adadelta(Optimizer):
    def __init__(
        self,
        params: _Iterable[_Any],
        lr: _float = 1.0,
        rho: _float = 0.9,
        eps: _float = 1e-06,
        weight_decay: _float = 0,
        foreach: _bool | None = None,
        *,
        capturable: _bool = False,
        maximize: _bool = False,
        differentiable: _bool = False,
    ) -> None: ...

class Adafactor(Optimizer):
    def __init__(
        self,
        params: _Iterable[_Any],
        lr: _float = 0.01,
        beta2_decay: _float = -0.8,
        eps: _Any = ...,
        d: _float = 1.0,
        weight_decay: _float = 0.0,
        *,
        foreach: _bool | None = None,
        maximize: _bool = False,
    ) -> None: ...

class Adagrad(Optimizer):
    def __init__(
        self,
        params: _Iterable[_Any],
        lr: _float = 0.01,
        lr_decay: _float = 0,
        weight_decay: _float = 0,
        initial_accumulator_value: _float = 0,
        eps: _float = 1e-10,
        foreach: _bool | None = None,
        *,
        maximize: _bool = False,
        differentiable: _bool = False,
        fused: _bool | None = None,
    ) -> None: ...
    def share_memory(self) -> _Self: ...

class Adam(Optimizer):
    def __init__(
        self,
        params: _Iterable[_Any],
        lr: _float = 0.001,
        betas: tuple[_float, _float] = ...,
        eps: _float = 1e-08,
        weight_decay: _float = 0,
        amsgrad: _bool = False,
        *,
        foreach: _bool | None = None,
        maximize: _bool = False,
        capturable: _bool = False,
        differentiable: _bool = False,
        fused: _bool | None = None,
        decoupled_weight_decay: _bool = False,
    ) -> None: ...

class Adamax(Optimizer):
    def __init__(
        self,
        params: _Iterable[_Any],
        lr: _float = 0.002,
        betas: tuple[_float, _float] = ...,
        eps: _float = 1e-08,
        weight_decay: _float = 0,
        foreach: _bool | None = None,
        *,
        maximize: _bool = False,
        differentiable: _bool = False,
        capturable: _bool = False,
    ) -> None: ...

class LBFGS(Optimizer):
    def __init__(
        self,
        params: _Iterable[_Any],
        lr: _float = 1,
        max_iter: _int = 20,
        max_eval: _Any = None,
        tolerance_grad: _float = 1e-07,
        tolerance_change: _float = 1e-09,
        history_size: _int = 100,
        line_search_fn: _Any = None,
    ) -> None: ...
    def step(self, closure: _Any) -> _Any: ...  # type: ignore[override]

class Muon(Optimizer):
    def __init__(
        self,
        params: _Iterable[_Any],
        lr: _float = 0.001,
        weight_decay: _float = 0.1,
        momentum: _float = 0.95,
        nesterov: _bool = True,
        ns_coefficients: _Any = ...,
        eps: _float = 1e-07,
        ns_steps: _int = 5,
        adjust_lr_fn: _Any = None,
    ) -> None: ...

class NAdam(Optimizer):
    def __init__(
        self,
        params: _Iterable[_Any],
        lr: _float = 0.002,
        betas: tuple[_float, _float] = ...,
        eps: _float = 1e-08,
        weight_decay: _float = 0,
        momentum_decay: _float = 0.004,
        decoupled_weight_decay: _bool = False,
        *,
        foreach: _bool | None = None,
        maximize: _bool = False,
        capturable: _bool = False,
        differentiable: _bool = False,
    ) -> None: ...

class RAdam(Optimizer):
    def __init__(
        self,
        params: _Iterable[_Any],
        lr: _float = 0.001,
        betas: tuple[_float, _float] = ...,
        eps: _float = 1e-08,
        weight_decay: _float = 0,
        decoupled_weight_decay: _bool = False,
        *,
        foreach: _bool | None = None,
        maximize: _bool = False,
        capturable: _bool = False,
        differentiable: _bool = False,
    ) -> None: ...

class RMSprop(Optimizer):
    def __init__(
        self,
        params: _Iterable[_Any],
        lr: _float = 0.01,
        alpha: _float = 0.99,
        eps: _float = 1e-08,
        weight_decay: _float = 0,
        momentum: _float = 0,
        centered: _bool = False,
        capturable: _bool = False,
        foreach: _bool | None = None,
        maximize: _bool = False,
        differentiable: _bool = False,
    ) -> None: ...

class Rprop(Optimizer):
    def __init__(
        self,
        params: _Iterable[_Any],
        lr: _float = 0.01,
        etas: tuple[_float, _float] = ...,
        step_sizes: _Any = ...,
        *,
        capturable: _bool = False,
        foreach: _bool | None = None,
        maximize: _bool = False,
        differentiable: _bool = False,
    ) -> None: ...

class SGD(Optimizer):
    def __init__(
        self,
        params: _Iterable[_Any],
        lr: _float = 0.001,
        momentum: _float = 0,
        dampening: _float = 0,
        weight_decay: _float = 0,
        nesterov: _bool = False,
        *,
        maximize: _bool = False,
        foreach: _bool | None = None,
        differentiable: _bool = False,
        fused: _bool | None = None,
    ) -> None: ...

class AdamW(Adam):
    def __init__(
        self,
        params: _Iterable[_Any],
        lr: _float = 0.001,
        betas: tuple[_float, _float] = ...,
        eps: _float = 1e-08,
        weight_decay: _float = 0.01,
        amsgrad: _bool = False,
        *,
        maximize: _bool = False,
        foreach: _bool | None = None,
        capturable: _bool = False,
        differentiable: _bool = False,
        fused: _bool | None = None,
    ) -> None: ...
