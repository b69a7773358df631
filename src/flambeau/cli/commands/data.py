"""`flambeau data`: the data sets by name."""

from __future__ import annotations

from pathlib import Path

import click

from flambeau.cli.commands.options import (
    DATA_FOLDER,
    DataName,
    emit,
    json_option,
    root_option,
    told,
)

SMALLEST = 64  # pixels of the side of an image as it is drawn


@click.group()
def data() -> None:
    """List the data sets, download one, or look at its images."""


@data.command(name="list")
@json_option
def list_sets(as_json: bool) -> None:
    """List the data sets that --data takes."""
    from flambeau.cli.sources import SOURCES

    found = [{"name": name, "about": source.about} for name, source in SOURCES.items()]
    emit(as_json, found, "\n".join(f"{name:14s} {s.about}" for name, s in SOURCES.items()))


@data.command()
@click.argument("name", type=DataName())
@root_option
@json_option
@told
def get(name: str, root: str | None, as_json: bool) -> None:
    """Download the data set NAME, once, and say what is in it."""
    from flambeau.cli.sources import source

    train, test = (source(name).open(root or DATA_FOLDER, part) for part in (True, False))
    found = {
        "name": name,
        "train": len(train),
        "test": len(test),
        "classes": list(train.classes),
        "root": None if train.root is None else str(train.root),
    }
    emit(
        as_json,
        found,
        f"{name}: {len(train):,} images to train on, {len(test):,} held out, "
        f"{len(train.classes)} classes: {', '.join(train.classes)}",
    )


@data.command()
@click.argument("name", type=DataName())
@root_option
@click.option(
    "--count",
    type=click.IntRange(1),
    metavar="N",
    default=64,
    show_default=True,
    help="How many.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the picture goes. [default: NAME.png]",
)
@told
def show(name: str, root: str | None, count: int, out: Path | None) -> None:
    """Draw the first images of NAME in a grid, print their labels."""
    import flambeau as torch
    from flambeau.cli.sources import source
    from flambeau.vision import transforms, utils

    images = source(name).open(root or DATA_FOLDER, True)
    images.transform = transforms.ToTensor()
    shown, labels = zip(*(images[i] for i in range(min(count, len(images)))))
    grid = torch.stack(shown)
    zoom = -(-SMALLEST // grid.shape[-1])
    grid = grid.repeat_interleave(zoom, 2).repeat_interleave(zoom, 3)
    out = out or Path(f"{name}.png")
    columns = round(len(shown) ** 0.5)
    utils.save_image(grid, out, nrow=columns)
    for start in range(0, len(labels), columns):
        row = [images.classes[label] for label in labels[start : start + columns]]
        click.echo("  ".join(row))
    click.echo(f"drawn in {out}")
