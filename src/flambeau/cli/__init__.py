"""The command line: `flambeau train`, `flambeau env`. Needs the extra `cli`."""
