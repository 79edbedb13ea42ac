"""Which security a branch takes for which loan."""

from __future__ import annotations

from dataclasses import dataclass

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
)
from postloan.demo.names import CORPORATE, Profile

GUARANTEE_COMPANIES = ("洪州融资担保有限公司", "昌抚融资担保有限公司", "赣北农业融资担保有限公司")
COMPANIES = (
    "tiangong",
    "kanghe",
    "xinyuan",
    "newmat",
    "ganchang",
    "baichuan",
)  # hand-written ones that stand surety
FALLEN = frozenset({"机器设备", "土地使用权", "房产"})  # some of these have lost a third of their value


@dataclass(frozen=True)
class Thing:
    """A kind of collateral: whose, for how much of the debt, and up to which part of its value it is lent on."""

    kind: str
    names: tuple[str, ...]
    lends: int  # 抵质押率, in per cent
    owner: str = "borrower"
    pledged: bool = False
    covers: int = 100  # in per cent of the exposure
    unregistered: bool = False
    deeded: bool = False  # 不动产
    register: str = "动产担保登记"

    def named(self, profile: Profile) -> str:
        """What the deed calls it."""
        place = sum(map(ord, profile.key)) % len(self.names)
        return f"{profile.address}{self.names[place]}" if self.deeded else self.names[place]


HOME = Thing("房产", ("住宅一套", "住宅及车位"), 65, deeded=True, register="不动产证明")
HOME_PENDING = Thing("房产", ("在建商品住宅（预告登记中）",), 65, unregistered=True, deeded=True)
THEIR_HOME = Thing("房产", ("住宅一套", "商铺一间"), 60, owner="spouse", deeded=True, register="不动产证明")
WORKSHOP = Thing(
    "房产", ("工业厂房及办公楼", "综合楼三层", "仓库两栋"), 55, deeded=True, register="不动产证明"
)
LAND = Thing(
    "土地使用权",
    ("工业出让地 26 亩", "工业出让地 41 亩", "商服出让地 12 亩"),
    55,
    deeded=True,
    register="不动产证明",
)
MACHINES = Thing("机器设备", ("数控机床十二台", "注塑机十台", "生产线两条及辅助设备"), 40)
TRUCKS = Thing("车辆", ("重型半挂牵引车八辆", "厢式货车六辆", "冷藏车四辆"), 45)
VAN = Thing("车辆", ("厢式货车一辆", "自卸货车一辆"), 55)
STOCK = Thing("存货", ("原材料及产成品（第三方监管）", "钢材 1,200 吨（第三方监管）"), 50, pledged=True)
RECEIVABLES = Thing("应收账款", ("对下游五家客户的应收货款", "政府采购合同应收款"), 70, pledged=True)
SHARES = Thing("股权", ("借款人 30% 股权", "村镇银行股权 200 万股"), 40, owner="legal", pledged=True)
RIGHTS = Thing("其他", ("发明专利三项", "商标专用权两件"), 25, pledged=True)
BILLS = Thing("票据", ("银行承兑汇票两张",), 95, pledged=True)
DEPOSIT = Thing("存单", ("本行一年期定期存单",), 100, pledged=True)
PART_DEPOSIT = Thing("存单", ("本行半年期定期存单",), 100, pledged=True, covers=40)

Part = Thing | str

# (weight, security); a word is a surety: another customer, a guarantee company, or one of the borrower's people.
_BY_PRODUCT: dict[str, tuple[tuple[int, tuple[Part, ...]], ...]] = {
    WORKING: (
        (24, ("customer", "legal")), (20, (WORKSHOP, "legal")), (13, (LAND, "legal")), (8, (MACHINES, "legal")),
        (9, (RECEIVABLES,)), (6, (STOCK, "legal")), (5, (SHARES,)), (4, (TRUCKS, "legal")), (4, ("company",)),
        (3, (BILLS,)), (2, (RIGHTS, "legal")), (2, (DEPOSIT,)),
    ),
    FIXED: ((6, (LAND, MACHINES, "legal")), (3, (WORKSHOP, "customer")), (1, (MACHINES, "customer", "legal"))),
    ACCEPTANCE: (
        (4, ("customer",)), (3, (WORKSHOP,)), (2, (DEPOSIT,)), (2, (PART_DEPOSIT, "legal")), (1, ("legal", "spouse")),
    ),
    GUARANTEE: ((3, ("customer",)), (2, ("legal",)), (1, (DEPOSIT,))),
    DISCOUNT: ((1, ()),),
    MICRO: (
        (8, ("company",)), (5, ("legal", "spouse")), (2, (RECEIVABLES,)), (3, (THEIR_HOME,)), (1, (STOCK,)),
        (1, (RIGHTS,)),
    ),
    BUSINESS: ((6, (THEIR_HOME,)), (3, ("spouse",)), (2, (HOME,)), (1, ("company",))),
    HOUSING: ((19, (HOME,)), (1, (HOME_PENDING,))),
    CONSUMER: ((3, ()), (1, ("spouse",)), (1, (HOME,))),  # (HOME,): the second rank beside a mortgage
}  # fmt: skip


_STRIDE = 37  # prime to every sum of weights: each security comes in its turn, whatever the seed
_OF: dict[str, tuple[Part, ...]] = {"mingyuan": ("customer",), "wanqiang": (HOME,)}


def plan(profile: Profile, spec: Spec, turn: int) -> tuple[Part, ...]:
    """The security of a contract; `turn` counts the contracts of its product."""
    if spec.scheme == "XY":
        return ()  # 信用贷款
    if spec.key in _OF:
        return _OF[spec.key]
    if "货车" in spec.purpose or "牵引车" in spec.purpose:
        return (TRUCKS if profile.kind == CORPORATE else VAN,)
    choices = [parts for weight, parts in _BY_PRODUCT[spec.product] for _ in range(weight)]
    return choices[turn * _STRIDE % len(choices)]
