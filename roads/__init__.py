"""The roads into the project: what `./run` and `./test` share.

Standard library only, since they run before anything is installed; only `prepare`, `machine` and
`lint_migrations` are run by the virtual environment's Python.
"""
