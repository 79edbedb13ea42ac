"""Which units a customer is in: kept by the database whoever writes, and walked as `visible_to` says."""

from __future__ import annotations

import random
import threading
from collections import Counter
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction

from accounts.choices import Role
from accounts.models import User
from credit.choices import ResponsibleRole, RiskClass
from credit.models import Borrower, Loan, Presence, Responsibility
from credit.selectors.positions import in_class
from tests import factories
from tests.conftest import build_cast
from tests.workflow.raw import execute, past_the_guards


def counted() -> dict[tuple[int, str], int]:
    """What the facts say: loans and responsibilities by unit and customer."""
    facts = [*Loan.objects.values_list("unit", "borrower__number")]
    return dict(Counter([*facts, *Responsibility.objects.values_list("unit", "borrower__number")]))


def kept() -> dict[tuple[int, str], int]:
    """What the database kept meanwhile; a dictionary, since a Counter takes none at all for nought."""
    return {(row.unit_id, row.borrower_id): row.facts for row in Presence.objects.all()}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE credit_loan SET unit_id = {corporate2}",
        "UPDATE credit_loan SET unit_id = {personal}, borrower_id = {personal_borrower}",
        "UPDATE credit_responsibility SET borrower_id = {other_borrower} WHERE to_on IS NOT NULL",
        "UPDATE credit_responsibility SET unit_id = {br2}, known_on = '2026-11-01'",
        "UPDATE credit_borrower SET number = 'Z' || number",
        "DELETE FROM credit_responsibility",
        "DELETE FROM credit_responsibility WHERE role = 'RISK_MANAGER'",
        "INSERT INTO credit_responsibility (borrower_id, role, person_id, unit_id, from_on, to_on, known_on) "
        "SELECT id, 'PRINCIPAL', {president}, unit, '2025-01-01', '2025-06-30', '2025-01-01' "
        "FROM credit_borrower, unnest(ARRAY[{br1}, {br2}]) unit WHERE (id = {borrower}) = (unit = {br2})",
        "SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE credit_responsibility",
    ],
)
def test_it_is_right_at_once_whatever_statement_is_written(cast: SimpleNamespace, statement: str) -> None:
    past = date(2025, 1, 1)
    factories.make_loan(cast.borrower, cast.personal)
    factories.make_responsibility(cast.borrower, cast.risk, cast.br1, role=ResponsibleRole.RISK_MANAGER,
                                  from_on=past, to_on=past)  # fmt: skip
    assert kept() == counted()
    before = kept()
    places = {name: one.pk for name, one in vars(cast).items() if hasattr(one, "pk")}
    assert execute(statement.format(**places))
    assert kept() == counted() != before


@pytest.mark.django_db
def test_a_bulk_of_facts_counts_each_of_them_and_a_fact_without_its_customer_is_refused(
    cast: SimpleNamespace,
) -> None:
    borrowers = [factories.make_borrower(f"M{i:03d}") for i in range(20)]
    factories.make_loans(borrowers, cast.corporate)
    factories.make_loans([factories.make_borrower("M999")], cast.corporate2)
    Responsibility.objects.bulk_create(
        Responsibility(
            borrower=one,
            role=role,
            person=person,
            unit=cast.corporate,
            from_on=cast.today,
            known_on=cast.today,
        )
        for one in borrowers
        for role, person in (("CUSTOMER_MANAGER", cast.cm), ("PRINCIPAL", cast.president))
    )
    assert kept() == counted()
    assert kept()[cast.corporate.pk, "M007"] == 3
    with pytest.raises(IntegrityError):
        execute(
            "INSERT INTO credit_responsibility (borrower_id, role, person_id, unit_id, from_on, known_on) "
            "VALUES (0, 'PRINCIPAL', %s, %s, '2026-01-01', '2026-01-01')", cast.cm.pk, cast.br1.pk,
        )  # fmt: skip


@pytest.mark.django_db
def test_what_was_written_behind_the_triggers_can_be_counted_again(cast: SimpleNamespace) -> None:
    with past_the_guards():
        execute("UPDATE credit_loan SET unit_id = %s", cast.corporate2.pk)
        execute("DELETE FROM credit_responsibility WHERE role = 'PRINCIPAL'")
    assert kept() != counted()
    execute("SELECT credit_count_presences()")
    assert kept() == counted()


