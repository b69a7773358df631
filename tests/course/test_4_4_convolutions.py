"""Course 4.4: convolutions, padding, stride, dilation."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from transcripts import F, nn, session, torch


def convolve(x, u):
    """The slides' 1d convolution of two sequences."""
    x, u = torch.tensor(x).view(1, 1, -1), torch.tensor(u).view(1, 1, -1)
    return [int(v) for v in F.conv1d(x.float(), u.float()).flatten()]


def test_formula_in_one_dimension():
    assert convolve([1, 2, 3, 4], [3, 2]) == [7, 12, 17]


def test_differential_operator():
    """(-1, 1) gives the differences (the slide prints one zero too few or too many)."""
    signal = [0, 0, 0, 0, 1, 2, 3, 4, 4, 4, 4]
    assert convolve(signal, [-1, 1]) == [0, 0, 0, 1, 1, 1, 1, 0, 0, 0]


def test_a_linear_layer_would_need_that_many_parameters():
    assert f"{(256 * 256 * 3) ** 2:.2e}" == "3.87e+10"


def test_conv2d_function():
    session("""
    >>> weight = torch.randn(5, 4, 2, 3)
    >>> bias = torch.randn(5)
    >>> input = torch.randn(117, 4, 10, 3)
    >>> output = F.conv2d(input, weight, bias)
    >>> output.size()
    torch.Size([117, 5, 9, 1])
    >>> weight = torch.empty(5, 4, 2, 3).normal_()
    >>> bias = torch.empty(5).normal_()
    >>> input = torch.empty(117, 4, 10, 3).normal_()
    >>> output = torch.nn.functional.conv2d(input, weight, bias)
    >>> output.size()
    torch.Size([117, 5, 9, 1])
    """)


def test_conv2d_is_a_sum_over_windows():
    torch.manual_seed(0)
    weight, bias, x = torch.randn(5, 4, 2, 3), torch.randn(5), torch.randn(3, 4, 6, 5)
    output = F.conv2d(x, weight, bias)
    assert output.shape == (3, 5, 6 - 2 + 1, 5 - 3 + 1)
    by_hand = torch.empty_like(output)
    for i in range(5):
        for j in range(3):
            window = x[:, None, :, i : i + 2, j : j + 3]
            by_hand[:, :, i, j] = (window * weight).sum((2, 3, 4)) + bias
    torch.testing.assert_close(output, by_hand, rtol=1e-5, atol=1e-5)


def test_conv2d_module():
    session("""
    >>> f = nn.Conv2d(in_channels = 4, out_channels = 5, kernel_size = (2, 3))
    >>> for n, p in f.named_parameters(): print(n, p.size())
    ...
    weight torch.Size([5, 4, 2, 3])
    bias torch.Size([5])
    >>> f.weight.size()
    torch.Size([5, 4, 2, 3])
    >>> f.bias.size()
    torch.Size([5])
    >>> x = torch.randn(117, 4, 10, 3)
    >>> y = f(x)
    >>> y.size()
    torch.Size([117, 5, 9, 1])
    >>> nn.Conv2d(1, 1, 3).weight.size()
    torch.Size([1, 1, 3, 3])
    """)


@pytest.fixture(scope="module")
def digit(shared_data):
    """The 13th training image of MNIST, as the slides take it."""
    with gzip.open(shared_data / "mnist" / "train-images-idx3-ubyte.gz") as file:
        start = file.read(16 + 13 * 784)
    image = np.frombuffer(start, np.uint8, 784, 16 + 12 * 784).reshape(28, 28).copy()
    return torch.from_numpy(image).float().view(1, 1, 28, 28)


