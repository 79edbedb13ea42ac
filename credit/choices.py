"""Enumerations of the book."""

from __future__ import annotations

from django.db import models


class BorrowerKind(models.TextChoices):
    """Who borrows."""

    CORPORATE = "CORPORATE", "法人"
    SOLE_TRADER = "SOLE_TRADER", "个体"
    PERSONAL = "PERSONAL", "个人"


class Product(models.TextChoices):
    """What was lent. A product is mapped to a scheme by policy."""

    WORKING_CAPITAL = "WORKING_CAPITAL", "流动资金贷款"
    FIXED_ASSET = "FIXED_ASSET", "固定资产贷款"
    HOUSING = "HOUSING", "个人住房贷款"
    PERSONAL_BUSINESS = "PERSONAL_BUSINESS", "个人经营贷款"
    CONSUMER = "CONSUMER", "个人消费贷款"
    MICRO = "MICRO", "小微企业贷款"
    ACCEPTANCE = "ACCEPTANCE", "银行承兑汇票"
    LETTER_OF_GUARANTEE = "LETTER_OF_GUARANTEE", "保函"
    DISCOUNT = "DISCOUNT", "票据贴现"

    @property
    def is_contingent(self) -> bool:
        """Whether nothing was paid out: the lender may have to pay (银承, 保函)."""
        return self in (Product.ACCEPTANCE, Product.LETTER_OF_GUARANTEE)


class RiskClass(models.TextChoices):
    """五级分类, from the best to the worst."""

    NORMAL = "NORMAL", "正常"
    SPECIAL_MENTION = "SPECIAL_MENTION", "关注"
    SUBSTANDARD = "SUBSTANDARD", "次级"
    DOUBTFUL = "DOUBTFUL", "可疑"
    LOSS = "LOSS", "损失"

    @property
    def severity(self) -> int:
        """0 for 正常 … 4 for 损失."""
        return list(RiskClass).index(self)

    @property
    def colour(self) -> str:
        """The chip's colour class; the word always stands beside it."""
        return {
            "NORMAL": "ok",
            "SPECIAL_MENTION": "watch",
            "SUBSTANDARD": "sub",
            "DOUBTFUL": "doubt",
            "LOSS": "loss",
        }[self.value]


class ClassSource(models.TextChoices):
    """Who says so: the core system's extract, or a decision taken here."""

    CORE = "CORE", "核心系统"
    DECISION = "DECISION", "本系统认定"


class EventKind(models.TextChoices):
    """Confirmed facts that call for a visit at once (第二十八条)."""

    DOWNGRADE = "DOWNGRADE", "风险分类下迁"
    INTEREST_ARREARS = "INTEREST_ARREARS", "欠息"
    EXTENSION = "EXTENSION", "展期"
    OVERDUE = "OVERDUE", "逾期"
    ADVANCE = "ADVANCE", "或有资产垫付"
    STOPPAGE = "STOPPAGE", "停产"
    PARTIAL_STOPPAGE = "PARTIAL_STOPPAGE", "半停产"
    MAJOR_INVESTMENT = "MAJOR_INVESTMENT", "重大投资活动"
    RESTRUCTURING = "RESTRUCTURING", "体制改革"
    DEBT_DISPUTE = "DEBT_DISPUTE", "债权债务纠纷"
    ACCIDENT = "ACCIDENT", "事故与赔偿"
    OTHER_MAJOR = "OTHER_MAJOR", "其他重大事项"
    LOST_CONTACT = "LOST_CONTACT", "失联"


class LedgerKind(models.TextChoices):
    """What a ledger entry of a loan is; amounts are positive, the kind gives the direction."""

    DISBURSEMENT = "DISBURSEMENT", "发放"
    PRINCIPAL = "PRINCIPAL", "归还本金"
    INTEREST = "INTEREST", "归还利息"
    PENALTY = "PENALTY", "归还罚息复利"
    FEE = "FEE", "费用"


class AccountKind(models.TextChoices):
    """What an account is for."""

    BASIC = "BASIC", "基本户"
    GENERAL = "GENERAL", "一般户"
    SPECIAL = "SPECIAL", "专用户"
    COLLECTION = "COLLECTION", "资金回笼账户"
    REPAYMENT_RESERVE = "REPAYMENT_RESERVE", "还款准备金账户"
    MARGIN = "MARGIN", "保证金账户"
    SAVINGS = "SAVINGS", "个人结算户"


