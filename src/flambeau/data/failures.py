"""What happened in a worker process, told in the main one."""

from __future__ import annotations

import signal
import sys
import traceback

from flambeau.core.errors import FlambeauError

__all__ = ["Failure", "WorkerError", "death"]


class WorkerError(FlambeauError, RuntimeError):
    """A worker process that died or did not answer in time."""


class _Text(str):
    """A message that a KeyError shows as it is, not as ``repr``."""

    def __repr__(self) -> str:
        return str(self)


class Failure:
    """An exception of a worker, in a form that travels: its class and its traceback's text."""

    def __init__(self, where: str):
        kind, error, trace = sys.exc_info()
        self.kind = kind
        self.text = "".join(traceback.format_exception(kind, error, trace))
        self.where = where

    def portable(self) -> Failure:
        """The same with a class that the other process has."""
        self.where += (
            f" (of class {self.kind.__module__}.{self.kind.__qualname__}, which cannot be sent)"
        )
        self.kind = RuntimeError
        return self

    def reraise(self):
        """Raise an exception of the same class that tells where and how it happened."""
        message = f"Caught {self.kind.__name__} {self.where}.\nOriginal {self.text}"
        if self.kind is KeyError:
            raise KeyError(_Text(message))
        if getattr(self.kind, "message", None):
            raise self.kind(message=message)
        try:
            error = self.kind(message)
        except Exception:  # a class that wants other arguments
            raise RuntimeError(message) from None
        raise error


def death(worker_id: int, process, batch: int | None) -> WorkerError:
    """The error for a worker process that is gone."""
    code = process.exitcode
    if code is not None and code < 0:
        try:
            name = signal.strsignal(-code) or signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        how = f"is killed by signal: {name}."
        if -code == getattr(signal, "SIGKILL", None):
            how += " The machine may have run out of memory: try fewer workers or smaller batches."
    else:
        how = f"exited unexpectedly with exit code {code}."
    while_ = "" if batch is None else f" It was loading batch {batch}."
    return WorkerError(f"DataLoader worker {worker_id} (pid(s) {process.pid}) {how}{while_}")
