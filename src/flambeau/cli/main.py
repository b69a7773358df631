"""Where the command `flambeau` starts."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line, or say how to get the two packages that it is made with."""
    try:
        import click  # noqa: F401
        import rich  # noqa: F401
    except ImportError as error:
        print(
            f"flambeau: the command line needs the package {error.name}: "
            "pip install 'flambeau[cli]'",
            file=sys.stderr,
        )
        raise SystemExit(1) from None
    from flambeau.cli.commands import cli

    cli()


if __name__ == "__main__":
    main()
