"""A line search for a step that satisfies the strong Wolfe conditions."""

from __future__ import annotations

import math


def strong_wolfe(
    evaluate, t, largest, f, g, slope, slope_of, tolerance, max_ls, c1=1e-4, c2=0.9
) -> tuple:
    """A step length t with f(t) <= f + c1 t slope and |slope(t)| <= -c2 slope.

    First t grows until an interval must hold such a point (bracketing), then cubic interpolation
    closes in on it (zooming). Nocedal, Wright: Numerical Optimization (2006), algorithms 3.5 and
    3.6.

    Args:
        evaluate: gives `(loss, gradient)` at a length.
        t: the first length to try.
        largest: the largest element of the direction, for the test of convergence.
        f, g, slope: loss, gradient and directional derivative at 0.
        slope_of: gives the directional derivative of a gradient.
        tolerance: the interval is not split further when the parameters would move less.
        max_ls: evaluations at most.
    Returns: `(loss, gradient, t, number of evaluations)`.
    """
    start = _Point(0.0, f, g, slope)

    def at(t):
        f, g = evaluate(t)
        return _Point(t, f, g, slope_of(g))

    def is_too_high(point):
        return point.f > f + c1 * point.t * slope

    def is_flat(point):
        return abs(point.slope) <= -c2 * slope

    before, here = start, at(t)
    evaluations, tries = 1, 0
    low = high = None
    while tries < max_ls:
        if is_too_high(here) or (tries > 1 and here.f >= before.f):
            low, high = before, here
            break
        if is_flat(here):
            return (*here.result, evaluations)
        if here.slope >= 0:
            low, high = before, here
            break
        bounds = (here.t + 0.01 * (here.t - before.t), here.t * 10)
        before, here = here, at(_cubic_minimum(before, here, bounds))
        evaluations += 1
        tries += 1
    if low is None:
        low, high = start, here
    first_is_low = low.f <= high.f
    ends = [low, high]
    low, high = (0, 1) if first_is_low else (1, 0)
    stuck = False
    while tries < max_ls:
        a, b = sorted((ends[0].t, ends[1].t))
        if (b - a) * largest < tolerance:
            break
        t, stuck = _inside(_cubic_minimum(*ends), a, b, stuck)
        here = at(t)
        evaluations += 1
        tries += 1
        if is_too_high(here) or here.f >= ends[low].f:
            ends[high] = here
            low, high = (0, 1) if ends[0].f <= ends[1].f else (1, 0)
            continue
        done = is_flat(here)
        if not done and here.slope * (ends[high].t - ends[low].t) >= 0:
            ends[high] = ends[low]
        ends[low] = here
        if done:
            break
    return (*ends[low].result, evaluations)


class _Point:
    """A length and what was found there."""

    __slots__ = ("f", "g", "slope", "t")

    def __init__(self, t, f, g, slope):
        self.t, self.f, self.g, self.slope = t, f, g, slope

    @property
    def result(self):
        return self.f, self.g, self.t


def _cubic_minimum(one, two, bounds=None):
    """Where the cubic through two points with their slopes is least, within bounds."""
    low, high = bounds or sorted((one.t, two.t))
    d1 = one.slope + two.slope - 3 * (one.f - two.f) / (one.t - two.t)
    square = d1**2 - one.slope * two.slope
    if not square >= 0:  # no minimum, or not a number
        return (low + high) / 2
    left, right = (one, two) if one.t <= two.t else (two, one)
    d2 = math.sqrt(square)
    width = right.t - left.t
    denominator = right.slope - left.slope + 2 * d2
    if denominator == 0:
        return (low + high) / 2
    return min(max(right.t - width * (right.slope + d2 - d1) / denominator, low), high)


def _inside(t, a, b, stuck):
    """`t`, moved away from an end of [a, b] when it is the second time within a tenth of one."""
    margin = 0.1 * (b - a)
    if min(b - t, t - a) >= margin:
        return t, False
    if not (stuck or t >= b or t <= a):
        return t, True
    return (b - margin if abs(t - b) < abs(t - a) else a + margin), False
