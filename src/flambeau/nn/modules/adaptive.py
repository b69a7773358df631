"""A softmax over very many classes that spends little on the rare ones."""

from __future__ import annotations

from collections import namedtuple
from itertools import pairwise

from flambeau.nn.module import Module
from flambeau.tensor.api import F, torch

from .container import ModuleList, Sequential
from .linear import Linear

__all__ = ["AdaptiveLogSoftmaxWithLoss"]

_ASMoutput = namedtuple("_ASMoutput", ["output", "loss"])


class AdaptiveLogSoftmaxWithLoss(Module):
    """Log-softmax whose classes, ordered by frequency, lie in a head and clusters of narrower
    layers.

    Shape:  x (N, in_features) or (in_features), target (N) or () -> (log-probability of each
            target, mean loss)
    Args:   cutoffs: first class of each cluster; those below the first are in the head.
            div_value: how much narrower each cluster is than the one before. Default 4.
            head_bias: whether the head has a bias.
    Raises: ValueError for cutoffs that do not ascend within the classes; RuntimeError for other
            targets.

    >>> import flambeau as torch
    >>> m = torch.nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5, 10], div_value=2.0)
    >>> output, loss = m(torch.randn(3, 8), torch.tensor([0, 7, 19]))
    >>> output.shape, loss.shape
    (torch.Size([3]), torch.Size([]))
    """

    def __init__(
        self,
        in_features,
        n_classes,
        cutoffs,
        div_value=4.0,
        head_bias=False,
        device=None,
        dtype=None,
    ):
        factory = {"device": device, "dtype": dtype}
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        ascend = all(a < b for a, b in pairwise(cutoffs))
        whole = all(int(c) == c for c in cutoffs)
        if not (ascend and whole and cutoffs[0] > 0 and cutoffs[-1] <= n_classes - 1):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing "
                "order, where each value is between 1 and n_classes-1"
            )
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = [*cutoffs, n_classes]
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = cutoffs[0]
        self.n_clusters = len(cutoffs)
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, bias=head_bias, **factory)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            width = int(in_features // div_value ** (i + 1))
            size = self.cutoffs[i + 1] - self.cutoffs[i]
            down = Linear(in_features, width, bias=False, **factory)
            self.tail.append(Sequential(down, Linear(width, size, bias=False, **factory)))

    def reset_parameters(self) -> None:
        """Draw new weights."""
        self.head.reset_parameters()
        for down, up in self.tail:
            down.reset_parameters()
            up.reset_parameters()

    def forward(self, input_, target_):
        _check(input_, target_)
        batched = target_.dim() > 0
        input = input_ if batched else input_.unsqueeze(0)
        target = target_ if batched else target_.unsqueeze(0)
        low, high = int(target.min()), int(target.max())
        if low < 0 or high >= self.n_classes:
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{low}, {high}] were found. "
            )
        head = F.log_softmax(self.head(input), 1)
        entry = target  # the target's column in the head: its own, or its cluster's
        output = input.new_zeros(target.shape[0])
        for i, cluster in enumerate(self.tail):
            inside = (target >= self.cutoffs[i]) & (target < self.cutoffs[i + 1])
            rows = inside.nonzero().squeeze(1)
            if rows.numel() == 0:
                continue
            entry = entry.masked_fill(inside, self.shortlist_size + i)
            logs = F.log_softmax(cluster(input.index_select(0, rows)), 1)
            own = (target.index_select(0, rows) - self.cutoffs[i]).unsqueeze(1)
            output = output.index_add(0, rows, logs.gather(1, own).squeeze(1))
        output = output + head.gather(1, entry.unsqueeze(1)).squeeze(1)
        loss = (-output).mean()
        return _ASMoutput(output if batched else output.squeeze(0), loss)

    def log_prob(self, input):
        """The log-probabilities of all classes, (N, n_classes)."""
        head = F.log_softmax(self.head(input), 1)
        short = self.shortlist_size
        parts = [head[:, :short]]
        for i, cluster in enumerate(self.tail):
            parts.append(F.log_softmax(cluster(input), 1) + head[:, short + i].unsqueeze(1))
        return torch.cat(parts, 1)

    def predict(self, input):
        """The most probable class of each sample, (N,)."""
        best = torch.argmax(self.head(input), 1)
        rare = best >= self.shortlist_size
        if not rare.any():
            return best
        # Where the head points to a cluster, every class competes.
        return torch.where(rare, torch.argmax(self.log_prob(input), 1), best)


def _check(input, target) -> None:
    if target.dim() == 1:
        if input.shape[0] != target.shape[0]:
            raise RuntimeError("Input and target should have the same size in the batch dimension.")
        if input.dim() != 2:
            raise RuntimeError(
                "1D target tensor expects 2D input tensors, but found inputs with size "
                f"{input.shape}"
            )
    elif target.dim() == 0:
        if input.dim() != 1:
            raise RuntimeError(
                "0D target tensor expects 1D input tensors, but found inputs with size "
                f"{input.shape}"
            )
    else:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
