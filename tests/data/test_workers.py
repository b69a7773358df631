"""Loading in worker processes: the same batches, failures that are told, and no process left
behind.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
import warnings

import numpy as np
import pytest

import flambeau
from flambeau.utils import data

pytestmark = pytest.mark.filterwarnings("ignore:This DataLoader will create")


@pytest.fixture(autouse=True)
def no_process_stays():
    """Every test ends with the processes that it began with."""
    yield
    import gc

    gc.collect()
    deadline = time.monotonic() + 10
    while multiprocessing.active_children() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert multiprocessing.active_children() == []


class Noisy(data.Dataset):
    """Samples with random numbers of every global generator."""

    def __init__(self, n=23):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return i, flambeau.rand(2), random.random(), np.random.rand(3), flambeau.randn(())


class Stream(data.IterableDataset):
    """A stream that workers divide among themselves."""

    def __init__(self, n=17):
        self.n = n

    def __iter__(self):
        info = data.get_worker_info()
        first, step = (0, 1) if info is None else (info.id, info.num_workers)
        return iter(range(first, self.n, step))


class Failing(data.Dataset):
    """Sample 9 does something else than the others."""

    def __init__(self, act):
        self.act = act

    def __len__(self):
        return 20

    def __getitem__(self, i):
        return self.act() if i == 9 else i


def epochs(dataset, workers: int, count: int = 2, **options):
    flambeau.manual_seed(3)
    loader = data.DataLoader(dataset, 4, num_workers=workers, **options)
    return [[t.tolist() for t in batch] for _ in range(count) for batch in loader]


def test_the_same_batches_for_any_number_of_workers():
    """Order and every random number inside the data set depend on the seed alone."""
    expected = epochs(Noisy(), 0, shuffle=True)
    for workers in (1, 2, 3, 5):
        assert epochs(Noisy(), workers, shuffle=True) == expected
    assert epochs(Noisy(), 2, shuffle=True, persistent_workers=True) == expected
    assert epochs(Noisy(), 2, shuffle=True, prefetch_factor=5) == expected
    assert sorted(epochs(Noisy(), 3, shuffle=True, in_order=False)) == sorted(expected)
    assert epochs(Noisy(), 1, shuffle=True, multiprocessing_context="spawn") == expected


def test_epochs_and_seeds_differ():
    first, second = epochs(Noisy(8), 0)[:2], epochs(Noisy(8), 0)[2:]
    assert [batch[0] for batch in first] == [batch[0] for batch in second]
    assert [batch[1:] for batch in first] != [batch[1:] for batch in second]
    flat = [x for batch in first + second for x in batch[2]]
    assert len(set(flat)) == len(flat)
    flambeau.manual_seed(4)
    other = [[t.tolist() for t in batch] for batch in data.DataLoader(Noisy(8), 4)]
    assert other != first


def test_a_generator_decides_alone():
    def run(workers):
        flambeau.manual_seed(random.randrange(2**32))
        g = flambeau.Generator().manual_seed(5)
        loader = data.DataLoader(Noisy(), 4, shuffle=True, generator=g, num_workers=workers)
        return [[t.tolist() for t in batch] for batch in loader]

    assert run(0) == run(0) == run(2)


def test_the_main_process_keeps_its_random_numbers():
    """What the data set draws does not disturb the streams of the program."""

    def run(dataset, workers):
        flambeau.manual_seed(1), random.seed(1), np.random.seed(1)
        for _ in data.DataLoader(dataset, 4, num_workers=workers):
            pass
        return flambeau.rand(1).item(), random.random(), np.random.rand()

    assert run(Noisy(), 0) == run(range(23), 0) == run(Noisy(), 2)


def test_loaders_inside_datasets():
    class Outer(data.Dataset):
        def __len__(self):
            return 4

        def __getitem__(self, i):
            inner = [x[3].sum() for x in data.DataLoader(Noisy(3), 2)]
            return np.random.rand(), float(inner[0])

    assert epochs(Outer(), 0) == epochs(Outer(), 2)


def test_tensors_in_memory():
    x, y = flambeau.rand(50, 3), flambeau.arange(50)
    dataset = data.TensorDataset(x, y)

    class Slow(data.TensorDataset):  # a subclass with a method of its own goes row by row
        def __getitem__(self, i):
            return super().__getitem__(i)

    for part in (
        lambda d: d,
        lambda d: data.Subset(d, list(range(40, 0, -3))),
        lambda d: data.Subset(d, range(10, 30)),
    ):
        for shuffle in (True, False):
            expected = epochs(part(Slow(x, y)), 0, shuffle=shuffle)
            assert epochs(part(dataset), 0, shuffle=shuffle) == expected
            assert epochs(part(dataset), 2, shuffle=shuffle) == expected


def test_a_batch_in_memory_is_one_operation_a_tensor():
    """Nothing is done sample by sample: that is what makes a loader cost as much as slicing."""
    from flambeau.plan import record

    dataset = data.TensorDataset(flambeau.rand(1000, 3), flambeau.arange(1000))
    for part in (dataset, data.Subset(dataset, list(range(999, -1, -1)))):
        for shuffle in (True, False):
            batches = iter(data.DataLoader(part, 100, shuffle=shuffle))
            next(batches)
            with record.entries() as seen:
                next(batches)
            assert len(seen) <= 4  # a slice and its copy for each of two tensors


def test_batches_own_their_memory():
    """Changing a batch in place leaves the data set alone."""
    x = flambeau.zeros(10, 2)
    for options in ({}, {"shuffle": True}, {"num_workers": 1}):
        for (batch,) in data.DataLoader(data.TensorDataset(x), 4, **options):
            batch.add_(1)
    assert x.sum() == 0


def test_streams():
    flat = lambda loader: [x for batch in loader for x in batch.tolist()]
    for workers in (0, 1, 2, 3, 8):
        assert sorted(flat(data.DataLoader(Stream(), 4, num_workers=workers))) == list(range(17))
    loader = data.DataLoader(Stream(), 4, num_workers=2, persistent_workers=True)
    assert flat(loader) == flat(loader)
    assert sorted(data.DataLoader(Stream(), None, num_workers=2)) == list(range(17))
    assert list(data.DataLoader(Stream(0), 4, num_workers=2)) == []
    undivided = data.DataLoader(Whole(), 2, num_workers=2)  # each worker reads all of it
    assert sorted(flat(undivided)) == [0, 0, 1, 1, 2, 2]


class Whole(data.IterableDataset):
    def __iter__(self):
        return iter(range(3))


def test_streams_match_pytorch():
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle")
    from torch.utils import data as torch_data

    class TheirStream(torch_data.IterableDataset):
        def __iter__(self):
            info = torch_data.get_worker_info()
            first, step = (0, 1) if info is None else (info.id, info.num_workers)
            return iter(range(first, 17, step))

    for workers, size, drop_last in (
        (2, 3, False),
        (2, 3, True),
        (3, 2, False),
        (3, 7, True),
        (2, None, False),
    ):
        arguments = {"batch_size": size, "num_workers": workers, "drop_last": drop_last}
        theirs = [
            t if size is None else t.tolist()
            for t in torch_data.DataLoader(TheirStream(), **arguments)
        ]
        ours = [t if size is None else t.tolist() for t in data.DataLoader(Stream(), **arguments)]
        assert ours == theirs
    assert torch is not None


def test_what_travels():
    """Every kind of batch arrives as it was made, small and large."""

    class Things(data.Dataset):
        def __len__(self):
            return 1

        def __getitem__(self, i):
            big = flambeau.arange(200_000.0).reshape(400, 500)
            return {
                "big": big,
                "view": big[3:5],
                "turned": big[:3].t(),
                "bf16": flambeau.ones(3).bfloat16(),
                "bool": flambeau.tensor([True, False]),
                "empty": flambeau.empty(0, 3),
                "scalar": flambeau.tensor(3),
                "array": np.arange(10_000),
                "strings": np.array(["a", "bc"]),
                "text": "x" * 100_000,
                "none": None,
                "grad": flambeau.ones(2, requires_grad=True),
                "parameter": flambeau.nn.Parameter(flambeau.ones(2)),
                "fortran": np.asfortranarray(np.ones((300, 200))),
                "noncontiguous": np.arange(10)[::2],
            }

    def same(sample):
        return sample

    (here,) = data.DataLoader(Things(), None, collate_fn=same)
    for context in ("fork",):
        (there,) = data.DataLoader(
            Things(), None, collate_fn=same, num_workers=1, multiprocessing_context=context
        )
        for name, value in here.items():
            other = there[name]
            assert type(value) is type(other)
            if isinstance(value, flambeau.Tensor):
                assert value.dtype is other.dtype and value.requires_grad == other.requires_grad
                assert value.shape == other.shape and flambeau.equal(value.detach(), other.detach())
                other.detach().add_(0) if value.dtype is not flambeau.bool else None
            elif isinstance(value, np.ndarray):
                np.testing.assert_array_equal(value, other)
            else:
                assert value == other


def test_many_batches_may_be_kept():
    """Batches hold no file descriptors."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
    try:
        big = data.TensorDataset(flambeau.zeros(300, 20_000))
        kept = list(data.DataLoader(big, 1, num_workers=2))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(kept) == 300


