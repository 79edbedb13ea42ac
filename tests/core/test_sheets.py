"""A workbook says what it leaves out."""

from __future__ import annotations

from io import BytesIO

import openpyxl

from core import sheets


def test_a_workbook_of_too_many_rows_says_that_the_rest_was_left_out(monkeypatch) -> None:
    monkeypatch.setattr(sheets, "LIMIT", 2)
    asked = iter([["甲"], ["乙"], ["丙"], ["丁"]])

    sheet = openpyxl.load_workbook(BytesIO(sheets.workbook("名单", ["客户"], asked))).active

    assert [row[0].value for row in sheet.rows] == [
        "客户", "甲", "乙", "其余未导出：一次最多 2 行，请缩小筛选范围后分次导出。",
    ]  # fmt: skip
    assert next(asked) == ["丁"]  # no more is read than shows that there is more
    assert sheets.taken(2) == {"rows": 2}
    assert sheets.taken(3) == {"rows": 2, "found": 3}
