"""管理方案: the schemes, a change as it is typed, what it would do, and who approves it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.access import offered, require_role
from accounts.choices import Role
from accounts.http import SignedInRequest
from core import audit, clock, policy
from core.addresses import is_id
from core.errors import Refused
from core.models import Preview, Scheme, SchemeVersion
from core.models.policy import VersionStatus
from core.once import once
from core.policy import policy_on, version_in_force
from core.sheets import download, workbook
from reviews.policy import outcome, schemes
from reviews.policy import rehearsal as previews
from reviews.policy import services as proposals
from reviews.policy.schemes import ChangeForm

EXPORTED = audit.act("policy.preview.exported", gettext_lazy("导出推演结果"))

PROPOSERS = (Role.ADMIN, Role.RISK_HEAD)
DECIDERS = (Role.VICE_PRESIDENT, Role.PRESIDENT)
# Whoever is bound by the figures may read them; a change under way concerns those who make it and the auditor.
READERS = tuple(role for role in Role if role != Role.PRINCIPAL)
PARTIES = (*PROPOSERS, *DECIDERS, Role.AUDITOR)


@require_safe
@require_role(*READERS)
@offered(
    "policy",
    gettext_lazy("管理方案"),
    *PARTIES,
    also=("policy_scheme", "policy_change", "policy_version", "preview"),
)
def policy_list(request: SignedInRequest) -> HttpResponse:
    """The schemes as a tree, each with what is in force and what waits for a decision."""
    nodes = schemes.tree(clock.today())
    waiting = [version for node in nodes for version in node.waiting]
    names = schemes.names_of({version.proposed_by for version in waiting})
    context = {
        "nodes": nodes,
        "waiting": [(version, names[version.proposed_by]) for version in waiting],
        "is_party": request.user.scope.has(*PARTIES),
        "may_propose": request.user.scope.has(*PROPOSERS),
    }
    return render(request, "policy/list.html", context)


@require_safe
@require_role(*READERS)
def policy_scheme(request: SignedInRequest, code: str) -> HttpResponse:
    """One scheme: its parameters, own and inherited, and how they came to be."""
    scheme = get_object_or_404(Scheme.objects.select_related("parent"), pk=code)
    today = clock.today()
    held = policy_on(today)
    if code not in held.parameters:
        raise Http404
    lines = schemes.lines(held, code)
    context = {
        "scheme": scheme,
        "version": version_in_force(scheme, today),
        "own": [line for line in lines if not line.inherited],
        "inherited": [line for line in lines if line.inherited],
        "history": schemes.history(scheme, held),
        "names": dict(Scheme.objects.values_list("code", "name")),
        "today": today,
        "is_party": request.user.scope.has(*PARTIES),
        "may_propose": request.user.scope.has(*PROPOSERS),
    }
    return render(request, "policy/scheme.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require_role(*PROPOSERS)
@once()
def policy_change(request: SignedInRequest, code: str) -> HttpResponse:
    """Type a change of a scheme; it is looked at before it is proposed."""
    scheme = get_object_or_404(Scheme, pk=code)
    today = clock.today()
    if request.method == "POST":
        data = request.POST.dict()
    else:
        draft = request.GET.get("draft", "")
        kept = Preview.objects.filter(pk=int(draft), by=request.user.username) if is_id(draft) else None
        typed = kept.first() if kept is not None else None
        data = typed.change.get("typed", {}) if typed else {"effective_on": f"{today + timedelta(days=1)}"}
    form = ChangeForm(scheme, today, data)
    form.read(list(Scheme.objects.values_list("code", "name")))
    if request.method == "POST" and form.finish():
        preview = Preview.objects.create(
            change=form.as_change(), on=today, by=request.user.username, at=clock.now()
        )
        return redirect("preview", preview.pk)
    context = {
        "form": form,
        "scheme": scheme,
        "own": [one for one in form.fields if not one.line.inherited],
        "inherited": [one for one in form.fields if one.line.inherited],
        "shown_errors": form.errors if request.method == "POST" else [],
    }
    return render(request, "policy/change.html", context, status=422 if context["shown_errors"] else 200)


@require_safe
@require_role(*PARTIES)
def preview(request: SignedInRequest, pk: int) -> HttpResponse:
    """A change that its author typed, before anybody else sees it: what it changes, and what it would do."""
    kept = get_object_or_404(Preview.objects.readable_by(request.user.username), pk=pk)
    context = shown(request, kept)
    if request.htmx:
        return render(request, "policy/outcome.html", context)
    if kept.version_id or kept.sent_at:
        return _where(kept)
    if proposals.is_calendar(kept):
        return render(request, "policy/calendar_preview.html", context)
    version = previews.version_of(kept.change)
    version.number = 0
    base = version_in_force(version.scheme, version.effective_on)
    context |= {
        "version": version,
        "changes": schemes.diff(
            base.parameters if base else {},
            version.parameters,
            schemes.without_own(policy_on(version.effective_on), version.scheme),
        ),
    }
    return render(request, "policy/preview.html", context)


def shown(request: SignedInRequest, kept: Preview | None) -> dict[str, Any]:
    """What the part of a page about a preview needs."""
    return {
        "preview": kept,
        "shown": outcome.show(kept, request.user) if kept else None,
        "today": clock.today(),
        "may_see_customers": request.user.scope.has(*DECIDERS, Role.RISK_HEAD, Role.AUDITOR),
    }


@require_POST
@require_role(*PROPOSERS)
def preview_send(request: SignedInRequest, pk: int) -> HttpResponse:
    """Make of what was typed a proposal that another person decides, or announce the year."""
    kept = get_object_or_404(Preview, pk=pk, by=request.user.username)
    if proposals.is_calendar(kept) and not request.user.scope.has(Role.ADMIN):
        raise Refused(_("放假安排由系统管理员登记。"))
    sent, is_new = proposals.send(preview=kept, by=request.user.username, on=clock.today(), at=clock.now())
    messages.success(request, _said(sent) if is_new else _("刚才已经提交过，没有重复提交。"))
    return _where(sent)


def _said(sent: Preview) -> str:
    if not proposals.is_calendar(sent):
        return _("已提出，等待分管行长或行长批准。")
    return _("%(year)d 年放假安排已登记，今天的日终起按此计算。") % {"year": int(sent.change["year"])}


def _where(sent: Preview) -> HttpResponse:
    """The page of what a preview has become."""
    if proposals.is_calendar(sent):
        return redirect(f"{reverse('calendar')}?year={int(sent.change['year'])}")
    return redirect("policy_version", sent.version_id)


@require_safe
@require_role(*PARTIES)
def policy_version(request: SignedInRequest, pk: int) -> HttpResponse:
    """A version: what it changes, what it would do, and its decision."""
    version = get_object_or_404(SchemeVersion.objects.select_related("scheme"), pk=pk)
    kept = version.previews.first()
    names = schemes.names_of({name for name in (version.proposed_by, version.decided_by) if name})
    context = shown(request, kept) | {
        "version": version,
        "changes": schemes.diff_of(version),
        "proposed_by": names[version.proposed_by],
        "decided_by": names.get(version.decided_by, ""),
        "is_open": version.status == VersionStatus.PROPOSED,
        "may_decide": request.user.scope.has(*DECIDERS),
        "may_rehearse": request.user.scope.has(*PROPOSERS, *DECIDERS),
        "why_not": proposals.why_not(version, kept, request.user.username),
    }
    return render(request, "policy/version.html", context)


@require_POST
@require_role(*PROPOSERS, *DECIDERS)
def policy_rehearse(request: SignedInRequest, pk: int) -> HttpResponse:
    """Work out once more what a proposed version would do, with the book of today."""
    version = get_object_or_404(SchemeVersion, pk=pk, status=VersionStatus.PROPOSED)
    proposals.rehearse_again(version=version, by=request.user.username, on=clock.today(), at=clock.now())
    return redirect("policy_version", pk)


@require_POST
@require_role(*DECIDERS)
def policy_decide(request: SignedInRequest, pk: int) -> HttpResponse:
    """Approve or turn down a proposed version."""
    version = get_object_or_404(SchemeVersion.objects.select_related("scheme"), pk=pk)
    by, at = request.user.username, clock.now()
    if request.POST.get("decision") == "reject":
        policy.reject(version=version, by=by, reason=request.POST.get("reason", ""), at=at)
        messages.success(request, _("已驳回，理由已记录。"))
    else:
        proposals.approve(version=version, by=by, at=at)
        messages.success(request, _("已批准，%(day)s 起生效。") % {"day": version.effective_on})
    return redirect("policy_version", pk)


@require_safe
@require_role(*DECIDERS, Role.RISK_HEAD, Role.AUDITOR)
def preview_export(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Every duty that would change, as far as the person sees the customer, as XLSX."""
    readable = Preview.objects.readable_by(request.user.username)
    kept = get_object_or_404(readable, pk=pk, result__isnull=False)
    assert kept.result is not None
    found = previews.visible_to(previews.Outcome.of(kept.result).differences, request.user)
    content = workbook(_("推演结果"), outcome.sheet_headers(), outcome.sheet_rows(found))
    audit.record(act=EXPORTED, subject=kept, after={"rows": len(found)})
    return download(_("推演结果") + f"{kept.on}", content)
