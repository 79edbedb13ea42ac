"""Months with nothing unusual, confirmed many at once: one password, one document each, refusals beside them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from django.utils.translation import gettext as _

from accounts.models import Unit, User
from core.errors import Conflict, Refused
from credit.models import Borrower, Responsibility
from credit.selectors.positions import managers
from monitoring.ledgers import documents as form
from monitoring.ledgers import paper
from monitoring.models import AccountLedgerReview, BorrowerMonth
from workflow.choices import DocumentStatus, SubjectKind
from workflow.duty_forms import Subject
from workflow.models import Document
from workflow.services import documents


@dataclass(frozen=True)
class Standing:
    """Where a month stands: its signed review or the paper in hand, and who manages the borrower."""

    month: BorrowerMonth
    review: AccountLedgerReview | None
    paper: Document | None
    manager: Responsibility | None

    def check_can_confirm(self, by: User) -> None:
        """Raise with the sentence that the tick box shows, unless the person may confirm the month in a batch."""
        if self.manager is None or self.manager.person_id not in by.scope.person_ids:
            raise Refused(_("只有管户客户经理可以批量确认，您可以查看。"))
        if self.review:
            raise Conflict(_("这个月已监测。"))
        if self.month.is_unusual:
            raise Refused(_("这个月有异动，须逐户填写说明，不能批量确认。"))
        if self.paper:
            raise Conflict(
                _("已有未办完的附件2（%(number)s），请打开它办理。") % {"number": self.paper.number}
            )

    def reason_not_to_confirm(self, by: User) -> str:
        """Why the month cannot be confirmed in a batch by the person; empty where it can."""
        try:
            self.check_can_confirm(by)
        except Refused as refusal:
            return str(refusal)
        return ""


def matter_of(month: BorrowerMonth) -> str:
    """A month as papers and duties about it name it."""
    return f"{month.month:%Y-%m}"


def standings(months: Collection[BorrowerMonth], on: date) -> dict[int, Standing]:
    """Where each of these months stands, by its id; three queries, whatever their number."""
    borrowers = {month.borrower_id for month in months}
    reviews = {
        one.month_id: one
        for one in AccountLedgerReview.objects.in_force(on)
        .filter(month__in=months)
        .select_related("document")
    }
    in_hand = Document.objects.filter(
        form=paper.CODE,
        subject_kind=SubjectKind.BORROWER,
        subject_id__in=borrowers,
        matter__in={matter_of(month) for month in months},
        status__in=[DocumentStatus.DRAFT, DocumentStatus.SIGNING],
    )
    papers = {(one.subject_id, one.matter): one for one in in_hand.defer("prefilled").order_by("pk")}
    who = managers(borrowers, on)
    return {
        month.pk: Standing(
            month,
            reviews.get(month.pk),
            papers.get((month.borrower_id, matter_of(month))),
            who.get(month.borrower_id),
        )
        for month in months
    }


@dataclass(frozen=True)
class Confirmed:
    """What became of one month of a batch: its signed document, or why there is none."""

    month: BorrowerMonth
    document: Document | None
    refusal: str


def confirm(
    *, months: Sequence[BorrowerMonth], by: User, password: str, on: date, at: datetime
) -> list[Confirmed]:
    """Write, submit and sign 附件2 for each of these months; the password is asked once, and first.

    Each is a document with a fingerprint of its own, written wholly or not at all.
    """
    stand = standings(months, on)
    refusals = {pk: one.reason_not_to_confirm(by) for pk, one in stand.items()}
    willing = [month for month in months if not refusals[month.pk]]
    sheets = {sheet.month.pk: sheet for sheet in paper.sheets(willing)}
    borrowers = Borrower.objects.in_bulk([month.borrower_id for month in willing])
    ready = [month for month in willing if month.pk in sheets]
    results = documents.submit_batch(
        starts=[
            partial(
                _begin,
                sheets[month.pk],
                borrowers[month.borrower_id],
                _unit_of(stand[month.pk]),
                by,
                on,
            )
            for month in ready
        ],
        by=by,
        password=password,
        on=on,
        at=at,
    )
    done = {
        month.pk: Confirmed(month, document, refusal)
        for month, (document, refusal) in zip(ready, results, strict=True)
    }
    changed = _("月度汇总所依据的合同已有变动，请逐户填写。")
    return [done.get(month.pk) or Confirmed(month, None, refusals[month.pk] or changed) for month in months]


def _unit_of(standing: Standing) -> Unit:
    assert standing.manager is not None  # asked before
    return standing.manager.unit


def _begin(sheet: paper.Sheet, borrower: Borrower, unit: Unit, by: User, on: date) -> Document:
    """The document of one month, with the judgement that a tick stands for."""
    filled = form.prefill_of(sheet, unit, on, way=paper.IN_BATCH)
    subject = Subject(
        SubjectKind.BORROWER,
        borrower.pk,
        borrower.number,
        borrower.name,
        unit.pk,
        matter_of(sheet.month),
    )
    return documents.start(
        form=paper.CODE,
        subject=subject,
        by=by,
        on=on,
        content={**filled.answers, "pattern": paper.NORMAL},
        prefilled=filled.to_json(),
        fresh=True,  # a draft that somebody began is never signed by a tick
    )
