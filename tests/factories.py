"""Plain functions that make the rows tests need; what matters to a test is a keyword it can give."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from io import BytesIO
from itertools import count
from typing import Any

from django.contrib.auth.hashers import make_password
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, PdfObject, TextStringObject

from accounts.choices import Line, Role, UnitKind
from accounts.models import Deputy, Post, Unit, User
from credit.choices import BorrowerKind, ClassSource, Product, ResponsibleRole, RiskClass
from credit.models import Borrower, ClassFact, Contract, Loan, LoanReading, Responsibility
from workflow.choices import SubjectKind
from workflow.models import WorkItem

PASSWORD = "Dai-Hou-2026"  # everybody's, in tests
IN_OFFICE_FROM = date(2024, 1, 1)

_serial = count(1)


@cache
def _hashed(password: str) -> str:
    return make_password(password)


def make_unit(
    code: str, name: str, *, kind: str = UnitKind.DEPARTMENT, parent: Unit | None = None, **fields: Any
) -> Unit:
    """A node of the tree; its path follows from its parent's."""
    path = f"{parent.path if parent else '/'}{code}/"
    return Unit.objects.create(code=code, name=name, kind=kind, parent=parent, path=path, **fields)


def make_person(
    username: str,
    name: str,
    *,
    role: str | None = None,
    unit: Unit | None = None,
    line: str | None = None,
    from_on: date = IN_OFFICE_FROM,
    to_on: date | None = None,
    **fields: Any,
) -> User:
    """A person, in office where a role and a unit are given; the line is the role's unless said otherwise."""
    line = line or (Role(role).line if role else Line.SUPPORT)
    user = User(username=username, name=name, line=line, password=_hashed(PASSWORD), **fields)
    user.save()
    if role and unit:
        make_post(user, role, unit, from_on=from_on, to_on=to_on)
    return user


def make_post(
    person: User, role: str, unit: Unit, *, from_on: date = IN_OFFICE_FROM, to_on: date | None = None
) -> Post:
    """A person holds a role in a unit."""
    return Post.objects.create(person=person, role=role, unit=unit, from_on=from_on, to_on=to_on)


def make_leave(
    person: User,
    deputy: User,
    *,
    from_on: date = date(2026, 11, 23),
    to_on: date = date(2026, 12, 1),
    **fields: Any,
) -> Deputy:
    """A leave around the business day of the cast, and who stands in."""
    return Deputy.objects.create(person=person, deputy=deputy, from_on=from_on, to_on=to_on, **fields)


def make_borrower(
    number: str | None = None,
    name: str = "江南纺织有限公司",
    *,
    kind: str = BorrowerKind.CORPORATE,
    **fields: Any,
) -> Borrower:
    """A borrower without loans."""
    return Borrower.objects.create(number=number or f"C{next(_serial):06d}", name=name, kind=kind, **fields)


def make_responsibility(
    borrower: Borrower,
    person: User,
    unit: Unit,
    *,
    role: str = ResponsibleRole.CUSTOMER_MANAGER,
    from_on: date = date(2026, 1, 5),
    to_on: date | None = None,
    known_on: date | None = None,
) -> Responsibility:
    """A person answers for a borrower."""
    return Responsibility.objects.create(
        borrower=borrower,
        person=person,
        unit=unit,
        role=role,
        from_on=from_on,
        to_on=to_on,
        known_on=known_on or from_on,
    )


def make_contract(
    borrower: Borrower,
    *,
    number: str | None = None,
    product: str = Product.WORKING_CAPITAL,
    amount: Decimal = Decimal("5000000.00"),
    signed_on: date = date(2026, 3, 2),
    ends_on: date = date(2027, 3, 1),
    **fields: Any,
) -> Contract:
    """A contract of 500 万元 over a year."""
    return Contract.objects.create(
        number=number or f"HT{next(_serial):06d}",
        borrower=borrower,
        product=product,
        amount=amount,
        signed_on=signed_on,
        ends_on=ends_on,
        **fields,
    )


