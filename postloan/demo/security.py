"""What secures the loans: guarantees with their guarantors, collateral, ranks, registrations and valuations."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from postloan.demo.book import Spec
from postloan.demo.crowd import borrowers
from postloan.demo.days import add_months, weekday
from postloan.demo.layout import Dated, row
from postloan.demo.lending import Note
from postloan.demo.names import Profile
from postloan.demo.notes import Agreement
from postloan.demo.pledges import COMPANIES, FALLEN, GUARANTEE_COMPANIES, Thing, plan
from postloan.demo.related import Circle, Person
from postloan.demo.world import World

KINDS = ("guarantees", "secured", "collateral", "liens", "valuations")
APPRAISERS = ("洪都房地产土地评估有限公司", "赣抚资产评估事务所", "本行内部评估")


@dataclass
class Secured:
    """A contract with the notes under it."""

    agreement: Agreement
    notes: list[tuple[Spec, Note]]

    @property
    def first(self) -> Note:
        """The note that was granted first."""
        return self.notes[0][1]


@dataclass
class Deeds:
    """All deeds of security, as they are written one after the other."""

    world: World
    related_parties: Circle
    rng: Random
    rows: dict[str, Dated] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    # By borrower: number, claims, ranks.
    houses: dict[str, tuple[str, Decimal, int]] = field(default_factory=dict)
    guarantors: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # by loan: kind and name
    turns: Counter[str] = field(default_factory=Counter)  # contracts by product
    things: int = 0

    def write(self) -> dict[str, Dated]:
        """Secure every contract; {kind: dated rows}."""
        by_number = {agreement.number: agreement for agreement in self.world.agreements}
        for profile in self.world.profiles.values():
            contracts: dict[str, list[tuple[Spec, Note]]] = {}
            for spec, note in self.world.of(profile.key):
                contracts.setdefault(note.contract, []).append((spec, note))
            for number, notes in contracts.items():
                self._secure(profile, Secured(by_number[number], notes))
        return self.rows

    def _secure(self, profile: Profile, contract: Secured) -> None:
        spec = contract.notes[0][0]
        amount = spec.exposure_of(contract.agreement.amount)
        if not amount:
            return  # the margin covers it whole
        parts = plan(profile, spec, self.turns[spec.product])
        self.turns[spec.product] += 1
        if profile.key in self.related_parties.guarantors and "customer" not in parts:
            parts = ("customer", *parts)  # as members of a group answer for each other
        for n, part in enumerate(parts, 1):
            number = f"{contract.agreement.number.split('字')[1]}-{n}"
            if isinstance(part, Thing):
                self._collateral(
                    profile, contract, part, f"{'质' if part.pledged else '抵'}字{number}", amount
                )
            else:
                self._surety(profile, contract, part, f"保字{number}", amount)

    def _surety(self, profile: Profile, contract: Secured, who: str, number: str, amount: Decimal) -> None:
        mode = "一般保证" if who in {"customer", "company"} and self.rng.random() < 0.14 else "连带责任保证"
        months = self.rng.choice((24, 36, 36, 36, None))
        if who == "customer":
            key = self._guarantor(profile)
            surety = (self.world.profiles[key].name, "", self.world.numbers[key])
        elif who == "company":
            surety = (self.rng.choice(GUARANTEE_COMPANIES), "", "")
        else:
            person = self._person(profile, who) or Person(f"{profile.name[0]}建华", "")
            surety = (person.name, person.papers, "")
        self._guarantee(contract, number, "保证", surety, amount, mode, months)

    def _person(self, profile: Profile, who: str) -> Person | None:
        """One of the borrower's people, or who is nearest where there is none."""
        related = self.related_parties.of[profile.key]
        found: Person | None = getattr(related, who) or related.spouse or related.legal
        return found

    def _guarantor(self, profile: Profile) -> str:
        if profile.key in self.related_parties.guarantors:
            return self.related_parties.guarantors[profile.key]
        companies = borrowers.places(self.world.profiles, "f")
        while True:
            key = self.rng.choice([*companies, *COMPANIES])
            if key != profile.key and all(s.grade == "正常" for s, _ in self.world.of(key)):
                return key

    def _guarantee(
        self, contract: Secured, number: str, kind: str, who: tuple[str, str, str], amount: Decimal,
        mode: str = "", months: int | None = None, secured: Decimal | None = None,
    ) -> None:  # fmt: skip
        """The deed itself and what it secures; one of a line of credit is a 最高额 guarantee."""
        agreement, on = contract.agreement, contract.first.start
        total = sum((note.amount for _, note in contract.notes), Decimal(0))
        maximum = agreement.amount != total or len(contract.notes) > 1
        fixed = agreement.ends if maximum and contract.first.unpaid_from else None
        ends = max(note.end for _, note in contract.notes)
        over = ends < self.world.timeline.opening and not any(
            n.unpaid_from or n.extended for _, n in contract.notes
        )
        self.rows["guarantees"].append(
            (on, row("guarantees", number, agreement.borrower, kind, *who, f"{amount:.2f}", "是" if maximum else "否",
                     agreement.signed, agreement.signed if maximum else None, agreement.ends if maximum else None,
                     fixed, mode, months, ends if over else None))
        )  # fmt: skip
        for spec, note in contract.notes:
            self.guarantors.setdefault(note.number, []).append((kind, who[0]))
            part = f"{secured if secured is not None else spec.exposure_of(note.amount):.2f}"
            settled = note.ledger[-1].on if note.state(self.world.timeline.as_of).balance == 0 else None
            self.rows["secured"].append(
                (note.start, row("secured", number, note.number, part, note.start, None))
            )
            if settled:
                self.rows["secured"].append(
                    (settled, row("secured", number, note.number, part, note.start, settled))
                )

    def _collateral(
        self, profile: Profile, contract: Secured, thing: Thing, number: str, amount: Decimal
    ) -> None:
        owner, papers = profile.name, ""
        if thing.owner != "borrower" and (person := self._person(profile, thing.owner)):
            owner, papers = person.name, person.papers
        customer = self.world.numbers[profile.key] if owner == profile.name else ""
        covered = amount * Decimal(thing.covers) / 100
        secured = covered if thing.covers != 100 else None
        kind = "质押" if thing.pledged else "抵押"
        self._guarantee(contract, number, kind, (owner, papers, customer), covered, secured=secured)
        house = thing.kind == "房产" and thing.owner == "borrower"
        if house and (before := self.houses.get(profile.key)):
            collateral, prior, rank = before
        else:
            collateral, prior, rank = self._new_thing(profile, contract, thing, owner, covered), Decimal(0), 0
        if house:
            self.houses[profile.key] = (collateral, prior + covered, rank + 1)
        on = contract.first.start
        registered = None if thing.unregistered else weekday(on - timedelta(self.rng.randint(1, 3)), -1)
        self.rows["liens"].append(
            (on, row("liens", number, collateral, rank + 1, f"{prior:.2f}", registered,
                     f"赣({on.year})南昌{thing.register}第{self.rng.randint(10**6, 10**7 - 1)}号" if registered else "",
                     None))
        )  # fmt: skip

    def _new_thing(
        self, profile: Profile, contract: Secured, thing: Thing, owner: str, amount: Decimal
    ) -> str:
        self.things += 1
        number, on = f"YP{360100000 + self.things}", contract.first.start
        certificate = (
            f"赣({on.year - 2})南昌市不动产权第{self.rng.randint(10**6, 10**7 - 1)}号" if thing.deeded else ""
        )
        self.rows["collateral"].append(
            (on, row("collateral", number, thing.kind, thing.named(profile), owner,
                     profile.address if thing.deeded else "", certificate))
        )  # fmt: skip
        value = (amount / Decimal(thing.lends) * 100 / 1000).quantize(Decimal(1)) * 1000
        appraiser = APPRAISERS[2] if thing.kind in {"存单", "票据"} else self.rng.choice(APPRAISERS[:2])
        # Valued when it is registered, and once a year after that; some have waited longer.
        day, opening = weekday(on - timedelta(1), -1), self.world.timeline.opening
        self._valued(on, number, day, value, appraiser)
        if thing.kind in {"存单", "票据"}:
            return number
        while (day := weekday(add_months(day, 12))) <= opening:
            if day > opening - timedelta(800) and self.rng.random() < 0.85:
                value = (value * self.rng.randint(950, 1015) / 1000 / 1000).quantize(Decimal(1)) * 1000
                self._valued(day, number, day, value, appraiser)
        if thing.kind in FALLEN and on < opening - timedelta(90) and self.rng.random() < 0.12:
            fallen = (value * self.rng.randint(62, 74) / 100 / 1000).quantize(Decimal(1)) * 1000
            on = weekday(opening - timedelta(self.rng.randint(5, 50)), -1)
            self._valued(on, number, on, fallen, appraiser)
        return number

    def _valued(self, told: date, number: str, on: date, value: Decimal, appraiser: str) -> None:
        self.rows["valuations"].append(
            (max(told, on), row("valuations", number, on, f"{value:.2f}", appraiser))
        )
