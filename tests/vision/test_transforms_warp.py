"""Turning, shearing and tilting, as torchvision and Pillow do it.

Where a place lies halfway between two pixels the last bit decides which is the nearest: the cases
here avoid that, but for square images and right angles, where all bits agree.
"""

from __future__ import annotations

import numpy as np
import pytest

import flambeau as torch
from flambeau.vision import transforms
from flambeau.vision.transforms import functional

from .oracle import torchvision
from .pictures import SHAPES, TYPES, check_same, check_same_image, image, pair

wanted_transforms = torchvision.transforms
wanted_functional = torchvision.transforms.functional

ROTATIONS = [
    ((17,), {}),
    ((-33.5,), {"expand": True}),
    ((200,), {"fill": 3}),
    ((17,), {"center": (1, 2)}),
    ((-5,), {"center": [0, 0], "fill": (2.0,)}),
    ((61,), {"expand": True, "fill": [1]}),
    ((0,), {}),
    ((180,), {}),
]
AFFINES = [
    ((10, (1, 2), 1.2, 5), {}),
    ((0, (0, 0), 1, 0), {}),
    ((-30, [2, -1], 0.7, (10, 20)), {"fill": 3}),
    ((0, (3, 0), 1.0, [0]), {"fill": (1,)}),
    ((3.5, (0, 0), 2.1, [7, -3]), {"center": [0, 1]}),
]


def calls(height, width):
    """Name, arguments and keywords of calls that suit an image of this size."""
    yield from (("rotate", *row) for row in ROTATIONS)
    yield from (("affine", *row) for row in AFFINES)
    if min(height, width) > 4:
        x, y = width - 1, height - 1
        corners = [[0, 0], [x, 0], [x, y], [0, y]]
        moved = [[1, 0], [x - 1, 1], [x, y - 1], [2, y]]
        for kwargs in ({}, {"fill": 3}, {"fill": (0.5,)}):
            yield "perspective", (corners, moved), kwargs


def both(name, args, kwargs, mode):
    """The same call of ours and of the oracle, for an image."""
    wanted_mode = wanted_transforms.InterpolationMode[mode.name]
    return (
        lambda img: getattr(functional, name)(img, *args, interpolation=mode, **kwargs),
        lambda img: getattr(wanted_functional, name)(
            img, *args, interpolation=wanted_mode, **kwargs
        ),
    )


NEAREST, BILINEAR, BICUBIC = (
    transforms.InterpolationMode[name] for name in ("NEAREST", "BILINEAR", "BICUBIC")
)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("mode", [NEAREST, BILINEAR], ids=lambda mode: mode.value)
def test_tensors(shape, mode):
    for name, args, kwargs in calls(*shape[-2:]):
        ours_of, wanted_of = both(name, args, kwargs, mode)
        for dtype in TYPES:
            ours, wanted = pair(shape, dtype)
            kept = ours.clone()
            check_same(ours_of(ours), wanted_of(wanted))
            assert torch.equal(ours, kept)


@pytest.mark.parametrize("mode", [NEAREST, BILINEAR, BICUBIC], ids=lambda mode: mode.value)
def test_images(mode):
    for name, args, kwargs in calls(8, 11):
        for kind in ("L", "RGB", "F"):
            ours_of, wanted_of = both(name, args, kwargs, mode)
            check_same_image(ours_of(image(kind)), wanted_of(image(kind)))


@pytest.mark.parametrize("fill", [7, 1.5, (9, 8, 7), [1, 2, 3], [4], None])
@pytest.mark.parametrize("mode", [NEAREST, BILINEAR], ids=lambda mode: mode.value)
def test_fill(fill, mode):
    ours_of, wanted_of = both("rotate", (30,), {"fill": fill}, mode)
    check_same_image(ours_of(image()), wanted_of(image()))
    for dtype in ("uint8", "float32"):
        for shape in ((3, 9, 12), (2, 3, 7, 7)):
            ours, wanted = pair(shape, dtype)
            check_same(ours_of(ours), wanted_of(wanted))


@pytest.mark.parametrize("quarters", [1, 2, 3, 4])
def test_right_angles_move_every_pixel(quarters):
    x = torch.rand(2, 3, 6, 6)
    for expand in (False, True):
        y = functional.rotate(x, 90 * quarters, expand=expand)
        assert torch.equal(y, torch.rot90(x, quarters, (2, 3)))


