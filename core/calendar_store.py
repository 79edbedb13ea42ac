"""Reads the calendar from its rows; builds it anew only when a row has changed."""

from __future__ import annotations

from functools import lru_cache

from django.db import connection

from core.calendar import Calendar
from core.models import CalendarDay, CalendarYear

# One small query says whether anything changed: no worker answers from a calendar that was corrected since.
_FINGERPRINT = """
    SELECT md5(concat(
        (SELECT string_agg(day || ':' || is_workday || ':' || name, ',' ORDER BY day) FROM core_calendarday),
        '|',
        (SELECT string_agg(year::text, ',' ORDER BY year) FROM core_calendaryear WHERE announced)
    ))
"""


def load() -> Calendar:
    """The calendar in force now."""
    with connection.cursor() as cursor:
        cursor.execute(_FINGERPRINT)
        (fingerprint,) = cursor.fetchone()
    return _build(fingerprint)


@lru_cache(maxsize=4)
def _build(fingerprint: str) -> Calendar:
    days = list(CalendarDay.objects.all())
    return Calendar(
        announced=frozenset(CalendarYear.objects.filter(announced=True).values_list("year", flat=True)),
        overrides={row.day: row.is_workday for row in days},
        names={row.day: row.name for row in days},
    )
