"""What the book says on the borrower page: exposures, classes, events, accounts, people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, Prefetch, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core.panels import Panel
from credit.choices import RiskClass
from credit.events.services import REVERSERS, reason_not_to_reverse
from credit.models import (
    Borrower,
    ClassFact,
    Contact,
    Counterparty,
    DeclaredSales,
    GroupMember,
    Guarantee,
    Lien,
    Loan,
    LoanReading,
    OtherDebt,
    PastLetter,
    RiskEvent,
    Secured,
)
from credit.selectors.accounts import with_balance
from credit.selectors.positions import with_terms

HISTORY = 30  # rows of a history that the page shows


@dataclass(frozen=True)
class LoanLine:
    """A loan note with what is owed on it; `risk_class` is empty where none was given yet."""

    loan: Loan
    balance: Decimal | None
    overdue: Decimal
    days_past_due: int
    risk_class: RiskClass | None


def exposures_panel(borrower: Borrower, on: date) -> Panel:
    """Every loan note with what is owed on it; settled ones last."""
    reading = LoanReading.objects.in_force(on)
    fact = ClassFact.objects.in_force(on)
    loans = with_terms(borrower.loans.select_related("contract", "unit"), on).annotate(
        balance=Subquery(reading.values("balance")[:1]),
        class_in_force=Subquery(fact.values("risk_class")[:1]),
    )
    lines = [
        LoanLine(
            loan,
            loan.balance,
            (loan.overdue_principal or Decimal(0)) + (loan.overdue_interest or Decimal(0)),
            loan.days_past_due or 0,
            RiskClass(loan.class_in_force) if loan.class_in_force else None,
        )
        for loan in loans.order_by("ends_on", "number")
    ]
    lines.sort(key=lambda line: line.balance == 0)  # stable: the live ones keep their order by maturity
    live = [line for line in lines if line.balance != 0]
    context = {
        "lines": lines,
        "balance": sum((line.balance or Decimal(0) for line in lines), Decimal(0)),
        "overdue": sum((line.overdue for line in lines), Decimal(0)),
        "granted": borrower.contracts.filter(ends_on__gte=on).aggregate(s=Sum("amount"))["s"] or Decimal(0),
    }
    return Panel("loans", _("借据"), "credit/panel_loans.html", context, len(live))


@dataclass(frozen=True)
class ClassChange:
    """A day on which the class of a loan became another."""

    fact: ClassFact
    before: RiskClass | None
    after: RiskClass

    @property
    def is_worse(self) -> bool:
        """Whether it went down."""
        return self.before is not None and self.after.severity > self.before.severity


def classes_panel(borrower: Borrower, on: date) -> Panel:
    """When the class of which loan changed; readings that repeat the class before are left out."""
    facts = (
        ClassFact.objects.known(on)
        .filter(loan__borrower=borrower)
        .select_related("loan")
        .order_by("loan", "effective_on", "known_on", "pk")
    )
    changes: list[ClassChange] = []
    last: dict[int, RiskClass] = {}
    for fact in facts:
        now = RiskClass(fact.risk_class)
        if last.get(fact.loan_id) != now:
            changes.append(ClassChange(fact, last.get(fact.loan_id), now))
        last[fact.loan_id] = now
    changes.sort(key=lambda change: (change.fact.effective_on, change.fact.pk), reverse=True)
    return Panel("classes", _("分类变化"), "credit/panel_classes.html", {"changes": changes[:HISTORY]})


@dataclass(frozen=True)
class EventLine:
    """A risk event with who recorded it, by name, and its reversal if there is one."""

    event: RiskEvent
    recorder: str
    reversal: RiskEvent | None
    reverser: str
    why_not: str  # why the reader may not take it back; empty where they may


def names_of(recorders: Iterable[str]) -> dict[str, str]:
    """People by 工号; a job is the system."""
    wanted = set(recorders)
    names = dict(User.objects.filter(username__in=wanted).values_list("username", "name"))
    return {who: names.get(who) or str(_("系统") if who.startswith("system") else who) for who in wanted}


def events_panel(borrower: Borrower, on: date, *, user: User) -> Panel:
    """Risk events, the latest first; a reversed one stays, struck out, with its reversal."""
    rows = list(
        RiskEvent.objects.filter(borrower=borrower, known_on__lte=on, reverses__isnull=True)
        .select_related("loan", "reversed_by")
        .order_by("-effective_on", "-pk")[:HISTORY]
    )
    reversals = [getattr(row, "reversed_by", None) for row in rows]
    names = names_of([row.recorded_by for row in (*rows, *reversals) if row])
    lines = [
        EventLine(
            row,
            names[row.recorded_by],
            undone,
            names[undone.recorded_by] if undone else "",
            reason_not_to_reverse(row, user),
        )
        for row, undone in zip(rows, reversals, strict=True)
    ]
    context = {"lines": lines, "may_reverse": user.scope.has(*REVERSERS)}
    standing = sum(not line.reversal for line in lines)
    return Panel("events", _("风险事项"), "credit/panel_events.html", context, standing)


def accounts_panel(borrower: Borrower, on: date) -> Panel:
    """Accounts with their latest balance."""
    accounts = list(with_balance(borrower.accounts.all(), on))
    return Panel(
        "accounts", _("账户"), "credit/panel_accounts.html", {"accounts": accounts}, len(accounts), wide=False
    )


def people_panel(borrower: Borrower, on: date) -> Panel:
    """Who answers for the borrower now and did before, with dates (逐户落实到人：第八条)."""
    rows = list(borrower.responsibilities.select_related("person", "unit").order_by("role", "-from_on"))
    current = [row for row in rows if row.from_on <= on and (row.to_on is None or row.to_on >= on)]
    context = {"current": current, "past": [row for row in rows if row not in current]}
    return Panel("people", _("责任人"), "credit/panel_people.html", context, wide=False)


@dataclass(frozen=True)
class GuaranteeLine:
    """A guarantee with how much of it is used by loans that have a balance, and what stands for it."""

    guarantee: Guarantee
    secured: list[Secured]
    used: Decimal
    liens: list[Lien]

    @property
    def left(self) -> Decimal:
        """What the cap still has room for; never below nothing."""
        return max(self.guarantee.amount - self.used, Decimal(0))


def guarantees_panel(borrower: Borrower, on: date) -> Panel:
    """Every guarantee for the borrower's debts, those that have ended last; collateral with its latest valuation."""
    balance = LoanReading.objects.known(on).filter(loan=OuterRef("loan")).newest_first().values("balance")
    rows: Any = borrower.guarantees.prefetch_related(
        Prefetch(
            "secured",
            queryset=Secured.objects.known_current(on)
            .select_related("loan")
            .annotate(balance=Coalesce(Subquery(balance[:1]), Decimal(0)))
            .order_by("loan__number"),
            to_attr="standing",
        ),
        Prefetch(
            "liens",
            queryset=Lien.objects.standing(on).select_related("collateral"),
            to_attr="registered",
        ),
    )
    lines = [
        GuaranteeLine(
            row,
            row.standing,
            sum((s.amount for s in row.standing if s.balance > 0), Decimal(0)),
            row.registered,
        )
        for row in rows
    ]
    lines.sort(key=lambda line: line.guarantee.ended_on is not None)  # stable: the others keep their order
    standing = sum(line.guarantee.ended_on is None for line in lines)
    return Panel("guarantees", _("担保"), "credit/panel_guarantees.html", {"lines": lines}, standing)


