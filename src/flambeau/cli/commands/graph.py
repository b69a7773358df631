"""`flambeau graph`: the autograd graph of a network as a picture."""

from __future__ import annotations

from pathlib import Path

import click

from flambeau.cli.commands.options import ModelName, input_option, told


@click.command()
@click.argument("model", type=ModelName())
@input_option
@click.option(
    "--depth",
    type=click.IntRange(0),
    metavar="N",
    help="Fold modules this deep into one box each: 1 shows the parts. [default: none]",
)
@click.option("--shapes", is_flag=True, help="Show the sizes of what each operation computes.")
@click.option("--time", is_flag=True, help="Show how long each operation's backward pass takes.")
@click.option("--memory", is_flag=True, help="Show the bytes that each operation keeps for it.")
@click.option("--grad-norm", is_flag=True, help="Show the norm of the gradient that comes in.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Picture: .svg or .dot; .png and .pdf where Graphviz is installed. [default: MODEL.svg]",
)
@told
def graph(
    model: str,
    given_size: str | None,
    depth: int | None,
    shapes: bool,
    time: bool,
    memory: bool,
    grad_norm: bool,
    out: Path | None,
) -> None:
    """Draw the graph that autograd records for one image.

    MODEL is a network of `flambeau models`, or FILE.py:CLASS.
    """
    import flambeau as torch
    from flambeau import viz
    from flambeau.cli import zoo

    network = zoo.build(model).eval()  # one image is no batch to normalise over
    image = torch.randn(1, *zoo.input_size(model, given_size))
    drawing = viz.graph(
        network,
        image,
        names={},
        depth=depth,
        shapes=shapes,
        time=time,
        memory=memory,
        grad_norm=grad_norm,
    )
    out = out or Path(f"{type(network).__name__}.svg")
    drawing.save(out)
    click.echo(f"{len(drawing.boxes)} boxes, {len(drawing.links)} links, drawn in {out}")
