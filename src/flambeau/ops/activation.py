"""Activations. ``functional/activation.py`` gives them their public signatures and
documentation.
"""

from __future__ import annotations

from math import pi, sqrt

from flambeau.core.dtypes import from_numpy_dtype
from flambeau.core.errors import DTypeError

from .registry import POINTWISE, op


def _float(name, x):
    if x.dtype.kind in "iub":
        raise DTypeError(
            f"{name} is not implemented for {from_numpy_dtype(x.dtype)}: convert it first, "
            "x.float()"
        )


@op(kind=POINTWISE)
def threshold(xp, input, *, threshold, value):
    """x above the threshold, else value."""
    return xp.where(input <= threshold, xp.asarray(value).astype(input.dtype), input)


threshold.vjp(
    input=lambda xp, g, input, threshold: xp.where(input <= threshold, xp.zeros_like(g), g)
)


@op(kind=POINTWISE)
def hardtanh(xp, input, *, min_val, max_val):
    """x cut to [min_val, max_val]; the derivative at the bounds is 0."""
    if input.dtype.kind in "iu":
        min_val, max_val = int(min_val), int(max_val)
    return xp.clip(input, min_val, max_val)


hardtanh.vjp(
    input=lambda xp, g, input, min_val, max_val: xp.where(
        xp.logical_and(input > min_val, input < max_val), g, xp.zeros_like(g)
    )
)


@op(kind=POINTWISE)
def elu(xp, input, *, alpha=1.0, scale=1.0, input_scale=1.0):
    """scale x for x > 0, else scale alpha (exp(input_scale x) - 1). SELU and CELU are this with
    other numbers.
    """
    _float("elu", input)
    below = xp.expm1(xp.minimum(input, 0) * input_scale) * (alpha * scale)
    return xp.where(input > 0, input * scale if scale != 1 else input, below)


def _elu_rule(xp, g, input, alpha, scale, input_scale):
    below = xp.exp(xp.where(input > 0, xp.zeros_like(input), input) * input_scale)
    return xp.where(input > 0, g * scale, g * below * (alpha * scale * input_scale))


elu.vjp(input=_elu_rule)


@op(kind=POINTWISE)
def leaky_relu(xp, input, *, negative_slope=0.01):
    """x for x > 0, else negative_slope x."""
    _float("leaky_relu", input)
    return xp.where(input > 0, input, input * negative_slope)


leaky_relu.vjp(
    input=lambda xp, g, input, negative_slope: xp.where(input > 0, g, g * negative_slope)
)


@op(kind=POINTWISE, node="PreluKernel")
def prelu_kernel(xp, input, weight):
    """x for x > 0, else weight x; the weight already broadcasts."""
    return xp.where(input > 0, input, weight * input)


prelu_kernel.vjp(
    input=lambda xp, g, input, weight: xp.where(input > 0, g, weight * g),
    weight=lambda xp, g, input: xp.where(input > 0, xp.zeros_like(input), input * g),
)


@op(kind=POINTWISE)
def silu(xp, input):
    """x sigmoid(x)."""
    _float("silu", input)
    return input * xp.sigmoid(input)


def _silu_rule(xp, g, input):
    s = xp.sigmoid(input)
    return g * (s * (1 + input * (1 - s)))


silu.vjp(input=_silu_rule)


def _softplus(xp, x):
    """log(1 + exp(x)) for any x."""
    return xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x)))


@op(kind=POINTWISE)
def mish(xp, input):
    """x tanh(log(1 + exp(x)))."""
    _float("mish", input)
    return input * xp.tanh(_softplus(xp, input))


def _mish_rule(xp, g, input):
    t = xp.tanh(xp.softplus(input, beta=1.0, threshold=20.0))
    return g * (t + input * xp.sigmoid(input) * (1 - t * t))


mish.vjp(input=_mish_rule)


@op(kind=POINTWISE)
def softplus(xp, input, *, beta=1.0, threshold=20.0):
    """log(1 + exp(beta x)) / beta; x where beta x exceeds the threshold."""
    _float("softplus", input)
    scaled = input * beta
    return xp.where(scaled > threshold, input, _softplus(xp, scaled) / beta)


softplus.vjp(
    input=lambda xp, g, input, beta, threshold: xp.where(
        input * beta > threshold, g, g * xp.sigmoid(input * beta)
    )
)


@op(kind=POINTWISE, node="LogSigmoid")
def logsigmoid(xp, input):
    """log(1 / (1 + exp(-x)))."""
    _float("logsigmoid", input)
    return -_softplus(xp, -input)


logsigmoid.vjp(input=lambda xp, g, input: g * xp.sigmoid(-input))


@op(kind=POINTWISE)
def hardshrink(xp, input, *, lambd=0.5):
    """0 within [-lambd, lambd], x outside."""
    _float("hardshrink", input)
    return xp.where(xp.logical_and(input >= -lambd, input <= lambd), xp.zeros_like(input), input)


@op(kind=POINTWISE)
def softshrink(xp, input, *, lambd=0.5):
    """0 within [-lambd, lambd], x moved towards 0 by lambd outside."""
    _float("softshrink", input)
    return input - xp.clip(input, -lambd, lambd)


def _shrink_rule(xp, g, input, lambd):
    return xp.where(xp.logical_or(input < -lambd, input > lambd), g, xp.zeros_like(g))


hardshrink.vjp(input=_shrink_rule)
softshrink.vjp(input=_shrink_rule)


@op(kind=POINTWISE)
def hardsigmoid(xp, input):
    """(x + 3) / 6 cut to [0, 1]."""
    _float("hardsigmoid", input)
    return xp.clip(input + 3, 0, 6) / 6


hardsigmoid.vjp(
    input=lambda xp, g, input: xp.where(
        xp.logical_and(input > -3, input < 3), g / 6, xp.zeros_like(g)
    )
)


@op(kind=POINTWISE)
def hardswish(xp, input):
    """x hardsigmoid(x)."""
    _float("hardswish", input)
    return input * xp.clip(input + 3, 0, 6) / 6


hardswish.vjp(
    input=lambda xp, g, input: xp.where(
        input <= -3, xp.zeros_like(g), xp.where(input < 3, g * (input / 3 + 0.5), g)
    )
)


@op(kind=POINTWISE)
def gelu(xp, input, *, approximate="none"):
    """x Phi(x) with the distribution function of the normal distribution, or its approximation by
    tanh; its limits, 0 and infinity, at the infinities.
    """
    _float("gelu", input)
    input = xp.maximum(input, -_SETTLED)
    if approximate == "tanh":
        return input * (0.5 * (1 + xp.tanh(_gelu_inner(input))))
    return input * (0.5 * (1 + xp.erf(input * sqrt(0.5))))


_SETTLED = 100  # beyond it Phi is 0 or 1 in every dtype, and an infinity times 0 cannot arise


def _gelu_inner(x):
    return sqrt(2 / pi) * (x + 0.044715 * (x * x * x))


def _gelu_rule(xp, g, input, approximate):
    input = xp.clip(input, -_SETTLED, _SETTLED)
    if approximate == "tanh":
        t = xp.tanh(_gelu_inner(input))
        inner = sqrt(2 / pi) * (1 + 3 * 0.044715 * (input * input))
        return g * (0.5 * (1 + t) + 0.5 * input * (1 - t * t) * inner)
    below = 0.5 * (1 + xp.erf(input * sqrt(0.5)))
    return g * (below + input * xp.exp(input * input * -0.5) * (1 / sqrt(2 * pi)))


gelu.vjp(input=_gelu_rule)
