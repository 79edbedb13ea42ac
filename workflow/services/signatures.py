"""Verbs on signatures: sign, sign a batch, send back, take back, and prove what was signed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import passwords
from accounts.models import User
from core import audit
from core.errors import Conflict, Invalid, Refused
from core.models import AuditEntry
from core.obligations import claims
from core.transitions import advance
from workflow import registry
from workflow.choices import (
    CHAIN_TRANSITIONS,
    DOCUMENT_TRANSITIONS,
    STEP_TRANSITIONS,
    ChainStatus,
    DocumentStatus,
    StepStatus,
)
from workflow.models import Attachment, Chain, Document, Step
from workflow.services import duties
from workflow.services.papers import fingerprint_of
from workflow.services.seats import absent_in, seat_of, standing_in

SIGNED = audit.act("workflow.step.signed", gettext_lazy("签字"))
LOCKED = audit.act("workflow.document.locked", gettext_lazy("锁定归档"))
RETURNED = audit.act("workflow.document.returned", gettext_lazy("退回"))
WITHDRAWN = audit.act("workflow.document.withdrawn", gettext_lazy("撤回"))

REMARK_LONGEST = 500  # what the book keeps


@claims("GR-3", does=gettext_lazy("签字前核对岗位、条线与顺序，不得审自己的单据"))
def check_can_sign(step: Step, user: User) -> None:
    """Raise Refused, with the sentence the button shows, unless the person may sign this step now."""
    seat_of(step, user)
    chain = step.chain
    if not chain.content_hash == chain.document.content_hash == fingerprint_of(chain.document):
        raise Refused(_("提交签字后内容被改动过，与已签的不符，不能再签；请退回经办人重新提交。"))
    if step.position > 1:
        known = registry.form(chain.document.form)
        known.check(document=chain.document, by=user, on=user.scope.on)


def can_sign(step: Step, user: User) -> bool:
    """Whether the person may sign this step now."""
    return not reason_not_to_sign(step, user)


def reason_not_to_sign(step: Step, user: User) -> str:
    """Why the person may not sign this step now; empty where they may."""
    try:
        check_can_sign(step, user)
    except Refused as refusal:
        return str(refusal)
    return ""


def check_can_send_back(step: Step, user: User) -> None:
    """Raise Refused unless it is the person's turn: whoever may sign may send back, tampered content too."""
    if step.position == 1:
        raise Refused(_("经办人自己的签字不能退回；要修改请撤回。"))
    seat_of(step, user)


def confirm_password(*, by: User, password: str) -> User:
    """Ask the signer for the password again; raises with the sentence to show. Never inside a verb's transaction."""
    return passwords.confirm(by=by, password=password, undone=_("没有签字。"))


def sign(*, step: Step, by: User, password: str, remark: str = "", on: date, at: datetime) -> Step:
    """Sign one step over the fingerprint of the content; the last signature locks the document."""
    check_can_sign(step, by)
    if len(remark.strip()) > REMARK_LONGEST:
        raise Invalid(_("意见最多 %(most)d 字，请精简。没有签字。") % {"most": REMARK_LONGEST})
    person = confirm_password(by=by, password=password)
    return _sign(step_id=step.pk, by=person, remark=remark, on=on, at=at)


def sign_batch(
    *, steps: Sequence[Step], by: User, password: str, on: date, at: datetime
) -> list[tuple[Step, str | None]]:
    """Sign many with one password, each document hashed and committed by itself; refusals beside them."""
    person = confirm_password(by=by, password=password)
    results: list[tuple[Step, str | None]] = []
    for step in steps:
        try:
            results.append((_sign(step_id=step.pk, by=person, remark="", on=on, at=at), None))
        except Refused as refusal:
            results.append((step, str(refusal)))
    return results


@transaction.atomic
def _sign(*, step_id: int, by: User, remark: str, on: date, at: datetime) -> Step:
    step = _locked(step_id)
    check_can_sign(step, by)
    if wrong := verify(step.chain.document):
        raise Refused(wrong[0] + _("不能再签；请退回经办人重新提交。"))
    put_signature(step=step, by=by, remark=remark, on=on, at=at)
    return step


