"""The error function and its inverse, gamma functions, Bessel functions.

NumPy has none of them. They are computed in double precision by approximations with a relative
error near 1e-15
and rounded to the dtype of the input: rational ones for erf (W. J. Cody 1969) and the normal
quantile (M. J. Wichura,
AS 241, 1988), and asymptotic series reached by recurrence for the others.
"""

from __future__ import annotations

import functools
import math

from flambeau.core.errors import ArgumentError

from .pointwise import EVERYWHERE
from .registry import POINTWISE, op

TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)


_BLOCK = 4096  # elements whose intermediate results stay in the cache


def _in_double(function):
    """A kernel text in float64, a block at a time, rounded to the input's dtype."""

    def kernel(xp, input, **params):
        if input.size <= _BLOCK:
            return function(xp, xp.asarray(input, dtype=xp.float64), **params).astype(input.dtype)
        flat = xp.ascontiguousarray(input).reshape(-1)
        y = xp.empty_like(flat)
        for start in range(0, flat.size, _BLOCK):
            block = flat[start : start + _BLOCK].astype(xp.float64)
            y[start : start + _BLOCK] = function(xp, block, **params)
        return y.reshape(input.shape)

    return kernel


def _ratio(z, top, bottom):
    """Ratio of two polynomials, coefficients from the highest power down."""
    p, q = top[0] * z + top[1], bottom[0] * z + bottom[1]
    for a, b in zip(top[2:], bottom[2:]):
        p, q = p * z + a, q * z + b
    return p / q


_ERF_SMALL = (
    (1.85777706184603153e-1, 3.16112374387056560, 1.13864154151050156e2, 3.77485237685302021e2,
     3.20937758913846947e3),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3,
     2.84423683343917062e3),
)  # fmt: skip
_ERFC_MIDDLE = (
    (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594, 6.61191906371416295e1,
     2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
     1.23033935479799725e3),
    (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2,
     1.62138957456669019e3, 3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3,
     1.23033935480374942e3),
)  # fmt: skip
_ERFC_LARGE = (
    (1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1,
     1.25781726111229246e-1, 1.60837851487422766e-2, 6.58749161529837803e-4),
    (1.0, 2.56852019228982242, 1.87295284992346725, 5.27905102951428412e-1,
     6.05183413124413191e-2, 2.33520497626869185e-3),
)  # fmt: skip


def _erfcx_positive(xp, y):
    """exp(y^2) erfc(y) for y > 0.46875."""
    near = xp.minimum(y, 4.0)
    far = xp.maximum(y, 4.0)
    z = 1 / (far * far)
    tail = (TWO_OVER_ROOT_PI / 2 - z * _ratio(z, *_ERFC_LARGE)) / far
    return xp.where(y <= 4.0, _ratio(near, *_ERFC_MIDDLE), tail)


def _gauss(xp, y):
    """exp(-y^2), the square split so that its rounding does not matter."""
    head = xp.trunc(y * 16) / 16
    return xp.exp(-head * head) * xp.exp(-(y - head) * (y + head))


def _erf_small(x):
    return x * _ratio(x * x, *_ERF_SMALL)


def _erf(xp, x):
    size = xp.abs(x)
    small = size <= 0.46875
    y = xp.minimum(xp.where(small, 1.0, size), 6.5)  # beyond it erf is 1 in double precision
    large = xp.copysign(1 - _gauss(xp, y) * _erfcx_positive(xp, y), x)
    return xp.where(small, _erf_small(xp.where(small, x, 0.0)), large)


def _erfc(xp, x):
    size = xp.abs(x)
    small = size <= 0.46875
    y = xp.minimum(xp.where(small, 1.0, size), 28.0)
    tail = _gauss(xp, y) * _erfcx_positive(xp, y)
    large = xp.where(x < 0, 2 - tail, tail)
    y = xp.where(small, 1 - _erf_small(xp.where(small, x, 0.0)), large)
    return xp.where(xp.isnan(x), x, y)


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE)
def erf(xp, input):
    """Error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.

    dy/dx = 2 / sqrt(pi) exp(-x^2).

    >>> import flambeau as torch
    >>> torch.erf(torch.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8427])
    """
    return _in_double(_erf)(xp, input)


