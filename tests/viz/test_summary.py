"""The table of what a model does: the course's, published totals, other models, errors."""

from __future__ import annotations

import json
import time

import pytest

import flambeau as torch
from flambeau import nn, vision, viz
from flambeau.nn import functional as F

models = vision.models


class CourseNet(nn.Module):
    """Slide 4.6's network."""

    def __init__(self, features=256):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, kernel_size=5)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=5)
        self.fc1 = nn.Linear(features, 200)
        self.fc2 = nn.Linear(200, 10)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.conv1(x), kernel_size=3))
        x = F.relu(F.max_pool2d(self.conv2(x), kernel_size=2))
        x = x.view(-1, 256)
        return self.fc2(F.relu(self.fc1(x)))


# The slide's lines, in its words and numbers: sizes, or an operation with its two costs.
SLIDE = """
1×28×28
nn.Conv2d(1, 32, kernel_size=5) | 32×(5²+1) = 832 | 32×24²×5² = 460,800
32×24×24
F.max_pool2d(., kernel_size=3) | 0 | 0
32×8×8
F.relu(.) | 0 | 0
32×8×8
nn.Conv2d(32, 64, kernel_size=5) | 64×(32×5²+1) = 51,264 | 32×64×4²×5² = 819,200
64×4×4
F.max_pool2d(., kernel_size=2) | 0 | 0
64×2×2
F.relu(.) | 0 | 0
64×2×2
x.view(-1, 256) | 0 | 0
256
nn.Linear(256, 200) | 200×(256+1) = 51,400 | 200×256 = 51,200
200
F.relu(.) | 0 | 0
200
nn.Linear(200, 10) | 10×(200+1) = 2,010 | 10×200 = 2,000
10
""".strip().splitlines()
TOTAL = "Total 105,506 parameters and 1,333,200 products for the forward pass."


def test_course_table():
    s = viz.summary(CourseNet(), (1, 28, 28))
    assert s.header() == ("Input sizes / operations", "Nb. parameters", "Nb. products")
    assert [" | ".join(c for c in line if c) for line in s.lines()] == SLIDE
    assert s.footer() == [TOTAL]


def test_course_table_is_shown():
    """Text is aligned, Markdown has a line a row, HTML is well formed."""
    s = viz.summary(CourseNet(), (1, 28, 28))
    lines = str(s).splitlines()
    assert len(lines) == 1 + 1 + len(SLIDE) + 1 + 1 and lines[-1] == TOTAL
    column = lines[0].index("Nb. parameters")
    assert {line[column - 1] for line in lines[2:-2] if len(line) > column} == {" "}
    markdown = s.to_markdown()
    assert "| `nn.Linear(200, 10)` | 10×(200+1) = 2,010 | 10×200 = 2,000 |" in markdown
    assert all(line.count("|") == 4 for line in markdown.splitlines()[: len(SLIDE) + 2])
    import xml.etree.ElementTree as ElementTree

    page = ElementTree.fromstring(f"<div>{s._repr_html_()}</div>".replace("<br>", "<br/>"))
    cells = [["".join(c.itertext()) for c in row] for row in page.iter("tr")]
    assert [" | ".join(c for c in row if c) for row in cells[1:]] == SLIDE
    data = json.loads(s.to_json())
    assert data["total_parameters"] == 105_506 and data["total_products"] == 1_333_200
    assert data["rows"][0]["outputs"] == [[32, 24, 24]] and data["rows"][0]["name"] == "conv1"


