"""The commands beside `train`: what they print, what they draw, how they fail."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

click = pytest.importorskip("click", reason="the command line needs click")
testing = pytest.importorskip("click.testing", reason="the command line needs click")
pytest.importorskip("rich", reason="the command line needs rich")

import flambeau as torch
from flambeau.cli import evaluation, recognition, zoo
from flambeau.cli.commands import cli


def invoke(*arguments):
    return testing.CliRunner().invoke(cli, [str(argument) for argument in arguments])


def printed(*arguments) -> str:
    """What a command prints that succeeds."""
    result = invoke(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def read(*arguments):
    """What a command with --json gives to other programs."""
    return json.loads(printed(*arguments, "--json"))


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A short run on the digits."""
    folder = tmp_path_factory.mktemp("runs") / "1"
    printed("train", "--epochs", 1, "--out", folder)
    return folder


NET = """
import flambeau as torch
from flambeau import nn
from sizes import HIDDEN


class Net(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.conv = nn.Conv2d(1, 8, 3)
        self.fc = nn.Linear(HIDDEN, num_classes)

    def forward(self, x):
        return self.fc(torch.relu(self.conv(x)).flatten(1))
"""


@pytest.fixture
def own(inside):
    """A file with a network of the user's, which imports a neighbour."""
    (inside / "net.py").write_text(NET)
    (inside / "sizes.py").write_text("HIDDEN = 288\n")
    return "net.py:Net"


COMMANDS = ["train", "eval", "predict", "summary", "graph", "plot", "models", "data", "env"]


def test_every_command_explains_itself():
    assert list(cli.commands) == COMMANDS
    several = [*cli.commands.values(), *cli.commands["data"].commands.values()]
    for command in several:
        options = [each for each in command.params if isinstance(each, click.Option)]
        assert all(option.help for option in options), command.name
    commands = printed("--help").partition("Commands:")[2]
    assert "..." not in commands  # first sentences that fit


def test_ctrl_c_has_one_exit_code(monkeypatch):
    def pressed(name):
        raise KeyboardInterrupt

    monkeypatch.setattr(zoo, "card", pressed)
    result = invoke("models")
    assert (result.exit_code, result.output) == (130, "stopped\n")


def test_models():
    cards = {card["name"]: card for card in read("models", "resnet*")}
    assert cards["resnet18"]["parameters"] == 11_689_512
    assert cards["resnet18"]["input_size"] == [3, 224, 224]
    assert cards["resnet50"]["weights"] == ["IMAGENET1K_V2", "IMAGENET1K_V1"]  # default first
    assert cards["resnet20"]["input_size"] == [3, 32, 32]
    assert "11,689,512" in printed("models", "resnet18")
    missing = invoke("models", "nothing*")
    assert missing.exit_code == 1 and "no network matches" in missing.output


def test_every_network_of_the_list_has_a_summary():
    """On the meta device: sizes fit from the first layer to the last."""
    for card in read("models", "*"):
        size = tuple(card["input_size"])
        with torch.device("meta"):
            model = zoo.build(card["name"]).eval()
            classes = 2 if card["name"].startswith("book_") else 1000
            assert model(torch.zeros(2, *size)).shape[1] in (10, classes), card["name"]


def test_data(inside):
    names = {entry["name"] for entry in read("data", "list")}
    assert {"digits", "mnist", "cifar10", "cifar100", "cifar2"} <= names
    assert read("data", "get", "digits")["train"] == 1437
    labels = printed("data", "show", "digits", "--count", 4, "--out", "four.png").split()
    assert labels[:4] == [str(label) for label in _first_digits(4)]
    from PIL import Image

    with Image.open("four.png") as picture:
        assert picture.size == (2 * 84 + 6, 2 * 84 + 6)  # two columns, lines of 2 pixels
    unknown = invoke("data", "get", "mnits")
    assert unknown.exit_code == 2 and "there are digits, mnist" in unknown.output


def _first_digits(count):
    from flambeau.vision import datasets

    return datasets.Digits().targets[:count].tolist()