@functools.cache
def _erf_table(xp):
    """erf and its derivative at the multiples of 1/128 up to 4, where float32 reaches 1."""
    x = xp.arange(-512, 513) / 128.0
    slope = TWO_OVER_ROOT_PI * xp.exp(-x * x)
    return _erf(xp, x).astype(xp.float32), slope.astype(xp.float32)


def _erf_single(xp, x):
    """Taylor's third order from the nearest entry of the table, in a tenth of the time."""
    y = xp.clip(x, -4.0, 4.0)
    index = xp.rint(y * 128)
    base = index * (1 / 128)
    index = xp.clip(xp.nan_to_num(index).astype(xp.int32) + 512, 0, 1024)
    values, slopes = _erf_table(xp)
    d = y - base
    bend = 1 - d * (base - d * ((2 / 3) * base * base - 1 / 3))
    return xp.take(values, index) + xp.take(slopes, index) * (d * bend)


@erf.on("numpy")
def _(xp, input):
    if input.dtype != xp.float32 or input.size < 64:
        return erf.kernel(xp, input)
    if input.size <= 4 * _BLOCK:
        return _erf_single(xp, input)
    flat = xp.ascontiguousarray(input).reshape(-1)
    y = xp.empty_like(flat)
    for start in range(0, flat.size, 4 * _BLOCK):
        stop = start + 4 * _BLOCK
        y[start:stop] = _erf_single(xp, flat[start:stop])
    return y.reshape(input.shape)


erf.vjp(input=lambda xp, g, input: g * (TWO_OVER_ROOT_PI * xp.exp(-(input * input))))


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE)
def erfc(xp, input):
    """Complementary error function, 1 - erf(x), accurate where that is tiny.

    >>> import flambeau as torch
    >>> torch.erfc(torch.tensor([0.0, 1.0]))
    tensor([1.0000, 0.1573])
    """
    return _in_double(_erfc)(xp, input)


erfc.vjp(input=lambda xp, g, input: g * (-TWO_OVER_ROOT_PI * xp.exp(-(input * input))))

_QUANTILE = (
    (  # |x| <= 0.85, in 0.180625 - x^2 / 4
        (2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4,
         4.5921953931549871457e4, 1.3731693765509461125e4, 1.9715909503065514427e3,
         1.3314166789178437745e2, 3.3871328727963666080),
        (5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4,
         2.1213794301586595867e4, 5.3941960214247511077e3, 6.8718700749205790830e2,
         4.2313330701600911252e1, 1.0),
    ),
    (  # r = sqrt(-log(tail)) <= 5, in r - 1.6
        (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
         1.27045825245236838258, 3.64784832476320460504, 5.76949722146069140550,
         4.63033784615654529590, 1.42343711074968357734),
        (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
         1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940,
         2.05319162663775882187, 1.0),
    ),
    (  # r > 5, in r - 5
        (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
         2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580,
         5.46378491116411436990, 6.65790464350110377720),
        (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
         7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
         5.99832206555887937690e-1, 1.0),
    ),
)  # fmt: skip


def _erfinv(xp, x):
    """The normal quantile of (1 + x) / 2, over sqrt(2)."""
    q = x / 2
    central = xp.abs(q) <= 0.425
    inner = xp.where(central, q, 0.0)
    middle = inner * _ratio(0.180625 - inner * inner, *_QUANTILE[0])
    r = xp.sqrt(-xp.log(xp.where(central, 0.25, (1 - xp.abs(x)) / 2)))
    finite = xp.where(xp.isinf(r), 0.0, r)
    near = _ratio(xp.minimum(finite, 5.0) - 1.6, *_QUANTILE[1])
    far = _ratio(xp.maximum(finite, 5.0) - 5.0, *_QUANTILE[2])
    tail = xp.where(xp.isinf(r), r, xp.where(r <= 5.0, near, far))
    y = xp.where(central, middle, xp.copysign(tail, x)) / math.sqrt(2.0)
    return xp.where(xp.abs(x) <= 1, y, xp.nan)


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE)
def erfinv(xp, input):
    """Inverse error function on [-1, 1], NaN outside; dy/dx = sqrt(pi) / 2 exp(y^2).

    >>> import flambeau as torch
    >>> torch.erfinv(torch.tensor([0.0, 0.5, 1.0]))
    tensor([0.0000, 0.4769,    inf])
    """
    return _in_double(_erfinv)(xp, input)


