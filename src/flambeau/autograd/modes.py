"""Switching the recording of gradients on and off, as context managers and decorators."""

from __future__ import annotations

import functools
import inspect
import warnings

from flambeau.core.config import modes


class _Mode:
    """A context manager that also decorates functions and generators."""

    def __call__(self, function):
        if inspect.isclass(function):
            raise TypeError(
                f"cannot decorate the class {function.__name__} with {type(self).__name__}"
            )
        if inspect.isgeneratorfunction(function):

            @functools.wraps(function)
            def generator(*args, **kwargs):
                # The mode holds while the generator runs, not while its caller does.
                running = function(*args, **kwargs)
                send, value = running.send, None
                while True:
                    try:
                        with self.clone():
                            item = send(value)
                    except StopIteration as stop:
                        return stop.value
                    try:
                        value, send = (yield item), running.send
                    except GeneratorExit:
                        running.close()
                        raise
                    except BaseException as error:
                        value, send = error, running.throw

            return generator

        @functools.wraps(function)
        def wrapped(*args, **kwargs):
            with self.clone():
                return function(*args, **kwargs)

        return wrapped

    def clone(self):
        return type(self)()


class _SwitchGrad(_Mode):
    wanted: bool

    def __new__(cls, function=None):
        made = super().__new__(cls)
        return made if function is None else made(function)

    def __enter__(self):
        self.before = modes.grad_enabled
        modes.grad_enabled = self.wanted

    def __exit__(self, *_):
        modes.grad_enabled = self.before


class no_grad(_SwitchGrad):
    """Record no operations: ``with torch.no_grad():`` or ``@torch.no_grad()``.

    >>> import flambeau as torch
    >>> x = torch.ones(1, requires_grad=True)
    >>> with torch.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    wanted = False


class enable_grad(_SwitchGrad):
    """Record operations again inside ``no_grad``."""

    wanted = True


class set_grad_enabled(_Mode):
    """Switch recording on or off, at once; as a context manager also back afterwards."""

    def __init__(self, mode: bool):
        self.before = modes.grad_enabled
        self.mode = bool(mode)
        modes.grad_enabled = self.mode

    def __call__(self, function):
        modes.grad_enabled = self.before
        return super().__call__(function)

    def __enter__(self):
        modes.grad_enabled = self.mode

    def __exit__(self, *_):
        modes.grad_enabled = self.before

    def clone(self):
        return set_grad_enabled(self.mode)


class inference_mode(_Mode):
    """Like ``no_grad``; besides, what is made inside cannot be saved by a recorded computation."""

    def __new__(cls, mode=True):
        made = super().__new__(cls)
        if isinstance(mode, bool):
            return made
        made.__init__()
        return made(mode)

    def __init__(self, mode: bool = True):
        self.mode = mode

    def __enter__(self):
        self.before = modes.grad_enabled, modes.inference
        if self.mode:
            modes.grad_enabled = False
        modes.inference = self.mode

    def __exit__(self, *_):
        modes.grad_enabled, modes.inference = self.before

    def clone(self):
        return inference_mode(self.mode)


def is_grad_enabled() -> bool:
    """Whether operations are being recorded in this thread."""
    return modes.grad_enabled


def is_inference_mode_enabled() -> bool:
    """Whether ``inference_mode`` is on in this thread."""
    return modes.inference


def is_anomaly_enabled() -> bool:
    """Whether anomaly detection is on in this thread."""
    return modes.anomaly


class detect_anomaly(_Mode):
    """Name the forward line of a backward step that fails or makes NaN.

    >>> import flambeau as torch
    >>> x = torch.zeros(1, requires_grad=True)
    >>> with torch.autograd.detect_anomaly():
    ...     (x.sqrt() * 0).backward()
    Traceback (most recent call last):
    ...
    RuntimeError: Function 'SqrtBackward0' returned nan values in its 0th output...
    """

    def __init__(self, check_nan: bool = True):
        self.check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should "
            "only be enabled for debugging.",
            stacklevel=2,
        )

    def __enter__(self):
        self.before = modes.anomaly, modes.anomaly_check_nan
        modes.anomaly, modes.anomaly_check_nan = True, self.check_nan

    def __exit__(self, *_):
        modes.anomaly, modes.anomaly_check_nan = self.before


class set_detect_anomaly:
    """Switch anomaly detection on or off, at once; as a context manager also back afterwards."""

    def __init__(self, mode: bool, check_nan: bool = True):
        self.before = modes.anomaly, modes.anomaly_check_nan
        modes.anomaly, modes.anomaly_check_nan = mode, check_nan

    def __enter__(self):
        pass

    def __exit__(self, *_):
        modes.anomaly, modes.anomaly_check_nan = self.before
