"""What every data set of images is: samples, transforms, and how it prints itself."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from flambeau import data


class StandardTransform:
    """A transform for the image and one for the label, as one function of both.

    >>> from flambeau.vision.datasets.vision import StandardTransform
    >>> StandardTransform(str, lambda label: -label)(7, 1)
    ('7', -1)
    """

    def __init__(
        self,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
    ) -> None:
        self.transform = transform
        self.target_transform = target_transform

    def __call__(self, input: Any, target: Any) -> tuple[Any, Any]:
        if self.transform is not None:
            input = self.transform(input)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return input, target

    def __repr__(self) -> str:
        lines = [type(self).__name__]
        lines += _labelled("Transform: ", self.transform)
        lines += _labelled("Target transform: ", self.target_transform)
        return "\n".join(lines)


class VisionDataset(data.Dataset):
    """Base of the data sets here, and of users' own: brings the transforms and the printed form.

    A subclass defines `__getitem__` and `__len__`. Where it also has `classes`, `targets` and
    `_take`, `only` picks classes out of it.

    Args:
        root: folder of the files, or None for a set that needs none.
        transforms: called with an image and its label, gives both; or
        transform, target_transform: called with an image, with a label. Default: neither changes.
    Raises: ValueError when both kinds of transforms are given.
    """

    classes: list[str]
    class_to_idx: Any  # class names with their labels
    targets: Any  # the labels

    def __init__(
        self,
        root: str | Path | None = None,
        transforms: Callable[[Any, Any], Any] | None = None,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
    ) -> None:
        self.root: Any = os.path.expanduser(root) if isinstance(root, str) else root
        separate = transform is not None or target_transform is not None
        if transforms is not None and separate:
            raise ValueError(
                "Only transforms or transform/target_transform can be passed as argument"
            )
        self.transform = transform
        self.target_transform = target_transform
        self.transforms = StandardTransform(transform, target_transform) if separate else transforms

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def _transformed(self, image: Any, target: Any) -> tuple[Any, Any]:
        """Both through their transforms, which programs may have replaced meanwhile."""
        return StandardTransform(self.transform, self.target_transform)(image, target)

    def only(self, *classes: str) -> Any:
        """The samples of some classes as a data set of their own, labelled 0, 1, ... in this order.

        Args:   classes: names out of `self.classes`.
        Raises: ValueError for a class that is not there or is named twice.

        >>> from flambeau.vision import datasets
        >>> odd = datasets.Digits().only("7", "1")
        >>> odd.classes, odd.targets.unique(), len(odd)
        (['7', '1'], tensor([0, 1]), 307)
        """
        part = copy.copy(self)
        part._restrict(classes)
        return part

    def _restrict(self, classes: Sequence[str]) -> None:
        unknown = [name for name in classes if name not in self.class_to_idx]
        if unknown or not classes or len(set(classes)) < len(classes):
            raise ValueError(
                f"expected different classes out of {', '.join(self.classes)}; "
                f"got {', '.join(classes) or 'none'}"
            )
        position = {self.class_to_idx[name]: place for place, name in enumerate(classes)}
        labels = np.asarray([position.get(old, -1) for old in np.asarray(self._labels()).tolist()])
        keep = np.flatnonzero(labels >= 0)
        self.classes = list(classes)
        self._take(keep, labels[keep])

    def _labels(self) -> Any:
        """One label a sample."""
        return self.targets

    def _take(self, indices: np.ndarray, labels: np.ndarray) -> None:
        """Keep the samples of these indices, with these labels."""
        raise NotImplementedError(f"{type(self).__name__} cannot be restricted to some classes")

    def extra_repr(self) -> str:
        """Lines that a subclass adds to the printed form."""
        return ""

    def __repr__(self) -> str:
        lines = [f"Number of datapoints: {len(self)}"]
        if self.root is not None:
            lines.append(f"Root location: {self.root}")
        lines += self.extra_repr().splitlines()
        # One entry of several lines: only the first is indented, as users of torchvision know it.
        if self.transforms is not None:
            lines.append(repr(self.transforms))
        return "\n".join([f"Dataset {type(self).__name__}", *(f"    {line}" for line in lines)])


def _labelled(label: str, transform: object | None) -> list[str]:
    if transform is None:
        return []
    first, *rest = repr(transform).splitlines()
    return [label + first] + [" " * len(label) + line for line in rest]