def test_two_who_write_about_one_customer_at_once_count_both(own_database: str) -> None:
    """One takes the last fact back while the other, who cannot see that yet, adds one."""
    cast = build_cast()
    unit, then = cast.br2.pk, {"from_on": date(2025, 1, 1), "to_on": date(2025, 1, 2)}
    factories.make_responsibility(cast.borrower, cast.cm2, cast.br2, **then)

    def add() -> None:
        try:
            factories.make_responsibility(
                cast.borrower, cast.risk, cast.br2, role=ResponsibleRole.RISK_MANAGER, **then
            )
        finally:
            connections.close_all()

    other = threading.Thread(target=add)
    with transaction.atomic():
        Responsibility.objects.filter(unit=unit, borrower=cast.borrower).delete()
        other.start()
        other.join(0.3)
        assert other.is_alive()  # it waits for what the first one decides
    other.join(10)
    assert kept()[unit, cast.borrower.number] == 1
    assert kept() == counted()


def scattered(cast: SimpleNamespace, many: int) -> None:
    """Customers in no order; each has loans and responsibilities, of now and of then, in any unit or in none."""
    luck = random.Random(2026)
    units = [cast.br1, cast.corporate, cast.personal, cast.br2, cast.corporate2]
    people = {
        "CUSTOMER_MANAGER": [cast.cm, cast.cm2, cast.cm_personal, cast.head, cast.other_cm],
        "PRINCIPAL": [cast.president, cast.vp, cast.other_president],
    }
    for i in luck.sample(range(1000), many):
        one = factories.make_borrower(f"S{i:03d}", luck.choice(["江西陶瓷厂", "江南纺织有限公司"]))
        for unit in luck.sample(units, luck.choice([0, 0, 1, 1, 2])):
            factories.make_loan(one, unit, risk_class=luck.choice([RiskClass.NORMAL, RiskClass.LOSS]))
        for role in luck.sample(sorted(people), luck.choice([0, 1, 1, 2])):
            ended = luck.choice([None, cast.today - timedelta(days=1), cast.today])
            who, unit = luck.choice(people[role]), luck.choice(units)
            factories.make_responsibility(one, who, unit, role=role, to_on=ended)


@pytest.mark.django_db
def test_pages_and_counts_are_those_of_visible_to_for_everybody(cast: SimpleNamespace) -> None:
    scattered(cast, 60)
    factories.make_leave(cast.head, cast.cm2)
    factories.make_leave(cast.other_president, cast.president, from_on=cast.today, to_on=cast.today)
    everybody = Borrower.objects.all()
    asked = {
        "all": everybody,
        "kind": everybody.filter(kind="CORPORATE", number__contains="1"),
        "class": in_class(everybody, RiskClass.LOSS, cast.today),
        "normal": in_class(everybody, RiskClass.NORMAL, cast.today),
        "unit": everybody.lent_by([cast.personal.pk, cast.corporate.pk]),
        "other unit": everybody.lent_by([cast.personal.pk, cast.br2.pk]),
        "few": everybody.search("陶瓷"),
        "wide": everybody.search("陶瓷")._meaning("江"),
    }
    lost = everybody.filter(loans__classes__risk_class=RiskClass.LOSS).distinct()
    assert set(asked["class"]) == set(lost) != set()
    seen = set()
    for person in User.objects.all():
        for name, rows in asked.items():
            expected = list(rows.visible_to(person).order_by("number"))
            assert pages(rows, person, 7) == expected, (person, name)
            assert [rows.count_for(person, most) for most in (3, 1000)] == [
                min(3, len(expected)),
                len(expected),
            ]
            seen.add((name, bool(expected), bool(person.scope.unit_ids)))
    # Each is asked by those who read units, and by those who do not and see some or nobody.
    assert len(seen) == 3 * len(asked)


def pages(rows: Any, person: User, size: int) -> list[Borrower]:
    """All of them, page by page, as the list leads from one to the next."""
    found: list[Borrower] = []
    while page := rows.page_for(person, size, after=found[-1].number if found else ""):
        found += page
    return found


@pytest.mark.django_db
def test_a_customer_of_many_units_is_counted_once_where_the_count_is_cut_off(cast: SimpleNamespace) -> None:
    borrowers = [factories.make_borrower(f"D{i}") for i in range(4)]
    for one in borrowers:
        for unit in (cast.br1, cast.corporate, cast.personal):
            factories.make_loan(one, unit)
    whose = Borrower.objects.filter(number__startswith="D")
    assert cast.risk.scope.has(Role.RISK_MANAGER)
    assert [whose.count_for(cast.risk, most) for most in (2, 3, 4, 5)] == [2, 3, 4, 4]
