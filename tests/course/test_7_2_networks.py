"""Course 7.2 as far as it needs no pre-trained network: LeNet5, making a net convolutional."""

from __future__ import annotations

from transcripts import nn, session, torch


def lenet5():
    """The features and the classifier as the slide prints them."""
    features = nn.Sequential(
        nn.Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1)),
        nn.ReLU(inplace=True),
        nn.MaxPool2d((2, 2), stride=(2, 2)),
        nn.Conv2d(6, 16, kernel_size=(5, 5), stride=(1, 1)),
        nn.ReLU(inplace=True),
        nn.MaxPool2d((2, 2), stride=(2, 2)),
    )
    classifier = nn.Sequential(
        nn.Linear(256, 120),
        nn.ReLU(inplace=True),
        nn.Linear(120, 84),
        nn.ReLU(inplace=True),
        nn.Linear(84, 10),
    )
    return features, classifier


def test_lenet5():
    features, classifier = lenet5()
    x = features(torch.randn(2, 1, 28, 28))
    assert x.shape == (2, 16, 4, 4)
    assert classifier(x.view(x.size(0), -1)).shape == (2, 10)


def test_print_of_lenet5():
    features, classifier = lenet5()
    session(
        """
    >>> features
    Sequential(
      (0): Conv2d(1, 6, kernel_size=(5, 5), stride=(1, 1))
      (1): ReLU(inplace=True)
      (2): MaxPool2d(kernel_size=(2, 2), stride=(2, 2), padding=0, dilation=1, ceil_mode=False)
      (3): Conv2d(6, 16, kernel_size=(5, 5), stride=(1, 1))
      (4): ReLU(inplace=True)
      (5): MaxPool2d(kernel_size=(2, 2), stride=(2, 2), padding=0, dilation=1, ceil_mode=False)
    )
    >>> classifier
    Sequential(
      (0): Linear(in_features=256, out_features=120, bias=True)
      (1): ReLU(inplace=True)
      (2): Linear(in_features=120, out_features=84, bias=True)
      (3): ReLU(inplace=True)
      (4): Linear(in_features=84, out_features=10, bias=True)
    )
    >>> nn.Conv2d(3, 64, kernel_size=(11, 11), stride=(4, 4), padding=(2, 2))
    Conv2d(3, 64, kernel_size=(11, 11), stride=(4, 4), padding=(2, 2))
    >>> nn.Dropout(p = 0.5)
    Dropout(p=0.5, inplace=False)
    """,
        features=features,
        classifier=classifier,
    )


def convolutionize(layers, input_size):
    result_layers = []
    x = torch.zeros((1, *input_size))

    for m in layers:
        if isinstance(m, torch.nn.Linear):
            n = torch.nn.Conv2d(
                in_channels=x.size(1),
                out_channels=m.weight.size(0),
                kernel_size=(x.size(2), x.size(3)),
            )

            with torch.no_grad():
                n.weight.view(-1).copy_(m.weight.view(-1))
                n.bias.view(-1).copy_(m.bias.view(-1))

            m = n

        result_layers.append(m)
        x = m(x)

    return result_layers


def test_convolutionize():
    """Nothing changes where the output has one cell; a larger input gives a map of predictions."""
    torch.manual_seed(0)
    features, classifier = lenet5()
    layers = list(features) + list(classifier)
    model = nn.Sequential(*convolutionize(layers, (1, 28, 28)))
    assert repr(model[6]) == "Conv2d(16, 120, kernel_size=(4, 4), stride=(1, 1))"
    x = torch.randn(3, 1, 28, 28)
    expected = classifier(features(x).view(3, -1))
    torch.testing.assert_close(model(x).view(3, 10), expected, rtol=1e-4, atol=1e-5)
    assert model(torch.randn(1, 1, 60, 44)).shape == (1, 10, 9, 5)


def test_overview_of_scores():
    """`sort(descending = True)` as the image-classification program prints its classes."""
    session("""
    >>> output = torch.tensor([[0.5, 12.26, 3., 10.95]])
    >>> scores, indexes = output.view(-1).sort(descending = True)
    >>> for k in range(3):
    ...     print('%.02f' % scores[k].item(), indexes[k].item())
    12.26 1
    10.95 3
    3.00 2
    """)


def test_normalising_an_image():
    torch.manual_seed(0)
    img = torch.rand(3, 8, 9)
    img = img.view(1, img.size(0), img.size(1), img.size(2))
    img = 0.5 + 0.5 * (img - img.mean()) / img.std()
    torch.testing.assert_close(img.mean(), torch.tensor(0.5))
    torch.testing.assert_close(img.std(), torch.tensor(0.5))


def test_parameters_of_residual_blocks():
    """2 x (3 x 3 x 64 + 1) x 64 is about 73k, the same with 256 channels 1.2m, a bottleneck 70k."""
    count = lambda *layers: sum(p.numel() for m in layers for p in m.parameters())
    assert count(*(nn.Conv2d(64, 64, 3) for _ in range(2))) == 73_856
    assert count(*(nn.Conv2d(256, 256, 3) for _ in range(2))) == 1_180_160
    bottleneck = (
        nn.Conv2d(256, 64, 1, bias=False),
        nn.Conv2d(64, 64, 3),
        nn.Conv2d(64, 256, 1, bias=False),
    )
    assert count(*bottleneck) == 69_696
