"""A preview says beforehand what a change does to the duties, writes nothing, and is right about it."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction

from core import announcements, calendar_store, clock, policy
from core.models import AuditEntry, Preview, Scheme, SchemeVersion
from credit.choices import EventKind
from inspections.models import Sample
from monitoring.models import FundsCheck
from postloan import close_of_day, jobs
from reviews.policy import rehearsal as preview
from reviews.policy.rehearsal import Difference, Outcome
from tests.day.test_close_of_day import applied, happened, tick
from workflow.models import WorkItem

pytestmark = pytest.mark.usefixtures("reference")

TODAY = date(2026, 11, 24)  # a Tuesday
DECEMBER = date(2026, 12, 1)
WRITTEN = (WorkItem, FundsCheck, Sample, AuditEntry)


def proposed(code: str = "GR", *, on: date = DECEMBER, **values: Any) -> SchemeVersion:
    """A change of some parameters of a scheme, named with __ for the dot; a mapping is merged."""
    scheme = Scheme.objects.get(pk=code)
    parameters = deepcopy(scheme.versions.get(number=1).parameters)
    for name, value in values.items():
        entry = parameters.setdefault(name.replace("__", "."), {"article": "试"})
        entry["value"] = entry["value"] | value if isinstance(entry.get("value"), dict) else value
    return policy.propose(
        scheme=scheme, parameters=parameters, effective_on=on, reason="从严", by="1007", at=clock.now()
    )


def short(found: list[Difference]) -> list[tuple[str, ...]]:
    """What matters of the differences."""
    return sorted(
        (d.change, d.obligation, d.borrower_number, d.period_key, d.due_before, d.due_after) for d in found
    )


def rehearsed(version: SchemeVersion, **more: Any) -> Outcome:
    return preview.rehearse(preview.of_version(version, TODAY), on=TODAY, **more)


def test_normal_borrowers_visited_monthly_instead_of_quarterly_owe_three_visits_for_two(
    cast: SimpleNamespace,
) -> None:
    # December to February, two corporate borrowers: a visit a month (12, 1, 2) in the place of 2026Q4 and 2027Q1.
    version = proposed(site_inspection__frequency={"NORMAL": "monthly"})
    before = [model.objects.count() for model in WRITTEN]
    found = rehearsed(version)
    assert short(found.differences) == sorted(
        line
        for number in ("C100001", "C300001")
        for line in (
            ("added", "GR-27", number, "2026-12", "", "2026-12-31"),
            ("added", "GR-27", number, "2027-01", "", "2027-01-31"),
            ("added", "GR-27", number, "2027-02", "", "2027-02-28"),
            ("dropped", "GR-27", number, "2026Q4", "2026-12-31", ""),
            ("dropped", "GR-27", number, "2027Q1", "2027-03-31", ""),
        )
    )
    assert {d.person for d in found.differences} == {"张明", "卫平"}
    assert (found.since, found.until, found.failed, found.every) == ("2026-12-01", "2027-02-28", 0, 1)
    assert [model.objects.count() for model in WRITTEN] == before


def test_a_visit_within_two_workdays_instead_of_three_is_due_a_day_earlier(cast: SimpleNamespace) -> None:
    # Known on Tuesday the 24th: three workdays end on Friday the 27th, two on Thursday the 26th.
    happened(cast.borrower, EventKind.STOPPAGE, TODAY)
    found = rehearsed(proposed(on=TODAY, event_visit__within=2))
    (one,) = found.differences
    assert (one.change, one.obligation, one.borrower_number) == ("moved", "GR-28.3", "C100001")
    assert (one.due_before, one.due_after, one.person) == ("2026-11-27", "2026-11-26", "张明")


def test_a_parameter_that_no_rule_reads_changes_nothing(cast: SimpleNamespace) -> None:
    assert rehearsed(proposed("BASE", return_visit__key_top=20)).differences == []


def owed_in_truth(first: date, last: date, since: date) -> dict[tuple[Any, ...], date]:
    """Close the days one by one, and note what is owed at the end of each from a day on."""
    owed: dict[tuple[Any, ...], date] = {}
    for n in range((last - first).days + 1):
        on = first + timedelta(days=n)
        assert tick(on + timedelta(days=1)) == [on]
        if on >= since:
            for item in WorkItem.objects.open():
                owed[item.obligation, item.borrower_number, item.period_key] = item.due_on
    return owed


@pytest.mark.obligation("GR-27", clause="b")
@pytest.mark.obligation("GD-3.3", clause="d")
def test_what_a_preview_says_is_what_happens_when_the_change_is_approved_and_the_days_are_closed(
    cast: SimpleNamespace,
) -> None:
    on, since, last = date(2026, 12, 28), date(2026, 12, 29), date(2027, 1, 4)  # over the turn of a year
    applied(on - timedelta(days=1))
    assert tick(on) == [on - timedelta(days=1)]
    happened(cast.other_borrower, EventKind.STOPPAGE, on)
    version = proposed(on=since, site_inspection__frequency={"NORMAL": "monthly"}, event_visit__within=2)
    change = preview.of_version(version, on)._replace(until=last)
    foretold = preview.rehearse(change, on=on)

    as_it_is = transaction.savepoint()
    before = owed_in_truth(on, last, since)
    transaction.savepoint_rollback(as_it_is)
    policy.approve(version=version, by="1008", at=datetime(2026, 12, 28, 18, tzinfo=clock.SHANGHAI))
    after = owed_in_truth(on, last, since)

    truth = sorted(
        (
            "moved" if key in before and key in after else "added" if key in after else "dropped",
            *key,
            str(before.get(key, "")),
            str(after.get(key, "")),
        )
        for key in before.keys() | after.keys()
        if before.get(key) != after.get(key)
    )
    assert short(foretold.differences) == truth
    # By hand: the visit of the 28th (three workdays: the 31st) is due on the 30th; months for quarters.
    assert ("moved", "GR-28.3", "C300001") in {line[:3] for line in truth}
    assert {line[0] for line in truth} == {"added", "dropped", "moved"}


def test_a_value_that_the_rules_cannot_work_with_is_told_before_it_quarantines_anybody(
    cast: SimpleNamespace,
) -> None:
    gaps = {"quarterly": 30}  # a least gap for monthly visits is missing
    found = rehearsed(
        proposed(site_inspection__frequency={"NORMAL": "monthly"}, site_inspection__min_gap=gaps)
    )
    assert found.failed > 0


def test_of_a_large_book_every_kth_customer_is_rehearsed_and_the_result_says_so(
    cast: SimpleNamespace,
) -> None:
    found = rehearsed(proposed(site_inspection__frequency={"NORMAL": "monthly"}), at_most=2)
    assert found.every == 2
    assert found.rehearsed < 3
    assert len({d.borrower_number for d in found.differences}) < 2 + 1


@pytest.fixture
def new_years_day() -> list[announcements.AnnouncedDay]:
    return announcements.read("2027-01-01,休,元旦", 2027)


@pytest.mark.heavy
def test_a_new_holiday_puts_off_what_counts_workdays_over_it(
    cast: SimpleNamespace, new_years_day: list[announcements.AnnouncedDay]
) -> None:
    # Known on Wednesday 12-30: 31, 1, 4 are three workdays as long as 2027 is guessed; 31, 4, 5 with 元旦.
    happened(cast.borrower, EventKind.STOPPAGE, date(2026, 12, 30))
    calendar = announcements.with_year(calendar_store.load(), 2027, new_years_day)
    found = preview.rehearse(preview.of_calendar(calendar, 2027, TODAY), on=TODAY)
    (visit,) = [one for one in short(found.differences) if one[1] == "GR-28.3"]
    assert visit[0:3] == ("moved", "GR-28.3", "C100001")
    assert visit[4:] == ("2027-01-04", "2027-01-05")


def waiting(version: SchemeVersion) -> Preview:
    return Preview.objects.create(
        change={"scheme": "GR"}, version=version, on=TODAY, by="1007", at=clock.now()
    )


@pytest.mark.heavy
def test_the_job_takes_what_waits_once_keeps_the_result_and_leaves_what_another_has_in_hand(
    cast: SimpleNamespace,
) -> None:
    kept = waiting(proposed(site_inspection__frequency={"NORMAL": "monthly"}))
    in_hand = waiting(proposed(event_visit__within=2))
    Preview.objects.filter(pk=in_hand.pk).update(started_at=clock.now())
    assert jobs.preview() == kept.pk
    assert jobs.preview() is None
    kept.refresh_from_db()
    assert len(Outcome.of(kept.result).differences) == 10
    assert kept.progress == 100
    # Whoever had the other one in hand is gone: after five minutes it is taken again.
    Preview.objects.filter(pk=in_hand.pk).update(started_at=clock.now() - timedelta(minutes=6))
    assert jobs.preview() == in_hand.pk


def test_a_preview_that_fails_says_why_and_is_not_tried_for_ever(
    cast: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = waiting(proposed(event_visit__within=2))
    monkeypatch.setattr(preview, "rehearse", lambda *a, **k: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        jobs.preview()
    kept.refresh_from_db()
    assert kept.error == "ZeroDivisionError: division by zero"
    assert jobs.preview() is None


def test_every_day_that_may_change_a_period_is_judged() -> None:
    # 12-01 is a Tuesday; Mondays 7, 14, 21, 28; the year ends on Thursday; the last day asked for is a Saturday.
    days = preview.days_to_judge(date(2026, 12, 1), date(2027, 1, 2))
    assert [day.strftime("%m-%d") for day in days] == [
        "12-01", "12-07", "12-14", "12-21", "12-28", "12-31", "01-01", "01-02",
    ]  # fmt: skip


def test_the_rules_rehearsed_are_those_of_the_close_of_day_each_once() -> None:
    rehearsed_rules = [rule for group in preview._groups() for rule in group]
    closed = {f"duties:{rule.code}": rule for rule in rehearsed_rules}
    assert len(closed) == len(rehearsed_rules)
    assert closed.keys() == {step.name for step in close_of_day.STEPS if step.name.startswith("duties:")}
