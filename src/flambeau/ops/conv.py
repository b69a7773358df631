"""Convolution and its two adjoints: three maps, linear in each argument, that are one another's
derivatives.
"""

from __future__ import annotations

from flambeau.core.errors import ShapeError

from .registry import op


@op(where="torch", node="Convolution")
def convolution(
    xp, input, weight, bias=None, *, stride, padding, dilation, transposed, output_padding, groups
):
    """Convolution (cross-correlation) in any number of spatial dimensions, or its transpose.

    y[n, o, p] = bias[o] + sum over c, k of weight[o, c, k] * x[n, c, stride * p + dilation * k -
    padding]

    The functions ``conv1d`` ... ``conv_transpose3d`` call this one; parameters are tuples, one
    number a spatial dimension.

    Shape:  input (N, C, *S), weight (O, C / groups, *K), or (C, O / groups, *K) when transposed,
            bias (O)
    Raises: ShapeError if channels, groups or sizes do not fit.

    >>> import flambeau as torch
    >>> x, w = torch.ones(1, 1, 4, 4), torch.ones(1, 1, 3, 3)
    >>> torch.convolution(x, w, None, (1, 1), (0, 0), (1, 1), False, (0, 0), 1).shape
    torch.Size([1, 1, 2, 2])
    """
    size = _size(
        input.shape, weight.shape, bias is not None and bias.shape,
        stride, padding, dilation, transposed, output_padding, groups,
    )  # fmt: skip
    if transposed:
        y = xp.correlate_data(input, weight, size[2:], stride, padding, dilation, groups)
        return y if bias is None else xp.add(y, bias.reshape(-1, *(1,) * (input.ndim - 2)), out=y)
    pads = tuple([(p, p) for p in padding])
    return xp.correlate(input, weight, bias, stride, pads, dilation, groups)


def _input_rule(xp, g, weight, input_shape, stride, padding, dilation, transposed, groups):
    if transposed:
        return _forward(xp, g, weight, input_shape, stride, padding, dilation, groups)
    return xp.conv_input_grad(
        g,
        weight,
        size=input_shape,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )


def _forward(xp, x, w, size, stride, padding, dilation, groups):
    """The convolution cut to ``size``: output padding as large as the stride makes room for windows
    too many.
    """
    y = xp.convolution(
        x, w, None, stride=stride, padding=padding, dilation=dilation, transposed=False,
        output_padding=(0,) * len(stride), groups=groups,
    )  # fmt: skip
    return y if y.shape == size else y[tuple([slice(0, n) for n in size])]


def _weight_rule(xp, g, input, weight_shape, stride, padding, dilation, transposed, groups):
    small, large = (input, g) if transposed else (g, input)
    return xp.conv_weight_grad(
        small, large, size=weight_shape, stride=stride, padding=padding, dilation=dilation,
        groups=groups,
    )  # fmt: skip


def _bias_rule(xp, g):
    return xp.sum(g, axis=(0, *range(2, g.ndim)))


convolution.vjp(input=_input_rule, weight=_weight_rule, bias=_bias_rule)


@convolution.args
def _(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups):
    return (input, weight, bias), {
        "stride": tuple(stride),
        "padding": tuple(padding),
        "dilation": tuple(dilation),
        "transposed": bool(transposed),
        "output_padding": tuple(output_padding),
        "groups": groups,
    }


@convolution.shape
def _(input, weight, bias=None, *, stride, padding, dilation, transposed, output_padding, groups):
    return _size(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups)


@op(node="ConvolutionBackward")
def conv_input_grad(xp, grad, weight, *, size, stride, padding, dilation, groups):
    """The adjoint of ``convolution`` in its input, whose shape is ``size``."""
    return xp.correlate_data(grad, weight, size[2:], stride, padding, dilation, groups)


