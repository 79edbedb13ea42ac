"""What becomes less: deposits that are drained, settlement that goes elsewhere, expenses that stop."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from core.money import percent, yuan
from monitoring.choices import Level, SignalKind
from monitoring.signals.rules.detectors.patterns import first_reaching
from monitoring.signals.rules.facts import ZERO, Case, Limits, is_business, total
from monitoring.signals.rules.finding import Finding

TENTH = Decimal("0.001")  # shares are said to a tenth of a per cent


def drained(case: Case, limits: Limits) -> Iterator[Finding]:
    """存款骤降: deposits fell by a large share within days, by payments to others, the largest of which show it.

    Repaying us is no drain; nor is spending a drawdown, which is looked at by itself.
    """
    since, before, now = (
        case.on - timedelta(days=limits.drained_days),
        case.deposits_before,
        case.deposits_now,
    )
    if before is None or now is None or before < limits.least_of(case):
        return
    fall = before - now
    if fall < limits.drained_share * before or any(since <= one.on <= case.on for one in case.drawdowns):
        return
    out = [
        one
        for one in case.unspent(SignalKind.DRAINED)
        if not one.is_in and is_business(one) and one.on > since
    ]
    out.sort(key=lambda one: (-one.amount, one.pk))
    shown = first_reaching(out, limits.drained_share * before)
    if shown and case.has_new(one.pk for one in out):
        yield Finding(
            SignalKind.DRAINED,
            Level.YELLOW,
            case.borrower_id,
            case.on,
            fall,
            f"存款由 {since:%m-%d} 的 {yuan(before)} 元降至 {yuan(now)} 元，"
            f"下降 {percent((fall / before).quantize(TENTH))}%，"
            f"其中最大的 {len(shown)} 笔付出 {yuan(total(shown))} 元。",
            {
                "天数": f"{limits.drained_days} 天",
                "降幅": f"至少 {percent(limits.drained_share)}%",
                "存款起点": f"{yuan(limits.least_of(case))} 元",
            },
            tuple(one.pk for one in shown),
        )


def share_falling(case: Case, limits: Limits) -> Iterator[Finding]:
    """结算份额下降: the last month's share against the mean of the months before it."""
    shares = [one for one in case.months if one.settlement_share is not None]
    if len(shares) < 2 or shares[-1] is not case.months[-1]:
        return
    last, past = shares[-1], shares[-1 - limits.falling_months : -1]
    now = last.settlement_share or ZERO
    mean = sum((one.settlement_share or ZERO for one in past), ZERO) / len(past)
    if mean > 0 and mean - now >= limits.falling_share * mean:
        yield Finding(
            SignalKind.SHARE_FALLING,
            Level.YELLOW,
            case.borrower_id,
            last.first,
            ZERO,
            f"{last.first:%Y-%m} 结算份额 {percent(now.quantize(TENTH))}%，"
            f"较前 {len(past)} 个月平均 {percent(mean.quantize(TENTH))}% 下降 "
            f"{percent(((mean - now) / mean).quantize(TENTH))}%。",
            {
                "比较": f"前 {limits.falling_months} 个月平均",
                "降幅": f"至少 {percent(limits.falling_share)}%",
            },
            facts=(f"month:{last.first}",),
        )


def expenses_stopped(case: Case, limits: Limits) -> Iterator[Finding]:
    """工资税费水电停付: an expense that the months before had, and the last one has not."""
    if case.months and (last := case.months[-1]).stopped:
        yield Finding(
            SignalKind.EXPENSES_STOPPED,
            Level.YELLOW,
            case.borrower_id,
            last.first,
            ZERO,
            f"{last.first:%Y-%m} {'；'.join(last.stopped)}。",
            {"依据": "附件2 月度汇总：前几个月均有支出而本月没有"},
            facts=(f"month:{last.first}", *last.stopped),
        )
