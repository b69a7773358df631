"""Batches whose images, and labels, are mixtures of two."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from flambeau import nn
from flambeau.nn import functional as F
from flambeau.tensor.api import torch
from flambeau.tensor.tensor import Tensor
from flambeau.vision.transforms.chance import shares


class _Mix(nn.Module):
    """What `MixUp` and `CutMix` share: finding images and labels, and mixing the labels.

    Each sample is mixed with the one before it, the first with the last: shuffle the batch.
    """

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        num_classes: int | None = None,
        labels_getter: Callable[[Any], Any] | str = "default",
    ) -> None:
        super().__init__()
        if alpha <= 0:
            raise ValueError(f"alpha should be positive. Got {alpha}")
        if labels_getter != "default" and not callable(labels_getter):
            raise ValueError(
                f"labels_getter should either be 'default' or a callable, but got {labels_getter}."
            )
        self.alpha = float(alpha)
        self.num_classes = num_classes
        self.labels_getter = labels_getter

    def mixed(self, images: Any) -> tuple[Any, float]:
        """The images mixed, and the share that each keeps of itself."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it mixes")

    def forward(self, *inputs: Any) -> Any:
        sample = inputs if len(inputs) > 1 else inputs[0]
        getter = self.labels_getter
        labels = getter(sample) if callable(getter) else _find_labels(sample)
        self._check_labels(labels)
        images = _first_tensor(sample, labels)
        _check_images(images, labels)
        soft = self._soft(labels)
        mixed, kept = self.mixed(images)
        soft = kept * soft + (1.0 - kept) * soft.roll(1, 0)
        return _replaced(sample, {id(images): mixed, id(labels): soft})

    def _soft(self, labels: Any) -> Any:
        """One row of probabilities a label."""
        if labels.ndim == 1:
            if self.num_classes is None:
                raise ValueError("num_classes must be passed if the labels are index-based (1D)")
            labels = F.one_hot(labels, num_classes=self.num_classes)
        return labels if labels.is_floating_point() else labels.to(torch.get_default_dtype())

    def _check_labels(self, labels: Any) -> None:
        if not isinstance(labels, Tensor):
            raise ValueError(f"The labels must be a tensor, but got {type(labels)} instead.")
        if labels.ndim not in (1, 2):
            raise ValueError(
                "labels should be index based with shape (batch_size,) or probability based with "
                f"shape (batch_size, num_classes), but got a tensor of shape {tuple(labels.shape)} "
                "instead."
            )
        if labels.ndim == 2 and self.num_classes not in (None, labels.shape[1]):
            raise ValueError(
                "When passing 2D labels, the number of elements in last dimension must match "
                f"num_classes: {labels.shape[1]} != {self.num_classes}. "
                "You can leave num_classes to None."
            )

    def extra_repr(self) -> str:
        known = [] if self.num_classes is None else [f"num_classes={self.num_classes}"]
        return ", ".join([f"alpha={self.alpha}", *known])


class MixUp(_Mix):
    """Each image and label blended with its neighbour's, x and x': y = k x + (1 - k) x'.

    k ~ Beta(alpha, alpha), one a batch. Zhang et al., "mixup: Beyond Empirical Risk Minimization",
    2018. Works on whole batches, after the loader or in its ``collate_fn``; `nn.CrossEntropyLoss`
    takes the soft labels.

    Shape:  images float (N, C, H, W), labels int (N) or probabilities (N, num_classes)
            -> the same images, labels float (N, num_classes)
    Args:   alpha: small for slight mixtures. Default 1: every share alike. num_classes: needed for
            labels as numbers. labels_getter: finds the labels in another kind of sample. Default:
            the second of a pair, or the entry "labels" of a dictionary.
    Raises: ValueError for images or labels of other shapes.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> images, labels = torch.rand(4, 3, 8, 8), torch.tensor([0, 1, 2, 1])
    >>> images, labels = transforms.MixUp(num_classes=3)(images, labels)
    >>> images.shape, labels.shape
    (torch.Size([4, 3, 8, 8]), torch.Size([4, 3]))
    """

    def mixed(self, images: Any) -> tuple[Any, float]:
        kept = shares([self.alpha, self.alpha])[0]
        return kept * images + (1.0 - kept) * images.roll(1, 0), kept


