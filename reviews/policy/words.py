"""What parameters and their values are called on the pages."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.choices import Line, Role
from core.errors import Invalid
from core.parameters import Parameter
from credit.choices import AccountKind, BorrowerKind, Product, RiskClass
from credit.imports.kinds import KINDS
from inspections.rules import FREQUENCY_WORDS
from monitoring.choices import Flow, Level, SignalKind

TITLES: dict[str, object] = {
    "lender.name": _("机构名称"),
    "lender.go_live_on": _("上线日"),
    "extracts.expected": _("每日等待核心系统数据"),
    "extracts.policy_hour": _("不再等待数据的时点"),
    "import.findings": _("导入后账面不合的处理"),
    "entry.kinds": _("可以手工录入的内容"),
    "product.scheme": _("产品适用的管理方案"),
    "site_inspection.frequency": _("现场检查频率"),
    "site_inspection.basis": _("现场检查的期间"),
    "site_inspection.min_gap": _("两次检查的最少间隔（天）"),
    "first_check.within": _("首次检查期限（工作日）"),
    "first_check.form_within": _("首次检查后填表期限"),
    "use_change.report_within": _("改变用途上报后阅知期限"),
    "first_check.exempt_term": _("免首次检查的贷款期限"),
    "event_visit.within": _("风险事项到场期限（工作日）"),
    "escalation.ladder": _("逾期升级"),
    "signature_chain.site_inspection": _("现场检查表签字链"),
    "signature_chain.first_check": _("首次跟踪检查表签字链"),
    "signature_chain.completion_record": _("办结记录签字链"),
    "signature_chain.original_recovery": _("保函原件收回签字链"),
    "late_entry.after": _("超过多久为补录"),
    "financials.explain_change": _("科目变动须说明的比例"),
    "financials.ratios": _("财务比率"),
    "maturity_letter.before": _("到期催收函提前量"),
    "maturity_letter.prepare": _("备函提前量"),
    "maturity_letter.receipts_before": _("收齐回执的提前量"),
    "maturity_funds.before": _("还款资金到账提前量"),
    "maturity_funds.ahead": _("还款资金开始核对的提前量"),
    "acceptance_funds.before": _("票据资金到账提前量"),
    "acceptance_funds.ahead": _("票据资金开始核对的提前量"),
    "interest_funds.day": _("付息资金到账日（每月几日）"),
    "interest_funds.months": _("付息月份"),
    "interest_funds.ahead": _("付息资金开始核对的提前量"),
    "funds.account_kinds": _("可用于还款的账户种类"),
    "payment.entrust_above": _("受托支付起点（元）"),
    "payment.self_reviewed": _("自主支付也须审核的品种"),
    "payment.split_within": _("合并计算付给同一收款人的期间"),
    "payment.tiers": _("支付审核权限（未设定时）"),
    "payment.reviewer_title": _("第一级审核人的称呼"),
    "unreviewed.within": _("未经审核划转处理期限"),
    "supervised_account.within": _("标识受控账户的期限"),
    "signature_chain.supervised_account": _("受控账户登记表签字链"),
    "letter_of_guarantee.remind_before": _("保函到期提醒提前量"),
    "letter_of_guarantee.recover_within": _("保函原件收回期限"),
    "contract_terms.remind_before": _("合同约定到期提醒提前量"),
    "contract_clauses.modes": _("须约定支付审核的支付方式"),
    "contract_clauses.products": _("须约定支付审核的品种"),
    "contract_clauses.within": _("支付约定登记期限"),
    "signature_chain.contract_terms": _("合同约定落实登记表签字链"),
    "signature_chain.contract_clauses": _("支付约定补签登记表签字链"),
    "account_review.due": _("账户监测完成期限"),
    "account_review.schemes": _("按月监测账户资金的方案"),
    "account_review.account_kinds": _("计入存款日均的账户种类"),
    "account_review.words": _("识别流水用途的字词"),
    "account_review.fall": _("流入或存款下降的警戒比例"),
    "account_review.own_months": _("与自己比较的月数"),
    "account_review.large": _("大额往来标准"),
    "account_review.deviation": _("高于申报购销模式的警戒比例"),
    "account_review.deposit_share": _("存款份额下限"),
    "account_review.borrowed_before": _("还款来源核实标准"),
    "account_review.prompt_within": _("督促提高份额的期限"),
    "account_review.sales_return": _("货款回笼率下限"),
    "signature_chain.account_ledger_review": _("账户资金定期监测台账签字链"),
    "signals.loan_money": _("放款后观察期"),
    "signals.least": _("流水识别起点"),
    "signals.large": _("大额信号标准"),
    "signals.in_and_out": _("快进快出标准"),
    "signals.flows_back": _("资金回流标准"),
    "signals.round_trip": _("关联方循环标准"),
    "signals.words": _("识别受限对手的字词"),
    "signals.property_products": _("用途为购房的产品"),
    "signals.cash": _("用款后取现标准"),
    "signals.drained": _("存款骤降标准"),
    "signals.group_flow": _("集团成员间划转标准"),
    "signals.share_falling": _("结算份额下降标准"),
    "signals.within": _("资金信号核实期限（工作日）"),
    "signature_chain.signal_check": _("资金异动核查表签字链"),
    "misuse.correct_within": _("挪用纠正期限"),
    "misuse.report_within": _("挪用报告与阅知期限"),
    "misuse.legal_within": _("暂停用款法律意见期限"),
    "signature_chain.misuse_rectification": _("限期纠正单签字链"),
    "misuse.settle_within": _("挪用要求结清期限"),
    "lost_contact.collect_within": _("失联启动催收期限"),
    "outlook.months": _("惯常流入取几个月"),
    "outlook.every": _("未来资金推算间隔（天）"),
    "fund_use.within": _("登记用款的期限"),
    "fund_use.first_within": _("首次登记用款的期限"),
    "fund_use.flows_back_within": _("视为短期回流的天数"),
    "self_payment.summary": _("自主支付汇总频率"),
    "self_payment.within": _("自主支付汇总核查期限"),
    "signature_chain.fund_use_record": _("信贷资金用后跟踪表签字链"),
    "signature_chain.self_payment_summary": _("自主支付汇总核查表签字链"),
    "analysis_report.within": _("分析报告期限"),
    "work_review.frequency": _("贷后工作检查频率"),
    "review_meeting.frequency": _("贷后例会频率"),
    "limitation.years": _("诉讼时效（年）"),
    "limitation.warn_days": _("时效届满前预警（天）"),
    "guarantee_period.default_months": _("未约定时的保证期间（月）"),
    "warning.report_within": _("预警报告期限"),
    "provision.rates": _("减值准备计提比例"),
    "archive_check.frequency": _("档案检查频率"),
    "return_visit.frequency": _("客户回访频率"),
    "return_visit.key_top": _("重点客户户数"),
    "legal_report.frequency": _("法务报告频率"),
    "collection_reminder.long_term": _("长期贷款提醒提前量"),
    "collection_reminder.short_term": _("短期贷款提醒提前量"),
    "early_repayment.cutoff": _("提前还款截止时点"),
    "normal_sampling.rate": _("正常类抽查比例"),
    "normal_sampling.period": _("正常类抽查期间"),
    "contact.within": _("建立固定联系的期限"),
    "repeat_overdue.times": _("多次逾期的认定"),
    "repayment_notice.before": _("还款通知提前量"),
    "report.frequency": _("定期报告频率"),
    "first_call.within": _("首次电话回访期限"),
    "self_payment_call.within": _("自主支付回访期限"),
    "call.coverage": _("电话回访覆盖率"),
    "monthly_sampling.rate": _("每月抽查比例"),
    "overdue.buckets": _("逾期账龄"),
    "dunning.calls_per_day": _("每日催收电话次数"),
    "dunning.lost_contact_after": _("失联认定期限"),
    "repayment_reminder.before": _("还款提醒提前量"),
}

UNITS: dict[str, object] = {"workdays": _("个工作日"), "days": _("天"), "months": _("个月")}
FREQUENCIES: dict[str, object] = {"none": _("不要求定期"), **FREQUENCY_WORDS}
OTHERS: dict[str, object] = {
    **{one.value: one.label for one in AccountKind},
    "calendar": _("自然季、自然月、半月"),
}
FINDINGS: dict[str, object] = {"refuse": _("退回整批"), "list": _("入账并列出")}
KEYS: dict[str, object] = {
    **{one.value: one.label for one in (*RiskClass, *Product, *Line)},
    **{key: str(word).removesuffix("至少一次").removesuffix("至少两次") for key, word in FREQUENCIES.items()},
    "half_monthly": _("每月两次"),
    "times": _("次数"),
    **{one.value: one.label for one in Flow},
    "least": _("至少"),
    "of": _("最近几个月"),
    "most": _("至多"),
    "share": _("比例"),
    "amount": _("金额（元）"),
    "limit": _("大额现金起点（元）"),
    "near": _("略低于起点的比例"),
    **{one.value: one.label for one in (*BorrowerKind, *Level)},
    **{one.value: one.label for one in (SignalKind.SECURITIES, SignalKind.PROPERTY, SignalKind.OTHER_LENDER)},
    "over_cap": _("担保债权超过担保金额"),
    "valued_before_registered": _("评估早于登记"),
    "loan_without_responsible": _("有余额的借据没有客户经理"),
    "bills_do_not_add_up": _("票据合计与借据金额不符"),
    "running_balance_broken": _("交易后余额前后不衔接"),
    "day_end_balance_differs": _("日终余额与流水不符"),
    **UNITS,
}
ROLES = {one.value: one.label for one in Role} | {"AUTHOR": _("经办人")}

RATES = {
    "account_review.deposit_share", "account_review.deviation", "account_review.fall", "account_review.sales_return",
    "call.coverage", "financials.explain_change", "monthly_sampling.rate", "normal_sampling.rate", "provision.rates",
}  # fmt: skip
_RATE = re.compile(r"\d+(\.\d+)?")
_ORDER = {key: place for place, key in enumerate(KEYS)}


def title(name: str) -> str:
    """What a parameter is called; one without words yet by its name."""
    return str(TITLES.get(name, name))


def is_ours(parameter: Parameter) -> bool:
    """Whether the regulation does not give this figure, or not all of it."""
    return any("本系统设定" in text for text in (parameter.note, parameter.article, parameter.source))


def key_word(key: str) -> str:
    """What a key of a mapping is called."""
    return str(KEYS.get(key, key))


def ordered(value: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """A mapping in the order of its vocabulary: the database keeps none."""
    return sorted(value.items(), key=lambda item: (_ORDER.get(item[0], len(_ORDER)), item[0]))


def is_span(value: Any) -> bool:
    """Whether a value is a stretch of time: {"days": 10}."""
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in UNITS


def in_words(value: Any, name: str = "") -> str:
    """A value as it is read aloud; the parameter's name says whether it is a rate."""
    match value:
        case None:
            return str(_("未设定"))
        case bool():
            return str(_("是") if value else _("否"))
        case str() if name in RATES and _RATE.fullmatch(value):
            return f"{(Decimal(value) * 100).normalize():f}%"
        case str() if name == "entry.kinds" and value in KINDS:
            return KINDS[value].label
        case str():
            return str(FREQUENCIES.get(value) or FINDINGS.get(value) or OTHERS.get(value) or value)
        case Mapping() if is_span(value):
            ((unit, count),) = value.items()
            return f"{count} {UNITS[unit]}"
        case {"times": times, "months": months}:
            return f"{months} 个月内 {times} 次"
        case Mapping() if "role" in value:
            who = value.get("label") or ROLES.get(value["role"], value["role"])
            if "up_to" in value:
                return f"{who} 不限" if value["up_to"] is None else f"{who} {value['up_to']} 元以内"
            return f"逾期 {value['after_days']} 天报{who}" if "after_days" in value else str(who)
        case Mapping():
            return "；".join(f"{key_word(key)} {in_words(item, name)}" for key, item in ordered(value))
        case list() | tuple():
            return "、".join(in_words(item, name) for item in value)
    return str(value)


def plain(value: Any) -> Any:
    """A value out of a policy as JSON has it."""
    match value:
        case Mapping():
            return {key: plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
    return value


def as_entered(value: Any) -> str:
    """A value as it stands in the version."""
    return json.dumps(plain(value), ensure_ascii=False)


def from_text(text: str) -> Any:
    """What was typed as JSON; Invalid says where it breaks off."""
    try:
        return json.loads(text, parse_float=_no_floats)
    except json.JSONDecodeError as error:
        raise Invalid(
            f"第 {error.lineno} 行第 {error.colno} 个字附近写法有误，请对照原值检查引号、逗号和括号。"
        ) from None


def _no_floats(text: str) -> Any:
    raise Invalid(f'小数请写成带引号的文字，如 "{text}"。')
