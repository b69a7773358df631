"""Random tensors. Every draw takes the next part of a generator's stream: see
``core/random.py``.
"""

from __future__ import annotations

import math

from flambeau.core import devices, dtypes
from flambeau.core.errors import ArgumentError, DTypeError, ShapeError
from flambeau.core.random import default_generator
from flambeau.ops.random import words_for
from flambeau.ops.registry import OPS
from flambeau.tensor import inplace
from flambeau.tensor.api import export, torch, write_out
from flambeau.tensor.dispatch import create
from flambeau.tensor.tensor import Tensor

from .factories import checked_size, element, finish, in_order_of, place


def draw(name, generator, words, inputs=(), device=None, **params) -> Tensor:
    """Run a random operation on the next ``words`` words of the stream; on the meta device nothing
    is drawn.
    """
    device = devices.require(device)
    nothing = device is devices.META
    seed, offset = (0, 0) if nothing else (generator or default_generator).reserve(words)
    return create(OPS[name], params, device, (seed, offset, *inputs))


def _sampled(name, size, generator, dtype, device) -> Tensor:
    n = math.prod(size) * (2 if dtype.kind == "c" else 1)
    words = words_for(n, dtype if dtype.kind == "f" else element(_real_of(dtype)))
    return draw(name, generator, words, device=device, size=size, dtype=dtype)


def _real_of(dtype):
    return dtypes.float64 if dtype.itemsize == 16 else dtypes.float32


def _float_dtype(name, dtype):
    kind = element(dtype)
    if kind.kind in "iub":
        raise NotImplementedError(f'"{name}" not implemented for {dtype}: use torch.randint')
    return kind


@export("torch")
def rand(*size, generator=None, out=None, dtype=None, layout=None, device=None, names=None,
         requires_grad=False, pin_memory=False, **named):  # fmt: skip
    """Numbers drawn uniformly from [0, 1).

    >>> import flambeau as torch
    >>> x = torch.rand(100); bool((x >= 0).all() and (x < 1).all())
    True
    """
    size = checked_size((named["size"],) if named else size)
    dtype = out.dtype if dtype is None and out is not None else dtype
    made = _sampled("rand", size, generator, _float_dtype("rand", dtype), place(device, out))
    return finish(made, requires_grad, out, layout)


@export("torch")
def randn(*size, generator=None, out=None, dtype=None, layout=None, device=None, names=None,
          requires_grad=False, pin_memory=False, **named):  # fmt: skip
    """Numbers drawn from the normal distribution with mean 0 and variance 1.

    >>> import flambeau as torch
    >>> torch.randn(2, 3).shape
    torch.Size([2, 3])
    """
    size = checked_size((named["size"],) if named else size)
    dtype = out.dtype if dtype is None and out is not None else dtype
    made = _sampled("randn", size, generator, _float_dtype("randn", dtype), place(device, out))
    return finish(made, requires_grad, out, layout)


def _like(name, input, generator, dtype, device, requires_grad, memory_format):
    kind = _float_dtype(name, input.dtype if dtype is None else dtype)
    made = _sampled(name, tuple(input.shape), generator, kind, device or input.device)
    return finish(in_order_of(input, made, memory_format), requires_grad)


@export("torch")
def rand_like(input, *, generator=None, dtype=None, layout=None, device=None, requires_grad=False,
              memory_format=None, pin_memory=False):  # fmt: skip
    """Uniform numbers in [0, 1) with the size and dtype of ``input``."""
    return _like("rand", input, generator, dtype, device, requires_grad, memory_format)


@export("torch")
def randn_like(input, *, generator=None, dtype=None, layout=None, device=None, requires_grad=False,
               memory_format=None, pin_memory=False):  # fmt: skip
    """Normal numbers with the size and dtype of ``input``."""
    return _like("randn", input, generator, dtype, device, requires_grad, memory_format)


def _integers(low, high, size, generator, dtype, device) -> Tensor:
    if low >= high:
        raise ArgumentError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )
    _check_range(low, high - 1, dtype)
    n, kind = math.prod(size), dtype.numpy
    return draw("randint", generator, n, (), device, low=low, high=high, size=size, dtype=kind)


def _check_range(low, high, dtype) -> None:
    if dtype.category < dtypes.FLOATING:
        import numpy as np

        limits = (
            (0, 1)
            if dtype.category == 0
            else (np.iinfo(dtype.numpy).min, np.iinfo(dtype.numpy).max)
        )
        for name, n in (("from", low), ("to - 1", high)):
            if not limits[0] <= n <= limits[1]:
                raise ArgumentError(f"{name} is out of bounds for {dtype.name}: {n}")


