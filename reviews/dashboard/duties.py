"""Duties in figures: by person, by department and by article; signatures that wait, by signer."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from core.citations import citation
from reviews.dashboard.asked import Asked
from reviews.dashboard.charts import Bar, bars
from reviews.dashboard.tables import Cell, Headline, Line, Table, share
from workflow import titles
from workflow.measures import FIGURES, STOCKS

FLOWS = tuple(name for name in FIGURES if name not in STOCKS)
MOST = 8  # bars of a chart; the table has every line
NOBODY = "none"

Tally = dict[str, int]


class Duties:
    """The figures of duties, grouped as a table needs them: flows since the day compared with, stocks of both days."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self._found: dict[tuple[str, ...], dict[tuple[Any, ...], Tally]] = {}

    def by(self, *columns: str) -> dict[tuple[Any, ...], Tally]:
        """Figures by these columns; one query, however many lines, and none when asked again."""
        if columns not in self._found:
            self._found[columns] = self._read(columns)
        return self._found[columns]

    def _read(self, columns: tuple[str, ...]) -> dict[tuple[Any, ...], Tally]:
        asked, found = self.asked, defaultdict[tuple[Any, ...], Tally](lambda: defaultdict(int))
        stocks = Q(measure__in=(*STOCKS, "signing"))
        now = Q(on__gt=asked.since, on__lte=asked.on, measure__in=FLOWS) | Q(stocks, on=asked.on)
        then = Q(stocks, on=asked.against) if asked.against else Q(pk__in=[])
        rows = asked.figures().filter(now | then).order_by()
        sums = {"now": Sum("value", filter=now), "then": Sum("value", filter=then)}
        for row in rows.values_list(*columns, "measure").annotate(**sums):
            *who, measure, n, was = row
            for name, figure in ((measure, n), (f"was_{measure}", was)):
                if figure is not None:
                    found[tuple(who)][name] += int(figure)
        return found


def _rate(tally: Tally) -> Any:
    return share(tally["done_in_time"] + tally["late_entry_in_time"], tally["done"])


def completion(tally: Tally) -> Any:
    """检查完成率: of what fell due since the quarter began, the share that is done."""
    return share(tally["quarter_done"], tally["quarter_due"])


def _cells(asked: Asked, tally: Tally, narrow: dict[str, str]) -> list[Cell]:
    def cell(name: str) -> Cell:
        url = asked.rows(name, **narrow) if tally[name] else ""
        return Cell(tally[name], url=url, alarming=name == "late" and tally[name] > 0)

    cells = [cell("open"), cell("late")]
    if asked.against:
        cells += [Cell(tally["late"] - tally["was_late"], "change")]
    cells += [cell("raised"), cell("done"), Cell(_rate(tally), "share"), cell("late_entry"), cell("void")]
    return [*cells, cell("waived"), cell("quarter_due"), Cell(completion(tally), "share")]


def _heads(asked: Asked) -> list[str]:
    heads = [_("未办结"), _("其中逾期"), *([_("逾期增减")] if asked.against else [])]
    return [
        *heads,
        _("新增"),
        _("已办"),
        _("按期率"),
        _("其中补录"),
        _("不再需要"),
        _("免办"),
        _("本季到期"),
        _("完成率"),
    ]


def _period(asked: Asked) -> str:
    if asked.against is None:
        return _("新增、已办等为 %(on)s 当日发生。") % {"on": asked.on.isoformat()}
    days = {"since": asked.since.isoformat(), "on": asked.on.isoformat()}
    period = _("新增、已办等为 %(since)s 之后至 %(on)s 的发生数；按期率为已办中按期的比例；") % days
    return period + _("完成率为本季度已到期职责中办结的比例。")


def _short(label: str) -> str:
    """A duty without its citation."""
    return label.partition("（")[0]


def _together(tallies: list[Tally]) -> Tally:
    whole: Tally = defaultdict(int)
    for tally in tallies:
        for name, n in tally.items():
            whole[name] += n
    return whole