erfinv.vjp(input=lambda xp, g, y: g * (xp.exp(y * y) / TWO_OVER_ROOT_PI))

# Bernoulli numbers B2, B4, ..., B24.
_BERNOULLI = (
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798,
    -174611 / 330, 854513 / 138, -236364091 / 2730,
)  # fmt: skip
_SHIFT = 12  # the asymptotic series are used from here on


def _zeta(s: float) -> float:
    """Riemann's zeta function minus 1, by Euler and Maclaurin."""
    n = 14
    total = sum(k**-s for k in range(2, n)) + n ** (1 - s) / (s - 1) + n**-s / 2
    term = s * n ** (-s - 1)
    for k, b in enumerate(_BERNOULLI, 1):
        total += b / math.factorial(2 * k) * term
        term *= (s + 2 * k - 1) * (s + 2 * k) / n**2
    return total


_GAMMA = 0.57721566490153286061
_LGAMMA_NEAR_2 = tuple((-1) ** k * _zeta(float(k)) / k for k in range(2, 30))


def _lgamma_near_2(e):
    """log gamma(2 + e) for |e| <= 1/2, relatively accurate at its zero."""
    total = _LGAMMA_NEAR_2[-1] * e
    for c in _LGAMMA_NEAR_2[-2::-1]:
        total = (total + c) * e
    return (total + (1 - _GAMMA)) * e


def _lgamma_positive(xp, x):
    """log gamma(x) for x > 0."""
    near = x <= 2.5
    n = xp.where(x < 0.5, 0.0, xp.where(x < 1.5, 1.0, 2.0))
    e = xp.where(near, x - n, 0.0)
    below = xp.where(near & (n < 2), xp.log1p(e), 0) + xp.where(near & (n < 1), xp.log(x), 0)
    small = _lgamma_near_2(e) - below
    z, product = xp.where(near, 20.0, x), xp.ones_like(x)
    for _ in range(_SHIFT):
        low = z < _SHIFT
        product, z = xp.where(low, product * z, product), xp.where(low, z + 1, z)
    inverse = 1 / z
    series, w = 0.0, inverse * inverse
    for k in range(len(_BERNOULLI), 0, -1):
        series = series * w + _BERNOULLI[k - 1] / (2 * k * (2 * k - 1))
    large = (z - 0.5) * xp.log(z) - z + 0.5 * math.log(2 * math.pi) + series * inverse
    return xp.where(near, small, xp.where(xp.isinf(x), x, large - xp.log(product)))


def _lgamma(xp, x):
    positive = _lgamma_positive(xp, xp.where(x > 0, x, 1 - x))
    fraction = x - xp.round(x)
    reflected = xp.log(math.pi / xp.abs(xp.sin(math.pi * fraction))) - positive
    y = xp.where(x > 0, positive, xp.where(xp.isinf(x), xp.inf, reflected))
    return xp.where(xp.isnan(x), x, y)


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE)
def lgamma(xp, input):
    """Logarithm of |gamma(x)|; dy/dx = digamma(x).

    >>> import flambeau as torch
    >>> torch.lgamma(torch.tensor([0.5, 1.0, 5.0]))
    tensor([0.5724, 0.0000, 3.1781])
    """
    return _in_double(_lgamma)(xp, input)


lgamma.vjp(input=lambda xp, g, input: g * xp.digamma(input))


def _digamma(xp, x):
    z = xp.where(x > 0, x, 1 - x)
    moved = xp.zeros_like(z)
    for _ in range(_SHIFT):
        low = z < _SHIFT
        moved, z = xp.where(low, moved + 1 / z, moved), xp.where(low, z + 1, z)
    w = 1 / (z * z)
    series = 0.0
    for k in range(len(_BERNOULLI), 0, -1):
        series = (series + _BERNOULLI[k - 1] / (2 * k)) * w
    y = xp.log(z) - 0.5 / z - series - moved
    reflected = y - math.pi / xp.tan(math.pi * (x - xp.round(x)))
    pole = (x < 0) & (x == xp.floor(x))
    y = xp.where(x > 0, y, xp.where(pole, xp.nan, reflected))
    return xp.where(x == 0, xp.copysign(xp.inf, -x), y)


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE)
def digamma(xp, input):
    """Derivative of lgamma; dy/dx = polygamma(1, x).

    >>> import flambeau as torch
    >>> torch.digamma(torch.tensor([1.0, 0.5]))
    tensor([-0.5772, -1.9635])
    """
    return _in_double(_digamma)(xp, input)


