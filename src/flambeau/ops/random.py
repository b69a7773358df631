"""Random numbers as pure functions of (seed, position): the words of a Philox stream, turned into
distributions.

``seed`` and ``offset`` come from ``Generator.reserve(words(...))``, the words from ``xp.philox``.
"""

from __future__ import annotations

from math import prod

from .registry import STOPS, op

_SEED = {"seed": STOPS("a seed"), "offset": STOPS("a position in the stream")}


def words32(n: int) -> int:
    """How many 64-bit words hold ``n`` 32-bit numbers."""
    return -(-n // 2)


def words_for(n: int, dtype) -> int:
    """How many 64-bit words ``n`` uniform or normal numbers of a NumPy dtype take."""
    n += n & 1  # normal numbers come in pairs
    return n if dtype.itemsize > 4 else words32(n)


def _uniform(xp, seed, offset, n, dtype):
    """``n`` numbers in [0, 1): 53 bits each for float64, else 24."""
    if dtype.itemsize > 4 and dtype.kind == "f":
        return (xp.philox(seed, offset, n) >> xp.uint64(11)) * (2.0**-53)
    bits = xp.philox(seed, offset, words32(n)).view(xp.uint32)[:n] >> xp.uint32(8)
    if dtype.itemsize < 4:  # as many bits as the type holds exactly: rounding must not reach 1
        held = 11 if dtype.kind == "f" else 8
        bits >>= xp.uint32(24 - held)
        return (bits.astype(xp.float32) * xp.float32(2.0**-held)).astype(dtype)
    return bits.astype(xp.float32) * xp.float32(2.0**-24)


def _normal(xp, seed, offset, n, dtype):
    """``n`` standard normal numbers by Box and Muller: pairs of a radius and an angle."""
    wide = dtype if dtype.kind == "f" and dtype.itemsize > 4 else xp.dtype(xp.float32)
    half = (n + 1) // 2
    u = _uniform(xp, seed, offset, 2 * half, wide)
    out = xp.empty(2 * half, wide)
    radius = xp.subtract(1, u[:half])  # in (0, 1]
    xp.log(radius, out=radius)
    radius *= -2
    xp.sqrt(radius, out=radius)
    angle = u[half:]
    angle *= wide.type(6.283185307179586)
    xp.cos(angle, out=out[:half])
    xp.sin(angle, out=out[half:])
    out[:half] *= radius
    out[half:] *= radius
    return out[:n]


@op()
def rand(xp, seed, offset, *, size, dtype):
    """Uniform numbers in [0, 1)."""
    n = prod(size)
    if dtype.kind == "c":
        part = xp.dtype(f"f{dtype.itemsize // 2}")
        return _uniform(xp, seed, offset, 2 * n, part).view(dtype).reshape(size)
    return _uniform(xp, seed, offset, n, dtype).reshape(size)


@op()
def randn(xp, seed, offset, *, size, dtype):
    """Normal numbers with mean 0 and variance 1."""
    n = prod(size)
    if dtype.kind == "c":
        part = xp.dtype(f"f{dtype.itemsize // 2}")
        z = _normal(xp, seed, offset, 2 * n, part) * part.type(0.5**0.5)
        return z.view(dtype).reshape(size)
    return _normal(xp, seed, offset, n, dtype).astype(dtype, copy=False).reshape(size)


@op()
def randint(xp, seed, offset, *, low, high, size, dtype):
    """Integers in [low, high), equally likely: the high bits of word times range, a bias below
    2^-32 times range.
    """
    n, span = prod(size), high - low
    if span < 1 << 32:
        word = xp.philox(seed, offset, n) >> xp.uint64(32)
        found = (word * xp.uint64(span)) >> xp.uint64(32)
    else:
        found = xp.philox(seed, offset, n) % xp.uint64(span) if span < 1 << 64 else None
        if found is None:
            found = xp.philox(seed, offset, n)
    found = found.view(xp.int64) + xp.int64(low) if low >= 0 else _shifted(xp, found, low)
    return found.astype(dtype).reshape(size)


def _shifted(xp, found, low):
    return (found + xp.uint64(low & ((1 << 64) - 1))).view(xp.int64)


@op()
def randperm(xp, seed, offset, *, n, dtype):
    """A random order of 0 ... n - 1: the order of ``n`` random words."""
    return xp.argsort(xp.philox(seed, offset, n)).astype(dtype)


@op()
def bernoulli_mask(xp, seed, offset, p, *, size, dtype):
    """1 with probability ``p`` (a number or an array of ``size``), else 0."""
    u = _uniform(xp, seed, offset, prod(size), xp.dtype(xp.float64)).reshape(size)
    return (u < p).astype(dtype)


@op()
def exponential(xp, seed, offset, *, lambd, size, dtype):
    """Exponential numbers with rate ``lambd``, by inversion."""
    u = _uniform(xp, seed, offset, prod(size), xp.dtype(xp.float64))
    return (-xp.log1p(-u) / lambd).astype(dtype).reshape(size)


@op()
def geometric(xp, seed, offset, *, p, size, dtype):
    """The number of trials up to the first success of probability ``p``, by inversion."""
    u = 1.0 - _uniform(xp, seed, offset, prod(size), xp.dtype(xp.float64))
    found = xp.ceil(xp.log(u) / xp.log1p(-p)) if p < 1 else xp.ones_like(u)
    return xp.maximum(found, 1).astype(dtype).reshape(size)


@op()
def cauchy(xp, seed, offset, *, median, sigma, size, dtype):
    """Cauchy numbers, by inversion."""
    u = _uniform(xp, seed, offset, prod(size), xp.dtype(xp.float64))
    return (median + sigma * xp.tan(xp.pi * (u - 0.5))).astype(dtype).reshape(size)


@op()
def poisson(xp, seed, offset, input):
    """Poisson numbers with the rates ``input``; the stream's position seeds a sampler of its
    own.
    """
    generator = xp.random.Generator(xp.random.Philox(key=seed, counter=[0, 0, 0, offset]))
    return generator.poisson(input).astype(input.dtype)


@op()
def multinomial(xp, seed, offset, input, *, num_samples, replacement):
    """Indices drawn with the probabilities in the rows of ``input``.

    With replacement by inverting the cumulated probabilities; without by the largest keys log(u) /
    p (Efraimidis and Spirakis, 2006), which gives the same distribution as drawing one after
    another.
    """
    p = input.astype(xp.float64)
    shape = p.shape[:-1] + (num_samples,)
    double = xp.dtype(xp.float64)
    if replacement:
        u = _uniform(xp, seed, offset, prod(shape), double).reshape(-1, num_samples)
        edges = xp.cumsum(p.reshape(-1, p.shape[-1]), -1)
        total = edges[:, -1:]
        rows = xp.arange(len(edges))[:, None]
        places = (u + rows).ravel()
        line = (edges / total + rows).ravel()
        found = xp.searchsorted(line, places, side="right").reshape(u.shape)
        return (found - rows * p.shape[-1]).clip(0, p.shape[-1] - 1).reshape(shape)
    u = 1.0 - _uniform(xp, seed, offset, p.size, double).reshape(p.shape)
    keys = xp.where(p > 0, xp.log(u) / p, -xp.inf)
    return xp.argsort(-keys, -1, kind="stable")[..., :num_samples].copy()


for _op in (rand, randn, randint, exponential, geometric, cauchy):
    _op.vjp(**_SEED)
    _op.shape(lambda seed, offset, *, size, **_: size)
bernoulli_mask.vjp(**_SEED, p=STOPS("a draw has no derivative"))
bernoulli_mask.shape(lambda seed, offset, p, *, size, dtype: size)
randperm.vjp(**_SEED)
randperm.shape(lambda seed, offset, *, n, dtype: (n,))
poisson.vjp(**_SEED, input=STOPS("a draw has no derivative"))
poisson.shape(lambda seed, offset, input: input)
multinomial.vjp(**_SEED, input=STOPS("a draw has no derivative"))
multinomial.shape(
    lambda seed, offset, input, *, num_samples, replacement: input[:-1] + (num_samples,)
)
multinomial.dtypes("int64")
