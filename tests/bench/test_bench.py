"""The benchmark compares like with like: on its synthetic book, the day and the rules by hand leave the same rows."""

from __future__ import annotations

import pytest

from tests.bench.bench import Bench, Different
from workflow.models import WorkItem


def test_on_the_synthetic_book_the_day_and_the_rules_by_hand_leave_the_same_rows(own_database):
    bench = Bench(say=lambda text: None)
    bench.build(2000)
    times = bench.rounds(1)  # raises where they differ, or where the rerun writes a row
    raised = set(WorkItem.objects.values_list("obligation", flat=True))
    # Small as it is, the book gives most rules something to do; a comparison of nothing would always hold.
    assert {"GR-27", "GD-3.3", "GD-2", "GR-6.4.1", "GR-6.4.4", "GR-35"} <= raised
    assert times.duties == WorkItem.objects.count() > 300
    assert set(times.seconds) == {"day", "rules", "rerun", "anew", "by hand"}

    # And a difference is seen: one duty reworded.
    WorkItem.objects.filter(pk=WorkItem.objects.filter(obligation="GD-2").first().pk).update(
        reason="别的缘由"
    )
    with pytest.raises(Different, match="GD-2"):
        bench._by_hand()
