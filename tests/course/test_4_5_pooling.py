"""Course 4.5: pooling."""

from __future__ import annotations

from transcripts import F, nn, session, torch


def test_max_pool2d_of_the_slides():
    session(
        """
    >>> x
    tensor([[[[1., 2., 1., 1., 0., 2.],
              [2., 1., 1., 0., 2., 0.]],
    <BLANKLINE>
             [[0., 2., 1., 1., 2., 2.],
              [1., 1., 1., 1., 0., 0.]]]])
    >>> F.max_pool2d(x, (1, 2))
    tensor([[[[2., 1., 2.],
              [2., 1., 2.]],
    <BLANKLINE>
             [[2., 1., 2.],
              [1., 1., 0.]]]])
    """,
        x=torch.tensor(
            [
                [[1.0, 2, 1, 1, 0, 2], [2, 1, 1, 0, 2, 0]],
                [[0, 2, 1, 1, 2, 2], [1, 1, 1, 1, 0, 0]],
            ]
        ).unsqueeze(0),
    )


def test_max_pool2d_of_the_2018_slides():
    """A sample without the batch dimension."""
    session(
        """
    >>> x
    tensor([[[1., 2., 2., 1., 2., 1.],
             [2., 0., 0., 0., 1., 0.]],
    <BLANKLINE>
            [[2., 0., 2., 1., 1., 1.],
             [0., 0., 0., 1., 2., 1.]]])
    >>> F.max_pool2d(x, (1, 2))
    tensor([[[2., 2., 2.],
             [2., 0., 1.]],
    <BLANKLINE>
            [[2., 2., 1.],
             [0., 1., 2.]]])
    """,
        x=torch.tensor(
            [
                [[1.0, 2, 2, 1, 2, 1], [2, 0, 0, 0, 1, 0]],
                [[2, 0, 2, 1, 1, 1], [0, 0, 0, 1, 2, 1]],
            ]
        ),
    )


def test_random_inputs_of_the_slides():
    """`random_(3)` draws 0, 1, 2."""
    x = torch.empty(1, 2, 2, 6).random_(3)
    assert set(x.flatten().tolist()) <= {0.0, 1.0, 2.0}
    assert F.max_pool2d(x, (1, 2)).shape == (1, 2, 2, 3)
    x = torch.Tensor(1, 2, 3, 6).random_(3)
    assert F.max_pool2d(torch.autograd.Variable(x), (1, 2)).shape == (1, 2, 3, 3)


def test_one_dimension():
    """The figure's input, blocks of two: the largest, the average."""
    session("""
    >>> x = torch.tensor([[1., 4., -1., 0., 2., -2., 1., 3., 3., 1.]])
    >>> F.max_pool1d(x, 2)
    tensor([[4., 0., 2., 3., 3.]])
    >>> F.avg_pool1d(x, 2)
    tensor([[ 2.5000, -0.5000,  0.0000,  2.0000,  2.0000]])
    """)


def test_defaults():
    """The stride of a pooling is its kernel size, of a convolution 1; no padding."""
    x = torch.randn(2, 3, 9, 12)
    assert nn.MaxPool2d((2, 3))(x).shape == (2, 3, 4, 4)
    assert nn.MaxPool2d(3)(x).shape == nn.MaxPool2d((3, 3))(x).shape == (2, 3, 3, 4)
    assert nn.Conv2d(3, 1, 3)(x).shape == (2, 1, 7, 10)
    assert nn.MaxPool2d(3, stride=1, padding=1)(x).shape == x.shape
    assert repr(nn.MaxPool2d(2)) == (
        "MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)"
    )


def test_output_size():
    """N x C x floor(H/h) x floor(W/w), each channel for itself."""
    torch.manual_seed(0)
    x = torch.randn(2, 3, 7, 11)
    y = F.max_pool2d(x, (2, 3))
    assert y.shape == (2, 3, 3, 3)
    for i in range(3):
        for j in range(3):
            block = x[:, :, 2 * i : 2 * i + 2, 3 * j : 3 * j + 3]
            assert torch.equal(y[:, :, i, j], block.amax((2, 3)))


def test_invariance_to_permutations_inside_a_cell():
    x = torch.tensor([[1.0, 4.0, 0.0, 2.0]])
    assert torch.equal(F.max_pool1d(x, 2), F.max_pool1d(x[:, [1, 0, 3, 2]], 2))


def test_one_and_three_dimensions():
    volume = torch.randn(1, 2, 4, 6, 8)
    assert F.max_pool3d(volume, 2).shape == F.avg_pool3d(volume, 2).shape == (1, 2, 2, 3, 4)
