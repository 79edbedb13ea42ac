"""Who of the crowd is in trouble, in each of the ways that the regulations name: by place among its kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from postloan.demo.book import (
    ACCEPTANCE,
    BUSINESS,
    CONSUMER,
    GUARANTEE,
    HOUSING,
    WORKING,
    Happening,
    before,
    earlier,
    turn,
)
from postloan.demo.crowd.borrowers import places
from postloan.demo.lending import Method
from postloan.demo.names import Profile

Change = dict[str, Any]

_MONTHLY: Change = {"product": WORKING, "method": Method.BULLET, "every": 1, "term": 12, "scheme": ""}
_DRAFT: Change = {"product": ACCEPTANCE, "method": Method.AT_MATURITY, "rate": "0", "term": 6, "every": 1}
_LETTER: Change = {"product": GUARANTEE, "method": Method.NONE, "rate": "0", "matures": None, "margin": "20"}

OF_COMPANIES: dict[int, Change] = {
    2: _MONTHLY | {"grade": "关注"},  # half of its lines stand still
    5: _MONTHLY | {"grade": "关注", "matures": None, "ago": 7, "unpaid": before(40)},
    10: _MONTHLY | {"matures": before(-5), "short": True},  # nothing there days before maturity
    12: _MONTHLY | {"grade": "次级", "matures": None, "ago": 9, "unpaid": before(125)},
    16: _DRAFT | {"matures": before(-6), "margin": "30", "short": True},  # the exposure is not covered
    18: _MONTHLY | {"grade": "次级", "matures": None, "ago": 11, "term": 24, "unpaid": before(210)},
    22: _MONTHLY | {"short": True, "poor": True},  # lives from hand to mouth, pays on the day
    26: _MONTHLY | {"grade": "可疑", "matures": before(300), "unpaid": before(300)},
    28: _MONTHLY | {"matures": before(-8)},  # letters are out, the money is gathered
    33: _MONTHLY | {"grade": "损失", "matures": before(430), "unpaid": before(430), "amount": "300"},
    36: _MONTHLY | {"matures": before(-21)},
    40: _LETTER | {"amount": "240", "granted": before(369), "term": 12, "purpose": "学校改造项目履约保函"},
    42: _LETTER | {"amount": "180", "granted": before(240), "term": 12, "purpose": "道路管网项目履约保函"},
    44: _LETTER | {"amount": "150", "granted": before(345), "term": 12, "purpose": "设备采购项目付款保函"},
    48: _LETTER | {"amount": "220", "granted": before(405), "term": 12, "purpose": "仓储项目预付款保函"},
    46: _MONTHLY | {"falls": (turn(1), "关注")},
    50: _MONTHLY | {"grade": "关注", "matures": before(20), "extended": (earlier(16), 6)},
    53: _MONTHLY | {"granted": turn(4), "matures": None, "scheme": "GS"},  # to be checked for the first time
    58: _MONTHLY | {"grade": "关注"},  # its surety is doubtful
    60: _MONTHLY | {"matures": before(-27)},
    62: _DRAFT | {"matures": before(-16), "margin": "100"},
    66: _MONTHLY | {"grade": "关注", "stops": 70},  # wages, taxes and power run dry
    70: _MONTHLY | {"matures": before(-12)},
}  # fmt: skip
_HOME: Change = {
    "product": HOUSING, "method": Method.ANNUITY, "scheme": "", "amount": "88", "rate": "4.05", "term": 240,
    "purpose": "购买商品住房",
}  # fmt: skip
OF_SHOPS: dict[int, Change] = {
    4: {"product": BUSINESS, "method": Method.ANNUITY, "term": 36, "ago": 12, "matures": None, "scheme": "",
        "grade": "关注", "unpaid": before(35)},
    12: {"product": BUSINESS, "method": Method.ANNUITY, "term": 36, "ago": 15, "matures": None, "scheme": "",
         "grade": "次级", "unpaid": before(115)},
    20: {"granted": turn(2), "matures": None},
    26: {"grade": "关注"},
}  # fmt: skip
OF_PERSONS: dict[int, Change] = {
    5: _HOME | {"ago": 30, "grade": "关注", "unpaid": before(46)},
    13: _HOME | {"ago": 52, "grade": "次级", "unpaid": before(140)},
    25: _HOME | {"ago": 41, "grade": "可疑", "unpaid": before(295)},
    38: {"product": BUSINESS, "ago": 18, "term": 36, "grade": "损失", "unpaid": before(520), "amount": "35",
         "rate": "5.60", "purpose": "店面装修", "scheme": "LS"},
    47: _HOME | {"ago": 26, "grade": "关注", "unpaid": before(25)},
    59: _HOME | {"granted": turn(3)},
    64: {"product": CONSUMER, "amount": "10", "term": 24, "rate": "4.60", "granted": turn(4), "scheme": "XY",
         "purpose": "购置家具家电"},
    72: _HOME | {"ago": 19, "falls": (turn(2), "关注"), "unpaid": turn(2, less=9)},
    90: {"product": BUSINESS, "amount": "60", "ago": 1, "term": 36, "rate": "4.95", "purpose": "备货", "scheme": ""},
    104: {"grade": "关注"},
}  # fmt: skip

# Facts that the branch knew before it went live, and a few of these days; "f" a company, "m" a sole trader.
HAPPENINGS: tuple[tuple[str, int, Any], ...] = (
    ("f", 2, Happening("", "半停产", earlier(75), "两条生产线停一条，订单不足，轮班减为一班")),
    ("f", 5, Happening("", "债权债务纠纷", earlier(38), "下游拖欠货款 260 万元，已起诉，尚未开庭")),
    ("f", 12, Happening("", "停产", earlier(110), "环保整改停产三个月，整改验收未通过")),
    ("f", 18, Happening("", "债权债务纠纷", earlier(190), "被供应商申请财产保全，厂房已被查封")),
    ("f", 24, Happening("", "重大投资活动", earlier(52), "与县政府签订投资协议，拟新建厂房，总投资 4800 万元")),
    ("f", 34, Happening("", "体制改革", earlier(140), "股东由五人变更为两人，实际控制人未变")),
    ("f", 43, Happening("", "事故与赔偿", earlier(29), "仓库起火，损失原料约 90 万元，保险公司正在定损")),
    ("f", 49, Happening("", "其他重大事项", earlier(18), "法定代表人因病住院，由其子代行职务")),
    ("f", 50, Happening("", "展期", earlier(16), "经审批同意展期六个月，保证人书面同意继续担保", WORKING)),
    ("f", 66, Happening("", "半停产", earlier(40), "出口订单减少，开工率约四成")),
    ("f", 31, Happening("", "重大投资活动", turn(1), "股东会决议出资 3000 万元参股新能源项目")),
    ("f", 65, Happening("", "债权债务纠纷", turn(0), "因买卖合同纠纷被诉，标的 412 万元，已收到应诉通知")),
    ("m", 26, Happening("", "半停产", turn(1), "店面因道路施工停业一半，营业额下降六成")),
)  # fmt: skip


def happenings(profiles: Mapping[str, Profile]) -> Iterator[Happening]:
    """The facts, each with the borrower that it is about."""
    for letter, place, happening in HAPPENINGS:
        yield replace(happening, key=places(profiles, letter)[place])
