"""Which debits use which loan's money: the oldest loan first, until all of it is used, worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from monitoring.uses.rules import Debit, Lent, trace

DAY = date(2026, 11, 2)


def day(n: int) -> date:
    return DAY + timedelta(days=n)


def told(lent, debits):
    return [(use.loan, use.debit.key, int(use.amount)) for use in trace(lent, debits)]


def test_a_debit_uses_the_oldest_loan_first_and_the_rest_of_the_next():
    # 60 + 30 of the first loan's 100 leave 10; the third debit takes these and 25 of the second loan.
    lent = [Lent(2, day(5), Decimal(50)), Lent(1, day(0), Decimal(100))]
    debits = [Debit(11, day(1), Decimal(60)), Debit(12, day(6), Decimal(30)), Debit(13, day(7), Decimal(35))]
    assert told(lent, debits) == [(1, 11, 60), (1, 12, 30), (1, 13, 10), (2, 13, 25)]


def test_what_leaves_before_the_grant_or_after_all_is_used_is_no_use():
    lent = [Lent(1, day(2), Decimal(100))]
    debits = [Debit(11, day(1), Decimal(70)), Debit(12, day(2), Decimal(100)), Debit(13, day(3), Decimal(1))]
    assert told(lent, debits) == [(1, 12, 100)]


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 40)), max_size=4),
    st.lists(st.tuples(st.integers(0, 9), st.integers(1, 30)), max_size=8),
)
def test_yuan_by_yuan_the_same_is_used(loans, payments):
    """By force: every single yuan that leaves is taken from the oldest loan that still has one."""
    lent = [Lent(n, day(on), Decimal(amount)) for n, (on, amount) in enumerate(loans)]
    debits = [Debit(n, day(on), Decimal(amount)) for n, (on, amount) in enumerate(payments)]

    funds = [[on, n, amount] for n, (on, amount) in enumerate(loans)]
    funds.sort()
    by_force: dict[tuple[int, int], int] = {}
    for on, key, amount in sorted((on, n, amount) for n, (on, amount) in enumerate(payments)):
        for _yuan in range(amount):
            first = next((one for one in funds if one[0] <= on and one[2] > 0), None)
            if first is not None:
                first[2] -= 1
                by_force[first[1], key] = by_force.get((first[1], key), 0) + 1

    uses = trace(lent, debits)
    assert {(use.loan, use.debit.key): int(use.amount) for use in uses} == by_force
    for one in lent:
        assert sum(use.amount for use in uses if use.loan == one.loan) <= one.left
