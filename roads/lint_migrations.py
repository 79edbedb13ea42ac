"""Migrations that the version still running could not live with; the linter without an app to install.

Run by `./test` with the virtual environment's Python.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django

from roads.places import ROOT


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "postloan.settings")
    django.setup()
    from django.apps import apps
    from django_migration_linter import MigrationLinter

    linter = MigrationLinter(
        path=str(ROOT),
        # Ours only: what other packages' migrations do is not ours to change.
        include_apps=[app.label for app in apps.get_app_configs() if Path(app.path).parent == ROOT],
        no_cache=True,
        quiet=["ok", "ignore"],
        # A first migration makes tables that no running version knows.
        ignore_initial_migrations=True,
        # Their unique constraints are no stronger than those that they replace, or on a column that they add: no row
        # that stands can violate them, and none that the running version writes. Or the verb has refused it as long as
        # there are such rows (0005_tiers_differ), or the migration settles what stands (0005_sent_once_and_marked).
        ignore_name=[
            "0005_plans_are_kept",
            "0005_figures_by_person",
            "0011_funds_supervised",
            "0005_tiers_differ",
            "0005_sent_once_and_marked",
            "0007_reviews_and_uses_are_corrected",
        ],
    )
    linter.lint_all_migrations()
    linter.print_summary()
    return 1 if linter.has_errors else 0


if __name__ == "__main__":
    sys.exit(main())