digamma.vjp(input=lambda xp, g, input: g * xp.polygamma(input, n=1))


def _hurwitz(xp, s, x):
    """sum over k >= 0 of (x + k)^-s for s > 1, by Euler and Maclaurin."""
    total = xp.zeros_like(x)
    lowest = xp.min(x, initial=0.0, where=xp.isfinite(x))
    shift = _SHIFT + min(math.ceil(-lowest), 1000)
    for k in range(shift):
        total = total + (x + k) ** -s
    z = x + shift
    total = total + z ** (1 - s) / (s - 1) + 0.5 * z**-s
    term = s * z ** (-s - 1)
    for k, b in enumerate(_BERNOULLI, 1):
        total = total + b / math.factorial(2 * k) * term
        term = term * ((s + 2 * k - 1) * (s + 2 * k)) / (z * z)
    return total


def _polygamma(xp, x, n):
    if n == 0:
        return _digamma(xp, x)
    if n == 1:
        z = xp.where(x < 0.5, 1 - x, x)
        y = _hurwitz(xp, 2.0, z)
        sine = xp.sin(math.pi * (x - xp.round(x)))
        return xp.where(x < 0.5, (math.pi / sine) ** 2 - y, y)
    scale = (-1.0) ** (n + 1) * math.factorial(n)
    pole = (x <= 0) & (x == xp.floor(x))
    y = _hurwitz(xp, n + 1.0, xp.where(pole, 1.0, x))
    return scale * xp.where(pole, xp.inf, y)


@op(kind=POINTWISE, dtype="float")
def polygamma(xp, input, *, n):
    """The n-th derivative of digamma."""
    if n < 0:
        raise ArgumentError("polygamma(n, x) does not support negative n.")
    return _in_double(_polygamma)(xp, input, n=n)


polygamma.vjp(input=lambda xp, g, input, n: g * xp.polygamma(input, n=n + 1))


def _bessel(xp, x, order):
    """exp(-|x|) times the modified Bessel function I of order 0 or 1: series up to 25, asymptotic
    beyond.
    """
    size = xp.abs(x)
    low = xp.minimum(size, 25.0)
    quarter = low * low / 4
    term = xp.ones_like(x) if order == 0 else low / 2
    total = term
    for k in range(1, 70):
        term = term * quarter / (k * (k + order))
        total = total + term
    high = xp.maximum(size, 25.0)
    part = series = xp.ones_like(x)
    for k in range(1, 25):
        part = part * -((4 * order - (2 * k - 1) ** 2) / (8.0 * k)) / high
        series = series + part
    y = xp.where(size <= 25.0, total * xp.exp(-low), series / xp.sqrt(2 * math.pi * high))
    return xp.copysign(y, x) if order else y


@op(kind=POINTWISE, dtype="float", where=EVERYWHERE)
def i0(xp, input):
    """Modified Bessel function of order 0; dy/dx = i1(x).

    >>> import flambeau as torch
    >>> torch.i0(torch.tensor([0.0, 1.0]))
    tensor([1.0000, 1.2661])
    """
    return _in_double(lambda xp, x: _bessel(xp, x, 0) * xp.exp(xp.abs(x)))(xp, input)


i0.vjp(input=lambda xp, g, input: g * xp.i1(input))


@op(kind=POINTWISE, dtype="float", node="SpecialI1")
def i1(xp, input):
    """Modified Bessel function of order 1; dy/dx = i0(x) - y / x."""
    return _in_double(lambda xp, x: _bessel(xp, x, 1) * xp.exp(xp.abs(x)))(xp, input)


def _i1_rule(xp, g, y, input):
    x = xp.where(input == 0, 1, input)
    return g * xp.where(input == 0, 0.5, xp.astype(xp.op("i0")(x), input.dtype) - y / x)


i1.vjp(input=_i1_rule)
