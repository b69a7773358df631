"""Transforms: values, printed forms and refusals, those of torchvision."""

from __future__ import annotations

import numpy as np
import pytest

import flambeau as torch
from flambeau.vision import transforms
from flambeau.vision.transforms import functional


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


# Against the oracle ---

MODES = ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I", "I;16", "F"]
CONVERSIONS = [
    ("uint8", ["uint8", "int16", "int32", "int64", "float32", "float64", "float16"]),
    ("int16", ["uint8", "int16", "int32", "int64", "float32", "float64"]),
    ("int32", ["uint8", "int8", "int16", "int64", "float32", "float64"]),
    ("int64", ["uint8", "int32", "float64"]),
    ("int8", ["uint8", "int16", "float32"]),
    ("float32", ["uint8", "int8", "int16", "float64", "float16"]),
    ("float64", ["uint8", "int16", "int32", "float32"]),
]


def picture(mode):
    from PIL import Image

    from .pictures import image

    if mode == "I;16":  # no other mode converts to it
        return Image.fromarray(np.arange(88, dtype=np.uint16).reshape(8, 11))
    return image(mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", ["to_tensor", "pil_to_tensor"])
def test_images_to_tensors(mode, name):
    from .oracle import torchvision
    from .pictures import check_same

    ours = getattr(functional, name)(picture(mode))
    wanted = getattr(torchvision.transforms.functional, name)(picture(mode))
    check_same(ours, wanted)
    assert str(ours.dtype) == str(wanted.dtype) and ours.is_contiguous()


@pytest.mark.parametrize("source, targets", CONVERSIONS)
def test_convert_image_dtype(source, targets):
    from .oracle import torch as torch_
    from .oracle import torchvision

    largest = np.iinfo(source).max if "int" in source else 1
    pixels = np.linspace(0, 1, 40) * (1 if "float" in source else largest)
    # Doubles round the largest int64 up, beyond it.
    pixels = pixels[:-1].astype(source).reshape(1, 13, 3)
    for target in targets:
        ours = functional.convert_image_dtype(torch.from_numpy(pixels), getattr(torch, target))
        wanted = torchvision.transforms.functional.convert_image_dtype(
            torch_.from_numpy(pixels), getattr(torch_, target)
        )
        assert str(ours.dtype) == str(wanted.dtype)
        assert np.allclose(ours.numpy(), wanted.numpy(), atol=1e-6, rtol=1e-6)
        transform = transforms.ConvertImageDtype(getattr(torch, target))
        assert torch.equal(transform(torch.from_numpy(pixels)), ours)


@pytest.mark.parametrize(
    "source, target", [("float32", "int32"), ("float32", "int64"), ("float64", "int64")]
)
def test_conversions_that_would_overflow_are_refused(source, target):
    x = torch.zeros(1, 2, 2, dtype=getattr(torch, source))
    with pytest.raises(RuntimeError, match=f"torch.{source} to torch.{target} cannot be performed"):
        functional.convert_image_dtype(x, getattr(torch, target))


@pytest.mark.parametrize(
    "channels, dtype, modes",
    [
        (1, "uint8", [None, "L"]),
        (1, "int16", [None, "I;16"]),
        (1, "int32", [None, "I"]),
        (1, "float32", [None, "L", "F"]),
        (2, "uint8", [None, "LA"]),
        (3, "uint8", [None, "RGB", "YCbCr", "HSV"]),
        (3, "float32", [None, "RGB"]),
        (4, "uint8", [None, "RGBA", "CMYK", "RGBX"]),
    ],
)
def test_to_pil_image(channels, dtype, modes):
    from .oracle import torch as torch_
    from .oracle import torchvision
    from .pictures import array, check_same_image

    pixels = array((channels, 5, 7), dtype)
    for mode in modes:
        wanted = torchvision.transforms.functional.to_pil_image(torch_.from_numpy(pixels), mode)
        check_same_image(functional.to_pil_image(torch.from_numpy(pixels), mode), wanted)
        check_same_image(transforms.ToPILImage(mode)(pixels.transpose(1, 2, 0)), wanted)
    if channels == 1:
        check_same_image(
            functional.to_pil_image(pixels[0]),
            torchvision.transforms.functional.to_pil_image(pixels[0]),
        )


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I", "F"])
def test_to_a_tensor_and_back(mode):
    from .pictures import check_same_image

    original = picture(mode)
    check_same_image(transforms.ToPILImage(mode)(transforms.PILToTensor()(original)), original)


@pytest.mark.parametrize(
    "error, call, message",
    [
        (TypeError, lambda: functional.to_pil_image([1]), "pic should be Tensor or ndarray"),
        (ValueError, lambda: functional.to_pil_image(np.zeros(3)), "Got 1 dimensions"),
        (ValueError, lambda: functional.to_pil_image(torch.zeros(5, 2, 2)), "Got 5 channels"),
        (TypeError, lambda: functional.to_pil_image(np.zeros((2, 2), np.int64)), "int64"),
        (TypeError, lambda: functional.to_pil_image(np.zeros((2, 2, 3), np.int32)), "int32"),
        (ValueError, lambda: functional.to_pil_image(np.zeros((2, 2)), "RGB"), "Incorrect mode"),
        (ValueError, lambda: functional.to_pil_image(np.zeros((2, 2, 3)), "L"), "Only modes"),
        (TypeError, lambda: functional.pil_to_tensor(np.zeros((2, 2))), "should be PIL Image"),
        (TypeError, lambda: functional.convert_image_dtype(np.zeros(2)), "Tensor Image"),
    ],
)
def test_conversions_refuse(error, call, message):
    with pytest.raises(error, match=message):
        call()


def test_conversions_of_whole_sets():
    x = torch.arange(24, dtype=torch.uint8).view(2, 1, 3, 4)
    assert transforms.PILToTensor().batch(x) is x
    chain = transforms.Compose([transforms.ConvertImageDtype(torch.float32)])
    assert torch.equal(chain.batch(x), transforms.ToTensor().batch(x))


@pytest.mark.parametrize(
    "make",
    [
        lambda t, _: t.PILToTensor(),
        lambda t, _: t.ToPILImage(),
        lambda t, _: t.ToPILImage("RGB"),
        lambda t, torch: t.ConvertImageDtype(torch.float32),
    ],
)
def test_conversions_print_as_the_oracle(make):
    from .oracle import torch as torch_
    from .oracle import torchvision

    assert repr(make(transforms, torch)) == repr(make(torchvision.transforms, torch_))
