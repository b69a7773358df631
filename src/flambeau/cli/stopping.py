"""Ctrl-C as a wish to stop, not as an accident in the middle of an update."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType


class StopOnSignal:
    """While entered, Ctrl-C (or SIGTERM) only sets `requested`; a second Ctrl-C interrupts at once.

    >>> import signal
    >>> from flambeau.cli.stopping import StopOnSignal
    >>> with StopOnSignal() as stop:
    ...     signal.raise_signal(signal.SIGINT)
    ...     stop.requested
    True
    """

    def __init__(self) -> None:
        self.requested = False

    def __enter__(self) -> StopOnSignal:
        self._before = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.requested and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.requested = True
