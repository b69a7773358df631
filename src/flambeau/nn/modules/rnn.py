"""Recurrent layers over whole sequences, padded or packed."""

from __future__ import annotations

import math
import numbers
import warnings

from flambeau.nn import explain, init
from flambeau.nn.module import Module
from flambeau.nn.parameter import Parameter
from flambeau.nn.utils.rnn import PackedSequence
from flambeau.tensor.api import torch

from .recurrence import Weights, run
from .rnn_cells import GRUCell, LSTMCell, RNNCell, RNNCellBase

__all__ = ["GRU", "LSTM", "RNN", "GRUCell", "LSTMCell", "RNNBase", "RNNCell", "RNNCellBase"]

_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


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

    def _layers(self) -> list[list[Weights]]:
        kinds = {"weight_ih": "ih", "weight_hh": "hh", "weight_hr": "hr"}
        kinds |= {"bias_ih": "b_ih", "bias_hh": "b_hh"}
        flat = [
            Weights(**{kinds[n.partition("_l")[0]]: getattr(self, n) for n in names})
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
        rows, states = run(self.mode, rows, sizes, states, self._layers(), dropout)
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
        if hx is not None:
            batch = shape[0 if self.batch_first else 1]
            count = self.num_layers * self._directions
            size = (
                (count, batch, self._output_size) if len(shape) == 3 else (count, self._output_size)
            )
            return f"the state is {size}, with batch_first too; is the batch in its place in x?"
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

    Shape:  x (T, N, input_size), (N, T, input_size) if batch_first, (T, input_size), or a
            PackedSequence;
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

    c_t = f * c_(t-1) + i * g;  h_t = o * tanh(c_t);  g = tanh(...), i, f, o = sigmoid(W_i x_t + b_i
    + W_h h + b_h)

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
