"""What the tests of payments do: lend on an account, register payees, fill in 支付审核单, sign it, move money."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from core import clock
from credit.models import Account, Counterparty, Loan, Transaction
from monitoring.models import Payment
from monitoring.payments.views import start_about
from tests import factories
from workflow.models import Document, Step
from workflow.services import attachments, documents, signatures

PDF = factories.make_pdf()
PAYEE = "6230001"
_serial = count(1)


def lend_on_account(cast, amount: str = "3000000", *, number: str = "620001", **fields: Any) -> Loan:
    """A loan of the cast's borrower that pays out through an account of its own, under a contract of 500 万元."""
    given = {"contract": cast.contract, "amount": Decimal(amount), "settlement_account": number} | fields
    Account.objects.get_or_create(
        number=number,
        defaults={
            "borrower": cast.borrower, "unit": cast.corporate, "kind": "BASIC", "opened_on": date(2026, 1, 5),
        },
    )  # fmt: skip
    return factories.make_loan(cast.borrower, cast.corporate, **given)


def register(borrower, account: str = PAYEE, name: str = "华东棉业有限公司", **fields: Any) -> Counterparty:
    """A registered counterparty."""
    fields = {"relation": "UPSTREAM", "known_on": date(2026, 3, 1)} | fields
    return Counterparty.objects.create(borrower=borrower, account=account, name=name, **fields)


GOOD = {
    "mode": "ENTRUSTED",
    "payee": PAYEE,
    "amount": "1000000",
    "purpose": "采购棉纱首批货款",
    "trade_contract": "CG-2026-11",
    "contract_party": "华东棉业有限公司",
    "contract_amount": "2000000",
    "no_invoice_why": "预付款，到货后补交",
    "progress": "合同签订后预付五成",
    "purpose_fits": "yes",
    "payee_fits": "yes",
    "amount_fits": "yes",
}


def draft(loan: Loan, by, *, paper: bool = True, **answers: str) -> Document:
    """A 支付审核单 with everything that it asks for, unless said otherwise."""
    document = start_about("payment_request", loan, by=by, on=clock.today())
    if paper and not document.attachments.exists():
        attachments.attach(
            document=document, section="evidence", upload=SimpleUploadedFile("合同.pdf", PDF), note="", by=by,
            at=clock.now(),
        )  # fmt: skip
    documents.save(document=document, answers=GOOD | answers, version=document.version, by=by, at=clock.now())
    document.refresh_from_db()
    return document


def submit(document: Document) -> Document:
    documents.submit(
        document=document, by=document.author, password=factories.PASSWORD, on=clock.today(), at=clock.now()
    )
    document.refresh_from_db()
    return document


def step(document: Document) -> Step:
    """The step whose turn it is."""
    found = Step.objects.filter(chain__document=document, status="WAITING").order_by(
        "-chain__round", "position"
    )
    return found.select_related("chain__document", "person").first()


def chain(document: Document) -> list[tuple[str, str]]:
    """Who signs the last round: (label, name)."""
    rows = Step.objects.filter(chain__document=document).order_by("chain__round", "position")
    return [(row.label, row.person.name) for row in rows.select_related("person")]


def sign(document: Document, by) -> None:
    signatures.sign(step=step(document), by=by, password=factories.PASSWORD, on=clock.today(), at=clock.now())


def send_back(document: Document, by) -> None:
    signatures.send_back(
        step=step(document), by=by, reason="发票与合同不符", on=clock.today(), at=clock.now()
    )


def payment_of(document: Document) -> Payment:
    return Payment.objects.get(document=document)


def reviewed(loan: Loan, cast, **answers: str) -> Payment:
    """A payment that the risk manager has reviewed."""
    document = submit(draft(loan, cast.cm, **answers))
    while step(document) is not None:
        sign(document, step(document).person)
    return payment_of(document)


def move(account: str, amount: str, on: date, **fields: Any) -> Transaction:
    """Money on an account: negative amounts leave."""
    exact = Decimal(amount)
    return Transaction.objects.create(
        number=fields.pop("number", f"LS{next(_serial):06d}"),
        account=Account.objects.get(number=account),
        effective_on=on,
        known_on=fields.pop("known_on", on),
        direction="DEBIT" if exact < 0 else "CREDIT",
        amount=abs(exact),
        **fields,
    )
