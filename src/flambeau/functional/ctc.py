"""The loss for sequences whose alignment is unknown."""

from __future__ import annotations

from flambeau.core.errors import ArgumentError, DTypeError, ShapeError
from flambeau.tensor.api import export, torch
from flambeau.tensor.namespace import xp


@export("F")
def ctc_loss(
    log_probs,
    targets,
    input_lengths,
    target_lengths,
    blank=0,
    reduction="mean",
    zero_infinity=False,
):
    """Minus the log probability that a sequence of class scores spells the target, summed over all
    alignments.

    Shape:  log_probs (T, N, C) or (T, C), log_softmax'ed; targets (N, S) or all targets one after
            the other; lengths (N), tensors or tuples -> (), or (N) for reduction 'none'
    Args:   blank: the class that spells nothing. 'mean' first divides each loss by its target's
            length. zero_infinity: what cannot be spelled (too short an input) gives 0 instead of
            infinity.
    Raises: RuntimeError if lengths or classes do not fit.

    >>> import flambeau as torch
    >>> log_probs = torch.full((2, 1, 2), 0.5).log()
    >>> torch.nn.functional.ctc_loss(log_probs, torch.tensor([[1]]), (2,), (1,))
    tensor(0.2877)
    """
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    if not log_probs.dtype.is_floating_point:
        raise DTypeError(f"ctc_loss: log_probs must be floating point, not {log_probs.dtype}")
    batched = log_probs.ndim == 3
    if not batched:
        log_probs = log_probs.unsqueeze(1)
    steps, n, classes = log_probs.shape
    if not 0 <= blank < classes:
        raise ArgumentError("blank must be in label range")
    inputs, lengths = _lengths(input_lengths, n, "input"), _lengths(target_lengths, n, "target")
    if n and int(inputs.max()) > steps:
        raise ArgumentError(
            f"Expected input_lengths to have value at most {steps}, but got value "
            f"{int(inputs.max())}"
        )
    table = _table(targets, lengths, n, blank)
    loss = xp.ctc_nll(
        log_probs, table, inputs, lengths, blank=blank, zero_infinity=bool(zero_infinity)
    )[0]
    if zero_infinity:
        loss = torch.where(torch.isinf(loss), torch.zeros_like(loss), loss)
    if reduction == "mean":
        return (loss / lengths.clamp(min=1).to(loss.dtype)).mean()
    if reduction == "sum":
        return loss.sum()
    return loss if batched else loss.squeeze(0)


@export("torch", name="ctc_loss")
def _ctc_loss(
    log_probs, targets, input_lengths, target_lengths, blank=0, reduction=1, zero_infinity=False
):
    """See ``torch.nn.functional.ctc_loss``; the reduction is a number here: 0 none, 1 mean, 2
    sum.
    """
    name = ("none", "mean", "sum")[reduction]
    return ctc_loss(log_probs, targets, input_lengths, target_lengths, blank, name, zero_infinity)


def _lengths(lengths, n, name):
    found = torch.as_tensor(lengths).reshape(-1).long()
    if found.numel() != n:
        raise ShapeError(
            f"{name}_lengths must be of size batch_size {n}, but has {found.numel()} elements"
        )
    return found


def _table(targets, lengths, n, blank):
    """The targets as (N, S), filled up with the blank."""
    longest = int(lengths.max()) if n else 0
    columns = torch.arange(longest).unsqueeze(0)
    present = columns < lengths.unsqueeze(1)
    if (targets.ndim == 2 and n != 1) or (targets.ndim == 2 and targets.shape[0] == n):
        if targets.shape[1] < longest:
            raise ShapeError(
                f"Expected tensor to have size at least {longest} at dimension 1, but got size "
                f"{targets.shape[1]} "
                "for argument targets"
            )
        found = targets[:, :longest].long()
    else:
        flat = targets.reshape(-1).long()
        if flat.numel() < int(lengths.sum()):
            raise ShapeError(
                f"target_lengths sum to {int(lengths.sum())}, but there are {flat.numel()} targets"
            )
        starts = lengths.cumsum(0) - lengths
        where = (starts.unsqueeze(1) + columns).masked_fill(~present, 0)
        found = flat[where] if longest else torch.zeros((n, 0), dtype=torch.int64)
    return found.masked_fill(~present, blank)
