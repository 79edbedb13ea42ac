"""Each constraint of core is violated once: the database says no, by the constraint's own name."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction

from core.models import AuditEntry, AuditSeal, Demonstration, Preview, Scheme, SchemeVersion, Submission

AT = datetime(2026, 11, 24, tzinfo=UTC)
ON = date(2026, 11, 24)


def entry(**fields: Any) -> AuditEntry:
    row = {"at": AT, "on": ON, "actor": "1001", "actor_name": "张明", "act": "a", "subject": "s", "xid": 0}
    return AuditEntry(**row | fields)


def seal(**fields: Any) -> AuditSeal:
    row = {
        "first_id": 1,
        "last_id": 9,
        "entries": 9,
        "previous_digest": "0" * 64,
        "digest": "d",
        "sealed_at": AT,
    }
    return AuditSeal(**row | fields)


def version(**fields: Any) -> SchemeVersion:
    row = {
        "scheme_id": "T", "number": 1, "parameters": {}, "effective_on": ON, "proposed_by": "1001", "proposed_at": AT,
    }  # fmt: skip
    return SchemeVersion(**row | fields)


def preview(**fields: Any) -> Preview:
    return Preview(**{"change": {}, "on": ON, "by": "1001", "at": AT} | fields)


def mark(**fields: Any) -> Demonstration:
    return Demonstration(**{"marked_at": AT, "marked_by": "system"} | fields)


def submission(**fields: Any) -> Submission:
    return Submission(**{"by": "1001", "key": "0" * 32, "digest": "d", "at": AT} | fields)


PROPOSED = version()
REHEARSED = {"result": {"failed": 0}}
APPROVED = {"status": "APPROVED", "decided_by": "1002", "decided_at": AT}
VIOLATIONS: dict[str, list[models.Model]] = {
    "an_act_names_its_actor": [entry(actor="")],
    "an_act_has_a_name": [entry(act="")],
    "a_seal_covers_a_range": [seal(first_id=10)],
    "a_scheme_version_has_its_own_number": [version(), version()],
    "one_approved_version_takes_effect_on_a_day": [version(**APPROVED), version(number=2, **APPROVED)],
    "a_policy_is_not_approved_by_its_proposer": [version(**APPROVED | {"decided_by": "1001"})],
    "a_decided_policy_names_who_and_when": [version(status="APPROVED", decided_by="1002")],
    "a_proposal_comes_of_one_preview": [
        PROPOSED,
        *(preview(version=PROPOSED, sent_at=AT, **REHEARSED) for _ in range(2)),
    ],
    "what_is_proposed_was_rehearsed": [PROPOSED, preview(version=PROPOSED, sent_at=AT)],
    "a_version_is_rehearsed_once_at_a_time": [PROPOSED, *(preview(version=PROPOSED) for _ in range(2))],
    "a_page_is_sent_in_once": [submission(), submission()],
    "a_page_has_its_key": [submission(key="")],
    "a_database_is_marked_once": [mark(), mark()],
    "a_mark_is_the_only_one": [mark(only=False)],
    "a_demonstration_is_loaded_after_its_mark": [mark(loaded_at=AT - timedelta(seconds=1))],
}
CONSTRAINTS = {
    constraint.name
    for model in apps.get_app_config("core").get_models()
    for constraint in model._meta.constraints
}


def test_every_constraint_of_core_has_its_violation() -> None:
    assert set(VIOLATIONS) == CONSTRAINTS


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(VIOLATIONS))
def test_the_database_refuses_what_the_constraint_names(name: str) -> None:
    Scheme.objects.create(code="T", name="试")
    *before, last = VIOLATIONS[name]
    for row in before:
        row.pk = None
        row.save(force_insert=True)
    last.pk = None
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        last.save(force_insert=True)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "row",
    [
        version(status="PROPOSED", decided_by="1002"),
        version(status="PROPOSED", decided_at=AT),
        version(status="REJECTED", decided_at=AT),
    ],
)
def test_a_half_decided_version_is_refused(row: SchemeVersion) -> None:
    Scheme.objects.create(code="T", name="试")
    with pytest.raises(IntegrityError, match="a_decided_policy_names_who_and_when"), transaction.atomic():
        row.save(force_insert=True)


@pytest.mark.django_db
def test_a_preview_that_was_sent_becomes_nothing_else_and_none_is_changed() -> None:
    Scheme.objects.create(code="T", name="试")
    first, second = (version(number=n) for n in (1, 2))
    for row in (first, second):
        row.save(force_insert=True)
    kept = preview(**REHEARSED)
    kept.save()
    mine = Preview.objects.filter(pk=kept.pk)
    mine.update(version=first, sent_at=AT)
    for change in (
        {"version": second},
        {"sent_at": None},
        {"sent_at": AT + timedelta(1)},
        {"change": {"a": 1}},
    ):
        with pytest.raises(IntegrityError, match="a preview is sent once"), transaction.atomic():
            mine.update(**change)
    mine.update(progress=100)
