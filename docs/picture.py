"""Draws docs/digits.svg from a run of `flambeau train`: python docs/picture.py runs/1"""

import json
import sys
from pathlib import Path

import flambeau as torch
from flambeau.cli.sources import MODELS, open_data
from flambeau.vision import datasets

WIDTH, HEIGHT = 860, 300
PAPER, INK, TEST, TRAIN, GRID = "#ffffff", "#222222", "#d1495b", "#3a7ca5", "#dddddd"


def main(folder):
    """Left: loss by epoch. Right: held-out digits with what the network takes them for."""
    records = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    state = torch.load(folder / "checkpoint.pt")
    data = open_data("digits", "")
    model = MODELS[state["settings"]["model"]]()
    model.load_state_dict(state["model"])
    model.eval()
    images, labels = data.test
    with torch.no_grad():
        scores = model(images).softmax(1)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>',
        *curves(records),
        *digits(scores, labels),
        "</svg>",
    ]
    target = Path(__file__).with_name("digits.svg")
    target.write_text("\n".join(parts) + "\n")
    print(target)


def curves(records):
    """Training and test loss on one scale, the accuracy of each epoch in words below."""
    left, top, right, bottom = 50, 40, 400, 230
    highest = max(record["train_loss"] for record in records)

    def point(epoch, value):
        x = left + (right - left) * (epoch - 1) / max(len(records) - 1, 1)
        return f"{x:.1f},{bottom - (bottom - top) * value / highest:.1f}"

    yield text(left, 24, "loss by epoch", weight="bold")
    for tenth in range(5):
        value = highest * tenth / 4
        y = bottom - (bottom - top) * tenth / 4
        yield f'<line x1="{left}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="{GRID}"/>'
        yield text(left - 8, y + 4, f"{value:.1f}", anchor="end")
    for key, colour, name, y in (
        ("train_loss", TRAIN, "images trained on (softened labels)", 58),
        ("test_loss", TEST, "images held out", 78),
    ):
        line = " ".join(point(record["epoch"], record[key]) for record in records)
        yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2.5"/>'
        yield text(right, y, name, colour=colour, anchor="end")
    for record in records:
        x = point(record["epoch"], 0).split(",")[0]
        yield text(x, bottom + 18, str(int(record["epoch"])), anchor="middle")
    last = records[-1]
    seconds = sum(record["seconds"] for record in records)
    yield text(
        left, 278, f"{last['test_accuracy']:.1%} of the held-out digits right after {seconds:.0f} s"
    )


def digits(scores, labels, columns=9, rows=3):
    """Every digit that was mistaken (as far as they fit), then others in order."""
    guesses = scores.argmax(1)
    wrong = [i for i in range(len(labels)) if guesses[i] != labels[i]][: columns * rows // 3]
    others = [i for i in range(len(labels)) if i not in wrong]
    shown = others[: columns * rows - len(wrong)] + wrong
    pixels = datasets.Digits(train=False).data
    yield text(450, 24, "digits it had not seen, and what it takes them for", weight="bold")
    for place, index in enumerate(shown):
        x, y = 450 + 44 * (place % columns), 40 + 84 * (place // columns)
        yield from picture(pixels[index].tolist(), x, y, 36)
        right = guesses[index] == labels[index]
        word = (
            f"{guesses[index].item()}"
            if right
            else f"{guesses[index].item()} not {labels[index].item()}"
        )
        yield text(x + 18, y + 54, word, colour=INK if right else TEST, anchor="middle")


def picture(rows, x, y, size):
    """One digit as squares, dark where there is ink."""
    side = size / len(rows)
    yield f'<rect x="{x}" y="{y}" width="{size}" height="{size}" fill="#f4f4f4"/>'
    for i, row in enumerate(rows):
        for j, ink in enumerate(row):
            if ink:
                yield (
                    f'<rect x="{x + j * side:.1f}" y="{y + i * side:.1f}" width="{side:.2f}" '
                    f'height="{side:.2f}" fill="{INK}" fill-opacity="{ink / 255:.2f}"/>'
                )


def text(x, y, words, colour=INK, anchor="start", weight="normal"):
    return (
        f'<text x="{x}" y="{y}" fill="{colour}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{words}</text>'
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
