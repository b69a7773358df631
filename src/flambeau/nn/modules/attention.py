"""Attention with several heads."""

from __future__ import annotations

from flambeau.nn import explain, init
from flambeau.nn.module import Module
from flambeau.nn.parameter import Parameter
from flambeau.tensor.api import F, torch

from .linear import NonDynamicallyQuantizableLinear

__all__ = ["MultiheadAttention"]


class MultiheadAttention(Module):
    """Attention in num_heads subspaces, concat(head_1, ...) W_o, head_i = softmax(Q_i K_i^T /
    sqrt(d)) V_i.

    Shape:  query (L, N, embed_dim), key (S, N, kdim), value (S, N, vdim), all (N, ...) if
            batch_first, or without N
            -> y as query, and the weights (N, L, S), averaged over heads, or None
    Args:   dropout: on the weights. bias. add_bias_kv, add_zero_attn: one more key and value,
            learnt or zero.
            kdim, vdim: features of key and value, embed_dim by default. batch_first.
            forward: key_padding_mask (N, S), True where a key is to be ignored; attn_mask (L, S) or
            (N * num_heads, L, S), True where it may not look; need_weights; average_attn_weights;
            is_causal.
    Raises: AssertionError unless num_heads divides embed_dim.

    >>> import flambeau as torch
    >>> attention = torch.nn.MultiheadAttention(8, 2, batch_first=True)
    >>> x = torch.randn(3, 5, 8)
    >>> y, weights = attention(x, x, x)
    >>> y.shape, weights.shape
    (torch.Size([3, 5, 8]), torch.Size([3, 5, 5]))
    """

    __constants__ = ["batch_first"]

    def __init__(
        self,
        embed_dim,
        num_heads,
        dropout=0.0,
        bias=True,
        add_bias_kv=False,
        add_zero_attn=False,
        kdim=None,
        vdim=None,
        batch_first=False,
        device=None,
        dtype=None,
    ):
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                "embed_dim and num_heads must be greater than 0, got "
                f"embed_dim={embed_dim} and num_heads={num_heads} instead"
            )
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = kdim if kdim is not None else embed_dim
        self.vdim = vdim if vdim is not None else embed_dim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError("embed_dim must be divisible by num_heads")
        factory = {"device": device, "dtype": dtype}
        self._make_projections(bias, add_bias_kv, factory)
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _make_projections(self, bias, add_bias_kv, factory) -> None:
        """One input matrix where query, key and value have one width, else three."""
        e = self.embed_dim
        same = self._qkv_same_embed_dim
        shapes = {
            "q_proj_weight": None if same else (e, e),
            "k_proj_weight": None if same else (e, self.kdim),
            "v_proj_weight": None if same else (e, self.vdim),
            "in_proj_weight": (3 * e, e) if same else None,
            "in_proj_bias": (3 * e,) if bias else None,
        }
        if same:  # the order in which PyTorch registers them
            shapes = {"in_proj_weight": shapes.pop("in_proj_weight"), **shapes}
        for name, shape in shapes.items():
            value = None if shape is None else Parameter(torch.empty(shape, **factory))
            self.register_parameter(name, value)
        self.out_proj = NonDynamicallyQuantizableLinear(e, e, bias=bias, **factory)
        if add_bias_kv:
            self.bias_k = Parameter(torch.empty((1, 1, e), **factory))
            self.bias_v = Parameter(torch.empty((1, 1, e), **factory))
        else:
            self.bias_k = self.bias_v = None

    def _reset_parameters(self) -> None:
        for name in ("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight"):
            weight = getattr(self, name)
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        if self.bias_k is not None:
            init.xavier_normal_(self.bias_k)
            init.xavier_normal_(self.bias_v)

    def __setstate__(self, state):
        state.setdefault("_qkv_same_embed_dim", True)
        super().__setstate__(state)

    def forward(
        self,
        query,
        key,
        value,
        key_padding_mask=None,
        need_weights=True,
        attn_mask=None,
        average_attn_weights=True,
        is_causal=False,
    ):
        swap = self.batch_first and query.dim() == 3
        if swap:
            query, key, value = _transposed(query, key, value)
        output, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return (output.transpose(1, 0) if swap else output), weights

    def _brief(self) -> str:
        return f"MultiheadAttention({self.embed_dim}, {self.num_heads} heads)"

    def _cure(self, query, key, value, *args, **kwargs):
        wrong = explain.dtype_cure(query, self.out_proj.weight)
        if wrong:
            return wrong
        wanted = {"query": self.embed_dim, "key": self.kdim, "value": self.vdim}
        for (name, size), x in zip(wanted.items(), (query, key, value), strict=True):
            if x.shape[-1] != size:
                return f"the last dimension of {name} must be {size}, it is {x.shape[-1]}"
        batch = 0 if self.batch_first else 1
        if query.dim() == 3 and key.dim() == 3 and query.shape[batch] != key.shape[batch]:
            order = "(N, L, E)" if self.batch_first else "(L, N, E)"
            return f"the batch sizes differ: this layer takes {order}, see batch_first"
        return None


def _transposed(query, key, value):
    """All three with time first; the same tensor stays the same, so that self-attention is seen."""
    q = query.transpose(1, 0)
    k = q if key is query else key.transpose(1, 0)
    v = k if value is key else value.transpose(1, 0)
    return q, k, v
