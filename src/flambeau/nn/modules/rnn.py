"""Recurrent layers and cells.

A layer multiplies the inputs of all steps by its input weights at once; a step then costs one matrix
product with the hidden state and the gates. Padded and packed sequences run through the same loop: a
padded batch is a packed one whose sequences are all of one length.
"""

from __future__ import annotations

import math
import numbers
import warnings

from flambeau.nn import explain, init
from flambeau.nn.module import Module
from flambeau.nn.parameter import Parameter
from flambeau.nn.utils.rnn import PackedSequence
from flambeau.tensor.api import F, torch

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNBase", "RNNCell", "RNNCellBase"]

_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}

# ------------------------------------------------------------------------------------- one step


def _rnn_step(activation):
    def step(weights):
        recurrent = weights.hh.t()
        return lambda gates, h: (activation(torch.addmm(gates, h, recurrent)),)

    return step


def _lstm_step(weights):
    recurrent = weights.hh.t()
    projection = None if weights.hr is None else weights.hr.t()
    size = recurrent.shape[1] // 4

    def step(gates, h, c):
        gates = torch.addmm(gates, h, recurrent)
        into, candidate, out = gates.split((2 * size, size, size), 1)
        write, keep = torch.sigmoid(into).chunk(2, 1)
        c = keep * c + write * torch.tanh(candidate)
        h = torch.sigmoid(out) * torch.tanh(c)
        return (h if projection is None else torch.mm(h, projection)), c

    return step


def _gru_step(weights):
    recurrent = weights.hh.t()
    size = recurrent.shape[1] // 3
    bias = weights.b_hh

    def step(gates, h):
        own = torch.mm(h, recurrent) if bias is None else torch.addmm(bias, h, recurrent)
        gates, candidate = gates.split((2 * size, size), 1)
        own_gates, own_candidate = own.split((2 * size, size), 1)
        reset, keep = torch.sigmoid(gates + own_gates).chunk(2, 1)
        candidate = torch.tanh(candidate + reset * own_candidate)
        return (candidate + keep * (h - candidate),)

    return step


_STEPS = {
    "RNN_TANH": _rnn_step(lambda x: torch.tanh(x)),
    "RNN_RELU": _rnn_step(lambda x: F.relu(x)),
    "LSTM": _lstm_step,
    "GRU": _gru_step,
}


class _Weights:
    """The weights of one direction of one layer; absent ones are None."""

    def __init__(self, ih, hh, b_ih=None, b_hh=None, hr=None):
        self.ih, self.hh, self.b_ih, self.b_hh, self.hr = ih, hh, b_ih, b_hh, hr

    def input_gates(self, mode, rows):
        """The inputs' share of the gates; the hidden bias joins it but in a GRU, which gates it first."""
        bias = self.b_ih
        if bias is not None and mode != "GRU":
            bias = bias + self.b_hh
        return F.linear(rows, self.ih, bias)


# -------------------------------------------------------------------------------- a whole layer


def _scan(step, gates, sizes, state, reverse):
    """Run ``step`` over the packed ``gates``; the outputs of all steps, and the last state of each sequence.

    ``sizes[t]`` sequences have a step t. Forwards the shorter ones drop out on the way; backwards
    they join later.
    """
    pieces = gates.split(sizes)
    outputs = [None] * len(sizes)
    order = range(len(sizes) - 1, -1, -1) if reverse else range(len(sizes))
    alive = sizes[order[0]]
    live = state if alive == sizes[0] else tuple(s[:alive] for s in state)
    finished = []
    for t in order:
        size = sizes[t]
        if size < alive:
            finished.append(tuple(s[size:] for s in live))
            live = tuple(s[:size] for s in live)
        elif size > alive:
            live = tuple(
                torch.cat((now, first[alive:size])) for now, first in zip(live, state, strict=True)
            )
        alive = size
        live = step(pieces[t], *live)
        outputs[t] = live[0]
    if finished:
        live = tuple(map(torch.cat, zip(live, *reversed(finished), strict=True)))
    return torch.cat(outputs), live


