"""Sequences of different lengths as one tensor: padded, or packed step by step."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from flambeau.core import dtypes
from flambeau.tensor.api import F, torch
from flambeau.tensor.tensor import Tensor

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


class _PackedSequence(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None
    unsorted_indices: Tensor | None


class PackedSequence(_PackedSequence):
    """The steps of several sequences, longest first: all first steps, then all second ones, ...

    Made by ``pack_sequence`` or ``pack_padded_sequence``; taken and returned by RNN, LSTM and GRU.

    Attributes: data (sum of lengths, *), batch_sizes (longest,): how many sequences have that step,
        sorted_indices: the sequences in the order of their lengths, unsorted_indices: its inverse
        (or None).
    """

    def __new__(cls, data, batch_sizes=None, sorted_indices=None, unsorted_indices=None):
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        if batch_sizes is None:
            if not (isinstance(data, (list, tuple)) and len(data) == 2):
                raise AssertionError("Expected data to be a list or tuple of length 2")
            data, batch_sizes = data
        elif batch_sizes.device.type != "cpu":
            raise ValueError(
                "batch_sizes should always be on CPU. Instances of PackedSequence should never be "
                "created manually. They should be instantiated by functions like pack_sequence and "
                "pack_padded_sequences in nn.utils.rnn."
            )
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args, **kwargs):
        """The same with ``data.to(...)``."""
        data = self.data.to(*args, **kwargs)
        if data is self.data:
            return self
        order = (self.sorted_indices, self.unsorted_indices)
        moved = (None if t is None else t.to(data.device) for t in order)
        return type(self)(data, self.batch_sizes, *moved)

    def cpu(self):
        """The same on the CPU."""
        return self.to("cpu")

    def cuda(self, device="cuda"):
        """The same on a GPU; raises DeviceError where there is none."""
        return self.to(device)

    def double(self):
        """The same in float64."""
        return self.to(dtypes.float64)

    def float(self):
        """The same in float32."""
        return self.to(dtypes.float32)

    def half(self):
        """The same in float16."""
        return self.to(dtypes.float16)

    def long(self):
        """The same in int64."""
        return self.to(dtypes.int64)

    def int(self):
        """The same in int32."""
        return self.to(dtypes.int32)

    @property
    def is_cuda(self) -> bool:
        """Whether the data is on a GPU."""
        return self.data.device.type == "cuda"


def invert_permutation(permutation):
    """The permutation that undoes ``permutation``; None for None."""
    if permutation is None:
        return None
    return torch.argsort(permutation)


def _steps(lengths, total: int):
    """mask[t, b]: whether sequence b has a step t."""
    return torch.arange(total).unsqueeze(1) < lengths.unsqueeze(0)


def pack_padded_sequence(input, lengths, batch_first: bool = False, enforce_sorted: bool = True):
    """Pack padded sequences: T x B x * (B x T x * if ``batch_first``) with the length of each.

    Args:   enforce_sorted: the lengths must descend; with False they are sorted here. Default True.
    Raises: RuntimeError for lengths that are not positive, do not descend, or are not one a
            sequence.

    >>> import flambeau as torch
    >>> from flambeau.nn.utils.rnn import pack_padded_sequence
    >>> packed = pack_padded_sequence(torch.tensor([[1, 2, 0], [3, 4, 5]]), [2, 3], True, False)
    >>> packed.data, packed.batch_sizes
    (tensor([3, 1, 4, 2, 5]), tensor([2, 2, 1]))
    """
    lengths = torch.as_tensor(lengths, dtype=dtypes.int64)
    order = None
    if not enforce_sorted:
        lengths, order = torch.sort(lengths, descending=True)
        input = input.index_select(0 if batch_first else 1, order)
    steps = input.transpose(0, 1) if batch_first else input
    _check_lengths(lengths.tolist(), steps.shape[1])
    longest = int(lengths[0])
    mask = _steps(lengths, longest)
    return PackedSequence(steps[:longest][mask], mask.sum(1), order, None)


def _check_lengths(lengths: list[int], batch: int) -> None:
    if len(lengths) != batch:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(lengths)} "
            f"(batch_size={batch})"
        )
    if any(longer < shorter for longer, shorter in pairwise(lengths)):
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You "
            "can pass `enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to "
            "sidestep this requirement if you do not need ONNX exportability."
        )
    if lengths[-1] <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' "
            "that is <= 0"
        )


def pad_packed_sequence(
    sequence, batch_first: bool = False, padding_value: float = 0.0, total_length=None
):
    """Undo ``pack_padded_sequence``: the padded tensor and the length of each sequence.

    Args:   total_length: pad to this length instead of the longest sequence's.
    Raises: ValueError if total_length is shorter than that.
    """
    batch_sizes = sequence.batch_sizes
    longest = batch_sizes.shape[0]
    total = longest if total_length is None else total_length
    if total < longest:
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, but "
            f"got total_length={total_length} and max sequence length being {longest}"
        )
    batch = int(batch_sizes[0])
    lengths = (batch_sizes.unsqueeze(1) > torch.arange(batch).unsqueeze(0)).sum(0)
    data = sequence.data
    padded = data.new_full((total, batch, *data.shape[1:]), padding_value)
    padded[_steps(lengths, total)] = data
    if batch_first:
        padded = padded.transpose(0, 1)
    if sequence.unsorted_indices is not None:
        order = sequence.unsorted_indices
        return padded.index_select(0 if batch_first else 1, order), lengths[order]
    return padded, lengths


def pad_sequence(
    sequences, batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
):
    """Stack tensors (length, *) of different lengths, filling the shorter with ``padding_value``.

    Shape:  -> (longest, B, *), or (B, longest, *) if ``batch_first``
    Args:   padding_side: "right" or "left".

    >>> import flambeau as torch
    >>> from flambeau.nn.utils.rnn import pad_sequence
    >>> pad_sequence([torch.tensor([1, 2]), torch.tensor([3])], batch_first=True)
    tensor([[1, 2],
            [3, 0]])
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            "pad_sequence: Expected iterable for input sequences, but got arg of type: "
            f"{type(sequences)}"
        )
    sequences = tuple(sequences)
    if not sequences:
        raise RuntimeError("received an empty list of sequences")
    if padding_side not in ("left", "right"):
        raise RuntimeError(
            f"Expected padding_side to be one of left or right, but got {padding_side}."
        )
    longest = max(s.shape[0] for s in sequences)
    padded = []
    for s in sequences:
        missing = longest - s.shape[0]
        sides = (0, missing) if padding_side == "right" else (missing, 0)
        inner = (0, 0) * (s.dim() - 1)
        padded.append(F.pad(s, (*inner, *sides), value=padding_value) if missing else s)
    return torch.stack(padded, 0 if batch_first else 1)


def unpad_sequence(padded_sequences, lengths, batch_first: bool = False) -> list[Tensor]:
    """Undo ``pad_sequence``: a list of tensors with the given lengths."""
    if not batch_first:
        padded_sequences = padded_sequences.transpose(0, 1)
    pairs = zip(padded_sequences, lengths.tolist(), strict=True)
    return [sequence[:length] for sequence, length in pairs]


def pack_sequence(sequences, enforce_sorted: bool = True):
    """Pack a list of tensors (length, *), longest first unless ``enforce_sorted`` is False."""
    lengths = torch.as_tensor([s.shape[0] for s in sequences])
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences) -> list[Tensor]:
    """Undo ``pack_sequence``."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
