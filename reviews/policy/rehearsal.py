"""What a change of policy or calendar would do: the coming days are rehearsed by the engine itself, and undone.

The rules are the same objects and the reconciliation is the same code as in the close of day; a rehearsal runs them
over the days of a quarter twice, as things stand and as they would be, inside a transaction that is rolled back. Rules
read facts known by the day, so the days ahead see the book of today: nothing new comes in, nobody discharges anything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from time import monotonic
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Mod
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import announcements, calendar_store, clock
from core.announcements import AnnouncedDay
from core.calendar import Calendar
from core.models import Preview, Scheme, SchemeVersion
from core.parameters import Parameter, Policy
from core.periods import add_months
from core.policy import policy_as_if, policy_on, version_in_force
from credit.models import Borrower
from workflow import registry
from workflow.duties import Rule
from workflow.engine import reconcile
from workflow.models import WorkItem
from workflow.services import days as day_service

AT_MOST = 400  # borrowers that are rehearsed; of a larger book every k-th
MONTHS = 3
ADDED, DROPPED, MOVED = "added", "dropped", "moved"
CHANGES = {ADDED: _("新增"), DROPPED: _("取消"), MOVED: _("改期")}


class Change(NamedTuple):
    """Two policies for every day, and the days between which they may differ.

    `touched` are the names of the parameters that differ; empty where anything may (the calendar).
    """

    before: Callable[[date], Policy]
    after: Callable[[date], Policy]
    since: date
    until: date
    touched: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Listening(Policy):
    """A policy that remembers which parameters were asked for."""

    heard: set[str] = field(default_factory=set, compare=False)

    def get(self, scheme: str, name: str) -> Parameter:
        """As any policy answers."""
        self.heard.add(name)
        return super().get(scheme, name)


@dataclass(frozen=True)
class Difference:
    """One duty that the change would add, drop or move; days as ISO text, so that it can be kept as JSON."""

    change: str
    obligation: str
    subject_kind: str
    subject_id: int
    period_key: str
    borrower_number: str
    borrower_name: str
    person: str
    unit: str
    due_before: str
    due_after: str
    reason: str


@dataclass(frozen=True)
class Outcome:
    """The differences, and how they were found."""

    since: str
    until: str
    days: list[str]
    rehearsed: int  # borrowers
    every: int  # each k-th of the book; 1 is all of them
    failed: int  # rows that the rules can judge today and could not judge after the change
    seconds: int
    differences: list[Difference]

    def as_json(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Outcome:
        """As it was kept."""
        return cls(**kept | {"differences": [Difference(**row) for row in kept["differences"]]})


def version_of(change: dict[str, Any]) -> SchemeVersion:
    """The version that a change would be, not saved."""
    return SchemeVersion(
        scheme=Scheme.objects.get(pk=change["scheme"]),
        parameters=change["parameters"],
        effective_on=date.fromisoformat(change["effective_on"]),
    )


def of_version(version: SchemeVersion, on: date) -> Change:
    """A proposed version of a scheme, from its effective day (or today) over three months."""
    since = max(version.effective_on, on)
    base = version_in_force(version.scheme, since)
    old, new = base.parameters if base else {}, version.parameters
    return Change(
        before=policy_on,
        after=lambda day: policy_as_if(version, day),
        since=since,
        until=add_months(since, MONTHS) - timedelta(days=1),
        touched=frozenset(
            name
            for name in old.keys() | new.keys()
            if (old.get(name) or {}).get("value") != (new.get(name) or {}).get("value")
        )
        or frozenset({""}),
    )


def days_of(change: dict[str, Any]) -> list[AnnouncedDay]:
    """The days of an announcement as a preview keeps them."""
    return [AnnouncedDay(date.fromisoformat(day), is_work, name) for day, is_work, name in change["days"]]


def of_calendar(calendar: Calendar, year: int, on: date) -> Change:
    """Another calendar, from today to three months into the year that it is about."""
    begins = max(on, date(year, 1, 1))
    return Change(
        before=policy_on,
        after=lambda day: replace(policy_on(day), calendar=calendar),
        since=on,
        until=min(add_months(begins, MONTHS) - timedelta(days=1), date(year, 12, 31)),
    )


def change_of(preview: Preview) -> Change:
    """What a kept preview is about."""
    change = preview.change
    if "year" in change:
        year = int(change["year"])
        return of_calendar(
            announcements.with_year(calendar_store.load(), year, days_of(change)), year, preview.on
        )
    return of_version(preview.version or version_of(change), preview.on)


def days_to_judge(first: date, last: date) -> list[date]:
    """The first and the last day, every Monday, and every month's first and last day: no rule shows a duty for
    less than a week before it is due, so a duty of the time is met on one of them."""
    day, found = first, []
    while day <= last:
        tomorrow = day + timedelta(days=1)
        if day in (first, last) or day.weekday() == 0 or day.day == 1 or tomorrow.day == 1:
            found.append(day)
        day = tomorrow
    return found


class Sample:
    """The borrowers that are rehearsed, all of them or every k-th."""

    def __init__(self, at_most: int = AT_MOST) -> None:
        total = Borrower.objects.count()
        self.every = max(1, -(-total // at_most))
        self.borrowers: list[int] | None = None
        self.size = total
        if self.every > 1:
            chosen = Borrower.objects.annotate(turn=Mod(F("pk"), self.every)).filter(turn=0)
            self.borrowers = list(chosen.values_list("pk", flat=True)[:at_most])
            self.size = len(self.borrowers)
        self._of: dict[str, list[int] | None] = {}

    def of(self, rule: Rule) -> list[int] | None:
        """Subjects of a rule to narrow it to; None for all."""
        if rule.code not in self._of:
            ids = None if self.borrowers is None else rule.of_borrowers(self.borrowers)
            self._of[rule.code] = None if ids is None else list(ids)
        return self._of[rule.code]

    def items(self, rule: Rule) -> QuerySet[WorkItem]:
        """Open duties of a rule about them."""
        only = self.of(rule)
        return rule.standing() if only is None else rule.standing().filter(subject_id__in=only)


Key = tuple[str, str, int, str]


class Owed(NamedTuple):
    """A duty as it stood on the last day that it was owed."""

    due_on: date
    borrower_number: str
    borrower_name: str
    person: str | None
    unit: str
    reason: str


FIELDS = ("due_on", "borrower_number", "borrower_name", "person__name", "unit__name", "reason")


@contextmanager
def _undone() -> Iterator[None]:
    """Whatever is written within is not."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _groups() -> Iterator[tuple[Rule, ...]]:
    """Rules that are rehearsed in one transaction, each short: those that read what one preparation works out
    together; others alone."""
    alone = []
    sharing: dict[str, list[Rule]] = {}
    for rule in registry.rules().values():
        if rule.prepared_by:
            sharing.setdefault(rule.prepared_by, []).append(rule)
        else:
            alone.append((rule,))
    yield from map(tuple, sharing.values())
    yield from alone


