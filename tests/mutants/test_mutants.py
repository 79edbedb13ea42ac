"""What is changed of a rule and what never is, that every change is undone, and which are left out."""

from __future__ import annotations

import ast
import enum
import random
from pathlib import Path
from textwrap import dedent

import pytest

import postloan.urls  # noqa: F401  (claims are made when their module is read)
from core.obligations import claimed
from tests.mutants import __main__ as command
from tests.mutants.__main__ import Equivalents, Line, sample, table, write
from tests.mutants.changes import Change, changes_of
from tests.mutants.targets import changes_to, marked_with, source_of, units_of
from tests.mutants.trial import Copy


class Post(enum.Enum):
    MANAGER = 1
    HEAD = 2
    AUDITOR = 3


def afters(text: str) -> set[str]:
    """What the touched lines of a function look like after each change."""
    source = dedent(text).encode()
    module = ast.parse(source)
    return {
        one.after
        for one in changes_of(module.body[0], source, {"Post": Post}, file="rules.py", function="rule")
    }


def body(line: str) -> set[str]:
    return afters(f"def rule(a, b, c):\n    {line}\n")


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("return a < b <= c", {"return a <= b <= c", "return a < b < c"}),
        ("return a > b >= c", {"return a >= b >= c", "return a > b > c"}),
        ("return a == b", {"return a != b"}),
        ("return a not in b", {"return a in b"}),
        ("return a is None", {"return a is not None"}),
        ("return '期限', a < (b)", {"return '期限', a <= (b)"}),  # columns are bytes to Python's tree
        ("return a and b or c", {"return a or b or c", "return a and b and c"}),
        ("return not a", {"return (a)"}),
        ("return a + b", {"return a - b"}),
        ("return within(days=15)", {"return within(days=16)", "return within(days=14)"}),
        ("return over(True)", {"return over(False)"}),
        ("return a if b else c", {"return (a)", "return (c)"}),
        ("if a: b()", {"if False: b()", "if a: pass"}),
        ("raise Refused(f'{a} > {1}')", {"pass"}),
        ("return [one for one in a if one.due]", {"return [one for one in a if True]"}),
        ("return min(a, b)", {"return max(a, b)"}),
        ("return a == Post.HEAD", {"return a != Post.HEAD", "return a == Post.AUDITOR"}),
        ("return a.rows(on__lte=b)", {"return a.rows(on__lt=b)"}),
        ("return a.order_by('-on', 'pk')", {"return a.order_by(\"on\", 'pk')"}),
        ("return a.known(b)", {"return a.all()"}),
        (
            "return a.filter(b, on__gte=c)",
            {
                "return a.all()",
                "return a.filter(b)",
                "return a.filter(on__gte=c)",
                "return a.filter(b, on__gt=c)",
            },
        ),
    ],
)
def test_a_rule_is_changed_in_each_of_its_places(line, changed):
    assert body(line) == changed


def test_one_of_several_posts_is_left_out():
    assert {"return (Post.HEAD,)", "return (Post.MANAGER,)"} <= body("return (Post.MANAGER, Post.HEAD)")
    assert "return {Post.MANAGER}" in body("return {Post.MANAGER, Post.HEAD}")


def test_what_is_only_said_written_down_or_annotated_never_changes():
    assert not afters(
        '''
        @decorated(within=1)
        def rule(a: Days[1] | None, b: str = "x") -> Rows[Literal[2]] | None:
            """Due within 3 days, a < b."""
            told: dict[str, Literal[4]] = a
            logger.info("%s", a < b)
            audit.record(act="done", after={"days": 5, "late": True})
            words = f"{a} 起 {6} 天" + ("，逾期" if b else "")
            more = _("%(n)s 天") % {"n": 7} if a else _("无")
            return f"{words}{more}"[:300]
        '''
    )


def said(source: bytes) -> list[str]:
    """Everything of a module that must stay: docstrings, annotations, decorators."""
    stays = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef() | ast.ClassDef() | ast.Module():
                parts = [getattr(node, "returns", None), *getattr(node, "decorator_list", [])]
                stays += [str(ast.get_docstring(node)), *(ast.dump(part) for part in parts if part)]
            case ast.arg(annotation=part) | ast.AnnAssign(annotation=part) if part:
                stays.append(ast.dump(part))
    return stays


