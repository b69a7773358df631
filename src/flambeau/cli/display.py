"""Progress on the terminal: a bar while an epoch runs, a line when it is done."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from flambeau.cli.train import Run


@contextmanager
def counting(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on standard error while something is done one by one; silent in a file or a pipe."""
    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.update(task, completed=done)


class Terminal:
    """A bar on a terminal; in a file or a pipe the lines alone."""

    def __init__(self) -> None:
        self.console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
        self.bar = Progress(
            TextColumn("epoch {task.fields[epoch]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]:.4f}"),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self.task = self.bar.add_task("", epoch="", loss=float("nan"))

    def __enter__(self) -> Terminal:
        self.bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bar.stop()

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        self.console.print(text, markup=False)

    def batch(self, run: Run, batches: int) -> None:
        seen = min(run.batch * run.settings.batch_size, len(run.order))
        self.bar.update(
            self.task,
            completed=run.batch,
            total=batches,
            epoch=f"{run.epoch + 1}/{run.settings.epochs}",
            loss=run.loss / seen,
        )

    def epoch(self, run: Run, record: dict[str, float]) -> None:
        self.say(
            f"epoch {record['epoch']:2d}/{run.settings.epochs}  "
            f"train loss {record['train_loss']:.4f}  test loss {record['test_loss']:.4f}  "
            f"test accuracy {record['test_accuracy']:.2%}  {record['seconds']:.1f} s"
        )


class Records:
    """For another program: each epoch is a line of JSON on standard output, words go to the other.

    >>> from flambeau.cli.display import Records
    >>> with Records() as display:
    ...     display.epoch(None, {"epoch": 1, "test_accuracy": 0.5})
    {"epoch": 1, "test_accuracy": 0.5}
    """

    def __enter__(self) -> Records:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def say(self, text: str) -> None:
        print(text, file=sys.stderr)

    def batch(self, run: Run, batches: int) -> None:
        pass

    def epoch(self, run: Run | None, record: dict[str, float]) -> None:
        print(json.dumps(record), flush=True)
