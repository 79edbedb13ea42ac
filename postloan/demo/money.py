"""Fills the accounts: each borrower's trade or household, and what each loan put in and took out."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

from postloan.demo import cash as flows
from postloan.demo import misuse
from postloan.demo.book import ACCEPTANCE, BUSINESS, DISCOUNT, FIXED, HOUSING, WORKING, Spec
from postloan.demo.cash import IN, OUT, Other, Trade, day_before
from postloan.demo.cast import BANK
from postloan.demo.lending import Entry, Note
from postloan.demo.names import CORPORATE, OTHER_BANKS, PERSONAL, Profile, partners_of
from postloan.demo.notes import COLLECTION, MARGIN, RESERVE, SETTLEMENT, WAN, apply_margin
from postloan.demo.world import World

ZERO = Decimal(0)
COLLECTING = frozenset({"tiangong", "newmat", "kanghe", "xinyuan", "ganchang", "dingfeng"})
NO_POWER_BILL = ("批发", "零售", "运输", "建筑")
UNCOVERED = Decimal("362500")  # what lay on the account when the draft fell due
COLLECTED_FROM = 1500  # 万元: whose 流贷 is larger receives its sales on an account of their own
FROZEN = "jinzhang"
# Granted shortly before going live: the last instalment of its purpose is not due yet.
PART_PAID = ("xinyuan", "1000")
FIRST_SHARE = Decimal("0.6")  # what the first supplier is paid of a loan
READY = 5  # days before a debt falls due that its money is there


def extra_accounts(key: str, mine: list[Spec]) -> list[str]:
    """The accounts that a borrower's loans ask for beside the settlement account."""
    wanted = {
        RESERVE: any(spec.product == FIXED for spec in mine),
        MARGIN: any(spec.margin != "0" for spec in mine),
        COLLECTION: key in COLLECTING
        or any(spec.product == WORKING and float(spec.amount) >= COLLECTED_FROM for spec in mine),
    }
    return [kind for kind, needed in wanted.items() if needed]


def fill(world: World, rng: Random) -> None:
    """Every movement from the beginning of the window, and the balances before it."""
    thin: dict[str, bool] = {}
    for profile in world.profiles.values():
        mine = world.of(profile.key)
        missed = [note.unpaid_from for _, note in mine if note.unpaid_from]
        thin[profile.key] = bool(missed) or any(spec.poor for spec, _ in mine)
        if thin[profile.key]:
            _in_arrears(world, profile, rng)
        elif profile.kind == PERSONAL:
            _household(world, profile, rng)
        else:
            _business(world, profile, rng)
        for spec, note in mine:
            _loan(world, spec, note, thin=thin[profile.key], rng=rng)
            _gather(world, spec, note, rng)
        if (profile.key, COLLECTION) in world.by_use:
            _sweep(world, profile)
    misuse.add(world)
    for profile in world.profiles.values():
        _begin(world, profile, thin=thin[profile.key], rng=rng)


def _elsewhere(name: str, rng: Random) -> Other:
    """Somebody's account at another bank."""
    return Other(name, f"9{rng.randint(10**14, 10**15 - 1)}", rng.choice(OTHER_BANKS))


def partners(profile: Profile) -> tuple[tuple[Other, ...], tuple[Other, ...]]:
    """A borrower's customers and suppliers with their accounts: the same in its trade, its payments, its register."""
    rng = Random(f"{profile.key} partners")
    customers, suppliers = (
        tuple(_elsewhere(name, rng) for name in group) for group in partners_of(profile.industry)
    )
    return customers, suppliers


def turnover(world: World, key: str) -> float:
    """A month's sales that would carry the borrower's loans, in 元."""
    size = 60_000.0
    for spec, note in world.of(key):
        size += float(note.amount) * {FIXED: 0.05, ACCEPTANCE: 0.1}.get(spec.product, 0.24)
    return size


def _business(world: World, profile: Profile, rng: Random) -> None:
    customers, suppliers = partners(profile)
    account = world.by_use[profile.key, SETTLEMENT]
    monthly = turnover(world, profile.key)
    corporate = profile.kind == CORPORATE
    days = max(spec.stops for spec, _ in world.of(profile.key))
    stops = world.timeline.as_of - timedelta(days) if days else None
    flows.trade(
        world.cash,
        Trade(
            account=account,
            receipts=world.by_use.get((profile.key, COLLECTION), account),
            monthly=monthly,
            customers=customers,
            suppliers=suppliers,
            wages=monthly * 0.06 if corporate else 0.0,
            power=0.0 if any(word in profile.industry for word in NO_POWER_BILL) else monthly * 0.012,
            stops=stops,
        ),
        world.timeline.cash_from,
        world.timeline.as_of,
        rng,
    )


