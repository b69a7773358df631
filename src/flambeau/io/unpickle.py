"""A restricted interpreter of pickles: it calls nothing but what its table of names allows.

Python's own unpickler imports and calls whatever a file asks for. This one knows the same opcodes
(protocols 0 to 5), but a global name is only looked up in a table that the caller supplies. The
table says what the name stands for, and whether and how it may be called; anything else is an error
that names it.
"""

from __future__ import annotations

import struct
from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING
from collections import OrderedDict, deque
from collections.abc import Callable
from pickle import decode_long
from typing import Any, NamedTuple

from .errors import CheckpointError, TruncatedError, UnsafeCheckpointError

__all__ = ["Global", "Unpickler"]

HIGHEST_PROTOCOL = 5
# A key is hashed with all that is in it, and Python hashes a tuple anew each time: nested ones
# would take forever.
MAX_KEY_PARTS = 1000
_ATOMS = (str, int, float, complex, bool, bytes, type(None))


class Global(NamedTuple):
    """What a name in a pickle stands for.

    ``value`` is pushed for the name; ``call`` makes an object from the arguments of a call (None:
    it must not be called), ``new`` from those of ``cls.__new__``.
    """

    value: Any
    call: Callable | None = None
    new: Callable | None = None


class Unpickler:
    """Reads one pickle after another out of ``data``.

    Args:
        data: bytes that hold one or more pickles.
        find: called with (module, name), returns a ``Global`` or raises.
        persistent_load: called with each persistent id. Default: there must be none.
        build: called with (object, state) for the state of an object that is neither dict nor list.
        encoding: of the strings of Python 2; "bytes" leaves them bytes. Default "utf-8".
    """

    def __init__(self, data, find, persistent_load=None, build=None, encoding="utf-8"):
        self.data = memoryview(data)
        self.end = len(self.data)
        self.position = 0
        self.find = find
        self.persistent_load = persistent_load or _no_persistent_ids
        self.build = build or _no_state
        self.encoding = encoding
        self.calls: dict[int, Global] = {}

    def load(self) -> Any:
        """The next object; raises CheckpointError on anything that is not a sound pickle."""
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        try:
            while True:
                code = self.read(1)[0]
                if code == 0x2E:  # '.', the end of a pickle
                    if self.marks or len(self.stack) != 1:
                        raise CheckpointError("the pickle ends in the middle of an object")
                    return self.stack.pop()
                step = _STEPS.get(code)
                if step is None:
                    raise CheckpointError(
                        f"not a pickle: byte 0x{code:02x} at position {self.position - 1} is no "
                        "opcode"
                    )
                step(self)
        except CheckpointError:
            raise
        except (
            IndexError, KeyError, ValueError, TypeError, AttributeError, OverflowError,
            struct.error, LookupError, RecursionError, MemoryError,
        ) as error:  # fmt: skip
            raise CheckpointError(
                f"damaged pickle: at position {self.position}: {type(error).__name__}: {error}"
            ) from error

    def read(self, count: int):
        """The next ``count`` bytes."""
        start, stop = self.position, self.position + count
        if count < 0 or stop > self.end:
            raise TruncatedError(
                f"Ran out of input: the pickle wants {count} bytes at position {start}, "
                f"{self.end - start} are left. Is the file cut off?"
            )
        self.position = stop
        return self.data[start:stop]

    def line(self) -> bytes:
        """The bytes up to the next line end."""
        start = self.position
        stop = start
        while True:
            piece = bytes(self.data[stop : stop + 256])
            found = piece.find(b"\n")
            if found >= 0:
                self.position = stop + found + 1
                return bytes(self.data[start : stop + found])
            if not piece:
                raise TruncatedError("Ran out of input: the pickle ends within a line")
            stop += 256

    def number(self, form: str) -> Any:
        """The next number, in the notation of ``struct``."""
        return struct.unpack(form, self.read(struct.calcsize(form)))[0]

    def pop_mark(self) -> list[Any]:
        """What was pushed since the last mark."""
        if not self.marks:
            raise CheckpointError("damaged pickle: an object has an end but no beginning")
        items, self.stack = self.stack, self.marks.pop()
        return items

    def push_global(self, module: str, name: str) -> None:
        if (module, name) in NAME_MAPPING:
            module, name = NAME_MAPPING[(module, name)]
        elif module in IMPORT_MAPPING:
            module = IMPORT_MAPPING[module]
        found = self.find(module, name)
        self.calls[id(found.value)] = (
            found  # the value lives as long as this table: ids stay unique
        )
        self.stack.append(found.value)

    def known(self, value: Any) -> Global:
        """The entry of a value that the pickle wants to call."""
        found = self.calls.get(id(value))
        if found is None:
            raise UnsafeCheckpointError(
                f"the file wants to call {_named(value)}, which is not a name that it may call"
            )
        return found

    def add_items(self, target: Any, items: list[Any]) -> None:
        if len(items) % 2:
            raise CheckpointError("damaged pickle: a dict has a key without a value")
        if not isinstance(target, dict):
            raise CheckpointError(f"damaged pickle: {_named(target)} is no dict")
        for i in range(0, len(items), 2):
            check_key(items[i])
            target[items[i]] = items[i + 1]

    def extend(self, target: Any, items: list[Any]) -> None:
        if not isinstance(target, (list, deque)):
            raise CheckpointError(f"damaged pickle: {_named(target)} is no list")
        target.extend(items)


