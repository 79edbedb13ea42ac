"""Verbs on documents: start, save, submit to signature, discard, revise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.db.models.functions import Length
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.scope import seats_of
from core import audit, clock
from core.errors import Conflict, Invalid, Refused
from core.locks import one_at_a_time
from core.transitions import advance
from workflow import definitions, registry, rules
from workflow.choices import DOCUMENT_TRANSITIONS, DocumentStatus, DutyStatus, StepStatus
from workflow.duty_forms import DutyForm, Signer, Subject
from workflow.models import CANON, Attachment, Chain, Document, Step, WorkItem
from workflow.services import duties, late_entries, signatures
from workflow.services.papers import fingerprint_of
from workflow.services.seats import standing_in

STARTED = audit.act("workflow.document.started", gettext_lazy("开始填写"))
CONFLICT_RESOLVED = audit.act("workflow.document.conflict_resolved", gettext_lazy("合并两处填写"))
DISCARDED = audit.act("workflow.document.discarded", gettext_lazy("作废草稿"))
REVISED = audit.act("workflow.document.revised", gettext_lazy("更正，另起一版"))
SUBMITTED = audit.act("workflow.document.submitted", gettext_lazy("提交签字"))


@transaction.atomic
def start(
    *,
    form: str,
    subject: Subject,
    by: User,
    on: date,
    content: Mapping[str, Any],
    prefilled: Mapping[str, Any],
    duty: WorkItem | None = None,
    fresh: bool = False,
) -> Document:
    """Open a form about a matter: the author's open draft about it if there is one, else a new one with a number.

    The open duties of the matter name it, except those that a paper in signature or a colleague's draft answers.
    `fresh`: Conflict where anybody has a draft; what was typed into it is not to be signed by a tick, nor passed over.
    """
    seat = check_can_start(form=form, subject=subject, by=by, on=on)
    return _open(form, subject, by, seat, on=on, content=content, prefilled=prefilled, duty=duty, fresh=fresh)


def _open(
    form: str,
    subject: Subject,
    by: User,
    seat: User,
    *,
    on: date,
    content: Mapping[str, Any],
    prefilled: Mapping[str, Any],
    duty: WorkItem | None,
    fresh: bool = False,
) -> Document:
    known = registry.form(form)
    one_at_a_time(f"draft:{by.pk}:{form}:{subject.matter or f'{subject.kind}:{subject.id}'}")
    document = own_draft(form=form, subject=subject, by=by)
    if fresh and (draft := document or _draft_of_anybody(known, subject)):
        raise Conflict(_("已有草稿 %(number)s，请打开它办理。") % {"number": draft.number})
    if duty is not None:
        _check_not_being_signed(duty, but=document)
    absent = None if seat.pk == by.pk else seat
    if document is None:
        rules.check_exact(content)
        rules.check_exact(prefilled)
        document = Document.objects.create(
            form=form,
            form_version=known.definition.version,
            number=_next_number(known.definition.number_prefix, on),
            subject_kind=subject.kind,
            subject_id=subject.id,
            matter=subject.matter,
            borrower_number=subject.borrower_number,
            borrower_name=subject.borrower_name,
            unit_id=subject.unit_id,
            author=by,
            on_behalf_of=absent,
            content=dict(content),
            prefilled=dict(prefilled),
            created_on=on,
            saved_at=clock.now(),
        )
        with standing_in(absent):
            audit.record(
                act=STARTED,
                subject=document,
                borrower_number=subject.borrower_number,
                after={
                    "number": document.number,
                    "form": form,
                    "matter": subject.matter,
                    "duty": duty.pk if duty else None,
                },
            )
    _free_of_others(known.owed(subject), document).update(document=document)
    return document


def own_draft(*, form: str, subject: Subject, by: User) -> Document | None:
    """The person's open draft about a matter. A correction of a locked paper has its own road (`revise`)."""
    mine = registry.form(form).papers(subject)
    return Document.objects.filter(mine, author=by, status=DocumentStatus.DRAFT, supersedes=None).first()


def _draft_of_anybody(known: DutyForm, subject: Subject) -> Document | None:
    """A draft about a matter, whoever began it."""
    return Document.objects.filter(known.papers(subject), status=DocumentStatus.DRAFT).first()