class Direction(models.TextChoices):
    """Which way the money went."""

    CREDIT = "CREDIT", "贷（收）"
    DEBIT = "DEBIT", "借（付）"


class ResponsibleRole(models.TextChoices):
    """Who answers for a borrower (第八条). The values are accounts' role values."""

    CUSTOMER_MANAGER = "CUSTOMER_MANAGER", "客户经理"
    RISK_MANAGER = "RISK_MANAGER", "风险经理"
    PRINCIPAL = "PRINCIPAL", "经营主责任人"


class PaymentMode(models.TextChoices):
    """How the money of a loan is paid out (支付方式)."""

    ENTRUSTED = "ENTRUSTED", "受托支付"
    SELF = "SELF", "自主支付"
    MIXED = "MIXED", "混合支付"


class ClauseKind(models.TextChoices):
    """What a clause of a contract gives the lender (充分运用合同约定：第四条)."""

    PAYMENT_MODE = "PAYMENT_MODE", "支付方式"
    SETTLEMENT_SHARE = "SETTLEMENT_SHARE", "结算份额"
    SUSPENSION_RIGHT = "SUSPENSION_RIGHT", "提款暂停权"
    PASSIVE_DEBIT_BAN = "PASSIVE_DEBIT_BAN", "禁止票据交换被动扣款"
    RESTRICTION = "RESTRICTION", "限制性条款"
    PAYMENT_CONSENT = "PAYMENT_CONSENT", "支付须经我行审核同意"
    AGREED_BALANCE = "AGREED_BALANCE", "约定存款余额"
    OTHER = "OTHER", "其他约定"


class CounterpartyRelation(models.TextChoices):
    """What somebody who is paid by a borrower, or pays it, is to it (交易对手)."""

    UPSTREAM = "UPSTREAM", "上游供应商"
    DOWNSTREAM = "DOWNSTREAM", "下游客户"
    AFFILIATE = "AFFILIATE", "关联方"
    PERSON = "PERSON", "个人"
    OTHER = "OTHER", "其他"


class Channel(models.TextChoices):
    """By which way money moved (渠道)."""

    COUNTER = "COUNTER", "柜面"
    ONLINE = "ONLINE", "网上银行"
    CASH = "CASH", "现金"
    CLEARING = "CLEARING", "票据交换"
    COLLECTION = "COLLECTION", "他行托收"
    DIRECT_DEBIT = "DIRECT_DEBIT", "代扣"
    OTHER = "OTHER", "其他"

    @property
    def is_passive(self) -> bool:
        """Whether somebody else takes the money (被动划款：第二十四条)."""
        return self in (Channel.CLEARING, Channel.COLLECTION, Channel.DIRECT_DEBIT)


class InterestFrequency(models.TextChoices):
    """How often interest is paid by the contract (付息方式)."""

    MONTHLY = "MONTHLY", "按月付息"
    QUARTERLY = "QUARTERLY", "按季付息"
    AT_MATURITY = "AT_MATURITY", "利随本清"
    WITH_INSTALMENT = "WITH_INSTALMENT", "分期还本付息"
    NONE = "NONE", "不计息"


class GuaranteeKind(models.TextChoices):
    """How a debt is secured (担保方式)."""

    SURETY = "SURETY", "保证"
    MORTGAGE = "MORTGAGE", "抵押"
    PLEDGE = "PLEDGE", "质押"


class SuretyMode(models.TextChoices):
    """What a surety answers for (保证方式)."""

    JOINT = "JOINT", "连带责任保证"
    GENERAL = "GENERAL", "一般保证"


class CollateralKind(models.TextChoices):
    """What is mortgaged or pledged (押品)."""

    DEPOSIT = "DEPOSIT", "存单"
    HOUSE = "HOUSE", "房产"
    LAND = "LAND", "土地使用权"
    EQUIPMENT = "EQUIPMENT", "机器设备"
    VEHICLE = "VEHICLE", "车辆"
    INVENTORY = "INVENTORY", "存货"
    RECEIVABLE = "RECEIVABLE", "应收账款"
    EQUITY = "EQUITY", "股权"
    BILL = "BILL", "票据"
    OTHER = "OTHER", "其他"


