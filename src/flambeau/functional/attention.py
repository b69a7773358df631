"""Attention: the scaled dot product, and the whole multi-head layer."""

from __future__ import annotations

import math

from flambeau.core.errors import ArgumentError, ShapeError
from flambeau.tensor.api import F, export, torch


@export("F")
def scaled_dot_product_attention(
    query,
    key,
    value,
    attn_mask=None,
    dropout_p=0.0,
    is_causal=False,
    scale=None,
    enable_gqa=False,
):
    """Each query's average of the values, weighted by how well the keys match.

    y = dropout(softmax(scale Q K^T + mask)) V

    Shape:  query (*, H, L, E), key (*, H, S, E), value (*, H, S, V), attn_mask broadcasts to (*, H,
            L, S) -> (*, H, L, V)
    Args:   attn_mask: True where a query may look, or numbers to add. is_causal: queries look at
            keys up to their own position. scale: default 1 / sqrt(E). enable_gqa: keys and values
            may have fewer heads, each serving several.
    Raises: RuntimeError if sizes do not fit, or both a mask and is_causal are given.

    >>> import flambeau as torch
    >>> q = torch.zeros(1, 1, 2, 4)
    >>> v = torch.tensor([[[[1.], [3.]]]])
    >>> torch.nn.functional.scaled_dot_product_attention(q, q, v, is_causal=True)
    tensor([[[[1.],
              [2.]]]])
    """
    if attn_mask is not None and is_causal:
        raise ArgumentError(
            "scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True"
        )
    for name, t in (("query", query), ("key", key), ("value", value)):
        if t.ndim < 2:
            raise ShapeError(
                f"Both query, key and value must be at least 2 dimensional, but {name} has shape "
                f"{tuple(t.shape)}"
            )
    if query.shape[-1] != key.shape[-1] or key.shape[-2] != value.shape[-2]:
        raise ShapeError(
            "scaled_dot_product_attention: query (..., L, E), key (..., S, E) and value (..., S, "
            "V) must agree in "
            f"E and S, but got {tuple(query.shape)}, {tuple(key.shape)} and {tuple(value.shape)}"
        )
    if enable_gqa:
        key = _repeat_heads(query, key)
        value = _repeat_heads(query, value)
    factor = 1.0 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = torch.matmul(query * factor, key.transpose(-2, -1))
    if is_causal:
        rows, columns = scores.shape[-2:]
        attn_mask = query.new_ones((rows, columns), dtype=torch.bool).tril()
    if attn_mask is not None:
        scores = _masked(scores, attn_mask)
    weights = _soft(scores, attn_mask)
    if dropout_p > 0.0:
        weights = F.dropout(weights, dropout_p)
    return torch.matmul(weights, value)