# name: size, parameters, multiply-adds as published (to the last digit where they are).
PUBLISHED = {
    "LeNet5": ((1, 28, 28), 44_426, None),
    "alexnet": ((3, 224, 224), 61_100_840, 714_188_480),
    "vgg19": ((3, 224, 224), 143_667_240, 19_632_062_464),
    "resnet18": ((3, 224, 224), 11_689_512, 1_814_073_344),
    "resnet152": ((3, 224, 224), 60_192_808, 11_513_626_624),
    "densenet121": ((3, 224, 224), 7_978_856, 2_834_161_664),
    "mobilenet_v2": ((3, 224, 224), 3_504_872, 300_774_272),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_totals(name):
    """Large models too are built and summarised at once, without arithmetic."""
    size, parameters, products = PUBLISHED[name]
    begin = time.perf_counter()
    with torch.device("meta"):
        model = getattr(models, name)()
    s = viz.summary(model, size)
    assert time.perf_counter() - begin < 5
    assert s.total_parameters == parameters
    assert s.unused_parameters == 0
    assert products is None or s.total_products == products


def test_products_are_what_the_kernels_do():
    """Transposed, grouped, one-dimensional, recurrent and attending layers, by hand."""
    made = {
        nn.ConvTranspose2d(3, 5, 2, stride=2): ((3, 4, 4), 4 * 4 * 3 * 5 * 4),
        nn.Conv2d(4, 8, 3, groups=2): ((4, 5, 5), 3 * 3 * 8 * 2 * 9),
        nn.Conv1d(2, 3, 4): ((2, 10), 7 * 3 * 2 * 4),
        nn.Linear(4, 3): ((7, 4), 7 * 3 * 4),
        nn.LSTM(3, 4, batch_first=True): ((5, 3), 5 * 4 * 4 * (3 + 4)),
        nn.MultiheadAttention(4, 2, batch_first=True): None,
    }
    for layer, expected in made.items():
        if expected is not None:
            assert viz.summary(layer, expected[0]).total_products == expected[1], layer
    x = torch.zeros(1, 3, 4)
    attention = viz.summary(nn.MultiheadAttention(4, 2, batch_first=True), (x, x, x))
    assert attention.total_products == 3 * 3 * 4 * 4 + 2 * (3 * 3 * 4) + 3 * 4 * 4


class Functions(nn.Module):
    """What users call without making a layer of it."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4, 1, 3, 3))
        self.constant = torch.ones(1, 4, 1, 1)
        self.mixed = nn.Parameter(torch.ones(8, 8))

    def forward(self, x):
        y = F.conv2d(x, self.weight, None, 2, 1) * self.constant
        y += 1
        y = torch.cat([y, 2 - y], 1)
        y = F.dropout(F.leaky_relu(y, 0.2), training=self.training)
        y = y[:, :, 0].mean(dim=-1) @ self.mixed
        return torch.where(y > torch.zeros(8), -y, y).sum(1, keepdim=True)


def test_functions_and_operators():
    model = Functions()
    s = viz.summary(model, (1, 8, 8))
    assert [row.operation for row in s.rows] == [
        "F.conv2d(., weight, stride=2, padding=1)",
        ". * .",
        ". += 1",
        "2 - .",
        "torch.cat([., .], 1)",
        "F.leaky_relu(., negative_slope=0.2)",
        "x[...]",
        "x.mean(dim=-1)",
        ". @ mixed",
        ". > .",
        "-.",
        "x.where(., .)",
        "x.sum(1, keepdim=True)",
    ]
    assert [str(s.rows[i].parameters) for i in (0, 8)] == ["4×3² = 36", "8×8 = 64"]
    assert s.rows[4].inputs == ((4, 4, 4), (4, 4, 4)) and s.rows[-1].outputs == ((1,),)
    assert model.weight.is_cpu and model.constant.is_cpu and model.training


@pytest.mark.parametrize(
    "layer, text",
    [
        (nn.Conv2d(1, 2, (3, 5), stride=2), "nn.Conv2d(1, 2, kernel_size=(3, 5), stride=2)"),
        (nn.MaxPool2d(2), "nn.MaxPool2d(kernel_size=2)"),
        (nn.MaxPool2d(3, 2), "nn.MaxPool2d(kernel_size=3, stride=2)"),
        (nn.Linear(2, 3, bias=False), "nn.Linear(2, 3, bias=False)"),
        (nn.BatchNorm2d(4, affine=False), "nn.BatchNorm2d(4, affine=False)"),
        (nn.Dropout(0.2), "nn.Dropout(p=0.2)"),
        (nn.ReLU(inplace=True), "nn.ReLU(inplace=True)"),
        (nn.LSTM(3, 4, 2), "nn.LSTM(3, 4, num_layers=2)"),
    ],
)
def test_layers_are_written_as_they_are_made(layer, text):
    from flambeau.viz.summaries import naming

    assert naming.of_module(layer) == text


def test_inputs():
    """A size, several, an example, whole batches, integers."""
    one = viz.summary(nn.Linear(4, 2), (4,))
    assert viz.summary(nn.Linear(4, 2), torch.ones(1, 4)).to_dict() == one.to_dict()
    many = viz.summary(nn.Linear(4, 2), (4,), batch_size=3)
    assert many.rows[0].outputs == ((3, 2),) and many.total_products == 3 * one.total_products
    assert str(many.rows[0].products) == "3×2×4 = 24"
    assert viz.summary(nn.Linear(4, 2), (5, 4), batch_size=None).rows[0].outputs == ((5, 2),)
    two = viz.summary(nn.Bilinear(2, 3, 4), [(2,), (3,)])
    assert two.input_sizes == ((2,), (3,)) and two.rows[0].outputs == ((4,),)
    embedded = viz.summary(nn.Embedding(9, 4), (5,), dtypes=[torch.int64])
    assert embedded.rows[0].outputs == ((5, 4),)


def test_columns():
    s = viz.summary(
        CourseNet(), (1, 28, 28),
        columns=("name", "output", "parameter_bytes", "activation_bytes", "multiply_adds"),
    )  # fmt: skip
    assert s.lines()[1][1:] == ("conv1", "32×24×24", "3.2 KiB", "72.0 KiB", "460,800")
    assert s.parameter_bytes == 4 * 105_506
    assert s.activation_bytes == 4 * (32 * 24**2 + 2 * 32 * 8**2 + 64 * 4**2 + 2 * 64 * 4 + 410)
    assert s.footer()[-1] == "Memory: 412.1 KiB of parameters, 95.6 KiB of activations."
    with pytest.raises(ValueError, match="columns are parameters"):
        viz.summary(CourseNet(), (1, 28, 28), columns=("flops",))


def test_tree():
    with torch.device("meta"):
        model = models.googlenet()
    s = viz.summary(model, (3, 224, 224), depth=1)
    lines = {line[0].strip(): line[1:] for line in s.lines()}
    assert lines["GoogLeNet"] == ("13,004,888", "1,498,376,192")
    assert lines["conv1: BasicConv2d"] == ("9,536", "118,013,952")
    assert lines["aux1: InceptionAux (not called)"] == ("3,188,968", "0")
    assert s.unused_parameters == 6_379_984
    deep = viz.summary(model, (3, 224, 224), depth=3)
    assert [r.depth for r in deep.rows if r.name == "inception3a.branch2.0"] == [3] or any(
        r.depth == 3 for r in deep.rows
    )


def test_shared_and_frozen_parameters_count_once():
    shared = nn.Linear(4, 4)
    shared.bias.requires_grad_(False)
    s = viz.summary(nn.Sequential(shared, nn.ReLU(), shared), (4,))
    assert [row.parameters.number for row in s.rows] == [20, 0, 0]
    assert s.total_parameters == 20 and s.trainable_parameters == 16
    assert s.total_products == 32 and "4 parameters are frozen." in s.footer()


def test_the_model_is_left_as_it_was():
    model = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(), nn.Linear(3, 2))
    model[1].eval()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    parameters = list(model.parameters())
    torch.manual_seed(0)
    state = torch.get_rng_state()
    viz.summary(model, (3,), training=True, batch_size=2)
    viz.summary(model, (3,), device="cpu")
    assert model.training and not model[1].training and not model._forward_hooks
    assert all(p is q for p, q in zip(model.parameters(), parameters))
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)


def test_values_decide():
    """A path that depends on values cannot be told from shapes; it can be computed."""

    class Choice(nn.Module):
        def forward(self, x):
            return x.relu() if x.sum() > -1 else x

    with pytest.raises(RuntimeError, match="cannot be called on meta tensors"):
        viz.summary(Choice(), (3,))
    rows = viz.summary(Choice(), (3,), device="cpu").rows
    assert [row.operation for row in rows] == ["x.sum()", ". > -1", "F.relu(.)"]


WRONG = [
    (
        CourseNet(512), (1, 28, 28),
        ["in fc1: Linear(512 -> 200) got (1, 256)", "nn.Linear(256, 200)", "x.view(-1, 256)"],
    ),
    (
        nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8, 2)), (1, 8, 8),
        ["in 0: Conv2d(3 -> 8", "expected input[1, 1, 8, 8] to have 3 channels"],
    ),
    (
        nn.Sequential(nn.Conv2d(1, 8, 3), nn.Linear(288, 2)), (1, 8, 8),
        ["in 1: Linear(288 -> 2) got (1, 8, 6, 6)", "flatten the input first", "8×6×6"],
    ),
    (
        nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(8)), (1, 6, 6),
        ["Output size is too small", "in 1: MaxPool2d"],
    ),
    (
        nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(4)), (4,),
        ["in 1: BatchNorm1d"],
    ),
]  # fmt: skip


@pytest.mark.parametrize("model, size, words", WRONG)
def test_wrong_sizes_are_found(model, size, words):
    """With the layer, the cure, and the sizes up to there; before anything is computed."""
    with pytest.raises(RuntimeError) as caught:
        viz.check_shapes(model, size)
    text = str(caught.value)
    for word in [*words, "Up to there:", "(failed)"]:
        assert word in text, text
    assert caught.value.summary.rows
    assert all(p.is_cpu for p in model.parameters())


def test_right_sizes_pass():
    assert viz.check_shapes(CourseNet(), (1, 28, 28)).total_products == 1_333_200


def test_lazy_models_must_have_met_an_input():
    with pytest.raises(RuntimeError, match=r"0\.weight has no size yet"):
        viz.summary(nn.Sequential(nn.LazyLinear(3)), (4,))
