"""``torch.utils.checkpoint``."""

from flambeau.autograd.checkpoint import checkpoint, checkpoint_sequential

__all__ = ["checkpoint", "checkpoint_sequential"]
