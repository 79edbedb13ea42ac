"""Every branch that lends meets once a quarter, and its president of the day answers for it."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from accounts.choices import Role
from accounts.models import Post
from core.policy import policy_on
from reviews.duties import QuarterlyMeeting
from tests import factories
from workflow.choices import DutyStatus
from workflow.engine import reconcile
from workflow.models import WorkItem

pytestmark = pytest.mark.usefixtures("reference")


def run(on: date) -> None:
    reconcile(QuarterlyMeeting(), on=on, policy=policy_on(on))


def of(branch) -> list[tuple[str, date, date, str]]:
    rows = WorkItem.objects.filter(obligation="GR-35", subject_kind="UNIT", subject_id=branch.pk)
    return [(row.period_key, row.counts_from, row.due_on, row.status) for row in rows.order_by("due_on")]


FOURTH = ("2026Q4", date(2026, 10, 1), date(2026, 12, 31), DutyStatus.OPEN)
FIRST = ("2027Q1", date(2027, 1, 1), date(2027, 3, 31), DutyStatus.OPEN)


@pytest.mark.obligation("GR-35", clause="a")
def test_a_branch_that_lends_owes_one_meeting_a_quarter(cast):
    for on in (date(2026, 10, 1), date(2026, 11, 24), date(2026, 12, 31)):
        run(on)
    assert of(cast.br1) == of(cast.br2) == [FOURTH]
    run(date(2027, 1, 1))
    assert of(cast.br1) == [FOURTH, FIRST]  # the meeting that was missed stays owed


def test_the_president_owes_it_and_is_told_which_meeting(cast):
    run(cast.today)
    duty = WorkItem.objects.get(subject_id=cast.br1.pk)
    assert (duty.person, duty.unit, duty.post) == (cast.president, cast.br1, "PRESIDENT")
    assert (duty.borrower_number, duty.borrower_name) == ("", "工人支行")
    assert duty.reason == "2026 年第四季度贷后管理例会，季末前召开。"
    assert WorkItem.objects.get(subject_id=cast.br2.pk).person == cast.other_president


@pytest.mark.obligation("GR-35", clause="a")
def test_a_branch_without_a_loan_owes_none_and_a_loan_of_its_own_counts(cast):
    third = factories.make_unit("BR3", "城西支行", kind="BRANCH", parent=cast.bank)
    factories.make_reading(cast.other_loan, effective_on=date(2026, 11, 2), balance=0)
    run(cast.today)
    assert {item.subject_id for item in WorkItem.objects.all()} == {cast.br1.pk}
    factories.make_loan(factories.make_borrower(), third)
    run(cast.today)
    assert of(third) == [FOURTH]
    assert WorkItem.objects.get(subject_id=third.pk).person is None  # 缺岗, and nobody of another branch


def test_when_all_is_repaid_the_coming_meeting_is_dropped_and_the_missed_one_stays(cast):
    run(date(2026, 9, 30))
    run(date(2026, 10, 1))
    factories.make_reading(cast.other_loan, effective_on=date(2026, 10, 2), balance=0)
    run(date(2026, 10, 2))
    assert [(key, status) for key, *_, status in of(cast.br2)] == [("2026Q3", "OPEN"), ("2026Q4", "VOID")]


def test_a_new_president_takes_the_meeting_over(cast):
    run(date(2026, 11, 23))
    Post.objects.filter(person=cast.president).update(to_on=date(2026, 11, 23))
    run(cast.today)
    assert WorkItem.objects.get(subject_id=cast.br1.pk).person is None
    successor = factories.make_person(
        "1090", "何平", role=Role.PRESIDENT, unit=cast.br1, from_on=date(2026, 11, 25)
    )
    factories.make_person("1091", "吕安", role=Role.PRESIDENT, unit=cast.br1, from_on=date(2026, 11, 26))
    run(date(2026, 11, 26))
    assert WorkItem.objects.get(subject_id=cast.br1.pk).person == successor  # the longest in office


def test_the_presidents_day_names_the_branch_where_a_customer_would_stand(cast):
    run(cast.today)
    client = Client()
    client.force_login(cast.president)
    page = client.get("/").content.decode()
    row = page[page.index("<b>贷后管理例会</b>") :].partition("duty-do")[0]
    assert "· 工人支行" in row
    assert "/borrowers/" not in row
    assert "办法 第五章" in row
