"""How much of a loan's money has been paid out, and how much is still to be. Money in 元."""

from __future__ import annotations

from collections.abc import Iterable
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

from core.policy import Policy
from credit.choices import ClauseKind, LedgerKind
from credit.models import Clause, LedgerEntry, Loan
from credit.selectors import undoing
from monitoring.choices import PaymentStatus
from monitoring.models import FundUse, Payment
from monitoring.payments.needs import ENTRUST_ABOVE, SCHEME, SELF_REVIEWED
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


def other_uses(on: date) -> QuerySet[FundUse]:
    """Recorded uses of loan money that no released payment stands for."""
    carried = Payment.objects.filter(transaction=OuterRef("transaction"))
    return FundUse.objects.filter(is_in_force=True, used_on__lte=on, payment__isnull=True).exclude(
        Exists(carried)
    )


def with_unpaid(loans: QuerySet[Any], on: date) -> QuerySet[Any]:
    """Loans with `disbursed`, `paid_out`, `unpaid` (still to be paid out) and `held` (still on the account).

    What was released but has not left the account yet is `held`, though no longer `unpaid`. Nothing is unpaid of a
    loan from before the lender's first day: its papers are not of this system.
    """
    signed = Case(When(reverses__isnull=True, then=F("amount")), default=-F("amount"), output_field=_MONEY)
    entries = disbursements(on).filter(loan=OuterRef("pk"))
    started = Case(
        When(starts_on__lte=on, then=F("amount")), default=_NONE, output_field=_MONEY
    )  # a core system that sends no ledger
    entered = entries.order_by().values("loan").annotate(s=Sum(signed, output_field=_MONEY)).values("s")
    released = released_by(on).filter(loan=OuterRef("pk"))
    recorded = FundUse.objects.filter(payment=OuterRef("pk"), is_in_force=True)
    gone = released.filter(Q(transaction__isnull=False) | Exists(recorded))
    first = go_live_on()
    old = Q(starts_on__lt=first) if first else Q(pk__in=[])

    def rest(paid: str) -> Case:
        left = Greatest(F("disbursed") - F(paid) - F("used_otherwise"), _NONE, output_field=_MONEY)
        return Case(When(old, then=_NONE), default=left, output_field=_MONEY)

    return (
        loans.annotate(
            disbursed=Coalesce(Subquery(entered), started, output_field=_MONEY),
            paid_by_release=_sum(released, "loan"),
            gone_by_release=_sum(gone, "loan"),
            used_otherwise=_sum(other_uses(on).filter(loan=OuterRef("pk")), "loan"),
        )
        .annotate(
            paid_out=ExpressionWrapper(F("paid_by_release") + F("used_otherwise"), output_field=_MONEY),
        )
        .annotate(unpaid=rest("paid_by_release"), held=rest("gone_by_release"))
    )


def unpaid(loans: Iterable[Loan], on: date) -> dict[int, Decimal]:
    """Loan money not yet paid out by released payments or recorded uses, by loan; one query."""
    rows = with_unpaid(Loan.objects.filter(pk__in=[loan.pk for loan in loans]).order_by(), on)
    return dict(rows.values_list("pk", "unpaid"))


def underway(loans: Iterable[Loan], *, but: int | None = None) -> dict[int, Decimal]:
    """What is asked for and not yet released, by loan; `but`: the document of a payment that does not count."""
    rows = Payment.objects.filter(
        loan__in=[loan.pk for loan in loans], status__in=[PaymentStatus.SUBMITTED, PaymentStatus.REVIEWED]
    )
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
    telling = [ClauseKind.PAYMENT_MODE, ClauseKind.PAYMENT_CONSENT, ClauseKind.PASSIVE_DEBIT_BAN]
    agreed = Clause.objects.known(policy.on).filter(kind__in=telling).values("contract")
    return where | Q(contract__in=agreed, product__in=list(above))
