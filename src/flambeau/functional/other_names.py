"""Second names and signatures under which PyTorch offers functions of this folder."""

from __future__ import annotations

from flambeau.ops.registry import OPS
from flambeau.tensor.api import F, export, torch
from flambeau.tensor.inplace import dispatch_inplace

from . import activation, average, binary, pool, regression, similarity  # noqa: F401  # in F from here
from .loss import REDUCTIONS


@export("F")
def relu_(input):
    """In-place version of ``relu``."""
    return dispatch_inplace(OPS["relu"], (input,), {})


def _with_indices(name: str, places: str = "F"):
    """F.NAME_with_indices: the function with ``return_indices=True``."""
    function = getattr(F, name)

    def both(input, *args, **kwargs):
        kwargs.pop("return_indices", None)
        return function(input, *args, **kwargs, return_indices=True)

    both.__name__ = both.__qualname__ = f"{name}_with_indices"
    both.__doc__ = f"``{name}`` with ``return_indices=True``: (elements, positions)."
    export(places)(both)


for _rank in "123":
    _with_indices(f"max_pool{_rank}d", "F torch" if _rank == "1" else "F")
    _with_indices(f"adaptive_max_pool{_rank}d")


def _same(name: str) -> None:
    """torch.NAME is F.NAME."""
    export("torch", name=name)(getattr(F, name))


for _name in ("max_pool1d", "max_pool2d", "max_pool3d", "rrelu"):
    _same(_name)


@export("torch")
def adaptive_max_pool1d(input, output_size):
    """The largest element of each cell, and its position: ``F.adaptive_max_pool1d`` with both
    results.
    """
    return F.adaptive_max_pool1d(input, output_size, return_indices=True)


@export("torch F")
def native_channel_shuffle(input, groups):
    """``channel_shuffle``."""
    return F.channel_shuffle(input, groups)


def _numbered(name: str, *names: str) -> None:
    """torch.NAME: the loss F.NAME with its arguments in this order and a number for the
    reduction.
    """
    function = getattr(F, name)

    def loss(*args, reduction=1, **kwargs):
        if len(args) > len(names):
            *args, reduction = args
        given = {**dict(zip(names, args)), **kwargs}
        return function(**given, reduction=REDUCTIONS[reduction])

    loss.__name__ = loss.__qualname__ = name
    loss.__doc__ = f"``F.{name}``; the reduction is a number here: 0 none, 1 mean, 2 sum."
    export("torch")(loss)


_numbered("cosine_embedding_loss", "input1", "input2", "target", "margin")
_numbered("hinge_embedding_loss", "input", "target", "margin")
_numbered("margin_ranking_loss", "input1", "input2", "target", "margin")
_numbered("triplet_margin_loss", "anchor", "positive", "negative", "margin", "p", "eps", "swap")
_numbered("poisson_nll_loss", "input", "target", "log_input", "full", "eps")
_numbered("binary_cross_entropy_with_logits", "input", "target", "weight", "pos_weight")
_numbered("kl_div", "input", "target")


@export("torch")
def grid_sampler(input, grid, interpolation_mode, padding_mode, align_corners):
    """``F.grid_sample``; the modes are numbers here, in the order of its documentation."""
    mode = ("bilinear", "nearest", "bicubic")[interpolation_mode]
    padding = ("zeros", "border", "reflection")[padding_mode]
    return F.grid_sample(input, grid, mode, padding, align_corners)


@export("torch")
def affine_grid_generator(theta, size, align_corners):
    """``F.affine_grid``."""
    return F.affine_grid(theta, size, align_corners)


@export("torch")
def native_dropout(input, p, train):
    """(result, mask) of dropout; the mask is True where an element was kept."""
    if not train or p == 0:
        return input.clone(), torch.ones_like(input, dtype=torch.bool)
    kept = F.dropout(torch.ones_like(input), p)
    return input * kept, kept != 0
