"""Event files that TensorBoard shows, under the names of PyTorch's `SummaryWriter`.

The files are written by tensorboardX (extra `tensorboard`), a small package that needs neither
PyTorch nor TensorFlow. To look at them: pip install tensorboard, then tensorboard --logdir runs
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

import numpy as np

from flambeau.tensor.tensor import Tensor
from flambeau.viz.measures import as_array


class SummaryWriter:
    """Writes what a training run shows into event files in a folder.

    Wherever a number or an array is asked for, a tensor will do. Other methods of PyTorch's writer
    that tensorboardX has (`add_embedding`, `add_pr_curve`, `add_video`, `add_audio`, `add_mesh`,
    `add_custom_scalars`, ...) are passed on to it, their tensors as arrays.

    Args:   log_dir: the folder, default runs/DATE_HOST. comment: added to the default's name.
            purge_step: events of earlier files from this step on are not shown.
            max_queue: how many events wait at most. flush_secs: for how long at most.
            filename_suffix: ends the names of the files.
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
        try:
            from tensorboardX import SummaryWriter as Writer
        except ImportError as error:
            raise ImportError(
                "event files for TensorBoard are written with tensorboardX, which is not "
                "installed: pip install 'flambeau[tensorboard]'"
            ) from error
        folder = None if log_dir is None else os.fspath(log_dir)
        self._writer = Writer(folder, comment, purge_step, max_queue, flush_secs, filename_suffix)
        self.log_dir = self._writer.logdir

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
        self._writer.add_scalar(tag, float(_host(scalar_value)), global_step, walltime)

    def add_scalars(
        self,
        main_tag: str,
        tag_scalar_dict: Mapping[str, Any],
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Several numbers at a step, shown as lines of one diagram."""
        numbers = {tag: float(_host(value)) for tag, value in tag_scalar_dict.items()}
        self._writer.add_scalars(main_tag, numbers, global_step, walltime)

    def add_histogram(
        self,
        tag: str,
        values: Any,
        global_step: int | None = None,
        bins: str = "tensorflow",
        walltime: float | None = None,
        max_bins: int | None = None,
    ) -> None:
        """How numbers are spread, at a step."""
        self._writer.add_histogram(tag, _host(values), global_step, bins, walltime, max_bins)

    def add_image(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:
        """An image of bytes, or of floats from 0 to 1 (needs Pillow)."""
        self._writer.add_image(tag, _host(img_tensor), global_step, walltime, dataformats)

    def add_images(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "NCHW",
    ) -> None:
        """A batch of images, side by side (needs Pillow)."""
        self._writer.add_images(tag, _host(img_tensor), global_step, walltime, dataformats)

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
        self._writer.add_images(tag, images, global_step, walltime, "NHWC")
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
        self._writer.add_text(tag, text_string, global_step, walltime)

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
        self._writer.file_writer.add_onnx_graph(drawn)  # any graph: nothing in it is ONNX's own

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
        self._writer.add_hparams(settings, results, run_name, global_step)

    def flush(self) -> None:
        """Write what waits; returns when it is in the files."""
        for writer in (self._writer.all_writers or {}).values():
            writer.flush()

    def close(self) -> None:
        """Write what waits, and close the files."""
        self._writer.close()

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("add_"):
            raise AttributeError(f"'SummaryWriter' object has no attribute {name!r}")
        method = getattr(self._writer, name)

        def passed_on(*arguments: Any, **options: Any) -> Any:
            return method(*map(_host, arguments), **{k: _host(v) for k, v in options.items()})

        return passed_on


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
