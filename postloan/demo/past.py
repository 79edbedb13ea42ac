"""What was done on paper before the branch went live: visits, letters and their proof, classes, returned originals."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from core.periods import quarter_of
from postloan.demo.book import FIXED, GUARANTEE, HOUSING, WORKING, Spec
from postloan.demo.cast import PEOPLE, PERSON_SINCE, PERSON_UNITS
from postloan.demo.days import add_months, weekday
from postloan.demo.layout import Row, row
from postloan.demo.lending import Note
from postloan.demo.money import FIRST_SHARE, PART_PAID
from postloan.demo.names import CORPORATE, PERSONAL, Profile
from postloan.demo.notes import GRADES
from postloan.demo.security import Deeds
from postloan.demo.world import World

NAMES = {number: name for number, name, *_ in PEOPLE}
WORDS = {
    "正常": ("经营正常，用途合规，押品状况良好", "生产、销售平稳，回款及时，未见异常", "收入稳定，按期还款"),
    "关注": ("订单下降，需关注现金流", "回款放缓，已要求提供还款计划"),
    "次级": ("还款能力明显不足，已发催收通知", "主要靠处置资产还款，拟追加担保"),
    "可疑": ("基本停止经营，拟起诉",),
    "损失": ("已停业，无可供执行财产",),
}
UNSENT = 2  # how many letters should be out already and are not
LEFT_OUT = 7  # ... one in so many


def rows(world: World, deeds: Deeds, rng: Random) -> dict[str, list[Row]]:
    """The opening evidence, by kind."""
    return {
        "past_inspections": _inspections(world, rng),
        "past_letters": list(_letters(world, deeds, rng)),
        "past_uses": list(_uses(world)),
        "class_history": _classes(world),
        "letter_returns": _returns(world),
        "deputies": [
            row("deputies", "10023", "10026", world.timeline.turn(2), world.timeline.as_of + timedelta(5), "年休假"),
            row("deputies", "10032", "10033", world.timeline.opening - timedelta(40),
                world.timeline.opening - timedelta(33), "外出培训"),
        ],
    }  # fmt: skip


def _inspections(world: World, rng: Random) -> list[Row]:
    """A visit in the quarter before, in the story's own period where that ends before the story does."""
    timeline = world.timeline
    opening, as_of = timeline.opening, timeline.as_of
    quarter = quarter_of(opening).first
    found: list[Row] = []
    serial = 0
    for profile in world.profiles.values():
        live = [note for _, note in world.of(profile.key) if note.start <= opening - timedelta(20)]
        live = [note for note in live if note.state(opening).balance]
        if not live:
            continue
        worst = max((note.risk_class(opening) for note in live), key=GRADES.index)
        days = set()
        if profile.kind != PERSONAL:
            days.add(weekday(quarter - timedelta(rng.randint(3, 85)), -1))
        if worst != "正常" or (profile.kind == CORPORATE and rng.random() < 0.2):
            days.add(weekday(opening.replace(day=1) - timedelta(rng.randint(2, 25)), -1))
        half = opening.day <= 15 < (as_of.day if as_of.month == opening.month else 99)
        if worst != "正常" and (as_of.month != timeline.go_live.month or (worst == "可疑" and half)):
            days.add(weekday(opening - timedelta(min(rng.randint(0, 4), opening.day - 1)), -1))
        started = min(note.start for note in live)
        for on in sorted(day for day in days if started < day <= opening):
            serial += 1
            then = max((note.risk_class(on) for note in live), key=GRADES.index)
            found.append(
                row("past_inspections", world.numbers[profile.key], on, NAMES[profile.keepers[0]],
                    rng.choice(WORDS[then]), then, f"贷后检{on:%Y%m}-{serial:04d}")
            )  # fmt: skip
    return found


def _uses(world: World) -> Iterator[Row]:
    """What the companies' latest loans had used by going live: all of it, but for the one that is paid in parts."""
    timeline = world.timeline
    for spec, note in world.notes:
        if spec.product in {WORKING, FIXED} and timeline.cash_from <= note.start < timeline.opening:
            share = FIRST_SHARE if (spec.key, spec.amount) == PART_PAID else Decimal(1)
            used = (note.amount * share).quantize(Decimal("0.01"))
            yield row("past_uses", note.number, used, timeline.opening, "放款支付凭证，存信贷档案")


