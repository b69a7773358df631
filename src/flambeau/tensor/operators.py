"""Python's operators on tensors."""

from __future__ import annotations

from flambeau.ops.registry import OPS

from . import indexing
from .dispatch import dispatch
from .inplace import dispatch_inplace
from .tensor import Tensor

_NUMBERS = (int, float, complex, bool)
_PLAIN = frozenset((Tensor, *_NUMBERS))


def _operand(other) -> bool:
    return isinstance(other, (Tensor, *_NUMBERS)) or hasattr(other, "dtype")


def _as_operand(other):
    """NumPy scalars and arrays beside a tensor become tensors or numbers."""
    if isinstance(other, (Tensor, *_NUMBERS)):
        return other
    from .api import torch

    return other.item() if getattr(other, "ndim", 1) == 0 else torch.as_tensor(other)


def _binary(name: str):
    op = OPS[name]
    defaults = op.defaults

    def forward(self, other):
        if type(other) in _PLAIN:
            return dispatch(op, (self, other), defaults)
        if not _operand(other):
            return NotImplemented
        return dispatch(op, (self, _as_operand(other)), defaults)

    return forward


def _inplace(name: str):
    op = OPS[name]

    def assign(self, other):
        if not _operand(other):
            return NotImplemented
        return dispatch_inplace(op, (self, _as_operand(other)), op.defaults)

    return assign


def _through(name: str):
    """An operator whose function normalises its arguments."""

    def forward(self, other):
        if not _operand(other):
            return NotImplemented
        from .api import torch

        return getattr(torch, name)(self, _as_operand(other))

    return forward


def _reflected(name: str):
    """``other OP self`` where ``other`` is a number or an array."""

    def forward(self, other):
        if not _operand(other):
            return NotImplemented
        from .api import torch

        other = _as_operand(other)
        if not isinstance(other, Tensor) and name != "pow":
            other = torch.tensor(other, dtype=torch.result_type(self, other))
        return getattr(torch, name)(other, self)

    return forward


def _commuted(name: str):
    forward = _binary(name) if OPS[name].normalise is None else _through(name)

    def reflected(self, other):
        _check_self(self, f"__r{name}__")
        return forward(self, other)

    return reflected


def _check_self(self, name: str) -> None:
    if not isinstance(self, Tensor):
        raise TypeError(
            f"descriptor '{name}' requires a 'Tensor' object but received a '{type(self).__name__}'"
        )


def _rtruediv(self, other):
    """A number over a tensor is ``reciprocal() * number``, as in PyTorch's graph."""
    if not _operand(other):
        return NotImplemented
    _check_self(self, "__rtruediv__")
    other = _as_operand(other)
    return other / self if isinstance(other, Tensor) else self.reciprocal() * other


def _rsub(self, other):
    if not _operand(other) or not isinstance(self, Tensor):
        return NotImplemented
    other = _as_operand(other)
    if isinstance(other, Tensor):
        return other - self
    return dispatch(OPS["rsub"], (self, other))


def _unary(name: str):
    def forward(self):
        return getattr(self, name)()

    return forward


def install() -> None:
    """Give ``Tensor`` its operators; called once the operations are registered."""
    for symbol, name in (("add", "add"), ("sub", "sub"), ("mul", "mul"), ("truediv", "div")):
        direct = OPS[name].normalise is None
        setattr(Tensor, f"__{symbol}__", _binary(name) if direct else _through(name))
        setattr(Tensor, f"__i{symbol}__", _inplace(name) if direct else _through(f"{name}_"))
    for symbol in ("eq", "ne", "lt", "le", "gt", "ge"):
        setattr(Tensor, f"__{symbol}__", _comparison(symbol))
    for symbol, name in _THROUGH.items():
        setattr(Tensor, f"__{symbol}__", _through(name))
    for symbol in ("floordiv", "mod", "pow", "and", "or", "xor", "lshift", "rshift", "matmul"):
        name = _THROUGH[symbol]
        if symbol != "matmul":
            setattr(Tensor, f"__i{symbol}__", _through(f"{name}_"))
        setattr(Tensor, f"__r{symbol}__", _reflected(name))
    Tensor.__radd__, Tensor.__rmul__ = _commuted("add"), _commuted("mul")
    Tensor.__rsub__ = _rsub
    Tensor.__rtruediv__ = Tensor.__rdiv__ = _rtruediv
    Tensor.__div__ = Tensor.__truediv__
    Tensor.__neg__, Tensor.__abs__ = _unary("neg"), _unary("abs")
    Tensor.__pos__, Tensor.__invert__ = _unary("positive"), _unary("bitwise_not")
    Tensor.__getitem__ = indexing.getitem
    Tensor.__setitem__ = indexing.setitem
    Tensor.__delitem__ = indexing.delitem


def _comparison(symbol: str):
    op = OPS[symbol]

    def compare(self, other):
        if not _operand(other):
            if symbol in ("eq", "ne"):
                return NotImplemented
            raise TypeError(
                f"'{symbol}' not supported between instances of 'Tensor' and "
                f"'{type(other).__name__}'"
            )
        return dispatch(op, (self, _as_operand(other)))

    return compare


_THROUGH = {
    "floordiv": "floor_divide", "mod": "remainder", "pow": "pow", "and": "bitwise_and",
    "or": "bitwise_or", "xor": "bitwise_xor", "lshift": "bitwise_left_shift",
    "rshift": "bitwise_right_shift", "matmul": "matmul",
}  # fmt: skip