def test_a_batch_of_no_images_stays_one():
    x = torch.zeros(0, 3, 5, 6, dtype=torch.uint8)
    for fill in (None, 1):
        assert functional.rotate(x, 20, BILINEAR, fill=fill).shape == x.shape


def test_an_affine_map_of_whole_pixels_is_exact():
    x = torch.arange(20.0).view(1, 4, 5)
    moved = functional.affine(x, 0, (2, 1), 1.0, 0, fill=-1.0)
    assert torch.equal(moved[:, 1:, 2:], x[:, :3, :3])
    assert (moved[:, 0] == -1).all() and (moved[:, :, :2] == -1).all()
    assert torch.equal(functional.affine(x, 0, (0, 0), 1.0, 0, BILINEAR), x)


def test_perspective_takes_the_corners_where_it_says():
    x = torch.zeros(1, 20, 30)
    corners = [[0, 0], [29, 0], [29, 19], [0, 19]]
    moved = [[4, 3], [25, 2], [27, 17], [1, 15]]
    for brightness, (i, j) in enumerate(corners, 1):
        x[0, j, i] = brightness
    coefficients = functional.warp._perspective_coefficients(corners, moved)
    a, b, c, d, e, f, g, h = coefficients
    for (i, j), (u, v) in zip(moved, corners):
        w = g * i + h * j + 1
        assert abs((a * i + b * j + c) / w - u) < 1e-3 and abs((d * i + e * j + f) / w - v) < 1e-3


@pytest.mark.parametrize("mode", [NEAREST, BILINEAR], ids=lambda mode: mode.value)
@pytest.mark.parametrize("fill", [None, 3, (1.0,)])
def test_elastic_transform(mode, fill):
    wanted_mode = wanted_transforms.InterpolationMode[mode.name]
    for shape in ((3, 9, 12), (2, 1, 7, 5)):
        field, wanted_field = pair((1, *shape[-2:], 2), "float32")
        field, wanted_field = field - 0.5, wanted_field - 0.5
        for dtype in TYPES:
            ours, wanted = pair(shape, dtype)
            check_same(
                functional.elastic_transform(ours, field, mode, fill),
                wanted_functional.elastic_transform(wanted, wanted_field, wanted_mode, fill),
            )
    field, wanted_field = pair((1, 8, 11, 2), "float32")
    check_same_image(
        functional.elastic_transform(image(), field, NEAREST, fill),
        wanted_functional.elastic_transform(
            image(), wanted_field, wanted_transforms.InterpolationMode.NEAREST, fill
        ),
    )


def test_elastic_fields_are_smooth_noise():
    torch.manual_seed(0)
    field = transforms.ElasticTransform.get_params([8.0, 80.0], [2.0, 2.0], [40, 30])
    assert field.shape == (1, 40, 30, 2)
    in_pixels = field[0].numpy() * [30, 40]
    assert abs(in_pixels.mean((0, 1))).max() < 0.1 * in_pixels.std()
    # Uniform noise has the deviation 0.577; the smoothing leaves 1 / (2 sigma sqrt(pi)) of it.
    assert np.allclose(in_pixels.std((0, 1)) / [8, 80], 0.577 / (4 * np.sqrt(np.pi)), rtol=0.25)
    steps = np.abs(np.diff(in_pixels[..., 0])).mean()
    assert steps < 0.6 * in_pixels[..., 0].std()
    rough = transforms.ElasticTransform.get_params([1.0, 1.0], [0.0, 0.0], [40, 30])
    assert abs(float(rough[..., 0].std()) * 30 - 0.577) < 0.05


def test_grids_carry_gradients():
    x = torch.rand(1, 5, 6, requires_grad=True)
    functional.rotate(x, 20, BILINEAR).sum().backward()
    assert 0 < float(x.grad.max()) <= 1.5


