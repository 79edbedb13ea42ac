"""到期与逾期: every duty in one column, columns that add up, two clicks to the customer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from types import SimpleNamespace

import pytest
from django.test import Client

from accounts.models import User
from tests import factories


@pytest.fixture
def due(cast: SimpleNamespace) -> None:
    """Late, handed in in time, handed in late, today, in 7, 8, 30 and 31 days; one without a person; one elsewhere."""

    def duty(period: str, day: date, person: User | None = cast.cm, **fields: object) -> None:
        factories.make_duty(
            person,  # type: ignore[arg-type]
            fields.pop("unit", cast.corporate),  # type: ignore[arg-type]
            borrower=cast.borrower,
            period_key=period,
            due_on=day,
            **fields,  # type: ignore[arg-type]
        )

    duty("late", date(2026, 11, 23))
    duty("signing", date(2026, 11, 23), submitted_on=date(2026, 11, 23))
    duty("signing-late", date(2026, 11, 20), submitted_on=date(2026, 11, 21))
    duty("today", date(2026, 11, 24))
    duty("7", date(2026, 12, 1), cast.cm2, obligation="GR-28.1")
    duty("8", date(2026, 12, 2))
    duty("30", date(2026, 12, 24))
    duty("31", date(2026, 12, 25))
    duty("vacant", date(2026, 11, 20), None)
    duty("elsewhere", date(2026, 11, 20), cast.other_cm, unit=cast.corporate2, obligation="GD-3.3")


def test_every_duty_stands_in_one_column_and_both_summaries_add_up_to_the_list(
    cast: SimpleNamespace, due: None, browse: Callable[[User], Client]
) -> None:
    context = browse(cast.risk).get("/duties/").context
    assert context["total"].counts == {"late": 3, "week": 2, "month": 2, "signing": 1}
    assert context["total"].total == context["found"] == len(context["rows"]) == 8
    for rows in (context["by_person"], context["by_article"]):
        for bucket in ("late", "week", "month", "signing"):
            assert sum(row.counts[bucket] for row in rows) == context["total"].counts[bucket]
    assert [(row.label, row.total) for row in context["by_person"]] == [
        ("张明", 6),
        ("缺岗（无人负责）", 1),
        ("李娜", 1),
    ]


def test_every_figure_leads_to_exactly_as_many_lines(
    cast: SimpleNamespace, due: None, browse: Callable[[User], Client]
) -> None:
    client = browse(cast.president)
    context = client.get("/duties/").context
    for name, rows in (("person", context["by_person"]), ("article", context["by_article"])):
        for row in rows:
            for bucket, count in row.cells:
                narrowed = client.get("/duties/", {name: row.key, "when": bucket}).context
                assert len(narrowed["rows"]) == count == narrowed["found"]


def test_the_list_leads_to_the_customer_in_one_click(
    cast: SimpleNamespace, due: None, browse: Callable[[User], Client]
) -> None:
    client = browse(cast.risk)
    page = client.get("/duties/", {"when": "late"}).content.decode()
    assert 'href="/borrowers/C100001/"' in page
    assert client.get("/borrowers/C100001/").status_code == 200


def test_the_head_sees_the_department_and_the_customer_manager_is_told_why_not(
    cast: SimpleNamespace, due: None, browse: Callable[[User], Client]
) -> None:
    assert browse(cast.head_personal).get("/duties/").context["total"].total == 0
    refused = browse(cast.cm).get("/duties/")
    assert refused.status_code == 403
    assert "只有客户部门负责人、风险经理" in refused.content.decode()


def test_pages_by_key_show_every_duty_once(cast: SimpleNamespace, browse: Callable[[User], Client]) -> None:
    for i in range(120):
        factories.make_duty(
            cast.cm,
            cast.corporate,
            borrower=cast.borrower,
            period_key=str(i),
            due_on=date(2026, 11, 20 + i % 9),
        )
    client, seen, after = browse(cast.risk), [], ""
    while True:
        context = client.get("/duties/", {"after": after}).context
        seen += [row.pk for row in context["rows"]]
        after = context["following"]
        if not after:
            break
    assert len(seen) == len(set(seen)) == 120


@pytest.mark.parametrize(
    "query",
    [
        "after=x",
        "after=2026-02-30_1",
        "person=x",
        "unit=9",
        "when=x",
        "person=99999999999999999999",
        "article=%00",
    ],
)
def test_a_mistyped_address_is_no_error(
    cast: SimpleNamespace, due: None, browse: Callable[[User], Client], query: str
) -> None:
    assert browse(cast.risk).get(f"/duties/?{query}").status_code == 200
