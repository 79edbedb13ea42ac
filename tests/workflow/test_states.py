"""Promise 16: no step is skipped or repeated. Every (status, act) cell, with zero changed rows where it is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models

from core.errors import Conflict, Refused
from core.transitions import advance, check_transition
from tests.factories import PASSWORD, make_duty, make_photo
from tests.workflow import raw
from tests.workflow.conftest import AT, Desk
from workflow import choices
from workflow.choices import (
    CHAIN_TRANSITIONS,
    CONSENT_TRANSITIONS,
    DOCUMENT_TRANSITIONS,
    DUTY_TRANSITIONS,
    RUN_TRANSITIONS,
    STEP_TRANSITIONS,
    ChainStatus,
    ConsentStatus,
    DocumentStatus,
    DutyStatus,
    RunStatus,
    StepStatus,
)
from workflow.models import Chain, DayRun, Document, LateEntry, Step, WorkItem
from workflow.services import attachments, documents, signatures

TABLES: dict[type[models.TextChoices], tuple[Any, type[models.Model]]] = {
    DutyStatus: (DUTY_TRANSITIONS, WorkItem),
    DocumentStatus: (DOCUMENT_TRANSITIONS, Document),
    ChainStatus: (CHAIN_TRANSITIONS, Chain),
    StepStatus: (STEP_TRANSITIONS, Step),
    ConsentStatus: (CONSENT_TRANSITIONS, LateEntry),
    RunStatus: (RUN_TRANSITIONS, DayRun),
}


def test_every_enumeration_of_states_has_its_table_here() -> None:
    states = {
        value
        for name, value in vars(choices).items()
        if isinstance(value, type) and issubclass(value, models.TextChoices) and name.endswith("Status")
    }
    tables = [value for name, value in vars(choices).items() if name.endswith("_TRANSITIONS")]
    assert states == set(TABLES)
    assert all(any(table is known for known, _ in TABLES.values()) for table in tables)
    assert len(tables) == len(TABLES)


@pytest.mark.parametrize("states", list(TABLES))
def test_every_state_is_in_its_table_and_reachable_from_the_first(states: type[models.TextChoices]) -> None:
    table, model = TABLES[states]
    assert set(table) == set(states)
    reached, frontier = set(), {states(model._meta.get_field("status").default)}
    while frontier:
        reached |= frontier
        frontier = {target for state in frontier for target in table[state]} - reached
    assert reached == set(states)


@pytest.mark.parametrize(
    ("table", "old", "new"),
    [(table, old, new) for states, (table, _) in TABLES.items() for old in states for new in states],
)
def test_a_move_outside_the_table_is_a_conflict(table: Any, old: Any, new: Any) -> None:
    if new in table[old]:
        check_transition(table, old, new)
    else:
        with pytest.raises(Conflict, match=f"当前状态为“{old.label}”，不能变为“{new.label}”"):
            check_transition(table, old, new)


@pytest.mark.parametrize("old", list(DutyStatus))
@pytest.mark.parametrize("new", list(DutyStatus))
def test_a_duty_moves_only_along_its_table(desk: Desk, old: DutyStatus, new: DutyStatus) -> None:
    closing = {"closed_on": desk.cast.today, "closed_at": AT, "closed_by": "1001", "close_reason": "因故"}
    opening = {"closed_on": None, "closed_at": None, "closed_by": "", "close_reason": ""}
    duty = make_duty(desk.cast.cm, desk.cast.corporate)
    columns = {"done_on": desk.cast.today, **(opening if old == DutyStatus.OPEN else closing)}
    WorkItem.objects.filter(pk=duty.pk).update(status=old, **columns)
    duty.refresh_from_db()
    before = raw.dump()
    move = {"to": new, "table": DUTY_TRANSITIONS, **(opening if new == DutyStatus.OPEN else closing)}
    if new in DUTY_TRANSITIONS[old]:
        advance(duty, **move)
        assert WorkItem.objects.get(pk=duty.pk).status == new
    else:
        with pytest.raises(Conflict):
            advance(duty, **move)
        assert raw.dump() == before


# --- documents: each act of a person, in each status ---------------------------------------------------------------


def _conflicting(desk: Desk) -> Document:
    document = desk.draft()
    desk.attach(document)
    with pytest.raises(Conflict):
        desk.save(document, {"finding": "另一处"}, version=0)
    return desk.again(document)


def _returned(desk: Desk) -> Document:
    document = desk.submitted()
    desk.send_back(desk.step(document, 2), desk.cast.head)
    return desk.again(document)


def _superseded(desk: Desk) -> Document:
    old = desk.locked()
    new = documents.revise(document=old, by=desk.cast.cm, on=desk.cast.today)
    new = desk.submit(new)
    desk.sign(desk.step(new, 2), desk.cast.head)
    desk.sign(desk.step(new, 3), desk.cast.president)
    return desk.again(old)


def _discarded(desk: Desk) -> Document:
    document = desk.draft()
    desk.attach(document)
    return documents.discard(document=document, by=desk.cast.cm, on=desk.cast.today, reason="选错")


def _draft(desk: Desk) -> Document:
    document = desk.draft()
    desk.attach(document)
    return document


DOCUMENTS: dict[str, Callable[[Desk], Document]] = {
    "DRAFT": _draft,
    "SIGNING": lambda desk: desk.submitted(),
    "LOCKED": lambda desk: desk.locked(),
    "SUPERSEDED": _superseded,
    "DISCARDED": _discarded,
}


def _save(desk: Desk, document: Document, who: str) -> None:
    by = desk.cast.people[who]
    documents.save(document=document, answers={"finding": "新"}, version=document.version, by=by, at=AT)


def _resolve(desk: Desk, document: Document, who: str) -> None:
    by = desk.cast.people[who]
    documents.resolve_conflict(
        document=document, answers={"finding": "新"}, version=document.version, by=by, at=AT
    )


def _attach(desk: Desk, document: Document, who: str) -> None:
    upload = SimpleUploadedFile("b.png", make_photo(1))
    attachments.attach(
        document=document, section="main", upload=upload, note="", by=desk.cast.people[who], at=AT
    )


def _detach(desk: Desk, document: Document, who: str) -> None:
    attachments.detach(attachment=document.attachments.get(), by=desk.cast.people[who])


def _discard(desk: Desk, document: Document, who: str) -> None:
    documents.discard(document=document, by=desk.cast.people[who], on=desk.cast.today, reason="选错")


def _submit(desk: Desk, document: Document, who: str) -> None:
    desk.submit(document, by=desk.cast.people[who], password=PASSWORD)


def _sign(desk: Desk, document: Document, who: str) -> None:
    desk.sign(_step(desk, document), desk.cast.people[who])


def _send_back(desk: Desk, document: Document, who: str) -> None:
    desk.send_back(_step(desk, document), desk.cast.people[who])


def _withdraw(desk: Desk, document: Document, who: str) -> None:
    signatures.withdraw(document=document, by=desk.cast.people[who], reason="换人", on=desk.cast.today, at=AT)


def _revise(desk: Desk, document: Document, who: str) -> None:
    documents.revise(document=document, by=desk.cast.people[who], on=desk.cast.today)


def _step(desk: Desk, document: Document) -> Step:
    """The head's step; a document that was never handed in shows the one of another."""
    return desk.step(document, 2) or desk.step(desk.submitted(subject_id=77), 2)