def draft_of_a_colleague(duty: WorkItem, by: User) -> Document | None:
    """A draft that somebody else has begun for a duty."""
    drafts = Document.objects.filter(work_items=duty, status=DocumentStatus.DRAFT).exclude(author=by)
    return drafts.select_related("author", "on_behalf_of").first()


def _free_of_others(items: QuerySet[WorkItem], document: Document) -> QuerySet[WorkItem]:
    """Those duties that no paper in signature answers and no colleague has a draft for."""
    held = Document.objects.filter(
        Q(status=DocumentStatus.SIGNING) | Q(status=DocumentStatus.DRAFT) & ~Q(author=document.author_id)
    )
    return items.exclude(document__in=held.exclude(pk=document.pk))


def check_can_start(*, form: str, subject: Subject, by: User, on: date) -> User:
    """Raise Refused unless the person may fill in a form about a matter; by whose right they do."""
    known = registry.form(form)
    seat = _seat_of_author(known, subject, by, on=on)
    if seat is None:
        raise Refused(_("您不是这份“%(title)s”的经办人，不能填写。") % {"title": known.definition.title})
    known.check_can_begin(subject=subject, on=on)
    return seat


@transaction.atomic
def begin(*, form: str, subject: Subject, by: User, on: date, duty: WorkItem | None = None) -> Document:
    """`start`, filled with what the system knows of the matter."""
    seat = check_can_start(form=form, subject=subject, by=by, on=on)
    filled = registry.prefill(form, subject=subject, user=by, on=on)
    return _open(
        form, subject, by, seat, on=on, content=filled.answers, prefilled=filled.to_json(), duty=duty
    )


def save(*, document: Document, answers: Mapping[str, Any], version: int, by: User, at: datetime) -> Document:
    """Keep what has been typed so far, by compare-and-set on the version that the page was showing.

    Where somebody saved in between, nothing is merged: what was typed is kept beside the draft, and Conflict
    says what to do. An answer of None takes the field away. Saving a draft is not audited: it is no act yet.
    """
    rules.check_exact(answers)
    stands = _draft_of(document, by)
    if stands.version == version and _write(stands, answers, at=at):
        return stands
    stands = _draft_of(document, by)
    differing = {name: answer for name, answer in answers.items() if stands.content.get(name) != answer}
    if not differing:
        return stands  # the same save again, because its answer was lost on the way
    _keep_aside(stands, answers, version=version, at=at)
    raise Conflict(
        _(
            "这份草稿已在另一处保存过（%(at)s）。您刚才填写的 %(count)d 项已另存，没有丢失；"
            "请打开冲突内容，逐项选定后再保存。"
        )
        % {"at": f"{clock.local(stands.saved_at):%m-%d %H:%M}", "count": len(differing)}
    )


@transaction.atomic
def resolve_conflict(
    *, document: Document, answers: Mapping[str, Any], version: int, by: User, at: datetime
) -> Document:
    """Settle a conflict with the answers that the author chose, field by field."""
    rules.check_exact(answers)
    stands = _draft_of(document, by)
    if stands.conflict is None:
        raise Conflict(_("没有待处理的冲突。请刷新页面。"))
    put_aside = stands.conflict
    if stands.version != version or not _write(stands, answers, at=at, conflict=None):
        raise Conflict(_("草稿刚刚又有改动，请刷新页面后重新选定。"))
    with standing_in(stands.on_behalf_of):
        audit.record(
            act=CONFLICT_RESOLVED,
            subject=stands,
            borrower_number=stands.borrower_number,
            before={"aside": put_aside},
            after={"chosen": dict(answers)},
        )
    return stands


