"""Tables of vectors: single rows, and bags of rows."""

from __future__ import annotations

from flambeau.core.errors import ArgumentError, DTypeError, ShapeError
from flambeau.tensor.api import F, export, torch
from flambeau.tensor.namespace import xp


@export("F")
def embedding(
    input,
    weight,
    padding_idx=None,
    max_norm=None,
    norm_type=2.0,
    scale_grad_by_freq=False,
    sparse=False,
):
    """The rows of a table: y[*] = weight[input[*]].

    Shape:  input (*) int64 or int32, weight (V, D) -> (*, D)
    Args:   padding_idx: a row that gets no gradient. max_norm: rows in use that are longer (in the
            norm_type-norm) are first shortened to it, in place. scale_grad_by_freq: divide a row's
            gradient by how often it occurs in the input. sparse: accepted; the gradient is dense
            all the same.
    Raises: IndexError for a row that does not exist; RuntimeError if input holds no integers.

    >>> import flambeau as torch
    >>> torch.nn.functional.embedding(torch.tensor([1, 0]), torch.tensor([[1., 2.], [3., 4.]]))
    tensor([[3., 4.],
            [1., 2.]])
    """
    _check_indices(input, "embedding")
    if weight.ndim != 2:
        raise ShapeError(f"'weight' must be 2-D, but it has shape {tuple(weight.shape)}")
    rows = weight.shape[0]
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise AssertionError("Padding_idx must be within num_embeddings")
        padding_idx %= rows
    if max_norm is not None:
        shorten_rows(weight, input, max_norm, norm_type)
    return xp.embedding_rows(
        weight, input, padding_idx=padding_idx, scale_grad_by_freq=bool(scale_grad_by_freq)
    )


@export("torch", name="embedding")
def _embedding(weight, indices, padding_idx=-1, scale_grad_by_freq=False, sparse=False):
    """See ``torch.nn.functional.embedding``; the arguments are in another order here."""
    padding_idx = None if padding_idx == -1 else padding_idx
    return F.embedding(indices, weight, padding_idx, scale_grad_by_freq=scale_grad_by_freq)


def _check_indices(input, name) -> None:
    if input.dtype.name not in ("int64", "int32"):
        raise DTypeError(
            f"{name}: Expected tensor for argument #1 'indices' to have one of the following "
            "scalar types: "
            f"Long, Int; but got {input.dtype} instead: row numbers are integers, use input.long()"
        )


def shorten_rows(weight, indices, max_norm, norm_type) -> None:
    """Scale the rows in use that are longer than ``max_norm`` down to it, in place and
    unrecorded.
    """
    table = weight.detach()
    used = torch.unique(indices.reshape(-1))
    rows = table[used]
    length = torch.norm(rows, norm_type, 1, keepdim=True)
    table[used] = torch.where(length > max_norm, rows * (max_norm / (length + 1e-7)), rows)


@export("F")
def embedding_bag(
    input,
    weight,
    offsets=None,
    max_norm=None,
    norm_type=2,
    scale_grad_by_freq=False,
    mode="mean",
    sparse=False,
    per_sample_weights=None,
    include_last_offset=False,
    padding_idx=None,
):
    """The sum, mean or largest of the rows in each bag of row numbers.

    Shape:  input (B, L), or (L) with offsets (B): where each bag starts; weight (V, D) -> (B, D)
    Args:   mode: 'sum', 'mean' or 'max'. per_sample_weights: a factor for each row number, for
            'sum'. include_last_offset: offsets also has the end of the last bag. padding_idx: a row
            number that counts for nothing. Others: ``embedding``.
    Raises: ValueError or RuntimeError if the arguments do not fit each other.

    >>> import flambeau as torch
    >>> weight = torch.tensor([[1., 2.], [3., 4.]])
    >>> rows, offsets = torch.tensor([0, 1, 1]), torch.tensor([0, 2])
    >>> torch.nn.functional.embedding_bag(rows, weight, offsets, mode='sum')
    tensor([[4., 6.],
            [3., 4.]])
    """
    _check_indices(input, "embedding_bag")
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if per_sample_weights is not None:
        if mode != "sum":
            raise NotImplementedError(
                "embedding_bag: per_sample_weights was not None. per_sample_weights is only "
                "supported for "
                f"mode='sum' (got mode='{mode}')."
            )
        if per_sample_weights.shape != input.shape:
            raise ValueError(
                f"embedding_bag: If per_sample_weights ({tuple(per_sample_weights.shape)}) is not "
                "None, then "
                f"it must have the same shape as the input ({tuple(input.shape)})"
            )
    if max_norm is not None:
        shorten_rows(weight, input, max_norm, norm_type)
    where, present = _bags(input, offsets, include_last_offset)
    if padding_idx is not None:
        present = present & (input.reshape(-1)[where] != padding_idx % weight.shape[0])
    rows = F.embedding(
        input.reshape(-1)[where], weight, padding_idx, scale_grad_by_freq=scale_grad_by_freq
    )
    mask = present.unsqueeze(-1)
    if mode == "max":
        top = rows.masked_fill(~mask, -float("inf")).amax(1)
        return torch.where(mask.any(1), top, torch.zeros_like(top))
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.reshape(-1)[where].unsqueeze(-1)
    total = rows.masked_fill(~mask, 0.0).sum(1)
    if mode == "sum":
        return total
    return total / present.sum(1, keepdim=True).clamp(min=1)


def _bags(input, offsets, include_last_offset):
    """(positions, present): the flat positions of each bag's members, as rectangles filled up with
    position 0.
    """
    if input.ndim == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch "
                "of fixed length sequences"
            )
        where = torch.arange(input.numel(), device=input.device).reshape(input.shape)
        return where, torch.ones_like(where, dtype=torch.bool)
    if input.ndim != 1:
        raise ValueError(
            f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.ndim}"
        )
    if offsets is None:
        raise ValueError("offsets has to be a 1D Tensor but got None")
    if offsets.ndim != 1:
        raise ValueError("offsets has to be a 1D Tensor")
    starts = [int(o) for o in offsets.tolist()]
    if starts and starts[0] != 0:
        raise ArgumentError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from "
            "position "
            f"0. However, got {starts[0]}"
        )
    if starts and max(starts) > input.numel():
        raise ArgumentError(
            f"offsets[-1] can not be greater than input's length {input.numel()} but got "
            f"{max(starts)}"
        )
    first = offsets.long()
    if include_last_offset:
        first, last = first[:-1], first[1:]
    else:
        last = torch.cat([first[1:], torch.tensor([input.numel()])])
    longest = int((last - first).max()) if first.numel() else 0
    where = first.unsqueeze(1) + torch.arange(longest)
    present = where < last.unsqueeze(1)
    return where.masked_fill(~present, 0), present
