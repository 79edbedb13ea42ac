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
