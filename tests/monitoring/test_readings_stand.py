"""What was written of money is appended: the database itself refuses to change or delete it."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from core import clock
from monitoring.models import (
    AccountMonth,
    BorrowerMonth,
    PassedSlip,
    PaymentAuthority,
    RefusedRelease,
    SeenUse,
)
from tests.monitoring.paying import lend_on_account, move

DAY = date(2026, 11, 5)


@pytest.fixture
def rows(cast) -> list:
    """One row of each table that is never changed, and a released payment's is tested with payments."""
    loan = lend_on_account(cast)
    moved = move("620001", "-10", DAY)
    account = moved.account
    money = {
        "our_credit": 1,
        "syndicated_credit": 0,
        "sales_receipts": 0,
        "average_deposit": 0,
        "group_in": 0,
    }
    sums = {"opening": 0, "inflow": 0, "inflow_count": 0, "outflow": 0, "outflow_count": 0, "closing": 0}
    authority = PaymentAuthority.objects.create(set_by=cast.president, from_on=DAY, recorded_at=clock.now())
    return [
        SeenUse.objects.create(
            loan=loan, seen_as="SELF", transaction=moved, used_on=DAY, known_on=DAY, amount=10
        ),
        AccountMonth.objects.create(account=account, month=DAY.replace(day=1), average=0, difference=0, **sums),
        BorrowerMonth.objects.create(
            borrower=cast.borrower, month=DAY.replace(day=1), group_out=0, computed_on=DAY, **money
        ),
        RefusedRelease.objects.create(
            on=DAY, at=clock.now(), by=cast.accountant, account=account, payee_name="甲", amount=1, reason="未审核"
        ),
        PassedSlip.objects.create(
            on=DAY, at=clock.now(), by=cast.accountant, account=account, payee_name="甲", amount=1, own=1
        ),
        authority,
        authority.tiers.create(place=1, role="RISK_MANAGER"),
    ]  # fmt: skip


def test_nothing_of_it_is_changed_or_deleted(rows) -> None:
    for row in rows:
        table = row._meta.db_table
        for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
            with (
                pytest.raises(IntegrityError, match=table),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(statement)