def test_summary_is_the_table_of_the_course():
    found = read("summary", "course-net")
    assert (found["total_parameters"], found["total_products"]) == (105_506, 1_333_200)
    text = printed("summary", "course-net")
    for line in (
        "32×24²×5² = 460,800",
        "64×(32×5²+1) = 51,264",
        "F.max_pool2d(., kernel_size=3)",
        "x.view(-1, 256)",
    ):
        assert line in text
    assert "| 32×24×24" in printed("summary", "course-net", "--format", "markdown")
    assert "<table" in printed("summary", "course-net", "--format", "html")
    assert "28×28" in printed("summary", "lenet5", "--receptive-field")
    assert "44.6 MiB" in printed("summary", "resnet18", "--depth", 1, "--memory")


def test_summary_of_the_users_own_network(own):
    assert read("summary", own, "--input", "1x8x8")["total_parameters"] == 80 + 2890
    wrong = invoke("summary", own, "--input", "1x9x9")
    assert wrong.exit_code == 1
    assert "fc: Linear(288 -> 10) got (1, 392)" in wrong.output
    assert invoke("summary", own).exit_code == 1  # nobody knows what it takes
    assert "not 'big'" in invoke("summary", own, "--input", "big").output
    Path("net.py").write_text("Net = dict\n")
    assert "no module of Flambeau" in invoke("summary", own, "--input", "1x8x8").output
    assert (
        "has no class or function 'Nte'"
        in invoke("summary", "net.py:Nte", "--input", "1x8x8").output
    )


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ("self.fc(x.flatten(1))[:, :9]", "gives 9 numbers"),
        ("(self.fc(x.flatten(1)), x.sum((1, 2, 3)))", "gives 10 and 1 numbers"),
        ("len(x)", "gives no numbers"),
    ],
)
def test_a_network_that_does_not_answer_is_refused_before_training(inside, result, said):
    text = NET.replace("self.fc(torch.relu(self.conv(x)).flatten(1))", result)
    Path("net.py").write_text(text.replace("from sizes import HIDDEN", "HIDDEN = 784"))
    wrong = invoke("train", "--model", "net.py:Net")
    assert wrong.exit_code == 1 and said in wrong.output, wrong.output


def test_unknown_names_are_answered_with_near_ones():
    for arguments in (
        ("summary", "resnet81"),
        ("graph", "resnet81"),
        ("train", "--model", "lenet"),
    ):
        result = invoke(*arguments)
        assert result.exit_code == 2 and "near it" in result.output, result.output


def test_graph(inside):
    assert "29 boxes, 28 links" in printed("graph", "course-net", "--out", "net.svg")
    drawn = Path("net.svg").read_text()
    assert "conv1.weight [32, 1, 5, 5]" in drawn and "AccumulateGrad" in drawn
    printed("graph", "resnet20", "--depth", 1, "--shapes", "--out", "net.dot")
    assert "layer1" in Path("net.dot").read_text()
    printed("graph", "lenet5")
    assert Path("LeNet5.svg").is_file()


def test_eval_of_a_run(run):
    found = read("eval", run)
    last = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
    assert found["accuracy"] == last["test_accuracy"]
    assert found["loss"] == pytest.approx(last["test_loss"], rel=1e-5)
    assert found["images"] == 360 and set(found["class_accuracy"]) == set("0123456789")
    assert f"{found['accuracy']:.2%}" in printed("eval", run)


def test_eval_of_weights(run):
    found = read("eval", "--model", "course-net", "--weights", run / "model.pt", "--data", "digits")
    assert found["accuracy"] == read("eval", run)["accuracy"]


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        ([], "give the folder of a run, or --model", 2),
        (["--model", "lenet5"], "--model needs --weights and --data", 2),
        (["--model", "lenet5", "--weights", "w.pt", "--data", "digist"], "no data set", 2),
        (["--model", "lenet5", "--weights", "w.pt", "--data", "digits"], "w.pt", 1),
        (["--mean", "a,b"], "is not numbers with commas between", 2),
        (["--model", "lenet5", "--mean", "0.5"], "--mean and --std go together", 2),
        ([".", "--data", "digits"], "RUN has its own weights, --data", 2),
        (["."], "is no folder of a run", 1),
        (
            ["--model", "lenet5", "--weights", "w", "--data", "digits", "--mean", "0.5,0.5"]
            + ["--std", "1,1"],
            "digits has 1, got 2 and 2",
            1,
        ),
    ],
)
def test_eval_refuses(inside, arguments, said, code):
    result = invoke("eval", *arguments)
    assert (result.exit_code, said in result.output) == (code, True), result.output


