"""审核权限: the tiers that a principal sets, from when they hold, who signs for which amount (第十八条)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts.choices import Role
from core import clock
from core.errors import Invalid, Refused
from monitoring.models import PaymentAuthority
from monitoring.payments import authority, requests
from monitoring.payments.authority import Tier
from tests import factories
from tests.monitoring.paying import chain, draft, lend_on_account, register, submit

pytestmark = pytest.mark.usefixtures("reference")


@pytest.fixture
def loan(cast):
    """300 万元 on account 620001, to be paid to 华东棉业."""
    register(cast.borrower)
    return lend_on_account(cast)


TIERS = (
    Tier(Role.RISK_MANAGER, Decimal(500000)),
    Tier(Role.RISK_HEAD, Decimal(1000000)),
    Tier(Role.PRINCIPAL, None),
)


@pytest.mark.obligation("GR-18")
@pytest.mark.parametrize(
    ("amount", "who"),
    [("500000", ["孙磊"]), ("500000.01", ["孙磊", "周敏"]), ("1000000.01", ["孙磊", "周敏", "吴刚"])],
)
def test_what_is_above_a_limit_goes_one_step_further_up(cast, loan, amount, who) -> None:
    authority.set_authority(by=cast.president, steps=TIERS, from_on=cast.today, on=cast.today)
    document = submit(draft(loan, cast.cm, amount=amount))
    assert [name for _label, name in chain(document)] == ["张明", *who]


@pytest.mark.obligation("GR-18")
def test_an_authority_holds_from_its_day_and_replaces_the_default(cast, loan) -> None:
    # Default: the risk manager alone up to 5,000,000. From tomorrow on 1,000,000 goes up to the head.
    tomorrow = cast.today + timedelta(days=1)
    authority.set_authority(by=cast.president, steps=TIERS, from_on=tomorrow, on=cast.today)
    assert [name for _label, name in chain(submit(draft(loan, cast.cm)))] == ["张明", "孙磊"]
    with clock.travelling_to(tomorrow):
        assert [name for _label, name in chain(submit(draft(loan, cast.cm)))] == ["张明", "孙磊", "周敏"]
    # Another principal's customers are not touched.
    assert authority.tiers_of(cast.other_borrower, tomorrow, requests.policy_on(tomorrow)).authority is None


@pytest.mark.obligation("GR-18")
def test_a_named_reviewer_signs_for_the_post(cast, loan) -> None:
    second = factories.make_person("1013", "何静", role=Role.RISK_MANAGER, unit=cast.risk_dept)
    steps = (Tier(Role.RISK_MANAGER, None, second.pk),)
    authority.set_authority(by=cast.president, steps=steps, from_on=cast.today, on=cast.today)
    assert chain(submit(draft(loan, cast.cm)))[1] == ("风险经理", "何静")


@pytest.mark.obligation("GR-18")
@pytest.mark.parametrize(
    ("steps", "from_on", "sentence"),
    [
        ((), 0, "至少设一级"),
        ((Tier(Role.PRESIDENT, None),), 0, "第一级须为风险条线"),
        ((Tier(Role.RISK_MANAGER, Decimal(5)), Tier(Role.RISK_HEAD, Decimal(9))), 0, "末级不限金额"),
        ((Tier(Role.RISK_MANAGER, None), Tier(Role.RISK_HEAD, None)), 0, "末级不限金额"),
        (
            (
                Tier(Role.RISK_MANAGER, Decimal(9)),
                Tier(Role.RISK_HEAD, Decimal(5)),
                Tier(Role.PRESIDENT, None),
            ),
            0,
            "逐级递增",
        ),
        ((Tier(Role.RISK_MANAGER, Decimal(9)), Tier(Role.RISK_MANAGER, None)), 0, "只能设一级"),
        ((Tier(Role.RISK_MANAGER, Decimal(9)), Tier(Role.CUSTOMER_HEAD, None)), 0, "审核人只能是"),
        ((Tier(Role.RISK_MANAGER, None),), -1, "早于今天"),
        ((Tier(Role.RISK_MANAGER, None, 0),), 0, "不在该岗位"),
    ],
)
def test_an_authority_that_makes_no_sense_is_refused(cast, steps, from_on, sentence) -> None:
    day = cast.today + timedelta(days=from_on)
    with pytest.raises(Invalid, match=sentence):
        authority.set_authority(by=cast.president, steps=steps, from_on=day, on=cast.today)


@pytest.mark.obligation("GR-18")
def test_only_a_principal_sets_an_authority(cast) -> None:
    for by in (cast.vp, cast.risk_head, cast.head):  # the vice-president is nobody's principal
        with pytest.raises(Refused, match="由经营主责任人"):
            authority.set_authority(by=by, steps=TIERS, from_on=cast.today, on=cast.today)


@pytest.mark.parametrize(
    ("name", "second"),
    [
        ("a_post_has_one_tier", {"role": "RISK_MANAGER", "up_to": None}),
        ("a_limit_is_given_once", {"role": "RISK_HEAD", "up_to": Decimal(5)}),
        ("a_tier_has_its_own_place", {"role": "RISK_HEAD", "up_to": None, "place": 1}),
    ],
)
def test_the_tiers_of_an_authority_differ_whoever_writes_them(cast, name, second) -> None:
    own = PaymentAuthority.objects.create(set_by=cast.president, from_on=cast.today, recorded_at=clock.now())
    own.tiers.create(place=1, role="RISK_MANAGER", up_to=Decimal(5))
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        own.tiers.create(**{"place": 2} | second)


def test_one_tier_only_is_without_a_limit(cast) -> None:
    own = PaymentAuthority.objects.create(set_by=cast.president, from_on=cast.today, recorded_at=clock.now())
    own.tiers.create(place=1, role="RISK_MANAGER", up_to=None)
    with pytest.raises(IntegrityError, match="a_limit_is_given_once"), transaction.atomic():
        own.tiers.create(place=2, role="RISK_HEAD", up_to=None)
