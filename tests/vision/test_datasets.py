"""The data sets: the real files where they are, small ones made here otherwise."""

from __future__ import annotations

import gzip
import os
import pickle
import shutil

import numpy as np
import pytest

import flambeau as torch
from flambeau.vision import datasets, images, transforms
from flambeau.vision.datasets.digits import _bilinear

from .test_files import idx


def test_digits_are_those_of_scikit_learn():
    reference = pytest.importorskip("sklearn.datasets", reason="scikit-learn is the reference")
    digits = reference.load_digits()
    held_out = np.arange(1797) % 5 == 0
    for train in (True, False):
        ours = datasets.Digits(train=train)
        part = held_out != train
        assert np.array_equal(ours.targets.numpy(), digits.target[part])
        scaled = np.rint(digits.images[part] * 255 / 16)
        assert np.array_equal(ours.data.numpy(), scaled)


def test_digits_split_is_fixed_and_balanced():
    train, test = datasets.Digits(), datasets.Digits(train=False)
    assert (len(train), len(test)) == (1437, 360)
    assert train.targets.dtype == torch.int64 and train.data.dtype == torch.uint8
    assert min(np.bincount(test.targets.numpy())) >= 25


@pytest.mark.parametrize("size, margin", [(8, 0), (28, 0), (28, 4), (32, 2), (5, 0), (1, 0)])
def test_digits_at_any_size(size, margin):
    digits = datasets.Digits(train=False, size=size, margin=margin)
    assert digits.data.shape == (360, size, size)
    if margin:
        inside = digits.data.numpy()[:, margin:-margin, margin:-margin]
        assert digits.data.numpy().sum() == inside.sum()


def test_digits_refuse_a_margin_without_room():
    with pytest.raises(ValueError, match="size 8 with a margin of 4"):
        datasets.Digits(size=8, margin=4)


@pytest.mark.parametrize("old, new", [(8, 8), (8, 28), (8, 20), (8, 3), (1, 4)])
def test_bilinear_is_that_of_torch(old, new):
    torch_ = pytest.importorskip("torch", reason="PyTorch is the reference")
    row = torch_.randn(1, 1, old, dtype=torch_.float64)
    wanted = torch_.nn.functional.interpolate(row, size=new, mode="linear", align_corners=False)
    assert np.allclose(_bilinear(old, new) @ row[0, 0].numpy(), wanted[0, 0].numpy(), atol=1e-12)


def test_one_image():
    digits = datasets.Digits(size=28)
    image, label = digits[3]
    assert image.size == (28, 28) and image.mode == "L" and type(label) is int
    assert np.array_equal(np.asarray(image), digits.data[3].numpy())
    digits = datasets.Digits(transform=transforms.ToTensor(), target_transform=lambda label: -label)
    image, label = digits[3]
    assert image.shape == (1, 8, 8) and label == -int(digits.targets[3])
    with pytest.raises(IndexError):
        digits[len(digits)]


def test_without_pillow(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(ImportError, match=r"pip install 'flambeau\[vision\]'.*tensors\(\)"):
        images.pillow()
    datasets.Digits().tensors()


def test_tensors_equal_image_by_image():
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.3,), (0.7,))])
    digits = datasets.Digits(train=False, transform=transform, target_transform=lambda y: 9 - y)
    images, labels = digits.tensors()
    assert images.shape == (360, 1, 8, 8)
    for index in (0, 17, 359):
        image, label = digits[index]
        assert torch.equal(images[index], image) and labels[index] == label


def test_tensors_need_a_whole_set_form():
    with pytest.raises(TypeError, match="has no form for whole sets"):
        datasets.Digits(transform=lambda image: image).tensors()


def test_loader_reads_a_data_set():
    loader = torch.utils.data.DataLoader(
        datasets.Digits(train=False, transform=transforms.ToTensor()), batch_size=100
    )
    batches = list(loader)
    assert [len(labels) for _, labels in batches] == [100, 100, 100, 60]
    whole, _ = datasets.Digits(train=False).tensors()
    assert torch.equal(torch.cat([images for images, _ in batches]), whole)


def test_repr():
    transform = transforms.Compose([transforms.ToTensor()])
    assert repr(datasets.Digits(train=False, transform=transform)) == (
        "Dataset Digits\n"
        "    Number of datapoints: 360\n"
        "    Split: Test\n"
        "    StandardTransform\n"
        "Transform: Compose(\n"
        "               ToTensor()\n"
        "           )"
    )


