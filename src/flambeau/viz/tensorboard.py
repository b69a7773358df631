"""Event files that TensorBoard shows, under the names of PyTorch's `SummaryWriter`.

What is in the files is put together by tensorboardX (extra `tensorboard`), a small package that
needs neither PyTorch nor TensorFlow. Its own writer has a queue of which nobody knows when it is
empty, so records are written here as they come. To look at the files: pip install tensorboard, then
tensorboard --logdir runs
"""

from __future__ import annotations

import itertools
import os
import socket
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

import numpy as np

from flambeau.tensor.tensor import Tensor
from flambeau.viz.measures import as_array


class SummaryWriter:
    """Writes what a training run shows into event files in a folder.

    Wherever a number or an array is asked for, a tensor will do.

    Args:   log_dir: the folder, default runs/DATE_HOST. comment: added to the default's name.
            purge_step: events of earlier files from this step on are not shown.
            max_queue, flush_secs: when so many events wait, or one has waited so long when the next
            one comes, all are written. filename_suffix: ends the names of the files.
    Raises: ImportError when tensorboardX is not installed.

    >>> import tempfile
    >>> from flambeau.utils.tensorboard import SummaryWriter
    >>> with SummaryWriter(tempfile.mkdtemp()) as writer:
    ...     writer.add_scalar("loss", torch.tensor(0.5), global_step=1)
    ...     writer.add_histogram("weights", torch.randn(100), global_step=1)
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] | None = None,
        comment: str = "",
        purge_step: int | None = None,
        max_queue: int = 10,
        flush_secs: int = 120,
        filename_suffix: str = "",
    ) -> None:
        self._summary = tensorboardx()
        if log_dir is None:
            log_dir = os.path.join(
                "runs", time.strftime("%b%d_%H-%M-%S") + f"_{socket.gethostname()}{comment}"
            )
        self.log_dir = os.fspath(log_dir)
        self._suffix, self._limits = filename_suffix, (max_queue, flush_secs)
        self._files: dict[str, EventFile] = {}
        main = self._file()
        if purge_step is not None:
            from tensorboardX.proto.event_pb2 import SessionLog

            main.write(step=purge_step, session_log=SessionLog(status=SessionLog.START))

    def get_logdir(self) -> str:
        """The folder that holds the event files."""
        return self.log_dir

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """A number at a step."""
        self._add(self._summary.scalar(tag, float(_host(scalar_value))), global_step, walltime)

    def add_scalars(
        self,
        main_tag: str,
        tag_scalar_dict: Mapping[str, Any],
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Several numbers at a step, shown as lines of one diagram."""
        for tag, value in tag_scalar_dict.items():
            summary = self._summary.scalar(main_tag, float(_host(value)))
            self._add(summary, global_step, walltime, folder=f"{main_tag}/{tag}".replace(" ", "_"))

    def add_histogram(
        self,
        tag: str,
        values: Any,
        global_step: int | None = None,
        bins: Any = "tensorflow",
        walltime: float | None = None,
        max_bins: int | None = None,
    ) -> None:
        """How numbers are spread, at a step.

        Args:   bins: TensorBoard's own, each a tenth wider than the one before, or anything that
                NumPy's histogram takes. max_bins: of these at most so many, neighbours joined.
        """
        edges = _bins() if isinstance(bins, str) and bins == "tensorflow" else _host(bins)
        numbers = np.asarray(_host(values), np.float64)
        self._add(self._summary.histogram(tag, numbers, edges, max_bins), global_step, walltime)

    def add_image(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:
        """An image of bytes, or of floats from 0 to 1, others cut off (needs Pillow)."""
        pixels = np.asarray(_host(img_tensor))
        if pixels.dtype != np.uint8:
            pixels = pixels.clip(0, 1)
        summary = self._summary.image(tag, pixels, dataformats=dataformats)
        self._add(summary, global_step, walltime)

    def add_images(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "NCHW",
    ) -> None:
        """A batch of images, side by side (needs Pillow)."""
        self.add_image(tag, img_tensor, global_step, walltime, dataformats)

    def add_figure(
        self,
        tag: str,
        figure: Any,
        global_step: int | None = None,
        close: bool = True,
        walltime: float | None = None,
    ) -> None:
        """A matplotlib figure, or a list of them, as an image; pyplot's are then closed."""
        figures = list(figure) if isinstance(figure, (list, tuple)) else [figure]
        images = np.stack([_rendered(each) for each in figures])
        self.add_images(tag, images, global_step, walltime, "NHWC")
        if close and any(hasattr(each, "number") for each in figures):  # pyplot numbers its own
            from matplotlib import pyplot

            for each in figures:
                pyplot.close(each)

    def add_text(
        self,
        tag: str,
        text_string: str,
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """A text in Markdown, at a step."""
        self._add(self._summary.text(tag, text_string), global_step, walltime)

    def add_pr_curve(
        self,
        tag: str,
        labels: Any,
        predictions: Any,
        global_step: int | None = None,
        num_thresholds: int = 127,
        weights: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Precision and recall of a two-class predictor at thresholds from 0 to 1.

        Shape:  labels of 0 and 1, predictions from 0 to 1, both (N)
        """
        summary = self._summary.pr_curve(
            tag, np.asarray(_host(labels)), np.asarray(_host(predictions)), num_thresholds, weights
        )
        self._add(summary, global_step, walltime)

    def add_graph(self, model: Any, input_to_model: Any, verbose: bool = False) -> None:
        """The graph that autograd records when the model is called, modules as groups.

        Args:   input_to_model: the model's argument, or a tuple of several.
                verbose: print it too.
        Raises: RuntimeError when nothing is recorded: no parameter requires a gradient.
        """
        from flambeau.viz.event_graph import graph_def

        drawn = graph_def(model, input_to_model)
        if verbose:
            print(drawn)
        self._file().write(graph_def=drawn.SerializeToString())

    def add_hparams(
        self,
        hparam_dict: Mapping[str, Any],
        metric_dict: Mapping[str, Any],
        hparam_domain_discrete: None = None,
        run_name: str | None = None,
        global_step: int | None = None,
    ) -> None:
        """The settings of a run with what came of them, in a folder of their own inside.

        Raises: NotImplementedError for `hparam_domain_discrete`, which tensorboardX cannot write.
        """
        if hparam_domain_discrete is not None:
            raise NotImplementedError(
                "hparam_domain_discrete is not written: leave it out, and TensorBoard takes the "
                "values that it finds"
            )
        settings = {name: _host(value) for name, value in hparam_dict.items()}
        results = {name: float(_host(value)) for name, value in metric_dict.items()}
        folder = run_name or f"{time.time():.6f}"
        for summary in self._summary.hparams(settings, results):
            self._add(summary, None, None, folder)
        for name, result in results.items():
            self._add(self._summary.scalar(name, result), global_step, None, folder)

    def flush(self) -> None:
        """Write what waits; it is in the files when this returns."""
        for file in self._files.values():
            file.flush()

    def close(self) -> None:
        """Write what waits, and close the files. Whatever is added later begins new ones."""
        while self._files:
            self._files.popitem()[1].close()

    def _add(
        self, summary: Any, step: int | None, walltime: float | None, folder: str = ""
    ) -> None:
        self._file(folder).write(
            walltime, step=None if step is None else int(step), summary=summary
        )

    def _file(self, folder: str = "") -> EventFile:
        """The file of a folder inside, begun when it is first asked for."""
        if folder not in self._files:
            path = os.path.join(self.log_dir, folder)
            self._files[folder] = EventFile(path, self._suffix, *self._limits)
        return self._files[folder]

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class EventFile:
    """One event file in a folder: records with checksums, in the order in which they come."""

    _numbers = itertools.count()

    def __init__(self, folder: str, suffix: str, most: int, seconds: float) -> None:
        from tensorboardX.event_file_writer import EventsWriter

        os.makedirs(folder, exist_ok=True)
        unique = f".{os.getpid()}.{next(self._numbers)}{suffix}"  # two may begin in one second
        self._writer = EventsWriter(os.path.join(folder, "events"), unique)
        self._most, self._seconds = most, seconds
        self._waiting, self._flushed = 0, time.monotonic()

    def write(self, walltime: float | None = None, **content: Any) -> None:
        """Add an event; its content is what an Event's fields are called."""
        from tensorboardX.proto.event_pb2 import Event

        self._writer.write_event(
            Event(wall_time=time.time() if walltime is None else walltime, **content)
        )
        self._waiting += 1
        if self._waiting >= self._most or time.monotonic() - self._flushed >= self._seconds:
            self.flush()

    def flush(self) -> None:
        """Let the file hold all events."""
        self._writer.flush()
        self._waiting, self._flushed = 0, time.monotonic()

    def close(self) -> None:
        self._writer.close()


def tensorboardx() -> Any:
    """What puts numbers and images into TensorBoard's form."""
    try:
        from tensorboardX import summary
    except ImportError as error:
        raise ImportError(
            "event files for TensorBoard are written with tensorboardX, which is not "
            "installed: pip install 'flambeau[tensorboard]'"
        ) from error
    return summary


def _bins() -> np.ndarray:
    """Edges from -1e20 to 1e20, zero in the middle, each a tenth further from it."""
    edges = 1e-12 * 1.1 ** np.arange(np.log(1e32) / np.log(1.1))
    return np.concatenate([-edges[::-1], [0.0], edges])


def _host(value: Any) -> Any:
    """An array for a tensor, a number for one of no dimensions, also inside of lists."""
    if isinstance(value, Tensor):
        return value.item() if value.ndim == 0 else as_array(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_host(each) for each in value]
    return value


def _rendered(figure: Any) -> np.ndarray:
    """The pixels of a matplotlib figure, (height, width, 3)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    before = figure.canvas
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3].copy()
    figure.set_canvas(before)
    return pixels
