"""``torch.utils.data.dataset``."""

from flambeau.data.dataset import *  # noqa: F403
from flambeau.data.dataset import __all__ as __all__
