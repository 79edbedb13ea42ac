"""Extracts on screen: an administrator brings them in and mends the files; an auditor reads what came of them.

An administrator has no business data: of a file they see what is wrong in it, since they must mend it, and of the
difference sheet only its length. The sheet itself is the auditor's.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.access import page, require_role
from accounts.choices import Role
from accounts.http import SignedInRequest
from core.bodies import takes_files
from core.errors import Refused
from core.models import ImportBatch
from core.models.imports import ImportSource
from core.staging import text_files
from credit.imports.forms import UploadForm
from credit.imports.rejections import rejection_rows
from credit.imports.run import import_files, profile, profile_names

PAGE = 50
SHOWN = 200  # rows shown of a file; the download has all that are kept


@require_safe
@page("imports", gettext_lazy("数据导入"), Role.ADMIN, Role.AUDITOR, also=("import_batch", "import_upload"))
def imports(request: SignedInRequest) -> HttpResponse:
    """The batches, newest first, with the form to bring in another."""
    return _list(request, UploadForm())


def _list(request: SignedInRequest, form: UploadForm, status: int = 200) -> HttpResponse:
    before = request.GET.get("before", "")
    rows = ImportBatch.objects.prefetch_related("files")
    if before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    batches = list(rows[: PAGE + 1])
    context = {
        "batches": _shown(batches[:PAGE]),
        "following": batches[PAGE - 1].pk if len(batches) > PAGE else None,
        "form": form,
        "may_upload": request.user.scope.has(Role.ADMIN),
    }
    return render(request, "credit/import_list.html", context, status=status)


def _shown(batches: list[ImportBatch]) -> list[ImportBatch]:
    """The batches with their profile's title and who brought them, in words."""
    titles = profile_names()
    for batch in batches:
        by_hand = batch.source == ImportSource.SCREEN
        batch.profile = batch.get_source_display() if by_hand else titles.get(batch.profile, batch.profile)
        batch.received_by = _("系统") if batch.received_by.startswith("system") else batch.received_by
    return batches


@require_POST
@require_role(Role.ADMIN)
@takes_files(text_files.MAX_BYTES)
def import_upload(request: SignedInRequest) -> HttpResponse:
    """Bring in the files of a date; whatever comes of them is a batch on record."""
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            return redirect("import_batch", pk=_import(form).pk)
        except Refused as refused:
            form.add_error(None, str(refused))
    return _list(request, form, status=422)


def _import(form: UploadForm) -> ImportBatch:
    with TemporaryDirectory() as folder:
        files = _saved(form.cleaned_data["files"], Path(folder))
        return import_files(
            files, layout=profile(form.cleaned_data["profile"]), as_of=form.cleaned_data["as_of"]
        )


def _saved(uploads: Sequence[UploadedFile], folder: Path) -> dict[str, Path]:
    """The uploads as files under names of our own; what a name says is read, never used as a path."""
    saved = {}
    for number, upload in enumerate(uploads):
        path = folder / f"{number}{Path(upload.name or '').suffix.lower()[:8]}"
        with path.open("wb") as file:
            file.writelines(upload.chunks())
        saved[upload.name or ""] = path
    return saved


@require_safe
@require_role(Role.ADMIN, Role.AUDITOR)
def import_batch(request: SignedInRequest, pk: int) -> HttpResponse:
    """One batch: its files, every bad row, what was set aside, and the difference sheet."""
    batch = get_object_or_404(ImportBatch, pk=pk)
    context = {
        "batch": _shown([batch])[0],
        "files": batch.files.all(),
        "shown": f":{SHOWN}",
        "may_read_facts": request.user.scope.has(Role.AUDITOR),
    }
    return render(request, "credit/import_batch.html", context)


@require_safe
@require_role(Role.ADMIN, Role.AUDITOR)
def import_rejections(request: SignedInRequest, pk: int) -> StreamingHttpResponse:
    """The bad rows of a batch as a file to mend them by."""
    batch = get_object_or_404(ImportBatch, pk=pk)
    name = f"退回行-{batch.as_of}-{batch.pk}.csv"
    return StreamingHttpResponse(
        rejection_rows(batch),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": content_disposition_header(True, name), "Cache-Control": "no-store"},
    )