def make_loan(
    borrower: Borrower,
    unit: Unit,
    *,
    contract: Contract | None = None,
    number: str | None = None,
    product: str = Product.WORKING_CAPITAL,
    amount: Decimal = Decimal("3000000.00"),
    annual_rate: Decimal = Decimal("0.043500"),
    starts_on: date = date(2026, 3, 10),
    matures_on: date = date(2027, 3, 1),
    balance: Decimal | None = None,
    risk_class: str | None = RiskClass.NORMAL,
    **fields: Any,
) -> Loan:
    """A loan with its reading and its class from the day it was paid out (`risk_class=None`: neither yet)."""
    contract = contract or make_contract(borrower, product=product)
    loan = Loan.objects.create(
        number=number or f"JJ{next(_serial):06d}",
        contract=contract,
        borrower=borrower,
        unit=unit,
        product=product,
        amount=amount,
        annual_rate=annual_rate,
        starts_on=starts_on,
        matures_on=matures_on,
        **fields,
    )
    if risk_class:
        make_reading(loan, effective_on=starts_on, balance=amount if balance is None else balance)
        make_class(loan, risk_class, effective_on=starts_on)
    return loan


def make_loans(borrowers: list[Borrower], unit: Unit, *, starts_on: date = date(2026, 3, 10)) -> list[Loan]:
    """One loan of 300 万元 for each borrower, in a few statements."""
    contracts = Contract.objects.bulk_create(
        Contract(
            number=f"HT-{one.number}", borrower=one, product=Product.WORKING_CAPITAL,
            amount=Decimal("3000000.00"), signed_on=starts_on, ends_on=date(2027, 3, 1),
        )
        for one in borrowers
    )  # fmt: skip
    loans = Loan.objects.bulk_create(
        Loan(
            number=f"JJ-{of.borrower.number}", contract=of, borrower=of.borrower, unit=unit, product=of.product,
            amount=of.amount, annual_rate=Decimal("0.043500"), starts_on=starts_on, matures_on=of.ends_on,
        )
        for of in contracts
    )  # fmt: skip
    LoanReading.objects.bulk_create(
        LoanReading(loan=one, effective_on=starts_on, known_on=starts_on, balance=one.amount) for one in loans
    )
    return loans


def make_reading(
    loan: Loan, *, effective_on: date, balance: Decimal, known_on: date | None = None, **fields: Any
) -> LoanReading:
    """What the core system says of a loan from a day on."""
    return LoanReading.objects.create(
        loan=loan, effective_on=effective_on, known_on=known_on or effective_on, balance=balance, **fields
    )


def make_class(
    loan: Loan,
    risk_class: str,
    *,
    effective_on: date,
    known_on: date | None = None,
    source: str = ClassSource.CORE,
) -> ClassFact:
    """The class in force from a day on."""
    return ClassFact.objects.create(
        loan=loan,
        risk_class=risk_class,
        source=source,
        effective_on=effective_on,
        known_on=known_on or effective_on,
    )


def make_duty(
    person: User,
    unit: Unit,
    *,
    obligation: str = "GR-27",
    borrower: Borrower | None = None,
    subject_kind: str = SubjectKind.BORROWER,
    subject_id: int | None = None,
    period_key: str = "2026Q4",
    kind: str = "site_inspection",
    due_on: date = date(2026, 12, 31),
    raised_on: date = date(2026, 11, 2),
    post: str = Role.CUSTOMER_MANAGER,
    **fields: Any,
) -> WorkItem:
    """An open duty of a person."""
    return WorkItem.objects.create(
        obligation=obligation,
        subject_kind=subject_kind,
        subject_id=subject_id if subject_id is not None else (borrower.pk if borrower else next(_serial)),
        period_key=period_key,
        kind=kind,
        borrower_number=borrower.number if borrower else "",
        borrower_name=borrower.name if borrower else "",
        unit=unit,
        line=Role(post).line,
        post=post,
        person=person,
        raised_on=raised_on,
        counts_from=fields.pop("counts_from", min(raised_on, due_on)),
        due_on=due_on,
        reason=fields.pop("reason", "本季度现场检查"),
        **fields,
    )


def make_photo(shade: int = 255, size: tuple[int, int] = (8, 8)) -> bytes:
    """A photograph, as PNG, that differs by its shade."""
    stream = BytesIO()
    Image.new("RGB", size, (shade, 10, 10)).save(stream, "PNG")
    return stream.getvalue()


def make_pdf(*, pages: int = 1, **catalog: Any) -> bytes:
    """A PDF of blank pages; `catalog` puts more into it, such as OpenAction={"/S": "/Launch"}."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    for name, value in catalog.items():
        writer.root_object[NameObject(f"/{name}")] = _pdf_object(value)
    stream = BytesIO()
    writer.write(stream)
    return stream.getvalue()


def _pdf_object(value: Any) -> PdfObject:
    if isinstance(value, dict):
        return DictionaryObject({NameObject(name): _pdf_object(item) for name, item in value.items()})
    if isinstance(value, list):
        return ArrayObject(map(_pdf_object, value))
    return NameObject(value) if value.startswith("/") else TextStringObject(value)
