"""The names under which programs for torchvision find things."""

from __future__ import annotations

import importlib

import pytest

import flambeau
from flambeau import vision

# What is left out of a module, on purpose.
WITHOUT = {
    "transforms": set(),
    "transforms.functional": set(),
    "datasets.utils": {
        *("T", "download_file_from_google_drive", "iterable_to_str", "list_dir", "list_files"),
    },
    "io": {"decode_avif", "decode_heic"},
    "models.resnet": {"ImageClassification", "Weights", "handle_legacy_interface"},
    "models.vgg": {"ImageClassification", "Weights", "handle_legacy_interface"},
}


@pytest.mark.parametrize("name", WITHOUT)
def test_functions_and_classes_are_there(name):
    from .oracle import torchvision

    theirs = importlib.import_module(f"{torchvision.__name__}.{name}")
    ours = importlib.import_module(f"flambeau.vision.{name}")
    wanted = {
        key
        for key, value in vars(theirs).items()
        if getattr(value, "__module__", "").startswith("torchvision") and key[0] != "_"
    }
    assert wanted - vars(ours).keys() <= WITHOUT[name]


def test_modules_are_there_without_an_import_of_their_own():
    assert vision.__version__ == flambeau.__version__
    assert vision.datasets.utils.download_url and vision.datasets.mnist.MNIST
    assert vision.models.resnet.BasicBlock and vision.transforms.functional.hflip


def test_programs_ask_what_reads_pictures():
    assert vision.get_image_backend() == "PIL"
    vision.set_image_backend("PIL")
    with pytest.raises(ValueError, match="Invalid backend 'accimage'"):
        vision.set_image_backend("accimage")
