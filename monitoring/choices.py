"""Enumerations of what is watched, each with its table of transitions."""

from __future__ import annotations

from django.db import models


class DebtKind(models.TextChoices):
    """What falls due; on one day they are met in the order in which they stand here."""

    INTEREST = "INTEREST", "利息"
    LOAN = "LOAN", "本金"
    ACCEPTANCE = "ACCEPTANCE", "银行承兑汇票"
    GUARANTEE = "GUARANTEE", "保函索赔"


class PaymentStatus(models.TextChoices):
    """Where a payment of loan money stands (信贷资金支付)."""

    SUBMITTED = "SUBMITTED", "审核中"
    RETURNED = "RETURNED", "已退回"
    REVIEWED = "REVIEWED", "已审核，待放行"
    RELEASED = "RELEASED", "已放行"
    CANCELLED = "CANCELLED", "已撤销"

    @property
    def colour(self) -> str:
        """The chip's colour class; the word always stands beside it."""
        return {"SUBMITTED": "watch", "RETURNED": "sub", "REVIEWED": "info", "RELEASED": "ok"}.get(
            self.value, "quiet"
        )


PAYMENT_TRANSITIONS = {
    PaymentStatus.SUBMITTED: frozenset({PaymentStatus.REVIEWED, PaymentStatus.RETURNED}),
    PaymentStatus.RETURNED: frozenset({PaymentStatus.SUBMITTED, PaymentStatus.CANCELLED}),
    PaymentStatus.REVIEWED: frozenset({PaymentStatus.RELEASED, PaymentStatus.CANCELLED}),
    PaymentStatus.RELEASED: frozenset(),
    PaymentStatus.CANCELLED: frozenset(),
}


class UsePurpose(models.TextChoices):
    """What loan money was in fact used for (实际用途)."""

    GOODS = "GOODS", "采购货物"
    SERVICES = "SERVICES", "支付服务或工程款"
    EQUIPMENT = "EQUIPMENT", "购置设备"
    WAGES = "WAGES", "工资税费"
    HOUSE = "HOUSE", "购房"
    CONSUMPTION = "CONSUMPTION", "消费"
    OTHER = "OTHER", "其他"


class SeenAs(models.TextChoices):
    """How a use of loan money was seen."""

    PAYMENT = "PAYMENT", "已审核支付"
    UNREVIEWED = "UNREVIEWED", "未经审核划转"
    SELF = "SELF", "自主支付"


class VerifiedBy(models.TextChoices):
    """How the use of a payment was verified (第二十条三法)."""

    ACCOUNT = "ACCOUNT", "账户分析"
    VOUCHER = "VOUCHER", "凭证查验"
    SITE = "SITE", "现场调查"


class Anomaly(models.TextChoices):
    """Where loan money must not go (异常类型)."""

    SECURITIES = "SECURITIES", "流入证券"
    FUTURES = "FUTURES", "流入期货"
    PROPERTY = "PROPERTY", "流入房地产"
    EQUITY = "EQUITY", "股权投资"
    OTHERS_ACCOUNT = "OTHERS_ACCOUNT", "转入他人账户"
    OTHER_LENDER = "OTHER_LENDER", "归还他行贷款"
    MARGIN = "MARGIN", "转存保证金"
    FLOWS_BACK = "FLOWS_BACK", "回流借款人"
    OTHER = "OTHER", "其他"


class Level(models.TextChoices):
    """How grave a signal is, the gravest first."""

    RED = "RED", "红"
    ORANGE = "ORANGE", "橙"
    YELLOW = "YELLOW", "黄"
    BLUE = "BLUE", "蓝"

    @property
    def colour(self) -> str:
        """The chip's colour class; the word always stands beside it."""
        return {"RED": "loss", "ORANGE": "doubt", "YELLOW": "watch", "BLUE": "info"}[self.value]


