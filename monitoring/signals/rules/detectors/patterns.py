"""What several movements show together: money that passes through, comes back, goes round, or is drawn in cash.

Each takes movements in order and as few as cross the threshold, so that the same facts give the same signal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

from core.money import percent, yuan
from monitoring.choices import Flow, Level, SignalKind
from monitoring.flows.rules.reckoning import AccountEntry
from monitoring.signals.rules.facts import USUAL, ZERO, Case, Drawdown, Leg, Limits, is_business, total
from monitoring.signals.rules.finding import Finding

T = TypeVar("T", AccountEntry, Leg)


def first_reaching(rows: Iterable[T], needed: Decimal) -> list[T]:
    """The first of the rows that reach an amount together; nothing where all of them do not."""
    taken: list[T] = []
    for one in rows:
        taken.append(one)
        needed -= one.amount
        if needed <= 0:
            return taken
    return []


def passing_through(case: Case, limits: Limits) -> Iterator[Finding]:
    """快进快出: what came in, and was no sale, leaves the same account again within days, and was no purchase."""
    rows = [one for one in case.unspent(SignalKind.IN_AND_OUT) if is_business(one) and one.flow not in USUAL]
    used: set[int] = set()
    for into in rows:
        if not into.is_in or into.amount < limits.least_of(case):
            continue
        until = into.on + timedelta(days=limits.through_days)
        out = first_reaching(
            (
                one
                for one in rows
                if not one.is_in
                and one.account_id == into.account_id
                and into.on <= one.on <= until
                and one.pk not in used
            ),
            limits.through_share * into.amount,
        )
        used.update(one.pk for one in out)
        if not out or not case.has_new([into.pk, *(one.pk for one in out)]):
            continue
        drawn = case.loan_money(into.on, limits)
        yield Finding(
            SignalKind.IN_AND_OUT,
            Level.ORANGE if drawn else Level.YELLOW,
            case.borrower_id,
            out[-1].on,
            into.amount,
            f"{into.on:%m-%d} 由“{_name(into)}”转入 {yuan(into.amount)} 元，"
            f"至 {out[-1].on:%m-%d} 转出 {len(out)} 笔 {yuan(total(out))} 元（{_names(out)}）。",
            {
                "天数": f"{limits.through_days} 天内",
                "转出占转入": f"至少 {percent(limits.through_share)}%",
                "转入起点": f"{yuan(limits.least_of(case))} 元",
            },
            (into.pk, *(one.pk for one in out)),
            into.account_id,
            drawn.loan_id if drawn else None,
        )


def flowing_back(case: Case, limits: Limits) -> Iterator[Finding]:
    """资金回流: paid after a drawdown, it comes back from the payee, or from the payee's group, within days."""
    rows = [one for one in case.unspent(SignalKind.FLOWS_BACK) if is_business(one)]
    used: set[int] = set()
    for paid in rows:
        drawn = case.loan_money(paid.on, limits)
        if paid.is_in or not drawn or paid.amount < limits.least_of(case) or paid.flow == Flow.CASH:
            continue
        payee, until = case.circle(paid), paid.on + timedelta(days=limits.back_days)
        back = first_reaching(
            (
                one
                for one in rows
                if one.is_in
                and paid.on <= one.on <= until
                and one.pk not in used
                and _later(one, paid)
                and payee
                and case.circle(one) == payee
            ),
            limits.back_share * paid.amount,
        )
        used.update(one.pk for one in back)
        if back and case.has_new([paid.pk, *(one.pk for one in back)]):
            yield Finding(
                SignalKind.FLOWS_BACK,
                Level.RED,
                case.borrower_id,
                back[-1].on,
                total(back),
                f"借据 {drawn.number} 放款后，{paid.on:%m-%d} 付给“{_name(paid)}” {yuan(paid.amount)} 元，"
                f"至 {back[-1].on:%m-%d} 由“{_name(back[-1])}”转回 {yuan(total(back))} 元。",
                {
                    "放款后": f"{limits.loan_days} 天内付出",
                    "付出后": f"{limits.back_days} 天内转回",
                    "转回占付出": f"至少 {percent(limits.back_share)}%",
                    "付出起点": f"{yuan(limits.least_of(case))} 元",
                },
                (paid.pk, *(one.pk for one in back)),
                paid.account_id,
                drawn.loan_id,
            )


def round_trip(case: Case, limits: Limits) -> Iterator[Finding]:
    """关联方循环: paid to somebody who passes it on, within days, to the borrower's group or a related party."""
    rows = [one for one in case.unspent(SignalKind.ROUND_TRIP) if is_business(one) and not one.is_in]
    spent, used = case.spent.get(SignalKind.ROUND_TRIP, frozenset()), set[int]()
    for paid in rows:
        if paid.amount < limits.least_of(case) or case.related.is_related(paid.movement):
            continue
        between, until = case.circle(paid), paid.on + timedelta(days=limits.trip_days)
        legs = first_reaching(
            (
                leg
                for leg in case.legs
                if leg.payer == between
                and paid.on <= leg.on <= until
                and leg.pk not in used
                and leg.pk not in spent
            ),
            limits.trip_share * paid.amount,
        )
        used.update(leg.pk for leg in legs)
        if legs and case.has_new([paid.pk, *(leg.pk for leg in legs)]):
            drawn = case.loan_money(paid.on, limits)
            amount = sum((leg.amount for leg in legs), ZERO)
            yield Finding(
                SignalKind.ROUND_TRIP,
                Level.RED if drawn else Level.ORANGE,
                case.borrower_id,
                legs[-1].on,
                amount,
                f"{paid.on:%m-%d} 付给“{_name(paid)}” {yuan(paid.amount)} 元，其至 {legs[-1].on:%m-%d} "
                f"转给关联方“{legs[-1].receiver}” {yuan(amount)} 元。",
                {
                    "付出后": f"{limits.trip_days} 天内转给关联方",
                    "转给关联方占付出": f"至少 {percent(limits.trip_share)}%",
                    "付出起点": f"{yuan(limits.least_of(case))} 元",
                },
                (paid.pk, *(leg.pk for leg in legs)),
                paid.account_id,
                drawn.loan_id if drawn else None,
            )


