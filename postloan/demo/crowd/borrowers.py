"""Who the crowd is: companies, sole traders and persons, each with an address and the people who answer for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from postloan.demo.crowd import words
from postloan.demo.names import BORROWERS, CORPORATE, PERSONAL, SOLE_TRADER, Profile

# How many of each kind a customer manager has beside the hand-written ones: (法人, 个体, 个人).
SHARES = {
    "10021": (14, 0, 0), "10022": (14, 0, 0), "10023": (15, 0, 0), "10026": (18, 0, 0),
    "10024": (0, 18, 0), "10028": (0, 20, 6),
    "10025": (0, 0, 26), "10027": (0, 0, 36), "10029": (0, 0, 34),
    "20021": (15, 0, 0), "20022": (0, 6, 12), "20023": (0, 0, 24),
}  # fmt: skip
LETTERS = {CORPORATE: "f", SOLE_TRADER: "m", PERSONAL: "p"}  # a key is one of these and three digits
RATINGS = ("AA", "A", "A", "A", "BBB", "BBB", "BBB", "BB")
RETAIL_RATINGS = ("优质", "良好", "良好", "良好", "一般")


@dataclass(frozen=True)
class Member:
    """One of the crowd: who it is, and what its trade borrows for; `income` in 元 a month, of persons."""

    profile: Profile
    working: tuple[str, ...] = ()
    fixed: str = ""
    farming: bool = False
    income: int = 0


def members(rng: Random) -> list[Member]:
    """The crowd in a fixed order: companies, sole traders, persons; no name occurs twice."""
    names = _Names(rng)
    found: list[Member] = []
    for column, (kind, letter) in enumerate(LETTERS.items()):
        for manager, shares in SHARES.items():
            for _ in range(shares[column]):
                key = f"{letter}{len(found) + 1:03d}"
                found.append(_MAKERS[kind](key, _keepers(manager, rng), names, rng))
    return found


def places(profiles: Mapping[str, Profile], letter: str) -> list[str]:
    """The keys of the crowd's borrowers of a kind, each at its place."""
    return [key for key in profiles if key[0] == letter and key[1:].isdigit()]


def _keepers(manager: str, rng: Random) -> tuple[str, str, str]:
    if manager.startswith("2"):
        return manager, "20032", "20001"
    return manager, rng.choice(("10032", "10033")), rng.choice(("10001", "10002"))


class _Names:
    """Names that nobody else in the story bears."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.taken = {profile.name for profile in BORROWERS} | {profile.legal for profile in BORROWERS}
        pairs = [first + second for first in words.FIRST for second in words.SECOND]
        rng.shuffle(pairs)
        self.brands: Iterator[str] = iter(pairs)

    def person(self) -> str:
        """A person's name."""
        while True:
            name = self.rng.choice(words.SURNAMES) + self.rng.choice(words.GIVEN)
            if name not in self.taken:
                self.taken.add(name)
                return name


def _place(manager: str, rng: Random) -> tuple[str, str, str]:
    area, district, roads = words.EAST if manager.startswith("2") else rng.choice(words.DISTRICTS)
    return area, district, f"南昌市{district}{rng.choice(roads)}{rng.randint(8, 1899)}号"


def _home(manager: str) -> str:
    return "城东支行" if manager.startswith("2") else "工人支行"


def _company(key: str, keepers: tuple[str, str, str], names: _Names, rng: Random) -> Member:
    trade = rng.choice(words.TRADES)
    area, _, address = _place(keepers[0], rng)
    name = f"{rng.choice(words.REGIONS)}{next(names.brands)}{rng.choice(trade.suffixes)}有限公司"
    profile = Profile(
        key, name, CORPORATE, trade.industry, area, address, trade.business, rng.choice(RATINGS), names.person(),
        _home(keepers[0]), keepers,
    )  # fmt: skip
    return Member(profile, trade.working, trade.fixed, trade.farming)


def _shop(key: str, keepers: tuple[str, str, str], names: _Names, rng: Random) -> Member:
    shop = rng.choice(words.SHOPS)
    area, district, address = _place(keepers[0], rng)
    name = f"{district}{next(names.brands)}{rng.choice(shop.suffixes)}"
    profile = Profile(
        key, name, SOLE_TRADER, shop.industry, area, address, shop.business, rng.choice(RETAIL_RATINGS),
        names.person(), _home(keepers[0]), keepers,
    )  # fmt: skip
    return Member(profile, shop.purposes, farming=shop.industry == "农业")


def _person(key: str, keepers: tuple[str, str, str], names: _Names, rng: Random) -> Member:
    area, _, street = _place(keepers[0], rng)
    address = f"{street}{rng.randint(1, 18)}栋{rng.randint(1, 25)}0{rng.randint(1, 4)}室"
    rating = rng.choice(RETAIL_RATINGS)
    working: tuple[str, ...] = ()
    if rng.random() < 0.22:
        industry, business, purpose = rng.choice(words.OWN_TRADES)
        income, working = rng.randint(9, 20) * 1000, (purpose,)
    else:
        industry, business, base = rng.choice(words.JOBS)
        income = round(base * rng.uniform(0.85, 1.3) / 100) * 100
    profile = Profile(
        key,
        names.person(),
        PERSONAL,
        industry,
        area,
        address,
        business,
        rating,
        "",
        _home(keepers[0]),
        keepers,
    )
    return Member(profile, working, farming=industry == "农业", income=income)


_MAKERS = {CORPORATE: _company, SOLE_TRADER: _shop, PERSONAL: _person}
