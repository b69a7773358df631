"""Changing the size of images, and reading them at given places."""

from __future__ import annotations

import math
import warnings

from flambeau.core.errors import ArgumentError, ShapeError
from flambeau.tensor.api import F, export, torch
from flambeau.tensor.namespace import xp

_RANKS = {"linear": 3, "bilinear": 4, "bicubic": 4, "trilinear": 5}


@export("F")
def interpolate(
    input,
    size=None,
    scale_factor=None,
    mode="nearest",
    align_corners=None,
    recompute_scale_factor=None,
    antialias=False,
):
    """An image at another size.

    Output element i reads the input around (i + 1/2) S / S' - 1/2, or i (S - 1) / (S' - 1) with
    align_corners.

    Shape:  input (N, C, *S) with 1 to 3 spatial dimensions -> (N, C, *S')
    Args:   size, or scale_factor: a number, or one a dimension. mode: 'nearest', 'nearest-exact',
            'area', 'linear' (1-d), 'bilinear', 'bicubic' (2-d), 'trilinear' (3-d).
            recompute_scale_factor: use the ratio of the sizes as the scale, not the scale_factor.
            antialias: average over what a shrinking step covers (bilinear and bicubic).
    Raises: ValueError or NotImplementedError if the arguments do not fit each other.

    >>> import flambeau as torch
    >>> torch.nn.functional.interpolate(torch.tensor([[[1., 2.]]]), scale_factor=2)
    tensor([[[1., 1., 2., 2.]]])
    """
    rank = input.ndim - 2
    if mode in ("nearest", "area", "nearest-exact"):
        if align_corners is not None:
            raise ValueError(
                "align_corners option can only be set with the interpolating modes: linear | "
                "bilinear | "
                "bicubic | trilinear"
            )
    elif mode not in _RANKS:
        raise NotImplementedError(
            "Input Error: Only 3D, 4D and 5D input Tensors supported (got "
            f"{input.ndim}D) for the modes: nearest | linear | bilinear | bicubic | trilinear | "
            "area | "
            f"nearest-exact (got {mode})"
        )
    out, scales = _sizes(input, size, scale_factor, rank, mode, recompute_scale_factor)
    if antialias and not (mode in ("bilinear", "bicubic") and input.ndim == 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear and bicubic modes and requires a 4-D "
            "tensor as input"
        )
    if rank not in (1, 2, 3) or input.ndim != _RANKS.get(mode, input.ndim):
        raise NotImplementedError(
            f"Got {input.ndim}D input, but {mode} mode needs {_RANKS.get(mode, '3 to 5')}D input"
        )
    if min(out) <= 0 or 0 in input.shape[1:]:
        raise ShapeError(
            "Input and output sizes should be greater than 0, but got input "
            f"({', '.join(map(str, input.shape[2:]))}) output ({', '.join(map(str, out))})"
        )
    if mode == "area":
        return getattr(F, f"adaptive_avg_pool{rank}d")(input, out)
    kind = mode if mode.startswith("nearest") else "cubic" if mode == "bicubic" else "linear"
    plan = (kind, bool(align_corners), scales, bool(antialias))
    return xp.resample(input, out=out, plan=plan)


def _sizes(input, size, scale_factor, rank, mode, recompute):
    """(output sizes, input steps per output step where the caller fixed them)."""
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    given, name = (size, "size") if size is not None else (scale_factor, "scale_factor")
    if isinstance(given, (list, tuple)):
        if len(given) != rank:
            raise ValueError(
                f"Input and {'output' if name == 'size' else name} must have the same number of "
                "spatial "
                f"dimensions, but got input with spatial dimensions of {list(input.shape[2:])} "
                f"and {name} of "
                f"{given}. Please provide input tensor in (N, C, d1, d2, ...,dK) format."
            )
        given = list(given)
    else:
        given = [given] * rank
    if size is not None:
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        if not all(isinstance(v, int) or hasattr(v, "__index__") for v in given):
            raise TypeError(f"expected size to be one of int or tuple of ints, but got {size}")
        return tuple(int(v) for v in given), None
    out = tuple(math.floor(s * float(f)) for s, f in zip(input.shape[2:], given))
    if recompute or mode == "area":
        return out, None
    return out, tuple(1.0 / float(f) for f in given)


