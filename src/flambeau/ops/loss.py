"""Losses with a derivative of their own; the others are written with these and plain arithmetic."""

from __future__ import annotations

from math import prod

from flambeau.core.errors import DimError

from .registry import POINTWISE, STOPS, broadcast_shape, op
from .softmax import log_softmax


def _nll_loss(xp, input, target, weight=None, *, ignore_index, reduction):
    """Minus the picked element: -weight[t] x[n, t]; linear in x, so its adjoint's adjoint is
    itself.
    """
    keep, safe, scale = _classes(xp, target, weight, input.shape[1], input.dtype, ignore_index)
    picked = xp.take_along_axis(input, safe[:, None], 1)[:, 0]
    loss = xp.where(keep, -picked * scale, xp.zeros((), input.dtype))
    if reduction == "none":
        return loss
    total = loss.sum()
    if reduction == "mean":
        total = total / scale.sum()
    return xp.asarray(total, dtype=input.dtype)


def _nll_rule(xp, g, target, weight, input_shape, ignore_index, reduction):
    return xp.nll_spread(
        g, target, weight, size=input_shape, ignore_index=ignore_index, reduction=reduction
    )


def _nll_shape(input, target, weight=None, *, ignore_index, reduction):
    return target if reduction == "none" else ()


def _named(name):
    def kernel(xp, input, target, weight=None, *, ignore_index, reduction):
        return _nll_loss(xp, input, target, weight, ignore_index=ignore_index, reduction=reduction)

    kernel.__name__ = name
    kernel.__doc__ = _nll_loss.__doc__
    return kernel


# One text under two names, because PyTorch's graphs name the two nodes differently.
picked_loss = op(node="NllLoss")(_named("picked_loss"))
picked_loss2d = op(node="NllLoss2D")(_named("picked_loss2d"))
for each in (picked_loss, picked_loss2d):
    each.vjp(
        input=_nll_rule,
        target=STOPS("class numbers"),
        weight=STOPS("PyTorch gives class weights no gradient"),
    )
    each.shape(_nll_shape)


@op(node="NllLossBackward")
def nll_spread(xp, grad, target, weight=None, *, size, ignore_index, reduction):
    """The adjoint of the loss: -weight[t] g at the position of each target class, zero
    elsewhere.
    """
    keep, safe, scale = _classes(xp, target, weight, size[1], grad.dtype, ignore_index)
    if reduction == "mean":
        grad = grad / scale.sum()
    spread = xp.zeros(size, grad.dtype)
    values = xp.where(keep, -grad * scale, xp.zeros((), grad.dtype))
    xp.put_along_axis(spread, safe[:, None], values[:, None], 1)
    return spread


nll_spread.vjp(
    grad=lambda xp, g, target, weight, ignore_index, reduction: xp.picked_loss(
        g, target, weight, ignore_index=ignore_index, reduction=reduction
    ),
    target=STOPS("class numbers"),
    weight=STOPS("PyTorch gives class weights no gradient"),
)


@nll_spread.shape
def _(grad, target, weight=None, *, size, **_params):
    return size


def _classes(xp, target, weight, classes, dtype, ignore_index):
    """(which targets count, their class or 0, the weight of each)."""
    keep = target != ignore_index
    safe = xp.where(keep, target, 0).astype(xp.int64)
    if safe.size and not 0 <= safe.min() <= safe.max() < classes:
        wrong = safe[(safe < 0) | (safe >= classes)].flat[0]
        raise DimError(
            f"Target {wrong} is out of bounds. There are {classes} classes (dim 1 of the input), "
            "numbered "
            f"0 to {classes - 1}: check the labels, or the size of the last layer"
        )
    scale = keep.astype(dtype) if weight is None else weight[safe] * keep
    return keep, safe, scale


