"""The letters that the book requires: before a loan matures, the borrower and its guarantors are told in writing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.models import DateField, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_lazy as _

from core.parameters import Policy
from core.periods import add_months
from credit.choices import NoticeKind, Product, Recipient
from credit.duties.subjects import ManagedLoanRule
from credit.models import Loan, LoanTerms, PastLetter
from credit.selectors.exposures import whether
from credit.selectors.schemes import schemes_under, under
from workflow.duties import Required, Verdict
from workflow.services.days import go_live_on

# Two of fourteen days: one before the letter goes out, one while it is prepared.
LONGEST_HOLIDAY = timedelta(days=28)
# The borrower repays nothing on these.
WITHOUT_LETTER = (Product.ACCEPTANCE, Product.LETTER_OF_GUARANTEE, Product.DISCOUNT)


class MaturityLetter(ManagedLoanRule):
    """本息催收第1项: 贷款到期前一个月必须发出到期贷款催收函，经借款人和担保人确认后存档."""

    obligation = "GR-6.4.1"
    kind = "maturity_letter"
    title = _("到期贷款催收函")
    scheme = "GR"
    repaid = "已结清，不再需要催收函"

    def affected(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Loans under the scheme that mature soon by whatever any terms ever said: which of them are in force is a
        question for few loans, not for every one."""
        reach = (on + timedelta(days=1), on + self.shown_at_most(policy))
        agreed = LoanTerms.objects.known(on).filter(matures_on__range=reach).order_by().values("loan")
        soon = (
            Loan.objects.filter(under(policy, self.scheme))
            .exclude(product__in=WITHOUT_LETTER)
            .filter(Q(matures_on__range=reach) | Q(pk__in=agreed))
        )
        return soon.order_by().values_list("pk")

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Live loans under the scheme that mature soon, or with an open duty of this rule."""
        terms = LoanTerms.objects.known(on).filter(loan=OuterRef("pk"), matures_on=OuterRef("ends_on"))
        # Letters before this maturity was agreed were about another one (展期).
        letters = PastLetter.objects.known(on).filter(
            loan=OuterRef("pk"), kind=NoticeKind.MATURITY, effective_on__gte=OuterRef("agreed_on")
        )
        begins_on = Greatest(
            "starts_on",
            Coalesce(Subquery(terms.order_by("known_on").values("known_on")[:1]), F("starts_on")),
            Coalesce(Value(go_live_on(), output_field=DateField()), F("starts_on")),
        )
        return (
            self.loans(on, policy)
            .annotate(
                begins_on=begins_on,
                agreed_on=Coalesce(
                    Subquery(terms.order_by("effective_on").values("effective_on")[:1]), F("starts_on")
                ),
            )
            .annotate(
                is_sent=whether(letters.filter(recipient=Recipient.BORROWER)),
                is_unconfirmed=whether(letters.filter(received_on__isnull=True)),
            )
        )

    def shown_at_most(self, policy: Policy) -> timedelta:
        """No letter is prepared longer ahead, over the longest holidays too."""
        days = 0
        for scheme in schemes_under(policy, self.scheme):
            months = int(policy.get(scheme, "maturity_letter.before").value["months"])
            workdays = int(policy.get(scheme, "maturity_letter.prepare").value["workdays"])
            receipts = int(policy.get(scheme, "maturity_letter.receipts_before").value["days"])
            days = max(days, 31 * months + 2 * workdays, receipts)
        return timedelta(days=days) + LONGEST_HOLIDAY

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """One letter for the maturity in force, and then its receipts."""
        if ended := self.ended(row, on, policy):
            return ended
        if row.product in WITHOUT_LETTER:
            return Verdict((), self.outside, nothing_more=True)
        due = [self._letter(row, policy), self._receipts(row, policy)]
        return Verdict(
            tuple(need for need in due if need and need.counts_from <= on < row.ends_on),
            "到期日已变更，或上线前已办",
            # Before its day, what stands for another maturity is owed no more.
            nothing_more=on < row.ends_on,
        )

    def _letter(self, row: Any, policy: Policy) -> Required | None:
        """To be out a month before maturity, shown so many workdays before that."""
        sent_on = self.sent_on(row.ends_on, row.scheme_code, policy)
        prepare = policy.get(row.scheme_code, "maturity_letter.prepare")
        shown_on = policy.calendar.add_workdays(sent_on, -int(prepare.value["workdays"]))
        due_on = max(sent_on, policy.calendar.add_workdays(row.begins_on, 1))
        if row.is_sent or due_on >= row.ends_on:
            return None
        return Required(
            f"letter:{row.ends_on}",
            max(shown_on, row.begins_on),
            due_on,
            f"借据 {row.number} 于 {row.ends_on} 到期，须提前一个月向借款人和担保人发出到期贷款催收函。",
            prepare.version_id,
        )

    def _receipts(self, row: Any, policy: Policy) -> Required | None:
        """Owed from the day on which the letter must be out."""
        before = policy.get(row.scheme_code, "maturity_letter.receipts_before")
        days = int(before.value["days"])
        sent_on = self.sent_on(row.ends_on, row.scheme_code, policy)
        # Confirmed by the workday after the letter at the earliest, where the loan or the lender began late.
        earliest = policy.calendar.add_workdays(row.begins_on, 2)
        due_on = max(policy.calendar.preceding_workday(row.ends_on - timedelta(days=days)), earliest)
        if (row.is_sent and not row.is_unconfirmed) or due_on >= row.ends_on:
            return None
        return Required(
            f"receipts:{row.ends_on}",
            max(sent_on, row.begins_on),
            due_on,
            f"借据 {row.number} 于 {row.ends_on} 到期，到期前 {days} 天收齐借款人和担保人对催收函的确认并存档。",
            before.version_id,
        )

    def sent_on(self, ends_on: date, scheme: str, policy: Policy) -> date:
        """The last workday on which the letter may go out."""
        months = int(policy.get(scheme, "maturity_letter.before").value["months"])
        return policy.calendar.preceding_workday(add_months(ends_on, -months))


RULES = (MaturityLetter(),)
