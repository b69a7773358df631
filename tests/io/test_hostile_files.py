"""Damaged and malicious files are errors: never a crash, a hang, a call, or half an object."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import pickletools
import random
import resource
import struct
import time
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

import flambeau
from flambeau.io import CheckpointError, load_safetensors, save_safetensors
from flambeau.io.unpickle import Global, Unpickler

VALUE = {
    "model": OrderedDict(
        weight=flambeau.arange(12.0).reshape(3, 4),
        bias=flambeau.ones(3, dtype=flambeau.int16),
        turned=flambeau.arange(12.0).reshape(3, 4).t(),
    ),
    "epoch": 3,
    "names": ["a", "b", ("c", 1.5, None, True)],
    "set": {1, 2},
    "raw": b"bytes",
}


def contents(**options) -> bytes:
    file = io.BytesIO()
    flambeau.save(VALUE, file, **options)
    return file.getvalue()


FORMATS = {
    "zip": contents(),
    "legacy": contents(_use_new_zipfile_serialization=False),
    "zip protocol 4": contents(pickle_protocol=4),
}


def outcome(raw: bytes, weights_only: bool):
    """What loading gives, or None for the errors that are allowed."""
    try:
        return flambeau.load(io.BytesIO(raw), weights_only=weights_only)
    except (CheckpointError, flambeau.FlambeauError):
        return None


@pytest.mark.parametrize("name", FORMATS)
def test_cut_off_anywhere(name):
    """No prefix of a file loads."""
    raw = FORMATS[name]
    step = max(1, len(raw) // 400)
    for end in [*range(0, len(raw), step), len(raw) - 1]:
        with pytest.raises(CheckpointError):
            flambeau.load(io.BytesIO(raw[:end]))


@pytest.mark.parametrize("weights_only", [True, False])
@pytest.mark.parametrize("name", FORMATS)
def test_changed_bytes(name, weights_only):
    """Random damage: an error of ours, or (in the legacy format, which has no checksums) other
    data.
    """
    rng = random.Random(f"{name}{weights_only}")
    raw = FORMATS[name]
    for _ in range(600):
        damaged = bytearray(raw)
        for _ in range(rng.choice([1, 1, 2, 8])):
            kind = rng.randrange(3)
            at = rng.randrange(len(damaged))
            if kind == 0:
                damaged[at] = rng.randrange(256)
            elif kind == 1:
                damaged[at : at + rng.randrange(1, 9)] = rng.randbytes(rng.randrange(9))
            else:
                damaged[at] ^= 1 << rng.randrange(8)
        outcome(bytes(damaged), weights_only)


@pytest.mark.parametrize("protocol", range(6))
def test_changed_pickles(protocol):
    """The interpreter alone, where no checksum stops the damage before it."""
    from flambeau.io.names import Names

    rng = random.Random(protocol)
    value = [
        1,
        "text",
        {"k": (2, [3.5, None]), b"b": {4}},
        OrderedDict(a=1),
        2**70,
        b"x" * 20,
        slice(1),
        3j,
    ]
    raw = pickle.dumps([value, value, np.arange(5), np.float32(1)], protocol)
    for _ in range(1500):
        damaged = bytearray(raw)
        for _ in range(rng.choice([1, 2, 4])):
            damaged[rng.randrange(len(damaged))] = rng.choice(
                [rng.randrange(256), *b"(tlduReoibQ\x81\x85\x94."]
            )
        names = Names(weights_only=False)
        with contextlib.suppress(CheckpointError, flambeau.FlambeauError):
            Unpickler(bytes(damaged), names.find, None, names.build).load()


def test_agrees_with_pickle_on_sound_pickles():
    """What pickle writes, in every protocol, our interpreter reads as pickle does."""
    rng = random.Random(0)

    def value(depth):
        kinds = [
            lambda: rng.choice(
                [None, True, False, 0, -1, 255, 256, 65536, -(2**31), 2**31, 2**200, -(2**100)]
            ),
            lambda: rng.choice([0.0, -1.5, 1e300, float("inf")]),
            lambda: "".join(
                rng.choice("aé\n\\'\"\u2028😀") for _ in range(rng.choice([0, 3, 300]))
            ),
            lambda: rng.randbytes(rng.choice([0, 5, 300])),
            lambda: bytearray(rng.randbytes(4)),
        ]
        if depth < 4:
            kinds += [
                lambda: [value(depth + 1) for _ in range(rng.randrange(5))],
                lambda: tuple(value(depth + 1) for _ in range(rng.randrange(5))),
                lambda: {rng.randrange(99): value(depth + 1) for _ in range(rng.randrange(5))},
                lambda: {rng.randrange(99) for _ in range(4)},
                lambda: frozenset(rng.randrange(99) for _ in range(4)),
            ]
        return rng.choice(kinds)()

    from flambeau.io.names import Names

    for i in range(300):
        made = [value(0) for _ in range(3)]
        made.append(made[0])
        raw = pickle.dumps(made, i % 6)
        if i % 2:
            raw = pickletools.optimize(raw)
        loaded = Unpickler(raw, Names(True).find).load()
        assert loaded == made and repr(loaded) == repr(pickle.loads(raw))
        assert loaded[3] is loaded[0] or not made[0] or isinstance(made[0], (int, float))


def as_checkpoint(raw_pickle: bytes, storages: dict[str, bytes] | None = None) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as out:
        out.writestr("x/data.pkl", raw_pickle)
        out.writestr("x/version", "3\n")
        for key, content in (storages or {}).items():
            out.writestr(f"x/data/{key}", content)
    file.seek(0)
    return file


class Attack:
    def __init__(self, function, *args):
        self.function, self.args = function, args

    def __reduce__(self):
        return self.function, self.args


@pytest.mark.parametrize("weights_only", [True, False])
@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "function, args",
    [
        (os.system, ("touch {}",)),
        (eval, ("open('{}', 'w')",)),
        (exec, ("open('{}', 'w')",)),
        (open, ("{}", "w")),
        (os.mkdir, ("{}",)),
        (getattr, (os, "system")),
        (__import__, ("os",)),
        (print, ("{}",)),
        (pickle.loads, (b"cos\nsystem\n(S'touch {}'\ntR.",)),
        (np.fromfile, ("{}",)),
        (np.load, ("{}",)),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_calls_nothing(tmp_path, function, args, protocol, weights_only):
    """The classic attacks: a file that makes the reader call something."""
    trace = tmp_path / "trace"
    trace_args = tuple(a.replace("{}", str(trace)) if isinstance(a, str) else a for a in args)
    if function is getattr:
        trace_args = ("text", "upper")
    raw = pickle.dumps(Attack(function, *trace_args), protocol)
    for file in (as_checkpoint(raw), io.BytesIO(FORMATS["legacy"][:0] + _legacy_head() + raw)):
        with pytest.raises(CheckpointError):
            flambeau.load(file, weights_only=weights_only)
    assert not trace.exists()


def _legacy_head() -> bytes:
    machine = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    return b"".join(pickle.dumps(x, 2) for x in (0x1950A86A20F9469CFC6C, 1001, machine))


PICKLES = {
    "call of a data type's method": b"\x80\x02cbuiltins\nstr\nX\x01\x00\x00\x00aR.",
    "attribute path": b"\x80\x04\x8c\x0bcollections\x8c\x1cOrderedDict.__init__.__globals__\x93.",
    "module as global": b"\x80\x02ccollections\nabc\n.",
    "module of a module": b"\x80\x02cflambeau.nn.module\nos\n.",
    "function of nn called": b"\x80\x02ctorch.nn.functional\nrelu\nK\x01\x85R.",
    "module class called": b"\x80\x02ctorch.nn.modules.linear\nLinear\nK\x01K\x01\x86R.",
    "bytes of a size": b"\x80\x02cbuiltins\nbytes\nJ\xff\xff\xff\x7f\x85R.",
    "bytearray of a size": b"\x80\x02cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R.",
    "dtype of objects": b"\x80\x02cnumpy\ndtype\nX\x01\x00\x00\x00O\x85R.",
    "state on a type": b"\x80\x02cbuiltins\nlist\n}X\x01\x00\x00\x00aK\x01sb.",
    "state on a number": b"\x80\x02K\x01}b.",
    "state on a function": b""
    b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n}X\x01\x00\x00\x00aK\x01sb.",
    "tensor of a list": b"\x80\x02ctorch._utils\n_rebuild_tensor\n(]K\x00)) tR.",
    "unknown persistent id": b"\x80\x02X\x01\x00\x00\x00aQ.",
    "memo that is not there": b"\x80\x02h\x05.",
    "huge string": b"\x80\x02X\xff\xff\xff\x7fa.",
    "huge bytes": b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7fa.",
    "negative size": b"\x80\x02T\xff\xff\xff\xffa.",
    "huge frame": b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xff.",
    "huge number": b"\x80\x02\x8b\xff\xff\xff\x7f.",
    "decimal of a million digits": b"I" + b"9" * 1_000_000 + b"\n.",
    "list as key": b"\x80\x02}]K\x01s.",
    "nothing": b"",
    "only a stop": b".",
    "only marks": b"(" * 1000 + b".",
    "extension registry": b"\x80\x02\x82\x01.",
    "out of band buffer": b"\x80\x05\x97.",
    "protocol of the future": b"\x80\x09N.",
    "append to a dict": b"\x80\x02}K\x01a.",
    "items for a list": b"\x80\x02]K\x01K\x02s.",
    "counter of a file": b"\x80\x02ccollections\nCounter\nK\x05\x85R.",
    "defaultdict with a stranger": b""
    b"\x80\x02ccollections\ndefaultdict\nctorch.nn.functional\nrelu\n\x85R.",
}


@pytest.mark.parametrize("weights_only", [True, False])
@pytest.mark.parametrize("name", PICKLES)
def test_malicious_pickles(name, weights_only):
    with pytest.raises(CheckpointError):
        flambeau.load(as_checkpoint(PICKLES[name]), weights_only=weights_only)


def nested(levels: int, leaf: bytes, level: bytes) -> bytes:
    return b"\x80\x02" + leaf + level * levels


def test_billion_laughs_cost_nothing():
    """Lists of the same list again are small in memory and load at once; as keys they would hash
    for ever and are refused.
    """
    laughs = (
        b"\x80\x02]K\x01a"
        + b"q\x00\x30"
        + b"".join(b"](" + b"h\x00" * 10 + b"eq\x00\x30" for _ in range(60))
        + b"h\x00."
    )
    start = time.perf_counter()
    assert len(flambeau.load(as_checkpoint(laughs))) == 10
    keys = (
        b"\x80\x02(K\x01tq\x00\x30"
        + b"".join(b"(" + b"h\x00" * 10 + b"tq\x00\x30" for _ in range(60))
        + b""
    )
    for use in (b"}h\x00K\x01s.", b"\x8f(h\x00\x90.", b"(h\x00\x91."):
        with pytest.raises(CheckpointError, match="absurd"):
            flambeau.load(as_checkpoint(keys + use))
    assert time.perf_counter() - start < 2


def test_deep_nesting_does_not_overflow_the_stack():
    for raw in (
        b"\x80\x02" + b"(" * 200_000 + b"t" * 200_000 + b".",
        b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".",
    ):
        loaded = flambeau.load(as_checkpoint(raw))
        assert isinstance(loaded, (tuple, list))
        while loaded:  # taken apart level by level: Python's own deallocation is deep too
            loaded = loaded[0]
    deep_key = b"\x80\x02}" + b"(" * 100_000 + b"t" * 100_000 + b"K\x01s."
    with pytest.raises(CheckpointError, match="absurd"):
        flambeau.load(as_checkpoint(deep_key))


def tensor_pickle(offset=0, size=(2,), stride=(1,), count=4, kind="FloatStorage", key="0") -> bytes:
    class Reference:
        pass

    class Pickler(pickle._Pickler):
        def persistent_id(self, obj):
            return (
                ("storage", _Name("torch", kind), key, "cpu", count)
                if isinstance(obj, Reference)
                else None
            )

        def save_global(self, obj, name=None):
            if not isinstance(obj, _Name):
                return super().save_global(obj, name)
            self.write(b"c%s\n%s\n" % (obj.module.encode(), obj.name.encode()))

        def reducer_override(self, obj):
            return obj.name if isinstance(obj, _Name) else NotImplemented

    file = io.BytesIO()
    pickler = Pickler(file, 2)
    args = (Reference(), offset, size, stride, False, OrderedDict())
    pickler.dump(Attack(_Name("torch._utils", "_rebuild_tensor_v2"), *args))
    return file.getvalue()


class _Name:
    def __init__(self, module, name):
        self.module, self.name = module, name

    def __call__(self):
        raise AssertionError


def test_sound_tensor_pickle():
    """The helper makes what it should when it does not lie."""
    raw = np.arange(4, dtype=np.float32).tobytes()
    loaded = flambeau.load(as_checkpoint(tensor_pickle(1, (2,), (2,)), {"0": raw}))
    assert loaded.tolist() == [1, 3]


@pytest.mark.parametrize(
    "lie",
    [
        {"offset": 3},
        {"offset": -1},
        {"offset": 2**62},
        {"size": (5,)},
        {"size": (-1,)},
        {"size": (2**40,)},
        {"stride": (4,)},
        {"stride": (-1,)},
        {"stride": (2**62,)},
        {"size": (2, 2)},
        {"size": (2**33, 2**33), "stride": (0, 0)},
        {"size": (0, 2**62, 2**62), "stride": (1, 1, 1)},
        {"size": (1,) * 100, "stride": (1,) * 100},
        {"count": 3},
        {"count": 2**60},
        {"count": -4},
        {"count": 4.0},
        {"kind": "DoubleStorage"},
        {"key": "1"},
        {"key": "../0"},
        {"key": "../version"},
        {"size": ("a",)},
        {"size": (True,)},
        {"size": 3},
        {"stride": None},
        {"offset": None},
    ],
    ids=str,
)
def test_lying_tensors(lie):
    raw = np.arange(4, dtype=np.float32).tobytes()
    with pytest.raises(CheckpointError):
        flambeau.load(as_checkpoint(tensor_pickle(**lie), {"0": raw}))


def test_lying_sizes_allocate_nothing():
    """A small file that claims terabytes is refused before memory is asked for."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    raw = FORMATS["legacy"]
    at = raw.index(b"FloatStorage")
    for number in (b"K\x0c", b"K\x03"):
        place = raw.find(number, at)
        huge = raw[:place] + b"\x8a\x06\xff\xff\xff\xff\xff\x00" + raw[place + 2 :]
        with pytest.raises(CheckpointError):
            flambeau.load(io.BytesIO(huge))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert after - before < 200_000  # kilobytes


