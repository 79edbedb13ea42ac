"""The borrower's own money goes first: which debits take loan money, by table and against a brute-force simulation."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.loan_money.rules.watch import Step, leaks

A, B = 1, 2  # loans


def D(text: str | int) -> Decimal:
    return Decimal(text)


def taken(held, opening, *steps) -> list[tuple[int, dict[int, Decimal]]]:
    return [(leak.key, dict(leak.of_loans)) for leak in leaks(held, opening, steps)]


def out(key: int, amount: int, **more) -> Step:
    return Step(key, D(-amount), is_payment=True, **more)


@pytest.mark.parametrize(
    ("held", "opening", "steps", "expected"),
    [
        # 100 of which 60 are loan money: 40 are the borrower's own.
        ({A: D(60)}, D(100), [out(1, 40)], []),
        ({A: D(60)}, D(100), [out(1, 41)], [(1, {A: D(1)})]),
        # After the leak 59 loan money are left: the next own 10 may go, the eleventh not.
        ({A: D(60)}, D(100), [out(1, 41), Step(2, D(10)), out(3, 10), out(4, 1)], [(1, {A: D(1)}), (4, {A: D(1)})]),
        # A reviewed payment takes loan money, and leaves the own money where it is.
        ({A: D(60)}, D(100), [out(1, 50, pays=A), out(2, 40), out(3, 1)], [(3, {A: D(1)})]),
        # Money lent in the course of the day counts from then on.
        ({}, D(30), [out(1, 30), Step(2, D(500), lends=A), out(3, 1)], [(3, {A: D(1)})]),
        # A repayment is no payment; what it leaves cannot be more than there is.
        ({A: D(60)}, D(100), [Step(1, D(-70)), out(2, 5)], [(2, {A: D(5)})]),
        # Two loans on one account: the first in order is charged first.
        ({A: D(10), B: D(20)}, D(30), [out(1, 15)], [(1, {A: D(10), B: D(5)})]),
        # A debit that names a loan is told, whatever else is on the account, and charged to that loan.
        ({A: D(10), B: D(20)}, D(1000), [out(1, 5, names=B)], [(1, {B: D(5)})]),
        ({A: D(0)}, D(1000), [out(1, 5, names=A)], [(1, {})]),
        # Nobody knows the balance: every debit takes loan money.
        ({A: D(60)}, None, [out(1, 5)], [(1, {A: D(5)})]),
        # The movement's own balance is believed before the reckoned one.
        ({A: D(60)}, D(100), [out(1, 5, balance_after=D(50))], [(1, {A: D(5)})]),
        # An overdrawn account holds no loan money.
        ({A: D(60)}, D(-10), [out(1, 5)], []),
    ],
)  # fmt: skip
def test_a_debit_takes_loan_money_only_where_own_money_does_not_suffice(
    held, opening, steps, expected
) -> None:
    assert taken(held, opening, *steps) == expected


moves = st.lists(
    st.tuples(st.sampled_from(["in", "out", "pay", "lend"]), st.integers(1, 50), st.booleans()), max_size=30
)


@settings(max_examples=300, deadline=None)
@given(own=st.integers(0, 100), loan=st.integers(0, 100), moves=moves)
def test_it_agrees_with_two_accounts_kept_apart(own, loan, moves) -> None:
    """Brute force: own money in one account, loan money in another; a debit empties the first before the second."""
    funds, lent, steps, expected = own, loan, [], {}
    for key, (what, amount, told) in enumerate(moves):
        if what == "out":
            amount = min(amount, funds + lent)
            if not amount:
                continue
            leak = max(amount - funds, 0)
            funds, lent = funds - (amount - leak), lent - leak
            if leak:
                expected[key] = leak
        elif what == "pay":
            amount = min(amount, lent)
            if not amount:
                continue
            lent -= amount
        elif what == "lend":
            lent += amount
        else:
            funds += amount
        more = {"pay": {"pays": A}, "lend": {"lends": A}}.get(what, {})
        steps.append(
            Step(
                key, D(amount if what in ("in", "lend") else -amount), is_payment=what == "out",
                balance_after=D(funds + lent) if told else None, **more,
            )
        )  # fmt: skip
    found = {leak.key: leak.amount for leak in leaks({A: D(loan)}, D(own + loan), steps)}
    assert found == expected
