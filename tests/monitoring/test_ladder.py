"""One borrower's ladder of cash: cases worked by hand in 万元, and a simulation that moves single coins."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.cash.rules.ladder import Cover, Debt, DebtKind, Rung, climb

ON = date(2026, 11, 24)
INTEREST, LOAN, ACCEPTANCE, GUARANTEE = DebtKind


def wan(amount: int) -> Decimal:
    return Decimal(amount) * 10000


def after(days: int) -> date:
    return ON + timedelta(days=days)


def debt(days: int, kind: DebtKind, reference: str, amount: int, **cover: int) -> Debt:
    return Debt(
        after(days),
        kind,
        reference,
        wan(amount),
        tuple(Cover(source, wan(limit)) for source, limit in cover.items()),
    )


def in_wan(rungs: tuple[Rung, ...]) -> list[tuple[str, int, int, int]]:
    return [
        (r.debt.reference, int(r.from_collateral / 10000), int(r.from_balance / 10000), int(r.short / 10000))
        for r in rungs
    ]


# Reference, from collateral, from balance, short; all in 万元, worked by hand.
CASES = {
    # 300 - 200 leaves 100 for the 150 due two days later: 50 short.
    "the second of two loans on one account is short of what the first took": (
        300,
        {},
        [debt(3, LOAN, "B", 150), debt(1, LOAN, "A", 200)],
        [("A", 0, 200, 0), ("B", 0, 100, 50)],
    ),
    # 1000 - margin 300 (30%) - deposit 200 = 500 exposed; the balance has 450: 50 short.
    "margin and a pledged deposit leave an exposure to the balance": (
        450,
        {"margin": 300, "deposit": 200},
        [debt(1, ACCEPTANCE, "A", 1000, margin=300, deposit=200)],
        [("A", 500, 450, 50)],
    ),
    # The margin of 300: A takes 200, so B may have 200 but finds 100; 500 - 100 = 400 all from the balance.
    "one margin shared by two agreements is not used twice": (
        800,
        {"margin": 300},
        [debt(1, ACCEPTANCE, "A", 500, margin=200), debt(2, ACCEPTANCE, "B", 500, margin=200)],
        [("A", 200, 300, 0), ("B", 100, 400, 0)],
    ),
    # A owes 100 and no more is drawn for it from the 300 it might have: 200 stay for B, which owes 150.
    "a source gives no more than the debt needs": (
        0,
        {"deposit": 300},
        [debt(1, LOAN, "A", 100, deposit=300), debt(2, LOAN, "B", 150, deposit=300)],
        [("A", 100, 0, 0), ("B", 150, 0, 0)],
    ),
    # 100: the guarantee nine days late takes 80; tomorrow's interest finds 20 of its 30.
    "an overdue debt comes before one not yet due": (
        100,
        {},
        [debt(1, INTEREST, "A", 30), debt(-9, GUARANTEE, "Z", 80)],
        [("Z", 0, 80, 0), ("A", 0, 20, 10)],
    ),
    # Overdue stands on today: interest due today 30, then the late loan finds 20 of 40, the rest nothing.
    "on one day interest, loans, acceptances and guarantees follow each other, overdue ones among them": (
        50,
        {},
        [
            debt(0, GUARANTEE, "A", 5),
            debt(0, ACCEPTANCE, "B", 6),
            debt(-2, LOAN, "C", 40),
            debt(0, INTEREST, "D", 30),
        ],
        [("D", 0, 30, 0), ("C", 0, 20, 20), ("B", 0, 0, 6), ("A", 0, 0, 5)],
    ),
    # An overdrawn account and an overdrawn or unknown source give nothing, and take nothing: 40 and not 50 is short.
    "a negative balance or source counts as nothing": (
        -10,
        {"margin": -5},
        [debt(1, LOAN, "A", 40, margin=30, unknown=30)],
        [("A", 0, 0, 40)],
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_worked_by_hand(case) -> None:
    available, collateral, debts, expected = case
    holds = {name: wan(amount) for name, amount in collateral.items()}
    assert in_wan(climb(ON, available=wan(available), collateral=holds, debts=debts).rungs) == expected
    assert holds == {name: wan(amount) for name, amount in collateral.items()}


def test_a_ladder_says_when_it_is_short_by_how_much_and_of_what() -> None:
    # 100 - 60 (late) = 40; day 2: interest 10 leaves 30 for the loan of 50: 20 short, then 7: all short; 3 on day 5.
    debts = [
        debt(-1, LOAN, "late", 60),
        debt(2, INTEREST, "L", 10),
        debt(2, LOAN, "L", 50),
        debt(2, ACCEPTANCE, "Q", 7),
        debt(5, GUARANTEE, "G", 3),
    ]
    ladder = climb(ON, available=wan(100), collateral={}, debts=debts)
    assert ladder.first_short_on == after(2)
    assert [ladder.short_on(after(n)) for n in (0, 2, 3, 5)] == [0, wan(27), 0, wan(3)]
    assert in_wan(ladder.made_of(after(2))) == [("L", 0, 30, 20), ("Q", 0, 0, 7)]
    assert ladder.left == 0
    assert ladder.rung_of("late", after(-1)).from_balance == wan(60)
    assert ladder.rung_of("L", after(2), INTEREST).short == 0
    for reference, days in (("late", 0), ("L", 2)):  # not its own due day; interest or principal?
        with pytest.raises(LookupError):
            ladder.rung_of(reference, after(days))


def test_of_two_overdue_debts_of_one_agreement_the_older_is_met_first() -> None:
    debts = [debt(-1, LOAN, "A", 3), debt(-8, LOAN, "A", 4)]  # 5 - 4 (older) = 1 of the 3
    assert in_wan(climb(ON, available=wan(5), collateral={}, debts=debts).rungs) == [
        ("A", 0, 4, 0),
        ("A", 0, 1, 2),
    ]


def test_what_is_overdue_and_unmet_is_short_today() -> None:
    ladder = climb(ON, available=wan(1), collateral={}, debts=[debt(-30, LOAN, "A", 3)])
    assert (ladder.first_short_on, ladder.short_on(ON)) == (ON, wan(2))


def test_a_ladder_that_holds_is_short_on_no_day_and_keeps_the_rest() -> None:
    ladder = climb(
        ON,
        available=wan(600),
        collateral={"m": wan(300), "d": wan(200)},
        debts=[debt(1, ACCEPTANCE, "A", 1000, m=300, d=200)],
    )
    assert ladder.rungs[0].exposure == wan(500)  # 1000 - 300 - 200
    assert (ladder.first_short_on, ladder.left) == (None, wan(100))
    assert climb(ON, available=wan(-5), collateral={}, debts=[]).left == 0


def test_nothing_negative_is_owed_or_covered() -> None:
    with pytest.raises(ValueError, match="not negative"):
        debt(1, LOAN, "A", -1)
    with pytest.raises(ValueError, match="not negative"):
        Cover("m", Decimal("-0.01"))


SOURCES = ("p", "q", "r")
COVERS = st.lists(st.builds(Cover, st.sampled_from(SOURCES), st.integers(0, 8).map(Decimal)), max_size=3)


@st.composite
def worlds(draw):
    """A balance, three collateral and up to six debts of a few yuan, each of its own reference, in any order."""
    references = draw(st.permutations("ABCDEF"))[: draw(st.integers(0, 6))]
    debts = [
        Debt(
            after(draw(st.integers(-2, 3))),
            draw(st.sampled_from(DebtKind)),
            reference,
            Decimal(draw(st.integers(0, 12))),
            tuple(draw(COVERS)),
        )
        for reference in references
    ]
    return draw(st.integers(-3, 20)), {source: draw(st.integers(0, 10)) for source in SOURCES}, debts


def coin_by_coin(available: int, collateral: dict[str, int], debts: list[Debt]) -> dict[str, int]:
    """What is short of each debt when every yuan is a coin that leaves the table once it is spent."""
    table = ["balance"] * available + [source for source, coins in collateral.items() for _ in range(coins)]
    short = {}
    for day in range(4):
        for kind in ("INTEREST", "LOAN", "ACCEPTANCE", "GUARANTEE"):
            for reference in "ABCDEF":
                for owed in debts:
                    today = (owed.due_on - ON).days == day or (day == 0 and owed.due_on < ON)
                    if not today or owed.kind.value != kind or owed.reference != reference:
                        continue
                    slots = [cover.source for cover in owed.cover for _ in range(int(cover.limit))]
                    slots += ["balance"] * int(owed.amount)
                    missing = int(owed.amount)
                    for slot in slots:
                        if missing and slot in table:
                            table.remove(slot)
                            missing -= 1
                    short[reference] = missing
    return short


@pytest.mark.obligation("GR-6.4.1b", clause="d")
@pytest.mark.obligation("GR-6.4.2", clause="c")
@settings(max_examples=300, deadline=None)
@given(worlds())
def test_no_yuan_covers_two_debts(world) -> None:
    available, collateral, debts = world
    ladder = climb(
        ON,
        available=Decimal(available),
        collateral={k: Decimal(v) for k, v in collateral.items()},
        debts=debts,
    )
    assert {r.debt.reference: int(r.short) for r in ladder.rungs} == coin_by_coin(
        available, collateral, debts
    )
    assert all(r.from_collateral + r.from_balance + r.short == r.debt.amount for r in ladder.rungs)
    # Of any set of collateral, the debts that may draw on no other have drawn no more than these hold.
    for size in range(len(SOURCES) + 1):
        for some in combinations(SOURCES, size):
            drawn = sum(
                r.from_collateral for r in ladder.rungs if {c.source for c in r.debt.cover} <= set(some)
            )
            assert drawn <= sum(collateral[source] for source in some)
