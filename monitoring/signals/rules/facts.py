"""What the detectors look at: one borrower's movements with their history, and the thresholds. Pure; money in 元."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from core.parameters import Policy
from monitoring.choices import NOT_TRADE, Flow, SignalKind
from monitoring.flows.rules.movements import RelatedParties
from monitoring.flows.rules.reckoning import AccountEntry

ZERO = Decimal(0)
SCHEME = "BASE"  # whose thresholds they are
# The usual payments and receipts of a business: large ones are what it consists of.
USUAL = frozenset({Flow.SALES, Flow.PURCHASE, Flow.WAGES, Flow.TAX, Flow.UTILITIES})


@dataclass(frozen=True)
class Drawdown:
    """Loan money that was paid out to the borrower."""

    loan_id: int
    number: str
    product: str
    on: date
    amount: Decimal


@dataclass(frozen=True)
class Leg:
    """A movement on somebody else's account here: what `payer` (a circle) passed on to `receiver`, who is related."""

    pk: int
    on: date
    amount: Decimal
    payer: str
    receiver: str


@dataclass(frozen=True)
class MonthFact:
    """A month of the borrower as it was computed; shares as fractions, `stopped` names the expenses that stopped."""

    first: date
    settlement_share: Decimal | None
    stopped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One borrower on a day: its movements up to the day in order, which of them are new, and what else is known.

    `reviewed` are movements of reviewed payments. `spent` are movements that earlier signals of a kind rest on: they
    never show that kind again, so that a pattern which grows shouts again only when what is new would do so by itself.
    """

    borrower_id: int
    kind: str
    on: date
    entries: Sequence[AccountEntry]
    new: frozenset[int]
    related: RelatedParties
    drawdowns: Sequence[Drawdown] = ()
    credit: Decimal = ZERO
    deposits_before: Decimal | None = None
    deposits_now: Decimal | None = None
    reviewed: frozenset[int] = frozenset()
    circles: Mapping[str, str] = field(default_factory=dict)
    legs: Sequence[Leg] = ()
    months: Sequence[MonthFact] = ()
    spent: Mapping[SignalKind, frozenset[int]] = field(default_factory=dict)

    def unspent(self, kind: SignalKind) -> list[AccountEntry]:
        """Movements that may still show a kind: not undone, and not yet shown by a signal of it."""
        spent = self.spent.get(kind, frozenset())
        return [one for one in self.entries if one.flow != Flow.REVERSAL and one.pk not in spent]

    def has_new(self, pks: Iterable[int]) -> bool:
        """Whether one of the movements became known on the day."""
        return not self.new.isdisjoint(pks)

    def circle(self, one: AccountEntry) -> str:
        """Who is on the other side, with all its accounts and its group, where we know them; else its name."""
        said = one.movement
        return (
            self.circles.get(said.counterparty_account)
            or self.circles.get(said.counterparty_name)
            or said.counterparty_name
            or said.counterparty_account
        )

    def loan_money(self, on: date, limits: Limits) -> Drawdown | None:
        """The latest drawdown whose money may still be in what is paid on a day; None where there is none."""
        since = on - timedelta(days=limits.loan_days)
        recent = [one for one in self.drawdowns if since <= one.on <= on]
        return max(recent, key=lambda one: (one.on, one.loan_id)) if recent else None


@dataclass(frozen=True)
class Limits:
    """Thresholds of policy: days, fractions, amounts in 元, words."""

    loan_days: int
    large_share: Decimal
    large_amount: Decimal
    least: Mapping[str, Decimal]
    through_days: int
    through_share: Decimal
    back_days: int
    back_share: Decimal
    trip_days: int
    trip_share: Decimal
    words: Mapping[str, tuple[str, ...]]
    property_products: frozenset[str]
    cash_share: Decimal
    cash_limit: Decimal
    cash_near: Decimal
    cash_times: int
    drained_days: int
    drained_share: Decimal
    group_days: int
    group_share: Decimal
    falling_months: int
    falling_share: Decimal

    @property
    def window(self) -> int:
        """How many days back movements are read: any rule's days, after the days in which loan money may be in it."""
        longest = max(self.through_days, self.back_days, self.trip_days)
        return max(self.loan_days + longest, self.drained_days, self.group_days)

    def least_of(self, case: Case) -> Decimal:
        """Below this a movement is too small to be looked at by itself."""
        return self.least[case.kind]


def limits_of(policy: Policy) -> Limits:
    """The thresholds of the day's policy."""

    def of(name: str) -> Mapping[str, str]:
        found: Mapping[str, str] = policy.get(SCHEME, f"signals.{name}").value
        return found

    large, through, back, trip = of("large"), of("in_and_out"), of("flows_back"), of("round_trip")
    cash, drained, group, falling = of("cash"), of("drained"), of("group_flow"), of("share_falling")
    return Limits(
        loan_days=int(of("loan_money")["days"]),
        large_share=Decimal(large["share"]),
        large_amount=Decimal(large["amount"]),
        least={kind: Decimal(amount) for kind, amount in of("least").items()},
        through_days=int(through["days"]),
        through_share=Decimal(through["share"]),
        back_days=int(back["days"]),
        back_share=Decimal(back["share"]),
        trip_days=int(trip["days"]),
        trip_share=Decimal(trip["share"]),
        words={kind: tuple(words) for kind, words in of("words").items()},
        property_products=frozenset(policy.get(SCHEME, "signals.property_products").value),
        cash_share=Decimal(cash["share"]),
        cash_limit=Decimal(cash["limit"]),
        cash_near=Decimal(cash["near"]),
        cash_times=int(cash["times"]),
        drained_days=int(drained["days"]),
        drained_share=Decimal(drained["share"]),
        group_days=int(group["days"]),
        group_share=Decimal(group["share"]),
        falling_months=int(falling["months"]),
        falling_share=Decimal(falling["share"]),
    )


def total(rows: Iterable[AccountEntry]) -> Decimal:
    """Added up."""
    return sum((one.amount for one in rows), ZERO)


def is_business(one: AccountEntry) -> bool:
    """Whether it is neither the lender's money, nor the borrower's own moved about."""
    return one.flow not in NOT_TRADE
