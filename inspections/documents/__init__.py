"""The inspection forms, and how they hang together with the app's verbs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from credit.responsibilities.selectors import may_author
from inspections import services
from inspections.documents.site_inspection import SITE_INSPECTION
from inspections.documents.site_inspection.prefill import prefill
from workflow import registry
from workflow.models import Document


def _signers(*, document: Document, on: date) -> Sequence[registry.Signer]:
    return registry.seated(services.signers(document=document, on=on))


FORMS = (
    registry.FormKind(
        definition=SITE_INSPECTION,
        prefill=prefill,
        signers=_signers,
        may_author=may_author,
        on_submitted=services.on_submitted,
        on_locked=services.on_locked,
        duty_kinds=(services.KIND,),
        day_field="inspected_at",
        print_template="print/document.html",
    ),
)
