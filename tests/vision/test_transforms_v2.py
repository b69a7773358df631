"""The newer names: what they do, and that they are all there."""

from __future__ import annotations

import numpy as np
import pytest

import flambeau as torch
from flambeau.vision import transforms
from flambeau.vision.transforms import v2

from .oracle import torch as torch_
from .oracle import torchvision  # noqa: F401 (prepares the import below)
from .pictures import array, check_same, image

wanted_v2 = pytest.importorskip("torchvision.transforms.v2", reason="torchvision lacks v2")


def test_classic_names_are_there_too():
    for name in transforms.__all__:
        if name != "functional":
            assert getattr(v2, name) is getattr(transforms, name)
    assert v2.functional.resize is transforms.functional.resize
    assert v2.functional.horizontal_flip is transforms.functional.hflip


@pytest.mark.parametrize("kind", ["RGB", "L", "array", "grey array", "tensor", "grey tensor"])
def test_to_image(kind):
    ours = wanted = image(kind) if kind in ("RGB", "L") else array((5, 7, 3), "uint8")
    if kind.startswith("grey"):
        ours = wanted = ours[:, :, 0]
    if kind.endswith("tensor"):
        ours, wanted = torch.from_numpy(ours), torch_.from_numpy(wanted)
    check_same(v2.ToImage()(ours), wanted_v2.ToImage()(wanted))


@pytest.mark.parametrize("scale", [False, True])
def test_to_dtype(scale):
    for source, target in (("uint8", "float32"), ("float32", "uint8"), ("uint8", "int16")):
        pixels = array((3, 5, 7), source)
        ours = v2.ToDtype(getattr(torch, target), scale=scale)
        wanted = wanted_v2.ToDtype(getattr(torch_, target), scale=scale)
        assert repr(ours) == repr(wanted)
        check_same(ours(torch.from_numpy(pixels)), wanted(torch_.from_numpy(pixels)))


def test_rgb():
    for shape in ((1, 5, 7), (3, 5, 7), (2, 1, 4, 4)):
        pixels = array(shape, "uint8")
        check_same(v2.RGB()(torch.from_numpy(pixels)), wanted_v2.RGB()(torch_.from_numpy(pixels)))
    assert v2.RGB()(image("L")).mode == "RGB"


def test_the_chain_of_newer_programs():
    def chain(v2, torch):
        return v2.Compose(
            [
                v2.ToImage(),
                v2.Resize((6, 7)),
                v2.CenterCrop(5),
                v2.RandomHorizontalFlip(p=1.0),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]),
                v2.ToPureTensor(),
                v2.Identity(),
            ]
        )

    ours, wanted = chain(v2, torch)(image()), chain(wanted_v2, torch_)(image())
    assert np.abs(ours.numpy() - wanted.numpy()).max() < 1.01 / 255 / 0.224  # a grey level
    whole = torch.from_numpy(array((4, 3, 8, 11), "uint8"))
    batch = chain(v2, torch).batch(whole)
    assert torch.allclose(batch[2], chain(v2, torch)(whole[2]), atol=1e-6)


def test_what_is_no_picture_is_refused():
    with pytest.raises(TypeError, match="Input can either be a pure Tensor, a numpy array, or"):
        v2.ToImage()([1])
    with pytest.raises(TypeError, match=r"put ToImage\(\) before it"):
        v2.ToDtype(torch.float32)(image())