def _run(mode, rows, sizes, states, layers, dropout):
    """All layers over the packed ``rows``; each of ``states`` is (layers * directions, B, size)."""
    directions = len(layers[0])
    first = list(zip(*(s.unbind(0) for s in states), strict=True))
    last = []
    for i, layer in enumerate(layers):
        outputs = []
        for direction, weights in enumerate(layer):
            gates = weights.input_gates(mode, rows)
            state = first[i * directions + direction]
            output, end = _scan(_STEPS[mode](weights), gates, sizes, state, direction == 1)
            outputs.append(output)
            last.append(end)
        rows = outputs[0] if directions == 1 else torch.cat(outputs, 1)
        if dropout and i < len(layers) - 1:
            rows = F.dropout(rows, dropout, True)
    return rows, tuple(map(torch.stack, zip(*last, strict=True)))


class RNNBase(Module):
    """What RNN, LSTM and GRU share: their arguments, weights, checks and packing."""

    __constants__ = [
        "mode",
        "input_size",
        "hidden_size",
        "num_layers",
        "bias",
        "batch_first",
        "dropout",
        "bidirectional",
        "proj_size",
    ]

    def __init__(
        self,
        mode,
        input_size,
        hidden_size,
        num_layers=1,
        bias=True,
        batch_first=False,
        dropout=0.0,
        bidirectional=False,
        proj_size=0,
        device=None,
        dtype=None,
    ):
        super().__init__()
        _check_arguments(
            mode, input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size
        )
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._all_weights = []
        factory = {"device": device, "dtype": dtype}
        for layer in range(num_layers):
            for suffix in ("", "_reverse")[: self._directions]:
                self._add_weights(layer, suffix, factory)
        self.reset_parameters()

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def _output_size(self) -> int:
        return self.proj_size or self.hidden_size

    def _add_weights(self, layer, suffix, factory) -> None:
        gates = _GATES[self.mode] * self.hidden_size
        inputs = self.input_size if layer == 0 else self._output_size * self._directions
        shapes = {"weight_ih": (gates, inputs), "weight_hh": (gates, self._output_size)}
        if self.bias:
            shapes |= {"bias_ih": (gates,), "bias_hh": (gates,)}
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        names = []
        for kind, shape in shapes.items():
            names.append(f"{kind}_l{layer}{suffix}")
            setattr(self, names[-1], Parameter(torch.empty(shape, **factory)))
        self._all_weights.append(names)

    def reset_parameters(self) -> None:
        """Draw new weights from U(-1/sqrt(hidden_size), 1/sqrt(hidden_size))."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """Nothing to do here: it lays weights out anew for GPUs."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The weights of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    @property
    def _flat_weights_names(self) -> list[str]:
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self) -> list[Parameter]:
        return [getattr(self, name) for name in self._flat_weights_names]

    def _layers(self) -> list[list[_Weights]]:
        kinds = {"weight_ih": "ih", "weight_hh": "hh", "weight_hr": "hr"}
        kinds |= {"bias_ih": "b_ih", "bias_hh": "b_hh"}
        flat = [
            _Weights(**{kinds[n.partition("_l")[0]]: getattr(self, n) for n in names})
            for names in self._all_weights
        ]
        n = self._directions
        return [flat[i : i + n] for i in range(0, len(flat), n)]

    # -------------------------------------------------------------------------------- checks

    def check_input(self, input, batch_sizes) -> None:
        """Raise if the input's dtype, number of dimensions or features are wrong."""
        weight = getattr(self, self._all_weights[0][0])
        if input.dtype != weight.dtype:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({weight.dtype}). "
                f"Convert input: input.to({weight.dtype}), or convert model: "
                f"model.to({input.dtype})"
            )
        expected = 3 if batch_sizes is None else 2
        if input.dim() != expected:
            raise RuntimeError(f"input must have {expected} dimensions, got {input.dim()}")
        if self.input_size != input.shape[-1]:
            raise RuntimeError(
                "input.size(-1) must be equal to input_size. Expected "
                f"{self.input_size}, got {input.shape[-1]}"
            )

    def get_expected_hidden_size(self, input, batch_sizes) -> tuple[int, int, int]:
        """(layers * directions, B, size) of the hidden state."""
        if batch_sizes is not None:
            batch = int(batch_sizes[0])
        else:
            batch = input.shape[0 if self.batch_first else 1]
        return self.num_layers * self._directions, batch, self._output_size

    def check_hidden_size(self, hx, expected, msg="Expected hidden size {}, got {}") -> None:
        """Raise unless ``hx`` has the expected size."""
        if tuple(hx.shape) != tuple(expected):
            raise RuntimeError(msg.format(expected, list(hx.shape)))

    def check_forward_args(self, input, hidden, batch_sizes) -> None:
        """Raise if the input or the hidden state do not fit."""
        self.check_input(input, batch_sizes)
        self.check_hidden_size(hidden, self.get_expected_hidden_size(input, batch_sizes))

    def permute_hidden(self, hx, permutation):
        """The hidden state with its sequences in the order of ``permutation``."""
        return hx if permutation is None else hx.index_select(1, permutation)

    def _initial(self, input, batch: int):
        """The hidden state where none is given."""
        return self._zeros(input, batch, self._output_size)

    def _zeros(self, input, batch, size):
        shape = (self.num_layers * self._directions, batch, size)
        return torch.zeros(shape, dtype=input.dtype, device=input.device)

    def _check_dims(self, input, hx) -> None:
        """Raise unless input and hidden state are both batched or both not."""
        kind = self.mode.partition("_")[0]
        if input.dim() not in (2, 3):
            tensor = "D tensor" if kind == "RNN" else "D"
            raise ValueError(
                f"{kind}: Expected input to be 2D or 3D, got {input.dim()}{tensor} instead"
            )
        if hx is not None and hx.dim() != input.dim():
            batched = "batched 3-D" if input.dim() == 3 else "unbatched 2-D"
            raise RuntimeError(
                f"For {batched} input, hx should also be {input.dim()}-D but got {hx.dim()}-D "
                "tensor"
            )

    # --------------------------------------------------------------------------------- forward

    def forward(self, input, hx=None):
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx)
        self._check_dims(input, hx)
        if input.dim() == 2:
            input = input.unsqueeze(0 if self.batch_first else 1)
            hx = None if hx is None else self._each(hx, lambda t: t.unsqueeze(1))
            output, hx = self._forward_batch(input, hx)
            output = output.squeeze(0 if self.batch_first else 1)
            return output, self._each(hx, lambda t: t.squeeze(1))
        return self._forward_batch(input, hx)

    def _forward_batch(self, input, hx):
        if hx is None:
            hx = self._initial(input, input.shape[0 if self.batch_first else 1])
        self.check_forward_args(input, hx, None)
        steps = input.transpose(0, 1) if self.batch_first else input
        length, batch = steps.shape[:2]
        if length == 0:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        rows = steps.reshape(length * batch, self.input_size)
        rows, hx = self._compute(rows, [batch] * length, hx)
        output = rows.reshape(length, batch, rows.shape[1])
        return (output.transpose(0, 1) if self.batch_first else output), hx

    def _forward_packed(self, packed, hx):
        rows, batch_sizes, order, back = packed
        if hx is None:
            hx = self._initial(rows, int(batch_sizes[0]))
        else:
            hx = self.permute_hidden(hx, order)
        self.check_forward_args(rows, hx, batch_sizes)
        rows, hx = self._compute(rows, batch_sizes.tolist(), hx)
        return PackedSequence(rows, batch_sizes, order, back), self.permute_hidden(hx, back)

    def _compute(self, rows, sizes, hx):
        states = hx if isinstance(hx, tuple) else (hx,)
        dropout = self.dropout if self.training else 0
        rows, states = _run(self.mode, rows, sizes, states, self._layers(), dropout)
        return rows, (states if isinstance(hx, tuple) else states[0])

    def _each(self, hx, function):
        return tuple(map(function, hx)) if isinstance(hx, tuple) else function(hx)

    def extra_repr(self) -> str:
        said = [f"{self.input_size}, {self.hidden_size}"]
        if self.proj_size != 0:
            said.append(f"proj_size={self.proj_size}")
        if self.num_layers != 1:
            said.append(f"num_layers={self.num_layers}")
        if self.bias is not True:
            said.append(f"bias={self.bias}")
        if self.batch_first is not False:
            said.append(f"batch_first={self.batch_first}")
        if self.dropout != 0:
            said.append(f"dropout={self.dropout}")
        if self.bidirectional is not False:
            said.append(f"bidirectional={self.bidirectional}")
        return ", ".join(said)

    def _brief(self) -> str:
        return f"{self._get_name()}({self.input_size} -> {self.hidden_size})"

    def _cure(self, input, hx=None):
        if isinstance(input, PackedSequence):
            input = input.data
        wrong = explain.dtype_cure(input, self.all_weights[0][0])
        if wrong:
            return wrong
        shape = tuple(input.shape)
        if len(shape) not in (2, 3):
            order = "(N, T, features)" if self.batch_first else "(T, N, features)"
            return f"the input must be {order}, or (T, features) for one sequence"
        if shape[-1] != self.input_size:
            if self.input_size == 1:
                return "the feature dimension is missing: x = x.unsqueeze(-1)"
            return (
                f"the last dimension must be the {self.input_size} features: "
                f"nn.{self._get_name()}({shape[-1]}, {self.hidden_size})"
            )
        if hx is not None and not self.batch_first:
            return "the batch is the second dimension unless batch_first=True is given"
        return None


