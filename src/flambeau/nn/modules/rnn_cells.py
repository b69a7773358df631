"""Recurrent cells: one step at a time."""

from __future__ import annotations

import math

from flambeau.nn import explain, init
from flambeau.nn.module import Module
from flambeau.nn.parameter import Parameter
from flambeau.tensor.api import torch

from .recurrence import STEPS, Weights

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"]


class RNNCellBase(Module):
    """What the cells share: weights and printing."""

    __constants__ = ["input_size", "hidden_size", "bias"]

    def __init__(self, input_size, hidden_size, bias, num_chunks, device=None, dtype=None):
        factory = {"device": device, "dtype": dtype}
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        gates = num_chunks * hidden_size
        self.weight_ih = Parameter(torch.empty((gates, input_size), **factory))
        self.weight_hh = Parameter(torch.empty((gates, hidden_size), **factory))
        for name in ("bias_ih", "bias_hh"):
            value = Parameter(torch.empty(gates, **factory)) if bias else None
            self.register_parameter(name, value)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new weights from U(-1/sqrt(hidden_size), 1/sqrt(hidden_size))."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self) -> str:
        said = [f"{self.input_size}, {self.hidden_size}"]
        if self.bias is not True:
            said.append(f"bias={self.bias}")
        nonlinearity = getattr(self, "nonlinearity", "tanh")
        if nonlinearity != "tanh":
            said.append(f"nonlinearity={nonlinearity}")
        return ", ".join(said)

    def _step(self, mode, input, states):
        """One step from ``states``, for an input with or without a batch."""
        name = self._get_name()
        if input.dim() not in (1, 2):
            raise ValueError(f"{name}: Expected input to be 1D or 2D, got {input.dim()}D instead")
        self._check_states(states)
        if states is not None and any(s.dim() != input.dim() for s in states):
            raise RuntimeError(
                f"{name}: input has {input.dim()} dimensions, the hidden state "
                f"{states[0].dim()}: both have a batch or neither"
            )
        rows = input if input.dim() == 2 else input.unsqueeze(0)
        if states is None:
            zeros = torch.zeros(
                (rows.shape[0], self.hidden_size), dtype=input.dtype, device=input.device
            )
            states = (zeros,) * (2 if mode == "LSTM" else 1)
        elif input.dim() == 1:
            states = tuple(s.unsqueeze(0) for s in states)
        self._check_sizes(rows, states)
        weights = Weights(self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        states = STEPS[mode](weights)(weights.input_gates(mode, rows), *states)
        return states if input.dim() == 2 else tuple(s.squeeze(0) for s in states)

    def _check_states(self, states) -> None:
        for state in states or ():
            if state.dim() not in (1, 2):
                raise ValueError(
                    f"{self._get_name()}: Expected hidden to be 1D or 2D, got {state.dim()}D "
                    "instead"
                )

    def _check_sizes(self, rows, states) -> None:
        if rows.shape[1] != self.input_size:
            raise RuntimeError(
                f"input has inconsistent input_size: got {rows.shape[1]} expected {self.input_size}"
            )
        for i, state in enumerate(states):
            if state.shape[0] != rows.shape[0]:
                raise RuntimeError(
                    f"Input batch size {rows.shape[0]} doesn't match hidden{i} batch size "
                    f"{state.shape[0]}"
                )
            if state.shape[1] != self.hidden_size:
                raise RuntimeError(
                    f"hidden{i} has inconsistent hidden_size: got {state.shape[1]}, expected "
                    f"{self.hidden_size}"
                )

    def _brief(self) -> str:
        return f"{self._get_name()}({self.input_size} -> {self.hidden_size})"

    def _cure(self, input, hx=None):
        return explain.dtype_cure(input, self.weight_ih)


class RNNCell(RNNCellBase):
    """One step of an RNN, h' = tanh(W_ih x + b_ih + W_hh h + b_hh).

    Shape:  x (N, input_size) or (input_size), h (N, hidden_size) -> h' the same

    >>> import flambeau as torch
    >>> torch.nn.RNNCell(10, 20)(torch.randn(3, 10)).shape
    torch.Size([3, 20])
    """

    __constants__ = ["input_size", "hidden_size", "bias", "nonlinearity"]

    def __init__(
        self, input_size, hidden_size, bias=True, nonlinearity="tanh", device=None, dtype=None
    ):
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input, hx=None):
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        mode = f"RNN_{self.nonlinearity.upper()}"
        return self._step(mode, input, None if hx is None else (hx,))[0]


class LSTMCell(RNNCellBase):
    """One step of an LSTM: (h, c) and x to (h', c').

    Shape:  x (N, input_size) or (input_size), h and c (N, hidden_size) -> the same

    >>> import flambeau as torch
    >>> h, c = torch.nn.LSTMCell(10, 20)(torch.randn(3, 10))
    >>> h.shape, c.shape
    (torch.Size([3, 20]), torch.Size([3, 20]))
    """

    def __init__(self, input_size, hidden_size, bias=True, device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input, hx=None):
        return self._step("LSTM", input, None if hx is None else tuple(hx))

    def _check_states(self, states) -> None:
        for i, state in enumerate(states or ()):
            if state.dim() not in (1, 2):
                raise ValueError(
                    f"LSTMCell: Expected hx[{i}] to be 1D or 2D, got {state.dim()}D instead"
                )


class GRUCell(RNNCellBase):
    """One step of a GRU: h and x to h'.

    Shape:  x (N, input_size) or (input_size), h (N, hidden_size) -> h' the same

    >>> import flambeau as torch
    >>> torch.nn.GRUCell(10, 20)(torch.randn(3, 10)).shape
    torch.Size([3, 20])
    """

    def __init__(self, input_size, hidden_size, bias=True, device=None, dtype=None):
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input, hx=None):
        return self._step("GRU", input, None if hx is None else (hx,))[0]
