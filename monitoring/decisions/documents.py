"""资金异动核查表 (第二十二条): every open signal of a customer; the manager explains, the risk line decides."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import clock
from core.errors import Conflict, Invalid
from core.money import yuan
from credit.models import Contract
from credit.responsibilities.documents import CustomerForm
from monitoring.choices import SignalStatus
from monitoring.decisions import services as decisions
from monitoring.models import Signal
from monitoring.signals.duties import KIND as DUTY
from monitoring.signals.duties import duties_to_check
from monitoring.unreviewed.duties import duties_of_signals
from workflow.choices import DocumentStatus, SubjectKind
from workflow.definitions import (
    Field,
    FormDefinition,
    Kind,
    Prefill,
    Section,
    TypedAnswers,
    answered,
    known,
    not_in_the_future,
    rows_at_most,
)
from workflow.duty_forms import EVERYTHING, Subject
from workflow.models import Document, WorkItem
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


def _being_signed(borrower_id: int) -> set[int]:
    """Signals that a sheet in signature tells of: another one does not ask about them."""
    sheets = Document.objects.of(subject_kind=SubjectKind.BORROWER, subject_id=borrower_id).filter(
        form=SIGNAL_CHECK.code, status=DocumentStatus.SIGNING
    )
    return {pk for sheet in sheets for pk in _ids(sheet)}


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


class SignalCheckForm(CustomerForm):
    """One sheet decides every signal of a customer that it lists; the manager explains, the risk manager decides."""

    definition = SIGNAL_CHECK
    duties = (DUTY,)
    day_field = "checked_on"
    correctable = False
    instead = _("信号已认定，不能另起新版；有新情况的，由风险条线按新信号认定，或登记挪用。")

    def matter_of(self, duty: WorkItem) -> str:
        """Whatever signals are open."""
        return EVERYTHING

    def discharges(self, document: Document, duties: QuerySet[WorkItem]) -> QuerySet[WorkItem]:
        """Those to look into the signals that it lists."""
        return duties & duties_to_check(_ids(document))

    def begin(self, *, subject: Subject, user: User, on: date) -> Prefill:
        """Every open signal of the customer that no sheet in signature tells of, the gravest first."""
        rows = _open(subject.id).exclude(pk__in=_being_signed(subject.id))
        found = list(rows.select_related("loan__contract").prefetch_related("shown_by__transaction"))
        if not found:
            raise Conflict("这个客户没有待核实的资金信号，或都已在签字中，不必填写核查表。")
        found.sort(key=lambda one: (LEVELS.index(one.level), one.known_on, one.pk))
        return Prefill(
            answers={"signals": [_row(one) for one in found[:MOST]], "checked_on": on.isoformat()},
            facts_on=on,
        )

    def check(self, *, document: Document, by: User, on: date) -> None:
        """A contract that is named must be the customer's."""
        for row in document.answers.rows("signals"):
            _contract(document, row)

    def write(self, *, document: Document, by: User, on: date, replaces: Document | None) -> None:
        """Each signal that is still open is decided as the sheet says, and the risk manager's own duties with it."""
        a = document.answers
        signals = _open(document.subject_id).in_bulk(_ids(document))
        for row in a.rows("signals"):
            if signal := signals.get(
                row.number("signal")
            ):  # what was decided meanwhile stays as it was decided
                decisions.decide_as_signed(
                    signal=signal,
                    is_true=row.text("verdict") != EXPLAINED,
                    is_misuse=row.text("verdict") == MISUSED,
                    why=row.text("why"),
                    contract=_contract(document, row),
                    document=document,
                    by=by,
                    on=on,
                )
        duties.discharge(
            items=duties_of_signals(signals.values()),
            document=document,
            done_on=a.day("checked_on"),
            by=by.username,
            on=on,
            at=clock.now(),
        )


def _ids(document: Document) -> list[int]:
    return [row.number("signal") for row in document.answers.rows("signals")]


def _contract(document: Document, row: TypedAnswers) -> Contract | None:
    """The contract whose money was misused, as the row names it."""
    if row.text("verdict") != MISUSED:
        return None
    number = row.text("contract").strip()
    found = Contract.objects.filter(number=number, borrower=document.subject_id).first()
    if found is None:
        raise Invalid(f"信号 {row.text('signal')}：该客户没有合同“{number}”，请核对“挪用所属合同号”。")
    return found


FORM = SignalCheckForm()