def check_key(key: Any) -> None:
    """Raise unless ``key`` hashes quickly: numbers, strings, small tuples of them."""
    if type(key) in _ATOMS:
        return
    waiting, parts = [(key, 0)], 0
    while waiting:
        item, depth = waiting.pop()
        parts += 1
        if parts > MAX_KEY_PARTS or depth > 50:
            raise CheckpointError("a dict or set in the file has a key of absurd size")
        if isinstance(item, (tuple, frozenset)):
            if len(item) > MAX_KEY_PARTS:
                raise CheckpointError("a dict or set in the file has a key of absurd size")
            waiting += [(each, depth + 1) for each in item]
        elif type(item).__hash__ is None:
            raise CheckpointError(
                f"a {type(item).__name__} in the file is used as a key of a dict or set"
            )


def _named(value: Any) -> str:
    name = getattr(value, "__qualname__", None)
    return f"{value.__module__}.{name}" if name else f"an object of type {type(value).__name__}"


def _no_persistent_ids(pid):
    raise CheckpointError("the pickle refers to an object outside it, and there is none")


def _no_state(obj, state):
    raise UnsafeCheckpointError(f"the file wants to set the state of {_named(obj)}")


# The steps, one an opcode -------------------------------------------------------------------

_STEPS: dict[int, Callable[[Unpickler], None]] = {}


def _on(*codes: bytes):
    def register(step):
        for code in codes:
            _STEPS[code[0]] = step
        return step

    return register


def _constant(code: bytes, make: Callable[[], Any]) -> None:
    _STEPS[code[0]] = lambda m: m.stack.append(make())


for _code, _make in (
    (b"N", lambda: None), (b"\x88", lambda: True), (b"\x89", lambda: False),
    (b"]", list), (b")", tuple), (b"}", dict), (b"\x8f", set),
):  # fmt: skip
    _constant(_code, _make)


def _plain(code: bytes, form: str) -> None:
    _STEPS[code[0]] = lambda m: m.stack.append(m.number(form))


for _code, _form in ((b"J", "<i"), (b"K", "<B"), (b"M", "<H"), (b"G", ">d")):
    _plain(_code, _form)


def _text(code: bytes, form: str) -> None:
    _STEPS[code[0]] = lambda m: m.stack.append(
        str(m.read(m.number(form)), "utf-8", "surrogatepass")
    )


for _code, _form in ((b"\x8c", "<B"), (b"X", "<I"), (b"\x8d", "<Q")):
    _text(_code, _form)


def _bytes(code: bytes, form: str, kind: type) -> None:
    _STEPS[code[0]] = lambda m: m.stack.append(kind(m.read(m.number(form))))


