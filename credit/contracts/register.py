"""The register of what contracts agree and approvals demand (合同约定登记：第四条): one list over both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db.models import (
    BooleanField,
    CharField,
    DateField,
    DecimalField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core.addresses import is_id
from core.money import percent, yuan
from credit.choices import ClauseKind, PaymentMode
from credit.contracts.services import CLAUSE, CONDITION
from credit.models import ApprovalCondition, Borrower, Clause

NEVER = date(9999, 12, 31)  # the day of what has none: it stands last
LATE, OPEN, MET, STANDING = "late", "open", "met", "standing"
STATES = {
    OPEN: gettext_lazy("待落实"),
    LATE: gettext_lazy("逾期未落实"),
    MET: gettext_lazy("已落实"),
    STANDING: gettext_lazy("长期有效"),
}
KINDS = {CONDITION: gettext_lazy("批复要求"), **dict(ClauseKind.choices)}
# What is met stands behind everything that is not.
_ORDER = ("is_met", "day", "side", "id")
_FIELDS = (
    "is_met", "side", "id", "day", "due_on", "met_on", "text", "told", "kind", "payment_mode", "share", "amount",
    "contract__number", "contract__product", "contract__borrower__number", "contract__borrower__name",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A promise or a demand as the register shows it; amounts in 元."""

    is_met: bool
    side: str
    pk: int
    day: date
    due_on: date | None
    met_on: date | None
    text: str
    note: str
    kind: str
    payment_mode: str
    share: Decimal | None
    amount: Decimal | None
    contract: str
    product: str
    borrower: str
    name: str

    @property
    def label(self) -> str:
        """What a line of the register is: a clause or a demand, by its kind."""
        return str(KINDS[self.kind or CONDITION])

    @property
    def figure(self) -> str:
        """What a clause says beside its words: a way of payment, a share, a balance."""
        if self.payment_mode:
            return str(PaymentMode(self.payment_mode).label)
        if self.share is not None:
            return f"{percent(self.share)}%"
        return _("不低于 %(amount)s 元") % {"amount": yuan(self.amount)} if self.amount is not None else ""

    def state(self, on: date) -> str:
        """Where it stands on the day; a demand without a day is open until it is met."""
        if self.met_on:
            return MET
        if self.due_on is None:
            return OPEN if self.side == CONDITION else STANDING
        return LATE if self.due_on < on else OPEN


@dataclass(frozen=True)
class Asked:
    """What the reader narrowed the register to; unknown values narrow nothing."""

    q: str = ""
    kind: str = ""
    state: str = ""
    after: str = ""

    @classmethod
    def of(cls, data: Any) -> Asked:
        """As the address says."""
        q, kind, state, after = (
            data.get(n, "").replace("\x00", "").strip() for n in ("q", "kind", "state", "after")
        )
        return cls(q[:60], kind if kind in KINDS else "", state if state in STATES else "", after)

    @property
    def narrows(self) -> bool:
        """Whether anything is narrowed."""
        return bool(self.q or self.kind or self.state)


def _side(rows: QuerySet[Any], side: str, asked: Asked, on: date) -> QuerySet[Any] | None:
    """One side of the register as asked for; None where nothing of it can be meant."""
    if asked.kind and (asked.kind == CONDITION) != (side == CONDITION):
        return None
    if asked.kind and side == CLAUSE:
        rows = rows.filter(kind=asked.kind)
    if asked.state == MET:
        rows = rows.filter(met_on__isnull=False)
    elif asked.state == LATE:
        rows = rows.filter(met_on__isnull=True, due_on__lt=on)
    elif asked.state == OPEN:
        undated = Q(due_on__isnull=True) if side == CONDITION else Q(pk__in=())
        rows = rows.filter(Q(due_on__gte=on) | undated, met_on__isnull=True)
    elif asked.state == STANDING:
        if side == CONDITION:
            return None
        rows = rows.filter(met_on__isnull=True, due_on__isnull=True)
    if asked.q:
        found = Borrower.objects.search(asked.q).order_by().values("pk")
        rows = rows.filter(Q(contract__number__startswith=asked.q) | Q(contract__borrower__in=found))
    rows = rows.annotate(
        is_met=ExpressionWrapper(Q(met_on__isnull=False), output_field=BooleanField()),
        side=Value(side, output_field=CharField()),
        day=Coalesce("due_on", Value(NEVER), output_field=DateField()),
    )
    if after := _key(asked.after):
        met, start, last, pk = after
        same = Q(pk__gt=pk) if side == last else (Q() if side > last else Q(pk__in=()))
        here = Q(is_met=met) & (Q(day__gt=start) | (Q(day=start) & same))
        rows = rows.filter(here if met else here | Q(is_met=True))
    if side == CONDITION:
        empty = Value("", output_field=CharField())
        number = Value(None, output_field=DecimalField(max_digits=18, decimal_places=6, null=True))
        return rows.annotate(told=F("note"), kind=empty, payment_mode=empty, share=number, amount=number)
    return rows.annotate(told=Value("", output_field=CharField()))


def _key(after: str) -> tuple[bool, date, str, int] | None:
    """Where a page starts; a mistyped key starts at the beginning."""
    met, day, side, pk = (*after.split("_"), "", "", "", "")[:4]
    try:
        return (met == MET, date.fromisoformat(day), side, int(pk)) if is_id(pk) else None
    except ValueError:
        return None


def _rows(user: User, asked: Asked, on: date) -> QuerySet[Any] | None:
    sides = [
        rows.order_by().values_list(*_FIELDS)
        for rows in (
            _side(Clause.objects.visible_to(user), CLAUSE, asked, on),
            _side(ApprovalCondition.objects.visible_to(user), CONDITION, asked, on),
        )
        if rows is not None
    ]
    if not sides:
        return None
    return sides[0].union(*sides[1:], all=True).order_by(*_ORDER)


def lines(user: User, asked: Asked, on: date) -> Iterator[Line]:
    """The register as asked for: what is not met first, by its day, what has no day last."""
    rows = _rows(user, asked, on)
    return (Line(*row) for row in rows.iterator(chunk_size=2000)) if rows is not None else iter(())


def page(user: User, asked: Asked, on: date, size: int) -> tuple[list[Line], str]:
    """One page, and the key after which the next one starts; empty on the last."""
    rows = _rows(user, asked, on)
    found = [Line(*row) for row in islice(rows[: size + 1], size + 1)] if rows is not None else []
    if len(found) <= size:
        return found, ""
    last = found[size - 1]
    return found[:size], f"{MET if last.is_met else OPEN}_{last.day}_{last.side}_{last.pk}"


def count(user: User, asked: Asked, on: date) -> int:
    """How many there are."""
    rows = _rows(user, asked, on)
    return rows.count() if rows is not None else 0
