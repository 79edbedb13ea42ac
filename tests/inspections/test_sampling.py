"""Normal borrowers under 个贷规定 are sampled: reproducibly, once a period, and who is drawn is visited."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from core.models import AuditEntry
from core.policy import policy_on
from credit.choices import Product, RiskClass
from credit.models import PastInspection
from inspections.duties import PersonalVisit, SampledVisit
from inspections.models import Sample, SampledBorrower
from inspections.rules import draw, seed_of
from inspections.services import draw_samples
from postloan import close_of_day
from tests import factories
from workflow.choices import DutyStatus
from workflow.engine import reconcile
from workflow.models import WorkItem

FOURTH = date(2026, 10, 1)


# By `printf 7e57F | sha256sum` and so on, the tickets of A to K in rising order begin with:
# F 3a, E 68, H 6e, K 73, G 79, D 9f, I a0, B a3, A a4, J c4, C e3.
@pytest.mark.obligation("GD-2", clause="b")
@pytest.mark.parametrize(
    ("population", "rate", "drawn"),
    [
        ("", "0.10", ""),
        ("C", "0.10", "C"),  # one at least
        ("ABCDEFGHIJ", "0.10", "F"),  # a tenth of ten
        ("ABCDEFGHIJK", "0.10", "EF"),  # a tenth of eleven, rounded up
        ("KJIHGFEDCBA", "0.10", "EF"),  # whatever the order of the list
        ("AABBCCDDEEFF", "0.50", "DEF"),  # and whoever is named twice
        ("ABC", "1", "ABC"),
    ],
)
def test_a_sample_can_be_drawn_again_by_anybody(population: str, rate: str, drawn: str):
    assert draw("7e57", list(population), Decimal(rate)) == list(drawn)


@pytest.mark.parametrize("rate", ["0", "-0.1", "1.01"])
def test_a_share_beyond_the_whole_is_refused(rate: str):
    with pytest.raises(ValueError, match="抽查比例"):
        draw("7e57", ["A"], Decimal(rate))


def test_the_seed_depends_on_everything_that_it_is_drawn_from_and_on_nothing_else():
    seed = seed_of("GD", "BR1", "2026Q4", ["P1", "P2"])
    assert seed == seed_of("GD", "BR1", "2026Q4", ["P2", "P1"])
    others = {
        seed_of("GR", "BR1", "2026Q4", ["P1", "P2"]),
        seed_of("GD", "BR2", "2026Q4", ["P1", "P2"]),
        seed_of("GD", "BR1", "2027Q1", ["P1", "P2"]),
        seed_of("GD", "BR1", "2026Q4", ["P1", "P3"]),
    }
    assert len(others | {seed}) == 5


@pytest.fixture
def homes(cast, reference):
    """Ten more home loans in 个人部, P200001 among eleven; one more in trouble, and one in the other branch."""
    many = [factories.make_borrower(f"P21{i:04d}", f"住户{i}", kind="PERSONAL") for i in range(10)]
    for one in many:
        factories.make_loan(one, cast.personal, product=Product.HOUSING)
    poor = factories.make_borrower("P299999", "何愁", kind="PERSONAL")
    factories.make_loan(poor, cast.personal, product=Product.HOUSING, risk_class=RiskClass.SPECIAL_MENTION)
    far = factories.make_borrower("P300001", "远客", kind="PERSONAL")
    factories.make_loan(far, cast.br2, product=Product.HOUSING)
    return cast


def draw_on(on: date) -> int:
    return draw_samples(on=on, policy=policy_on(on))


def run(rule, on: date) -> None:
    reconcile(rule, on=on, policy=policy_on(on))


def owed(obligation: str, borrower) -> list[tuple[str, date, str]]:
    rows = WorkItem.objects.filter(obligation=obligation, subject_id=borrower.pk).order_by("due_on")
    return [(row.period_key, row.due_on, row.status) for row in rows]


@pytest.mark.obligation("GD-2", clause="b")
def test_every_branch_draws_once_a_quarter_and_keeps_what_it_drew_from(homes):
    assert draw_on(FOURTH) == 2
    sample = Sample.objects.get(unit=homes.br1)
    assert sample.population == ["P200001", *(f"P21{i:04d}" for i in range(10))]  # no 关注, no other product
    assert (sample.period_key, sample.drawn_on, sample.last_on, sample.rate) == (
        "2026Q4", FOURTH, date(2026, 12, 31), Decimal("0.10"),
    )  # fmt: skip
    drawn = sorted(row.borrower.number for row in sample.drawn.all())
    assert len(drawn) == 2  # 1.1 rounded up
    assert draw(sample.seed, sample.population, sample.rate) == drawn
    assert Sample.objects.get(unit=homes.br2).population == ["P300001"]
    assert AuditEntry.objects.filter(act="inspections.sample.drawn").count() == 2
    factories.make_loan(factories.make_borrower("P219999"), homes.personal, product=Product.HOUSING)
    assert draw_on(date(2026, 10, 2)) == draw_on(date(2026, 12, 31)) == 0
    assert draw_on(date(2027, 1, 1)) == 2
    assert Sample.objects.filter(unit=homes.br1).count() == 2


def test_a_branch_with_nobody_to_draw_from_draws_when_it_has(cast, reference):
    factories.make_class(cast.personal_loan, RiskClass.LOSS, effective_on=date(2026, 9, 1))
    assert draw_on(FOURTH) == 0
    factories.make_class(cast.personal_loan, RiskClass.NORMAL, effective_on=date(2026, 10, 5))
    assert draw_on(date(2026, 10, 5)) == 1
    assert Sample.objects.get().drawn_on == date(2026, 10, 5)


def test_a_borrower_whose_other_loan_is_in_trouble_is_none_to_draw(homes):
    factories.make_loan(homes.personal_borrower, homes.corporate, risk_class=RiskClass.SUBSTANDARD)
    draw_on(FOURTH)
    assert "P200001" not in Sample.objects.get(unit=homes.br1).population


def test_who_was_drawn_is_visited_by_the_end_of_the_period_and_nobody_else(homes):
    draw_on(FOURTH)
    for on in (FOURTH, homes.today):
        run(SampledVisit(), on)
    drawn = SampledBorrower.objects.values_list("borrower", flat=True)
    duties = WorkItem.objects.filter(obligation="GD-2")
    assert sorted(duty.subject_id for duty in duties) == sorted(drawn)
    for duty in duties:
        assert (duty.period_key, duty.kind, duty.counts_from, duty.due_on) == (
            "2026Q4", "site_inspection", FOURTH, date(2026, 12, 31),
        )  # fmt: skip
        assert duty.reason == "正常类抽查，2026-10-01 抽中。"


@pytest.fixture
def alone(cast, reference):
    """One home loan, which is drawn because there is no other."""
    draw_on(FOURTH)
    run(SampledVisit(), FOURTH)
    assert owed("GD-2", cast.personal_borrower) == [("2026Q4", date(2026, 12, 31), DutyStatus.OPEN)]
    return cast


@pytest.mark.obligation("GD-2", clause="cd")
@pytest.mark.obligation("GD-3.3", clause="e")
def test_who_falls_to_special_mention_stays_drawn_and_owes_the_full_visits_besides(alone):
    fell = date(2026, 11, 5)
    factories.make_class(alone.personal_loan, RiskClass.SPECIAL_MENTION, effective_on=fell)
    for rule in (SampledVisit(), PersonalVisit()):
        run(rule, fell)
    assert owed("GD-2", alone.personal_borrower)[0][2] == DutyStatus.OPEN
    assert owed("GD-3.3", alone.personal_borrower) == [("2026-11", date(2026, 11, 30), DutyStatus.OPEN)]


def test_a_missed_visit_stays_owed_beside_the_next_draw_until_all_is_repaid(alone):
    draw_on(date(2027, 1, 1))
    run(SampledVisit(), date(2027, 1, 1))
    assert owed("GD-2", alone.personal_borrower) == [
        ("2026Q4", date(2026, 12, 31), DutyStatus.OPEN),
        ("2027Q1", date(2027, 3, 31), DutyStatus.OPEN),
    ]
    factories.make_reading(alone.personal_loan, effective_on=date(2027, 1, 8), balance=0)
    run(SampledVisit(), date(2027, 1, 8))
    assert {status for *_, status in owed("GD-2", alone.personal_borrower)} == {DutyStatus.VOID}


def test_a_visit_on_paper_in_the_same_quarter_is_the_visit(alone):
    PastInspection.objects.create(
        borrower=alone.personal_borrower, effective_on=date(2026, 10, 9), known_on=date(2026, 11, 20),
        inspector="王芳",
    )  # fmt: skip
    run(SampledVisit(), date(2026, 11, 20))
    duty = WorkItem.objects.get(obligation="GD-2")
    assert (duty.status, duty.close_reason) == (DutyStatus.VOID, "上线前已检查（2026-10-09）")


def test_the_day_draws_before_it_raises_and_the_second_day_draws_nothing(homes):
    for on in (FOURTH, date(2026, 10, 2)):
        assert close_of_day.close(on)
        assert Sample.objects.count() == 2
        assert WorkItem.objects.filter(obligation="GD-2", raised_on=FOURTH).count() == 3  # two and one


def test_the_database_keeps_one_draw_per_branch_and_period(cast, reference):
    draw_on(FOURTH)
    sample = Sample.objects.get()

    def again(**changes) -> Sample:
        fields = {
            "unit": cast.br1, "scheme": "GD", "period_key": "2027Q1", "first_on": date(2027, 1, 1),
            "last_on": date(2027, 3, 31), "drawn_on": date(2027, 1, 1), "rate": Decimal("0.1"), "seed": "7e57",
            "population": [],
        }  # fmt: skip
        return Sample.objects.create(**fields | changes)

    again()
    for name, changes in {
        "a_period_is_sampled_once": {},
        "a_sample_takes_a_share": {"period_key": "x", "rate": Decimal(0)},
        "a_sample_is_drawn_in_its_period": {"period_key": "x", "drawn_on": date(2027, 4, 1)},
    }.items():
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            again(**changes)
    with pytest.raises(IntegrityError, match="a_borrower_is_drawn_once"), transaction.atomic():
        SampledBorrower.objects.create(sample=sample, borrower=cast.personal_borrower)
