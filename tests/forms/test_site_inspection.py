"""附件3: everything that the form must ask, when, and of whom."""

from __future__ import annotations

from decimal import Decimal

import pytest

from inspections.documents.site_inspection import SITE_INSPECTION
from inspections.documents.site_inspection.prefill import prefill
from tests import factories
from tests.forms.answers import ON, complete, posted
from workflow import registry
from workflow.definitions import (
    Background,
    Fact,
    Kind,
    Prefill,
    clean,
    gaps,
    visible_fields,
    visible_sections,
)
from workflow.duty_forms import Subject

ALWAYS = ["overview", "approval", "margin", "photos", "conclusion"]
ENTERPRISE = ["operations", "stock", "owners", "finance", "interviews"]
FIGURES = {"financials.explain_change": Decimal("0.20")}
PEOPLE = {"second_inspector": (("1002", "李娜"), ("1001", "张明")), "lead_inspector": (("1001", "张明"),)}


# 附件3 as the bank's own form has it, label by label.
ASKED = """
    借款人名称 授信金额 授信余额 授信品种 授信期限 利率 所属机构 经办客户经理 检查时间 检查地点
    约见人员 现场检查类型 担保企业名称 主检查人 次检查人 接待人员姓名 接待人员职务 检查方式
    上次检查日期及情况概述 逾期、欠息情况 信用等级 授信审批日期及内容 合同清单 品种 合同号 币种
    余额 发放日 到期日 担保检查情况 检查重点 批复要求 批复要求内容 是否落实 说明 批准用途 实际用途
    是否按用途使用 配套资金是否到位 配套资金是否充足 还款记录是否正常 是否不断申请展期或新增授信
    短期债务是否超常增加 他行授信合计 有无不良记录 对外担保（保证） 对外担保（抵质押） 工人数量
    工人数量与上期比 生产线 实际开工率 机器设备总台数 设备开工率 办公人员数量 办公场所
    主营业务是否变化 生产经营是否正常 发展趋势 工资发放 生产环境 存货数量 存货与上期比
    库存有无大幅变化 其他说明 法定代表人有无变化 主要股东有无变化 高管人员有无变化 上述人员有无出境
    上述人员有无异常 关联公司有无变化 变化对授信的影响 授信基准期 上期 检查期 资产负债率（%）
    销售利润率（%） 流动比率（倍） 销售收入 销售成本 税前利润 应收账款 应付账款
    大幅变动的其他科目（元） 变动原因 账实核对 账账核对 账表核对 对外有无重大投资 经营有无困难
    生产技术、组织管理有无调整 有无新的经营计划 有无新增对外担保 合作银行及其他债权人有无变动
    原材料供应和产品销售的上下游有无变化 回款账期有无变化 付款账期有无变化 有无经济纠纷
    关联交易有无异常 形态与占管 变现能力 实物是否被查封冻结 登记机关是否受理查封冻结 受理时间
    受理原因 申请人 担保意愿有无变化 是否出租 市值有无不利变化影响担保效力
    登记证明是否齐全、账实相符 有无影响实现债权的因素 其他情况 是否投保 第一受益人是否我行
    保额是否覆盖贷款 重估价值 重估日期 抵押率 担保资格及经营状况 担保能力 担保意愿 担保合同有效性
    有无限制性条款 代偿能力说明 计划总投资 已投入 投入比率 资本金计划 资本金到位 资本金到位比率
    银行总融资计划 银行总融资到位 我行融资计划 我行融资到位 其他资金到位 项目阶段 预计完工日
    计划工程进度 实际工程进度 资本金是否按计划到位且使用正常 其他资金能否到位
    贷款使用与形象进度是否匹配 有无延期 是否超概算 达产进度是否符合计划 达产效益能否实现
    技术、环保是否达标 人员素质是否适应 销售渠道是否落实 保证金管理 现场照片 存在问题 措施及建议
    总体评价 拟风险分类 下期检查频率调整意见
"""


def known(photos: int = 1, **last: str) -> Background:
    return Background(last=last, photos={"photos": photos}, figures=FIGURES, options=PEOPLE, on=ON)


def found(answers: dict, background: Background | None = None) -> list[str]:
    return [gap.sentence for gap in gaps(SITE_INSPECTION, answers, background or known())]


