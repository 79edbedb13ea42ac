"""A complete 附件3, worked out by hand, for tests to spoil in one place."""

from __future__ import annotations

from datetime import date
from typing import Any

from inspections.documents.site_inspection import SITE_INSPECTION
from workflow.definitions import YES, Answers, Kind, visible_fields, visible_sections
from workflow.definitions.values import is_empty

ON = date(2026, 11, 24)

HEAD: dict[str, Any] = {
    "has_project_loan": "no",
    "has_last": "no",
    "class_in_force": "NORMAL",
    "borrower_name": "江南纺织有限公司",
    "lead_inspector": "1001",
    "balance": "2800000.00",
    "types": ["BORROWER"],
    "inspected_at": "2026-11-24T09:40",
    "inspected_on": "2026-11-24",
    "place": "城西工业园 8 号",
    "method": ["现场查看"],
    "second_inspector": "1002",
    "met": "法定代表人",
    "receiver_name": "何俊",
    "receiver_title": "财务经理",
    "focus": "核实开工与回款。",
}

TYPED: dict[str, Any] = {
    "has_conditions": "no",
    "has_other_items": "no",
    "workers": "126",
    "workers_trend": "持平",
    "stock": "900",
    "stock_unit": "吨，坯布",
    "stock_trend": "持平",
    "trend": "一般",
    "owners_impact": "无",
    "statements_on": "2026-10-31",
    "statements_before": "2026-07-31",
    "ratios": [
        {"item": item, "base": "60", "previous": "50", "current": "51", "reason": ""}
        for item in ("资产负债率（%）", "销售利润率（%）", "流动比率（倍）")
    ],
    "amounts": [
        {"item": item, "previous": "1000000.00", "current": "1100000.00", "reason": ""}
        for item in ("销售收入", "销售成本", "税前利润", "应收账款", "应付账款")
    ],
    "collateral": [
        {
            "item": "厂房",
            "pledge": "抵押",
            "holding": "正常",
            "liquidity": "正常",
            "value": "5000000.00",
            "note": "",
        }
    ],
    "sureties": [
        {
            "item": "江州物资集团有限公司",
            "standing": "资格有效",
            "ability": "强",
            "willing": "愿意",
            "valid": "有效",
            "restricted": "无",
            "note": "代偿能力充足",
        }
    ],
    "guarantor_names": "江州物资集团有限公司",
    "margin_state": "不涉及",
    "problems": "无",
    "measures": "按季检查。",
    "overall": "正常",
    "proposed_class": "NORMAL",
    "next_frequency": "每季一次",
}


def complete(**changed: Any) -> dict[str, Any]:
    """Answers without a gap (but for the photograph): the welcome answer to every question, 50 for every figure."""
    answers: dict[str, Any] = {**HEAD, **TYPED, **changed}
    for section in visible_sections(SITE_INSPECTION, answers):
        for field in visible_fields(section, answers):
            if is_empty(answers.get(field.name)) and not field.locked and field.is_required(answers):
                answers[field.name] = _welcome(field)
    return answers


def _welcome(field: Any) -> Any:
    if field.kind == Kind.YES_NO:
        return YES if "no" in field.explain_on else "no"
    if field.kind == Kind.CHOICE:
        return next(value for value, _ in field.choices if value not in field.explain_on)
    if field.kind in {Kind.NUMBER, Kind.PERCENT}:
        return "50"
    if field.kind == Kind.MONEY:
        return "5000000.00"
    if field.kind == Kind.DATE:
        return "2026-10-31"
    return "" if field.kind in {Kind.TABLE, Kind.PHOTOS} else "已核实"


def posted(answers: Answers) -> dict[str, list[str]]:
    """Answers as a browser posts them."""
    found: dict[str, list[str]] = {}
    for name, answer in answers.items():
        if isinstance(answer, list) and answer and isinstance(answer[0], dict):
            for place, row in enumerate(answer):
                found.update({f"{name}-{place}-{column}": [value] for column, value in row.items()})
        else:
            found[name] = answer if isinstance(answer, list) else [answer]
    return found