for _code, _form, _kind in (
    (b"C", "<B", bytes), (b"B", "<I", bytes), (b"\x8e", "<Q", bytes), (b"\x96", "<Q", bytearray),
):  # fmt: skip
    _bytes(_code, _form, _kind)


def _old_text(code: bytes, form: str) -> None:
    _STEPS[code[0]] = lambda m: m.stack.append(_decode(m, bytes(m.read(m.number(form)))))


for _code, _form in ((b"U", "<B"), (b"T", "<i")):
    _old_text(_code, _form)


def _decode(m: Unpickler, raw: bytes):
    if m.encoding == "bytes":
        return raw
    try:
        return raw.decode(m.encoding)
    except UnicodeDecodeError as error:
        raise CheckpointError(
            f"a string written by Python 2 is not {m.encoding}: {error}. "
            "Pass encoding='latin1' (or encoding='bytes') to load."
        ) from None


@_on(b"\x80")
def _protocol(m):
    version = m.read(1)[0]
    if version > HIGHEST_PROTOCOL:
        raise CheckpointError(f"pickle protocol {version} is unknown (the newest is 5)")


@_on(b"\x95")
def _frame(m):
    size = m.number("<Q")
    if size > m.end - m.position:
        raise TruncatedError(f"Ran out of input: a frame of {size} bytes is cut off")


@_on(b"(")
def _mark(m):
    m.marks.append(m.stack)
    m.stack = []


@_on(b"0")
def _pop(m):
    if m.stack:
        m.stack.pop()
    else:
        m.pop_mark()


@_on(b"1")
def _pop_to_mark(m):
    m.pop_mark()


@_on(b"2")
def _duplicate(m):
    m.stack.append(m.stack[-1])


@_on(b"I")
def _decimal(m):
    line = m.line()
    m.stack.append({b"00": False, b"01": True}[line] if line in (b"00", b"01") else int(line))


@_on(b"L")
def _long_decimal(m):
    m.stack.append(int(m.line().rstrip(b"L")))


@_on(b"F")
def _float_decimal(m):
    m.stack.append(float(m.line()))


@_on(b"\x8a")
def _long1(m):
    m.stack.append(decode_long(bytes(m.read(m.read(1)[0]))))


@_on(b"\x8b")
def _long4(m):
    m.stack.append(decode_long(bytes(m.read(m.number("<i")))))


@_on(b"S")
def _quoted(m):
    line = m.line()
    if len(line) < 2 or line[:1] not in b"'\"" or line[:1] != line[-1:]:
        raise CheckpointError("damaged pickle: a string without quotes")
    raw = line[1:-1].decode("latin1").encode("latin1").decode("unicode_escape").encode("latin1")
    m.stack.append(_decode(m, raw))


@_on(b"V")
def _unicode_line(m):
    m.stack.append(str(m.line(), "raw-unicode-escape"))


@_on(b"t")
def _tuple(m):
    items = m.pop_mark()
    m.stack.append(tuple(items))


def _small_tuple(code: bytes, size: int) -> None:
    def step(m):
        if len(m.stack) < size:
            raise CheckpointError("damaged pickle: a tuple of things that are not there")
        m.stack[-size:] = [tuple(m.stack[-size:])]

    _STEPS[code[0]] = step


for _code, _size in ((b"\x85", 1), (b"\x86", 2), (b"\x87", 3)):
    _small_tuple(_code, _size)


@_on(b"l")
def _list(m):
    items = m.pop_mark()
    m.stack.append(items)


@_on(b"d")
def _dict(m):
    items, made = m.pop_mark(), {}
    m.add_items(made, items)
    m.stack.append(made)


@_on(b"a")
def _append(m):
    item = m.stack.pop()
    m.extend(m.stack[-1], [item])


@_on(b"e")
def _appends(m):
    items = m.pop_mark()
    m.extend(m.stack[-1], items)


