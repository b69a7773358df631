"""The operation table: which operations are held against PyTorch's own samples, and how closely.

`NAMES` are the entries of PyTorch's `op_db` that every check in tests/ops runs (NAME or
NAME/VARIANT). What differs from PyTorch on purpose is a row of `DEVIATIONS`; nothing is skipped
silently, and a row that has become untrue fails.
"""

# ruff: noqa: SIM905

from __future__ import annotations

import functools

NAMES = """
T __getitem__ __radd__ __rdiv__ __rmatmul__ __rmul__ __rsub__ abs acos add addcdiv addcmul addmm
addmv all amax amin any arange argmax argmin argsort as_strided asin atan atan2 bernoulli
bincount bmm bool broadcast_to byte cat cdist ceil chunk clamp clone contiguous cos cumprod
cumsum diag diag_embed diagonal diff div/no_rounding_mode div/trunc_rounding div/floor_rounding
dot double einsum empty_like eq erf exp expand expand_as expm1 eye fill flatten flip float floor
floor_divide fmod full full_like gather ge gt index_add index_put index_select int isfinite
isnan item le lerp linalg.inv linalg.norm linalg.solve linalg.vector_norm linspace log log1p
log2 log_softmax logaddexp logical_and logical_not logical_or logsumexp long lt masked_fill
masked_select matmul max/reduction_with_dim max/reduction_no_dim max/binary maximum mean
meshgrid/variadic_tensors min/reduction_with_dim min/reduction_no_dim min/binary minimum mm
movedim mul multinomial mv narrow ne neg new_full new_ones new_zeros
nn.functional.adaptive_avg_pool2d nn.functional.adaptive_max_pool2d nn.functional.avg_pool1d
nn.functional.avg_pool2d nn.functional.batch_norm nn.functional.binary_cross_entropy
nn.functional.binary_cross_entropy_with_logits nn.functional.conv1d nn.functional.conv2d
nn.functional.conv_transpose2d nn.functional.cosine_embedding_loss
nn.functional.cosine_similarity nn.functional.cross_entropy nn.functional.dropout
nn.functional.dropout2d nn.functional.elu nn.functional.embedding nn.functional.gelu
nn.functional.glu nn.functional.group_norm nn.functional.hardsigmoid nn.functional.hardswish
nn.functional.hardtanh nn.functional.hinge_embedding_loss nn.functional.huber_loss
nn.functional.instance_norm nn.functional.interpolate/nearest nn.functional.interpolate/bilinear
nn.functional.kl_div nn.functional.l1_loss nn.functional.layer_norm nn.functional.leaky_relu
nn.functional.linear nn.functional.local_response_norm nn.functional.logsigmoid
nn.functional.margin_ranking_loss nn.functional.max_pool1d nn.functional.max_pool2d
nn.functional.mse_loss nn.functional.nll_loss nn.functional.normalize nn.functional.one_hot
nn.functional.pad/constant nn.functional.pad/reflect nn.functional.pad/replicate
nn.functional.pixel_shuffle nn.functional.prelu nn.functional.relu nn.functional.relu6
nn.functional.selu nn.functional.silu nn.functional.smooth_l1_loss nn.functional.softplus
nn.functional.softsign nn.functional.threshold nn.functional.unfold nonzero norm normal ones
ones_like outer permute positive pow prod rand_like randint randn randn_like reciprocal
remainder repeat repeat_interleave reshape reshape_as round rsqrt rsub scatter scatter_add
select short sigmoid sign sin softmax sort split split/list_args sqrt square squeeze stack std
std/unbiased sub sum t tan tanh to topk transpose tril triu true_divide trunc unbind uniform
unsqueeze var var/unbiased var_mean view view_as where zero_ zeros zeros_like
""".split()

# Values are drawn at random or left undefined: shape, dtype and errors are compared here, the
# distribution in test_random_ops.py.
RANDOM = set(
    """
bernoulli empty_like multinomial nn.functional.dropout nn.functional.dropout2d normal rand_like
randint randn randn_like uniform
""".split()
)

# Sums of many terms: an element may cancel, so the error is measured against the largest element
# of the result. All other operations are held to a relative error element by element.
SUMS = set(
    """
__rmatmul__ addcmul addcdiv addmm addmv bmm cdist cumsum diff dot einsum index_add linalg.inv
linalg.norm linalg.solve linalg.vector_norm lerp linspace logaddexp logsumexp log_softmax matmul
mean mm mv nn.functional.adaptive_avg_pool2d nn.functional.avg_pool1d nn.functional.avg_pool2d
nn.functional.batch_norm nn.functional.binary_cross_entropy
nn.functional.binary_cross_entropy_with_logits nn.functional.conv1d nn.functional.conv2d
nn.functional.conv_transpose2d nn.functional.cosine_embedding_loss
nn.functional.cosine_similarity nn.functional.cross_entropy nn.functional.gelu
nn.functional.group_norm nn.functional.hinge_embedding_loss nn.functional.huber_loss
nn.functional.instance_norm nn.functional.interpolate/bilinear nn.functional.kl_div
nn.functional.l1_loss nn.functional.layer_norm nn.functional.linear
nn.functional.local_response_norm nn.functional.margin_ranking_loss nn.functional.mse_loss
nn.functional.nll_loss nn.functional.normalize nn.functional.smooth_l1_loss norm scatter_add std
std/unbiased sum trunc var var/unbiased var_mean
""".split()
)

# Ill-conditioned samples: both results are right to the condition number of the matrix.
LOOSE = {"linalg.inv": 1000.0, "linalg.solve": 1000.0}

# uint8 images: PyTorch rounds the weights to sixteen bits first, we compute in float32.
OFF_BY_ONE = {"nn.functional.interpolate/bilinear"}

# PyTorch's own gradient is rough: its sixth is a float32 number. Ours is the slope.
ROUGH_GRADIENT = {"nn.functional.hardsigmoid": 1e-6}

# Strides of new results are PyTorch's too, but for these: channels-last images come back
# contiguous, solutions of linear systems are not column-major.
OTHER_LAYOUT = {
    "cat",
    "linalg.inv",
    "linalg.solve",
    "nn.functional.interpolate/bilinear",
    "nn.functional.interpolate/nearest",
}

# Complex samples that are not run: NumPy has no complex logaddexp; our logsumexp may lie another
# multiple of 2 pi i away.
NOT_COMPLEX = {"logaddexp", "logsumexp"}

# (check, operation): why. Every row is expected to fail: remove it when it no longer does.
DEVIATIONS: dict[tuple[str, str], str] = {}


@functools.cache
def table() -> dict:
    """NAME or NAME/VARIANT -> PyTorch's OpInfo, for all of NAMES."""
    from torch.testing._internal.common_methods_invocations import op_db

    found = {
        op.name + ("/" + op.variant_test_name) * bool(op.variant_test_name): op for op in op_db
    }
    return {name: found[name] for name in NAMES}


def tolerance(name: str, dtype: str, scale: float) -> tuple[float, float]:
    """(rtol, atol) for a result of this dtype whose largest element has this size."""
    epsilon = {"float16": 1e-3, "float32": 1.2e-7, "complex64": 2.4e-7}.get(dtype, 2.3e-16)
    loose = LOOSE.get(name, 1.0)
    if dtype == "float16":
        return 16 * epsilon, 1.2e-7 + 4 * epsilon * scale * (name in SUMS)  # two subnormal steps
    if name in SUMS or dtype == "complex64":
        return 32 * epsilon * loose, 32 * epsilon * loose * scale
    return 16 * epsilon * loose, 0.0
