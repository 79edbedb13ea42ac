"""Contracts, letters of guarantee and contacts: what a paper leaves owed is begun anew, and two matters stay apart."""

from __future__ import annotations

from datetime import date

import pytest

from credit.choices import Product
from credit.duties.book import FirstContact, OriginalRecovery
from credit.duties.contracts import ContractTerms, PaymentClauses
from credit.models import Clause, Contact, LetterReturn
from tests import factories
from tests.credit_duties.test_contacts import lend, reached
from tests.credit_duties.test_contract_rules import clause, demand, run
from tests.credit_duties.test_originals import letter
from tests.roads.walking import Matter, Walker, signed_by, standing, the_later_first
from workflow.choices import DutyStatus
from workflow.models import WorkItem

pytestmark = pytest.mark.usefixtures("reference")
TERMS, CLAUSES = "落实合同约定", "补签支付约定"


@pytest.mark.obligation("GR-4", clause="b")
@pytest.mark.parametrize(("ticked", "left"), [(2, 1), (1, 2)])
def test_a_term_that_is_not_ticked_stays_owed_and_is_begun_while_the_other_is_signed(
    cast, ticked, left
) -> None:
    for place, text in ((1, "追加抵押"), (2, "办妥保险")):
        demand(cast.contract, place, date(2026, 12, place), text)
    run(ContractTerms(), cast.today)
    duties = {place: WorkItem.objects.get(period_key=f"condition:{place}") for place in (1, 2)}
    manager = Walker(cast.cm)
    answers = {"met_on": "2026-11-23", "evidence": "凭证 B-7 已入库"}
    paper = manager.take("追加抵押", "办妥保险")
    manager.hand_in(manager.fill(paper, met=[f"condition:{ticked}"], **answers))
    assert standing(duties[ticked]) == (DutyStatus.OPEN, paper)
    assert standing(duties[left]) == (DutyStatus.OPEN, None)

    (row,) = manager.rows("合同 HT2026-0101 批复要求")
    assert ("追加抵押" in row, "办妥保险" in row) == (left == 1, left == 2)
    other = manager.take("合同 HT2026-0101 批复要求")
    assert other != paper and other.content["met"] == [
        f"condition:{left}"
    ]  # what is being signed is not asked
    assert [key for key, _words in other.kept.options["met"]] == [f"condition:{left}"]
    signed_by(paper, cast.head)
    assert standing(duties[ticked]) == (DutyStatus.DONE, paper)
    assert standing(duties[left]) == (DutyStatus.OPEN, other)
    manager.hand_in(manager.fill(other, met=[f"condition:{left}"], **answers))
    signed_by(other, cast.head)
    assert standing(duties[left]) == (DutyStatus.DONE, other)
    assert standing(duties[ticked]) == (DutyStatus.DONE, paper)


@pytest.mark.obligation("GR-24", clause="d")
def test_a_clause_that_the_agreement_does_not_say_stays_owed(cast) -> None:
    clause(cast.contract, 1, "PAYMENT_MODE", payment_mode="ENTRUSTED")
    run(PaymentClauses(), cast.today)
    manager, (duty,) = Walker(cast.cm), WorkItem.objects.all()

    def agreement(paper, *agreed: str) -> None:
        rows = [
            {**row, "agreed": answer, "text": "经贷款人同意" if answer == "yes" else ""}
            for row, answer in zip(paper.content["clauses"], agreed, strict=True)
        ]
        manager.hand_in(manager.fill(paper, clauses=rows, reference="BC-1", signed_on="2026-11-23"))

    paper = manager.take("HT2026-0101")
    agreement(paper, "yes", "no")
    assert not manager.rows("HT2026-0101")
    signed_by(paper, cast.head)
    assert standing(duty)[0] == DutyStatus.OPEN and manager.duty("HT2026-0101") == duty
    other = manager.take("HT2026-0101")
    assert other != paper and [row["kind"] for row in other.content["clauses"]] == ["PASSIVE_DEBIT_BAN"]
    agreement(other, "yes")
    signed_by(other, cast.head)
    assert standing(duty) == (DutyStatus.DONE, other)
    assert Clause.objects.filter(kind__in=["PAYMENT_CONSENT", "PASSIVE_DEBIT_BAN"]).count() == 2


@pytest.mark.obligation("GR-6.4.4", clause="b")
def test_of_two_letters_the_later_s_original_is_recovered_first(cast) -> None:
    matters = []
    for place in (1, 2):
        loan = letter(cast, number=f"BH-{place}")
        back = {"outcome": "RETURNED", "custody": f"金库 {place} 号柜"}
        matters.append(
            Matter((f"保函 {loan.number} ",), {"loan_number": loan.number}, lambda paper, back=back: back)
        )
    run(OriginalRecovery(), cast.today)
    first, second = the_later_first(Walker(cast.cm), *matters, cast.head)
    kept = LetterReturn.objects.order_by("loan__number").values_list("reference", "custody")
    assert list(kept) == [(first.number, "金库 1 号柜"), (second.number, "金库 2 号柜")]


@pytest.mark.obligation("GD-3.2", clause="c")
def test_of_two_new_borrowers_the_later_is_reached_first_and_one_contact_answers_all_of_each(cast) -> None:
    reached(cast.personal_borrower, date(2026, 3, 12))
    matters = []
    for place, name in enumerate(("万小红", "陶大力")):
        borrower = factories.make_borrower(name=name, kind="PERSONAL", phone="0791-88880001")
        factories.make_responsibility(borrower, cast.cm_personal, cast.personal)
        loan = lend(cast, date(2026, 11, 19 + place), borrower=borrower, product=Product.HOUSING)
        lend(cast, date(2026, 11, 23), borrower=borrower)
        told = f"借据 {loan.number} "
        answers = {"reachable_at": "城东路 8 号", "way": "PHONE", "contacted_on": "2026-11-24"}
        matters.append(Matter((name, told), {"person": name}, lambda paper, answers=answers: answers))
    run(FirstContact(), cast.today)
    first, second = the_later_first(Walker(cast.cm_personal), *matters)
    kept = Contact.objects.exclude(borrower=cast.personal_borrower).order_by("borrower")
    assert list(kept.values_list("person", "reference")) == [
        ("万小红", first.number), ("陶大力", second.number),
    ]  # fmt: skip
    assert not WorkItem.objects.open().filter(kind="fixed_contact").exists()