conv_input_grad.vjp(
    grad=lambda xp, g, weight, grad_shape, stride, padding, dilation, groups: _forward(
        xp, g, weight, grad_shape, stride, padding, dilation, groups
    ),
    weight=lambda xp, g, grad, weight_shape, stride, padding, dilation, groups: xp.conv_weight_grad(
        grad, g, size=weight_shape, stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
)


@conv_input_grad.shape
def _(grad, weight, *, size, **_params):
    return size


@op(node="ConvolutionBackward")
def conv_weight_grad(xp, grad, input, *, size, stride, padding, dilation, groups):
    """The adjoint of ``convolution`` in its weight, whose shape is ``size``."""
    return xp.correlate_weight(grad, input, size[2:], stride, padding, dilation, groups)


conv_weight_grad.vjp(
    grad=lambda xp, g, input, grad_shape, stride, padding, dilation, groups: _forward(
        xp, input, g, grad_shape, stride, padding, dilation, groups
    ),
    input=lambda xp, g, grad, input_shape, stride, padding, dilation, groups: xp.conv_input_grad(
        grad, g, size=input_shape, stride=stride, padding=padding, dilation=dilation, groups=groups
    ),
)


@conv_weight_grad.shape
def _(grad, input, *, size, **_params):
    return size


def _size(x, w, bias, stride, padding, dilation, transposed, output_padding, groups):
    """The shape of the result; raises ShapeError where the shapes do not fit."""
    channels = w[0] if transposed else w[1] * groups
    if x[1] != channels or w[0] % groups or groups <= 0:
        _refuse_channels(x, w, transposed, groups)
    made = w[1] * groups if transposed else w[0]
    if bias and tuple(bias) != (made,):
        raise ShapeError(
            f"Given {'transposed=1' if transposed else 'groups=' + str(groups)}, weight of size "
            f"{list(w)}, expected bias to be 1-dimensional with {made} elements, but got bias of "
            f"size {list(bias)} instead"
        )
    if transposed:
        size = tuple(
            (s - 1) * t - 2 * p + d * (k - 1) + extra + 1
            for s, k, t, p, d, extra in zip(x[2:], w[2:], stride, padding, dilation, output_padding)
        )
        if min(size) < 0 or (min(size) == 0 and x[0]):
            raise ShapeError(
                f"Given input size per channel: {list(x[2:])}. Calculated output size per channel: "
                f"{list(size)}. Output size is too small: use less padding or a larger kernel."
            )
        return (x[0], made, *size)
    if any(s + 2 * p < d * (k - 1) + 1 for s, k, p, d in zip(x[2:], w[2:], padding, dilation)):
        _refuse_kernel(x, w, padding, dilation)
    return (
        x[0],
        made,
        *[
            (s + 2 * p - d * (k - 1) - 1) // t + 1
            for s, k, t, p, d in zip(x[2:], w[2:], stride, padding, dilation)
        ],
    )


def _refuse_channels(x, w, transposed, groups):
    if groups <= 0:
        raise ShapeError("non-positive groups is not supported")
    if w[0] % groups:
        raise ShapeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0 and "
            f"divisible by it, but got weight of size {list(w)} instead"
        )
    wanted = w[0] if transposed else w[1] * groups
    cure = ""
    if x[-1] == wanted:
        cure = (
            "\nThe last dimension has that many: if the data has its channels last, "
            f"use x.permute(0, {len(x) - 1}, {', '.join(str(i) for i in range(1, len(x) - 1))})."
        )
    elif not transposed:
        cure = f"\nMake the layer for {x[1]} input channels, or give it an input with {wanted}" + (
            " (x.repeat repeats a grey image along dim 1)." if x[1] == 1 else "."
        )
    raise ShapeError(
        f"Given {'transposed=1' if transposed else 'groups=' + str(groups)}, weight of size "
        f"{list(w)}, expected input{list(x)} to have {wanted} channels, but got {x[1]} channels "
        f"instead{cure}"
    )


def _refuse_kernel(x, w, padding, dilation):
    padded = " x ".join(str(s + 2 * p) for s, p in zip(x[2:], padding))
    reach = " x ".join(str(d * (k - 1) + 1) for k, d in zip(w[2:], dilation))
    raise ShapeError(
        f"Calculated padded input size per channel: ({padded}). Kernel size: ({reach}). Kernel "
        "size "
        "can't be greater than actual input size: use padding, a smaller kernel, or larger images."
    )
