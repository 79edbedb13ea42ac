"""附件1 at its edges: what is written in by hand, more than was lent, the page, the panel, the paper on A4."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from openpyxl import load_workbook

from core import clock
from core.models import AuditEntry
from core.policy import policy_on
from monitoring.models import FundUse, Signal
from monitoring.self_payments.duties import SelfPaymentSummary
from monitoring.uses.duties import FundUseTracking
from tests.monitoring import paying
from tests.monitoring.paying import move
from tests.monitoring.test_uses import FINE, LENT, PAID, borrow, fill, look, start
from workflow.documents.paper import content_of
from workflow.models import WorkItem

pytestmark = pytest.mark.usefixtures("reference")


def begun(cast, amount: str = "-300000"):
    """A paper about one self payment out of 100 万元."""
    borrow(cast)
    move("620001", amount, PAID, counterparty_name="华东棉业有限公司", counterparty_account=paying.PAYEE)
    look(PAID)
    return start(WorkItem.objects.get(), cast.cm)


def by_hand(item: str, amount: str = "1000.00", **fields):
    return [{"item": item, "amount": amount, "payee": "临时工", **FINE, **fields}]


@pytest.mark.parametrize("day", ["2026-11-01", "2026-11-25"])  # lent on 11-02, today is 11-24
def test_a_use_by_hand_lies_between_the_grant_and_today(cast, day):
    with pytest.raises(Exception, match="补登的用款日期须在首次提款之后"):
        fill(begun(cast), cast.cm, by_hand=by_hand(day))


@pytest.mark.parametrize("day", ["2026-11-02", "2026-11-24"])
def test_a_use_by_hand_on_the_first_or_the_last_day_is_taken(cast, day):
    paying.sign(fill(begun(cast), cast.cm, by_hand=by_hand(day)), cast.head)
    assert sorted(FundUse.objects.values_list("amount", flat=True)) == [
        Decimal("1000.00"),
        Decimal("300000.00"),
    ]


def test_the_payee_of_a_use_by_hand_is_kept_whole_or_refused(cast):
    document = begun(cast)
    for wrong, told in (
        ({"payee": "长" * 121}, "最多 120 字"), ({"account": "6" * 41}, "最多 40 字"),
        ({"payee": "", "account": "6222"}, "须写明收款人"),
    ):  # fmt: skip
        with pytest.raises(Exception, match=told):
            fill(document, cast.cm, by_hand=by_hand("2026-11-06", **wrong))
        document.refresh_from_db()
    given = {"payee": "赣江建材行", "account": "6222021", "bank": "他行城东支行"}
    paying.sign(fill(document, cast.cm, by_hand=by_hand("2026-11-06", **given)), cast.head)
    kept = FundUse.objects.get(used_on=date(2026, 11, 6))
    assert (kept.payee_name, kept.payee_account, kept.payee_bank) == tuple(given.values())


@pytest.mark.obligation("GR-20.2", clause="d")
def test_papers_that_together_exceed_what_was_lent_are_told_to_the_risk_line(cast):
    # 300,000 + 600,000 by hand = 900,000 of 1,000,000; another paper, written meanwhile, told of 200,000: 100,000 over.
    document = fill(begun(cast), cast.cm, by_hand=by_hand("2026-11-06", "600000.00"))
    FundUse.objects.create(
        document=document, loan_id=document.subject_id, used_on=PAID, amount=200000, payee_name="甲", purpose="GOODS",
        flows_back=False, is_upstream=False, as_agreed=True, verified_by="ACCOUNT", known_on=PAID,
    )  # fmt: skip
    paying.sign(document, cast.head)
    signal = Signal.objects.get()
    assert (signal.kind, signal.level, signal.amount) == ("USE_EXCEEDED", "RED", Decimal("100000.00"))
    assert "累计用款 1,100,000.00 元，超过累计发放 1,000,000.00 元" in signal.text


@pytest.mark.obligation("GR-20.2", clause="e")
def test_the_paper_tells_each_use_as_a_block_of_its_own_since_fourteen_columns_do_not_fit_a4(cast):
    odd = {0: {"as_agreed": "no", "anomaly": "OTHER", "note": "与约定用途不符"}}
    document = fill(begun(cast), cast.cm, judge=odd)
    section = next(one for one in content_of(document) if one.code == "uses")
    block = next(one for one in section.blocks if one.title.startswith("本次登记的用款"))
    assert (block.look, block.title) == ("pairs", "本次登记的用款　第 1 笔")
    told = {line.label: line.text for line in block.lines}
    assert (told["用款日期"], told["金额（元）"], told["符合约定用途"]) == ("2026-11-05", "300,000.00", "否")
    paying.sign(document, cast.head)
    assert (Signal.objects.get().kind, Signal.objects.get().level) == ("USE_EXCEEDED", "RED")


def test_a_quarter_whose_summary_is_raised_is_not_read_again(cast):
    loan = borrow(cast, starts_on=date(2026, 8, 3))
    move("620001", "-300000", date(2026, 8, 20), counterparty_name="甲")
    look(date(2026, 8, 20))
    rule, end = SelfPaymentSummary(), date(2026, 9, 30)
    assert list(rule.candidates(end, policy_on(end)).values_list("pk", flat=True)) == [loan.pk]
    look(end, SelfPaymentSummary)
    WorkItem.objects.filter(obligation="GR-20.1").update(
        status="VOID", closed_on=end, closed_at=clock.now(), closed_by="test", close_reason="测试"
    )
    later = date(2026, 10, 9)
    assert not rule.candidates(later, policy_on(later)).exists()


def test_a_day_reads_only_the_loans_of_which_money_left(cast):
    loan = borrow(cast)
    move("620001", "-300000", PAID, counterparty_name="甲")
    rule = FundUseTracking()
    assert not rule.candidates(LENT, policy_on(LENT)).exists()
    look(PAID)
    assert list(rule.candidates(PAID, policy_on(PAID)).values_list("pk", flat=True)) == [loan.pk]


def test_the_list_shows_what_is_recorded_and_what_is_not_to_those_who_see_the_customer(cast, client):
    document = begun(cast)
    client.force_login(cast.cm)
    page = client.get("/uses/?state=missing").content.decode()
    assert "江南纺织有限公司" in page and "300,000.00" in page and "共 1 笔借据" in page
    assert "没有符合条件的借据" in client.get("/uses/?state=odd").content.decode()
    paying.sign(fill(document, cast.cm), cast.head)
    assert "没有符合条件的借据" in client.get("/uses/?state=missing").content.decode()
    assert "300,000.00" in client.get("/uses/?state=done").content.decode()
    client.force_login(cast.other_cm)
    assert "还没有看到用款" in client.get("/uses/").content.decode()


def test_the_workbook_is_the_filtered_list_and_who_took_it_is_written_down(cast, client):
    begun(cast)
    client.force_login(cast.cm)
    book = load_workbook(BytesIO(client.get("/uses/export/?state=missing").getvalue())).active
    rows = list(book.iter_rows(values_only=True))
    assert len(rows) == 2 and rows[1][0] == "C100001" and rows[1][6:11] == (1000000, 0, 300000, 1, 0)
    told = AuditEntry.objects.get(act="monitoring.uses.exported")
    assert (told.after, told.note) == ({"rows": 1}, "state=missing")
    assert (
        len(list(load_workbook(BytesIO(client.get("/uses/export/?state=odd").getvalue())).active.rows)) == 1
    )


def test_the_loan_s_page_says_what_was_used_and_links_the_paper(cast, client):
    document = fill(begun(cast), cast.cm)
    client.force_login(cast.cm)
    where = (
        f"/loans/{FundUse._meta.get_field('loan').related_model.objects.get(pk=document.subject_id).number}/"
    )
    assert "未登记" in client.get(where).content.decode()
    paying.sign(document, cast.head)
    page = client.get(where).content.decode()
    assert document.number in page and "用款跟踪（附件1）" in page
