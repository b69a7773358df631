"""The same programs in both frameworks: batches, lengths, error kinds and messages."""

from __future__ import annotations

import collections
import warnings

import numpy as np
import pytest

import flambeau
import flambeau.utils.data
import flambeau.utils.data.distributed

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")
pytest.importorskip("torch.utils.data.distributed")

LIBRARIES = (torch, flambeau)


def plain(value):
    """A value without the marks of a library: tensors as (dtype, nested list)."""
    if hasattr(value, "storage_offset"):
        return (str(value.dtype), tuple(value.shape), value.tolist())
    if isinstance(value, dict):
        return (type(value).__name__, {key: plain(item) for key, item in value.items()})
    if isinstance(value, (list, tuple)):
        return (type(value).__name__, [plain(item) for item in value])
    if isinstance(value, np.ndarray):
        return ("ndarray", value.tolist())
    return value


def outcome(program, library):
    """What a program gives: its value, or the kind and text of its error; and its warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value = plain(program(library, library.utils.data))
        except Exception as error:
            kinds = [c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins"]
            value = (kinds[0], str(error))
    texts = [str(w.message).splitlines()[0] for w in caught]
    return value, [text.replace("2(when", "2 (when") for text in texts]  # PyTorch forgot a space


def check(program) -> None:
    theirs, ours = (outcome(program, library) for library in LIBRARIES)
    assert ours == theirs


Point = collections.namedtuple("Point", "x y")


class Squares:
    """A map written without any library."""

    def __init__(self, n=10):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return i, i * 0.5


def stream_of(data, n=7, length=None):
    class Stream(data.IterableDataset):
        def __iter__(self):
            return iter(range(n))

    if length is not None:
        Stream.__len__ = lambda self: length
    Stream.__repr__ = lambda self: "Stream()"
    return Stream()


def tensors(lib, n=10):
    return lib.arange(n * 2.0).reshape(n, 2), lib.arange(n)


def with_sampler(lib, data, make):
    return list(make(data))


LOADERS = {
    "tensors": lambda lib, data: list(data.DataLoader(data.TensorDataset(*tensors(lib)), 4)),
    "drop last": lambda lib, data: list(
        data.DataLoader(data.TensorDataset(*tensors(lib)), 4, drop_last=True)
    ),
    "one tensor": lambda lib, data: list(data.DataLoader(lib.arange(5), 2)),
    "subset": lambda lib, data: list(
        data.DataLoader(data.Subset(data.TensorDataset(*tensors(lib)), [5, 3, 1, 3]), 3)
    ),
    "subset of a subset": lambda lib, data: list(
        data.DataLoader(
            data.Subset(data.Subset(data.TensorDataset(*tensors(lib)), range(2, 8)), [5, 0, -1]), 2
        )
    ),
    "plain map": lambda lib, data: list(data.DataLoader(Squares(), batch_size=3)),
    "no batches": lambda lib, data: list(data.DataLoader(Squares(3), batch_size=None)),
    "no batches, tensors": lambda lib, data: list(
        data.DataLoader(data.TensorDataset(*tensors(lib, 3)), batch_size=None)
    ),
    "list": lambda lib, data: list(data.DataLoader([1, 2, 3], 2)),
    "strings": lambda lib, data: list(data.DataLoader(["a", "b", "c"], 2)),
    "collate": lambda lib, data: list(
        data.DataLoader(Squares(), 4, collate_fn=lambda batch: len(batch))
    ),
    "collate one": lambda lib, data: list(
        data.DataLoader(Squares(3), None, collate_fn=lambda item: item[0])
    ),
    "sampler": lambda lib, data: list(data.DataLoader(Squares(), 2, sampler=[3, 1, 4, 1, 5])),
    "sampler for tensors": lambda lib, data: list(
        data.DataLoader(data.TensorDataset(*tensors(lib)), 2, sampler=[3, -1, 4])
    ),
    "batch sampler": lambda lib, data: list(
        data.DataLoader(Squares(), batch_sampler=[[0, 1, 2], [5], [9, 8]])
    ),
    "batch sampler for tensors": lambda lib, data: list(
        data.DataLoader(data.TensorDataset(*tensors(lib)), batch_sampler=[[0, 1, 2], [5], []])
    ),
    "stream": lambda lib, data: list(data.DataLoader(stream_of(data), 3)),
    "stream, drop last": lambda lib, data: list(
        data.DataLoader(stream_of(data), 3, drop_last=True)
    ),
    "stream, no batches": lambda lib, data: list(data.DataLoader(stream_of(data), None)),
    "stream with length": lambda lib, data: (
        len(data.DataLoader(stream_of(data, 7, 7), 3)),
        len(data.DataLoader(stream_of(data, 7, 7), 3, drop_last=True)),
    ),
    "stream longer than it said": lambda lib, data: [
        len(loader := data.DataLoader(stream_of(data, 7, 2), 2)),
        list(loader),
    ],
    "stream without length": lambda lib, data: len(data.DataLoader(stream_of(data), 3)),
    "chain": lambda lib, data: list(data.DataLoader(stream_of(data) + stream_of(data, 2), 4)),
    "chain length": lambda lib, data: len(
        data.ChainDataset([stream_of(data, 3, 3), stream_of(data, 2, 2)])
    ),
    "lengths": lambda lib, data: [
        len(data.DataLoader(Squares(n), b, drop_last=d))
        for n in (0, 9, 10)
        for b in (1, 3, 5)
        for d in (True, False)
    ],
    "two epochs": lambda lib, data: [list(loader := data.DataLoader(Squares(4), 3)), list(loader)],
    "empty": lambda lib, data: list(data.DataLoader([], 2)),
    "empty tensors": lambda lib, data: list(
        data.DataLoader(data.TensorDataset(lib.empty(0, 2)), 2)
    ),
    "repeated random": lambda lib, data: len(list(data.DataLoader(Squares(), 3, shuffle=True))),
    "pinned": lambda lib, data: list(data.DataLoader([1, 2], 2, pin_memory=True)),
    "index out of range": lambda lib, data: list(data.DataLoader([1, 2, 3], 2, sampler=[7])),
    "tensor index out of range": lambda lib, data: list(
        data.DataLoader(data.TensorDataset(lib.arange(3)), 2, sampler=[7])
    ),
}


@pytest.mark.parametrize("name", LOADERS)
def test_loaders(name):
    check(LOADERS[name])


DATASETS = {
    "concat": lambda lib, data: [
        d := data.ConcatDataset([[1, 2], Squares(2), [7]]),
        len(d),
        [d[i] for i in range(-5, 5)],
    ][1:],
    "concat by addition": lambda lib, data: list(
        data.TensorDataset(lib.arange(2)) + data.TensorDataset(lib.arange(3))
    ),
    "concat too negative": lambda lib, data: data.ConcatDataset([[1], [2]])[-3],
    "concat out of range": lambda lib, data: data.ConcatDataset([[1], [2]])[5],
    "concat of nothing": lambda lib, data: data.ConcatDataset([]),
    "concat of a stream": lambda lib, data: data.ConcatDataset([stream_of(data)]),
    "chain of a list": lambda lib, data: list(data.ChainDataset([[1]])),
    "sizes differ": lambda lib, data: data.TensorDataset(lib.ones(2), lib.ones(3)),
    "row": lambda lib, data: data.TensorDataset(*tensors(lib))[3],
    "rows": lambda lib, data: data.TensorDataset(*tensors(lib))[2:4],
    "stack tuple": lambda lib, data: [
        data.StackDataset(Squares(3), ["a", "b", "c"])[i] for i in range(3)
    ],
    "stack dict": lambda lib, data: data.StackDataset(x=Squares(3), y=["a", "b", "c"])[1],
    "stack at once": lambda lib, data: data.StackDataset(
        x=Squares(3), y=data.Subset(Squares(5), [4, 3, 2])
    ).__getitems__([0, 2]),
    "stack tuple at once": lambda lib, data: data.StackDataset(
        Squares(3), ["a", "b", "c"]
    ).__getitems__([2, 0]),
    "stack loaded": lambda lib, data: list(
        data.DataLoader(data.StackDataset(x=Squares(3), y=["a", "b", "c"]), 2)
    ),
    "stack mixed": lambda lib, data: data.StackDataset([1], x=[1]),
    "stack of nothing": lambda lib, data: data.StackDataset(),
    "stack of sizes": lambda lib, data: data.StackDataset([1], [1, 2]),
    "subset list": lambda lib, data: data.Subset(lib.arange(10), [4, 5, 6])[[0, 2]],
    "abstract": lambda lib, data: data.Dataset()[0],
    "abstract length": lambda lib, data: len(data.Dataset()),
    "split sizes": lambda lib, data: [len(p) for p in data.random_split(range(10), [3, 7])],
    "split fractions": lambda lib, data: [
        len(p) for p in data.random_split(range(11), [0.3, 0.3, 0.4])
    ],
    "split all there": lambda lib, data: sorted(
        i for p in data.random_split(range(11), [0.5, 0.5]) for i in p
    ),
    "split empty part": lambda lib, data: [len(p) for p in data.random_split(range(2), [0.1, 0.9])],
    "split nothing": lambda lib, data: [len(p) for p in data.random_split(range(1), [0.5, 0.5])],
    "split wrong": lambda lib, data: data.random_split(range(10), [3, 3]),
    "split negative": lambda lib, data: data.random_split(range(10), [-0.5, 1.5]),
    "subclass of subset": lambda lib, data: type(
        "Half", (data.Subset,), {"__getitem__": lambda s, i: 0}
    )([1, 2], [0]),
}


@pytest.mark.parametrize("name", DATASETS)
def test_datasets(name):
    check(DATASETS[name])


SAMPLERS = {
    "sequential": lambda lib, data: [
        list(data.SequentialSampler(range(4))),
        len(data.SequentialSampler(range(4))),
    ],
    "random is a permutation": lambda lib, data: sorted(data.RandomSampler(range(9))),
    "random more": lambda lib, data: [
        sorted(list(data.RandomSampler(range(4), num_samples=10))[:8]),
        len(data.RandomSampler(range(4), num_samples=10)),
    ],
    "random replaced": lambda lib, data: [
        set(s := list(data.RandomSampler(range(3), True, 100))) == {0, 1, 2},
        len(s),
    ],
    "random repeats": lambda lib, data: (
        list(data.RandomSampler(range(50), generator=lib.Generator().manual_seed(3)))
        == list(data.RandomSampler(range(50), generator=lib.Generator().manual_seed(3)))
    ),
    "random empty": lambda lib, data: data.RandomSampler([]),
    "random bad count": lambda lib, data: data.RandomSampler([1], num_samples=0),
    "random bad flag": lambda lib, data: data.RandomSampler([1], replacement=1),
    "loader of nothing, shuffled": lambda lib, data: data.DataLoader([], shuffle=True),
    "subset random": lambda lib, data: [
        sorted(data.SubsetRandomSampler([4, 2, 9])),
        len(data.SubsetRandomSampler([4])),
    ],
    "weighted": lambda lib, data: [
        list(data.WeightedRandomSampler([0.0, 2.0, 0.0], 4)),
        sorted(data.WeightedRandomSampler([1.0, 2.0, 3.0], 3, False)),
    ],
    "weighted too many": lambda lib, data: outcome_kind(
        lambda: list(data.WeightedRandomSampler([1.0, 2.0], 3, False))
    ),
    "weighted 2d": lambda lib, data: data.WeightedRandomSampler([[1.0], [2.0]], 3),
    "weighted bad count": lambda lib, data: data.WeightedRandomSampler([1.0], -1),
    "weighted bad flag": lambda lib, data: data.WeightedRandomSampler([1.0], 1, 0),
    "batches": lambda lib, data: [list(data.BatchSampler(range(7), 3, d)) for d in (True, False)],
    "batches of strings": lambda lib, data: list(data.BatchSampler("abcde", 2, False)),
    "batch lengths": lambda lib, data: [
        len(data.BatchSampler(range(n), 3, d)) for n in range(7) for d in (True, False)
    ],
    "batch size 0": lambda lib, data: data.BatchSampler([1], 0, False),
    "batch size true": lambda lib, data: data.BatchSampler([1], True, False),
    "batch flag": lambda lib, data: data.BatchSampler([1], 1, None),
    "abstract": lambda lib, data: list(data.Sampler()),
    "distributed": lambda lib, data: [
        [list(s), len(s)]
        for n in (1, 7, 8, 10)
        for r in range(3)
        for d in (True, False)
        if n > 3 or not d
        for s in [data.distributed.DistributedSampler(range(n), 3, r, shuffle=False, drop_last=d)]
    ],
    "distributed shuffled": lambda lib, data: sorted(
        i for r in range(3) for i in data.distributed.DistributedSampler(range(12), 3, r, seed=5)
    ),
    "distributed epochs": lambda lib, data: [
        s := data.distributed.DistributedSampler(range(50), 2, 0),
        a := list(s),
        list(s) == a,
        s.set_epoch(1),
        list(s) == a,
    ][2:],
    "distributed bad rank": lambda lib, data: data.distributed.DistributedSampler(range(3), 2, 2),
}


def outcome_kind(call) -> str:
    with pytest.raises(RuntimeError):
        call()
    return "RuntimeError"


@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers(name):
    check(SAMPLERS[name])


ARGUMENTS = [
    {"num_workers": -1},
    {"timeout": -1},
    {"prefetch_factor": 2},
    {"num_workers": 1, "prefetch_factor": -1},
    {"persistent_workers": True},
    {"sampler": [0], "shuffle": True},
    {"batch_sampler": [[0]], "batch_size": 2},
    {"batch_sampler": [[0]], "shuffle": True},
    {"batch_sampler": [[0]], "drop_last": True},
    {"batch_size": None, "drop_last": True},
    {"multiprocessing_context": "fork"},
    {"batch_size": 0},
    {"batch_size": 1.5},
    {"num_workers": 1, "multiprocessing_context": "teleport"},
    {"num_workers": 1, "multiprocessing_context": 3},
    {"drop_last": 1},
]


@pytest.mark.parametrize("arguments", ARGUMENTS, ids=str)
def test_arguments(arguments):
    check(lambda lib, data: data.DataLoader([1, 2, 3], **arguments))


@pytest.mark.parametrize(
    "arguments",
    [{"shuffle": True}, {"sampler": [1]}, {"batch_sampler": [[1]]}, {"shuffle": False}],
    ids=str,
)
def test_arguments_for_streams(arguments):
    check(lambda lib, data: [1 for _ in [data.DataLoader(stream_of(data), **arguments)]])


@pytest.mark.parametrize(
    "name", ["batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers"]
)
def test_what_is_fixed(name):
    check(lambda lib, data: setattr(data.DataLoader([1]), name, 1))


def test_attributes():
    names = "batch_size num_workers drop_last pin_memory timeout prefetch_factor in_order"
    for arguments in ({}, {"batch_sampler": [[0]]}, {"num_workers": 2}, {"batch_size": None}):
        check(
            lambda lib, data, a=arguments: [
                getattr(data.DataLoader([1], **a), n) for n in names.split()
            ]
        )
    import inspect

    theirs, ours = (
        list(inspect.signature(lib.utils.data.DataLoader.__init__).parameters.values())
        for lib in LIBRARIES
    )
    assert [(p.name, p.kind, p.default) for p in ours] == [
        (p.name, p.kind, p.default) for p in theirs
    ]


COLLATED = [
    [0, 1, 2],
    [True, False],
    [1.5, 2],
    ["a", "b"],
    [b"a", b"b"],
    [(1, 2.0), (3, 4.0)],
    [[1, 2], [3, 4]],
    [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}],
    [Point(1, 2), Point(3, 4)],
    [np.float32(1), np.float32(2)],
    [np.int8(1), np.int8(2)],
    [np.array([1, 2]), np.array([3, 4])],
    [np.array(1.5), np.array(2.5)],
    [collections.OrderedDict(a=(1, [2])), collections.OrderedDict(a=(3, [4]))],
    [None, None],
    [object, object],
    [1, "a"],
    [(1,), (1, 2)],
    [np.array(["a"]), np.array(["b"])],
    [{1, 2}],
    [range(2), range(2)],
    [1 + 2j],
    [np.bool_(True), np.bool_(False)],
    [[], []],
    [(), ()],
    [collections.defaultdict(int, a=1), collections.defaultdict(int, a=2)],
    [np.array([1]), np.array([1, 2])],
    [{"a": 1}, {"b": 1}],
]


@pytest.mark.parametrize("batch", COLLATED, ids=repr)
def test_default_collate(batch):
    theirs, ours = (
        outcome(lambda lib, data: data.default_collate(batch), library) for library in LIBRARIES
    )
    if (
        isinstance(theirs[0], tuple) and theirs[0][0] == "RuntimeError"
    ):  # the text is the stacking's own
        assert ours[0][0] == "RuntimeError"
        return
    assert ours == theirs


@pytest.mark.parametrize("batch", COLLATED, ids=repr)
def test_default_convert(batch):
    check(lambda lib, data: data.default_convert(batch))


def test_collate_tensors():
    def program(lib, data):
        batch = [{"x": lib.ones(2, 3) * i, "y": [lib.tensor(i), i]} for i in range(3)]
        return data.default_collate(batch), data.default_convert((lib.ones(2), np.arange(2)))

    check(program)


def test_collate_needs_equal_shapes():
    for library in LIBRARIES:
        with pytest.raises(RuntimeError, match="stack expects each tensor to be equal size"):
            library.utils.data.default_collate([library.ones(2), library.ones(3)])


def test_names():
    ours, theirs = flambeau.utils.data, torch.utils.data
    pipes = {
        n
        for n in theirs.__all__
        if "Pipe" in n or "DataChunk" in n or ("_" in n and n[0] != "d" and n != "get_worker_info")
    }
    missing = [n for n in theirs.__all__ if n not in pipes and not hasattr(ours, n)]
    assert missing in ([], ["random_split"]) and hasattr(ours, "random_split")


def test_generic_classes():
    check(
        lambda lib, data: [
            type("D", (data.Dataset[int],), {"__getitem__": lambda s, i: i})()[3],
            isinstance(data.DataLoader([1]), data.DataLoader),
        ]
    )
