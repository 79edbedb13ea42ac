"""A page that writes a fact writes it once: it carries a one-time key, and who sends it again gets the first answer.

The key is kept in the transaction of the fact. Somebody who sends the page while the first is still being taken waits
for it, for a while, and then gets its answer too. A page that was refused (an error in a field, a rule that says no)
leaves its key unused, so that it can be corrected and sent again. Natural keys are constraints of the tables; this is
for what has none, since two like facts may truly happen on one day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from datetime import datetime, timedelta
from functools import wraps
from hashlib import sha256
from json import dumps
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from psycopg2.errors import LockNotAvailable

from core import clock
from core.errors import Conflict, Invalid
from core.models import Submission

FIELD = "once"
PATIENCE = "5s"  # how long the second waits for the first, which is being taken
KEPT = timedelta(days=2)  # a page is at most as old as a session, which is hours
_KEY = re.compile(r"[0-9a-f]{32}")
_NOT_CONTENT = (FIELD, "csrfmiddlewaretoken")
_REDIRECTS = range(300, 400)

View = Callable[..., HttpResponse]


def new_key() -> str:
    """A key for a page."""
    return uuid4().hex


def once(*, also: Container[int] = ()) -> Callable[[View], View]:
    """A view whose POST writes a fact: one page sent in twice writes it once.

    That it was written says a redirect, or an answer of a status in `also`; any other answer is a refusal.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def taken_once(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method != "POST":
                return view(request, *args, **kwargs)
            with transaction.atomic():
                submission, is_new = _take(request)
                if not is_new:
                    return _again(submission, request)
                response = view(request, *args, **kwargs)
                if response.status_code in _REDIRECTS or response.status_code in also:
                    _keep(submission, response)
                else:
                    submission.delete()
                return response

        taken_once.is_once = True  # type: ignore[attr-defined]  # tests/project looks for it
        return taken_once

    return decorate


def prune(at: datetime) -> int:
    """Throw away the keys that no page can carry any more; how many."""
    return Submission.objects.filter(at__lt=at - KEPT).delete()[0]


def _take(request: HttpRequest) -> tuple[Submission, bool]:
    """The row of the page's key, and whether this is the first time; waits for whoever is sending it just now."""
    key = request.POST.get(FIELD, "")
    if not _KEY.fullmatch(key):
        raise Invalid(_("这一页不完整，没有提交。请重新打开这一页，再填写提交。"))
    digest = _digest(request)
    route = request.resolver_match.view_name if request.resolver_match else ""
    fields = {"route": route, "digest": digest, "at": clock.now()}
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [PATIENCE])
            submission, is_new = Submission.objects.get_or_create(
                by=request.user.get_username(), key=key, defaults=fields
            )
            cursor.execute("SET LOCAL lock_timeout = DEFAULT")
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        raise Conflict(_("刚才的提交还在处理，没有重复登记。请稍候刷新，看它是否已经登记。")) from error
    if submission.digest != digest:
        raise Invalid(_("这一页已经登记过别的内容，这次没有登记。要再登记一笔，请重新打开这一页。"))
    return submission, is_new


def _digest(request: HttpRequest) -> str:
    """What was sent, and where to: the same for the same page sent again."""
    fields = [(name, request.POST.getlist(name)) for name in sorted(request.POST) if name not in _NOT_CONTENT]
    files = []
    for name in sorted(request.FILES):
        for upload in request.FILES.getlist(name):
            content = sha256()
            for chunk in upload.chunks():
                content.update(chunk)
            upload.seek(0)
            files.append((name, upload.name, content.hexdigest()))
    return sha256(dumps([request.get_full_path(), fields, files]).encode()).hexdigest()


def _keep(submission: Submission, response: HttpResponse) -> None:
    submission.status = response.status_code
    submission.location = response.headers.get("Location", "")
    submission.content = "" if submission.location else response.content.decode()
    submission.save(update_fields=["status", "location", "content"])


def _again(submission: Submission, request: HttpRequest) -> HttpResponse:
    """The first answer once more."""
    if not submission.location:
        return HttpResponse(submission.content, status=submission.status)
    messages.info(request, _("这一页刚才已经登记，没有重复登记。"))
    return HttpResponseRedirect(submission.location)
