"""Automatic differentiation in about a hundred lines: read this before the real thing.

A `Value` is a number that remembers how it was made. Every operation returns a new `Value` together
with its *parents* and, for each parent, the *slope*: by how much the result changes when that
parent changes a little. That record is a graph. `backward` walks it once, from the result to the
inputs, and multiplies and adds slopes: the chain rule.

>>> x = Value(3.0)
>>> y = x * x + 2 * x        # y = x^2 + 2x, so dy/dx = 2x + 2 = 8
>>> y.backward()
>>> y.number, x.grad
(15.0, 8.0)

Flambeau does the same with arrays in place of numbers, and with a few hundred operations in place
of the six below.
"""

import math
import random


class Value:
    """A number, how it was made, and (after `backward`) how the result depends on it."""

    def __init__(self, number, parents=(), slopes=()):
        self.number = number  # what it is
        self.parents = parents  # the values that it was computed from
        self.slopes = slopes  # d(self) / d(parent), one number for each parent
        self.grad = 0.0  # d(result) / d(self), filled in by result.backward()

    # The operations: each returns the result, its parents, and the derivative for each of them.

    def __add__(self, other):
        other = as_value(other)
        return Value(self.number + other.number, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = as_value(other)
        return Value(self.number * other.number, (self, other), (other.number, self.number))

    def __pow__(self, exponent):
        slope = exponent * self.number ** (exponent - 1)
        return Value(self.number**exponent, (self,), (slope,))

    def exp(self):
        y = math.exp(self.number)
        return Value(y, (self,), (y,))

    def log(self):
        return Value(math.log(self.number), (self,), (1 / self.number,))

    def tanh(self):
        y = math.tanh(self.number)
        return Value(y, (self,), (1 - y * y,))

    # Everything else is made of those six, and so gets its derivative for nothing.

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -as_value(other)

    def __rsub__(self, other):
        return -self + other

    def __truediv__(self, other):
        return self * as_value(other) ** -1

    def __rtruediv__(self, other):
        return self**-1 * other

    __radd__ = __add__
    __rmul__ = __mul__

    def backward(self):
        """Set `grad` of every value that this one was computed from.

        The children of a value must be done before the value passes its gradient on: it may have
        several, and each adds its share. So we go through the graph from the last operation to the
        first.
        """
        self.grad = 1.0  # by how much the result changes with itself
        for value in reversed(first_to_last(self)):
            for parent, slope in zip(value.parents, value.slopes):
                parent.grad += value.grad * slope  # the chain rule, in one line

    def __repr__(self):
        return f"Value({self.number:.4f}, grad={self.grad:.4f})"


def as_value(x):
    return x if isinstance(x, Value) else Value(x)


def first_to_last(result):
    """All values behind `result`, each after its parents. A loop: graphs get deep."""
    order, seen, todo = [], set(), [(result, False)]
    while todo:
        value, parents_done = todo.pop()
        if parents_done:
            order.append(value)
        elif value not in seen:
            seen.add(value)
            todo.append((value, True))
            todo += [(parent, False) for parent in value.parents]
    return order


def main():
    """Teach a network of four tanh units the exclusive or, by gradient descent.

    >>> main()
    step    0  loss ...
    step  500  loss 0.0...
    0 xor 0 = 0...
    0 xor 1 = ...
    1 xor 0 = ...
    1 xor 1 = ...
    """
    random.seed(1)
    table = [((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((1, 1), 0)]
    hidden = [[Value(random.gauss(0, 1)) for _ in range(3)] for _ in range(4)]  # two inputs, bias
    output = [Value(random.gauss(0, 1)) for _ in range(5)]  # four units, bias

    def network(a, b):
        units = [(w[0] * a + w[1] * b + w[2]).tanh() for w in hidden]
        return sum(w * h for w, h in zip(output, units)) + output[4]

    for step in range(501):
        loss = sum((network(*inputs) - wanted) ** 2 for inputs, wanted in table)
        parameters = [*output, *(w for unit in hidden for w in unit)]
        for p in parameters:
            p.grad = 0.0  # backward adds, so start from nothing
        loss.backward()
        for p in parameters:
            p.number -= 0.1 * p.grad  # downhill
        if step % 500 == 0:
            print(f"step {step:4d}  loss {loss.number:.4f}")
    for (a, b), _ in table:
        print(f"{a} xor {b} = {abs(network(a, b).number):.2f}")


if __name__ == "__main__":
    main()
