"""What the contracts agree (合同约定), and what their approvals demand (批复要求)."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from postloan.demo.book import BUSINESS, FIXED, GUARANTEE, HOUSING, MICRO, WORKING
from postloan.demo.days import add_months, weekday
from postloan.demo.layout import Dated, row
from postloan.demo.names import CORPORATE
from postloan.demo.notes import WAN, Agreement
from postloan.demo.world import World

ENTRUSTED_FROM = 1000 * WAN  # 受托支付: to one payee

SUSPENSION = "发生违约、挪用或重大不利变化时，贷款人可暂停或终止发放及支付，并宣布提前到期。"
PASSIVE = "未经贷款人同意，借款人不得以票据交换、托收、自动扣款等方式划出监管账户资金。"
RESTRICTIONS = (
    "未经贷款人书面同意，不得对外提供超过净资产 50% 的担保。",
    "资产负债率不得超过 70%，超过时应在一个季度内降至约定水平。",
    "还清本笔贷款前，年度分红不超过当年净利润的 30%。",
    "实际控制人变更、重大投资须提前三十日书面通知贷款人。",
)
INSURANCE = "押品须足额投保，贷款人为第一受益人，保险期间不短于贷款期限。"

DEMANDS = (
    "落实抵押登记后放款，押品由本行认可的机构评估",
    "法定代表人及配偶提供连带责任保证",
    "销售回款归集至本行账户，归集比例不低于约定份额",
    "按季提供财务报表及纳税申报表",
    "追加应收账款质押并在动产融资统一登记公示系统登记",
    "他行到期贷款如期归还，不得新增他行融资",
    "办妥押品财产保险，第一受益人为本行",
)
PROJECT = (
    "项目资本金先于贷款到位，比例不低于 30%",
    "取得施工许可证及环评批复后发放",
    "按工程进度分笔提款，逐笔审核用款凭证",
)


def clauses(world: World, rng: Random) -> Dated:
    """The clauses of every contract under which money was paid out, one by one."""
    found: Dated = []
    for agreement in world.agreements:
        if agreement.product not in {WORKING, FIXED, MICRO, BUSINESS}:
            continue
        corporate = world.borrower(agreement).kind == CORPORATE
        for place, (kind, mode, share, text) in enumerate(_agreed(agreement, corporate, rng), 1):
            found.append((agreement.signed, row("clauses", agreement.number, place, kind, mode, share, text)))
    return found


def _agreed(agreement: Agreement, corporate: bool, rng: Random) -> list[tuple[str, str, str, str]]:
    if agreement.product == FIXED:
        mode = "受托支付" if rng.random() < 0.7 else "自主支付"
    elif agreement.amount >= ENTRUSTED_FROM:
        mode = "受托支付" if rng.random() < 0.8 else "混合支付"
    else:
        mode = rng.choice(("自主支付", "自主支付", "受托支付"))
    rows = [
        (
            "支付方式",
            mode,
            "",
            "单笔支付须提交合同、发票等交易资料。" if mode != "自主支付" else "按季汇总报告支付情况。",
        )
    ]
    if corporate and agreement.product in {WORKING, MICRO}:
        share = rng.choice(("0.30", "0.40", "0.50", "0.60", "0.80"))
        rows.append(("结算份额", "", share, "在贷款人处的结算份额不低于贷款人信用占比。"))
    rows.append(("提款暂停权", "", "", SUSPENSION))
    if mode != "自主支付":
        rows.append(("禁止票据交换被动扣款", "", "", PASSIVE))
    if corporate and rng.random() < 0.6:
        rows.append(("限制性条款", "", "", rng.choice(RESTRICTIONS)))
    if rng.random() < 0.3:
        rows.append(("其他约定", "", "", INSURANCE))
    return rows


def conditions(world: World, rng: Random) -> Dated:
    """What the approval of each corporate contract demands: most of it met before the grant, some not yet."""
    found: Dated = []
    for agreement in world.agreements:
        profile = world.borrower(agreement)
        if profile.kind != CORPORATE or agreement.product in {HOUSING, GUARANTEE}:
            continue
        first = min(note.start for _, note in world.of(profile.key) if note.contract == agreement.number)
        demands = [
            *rng.sample(DEMANDS, rng.randint(1, 3)),
            *([rng.choice(PROJECT)] if agreement.product == FIXED else []),
        ]
        for place, text in enumerate(demands, 1):
            later = rng.random() < 0.25
            due = add_months(first, rng.choice((1, 3, 6))) if later else first
            met: date | None = weekday(due - timedelta(rng.randint(0, 6)), -1)
            if met and (met > world.timeline.opening or (later and rng.random() < 0.2)):
                met = None
            note = "已核实，资料归档" if met else ""
            found.append((agreement.signed, row("conditions", agreement.number, place, text, due, met, note)))
    return found
