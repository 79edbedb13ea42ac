"""Which loans' payments are reviewed, and how one payment is made: by contract, product, amount, what went before."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.policy import policy_on
from credit.choices import PaymentMode, Product
from credit.models import Clause
from monitoring.loan_money.rules.needs import Agreed, is_split, mode_of_payment, need
from monitoring.loan_money.selectors import need_of, needs_of
from tests import factories
from tests.conftest import TODAY

pytestmark = [pytest.mark.usefixtures("reference"), pytest.mark.django_db]
ENTRUSTED, SELF, MIXED = PaymentMode.ENTRUSTED, PaymentMode.SELF, PaymentMode.MIXED


@pytest.mark.obligation("GR-17.2", clause="a")
@pytest.mark.parametrize(
    ("product", "amount", "agreed", "mode", "reviewed"),
    [
        # 流动资金: above 10,000,000 entrusted and reviewed, up to it self and not.
        (Product.WORKING_CAPITAL, "10000000.00", Agreed(), SELF, False),
        (Product.WORKING_CAPITAL, "10000000.01", Agreed(), ENTRUSTED, True),
        # 第十七条: a fixed-asset loan is reviewed under self payment too, even where the contract says self.
        (Product.FIXED_ASSET, "5000000.00", Agreed(), SELF, True),
        (Product.FIXED_ASSET, "50000000.00", Agreed(SELF), SELF, True),
        # The contract wins over the amount.
        (Product.WORKING_CAPITAL, "50000000.00", Agreed(SELF), SELF, False),
        (Product.WORKING_CAPITAL, "1.00", Agreed(ENTRUSTED), ENTRUSTED, True),
        (Product.WORKING_CAPITAL, "1.00", Agreed(MIXED), MIXED, True),
        # 第二十四条: a contract under which every payment needs our consent.
        (Product.WORKING_CAPITAL, "1.00", Agreed(consent=True), SELF, True),
        # Persons: 300,000, for business 500,000.
        (Product.CONSUMER, "300000.01", Agreed(), ENTRUSTED, True),
        (Product.PERSONAL_BUSINESS, "500000.00", Agreed(), SELF, False),
        # Nothing is paid out of a guarantee.
        (Product.LETTER_OF_GUARANTEE, "99000000.00", Agreed(), SELF, False),
    ],
)  # fmt: skip
def test_contract_product_and_amount_say_what_is_reviewed(product, amount, agreed, mode, reviewed) -> None:
    found = need(product, Decimal(amount), agreed, policy_on(TODAY))
    assert (found.mode, found.is_reviewed) == (mode, reviewed)
    assert found.why


@pytest.mark.parametrize(
    ("amount", "lately", "mode", "split"),
    [
        ("10000000.00", "0", SELF, False),
        ("10000000.01", "0", ENTRUSTED, False),  # above by itself, whatever was asked
        ("6000000.00", "4000000.00", SELF, False),  # 10,000,000 together: not above
        ("6000000.00", "4000000.01", ENTRUSTED, True),  # cut into pieces
    ],
)
def test_a_payment_above_the_threshold_is_entrusted_also_in_pieces(amount, lately, mode, split) -> None:
    policy, amount, lately = policy_on(TODAY), Decimal(amount), Decimal(lately)
    assert mode_of_payment(SELF, Product.WORKING_CAPITAL, amount, lately, policy) == mode
    assert is_split(Product.WORKING_CAPITAL, amount, lately, policy) == split


def test_the_clauses_of_a_contract_are_read_for_one_loan_and_for_many(
    cast, django_assert_num_queries
) -> None:
    Clause.objects.create(contract=cast.contract, place=1, kind="PAYMENT_MODE", payment_mode="SELF")
    Clause.objects.create(contract=cast.contract, place=2, kind="PAYMENT_MODE", payment_mode="ENTRUSTED")
    policy = policy_on(TODAY)
    more = [factories.make_loan(cast.other_borrower, cast.corporate2) for _ in range(3)]
    assert need_of(cast.loan, policy).mode == ENTRUSTED  # the later clause
    with django_assert_num_queries(1):
        found = needs_of([cast.loan, *more], policy)
    assert [found[loan.pk].is_reviewed for loan in (cast.loan, *more)] == [True, False, False, False]
