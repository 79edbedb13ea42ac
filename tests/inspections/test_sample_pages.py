"""The page of a sample: everything that a second draw needs, and no name that the reader may not see."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from django.test import Client
from openpyxl import load_workbook

from core.models import AuditEntry
from core.policy import policy_on
from credit.choices import Product
from inspections.models import Sample
from inspections.rules import draw
from inspections.services import draw_samples
from tests import factories

ON = date(2026, 10, 1)


@pytest.fixture
def drawn(cast, reference):
    """Twelve home loans, eleven of 个人部 and one of 公司部: two are drawn."""
    for i in range(11):
        one = factories.make_borrower(f"P21{i:04d}", f"住户{i}", kind="PERSONAL")
        factories.make_loan(one, cast.corporate if i == 0 else cast.personal, product=Product.HOUSING)
    draw_samples(on=ON, policy=policy_on(ON))
    cast.sample = Sample.objects.get()
    return cast


def read(person, path: str, *, status: int = 200):
    client = Client()
    client.force_login(person)
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer


@pytest.mark.obligation("GD-2", clause="b")
def test_the_page_shows_seed_population_and_who_was_drawn(drawn):
    assert f'href="/samples/{drawn.sample.pk}/"' in read(drawn.risk, "/samples/").content.decode()
    page = read(drawn.risk, f"/samples/{drawn.sample.pk}/")
    text = page.content.decode()
    assert drawn.sample.seed in text and "10%" in text and "工人支行 2026Q4" in text
    expected = draw(drawn.sample.seed, drawn.sample.population, Decimal("0.1"))  # 1.2 rounded up
    assert sorted(line.borrower.number for line in page.context["drawn"]) == expected
    assert len(page.context["drawn"]) == 2 and len(page.context["rest"]) == 10
    assert (page.context["shown"], page.context["hidden"]) == (12, 0)
    lots = [line.ticket for line in [*page.context["drawn"], *page.context["rest"]]]
    assert lots == sorted(lots)


def test_a_head_sees_their_own_customers_and_how_many_others_there_are(drawn):
    page = read(drawn.head_personal, f"/samples/{drawn.sample.pk}/")
    assert (page.context["shown"], page.context["hidden"]) == (11, 1)
    assert (
        "P210000" not in page.content.decode() and "另有 1 户不在您可以查看的范围内" in page.content.decode()
    )


def test_another_branch_and_a_customer_manager_see_no_sample(drawn):
    path = f"/samples/{drawn.sample.pk}/"
    for person in (drawn.other_risk, drawn.other_head, drawn.other_president):
        read(person, path, status=404)
        read(person, f"{path}export/", status=404)
        assert list(read(person, "/samples/").context["samples"]) == []
    read(drawn.cm_personal, path, status=403)


@pytest.mark.obligation("GD-2", clause="b")
def test_the_workbook_lets_anybody_draw_again(drawn):
    answer = read(drawn.auditor, f"/samples/{drawn.sample.pk}/export/")
    rows = list(load_workbook(BytesIO(answer.getvalue())).active.iter_rows(min_row=2, values_only=True))
    assert sorted(row[0] for row in rows) == drawn.sample.population
    lowest = sorted(rows, key=lambda row: row[2])[:2]
    assert {row[0] for row in lowest} == {row[0] for row in rows if row[3] == "是"}
    assert AuditEntry.objects.get(act="inspections.sample.exported").after == {"rows": 12}