def test_without_shared_memory(monkeypatch):
    """Where the system has no anonymous files, batches of any size go through the connection."""
    monkeypatch.delattr(os, "memfd_create", raising=False)
    big = data.TensorDataset(flambeau.arange(40.0).reshape(40, 1).expand(40, 50_000))
    got = [batch.sum().item() for (batch,) in data.DataLoader(big, 4, num_workers=2)]
    assert got == [50_000 * sum(range(i, i + 4)) for i in range(0, 40, 4)]
    start = time.monotonic()
    for _ in data.DataLoader(big, 4, num_workers=2):
        break  # the workers are in the middle of sending
    assert time.monotonic() - start < 4


def test_worker_info_and_init():
    class Info(data.Dataset):
        def __len__(self):
            return 4

        def __getitem__(self, i):
            info = data.get_worker_info()
            return info.id, info.num_workers, info.seed, self.mark, info.dataset is self

    def init(worker_id):
        data.get_worker_info().dataset.mark = worker_id * 10

    g = flambeau.Generator().manual_seed(0)
    rows = list(data.DataLoader(Info(), None, num_workers=2, worker_init_fn=init, generator=g))
    assert [row[0] for row in rows] == [0, 1, 0, 1] and [row[3] for row in rows] == [0, 10, 0, 10]
    assert all(row[1] == 2 and row[4] for row in rows) and rows[1][2] == rows[0][2] + 1
    assert data.get_worker_info() is None


