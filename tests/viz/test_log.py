"""The training log: what is written can be read, also after a run was killed."""

from __future__ import annotations

import io
import json
import struct
import sys
from importlib.util import find_spec

import numpy as np
import pytest

import flambeau as torch
from flambeau import viz


def lines(folder):
    return (folder / "metrics.jsonl").read_bytes().split(b"\n")


# JSON lines ---


def test_each_record_is_there_at_once(tmp_path):
    with viz.Log(tmp_path / "runs" / "1") as log:
        for epoch in (1, 2):
            log.write({"epoch": epoch}, loss=1 / epoch)
            assert viz.log.read(log.folder)[-1] == {"epoch": epoch, "loss": 1 / epoch}
    assert [json.loads(line) for line in lines(log.folder)[:-1]] == log.records
    assert viz.log.read(log.folder / "metrics.jsonl") == log.records
    with pytest.raises(ValueError, match="closed"):
        log.write(epoch=3)


@pytest.mark.parametrize(
    "value, written",
    [
        (torch.tensor(0.5), 0.5),
        (torch.tensor([3]), 3),
        (torch.tensor(2.0, requires_grad=True), 2.0),
        (torch.tensor([1.0, 2.0]), [1.0, 2.0]),
        (np.float32(0.25), 0.25),
        (np.arange(3), [0, 1, 2]),
        ("words", "words"),
        (None, None),
        (True, True),
        (float("inf"), float("inf")),
    ],
)
def test_values(tmp_path, value, written):
    with viz.Log(tmp_path) as log:
        assert log.write(value=value) == {"value": written}
    assert viz.log.read(tmp_path) == [{"value": written}]


def test_a_loss_that_is_not_a_number_is_logged_too(tmp_path):
    with viz.Log(tmp_path) as log:
        log.write(loss=torch.tensor(float("nan")))
    assert np.isnan(viz.log.read(tmp_path)[0]["loss"])


def test_what_is_no_number_is_refused_and_leaves_no_trace(tmp_path):
    with viz.Log(tmp_path) as log:
        log.write(epoch=1)
        with pytest.raises(TypeError, match="not JSON serializable"):
            log.write(epoch=2, model=object())
        log.write(epoch=2)
    assert viz.log.read(tmp_path) == log.records == [{"epoch": 1}, {"epoch": 2}]


@pytest.mark.parametrize("torn", ['{"epoch": 3, "lo', '{"epoch": 3}', '{"epoch": 3, "loss": 0.1'])
def test_a_torn_last_line(tmp_path, torn):
    """A killed run leaves a part of a line, or a line without its end."""
    with viz.Log(tmp_path) as log:
        log.write(epoch=1)
        log.write(epoch=2)
    path = tmp_path / "metrics.jsonl"
    path.write_text(path.read_text() + torn)
    whole = [{"epoch": 1}, {"epoch": 2}] + ([{"epoch": 3}] if torn.endswith("}") else [])
    assert viz.log.read(tmp_path) == whole
    with viz.Log(tmp_path) as log:
        log.write(epoch=4)
    assert viz.log.read(tmp_path) == [*whole, {"epoch": 4}]


def test_going_on_from_a_checkpoint(tmp_path):
    with viz.Log(tmp_path) as log:
        for epoch in range(5):
            log.write(epoch=epoch, run="first")
    history = log.records[:3]
    with viz.Log(tmp_path, records=history) as log:
        log.write(epoch=3, run="second")
    runs = [record["run"] for record in viz.log.read(tmp_path)]
    assert runs == ["first", "first", "first", "second"]
    assert len(history) == 3  # the checkpoint's list is not the log's


@pytest.mark.parametrize("line", ["{", "[1, 2]", "nonsense"])
def test_a_damaged_log(tmp_path, line):
    path = tmp_path / "metrics.jsonl"
    path.write_text(f'{{"epoch": 1}}\n{line}\n{{"epoch": 3}}\n')
    for use in (viz.log.read, viz.Log):
        with pytest.raises(ValueError, match=r"line 2 of .*metrics.jsonl is"):
            use(tmp_path)
    with viz.Log(tmp_path, records=[]) as log:  # who brings the records needs no old file
        log.write(epoch=1)
    assert viz.log.read(tmp_path) == [{"epoch": 1}]


def test_no_log(tmp_path):
    for place in (tmp_path, tmp_path / "absent", tmp_path / "other.jsonl"):
        with pytest.raises(FileNotFoundError, match="no log of a training run: there is no"):
            viz.log.read(place)


# TensorBoard ---


@pytest.fixture
def event_class():
    reason = "event files are written with tensorboardX"
    pytest.importorskip("tensorboardX", reason=reason)
    from tensorboardX.proto.event_pb2 import Event

    return Event


