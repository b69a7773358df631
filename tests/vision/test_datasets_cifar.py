"""CIFAR-10, CIFAR-100, birds and airplanes: both versions of the files, sound and damaged."""

from __future__ import annotations

import gzip
import hashlib
import os
import pickle
import shutil

import numpy as np
import pytest

from flambeau.vision import datasets

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


def test_the_real_cifar(shared_data):
    cifar = datasets.CIFAR10(shared_data / "cifar10", train=False)
    assert cifar.data.shape == (10000, 32, 32, 3)
    assert np.bincount(cifar.targets).tolist() == [1000] * 10
    assert len(datasets.CIFAR10(shared_data / "cifar10", batches=(1,))) == 10000


# The binary version ---


def write_rows(path, *labels, rows=ROWS):
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = [np.array(column, np.uint8)[:, None] for column in labels]
    content = np.concatenate([*columns, rows], axis=1).tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


@pytest.mark.parametrize(
    "name", ["test_batch.bin", "test_batch.bin.gz", "cifar-10-batches-bin/test_batch.bin"]
)
def test_both_versions_say_the_same(tmp_path, name):
    write_rows(tmp_path / "binary" / name, (0, 9, 5, 1))
    write_batch(tmp_path / "python" / "test_batch")
    binary, python = (
        datasets.CIFAR10(tmp_path / version, train=False) for version in ("binary", "python")
    )
    assert np.array_equal(binary.data, python.data) and binary.targets == python.targets


def test_batches_of_both_versions_may_be_mixed(tmp_path):
    write_rows(tmp_path / "data_batch_1.bin", (4, 4, 4, 4))
    write_batch(tmp_path / "data_batch_2")
    assert datasets.CIFAR10(tmp_path, batches=(1, 2)).targets == [4, 4, 4, 4, 0, 9, 5, 1]


COARSE, FINE = [0, 19, 4, 7], [99, 0, 53, 42]


def write_cifar100(root, version, prefix="train"):
    if version == "binary":
        write_rows(root / "cifar-100-binary" / f"{prefix}.bin", COARSE, FINE)
        return
    path = root / "cifar-100-python" / prefix
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"data": ROWS, "fine_labels": FINE, "coarse_labels": COARSE, "filenames": ["a"] * 4}
    path.write_bytes(pickle.dumps(content, 2))


@pytest.mark.parametrize("version", ["python", "binary"])
@pytest.mark.parametrize("train", [True, False])
def test_cifar100(tmp_path, version, train):
    write_cifar100(tmp_path, version, "train" if train else "test")
    fine = datasets.CIFAR100(tmp_path, train=train)
    coarse = datasets.CIFAR100(tmp_path, train=train, coarse=True)
    assert fine.targets == FINE and coarse.targets == COARSE
    assert np.array_equal(fine.data[1].transpose(2, 0, 1), ROWS[1].reshape(3, 32, 32))
    assert (len(fine.classes), len(coarse.classes)) == (100, 20)
    assert fine.classes[99] == "worm" and coarse.classes[19] == "vehicles_2"
    with pytest.raises(datasets.DataFileError, match="CIFAR100: no file"):
        datasets.CIFAR100(tmp_path, train=not train)


@pytest.mark.parametrize(
    "damage, message",
    [
        (lambda content: content[:-1], "damaged or cut short: it has 12291 bytes, not a multiple"),
        (lambda content: b"", "damaged or cut short: it has 0 bytes"),
        (lambda content: b"\xff" + content[1:], "labels from 0 to 9"),
    ],
)
def test_damaged_binary_files_are_named(tmp_path, damage, message):
    path = tmp_path / "test_batch.bin"
    write_rows(path, (0, 9, 5, 1))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(datasets.DataFileError, match=rf"test_batch\.bin.*{message}"):
        datasets.CIFAR10(tmp_path, train=False)


def test_names_of_old_programs(tmp_path):
    write_batch(tmp_path / "test_batch")
    cifar = datasets.CIFAR10(tmp_path, train=False)
    for old, new in (("test_data", cifar.data), ("test_labels", cifar.targets)):
        with pytest.warns(UserWarning, match=f"{old} has been renamed"):
            assert getattr(cifar, old) is new


# Archives ---


def publish(monkeypatch, kind, source, place):
    """Pack what is in `source` and let the data set fetch it from there."""
    place.mkdir()
    made = shutil.make_archive(str(place / "made"), "gztar", source)
    os.rename(made, place / kind.archive)
    digest = hashlib.md5((place / kind.archive).read_bytes()).hexdigest()
    monkeypatch.setattr(kind, "mirrors", [place.as_uri() + "/"])
    monkeypatch.setattr(kind, "checksum", digest)


