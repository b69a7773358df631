"""Convolution + bias + max pool + activation in one kernel, against our own kernels one after the
other and against PyTorch's, contiguous and channels last: forward, and backward without the
gradient of the data where the layer is a network's first.

Run ``python benchmarks/kernels_fused.py [threads]``.
"""

from __future__ import annotations

import numpy as np
import torch
from kernel_pairs import aligned, compare, normal, use_threads

from flambeau.backend.native import _runtime as native

# name, x (n, h, w, c), channels out, kernel, stride, padding, pool's kernel and stride, activation,
# first layer
SHAPES = [
    ("LeNet 1", (100, 28, 28, 1), 32, 5, 1, 0, 3, 3, "relu", True),
    ("LeNet 2", (100, 8, 8, 32), 64, 5, 1, 0, 2, 2, "relu", False),
    ("book 1", (64, 32, 32, 3), 16, 3, 1, 1, 2, 2, "tanh", True),
    ("book 2", (64, 16, 16, 16), 8, 3, 1, 1, 2, 2, "tanh", False),
    ("AlexNet 1", (16, 224, 224, 3), 64, 11, 4, 2, 3, 2, "relu", True),
    ("AlexNet 2", (16, 27, 27, 64), 192, 5, 1, 2, 3, 2, "relu", False),
    ("VGG 11, 1", (4, 224, 224, 3), 64, 3, 1, 1, 2, 2, "relu", True),
    ("VGG 1", (4, 224, 224, 64), 64, 3, 1, 1, 2, 2, "relu", False),
    ("VGG 2", (4, 112, 112, 128), 128, 3, 1, 1, 2, 2, "relu", False),
    ("VGG for 32 x 32", (64, 32, 32, 64), 64, 3, 1, 1, 2, 2, "relu", False),
]  # fmt: skip
FUNCTIONS = {"relu": torch.relu, "tanh": torch.tanh}


def theirs(x, w, b, gy, stride, pad, pool, pool_stride, activation, first, layout):
    """PyTorch's forward and backward of arrays (N, H, W, C)."""
    to = [torch.from_numpy(a.transpose(0, 3, 1, 2)).contiguous(memory_format=layout)
          for a in (x, gy)]  # fmt: skip
    tx, ty = to
    tw = torch.from_numpy(w).contiguous(memory_format=layout).requires_grad_()
    tb = torch.from_numpy(b).requires_grad_()
    if not first:
        tx.requires_grad_()
    leaves = [t for t in (tx, tw, tb) if t.requires_grad]

    def forward():
        y = torch.conv2d(tx, tw, tb, stride, pad)
        if activation == "relu":
            return torch.max_pool2d(torch.relu(y), pool, pool_stride)
        return torch.max_pool2d(FUNCTIONS[activation](y), pool, pool_stride)

    y = forward()
    return forward, lambda: torch.autograd.grad(y, leaves, ty, retain_graph=True)


def ours(x, w, b, gy, stride, pad, pool, pool_stride, activation, first, side):
    """Forward and backward, fused; the same by our kernels one after the other."""
    y, places = aligned(*gy.shape), aligned(*gy.shape, dtype=np.uint8)
    gx, gw, gb = None if first else aligned(*x.shape), aligned(*w.shape), aligned(*b.shape)
    full, active, slope = [aligned(len(x), *side, len(b)) for _ in range(3)]
    window = [stride, stride, pad, pad, 1, 1, 1]
    windows = [pool, pool, pool_stride, pool_stride, 0, 0, 1, 1]
    function = getattr(native, activation)
    derivative = getattr(native, f"{activation}_backward")

    def forward():
        native.conv_pool_forward(x, w, b, y, places, window, windows, activation)

    def backward():
        native.conv_pool_backward(x, w, y, places, gy, gx, gw, gb, window, windows, activation)

    def apart():
        native.conv_forward(x, w, b, full, window)
        function(full, active)
        native.max_pool_forward(active, y, places, windows)

    def apart_backward():
        native.max_pool_backward(gy, places, slope, windows)
        derivative(slope, active, slope)
        native.conv_backward_weight(x, slope, gw, window)
        native.sum(slope, gb, gb.size)
        if gx is not None:
            native.conv_backward_data(slope, w, gx, window)

    apart()
    return forward, backward, apart, apart_backward


def main() -> None:
    use_threads()
    print("ours fused, PyTorch contiguous, channels last; then our kernels in turn")
    for name, shape, c_out, k, stride, pad, pool, pool_stride, activation, first in SHAPES:
        n, h, width, c_in = shape
        side = [(s + 2 * pad - k) // stride + 1 for s in (h, width)]
        out = [(s - pool) // pool_stride + 1 for s in side]
        x, gy = normal(*shape), normal(n, *out, c_out)
        w, b = normal(c_out, c_in, k, k) * np.float32(0.5 / np.sqrt(c_in * k * k)), normal(c_out)
        call = (x, w, b, gy, stride, pad, pool, pool_stride, activation, first)
        forward, backward, apart, apart_backward = ours(*call, side)
        layouts = (torch.contiguous_format, torch.channels_last)
        peers = [theirs(*call, layout) for layout in layouts]
        compare(f"{name} forward", forward, [p[0] for p in peers])
        compare("    our own kernels", forward, [apart])
        compare(f"{name} backward", backward, [p[1] for p in peers])
        compare("    our own kernels", backward, [apart_backward])


if __name__ == "__main__":
    main()
