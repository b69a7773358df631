"""The log of a training run: numbers by epoch, as lines of JSON, and for TensorBoard if asked."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from flambeau.io import files
from flambeau.tensor.tensor import Tensor

METRICS = "metrics.jsonl"
STEPS = ("step", "epoch")  # what a record's place on TensorBoard's axis is read from


class Log:
    """Writes one record after another into `metrics.jsonl` in a folder, each at once.

    What is not a number in JSON (nan, inf) is written as Python's json module does: NaN, Infinity.
    Other processes may read the file while it is written. A log is a context manager.

    Args:   folder: made if it is not there.
            records: what the file shall begin with, those of the checkpoint from which a run goes
            on: later ones, of work that is done again, are dropped. By default all that is there
            is kept, but for a last line that was torn when a run was killed.
            tensorboard: write event files beside it too (extra `tensorboard`).
    Raises: ValueError for a damaged file; ImportError when TensorBoard's writer is not installed.

    >>> import tempfile
    >>> from flambeau import viz
    >>> folder = tempfile.mkdtemp()
    >>> with viz.Log(folder) as log:
    ...     _ = log.write(epoch=1, train_loss=torch.tensor(0.5))
    ...     _ = log.write(epoch=2, train_loss=0.25)
    >>> viz.log.read(folder)
    [{'epoch': 1, 'train_loss': 0.5}, {'epoch': 2, 'train_loss': 0.25}]
    >>> with viz.Log(folder, records=viz.log.read(folder)[:1]) as log:  # back to the checkpoint
    ...     _ = log.write(epoch=2, train_loss=0.125)
    >>> viz.log.read(folder)
    [{'epoch': 1, 'train_loss': 0.5}, {'epoch': 2, 'train_loss': 0.125}]
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        records: Iterable[Mapping[str, Any]] | None = None,
        tensorboard: bool = False,
    ) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / METRICS
        self.records = _whole(path) if records is None else [_plain(record) for record in records]
        with files.written(path) as file:
            file.write("".join(map(_line, self.records)).encode())
        self._events = self._event_files() if tensorboard else None
        self._file = path.open("a", encoding="utf-8")

    def write(self, record: Mapping[str, Any] | None = None, /, **values: Any) -> dict[str, Any]:
        """Add one record, a mapping or named values; returns it as it was written.

        Tensors and arrays of one number become numbers, longer ones lists.
        """
        plain = _plain({**(record or {}), **values})
        self._file.write(_line(plain))
        self._file.flush()
        self.records.append(plain)
        if self._events is not None:
            step = _step(plain, len(self.records))
            for name, value in plain.items():
                if isinstance(value, (int, float)) and name not in STEPS:
                    self._events.add_scalar(name, value, step)
            self._events.flush()
        return plain

    def close(self) -> None:
        """Close the files. A closed log writes no more."""
        self._file.close()
        if self._events is not None:
            self._events.close()

    def __enter__(self) -> Log:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _event_files(self) -> Any:
        """TensorBoard's writer, told to forget what an earlier run wrote of the steps to come."""
        from flambeau.viz.tensorboard import SummaryWriter

        begun = _step(self.records[-1], len(self.records)) + 1 if self.records else 0
        return SummaryWriter(self.folder, purge_step=begun)


def read(run: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """The records of a log, given its folder or its file.

    A last line that was torn when its run was killed is left out.

    Raises: FileNotFoundError without a log; ValueError for any other line that is not a record.
    """
    path = Path(run)
    if path.is_dir() or not path.suffix:
        path = path / METRICS
    if not path.is_file():
        raise FileNotFoundError(f"no log of a training run: there is no {path}")
    return _whole(path)


def _whole(path: Path) -> list[dict[str, Any]]:
    """All records of a file, none when it is not there."""
    if not path.exists():
        return []
    *lines, last = path.read_bytes().split(b"\n")
    records = [_record(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    try:
        return [*records, _record(path, len(lines) + 1, last)] if last.strip() else records
    except ValueError:  # no end of line: it was being written when the run was killed
        return records


def _record(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise ValueError(f"line {number} of {path} is damaged: {error}") from error
    if not isinstance(record, dict):
        raise ValueError(f"line {number} of {path} is not a record of a log, but {record!r}")
    return record


def _line(record: Mapping[str, Any]) -> str:
    return json.dumps(record) + "\n"


def _plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers, texts and lists of what may be tensors and arrays."""
    return {str(name): _value(value) for name, value in record.items()}


def _value(value: Any) -> Any:
    if isinstance(value, Tensor) or hasattr(value, "__array__"):
        return value.item() if math.prod(value.shape) == 1 else value.tolist()
    return value


def _step(record: Mapping[str, Any], number: int) -> int:
    """A record's place on the axis: its step, else its epoch, else its number."""
    return int(next((record[name] for name in STEPS if name in record), number))
