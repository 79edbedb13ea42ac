"""Duties, days, documents and signatures. None of them knows a loan."""

from workflow.models.days import DailyMeasure, DayRun, Quarantined
from workflow.models.documents import CANON, Attachment, Document, LateEntry
from workflow.models.duties import Escalation, WorkItem
from workflow.models.lists import ListSettings
from workflow.models.signatures import Chain, Step

__all__ = [
    "CANON",
    "Attachment",
    "Chain",
    "DailyMeasure",
    "DayRun",
    "Document",
    "Escalation",
    "LateEntry",
    "ListSettings",
    "Quarantined",
    "Step",
    "WorkItem",
]