# MNIST ---

PIXELS = np.random.default_rng(0).integers(0, 256, (7, 28, 28), np.uint8)
LABELS = np.array([3, 1, 4, 1, 5, 9, 2], np.uint8)


def write_mnist(folder, prefix="train", pixels=PIXELS, labels=LABELS, packed=True):
    folder.mkdir(parents=True, exist_ok=True)
    for kind, array in (
        (f"{prefix}-images-idx3-ubyte", pixels),
        (f"{prefix}-labels-idx1-ubyte", labels),
    ):
        content = idx(array)
        path = folder / (f"{kind}.gz" if packed else kind)
        path.write_bytes(gzip.compress(content) if packed else content)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("place", [".", "MNIST/raw"])
def test_mnist_layouts(tmp_path, place, packed):
    write_mnist(tmp_path / place, packed=packed)
    mnist = datasets.MNIST(tmp_path)
    assert np.array_equal(mnist.data.numpy(), PIXELS)
    assert mnist.targets.tolist() == LABELS.tolist()
    assert mnist.class_to_idx["3 - three"] == 3
    image, label = mnist[0]
    assert np.array_equal(np.asarray(image), PIXELS[0]) and label == 3


def test_mnist_names_of_old_programs(tmp_path):
    write_mnist(tmp_path)
    mnist = datasets.MNIST(str(tmp_path))
    for old, new in (("train_data", mnist.data), ("train_labels", mnist.targets)):
        with pytest.warns(UserWarning, match=f"{old} has been renamed"):
            assert getattr(mnist, old) is new
    for old, new in (("test_data", mnist.data), ("test_labels", mnist.targets)):
        with pytest.warns(UserWarning, match=f"{old} has been renamed"):
            assert getattr(mnist, old) is new


def test_mnist_missing(tmp_path):
    with pytest.raises(
        datasets.DataFileError, match=r"no file train-images-idx3-ubyte.*download=True"
    ):
        datasets.MNIST(tmp_path)


