"""What the book itself asks of a customer manager: originals of letters of guarantee back, new borrowers reached."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.models import (
    CharField,
    DateField,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role
from core.parameters import Policy
from credit.choices import Product
from credit.duties.subjects import BorrowerRule, ManagedLoanRule
from credit.models import Contact, LetterOfGuarantee, LetterReturn, Loan, LoanReading
from credit.selectors.exposures import exposures, whether
from credit.selectors.schemes import scheme_of, schemes_under, under
from workflow.duties import Required, Verdict
from workflow.services.days import go_live_on

LONGEST_HOLIDAY = timedelta(days=14)  # a day moves forward to a workday by no more than this


class OriginalRecovery(ManagedLoanRule):
    """本息催收第4项: 保函到期前 30 日提醒，到期次日起收回签发原件；电子保函免收.

    The balance plays no part: the core system takes an expired letter off its books while the original is still out.
    """

    obligation = "GR-6.4.4"
    kind = "original_recovery"
    title = _("收回保函原件")
    scheme = "GR"

    def affected(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Letters of guarantee."""
        return Loan.objects.filter(product=Product.LETTER_OF_GUARANTEE).order_by().values_list("pk")

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Letters that expire soon or have expired, whose original is out; or with an open duty of this rule."""
        ahead = max(
            int(policy.get(scheme, "letter_of_guarantee.remind_before").value["days"])
            for scheme in policy.parameters
        )
        known = LoanReading.objects.known(on).filter(loan=OuterRef("pk"))
        electronic = LetterOfGuarantee.objects.filter(loan=OuterRef("pk"), is_electronic=True)
        back = LetterReturn.objects.known(on).filter(loan=OuterRef("pk"))
        out = Q(
            Exists(known),
            product=Product.LETTER_OF_GUARANTEE,
            ends_on__lte=on + timedelta(days=ahead) + LONGEST_HOLIDAY,
            is_electronic=False,
            is_back=False,
        )
        return (
            self.loans(on, policy)
            .annotate(is_electronic=whether(electronic), is_back=whether(back))
            .filter(out | Q(Exists(self.standing().filter(subject_id=OuterRef("pk")))))
        )

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """Until it expires the manager arranges its return; from the day after, he takes it back."""
        if row.is_back:
            return Verdict((), "原件已收回，或受益人已书面解除责任", nothing_more=True)
        if row.is_electronic:
            return Verdict((), "电子保函，没有原件可收", nothing_more=True)
        expiry: date = row.ends_on
        if on > expiry:
            within = policy.get(row.scheme_code, "letter_of_guarantee.recover_within")
            days = int(within.value["workdays"])
            recovery = Required(
                f"recover:{expiry}",
                expiry + timedelta(days=1),
                policy.calendar.add_workdays(expiry, days),
                f"保函 {row.number} 已于 {expiry} 到期，{days} 个工作日内收回签发原件。",
                within.version_id,
            )
            return Verdict((recovery,), "保函到期日已变更")
        before = policy.get(row.scheme_code, "letter_of_guarantee.remind_before")
        days = int(before.value["days"])
        shown = max(policy.calendar.preceding_workday(expiry - timedelta(days=days)), row.starts_on)
        if on < shown:
            return Verdict((), "保函到期日已变更", nothing_more=True)
        reminder = Required(
            f"remind:{expiry}",
            shown,
            expiry,
            f"保函 {row.number} 将于 {expiry} 到期，请与客户约定交还签发原件。",
            before.version_id,
        )
        # While the letter is in force, nothing is owed for an expiry that no longer is one.
        return Verdict((reminder,), "保函到期日已变更", nothing_more=True)


class FirstContact(BorrowerRule):
    """贷款贷后管理规定第三条: 管户信贷员 5 个工作日内与借款人取得联系，建立固定联系方式."""

    obligation = "GD-3.2"
    kind = "fixed_contact"
    title = _("建立固定联系")
    post = Role.CUSTOMER_MANAGER
    scheme = "GD"
    repaid = "已无本方案下的贷款"

    def affected(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers to whom something was granted under the scheme, since so long that the contact is asked for."""
        lent = Loan.objects.filter(under(policy, self.scheme))
        if since := self.asked_since(policy):
            lent = lent.filter(starts_on__gte=since)
        return lent.order_by().values_list("borrower")

    def asked_since(self, policy: Policy) -> date | None:
        """Whoever was due before the lender's first day is not asked about day after day."""
        go_live = go_live_on()
        if go_live is None:
            return None
        longest = max(
            int(policy.get(scheme, "contact.within").value["workdays"])
            for scheme in schemes_under(policy, self.scheme)
        )
        return go_live - timedelta(days=2 * longest) - LONGEST_HOLIDAY

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Borrowers under the scheme who cannot be reached yet, or with an open duty of this rule."""
        named = self.standing().filter(
            subject_id=OuterRef("borrower"), period_key=Concat(Value("first:"), OuterRef("number"))
        )
        # A loan whose duty stands stays the first one, also when it is repaid and a later one is still live.
        first = (
            Loan.objects.annotate(scheme_code=scheme_of(policy))
            .filter(
                Q(Exists(exposures(on).filter(pk=OuterRef("pk")))) | Q(Exists(named)),
                borrower=OuterRef("pk"),
                scheme_code__in=schemes_under(policy, self.scheme),
            )
            .order_by("starts_on", "number")
        )
        reached = Contact.objects.known(on).filter(borrower=OuterRef("pk"))
        new = Q(is_reached=False)
        if since := self.asked_since(policy):
            new &= Q(first_loan_on__gte=since)
        return (
            self.borrowers(on, policy)
            .annotate(
                is_reached=whether(reached),
                first_number=Subquery(first.values("number")[:1], output_field=CharField()),
                first_loan_on=Subquery(first.values("starts_on")[:1], output_field=DateField()),
                first_scheme=Subquery(first.values("scheme_code")[:1], output_field=CharField()),
            )
            .filter(new | Q(Exists(self.standing().filter(subject_id=OuterRef("pk")))))
        )

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """Once, within so many workdays of the borrower's first live loan."""
        if row.is_reached:
            return Verdict((), "已建立固定联系方式", nothing_more=True)
        if ended := self.ended(row, on, policy):
            return ended
        within = policy.get(row.first_scheme, "contact.within")
        days = int(within.value["workdays"])
        return Verdict(
            (
                Required(
                    f"first:{row.first_number}",
                    row.first_loan_on,
                    policy.calendar.add_workdays(row.first_loan_on, days),
                    f"借据 {row.first_number} 于 {row.first_loan_on} 发放，{days} 个工作日内与借款人建立固定联系方式。",
                    within.version_id,
                ),
            ),
            "首笔借据已更正",
        )


RULES = (OriginalRecovery(), FirstContact())
