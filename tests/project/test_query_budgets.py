"""A page asks the same number of questions for ten rows and for a hundred, and no more than its budget."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.choices import Role
from accounts.models import Unit
from core import audit, clock, policy
from core.models import Preview, Scheme, SchemeVersion
from credit.borrowers.group_views import EXPORTED
from credit.choices import Product
from credit.models import Account, Counterparty, Group, GroupMember, Guarantee, Responsibility, Transaction
from inspections.models import FirstCheckRecord, Sample, SampledBorrower
from monitoring.models import BorrowerMonth, Payment, PaymentAuthority, SeenUse, Signal, SupervisedAccount
from tests import factories
from workflow import measures
from workflow.models import Document, Escalation, WorkItem

BUDGETS: dict[str, int] = yaml.safe_load(
    (Path(__file__).parent / "query_budgets.yaml").read_text(encoding="utf-8")
)


def fill(cast: SimpleNamespace, rows: int) -> None:
    """So many more customers with loans, classes, late duties and acts; duties and accounts of one customer too."""
    start = WorkItem.objects.count()
    borrowers = [factories.make_borrower(f"Q{start + i:05d}", "预算客户") for i in range(rows)]
    factories.make_loans(borrowers, cast.corporate)
    for i, borrower in enumerate(borrowers):
        for person, role in ((cast.cm, "CUSTOMER_MANAGER"), (cast.president, "PRINCIPAL")):
            Responsibility.objects.create(
                borrower=borrower,
                person=person,
                unit=cast.corporate,
                role=role,
                from_on=date(2026, 1, 5),
                known_on=date(2026, 1, 5),
            )
        duty = factories.make_duty(
            cast.cm, cast.corporate, borrower=borrower, due_on=cast.today - timedelta(days=1 + i % 5)
        )
        Escalation.objects.create(
            work_item=duty, rung=1, role=Role.CUSTOMER_HEAD, person=cast.head, on=cast.today
        )
        factories.make_duty(
            cast.cm, cast.corporate, borrower=cast.borrower, period_key=f"p{start + i}", kind=f"k{start + i}"
        )
        factories.make_loan(cast.borrower, cast.corporate, contract=cast.contract)
        factories.make_loan(cast.borrower, cast.corporate, product=Product.LETTER_OF_GUARANTEE)
        audit.record(act=EXPORTED, subject="borrowers", borrower_number=borrower.number)
        away = cast.today + timedelta(days=start + i)
        factories.make_leave(cast.head_personal, cast.cm_personal, from_on=away, to_on=away)
    fill_groups(borrowers)
    fill_payments(cast, borrowers)
    fill_policy(borrowers)
    fill_signals(cast, borrowers)
    fill_first_checks(cast, borrowers)
    fill_months(borrowers)
    for on in (cast.today - timedelta(days=20), cast.today - timedelta(days=1)):
        measures.write(on)


def fill_groups(borrowers: list[Any]) -> None:
    """They all belong to one group, by sub-groups of their own, and each guarantees the next."""
    top, _new = Group.objects.get_or_create(number="JT", defaults={"name": "预算集团"})
    day = date(2026, 1, 5)
    for one, following in pairwise(borrowers):
        below = Group.objects.create(number=f"JT-{one.number}", name="下级集团", parent=top)
        GroupMember.objects.create(group=below, borrower=one, role="SUBSIDIARY", from_on=day, known_on=day)
        Guarantee.objects.create(
            number=f"DB-{one.number}", borrower=following, guarantor=one, guarantor_name=one.name, kind="SURETY",
            amount=1, signed_on=day,
        )  # fmt: skip
    GroupMember.objects.create(group=top, borrower=borrowers[-1], role="AFFILIATE", from_on=day, known_on=day)
    sample, _new = Sample.objects.get_or_create(
        unit=Unit.objects.get(code="BR1"), scheme="GD", period_key="2026Q4",
        defaults={
            "first_on": date(2026, 10, 1), "last_on": date(2026, 12, 31), "drawn_on": date(2026, 10, 1),
            "rate": "0.1", "seed": "7e57", "population": [],
        },
    )  # fmt: skip
    sample.population += [one.number for one in borrowers]
    sample.save()
    SampledBorrower.objects.bulk_create(SampledBorrower(sample=sample, borrower=one) for one in borrowers)


def fill_months(borrowers: list[Any]) -> None:
    """The month of each of them, every other one with something unusual."""
    mark = {"code": "difference", "text": "相差 1.00 元", "value": "1", "threshold": "0"}
    BorrowerMonth.objects.bulk_create(
        BorrowerMonth(
            borrower=one, month=date(2026, 10, 1), our_credit=1, syndicated_credit=0, sales_receipts=0,
            average_deposit=0, group_in=0, group_out=0, marks=[mark] * (i % 2), computed_on=date(2026, 10, 31),
        )
        for i, one in enumerate(borrowers)
    )  # fmt: skip


def fill_payments(cast: SimpleNamespace, borrowers: list[Any]) -> None:
    """Each has a payment that waits for its release and an account that is marked; a tier of authority is set anew."""
    for one in borrowers:
        loan = one.loans.get()
        account = Account.objects.create(
            number=f"62-{one.number}",
            borrower=one,
            unit=cast.corporate,
            kind="BASIC",
            opened_on=loan.starts_on,
        )
        payee = Counterparty.objects.create(
            borrower=one, name="收款人", account="6230001", relation="UPSTREAM", known_on=loan.starts_on
        )
        paper = Document.objects.create(
            form="payment_request", form_version=1, number=f"ZF-{one.number}", subject_kind="LOAN", subject_id=loan.pk,
            borrower_number=one.number, borrower_name=one.name, unit=cast.corporate, author=cast.cm, content={},
            prefilled={}, created_on=cast.today, saved_at=clock.now(),
        )  # fmt: skip
        Payment.objects.create(
            document=paper, loan=loan, mode="ENTRUSTED", account=account, counterparty=payee, payee_name=payee.name,
            payee_account=payee.account, amount=1, purpose="货款", status="REVIEWED", submitted_on=cast.today,
            submitted_by=cast.cm, reviewed_on=cast.today, reviewed_by=cast.risk,
        )  # fmt: skip
        moved = Transaction.objects.create(
            number=f"USE-{one.number}", account=account, direction="DEBIT", amount=1, effective_on=cast.today,
            known_on=cast.today,
        )  # fmt: skip
        SeenUse.objects.create(
            loan=loan, seen_as="SELF", transaction=moved, used_on=cast.today, known_on=cast.today, amount=1
        )
        SupervisedAccount.objects.create(
            account=account, notified_on=cast.today, marked_on=cast.today, document=paper
        )
        authority = PaymentAuthority.objects.create(
            set_by=cast.president, from_on=cast.today, recorded_at=clock.now()
        )
        authority.tiers.create(place=1, role=Role.RISK_MANAGER, person=cast.risk)


def fill_signals(cast: SimpleNamespace, borrowers: list[Any]) -> None:
    """A signal of each of them, and one more movement on the one whose page is counted; flows in the group."""
    day = {"effective_on": cast.today, "known_on": cast.today}
    account, _new = Account.objects.get_or_create(
        number="62SIGNAL",
        borrower=cast.borrower,
        unit=cast.corporate,
        kind="BASIC",
        opened_on=date(2026, 1, 5),
    )
    first = None
    for one in (cast.borrower, *borrowers):
        made = Signal.objects.create(
            kind="LARGE", level="RED", borrower=one, amount=1, text="大额", fingerprint=f"{one.pk}-{len(borrowers)}",
            account=account, **day,
        )  # fmt: skip
        first = first or Signal.objects.order_by("pk").first()
        moved = Transaction.objects.create(
            number=f"T-{made.pk}",
            account=account,
            direction="DEBIT",
            amount=1,
            counterparty_name=one.name,
            **day,
        )
        first.shown_by.create(transaction=moved)


def fill_first_checks(cast: SimpleNamespace, borrowers: list[Any]) -> None:
    """The first check of each of them, told by a paper that says that the use has changed, and reported."""
    paper = Document.objects.order_by("pk").first()
    for one in borrowers:
        about = {"subject_kind": "LOAN", "subject_id": one.loans.get().pk, "borrower": one}
        for kind, key in (("first_check", "first"), ("use_change_to_head", f"head:{one.number}")):
            factories.make_duty(
                cast.cm, cast.corporate, kind=kind, period_key=key, obligation="GS-8", **about
            )
        FirstCheckRecord.objects.create(
            document=paper, loan_id=about["subject_id"], checked_on=cast.today, fill_by=cast.today, use_changed=True,
            explained="购车", conditions_met=True, known_on=cast.today,
        )  # fmt: skip
        FirstCheckRecord.objects.close(paper, cast.today + timedelta(days=1))


def fill_policy(borrowers: list[Any]) -> None:
    """A proposal of another version, whose preview moves a duty of each of them."""
    held = Scheme.objects.get(pk="GR").versions.order_by("number").first()
    assert held is not None
    version = policy.propose(
        scheme=held.scheme, parameters=held.parameters | {f"试{i}": {"value": i, "article": "试"} for i in range(9)},
        effective_on=date(2026, 12, 1), reason="试", by="1007", at=clock.now(),
    )  # fmt: skip
    moved = [
        {
            "change": "moved", "obligation": "GR-27", "subject_kind": "BORROWER", "subject_id": one.pk,
            "period_key": "2026Q4", "borrower_number": one.number, "borrower_name": one.name, "person": f"某{i}",
            "unit": "公司部", "due_before": "2026-12-31", "due_after": "2026-12-30", "reason": "试",
        }
        for i, one in enumerate(borrowers)
    ]  # fmt: skip
    outcome = {
        "since": "2026-12-01", "until": "2027-02-28", "days": [], "rehearsed": 0, "every": 1, "failed": 0,
        "seconds": 0, "differences": moved,
    }  # fmt: skip
    Preview.objects.create(
        change={"scheme": "GR"},
        version=version,
        on=date(2026, 11, 24),
        by="1007",
        at=clock.now(),
        result=outcome,
    )


PAGES: dict[str, tuple[str, str]] = {
    "home_of_a_customer_manager": ("cm", "/"),
    "home_of_a_president": ("president", "/"),
    "borrowers": ("risk", "/borrowers/"),
    "borrower": ("risk", "/borrowers/C100001/"),
    "search": ("risk", "/search/?q=预算"),
    "groups": ("risk", "/groups/"),
    "group": ("risk", "/groups/JT/"),
    "letters": ("accountant", "/letters/"),
    "agreements": ("risk", "/agreements/"),
    "first_checks": ("risk", "/first-checks/"),
    "samples": ("risk", "/samples/"),
    "sample": ("risk", "/samples/{sample}/"),
    "branch_duties": ("risk", "/duties/"),
    "leaves": ("president", "/leaves/"),
    "funds": ("risk", "/funds/"),
    "payments": ("risk", "/payments/"),
    "uses": ("risk", "/uses/"),
    "supervised_accounts": ("risk", "/supervised-accounts/"),
    "counter": ("accountant", "/counter/"),
    "payment_authority": ("president", "/payments/authority/"),
    "signals": ("risk", "/signals/"),
    "misuse": ("risk", "/misuse/"),
    "outlook": ("risk", "/outlook/"),
    "signal": ("risk", "/signals/{signal}/"),
    "ledgers": ("cm", "/ledgers/"),
    "dashboard_of_a_president": ("president", "/dashboard/"),
    "dashboard_of_a_customer_manager": ("cm", "/dashboard/"),
    "dashboard_rows": ("risk", "/dashboard/rows/?measure=late"),
    "loans": ("risk", "/loans/?risk_class=NORMAL"),
    "usage": ("president", "/usage/?to=2026-12-31"),
    "rulebook": ("risk", "/rulebook/"),
    "audit": ("auditor", "/audit/"),
    "policy": ("risk_head", "/policy/"),
    "policy_scheme": ("risk_head", "/policy/GR/"),
    "policy_version": ("president", "/policy/versions/{version}/"),
    "calendar": ("cm", "/calendar/"),
    "entry_of_contracts": ("cm", "/entry/contracts/?borrower=C100001"),
    "entry_of_a_handover": ("head", "/entry/handover/?from=1001"),
}


def questions(person: Any, where: str) -> int:
    """How many queries a page asks, the session and the frame included."""
    client = Client()
    client.force_login(person)
    with CaptureQueriesContext(connection) as asked:
        assert client.get(where).status_code == 200
    return len(asked)


@pytest.fixture
def counted(cast: SimpleNamespace) -> Callable[[], dict[str, int]]:
    """The number of queries of every page."""
    return lambda: {
        name: questions(
            cast.people[who],
            where.format(
                sample=Sample.objects.get().pk,
                version=SchemeVersion.objects.latest("pk").pk,
                signal=Signal.objects.earliest("pk").pk,
            ),
        )
        for name, (who, where) in PAGES.items()
    }


def test_every_page_keeps_its_budget_however_many_rows_it_shows(
    cast: SimpleNamespace, counted: Callable[[], dict[str, int]]
) -> None:
    assert set(BUDGETS) == set(PAGES)
    fill(cast, 10)
    counted()  # policy and the like are read once per process
    few = counted()
    fill(cast, 90)
    many = counted()
    assert many == few
    assert {name: n for name, n in many.items() if n > BUDGETS[name]} == {}
