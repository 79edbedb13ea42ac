"""Promise 37: no formula leaves in any export, headers included, and an export is exactly the filtered list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from io import BytesIO
from types import SimpleNamespace

import openpyxl
import pytest
from django.test import Client

from accounts.models import User
from core.models import AuditEntry
from core.sheets import workbook
from tests import factories

PAYLOADS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "＝1",
    "a\x00=1",
    "=HYPERLINK(0)",
    "https://x.example",
)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_neither_a_cell_nor_a_header_is_a_formula(payload: str) -> None:
    sheet = openpyxl.load_workbook(
        BytesIO(workbook("表", [payload, "金额"], [[payload, Decimal("1.50")]]))
    ).active
    for row in (1, 2):
        cell = sheet.cell(row, 1)
        assert cell.data_type == "s"
        assert not str(cell.value).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "＝"))
        assert cell.hyperlink is None
    assert sheet.cell(2, 2).value == 1.5


def test_the_export_holds_exactly_the_filtered_customers_and_is_written_down(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    factories.make_loan(
        factories.make_borrower("C100002", "=cmd()|江西陶瓷"), cast.corporate, balance=Decimal("12345.67")
    )
    response = browse(cast.risk).get("/borrowers/export/", {"kind": "CORPORATE"})
    rows = list(openpyxl.load_workbook(BytesIO(response.getvalue())).active.values)
    assert [row[0] for row in rows[1:]] == ["C100001", "C100002"]
    assert rows[2][1] == "'=cmd()|江西陶瓷"
    assert rows[2][5] == 12345.67
    entry = AuditEntry.objects.get(act="credit.export")
    assert (entry.actor, entry.after, entry.note) == (cast.risk.username, {"rows": 2}, "kind=CORPORATE")


def test_the_exported_duties_are_those_of_the_list(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    factories.make_duty(
        cast.cm, cast.corporate, borrower=cast.borrower, due_on=date(2026, 11, 20), reason="=1+1"
    )
    factories.make_duty(
        cast.cm, cast.corporate, borrower=cast.borrower, period_key="2027Q1", due_on=date(2026, 12, 1)
    )
    response = browse(cast.president).get("/duties/export/", {"when": "late"})
    rows = list(openpyxl.load_workbook(BytesIO(response.getvalue())).active.values)
    assert len(rows) == 2
    assert rows[1][3] == "江南纺织有限公司"
    assert rows[1][6] == "'=1+1"
