"""Articles, code and tests agree: what a test shows, some code claims; what is claimed, the catalogue knows."""

from __future__ import annotations

import pkgutil
import re
from collections import defaultdict
from datetime import date
from pathlib import Path

import postloan.urls  # noqa: F401  (claims are made when their module is read)
from core import obligations
from core.obligations import catalogue, claimed, clauses_by_row, what_does
from core.policy import policy_on
from core.rulebook import Honoured, marks_in, shipped_marks, states
from reviews.rulebook.selectors import claim_of, rooms, rulebook
from workflow import registry, titles
from workflow.duties import EachFact, Rule
from workflow.models import WorkItem

# What the product calls whole: each with code that claims it and a test for every clause, neither more nor fewer.
ANSWERED = {
    "GD-3.3", "GR-17.2", "GR-20.2", "GR-23", "GR-24", "GR-6.4.2", "GR-6.4.4", "GS-8", "GS-8b",
}  # fmt: skip
IS_CHINESE = re.compile(r"[\u4e00-\u9fff]")
MARKS = marks_in(Path(__file__).resolve().parent.parent, catalogue())


def ours() -> set[str]:
    """What the product's code claims; rules that tests invent do not count."""
    return {one for one, by in claimed().items() if any(not code.startswith("tests.") for code in by)}


def test_what_is_called_whole_is_claimed_by_code_and_shown_by_a_test_for_every_clause():
    rows = catalogue()
    whole = {row for row, state in states(rows, ours(), MARKS).items() if state == Honoured.WHOLE}
    assert {row for row in whole if not rows[row].same_as} == ANSWERED


def test_a_row_is_whole_exactly_where_each_of_its_clauses_is_shown_as_kept(reference):
    """A clause that no claim names, of a row that nobody claims as such, would be kept by nobody."""
    for row in rulebook(policy_on(date(2026, 11, 24))):
        assert not row.clauses or (row.state == Honoured.WHOLE) == (not row.missing), row.id


def test_every_row_that_rests_on_no_other_has_clauses_and_nothing_else_does():
    rows = catalogue()
    assert set(clauses_by_row()) == {row.id for row in rows.values() if not row.same_as}
    for row in clauses_by_row():
        letters = list(rows[row].clauses)
        assert letters == list("abcdefgh"[: len(letters)]) and letters, row
        assert all(rows[row].clauses.values()), row


def test_nothing_is_marked_or_claimed_that_the_catalogue_does_not_know():
    assert len(catalogue()) == 183
    assert (set(MARKS) | ours()) <= set(catalogue())


def test_what_a_test_shows_kept_is_claimed_by_code():
    assert ours() >= set(MARKS)


def test_the_marks_that_ship_are_those_of_the_tests():
    """Otherwise: manage.py rulebook --write."""
    assert shipped_marks() == MARKS


def test_a_row_that_rests_on_others_names_rows_that_exist_and_never_itself():
    def below(key: str, above: tuple[str, ...] = ()) -> None:
        assert key not in above, f"{key} rests on itself"
        for other in catalogue()[key].same_as:
            below(other, (*above, key))

    for key in catalogue():
        below(key)


def test_every_room_and_claim_has_words_for_the_rulebook():
    assert {row.app for row in catalogue().values()} == set(rooms())
    assert list(rooms().values())[:3] == ["人员与双线", "客户与借据", "信贷档案"]
    assert all(map(IS_CHINESE.search, rooms().values()))
    for by in claimed().values():
        for code in by:
            thing = pkgutil.resolve_name(code)
            is_rule = isinstance(thing, type) and issubclass(thing, Rule)
            assert code.startswith("tests.") or (thing.title if is_rule else what_does(code)), code


def test_a_claim_is_shown_by_its_words_and_without_any_by_its_first_line(monkeypatch):
    code = "monitoring.freezes.check_not_frozen"
    assert claim_of(code).label == "挪用认定后该合同的支付一律拒绝"
    monkeypatch.delitem(obligations._does, code)
    assert claim_of(code).label == "Raise while a case is open under the contract: 暂停用款."


def test_every_rule_has_a_title_and_rules_of_one_kind_have_the_same():
    of_kind = defaultdict(set)
    for rule in registry.rules().values():
        of_kind[rule.kind].add((str(rule.title), str(rule.start_word)))
    assert len(of_kind) > 20
    for kind, said in of_kind.items():
        assert len(said) == 1, kind
        assert said == {(titles.of_kind(kind), titles.start_word(kind))}
        assert all(map(all, said)), kind


def test_every_obligation_that_a_rule_keeps_is_listed_in_one_way():
    of_obligation = defaultdict(list)
    for rule in registry.rules().values():
        of_obligation[rule.obligation].append(rule)
    for obligation, mine in of_obligation.items():
        listed = {str(rule.listed) for rule in mine if rule.listed} or {str(rule.title) for rule in mine}
        assert listed == {titles.of_obligation(obligation)}


def test_what_no_rule_keeps_is_called_as_in_the_catalogue_or_by_a_general_name():
    assert titles.of_obligation("GR-18") == catalogue()["GR-18"].duty
    assert (titles.of_obligation("GR-0"), titles.of_kind("other")) == ("贷后管理职责", "贷后职责")
    assert titles.start_word("other") == "办理" != titles.start_word("site_inspection")


def test_no_reason_of_a_fact_is_longer_than_what_a_duty_keeps():
    kept = WorkItem._meta.get_field("reason").max_length
    rules = [rule for rule in registry.rules().values() if isinstance(rule, EachFact)]
    assert len(rules) > 10
    assert all(rule.longest <= kept for rule in rules)