@export("torch")
def randint(*args, low=None, high=None, size=None, generator=None, out=None, dtype=None,
            layout=None, device=None, requires_grad=False, pin_memory=False):  # fmt: skip
    """Integers drawn uniformly from [low, high): ``randint(high, size)`` or ``randint(low, high,
    size)``.

    >>> import flambeau as torch
    >>> x = torch.randint(3, 5, (100,)); x.min().item(), x.max().item()
    (3, 4)
    """
    args = list(args)
    if size is None:
        size = args.pop() if args else None
    if args and high is None:
        high = args.pop()
    if args:
        low = args.pop()
    if args or size is None or high is None or not isinstance(size, tuple | list):
        raise TypeError("randint() expects (low=0, high, size): two ints and a tuple of ints")
    dtype = dtype or (out.dtype if out is not None else dtypes.int64)
    low = 0 if low is None else low
    size, where = checked_size((tuple(size),)), place(device, out)
    made = _integers(int(low), int(high), size, generator, dtype, where)
    return finish(made, requires_grad, out, layout)


@export("torch")
def randint_like(input, *args, low=None, high=None, generator=None, dtype=None, layout=None,
                 device=None, requires_grad=False, memory_format=None,
                 pin_memory=False):  # fmt: skip
    """``randint`` with the size and dtype of ``input``: ``randint_like(input, high)`` or ``(input,
    low, high)``.
    """
    args = list(args)
    if args:
        high = args.pop()
    if args:
        low = args.pop()
    bounds = [n.item() if isinstance(n, Tensor) else n for n in (low or 0, high)]
    kind, where = dtype or input.dtype, device or input.device
    made = _integers(*map(int, bounds), tuple(input.shape), generator, kind, where)
    return finish(in_order_of(input, made, memory_format), requires_grad)


@export("torch")
def randperm(n, *, generator=None, out=None, dtype=None, layout=None, device=None,
             requires_grad=False, pin_memory=False):  # fmt: skip
    """The integers 0 ... n - 1 in a random order.

    >>> import flambeau as torch
    >>> torch.randperm(4).sort().values
    tensor([0, 1, 2, 3])
    """
    if n < 0:
        raise ArgumentError(f"n must be non-negative, got {n}")
    dtype = dtype or (out.dtype if out is not None else dtypes.int64)
    made = draw("randperm", generator, n, (), place(device, out), n=int(n), dtype=dtype.numpy)
    return finish(made, requires_grad, out, layout)


@export("torch")
def normal(mean=0.0, std=1.0, size=None, *, generator=None, out=None, dtype=None, layout=None,
           device=None, requires_grad=False, pin_memory=False):  # fmt: skip
    """Normal numbers with means and standard deviations given as numbers or tensors.

    >>> import flambeau as torch
    >>> torch.normal(torch.zeros(3), 1.0).shape
    torch.Size([3])
    """
    if isinstance(std, Tensor):
        if std.is_complex():
            raise DTypeError("normal expects standard deviation to be non-complex")
        if std.numel() and not std.is_meta and bool((std < 0).any()):
            raise ArgumentError("normal expects all elements of std >= 0.0")
    elif std < 0:
        raise ArgumentError(f"normal expects std >= 0.0, but found std {std}")
    tensors = [t for t in (mean, std) if isinstance(t, Tensor)]
    mean, std = (t.detach() if isinstance(t, Tensor) else t for t in (mean, std))
    if not tensors:
        if size is None:
            raise TypeError("normal() needs a tensor of means or deviations, or a size")
        size = checked_size((size,))
        made = _sampled("randn", size, generator, _float_dtype("normal", dtype), place(device, out))
        made = made.mul_(std).add_(mean)
        return finish(made, requires_grad, out, layout)
    shape = torch.broadcast_shapes(*(t.shape for t in tensors))
    kind = torch.result_type(mean, std) if len(tensors) == 2 else tensors[0].dtype
    z = _sampled("randn", tuple(shape), generator, _float_dtype("normal", kind), tensors[0].device)
    made = z * std + mean
    return made if out is None else write_out(out, made)


