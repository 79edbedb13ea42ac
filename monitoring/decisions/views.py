"""资金信号: what the movements show, the list and each one with what it rests on, and its decision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet, Sum
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import check_role, get_visible, page, require_role
from accounts.choices import CUSTOMER_READERS
from accounts.http import SignedInRequest
from accounts.models import Unit
from accounts.selectors import names_of
from core import audit, clock
from core.addresses import is_id, page_by_id
from core.errors import Invalid, Refused
from core.sheets import download, workbook
from credit.choices import Direction
from credit.models import Contract, Transaction
from credit.selectors.positions import managers
from monitoring.choices import Level, SignalKind, SignalStatus
from monitoring.decisions.documents import EXPLAINED, MISUSED, TRUE
from monitoring.decisions.panel import SignalLine
from monitoring.decisions.selectors import duty_items, with_home
from monitoring.decisions.services import confirm, dismiss, reason_not_to_confirm, reason_not_to_dismiss
from monitoring.models import MisuseCase, Signal
from monitoring.signals.duties import key_of

PAGE = 50
ALL = "all"  # every status
DAYS = (7, 30, 90)
AROUND = timedelta(days=2)  # other movements of the account that stand beside those that show a signal
MOST_AROUND = 100


@dataclass(frozen=True)
class Choice:
    """What the person narrowed the list to; unknown values narrow nothing. Without a word, the open ones."""

    kind: str
    level: str
    status: str
    unit: str
    days: str

    @classmethod
    def of(cls, request: SignedInRequest) -> Choice:
        """As the address says."""
        kind, level, status, unit, days = (
            request.GET.get(name, "").replace("\x00", "")
            for name in ("kind", "level", "status", "unit", "days")
        )
        return cls(
            kind if kind in SignalKind.values else "",
            level if level in Level.values else "",
            status if status in (*SignalStatus.values, ALL) else SignalStatus.OPEN.value,
            unit if is_id(unit) else "",
            days if days in {str(n) for n in DAYS} else "",
        )

    def narrow(self, rows: QuerySet[Any], on: date) -> QuerySet[Any]:
        """The signals that are meant."""
        if self.kind:
            rows = rows.filter(kind=self.kind)
        if self.level:
            rows = rows.filter(level=self.level)
        if self.status != ALL:
            rows = rows.filter(status=self.status)
        if self.unit:
            rows = rows.filter(home=int(self.unit))
        return rows.filter(known_on__gt=on - timedelta(days=int(self.days))) if self.days else rows

    @property
    def any(self) -> bool:
        """Whether anything is narrowed beyond the open ones."""
        return bool(self.kind or self.level or self.unit or self.days or self.status != SignalStatus.OPEN)


def seen(request: SignedInRequest, on: date) -> QuerySet[Any]:
    """Signals of the customers that the person sees."""
    return with_home(Signal.objects.visible_to(request.user), on)


def lines_of(rows: list[Any], on: date) -> list[SignalLine]:
    """With who manages the customer, and the duty to look into it."""
    who, items = managers({row.borrower_id for row in rows}, on), duty_items(rows)
    return [SignalLine(row, who.get(row.borrower_id), items.get(key_of(row.pk))) for row in rows]


@require_safe
@page("signals", gettext_lazy("资金信号"), *CUSTOMER_READERS, also=("signal",))
def signals(request: SignedInRequest) -> HttpResponse:
    """The list, a page at a time, the newest first."""
    on, choice = clock.today(), Choice.of(request)
    scope = seen(request, on)
    rows = choice.narrow(scope, on)
    found, following = page_by_id(
        rows.select_related("borrower", "decided_by"), request.GET.get("after", ""), PAGE
    )
    context = {
        "today": on,
        "choice": choice,
        "kinds": SignalKind.choices,
        "levels": Level.choices,
        "statuses": [*SignalStatus.choices, (ALL, _("全部状态"))],
        "units": names_of(scope.values("home")),
        "days": DAYS,
        "lines": lines_of(found, on),
        "found": rows.count(),
        "total": rows.aggregate(s=Sum("amount"))["s"] or Decimal(0),
        "following": following,
    }
    template = "monitoring/signals_rows.html" if request.htmx else "monitoring/signals.html"
    return render(request, template, context)


def _sheet_rows(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    units = dict(Unit.objects.values_list("pk", "name"))
    ordered = rows.select_related("borrower", "loan", "decided_by").order_by("-pk")
    for row in ordered.iterator(chunk_size=2000):
        yield (
            row.known_on,
            row.effective_on,
            row.borrower.number,
            row.borrower.name,
            row.get_kind_display(),
            row.get_level_display(),
            row.loan.number if row.loan else "",
            row.amount,
            row.text,
            "；".join(f"{name}：{value}" for name, value in row.rule.items()),
            units.get(row.home, ""),
            row.get_status_display(),
            row.decided_on,
            row.decided_by.name if row.decided_by else "",
            row.decided_why,
        )


@require_safe
@require_role(*CUSTOMER_READERS)
def signals_export(request: SignedInRequest) -> HttpResponseBase:
    """Exactly the filtered list as XLSX, amounts in 元; who took it out is written down."""
    on = clock.today()
    rows = Choice.of(request).narrow(seen(request, on), on)
    headers = [
        _("识别日"), _("发生日"), _("客户编号"), _("客户名称"), _("信号"), _("级别"), _("借据号"),
        _("涉及金额（元）"), _("内容"), _("规则与阈值"), _("机构"), _("状态"), _("认定日"), _("认定人"), _("认定理由"),
    ]  # fmt: skip
    content = workbook(_("资金信号"), headers, _sheet_rows(rows))
    audit.record(
        act="monitoring.signals.exported",
        subject="signals",
        note=request.GET.urlencode(),
        after={"rows": content.rows},
    )
    return download(_("资金信号") + on.isoformat(), content)


@dataclass(frozen=True)
class MovementLine:
    """A movement on the page of a signal: one that shows it, or one of the same account around it."""

    row: Transaction
    shows: bool
    is_own: bool  # of another customer's account only what the signal says is shown

    @property
    def is_in(self) -> bool:
        """Whether money came in."""
        return self.row.direction == Direction.CREDIT


def movements_of(signal: Signal) -> list[MovementLine]:
    """What a signal rests on, in order, among what else moved on the account in the days around."""
    shown = list(
        Transaction.objects.filter(pk__in=signal.shown_by.values("transaction")).select_related("account")
    )
    rows = {row.pk: row for row in shown}
    if shown and signal.account_id:
        days = [row.effective_on for row in shown]
        around = Transaction.objects.filter(
            account=signal.account_id,
            effective_on__gte=min(days) - AROUND,
            effective_on__lte=max(days) + AROUND,
        ).select_related("account")
        rows |= {row.pk: row for row in around.order_by("effective_on", "pk")[:MOST_AROUND]}
    ids = {row.pk for row in shown}
    ordered = sorted(rows.values(), key=lambda row: (row.effective_on, row.pk))
    return [
        MovementLine(row, row.pk in ids, row.account.borrower_id == signal.borrower_id) for row in ordered
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def signal(request: SignedInRequest, pk: int) -> HttpResponse:
    """One signal: what shows it, by which rule; decided here by whoever may."""
    on, user = clock.today(), request.user
    check_role(user, *CUSTOMER_READERS)
    one = get_visible(
        Signal.objects.select_related("borrower", "account", "loan", "decided_by", "document"), user, pk=pk
    )
    refusal, status = "", 200
    if request.method == "POST":
        try:
            _decide(one, request, on)
        except Refused as refused:
            refusal, status = str(refused), refused.status
        else:
            messages.success(request, _("已认定。"))
            return redirect("signal", pk)
    context = {
        "today": on,
        "signal": one,
        "level": Level(one.level),
        "status": SignalStatus(one.status),
        "lines": movements_of(one),
        "refusal": refusal,
        "typed": request.POST,
        "contracts": Contract.objects.filter(borrower=one.borrower_id).order_by("-signed_on", "-pk")[:50],
        "why_not_confirm": reason_not_to_confirm(one, user, on),
        "why_not_dismiss": reason_not_to_dismiss(one, user),
        "item": duty_items([one]).get(key_of(one.pk)),
        "case": MisuseCase.objects.filter(signal=one).select_related("contract").first(),
    }
    return render(request, "monitoring/signal.html", context, status=status)


def _decide(one: Signal, request: SignedInRequest, on: date) -> None:
    """As was posted: 排除, 属实, or 属实 and misuse under a contract."""
    verdict, why, contract = (request.POST.get(name, "") for name in ("verdict", "why", "contract"))
    if verdict == EXPLAINED:
        dismiss(signal=one, by=request.user, why=why, on=on)
    elif verdict in (TRUE, MISUSED):
        found = (
            Contract.objects.filter(borrower=one.borrower_id, pk=int(contract)) if is_id(contract) else None
        )
        confirm(
            signal=one,
            by=request.user,
            why=why,
            is_misuse=verdict == MISUSED,
            contract=found.first() if found is not None else None,
            on=on,
        )
    else:
        raise Invalid(_("请选择结论：属实、属实且系挪用，或排除。"))
