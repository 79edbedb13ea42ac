"""What 附件1 starts with: the loan, its drawdowns, what was recorded before, and the uses that are to be recorded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from core.money import yuan
from core.parameters import Policy
from core.policy import policy_on
from credit.choices import Channel, CounterpartyRelation, Direction
from credit.models import Account, Loan, Transaction
from monitoring.flows.related import movement_of, related_parties_of
from monitoring.loan_money.balances import disbursements, with_unpaid
from monitoring.loan_money.selectors import need_of
from monitoring.models import FundUse, SeenUse
from monitoring.uses.selectors import payee_of, unrecorded, used_before
from workflow.definitions import NO, YES, Fact, amount_of

MOST = 100  # uses of one paper, the oldest first; the rest on the next one
ZERO = Decimal(0)


def judged(row: Mapping[str, Any]) -> bool:
    """Whether a row says that the money did not go where it should."""
    return row.get("flows_back") == YES or row.get("as_agreed") == NO or bool(row.get("anomaly"))


def total(rows: Any) -> Decimal:
    """The amounts of a table's rows as far as they are amounts."""
    return sum((amount_of(row, "amount") or ZERO for row in rows or ()), ZERO)


def answers_of(loan: Loan, on: date) -> tuple[dict[str, Any], tuple[Fact, ...]]:
    """The answers that the system gives for the loan on the day, and the facts beside the form."""
    policy = policy_on(on)
    money = with_unpaid(Loan.objects.filter(pk=loan.pk), on).get()
    before = list(FundUse.objects.in_force(on).filter(loan=loan).select_related("document"))
    uses = list(
        unrecorded(on)
        .filter(loan=loan)
        .select_related("payment__counterparty", "transaction__account")
        .order_by("used_on", "pk")[:MOST]
    )
    conditions = [one.text for one in loan.contract.conditions.all()]
    answers = {
        "borrower_name": loan.borrower.name,
        "unit_name": loan.unit.name,
        "contract_number": loan.contract.number,
        "loan_number": loan.number,
        "product": loan.get_product_display(),
        "amount": f"{loan.amount:.2f}",
        "starts_on": loan.starts_on.isoformat(),
        "matures_on": loan.matures_on.isoformat(),
        "agreed_purpose": loan.agreed_purpose,
        "mode": need_of(loan, policy).why,
        "conditions": "\n".join(conditions),
        "drawdowns": _drawdowns(loan, money.disbursed, on),
        "recorded": [*_before(loan, money.used_before, on), *map(_recorded, before)],
        "uses": _rows(loan, uses, on, policy),
        "disbursed": f"{money.disbursed:.2f}",
        "recorded_before": f"{money.used_before + sum((one.amount for one in before), ZERO):.2f}",
        "checked_on": on.isoformat(),
    }
    return {name: answer for name, answer in answers.items() if answer not in ("", [])}, _facts(uses)


def _drawdowns(loan: Loan, disbursed: Decimal, on: date) -> list[dict[str, str]]:
    entries = disbursements(on).filter(loan=loan).order_by("effective_on", "pk")
    paid = [(one.effective_on, -one.amount if one.reverses_id else one.amount) for one in entries]
    return [
        {
            "item": day.isoformat(),
            "amount": f"{amount:.2f}",
            "account": loan.settlement_account,
            "holder": loan.borrower.name,
        }
        for day, amount in paid or [(loan.starts_on, disbursed)]
    ]


def _before(loan: Loan, amount: Decimal, on: date) -> list[dict[str, str]]:
    """上线前已用 as a line of its own, so that the total of the paper is the total of the loan."""
    if not amount:
        return []
    line = used_before(loan, amount, on)
    return [
        {
            "item": f"截至 {line.until}" if line.until else "上线前",
            "amount": f"{line.amount:.2f}",
            "payee": "上线前已用",
            "judged": line.why,
        }
    ]


def _recorded(use: FundUse) -> dict[str, str]:
    return {
        "item": use.used_on.isoformat(),
        "amount": f"{use.amount:.2f}",
        "payee": use.payee_name or "现金",
        "purpose": use.get_purpose_display(),
        "judged": "；".join(_words(use)) or "符合约定用途",
        "document": use.document.number,
    }


def _words(use: FundUse) -> list[str]:
    return [
        *(["回流借款人"] if use.flows_back else []),
        *([] if use.as_agreed else ["不符合约定用途"]),
        *([use.get_anomaly_display()] if use.anomaly else []),
    ]


def _rows(loan: Loan, uses: list[SeenUse], on: date, policy: Policy) -> list[dict[str, str]]:
    """The uses as the form lists them; what the book can tell of each is filled in, for the manager to confirm."""
    related = related_parties_of([loan.borrower_id], on, policy)[loan.borrower_id]
    came_back = _came_back(loan, uses, on, policy)
    rows = []
    for use in uses:
        payee, account, bank = payee_of(use)
        if use.payment is not None:
            relation = use.payment.counterparty.relation
        else:
            assert use.transaction is not None
            relation = related.relation_to(movement_of(use.transaction))
        rows.append(
            {
                "use": str(use.pk),
                "item": use.used_on.isoformat(),
                "seen_as": use.get_seen_as_display(),
                "amount": f"{use.amount:.2f}",
                "way": "现金" if _in_cash(use) else "转账",
                "payee": " ".join(filter(None, (payee, account, bank))),
                "summary": _summary(use),
                "evidence": use.payment.document.number if use.payment else "",
                "flows_back": YES if account and account in came_back else "",
                "is_upstream": YES if relation == CounterpartyRelation.UPSTREAM else NO if relation else "",
            }
        )
    return rows


def _summary(use: SeenUse) -> str:
    if use.payment is not None:
        return use.payment.purpose
    assert use.transaction is not None
    return use.transaction.summary


def _in_cash(use: SeenUse) -> bool:
    return use.transaction is not None and (
        use.transaction.channel == Channel.CASH
        or not (use.transaction.counterparty_account or use.transaction.counterparty_name)
    )


def _came_back(loan: Loan, uses: list[SeenUse], on: date, policy: Policy) -> set[str]:
    """Accounts of payees from which money came to the borrower soon after it was paid."""
    if not uses:
        return set()
    days = int(policy.get("BASE", "fund_use.flows_back_within").value["days"])
    first = min(use.used_on for use in uses)
    accounts = {account for use in uses if (account := payee_of(use)[1])}
    credits_ = Transaction.objects.filter(
        account__in=Account.objects.filter(borrower=loan.borrower_id),
        direction=Direction.CREDIT,
        counterparty_account__in=accounts,
        effective_on__gte=first,
        effective_on__lte=max(use.used_on for use in uses) + timedelta(days=days),
        known_on__lte=on,
    )
    back = list(credits_.order_by().values_list("counterparty_account", "effective_on"))
    return {
        account
        for use in uses
        for account, day in back
        if account == payee_of(use)[1] and use.used_on <= day <= use.used_on + timedelta(days=days)
    }


def _facts(uses: list[SeenUse]) -> tuple[Fact, ...]:
    """What a use that nobody reviewed, or one of several kinds, asks to be looked at."""
    unreviewed = [use for use in uses if use.seen_as == "UNREVIEWED"]
    if not unreviewed:
        return ()
    amount = yuan(sum((use.amount for use in unreviewed), ZERO))
    return (Fact(f"其中 {len(unreviewed)} 笔共 {amount} 元未经审核", "请写明核实情况。", "uses"),)