@export("torch method")
def bernoulli(input, p=None, *, generator=None):
    """1 with the probability that the element of ``input`` gives (or with probability ``p``), else
    0.

    Raises: RuntimeError for a probability outside of [0, 1].

    >>> import flambeau as torch
    >>> torch.bernoulli(torch.tensor([0., 1.]))
    tensor([0., 1.])
    """
    if p is None and not input.is_floating_point():
        raise DTypeError(
            f"bernoulli: expected probabilities of floating point dtype, got {input.dtype}"
        )
    return _bernoulli(input, input.detach() if p is None else p, generator)


def _bernoulli(input, p, generator):
    _check_probability(p)
    shape = tuple(input.shape)
    if isinstance(p, Tensor) and p.shape != input.shape:
        p = p.expand(shape)
    n = math.prod(shape)
    kind = input.dtype.numpy
    return draw("bernoulli_mask", generator, n, (p,), input.device, size=shape, dtype=kind)


def _check_probability(p) -> None:
    inside = (
        (p.is_meta or not p.numel() or bool(((p >= 0) & (p <= 1)).all()))
        if isinstance(p, Tensor)
        else 0 <= p <= 1
    )
    if not inside:
        raise ArgumentError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")


@export("torch")
def poisson(input, generator=None):
    """Poisson numbers with the rates in ``input``."""
    return draw("poisson", generator, 4, (input.detach(),), input.device)


@export("torch method")
def multinomial(input, num_samples, replacement=False, *, generator=None):
    """Indices drawn with the probabilities (not necessarily normalised) in the rows of ``input``.

    >>> import flambeau as torch
    >>> torch.multinomial(torch.tensor([0., 3., 0.]), 4, replacement=True)
    tensor([1, 1, 1, 1])
    """
    if input.ndim not in (1, 2):
        raise ShapeError(f"prob_dist must be 1 or 2 dim, got {input.ndim}")
    if not input.is_floating_point():
        raise DTypeError(
            f"multinomial only supports floating-point dtypes for input, got: {input.dtype}"
        )
    if num_samples <= 0:
        raise ArgumentError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > input.shape[-1]:
        raise ArgumentError(
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement"
        )
    p = input.detach()
    if not p.is_meta and not bool((torch.isfinite(p) & (p >= 0)).all()):
        raise ArgumentError("probability tensor contains either `inf`, `nan` or element < 0")
    if not p.is_meta and bool((p.sum(-1) == 0).any()):
        raise ArgumentError("invalid multinomial distribution (sum of probabilities <= 0)")
    rows = p.numel() // p.shape[-1]
    words = rows * num_samples if replacement else p.numel()
    params = {"num_samples": num_samples, "replacement": replacement}
    return draw("multinomial", generator, words, (p,), input.device, **params)


# In place ---------------------------------------------------------------------------------------


def _fill(input, drawn) -> Tensor:
    """Write a draw into a tensor: its gradient history ends there."""
    return inplace.copy_(input, drawn)


def _in_place(function):
    export("method")(function)
    return function


def _floats(input, name, complex_too=False):
    kind = input._array.dtype
    if kind.kind != "f" and not (complex_too and kind.kind == "c") and kind.kind != "V":
        raise NotImplementedError(f"{name}_ is not implemented for {input.dtype}")
    return kind


@_in_place
def uniform_(input, from_=0.0, to=1.0, *, generator=None, **named):
    """Fill with numbers drawn uniformly from [from, to)."""
    low = named.get("from", from_)
    if low > to:
        raise ArgumentError(
            f"uniform_ expects to return a [from, to) range, but found from={low} > to={to}"
        )
    kind = _floats(input, "uniform", complex_too=True)
    drawn = _sampled("rand", tuple(input.shape), generator, kind, input.device)
    return _fill(input, drawn.mul_(to - low).add_(low))


@_in_place
def normal_(input, mean=0.0, std=1.0, *, generator=None):
    """Fill with normal numbers."""
    if std < 0:
        raise ArgumentError(f"normal expects std >= 0.0, but found std {std}")
    kind = _floats(input, "normal", complex_too=True)
    drawn = _sampled("randn", tuple(input.shape), generator, kind, input.device)
    return _fill(input, drawn.mul_(std).add_(mean))


@_in_place
def log_normal_(input, mean=1.0, std=2.0, *, generator=None):
    """Fill with the exponentials of normal numbers."""
    if std <= 0:
        raise ArgumentError(f"log_normal_ expects std > 0.0, but found std={std}")
    kind = _floats(input, "log_normal")
    drawn = _sampled("randn", tuple(input.shape), generator, kind, input.device)
    return _fill(input, drawn.mul_(std).add_(mean).exp_())


