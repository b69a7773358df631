"""What several commands share: `--json`, and errors as one line instead of a traceback."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

import click

DATA_FOLDER = "data"  # where downloaded data sets go
INTERRUPTED = 130  # what shells give a program that Ctrl-C ended


class ModelName(click.ParamType):
    """A network of `flambeau models`, or FILE.py:CLASS."""

    name = "network"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from flambeau.cli.zoo import known_name

        try:
            return known_name(value)
        except ValueError as error:
            self.fail(str(error).replace("list_models()", "`flambeau models`"), param, ctx)


class DataName(click.ParamType):
    """A data set of `flambeau data list`."""

    name = "data"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from flambeau.cli.sources import source

        try:
            source(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return value


class Numbers(click.ParamType):
    """Numbers with commas between them."""

    name = "numbers"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[float]:
        try:
            return [float(part) for part in value.split(",")]
        except ValueError:
            self.fail(f"{value!r} is not numbers with commas between, such as 0.5,0.5", param, ctx)


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, for another program to read."
)

input_option = click.option(
    "--input",
    "given_size",
    metavar="CxHxW",
    help="Size of one image. [default: what the network was made for]",
)

weights_option = click.option(
    "--weights",
    metavar="FILE|NAME",
    help="File of parameters, or the name of published ones (`flambeau models`).",
)
data_option = click.option(
    "--data",
    type=DataName(),
    help="The images, one of `flambeau data list`. digits comes with Flambeau, the others are "
    "downloaded once.",
)
root_option = click.option(
    "--root", metavar="FOLDER", help=f"Where downloaded data sets are. [default: {DATA_FOLDER}]"
)


def emit(as_json: bool, data: Any, text: str) -> None:
    """Print a result: `data` as JSON, or `text` for people."""
    click.echo(json.dumps(data, indent=1, ensure_ascii=False) if as_json else text)


def told(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command whose expected failures end with exit code 1 and their message alone."""

    @functools.wraps(command)
    def run(*arguments: Any, **options: Any) -> Any:
        try:
            return command(*arguments, **options)
        except click.exceptions.Exit:  # a RuntimeError too
            raise
        except (RuntimeError, OSError, ValueError, TypeError, ImportError) as error:
            raise click.ClickException(str(error)) from error

    return run