def test_cifar10_is_fetched_and_unpacked(tmp_path, monkeypatch):
    for name in ("data_batch_1", "test_batch"):
        write_batch(tmp_path / "source" / "cifar-10-batches-py" / name)
    publish(monkeypatch, datasets.CIFAR10, tmp_path / "source", tmp_path / "mirror")
    root = tmp_path / "root"
    assert len(datasets.CIFAR10(root, batches=(1,), download=True)) == 4
    shutil.rmtree(tmp_path / "mirror")  # the rest is there already
    assert len(datasets.CIFAR10(root, train=False, download=True)) == 4
    assert sorted(p.name for p in root.iterdir()) == [
        "cifar-10-batches-py",
        "cifar-10-python.tar.gz",
    ]


def test_cifar100_is_fetched_and_unpacked(tmp_path, monkeypatch):
    write_cifar100(tmp_path / "source", "python", "test")
    publish(monkeypatch, datasets.CIFAR100, tmp_path / "source", tmp_path / "mirror")
    assert datasets.CIFAR100(tmp_path, train=False, download=True).targets == FINE


def test_cifar_offline(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.CIFAR100, "mirrors", [(tmp_path / "nowhere").as_uri() + "/"])
    with pytest.raises(datasets.DataFileError) as caught:
        datasets.CIFAR100(tmp_path, download=True)
    assert f"put the file by hand at {tmp_path / 'cifar-100-python.tar.gz'}" in str(caught.value)


@pytest.mark.parametrize("kind", ["CIFAR10", "CIFAR100"])
def test_checksums_and_names_are_those_of_torchvision(kind):
    from .oracle import torchvision

    ours, theirs = getattr(datasets, kind), getattr(torchvision.datasets, kind)
    assert (ours.checksum, ours.archive) == (theirs.tgz_md5, theirs.filename)
    assert ours.folders[0] == theirs.base_folder


# Birds and airplanes ---


def test_airplanes_and_birds_of_the_batches(tmp_path):
    write_batch(tmp_path / "data_batch_1", labels=(2, 0, 5, 2))
    cifar2 = datasets.CIFAR2(tmp_path, batches=(1,), target_transform=lambda label: label * 10)
    assert cifar2.targets == [1, 0, 1] and cifar2.classes == ["airplane", "bird"]
    assert np.array_equal(cifar2.data[2].transpose(2, 0, 1), ROWS[3].reshape(3, 32, 32))
    assert [label for _, label in cifar2] == [10, 0, 10]
    images, labels = cifar2.tensors()
    assert images.shape == (3, 3, 32, 32) and labels.tolist() == [10, 0, 10]


@pytest.mark.parametrize("packed", [True, False])
def test_airplanes_and_birds_of_one_file(tmp_path, packed):
    save = np.savez_compressed if packed else np.savez
    labels = np.array([1, 0, 0, 1], np.uint8)
    parts = {"train_x": ROWS, "train_y": labels, "val_x": ROWS[:1], "val_y": labels[:1]}
    save(tmp_path / datasets.CIFAR2.file, **parts)
    train, val = datasets.CIFAR2(str(tmp_path)), datasets.CIFAR2(tmp_path, train=False)
    assert train.targets == [1, 0, 0, 1] and val.targets == [1]
    assert np.array_equal(train.data[2].transpose(2, 0, 1), ROWS[2].reshape(3, 32, 32))


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "text", "labels", "shape", "kind"])
def test_a_damaged_npz_is_named(tmp_path, damage):
    labels = {"labels": [2, 0, 0, 1], "shape": [1, 0, 0]}.get(damage, [1, 0, 0, 1])
    kind = object if damage == "kind" else np.uint8
    path = tmp_path / datasets.CIFAR2.file
    np.savez_compressed(path, train_x=ROWS, train_y=np.array(labels, kind))
    content = path.read_bytes()
    if damage == "cut":
        content = content[:-200]
    elif damage == "flipped":
        content = content[:500] + bytes([content[500] ^ 0xFF]) + content[501:]
    elif damage in ("empty", "text"):
        content = b"" if damage == "empty" else b"nothing of the kind"
    path.write_bytes(content)
    with pytest.raises(datasets.DataFileError, match=r"cifar2_birds_airplanes\.npz"):
        datasets.CIFAR2(tmp_path)


def test_the_real_birds_and_airplanes(shared_data):
    """One file and the batches it was made of say the same, image by image."""
    folder = shared_data / "cifar10"
    train, val = datasets.CIFAR2(folder), datasets.CIFAR2(folder, train=False)
    assert (len(train), len(val)) == (10000, 2000)
    assert np.bincount(train.targets).tolist() == [5000, 5000]
    picked = datasets.CIFAR10(folder, batches=(1,)).only("airplane", "bird")
    assert len(picked) == 2037 and picked.targets == train.targets[:2037]
    assert np.array_equal(picked.data, train.data[:2037])
    picked = datasets.CIFAR10(folder, train=False).only("airplane", "bird")
    assert picked.targets == val.targets and np.array_equal(picked.data, val.data)
