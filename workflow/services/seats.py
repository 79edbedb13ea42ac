"""Who may sign a step: the one expected, or the deputy who stands in for them; nobody over their own work (第三条)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from django.utils.translation import gettext as _

from accounts.choices import ROLE_LINES, Line, Role
from accounts.models import Deputy, User
from accounts.scope import Scope
from core.actor import acting_as, current
from core.errors import Conflict, Refused
from workflow.choices import ChainStatus, DocumentStatus, StepStatus
from workflow.models import Document, Step
from workflow.rules import POSTS_FOR


def seat_of(step: Step, user: User) -> Scope:
    """By whose posts the person signs this step now: their own, or those of somebody on leave; else Refused."""
    document = step.chain.document
    _check_is_open(step, document)
    if not user.is_active:
        raise Refused(_("您已不在职，不能签字。"))
    if step.position > 1:
        _check_is_not_their_work(document, user)
    steps = list(step.chain.steps.all())
    if any(other.signed_by_id == user.pk for other in steps):
        raise Refused(_("您已在这份文书上签过字，同一人不能签两次。"))
    if user.line != step.line:
        # 第三条: the two lines constrain each other.
        raise Refused(
            _("这一栏属%(line)s，您属%(yours)s，不能代签。")
            % {"line": Line(step.line).label, "yours": Line(user.line).label}
        )
    seat = _first_seat(step, user) if step.position == 1 else _later_seat(step, user)
    for other in steps:
        if other.position < step.position and other.status != StepStatus.SIGNED:
            raise Refused(
                _("还没轮到您：请等“%(label)s”%(who)s先签。")
                % {"label": other.label, "who": other.person.name if other.person else ""}
            )
    return seat


def absent_in(step: Step, user: User) -> User | None:
    """In whose place the person signs this step; None for their own signature."""
    seat = seat_of(step, user)
    return None if seat.person_id == user.pk else User.objects.get(pk=seat.person_id)


@contextmanager
def standing_in(absent: User | None) -> Iterator[None]:
    """What is done in somebody's place is audited with both names."""
    with acting_as(replace(current(), on_behalf_of=absent.username) if absent else current()):
        yield


def _check_is_open(step: Step, document: Document) -> None:
    if step.status == StepStatus.SIGNED:
        raise Conflict(
            _("“%(label)s”一栏已由%(who)s签字。请刷新页面。") % {"label": step.label, "who": step.who}
        )
    if (
        step.status != StepStatus.WAITING
        or step.chain.status != ChainStatus.RUNNING
        or document.status != DocumentStatus.SIGNING
    ):
        raise Conflict(_("这份文书已退回或撤回，不在签字中。请刷新页面。"))


def _check_is_not_their_work(document: Document, user: User) -> None:
    """第三条: nobody reviews what they submitted themselves, or had submitted for them."""
    if document.author_id == user.pk:
        raise Refused(_("这是您自己提交的单据，不能由您审核。"))
    if document.on_behalf_of_id == user.pk:
        raise Refused(_("这份文书是%(who)s代您提交的，不能由您审核。") % {"who": document.author.name})


def _first_seat(step: Step, user: User) -> Scope:
    """The author's own step; who wrote for somebody on leave hands it in only while the leave lasts."""
    document = step.chain.document
    if step.person_id not in (None, user.pk):
        raise Refused(_("这一栏应由%(who)s签字。") % {"who": _expected(step)})
    if document.author_id != user.pk:
        raise Refused(_("这一栏应由经办人自己签字。"))
    writer = document.on_behalf_of_id or user.pk
    seat = next((one for one in user.scope.each if one.person_id == writer), None)
    if seat is None:
        absent = document.on_behalf_of
        raise Refused(
            _("您已不再代理%(who)s，这份代为填写的文书不能提交；请作废，由%(who)s本人办理。")
            % {"who": absent.name if absent else ""}
        )
    # A head who manages customers signs as their manager: any post of the line will do.
    if not any(ROLE_LINES[held] == step.line for held in seat.roles):
        raise _without_post(step)
    return seat


def _later_seat(step: Step, user: User) -> Scope:
    document = step.chain.document
    seats = user.scope.each
    if step.person_id is not None:
        seats = tuple(one for one in seats if one.person_id == step.person_id)
        if not seats:
            raise Refused(_not_theirs(step, user))
    else:  # open to whoever holds the post around the document
        seats = tuple(one for one in seats if document.unit_id in one.unit_ids)
    in_office = [one for one in seats if one.has(*POSTS_FOR[Role(step.role)])]
    if not in_office:
        raise _without_post(step)
    free = [one for one in in_office if one.person_id not in (document.author_id, document.on_behalf_of_id)]
    if not free:
        raise Refused(_("这是%(who)s的单据，您正代理%(who)s，不能代为审核。") % {"who": in_office[0].name})
    return free[0]


def _not_theirs(step: Step, user: User) -> str:
    theirs = _("这一栏应由%(who)s签字。") % {"who": _expected(step)}
    leave = (
        Deputy.objects.filter(person=step.person_id, deputy=user).exclude(from_on__gt=user.scope.on).first()
    )
    if leave is None:
        return theirs
    return _("您对%(who)s的代理到 %(to)s 为止。") % {"who": _expected(step), "to": leave.to_on} + theirs


def _expected(step: Step) -> str:
    return step.person.name if step.person else ""


def _without_post(step: Step) -> Refused:
    return Refused(_("您今天没有“%(role)s”岗位，不能在这一栏签字。") % {"role": Role(step.role).label})
