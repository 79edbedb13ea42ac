"""What becomes of a preview: it is sent once, as it was rehearsed, and what was proposed is decided as it was seen.

Each verb locks its row first and looks afterwards, so that of several at one moment each sees what the one before did.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from core import announcements, policy
from core.errors import Conflict, Refused
from core.models import Preview, Scheme, SchemeVersion
from core.models.policy import VersionStatus
from core.policy import version_in_force
from reviews.policy import rehearsal as previews


def is_calendar(preview: Preview) -> bool:
    """Whether a preview is about a year's announcement, and not about a scheme."""
    return "year" in preview.change


@transaction.atomic
def send(*, preview: Preview, by: str, on: date, at: datetime) -> tuple[Preview, bool]:
    """Make of a preview its proposal or its announcement; whether this was done now, and not before.

    Refused until it is rehearsed; Conflict where what it starts from is no longer in force.
    """
    stands = Preview.objects.select_for_update(of=("self",)).select_related("version").get(pk=preview.pk)
    if stands.sent_at is not None:
        return stands, False
    if is_calendar(stands):
        _announce(stands, by=by, on=on)
    else:
        stands.version = _propose(stands, by=by, at=at)
    stands.sent_at = at
    stands.save(update_fields=["version", "sent_at"])
    return stands, True


def _propose(preview: Preview, *, by: str, at: datetime) -> SchemeVersion:
    if preview.error:
        raise Refused(_("推演没有做完，还不能提交。请回去核对改动的取值，再推演一次。"))
    if preview.result is None:
        raise Refused(_("正在推演会影响哪些职责，看到结果后再提交。"))
    draft = previews.version_of(preview.change)
    Scheme.objects.select_for_update().get(pk=draft.scheme_id)  # no version comes into force meanwhile
    base = version_in_force(draft.scheme, draft.effective_on)
    if (base.number if base else 0) != preview.change["base"]:
        raise Conflict(_("您填写之后，该方案已有新的版本生效。请回到上一步，按现行参数重新核对后再提交。"))
    return policy.propose(
        scheme=draft.scheme,
        parameters=draft.parameters,
        effective_on=draft.effective_on,
        reason=preview.change["reason"],
        by=by,
        at=at,
    )


def _announce(preview: Preview, *, by: str, on: date) -> None:
    if preview.result is None and not preview.error:
        raise Refused(_("正在推演哪些职责会改期，看到结果后再确认登记。"))
    announcements.announce(
        year=int(preview.change["year"]),
        days=previews.days_of(preview.change),
        source=preview.change["source"],
        by=by,
        on=on,
    )


@transaction.atomic
def rehearse_again(*, version: SchemeVersion, by: str, on: date, at: datetime) -> None:
    """Work out once more what a proposed version would do, with the book of today; one at a time."""
    stands = SchemeVersion.objects.select_for_update().get(pk=version.pk)
    running = stands.previews.filter(result__isnull=True, error="").exists()
    if stands.status == VersionStatus.PROPOSED and not running:
        Preview.objects.create(change={"scheme": stands.scheme_id}, version=stands, on=on, by=by, at=at)


@transaction.atomic
def approve(*, version: SchemeVersion, by: str, at: datetime) -> SchemeVersion:
    """Approve a version as its latest rehearsal shows it; Refused with the sentence that the page shows."""
    stands = SchemeVersion.objects.select_for_update().get(pk=version.pk)
    if sentence := why_not(stands, stands.previews.first(), by):
        raise Refused(sentence)
    return policy.approve(version=stands, by=by, at=at)


def why_not(version: SchemeVersion, preview: Preview | None, username: str) -> str:
    """Why a version cannot be approved now by this person, in one sentence; empty where it can."""
    if version.proposed_by == username:
        return _("方案须由提出人以外的人批准。")
    if preview is None or preview.error:
        return _("批准前须先推演：请先点“重新推演”，看过它会新增、取消、改期哪些职责。")
    if preview.result is None:
        return _("正在推演，看到结果后再批准。")
    if preview.result["failed"]:
        return _("推演中有 %(n)d 行按新参数无法判断，批准后日终会隔离它们。请驳回，由提出人改正后重新提出。") % {
            "n": preview.result["failed"]
        }  # fmt: skip
    return ""
