"""Indices of every kind, drawn at random: read, written and differentiated as PyTorch does."""

from __future__ import annotations

import random

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is the oracle of these tests: not installed")
import flambeau


def parts(rng: random.Random, shape) -> list:
    """An index for a tensor of this shape, in neutral terms: ints, slices, None, ..., arrays."""
    found, dim = [], 0
    while dim < len(shape) and rng.random() < 0.85:
        n, kind = shape[dim], rng.random()
        if kind < 0.22:
            found.append(rng.randrange(-n, n))
        elif kind < 0.45:
            bounds = [rng.choice([None, *range(-n - 1, n + 2)]) for _ in range(2)]
            found.append(slice(*bounds, rng.choice([None, 1, 2])))
        elif kind < 0.52:
            found.append(None)
            continue
        elif kind < 0.6:
            found.append(Ellipsis)  # what follows it is tested below
            break
        elif kind < 0.66:
            found.append(rng.choice([True, False]))
            continue
        elif kind < 0.78:
            found.append(np.array([rng.random() < 0.6 for _ in range(n)]))
        elif kind < 0.84 and dim + 1 < len(shape):
            found.append(
                np.random.default_rng(rng.randrange(99)).random(shape[dim : dim + 2]) < 0.5
            )
            dim += 1
        elif kind < 0.9:
            found.append([rng.randrange(-n, n) for _ in range(2)])
        elif kind < 0.93:
            found.append(np.array(rng.randrange(-n, n)))
        else:
            size = rng.choice([(2,), (1,), (3, 2), (1, 2)])
            found.append(np.random.default_rng(rng.randrange(99)).integers(-n, n, size))
        dim += 1
    return found


def in_terms_of(library, items: list):
    return tuple(
        library.tensor(i.tolist(), dtype=library.bool if i.dtype == bool else library.int64)
        if isinstance(i, np.ndarray)
        else i
        for i in items
    )


def outcome(function):
    try:
        return function(), None
    except (IndexError, RuntimeError, ValueError, TypeError) as error:
        return None, error


def program(seed: int):
    rng = random.Random(seed)
    shape = tuple(rng.randint(1, 4) for _ in range(rng.randint(1, 4)))
    items = parts(rng, shape)
    values = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    return values, items


@pytest.mark.parametrize("block", range(20))
def test_read_write_and_gradient(block):
    for seed in range(block * 60, block * 60 + 60):
        values, items = program(seed)
        results = []
        for library in (torch, flambeau):
            index = in_terms_of(library, items)
            x = library.tensor(values.tolist(), dtype=library.float64, requires_grad=True)
            y, error = outcome(lambda x=x, index=index: x[index])
            if error is not None:
                results.append(("error", base(error)))
                continue
            (y * y).sum().backward()
            z = library.tensor(values.tolist(), dtype=library.float64)
            _, refused = outcome(lambda z=z, i=index, y=y: z.__setitem__(i, y.detach() * 0 - 1))
            filled = z.clone()
            filled[index] = 7
            results.append(
                (
                    tuple(y.shape),
                    y.tolist(),
                    x.grad.tolist(),
                    refused is None,
                    z.tolist(),
                    filled.tolist(),
                    y.is_contiguous(),
                )
            )
        assert results[0] == results[1], (seed, values.shape, items)


def base(error) -> str:
    kinds = (IndexError, TypeError, ValueError, RuntimeError)
    return next(k.__name__ for k in kinds if isinstance(error, k))


@pytest.mark.parametrize(
    "index",
    [
        (..., 0),
        (0, ..., -1),
        (..., None),
        (None, ..., 1),
        (..., [0, 1]),
        ([0, 1], ..., [1, 0]),
        (slice(None), [0, 1], 0, [1, 0]),
        (0, slice(None), [0, 1]),
        ([0], slice(None), [1]),
        (slice(None), None, [0, 1], [1, 1]),
        ([0, 1], None, [1, 1]),
        ...,
        None,
        [],
        (5,),
        (0, 0, 0, 0, 0),
        (0, 3),
        2.0,
        (slice(0, 2, -1),),
        "a",
        ([5],),
        ([-3],),
        ([0, 1], [0, 1, 0]),
        True,
        (True, 0),
        slice(None),
        (),
        ([True, False],),
        ([True],),
    ],
    ids=repr,
)
def test_particular_indices(index):
    values = np.arange(16.0).reshape(2, 2, 2, 2)
    found = []
    for library in (torch, flambeau):
        x = library.tensor(values.tolist())
        y, error = outcome(lambda x=x, index=index: x[index])
        if error is not None:
            found.append(base(error))
        else:
            found.append((tuple(y.shape), y.tolist(), y.is_contiguous(), y._is_view()))
    assert found[0] == found[1]


def test_messages_name_the_place():
    x = flambeau.zeros(3, 2)
    with pytest.raises(IndexError, match="index 5 is out of bounds for dimension 0 with size 3"):
        x[5]
    with pytest.raises(IndexError, match="index 4 is out of bounds for dimension 1 with size 2"):
        x[0, 4]
    with pytest.raises(IndexError, match="index 7 is out of bounds for dimension 0 with size 3"):
        x[[7]]
    with pytest.raises(IndexError, match="too many indices for tensor of dimension 2"):
        x[0, 0, 0]
    with pytest.raises(IndexError, match="shape of the mask"):
        x[flambeau.tensor([True, False])]
