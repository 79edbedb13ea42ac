"""消费贷款: a misused loan is to be settled at once, a borrower out of contact is collected from at once."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core import clock
from core.policy import policy_on
from credit.choices import EventKind, Product
from credit.events.services import record_event
from credit.models import RiskEvent
from inspections.duties import EarlySettlement, StartCollection
from monitoring.misuse import services as misuse
from monitoring.models import MisuseCase
from postloan.jobs import deliver_outbox
from tests import factories
from workflow.engine import reconcile
from workflow.models import WorkItem

pytestmark = pytest.mark.usefixtures("reference")


def look(cast) -> list[tuple[str, str, str, date]]:
    for rule in (EarlySettlement(), StartCollection()):
        reconcile(rule, on=cast.today, policy=policy_on(cast.today))
    rows = WorkItem.objects.filter(obligation="XF-2.3").order_by("kind")
    return [(row.kind, row.status, row.person.name, row.due_on) for row in rows]


def lend(cast, product: Product, number: str = "JJ-XF"):
    return factories.make_loan(
        cast.borrower, cast.corporate, contract=cast.contract, number=number, product=product
    )


def misused(cast, loan=None) -> MisuseCase:
    return misuse.open_case(
        contract=cast.contract, loan=loan, signal=None, facts="用于炒股", amount=Decimal(5), by=cast.cm,
        on=cast.today,
    )  # fmt: skip


@pytest.mark.parametrize("is_named", [True, False])
def test_a_misused_consumer_loan_is_to_be_settled_by_the_next_workday(cast, is_named) -> None:
    cast.contract.scheme = ""
    cast.contract.save()
    loan = lend(cast, Product.CONSUMER)
    assert look(cast) == []
    misused(cast, loan if is_named else None)
    # Tuesday 11-24: the next workday is Wednesday 11-25.
    assert look(cast) == [("early_settlement", "OPEN", "张明", date(2026, 11, 25))]
    assert look(cast) == [("early_settlement", "OPEN", "张明", date(2026, 11, 25))]


def test_a_misused_loan_of_another_scheme_is_not_settled_by_this_rule(cast) -> None:
    cast.contract.scheme = ""
    cast.contract.save()
    lend(cast, Product.WORKING_CAPITAL)
    misused(cast)
    assert look(cast) == []


def test_collection_starts_the_workday_after_contact_was_lost(cast) -> None:
    cast.contract.scheme = ""
    cast.contract.save()
    lend(cast, Product.CONSUMER)
    RiskEvent.objects.create(
        borrower=cast.borrower, kind=EventKind.LOST_CONTACT, effective_on=cast.today, known_on=cast.today,
        detail="电话停机", recorded_by="1001", recorded_at="2026-11-24T01:00:00Z",
    )  # fmt: skip
    assert look(cast) == [("start_collection", "OPEN", "张明", date(2026, 11, 25))]


def test_both_are_owed_at_once_and_not_only_this_evening(cast) -> None:
    cast.contract.scheme = ""
    cast.contract.save()
    lend(cast, Product.CONSUMER)
    misused(cast)
    record_event(
        borrower=cast.borrower, kind=EventKind.LOST_CONTACT, effective_on=cast.today, detail="电话停机，住址无人",
        by=cast.cm, on=cast.today, at=clock.now(),
    )  # fmt: skip
    assert deliver_outbox() == 2
    owed = WorkItem.objects.filter(obligation="XF-2.3").order_by("kind").values_list("kind", flat=True)
    assert list(owed) == ["early_settlement", "start_collection"]
