"""An account's balances against its movements: pure over days and sums, and on the account's page."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random

from django.test import Client
from django.urls import reverse

from credit.accounts.selectors import Difference, differences
from credit.models import Account, AccountBalance, Transaction

D20, D21, D23 = date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 23)


def test_a_balance_follows_from_the_one_before_and_what_moved_since() -> None:
    told = [(D20, Decimal(100)), (D21, Decimal(130)), (D23, Decimal(150))]
    nets = {D20: Decimal(100), D21: Decimal(30), D23: Decimal(15)}  # 130 + 15 = 145, not 150
    found = differences(told, nets)
    assert found == [Difference(D23, Decimal(150), D21, Decimal(130), Decimal(15))]
    assert found[0].short == Decimal(5)


def test_what_was_before_the_first_known_movement_is_not_compared() -> None:
    assert differences([(D20, Decimal(7)), (D21, Decimal(130))], {D21: Decimal(30)}) == []
    assert differences([(D20, Decimal(7)), (D21, Decimal(130))], {}) == []


def test_balances_built_from_movements_always_come_out() -> None:
    rng = Random(6)
    for _ in range(50):
        days = [date(2026, 1, day) for day in range(1, 29)]
        nets = {day: Decimal(rng.randint(-500, 500)) / 100 for day in rng.sample(days, 9)}
        total, told = Decimal(0), []
        for day in days:
            total += nets.get(day, Decimal(0))
            if rng.random() < 0.5:
                told.append((day, total))
        assert differences(told, nets) == []


def test_the_page_of_an_account_lists_where_it_does_not_come_out(cast) -> None:
    account = Account.objects.create(
        number="A1", borrower=cast.borrower, unit=cast.corporate, kind="BASIC", opened_on=date(2020, 1, 1)
    )
    for day, balance in ((D20, 100), (D21, 130), (D23, 150)):
        AccountBalance.objects.create(account=account, effective_on=day, known_on=day, balance=balance)
    rows = ((D20, 100, "CREDIT"), (D21, 40, "CREDIT"), (D21, 10, "DEBIT"), (D23, 15, "CREDIT"))
    for n, (day, amount, direction) in enumerate(rows):
        Transaction.objects.create(
            number=f"T{n}",
            account=account,
            effective_on=day,
            known_on=day,
            amount=amount,
            direction=direction,
        )
    client = Client()
    client.force_login(cast.cm)
    answer = client.get(reverse("account", args=["A1"]))
    assert [row.on for row in answer.context["differences"]] == [D23]
    assert "2026-11-21 余额 130.00，其后流水净额 15.00，日终余额却为 150.00" in answer.content.decode()
