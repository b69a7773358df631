"""The elementwise part of one step of an LSTM and of a GRU, as one operation each.

The matrix products stay outside. The activations are outputs of their own, so that the derivative
has them and derivatives of any order see where they come from.
"""

from __future__ import annotations

from .registry import op


def _plus(a, b):
    """a + b, where None stands for a cotangent that is zero."""
    if a is None or b is None:
        return b if a is None else a
    return a + b


@op(node="LstmCell")
def lstm_cell(xp, gates, c):
    """(h, c', if, g, o): c' = f c + i g, h = o tanh(c'), with i, f, o = sigmoid and g = tanh of
    the pre-activations (N, 4 H), which lie in the order i f g o; ``if`` holds i and f side by side.
    """
    n = c.shape[1]
    both = xp.sigmoid(gates[:, : 2 * n])
    candidate = xp.tanh(gates[:, 2 * n : 3 * n])
    out = xp.sigmoid(gates[:, 3 * n :])
    new = both[:, n:] * c + both[:, :n] * candidate
    return out * xp.tanh(new), new, both, candidate, out


@lstm_cell.vjp_joint
def _lstm_rule(xp, g, y1, y2, y3, y4, c):
    gh, gc, gboth, gcandidate, gout = g
    new, both, candidate, out = y1, y2, y3, y4
    n = c.shape[1]
    write, keep = both[:, :n], both[:, n:]
    if gh is not None:
        squashed = xp.tanh(new)
        gc = _plus(gc, gh * out * (1 - squashed * squashed))
        gout = _plus(gout, gh * squashed)
    if gc is not None:
        gboth = _plus(gboth, xp.concatenate((gc * candidate, gc * c), axis=1))
        gcandidate = _plus(gcandidate, gc * write)
    parts = (
        xp.zeros_like(both) if gboth is None else gboth * both * (1 - both),
        xp.zeros_like(new) if gcandidate is None else gcandidate * (1 - candidate * candidate),
        xp.zeros_like(new) if gout is None else gout * out * (1 - out),
    )
    return xp.concatenate(parts, axis=1), (None if gc is None else gc * keep)


@lstm_cell.shape
def _lstm_shape(gates, c):
    both = (c[0], 2 * c[1])
    return c, c, both, c, c


@op(node="GruCell")
def gru_cell(xp, gates, own, h):
    """(h', rz, n): h' = n + z (h - n), with r, z = sigmoid(a + b) and n = tanh(a_n + r b_n), where
    a = ``gates`` and b = ``own``, both (N, 3 H) in the order r z n, come from input and state.
    """
    n = h.shape[1]
    both = xp.sigmoid(gates[:, : 2 * n] + own[:, : 2 * n])
    candidate = xp.tanh(gates[:, 2 * n :] + both[:, :n] * own[:, 2 * n :])
    return candidate + both[:, n:] * (h - candidate), both, candidate


@gru_cell.vjp_joint
def _gru_rule(xp, g, y1, y2, own, h):
    gh, gboth, gcandidate = g
    both, candidate = y1, y2
    n = h.shape[1]
    reset, keep = both[:, :n], both[:, n:]
    gkeep = None
    if gh is not None:
        gcandidate = _plus(gcandidate, gh * (1 - keep))
        gkeep = gh * (h - candidate)
    if gcandidate is None:
        gcandidate = xp.zeros_like(candidate)
    gcandidate = gcandidate * (1 - candidate * candidate)
    greset = gcandidate * own[:, 2 * n :]
    gkeep = xp.zeros_like(greset) if gkeep is None else gkeep
    gboth = _plus(gboth, xp.concatenate((greset, gkeep), axis=1)) * both * (1 - both)
    return (
        xp.concatenate((gboth, gcandidate), axis=1),
        xp.concatenate((gboth, gcandidate * reset), axis=1),
        None if gh is None else gh * keep,
    )


@gru_cell.shape
def _gru_shape(gates, own, h):
    return h, (h[0], 2 * h[1]), h
