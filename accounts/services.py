"""Verbs on leaves: register one with its deputy, end it."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import Line
from accounts.models import Deputy, User
from accounts.selectors import people_for, who_may_stand_in
from core import audit
from core.errors import Conflict, Invalid, Refused
from core.locks import one_at_a_time

LEAVE_REGISTERED = audit.act("accounts.leave.registered", gettext_lazy("登记休假与代理"))
LEAVE_ENDED = audit.act("accounts.leave.ended", gettext_lazy("提前结束休假代理"))
LEAVE_CANCELLED = audit.act("accounts.leave.cancelled", gettext_lazy("取消休假代理"))


@transaction.atomic
def register_leave(
    *, person: User, deputy: User, from_on: date, to_on: date, reason: str = "", by: User, on: date
) -> Deputy:
    """Register a dated leave and who stands in for it: on the same line only, one deputy at a time (第三条).

    Whoever leads a person may say who stands in for them, but not themselves: nobody widens their own powers.
    """
    check_can_register(person, by)
    if deputy.pk == by.pk != person.pk:
        raise Refused(
            _(
                "您不能登记由您自己代理%(who)s：权限不能自己给自己。"
                "请由%(who)s本人、行长、分管行长或系统管理员登记，或另选代理人。"
            )
            % {"who": person.name}
        )
    _check_days(from_on, to_on, on)
    # Both names are locked, so that two leaves that would meet wait for each other.
    _one_at_a_time(person, deputy)
    _check_pair(person, deputy, on)
    _check_nobody_is_missing(person, deputy, from_on, to_on)
    if len(reason.strip()) > 100:
        raise Invalid(_("事由请写在 100 字以内。"))
    leave = Deputy.objects.create(
        person=person,
        deputy=deputy,
        from_on=from_on,
        to_on=to_on,
        reason=reason.strip(),
        registered_by=by,
    )
    audit.record(act=LEAVE_REGISTERED, subject=leave, after=_as_audited(leave), note=leave.reason)
    return leave


@transaction.atomic
def end_leave(*, leave: Deputy, by: User, on: date) -> Deputy | None:
    """The person is back today: the deputy's powers end at once; a leave that has not had a day before is cancelled."""
    check_can_register(leave.person, by)
    _one_at_a_time(leave.person, leave.deputy)
    stands = Deputy.objects.filter(pk=leave.pk, to_on__gte=on).first()
    if stands is None:
        raise Conflict(_("这次休假已经结束，无需再改。请刷新页面。"))
    before = _as_audited(stands)
    if stands.from_on >= on:
        audit.record(act=LEAVE_CANCELLED, subject=stands, before=before)
        stands.delete()
        return None
    stands.to_on = on - timedelta(days=1)
    stands.save()
    audit.record(act=LEAVE_ENDED, subject=stands, before=before, after=_as_audited(stands))
    return stands


def may_register(person: User, by: User) -> bool:
    """Whether somebody may register or end a person's leave: their own, or that of somebody they lead."""
    return people_for(by).filter(pk=person.pk).exists()


def check_can_register(person: User, by: User) -> None:
    """Raise Refused unless somebody may register or end this person's leave."""
    if not may_register(person, by):
        raise Refused(
            _("只有本人、所在部门负责人、行长或系统管理员可以登记%(who)s的休假。") % {"who": person.name}
        )


def _check_days(from_on: date, to_on: date, on: date) -> None:
    if to_on < from_on:
        raise Invalid(_("止日 %(to)s 早于起日 %(from)s，请核对。") % {"to": to_on, "from": from_on})
    if to_on < on:
        raise Invalid(_("止日 %(to)s 已过去；代理只能从今天起生效，不能补登。") % {"to": to_on})


def _check_pair(person: User, deputy: User, on: date) -> None:
    if deputy.pk == person.pk:
        raise Invalid(_("代理人不能是本人，请另选一人。"))
    if deputy.line != person.line:
        raise Invalid(
            _(
                "%(who)s属%(line)s，%(deputy)s属%(other)s；两条线相互制约，代理人须在同一条线（第三条），请另选一人。"
            )
            % {
                "who": person.name,
                "line": Line(person.line).label,
                "deputy": deputy.name,
                "other": Line(deputy.line).label,
            }
        )
    if not who_may_stand_in(person, on).filter(pk=deputy.pk).exists():
        raise Invalid(
            _(
                "%(deputy)s不能代理%(who)s：代理人须是同一支行、同一条线的在岗人员；审计和系统管理员只由同岗人员代理。"
            )
            % {"deputy": deputy.name, "who": person.name}
        )


def _check_nobody_is_missing(person: User, deputy: User, from_on: date, to_on: date) -> None:
    leaves = Deputy.objects.between(from_on, to_on).select_related("person", "deputy")
    if other := leaves.filter(person=person).first():
        raise Conflict(
            _("%(who)s在 %(span)s 已登记休假（由%(deputy)s代理），请先结束那一次，或改日期。")
            % {"who": person.name, "span": _span(other), "deputy": other.deputy.name}
        )
    if other := leaves.filter(person=deputy).first():
        raise Conflict(
            _("%(who)s在 %(span)s 自己休假（由%(deputy)s代理），请另选代理人，或改日期。")
            % {"who": deputy.name, "span": _span(other), "deputy": other.deputy.name}
        )
    if other := leaves.filter(deputy=person).first():
        raise Conflict(
            _("%(who)s在 %(span)s 正代理%(absent)s，请先为%(absent)s另定代理人，再登记这次休假。")
            % {"who": person.name, "span": _span(other), "absent": other.person.name}
        )


def _span(leave: Deputy) -> str:
    return f"{leave.from_on:%Y-%m-%d} 至 {leave.to_on:%Y-%m-%d}"


def _as_audited(leave: Deputy) -> dict[str, object]:
    return {
        "person": leave.person.username,
        "deputy": leave.deputy.username,
        "from_on": leave.from_on,
        "to_on": leave.to_on,
    }


def _one_at_a_time(*people: User) -> None:
    one_at_a_time(*(f"leave:{person.pk}" for person in people))
