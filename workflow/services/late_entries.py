"""Verbs on late entries (补录, 第五条): declare, withdraw, consent, refuse; and what keeps one from being signed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Min
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.selectors import Holders, absent
from core import audit
from core.errors import Conflict, Invalid, Refused
from core.obligations import claims
from core.policy import policy_on
from core.transitions import advance
from workflow import registry, rules
from workflow.choices import CONSENT_TRANSITIONS, ConsentStatus, DocumentStatus
from workflow.definitions import Gap
from workflow.definitions.shape import Kind
from workflow.models import Chain, Document, LateEntry
from workflow.selectors import consenters, late_of
from workflow.services.seats import standing_in

REQUESTED = audit.act("workflow.late_entry.requested", gettext_lazy("申请补录"))
WITHDRAWN = audit.act("workflow.late_entry.withdrawn", gettext_lazy("撤回补录申请"))
DECIDED = {
    ConsentStatus.GRANTED: audit.act("workflow.late_entry.granted", gettext_lazy("同意补录")),
    ConsentStatus.REFUSED: audit.act("workflow.late_entry.refused", gettext_lazy("不同意补录")),
}

ANCHOR = "late-entry"  # where the page declares it
LONGEST = 300


@claims("GR-5", does=gettext_lazy("申请补录，经负责人同意"))
@transaction.atomic
def request(
    *, document: Document, actual_on: date, reason: str, by: User, on: date, at: datetime
) -> LateEntry:
    """Declare a draft a late entry: when the work was really done, and why it is entered only now.

    The form's own day follows. After a refusal it is asked again, with a better reason.
    """
    stands = _draft_of(document, by)
    reason = _short(reason, _("请写明补录原因。"))
    _check_day(stands, actual_on, on)
    earlier = LateEntry.objects.filter(document=stands).first()
    told = {"actual_on": actual_on, "reason": reason, "requested_on": on, "requested_at": at}
    if earlier is None:
        late = LateEntry.objects.create(document=stands, requested_by=by, **told)
    else:
        late = _ask_again(earlier, told)
    _set_day(stands, actual_on, at=at)
    with standing_in(stands.on_behalf_of):
        _write_down(REQUESTED, late, after={"actual_on": actual_on, "reason": reason})
    return late


@transaction.atomic
def withdraw(*, document: Document, by: User) -> None:
    """Take a declaration back while nobody has decided on it."""
    stands = _draft_of(document, by)
    late = LateEntry.objects.filter(document=stands).first()
    if late is None or late.status != ConsentStatus.PENDING:
        raise Conflict(_("没有待同意的补录，不能撤回。请刷新页面。"))
    with standing_in(stands.on_behalf_of):
        _write_down(WITHDRAWN, late, before={"actual_on": late.actual_on, "reason": late.reason})
    LateEntry.objects.filter(pk=late.pk, status=ConsentStatus.PENDING).delete()


def consent(*, late_entry: LateEntry, by: User, on: date, at: datetime, remark: str = "") -> LateEntry:
    """The head lets the document count as one entered afterwards."""
    return _decide(late_entry, ConsentStatus.GRANTED, by=by, remark=remark, on=on, at=at)


def refuse(*, late_entry: LateEntry, by: User, remark: str, on: date, at: datetime) -> LateEntry:
    """The head does not, and says why; the author may ask again."""
    return _decide(late_entry, ConsentStatus.REFUSED, by=by, remark=remark, on=on, at=at)


def check_can_decide(late_entry: LateEntry, user: User, on: date) -> User | None:
    """Raise Refused unless it is this person who consents, and there is something to decide; for whom they stand in."""
    document = late_entry.document
    if late_entry.status != ConsentStatus.PENDING or document.status != DocumentStatus.DRAFT:
        raise Conflict(_("这项补录已经处理过了。请刷新页面。"))
    if user.pk in (late_entry.requested_by_id, document.on_behalf_of_id):
        raise Refused(_("不能同意自己的补录。"))
    seat = consenters(document, Holders(on), absent(on))
    if seat is None or user.pk not in seat[1]:
        raise Refused(_("这项补录应由%(who)s决定。") % {"who": who_decides(document, on)})
    holder = seat[1][user.pk]
    return None if holder == user.pk else User.objects.get(pk=holder)


@transaction.atomic
def _decide(
    late_entry: LateEntry, to: ConsentStatus, *, by: User, remark: str, on: date, at: datetime
) -> LateEntry:
    # The lock keeps the declaration as it was read until it is decided.
    late = (
        LateEntry.objects.select_for_update(of=("self",))
        .select_related("document__author", "document__unit__parent")
        .filter(pk=late_entry.pk)
        .first()
    )
    if late is None:
        raise Conflict(_("经办人已撤回这项补录。请刷新页面。"))
    absent_head = check_can_decide(late, by, on)
    remark = (
        _short(remark, _("不同意时请写明意见。")) if to == ConsentStatus.REFUSED else remark.strip()[:LONGEST]
    )
    advance(
        late,
        to=to,
        table=CONSENT_TRANSITIONS,
        decided_by=by,
        decided_on=on,
        decided_at=at,
        remark=remark,
    )
    told = {"status": to, "actual_on": late.actual_on, "reason": late.reason}
    with standing_in(absent_head):
        _write_down(DECIDED[to], late, before={"status": ConsentStatus.PENDING}, after=told, note=remark)
    return late


# --- what keeps a document from being signed ------------------------------------------------------------------------


@claims("GR-5", clause="ab", does=gettext_lazy("逾期提交的文书，未说明补录不得送签"))
def gap_of(document: Document, *, on: date) -> Gap | None:
    """What a draft still lacks because its work was not told in time, with its place on the form; None: nothing."""
    done_on = registry.done_on(document)
    late = late_of(document)
    if late is None:
        if done_on is None or done_on >= on:
            return None  # an ordinary day asks nothing more
        days = _days_allowed(on)
        if not is_late(document, done_on, after=days, on=on):
            return None
        sentence = _(
            "检查或办理日期 %(day)s 距今超过 %(days)d 天，须按补录办理：填写补录原因并请负责人同意。"
        )
        return _gap(document, sentence % {"day": done_on, "days": days}, at_day=True)
    if done_on is not None and done_on != late.actual_on:
        sentence = _(
            "表内日期 %(day)s 与补录的实际日期 %(actual)s 不一致，请改为一致；确需另定日期的，%(how)s。"
        )
        how = _("请作废本草稿后重填") if late.status == ConsentStatus.GRANTED else _("请重新申请补录")
        words = {"day": done_on, "actual": late.actual_on, "how": how}
        return _gap(document, sentence % words, at_day=True)
    if late.status == ConsentStatus.PENDING:
        return _gap(document, _("补录须先经%(who)s同意。") % {"who": who_decides(document, on)})
    if late.status == ConsentStatus.REFUSED:
        assert late.decided_by is not None
        words = {"who": late.decided_by.name, "why": late.remark}
        return _gap(document, _("%(who)s不同意补录：%(why)s。请补充原因后重新申请。") % words)
    return None


def is_late(document: Document, done_on: date, *, after: int, on: date) -> bool:
    """Whether the system is told of the work more than so many days after it was done."""
    first = Chain.objects.filter(document__number=document.number).aggregate(first=Min("started_on"))["first"]
    return rules.days_late(done_on, first_handed_in_on=first, on=on) > after


def who_decides(document: Document, on: date) -> str:
    """Whose consent a late entry of this document needs, in words."""
    seat = consenters(document, Holders(on), absent(on))
    if seat is None:
        return _("负责人（现缺岗，请先设置岗位）")
    post, people = seat
    names = User.objects.filter(pk__in=people.values()).order_by("username").values_list("name", flat=True)
    return f"{post.label}{'、'.join(names)}"


def _days_allowed(on: date) -> int:
    return int(policy_on(on).get("BASE", "late_entry.after").value["days"])


def _gap(document: Document, sentence: str, *, at_day: bool = False) -> Gap:
    definition = registry.definition_of(document)
    day = registry.form(document.form).day_field
    if at_day:
        section = next(one for one in definition.sections if any(field.name == day for field in one.fields))
        return Gap(section.code, day, None, sentence)
    return Gap(definition.sections[0].code, ANCHOR, None, sentence)


# --- small parts ----------------------------------------------------------------------------------------------------


def _draft_of(document: Document, by: User) -> Document:
    """The draft as it stands, kept a draft until this transaction ends; its author's own."""
    stands = Document.objects.select_for_update(of=("self",)).select_related("author").get(pk=document.pk)
    if stands.author_id != by.pk:
        raise Refused(_("只有经办人%(who)s可以申请补录。") % {"who": stands.author.name})
    if stands.status != DocumentStatus.DRAFT:
        raise Conflict(
            _("这份文书%(status)s，不能再改。请刷新页面。") % {"status": stands.get_status_display()}
        )
    return stands


