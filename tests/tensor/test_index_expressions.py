"""Indexing of every kind, reading, writing and differentiating, at random in both libraries."""

from __future__ import annotations

import random

import numpy as np
import pytest
from oracle import agree, lib, place, same_storage, tensor_to_lib, to_numpy, torch, unlike

SHAPES = [(5,), (4, 3), (3, 4, 2), (2, 3, 1, 4), (1,), (0, 3), ()]


def random_item(generator: random.Random, size: int, basic: bool):
    """One entry of an index for a dimension of this size: (PyTorch's, dimensions it takes)."""
    kinds = ["int", "slice", "slice", "none", "all"]
    if not basic:
        kinds += ["list", "tensor", "matrix", "mask", "zero", "range"]
    kind = generator.choice(kinds)
    if size == 0 and kind in ("int", "list", "tensor", "matrix", "zero"):
        kind = "slice"
    if kind == "int":
        return generator.randrange(-size, size)
    if kind == "slice":
        bounds = [None, *range(-size - 1, size + 2)]
        start, stop = generator.choice(bounds), generator.choice(bounds)
        return slice(start, stop, generator.choice([None, 1, 2, 3]))
    if kind == "none":
        return None
    if kind == "all":
        return slice(None)
    if kind == "list":
        return [generator.randrange(-size, size) for _ in range(3)]
    if kind == "tensor":
        return torch.tensor([generator.randrange(-size, size) for _ in range(3)])
    if kind == "matrix":
        return torch.tensor([[generator.randrange(size)] for _ in range(2)])
    if kind == "zero":
        return torch.tensor(generator.randrange(size))
    if kind == "range":
        return range(min(size, 3))
    return torch.tensor([generator.random() < 0.5 for _ in range(size)])


def random_index(generator: random.Random, shape, basic: bool):
    """A tuple of entries (or a single one) that mostly fits the shape."""
    entries, dims = [], list(shape)
    while dims and generator.random() < 0.85:
        entry = random_item(generator, dims[0], basic)
        entries.append(entry)
        if entry is not None:
            dims.pop(0)
    if generator.random() < 0.2:
        entries.insert(generator.randrange(len(entries) + 1), ...)
    if not basic and generator.random() < 0.1 and shape:
        entries = [torch.rand(shape) < 0.5]
    if len(entries) == 1 and generator.random() < 0.7:
        return entries[0]
    return tuple(entries)


def of_lib(index):
    if isinstance(index, tuple):
        return tuple(of_lib(entry) for entry in index)
    return tensor_to_lib(index) if isinstance(index, torch.Tensor) else index


def layouts(generator: random.Random, shape):
    """A tensor of the shape: contiguous, transposed, or every other element of a larger one."""
    count = int(np.prod(shape))
    if len(shape) > 1 and generator.random() < 0.3:
        return (
            torch.arange(count, dtype=torch.float64)
            .reshape(shape[::-1])
            .permute(*range(len(shape))[::-1])
        )
    if shape and generator.random() < 0.3:
        wide = (*shape[:-1], 2 * shape[-1])
        return torch.arange(2 * count, dtype=torch.float64).reshape(wide)[..., ::2]
    return torch.arange(count, dtype=torch.float64).reshape(shape)


def describe(x, index) -> str:
    return f"x of {tuple(x.shape)} strides {x.stride()}, x[{index!r}]"


def kinds_differ(theirs, ours) -> str | None:
    """Errors of the two libraries: of the same kind, or not at all."""
    if theirs is None and ours is None:
        return None
    if theirs is None:
        return f"raised {type(ours).__name__}: {ours}"
    if ours is None:
        return f"no error; PyTorch: {type(theirs).__name__}: {theirs}"
    if not isinstance(ours, type(theirs)):
        return f"{type(ours).__name__}: {ours}; PyTorch: {type(theirs).__name__}: {theirs}"
    return None


def attempt(call):
    try:
        return call(), None
    except Exception as error:
        return None, error


