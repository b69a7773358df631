"""Operations that the C++ runtime computes against their NumPy texts: values and gradients."""

from __future__ import annotations

import contextlib
import itertools
import math
import warnings

import numpy as np
import pytest

import flambeau
from flambeau.backend import native

pytest.importorskip("flambeau.backend.native._runtime", reason="the C++ runtime is not built")
F = flambeau.nn.functional


@contextlib.contextmanager
def switched(on: bool):
    """The runtime used, or not."""
    before, native.enabled = native.enabled, on
    try:
        yield
    finally:
        native.enabled = before


def numbers(rng, shape, dtype="float32") -> np.ndarray:
    return rng.standard_normal(shape).astype(dtype)


def gradients(function, arrays, on):
    """The outputs of ``function`` and the gradients of its inputs, as arrays."""
    with switched(on):
        inputs = [flambeau.tensor(a).requires_grad_(a.dtype.kind == "f") for a in arrays]
        out = function(*inputs)
        weights = np.random.default_rng(1).standard_normal(out.shape).astype(arrays[0].dtype)
        (out * flambeau.tensor(weights)).sum().backward()
        return [out.detach().numpy(), *[t.grad.numpy() for t in inputs if t.grad is not None]]


def agree(function, *arrays, tolerance=2e-5):
    """The runtime and NumPy compute the same, in arrays that lie alike."""
    fast, plain = gradients(function, arrays, True), gradients(function, arrays, False)
    assert len(fast) == len(plain)
    for a, b in zip(fast, plain):
        assert a.shape == b.shape and a.dtype == b.dtype and a.strides == b.strides
        scale = float(np.sqrt(np.mean(np.square(b, dtype=np.float64)))) if b.size else 1.0
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * max(scale, 1e-3) * 10)


