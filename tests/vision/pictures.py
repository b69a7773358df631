"""Pictures for the tests of transforms, and what it means that two are the same."""

from __future__ import annotations

import numpy as np

import flambeau as torch

from .oracle import torch as torch_

# Batched or not, odd, one pixel, one row, one channel or none.
SHAPES = [
    (3, 13, 9),
    (1, 1, 1),
    (2, 1, 7),
    (3, 8, 1),
    (4, 16, 17),
    (2, 3, 6, 11),
]
TYPES = ["uint8", "float32", "float64", "int16"]


def array(shape: tuple[int, ...], dtype: str, seed: int = 0) -> np.ndarray:
    """Noise over the range of the type (of int16, over a part that float32 tells apart)."""
    generator = np.random.default_rng([seed, *shape])
    if dtype.startswith("float"):
        return generator.random(shape).astype(dtype)
    return generator.integers(0, 256 if dtype == "uint8" else 9000, shape).astype(dtype)


def pair(shape: tuple[int, ...], dtype: str, seed: int = 0):
    """The same noise as a tensor of ours and of the oracle."""
    pixels = array(shape, dtype, seed)
    return torch.from_numpy(pixels.copy()), torch_.from_numpy(pixels.copy())


def check_same(ours, wanted) -> None:
    """Same shape and type; floats equal to 1e-4, integers within one grey level."""
    assert tuple(ours.shape) == tuple(wanted.shape)
    assert str(ours.dtype).split(".")[1] == str(wanted.dtype).split(".")[1]
    a, b = ours.numpy(), wanted.numpy()
    tolerance = 1e-4 if a.dtype.kind == "f" else 1
    assert np.abs(a.astype(np.float64) - b.astype(np.float64)).max(initial=0) <= tolerance


def check_same_image(ours, wanted) -> None:
    """Pillow images that are equal in every pixel, mode and palette."""
    assert (ours.mode, ours.size) == (wanted.mode, wanted.size)
    assert np.array_equal(np.asarray(ours), np.asarray(wanted))
    assert ours.getpalette() == wanted.getpalette()


def image(mode: str = "RGB", size: tuple[int, int] = (11, 8), seed: int = 0):
    """A Pillow image of noise."""
    from PIL import Image

    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    return Image.fromarray(pixels).convert(mode)
