"""`flambeau summary`: a network as a table of sizes, parameters and products."""

from __future__ import annotations

import click

from flambeau.cli.commands.options import ModelName, emit, input_option, json_option, told


@click.command()
@click.argument("model", type=ModelName())
@input_option
@click.option(
    "--depth",
    type=click.IntRange(0),
    metavar="N",
    help="One row for each module this deep, instead of one for each operation.",
)
@click.option("--memory", is_flag=True, help="Show the bytes of parameters and maps.")
@click.option("--receptive-field", is_flag=True, help="Show how much of the image a value sees.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "html"]),
    default="text",
    show_default=True,
    help="What the table is written in.",
)
@json_option
@told
def summary(
    model: str,
    given_size: str | None,
    depth: int | None,
    memory: bool,
    receptive_field: bool,
    form: str,
    as_json: bool,
) -> None:
    """Print sizes, parameters and products, layer by layer.

    MODEL is a network of `flambeau models`, or FILE.py:CLASS. Nothing is computed and no memory is
    taken: a size that does not fit is told with the layer where it does not.
    """
    import flambeau as torch
    from flambeau import viz
    from flambeau.cli import zoo

    size = zoo.input_size(model, given_size)
    with torch.device("meta"):
        network = zoo.build(model)
    columns = ["parameters", "products"] if depth is None else ["output", "parameters", "products"]
    columns += ["parameter_bytes", "activation_bytes"] if memory else []
    columns += ["receptive_field"] if receptive_field else []
    table = viz.summary(network, size, columns=columns, depth=depth)
    write = {"text": table.to_text, "markdown": table.to_markdown, "html": table.to_html}[form]
    emit(as_json, table.to_dict(), write())
