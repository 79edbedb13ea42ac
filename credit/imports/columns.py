"""How the kinds write their columns."""

from __future__ import annotations

from collections.abc import Iterable

from core.staging.shapes import Column, Type, choices_of


def text(name: str, label: str, length: int, *, required: bool = True) -> Column:
    """A text of at most so many characters."""
    return Column(name, label, length=length, required=required)


def date(name: str, label: str, *, required: bool = True) -> Column:
    """A day."""
    return Column(name, label, Type.DATE, required=required)


def money(name: str, label: str, *, required: bool = True, **rules: bool) -> Column:
    """An amount in 元."""
    return Column(name, label, Type.MONEY, required=required, **rules)  # type: ignore[arg-type]


def refers(name: str, label: str, table: str, parent: str, noun: str, **words: object) -> Column:
    """A number that points to a row of another kind."""
    return Column(name, label, Type.REFERENCE, table=table, parent=parent, noun=noun, **words)  # type: ignore[arg-type]


def unit(label: str = "机构号") -> Column:
    """A unit, by its code."""
    return refers("unit", label, "accounts_unit", "units", "机构", key="code")


def borrower() -> Column:
    """A customer, by number."""
    return refers("borrower", "客户编号", "credit_borrower", "customers", "客户")


def person() -> Column:
    """A person, by 工号."""
    return refers("person", "工号", "accounts_user", "people", "人员", key="username")


def loan(*, required: bool = True) -> Column:
    """A loan, by number."""
    return refers("loan", "借据号", "credit_loan", "loans", "借据", required=required)


def account() -> Column:
    """An account, by number."""
    return refers("account", "账号", "credit_account", "accounts", "账户")


def flag(name: str, label: str) -> Column:
    """Yes or no; left out, no."""
    return Column(name, label, Type.FLAG, required=False)


def choice(name: str, label: str, enumeration: Iterable[object], *, required: bool = True) -> Column:
    """One of a list."""
    return Column(name, label, Type.CHOICE, choices=choices_of(enumeration), required=required)


def count(name: str, label: str, *, required: bool = True) -> Column:
    """A whole number; left out, unknown."""
    return Column(name, label, Type.COUNT, required=required, nullable=not required)


def rate(name: str, label: str, *, required: bool = True) -> Column:
    """A fraction; left out, unknown."""
    return Column(name, label, Type.RATE, required=required, nullable=not required)