def read(x, index) -> str | None:
    mine = tensor_to_lib(x)
    theirs, refused = attempt(lambda: x[index])
    ours, error = attempt(lambda: mine[of_lib(index)])
    if difference := kinds_differ(refused, error):
        return difference
    if refused is not None:
        return None
    if difference := unlike(ours, theirs):
        return difference
    if theirs.numel():
        if same_storage(theirs, x) != same_storage(ours, mine):
            return "a view" if same_storage(ours, mine) else "a copy"
        if same_storage(theirs, x):
            at, expected = place(ours), place(theirs)
            return None if at == expected else f"strides, offset {at}, expected {expected}"
    return None


def write(x, index, generator) -> str | None:
    mine, x = tensor_to_lib(x), x.clone()
    target, _ = attempt(lambda: x[index].shape)
    kind = generator.choice(["number", "zero", "same", "broadcast", "wrong"])
    if target is None or kind == "number":
        value = 7.5
    elif kind == "zero":
        value = torch.tensor(3.0, dtype=torch.float64)
    elif kind == "same":
        value = torch.rand(target, dtype=torch.float64)
    elif kind == "broadcast":
        value = torch.rand(target[-1:], dtype=torch.float64)
    else:
        value = torch.rand((*target, 7), dtype=torch.float64)
    _, refused = attempt(lambda: x.__setitem__(index, value))
    _, error = attempt(lambda: mine.__setitem__(of_lib(index), of_lib(value)))
    if difference := kinds_differ(refused, error):
        return f"= {value!r}: {difference}"
    # A refused write changes nothing here; PyTorch may have written a part.
    return unlike(mine, x) if refused is None else None


def gradient(x, index) -> str | None:
    theirs_leaf, ours_leaf = x.clone().requires_grad_(), tensor_to_lib(x.clone()).requires_grad_()
    theirs, refused = attempt(lambda: (theirs_leaf * 2)[index])
    if refused is not None:
        return None
    ours = (ours_leaf * 2)[of_lib(index)]
    weight = torch.rand(theirs.shape, dtype=torch.float64)
    (theirs * weight).sum().backward()
    (ours * tensor_to_lib(weight)).sum().backward()
    if theirs_leaf.grad is None or ours_leaf.grad is None:
        return None if ours_leaf.grad is theirs_leaf.grad else "gradients are missing"
    return unlike(ours_leaf.grad, theirs_leaf.grad, 1e-12, 1e-12)


def run(check, seed: int, basic: bool, count: int) -> None:
    generator = random.Random(seed)
    torch.manual_seed(seed)
    wrong = []
    for _ in range(count):
        shape = generator.choice(SHAPES)
        x, index = layouts(generator, shape), random_index(generator, shape, basic)
        arguments = (x, index, generator) if check is write else (x, index)
        found, error = attempt(lambda: check(*arguments))  # noqa: B023
        if found or error:
            wrong.append(f"{describe(x, index)}: {found or repr(error)}")
    assert not wrong, f"{len(wrong)} of {count}:\n" + "\n".join(wrong[:8])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("basic", [True, False], ids=["basic", "advanced"])
@pytest.mark.parametrize("check", [read, write, gradient], ids=["read", "write", "gradient"])
@pytest.mark.parametrize("seed", range(3))
def test_random_indices(check, basic, seed):
    """Values, sharing of memory, strides, gradients, and which indices are refused."""
    run(check, seed, basic, 250)


