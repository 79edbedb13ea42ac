"""The book in figures: by class, days past due, maturity and product, migration, and funds that are short."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _

from core import money
from credit.choices import Arrears, Maturing, Product, RiskClass
from credit.measures import ARROW
from credit.selectors.standing import NEW, SETTLED, quarter_end_before
from monitoring.choices import DebtKind
from monitoring.models import CHECKED
from reviews.dashboard.asked import Asked
from reviews.dashboard.charts import Bar, Square, bars, matrix
from reviews.dashboard.tables import Cell, Headline, Line, Table, share

NOTHING = (0, Decimal(0))
BAD = (RiskClass.SUBSTANDARD, RiskClass.DOUBTFUL, RiskClass.LOSS)  # 次级及以下
LATE = tuple(step for step in Arrears if step != Arrears.NOT_DUE)
SOON = (Maturing.WEEK, Maturing.MONTH)  # within 30 days
MEASURES = (
    "class",
    "arrears",
    "maturing",
    "product",
    "migration",
    "funds_short",
    "signals",
    "payments_waiting",
)


class Book:
    """The figures of both days, read in one query."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        days = [asked.on, *([asked.against] if asked.against else [])]
        rows: Any = asked.figures().filter(on__in=days, measure__in=MEASURES).order_by()
        grouped = rows.values("on", "measure", "key").annotate(n=Sum("value"), s=Sum("amount"))
        self.found: dict[tuple[date, str, str], tuple[int, Decimal]] = {
            (row["on"], row["measure"], row["key"]): (int(row["n"]), row["s"]) for row in grouped
        }

    def of(self, measure: str, keys: Iterable[str], on: date | None = None) -> tuple[int, Decimal]:
        """Count and amount of these keys together."""
        found = [self.found.get((on or self.asked.on, measure, key), NOTHING) for key in keys]
        return sum(n for n, _s in found), sum((s for _n, s in found), Decimal(0))

    def whole(self, on: date | None = None) -> tuple[int, Decimal]:
        """Every live loan."""
        return self.of("class", RiskClass.values, on)

    def part(self, measure: str, keys: Sequence[str], on: date | None = None) -> Decimal | None:
        """What share of the balance these keys have."""
        return share(self.of(measure, keys, on)[1], self.whole(on)[1])

    def part_then(self, measure: str, keys: Sequence[str]) -> Decimal | None:
        """The figure on the day compared with; None where there is none."""
        return self.part(measure, keys, self.asked.against) if self.asked.against else None


def moved(asked: Asked, now: Decimal | None, then: Decimal | None) -> str:
    """ "，较上季末上升 0.4 个百分点"; empty where there is nothing to compare with."""
    if asked.against is None or now is None or then is None:
        return ""
    points = round((now - then) * 100, 1)
    if not points:
        return _("，与%(day)s持平") % {"day": asked.compared}
    return (_("，较%(day)s上升 %(points)s 个百分点") if points > 0 else _("，较%(day)s下降 %(points)s 个百分点")) % {
        "day": asked.compared, "points": abs(points),
    }  # fmt: skip


def _heads(asked: Asked) -> list[str]:
    heads = [_("笔数"), _("余额（万元）"), _("占比")]
    if asked.against:
        day = f"{asked.against:%m-%d}" if asked.against.year == asked.on.year else asked.against.isoformat()
        heads += [f"{day} {head}" for head in heads]
        heads += [_("笔数增减"), _("余额增减（万元）"), _("占比增减（百分点）")]
    return heads


def _line(
    book: Book, measure: str, keys: Sequence[str], label: str, narrow: dict[str, str], shade: str = ""
) -> Line:
    asked = book.asked
    (count, amount), part = book.of(measure, keys), book.part(measure, keys)
    url = asked.link("loans", **narrow) if count else ""
    cells = [Cell(count, url=url), Cell(amount, "money", url), Cell(part, "share")]
    if asked.against:
        (n, s), was = book.of(measure, keys, asked.against), book.part(measure, keys, asked.against)
        url = asked.before("loans", **narrow) if n else ""
        change = part - was if part is not None and was is not None else None
        cells += [Cell(n, url=url), Cell(s, "money", url), Cell(was, "share"), Cell(count - n, "change")]
        cells += [Cell(amount - s, "money_change"), Cell(change, "points")]
    return Line(label, cells, shade)


def _stock(
    book: Book, name: str, subject: str, finding: str, choices: Any, field: str, first: str, **more: Any
) -> Table:
    lines = [
        _line(book, name, [choice.value], str(choice.label), {field: choice.value}, getattr(choice, "colour", ""))
        for choice in choices
        if book.of(name, [choice.value])[0]
        or (book.asked.against and book.of(name, [choice.value], book.asked.against)[0])
    ]  # fmt: skip
    total = _line(book, name, [choice.value for choice in choices], _("合计"), {})
    empty = _("这一天没有有余额的借据。")
    legend = book.asked.legend if more.get("chart") else ""
    return Table(
        name, subject, finding, first, _heads(book.asked), lines, total, empty=empty, legend=legend, **more
    )


