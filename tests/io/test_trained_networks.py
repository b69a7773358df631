"""Checkpoints that others trained reach here the accuracy that they reach in PyTorch."""

from __future__ import annotations

import gzip
import pickle
import struct

import numpy as np
import pytest

import flambeau as torch
from flambeau import nn
from flambeau.nn import functional as F


def accuracy(model, images, labels, batch: int = 250) -> float:
    """The share of images that the model gets right."""
    model.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(images), batch):
            scores = model(torch.from_numpy(images[start : start + batch]))
            right += int((scores.argmax(1).numpy() == labels[start : start + batch]).sum())
    return right / len(images)


def idx(path):
    """An array in MNIST's format."""
    raw = gzip.decompress(path.read_bytes())
    dims = raw[3]
    shape = struct.unpack(f">{dims}I", raw[4 : 4 + 4 * dims])
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * dims).reshape(shape)


class MNISTNet(nn.Module):
    """The example net of PyTorch's tutorials: conv, conv, fc, fc."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 10, kernel_size=5)
        self.conv2 = nn.Conv2d(10, 20, kernel_size=5)
        self.fc1 = nn.Linear(320, 50)
        self.fc2 = nn.Linear(50, 10)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(F.max_pool2d(self.conv2(x), 2))
        return self.fc2(F.relu(self.fc1(x.view(-1, 320))))


def test_mnist(shared_data):
    """9,843 of the 10,000 test digits."""
    model = MNISTNet()
    state = torch.load(shared_data / "checkpoints" / "mnist.pth", map_location="cpu")
    model.load_state_dict(state)
    images = idx(shared_data / "mnist" / "t10k-images-idx3-ubyte.gz")[:, None] / 255.0
    labels = idx(shared_data / "mnist" / "t10k-labels-idx1-ubyte.gz")
    images = ((images - 0.1307) / 0.3081).astype(np.float32)
    assert round(accuracy(model, images, labels) * 10000) == pytest.approx(9843, abs=1)


class BirdsNet(nn.Module):
    """The net of the book's chapter on convolutions."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(16, 8, kernel_size=3, padding=1)
        self.fc1 = nn.Linear(8 * 8 * 8, 32)
        self.fc2 = nn.Linear(32, 2)

    def forward(self, x):
        x = F.max_pool2d(torch.tanh(self.conv1(x)), 2)
        x = F.max_pool2d(torch.tanh(self.conv2(x)), 2)
        return self.fc2(torch.tanh(self.fc1(x.view(-1, 8 * 8 * 8))))


def test_birds_and_airplanes(shared_data):
    """0.93 of the training images, 0.89 of the others."""
    model = BirdsNet()
    path = shared_data / "checkpoints" / "birds_vs_airplanes.pt"
    model.load_state_dict(torch.load(path, map_location="cpu"))
    data = np.load(shared_data / "cifar10" / "cifar2_birds_airplanes.npz")
    mean = np.array([0.4915, 0.4823, 0.4468], np.float32)[:, None, None]
    std = np.array([0.2470, 0.2435, 0.2616], np.float32)[:, None, None]
    found = {}
    for part, count in (("train", 3000), ("val", 2000)):
        images = data[f"{part}_x"][:count].reshape(-1, 3, 32, 32)
        labels = data[f"{part}_y"][:count]
        images = ((images / 255.0 - mean) / std).astype(np.float32)
        found[part] = accuracy(model, images, labels)
    assert found["train"] == pytest.approx(0.93, abs=0.015)
    assert found["val"] == pytest.approx(0.89, abs=0.01)


class Block(nn.Module):
    """Two convolutions and a shortcut that skips pixels and pads channels with zeros."""

    def __init__(self, inside: int, out: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, out, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.shrinks = stride != 1
        self.added = (out - inside) // 2

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        if self.shrinks:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.added, self.added))
        return F.relu(y + x)


