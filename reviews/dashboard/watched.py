"""What is watched, in figures: signals of the movements that nobody has judged yet, by kind and level."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from core import money
from monitoring.choices import Level, PaymentStatus, SignalKind
from reviews.dashboard.book import Book
from reviews.dashboard.tables import Cell, Line, Table


def _keys(kinds: Sequence[SignalKind], levels: Sequence[Level]) -> list[str]:
    return [f"{kind.value}/{level.value}" for kind in kinds for level in levels]


def payments(book: Book) -> Table:
    """支付: what waits for its review, and what was reviewed and waits for its release."""
    asked, keys = book.asked, [PaymentStatus.SUBMITTED, PaymentStatus.REVIEWED]
    count, amount = book.of("payments_waiting", keys)
    said = _("%(n)d 笔支付待审核或待放行，共 %(amount)s 万元")
    finding = said % {"n": count, "amount": money.wan(amount)} if count else _("没有待审核、待放行的支付")
    heads = [_("笔数"), _("金额（万元）")]
    if asked.against:
        heads += [_("笔数增减"), _("金额增减（万元）")]

    def line(of: Sequence[str], label: str, key: str) -> Line:
        n, s = book.of("payments_waiting", of)
        url = asked.rows("payments_waiting", key=key) if n else ""
        cells = [Cell(n, url=url), Cell(s, "money", url)]
        if asked.against:
            was, then = book.of("payments_waiting", of, asked.against)
            cells += [Cell(n - was, "change"), Cell(s - then, "money_change")]
        return Line(label, cells)

    labels = {PaymentStatus.SUBMITTED: _("待审核"), PaymentStatus.REVIEWED: _("待放行")}
    return Table(
        "payments",
        _("支付"),
        finding,
        _("等待"),
        heads,
        [line([key], labels[key], key.value) for key in keys] if count else [],
        line(keys, _("合计"), "") if count else None,
    )


def signals(book: Book) -> Table:
    """资金信号: open ones, how many of them red."""
    asked, kinds, levels = book.asked, list(SignalKind), list(Level)
    count, amount = book.of("signals", _keys(kinds, levels))
    red = book.of("signals", _keys(kinds, [Level.RED]))[0]
    said = _("%(n)d 条资金信号待核实，其中红色 %(red)d 条，涉及 %(amount)s 万元")
    figures = {"n": count, "red": red, "amount": money.wan(amount)}
    finding = said % figures if count else _("没有待核实的资金信号")
    heads = [*(str(level.label) for level in levels), _("合计"), _("涉及金额（万元）")]
    if asked.against:
        heads += [_("条数增减"), _("金额增减（万元）")]

    def line(of: Sequence[SignalKind], label: str, kind: str) -> Line:
        cells = []
        for level in levels:
            n = book.of("signals", _keys(of, [level]))[0]
            url = asked.rows("signals", key=f"{kind}/{level.value}") if n else ""
            cells.append(Cell(n, url=url, alarming=n > 0 and level == Level.RED))
        n, s = book.of("signals", _keys(of, levels))
        url = asked.rows("signals", key=kind) if n else ""
        cells += [Cell(n, url=url), Cell(s, "money", url)]
        if asked.against:
            was, then = book.of("signals", _keys(of, levels), asked.against)
            cells += [Cell(n - was, "change"), Cell(s - then, "money_change")]
        return Line(label, cells)

    shown = [kind for kind in kinds if book.of("signals", _keys([kind], levels))[0]]
    return Table(
        "signals",
        _("资金信号"),
        finding,
        _("信号"),
        heads,
        [line([kind], str(kind.label), kind.value) for kind in shown],
        line(kinds, _("合计"), "") if count else None,
    )