CONVOLVE = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def random_convolution(rng, rank, dtype):
    """Arrays and parameters of a convolution that fits."""
    groups = int(rng.choice([1, 1, 2, 3]))
    inside, outside = groups * int(rng.integers(1, 9)), groups * int(rng.integers(1, 9))
    kernel = rng.integers(1, 5, rank)
    dilation, stride = rng.integers(1, 3, rank), rng.integers(1, 4, rank)
    padding = rng.integers(0, 3, rank)
    size = np.maximum(1, dilation * (kernel - 1) + 1 - 2 * padding) + rng.integers(0, 9, rank)
    n = int(rng.integers(1, 5))
    params = {
        "stride": tuple(map(int, stride)), "padding": tuple(map(int, padding)),
        "dilation": tuple(map(int, dilation)), "groups": groups,
    }  # fmt: skip
    x = numbers(rng, (n, inside, *size), dtype)
    w = numbers(rng, (outside, inside // groups, *kernel), dtype)
    return x, w, numbers(rng, outside, dtype), params


@pytest.mark.parametrize("seed", range(16))
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_convolution(seed, rank, dtype):
    x, w, b, params = random_convolution(np.random.default_rng(seed), rank, dtype)
    convolve = CONVOLVE[rank]
    agree(lambda x, w, b: convolve(x, w, b, **params), x, w, b)
    agree(lambda x, w: convolve(x, w, **params), x, w)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_transposed_convolution(seed, rank, dtype):
    rng = np.random.default_rng(seed)
    _, w, _, params = random_convolution(rng, rank, dtype)
    x = numbers(rng, (2, w.shape[0], *rng.integers(3, 7, rank)), dtype)
    b = numbers(rng, w.shape[1] * params["groups"], dtype)
    extra = tuple(
        int(rng.integers(0, max(s, d))) for s, d in zip(params["stride"], params["dilation"])
    )
    convolve = TRANSPOSED[rank]
    with contextlib.suppress(RuntimeError):  # too small a result
        convolve(flambeau.tensor(x), flambeau.tensor(w), **params, output_padding=extra)
        agree(lambda x, w, b: convolve(x, w, b, **params, output_padding=extra), x, w, b)


def test_convolution_of_odd_memory():
    """Inputs that are views, expanded, reversed or read-only are computed all the same."""
    rng = np.random.default_rng(0)
    x, w = numbers(rng, (4, 9, 10, 3)), numbers(rng, (3, 3, 3, 5))
    agree(lambda x, w: F.conv2d(x.permute(0, 3, 1, 2), w.permute(3, 0, 1, 2)), x, w)
    agree(
        lambda x, w: F.conv2d(x[::2, 1:, :, :1].permute(0, 3, 1, 2), w[:1].permute(3, 0, 1, 2)),
        x,
        w,
    )
    agree(
        lambda x, w: F.conv2d(x.expand(2, 3, 9, 9), w),
        numbers(rng, (1, 3, 9, 1)),
        numbers(rng, (2, 3, 2, 2)),
    )
    frozen = np.ascontiguousarray(x.transpose(0, 3, 1, 2))
    frozen.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        F.conv2d(flambeau.from_numpy(frozen), flambeau.tensor(numbers(rng, (2, 3, 1, 1))))


@pytest.mark.parametrize("dtype", [np.float16, np.int64])
def test_other_dtypes_stay_with_numpy(dtype):
    rng = np.random.default_rng(0)
    x, w = (
        flambeau.tensor((9 * rng.standard_normal(s)).astype(dtype))
        for s in ((2, 3, 8, 8), (4, 3, 3, 3))
    )
    with switched(False):
        want = F.conv2d(x, w)
    assert (F.conv2d(x, w) == want).all() and F.conv2d(x, w).dtype == x.dtype


def test_mixed_dtypes_are_refused():
    x, w = flambeau.zeros(2, 3, 8, 8), flambeau.zeros(4, 3, 3, 3)
    with pytest.raises(RuntimeError):
        F.conv2d(x, w.double())
    with pytest.raises(RuntimeError):
        F.conv2d(x.double(), w.double(), flambeau.zeros(4))


@pytest.mark.parametrize("number", [2**23, 2**24, 2**40])
def test_huge_numbers(number):
    """What the runtime finds too large the text computes, or refuses; memory is not asked for."""
    rng = np.random.default_rng(0)
    x, w = numbers(rng, (2, 3, 5, 5)), numbers(rng, (4, 3, 3, 3))
    x, w = flambeau.tensor(x), flambeau.tensor(w)
    with switched(False):
        want = F.conv2d(x, w, stride=(1, number))
    assert flambeau.allclose(F.conv2d(x, w, stride=(1, number)), want, atol=1e-5)
    with pytest.raises((RuntimeError, ValueError, MemoryError)):
        F.conv_transpose2d(x.transpose(1, 2)[:, :4], w, stride=number)
    with pytest.raises((RuntimeError, ValueError, MemoryError)):
        F.conv2d(x, w, padding=number)
    with pytest.raises(RuntimeError):
        F.conv2d(x, w, dilation=number)


def test_empty_batches_and_bad_shapes():
    w = flambeau.zeros(4, 3, 3, 3)
    assert F.conv2d(flambeau.zeros(0, 3, 8, 8), w).shape == (0, 4, 6, 6)
    for shape in ((2, 2, 8, 8), (2, 3, 2, 8)):
        with pytest.raises(RuntimeError):
            F.conv2d(flambeau.zeros(shape), w)
    with pytest.raises(RuntimeError):
        F.conv2d(flambeau.zeros(2, 3, 8, 8), w, flambeau.zeros(5))


def test_second_derivatives():
    rng = np.random.default_rng(0)
    x, w = numbers(rng, (2, 3, 8, 8)), numbers(rng, (4, 3, 3, 3))

    def twice(x, w):
        y = F.max_pool2d(F.conv2d(x, w, padding=1).sin(), 2).tanh()
        (g,) = flambeau.autograd.grad(y.square().sum(), x, create_graph=True)
        return g.square()

    agree(twice, x, w, tolerance=1e-4)


def test_threads_are_the_pools():
    before = flambeau.get_num_threads()
    try:
        flambeau.set_num_threads(3)
        assert flambeau.get_num_threads() == native.runtime.get_num_threads() == 3
    finally:
        flambeau.set_num_threads(before)


def test_without_the_runtime_it_is_said_once(monkeypatch):
    monkeypatch.setattr(native, "runtime", None)
    monkeypatch.setattr(native, "enabled", True)
    x, w = flambeau.ones(1, 1, 4, 4), flambeau.ones(1, 1, 3, 3)
    with pytest.warns(RuntimeWarning, match="without its C\\+\\+ runtime"):
        assert F.conv2d(x, w)[0, 0, 0, 0] == 9
    assert F.conv2d(x, w)[0, 0, 1, 1] == 9  # nothing is said again


def learned(x, count):
    """A weight and a bias that depend on the input, so that they have gradients to compare."""
    numbers = x.flatten()[:1] + flambeau.linspace(-1, 1, count)
    return numbers * 2, numbers - 1


LAYERS = {
    "max pool": lambda x: F.max_pool2d(x, 2),
    "max pool, padded": lambda x: F.max_pool2d(x, (3, 2), (2, 1), (1, 0), ceil_mode=True),
    "max pool, dilated": lambda x: F.max_pool2d(x, 2, 1, dilation=2),
    "max pool, large": lambda x: F.max_pool2d(F.pad(x, (9, 9, 9, 9)), 17),
    "max pool in one dimension": lambda x: F.max_pool1d(x.flatten(2), 3, 2, 1),
    "average pool": lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False),
    "average pool by a number": lambda x: F.avg_pool2d(x, 2, divisor_override=3),
    "average pool in one dimension": lambda x: F.avg_pool1d(x.flatten(2), 3, 2, 1),
    "adaptive average": lambda x: F.adaptive_avg_pool2d(x, (3, 2)),
    "global average": lambda x: F.adaptive_avg_pool2d(x, 1),
    "batch norm": lambda x: F.batch_norm(x, None, None, training=True),
    "batch norm of rows": lambda x: F.batch_norm(
        x.permute(0, 2, 3, 1).reshape(-1, x.shape[1]), None, None, training=True
    ),
    "batch norm in evaluation": lambda x: F.batch_norm(
        x, flambeau.linspace(-1, 1, x.shape[1]), flambeau.linspace(1, 2, x.shape[1])
    ),
    "max pool with indices": lambda x: sum(F.max_pool2d(x, 3, 2, 1, return_indices=True)),
    "adaptive maximum": lambda x: sum(F.adaptive_max_pool2d(x, (3, 2), return_indices=True)),
    "global maximum": lambda x: sum(F.adaptive_max_pool2d(x, 1, return_indices=True)),
    "maxima of half": lambda x: F.adaptive_max_pool1d(x[:, :, :, :6].flatten(2), x.shape[2] * 3),
    "instance norm": F.instance_norm,
    "instance norm, learned": lambda x: F.instance_norm(
        x, None, None, *learned(x, x.shape[1]), eps=0.1
    ),
    "group norm": lambda x: F.group_norm(x, x.shape[1]),
    "group norm, learned": lambda x: F.group_norm(x, 1, *learned(x, x.shape[1]), eps=0.1),
    "batch norm in evaluation, learned": lambda x: F.batch_norm(
        x,
        flambeau.linspace(-1, 1, x.shape[1]),
        flambeau.linspace(1, 2, x.shape[1]),
        *learned(x, x.shape[1]),
    ),
    "layer norm": lambda x: F.layer_norm(x, x.shape[-1:]),
    "layer norm of several": lambda x: F.layer_norm(x, x.shape[1:]),
    "softmax": lambda x: x.softmax(-1),
    "softmax of channels": lambda x: x.softmax(1),
    "log softmax": lambda x: x.log_softmax(-1),
    "joined": lambda x: flambeau.cat([x, x.sin()], 1),
    "residual": lambda x: (x + x.relu()) * 2 - x / 3,
}


@pytest.mark.parametrize("shape", [(2, 3, 9, 10), (1, 1, 8, 8), (5, 17, 7, 6), (3, 32, 40, 41)])
@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("name", LAYERS)
def test_layers(name, hidden, shape):
    """Each on an ordinary map and on one that lies channels last."""
    x = numbers(np.random.default_rng(0), shape)
    w = np.eye(shape[1], dtype=np.float32)[:, :, None, None]

    def layer(x):
        return LAYERS[name](F.conv2d(x, flambeau.tensor(w)) if hidden else x)

    agree(layer, x)


REDUCTIONS = ("sum", "mean", "amax", "amin")


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("shape", [(4, 5, 23, 24), (3, 32, 11, 12), (4, 1, 50, 60), (1, 64, 9, 17)])
def test_reductions(shape, hidden):
    """Over every choice of dimensions, of maps in both orders in memory."""
    x = numbers(np.random.default_rng(0), shape)
    eye = flambeau.eye(shape[1]).reshape(shape[1], shape[1], 1, 1)

    def every(x):
        x = F.conv2d(x, eye) if hidden else x
        found = []
        for count, keepdim in itertools.product(range(5), (False, True)):
            for dims in itertools.combinations(range(4), count):
                name = REDUCTIONS[len(found) % len(REDUCTIONS)]
                found.append(getattr(x, name)(dims or None, keepdim=keepdim).flatten())
        for dim in range(4):
            top, low = x.max(dim), x.min(dim, keepdim=True)
            found += [top.values.flatten(), low.values.flatten()]
            found += [(t.indices.flatten() + 1) * (1 / shape[dim]) for t in (top, low)]
        return flambeau.cat([*found, x.max()[None], x.min()[None], x.prod(3).flatten()])

    agree(every, x)


@pytest.mark.parametrize("ord", [1, 2, float("inf"), 3])
@pytest.mark.parametrize("keepdim", [False, True])
def test_norms(ord, keepdim):
    x = numbers(np.random.default_rng(0), (5, 41, 50))
    for dim in (None, 0, 2, (1, 2), (0, 1), (0, 2), (0, 1, 2)):
        agree(lambda x, dim=dim: flambeau.linalg.vector_norm(x, ord, dim, keepdim), x)


def test_reductions_of_odd_memory():
    x = numbers(np.random.default_rng(0), (90, 200))
    for view in (lambda x: x.t(), lambda x: x[1:, 1:], lambda x: x[::2], lambda x: x[:1].T):
        for dim in (None, 0, 1):
            agree(lambda x, dim=dim, view=view: view(x).sum(dim), x)
    x[3, 4] = np.nan
    for name in REDUCTIONS:
        assert getattr(flambeau.tensor(x), name)(1).isnan().nonzero().tolist() == [[3]]


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy(reduction, weighted):
    """Rows, images that lie row by row and channels last, ignored targets, bytes as targets."""
    rng = np.random.default_rng(0)
    for shape, classes in (((7, 10), 10), ((3, 200), 200), ((2, 5, 3, 4), 5), ((1, 1), 1)):
        target = rng.integers(0, classes, (shape[0], *shape[2:]))
        target.flat[0] = -100
        weight = numbers(rng, classes) ** 2 if weighted else None
        x = numbers(rng, shape)

        def loss(x, target=target, weight=weight):
            kinds = [flambeau.tensor(a) if a is not None else None for a in (target, weight)]
            found = F.cross_entropy(x, *kinds, reduction=reduction)
            return found if target.size > 1 else found.nan_to_num()

        agree(loss, x)
        if len(shape) == 4:
            eye = flambeau.eye(classes).reshape(classes, classes, 1, 1)
            agree(lambda x, loss=loss, eye=eye: loss(F.conv2d(x, eye)), x)
    labels = flambeau.tensor([1, 0], dtype=flambeau.uint8)
    agree(lambda x: F.cross_entropy(x, labels, reduction=reduction), numbers(rng, (2, 3)))
    with pytest.raises(IndexError, match="Target 3 is out of bounds"):
        F.cross_entropy(flambeau.zeros(2, 3), flambeau.tensor([0, 3]))


def test_cross_entropy_of_scores_that_change():
    """As in PyTorch the scores may be overwritten before the backward pass, which may run twice."""
    x = flambeau.randn(4, 5).requires_grad_()
    scores = x * 1
    loss = F.cross_entropy(scores, flambeau.tensor([0, 1, 2, 3]))
    with flambeau.no_grad():
        scores.zero_()
    loss.backward(retain_graph=True)
    once = x.grad.clone()
    loss.backward()
    assert (x.grad == 2 * once).all()


@pytest.mark.parametrize("seed", range(12))
def test_pooling_of_volumes(seed):
    rng = np.random.default_rng(seed)
    kernel, stride = (tuple(map(int, rng.integers(1, 4, 3))) for _ in range(2))
    dilation = tuple(map(int, rng.integers(1, 3, 3)))
    padding = tuple(int(rng.integers(0, k // 2 + 1)) for k in kernel)
    size = [int(rng.integers(5, 10)) for _ in range(3)]
    x = numbers(rng, (int(rng.integers(1, 4)), int(rng.choice([1, 3, 17, 32])), *size))
    x[rng.random(x.shape) < 0.3] = 1  # ties
    ceil = bool(seed % 2)
    window = {"stride": stride, "padding": padding, "ceil_mode": ceil}
    for turned in (False, True):
        lay = (lambda x: x.transpose(0, 1).contiguous().transpose(0, 1)) if turned else lambda x: x
        agree(
            lambda x, lay=lay: sum(
                F.max_pool3d(lay(x), kernel, **window, dilation=dilation, return_indices=True)
            ),
            x,
        )
        agree(lambda x, lay=lay: F.avg_pool3d(lay(x), kernel, **window, count_include_pad=ceil), x)
        agree(lambda x, lay=lay: F.avg_pool3d(lay(x), kernel, **window, divisor_override=5), x)
        agree(lambda x, lay=lay: F.adaptive_avg_pool3d(lay(x), kernel), x)


@pytest.mark.parametrize("rows, size, count", [(50, 40, 1000), (3, 300, 100), (1000, 7, 4000)])
def test_embedding(rows, size, count):
    rng = np.random.default_rng(0)
    table, indices = numbers(rng, (rows, size)), flambeau.tensor(rng.integers(0, rows, (4, count)))
    agree(lambda table: F.embedding(indices, table), table)
    agree(lambda table: F.embedding(indices.int(), table, padding_idx=1), table)
    before = native.runtime.get_num_threads()
    sums = []
    for threads in (1, 2, 5):
        native.runtime.set_num_threads(threads)
        sums.append(gradients(lambda table: F.embedding(indices, table), [table], True)[1])
    native.runtime.set_num_threads(before)
    assert (sums[0] == sums[1]).all() and (sums[0] == sums[2]).all()


ARITHMETIC = {
    "bias": lambda x, z: x + z[0, :, :1, :1],
    "channel of each image": lambda x, z: z[:, :, :1, :1].sigmoid() * x,
    "pixel of each image": lambda x, z: x - z[:, :1],
    "pixel": lambda x, z: z[:1, :1] - x,
    "row": lambda x, z: x * z[:1, :, :, :1],
    "column of each image": lambda x, z: x + z[:, :1, :1],
    "both spread": lambda x, z: x[:, :, :1] * z[:, :, :, :1],
    "the same place": lambda x, z: x * z + z / x - flambeau.maximum(x, z),
    "numbers": lambda x, z: (2 - x) / 3 + 1 / x,
    "tensors of no dimension": lambda x, z: x * z[0, 0, 0, 0] - flambeau.tensor(2.0),
    "scaled": lambda x, z: flambeau.add(x, z, alpha=3) - flambeau.sub(x, z[0], alpha=0.5),
    "subtracted from": lambda x, z: flambeau.rsub(x, z) + flambeau.rsub(x, 2.0),
    "clamped": lambda x, z: x.clamp(-0.5, 0.5) + x.clamp_min(0.1) * x.clamp_max(1) + x.clamp(min=0),
    "powers": lambda x, z: x**2 + x**3 - x.abs() ** 0.5 + x**-1,
    "signs": lambda x, z: x.abs() * x.sign() - x.neg(),
    "blended": lambda x, z: x.lerp(z, 0.3) + x.lerp(z, 0.75) + x.lerp(z, z),
    "products added": lambda x, z: (
        flambeau.addcmul(x, x, z, value=0.5) + flambeau.addcdiv(z, z, x, value=2)
    ),
    "chosen": lambda x, z: flambeau.where(x > 0, x, z) + flambeau.where(z > x, 0.0, x),
    "chosen beside numbers": lambda x, z: flambeau.where(x > 0, x, z[0, 0, 0, 0]),
    "filled": lambda x, z: x.masked_fill(x > 0.5, -1.0) + x.masked_fill(z[:1, :1] > 0, 2),
    "written": lambda x, z: (x * 2).mul_(z).add_(z[:, :, :1, :1]).clamp_(-1, 1),
}


@pytest.mark.parametrize("shape", [(2, 3, 9, 10), (1, 1, 180, 200), (4, 17, 37, 16)])
@pytest.mark.parametrize("hidden", ["neither", "first", "second", "both"])
@pytest.mark.parametrize("name", ARITHMETIC)
def test_arithmetic(name, hidden, shape):
    """Of maps in both orders in memory, and of what is spread over them."""
    x, z = (numbers(np.random.default_rng(i), shape) + np.float32(0.01) for i in range(2))
    z = np.abs(z) + np.float32(0.5)
    eye = flambeau.eye(shape[1]).reshape(shape[1], shape[1], 1, 1)

    def compute(x, z):
        x = F.conv2d(x, eye) if hidden in ("first", "both") else x
        z = F.conv2d(z, eye) if hidden in ("second", "both") else z
        return ARITHMETIC[name](x, z)

    with np.errstate(all="ignore"):
        agree(compute, x, z, tolerance=1e-4)


def test_derivatives_of_single_numbers():
    """Which NumPy hands from rule to rule as scalars, no arrays."""
    x = flambeau.tensor(2.0, dtype=flambeau.float64, requires_grad=True)
    y = flambeau.addcdiv(x, x * 3, x**3, value=2) + x.clamp(0, 5) ** 2 + (x * x).square()
    (first,) = flambeau.autograd.grad(y, x, create_graph=True)
    (second,) = flambeau.autograd.grad(first, x)
    assert abs(first.item() - 35.5) < 1e-9 and abs(second.item() - (36 / 16 + 2 + 48)) < 1e-9


def test_bounds_and_masks_of_what_is_no_number():
    x = np.full((200, 300), np.nan, np.float32)
    x[1], x[2], x[3] = np.inf, -np.inf, 0.5
    for function in (
        lambda x: x.clamp(-1, 1),
        lambda x: x.clamp(1, -1),
        lambda x: x.clamp(-math.inf, math.inf),
        lambda x: x.clamp(math.nan, 1),
        lambda x: flambeau.where(x > 0, x, 0),
    ):
        for a, b in zip(gradients(function, [x], True), gradients(function, [x], False)):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("size", [(3, 7), (40, 50), (5, 6, 30, 31)])
def test_random_numbers_are_the_same(size):
    """Bit by bit, dropout of maps channels last too."""
    drawn = []
    for on in (False, True):
        with switched(on):
            flambeau.manual_seed(3)
            x = flambeau.rand(size)
            found = [x, flambeau.randn(size), flambeau.rand(size, dtype=flambeau.float64)]
            found += [F.dropout(x, 0.3), flambeau.bernoulli(x), flambeau.randperm(2000)]
            if len(size) == 4:
                x = F.relu(F.batch_norm(x - 0.5, None, None, training=True)).round()
                found += [F.dropout(x, 0.3), F.dropout2d(x), F.alpha_dropout(x, training=True)]
            drawn.append([t.numpy() for t in found])
    for a, b in zip(*drawn):
        np.testing.assert_array_equal(a, b)


ACTIVATIONS = {
    name: getattr(F, name)
    for name in (
        "relu", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "softplus", "tanh",
        "sigmoid", "logsigmoid", "hardtanh", "relu6", "hardsigmoid", "hardswish", "hardshrink",
        "softshrink",
    )
} | {
    name: getattr(flambeau, name) for name in ("exp", "sin", "cos", "erf", "expm1", "square")
} | {
    "gelu by tanh": lambda x: F.gelu(x, approximate="tanh"),
    "threshold": lambda x: F.threshold(x, 0.5, 2.0),
    "log": lambda x: x.abs().log(), "sqrt": lambda x: x.abs().sqrt(),
    "rsqrt": lambda x: x.abs().rsqrt(), "log1p": lambda x: x.abs().log1p(),
    "reciprocal": lambda x: x.reciprocal(),
}  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    """Sizes on both sides of where the runtime begins, and a map that lies channels last."""
    rng = np.random.default_rng(0)
    for shape in ((3, 5), (90, 1000), (7, 13, 30, 31)):
        agree(ACTIVATIONS[name], numbers(rng, shape) + np.float32(0.01), tolerance=1e-5)
    w = flambeau.eye(13).reshape(13, 13, 1, 1)
    agree(
        lambda x: ACTIVATIONS[name](F.conv2d(x, w)), numbers(rng, (7, 13, 30, 31)), tolerance=1e-5
    )


@pytest.mark.parametrize("name", ["relu", "tanh", "sigmoid", "exp", "softplus", "silu"])
def test_what_is_no_number_stays_none(name):
    x = np.full((200, 300), np.nan, np.float32)
    x[1] = np.inf
    x[2] = -np.inf
    got = {}
    for on in (False, True):
        with switched(on):
            got[on] = ACTIVATIONS[name](flambeau.tensor(x)).numpy()
    np.testing.assert_array_equal(got[True][:3], got[False][:3])


@pytest.mark.parametrize(
    "name",
    ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam", "Rprop",
     "ASGD"],
)  # fmt: skip
def test_optimisers(name):
    def weights(on):
        rng = np.random.default_rng(0)
        params = [flambeau.tensor(numbers(rng, s)).requires_grad_() for s in ((3,), (40, 50), ())]
        params.append(flambeau.tensor(numbers(rng, (4, 3, 3, 3))).contiguous(
            memory_format=flambeau.channels_last).requires_grad_())  # fmt: skip
        params.append(flambeau.tensor(numbers(rng, 5).astype(np.float64)).requires_grad_())
        options = {"momentum": 0.9} if name in ("SGD", "RMSprop") else {}
        optimizer = getattr(flambeau.optim, name)(params, lr=0.01, **options)
        with switched(on):
            for _ in range(3):
                for p in params:
                    p.grad = flambeau.tensor(
                        rng.standard_normal(p.shape).astype(p.detach().numpy().dtype)
                    )
                optimizer.step()
        return [p.detach().numpy() for p in params]

    for fast, plain in zip(weights(True), weights(False)):
        np.testing.assert_allclose(fast, plain, rtol=1e-6, atol=1e-7)
        assert fast.strides == plain.strides