@transaction.atomic
def discard(*, document: Document, by: User, on: date, reason: str) -> Document:
    """Throw a draft away with a reason; its number stays used and its duties are owed as before."""
    if not reason.strip():
        raise Invalid(_("作废时请写明原因。"))
    stands = _draft_of(document, by)
    # A correction thrown away no longer stands in for the locked document, so that another can be begun.
    advance(stands, to=DocumentStatus.DISCARDED, table=DOCUMENT_TRANSITIONS, supersedes=None)
    WorkItem.objects.filter(document=stands, status=DutyStatus.OPEN).update(document=None)
    with standing_in(stands.on_behalf_of):
        audit.record(
            act=DISCARDED,
            subject=stands,
            borrower_number=stands.borrower_number,
            before={"status": DocumentStatus.DRAFT},
            after={"status": DocumentStatus.DISCARDED, "on": on},
            note=reason.strip(),
        )
    return stands


@transaction.atomic
def revise(*, document: Document, by: User, on: date) -> Document:
    """Begin the correction of a locked document: a new revision with the same content, signed anew.

    The locked one stays in force until the new one is locked.
    """
    old = Document.objects.select_for_update().get(pk=document.pk)
    if old.status != DocumentStatus.LOCKED:
        raise Conflict(_("只有已锁定归档的文书才能更正，请刷新页面。"))
    known = registry.form(old.form)
    check_correctable(old)
    seat = _seat_of_author(known, Subject.of(old, old.matter), by, on=on)
    if seat is None:
        raise Refused(_("您不是这份文书的经办人，不能更正。"))
    absent = None if seat.pk == by.pk else seat
    begun = Document.objects.filter(supersedes=old).first()
    if begun is not None:
        if begun.author_id == by.pk and begun.status == DocumentStatus.DRAFT:
            return begun
        raise Conflict(_("%(who)s已在更正这份文书。") % {"who": begun.author.name})
    last = Document.objects.filter(number=old.number).aggregate(last=Max("revision"))["last"]
    attachments = list(old.attachments.all())
    new = Document.objects.create(
        form=old.form,
        form_version=old.form_version,
        number=old.number,
        revision=last + 1,
        supersedes=old,
        subject_kind=old.subject_kind,
        subject_id=old.subject_id,
        matter=old.matter,
        borrower_number=old.borrower_number,
        borrower_name=old.borrower_name,
        unit=old.unit,
        author=by,
        on_behalf_of=absent,
        content=old.content,
        prefilled=old.prefilled,
        created_on=on,
        saved_at=clock.now(),
    )
    for one in attachments:  # the same files: their bytes are stored once, by fingerprint
        one.pk = None
        one._state.adding = True
        one.document = new
        one.taken_at = one.taken  # one signed before there was a range may say anything
    Attachment.objects.bulk_create(attachments)
    with standing_in(absent):
        audit.record(
            act=REVISED,
            subject=new,
            borrower_number=new.borrower_number,
            before={"revision": old.revision},
            after={"number": new.number, "revision": new.revision},
        )
    return new


def check_correctable(document: Document) -> None:
    """Raise Conflict, with what to do instead, where what a locked paper did took effect outside."""
    known = registry.form(document.form)
    if not known.correctable:
        raise Conflict(str(known.instead))


def reason_not_to_revise(document: Document) -> str:
    """Why a locked paper cannot be corrected; empty where it can."""
    try:
        check_correctable(document)
    except Conflict as refusal:
        return str(refusal)
    return ""


def _seat_of_author(known: DutyForm, subject: Subject, by: User, *, on: date) -> User | None:
    """By whose right the person fills in a form: their own, else that of somebody on leave; None: by nobody's."""
    return next((seat for seat in seats_of(by) if known.may_author(user=seat, subject=subject, on=on)), None)


def gaps_of(document: Document, *, on: date) -> list[definitions.Gap]:
    """Everything that still keeps a document from being signed."""
    photos = Counter(document.attachments.values_list("section", flat=True))
    background = registry.background_of(document, photos=photos, on=on)
    found = definitions.gaps(registry.definition_of(document), document.content, background)
    late = late_entries.gap_of(document, on=on)
    return [*found, late] if late else found


def submit(
    *,
    document: Document,
    signers: Sequence[Signer] | None = None,
    by: User,
    password: str,
    on: date,
    at: datetime,
) -> Chain:
    """Hand a complete draft to signature: its content is fixed, and the author signs first."""
    _check_can_submit(document, by, on=on)
    person = signatures.confirm_password(by=by, password=password)
    return _submit(document=document, signers=signers, by=person, on=on, at=at)


