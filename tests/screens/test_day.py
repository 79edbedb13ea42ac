"""日终 on screen: what each step did, what was set aside and why, and another try for it (promise 11)."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.test import Client

from accounts.models import User
from tests.day.test_close_of_day import FIRST, facts, tick
from workflow.models import DayRun, Quarantined, WorkItem

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
