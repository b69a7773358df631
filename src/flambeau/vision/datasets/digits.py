"""The digits that come with Flambeau: real, small, and there without a network.

The images are the 1,797 of "Optical Recognition of Handwritten Digits" (E. Alpaydin and C. Kaynak,
1998; UCI Machine Learning Repository, licence CC BY 4.0) that scikit-learn distributes as
`load_digits`: 8 x 8 pixels, each counting 0 to 16 dots of ink.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from flambeau.tensor.api import torch
from flambeau.vision.datasets.memory import ImageDataset

FILE = Path(__file__).with_name("digits.npz")
INK = 16  # the largest value of a pixel in the file
HELD_OUT = 5  # every fifth image is held out: each class and each writer is in both parts


class Digits(ImageDataset):
    """1,797 handwritten digits, 1,437 to train on and 360 held out; no network, no other package.

    Args:
        root: ignored; here so that all data sets are called alike.
        train: the training images (default) or those held out.
        transform, target_transform: called with an image, with a label.
        size: height and width to which the 8 x 8 pixels are brought (bilinear). Default 8.
        margin: empty pixels around the digit, within `size`. Default 0.

    `data` is a uint8 tensor (N, size, size), 0 paper to 255 ink; `targets` an int64 tensor (N).

    >>> from flambeau.vision import datasets
    >>> digits = datasets.Digits(train=False, size=28, margin=4)
    >>> len(digits), digits.data.shape, digits.targets[:5]
    (360, torch.Size([360, 28, 28]), tensor([0, 5, 0, 5, 0]))
    """

    classes = [str(digit) for digit in range(10)]

    def __init__(
        self,
        root: str | Path | None = None,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        size: int = 8,
        margin: int = 0,
    ) -> None:
        super().__init__(None, transform, target_transform)
        if margin < 0 or size - 2 * margin < 1:
            raise ValueError(
                f"no room for a digit: size {size} with a margin of {margin} all round"
            )
        self.train = train
        with np.load(FILE) as file:
            pixels, labels = file["images"], file["labels"]
        part = (np.arange(len(labels)) % HELD_OUT != 0) == train
        self.data = torch.from_numpy(_enlarge(pixels[part], size, margin))
        self.targets = torch.from_numpy(labels[part].astype(np.int64))

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"


def _enlarge(pixels: np.ndarray, size: int, margin: int) -> np.ndarray:
    """Images of 0..INK as uint8 of 0..255, `size` pixels wide and high."""
    weights = _bilinear(pixels.shape[-1], size - 2 * margin)
    # One small matrix from the left for the rows, the same from the right for the columns.
    larger = weights @ (pixels * (255 / INK)) @ weights.T
    rounded = np.rint(larger).astype(np.uint8)
    return np.pad(rounded, ((0, 0), (margin, margin), (margin, margin)))


def _bilinear(old: int, new: int) -> np.ndarray:
    """(new, old) matrix that samples `old` pixels at `new` places, pixel centres as points."""
    place = ((np.arange(new) + 0.5) * old / new - 0.5).clip(0, old - 1)
    left = np.floor(place).astype(int).clip(0, max(old - 2, 0))
    share = place - left
    weights = np.zeros((new, old))
    weights[np.arange(new), left] = 1 - share
    weights[np.arange(new), (left + 1).clip(0, old - 1)] += share
    return weights
