"""The data sets: the real files where they are, small ones made here otherwise."""

from __future__ import annotations

import gzip
import lzma
import struct
import zipfile

import numpy as np
import pytest

import flambeau as torch
from flambeau.vision import datasets, images, transforms
from flambeau.vision.datasets.digits import _bilinear
from flambeau.vision.datasets.files import md5_of

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
    with pytest.raises(datasets.DataFileError, match=r"labels in .* reach 10"):
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


def test_the_spelling_with_a_dot(tmp_path):
    write_mnist(tmp_path)
    for path in list(tmp_path.iterdir()):
        path.rename(tmp_path / path.name.replace("-idx", ".idx"))
    assert len(datasets.MNIST(tmp_path)) == 7


@pytest.mark.parametrize("kind", ["MNIST", "FashionMNIST", "KMNIST", "EMNIST"])
def test_the_family_is_that_of_torchvision(kind):
    from .oracle import torchvision

    ours, theirs = getattr(datasets, kind), getattr(torchvision.datasets, kind)
    if kind == "EMNIST":
        assert ours.classes_split_dict == theirs.classes_split_dict
        assert (ours.url, ours.md5, ours.splits) == (theirs.url, theirs.md5, theirs.splits)
    else:
        assert ours.classes == theirs.classes
        assert [(f"{name}.gz", md5) for name, md5 in ours.checksums.items()] == theirs.resources


def test_emnist(tmp_path, monkeypatch):
    """The archive holds gzipped files in a folder of its own."""
    packed = tmp_path / "gzip.zip"
    with zipfile.ZipFile(packed, "w") as file:
        for kind, array in (("images-idx3", PIXELS), ("labels-idx1", LABELS)):
            name = f"gzip/emnist-letters-train-{kind}-ubyte.gz"
            file.writestr(name, gzip.compress(idx(array)))
    monkeypatch.setattr(datasets.EMNIST, "url", packed.as_uri())
    monkeypatch.setattr(datasets.EMNIST, "md5", md5_of(packed))
    emnist = datasets.EMNIST(tmp_path / "root", "letters", download=True)
    assert emnist.targets.tolist() == LABELS.tolist() and emnist.classes[1] == "a"
    with pytest.raises(ValueError, match="Unknown value 'words' for argument split"):
        datasets.EMNIST(tmp_path, "words")
    with pytest.raises(datasets.DataFileError, match="no file emnist-digits-test-images"):
        datasets.EMNIST(tmp_path, "digits", train=False)


FACTS = (np.arange(7 * 8) * 1000).reshape(7, 8).astype(">i4")
FACTS[:, 0] = LABELS


def test_qmnist(tmp_path):
    raw = tmp_path / "QMNIST" / "raw"
    raw.mkdir(parents=True)
    header = bytes((0, 0, 12, 2)) + struct.pack(">2I", *FACTS.shape)
    (raw / "qmnist-test-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(PIXELS)))
    labels = raw / "xnist-labels-idx2-int.xz"
    (raw / "xnist-images-idx3-ubyte.xz").write_bytes(lzma.compress(idx(PIXELS)))
    labels.write_bytes(lzma.compress(header + FACTS.tobytes()))
    (raw / "qmnist-test-labels-idx2-int").write_bytes(header + FACTS.tobytes())
    for what, count in (("test", 7), ("test10k", 7), ("test50k", 0), ("nist", 7)):
        assert len(datasets.QMNIST(tmp_path, what)) == count
    plain, full = (datasets.QMNIST(tmp_path, train=False, compat=c) for c in (True, False))
    assert plain[5][1] == 9 and full[5][1].tolist() == FACTS[5].tolist()
    assert plain.tensors()[1].tolist() == LABELS.tolist()
    assert plain.only("5 - five", "4 - four").targets[:, 0].tolist() == [1, 0]
    labels.write_bytes(labels.read_bytes()[:-20])
    with pytest.raises(datasets.DataFileError, match=r"xnist-labels-idx2-int\.xz is damaged"):
        datasets.QMNIST(tmp_path, "nist")


def test_some_classes_only(tmp_path):
    write_mnist(tmp_path)
    mnist = datasets.MNIST(tmp_path, transform=transforms.ToTensor())
    part = mnist.only("5 - five", "1 - one")
    assert part.targets.tolist() == [1, 1, 0] and part.classes == ["5 - five", "1 - one"]
    assert np.array_equal(part.data.numpy(), PIXELS[[1, 3, 4]])
    assert part.class_to_idx == {"5 - five": 0, "1 - one": 1}
    assert torch.equal(part[2][0], mnist[4][0]) and part.tensors()[1].tolist() == [1, 1, 0]
    assert len(mnist) == 7 and len(mnist.classes) == 10  # unchanged
    for wrong in ((), ("six",), ("1 - one", "1 - one")):
        with pytest.raises(ValueError, match="expected different classes out of 0 - zero"):
            mnist.only(*wrong)


class Members:
    """What a user writes in a data set."""

    def __getitem__(self, index):
        return self.transforms(index, -index) if self.transforms else index

    def __len__(self):
        return 3


def test_data_sets_of_users():
    from .oracle import torchvision

    Own, theirs = (
        type("Own", (Members, base), {})
        for base in (datasets.VisionDataset, torchvision.datasets.VisionDataset)
    )
    for kinds in ({}, {"transform": lambda x: -x}, {"transforms": max}, {"target_transform": abs}):
        ours, other = Own("~/x", **kinds), theirs("~/x", **kinds)
        assert repr(ours) == repr(other) and ours[2] == other[2] and ours.root == other.root
    with pytest.raises(ValueError, match="Only transforms or transform/target_transform"):
        Own(transforms=max, transform=str)
    with pytest.raises(NotImplementedError, match="Own cannot be restricted"):
        own = Own()
        own.classes, own.class_to_idx, own.targets = ["a"], {"a": 0}, [0]
        own.only("a")


# Noise ---


def test_fake_data_depend_on_the_index_alone():
    kinds = {"size": 5, "image_size": (3, 4, 6), "num_classes": 7}
    torch.manual_seed(1)
    first = [(np.asarray(image), label) for image, label in datasets.FakeData(**kinds)]
    after = torch.rand(3)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(3), after)  # nothing was drawn from the stream of the program
    second = datasets.FakeData(**kinds)
    for index in (4, 0, -1):
        image, label = second[index]
        assert np.array_equal(np.asarray(image), first[index][0]) and label == first[index][1]
    assert image.size == (6, 4) and image.mode == "RGB" and type(label) is int
    assert not np.array_equal(first[0][0], first[1][0])
    shifted = datasets.FakeData(**kinds, random_offset=1)
    assert np.array_equal(np.asarray(shifted[0][0]), first[1][0])
    with pytest.raises(IndexError, match="FakeData index out of range"):
        second[5]


def test_fake_data_of_other_channels():
    labels = set()
    for channels, mode in ((1, "L"), (4, "RGBA")):
        noise = datasets.FakeData(
            50, (channels, 3, 2), 3, transforms.ToTensor(), lambda y: labels.add(y) or y + 1
        )
        assert noise[0][0].shape == (channels, 3, 2)
        noise.transform = None
        assert {image.mode for image, _ in noise} == {mode}
    assert labels == {0, 1, 2} and "Number of datapoints: 50" in repr(noise)