def rezipped(change) -> io.BytesIO:
    """The zip checkpoint with its records changed by ``change(name, content)``."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(FORMATS["zip"])) as source, zipfile.ZipFile(file, "w") as out:
        for info in source.infolist():
            changed = change(info.filename, source.read(info))
            for name, content, *how in changed:
                out.writestr(name, content, *how)
    file.seek(0)
    return file


@pytest.mark.parametrize(
    "change",
    [
        lambda n, c: [] if n.endswith("data/1") else [(n, c)],
        lambda n, c: [] if n.endswith("data.pkl") else [(n, c)],
        lambda n, c: [(n, c), ("other/data.pkl", c)] if n.endswith("data.pkl") else [(n, c)],
        lambda n, c: [(n, c, zipfile.ZIP_DEFLATED)] if n.endswith("data/0") else [(n, c)],
        lambda n, c: [(n, c[:-1])] if n.endswith("data/0") else [(n, c)],
        lambda n, c: [(n, c + b"more")] if n.endswith("data/0") else [(n, c)],
        lambda n, c: [(n, b"middle")] if n.endswith("byteorder") else [(n, c)],
        lambda n, c: [("../../" + n, c)],
        lambda n, c: (
            [(n, c), (n.replace("version", "constants.pkl"), c)]
            if n.endswith("/version")
            else [(n, c)]
        ),
    ],
    ids=[
        "no storage",
        "no pickle",
        "two pickles",
        "compressed",
        "short",
        "long",
        "order",
        "path",
        "program",
    ],
)
def test_strange_archives(change):
    with pytest.raises(CheckpointError):
        flambeau.load(rezipped(change))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_record_twice():
    with pytest.raises(CheckpointError, match="twice"):
        flambeau.load(rezipped(lambda n, c: [(n, c), (n, c)] if n.endswith("data/0") else [(n, c)]))


def test_other_files():
    for raw in (
        b"hello",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        b"PK\x03\x04",
        b"{}",
        bytes(1000),
        pickle.dumps([1, 2]),
    ):
        with pytest.raises(CheckpointError):
            flambeau.load(io.BytesIO(raw))
    tar = bytearray(600)
    tar[257:262] = b"ustar"
    with pytest.raises(CheckpointError, match="tar archive"):
        flambeau.load(io.BytesIO(bytes(tar)))


def test_legacy_storages_must_match():
    """Another number of elements, another key: the storages after the pickle are not those that it
    speaks of.
    """
    file = io.BytesIO()
    flambeau.save([flambeau.arange(7.0)], file, _use_new_zipfile_serialization=False)
    raw = file.getvalue()
    for old, new in (
        (b"K\x07Nt", b"K\x06Nt"),
        (struct.pack("<q", 7), struct.pack("<q", 6)),
        (b"]q\x00X\x01\x00\x00\x000", b"]q\x00X\x01\x00\x00\x009"),
    ):
        changed = raw.replace(old, new)
        assert changed != raw, (old, raw)
        with pytest.raises(CheckpointError):
            flambeau.load(io.BytesIO(changed))


def test_module_state_cannot_smuggle_calls():
    """With weights_only=False a module is made of its state, which may hold data and modules
    alone."""
    raw = pickle.dumps(flambeau.nn.ReLU(), 2)
    assert isinstance(flambeau.load(as_checkpoint(raw), weights_only=False), flambeau.nn.ReLU)
    evil = flambeau.nn.ReLU()
    evil._forward_hooks[0] = os.getcwd
    with pytest.raises(CheckpointError, match=r"posix|getcwd"):
        flambeau.load(as_checkpoint(pickle.dumps(evil, 2)), weights_only=False)


def test_find_is_asked_for_every_name():
    asked = []

    def find(module, name):
        asked.append(f"{module}.{name}")
        return Global(dict, None)

    with pytest.raises(CheckpointError, match="may not"):
        Unpickler(pickle.dumps(OrderedDict(), 2), find).load()
    assert asked == ["collections.OrderedDict"]


# safetensors --------------------------------------------------------------------------------


def safe_file(header: bytes, data: bytes = b"") -> io.BytesIO:
    return io.BytesIO(struct.pack("<Q", len(header)) + header + data)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"1234567",
        struct.pack("<Q", 2**63),
        struct.pack("<Q", 100) + b"{}",
        safe_file(b"[]").getvalue(),
        safe_file(b"{").getvalue(),
        safe_file(b"\xff\xfe").getvalue(),
        safe_file(b"[" * 100000).getvalue(),
        safe_file(b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}').getvalue(),
        safe_file(b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', bytes(4)).getvalue(),
        safe_file(
            b'{"a":{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}}', bytes(4)
        ).getvalue(),
        safe_file(b'{"a":{"dtype":"F99","shape":[1],"data_offsets":[0,4]}}', bytes(4)).getvalue(),
        safe_file(b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}}', bytes(4)).getvalue(),
        safe_file(
            b'{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}',
            bytes(4),
        ).getvalue(),
        safe_file(
            b'{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}',
            bytes(4),
        ).getvalue(),
        safe_file(
            b'{"a":{"dtype":"U8","shape":[0,4611686018427387904,9],"data_offsets":[0,0]}}'
        ).getvalue(),
        safe_file(b'{"a":5}', bytes(4)).getvalue(),
        safe_file(b"{}", bytes(4)).getvalue(),
    ],
    ids=range(18),
)
def test_damaged_safetensors(raw):
    with pytest.raises(CheckpointError):
        load_safetensors(io.BytesIO(raw))


def test_safetensors_cut_off_and_changed():
    file = io.BytesIO()
    save_safetensors(
        {"a": flambeau.arange(6.0).reshape(2, 3), "b": flambeau.ones(2, dtype=flambeau.int8)}, file
    )
    raw = file.getvalue()
    for end in range(len(raw)):
        with pytest.raises(CheckpointError):
            load_safetensors(io.BytesIO(raw[:end]))
    rng = random.Random(0)
    for _ in range(2000):
        damaged = bytearray(raw)
        damaged[rng.randrange(len(raw))] = rng.randrange(256)
        with contextlib.suppress(CheckpointError):
            load_safetensors(io.BytesIO(bytes(damaged)))
