"""日终 on screen: what each step did, what was set aside and why, and another try for it (promise 11)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.test import Client

from accounts.models import User
from core import clock, outbox
from tests.day.test_close_of_day import FIRST, facts, tick
from workflow.models import DayRun, Quarantined, WorkItem
from workflow.services import days

pytestmark = pytest.mark.usefixtures("reference")


def test_a_row_set_aside_is_shown_with_its_cause_and_judged_again_when_asked(
    cast: SimpleNamespace, browse: Callable[[User], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    facts(cast, FIRST)
    broken = "inspections.duties.CorporateVisit.judge"
    with monkeypatch.context() as spoilt:
        spoilt.setattr(broken, lambda self, row, on, policy: 1 / 0)
        tick(FIRST.replace(month=10, day=1))
    page = browse(cast.admin).get("/day/").content.decode()
    assert "ZeroDivisionError: division by zero" in page and f"客户 {cast.borrower.pk}" in page
    assert cast.borrower.name not in page  # the administrator mends data without reading whose business it is
    assert "重做隔离的行" not in browse(cast.president).get("/day/").content.decode()

    answer = browse(cast.admin).post("/day/retry/", follow=True)
    assert "已全部处理" in answer.content.decode()
    assert not Quarantined.objects.filter(resolved_at__isnull=True).exists()
    assert WorkItem.objects.get(obligation="GR-27", subject_id=cast.borrower.pk).raised_on == FIRST


def test_a_failed_day_says_which_step_and_why(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    facts(cast, FIRST)
    DayRun.objects.create(on=FIRST, step="measures", status="FAILED", error="OperationalError: 连接中断")
    page = browse(cast.risk_head).get("/day/").content.decode()
    assert "09-30 日终失败" in page and "日度指标" in page and "OperationalError: 连接中断" in page


def closed(on: date, at: datetime, minutes: int) -> None:
    """A day that was closed at an instant, in two steps, after so many minutes of work."""
    start = at - timedelta(minutes=minutes)
    half = start + timedelta(minutes=minutes) / 2
    DayRun.objects.create(on=on, step="samples", status="DONE", started_at=start, finished_at=half)
    DayRun.objects.create(on=on, step="closed", status="DONE", started_at=half, finished_at=at)


def test_missed_days_show_how_many_are_done_what_runs_and_how_long_it_will_take(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    """Closed in time to 11-17; down until today, 11-24. 18, 19 and 20 are made up for in 2, 4 and 20 minutes.

    Open are 21, 22 and 23: six were missed, three are done; the middle one took 4 minutes, so 12 are left.
    """
    noon = datetime(2026, 11, 24, 4, tzinfo=UTC)
    in_time = datetime(2026, 11, 17, 17, tzinfo=UTC)  # one o'clock of the 18th in Shanghai
    closed(date(2026, 11, 17), in_time, 5)
    for day, minutes in ((18, 2), (19, 4), (20, 20)):
        closed(date(2026, 11, day), noon, minutes)
    DayRun.objects.create(
        on=date(2026, 11, 21), step="samples", status="DONE", started_at=noon, finished_at=noon
    )
    DayRun.objects.create(on=date(2026, 11, 21), step="measures", status="RUNNING", started_at=noon)
    with days.only_one():
        page = browse(cast.admin).get("/day/").content.decode()
    assert "已补 3 天，共 6 天" in page
    assert "正在做 2026-11-21，已完成 1 步" in page and "：日度指标" in page
    assert "约还需 12 分钟" in page

    part = browse(cast.admin).get("/day/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part and "现在没有进程在做" in part  # the process died and left its step behind


def test_yesterday_alone_is_no_absence(cast: SimpleNamespace, browse: Callable[[User], Client]) -> None:
    closed(date(2026, 11, 22), datetime(2026, 11, 24, 4, tzinfo=UTC), 5)
    assert "漏下" not in browse(cast.admin).get("/day/").content.decode()


def test_a_step_shows_how_long_it_took(cast: SimpleNamespace, browse: Callable[[User], Client]) -> None:
    closed(date(2026, 11, 23), datetime(2026, 11, 24, 1, tzinfo=UTC), 3)
    page = browse(cast.admin).get("/day/").content.decode()
    assert page.count("2 分钟") == 2  # a minute and a half each, rounded up


def test_a_silent_scheduler_is_named_on_the_page_of_the_day(
    cast: SimpleNamespace, browse: Callable[[User], Client]
) -> None:
    with clock.travelling_to(datetime(2026, 11, 24, 1, 30, tzinfo=UTC)):
        outbox.beat("tick")
    with clock.travelling_to(datetime(2026, 11, 24, 2, 0, tzinfo=UTC)):
        page = browse(cast.admin).get("/day/").content.decode()
    assert "定时服务自 2026-11-24 09:30 起没有动静" in page
