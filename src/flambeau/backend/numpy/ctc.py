"""Connectionist temporal classification: the recursion over time, for all samples and states at
once.

State s of a sample walks through blank, label 1, blank, label 2, ..., blank. ``alpha`` are log
probabilities of all ways to reach a state, ``beta`` of all ways to finish from it (Graves et al.,
2006).
"""

from __future__ import annotations

import numpy as np


def ctc_states(targets, target_lengths, blank):
    """(labels (N, 2 S + 1), whether a state may be entered from two states before)."""
    n, longest = targets.shape
    labels = np.full((n, 2 * longest + 1), blank, np.int64)
    labels[:, 1::2] = targets
    skips = np.zeros(labels.shape, bool)
    skips[:, 2:] = (labels[:, 2:] != blank) & (labels[:, 2:] != labels[:, :-2])
    return labels, skips


def ctc_alpha(log_probs, labels, skips, input_lengths, target_lengths):
    """(minus log likelihood (N), alpha (T, N, states)) of log_probs (T, N, C)."""
    steps, n, _ = log_probs.shape
    emitted = np.take_along_axis(log_probs, np.broadcast_to(labels, (steps, *labels.shape)), 2)
    alpha = np.full(emitted.shape, -np.inf, log_probs.dtype)
    last = 2 * target_lengths
    states = labels.shape[1]
    if steps:
        alpha[0, :, 0] = emitted[0, :, 0]
        if states > 1:
            alpha[0, :, 1] = np.where(target_lengths > 0, emitted[0, :, 1], -np.inf)
    for t in range(1, steps):
        stay = alpha[t - 1].copy()
        total = stay
        total[:, 1:] = np.logaddexp(total[:, 1:], alpha[t - 1, :, :-1])
        skipped = np.where(skips[:, 2:], alpha[t - 1, :, :-2], -np.inf)
        total[:, 2:] = np.logaddexp(total[:, 2:], skipped)
        alpha[t] = total + emitted[t]
    rows = np.arange(n)
    final = alpha[input_lengths - 1, rows] if steps else np.full((n, states), -np.inf)
    ends = final[rows, last]
    before = np.where(last > 0, final[rows, np.maximum(last - 1, 0)], -np.inf)
    loss = -np.logaddexp(ends, before)
    # Without time, only the empty target can be read.
    loss = np.where(input_lengths == 0, np.where(target_lengths == 0, 0, np.inf), loss)
    return loss.astype(log_probs.dtype), alpha


def ctc_gradient(g, log_probs, labels, skips, input_lengths, target_lengths, loss, alpha):
    """The cotangent of log_probs: minus the probability that each class was emitted at each time,
    as PyTorch defines it.
    """
    steps, n, classes = log_probs.shape
    emitted = np.take_along_axis(log_probs, np.broadcast_to(labels, (steps, *labels.shape)), 2)
    rows = np.arange(n)
    state = np.arange(labels.shape[1])
    last = 2 * target_lengths
    ending = (state == last[:, None]) | (state == last[:, None] - 1)
    finish = np.where(ending, 0, -np.inf)
    beta = np.full(labels.shape, -np.inf)
    gradient = np.exp(log_probs)
    for t in range(steps - 1, -1, -1):
        total = beta.copy()
        total[:, :-1] = np.logaddexp(total[:, :-1], beta[:, 1:])
        skipped = np.where(skips[:, 2:], beta[:, 2:], -np.inf)
        total[:, :-2] = np.logaddexp(total[:, :-2], skipped)
        start = (input_lengths - 1 == t)[:, None]
        beta = np.where(start, finish, total) + emitted[t]
        beta = np.where((input_lengths > t)[:, None], beta, -np.inf)
        occupied = np.exp(alpha[t] + beta - emitted[t] + loss[:, None])
        occupied = np.where(np.isfinite(alpha[t]) & np.isfinite(beta), occupied, 0)
        flat = np.bincount(
            (rows[:, None] * classes + labels).ravel(), occupied.ravel(), n * classes
        )
        gradient[t] -= flat.reshape(n, classes)
    reached = np.arange(steps)[:, None] < input_lengths
    return np.where(reached[:, :, None], gradient * g[:, None], 0).astype(log_probs.dtype)
