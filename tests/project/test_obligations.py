"""Articles, code and tests agree: what a test shows, some code claims; what is claimed, the catalogue knows."""

from __future__ import annotations

import ast
from pathlib import Path

import postloan.close_of_day  # noqa: F401  (claims are made when their module is read)
import workflow.services.signatures  # noqa: F401
from core.obligations import catalogue, claimed

# What the product answers for so far: each with code that claims it and a test that shows it wholly kept.
ANSWERED = {
    "GR-27", "GD-3.3", "GR-28.1", "GR-28.2", "GR-28.3", "GR-28.4", "GR-30", "GR-3", "GR-5", "FW-2.3.1",
    "GR-6.4.1b", "GR-6.4.2", "GR-6.4.3", "GR-6.4.4", "GD-3.2",
}  # fmt: skip
TESTS = Path(__file__).resolve().parent.parent


def marked() -> tuple[set[str], set[str]]:
    """Ids of the obligations that tests show wholly kept, and in part."""
    whole, part = set(), set()
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "obligation"
            ):
                ids = {arg.value for arg in node.args if isinstance(arg, ast.Constant)}
                (part if node.keywords else whole).update(ids)
    return whole, part


def test_every_answered_obligation_is_claimed_by_code_and_shown_by_a_test():
    whole, _ = marked()
    assert whole >= ANSWERED
    assert set(claimed()) >= ANSWERED


def test_nothing_is_marked_or_claimed_that_the_catalogue_does_not_know():
    whole, part = marked()
    assert len(catalogue()) == 183
    assert (whole | part | set(claimed())) <= set(catalogue())


def test_what_a_test_shows_wholly_kept_is_claimed_by_code():
    whole, _ = marked()
    assert whole <= set(claimed())
