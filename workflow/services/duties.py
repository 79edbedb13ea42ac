"""Verbs on duties: hand in, discharge, hand over, waive, escalate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.choices import Line, Role
from accounts.models import User
from accounts.selectors import Holders
from core import audit, outbox
from core.errors import Conflict, Refused
from core.parameters import Policy
from core.transitions import check_transition
from workflow import measures
from workflow.choices import DUTY_TRANSITIONS, DutyStatus
from workflow.duties import Rule
from workflow.models import Document, Escalation, LateEntry, WorkItem
from workflow.querysets import WorkItemQuerySet

DONE = audit.act("workflow.duty.done", _("办结职责"))
REASSIGNED = audit.act("workflow.duty.reassigned", _("移交职责"))
WAIVED = audit.act("workflow.duty.waived", _("批准免办"))


@transaction.atomic
def hand_in(*, document: Document, items: QuerySet[WorkItem], on: date) -> int:
    """The evidence goes to signature: from now on the duty is not late because a signer takes his time."""
    return items.filter(status=DutyStatus.OPEN).update(document=document, submitted_on=on)


@transaction.atomic
def take_back(*, document: Document) -> int:
    """The evidence was sent back: the duty is owed again as before."""
    return WorkItem.objects.open().filter(document=document).update(submitted_on=None)


@transaction.atomic
def discharge(
    *, items: Iterable[WorkItem], document: Document, done_on: date, by: str, on: date, at: datetime
) -> list[WorkItem]:
    """Close duties by signed evidence, each on its own record."""
    late_entry = LateEntry.objects.filter(document=document).exists()
    evidence = {
        "document": document,
        "late_entry": late_entry,
        "close_reason": f"{document.number} 第 {document.revision} 版",
    }
    told = {"document": document.number} | ({"late_entry": True} if late_entry else {})
    return [_close(item, evidence, told, done_on=done_on, by=by, on=on, at=at) for item in items]


@transaction.atomic
def settle(*, items: Iterable[WorkItem], by: str, why: str, on: date, at: datetime) -> list[WorkItem]:
    """Close duties by an act that is no form, like a decision that the system keeps; done on the day of it."""
    return [
        _close(item, {"close_reason": why}, {"why": why}, done_on=on, by=by, on=on, at=at) for item in items
    ]


def _close(
    item: WorkItem,
    evidence: Mapping[str, Any],
    told: Mapping[str, Any],
    *,
    done_on: date,
    by: str,
    on: date,
    at: datetime,
) -> WorkItem:
    check_transition(DUTY_TRANSITIONS, DutyStatus(item.status), DutyStatus.DONE)
    moved = WorkItem.objects.filter(pk=item.pk, status=DutyStatus.OPEN).update(
        status=DutyStatus.DONE, done_on=done_on, closed_on=on, closed_at=at, closed_by=by, **evidence
    )
    if moved != 1:
        raise Conflict("这项职责刚刚已由他人办结，请刷新页面。")
    audit.record(
        act=DONE,
        subject=item,
        borrower_number=item.borrower_number,
        before={"status": DutyStatus.OPEN},
        after={"status": DutyStatus.DONE, "done_on": done_on.isoformat(), **told},
    )
    return item


JUDGED_SOON = "rules"  # the outbox topic that rules are judged by without waiting for the evening


def judge_soon(*, rules: Iterable[Rule], subjects: Sequence[int]) -> None:
    """Promise, in the transaction of the cause, that these rules are judged now for these subjects of theirs."""
    payload = {"rules": [rule.code for rule in rules], "subjects": list(subjects)}
    outbox.put(topic=JUDGED_SOON, payload=payload)


@transaction.atomic
def reassign(*, items: WorkItemQuerySet, to: User, by: User, reason: str) -> int:
    """Hand open duties over to somebody else on the same line."""
    if not reason.strip():
        raise Refused("请写明移交原因。")
    if wrong := items.open().exclude(line=to.line).first():
        raise Refused(f"“{wrong.borrower_name}”的职责属于{wrong.get_line_display()}，不能移交给{to.name}。")
    ids = list(items.open().values_list("pk", flat=True))
    moved = WorkItem.objects.filter(pk__in=ids).update(person=to)
    audit.record(
        act=REASSIGNED,
        subject=to,
        after={"items": ids, "by": by.username},
        note=reason,
    )
    return moved


@transaction.atomic
def waive(*, item: WorkItem, by: User, reason: str, on: date, at: datetime) -> WorkItem:
    """Let a duty go with a reason, approved by a head or president who does not owe it."""
    if not reason.strip():
        raise Refused("请写明免办理由。")
    if item.person_id in by.scope.person_ids:
        raise Refused("不能批准免办自己的职责，或您正代理的人的职责。")
    allowed = {Line.CUSTOMER: Role.CUSTOMER_HEAD, Line.RISK: Role.RISK_HEAD}.get(Line(item.line))
    if not (by.scope.has(Role.PRESIDENT, Role.VICE_PRESIDENT) or (allowed and by.scope.has(allowed))):
        raise Refused("只有本条线负责人或行长可以批准免办。")
    check_transition(DUTY_TRANSITIONS, DutyStatus(item.status), DutyStatus.WAIVED)
    moved = WorkItem.objects.filter(pk=item.pk, status=DutyStatus.OPEN).update(
        status=DutyStatus.WAIVED,
        closed_on=on,
        closed_at=at,
        closed_by=by.username,
        close_reason=reason.strip(),
    )
    if moved != 1:
        raise Conflict("这项职责刚刚已由他人办结，请刷新页面。")
    audit.record(
        act=WAIVED,
        subject=item,
        borrower_number=item.borrower_number,
        before={"status": DutyStatus.OPEN},
        after={"status": DutyStatus.WAIVED},
        note=reason,
    )
    item.refresh_from_db()
    return item


@transaction.atomic
def escalate(*, on: date, policy: Policy) -> int:
    """Show each late duty to the next rung of its ladder; each rung once. Judged as of the day, whenever it is run."""
    late = measures.late_as_of(on).select_related("unit__parent")
    holders = Holders(on)
    climbed: list[Escalation] = []
    for item in late.iterator(chunk_size=2000):
        for rung, (after, role) in enumerate(ladder(Line(item.line), policy), start=1):
            if item.due_on + timedelta(days=after) <= on:
                climbed.append(
                    Escalation(
                        work_item=item, rung=rung, role=role, person_id=holders.first(role, item.unit), on=on
                    )
                )
    seen = set(
        Escalation.objects.filter(work_item__in=[row.work_item_id for row in climbed]).values_list(
            "work_item_id", "rung"
        )
    )
    fresh = [row for row in climbed if (row.work_item_id, row.rung) not in seen]
    Escalation.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


def ladder(line: Line, policy: Policy) -> list[tuple[int, Role]]:
    """The rungs of a line's ladder: (days late, role)."""
    steps = policy.get("BASE", "escalation.ladder").value[line.value]
    return [(int(step["after_days"]), Role(step["role"])) for step in steps]