def _check_arguments(
    mode, input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size
) -> None:
    number = isinstance(dropout, numbers.Number) and not isinstance(dropout, bool)
    if not number or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an "
            "element being zeroed"
        )
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout "
            f"expects num_layers greater than 1, but got dropout={dropout} and "
            f"num_layers={num_layers}",
            stacklevel=4,
        )
    given = {"bias": bias, "batch_first": batch_first}
    for name, value in given.items():
        if not isinstance(value, bool):
            raise TypeError(f"{name} should be of type bool, got: {type(value).__name__}")
    for name, value in {"input_size": input_size, "hidden_size": hidden_size}.items():
        if not isinstance(value, int):
            raise TypeError(f"{name} should be of type int, got: {type(value).__name__}")
        if value <= 0:
            raise ValueError(f"{name} must be greater than zero")
    if num_layers <= 0:
        raise ValueError("num_layers must be greater than zero")
    if proj_size < 0:
        raise ValueError("proj_size should be a positive integer or zero to disable projections")
    if proj_size >= hidden_size:
        raise ValueError("proj_size has to be smaller than hidden_size")
    if mode not in _GATES:
        raise ValueError("Unrecognized RNN mode: " + mode)


def _no_projection(kwargs) -> None:
    if "proj_size" in kwargs:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")


