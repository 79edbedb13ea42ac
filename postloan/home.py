"""A person's own day: what is late, due today, this week and later, what waits for a signature, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.access import page
from accounts.choices import BRANCH_ROLES, BUSINESS_ROLES, Role
from accounts.http import SignedInRequest
from accounts.models import User
from accounts.selectors import leaves_of_the_day
from core import clock
from core.citations import Citation, citation
from credit.choices import RiskClass
from credit.selectors.positions import classes_by_number
from workflow import titles
from workflow.models import WorkItem
from workflow.selectors import consents_waiting_for, in_signing, returned_to, waiting_for
from workflow.tasks import Task, open_items, tasks, tasks_for

LINES = 40  # of the person's own tasks, the most urgent ones; the rest is one click away
LATE_LINES = 12  # of other people's late duties on the home page; the whole list is one click away


@dataclass(frozen=True)
class Reason:
    """Why a task is owed: one sentence and its article."""

    text: str
    cite: Citation | None


@dataclass(frozen=True)
class Line:
    """A task as the page shows it."""

    task: Task
    late: bool
    label: str
    button: str
    reasons: list[Reason]
    risk_class: RiskClass | None
    escalated_to: str
    is_mine: bool
    reads_customers: bool  # who reads nobody's business but owes something (法务) is led to no page
    stands_in_for: str = ""  # who owes it, where that is somebody on leave in whose place the person stands


@dataclass(frozen=True)
class Group:
    """Lines under one heading, and how many there are in all."""

    key: str
    title: str
    lines: list[Line]
    count: int


def reasons_of(task: Task) -> list[Reason]:
    """Every reason of a task; an article that goes on to the next reason is named after the last of them."""
    cites = [citation(item.obligation) for item in task.items]
    following = [*cites[1:], None]
    return [
        Reason(item.reason, None if cite == after else cite)
        for item, cite, after in zip(task.items, cites, following, strict=True)
    ]


def line_of(task: Task, user: User, on: date, classes: dict[str, RiskClass]) -> Line:
    """A task in words."""
    first = task.first
    rungs = [rung for item in task.items for rung in item.escalations.all()]
    word = _("继续填写") if task.begun_by(user) else titles.start_word(first.kind)
    return Line(
        task=task,
        late=task.is_late(on),
        label=titles.of_kind(first.kind),
        button=word,
        reasons=reasons_of(task),
        risk_class=classes.get(first.borrower_number),
        escalated_to=max(rungs, key=lambda rung: rung.rung).get_role_display() if rungs else "",
        is_mine=first.person_id in user.scope.person_ids,
        reads_customers=bool(user.scope.reads_all or user.scope.unit_ids or user.scope.own_only),
        stands_in_for=next(
            (one.name for one in user.scope.stands_in_for if one.person_id == first.person_id), ""
        ),
    )


def lines_of(found: list[Task], user: User, on: date) -> list[Line]:
    """Tasks in words, with the class of each borrower."""
    classes = classes_by_number((task.first.borrower_number for task in found), on)
    return [line_of(task, user, on, classes) for task in found]


def grouped(found: list[Task], user: User, on: date, most: int | None) -> list[Group]:
    """Late first, then today, then to the end of this week, then later; so many lines in all, no empty groups."""
    sunday = on + timedelta(days=6 - on.weekday())
    groups = {
        "late": (_("已逾期"), [x for x in found if x.is_late(on)]),
        "today": (_("今天"), [x for x in found if not x.is_late(on) and x.due_on <= on]),
        "week": (_("本周"), [x for x in found if not x.is_late(on) and on < x.due_on <= sunday]),
        "later": (_("以后"), [x for x in found if not x.is_late(on) and x.due_on > sunday]),
    }
    shown = [task for _title, theirs in groups.values() for task in theirs][:most]
    lines = {id(line.task): line for line in lines_of(shown, user, on)}
    return [
        Group(key, title, [lines[id(task)] for task in theirs if id(task) in lines], len(theirs))
        for key, (title, theirs) in groups.items()
        if theirs
    ]


def own_day(user: User, on: date, kind: str, customer: str, *, whole: bool) -> dict[str, Any]:
    """The person's own tasks, narrowed by kind and customer, and what may be chosen; not `whole`: the first ones."""
    mine = tasks_for(user)
    chosen = [
        task
        for task in mine
        if (not kind or task.first.kind == kind) and (not customer or task.first.borrower_number == customer)
    ]
    return {
        "groups": grouped(chosen, user, on, None if whole else LINES),
        "left_out": 0 if whole else max(len(chosen) - LINES, 0),
        "total": len(mine),
        "late": sum(task.is_late(on) for task in mine),
        "kinds": {task.first.kind: titles.of_kind(task.first.kind) for task in mine},
        "customers": dict(
            sorted(
                {
                    t.first.borrower_number: t.first.borrower_name for t in mine if t.first.borrower_number
                }.items()
            )
        ),
        "kind": kind,
        "customer": customer,
    }


def others_late(user: User, on: date) -> dict[str, Any]:
    """What other people in the person's scope are late with: by person, and the longest overdue."""
    late = WorkItem.objects.visible_to(user).overdue(on).exclude(person__in=user.scope.person_ids)
    by_person = (
        late.values("person", "person__name").annotate(late=Count("pk")).order_by("-late", "person__name")
    )
    longest = open_items(late).order_by("due_on", "pk")[:LATE_LINES]
    people = list(by_person)
    lines = lines_of(tasks(longest), user, on) if people else []
    return {
        "people": people,
        "late_total": sum(row["late"] for row in people),
        "week_total": 0 if lines else others_this_week(user, on),  # said where nothing is late
        "late_lines": lines,
    }


def others_this_week(user: User, on: date) -> int:
    """How much other people in the person's scope have to do in the next seven days."""
    soon = WorkItem.objects.visible_to(user).open().exclude(person__in=user.scope.person_ids)
    return soon.filter(due_on__gte=on, due_on__lte=on + timedelta(days=7), submitted_on__isnull=True).count()


@require_safe
@page("home", gettext_lazy("今日"))
def home(request: SignedInRequest) -> HttpResponse:
    """今日: a person's own day, and what a head or a president has to see of others'."""
    user, on = request.user, clock.today()
    asked = request.GET
    context: dict[str, Any] = {"today": on} | own_day(
        user, on, asked.get("kind", ""), asked.get("customer", ""), whole=bool(asked.get("all"))
    )
    if request.htmx:
        return render(request, "home/duty_rows.html", context)
    scope = user.scope
    context |= {
        "leaves": leaves_of_the_day(user),
        "waiting": waiting_for(user),
        "signing": in_signing(user, on),
        "returned": returned_to(user),
        "leads": scope.has(Role.CUSTOMER_HEAD, *BRANCH_ROLES),
        "signs_first": scope.has(Role.PRESIDENT, Role.VICE_PRESIDENT),
        "owns_duties": scope.has(*BUSINESS_ROLES) and not scope.has(Role.AUDITOR),
        "is_auditor": scope.has(Role.AUDITOR),
        "is_admin": scope.has(Role.ADMIN),
    }
    if context["leads"]:
        context["others"] = others_late(user, on)
        context["consents"] = consents_waiting_for(user, on)
    return render(request, "home/home.html", context)
