"""Our safetensors files are read by the package, and the package's by us."""

from __future__ import annotations

import io

import numpy as np
import pytest

import flambeau
from flambeau.io import load_safetensors, save_safetensors
from flambeau.io.safetensors import read_metadata

NAMES = [
    "float32",
    "float64",
    "float16",
    "bfloat16",
    "int8",
    "uint8",
    "int16",
    "int32",
    "int64",
    "bool",
    "complex64",
    "uint16",
    "uint32",
    "uint64",
]


def tensors() -> dict:
    rng = np.random.default_rng(0)
    made = {}
    for i, name in enumerate(NAMES):
        values = flambeau.from_numpy(rng.integers(0, 2, (3, i % 4 + 1, 2)))
        made[f"x.{name}"] = values.to(getattr(flambeau, name))
    made["turned"] = flambeau.arange(6.0).reshape(2, 3).t()
    made["empty"] = flambeau.empty(0, 3)
    made["scalar"] = flambeau.tensor(2.5)
    return made


def test_our_files_are_read_by_the_package(tmp_path):
    theirs = pytest.importorskip(
        "safetensors.torch", reason="the package safetensors is the oracle"
    )
    ours = tensors()
    path = tmp_path / "x.safetensors"
    save_safetensors(ours, path, metadata={"format": "pt", "note": "ä"})
    loaded = theirs.load_file(path)
    assert set(loaded) == set(ours)
    for name, t in ours.items():
        assert str(loaded[name].dtype) == str(t.dtype) and loaded[name].tolist() == t.tolist()
    assert read_metadata(path) == {"format": "pt", "note": "ä"}
    again = load_safetensors(path)
    for name, t in ours.items():
        assert again[name].dtype is t.dtype and again[name].tolist() == t.tolist()


def test_the_packages_files_are_read_by_us(tmp_path):
    theirs = pytest.importorskip(
        "safetensors.torch", reason="the package safetensors is the oracle"
    )
    torch = pytest.importorskip("torch", reason="PyTorch makes the tensors")
    made = {name: torch.arange(6).reshape(2, 3).to(getattr(torch, name)) for name in NAMES}
    made["empty"] = torch.empty(2, 0)
    made["scalar"] = torch.tensor(3)
    path = tmp_path / "x.safetensors"
    theirs.save_file(made, path, metadata={"by": "them"})
    for load in (load_safetensors, flambeau.load):
        loaded = load(path)
        assert set(loaded) == set(made)
        for name, t in made.items():
            assert str(loaded[name].dtype) == str(t.dtype)
            assert loaded[name].tolist() == t.tolist() and tuple(loaded[name].shape) == tuple(
                t.shape
            )
    assert read_metadata(path) == {"by": "them"}


def test_models_go_through():
    model = flambeau.nn.Sequential(flambeau.nn.Linear(3, 2), flambeau.nn.BatchNorm1d(2))
    file = io.BytesIO()
    save_safetensors(model.state_dict(), file)
    file.seek(0)
    twin = flambeau.nn.Sequential(flambeau.nn.Linear(3, 2), flambeau.nn.BatchNorm1d(2))
    twin.load_state_dict(load_safetensors(file))
    x = flambeau.ones(4, 3)
    assert flambeau.equal(model.eval()(x), twin.eval()(x))


def test_what_cannot_be_saved():
    with pytest.raises(TypeError, match="only tensors"):
        save_safetensors({"a": [1]}, io.BytesIO())
    with pytest.raises(TypeError, match="no element type"):
        save_safetensors({"a": flambeau.ones(1, dtype=flambeau.complex128)}, io.BytesIO())
    with pytest.raises(TypeError, match="str to str"):
        save_safetensors({}, io.BytesIO(), metadata={"a": 1})


def test_loaded_tensors_can_be_written_to():
    file = io.BytesIO()
    save_safetensors({"a": flambeau.ones(2), "b": flambeau.ones(2)}, file)
    file.seek(0)
    loaded = load_safetensors(file)
    loaded["a"].add_(1)
    assert loaded["b"].tolist() == [1, 1]
