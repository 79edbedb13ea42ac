"""What the crowd owes: loans by kind of borrower, their amounts, rates and terms those of a branch in Nanchang."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from postloan.demo.book import (
    ACCEPTANCE,
    BUSINESS,
    CONSUMER,
    DISCOUNT,
    FIXED,
    GUARANTEE,
    HOUSING,
    MICRO,
    WORKING,
    Spec,
    before,
)
from postloan.demo.crowd.borrowers import Member
from postloan.demo.crowd.troubles import OF_COMPANIES, OF_PERSONS, OF_SHOPS
from postloan.demo.lending import Method
from postloan.demo.names import CORPORATE, SOLE_TRADER

# By rating, in per cent: LPR with the mark-up of the customer.
RATES = {"AA": (345, 365), "A": (360, 395), "BBB": (390, 440), "BB": (430, 485)}
AMOUNTS = {
    "AA": (800, 1000, 1500, 2000, 3000, 4000),
    "A": (400, 500, 600, 800, 1000, 1500, 2000),
    "BBB": (200, 300, 400, 500, 600, 800),
    "BB": (200, 260, 300, 380, 400),
}
MARGINS = ("30", "40", "50", "100")
LETTERS = ("履约保函", "预付款保函", "质量保函", "投标保函", "付款保函")
# Schemes other than their product's, by place among the companies or the shops.
COMPANY_SCHEMES = {9: "FW", 21: "FW", 37: "FW", 14: "GS", 30: "GS", 55: "GS"}
# Paid out lately, so that a first check is overdue with one and falls due soon with the other: days left of the year.
LATELY = {14: 340, 30: 352}
SHOP_SCHEMES = {3: "XD", 17: "XD", 31: "XD"}


def specs(members: list[Member], rng: Random) -> list[Spec]:
    """The loans of the crowd, borrower by borrower; loans of one contract stand together."""
    found: list[Spec] = []
    places: dict[str, int] = {}
    for member in members:
        kind = member.profile.kind
        place = places[kind] = places.get(kind, -1) + 1
        if kind == CORPORATE:
            mine, troubles = _company(member, place, rng), OF_COMPANIES
        elif kind == SOLE_TRADER:
            mine, troubles = _shop(member, place, rng), OF_SHOPS
        else:
            mine, troubles = _person(member, place, rng), OF_PERSONS
        if place in troubles:  # what is in trouble has one loan, so that the trouble is plain
            mine = [replace(mine[0], line="", **troubles[place])]
        found += mine
    return found


def _rate(rng: Random, low: int, high: int) -> str:
    return f"{rng.randrange(low, high + 1, 5) / 100:.2f}"


def _round(amount: float, step: int = 1) -> str:
    return str(max(step, round(amount / step) * step))


def _company(member: Member, place: int, rng: Random) -> list[Spec]:
    key, rating = member.profile.key, member.profile.rating
    rate = _rate(rng, *RATES[rating])
    term = rng.choice((12, 12, 12, 12, 6, 24))
    ahead = before(-rng.randint(34, 140 if term == 6 else 340))
    if place in LATELY:
        term, ahead = 12, before(-LATELY[place])
    scheme = COMPANY_SCHEMES.get(place, "NX" if member.farming else "")
    if place % 4 == 3:
        small = str(rng.choice((200, 220, 260, 300, 350, 400, 480)))
        return [
            Spec(key, MICRO, small, _rate(rng, 390, 460), 0, 12, rng.choice(member.working), matures=ahead,
                 scheme=scheme)
        ]  # fmt: skip
    amount = rng.choice(AMOUNTS[rating])
    every = 3 if amount >= 1000 or scheme == "FW" else 1
    found = [
        Spec(
            key,
            WORKING,
            str(amount),
            rate,
            0,
            term,
            member.working[0],
            every=every,
            matures=ahead,
            scheme=scheme,
        )
    ]
    if place % 3 == 0:
        found[0] = replace(found[0], line=_round(amount * 1.8, 100))
        found.append(
            Spec(key, WORKING, _round(amount * 0.5, 10), rate, rng.randint(1, 8), 12, member.working[1], every=every,
                 joins=True)
        )  # fmt: skip
    if place % 5 == 1:
        fixed = _round(amount * rng.uniform(1.4, 3.0), 100)
        found.append(
            Spec(key, FIXED, fixed, _rate(rng, 380, 445), rng.randint(6, 44), rng.choice((60, 84, 96, 120)),
                 member.fixed, Method.LINEAR, every=3)
        )  # fmt: skip
    if place % 6 == 2:
        found.append(
            Spec(key, ACCEPTANCE, _round(amount * 0.6, 20), "0", 0, 6, "支付货款", Method.AT_MATURITY,
                 matures=before(-rng.randint(12, 150)), margin=MARGINS[place // 6 % 4])
        )  # fmt: skip
    if place % 9 == 4:
        purpose = f"{member.working[0][2:]}项目{LETTERS[place // 9 % 5]}"
        found.append(
            Spec(key, GUARANTEE, _round(amount * 0.35, 10), "0", rng.randint(3, 10), rng.choice((12, 18, 24)), purpose,
                 Method.NONE, margin="20")
        )  # fmt: skip
    if place % 10 == 5:
        found.append(
            Spec(key, DISCOUNT, _round(amount * 0.3, 10), f"{rng.choice((185, 195, 210))/100:.2f}", 0, 6,
                 "银行承兑汇票贴现", Method.AT_MATURITY, matures=before(-rng.randint(10, 140)))
        )  # fmt: skip
    return found


def _shop(member: Member, place: int, rng: Random) -> list[Spec]:
    scheme = SHOP_SCHEMES.get(place, "NX" if member.farming else "")
    purpose = rng.choice(member.working)
    if place % 2 or scheme:
        amount = str(rng.choice((20, 30, 35, 50, 60, 80, 100)))
        return [
            Spec(member.profile.key, MICRO, amount, _rate(rng, 420, 490), 0, 12, purpose, scheme=scheme,
                 matures=before(-rng.randint(34, 340)))
        ]  # fmt: skip
    amount = str(rng.choice((30, 40, 60, 90, 120, 150)))
    return [
        Spec(member.profile.key, BUSINESS, amount, _rate(rng, 440, 540), rng.randint(2, 30), 36, purpose,
             Method.ANNUITY)
    ]  # fmt: skip


def _person(member: Member, place: int, rng: Random) -> list[Spec]:
    key, monthly = member.profile.key, member.income / 10000
    if member.working:
        scheme = "NX" if member.farming else ("LS" if place % 3 == 0 else "")
        amount = _round(min(max(monthly * rng.uniform(16, 36), 15), 150), 1)
        return [
            Spec(key, BUSINESS, amount, _rate(rng, 450, 560), rng.randint(2, 28), 36, member.working[0],
                 Method.ANNUITY, scheme=scheme)
        ]  # fmt: skip
    consumer = Spec(key, CONSUMER, _round(min(max(monthly * rng.uniform(6, 14), 5), 20)), _rate(rng, 435, 480),
                    rng.randint(2, 20), rng.choice((24, 36)), rng.choice(("房屋装修", "购置家具家电")), Method.ANNUITY,
                    scheme="XY" if place % 2 else "")  # fmt: skip
    if place % 5 == 4:
        return [consumer]
    ago = rng.randint(2, 96)
    low, high = (345, 365) if ago < 14 else (385, 465)
    years = rng.choice((15, 20, 20, 25, 30, 30))
    amount = _round(min(max(monthly * rng.uniform(60, 100), 30), 200))
    home = Spec(key, HOUSING, amount, _rate(rng, low, high), ago, years * 12,
                rng.choice(("购买商品住房", "购买商品住房", "购买二手住房")), Method.ANNUITY)  # fmt: skip
    return [home, replace(consumer, scheme="")] if place % 6 == 0 else [home]
