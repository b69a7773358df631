"""Writes docs/results.md, and its pictures, from what the examples left in docs/results/.

python docs/results.py

mnist.jsonl is the log of examples/mnist_course.py, DESIGNS are what examples/compare_designs.py
writes; machine.txt says in words what they ran on.
"""

import json
from pathlib import Path

from flambeau import viz

HERE = Path(__file__).parent
KEPT = HERE / "results"
DESIGNS = ("designs.json", "designs_100.json")

TEXT = """# What the examples reach

The seed fixes every random number, so the commands give these figures again (to the last digit on
the same kind of processor).
{machine}

## MNIST: the course's net

```
python examples/mnist_course.py FOLDER
```

The program of slide 5.3: batches of 100, SGD with learning rate 0.1, ten epochs, seed 0.
**{mnist:.2%}** of the 10,000 test digits are right in the end.

![Loss and error of the course's net by epoch, on training and on test digits](results/mnist.svg)

{mnist_table}

## Birds or airplanes: the book's designs

```
python examples/compare_designs.py FOLDER --epochs {epochs}
```

Figure 8.13: each design alone, everything else left equal; 10,000 images to train on, 2,000
others (`cifar2`), batches of 64, seed 0. {epochs} epochs here, where the book has 100; below are
those designs that had all of them. As the book says of its own figure: other seeds differ by as
much as the designs do.

![Accuracy of each design on the images that it was trained on and on others](results/designs.svg)

{designs_table}

With the book's 100 epochs, through the C++ runtime (the book has 0.93 and 0.89 for the baseline;
width over-fits, weight decay and dropout narrow the gap, as it says):

{long_table}

`res deep` repeats one block ten times with the same parameters, as the chapter's code does; its
batch normalisation averages over ten depths.
"""


def main():
    records = viz.log.read(KEPT / "mnist.jsonl")
    designs, long = (json.loads((KEPT / name).read_text()) for name in DESIGNS)
    viz.curves(records, path=KEPT / "mnist.svg")
    accuracies = {d["design"]: {"train": d["train"], "val": d["val"]} for d in designs}
    viz.comparison(accuracies, path=KEPT / "designs.svg")
    (HERE / "results.md").write_text(page(records, designs, long))


def page(records, designs, long):
    """The text of docs/results.md."""
    return TEXT.format(
        machine=(KEPT / "machine.txt").read_text().strip(),
        mnist=records[-1]["test_accuracy"],
        mnist_table=table(
            ["epoch", "training loss", "training accuracy", "test loss", "test accuracy"],
            [
                [
                    str(r["epoch"]),
                    f"{r['train_loss']:.4f}",
                    f"{r['train_accuracy']:.2%}",
                    f"{r['test_loss']:.4f}",
                    f"{r['test_accuracy']:.2%}",
                ]
                for r in records
            ],
        ),
        epochs=designs[0]["epochs"],
        designs_table=accuracies_of(designs),
        long_table=accuracies_of(long),
    )


def accuracies_of(designs):
    """The table of designs."""
    return table(
        ["design", "parameters", "training", "validation"],
        [
            [d["design"], f"{d['parameters']:,}", f"{d['train']:.4f}", f"{d['val']:.4f}"]
            for d in designs
        ],
    )


def table(head, rows):
    """A table in Markdown."""
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])


if __name__ == "__main__":
    main()