def _table(
    duties: Duties, name: str, subject: str, first: str, rows: list[tuple[str, Tally, dict[str, str]]]
) -> Table:
    """The worst first; the finding names it."""
    asked = duties.asked
    rows = sorted(rows, key=lambda row: (-row[1]["late"], -row[1]["open"], row[0]))
    whole = _together([tally for _label, tally, _narrow in rows])
    if whole["late"]:
        finding = _("逾期 %(n)d 项，最多的是%(label)s（%(most)d 项）") % {
            "n": whole["late"], "label": _short(rows[0][0]), "most": rows[0][1]["late"],
        }  # fmt: skip
    else:
        finding = _("没有逾期的职责；未办结 %(n)d 项") % {"n": whole["open"]}
    worst = [
        Bar(_short(label), tally["late"], _("%(n)d 项") % {"n": tally["late"]}, tally["was_late"], "doubt")
        for label, tally, _narrow in rows[:MOST]
        if tally["late"]
    ]
    lines = [Line(label, _cells(asked, tally, narrow)) for label, tally, narrow in rows]
    total = Line(_("合计"), _cells(asked, whole, {})) if rows else None
    return Table(
        name, subject, finding, first, _heads(asked), lines, total,
        chart=bars(worst, ticks=bool(asked.against)) if worst else None, legend=asked.legend if worst else "",
        more=_period(asked), empty=_("这段时间没有职责。"),
    )  # fmt: skip


INSPECTIONS = ("GR-27", "GR-28.1", "GR-28.2", "GR-28.3", "GR-28.4", "GD-3.3", "GD-2", "GS-8")


def inspections(duties: Duties) -> Headline:
    """检查完成率: of the inspections that fell due since the quarter began, the share that is done."""
    found = duties.by("obligation")
    whole = _together([found[article,] for article in INSPECTIONS if (article,) in found])
    label = _("检查完成率 · 本季度到期 %(due)d 项，已办 %(done)d 项") % {
        "due": whole["quarter_due"], "done": whole["quarter_done"],
    }  # fmt: skip
    return Headline(label, Cell(completion(whole), "share"), "")


def by_article(duties: Duties) -> Table:
    """Which article is kept worst."""
    rows = [
        (f"{titles.of_obligation(article)}（{citation(article)}）", tally, {"article": article})
        for (article,), tally in duties.by("obligation").items()
        if article
    ]
    return _table(duties, "articles", _("职责（按条文）"), _("职责"), rows)


def by_unit(duties: Duties) -> Table:
    """Which department is behind."""
    found = duties.by("unit", "unit__name")
    rows = [
        (name, tally, {"unit": str(pk), "only": "1"})
        for (pk, name), tally in found.items()
        if set(tally) - {"signing", "was_signing"}
    ]
    return _table(duties, "units", _("职责（按机构）"), _("机构"), rows)


def _people(duties: Duties) -> list[tuple[str, Tally, dict[str, str]]]:
    """Each person's figures, with how a link narrows to them."""
    return [
        (name or _("缺岗"), tally, {"person": str(pk) if pk else NOBODY})
        for (pk, name), tally in duties.by("person", "person__name").items()
    ]


def by_person(duties: Duties) -> Table:
    """Who is behind."""
    rows = [row for row in _people(duties) if set(row[1]) - {"signing", "was_signing"}]
    return _table(duties, "people", _("职责（按人员）"), _("责任人"), rows)


def signatures(duties: Duties) -> Table:
    """With whom papers wait for a signature."""
    asked = duties.asked
    found = [row for row in _people(duties) if row[1].get("signing") or row[1].get("was_signing")]
    found.sort(key=lambda row: (-row[1]["signing"], row[0]))
    total = sum(tally["signing"] for _name, tally, _narrow in found)
    finding = _("没有等待签字的文书")
    if total:
        most = found[0]
        finding = _("%(n)d 份文书等待签字，%(name)s最多（%(most)d 份）") % {
            "n": total, "name": most[0], "most": most[1]["signing"],
        }  # fmt: skip

    def cells(n: int, was: int, narrow: dict[str, str]) -> list[Cell]:
        found = [Cell(n, url=asked.rows("signing", **narrow) if n else "")]
        return found + ([Cell(was), Cell(n - was, "change")] if asked.against else [])

    lines = [
        Line(name, cells(tally["signing"], tally["was_signing"], narrow)) for name, tally, narrow in found
    ]
    was = sum(tally["was_signing"] for _name, tally, _narrow in found)
    heads = [_("待签")] + ([f"{asked.against:%m-%d} {_('待签')}", _("增减")] if asked.against else [])
    total_line = Line(_("合计"), cells(total, was, {})) if lines else None
    return Table("signatures", _("待签"), finding, _("签字人"), heads, lines, total_line)