@export("F")
def upsample(input, size=None, scale_factor=None, mode="nearest", align_corners=None):
    """The former name of ``interpolate``.

    >>> import flambeau as torch
    >>> torch.nn.functional.upsample(torch.tensor([[[1., 2.]]]), 4)
    tensor([[[1., 1., 2., 2.]]])
    """
    return F.interpolate(input, size, scale_factor, mode, align_corners)


@export("F")
def upsample_nearest(input, size=None, scale_factor=None):
    """``interpolate`` with mode 'nearest'.

    >>> import flambeau as torch
    >>> torch.nn.functional.upsample_nearest(torch.tensor([[[1., 2.]]]), 4)
    tensor([[[1., 1., 2., 2.]]])
    """
    return F.interpolate(input, size, scale_factor, mode="nearest")


@export("F")
def upsample_bilinear(input, size=None, scale_factor=None):
    """``interpolate`` with mode 'bilinear' and align_corners.

    >>> import flambeau as torch
    >>> torch.nn.functional.upsample_bilinear(torch.tensor([[[[0., 2.]]]]), (1, 3))
    tensor([[[[0., 1., 2.]]]])
    """
    return F.interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


@export("F")
def affine_grid(theta, size, align_corners=None):
    """Where an affine map takes the positions of an image, for ``grid_sample``.

    Shape: theta (N, 2, 3), size (N, C, H, W) -> (N, H, W, 2); or (N, 3, 4), (N, C, D, H, W) -> (N,
           D, H, W, 3)
    Args:  align_corners: -1 and 1 are the centres of the corner elements, else their outer edges
           (default).

    >>> import flambeau as torch
    >>> torch.nn.functional.affine_grid(torch.eye(2, 3).unsqueeze(0), (1, 1, 1, 2))
    tensor([[[[-0.5000,  0.0000],
              [ 0.5000,  0.0000]]]])
    """
    if not theta.dtype.is_floating_point:
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    rank = len(size) - 2
    if rank not in (2, 3) or theta.ndim != 3 or tuple(theta.shape[1:]) != (rank, rank + 1):
        raise ValueError(
            f"Expected a batch of {rank}D affine matrices of shape Nx{rank}x{rank + 1} for size "
            f"{tuple(size)}. "
            f"Got {tuple(theta.shape)}."
        )
    if min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {tuple(size)}")
    axes = []
    for n in size[2:]:
        ends = 1.0 if align_corners else (n - 1) / n
        axes.append(
            torch.linspace(-ends, ends, n, dtype=theta.dtype, device=theta.device)
            if n > 1
            else theta.new_zeros(1)
        )
    meshes = torch.meshgrid(*axes, indexing="ij")
    base = torch.stack([*reversed(meshes), torch.ones_like(meshes[0])], -1)
    flat = base.reshape(1, -1, rank + 1).expand(size[0], -1, -1)
    return torch.bmm(flat, theta.transpose(1, 2)).reshape(size[0], *size[2:], rank)


@export("F")
def grid_sample(input, grid, mode="bilinear", padding_mode="zeros", align_corners=None):
    """An image read at the positions of a grid, in units where the image spans [-1, 1]: how spatial
    transformers look.

    Shape:  input (N, C, H, W), grid (N, H', W', 2) of (x, y) -> (N, C, H', W'); or with three
            spatial dimensions
    Args:   mode: 'bilinear', 'nearest', 'bicubic' (2-d). padding_mode: beyond the border are
            'zeros', the 'border', or its 'reflection'. align_corners: -1 and 1 are the centres of
            the corner elements, else their outer edges (default).
    Raises: ValueError or RuntimeError if an argument does not fit.

    >>> import flambeau as torch
    >>> image = torch.tensor([[[[1., 3.]]]])
    >>> torch.nn.functional.grid_sample(image, torch.zeros(1, 1, 1, 2), align_corners=False)
    tensor([[[[2.]]]])
    """
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError(
            "nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or "
            f"'bicubic', but got: '{mode}'"
        )
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or "
            "'reflection', but "
            f"got: '{padding_mode}'"
        )
    _check_grid(input, grid, mode)
    if align_corners is None:
        warnings.warn(
            "Default grid_sample and affine_grid behavior has changed to align_corners=False "
            "since 1.3.0. Please "
            "specify align_corners=True if the old behavior is desired.",
            stacklevel=2,
        )
    size = tuple(input.shape[2:])
    # The grid names the last dimension first.
    places = [grid[..., len(size) - 1 - i] for i in range(len(size))]
    places = [_unnormalised(p, s, align_corners) for p, s in zip(places, size)]
    reach = _reach(size, padding_mode, align_corners)
    if mode != "bicubic":
        places = [reach(p, i) for i, p in enumerate(places)]
    if mode == "nearest":
        return _read(input, [torch.round(p.detach()) for p in places])
    cells = [torch.floor(p.detach()) for p in places]
    parts = [p - c for p, c in zip(places, cells)]
    if mode == "bilinear":
        taps = [[(c, 1 - t), (c + 1, t)] for c, t in zip(cells, parts)]
    else:
        taps = [
            [(reach(c + k, i), _cubic(t - k, k)) for k in (-1, 0, 1, 2)]
            for i, (c, t) in enumerate(zip(cells, parts))
        ]
    return _weighted_reads(input, taps)


