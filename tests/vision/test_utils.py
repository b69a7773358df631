"""Grids of pictures, bit for bit as torchvision's."""

from __future__ import annotations

import io

import numpy as np
import pytest

import flambeau
from flambeau.vision import utils

from .oracle import torch, torchvision

RANDOM = np.random.default_rng(0)
PICTURES = {
    "colour": RANDOM.standard_normal((5, 3, 4, 6)).astype(np.float32),
    "grey": RANDOM.standard_normal((5, 1, 4, 6)).astype(np.float32),
    "double": RANDOM.standard_normal((3, 3, 2, 3)),
    "two channels": RANDOM.standard_normal((3, 2, 2, 3)).astype(np.float32),
    "one": RANDOM.standard_normal((1, 3, 4, 4)).astype(np.float32),
    "one colour": RANDOM.standard_normal((3, 4, 4)).astype(np.float32),
    "one grey": RANDOM.standard_normal((1, 4, 4)).astype(np.float32),
    "plane": RANDOM.standard_normal((4, 5)).astype(np.float32),
    "constant": np.full((2, 3, 2, 2), 0.25, np.float32),
}
OPTIONS = {
    "plain": {},
    "row": {"nrow": 2, "padding": 0},
    "one column": {"nrow": 1, "padding": 1, "pad_value": 0.7},
    "normalized": {"normalize": True, "nrow": 3},
    "each": {"normalize": True, "scale_each": True, "pad_value": 1},
    "range": {"normalize": True, "value_range": (-0.5, 1.25), "padding": 3},
    "each in a range": {"normalize": True, "value_range": (-1, 1), "scale_each": True},
}


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("pictures", PICTURES)
def test_grids(pictures, options):
    array, options = PICTURES[pictures], OPTIONS[options]
    given = flambeau.tensor(array)
    ours = utils.make_grid(given, **options)
    theirs = torchvision.utils.make_grid(torch.tensor(array), **options)
    assert np.array_equal(ours.numpy(), theirs.numpy()) and ours.numpy().dtype == array.dtype
    assert np.array_equal(given.numpy(), array)  # the caller's numbers stay


def test_grids_of_lists_and_bytes():
    for array in (PICTURES["colour"], RANDOM.integers(0, 256, (9, 3, 2, 2), np.uint8)):
        ours = utils.make_grid([flambeau.tensor(each) for each in array], pad_value=9)
        theirs = torchvision.utils.make_grid([torch.tensor(each) for each in array], pad_value=9)
        assert np.array_equal(ours.numpy(), theirs.numpy())


def test_a_grid_has_no_gradient():
    pictures = flambeau.zeros(2, 3, 2, 2, requires_grad=True)
    assert not utils.make_grid(pictures, normalize=True).requires_grad


@pytest.mark.parametrize(
    "arguments, kind, message",
    [
        (([1, 2],), TypeError, "got a list containing <class 'int'>"),
        ((PICTURES["colour"],), TypeError, "tensor or list of tensors expected, got"),
        ((flambeau.zeros(2, 3, 2, 2), 8, 2, True, [0, 1]), TypeError, "value_range has to be a tu"),
        ((flambeau.zeros(3),), ValueError, r"expected pictures .*, got shape \(3,\)"),
    ],
)
def test_what_is_no_picture(arguments, kind, message):
    with pytest.raises(kind, match=message):
        utils.make_grid(*arguments)


@pytest.mark.parametrize("form", ["png", "bmp", "jpeg", "file"])
def test_saved_pictures(tmp_path, form):
    image = pytest.importorskip("PIL.Image", reason="Pillow writes pictures: not installed")
    array = PICTURES["colour"]
    read = []
    for kind, tensor in ((utils, flambeau.tensor(array)), (torchvision.utils, torch.tensor(array))):
        if form == "file":
            target = io.BytesIO()
            kind.save_image(tensor, target, "png", nrow=3, normalize=True)
        else:
            target = tmp_path / f"{kind.__name__}.{form}"
            kind.save_image(tensor, target if form == "bmp" else str(target), nrow=3)
        read.append(np.asarray(image.open(target)))
    assert np.array_equal(*read) and read[0].shape[2] == 3
