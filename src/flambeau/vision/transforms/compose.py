"""Several transforms as one: in a row, or chosen by chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flambeau import nn
from flambeau.tensor.api import torch
from flambeau.vision.transforms.base import Transform
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
        return f"{type(self).__name__}({_lines(self.transforms)}\n)"


class Lambda:
    """A function of one's own as a transform.

    Args:   lambd: takes an image, returns an image. To reach the workers of a loader that are
            started afresh (``spawn``) it must be a named function of a module.
    Raises: TypeError unless it can be called.

    >>> from flambeau.vision import transforms
    >>> transforms.Lambda(lambda x: x + 1)(2)
    3
    """

    def __init__(self, lambd: Callable[[Any], Any]) -> None:
        if not callable(lambd):
            raise TypeError(
                f"Argument lambd should be callable, got {type(lambd).__name__!r}: "
                "give a function of one image"
            )
        self.lambd = lambd

    def __call__(self, img: Any) -> Any:
        return self.lambd(img)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class RandomTransforms(Transform):
    """What transforms that choose from a list share: `drawn` says which, in what order.

    Args:   transforms: the sequence, or `nn.ModuleList`, to choose from.
    Raises: TypeError unless given one.
    """

    def __init__(self, transforms: Sequence[Callable[..., Any]]) -> None:
        super().__init__()
        if not isinstance(transforms, (Sequence, nn.ModuleList, nn.Sequential)):
            raise TypeError(
                f"Argument transforms should be a sequence, got {type(transforms).__name__}"
            )
        self.transforms = transforms

    def drawn(self) -> Sequence[Callable[..., Any]]:
        """The transforms for one image."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it chooses")

    def forward(self, img: Any) -> Any:
        return Compose(self.drawn())(img)

    def batch(self, images: Any) -> Any:
        """The same on a whole set (N, C, H, W), drawing for each image."""
        return torch.cat([Compose(self.drawn()).batch(image.unsqueeze(0)) for image in images])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({_lines(self.transforms)}\n)"


class RandomApply(RandomTransforms):
    """All of the transforms with probability p, none of them otherwise.

    Args:   transforms: a sequence or `nn.ModuleList`. p: Default 0.5.
    Raises: TypeError unless given one.

    >>> from flambeau.vision import transforms
    >>> transforms.RandomApply([transforms.Lambda(lambda x: -x)], p=1.0)(3)
    -3
    """

    def __init__(self, transforms: Sequence[Callable[..., Any]], p: float = 0.5) -> None:
        super().__init__(transforms)
        self.p = p

    def drawn(self) -> Sequence[Callable[..., Any]]:
        """The transforms for one image: all or none."""
        return () if self.p < torch.rand(1) else self.transforms

    def __repr__(self) -> str:
        return f"{type(self).__name__}(\n    p={self.p}{_lines(self.transforms)}\n)"


class RandomOrder(RandomTransforms):
    """All of the transforms, in an order drawn anew for every image.

    Args:   transforms: a sequence.
    Raises: TypeError unless given a sequence.

    >>> from flambeau.vision import transforms
    >>> transforms.RandomOrder([transforms.Lambda(abs), transforms.Lambda(float)])(-3)
    3.0
    """

    def drawn(self) -> Sequence[Callable[..., Any]]:
        """The transforms for one image, shuffled."""
        return [self.transforms[i] for i in torch.randperm(len(self.transforms)).tolist()]


class RandomChoice(RandomTransforms):
    """One of the transforms, drawn anew for every image (or batch, if it takes batches).

    Args:   transforms: a sequence. p: weights >= 0, which need not sum to 1. Default: all alike.
    Raises: TypeError unless both are sequences; ValueError unless each transform has one weight.

    >>> from flambeau.vision import transforms
    >>> transforms.RandomChoice([abs, float], p=[1, 0])(-3)
    3
    """

    def __init__(
        self, transforms: Sequence[Callable[..., Any]], p: Sequence[float] | None = None
    ) -> None:
        super().__init__(transforms)
        if p is not None and not isinstance(p, Sequence):
            raise TypeError(f"Argument p should be a sequence, got {type(p).__name__}")
        if not transforms:
            raise ValueError("RandomChoice chooses one transform: pass at least one")
        if p is not None and len(p) != len(transforms):
            raise ValueError(
                f"p has {len(p)} weights, and there are {len(transforms)} transforms: "
                "give each transform one weight"
            )
        self.p = p

    def drawn(self) -> Sequence[Callable[..., Any]]:
        """The one transform for one image."""
        weights = [1.0] * len(self.transforms) if self.p is None else list(self.p)
        return [self.transforms[int(torch.multinomial(torch.tensor(weights).double(), 1))]]

    def forward(self, *args: Any) -> Any:
        (transform,) = self.drawn()
        return transform(*args)

    def __repr__(self) -> str:
        return f"{super().__repr__()}(p={self.p})"


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


def _lines(transforms: Any) -> str:
    return "".join(f"\n    {transform}" for transform in transforms)