def filters():
    weight = torch.empty(5, 1, 3, 3)

    weight[0, 0] = torch.tensor([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    weight[1, 0] = torch.tensor([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    weight[2, 0] = torch.tensor([[-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0]])
    weight[3, 0] = torch.tensor([[-1.0, -1.0, -1.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    weight[4, 0] = torch.tensor([[0.0, -1.0, 0.0], [-1.0, 4.0, -1.0], [0.0, -1.0, 0.0]])
    return weight


def check_filtered(y, x):
    image = x[0, 0].numpy()
    assert y.shape == (1, 5, 26, 26)
    inner = image[1:-1, 1:-1]
    around = {(i, j): image[1 + i : 27 + i, 1 + j : 27 + j] for i in (-1, 0, 1) for j in (-1, 0, 1)}
    np.testing.assert_array_equal(y[0, 0].numpy(), inner)
    np.testing.assert_allclose(y[0, 1].numpy(), sum(around.values()))
    right = sum(around[i, 1] - around[i, -1] for i in (-1, 0, 1))
    below = sum(around[1, j] - around[-1, j] for j in (-1, 0, 1))
    np.testing.assert_allclose(y[0, 2].numpy(), right)
    np.testing.assert_allclose(y[0, 3].numpy(), below)
    crossed = around[-1, 0] + around[1, 0] + around[0, -1] + around[0, 1]
    np.testing.assert_allclose(y[0, 4].numpy(), 4 * inner - crossed)


def test_filters_on_a_digit(digit):
    check_filtered(F.conv2d(digit, filters()), digit)


def test_filters_through_data_of_the_2018_slides(digit):
    f = torch.nn.Conv2d(1, 5, kernel_size=3)
    f.bias.data.zero_()
    weight = filters()
    for k in range(5):
        f.weight.data[k] = weight[k]
    check_filtered(f(torch.autograd.Variable(digit)).data, digit)


def test_padding_and_stride():
    """C x 3 x 5, padding (2, 1), stride (2, 2), kernel C x 3 x 3: the output is 1 x 3 x 3."""
    x = torch.randn(1, 4, 3, 5)
    f = nn.Conv2d(4, 1, kernel_size=3, padding=(2, 1), stride=(2, 2))
    assert f(x).size() == torch.Size([1, 1, 3, 3])
    padded = F.pad(x, (1, 1, 2, 2))
    torch.testing.assert_close(
        f(x), F.conv2d(padded, f.weight, f.bias, stride=2), rtol=1e-5, atol=1e-6
    )


def test_a_stride_may_ignore_values():
    x = torch.zeros(1, 1, 1, 6)
    x[..., -1] = 100.0
    y = F.conv2d(x, torch.ones(1, 1, 1, 3), stride=(1, 2))
    assert y.flatten().tolist() == [0.0, 0.0]


def test_dilation():
    session("""
    >>> x = torch.randn(1, 1, 20, 30)
    >>> l = nn.Conv2d(1, 1, kernel_size = 3, dilation = 4)
    >>> l(x).size()
    torch.Size([1, 1, 12, 22])
    >>> x = torch.empty(1, 1, 20, 30).normal_()
    >>> l(x).size()
    torch.Size([1, 1, 12, 22])
    """)


def test_dilation_is_a_filter_with_zeros():
    """Kernel size k and dilation d: a filter of size 1 + (k - 1) d with k coefficients."""
    torch.manual_seed(0)
    x, w = torch.randn(1, 1, 30), torch.randn(1, 1, 3)
    wide = torch.zeros(1, 1, 1 + (3 - 1) * 4)
    wide[..., ::4] = w
    torch.testing.assert_close(F.conv1d(x, w, dilation=4), F.conv1d(x, wide))


def test_equivariance_to_translation():
    torch.manual_seed(0)
    x, w = torch.zeros(1, 1, 12, 12), torch.randn(1, 1, 3, 3)
    x[..., 2:5, 3:6] = torch.randn(3, 3)
    shifted = torch.roll(x, (2, 1), (2, 3))
    torch.testing.assert_close(F.conv2d(shifted, w), torch.roll(F.conv2d(x, w), (2, 1), (2, 3)))


def test_one_and_three_dimensions():
    assert F.conv1d(torch.randn(2, 3, 9), torch.randn(4, 3, 2)).shape == (2, 4, 8)
    volume = F.conv3d(torch.randn(2, 3, 5, 6, 7), torch.randn(4, 3, 2, 3, 4))
    assert volume.shape == (2, 4, 4, 4, 4)