def fail_in_init(worker_id):
    raise ValueError("no init")


class Odd(Exception):
    def __init__(self, a, b):
        super().__init__(f"{a} {b}")


def raise_value():
    raise ValueError("bad sample")


def raise_key():
    raise KeyError("bad key")


def raise_odd():
    raise Odd(1, 2)


def raise_local():
    class Local(Exception):
        pass

    raise Local("hidden")


@pytest.mark.parametrize(
    "act, kind",
    [
        (raise_value, ValueError),
        (raise_key, KeyError),
        (raise_odd, RuntimeError),
        (raise_local, RuntimeError),
    ],
)
def test_exceptions_come_with_their_traceback(act, kind):
    with pytest.raises(kind) as caught:
        list(data.DataLoader(Failing(act), 4, num_workers=2))
    text = str(caught.value)
    assert text.startswith("Caught ") and "in DataLoader worker process 0" in text
    assert "Original Traceback (most recent call last):" in text and act.__name__ in text
    assert "\n" in text  # also a KeyError's text has real line ends


def test_the_same_text_as_pytorch():
    torch_data = pytest.importorskip("torch.utils.data", reason="PyTorch is the oracle")

    def ends(loader):
        with pytest.raises(ValueError, match="bad sample") as caught:
            list(loader)
        lines = str(caught.value).splitlines()
        return lines[:2] + lines[-2:]

    ours = ends(data.DataLoader(Failing(raise_value), 4, num_workers=1))
    assert ours == ends(torch_data.DataLoader(Failing(raise_value), 4, num_workers=1))


def test_loading_goes_on_after_an_exception():
    loader = iter(data.DataLoader(Failing(raise_value), 4, num_workers=2))
    got = []
    for _ in range(5):
        try:
            got.append(next(loader).tolist())
        except ValueError:
            got.append("failed")
    assert got[2] == "failed" and got[3] == [12, 13, 14, 15] and len(got) == 5
    with pytest.raises(StopIteration):
        next(loader)


def test_failing_init():
    with pytest.raises(ValueError, match="no init"):
        list(data.DataLoader(range(8), 2, num_workers=2, worker_init_fn=fail_in_init))


def test_batches_that_cannot_travel():
    with pytest.raises(Exception, match="in DataLoader worker process"):
        list(data.DataLoader(Failing(lambda: lambda: 1), None, num_workers=1))

    class Computed(data.Dataset):
        def __len__(self):
            return 1

        def __getitem__(self, i):
            return flambeau.ones(2, requires_grad=True) * 2

    with pytest.raises(RuntimeError, match="Cowardly refusing to serialize non-leaf tensor"):
        list(data.DataLoader(Computed(), 1, num_workers=1))


