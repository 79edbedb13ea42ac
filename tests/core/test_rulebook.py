"""What counts as honoured: a claim and a test for each clause; and how marks are read from the source of the tests."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from core import obligations
from core.obligations import Obligation
from core.rulebook import Honoured, Marks, marks_in, states


def row(key: str, *same_as: str, clauses: str = "") -> Obligation:
    words = {letter: f"要求{letter}" for letter in clauses}
    return Obligation(key, "某办法", "第一条", "某职责", same_as, "credit", "做法", words)


A, B, BOTH, ABOVE = (
    row("A-1", clauses="ab"), row("A-2", clauses="a"), row("A-3", "A-1", "A-2"), row("A-4", "A-3"),
)  # fmt: skip


def states_of(claimed: Collection[str] = (), **shown: str) -> str:
    """The states of the four rows, a letter each; what tests show is told as A_1="ab"."""
    marks = {key.replace("_", "-"): dict.fromkeys(letters, ("t",)) for key, letters in shown.items()}
    catalogue = {one.id: one for one in (A, B, BOTH, ABOVE)}
    letters = {Honoured.WHOLE: "W", Honoured.PART: "p", Honoured.NOT_YET: "-"}
    return "".join(letters[state] for state in states(catalogue, claimed, marks).values())


def test_a_row_is_honoured_only_where_code_claims_it_and_a_test_shows_each_of_its_clauses() -> None:
    assert states_of()[0] == "-"
    assert states_of(claimed=["A-1"])[0] == "p"
    assert states_of(A_1="ab")[0] == "p"
    assert states_of(A_1="a")[0] == "p"
    assert states_of(claimed=["A-1"], A_1="a")[0] == "p"
    assert states_of(claimed=["A-1"], A_1="ab")[0] == "W"


def test_a_row_that_says_neither_its_clauses_nor_who_carries_it_is_never_whole() -> None:
    bare = row("A-1")
    assert states({"A-1": bare}, ["A-1"], {"A-1": {}}) == {"A-1": Honoured.PART}


def test_a_row_with_same_as_is_honoured_when_all_of_those_are_also_through_another_such_row() -> None:
    both = ["A-1", "A-2"]
    assert states_of(claimed=both, A_1="ab", A_2="a") == "WWWW"
    assert states_of(claimed=both, A_1="ab") == "Wppp"
    assert states_of(claimed=["A-1"], A_1="ab") == "W-pp"
    assert states_of(claimed=["A-3"], A_3="a") == "----", "a mark of its own does not replace the others"


CATALOGUE = {
    key: row(key, clauses="ab") for key in ("M-1", "P-1", "F-1", "F-2", "C-1", "S-1", "X-1", "H-1", "A-1")
}


def read(folder: Path, source: str) -> Marks:
    tests = folder / "tests" / "app"
    tests.mkdir(parents=True)
    (tests / "test_it.py").write_text(dedent(source), encoding="utf-8")
    return marks_in(folder / "tests", CATALOGUE)


def test_marks_are_read_from_functions_parameters_classes_and_modules(tmp_path: Path) -> None:
    marks = read(
        tmp_path,
        """
        pytestmark = [pytest.mark.usefixtures("x"), pytest.mark.obligation("M-1", clause="b")]
        CASES = [pytest.param(1, marks=pytest.mark.obligation("P-1", clause="a")), pytest.param(2)]

        @pytest.mark.obligation("F-1", clause="ab")
        @pytest.mark.obligation("F-2", clause="a")
        def test_one(): ...

        @pytest.mark.parametrize("n", CASES)
        @pytest.mark.obligation("F-1", clause="b")
        def test_two(n): ...

        @pytest.mark.obligation("C-1", clause="a")
        class TestClass:
            def test_three(self): ...
        """,
    )
    one, two, three = (
        f"tests/app/test_it.py::{name}" for name in ("test_one", "test_two", "TestClass::test_three")
    )
    assert marks == {
        "C-1": {"a": (three,)},
        "F-1": {"a": (one,), "b": (one, two)},
        "F-2": {"a": (one,)},
        "M-1": {"b": (three, one, two)},
        "P-1": {"a": (two,)},
    }


def test_a_mark_on_what_never_runs_or_is_no_test_shows_nothing(tmp_path: Path) -> None:
    marks = read(
        tmp_path,
        """
        @pytest.mark.skip(reason="later")
        @pytest.mark.obligation("S-1", clause="a")
        def test_skipped(): ...

        @pytest.mark.xfail
        @pytest.mark.obligation("X-1", clause="a")
        def test_expected_to_fail(): ...

        @pytest.mark.obligation("H-1", clause="a")
        def helper(): ...
        """,
    )
    assert marks == {}


@pytest.mark.parametrize(
    ("mark", "refused"),
    [
        ('WHICH, clause="a"', "names one obligation as a plain string"),
        ('"A-1", "F-1", clause="a"', "names one obligation as a plain string"),
        ('"Z-1", clause="a"', "the catalogue has no obligation Z-1"),
        ('"A-1"', "names its clauses"),
        ('"A-1", clause=""', "names its clauses"),
        ('"A-1", clause=WHICH', "names its clauses"),
        ('"A-1", part="raise"', "says its clauses and nothing else .part."),
        ('"A-1", clause="a", part="raise"', "says its clauses and nothing else .part."),
        ('"A-1", clause="acz"', "A-1 has no clause c, z"),
    ],
)
def test_a_mark_that_does_not_say_which_clause_of_which_obligation_is_refused_with_its_line(
    tmp_path: Path, mark: str, refused: str
) -> None:
    with pytest.raises(ValueError, match=rf"tests/app/test_it\.py:3: .*{refused}"):
        read(
            tmp_path,
            f"""
            WHICH = "A-1"
            @pytest.mark.obligation({mark})
            def test_one(): ...
            """,
        )


def test_all_wrong_marks_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"test_it\.py:2: .*\n.*test_it\.py:4: ") as told:
        read(
            tmp_path,
            """
            @pytest.mark.obligation("A-1")
            def test_one(): ...
            @pytest.mark.obligation("F-1")
            class TestClass:
                def test_two(self): ...
                def test_three(self): ...
            """,
        )
    assert len(str(told.value).splitlines()) == 2


@pytest.fixture
def claims_apart() -> Iterator[None]:
    """What a test claims goes with it."""
    before = {row: dict(by) for row, by in obligations._claims.items()}
    yield
    obligations._claims.clear()
    obligations._claims.update(before)


@pytest.mark.usefixtures("claims_apart")
def test_a_claim_is_the_rows_or_names_clauses_that_the_row_has() -> None:
    @obligations.claims("GR-3", "GR-5")
    def gate() -> None: ...

    @obligations.claims("GR-5", clause="ab")
    def form() -> None: ...

    by = {code.rpartition(".")[2]: letters for code, letters in obligations.claimed()["GR-5"].items()}
    assert (by["gate"], by["form"]) == (frozenset(), frozenset("ab"))
    with pytest.raises(LookupError, match="GR-3 has no clause 'z'"):
        obligations.claim("GR-3", "somewhere", "az")
    with pytest.raises(LookupError, match="ZZ-1"):
        obligations.claim("ZZ-1", "somewhere")