def put_signature(*, step: Step, by: User, remark: str, on: date, at: datetime) -> None:
    """Write one signature under the chain's lock; the last one completes the chain and locks the document."""
    chain = step.chain
    document = chain.document
    absent = absent_in(step, by)
    advance(
        step,
        to=StepStatus.SIGNED,
        table=STEP_TRANSITIONS,
        signed_by=by,
        on_behalf_of=absent,
        signed_on=on,
        signed_at=at,
        signed_hash=chain.content_hash,
        remark=remark.strip(),
    )
    with standing_in(absent):
        audit.record(
            act=SIGNED,
            subject=step,
            borrower_number=document.borrower_number,
            after=signature_as_audited(step),
            note=step.remark,
        )
    if chain.steps.filter(status=StepStatus.WAITING).exists():
        return
    advance(chain, to=ChainStatus.COMPLETED, table=CHAIN_TRANSITIONS, finished_at=at)
    _lock_document(document, by=by, on=on, at=at)


def _lock_document(document: Document, *, by: User, on: date, at: datetime) -> None:
    advance(document, to=DocumentStatus.LOCKED, table=DOCUMENT_TRANSITIONS, locked_on=on, locked_at=at)
    if document.supersedes is not None:
        advance(document.supersedes, to=DocumentStatus.SUPERSEDED, table=DOCUMENT_TRANSITIONS)
    audit.record(
        act=LOCKED,
        subject=document,
        borrower_number=document.borrower_number,
        before={"status": DocumentStatus.SIGNING},
        after={"status": DocumentStatus.LOCKED, "number": document.number, "hash": document.content_hash},
    )
    _put_into_effect(document, by=by, on=on, at=at)


def _put_into_effect(document: Document, *, by: User, on: date, at: datetime) -> None:
    """The fact is written down, and the duties that the paper answers are done, unless something is left."""
    form = registry.form(document.form)
    form.write(document=document, by=by, on=on, replaces=document.supersedes)
    if not form.is_done(document=document, on=on):
        duties.take_back(document=document)
        return
    if items := list(registry.discharged_by(document)):
        done_on = registry.done_on(document)
        assert done_on is not None  # a form with duties says on which day they were done
        duties.discharge(items=items, document=document, done_on=done_on, by=by.username, on=on, at=at)


@transaction.atomic
def send_back(*, step: Step, by: User, reason: str, on: date, at: datetime) -> Document:
    """Send a document back to its author with a reason: the chain ends, everything typed is kept."""
    reason = _reason_or_refuse(reason, _("退回时请写明理由。"))
    step = _locked(step.pk)
    check_can_send_back(step, by)
    absent = absent_in(step, by)
    advance(
        step,
        to=StepStatus.RETURNED,
        table=STEP_TRANSITIONS,
        signed_by=by,
        on_behalf_of=absent,
        signed_on=on,
        signed_at=at,
        remark=reason,
    )
    with standing_in(absent):
        return _reopen(step.chain, act=RETURNED, by=by, reason=reason, on=on, at=at)


@transaction.atomic
def withdraw(*, document: Document, by: User, reason: str, on: date, at: datetime) -> Document:
    """The author takes a document back before it is locked, say because a signer has left."""
    reason = _reason_or_refuse(reason, _("撤回时请写明原因。"))
    chain = (
        Chain.objects.select_for_update(of=("self",))
        .select_related("document__author")
        .filter(document=document, status=ChainStatus.RUNNING)
        .first()
    )
    if chain is None:
        raise Conflict(_("这份文书不在签字中，不能撤回。请刷新页面。"))
    if chain.document.author_id != by.pk:
        raise Refused(_("只有经办人可以撤回。"))
    with standing_in(chain.document.on_behalf_of):
        return _reopen(chain, act=WITHDRAWN, by=by, reason=reason, on=on, at=at)


def _reopen(chain: Chain, *, act: audit.Act, by: User, reason: str, on: date, at: datetime) -> Document:
    document = chain.document
    for step in chain.steps.filter(status=StepStatus.WAITING):
        advance(step, to=StepStatus.CANCELLED, table=STEP_TRANSITIONS)
    advance(chain, to=ChainStatus.RETURNED, table=CHAIN_TRANSITIONS, finished_at=at)
    advance(document, to=DocumentStatus.DRAFT, table=DOCUMENT_TRANSITIONS)
    audit.record(
        act=act,
        subject=document,
        borrower_number=document.borrower_number,
        before={"status": DocumentStatus.SIGNING, "round": chain.round},
        after={"status": DocumentStatus.DRAFT},
        note=reason,
    )
    duties.take_back(document=document)
    registry.form(document.form).taken_back(document=document, by=by, on=on)
    return document