@op(node="LogSoftmax")
def softmax_entropy(xp, input, target, weight=None, *, ignore_index, reduction):
    """The loss of the log-softmax of (N, C, *S), and its gradient: softmax minus 1 at the target.

    The gradient, of the sum where nothing is reduced, costs little while the exponentials are at
    hand; backward only multiplies it. ``entropy_loss`` gives the graph PyTorch's second node.
    """
    log_p = log_softmax.plain(xp, input, dim=1)
    picked = {"ignore_index": ignore_index, "reduction": reduction}
    loss = _nll_loss(xp, log_p, target, weight, **picked)
    one = xp.ones(loss.shape, input.dtype)
    spread = nll_spread.plain(xp, one, target, weight, size=input.shape, **picked)
    return loss, spread - xp.exp(log_p) * xp.sum(spread, axis=1, keepdims=True)


def _entropy_rule(xp, g, y1, target, weight, ignore_index, reduction):
    g_loss, g_slope = g
    gx = None
    if g_loss is not None:
        gx = y1 * (xp.expand_dims(g_loss, 1) if reduction == "none" else g_loss)
    if g_slope is not None:
        # Without the 1 at the target the slope is f softmax(x), f a factor of each row.
        spread = xp.nll_spread(
            xp.ones(target.shape if reduction == "none" else (), y1.dtype), target, weight,
            size=y1.shape, ignore_index=ignore_index, reduction=reduction,
        )  # fmt: skip
        scaled, factor = y1 - spread, xp.sum(spread, axis=1, keepdims=True)
        mean = xp.sum(scaled * g_slope, axis=1, keepdims=True) / xp.where(factor == 0, 1, -factor)
        more = scaled * (g_slope - mean)
        gx = more if gx is None else gx + more
    return gx


softmax_entropy.vjp(
    input=_entropy_rule,
    target=STOPS("class numbers"),
    weight=STOPS("PyTorch gives class weights no gradient"),
)


@softmax_entropy.shape
def _(input, target, weight=None, *, ignore_index, reduction):
    return (target if reduction == "none" else ()), input


def _entropy_loss(name):
    def kernel(xp, input):
        return input

    kernel.__name__ = name
    kernel.__doc__ = "What ``softmax_entropy`` gave: a node of its own, as in PyTorch's graphs."
    return kernel


entropy_loss = op(node="NllLoss")(_entropy_loss("entropy_loss"))
entropy_loss2d = op(node="NllLoss2D")(_entropy_loss("entropy_loss2d"))
for each in (entropy_loss, entropy_loss2d):
    each.vjp(input=lambda xp, g: g)
    each.shape(lambda input: input)


def _reduced(xp, loss, reduction):
    if reduction == "mean":
        loss = loss.mean()
    elif reduction == "sum":
        loss = loss.sum()
    return xp.asarray(loss)


def _share(g, shape, reduction):
    """The cotangent of each element's loss: of a mean, an equal part."""
    return g / max(1, prod(shape)) if reduction == "mean" else g


def _loss_shape(*shapes, reduction, **_params):
    each = broadcast_shape(*(s for s in shapes if s is not None))
    return each if reduction == "none" else ()


@op(dtype="same")
def mse_loss(xp, input, target, *, reduction):
    """Squared difference, its mean or sum."""
    difference = input - target
    return _reduced(xp, difference * difference, reduction)


def _mse_rule(xp, g, input, target, reduction):
    difference = input - target
    return difference * (2.0 * _share(g, difference.shape, reduction))


@op(dtype="same")
def smooth_l1_loss(xp, input, target, *, beta, reduction):
    """d^2 / (2 beta) for |d| < beta, else |d| - beta / 2, with d = input - target."""
    d = xp.abs(input - target)
    return _reduced(xp, xp.where(d < beta, (0.5 / beta) * d * d, d - 0.5 * beta), reduction)


def _smooth_l1_rule(xp, g, input, target, beta, reduction):
    d = input - target
    return _share(g, d.shape, reduction) * xp.clip(d / beta, -1.0, 1.0)


@op(dtype="same")
def huber_loss(xp, input, target, *, delta, reduction):
    """d^2 / 2 for |d| <= delta, else delta (|d| - delta / 2), with d = input - target."""
    d = xp.abs(input - target)
    return _reduced(xp, xp.where(d <= delta, 0.5 * d * d, delta * (d - 0.5 * delta)), reduction)


