"""Draws docs/digits.svg from a run of `flambeau train`: python docs/picture.py runs/1"""

import sys
from pathlib import Path

import flambeau as torch
from flambeau import viz
from flambeau.cli.sources import MODELS, open_data
from flambeau.vision import datasets
from flambeau.viz.plots import curves, gallery, style

COLUMNS, ROWS = 9, 3


def main(folder):
    """Left: loss by epoch. Right: held-out digits with what the network takes them for."""
    records = viz.log.read(folder)
    state = torch.load(folder / "checkpoint.pt")
    data = open_data("digits", "")
    model = MODELS[state["settings"]["model"]]()
    model.load_state_dict(state["model"])
    images, labels = data.test
    guesses = viz.measures.scores_of(model, images).argmax(1)

    figure, axes = style.picture(9.6, 3.1, columns=2, width_ratios=[1, 1.45])
    left, right = axes[0]
    curves.draw(left, curves.losses(records))
    left.lines[0].set_label("training, against softened labels")
    style.keys(left)
    left.set_ylim(bottom=0)
    style.title(left, "loss by epoch")
    seconds = sum(record["seconds"] for record in records)
    accuracy = records[-1]["test_accuracy"]
    left.set_xlabel(f"epoch\n{accuracy:.1%} of the test digits right after {seconds:.0f} s")
    shown = digits(guesses, labels)
    words = [word(guesses[i].item(), labels[i].item()) for i in shown]
    colours = [style.INK if guesses[i] == labels[i] else style.ORANGE for i in shown]
    ink = datasets.Digits(train=False).data[shown].float() / 255
    gallery.show(right, 0.95 - 0.85 * ink, words, COLUMNS, colours)  # dark ink on light paper
    style.title(right, "digits it had not seen, and what it takes them for")
    target = Path(__file__).with_name("digits.svg")
    style.finish(figure, target)
    print(target)


def digits(guesses, labels):
    """Every digit that was mistaken (as far as they fit), then others in order."""
    wrong = (guesses != labels).nonzero().flatten().tolist()[:COLUMNS]
    others = [i for i in range(len(labels)) if i not in wrong]
    return others[: COLUMNS * ROWS - len(wrong)] + wrong


def word(guess, label):
    return f"{guess}" if guess == label else f"{guess}\nnot {label}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