def test_changes_of_the_product_are_programs_that_differ_in_what_they_do_only():
    every = {one for row in claimed() if not row.startswith("tests.") for one in changes_to(row)}
    for change in random.Random(1).sample(sorted(every, key=lambda one: (one.file, one.edit)), 100):
        source = (command.ROOT / change.file).read_bytes()
        changed = change.applied(source)
        assert ast.dump(ast.parse(changed)) != ast.dump(ast.parse(source)), change
        assert said(changed) == said(source), change


def test_the_boundary_of_a_limit_is_among_the_changes_of_its_row():
    found = [one for one in changes_to("GR-18") if one.function == "steps_for"]
    assert "if tier.up_to is None or amount < tier.up_to:" in {one.after for one in found}
    assert {one.file for one in found} == {"monitoring/authority/rules.py"}


def test_a_row_is_kept_by_its_class_the_bases_in_the_app_and_what_they_call_there():
    names = {unit.name for unit in units_of("GR-27")}
    assert {"CorporateVisit.scheme", "PeriodicVisit.judge", "PeriodVisit.once", "visit_period"} <= names
    assert not any(name.startswith("BorrowerRule") for name in names)  # of another app
    node = next(unit.node for unit in units_of("GR-27") if unit.name == "visit_period")
    assert node in ast.walk(source_of("inspections.rules")[1])


def test_the_tests_of_a_row_are_told_with_the_clauses_that_they_show():
    marks = {"GR-1": {"a": ("tests/t.py::one",), "b": ("tests/t.py::one", "tests/t.py::two")}}
    assert marked_with("GR-1", marks) == {"tests/t.py::one": "ab", "tests/t.py::two": "b"}
    assert marked_with("GR-2", marks) == {}


def changes(*functions: str) -> list[Change]:
    return [Change("rules.py", 1, name, (0, 1, b"x"), f"{name} <", f"{name} <=") for name in functions]


def test_a_copy_is_as_before_whatever_happens_and_the_checkout_is_never_touched(tmp_path: Path):
    root = tmp_path / "checkout"
    (root / "var").mkdir(parents=True)
    (root / "rules.py").write_bytes(source := "def late(a, b):\n    return a > b  # 逾期\n".encode())
    node = ast.parse(source).body[0]
    (change,) = changes_of(node, source, {}, file="rules.py", function="late")
    copy = Copy(root, tmp_path / "copy", {}, marks="")
    with pytest.raises(KeyboardInterrupt), copy.changed(change):
        assert b"a >= b" in (copy.where / "rules.py").read_bytes()
        assert (root / "rules.py").read_bytes() == source
        raise KeyboardInterrupt
    assert (copy.where / "rules.py").read_bytes() == source
    assert not (copy.where / "var").exists()


def test_an_equivalent_is_left_out_and_one_that_matches_nothing_is_told():
    one, other, third = changes("one", "other", "third")
    known = Equivalents(
        {"file": "rules.py", "function": name, "before": f"{name} <", "after": f"{name} <=", "reason": "same"}
        for name in ("one", "gone")
    )
    assert [change for change in (one, other, third) if change not in known] == [other, third]
    assert known.stale([one, other]) == {("rules.py", "gone", "gone <", "gone <=")}


def test_a_sample_is_the_same_again_and_every_function_gives_one_before_any_gives_two():
    every = changes(*["long"] * 30, "short", "other")
    every = [Change(one.file, line, *list(vars(one).values())[2:]) for line, one in enumerate(every)]
    drawn = sample(every, 4, "1 GR-1")
    assert drawn == sample(every, 4, "1 GR-1") != sample(every, 4, "2 GR-1")
    assert {one.function for one in drawn[:3]} == {"long", "short", "other"}
    assert len(sample(every, 99, "1 GR-1")) == len(every)


def test_the_table_takes_the_place_of_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    page = tmp_path / "page.md"
    page.write_text("# Page\n")
    monkeypatch.setattr(command, "PAGE", page)
    monkeypatch.setattr("sys.argv", ["", "--seed", "2", "--write"])
    line = Line("GR-1", 3, possible=9, left_out=1, caught=4, survived=[(changes("one")[0], "")])
    write("old")
    write(table([line, Line("GR-2", 0, 5, 0, trouble="no tests")]))
    told = page.read_text()
    assert told.startswith("# Page\n\n## ") and told.count("## ") == 1 and "old" not in told
    assert "`python -m tests.mutants --seed 2 --write`" in told
    assert "| GR-1 | 3 | 9 | 1 | 5 | 4 | 1 |" in told and "| GR-2 | 0 | 5 | 0 | 0 | 0 | no tests |" in told
    assert "| **all** |  |  |  | 5 | 4 | 1 |" in told
