"""Several transforms as one: in a row, or chosen by chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flambeau.vision.transforms.convert import ToTensor


class Compose:
    """Several transforms, one after the other.

    >>> from flambeau.vision import transforms
    >>> transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
    Compose(
        ToTensor()
        Normalize(mean=(0.1307,), std=(0.3081,))
    )
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        for transform in self.transforms:
            img = transform(img)
        return img

    def batch(self, images: Any) -> Any:
        """The same on a whole set (N, C, H, W)."""
        for transform in self.transforms:
            images = _batch_form(transform)(images)
        return images

    def __repr__(self) -> str:
        lines = "".join(f"\n    {transform}" for transform in self.transforms)
        return f"{type(self).__name__}({lines}\n)"


def whole_set(pixels: Any, transform: Callable[[Any], Any] | None) -> Any:
    """A whole set of pixels (N, C, H, W) uint8 as the transform would give it image by image.

    Without a transform: as `ToTensor` gives it.
    """
    return _batch_form(transform or ToTensor())(pixels)


def _batch_form(transform: Callable[[Any], Any]) -> Callable[[Any], Any]:
    form = getattr(transform, "batch", None)
    if form is None:
        raise TypeError(
            f"{transform!r} works image by image, has no form for whole sets (a method `batch`): "
            "read the data set through a DataLoader instead of tensors()"
        )
    return form
