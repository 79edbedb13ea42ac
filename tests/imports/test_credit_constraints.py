"""Each invariant of the book is the database's: every constraint is violated once, past every Python check."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import CheckConstraint, UniqueConstraint

from accounts.models import Deputy
from core import clock
from credit.choices import AccountKind, ClassSource, EventKind, LedgerKind, Product, RiskClass
from credit.imports.kinds import KINDS
from credit.models import (
    Account,
    AccountBalance,
    Borrower,
    ClassFact,
    Contract,
    Installment,
    LedgerEntry,
    Loan,
    LoanReading,
    Responsibility,
    RiskEvent,
    Transaction,
)
from tests.imports.book_violations import BOOK, group

pytestmark = pytest.mark.django_db

D1, D2 = date(2026, 11, 20), date(2026, 11, 21)


def contract(c: SimpleNamespace, **changes: Any) -> Contract:
    fields = {
        "number": "X1",
        "borrower": c.borrower,
        "product": Product.MICRO,
        "amount": Decimal(1),
        "signed_on": D1,
        "ends_on": D2,
    }
    return Contract.objects.create(**{**fields, **changes})


def loan(c: SimpleNamespace, **changes: Any) -> Loan:
    fields = {"number": "X1", "contract": c.contract, "borrower": c.borrower, "unit": c.br1, "product": Product.MICRO,
              "amount": Decimal(1), "annual_rate": Decimal(0), "starts_on": D1, "matures_on": D2}  # fmt: skip
    return Loan.objects.create(**{**fields, **changes})


def reading(c: SimpleNamespace, **changes: Any) -> LoanReading:
    fields = {"loan": c.loan, "effective_on": D1, "known_on": D1, "balance": Decimal(1)}
    return LoanReading.objects.create(**{**fields, **changes})


def fact(c: SimpleNamespace, **changes: Any) -> ClassFact:
    fields = {
        "loan": c.loan,
        "risk_class": RiskClass.NORMAL,
        "source": ClassSource.CORE,
        "effective_on": D1,
        "known_on": D1,
    }
    return ClassFact.objects.create(**{**fields, **changes})


def entry(c: SimpleNamespace, **changes: Any) -> LedgerEntry:
    fields = {
        "number": "X1",
        "loan": c.loan,
        "kind": LedgerKind.FEE,
        "amount": Decimal(1),
        "effective_on": D1,
        "known_on": D1,
    }
    return LedgerEntry.objects.create(**{**fields, **changes})


def installment(c: SimpleNamespace, **changes: Any) -> Installment:
    fields = {"loan": c.loan, "due_on": D1, "principal": Decimal(1), "interest": Decimal(0)}
    return Installment.objects.create(**{**fields, **changes})


def account(c: SimpleNamespace) -> Account:
    return Account.objects.get_or_create(
        number="A1",
        defaults={"borrower": c.borrower, "unit": c.br1, "kind": AccountKind.BASIC, "opened_on": D1},
    )[0]


def balance(c: SimpleNamespace, **changes: Any) -> AccountBalance:
    fields = {"account": account(c), "effective_on": D1, "known_on": D1, "balance": Decimal(1)}
    return AccountBalance.objects.create(**{**fields, **changes})


def movement(c: SimpleNamespace, **changes: Any) -> Transaction:
    fields = {
        "number": "X1",
        "account": account(c),
        "effective_on": D1,
        "known_on": D1,
        "direction": "CREDIT",
        "amount": Decimal(1),
    }
    return Transaction.objects.create(**{**fields, **changes})


def undone_twice(c: SimpleNamespace) -> None:
    first = movement(c)
    movement(c, number="X2", direction="DEBIT", reverses=first)
    movement(c, number="X3", direction="DEBIT", reverses=first)


def event(c: SimpleNamespace, **changes: Any) -> RiskEvent:
    fields = {"borrower": c.borrower, "kind": EventKind.STOPPAGE, "effective_on": D1, "known_on": D1,
              "detail": "停产", "recorded_by": "1001", "recorded_at": clock.now()}  # fmt: skip
    return RiskEvent.objects.create(**{**fields, **changes})


def responsibility(c: SimpleNamespace, **changes: Any) -> Responsibility:
    fields = {"borrower": c.borrower, "role": "CUSTOMER_MANAGER", "person": c.cm2, "unit": c.corporate,
              "from_on": D1, "to_on": None, "known_on": D1}  # fmt: skip
    return Responsibility.objects.create(**{**fields, **changes})


def twice(make: Callable[..., Any], **fields: Any) -> Callable[[SimpleNamespace], None]:
    """The same row a second time."""

    def violate(c: SimpleNamespace) -> None:
        make(c, **fields)
        make(c, **fields)

    return violate


MINUS = Decimal("-0.01")
VIOLATIONS: dict[str, Callable[[SimpleNamespace], Any]] = {
    "a_borrower_has_a_number_and_a_name": lambda c: Borrower.objects.create(number="", name="X", kind="PERSONAL"),
    "a_borrower_is_of_a_known_kind": lambda c: Borrower.objects.create(number="X1", name="X", kind="STATE"),
    "a_contract_is_not_negative": lambda c: contract(c, amount=MINUS),
    "a_contract_ends_after_signing": lambda c: contract(c, signed_on=D2, ends_on=D1),
    "a_loan_has_an_amount": lambda c: loan(c, amount=Decimal(0)),
    "a_rate_is_not_negative": lambda c: loan(c, annual_rate=Decimal("-0.000001")),
    "a_loan_matures_after_it_starts": lambda c: loan(c, starts_on=D2, matures_on=D1),
    "one_installment_per_day": twice(installment),
    "an_installment_is_not_negative": lambda c: installment(c, interest=MINUS),
    "a_ledger_entry_has_an_amount": lambda c: entry(c, amount=Decimal(0)),
    "one_reading_per_loan_and_day": twice(reading),
    "a_reading_is_not_negative": lambda c: reading(c, overdue_interest=MINUS),
    "a_reading_is_known_afterwards": lambda c: reading(c, effective_on=D2, known_on=D1),
    "one_class_per_loan_day_and_source": twice(fact),
    "a_class_is_one_of_five": lambda c: fact(c, risk_class="GOOD"),
    "one_balance_per_account_and_day": twice(balance),
    "a_frozen_amount_is_not_negative": lambda c: balance(c, frozen=MINUS),
    "a_balance_is_known_afterwards": lambda c: balance(c, effective_on=D2, known_on=D1),
    "a_transaction_is_not_negative": lambda c: movement(c, amount=MINUS),
    "a_movement_is_undone_once": undone_twice,
    "a_movement_has_its_own_number": twice(movement, number="T1"),
    "a_syndicate_share_is_a_part": lambda c: contract(c, syndicate_share=Decimal(1)),
    "an_event_with_a_reference_stands_once": twice(event, reference="E1"),
    "an_event_says_what_happened": lambda c: event(c, detail=""),
    "an_event_is_known_afterwards": lambda c: event(c, effective_on=D2, known_on=D1),
    "a_responsibility_ends_after_it_begins": lambda c: responsibility(
        c, from_on=date(2020, 1, 2), to_on=date(2020, 1, 1)
    ),
    "a_margin_is_within_the_amount": lambda c: loan(c, margin=Decimal("1.01")),
    **BOOK,
}  # fmt: skip

# Seen first by the triggers on overlaps and circles; the constraints stay behind them.
BEHIND_A_TRIGGER = {"one_open_responsibility_per_role", "a_group_does_not_contain_itself"}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_the_database_refuses(cast: SimpleNamespace, name: str) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        VIOLATIONS[name](cast)


def test_every_constraint_of_the_book_is_violated_once() -> None:
    declared = {
        constraint.name
        for model in apps.get_app_config("credit").get_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, CheckConstraint | UniqueConstraint)
    }
    assert declared - BEHIND_A_TRIGGER == set(VIOLATIONS)


def test_the_natural_key_of_every_kind_that_is_brought_in_is_kept_by_the_database() -> None:
    """A fact may be corrected: then the day on which it was known, its source and its count belong to the key."""
    tables = {model._meta.db_table: model for model in apps.get_models()}
    corrections = {"known_on", "source", "correction"}
    loose = set()
    for kind in KINDS.values():
        meta = tables[kind.table]._meta
        keys = [{field.name} for field in meta.fields if field.unique and not field.primary_key]
        keys += [
            set(one.fields)
            for one in meta.constraints
            if isinstance(one, UniqueConstraint) and "to_on" not in str(one.condition)
        ]
        if not any(key - corrections <= set(kind.key) for key in keys):
            loose.add(kind.name)
    assert loose == {"responsibilities"}  # a trigger keeps the periods of a role apart: below


@pytest.mark.parametrize(
    ("from_on", "to_on"),
    [
        (D1, None),
        (date(2025, 1, 1), date(2026, 1, 5)),
        (date(2026, 2, 1), date(2026, 3, 1)),
        (date(2025, 1, 1), None),
    ],
)
def test_nobody_else_answers_for_the_same_role_at_the_same_time(
    cast: SimpleNamespace, from_on: date, to_on: date | None
) -> None:
    # 张明 is the customer manager from 2026-01-05 on.
    with pytest.raises(IntegrityError, match="这个客户的该岗位在这段时间已有责任人"), transaction.atomic():
        responsibility(cast, from_on=from_on, to_on=to_on)


def test_a_successor_begins_the_day_after(cast: SimpleNamespace) -> None:
    standing = Responsibility.objects.get(borrower=cast.borrower, role="CUSTOMER_MANAGER")
    standing.to_on = D1
    standing.save()
    responsibility(cast, from_on=D2)
    standing.to_on = D2
    with pytest.raises(IntegrityError, match="这个客户的该岗位在这段时间已有责任人"), transaction.atomic():
        standing.save()


def test_every_dated_fact_is_guarded_by_the_database() -> None:
    facts = {
        model._meta.db_table
        for model in apps.get_app_config("credit").get_models()
        if {"effective_on", "known_on"} <= {field.name for field in model._meta.get_fields()}
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'a_fact_stands'")
        guarded = {row[0] for row in cursor.fetchall()}
        assert {table for table in guarded if table.startswith("credit_")} == facts


@pytest.mark.obligation("GR-3", clause="b")
def test_nobody_answers_for_a_customer_in_a_role_of_the_other_line(cast: SimpleNamespace) -> None:
    cast.borrower.responsibilities.filter(role="RISK_MANAGER").update(to_on=D1)
    with pytest.raises(IntegrityError, match="双线不能兼任"), transaction.atomic():
        responsibility(cast, role="RISK_MANAGER", person=cast.cm, from_on=D2)


def test_no_circle_of_groups_closes(cast: SimpleNamespace) -> None:
    upper = group(cast, number="G1")
    lower = group(cast, number="G2", parent=group(cast, number="G3", parent=upper))
    with pytest.raises(IntegrityError, match="集团不能包含自己"), transaction.atomic():
        type(upper).objects.filter(pk=upper.pk).update(parent=lower)


def test_a_deputy_stands_on_the_same_line_and_one_at_a_time(cast: SimpleNamespace) -> None:
    with pytest.raises(IntegrityError, match="代理人须与本人同一条线"), transaction.atomic():
        Deputy.objects.create(person=cast.cm, deputy=cast.risk, from_on=D1, to_on=D2)
    Deputy.objects.create(person=cast.cm, deputy=cast.cm2, from_on=D1, to_on=D2)
    with pytest.raises(IntegrityError, match="这段时间已有代理人"), transaction.atomic():
        Deputy.objects.create(person=cast.cm, deputy=cast.head, from_on=D2, to_on=D2)
    with pytest.raises(IntegrityError, match="nobody_stands_in_for_themselves"), transaction.atomic():
        Deputy.objects.create(person=cast.cm2, deputy=cast.cm2, from_on=D1, to_on=D2)
    with pytest.raises(IntegrityError, match="a_leave_ends_after_it_begins"), transaction.atomic():
        Deputy.objects.create(person=cast.cm2, deputy=cast.cm, from_on=D2, to_on=D1)
