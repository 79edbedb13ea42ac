"""Days and instants from outside lie within one range, wherever they come in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import chain

import pytest

from core.clock import local
from core.days import EARLIEST, LATEST, NoDay, believable, read_day
from core.forms import DayField
from workflow import registry
from workflow.definitions import clean
from workflow.definitions.shape import Field, Kind

RANGE = "日期须在 1900-01-01 至 2199-12-31 之间"


@pytest.mark.parametrize("text", ["1900-01-01", "21991231", " 2026-11-24 "])
def test_a_day_of_the_range_is_read(text: str) -> None:
    assert EARLIEST <= read_day(text) <= LATEST


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0001-01-01", RANGE),
        ("1899-12-31", RANGE),
        ("2200-01-01", RANGE),
        ("9999-12-31", RANGE),
        ("10000-01-01", "没有这一天，或不是日期（写作 2026-11-24）"),
        ("2026-02-30", "没有这一天，或不是日期（写作 2026-11-24）"),
        ("", "没有这一天，或不是日期（写作 2026-11-24）"),
    ],
)
def test_any_other_is_named_with_what_is_wrong(text: str, sentence: str) -> None:
    with pytest.raises(NoDay, match=f"^{sentence}$"):
        read_day(text)


@pytest.mark.parametrize(
    ("at", "is_known"),
    [
        (datetime(1900, 1, 1, tzinfo=timezone(timedelta(hours=9))), False),  # still 1899 in Shanghai
        (datetime(1900, 1, 2, tzinfo=UTC), True),
        (datetime(2199, 12, 31, 15, 59, tzinfo=UTC), True),
        (datetime(2199, 12, 31, 16, 0, tzinfo=UTC), False),  # already 2200 in Shanghai
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), False),
        (datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-14))), False),
    ],
)
def test_an_instant_is_known_where_its_day_lies_within_the_range(at: datetime, is_known: bool) -> None:
    assert (believable(at) == at) is is_known
    if is_known:
        assert EARLIEST <= local(at).date() <= LATEST  # and every time zone can tell it


def test_a_field_of_a_form_refuses_what_lies_outside_and_its_calendar_offers_nothing_else() -> None:
    field = DayField(required=False)
    assert field.clean("2026-11-24") == date(2026, 11, 24)
    assert field.clean("") is None
    for text in ("0001-01-01", "9999-12-31"):
        with pytest.raises(Exception, match=f"{RANGE}，请核对年份。"):
            field.clean(text)
    assert (field.widget.attrs["min"], field.widget.attrs["max"]) == ("1900-01-01", "2199-12-31")


def days_of(field: Field) -> list[tuple[str, Field]]:
    """A field of a paper that takes a day, or its columns that do, each with the name under which it is posted."""
    if field.kind == Kind.TABLE:
        return [(f"{field.name}-0-{one.name}", one) for one in field.columns if _takes(one)]
    return [(field.name, field)] if _takes(field) else []


def _takes(field: Field) -> bool:
    return field.kind in {Kind.DATE, Kind.DATETIME} and not field.locked and not field.hidden


def test_every_day_on_every_paper_lies_within_the_range() -> None:
    found = 0
    for kind in registry.forms().values():
        for section in kind.definition.sections:
            for name, field in chain.from_iterable(map(days_of, section.fields)):
                for day in ("0001-01-01", "9999-12-31"):
                    typed = f"{day} 09:00" if field.kind == Kind.DATETIME else day
                    _answers, problems = clean(kind.definition, {name: [typed]}, sections=[section.code])
                    assert any(RANGE in one.sentence for one in problems), (kind.definition.code, name)
                    found += 1
    assert found > 20
