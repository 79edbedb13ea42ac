"""The written demonstration book read back as plain rows, and the sums a reader would do over it."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

Row = dict[str, str]


class Book:
    """All sets of a folder: `sets[date][kind]` is what one day brought, `known(kind, day)` everything up to a day."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sets: dict[date, dict[str, list[Row]]] = {}
        self._keyed: dict[tuple[object, ...], dict[tuple[str, ...], Row]] = {}
        for day in sorted(folder.iterdir()):
            files = self.sets.setdefault(date.fromisoformat(day.name), {})
            for file in sorted(day.iterdir()):
                with file.open(encoding="utf-8", newline="") as lines:
                    files[file.stem] = list(csv.DictReader(lines))

    @property
    def dates(self) -> list[date]:
        return list(self.sets)

    def known(self, kind: str, day: date | None = None) -> list[Row]:
        """Rows of a kind in the order of their arrival."""
        return [
            row for on, files in self.sets.items() if day is None or on <= day for row in files.get(kind, [])
        ]

    def keyed(self, kind: str, *keys: str, day: date | None = None) -> dict[tuple[str, ...], Row]:
        """The latest row of each key."""
        asked = (kind, keys, day)
        if asked not in self._keyed:
            self._keyed[asked] = {tuple(row[key] for key in keys): row for row in self.known(kind, day)}
        return self._keyed[asked]

    def last_states(self) -> list[Row]:
        """The state of every loan on the last day."""
        return self.sets[self.dates[-1]]["loan_states"]

    def customer_of(self, loan: str) -> Row:
        contract = self.keyed("loans", "借据号")[loan,]["合同号"]
        number = self.keyed("contracts", "合同号")[contract,]["客户编号"]
        return self.keyed("customers", "客户编号")[number,]

    def paid(self, day: date) -> dict[tuple[str, str], Decimal]:
        """What the ledger says by loan and kind; a reversal takes back."""
        sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for row in self.known("repayments"):
            if row["发生日"] > day.isoformat():
                continue
            sign = -1 if row["冲正流水号"] else 1
            sums[row["借据号"], row["类型"]] += sign * Decimal(row["金额"])
        return sums

    def schedule(self, day: date) -> dict[str, list[tuple[date, Decimal, Decimal]]]:
        """The schedule of each loan as it stands on a day."""
        found: dict[str, list[tuple[date, Decimal, Decimal]]] = defaultdict(list)
        for (loan, due), row in sorted(self.keyed("schedules", "借据号", "应还日", day=day).items()):
            found[loan].append((date.fromisoformat(due), Decimal(row["应还本金"]), Decimal(row["应还利息"])))
        return found

    def states(self) -> Iterator[tuple[date, Row]]:
        """Every state that is told, with its own day: the opening tells two years."""
        for files in self.sets.values():
            for row in files["loan_states"]:
                yield date.fromisoformat(row["数据日期"]), row

    def balances(self) -> Iterator[tuple[date, Row]]:
        """Every balance that is told, with its own day."""
        for files in self.sets.values():
            for row in files["balances"]:
                yield date.fromisoformat(row["数据日期"]), row
