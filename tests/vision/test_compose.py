"""Transforms in a row and by chance; the same images whatever the number of workers."""

from __future__ import annotations

import numpy as np
import pytest

import flambeau as torch
from flambeau import nn
from flambeau.data import DataLoader, Dataset, default_collate
from flambeau.vision import images, transforms

from .borrow import Borrowed
from .oracle import torchvision


def times(factor):
    return transforms.Lambda(lambda x: x * factor)


def plus(number):
    return transforms.Lambda(lambda x: x + number)


def test_printed_forms_are_those_of_the_oracle():
    def printed(module):
        inner = [module.Lambda(abs), module.RandomHorizontalFlip(0.3)]
        made = [
            module.Compose(inner),
            module.RandomApply(inner, p=0.2),
            module.RandomOrder(inner),
            module.RandomChoice(inner),
            module.RandomChoice(inner, p=[1, 2]),
            module.Compose([]),
        ]
        return [repr(transform) for transform in made]

    assert printed(transforms) == printed(torchvision.transforms)


def test_compose_and_lambda():
    assert transforms.Compose([times(2), plus(1)])(3) == 7
    assert transforms.Compose([])(3) == 3
    with pytest.raises(TypeError, match="Argument lambd should be callable, got 'int'"):
        transforms.Lambda(3)


def test_random_apply(monkeypatch):
    monkeypatch.setattr(torchvision.transforms.transforms, "torch", Borrowed())
    ours = transforms.RandomApply([times(2), plus(1)], p=0.3)
    his = torchvision.transforms.RandomApply([lambda x: x * 2, lambda x: x + 1], p=0.3)
    torch.manual_seed(0)
    got = [ours(3) for _ in range(200)]
    torch.manual_seed(0)
    assert got == [his(3) for _ in range(200)]
    assert set(got) == {3, 7} and 35 < got.count(7) < 85
    modules = nn.ModuleList([transforms.RandomInvert(p=1.0)])
    assert transforms.RandomApply(modules, p=1.0)(torch.zeros(1, 1, 1)) == 1


def test_random_order():
    torch.manual_seed(0)
    order = transforms.RandomOrder([times(2), plus(1), times(5)])
    outcomes = [order(1) for _ in range(60)]
    assert set(outcomes) == {11, 12, 15, 20}
    assert transforms.RandomOrder([])(4) == 4


@pytest.mark.parametrize(
    "p, shares", [(None, (0.5, 0.5)), ([1, 3], (0.25, 0.75)), ([0, 2], (0, 1))]
)
def test_random_choice(p, shares):
    torch.manual_seed(0)
    choice = transforms.RandomChoice([times(2), times(3)], p=p)
    outcomes = [choice(1) for _ in range(400)]
    assert abs(outcomes.count(2) / 400 - shares[0]) < 0.08
    assert set(outcomes) <= {2, 3}
    pairs = transforms.RandomChoice([lambda x, y: (y, x)])
    assert pairs(1, 2) == (2, 1)


REFUSED = [
    (TypeError, "Argument transforms should be a sequence", "RandomOrder", (3,)),
    (TypeError, "Argument transforms should be a sequence", "RandomChoice", ({1, 2},)),
    (TypeError, "Argument p should be a sequence", "RandomChoice", ([abs], 0.5)),
]


@pytest.mark.parametrize("error, message, name, args", REFUSED)
def test_refusals_are_those_of_the_oracle(error, message, name, args):
    for module in (transforms, torchvision.transforms):
        with pytest.raises(error, match=message):
            getattr(module, name)(*args)


def test_choice_refuses_at_once():
    with pytest.raises(ValueError, match="pass at least one"):
        transforms.RandomChoice([])
    with pytest.raises(ValueError, match="p has 1 weights, and there are 2 transforms"):
        transforms.RandomChoice([abs, abs], p=[1])
    base = type(transforms.RandomOrder([])).__mro__[1]
    with pytest.raises(NotImplementedError, match="does not say how it chooses"):
        base([])(3)


def test_whole_sets_through_random_containers():
    pixels = torch.arange(24, dtype=torch.uint8).view(6, 1, 2, 2)
    inner = [transforms.ToTensor(), transforms.RandomInvert(0.5)]
    torch.manual_seed(0)
    for transform in (
        transforms.RandomApply(inner, p=1.0),
        transforms.RandomOrder(inner),
        transforms.RandomChoice(inner[:1]),
        transforms.Compose([transforms.RandomApply(inner, p=1.0), transforms.ToTensor()]),
    ):
        got = transform.batch(pixels)
        same = (got - pixels / 255.0).abs().amax((1, 2, 3)) < 1e-6
        opposite = (got - (1 - pixels / 255.0)).abs().amax((1, 2, 3)) < 1e-6
        assert got.shape == pixels.shape and got.dtype == torch.float32
        assert (same | opposite).all()
    with pytest.raises(TypeError, match=r"Lambda\(\) works image by image"):
        transforms.RandomApply([transforms.Lambda(abs)], p=1.0).batch(pixels)


class Pictures(Dataset):
    """A few Pillow images, transformed as they are read."""

    def __init__(self, transform):
        pixels = np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3)).astype(np.uint8)
        self.pictures = [images.to_image(picture) for picture in pixels]
        self.transform = transform

    def __len__(self):
        return len(self.pictures)

    def __getitem__(self, index):
        return self.transform(self.pictures[index]), index % 3


MIX = transforms.RandomChoice([transforms.MixUp(num_classes=3), transforms.CutMix(num_classes=3)])


def mixed(samples):
    return MIX(*default_collate(samples))


def two_epochs(transform, workers):
    torch.manual_seed(7)
    loader = DataLoader(
        Pictures(transform), batch_size=4, shuffle=True, num_workers=workers, collate_fn=mixed
    )
    return [[torch.cat(parts) for parts in zip(*loader, strict=True)] for _ in range(2)]


TRAINING = [
    [
        transforms.RandomCrop(32, padding=4),
        transforms.RandomHorizontalFlip(),
        transforms.ColorJitter(0.4, 0.4, 0.4, 0.1),
        transforms.PCAColor(),
        transforms.ToTensor(),
        transforms.Normalize((0.5, 0.5, 0.5), (0.25, 0.25, 0.25)),
        transforms.RandomErasing(value="random"),
    ],
    [
        transforms.RandomResizedCrop(24),
        transforms.RandomApply([transforms.GaussianBlur(3)]),
        transforms.RandomOrder([transforms.RandAugment(), transforms.TrivialAugmentWide()]),
        transforms.AugMix(),
        transforms.ToTensor(),
    ],
]


@pytest.mark.filterwarnings("ignore:This DataLoader will create")  # fewer cores than workers
@pytest.mark.parametrize("steps", TRAINING, ids=["classic", "policies"])
def test_one_seed_gives_the_same_images_whatever_the_number_of_workers(steps):
    transform = transforms.Compose(steps)
    wanted = two_epochs(transform, workers=0)
    assert wanted[0][0].shape[:2] == (12, 3) and wanted[0][1].shape == (12, 3)
    assert not torch.equal(wanted[0][0], wanted[1][0])
    for workers in (1, 3):
        for epoch, same in zip(wanted, two_epochs(transform, workers), strict=True):
            assert torch.equal(epoch[0], same[0]) and torch.equal(epoch[1], same[1])
