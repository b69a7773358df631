"""The worker processes of a ``DataLoader``, seen from the main process."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import time
from multiprocessing import connection

from . import worker


class WorkerPool:
    """Processes that make batches: ``begin`` an epoch, ``send`` tasks, ``receive`` results,
    ``close``.
    """

    def __init__(self, setups: list[worker.Setup], context, timeout: float):
        if context is None or isinstance(context, str):
            context = multiprocessing.get_context(context)
        self.timeout = timeout
        self.processes, self._tasks, self._results = [], [], []
        try:
            for setup in setups:
                self._start(setup, context)
        except BaseException:
            self.close()
            raise

    def _start(self, setup, context) -> None:
        task_end, task_side = context.Pipe(duplex=False)
        result_side, result_end = context.Pipe(duplex=False)
        mine = [task_side, result_side, *self._tasks, *self._results]
        foreign = mine if context.get_start_method() == "fork" else []
        process = context.Process(
            target=worker.run,
            args=(setup, task_end, result_end, foreign, os.getpid()),
            daemon=True,
            name=f"DataLoader worker {setup.id}",
        )
        process.start()
        task_end.close()
        result_end.close()
        self.processes.append(process)
        self._tasks.append(task_side)
        self._results.append(result_side)

    def __len__(self) -> int:
        return len(self.processes)

    def begin(self, seed: int) -> None:
        """Start an epoch in every worker."""
        for i in range(len(self)):
            self.send(i, ("epoch", seed))

    def send(self, i: int, task) -> None:
        try:
            self._tasks[i].send(task)
        except (BrokenPipeError, OSError):
            self._report_death(i)

    def receive(self):
        """The next result of any worker: (worker, order, value)."""
        deadline = time.monotonic() + self.timeout if self.timeout > 0 else None
        sentinels = {p.sentinel: i for i, p in enumerate(self.processes)}
        pipes = {r: i for i, r in enumerate(self._results)}
        while True:
            wait = 5.0 if deadline is None else max(0.0, deadline - time.monotonic())
            ready = connection.wait([*pipes, *sentinels], wait)
            for r in ready:
                if r in pipes:
                    try:
                        order, value = pickle.loads(r.recv_bytes())
                    except EOFError:
                        self._report_death(pipes[r])
                    return pipes[r], order, value
            for r in ready:
                self._report_death(sentinels[r])
            if deadline is not None and time.monotonic() >= deadline:
                raise RuntimeError(f"DataLoader timed out after {self.timeout} seconds")

    def _report_death(self, i: int) -> None:
        process = self.processes[i]
        process.join(1)
        code = process.exitcode
        how = f"exited with code {code}"
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                how = f"was killed by signal: {signal.Signals(-code).name}"
        pid = process.pid
        self.close()
        raise RuntimeError(
            f"DataLoader worker {i} (pid {pid}) {how}: DataLoader worker (pid(s) {pid}) exited "
            "unexpectedly. Out of memory, a crash in a C extension or os._exit() in the data "
            "set can "
            "cause this; run with num_workers=0 to see the error in the main process."
        )

    def close(self) -> None:
        """End every worker, politely first."""
        for tasks in self._tasks:
            with contextlib.suppress(BrokenPipeError, OSError):
                tasks.send(None)
            tasks.close()
        for results in self._results:
            results.close()
        deadline = time.monotonic() + 1
        for process in self.processes:
            process.join(max(0.0, deadline - time.monotonic()))
            if process.is_alive():
                process.terminate()
                process.join(1)
            if process.is_alive():
                process.kill()
                process.join()
        self.processes, self._tasks, self._results = [], [], []
