"""Functions of torch.nn.functional against PyTorch: values, first and second derivatives, in double
precision.

`test_values.py` runs PyTorch's samples; here are the combinations of arguments that those do not
reach.
"""

# ruff: noqa: B023  # the functions that loops define are called before the loop goes on
from __future__ import annotations

import itertools
import warnings

import numpy as np
import pytest

import flambeau

torch = pytest.importorskip("torch", reason="PyTorch is the oracle")


def normal(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def run(library, function, arrays, constant, second):
    """The outputs, their gradients, and a second derivative, as arrays."""
    tensors = [library.tensor(a) for a in arrays]
    leaves = [
        t.requires_grad_()
        for i, t in enumerate(tensors)
        if t.dtype == library.float64 and i not in constant
    ]
    y = function(library.nn.functional, *tensors)
    ys = [t for t in (y if isinstance(y, tuple) else (y,)) if t is not None]
    found = [t.detach().numpy() for t in ys]
    smooth = [t**2 for t in ys if t.requires_grad]  # squared: linear maps have second derivatives
    if not smooth:
        return found
    cotangents = [library.tensor(normal(*t.shape, seed=1)) for t in smooth]
    grads = library.autograd.grad(
        smooth, leaves, cotangents, create_graph=second, materialize_grads=True
    )
    found += [g.detach().numpy() for g in grads]
    if second:
        total = sum((g * library.tensor(normal(*g.shape, seed=2))).sum() for g in grads)
        again = library.autograd.grad(total, leaves, materialize_grads=True)
        found += [g.detach().numpy() for g in again]
    return found


def same(function, *arrays, constant=(), second=True):
    """Both libraries agree on a function of (F, *tensors)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = run(torch, function, arrays, constant, second)
        got = run(flambeau, function, arrays, constant, second)
    assert len(got) == len(expected)
    for a, b in zip(got, expected):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        size = np.abs(b[np.isfinite(b)]).max(initial=1) if b.dtype.kind == "f" else 1
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10 * size)


def convolutions(transposed):
    """A hundred random convolutions that exist."""
    rng = np.random.default_rng(5)
    made = 0
    while made < 100:
        rank = int(rng.integers(1, 4))
        pick = lambda *choices: tuple(int(rng.choice(choices)) for _ in range(rank))
        kernel, stride, dilation, padding = (
            pick(1, 2, 3),
            pick(1, 2, 3),
            pick(1, 1, 2, 3),
            pick(0, 1, 2),
        )
        extra = tuple(int(rng.integers(max(s, d))) for s, d in zip(stride, dilation))
        size, groups = pick(1, 3, 5, 6), int(rng.choice([1, 1, 2, 3]))
        c, o, n = (
            int(rng.choice([1, 2, 8, 24])),
            int(rng.choice([1, 2, 5])),
            int(rng.choice([1, 2, 7])),
        )
        if transposed:
            out = [
                (s - 1) * t - 2 * p + d * (k - 1) + e + 1
                for s, t, p, d, k, e in zip(size, stride, padding, dilation, kernel, extra)
            ]
        else:
            out = [s + 2 * p - d * (k - 1) for s, p, d, k in zip(size, padding, dilation, kernel)]
        if min(out) < 1:
            continue
        made += 1
        weight = (groups * c, o, *kernel) if transposed else (groups * o, c, *kernel)
        numbers = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        if transposed:
            numbers["output_padding"] = extra
        yield rank, normal(n, groups * c, *size), normal(*weight), normal(groups * o), numbers


@pytest.mark.parametrize("transposed", [False, True])
def test_convolutions(transposed):
    name = "conv_transpose" if transposed else "conv"
    for rank, x, w, b, numbers in convolutions(transposed):
        same(lambda F, *t: getattr(F, f"{name}{rank}d")(*t, **numbers), x, w, b)


def test_convolution_padding_by_name_and_unbatched():
    for padding in ("same", "valid"):
        same(lambda F, x, w: F.conv2d(x, w, padding=padding), normal(3, 6, 7), normal(4, 3, 2, 5))


def test_convolution_of_half_precision():
    x, w = normal(2, 3, 8, 8).astype(np.float16), normal(4, 3, 3, 3).astype(np.float16)
    got = flambeau.nn.functional.conv2d(flambeau.tensor(x), flambeau.tensor(w))
    assert got.dtype == flambeau.float16
    exact = torch.nn.functional.conv2d(torch.tensor(x).double(), torch.tensor(w).double())
    np.testing.assert_allclose(got.numpy(), exact.numpy(), rtol=2e-3, atol=2e-3)


def test_pooling():
    rng = np.random.default_rng(3)
    for _ in range(60):
        rank = int(rng.integers(1, 4))
        pick = lambda *choices: tuple(int(rng.choice(choices)) for _ in range(rank))
        kernel, stride, dilation, size = pick(1, 2, 3), pick(1, 2, 3), pick(1, 1, 2), pick(5, 6, 8)
        padding, ceil_mode = (
            tuple(int(rng.integers(k // 2 + 1)) for k in kernel),
            bool(rng.integers(2)),
        )
        x = rng.integers(0, 5, (2, 3, *size)).astype(float)  # ties
        same(
            lambda F, x: getattr(F, f"max_pool{rank}d")(
                x,
                kernel,
                stride,
                padding,
                dilation,
                ceil_mode,
                True,
            ),
            x,
        )
        counted = bool(rng.integers(2))
        same(
            lambda F, x: getattr(F, f"avg_pool{rank}d")(
                x,
                kernel,
                stride,
                padding,
                ceil_mode,
                counted,
            ),
            x,
        )


def test_max_pool_passes_on_nan():
    x = normal(1, 1, 6, 6)
    x[0, 0, 1, 2] = np.nan
    same(lambda F, x: F.max_pool2d(x, 3, 2, return_indices=True), x, second=False)


@pytest.mark.parametrize("out", [(3, 4), (1, 1), (7, None), 5])
def test_adaptive_pooling(out):
    same(lambda F, x: F.adaptive_avg_pool2d(x, out), normal(2, 3, 7, 8))
    same(lambda F, x: F.adaptive_max_pool2d(x, out, True), normal(2, 3, 7, 8))


def test_pooling_in_one_and_three_dimensions():
    same(lambda F, x: F.adaptive_avg_pool1d(x, 3), normal(3, 8))
    same(lambda F, x: F.adaptive_avg_pool3d(x, 3), normal(3, 8, 5, 6))
    same(lambda F, x: F.adaptive_max_pool3d(x, 3, True), normal(3, 8, 5, 6))
    same(lambda F, x: F.lp_pool2d(x, 3, 2), normal(2, 3, 7, 7) ** 2)
    same(
        lambda F, x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2), normal(2, 3, 6, 6)
    )


def test_norms():
    x, w, b = normal(4, 6, 5, 3), normal(6, seed=1), normal(6, seed=2)
    running = (normal(6, seed=3), normal(6, seed=4) ** 2)
    same(lambda F, x, w, b: F.batch_norm(x, None, None, w, b, True), x, w, b)
    same(
        lambda F, x, w, b, m, v: (F.batch_norm(x, m, v, w, b, True, 0.3), m, v),
        x, w, b, *running, constant=(3, 4),
    )  # fmt: skip
    same(lambda F, x, w, b, m, v: F.batch_norm(x, m, v, w, b), x, w, b, *running, constant=(3, 4))
    same(
        lambda F, x, w, b, m, v: (F.instance_norm(x, m, v, w, b, True, 0.3), m, v),
        x, w, b, *running, constant=(3, 4),
    )  # fmt: skip
    same(lambda F, x, w, b: F.group_norm(x, 3, w, b), x, w, b)
    same(lambda F, x, w, b: F.layer_norm(x, (5, 3), w, b), x, normal(5, 3), normal(5, 3, seed=1))
    same(lambda F, x, w: F.rms_norm(x, (5, 3), w), x, normal(5, 3))
    same(lambda F, x: F.local_response_norm(x, 3), x)


def test_batch_norm_third_derivative():
    """Mean and variance are outputs of the node, so no order of derivative takes them for
    constants.
    """
    x = flambeau.tensor(normal(5, 2)).requires_grad_()

    def function(x):
        return flambeau.nn.functional.batch_norm(x, None, None, training=True)

    def second(x):
        (g,) = flambeau.autograd.grad((function(x) ** 3).sum(), x, create_graph=True)
        (h,) = flambeau.autograd.grad((g**2).sum(), x, create_graph=True)
        return h

    (got,) = flambeau.autograd.grad((second(x) ** 2).sum(), x)
    step = 1e-5
    for i, j in itertools.product(range(5), range(2)):
        e = np.zeros((5, 2))
        e[i, j] = step
        ends = [
            (second(flambeau.tensor(x.detach().numpy() + s * e).requires_grad_()) ** 2).sum().item()
            for s in (1, -1)
        ]
        assert got[i, j].item() == pytest.approx(
            (ends[0] - ends[1]) / (2 * step), rel=1e-5, abs=1e-4
        )


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_padding(mode):
    for pad, shape in [
        ((2, 1, 3, 2), (2, 3, 4, 5)),
        ((2, 1), (3, 4)),
        ((-1, 1, -2, 1), (1, 3, 4, 4)),
    ]:
        same(lambda F, x: F.pad(x, pad, mode=mode), normal(*shape))


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_cross_entropy(reduction, smoothing):
    rest = {"reduction": reduction, "label_smoothing": smoothing}
    weight, labels = np.abs(normal(4)), np.array([0, 3, -100])
    same(
        lambda F, x, y, w: F.cross_entropy(x, y, w, **rest),
        normal(3, 4),
        labels,
        weight,
        constant=(2,),
    )
    images = np.array([[[0, -100]], [[3, 1]]])
    same(
        lambda F, x, y, w: F.cross_entropy(x, y, w, **rest),
        normal(2, 4, 1, 2),
        images,
        weight,
        constant=(2,),
    )
    for shape in ((3, 4, 2), (3, 4, 2, 5), (3, 4, 2, 1, 2)):
        labels = np.random.default_rng(0).integers(0, 4, (shape[0], *shape[2:]))
        same(lambda F, x, y: F.cross_entropy(x, y, **rest), normal(*shape), labels)
    same(lambda F, x, y: F.cross_entropy(x, y, **rest), normal(3, 4, 2), normal(3, 4, 2) ** 2)
    same(lambda F, x, y: F.cross_entropy(x, y, **rest), normal(4), np.array(2))


@pytest.mark.parametrize("size", [4, 40000])  # the plain text, and the runtime's kernels
@pytest.mark.parametrize(
    "name",
    ["relu", "relu6", "hardtanh", "hardshrink", "softshrink", "hardsigmoid", "abs", "sinc", "silu"],
)
def test_gradients_at_special_values(name, size):
    """Where PyTorch's vectors let a gradient through for NaN, and where not. (Its last few numbers,
    which fill no vector, may do otherwise.)
    """

    def gradient(library, size):
        x = library.tensor([np.nan, 0.0, -np.inf, 1e-40]).repeat(size // 4).requires_grad_()
        function = getattr(library.nn.functional, name, None) or getattr(library, name)
        function(x).sum().backward()
        return x.grad[:4].numpy()

    np.testing.assert_allclose(gradient(flambeau, size), gradient(torch, 40000), atol=1e-30)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize("approximate", ["none", "tanh"])
@pytest.mark.parametrize("size", [5, 50000])
def test_gelu_reaches_its_limits(dtype, approximate, size):
    """0 and infinity, where PyTorch computes an infinity times 0 in some dtypes."""
    x = flambeau.tensor([-np.inf, np.inf, -1e30, 200.0, np.nan]).repeat(size // 5)
    x = x.to(getattr(flambeau, dtype)).requires_grad_()
    y = flambeau.nn.functional.gelu(x, approximate=approximate)
    y.sum().backward()
    np.testing.assert_array_equal(y[:5].tolist(), [0, np.inf, 0, 200, np.nan])
    np.testing.assert_array_equal(x.grad[:5].tolist(), [0, 1, 0, 1, np.nan])


@pytest.mark.parametrize("zero_infinity", [False, True])
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_ctc(reduction, zero_infinity):
    targets = np.array([[1, 2, 2, 4], [3, 3, 0, 0], [1, 1, 1, 1]])
    for steps, lengths in [((9, 6, 8), (4, 2, 3)), ((9, 2, 8), (4, 2, 3)), ((9, 2, 8), (4, 0, 0))]:
        same(
            lambda F, x, y: F.ctc_loss(
                F.log_softmax(x, -1), y, steps, lengths, reduction=reduction,
                zero_infinity=zero_infinity,
            ),
            normal(9, 3, 5), targets, second=False,
        )  # fmt: skip


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_grid_sample(mode, padding_mode, align_corners):
    grid = normal(2, 3, 2, 2) * 1.2
    same(
        lambda F, x, g: F.grid_sample(x, g, mode, padding_mode, align_corners),
        normal(2, 3, 4, 5), grid, second=False,
    )  # fmt: skip


@pytest.mark.parametrize("shape", [(0, 3, 4, 5), (2, 0, 4, 5)])
def test_grid_sample_of_nothing(shape):
    same(
        lambda F, x, g: F.grid_sample(x, g, align_corners=False),
        normal(*shape), normal(shape[0], 6, 7, 2), second=False,
    )  # fmt: skip


INTERPOLATIONS = [
    ("nearest", 1), ("nearest", 3), ("nearest-exact", 2), ("area", 2), ("linear", 1),
    ("bilinear", 2), ("bicubic", 2), ("trilinear", 3),
]  # fmt: skip


@pytest.mark.parametrize(("mode", "rank"), INTERPOLATIONS)
def test_interpolate(mode, rank):
    x = normal(2, 3, *(7, 5, 4)[:rank])
    corners = [False, True] if mode.endswith(("linear", "cubic")) else [None]
    sizes = [
        {"size": (11, 3, 6)[:rank]},
        {"scale_factor": 1.7},
        {"scale_factor": 0.6},
        {"scale_factor": 1.7, "recompute_scale_factor": True},
    ]
    for align, size in itertools.product(corners, sizes):
        rest = {"mode": mode, "align_corners": align, **size}
        same(lambda F, x: F.interpolate(x, **rest), x)
        if mode in ("bilinear", "bicubic"):
            same(lambda F, x: F.interpolate(x, **rest, antialias=True), x, second=False)


def test_attention():
    q, k, v = normal(2, 4, 5, 6), normal(2, 4, 7, 6, seed=1), normal(2, 4, 7, 3, seed=2)
    same(
        lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=0.3),
        q,
        k,
        v,
    )
    same(lambda F, q, k, v, m: F.scaled_dot_product_attention(q, k, v, m), q, k, v, normal(5, 7))
    blind = np.concatenate([normal(4, 7), -np.ones((1, 7))])  # the last query may look nowhere
    same(
        lambda F, q, k, v, m: F.scaled_dot_product_attention(q, k, v, m > 0),
        q,
        k,
        v,
        blind,
        constant=(3,),
    )
    same(
        lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v, enable_gqa=True),
        q, normal(2, 2, 7, 6), normal(2, 2, 7, 3),
    )  # fmt: skip


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
def test_embedding_bag(mode):
    rows, weight = np.array([0, 3, 2, 2, 4, 1, 0]), normal(5, 3)
    offsets = np.array([0, 2, 2, 5])  # the second bag is empty
    for padding in (None, 2):
        same(
            lambda F, i, w, o: F.embedding_bag(i, w, o, mode=mode, padding_idx=padding),
            rows, weight, offsets, second=False,
        )  # fmt: skip


def test_dropout_statistics():
    F = flambeau.nn.functional
    ones = flambeau.ones(400, 500)
    flambeau.manual_seed(3)
    y = F.dropout(ones, 0.3)
    assert set(np.unique(y.numpy())) == {np.float32(0), np.float32(1 / 0.7)}
    assert y.mean().item() == pytest.approx(1, abs=0.01)
    channels = F.dropout2d(flambeau.ones(100, 50, 2, 2), 0.5)
    assert set(np.unique(channels.sum((2, 3)).numpy())) == {np.float32(0), np.float32(8)}
    x = flambeau.randn(400, 500)
    kept = F.alpha_dropout(x, 0.3, training=True)
    assert kept.mean().item() == pytest.approx(0, abs=0.02)
    assert kept.std().item() == pytest.approx(1, abs=0.02)


def test_shapes_are_explained():
    F, ones = flambeau.nn.functional, flambeau.ones
    cases = [
        (
            RuntimeError,
            "to have 3 channels, but got 1 channels",
            lambda: F.conv2d(ones(8, 1, 28, 28), ones(16, 3, 5, 5)),
        ),
        (RuntimeError, "permute", lambda: F.conv2d(ones(8, 28, 28, 3), ones(16, 3, 5, 5))),
        (RuntimeError, r"unbatched.*batched", lambda: F.conv2d(ones(8, 3), ones(16, 3, 5, 5))),
        (RuntimeError, "Output size is too small", lambda: F.max_pool2d(ones(1, 1, 4, 4), 8)),
        (
            IndexError,
            "Target 12 is out of bounds",
            lambda: F.cross_entropy(ones(1, 10), flambeau.tensor([12])),
        ),
        (RuntimeError, "long", lambda: F.cross_entropy(ones(2, 10), ones(2))),
        (RuntimeError, "argmax|squeeze", lambda: F.cross_entropy(ones(2, 10), ones(2, 1).long())),
        (IndexError, "index 7", lambda: F.embedding(flambeau.tensor([7]), ones(3, 3))),
        (ValueError, "drop_last", lambda: F.batch_norm(ones(1, 3), None, None, training=True)),
        (RuntimeError, "sigmoid", lambda: F.binary_cross_entropy(ones(2) * 2, ones(2))),
    ]
    for kind, text, call in cases:
        with pytest.raises(kind, match=text):
            call()


def test_broadcasting_losses_warn():
    with pytest.warns(UserWarning, match="different to the input size"):
        flambeau.nn.functional.mse_loss(flambeau.ones(3, 1), flambeau.ones(3))


@pytest.mark.parametrize(
    "norm",
    [
        flambeau.nn.BatchNorm2d(4),
        flambeau.nn.GroupNorm(2, 4),
        flambeau.nn.LayerNorm([4, 5, 5]),
        flambeau.nn.InstanceNorm2d(4, affine=True),
    ],
    ids=lambda norm: type(norm).__name__,
)
def test_activation_written_over_a_normalised_output(norm):
    """Normalisation does not save its output, so the next layer may work in place."""
    gradients = []
    for inplace in (False, True):
        x = flambeau.linspace(-1, 2, 200).sin().reshape(2, 4, 5, 5).requires_grad_()
        (flambeau.nn.functional.relu(norm(x), inplace=inplace) ** 2).sum().backward()
        gradients.append(x.grad)
    assert flambeau.equal(*gradients)
