"""Brings files into temporary tables, maps them to the kinds, checks every value, and types the good rows.

Everything lives in the import's own transaction and vanishes with it: what is refused leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from django.db import connection

from core.staging.dialect import execute, ident, literal, rows, scalar
from core.staging.feed import CopyFeed, open_table
from core.staging.mapping import Compiler, Source, UnknownColumn
from core.staging.problems import LISTED_AT_MOST, FileRefused, Problem
from core.staging.profiles import FileSpec, Profile, Target
from core.staging.shapes import Column, Kind, Type


@dataclass
class Staged:
    """One file at hand: what was read of it, and what is wrong with it as a whole or in its shape."""

    spec: FileSpec
    path: Path
    rows: int = 0
    problems: list[Problem] = field(default_factory=list)
    bad_rows: int = 0
    unreadable: bool = False


@dataclass
class Stage:
    """The temporary tables of one import."""

    profile: Profile
    as_of: date
    known_on: date
    files: dict[str, Staged] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    mapped: dict[str, list[Column]] = field(default_factory=dict)  # kind → columns at hand
    restated_on: dict[str, str] = field(default_factory=dict)  # file → the next date already applied
    listed: frozenset[str] = frozenset()  # findings that the lender wants listed, not refused

    def __post_init__(self) -> None:
        execute(
            """
            CREATE TEMP TABLE import_problems (seq bigserial, file text, kind text, line int, position int,
                column_name text, value text, reason text) ON COMMIT DROP;
            CREATE TEMP TABLE import_notices (LIKE import_problems INCLUDING DEFAULTS) ON COMMIT DROP;
            CREATE TEMP TABLE import_set_aside (seq bigserial, file text, line int, column_name text, value text)
                ON COMMIT DROP;
            CREATE TEMP TABLE import_counts (kind text, known_on date, inserted bigint, changed bigint) ON COMMIT DROP;
            """
        )

    def read(self, spec: FileSpec, path: Path) -> None:
        """Stage one file with COPY; what cannot be read is remembered, and the other files are still checked."""
        staged = self.files[spec.name] = Staged(spec, path)
        try:
            table = open_table(path, spec.layout)
            name = f"source_{spec.name}"
            columns = {header: f"c{index}" for index, header in enumerate(table.header)}
            texts = ", ".join(f"{column} text" for column in columns.values())
            execute(f"CREATE TEMP TABLE {ident(name)} (row_line int, {texts}) ON COMMIT DROP")
            feed = CopyFeed(table)
            with connection.cursor() as cursor:
                cursor.copy_expert(f"COPY {ident(name)} FROM STDIN (FORMAT csv)", feed)
            if feed.refused:
                raise feed.refused
            staged.rows = feed.count + table.bad_rows
            staged.problems, staged.bad_rows = table.problems, table.bad_rows
            self.sources[spec.name] = Source(spec.name, ident(name), columns)
        except FileRefused as refused:
            staged.problems, staged.bad_rows, staged.unreadable = [refused.problem], 1, True

    def map(self, target: Target) -> bool:
        """Bring a kind's rows into its mapped table; whether there are any to check."""
        kind, source = target.kind, target.source
        compiler = Compiler(self.profile, self.sources)
        if source in self.profile.derived and source not in self.sources:
            self._derive(source, compiler)
        if source not in self.sources:
            return False
        specs = self._specs(target)
        if specs is None:
            return False
        columns = [column for column in kind.columns if column.name in specs]
        try:
            values = [
                f"{compiler.text(specs[c.name], source, is_date=c.type is Type.DATE)} AS {ident(c.name)}"
                for c in columns
            ]
            dated = target.dated_by or (specs.get(kind.effective) if kind.effective else None)
            on = compiler.text(dated, source, is_date=True) if dated else None
            where = compiler.filter(target.where, source)
        except UnknownColumn as missing:
            self._column_missing(missing)
            return False
        self._index(compiler)
        # OFFSET 0 keeps the casts from being worked out twice: each value once, each day once.
        execute(
            f"CREATE TEMP TABLE {kind.mapped} ON COMMIT DROP AS SELECT m.*, pg_temp.as_date(m.dated) AS dated_on"
            + "".join(
                f", {column.value(f'm.{ident(column.name)}')} AS {ident(column.cast)}"
                for column in columns
                if column.cast != column.name
            )
            + f" FROM (SELECT s.row_line, {', '.join(values)}, {on or 'NULL::text'} AS dated "
            f"FROM {self.sources[source].table} s WHERE {where} OFFSET 0) m"
        )
        self.mapped[kind.name] = columns
        self._set_aside(target, columns)
        execute(f"CREATE INDEX ON {kind.mapped} ({ident(kind.key[0])}); ANALYZE {kind.mapped}")
        return True

    def _derive(self, name: str, compiler: Compiler) -> None:
        words = self.profile.derived[name].words
        further = [words[word] for word in ("installments",) if word in words]
        for other in further:
            if other in self.profile.derived and other not in self.sources:
                self._derive(other, compiler)
        needed = [words["from"], *further, *([words["payments"]["from"]] if "payments" in words else [])]
        if any(other not in self.sources for other in needed):
            return
        try:
            select, columns = compiler.derive(name)
        except UnknownColumn as missing:
            self._column_missing(missing)
            return
        table = ident(f"source_{name}")
        execute(f"CREATE TEMP TABLE {table} ON COMMIT DROP AS {select}")
        execute(f"ANALYZE {table}")
        self.sources[name] = Source(name, table, columns)

    def _specs(self, target: Target) -> dict[str, object] | None:
        """Each column's value; without a mapping, the header is the column's label and may be missing if optional."""
        if target.columns is not None:
            return dict(target.columns)
        have = self.sources[target.source].columns
        missing = [column for column in target.kind.columns if column.required and column.label not in have]
        if missing:
            found = "、".join(have) or "（无）"
            names = "、".join(column.label for column in missing)
            self._refuse(
                target.source, Problem(1, missing[0].label, "", f"缺少列：{names}；文件中的列有：{found}。")
            )
            return None
        return {column.name: column.label for column in target.kind.columns if column.label in have}

    def _column_missing(self, missing: UnknownColumn) -> None:
        file = self.profile.source_of(missing.source)
        found = "、".join(self.sources[file].columns)
        self._refuse(
            file, Problem(1, missing.column, "", f"缺少列：{missing.column}；文件中的列有：{found}。")
        )

    def _refuse(self, file: str, problem: Problem) -> None:
        staged = self.files[file]
        if problem not in staged.problems:
            staged.problems.append(problem)
            staged.bad_rows += 1
        staged.unreadable = True

    def _index(self, compiler: Compiler) -> None:
        for table, column in sorted(compiler.indexes):
            source = next(source for source in self.sources.values() if source.table == table)
            if column not in source.indexed:
                execute(f"CREATE INDEX ON {table} ({column}); ANALYZE {table}")
                source.indexed.add(column)

    def _set_aside(self, target: Target, columns: Sequence[Column]) -> None:
        """Rows dated after the profile's cut-off: listed with their file, not applied."""
        if not self.profile.cutoff_on:
            return
        kind, after = target.kind, f"dated_on > {literal(str(self.profile.cutoff_on))}::date"
        if target.source not in self.profile.derived:
            key = kind.column(kind.key[0])
            execute(
                f"INSERT INTO import_set_aside (file, line, column_name, value) SELECT {literal(target.source)}, "
                f"row_line, {literal(key.label)}, {ident(key.name)} FROM {kind.mapped} m WHERE {after} AND NOT EXISTS "
                f"(SELECT 1 FROM import_set_aside a WHERE a.file = {literal(target.source)} AND a.line = m.row_line)"
                f" ORDER BY row_line"
            )
        execute(f"DELETE FROM {kind.mapped} WHERE {after}")

    # --- checks

    def complain(self, target: Target, column: Column | None, select: str, *, notice: bool = False) -> int:
        """Add problems, or notices: `select` gives row_line, value and reason of mapped rows aliased m."""
        file = literal(self.profile.source_of(target.source))
        position = target.kind.columns.index(column) if column else -1
        return execute(
            f"INSERT INTO import_{'notices' if notice else 'problems'} "
            "(file, kind, line, position, column_name, value, reason) "
            f"SELECT {file}, {literal(target.kind.name)}, row_line, {position}, "
            f"{literal(self.shown(target, column) if column else '')}, value, reason FROM ({select}) p "
            "ORDER BY row_line"
        )

    def shown(self, target: Target, column: Column) -> str:
        """A column as the file calls it."""
        spec = (target.columns or {}).get(column.name)
        return spec if isinstance(spec, str) else column.label

    def check_values(self, target: Target) -> None:
        """Every value of every column, in one pass: the first thing wrong with each is listed."""
        kind, columns = target.kind, self.mapped[target.kind.name]
        tests, faults = [], []
        for column in columns:
            text, value = f"m.{ident(column.name)}", f"m.{ident(column.cast)}"
            wrong = [(f"{text} IS NOT NULL AND {bad}", reason) for bad, reason in column.faults(text, value)]
            if column.required:
                wrong.insert(0, (f"{text} IS NULL", "不能为空"))
            if column.name == kind.effective and not self.profile.replay_from:
                late = f"{value} > {literal(str(self.as_of))}::date"
                wrong.append((late, f"晚于数据日期 {self.as_of}"))
            if wrong:
                faults += [bad for bad, _ in wrong]
                whens = [f"WHEN {bad} THEN {literal(reason)}" for bad, reason in wrong]
                position, label = (
                    kind.columns.index(column),
                    literal(self.shown(target, column)),
                )
                tests.append(f"({position}, {label}, {text}, CASE {' '.join(whens)} END)")
        file = literal(self.profile.source_of(target.source))
        execute(
            f"INSERT INTO import_problems (file, kind, line, position, column_name, value, reason) "
            f"SELECT {file}, {literal(kind.name)}, m.row_line, x.position, x.label, x.value, x.reason "
            f"FROM {kind.mapped} m "
            f"CROSS JOIN LATERAL (VALUES {', '.join(tests)}) AS x (position, label, value, reason) "
            # Only rows with a fault are taken apart: a file of ten million rows has few.
            f"WHERE ({' OR '.join(faults)}) AND x.reason IS NOT NULL"
        )

    def check_keys(self, target: Target) -> None:
        """No key twice within the file."""
        kind = target.kind
        at_hand = [column.name for column in self.mapped[kind.name]]
        names = [name for name in kind.key if name in at_hand]
        keys = ", ".join(self._comparable(kind, name) for name in names)
        column = kind.column(names[0])
        labels = "、".join(self.shown(target, kind.column(name)) for name in names)
        value = ident(column.name)
        self.complain(
            target,
            column,
            f"SELECT row_line, {value} AS value, {literal(f'{labels}与第 ')} || first || ' 行重复' AS reason FROM "
            f"(SELECT row_line, {value}, min(row_line) OVER same AS first, row_number() OVER same AS n "
            f"FROM {kind.mapped} m WHERE {value} IS NOT NULL WINDOW same AS (PARTITION BY {keys} ORDER BY row_line "
            f"ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) d WHERE n > 1",
        )

    def _comparable(self, kind: Kind, name: str) -> str:
        """A part of a key as a value, so that 20261124 and 2026-11-24 are the same day."""
        value = f"m.{ident(kind.column(name).cast)}"
        return f"coalesce({value}, {literal(str(self.as_of))}::date)" if name == kind.effective else value

    def check_references(self, target: Target) -> None:
        """Every number that points elsewhere points at something: in the book, or in this import."""
        kind = target.kind
        for column in self.mapped[kind.name]:
            if column.type is not Type.REFERENCE or self._parent_unreadable(column):
                continue
            text = f"m.{ident(column.name)}"
            unknown = f"NOT EXISTS (SELECT 1 FROM {column.table} t WHERE t.{ident(column.key)} = {text})"
            if column.parent in self.mapped and column.parent != kind.name:
                # A parent with a bad row of its own is complained of there, once.
                parent_key = ident(self._parent_key(column))
                unknown += (
                    f" AND NOT EXISTS (SELECT 1 FROM mapped_{column.parent} p WHERE p.{parent_key} = {text})"
                )
            elif column.parent == kind.name:
                unknown += (
                    f" AND NOT EXISTS (SELECT 1 FROM {kind.mapped} p WHERE p.{ident(kind.key[0])} = {text})"
                )
            self.complain(
                target,
                column,
                f"SELECT m.row_line, {text} AS value, "
                f"{literal(f'系统中没有这个{column.noun}，本批文件里也没有')} AS reason "
                f"FROM {kind.mapped} m WHERE {text} IS NOT NULL AND {unknown}",
            )

    def _parent_key(self, column: Column) -> str:
        return next(
            target.kind.key[0] for target in self.profile.targets if target.kind.name == column.parent
        )

    def _parent_unreadable(self, column: Column) -> bool:
        return any(
            self.files[file].unreadable
            for target in self.profile.targets
            if target.kind.name == column.parent
            and (file := self.profile.source_of(target.source)) in self.files
        )

    def type(self, target: Target) -> None:
        """The rows without a problem so far as values, with `on_date`, `row_known_on`; references by id."""
        kind, columns = target.kind, self.mapped[target.kind.name]
        values, joins = [], []
        for column in columns:
            text = f"m.{ident(column.name)}"
            if column.type is Type.REFERENCE:
                alias = ident(f"r_{column.name}")
                joins.append(f"LEFT JOIN {column.table} {alias} ON {alias}.{ident(column.key)} = {text}")
                values.append(f"{alias}.id AS {ident(column.stored)}, {text} AS {ident(column.name)}")
            else:
                values.append(f"coalesce(m.{ident(column.cast)}, {column.blank}) AS {ident(column.name)}")
        effective = next((c for c in columns if c.name == kind.effective), None)
        own = f"m.{ident(effective.cast)}, " if effective else ""
        on = f"coalesce({own}m.dated_on, {literal(str(self.as_of))}::date)"
        known = f"{literal(str(self.known_on))}::date"
        if self.profile.replay_from:
            known = f"greatest({on}, {known})"
        execute(
            f"CREATE TEMP TABLE {kind.typed} ON COMMIT DROP AS "
            f"SELECT m.row_line, {', '.join(values)}, {on} AS on_date, {known} AS row_known_on "
            f"FROM {kind.mapped} m {' '.join(joins)} WHERE NOT EXISTS (SELECT 1 FROM import_problems p "
            f"WHERE p.kind = {literal(kind.name)} AND p.line = m.row_line)"
        )
        execute(f"ANALYZE {kind.typed}")

    def keep_good(self, target: Target) -> None:
        """Drop the typed rows that have a problem, or whose parent has one; the others go on."""
        kind = target.kind
        execute(
            f"DELETE FROM {kind.typed} n USING import_problems p "
            f"WHERE p.kind = {literal(kind.name)} AND p.line = n.row_line"
        )
        for column in self.mapped[kind.name]:
            if column.type is Type.REFERENCE and column.required:
                execute(f"DELETE FROM {kind.typed} WHERE {ident(column.stored)} IS NULL")

    # --- results

    def problems_of(self, file: str) -> tuple[list[Problem], int]:
        """What is wrong with a file, by line, and how much there is of it."""
        staged = self.files[file]
        found, total = self._told("import_problems", file)
        both = sorted([*staged.problems, *found], key=lambda problem: problem.line or 0)
        return both, total + staged.bad_rows

    def notices_of(self, file: str) -> tuple[list[Problem], int]:
        """What is listed with a file without stopping it, by line, and how much there is of it."""
        return self._told("import_notices", file, notice=True)

    def _told(self, table: str, file: str, *, notice: bool = False) -> tuple[list[Problem], int]:
        where, params = f"FROM {table} WHERE file = %(file)s", {"file": file}
        found = rows(
            f"SELECT line, column_name, value, reason {where} "
            f"ORDER BY line, position, seq LIMIT {LISTED_AT_MOST + 1}",
            params,
        )
        told = [Problem(line, column, value or "", reason, notice) for line, column, value, reason in found]
        return told, int(scalar(f"SELECT count(*) {where}", params))

    def set_aside_of(self, file: str) -> tuple[Iterator[Problem], int]:
        """A file's rows after the cut-off, and how many."""
        where, params = "FROM import_set_aside WHERE file = %(file)s", {"file": file}
        total = int(scalar(f"SELECT count(*) {where}", params))
        reason = f"晚于截止日 {self.profile.cutoff_on}，未入账"
        found = rows(
            f"SELECT line, column_name, value {where} ORDER BY line LIMIT {LISTED_AT_MOST + 1}", params
        )
        return (Problem(line, column, value or "", reason) for line, column, value in found), total
