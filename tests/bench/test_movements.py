"""The benchmark of the import: its file is imported whole, and its balances follow from its movements."""

from __future__ import annotations

from core.models import ImportFile
from credit.models import Transaction
from tests.bench.movements import DAYS, Movements


def test_every_movement_of_the_file_is_imported_and_none_is_remarkable(own_database):
    bench = Movements(3000, say=lambda text: None)
    bench.rounds(2)
    assert Transaction.objects.count() == 3000
    assert Transaction.objects.values("effective_on").distinct().count() == DAYS
    assert [file.errors for file in ImportFile.objects.all()] == [
        []
    ]  # a balance that does not follow is listed
    assert len(bench.imported) == len(bench.copied) == 2 and bench.ratio > 0
