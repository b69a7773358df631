"""What runs in a worker process of a ``DataLoader``, and the line between it and the loader.

A worker reads tasks from one pipe and writes pickled results to another. Pipes belong to one
worker each, so a worker that is killed
can neither block the others nor leave a lock behind.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import threading
import traceback
from dataclasses import dataclass

from .fetch import Exhausted, MapFetcher, StreamFetcher
from .streams import batch_seed, seed_all

END = b""


@dataclass
class WorkerInfo:
    """Which worker this process is: ``id`` of ``num_workers``, its ``seed``, and its copy of the
    ``dataset``.
    """

    id: int
    num_workers: int
    seed: int
    dataset: object


_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """The ``WorkerInfo`` inside a worker process, ``None`` in the main process."""
    return _info


class Failure:
    """An exception that happened in a worker, on its way to the main process."""

    def __init__(self, error: BaseException, where: str):
        self.type = type(error)
        self.text = f"Caught {type(error).__name__} {where}.\nOriginal " + "".join(
            traceback.format_exception(error)
        )

    def reraise(self) -> None:
        try:
            error = self.type(self.text)
        except Exception:
            error = RuntimeError(self.text)
        raise error


@dataclass
class Setup:
    """What a worker needs to know."""

    dataset: object
    is_stream: bool
    batched: bool
    collate_fn: object
    drop_last: bool
    init_fn: object
    id: int
    num_workers: int


def run(setup: Setup, tasks, results, foreign, parent: int) -> None:
    """The life of a worker: ``("epoch", seed)`` starts an epoch, ``(order, indices)`` is a task,
    ``None`` the end.
    """
    global _info
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's business
    for connection in foreign:
        connection.close()  # inherited by fork: open, they would hide the main end
    outbox: queue.SimpleQueue = queue.SimpleQueue()
    sender = threading.Thread(target=_send_all, args=(outbox, results), daemon=True)
    sender.start()
    fetch = failure = None
    try:
        while (task := _receive(tasks, parent)) is not None:
            if task[0] == "epoch":
                seed = task[1]
                _info = WorkerInfo(setup.id, setup.num_workers, seed + setup.id, setup.dataset)
                fetch, failure = _start(setup, seed)
                continue
            order, indices = task
            outbox.put(_make(order, indices, fetch, failure, seed, setup))
    except (EOFError, OSError):
        pass
    outbox.put(None)
    sender.join(timeout=5)


def _start(setup: Setup, seed: int):
    """The fetcher of an epoch, or the failure to make it."""
    try:
        seed_all(batch_seed(seed, -2 - setup.id))
        if setup.init_fn is not None:
            setup.init_fn(setup.id)
        if setup.is_stream:
            return StreamFetcher(
                setup.dataset, setup.batched, setup.collate_fn, setup.drop_last
            ), None
        return MapFetcher(setup.dataset, setup.batched, setup.collate_fn), None
    except Exception as error:
        return None, Failure(error, f"in DataLoader worker process {setup.id}")


def _make(order, indices, fetch, failure, seed, setup) -> bytes:
    if failure is None:
        try:
            if not setup.is_stream:
                seed_all(batch_seed(seed, order))
            return pickle.dumps((order, fetch(indices)), protocol=5)
        except Exhausted:
            return pickle.dumps((order, END), protocol=5)
        except Exception as error:
            failure = Failure(error, f"in DataLoader worker process {setup.id}")
    try:
        return pickle.dumps((order, failure), protocol=5)
    except Exception:  # an exception class that cannot be pickled
        failure.type = RuntimeError
        return pickle.dumps((order, failure), protocol=5)


def _receive(tasks, parent: int):
    """The next task; ``None`` too when the main process is gone."""
    while not tasks.poll(5):
        if os.getppid() != parent:
            return None
    return tasks.recv()


def _send_all(outbox, results) -> None:
    """Send from a thread, so that the next batch is made while this one waits to be read."""
    with contextlib.suppress(BrokenPipeError, OSError):
        while (payload := outbox.get()) is not None:
            results.send_bytes(payload)
