"""The opening extracts: deputies, paper inspections, letters, originals that came back, classes of earlier days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Deputy
from core import clock
from core.models.imports import ImportStatus
from credit.models import ClassFact, LetterReturn, PastInspection, PastLetter, PastUse, RiskEvent
from credit.selectors.exposures import exposures
from tests.imports.extracts import BOOK, Rows, file_of, load_book, load_only, said, states

pytestmark = pytest.mark.django_db

D21, D22, D23, D24 = (date(2026, 11, day) for day in (21, 22, 23, 24))
DATES = ("2026-03-02", "2027-03-01")

OPENING: Mapping[str, Rows] = {
    **BOOK,
    "people": [*BOOK["people"], ("2001", "孙磊", "风险线", "0101", "风险经理", "2024-01-01", "")],
    "loans": [
        *BOOK["loans"],
        ("BH1", "HT1", "0101", "保函", "500000", "0", *DATES),
        ("BH2", "HT1", "0101", "保函", "300000", "0", *DATES),
    ],
    "letters": [
        ("借据号", "保函种类", "受益人", "电子保函"),
        ("BH1", "履约保函", "江州水务局", "否"),
        ("BH2", "投标保函", "江州水务局", "是"),
    ],
    "letter_returns": [
        ("借据号", "结果", "收回日", "保管位置", "凭证"),
        ("BH1", "已收回", "2026-11-02", "档案室 3 柜", "收据 17 号"),
    ],
    "deputies": [
        ("工号", "代理人工号", "起", "止", "事由"),
        ("1001", "1002", "2026-11-16", "2026-11-20", "年假"),
        ("1001", "1002", "2026-12-01", "2026-12-04", ""),
    ],
    "past_inspections": [
        ("客户编号", "检查日期", "检查人", "总体评价", "拟风险分类", "档案号"),
        ("C1", "2026-07-15", "张明、李娜", "经营正常", "正常", "2026-检-071"),
        ("C1", "2026-10-20", "张明", "", "", ""),
    ],
    "past_letters": [
        ("函件编号", "借据号", "函件种类", "收件人类型", "收件人", "发出日", "送达方式", "签收日", "送达证明"),
        ("H1", "JJ1", "到期贷款催收函", "借款人", "江南纺织有限公司", "2026-09-01", "直接送达", "2026-09-02",
         "回执 5 号"),
        ("H2", "JJ1", "担保人催收通知书", "保证人", "王强", "2026-09-01", "", "", ""),
    ],
    "past_uses": [("借据号", "上线前已用金额", "截至日", "凭证"), ("JJ1", "1200000.00", "2026-11-20", "移交清单 3")],
    "class_history": [
        ("借据号", "风险分类", "生效日"),
        ("JJ1", "关注", "2026-03-02"),
        ("JJ1", "次级", "2026-06-01"),
        ("JJ1", "次级", "2026-07-01"),
        ("JJ1", "正常", "2026-09-01"),
    ],
}  # fmt: skip


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with clock.travelling_to(D24):
        yield


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the six kinds."""
    models = (Deputy, PastInspection, PastLetter, PastUse, LetterReturn, ClassFact)
    return {model.__name__: list(model._default_manager.order_by("pk").values_list()) for model in models}


def class_of(on: date) -> tuple[int, date]:
    """Severity of the loan's class on the day, and since when."""
    row = exposures(on).get(number="JJ1")
    return row.severity, row.class_since


def test_the_opening_is_loaded_once(tmp_path: Path) -> None:
    first = load_book(tmp_path / "a", **OPENING)
    assert [said(first, kind) for kind in OPENING] == [[] for _ in OPENING]
    assert list(Deputy.objects.order_by("from_on").values_list("deputy__name", "to_on", "reason")) == [
        ("李娜", date(2026, 11, 20), "年假"),
        ("李娜", date(2026, 12, 4), ""),
    ]
    assert list(
        PastInspection.objects.order_by("effective_on").values_list("inspector", "proposed_class", "known_on")
    ) == [("张明、李娜", "NORMAL", D23), ("张明", "", D23)]
    assert list(PastLetter.objects.order_by("number").values_list("kind", "recipient", "received_on")) == [
        ("MATURITY", "BORROWER", date(2026, 9, 2)),
        ("GUARANTOR", "SURETY", None),
    ]
    assert PastUse.objects.values_list("amount", "effective_on", "known_on").get() == (
        Decimal("1200000.00"), date(2026, 11, 20), D23,
    )  # fmt: skip
    assert LetterReturn.objects.values_list("outcome", "custody").get() == ("RETURNED", "档案室 3 柜")
    before = everything()
    turned = {name: [rows[0], *reversed(rows[1:])] for name, rows in OPENING.items()}
    again = load_book(tmp_path / "b", **turned)  # the same rows in other files
    assert again.status == ImportStatus.APPLIED
    assert everything() == before
    assert {(file.inserted, file.changed) for file in again.files.all()} == {(0, 0)}


