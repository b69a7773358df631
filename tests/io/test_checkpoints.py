"""Checkpoints go both ways between Flambeau and PyTorch, and mean the same in both."""

from __future__ import annotations

import copy
import io
import os
import pathlib
import pickle
import random
import threading
from collections import Counter, OrderedDict, defaultdict, deque

import numpy as np
import pytest

import flambeau
from flambeau.io import CheckpointError, UnsafeCheckpointError

torch = pytest.importorskip("torch", reason="PyTorch is the other side")

DTYPES = [
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
    "complex128",
    "uint16",
    "uint32",
    "uint64",
]
TYPED = DTYPES[:-3]


def saved_by(library, obj, **options) -> io.BytesIO:
    file = io.BytesIO()
    library.save(obj, file, **options)
    file.seek(0)
    return file


def bits(t) -> bytes:
    """The elements of a tensor of either library, in order."""
    if isinstance(t, torch.Tensor):
        t = t.detach().contiguous()
        return t.view(torch.uint8).numpy().tobytes() if t.numel() and t.dim() else _scalar_bits(t)
    array = np.ascontiguousarray(t.detach()._array)
    return array.tobytes()


def _scalar_bits(t) -> bytes:
    return t.reshape(-1).view(torch.uint8).numpy().tobytes() if t.numel() else b""


def same(a, b) -> None:
    """Equal in structure, types, and every bit of every tensor."""
    if hasattr(a, "storage_offset"):
        assert str(a.dtype) == str(b.dtype)
        assert tuple(a.shape) == tuple(b.shape)
        assert a.requires_grad == b.requires_grad
        assert type(a).__name__ == type(b).__name__
        if a.numel():
            assert tuple(a.stride()) == tuple(b.stride())
            assert a.storage_offset() == b.storage_offset()
        assert bits(a) == bits(b)
        return
    assert type(a).__name__ == type(b).__name__
    if isinstance(a, dict):
        assert list(a) == list(b)
        for key in a:
            same(a[key], b[key])
    elif isinstance(a, (list, tuple, deque)):
        assert len(a) == len(b)
        for one, other in zip(a, b):
            same(one, other)
    else:
        assert a == b or repr(a) == repr(b)


class Maker:
    """Random nested values of one library; the same seed makes the same in both."""

    def __init__(self, library, seed: int, dtypes=DTYPES):
        self.library, self.dtypes = library, dtypes
        self.random, self.numbers = random.Random(seed), np.random.default_rng(seed)
        self.bases: list = []

    def tensor(self):
        pick = self.random
        if self.bases and pick.random() < 0.4:
            base = pick.choice(self.bases)
        else:
            shape = [
                pick.randrange(0 if pick.random() < 0.1 else 1, 6) for _ in range(pick.randrange(4))
            ]
            values = self.numbers.integers(0, 100, shape)
            base = self.library.tensor(values.tolist()).reshape(shape)
            base = base.to(getattr(self.library, pick.choice(self.dtypes)))
            self.bases.append(base)
        for _ in range(pick.randrange(3)):
            if base.dim() == 0:
                break
            dim = pick.randrange(base.dim())
            kind = pick.randrange(4)
            if kind == 0:
                base = base.transpose(0, dim)
            elif kind == 1 and base.shape[dim] > 1:
                start = pick.randrange(base.shape[dim] - 1)
                base = base.narrow(dim, start, base.shape[dim] - start)
            elif kind == 2 and base.shape[dim] > 0:
                base = base.select(dim, pick.randrange(base.shape[dim]))
            elif kind == 3:
                base = base.unsqueeze(dim).expand(*base.shape[:dim], 3, *base.shape[dim:])
        base = base.detach()
        if base.is_floating_point() and pick.random() < 0.3:
            if pick.random() < 0.5:
                return self.library.nn.Parameter(base)
            base.requires_grad_()
        return base

    def value(self, depth: int = 0):
        pick = self.random
        kinds = [self.tensor] * 4 + [self.plain]
        if depth < 3:
            kinds += [
                lambda: [self.value(depth + 1) for _ in range(pick.randrange(5))],
                lambda: tuple(self.value(depth + 1) for _ in range(pick.randrange(5))),
                lambda: {self.key(): self.value(depth + 1) for _ in range(pick.randrange(5))},
                lambda: OrderedDict((self.key(), self.value(depth + 1)) for _ in range(3)),
            ]
        return pick.choice(kinds)()

    def key(self):
        return self.random.choice(["weight", "é", 7, -3, 2.5, ("a", 1), True, None, b"k"])

    def plain(self):
        return self.random.choice(
            [
                None,
                True,
                3,
                -(2**40),
                2**100,
                1.5,
                float("inf"),
                "text",
                "ü" * 300,
                b"bytes",
                bytearray(b"x"),
                3 + 4j,
                {1, 2},
                Counter("aab"),
                self.library.Size([2, 3]),
                self.library.float32,
                self.library.device("cpu"),
            ]
        )


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("seed", range(40))
def test_random_values_both_ways(seed, new):
    """PyTorch's file read here, and ours read by PyTorch with ``weights_only=True``, are what was
    saved.
    """
    dtypes = DTYPES if new else TYPED  # PyTorch cannot read its own legacy files with the others
    theirs = [Maker(torch, seed, dtypes).value() for _ in range(1)]
    ours = [Maker(flambeau, seed, dtypes).value() for _ in range(1)]
    option = {"_use_new_zipfile_serialization": new}
    same(theirs, ours)
    same(theirs, flambeau.load(saved_by(torch, theirs, **option)))
    same(torch.load(saved_by(flambeau, ours, **option), weights_only=True), ours)
    same(flambeau.load(saved_by(flambeau, ours, **option)), ours)


