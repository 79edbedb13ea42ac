"""审核权限: the tiers that a principal sets, from when they hold, who signs for which amount (第十八条)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from accounts.choices import Role
from core import clock
from core.errors import Invalid, Refused
from core.policy import policy_on
from credit.models import Account, Group, GroupMember, RelatedParty
from monitoring.authority import services as authority
from monitoring.authority.rules import Tier
from monitoring.models import Payment, PaymentAuthority
from monitoring.payments import services as requests
from monitoring.payments.documents import PAYMENT_REQUEST
from monitoring.uses.recognition import see
from tests import factories
from tests.monitoring.paying import (
    chain,
    draft,
    lend_on_account,
    move,
    payment_of,
    register,
    send_back,
    sign,
    submit,
)

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


@pytest.mark.obligation("GR-18", clause="c")
@pytest.mark.parametrize(
    ("amount", "who"),
    [("500000", ["孙磊"]), ("500000.01", ["孙磊", "周敏"]), ("1000000.01", ["孙磊", "周敏", "吴刚"])],
)
def test_what_is_above_a_limit_goes_one_step_further_up(cast, loan, amount, who) -> None:
    authority.set_authority(by=cast.president, steps=TIERS, from_on=cast.today, on=cast.today)
    document = submit(draft(loan, cast.cm, amount=amount))
    assert [name for _label, name in chain(document)] == ["张明", *who]


@pytest.mark.obligation("GR-18", clause="a")
def test_an_authority_holds_from_its_day_and_replaces_the_default(cast, loan) -> None:
    # Default: the risk manager alone up to 5,000,000. From tomorrow on 1,000,000 goes up to the head.
    tomorrow = cast.today + timedelta(days=1)
    authority.set_authority(by=cast.president, steps=TIERS, from_on=tomorrow, on=cast.today)
    assert [name for _label, name in chain(submit(draft(loan, cast.cm)))] == ["张明", "孙磊"]
    register(cast.borrower, "6230002", "江西棉纺厂")
    with clock.travelling_to(tomorrow):
        document = submit(draft(loan, cast.cm, payee="6230002", contract_party="江西棉纺厂"))
        assert [name for _label, name in chain(document)] == ["张明", "孙磊", "周敏"]
    # Another principal's customers are not touched.
    assert authority.tiers_of(cast.other_borrower, tomorrow, requests.policy_on(tomorrow)).authority is None


# --- pieces (化整为零): one payee and its related parties within the window of ten days, over all loans


def who_signs(loan, by, **answers: str) -> list[str]:
    """The reviewers of a payment that is handed in."""
    return [name for _label, name in chain(submit(draft(loan, by, **answers)))][1:]


def another(cast, account: str, name: str, **fields) -> dict[str, str]:
    """Somebody else who may be paid, as the form names them."""
    register(cast.borrower, account, name, **fields)
    return {"payee": account, "contract_party": name}


@pytest.fixture
def tiers(cast):
    """孙磊 alone up to 500,000, with 周敏 up to 1,000,000, with 吴刚 above it."""
    authority.set_authority(by=cast.president, steps=TIERS, from_on=cast.today, on=cast.today)


@pytest.mark.obligation("GR-18", clause="cd")
@pytest.mark.usefixtures("tiers")
def test_three_payments_of_exactly_the_limit_to_one_payee_climb_the_steps(cast, loan) -> None:
    # 500,000; 1,000,000 together; 1,500,000 together.
    assert who_signs(loan, cast.cm, amount="500000") == ["孙磊"]
    assert who_signs(loan, cast.cm, amount="500000") == ["孙磊", "周敏"]
    third = draft(loan, cast.cm, amount="500000")
    assert "连同本笔共 1,500,000.00 元，审核权限按合并金额确定" in PAYMENT_REQUEST.field("split").derive(
        third.content
    )
    assert [name for _label, name in chain(submit(third))] == ["张明", "孙磊", "周敏", "吴刚"]
    # Somebody else begins anew.
    assert who_signs(loan, cast.cm, amount="500000", **another(cast, "6230002", "江西棉纺厂")) == ["孙磊"]


@pytest.mark.obligation("GR-18", clause="e")
@pytest.mark.usefixtures("tiers")
def test_another_loan_of_the_borrower_counts_too_and_another_borrowers_does_not(cast, loan) -> None:
    second = lend_on_account(cast, "3000000", number="620002", product="FIXED_ASSET")
    who_signs(second, cast.cm, amount="500000")
    assert who_signs(loan, cast.cm, amount="0.01") == ["孙磊", "周敏"]
    register(cast.other_borrower)
    elsewhere = factories.make_loan(
        cast.other_borrower, cast.corporate2, amount=Decimal(3000000), settlement_account="620009"
    )
    Account.objects.create(
        number="620009",
        borrower=cast.other_borrower,
        unit=cast.corporate2,
        kind="BASIC",
        opened_on=cast.today,
    )
    assert len(who_signs(elsewhere, cast.other_cm, amount="500000")) == 1


@pytest.mark.obligation("GR-18", clause="d")
@pytest.mark.usefixtures("tiers")
@pytest.mark.parametrize(("days", "who"), [(9, ["孙磊", "周敏"]), (10, ["孙磊"])])
def test_what_lies_outside_the_window_counts_no_more(cast, loan, days, who) -> None:
    # Ten days: submitted on the 24th, it counts up to 12-03 and no more on 12-04.
    assert who_signs(loan, cast.cm, amount="500000") == ["孙磊"]
    with clock.travelling_to(cast.today + timedelta(days=days)):
        assert who_signs(loan, cast.cm, amount="500000") == who


def _same_name(cast) -> dict[str, str]:
    return another(cast, "6230002", "华东棉业有限公司")


def _its_related_party(cast) -> dict[str, str]:
    customer = factories.make_borrower("C900001", "华东棉业有限公司")
    RelatedParty.objects.create(borrower=customer, relation="COMPANY", name="华东轧花厂")
    return another(cast, "6230002", "华东轧花厂")


def _names_it(cast) -> dict[str, str]:
    customer = factories.make_borrower("C900001", "华东控股有限公司")
    RelatedParty.objects.create(borrower=customer, relation="COMPANY", name="华东棉业有限公司")
    return another(cast, "6230002", "华东控股有限公司")


def _its_group(cast) -> dict[str, str]:
    group = Group.objects.create(number="G9", name="华东集团")
    for number, name in (("C900001", "华东棉业有限公司"), ("C900002", "华东物流有限公司")):
        member = factories.make_borrower(number, name)
        GroupMember.objects.create(
            group=group, borrower=member, from_on=date(2026, 1, 1), known_on=date(2026, 1, 1)
        )
    return another(cast, "6230002", "华东物流有限公司")


def _both_the_borrowers_own(cast) -> dict[str, str]:
    for name in ("华东棉业有限公司", "江南置地有限公司"):
        RelatedParty.objects.create(borrower=cast.borrower, relation="COMPANY", name=name)
    return another(cast, "6230002", "江南置地有限公司")


@pytest.mark.obligation("GR-18", clause="d")
@pytest.mark.usefixtures("tiers")
@pytest.mark.parametrize(
    "relative", [_same_name, _its_related_party, _names_it, _its_group, _both_the_borrowers_own]
)
def test_related_parties_of_the_payee_count_with_it(cast, loan, relative) -> None:
    answers = relative(cast)
    assert who_signs(loan, cast.cm, amount="500000") == ["孙磊"]
    assert who_signs(loan, cast.cm, amount="0.01", **answers) == ["孙磊", "周敏"]


@pytest.mark.obligation("GR-18", clause="d")
@pytest.mark.usefixtures("tiers")
def test_what_went_to_the_payee_without_a_review_counts_too(cast, loan) -> None:
    move(
        "620001", "-500000", cast.today, counterparty_account="6230001", counterparty_name="华东棉业有限公司"
    )
    see(cast.today, policy_on(cast.today))
    assert who_signs(loan, cast.cm, amount="0.01") == ["孙磊", "周敏"]


@pytest.mark.obligation("GR-18", clause="c")
def test_a_limit_lowered_after_the_submission_holds_at_the_review(cast, loan) -> None:
    # By the default 孙磊 alone passes 1,000,000. Then the principal lowers his limit to 500,000 (周敏 above it).
    document = submit(draft(loan, cast.cm, amount="1000000"))
    authority.set_authority(by=cast.president, steps=TIERS, from_on=cast.today, on=cast.today)
    with pytest.raises(Refused, match=r"合并计额 1,000,000\.00 元，按现行权限还须风险部负责人审核"):
        sign(document, cast.risk)
    assert payment_of(document).status == "SUBMITTED"
    send_back(document, cast.risk)
    document.refresh_from_db()
    submit(document)
    assert [name for _label, name in chain(document)][-3:] == ["张明", "孙磊", "周敏"]
    sign(document, cast.risk)
    sign(document, cast.risk_head)
    assert payment_of(document).status == "REVIEWED"


@pytest.mark.obligation("GR-18", clause="cd")
@pytest.mark.usefixtures("tiers")
def test_two_pieces_handed_in_at_once_do_not_both_pass_the_lowest_step(cast, loan) -> None:
    """As two browsers would: neither knew of the other when its signers were found."""
    first = submit(draft(loan, cast.cm, amount="500000"))
    Payment.objects.filter(document=first).update(status="RETURNED")  # unseen by the second one
    second = submit(draft(loan, cast.cm, amount="500000"))
    Payment.objects.filter(document=first).update(status="SUBMITTED")
    assert [len(chain(one)) for one in (first, second)] == [2, 2]
    for document in (first, second):
        with pytest.raises(Refused, match=r"合并计额 1,000,000\.00 元"):
            sign(document, cast.risk)


@pytest.mark.obligation("GR-18", clause="a")
def test_a_named_reviewer_signs_for_the_post(cast, loan) -> None:
    second = factories.make_person("1013", "何静", role=Role.RISK_MANAGER, unit=cast.risk_dept)
    steps = (Tier(Role.RISK_MANAGER, None, second.pk),)
    authority.set_authority(by=cast.president, steps=steps, from_on=cast.today, on=cast.today)
    assert chain(submit(draft(loan, cast.cm)))[1] == ("风险经理", "何静")


@pytest.mark.obligation("GR-16", clause="b")
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


@pytest.mark.obligation("GR-18", clause="a")
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