def submit_batch(
    *, starts: Sequence[Callable[[], Document]], by: User, password: str, on: date, at: datetime
) -> list[tuple[Document | None, str]]:
    """Begin many documents and hand each to signature, with one password; why not beside those that could not be.

    Each is begun, fixed and signed in a transaction of its own, so that one refused leaves nothing behind.
    """
    person = signatures.confirm_password(by=by, password=password)
    results: list[tuple[Document | None, str]] = []
    for begin in starts:
        try:
            with transaction.atomic():
                document = begin()
                _check_can_submit(document, by, on=on)
                _submit(document=document, signers=None, by=person, on=on, at=at)
                document.refresh_from_db()
            results.append((document, ""))
        except Refused as refusal:
            results.append((None, str(refusal)))
    return results


@transaction.atomic
def _submit(
    *,
    document: Document,
    signers: Sequence[Signer] | None,
    by: User,
    on: date,
    at: datetime,
) -> Chain:
    stands = Document.objects.select_for_update(of=("self",)).get(pk=document.pk)
    _check_can_submit(stands, by, on=on)
    _settle(stands, at=at)
    known = registry.form(stands.form)
    _check_is_the_only_one(known, stands)
    known.check(document=stands, by=by, on=on)
    seats = list(known.signers(document=stands, on=on) if signers is None else signers)
    _check_signers(seats, author=by)
    stands.canon = CANON
    content_hash = fingerprint_of(stands)
    advance(
        stands,
        to=DocumentStatus.SIGNING,
        table=DOCUMENT_TRANSITIONS,
        content_hash=content_hash,
        canon=CANON,
    )
    rounds = stands.chains.aggregate(last=Max("round"))["last"] or 0
    chain = Chain.objects.create(
        document=stands, round=rounds + 1, content_hash=content_hash, started_on=on, started_at=at
    )
    steps = Step.objects.bulk_create(
        Step(
            chain=chain,
            position=position,
            role=seat.role,
            label=seat.label,
            line=seat.line,
            person=seat.person,
            status=StepStatus.WAITING,
        )
        for position, seat in enumerate(seats, start=1)
    )
    with standing_in(stands.on_behalf_of):
        audit.record(
            act=SUBMITTED,
            subject=stands,
            borrower_number=stands.borrower_number,
            before={"status": DocumentStatus.DRAFT},
            after={
                "status": DocumentStatus.SIGNING,
                "number": stands.number,
                "round": chain.round,
                "hash": content_hash,
                "signers": [seat.person.username if seat.person else str(seat.role) for seat in seats],
            },
        )
    # What it does not answer is owed on, by another paper.
    answered = registry.discharged_by(stands)
    WorkItem.objects.open().filter(document=stands).exclude(pk__in=answered.order_by().values("pk")).update(
        document=None
    )
    # What another paper in signature answers stays with that: whoever hands in first has it.
    elsewhere = Q(document__status=DocumentStatus.SIGNING) & ~Q(document=stands)
    duties.hand_in(document=stands, items=answered.exclude(elsewhere), on=on)
    known.handed_in(document=stands, by=by, on=on)
    signatures.check_can_sign(steps[0], by)
    signatures.put_signature(step=steps[0], by=by, remark="", on=on, at=at)
    return chain


def _settle(stands: Document, *, at: datetime) -> None:
    """Take away answers that the form, as it now is, does not ask: only what is shown is signed."""
    kept = definitions.settled(registry.definition_of(stands), stands.content)
    if gone := {name: None for name in stands.content if name not in kept}:
        _write(stands, gone, at=at)


def _check_can_submit(document: Document, by: User, *, on: date) -> None:
    stands = _draft_of(document, by)
    if stands.conflict is not None:
        raise Conflict(_("这份草稿有两处填写的冲突还没有处理，请先逐项选定。"))
    if gaps := gaps_of(stands, on=on):
        shown = "；".join(gap.sentence.rstrip("。") for gap in gaps[:3])
        raise Invalid(
            _("还有 %(count)d 处没有填好，不能提交：%(shown)s。") % {"count": len(gaps), "shown": shown}
        )