@pytest.mark.parametrize("protocol", range(6))
def test_protocols(protocol):
    value = {
        "w": [1, -2.5, "a\nb\\", "ü", b"\x00\xff", None, True, 10**30],
        "t": (1, (2, (3, (4, 5, 6)))),
    }
    assert flambeau.load(saved_by(flambeau, value, pickle_protocol=protocol)) == value
    if protocol in (2, 3, 4, 5):
        assert flambeau.load(saved_by(torch, value, pickle_protocol=protocol)) == value
        assert (
            torch.load(saved_by(flambeau, value, pickle_protocol=protocol), weights_only=False)
            == value
        )
    tensors = [flambeau.arange(3), flambeau.nn.Parameter(flambeau.ones(2))]
    if protocol:  # persistent ids of protocol 0 are text
        same(flambeau.load(saved_by(flambeau, tensors, pickle_protocol=protocol)), tensors)


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize(
    "writer, reader", [("torch", "flambeau"), ("flambeau", "torch"), ("flambeau", "flambeau")]
)
def test_shared_memory_stays_shared(writer, reader, new):
    libraries = {"torch": torch, "flambeau": flambeau}
    base = libraries[writer].arange(12.0).reshape(3, 4)
    parts = [base, base.t(), base[1:, 2], base.reshape(-1)[4:], libraries[writer].arange(2.0)]
    file = saved_by(libraries[writer], parts, _use_new_zipfile_serialization=new)
    whole, turned, column, tail, other = libraries[reader].load(file)
    assert column.storage_offset() == 6 and turned.stride() == (1, 4)
    whole[1, 2] = 100
    assert float(turned[2, 1]) == float(column[0]) == float(tail[2]) == 100
    tail[2] = 7
    assert float(whole[1, 2]) == 7
    assert other.tolist() == [0, 1]


def test_a_write_through_one_is_seen_by_the_other_graph():
    """Tensors of one storage share its version counter, as they did before saving."""
    base = flambeau.ones(3)
    x, y = flambeau.load(saved_by(flambeau, [base, base[1:]]))
    before = x._version
    y.mul_(2)
    assert x.tolist() == [1, 2, 2] and x._version > before


