"""工作日历: which years are announced, a year on one page, and the announcement of another."""

from __future__ import annotations

from calendar import Calendar as Weeks
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import offered, require_role
from accounts.choices import Role
from accounts.http import SignedInRequest
from core import announcements, calendar_store, clock
from core.addresses import is_id
from core.calendar import Calendar
from core.errors import Refused
from core.models import CalendarYear, Preview
from core.once import once
from reviews.policy.views import PARTIES, READERS

_WEEKS = Weeks(firstweekday=0)


@dataclass(frozen=True)
class DayCell:
    """A day of the year on the page: its mark is a word, 休 or 班, and nothing on a day like any other."""

    day: date
    mark: str
    name: str
    is_rest: bool


@dataclass(frozen=True)
class Month:
    """A month as weeks of seven; days of other months are empty."""

    first: date
    weeks: list[list[DayCell | None]]


def months(calendar: Calendar, year: int) -> list[Month]:
    """The twelve months of a year."""
    return [
        Month(
            date(year, month, 1),
            [
                [_cell(calendar, day) if day.month == month else None for day in week]
                for week in _WEEKS.monthdatescalendar(year, month)
            ],
        )
        for month in range(1, 13)
    ]


def _cell(calendar: Calendar, day: date) -> DayCell:
    is_work = calendar.is_workday(day)
    differs = day in calendar.overrides and is_work != (day.weekday() < 5)
    mark = (announcements.WORK if is_work else announcements.REST) if differs else ""
    return DayCell(day, mark, calendar.name_of(day), not is_work)


def _year(text: str, today: date) -> int:
    return int(text) if is_id(text) and 1990 <= int(text) <= 2100 else today.year


@require_safe
@require_role(*READERS)
@offered("calendar", gettext_lazy("工作日历"), *PARTIES, also=("calendar_change",))
def calendar(request: SignedInRequest) -> HttpResponse:
    """The years, and one of them in full."""
    today = clock.today()
    held = calendar_store.load()
    year = _year(request.GET.get("year", ""), today)
    known = {row.year: row for row in CalendarYear.objects.all()}
    coming = {today.year, today.year + 1, *(one for one in held.announced if one >= today.year - 2), year}
    context = {
        "year": year,
        "row": known.get(year),
        "is_announced": held.is_announced(year),
        "caution": held.caution(date(year, 1, 1)),
        "years": [(one, held.is_announced(one)) for one in sorted(coming)],
        "months": months(held, year),
        "special": [_cell(held, day) for day in sorted(held.overrides) if day.year == year],
        "today": today,
        "may_announce": request.user.scope.has(Role.ADMIN),
    }
    return render(request, "policy/calendar.html", context)


class AnnouncementForm(forms.Form):
    """A year's arrangement, pasted or from a file."""

    year = forms.IntegerField(label=gettext_lazy("年份"), min_value=1990, max_value=2100)
    source = forms.CharField(
        label=gettext_lazy("来源"),
        max_length=200,
        help_text=gettext_lazy("例如：国务院办公厅关于 2027 年部分节假日安排的通知（国办发明电〔2026〕…号）"),
    )
    days = forms.CharField(
        label=gettext_lazy("放假与调休"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 14, "class": "form-control mono"}),
        help_text=gettext_lazy(
            "每行一天：日期,休或班,名称。例如“2027-01-01,休,元旦”“2027-02-20,班,春节调休上班”。"
        ),
    )
    file = forms.FileField(
        label=gettext_lazy("或选择 CSV 文件（UTF-8 或 GBK）"),
        required=False,
        help_text=gettext_lazy("选了文件就以文件为准。"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for one in self.fields.values():
            one.widget.attrs.setdefault("class", "form-control")

    def text(self) -> str:
        """The lines that are meant."""
        upload = self.cleaned_data.get("file")
        if not upload:
            return str(self.cleaned_data["days"])
        if upload.size > 200_000:
            raise Refused(_("文件太大：一年的放假安排不超过 200 KB。"))
        raw = upload.read()
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                return str(raw.decode(encoding))
            except UnicodeDecodeError:
                continue
        raise Refused(_("文件既不是 UTF-8 也不是 GBK 编码，请另存为 CSV 后再选。"))


@require_http_methods(["GET", "HEAD", "POST"])
@require_role(Role.ADMIN)
@once()
def calendar_change(request: SignedInRequest) -> HttpResponse:
    """Type or upload a year's announcement; what it would move is looked at before it is written."""
    today = clock.today()
    form = AnnouncementForm(
        request.POST or None, request.FILES or None, initial=_as_known(request.GET, today)
    )
    if form.is_valid():
        year = form.cleaned_data["year"]
        try:
            days = announcements.read(form.text(), year)
            announcements.check(year=year, days=days, on=today)
        except Refused as refusal:  # what was typed stays on the page
            for sentence in str(refusal).splitlines():
                form.add_error("days", sentence)
        else:
            change = {
                "year": year,
                "days": [[one.day.isoformat(), one.is_workday, one.name] for one in days],
                "source": form.cleaned_data["source"],
            }
            preview = Preview.objects.create(
                change=change, on=today, by=request.user.username, at=clock.now()
            )
            return redirect("preview", preview.pk)
    return render(request, "policy/calendar_change.html", {"form": form}, status=422 if form.errors else 200)


def _as_known(asked: Any, today: date) -> dict[str, Any]:
    """What is known of the year, to be completed or put right."""
    year = _year(asked.get("year", ""), date(today.year + 1, 1, 1))
    held = calendar_store.load()
    lines = [
        f"{day},{announcements.WORK if is_work else announcements.REST},{held.name_of(day)}"
        for day, is_work in sorted(held.overrides.items())
        if day.year == year
    ]
    row = CalendarYear.objects.filter(year=year).first()
    return {"year": year, "days": "\n".join(lines), "source": row.source if row else ""}