def in_cash(case: Case, limits: Limits) -> Iterator[Finding]:
    """用款后取现: after a drawdown a large part of it in cash, or several times just below the reporting limit."""
    by_loan: dict[Drawdown, list[AccountEntry]] = defaultdict(list)
    for one in case.unspent(SignalKind.CASH):
        drawn = case.loan_money(one.on, limits)
        if one.flow == Flow.CASH and not one.is_in and drawn:
            by_loan[drawn].append(one)
    for drawn, rows in by_loan.items():
        amount = total(rows)
        near = [one for one in rows if limits.cash_near * limits.cash_limit <= one.amount < limits.cash_limit]
        too_much, too_often = (
            amount >= limits.cash_share * drawn.amount,
            len(near) >= limits.cash_times,
        )
        if not case.has_new(one.pk for one in rows) or not (too_much or too_often):
            continue
        often = f"，其中 {len(near)} 笔略低于 {yuan(limits.cash_limit)} 元" if too_often else ""
        yield Finding(
            SignalKind.CASH,
            Level.ORANGE,
            case.borrower_id,
            rows[-1].on,
            amount,
            f"借据 {drawn.number} {drawn.on:%m-%d} 放款 {yuan(drawn.amount)} 元后取现 {len(rows)} 笔 "
            f"{yuan(amount)} 元{often}。",
            {
                "放款后": f"{limits.loan_days} 天内",
                "取现占放款": f"至少 {percent(limits.cash_share)}%",
                "或单笔": f"{yuan(limits.cash_near * limits.cash_limit)} 元以上、不足 {yuan(limits.cash_limit)} 元",
                "达到笔数": f"{limits.cash_times} 笔",
            },
            tuple(one.pk for one in rows),
            rows[-1].account_id,
            drawn.loan_id,
        )


def within_the_group(case: Case, limits: Limits) -> Iterator[Finding]:
    """集团成员间划转: loan money goes to another member; or members get most of what the borrower pays at all."""
    out = [one for one in case.unspent(SignalKind.GROUP_FLOW) if not one.is_in and is_business(one)]
    theirs = [one for one in out if case.related.is_of_group(one.movement)]
    lent: dict[Drawdown, list[AccountEntry]] = defaultdict(list)
    for one in theirs:
        if (drawn := case.loan_money(one.on, limits)) and one.pk not in case.reviewed:
            lent[drawn].append(one)
    rule = {
        "放款后": f"{limits.loan_days} 天内转给集团成员",
        "起点": f"{yuan(limits.least_of(case))} 元",
        "未放款时占全部付出": f"{limits.group_days} 天内至少 {percent(limits.group_share)}%",
    }
    for drawn, rows in lent.items():
        amount = total(rows)
        if amount < limits.least_of(case) or not case.has_new(one.pk for one in rows):
            continue
        yield Finding(
            SignalKind.GROUP_FLOW,
            Level.RED if amount >= limits.group_share * drawn.amount else Level.ORANGE,
            case.borrower_id,
            rows[-1].on,
            amount,
            f"借据 {drawn.number} 放款后转给集团成员 {len(rows)} 笔 {yuan(amount)} 元（{_names(rows)}），"
            f"占放款 {yuan(drawn.amount)} 元的 {percent((amount / drawn.amount).quantize(Decimal('0.001')))}%。",
            rule,
            tuple(one.pk for one in rows),
            rows[-1].account_id,
            drawn.loan_id,
        )
    since = case.on - timedelta(days=limits.group_days)
    rest = [one for one in theirs if one.on > since and not case.loan_money(one.on, limits)]
    amount, paid = total(rest), total(one for one in out if one.on > since)
    if (
        rest
        and case.has_new(one.pk for one in rest)
        and amount >= limits.least_of(case)
        and amount >= limits.group_share * paid
    ):
        yield Finding(
            SignalKind.GROUP_FLOW,
            Level.YELLOW,
            case.borrower_id,
            rest[-1].on,
            amount,
            f"{limits.group_days} 天内转给集团成员 {len(rest)} 笔 {yuan(amount)} 元（{_names(rest)}），"
            f"占全部付出 {yuan(paid)} 元的 {percent((amount / paid).quantize(Decimal('0.001')))}%。",
            rule,
            tuple(one.pk for one in rest),
            rest[-1].account_id,
        )


def _later(one: AccountEntry, paid: AccountEntry) -> bool:
    """Whether it was booked after the payment: on one day the order of the ledger tells."""
    return (one.on, one.pk) > (paid.on, paid.pk)


def _name(one: AccountEntry) -> str:
    return one.movement.counterparty_name or one.movement.counterparty_account or str(one.flow.label)


def _names(rows: Iterable[AccountEntry]) -> str:
    found = list(dict.fromkeys(_name(one) for one in rows))
    return "、".join(found[:3]) + (f"等 {len(found)} 户" if len(found) > 3 else "")
