"""``torch.utils.data.sampler``."""

from flambeau.data.sampler import *  # noqa: F403
from flambeau.data.sampler import __all__ as __all__
