"""``torch.utils.data``: data sets, samplers and loaders."""

from flambeau.data import *  # noqa: F403
from flambeau.data import __all__ as __all__

from . import dataloader, dataset, distributed, sampler
