"""Connectionist temporal classification as a primitive: its derivative is a recursion of its
own.
"""

from __future__ import annotations

from .registry import STOPS, op


@op(node="CtcLoss")
def ctc_nll(xp, log_probs, targets, input_lengths, target_lengths, *, blank, zero_infinity):
    """(minus log likelihood (N), log probabilities of the states) of log_probs (T, N, C), targets
    (N, S).
    """
    labels, skips = xp.ctc_states(targets, target_lengths, blank)
    return xp.ctc_alpha(log_probs, labels, skips, input_lengths, target_lengths)


@op(node="CtcLossBackward")
def ctc_nll_grad(
    xp,
    grad,
    log_probs,
    targets,
    input_lengths,
    target_lengths,
    loss,
    alpha,
    *,
    blank,
    zero_infinity,
):
    """The cotangent of the log probabilities."""
    labels, skips = xp.ctc_states(targets, target_lengths, blank)
    gradient = xp.ctc_gradient(
        grad, log_probs, labels, skips, input_lengths, target_lengths, loss, alpha
    )
    reached = xp.arange(log_probs.shape[0])[:, None] < input_lengths
    gradient[reached & xp.isinf(loss)] = 0 if zero_infinity else xp.nan
    return gradient


def _rule(xp, g, y, log_probs, targets, input_lengths, target_lengths, blank, zero_infinity):
    return xp.ctc_nll_grad(
        g[0], log_probs, targets, input_lengths, target_lengths, y[0], y[1], blank=blank,
        zero_infinity=zero_infinity,
    )  # fmt: skip


ctc_nll.vjp(
    log_probs=_rule,
    targets=STOPS("class numbers"),
    input_lengths=STOPS("lengths"),
    target_lengths=STOPS("lengths"),
)
ctc_nll.shape(
    lambda log_probs, targets, input_lengths, target_lengths, **_params: (
        (log_probs[1],),
        (*log_probs[:2], 2 * targets[1] + 1),
    )
)
_NO_SECOND = STOPS("PyTorch has no second derivative of this loss either")
ctc_nll_grad.vjp(**dict.fromkeys(ctc_nll_grad.inputs, _NO_SECOND))
ctc_nll_grad.shape(lambda grad, log_probs, *_others, **_params: log_probs)
