"""A paper's answers as what they mean: days, amounts, rows; for what is signed, when everything was found readable."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from workflow.definitions.shape import YES, Answers


class TypedAnswers:
    """The answers of one paper, or of one row of a table, each read as the kind of thing that it is.

    A day, an amount or a number that was not given is a ValueError that names the field: what a form demands before it
    is signed is there, and was found readable.
    """

    def __init__(self, answers: Answers) -> None:
        self.raw = answers

    def text(self, name: str) -> str:
        """A line, a long text or the value of a choice; empty where it was not answered."""
        return str(self.raw.get(name) or "")

    def day(self, name: str) -> date:
        """A day; of a date with an hour its day."""
        return date.fromisoformat(self._given(name)[:10])

    def money(self, name: str) -> Decimal:
        """An amount in 元."""
        return Decimal(self._given(name))

    def number(self, name: str) -> int:
        """A whole number: the id of what the system filled in."""
        return int(self._given(name))

    def yes(self, name: str) -> bool:
        """Whether a question of yes or no was answered with yes."""
        return self.raw.get(name) == YES

    def ticked(self, name: str) -> list[str]:
        """The options of a choice of several that were ticked."""
        return list(self.raw.get(name) or ())

    def rows(self, name: str) -> list[TypedAnswers]:
        """The rows of a table."""
        return [TypedAnswers(row) for row in self.raw.get(name) or ()]

    def _given(self, name: str) -> str:
        if not (text := self.text(name)):
            raise ValueError(f"“{name}”没有填写")
        return text
