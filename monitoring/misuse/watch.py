"""The day's look at frozen contracts (第二十三条): loan money that left, and what was lent although nothing may be.

Both are facts of the core system, so nothing is refused here: each is a red signal of its day. In a mixed account loan
money counts as leaving first. Reads the few contracts that are frozen, never the rest of the book.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from core import audit
from core.money import yuan
from core.obligations import claims
from core.parameters import Policy
from credit.choices import Direction
from credit.models import Account, LedgerEntry, Transaction
from credit.selectors.accounts import undoing
from credit.selectors.exposures import balances
from monitoring import freezes
from monitoring.choices import Level, SignalKind
from monitoring.flows.related import lender_names
from monitoring.flows.rules.movements import RelatedParties, words_of
from monitoring.loan_money.balances import disbursements, with_unpaid
from monitoring.loan_money.own_money import lent
from monitoring.loan_money.reading import repays
from monitoring.models import MisuseCase, Payment
from monitoring.signals.rules.finding import Finding
from monitoring.signals.services import raise_signals
from monitoring.uses.rules import Debit, Lent, Use, trace
from workflow.engine import Progress
from workflow.registry import Preparation
from workflow.sweep import set_aside, sweep

WATCHED = audit.act("monitoring.frozen.watched", _("核对冻结合同"))

STEP = "frozen"
RULE = {"口径": "混合账户中贷款资金先于自有资金流出"}


@claims("GR-23", clause="c", does=_("每日核对冻结的合同：新提款和贷款资金流出即成红色信号"))
def watch(
    on: date, policy: Policy, progress: Progress | None = None, *, only: Collection[int] | None = None
) -> Counter[str]:
    """Raise what the day shows of contracts that were frozen at its end; run again, it changes nothing.

    `only` narrows to some borrowers.
    """
    ids = set(freezes.frozen_on(on).order_by().values_list("contract__borrower", flat=True)).union(
        set_aside(on, STEP).values_list("subject_id", flat=True)
    )
    chosen = ids if only is None else ids.intersection(only)
    return sweep(sorted(chosen), lambda part: _watch(part, on, policy), on=on, step=STEP, progress=progress)


def _watch(ids: list[int], on: date, policy: Policy) -> Counter[str]:
    cases: dict[int, MisuseCase] = {}
    rows = freezes.frozen_on(on).filter(contract__borrower__in=ids).select_related("contract")
    for case in rows.order_by("confirmed_on", "pk"):
        cases.setdefault(case.contract_id, case)
    found = [*_drawdowns(cases, on), *_outflows(cases, on, policy)]
    return Counter(signals=raise_signals(found, on) if found else 0)


def _drawdowns(cases: Mapping[int, MisuseCase], on: date) -> Iterator[Finding]:
    """New notes under the contract, and money paid out on its old ones, since it was frozen."""
    loans = balances(on).filter(contract__in=list(cases), starts_on__lte=on).order_by("pk")
    by_id = {loan.pk: loan for loan in loans}
    new = {loan.pk for loan in by_id.values() if loan.starts_on >= cases[loan.contract_id].confirmed_on}
    for pk in sorted(new):
        loan = by_id[pk]
        yield _drawdown(cases[loan.contract_id], loan, loan.starts_on, loan.amount, f"loan:{pk}")
    undone = LedgerEntry.objects.filter(reverses=OuterRef("pk"), known_on__lte=on)
    entries = disbursements(on).filter(~Exists(undone), loan__in=list(by_id), reverses__isnull=True)
    for entry in entries.order_by("pk"):
        loan = by_id[entry.loan_id]
        case = cases[loan.contract_id]
        is_first = entry.loan_id in new and entry.effective_on == loan.starts_on
        if not is_first and entry.known_on >= case.confirmed_on:
            yield _drawdown(case, loan, entry.effective_on, entry.amount, f"entry:{entry.pk}")


def _drawdown(case: MisuseCase, loan: Any, day: date, amount: Decimal, fact: str) -> Finding:
    late = "" if day >= case.confirmed_on else "（冻结前发生，冻结后才入账）"
    return Finding(
        kind=SignalKind.FROZEN_DRAWDOWN,
        level=Level.RED,
        borrower_id=loan.borrower_id,
        effective_on=day,
        amount=amount,
        text=f"{freezes.sentence(case)}；{day} 借据 {loan.number} 发放 {yuan(amount)} 元{late}。",
        rule={"冻结自": case.confirmed_on.isoformat()},
        facts=(fact,),
        loan_id=loan.pk,
    )


def _outflows(cases: Mapping[int, MisuseCase], on: date, policy: Policy) -> Iterator[Finding]:
    """Debits of the day that took loan money of a frozen contract, on the account that the loan was paid out to."""
    theirs = lent(on).filter(contract__in=list(cases), starts_on__lte=on).exclude(settlement_account="")
    # What this very day was seen to take is what is looked for: it was there when the day began.
    loans = list(with_unpaid(theirs, on, seen_by=on - timedelta(days=1)))
    numbers = {loan.settlement_account for loan in loans}
    accounts = dict(Account.objects.filter(number__in=numbers).order_by().values_list("number", "pk"))
    of_account: dict[int, list[Lent]] = defaultdict(list)
    by_id = {loan.pk: loan for loan in loans}
    for loan in loans:
        if loan.settlement_account in accounts and loan.held > 0:
            since = max(loan.starts_on, cases[loan.contract_id].confirmed_on)
            of_account[accounts[loan.settlement_account]].append(Lent(loan.pk, since, loan.held))
    rows = _debits(of_account, on, policy)
    for account, held in of_account.items():
        uses: dict[int, list[Use]] = defaultdict(list)
        debits = [Debit(row.pk, row.effective_on, row.amount) for row in rows[account].values()]
        for use in trace(held, debits):
            uses[use.debit.key].append(use)
        for key, parts in uses.items():
            used = [by_id[part.loan] for part in parts]
            taken = sum((part.amount for part in parts), Decimal(0))
            yield _outflow(cases[used[0].contract_id], used, rows[account][key], taken)


def _debits(accounts: Collection[int], on: date, policy: Policy) -> dict[int, dict[int, Any]]:
    """What left these accounts, as became known on the day, and neither repaid us, nor was undone, nor was released
    before the freeze; by account and id."""
    related = RelatedParties(lender_names=lender_names(policy), words=words_of(policy))
    rows = Transaction.objects.filter(
        ~Exists(Payment.objects.filter(transaction=OuterRef("pk"))), ~Exists(undoing("pk", on)),
        Q(reverses__isnull=True), known_on=on, direction=Direction.DEBIT, amount__gt=0, account__in=list(accounts),
    ).select_related("account")  # fmt: skip
    found: dict[int, dict[int, Any]] = defaultdict(dict)
    for row in rows.order_by("effective_on", "pk"):
        if not repays(row, related):
            found[row.account_id][row.pk] = row
    return found


def _outflow(case: MisuseCase, loans: list[Any], row: Transaction, taken: Decimal) -> Finding:
    who, numbers = row.counterparty_name or "未注明", "、".join(loan.number for loan in loans)
    return Finding(
        kind=SignalKind.FROZEN_OUTFLOW,
        level=Level.RED,
        borrower_id=loans[0].borrower_id,
        effective_on=row.effective_on,
        amount=row.amount,
        text=(
            f"{freezes.sentence(case)}；{row.effective_on} 账户 {row.account.number} 仍付“{who}”{yuan(row.amount)} 元，"
            f"按贷款资金先出，动用借据 {numbers} 的贷款资金 {yuan(taken)} 元。"
        ),
        rule=RULE | {"冻结自": case.confirmed_on.isoformat()},
        movements=(row.pk,),
        account_id=row.account_id,
        loan_id=loans[0].pk,
    )


PREPARATION = Preparation(STEP, "核对冻结合同", WATCHED, watch)
