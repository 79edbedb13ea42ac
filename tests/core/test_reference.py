"""The first load of a lender's own database."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from core import reference
from core.policy import policy_on


def test_a_lender_states_its_go_live_date_at_the_first_load(own_database: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_schemeversion DISABLE TRIGGER ALL")
        cursor.execute("DELETE FROM core_schemeversion")
    call_command(
        "load_reference",
        "--set",
        "lender.go_live_on=1993-07-05",
        "--set",
        "extracts.expected=true",
        verbosity=0,
    )
    current = policy_on(date(1993, 7, 5))
    assert current.get("BASE", "lender.go_live_on").value == "1993-07-05"
    assert current.get("BASE", "extracts.expected").value is True
    loaded = reference.load()
    assert loaded == reference.Loaded()
    with pytest.raises(CommandError, match=r"没有参数 lender\.go_live"):
        call_command("load_reference", "--set", "lender.go_live=x")