@pytest.mark.parametrize(
    ("types", "project_loan", "blocks"),
    [
        (["BORROWER"], "no", ENTERPRISE),
        (["GUARANTOR"], "no", ["sureties"]),
        (["COLLATERAL"], "no", ["collateral", "insurance"]),
        (["BORROWER"], "yes", [*ENTERPRISE, "project"]),
        (["PROJECT"], "yes", ["project"]),
        (["PROJECT"], "no", []),  # a project block without a fixed-asset loan has nothing to look at
        (["COLLATERAL"], "yes", ["collateral", "insurance"]),
        (
            ["BORROWER", "GUARANTOR", "COLLATERAL", "PROJECT"],
            "yes",
            [*ENTERPRISE, "collateral", "insurance", "sureties", "project"],
        ),
    ],
)
def test_the_blocks_follow_the_kind_of_visit_and_the_live_fixed_asset_loan(types, project_loan, blocks):
    answers = complete(types=types, has_project_loan=project_loan)
    shown = [section.code for section in visible_sections(SITE_INSPECTION, answers)]
    assert shown == [*ALWAYS[:2], *blocks, *ALWAYS[2:]]


@pytest.mark.obligation("GR-29", clause="c")
def test_the_form_asks_everything_that_the_bank_form_asks():
    everything = complete(
        types=["BORROWER", "GUARANTOR", "COLLATERAL", "PROJECT"],
        has_project_loan="yes",
        has_conditions="yes",
        has_other_items="yes",
        seizure_registered="yes",
        insured="yes",
        proposed_class="SPECIAL_MENTION",
    )
    labels = {
        label
        for section in visible_sections(SITE_INSPECTION, everything)
        for field in visible_fields(section, everything)
        for label in (field.label, *field.rows, *(column.label for column in field.columns))
    }
    assert [label for label in ASKED.split() if label not in labels] == []


def test_a_complete_form_has_no_gap():
    assert found(complete()) == []


@pytest.mark.obligation("GR-29", clause="c")
@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"second_inspector": ""}, "请选择“次检查人”。"),
        ({"second_inspector": "1001"}, "现场检查须双人进行，次检查人与主检查人是同一人，请另选一人。"),
        ({"inspected_at": "2026-11-25T09:00"}, "检查时间晚于今天，请改为实际到场的时间。"),
        (
            {"inspected_at": "2026-02-30T09:00"},
            "“检查时间”写作“2026-02-30T09:00”，日历上没有这一天，请核对后改正。",
        ),
        ({"types": ["BORROWER", "PROJECT"]}, "该客户没有未结清的固定资产贷款，请去掉检查类型中的“项目”。"),
        ({"statements_before": "2026-10-31"}, "上期报表截止日应早于报表截止日，请核对两个日期。"),
        ({"workers_trend": "减少"}, "“工人数量与上期比”选“减少”，请填写减少原因。"),
        ({"books_goods": "不符"}, "“账实核对”选“不符”，请填写说明。"),
        ({"books_goods": ""}, "请选择“账实核对”。"),
        ({"books_books": ""}, "请选择“账账核对”。"),
        ({"books_statements": ""}, "请选择“账表核对”。"),
        ({"shareholders_changed": "yes"}, "“主要股东有无变化”选“是”，请填写说明。"),
        ({"proposed_class": "SUBSTANDARD"}, "请填写“与现分类不一致的理由”。"),
        ({"margin_state": "正常"}, "请填写“检查情况”。"),
        ({"used_as_agreed": "no"}, "“是否按用途使用”选“否”，请填写说明。"),
    ],
)
def test_what_the_form_insists_on(changed, sentence):
    answers = complete()
    answers.update(changed)
    assert sentence in found(answers)


@pytest.mark.obligation("GR-29", clause="b")
def test_requirements_of_the_approval_are_answered_one_by_one():
    rows = [
        {"condition": "资产负债率不高于 65%", "state": "已落实", "note": ""},
        {"condition": "结算份额不低于信用占比", "state": "未落实", "note": ""},
        {"condition": "追加保证", "state": "", "note": ""},
    ]
    assert found(complete(has_conditions="yes", conditions=rows)) == [
        "“批复要求”第 2 条：请填写“说明”。",
        "“批复要求”第 3 条：请填写“是否落实”。",
    ]
    assert found(complete(has_conditions="yes", conditions=[])) == [
        "“批复要求”至少 1 条，现有 0 条，请补填。"
    ]


