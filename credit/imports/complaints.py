"""How a check says which rows are wrong, in which column, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.staging.dialect import ident, literal
from core.staging.profiles import Target
from core.staging.shapes import columns_list
from core.staging.stage import Stage

Check = Callable[[Stage, Target], None]


def complain(
    stage: Stage, target: Target, name: str, where: str, reason: str, *, notice: bool = False
) -> None:
    """List the typed rows (aliased n) for which the condition holds, as the file wrote them; `reason` is SQL.

    A notice is listed with the file and does not stop it.
    """
    kind = target.kind
    if name not in {column.name for column in stage.mapped[kind.name]}:
        return
    written, value = "", f"n.{ident(name)}::text"
    if target.source not in stage.profile.derived:
        written, value = f"JOIN {kind.mapped} m USING (row_line)", f"m.{ident(name)}"
    stage.complain(
        target,
        kind.column(name),
        f"SELECT n.row_line, {value} AS value, {reason} AS reason FROM {kind.typed} n {written} WHERE {where}",
        notice=notice,
    )


def ends_after(begin: str, end: str) -> Check:
    """A period that ends before it begins is told at its end."""

    def check(stage: Stage, target: Target) -> None:
        label = target.kind.column(begin).label
        where = f"n.{ident(end)} < n.{ident(begin)}"
        complain(stage, target, end, where, f"{literal(f'早于{label} ')} || n.{ident(begin)}")

    return check


def demand(name: str, instead: str, where: str, reason: str) -> Check:
    """A condition that no row may meet, told at a column, or at another where the file does not have it."""

    def check(stage: Stage, target: Target) -> None:
        at_hand = {column.name for column in stage.mapped[target.kind.name]}
        complain(stage, target, name if name in at_hand else instead, where, literal(reason))

    return check


def as_before(*columns: str, instead: str) -> Check:
    """A row that was booked before comes again with the same content; `instead` says how what was wrong is mended."""

    def check(stage: Stage, target: Target) -> None:
        kind = target.kind
        at_hand = {column.stored for column in stage.mapped[kind.name]}
        compared = [name for name in columns if name in at_hand]
        key, here = columns_list(kind.stored_key, "t"), columns_list(kind.stored_key, "n")
        where = (
            f"EXISTS (SELECT 1 FROM {kind.table} t WHERE ({key}) = ({here}) "
            f"AND ({columns_list(compared, 't')}) IS DISTINCT FROM ({columns_list(compared, 'n')}))"
        )
        complain(
            stage,
            target,
            kind.key[0],
            where,
            literal(f"已入账而内容不同；入账的事实不能改写，{instead}"),
        )

    return check


def one_at_a_time(
    of: Sequence[str],
    *,
    at: str,
    in_file: str,
    in_book: str,
    begin: str = "",
    end: str = "to_on",
    who: str = "",
) -> Check:
    """Rows that share `of` do not hold at the same time, over the file and the book together.

    Without `begin`, those without an end exclude each other. The sentences are told at the column `at`; `{who}` in the
    second is the person that the book's row names in the column `who`. A row of the book that comes again in the file
    is judged as the file has it.
    """

    def check(stage: Stage, target: Target) -> None:
        kind = target.kind
        key, ends = kind.stored_key, "coalesce({}." + ident(end) + ", 'infinity'::date)"
        meets = f"o.{ident(end)} IS NULL AND n.{ident(end)} IS NULL"
        if begin:
            meets = f"o.{ident(begin)} <= {ends.format('n')} AND n.{ident(begin)} <= {ends.format('o')}"
        meets = f"({columns_list(of, 'o')}) = ({columns_list(of, 'n')}) AND {meets}"
        within = f"EXISTS (SELECT 1 FROM {kind.typed} o WHERE {meets} AND o.row_line < n.row_line)"
        complain(stage, target, at, within, literal(in_file))
        keys = {alias: columns_list(key, alias) for alias in "onr"}
        booked = (
            f"FROM {kind.table} o WHERE {meets} AND ({keys['o']}) <> ({keys['n']}) "
            f"AND NOT EXISTS (SELECT 1 FROM {kind.typed} r WHERE ({keys['r']}) = ({keys['o']}))"
        )
        name = f"(SELECT min(u.name) FROM accounts_user u WHERE u.id IN (SELECT o.{ident(who)} {booked}))"
        before, marked, after = in_book.partition("{who}")
        reason = f"{literal(before)} || {name} || {literal(after)}" if marked else literal(before)
        complain(stage, target, at, f"NOT ({within}) AND EXISTS (SELECT 1 {booked})", reason)

    return check
