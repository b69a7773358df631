"""How a tensor is shown: PyTorch's text, character for character.

The printed values are taken out once (all of them, or the edges of a large tensor), formatted as
one flat list of equally wide words, and then folded row by row into nested brackets. Only array
operators are used, so any array that behaves like NumPy's can be shown.
"""

import contextlib
import dataclasses
import itertools
import math

from flambeau.core import dtypes


@dataclasses.dataclass
class _Options:
    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_PROFILES = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}

_options = _Options()


def set_printoptions(
    precision=None, threshold=None, edgeitems=None, linewidth=None, profile=None, sci_mode=None
):
    """Choose how tensors are printed from now on.

    Args:
        precision: digits after the point. Default 4.
        threshold: a tensor with more elements is summarised. Default 1000.
        edgeitems: elements shown at each end of a summarised axis. Default 3.
        linewidth: characters in a line. Default 80.
        profile: "default", "short" or "full": a set of the above; other arguments override it.
        sci_mode: True or False forces or forbids scientific notation; None (also when left out)
            lets the values decide.

    >>> import flambeau as torch
    >>> torch.set_printoptions(precision=2)
    >>> torch.tensor([1.12345])
    tensor([1.12])
    >>> torch.set_printoptions(profile="default")
    """
    values = dict(_PROFILES.get(profile, ()))
    given = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    values.update((name, value) for name, value in given.items() if value is not None)
    for name, value in values.items():
        setattr(_options, name, value)
    _options.sci_mode = sci_mode


def get_printoptions():
    """The options in force, as a dict that `set_printoptions(**options)` accepts.

    >>> import flambeau as torch
    >>> torch.get_printoptions()["precision"]
    4
    """
    return dataclasses.asdict(_options)


@contextlib.contextmanager
def printoptions(**kwargs):
    """Set print options (see `set_printoptions`) for the duration of a `with` block.

    >>> import flambeau as torch
    >>> with torch.printoptions(precision=1):
    ...     print(torch.tensor([0.25, 3.14159]))
    tensor([0.2, 3.1])
    """
    before = get_printoptions()
    set_printoptions(**kwargs)
    try:
        yield
    finally:
        set_printoptions(**before)


def tensor_repr(tensor):
    """The text that `repr(tensor)` returns: contents, then whatever is not the default.

    >>> import flambeau as torch
    >>> torch.ones(2, 2, dtype=torch.float64, requires_grad=True)
    tensor([[1., 1.],
            [1., 1.]], dtype=torch.float64, requires_grad=True)
    """
    kind = type(tensor)
    is_parameter = any(c.__name__ == "Parameter" for c in kind.__mro__)
    is_plain = kind.__name__ in ("Tensor", "Parameter")
    prefix = "tensor(" if is_plain else kind.__name__ + "("
    contents, suffixes = _contents_and_suffixes(tensor, len(prefix))
    text = _append(prefix + contents, suffixes, len(prefix))
    if is_parameter:
        text = "Parameter containing:\n" + (text if is_plain else f"Parameter({text})")
    return text


def _contents_and_suffixes(tensor, indent):
    shape, dtype, device = tuple(tensor.shape), tensor.dtype, tensor.device
    is_default = dtype == dtypes.get_default_dtype()
    suffixes = []
    if device.type != "cpu":
        suffixes.append(f"device='{device}'")
    if device.type == "meta" or 0 in shape:
        contents = "..." if device.type == "meta" else "[]"
        if device.type == "meta" or len(shape) != 1:
            suffixes.append(f"size={shape}")
        if not is_default:
            suffixes.append(f"dtype={dtype}")
    else:
        contents = _format(tensor._array, indent)
        if not _options.edgeitems:
            suffixes.append(f"size={shape}")
        if not (is_default or _goes_without_saying(dtype)):
            suffixes.append(f"dtype={dtype}")
    history = _history(tensor)
    if history:
        suffixes.append(history)
    return contents, suffixes


def _goes_without_saying(dtype):
    """Whether literals such as 1, True or 1j would give this dtype."""
    wide = dtypes.get_default_dtype() == dtypes.float64
    complex_ = dtypes.complex128 if wide else dtypes.complex64
    return dtype in (dtypes.int64, dtypes.bool_, complex_)


