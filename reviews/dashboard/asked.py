"""Which days, which unit and which figures a dashboard shows, from the address and the person's posts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.choices import UnitKind
from accounts.http import SignedInRequest
from accounts.models import Unit, User
from core import clock
from core.days import NoDay, read_day
from credit.selectors.standing import quarter_end_before
from workflow import snapshots
from workflow.models import DailyMeasure
from workflow.querysets import DailyMeasureQuerySet


def _day(text: str) -> date | None:
    try:
        return read_day(text)
    except NoDay:
        return None  # a mistyped day is none


@dataclass(frozen=True)
class Asked:
    """The days compared (`against` None: there is no earlier one), the unit narrowed to, and for whom."""

    user: User
    on: date
    against: date | None
    unit: Unit | None
    units: tuple[Unit, ...]

    @classmethod
    def of(cls, request: SignedInRequest) -> Asked | None:
        """As the address says; a day without figures is the one before it that has some. None: nothing to show yet."""
        today, get = clock.today(), request.GET
        on = snapshots.at_or_before(min(_day(get.get("on", "")) or today, today)) or snapshots.first()
        if on is None:
            return None
        wanted = _day(get.get("with", "")) or quarter_end_before(on)
        against = snapshots.at_or_before(wanted) or snapshots.first()
        scope = request.user.scope
        units = Unit.objects.exclude(kind=UnitKind.BANK).order_by("path")
        if not scope.reads_all:
            units = units.filter(pk__in=scope.unit_ids)
        offered = tuple(units)
        unit = next((unit for unit in offered if str(unit.pk) == get.get("unit")), None)
        return cls(request.user, on, None if against == on else against, unit, offered)

    @property
    def since(self) -> date:
        """After which day flows are added up: the day compared with; alone, the day before."""
        return self.against or self.on - timedelta(days=1)

    @property
    def compared(self) -> str:
        """How the day compared with is called in a sentence: 上季末 where it is that, its date elsewhere."""
        if self.against is None:
            return ""
        return _("上季末") if self.against == quarter_end_before(self.on) else f" {self.against.isoformat()} "

    @property
    def legend(self) -> str:
        """What the ticks of a chart are."""
        return _("竖线为 %(day)s") % {"day": self.against.isoformat()} if self.against else ""

    @property
    def place(self) -> str:
        """Whose figures they are: of the unit, else of the person's widest; empty for the whole bank."""
        if self.unit or not self.units or self.user.scope.reads_all:
            return self.unit.name if self.unit else ""
        return self.units[0].name

    def figures(self) -> DailyMeasureQuerySet:
        """The figures that the person may read, of the unit and all below it."""
        rows: Any = DailyMeasure.objects.visible_to(self.user)
        return rows.filter(unit__path__startswith=self.unit.path) if self.unit else rows

    def link(self, route: str, **more: Any) -> str:
        """An address with the day and the unit; empty values are left out."""
        given = {"on": self.on.isoformat(), "unit": self.unit.pk if self.unit else ""} | more
        return f"{reverse(route)}?{urlencode({name: value for name, value in given.items() if value != ''})}"

    def before(self, route: str, **more: Any) -> str:
        """The page's address for the day compared with."""
        assert self.against is not None
        return self.link(route, **{"on": self.against.isoformat(), **more})

    def rows(self, measure: str, **more: Any) -> str:
        """The address of the rows behind a figure of duties, signatures or funds."""
        return self.link("dashboard_rows", measure=measure, since=self.since.isoformat(), **more)
