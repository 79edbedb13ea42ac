"""When a borrower must be visited: tables worked out by hand from the articles and the 2026 calendar."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.choices import Role
from core.policy import policy_on
from credit.choices import BorrowerKind, EventKind, Product, RiskClass
from credit.models import Contract, PastInspection, RiskEvent
from inspections.duties import EVENT_RULES, CorporateVisit, PersonalVisit
from tests import factories
from tests.day.test_close_of_day import applied
from workflow.choices import DutyStatus
from workflow.engine import reconcile
from workflow.models import WorkItem

pytestmark = pytest.mark.usefixtures("reference")


def run(rule, on: date) -> None:
    reconcile(rule, on=on, policy=policy_on(on))


def standing(obligation: str, borrower) -> list[tuple[str, date, str]]:
    rows = WorkItem.objects.filter(obligation=obligation, subject_id=borrower.pk).order_by("pk")
    return [(row.period_key, row.due_on, row.status) for row in rows]


# Loans paid out on 2026-03-10: the first check falls due fifteen workdays later, on 2026-03-31, so periodic visits
# begin in April.
CORPORATE = [
    (RiskClass.NORMAL, date(2026, 3, 31), None),
    (RiskClass.NORMAL, date(2026, 4, 1), ("2026Q2", date(2026, 6, 30))),
    (RiskClass.NORMAL, date(2026, 12, 31), ("2026Q4", date(2026, 12, 31))),
    (RiskClass.SPECIAL_MENTION, date(2026, 11, 24), ("2026Q4", date(2026, 12, 31))),
    (RiskClass.SUBSTANDARD, date(2026, 11, 24), ("2026-11", date(2026, 11, 30))),
    (RiskClass.SUBSTANDARD, date(2028, 2, 10), ("2028-02", date(2028, 2, 29))),
    (RiskClass.DOUBTFUL, date(2026, 11, 24), ("2026-11", date(2026, 11, 30))),
    (RiskClass.LOSS, date(2026, 11, 24), ("2026Q4", date(2026, 12, 31))),
]


@pytest.mark.obligation("GR-27", clause="abcf")
@pytest.mark.parametrize(("risk_class", "on", "expected"), CORPORATE)
def test_a_corporate_borrower_is_visited_by_its_class(cast, risk_class, on, expected):
    factories.make_class(cast.loan, risk_class, effective_on=date(2026, 3, 11))
    run(CorporateVisit(), on)
    assert standing("GR-27", cast.borrower) == ([(*expected, DutyStatus.OPEN)] if expected else [])
    assert not WorkItem.objects.filter(subject_id=cast.personal_borrower.pk).exists()


@pytest.mark.obligation("GR-27", clause="c")
def test_the_duty_says_who_owes_it_and_why(cast):
    run(CorporateVisit(), cast.today)
    duty = WorkItem.objects.get(subject_id=cast.borrower.pk)
    assert (duty.person, duty.unit, duty.post, duty.line) == (
        cast.cm,
        cast.corporate,
        "CUSTOMER_MANAGER",
        "CUSTOMER",
    )
    assert duty.reason == "正常类，每季至少一次。"
    assert duty.policy.scheme_id == "GR"


@pytest.mark.obligation("GR-27", clause="a")
def test_the_worst_of_several_loans_decides(cast):
    factories.make_loan(
        cast.borrower, cast.corporate, starts_on=date(2026, 5, 6), risk_class=RiskClass.SUBSTANDARD
    )
    run(CorporateVisit(), cast.today)
    assert standing("GR-27", cast.borrower) == [("2026-11", date(2026, 11, 30), DutyStatus.OPEN)]


def test_periodic_visits_begin_after_the_period_in_which_the_first_check_fell_due(cast):
    # 2026-09-15 plus fifteen workdays: 16–18, the make-up Sunday 20, 21–24 (25 is 中秋), 28–30, then after 国庆
    # 10-08, 10-09, the make-up Saturday 10-10, and Monday 10-12: in the fourth quarter.
    fresh = factories.make_borrower()
    factories.make_loan(fresh, cast.corporate, starts_on=date(2026, 9, 15))
    run(CorporateVisit(), date(2026, 11, 24))
    assert standing("GR-27", fresh) == []
    run(CorporateVisit(), date(2027, 1, 1))
    assert standing("GR-27", fresh) == [("2027Q1", date(2027, 3, 31), DutyStatus.OPEN)]


def test_a_rollover_does_not_make_a_new_customer(cast):
    # The old loan was live when the quarter began and was repaid on 11-02 by a new one.
    factories.make_reading(cast.loan, effective_on=date(2026, 11, 2), balance=0)
    factories.make_loan(cast.borrower, cast.corporate, starts_on=date(2026, 11, 2))
    run(CorporateVisit(), cast.today)
    assert standing("GR-27", cast.borrower) == [("2026Q4", date(2026, 12, 31), DutyStatus.OPEN)]


@pytest.mark.obligation("GR-27", clause="d")
def test_a_worse_class_asks_for_more_visits_and_a_better_one_gives_the_quarter_back(cast):
    run(CorporateVisit(), date(2026, 11, 18))
    factories.make_class(cast.loan, RiskClass.SUBSTANDARD, effective_on=date(2026, 11, 19))
    run(CorporateVisit(), date(2026, 11, 19))
    assert standing("GR-27", cast.borrower) == [
        ("2026Q4", date(2026, 12, 31), DutyStatus.VOID),
        ("2026-11", date(2026, 11, 30), DutyStatus.OPEN),
    ]
    dropped = WorkItem.objects.get(subject_id=cast.borrower.pk, period_key="2026Q4")
    assert (dropped.close_reason, dropped.closed_on) == ("分类为次级，每月至少一次", date(2026, 11, 19))
    factories.make_class(cast.loan, RiskClass.NORMAL, effective_on=date(2026, 11, 25))
    run(CorporateVisit(), date(2026, 11, 25))
    assert standing("GR-27", cast.borrower) == [
        ("2026Q4", date(2026, 12, 31), DutyStatus.OPEN),
        ("2026-11", date(2026, 11, 30), DutyStatus.VOID),
    ]


def test_what_is_late_stays_owed_when_the_class_changes_and_is_dropped_only_when_all_is_repaid(cast):
    run(CorporateVisit(), date(2026, 9, 30))
    factories.make_class(cast.loan, RiskClass.SUBSTANDARD, effective_on=date(2026, 10, 1))
    run(CorporateVisit(), date(2026, 10, 1))
    assert standing("GR-27", cast.borrower) == [
        ("2026Q3", date(2026, 9, 30), DutyStatus.OPEN),
        ("2026-10", date(2026, 10, 31), DutyStatus.OPEN),
    ]
    factories.make_reading(cast.loan, effective_on=date(2026, 10, 20), balance=0)
    run(CorporateVisit(), date(2026, 10, 20))
    assert {status for _, _, status in standing("GR-27", cast.borrower)} == {DutyStatus.VOID}
    assert (
        WorkItem.objects.filter(subject_id=cast.borrower.pk).first().close_reason == "已无余额，不再需要检查"
    )


def test_a_fact_that_was_not_known_yet_does_not_count(cast):
    factories.make_class(
        cast.loan, RiskClass.SUBSTANDARD, effective_on=date(2026, 11, 10), known_on=date(2026, 11, 24)
    )
    run(CorporateVisit(), date(2026, 11, 23))
    assert standing("GR-27", cast.borrower) == [("2026Q4", date(2026, 12, 31), DutyStatus.OPEN)]


@pytest.mark.obligation("GR-27", clause="c")
def test_a_new_customer_manager_takes_the_open_duty_over(cast):
    run(CorporateVisit(), date(2026, 11, 23))
    cast.borrower.responsibilities.filter(role="CUSTOMER_MANAGER").update(to_on=date(2026, 11, 23))
    factories.make_responsibility(cast.borrower, cast.cm2, cast.corporate, from_on=date(2026, 11, 24))
    run(CorporateVisit(), date(2026, 11, 24))
    assert WorkItem.objects.get(subject_id=cast.borrower.pk).person == cast.cm2


@pytest.mark.obligation("GR-27", clause="c")
def test_a_visit_counts_only_after_the_least_gap_since_the_last_one(cast):
    run(CorporateVisit(), date(2026, 9, 30))
    WorkItem.objects.filter(subject_id=cast.borrower.pk).update(
        status=DutyStatus.DONE, done_on=date(2026, 9, 30), closed_on=date(2026, 9, 30),
        closed_at="2026-09-30T10:00:00Z", closed_by="1001",
    )  # fmt: skip
    run(CorporateVisit(), date(2026, 10, 1))
    duty = WorkItem.objects.get(period_key="2026Q4", subject_id=cast.borrower.pk)
    assert duty.counts_from == date(2026, 10, 30)  # thirty days after 09-30
    assert duty.reason == "正常类，每季至少一次；上次检查 2026-09-30。"


def on_paper(borrower, effective_on: date, known_on: date = date(2026, 11, 20)) -> None:
    """The opening extracts of 2026-11-20 tell of a visit."""
    PastInspection.objects.create(
        borrower=borrower, effective_on=effective_on, known_on=known_on, inspector="张明"
    )


# 正常 is visited once a quarter, thirty days apart; 次级 once a month, ten days apart.
ON_PAPER = [
    (RiskClass.NORMAL, date(2026, 10, 1), None),  # the first day of the quarter
    (RiskClass.NORMAL, date(2026, 9, 30), date(2026, 10, 30)),
    (RiskClass.NORMAL, date(2026, 6, 1), date(2026, 10, 1)),
    (RiskClass.SUBSTANDARD, date(2026, 11, 2), None),
    (RiskClass.SUBSTANDARD, date(2026, 10, 28), date(2026, 11, 7)),
]


@pytest.mark.obligation("GR-27", clause="c")
@pytest.mark.parametrize(("risk_class", "visited_on", "counts_from"), ON_PAPER)
def test_a_visit_before_going_live_is_the_visit_of_its_period_and_keeps_the_next_one_away(
    cast, risk_class, visited_on, counts_from
):
    factories.make_class(cast.loan, risk_class, effective_on=date(2026, 3, 11))
    on_paper(cast.borrower, visited_on)
    run(CorporateVisit(), date(2026, 11, 20))
    duties = list(WorkItem.objects.filter(subject_id=cast.borrower.pk))
    assert [duty.counts_from for duty in duties] == ([counts_from] if counts_from else [])
    assert all(duty.reason.endswith(f"；上次检查 {visited_on}。") for duty in duties)


@pytest.mark.obligation("GR-27", clause="c")
def test_the_period_after_a_visit_on_paper_owes_its_own(cast):
    on_paper(cast.borrower, date(2026, 11, 10))
    on_paper(cast.borrower, date(2026, 7, 10))
    run(CorporateVisit(), date(2026, 11, 20))
    run(CorporateVisit(), date(2027, 1, 1))
    (duty,) = WorkItem.objects.filter(subject_id=cast.borrower.pk)
    assert (duty.period_key, duty.reason) == ("2027Q1", "正常类，每季至少一次；上次检查 2026-11-10。")


def test_a_visit_on_paper_that_turns_up_late_takes_the_open_duty_back(cast):
    on_paper(cast.borrower, date(2026, 11, 10), known_on=date(2026, 11, 23))
    run(CorporateVisit(), date(2026, 11, 20))
    assert standing("GR-27", cast.borrower) == [("2026Q4", date(2026, 12, 31), DutyStatus.OPEN)]
    run(CorporateVisit(), date(2026, 11, 23))
    duty = WorkItem.objects.get(subject_id=cast.borrower.pk)
    assert (duty.status, duty.close_reason) == (DutyStatus.VOID, "上线前已检查（2026-11-10）")


@pytest.mark.obligation("GD-3.3", clause="b")
def test_a_personal_borrower_visited_on_paper_in_the_first_half_owes_the_second_half(cast):
    factories.make_class(cast.personal_loan, RiskClass.DOUBTFUL, effective_on=date(2026, 3, 11))
    on_paper(cast.personal_borrower, date(2026, 11, 13), known_on=date(2026, 11, 14))
    run(PersonalVisit(), date(2026, 11, 14))
    assert standing("GD-3.3", cast.personal_borrower) == []
    run(PersonalVisit(), date(2026, 11, 16))
    duty = WorkItem.objects.get(subject_id=cast.personal_borrower.pk)
    # five days after the 13th
    assert (duty.period_key, duty.counts_from) == ("2026-11/2", date(2026, 11, 18))


# The class is entered on 2026-03-11.
PERSONAL = [
    (RiskClass.NORMAL, date(2026, 11, 24), None),
    (RiskClass.SPECIAL_MENTION, date(2026, 11, 24), ("2026-11", date(2026, 11, 30))),
    (RiskClass.SUBSTANDARD, date(2026, 11, 24), ("2026-11", date(2026, 11, 30))),
    (RiskClass.DOUBTFUL, date(2026, 11, 15), ("2026-11/1", date(2026, 11, 15))),
    (RiskClass.DOUBTFUL, date(2026, 11, 16), ("2026-11/2", date(2026, 11, 30))),
    (RiskClass.LOSS, date(2027, 3, 10), ("12m:1@2026-03-11", date(2027, 3, 10))),
    (RiskClass.LOSS, date(2027, 3, 11), ("12m:2@2026-03-11", date(2028, 3, 10))),
]


@pytest.mark.obligation("GR-27", clause="f")
@pytest.mark.obligation("GD-2", clause="c")
@pytest.mark.obligation("GD-3.3", clause="abc")
@pytest.mark.parametrize(("risk_class", "on", "expected"), PERSONAL)
def test_a_personal_borrower_is_visited_by_its_class(cast, risk_class, on, expected):
    factories.make_class(cast.personal_loan, risk_class, effective_on=date(2026, 3, 11))
    # A first period that began before the first check fell due would not count yet: the loan is made older.
    cast.personal_loan.starts_on = date(2025, 3, 10)
    cast.personal_loan.save()
    run(PersonalVisit(), on)
    assert standing("GD-3.3", cast.personal_borrower) == ([(*expected, DutyStatus.OPEN)] if expected else [])


@pytest.mark.obligation("GR-27", clause="a")
@pytest.mark.obligation("GD-3.3", clause="a")
def test_a_trader_with_both_kinds_of_loans_owes_both_visits_and_the_worst_class_decides_both(cast):
    both = factories.make_borrower(kind=BorrowerKind.SOLE_TRADER, name="张记粮油店")
    factories.make_loan(both, cast.corporate, starts_on=date(2026, 1, 8))
    factories.make_loan(
        both, cast.personal, starts_on=date(2026, 1, 8), product=Product.HOUSING,
        risk_class=RiskClass.SUBSTANDARD,
    )  # fmt: skip
    for rule in (CorporateVisit(), PersonalVisit()):
        run(rule, cast.today)
    assert standing("GR-27", both) == [("2026-11", date(2026, 11, 30), DutyStatus.OPEN)]
    assert standing("GD-3.3", both) == [("2026-11", date(2026, 11, 30), DutyStatus.OPEN)]


def event(borrower, kind, *, effective_on: date, known_on: date | None = None, **fields) -> RiskEvent:
    return RiskEvent.objects.create(
        borrower=borrower, kind=kind, effective_on=effective_on, known_on=known_on or effective_on,
        detail=fields.pop("detail", "经核实"), recorded_by="1001", recorded_at="2026-11-20T02:00:00Z", **fields,
    )  # fmt: skip


EVENTS = [
    pytest.param("GR-28.1", [EventKind.DOWNGRADE], marks=pytest.mark.obligation("GR-28.1", clause="bc")),
    pytest.param(
        "GR-28.2",
        [EventKind.INTEREST_ARREARS, EventKind.EXTENSION, EventKind.OVERDUE, EventKind.ADVANCE],
        marks=[
            pytest.mark.obligation("GR-28.2", clause="acd"),
            pytest.mark.obligation("GR-6.4.2", clause="f"),
        ],
    ),
    pytest.param(
        "GR-28.3",
        [EventKind.STOPPAGE, EventKind.PARTIAL_STOPPAGE],
        marks=pytest.mark.obligation("GR-28.3", clause="ac"),
    ),
    pytest.param(
        "GR-28.4",
        [
            EventKind.MAJOR_INVESTMENT,
            EventKind.RESTRUCTURING,
            EventKind.DEBT_DISPUTE,
            EventKind.ACCIDENT,
            EventKind.OTHER_MAJOR,
        ],
        marks=pytest.mark.obligation("GR-28.4", clause="abc"),
    ),
]


@pytest.mark.parametrize(("obligation", "kinds"), EVENTS)
def test_a_risk_event_calls_for_a_visit_within_three_workdays_and_says_what_happened(cast, obligation, kinds):
    # Known on Friday 2026-11-20: Monday, Tuesday, Wednesday 2026-11-25.
    events = [
        event(
            cast.borrower,
            kind,
            effective_on=date(2026, 11, 19),
            known_on=date(2026, 11, 20),
            detail="核实属实",
        )
        for kind in kinds
    ]
    for rule in EVENT_RULES:
        run(rule, date(2026, 11, 20))
        run(rule, date(2026, 11, 20))
    assert standing(obligation, cast.borrower) == [
        (f"event:{one.pk}", date(2026, 11, 25), DutyStatus.OPEN) for one in events
    ]
    assert WorkItem.objects.count() == len(events)
    first = WorkItem.objects.order_by("pk").first()
    assert first.reason == f"11-19 {events[0].get_kind_display()}：核实属实，3 个工作日内到场。"
    assert first.counts_from == date(2026, 11, 19)


def test_the_manager_owes_it_and_a_repaid_loan_calls_for_it_no_more_though_it_is_late(cast):
    event(cast.borrower, EventKind.DOWNGRADE, effective_on=date(2026, 11, 16))
    run(EVENT_RULES[0], date(2026, 11, 16))
    owed = WorkItem.objects.get()
    assert (owed.person, owed.post) == (cast.cm, Role.CUSTOMER_MANAGER)
    factories.make_reading(cast.loan, balance=Decimal(0), effective_on=date(2026, 11, 20))
    run(EVENT_RULES[0], date(2026, 11, 20))  # a day after it was due
    owed.refresh_from_db()
    assert (owed.status, owed.close_reason) == (DutyStatus.VOID, "已无余额，不再需要检查")


@pytest.mark.obligation("GR-28.3", clause="c")
def test_three_workdays_step_over_a_holiday_and_count_a_make_up_day(cast):
    # Known on Wednesday 2026-09-30: 国庆 lasts to 10-07; Thursday 8, Friday 9, and the make-up Saturday 10.
    event(cast.borrower, EventKind.STOPPAGE, effective_on=date(2026, 9, 30))
    run(EVENT_RULES[2], date(2026, 9, 30))
    assert WorkItem.objects.get().due_on == date(2026, 10, 10)


def test_a_reversed_event_takes_its_visit_back_with_the_reason(cast):
    mistaken = event(cast.borrower, EventKind.STOPPAGE, effective_on=date(2026, 11, 19))
    run(EVENT_RULES[2], date(2026, 11, 19))
    event(
        cast.borrower,
        EventKind.STOPPAGE,
        effective_on=date(2026, 11, 20),
        reverses=mistaken,
        detail="登记有误",
    )
    run(EVENT_RULES[2], date(2026, 11, 20))
    duty = WorkItem.objects.get()
    assert (duty.status, duty.close_reason) == (DutyStatus.VOID, "触发事项已冲销")
    # Closed later, the day before the reversal still finds the event standing.
    WorkItem.objects.all().delete()
    run(EVENT_RULES[2], date(2026, 11, 19))
    assert WorkItem.objects.get().status == DutyStatus.OPEN


def test_an_event_of_a_borrower_without_a_loan_calls_for_nothing(cast):
    factories.make_reading(cast.loan, effective_on=date(2026, 11, 2), balance=0)
    event(cast.borrower, EventKind.ACCIDENT, effective_on=cast.today - timedelta(days=1))
    run(EVENT_RULES[3], cast.today)
    assert not WorkItem.objects.exists()


def test_what_happened_before_the_lender_went_live_calls_for_nothing(cast):
    applied(date(2026, 11, 20))
    event(cast.borrower, EventKind.ACCIDENT, effective_on=date(2026, 11, 19), known_on=date(2026, 11, 20))
    fresh = event(cast.borrower, EventKind.ACCIDENT, effective_on=date(2026, 11, 20))
    run(EVENT_RULES[3], date(2026, 11, 20))
    assert WorkItem.objects.get().period_key == f"event:{fresh.pk}"


def test_the_scheme_that_a_contract_names_comes_before_that_of_its_product(cast):
    # 流动资金贷款 is managed under GR; this lender has put the contract under 贷款贷后管理规定 (GD), where a normal
    # loan is not visited by calendar.
    Contract.objects.filter(pk=cast.loan.contract_id).update(scheme="GD")
    run(CorporateVisit(), cast.today)
    assert standing("GR-27", cast.borrower) == []
    factories.make_class(cast.loan, RiskClass.SPECIAL_MENTION, effective_on=date(2026, 11, 2))
    run(PersonalVisit(), cast.today)
    assert [status for _, _, status in standing("GD-3.3", cast.borrower)] == [DutyStatus.OPEN]
