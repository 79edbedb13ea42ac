"""What contracts ask of a customer manager: rights to be agreed (第二十四条), promises to be met (第四条)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    CharField,
    DateField,
    Exists,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext_lazy as _

from accounts.choices import Role
from core.parameters import Parameter, Policy
from credit.choices import ClauseKind
from credit.contracts.services import CLAUSE, CONDITION, PAYMENT_CLAUSES
from credit.duties.subjects import LentRule
from credit.models import ApprovalCondition, Clause, Contract, Loan
from credit.selectors.exposures import exposures, whether
from credit.selectors.responsible import managers_of
from credit.selectors.schemes import schemes_under, under
from workflow.choices import SubjectKind
from workflow.duties import EachFact, Owner, Required, Told, Verdict, as_told
from workflow.services.days import go_live_on

MODES, PRODUCTS = "contract_clauses.modes", "contract_clauses.products"  # whose payments are reviewed
LONGEST = 100  # characters of a promise that a duty tells; the register has it whole


class ContractRule(LentRule):
    """A rule whose subject is a contract, owed by the borrower's customer manager."""

    subject = SubjectKind.CONTRACT
    post = Role.CUSTOMER_MANAGER
    scheme = "GR"
    repaid = "合同项下已无余额"

    def of_borrowers(self, ids: Sequence[int]) -> Sequence[int]:
        """The contracts of these borrowers."""
        return list(Contract.objects.filter(borrower__in=ids).values_list("pk", flat=True))

    def meant(self, on: date, policy: Policy) -> Q:
        """Which contracts may owe something."""
        raise NotImplementedError

    def affected(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Contracts of the scheme that `meant` speaks of."""
        mine = under(policy, self.scheme, contract="")
        return Contract.objects.filter(mine, self.meant(on, policy)).order_by().values_list("pk")

    def contracts(self, on: date, policy: Policy) -> QuerySet[Contract]:
        """Contracts that are affected, or with an open duty of this rule; with `is_owed` (a loan with a
        balance), `has_loans`, `duty_unit` and `duty_person`."""
        # What was granted later had not been granted on the day, although by now it is known.
        loans = Loan.objects.filter(contract=OuterRef("pk"), starts_on__lte=on).order_by("-starts_on", "-pk")
        manager = managers_of("borrower", on)
        return (
            Contract.objects.annotate(
                is_owed=whether(exposures(on).filter(contract=OuterRef("pk"))),
                has_loans=whether(loans),
                duty_person=Subquery(manager.values("person")[:1]),
                duty_unit=Coalesce(Subquery(manager.values("unit")[:1]), Subquery(loans.values("unit")[:1])),
            )
            .filter(
                pk__in=self.affected(on, policy).union(self.standing().order_by().values_list("subject_id"))
            )
            .filter(duty_unit__isnull=False)
            .select_related("borrower")
        )

    def is_live(self, row: Any, on: date) -> bool:
        """Whether anything is owed under the contract."""
        return bool(row.is_owed)

    def schemes_of(self, row: Any, on: date, policy: Policy) -> Collection[str]:
        """Its own, while it is live."""
        return [self.scheme_of(row, policy)] if self.is_live(row, on) else []

    def scheme_of(self, row: Any, policy: Policy) -> str:
        """The scheme that the contract is managed under."""
        return row.scheme or policy.products().get(row.product, "")

    def owner(self, row: Any) -> Owner:
        """The borrower's customer manager of the day; nobody where the post is vacant."""
        return Owner(row.borrower.number, row.borrower.name, row.duty_unit, row.duty_person)


class PaymentClauses(ContractRule):
    """第二十四条: 需审核的贷款，合同须约定支付须经我行同意，且不得以票据交换、托收等被动划款方式支付."""

    obligation = "GR-24"
    kind = "contract_clauses"
    title = _("补签支付约定")
    listed = _("约定支付审核")

    def meant(self, on: date, policy: Policy) -> Q:
        """Granted under, may be reviewed, and lacking one of the two clauses."""
        clauses = Clause.objects.known(on).filter(contract=OuterRef("pk"))
        modes: set[str] = set()
        products: set[str] = set()
        for scheme in schemes_under(policy, self.scheme):
            modes.update(policy.get(scheme, MODES).value)
            products.update(policy.get(scheme, PRODUCTS).value)
        reviewed = Q(product__in=products) | Q(Exists(clauses.filter(payment_mode__in=modes)))
        lacking = Q()
        for kind in PAYMENT_CLAUSES:
            lacking |= ~Q(Exists(clauses.filter(kind=kind)))
        return reviewed & lacking & Q(Exists(self.granted(on)))

    def granted(self, on: date) -> QuerySet[Loan]:
        """The loans under the contract that is the outer row."""
        return Loan.objects.filter(contract=OuterRef("pk"), starts_on__lte=on).order_by()

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Contracts whose payments may be reviewed and that lack one of the two clauses, or with an open duty."""
        clauses, granted = Clause.objects.known(on).filter(contract=OuterRef("pk")), self.granted(on)
        first = granted.values("contract").annotate(first=Min("starts_on")).values("first")
        begins = Coalesce(Subquery(first), F("signed_on"))
        return self.contracts(on, policy).annotate(
            kinds=ArraySubquery(clauses.order_by("kind").values("kind").distinct()),
            modes=ArraySubquery(
                clauses.exclude(payment_mode="").order_by("payment_mode").values("payment_mode").distinct()
            ),
            begins_on=Greatest(begins, Coalesce(Value(go_live_on(), output_field=DateField()), begins)),
        )

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """Owed until both are registered; what is registered late is not owed any more either."""
        if ended := self.ended(row, on, policy):
            return ended
        code = self.scheme_of(row, policy)
        by_mode = set(row.modes) & set(policy.get(code, MODES).value)
        if not by_mode and row.product not in policy.get(code, PRODUCTS).value:
            return Verdict((), "支付不须审核", nothing_more=True)
        missing = [kind for kind in PAYMENT_CLAUSES if kind not in row.kinds]
        if not missing:
            return Verdict((), "两条约定均已登记", nothing_more=True)
        within = policy.get(code, "contract_clauses.within")
        days = int(within.value["workdays"])
        words = "、".join(f"“{kind.label}”" for kind in missing)
        return Verdict(
            (
                Required(
                    "clauses",
                    row.begins_on,
                    policy.calendar.add_workdays(row.begins_on, days),
                    f"合同 {row.number} 的支付须经审核，合同约定中还没有登记{words}，请补签并登记。",
                    within.version_id,
                ),
            )
        )


class ContractTerms(EachFact, ContractRule):
    """第四条: 充分运用合同约定的权利义务——有期限的约定和批复要求，到期前提示.

    Met or moved away, it is not owed any more.
    """

    obligation = "GR-4"
    kind = "contract_terms"
    title = _("落实合同约定")
    listed = _("落实合同约定和批复要求")
    parameter = "contract_terms.remind_before"
    otherwise = "已落实，或期限已变更"

    def is_live(self, row: Any, on: date) -> bool:
        """Also while something may still be granted."""
        return bool(row.is_owed or (not row.has_loans and row.ends_on >= on))

    def meant(self, on: date, policy: Policy) -> Q:
        """With a promise or a demand that is not met and falls due soon."""
        clauses, conditions = self.unmet(on, policy)
        return Q(Exists(clauses)) | Q(Exists(conditions))

    def unmet(self, on: date, policy: Policy) -> tuple[QuerySet[Clause], QuerySet[ApprovalCondition]]:
        """Promises and demands of the contract that is the outer row, not met and due soon."""
        schemes = schemes_under(policy, self.scheme)
        ahead = max(int(policy.get(s, self.parameter).value["days"]) for s in schemes)
        soon = Q(contract=OuterRef("pk"), due_on__lte=on + timedelta(days=ahead))
        return Clause.objects.unmet(on).filter(soon), ApprovalCondition.objects.unmet(on).filter(soon)

    def facts(self, on: date, policy: Policy) -> Sequence[QuerySet[Any]]:
        """What the approval demands, then what the contract promises."""
        clauses, conditions = (rows.order_by("place") for rows in self.unmet(on, policy))
        text = Coalesce("text", Value(""), output_field=CharField())
        return [
            as_told(conditions, CONDITION, day="due_on", number="place", text="text"),
            as_told(clauses, CLAUSE, day="due_on", number="place", text=text, kind="kind"),
        ]

    def candidates(self, on: date, policy: Policy) -> QuerySet[Any]:
        """Contracts with a promise or a demand that is not met and falls due soon, or with an open duty."""
        return self.with_facts(self.contracts(on, policy), on, policy)

    def judge(self, row: Any, on: date, policy: Policy) -> Verdict:
        """One duty for each."""
        return self.ended(row, on, policy) or super().judge(row, on, policy)

    def figure(self, row: Any, policy: Policy) -> Parameter:
        """Of the contract's own scheme."""
        return policy.get(self.scheme_of(row, policy), self.parameter)

    def days(self, row: Any, fact: Told, on: date, policy: Policy) -> tuple[date, date] | None:
        """Owed so many days before its day."""
        begins_on = fact.day - timedelta(days=int(self.figure(row, policy).value["days"]))
        return (max(begins_on, row.signed_on), fact.day) if on >= begins_on else None

    def words(self, row: Any, fact: Told, policy: Policy) -> str:
        """合同 HT9 约定“其他约定：年度分红不超过三成”; a long text is cut, the register has it whole."""
        text = fact.read["text"][:LONGEST]
        if fact.sort == CLAUSE:
            label = str(ClauseKind(fact.read["kind"]).label)
            what = f"约定“{label}{'：' if text else ''}{text}”"
        else:
            what = f"批复要求“{text}”"
        return f"合同 {row.number} {what}，{fact.day} 前须落实。"


RULES = (PaymentClauses(), ContractTerms())