def _huber_rule(xp, g, input, target, delta, reduction):
    d = input - target
    return _share(g, d.shape, reduction) * xp.clip(d, -delta, delta)


# What depends on input - target has opposite derivatives with respect to the two.
mse_loss.vjp(
    input=_mse_rule,
    target=lambda xp, g, input, target, reduction: -_mse_rule(xp, g, input, target, reduction),
)
smooth_l1_loss.vjp(
    input=_smooth_l1_rule,
    target=lambda xp, g, input, target, beta, reduction: (
        -_smooth_l1_rule(xp, g, input, target, beta, reduction)
    ),
)
huber_loss.vjp(
    input=_huber_rule,
    target=lambda xp, g, input, target, delta, reduction: (
        -_huber_rule(xp, g, input, target, delta, reduction)
    ),
)
for each in (mse_loss, smooth_l1_loss, huber_loss):
    each.shape(_loss_shape)


@op(dtype="same", node="BinaryCrossEntropy")
def bce(xp, input, target, *, reduction):
    """-(t log x + (1 - t) log(1 - x)), the logarithms cut at -100."""
    loss = (target - 1) * xp.maximum(xp.log1p(-input), -100)
    return _reduced(xp, loss - target * xp.maximum(xp.log(input), -100), reduction)


def _bce_input(xp, g, input, target, reduction):
    slope = (input - target) / xp.maximum((1 - input) * input, 1e-12)
    return _share(g, slope.shape, reduction) * slope


def _bce_target(xp, g, input, target_shape, reduction):
    g = _share(g, broadcast_shape(input.shape, target_shape), reduction)
    return g * (xp.maximum(xp.log(1 - input), -100) - xp.maximum(xp.log(input), -100))


bce.vjp(input=_bce_input, target=_bce_target)
bce.shape(_loss_shape)


@op(dtype="same", node="BinaryCrossEntropyWithLogits")
def bce_with_logits(xp, input, target, pos_weight=None, *, reduction):
    """(1 - t) x + (1 + (pos_weight - 1) t) log(1 + exp(-x)), without overflow."""
    rest = xp.log1p(xp.exp(-xp.abs(input))) + xp.maximum(-input, 0)
    if pos_weight is not None:
        rest = (1 + (pos_weight - 1) * target) * rest
    return _reduced(xp, (1 - target) * input + rest, reduction)


def _logits_share(g, input, pos_weight, reduction):
    shape = () if pos_weight is None else pos_weight.shape
    return _share(g, broadcast_shape(input.shape, shape), reduction)


def _bce_logits_input(xp, g, input, target, pos_weight, reduction):
    g = _logits_share(g, input, pos_weight, reduction)
    s = xp.sigmoid(input)
    if pos_weight is None:
        return g * (s - target)
    return g * ((1 - target) - (1 + (pos_weight - 1) * target) * (1 - s))


def _bce_logits_target(xp, g, input, pos_weight, reduction):
    g = _logits_share(g, input, pos_weight, reduction)
    if pos_weight is None:
        return g * -input
    return g * (-input - (pos_weight - 1) * xp.logsigmoid(input))


def _bce_logits_weight(xp, g, input, target, pos_weight, reduction):
    return _logits_share(g, input, pos_weight, reduction) * target * -xp.logsigmoid(input)


bce_with_logits.vjp(
    input=_bce_logits_input, target=_bce_logits_target, pos_weight=_bce_logits_weight
)
bce_with_logits.shape(_loss_shape)


@op(kind=POINTWISE, dtype="same", node="KlDiv")
def kl_divergence(xp, input, target):
    """t (log t - x), 0 where t is 0."""
    return xp.where(
        target > 0, target * xp.log(target), xp.where(target == 0, 0, target * xp.nan)
    ) - (target * input)


kl_divergence.vjp(
    input=lambda xp, g, target: g * -target,
    target=lambda xp, g, input, target: xp.where(
        target > 0, g * (xp.log(xp.where(target > 0, target, xp.ones_like(target))) + 1 - input),
        -g * input,
    ),
)  # fmt: skip
