"""What `flambeau eval` measures: loss, accuracy, and the accuracy of each class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flambeau as torch
from flambeau.nn import functional as F
from flambeau.viz.measures import scores_of

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
    """
    scores = scores_of(model, images, progress=progress)
    right = scores.argmax(1) == labels
    count = len(images)
    found: dict[str, Any] = {
        "images": count,
        "loss": F.cross_entropy(scores, labels).item(),
        "right": int(right.sum()),
        "accuracy": int(right.sum()) / count,
    }
    if len(classes) > FIRST:
        best = scores.topk(FIRST, 1).indices
        found["top5_accuracy"] = int((best == labels.view(-1, 1)).any(1).sum()) / count
    seen, hit = (torch.bincount(each, minlength=len(classes)) for each in (labels, labels[right]))
    return found | {"class_accuracy": dict(zip(classes, (hit / seen).tolist()))}


def in_words(found: dict[str, Any]) -> str:
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