def agreements_panel(borrower: Borrower) -> Panel:
    """What the contracts agree (第四条) and what their approval demands, contract by contract."""
    contracts = borrower.contracts.prefetch_related("clauses", "conditions")
    told = [row for row in contracts if row.clauses.all() or row.conditions.all()]
    return Panel("agreements", _("合同约定与批复要求"), "credit/panel_agreements.html", {"contracts": told})


def connections_panel(borrower: Borrower, on: date, *, user: User) -> Panel:
    """The group that the borrower belongs to, its other members, and who else is connected with it.

    Members that the reader may not see are counted, not named.
    """
    membership = (
        GroupMember.objects.current(on)
        .filter(borrower=borrower, known_on__lte=on)
        .select_related("group__lead_manager")
        .first()
    )
    members = (
        list(
            GroupMember.objects.current(on)
            .filter(group=membership.group_id, known_on__lte=on)
            .exclude(borrower=borrower)
            .select_related("borrower")
        )
        if membership
        else []
    )
    shown = set(
        Borrower.objects.visible_to(user).filter(memberships__in=members).values_list("pk", flat=True)
    )
    context = {
        "membership": membership,
        "members": [row for row in members if row.borrower_id in shown],
        "others": sum(row.borrower_id not in shown for row in members),
        "related": list(borrower.related_parties.all()),
    }
    return Panel("connections", _("集团与关联方"), "credit/panel_connections.html", context, wide=False)


def trade_panel(borrower: Borrower, on: date) -> Panel:
    """Whom the borrower is registered to trade with, what other lenders lend it, how it says that it trades."""
    known = Counterparty.objects.filter(borrower=borrower, known_on__lte=on)
    parties = Counterparty.objects.standing(on).filter(borrower=borrower)
    count = parties.count()
    debts = OtherDebt.objects.last_of_each(on, "lender").filter(borrower=borrower)
    owed = [debt for debt in debts if debt.balance]
    context = {
        "parties": list(parties.select_related("contract")[:HISTORY]),
        "ended": known.count() - count,
        "debts": owed,
        "owed": sum((debt.balance for debt in owed), Decimal(0)),
        "sales": DeclaredSales.objects.last_of_each(on).filter(borrower=borrower).first(),
    }
    return Panel(
        "trade", _("交易对手、他行融资与购销模式"), "credit/panel_trade.html", context, count, wide=False
    )


def opening_panel(borrower: Borrower) -> Panel:
    """What the opening extracts tell: visits and letters of before the lender went live."""
    letters = PastLetter.objects.filter(loan__borrower=borrower).select_related("loan")
    context = {
        "inspections": list(borrower.past_inspections.order_by("-effective_on")[:HISTORY]),
        "letters": list(letters.order_by("-effective_on", "number")[:HISTORY]),
    }
    return Panel("opening", _("上线前的检查与函件"), "credit/panel_opening.html", context, wide=False)


def facts_panel(borrower: Borrower, on: date) -> Panel:
    """The borrower's own particulars, and how it agreed to be reached."""
    contact = Contact.objects.known(on).filter(borrower=borrower).newest_first().first()
    context = {"borrower": borrower, "contact": contact}
    return Panel("facts", _("基本情况"), "credit/panel_facts.html", context, wide=False)


def panels(borrower: Borrower, on: date, *, user: User) -> list[Panel]:
    """The book's panels, in the order of the page."""
    return [
        exposures_panel(borrower, on),
        events_panel(borrower, on, user=user),
        classes_panel(borrower, on),
        facts_panel(borrower, on),
        people_panel(borrower, on),
        accounts_panel(borrower, on),
        guarantees_panel(borrower, on),
        agreements_panel(borrower),
        connections_panel(borrower, on, user=user),
        trade_panel(borrower, on),
        opening_panel(borrower),
    ]
