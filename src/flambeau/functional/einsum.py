"""Einstein summation, two operands at a time, each pair as one batched matrix product."""

from __future__ import annotations

import string

from flambeau.core.errors import ArgumentError, ShapeError
from flambeau.tensor.api import export, torch

ELLIPSIS = "..."


@export("torch")
def einsum(equation, *operands):
    """Sum of products over the letters that the equation's right side leaves out.

    ``"ij,jk->ik"`` is a matrix product, ``"ii"`` a trace, ``"b...->..."`` a sum over the first
    dimension. Without "->" the result has the letters that occur once, in alphabetical order.

    Args:   operands: tensors, or one list of them; or tensor, list of ints, ..., list of ints in
            place of the equation.
    Raises: RuntimeError if the equation does not fit the operands.

    >>> import flambeau as torch
    >>> a = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> torch.einsum("ij,jk->ik", a, a), torch.einsum("ii", a)
    (tensor([[ 7., 10.],
            [15., 22.]]), tensor(5.))
    """
    if not isinstance(equation, str):
        equation, operands = _from_sublists((equation, *operands))
    elif len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    if not operands:
        raise ArgumentError("einsum(): must provide at least one operand")
    inputs, output = _parse(equation, operands)
    terms = [_diagonalised(t, letters) for t, letters in zip(operands, inputs)]
    if any(letter not in "".join(inputs) for letter in output):
        raise ArgumentError(
            f"einsum(): output subscript of {equation!r} names a letter that no operand has"
        )
    _check_sizes(terms)
    tensor, letters = terms[0]
    for i, (other, other_letters) in enumerate(terms[1:], 1):
        later = set(output).union(*(t[1] for t in terms[i + 1 :]))
        tensor, letters = _contract(tensor, letters, other, other_letters, later)
    tensor, letters = _summed(tensor, letters, set(output))
    return tensor if letters == output else tensor.permute([letters.index(c) for c in output])


def _from_sublists(arguments):
    """The form einsum(a, [0, 1], b, [1, 2], [0, 2])."""
    names = string.ascii_letters

    def word(sublist):
        return "".join(ELLIPSIS if i is Ellipsis else names[i] for i in sublist)

    pairs = len(arguments) // 2
    operands = arguments[: 2 * pairs : 2]
    equation = ",".join(word(s) for s in arguments[1 : 2 * pairs : 2])
    return equation + (f"->{word(arguments[-1])}" if len(arguments) % 2 else ""), operands


def _parse(equation, operands):
    """The letters of each operand and of the result, an ellipsis spelt out in unused letters."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    words = left.split(",")
    if len(words) != len(operands):
        raise ArgumentError(
            f"einsum(): the equation has {len(words)} operands, but {len(operands)} were given"
        )
    spare = [c for c in string.ascii_letters if c not in left + right]
    widths = []
    for i, (word, t) in enumerate(zip(words, operands)):
        named = len(word.replace(ELLIPSIS, ""))
        if word.replace(ELLIPSIS, "", 1).strip(string.ascii_letters):
            raise ArgumentError(f"einsum(): invalid subscript {word!r} for operand {i}")
        if named > t.ndim or (named != t.ndim and ELLIPSIS not in word):
            raise ShapeError(
                f"einsum(): the number of subscripts in the equation ({named}) does not match the "
                f"number of dimensions ({t.ndim}) for operand {i}"
            )
        widths.append(t.ndim - named if ELLIPSIS in word else 0)
    most = max(widths)
    hidden = "".join(spare[:most])
    inputs = [w.replace(ELLIPSIS, hidden[most - n :]) for w, n in zip(words, widths)]
    if not arrow:
        everything = "".join(words)
        once = sorted(c for c in set(everything) - {"."} if everything.count(c) == 1)
        return inputs, hidden + "".join(once)
    output = right.replace(ELLIPSIS, hidden)
    if output.strip(string.ascii_letters) or len(set(output)) != len(output):
        raise ArgumentError(f"einsum(): invalid output subscript {right!r}")
    return inputs, output


def _diagonalised(t, letters):
    """A letter that occurs twice in one operand means its diagonal."""
    for c in dict.fromkeys(letters):
        while letters.count(c) > 1:
            i = letters.index(c)
            j = letters.index(c, i + 1)
            if t.shape[i] != t.shape[j]:
                raise ShapeError(
                    f"einsum(): subscript {c} is repeated for sizes {t.shape[i]} and {t.shape[j]}, "
                    "which must be equal"
                )
            t = t.diagonal(0, i, j).movedim(-1, i)
            letters = letters[:j] + letters[j + 1 :]
    return t, letters


def _check_sizes(terms):
    sizes = {}
    for i, (t, letters) in enumerate(terms):
        for c, n in zip(letters, t.shape):
            if n != 1 and sizes.setdefault(c, n) != n:
                raise ShapeError(
                    f"einsum(): operands do not broadcast: subscript {c} of operand {i} has size "
                    f"{n}, elsewhere {sizes[c]}"
                )


def _summed(t, letters, keep):
    gone = [i for i, c in enumerate(letters) if c not in keep]
    if not gone:
        return t, letters
    return t.sum(gone), "".join(c for c in letters if c in keep)


def _contract(a, a_letters, b, b_letters, later):
    """The product of two operands, summed over the letters that nothing later needs."""
    a, a_letters = _summed(a, a_letters, later | set(b_letters))
    b, b_letters = _summed(b, b_letters, later | set(a_letters))
    a, b = _expanded(a, a_letters, b, b_letters), _expanded(b, b_letters, a, a_letters)
    batch = [c for c in a_letters if c in b_letters and c in later]
    inner = [c for c in a_letters if c in b_letters and c not in later]
    rows = [c for c in a_letters if c not in b_letters]
    columns = [c for c in b_letters if c not in a_letters]
    size = dict(zip(a_letters, a.shape)) | dict(zip(b_letters, b.shape))

    def sizes(group):
        return [size[c] for c in group]

    def product(group):
        n = 1
        for c in group:
            n *= size[c]
        return n

    def arranged(t, letters, first, second):
        t = t.permute([letters.index(c) for c in batch + first + second])
        return t.reshape(sizes(batch) + [product(first), product(second)])

    left, right = arranged(a, a_letters, rows, inner), arranged(b, b_letters, inner, columns)
    y = torch.matmul(left, right) if inner else left * right
    return y.reshape(sizes(batch + rows + columns)), "".join(batch + rows + columns)


def _expanded(t, letters, other, other_letters):
    """A dimension of size 1 stretches to the other operand's."""
    size = dict(zip(other_letters, other.shape))
    shape = [size.get(c, n) if n == 1 else n for c, n in zip(letters, t.shape)]
    return t if shape == list(t.shape) else t.expand(shape)