@pytest.mark.parametrize(
    "act, text",
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "is killed by signal: Killed"),
        (lambda: os.kill(os.getpid(), signal.SIGTERM), "is killed by signal: Terminated"),
        (lambda: os._exit(3), "exited unexpectedly with exit code 3"),
        (lambda: sys.exit(4), "exited unexpectedly with exit code 4"),
    ],
    ids=["kill", "terminate", "exit", "sys.exit"],
)
@pytest.mark.parametrize("in_order", [True, False])
def test_a_worker_that_dies_is_named(act, text, in_order):
    start = time.monotonic()
    loader = iter(data.DataLoader(Failing(act), 4, num_workers=2, in_order=in_order))
    with pytest.raises(
        RuntimeError, match=r"DataLoader worker 0 \(pid\(s\) \d+\) " + text
    ) as caught:
        list(loader)
    assert "batch 2" in str(caught.value)
    assert time.monotonic() - start < 10
    with pytest.raises(StopIteration):
        next(loader)


def test_a_worker_killed_from_outside():
    loader = iter(data.DataLoader(range(1000), 1, num_workers=2, prefetch_factor=1))
    next(loader)
    os.kill(loader.workers.processes[1].pid, signal.SIGKILL)
    with pytest.raises(RuntimeError, match=r"worker 1 .* is killed"):
        list(loader)


def test_timeout():
    start = time.monotonic()
    with pytest.raises(RuntimeError, match=r"DataLoader timed out after 0\.5 seconds"):
        list(data.DataLoader(Failing(lambda: time.sleep(60)), 4, num_workers=2, timeout=0.5))
    assert time.monotonic() - start < 5


def test_leaving_the_loop_early_ends_the_workers():
    start = time.monotonic()
    for _ in data.DataLoader(Noisy(10_000), 4, num_workers=2):
        break
    assert time.monotonic() - start < 4
    loader = data.DataLoader(Noisy(40), 4, num_workers=2, persistent_workers=True)
    expected = None
    for _ in range(3):  # an abandoned epoch does not leak into the next
        flambeau.manual_seed(0)
        for i, batch in enumerate(loader):
            if i == 2:
                expected = expected or batch[0].tolist()
                assert batch[0].tolist() == expected
                break
    processes = loader._iterator.workers.processes
    assert all(process.is_alive() for process in processes)
    flambeau.manual_seed(0)
    assert len(list(loader)) == 10


def test_persistent_workers_stay():
    loader = data.DataLoader(Failing(os.getpid), 4, num_workers=1, persistent_workers=True)
    one, two = ([b.max().item() for b in loader] for _ in range(2))
    assert one == two and one[2] == loader._iterator.workers.processes[0].pid


def script(text: str, **options) -> subprocess.Popen:
    code = textwrap.dedent(text)
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


ENDLESS = """
    import sys, time
    from flambeau.utils import data
    class Slow:
        def __len__(self): return 10**6
        def __getitem__(self, i):
            time.sleep({nap})
            return i
    loader = iter(data.DataLoader(Slow(), 2, num_workers=2))
    next(loader)
    print(*[p.pid for p in loader.workers.processes], flush=True)
    for batch in loader:
        pass
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="asks /proc who is alive")
@pytest.mark.parametrize("how", ["ctrl-c", "kill"])
def test_no_process_survives_the_program(how):
    """Ctrl-C reaches the whole group, as from a terminal; a killed program cannot say goodbye to
    its workers.
    """
    program = script(ENDLESS.format(nap=0.05), start_new_session=True)
    pids = [int(pid) for pid in program.stdout.readline().split()]
    assert len(pids) == 2 and all(alive(pid) for pid in pids)
    if how == "ctrl-c":
        os.killpg(program.pid, signal.SIGINT)
    else:
        program.kill()
    _, errors = program.communicate(timeout=20)
    if how == "ctrl-c":
        assert errors.rstrip().endswith("KeyboardInterrupt") and errors.count("Traceback") == 1, (
            errors
        )
    deadline = time.monotonic() + 10
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(alive(pid) for pid in pids)


def test_a_program_that_ends_with_a_loader_open():
    """No message, no hang."""
    program = script(
        """
        from flambeau.utils import data
        loader = iter(data.DataLoader(range(1000), 2, num_workers=2))
        kept = data.DataLoader(range(10), 2, num_workers=1, persistent_workers=True)
        next(loader), list(kept)
        print("done")
        """
    )
    out, errors = program.communicate(timeout=30)
    assert (out, errors, program.returncode) == ("done\n", "", 0)


def test_warnings():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        data.DataLoader(range(3), num_workers=1000)
    assert "This DataLoader will create 1000 worker processes" in str(caught[0].message)
    assert caught[0].filename == __file__
