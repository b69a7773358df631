"""The thread pool: who works, what is thrown, fork, signals, the end of the interpreter."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from flambeau.utils import data

native = pytest.importorskip(
    "flambeau.backend.native._runtime", reason="the C++ runtime is not built"
)
linux = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="reads /proc")
# Python warns of fork where there are threads; that the pool survives it is what is shown here.
pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


@pytest.fixture(autouse=True)
def _threads():
    before = native.get_num_threads()
    native.set_num_threads(3)
    yield
    native.set_num_threads(before)


def compute(size: int = 16) -> bytes:
    """The bits of a convolution, forward and backward, and of what follows it."""
    rng = np.random.default_rng(size)
    x, w = (
        rng.standard_normal(s).astype(np.float32) for s in ((3, size, size, 32), (40, 32, 3, 3))
    )
    y, window = np.empty((3, size, size, 40), np.float32), [1, 1, 1, 1, 1, 1, 1]
    native.conv_forward(x, w, None, y, window, True)
    gw, z = np.empty_like(w), np.empty_like(y)
    native.conv_backward_weight(x, y, gw, window)
    native.tanh(y, z)
    return gw.tobytes() + z.tobytes()


def together(count: int = 2) -> None:
    """Show that ``count`` threads run at once: each index waits for the others."""
    barrier = threading.Barrier(count)
    seen = set()

    def meet(_index: int) -> None:
        barrier.wait(60)
        seen.add(threading.get_ident())

    native.parallel_run(count, meet)
    assert len(seen) == count


def test_a_helper_that_falls_asleep_sees_the_next_loop():
    """It spins for a millisecond; the next loop comes just then."""
    native.set_num_threads(2)
    for microseconds in range(900, 1300):
        time.sleep(1e-6 * microseconds)
        together()


def program(text: str, **arguments) -> subprocess.Popen:
    """A Python program of its own, with this file's functions."""
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    text = "from test_native_pool import *\n" + textwrap.dedent(text)
    return subprocess.Popen(
        [sys.executable, "-c", text], env={**os.environ, "PYTHONPATH": path}, text=True, **arguments
    )


@linux
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is one core")
def test_helpers_are_woken_on_another_core_than_the_caller_s():
    """Linux would wake them on the same, and take ten milliseconds to notice."""
    text = """
        native.set_num_threads(2)
        before = set(os.listdir("/proc/self/task"))
        together()
        started = [int(task) for task in set(os.listdir("/proc/self/task")) - before]
        for _ in range(20):
            time.sleep(0.005)  # it sleeps
            together()
            mine = os.sched_getaffinity(0)
            theirs = [os.sched_getaffinity(task) for task in started]  # sanitizers have threads too
            assert any(its < mine and len(its) == len(mine) - 1 for its in theirs), (mine, theirs)
    """
    assert program(text).wait(60) == 0


def test_helpers_help():
    for count in (2, 3):
        together(count)


@pytest.mark.parametrize("n", [0, 1, 2, 1000])
@pytest.mark.parametrize("threads", [1, 2, 16])
def test_every_index_once(n, threads):
    native.set_num_threads(threads)
    done = []
    native.parallel_run(n, done.append)
    assert sorted(done) == list(range(n))


def test_loops_within_loops():
    done, expected = [], compute()

    def outer(i: int) -> None:
        native.parallel_run(5, lambda j: native.parallel_run(3, lambda k: done.append((i, j, k))))
        assert compute() == expected

    native.parallel_run(7, outer)
    assert sorted(done) == [(i, j, k) for i in range(7) for j in range(5) for k in range(3)]


@pytest.mark.parametrize("error", [ValueError, MemoryError, KeyboardInterrupt])
def test_what_a_helper_throws_reaches_the_caller(error):
    here, barrier = threading.get_ident(), threading.Barrier(2)

    def fail(_index: int) -> None:
        barrier.wait(60)
        if threading.get_ident() != here:
            raise error("from a helper")

    for _ in range(3):
        with pytest.raises(error, match="from a helper"):
            native.parallel_run(2, fail)
        together()


def test_what_all_throw_reaches_the_caller_once():
    def fail(index: int) -> None:
        raise IndexError(index)

    for threads in (1, 3):
        native.set_num_threads(threads)
        with pytest.raises(IndexError):
            native.parallel_run(100, fail)
    native.set_num_threads(3)
    together()


@linux
def test_no_memory():
    """The matrices of this Winograd convolution are more than the process may have."""
    text = """
        import resource

        x, w = np.ones((64, 8, 8, 512), np.float32), np.ones((512, 512, 3, 3), np.float32)
        y, window = np.empty_like(x), [1, 1, 1, 1, 1, 1, 1]
        pages = int(open("/proc/self/statm").read().split()[0])
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 2**23, most))
        try:
            native.conv_forward(x, w, None, y, window)
            print("there was enough")
        except MemoryError:
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
            native.conv_forward(x, w, None, y, window)
            print(round(float(y[0, 4, 4, 0])))
    """
    with program(text, stdout=subprocess.PIPE) as run:
        assert run.communicate(timeout=60)[0].strip() == str(9 * 512)