def test_mnist_offline(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.MNIST, "mirrors", ["http://127.0.0.1:9/"])
    with pytest.raises(datasets.DataFileError) as caught:
        datasets.MNIST(tmp_path, download=True)
    assert str(tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte.gz") in str(caught.value)


def test_mnist_parts_that_do_not_belong_together(tmp_path):
    write_mnist(tmp_path, labels=LABELS[:-1])
    with pytest.raises(datasets.DataFileError, match=r"7 images in .*train-images.*, 6 labels in"):
        datasets.MNIST(tmp_path)
    write_mnist(tmp_path, labels=LABELS + 1)
    with pytest.raises(datasets.DataFileError, match="labels in .* reach 10"):
        datasets.MNIST(tmp_path)


@pytest.mark.parametrize("kind", [datasets.FashionMNIST, datasets.KMNIST])
def test_the_family_has_its_own_folder_and_names(tmp_path, kind):
    write_mnist(tmp_path / kind.__name__ / "raw", prefix="t10k")
    data = kind(tmp_path, train=False)
    assert len(data) == 7 and len(data.classes) == 10
    assert data.checksums.keys() == datasets.MNIST.checksums.keys()
    assert not set(data.checksums.values()) & set(datasets.MNIST.checksums.values())


def test_the_real_mnist(shared_data):
    train = datasets.MNIST(shared_data / "mnist")
    test = datasets.MNIST(shared_data / "mnist", train=False, download=True)  # nothing to fetch
    assert train.data.shape == (60000, 28, 28) and test.data.shape == (10000, 28, 28)
    assert train.targets[:5].tolist() == [5, 0, 4, 1, 9]
    mean = train.data.float().mean() / 255
    assert abs(mean.item() - 0.1307) < 1e-4


# CIFAR-10 ---

ROWS = np.random.default_rng(0).integers(0, 256, (4, 3072), np.uint8)


def write_batch(path, rows=ROWS, labels=(0, 9, 5, 1), protocol=2):
    path.parent.mkdir(parents=True, exist_ok=True)
    content = pickle.dumps({b"data": rows, b"labels": list(labels)}, protocol)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


@pytest.mark.parametrize("name", ["test_batch", "test_batch.gz", "cifar-10-batches-py/test_batch"])
@pytest.mark.parametrize("protocol", [2, 4])
def test_cifar_layouts(tmp_path, name, protocol):
    write_batch(tmp_path / name, protocol=protocol)
    cifar = datasets.CIFAR10(tmp_path, train=False)
    assert cifar.targets == [0, 9, 5, 1]
    image, label = cifar[1]
    assert label == 9 and image.mode == "RGB"
    assert np.array_equal(np.asarray(image)[4, 5], ROWS[1].reshape(3, 32, 32)[:, 4, 5])
    images, _ = cifar.tensors()
    assert np.allclose(images[2].numpy(), ROWS[2].reshape(3, 32, 32) / 255)


def test_cifar_batches_by_number(tmp_path):
    write_batch(tmp_path / "data_batch_1")
    write_batch(tmp_path / "data_batch_3.gz", labels=(1, 1, 1, 1))
    assert datasets.CIFAR10(tmp_path, batches=(1, 3)).targets == [0, 9, 5, 1, 1, 1, 1, 1]
    with pytest.raises(
        datasets.DataFileError, match="no file data_batch_2, data_batch_4, data_batch_5"
    ):
        datasets.CIFAR10(tmp_path)


def test_cifar_written_column_by_column(tmp_path):
    """An array in Fortran order is stored the other way round."""
    write_batch(tmp_path / "test_batch", rows=np.asfortranarray(ROWS))
    cifar = datasets.CIFAR10(tmp_path, train=False)
    assert np.array_equal(cifar.data[1].transpose(2, 0, 1), ROWS[1].reshape(3, 32, 32))


class Evil:
    def __reduce__(self):
        return os.mkdir, ("executed",)


def test_cifar_executes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for content in (Evil(), {b"data": Evil(), b"labels": []}):
        (tmp_path / "test_batch").write_bytes(pickle.dumps(content))
        with pytest.raises(datasets.DataFileError, match=r"mkdir, which no batch needs"):
            datasets.CIFAR10(tmp_path, train=False)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps({b"data": ROWS, b"labels": [0, 1, 2]}),
        pickle.dumps({b"data": ROWS, b"labels": [0, 1, 2, 10]}),
        pickle.dumps({b"data": ROWS[:, :-1], b"labels": [0, 1, 2, 3]}),
        pickle.dumps({b"data": ROWS.astype(np.float32), b"labels": [0, 1, 2, 3]}),
        pickle.dumps({b"data": b"no array", b"labels": []}),
        pickle.dumps([1, 2]),
        pickle.dumps({b"data": ROWS, b"labels": [0, 1, 2, 3]})[:-100],
        b"",
    ],
)
def test_damaged_cifar_files_are_named(tmp_path, content):
    (tmp_path / "test_batch").write_bytes(content)
    with pytest.raises(datasets.DataFileError, match="test_batch"):
        datasets.CIFAR10(tmp_path, train=False)


def test_cifar_archive(tmp_path, monkeypatch):
    from flambeau.vision.datasets import cifar

    source = tmp_path / "source"
    for name in ("data_batch_1", "test_batch"):
        write_batch(source / "cifar-10-batches-py" / name)
    made = shutil.make_archive(str(tmp_path / "made"), "gztar", source)
    root = tmp_path / "root"
    root.mkdir()
    shutil.move(made, root / datasets.CIFAR10.archive)
    monkeypatch.setattr(cifar, "download", lambda urls, path, md5: path)
    assert len(datasets.CIFAR10(root, batches=(1,), download=True)) == 4
    assert len(datasets.CIFAR10(root, train=False, download=True)) == 4
    (tmp_path / "bad.tar.gz").write_bytes(b"nothing")
    with pytest.raises(datasets.DataFileError, match=r"bad\.tar\.gz is damaged"):
        cifar.unpack(tmp_path / "bad.tar.gz", tmp_path / "out")


def test_the_real_cifar(shared_data):
    cifar = datasets.CIFAR10(shared_data / "cifar10", train=False)
    assert cifar.data.shape == (10000, 32, 32, 3)
    assert np.bincount(cifar.targets).tolist() == [1000] * 10
    assert len(datasets.CIFAR10(shared_data / "cifar10", batches=(1,))) == 10000
