"""What a movement is: every movement one thing, loan money and the borrower's own money never sales."""

from __future__ import annotations

from decimal import Decimal

import pytest

from monitoring.choices import Flow
from monitoring.flows.rules.movements import Movement, RelatedParties, Words, kind_of

WORDS = Words(
    {
        Flow.REVERSAL: ("冲正",),
        Flow.LOAN_PROCEEDS: ("贷款发放",),
        Flow.REPAYMENT: ("归还贷款", "归还本金"),
        Flow.CASH: ("取现",),
        Flow.SALES: ("货款",),
        Flow.PURCHASE: ("货款", "采购"),
        Flow.WAGES: ("工资",),
        Flow.TAX: ("缴税", "预算收入"),
        Flow.UTILITIES: ("电费", "供电"),
    }
)
RELATED = RelatedParties(
    own_accounts=frozenset({"A1", "A2"}),
    own_names=frozenset({"江南纺织"}),
    relations_by_account={"D1": "DOWNSTREAM", "U1": "UPSTREAM", "F1": "AFFILIATE", "O1": "OTHER"},
    relations_by_name={"大客户": "DOWNSTREAM", "棉花厂": "UPSTREAM", "兄弟公司": "AFFILIATE"},
    group_accounts=frozenset({"G1"}),
    group_names=frozenset({"江南集团"}),
    related_names=frozenset({"老板娘"}),
    lender_names=frozenset({"工人支行"}),
    words=WORDS,
)


def moved(way: str, **more) -> Movement:
    keys = {"name": "counterparty_name", "account": "counterparty_account"}
    fields = {keys.get(name, name): value for name, value in more.items()}
    return Movement(direction={"in": "CREDIT", "out": "DEBIT"}[way], amount=Decimal(10), **fields)


CASES = [
    (moved("in", loan_id=1, summary="货款"), Flow.LOAN_PROCEEDS),
    (moved("in", summary="贷款发放", name="工人支行"), Flow.LOAN_PROCEEDS),
    (moved("in", summary="贷款发放"), Flow.LOAN_PROCEEDS),
    (moved("in", summary="贷款发放", name="某小贷公司"), Flow.OTHER),  # lent by another
    (moved("out", loan_id=1), Flow.REPAYMENT),
    (moved("out", summary="JJ1 归还本金", name="工人支行"), Flow.REPAYMENT),
    (moved("out", summary="归还贷款", name="某小贷公司"), Flow.OTHER),  # repaid to another
    (moved("in", reverses=7, loan_id=1), Flow.REVERSAL),
    (moved("in", is_reversed=True, account="D1"), Flow.REVERSAL),
    (moved("in", summary="冲正：重复入账", name="工人支行"), Flow.REVERSAL),
    (moved("in", account="A2", summary="货款"), Flow.SELF_TRANSFER),
    (moved("out", name="江南纺织", account="外行账户"), Flow.SELF_TRANSFER),
    (moved("in", account="G1", summary="货款"), Flow.GROUP),
    (moved("out", name="江南集团", summary="工资"), Flow.GROUP),
    (moved("out", channel="CASH", summary="工资"), Flow.CASH),
    (moved("out", summary="取现"), Flow.CASH),
    (moved("in", account="D1"), Flow.SALES),
    (moved("in", name="大客户"), Flow.SALES),
    (moved("in", name="路人甲", summary="货款"), Flow.SALES),
    (moved("in", name="路人甲"), Flow.OTHER),
    (moved("in", account="U1"), Flow.OTHER),  # a supplier pays back
    (moved("in", name="兄弟公司", summary="货款"), Flow.OTHER),  # an affiliate's payment is no sale
    (moved("in", name="老板娘", summary="货款"), Flow.OTHER),
    (moved("out", account="U1"), Flow.PURCHASE),
    (moved("out", name="棉花厂"), Flow.PURCHASE),
    (moved("out", name="路人甲", summary="采购棉纱"), Flow.PURCHASE),
    (moved("out", name="老板娘", summary="采购棉纱"), Flow.OTHER),
    (moved("out", name="代发工资过渡户"), Flow.WAGES),
    (moved("out", name="待报解预算收入"), Flow.TAX),
    (moved("out", summary="9 月电费", name="棉花厂"), Flow.UTILITIES),
    (moved("in", summary="工资"), Flow.OTHER),  # wages that come in are no expense
    (moved("out", account="O1"), Flow.OTHER),
    (moved("out"), Flow.OTHER),
]


@pytest.mark.parametrize(("movement", "flow"), CASES)
def test_a_movement_is_what_the_first_fitting_rule_says(movement, flow) -> None:
    assert kind_of(movement, RELATED) == flow


def test_of_a_borrower_of_whom_nothing_is_known_everything_is_other() -> None:
    assert {
        kind_of(movement, RelatedParties()) for movement in (moved("in"), moved("out", name="工人支行"))
    } == {Flow.OTHER}
