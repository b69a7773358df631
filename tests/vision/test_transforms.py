"""Transforms: values, printed forms and refusals, those of torchvision."""

from __future__ import annotations

import numpy as np
import pytest

import flambeau as torch
from flambeau.vision import transforms


def test_to_tensor_of_arrays():
    grey = np.arange(6, dtype=np.uint8).reshape(2, 3)
    tensor = transforms.ToTensor()(grey)
    assert tensor.shape == (1, 2, 3) and tensor.dtype == torch.float32
    assert np.allclose(tensor.numpy()[0], grey / 255)
    colour = np.random.default_rng(0).random((4, 5, 3))
    tensor = transforms.ToTensor()(colour)
    assert tensor.shape == (3, 4, 5) and tensor.dtype == torch.float64
    assert np.array_equal(tensor.numpy(), colour.transpose(2, 0, 1))
    tensor.zero_()
    assert colour.any()  # a copy


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "I", "F", "CMYK"])
def test_to_tensor_of_images(mode):
    image = pytest.importorskip("PIL.Image", reason="Pillow makes the images")
    pixels = np.random.default_rng(0).integers(0, 256, (5, 4, 3), np.uint8)
    picture = image.fromarray(pixels).convert(mode)
    tensor = transforms.ToTensor()(picture)
    assert tensor.shape == (len(picture.getbands()), 5, 4)
    scale = {"I": 1, "F": 1, "1": 1}.get(mode, 255)
    values = np.asarray(picture).reshape(5, 4, -1).transpose(2, 0, 1) / scale
    assert np.allclose(tensor.numpy(), values)
    assert tensor.dtype == (torch.int32 if mode == "I" else torch.float32)


def test_to_tensor_refuses():
    with pytest.raises(TypeError, match="pic should be PIL Image or ndarray"):
        transforms.ToTensor()([1, 2])
    with pytest.raises(ValueError, match=r"pic should be 2/3 dimensional\. Got 1 dimensions"):
        transforms.ToTensor()(np.zeros(3))


def test_normalize():
    x = torch.rand(2, 3, 4, 5)
    kept = x.clone()
    normalize = transforms.Normalize((0.1, 0.2, 0.3), (1.0, 2.0, 4.0))
    y = normalize(x)
    assert torch.equal(x, kept)
    for channel, (mean, std) in enumerate(((0.1, 1.0), (0.2, 2.0), (0.3, 4.0))):
        assert np.allclose(y[:, channel].numpy(), (x[:, channel].numpy() - mean) / std, atol=1e-6)
    assert transforms.Normalize((0.1,), (2.0,), inplace=True)(x) is x


def test_normalize_refuses():
    normalize = transforms.Normalize((0.1,), (1.0,))
    with pytest.raises(TypeError, match="Input tensor should be a float tensor"):
        normalize(torch.zeros(1, 2, 2, dtype=torch.uint8))
    with pytest.raises(TypeError, match="img should be Tensor Image"):
        normalize(np.zeros((1, 2, 2)))
    with pytest.raises(ValueError, match="Expected tensor to be a tensor image"):
        normalize(torch.zeros(2, 2))
    with pytest.raises(ValueError, match="std evaluated to zero"):
        transforms.Normalize((0.1,), (0.0,))(torch.zeros(1, 2, 2))


def test_repr():
    assert repr(transforms.ToTensor()) == "ToTensor()"
    normalize = transforms.Normalize((0.5,), [0.25])
    assert repr(normalize) == "Normalize(mean=(0.5,), std=[0.25])"
    composed = transforms.Compose([transforms.ToTensor(), normalize])
    assert repr(composed) == "Compose(\n    ToTensor()\n    Normalize(mean=(0.5,), std=[0.25])\n)"