def _amounts(
    book: Book, measure: str, choices: Iterable[Any], shades: dict[str, str] | None = None
) -> list[Bar]:
    """Bars of balances in 万元."""
    found = []
    for choice in choices:
        count, amount = book.of(measure, [choice.value])
        was = book.of(measure, [choice.value], book.asked.against)[1] if book.asked.against else None
        text = _("%(amount)s 万元 · %(n)d 笔") % {"amount": money.wan(amount), "n": count}
        found.append(
            Bar(str(choice.label), float(amount / 10000), text, None if was is None else float(was / 10000),
                (shades or {}).get(choice.value, ""))
        )  # fmt: skip
    return found


def by_class(book: Book) -> Table:
    """五级分类: how much of the balance is 次级及以下."""
    asked = book.asked
    now, then = book.part("class", BAD), book.part_then("class", BAD)
    finding = _("没有有余额的借据") if now is None else _("次级及以下 %(share).1f%%%(moved)s") % {
        "share": now * 100, "moved": moved(asked, now, then),
    }  # fmt: skip
    rows = []
    for one in RiskClass:
        part = book.part("class", [one]) or Decimal(0)
        was = book.part_then("class", [one])
        text = f"{part * 100:.1f}% · {money.wan(book.of('class', [one])[1])} {_('万元')}"
        rows.append(Bar(str(one.label), float(part), text, None if was is None else float(was), one.colour))
    chart = bars(rows, ticks=bool(asked.against)) if book.whole()[0] else None
    return _stock(book, "class", _("五级分类"), finding, RiskClass, "risk_class", _("分类"), chart=chart)


def by_arrears(book: Book) -> Table:
    """Days past due: how much of the balance is overdue at all."""
    asked = book.asked
    count, amount = book.of("arrears", LATE)
    now, then = book.part("arrears", LATE), book.part_then("arrears", LATE)
    finding = _("没有逾期的借据") if not count else _("逾期 %(n)d 笔 %(amount)s 万元，占 %(share).1f%%%(moved)s") % {
        "n": count, "amount": money.wan(amount), "share": (now or 0) * 100, "moved": moved(asked, now, then),
    }  # fmt: skip
    shades = {
        "D30": "watch",
        "D60": "watch",
        "D90": "sub",
        "D180": "doubt",
        "D360": "doubt",
        "LONGER": "loss",
    }
    chart = bars(_amounts(book, "arrears", LATE, shades), ticks=bool(asked.against)) if count else None
    return _stock(book, "arrears", _("逾期天数"), finding, Arrears, "arrears", _("逾期天数"), chart=chart)


def by_maturity(book: Book) -> Table:
    """到期阶梯: what matures within 7, 30 and 90 days, and what is past its maturity and still there."""
    (count, amount), (past, _amount) = book.of("maturing", SOON), book.of("maturing", [Maturing.PAST])
    finding = _("30 天内到期 %(n)d 笔 %(amount)s 万元") % {"n": count, "amount": money.wan(amount)}
    if past:
        finding += _("，另有 %(n)d 笔已过到期日未结清") % {"n": past}
    steps = [Maturing.PAST, *SOON, Maturing.QUARTER]
    shades = {"PAST": "doubt", "WEEK": "sub", "MONTH": "watch"}
    chart = bars(_amounts(book, "maturing", steps, shades), ticks=bool(book.asked.against))
    return _stock(book, "maturing", _("到期"), finding, Maturing, "maturing", _("到期"), chart=chart)


def by_product(book: Book) -> Table:
    """By product: which is the largest."""
    largest = max(Product, key=lambda product: book.of("product", [product])[1])
    part = book.part("product", [largest])
    finding = _("%(product)s最多，占 %(share).1f%%") % {"product": largest.label, "share": (part or 0) * 100}
    return _stock(
        book, "product", _("品种"), finding if part else _("没有有余额的借据"), Product, "product", _("品种")
    )


@dataclass(frozen=True)
class Way:
    """A step from one class to another."""

    before: str
    now: str

    @property
    def kind(self) -> str:
        """worse, better or same; what is new or settled is neither."""
        if NEW in (self.before, self.now) or SETTLED in (self.before, self.now):
            return "same"
        change = RiskClass(self.now).severity - RiskClass(self.before).severity
        return "worse" if change > 0 else "better" if change < 0 else "same"


