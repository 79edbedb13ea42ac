"""Breaks rules on purpose, to see whether the tests of an obligation notice: `python -m tests.mutants --help`."""
