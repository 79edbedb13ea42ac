"""How much of a loan's money was used, and how much is still to be paid out. Money in 元.

The one source of these figures: what asks, reviews, releases, watches and traces reads them here. A use counts from
the day on which it is seen, whether or not 附件1 has recorded it yet (第二十条).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    DecimalField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Greatest

from core.parameters import Policy
from credit.choices import LedgerKind
from credit.models import Clause, LedgerEntry, Loan, PastUse
from credit.selectors.accounts import undoing
from monitoring.choices import PaymentStatus, SeenAs
from monitoring.loan_money.rules.needs import ABOUT_PAYMENTS, ENTRUST_ABOVE, SCHEME, SELF_REVIEWED
from monitoring.models import FundUse, Payment, SeenUse
from workflow.services.days import go_live_on

_MONEY: Any = DecimalField(max_digits=20, decimal_places=2)
_NONE = Value(Decimal(0), output_field=_MONEY)


def _sum(rows: QuerySet[Any], by: str, amount: Any = "amount") -> Coalesce:
    total = rows.order_by().values(by).annotate(s=Sum(amount, output_field=_MONEY)).values("s")
    return Coalesce(Subquery(total), _NONE, output_field=_MONEY)


def disbursements(on: date) -> QuerySet[LedgerEntry]:
    """What was paid out to borrowers, as known on the day; a reversal is among them with `reverses`."""
    return LedgerEntry.objects.known(on).filter(kind=LedgerKind.DISBURSEMENT)


def released_by(on: date) -> QuerySet[Payment]:
    """Payments released by the day whose movement, if there is one, was not undone."""
    return Payment.objects.filter(status=PaymentStatus.RELEASED, released_on__lte=on).exclude(
        Exists(undoing("transaction", on))
    )


def seen_uses(on: date) -> QuerySet[SeenUse]:
    """Uses known by the day whose movement, their own or that of their payment, was not undone."""
    rows = SeenUse.objects.filter(known_on__lte=on)
    return rows.exclude(Exists(undoing("transaction", on))).exclude(
        Exists(undoing("payment__transaction", on))
    )


def seen_without_review(on: date) -> QuerySet[SeenUse]:
    """Uses that were seen and that no reviewed payment stands for."""
    carried = Payment.objects.filter(transaction=OuterRef("transaction"))
    return seen_uses(on).exclude(seen_as=SeenAs.PAYMENT).exclude(Exists(carried))


def released_unseen(on: date) -> QuerySet[Payment]:
    """Released payments that no day has written down as a use yet: the money is spent when it is released."""
    return released_by(on).exclude(Exists(SeenUse.objects.filter(payment=OuterRef("pk"))))


def written_in_by_hand(on: date) -> QuerySet[FundUse]:
    """Uses of 附件1 that neither a payment nor a movement shows: cash, and what passed no account here."""
    rows = FundUse.objects.in_force(on)
    return rows.filter(used_on__lte=on, payment__isnull=True, transaction__isnull=True)


def with_unpaid(loans: QuerySet[Any], on: date, *, seen_by: date | None = None) -> QuerySet[Any]:
    """Loans with `disbursed`, `used_before`, `paid_out`, `unpaid` (still to be paid out) and `held` (on the account).

    What was released but has not left the account yet is `held`, though no longer `unpaid`. `used_before` is what was
    used before the lender's first day (上线前已用): as `PastUse` says, else all that was paid out by then. `paid_out`
    is what was used since. `seen_by`: the last day whose uses count, where it is not the day itself.
    """
    entries = disbursements(on).filter(loan=OuterRef("pk"))
    started = Case(
        When(starts_on__lte=on, then=F("amount")), default=_NONE, output_field=_MONEY
    )  # a core system that sends no ledger
    released = released_by(on).filter(loan=OuterRef("pk"))
    recorded = FundUse.objects.in_force(on).filter(payment=OuterRef("pk"))
    gone = released.filter(Q(transaction__isnull=False) | Exists(recorded))
    seen = seen_without_review(on).filter(known_on__lte=seen_by or on, loan=OuterRef("pk"))
    by_hand = written_in_by_hand(on).filter(loan=OuterRef("pk"))

    def rest(paid: str) -> Greatest:
        used = F("used_before") + F(paid) + F("used_otherwise")
        return Greatest(F("disbursed") - used, _NONE, output_field=_MONEY)

    return (
        loans.annotate(
            disbursed=Coalesce(Subquery(_signed(entries)), started, output_field=_MONEY),
            paid_by_release=_sum(released, "loan"),
            gone_by_release=_sum(gone, "loan"),
            used_otherwise=ExpressionWrapper(_sum(seen, "loan") + _sum(by_hand, "loan"), output_field=_MONEY),
        )
        .annotate(
            used_before=_used_before(entries, on),
            paid_out=ExpressionWrapper(F("paid_by_release") + F("used_otherwise"), output_field=_MONEY),
        )
        .annotate(unpaid=rest("paid_by_release"), held=rest("gone_by_release"))
    )


def _signed(entries: QuerySet[Any]) -> QuerySet[Any]:
    """The sum of entries of one loan, reversals taken off."""
    signed = Case(When(reverses__isnull=True, then=F("amount")), default=-F("amount"), output_field=_MONEY)
    return entries.order_by().values("loan").annotate(s=Sum(signed, output_field=_MONEY)).values("s")


def _used_before(entries: QuerySet[Any], on: date) -> Any:
    """What of a loan of before was used before the lender's first day; nothing of any other."""
    first = go_live_on()
    if first is None:
        return _NONE
    told = PastUse.objects.filter(loan=OuterRef("pk"), known_on__lte=on).values("amount")
    since = Coalesce(Subquery(_signed(entries.filter(effective_on__gte=first))), _NONE, output_field=_MONEY)
    by_then = ExpressionWrapper(F("disbursed") - since, output_field=_MONEY)
    before = Coalesce(Subquery(told), by_then, output_field=_MONEY)
    return Case(When(starts_on__lt=first, then=before), default=_NONE, output_field=_MONEY)