def _inverted(name, input, generator, **params):
    shape = tuple(input.shape)
    n = math.prod(shape)
    params.update(size=shape, dtype=input._array.dtype)
    drawn = draw(name, generator, n, (), input.device, **params)
    return _fill(input, drawn)


@_in_place
def exponential_(input, lambd=1.0, *, generator=None):
    """Fill with exponential numbers of rate ``lambd``."""
    if lambd <= 0:
        raise ArgumentError(f"exponential_ expects lambda > 0.0, but found lambda={lambd}")
    _floats(input, "exponential")
    return _inverted("exponential", input, generator, lambd=float(lambd))


@_in_place
def geometric_(input, p, *, generator=None):
    """Fill with the number of trials up to the first success of probability ``p``."""
    if not 0 < p < 1:
        raise ArgumentError(f"geometric_ expects p to be in (0, 1), but got p={p}")
    return _inverted("geometric", input, generator, p=float(p))


@_in_place
def cauchy_(input, median=0.0, sigma=1.0, *, generator=None):
    """Fill with Cauchy numbers."""
    if sigma <= 0:
        raise ArgumentError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma}")
    _floats(input, "cauchy")
    return _inverted("cauchy", input, generator, median=float(median), sigma=float(sigma))


@_in_place
def bernoulli_(input, p=0.5, *, generator=None):
    """Fill with 1 with probability ``p`` (a number or a tensor), else 0."""
    return _fill(input, _bernoulli(input, p, generator))


@_in_place
def random_(input, from_=None, to=None, *, generator=None, **named):
    """Fill with integers from [from, to); ``random_(to)`` starts at 0, ``random_()`` uses the
    dtype's whole range.
    """
    low = named.get("from", from_)
    if to is None and low is not None:
        low, to = 0, low
    if to is None:
        low, to = 0, _largest(input.dtype) + 1
    drawn = _integers(int(low), int(to), tuple(input.shape), generator, input.dtype, input.device)
    return _fill(input, drawn)


def _largest(dtype) -> int:
    if dtype.category == dtypes.BOOL:
        return 1
    if dtype.category == dtypes.INTEGRAL:
        return (1 << (8 * dtype.itemsize - dtype.is_signed)) - 1
    return {"float64": 1 << 53, "float32": 1 << 24, "float16": 1 << 11}.get(dtype.name, 1 << 8)


# Streams ----------------------------------------------------------------------------------------


@export("torch")
def manual_seed(seed):
    """Start the default stream anew at ``seed``; returns its generator.

    >>> import flambeau as torch
    >>> _ = torch.manual_seed(1); a = torch.rand(2)
    >>> _ = torch.manual_seed(1); torch.equal(a, torch.rand(2))
    True
    """
    return default_generator.manual_seed(int(seed))


@export("torch")
def seed():
    """Start the default stream at a seed that nobody can foresee; returns it."""
    return default_generator.seed()


@export("torch")
def initial_seed():
    """The seed of the default stream."""
    return default_generator.initial_seed()


def state_of(generator) -> Tensor:
    """A generator's position in its stream as 16 bytes."""
    words = [n.to_bytes(8, "little") for n in generator.position()]
    return torch.tensor(list(b"".join(words)), dtype=dtypes.uint8)


def set_state(generator, state) -> None:
    """Put a generator where ``state_of`` found it."""
    if not isinstance(state, Tensor) or state.dtype is not dtypes.uint8 or state.numel() != 16:
        raise TypeError("a random state is a uint8 tensor of 16 bytes, as get_rng_state() gives it")
    found = bytes(state.tolist())
    generator.set_position(int.from_bytes(found[:8], "little"), int.from_bytes(found[8:], "little"))


@export("torch")
def get_rng_state():
    """The position in the default stream, as a uint8 tensor."""
    return state_of(default_generator)


@export("torch")
def set_rng_state(new_state):
    """Go back to a position in the default stream."""
    set_state(default_generator, new_state)


def _generator_methods() -> None:
    from flambeau.core.random import Generator

    def get_state(self):
        """The position in the stream, as a uint8 tensor."""
        return state_of(self)

    def set_generator_state(self, new_state):
        """Go to a position in the stream; returns the generator."""
        set_state(self, new_state)
        return self

    Generator.get_state, Generator.set_state = get_state, set_generator_state


_generator_methods()
