"""What docs/generate.py writes: type stubs out of live signatures, and the table of operations."""
