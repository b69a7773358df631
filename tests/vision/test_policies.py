"""AutoAugment and its kin: tables, single operations and whole classes equal to torchvision's."""

from __future__ import annotations

import numpy as np
import pytest

import flambeau as torch
from flambeau.vision import transforms
from flambeau.vision.transforms import operations

from .borrow import Borrowed, distance, theirs
from .oracle import torch as reference
from .oracle import torchvision

Image = pytest.importorskip("PIL.Image", reason="Pillow makes the images")
oracle = torchvision.transforms.autoaugment
MODES = torchvision.transforms.InterpolationMode


def pixels(*leading: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (*leading, 3, 20, 26)).astype(np.uint8)


def picture():
    return Image.fromarray(pixels().transpose(1, 2, 0))


@pytest.mark.parametrize("policy", ["IMAGENET", "CIFAR10", "SVHN"])
def test_tables_of_policies(policy):
    ours = transforms.AutoAugment(transforms.AutoAugmentPolicy[policy])
    his = oracle.AutoAugment(oracle.AutoAugmentPolicy[policy])
    assert ours.policies == his.policies
    assert repr(ours) == repr(his)


SPACES = [
    ("AutoAugment", {}, (10, (20, 26))),
    ("RandAugment", {}, (31, (32, 32))),
    ("TrivialAugmentWide", {}, (31,)),
    ("AugMix", {}, (10, (224, 200))),
    ("AugMix", {"all_ops": False}, (10, (20, 26))),
]


@pytest.mark.parametrize("name, options, args", SPACES)
def test_magnitudes(name, options, args):
    ours = getattr(transforms, name)(**options)._augmentation_space(*args)
    his = getattr(oracle, name)(**options)._augmentation_space(*args)
    assert list(ours) == list(his)
    for op_name, (magnitudes, signed) in his.items():
        assert ours[op_name][1] == signed
        assert np.allclose(ours[op_name][0].numpy(), magnitudes.numpy(), atol=1e-5)


STRENGTHS = {"Rotate": 17.0, "Translate": 5.9, "Posterize": 3.0, "Solarize": 90.0}


@pytest.mark.parametrize("op_name", operations._OPERATIONS)
@pytest.mark.parametrize("kind", ["tensor", "image"])
@pytest.mark.parametrize("mode", ["NEAREST", "BILINEAR"])
def test_operations(op_name, kind, mode):
    strength = STRENGTHS.get(op_name.rstrip("XY"), 0.29)
    image = torch.from_numpy(pixels()) if kind == "tensor" else picture()
    signs = (1,) if op_name in ("Posterize", "Solarize") else (1, -1)
    for sign in signs:
        for fill in (None, [10.0, 200.0, 30.0]):
            args = (op_name, sign * strength)
            mine = transforms.InterpolationMode[mode]
            got = operations.apply_op(image, *args, interpolation=mine, fill=fill)
            wanted = oracle._apply_op(theirs(image), *args, interpolation=MODES[mode], fill=fill)
            assert distance(got, wanted) <= 1


def test_unknown_names():
    with pytest.raises(ValueError, match="The provided operator Sepia is not recognized"):
        operations.apply_op(torch.zeros(3, 4, 4), "Sepia", 1.0)
    with pytest.raises(ValueError, match="The provided policy mnist is not recognized"):
        transforms.AutoAugment("mnist")
    with pytest.raises(ValueError, match=r"severity must be between \[1, 10\]. Got 11"):
        transforms.AugMix(severity=11)


CLASSES = [
    *(("AutoAugment", {"policy": policy}) for policy in ("IMAGENET", "CIFAR10", "SVHN")),
    ("AutoAugment", {"policy": "SVHN", "fill": 7}),
    ("RandAugment", {}),
    ("RandAugment", {"num_ops": 3, "magnitude": 5, "num_magnitude_bins": 11, "fill": [1, 2, 3]}),
    ("TrivialAugmentWide", {"interpolation": "BILINEAR"}),
    ("AugMix", {}),
    ("AugMix", {"severity": 9, "mixture_width": 2, "chain_depth": 2, "all_ops": False}),
]


def made(module, name, options):
    """The class with its options, enumerations by name as those of the module."""
    kinds = {"policy": module.AutoAugmentPolicy, "interpolation": module.InterpolationMode}
    return getattr(module, name)(
        **{key: kinds[key][value] if key in kinds else value for key, value in options.items()}
    )


@pytest.mark.parametrize("name, options", CLASSES)
@pytest.mark.parametrize("kind", ["tensor", "image", "batch"])
def test_classes_draw_and_change_as_the_oracle(name, options, kind, monkeypatch):
    """Both take their random numbers from one stream, in the same order."""
    monkeypatch.setattr(oracle, "torch", Borrowed())
    ours, his = made(transforms, name, options), made(oracle, name, options)
    assert repr(ours) == repr(his)
    if name == "AugMix":
        his._sample_dirichlet = lambda alphas: theirs(
            ours._sample_dirichlet(alphas[0].tolist(), len(alphas))
        )
    image = picture() if kind == "image" else torch.from_numpy(pixels(*[2] * (kind == "batch")))
    for seed in range(6):
        torch.manual_seed(seed)
        got = ours(image)
        torch.manual_seed(seed)
        # Strengths differ in their last bit, a grey level at most; the next operation stretches it.
        assert distance(got, his(theirs(image))) <= 3


def test_grey_images():
    for name in ("AutoAugment", "RandAugment", "TrivialAugmentWide", "AugMix"):
        torch.manual_seed(0)
        augment = getattr(transforms, name)(fill=3)
        grey = torch.from_numpy(pixels()[:1])
        assert all(augment(grey).shape == grey.shape for _ in range(10))
        assert all(augment(picture().convert("L")).mode == "L" for _ in range(10))


def test_whole_sets_draw_for_each_image():
    images = torch.from_numpy(pixels(3))
    augment = transforms.RandAugment()
    torch.manual_seed(5)
    got = augment.batch(images)
    torch.manual_seed(5)
    assert torch.equal(got, torch.stack([augment(image) for image in images]))


@pytest.mark.parametrize("alphas", [[0.05, 0.05], [0.4, 0.4], [1.0, 1.0], [2.0, 5.0, 0.7]])
def test_shares_are_those_of_dirichlet(alphas):
    """Deciles of each share, within what 1500 draws of both allow."""
    from flambeau.vision.transforms.chance import shares

    torch.manual_seed(1)
    reference.manual_seed(1)
    mine = np.array([shares(alphas) for _ in range(1500)])
    dirichlet = reference.distributions.Dirichlet(reference.tensor(alphas).double())
    his = dirichlet.sample((20000,)).numpy()
    assert np.allclose(mine.sum(1), 1) and (mine >= 0).all()
    for share in range(len(alphas)):
        for decile in np.quantile(his[:, share], np.arange(0.1, 1, 0.1)):
            part = (his[:, share] <= decile).mean()
            assert abs((mine[:, share] <= decile).mean() - part) < 0.045
    with pytest.raises(ValueError, match=r"should be positive. Got \[0.0, 1.0\]"):
        shares([0.0, 1.0])
