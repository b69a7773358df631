"""Pictures and tables of what a network is and does: graphs, shapes, costs, curves.

Every name is loaded when it is first asked for: who draws nothing never waits for matplotlib.
"""

from importlib import import_module as _import_module
from typing import Any as _Any

# Where each name lives.
_HOME = {
    **dict.fromkeys(("Graph", "ModuleCalls", "graph"), "graphs"),
    "Log": "log",
    "SummaryWriter": "tensorboard",
    **dict.fromkeys(
        (
            "confusion_counts",
            "learning_rates",
            "optimizer_path",
            "per_sample_losses",
        ),
        "measures",
    ),
    "comparison": "plots.designs",
    "confusion_matrix": "plots.confusion",
    "curves": "plots.curves",
    "feature_maps": "plots.feature_maps",
    "filters": "plots.filters",
    "learning_rate": "plots.policy",
    "loss_distributions": "plots.losses",
    "misclassified": "plots.mistakes",
    "optimizer_paths": "plots.paths",
}
_MODULES = ("graphs", "log", "measures", "plots", "tensorboard")

__all__ = sorted([*_HOME, *_MODULES])


def __getattr__(name: str) -> _Any:
    if name in _MODULES:
        return _import_module(f"{__name__}.{name}")
    if name in _HOME:
        value = getattr(_import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
