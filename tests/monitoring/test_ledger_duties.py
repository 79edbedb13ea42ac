"""The monthly review and the prompts about shares: who owes them, by when, and when they are over."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.policy import policy_on
from credit.models import Contract
from monitoring.ledgers.duties import AccountReview, ChangeAnalysis, SalesReturn, SharePrompt
from tests import factories
from tests.monitoring.ledger import END, close, declares, lends_elsewhere, move, quiet
from workflow.choices import DutyStatus
from workflow.engine import reconcile
from workflow.models import WorkItem

pytestmark = pytest.mark.usefixtures("reference")


def judge(on: date, *rules) -> None:
    for rule in rules:
        reconcile(rule(), on=on, policy=policy_on(on))


def duties(**where) -> list[tuple]:
    rows = WorkItem.objects.filter(**where).order_by("obligation", "period_key")
    return [(row.borrower_number, row.period_key, row.due_on, row.status) for row in rows]


def in_nx(cast) -> None:
    """Put the cast's borrower under the rural scheme."""
    Contract.objects.filter(pk=cast.contract.pk).update(scheme="NX")


@pytest.mark.obligation("GR-21", clause="a")
def test_every_borrower_s_month_is_reviewed_by_the_tenth_workday_of_the_next(cast) -> None:
    # 10-31 is a Saturday. The workdays of November from the 2nd on: the tenth is Friday the 13th.
    quiet(cast)
    judge(date(2026, 10, 30), AccountReview)
    assert duties() == []
    close()
    judge(END, AccountReview)
    assert duties(person=cast.cm) == [("C100001", "2026-10", date(2026, 11, 13), DutyStatus.OPEN)]
    mine = WorkItem.objects.get(person=cast.cm)
    assert (
        mine.reason == "2026-10 账户资金监测：没有异动，可批量确认。" and mine.kind == "account_ledger_review"
    )
    theirs = WorkItem.objects.get(person=cast.other_cm)
    assert theirs.reason.startswith("2026-10 账户资金监测：1 项异动：存款日均 0.00 元")
    judge(date(2026, 11, 24), AccountReview)
    assert len(duties(status=DutyStatus.OPEN)) == 2  # late, and still owed
    factories.make_reading(cast.loan, effective_on=date(2026, 11, 25), balance=Decimal(0))
    judge(date(2026, 11, 25), AccountReview)
    assert duties(status=DutyStatus.OPEN) == [("C300001", "2026-10", date(2026, 11, 13), DutyStatus.OPEN)]


def test_a_month_that_was_not_written_down_is_not_asked_for(cast) -> None:
    judge(date(2026, 11, 3), AccountReview, SharePrompt)
    assert duties() == []


def test_a_share_below_ours_is_a_prompt_until_the_next_month_s_share_is_fine(cast) -> None:
    # Ours 2,800,000 of 4,000,000: 70 %. October 100,000 of 200,000 sold: 50 %. November 140,000 more: 70 %.
    base = quiet(cast)
    lends_elsewhere(cast.borrower, "1200000")
    declares(cast.borrower, "200000")
    close()
    judge(END, SharePrompt)
    mine = {"person": cast.cm}
    assert duties(**mine) == [("C100001", "share:2026-10", date(2026, 11, 13), DutyStatus.OPEN)]
    found = WorkItem.objects.get(**mine)
    assert (
        found.reason == ("2026-10 结算份额 50%，低于我行信用占比 70%，督促客户提高在我行的结算与存款。")
        and found.kind == "share_prompt"
    )
    judge(date(2026, 11, 29), SharePrompt)
    assert WorkItem.objects.get(**mine).status == DutyStatus.OPEN
    move(base, "140000", date(2026, 11, 9)), move(base, "-140000", date(2026, 11, 9), "采购款")
    close(date(2026, 11, 30))
    judge(date(2026, 11, 30), SharePrompt)
    found.refresh_from_db()
    assert (found.status, found.close_reason) == (DutyStatus.VOID, "份额已达标，不再督促")


def test_a_month_whose_shares_are_fine_or_unknown_asks_for_no_prompt(cast) -> None:
    quiet(cast)
    close()
    judge(END, SharePrompt)
    assert duties(person=cast.cm) == []


def test_a_borrower_of_a_rural_lender_has_its_change_analysis_in_place_of_the_other(cast) -> None:
    in_nx(cast)
    quiet(cast)
    close()
    judge(END, AccountReview, ChangeAnalysis, SharePrompt)
    found = WorkItem.objects.get(borrower_number="C100001")
    assert (found.obligation, found.period_key, found.due_on) == ("NX-4.2", "2026-10", date(2026, 11, 13))
    assert found.reason == "2026-10 资金运动变化分析：没有异动，可批量确认。"


def test_a_borrower_that_comes_under_another_scheme_owes_this_one_nothing_more(cast) -> None:
    quiet(cast)
    close()
    judge(END, AccountReview)
    in_nx(cast)
    judge(date(2026, 11, 20), AccountReview)  # late by then
    found = WorkItem.objects.get(borrower_number="C100001")
    assert (found.status, found.close_reason) == (DutyStatus.VOID, "已不适用本方案")


@pytest.mark.obligation("NX-4.3", clause="a")
@pytest.mark.parametrize(("declared", "rate"), [("166667", "60%"), ("200000", "50%"), ("166666", "")])
def test_a_rate_of_return_below_six_tenths_is_prompted(cast, declared, rate) -> None:
    # 100,000 came back: of 166,667 that is 59.9999 %, of 166,666 60.0002 %.
    in_nx(cast)
    quiet(cast)
    declares(cast.borrower, declared)
    close()
    judge(END, SalesReturn)
    found = WorkItem.objects.filter(obligation="NX-4.3")
    assert [(row.period_key, row.due_on) for row in found] == [("return:2026-10", date(2026, 11, 13))] * bool(
        rate
    )
    if rate:
        assert found[0].reason.startswith(f"2026-10 货款回笼率 {rate}，低于 60%")