def migration(book: Book) -> Table:
    """迁徙: from the class of the quarter's end to the class of the day."""
    asked = book.asked
    since = quarter_end_before(asked.on)
    label = {**dict(RiskClass.choices), NEW: _("新增"), SETTLED: _("已结清")}
    froms, tos = [*RiskClass.values, NEW], [*RiskClass.values, SETTLED]
    steps = {
        Way(before, now): book.of("migration", [f"{before}{ARROW}{now}"]) for before in froms for now in tos
    }
    lines, squares = [], []
    for before in froms:
        row = [Way(before, now) for now in tos if (before, now) != (NEW, SETTLED)]
        cells = [
            Cell(steps[way][0], alarming=way.kind == "worse",
                 url=asked.link("loans", moved_from=way.before, moved_to=way.now) if steps[way][0] else "")
            for way in row
        ]  # fmt: skip
        cells += [Cell(None)] * (len(tos) - len(row))
        count, amount = sum(steps[way][0] for way in row), sum((steps[way][1] for way in row), Decimal(0))
        lines.append(Line(str(label[before]), [*cells, Cell(count), Cell(amount, "money")]))
        squares += [
            Square(str(label[before]), str(label[way.now]), f"{steps[way][0]}" if steps[way][0] else "–",
                   way.kind if steps[way][0] else "empty")
            for way in row
        ]  # fmt: skip
    down, up = (
        [steps[way] for way in steps if way.kind == kind and steps[way][0]] for kind in ("worse", "better")
    )
    finding = _("自 %(day)s 以来下迁 %(down)d 笔 %(amount)s 万元，上迁 %(up)d 笔") % {
        "day": since.isoformat(), "down": sum(n for n, _s in down),
        "amount": money.wan(sum((s for _n, s in down), Decimal(0))), "up": sum(n for n, _s in up),
    }  # fmt: skip
    heads = [*(str(label[now]) for now in tos), _("合计笔数"), _("合计余额（万元）")]
    return Table(
        "migration", _("分类迁徙"), finding, _("上季末分类"), heads, lines,
        chart=matrix(squares), legend=_("行为 %(day)s 的分类，列为当日分类；数字为笔数") % {"day": since.isoformat()},
        more=_("笔数；余额为当日余额，已结清的为上季末余额。上季末的分类按当日已知的数据。"),
        empty=_("这一天没有有余额的借据。"),
    )  # fmt: skip


def funds(book: Book) -> Table:
    """资金预警: debts that fall due soon and whose money is not there."""
    asked = book.asked
    kinds = [DebtKind(kind) for kind in CHECKED]
    count, amount = book.of("funds_short", kinds)
    finding = _("到期资金都已备足") if not count else _("%(n)d 笔即将到期的债务资金不足，缺口 %(amount)s 万元") % {
        "n": count, "amount": money.wan(amount),
    }  # fmt: skip
    heads = [_("笔数"), _("缺口（万元）")]
    if asked.against:
        heads += [_("笔数增减"), _("缺口增减（万元）")]

    def line(keys: Sequence[str], label: str, key: str) -> Line:
        n, s = book.of("funds_short", keys)
        url = asked.rows("funds_short", key=key) if n else ""
        cells = [Cell(n, url=url, alarming=n > 0), Cell(s, "money", url)]
        if asked.against:
            was, short = book.of("funds_short", keys, asked.against)
            cells += [Cell(n - was, "change"), Cell(s - short, "money_change")]
        return Line(label, cells)

    lines = [line([kind], str(kind.label), kind.value) for kind in kinds] if count else []
    return Table(
        "funds",
        _("资金预警"),
        finding,
        _("债务"),
        heads,
        lines,
        line(kinds, _("合计"), "") if count else None,
    )


def headlines(book: Book) -> list[Headline]:
    """Balance, 次级及以下, overdue, maturing within 30 days."""
    asked = book.asked
    (count, amount) = book.whole()
    was = book.whole(asked.against)[1] if asked.against else None
    change = "" if was is None else _("较%(day)s %(change)s 万元") % {
        "day": asked.compared, "change": Cell(amount - was, "money_change").text,
    }  # fmt: skip
    found = [
        Headline(
            _("余额（万元）· %(n)d 笔") % {"n": count}, Cell(amount, "money", asked.link("loans")), change
        )
    ]
    for label, measure, keys in ((_("次级及以下"), "class", BAD), (_("逾期"), "arrears", LATE)):
        now, then = book.part(measure, keys), book.part_then(measure, keys)
        n, s = book.of(measure, keys)
        text = _("%(label)s · %(n)d 笔 %(amount)s 万元") % {"label": label, "n": n, "amount": money.wan(s)}
        found.append(Headline(text, Cell(now, "share"), moved(asked, now, then).lstrip("，")))
    n, s = book.of("maturing", SOON)
    found.append(Headline(_("30 天内到期（万元）· %(n)d 笔") % {"n": n}, Cell(s, "money"), ""))
    return found
