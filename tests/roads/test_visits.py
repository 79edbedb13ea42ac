"""Visits: what one answers, and what it leaves owed goes its own road while the first is being signed."""

from __future__ import annotations

from datetime import date

import pytest

from accounts.models import User
from core import clock
from core.policy import policy_on
from credit.choices import EventKind
from credit.events.services import record_event
from credit.models import PastInspection, RiskEvent
from inspections.duties import CorporateVisit
from inspections.models import SiteInspection
from postloan.jobs import deliver_outbox
from tests.forms.answers import complete
from tests.roads.walking import Walker, signed_by, standing
from workflow.choices import DutyStatus
from workflow.engine import reconcile
from workflow.models import Document, WorkItem

pytestmark = pytest.mark.usefixtures("reference")
KIND = "现场检查"


def stopped(cast, on: date, detail: str = "二号车间停产") -> RiskEvent:
    """Production stopped; the duty to be there follows at once."""
    event = record_event(
        borrower=cast.borrower, kind=EventKind.STOPPAGE, effective_on=on, detail=detail, by=cast.cm,
        on=clock.today(), at=clock.now(),
    )  # fmt: skip
    deliver_outbox()
    return event


def owed(cast, key: str) -> WorkItem:
    return WorkItem.objects.get(kind="site_inspection", subject_id=cast.borrower.pk, period_key=key)


def visit(manager: Walker, paper: Document, on: date) -> Document:
    """Write up a visit of a day and hand it in."""
    day = {"inspected_at": f"{on}T09:40", "inspected_on": on.isoformat()}
    for _ in range(2):  # the first save brings the blocks, the second fills them
        known = {name: answer for name, answer in paper.content.items() if answer}
        rows = [{**row, "security": "正常"} for row in paper.content["contracts"]]
        manager.fill(paper, **complete(**known | day) | {"contracts": rows})
    manager.attach(paper, "photos")
    return manager.hand_in(paper)


def chain(cast) -> tuple[User, User]:
    return cast.head, cast.president


def test_one_visit_answers_the_quarter_and_the_event(cast) -> None:
    event = stopped(cast, date(2026, 11, 20))
    reconcile(CorporateVisit(), on=cast.today, policy=policy_on(cast.today))
    manager = Walker(cast.cm)
    paper = visit(manager, manager.take(KIND, "二号车间停产", "正常类，每季至少一次"), cast.today)
    assert not manager.rows(KIND)
    signed_by(paper, *chain(cast))
    for key in ("2026Q4", f"event:{event.pk}"):
        assert standing(owed(cast, key)) == (DutyStatus.DONE, paper)
    assert SiteInspection.objects.get().document == paper


def test_a_visit_before_the_event_leaves_that_owed_and_it_is_begun_while_the_first_is_signed(cast) -> None:
    reconcile(CorporateVisit(), on=cast.today, policy=policy_on(cast.today))
    event = stopped(cast, date(2026, 11, 23))
    quarter, at_once = owed(cast, "2026Q4"), owed(cast, f"event:{event.pk}")
    manager = Walker(cast.cm)
    paper = visit(manager, manager.take(KIND), date(2026, 11, 20))
    assert (standing(quarter), standing(at_once)) == ((DutyStatus.OPEN, paper), (DutyStatus.OPEN, None))
    _the_rest(cast, manager, paper, done=quarter, left=at_once)


def test_a_visit_too_early_for_the_quarter_leaves_that_owed_though_the_event_was_due_first(cast) -> None:
    # Visited on 09-30, so that the quarter's visit counts from thirty days later, 10-30; production stopped on 10-28.
    with clock.travelling_to(date(2026, 11, 3)):
        PastInspection.objects.create(
            borrower=cast.borrower,
            effective_on=date(2026, 9, 30),
            known_on=date(2026, 10, 1),
            inspector="张明",
        )
        reconcile(CorporateVisit(), on=clock.today(), policy=policy_on(clock.today()))
        event = stopped(cast, date(2026, 10, 28))
        quarter, at_once = owed(cast, "2026Q4"), owed(cast, f"event:{event.pk}")
        assert (quarter.counts_from, at_once.due_on < quarter.due_on) == (date(2026, 10, 30), True)
        manager = Walker(cast.cm)
        paper = visit(manager, manager.take(KIND), date(2026, 10, 29))
        assert (standing(quarter), standing(at_once)) == ((DutyStatus.OPEN, None), (DutyStatus.OPEN, paper))
        _the_rest(cast, manager, paper, done=at_once, left=quarter)


def _the_rest(cast, manager: Walker, paper: Document, *, done: WorkItem, left: WorkItem) -> None:
    """What the visit left is begun while its paper is signed, and done by a visit of its own."""
    assert manager.duty(KIND) == left
    other = manager.take(KIND)
    assert other != paper
    signed_by(paper, *chain(cast))
    assert (standing(done), standing(left)) == ((DutyStatus.DONE, paper), (DutyStatus.OPEN, other))
    assert manager.duty(KIND) == left
    visit(manager, other, clock.today())
    signed_by(other, *chain(cast))
    assert (standing(done), standing(left)) == ((DutyStatus.DONE, paper), (DutyStatus.DONE, other))
    assert not manager.rows(KIND)
