"""用款跟踪: loans whose money was seen to leave, what of it is recorded in 附件1, and what is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import (
    Count,
    DecimalField,
    Exists,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.access import page, require_role
from accounts.choices import CUSTOMER_READERS
from accounts.http import SignedInRequest
from accounts.models import Unit
from accounts.selectors import names_of
from core import audit, clock
from core.addresses import is_id, page_by_id
from core.sheets import download, workbook
from credit.models import Loan
from credit.selectors.positions import managers
from credit.selectors.responsible import unit_in_charge
from monitoring.models import FundUse, SeenUse
from monitoring.uses.selectors import unrecorded

PAGE = 50
STATES = (
    ("missing", gettext_lazy("有未登记用款")),
    ("odd", gettext_lazy("有异常用款")),
    ("done", gettext_lazy("已全部登记")),
)
_MONEY: Any = DecimalField(max_digits=20, decimal_places=2)


def _sum(rows: QuerySet[Any]) -> Coalesce:
    total = rows.filter(loan=OuterRef("pk")).order_by().values("loan").annotate(s=Sum("amount"))
    return Coalesce(Subquery(total.values("s")), Value(0), output_field=_MONEY)


def _count(rows: QuerySet[Any]) -> Coalesce:
    count = rows.filter(loan=OuterRef("pk")).order_by().values("loan").annotate(n=Count("pk"))
    return Coalesce(Subquery(count.values("n")), Value(0), output_field=IntegerField())


def followed(request: SignedInRequest, on: date) -> QuerySet[Any]:
    """Loans whose money was seen to leave, with what is `recorded`, `missing` (so many `unseen`) and `odd`."""
    told = FundUse.objects.in_force(on)
    odd = told.filter(Q(flows_back=True) | Q(as_agreed=False) | ~Q(anomaly=""))
    missing = unrecorded(on)
    return (
        Loan.objects.visible_to(request.user)
        .filter(Exists(SeenUse.objects.filter(loan=OuterRef("pk"))))
        .annotate(
            recorded=_sum(told),
            missing=_sum(missing),
            missing_count=_count(missing),
            odd=_count(odd),
            home=unit_in_charge(on),
        )
    )


@dataclass(frozen=True)
class Choice:
    """What the person narrowed the list to; unknown values narrow nothing."""

    state: str
    unit: str

    @classmethod
    def of(cls, request: SignedInRequest) -> Choice:
        """As the address says."""
        state, unit = (request.GET.get(name, "").replace("\x00", "") for name in ("state", "unit"))
        return cls(state if state in dict(STATES) else "", unit if is_id(unit) else "")

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The loans that are meant."""
        where = {"missing": Q(missing_count__gt=0), "odd": Q(odd__gt=0), "done": Q(missing_count=0)}
        rows = rows.filter(where[self.state]) if self.state else rows
        return rows.filter(home=int(self.unit)) if self.unit else rows

    @property
    def any(self) -> bool:
        """Whether anything is narrowed."""
        return bool(self.state or self.unit)


@require_safe
@page("uses", gettext_lazy("用款跟踪"), *CUSTOMER_READERS)
def uses(request: SignedInRequest) -> HttpResponse:
    """The list, a page at a time, the latest loans first."""
    on, choice = clock.today(), Choice.of(request)
    scope = followed(request, on)
    rows = choice.narrow(scope)
    loans, following = page_by_id(rows.select_related("borrower"), request.GET.get("after", ""), PAGE)
    who = managers({loan.borrower_id for loan in loans}, on)
    context = {
        "choice": choice,
        "states": STATES,
        "units": names_of(scope.values("home")),
        "lines": [(loan, who.get(loan.borrower_id)) for loan in loans],
        "found": rows.count(),
        "following": following,
    }
    return render(request, "monitoring/uses_rows.html" if request.htmx else "monitoring/uses.html", context)


def _sheet_rows(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    units = dict(Unit.objects.values_list("pk", "name"))
    for loan in rows.select_related("borrower").order_by("-pk").iterator(chunk_size=2000):
        yield (
            loan.borrower.number, loan.borrower.name, loan.number, loan.get_product_display(), units[loan.home],
            loan.starts_on, loan.amount, loan.recorded, loan.missing, loan.missing_count, loan.odd,
        )  # fmt: skip


@require_safe
@require_role(*CUSTOMER_READERS)
def uses_export(request: SignedInRequest) -> HttpResponseBase:
    """Exactly the filtered list as XLSX, amounts in 元; who took it out is written down."""
    on = clock.today()
    rows = Choice.of(request).narrow(followed(request, on))
    headers = [
        _("客户编号"), _("客户名称"), _("借据号"), _("品种"), _("机构"), _("发放日"), _("借据金额（元）"),
        _("已登记（元）"), _("未登记（元）"), _("未登记笔数"), _("异常笔数"),
    ]  # fmt: skip
    content = workbook(_("用款跟踪"), headers, _sheet_rows(rows))
    audit.record(
        act="monitoring.uses.exported",
        subject="uses",
        note=request.GET.urlencode(),
        after={"rows": content.rows},
    )
    return download(_("用款跟踪") + on.isoformat(), content)
