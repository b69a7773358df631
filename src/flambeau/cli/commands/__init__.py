"""The commands, one file each: its options and its help. What it does is in the files beside."""

from __future__ import annotations

from typing import Any

import click

from flambeau.cli.commands.data import data
from flambeau.cli.commands.env import env
from flambeau.cli.commands.evaluate import evaluate
from flambeau.cli.commands.graph import graph
from flambeau.cli.commands.models import models
from flambeau.cli.commands.options import INTERRUPTED
from flambeau.cli.commands.plot import plot
from flambeau.cli.commands.predict import predict
from flambeau.cli.commands.summary import summary
from flambeau.cli.commands.train import train


class Commands(click.Group):
    """Commands in the order in which they are added; Ctrl-C ends each with one exit code."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
            context.exit(INTERRUPTED)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="flambeau")
def cli() -> None:
    """Flambeau: deep learning that one can read.

    `flambeau train` trains a small network on real handwritten digits in less than a minute.

    Exit codes of all commands: 0 done, 1 something failed (what is said on standard error), 2 wrong
    usage, 130 stopped by Ctrl-C.
    """


for command in (train, evaluate, predict, summary, graph, plot, models, data, env):
    cli.add_command(command)
