"""The day's movements against what was reviewed: payments find their movement, what left unreviewed is told at once.

Reads the movements that became known on the day, set by set, and never the rest of the table.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core import audit
from core.money import yuan
from core.obligations import claims
from core.parameters import Policy
from credit.choices import Channel, Direction
from credit.models import Account, Transaction
from credit.selectors.accounts import undoing
from credit.selectors.exposures import exposures
from monitoring.choices import Level, PaymentStatus, SignalKind
from monitoring.flows.related import lender_names
from monitoring.flows.rules.movements import RelatedParties, words_of
from monitoring.loan_money.balances import may_need_review, with_unpaid
from monitoring.loan_money.reading import TAKEN, Books, books_of, held_of, kept, steps_of
from monitoring.loan_money.rules.needs import NOTHING
from monitoring.loan_money.rules.watch import ZERO, Leak, Step, leaks
from monitoring.models import Payment
from monitoring.signals.rules.finding import Finding
from monitoring.signals.services import raise_signals
from workflow.engine import Progress
from workflow.registry import Preparation
from workflow.sweep import sweep

WATCHED = audit.act("monitoring.payments.watched", _("核对支付与流水"))

STEP = "payments"


@claims("GR-19", clause="c", does=_("每日核对流水：未经审核的划转和被动扣款即成信号"))
@claims("GR-24", clause="c")
def match_and_watch(
    on: date, policy: Policy, progress: Progress | None = None, *, only: Collection[int] | None = None
) -> Counter[str]:
    """Match released payments with the day's movements, then raise what left unreviewed or was taken passively.

    Run again for the same day, it changes nothing; `only` narrows to some borrowers.
    """
    counts = Counter(matched=_match(on))
    related = RelatedParties(lender_names=lender_names(policy), words=words_of(policy))
    loans = _watched(on, policy)
    if only is not None:
        loans = loans.filter(borrower__in=list(only))
    # Loans of one account are judged together, so a set is one of borrowers.
    borrowers = loans.order_by("borrower").values_list("borrower", flat=True).distinct()
    swept = sweep(
        borrowers.iterator(chunk_size=settings.DUTY_SET_SIZE),
        lambda ids: Counter(signals=_watch(ids, on, policy, related)),
        on=on,
        step=STEP,
        progress=progress,
    )
    counts.update(swept)
    return counts


def _watch(ids: list[int], on: date, policy: Policy, related: RelatedParties) -> int:
    # What this very day was seen to take is what is looked for: it was there when the day began.
    yesterday = on - timedelta(days=1)
    loans = with_unpaid(_watched(on, policy).filter(borrower__in=ids), on, seen_by=yesterday)
    found = list(_look_at(list(loans.order_by("settlement_account", "starts_on", "pk")), on, policy, related))
    return raise_signals(found, on) if found else 0


def _standing(rows: QuerySet[Transaction], on: date) -> QuerySet[Transaction]:
    """Movements that neither undo another nor are undone, as known on the day."""
    return rows.filter(reverses__isnull=True).exclude(Exists(undoing("pk", on)))


def _match(on: date) -> int:
    """Give released payments the movements of the day that carried them out: account, payee's account, amount."""
    waiting = Payment.objects.filter(
        status=PaymentStatus.RELEASED, transaction__isnull=True, released_on__lte=on
    )
    debits = _standing(
        Transaction.objects.filter(
            known_on=on, direction=Direction.DEBIT, account__in=waiting.values("account")
        ),
        on,
    ).exclude(Exists(Payment.objects.filter(transaction=OuterRef("pk"))))
    free: dict[tuple[int, str, Decimal], list[tuple[int, date]]] = defaultdict(list)
    for pk, account, payee, amount, day in debits.order_by("effective_on", "pk").values_list(
        "pk", "account", "counterparty_account", "amount", "effective_on"
    ):
        free[account, Account.plain(payee), amount].append((pk, day))
    matched = 0
    if not free:
        return matched
    accounts = {key[0] for key in free}
    for payment in waiting.filter(account__in=accounts).order_by("released_on", "pk"):
        fitting = free.get((payment.account_id, Account.plain(payment.payee_account), payment.amount), [])
        assert payment.released_on is not None
        mine = next((one for one in fitting if one[1] >= payment.released_on), None)
        if mine is not None:
            fitting.remove(mine)
            matched += Payment.objects.filter(pk=payment.pk, transaction__isnull=True).update(
                transaction=mine[0]
            )
    return matched


