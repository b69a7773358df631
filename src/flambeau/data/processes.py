"""Batches made by worker processes."""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import time
from multiprocessing import connection
from typing import Any

from . import fetch, transport, worker
from .failures import WorkerError, death

__all__ = ["Workers"]

SHUTDOWN_SECONDS = 5.0


class Workers:
    """The worker processes of one loader and the batches that are on their way.

    Batch ``i`` goes to the next worker in turn that still has data; at most ``prefetch`` batches a
    worker are under way.

    Args:
        loader: a ``DataLoader`` with workers.
        epoch_seed: of the first epoch.
    """

    def __init__(self, loader, epoch_seed: int):
        context = loader.multiprocessing_context or multiprocessing.get_context()
        self.timeout = loader.timeout
        self.in_order = loader.in_order
        self.prefetch = loader.prefetch_factor
        self.stream = loader._dataset_kind == fetch.STREAM
        self.closed = False
        self.owner = os.getpid()
        self.given: dict[int, int] = {}  # batch -> worker, not answered yet
        self.answers: dict[int, tuple[str, Any]] = {}
        self.processes: list[Any] = []
        self.pipes: list[Any] = []
        job = {
            "dataset": loader.dataset,
            "kind": loader._dataset_kind,
            "batched": loader._auto_collation,
            "collate": loader.collate_fn,
            "drop_last": loader.drop_last,
            "init": loader.worker_init_fn,
            "num_workers": loader.num_workers,
        }
        try:
            for i in range(loader.num_workers):
                self._start(context, job, i, epoch_seed)
        except BaseException:
            self.close()
            raise

    def _start(self, context, job, worker_id: int, epoch_seed: int) -> None:
        ours, theirs = context.Pipe(duplex=True)
        self.pipes.append(ours)
        inherited = list(self.pipes) if context.get_start_method() == "fork" else []
        process = context.Process(
            target=worker.run, args=(theirs, inherited, job, worker_id, epoch_seed), daemon=True
        )
        process.start()
        theirs.close()
        self.processes.append(process)

    def begin(self, keys, epoch_seed: int) -> None:
        """Start an epoch; ``keys`` is an iterator of batches of keys."""
        while self.given:  # what an abandoned epoch left under way
            self._receive(None)
        self.keys = keys
        self.seed = epoch_seed
        self.sent = 0  # batches given out
        self.wanted = 0  # the batch that comes next, in order
        self.answers.clear()
        self.active = [True] * len(self.processes)
        self.turn = itertools.cycle(range(len(self.processes)))
        for _ in range(self.prefetch * len(self.processes)):
            self._give()

    def _give(self) -> None:
        """Hand the next batch of keys to the next worker in turn."""
        load = [0] * len(self.processes)
        for i in self.given.values():
            load[i] += 1
        for _ in self.processes:
            i = next(self.turn)
            if self.active[i] and (self.in_order or load[i] < self.prefetch):
                break
        else:
            return
        try:
            keys = next(self.keys)
        except StopIteration:
            return
        try:
            self.pipes[i].send((self.sent, keys, self.seed))
        except (BrokenPipeError, ConnectionResetError):
            self._dead(i)
        self.given[self.sent] = i
        self.sent += 1

    def next(self) -> Any:
        """The next batch; raises StopIteration after the last, and what happened in a worker."""
        deadline = time.monotonic() + self.timeout if self.timeout > 0 else None
        while True:
            batch = self._ready()
            if batch is not None:
                kind, content = self.answers.pop(batch)
                self._give()
                if kind == worker.END:
                    continue
                if kind == worker.FAILURE:
                    content.reraise()
                return content
            if not self.given:
                raise StopIteration
            self._receive(deadline)

    def _ready(self) -> int | None:
        if not self.in_order:
            return next(iter(self.answers), None)
        if self.wanted not in self.answers:
            return None
        self.wanted += 1
        return self.wanted - 1

    def _receive(self, deadline: float | None) -> None:
        """Wait until an answer comes, a worker dies, or the time is up."""
        sentinels = {process.sentinel: i for i, process in enumerate(self.processes)}
        pipes = {id(pipe): i for i, pipe in enumerate(self.pipes)}
        patience = None if deadline is None else max(0.0, deadline - time.monotonic())
        ready = connection.wait([*self.pipes, *sentinels], patience)
        if not ready:
            self.close(force=True)
            raise WorkerError(f"DataLoader timed out after {self.timeout} seconds")
        talking = [pipes[id(pipe)] for pipe in ready if id(pipe) in pipes]
        for i in talking:  # first what was said, then who is gone: a worker may speak and die
            try:
                kind, batch, content = transport.receive(self.pipes[i])
            except (EOFError, OSError):
                self._dead(i)
            self.given.pop(batch, None)
            self.answers[batch] = (kind, content)
            if kind == worker.END:
                self.active[i] = False
        if not talking:
            self._dead(next(sentinels[s] for s in ready if s in sentinels))

    def _dead(self, i: int) -> None:
        process = self.processes[i]
        process.join(SHUTDOWN_SECONDS)
        error = death(i, process, min((b for b, w in self.given.items() if w == i), default=None))
        self.close(force=True)
        raise error from None

    def close(self, force: bool = False) -> None:
        """End all processes: those that do not go by themselves within seconds are ended."""
        if (
            self.closed or self.owner != os.getpid()
        ):  # a forked child has a copy, but the processes are not its own
            return
        self.closed = True
        for pipe in self.pipes:
            with contextlib.suppress(OSError, ValueError):
                if not force:
                    pipe.send(None)
            pipe.close()
        deadline = time.monotonic() + (0 if force else SHUTDOWN_SECONDS)
        for process in self.processes:
            process.join(max(0.0, deadline - time.monotonic()))
        for end in ("terminate", "kill"):
            for process in self.processes:
                if process.is_alive():
                    getattr(process, end)()
            for process in self.processes:
                process.join(1.0)
