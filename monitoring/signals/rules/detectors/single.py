"""What one payment or receipt shows by itself: large amounts, and payees to whom loan money must not go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from core.money import percent, wan, yuan
from monitoring.choices import Flow, Level, SignalKind
from monitoring.flows.rules.reckoning import AccountEntry
from monitoring.signals.rules.facts import USUAL, Case, Limits, is_business, total
from monitoring.signals.rules.finding import Finding

# Where loan money must not go, and how grave it is: with loan money in it, and without.
FORBIDDEN = {
    SignalKind.SECURITIES: (Level.RED, Level.YELLOW),
    SignalKind.PROPERTY: (Level.ORANGE, Level.BLUE),
    SignalKind.OTHER_LENDER: (Level.ORANGE, Level.YELLOW),
}


def large(case: Case, limits: Limits) -> Iterator[Finding]:
    """大额往来: one movement of a large amount, or a large share of our credit; usual trade only by amount."""
    share = limits.large_share * case.credit
    for one in case.unspent(SignalKind.LARGE):
        if one.pk not in case.new or one.pk in case.reviewed or not is_business(one):
            continue
        by_share = one.flow not in USUAL and share > 0 and one.amount >= max(share, limits.least_of(case))
        if one.amount < limits.large_amount and not by_share:
            continue
        drawn = None if one.is_in else case.loan_money(one.on, limits)
        way = "转入" if one.is_in else "转出"
        who = one.movement.counterparty_name or str(one.flow.label)
        crossed = (
            f"达到大额标准 {wan(limits.large_amount)} 万元"
            if one.amount >= limits.large_amount
            else f"达到我行信用余额 {yuan(case.credit)} 元的 {percent(limits.large_share)}%"
        )
        yield Finding(
            SignalKind.LARGE,
            Level.YELLOW if drawn and one.flow not in USUAL else Level.BLUE,
            case.borrower_id,
            one.on,
            one.amount,
            f"{one.on:%m-%d} {way} {yuan(one.amount)} 元（{who}），{crossed}。",
            {
                "单笔金额": f"{yuan(limits.large_amount)} 元",
                "占我行信用余额": f"{percent(limits.large_share)}%",
                "按比例时的起点": f"{yuan(limits.least_of(case))} 元",
            },
            (one.pk,),
            one.account_id,
            drawn.loan_id if drawn else None,
        )


def forbidden(case: Case, limits: Limits) -> Iterator[Finding]:
    """流向证券期货、房地产、其他放贷机构: by the words in the payee's name and the summary, one signal a payee."""
    for kind, (with_loan, without) in FORBIDDEN.items():
        by_payee: dict[str, list[AccountEntry]] = defaultdict(list)
        for one in case.unspent(kind):
            if one.pk in case.new and one.pk not in case.reviewed and _goes_there(one, limits.words[kind]):
                by_payee[case.circle(one)].append(one)
        for rows in by_payee.values():
            last = rows[-1]
            drawn = case.loan_money(last.on, limits)
            if kind == SignalKind.PROPERTY and drawn and drawn.product in limits.property_products:
                continue  # what the loan is for
            amount = total(rows)
            if not drawn and amount < limits.least_of(case):
                continue
            said = next(
                word
                for word in limits.words[kind]
                if word in last.movement.counterparty_name + "／" + last.movement.summary
            )
            since = f"，距借据 {drawn.number} 放款 {(last.on - drawn.on).days} 天" if drawn else ""
            yield Finding(
                kind,
                with_loan if drawn else without,
                case.borrower_id,
                last.on,
                amount,
                f"{last.on:%m-%d} 付给“{last.movement.counterparty_name or last.movement.summary}”"
                f" {yuan(amount)} 元{since}，户名或摘要有“{said}”。",
                {
                    "字词": "、".join(limits.words[kind]),
                    "放款后": f"{limits.loan_days} 天内",
                    "不在此期间的起点": f"{yuan(limits.least_of(case))} 元",
                },
                tuple(row.pk for row in rows),
                last.account_id,
                drawn.loan_id if drawn else None,
            )


def _goes_there(one: AccountEntry, words: tuple[str, ...]) -> bool:
    """Paid to others, and one of the words stands in the name or in the summary; repayments to us are none."""
    if one.is_in or one.flow in (Flow.REPAYMENT, Flow.SELF_TRANSFER, Flow.TAX):
        return False
    said = one.movement.counterparty_name + "／" + one.movement.summary
    return any(word in said for word in words)