@_on(b"s")
def _set_item(m):
    value, key = m.stack.pop(), m.stack.pop()
    m.add_items(m.stack[-1], [key, value])


@_on(b"u")
def _set_items(m):
    items = m.pop_mark()
    m.add_items(m.stack[-1], items)


@_on(b"\x90")
def _add_to_set(m):
    items = m.pop_mark()
    if type(m.stack[-1]) is not set:
        raise CheckpointError("damaged pickle: items for a set that is none")
    for item in items:
        check_key(item)
    m.stack[-1].update(items)


@_on(b"\x91")
def _frozen_set(m):
    items = m.pop_mark()
    for item in items:
        check_key(item)
    m.stack.append(frozenset(items))


@_on(b"p")
def _put(m):
    m.memo[int(m.line())] = m.stack[-1]


@_on(b"q")
def _put1(m):
    m.memo[m.read(1)[0]] = m.stack[-1]


@_on(b"r")
def _put4(m):
    m.memo[m.number("<I")] = m.stack[-1]


@_on(b"\x94")
def _memoize(m):
    m.memo[len(m.memo)] = m.stack[-1]


def _recall(m, key: int) -> None:
    if key not in m.memo:
        raise CheckpointError(f"Memo value not found at index {key}")
    m.stack.append(m.memo[key])


@_on(b"g")
def _get(m):
    _recall(m, int(m.line()))


@_on(b"h")
def _get1(m):
    _recall(m, m.read(1)[0])


@_on(b"j")
def _get4(m):
    _recall(m, m.number("<I"))


@_on(b"c")
def _global(m):
    module, name = m.line(), m.line()
    m.push_global(module.decode("utf-8"), name.decode("utf-8"))


@_on(b"\x93")
def _stack_global(m):
    name, module = m.stack.pop(), m.stack.pop()
    if type(name) is not str or type(module) is not str:
        raise CheckpointError("damaged pickle: a global name that is no string")
    m.push_global(module, name)


def _call(m, function: Any, args: Any) -> Any:
    entry = m.known(function)
    if entry.call is None or type(args) is not tuple:
        raise UnsafeCheckpointError(f"the file wants to call {_named(function)}, which it may not")
    return entry.call(*args)


def _create(m, cls: Any, args: Any, kwargs: dict) -> Any:
    entry = m.known(cls)
    if entry.new is None or type(args) is not tuple:
        raise UnsafeCheckpointError(f"the file wants to create a {_named(cls)}, which it may not")
    return entry.new(*args, **kwargs)


@_on(b"R")
def _reduce(m):
    args, function = m.stack.pop(), m.stack.pop()
    m.stack.append(_call(m, function, args))


@_on(b"\x81")
def _new_object(m):
    args, cls = m.stack.pop(), m.stack.pop()
    m.stack.append(_create(m, cls, args, {}))


@_on(b"\x92")
def _new_object_ex(m):
    kwargs, args, cls = m.stack.pop(), m.stack.pop(), m.stack.pop()
    if type(kwargs) is not dict:
        raise CheckpointError("damaged pickle: keyword arguments that are no dict")
    m.stack.append(_create(m, cls, args, kwargs))


@_on(b"o")
def _old_object(m):
    cls, *args = m.pop_mark()
    m.stack.append(_call(m, cls, tuple(args)))


@_on(b"i")
def _old_instance(m):
    module, name, args = m.line(), m.line(), m.pop_mark()
    m.push_global(module.decode("utf-8"), name.decode("utf-8"))
    m.stack.append(_call(m, m.stack.pop(), tuple(args)))


@_on(b"b")
def _build(m):
    state = m.stack.pop()
    obj = m.stack[-1]
    if type(obj) is OrderedDict and type(state) is dict:  # e.g. the _metadata of a state_dict
        vars(obj).update(state)
    else:
        m.build(obj, state)


@_on(b"P")
def _persistent_line(m):
    m.stack.append(m.persistent_load(m.line().decode("ascii")))


@_on(b"Q")
def _persistent(m):
    m.stack.append(m.persistent_load(m.stack.pop()))
