"""What runs in a worker process: it answers each batch of keys with a batch of data."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import threading
from dataclasses import dataclass
from typing import Any

from . import fetch, streams, transport
from .failures import Failure

__all__ = ["BATCH", "END", "FAILURE", "WorkerInfo", "get_worker_info", "run"]

BATCH, END, FAILURE = "batch", "end", "failure"  # the kinds of answers
PARENT_CHECK_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """Which worker this process is.

    Attributes: ``id`` (0 to num_workers - 1), ``num_workers``, ``seed``, ``dataset`` (this
    process's copy).
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any


_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """In a worker process what it is; None in the main process.

    >>> import flambeau as torch
    >>> torch.utils.data.get_worker_info() is None
    True
    """
    return _info


def run(connection, close_first, job: dict[str, Any], worker_id: int, epoch_seed: int) -> None:
    """The main function of a worker.

    ``close_first`` are the main process's ends of connections, which a forked worker inherits:
    while any copy of an end is open, the other end cannot see that the main process is gone.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's affair; it ends us
    for other in close_first:
        other.close()
    tasks = Tasks()
    threading.Thread(target=_listen, args=(connection, tasks), daemon=True).start()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the main process hung up
        _work(connection, tasks, job, worker_id, epoch_seed)


class Tasks:
    """The batches to load, until the main process wants no more of them."""

    def __init__(self):
        self.waiting: queue.SimpleQueue = queue.SimpleQueue()
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True
        self.waiting.put(None)

    def __iter__(self):
        while (task := self.waiting.get()) is not None and not self.stopped:
            yield task


def _listen(connection, tasks: Tasks) -> None:
    """Take tasks out of the connection at once: the main process never waits to send one."""
    parent = os.getppid()
    try:
        while True:
            while not connection.poll(PARENT_CHECK_SECONDS):
                if os.getppid() != parent:
                    os._exit(1)
            task = connection.recv()
            if task is None:
                break
            tasks.waiting.put(task)
    except (EOFError, OSError):
        pass
    tasks.stop()


def _work(connection, tasks: Tasks, job: dict[str, Any], worker_id: int, epoch_seed: int) -> None:
    global _info
    where = f"in DataLoader worker process {worker_id}"
    dataset = job["dataset"]
    _info = WorkerInfo(worker_id, job["num_workers"], epoch_seed + worker_id, dataset)
    streams.seed_all(_info.seed)
    broken = load = None
    try:
        if job["init"] is not None:
            job["init"](worker_id)
    except Exception:
        broken = Failure(where)
    for batch, keys, seed in tasks:
        if seed != epoch_seed or load is None:  # a new epoch: streams begin anew
            if load is not None:
                streams.seed_all(seed + worker_id)
            epoch_seed = seed
            try:
                load = fetch.fetcher(
                    job["kind"], dataset, job["batched"], job["collate"], job["drop_last"]
                )
            except Exception:
                broken = Failure(where)
        if broken is not None:
            _answer(connection, (FAILURE, batch, broken))
            continue
        if load.draws:
            streams.seed_all(streams.batch_seed(seed, batch))
        try:
            answer = (BATCH, batch, load(keys))
        except StopIteration:
            # A stream ends; a map that raises it ends the epoch early, as it does in PyTorch.
            answer = (
                (END, batch, None)
                if job["kind"] == fetch.STREAM
                else (FAILURE, batch, Failure(where))
            )
        except Exception:
            answer = (FAILURE, batch, Failure(where))
        _answer(connection, answer, where)
        del answer


def _answer(connection, answer, where: str = "") -> None:
    try:
        transport.send(connection, answer)
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception:  # what the batch, or an exception's class, holds cannot be pickled
        kind, batch, content = answer
        failure = content.portable() if kind == FAILURE else Failure(where)
        try:
            transport.send(connection, (FAILURE, batch, failure))
        except (BrokenPipeError, ConnectionResetError):
            raise
        except Exception:
            transport.send(connection, (FAILURE, batch, failure.portable()))
