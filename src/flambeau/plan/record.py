"""The record of what passes the dispatcher: the seam of the plan engine, of profilers and of tests.

>>> import flambeau as torch
>>> from flambeau.plan import record
>>> with record.entries() as seen:
...     _ = torch.ones(2) + 1
>>> [e.name for e in seen]
['full', 'add']
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import NamedTuple

listeners: list = []


class Entry(NamedTuple):
    """One dispatched operation: ``written`` is the tensor that was overwritten, if any."""

    name: str
    op: object
    inputs: tuple
    params: dict
    outputs: object
    written: object = None


def tell(op, inputs, params, outputs, written=None) -> None:
    """Called by the dispatcher for every operation while somebody listens."""
    name = op if isinstance(op, str) else op.name
    entry = Entry(name, op, inputs, params, outputs, written)
    for listener in list(listeners):
        listener(entry)


@contextmanager
def entries():
    """Collect the entries of the operations that run inside."""
    seen: list[Entry] = []
    listeners.append(seen.append)
    try:
        yield seen
    finally:
        listeners.remove(seen.append)