READS = [
    "x[0]", "x[-1]", "x[1, 2]", "x[1:3]", "x[:, 0]", "x[..., 0]", "x[None]", "x[:, None]", "x[()]",
    "x[[0, 2]]", "x[[0, 2], [1, 1]]", "x[torch.tensor([0, 2])]",
    "x[torch.tensor([[0], [2]]), [0, 1]]", "x[x > 5]", "x[x.sum(1) > 10]",
    "x[:, [True, False, True]]", "x[torch.tensor(True)]", "x[True]", "x[False]",
    "x[torch.tensor(1)]", "x[1:1]", "x[::2, ::2]", "x[4]", "x[0, 0, 0]", "x[::-1]", "x['a']",
    "x[1.0]", "x[torch.tensor([1.0])]", "x[[[0, 1], [2, 0]]]", "x[[0, 5]]",
    "x[torch.tensor([True, False])]", "x[..., ...]", "x[:, torch.tensor([0, 1])][0]", "x[0][1]",
    "x[torch.tensor([0, 1], dtype=torch.int32)]", "x[torch.tensor([0, 1], dtype=torch.uint8)]",
    "x[numpy.array([0, 1])]", "x[numpy.int64(1)]", "x[slice(0, 2)]", "x[None, 0, None, :, None]",
    "x[[]]", "x[torch.tensor([], dtype=torch.int64)]", "x[:, x[0] > 1]", "x[range(2)]",
    "x[torch.tensor([0, 1]), None]", "x[(0, 1)]", "len(x)", "list(x)",
    "[tuple(r.shape) for r in x]", "3.0 in x", "x[0].item() if False else x[0, 0].item()",
    "x.unbind()",
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("expression", READS)
def test_reads(expression):
    agree(
        lambda torch: eval(
            expression, {"torch": torch, "numpy": np, "x": torch.arange(9.0).reshape(3, 3)}
        )
    )


WRITES = [
    "x[0] = 1", "x[0] = torch.tensor([1., 2., 3.])", "x[:, 1] = torch.tensor(5)", "x[x > 3] = 0",
    "x[x > 3] = torch.arange(5.)", "x[x > 3] = torch.arange(4.)", "x[[0, 2]] = torch.ones(3)",
    "x[[0, 0]] = torch.ones(2, 3)", "x[1, 2] = 3.5", "x[...] = 0", "x[()] = 4", "x[None] = 1",
    "x[0] = torch.ones(2)", "x[5] = 1", "x[0] = 'a'", "x[:, [0, 1]] = torch.zeros(3, 1)",
    "x[0, :2] += 10", "x[[0, 1]] += 1", "x[x > 3] *= 2", "x[1:] -= x[:-1].clone()",
    "x[torch.tensor([True, False, True])] = torch.zeros(2, 3)", "x[True] = 3", "x[False] = 3",
    "x[0][1] = 9", "x.T[0] = 5", "x.view(-1)[3] = 8", "x[1:1] = 3", "x[0, 0] = torch.tensor([1.0])",
    "x[0] = x[1]", "x[:] = x.T.clone()", "del x[0]",
    "x[torch.tensor([0, 1]), torch.tensor([1, 2])] = torch.tensor([5., 6.])", "x[0, 0] = 2 + 3j",
    "x[0] = True",
]  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("statement", WRITES)
def test_writes(statement):
    def program(torch):
        x = torch.arange(9.0).reshape(3, 3)
        base = x
        exec(statement, {"torch": torch, "numpy": np, "x": x})
        return base

    agree(program)


@pytest.mark.parametrize("statement", WRITES[:12])
def test_writes_into_a_graph(statement):
    """The base's gradient loses what was overwritten; the value gets its own."""

    def program(torch):
        leaf = torch.arange(9.0, requires_grad=True)
        x = (leaf * 1.0).reshape(3, 3)
        exec(statement, {"torch": torch, "numpy": np, "x": x})
        (x * x).sum().backward()
        return leaf.grad

    agree(program)


def test_assignment_of_a_tensor_with_a_gradient():
    def program(torch):
        x, v = torch.zeros(3, 3), torch.ones(3, requires_grad=True)
        x[1] = v * 2
        x[[0, 2]] = v
        (x * torch.arange(9.0).reshape(3, 3)).sum().backward()
        return v.grad, x.requires_grad

    agree(program)


def test_masked_assignment_raises_the_version():
    x = lib.zeros(3)
    x[x == 0] = 1
    assert x._version > 0 and to_numpy(x).tolist() == [1, 1, 1]