def _watched(on: date, policy: Policy) -> QuerySet[Any]:
    """Live loans that may be reviewed and on whose account, or in whose name, money left on the day."""
    left = Transaction.objects.filter(known_on=on, direction=Direction.DEBIT)
    numbers = Account.objects.filter(pk__in=left.values("account")).values("number")
    named = left.filter(loan__isnull=False).values("loan")
    moved = Q(settlement_account__in=numbers) | Q(pk__in=named)
    return exposures(on).filter(may_need_review(policy), moved)


def _look_at(loans: list[Any], on: date, policy: Policy, related: RelatedParties) -> Iterator[Finding]:
    """What the day's movements show of a set of loans."""
    books = books_of(loans, on, policy)
    of_account: dict[int, list[Any]] = defaultdict(list)
    for loan in loans:
        if (account := books.accounts.get(loan.settlement_account)) is not None:
            of_account[account].append(loan)
    by_id = {loan.pk: loan for loan in loans}
    for account, movements in books.movements.items():
        theirs = of_account.get(account, [])
        reviewed = [loan for loan in theirs if books.needs[loan.pk].is_reviewed]
        steps = steps_of(movements, reviewed, books, related)
        held = held_of(reviewed, books, steps)
        rows = {row.pk: row for row in movements}
        told = leaks(held, books.opening[account], steps)
        for leak in told:
            yield _unreviewed(leak, rows[leak.key], theirs, by_id)
        yield from _passive(movements, steps, theirs, held, books, {leak.key for leak in told})


def _unreviewed(leak: Leak, row: Transaction, theirs: list[Any], by_id: dict[int, Any]) -> Finding:
    """第十九条: the transfer, whom it went to, how much loan money it took."""
    charged = next(iter(leak.of_loans), row.loan_id)
    loan = by_id.get(charged or 0) or theirs[0]
    passive = f"（{Channel(row.channel).label}）" if row.channel and Channel(row.channel).is_passive else ""
    return Finding(
        kind=SignalKind.UNREVIEWED,
        level=Level.RED,
        borrower_id=loan.borrower_id,
        effective_on=row.effective_on,
        amount=row.amount,
        text=(
            f"账户 {row.account.number} 划付“{row.counterparty_name or '未注明'}”{yuan(row.amount)} 元{passive}，"
            f"没有相符的已审核支付单；借据 {loan.number} 未付贷款资金 {yuan(leak.held)} 元，"
            f"动用 {yuan(leak.amount)} 元。"
        ),
        rule={
            "rule": "supervision.unreviewed",
            "held": str(leak.held),
            TAKEN: kept(leak.of_loans),
        },
        movements=(row.pk,),
        account_id=row.account_id,
        loan_id=loan.pk,
    )


def _passive(
    movements: list[Any],
    steps: list[Step],
    theirs: list[Any],
    held: dict[int, Decimal],
    books: Books,
    leaked: set[int],
) -> Iterator[Finding]:
    """第二十四条: somebody else took the money while loan money is unpaid, or although the contract forbids it."""
    banned = [loan for loan in theirs if books.agreed.get(loan.contract_id, NOTHING).bans_passive_debit]
    holding = [loan for loan in theirs if held.get(loan.pk, ZERO) > 0 or loan.pk in books.lent]
    holding = [loan for loan in holding if books.needs[loan.pk].is_reviewed]
    for row, step in zip(movements, steps, strict=True):
        if not step.is_payment or not row.channel or not Channel(row.channel).is_passive:
            continue
        for_whom = (banned or holding)[:1]
        if step.pays is not None and not banned:
            continue
        for loan in for_whom:
            why = "合同禁止被动划款" if banned else "未付贷款资金须经审核支付"
            yield Finding(
                kind=SignalKind.PASSIVE_DEBIT,
                level=Level.RED if row.pk in leaked else Level.ORANGE,
                borrower_id=loan.borrower_id,
                effective_on=row.effective_on,
                amount=row.amount,
                text=(
                    f"账户 {row.account.number} 经{Channel(row.channel).label}被动划出 {yuan(row.amount)} 元，"
                    f"收款人“{row.counterparty_name or '未注明'}”；借据 {loan.number} {why}。"
                ),
                rule={
                    "rule": "supervision.passive_debit",
                    "channel": str(row.channel),
                    "banned": "1" if banned else "0",
                },
                movements=(row.pk,),
                account_id=row.account_id,
                loan_id=loan.pk,
            )


PREPARATION = Preparation(STEP, "核对支付与流水", WATCHED, match_and_watch)