def verify(document: Document) -> list[str]:
    """Which signatures, files or states no longer match what was signed, each in one sentence."""
    document = Document.objects.get(pk=document.pk)
    chain = document.chains.exclude(status=ChainStatus.RETURNED).order_by("-round").first()
    wrong = _states_that_differ(document, chain)
    if chain is None:
        return wrong
    try:
        now = fingerprint_of(document)
    except Invalid:  # an answer that cannot be hashed exactly was never signed
        now = ""
    if not now == document.content_hash == chain.content_hash:
        wrong.append(_("文书内容与提交签字时的指纹不符。"))
    wrong += _files_that_differ(document)
    steps = list(chain.steps.order_by("position").select_related("signed_by", "on_behalf_of"))
    if [step.position for step in steps] != list(range(1, len(steps) + 1)):
        wrong.append(_("签字栏不全。"))
    for step in steps:
        wrong += _differences_of(step, now)
    return wrong


def _differences_of(step: Step, now: str) -> list[str]:
    entry = (
        AuditEntry.objects.filter(subject=audit.name_of(step), act=SIGNED.name)
        .order_by("id")
        .values_list("after", flat=True)
        .first()
    )
    if step.status != StepStatus.SIGNED:
        return [_("“%(label)s”的签字已被抹去。") % {"label": step.label}] if entry else []
    box = {"label": step.label, "who": step.who, "on": step.signed_on}
    wrong = []
    if step.signed_hash != now:
        wrong.append(_("“%(label)s”%(who)s（%(on)s）的签字与现有内容不符。") % box)
    if entry != signature_as_audited(step):
        wrong.append(_("“%(label)s”%(who)s（%(on)s）的签字与审计记录不符。") % box)
    return wrong


def signature_as_audited(step: Step) -> dict[str, Any]:
    """All that a signature says, as the audit keeps it; without a deputy, as it was kept before there were any."""
    deputised = {} if step.on_behalf_of_id is None else {"on_behalf_of": step.on_behalf_of_id}
    return deputised | {
        "chain": step.chain_id,
        "position": step.position,
        "role": str(step.role),
        "label": step.label,
        "line": str(step.line),
        "person": step.person_id,
        "signed_by": step.signed_by_id,
        "signed_on": step.signed_on.isoformat() if step.signed_on else None,
        "signed_at": step.signed_at.astimezone(UTC).isoformat() if step.signed_at else None,
        "signed_hash": step.signed_hash,
        "remark": step.remark,
    }


def _states_that_differ(document: Document, chain: Chain | None) -> list[str]:
    finished = document.status in (DocumentStatus.LOCKED, DocumentStatus.SUPERSEDED)
    running = document.status == DocumentStatus.SIGNING
    if finished and not (
        chain and chain.status == ChainStatus.COMPLETED and chain.finished_at == document.locked_at
    ):
        return [_("文书标为已锁定，但没有与之相符的已完成签字链。")]
    if running and not (chain and chain.status == ChainStatus.RUNNING):
        return [_("文书标为待签字，但没有进行中的签字链。")]
    if not (finished or running) and chain:
        return [_("签字链仍在，但文书的状态是“%(status)s”。") % {"status": document.get_status_display()}]
    last_signed = (
        chain.steps.order_by("-position").values_list("signed_on", flat=True).first() if chain else None
    )
    if finished and last_signed != document.locked_on:
        return [_("文书的锁定日与最后一个签字日不符。")]
    return []


def _files_that_differ(document: Document) -> list[str]:
    return [
        _("附件“%(name)s”的文件与登记的指纹不符。") % {"name": one.name}
        for one in document.attachments.all()
        if _sha256_of(one) != one.sha256
    ]


def _sha256_of(one: Attachment) -> str:
    digest = hashlib.sha256()
    try:
        with one.file.open("rb") as stored:
            for chunk in stored.chunks():
                digest.update(chunk)
    except (OSError, ValueError):  # the file is gone, or the row names none
        return ""
    return digest.hexdigest()


def _locked(step_id: int) -> Step:
    """The step as it stands now, under the lock of its chain: who signs at once comes one after the other."""
    chain_id = Step.objects.values_list("chain_id", flat=True).get(pk=step_id)
    Chain.objects.select_for_update().get(pk=chain_id)
    return Step.objects.select_related(
        "chain__document__supersedes", "person", "signed_by", "on_behalf_of"
    ).get(pk=step_id)


def _reason_or_refuse(reason: str, sentence: str) -> str:
    if not reason.strip():
        raise Invalid(sentence)
    if len(reason.strip()) > REMARK_LONGEST:
        raise Invalid(_("理由最多 %(most)d 字，请精简。") % {"most": REMARK_LONGEST})
    return reason.strip()
