"""Papers that the first morning finds: of one loan a payment being filled in, one before its reviewer, one reviewed.

They come about as people make them: begun, saved, submitted and signed.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from pypdf import PdfWriter

from accounts.models import User
from core import clock
from credit.choices import ResponsibleRole
from credit.models import Loan
from credit.selectors.responsible import responsible
from monitoring.payments import services as payments
from monitoring.payments.documents import FORM
from postloan.demo.cast import PASSWORD
from workflow.choices import SubjectKind
from workflow.duty_forms import Subject
from workflow.models import Document, Step
from workflow.services import attachments, documents, signatures

SUBMITTED, REVIEWED = 1, 2
# What is paid for, how much of what is still to be paid out, and how far the paper has come; the draft is last, or it
# would be gone on with.
PAYMENTS = (
    ("运输费用", Decimal("0.1"), REVIEWED),
    ("原材料货款", Decimal("0.2"), SUBMITTED),
    ("设备尾款", Decimal("0.3"), 0),
)
A4 = (595, 842)  # points


def write(on: date) -> None:
    """Write them, once; where no loan has money that is still to be paid out, none."""
    if Document.objects.filter(form=FORM.code).exists():
        return
    for loan in Loan.objects.select_related("borrower", "contract", "unit").order_by("-starts_on", "-number")[
        :200
    ]:
        manager = responsible(loan.borrower, ResponsibleRole.CUSTOMER_MANAGER, on)
        if manager and not payments.reason_not_to_start(loan, manager.person, on):
            free = payments.free(loan, on)
            for purpose, share, stage in PAYMENTS:
                _payment(loan, manager.person, purpose, f"{free * share:.2f}", stage, on)
            return


def _payment(loan: Loan, by: User, purpose: str, amount: str, stage: int, on: date) -> None:
    document = _draft(loan, by, purpose, amount, on)
    if stage >= SUBMITTED:
        documents.submit(document=document, by=by, password=PASSWORD, on=on, at=clock.now())
    while stage >= REVIEWED and (step := _waiting(document)) is not None and step.person is not None:
        signatures.sign(step=step, by=step.person, password=PASSWORD, on=on, at=clock.now())


def _draft(loan: Loan, by: User, purpose: str, amount: str, on: date) -> Document:
    borrower, payee = loan.borrower, payments.payees(loan, on)[0]
    subject = Subject(SubjectKind.LOAN, loan.pk, borrower.number, borrower.name, loan.unit_id)
    document = documents.begin(form=FORM.code, subject=subject, by=by, on=on)
    contract = SimpleUploadedFile("购销合同.pdf", _blank_page())
    attachments.attach(document=document, section="evidence", upload=contract, by=by, at=clock.now())
    told = {
        "mode": "ENTRUSTED", "payee": payee.account, "amount": amount, "purpose": purpose, "trade_contract": "购销合同",
        "contract_party": payee.name, "contract_amount": amount, "no_invoice_why": "预付款，到货后补交发票",
        "progress": "合同已签订，按约定付款", "purpose_fits": "yes", "payee_fits": "yes", "amount_fits": "yes",
    }  # fmt: skip
    documents.save(document=document, answers=told, version=document.version, by=by, at=clock.now())
    document.refresh_from_db()
    return document


def _waiting(document: Document) -> Step | None:
    steps = Step.objects.filter(chain__document=document, status="WAITING").order_by("position")
    return steps.select_related("chain__document", "person").first()


def _blank_page() -> bytes:
    """A page in the place of a scanned contract."""
    paper, file = PdfWriter(), BytesIO()
    paper.add_blank_page(*A4)
    paper.write(file)
    return file.getvalue()
