"""What several commands share: `--json`, and errors as one line instead of a traceback."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

import click

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON, for another program to read."
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
        except (RuntimeError, OSError, ValueError, TypeError, ImportError) as error:
            raise click.ClickException(str(error)) from error

    return run