def _letters(world: World, deeds: Deeds, rng: Random) -> Iterator[Row]:
    """The letters for what falls due soon, out a month before but for a few; and those to whoever is late."""
    timeline = world.timeline
    serial, missing = 0, 0
    for place, (spec, note) in enumerate(world.notes):
        sent: list[tuple[date, str]] = []
        due = add_months(note.end, -1)
        if note.unpaid_from and note.unpaid_from < timeline.opening:
            late = [note.unpaid_from + timedelta(days) for days in (12, 75, 165, 255)]
            sent = [(weekday(on), "逾期催收通知书") for on in late if weekday(on) < timeline.opening]
        elif _matures_soon(world, spec, note, due):
            if place % LEFT_OUT == 0 and missing < UNSENT and due > timeline.opening:
                missing += 1
                continue
            sent = [
                (weekday(min(due, timeline.opening) - timedelta(rng.randint(2, 8)), -1), "到期贷款催收函")
            ]
        for on, kind in sent:
            for who, name in _recipients(world, spec, note, deeds):
                serial += 1
                yield _letter(world, note, serial, on, kind, who, name, rng)


def _matures_soon(world: World, spec: Spec, note: Note, due: date) -> bool:
    timeline = world.timeline
    bullet = spec.product not in {HOUSING, GUARANTEE} and bool(note.schedule)
    return bullet and note.start <= timeline.opening < note.end_on(timeline.opening) and due <= timeline.as_of


def _recipients(world: World, spec: Spec, note: Note, deeds: Deeds) -> list[tuple[str, str]]:
    words = {"保证": "保证人", "抵押": "抵押人", "质押": "出质人"}
    own = world.profiles[spec.key].name
    found = [("借款人", own)]
    found += [(words[kind], name) for kind, name in deeds.guarantors.get(note.number, ())]
    return list(dict.fromkeys(found))


def _letter(
    world: World, note: Note, serial: int, on: date, kind: str, who: str, name: str, rng: Random
) -> Row:
    method, proof = rng.choice(
        (("直接送达", "回执签收"), ("邮寄", "特快专递妥投单"), ("直接送达", "回执签收、现场照片"))
    )
    signed = weekday(on + timedelta(rng.randint(0, 4) if method == "直接送达" else rng.randint(2, 5)))
    received: date | None = signed
    urgent = note.end - timedelta(15) <= world.timeline.as_of
    if signed > world.timeline.opening or (not urgent and rng.random() < 0.15):
        received = world.timeline.opening if urgent and on <= world.timeline.opening else None
    number = f"{'催' if kind.startswith('逾期') else '到'}函{on:%Y%m}-{serial:04d}"
    return row("past_letters", number, note.number, kind, who, name, on, method, received,
               f"{proof}，存信贷档案" if received else "")  # fmt: skip


def _classes(world: World) -> list[Row]:
    """The class of every loan since its grant, up to the first state that is told of it."""
    told = [*world.timeline.month_ends, world.timeline.opening]
    found: list[Row] = []
    for _, note in sorted(world.notes, key=lambda pair: pair[1].number):
        if note.start > world.timeline.opening:
            continue
        first = min(day for day in told if day >= note.start)
        then = {max(since, note.start): name for since, name in note.classes}
        found += [row("class_history", note.number, name, on) for on, name in then.items() if on < first]
    return found


def _returns(world: World) -> list[Row]:
    """Originals that came back before."""
    return [
        row(
            "letter_returns",
            note.number,
            "已收回",
            on,
            "会计部重要凭证库 3 柜",
            f"保函原件收回单 {note.number}",
        )
        for _, note, on in returned(world)
    ]


def returned(world: World) -> list[tuple[Spec, Note, date]]:
    """Letters of guarantee that expired before the opening and came back within days."""
    opening = world.timeline.opening
    return [
        (spec, note, weekday(note.end + timedelta(4)))
        for spec, note in world.notes
        if spec.product == GUARANTEE and note.end + timedelta(8) <= opening
    ]


def keepers_before(world: World, profile: Profile) -> tuple[str, date, date] | None:
    """Who managed a customer before the present manager: 工号, from, to."""
    first = min(note.start for _, note in world.of(profile.key))
    present = profile.keepers[0]
    handed_over = PERSON_SINCE[present] + timedelta(30)
    if first > handed_over - timedelta(60):
        return None
    for number, _, _, theirs, post, start in PEOPLE:
        if post == "客户经理" and theirs == PERSON_UNITS[present] and number != present and start <= first:
            return number, max(first, start), handed_over - timedelta(1)
    return None