def test_expanded_tensor_is_small_in_the_file():
    wide = flambeau.ones(1).expand(1000, 1000)
    file = saved_by(flambeau, wide)
    assert len(file.getvalue()) < 3000
    assert torch.load(file).stride() == (0, 0)


def test_views_of_one_memory_as_different_types_are_refused():
    for library in (torch, flambeau):
        x = library.arange(4, dtype=library.int32)
        with pytest.raises(RuntimeError, match="view the same data as different types"):
            saved_by(library, [x, x.view(library.float32)])


def test_numpy_memory_that_tensors_cannot_express():
    """Strides that no storage has are saved as plain copies."""
    backwards = flambeau.from_numpy(np.arange(6.0).reshape(2, 3).T.copy().T)
    same(flambeau.load(saved_by(flambeau, backwards)), backwards)
    fortran = flambeau.from_numpy(np.asfortranarray(np.arange(6.0).reshape(2, 3)))
    assert torch.load(saved_by(flambeau, fortran)).tolist() == [[0, 1, 2], [3, 4, 5]]
    inner = flambeau.from_numpy(np.arange(24.0).reshape(4, 6)[1:3, ::2])
    assert torch.load(saved_by(flambeau, inner)).tolist() == [[6, 8, 10], [12, 14, 16]]


def small_model(library):
    nn = library.nn
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Flatten(),
        nn.Linear(16, 3, bias=False),
    )


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_training_state_both_ways(new):
    """A whole checkpoint: model, optimiser with momentum, epoch; training goes on equally in
    both."""
    model, twin = small_model(torch), small_model(flambeau)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    other = flambeau.optim.SGD(twin.parameters(), lr=0.5)
    x = np.random.default_rng(0).standard_normal((5, 1, 4, 4)).astype(np.float32)

    def step(library, model, optimizer):
        model.train()
        model[3].eval()
        optimizer.zero_grad()
        model(library.from_numpy(x)).square().sum().backward()
        optimizer.step()

    step(torch, model, optimizer)
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}
    loaded = flambeau.load(saved_by(torch, state, _use_new_zipfile_serialization=new))
    assert loaded["model"]._metadata == model.state_dict()._metadata
    twin.load_state_dict(loaded["model"])
    other.load_state_dict(loaded["optimizer"])
    for _ in range(2):
        step(torch, model, optimizer)
        step(flambeau, twin, other)
    for name, value in model.state_dict().items():
        np.testing.assert_allclose(
            value.numpy(), twin.state_dict()[name].numpy(), rtol=1e-4, atol=1e-6
        )
    back = {"model": twin.state_dict(), "optimizer": other.state_dict()}
    file = saved_by(flambeau, back, _use_new_zipfile_serialization=new)
    back = torch.load(file, weights_only=True)
    model.load_state_dict(back["model"])
    optimizer.load_state_dict(back["optimizer"])


@pytest.mark.parametrize("new", [True, False], ids=["zip", "legacy"])
def test_whole_modules(new):
    """``torch.save(model)``: classes of nn become ours; data alone do not bring classes in."""
    model = small_model(torch).eval()
    file = saved_by(torch, model, _use_new_zipfile_serialization=new)
    with pytest.raises(UnsafeCheckpointError, match="Weights only load failed"):
        flambeau.load(file)
    file.seek(0)
    twin = flambeau.load(file, weights_only=False)
    assert repr(twin) == repr(model)
    assert isinstance(twin[0], flambeau.nn.Conv2d) and not twin.training
    x = np.random.default_rng(0).standard_normal((5, 1, 4, 4)).astype(np.float32)
    expected = model(torch.from_numpy(x)).detach().numpy()
    np.testing.assert_allclose(
        twin(flambeau.from_numpy(x)).detach().numpy(), expected, rtol=1e-5, atol=1e-6
    )
    again = flambeau.load(saved_by(flambeau, twin), weights_only=False)
    np.testing.assert_allclose(
        again(flambeau.from_numpy(x)).detach().numpy(), expected, rtol=1e-5, atol=1e-6
    )