def _in_arrears(world: World, profile: Profile, rng: Random) -> None:
    customers, suppliers = partners(profile)
    until = world.timeline.as_of
    if profile.key == FROZEN:
        until = world.timeline.turn(1) - timedelta(1)
        world.frozen_from[world.by_use[profile.key, SETTLEMENT]] = world.timeline.turn(1)
    monthly = 4_000.0 if profile.kind == PERSONAL else turnover(world, profile.key) * 0.12
    flows.hand_to_mouth(
        world.cash,
        world.by_use[profile.key, SETTLEMENT],
        Other("第三方支付备付金结算") if profile.kind == PERSONAL else customers[0],
        Other("第三方支付备付金结算") if profile.kind == PERSONAL else suppliers[0],
        monthly,
        world.timeline.cash_from,
        until,
        rng,
    )


def _household(world: World, profile: Profile, rng: Random) -> None:
    monthly = sum(
        float(note.schedule[-2].principal + note.schedule[-2].interest) for _, note in world.of(profile.key)
    )
    salary = max(monthly * rng.uniform(2.0, 2.6), 5_500.0)
    flows.household(
        world.cash,
        world.by_use[profile.key, SETTLEMENT],
        Other("代发工资过渡户"),
        salary,
        (salary - monthly) * 0.85,
        world.timeline.cash_from,
        world.timeline.as_of,
        rng,
    )


def _loan(world: World, spec: Spec, note: Note, *, thin: bool, rng: Random) -> None:
    """What a loan put on the account and what it took, in the window."""
    since, until = world.timeline.cash_from, world.timeline.as_of
    owner = Other(world.profiles[spec.key].name, "", BANK)
    settlement = world.by_use[spec.key, SETTLEMENT]
    if spec.margin != "0" and since <= note.start <= until:
        margin = spec.margin_of(note.amount)
        world.cash.transfer(
            settlement, world.by_use[spec.key, MARGIN], note.start, margin, owner, "缴存保证金"
        )
    if spec.product == ACCEPTANCE and note.unpaid_from:
        if since <= note.end <= until:
            _uncovered_draft(world, spec, note)
        return
    if spec.margin != "0":  # a draft or a letter of guarantee puts nothing on the account
        for entry in note.ledger[1:]:
            if since <= entry.on <= until:
                margin = spec.margin_of(note.amount)
                world.cash.transfer(
                    world.by_use[spec.key, MARGIN], settlement, entry.on, margin, owner, "释放保证金"
                )
        return
    for entry in sorted(note.ledger, key=lambda e: (e.on, e.kind)):
        if not since <= entry.on <= until:
            continue
        if entry.kind == "发放":
            _disbursed(world, spec, note, entry.amount, rng)
        elif entry.reverses:
            world.cash.add(
                note.account, entry.on, IN, entry.amount, Other(BANK), "冲正：利息重复入账", loan=note.number,
                reverses=f"{note.number} {entry.reverses}",
            )  # fmt: skip
        else:
            _collect(world, spec, note, entry, thin=thin, rng=rng)


def _disbursed(world: World, spec: Spec, note: Note, amount: Decimal, rng: Random) -> None:
    """The money arrives and is paid on to whoever supplies the purpose (受托支付)."""
    settlement = world.by_use[spec.key, SETTLEMENT]
    world.cash.add(settlement, note.start, IN, amount, Other(BANK), "贷款发放", loan=note.number)
    profile = world.profiles[spec.key]
    if spec.product == DISCOUNT or _awaits_review(world, spec, note, profile):
        return
    on = min(flows.weekday(note.start + timedelta(1)), world.timeline.as_of)
    if profile.kind == PERSONAL and spec.product != BUSINESS:
        name = "洪州装饰工程有限公司" if "装修" in note.purpose else "昌北家居商场有限公司"
        if spec.product == HOUSING:
            name = "洪州置业开发有限公司"
        world.cash.add(settlement, on, OUT, amount, Other(name, "", rng.choice(OTHER_BANKS)), note.purpose)
        return
    _, suppliers = partners(profile)
    first = (amount * FIRST_SHARE).quantize(Decimal(1))
    world.cash.add(settlement, on, OUT, first, suppliers[0], f"受托支付 {note.purpose}"[:60])
    if (spec.key, spec.amount) == PART_PAID:
        return
    world.cash.add(settlement, on, OUT, amount - first, suppliers[1], f"受托支付 {note.purpose}"[:60])