# act: (who may, who may not, the status it leads to from each status that allows it)
ACTS: dict[str, tuple[Callable[[Desk, Document, str], None], str, str, dict[str, str]]] = {
    "save": (_save, "cm", "head", {"DRAFT": "DRAFT"}),
    "resolve_conflict": (_resolve, "cm", "head", {"DRAFT": "DRAFT"}),
    "attach": (_attach, "cm", "head", {"DRAFT": "DRAFT"}),
    "detach": (_detach, "cm", "cm2", {"DRAFT": "DRAFT"}),
    "discard": (_discard, "cm", "admin", {"DRAFT": "DISCARDED"}),
    "submit": (_submit, "cm", "cm2", {"DRAFT": "SIGNING"}),
    "sign": (_sign, "head", "risk_head", {"SIGNING": "SIGNING"}),
    "send_back": (_send_back, "head", "risk_head", {"SIGNING": "DRAFT"}),
    "withdraw": (_withdraw, "cm", "head", {"SIGNING": "DRAFT"}),
    "revise": (_revise, "cm", "risk", {"LOCKED": "LOCKED"}),
}


def test_every_status_of_a_document_has_its_row() -> None:
    assert set(DOCUMENTS) == set(DocumentStatus.values)


@pytest.mark.obligation("GR-30", clause="d")
@pytest.mark.parametrize("status", DocumentStatus.values)
@pytest.mark.parametrize("act", list(ACTS))
def test_an_act_happens_only_in_its_status_and_by_its_person(desk: Desk, status: str, act: str) -> None:
    perform, allowed, refused, leads_to = ACTS[act]
    if act in ("sign", "send_back") and status in ("DRAFT", "DISCARDED"):
        # A step of such a document exists only after a send-back; see the table of steps below.
        document = _returned(desk)
        if status == "DISCARDED":
            documents.discard(document=document, by=desk.cast.cm, on=desk.cast.today, reason="选错")
            document = desk.again(document)
    elif act == "resolve_conflict" and status == "DRAFT":
        document = _conflicting(desk)
    else:
        document = DOCUMENTS[status](desk)
    assert document.status == status

    for who in (refused, allowed):
        before = raw.dump()
        if who == allowed and status in leads_to:
            perform(desk, document, who)
            assert desk.again(document).status == leads_to[status]
            assert raw.dump() != before
            continue
        with pytest.raises(Refused) as refusal:
            perform(desk, document, who)
        assert raw.dump() == before, "a refused act changes no row"
        if who == allowed:
            assert refusal.value.status == 409, "the right person at the wrong moment is a conflict"


