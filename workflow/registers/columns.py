"""What a list shows of a row, and what its workbook says of it: one declaration for both.

A column has a head and says where its value comes from: a path of attributes (`loan.borrower.name`) or a function of
the row. Columns `under` another stand small below it on the screen and have a column of their own in the workbook.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from django.urls import reverse
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import clock, money
from core.templatetags.dates import due, due_state

Where = Literal["", "screen", "sheet"]
DASH = format_html('<span class="muted">{}</span>', "–")


@dataclass(frozen=True)
class View:
    """How a person looks at a list: the business date, and the unit of money."""

    on: date
    unit: str = "yuan"

    @property
    def unit_word(self) -> str:
        """元 or 万元."""
        return _("万元") if self.unit == "wan" else _("元")


def at(row: Any, path: str) -> Any:
    """What stands at the end of a path of attributes; None where it breaks off. Methods are called."""
    for name in path.split("."):
        row = getattr(row, name, None)
        if row is None:
            return None
        if callable(row):
            row = row()
    return row


def chip_of(word: Any, shade: str) -> SafeString:
    """A word in its colour."""
    return format_html('<span class="chip{}">{}</span>', f" chip-{shade}" if shade else "", word)


class Column:
    """A value as text.

    `name` tells it from others where people choose columns. `lead` stands before the value on the screen, `tail` behind
    it (words, or a function of the row that gives them), `warn` says of a row whether it alarms, `missing` is what an
    empty value is called. `where`: on screen alone, or in the sheet.
    """

    css = "nowrap"

    def __init__(
        self,
        head: Any,
        of: str | Callable[[Any], Any],
        *,
        name: str = "",
        under: tuple[Column, ...] = (),
        css: str | None = None,
        desk: bool = False,
        where: Where = "",
        lead: Any = "",
        tail: Any = "",
        warn: Callable[[Any], Any] | None = None,
        missing: Any = "",
    ) -> None:
        self.head, self.of, self.under, self.where = head, of, under, where
        self.name = name or (of if isinstance(of, str) else of.__name__).replace(".", "_").strip("_<>")
        self.css = (self.css if css is None else css) + (" desk-only" if desk else "")
        self.lead, self.tail, self.warn, self.missing = lead, tail, warn, missing

    def value(self, row: Any) -> Any:
        """What it says of a row, as it is."""
        return at(row, self.of) if isinstance(self.of, str) else self.of(row)

    def shown(self, value: Any, row: Any, view: View) -> Any:
        """The value on the screen; a subclass says how it looks."""
        return value

    def cell(self, row: Any, view: View) -> SafeString:
        """The whole cell: the value, and small below it what stands under."""
        below = [one.small(row, view) for one in self.under if one.where != "sheet"]
        return self.main(row, view) + SafeString("".join(below))

    def main(self, row: Any, view: View) -> SafeString:
        """The value, with what leads it, in alarm where it alarms."""
        value = self.value(row)
        if value is None or value == "":
            return format_html('<span class="late">{}</span>', self.missing) if self.missing else DASH
        text = self.shown(value, row, view)
        if self.lead:
            text = format_html("{} {}", self.lead, text)
        if tail := self.tail(row) if callable(self.tail) else self.tail:
            text = format_html("{} {}", text, tail)
        if self.warn and self.warn(row):
            text = format_html('<span class="late strong">{}</span>', text)
        return conditional_escape(text)

    def small(self, row: Any, view: View) -> SafeString:
        """As it stands under another; nothing where it has nothing to say."""
        value = self.value(row)
        if (value is None or value == "" or value == 0) and not self.missing:
            return SafeString("")
        shade = " tabular" if "tabular" in self.css or "num" in self.css else ""
        return format_html('<div class="muted small{}">{}</div>', shade, self.main(row, view))

    def title(self, view: View) -> Any:
        """The head on the screen."""
        return self.head

    def in_sheet(self) -> Iterator[Column]:
        """The columns of the workbook that it makes: its own, then those under it."""
        if self.where != "screen":
            yield self
        for one in self.under:
            yield from one.in_sheet()

    def sheet_head(self) -> str:
        """The head in the workbook."""
        return str(self.head)

    def sheet(self, row: Any) -> Any:
        """The value in the workbook; what has no type of its own there is written as it reads."""
        value = self.value(row)
        return str(self.missing) if value is None and self.missing else value


class Text(Column):
    """Words that may take more than one line."""

    css = ""


class Mono(Column):
    """A number or code: its figures stand under one another."""

    css = "nowrap tabular"


class Count(Column):
    """How many; 0 is said quietly."""

    css = "num"

    def shown(self, value: Any, row: Any, view: View) -> Any:
        return value or format_html('<span class="muted">{}</span>', value)


class Alarm(Count):
    """How many of what should not be: any alarms."""

    def shown(self, value: Any, row: Any, view: View) -> Any:
        text = super().shown(value, row, view)
        return format_html('<span class="late strong">{}</span>', text) if value else text


class Money(Column):
    """An amount in 元, shown in the unit that the person chose; `total`: the list says the sum of all its rows."""

    css = "num"

    def __init__(self, *args: Any, total: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.total = total

    def shown(self, value: Any, row: Any, view: View) -> Any:
        return in_unit(value, view.unit)

    def title(self, view: View) -> Any:
        return f"{self.head}（{view.unit_word}）"

    def sheet_head(self) -> str:
        return f"{self.head}（{_('元')}）"


def in_unit(value: Decimal, unit: str) -> str:
    """An amount in 万元 for `wan`, otherwise in 元."""
    return money.wan(value) if unit == "wan" else money.yuan(value)


class Day(Column):
    """A day: 2026-11-24."""

    css = "nowrap tabular"


class Due(Day):
    """A day by which something is owed, with its lateness; `settled` says of a row that nothing is owed any more."""

    def __init__(self, *args: Any, settled: Callable[[Any], Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.settled = settled

    def shown(self, value: Any, row: Any, view: View) -> Any:
        if self.settled and self.settled(row):
            return value
        state = due_state(value, view.on)
        shade = "late" if state in ("late", "today") else "muted"
        return format_html('{}<div class="small {}">{}</div>', value, shade, due(value, view.on))


class Chip(Column):
    """A choice in its colour. `choices`: the enumeration of the value; otherwise the value is one, or (word, shade)."""

    def __init__(self, *args: Any, choices: type[Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choices = choices

    def choice(self, value: Any) -> tuple[Any, str]:
        """The word of a value and its shade."""
        if isinstance(value, tuple):
            return value[0], value[1]
        one = self.choices(value) if self.choices else value
        return getattr(one, "label", one), getattr(one, "colour", "")

    def shown(self, value: Any, row: Any, view: View) -> Any:
        return chip_of(*self.choice(value))

    def sheet(self, row: Any) -> Any:
        value = self.value(row)
        return None if value is None or value == "" else str(self.choice(value)[0])


class Moment(Column):
    """An instant, to the minute."""

    css = "nowrap tabular"

    def value(self, row: Any) -> Any:
        at = super().value(row)
        return at and f"{clock.local(at):%Y-%m-%d %H:%M}"


class Link(Column):
    """A value that leads to a page: `route`, and where the arguments of its address come from; `part` of that page.

    Where it depends on the row, `route` is a function that gives the address, or nothing where there is no way.
    """

    css = "nowrap tabular"

    def __init__(
        self, head: Any, of: Any, route: str | Callable[[Any], str], *keys: str, part: str = "", **kwargs: Any
    ) -> None:
        super().__init__(head, of, **kwargs)
        self.route, self.keys, self.part = route, keys, f"#{part}" if part else ""

    def address(self, row: Any) -> str:
        """Where it leads; empty where nowhere."""
        if not isinstance(self.route, str):
            return self.route(row)
        args = [at(row, key) for key in self.keys]
        return "" if None in args or "" in args else reverse(self.route, args=args) + self.part

    def shown(self, value: Any, row: Any, view: View) -> Any:
        address = self.address(row)
        return format_html('<a href="{}">{}</a>', address, value) if address else value


class Customer(Link):
    """A customer: the name leads to its page; the workbook has number and name. `of`: what stands before these two."""

    css = "name"

    def __init__(self, of: str = "borrower.", *, part: str = "", **kwargs: Any) -> None:
        self.number = Mono(gettext_lazy("客户编号"), f"{of}number", where="sheet")
        super().__init__(
            gettext_lazy("客户"), f"{of}name", "borrower", f"{of}number", part=part,
            **{"name": "customer", **kwargs},
        )  # fmt: skip

    def in_sheet(self) -> Iterator[Column]:
        yield self.number
        yield from super().in_sheet()

    def sheet_head(self) -> str:
        return _("客户名称")


class Manager(Column):
    """Who manages the customer, with their unit; `of`: a Responsibility, usually laid beside the row by `dress`.

    `unit`: where the name of the unit in charge stands, which a vacant post has too.
    """

    css = ""

    def __init__(self, of: str = "manager", *, unit: str = "", **kwargs: Any) -> None:
        super().__init__(
            gettext_lazy("客户经理"), of, **{"name": "manager", "missing": gettext_lazy("缺岗")} | kwargs
        )
        self.unit = Text(gettext_lazy("机构"), unit or f"{of}.unit.name", where="sheet")

    def main(self, row: Any, view: View) -> SafeString:
        told = super().main(row, view)
        unit = None if self.value(row) else self.unit.value(row)
        return format_html("{} · {}", told, unit) if unit else told

    def shown(self, value: Any, row: Any, view: View) -> Any:
        return f"{value.person.name} · {value.unit.name}"

    def in_sheet(self) -> Iterator[Column]:
        yield self
        yield self.unit

    def sheet(self, row: Any) -> Any:
        value = self.value(row)
        return value.person.name if value else str(self.missing)


class Html(Column):
    """What a function draws for the screen alone: buttons, marks. What it leaves empty stays empty."""

    css = "nowrap no-print"

    def __init__(self, head: Any, of: Callable[[Any], Any], **kwargs: Any) -> None:
        super().__init__(head, of, **{"where": "screen", **kwargs})

    def main(self, row: Any, view: View) -> SafeString:
        return conditional_escape(self.value(row) or "")


def joined(parts: list[Any]) -> SafeString:
    """Several pieces, one after the other."""
    return format_html_join(mark_safe(" "), "{}", ((part,) for part in parts))
