"""附件3: collateral, insurance, sureties, project, margin (第二十九条（四）（六）)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from inspections.documents.site_inspection.overview import (
    COLLATERAL,
    GUARANTOR,
    YES_NO_NONE,
    has_project_block,
    yes_no,
)
from workflow.definitions import NO, YES, Answers, Compare, Field, Kind, Section, answered, options

visits_collateral = answered("types", COLLATERAL)

normal_or_not = options("正常", "异常")


def share_of(part: str, whole: str) -> Callable[[Answers], str]:
    """A percentage computed from two amounts; empty while one is missing or the whole is nothing."""

    def derive(answers: Answers) -> str:
        try:
            a, b = Decimal(answers.get(part) or ""), Decimal(answers.get(whole) or "")
        except ArithmeticError:
            return ""
        return f"{(a * 100 / b):.2f}" if b > 0 else ""

    return derive


SECURITY = Section(
    "collateral",
    "抵质押物",
    (
        Field(
            "collateral",
            "抵质押物清单",
            Kind.TABLE,
            least=1,
            row_word="项",
            cards=True,
            columns=(
                Field("item", "名称及权证号"),
                Field("pledge", "担保方式", Kind.CHOICE, options=options("抵押", "质押")),
                Field("holding", "形态与占管", Kind.CHOICE, options=normal_or_not),
                Field("liquidity", "变现能力", Kind.CHOICE, options=normal_or_not),
                Field("value", "评估价值（元）", Kind.MONEY),
                Field(
                    "note",
                    "说明",
                    required=lambda row: "异常" in (row.get("holding"), row.get("liquidity")),
                ),
            ),
        ),
        yes_no("seized", "实物是否被查封冻结"),
        yes_no("seizure_registered", "登记机关是否受理查封冻结"),
        Field("seizure_on", "受理时间", Kind.DATE, when=answered("seizure_registered", YES)),
        Field("seizure_why", "受理原因", when=answered("seizure_registered", YES)),
        Field("seizure_by", "申请人", when=answered("seizure_registered", YES)),
        yes_no("owner_unwilling", "担保意愿有无变化"),
        yes_no("leased", "是否出租"),
        yes_no("value_fell", "市值有无不利变化影响担保效力"),
        yes_no("papers_complete", "登记证明是否齐全、账实相符", explain=NO),
        yes_no("obstacles", "有无影响实现债权的因素"),
        Field("collateral_other", "其他情况", Kind.LONGTEXT, required=False),
    ),
    when=visits_collateral,
)

INSURANCE = Section(
    "insurance",
    "抵押物保险与价值重估",
    (
        Field(
            "insured",
            "是否投保",
            Kind.CHOICE,
            options=YES_NO_NONE,
            explain_on=(NO,),
            compare=Compare(),
        ),
        Field(
            "beneficiary",
            "第一受益人是否我行",
            Kind.YES_NO,
            when=answered("insured", YES),
            explain_on=(NO,),
        ),
        Field(
            "covers_loan",
            "保额是否覆盖贷款",
            Kind.YES_NO,
            when=answered("insured", YES),
            explain_on=(NO,),
        ),
        Field("revalued", "重估价值", Kind.MONEY, unit="元", compare=Compare(), help="合计数。"),
        Field("revalued_on", "重估日期", Kind.DATE),
        Field(
            "ltv",
            "抵押率",
            Kind.PERCENT,
            unit="%",
            locked=True,
            derive=share_of("balance", "revalued"),
            compare=Compare(),
        ),
    ),
    when=visits_collateral,
)

SURETIES = Section(
    "sureties",
    "保证人",
    (
        Field(
            "sureties",
            "保证人清单",
            Kind.TABLE,
            least=1,
            row_word="户",
            cards=True,
            columns=(
                Field("item", "保证人名称"),
                Field("standing", "担保资格及经营状况", Kind.LONGTEXT),
                Field("ability", "担保能力", Kind.CHOICE, options=options("强", "一般", "弱")),
                Field("willing", "担保意愿", Kind.CHOICE, options=options("愿意", "有变化")),
                Field("valid", "担保合同有效性", Kind.CHOICE, options=options("有效", "无效")),
                Field("restricted", "有无限制性条款", Kind.CHOICE, options=options("无", "有")),
                Field("note", "代偿能力说明", Kind.LONGTEXT),
            ),
        ),
    ),
    when=answered("types", GUARANTOR),
)


def _money(name: str, label: str) -> Field:
    return Field(name, label, Kind.MONEY, unit="元", compare=Compare())


def _percent(name: str, label: str) -> Field:
    return Field(name, label, Kind.PERCENT, unit="%", maximum=Decimal(100), compare=Compare())


def _rate(name: str, label: str, part: str, whole: str) -> Field:
    return Field(name, label, Kind.PERCENT, unit="%", locked=True, derive=share_of(part, whole))


PROJECT_BLOCK = Section(
    "project",
    "固定资产项目",
    (
        _money("investment_planned", "计划总投资"),
        _money("investment_made", "已投入"),
        _rate("investment_rate", "投入比率", "investment_made", "investment_planned"),
        _money("capital_planned", "资本金计划"),
        _money("capital_paid", "资本金到位"),
        _rate("capital_rate", "资本金到位比率", "capital_paid", "capital_planned"),
        _money("banks_planned", "银行总融资计划"),
        _money("banks_paid", "银行总融资到位"),
        _money("ours_planned", "我行融资计划"),
        _money("ours_paid", "我行融资到位"),
        _money("other_funds", "其他资金到位"),
        Field(
            "stage",
            "项目阶段",
            Kind.CHOICE,
            options=options("前期准备", "建设期", "试生产", "已投产"),
            compare=Compare(),
        ),
        Field("completes_on", "预计完工日", Kind.DATE, compare=Compare()),
        _percent("progress_planned", "计划工程进度"),
        _percent("progress_actual", "实际工程进度"),
        yes_no("capital_in_place", "资本金是否按计划到位且使用正常", explain=NO),
        yes_no("other_funds_in_place", "其他资金能否到位", explain=NO),
        yes_no("use_matches_progress", "贷款使用与形象进度是否匹配", explain=NO),
        yes_no("delayed", "有无延期"),
        yes_no("over_budget", "是否超概算"),
        yes_no("output_on_schedule", "达产进度是否符合计划", explain=NO),
        yes_no("benefit_reached", "达产效益能否实现", explain=NO),
        yes_no("technology_sound", "技术、环保是否达标", explain=NO),
        yes_no("staff_able", "人员素质是否适应", explain=NO),
        yes_no("channels_ready", "销售渠道是否落实", explain=NO),
        # 第二十九条（六） names these three besides the ten of the banks' form.
        yes_no("contractor_advances", "施工方有无垫资"),
        yes_no("technology_changed", "主要技术、工艺、设备有无较大变化"),
        yes_no("misused", "固定资产贷款有无被挤占挪用"),
    ),
    when=has_project_block,
)

MARGIN = Section(
    "margin",
    "保证金管理检查",
    (
        Field(
            "margin_state",
            "保证金管理",
            Kind.CHOICE,
            options=options("正常", "异常", "不涉及"),
            explain_on=("异常",),
            compare=Compare(),
        ),
        Field(
            "margin",
            "检查情况",
            Kind.LONGTEXT,
            required=answered("margin_state", "正常", "异常"),
        ),
    ),
)