def _repeat_heads(query, t):
    heads, have = query.shape[-3], t.shape[-3]
    if heads % have:
        raise ShapeError(
            "Number of heads in key and value must divide the number of heads in query, but got "
            f"{have} and {heads}"
        )
    return t if heads == have else torch.repeat_interleave(t, heads // have, -3)


def _masked(scores, mask):
    if mask.dtype.name == "bool":
        return scores.masked_fill(~mask, -math.inf)
    return scores + mask


def _soft(scores, mask):
    """Softmax of each row; a row that may look nowhere is all zeros, as in PyTorch."""
    weights = F.softmax(scores, -1)
    if mask is None:
        return weights
    blind = (scores == -math.inf).all(-1, keepdim=True)
    some = blind.is_meta or bool(blind.any())
    return weights.masked_fill(blind, 0.0) if some else weights


@export("F")
def multi_head_attention_forward(
    query,
    key,
    value,
    embed_dim_to_check,
    num_heads,
    in_proj_weight,
    in_proj_bias,
    bias_k,
    bias_v,
    add_zero_attn,
    dropout_p,
    out_proj_weight,
    out_proj_bias,
    training=True,
    key_padding_mask=None,
    need_weights=True,
    attn_mask=None,
    use_separate_proj_weight=False,
    q_proj_weight=None,
    k_proj_weight=None,
    v_proj_weight=None,
    static_k=None,
    static_v=None,
    average_attn_weights=True,
    is_causal=False,
):
    """Attention in several heads, with the projections in and out: what ``nn.MultiheadAttention``
    computes.

    Shape:  query (L, N, E) or (L, E), key and value (S, N, E) -> (L, N, E), and weights (N, L, S),
            or (N, H, L, S) unless average_attn_weights, or None unless need_weights
    Args:   key_padding_mask (N, S) and attn_mask (L, S) or (N H, L, S): True where a key is hidden,
            or numbers to add. bias_k, bias_v: a learned key and value appended; add_zero_attn
            appends zeros. static_k, static_v: in place of the projected ones. in_proj_weight stacks
            the three projections; use_separate_proj_weight takes the q_, k_, v_ ones.
    Raises: RuntimeError or AssertionError if sizes do not fit.
    """
    batched = query.ndim == 3
    _check_masks(query, key, value, key_padding_mask, attn_mask, num_heads)
    if is_causal and attn_mask is None:
        raise ArgumentError("Need attn_mask if specifying the is_causal hint.")
    if not batched:
        query, key, value = query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, n, width = query.shape
    if width != embed_dim_to_check:
        raise AssertionError(
            f"was expecting embedding dimension of {embed_dim_to_check}, but got {width}"
        )
    if width % num_heads:
        raise AssertionError(f"embed_dim {width} not divisible by num_heads {num_heads}")
    if use_separate_proj_weight:
        matrices = (q_proj_weight, k_proj_weight, v_proj_weight)
    else:
        matrices = torch.chunk(in_proj_weight, 3)
    biases = (None,) * 3 if in_proj_bias is None else torch.chunk(in_proj_bias, 3)
    q, k, v = (F.linear(x, w, b) for x, w, b in zip((query, key, value), matrices, biases))
    attn_mask = _additive(attn_mask, q.dtype)
    hidden = _additive(key_padding_mask, q.dtype)
    if attn_mask is not None and attn_mask.ndim == 2:
        attn_mask = attn_mask.unsqueeze(0)

    def lengthened(extra):
        """The masks after ``extra`` keys that everybody sees were appended."""
        return tuple(None if m is None else F.pad(m, (0, extra)) for m in (attn_mask, hidden))

    if bias_k is not None and bias_v is not None:
        k = torch.cat([k, bias_k.expand(1, n, -1)])
        v = torch.cat([v, bias_v.expand(1, n, -1)])
        attn_mask, hidden = lengthened(1)
    inner = width // num_heads
    q = q.reshape(length, n * num_heads, inner).transpose(0, 1)
    k = _heads(k, n, num_heads) if static_k is None else static_k
    v = _heads(v, n, num_heads) if static_v is None else static_v
    if add_zero_attn:
        zeros = k.new_zeros((n * num_heads, 1, inner))
        k, v = torch.cat([k, zeros], 1), torch.cat([v, zeros], 1)
        attn_mask, hidden = lengthened(1)
    mask = attn_mask
    if hidden is not None:
        spread = hidden.reshape(n, 1, 1, -1).expand(-1, num_heads, -1, -1)
        spread = spread.reshape(n * num_heads, 1, -1)
        mask = spread if mask is None else mask + spread
    scores = torch.matmul(q * (1.0 / math.sqrt(inner)), k.transpose(-2, -1))
    weights = F.softmax(scores if mask is None else scores + mask, -1)
    if dropout_p > 0.0 and training:
        weights = F.dropout(weights, dropout_p)
    y = torch.matmul(weights, v).transpose(0, 1).reshape(length * n, width)
    y = F.linear(y, out_proj_weight, out_proj_bias).view(length, n, out_proj_weight.shape[0])
    shown = None
    if need_weights:
        shown = weights.view(n, num_heads, length, k.shape[1])
        shown = shown.mean(1) if average_attn_weights else shown
        shown = shown if batched else shown.squeeze(0)
    return (y if batched else y.squeeze(1)), shown


def _heads(x, n, heads):
    return x.reshape(x.shape[0], n * heads, -1).transpose(0, 1)


def _additive(mask, dtype):
    """A mask as numbers to add to the scores."""
    if mask is None:
        return None
    if mask.dtype.name == "bool":
        return torch.zeros_like(mask, dtype=dtype).masked_fill(mask, -math.inf)
    if not mask.dtype.is_floating_point:
        raise AssertionError(
            f"only bool and floating types of masks are supported, got {mask.dtype}"
        )
    return mask.to(dtype)


def _check_masks(query, key, value, padding, mask, heads) -> None:
    if query.ndim not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {query.ndim}-D query "
            "tensor"
        )
    if key.ndim != query.ndim or value.ndim != query.ndim:
        raise AssertionError(
            f"For {'batched' if query.ndim == 3 else 'unbatched'} `query`, expected `key` and "
            "`value` to be "
            f"{query.ndim}-D but found {key.ndim}-D and {value.ndim}-D tensors respectively"
        )
    if key.shape[:-1] != value.shape[:-1]:
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")
    if padding is not None and padding.ndim != query.ndim - 1:
        raise AssertionError(
            f"For {query.ndim}-D `query`, expected `key_padding_mask` to be {query.ndim - 1}-D "
            "but found "
            f"{padding.ndim}-D tensor instead"
        )
    if mask is None:
        return
    n = query.shape[1] if query.ndim == 3 else 1
    wanted = (query.shape[0], key.shape[0])
    shape = tuple(mask.shape)
    if mask.ndim not in (2, 3) or shape not in (wanted, (n * heads, *wanted)):
        raise ArgumentError(
            f"The shape of the {mask.ndim}D attn_mask is {shape}, but should be "
            f"{wanted if mask.ndim == 2 else (n * heads, *wanted)}."
        )