def _check_signers(seats: Sequence[Signer], *, author: User) -> None:
    people = [seat.person for seat in seats if seat.person is not None]
    if not seats or seats[0].person != author:
        raise Refused(_("签字链的第一栏应是经办人自己。"))
    if len(people) != len(set(people)):
        raise Refused(_("同一人在签字链中出现了两次，请检查岗位设置。"))
    for seat in seats:
        if seat.person is not None and seat.person.line != seat.line:
            raise Refused(
                _("“%(label)s”属%(line)s，不能由%(who)s签字，请检查岗位设置。")
                % {"label": seat.label, "line": seat.line.label, "who": seat.person.name}
            )


def _draft_of(document: Document, by: User) -> Document:
    """The draft as it stands now, for its author; refused to anybody else, and once it is none any more."""
    stands = Document.objects.select_related("author").get(pk=document.pk)
    if stands.author_id != by.pk:
        raise Refused(_("只有经办人%(who)s可以填写这份文书。") % {"who": stands.author.name})
    if stands.status != DocumentStatus.DRAFT:
        raise Conflict(
            _("这份文书%(status)s，不能再改。请刷新页面。") % {"status": stands.get_status_display()}
        )
    return stands


def _write(stands: Document, answers: Mapping[str, Any], *, at: datetime, **columns: Any) -> bool:
    """Put answers into a draft unless it moved on since it was read; the row in hand follows."""
    content = {**stands.content, **answers}
    content = {name: answer for name, answer in content.items() if answer is not None}
    columns = {"content": content, "version": stands.version + 1, "saved_at": at, **columns}
    written = Document.objects.filter(
        pk=stands.pk, version=stands.version, status=DocumentStatus.DRAFT
    ).update(**columns)
    if written:
        for name, value in columns.items():
            setattr(stands, name, value)
    return bool(written)


@transaction.atomic
def _keep_aside(stands: Document, answers: Mapping[str, Any], *, version: int, at: datetime) -> None:
    """Keep what the later one typed, on top of what was kept aside before: nothing typed is lost."""
    row = Document.objects.select_for_update(of=("self",)).get(pk=stands.pk)
    earlier = (row.conflict or {}).get("answers", {})
    conflict = {"answers": {**earlier, **answers}, "version": version, "at": at.isoformat()}
    Document.objects.filter(pk=row.pk, status=DocumentStatus.DRAFT).update(conflict=conflict)


def _check_not_being_signed(duty: WorkItem, *, but: Document | None) -> None:
    signing = Document.objects.filter(work_items=duty, status=DocumentStatus.SIGNING)
    if but is not None:
        signing = signing.exclude(pk=but.pk)
    if number := signing.values_list("number", flat=True).first():
        raise Conflict(_("这项待办的文书 %(number)s 正在签字中，不必重填。") % {"number": number})


def _check_is_the_only_one(known: DutyForm, stands: Document) -> None:
    """One paper a matter: whoever submits first is the one; a correction follows its own number."""
    if not known.one_a_matter:
        return
    subject = Subject.of(stands, stands.matter)
    one_at_a_time(f"matter:{known.code}:{subject.kind}:{subject.id}:{subject.matter}")
    others = Document.objects.filter(
        known.papers(subject), status__in=[DocumentStatus.SIGNING, DocumentStatus.LOCKED]
    ).exclude(number=stands.number)
    if other := others.first():
        raise Conflict(
            _(
                "同一事项的“%(title)s”%(number)s %(status)s，不能再交一份；请作废这份草稿，需要改动的更正那一份。"
            )
            % {
                "title": known.definition.title,
                "number": other.number,
                "status": other.get_status_display(),
            }
        )


def _next_number(prefix: str, on: date) -> str:
    """JC-2026-11-0187: one sequence per prefix and month, no holes or doubles, whoever starts at once."""
    stem = f"{prefix}-{on:%Y-%m}-"
    one_at_a_time(stem)
    last = (
        Document.objects.filter(number__startswith=stem)
        .order_by(Length("number").desc(), "-number")
        .values_list("number", flat=True)
        .first()
    )
    return f"{stem}{int(last.removeprefix(stem)) + 1 if last else 1:04d}"