def test_a_visit_without_a_photograph_is_not_complete():
    assert found(complete(), known(photos=0)) == ["“现场照片”至少 1 张，现有 0 张，请拍照或上传。"]


def test_the_second_inspector_is_somebody_of_the_list():
    answers = complete(second_inspector="9999")
    assert found(answers)[0].startswith("“次检查人”选了“9999”")


def test_rates_are_computed_and_cannot_be_typed():
    base = complete(types=["BORROWER", "PROJECT"], has_project_loan="yes")
    typed = posted(base) | {
        "investment_planned": ["3,000 万"],
        "investment_made": ["1,000 万"],
        "investment_rate": ["99"],
    }
    answers, problems = clean(SITE_INSPECTION, typed, base=base)
    assert (problems, answers["investment_rate"]) == ([], "33.33")
    answers, _problems = clean(SITE_INSPECTION, typed | {"investment_planned": ["0"]}, base=base)
    assert answers["investment_rate"] == ""


def test_the_loans_of_the_contract_list_cannot_be_edited_only_their_security():
    rows = [{"product": "流动资金贷款", "loan": "JJ1", "balance": "100.00", "security": ""}]
    base = complete(contracts=rows)
    typed = posted(base) | {
        "contracts-0-security": ["正常"],
        "contracts-0-balance": ["1"],
        "contracts-1-loan": ["X"],
    }
    answers, _problems = clean(SITE_INSPECTION, typed, base=base)
    assert answers["contracts"] == [{**rows[0], "security": "正常"}]


def test_names_of_fields_are_unique_and_every_check_points_at_one():
    names = [field.name for section in SITE_INSPECTION.sections for field in section.fields]
    notes = [field.note for section in SITE_INSPECTION.sections for field in section.fields if field.note]
    assert len(names + notes) == len(set(names + notes))
    for check in SITE_INSPECTION.checks:
        assert SITE_INSPECTION.section_of(check.field).code == check.section
    assert all(
        field.columns
        for section in SITE_INSPECTION.sections
        for field in section.fields
        if field.kind == Kind.TABLE
    )


@pytest.mark.usefixtures("reference")
def test_the_form_starts_with_what_the_book_says(cast):
    factories.make_loan(
        cast.borrower,
        cast.corporate,
        number="JJ2026-0102",
        product="FIXED_ASSET",
        amount=Decimal("9000000.00"),
    )
    factories.make_class(cast.loan, "SPECIAL_MENTION", effective_on=ON)
    subject = Subject("BORROWER", cast.borrower.pk, "C100001", cast.borrower.name, cast.corporate.pk)
    filled = prefill(subject=subject, user=cast.cm, on=ON)
    answers = filled.answers
    assert answers["balance"] == "11800000.00"  # 280 万 + 900 万
    assert (answers["has_project_loan"], answers["types"]) == ("yes", ["BORROWER", "PROJECT"])
    assert (answers["class_in_force"], answers["risk_class"]) == ("SPECIAL_MENTION", "关注")
    assert [row["loan"] for row in answers["contracts"]] == ["JJ2026-0101", "JJ2026-0102"]
    assert answers["last_summary"] == "首次检查"
    assert dict(filled.options["second_inspector"]).keys() == {"1002", "1004"}, "the author is not among them"
    assert filled.figures == FIGURES
    assert any("分类自 2026-11-24 起为关注" in fact.title for fact in filled.facts)
    assert Prefill.from_json(filled.to_json()) == filled


@pytest.mark.usefixtures("reference")
def test_apps_above_add_facts_without_touching_the_form(cast, monkeypatch):
    monkeypatch.setattr(registry, "_providers", {})
    registry.provide_facts(
        "site_inspection",
        lambda *, subject, user, on: [Fact("电费较去年同期降 58%", target="focus")],
    )
    subject = Subject("BORROWER", cast.borrower.pk, "C100001", cast.borrower.name, cast.corporate.pk)
    filled = registry.prefill("site_inspection", subject=subject, user=cast.cm, on=ON)
    assert filled.facts[-1].title == "电费较去年同期降 58%"
