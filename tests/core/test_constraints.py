"""Each constraint of core is violated once: the database says no, by the constraint's own name."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction

from core.models import AuditEntry, AuditSeal, Scheme, SchemeVersion

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


APPROVED = {"status": "APPROVED", "decided_by": "1002", "decided_at": AT}
VIOLATIONS: dict[str, list[models.Model]] = {
    "an_act_names_its_actor": [entry(actor="")],
    "an_act_has_a_name": [entry(act="")],
    "a_seal_covers_a_range": [seal(first_id=10)],
    "a_scheme_version_has_its_own_number": [version(), version()],
    "one_approved_version_takes_effect_on_a_day": [version(**APPROVED), version(number=2, **APPROVED)],
    "a_policy_is_not_approved_by_its_proposer": [version(**APPROVED | {"decided_by": "1001"})],
    "a_decided_policy_names_who_and_when": [version(status="APPROVED", decided_by="1002")],
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
