"""What is unusual in a borrower's month, each with its figure and the threshold that it crossed. Pure; money in 元."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from core.money import percent, wan, yuan
from monitoring.choices import EXPENSES, Flow
from monitoring.flows.rules.reckoning import ZERO, AccountEntry, AccountSum

SIX_PLACES = Decimal("0.000001")  # a share as it is kept
MOST = Decimal("999.999999")
TOP = 5  # counterparties that are looked at
# Money that a repayment may have been borrowed with: neither sales nor the borrower's own.
NOT_EARNED = frozenset({Flow.OTHER, Flow.GROUP, Flow.CASH})
# A large item of these is what the declared trade consists of: listed, not unusual.
USUAL = frozenset({Flow.SALES, Flow.PURCHASE, *EXPENSES})


@dataclass(frozen=True)
class Mark:
    """One unusual thing: what it is, one sentence, the figure and its threshold as text."""

    code: str
    text: str
    value: str
    threshold: str

    def to_json(self) -> dict[str, str]:
        """As a month keeps it."""
        return asdict(self)


@dataclass(frozen=True)
class Limits:
    """Thresholds of policy; shares and falls as fractions."""

    fall: Decimal
    least_months: int
    most_months: int
    large_share: Decimal
    large_amount: Decimal
    deviation: Decimal
    deposit_share: Decimal
    borrowed_days: int
    borrowed_share: Decimal


@dataclass(frozen=True)
class BookFacts:
    """What the book says beside the movements. None: nobody has said it."""

    our_credit: Decimal = ZERO
    syndicated: Decimal = ZERO
    other_credit: Decimal | None = None
    declared_sales: Decimal | None = None
    declared_purchases: Decimal | None = None
    agreed_share: Decimal | None = None
    agreed_balance: Decimal | None = None
    has_registered: bool = False


@dataclass(frozen=True)
class Earlier:
    """An earlier month of the same borrower."""

    inflow: Decimal
    average: Decimal
    expenses: Mapping[Flow, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Month:
    """A borrower's month: its accounts by number, what moved in it and some days before, what is told, what was.

    `deposits` are the accounts that count as deposits; `relation_to` says whether a counterparty is registered.
    """

    accounts: Mapping[str, AccountSum]
    deposits: frozenset[str]
    entries: Sequence[AccountEntry]
    before: Sequence[AccountEntry]
    book: BookFacts
    earlier: Sequence[Earlier]
    relation_to: Callable[[AccountEntry], str] = lambda moved: ""

    @property
    def average(self) -> Decimal:
        """The average deposit of the borrower."""
        return sum((one.average for number, one in self.accounts.items() if number in self.deposits), ZERO)

    def amount(self, *flows: Flow, into: bool) -> Decimal:
        """What moved of these kinds, one way."""
        return sum((one.amount for one in self.entries if one.flow in flows and one.is_in == into), ZERO)

    @property
    def inflow(self) -> Decimal:
        """What came in from business with others."""
        return sum((one.amount for one in self.entries if one.is_trade and one.is_in), ZERO)

    @property
    def sales(self) -> Decimal:
        """销售回款: what customers paid."""
        return self.amount(Flow.SALES, into=True)

    @property
    def ordinary_credit(self) -> Decimal:
        """Our credit without what we lend in a syndicate (银团贷款另计)."""
        return self.book.our_credit - self.book.syndicated

    @property
    def credit_share(self) -> Decimal | None:
        """我行信用占比 = ours ÷ (ours + what others lend); None where nobody has said what others lend."""
        if self.book.other_credit is None:
            return None
        return share_of(self.ordinary_credit, self.ordinary_credit + self.book.other_credit)

    @property
    def settlement_share(self) -> Decimal | None:
        """结算份额 = sales received here ÷ declared sales of a month, not capped; None where none are declared."""
        return share_of(self.sales, self.book.declared_sales)

    @property
    def deposit_share(self) -> Decimal | None:
        """存款份额 = average deposit ÷ our ordinary credit: nobody tells what lies at other banks."""
        return share_of(self.average, self.ordinary_credit)


def share_of(part: Decimal, whole: Decimal | None) -> Decimal | None:
    """A fraction to six places, as far as a month can keep it; None of nothing."""
    return min((part / whole).quantize(SIX_PLACES, ROUND_HALF_UP), MOST) if whole else None


def per_cent(fraction: Decimal) -> str:
    """12.5% for 0.125, to one hundredth of a per cent."""
    return f"{percent(fraction.quantize(Decimal('0.0001'), ROUND_HALF_UP))}%"


def marks_of(month: Month, limits: Limits) -> list[Mark]:
    """Everything that is unusual in the month, in the order of the form."""
    return [
        *_shares(month, limits),
        *_falls(month, limits),
        *_large(month, limits),
        *_stopped(month, limits),
        *_deviations(month, limits),
        *_strangers(month),
        *_differences(month),
        *_borrowed(month, limits),
    ]


def _shares(month: Month, limits: Limits) -> Iterator[Mark]:
    ours, agreed, settled = month.credit_share, month.book.agreed_share, month.settlement_share
    for code, words, least in (
        ("settlement_share", "我行信用占比", ours),
        ("agreed_share", "合同约定", agreed),
    ):
        if settled is not None and least is not None and settled < least:
            yield Mark(
                code,
                f"结算份额 {per_cent(settled)}，低于{words} {per_cent(least)}",
                str(settled),
                str(least),
            )
    deposit = month.deposit_share
    if deposit is not None and deposit < limits.deposit_share:
        yield Mark(
            "deposit_share",
            f"存款日均 {yuan(month.average)} 元，占我行信用余额 {per_cent(deposit)}，"
            f"低于 {per_cent(limits.deposit_share)}",
            str(deposit),
            str(limits.deposit_share),
        )
    balance = month.book.agreed_balance
    if balance is not None and month.average < balance:
        yield Mark(
            "agreed_balance",
            f"存款日均 {yuan(month.average)} 元，低于合同约定的 {yuan(balance)} 元",
            str(month.average),
            str(balance),
        )


def _falls(month: Month, limits: Limits) -> Iterator[Mark]:
    past = month.earlier
    if len(past) < limits.least_months:
        return
    for code, words, now, then in (
        ("inflow_fall", "流入", month.inflow, [one.inflow for one in past]),
        ("average_fall", "存款日均", month.average, [one.average for one in past]),
    ):
        mean = sum(then, ZERO) / len(then)
        # Exact, without a division that rounds at the boundary.
        if mean > 0 and mean - now >= limits.fall * mean:
            fall = (mean - now) / mean
            yield Mark(
                code,
                f"{words} {yuan(now)} 元，较前 {len(then)} 个月平均 {yuan(mean)} 元下降 {per_cent(fall)}",
                str(fall.quantize(SIX_PLACES)),
                str(limits.fall),
            )


def is_large(one: AccountEntry, credit: Decimal, limits: Limits) -> bool:
    """Whether an item of business with others is large: by its amount, or by its share of our credit."""
    return one.is_trade and (
        one.amount >= limits.large_amount or (credit > 0 and one.amount >= limits.large_share * credit)
    )


def _large(month: Month, limits: Limits) -> Iterator[Mark]:
    credit = month.book.our_credit
    found = [one for one in month.entries if is_large(one, credit, limits) and one.flow not in USUAL]
    if found:
        most = max(found, key=lambda one: one.amount)
        way = "转入" if most.is_in else "转出"
        who = most.movement.counterparty_name or str(most.flow.label)
        yield Mark(
            "large",
            f"非购销大额往来 {len(found)} 笔，最大一笔 {most.on:%m-%d} {way} {yuan(most.amount)} 元（{who}）",
            str(most.amount),
            f"{per_cent(limits.large_share)}或{wan(limits.large_amount)}万元",
        )


def _stopped(month: Month, limits: Limits) -> Iterator[Mark]:
    past = month.earlier[: limits.least_months]
    if len(past) < limits.least_months:
        return
    for expense in EXPENSES:
        usual = [one.expenses.get(expense, ZERO) for one in past]
        if all(usual) and not month.amount(expense, into=False):
            mean = sum(usual, ZERO) / len(usual)
            yield Mark(
                f"stopped_{expense.value.lower()}",
                f"{expense.label}本月无支出，前 {len(usual)} 个月平均 {yuan(mean)} 元",
                "0",
                str(mean.quantize(Decimal("0.01"))),
            )


def _deviations(month: Month, limits: Limits) -> Iterator[Mark]:
    for code, words, actual, declared in (
        ("sales", "销售回款", month.sales, month.book.declared_sales),
        ("purchases", "采购支出", month.amount(Flow.PURCHASE, into=False), month.book.declared_purchases),
    ):
        if declared and actual - declared >= limits.deviation * declared:
            over = per_cent((actual - declared) / declared)
            yield Mark(
                code,
                f"{words} {yuan(actual)} 元，高于申报的每月 {yuan(declared)} 元 {over}",
                str(actual),
                str(declared),
            )


def top_counterparties(moved: Sequence[AccountEntry]) -> list[tuple[str, Decimal, Decimal]]:
    """With whom the borrower traded most: (name, in, out), the largest first; wages, taxes and cash are not trade."""
    found: dict[str, list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for one in moved:
        if one.flow in (Flow.SALES, Flow.PURCHASE, Flow.OTHER, Flow.GROUP) and one.movement.counterparty_name:
            found[one.movement.counterparty_name][0 if one.is_in else 1] += one.amount
    ranked = sorted(found.items(), key=lambda item: (-sum(item[1]), item[0]))
    return [(name, into, out) for name, (into, out) in ranked[:TOP]]


def _strangers(month: Month) -> Iterator[Mark]:
    """Who is not registered among the largest; where nobody is, there is nothing to compare with."""
    if not month.book.has_registered:
        return
    known = {one.movement.counterparty_name for one in month.entries if month.relation_to(one)}
    strange = [name for name, _in, _out in top_counterparties(month.entries) if name not in known]
    if strange:
        yield Mark(
            "strangers",
            f"前 {TOP} 大往来对手中 {len(strange)} 个未登记：{'、'.join(strange)}",
            str(len(strange)),
            "均已登记",
        )


def _differences(month: Month) -> Iterator[Mark]:
    for number, one in month.accounts.items():
        if one.difference:
            yield Mark(
                "difference",
                f"账户 {number} 期末余额与流水相差 {yuan(one.difference)} 元",
                str(one.difference),
                "0",
            )


def _borrowed(month: Month, limits: Limits) -> Iterator[Mark]:
    """Repayments just before which money came in that was neither earned nor the borrower's own (甲贷乙用)."""
    into = [one for one in (*month.before, *month.entries) if one.is_in and one.flow in NOT_EARNED]
    repaid: dict[date, Decimal] = defaultdict(lambda: ZERO)
    for one in month.entries:
        if one.flow == Flow.REPAYMENT and not one.is_in:
            repaid[one.on] += one.amount
    for day, amount in sorted(repaid.items()):
        since = day - timedelta(days=limits.borrowed_days)
        lent = [one for one in into if since <= one.on <= day]
        found = sum((one.amount for one in lent), ZERO)
        if found and found >= limits.borrowed_share * amount:
            names = "、".join(
                dict.fromkeys(one.movement.counterparty_name or str(one.flow.label) for one in lent)
            )
            yield Mark(
                "borrowed",
                f"{day:%m-%d} 还款 {yuan(amount)} 元，此前 {limits.borrowed_days} 天内由非销售来源转入 "
                f"{yuan(found)} 元（{names[:60]}）",
                str(found),
                str(amount),
            )
