"""Fully convolutional networks: the same numbers as the network they are made from, everywhere."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

import flambeau as torch
from flambeau import nn
from flambeau.core.errors import ShapeError
from flambeau.vision import averaging, dense, models

SLIDE = """\
Sequential(
  (0): Conv2d(3, 64, kernel_size=(11, 11), stride=(4, 4), padding=(2, 2))
  (1): ReLU(inplace=True)
  (2): MaxPool2d(kernel_size=3, stride=2, padding=0, dilation=1, ceil_mode=False)
  (3): Conv2d(64, 192, kernel_size=(5, 5), stride=(1, 1), padding=(2, 2))
  (4): ReLU(inplace=True)
  (5): MaxPool2d(kernel_size=3, stride=2, padding=0, dilation=1, ceil_mode=False)
  (6): Conv2d(192, 384, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
  (7): ReLU(inplace=True)
  (8): Conv2d(384, 256, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
  (9): ReLU(inplace=True)
  (10): Conv2d(256, 256, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
  (11): ReLU(inplace=True)
  (12): MaxPool2d(kernel_size=3, stride=2, padding=0, dilation=1, ceil_mode=False)
  (13): Dropout(p=0.5, inplace=False)
  (14): Conv2d(256, 4096, kernel_size=(6, 6), stride=(1, 1))
  (15): ReLU(inplace=True)
  (16): Dropout(p=0.5, inplace=False)
  (17): Conv2d(4096, 4096, kernel_size=(1, 1), stride=(1, 1))
  (18): ReLU(inplace=True)
  (19): Conv2d(4096, 1000, kernel_size=(1, 1), stride=(1, 1))
)"""


def test_alexnet_as_on_the_slide():
    model = models.alexnet()
    layers = list(model.features) + list(model.classifier)
    converted = dense.convolutionize(layers, (3, 224, 224))
    assert repr(nn.Sequential(*converted)) == SLIDE
    assert converted[12] is layers[12]
    assert torch.equal(converted[14].weight.flatten(1), layers[14].weight)
    assert converted[14].weight.data_ptr() != layers[14].weight.data_ptr()


def normed_net():
    """Every kind of layer that is converted."""
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, bias=False),
        nn.BatchNorm2d(4),
        nn.AdaptiveMaxPool2d(4),
        nn.Flatten(),
        nn.Sequential(nn.Linear(64, 6, bias=False), nn.BatchNorm1d(6), nn.Tanh()),
        nn.Linear(6, 5),
        nn.LogSoftmax(dim=-1),
    )


MODELS = {
    "lenet5": (models.lenet5, (1, 28, 28), (1, 44, 36), (5, 3)),
    "normed": (normed_net, (3, 10, 10), (3, 14, 12), (3, 2)),
    "resnet18": (lambda: models.resnet18(num_classes=4), (3, 64, 64), (3, 96, 64), (2, 1)),
    "squeezenet1_1": (
        lambda: models.squeezenet1_1(num_classes=4),
        (3, 67, 67),
        (3, 83, 99),
        (2, 3),
    ),
    "nin": (models.nin, (3, 32, 32), (3, 40, 36), (3, 2)),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_same_on_the_original_size_and_a_map_on_larger_ones(name):
    make, size, larger, cells = MODELS[name]
    torch.manual_seed(0)
    model = make()
    if name == "normed":
        model(torch.randn(8, *size))  # statistics that are not those of a new layer
    state = {key: value.clone() for key, value in model.state_dict().items()}
    generator = torch.get_rng_state()
    network = dense.convolutionize(model, size)
    assert torch.equal(torch.get_rng_state(), generator)
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())
    assert network.training and model.training
    model.eval(), network.eval()
    x = torch.randn(2, *size)
    with torch.no_grad():
        expected, found = model(x), network(x)
        assert found.shape == (*expected.shape, 1, 1)
        torch.testing.assert_close(found[:, :, 0, 0], expected, rtol=1e-3, atol=1e-4)
        assert network(torch.randn(1, *larger)).shape[2:] == cells


def test_vgg():
    """Eight channels in place of 64 and more."""
    torch.manual_seed(0)
    with torch.device("meta"):
        model = models.VGG(nn.Sequential(), num_classes=5)
    model.features = models.vgg.make_layers([8, "M", 8, "M", 8, 8, "M", 8, 8, "M", 8, 8, "M"])
    model.classifier = nn.Sequential(
        nn.Linear(8 * 7 * 7, 16), nn.ReLU(True), nn.Dropout(), nn.Linear(16, 5)
    )
    network = dense.convolutionize(model.eval(), (3, 224, 224))
    assert repr(network[21]) == "Conv2d(8, 16, kernel_size=(7, 7), stride=(1, 1))"
    x = torch.randn(1, 3, 224, 256)
    with torch.no_grad():
        found, expected = network(x[:, :, :, :224]), model(x[:, :, :, :224])
        torch.testing.assert_close(found[:, :, 0, 0], expected, rtol=1e-3, atol=1e-5)
        assert network(x).shape == (1, 5, 1, 2)


def windows(model, x, size, step, cells):
    """The model's scores for each window, one after the other.

    At the right and at the bottom, what a window has outside of the image are pixels that the model
    leaves over.
    """
    x = nn.functional.pad(x, (0, size, 0, size))
    rows = []
    for i in range(cells[0]):
        row = [
            model(x[:, :, i * step : i * step + size, j * step : j * step + size])
            for j in range(cells[1])
        ]
        rows.append(torch.stack(row, 2))
    return torch.stack(rows, 2)


def overlapping():
    """A final pooling of 3 x 3 with stride 3 and one of 3 x 3 with stride 2 before it; of 18 pixels
    it sees 17."""
    return nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.MaxPool2d(3, stride=2),
        nn.ReLU(),
        nn.Conv2d(4, 5, 2),
        nn.MaxPool2d(3),
        nn.Flatten(),
        nn.Linear(5 * 2 * 2, 6),
        nn.ReLU(),
        nn.Linear(6, 3),
    )


def averaging_net():
    """Averages in place of maxima; of 15 pixels it sees 13."""
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, stride=2), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(3 * 9, 2)
    )


@pytest.mark.parametrize(
    "make, size, seen, steps",
    [
        (models.lenet5, 28, 28, (4, 2, 1)),
        (overlapping, 18, 17, (6, 2, 1)),
        (averaging_net, 15, 13, (4, 2, 1)),
    ],
    ids=["lenet5", "overlapping", "averages"],
)
@pytest.mark.parametrize("last", [0, 1, 2])
def test_every_cell_is_the_model_s_prediction_in_its_window(make, size, seen, steps, last):
    torch.manual_seed(0)
    model = make().eval()
    input_size = (1, size, size)
    if last:
        network = dense.overfeat(model, input_size, last)
    else:
        network = dense.convolutionize(model, input_size)
    step = steps[last]
    for extra in ((0, 0), (7, 3), (12, 1)):
        x = torch.randn(1, 1, size + extra[0], size + extra[1])
        with torch.no_grad():
            found = network(x)
            cells = tuple((size + more - seen) // step + 1 for more in extra)
            assert found.shape[2:] == cells
            expected = windows(model, x, size, step, cells)
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-5)


def test_overfeat_of_a_list_and_of_modules_inside():
    model = models.squeezenet1_1(num_classes=4).eval()
    layers = dense.overfeat([*model.features, *model.classifier], (3, 67, 67))
    assert isinstance(layers, list) and isinstance(layers[-1], dense.EveryOffset)
    network = nn.Sequential(*layers).eval()
    x = torch.randn(1, 3, 75, 67)
    with torch.no_grad():
        assert network(x).shape == (1, 4, 2, 1)
        found, expected = network(x[:, :, :67]), model(x[:, :, :67])
        torch.testing.assert_close(found[:, :, 0, 0], expected, rtol=1e-3, atol=1e-5)


def test_overfeat_has_gradients():
    torch.manual_seed(0)
    model = models.lenet5()
    network = dense.overfeat(model, (1, 28, 28))
    x = torch.randn(1, 1, 31, 28)
    network(x).sum().backward()
    found = model.features[0].weight.grad.clone()
    model.zero_grad()
    (model(x[:, :, :28]) + model(x[:, :, 2:30])).sum().backward()
    torch.testing.assert_close(found, model.features[0].weight.grad, rtol=1e-3, atol=1e-4)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.fc = nn.Linear(4 * 16, 3)

    def forward(self, x):
        return self.fc(torch.tanh(self.conv(x)).flatten(1))


class Head(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4 * 16, 3)

    def forward(self, x):
        return self.fc(x.flatten(1))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: dense.convolutionize(Residual(), (1, 6, 6)), "Residual does more between its"),
        (
            lambda: dense.convolutionize(nn.Sequential(nn.Conv2d(1, 4, 3), Head()), (1, 6, 6)),
            "Head has a linear layer inside, fc",
        ),
        (
            lambda: dense.convolutionize([nn.Conv2d(1, 4, 3), nn.Linear(64, 3)], (1, 7, 7)),
            r"in_features=64.* comes after \(4, 5, 5\) numbers.*input_size",
        ),
        (
            lambda: dense.convolutionize([nn.AdaptiveAvgPool2d(4)], (1, 6, 6)),
            "windows of several sizes on maps of 6 x 6",
        ),
        (lambda: dense.convolutionize([nn.Flatten(2)], (1, 6, 6)), "only all numbers of an image"),
        (lambda: dense.overfeat(models.lenet5(), (1, 28, 28), 3), "fewer layers with strides"),
        (
            lambda: dense.overfeat(models.resnet18(num_classes=2), (3, 64, 64)),
            "BasicBlock has a stride inside",
        ),
    ],
)
def test_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_averaging_first_is_averaging_last():
    """Where the last layer is linear; elsewhere the mean stays at the end."""
    torch.manual_seed(0)
    network = dense.convolutionize(models.lenet5(), (1, 28, 28)).eval()
    x = torch.randn(2, 1, 44, 36)
    first = dense.average_first(network)
    assert isinstance(first[-3], nn.AdaptiveAvgPool2d)
    expected = averaging.average_map(network(x))
    torch.testing.assert_close(first(x), expected, rtol=1e-4, atol=1e-6)
    padded = nn.Sequential(nn.Conv2d(1, 3, 1, padding=1))
    after = dense.average_first(padded)
    assert isinstance(after[-2], nn.AdaptiveAvgPool2d)
    torch.testing.assert_close(after(x), averaging.average_map(padded(x)))


def test_class_maps():
    torch.manual_seed(0)
    network = dense.convolutionize(models.lenet5(), (1, 28, 28))
    image = torch.randn(1, 44, 36)
    one, several = dense.class_map(network, image, 7), dense.class_map(network, image, [3, 7])
    assert one.shape == (5, 3) and several.shape == (2, 5, 3)
    assert torch.equal(several[1], one) and not one.requires_grad
    shares = dense.class_map(network, image, list(range(10)), probabilities=True)
    torch.testing.assert_close(shares.sum(0), torch.ones(5, 3))
    with pytest.raises(ShapeError, match=r"scores of size \(1, 10\), not maps"):
        dense.class_map(models.lenet5(), torch.zeros(1, 28, 28), 0)


# Real digits ---


def mnist_layers(shared_data):
    """The example net of PyTorch's tutorials, trained: conv, conv, fc, fc."""
    state = torch.load(shared_data / "checkpoints" / "mnist.pth", map_location="cpu")
    layers = {
        "conv1": nn.Conv2d(1, 10, 5),
        "conv2": nn.Conv2d(10, 20, 5),
        "fc1": nn.Linear(320, 50),
        "fc2": nn.Linear(50, 10),
    }
    for name, layer in layers.items():
        layer.load_state_dict({part: state[f"{name}.{part}"] for part in ("weight", "bias")})
    conv1, conv2, fc1, fc2 = layers.values()
    return [
        conv1,
        nn.MaxPool2d(2),
        nn.ReLU(),
        conv2,
        nn.MaxPool2d(2),
        nn.ReLU(),
        fc1,
        nn.ReLU(),
        fc2,
    ]


@pytest.fixture(scope="module")
def canvas(shared_data):
    """Three digits far from each other on a dark canvas, normalised; where, and which they are."""
    folder = shared_data / "mnist"
    raw = gzip.decompress((folder / "t10k-images-idx3-ubyte.gz").read_bytes())
    labels = gzip.decompress((folder / "t10k-labels-idx1-ubyte.gz").read_bytes())[8:]
    digits = np.frombuffer(raw, np.uint8, offset=16).reshape(-1, 28, 28)
    places = [(4, 6), (50, 20), (10, 70)]
    pixels = np.zeros((84, 104), np.float32)
    for i, (top, left) in enumerate(places):
        pixels[top : top + 28, left : left + 28] = digits[i]
    image = torch.from_numpy((pixels[None] / 255 - 0.1307) / 0.3081).float()
    return image, [(place, labels[i]) for i, place in enumerate(places)]


def test_digits_are_found_where_they_are(shared_data, canvas):
    image, digits = canvas
    layers = mnist_layers(shared_data)
    network = nn.Sequential(*dense.overfeat(layers, (1, 28, 28)))
    scores = dense.class_map(network, image, list(range(10)))
    assert scores.shape == (10, (84 - 28) // 2 + 1, (104 - 28) // 2 + 1)
    for (top, left), digit in digits:
        at = scores[:, top // 2, left // 2]
        assert at.argmax().item() == digit
        window = image[None, :, top : top + 28, left : left + 28]
        whole = nn.Sequential(*layers[:6])(window).flatten(1)
        expected = nn.Sequential(*layers[6:])(whole)[0]
        torch.testing.assert_close(at, expected, rtol=1e-3, atol=1e-3)
