"""The command line, `flambeau`. Needs the extra `cli`."""
