"""The change of colours along principal directions, and linear maps of images."""

from __future__ import annotations

import numpy as np
import pytest

import flambeau as torch
from flambeau.vision import transforms
from flambeau.vision.transforms.pca import IMAGENET_DIRECTIONS, IMAGENET_VARIANCES

from .borrow import distance, theirs
from .oracle import torchvision

Image = pytest.importorskip("PIL.Image", reason="Pillow makes the images")


def colours(n: int = 6) -> np.ndarray:
    """Images whose red, green and blue are correlated, bytes (N, 3, H, W)."""
    random = np.random.default_rng(0)
    mixed = np.einsum(
        "ij,njhw->nihw", [[40, 9, 2], [30, -9, 4], [20, 0, 7]], random.normal(size=(n, 3, 8, 9))
    )
    return (mixed + 128).clip(0, 255).astype(np.uint8)


def test_the_colour_that_is_added(monkeypatch):
    """sum_i alpha_i lambda_i p_i, the same on every pixel."""
    alphas = np.array([0.1, -0.2, 0.05])
    monkeypatch.setattr(
        transforms.PCAColor, "get_params", staticmethod(lambda std: torch.from_numpy(alphas))
    )
    color = sum(
        alphas[i] * IMAGENET_VARIANCES[i] * np.array(IMAGENET_DIRECTIONS)[:, i] for i in range(3)
    )
    change = transforms.PCAColor()
    image = torch.rand(2, 3, 4, 5)
    added = (change(image) - image).numpy()
    assert np.allclose(added, color.reshape(3, 1, 1), atol=1e-6)
    pixels = colours()[0]
    wanted = (pixels + 255 * color.reshape(3, 1, 1)).round().clip(0, 255)
    assert np.array_equal(change(torch.from_numpy(pixels)).numpy(), wanted)
    picture = change(Image.fromarray(pixels.transpose(1, 2, 0)))
    assert picture.mode == "RGB" and np.array_equal(np.asarray(picture), wanted.transpose(1, 2, 0))


def test_directions_of_imagenet_are_orthonormal():
    p = np.array(IMAGENET_DIRECTIONS)
    assert np.allclose(p.T @ p, np.eye(3), atol=1e-3)


def test_alphas():
    torch.manual_seed(0)
    alphas = torch.stack([transforms.PCAColor.get_params(0.1) for _ in range(2000)])
    assert alphas.shape == (2000, 3)
    assert np.allclose(alphas.std(0).numpy(), 0.1, atol=0.006)
    assert np.allclose(alphas.mean(0).numpy(), 0, atol=0.008)


def test_fit_is_the_covariance_of_the_pixels():
    images = colours()
    pixels = images.transpose(0, 2, 3, 1).reshape(-1, 3) / 255
    covariance = np.cov(pixels.T, bias=True)
    pictures = [Image.fromarray(image.transpose(1, 2, 0)) for image in images]
    tensors = torch.from_numpy(images)
    samples = [(picture, 7) for picture in pictures]
    for given in (tensors, tensors.double() / 255, pictures, samples, iter(pictures)):
        change = transforms.PCAColor.fit(given, std=0.3)
        values, vectors = change.eigenvalues.numpy(), change.eigenvectors.numpy()
        assert np.allclose(vectors @ np.diag(values) @ vectors.T, covariance, atol=1e-9)
        assert list(values) == sorted(values, reverse=True) and change.std == 0.3


def test_each_image_of_a_set_has_its_own_colour():
    images = torch.zeros(5, 3, 2, 2)
    change = transforms.PCAColor(std=1.0)
    torch.manual_seed(0)
    changed = change.batch(images)
    assert len({tuple(image[:, 0, 0].tolist()) for image in changed}) == 5
    torch.manual_seed(0)
    assert torch.equal(changed, torch.stack([change(image) for image in images]))
    together = change(images)
    assert torch.equal(together[0], together[4])


def test_on_the_real_cifar(shared_data):
    """The first direction of natural images is brightness."""
    from flambeau.vision import datasets

    cifar = datasets.CIFAR10(shared_data / "cifar10", train=False)
    change = transforms.PCAColor.fit(
        torch.from_numpy(cifar.data[:500].transpose(0, 3, 1, 2).copy())
    )
    first = change.eigenvectors[:, 0].abs()
    assert (first - 3**-0.5).abs().max() < 0.05
    assert change.eigenvalues[0] > 5 * change.eigenvalues[1]


def test_pca_refuses():
    with pytest.raises(TypeError, match="this image has 1"):
        transforms.PCAColor()(torch.zeros(1, 4, 4))
    with pytest.raises(TypeError, match="this image has 4"):
        transforms.PCAColor()(Image.new("RGBA", (2, 2)))
    with pytest.raises(ValueError, match=r"3 numbers and eigenvectors 3 x 3. Got shapes \(2,\)"):
        transforms.PCAColor(eigenvalues=(1.0, 2.0))
    with pytest.raises(ValueError, match="there is no pixel"):
        transforms.PCAColor.fit([])
    assert repr(transforms.PCAColor()) == "PCAColor(std=0.1)"


def linear(module, dtype="float64", size=12):
    random = np.random.default_rng(0)
    matrix = torch.from_numpy(random.normal(size=(size, size)).astype(dtype))
    mean = torch.from_numpy(random.normal(size=size).astype(dtype))
    if module is not transforms:
        matrix, mean = theirs(matrix), theirs(mean)
    return module.LinearTransformation(matrix, mean)


@pytest.mark.parametrize("shape", [(3, 2, 2), (4, 3, 2, 2), (2, 2, 1, 3, 4)])
def test_linear_transformation(shape):
    ours, his = linear(transforms), linear(torchvision.transforms)
    x = torch.rand(*shape)
    assert distance(ours(x), his(theirs(x))) < 1e-12
    assert repr(ours) == repr(his)
    assert torch.equal(ours.batch(x), ours(x))


LINEAR_REFUSED = [
    ("transformation_matrix should be square", (2, 3), (2,), "float32"),
    ("mean_vector should have the same length 3", (2, 2), (3,), "float32"),
    ("should (have|be of) the same dtype", (2, 2), (2,), "float64"),
]


@pytest.mark.parametrize("message, matrix, mean, dtype", LINEAR_REFUSED)
def test_linear_transformation_refuses(message, matrix, mean, dtype):
    tensors = torch.zeros(*matrix), torch.zeros(*mean, dtype=getattr(torch, dtype))
    with pytest.raises(ValueError, match=message):
        transforms.LinearTransformation(*tensors)
    with pytest.raises(ValueError, match=message):
        torchvision.transforms.LinearTransformation(*map(theirs, tensors))


def test_linear_transformation_refuses_images():
    with pytest.raises(ValueError, match=r"incompatible shape.\[3 x 5 x 5\] != 12"):
        linear(transforms)(torch.rand(3, 5, 5))
    with pytest.raises(TypeError, match=r"put ToTensor\(\) before"):
        linear(transforms)(Image.new("RGB", (2, 2)))
