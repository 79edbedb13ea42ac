"""Pages for what did not work: each says in Chinese what happened and what to do next."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from core.errors import Refused

RETRY_AFTER = {429: 1800, 503: 5}  # seconds


def _back(request: HttpRequest) -> str:
    """The page of ours that the person came from, if any."""
    referer = urlsplit(request.headers.get("Referer", ""))
    return f"{referer.path}?{referer.query}" if referer.netloc == request.get_host() else ""


def _page(request: HttpRequest, status: int, heading: str, reason: str, next_step: str = "") -> HttpResponse:
    context = {
        "status": status,
        "heading": heading,
        "reason": reason,
        "next_step": next_step,
        "back": _back(request),
    }
    if getattr(request, "htmx", False):  # a fragment asks: the sentence alone, for the place that asked
        return HttpResponse(reason, status=status, content_type="text/plain; charset=utf-8")
    return render(request, "errors/refused.html", context, status=status)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: the person may not do this."""
    reason = str(exception) if exception and str(exception) else _("您的岗位不能使用这一页。")
    return _page(
        request, 403, _("不能这样操作"), reason, _("需要这项权限的，请由系统管理员在人员岗位中登记。")
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: it does not exist, or not for this person; the page does not say which."""
    return _page(
        request,
        404,
        _("没有找到"),
        _("这一页不存在，或者不在您的管辖范围内。"),
        _("请核对地址，或者用页面上方的查找框按名称、拼音或编号查找。"),
    )


def failed(request: HttpRequest) -> HttpResponse:
    """500: our fault; rendered without the context processors, since one of them may be what failed."""
    context = {
        "status": 500,
        "heading": _("系统出错了"),
        "reason": _("您刚才的操作没有生效，已保存的内容没有丢失。错误已记入系统日志。"),
        "next_step": _("请稍后再试；再次出错时，请把操作时间和所在页面告诉系统管理员。"),
    }
    return HttpResponse(render_to_string("errors/refused.html", context), status=500)


def most_that_fits(most: int) -> str:
    """Why a request of more than so many bytes is refused, and what to do."""
    return _("提交的内容超过上限：这里一次最多接收 %(most)s。请压缩照片或减少文件，分几次提交。") % {
        "most": filesizeformat(most)
    }


def too_large(request: HttpRequest, most: int) -> HttpResponse:
    """413: more than the page takes."""
    return _page(request, 413, _("内容太大"), most_that_fits(most))


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form's token is too old or the browser keeps no cookies."""
    return _page(
        request,
        403,
        _("页面已过期"),
        _("这一页打开太久，或者您已在别处重新登录，提交没有生效。"),
        _("请返回上一页，刷新后再提交；仍不行时，请确认浏览器没有禁用 Cookie。"),
    )


class RefusalMiddleware:
    """Answers a verb's refusal with its own sentence and status, and keeps pages out of shared caches."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            # The book is confidential: nothing of it stays in a browser's or a proxy's cache.
            response.headers["Cache-Control"] = "no-store"
        if response.status_code in (429, 503):
            response.headers.setdefault("Retry-After", str(RETRY_AFTER[response.status_code]))
        response.headers.setdefault("Permissions-Policy", "geolocation=(self), camera=(self), microphone=()")
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Turn core.errors.Refused and those below it into a page."""
        if not isinstance(exception, Refused):
            return None
        headings: dict[int, Any] = {
            403: _("不能这样操作"),
            409: _("他人已先行处理"),
            422: _("内容有误"),
            429: _("已暂时锁定"),
            503: _("请稍候再试"),
        }
        return _page(request, exception.status, headings[exception.status], str(exception))
