"""Distances and similarities between vectors."""

from __future__ import annotations

from flambeau.nn.module import Module
from flambeau.tensor.api import F

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class PairwiseDistance(Module):
    """The p-norm of the difference of two vectors, y = ||x1 - x2 + eps||_p over the last dimension.

    >>> import flambeau as torch
    >>> torch.nn.PairwiseDistance(eps=0)(torch.tensor([[0., 0.]]), torch.tensor([[3., 4.]]))
    tensor([5.])
    """

    __constants__ = ["norm", "eps", "keepdim"]

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False):
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1, x2):
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineSimilarity(Module):
    """The cosine of the angle between two vectors, x1 . x2 / max(|x1| |x2|, eps) along ``dim``.

    >>> import flambeau as torch
    >>> torch.nn.CosineSimilarity(dim=0)(torch.tensor([1., 0.]), torch.tensor([3., 0.]))
    tensor(1.)
    """

    __constants__ = ["dim", "eps"]

    def __init__(self, dim: int = 1, eps: float = 1e-8):
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1, x2):
        return F.cosine_similarity(x1, x2, self.dim, self.eps)
