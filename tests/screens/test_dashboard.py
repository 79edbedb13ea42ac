"""看板: every figure leads to its rows, every table leaves as it is shown, any two days compare, one sheet holds it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from django.test import Client

from accounts.models import User
from core.charts import svg
from core.models import AuditEntry
from tests import factories
from tests.day.figures import ON, build
from workflow import measures
from workflow.models import DailyMeasure

EARLIER = date(2026, 11, 10)
Browse = Callable[[User], Client]
# An amount links to the rows of the count beside it; a linked whole number is a count.
LINKED = re.compile(r'<a(?: class="late strong")? href="([^"]+)">([\d,]+)</a>')


@pytest.fixture
def days(cast: SimpleNamespace) -> SimpleNamespace:
    """The small book, with the figures of the 10th and of the 20th."""
    build(cast)
    for on in (EARLIER, ON):
        measures.write(on)
    return cast


def found(client: Client, url: str) -> int:
    """How many rows the page behind a figure says that it has."""
    page = client.get(url).content.decode()
    match = re.search(r"共 (\d+) 笔", page) or re.search(r"<h1>[^<]*? (\d+)</h1>", page)
    assert match, url
    return int(match[1])


def table(client: Client, name: str, **asked: Any) -> list[tuple[Any, ...]]:
    """One table as its workbook has it."""
    response = client.get("/dashboard/export/", {"table": name, **asked})
    return list(openpyxl.load_workbook(BytesIO(response.getvalue())).active.values)


def pages(pdf: bytes) -> int:
    """How many pages a PDF has; its objects lie in packed streams."""
    packed = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    return sum(
        len(re.findall(rb"/Type ?/Page\b", zlib.decompress(one))) for one in packed if one.startswith(b"\x78")
    )


@pytest.mark.obligation("GR-7.1", clause="b")
@pytest.mark.parametrize("who", ["risk", "head", "cm"])
def test_every_figure_on_a_dashboard_leads_to_as_many_rows(
    days: SimpleNamespace, browse: Browse, who: str
) -> None:
    for n in range(1, (ON - EARLIER).days):  # what happened in between is the sum of the days
        measures.write(EARLIER + timedelta(days=n))
    client = browse(days.people[who])
    page = client.get("/dashboard/", {"with": EARLIER}).content.decode()
    figures = [(unescape(url), int(n.replace(",", ""))) for url, n in LINKED.findall(page)]
    assert len(figures) > 25
    assert any("on=2026-11-10" in url for url, _n in figures)
    wrong = [(url, n, rows) for url, n in figures if (rows := found(client, url)) != n]
    assert wrong == []


@pytest.mark.obligation("GR-7.1", clause="b")
def test_the_risk_line_sees_classes_arrears_warnings_maturities_and_inspections_down_to_the_customer(
    days: SimpleNamespace, browse: Browse
) -> None:
    client = browse(days.risk)
    page = client.get("/dashboard/").content.decode()
    for subject in ("五级分类", "逾期天数", "分类迁徙", "到期", "资金预警", "检查完成率", "职责（按人员）"):
        assert subject in page
    url = next(unescape(url) for url, _n in LINKED.findall(page) if "risk_class=SUBSTANDARD" in url)
    assert '<a href="/borrowers/C100001/">江南纺织有限公司</a>' in client.get(url).content.decode()


def test_the_finding_is_the_title(days: SimpleNamespace, browse: Browse) -> None:
    # 公司部, 个人部 of 工人支行 on the 20th. 次级: 180.50. Live: 2.8 m + 0.8 m + 100 + 180.5 + 300 + 500 + 600 + 700
    # + 800 + 900 + 7 × 10 + 50 = 3 604 200.50; so little is 0.0%. Overdue: 180.50 + 70 = 250.50 in 8 loans.
    page = browse(days.president).get("/dashboard/").content.decode()
    assert "次级及以下 0.0%" in page
    assert "逾期 8 笔 0.03 万元，占 0.0%" in page
    assert "自 2026-09-30 以来下迁 1 笔 0.02 万元，上迁 1 笔" in page
    # Within 30 days: the one of the 27th (600) and the one of the 28th (700).
    assert "30 天内到期 2 笔 0.13 万元，另有 1 笔已过到期日未结清" in page
    assert "1 笔即将到期的债务资金不足，缺口 0.00 万元" in page


def test_any_two_days_compare(days: SimpleNamespace, browse: Browse) -> None:
    # On the 10th nothing was overdue but the loan of 31 days (since the 1st); on the 20th seven more are.
    rows = table(browse(days.president), "arrears", **{"on": "2026-11-20", "with": "2026-11-10"})
    heads = rows[0]
    by_label = {row[0]: dict(zip(heads, row, strict=True)) for row in rows}
    assert (by_label["逾期 31–60 天"]["笔数"], by_label["逾期 31–60 天"]["11-10 笔数"]) == (2, 1)
    assert by_label["逾期 31–60 天"]["笔数增减"] == 1
    assert by_label["逾期 1–30 天"]["余额增减（元）"] == 20
    assert by_label["合计"]["笔数"] == 18
    # A day without figures is the last one before it that has some; one to come is today's.
    page = browse(days.president).get("/dashboard/", {"on": "2099-01-01", "with": "2026-11-15"})
    assert (page.context["asked"].on, page.context["asked"].against) == (ON, EARLIER)


def test_a_table_leaves_as_it_is_shown_and_that_is_written_down(
    days: SimpleNamespace, browse: Browse
) -> None:
    client = browse(days.risk)
    shown = {
        one.name: one for one in client.get("/dashboard/", {"unit": days.corporate.pk}).context["tables"]
    }
    for name, one in shown.items():
        rows = table(client, name, unit=days.corporate.pk)
        assert [str(row[0]) for row in rows[1:]] == [
            line.label for line in [*one.lines, *([one.total] if one.total else [])]
        ], name
    entry = AuditEntry.objects.filter(act="postloan.dashboard.exported").latest("pk")
    assert "table=product" in entry.note
    assert client.get("/dashboard/export/", {"table": "nothing"}).status_code == 422


def test_the_list_of_loans_leaves_exactly_as_filtered(days: SimpleNamespace, browse: Browse) -> None:
    asked = {"on": "2026-11-20", "arrears": "D30"}
    response = browse(days.risk).get("/loans/export/", asked)
    rows = list(openpyxl.load_workbook(BytesIO(response.getvalue())).active.values)
    assert [row[0] for row in rows[1:]] == ["L-A", "L-B"]  # one day and thirty days past due
    assert rows[1][6] == 1
    entry = AuditEntry.objects.get(act="credit.loans.exported")
    assert (entry.after, entry.note) == ({"rows": 2}, "on=2026-11-20&arrears=D30")


def test_each_sees_the_figures_of_their_own(days: SimpleNamespace, browse: Browse) -> None:
    def whole(person: User) -> int:
        return table(browse(person), "class")[-1][1]

    # 公司部: 15 live loans of the small book and the cast's one; 个人部: the cast's one, and one without a manager.
    assert (whole(days.cm), whole(days.head), whole(days.president)) == (16, 16, 18)
    assert (whole(days.head_personal), whole(days.cm_personal)) == (2, 1)
    assert whole(days.other_president) == 1
    assert whole(days.auditor) == 19
    people = [row[0] for row in table(browse(days.head), "people")[1:]]
    assert people == ["张明", "缺岗", "李娜", "合计"]
    # A colleague's figure asked for by its address stays the colleague's.
    client = browse(days.cm2)
    assert found(client, f"/dashboard/rows/?measure=open&on=2026-11-20&person={days.cm.pk}") == 0
    assert "L-FELL" not in client.get(f"/loans/?on=2026-11-20&manager={days.cm.pk}").content.decode()


def test_a_figure_whose_rows_changed_since_says_both_numbers(days: SimpleNamespace, browse: Browse) -> None:
    DailyMeasure.objects.filter(on=ON, measure="late", person=None).update(value=5)
    page = browse(days.risk).get(
        "/dashboard/rows/", {"measure": "late", "on": "2026-11-20", "person": "none"}
    )
    assert "日终快照为 5 项，现在能列出 1 项" in page.content.decode()


def test_before_the_first_close_the_page_says_what_will_be_there(
    cast: SimpleNamespace, browse: Browse
) -> None:
    client = browse(cast.president)
    assert "还没有快照" in client.get("/dashboard/").content.decode()
    assert client.get("/dashboard/print/").status_code == 422
    measures.write(ON)  # one day alone: nothing to compare with
    factories.make_duty(cast.cm, cast.corporate, borrower=cast.borrower)
    page = client.get("/dashboard/")
    assert page.context["asked"].against is None
    assert client.get("/dashboard/print/").status_code == 200


def test_the_branch_stands_on_one_sheet(days: SimpleNamespace, browse: Browse) -> None:
    for i in range(12):  # more people and articles than a sheet has lines for
        person = factories.make_person(f"3{i:03d}", f"员工{i}", role="CUSTOMER_MANAGER", unit=days.corporate)
        factories.make_duty(
            person, days.corporate, borrower=days.borrower, obligation=f"GR-{21 + i}.1" if i in (1, 11) else "GR-27",
            period_key=f"Z{i}", due_on=date(2026, 11, 2), raised_on=date(2026, 10, 2),
        )  # fmt: skip
    measures.write(ON)
    response = browse(days.president).get("/dashboard/print/")
    assert response.headers["Content-Type"] == "application/pdf"
    assert pages(response.content) == 1


def test_screen_and_paper_draw_one_specification(days: SimpleNamespace, browse: Browse) -> None:
    tables = {one.name: one for one in browse(days.president).get("/dashboard/").context["tables"]}
    drawn = svg(tables["maturing"].chart, width=360)
    assert "7 天内到期" in drawn
    assert "0.06 万元 · 1 笔" in drawn  # 600 元
    assert "3" in svg(tables["migration"].chart, width=360)
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]+"', "", drawn)
