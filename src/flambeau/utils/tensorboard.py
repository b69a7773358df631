"""PyTorch's ``torch.utils.tensorboard``."""

from flambeau.viz.tensorboard import SummaryWriter

__all__ = ["SummaryWriter"]
