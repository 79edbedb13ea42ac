"""休假与代理: what a leave gives the deputy and for how long, who registers it, and what is refused."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import services
from accounts.choices import Role
from accounts.models import Deputy, User
from accounts.scope import Scope, seats_of
from core import clock
from core.errors import Conflict, Invalid, Refused
from core.models import AuditEntry
from credit.models import Borrower
from tests.factories import make_leave, make_person, make_post
from tests.pages import one_time
from tests.workflow import raw

YESTERDAY, TODAY, TOMORROW = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 25)
END = date(2026, 12, 1)


def scope(person: User) -> Scope:
    """What the person may see and do as the next request finds them."""
    return User.objects.get(pk=person.pk).scope


def register(cast: SimpleNamespace, person: str, deputy: str, *, by: str = "", **over: Any) -> Deputy:
    given = {"from_on": TODAY, "to_on": END, "reason": "年休假", "on": cast.today} | over
    who = {name: User.objects.get(pk=cast.people[name].pk) for name in (person, deputy, by or person)}
    return services.register_leave(person=who[person], deputy=who[deputy], by=who[by or person], **given)


def browse(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


# --- what a leave gives -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "stands_in"),
    [
        (date(2026, 11, 23), False),  # the day before
        (date(2026, 11, 24), True),  # the first day
        (date(2026, 12, 1), True),  # the last day
        (date(2026, 12, 2), False),  # back again
    ],
)
def test_a_deputy_has_the_absent_person_s_posts_on_the_days_of_the_leave_and_on_no_other(
    cast: SimpleNamespace, day: date, stands_in: bool
) -> None:
    make_leave(cast.head, cast.cm2, from_on=TODAY, to_on=END)
    with clock.travelling_to(day):
        found = scope(cast.cm2)
        sees = Borrower.objects.visible_to(User.objects.get(pk=cast.cm2.pk)).contains(cast.borrower)
    assert found.has(Role.CUSTOMER_HEAD) == stands_in
    assert (cast.corporate.pk in found.unit_ids) == stands_in
    assert [one.name for one in found.stands_in_for] == (["赵强"] if stands_in else [])
    assert sees == stands_in
    assert found.each[0].roles == {Role.CUSTOMER_MANAGER}  # their own posts stay apart


def test_a_deputy_sees_the_customers_that_the_absent_person_manages(cast: SimpleNamespace) -> None:
    make_leave(cast.cm, cast.cm2)
    deputy = User.objects.get(pk=cast.cm2.pk)
    assert list(Borrower.objects.visible_to(deputy)) == [cast.borrower]
    assert list(deputy.scope.managed_borrowers().values_list("borrower__number", flat=True)) == ["C100001"]
    assert list(Borrower.objects.visible_to(User.objects.get(pk=cast.cm.pk))) == [cast.borrower]


def test_a_deputy_s_deputy_stands_in_for_nobody_else(cast: SimpleNamespace) -> None:
    make_leave(cast.head, cast.cm2)
    make_leave(cast.cm2, cast.cm)
    assert [one.name for one in scope(cast.cm).stands_in_for] == ["李娜"]
    assert not scope(cast.cm).has(Role.CUSTOMER_HEAD)


@pytest.mark.parametrize("change", ["deputy left", "deputy dismissed", "absent dismissed", "absent moved"])
def test_who_has_left_or_changed_the_line_is_not_stood_in_for(cast: SimpleNamespace, change: str) -> None:
    make_leave(cast.head, cast.cm2)
    if change == "deputy left":
        cast.cm2.posts.update(to_on=YESTERDAY)
    elif change == "deputy dismissed":
        User.objects.filter(pk=cast.cm2.pk).update(is_active=False)
    elif change == "absent dismissed":
        User.objects.filter(pk=cast.head.pk).update(is_active=False)
    else:
        cast.head.posts.update(to_on=YESTERDAY)
        User.objects.filter(pk=cast.head.pk).update(line="RISK")
        make_post(cast.head, Role.RISK_HEAD, cast.risk_dept)
    found = scope(cast.cm2)
    assert found.stands_in_for == ()
    assert not found.has(Role.CUSTOMER_HEAD, Role.RISK_HEAD)


def test_each_seat_of_a_deputy_has_its_own_posts_and_no_more(cast: SimpleNamespace) -> None:
    make_leave(cast.head, cast.cm2)
    own, absent = seats_of(User.objects.get(pk=cast.cm2.pk))
    assert (own, own.scope.roles) == (cast.cm2, {Role.CUSTOMER_MANAGER})
    assert (absent, absent.scope.roles) == (cast.head, {Role.CUSTOMER_HEAD})
    assert own.scope.person_ids == (cast.cm2.pk,)


def test_the_scope_costs_the_same_with_a_leave_as_without(cast: SimpleNamespace) -> None:
    def questions() -> int:
        person = User.objects.get(pk=cast.cm2.pk)
        with CaptureQueriesContext(connection) as asked:
            _ = person.scope
        return len(asked)

    assert questions() == 1
    make_leave(cast.cm, cast.cm2)
    assert questions() == 1


# --- registering ------------------------------------------------------------------------------------------


def test_a_person_registers_a_leave_and_it_is_audited(cast: SimpleNamespace) -> None:
    leave = register(cast, "cm", "cm2")
    assert (leave.person, leave.deputy, leave.from_on, leave.to_on) == (cast.cm, cast.cm2, TODAY, END)
    entry = AuditEntry.objects.get(act="accounts.leave.registered")
    assert entry.subject == f"accounts.deputy:{leave.pk}"
    assert entry.after == {"person": "1001", "deputy": "1002", "from_on": "2026-11-24", "to_on": "2026-12-01"}


@pytest.mark.parametrize(
    ("by", "person", "may"),
    [
        ("head", "cm", True),
        ("head", "cm_personal", False),  # another department
        ("head", "risk", False),  # the other line
        ("risk_head", "risk", True),
        ("risk_head", "cm", False),
        ("risk", "risk_head", False),
        ("president", "head", True),
        ("president", "vp", True),
        ("vp", "president", True),
        ("president", "other_head", False),  # another branch
        ("admin", "other_cm", True),
        ("auditor", "cm", False),
        ("cm2", "cm", False),
    ],
)
def test_a_leave_is_registered_by_the_person_a_head_a_president_or_the_administrator(
    cast: SimpleNamespace, by: str, person: str, may: bool
) -> None:
    assert services.may_register(cast.people[person], User.objects.get(pk=cast.people[by].pk)) == may


@pytest.mark.parametrize(
    ("by", "person"), [("head", "cm"), ("risk_head", "risk"), ("president", "vp"), ("vp", "president")]
)
def test_nobody_makes_themselves_the_deputy_of_somebody_they_lead_and_the_person_or_another_may(
    cast: SimpleNamespace, by: str, person: str
) -> None:
    who = cast.people[person].name
    with pytest.raises(
        Refused, match=f"您不能登记由您自己代理{who}.*请由{who}本人、行长、分管行长或系统管理员登记"
    ):
        register(cast, person, by, by=by)
    client = browse(cast.people[by])
    offered = client.get(f"/leaves/new/?person={cast.people[person].pk}").content.decode()
    assert f"（{cast.people[by].username}）" not in offered.split("代理人（AB角）")[1]
    leave = register(cast, person, by, by="admin")
    assert leave.registered_by == cast.admin
    services.end_leave(leave=leave, by=User.objects.get(pk=cast.people[person].pk), on=cast.today)
    assert register(cast, person, by).registered_by == cast.people[person]


def test_the_database_holds_that_nobody_makes_themselves_a_deputy(cast: SimpleNamespace) -> None:
    with pytest.raises(IntegrityError, match="nobody_makes_themselves_a_deputy"), transaction.atomic():
        make_leave(cast.cm, cast.head, registered_by=cast.head)
    make_leave(cast.cm, cast.head, registered_by=cast.cm)
    make_leave(cast.cm2, cast.head)  # of before it was kept who registered


def test_a_deputy_does_not_lengthen_the_leave_in_which_they_stand_in(cast: SimpleNamespace) -> None:
    register(cast, "head", "cm2")
    with pytest.raises(Refused, match="只有本人、所在部门负责人、行长或系统管理员可以登记赵强的休假"):
        register(cast, "head", "cm2", by="cm2", from_on=date(2026, 12, 2), to_on=date(2026, 12, 31))
    with pytest.raises(Refused, match="只有本人"):
        register(cast, "cm", "cm2", by="cm2")


@pytest.mark.parametrize(
    ("person", "deputy", "over", "sentence"),
    [
        ("cm", "risk", {}, "张明属客户线，孙磊属风险线；两条线相互制约，代理人须在同一条线（第三条）"),
        ("cm", "cm", {}, "代理人不能是本人"),
        ("cm", "other_cm", {}, "卫平不能代理张明：代理人须是同一支行、同一条线的在岗人员"),
        ("auditor", "admin", {}, "审计和系统管理员只由同岗人员代理"),
        ("cm", "cm2", {"from_on": END, "to_on": TODAY}, "止日 2026-11-24 早于起日 2026-12-01"),
        ("cm", "cm2", {"from_on": YESTERDAY, "to_on": YESTERDAY}, "止日 2026-11-23 已过去"),
        ("cm", "cm2", {"reason": "事" * 101}, "事由请写在 100 字以内"),
        ("head", "cm2", {}, "赵强在 2026-11-30 至 2026-12-05 已登记休假（由钱静代理）"),
        ("cm", "head", {}, "赵强在 2026-11-30 至 2026-12-05 自己休假（由钱静代理），请另选代理人"),
        (
            "head_personal",
            "cm_personal",
            {},
            "钱静在 2026-11-30 至 2026-12-05 正代理赵强，请先为赵强另定代理人",
        ),
    ],
)
def test_each_conflict_of_a_leave_is_named(
    cast: SimpleNamespace, person: str, deputy: str, over: dict[str, Any], sentence: str
) -> None:
    make_leave(cast.head, cast.head_personal, from_on=date(2026, 11, 30), to_on=date(2026, 12, 5))
    with pytest.raises((Invalid, Conflict)) as refusal:
        register(cast, person, deputy, **over)
    assert sentence in str(refusal.value)
    assert Deputy.objects.count() == 1


def test_an_auditor_is_stood_in_for_by_another_auditor(cast: SimpleNamespace) -> None:
    cast.people["auditor2"] = make_person("1021", "孔静", role=Role.AUDITOR, unit=cast.bank)
    assert register(cast, "auditor", "auditor2").pk


# --- ending -----------------------------------------------------------------------------------------------


def test_a_leave_that_goes_on_ends_yesterday_and_the_powers_end_at_once(cast: SimpleNamespace) -> None:
    leave = make_leave(cast.head, cast.cm2, from_on=date(2026, 11, 20))
    assert scope(cast.cm2).has(Role.CUSTOMER_HEAD)
    services.end_leave(leave=leave, by=cast.head, on=cast.today)
    leave.refresh_from_db()
    assert leave.to_on == YESTERDAY
    assert not scope(cast.cm2).has(Role.CUSTOMER_HEAD)
    entry = AuditEntry.objects.get(act="accounts.leave.ended")
    assert (entry.before["to_on"], entry.after["to_on"]) == ("2026-12-01", "2026-11-23")
    with pytest.raises(Conflict, match="这次休假已经结束"):
        services.end_leave(leave=leave, by=cast.head, on=cast.today)


@pytest.mark.parametrize("begins", [TODAY, TOMORROW])
def test_a_leave_that_has_no_day_behind_it_is_cancelled(cast: SimpleNamespace, begins: date) -> None:
    leave = make_leave(cast.head, cast.cm2, from_on=begins)
    with pytest.raises(Refused, match="只有本人"):
        services.end_leave(leave=leave, by=User.objects.get(pk=cast.cm2.pk), on=cast.today)
    services.end_leave(leave=leave, by=cast.president, on=cast.today)
    assert not Deputy.objects.exists()
    assert AuditEntry.objects.get(act="accounts.leave.cancelled").before["deputy"] == "1002"
    assert Deputy.history.filter(history_type="-").exists()


# --- the pages --------------------------------------------------------------------------------------------


def test_the_list_shows_what_goes_on_comes_and_is_past_and_only_whom_one_leads(cast: SimpleNamespace) -> None:
    make_leave(cast.cm, cast.cm2)
    make_leave(cast.cm2, cast.cm, from_on=date(2026, 12, 7), to_on=date(2026, 12, 9))
    make_leave(cast.cm, cast.head, from_on=date(2026, 10, 9), to_on=date(2026, 10, 12))
    make_leave(cast.risk, cast.risk_head)
    make_leave(cast.other_cm, cast.other_head)

    def seen(person: User) -> tuple[int, int]:
        page = browse(person).get("/leaves/").content.decode()
        return page.count("休假，由"), page.count("/end/")

    assert seen(cast.cm) == (3, 1)  # own, and the one in which he stands in; he ends only his own
    assert seen(cast.head) == (3, 2)
    assert seen(cast.risk_head) == (1, 1)
    assert seen(cast.risk) == (1, 1)
    assert seen(cast.president) == (4, 3)
    assert seen(cast.auditor) == (5, 0)
    assert seen(cast.admin) == (5, 4)
    assert seen(cast.accountant) == (0, 0)
    page = browse(cast.cm).get("/leaves/").content.decode()
    assert [page.index(word) for word in ("休假中", "将休假", "已结束")] == sorted(
        page.index(word) for word in ("休假中", "将休假", "已结束")
    )


def test_a_leave_is_registered_and_ended_on_its_page(cast: SimpleNamespace) -> None:
    client = browse(cast.cm)
    page = client.get("/leaves/new/").content.decode()
    assert "李娜（1002）" in page and "王芳（1003）" in page  # the line's people of the branch
    assert "孙磊" not in page and "卫平" not in page and "为谁登记" not in page
    given = {"deputy": cast.cm2.pk, "from_on": "2026-11-24", "to_on": "2026-12-01", "reason": "年休假"}
    assert client.post("/leaves/new/", given | one_time()).status_code == 302
    again = client.post("/leaves/new/", given | one_time())
    assert again.status_code == 422
    assert "张明在 2026-11-24 至 2026-12-01 已登记休假（由李娜代理）" in again.content.decode()
    assert "今日代 张明（至 12-01）" in browse(cast.cm2).get("/").content.decode()
    assert client.post(f"/leaves/{Deputy.objects.get().pk}/end/").status_code == 302
    assert "今日代" not in browse(cast.cm2).get("/").content.decode()


def test_a_head_chooses_for_whom_and_is_offered_that_person_s_colleagues(cast: SimpleNamespace) -> None:
    client = browse(cast.president)
    page = client.get(f"/leaves/new/?person={cast.risk.pk}").content.decode()
    assert "周敏（1007）" in page.split("代理人（AB角）")[1]
    assert "李娜" not in page.split("代理人（AB角）")[1]
    assert client.get(f"/leaves/new/?person={cast.other_cm.pk}").status_code == 404
    given = {
        "person": cast.risk.pk,
        "deputy": cast.risk_head.pk,
        "from_on": "2026-11-24",
        "to_on": "2026-11-30",
    }
    assert client.post("/leaves/new/", given | one_time()).status_code == 302
    assert scope(cast.risk_head).stands_in_for[0].name == "孙磊"


def test_the_lines_stay_apart_even_past_the_services(cast: SimpleNamespace) -> None:
    with raw.past_the_guards():
        make_leave(cast.head, cast.risk)
    assert scope(cast.risk).stands_in_for == ()
    assert not scope(cast.risk).has(Role.CUSTOMER_HEAD)
