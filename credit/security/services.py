"""Verbs on letters of guarantee: the original came back, the margin may go back. Money in 元."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role
from accounts.models import User
from accounts.selectors import accounting_units
from core import audit
from core.errors import Conflict, Invalid, Refused
from credit.choices import OriginalOutcome, Product
from credit.models import LetterClaim, LetterOfGuarantee, LetterReturn, Loan, MarginRelease
from credit.selectors.exposures import maturity

ORIGINAL_RECORDED = audit.act("credit.original.recorded", _("登记保函原件收回"))
MARGIN_RELEASED = audit.act("credit.margin.released", _("释放保证金"))


@transaction.atomic
def record_return(
    *,
    loan: Loan,
    outcome: OriginalOutcome,
    effective_on: date,
    custody: str,
    reference: str,
    by: User,
    on: date,
) -> LetterReturn:
    """Record that the original came back, or that the beneficiary released the lender in writing; once per letter.

    Conflict where it is recorded already: what stands is a fact and is not written over.
    """
    Loan.objects.select_for_update().get(pk=loan.pk)
    if (known := loan.letter_returns.first()) is not None:
        raise Conflict(
            f"保函 {loan.number} 的原件已于 {known.effective_on} 登记为“{known.get_outcome_display()}”，不能再登记。"
        )
    row = LetterReturn.objects.create(
        loan=loan,
        outcome=outcome,
        effective_on=effective_on,
        known_on=on,
        custody=custody,
        reference=reference,
    )
    audit.record(
        act=ORIGINAL_RECORDED,
        subject=row,
        borrower_number=loan.borrower.number,
        after={
            "loan": loan.number,
            "outcome": outcome,
            "effective_on": effective_on,
            "custody": custody,
            "reference": reference,
            "by": by.username,
        },
    )
    return row


@dataclass(frozen=True)
class Standing:
    """A letter of guarantee as it stands on a day; `claim` is one that is not settled, if any."""

    loan: Loan
    on: date
    expires_on: date
    letter: LetterOfGuarantee | None
    original: LetterReturn | None
    claim: LetterClaim | None
    released: MarginRelease | None

    @property
    def is_electronic(self) -> bool:
        """Whether there is no original to take back."""
        return bool(self.letter and self.letter.is_electronic)

    @property
    def has_expired(self) -> bool:
        """From the day after the expiry on."""
        return self.on > self.expires_on


def visible_letters(user: User, on: date) -> QuerySet[Loan]:
    """Letters of guarantee that the person may read; an accountant reads those of their branch."""
    letters = Loan.objects.filter(product=Product.LETTER_OF_GUARANTEE)
    if not user.scope.has(Role.ACCOUNTANT):
        return letters.visible_to(user)
    return letters.filter(unit__in=accounting_units(user, on))


def standings(loans: QuerySet[Loan], on: date) -> list[Standing]:
    """How letters stand on the day, as known by then, in the order given; a fixed number of questions."""
    unsettled = Q(settled_on__isnull=True) | Q(settled_on__gt=on)
    rows: Any = (
        loans.annotate(expires_on=maturity(on))
        .select_related("borrower", "letter", "margin_release")
        .prefetch_related(
            Prefetch("letter_returns", queryset=LetterReturn.objects.known(on), to_attr="back"),
            Prefetch(
                "letter_claims",
                queryset=LetterClaim.objects.filter(unsettled).order_by("claimed_on"),
                to_attr="unsettled",
            ),
        )
    )
    return [
        Standing(
            row,
            on,
            row.expires_on,
            getattr(row, "letter", None),
            next(iter(row.back), None),
            next(iter(row.unsettled), None),
            getattr(row, "margin_release", None),
        )
        for row in rows
    ]


def standing(loan: Loan, on: date) -> Standing:
    """How one letter stands on the day."""
    return standings(Loan.objects.filter(pk=loan.pk), on)[0]


@transaction.atomic
def release_margin(*, loan: Loan, amount: Decimal, by: User, on: date, at: datetime) -> MarginRelease:
    """Let the margin of an expired letter go back to the customer, once; refused as `check_can_release` says.

    The database refuses it too while a claim is open, whoever writes the row.
    """
    Loan.objects.select_for_update().get(pk=loan.pk)
    check_can_release(standing(loan, on), by)
    if not Decimal(0) < amount <= loan.margin:
        raise Invalid(f"释放金额须大于 0，且不超过保函约定的保证金 {loan.margin:,.2f} 元，请核对。")
    row = MarginRelease.objects.create(
        loan=loan, amount=amount, effective_on=on, known_on=on, recorded_by=by.username, recorded_at=at
    )
    audit.record(
        act=MARGIN_RELEASED,
        subject=row,
        borrower_number=loan.borrower.number,
        after={"loan": loan.number, "amount": amount, "effective_on": on},
    )
    return row


def check_can_release(letter: Standing, by: User) -> None:
    """Raise Refused, with the sentence that the button shows, unless the margin may be released on the day."""
    if not by.scope.has(Role.ACCOUNTANT):
        raise Refused("释放保证金由会计登记。")
    if letter.released:
        raise Conflict(f"这笔保函的保证金已于 {letter.released.effective_on} 释放。")
    if letter.loan.margin <= 0:
        raise Refused("这笔保函没有保证金。")
    if claim := letter.claim:
        raise Refused(
            f"索赔未了，不得释放保证金：{claim.claimed_on} 索赔 {claim.amount:,.2f} 元（{claim.number}），"
            "了结后再办。"
        )
    if not letter.has_expired:
        raise Refused(f"保函 {letter.expires_on} 到期，到期次日起方可释放保证金。")
    if not letter.is_electronic and letter.original is None:
        raise Refused("签发原件还没有收回，受益人也没有书面解除责任，请客户经理先办原件收回。")


def reason_not_to_release(letter: Standing, by: User) -> str:
    """Why the person may not release the margin on the day; empty where they may."""
    try:
        check_can_release(letter, by)
    except Refused as refusal:
        return str(refusal)
    return ""
