"""`flambeau env`: what is installed here."""

from __future__ import annotations

import click

from flambeau.cli.commands.options import emit, json_option


@click.command()
@json_option
def env(as_json: bool) -> None:
    """Show the versions to name when something is reported."""
    from flambeau.cli.environment import versions

    found = versions()
    emit(as_json, found, "\n".join(f"{name:12s} {value}" for name, value in found.items()))
