"""How recurrent layers run: one step of each kind, and all steps of all layers.

The inputs of all steps are multiplied by the input weights at once; a step then costs one matrix
product with the hidden state and the gates. Padded and packed sequences run through the same loop:
a padded batch is a packed one whose sequences are all of one length.
"""

from __future__ import annotations

from flambeau.tensor.api import F, torch
from flambeau.tensor.namespace import xp

# ------------------------------------------------------------------------------------- one step


def _rnn_step(activation):
    def step(weights):
        recurrent = weights.hh.t()
        return lambda gates, h: (activation(torch.addmm(gates, h, recurrent)),)

    return step


def _lstm_step(weights):
    recurrent = weights.hh.t()
    projection = None if weights.hr is None else weights.hr.t()

    def step(gates, h, c):
        h, c, *_ = xp.lstm_cell(torch.addmm(gates, h, recurrent), c)
        return (h if projection is None else torch.mm(h, projection)), c

    return step


def _gru_step(weights):
    recurrent = weights.hh.t()
    bias = weights.b_hh

    def step(gates, h):
        own = torch.mm(h, recurrent) if bias is None else torch.addmm(bias, h, recurrent)
        return xp.gru_cell(gates, own, h)[:1]

    return step


STEPS = {
    "RNN_TANH": _rnn_step(lambda x: torch.tanh(x)),
    "RNN_RELU": _rnn_step(lambda x: F.relu(x)),
    "LSTM": _lstm_step,
    "GRU": _gru_step,
}


class Weights:
    """The weights of one direction of one layer; absent ones are None."""

    def __init__(self, ih, hh, b_ih=None, b_hh=None, hr=None):
        self.ih, self.hh, self.b_ih, self.b_hh, self.hr = ih, hh, b_ih, b_hh, hr

    def input_gates(self, mode, rows):
        """The inputs' share of the gates; the hidden bias joins it but in a GRU, which gates it
        first.
        """
        bias = self.b_ih
        if bias is not None and mode != "GRU":
            bias = bias + self.b_hh
        return F.linear(rows, self.ih, bias)


# -------------------------------------------------------------------------------- a whole layer


def _scan(step, gates, sizes, state, reverse):
    """Run ``step`` over the packed ``gates``; the outputs of all steps, and the last state of each
    sequence.

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


def run(mode, rows, sizes, states, layers, dropout):
    """All layers over the packed ``rows``; each of ``states`` is (layers * directions, B, size)."""
    directions = len(layers[0])
    first = list(zip(*(s.unbind(0) for s in states), strict=True))
    last = []
    for i, layer in enumerate(layers):
        outputs = []
        for direction, weights in enumerate(layer):
            gates = weights.input_gates(mode, rows)
            state = first[i * directions + direction]
            output, end = _scan(STEPS[mode](weights), gates, sizes, state, direction == 1)
            outputs.append(output)
            last.append(end)
        rows = outputs[0] if directions == 1 else torch.cat(outputs, 1)
        if dropout and i < len(layers) - 1:
            rows = F.dropout(rows, dropout, True)
    return rows, tuple(map(torch.stack, zip(*last, strict=True)))