def _check_day(document: Document, actual_on: date, on: date) -> None:
    if actual_on > on:
        raise Invalid(_("实际日期晚于今天，请改为线下办理的日期。"))
    owed = registry.owed(document).order_by("counts_from")
    first = owed.values_list("counts_from", flat=True).first()
    if first and actual_on < first:
        raise Invalid(
            _("实际日期 %(day)s 早于所办职责的起计日 %(first)s，不能抵这项职责。请核对日期。")
            % {"day": actual_on, "first": first}
        )


def _ask_again(earlier: LateEntry, told: dict[str, Any]) -> LateEntry:
    if earlier.status == ConsentStatus.PENDING:
        raise Conflict(_("补录已申请，正在等负责人同意；要改请先撤回。"))
    if earlier.status == ConsentStatus.GRANTED:
        raise Conflict(_("补录已获同意，不能再改。"))
    if earlier.reason == told["reason"] and earlier.actual_on == told["actual_on"]:
        raise Invalid(_("负责人没有同意这个原因，请补充说明后再申请。"))
    undecided: dict[str, Any] = {"decided_by": None, "decided_on": None, "decided_at": None, "remark": ""}
    advance(earlier, to=ConsentStatus.PENDING, table=CONSENT_TRANSITIONS, **told, **undecided)
    return earlier


def _set_day(document: Document, actual_on: date, *, at: datetime) -> None:
    """Let the form's own day follow the declared one; the hour that was typed stays."""
    definition = registry.definition_of(document)
    name = registry.form(document.form).day_field
    fields = [field for section in definition.sections for field in section.fields]
    for field in fields:
        if field.name != name:
            continue
        hour = str(document.content.get(name) or "")[10:]
        if field.kind == Kind.DATE or hour:  # an hour that nobody gave is not invented
            document.content[name] = actual_on.isoformat() + (hour if field.kind == Kind.DATETIME else "")
    for field in fields:
        if field.derive:
            document.content[field.name] = field.derive(document.content)
    document.version += 1
    document.saved_at = at
    document.save(update_fields=["content", "version", "saved_at"])


def _short(text: str, sentence: str) -> str:
    if not text.strip():
        raise Invalid(sentence)
    if len(text.strip()) > LONGEST:
        raise Invalid(_("最多 %(most)d 字，请精简。") % {"most": LONGEST})
    return text.strip()


def _write_down(act: audit.Act, late: LateEntry, **told: Any) -> None:
    audit.record(
        act=act,
        subject=late,
        borrower_number=late.document.borrower_number,
        **{"note": "", **told},
    )
