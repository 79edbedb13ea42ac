"""A workbook holds everything that was asked for, however long, and never more of it in memory than a part."""

from __future__ import annotations

import openpyxl
import pytest

from core import sheets


def test_a_list_longer_than_a_sheet_goes_on_in_the_next_and_nothing_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sheets, "LIMIT", 2)
    book = sheets.workbook("名单", ["客户"], ([f"客户{n}"] for n in range(5)))
    first, second, third = openpyxl.load_workbook(book.file).worksheets
    assert [sheet.title for sheet in (first, second, third)] == ["名单", "名单 2", "名单 3"]
    assert [row[0] for sheet in (first, second, third) for row in list(sheet.values)[1:]] == [
        "客户0", "客户1", "客户2", "客户3", "客户4",
    ]  # fmt: skip
    assert {sheet["A1"].value for sheet in (first, second, third)} == {"客户"}
    assert book.rows == 5


def test_rows_are_taken_one_after_the_other_and_none_before_it_is_written() -> None:
    taken = []
    rows = ([taken.append(n) or n] for n in range(3))
    assert sheets.workbook("名单/一季度", ["序号"], rows).rows == 3 and taken == [0, 1, 2]
