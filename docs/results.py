"""Writes docs/results.md, and its pictures, from what the examples left in docs/results/.

python docs/results.py

mnist.jsonl is the log of examples/mnist_course.py, designs.json is what examples/compare_designs.py
writes, epochs.json what benchmarks/epochs.py does; machine.txt says in words what they ran on.
"""

import json
from pathlib import Path

from flambeau import viz

HERE = Path(__file__).parent
KEPT = HERE / "results"

TEXT = """# What the examples reach

The seed fixes every random number, so the commands give these figures again (to the last digit
with the same kernels on the same kind of processor).
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
python examples/compare_designs.py FOLDER
```

Figure 8.13: each design alone, everything else left equal; 10,000 images to train on, 2,000
others (`cifar2`), batches of 64, seed 0, {epochs} epochs as in the book, which has 0.93 and 0.89
for the baseline. Width and batch normalisation over-fit, weight decay and dropout narrow the gap,
as it says; and as it says of its own figure, other seeds differ by as much as the designs do.

![Accuracy of each design on the images that it was trained on and on others](results/designs.svg)

{designs_table}

`res deep` repeats one block ten times with the same parameters, as the chapter's code does; its
batch normalisation averages over ten depths, and what it has averaged fits none of them: in
training mode the loss is below 0.02.

## How long they take

```
python benchmarks/epochs.py --threads 2
```

The best seconds of an epoch of each example, on two threads, eager; PyTorch 2.13 runs the same text
in turn:

{epochs_table}
"""


def main():
    records = viz.log.read(KEPT / "mnist.jsonl")
    designs, epochs = (json.loads((KEPT / f"{n}.json").read_text()) for n in ("designs", "epochs"))
    viz.curves(records, path=KEPT / "mnist.svg")
    accuracies = {d["design"]: {"train": d["train"], "val": d["val"]} for d in designs}
    viz.comparison(accuracies, path=KEPT / "designs.svg")
    (HERE / "results.md").write_text(page(records, designs, epochs))


def page(records, designs, epochs):
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
        epochs_table=table(
            ["example", "Flambeau", "PyTorch", "PyTorch / Flambeau"],
            [
                [
                    name,
                    f"{s['flambeau']:.2f}",
                    f"{s['pytorch']:.2f}",
                    f"{s['pytorch'] / s['flambeau']:.1f}",
                ]
                for name, s in epochs.items()
            ],
        ),
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
