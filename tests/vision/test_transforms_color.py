"""Colours, tones, blur and erasing: equal to torchvision's on the same images, under one stream."""

from __future__ import annotations

import numpy as np
import pytest

import flambeau as torch
from flambeau.vision import transforms
from flambeau.vision.transforms import functional

from .borrow import Borrowed, distance, theirs
from .oracle import torchvision

Image = pytest.importorskip("PIL.Image", reason="Pillow makes the images")
oracle = torchvision.transforms.functional

FUNCTIONS = [
    ("adjust_brightness", (0.4,)),
    ("adjust_brightness", (1.7,)),
    ("adjust_contrast", (0.0,)),
    ("adjust_contrast", (1.6,)),
    ("adjust_saturation", (0.3,)),
    ("adjust_saturation", (2.5,)),
    ("adjust_hue", (-0.4,)),
    ("adjust_hue", (0.0,)),
    ("adjust_hue", (0.17,)),
    ("adjust_gamma", (0.5, 1.2)),
    ("adjust_gamma", (2.2,)),
    ("adjust_sharpness", (0.0,)),
    ("adjust_sharpness", (2.0,)),
    ("rgb_to_grayscale", ()),
    ("rgb_to_grayscale", (3,)),
    ("invert", ()),
    ("posterize", (3,)),
    ("posterize", (8,)),
    ("solarize", (0.5,)),
    ("solarize", (0,)),
    ("autocontrast", ()),
    ("equalize", ()),
    ("gaussian_blur", (3,)),
    ("gaussian_blur", ([5, 3], [0.4, 2.0])),
]


def pixels(channels: int = 3, *leading: int) -> np.ndarray:
    """Noise in part of the range, a grey patch, an even patch, in red also black and white."""
    random = np.random.default_rng(channels)
    image = random.integers(40, 200, (*leading, channels, 19, 24)).astype(np.uint8)
    image[..., :4, :4] = image[..., :1, :4, :4]
    image[..., 12:, 16:] = 77
    image[..., 0, -1, :2] = 0
    image[..., 0, -1, 2:4] = 255
    return image


def picture(mode: str = "RGB"):
    return Image.fromarray(pixels().transpose(1, 2, 0)).convert(mode)


@pytest.mark.parametrize("name, args", FUNCTIONS)
@pytest.mark.parametrize("kind", ["uint8", "float32", "grey", "batch", "RGB", "L"])
def test_functions(name, args, kind):
    ours, his = getattr(functional, name), getattr(oracle, name)
    if kind in ("RGB", "L"):
        args = (128,) if name == "solarize" else args
        assert distance(ours(picture(kind), *args), his(picture(kind), *args)) <= (
            1 if name == "gaussian_blur" else 0
        )
        return
    image = pixels({"grey": 1}.get(kind, 3), *((2,) if kind == "batch" else ()))
    if kind == "float32":
        if name in ("posterize", "equalize"):
            with pytest.raises(TypeError, match=r"Only torch\.uint8 image tensors are supported"):
                ours(torch.rand(3, 4, 4), *args)
            return
        image = (image / 255).astype(np.float32)
    elif name == "solarize":
        args = (128,)
    if name == "rgb_to_grayscale" and kind == "grey":
        args = ()  # three channels of one: the oracle gives one, ours three
    before = image.copy()
    got = ours(torch.from_numpy(image), *args)
    wanted = his(theirs(torch.from_numpy(before)), *args)
    assert distance(got, wanted) <= (1e-5 if kind == "float32" else 1)
    assert np.array_equal(image, before)


@pytest.mark.parametrize("name, args", FUNCTIONS)
def test_more_leading_dimensions(name, args):
    """(A, B, C, H, W) is image by image what (C, H, W) is."""
    many = torch.from_numpy(pixels(3, 2, 2))
    many[1, 1] //= 2
    got = getattr(functional, name)(many, *args)
    for a in range(2):
        for b in range(2):
            assert torch.equal(got[a, b], getattr(functional, name)(many[a, b], *args))