def _history(tensor):
    try:
        node = tensor.grad_fn
    except RuntimeError:  # a view whose history was lost by a write under no_grad
        return "grad_fn=<Invalid>"
    if node is not None:
        return f"grad_fn=<{node.name().rsplit('::', 1)[-1]}>"
    return "requires_grad=True" if tensor.requires_grad else ""


def _append(text, suffixes, indent):
    """Join the suffixes to the text, on a new line where the current one is full."""
    column = len(text) - text.rfind("\n") + 1
    for suffix in suffixes:
        if column + len(suffix) + 2 > _options.linewidth:
            text += ",\n" + " " * indent + suffix
            column = indent + len(suffix)
        else:
            text += ", " + suffix
            column += len(suffix) + 2
    return text + ")"


def _format(array, indent):
    """The bracketed values of an array that is not empty."""
    edge = _options.edgeitems
    cut = [False] * array.ndim
    if array.size > _options.threshold and array.ndim:
        if not edge:
            return "[...]"
        cut = [n > 2 * edge for n in array.shape]
        array = _edges(array, edge)
    words, width = _words(array)
    if not array.ndim:
        return words[0]
    return _brackets(words, width, array.shape, cut, indent)


def _edges(array, edge):
    """The first and last `edge` items along each axis that has more, gathered in one step."""
    mesh = []
    for axis, n in enumerate(array.shape):
        index = list(range(n)) if n <= 2 * edge else [*range(edge), *range(n - edge, n)]
        for _ in range(array.ndim - 1 - axis):
            index = [[i] for i in index]
        mesh.append(index)
    return array[tuple(mesh)]


def _brackets(words, width, shape, cut, indent):
    """Fold a flat list of words into the nested brackets of `shape`, innermost axis first.

    `cut[axis]` says that the middle of the axis was left out and dots go there.
    """
    depth = len(shape)
    row_indent = indent + depth - 1
    per_line = max(1, (_options.linewidth - row_indent) // (width + 2))
    wrap = ",\n" + " " * (row_indent + 1)
    items = []
    for row in _groups(words, shape[-1], " ..." if cut[-1] else None):
        lines = [", ".join(row[i : i + per_line]) for i in range(0, len(row), per_line)]
        items.append("[" + wrap.join(lines) + "]")
    for axis in range(depth - 2, -1, -1):
        between = "," + "\n" * (depth - 1 - axis) + " " * (indent + axis + 1)
        groups = _groups(items, shape[axis], "..." if cut[axis] else None)
        items = ["[" + between.join(group) + "]" for group in groups]
    return items[0]


def _groups(items, size, dots):
    for start in range(0, len(items), size):
        group = items[start : start + size]
        if dots:
            group.insert(size // 2, dots)
        yield group


def _words(array):
    """One padded word for each value, and the width that line breaking counts with."""
    if array.dtype.kind == "c":
        reals, real_width = _real_words(array.real)
        imags, imag_width = _real_words(array.imag)
        imags = [word.lstrip() for word in imags]
        words = [f"{re}{'' if im[0] == '-' else '+'}{im}j" for re, im in zip(reals, imags)]
        return words, real_width + imag_width + 1
    return _real_words(array)


def _real_words(array):
    if array.dtype.kind in "biu":
        words = [str(value) for value in array.ravel().tolist()]
        width = max(map(len, words))
    else:
        words, width = _float_words(array.astype("float64").ravel())
    return [word.rjust(width) for word in words], width


def _float_words(values):
    """Texts of float64 values, and the greatest length of a value that is finite and not zero."""
    size = abs(values)
    regular = (size > 0) & (size < math.inf)
    size = size[regular]
    is_whole, scientific = True, False
    if size.size:
        low, high = float(size.min()), float(size.max())
        is_whole = bool((size.round() == size).all())
        scientific = high / low > 1000.0 or high > 1.0e8 or low < 1.0e-4
        if _options.sci_mode is not None:
            scientific = _options.sci_mode
    numbers = values.tolist()
    if scientific:
        pattern = f"%.{_options.precision}e"
    elif is_whole:
        pattern = "%.0f"
    else:
        pattern = f"%.{_options.precision}f"
    words = [pattern % number for number in numbers]
    if is_whole and not scientific:  # the point alone tells that these are floats
        words = [word + "." if word[-1].isdigit() else word for word in words]
    width = max(map(len, itertools.compress(words, regular.tolist())), default=1)
    return words, width
