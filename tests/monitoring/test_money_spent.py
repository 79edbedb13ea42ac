"""Money already spent is offered to nobody: uses count once seen, at request, review and release (第二十条)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from core import clock
from core.errors import Invalid, Refused
from core.policy import policy_on
from credit.models import LedgerEntry, PastUse
from monitoring.loan_money.balances import unpaid, with_unpaid
from monitoring.models import Payment, SeenUse
from monitoring.payments import services as requests
from monitoring.payments.views import start_about
from monitoring.release import services as release
from monitoring.uses.panel import uses_panel
from monitoring.uses.recognition import see
from monitoring.uses.selectors import unrecorded
from tests.monitoring.paying import (
    PAYEE,
    draft,
    lend_on_account,
    move,
    payment_of,
    register,
    reviewed,
    sign,
    step,
    submit,
)
from workflow.services import documents, signatures

pytestmark = pytest.mark.usefixtures("reference")
LENT, FIRST_DAY = date(2026, 11, 2), date(2026, 11, 10)


@pytest.fixture
def loan(cast):
    """500 万元 on account 620001 under self payment, to be paid to 华东棉业."""
    register(cast.borrower)
    return lend_on_account(cast, "5000000", starts_on=LENT)


def signed_in(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def spend(*amounts: str, on: date) -> None:
    """Self payments that the account shows, and the day that sees them."""
    for amount in amounts:
        move("620001", f"-{amount}", on, counterparty_account="6299", counterparty_name="赣江运输")
    see(on, policy_on(on))


def release_now(payment: Payment, by) -> Payment:
    return release.release(payment=payment, by=by, on=clock.today(), at=clock.now())


@pytest.mark.obligation("GR-20.2", clause="bc")
def test_what_was_paid_alone_is_spent_before_any_paper_tells_of_it(cast, loan) -> None:
    # 2,000,000 + 1,800,000 + 1,200,000 = 5,000,000: all of it.
    spend("2000000", "1800000", "1200000", on=cast.today)
    assert unpaid([loan], cast.today) == {loan.pk: Decimal(0)}
    page = signed_in(cast.cm).get(f"/loans/{loan.number}/").content.decode()
    assert "没有未付的贷款资金" in page and "5,000,000.00" in page
    assert "没有未付的贷款资金" in requests.reason_not_to_start(loan, cast.cm, cast.today)
    asked = signed_in(cast.cm).post(f"/loans/{loan.number}/payments/new/")
    assert (asked.status_code, Payment.objects.count()) == (403, 0)


@pytest.mark.obligation("GR-20.2", clause="bc")
def test_the_excess_is_refused_at_request_review_and_release(cast, loan) -> None:
    # 5,000,000 lent. Asked for: 1,200,000 (reviewed), 1,000,000 (waits for its review), 500,000 (a draft).
    passed = reviewed(loan, cast, amount="1200000")
    waiting = submit(draft(loan, cast.cm, amount="1000000"))
    begun = draft(loan, cast.cm, amount="500000")
    # 3,900,000 leave by themselves: 1,100,000 are left, less than what is reviewed.
    spend("3900000", on=cast.today)
    assert unpaid([loan], cast.today) == {loan.pk: Decimal(1100000)}

    with pytest.raises(Refused, match=r"超过未付贷款资金 0\.00 元"):
        submit(begun)
    with pytest.raises(Refused, match=r"未付贷款资金只有 0\.00 元"):
        sign(waiting, cast.risk)
    assert payment_of(waiting).status == "SUBMITTED"
    with pytest.raises(Refused, match=r"未付贷款资金只有 1,100,000\.00 元"):
        release_now(passed, cast.accountant)
    # Each of them is told on the page, before anybody presses the button.
    assert "未付贷款资金只有" in signatures.reason_not_to_sign(step(waiting), cast.risk)
    assert "未付贷款资金只有" in signed_in(cast.accountant).get("/counter/").content.decode()

    # What fits goes through: the reviewed one is given up, and 1,100,000 cover the 1,000,000.
    requests.cancel(payment=passed, why="已自主支付", by=cast.cm, on=cast.today)
    sign(waiting, cast.risk)
    assert release_now(payment_of(waiting), cast.accountant).status == "RELEASED"
    assert unpaid([loan], cast.today) == {loan.pk: Decimal(100000)}


def test_the_request_shows_the_reviewer_what_was_used(cast, loan) -> None:
    spend("300000", on=cast.today)
    document = submit(draft(loan, cast.cm, amount="1000000"))
    page = signed_in(cast.risk).get(f"/documents/{document.pk}/").content.decode()
    assert "已见用款" in page and "赣江运输" in page and "自主支付" in page
    assert (document.content["paid_out"], document.content["unpaid"]) == ("300000.00", "4700000.00")
    assert document.content["used"] == [
        {"item": "2026-11-24", "seen_as": "自主支付", "payee": "赣江运输", "amount": "300000.00"}
    ]


def test_a_draft_begun_before_the_money_left_is_not_stopped_by_its_own_figures_but_by_the_gate(
    cast, loan
) -> None:
    document = draft(loan, cast.cm, amount="1200000")
    spend("4000000", on=cast.today)
    assert documents.gaps_of(document, on=cast.today) == []  # it reads as it was begun
    with pytest.raises(Refused, match="请改小金额"):
        submit(document)


def test_a_use_that_is_undone_may_be_paid_again(cast, loan) -> None:
    spend("5000000", on=date(2026, 11, 23))
    wrong = SeenUse.objects.get().transaction
    move("620001", "5000000", cast.today, reverses=wrong, summary="冲正")
    assert unpaid([loan], cast.today) == {loan.pk: Decimal(5000000)}
    assert unpaid([loan], date(2026, 11, 23)) == {loan.pk: Decimal(0)}  # as it was known on that day


def test_a_payment_that_the_core_system_took_back_is_no_use_any_more(cast, loan) -> None:
    payment = release_now(reviewed(loan, cast, amount="1000000"), cast.accountant)
    gone = move("620001", "-1000000", cast.today, counterparty_account=PAYEE)
    Payment.objects.filter(pk=payment.pk).update(transaction=gone)
    see(cast.today, policy_on(cast.today))
    assert (unpaid([loan], cast.today), unrecorded(cast.today).count()) == ({loan.pk: Decimal(4000000)}, 1)
    move("620001", "1000000", cast.today, reverses=gone, summary="冲正")
    assert (unpaid([loan], cast.today), unrecorded(cast.today).count()) == ({loan.pk: Decimal(5000000)}, 0)


def test_what_was_used_adds_up_from_the_lines_under_it_before_the_day_is_over(cast, loan) -> None:
    # 300,000 by itself, seen; 1,000,000 released today, which no day has listed yet.
    spend("300000", on=cast.today)
    release_now(reviewed(loan, cast, amount="1000000"), cast.accountant)
    shown = uses_panel(loan=loan, user=cast.cm, on=cast.today).context
    assert shown["used"] == shown["recorded_total"] + shown["missing_total"] == Decimal(1300000)
    lines = [one.amount for name in ("recorded", "missing", "released") for one in shown[name]]
    assert sum(lines) == Decimal(1300000)
    see(cast.today, policy_on(cast.today))  # the day is over: the same, all of it to be recorded
    shown = uses_panel(loan=loan, user=cast.cm, on=cast.today).context
    assert (shown["used"], shown["missing_total"], shown["released"]) == (1300000, 1300000, [])


# --- loans from before the lender's first day (上线前已用) --------------------------------------------------------


@pytest.fixture
def first_day(monkeypatch) -> date:
    """The lender goes live on 2026-11-10."""
    for module in ("monitoring.loan_money.balances", "monitoring.uses.recognition"):
        monkeypatch.setattr(f"{module}.go_live_on", lambda: FIRST_DAY)
    return FIRST_DAY


def sums(loan, on: date) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    """(disbursed, used before, paid out since, still to be paid)."""
    row = with_unpaid(type(loan).objects.filter(pk=loan.pk), on).get()
    return row.disbursed, row.used_before, row.paid_out, row.unpaid


@pytest.mark.obligation("GR-20.2", clause="f")
def test_a_loan_of_before_counts_as_used_up_unless_the_opening_says_otherwise(cast, loan, first_day) -> None:
    assert sums(loan, cast.today) == (5000000, 5000000, 0, 0)
    spend("100000", on=cast.today)
    assert not SeenUse.objects.exists()
    PastUse.objects.create(
        loan=loan, amount=3200000, effective_on=date(2026, 11, 9), known_on=first_day, reference="移交清单 3"
    )
    assert sums(loan, cast.today) == (5000000, 3200000, 0, 1800000)
    assert sums(loan, date(2026, 11, 9))[1] == 5000000  # not known before it was told

    spend("600000", on=cast.today)  # and the 100,000 of before, which are known today too
    assert sums(loan, cast.today) == (5000000, 3200000, 700000, 1100000)
    with pytest.raises(Invalid, match="超过未付贷款资金"):
        submit(draft(loan, cast.cm, amount="1100000.01"))
    document = draft(loan, cast.cm, amount="1100000")
    assert submit(document).content["used_before"] == "3200000.00"
    for page in (f"/loans/{loan.number}/", f"/documents/{document.pk}/"):
        text = signed_in(cast.risk).get(page).content.decode()
        assert "上线前已用" in text and "3,200,000.00" in text, page


@pytest.mark.obligation("GR-20.2", clause="f")
def test_what_is_drawn_after_the_first_day_is_there_to_be_paid(cast, loan, first_day) -> None:
    # 2,000,000 were drawn before and count as used; 3,000,000 on the 12th may be paid.
    for number, amount, on in (("F1", 2000000, LENT), ("F2", 3000000, date(2026, 11, 12))):
        LedgerEntry.objects.create(
            number=number, loan=loan, kind="DISBURSEMENT", amount=amount, effective_on=on, known_on=on
        )
    assert sums(loan, cast.today) == (5000000, 2000000, 0, 3000000)
    spend("3500000", on=cast.today)
    assert [str(use.amount) for use in SeenUse.objects.all()] == [
        "3000000.00"
    ]  # the rest is the borrower's own
    assert sums(loan, cast.today) == (5000000, 2000000, 3000000, 0)


@pytest.mark.obligation("GR-20.2", clause="f")
def test_the_paper_of_uses_begins_with_what_was_used_before(cast, loan, first_day) -> None:
    PastUse.objects.create(loan=loan, amount=3200000, effective_on=date(2026, 11, 9), known_on=first_day)
    spend("600000", on=cast.today)
    document = start_about("fund_use_record", loan, by=cast.cm, on=cast.today)
    assert document.content["recorded"] == [
        {"item": "截至 2026-11-09", "amount": "3200000.00", "payee": "上线前已用", "judged": "上线时报送"}
    ]
    assert document.content["recorded_before"] == "3200000.00"


def test_a_movement_of_a_payee_account_is_one_use_of_money(cast, loan) -> None:
    """A released payment and the movement that carries it out are the same money, once."""
    payment = release_now(reviewed(loan, cast, amount="1000000"), cast.accountant)
    move("620001", "-1000000", cast.today, counterparty_account=PAYEE)
    Payment.objects.filter(pk=payment.pk).update(transaction=payment.account.transactions.get())
    see(cast.today, policy_on(cast.today))
    assert unpaid([loan], cast.today) == {loan.pk: Decimal(4000000)}
