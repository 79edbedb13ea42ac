"""What 附件2 says of a month: the system's part of the form, read again as it was known when the month was written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.urls import reverse

from core.money import yuan
from core.periods import month_of, quarter_of
from core.policy import policy_on
from credit.choices import AccountKind, CounterpartyRelation
from credit.models import Borrower
from credit.selectors.positions import managers
from monitoring.choices import Flow
from monitoring.flows.rules.reckoning import ZERO, AccountEntry
from monitoring.models import BorrowerMonth
from monitoring.months.rules import Month, is_large, per_cent, top_counterparties
from monitoring.months.selectors import Read, limits_of, read
from workflow.definitions import NO, YES, Fact

CODE = "account_ledger_review"
NORMAL, ODD = "正常", "异常"
IN_BATCH = "批量确认（无异动）"
UNKNOWN = "未登记"
# Marks whose threshold is a fraction, and those whose threshold is said in words; of the others it is an amount.
SHARES = frozenset({"settlement_share", "agreed_share", "deposit_share", "inflow_fall", "average_fall"})
WORDED = frozenset({"large", "strangers"})
DEPOSIT_SHARE = "account_review.deposit_share"
MOST_LARGE = 30  # large items that are printed


@dataclass(frozen=True)
class Sheet:
    """A month ready for paper: the answers that the system gives, and what is missing in the book."""

    month: BorrowerMonth
    answers: dict[str, Any]
    facts: tuple[Fact, ...]


def sheets(months: Sequence[BorrowerMonth]) -> list[Sheet]:
    """The sheets of these months; those computed on one day are read together.

    A month whose loans no longer come under the schemes has none: its contract was changed since.
    """
    by_day: dict[date, list[BorrowerMonth]] = defaultdict(list)
    for month in months:
        by_day[month.computed_on].append(month)
    found: list[Sheet] = []
    so_far = _so_far(months)
    for on, several in by_day.items():
        ids = [month.borrower_id for month in several]
        policy = policy_on(on)
        borrowers, who = Borrower.objects.in_bulk(ids), managers(ids, on)
        seen = read(ids, month_of(several[0].month), on, policy)
        for month in (month for month in several if month.borrower_id in seen):
            pk, manager = month.borrower_id, who.get(month.borrower_id)
            one = seen[pk]
            answers = {
                **_head(month, borrowers[pk]),
                "customer_manager": manager.person.name if manager else "缺岗",
                "accounts": list(_accounts(one)),
                "flows": list(_flows(one.month)),
                "shares": list(_shares(month, one, policy.get(one.scheme, DEPOSIT_SHARE).decimal, so_far[pk])),
                "large": [_large(one, moved) for moved in large_items(one, limits_of(policy, one.scheme))],
                "partners": list(_partners(one)),
            }  # fmt: skip
            kept = {name: value for name, value in answers.items() if value not in ("", [])}
            found.append(Sheet(month, kept, missing(month)))
    return found


def missing(month: BorrowerMonth) -> tuple[Fact, ...]:
    """What nobody has told, so that a share cannot be reckoned; where to enter it."""
    found = []
    if month.other_credit is None:
        found.append(
            Fact(
                "尚无他行融资数据，信用占比无从计算",
                f"在手工录入登记他行融资：{entry_of('other_debts')}",
                "shares",
            )
        )
    if month.declared_sales is None:
        where = f"在手工录入登记购销模式：{entry_of('declared_sales')}"
        found.append(Fact("尚无申报的月销售收入，结算份额无从计算", where, "shares"))
    return tuple(found)


def entry_of(kind: str) -> str:
    """The page on which rows of a kind are entered by hand."""
    return reverse("entry_kind", args=[kind])


def _head(month: BorrowerMonth, borrower: Borrower) -> dict[str, Any]:
    marks = [{"item": mark["text"], "threshold": _threshold(mark), "why": ""} for mark in month.marks]
    return {
        "borrower_name": borrower.name,
        "borrower_number": borrower.number,
        "month": f"{month.month:%Y-%m}",
        "computed_on": month.computed_on.isoformat(),
        "our_credit": f"{month.our_credit:.2f}",
        "syndicated_credit": f"{month.syndicated_credit:.2f}",
        "other_credit": UNKNOWN if month.other_credit is None else f"{yuan(month.other_credit)} 元",
        "credit_share": _share(month.credit_share),
        "has_marks": YES if marks else NO,
        "marks": marks,
    }


def _threshold(mark: dict[str, str]) -> str:
    """The threshold that a mark crossed, as people read it."""
    if mark["code"] in SHARES:
        return per_cent(Decimal(mark["threshold"]))
    return mark["threshold"] if mark["code"] in WORDED else f"{yuan(mark['threshold'])} 元"


def _share(fraction: Decimal | None) -> str:
    return "无从计算" if fraction is None else per_cent(fraction)


def _accounts(one: Read) -> Iterator[dict[str, str]]:
    for number, found in one.month.accounts.items():
        kind = AccountKind(one.accounts[number].kind).label
        yield {
            "item": f"{number} {kind}",
            "opening": f"{found.opening:.2f}",
            "inflow": f"{yuan(found.inflow)}（{found.inflow_count}）",
            "outflow": f"{yuan(found.outflow)}（{found.outflow_count}）",
            "closing": f"{found.closing:.2f}",
            "average": f"{found.average:.2f}",
            "difference": f"{found.difference:.2f}",
        }


def _flows(month: Month) -> Iterator[dict[str, str]]:
    for flow in Flow:
        into, out = month.amount(flow, into=True), month.amount(flow, into=False)
        if into or out:
            yield {"item": str(flow.label), "into": f"{into:.2f}", "out": f"{out:.2f}"}


def _so_far(months: Sequence[BorrowerMonth]) -> dict[int, list[BorrowerMonth]]:
    """The written months of these borrowers in the years of these months, by borrower."""
    found: dict[int, list[BorrowerMonth]] = defaultdict(list)
    if months:
        since = min(month.month for month in months).replace(month=1)
        ids = {month.borrower_id for month in months}
        for row in BorrowerMonth.objects.filter(borrower__in=ids, month__gte=since).order_by("month"):
            found[row.borrower_id].append(row)
    return found


def settled_over(months: Iterable[BorrowerMonth]) -> Decimal | None:
    """The settlement share over several months: all receipts over all declared sales, as a fraction; None where a
    month has no declared sales."""
    receipts = sales = ZERO
    for month in months:
        if month.declared_sales is None:
            return None
        receipts, sales = receipts + month.sales_receipts, sales + month.declared_sales
    return receipts / sales if sales else None


def deposited_over(months: Iterable[BorrowerMonth]) -> Decimal:
    """The average deposit over several months by calendar days, in 元."""
    weighed, days = ZERO, 0
    for month in months:
        length = month_of(month.month).days
        weighed, days = weighed + month.average_deposit * length, days + length
    return weighed / days


def _shares(
    month: BorrowerMonth, one: Read, least_deposit: Decimal, year: Iterable[BorrowerMonth]
) -> Iterator[dict[str, str]]:
    told = one.month.book
    year = [row for row in year if row.month.year == month.month.year and row.month <= month.month]
    quarter = [row for row in year if row.month in quarter_of(month.month)]
    settled = {
        "value": _share(month.settlement_share),
        "quarter": _share(settled_over(quarter)),
        "year": _share(settled_over(year)),
    }
    sales = "未申报" if month.declared_sales is None else f"{yuan(month.declared_sales)}"
    yield {
        "item": "结算份额",
        "formula": f"销售回款 {yuan(month.sales_receipts)} ÷ 申报月销售收入 {sales}",
        **settled,
        "least": f"我行信用占比 {_share(month.credit_share)}",
        "met": _met(month.settlement_share, month.credit_share),
    }
    if told.agreed_share is not None:
        yield {
            "item": "结算份额（合同约定）",
            "formula": "同上",
            **settled,
            "least": per_cent(told.agreed_share),
            "met": _met(month.settlement_share, told.agreed_share),
        }
    yield {
        "item": "存款日均",
        "formula": "全部账户，按日历日加权",
        "value": f"{yuan(month.average_deposit)} 元",
        "quarter": f"{yuan(deposited_over(quarter))} 元",
        "year": f"{yuan(deposited_over(year))} 元",
    }
    yield {
        "item": "存款份额",
        "formula": f"存款日均 {yuan(month.average_deposit)} ÷ 我行信用余额（不含银团）",
        "value": _share(month.deposit_share),
        "least": per_cent(least_deposit),
        "met": _met(month.deposit_share, least_deposit),
    }
    if told.agreed_balance is not None:
        yield {
            "item": "约定存款余额",
            "formula": "存款日均与合同约定比较",
            "value": f"{yuan(month.average_deposit)} 元",
            "least": f"{yuan(told.agreed_balance)} 元",
            "met": _met(month.average_deposit, told.agreed_balance),
        }


def _met(value: Decimal | None, least: Decimal | None) -> str:
    if value is None or least is None:
        return "无从比较"
    return "达标" if value >= least else "不达标"


def large_items(one: Read, limits: Any) -> list[AccountEntry]:
    """The large items of the month, the largest first."""
    found = [moved for moved in one.month.entries if is_large(moved, one.month.book.our_credit, limits)]
    return sorted(found, key=lambda moved: (-moved.amount, moved.on, moved.pk))[:MOST_LARGE]


def _large(one: Read, moved: AccountEntry) -> dict[str, str]:
    movement = moved.movement
    other = (movement.counterparty_name, movement.counterparty_account, moved.bank)
    return {
        "item": f"{moved.on} {moved.number}",
        "way": "转入" if moved.is_in else "转出",
        "amount": f"{moved.amount:.2f}",
        "other": " ".join(part for part in other if part) or "–",
        "purpose": "，".join(part for part in (str(moved.flow.label), movement.summary) if part),
        "relation": _relation(one, moved),
        "after": "" if moved.balance_after is None else f"{moved.balance_after:.2f}",
    }


def _relation(one: Read, moved: AccountEntry) -> str:
    """What the other side is to the borrower: registered, of its group, related, or nobody known."""
    registered = one.related.relation_to(moved.movement)
    if registered:
        return str(CounterpartyRelation(registered).label)
    if one.related.is_of_group(moved.movement):
        return "集团成员"
    return "关联方" if one.related.is_related(moved.movement) else UNKNOWN


def _partners(one: Read) -> Iterator[dict[str, str]]:
    relations = {moved.movement.counterparty_name: _relation(one, moved) for moved in one.month.entries}
    for name, into, out in top_counterparties(one.month.entries):
        yield {
            "item": name,
            "relation": relations[name],
            "into": f"{into or ZERO:.2f}",
            "out": f"{out or ZERO:.2f}",
        }
