"""The transforms under the names that newer programs import, and the few that only they have.

They take one image, as the classic ones do; boxes, masks and videos have no transforms here.
"""

from flambeau.vision.transforms import *  # noqa: F403
from flambeau.vision.transforms import __all__ as _classic
from flambeau.vision.transforms.v2 import functional
from flambeau.vision.transforms.v2.convert import RGB, Identity, ToDtype, ToImage, ToPureTensor

__all__ = [*_classic, "Identity", "RGB", "ToDtype", "ToImage", "ToPureTensor"]
