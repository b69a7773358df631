"""`python -m flambeau.cli` is `flambeau`."""

from flambeau.cli.main import main

main()
