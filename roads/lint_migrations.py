"""Migrations that the version still running could not live with; the linter without an app to install.

Run by `./test` with the virtual environment's Python.
"""

from __future__ import annotations

import os
import sys

import django


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "postloan.settings")
    django.setup()
    from django.conf import settings
    from django_migration_linter import MigrationLinter

    linter = MigrationLinter(
        path=str(settings.BASE_DIR),
        no_cache=True,
        quiet=["ok", "ignore"],
        # A first migration makes tables that no running version knows.
        ignore_initial_migrations=True,
    )
    linter.lint_all_migrations()
    linter.print_summary()
    return 1 if linter.has_errors else 0


if __name__ == "__main__":
    sys.exit(main())
