"""MixUp and CutMix: as torchvision mixes the same batch with the same parameters."""

from __future__ import annotations

import numpy as np
import pytest

import flambeau as torch
from flambeau import nn
from flambeau.data import DataLoader, default_collate
from flambeau.vision import transforms
from flambeau.vision.transforms import mix

from .borrow import Borrowed, distance, theirs
from .oracle import torch as reference
from .oracle import torchvision

v2 = pytest.importorskip("torchvision.transforms.v2", reason="torchvision's v2 is the oracle")
assert torchvision


def batch(n: int = 5):
    random = np.random.default_rng(0)
    images = torch.from_numpy(random.random((n, 3, 9, 12)).astype(np.float32))
    return images, torch.from_numpy(random.integers(0, 4, n))


@pytest.mark.parametrize("name", ["MixUp", "CutMix"])
@pytest.mark.parametrize("share", [0.0, 0.13, 0.5, 0.97, 1.0])
@pytest.mark.parametrize("soft", [False, True])
def test_mixtures_are_those_of_the_oracle(name, share, soft, monkeypatch):
    monkeypatch.setattr(mix, "shares", lambda alphas: [share, 1 - share])
    monkeypatch.setattr(v2._augment, "torch", Borrowed())
    his = getattr(v2, name)(num_classes=4)
    his._dist.sample = lambda size: reference.tensor(share)
    ours = getattr(transforms, name)(num_classes=4)
    assert repr(ours) == repr(his)
    images, labels = batch()
    if soft:
        labels = nn.functional.one_hot(labels, 4).float()
    before = images.clone()
    for seed in range(4):
        torch.manual_seed(seed)
        got = ours(images, labels)
        torch.manual_seed(seed)
        wanted = his(theirs(images), theirs(labels))
        assert type(got) is type(wanted) is tuple
        assert distance(got[0], wanted[0]) < 1e-6 and distance(got[1], wanted[1]) < 1e-6
    assert torch.equal(images, before)


def test_shares_are_drawn_and_reproduced():
    images, labels = batch()
    for name in ("MixUp", "CutMix"):
        transform = getattr(transforms, name)(alpha=0.5, num_classes=4)
        torch.manual_seed(2)
        first = [transform(images, labels) for _ in range(4)]
        torch.manual_seed(2)
        again = [transform(images, labels) for _ in range(4)]
        assert all(
            torch.equal(a[i], b[i]) for a, b in zip(first, again, strict=True) for i in (0, 1)
        )
        assert len({tuple(sample[1].flatten().tolist()) for sample in first}) > 1
        assert all(torch.allclose(sample[1].sum(1), torch.ones(5)) for sample in first)


def test_kinds_of_samples():
    images, labels = batch()
    index = torch.arange(5)
    transform = transforms.CutMix(num_classes=4)
    got = transform([images, labels, index])
    assert type(got) is list and got[1].shape == (5, 4) and got[2] is index
    got = transform({"image": images, "my_label": index % 2, "labels": labels, "name": "x"})
    assert got["labels"].shape == (5, 4) and got["my_label"].ndim == 1 and got["name"] == "x"
    got = transform(images, {"Label": labels})
    assert got[1]["Label"].shape == (5, 4)
    last = transforms.MixUp(num_classes=4, labels_getter=lambda sample: sample[-1])
    got = last(images, "words", labels)
    assert got[1] == "words" and got[2].shape == (5, 4)


REFUSED = [
    ("The labels must be a tensor, but got .*list", lambda x, y: (x, {"labels": [1]})),
    ("labels should be index based with shape", lambda x, y: (x, y.view(1, 1, -1))),
    ("must match num_classes: 3 != 4", lambda x, y: (x, torch.zeros(5, 3))),
    ("Expected a batched input with 4 dims, but got 3", lambda x, y: (x[0], y)),
    ("does not match the batch size of the labels: 5 != 4", lambda x, y: (x, y[:4])),
    ("Could not infer where the labels are", lambda x, y: (x, {"target": y})),
    ("the input passed to forward must be", lambda x, y: (x, 3)),
]


@pytest.mark.parametrize("message, sample", REFUSED)
def test_refusals(message, sample):
    for transform, convert in ((transforms.MixUp, lambda v: v), (v2.MixUp, theirs)):
        x, y = (convert(part) for part in sample(*batch()))
        y = {key: convert(value) for key, value in y.items()} if isinstance(y, dict) else y
        with pytest.raises(ValueError, match=message):
            transform(num_classes=4)(x, y)


def test_more_refusals():
    with pytest.raises(ValueError, match="num_classes must be passed if the labels are index"):
        transforms.MixUp()(*batch())
    with pytest.raises(ValueError, match=r"alpha should be positive. Got 0"):
        transforms.MixUp(alpha=0)
    with pytest.raises(ValueError, match="labels_getter should either be 'default'"):
        transforms.CutMix(labels_getter="last")
    with pytest.raises(ValueError, match="there is no tensor of images beside the labels"):
        transforms.CutMix(num_classes=4)(["picture"], batch()[1])


def test_in_a_loader_and_a_loss():
    images, labels = batch(8)
    choice = transforms.RandomChoice(
        [transforms.MixUp(num_classes=4), transforms.CutMix(alpha=2.0, num_classes=4)]
    )
    loader = DataLoader(
        list(zip(images, labels, strict=True)),
        batch_size=4,
        shuffle=True,
        collate_fn=lambda samples: choice(*default_collate(samples)),
    )
    for x, y in loader:
        loss = nn.CrossEntropyLoss()(x.flatten(1)[:, :4], y)
        assert x.shape == (4, 3, 9, 12) and y.shape == (4, 4) and loss.isfinite()