def _play(
    rules: Sequence[Rule], days: Sequence[date], policy_of: Callable[[date], Policy], sample: Sample
) -> tuple[dict[Key, Owed], int]:
    """Reconcile some rules day by day as the close of day does; what was owed on any of the days, and failures."""
    owed: dict[Key, Owed] = {}
    counts: Counter[str] = Counter()
    not_before = day_service.go_live_on()
    steps = {rule.prepared_by for rule in rules}
    preparations = [one for one in registry.preparations().values() if one.step in steps]
    for on in days:
        policy = policy_of(on)
        for preparation in preparations:
            if preparation.may_be_sampled or sample.every == 1:
                counts.update(preparation.work(on, policy, only=sample.borrowers))
        for rule in rules:
            counts.update(reconcile(rule, on=on, policy=policy, only=sample.of(rule), not_before=not_before))
            for subject, period, *item in sample.items(rule).values_list("subject_id", "period_key", *FIELDS):
                owed[rule.obligation, str(rule.subject), subject, period] = Owed(*item)
    return owed, counts["quarantined"]


def rehearse(
    change: Change, *, on: date, at_most: int = AT_MOST, tell: Callable[[int], object] = lambda percent: None
) -> Outcome:
    """What a change would do. Nothing stays written; rows are locked for a moment per rule.

    Rules that ask for none of the changed parameters on any of the days come out the same, and are played once.
    `tell` hears how far it is, in percent.
    """
    started = monotonic()
    sample = Sample(at_most)
    policy_before, policy_after = (
        cache(change.before),
        cache(change.after),
    )  # every rule asks for the same days
    days = days_to_judge(change.since, change.until)
    until_then = days_to_judge(on, change.since - timedelta(days=1))
    found: list[Difference] = []
    failed = 0
    groups = list(_groups())
    for turn, rules in enumerate(groups):
        tell(100 * turn // len(groups))
        heard: set[str] = set()

        def listening(day: date, heard: set[str] = heard) -> Policy:
            policy = policy_before(day)
            return Listening(policy.on, policy.parents, policy.parameters, policy.calendar, heard)

        with _undone():
            _play(rules, until_then, policy_before, sample)
            with _undone():
                before, failed_before = _play(rules, days, listening, sample)
            if change.touched and not change.touched & heard:
                continue
            with _undone():
                after, failed_after = _play(rules, days, policy_after, sample)
        found.extend(_compare(before, after))
        failed += max(0, failed_after - failed_before)
    return Outcome(
        since=change.since.isoformat(),
        until=change.until.isoformat(),
        days=[day.isoformat() for day in days],
        rehearsed=sample.size,
        every=sample.every,
        failed=failed,
        seconds=round(monotonic() - started),
        differences=sorted(found, key=lambda one: (one.due_after or one.due_before, one.borrower_number)),
    )


STALE = timedelta(minutes=5)  # longer than a job may run: whoever had it is gone


def work_out_next() -> int | None:
    """Take the oldest preview that waits and work it out; its id, or None where none waits."""
    with transaction.atomic():
        free = Q(started_at__isnull=True) | Q(started_at__lt=clock.now() - STALE)
        waiting = Preview.objects.filter(free, result__isnull=True, error="").order_by("pk")
        preview = waiting.select_for_update(skip_locked=True).first()
        if preview is None:
            return None
        preview.started_at = clock.now()
        preview.save(update_fields=["started_at"])
    mine = Preview.objects.filter(pk=preview.pk)
    try:
        outcome = rehearse(
            change_of(preview), on=preview.on, tell=lambda percent: mine.update(progress=percent)
        )
    except Exception as error:
        mine.update(error=f"{type(error).__name__}: {error}"[:2000].replace("\x00", ""))
        raise
    mine.update(result=outcome.as_json(), progress=100)
    return preview.pk


def _compare(before: dict[Key, Owed], after: dict[Key, Owed]) -> Iterator[Difference]:
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old and new and old.due_on == new.due_on:
            continue
        kind = ADDED if old is None else DROPPED if new is None else MOVED
        item = new or old
        assert item is not None
        yield Difference(
            kind, *key, item.borrower_number, item.borrower_name, item.person or "", item.unit,
            old.due_on.isoformat() if old else "", new.due_on.isoformat() if new else "", item.reason,
        )  # fmt: skip


def visible_to(differences: Sequence[Difference], user: User) -> list[Difference]:
    """The differences about customers that the person may see; the rest is only counted."""
    numbers = {one.borrower_number for one in differences if one.borrower_number}
    seen = set(Borrower.objects.visible_to(user).filter(number__in=numbers).values_list("number", flat=True))
    return [one for one in differences if one.borrower_number in seen]