@pytest.mark.parametrize("threads", [1, 2, 16])
def test_many_python_threads(threads):
    expected = [compute(size) for size in range(9, 17)]
    native.set_num_threads(threads)
    found: list[list[bytes]] = [[] for _ in expected]

    def work(i: int) -> None:
        for _ in range(5):
            found[i].append(compute(9 + i))

    workers = [threading.Thread(target=work, args=(i,)) for i in range(len(expected))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == [[one] * 5 for one in expected]


def test_the_number_of_threads_changes_while_they_work():
    expected, stop = compute(), threading.Event()

    def change() -> None:
        count = 0
        while not stop.wait(0.001):
            count += 1
            native.set_num_threads(1 + count % 7)

    changer = threading.Thread(target=change)
    changer.start()
    try:
        for _ in range(60):
            assert compute() == expected
    finally:
        stop.set()
        changer.join()


def test_numbers_of_threads():
    for given, taken in [(-3, 1), (0, 1), (5, 5), (10**6, 1024)]:
        native.set_num_threads(given)
        assert native.get_num_threads() == taken
    native.set_num_threads(3)
    with pytest.raises(TypeError):
        native.set_num_threads(1 << 40)
    together(3)


@linux
def test_helpers_leave_signals_to_python():
    before = {t.name for t in Path("/proc/self/task").iterdir()}
    native.set_num_threads(17)
    compute()
    started = [t for t in Path("/proc/self/task").iterdir() if t.name not in before]
    for task in started:
        while (blocked := blocked_signals(task)) >> (signal.SIGSEGV - 1) & 1:
            time.sleep(0.001)  # the thread is still being made
        assert blocked >> (signal.SIGINT - 1) & 1


def blocked_signals(task: Path) -> int:
    """The signals that a thread does not take, as bits."""
    lines = (task / "status").read_text().splitlines()
    return int(dict(line.split(":\t") for line in lines)["SigBlk"], 16)


def in_child(run) -> None:
    """``run()`` in a fork of this process, which must end well."""
    child = os.fork()
    if not child:
        status = 1
        try:
            run()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


def test_fork():
    expected = compute()
    together()

    def child() -> None:
        assert compute() == expected
        together()  # the child has helpers of its own
        in_child(together)

    for _ in range(5):
        in_child(child)
    together()


def test_fork_while_others_compute():
    expected, stop = compute(), threading.Event()

    def work() -> None:
        while not stop.is_set():
            compute()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:

        def child() -> None:
            assert compute() == expected
            together()

        for _ in range(10):
            in_child(child)
    finally:
        stop.set()
        for worker in workers:
            worker.join()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_processes(method):
    together()
    with multiprocessing.get_context(method).Pool(2) as processes:
        assert processes.map(compute, [9, 10, 11]) == [compute(size) for size in (9, 10, 11)]


class Computed(data.Dataset):
    """Samples that kernels compute."""

    def __len__(self):
        return 6

    def __getitem__(self, i):
        return np.frombuffer(compute(8 + i), np.float32)[:100].copy()


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_of_a_loader(method):
    together()
    loader = data.DataLoader(
        Computed(), batch_size=2, num_workers=2, multiprocessing_context=method
    )
    for here, there in zip(data.DataLoader(Computed(), batch_size=2), loader, strict=True):
        assert here.numpy().tobytes() == there.numpy().tobytes()


def test_interrupt():
    """Ctrl-C among kernels is KeyboardInterrupt, and they compute afterwards as before."""
    interrupted = program(
        """
        signal.signal(signal.SIGINT, signal.default_int_handler)
        native.set_num_threads(3)
        expected = compute()
        try:
            print("begin", flush=True)
            while True:
                assert compute() == expected
        except KeyboardInterrupt:
            assert compute() == expected
            together()
            print("interrupted", flush=True)
        """,
        stdout=subprocess.PIPE,
    )
    with interrupted:
        assert interrupted.stdout is not None and interrupted.stdout.readline() == "begin\n"
        time.sleep(0.1)
        interrupted.send_signal(signal.SIGINT)
        assert interrupted.communicate(timeout=60)[0] == "interrupted\n"
        assert interrupted.returncode == 0


def test_the_end_of_the_interpreter():
    """Fifty processes end as Python ends, with helpers that spin or sleep, or with daemon threads
    in the midst of a loop.
    """
    ends = program(
        """
        native.set_num_threads(4)
        compute()

        def forever():
            while True:
                compute(5)

        children = []
        for i in range(50):
            child = os.fork()
            if not child:
                compute()
                for _ in range(i % 3):
                    threading.Thread(target=forever, daemon=True).start()
                time.sleep((0, 0.001, 0.01, 0.03)[i % 4])
                sys.exit()
            children.append(child)
        print([os.waitpid(child, 0)[1] for child in children])
        """,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with ends:
        output, errors = ends.communicate(timeout=120)
    assert (output, errors, ends.returncode) == (f"{[0] * 50}\n", "", 0)
