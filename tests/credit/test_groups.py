"""A group seen as one: members and sub-groups, exposures together, guarantees among members, and who may see it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import BytesIO
from types import SimpleNamespace

import pytest
from django.test import Client
from openpyxl import load_workbook

from core.models import AuditEntry
from credit.borrowers.groups import view_of
from credit.choices import RiskClass
from credit.models import Group, GroupMember, Guarantee
from tests import factories

pytestmark = pytest.mark.django_db
SINCE = date(2026, 1, 5)


def join(group: Group, borrower, role: str = "SUBSIDIARY", **fields) -> GroupMember:
    return GroupMember.objects.create(
        group=group, borrower=borrower, role=role, from_on=SINCE, known_on=SINCE, **fields
    )


def secure(number: str, borrower, guarantor, amount: int = 1_000_000, **fields) -> Guarantee:
    return Guarantee.objects.create(
        number=number, borrower=borrower, guarantor=guarantor, guarantor_name=guarantor.name, amount=amount,
        kind="MORTGAGE" if borrower == guarantor else "SURETY", signed_on=fields.pop("signed_on", SINCE), **fields,
    )  # fmt: skip


@pytest.fixture
def family(cast: SimpleNamespace) -> SimpleNamespace:
    """江南集团 with 江南纺织 (280 万, 正常) and 江南置业 without a loan; below it 物流集团 with 江南物流 (300 万, 次级,
    40 days past due) and 城东机械, a customer of the other branch (300 万).
    """
    top = Group.objects.create(number="JT1", name="江南集团", lead_manager=cast.cm)
    below = Group.objects.create(number="JT2", name="物流集团", parent=top, lead_manager=cast.cm2)
    estate = factories.make_borrower("C100098", "江南置业有限公司")
    factories.make_responsibility(estate, cast.cm2, cast.corporate)
    carrier = factories.make_borrower("C100099", "江南物流有限公司")
    loan = factories.make_loan(carrier, cast.corporate, risk_class=RiskClass.SUBSTANDARD)
    factories.make_reading(
        loan, effective_on=date(2026, 11, 20), balance=loan.amount, overdue_principal=1000, days_past_due=40
    )
    factories.make_responsibility(carrier, cast.cm2, cast.corporate)
    join(top, cast.borrower, "PARENT")
    join(top, estate)
    join(below, carrier)
    join(below, cast.other_borrower, "AFFILIATE")
    cast.__dict__.update(top=top, below=below, estate=estate, carrier=carrier)
    return cast


def read(person, path: str = "/groups/JT1/", *, status: int = 200):
    client = Client()
    client.force_login(person)
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer


def shown(view) -> dict[str, list[str]]:
    return {part.group.number: [line.member.borrower.number for line in part.lines] for part in view.parts}


def test_a_group_is_seen_as_one_with_its_sub_groups(family):
    page = read(family.risk)
    view = page.context["view"]
    assert shown(view) == {"JT1": ["C100001", "C100098"], "JT2": ["C100099"]}
    # 280 万 + 0 + 300 万; 次级 is the worst of them.
    assert (view.position.balance, view.position.loans) == (Decimal("5800000.00"), 2)
    assert (view.position.worst, view.position.days_past_due) == (RiskClass.SUBSTANDARD, 40)
    text = page.content.decode()
    for words in ("张明", "下级集团 物流集团", "江南置业有限公司", "5,800,000.00", "2,800,000.00", "无余额"):
        assert words in text, words


def test_members_out_of_sight_are_counted_and_neither_named_nor_summed_up(family):
    page = read(family.risk)
    text = page.content.decode()
    assert "城东机械有限公司" not in text and "C300001" not in text
    assert "另有 1 个成员不在您可以查看的范围内" in text and "合计（您可以查看的成员）" in text
    whole = read(family.auditor).context["view"]
    assert (whole.hidden, whole.position.balance) == (0, Decimal("8800000.00"))


def test_the_day_decides_who_is_a_member_and_what_is_owed(family):
    GroupMember.objects.filter(borrower=family.carrier).update(to_on=date(2026, 11, 22))
    estate = GroupMember.objects.get(borrower=family.estate)
    estate.known_on = date(2026, 11, 24)
    estate.save()
    before = view_of(family.top, date(2026, 11, 19), family.auditor)
    assert shown(before) == {"JT1": ["C100001"], "JT2": ["C100099", "C300001"]}
    assert before.position.days_past_due == 0  # the arrears begin on the 20th
    assert shown(view_of(family.top, family.today, family.auditor)) == {
        "JT1": ["C100001", "C100098"],
        "JT2": ["C300001"],
    }


def test_guarantees_among_members_stand_together_and_mutual_ones_are_marked(family):
    secure("互保1", family.borrower, family.carrier, 2_000_000)
    secure("互保2", family.carrier, family.borrower, 1_500_000)
    secure("单向", family.borrower, family.estate, 500_000)
    secure("看不见", family.borrower, family.other_borrower, 900_000)
    secure("已终止", family.estate, family.borrower, ended_on=family.today)
    secure("尚未签", family.estate, family.borrower, signed_on=date(2026, 11, 25))
    secure("外人", family.borrower, family.personal_borrower)
    secure("自押", family.borrower, family.borrower)
    page = read(family.risk)
    view = page.context["view"]
    found = {row.guarantee.number: row.is_mutual for row in view.guarantees}
    assert found == {"互保1": True, "互保2": True, "单向": False}
    assert (view.guaranteed, view.hidden_guarantees) == (Decimal(4_000_000), 1)
    text = page.content.decode()
    assert "另有 1 笔担保涉及您不能查看的成员" in text and "看不见" not in text


def test_the_list_reaches_through_sub_groups_and_only_through_members_of_the_day(family):
    def numbers(person) -> list[str]:
        return [line.group.number for line in read(person, "/groups/").context["lines"]]

    assert numbers(family.risk) == ["JT1", "JT2"]
    assert numbers(family.other_cm) == ["JT1", "JT2"]  # by 城东机械, at the lower group
    assert numbers(family.head_personal) == []
    read(family.head_personal, status=404)
    assert numbers(family.cm) == ["JT1"]  # by 江南纺织, and leads it
    read(family.cm, "/groups/JT2/", status=404)
    GroupMember.objects.filter(borrower=family.other_borrower).update(to_on=date(2026, 11, 23))
    assert numbers(family.other_cm) == []
    (first, second) = read(family.risk, "/groups/").context["lines"]
    assert (first.members, first.hidden, first.position.balance) == (3, 0, Decimal("5800000.00"))
    assert (second.members, second.position.balance) == (1, Decimal("3000000.00"))


def test_who_has_left_leads_no_group_any_more(family):
    family.cm.posts.update(to_on=date(2026, 11, 23))
    read(family.cm, status=404)


def test_the_workbook_holds_the_same_rows_and_says_who_took_it_out(family):
    answer = read(family.risk, "/groups/JT1/export/")
    rows = list(load_workbook(BytesIO(answer.getvalue())).active.iter_rows(values_only=True))
    assert [(row[0], row[1], row[4], row[5], row[7]) for row in rows[1:4]] == [
        ("江南集团", "C100001", "正常", 2800000, 0),
        ("江南集团", "C100098", "", 0, 0),
        ("物流集团", "C100099", "次级", 3000000, 40),
    ]
    assert (rows[4][0], rows[4][5]) == ("合计", 5800000)
    assert "另有 1 个成员" in rows[5][0]
    entry = AuditEntry.objects.get(act="credit.group.exported")
    assert (entry.actor, entry.after) == ("1006", {"rows": 3})


def test_the_borrower_page_leads_to_the_group(family):
    assert 'href="/groups/JT1/"' in read(family.cm, "/borrowers/C100001/").content.decode()