def _weighted_reads(input, taps, at=(), weight=None):
    """The sum over all combinations of one tap an axis of weight times element."""
    if len(at) == len(taps):
        return _read(input, at) * weight.unsqueeze(1)
    total = None
    for index, w in taps[len(at)]:
        product = w if weight is None else weight * w
        part = _weighted_reads(input, taps, (*at, index), product)
        total = part if total is None else total + part
    return total


def _read(input, at):
    """Elements of the image at integer positions (one tensor (N, *P) an axis), 0 outside."""
    n, channels = input.shape[:2]
    inside = None
    flat = None
    for index, s in zip(at, input.shape[2:]):
        fits = (index >= 0) & (index <= s - 1)
        inside = fits if inside is None else inside & fits
        whole = torch.where(fits, index, torch.zeros_like(index)).long()
        flat = whole if flat is None else flat * s + whole
    rows = flat.flatten(1).unsqueeze(1).expand(-1, channels, -1)
    found = input.flatten(2).gather(2, rows).reshape(n, channels, *flat.shape[1:])
    return torch.where(inside.unsqueeze(1), found, torch.zeros_like(found))


def _unnormalised(x, size, align_corners):
    return (x + 1) / 2 * (size - 1) if align_corners else ((x + 1) * size - 1) / 2


def _reach(size, padding_mode, align_corners):
    """What becomes of a position along axis i beyond the border."""

    def reach(x, i):
        if padding_mode == "zeros":
            return x
        s = size[i]
        if padding_mode == "reflection":
            low, span = (0.0, float(s - 1)) if align_corners else (-0.5, float(s))
            if span == 0:
                return torch.zeros_like(x)
            distance = torch.abs(x - low)
            turns = torch.floor(distance.detach() / span)
            rest = distance - turns * span
            x = torch.where(torch.remainder(turns, 2) == 0, rest + low, span - rest + low)
        return torch.clamp(x, 0, s - 1)

    return reach


def _cubic(t, k):
    """Keys' cubic kernel with a = -0.75 at distance |t|, for the tap k of (-1, 0, 1, 2)."""
    a = -0.75
    d = -t if k > 0 else t
    if k in (0, 1):
        return ((a + 2) * d - (a + 3)) * d * d + 1
    return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a


def _check_grid(input, grid, mode) -> None:
    rank = input.ndim - 2
    if input.ndim not in (4, 5) or grid.ndim != input.ndim:
        raise ShapeError(
            "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but "
            "got input "
            f"with sizes {list(input.shape)} and grid with sizes {list(grid.shape)}"
        )
    if input.shape[0] != grid.shape[0]:
        raise ShapeError(
            "grid_sampler(): expected grid and input to have same batch size, but got input with "
            "sizes "
            f"{list(input.shape)} and grid with sizes {list(grid.shape)}"
        )
    if grid.shape[-1] != rank:
        raise ShapeError(
            f"grid_sampler(): expected grid to have size {rank} in last dimension, but got grid "
            "with sizes "
            f"{list(grid.shape)}"
        )
    if 0 in input.shape[2:]:
        raise ShapeError(
            "grid_sampler(): expected input to have non-empty spatial dimensions, but input has "
            "sizes "
            f"{list(input.shape)}"
        )
    if input.dtype is not grid.dtype:
        raise ArgumentError(
            "grid_sampler(): expected input and grid to have same dtype, but input has "
            f"{input.dtype} and grid "
            f"has {grid.dtype}"
        )
    if mode == "bicubic" and rank != 2:
        raise ArgumentError("grid_sampler(): bicubic interpolation only supports 4D input")