def test_types_and_single_planes():
    for dtype in ("int16", "int32", "float64"):
        image = torch.from_numpy(pixels().astype(dtype))
        for name in ("invert", "autocontrast", "adjust_contrast", "gaussian_blur"):
            args = {"adjust_contrast": (0.5,), "gaussian_blur": (3,)}.get(name, ())
            got = getattr(functional, name)(image, *args)
            wanted = getattr(oracle, name)(theirs(image), *args)
            bound = torch.iinfo(image.dtype).max if "int" in dtype else 1
            assert distance(got, wanted) <= 1e-6 * bound + 1e-5
    plane = torch.rand(5, 6)
    assert (
        distance(
            functional.adjust_brightness(plane, 0.5), oracle.adjust_brightness(theirs(plane), 0.5)
        )
        < 1e-6
    )
    assert functional.adjust_contrast(plane, 0.5).shape == plane.shape


def test_colours_have_gradients():
    for name, args in FUNCTIONS:
        if name in ("posterize", "equalize"):
            continue
        image = (torch.rand(3, 5, 6) * 0.8 + 0.1).requires_grad_()
        getattr(functional, name)(image, *args).sum().backward()
        assert image.grad.isfinite().all()


def test_plain_images():
    """Images of one level, of few pixels, of one channel."""
    even = torch.full((3, 6, 6), 9, dtype=torch.uint8)
    for name in ("autocontrast", "equalize"):
        assert torch.equal(getattr(functional, name)(even), even)
    tiny = torch.rand(3, 2, 9)
    assert functional.adjust_sharpness(tiny, 2.0) is tiny
    assert not functional.posterize(even, 0).any()
    grey = torch.rand(1, 4, 4)
    assert torch.equal(functional.rgb_to_grayscale(grey, 3), torch.cat([grey] * 3))
    assert functional.adjust_hue(grey, 0.3) is grey


@pytest.mark.parametrize("mode", ["L", "P", "RGB", "RGBA", "CMYK"])
def test_grey_pictures(mode):
    for channels in (1, 3):
        got = functional.to_grayscale(picture(mode), channels)
        assert distance(got, oracle.to_grayscale(picture(mode), channels)) == 0


REFUSED = [
    (ValueError, "brightness_factor .* is not non-negative", "adjust_brightness", (-1.0,)),
    (ValueError, "contrast_factor .* is not non-negative", "adjust_contrast", (-1.0,)),
    (ValueError, "saturation_factor .* is not non-negative", "adjust_saturation", (-1.0,)),
    (ValueError, "sharpness_factor .* is not non-negative", "adjust_sharpness", (-1.0,)),
    (ValueError, r"hue_factor .* is not in \[-0.5, 0.5\]", "adjust_hue", (0.6,)),
    (ValueError, "Gamma should be a non-negative real number", "adjust_gamma", (-1.0,)),
    (ValueError, "num_output_channels should be either 1 or 3", "rgb_to_grayscale", (2,)),
    (ValueError, "The number if bits should be between 0 and 8", "posterize", (9,)),
    (TypeError, "Threshold should be less than bound of img", "solarize", (256,)),
    (TypeError, "Input should be PIL Image", "to_grayscale", ()),
    (TypeError, "kernel_size should be int or a sequence", "gaussian_blur", ("3",)),
    (ValueError, "If kernel_size is a sequence its length should be 2", "gaussian_blur", ([3],)),
    (ValueError, "kernel_size should have odd and positive", "gaussian_blur", ([3, 4],)),
    (TypeError, "sigma should be either float or sequence", "gaussian_blur", (3, "1")),
    (ValueError, "If sigma is a sequence, its length", "gaussian_blur", (3, [1.0, 1.0, 1.0])),
    (ValueError, "sigma should have positive values", "gaussian_blur", (3, 0.0)),
]