@pytest.mark.parametrize(
    "error, call",
    [
        (TypeError, lambda f, t, x: f.rotate(x, "30")),
        (TypeError, lambda f, t, x: f.rotate(x, 30, "nearest")),
        (TypeError, lambda f, t, x: f.rotate(x, 30, center=5)),
        (ValueError, lambda f, t, x: f.rotate(x, 30, 3)),
        (ValueError, lambda f, t, x: f.rotate(x, 30, fill=(1, 2, 3))),
        (ValueError, lambda f, t, x: f.rotate(image(), 30, fill=(1, 2))),
        (TypeError, lambda f, t, x: f.affine(x, "1", (0, 0), 1, 0)),
        (TypeError, lambda f, t, x: f.affine(x, 1, 5, 1, 0)),
        (ValueError, lambda f, t, x: f.affine(x, 1, (0, 0, 0), 1, 0)),
        (ValueError, lambda f, t, x: f.affine(x, 1, (0, 0), 0, 0)),
        (TypeError, lambda f, t, x: f.affine(x, 1, (0, 0), 1, "0")),
        (ValueError, lambda f, t, x: f.affine(x, 1, (0, 0), 1, (1, 2, 3))),
        (TypeError, lambda f, t, x: f.affine(x, 1, (0, 0), 1, 0, center=5)),
        (ValueError, lambda f, t, x: f.perspective(x, [[0, 0]] * 3, [[0, 0]] * 4)),
        (ValueError, lambda f, t, x: t.RandomRotation(-5)),
        (ValueError, lambda f, t, x: t.RandomRotation((1, 2, 3))),
        (TypeError, lambda f, t, x: t.RandomRotation(5, center=3)),
        (TypeError, lambda f, t, x: t.RandomRotation(5, fill=object())),
        (ValueError, lambda f, t, x: t.RandomAffine(5, translate=(2, 0))),
        (TypeError, lambda f, t, x: t.RandomAffine(5, translate=0.5)),
        (ValueError, lambda f, t, x: t.RandomAffine(5, scale=(0, 1))),
        (ValueError, lambda f, t, x: t.RandomAffine(5, shear=(1, 2, 3))),
        (TypeError, lambda f, t, x: t.RandomPerspective(fill=object())),
        (TypeError, lambda f, t, x: f.elastic_transform(x, 5)),
        (ValueError, lambda f, t, x: f.elastic_transform(x, x)),
        (TypeError, lambda f, t, x: t.ElasticTransform(alpha=object())),
        (ValueError, lambda f, t, x: t.ElasticTransform(sigma=[1.0, 2.0, 3.0])),
        (TypeError, lambda f, t, x: t.ElasticTransform(fill="0")),
    ],
)
def test_refusals(error, call):
    """The same calls are refused, by the same kind of error that begins with the same words."""
    ours, wanted = pair((2, 4, 4), "float32")
    with pytest.raises(error) as theirs:
        call(wanted_functional, wanted_transforms, wanted)
    with pytest.raises(error) as caught:
        call(functional, transforms, ours)
    assert str(caught.value)[:20] == str(theirs.value)[:20]


# The classes ---

MADE = [
    lambda t: t.RandomRotation(30),
    lambda t: t.RandomRotation((10, 20), 2, expand=True, center=(3, 4), fill=(1, 2, 3)),
    lambda t: t.RandomAffine(15),
    lambda t: t.RandomAffine((0, 5), (0.1, 0.2), [0.5, 2.0], 10, t.InterpolationMode.BILINEAR),
    lambda t: t.RandomAffine(0, shear=(1, 2, 3, 4), fill=7, center=(1, 2)),
    lambda t: t.RandomPerspective(),
    lambda t: t.ElasticTransform(20.0, 0.5),
    lambda t: t.ElasticTransform([1.0, 2.0], [0.4, 0.3], t.InterpolationMode.NEAREST, (1, 2, 3)),
    lambda t: t.RandomPerspective(0.3, 1.0, t.InterpolationMode.NEAREST, fill=None),
]


@pytest.mark.parametrize("make", MADE)
def test_classes(make):
    ours, wanted = make(transforms), make(wanted_transforms)
    assert repr(ours) == repr(wanted)
    for name, value in vars(wanted).items():
        if name[0] != "_" and name != "interpolation":
            assert getattr(ours, name) == value
    assert ours.interpolation.value == wanted.interpolation.value
    for img in (image(), torch.rand(3, 8, 11), torch.rand(2, 3, 8, 11)):
        torch.manual_seed(3)
        first = ours(img)
        torch.manual_seed(3)
        if isinstance(img, torch.Tensor):
            assert torch.equal(ours(img), first)
        else:
            check_same_image(ours(img), first)


@pytest.mark.parametrize("fill", [0, 5, (1, 2, 3), [4]])
def test_what_is_drawn_is_what_is_done(fill):
    """With nothing left to chance the classes give what the oracle's give."""
    for make in (
        lambda t: t.RandomRotation((17, 17), fill=fill),
        lambda t: t.RandomAffine((17, 17), scale=(1.2, 1.2), shear=(5, 5, 9, 9), fill=fill),
    ):
        ours, wanted = pair((2, 3, 9, 12), "uint8")
        check_same(make(transforms)(ours), make(wanted_transforms)(wanted))
        check_same_image(make(transforms)(image()), make(wanted_transforms)(image()))