class ResNet20(nn.Module):
    """The residual net of He et al. for CIFAR-10."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1 = self.stage(16, 16, 1)
        self.layer2 = self.stage(16, 32, 2)
        self.layer3 = self.stage(32, 64, 2)
        self.linear = nn.Linear(64, 10)

    @staticmethod
    def stage(inside: int, out: int, stride: int):
        return nn.Sequential(Block(inside, out, stride), Block(out, out, 1), Block(out, out, 1))

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


def test_resnet20(shared_data):
    """9,173 of the 10,000 test images; here the first 2,000."""
    path = shared_data / "checkpoints" / "resnet20-12fca82f.th"
    with pytest.raises(RuntimeError, match="map_location"):
        torch.load(path)  # it was saved from a GPU
    state = torch.load(path, map_location=torch.device("cpu"))["state_dict"]
    model = ResNet20()
    missing = model.load_state_dict(
        {name.removeprefix("module."): value for name, value in state.items()}, strict=False
    )
    assert all(name.endswith("num_batches_tracked") for name in missing.missing_keys)
    raw = gzip.decompress((shared_data / "cifar10" / "test_batch.gz").read_bytes())
    batch = pickle.loads(raw, encoding="latin1")
    images = batch["data"].reshape(-1, 3, 32, 32)[:2000] / 255.0
    labels = np.array(batch["labels"][:2000])
    mean = np.array([0.485, 0.456, 0.406])[:, None, None]
    std = np.array([0.229, 0.224, 0.225])[:, None, None]
    images = ((images - mean) / std).astype(np.float32)
    assert accuracy(model, images, labels) == pytest.approx(0.9173, abs=0.012)


class Fire(nn.Module):
    """Squeeze to few channels, expand through 1x1 and 3x3."""

    def __init__(self, inside: int, squeezed: int, out: int):
        super().__init__()
        self.squeeze = nn.Conv2d(inside, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, out, 1)
        self.expand3x3 = nn.Conv2d(squeezed, out, 3, padding=1)

    def forward(self, x):
        x = F.relu(self.squeeze(x))
        return torch.cat([F.relu(self.expand1x1(x)), F.relu(self.expand3x3(x))], 1)


class SqueezeNet(nn.Module):
    """SqueezeNet 1.0 with torchvision's names; the last convolution pads by 1, as it was
    trained."""

    def __init__(self):
        super().__init__()
        pool = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)
        self.features = nn.Sequential(
            nn.Conv2d(3, 96, 7, 2),
            nn.ReLU(),
            pool(),
            Fire(96, 16, 64),
            Fire(128, 16, 64),
            Fire(128, 32, 128),
            pool(),
            Fire(256, 32, 128),
            Fire(256, 48, 192),
            Fire(384, 48, 192),
            Fire(384, 64, 256),
            pool(),
            Fire(512, 64, 256),
        )
        self.classifier = nn.Sequential(nn.Dropout(), nn.Conv2d(512, 1000, 1, padding=1))

    def forward(self, x):
        return F.relu(self.classifier(self.features(x))).mean((2, 3))


def photograph(path) -> np.ndarray:
    """Caffe's preprocessing: BGR, 0 to 255, means subtracted; the centre 227 x 227 of the image at
    256.
    """
    image_module = pytest.importorskip("PIL.Image", reason="Pillow reads the photographs")
    image = image_module.open(path).convert("RGB")
    scale = 256 / min(image.size)
    image = image.resize([round(side * scale) for side in image.size], image_module.BILINEAR)
    left, top = ((side - 227) // 2 for side in image.size)
    pixels = np.asarray(image.crop((left, top, left + 227, top + 227)), np.float32)
    return (
        pixels[:, :, ::-1].transpose(2, 0, 1) - np.array([104, 117, 123], np.float32)[:, None, None]
    )


def test_squeezenet(shared_data):
    """Top-5 of photographs: 20 of the 63; the dog is a Samoyed."""
    model = SqueezeNet().eval()
    model.load_state_dict(torch.load(shared_data / "checkpoints" / "squeezenet1_0_imagenet.pth"))
    assert sum(p.numel() for p in model.parameters()) == 1_248_424
    folder = shared_data / "imagenet_samples"
    classes = (folder / "classes.txt").read_text().splitlines()
    paths = sorted(folder.glob("n*.JPEG"))[::3][:20]
    right = 0
    for path in [*paths, folder / "dog.jpg"]:
        with torch.no_grad():
            scores = model(torch.from_numpy(photograph(path)[None].copy()))
        best = [classes[i] for i in scores[0].topk(5).indices.tolist()]
        if path.name == "dog.jpg":
            assert any("Samoyed" in name for name in best), best
        else:
            wanted = path.stem.split("_", 1)[1].replace("_", " ").lower()
            right += any(wanted in name.lower() for name in best)
    assert right >= 15
