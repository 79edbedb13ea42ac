"""Compiles a profile's values to SQL over the staged rows. Each rule of the vocabulary is one short method."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.staging.dialect import ident, literal
from core.staging.profiles import Profile, ProfileError, Spec
from core.staging.shapes import columns_list

_PART = re.compile(r"\{(\w+)\}")


@dataclass
class Source:
    """Rows at hand as a table of texts: staged from a file, or derived. `columns` maps a header to its column."""

    name: str
    table: str
    columns: dict[str, str]
    indexed: set[str] = field(default_factory=set)


class UnknownColumn(LookupError):
    """A value names a column that the rows do not have."""

    def __init__(self, source: str, column: str) -> None:
        super().__init__(column)
        self.source, self.column = source, column


@dataclass
class Compiler:
    """Turns specs into SQL expressions of text."""

    profile: Profile
    sources: Mapping[str, Source]
    indexes: set[tuple[str, str]] = field(default_factory=set)  # (table, column) that lookups need

    def column(self, source: str, name: str, alias: str) -> str:
        """A column of some rows."""
        try:
            return f"{alias}.{self.sources[source].columns[name]}"
        except KeyError as error:
            raise UnknownColumn(source, name) from error

    def text(self, spec: Spec, source: str, alias: str = "s", *, is_date: bool = False) -> str:
        """A value as a text expression."""
        if isinstance(spec, str):
            found = self.column(source, spec, alias)
            return self.date_text(found) if is_date else found
        made = self._made(spec, source, alias, is_date=is_date)
        if "map" in spec:
            whens = " ".join(
                f"WHEN {literal(str(key))} THEN {literal(str(value))}" for key, value in spec["map"].items()
            )
            made = f"(CASE coalesce({made}, '') {whens} ELSE {made} END)"
        if "default" in spec:
            made = f"coalesce({made}, {literal(str(spec['default']))})"
        return made

    def _made(self, spec: Mapping[str, Any], source: str, alias: str, *, is_date: bool) -> str:
        if "column" in spec:
            return self.text(spec["column"], source, alias, is_date=is_date)
        if "const" in spec:
            return f"{literal(str(spec['const']))}::text"
        if "template" in spec:
            return self._template(spec, source, alias)
        if "lookup" in spec:
            return self._lookup(spec, source, alias, is_date=is_date)
        if "months_after" in spec:
            start = self.text(spec["months_after"], source, alias, is_date=True)
            months = self.text(spec["months"], source, alias)
            return (
                f"((pg_temp.as_date({start}) + make_interval(months => "
                f"(CASE WHEN {months} ~ '^[0-9]{{1,4}}$' THEN {months}::int END)))::date)::text"
            )
        value = self.text(spec["bands"], source, alias)
        whens = " ".join(
            f"WHEN pg_temp.as_number({value}) >= {int(least)} THEN {literal(str(shown))}"
            for least, shown in sorted(spec["of"], reverse=True)
        )
        return f"(CASE {whens} END)"

    def _template(self, spec: Mapping[str, Any], source: str, alias: str) -> str:
        parts, at = [], 0
        for found in _PART.finditer(spec["template"]):
            parts.append(literal(spec["template"][at : found.start()]))
            name = found.group(1)
            parts.append(self.text(spec.get(name, name), source, alias))
            at = found.end()
        parts.append(literal(spec["template"][at:]))
        return f"({' || '.join(part for part in parts if part != literal(''))})"  # NULL where a part is blank

    def _lookup(self, spec: Mapping[str, Any], source: str, alias: str, *, is_date: bool) -> str:
        other, inner = spec["in"], f"{alias}l"
        if other not in self.sources:
            raise ProfileError(f"lookup 的文件不在本批：{other}")
        conditions = []
        for their, ours in spec["match"].items():
            theirs = self.column(other, their, inner)
            self.indexes.add((self.sources[other].table, theirs.split(".", 1)[1]))
            conditions.append(f"{theirs} = {self.text(ours, source, alias)}")
        if "where" in spec:
            conditions.append(self.filter(spec["where"], other, inner))
        found = self.text(spec["lookup"], other, inner, is_date=is_date)
        return f"(SELECT {found} FROM {self.sources[other].table} {inner} WHERE {' AND '.join(conditions)} LIMIT 1)"

    def filter(self, where: Mapping[str, Any], source: str, alias: str = "s") -> str:
        """Rows whose column has one of the values ('' stands for blank)."""
        conditions = ["true"]
        for name, wanted in where.items():
            values = wanted if isinstance(wanted, list) else [wanted]
            shown = ", ".join(literal(str(value)) for value in values)
            conditions.append(f"coalesce({self.column(source, name, alias)}, '') IN ({shown})")
        return " AND ".join(conditions)

    def date_text(self, text: str) -> str:
        """A date written in the profile's format, as YYYYMMDD; what is not in that format stays as it is."""
        form = self.profile.date_format
        if form == "YYMMDD":
            first = self.profile.century_from
            century, pivot = first // 100, first % 100
            return (
                f"(CASE WHEN {text} ~ '^[0-9]{{6}}$' THEN (CASE WHEN substr({text}, 1, 2)::int >= {pivot} "
                f"THEN '{century}' ELSE '{century + 1}' END) || {text} ELSE {text} END)"
            )
        if form == "DD.MM.YYYY":
            return (
                f"(CASE WHEN {text} ~ '^[0-9]{{2}}[.][0-9]{{2}}[.][0-9]{{4}}$' "
                f"THEN substr({text}, 7, 4) || substr({text}, 4, 2) || substr({text}, 1, 2) ELSE {text} END)"
            )
        return text

    def derive(self, name: str) -> tuple[str, dict[str, str]]:
        """The SELECT behind derived rows, and their columns; lines are those of the rows they come from."""
        derived = self.profile.derived[name]
        select: str
        columns: list[str]
        select, columns = getattr(self, f"_{derived.rule}")(derived.words)
        return select, {column: ident(column) for column in columns}

    def _number(self, words: Mapping[str, Any], word: str, alias: str = "s") -> str:
        return f"pg_temp.as_number({self.column(words['from'], words[word], alias)})"

    def _date(self, words: Mapping[str, Any], word: str, alias: str = "s") -> str:
        return f"pg_temp.as_date({self.date_text(self.column(words['from'], words[word], alias))})"

    def _day_end(self, words: Mapping[str, Any]) -> tuple[str, list[str]]:
        """The last balance of each account and day.

        The rows of a day need not come in the order they were booked. The first and the last of them are the pair
        between whose balances the day's movements lie: opening balance + all amounts = closing balance.
        """
        table = self.sources[words["from"]].table
        key = self.column(words["from"], words["key"], "s")
        credit = self.filter(words["credit"], words["from"])
        return (
            f"""
            WITH moves AS (
                SELECT s.row_line, {key} AS owner, {self._date(words, "day")} AS on_day,
                       {self._number(words, "balance")} AS balance,
                       (CASE WHEN {credit} THEN 1 ELSE -1 END) * {self._number(words, "amount")} AS amount
                FROM {table} s
            ), days AS (
                SELECT *, count(*) OVER day AS moves, sum(amount) OVER day AS net FROM moves
                WHERE on_day IS NOT NULL AND balance IS NOT NULL AND amount IS NOT NULL
                WINDOW day AS (PARTITION BY owner, on_day)
            ), pairs AS (
                SELECT l.owner, l.on_day, l.row_line, l.balance,
                       abs(l.balance - (f.balance - f.amount) - l.net) AS miss
                FROM days l JOIN days f ON f.owner = l.owner AND f.on_day = l.on_day AND f.row_line <> l.row_line
                WHERE l.moves > 1
            ), closing AS (
                SELECT owner, on_day, row_line, balance, 0 AS miss FROM days WHERE moves = 1
                UNION ALL SELECT owner, on_day, row_line, balance, miss FROM pairs
            )
            SELECT DISTINCT ON (owner, on_day) row_line, owner AS {ident(words["key"])}, on_day::text AS day,
                   balance::text AS balance
            FROM closing ORDER BY owner, on_day, miss, row_line DESC
            """,
            [words["key"], "day", "balance"],
        )

    def _installments(self, words: Mapping[str, Any]) -> tuple[str, list[str]]:
        """Equal monthly instalments on a day of the month, the first after the loan starts, the last with the rest."""
        source, day = self.sources[words["from"]], int(words["day"])
        kept = ", ".join(f"s.{column} AS {ident(name)}" for name, column in source.columns.items())
        return (
            f"""
            WITH loans AS MATERIALIZED (
                SELECT s.row_line, {kept}, {self._date(words, "starts")} AS starts_on,
                       {self._number(words, "total")} AS in_all, {self._number(words, "amount")} AS each,
                       least({self._number(words, "months")}, 1200)::int AS months FROM {source.table} s
            ), first AS MATERIALIZED (
                SELECT l.*, make_date(extract(year FROM starts_on)::int, extract(month FROM starts_on)::int, {day})
                       + make_interval(months => (extract(day FROM starts_on) >= {day})::int) AS first_on
                FROM loans l WHERE starts_on IS NOT NULL AND in_all IS NOT NULL AND each IS NOT NULL
            )
            SELECT row_line, {columns_list(source.columns)}, n::text AS number,
                   (first_on + make_interval(months => n - 1))::date::text AS due_on,
                   (CASE WHEN n = months THEN in_all - each * (n - 1) ELSE each END)::text AS principal
            FROM first CROSS JOIN LATERAL generate_series(1, months) AS n
            """,
            [*source.columns, "due_on", "number", "principal"],
        )

    def _loan_days(self, words: Mapping[str, Any]) -> tuple[str, list[str]]:
        """What a loan without a balance file stands at on each day: each payment settles the next instalment.

        A day is past due from the oldest instalment that no payment has settled. Payments are counted, not added up:
        the instalment of the loan file is rounded, the payment is not.
        """
        pay, source = words["payments"], words["from"]
        plan, paid, loans = (self.sources[name] for name in (words["installments"], pay["from"], source))
        key, owner = self.column(source, words["key"], "s"), self.column(source, pay["owner"], "s")
        kept = ", ".join(f"s.{column} AS {ident(name)}" for name, column in loans.columns.items())
        cutoff = self.profile.cutoff_on
        last = f"{literal(str(cutoff))}::date" if cutoff else "(SELECT max(day) FROM paid)"
        return (
            f"""
            WITH paid AS MATERIALIZED (
                SELECT {self.column(pay["from"], pay["key"], "s")} AS owner, {self._date(pay, "day")} AS day
                FROM {paid.table} s WHERE {self.filter(pay["where"], pay["from"])}
            ), payments AS (SELECT owner, array_agg(day) AS days FROM paid GROUP BY owner),
            plan AS (
                SELECT {self.column(words["installments"], words["key"], "s")} AS loan,
                       array_agg(s.due_on::date ORDER BY s.number::int) AS dues,
                       array_agg(s.principal::numeric ORDER BY s.number::int) AS parts FROM {plan.table} s GROUP BY 1
            ), loans AS MATERIALIZED (
                SELECT s.row_line, {kept}, {key} AS loan, {owner} AS payer, {self._date(words, "starts")} AS starts_on
                FROM {loans.table} s
            ), loan_days AS (
                SELECT l.*, plan.dues, plan.parts, d::date AS day,
                       (SELECT count(*) FROM unnest(payments.days) p WHERE p BETWEEN starts_on AND d)::int AS settled,
                       (SELECT count(*) FROM unnest(plan.dues) due WHERE due <= d)::int AS due
                FROM loans l JOIN plan USING (loan) LEFT JOIN payments ON payments.owner = l.payer
                CROSS JOIN LATERAL generate_series(l.starts_on, {last}, interval '1 day') AS d
            )
            SELECT s.row_line, {", ".join(f"s.{ident(name)}" for name in loans.columns)}, s.day::text AS day,
                   (SELECT coalesce(sum(part), 0) FROM unnest(s.parts) WITH ORDINALITY u(part, n)
                    WHERE n > s.settled)::text AS balance,
                   (SELECT coalesce(sum(part), 0) FROM unnest(s.parts) WITH ORDINALITY u(part, n)
                    WHERE n > s.settled AND n <= s.due)::text AS overdue,
                   (CASE WHEN s.settled < s.due THEN s.day - s.dues[s.settled + 1] ELSE 0 END)::text AS days_past_due
            FROM loan_days s
            """,
            [*loans.columns, "day", "balance", "overdue", "days_past_due"],
        )
