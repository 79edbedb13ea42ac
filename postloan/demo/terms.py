"""What the contracts agree (合同约定), and what their approvals demand (批复要求)."""

from __future__ import annotations

from dataclasses import dataclass
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
CONSENT = "借款人动用贷款资金，须提出申请并经贷款人审核同意后支付。"
SYNDICATED = "anshun"  # a loan given together with other lenders
FORGOTTEN = frozenset({"xinyuan", "tiangong"})  # whose contracts lack what reviewed payments ask for
BALANCES = {("xinyuan", WORKING): "5000000.00"}  # 约定存款余额, 元
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


def syndicate_share(world: World, agreement: Agreement) -> str:
    """The branch's part of the one loan that it gives together with others."""
    return "0.40" if (world.borrower(agreement).key, agreement.product) == (SYNDICATED, FIXED) else ""


@dataclass(frozen=True)
class Promise:
    """A clause as its row says it."""

    kind: str
    text: str
    mode: str = ""
    share: str = ""
    amount: str = ""
    due: date | None = None
    met: date | None = None


def clauses(world: World, rng: Random) -> Dated:
    """The clauses of every contract under which money was paid out, one by one."""
    found: Dated = []
    for agreement in world.agreements:
        if agreement.product not in {WORKING, FIXED, MICRO, BUSINESS}:
            continue
        for place, one in enumerate(_agreed(world, agreement, rng), 1):
            line = row("clauses", agreement.number, place, one.kind, one.mode, one.share, one.amount, one.due, one.met,
                       one.text)  # fmt: skip
            found.append((agreement.signed, line))
    return found


def _agreed(world: World, agreement: Agreement, rng: Random) -> list[Promise]:
    profile = world.borrower(agreement)
    corporate = profile.kind == CORPORATE
    if agreement.product == FIXED:
        mode = "受托支付" if rng.random() < 0.7 else "自主支付"
    elif agreement.amount >= ENTRUSTED_FROM:
        mode = "受托支付" if rng.random() < 0.8 else "混合支付"
    else:
        mode = rng.choice(("自主支付", "自主支付", "受托支付"))
    paid = "单笔支付须提交合同、发票等交易资料。" if mode != "自主支付" else "按季汇总报告支付情况。"
    rows = [Promise("支付方式", paid, mode=mode)]
    if corporate and agreement.product in {WORKING, MICRO}:
        share = rng.choice(("0.30", "0.40", "0.50", "0.60", "0.80"))
        rows.append(Promise("结算份额", "在贷款人处的结算份额不低于贷款人信用占比。", share=share))
    rows.append(Promise("提款暂停权", SUSPENSION))
    if (mode != "自主支付" or agreement.product == FIXED) and profile.key not in FORGOTTEN:
        rows += [Promise("支付须经我行审核同意", CONSENT), Promise("禁止票据交换被动扣款", PASSIVE)]
    if corporate and rng.random() < 0.6:
        rows.append(Promise("限制性条款", rng.choice(RESTRICTIONS)))
    if rng.random() < 0.3:
        rows.append(_insured(world, agreement))
    if (profile.key, agreement.product) in BALANCES:
        amount = BALANCES[profile.key, agreement.product]
        rows.append(Promise("约定存款余额", "贷款存续期内存款余额不低于约定数额。", amount=amount))
    return rows


def _insured(world: World, agreement: Agreement) -> Promise:
    """The insurance was to be taken out within a month of signing; of what was signed lately it still is."""
    due = weekday(agreement.signed + timedelta(30))
    met = None if due > world.timeline.opening else weekday(due - timedelta(5), -1)
    return Promise("其他约定", INSURANCE, due=due, met=met)


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
            lately = met is not None and met > world.timeline.opening
            if lately or (later and rng.random() < 0.2):
                met, after = None, met
                if lately and after and after <= world.timeline.as_of and place % 4:  # told on the day itself
                    line = row("conditions", agreement.number, place, text, due, after, "已核实，资料归档")
                    found.append((max(after, agreement.signed), line))
            note = "已核实，资料归档" if met else ""
            found.append((agreement.signed, row("conditions", agreement.number, place, text, due, met, note)))
    return sorted(found, key=lambda item: item[0])
