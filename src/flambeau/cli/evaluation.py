"""What `flambeau eval` measures: loss, accuracy, and the accuracy of each class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flambeau as torch
from flambeau.nn import functional as F

BATCH = 250  # bounds the memory that looking at the images takes
FIRST = 5  # an image counts for the top-5 accuracy if its class is among the best five


def measure(
    model: Any,
    images: Any,
    labels: Any,
    classes: list[str],
    progress: Callable[[int], None] = lambda done: None,
) -> dict[str, Any]:
    """Loss and accuracies of a network in evaluation mode.

    Args:   progress: told after each batch how many images are done.
    Raises: ValueError when the network gives another number of scores than there are classes.
    """
    loss, right, among_first = 0.0, 0, 0
    seen, hit = torch.zeros(len(classes)), torch.zeros(len(classes))
    with torch.no_grad():
        for start in range(0, len(images), BATCH):
            x, y = images[start : start + BATCH], labels[start : start + BATCH]
            scores = model(x)
            if scores.shape != (len(x), len(classes)):
                raise ValueError(
                    f"the network gives {tuple(scores.shape)} for {len(x)} images, but there are "
                    f"{len(classes)} classes"
                )
            good = scores.argmax(1) == y
            loss += F.cross_entropy(scores, y, reduction="sum").item()
            right += int(good.sum())
            best = scores.topk(min(FIRST, len(classes)), 1).indices
            among_first += int((best == y.view(-1, 1)).any(1).sum())
            seen += torch.bincount(y, minlength=len(classes))
            hit += torch.bincount(y[good], minlength=len(classes))
            progress(start + len(x))
    count = len(images)
    found: dict[str, Any] = {
        "images": count,
        "loss": loss / count,
        "right": right,
        "accuracy": right / count,
    }
    if len(classes) > FIRST:
        found["top5_accuracy"] = among_first / count
    shares = (hit / seen).tolist()
    return found | {"class_accuracy": dict(zip(classes, shares))}


def told(found: dict[str, Any]) -> str:
    """The measurements in words, the worst class first."""
    lines = [
        f"{found['right']:,} of {found['images']:,} images right: accuracy {found['accuracy']:.2%}",
        f"loss {found['loss']:.4f}",
    ]
    if "top5_accuracy" in found:
        lines.append(f"class among the first {FIRST}: {found['top5_accuracy']:.2%}")
    worst = sorted(found["class_accuracy"].items(), key=lambda item: item[1])
    lines += [f"{share:8.2%}  {name}" for name, share in worst if share == share]
    return "\n".join(lines)
