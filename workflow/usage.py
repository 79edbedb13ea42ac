"""Who handles their duties in the system, person by person (第五条): done there, entered afterwards, in time or not.

Read-only. A duty belongs to the period in which it falls due and is judged as of a closed day, so that the figures do
not move while people work. Documents entered afterwards count apart, with a rate of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Role, UnitKind
from accounts.models import Post, User
from accounts.passwords import LET_IN
from core.models import AuditEntry
from core.obligations import claims
from workflow import measures
from workflow.choices import DutyStatus
from workflow.models import WorkItem
from workflow.querysets import was_late

AT_THE_DESK = (Role.CUSTOMER_MANAGER, Role.RISK_MANAGER)  # shown also where nothing fell due for them


@dataclass
class Usage:
    """One person's figures; `due` = `done` + `late_entries` + `open`."""

    name: str
    unit: str = ""
    due: int = 0
    done: int = 0  # in the system, on the day it happened or soon after
    on_time: int = 0  # of those, done by their day
    late_entries: int = 0
    late_entries_on_time: int = 0  # of those, done on paper by their day
    open: int = 0
    late: int = 0  # of those, past their day without evidence handed in
    days: int = 0  # on which the person signed in
    last_at: datetime | None = None

    @property
    def usage_rate(self) -> Decimal | None:
        """使用率, in percent: how much of what fell due was handled in the system itself."""
        return percent(self.done, self.due)

    @property
    def on_time_rate(self) -> Decimal | None:
        """按期率, in percent, of what was not entered afterwards."""
        return percent(self.on_time, self.due - self.late_entries)

    @property
    def late_entry_rate(self) -> Decimal | None:
        """按期率 of what was entered afterwards, in percent, by the day on which it was really done."""
        return percent(self.late_entries_on_time, self.late_entries)


COUNTS = ("due", "done", "on_time", "late_entries", "late_entries_on_time", "open", "late")


def percent(part: int, whole: int) -> Decimal | None:
    """To a tenth of a percent; None where there is nothing to divide by."""
    return (Decimal(100 * part) / whole).quantize(Decimal("0.1"), ROUND_HALF_UP) if whole else None


@dataclass
class UsagePage:
    """The figures of a period as one person may see them, the worst first."""

    first: date
    until: date
    lines: list[Usage]
    total: Usage = field(init=False)

    def __post_init__(self) -> None:
        self.total = Usage(_("合计"))
        for name in (*COUNTS, "days"):
            setattr(self.total, name, sum(getattr(line, name) for line in self.lines))


@claims("GR-5", clause="ef", does=gettext_lazy("按人统计使用率，补录单列"))
def usage_of(user: User, *, first: date, until: date, as_of: date) -> UsagePage:
    """Everybody in the units whose business the person reads; for anybody else, themselves.

    Duties that fall due from `first` to `until`, as they stood at the end of `as_of`.
    """
    lines = {person.pk: Usage(person.name) for person in _people(user, as_of)}
    for row in _counted(_in_scope(user), first=first, until=until, as_of=as_of):
        key, name = row.pop("person"), row.pop("person__name")
        line = lines.setdefault(key, Usage(name or _("缺岗（无人负责）")))
        for count in COUNTS:
            setattr(line, count, row[count])
    _add_units(lines, as_of)
    _add_days(lines, first, until)
    return UsagePage(first, until, sorted(lines.values(), key=_worst_first))


def _worst_first(line: Usage) -> tuple[Any, ...]:
    rate = line.on_time_rate
    return (rate is None, rate or Decimal(0), -line.due, line.name)


def _in_scope(user: User) -> QuerySet[WorkItem]:
    scope = user.scope
    if scope.reads_all:
        return WorkItem.objects.all()
    if scope.unit_ids:
        return WorkItem.objects.filter(Q(unit__in=scope.unit_ids) | Q(person=user))
    return WorkItem.objects.filter(person=user)


def _people(user: User, on: date) -> Iterable[User]:
    """Who is shown whatever fell due: those who work at the desk, and the person who asks."""
    scope = user.scope
    desk = Post.objects.current(on).filter(role__in=AT_THE_DESK, person__is_active=True)
    if not scope.reads_all:
        desk = desk.filter(unit__in=scope.unit_ids)
    oneself = Q(pk=user.pk) if not (scope.reads_all or scope.unit_ids) else Q(pk__in=[])
    return User.objects.filter(Q(pk__in=desk.values("person")) | oneself)


def _counted(items: QuerySet[WorkItem], *, first: date, until: date, as_of: date) -> Any:
    done = Q(status=DutyStatus.DONE, closed_on__lte=as_of)
    now, afterwards = done & Q(late_entry=False), done & Q(late_entry=True)
    standing = measures.stood(as_of)
    return (
        items.filter(due_on__gte=first, due_on__lte=until, raised_on__lte=as_of)
        .exclude(measures.dropped(as_of))
        .order_by()
        .values("person", "person__name")
        .annotate(
            due=Count("pk"),
            done=Count("pk", filter=now),
            on_time=Count("pk", filter=now & measures.IN_TIME),
            late_entries=Count("pk", filter=afterwards),
            late_entries_on_time=Count("pk", filter=afterwards & measures.IN_TIME),
            open=Count("pk", filter=standing),
            late=Count("pk", filter=standing & was_late(as_of)),
        )
    )


def _add_units(lines: dict[int, Usage], on: date) -> None:
    """The department of each person, with its branch."""
    posts = Post.objects.current(on).filter(person__in=[pk for pk in lines if pk])
    for post in posts.select_related("unit__parent").order_by("-from_on", "-pk"):
        unit = post.unit
        branch = unit.parent if unit.kind == UnitKind.DEPARTMENT else None
        lines[post.person_id].unit = f"{branch.name} {unit.name}" if branch else unit.name


def _add_days(lines: dict[int, Usage], first: date, until: date) -> None:
    """On how many days each signed in, and when they last did something, from the audit."""
    people = {person.username: person.pk for person in User.objects.filter(pk__in=[pk for pk in lines if pk])}
    acts = AuditEntry.objects.filter(actor__in=list(people), on__gte=first, on__lte=until).order_by()
    for row in acts.values("actor").annotate(
        days=Count("on", distinct=True, filter=Q(act=LET_IN.name)), last=Max("at")
    ):
        line = lines[people[row["actor"]]]
        line.days, line.last_at = row["days"], row["last"]
