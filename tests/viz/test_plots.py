"""What is in the pictures: axes, images, lines, numbers and words."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib", reason="pictures are drawn with matplotlib")

import flambeau as torch
from flambeau import nn, optim, viz
from flambeau.viz.plots import gallery, mosaic, style


def title(axes) -> str:
    return axes.get_title("left")


def only(figure):
    (axes,) = figure.axes
    return axes


# Filters and maps ---


def tiles(image, count, columns, side):
    """The small pictures of a mosaic, one value for each of their pixels."""
    whole = np.ma.getdata(image.get_array())
    masked = np.ma.getmaskarray(image.get_array())
    free = ~(masked.all(1) if masked.ndim == 2 else masked.all((1, 2)))
    rows = np.flatnonzero(free)
    starts = rows[np.diff(rows, prepend=-9) > 1]
    across = np.flatnonzero(~masked.all(0))
    lefts = across[np.diff(across, prepend=-9) > 1]
    zoom = len(rows) // len(starts) // side
    return [
        whole[starts[i // columns] :: zoom, lefts[i % columns] :: zoom][:side, :side]
        for i in range(count)
    ]


def test_filters_of_one_channel():
    weight = torch.randn(6, 1, 5, 5)
    figure = viz.filters(weight)
    axes, bar = figure.axes
    (image,) = axes.images
    assert title(axes) == "6 filters of 5 x 5"
    low, high = image.get_clim()
    assert -low == high == pytest.approx(weight.abs().max().item())
    for tile, kernel in zip(tiles(image, 6, 3, 5), weight[:, 0].numpy()):
        assert np.allclose(tile, kernel)
    assert [text.get_text() for text in bar.get_yticklabels()][1] == "0"


def test_zero_is_white_and_signs_differ():
    image = viz.filters(torch.tensor([-1.0, 0.0, 1.0, 0.0]).view(1, 1, 2, 2)).axes[0].images[0]
    below, zero, above = image.cmap(image.norm([-1.0, 0.0, 1.0]))[:, :3]
    assert zero.min() > 0.95
    assert below[2] > below[0] and above[0] > above[2]  # blue, red


def test_filters_in_colour():
    weight = torch.zeros(4, 3, 2, 2)
    weight[0, 0] = 2.0  # red
    weight[1, 2] = -1.0  # half of the blue gone
    axes = only(viz.filters(weight))
    assert title(axes) == "4 filters of 2 x 2 in colour"
    pixels = axes.images[0].get_array()
    size, step = pixels.shape, pixels.shape[1] // 2  # two columns
    corners = [pixels[size[0] // 4, step // 2], pixels[size[0] // 4, step + step // 2]]
    assert np.allclose(corners, [[1, 0.5, 0.5], [0.5, 0.5, 0.25]])
    assert np.allclose(pixels[-size[0] // 4, step // 2], 0.5)  # zero is grey


def test_filters_of_many_channels_are_a_table():
    figure = viz.filters(nn.Conv2d(8, 32, 3), limit=4)
    axes = figure.axes[0]
    assert title(axes) == "32 filters of 8 x 3 x 3"
    assert axes.get_xlabel() == "the first 4 of 8 input channels"
    assert axes.get_ylabel() == "the first 4 of 32 filters"
    figure = viz.filters(nn.Conv2d(3, 4, 3), colour=False, title="first")
    assert title(figure.axes[0]) == "first" and figure.axes[0].get_xlabel() == "input channels"


def test_filters_of_a_fully_connected_layer():
    layer = nn.Linear(12, 5)
    axes = viz.filters(layer, shape=(1, 3, 4)).axes[0]
    assert title(axes) == "5 filters of 3 x 4"


@pytest.mark.parametrize(
    "layer, message",
    [
        (nn.Linear(12, 5), r"Got shape \(5, 12\): of a fully connected layer"),
        (nn.ReLU(), "ReLU has no weight of its own"),
        (torch.zeros(0, 1, 3, 3), r"Got shape \(0, 1, 3, 3\)"),
    ],
)
def test_what_has_no_filters(layer, message):
    with pytest.raises(ValueError, match=message):
        viz.filters(layer)


def test_a_network_that_diverged_is_drawn_too():
    weight = torch.full((2, 1, 3, 3), float("nan"))
    weight[0] = 0.5
    figure = viz.filters(weight)
    assert figure.axes[0].images[0].get_clim() == (-0.5, 0.5)
    figure.canvas.draw()


def test_feature_maps():
    model = nn.Sequential(nn.Conv2d(1, 6, 3), nn.Dropout(0.5), nn.Tanh())
    image = torch.rand(1, 8, 8)
    figure = viz.feature_maps(model, image, "2", limit=4)
    left, right, _ = figure.axes
    assert title(right) == "2 (Tanh): 6 maps of 6 x 6, the first 4"
    assert np.allclose(left.images[0].get_array(), image[0].numpy())
    low, high = right.images[0].get_clim()
    assert -low == high
    assert model.training and model[1].training  # as before
    model.eval()
    expected = model(image[None])[0, :4].detach().numpy()
    columns = mosaic.columns_for(4)
    assert np.allclose(tiles(right.images[0], 4, columns, 6), expected)
    assert title(viz.feature_maps(model, image, model[0]).axes[1]).startswith("0 (Conv2d): 6 maps")


def test_layers_without_maps():
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    with pytest.raises(ValueError, match="no layer 'conv1' in the model; its layers are: 0, 1"):
        viz.feature_maps(model, torch.zeros(1, 2, 2), "conv1")
    with pytest.raises(ValueError, match=r"layer '1' gives \(1, 2\)"):
        viz.feature_maps(model, torch.zeros(1, 2, 2), "1")
    model[0].forward = lambda x: x.view(len(x), -1)
    model.add_module("spare", nn.ReLU())
    model.forward = lambda x: model[1](model[0](x))
    with pytest.raises(ValueError, match="layer 'spare' was not called"):
        viz.feature_maps(model, torch.zeros(1, 2, 2), "spare")


# Curves and distributions ---

RECORDS = [
    {"epoch": 1, "train_loss": 2.0, "train_error": 0.5, "test_loss": 2.5, "test_accuracy": 0.6},
    {"epoch": 2, "train_loss": 1.0, "train_error": 0.25, "test_loss": 1.5, "test_accuracy": 0.7},
    {"epoch": 3, "train_loss": 0.5, "train_error": 0.1, "test_loss": 1.75, "test_accuracy": 0.75},
]


def test_curves(tmp_path):
    with viz.Log(tmp_path) as log:
        for record in RECORDS:
            log.write(record)
    for run in (RECORDS, tmp_path, str(tmp_path)):
        loss, error = viz.curves(run).axes
        assert (title(loss), title(error)) == ("loss", "error")
        assert [line.get_label() for line in loss.lines] == ["training", "test"]
        assert np.allclose(loss.lines[0].get_xydata(), [[1, 2.0], [2, 1.0], [3, 0.5]])
        assert np.allclose(error.lines[0].get_ydata(), [50, 25, 10])  # per cent
        assert np.allclose(error.lines[1].get_ydata(), [40, 30, 25])  # from the accuracy
        assert loss.get_ylim()[0] == error.get_ylim()[0] == 0


def test_curves_of_what_there_is():
    axes = only(viz.curves([{"val_loss": 1.0}, {"val_loss": 0.5}], log_loss=True))
    assert axes.get_yscale() == "log"
    assert np.allclose(axes.lines[0].get_xdata(), [1, 2])  # without epochs: numbered
    axes = only(viz.curves([{"test_loss": -1.0}, {"test_loss": float("nan")}]))
    assert axes.get_ylim()[0] < -1  # likelihoods of densities have losses below zero
    with pytest.raises(ValueError, match=r"1 records have the keys \['epoch', 'reward'\]"):
        viz.curves([{"epoch": 1, "reward": 3.0}])
    with pytest.raises(FileNotFoundError, match=r"no log of a training run: there is no .*jsonl"):
        viz.curves("nowhere")


def test_per_sample_losses():
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.9))
    images, labels = torch.randn(7, 3), torch.arange(7) % 4
    losses = viz.per_sample_losses(model, images, labels, batch_size=3)
    assert losses.shape == (7,) and not losses.requires_grad and model[1].training
    scores = model[0](images)
    by_hand = -torch.log(scores.exp()[range(7), labels] / scores.exp().sum(1))
    assert torch.allclose(losses, by_hand, atol=1e-6)


def test_loss_distributions():
    train = [torch.full((50,), 0.5), torch.tensor([1e-9] * 30 + [1e-2] * 20)]
    test = [torch.full((10,), 0.5), torch.full((10,), 5.0)]
    figure = viz.loss_distributions(train, test, epochs=[1, 20])
    assert [axes.get_ylabel() for axes in figure.axes] == ["epoch 1", "epoch 20"]
    last = figure.axes[1]
    filled, outline = last.patches
    assert filled.get_fill() and not outline.get_fill()
    for patch in last.patches:
        assert patch.get_data().values.sum() == pytest.approx(1)  # shares; none is left out
    values, edges, _ = filled.get_data()
    assert values[0] == pytest.approx(0.6) and edges[0] == pytest.approx(1e-7)
    means = [line.get_xdata()[0] for line in last.lines]
    assert means == pytest.approx([0.4e-2 + 0.6e-7, 5.0])
    assert last.get_xscale() == "log"
    assert [text.get_text() for text in last.texts] == []  # the column fits
    assert len(only(viz.loss_distributions(train[:1])).patches) == 1
    spread = torch.cat([torch.zeros(80), torch.logspace(-6, 0, 20)])
    axes = only(viz.loss_distributions([spread]))
    assert axes.get_ylim()[1] < 0.2 and [text.get_text() for text in axes.texts] == ["80%"]


@pytest.mark.parametrize(
    "losses, message",
    [
        (([], None), "0 epochs of train losses"),
        (([[1.0], [2.0]], [[1.0]]), "1 epochs of test losses for 2 epochs"),
        (([[float("nan")]], None), "every train loss of every epoch should be a finite number"),
    ],
)
def test_losses_that_do_not_fit(losses, message):
    with pytest.raises(ValueError, match=message):
        viz.loss_distributions(*losses)


# Classes ---


def test_confusion_counts():
    labels, guesses = torch.randint(0, 5, (200,)), torch.randint(0, 5, (200,))
    counts = viz.confusion_counts(labels, guesses, 6)
    assert counts.shape == (6, 6) and counts.dtype == torch.int64 and counts.sum() == 200
    for i, j in ((0, 0), (3, 1), (5, 5)):
        assert counts[i, j] == ((labels == i) & (guesses == j)).sum()
    assert viz.confusion_counts([], []).shape == (0, 0)


@pytest.mark.parametrize(
    "labels, predictions, message",
    [
        ([0, 1], [0, 1, 1], r"shapes \(2,\) and \(3,\)"),
        ([0, 1], [[0.5, 0.2], [0.1, 0.3]], r"scores become classes by argmax\(1\)"),
        ([0, 2], [0, 1], "label 2 is not one of the 2 classes"),
        ([0, 1], [0, -1], "prediction -1 is not one of the 2 classes"),
    ],
)
def test_what_is_no_confusion(labels, predictions, message):
    with pytest.raises(ValueError, match=message):
        viz.confusion_counts(labels, predictions, 2)


def test_confusion_matrix():
    figure = viz.confusion_matrix([0, 0, 0, 1], [0, 0, 2, 2], ["cat", "horse", "dog"])
    axes = only(figure)
    assert title(axes) == "2 of 4 right (50.0%)"
    assert np.allclose(axes.images[0].get_array(), [[2 / 3, 0, 1 / 3], [0, 0, 1], [0, 0, 0]])
    places = {text.get_position(): text.get_text() for text in axes.texts}
    assert places == {(0, 0): "2", (2, 0): "1", (2, 1): "1", (2.65, 0): "67%", (2.65, 1): "0%"}
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cat", "horse", "dog"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("is taken for", "is")


def test_misclassified():
    images = torch.rand(5, 3, 6, 6)
    scores = torch.tensor([[9.0, 0], [0, 1], [5, 0], [0, 3], [0, 9]])
    axes = only(viz.misclassified(images, [0, 0, 1, 0, 1], scores, ["bird", "plane"], count=2))
    assert title(axes) == "3 of 5 are taken for something else, the 2 surest"
    assert [t.get_text() for t in axes.texts] == ["bird (99%)\nis plane", "plane (95%)\nis bird"]
    shown = [image.get_array() for image in axes.images]
    assert np.allclose(shown, images[[2, 3]].permute(0, 2, 3, 1).numpy())
    axes = only(viz.misclassified(images, [0, 1, 0, 1, 1], scores, ["bird", "plane"]))
    assert title(axes) == "0 of 5 are taken for something else" and not axes.images
    with pytest.raises(ValueError, match=r"5 images, 4 labels, scores \(5, 2\) and 2 class names"):
        viz.misclassified(images, [0] * 4, scores, ["bird", "plane"])


def test_pixels_of_images():
    grey = np.array([[[0, 255]]], np.uint8)
    assert np.allclose(gallery.pixels(grey)[0], [[0, 1]])
    assert np.allclose(gallery.pixels(np.full((1, 1, 2, 2), -3.0))[0], 0)  # one value alone
    with pytest.raises(ValueError, match=r"with 1 or 3 channels. Got \(1, 2, 4, 4\)"):
        gallery.pixels(np.zeros((1, 2, 4, 4)))


# Policies and paths ---


def sgd(*rates):
    groups = [{"params": [torch.zeros(3, requires_grad=True)], "lr": rate} for rate in rates]
    return optim.SGD(groups, momentum=0.9)


def schedulers():
    schedules = optim.lr_scheduler
    yield schedules.StepLR(sgd(0.1), 3)
    yield schedules.MultiStepLR(sgd(0.1, 0.01), [2, 5])
    yield schedules.OneCycleLR(sgd(0.1), max_lr=0.1, total_steps=8)
    yield schedules.CosineAnnealingWarmRestarts(sgd(0.1), 3)
    first = sgd(0.1)
    yield schedules.SequentialLR(
        first,
        [schedules.ConstantLR(first, total_iters=2), schedules.ExponentialLR(first, 0.5)],
        milestones=[4],
    )
    yield schedules.LambdaLR(sgd(0.1), lambda epoch: 1 / (1 + epoch))


@pytest.mark.parametrize("number", range(6))
def test_a_policy_is_what_training_does(number):
    scheduler = list(schedulers())[number]
    optimizer = scheduler.optimizer
    (parameter, *_) = optimizer.param_groups[0]["params"]
    parameter.grad = torch.ones(3)
    before = repr(scheduler.state_dict()), repr(optimizer.state_dict()), parameter.tolist()
    drawn = viz.learning_rates(scheduler, 8)
    assert before == (
        repr(scheduler.state_dict()),
        repr(optimizer.state_dict()),
        parameter.tolist(),
    )
    rates = []
    for epoch in range(8):
        rates.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        if epoch < 7:
            scheduler.step()
    assert np.allclose(drawn.numpy(), rates)


def test_learning_rate():
    step = optim.lr_scheduler.MultiStepLR(sgd(0.1, 0.01), [2])
    axes = only(viz.learning_rate({"steps": step, "flat": lambda epoch: 0.05}, 4))
    assert [line.get_label() for line in axes.lines] == ["steps group 0", "steps group 1", "flat"]
    assert np.allclose(axes.lines[1].get_ydata(), [0.01, 0.01, 0.001, 0.001])
    assert axes.get_xlabel() == "epoch" and axes.get_legend() is not None
    axes = only(viz.learning_rate(step, 500, unit="step", log_rate=True))
    assert axes.get_yscale() == "log" and axes.get_xlabel() == "step"
    plateau = optim.lr_scheduler.ReduceLROnPlateau(sgd(0.1))
    with pytest.raises(TypeError, match="follow from the losses of the training"):
        viz.learning_rate(plateau, 10)


def bowl(x, y):
    return x**2 + 4 * y**2


def test_optimizer_paths():
    kinds = {
        "SGD": lambda p: optim.SGD(p, lr=0.1),
        "L-BFGS": lambda p: optim.LBFGS(p, max_iter=1),
        "too fast": lambda p: optim.SGD(p, lr=1e200),
    }
    axes = only(viz.optimizer_paths(bowl, kinds, (1.0, 2.0), steps=5, bounds=((-2, 2), (-3, 3))))
    slow, quick, lost = (line.get_xydata() for line in axes.lines)
    assert [line.get_label() for line in axes.lines] == list(kinds)
    assert np.allclose(slow, [[0.8**k, 2 * 0.2**k] for k in range(6)])
    assert len(quick) == 6 and np.allclose(quick[0], (1, 2))
    assert len(lost) < 6 and np.isfinite(lost).all()
    assert axes.get_xlim() == (-2, 2) and axes.get_ylim() == (-3, 3)
    assert any("Contour" in type(each).__name__ for each in axes.collections)
    assert [text.get_text() for text in axes.texts] == ["start"]


def test_paths_are_all_in_the_picture():
    axes = only(viz.optimizer_paths(bowl, {"Adam": lambda p: optim.Adam(p, lr=0.5)}, (3, 1)))
    points = axes.lines[0].get_xydata()
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert left < points[:, 0].min() and points[:, 0].max() < right
    assert bottom < points[:, 1].min() and points[:, 1].max() < top
    flat = only(viz.optimizer_paths(lambda x, y: 0 * x + 0 * y, {}, (0, 0)))
    assert not flat.lines


# Designs ---

DESIGNS = ["baseline", "width", "l2 reg", "dropout", "batch_norm", "depth", "res", "res deep"]


def test_comparison_of_the_books_designs():
    results = {
        name: {"train": 0.9 + 0.01 * i, "val": 0.88 + 0.001 * i} for i, name in enumerate(DESIGNS)
    }
    axes = only(viz.comparison(results))
    train, val = axes.containers
    assert [bar.get_height() for bar in train] == [row["train"] for row in results.values()]
    assert [bar.get_height() for bar in val] == [row["val"] for row in results.values()]
    assert (train.get_label(), val.get_label()) == ("training", "validation")
    assert [label.get_text() for label in axes.get_xticklabels()] == DESIGNS
    assert axes.get_ylim() == (0.8, 1)
    assert axes.texts[0].get_text() == "0.900"
    assert only(viz.comparison(results, lowest=0)).get_ylim() == (0, 1)


@pytest.mark.parametrize(
    "least, bottom", [(0.0, 0.0), (0.05, 0.0), (0.1, 0.0), (0.3, 0.2), (0.75, 0.7), (1.0, 0.9)]
)
def test_where_bars_begin(least, bottom):
    axes = only(viz.comparison({"a": {"val": least}}))
    assert axes.get_ylim() == (bottom, 1)


def test_designs_that_cannot_be_compared():
    with pytest.raises(ValueError, match=r"'b' has \['train'\], together they have"):
        viz.comparison({"a": {"train": 1.0, "val": 0.9}, "b": {"train": 1.0}})
    with pytest.raises(ValueError, match="nothing to compare"):
        viz.comparison({})


# What all share ---


@pytest.mark.parametrize("ending, head", [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_files(tmp_path, ending, head):
    path = tmp_path / f"picture.{ending}"
    figure = viz.comparison({"a": {"val": 0.5}}, path=path)
    content = path.read_bytes()
    assert content.startswith(head)
    if ending == "svg":
        assert b">accuracy<" in content and b"dc:date" not in content  # letters stay letters
    viz.comparison({"a": {"val": 0.5}}, path=path)
    if ending != "pdf":
        assert path.read_bytes() == content
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_axes_of_the_user():
    figure, axes = style.picture(6, 6, 2, 2)
    a, b, c, d = axes.flat
    assert viz.comparison({"a": {"val": 0.5}}, ax=a) is figure
    viz.learning_rate(lambda epoch: 1.0, 3, ax=b)
    viz.confusion_matrix([0], [0], ["a"], ax=c)
    viz.optimizer_paths(bowl, {}, (1, 1), ax=d)
    assert [bool(ax.has_data()) for ax in axes.flat] == [True] * 4
    figure.canvas.draw()


def test_nothing_of_matplotlib_is_changed_or_kept():
    before = dict(matplotlib.rcParams)
    viz.curves(RECORDS)
    assert dict(matplotlib.rcParams) == before
    program = (
        "import sys, flambeau; from flambeau import viz, cli; import flambeau.cli.report\n"
        "assert 'matplotlib' not in sys.modules and 'tensorboardX' not in sys.modules\n"
        "viz.comparison({'a': {'val': 0.5}})\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


def test_without_matplotlib():
    program = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from flambeau import viz\n"
        "assert viz.confusion_counts([0], [0]).tolist() == [[1]]  # needs no picture\n"
        "try: viz.curves\n"
        "except ModuleNotFoundError as error: print(error.name, error)\n"
    )
    command = [sys.executable, "-c", program]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert said.startswith("matplotlib pictures are drawn with") and "flambeau[plot]" in said


def test_names_of_viz():
    assert "filters" in dir(viz) and set(viz.__all__) <= set(dir(viz))
    for name in viz.__all__:
        assert getattr(viz, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'sculpture'"):
        viz.sculpture  # noqa: B018