class CutMix(_Mix):
    """A rectangle of each image comes from its neighbour, the labels mixed by area.

    Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable
    Features", 2019. Its place is random, its area 1 - k of the image, k ~ Beta(alpha, alpha),
    less what lies beyond the border. Works on whole batches as `MixUp` does.

    Shape:  images (N, C, H, W), labels int (N) or probabilities (N, num_classes)
            -> the same images, labels float (N, num_classes)
    Args:   alpha, num_classes, labels_getter: those of `MixUp`.
    Raises: ValueError for images or labels of other shapes.

    >>> import flambeau as torch
    >>> from flambeau.vision import transforms
    >>> images = torch.arange(2.0).view(2, 1, 1, 1).expand(2, 1, 8, 8)
    >>> images, labels = transforms.CutMix(num_classes=2)(images, torch.tensor([0, 1]))
    >>> torch.allclose(images.mean((1, 2, 3)), labels[:, 1])
    True
    """

    def mixed(self, images: Any) -> tuple[Any, float]:
        height, width = images.shape[-2:]
        left, top, right, bottom = self.get_params(self.alpha, height, width)
        mixed = images.clone()
        mixed[..., top:bottom, left:right] = images.roll(1, 0)[..., top:bottom, left:right]
        return mixed, 1.0 - (right - left) * (bottom - top) / (width * height)

    @staticmethod
    def get_params(alpha: float, height: int, width: int) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of the rectangle."""
        half = 0.5 * math.sqrt(1.0 - shares([alpha, alpha])[0])
        x, y = int(torch.randint(width, (1,))), int(torch.randint(height, (1,)))
        half_width, half_height = int(half * width), int(half * height)
        return (
            max(x - half_width, 0),
            max(y - half_height, 0),
            min(x + half_width, width),
            min(y + half_height, height),
        )


def _find_labels(sample: Any) -> Any:
    """The second of a pair, or what a dictionary (the sample or its second part) calls labels."""
    part = sample[1] if isinstance(sample, (tuple, list)) and len(sample) > 1 else sample
    if isinstance(part, Tensor) and part is not sample:
        return part
    if not isinstance(part, Mapping):
        raise ValueError(
            "When using the default labels_getter, the input passed to forward must be a "
            "dictionary or a two-tuple whose second item is a dictionary or a tensor, but got "
            f"{type(part).__name__} instead."
        )
    like = [key for key in part if "label" in key.lower()]
    exact = [key for key in like if key.lower() == "labels"]
    if not like:
        raise ValueError(
            f"Could not infer where the labels are in the sample, its keys are {list(part)}. "
            "Try passing a callable as the labels_getter parameter."
        )
    return part[(exact or like)[0]]


def _first_tensor(sample: Any, labels: Any) -> Any:
    """The images: the first tensor that is not the labels."""
    if isinstance(sample, Tensor):
        return None if sample is labels else sample
    parts = sample.values() if isinstance(sample, Mapping) else sample
    if isinstance(sample, (tuple, list, Mapping)):
        for part in parts:
            found = _first_tensor(part, labels)
            if found is not None:
                return found
    return None


def _check_images(images: Any, labels: Any) -> None:
    if images is None:
        raise ValueError(
            "there is no tensor of images beside the labels: mix batches of tensors, not Pillow "
            "images, for instance in the collate_fn of a DataLoader"
        )
    if images.ndim != 4:
        raise ValueError(
            f"Expected a batched input with 4 dims, but got {images.ndim} dimensions instead."
        )
    if images.shape[0] != labels.shape[0]:
        raise ValueError(
            "The batch size of the image or video does not match the batch size of the labels: "
            f"{images.shape[0]} != {labels.shape[0]}."
        )


def _replaced(sample: Any, new: dict[int, Any]) -> Any:
    """The sample with some of its tensors exchanged."""
    if isinstance(sample, Mapping):
        return {key: _replaced(part, new) for key, part in sample.items()}
    if isinstance(sample, (tuple, list)):
        parts = [_replaced(part, new) for part in sample]
        return type(sample)(*parts) if hasattr(sample, "_fields") else type(sample)(parts)
    return new.get(id(sample), sample)