def test_rotations_are_in_range():
    torch.manual_seed(0)
    angles = np.array([transforms.RandomRotation.get_params([-10.0, 30.0]) for _ in range(300)])
    assert -10 <= angles.min() < -8 and 28 < angles.max() <= 30 and abs(angles.mean() - 10) < 2


def test_affine_maps_are_in_range():
    torch.manual_seed(0)
    args = ([-5.0, 5.0], (0.1, 0.5), (0.5, 2.0), [1.0, 2.0, -4.0, -3.0], (30, 20))
    drawn = [transforms.RandomAffine.get_params(*args) for _ in range(300)]
    angle, (dx, dy), scale, (along_x, along_y) = (
        np.array([row[0] for row in drawn]),
        np.array([row[1] for row in drawn]).T,
        np.array([row[2] for row in drawn]),
        np.array([row[3] for row in drawn]).T,
    )
    assert set(dx) == set(range(-3, 4)) and set(dy) == set(range(-10, 11))
    for values, low, high in (
        (angle, -5, 5),
        (scale, 0.5, 2),
        (along_x, 1, 2),
        (along_y, -4, -3),
    ):
        assert low <= values.min() < low + (high - low) / 20
        assert high - (high - low) / 20 < values.max() <= high
    fixed = transforms.RandomAffine.get_params([0.0, 0.0], None, None, None, (30, 20))
    assert fixed == (0.0, (0, 0), 1.0, (0.0, 0.0))


def test_perspectives_are_in_range():
    torch.manual_seed(0)
    drawn = [transforms.RandomPerspective.get_params(30, 20, 0.5) for _ in range(300)]
    assert drawn[0][0] == [[0, 0], [29, 0], [29, 19], [0, 19]]
    ends = np.array([end for _, end in drawn])
    assert ends.min(0).tolist() == [[0, 0], [22, 0], [22, 14], [0, 14]]
    assert ends.max(0).tolist() == [[7, 5], [29, 5], [29, 19], [7, 19]]


def test_one_pixel_has_no_slant():
    """Corners that coincide leave the map undetermined: any is fine, none is a failure."""
    torch.manual_seed(0)
    transform = transforms.RandomPerspective(p=1.0)
    assert transform(torch.rand(3, 1, 1)).shape == (3, 1, 1)
    assert transform(image("RGB", (1, 1))).size == (1, 1)


def test_perspectives_are_as_frequent_as_asked():
    x = torch.rand(1, 8, 8)
    torch.manual_seed(0)
    transform = transforms.RandomPerspective(p=0.3)
    kept = sum(transform(x) is x for _ in range(300)) / 300
    assert abs(kept - 0.7) < 0.08  # 3 standard deviations


def test_whole_sets_draw_for_each_image():
    x = torch.rand(6, 3, 8, 9)
    for transform in (transforms.RandomRotation(90), transforms.RandomAffine(20, (0.2, 0.2))):
        torch.manual_seed(4)
        one_by_one = torch.stack([transform(image) for image in x])
        torch.manual_seed(4)
        assert torch.equal(transform.batch(x), one_by_one)
        torch.manual_seed(4)
        assert not torch.equal(transform(x), one_by_one)  # one draw for all


@pytest.mark.parametrize("seed", range(12))
def test_at_random(seed):
    """Any map of any image: the same as the oracle's."""
    g = np.random.default_rng(seed)
    shape = (*g.integers(1, 4, g.integers(1, 3)).tolist(), *g.integers(2, 30, 2).tolist())
    mode = (NEAREST, BILINEAR)[seed % 2]
    ours, wanted = pair(shape, TYPES[seed % len(TYPES)], seed)
    angle, scale = float(g.uniform(-180, 180)), float(g.uniform(0.5, 2))
    moves, shears = g.integers(-5, 5, 2).tolist(), g.uniform(-40, 40, 2).tolist()
    for name, args, kwargs in (
        ("rotate", (angle,), {"expand": bool(seed % 3)}),
        ("affine", (angle, moves, scale, shears), {"fill": (seed,)}),
    ):
        ours_of, wanted_of = both(name, args, kwargs, mode)
        check_same(ours_of(ours), wanted_of(wanted))