class RNN(RNNBase):
    """Recurrent layers, h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh).

    Shape:  x (T, N, input_size), (N, T, input_size) if batch_first, (T, input_size), or a PackedSequence;
            h_0 (layers * directions, N, hidden_size), zeros by default
            -> outputs of the last layer (T, N, directions * hidden_size), and h_T
    Args:   num_layers: layers on top of each other. nonlinearity: "tanh" or "relu".
            bias, batch_first, dropout between layers, bidirectional.

    >>> import flambeau as torch
    >>> output, h = torch.nn.RNN(10, 20, 2)(torch.randn(5, 3, 10))
    >>> output.shape, h.shape
    (torch.Size([5, 3, 20]), torch.Size([2, 3, 20]))
    """

    def __init__(self, input_size, hidden_size, num_layers=1, nonlinearity="tanh", *args, **kwargs):
        _no_projection(kwargs)
        modes = {"tanh": "RNN_TANH", "relu": "RNN_RELU"}
        if nonlinearity not in modes:
            raise ValueError(
                f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'."
            )
        mode = modes[nonlinearity]
        super().__init__(mode, input_size, hidden_size, num_layers, *args, **kwargs)
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """Long short-term memory, with gates i, f, o and candidate g:

    c_t = f * c_(t-1) + i * g;  h_t = o * tanh(c_t);  g = tanh(...), i, f, o = sigmoid(W_i x_t + b_i + W_h h + b_h)

    Shape:  as of ``RNN``; the state is a pair (h, c)
    Args:   as of ``RNN`` without nonlinearity; proj_size: project h to this many values.

    >>> import flambeau as torch
    >>> output, (h, c) = torch.nn.LSTM(10, 20, batch_first=True)(torch.randn(3, 5, 10))
    >>> output.shape, h.shape, c.shape
    (torch.Size([3, 5, 20]), torch.Size([1, 3, 20]), torch.Size([1, 3, 20]))
    """

    def __init__(self, *args, **kwargs):
        super().__init__("LSTM", *args, **kwargs)

    def get_expected_cell_size(self, input, batch_sizes) -> tuple[int, int, int]:
        """(layers * directions, B, hidden_size) of the cell state."""
        return (*self.get_expected_hidden_size(input, batch_sizes)[:2], self.hidden_size)

    def check_forward_args(self, input, hidden, batch_sizes) -> None:
        self.check_input(input, batch_sizes)
        expected = self.get_expected_hidden_size(input, batch_sizes)
        self.check_hidden_size(hidden[0], expected, "Expected hidden[0] size {}, got {}")
        expected = self.get_expected_cell_size(input, batch_sizes)
        self.check_hidden_size(hidden[1], expected, "Expected hidden[1] size {}, got {}")

    def permute_hidden(self, hx, permutation):
        if permutation is None:
            return hx
        return tuple(h.index_select(1, permutation) for h in hx)

    def _initial(self, input, batch):
        h = self._zeros(input, batch, self._output_size)
        return h, self._zeros(input, batch, self.hidden_size)

    def _check_dims(self, input, hx) -> None:
        super()._check_dims(input, None)
        if hx is None:
            return
        dims = tuple(h.dim() for h in hx)
        if dims != (input.dim(),) * 2:
            batched = "batched 3-D" if input.dim() == 3 else "unbatched 2-D"
            raise RuntimeError(
                f"For {batched} input, hx and cx should also be {input.dim()}-D but got "
                f"({dims[0]}-D, {dims[1]}-D) tensors"
            )

    def _each(self, hx, function):
        return tuple(map(function, hx))

    def _compute(self, rows, sizes, hx):
        return super()._compute(rows, sizes, tuple(hx))


class GRU(RNNBase):
    """Gated recurrent units, with gates r, z and candidate n:

    h_t = (1 - z) * n + z * h_(t-1);  n = tanh(W_in x_t + b_in + r * (W_hn h_(t-1) + b_hn))

    Shape:  as of ``RNN``
    Args:   as of ``RNN`` without nonlinearity.

    >>> import flambeau as torch
    >>> output, h = torch.nn.GRU(10, 20, bidirectional=True)(torch.randn(5, 3, 10))
    >>> output.shape, h.shape
    (torch.Size([5, 3, 40]), torch.Size([2, 3, 20]))
    """

    def __init__(self, *args, **kwargs):
        _no_projection(kwargs)
        super().__init__("GRU", *args, **kwargs)


# ---------------------------------------------------------------------------------------- cells


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
        weights = _Weights(self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        states = _STEPS[mode](weights)(weights.input_gates(mode, rows), *states)
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
