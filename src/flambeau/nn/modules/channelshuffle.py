"""Mixing channels of different groups."""

from __future__ import annotations

from flambeau.nn.module import Module
from flambeau.tensor.api import F

__all__ = ["ChannelShuffle"]


class ChannelShuffle(Module):
    """Deals the channels out anew, one of each group in turn.

    Shape:  x (N, C, *) -> y the same; ``groups`` divides C

    >>> import flambeau as torch
    >>> torch.nn.ChannelShuffle(2)(torch.arange(4.).reshape(1, 4, 1, 1)).flatten()
    tensor([0., 2., 1., 3.])
    """

    __constants__ = ["groups"]

    def __init__(self, groups: int):
        super().__init__()
        self.groups = groups

    def forward(self, input):
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"
