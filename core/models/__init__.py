"""Core tables: the calendar, policy, the audit, the outbox and staged imports. None knows an app."""

from core.models.audit import AuditEntry, AuditSeal
from core.models.calendar import CalendarDay, CalendarYear
from core.models.imports import ImportBatch, ImportFile
from core.models.outbox import OutboxEntry
from core.models.policy import Preview, Scheme, SchemeVersion

__all__ = [
    "AuditEntry",
    "AuditSeal",
    "CalendarDay",
    "CalendarYear",
    "ImportBatch",
    "ImportFile",
    "OutboxEntry",
    "Preview",
    "Scheme",
    "SchemeVersion",
]