MODULES = {
    "LSTM": lambda nn: nn.LSTM(3, 4, 2, batch_first=True),
    "GRU": lambda nn: nn.GRU(3, 4, bidirectional=True),
    "RNNCell": lambda nn: nn.RNNCell(2, 3),
    "MultiheadAttention": lambda nn: nn.MultiheadAttention(8, 2),
    "encoder with relu": lambda nn: nn.TransformerEncoderLayer(8, 2),
    "encoder with gelu": lambda nn: nn.TransformerEncoderLayer(8, 2, activation="gelu"),
    "Embedding": lambda nn: nn.Embedding(5, 3, padding_idx=0),
    "ConvTranspose2d": lambda nn: nn.ConvTranspose2d(2, 3, 3),
    "LayerNorm": lambda nn: nn.LayerNorm(4),
    "GroupNorm": lambda nn: nn.GroupNorm(2, 4),
    "InstanceNorm2d": lambda nn: nn.InstanceNorm2d(3, affine=True),
    "Upsample": lambda nn: nn.Upsample(scale_factor=2),
    "MaxPool2d": lambda nn: nn.MaxPool2d(2, return_indices=True),
    "PReLU": lambda nn: nn.PReLU(),
    "Bilinear": lambda nn: nn.Bilinear(2, 3, 4),
    "ModuleDict": lambda nn: nn.ModuleDict({"a": nn.Linear(2, 2)}),
    "ParameterList": lambda nn: nn.ParameterList([nn.Parameter(nn.Linear(2, 2).weight)]),
    "ParameterDict": lambda nn: nn.ParameterDict({"a": nn.Linear(2, 2).weight}),
}


@pytest.mark.parametrize("name", MODULES)
def test_modules_of_pytorch_become_ours(name):
    module = MODULES[name](torch.nn)
    for new in (True, False):
        file = saved_by(torch, module, _use_new_zipfile_serialization=new)
        twin = flambeau.load(file, weights_only=False)
        assert type(twin).__module__.startswith("flambeau.nn")
        theirs, ours = module.state_dict(), twin.state_dict()
        assert list(ours) == list(theirs)
        assert all(ours[key].tolist() == theirs[key].tolist() for key in ours)
        again = flambeau.load(saved_by(flambeau, twin), weights_only=False)
        if name not in ("ParameterList", "ParameterDict"):  # they print the type of their tensors
            assert repr(again) == repr(twin) == repr(module)


class OwnNet(flambeau.nn.Module):
    """A module class of the program."""

    def __init__(self):
        super().__init__()
        self.fc = flambeau.nn.Linear(2, 2)

    def forward(self, x):
        return self.fc(x)


class Stranger:
    """A class that no file may create unasked."""

    made = 0

    def __init__(self, x=1):
        self.x = x

    def __setstate__(self, state):
        type(self).made += 1
        self.x = state["x"]


def test_own_modules_need_no_permission_but_weights_only_false():
    file = saved_by(flambeau, OwnNet())
    loaded = flambeau.load(file, weights_only=False)
    assert type(loaded) is OwnNet and loaded(flambeau.ones(1, 2)).shape == (1, 2)


@pytest.mark.parametrize("weights_only", [True, False])
def test_strangers_must_be_named(weights_only):
    file = saved_by(flambeau, {"s": Stranger(5)})
    with pytest.raises(UnsafeCheckpointError, match=r"add_safe_globals\(\[.*Stranger\]\)"):
        flambeau.load(file, weights_only=weights_only)
    assert Stranger.made == 0
    file.seek(0)
    with flambeau.serialization.safe_globals([Stranger]):
        loaded = flambeau.load(file, weights_only=weights_only)
    assert loaded["s"].x == 5 and Stranger.made == 1
    Stranger.made = 0
    assert flambeau.serialization.get_safe_globals() == []
    file.seek(0)
    other = [(Stranger, f"{Stranger.__module__}.Stranger")]
    with flambeau.serialization.safe_globals(other):
        assert flambeau.load(file)["s"].x == 5
    Stranger.made = 0


