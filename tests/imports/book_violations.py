"""One violation of each constraint on groups, contracts' clauses, guarantees, bills, letters and opening facts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from core import clock
from credit.models import (
    ApprovalCondition,
    Bill,
    Clause,
    Collateral,
    Contact,
    Counterparty,
    DeclaredSales,
    Group,
    GroupMember,
    Guarantee,
    LetterClaim,
    LetterReturn,
    Lien,
    LoanTerms,
    MarginRelease,
    OtherDebt,
    PastInspection,
    PastLetter,
    PastUse,
    RelatedParty,
    Secured,
    Valuation,
)

D1, D2 = date(2026, 11, 20), date(2026, 11, 21)
ONE, MINUS = Decimal(1), Decimal("-0.01")
Made = Callable[..., Any]


def group(c: SimpleNamespace, **changes: Any) -> Group:
    return Group.objects.create(**{"number": "G1", "name": "集团", **changes})


def member(c: SimpleNamespace, **changes: Any) -> GroupMember:
    g, _ = Group.objects.get_or_create(number="G1", defaults={"name": "集团"})
    fields = {"group": g, "borrower": c.borrower, "role": "PARENT", "from_on": D1, "known_on": D1}
    return GroupMember.objects.create(**{**fields, **changes})


def related(c: SimpleNamespace, **changes: Any) -> RelatedParty:
    fields = {"borrower": c.borrower, "relation": "SHAREHOLDER", "name": "甲"}
    return RelatedParty.objects.create(**{**fields, **changes})


def clause(c: SimpleNamespace, **changes: Any) -> Clause:
    return Clause.objects.create(**{"contract": c.contract, "place": 1, "kind": "OTHER", **changes})


def condition(c: SimpleNamespace, **changes: Any) -> ApprovalCondition:
    return ApprovalCondition.objects.create(
        **{"contract": c.contract, "place": 1, "text": "追加保证", **changes}
    )


def guarantee(c: SimpleNamespace, **changes: Any) -> Guarantee:
    fields = {"number": "B1", "borrower": c.borrower, "kind": "MORTGAGE", "guarantor_name": "乙", "amount": ONE,
              "signed_on": D1}  # fmt: skip
    if "number" not in changes and (known := Guarantee.objects.filter(number="B1").first()):
        return known
    return Guarantee.objects.create(**{**fields, **changes})


def secured(c: SimpleNamespace, **changes: Any) -> Secured:
    fields = {"guarantee": guarantee(c), "loan": c.loan, "amount": ONE, "from_on": D1, "known_on": D1}
    return Secured.objects.create(**{**fields, **changes})


def collateral() -> Collateral:
    fields = {"kind": "HOUSE", "name": "房产", "owner_name": "乙"}
    return Collateral.objects.get_or_create(number="Y1", defaults=fields)[0]


def lien(c: SimpleNamespace, **changes: Any) -> Lien:
    return Lien.objects.create(**{"guarantee": guarantee(c), "collateral": collateral(), **changes})


def valuation(c: SimpleNamespace, **changes: Any) -> Valuation:
    fields = {"collateral": collateral(), "effective_on": D1, "known_on": D1, "value": ONE}
    return Valuation.objects.create(**{**fields, **changes})


def bill(c: SimpleNamespace, **changes: Any) -> Bill:
    fields = {"number": "P1", "loan": c.loan, "amount": ONE, "drawn_on": D1, "matures_on": D2, "known_on": D1}
    return Bill.objects.create(**{**fields, **changes})


def claim(c: SimpleNamespace, **changes: Any) -> LetterClaim:
    return LetterClaim.objects.create(
        **{"number": "S1", "loan": c.loan, "amount": ONE, "claimed_on": D2, **changes}
    )


def returned(c: SimpleNamespace, **changes: Any) -> LetterReturn:
    fields = {"loan": c.loan, "outcome": "RETURNED", "effective_on": D1, "known_on": D1, "custody": "保险柜"}
    return LetterReturn.objects.create(**{**fields, **changes})


def terms(c: SimpleNamespace, **changes: Any) -> LoanTerms:
    fields = {"loan": c.loan, "effective_on": D1, "known_on": D1, "matures_on": D2, "annual_rate": Decimal(0)}
    return LoanTerms.objects.create(**{**fields, **changes})


def release(c: SimpleNamespace, **changes: Any) -> MarginRelease:
    fields = {"loan": c.loan, "amount": ONE, "effective_on": D1, "known_on": D1, "recorded_by": "1001",
              "recorded_at": clock.now()}  # fmt: skip
    return MarginRelease.objects.create(**{**fields, **changes})


def inspection(c: SimpleNamespace, **changes: Any) -> PastInspection:
    fields = {"borrower": c.borrower, "effective_on": D1, "known_on": D1, "inspector": "丙"}
    return PastInspection.objects.create(**{**fields, **changes})


def letter(c: SimpleNamespace, **changes: Any) -> PastLetter:
    fields = {"number": "H1", "loan": c.loan, "kind": "MATURITY", "recipient": "BORROWER", "recipient_name": "甲",
              "effective_on": D1, "known_on": D1}  # fmt: skip
    return PastLetter.objects.create(**{**fields, **changes})


def past_use(c: SimpleNamespace, **changes: Any) -> PastUse:
    return PastUse.objects.create(
        **{"loan": c.loan, "amount": ONE, "effective_on": D1, "known_on": D1, **changes}
    )


def contact(c: SimpleNamespace, **changes: Any) -> Contact:
    fields = {"borrower": c.borrower, "person": "甲", "relation": "本人", "phone": "13900000001", "way": "PHONE",
              "reachable_at": "城西路 1 号", "effective_on": D1, "known_on": D1, "reference": "LX1"}  # fmt: skip
    return Contact.objects.create(**{**fields, **changes})


def counterparty(c: SimpleNamespace, **changes: Any) -> Counterparty:
    fields = {"borrower": c.borrower, "name": "丁", "account": "9001", "relation": "UPSTREAM", "known_on": D1}
    return Counterparty.objects.create(**{**fields, **changes})


def debt(c: SimpleNamespace, **changes: Any) -> OtherDebt:
    fields = {
        "borrower": c.borrower,
        "lender": "滕阁银行",
        "effective_on": D1,
        "known_on": D1,
        "balance": ONE,
    }
    return OtherDebt.objects.create(**{**fields, **changes})


def sales(c: SimpleNamespace, **changes: Any) -> DeclaredSales:
    fields = {"borrower": c.borrower, "effective_on": D1, "known_on": D1, "monthly_sales": ONE,
              "monthly_purchases": ONE}  # fmt: skip
    return DeclaredSales.objects.create(**{**fields, **changes})


def _twice(make: Made, **fields: Any) -> Made:
    def violate(c: SimpleNamespace) -> None:
        make(c, **fields)
        make(c, **fields)

    return violate


def _two_groups_at_once(c: SimpleNamespace) -> None:
    member(c)
    member(c, group=group(c, number="G2"), from_on=D2)


def _rank_held_twice(c: SimpleNamespace) -> None:
    lien(c)
    lien(c, guarantee=guarantee(c, number="B2"))


def _cancelled_unregistered(c: SimpleNamespace) -> None:
    lien(c, cancelled_on=D1)


BOOK: dict[str, Made] = {
    "a_membership_ends_after_it_begins": lambda c: member(c, from_on=D2, to_on=D1),
    "a_membership_is_entered_once": _twice(member, to_on=D2),
    "a_borrower_is_in_one_group_at_a_time": _two_groups_at_once,
    "a_related_party_is_entered_once": _twice(related),
    "nobody_is_related_to_themselves": lambda c: related(c, party=c.borrower),
    "a_share_is_a_fraction": lambda c: related(c, share=Decimal("1.01")),
    "a_clause_has_its_own_place": _twice(clause),
    "a_payment_mode_belongs_to_its_clause": lambda c: clause(c, kind="PAYMENT_MODE"),
    "a_settlement_share_belongs_to_its_clause": lambda c: clause(
        c, kind="SETTLEMENT_SHARE", share=Decimal(0)
    ),
    "an_agreed_balance_belongs_to_its_clause": lambda c: clause(c, kind="AGREED_BALANCE"),
    "a_clause_is_known_to_be_met_once_it_is": lambda c: clause(c, met_on=D2, met_known_on=D1),
    "a_condition_is_known_to_be_met_once_it_is": lambda c: condition(c, met_known_on=D1),
    "an_account_is_registered_once_for_a_borrower": _twice(counterparty),
    "a_counterparty_has_name_and_account": lambda c: counterparty(c, account=""),
    "a_counterparty_ends_after_it_begins": lambda c: counterparty(c, known_on=D2, ended_on=D1),
    "one_debt_per_lender_and_day": _twice(debt),
    "a_debt_elsewhere_is_not_negative": lambda c: debt(c, balance=MINUS),
    "a_debt_elsewhere_is_known_afterwards": lambda c: debt(c, effective_on=D2),
    "one_declaration_per_borrower_and_day": _twice(sales),
    "declared_sales_are_not_negative": lambda c: sales(c, monthly_purchases=MINUS),
    "a_declaration_is_known_afterwards": lambda c: sales(c, effective_on=D2),
    "a_condition_has_its_own_place": _twice(condition),
    "a_condition_says_what_it_demands": lambda c: condition(c, text=""),
    "a_guarantee_has_an_amount": lambda c: guarantee(c, amount=Decimal(0)),
    "only_a_surety_has_a_mode_and_a_period": lambda c: guarantee(c, mode="JOINT"),
    "only_a_maximum_guarantee_has_a_term_of_claims": lambda c: guarantee(c, to_on=D2),
    "the_term_of_claims_ends_after_it_begins": lambda c: guarantee(c, is_maximum=True, from_on=D2, to_on=D1),
    "nobody_is_their_own_surety": lambda c: guarantee(c, kind="SURETY", guarantor=c.borrower),
    "a_guarantee_secures_a_loan_once": _twice(secured),
    "what_is_secured_has_an_amount": lambda c: secured(c, amount=Decimal(0)),
    "security_ends_after_it_begins": lambda c: secured(c, from_on=D2, to_on=D1),
    "a_collateral_stands_once_for_a_guarantee": _twice(lien, registered_on=D1, cancelled_on=D2),
    "a_rank_is_held_once": _rank_held_twice,
    "a_rank_counts_from_one": lambda c: lien(c, rank=0),
    "what_is_cancelled_was_registered": _cancelled_unregistered,
    "one_valuation_per_collateral_and_day": _twice(valuation),
    "a_value_is_not_negative": lambda c: valuation(c, value=MINUS),
    "a_valuation_is_known_afterwards": lambda c: valuation(c, effective_on=D2),
    "a_bill_has_an_amount": lambda c: bill(c, amount=Decimal(0)),
    "a_bill_matures_after_it_was_drawn": lambda c: bill(c, drawn_on=D2, matures_on=D1),
    "a_claim_has_an_amount": lambda c: claim(c, amount=Decimal(0)),
    "a_settled_claim_says_how": lambda c: claim(c, settled_on=D2),
    "an_original_comes_back_once": _twice(returned),
    "a_returned_original_lies_somewhere": lambda c: returned(c, custody=""),
    "a_return_is_known_afterwards": lambda c: returned(c, effective_on=D2),
    "one_set_of_terms_per_loan_and_day": _twice(terms),
    "a_rate_of_terms_is_not_negative": lambda c: terms(c, annual_rate=Decimal("-0.000001")),
    "a_released_margin_has_an_amount": lambda c: release(c, amount=Decimal(0)),
    "one_past_inspection_per_borrower_and_day": _twice(inspection),
    "a_past_inspection_is_known_afterwards": lambda c: inspection(c, effective_on=D2),
    "a_received_letter_has_a_proof": lambda c: letter(c, received_on=D2),
    "a_past_use_is_not_negative": lambda c: past_use(c, amount=-ONE),
    "a_past_use_is_known_afterwards": lambda c: past_use(c, effective_on=D2),
    "a_past_letter_is_known_afterwards": lambda c: letter(c, effective_on=D2),
    "a_contact_says_whom_and_where": lambda c: contact(c, phone=""),
    "a_contact_is_kept_in_a_known_way": lambda c: contact(c, way="PIGEON"),
    "a_contact_is_known_afterwards": lambda c: contact(c, effective_on=D2),
}