# --- steps and chains ----------------------------------------------------------------------------------------------


def _cancelled(desk: Desk) -> Step:
    document = desk.submitted()
    desk.send_back(desk.step(document, 2), desk.cast.head)
    return desk.step(document, 3)


def _signed(desk: Desk) -> Step:
    document = desk.submitted()
    desk.sign(desk.step(document, 2), desk.cast.head)
    return desk.step(document, 2)


# status of the step: (how it comes about, by whom it would be signed, does it move?)
STEPS: dict[str, tuple[Callable[[Desk], Step], str, bool]] = {
    "WAITING": (lambda desk: desk.step(desk.submitted(), 2), "head", True),
    "SIGNED": (_signed, "head", False),
    "RETURNED": (lambda desk: desk.step(_returned(desk), 2), "head", False),
    "CANCELLED": (_cancelled, "president", False),
}
CHAINS: dict[str, tuple[Callable[[Desk], Document], bool]] = {
    "RUNNING": (lambda desk: desk.submitted(), True),
    "RETURNED": (_returned, False),
    "COMPLETED": (lambda desk: desk.locked(), False),
}


@pytest.mark.parametrize("status", StepStatus.values)
@pytest.mark.parametrize("act", ["sign", "send_back"])
def test_a_step_is_signed_or_sent_back_once(desk: Desk, status: str, act: str) -> None:
    make, who, moves = STEPS[status]
    step = make(desk)
    assert step.status == status
    before = raw.dump()
    perform = getattr(desk, act)
    if moves:
        perform(step, desk.cast.people[who])
        assert Step.objects.get(pk=step.pk).status == {"sign": "SIGNED", "send_back": "RETURNED"}[act]
        return
    with pytest.raises(Conflict):
        perform(step, desk.cast.people[who])
    assert raw.dump() == before


@pytest.mark.parametrize("status", ChainStatus.values)
@pytest.mark.parametrize("act", ["sign", "send_back", "withdraw"])
def test_only_a_running_chain_takes_an_act(desk: Desk, status: str, act: str) -> None:
    make, moves = CHAINS[status]
    document = make(desk)
    assert document.chains.get().status == status
    perform, who, _, _ = ACTS[act]
    before = raw.dump()
    if moves:
        perform(desk, document, who)
        return
    with pytest.raises(Conflict):
        perform(desk, document, who)
    assert raw.dump() == before


@pytest.mark.obligation("GR-30", clause="a")
def test_the_third_step_does_not_go_before_the_second(desk: Desk) -> None:
    document = desk.submitted()
    before = raw.dump()
    for act in (desk.sign, desk.send_back):
        with pytest.raises(Refused, match="还没轮到您"):
            act(desk.step(document, 3), desk.cast.president)
    assert raw.dump() == before