def unpaid(loans: Iterable[Loan], on: date) -> dict[int, Decimal]:
    """Loan money not used yet, neither by released payments nor otherwise, by loan; one query."""
    rows = with_unpaid(Loan.objects.filter(pk__in=[loan.pk for loan in loans]).order_by(), on)
    return dict(rows.values_list("pk", "unpaid"))


UNDERWAY = (PaymentStatus.SUBMITTED, PaymentStatus.REVIEWED)


def underway(
    loans: Iterable[Loan], *, but: int | None = None, status: Collection[PaymentStatus] = UNDERWAY
) -> dict[int, Decimal]:
    """What is asked for and not yet released, by loan; `but`: the document of a payment that does not count."""
    rows = Payment.objects.filter(loan__in=[loan.pk for loan in loans], status__in=list(status))
    if but is not None:
        rows = rows.exclude(document=but)
    return dict(rows.order_by().values("loan").annotate(s=Sum("amount")).values_list("loan", "s"))


def may_need_review(policy: Policy) -> Q:
    """Loans whose payments may have to be reviewed, by product and amount, or because their contract speaks of it.

    What a database can answer; `needs.need` says it exactly.
    """
    above = policy.get(SCHEME, ENTRUST_ABOVE).value
    always = set(policy.get(SCHEME, SELF_REVIEWED).value)
    where = Q(pk__in=[])
    for product, amount in above.items():
        own = Q(product=product)
        where |= own if product in always else own & Q(amount__gt=Decimal(str(amount)))
    agreed = Clause.objects.known(policy.on).filter(kind__in=ABOUT_PAYMENTS).values("contract")
    return where | Q(contract__in=agreed, product__in=list(above))
