"""Changing the size of images: linear in the image, so the derivative is the adjoint."""

from __future__ import annotations

from .registry import op

_NAMES = {
    "nearest": ("Nearest", "Nearest", "Nearest"),
    "nearest-exact": ("NearestExact", "NearestExact", "NearestExact"),
    "linear": ("Linear", "Bilinear", "Trilinear"),
    "cubic": ("", "Bicubic", ""),
}


def _name(params):
    rank = len(params["out"])
    kind = _NAMES[params["plan"][0]][rank - 1]
    return f"Upsample{kind}{rank}D{'Aa' if params['plan'][3] else ''}"


@op(node=_name)
def resample(xp, input, *, out, plan):
    """(N, C, *S) at the size ``out``; ``plan`` is (mode, align_corners, input steps per output step
    or None, antialias).
    """
    y = _laid_out_as(xp, input, xp.resample_axes(input, out, plan))
    if input.dtype.kind in "iu" and y.dtype.kind == "f":
        limits = xp.iinfo(input.dtype)
        y = xp.clip(xp.floor(y + 0.5), limits.min, limits.max)
    return xp.astype(y, input.dtype)


def _laid_out_as(xp, x, y):
    """``y`` contiguous, with its channels last where those of ``x`` are."""
    if x.ndim == 4 and not x.flags.c_contiguous and x.transpose(0, 2, 3, 1).flags.c_contiguous:
        return xp.ascontiguousarray(y.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    return xp.ascontiguousarray(y)


@op(node="UpsampleBackward")
def resample_spread(xp, grad, *, size, plan):
    """The adjoint of ``resample``."""
    return xp.astype(xp.ascontiguousarray(xp.spread_axes(grad, size, plan)), grad.dtype)


resample.vjp(
    input=lambda xp, g, input_shape, plan: xp.resample_spread(
        g, size=tuple(input_shape[2:]), plan=plan
    )
)
resample_spread.vjp(
    grad=lambda xp, g, grad_shape, plan: xp.resample(g, out=tuple(grad_shape[2:]), plan=plan)
)
resample.shape(lambda input, *, out, plan: (*input[:2], *out))
resample_spread.shape(lambda grad, *, size, plan: (*grad[:2], *size))
