"""From the specification of the book to contracts and loan notes with their schedules and ledgers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from postloan.demo.book import FIXED, WORDS, Spec
from postloan.demo.cast import BRANCHES
from postloan.demo.days import Timeline, add_months, weekday
from postloan.demo.lending import Due, Entry, Method, Note, days_interest, schedule
from postloan.demo.names import Profile

INTEREST_DAY = 20  # 结息日
SETTLEMENT, RESERVE, MARGIN, COLLECTION = "结算", "还款准备金账户", "保证金账户", "资金回笼账户"
WAN = Decimal(10000)


@dataclass
class Agreement:
    """A contract (合同)."""

    number: str
    borrower: str
    product: str
    amount: Decimal
    signed: date
    ends: date
    purpose: str
    approval: str
    approved: date
    scheme: str = ""
    extended: tuple[date, date] | None = None  # (on, new end)

    def ends_on(self, day: date) -> date:
        """The end as it stands on a day."""
        return self.extended[1] if self.extended and self.extended[0] <= day else self.ends


@dataclass
class Placing:
    """A specification with its dates found."""

    spec: Spec
    start: date
    end: date
    day: int
    unpaid: date | None


def place(spec: Spec, timeline: Timeline, rng: Random) -> Placing:
    """Find the dates of a loan; a missed payment falls on the very day that the story names."""
    unpaid = spec.unpaid(timeline) if spec.unpaid else None
    jitter = rng.randint(1, 26)
    day = unpaid.day if unpaid else INTEREST_DAY
    if spec.granted:
        start = spec.granted(timeline)
        day = start.day if spec.method is Method.ANNUITY else INTEREST_DAY
        return Placing(spec, start, add_months(start, spec.term), day, unpaid)
    if spec.matures:
        end = spec.matures(timeline)
        return Placing(spec, add_months(end, -spec.term), end, INTEREST_DAY, unpaid)
    if spec.method is Method.ANNUITY:
        # 对日还款: the first of a loan's payments lies a month after its grant, on the same day of the month.
        start = add_months(unpaid or timeline.as_of, -spec.ago, keep=unpaid.day if unpaid else jitter)
        return Placing(spec, start, add_months(start, spec.term, keep=day if unpaid else start.day),
                       unpaid.day if unpaid else start.day, unpaid)  # fmt: skip
    start = weekday(add_months(timeline.as_of, -spec.ago, keep=jitter))
    if start >= timeline.as_of - timedelta(5):
        start = weekday(timeline.as_of - timedelta(7), -1)
    return Placing(spec, start, add_months(start, spec.term), day, unpaid)


def extended_schedule(note: Note, day: int, end: date) -> list[Due]:
    """The schedule after a 展期: the old maturity keeps its interest, the principal moves to the new one."""
    last = note.schedule[-1]
    kept = [*note.schedule[:-1], Due(last.on, Decimal(0), last.interest)]
    further = schedule(
        amount=note.amount, rate=note.rate, start=last.on, end=end, method=Method.BULLET, every=1, day=day
    )
    return kept + further


def build_notes(
    specs: Sequence[Spec], profiles: dict[str, Profile], numbers: dict[str, str], accounts: dict[tuple[str, str], str],
    timeline: Timeline, rng: Random,
) -> tuple[list[Agreement], list[tuple[Spec, Note]]]:  # fmt: skip
    """All contracts and notes, numbered in the order of signing, with the ledger up to the story's end."""
    placings = [place(spec, timeline, rng) for spec in specs]
    groups: list[list[Placing]] = []
    for placing in placings:
        if placing.spec.joins:
            groups[-1].append(placing)
        else:
            groups.append([placing])
    for group in groups:  # a contract is signed before the first of its loans, whichever is told first
        group.sort(key=lambda placing: placing.start)
    agreements: list[Agreement] = []
    notes: list[tuple[Spec, Note]] = []
    counters: dict[int, int] = {}
    for group in sorted(groups, key=lambda g: (g[0].start, g[0].spec.key)):
        first = group[0]
        signed = weekday(first.start - timedelta(rng.randint(0, 3)), -1)
        approved = weekday(signed - timedelta(rng.randint(8, 25)), -1)
        serial = counters[signed.year] = counters.get(signed.year, 100) + rng.randint(7, 61)
        stem = f"{signed.year}-{serial:04d}"
        total = sum((Decimal(p.spec.amount) for p in group), Decimal(0))
        agreement = Agreement(
            number=f"{WORDS[first.spec.product]}字{stem}",
            borrower=numbers[first.spec.key],
            product=first.spec.product,
            amount=(Decimal(first.spec.line) if first.spec.line else total) * WAN,
            signed=signed,
            ends=max(p.end for p in group),
            purpose=first.spec.purpose,
            approval=f"工支审〔{approved.year}〕{serial + 11}号",
            approved=approved,
            scheme=first.spec.scheme,
        )
        agreements.append(agreement)
        for n, placing in enumerate(group, 1):
            notes.append(
                (placing.spec, _note(placing, agreement, f"{stem}-{n}", profiles, accounts, timeline))
            )
    return agreements, notes


