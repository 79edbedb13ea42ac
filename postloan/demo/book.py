"""What each borrower owes: the loans of the story, placed relative to the day it is told up to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from postloan.demo.days import Timeline
from postloan.demo.lending import Method

Placed = Callable[[Timeline], date]

WORKING, FIXED, HOUSING = "流动资金贷款", "固定资产贷款", "个人住房贷款"
BUSINESS, CONSUMER, MICRO = "个人经营贷款", "个人消费贷款", "小微企业贷款"
ACCEPTANCE, GUARANTEE, DISCOUNT = "银行承兑汇票", "保函", "票据贴现"

# The word that a contract's number begins with.
WORDS = {
    WORKING: "流借", FIXED: "固借", HOUSING: "房借", BUSINESS: "经借", CONSUMER: "消借", MICRO: "微借",
    ACCEPTANCE: "承兑", GUARANTEE: "保函", DISCOUNT: "贴现",
}  # fmt: skip


def before(days: int) -> Placed:
    """Some days before the end of the story (after it, when negative)."""
    return lambda t: t.as_of - timedelta(days)


def turn(weekdays: int, *, less: int = 0) -> Placed:
    """Some days before a turn of the story."""
    return lambda t: t.turn(weekdays) - timedelta(less)


@dataclass(frozen=True)
class Spec:
    """One loan: money in 万元, the rate in per cent, `ago` the months since it was granted.

    `unpaid` is the first payment that was missed; `matures` places the maturity, and the grant with it. `grade` is
    the class at the opening, `falls` what it became later. `joins` puts the loan under the contract of the one before.
    """

    key: str
    product: str
    amount: str
    rate: str
    ago: int
    term: int
    purpose: str
    method: Method = Method.BULLET
    every: int = 1
    grade: str = "正常"
    falls: tuple[Placed, str] | None = None
    unpaid: Placed | None = None
    matures: Placed | None = None
    joins: bool = False
    line: str = ""  # the contract's amount, where it exceeds the loan's
    margin: str = "0"  # 保证金, in per cent
    extended: tuple[Placed, int] | None = None  # when agreed, by how many months
    granted: Placed | None = None  # the day of the grant, where the story names it
    scheme: str = ""  # 管理方案, where it is not the product's
    short: bool = False  # the money comes only on the very day
    stops: int = 0  # days before the story's end since when no wages have been paid
    poor: bool = False  # nothing is left on the account between one payment and the next

    def margin_of(self, amount: Decimal) -> Decimal:
        """What of an amount lies on the margin account (保证金)."""
        return amount * Decimal(self.margin) / 100

    def exposure_of(self, amount: Decimal) -> Decimal:
        """What of an amount the margin does not cover (敞口)."""
        return amount - self.margin_of(amount)


_LINEAR, _ANNUITY = Method.LINEAR, Method.ANNUITY
_ONCE, _NONE = Method.AT_MATURITY, Method.NONE

CORPORATE = (
    # 关注 → 次级 when the interest is 91 days late: the visit of three workdays.
    Spec("poyang", WORKING, "1200", "5.20", 8, 12, "收购河蟹、鲜鱼", grade="关注", unpaid=turn(2, less=91),
         falls=(turn(2), "次级")),
    Spec("tiangong", WORKING, "2000", "3.65", 9, 12, "采购断路器、铜排", every=3, line="3000"),
    Spec("tiangong", WORKING, "800", "3.65", 4, 12, "支付元器件货款", every=3, joins=True),
    Spec("ruifeng", WORKING, "800", "3.95", 11, 12, "收购稻谷", matures=before(-31)),
    Spec("ruifeng", WORKING, "500", "3.95", 12, 12, "收购早稻", matures=turn(6), line="500"),
    Spec("ruifeng", WORKING, "500", "3.85", 0, 11, "收购晚稻", matures=before(-328), joins=True),
    Spec("mingyuan", ACCEPTANCE, "500", "0", 6, 6, "支付钢材货款", _ONCE, matures=before(-4), margin="30",
         short=True),
    Spec("mingyuan", WORKING, "600", "4.20", 5, 12, "采购铝型材"),
    Spec("newmat", WORKING, "3200", "3.85", 7, 12, "采购树脂原料", every=3),
    Spec("newmat", FIXED, "1800", "4.10", 26, 60, "改性塑料二期生产线", _LINEAR, every=3),
    # Wages stop, then the works.
    Spec("jinxiu", WORKING, "950", "4.80", 6, 12, "采购棉纱", grade="关注", stops=50),
    # A draft that the customer could not cover: the branch paid.
    Spec("yitong", ACCEPTANCE, "600", "0", 6, 6, "支付整车采购款", _ONCE, grade="关注", matures=turn(4),
         unpaid=turn(4), margin="40"),
    Spec("yitong", WORKING, "400", "4.65", 9, 12, "采购整车及配件", grade="关注", matures=before(-75),
         unpaid=turn(4)),
    Spec("ganchang", WORKING, "1500", "3.75", 10, 12, "采购铸件、电机", matures=before(-48)),
    Spec("kanghe", WORKING, "4500", "3.45", 5, 12, "采购药品", every=3),
    Spec("kanghe", ACCEPTANCE, "1000", "0", 3, 6, "支付药品货款", _ONCE, margin="30"),
    Spec("dingfeng", WORKING, "2600", "4.05", 8, 12, "支付工程材料款"),
    Spec("dingfeng", GUARANTEE, "480", "0", 10, 24, "安置房项目履约保函", _NONE, margin="20"),
    Spec("dingfeng", GUARANTEE, "300", "0", 7, 9, "道路改造项目预付款保函", _NONE, margin="20"),
    Spec("yunling", MICRO, "280", "4.35", 3, 12, "收购春茶、夏茶"),
    Spec("baichuan", WORKING, "700", "4.10", 2, 12, "支付油料及过路费"),
    Spec("baichuan", FIXED, "900", "4.30", 14, 36, "购置牵引车二十台", _LINEAR, every=3),
    # Interest unpaid since last week.
    Spec("shenghe", FIXED, "3600", "4.90", 40, 96, "酒店装修改造", _LINEAR, every=3, grade="关注"),
    Spec("shenghe", WORKING, "500", "4.75", 7, 12, "采购布草、酒水", grade="关注", unpaid=turn(1, less=1)),
    Spec("jinzhang", WORKING, "560", "5.35", 10, 12, "采购板材、五金", grade="次级", unpaid=before(160)),
    Spec("hongsheng", WORKING, "620", "5.60", 23, 12, "采购电解铜", grade="可疑", matures=before(335),
         unpaid=before(335)),
    Spec("jingyuan", WORKING, "650", "4.55", 12, 12, "采购瓷土、燃气", grade="关注", matures=before(-9),
         extended=(turn(0), 6)),
    Spec("lvye", FIXED, "2400", "3.95", 19, 84, "设施大棚与冷库建设", _LINEAR, every=3),
    Spec("lvye", WORKING, "450", "3.80", 4, 12, "采购种苗、农资"),
    Spec("xinghuo", WORKING, "520", "4.15", 6, 12, "采购白板纸、油墨"),
    Spec("xinghuo", DISCOUNT, "210", "2.10", 2, 6, "银行承兑汇票贴现", _ONCE),
    Spec("xinyuan", WORKING, "5000", "3.50", 3, 12, "采购感光芯片", every=3, line="6000"),
    Spec("xinyuan", WORKING, "1000", "3.50", 1, 12, "支付模具款", every=3, joins=True),
    Spec("anshun", FIXED, "6800", "3.65", 31, 144, "分布式光伏电站建设", _LINEAR, every=3),
    Spec("huatai", WORKING, "380", "6.10", 42, 12, "采购螺纹钢", grade="损失", matures=before(900),
         unpaid=before(900)),
    Spec("hanlin", MICRO, "380", "4.20", 8, 12, "采购印刷用纸"),
    Spec("dongyuan", WORKING, "720", "4.05", 6, 12, "采购大米、调味料"),
    Spec("zhengxing", MICRO, "260", "4.40", 9, 12, "采购聚乙烯原料"),
)  # fmt: skip

RETAIL = (
    # An instalment missed yesterday.
    Spec("hengda", BUSINESS, "90", "5.10", 14, 36, "购进瓷砖、防水材料", _ANNUITY, unpaid=turn(0, less=1)),
    Spec("xieji", MICRO, "60", "4.85", 5, 12, "店面翻新"),
    Spec("xinyue", BUSINESS, "45", "4.60", 16, 36, "购置烘焙设备", _ANNUITY),
    Spec("shunxin", BUSINESS, "80", "5.40", 10, 12, "购进五金工具", matures=before(-55),
         falls=(before(14), "关注")),
    Spec("wenhua", MICRO, "35", "4.50", 2, 12, "采购狼毫、笔杆"),
    Spec("chunyan", BUSINESS, "40", "5.00", 7, 24, "秋冬装备货", _ANNUITY),
    Spec("wanqiang", HOUSING, "128", "3.85", 41, 300, "购买商品住房", _ANNUITY),
    Spec("huling", HOUSING, "86", "4.10", 74, 240, "购买商品住房", _ANNUITY),
    Spec("zengwei", HOUSING, "150", "3.45", 13, 360, "购买商品住房", _ANNUITY),
    Spec("zengwei", CONSUMER, "12", "4.50", 6, 24, "房屋装修", _ANNUITY),
    Spec("pengfang", HOUSING, "64", "4.30", 98, 180, "购买二手住房", _ANNUITY),
    Spec("lijun", HOUSING, "105", "4.65", 55, 300, "购买商品住房", _ANNUITY, unpaid=turn(5, less=31),
         falls=(turn(5), "关注")),
    # 次级 → 可疑 when the payments are more than 270 days late.
    Spec("tujuan", BUSINESS, "150", "5.85", 22, 60, "购进服装面料", _ANNUITY, grade="次级",
         unpaid=turn(1, less=271), falls=(turn(1), "可疑")),
    Spec("yuhai", BUSINESS, "28", "6.20", 15, 36, "购置厢式货车", _ANNUITY, grade="次级", unpaid=before(150)),
    Spec("zhouli", HOUSING, "198", "3.95", 29, 360, "购买商品住房", _ANNUITY),
    Spec("xiongbo", HOUSING, "112", "3.60", 19, 240, "购买商品住房", _ANNUITY),
    Spec("xiongbo", CONSUMER, "15", "4.35", 3, 36, "购置家具家电", _ANNUITY),
    Spec("wumei", BUSINESS, "20", "6.50", 28, 36, "美容店装修", _ANNUITY, grade="损失", unpaid=before(480)),
    Spec("deng", HOUSING, "58", "4.90", 66, 180, "购买二手住房", _ANNUITY, grade="次级", unpaid=turn(3, less=271),
         falls=(turn(3), "可疑")),
    Spec("shen", HOUSING, "96", "3.75", 24, 240, "购买商品住房", _ANNUITY),
)  # fmt: skip

SPECS = CORPORATE + RETAIL


def earlier(days: int) -> Placed:
    """Some days before the opening: history, nothing that is owed today."""
    return lambda t: t.opening - timedelta(days)


@dataclass(frozen=True)
class Happening:
    """A confirmed fact that the branch learnt of: what, to whom, when; `product` names the loan it is about.

    下迁、逾期、垫付 and 欠息 are not among them: the import sees those in what the core reports.
    """

    key: str
    kind: str
    on: Placed
    fact: str
    product: str = ""


EVENTS = (
    Happening("hongsheng", "半停产", earlier(150), "两条铜杆生产线停一条，开工不足五成，工人减至 22 人"),
    Happening("hanlin", "体制改革", earlier(120), "由集体企业改制为有限责任公司，职工股已清退，债务由改制后企业承接"),
    Happening("dingfeng", "事故与赔偿", earlier(64), "安置房工地一名工人坠落受伤，赔偿 38 万元，已由工伤保险支付"),
    Happening("lvye", "其他重大事项", earlier(45), "强降雨致二十亩大棚受损，保险已定损 26 万元"),
    Happening("jinxiu", "停产", turn(2), "主厂房停机，员工放假，门卫称复工时间未定；代发工资已停发"),
    Happening("jinzhang", "债权债务纠纷", turn(1), "板材供应商起诉追讨货款 186 万元，法院冻结结算账户"),
    Happening("jingyuan", "展期", turn(0), "借款人申请展期六个月，经审批同意，已签展期协议", WORKING),
    Happening("xiongbo", "失联", turn(0), "预留手机停机，单位称已离职，两次上门未见本人，紧急联系人不知去向", CONSUMER),
    Happening("tiangong", "重大投资活动", turn(0), "董事会决定投资 1.2 亿元新建智能配电设备厂房，资金来源未全部落实"),
)  # fmt: skip
