"""附件3 信贷业务现场检查表 (第二十九条、第三十条): the whole form."""

from __future__ import annotations

from core.obligations import claim
from credit.choices import RiskClass
from inspections.documents.site_inspection.business import FINANCE, INTERVIEWS, OPERATIONS, OWNERS, STOCK
from inspections.documents.site_inspection.overview import APPROVAL, OVERVIEW, PROJECT
from inspections.documents.site_inspection.security import (
    INSURANCE,
    MARGIN,
    PROJECT_BLOCK,
    SECURITY,
    SURETIES,
)
from workflow.definitions import (
    YES,
    Answers,
    Background,
    Check,
    Compare,
    Field,
    FormDefinition,
    Kind,
    Section,
    answered,
    options,
)

PHOTOS = Section(
    "photos",
    "现场照片",
    (Field("photos", "现场照片", Kind.PHOTOS, least=1, help="当次现场拍摄，不得用贷前影像代替。"),),
)


def _other_class(answers: Answers) -> bool:
    proposed = answers.get("proposed_class")
    return bool(proposed) and proposed != answers.get("class_in_force")


CONCLUSION = Section(
    "conclusion",
    "结论与建议",
    (
        Field("problems", "存在问题", Kind.LONGTEXT, help="没有问题的，填“无”。"),
        Field("measures", "措施及建议", Kind.LONGTEXT),
        Field(
            "overall",
            "总体评价",
            Kind.CHOICE,
            options=options("正常", "基本正常", "存在隐患", "风险较大"),
            compare=Compare(),
        ),
        Field(
            "proposed_class",
            "拟风险分类",
            Kind.CHOICE,
            options=tuple((choice.value, str(choice.label)) for choice in RiskClass),
            compare=Compare(),
        ),
        Field("proposed_why", "与现分类不一致的理由", Kind.LONGTEXT, when=_other_class),
        Field(
            "next_frequency",
            "下期检查频率调整意见",
            Kind.CHOICE,
            options=options("每季一次", "每两月一次", "每月一次", "每半月一次", "每周一次"),
            compare=Compare(),
        ),
    ),
)


def _same_person_twice(answers: Answers, background: Background) -> bool:
    second = answers.get("second_inspector")
    return bool(second) and second == answers.get("lead_inspector")


def _in_the_future(answers: Answers, background: Background) -> bool:
    day = str(answers.get("inspected_at") or "")[:10]
    return bool(background.on) and day[:1].isdigit() and day > background.on.isoformat()  # type: ignore[union-attr]


def _project_without_loan(answers: Answers, background: Background) -> bool:
    return answered("types", PROJECT)(answers) and answers.get("has_project_loan") != YES


def _statements_reversed(answers: Answers, background: Background) -> bool:
    now, before = answers.get("statements_on"), answers.get("statements_before")
    return bool(now and before) and str(before) >= str(now)


SITE_INSPECTION = FormDefinition(
    code="site_inspection",
    version=1,
    title="信贷业务现场检查表",
    annex="附件3",
    number_prefix="JC",
    sections=(
        OVERVIEW,
        APPROVAL,
        OPERATIONS,
        STOCK,
        OWNERS,
        FINANCE,
        INTERVIEWS,
        SECURITY,
        INSURANCE,
        SURETIES,
        PROJECT_BLOCK,
        MARGIN,
        PHOTOS,
        CONCLUSION,
    ),
    checks=(
        Check(
            "overview",
            "second_inspector",
            _same_person_twice,
            "现场检查须双人进行，次检查人与主检查人是同一人，请另选一人。",
        ),
        Check("overview", "inspected_at", _in_the_future, "检查时间晚于今天，请改为实际到场的时间。"),
        Check(
            "overview",
            "types",
            _project_without_loan,
            "该客户没有未结清的固定资产贷款，请去掉检查类型中的“项目”。",
        ),
        Check(
            "finance",
            "statements_before",
            _statements_reversed,
            "上期报表截止日应早于报表截止日，请核对两个日期。",
        ),
    ),
)
claim(
    "GR-29",
    f"{__name__}.SITE_INSPECTION",
    does="附件3 信贷业务现场检查表：批复要求逐条答，账实、账账、账表分别核对",
)