def test_measurements_count():
    scores = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 0.0], [5.0, 0.0, 0.0], [1.0, 0.0, 4.0]])
    labels = torch.tensor([0, 1, 1, 1])
    found = evaluation.measure(torch.nn.Identity(), scores, labels, ["a", "b", "c"])
    assert (found["right"], found["accuracy"]) == (2, 0.5)
    assert found["class_accuracy"]["a"] == 1 and found["class_accuracy"]["b"] == pytest.approx(
        1 / 3
    )
    assert np.isnan(found["class_accuracy"]["c"])  # no image of it
    assert "c" not in evaluation.in_words(found).splitlines()[-1]


def test_predict_with_a_run(run, inside):
    from flambeau.vision import datasets

    image, label = datasets.Digits(train=False, size=28, margin=3)[0]
    image.convert("RGB").resize((56, 56)).save("digit.png")
    (found,) = read("predict", "digit.png", "--run", run, "--top", 3, "--draw", "drawn.png")
    assert found["best"][0]["name"] == str(label) and len(found["best"]) == 3
    assert Path("drawn.png").stat().st_size > 1000
    lines = printed("predict", "digit.png", "digit.png", "--run", run, "--probabilities")
    assert lines.count("digit.png") == 2 and f" {label}\n" in lines


def test_predict_with_published_weights(shared_data):
    weights = shared_data / "checkpoints" / "squeezenet1_0_imagenet.pth"
    photo = shared_data / "imagenet_samples" / "dog.jpg"
    arguments = ("predict", photo, "--model", "squeezenet1_0", "--weights", weights)
    lines = printed(*arguments).splitlines()
    assert lines[0] == "22.85 Samoyed, Samoyede" and len(lines) == 5
    for average in ("ten-crop", "scales"):
        (found,) = read(*arguments, "--average", average, "--top", 1)
        assert found["best"][0]["name"] == "Samoyed, Samoyede"
        assert 0.3 < found["best"][0]["score"] <= 1


def test_predict_refuses_what_is_no_picture(inside):
    Path("note.txt").write_text("hello")
    result = invoke("predict", "note.txt", "--run", ".")
    assert result.exit_code == 1 and "is no folder of a run" in result.output
    assert invoke("predict", "absent.jpg").exit_code == 2
    two = invoke("predict", "note.txt", "--run", ".", "--model", "lenet5")
    assert two.exit_code == 2 and "--run has its own network" in two.output


def test_default_weights_bring_their_own_preprocessing(monkeypatch):
    """Those of ResNet-50 are its second, which want larger images than its first."""
    built = []
    monkeypatch.setattr(
        zoo, "build", lambda *arguments: built.append(arguments) or torch.nn.Identity()
    )
    recogniser = recognition.from_zoo("resnet50", None, None)
    assert built == [("resnet50", "DEFAULT")] and recogniser.preprocess.resize_size == [232]


def test_averages_of_a_grey_network(shared_data):
    from flambeau.vision import models, transforms

    steps = [transforms.Grayscale(), transforms.Resize((28, 28)), transforms.ToTensor()]
    recogniser = recognition.Recogniser(
        models.lenet5(), transforms.Compose(steps), [str(i) for i in range(10)]
    )
    photo = shared_data / "imagenet_samples" / "dog.jpg"
    for average in ("ten-crop", "scales"):
        best = recogniser.best(photo, 10, False, average)
        assert sum(prediction.score for prediction in best) == pytest.approx(1)


def test_plot(run, inside):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    arguments = ("--kind", "maps", "--layer", "conv2", "--image", 3, "--out", "maps.svg")
    assert "drawn in maps.svg" in printed("plot", run, *arguments)
    assert "conv2 (Conv2d): 64 maps of 4 x 4" in Path("maps.svg").read_text()


def test_plot_of_a_log(inside):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    Path("log.jsonl").write_text(
        '{"epoch": 1, "train_loss": 2.0}\n{"epoch": 2, "train_loss": 1.0}\n'
    )
    printed("plot", "log.jsonl", "--out", "log.svg")
    assert "<svg" in Path("log.svg").read_text()


def test_env():
    found = read("env")
    assert found["numpy"] == np.__version__ and "python" in found
    assert f"numpy        {np.__version__}" in printed("env")
