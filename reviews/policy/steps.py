"""Lists of posts as a banker writes them down: a signature chain, a ladder of escalation, tiers of authority.

One step a line: "客户部门负责人", "经办人：客户经理" (what the box is called), "逾期 5 天：风险部负责人",
"风险经理：1000000.00 元以内", "行长：不限".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from core.errors import Invalid
from reviews.policy import values

_LATE = re.compile(r"逾期\s*(\d{1,4})\s*天[：:]\s*(\S+)")
_LIMIT = re.compile(r"(\S+?)[：:]\s*(?:(\d{1,13}(?:\.\d{1,2})?)\s*元(?:以内)?|(不限))")
_BOX = re.compile(r"(\S+?)(?:[：:]\s*(\S+))?")
_ROLES = {str(label): role for role, label in values.ROLES.items()}
_EXAMPLE = {
    "after_days": "逾期 5 天：风险部负责人",
    "up_to": "风险经理：1000000.00 元以内",
    "label": "客户部门负责人",
}


def are(value: Any) -> bool:
    """Whether a value is such a list."""
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(one, Mapping) and "role" in one for one in value)
        and _shape(value) is not None
    )


def _shape(steps: Sequence[Mapping[str, Any]]) -> str | None:
    """What each step has besides its post; None where that is something else, or not the same for all."""
    extras = {frozenset(one) - {"role"} for one in steps}
    return next((name for name in _EXAMPLE if extras == {frozenset({name})}), None)


def as_text(steps: Sequence[Mapping[str, Any]]) -> str:
    """The steps, one a line."""
    return "\n".join(map(_line, steps))


def _line(step: Mapping[str, Any]) -> str:
    role = str(values.ROLES[step["role"]])
    if "after_days" in step:
        return f"逾期 {step['after_days']} 天：{role}"
    if "up_to" in step:
        return f"{role}：{step['up_to']} 元以内" if step["up_to"] is not None else f"{role}：不限"
    return role if step["label"] == role else f"{role}：{step['label']}"


def from_text(text: str, old: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The steps that were typed, in the shape of the old ones; Invalid names the line that is none."""
    shape = _shape(old)
    assert shape is not None
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        raise Invalid(_("至少写一行。"))
    steps = [_step(line, shape) for line in lines]
    _check_order(steps, shape)
    return steps


def _step(line: str, shape: str) -> dict[str, Any]:
    match shape:
        case "after_days" if found := _LATE.fullmatch(line):
            return {"after_days": int(found[1]), "role": _role(found[2])}
        case "up_to" if found := _LIMIT.fullmatch(line):
            return {"role": _role(found[1]), "up_to": found[2]}
        case "label" if found := _BOX.fullmatch(line):
            return {"role": _role(found[1]), "label": found[2] or found[1]}
    raise Invalid(
        _("“%(line)s”看不懂，每行写一级，例如：%(example)s") % {"line": line, "example": _EXAMPLE[shape]}
    )


def _role(label: str) -> str:
    try:
        return _ROLES[label]
    except KeyError:
        known = "、".join(_ROLES)
        raise Invalid(
            _("没有“%(label)s”这个岗位；岗位有：%(known)s。") % {"label": label, "known": known}
        ) from None


def _check_order(steps: list[dict[str, Any]], shape: str) -> None:
    if shape == "label":
        authors = [place for place, step in enumerate(steps) if step["role"] == "AUTHOR"]
        if authors != [0]:
            raise Invalid(_("签字链第一行须是“经办人”，且只有一行。"))
    elif shape == "after_days":
        days = [step["after_days"] for step in steps]
        if days != sorted(set(days)):
            raise Invalid(_("逾期天数须逐行增大。"))
    else:
        limits = [Decimal("Infinity" if step["up_to"] is None else step["up_to"]) for step in steps]
        if limits != sorted(set(limits)) or steps[-1]["up_to"] is not None:
            raise Invalid(_("权限金额须逐行增大，最后一行写“不限”，以免有金额无人审核。"))