@pytest.mark.parametrize(
    ("kind", "rows", "line", "column", "value", "reason"),
    [
        ("deputies", [("1001", "2001", "2026-11-16", "2026-11-20", "")], 2, "代理人工号", "2001",
         "代理人须与本人同一条线，双线不能互相代理"),
        ("deputies", [("1001", "1001", "2026-11-16", "2026-11-20", "")], 2, "代理人工号", "1001", "代理人不能是本人"),
        ("deputies", [("1001", "1002", "2026-11-16", "2026-11-15", "")], 2, "止", "2026-11-15", "早于起 2026-11-16"),
        ("deputies", [("1001", "1002", "2026-11-16", "2026-11-20", ""),
                      ("1001", "1002", "2026-11-20", "2026-11-30", "")],
         3, "起", "2026-11-20", "与文件中该人员的另一行代理期重叠"),
        ("past_inspections", [("C1", "2026-11-23", "张明", "", "", "")], 2, "检查日期", "2026-11-23",
         "上线日 2026-11-23 起的检查请在系统内办理"),
        ("past_inspections", [("C1", "2026-11-01", "", "", "", "")], 2, "检查人", "", "不能为空"),
        ("past_letters", [("H1", "JJ1", "到期贷款催收函", "借款人", "甲", "2026-09-02", "", "2026-09-01", "回执")],
         2, "签收日", "2026-09-01", "早于发出日 2026-09-02"),
        ("past_letters", [("H1", "JJ1", "到期贷款催收函", "借款人", "甲", "2026-09-02", "", "2026-09-03", "")],
         2, "送达证明", "", "已签收的须写明送达证明"),
        ("past_letters", [("H1", "JJ1", "到期贷款催收函", "借款人", "甲", "2026-11-23", "", "", "")],
         2, "发出日", "2026-11-23", "上线日 2026-11-23 起的函件请在系统内办理"),
        ("letter_returns", [("JJ1", "已收回", "2026-11-02", "保险柜", "")], 2, "借据号", "JJ1", "这笔借据不是保函"),
        ("letter_returns", [("BH2", "已收回", "2026-11-02", "保险柜", "")], 2, "借据号", "BH2",
         "电子保函没有原件可收回"),
        ("letter_returns", [("BH1", "已收回", "2026-11-02", "", "")], 2, "保管位置", "", "已收回的须写明保管位置"),
        ("past_uses", [("JJ1", "1200000", "2026-11-23", "")], 2, "截至日", "2026-11-23",
         "上线日 2026-11-23 起的用款请在系统内办理"),
        ("past_uses", [("JJ1", "1200000", "2026-03-01", "")], 2, "截至日", "2026-03-01",
         "早于借据的发放日，上线前还没有用款"),
        ("past_uses", [("JJ1", "-0.01", "2026-11-20", "")], 2, "上线前已用金额", "-0.01", "不能为负数"),
        ("past_uses", [("JJ1", "3000000.01", "2026-11-20", "")], 2, "上线前已用金额", "3000000.01", "超过借据金额"),
        ("class_history", [("JJ1", "关注", "2026-03-01")], 2, "生效日", "2026-03-01", "早于借据的发放日 2026-03-02"),
        ("class_history", [("JJ1", "关注", "2026-05-01"), ("JJ1", "次级", "2026-11-23")], 3, "生效日", "2026-11-23",
         "须早于该借据首次借据状态的数据日期 2026-11-23，其后的分类以借据状态为准"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named_and_the_whole_date_refused(
    tmp_path: Path, kind: str, rows: Rows, line: int, column: str, value: str, reason: str
) -> None:
    batch = load_book(tmp_path, **{**OPENING, kind: [OPENING[kind][0], *rows]})
    assert batch.status == ImportStatus.REJECTED
    assert (line, column, value, reason) in [
        (at, name, str(text), why) for at, name, text, why in said(batch, kind)
    ]
    assert not any(everything().values())


def test_what_the_book_already_holds_is_named_too(tmp_path: Path) -> None:
    load_book(tmp_path / "a", **OPENING)
    head = {kind: OPENING[kind][0] for kind in OPENING}
    batch = load_only(
        tmp_path / "b",
        D24,
        deputies=[head["deputies"], ("1001", "1002", "2026-12-04", "2026-12-08", "")],
        past_inspections=[head["past_inspections"], ("C1", "2026-07-15", "李娜", "", "", "")],
        past_letters=[head["past_letters"],
                      ("H2", "JJ1", "担保人催收通知书", "保证人", "王强", "2026-09-05", "", "", "")],
        letter_returns=[head["letter_returns"], ("BH1", "遗失，受益人已书面解除责任", "2026-11-02", "", "")],
        past_uses=[head["past_uses"], ("JJ1", "0", "2026-11-20", "移交清单 3")],
        class_history=[head["class_history"], ("JJ1", "可疑", "2026-11-24")],
    )  # fmt: skip
    instead = "已入账而内容不同；入账的事实不能改写，请核对后更正文件"
    assert said(batch, "deputies") == [(2, "起", "2026-12-04", "与李娜的代理期重叠，请一并给出其止日")]
    assert said(batch, "past_inspections") == [(2, "客户编号", "C1", instead)]
    assert said(batch, "past_letters") == [(2, "函件编号", "H2", instead)]
    assert said(batch, "letter_returns") == [(2, "借据号", "BH1", instead)]
    assert said(batch, "past_uses") == [(2, "借据号", "JJ1", instead)]
    assert said(batch, "class_history") == [
        (2, "生效日", "2026-11-24", "须早于该借据首次借据状态的数据日期 2026-11-23，其后的分类以借据状态为准")
    ]


def test_a_deputy_returns_early_and_another_takes_over_in_one_file(tmp_path: Path) -> None:
    load_book(tmp_path / "a", **OPENING)
    head = OPENING["deputies"][0]
    batch = load_only(
        tmp_path / "b",
        D24,
        deputies=[
            head,
            ("1001", "1002", "2026-12-03", "2026-12-04", ""),
            ("1001", "1002", "2026-12-01", "2026-12-02", ""),
        ],
    )
    assert (batch.status, file_of(batch, "deputies").inserted, file_of(batch, "deputies").changed) == (
        ImportStatus.APPLIED, 1, 1
    )  # fmt: skip


# --- the classes of earlier days


def test_the_history_says_since_when_a_class_holds_and_raises_no_event(tmp_path: Path) -> None:
    history = [*OPENING["class_history"], ("JJ1", "关注", "2026-10-08")]
    worse = states(("JJ1", "2800000.00", "0", "0", "0", "次级"))
    load_book(tmp_path / "a", **{**OPENING, "class_history": history, "loan_states": worse})
    facts = ClassFact.objects.order_by("effective_on").values_list("risk_class", "source", "effective_on")
    assert list(facts) == [
        ("SPECIAL_MENTION", "CORE", date(2026, 3, 2)),
        ("SUBSTANDARD", "CORE", date(2026, 6, 1)),
        ("NORMAL", "CORE", date(2026, 9, 1)),
        ("SPECIAL_MENTION", "CORE", date(2026, 10, 8)),
        ("SUBSTANDARD", "CORE", D23),
    ]
    assert class_of(D23) == (2, D23)
    assert not RiskEvent.objects.exists()  # it all happened before the opening
    load_only(tmp_path / "b", D24, loan_states=states(("JJ1", "2800000.00", "0", "0", "0", "可疑")))
    assert RiskEvent.objects.get().reference == "downgrade:JJ1:2026-11-24"


def test_a_state_that_finds_the_class_as_it_was_leaves_its_beginning(tmp_path: Path) -> None:
    load_book(tmp_path / "a", **OPENING)
    assert class_of(D23) == (0, date(2026, 9, 1))


def test_a_history_that_comes_after_the_opening_does_not_change_what_the_states_gave(tmp_path: Path) -> None:
    load_book(tmp_path / "a", **OPENING)  # the state found 正常 as it was, and is not stored
    head = OPENING["class_history"][0]
    load_only(tmp_path / "b", D24, class_history=[head, ("JJ1", "可疑", "2026-10-08")])
    assert (class_of(D23)[0], class_of(D24)) == (0, (0, D23))
    facts = ClassFact.objects.filter(effective_on__gt=date(2026, 9, 1)).order_by("effective_on")
    assert list(facts.values_list("risk_class", "effective_on", "known_on")) == [
        ("DOUBTFUL", date(2026, 10, 8), D24),
        ("NORMAL", D23, D24),
    ]
    load_only(tmp_path / "c", D24, class_history=[head, ("JJ1", "可疑", "2026-10-08"), ()])
    assert facts.count() == 2
    assert not RiskEvent.objects.exists()