class GroupRole(models.TextChoices):
    """What a member is in its group."""

    PARENT = "PARENT", "集团母公司"
    SUBSIDIARY = "SUBSIDIARY", "子公司"
    AFFILIATE = "AFFILIATE", "关联企业"


class RelationKind(models.TextChoices):
    """What somebody is to a borrower (关联方)."""

    SHAREHOLDER = "SHAREHOLDER", "股东"
    CONTROLLER = "CONTROLLER", "实际控制人"
    EXECUTIVE = "EXECUTIVE", "董事、监事或高管"
    SPOUSE = "SPOUSE", "配偶"
    RELATIVE = "RELATIVE", "亲属"
    COMPANY = "COMPANY", "关联企业"
    PARTNER = "PARTNER", "合作或担保圈企业"


class LetterOfGuaranteeKind(models.TextChoices):
    """What a letter of guarantee stands for (保函)."""

    PERFORMANCE = "PERFORMANCE", "履约保函"
    ADVANCE_PAYMENT = "ADVANCE_PAYMENT", "预付款保函"
    BID = "BID", "投标保函"
    QUALITY = "QUALITY", "质量保函"
    PAYMENT = "PAYMENT", "付款保函"
    OTHER = "OTHER", "其他保函"


class OriginalOutcome(models.TextChoices):
    """What became of the original of a letter of guarantee after its expiry."""

    RETURNED = "RETURNED", "已收回"
    LOST = "LOST", "遗失，受益人已书面解除责任"


class NoticeKind(models.TextChoices):
    """A letter that was sent before this system was used (上线前函件)."""

    MATURITY = "MATURITY", "到期贷款催收函"
    OVERDUE = "OVERDUE", "逾期催收通知书"
    GUARANTOR = "GUARANTOR", "担保人催收通知书"


class Recipient(models.TextChoices):
    """Whom a letter was sent to."""

    BORROWER = "BORROWER", "借款人"
    SURETY = "SURETY", "保证人"
    MORTGAGOR = "MORTGAGOR", "抵押人"
    PLEDGOR = "PLEDGOR", "出质人"


class ContactWay(models.TextChoices):
    """How a borrower agreed to be reached (固定联系方式)."""

    PHONE = "PHONE", "电话"
    WECHAT = "WECHAT", "微信"
    VISIT = "VISIT", "上门或到单位"
    POST = "POST", "信函"


class Arrears(models.TextChoices):
    """How long a loan is past due, in the steps in which arrears are reported."""

    NOT_DUE = "NOT_DUE", "未逾期"
    D30 = "D30", "逾期 1–30 天"
    D60 = "D60", "逾期 31–60 天"
    D90 = "D90", "逾期 61–90 天"
    D180 = "D180", "逾期 91–180 天"
    D360 = "D360", "逾期 181–360 天"
    LONGER = "LONGER", "逾期 360 天以上"

    @property
    def days(self) -> tuple[int, int | None]:
        """The first and the last day past due of the step."""
        first = {"NOT_DUE": 0, "D30": 1, "D60": 31, "D90": 61, "D180": 91, "D360": 181, "LONGER": 361}
        last = {"NOT_DUE": 0, "D30": 30, "D60": 60, "D90": 90, "D180": 180, "D360": 360}
        return first[self.value], last.get(self.value)


class Maturing(models.TextChoices):
    """How soon a loan matures, seen from a day; each loan stands in one step, so that they add up."""

    PAST = "PAST", "已过到期日"
    WEEK = "WEEK", "7 天内到期"
    MONTH = "MONTH", "8–30 天到期"
    QUARTER = "QUARTER", "31–90 天到期"
    LATER = "LATER", "90 天以后到期"

    @property
    def days(self) -> tuple[int | None, int | None]:
        """The first and the last day of the step, counted from the day (0 is the day itself)."""
        return {
            "PAST": (None, -1),
            "WEEK": (0, 7),
            "MONTH": (8, 30),
            "QUARTER": (31, 90),
            "LATER": (91, None),
        }[self.value]