def _note(
    placing: Placing, agreement: Agreement, number: str, profiles: dict[str, Profile],
    accounts: dict[tuple[str, str], str], timeline: Timeline,
) -> Note:  # fmt: skip
    spec = placing.spec
    amount, rate = Decimal(spec.amount) * WAN, Decimal(spec.rate) / 100
    note = Note(
        number=number,
        contract=agreement.number,
        borrower=agreement.borrower,
        unit=BRANCHES[profiles[spec.key].home],
        product=spec.product,
        amount=amount,
        rate=rate,
        start=placing.start,
        end=placing.end,
        purpose=spec.purpose,
        account=accounts[spec.key, RESERVE if spec.product == FIXED else SETTLEMENT],
        schedule=schedule(
            amount=amount, rate=rate, start=placing.start, end=placing.end, method=spec.method,
            every=spec.every, day=placing.day,
        ),
        classes=_classes(placing, timeline),
        unpaid_from=placing.unpaid,
    )  # fmt: skip
    if spec.extended:
        agreed = spec.extended[0](timeline)
        end = add_months(placing.end, spec.extended[1])
        note.extended = (agreed, end, extended_schedule(note, placing.day, end))
        agreement.extended = (agreed, end)
    note.pay(timeline.as_of)
    return note


GRADES = ("正常", "关注", "次级", "可疑", "损失")
WORSENS = (10, 91, 271, 361)  # days after the first missed payment: 关注, 次级, 可疑, 损失
IN_CLASS = 70  # days that a class without arrears has lasted at the opening


def _classes(placing: Placing, timeline: Timeline) -> list[tuple[date, str]]:
    """The classes of a loan since its grant: worse with its arrears, at the opening what the story says."""
    spec, opening = placing.spec, timeline.opening
    reached = GRADES.index(spec.grade)
    classes = [(date.min, GRADES[0])]
    if placing.unpaid:
        steps = zip(WORSENS, GRADES[1 : reached + 1], strict=False)
        classes += [(on, name) for days, name in steps if (on := placing.unpaid + timedelta(days)) <= opening]
    if classes[-1][1] != spec.grade:
        classes.append((max(opening - timedelta(IN_CLASS), classes[-1][0], placing.start), spec.grade))
    if spec.falls:
        classes.append((spec.falls[0](timeline), spec.falls[1]))
    return classes


def apply_margin(spec: Spec, note: Note, own_funds: Decimal) -> Decimal:
    """An uncovered draft: margin and what lay on the account go against it, the branch pays the rest."""
    margin = spec.margin_of(note.amount)
    note.ledger.append(Entry(note.end, "归还本金", margin + own_funds))
    return margin


def pay_late_once(note: Note, before: date, days: int) -> None:
    """One interest payment of the past came some days late, with the compound interest on it (复利)."""
    due = [d for d in note.schedule if d.interest and d.on < before - timedelta(days)][-1]
    note.ledger = [
        Entry(e.on + timedelta(days), e.kind, e.amount) if (e.on, e.kind) == (due.on, "归还利息") else e
        for e in note.ledger
    ]
    late = days_interest(due.interest, note.rate * Decimal("1.5"), days)
    note.ledger.append(Entry(due.on + timedelta(days), "归还罚息复利", late))


def post_twice_and_reverse(note: Note, before: date) -> None:
    """An interest payment was entered twice by mistake and reversed on the next weekday (冲正)."""
    entry = [e for e in note.ledger if e.kind == "归还利息" and e.on < before][-1]
    note.ledger.append(Entry(entry.on, entry.kind, entry.amount, mark="twice"))
    note.ledger.append(Entry(weekday(entry.on + timedelta(1)), entry.kind, entry.amount, reverses="twice"))
