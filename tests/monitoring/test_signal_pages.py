"""资金信号 on screen: the list, one signal and its decision, the sheet, the panels, the dashboard, the workbook."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.test import Client
from openpyxl import load_workbook

from core import clock
from core.models import AuditEntry
from core.policy import policy_on
from credit.models import Group, GroupMember
from monitoring.decisions.services import dismiss
from monitoring.measures import open_on, write_app
from monitoring.models import MisuseCase, Signal
from monitoring.signals.duties import AccountSignals
from tests import factories
from tests.credit_duties.filling import fill, gaps, submit
from tests.monitoring.money import account
from tests.monitoring.movements import make_signal, move
from workflow import snapshots
from workflow.choices import DocumentStatus, DutyStatus
from workflow.engine import reconcile
from workflow.models import DailyMeasure, Document, WorkItem
from workflow.services import signatures

pytestmark = pytest.mark.usefixtures("reference")
TODAY = date(2026, 11, 24)


def answer(person, where: str, **posted: str):
    client = Client()
    client.force_login(person)
    return client.post(where, posted) if posted else client.get(where)


def page(person, where: str = "/signals/") -> str:
    got = answer(person, where)
    assert got.status_code == 200
    return got.content.decode()


@pytest.fixture
def told(cast):
    """Two signals of the cast's company (one decided), one of another branch's."""
    base = account(cast.borrower, cast.corporate, "1000000")
    shown = move(base, TODAY, "400000", "甲公司", into=True, summary="往来款")
    move(base, TODAY, "77", "电力公司")
    first = make_signal(cast.borrower, TODAY, shown, text="甲公司转回 400,000.00 元。", account=base)
    old = make_signal(cast.borrower, TODAY - timedelta(40), kind="LARGE", level="BLUE", text="大额一笔。")
    dismiss(signal=old, by=cast.risk, why="设备款，合同相符", on=TODAY - timedelta(39))
    other = make_signal(cast.other_borrower, TODAY, kind="CASH", level="ORANGE", text="取现四笔。")
    return first, old, other


def test_the_list_says_what_was_found_of_whom_and_who_looks_into_it(cast, told) -> None:
    reconcile(AccountSignals(), on=TODAY, policy=policy_on(TODAY))
    text = page(cast.cm)
    assert "甲公司转回 400,000.00 元。" in text and "资金回流" in text and "江南纺织有限公司" in text
    assert "张明" in text and "11-25 前核实" in text and "涉及金额合计 400,000.00 元" in text
    assert "大额一笔" not in text and "取现四笔" not in text


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("cm", 1), ("cm2", 0), ("head", 1), ("head_personal", 0), ("risk", 1), ("president", 1), ("other_cm", 1),
        ("auditor", 2),
    ],
)  # fmt: skip
def test_each_line_sees_the_signals_of_its_own_customers(cast, told, who, sees) -> None:
    text = page(cast.people[who])
    assert f"明细 {sees}" in text and ("没有待核实的信号" in text) == (not sees)


def test_the_list_is_narrowed_by_kind_level_status_unit_and_days(cast, told) -> None:
    def found(query: str) -> set[str]:
        text = page(cast.auditor, f"/signals/?{query}")
        return {words for words in ("甲公司转回", "大额一笔", "取现四笔") if words in text}

    assert found("") == found("kind=x&level=y&status=z&unit=-1&days=6&after=q") == {"甲公司转回", "取现四笔"}
    assert found("status=all") == {"甲公司转回", "大额一笔", "取现四笔"}
    assert found("status=DISMISSED") == {"大额一笔"}
    assert found("status=all&days=30") == {"甲公司转回", "取现四笔"}
    assert found("kind=CASH") == found("level=ORANGE") == found(f"unit={cast.corporate2.pk}") == {"取现四笔"}
    assert "没有符合条件的信号" in page(cast.auditor, "/signals/?kind=SECURITIES")


def test_a_long_list_comes_in_pages_the_newest_first(cast, told, monkeypatch) -> None:
    monkeypatch.setattr("monitoring.decisions.views.PAGE", 1)
    first = page(cast.auditor)
    assert "取现四笔" in first and "甲公司转回" not in first
    second = page(cast.auditor, f"/signals/?after={told[2].pk}")
    assert "甲公司转回" in second and "下一页" not in second


def test_the_workbook_holds_exactly_the_filtered_list_and_is_written_down(cast, told) -> None:
    got = answer(cast.auditor, "/signals/export/?status=DISMISSED")
    rows = list(load_workbook(BytesIO(got.getvalue())).active.iter_rows(values_only=True))
    assert len(rows) == 2 and rows[1][8] == "大额一笔。" and rows[1][9] == "付出后：30 天内转回"
    assert rows[1][14] == "设备款，合同相符" and rows[1][10] == "公司部"
    entry = AuditEntry.objects.get(act="monitoring.signals.exported")
    assert entry.after == {"rows": 1} and entry.note == "status=DISMISSED"


@pytest.mark.obligation("GR-22.1", clause="f")
def test_a_signal_shows_its_movements_its_rule_and_who_may_decide(cast, told) -> None:
    where = f"/signals/{told[0].pk}/"
    text = page(cast.risk, where)
    assert "付出后" in text and "30 天内转回" in text and "400,000.00" in text and "往来款" in text
    assert text.count(">依据<") == 1 + 1  # the card's title, and one of the account's two movements
    assert "电力公司" in text and 'name="verdict" value="DISMISSED" ' not in text.replace("disabled", "")
    for_manager = page(cast.cm, where)
    assert "资金信号由风险条线排除" in for_manager  # may confirm, may not dismiss
    for_reader = page(cast.president, where)
    assert "<textarea" not in for_reader and "由风险条线或该客户的管户人员认定" in for_reader
    for who in ("cm2", "other_risk"):
        assert answer(cast.people[who], where).status_code == 404
    assert answer(cast.accountant, where).status_code == 403


def test_a_movement_on_somebody_elses_account_shows_no_balance_and_no_number(cast, told) -> None:
    theirs = account(cast.other_borrower, cast.corporate2, "5", number="62777")
    leg = move(theirs, TODAY, "9", "甲公司", balance_after=Decimal("123456.78"), counterparty_account="62888")
    signal = make_signal(cast.borrower, TODAY, leg, kind="ROUND_TRIP")
    text = page(cast.cm, f"/signals/{signal.pk}/")
    assert "关联方账户" in text and "62777" not in text and "123,456.78" not in text and "62888" not in text


def test_a_decision_on_screen_wants_a_verdict_and_a_reason(cast, told) -> None:
    where = f"/signals/{told[0].pk}/"
    assert "请选择结论" in answer(cast.risk, where, why="x").content.decode()
    refused = answer(cast.risk, where, verdict="CONFIRMED", why=" ")
    assert refused.status_code == 422 and "请填写认定理由" in refused.content.decode()
    nobody = answer(cast.risk, where, verdict="MISUSE", why="挪用", contract="999999999999")
    assert "须指明合同" in nobody.content.decode()
    stranger = answer(
        cast.risk, where, verdict="MISUSE", why="挪用", contract=str(cast.other_loan.contract_id)
    )
    assert "须指明合同" in stranger.content.decode()
    assert not Signal.objects.filter(pk=told[0].pk).exclude(status="OPEN").exists()
    assert (
        answer(cast.risk, where, verdict="MISUSE", why="挪用", contract=str(cast.contract.pk)).status_code
        == 302
    )
    assert MisuseCase.objects.get().contract == cast.contract
    text = page(cast.risk, where)
    assert "合同 HT2026-0101" in text and "孙磊" in text and "<textarea" not in text


def test_the_borrower_page_shows_its_signals_the_open_ones_first(cast, told) -> None:
    text = page(cast.cm, f"/borrowers/{cast.borrower.number}/")
    assert 'id="signals"' in text and text.index("甲公司转回") < text.index("大额一笔")
    assert "设备款，合同相符" in text


@pytest.mark.obligation("GR-22.2", clause="a")
def test_the_group_page_says_what_members_paid_each_other_and_its_share(cast) -> None:
    made = Group.objects.create(number="G-1", name="江南集团")
    sister = factories.make_borrower("C100009", "江南贸易有限公司")
    factories.make_responsibility(sister, cast.cm, cast.corporate)
    for one in (cast.borrower, sister, cast.other_borrower):
        GroupMember.objects.create(
            group=made, borrower=one, role="AFFILIATE", from_on=date(2026, 1, 5), known_on=date(2026, 1, 5)
        )
    base = account(cast.borrower, cast.corporate, "1")
    theirs = account(sister, cast.corporate, "0", number="62990001")
    here = {"counterparty_account": "62990001"}
    move(base, TODAY, "30000", "江南贸易有限公司", **here)
    move(
        theirs, TODAY, "30000", "江南纺织有限公司", into=True, counterparty_account=base.number
    )  # the same money
    move(base, TODAY, "90000", "甲公司")
    move(base, TODAY - timedelta(30), "7777", "江南贸易有限公司", **here)  # thirty days ago: no more
    wrong = move(base, TODAY, "5555", "江南贸易有限公司", **here)
    move(base, TODAY, "5555", "江南贸易有限公司", into=True, reverses=wrong, **here)
    # From an account at another bank, told by the receiver only: 10,000.
    move(theirs, TODAY, "10000", "江南纺织有限公司", into=True, counterparty_account="OTHER-BANK")
    text = page(cast.cm, "/groups/G-1/?money_unit=yuan")
    # 40,000 among members; paid at all 30,000 + 90,000 = 120,000: 33.3 %.
    assert "成员间往来" in text and "占成员全部付出的 33.3%" in text
    assert "7,777" not in text and "5,555" not in text
    assert "另有 1 个成员不在您可以查看的范围内，其往来未列出" in text


@pytest.fixture
def sheet(cast, told) -> Document:
    """The sheet that the manager began for the duty of the open signal."""
    make_signal(
        cast.borrower, TODAY, kind="SECURITIES", level="ORANGE", text="付给证券 1 元。", loan=cast.loan
    )
    reconcile(AccountSignals(), on=TODAY, policy=policy_on(TODAY))
    client = Client()
    client.force_login(cast.cm)
    item = WorkItem.objects.filter(borrower_number=cast.borrower.number).first()
    client.post(f"/documents/start/{item.pk}/")
    return Document.objects.get()


def said(document: Document, *verdicts: str) -> list[dict[str, str]]:
    rows = document.content["signals"]
    return [{**row, "why": "核对合同发票", "verdict": v} for row, v in zip(rows, verdicts, strict=True)]


def test_one_sheet_holds_every_open_signal_and_its_signature_decides_each(
    cast, told, sheet, password
) -> None:
    rows = sheet.content["signals"]
    assert [(row["level"], row["kind"]) for row in rows] == [("红", "资金回流"), ("橙", "流向证券期货")]
    assert "往来款" not in rows[0]["text"] and "甲公司" in rows[0]["movements"]
    assert {"signals"} <= gaps(sheet)
    sheet.content["signals"] = said(sheet, "DISMISSED", "MISUSE")
    fill(sheet, **sheet.content)
    submit(sheet)
    assert {item.submitted_on for item in WorkItem.objects.filter(borrower_number="C100001")} == {TODAY}
    assert (
        Signal.objects.filter(status="OPEN", borrower=cast.borrower).count() == 2
    )  # nothing before it is signed
    step = sheet.chains.get().steps.get(person=cast.risk)
    signatures.sign(step=step, by=cast.risk, password=password, on=TODAY, at=clock.now())
    sheet.refresh_from_db()
    assert sheet.status == DocumentStatus.LOCKED
    first, second = Signal.objects.filter(document=sheet).order_by("pk")
    assert (first.status, second.status) == ("DISMISSED", "CONFIRMED") and first.decided_by == cast.risk
    assert MisuseCase.objects.get().contract == cast.loan.contract
    done = WorkItem.objects.filter(borrower_number="C100001")
    assert {item.status for item in done} == {DutyStatus.DONE} and len(done) == 2


def test_a_sheet_names_a_contract_of_the_customer_for_what_was_misused(cast, sheet) -> None:
    rows = said(sheet, "MISUSE", "DISMISSED")
    assert rows[0]["contract"] == ""
    fill(sheet, **{**sheet.content, "signals": rows})
    assert "signals" in gaps(sheet)
    rows[0]["contract"] = "HT-别人的"
    fill(sheet, **{**sheet.content, "signals": rows})
    with pytest.raises(Exception, match="没有合同“HT-别人的”"):
        submit(sheet)


def test_what_was_decided_while_the_sheet_was_being_signed_stays_as_it_was_decided(
    cast, told, sheet, password
) -> None:
    fill(sheet, **{**sheet.content, "signals": said(sheet, "CONFIRMED", "CONFIRMED")})
    submit(sheet)
    dismiss(signal=told[0], by=cast.risk_head, why="另有说明", on=TODAY)
    step = sheet.chains.get().steps.get(person=cast.risk)
    signatures.sign(step=step, by=cast.risk, password=password, on=TODAY, at=clock.now())
    told[0].refresh_from_db()
    assert (told[0].status, told[0].document) == ("DISMISSED", None)


def test_without_open_signals_there_is_no_sheet(cast, told) -> None:
    reconcile(AccountSignals(), on=TODAY, policy=policy_on(TODAY))
    item = WorkItem.objects.get(borrower_number=cast.borrower.number)
    dismiss(signal=told[0], by=cast.risk, why="说明", on=TODAY)
    got = answer(cast.cm, f"/documents/start/{item.pk}/", go="1")
    assert "没有待核实的资金信号" in got.content.decode() and not Document.objects.exists()


def test_the_figures_of_a_day_lead_to_as_many_signals_as_they_say(cast, told) -> None:
    write_app(TODAY)
    figures = {
        (row.unit_id, row.key): (row.value, row.amount)
        for row in DailyMeasure.objects.filter(measure="signals")
    }
    assert figures == {
        (cast.corporate.pk, "FLOWS_BACK/RED"): (1, 400_000), (cast.corporate2.pk, "CASH/ORANGE"): (1, 400_000),
    }  # fmt: skip
    rows = snapshots.measures()["signals"].rows
    for key, n in (("FLOWS_BACK/RED", 1), ("CASH", 1), ("/ORANGE", 1), ("", 2), ("CASH/RED", 0)):
        assert rows(TODAY, TODAY, key).count() == n
    # The decided one was open until it was decided, the day before yesterday's month.
    assert open_on(TODAY - timedelta(40)).count() == 1 and open_on(TODAY - timedelta(39)).count() == 0


def test_the_risk_lines_dashboard_counts_them_by_kind_and_level(cast, told) -> None:
    snapshots.write(TODAY)
    text = page(cast.risk, f"/dashboard/?on={TODAY}")
    assert "1 条资金信号待核实，其中红色 1 条，涉及 40.00 万元" in text
    rows = page(cast.risk, f"/dashboard/rows/?on={TODAY}&measure=signals&key=FLOWS_BACK/RED")
    assert "甲公司转回" in rows