def test_containers_and_numpy_data():
    value = {
        "slice": slice(1, None, 2),
        "frozen": frozenset({1, ("a", 2)}),
        "default": defaultdict(list, {"a": [1]}),
        "deque": deque([1, 2], 5),
        "array": np.arange(6, dtype=np.float32).reshape(2, 3),
        "scalar": np.float64(2.5),
        "big": np.arange(3, dtype=">i4"),
        "text": np.array(["ab", "c"]),
        "dtype": np.dtype("int16"),
        "fortran": np.asfortranarray(np.ones((2, 3))),
    }
    for protocol in (2, 4, 5):
        loaded = flambeau.load(saved_by(flambeau, value, pickle_protocol=protocol))
        for name in ("slice", "frozen", "default", "deque", "scalar", "dtype"):
            assert loaded[name] == value[name] and type(loaded[name]) is type(value[name])
        for name in ("array", "big", "text", "fortran"):
            assert loaded[name].dtype.newbyteorder("=") == value[name].dtype.newbyteorder("=")
            np.testing.assert_array_equal(loaded[name], value[name])
    loaded = flambeau.load(saved_by(torch, value))
    np.testing.assert_array_equal(loaded["fortran"], value["fortran"])
    assert loaded["frozen"] == value["frozen"]


def test_recursive_containers():
    loop: list = [1]
    loop.append(loop)
    loaded = flambeau.load(saved_by(flambeau, loop))
    assert loaded[1] is loaded
    twice = flambeau.load(saved_by(flambeau, [x := flambeau.ones(2), x]))
    assert twice[0] is twice[1]


def test_tensors_with_attributes():
    for library in (torch, flambeau):
        t = library.ones(2)
        t.label = "mine"
        p = library.nn.Parameter(library.ones(2))
        p.is_shared = True
        loaded = flambeau.load(saved_by(library, [t, p]))
        assert loaded[0].label == "mine" and loaded[1].is_shared is True
        assert type(loaded[1]) is flambeau.nn.Parameter


def test_layouts():
    assert flambeau.load(saved_by(torch, [torch.strided])) == [flambeau.strided]


# Files --------------------------------------------------------------------------------------


def test_paths_and_files(tmp_path):
    x = flambeau.ones(3)
    for path in (tmp_path / "a.pt", str(tmp_path / "b.pt"), os.fsencode(tmp_path / "c.pt")):
        flambeau.save(x, path)
        assert flambeau.load(path).tolist() == [1, 1, 1]
    assert torch.load(tmp_path / "a.pt").tolist() == [1, 1, 1]
    torch.save(torch.ones(3), tmp_path / "d.pt")
    assert flambeau.load(pathlib.Path(tmp_path / "d.pt")).tolist() == [1, 1, 1]
    with open(tmp_path / "e.pt", "wb") as file:
        flambeau.save(x, file)
    with open(tmp_path / "e.pt", "rb") as file:
        assert flambeau.load(file).tolist() == [1, 1, 1]
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".tmp")]


def test_records_are_aligned_for_mapping(tmp_path):
    path = tmp_path / "model.pt"
    flambeau.save({"a": flambeau.arange(100.0), "b": flambeau.ones(3, dtype=flambeau.int8)}, path)
    mapped = torch.load(path, mmap=True)
    assert mapped["a"].data_ptr() % 64 == mapped["b"].data_ptr() % 64 == 0
    assert mapped["a"].sum() == 4950
    reader = torch._C.PyTorchFileReader(str(path))
    assert reader.get_record("version") == b"3\n" and reader.get_record("byteorder") == b"little"
    assert len(reader.serialization_id()) == 40


