"""Reads of signals: of whose unit they are, and which paper is about them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.db.models import QuerySet, Subquery

from credit.selectors.responsible import home_of, managers_of
from monitoring.models import Signal
from monitoring.signals.duties import duties_to_check
from workflow.models import WorkItem


def with_home(rows: QuerySet[Any], on: date) -> QuerySet[Any]:
    """Each signal with the `manager` of its customer and the unit in charge (`home`) on the day."""
    manager = managers_of("borrower", on).values("person")[:1]
    return rows.annotate(manager=Subquery(manager), home=home_of("borrower", on))


def duty_items(signals: Iterable[Signal]) -> dict[str, WorkItem]:
    """The open duties to look into these signals, by period key: each leads to the sheet."""
    found = duties_to_check(signal.pk for signal in signals)
    return {item.period_key: item for item in found.select_related("document")}
