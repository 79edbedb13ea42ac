"""Core tables: the calendar, policy, the audit, the outbox and staged imports. None knows an app."""

from core.models.audit import AuditEntry, AuditSeal
from core.models.calendar import CalendarDay, CalendarYear
from core.models.demonstration import Demonstration
from core.models.imports import ImportBatch, ImportFile
from core.models.outbox import OutboxEntry
from core.models.policy import Preview, Scheme, SchemeVersion
from core.models.submissions import Submission

__all__ = [
    "AuditEntry",
    "AuditSeal",
    "CalendarDay",
    "CalendarYear",
    "Demonstration",
    "ImportBatch",
    "ImportFile",
    "OutboxEntry",
    "Preview",
    "Scheme",
    "SchemeVersion",
    "Submission",
]
