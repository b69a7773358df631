"""The learning rate through the epochs, before any training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flambeau.optim.lr_scheduler import LRScheduler
from flambeau.viz.measures import as_array, learning_rates
from flambeau.viz.plots import style
from flambeau.viz.plots.style import Axes, Figure

Policy = LRScheduler | Callable[[int], float]


def learning_rate(
    policy: Policy | Mapping[str, Policy],
    epochs: int,
    *,
    unit: str = "epoch",
    log_rate: bool = False,
    ax: Axes | None = None,
    path: style.Path = None,
) -> Figure:
    """A learning-rate policy as a picture, drawn without training.

    A larger rate first, to go down fast and past bad minima; a smaller one in the end, not to
    bounce around in narrow valleys: reduced at discrete steps, or by a geometric decay (slides of
    chapter 5.6).

    Args:   policy: a scheduler (which stays as it is), a function from the number of the epoch
            to the rate, or several of them by name. epochs: how many are drawn.
            unit: what a step of the policy is called. log_rate: a logarithmic scale.
            ax: axes to draw on. path: file to write.
    Raises: TypeError for ReduceLROnPlateau, which has no policy of its own.

    >>> from flambeau import viz
    >>> figure = viz.learning_rate({"halves": lambda epoch: 0.5**epoch, "constant": lambda _: 1}, 4)
    >>> [line.get_ydata().tolist() for line in figure.axes[0].lines]
    [[1.0, 0.5, 0.25, 0.125], [1.0, 1.0, 1.0, 1.0]]
    """
    policies = policy if isinstance(policy, Mapping) else {"": policy}
    figure, axes = style.place(ax, 4.4, 2.8)
    names: list[Any] = []
    for name, one in policies.items():
        rates = as_array(learning_rates(one, epochs))
        for group in range(rates.shape[1]):
            several = f"group {group}" if rates.shape[1] > 1 else ""
            names.append(" ".join(filter(None, (name, several))))
            axes.plot(
                range(epochs),
                rates[:, group],
                color=style.SERIES[(len(names) - 1) % len(style.SERIES)],
                linewidth=1.8,
                drawstyle="steps-post" if epochs <= 400 else "default",
                label=names[-1],
            )
    if log_rate:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.set_xlabel(unit)
    axes.set_ylabel("learning rate")
    style.whole_numbers(axes.xaxis)
    if any(names):
        style.keys(axes)
    return style.finish(figure, path)
