"""`flambeau predict`: what is in a photograph."""

from __future__ import annotations

from pathlib import Path

import click

from flambeau.cli.commands.options import ModelName, emit, json_option, told, weights_option

DEFAULT = "squeezenet1_0"


@click.command()
@click.argument(
    "photos",
    metavar="PHOTO...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--model", type=ModelName(), help="The network, one with weights. [default: squeezenet1_0]"
)
@weights_option
@click.option(
    "--run",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The network of a run of `flambeau train`, in place of --model and --weights.",
)
@click.option(
    "--classes",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the names of the classes, one a line. [default: what the weights say]",
)
@click.option(
    "--top",
    type=click.IntRange(1),
    metavar="N",
    default=5,
    show_default=True,
    help="How many names.",
)
@click.option("--probabilities", is_flag=True, help="Probabilities in place of scores.")
@click.option(
    "--average",
    type=click.Choice(["none", "ten-crop", "scales"]),
    default="none",
    show_default=True,
    help="Average probabilities over corners, middle and mirror images, or over several sizes.",
)
@click.option(
    "--draw",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the photograph with its names: .png or .svg; several: the number is added.",
)
@json_option
@told
def predict(
    photos: tuple[Path, ...],
    model: str | None,
    weights: str | None,
    run: Path | None,
    classes: Path | None,
    top: int,
    probabilities: bool,
    average: str,
    draw: Path | None,
    as_json: bool,
) -> None:
    """Say what is in photographs: the best classes with their scores.

    \b
    flambeau predict dog.jpg --model squeezenet1_0 --weights FILE
    flambeau predict digit.png --run runs/1

    Without --weights the first ones of `flambeau models` are downloaded, once.
    """
    from flambeau.cli import recognition
    from flambeau.vision import drawing

    names = classes.read_text(encoding="utf-8").splitlines() if classes else None
    if run is not None:
        if model or weights:
            raise click.UsageError("--run has its own network: leave --model and --weights out")
        recogniser = recognition.from_run(run, names)
    else:
        recogniser = recognition.from_zoo(model or DEFAULT, weights, names)
    found = []
    for number, photo in enumerate(photos):
        best = recogniser.best(photo, top, probabilities, average)
        found.append({"photo": str(photo), "best": [prediction._asdict() for prediction in best]})
        if not as_json:
            if len(photos) > 1:
                click.echo(("\n" if number else "") + str(photo))
            click.echo("\n".join(map(str, best)))
        if draw is not None:
            many = f"-{number + 1}" if len(photos) > 1 else ""
            drawing.draw_predictions(photo, best, draw.with_stem(draw.stem + many))
    if as_json:
        emit(True, found, "")
