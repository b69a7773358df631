"""`flambeau plot`: pictures of a run."""

from __future__ import annotations

from pathlib import Path

import click

from flambeau.cli.commands.options import told

KINDS = ("curves", "filters", "maps", "confusion", "mistakes", "losses")


@click.command()
@click.argument("run", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default="curves",
    show_default=True,
    help="curves: loss and error by epoch. filters: of a layer. maps: what a layer makes of an "
    "image. confusion: which class is taken for which. mistakes: the images that are. "
    "losses: how the loss is spread over the images.",
)
@click.option("--layer", metavar="NAME", help="For filters and maps: which. [default: the first]")
@click.option(
    "--image",
    type=click.IntRange(0),
    metavar="N",
    default=0,
    show_default=True,
    help="For maps: which held-out image.",
)
@click.option("--log", "log_loss", is_flag=True, help="For curves: a logarithmic scale.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Picture: .png, .svg or .pdf. [default: KIND.png in the folder of the run]",
)
@told
def plot(
    run: Path, kind: str, layer: str | None, image: int, log_loss: bool, out: Path | None
) -> None:
    """Draw what a run has learnt, in one of six kinds of pictures.

    RUN is a folder that `flambeau train` wrote. For curves it may also be a file of JSON lines with
    `epoch`, `train_loss`, `test_accuracy` ...
    """
    from flambeau import viz
    from flambeau.cli import report

    out = out or (run if run.is_dir() else run.parent) / f"{kind}.png"
    if kind == "curves":
        viz.curves(run, log_loss=log_loss, path=out)
    else:
        report.draw(kind, run, out, layer=layer, image=image)
    click.echo(f"drawn in {out}")
