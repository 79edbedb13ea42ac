"""The state of every loan and account at the end of a day, and at the ends of the months of two years before."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from random import Random

from postloan.demo.layout import Row, row
from postloan.demo.lending import cents
from postloan.demo.notes import COLLECTION, MARGIN, RESERVE
from postloan.demo.world import World

Balances = dict[str, Decimal]


def states(world: World, days: list[date]) -> list[Row]:
    """Every loan granted by each day: balance, arrears, class, also those settled since."""
    rows: list[Row] = []
    notes = sorted((note for _, note in world.notes), key=lambda note: note.number)
    for day in days:
        for note in notes:
            if note.start <= day:
                state = note.state(day)
                rows.append(
                    row("loan_states", note.number, f"{state.balance:.2f}", f"{state.overdue_principal:.2f}",
                        f"{state.overdue_interest:.2f}", state.days_past_due, note.risk_class(day), day)
                )  # fmt: skip
    return rows


def balances(world: World, day: date, at_day: Balances) -> list[Row]:
    """Every account: its balance, and what of it may not be drawn (保证金, court freeze)."""
    rows: list[Row] = []
    for account in world.accounts:
        balance = at_day[account.number]
        since = world.frozen_from.get(account.number)
        held = account.kind == MARGIN or (since is not None and since <= day)
        rows.append(row("balances", account.number, f"{balance:.2f}", f"{balance if held else 0:.2f}", day))
    return rows


def past_balances(world: World, rng: Random) -> list[Row]:
    """Month-end balances before the movements that are told; they sway around the first balance that is."""
    rows: list[Row] = []
    months = [day for day in world.timeline.month_ends if day < world.timeline.cash_from]
    for account in world.accounts:
        usual = world.openings[account.number]
        for day in months:
            if account.kind in {RESERVE, COLLECTION}:
                balance = usual
            elif account.kind == MARGIN:
                balance = world.margin(account.key, day)
            else:
                balance = cents(usual * Decimal(rng.randint(55, 145)) / 100)
            held = balance if account.kind == MARGIN else Decimal(0)
            rows.append(row("balances", account.number, f"{balance:.2f}", f"{held:.2f}", day))
    return rows
