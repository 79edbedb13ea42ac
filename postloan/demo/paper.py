"""Bills under acceptance agreements and discounts, letters of guarantee and the claims under them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

from postloan.demo.book import ACCEPTANCE, DISCOUNT, GUARANTEE, Spec
from postloan.demo.cast import BANK
from postloan.demo.crowd import borrowers
from postloan.demo.crowd.loans import LETTERS
from postloan.demo.days import weekday
from postloan.demo.layout import Dated, row
from postloan.demo.lending import Note
from postloan.demo.names import OTHER_BANKS, partners_of
from postloan.demo.notes import WAN
from postloan.demo.world import World

BENEFICIARIES = (
    "赣中电力物资有限公司",
    "昌北新区建设管理中心",
    "洪州城建安装有限公司",
    "抚河水务工程项目部",
    "江右教育装备采购中心",
)
# By place among the crowd's companies: how the claim was settled, and after how many days.
CLAIMED: dict[int, tuple[str, int] | None] = {42: None, 4: ("受益人撤回索赔", 40)}


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
    each = (amount / parts / WAN).quantize(Decimal(1)) * WAN
    return [*[each] * (parts - 1), amount - each * (parts - 1)]


def _letters(world: World) -> list[tuple[Spec, Note]]:
    return [(spec, note) for spec, note in world.notes if spec.product == GUARANTEE]


def letters(world: World) -> Dated:
    """What each letter stands for; some are electronic and have no original."""
    found: Dated = []
    for place, (spec, note) in enumerate(_letters(world)):
        kind = next((word for word in LETTERS if note.purpose.endswith(word)), "其他保函")
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
    companies = borrowers.places(world.profiles, "f")
    for place, end in CLAIMED.items():
        for note in (note for spec, note in _letters(world) if spec.key == companies[place]):
            on, settled, outcome = world.timeline.opening - timedelta(12), None, ""
            if end:
                on, outcome = weekday(note.start + timedelta(45)), end[0]
                settled = on + timedelta(end[1])
            amount = (note.amount * Decimal("0.6")).quantize(Decimal(1))
            number = f"SP{note.number}"
            found.append(
                (
                    max(on, settled or on),
                    row("letter_claims", number, note.number, f"{amount:.2f}", on, settled, outcome),
                )
            )
    return found