@pytest.mark.parametrize("library", [torch, flambeau], ids=["torch", "flambeau"])
def test_mmap(tmp_path, library):
    path = tmp_path / "model.pt"
    library.save({"a": library.arange(5.0), "b": library.empty(0)}, path)
    loaded = flambeau.load(path, mmap=True)
    loaded["a"][0] = 9  # private: the file stays as it is
    assert loaded["a"].tolist() == [9, 1, 2, 3, 4] and loaded["b"].numel() == 0
    assert flambeau.load(path)["a"].tolist() == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="must be a file path"):
        flambeau.load(io.BytesIO(path.read_bytes()), mmap=True)
    flambeau.save(1, path, _use_new_zipfile_serialization=False)
    with pytest.raises(RuntimeError, match="mmap can only be used"):
        flambeau.load(path, mmap=True)


def test_a_failing_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "model.pt"
    flambeau.save({"epoch": 1}, path)
    for options in ({}, {"_use_new_zipfile_serialization": False}):
        with pytest.raises((pickle.PicklingError, TypeError, AttributeError)):
            flambeau.save({"x": flambeau.ones(2), "lock": threading.Lock()}, path, **options)
        assert flambeau.load(path) == {"epoch": 1}
    assert os.listdir(tmp_path) == ["model.pt"]


def test_a_killed_save_leaves_the_old_file(tmp_path, monkeypatch):
    """Whatever write is the last that happens, the path holds the old contents."""
    from flambeau.io import archive

    path = tmp_path / "model.pt"
    flambeau.save({"epoch": 1}, path)
    write = archive.ArchiveWriter.write
    for last in range(6):
        count = [0]

        def failing(self, record, content, last=last, count=count):
            if count[0] == last:
                raise KeyboardInterrupt
            count[0] += 1
            write(self, record, content)

        monkeypatch.setattr(archive.ArchiveWriter, "write", failing)
        with pytest.raises(KeyboardInterrupt):
            flambeau.save({"x": flambeau.ones(2), "y": flambeau.ones(3)}, path)
        monkeypatch.undo()
        assert flambeau.load(path) == {"epoch": 1}
        assert os.listdir(tmp_path) == ["model.pt"]


def test_permissions_and_links(tmp_path):
    path, link = tmp_path / "model.pt", tmp_path / "latest.pt"
    flambeau.save(1, path)
    assert path.stat().st_mode & 0o777 == 0o666 & ~_umask()
    path.chmod(0o640)
    link.symlink_to(path)
    flambeau.save(2, link)
    assert link.is_symlink() and flambeau.load(path) == 2 and path.stat().st_mode & 0o777 == 0o640
    flambeau.save(3, os.devnull)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def kind_of(error: BaseException) -> set[type]:
    return {c for c in type(error).__mro__ if c.__module__ in ("builtins", "_pickle", "pickle")}


@pytest.mark.parametrize(
    "call",
    [
        lambda lib, d: lib.load(d / "absent.pt"),
        lambda lib, d: lib.save(1, d / "absent" / "x.pt"),
        lambda lib, d: lib.load(io.BytesIO(b"")),
        lambda lib, d: lib.load(object()),
        lambda lib, d: lib.save(1, object()),
        lambda lib, d: lib.save(lambda: 1, io.BytesIO()),
        lambda lib, d: lib.load(saved_by(torch, torch.nn.ReLU())),
        lambda lib, d: lib.load(saved_by(lib, lib.ones(1)), map_location="nowhere"),
        lambda lib, d: lib.load(saved_by(lib, 1), pickle_module=pickle, weights_only=True),
    ],
    ids=[
        "absent",
        "no folder",
        "empty",
        "no file",
        "no writer",
        "lambda",
        "module",
        "device",
        "pickle",
    ],
)
def test_errors_are_of_pytorchs_kinds(call, tmp_path):
    errors = []
    for library in (torch, flambeau):
        with pytest.raises(Exception) as caught:
            call(library, tmp_path)
        errors.append(caught.value)
    assert type(errors[0]) in kind_of(errors[1]), errors


