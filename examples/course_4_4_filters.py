"""Chapter 4.4 of the course: five convolution kernels chosen by hand, seen on a digit.

python examples/course_4_4_filters.py
"""

import flambeau as torch
from flambeau.nn import functional as F
from flambeau.vision import datasets

KERNELS = {
    "identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "sum of the neighbours": [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
    "vertical edges": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "horizontal edges": [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
    "contours": [[0, -1, 0], [-1, 4, -1], [0, -1, 0]],
}


def draw(image):
    """Characters from paper to ink; what is negative is left white."""
    levels = " .:-=+*#%@"
    scaled = (image.clamp(min=0) / image.max() * (len(levels) - 1)).round().int()
    for row in scaled.tolist():
        print("  " + "".join(levels[value] * 2 for value in row))


if __name__ == "__main__":
    digits = datasets.Digits(train=False, size=16)
    x = digits.data[12].float().view(1, 1, 16, 16)
    weight = torch.empty(5, 1, 3, 3)
    for channel, kernel in enumerate(KERNELS.values()):
        weight[channel, 0] = torch.tensor(kernel, dtype=torch.float)
    y = F.conv2d(x, weight)
    print("input", tuple(x.size()), "output", tuple(y.size()))
    for channel, name in enumerate(KERNELS):
        print(name)
        draw(y[0, channel])
