"""附件3, its head: who was visited by whom, and how the approval is kept (第二十九条（一）)."""

from __future__ import annotations

from workflow.definitions import NO, YES, Answers, Compare, Field, Kind, Section, answered, options

BORROWER, GUARANTOR, COLLATERAL, PROJECT = "BORROWER", "GUARANTOR", "COLLATERAL", "PROJECT"
TYPES = (
    (BORROWER, "借款企业"),
    (GUARANTOR, "担保企业"),
    (COLLATERAL, "抵质押品"),
    (PROJECT, "项目"),
)
YES_NO_NONE = (*((YES, "是"), (NO, "否")), ("none", "不适用"))


def yes_no(name: str, label: str, *, explain: str = YES, compared: bool = True) -> Field:
    """A question of the form whose unwelcome answer must be explained."""
    return Field(
        name,
        label,
        Kind.YES_NO,
        explain_on=(explain,),
        compare=Compare() if compared else None,
    )


def has_project_block(answers: Answers) -> bool:
    """第二十九条（六）: with a live fixed-asset loan, when the enterprise or the project is visited."""
    visits = answered("types", BORROWER, PROJECT)(answers)
    return answers.get("has_project_loan") == YES and visits


def _day_of_visit(answers: Answers) -> str:
    return str(answers.get("inspected_at") or "")[:10]


OVERVIEW = Section(
    "overview",
    "检查概况",
    (
        # The day that the visit counts for: what the system itself reads of the form.
        Field("inspected_on", "检查日期", Kind.DATE, locked=True, hidden=True, derive=_day_of_visit),
        Field("has_project_loan", "有固定资产贷款", Kind.YES_NO, locked=True, hidden=True),
        Field("has_last", "有上次检查", Kind.YES_NO, locked=True, hidden=True),
        Field("class_in_force", "现风险分类", locked=True, hidden=True),
        Field("borrower_name", "借款人名称", locked=True),
        Field("borrower_number", "客户编号", locked=True),
        Field("unit_name", "所属机构", locked=True),
        Field("customer_manager", "经办客户经理", locked=True),
        Field("risk_class", "风险分类", locked=True),
        Field("rating", "信用等级", locked=True),
        Field("credit_amount", "授信金额", Kind.MONEY, unit="元", locked=True),
        Field("balance", "授信余额", Kind.MONEY, unit="元", locked=True),
        Field("products", "授信品种", locked=True),
        Field("term", "授信期限", locked=True),
        Field("rates", "利率", locked=True),
        Field("approval", "授信审批日期及内容", locked=True),
        Field("overdue", "逾期、欠息情况", locked=True),
        Field("last_summary", "上次检查日期及情况概述", Kind.LONGTEXT, locked=True),
        Field("types", "现场检查类型", Kind.MULTI, options=TYPES, help="选定后出现相应的检查内容。"),
        Field("guarantor_names", "担保企业名称", when=answered("types", GUARANTOR)),
        Field("inspected_at", "检查时间", Kind.DATETIME),
        Field("place", "检查地点"),
        Field(
            "method",
            "检查方式",
            Kind.MULTI,
            options=options("现场查看", "查阅账表凭证", "面谈", "其他"),
        ),
        Field("lead_inspector", "主检查人", Kind.CHOICE, locked=True),
        Field("second_inspector", "次检查人", Kind.CHOICE, help="双人检查，与主检查人不能是同一人。"),
        Field("met", "约见人员"),
        Field("receiver_name", "接待人员姓名"),
        Field("receiver_title", "接待人员职务"),
        Field(
            "focus",
            "检查重点",
            Kind.LONGTEXT,
            help="结合资金账户监管、日常跟踪、风险监控掌握的信息确定；右侧“系统已知”可直接引用。",
        ),
        Field(
            "contracts",
            "合同清单",
            Kind.TABLE,
            required=False,
            system_rows=True,
            row_word="笔",
            columns=(
                Field("product", "品种", locked=True),
                Field("contract", "合同号", locked=True),
                Field("loan", "借据号", locked=True),
                Field("currency", "币种", locked=True),
                Field("balance", "余额", Kind.MONEY, locked=True),
                Field("starts_on", "发放日", Kind.DATE, locked=True),
                Field("matures_on", "到期日", Kind.DATE, locked=True),
                Field("security", "担保检查情况"),
            ),
        ),
    ),
)

APPROVAL = Section(
    "approval",
    "审批要求落实",
    (
        Field("has_conditions", "批复是否附有管理要求", Kind.YES_NO),
        Field(
            "conditions",
            "批复要求",
            Kind.TABLE,
            when=answered("has_conditions", YES),
            least=1,
            row_word="条",
            columns=(
                Field("condition", "批复要求内容", Kind.LONGTEXT),
                Field("state", "是否落实", Kind.CHOICE, options=options("已落实", "部分落实", "未落实")),
                Field("note", "说明", required=answered("state", "部分落实", "未落实")),
            ),
        ),
        Field("approved_purpose", "批准用途"),
        Field("actual_purpose", "实际用途"),
        yes_no("used_as_agreed", "是否按用途使用", explain=NO),
        Field(
            "matching_funds_in_place",
            "配套资金是否到位",
            Kind.CHOICE,
            options=YES_NO_NONE,
            explain_on=(NO,),
            compare=Compare(),
        ),
        Field(
            "matching_funds_enough",
            "配套资金是否充足",
            Kind.CHOICE,
            options=YES_NO_NONE,
            explain_on=(NO,),
            compare=Compare(),
        ),
        yes_no("repayment_normal", "还款记录是否正常", explain=NO),
        yes_no("asks_again", "是否不断申请展期或新增授信"),
        yes_no("short_debt_up", "短期债务是否超常增加"),
        Field("other_bank_credit", "他行授信合计", Kind.MONEY, unit="元", compare=Compare()),
        yes_no("bad_record", "有无不良记录"),
        Field("surety_given", "对外担保（保证）", Kind.MONEY, unit="元", compare=Compare()),
        Field("collateral_given", "对外担保（抵质押）", Kind.MONEY, unit="元", compare=Compare()),
    ),
)