@pytest.mark.parametrize("error, message, name, args", REFUSED)
def test_functions_refuse_as_the_oracle_does(error, message, name, args):
    image = torch.from_numpy(pixels())
    with pytest.raises(error, match=message):
        getattr(functional, name)(image, *args)
    with pytest.raises(error, match=message):
        getattr(oracle, name)(theirs(image), *args)


def test_functions_refuse_other_things():
    for name, args in FUNCTIONS:
        with pytest.raises(TypeError, match="img should be PIL Image"):
            getattr(functional, name)([1, 2], *args)
        if name != "gaussian_blur":
            with pytest.raises(TypeError, match=r"permitted channel values are .*found 2"):
                getattr(functional, name)(torch.zeros(2, 5, 5, dtype=torch.uint8), *args)
    with pytest.raises(TypeError, match="at least 3 dimensions, but found 2"):
        functional.invert(torch.zeros(5, 5))


CLASSES = [
    ("ColorJitter", {}),
    ("ColorJitter", {"brightness": 0.4, "contrast": (0.2, 0.9), "saturation": 2, "hue": 0.3}),
    ("Grayscale", {}),
    ("Grayscale", {"num_output_channels": 3}),
    ("RandomGrayscale", {"p": 0.5}),
    ("RandomInvert", {}),
    ("RandomPosterize", {"bits": 3}),
    ("RandomSolarize", {"threshold": 100}),
    ("RandomAdjustSharpness", {"sharpness_factor": 2}),
    ("RandomAutocontrast", {}),
    ("RandomEqualize", {}),
    ("GaussianBlur", {"kernel_size": 3}),
    ("GaussianBlur", {"kernel_size": (3, 5), "sigma": (0.5, 0.7)}),
    ("GaussianBlur", {"kernel_size": [3], "sigma": 2}),
    ("RandomErasing", {}),
    ("RandomErasing", {"p": 1, "value": (1, 2, 3), "scale": (0.1, 0.2), "ratio": (1, 1)}),
    ("RandomErasing", {"p": 1, "value": "random", "ratio": [0.1, 0.2]}),
]


@pytest.mark.parametrize("name, options", CLASSES)
@pytest.mark.parametrize("kind", ["tensor", "image"])
def test_classes_draw_and_change_as_the_oracle(name, options, kind, monkeypatch):
    """Both take their random numbers from one stream, in the same order."""
    monkeypatch.setattr(torchvision.transforms.transforms, "torch", Borrowed())
    ours = getattr(transforms, name)(**options)
    his = getattr(torchvision.transforms, name)(**options)
    assert repr(ours) == repr(his)
    if kind == "image" and name == "RandomErasing":
        with pytest.raises(TypeError, match="put ToTensor"):
            ours(picture())
        return
    image = torch.from_numpy(pixels()) if kind == "tensor" else picture()
    outcomes = set()
    for seed in range(12):
        torch.manual_seed(seed)
        got = ours(image)
        torch.manual_seed(seed)
        wanted = his(theirs(image))
        assert distance(got, wanted) <= (5 if name == "ColorJitter" else 1)
        outcomes.add(np.asarray(got if kind == "image" else got.numpy()).tobytes())
    chance = len(options) != 0 or name.startswith("Random")
    assert len(outcomes) >= (
        2 if chance and name != "Grayscale" and options.get("sigma") != 2 else 1
    )


@pytest.mark.parametrize("name, options", CLASSES)
def test_whole_sets_draw_for_each_image(name, options):
    transform = getattr(transforms, name)(**options)
    images = torch.from_numpy(pixels(3, 6))
    torch.manual_seed(3)
    got = transform.batch(images)
    torch.manual_seed(3)
    wanted = torch.stack([transform(image) for image in images])
    assert torch.equal(got, wanted)


