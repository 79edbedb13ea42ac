"""Reads of signals: of whose unit they are, and which paper is about them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import BigIntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from credit.duties import managers_of
from credit.models import Loan
from monitoring.duties.signals import KIND
from monitoring.models import Signal
from workflow.choices import SubjectKind
from workflow.models import WorkItem


def with_home(rows: QuerySet[Any], on: date) -> QuerySet[Any]:
    """Each signal with the `manager` of its customer and the unit in charge (`home`) on the day."""
    loans = Loan.objects.filter(borrower=OuterRef("borrower")).order_by("-starts_on", "-pk")
    managers = managers_of("borrower", on)
    return rows.annotate(
        manager=Subquery(managers.values("person")[:1]),
        home=Coalesce(
            Subquery(managers.values("unit")[:1]),
            Subquery(loans.values("unit")[:1]),
            output_field=BigIntegerField(),
        ),
    )


def duty_items(signals: Iterable[Signal]) -> dict[str, WorkItem]:
    """The open duties to look into these signals, by period key: each leads to the sheet."""
    found = WorkItem.objects.open().filter(
        kind=KIND,
        subject_kind=SubjectKind.BORROWER,
        subject_id__in={signal.borrower_id for signal in signals},
    )
    return {item.period_key: item for item in found.select_related("document")}