def crc(data: bytes) -> int:
    """The masked Castagnoli checksum of a record, bit by bit."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
    value ^= 0xFFFFFFFF
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF


def events(folder, event_class):
    """All events in the files of a folder, the frame of each record checked."""
    found = []
    for path in sorted(folder.glob("events.out.tfevents.*")):
        rest = path.read_bytes()
        while rest:
            head, (size, check) = rest[:8], struct.unpack("<QI", rest[:12])
            assert check == crc(head)
            body, end = rest[12 : 12 + size], 12 + size
            assert struct.unpack("<I", rest[end : end + 4]) == (crc(body),)
            found.append(event_class.FromString(body))
            rest = rest[end + 4 :]
    return found


def values(folder, event_class):
    return [
        (event.step, value.tag, value)
        for event in events(folder, event_class)
        for value in event.summary.value
    ]


def scalars(folder, event_class):
    return [(step, tag, v.simple_value) for step, tag, v in values(folder, event_class)]


def test_the_log_in_event_files(tmp_path, event_class):
    with viz.Log(tmp_path, tensorboard=True) as log:
        log.write(epoch=1, loss=0.5, note="words", lr=torch.tensor(0.25))
        assert scalars(tmp_path, event_class)[-1] == (1, "lr", 0.25)  # at once
        log.write(epoch=2, loss=0.125)
    assert viz.log.read(tmp_path)[0]["note"] == "words"
    found = scalars(tmp_path, event_class)
    assert found == [(1, "loss", 0.5), (1, "lr", 0.25), (2, "loss", 0.125)]


def test_going_on_hides_what_is_done_again(tmp_path, event_class):
    with viz.Log(tmp_path, tensorboard=True) as log:
        for epoch in (1, 2, 3):
            log.write(epoch=epoch, loss=1.0)
    with viz.Log(tmp_path, log.records[:1], tensorboard=True) as log:
        log.write(epoch=2, loss=2.0)
    starts = [e.step for e in events(tmp_path, event_class) if e.HasField("session_log")]
    assert starts == [0, 2]
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator",
        reason="TensorBoard reads its own files: not installed",
    )
    reader = accumulator.EventAccumulator(str(tmp_path))
    reader.Reload()
    assert [(e.step, e.value) for e in reader.Scalars("loss")] == [(1, 1.0), (2, 2.0)]


def test_summary_writer(tmp_path, event_class):
    from flambeau.utils.tensorboard import SummaryWriter

    assert torch.utils.tensorboard.SummaryWriter is viz.SummaryWriter is SummaryWriter
    weights = torch.arange(10.0, requires_grad=True)
    with SummaryWriter(tmp_path) as writer:
        assert writer.get_logdir() == writer.log_dir == str(tmp_path)
        writer.add_scalar("loss", weights.sum(), 3)
        writer.add_scalars("both", {"train": torch.tensor(1.0), "test": 2}, 3)
        writer.add_histogram("weights", weights, 4)
        writer.add_text("note", "some *words*", 5)
        writer.add_hparams(
            {"lr": torch.tensor(0.5), "kind": "sgd"}, {"best": torch.tensor(0.75)}, run_name="one"
        )
        writer.add_pr_curve("pr", torch.tensor([0, 1, 1]), torch.tensor([0.1, 0.8, 0.6]), 6)
        writer.flush()
    found = {tag: (step, value) for step, tag, value in values(tmp_path, event_class)}
    assert found["loss"][0] == 3 and found["loss"][1].simple_value == 45
    histogram = found["weights"][1].histo
    assert (histogram.min, histogram.max, histogram.num, histogram.sum) == (0, 9, 10, 45)
    assert found["note/text_summary"][1].tensor.string_val == [b"some *words*"]
    assert found["pr"][0] == 6
    assert scalars(tmp_path / "both" / "train", event_class) == [(3, "both", 1.0)]
    assert (0, "best", 0.75) in scalars(tmp_path / "one", event_class)
    with pytest.raises(NotImplementedError, match="hparam_domain_discrete"):
        writer.add_hparams({}, {}, {"lr": [1, 2]})
    with pytest.raises(AttributeError, match="'SummaryWriter' object has no attribute 'paint'"):
        writer.paint()


def test_images_and_figures(tmp_path, event_class):
    image_module = pytest.importorskip("PIL.Image", reason="images are written with Pillow")
    with viz.SummaryWriter(tmp_path) as writer:
        picture = torch.rand(3, 4, 5)
        writer.add_image("one", picture, 1)
        writer.add_images("four", torch.zeros(4, 1, 4, 4), 1)
        if find_spec("matplotlib"):
            writer.add_figure("drawn", viz.comparison({"a": {"val": 0.5}}), 2)
    found = {tag: value.image for _, tag, value in values(tmp_path, event_class)}
    one = np.asarray(image_module.open(io.BytesIO(found["one"].encoded_image_string)))
    assert np.abs(one / 255 - picture.permute(1, 2, 0).numpy()).max() < 1 / 255
    assert (found["four"].height, found["four"].width) == (4, 16)
    if "drawn" in found:
        assert (found["drawn"].height, found["drawn"].width) == (340, 360)


def test_graphs(tmp_path, event_class):
    from tensorboardX.proto.graph_pb2 import GraphDef

    from flambeau import nn

    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2, bias=False))
    with viz.SummaryWriter(tmp_path) as writer:
        writer.add_graph(model, torch.zeros(5, 3))
    (graph,) = [
        GraphDef.FromString(event.graph_def)
        for event in events(tmp_path, event_class)
        if event.graph_def
    ]
    nodes = {node.name: node for node in graph.node}
    assert {"0/weight", "0/bias", "2/weight"} <= set(nodes) and len(nodes) == len(graph.node)
    assert all(source in nodes for node in graph.node for source in node.input)
    (result,) = [node for node in graph.node if node.op == "output"]
    shape = result.attr["_output_shapes"].list.shape[0]
    assert [dim.size for dim in shape.dim] == [5, 2]
    (product,) = [node for node in graph.node if node.op == "Mm"]
    assert product.name.startswith("2/") and any(
        name.startswith("1/Relu") for name in product.input
    )
    model.requires_grad_(False)
    with viz.SummaryWriter(tmp_path) as writer, pytest.raises(RuntimeError, match="no graph"):
        writer.add_graph(model, torch.zeros(5, 3))


def test_without_tensorboardx(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match=r"pip install 'flambeau\[tensorboard\]'"):
        viz.Log(tmp_path, tensorboard=True)
