"""资金异动核查表 (第二十二条): every open signal of a customer; the manager explains, the risk line decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db.models import QuerySet

from accounts.models import User
from core import clock
from core.errors import Conflict, Invalid
from core.money import yuan
from credit.models import Contract
from credit.responsibilities.selectors import may_author, signers_of
from monitoring.choices import SignalStatus
from monitoring.decisions import services as decisions
from monitoring.models import Signal
from monitoring.signals.duties import KIND as DUTY
from monitoring.signals.duties import duties_to_check
from monitoring.unreviewed.duties import duties_of_signals
from workflow.choices import SubjectKind
from workflow.definitions import (
    Field,
    FormDefinition,
    Kind,
    Section,
    answered,
    known,
    not_in_the_future,
    rows_at_most,
)
from workflow.models import Document, WorkItem
from workflow.registry import FormKind, Prefill, Subject
from workflow.services import duties

MOST = 100  # signals of one sheet, the gravest first; the rest on the next one
SHOWN = 10  # movements of a signal that the sheet lists
EXPLAINED, TRUE, MISUSED = "DISMISSED", "CONFIRMED", "MISUSE"
VERDICTS = ((EXPLAINED, "排除"), (TRUE, "属实，非挪用"), (MISUSED, "属实，系挪用"))
LEVELS = ("RED", "ORANGE", "YELLOW", "BLUE")


SIGNAL_CHECK = FormDefinition(
    code="signal_check",
    version=1,
    title="资金异动核查表",
    annex="",
    number_prefix="YD",
    sections=(
        Section(
            "signals",
            "待核实的信号",
            (
                Field(
                    "signals",
                    "信号",
                    Kind.TABLE,
                    system_rows=True,
                    cards=True,
                    least=1,
                    row_word="条",
                    columns=(
                        Field("signal", "信号编号", locked=True),
                        Field("kind", "类型", locked=True),
                        Field("level", "级别", locked=True),
                        Field("known_on", "识别日", Kind.DATE, locked=True),
                        Field("text", "内容", Kind.LONGTEXT, locked=True),
                        known("movements", "流水", Kind.LONGTEXT),
                        Field("why", "核查说明", Kind.LONGTEXT, help="核查了什么、依据是什么。"),
                        Field("verdict", "结论", Kind.CHOICE, options=VERDICTS),
                        Field(
                            "contract",
                            "挪用所属合同号",
                            when=answered("verdict", MISUSED),
                            help="结论为挪用时填写；认定后该合同暂停用款。",
                        ),
                    ),
                ),
            ),
        ),
        Section(
            "check",
            "核查情况",
            (
                Field("checked_on", "核查日期", Kind.DATE),
                Field("measures", "已采取或建议的措施", Kind.LONGTEXT, required=False),
                Field("files", "证明材料", Kind.PHOTOS, help="合同、发票、对账单等，没有可不传。"),
            ),
        ),
    ),
    checks=(
        rows_at_most(
            "signals",
            ("signals",),
            "why",
            decisions.WHY_LONGEST,
            f"每条“核查说明”最多 {decisions.WHY_LONGEST} 字，请精简。",
        ),
        not_in_the_future("check", "checked_on", "核查日期晚于今天，请改为实际核查的日期。"),
    ),
)


def _open(borrower_id: int) -> QuerySet[Signal]:
    return Signal.objects.filter(borrower=borrower_id, status=SignalStatus.OPEN)


def _row(signal: Signal) -> dict[str, str]:
    """A signal as the sheet keeps it, however the book moves on."""
    shown = [one.transaction for one in signal.shown_by.all()]
    lines = [
        f"{one.effective_on:%m-%d} {one.get_direction_display()} {yuan(one.amount)} 元 "
        f"{one.counterparty_name or one.summary} {one.number}"
        for one in shown[:SHOWN]
    ]
    more = [f"等 {len(shown)} 笔"] if len(shown) > SHOWN else []
    return {
        "signal": str(signal.pk),
        "kind": signal.get_kind_display(),
        "level": signal.get_level_display(),
        "known_on": signal.known_on.isoformat(),
        "text": signal.text,
        "movements": "\n".join([*lines, *more]),
        "contract": signal.loan.contract.number if signal.loan else "",
    }


def prefill(*, subject: Subject, user: User, on: date) -> Prefill:
    """Every open signal of the customer, the gravest first."""
    found = list(_open(subject.id).select_related("loan__contract").prefetch_related("shown_by__transaction"))
    if not found:
        raise Conflict("这个客户没有待核实的资金信号，不必填写核查表。")
    found.sort(key=lambda one: (LEVELS.index(one.level), one.known_on, one.pk))
    return Prefill(
        answers={"signals": [_row(one) for one in found[:MOST]], "checked_on": on.isoformat()}, facts_on=on
    )


def on_submitted(*, document: Document, by: User, on: date) -> None:
    """The duties are no longer late; a contract that is named must be the customer's."""
    for row in _rows(document):
        _contract(document, row)
    duties.hand_in(document=document, items=_satisfied(document), on=on)


def on_locked(*, document: Document, by: User, on: date) -> None:
    """Signed: each signal that is still open is decided as the sheet says, and the duties are done."""
    rows = _rows(document)
    signals = {str(one.pk): one for one in _open(document.subject_id).filter(pk__in=_ids(document))}
    items = [*_satisfied(document), *duties_of_signals(signals.values())]
    for row in rows:
        if signal := signals.get(row["signal"]):  # what was decided in the meantime stays as it was decided
            decisions.decide_as_signed(
                signal=signal,
                is_true=row["verdict"] != EXPLAINED,
                is_misuse=row["verdict"] == MISUSED,
                why=row["why"],
                contract=_contract(document, row),
                document=document,
                by=by,
                on=on,
            )
    done_on = date.fromisoformat(document.content["checked_on"])
    duties.discharge(items=items, document=document, done_on=done_on, by=by.username, on=on, at=clock.now())


def _rows(document: Document) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = document.content["signals"]
    return rows


def _ids(document: Document) -> list[int]:
    return [int(row["signal"]) for row in _rows(document)]


def _contract(document: Document, row: Mapping[str, Any]) -> Contract | None:
    """The contract whose money was misused, as the row names it."""
    if row["verdict"] != MISUSED:
        return None
    number = str(row.get("contract") or "").strip()
    found = Contract.objects.filter(number=number, borrower=document.subject_id).first()
    if found is None:
        raise Invalid(f"信号 {row['signal']}：该客户没有合同“{number}”，请核对“挪用所属合同号”。")
    return found


def _satisfied(document: Document) -> QuerySet[WorkItem]:
    """The open duties to look into the signals of this sheet."""
    return duties_to_check(_ids(document)).filter(
        subject_kind=SubjectKind.BORROWER, subject_id=document.subject_id
    )


KIND = FormKind(
    definition=SIGNAL_CHECK,
    prefill=prefill,
    signers=signers_of,  # the manager explains, the risk manager decides
    may_author=may_author,
    on_submitted=on_submitted,
    on_locked=on_locked,
    duty_kinds=(DUTY,),
    day_field="checked_on",
)
