"""The inspection forms: what each writes, and which duties a visit answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db.models import QuerySet

from accounts.models import User
from credit.responsibilities.documents import CustomerForm
from inspections import services
from inspections.documents import first_check
from inspections.documents.site_inspection import SITE_INSPECTION
from inspections.documents.site_inspection.prefill import prefill
from inspections.duties import KIND
from inspections.models import SiteInspection
from workflow.definitions import Prefill
from workflow.duty_forms import EVERYTHING, Signer, Subject, seated
from workflow.models import Document, WorkItem


class SiteInspectionForm(CustomerForm):
    """附件3: one visit answers the period's duty and those of events alike, as far as they count from its day."""

    definition = SITE_INSPECTION
    duties = (KIND,)
    day_field = "inspected_at"
    told_by = ("inspected_on",)

    def matter_of(self, duty: WorkItem) -> str:
        """Whatever calls for a visit."""
        return EVERYTHING

    def discharges(self, document: Document, duties: QuerySet[WorkItem]) -> QuerySet[WorkItem]:
        """Those that a visit on its day satisfies."""
        return duties.filter(counts_from__lte=document.answers.day("inspected_on"))

    def begin(self, *, subject: Subject, user: User, on: date) -> Prefill:
        """The borrower, its loans, last time's answers, and the facts to look into."""
        return prefill(subject=subject, user=user, on=on)

    def signers(self, *, document: Document, on: date) -> Sequence[Signer]:
        """客户经理 → 客户部门负责人 → 经营主责任人 (第三十条)."""
        return seated(services.signers(document=document, on=on))

    def write(self, *, document: Document, by: User, on: date, replaces: Document | None) -> None:
        """The visit."""
        a = document.answers
        SiteInspection.objects.close(replaces, on)
        SiteInspection.objects.create(
            document=document,
            borrower_id=document.subject_id,
            inspected_on=a.day("inspected_on"),
            proposed_class=a.text("proposed_class"),
            next_frequency=a.text("next_frequency"),
            overall=a.text("overall"),
            known_on=on,
        )


FORMS = (SiteInspectionForm(), first_check.FORM)
