"""What the page of account months shows: the month's borrowers, the unusual ones first, and who can confirm which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When

from accounts.models import User
from core.addresses import is_id
from credit.models import Borrower
from monitoring.ledgers.batch import Standing, standings
from monitoring.models import AccountLedgerReview, BorrowerMonth
from workflow.choices import SubjectKind
from workflow.models import WorkItem

PAGE = 100
MONTHS = 24  # months that can be chosen
DUTY = "account_ledger_review"
STATES = {"odd", "quiet", "open"}


@dataclass(frozen=True)
class Choice:
    """What the person narrowed the list to; unknown values narrow nothing."""

    month: date | None
    state: str
    unit: str

    @classmethod
    def of(cls, asked: Any, months: list[date]) -> Choice:
        """As the address says; without a month the newest one."""
        state, unit = (str(asked.get(name, "")).replace("\x00", "") for name in ("state", "unit"))
        by_key = {f"{one:%Y-%m}": one for one in months}
        month = by_key.get(str(asked.get("month", "")), months[0] if months else None)
        return cls(month, state if state in STATES else "", unit if is_id(unit) else "")

    @property
    def key(self) -> str:
        """The month as an address has it."""
        return f"{self.month:%Y-%m}" if self.month else ""

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The months that are meant."""
        if self.state == "open":
            rows = rows.filter(~Exists(AccountLedgerReview.objects.filter(month=OuterRef("pk"))))
        elif self.state:
            rows = rows.filter(marks=[]) if self.state == "quiet" else rows.exclude(marks=[])
        if self.unit:
            theirs = Borrower.objects.filter(loans__unit=int(self.unit)).order_by().values("pk")
            rows = rows.filter(borrower__in=theirs)
        return rows

    @property
    def any(self) -> bool:
        """Whether anything is narrowed."""
        return bool(self.state or self.unit)


def months_of(user: User) -> list[date]:
    """The months that were written down for borrowers the person sees, the newest first."""
    mine = BorrowerMonth.objects.visible_to(user).order_by("-month")
    return list(mine.values_list("month", flat=True).distinct()[:MONTHS])


def rows_of(user: User, choice: Choice) -> QuerySet[Any]:
    """The chosen month's borrowers that the person sees, the unusual first."""
    rows: Any = BorrowerMonth.objects.visible_to(user)
    rows = rows.filter(month=choice.month) if choice.month else rows.none()
    place = Case(When(marks=[], then=Value(1)), default=Value(0), output_field=IntegerField())
    return choice.narrow(rows).annotate(place=place).order_by("place", "borrower__number")


@dataclass(frozen=True)
class Line:
    """A borrower's month as the list shows it; `item` is the duty that the person can begin."""

    month: Any
    standing: Standing
    item: WorkItem | None
    refused: str  # why it cannot be ticked; empty where it can


def page_of(rows: QuerySet[Any], after: str, user: User, on: date) -> tuple[list[Line], str]:
    """One page, and the key after which the next one starts."""
    place, _sep, number = after.replace("\x00", "").partition("_")
    if place in ("0", "1") and number:
        rows = rows.filter(Q(place__gt=int(place)) | Q(place=int(place), borrower__number__gt=number))
    found = list(rows.select_related("borrower")[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    following = f"{last.place}_{last.borrower.number}" if last else ""
    return lines_of(found[:PAGE], user, on), following


def lines_of(months: Iterable[Any], user: User, on: date) -> list[Line]:
    """These months with where they stand and what the person can do."""
    months = list(months)
    stand = standings(months, on)
    keys = {(one.borrower_id, f"{one.month:%Y-%m}") for one in months}
    mine = WorkItem.objects.owed_by(user).filter(
        kind=DUTY, subject_kind=SubjectKind.BORROWER, subject_id__in={pk for pk, _key in keys}
    )
    items = {(item.subject_id, item.period_key): item for item in mine}
    return [
        Line(
            one,
            stand[one.pk],
            items.get((one.borrower_id, f"{one.month:%Y-%m}")),
            stand[one.pk].reason_not_to_confirm(user),
        )
        for one in months
    ]