class SignalKind(models.TextChoices):
    """What the transactions show (资金异动)."""

    UNREVIEWED = "UNREVIEWED", "未经审核的划转"
    PASSIVE_DEBIT = "PASSIVE_DEBIT", "被动扣款"
    LARGE = "LARGE", "大额往来"
    IN_AND_OUT = "IN_AND_OUT", "快进快出"
    FLOWS_BACK = "FLOWS_BACK", "资金回流"
    ROUND_TRIP = "ROUND_TRIP", "关联方循环"
    SECURITIES = "SECURITIES", "流向证券期货"
    PROPERTY = "PROPERTY", "流向房地产"
    OTHER_LENDER = "OTHER_LENDER", "流向其他放贷机构"
    CASH = "CASH", "用款后取现"
    DRAINED = "DRAINED", "存款骤降"
    SHARE_FALLING = "SHARE_FALLING", "结算份额下降"
    EXPENSES_STOPPED = "EXPENSES_STOPPED", "工资税费水电停付"
    GROUP_FLOW = "GROUP_FLOW", "集团成员间划转"
    USE_EXCEEDED = "USE_EXCEEDED", "用款超出发放额或不合用途"
    FROZEN_OUTFLOW = "FROZEN_OUTFLOW", "冻结合同的资金流出"
    FROZEN_DRAWDOWN = "FROZEN_DRAWDOWN", "冻结合同的新提款"

    @property
    def is_of_a_freeze(self) -> bool:
        """Whether article 23 speaks of it: what was lent or left although the contract is frozen."""
        return self in (SignalKind.FROZEN_OUTFLOW, SignalKind.FROZEN_DRAWDOWN)

    @property
    def is_of_a_group(self) -> bool:
        """Whether article 22's second sentence speaks of it: money that moves inside a group."""
        return self in (SignalKind.GROUP_FLOW, SignalKind.ROUND_TRIP)


class SignalStatus(models.TextChoices):
    """Where a signal stands."""

    OPEN = "OPEN", "待核实"
    CONFIRMED = "CONFIRMED", "属实"
    DISMISSED = "DISMISSED", "排除"

    @property
    def colour(self) -> str:
        """The chip's colour class; the word always stands beside it."""
        return {"OPEN": "watch", "CONFIRMED": "loss", "DISMISSED": "quiet"}[self.value]


SIGNAL_TRANSITIONS = {
    SignalStatus.OPEN: frozenset({SignalStatus.CONFIRMED, SignalStatus.DISMISSED}),
    SignalStatus.CONFIRMED: frozenset(),
    SignalStatus.DISMISSED: frozenset(),
}


class MisuseStatus(models.TextChoices):
    """Where a case of misuse stands (挪用处置): payments stay frozen until the risk line accepts the correction."""

    RECTIFYING = "RECTIFYING", "已冻结，限期纠正"
    ACCEPTED = "ACCEPTED", "纠正已验收，已解冻"

    @property
    def colour(self) -> str:
        """The chip's colour class; the word always stands beside it."""
        return {"RECTIFYING": "loss", "ACCEPTED": "ok"}[self.value]


MISUSE_TRANSITIONS = {
    MisuseStatus.RECTIFYING: frozenset({MisuseStatus.ACCEPTED}),
    MisuseStatus.ACCEPTED: frozenset(),
}


class Flow(models.TextChoices):
    """What a movement is (分项). Every movement is exactly one of these."""

    LOAN_PROCEEDS = "LOAN_PROCEEDS", "贷款入账"
    REPAYMENT = "REPAYMENT", "归还贷款本息"
    SELF_TRANSFER = "SELF_TRANSFER", "同户互转"
    REVERSAL = "REVERSAL", "冲正"
    SALES = "SALES", "销售回款"
    PURCHASE = "PURCHASE", "采购支出"
    WAGES = "WAGES", "工资"
    TAX = "TAX", "税费"
    UTILITIES = "UTILITIES", "水电气"
    CASH = "CASH", "现金"
    GROUP = "GROUP", "集团成员往来"
    OTHER = "OTHER", "其他"


# Not the borrower's business with others: left out of settlement, of trade, and of what usually comes in (附件2 公式).
NOT_TRADE = frozenset({Flow.LOAN_PROCEEDS, Flow.REPAYMENT, Flow.SELF_TRANSFER, Flow.REVERSAL})
# Expenses that stop when a business stops.
EXPENSES = (Flow.WAGES, Flow.TAX, Flow.UTILITIES)