def _awaits_review(world: World, spec: Spec, note: Note, profile: Profile) -> bool:
    """Of what was granted since going live, the crowd's companies and buyers of homes have asked for no payment yet.

    A sole trader among the rest pays without asking, and the branch sees it.
    """
    crowd = profile.kind == CORPORATE and spec.key.startswith("f")
    return note.start >= world.timeline.go_live and (crowd or spec.product == HOUSING)


def _collect(world: World, spec: Spec, note: Note, entry: Entry, *, thin: bool, rng: Random) -> None:
    """The bank deducts a payment; a large or a difficult one was gathered on the account before."""
    on, amount, kind = entry.on, entry.amount, entry.kind
    owner = world.profiles[spec.key].name
    settlement = world.by_use[spec.key, SETTLEMENT]
    ready = on if spec.short else day_before(on, READY)
    if thin or (kind == "归还本金" and amount >= 100 * WAN):
        summary = "转入还款资金" if thin else "归集还款资金"
        other = _elsewhere(owner, rng)
        if ready >= world.timeline.cash_from:
            world.cash.add(settlement, ready, IN, amount, other, summary)
    if note.account != settlement:
        world.cash.transfer(settlement, note.account, ready, amount, Other(owner, "", BANK), "转入还款准备金")
    mark = f"{note.number} {entry.mark}" if entry.mark else ""
    told = f"{note.number} {kind}"
    world.cash.add(note.account, on, OUT, amount, Other(BANK), told, loan=note.number, mark=mark)


def _gather(world: World, spec: Spec, note: Note, rng: Random) -> None:
    """What falls due in the days after the story: whoever is sound has the money there already."""
    left = (note.end - world.timeline.as_of).days
    if not 0 < left <= READY + 2 or spec.short or note.unpaid_from or not note.schedule:
        return
    ready = min(day_before(note.end, READY), world.timeline.as_of)
    amount = spec.exposure_of(note.amount)
    other = _elsewhere(world.profiles[spec.key].name, rng)
    world.cash.add(world.by_use[spec.key, SETTLEMENT], ready, IN, amount, other, "归集还款资金")


def _uncovered_draft(world: World, spec: Spec, note: Note) -> None:
    """The draft fell due: the last receipt and the margin were taken, the rest the branch had to pay."""
    settlement, margin_account = world.by_use[spec.key, SETTLEMENT], world.by_use[spec.key, MARGIN]
    margin = apply_margin(spec, note, UNCOVERED)
    world.cash.add(settlement, note.end, IN, UNCOVERED, Other("个人客户零售收款"), "售车款")
    world.cash.add(settlement, note.end, OUT, UNCOVERED, Other(BANK), f"{note.number} 承兑到期扣款")
    world.cash.add(margin_account, note.end, OUT, margin, Other(BANK), f"{note.number} 保证金扣划")


def _sweep(world: World, profile: Profile) -> None:
    """Receipts on the collection account go to the settlement account on the first of the next month."""
    source, target = world.by_use[profile.key, COLLECTION], world.by_use[profile.key, SETTLEMENT]
    owner = Other(profile.name, "", BANK)
    for month in flows.first_days(world.timeline.cash_from, world.timeline.as_of):
        moved = [m.signed for m in world.cash.of(source) if m.on < month]
        on = flows.on_weekday(month, 1)
        if on <= world.timeline.as_of:
            world.cash.transfer(source, target, on, max(sum(moved, ZERO), ZERO), owner, "划转结算户")


def _begin(world: World, profile: Profile, *, thin: bool, rng: Random) -> None:
    """Balances before the first movement: enough that no account is ever below nothing."""
    for account in world.accounts_of(profile.key):
        if account.kind == MARGIN:
            world.openings[account.number] = world.margin(
                profile.key, world.timeline.cash_from - timedelta(1)
            )
            continue
        base = ZERO
        if account.kind not in {RESERVE, COLLECTION} and profile.key != "yitong":
            if thin:
                base = flows.fen(
                    rng, rng.uniform(90, 700) if profile.kind == PERSONAL else rng.uniform(1500, 9000)
                )
            elif profile.kind == PERSONAL:
                base = flows.fen(rng, rng.uniform(3_000, 40_000))
            else:
                base = flows.fen(rng, turnover(world, profile.key) * rng.uniform(0.08, 0.3))
        world.openings[account.number] = base - world.cash.lowest(account.number)
