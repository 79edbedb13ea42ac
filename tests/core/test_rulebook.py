"""What counts as honoured: a claim and a whole test; and how the marks are read from the source of the tests."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from textwrap import dedent

import pytest

from core.obligations import Obligation
from core.rulebook import Honoured, Marks, marks_in, states


def row(key: str, *same_as: str) -> Obligation:
    return Obligation(key, "某办法", "第一条", "某职责", same_as, "credit", "做法")


A, B, BOTH, ABOVE = row("A-1"), row("A-2"), row("A-3", "A-1", "A-2"), row("A-4", "A-3")


def states_of(claimed: Collection[str] = (), whole: Collection[str] = (), part: Collection[str] = ()) -> str:
    """The states of the four rows, a letter each."""
    marks = Marks(dict.fromkeys(whole, ("t",)), dict.fromkeys(part, ("t",)))
    catalogue = {one.id: one for one in (A, B, BOTH, ABOVE)}
    letters = {Honoured.WHOLE: "W", Honoured.PART: "p", Honoured.NOT_YET: "-"}
    return "".join(letters[state] for state in states(catalogue, claimed, marks).values())


def test_a_row_is_honoured_only_where_code_claims_it_and_a_whole_test_shows_it() -> None:
    assert states_of()[0] == "-"
    assert states_of(claimed=["A-1"])[0] == "p"
    assert states_of(whole=["A-1"])[0] == "p"
    assert states_of(claimed=["A-1"], part=["A-1"])[0] == "p"
    assert states_of(claimed=["A-1"], whole=["A-1"])[0] == "W"


def test_a_row_with_same_as_is_honoured_when_all_of_those_are_also_through_another_such_row() -> None:
    both = ["A-1", "A-2"]
    assert states_of(claimed=both, whole=both) == "WWWW"
    assert states_of(claimed=both, whole=["A-1"]) == "Wppp"
    assert states_of(claimed=["A-1"], whole=["A-1"]) == "W-pp"
    assert states_of(claimed=["A-3"], whole=["A-3"]) == "----", (
        "a mark of its own does not replace the others"
    )


def read(folder: Path, source: str) -> Marks:
    tests = folder / "tests" / "app"
    tests.mkdir(parents=True)
    (tests / "test_it.py").write_text(dedent(source), encoding="utf-8")
    return marks_in(folder / "tests")


def test_marks_are_read_from_functions_parameters_classes_and_modules(tmp_path: Path) -> None:
    marks = read(
        tmp_path,
        """
        pytestmark = [pytest.mark.usefixtures("x"), pytest.mark.obligation("M-1", part="raise")]
        CASES = [pytest.param(1, marks=pytest.mark.obligation("P-1")), pytest.param(2)]

        @pytest.mark.obligation("F-1", "F-2")
        def test_one(): ...

        @pytest.mark.parametrize("n", CASES)
        def test_two(n): ...

        @pytest.mark.obligation("C-1")
        class TestClass:
            def test_three(self): ...
        """,
    )
    one, two, three = (
        f"tests/app/test_it.py::{name}" for name in ("test_one", "test_two", "TestClass::test_three")
    )
    assert marks.whole == {"C-1": (three,), "F-1": (one,), "F-2": (one,), "P-1": (two,)}
    assert marks.part == {"M-1": (three, one, two)}


def test_a_mark_on_what_never_runs_or_is_no_test_shows_nothing(tmp_path: Path) -> None:
    marks = read(
        tmp_path,
        """
        @pytest.mark.skip(reason="later")
        @pytest.mark.obligation("S-1")
        def test_skipped(): ...

        @pytest.mark.xfail
        @pytest.mark.obligation("X-1")
        def test_expected_to_fail(): ...

        @pytest.mark.obligation("H-1")
        def helper(): ...
        """,
    )
    assert (marks.whole, marks.part) == ({}, {})


def test_a_mark_that_does_not_name_its_obligation_literally_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"tests/app/test_it\.py:3: an obligation mark"):
        read(
            tmp_path,
            """
            WHICH = "A-1"
            @pytest.mark.obligation(WHICH)
            def test_one(): ...
            """,
        )