REFUSED_OPTIONS = [
    (ValueError, "If brightness is a single number", "ColorJitter", {"brightness": -1}),
    (TypeError, "contrast should be a single number", "ColorJitter", {"contrast": (1, 2, 3)}),
    (ValueError, "saturation values should be between", "ColorJitter", {"saturation": (2, 1)}),
    (ValueError, "hue values should be between", "ColorJitter", {"hue": 0.6}),
    (ValueError, "Kernel size value should be an odd", "GaussianBlur", {"kernel_size": 4}),
    (ValueError, "Kernel size should be a tuple", "GaussianBlur", {"kernel_size": (3, 3, 3)}),
    (ValueError, "it must be positive", "GaussianBlur", {"kernel_size": 3, "sigma": 0}),
    (ValueError, "should be positive and of", "GaussianBlur", {"kernel_size": 3, "sigma": (2, 1)}),
    (ValueError, "sigma should be a single", "GaussianBlur", {"kernel_size": 3, "sigma": (2,)}),
    (TypeError, "value should be either", "RandomErasing", {"value": {}}),
    (ValueError, "it should be 'random'", "RandomErasing", {"value": "noise"}),
    (TypeError, "Scale should be a sequence", "RandomErasing", {"scale": 1}),
    (TypeError, "Ratio should be a sequence", "RandomErasing", {"ratio": 1}),
    (ValueError, "Scale should be between 0 and 1", "RandomErasing", {"scale": (0, 2)}),
    (ValueError, "probability should be between 0 and 1", "RandomErasing", {"p": 2}),
]


@pytest.mark.parametrize("error, message, name, options", REFUSED_OPTIONS)
def test_classes_refuse_as_the_oracle_does(error, message, name, options):
    for module in (transforms, torchvision.transforms):
        with pytest.raises(error, match=message):
            getattr(module, name)(**options)


def test_attributes_of_jitter():
    ours = transforms.ColorJitter(0.5, (1, 1), 2, (-0.1, 0.2))
    his = torchvision.transforms.ColorJitter(0.5, (1, 1), 2, (-0.1, 0.2))
    for name in ("brightness", "contrast", "saturation", "hue"):
        assert getattr(ours, name) == getattr(his, name)
    torch.manual_seed(0)
    for _ in range(20):
        order, b, c, s, h = ours.get_params(ours.brightness, ours.contrast, None, ours.hue)
        assert sorted(order.tolist()) == [0, 1, 2, 3] and c is None and s is None
        assert 0.5 <= b <= 1.5 and -0.1 <= h <= 0.2


def test_probabilities():
    torch.manual_seed(0)
    images = torch.zeros(400, 1, 2, 2)
    for p in (0.0, 0.25, 1.0):
        share = transforms.RandomInvert(p).batch(images)[:, 0, 0, 0].mean().item()
        assert abs(share - p) < 0.07


def test_erasing():
    image = torch.zeros(3, 10, 12)
    erase = transforms.RandomErasing(p=1.0, value=1, inplace=True)
    assert erase(image) is image and 0 < image.sum() < image.numel()
    with pytest.raises(ValueError, match=r"either a single value or 3 \(number of input"):
        transforms.RandomErasing(p=1.0, value=(1, 2))(image)
    with pytest.warns(UserWarning, match="Scale and ratio should be of kind"):
        transforms.RandomErasing(scale=(0.3, 0.1))
    large = transforms.RandomErasing(p=1.0, scale=(1.0, 1.0), ratio=(1.0, 1.0), value=5)
    assert torch.equal(large(image), image)  # nothing smaller than the image fits
    sizes = set()
    for _ in range(50):
        i, j, h, w, v = transforms.RandomErasing.get_params(image, (0.1, 0.3), (0.5, 2.0), [7.0])
        assert 0 <= i <= 10 - h and 0 <= j <= 12 - w and v.shape == (1, 1, 1)
        assert 0.05 <= h * w / 120 <= 0.4 and 0.3 <= h / w <= 3
        sizes.add((h, w))
    assert len(sizes) > 5
    with pytest.raises(TypeError, match="img should be Tensor Image"):
        functional.erase(picture(), 0, 0, 1, 1, 0)
