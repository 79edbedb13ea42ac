"""How the values of parameters are read aloud on the pages, and written down again."""

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
