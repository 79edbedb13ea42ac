"""A chain, a ladder and the tiers of an authority are written as a banker writes them, and read back the same."""

from __future__ import annotations

import pytest
from django.conf import settings

from core.errors import Invalid
from core.policy_files import shipped
from reviews.policy import controls, steps

CHAIN = [{"role": "AUTHOR", "label": "客户经理"}, {"role": "CUSTOMER_HEAD", "label": "客户部门负责人"}]
LADDER = [{"after_days": 1, "role": "CUSTOMER_HEAD"}, {"after_days": 5, "role": "RISK_HEAD"}]
TIERS = [{"role": "RISK_MANAGER", "up_to": "1000000.00"}, {"role": "PRESIDENT", "up_to": None}]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (CHAIN, "经办人：客户经理\n客户部门负责人"),
        (LADDER, "逾期 1 天：客户部门负责人\n逾期 5 天：风险部负责人"),
        (TIERS, "风险经理：1000000.00 元以内\n行长：不限"),
    ],
)
def test_steps_are_read_as_they_are_written(value, text):
    assert steps.as_text(value) == text
    assert steps.from_text(text, value) == value


@pytest.mark.parametrize(
    ("old", "text", "says"),
    [
        (CHAIN, "客户部门负责人\n经办人", "第一行须是“经办人”"),
        (CHAIN, "经办人\n科长", "没有“科长”这个岗位"),
        (LADDER, "逾期 5 天：风险部负责人\n逾期 5 天：行长", "须逐行增大"),
        (LADDER, "风险部负责人", "例如：逾期 5 天：风险部负责人"),
        (TIERS, "风险经理：1000 元\n行长：9999 元", "最后一行写“不限”"),
        (TIERS, "行长：不限\n风险经理：1000 元", "须逐行增大"),
        (TIERS, "", "至少写一行"),
    ],
)
def test_what_is_no_step_is_told_with_an_example(old, text, says):
    with pytest.raises(Invalid, match=says):
        steps.from_text(text, old)


def test_no_shipped_chain_ladder_or_authority_is_edited_as_code():
    for parameters in shipped(settings.BASE_DIR / "fixtures" / "policy").values():
        for name, entry in parameters.items():
            if "chain" in name or "ladder" in name or "tiers" in name:
                kinds = {one.kind for one in controls.controls(name, entry["value"], {}, [])}
                assert kinds == {"lines"}, name
                read = controls.read(name, entry["value"], {}, [])
                assert read == entry["value"], name
