"""``torch.utils.data``."""

from flambeau.data import *  # noqa: F403
from flambeau.data import __all__  # noqa: F401
