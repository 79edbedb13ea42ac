"""Bills under acceptance agreements and discounts, letters of guarantee and the claims under them."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from postloan.demo.book import ACCEPTANCE, DISCOUNT, GUARANTEE, Spec
from postloan.demo.cast import BANK
from postloan.demo.days import weekday
from postloan.demo.layout import Row, row
from postloan.demo.lending import Note
from postloan.demo.names import OTHER_BANKS, partners_of
from postloan.demo.world import World

Dated = list[tuple[date, Row]]
BENEFICIARIES = (
    "赣中电力物资有限公司",
    "昌北新区建设管理中心",
    "洪州城建安装有限公司",
    "抚河水务工程项目部",
    "江右教育装备采购中心",
)
LETTER_WORDS = ("履约保函", "预付款保函", "投标保函", "质量保函", "付款保函")
CLAIMED = {
    42: ("", ""),
    4: ("受益人撤回索赔", "40"),
}  # by place among the crowd's companies: outcome, days until it


def bills(world: World, rng: Random) -> Dated:
    """Some bills for each agreement, adding up to it; they mature with it."""
    found: Dated = []
    serial = 0
    for spec, note in world.notes:
        if spec.product not in {ACCEPTANCE, DISCOUNT}:
            continue
        customers, suppliers = partners_of(world.profiles[spec.key].industry)
        own = world.profiles[spec.key].name
        for amount in _split(
            note.amount, rng.randint(2, 5) if spec.product == ACCEPTANCE else rng.randint(1, 2)
        ):
            serial += 1
            drawn = spec.product == ACCEPTANCE
            drawer, payee = (own, rng.choice(suppliers)) if drawn else (rng.choice(customers), own)
            acceptor = f"{BANK}{world.profiles[spec.key].home}" if drawn else rng.choice(OTHER_BANKS)
            start = note.start if drawn else weekday(note.start - timedelta(rng.randint(3, 12)), -1)
            number = f"5{'36010' if drawn else '10010'}{note.start:%Y%m%d}{serial:09d}"
            found.append(
                (
                    note.start,
                    row(
                        "bills",
                        number,
                        note.number,
                        f"{amount:.2f}",
                        start,
                        note.end,
                        drawer,
                        payee,
                        acceptor,
                    ),
                )
            )
    return found


def _split(amount: Decimal, parts: int) -> list[Decimal]:
    """Whole ten thousands, the last one what is left."""
    each = (amount / parts / 10000).quantize(Decimal(1)) * 10000
    return [*[each] * (parts - 1), amount - each * (parts - 1)]


def _letters(world: World) -> list[tuple[Spec, Note]]:
    return [(spec, note) for spec, note in world.notes if spec.product == GUARANTEE]


def letters(world: World) -> Dated:
    """What each letter stands for; some are electronic and have no original."""
    found: Dated = []
    for place, (spec, note) in enumerate(_letters(world)):
        kind = next((word for word in LETTER_WORDS if note.purpose.endswith(word)), "其他保函")
        electronic = is_electronic(place, spec)
        found.append(
            (note.start, row("letters", note.number, kind, BENEFICIARIES[place % len(BENEFICIARIES)],
                             "是" if electronic else "否", "" if electronic else f"BH{note.number}"))
        )  # fmt: skip
    return found


def is_electronic(place: int, spec: Spec) -> bool:
    """Every third letter is, but not those whose original the story is about."""
    return place % 3 == 2 and spec.granted is None


def claims(world: World) -> Dated:
    """A claim that is open, and one that was settled."""
    found: Dated = []
    companies = [key for key in world.profiles if key[0] == "f" and key[1:].isdigit()]
    for place, (outcome, days) in CLAIMED.items():
        for _, note in (pair for pair in _letters(world) if pair[0].key == companies[place]):
            on = world.timeline.opening - timedelta(12)
            if outcome:
                on = weekday(note.start + timedelta(45))
            settled = on + timedelta(int(days)) if outcome else None
            amount = (note.amount * Decimal("0.6")).quantize(Decimal(1))
            number = f"SP{note.number}"
            found.append(
                (
                    max(on, settled or on),
                    row("letter_claims", number, note.number, f"{amount:.2f}", on, settled, outcome),
                )
            )
    return found
