"""`flambeau eval`: how good a network is on images that it was not trained on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from flambeau.cli.commands.options import (
    DATA_FOLDER,
    ModelName,
    Numbers,
    data_option,
    emit,
    json_option,
    root_option,
    told,
    weights_option,
)


@click.command(name="eval")
@click.argument("run", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--model", type=ModelName(), help="A network, in place of RUN.")
@weights_option
@data_option
@root_option
@click.option("--mean", type=Numbers(), help="[default: of the training images]")
@click.option("--std", type=Numbers(), help="[default: of the training images]")
@json_option
@told
def evaluate(
    run: Path | None,
    model: str | None,
    weights: str | None,
    data: str | None,
    root: str | None,
    mean: list[float] | None,
    std: list[float] | None,
    as_json: bool,
) -> None:
    """Measure a network on images held out from training.

    Prints loss, accuracy, and the accuracy of each class.

    \b
    flambeau eval runs/1                   the network of a run, on its data
    flambeau eval --model resnet20 --weights FILE --data cifar10 \\
        --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225

    Images are normalised by --mean and --std, one number for each channel. --root is where the data
    are; for a run the default is where they were.
    """
    from flambeau.cli import evaluation
    from flambeau.cli.display import counting

    network, (images, labels), classes = _subject(run, model, weights, data, root, mean, std)
    with counting("images", len(images)) as progress:
        found = evaluation.measure(network, images, labels, classes, progress)
    emit(as_json, found, evaluation.in_words(found))


def _subject(
    run: Path | None,
    model: str | None,
    weights: str | None,
    data: str | None,
    root: str | None,
    mean: list[float] | None,
    std: list[float] | None,
) -> tuple[Any, tuple[Any, Any], list[str]]:
    """The network, the images with their labels, and the names of the classes that are meant."""
    from flambeau.cli import saved, zoo
    from flambeau.cli.sources import held_out, open_data

    if (run is None) == (model is None):
        raise click.UsageError("give the folder of a run, or --model with --weights and --data")
    if (mean is None) != (std is None):
        raise click.UsageError("--mean and --std go together")
    if run is not None:
        if weights or data or mean:
            raise click.UsageError(
                "RUN has its own weights, --data, --mean and --std: leave them out"
            )
        network, settings, images = saved.network(run)
        test, classes = held_out(settings.data, root or settings.root, images.mean, images.std)
        return network, test, classes
    if model is None or data is None or weights is None:
        raise click.UsageError("--model needs --weights and --data")
    if mean is None or std is None:
        opened = open_data(data, root or DATA_FOLDER)
        test, classes = opened.test, opened.images.classes
    else:
        test, classes = held_out(data, root or DATA_FOLDER, mean, std)
    size = tuple(test[0].shape[1:])
    network = zoo.build(
        model, weights, num_classes=len(classes), in_channels=size[0], image_size=size[1]
    )
    zoo.check_fits(network, model, size, len(classes))
    return network.eval(), test, classes
