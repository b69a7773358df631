"""`flambeau models`: the networks by name."""

from __future__ import annotations

import click

from flambeau.cli.commands.options import emit, json_option, told


@click.command()
@click.argument("pattern", default="*")
@json_option
@told
def models(pattern: str, as_json: bool) -> None:
    """List the networks by name, with what they cost.

    PATTERN, such as 'resnet*', chooses among them. For each: the number of its parameters, the size
    of the images that it was made for, and the published weights that --weights takes by name,
    first those that are taken by default.
    """
    from flambeau.cli import zoo
    from flambeau.vision.models import list_models

    found = [zoo.card(name) for name in list_models(pattern)]
    if not found:
        raise ValueError(f"no network matches {pattern!r}: `flambeau models` lists them all")
    width = max(len(card["name"]) for card in found)
    lines = [
        f"{card['name']:{width}s} {card['parameters']:>13,d}  "
        f"{'x'.join(map(str, card['input_size'])):>9s}  {' '.join(card['weights'])}".rstrip()
        for card in found
    ]
    head = f"{'network':{width}s} {'parameters':>13s}  {'images':>9s}  weights"
    emit(as_json, found, "\n".join([head, *lines]))
