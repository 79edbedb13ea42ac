"""Where papers are listed, two of one form about one customer are told apart by words, not by their number alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.urls import reverse

from core.policy import policy_on
from credit.models import Contract
from monitoring.ledgers.duties import AccountReview
from monitoring.misuse import services as misuse
from tests import factories
from tests.forms.test_pages import client_of
from tests.monitoring import ledger, paying, test_misuse, test_uses
from workflow import registry
from workflow.engine import reconcile
from workflow.models import Document, WorkItem
from workflow.pages.editing import start_from

pytestmark = pytest.mark.usefixtures("reference")


def two_cases(cast: SimpleNamespace) -> None:
    """Two misuses of one contract of one day: what tells them apart is the amount."""
    Contract.objects.filter(pk=cast.contract.pk).update(number="JNS-GS-LDZJDK-2026-00000101")
    cast.contract.refresh_from_db()
    factories.make_loan(cast.borrower, cast.corporate, contract=cast.contract)
    for amount in (800000, 800001):
        case = {"contract": cast.contract, "facts": "转入证券公司", "amount": Decimal(amount)}
        misuse.register(**case, by=cast.cm, on=cast.today)
    test_misuse.judge(cast.today)
    for duty in WorkItem.objects.filter(kind="misuse_rectification"):
        document = start_from(duty, user=cast.cm, on=cast.today)
        test_uses.keep(document, test_misuse.ANSWERS)
        paying.submit(document)


def two_months(cast: SimpleNamespace) -> None:
    """Two months of one customer, both odd, so that the head of the department reads them."""
    ledger.quiet(cast)
    for end in (date(2026, 9, 30), ledger.END):
        ledger.close(end)
        reconcile(AccountReview(), on=end, policy=policy_on(end))
    for duty in WorkItem.objects.filter(kind="account_ledger_review", borrower_number="C100001"):
        document = start_from(duty, user=cast.cm, on=cast.today)
        rows = [{**row, "why": "已核实"} for row in document.content.get("marks", [])]
        odd = {"pattern": "异常", "pattern_note": "购销方向反常", "measures": "约谈"}
        test_uses.keep(document, odd | ({"marks": rows} if rows else {}))
        paying.submit(document)


TWO = {
    "限期纠正单": (
        two_cases,
        "JNS-GS-LDZJDK-2026-00000101 · 2026-11-24 · 800,000.00 元",
        "JNS-GS-LDZJDK-2026-00000101 · 2026-11-24 · 800,001.00 元",
    ),
    "账户资金定期监测台账": (two_months, "2026-09", "2026-10"),
}


@pytest.mark.parametrize("title", TWO)
def test_two_papers_of_one_form_about_one_customer_are_told_apart_wherever_they_are_listed(
    cast, title
) -> None:
    make, *words = TWO[title]
    make(cast)
    papers = list(Document.objects.order_by("pk"))
    assert [registry.words_of(one) for one in papers] == words

    def told(who: str, url: str, **headers: str) -> list[bool]:
        text = client_of(cast.people[who]).get(url, headers=headers).content.decode()
        return [f"{title} {one}" in text for one in words]

    page = reverse("borrower", args=["C100001"])
    search = reverse("search") + f"?q={papers[0].number[:2]}-2026"
    assert told("cm", "/") == [True, True], "在等签字"
    assert told("head", "/") == [True, True], "等我签字"
    assert told("head", reverse("document_inbox")) == [True, True]
    assert told("cm", page) == told("head", page) == [True, True]
    assert told("cm", search) == told("cm", search, **{"HX-Request": "true"}) == [True, True]
    for one in papers:
        paying.send_back(one, cast.head)
    assert told("head", "/") == [False, False]
    assert told("cm", "/") == [True, True], "退回给我"