def test_map_location():
    file = saved_by(torch, [torch.ones(2)]).getvalue()
    fake = file.replace(
        b"X\x03\x00\x00\x00cpu", b"X\x03\x00\x00\x00xla"
    )  # a device that is not here
    import zipfile

    source, target = zipfile.ZipFile(io.BytesIO(file)), io.BytesIO()
    with zipfile.ZipFile(target, "w") as out:
        for info in source.infolist():
            content = source.read(info).replace(b"X\x03\x00\x00\x00cpu", b"X\x06\x00\x00\x00cuda:0")
            out.writestr(info.filename, content)
    assert fake
    with pytest.raises(RuntimeError, match="Attempting to deserialize object on a CUDA device"):
        flambeau.load(io.BytesIO(target.getvalue()))
    seen = []
    for location in (
        "cpu",
        flambeau.device("cpu"),
        {"cuda:0": "cpu"},
        lambda s, loc: s,
        lambda s, loc: seen.append(loc) or s.cpu(),
    ):
        assert flambeau.load(io.BytesIO(target.getvalue()), map_location=location)[0].tolist() == [
            1,
            1,
        ]
    assert seen == ["cuda:0"]
    for location in ("cuda:1", {"cpu": "cuda"}, lambda s, loc: None):
        with pytest.raises(RuntimeError):
            flambeau.load(io.BytesIO(target.getvalue()), map_location=location)


def test_other_pickle_modules_are_refused():
    class Dill:
        __name__ = "dill"

    with pytest.raises(CheckpointError, match="dill"):
        flambeau.save(1, io.BytesIO(), pickle_module=Dill())


def test_checksums_switched_off():
    """PyTorch can write files without checksums; they load."""
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        file = saved_by(torch, torch.ones(3))
    finally:
        torch.serialization.set_crc32_options(before)
    assert flambeau.load(file).tolist() == [1, 1, 1]


def test_big_endian_files():
    """A file that says that its bytes are big-endian is turned round."""
    import zipfile

    values = [
        flambeau.arange(4.0),
        flambeau.tensor([1, 2**40]),
        flambeau.tensor([1 + 2j]),
        flambeau.tensor([True]),
    ]
    target = io.BytesIO()
    with zipfile.ZipFile(saved_by(flambeau, values)) as source, zipfile.ZipFile(target, "w") as out:
        for info in source.infolist():
            content = source.read(info)
            if info.filename.endswith("byteorder"):
                content = b"big"
            elif "/data/" in info.filename:
                i = int(info.filename.rsplit("/", 1)[1])
                width = [4, 8, 4, 1][i]
                content = np.frombuffer(content, f"u{width}").byteswap().tobytes()
            out.writestr(info.filename, content)
    same(flambeau.load(io.BytesIO(target.getvalue())), values)


def test_strings_of_python_2():
    old = io.BytesIO(saved_by(flambeau, ["abc"], _use_new_zipfile_serialization=False).getvalue())
    raw = old.getvalue().replace(b"X\x03\x00\x00\x00abc", b"U\x03\xe4bc")
    with pytest.raises(CheckpointError, match="latin1"):
        flambeau.load(io.BytesIO(raw))
    assert flambeau.load(io.BytesIO(raw), encoding="latin1", weights_only=False) == ["äbc"]
    assert flambeau.load(io.BytesIO(raw), encoding="bytes", weights_only=False) == [b"\xe4bc"]


# pickle and copy ----------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", range(6))
def test_pickle_of_tensors(protocol):
    x = flambeau.arange(6.0).reshape(2, 3)
    p = flambeau.nn.Parameter(flambeau.ones(2))
    values = [
        x,
        x.t(),
        x[1],
        p,
        flambeau.empty(0, 2),
        flambeau.tensor(3),
        flambeau.ones(2).bfloat16(),
    ]
    loaded = pickle.loads(pickle.dumps(values, protocol))
    same(loaded, values)
    loaded[0][1, 0] = 50
    assert loaded[1][0, 1] == loaded[2][0] == 50 and x[1, 0] == 3
    assert copy.deepcopy(p).requires_grad and copy.copy(x).tolist() == x.tolist()
